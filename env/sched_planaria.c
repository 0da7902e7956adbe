/* sched_planaria.c -- Planaria: Ghodrati et al., "Planaria: Dynamic Architecture Fission for Spatial
 * Multi-Tenant Acceleration of Deep Neural Networks", MICRO 2020; algorithm 1.
 *
 * Each job needs so many of the chip's sub-arrays that its estimated time meets its slack; jobs are
 * granted what they need in descending score, and what is left over goes out in the same order:
 *     score = priority / (slack x need)      if some number of them meets the slack
 *           = -priority / rem                if not even all do
 *
 * A temporal port, as SAs here are separate machines that cannot join up on one layer and differ. The
 * estimate with k SAs lets the job's parallel branches run on k of them, Graham's bound (1969):
 *     estimate(k) = path + (rem - path) / k
 * with path the longest of best latencies from its ready sub-jobs on; of a chain it is rem, and its
 * need is 1 or nothing helps. Grants last until the sub-job ends; the SA is the free one that runs the
 * sub-job fastest; spare SAs go out in the order of scores, not in shares of them. Jobs that no number
 * of SAs can save are last in the paper's own rule, the one with most work left first.
 *
 * planaria-bw+ is ours: the same order, but of the jobs past saving the quickest first, under list
 * planning with the least price. */
#include "env/sched_internal.h"

#include <math.h>

/* Least number of SAs that meets the slack, 0 if none does. */
static int need(double rem_us, double path_us, double slack_us, int n_sas)
{
    for (int k = 1; k <= n_sas; k++)
        if (path_us + (rem_us - path_us) / k <= slack_us) return k;
    return 0;
}

/* The ready order puts a job's entries side by side. */
static int first_of(const Round *r, int i)
{
    while (i > 0 && r->entry[i - 1].at.job == r->entry[i].at.job) i--;
    return i;
}

/* The longest path of what the entry's job has ready. */
static double path_of(const Sim *sim, const Round *r, int i)
{
    const SysNet *net = &sim_system(sim)->net[r->entry[i].at.net];
    double longest = 0;
    int job = r->entry[i].at.job;
    for (int k = first_of(r, i); k < r->n && r->entry[k].at.job == job; k++)
        longest = fmax(longest, net->tail_us[r->entry[k].at.sub]);
    return longest;
}

static void rate(const Sim *sim, Round *r, int i)
{
    const System *sys = sim_system(sim);
    bool quickest_first = sim_config(sim)->rules.replan_on_events; /* planaria-bw+ */
    RoundEntry *e = &r->entry[i];
    double priority = round_priority(sim, e->at.job), rem = e->job.rem_us;
    e->need = need(rem, path_of(sim, r, i), e->slack_us, sys->n_sas);
    if (e->need)
        e->score = priority / (e->slack_us * e->need);
    else
        e->score = quickest_first ? -rem / priority : -priority / rem;
    e->tier = e->need > 0;
}

/* What its job has running and was placed for it in this round. */
static int granted(const Sim *sim, const Round *r, int i)
{
    int job = r->entry[i].at.job, n = sim_running(sim, job);
    for (int k = first_of(r, i); k < r->n && r->entry[k].at.job == job; k++)
        n += r->entry[k].placed;
    return n;
}

static void plan_planaria(Sim *sim)
{
    Round r;
    if (!round_open(sim, &r)) return;
    for (int i = 0; i < r.n; i++) rate(sim, &r, i);
    round_rank(sim, &r);
    if (!sim_config(sim)->rules.replan_on_events)
        for (int i = 0; i < r.n && r.n_free > 0; i++) {
            RoundEntry *e = round_nth(&r, i);
            if (granted(sim, &r, (int)(e - r.entry)) < e->need)
                round_place(sim, &r, e, round_fastest_free(sim, &r, &e->at));
        }
    round_serve(sim, &r);
}

static const Scheduler PLANARIA[] = {
    {.name = "planaria",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_planaria,
     .summary = "Planaria (MICRO 2020), temporal port: priority / (slack x SAs needed)"},
    {.name = "planaria-bw+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .replan_on_events = true},
     .plan = plan_planaria,
     .summary = "planaria, jobs past saving by remaining work, least finish + 2 bytes/BW"},
};

const SchedFamily sched_planaria = {PLANARIA, sizeof PLANARIA / sizeof *PLANARIA};
