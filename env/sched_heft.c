/* sched_heft.c -- HEFT over a window: Topcuoglu, Hariri and Wu, "Performance-Effective and
 * Low-Complexity Task Scheduling for Heterogeneous Computing", IEEE TPDS 2002, made on-line.
 *
 * Of the jobs in the window the one that would end last goes first, by
 *     L = min over SAs of (wait + latency of the sub-job) + longest path of best latencies after it
 * on the SA of the minimum. If that SA is busy its time is reserved, and the next is looked for, until
 * no SA is free. The plan lasts until the next event.
 *
 * Deviations: the paper plans one graph that is known as a whole, in the order of upward ranks
 * (means over processors, transfer times); here the graphs are the jobs that have arrived, the rank is
 * of best latencies and includes the wait, and DRAM traffic is part of the latencies. The window is the
 * first 64 ready sub-jobs in order of arrival; with L of all of them for each choice, a round takes
 * up to 64 x 64 x SAs steps. It serves the makespan, not deadlines. */
#include "env/sched_internal.h"

#include <math.h>

enum { WINDOW = 64 };

typedef struct Plan {
    double left_us; /* L */
    int sa;
} Plan;

/* L of one entry and the SA that it is from. */
static Plan plan_of(const Sim *sim, const Candidate *c, const double *wait)
{
    const System *sys = sim_system(sim);
    const SysNet *net = &sys->net[c->net];
    Plan p = {HUGE_VAL, 0};
    for (int m = 0; m < sys->n_sas; m++) {
        double finish = wait[m] + round_cost(sim, c, m)->latency_us;
        if (finish < p.left_us) p = (Plan){finish, m};
    }
    p.left_us += net->tail_us[c->sub] - net->best_us[c->sub];
    return p;
}

/* The entry with the largest L, -1 if all are placed. */
static int longest(const Sim *sim, const Round *r, const double *wait, Plan *plan)
{
    bool hopeless_last = sim_config(sim)->rules.hopeless_last;
    int best = -1;
    for (int i = 0; i < r->n; i++) {
        const RoundEntry *e = &r->entry[i];
        if (e->placed) continue;
        Plan p = plan_of(sim, &e->at, wait);
        bool hope = best >= 0 && hopeless_last && e->hopeless != r->entry[best].hopeless;
        if (best >= 0 && (hope ? e->hopeless : p.left_us <= plan->left_us)) continue;
        best = i;
        *plan = p;
    }
    return best;
}

static void plan_heft(Sim *sim)
{
    double wait[SYS_MAX_SAS];
    Plan p = {0};
    Round r;
    if (!round_open(sim, &r)) return;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        wait[m] = v.left_us + v.queued_us;
    }
    if (r.n > WINDOW) r.n = WINDOW;
    for (int i; r.n_free > 0 && (i = longest(sim, &r, wait, &p)) >= 0;) {
        RoundEntry *e = &r.entry[i];
        round_place(sim, &r, e, p.sa);
        wait[p.sa] += round_cost(sim, &e->at, p.sa)->latency_us;
    }
}

static const Scheduler HEFT[] = {
    {.name = "heft",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .replan_on_events = true},
     .plan = plan_heft,
     .summary = "HEFT (TPDS 2002) over a window: who would end last first, earliest finish"},
    {.name = "heft+",
     .rules = {.asking = ASK_ROUNDS,
               .queue_order = ORDER_PLAN,
               .hopeless_last = true,
               .replan_on_events = true},
     .plan = plan_heft,
     .summary = "heft, hopeless jobs last"},
};

const SchedFamily sched_heft = {HEFT, sizeof HEFT / sizeof *HEFT};
