/* sched_dysta.c -- Dysta: Fan et al., "Sparse-DySta: Sparsity-Aware Dynamic and Static Scheduling for
 * Sparse Multi-DNN Workloads", MICRO 2023. The sub-job of the job with the least score goes first:
 *     score = rem + 0.01 (max(0, slack - rem) + wait / (T_iso x jobs in the system))
 * wait: time since the job last ran; so of two alike the one that ran last goes on. Shortest
 * remaining work, then, with a little of the deadline; times are in us, and the term of the wait is a
 * number, as in the paper and the authors' program.
 *
 * Deviations: the paper's predictor corrects rem by the sparsity seen so far, which has no counterpart
 * here: rem is exact. The paper has one accelerator; here what is ready is served in the order of
 * scores until no SA is free, each by the free SA that runs it fastest.
 *
 * dysta-queue-bw is ours: each sub-job is committed at once to the SA with the least price, and queues
 * are in the order of scores as they are then, hopeless jobs last. So that scores of different times
 * compare, the deadline stands for the slack (now is common to all); who is ready now waits for 0. */
#include "env/sched_internal.h"

#include <math.h>

static const double ETA = 0.01;

static double score(const Sim *sim, const RoundEntry *e)
{
    double wait = sim_now(sim) - sim_last_ran_us(sim, e->at.job);
    double t_iso = sim_system(sim)->net[e->at.net].t_iso_us;
    double spare = fmax(0, e->slack_us - e->job.rem_us);
    return e->job.rem_us + ETA * (spare + wait / (t_iso * sim_jobs_in_system(sim)));
}

static void plan_dysta(Sim *sim)
{
    Round r;
    if (!round_open(sim, &r)) return;
    for (int i = 0; i < r.n; i++) r.entry[i].score = -score(sim, &r.entry[i]);
    round_rank(sim, &r);
    round_serve(sim, &r);
}

static void plan_queue(Sim *sim)
{
    Candidate c;
    while (sim_round(sim, &c, 1) > 0) {
        JobView j;
        sim_job(sim, c.job, &j);
        double key = j.rem_us + ETA * (j.deadline_us - j.rem_us);
        sim_place(sim, &c, round_least_price(sim, &c, key), 0, key);
    }
}

static const Scheduler DYSTA[] = {
    {.name = "dysta",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_dysta,
     .summary = "Dysta (MICRO 2023): remaining work, a little slack; fastest free SA"},
    {.name = "dysta+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .hopeless_last = true},
     .plan = plan_dysta,
     .summary = "dysta, hopeless jobs last"},
    {.name = "dysta-queue-bw",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_GIVEN, .hopeless_last = true},
     .plan = plan_queue,
     .summary = "commit to least finish + 2 bytes/BW, queues by dysta's score"},
};

const SchedFamily sched_dysta = {DYSTA, sizeof DYSTA / sizeof *DYSTA};
