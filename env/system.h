/* system.h -- everything about the machine and the tenants' networks that does not change during an
 * episode: sub-accelerators (SAs), shared DRAM bandwidth, and the cost table of every sub-job on
 * every SA type. Immutable after creation, so any number of simulators may share one.
 * Units: us, bytes, uJ, bytes/us (1 GB/s = 1000 bytes/us). */
#ifndef RELMAS_ENV_SYSTEM_H
#define RELMAS_ENV_SYSTEM_H

#include "base/status.h"

enum {
    SYS_MAX_SAS = 16,
    SYS_MAX_TYPES = 8,
    SYS_MAX_NETS = 16,
    SYS_MAX_SUBJOBS = 1024, /* of one network */
    SYS_NAME_MAX = 64
};

/* How the shared DRAM is divided among what runs (docs/MODEL.md, section 5). */
typedef enum { ARBITRATION_MAX_MIN, ARBITRATION_PROPORTIONAL } Arbitration;
enum { ARBITRATIONS = 2 };
extern const char *const ARBITRATION_NAMES[]; /* NULL-terminated */

/* Shorter periods would be nothing but ticks, and in the end not move the clock any more. */
#define SYS_LEAST_REPLAN_US 1.0

/* Isolated cost of one sub-job on one SA type. bytes / latency_us never exceeds the DRAM bandwidth:
 * a sub-job alone on the machine always runs at rate 1. */
typedef struct SubJobCost {
    double latency_us; /* alone, with the whole DRAM bandwidth; > 0 */
    double bytes;      /* DRAM read + write */
    double energy_uj;  /* dynamic */
} SubJobCost;

/* One tenant network as the simulator sees it. Arrays indexed by sub-job s in topological order. */
typedef struct SysNet {
    char name[SYS_NAME_MAX];
    int n_subjobs;
    const int *n_preds;    /* [n_subjobs] */
    const int *first_succ; /* [n_subjobs + 1], CSR into succ */
    const int *succ;
    const SubJobCost *cost[SYS_MAX_TYPES]; /* [type][n_subjobs] */
    const double *best_us;                 /* [n_subjobs] min over SA types present */
    const double *tail_us; /* [n_subjobs] longest path of best_us from s on, s included */
    double rem_us;         /* sum of best_us */
    double demand;         /* bytes/us: sum of the least bytes / rem_us */
    double t_iso_us;       /* critical path of best_us: contention-free, best SAs */
} SysNet;

typedef struct System {
    char name[SYS_NAME_MAX];
    int n_sas, n_types, n_nets;
    int sa_type[SYS_MAX_SAS];
    char type_name[SYS_MAX_TYPES][SYS_NAME_MAX];
    double type_leakage_mw[SYS_MAX_TYPES];
    double dram_bytes_per_us; /* shared by all SAs */
    Arbitration arbitration;
    double replan_us; /* period T_s at which queued sub-jobs are placed anew; 0 never */
    /* How well a type suits the tenants, in (0, 1]: best_us summed over a network / its latency summed
     * on that type; mean over the networks, and of the one with the least t_iso. */
    double type_affinity[SYS_MAX_TYPES], type_short_affinity[SYS_MAX_TYPES];
    double mean_t_iso_us; /* of the networks */
    double us_per_uj;     /* 1 / mean power: sum of rem_us / sum of the least energies; 0 without */
    SysNet net[SYS_MAX_NETS];
    void *slab; /* one block that holds all arrays */
} System;

/* Loads a system (a name in env/systems or a file) and networks (names in env/networks or files)
 * and fills the cost table (identical layers are evaluated once; `threads` workers, the result does
 * not depend on their number; policy `hardware`). Caller owns *out. The system file's format:
 * env/system_file.h. */
Status system_load(System **out, const char *system, const char *const *networks, int n_networks,
                   int threads, Err *err);
/* From given tables, for tests and generated systems: net[i] points to the caller's arrays, which
 * are copied; what is computed from them is computed here. ST_CONFIG, with the field's name,
 * unless counts are in range, successors are later sub-jobs that n_preds agrees with, costs are
 * finite, latency_us > 0 and bytes fit into latency_us at the DRAM bandwidth. */
Status system_build(System **out, const System *description, Err *err);
void system_destroy(System *sys); /* NULL allowed */

/* Fluid bound (docs/MODEL.md): largest total arrival rate (jobs per us) that any scheduler can
 * sustain when network i has share[i] (sum 1) of the arrivals. A linear program over the fraction
 * of each sub-job on each SA type: SA time <= count, DRAM bytes <= bandwidth; solved by GLPK.
 * *binding (may be NULL) names what limits: "dram" or SA type names. ST_SOLVER if GLPK fails.
 * GLPK's environment is per thread: so may calls be. After ST_SOLVER it is freed, with all GLPK
 * objects of this thread. */
Status system_fluid_bound(const System *sys, const double *share, double *lambda_max_per_us,
                          char binding[256], Err *err);

/* The same with the state of the machine at the bound (one optimum; others may use slack resources
 * differently). price: the share of the limit that is this resource's: they add up to 1, and 1 %
 * more of the resource raises the bound by price %; 0: it does not limit. */
typedef struct FluidBound {
    double lambda_per_us;
    double dram_use, dram_price;      /* use in [0, 1] */
    double type_use[SYS_MAX_TYPES];   /* mean over the SAs of the type */
    double type_price[SYS_MAX_TYPES]; /* 0 for types without SAs */
    /* Part of each network's work (its sub-jobs weighted by best_us) that each type does; a row sums
     * to 1, or is 0 if the network has no share. */
    double net_on_type[SYS_MAX_NETS][SYS_MAX_TYPES];
    double energy_uj; /* dynamic, of an average job of the mix */
} FluidBound;

Status system_fluid_solve(const System *sys, const double *share, FluidBound *out, Err *err);
/* Names what has a price, as system_fluid_bound does. */
void system_fluid_limits(const System *sys, const FluidBound *b, char binding[256]);

#endif
