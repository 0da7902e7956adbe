/* sim_internal.h -- the simulator's state, shared by its event loop (sim.c) and the check of states
 * that come from files (sim_check.c). */
#ifndef RELMAS_ENV_SIM_INTERNAL_H
#define RELMAS_ENV_SIM_INTERNAL_H

#include "env/admission.h"
#include "env/sim.h"
#include "env/waiting_internal.h"

/* --- state: plain data without padding, so that equal states have equal bytes --- */

typedef struct Job {
    double arrival, deadline; /* absolute */
    double rem, projected;    /* as in JobView */
    double energy;
    double last_end; /* of a sub-job; of none: the arrival */
    uint32_t seq;    /* n-th arrival, breaks ties */
    int16_t net;
    int8_t level;    /* of its priority, -1: its tenant's */
    int8_t given_up; /* others would be late for it */
    int left;        /* sub-jobs unfinished */
    int outstanding; /* ready, queued or running */
    int active_pos;  /* index in active[], -1: dropped, a last sub-job still runs */
    int next_free;
    int first_waiting; /* node; its others by job_next */
    int due_pos;       /* index in due[], -1: not there */
} Job;

typedef struct Sa {
    int job, sub; /* running; job -1 = idle */
    double left, demand, rate;
    double limit; /* bytes/us, HUGE_VAL: none */
    Waiting queue;
} Sa;

typedef struct SimState {
    Rng rng;
    Workload wl;
    ArrivalState coming;
    SimTotals totals;
    Sa sa[SYS_MAX_SAS];
    double now, next_arrival, next_tick;
    long arrived;
    Waiting ready;
    int n_active, n_due, free_job, free_node;
    int candidate; /* node of the ready set to be decided next, NODE_NONE: the episode is over */
    int rates_stale;
    int asked;     /* decisions since the last event */
    int round_due; /* something has happened that a round is for */
} SimState;

struct Sim {
    const System *sys;
    SimConfig cfg;
    int max_subjobs, max_waiting; /* sub-jobs of one job; ready + queued at once */
    size_t own_bytes, bytes;      /* of the block without and with the owner's part */
    const SimWatch *watch;        /* borrowed, may be NULL */
    SimState *st;                 /* the block; the rest points into it */
    Job *job;                     /* [max_jobs] */
    AdmissionJob *admission;      /* [max_jobs] of its rule, else [0]; used within one call */
    int *active;                  /* [max_jobs] */
    int *due;                     /* [max_jobs] binary heap by deadline, of firm jobs */
    WaitNode *node;               /* [max_waiting] */
    uint8_t *preds;               /* [max_jobs, max_subjobs] unfinished predecessors */
};

/* Places of waiting sub-jobs: an SA, or */
enum { PLACE_READY = -1 };

static inline const SysNet *net_of(const Sim *sim, int job)
{
    return &sim->sys->net[sim->job[job].net];
}

static inline const SubJobCost *cost_of(const Sim *sim, int job, int sub, int sa)
{
    return &net_of(sim, job)->cost[sim->sys->sa_type[sa]][sub];
}

/* A simulator that goes on from src's state in a block of the caller's, at least sim_fork_bytes of
 * it, 8-byte aligned: without a log, without the owner's bytes; nothing to destroy. */
size_t sim_fork_bytes(const System *sys, const SimConfig *cfg);
void sim_fork(Sim *out, void *block, const Sim *src);

#endif
