/* sim_rig.h -- a simulator with all that tests need around it: random systems, settings and
 * workloads, and small hand-made ones whose jobs arrive together in a chosen order. */
#ifndef RELMAS_TESTS_SIM_RIG_H
#define RELMAS_TESTS_SIM_RIG_H

#include "env/sim.h"
#include "tests/support/slow_sim.h"

enum { RIG_MAX_JOBS = 512, RIG_MAX_READY = 1024, CHAIN_MAX = 4 };

typedef struct SimRig {
    System *sys;
    SimConfig cfg;
    Workload wl;
    Sim *sim;
    SimWatch watch;
    JobRecord log[RIG_MAX_JOBS]; /* of the current episode, in order of the ends */
    int logged;
    const int *levels;   /* of rig_start_with's jobs, borrowed; NULL: any */
    double place_chance; /* of random rounds: that a ready sub-job is placed */
    long rounds;         /* made in this episode */
} SimRig;

/* A chain of n sub-jobs with costs on each SA type. */
typedef struct ChainNet {
    int n;
    SubJobCost cost[2][CHAIN_MAX];
    double deadline_us;
} ChainNet;

/* SA k is of type sa_type[k] (0 or 1); 100 bytes/us of bandwidth. All networks equally likely; all
 * jobs arrive within a nanosecond. cfg is plain: no re-planning, one class, soft, max-min, all in
 * order of arrival; change it before rig_start. */
void rig_chains(SimRig *r, int n_sas, const int *sa_type, const ChainNet *net, int n_nets);
/* Around a System that the rig comes to own; deadlines 1e6 us. */
void rig_of(SimRig *r, System *sys);
/* Random everything. Latencies are multiples of 2^-24 us, so that sums of them are exact and equal
 * remaining work compares as equal in whatever order it was done. */
void rig_random(SimRig *r, Rng *rng, int jobs);
/* The same for a scheduler that is asked in rounds: after events or at ticks. */
void rig_random_rounds(SimRig *r, Rng *rng, int jobs);
void rig_free(SimRig *r);

/* Creates the simulator if there is none and starts an episode with the log. */
void rig_start(SimRig *r, uint64_t seed);
/* The same with a seed for which the n jobs are of networks net[0], net[1], ... in this order, and have
 * priorities of these levels. */
void rig_start_with(SimRig *r, const int *net, int n);
/* The log in order of arrival. */
void rig_sort_log(SimRig *r);

/* --- policies that are random, but functions of what they decide on and `seed` alone --- */

int rig_hash_action(uint64_t seed, int n_actions, double arrival_us, int sub, long decision);
/* What a round does with a ready sub-job: with its chance it is placed. The key is of ORDER_GIVEN;
 * few values, so that there are ties. */
SlowOrder rig_hash_order(const SimRig *r, uint64_t seed, double arrival_us, int sub, long round);
/* The limit that a round sets for an SA, bytes/us; 0: it leaves it as it is. */
double rig_hash_limit(const SimRig *r, uint64_t seed, int sa, long round);
/* Makes the round that is due by these, and proceeds. */
void rig_round(SimRig *r, uint64_t seed);

#endif
