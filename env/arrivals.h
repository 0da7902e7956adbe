/* arrivals.h -- when the next request comes, and of which network.
 *   poisson   independent arrivals: the memoryless reference
 *   bursty    a Markov-modulated Poisson process of two states (MMPP-2; Fischer and
 *             Meier-Hellstern, Performance Evaluation 1993): bursts and quiet times of exponential
 *             lengths, Poisson arrivals at a rate of its own in each
 *   periodic  one stream per network, as of cameras: period 1 / (rate x share), a random phase, each
 *             request early or late by up to half of `jitter` periods
 *   trace     gaps of a recorded log, scaled to the wanted rate, from a random place on, around and
 *             around
 * The mean rate is the same for all: wanted rate x share. The network of a request is drawn from the
 * shares, but for periodic streams and traces that name it. A request may have a priority of its own:
 * a level from 0 on, drawn from a generator apart, so that with and without levels the same requests
 * come at the same times. */
#ifndef RELMAS_ENV_ARRIVALS_H
#define RELMAS_ENV_ARRIVALS_H

#include "base/rng.h"
#include "env/system.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    ARRIVALS_POISSON,
    ARRIVALS_BURSTY,
    ARRIVALS_PERIODIC,
    ARRIVALS_TRACE
} ArrivalProcess;
extern const char *const ARRIVAL_NAMES[]; /* NULL-terminated, in the order of the enum */

/* How requests come; only the fields of its process count. */
typedef struct Arrivals {
    int process;        /* ArrivalProcess */
    int unused;         /* 0: the struct has no padding */
    double burst_ratio; /* bursty: rate in a burst / mean rate, 1 or more */
    double burst_share; /* bursty: part of the time in bursts; burst_ratio x burst_share <= 1 */
    double burst_jobs;  /* bursty: mean number of requests in a burst, 1 or more */
    double jitter;      /* periodic: in periods, 0..1 */
} Arrivals;

enum { PRIORITY_LEVELS = 12 };

/* One episode's tenants. Plain data. */
typedef struct Workload {
    double share[SYS_MAX_NETS];          /* of the arrivals, sums to 1 */
    double deadline_us[SYS_MAX_NETS];    /* relative to arrival */
    double priority[SYS_MAX_NETS];       /* weight of a tenant, above 0, for rules that use it */
    double rate_per_us;                  /* mean arrivals of all networks together */
    long levels;                         /* of requests' priorities; 0: they are their tenants' */
    double level_share[PRIORITY_LEVELS]; /* of the arrivals, sums to 1 */
    long jobs;                           /* arrivals in the episode that count */
    long warmup, cooldown;               /* arrivals before and after those, that do not */
    Arrivals arrivals;
} Workload;

static inline long workload_arrivals(const Workload *wl)
{
    return wl->warmup + wl->jobs + wl->cooldown;
}

/* May a request have this level? -1: its tenant's priority. */
static inline bool workload_level_ok(const Workload *wl, int level)
{
    return wl->levels ? level >= 0 && level < wl->levels : level == -1;
}

/* What a request weighs for rules that use it: by its level, 1 at level 3, or with -1 its tenant's
 * weight (1 if that is 0). */
static inline double workload_weight(const Workload *wl, int net, int level)
{
    if (level >= 0) return (1 + level) / 4.0;
    return wl->priority[net] > 0 ? wl->priority[net] : 1;
}

/* A log of arrivals. gap[i]: from arrival i - 1 to arrival i in mean gaps, so that their mean is 1. */
typedef struct ArrivalTrace {
    long n;
    double *gap;
    int *net; /* NULL: drawn from the shares */
} ArrivalTrace;

/* What the process remembers. Plain data without padding. */
typedef struct ArrivalState {
    double next_us;   /* of the next request */
    double switch_us; /* bursty: end of this burst or quiet time */
    double stream_us[SYS_MAX_NETS], stream_phase[SYS_MAX_NETS]; /* periodic; phase in periods */
    long stream_count[SYS_MAX_NETS], position;                  /* position: trace */
    Rng level_rng;
    int net, level; /* of the next request; level -1: its tenant's priority */
    int in_burst;
    int unused; /* 0 */
} ArrivalState;

/* ST_CONFIG, with the field's name, unless the process makes sense. */
Status arrivals_check(const Arrivals *a, Err *err);
/* Draws the first request of an episode. trace: for ARRIVALS_TRACE. */
void arrivals_start(ArrivalState *s, const Workload *wl, int n_nets, const ArrivalTrace *trace,
                    Rng *rng);
/* Draws the request after the one in *s. */
void arrivals_next(ArrivalState *s, const Workload *wl, int n_nets, const ArrivalTrace *trace,
                   Rng *rng);
/* For states that come from files: could arrivals_next have written it? */
bool arrivals_state_ok(const ArrivalState *s, const Workload *wl, int n_nets,
                       const ArrivalTrace *trace);

/* From a CSV with a column of times, `column` or else the first whose name contains "time"
 * (whatever the case): dates with times (2023-11-16 18:15:46.68, ISO 8601), or numbers in any unit,
 * absolute or relative; ascending. A column `network` may name networks of names[n_names]. Caller
 * frees with arrival_trace_destroy. ST_FORMAT with the line for anything wrong. */
Status arrival_trace_load(ArrivalTrace **out, const char *path, const char *column,
                          const char *const *names, int n_names, Err *err);
/* The same from memory; file stands for it in messages. */
Status arrival_trace_parse(ArrivalTrace **out, const char *file, const char *text, size_t bytes,
                           const char *column, const char *const *names, int n_names, Err *err);
void arrival_trace_destroy(ArrivalTrace *t); /* NULL allowed */

#endif
