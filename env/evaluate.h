/* evaluate.h -- runs a scheduler over held-out episodes, in parallel over episodes.
 * Episode e of every contender has arrival seed `seed + e`: comparisons are paired. Results do not
 * depend on the number of threads. */
#ifndef RELMAS_ENV_EVALUATE_H
#define RELMAS_ENV_EVALUATE_H

#include "base/pool.h"
#include "env/metrics.h"
#include "env/scenario.h"
#include "env/sched.h"

/* Episodes are cut into this many tasks at most; a chooser has one context for each. */
enum { EVALUATE_TASKS = 16 };

typedef struct Contender {
    const char *name;
    SchedRules rules;
    int classes;
    const Scheduler *baseline; /* or NULL, and then */
    /* action for the candidate (SA x classes + class). ctx[task] is not shared between threads. */
    int (*choose)(void *ctx, const Sim *sim);
    void *ctx[EVALUATE_TASKS];
} Contender;

typedef struct EvalResult {
    int episodes;
    double *sla;    /* [episodes], owned: SLA rate of each episode */
    double *energy; /* [episodes], owned: dynamic uJ per finished job */
    Metrics metrics;
    double us_per_decision; /* wall time of choose() and the simulator together, per decision */
} EvalResult;

/* A baseline as a contender. */
Contender evaluate_baseline(const Scheduler *s);

/* A simulator for this contender's episodes of the scenario. Caller owns *out. */
Status evaluate_sim(Sim **out, const Scenario *sc, const Contender *who, Err *err);
/* Plays one episode to its end; a chooser uses ctx[task]. */
void evaluate_episode(const Contender *who, int task, Sim *sim, const Workload *wl, uint64_t seed);

/* Told after each episode how many are done, by one thread at a time. */
typedef struct EvalProgress {
    void *ctx;
    void (*episode)(void *ctx, int done);
} EvalProgress;

/* Fills *out; free with evaluate_free. */
Status evaluate_run(EvalResult *out, const Scenario *sc, const Contender *who, double load,
                    uint64_t seed, int episodes, Pool *pool, Err *err);
/* The same, with somebody who is told; NULL: nobody. */
Status evaluate_run_told(EvalResult *out, const Scenario *sc, const Contender *who, double load,
                         uint64_t seed, int episodes, Pool *pool, const EvalProgress *progress,
                         Err *err);
/* *score = mean SLA rate over the loads of the scenario's configuration. */
Status evaluate_score(double *score, const Scenario *sc, const Contender *who, uint64_t seed,
                      int episodes, Pool *pool, Err *err);
void evaluate_free(EvalResult *r);

#endif
