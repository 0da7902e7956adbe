/* sched_lookahead.c -- look-ahead: what could be had by knowing the future. An upper reference, not a
 * scheduler: it sees the very jobs that will arrive, and takes a hundred times as long as its rule.
 *
 * For each SA that the candidate could take, a fork of the simulator, future arrivals included, is
 * played on by a rule until a horizon; the SA after which fewest jobs are missed is taken, the rule's own
 * choice if none is better. This is one step of policy improvement by rollouts (Tesauro and Galperin,
 * NIPS 1996; Bertsekas, Tsitsiklis and Wu, Journal of Heuristics 1997), but on what will happen and
 * not on samples of it. Jobs that are unfinished at the horizon count with a soft estimate: a logistic
 * function of the laxity that their placement leaves, in units of their remaining work.
 *
 * SAs that are alike are tried once: of free ones of one type the first, and under list planning, where
 * a taken SA means "wait", of the taken ones the cheapest. */
#include "env/sched_internal.h"
#include "env/sim_internal.h"

#include <math.h>

/* In mean isolated latencies of the networks. */
#define HORIZON 3.0
/* Scale of the soft estimate: of what remains, and of the mean isolated latency. */
#define SOFT_REMAINING 0.1
#define SOFT_LEAST     0.001
/* Gains below this are rounding. */
#define LEAST_GAIN 1e-6

/* Jobs missed so far and, softly, those that will be. */
static double misses(const Sim *sim)
{
    const int *active = sim_active(sim);
    const JobCounts *c = &sim_totals(sim)->all;
    double least = SOFT_LEAST * sim_system(sim)->mean_t_iso_us;
    double sum = (double)(c->late + c->dropped + c->rejected);
    for (int i = 0; i < sim_jobs_in_system(sim); i++) {
        JobView j;
        sim_job(sim, active[i], &j);
        double laxity = j.deadline_us - sim_now(sim) - j.projected_us;
        sum += 1 / (1 + exp(laxity / (SOFT_REMAINING * j.projected_us + least)));
    }
    return sum;
}

/* Misses after taking this SA and going on by the rule. */
static double outcome(Sim *sim, int sa)
{
    Sim fork;
    Candidate c;
    double until = sim_now(sim) + HORIZON * sim_system(sim)->mean_t_iso_us;
    sim_fork(&fork, sim_user(sim), sim);
    sim_commit(&fork, sa, 0);
    while (sim_candidate(&fork, &c) && sim_now(&fork) < until)
        sim_commit(&fork, sched_choose(&fork), 0);
    return misses(&fork);
}

/* Would it do the same as another SA that is tried? */
static bool is_spare(const Sim *sim, int sa)
{
    const System *sys = sim_system(sim);
    SaView v;
    sim_sa(sim, sa, &v);
    if (!sched_is_free(&v))
        return sim_config(sim)->rules.replan_on_events && sa != sched_choose_taken(sim, -1);
    for (int m = 0; m < sa; m++) {
        sim_sa(sim, m, &v);
        if (sys->sa_type[m] == sys->sa_type[sa] && sched_is_free(&v)) return true;
    }
    return false;
}

static void plan(Sim *sim)
{
    int guess = sched_choose(sim), best = guess;
    double least = outcome(sim, guess);
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        if (m == guess || is_spare(sim, m)) continue;
        double missed = outcome(sim, m);
        if (missed < least - LEAST_GAIN) least = missed, best = m;
    }
    sim_commit(sim, best, 0);
}

static const Scheduler LOOKAHEAD[] = {
    {.name = "lookahead-queue",
     .rules = {.ready_order = ORDER_DR,
               .queue_order = ORDER_DR,
               .hopeless_last = true,
               .weight = {.bytes = 2}},
     .plan = plan,
     .state_bytes = sim_fork_bytes,
     .clairvoyant = true,
     .summary = "CLAIRVOYANT upper reference: tries each SA and goes on as dr-queue-bw under the "
                "arrivals to come"},
    {.name = "lookahead-reserve",
     .rules = {.ready_order = ORDER_EDF,
               .queue_order = ORDER_PLAN,
               .hopeless_last = true,
               .replan_on_events = true,
               .window = 2,
               .weight = {.bytes = 2, .kept = 1, .brief = 0.1}},
     .plan = plan,
     .state_bytes = sim_fork_bytes,
     .clairvoyant = true,
     .summary = "CLAIRVOYANT upper reference: the same with edf-reserve-bw"},
};

const SchedFamily sched_lookahead = {LOOKAHEAD, sizeof LOOKAHEAD / sizeof *LOOKAHEAD};
