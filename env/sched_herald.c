/* sched_herald.c -- Herald: Kwon et al., "Heterogeneous Dataflow Accelerators for Multi-DNN Workloads",
 * HPCA 2021 (arXiv 1909.07437).
 *
 * Each layer goes to the SA where it costs least, by latency, energy or their product (EDP); but if
 * the SA with the least load is another one and costs less than twice as much there, to that one.
 * Layers are taken breadth first over the jobs: each SA serves its own in the order in which they
 * became ready, so that jobs take turns. A last pass fills idle time: an SA with nothing to do takes the
 * first sub-job that waits for another and that it would finish earlier.
 *
 * Deviations: Herald makes a schedule at compile time of networks that are all known; here sub-jobs are
 * assigned as they become ready. The load of an SA is the end of what was assigned to it in isolated
 * latencies, which is now at least. The paper's pass for idle time moves layers ahead within an SA's
 * schedule, where it looks a few layers ahead; on-line an SA never waits for a layer that is not ready,
 * so what is left to move is between SAs. No check of global buffers: each SA has its own.
 *
 * The queues are in the scheduler's memory: what waits is ready for the simulator, and only what can
 * start is placed. */
#include "env/sched_internal.h"

#include <math.h>
#include <string.h>

/* Where a ready sub-job is to run; order 0: not assigned yet. */
typedef struct Seat {
    uint32_t order, sa;
} Seat;

/* Followed by the arrival of the job in each slot, [max_jobs], and by seats, [max_jobs, subjobs]. */
typedef struct Herald {
    double load_until_us[SYS_MAX_SAS];
    uint64_t assigned, subjobs; /* so far; of the largest network */
} Herald;

static size_t most_subjobs(const System *sys)
{
    int most = 1;
    for (int i = 0; i < sys->n_nets; i++)
        if (sys->net[i].n_subjobs > most) most = sys->net[i].n_subjobs;
    return (size_t)most;
}

static size_t herald_bytes(const System *sys, const SimConfig *cfg)
{
    return sizeof(Herald) +
           (size_t)cfg->max_jobs * (sizeof(double) + most_subjobs(sys) * sizeof(Seat));
}

static void start_herald(Sim *sim)
{
    Herald *h = sim_user(sim);
    h->subjobs = most_subjobs(sim_system(sim));
}

static double *arrivals_of(Herald *h)
{
    return (double *)(h + 1);
}

/* The seats of a job's sub-jobs; cleared if the slot has a new job. */
static Seat *seats_of(const Sim *sim, Herald *h, int job, double arrival_us)
{
    double *arrival = &arrivals_of(h)[job];
    Seat *seats = (Seat *)(arrivals_of(h) + sim_config(sim)->max_jobs) + (size_t)job * h->subjobs;
    if (*arrival < arrival_us || *arrival > arrival_us) {
        *arrival = arrival_us;
        memset(seats, 0, h->subjobs * sizeof *seats);
    }
    return seats;
}

/* --- which SA --- */

typedef double (*HeraldCost)(const SubJobCost *c);

static double latency(const SubJobCost *c)
{
    return c->latency_us;
}

static double energy(const SubJobCost *c)
{
    return c->energy_uj;
}

static double edp(const SubJobCost *c)
{
    return c->latency_us * c->energy_uj;
}

static double load_of(const Sim *sim, const Herald *h, int sa)
{
    return fmax(0, h->load_until_us[sa] - sim_now(sim));
}

/* By cost, and if that is equal by load; or by load, and if that is equal by cost. */
static int least(const Sim *sim, const double *first, const double *second)
{
    int best = 0;
    for (int m = 1; m < sim_system(sim)->n_sas; m++)
        if (first[m] < first[best] || (first[m] <= first[best] && second[m] < second[best]))
            best = m;
    return best;
}

static int choose_sa(const Sim *sim, const Herald *h, const Candidate *c, HeraldCost cost_by)
{
    double cost[SYS_MAX_SAS], load[SYS_MAX_SAS];
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        cost[m] = cost_by(round_cost(sim, c, m));
        load[m] = load_of(sim, h, m);
    }
    int cheapest = least(sim, cost, load), emptiest = least(sim, load, cost);
    bool balance = load[emptiest] < load[cheapest] && cost[emptiest] < 2 * cost[cheapest];
    return balance ? emptiest : cheapest;
}

static void add_load(const Sim *sim, Herald *h, const Candidate *c, int sa)
{
    h->load_until_us[sa] = sim_now(sim) + load_of(sim, h, sa) + round_cost(sim, c, sa)->latency_us;
}

static void assign(const Sim *sim, Herald *h, RoundEntry *e, HeraldCost cost_by)
{
    Seat *seat = &seats_of(sim, h, e->at.job, e->job.arrival_us)[e->at.sub];
    if (seat->order == 0 || seat->sa >= (uint32_t)sim_system(sim)->n_sas) {
        int sa = choose_sa(sim, h, &e->at, cost_by);
        add_load(sim, h, &e->at, sa);
        *seat = (Seat){(uint32_t)++h->assigned, (uint32_t)sa};
    }
    e->score = -(double)seat->order;
}

/* --- serving the queues --- */

typedef struct Queues {
    double wait_us[SYS_MAX_SAS]; /* ahead of the next in order */
    int assigned[SYS_MAX_SAS];   /* ready sub-jobs, served or not */
} Queues;

static Seat *seat_of(const Sim *sim, Herald *h, const RoundEntry *e)
{
    return &seats_of(sim, h, e->at.job, e->job.arrival_us)[e->at.sub];
}

static Queues queues_of(const Sim *sim, Herald *h, const Round *r)
{
    Queues q = {0};
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        q.wait_us[m] = fmax(0, v.left_us);
    }
    for (int i = 0; i < r->n; i++) q.assigned[seat_of(sim, h, &r->entry[i])->sa]++;
    return q;
}

/* Of what has to wait for its SA: a free one that nothing is assigned to, if it would end sooner there;
 * or its own. */
static int fill_gap(const Sim *sim, const Round *r, const Queues *q, const Candidate *c, int sa)
{
    int best = sa;
    double finish = q->wait_us[sa] + round_cost(sim, c, sa)->latency_us;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        double there = round_cost(sim, c, m)->latency_us;
        bool gap = r->free[m] && q->assigned[m] == 0;
        if (gap && q->wait_us[sa] > 0 && there < finish) best = m, finish = there;
    }
    return best;
}

static void serve(Sim *sim, Herald *h, Round *r, Queues *q, RoundEntry *e)
{
    Seat *seat = seat_of(sim, h, e);
    int sa = fill_gap(sim, r, q, &e->at, (int)seat->sa);
    if (sa != (int)seat->sa) {
        h->load_until_us[seat->sa] -= round_cost(sim, &e->at, (int)seat->sa)->latency_us;
        add_load(sim, h, &e->at, sa);
        q->assigned[seat->sa]--;
        q->assigned[sa]++;
        seat->sa = (uint32_t)sa;
    }
    if (r->free[sa]) round_place(sim, r, e, sa);
    q->wait_us[sa] += round_cost(sim, &e->at, sa)->latency_us;
}

static void plan_by(Sim *sim, HeraldCost cost_by)
{
    Herald *h = sim_user(sim);
    Round r;
    round_list(sim, &r);
    for (int i = 0; i < r.n; i++) assign(sim, h, &r.entry[i], cost_by);
    if (r.n_free == 0) return;
    round_rank(sim, &r);
    Queues q = queues_of(sim, h, &r);
    for (int i = 0; i < r.n && r.n_free > 0; i++) serve(sim, h, &r, &q, round_nth(&r, i));
}

static void plan_latency(Sim *sim)
{
    plan_by(sim, latency);
}

static void plan_energy(Sim *sim)
{
    plan_by(sim, energy);
}

static void plan_edp(Sim *sim)
{
    plan_by(sim, edp);
}

static const Scheduler HERALD[] = {
    {.name = "herald-edp",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_edp,
     .reset = start_herald,
     .state_bytes = herald_bytes,
     .summary =
         "Herald (HPCA 2021): SA of the least latency x energy, loads balanced, gaps filled"},
    {.name = "herald-energy",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_energy,
     .reset = start_herald,
     .state_bytes = herald_bytes,
     .summary = "the same by energy"},
    {.name = "herald-lat",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_latency,
     .reset = start_herald,
     .state_bytes = herald_bytes,
     .summary = "the same by latency"},
    {.name = "herald-edp+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .hopeless_last = true},
     .plan = plan_edp,
     .reset = start_herald,
     .state_bytes = herald_bytes,
     .summary = "herald-edp, hopeless jobs last"},
};

const SchedFamily sched_herald = {HERALD, sizeof HERALD / sizeof *HERALD};
