/* sim.h -- event-driven simulator of DNN jobs on sub-accelerators (SAs) that share one DRAM.
 *
 * Jobs arrive, their sub-jobs become ready when all predecessors are done, and wait for a decision:
 * sim_commit() puts the current candidate into an SA's queue with a priority class. An SA that
 * becomes free starts the best of its queue; a started sub-job is never preempted. Running sub-jobs
 * demand bytes/latency of DRAM bandwidth each; the bandwidth is divided max-min fair or
 * proportionally and a sub-job progresses at rate min(1, granted/demanded), so bytes, work and
 * energy are those of the cost table whatever the contention (docs/MODEL.md).
 *
 * Time is in us from the start of the episode. All mutable state is one flat block of plain data:
 * clone and save are a copy. Threads: one Sim each; the System is shared. Nothing allocates after
 * sim_create(). */
#ifndef RELMAS_ENV_SIM_H
#define RELMAS_ENV_SIM_H

#include "env/arrivals.h"
#include "env/system.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How ready and queued sub-jobs are ordered; rem = sum of best_us over what is left of the job. */
typedef enum {
    ORDER_FCFS,  /* arrival */
    ORDER_EDF,   /* deadline */
    ORDER_LLF,   /* laxity: deadline - now - rem */
    ORDER_SRPT,  /* rem */
    ORDER_SJF,   /* isolated critical path of the whole network */
    ORDER_DR,    /* deadline + rem */
    ORDER_PLAN,  /* queues only: the order in which decisions were made (list schedulers) */
    ORDER_GIVEN, /* queues only: by the key of sim_place, least first */
} QueueOrder;
extern const char *const QUEUE_ORDER_NAMES[]; /* NULL-terminated, in the order of the enum */

/* When a scheduler is asked, and for what. */
typedef enum {
    ASK_EACH,   /* one ready sub-job at a time: sim_candidate, sim_commit */
    ASK_ROUNDS, /* after each event, for all that is ready at once: sim_round .. sim_proceed */
    ASK_TICKS,  /* the same at each period T_s only, as in the paper: (priority, SA) for each ready
                   sub-job; what becomes ready meanwhile waits for the next */
} Asking;

/* Numbers that a rule weighs by; experiments/tune.h fits them to a scenario. Zeros are the plain rule.
 * rem is the remaining work of a job, BW the bandwidth of the DRAM (docs/MODEL.md, section 10, Weights). */
typedef struct RuleWeights {
    double order;  /* ORDER_EDF: by deadline + order x rem */
    double wait;   /* price of an SA = (1 + wait) x until it is free + latency there */
    double bytes;  /*   + bytes x the sub-job's bytes / BW */
    double energy; /*   + energy x its energy there / the networks' mean power */
    int kept;      /* so many free SAs of the type that suits short jobs are kept for them */
    double brief;  /* a job is short with at most this part of the mean network's latency left */
    double urgent; /* a job is urgent, and treated as a short one, with laxity 0 .. urgent x rem */
    double crowd;  /* others wait while the busy SAs would demand more than crowd x BW; 0: never */
    int held;      /* hopeless and given-up jobs leave so many SAs free */
    double own;    /* a job is taken to need (1 + own) x rem: by admission, and to be hopeless */
    double ahead;  /* admission: a job holds up those behind it by (1 + ahead) x that */
    double bulk;   /*   + bulk x the bytes that it still moves / BW */
} RuleWeights;

/* What the scheduler in charge wants from the simulator. */
typedef struct SchedRules {
    Asking asking;
    QueueOrder ready_order; /* which ready sub-job is decided first */
    QueueOrder queue_order; /* which queued sub-job an SA starts first, within a class */
    bool hopeless_last;     /* jobs with negative laxity (weight.own) rank behind all others */
    /* Ready sub-jobs of jobs that others would be late for (env/admission.h) rank behind those of the
     * others; decided anew after each event. Of list scheduling that puts hopeless jobs last. */
    bool admission;
    /* List scheduling: every arrival and completion recalls what is queued, and (ASK_EACH) decisions
     * are asked for only while an SA stands idle with nothing queued: the rest could not start. */
    bool replan_on_events;
    /* Of list scheduling: decisions made after one event at most, 0 = no limit; what is not decided
     * waits for the next event. Bounds the work per event, and paces the starts. */
    int window;
    RuleWeights weight;
} SchedRules;

typedef struct SimConfig {
    SchedRules rules;
    Arbitration arbitration;
    bool firm;          /* jobs are dropped at their deadline; otherwise they run to the end */
    double replan_us;   /* period T_s at which queued sub-jobs return to be placed anew, 1 or more;
                         0 = never */
    double decision_us; /* simulated time that each decision, or each round, takes */
    int classes;        /* priority classes, 1..4; class 0 is served first */
    int max_jobs;       /* jobs in the system at once (a dropped one counts while a sub-job of it
                           runs); an arrival beyond it is rejected (a miss) */
    const ArrivalTrace *trace; /* borrowed; for workloads of ARRIVALS_TRACE, else NULL */
} SimConfig;

/* Counts of jobs. Every issued job ends as one of the others. */
typedef struct JobCounts {
    long issued, met, late, dropped, rejected;
} JobCounts;

static inline long job_counts_ended(const JobCounts *c)
{
    return c->met + c->late + c->dropped + c->rejected;
}

/* Issued jobs that are still there; 0 when the episode is over. */
static inline long job_counts_unfinished(const JobCounts *c)
{
    return c->issued - job_counts_ended(c);
}

/* Met of all issued: what is not met in the end is a miss. 1 if nothing was issued. */
static inline double job_counts_sla_rate(const JobCounts *c)
{
    return c->issued ? (double)c->met / (double)c->issued : 1;
}

typedef struct SimTotals {
    JobCounts all, net[SYS_MAX_NETS]; /* of the arrivals that count */
    JobCounts level[PRIORITY_LEVELS]; /* of requests with a priority of their own */
    JobCounts apart;                  /* of those during warm-up and cool-down */
    long decisions, started;
    double busy_us[SYS_MAX_SAS];
    double bytes_moved;                 /* integral of granted bandwidth */
    double energy_uj;                   /* dynamic, of finished sub-jobs */
    double net_energy_uj[SYS_MAX_NETS]; /* of that, each network's */
    long net_arrived[SYS_MAX_NETS];     /* jobs, those apart too */
} SimTotals;

typedef struct Sim Sim;

/* A job that has ended. */
typedef struct JobRecord {
    int job;           /* its slot, that was; -1: rejected on arrival */
    int net, level;    /* level: of its priority, -1: its tenant's */
    bool counted;      /* it came after the warm-up and before the cool-down */
    bool met, dropped; /* dropped: also rejected ones */
    double arrival_us, end_us, deadline_us, energy_uj;
} JobRecord;

/* Who is told what happens, as it happens. They may read the simulator; NULL: nobody. */
typedef struct SimWatch {
    void *ctx;
    void (*arrive)(void *ctx, const Sim *sim, int job); /* not of rejected ones */
    /* A sub-job on an SA: has started; has ended, its job still knows nothing of it. */
    void (*start)(void *ctx, const Sim *sim, int sa, int job, int sub);
    void (*end)(void *ctx, const Sim *sim, int sa, int job, int sub);
    void (*leave)(void *ctx, const Sim *sim, const JobRecord *record);
    /* What is seen now holds until to_us, above now: rates, what waits and what runs. */
    void (*advance)(void *ctx, const Sim *sim, double to_us);
} SimWatch;

/* sys is borrowed. user_bytes of the state block belong to the caller (sim_user): they are cloned
 * and saved with it, zero at first and untouched by sim_reset. ST_CONFIG for values out of range.
 */
Status sim_create(Sim **out, const System *sys, const SimConfig *cfg, size_t user_bytes, Err *err);
void sim_destroy(Sim *sim); /* NULL allowed */
/* Starts an episode and advances to the first decision. */
void sim_reset(Sim *sim, const Workload *wl, uint64_t seed);
void sim_clone(Sim *dst, const Sim *src); /* same System and config */
void *sim_user(Sim *sim);                 /* 8-byte aligned */
/* *watch is borrowed; NULL ends it. No part of the state. */
void sim_set_watch(Sim *sim, const SimWatch *watch);

/* The ready sub-job to be decided next. */
typedef struct Candidate {
    int job, sub, net; /* slot of the job, its sub-job, its network */
} Candidate;
/* False when the episode is over. */
bool sim_candidate(const Sim *sim, Candidate *c);
/* Commits the candidate to an SA and advances to the next decision or to the end. ASK_EACH. */
void sim_commit(Sim *sim, int sa, int priority_class);

/* --- rounds (ASK_ROUNDS, ASK_TICKS): place any of what is ready, then proceed --- */

/* What is ready, in the ready order: at most cap of them; returns how many there are, 0 when the
 * episode is over. The first is sim_candidate's. */
int sim_round(const Sim *sim, Candidate *out, int cap);
/* Puts a ready sub-job into an SA's queue, in this instant. key: of ORDER_GIVEN, finite. */
void sim_place(Sim *sim, const Candidate *c, int sa, int priority_class, double key);
/* Ends the round and advances to the next one or to the end. What was not placed stays ready. If
 * nothing runs, is queued or will come, the first of what is ready goes to the SA that runs it
 * fastest: a scheduler that never places it would never end. */
void sim_proceed(Sim *sim);
/* From now on what runs on this SA gets at most so many bytes/us of the DRAM (HUGE_VAL: no limit),
 * though never less than SIM_THROTTLE_LEAST of its demand. */
void sim_throttle(Sim *sim, int sa, double bytes_per_us);
#define SIM_THROTTLE_LEAST 0.01

/* --- what schedulers and features may read --- */
const System *sim_system(const Sim *sim);
const SimConfig *sim_config(const Sim *sim);
const Workload *sim_workload(const Sim *sim); /* of the episode */
const SimTotals *sim_totals(const Sim *sim);
double sim_now(const Sim *sim);
int sim_jobs_in_system(const Sim *sim);
int sim_ready_count(const Sim *sim);

typedef struct JobView {
    int net;
    double arrival_us, deadline_us; /* absolute */
    double rem_us;                  /* sum of best_us of unfinished sub-jobs */
    double
        projected_us; /* the same, with chosen SAs' latencies for committed ones, less progress */
    int subjobs_left;
    int outstanding; /* ready, queued or running now */
} JobView;
void sim_job(const Sim *sim, int job, JobView *out);
bool sim_lost(const Sim *sim, int job);     /* hopeless, or given up by admission */
double sim_weight(const Sim *sim, int job); /* of its priority: workload_weight */
/* Sub-jobs of it that run now. Takes time in the number of those that wait. */
int sim_running(const Sim *sim, int job);
/* When it last ran: now if it does, else when a sub-job of it last ended, or else its arrival. */
double sim_last_ran_us(const Sim *sim, int job);
/* Predecessors of one of its sub-jobs that have not ended. */
int sim_preds_left(const Sim *sim, int job, int sub);
/* Slots of all jobs in the system: job[sim_jobs_in_system]. */
const int *sim_active(const Sim *sim);

typedef struct SaView {
    bool busy;
    int job, sub;   /* what runs, -1 when idle; a dropped job's last sub-job too */
    double left_us; /* isolated time left of what runs */
    double demand;  /* bytes/us of what runs, 0 when idle */
    double rate;    /* progress rate now, 1 when uncontended */
    int queued;
    double queued_us; /* isolated time of everything queued */
} SaView;
void sim_sa(const Sim *sim, int sa, SaView *out);

/* What committing the candidate to `sa` would mean. */
typedef struct Quote {
    double cost_us, bytes, energy_uj; /* of the cost table */
    double wait_us;                   /* running and queued ahead, isolated times */
    double behind_us;                 /* queued work that would wait cost_us longer */
    int behind;                       /* sub-jobs behind */
    int endangered;                   /* of those, jobs whose laxity is in [0, cost_us) */
    double min_laxity_us; /* least non-negative laxity among those behind; 1e30 if none */
} Quote;
void sim_quote(const Sim *sim, int sa, int priority_class, Quote *out);
/* The same of any ready sub-job. key: of ORDER_GIVEN, else ignored. */
void sim_quote_of(const Sim *sim, const Candidate *c, int sa, int priority_class, double key,
                  Quote *out);

/* The whole state as one block (for saving), and its check after being overwritten. */
void *sim_state(Sim *sim, size_t *bytes);
Status sim_check_state(const Sim *sim, Err *err);

#endif
