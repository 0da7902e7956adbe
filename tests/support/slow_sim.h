/* slow_sim.h -- the simulator of env/sim.h once more, slow and plain, as the reference for tests.
 * It shares the System and the configuration with the fast one and no code: every job and sub-job
 * stays in one table, all choices are scans over it, bandwidth is shared by bisection, remaining
 * work is summed anew, and bytes and energy are summed from the cost table. */
#ifndef RELMAS_TESTS_SLOW_SIM_H
#define RELMAS_TESTS_SLOW_SIM_H

#include "env/sim.h"

enum { SLOW_MAX_JOBS = 64, SLOW_MAX_SUBJOBS = 16 };

typedef struct SlowArrival {
    double us;
    int net;
} SlowArrival;

typedef enum { SLOW_MET, SLOW_LATE, SLOW_DROPPED, SLOW_REJECTED, SLOW_UNFINISHED } SlowFate;

typedef struct SlowResult {
    SlowFate fate[SLOW_MAX_JOBS]; /* by arrival */
    double end_us[SLOW_MAX_JOBS]; /* of the job */
    double job_uj[SLOW_MAX_JOBS]; /* its energy until then */
    double bytes;                 /* the table's, of all started sub-jobs */
    double energy_uj;             /* the table's, of all done sub-jobs */
    double busy_us[SYS_MAX_SAS];
    double over_us; /* time of the last event */
    long decisions, started, rounds;
    double closest_us; /* between two events, or one and the end of a decision. Equal sub-jobs and
                          equal sums of bytes do make it 0: then rounding says what is first. */
} SlowResult;

/* What a round does with one ready sub-job. */
typedef struct SlowOrder {
    bool placed;
    int sa, priority_class;
    double key; /* of ORDER_GIVEN */
} SlowOrder;

/* The scheduler. Rounds are counted from 0. */
typedef struct SlowPolicy {
    void *ctx;
    /* ASK_EACH: action (SA x classes + class) for a sub-job of the job that arrived at arrival_us. */
    int (*choose)(void *ctx, double arrival_us, int sub, long decision);
    /* Rounds: asked for each ready sub-job in the ready order, then for each SA: the limit of what
     * runs there from now on, bytes/us; 0: as before. */
    SlowOrder (*order)(void *ctx, double arrival_us, int sub, long round);
    double (*limit)(void *ctx, int sa, long round);
} SlowPolicy;

/* Runs arrival[n] (in order of time) to the end. */
void slow_sim(SlowResult *out, const System *sys, const SimConfig *cfg, const SlowArrival *arrival,
              int n, const double *deadline_us, const SlowPolicy *policy);

#endif
