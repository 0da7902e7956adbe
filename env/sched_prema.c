/* sched_prema.c -- PREMA: Choi and Rhu, "PREMA: A Predictive Multi-task Scheduling Algorithm for
 * Preemptible Neural Processing Units", HPCA 2020.
 *
 * Every job earns tokens while it waits, the faster the higher its priority and the shorter the
 * job: a new one has its priority's worth, and each time that the scheduler is asked (here: at every
 * event) it gets  priority x (time since it last ran) / T_iso.  The largest of the thresholds 9, 3, 1
 * that somebody's tokens reach decides who is a candidate, and of the candidates the one with the
 * least estimated work left runs. New arrivals take part at once, with tokens >= threshold.
 *
 * Deviations: PREMA has one NPU; here what is ready is served until no SA is free, each time with the
 * threshold of those who are left. The SA is the free one that runs the sub-job fastest (T_iso and rem
 * are those of the best SAs). Preemption is at the end of a sub-job, which is the paper's at the end of
 * a layer (its DRAIN); no checkpoint, no kill. The priority is 3 x the job's weight, and weights are
 * 1 unless the scenario has others.
 *
 * prema-bw+ is ours: the same order under list planning, least price, hopeless jobs last. */
#include "env/sched_internal.h"

/* Of one slot of a job; tokens 0: never used. */
typedef struct Account {
    double arrival_us, tokens;
} Account;

static size_t accounts_bytes(const System *sys, const SimConfig *cfg)
{
    (void)sys;
    return (size_t)cfg->max_jobs * sizeof(Account);
}

static void earn_tokens(Sim *sim)
{
    const System *sys = sim_system(sim);
    Account *accounts = sim_user(sim);
    const int *job = sim_active(sim);
    for (int i = 0; i < sim_jobs_in_system(sim); i++) {
        Account *a = &accounts[job[i]];
        JobView j;
        sim_job(sim, job[i], &j);
        double priority = round_priority(sim, job[i]);
        bool known =
            a->tokens > 0 && a->arrival_us >= j.arrival_us && a->arrival_us <= j.arrival_us;
        if (!known)
            *a = (Account){j.arrival_us, priority};
        else
            a->tokens +=
                priority * (sim_now(sim) - sim_last_ran_us(sim, job[i])) / sys->net[j.net].t_iso_us;
    }
}

static int thresholds_reached(double tokens)
{
    return (tokens >= 1) + (tokens >= 3) + (tokens >= 9);
}

/* Serving until the candidates of one threshold are used up and then those of the next is an order: by
 * thresholds reached, then by rem. */
static void plan_prema(Sim *sim)
{
    const Account *accounts = sim_user(sim);
    Round r;
    earn_tokens(sim);
    if (!round_open(sim, &r)) return;
    for (int i = 0; i < r.n; i++) {
        RoundEntry *e = &r.entry[i];
        e->tier = thresholds_reached(accounts[e->at.job].tokens);
        e->score = -e->job.rem_us;
    }
    round_rank(sim, &r);
    round_serve(sim, &r);
}

static const Scheduler PREMA[] = {
    {.name = "prema",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_prema,
     .state_bytes = accounts_bytes,
     .summary = "PREMA (HPCA 2020): tokens, then shortest job; fastest free SA"},
    {.name = "prema+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .hopeless_last = true},
     .plan = plan_prema,
     .state_bytes = accounts_bytes,
     .summary = "prema, hopeless jobs last"},
    {.name = "prema-bw+",
     .rules = {.asking = ASK_ROUNDS,
               .queue_order = ORDER_PLAN,
               .hopeless_last = true,
               .replan_on_events = true},
     .plan = plan_prema,
     .state_bytes = accounts_bytes,
     .summary = "prema+, least finish + 2 bytes/BW"},
};

const SchedFamily sched_prema = {PREMA, sizeof PREMA / sizeof *PREMA};
