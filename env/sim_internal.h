/* sim_internal.h -- the simulator's state, shared by its event loop (sim.c) and the check of states
 * that come from files (sim_check.c). */
#ifndef RELMAS_ENV_SIM_INTERNAL_H
#define RELMAS_ENV_SIM_INTERNAL_H

#include "env/sim.h"

/* --- state: plain data without padding, so that equal states have equal bytes --- */

typedef struct Job {
    double arrival, deadline; /* absolute */
    double rem, projected;    /* as in JobView */
    double energy;
    uint32_t seq; /* n-th arrival, breaks ties */
    int net;
    int left;        /* sub-jobs unfinished */
    int outstanding; /* ready, queued or running */
    int active_pos;  /* index in active[], -1: dropped, a last sub-job still runs */
    int next_free;
} Job;

/* Rank of a waiting sub-job: class, then hopeless, then key, then arrival, then sub-job. */
typedef struct Rank {
    double key, hopeless_at;
    int priority_class;
    uint32_t seq;
} Rank;

typedef struct Ready {
    Rank rank;
    int job, sub;
} Ready;

typedef struct Node { /* a queued sub-job: singly linked, in no order */
    Rank rank;
    double cost_us;
    int job, sub;
    int next; /* also links the free list; -1 ends */
    int unused;
} Node;

typedef struct Sa {
    int job, sub; /* running; job -1 = idle */
    double left, demand, rate;
    double queued_us;
    int head, queued;
} Sa;

typedef struct SimState {
    Rng rng;
    Workload wl;
    SimTotals totals;
    Sa sa[SYS_MAX_SAS];
    double now, next_arrival, next_tick;
    long arrived;
    int n_active, n_ready, free_job, free_node;
    int over, rates_stale;
    int asked; /* decisions since the last event */
    int unused;
} SimState;

struct Sim {
    const System *sys;
    SimConfig cfg;
    int max_subjobs, max_waiting; /* sub-jobs of one job; ready + queued at once */
    size_t own_bytes, bytes;      /* of the block without and with the owner's part */
    JobRecord *log;               /* borrowed, may be NULL */
    SimState *st;                 /* the block; the rest points into it */
    Job *job;                     /* [max_jobs] */
    int *active;                  /* [max_jobs] */
    Ready *ready;                 /* binary heap [max_waiting] */
    Node *node;                   /* [max_waiting] */
    uint8_t *preds;               /* [max_jobs, max_subjobs] unfinished predecessors */
};

static inline const SysNet *net_of(const Sim *sim, int job)
{
    return &sim->sys->net[sim->job[job].net];
}

static inline const SubJobCost *cost_of(const Sim *sim, int job, int sub, int sa)
{
    return &net_of(sim, job)->cost[sim->sys->sa_type[sa]][sub];
}

#endif
