/* sched_rules.c -- schedulers that are one choice of SA under rules of the simulator.
 *
 * List schedulers (FCFS-H, EDF-H, LLF-H, SJF-H): at every arrival and completion all sub-jobs that
 * have not started are ranked anew, and each takes the SA on which it would finish first given what
 * runs and what was placed before it; it starts if that SA is idle, otherwise it holds a
 * reservation until the next event. That is a re-plan on events with queues in the order of
 * decisions.
 *
 * Paced family: list scheduling with one decision per event. A completion or an arrival lets one
 * sub-job start, so that a chain goes on but waiting jobs do not rush into every gap: an SA stays
 * free for a short job to come, and fewer sub-jobs contend for the DRAM. Ours: found by asking what
 * the jobs were that every other rule missed. The reserve family says it outright: the last
 * free SA of the type that runs short jobs fastest is for them only.
 *
 * Admitting family: ours too. Who comes first is EDF among the jobs that are worth it: whenever jobs
 * would be late, those with most work left are given up for the others (env/admission.h) and get what is
 * left over.
 *
 * Queue family: a ready sub-job is committed once, at once, to the SA with the least
 * finish + a x bytes/BW; each SA serves its queue in a fixed order, hopeless jobs last. With a = 2
 * the sub-job pays for the DRAM time that it takes from the others. */
#include "env/sched_internal.h"

#include <math.h>
#include <string.h>

double sched_price_by(const System *sys, const Quote *q, const RuleWeights *w)
{
    return (1 + w->wait) * q->wait_us + q->cost_us + w->bytes * q->bytes / sys->dram_bytes_per_us +
           w->energy * q->energy_uj * sys->us_per_uj;
}

double sched_price(const System *sys, const Quote *q)
{
    return sched_price_by(sys, q, &(RuleWeights){.bytes = 2});
}

bool sched_is_free(const SaView *sa)
{
    return !sa->busy && !sa->queued;
}

static bool is_free(const Sim *sim, int sa)
{
    SaView v;
    sim_sa(sim, sa, &v);
    return sched_is_free(&v);
}

/* The SA with the least price; only_taken: among those that are not free. */
static int cheapest(const Sim *sim, bool only_taken, int otherwise)
{
    const System *sys = sim_system(sim);
    double least = HUGE_VAL;
    int best = otherwise;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote q;
        if (only_taken && is_free(sim, m)) continue;
        sim_quote(sim, m, 0, &q);
        double price = sched_price_by(sys, &q, &sim_config(sim)->rules.weight);
        if (price < least) least = price, best = m;
    }
    return best;
}

int sched_choose_taken(const Sim *sim, int otherwise)
{
    return cheapest(sim, true, otherwise);
}

/* The SA type on which the shortest network runs best. */
static int type_for_short_jobs(const System *sys)
{
    int best = 0;
    for (int t = 1; t < sys->n_types; t++)
        if (sys->type_short_affinity[t] > sys->type_short_affinity[best]) best = t;
    return best;
}

/* type -1: of any. */
static int count_free(const Sim *sim, int type)
{
    const System *sys = sim_system(sim);
    int n = 0;
    for (int m = 0; m < sys->n_sas; m++)
        n += (type < 0 || sys->sa_type[m] == type) && is_free(sim, m);
    return n;
}

/* Is this free SA one of the last that are kept for short jobs? */
static bool is_kept(const Sim *sim, int sa)
{
    const System *sys = sim_system(sim);
    int kept = sim_config(sim)->rules.weight.kept, type = type_for_short_jobs(sys);
    return kept > 0 && sys->sa_type[sa] == type && count_free(sim, type) <= kept;
}

/* Would the DRAM be overbooked if this free SA took the candidate, too? */
static bool is_crowded(const Sim *sim, int sa)
{
    const System *sys = sim_system(sim);
    double crowd = sim_config(sim)->rules.weight.crowd;
    if (!(crowd > 0)) return false;
    Quote q;
    sim_quote(sim, sa, 0, &q);
    double demand = q.bytes / q.cost_us;
    bool busy = false;
    for (int m = 0; m < sys->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        demand += v.demand;
        busy |= v.busy;
    }
    return busy && demand > crowd * sys->dram_bytes_per_us;
}

/* Short, or it can still be on time, but not if it waits for long. */
static bool goes_first(const Sim *sim, const JobView *j)
{
    const RuleWeights *w = &sim_config(sim)->rules.weight;
    double laxity_us = j->deadline_us - sim_now(sim) - j->rem_us;
    return j->rem_us <= w->brief * sim_system(sim)->mean_t_iso_us ||
           (laxity_us >= 0 && laxity_us <= w->urgent * j->rem_us);
}

/* Are SAs kept free of jobs that will be late anyway? Not when all are free, nor when so many jobs are there
 * that new ones could be rejected. */
static bool is_held(const Sim *sim)
{
    int held = sim_config(sim)->rules.weight.held;
    if (held == 0 || sim_jobs_in_system(sim) > sim_config(sim)->max_jobs / 2) return false;
    int free = count_free(sim, -1);
    return free <= held && free < sim_system(sim)->n_sas;
}

int sched_choose(const Sim *sim)
{
    int sa = cheapest(sim, false, 0);
    Candidate c;
    JobView j;
    if (!is_free(sim, sa)) return sa;
    bool held = is_held(sim), scarce = is_kept(sim, sa) || is_crowded(sim, sa);
    if (!held && !scarce) return sa;
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    bool waits = (held && sim_lost(sim, c.job)) || (scarce && !goes_first(sim, &j));
    return waits ? sched_choose_taken(sim, sa) : sa;
}

/* The last arguments are the weights that are not 0. */
#define LIST(order, last, ...)                                                                     \
    {                                                                                              \
        .ready_order = order, .queue_order = ORDER_PLAN, .hopeless_last = last,                    \
        .replan_on_events = true, .weight = {                                                      \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define PACED(order, decisions, ...)                                                               \
    {                                                                                              \
        .ready_order = order, .queue_order = ORDER_PLAN, .hopeless_last = true,                    \
        .replan_on_events = true, .window = decisions, .weight = {                                 \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ADMITTING(decisions, ...)                                                                  \
    {                                                                                              \
        .ready_order = ORDER_EDF, .queue_order = ORDER_PLAN, .hopeless_last = true,                \
        .admission = true, .replan_on_events = true, .window = decisions, .weight = {              \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define QUEUE(order, ...)                                                                          \
    {                                                                                              \
        .ready_order = order, .queue_order = order, .hopeless_last = true, .weight = {             \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const Scheduler RULES[] = {
    {.name = "fcfs-h",
     .rules = LIST(ORDER_FCFS, false, .bytes = 0),
     .choose = sched_choose,
     .summary = "first come first served, earliest finish"},
    {.name = "edf-h",
     .rules = LIST(ORDER_EDF, false, .bytes = 0),
     .choose = sched_choose,
     .summary = "earliest deadline first, earliest finish"},
    {.name = "llf-h",
     .rules = LIST(ORDER_LLF, false, .bytes = 0),
     .choose = sched_choose,
     .summary = "least laxity first, earliest finish"},
    {.name = "sjf-h",
     .rules = LIST(ORDER_SRPT, false, .bytes = 0),
     .choose = sched_choose,
     .summary = "least remaining work first, earliest finish"},
    {.name = "fcfs-h+",
     .rules = LIST(ORDER_FCFS, true, .bytes = 0),
     .choose = sched_choose,
     .summary = "fcfs-h, hopeless jobs last"},
    {.name = "edf-h+",
     .rules = LIST(ORDER_EDF, true, .bytes = 0),
     .choose = sched_choose,
     .summary = "edf-h, hopeless jobs last"},
    {.name = "llf-h+",
     .rules = LIST(ORDER_LLF, true, .bytes = 0),
     .choose = sched_choose,
     .summary = "llf-h, hopeless jobs last"},
    {.name = "sjf-h+",
     .rules = LIST(ORDER_SRPT, true, .bytes = 0),
     .choose = sched_choose,
     .summary = "sjf-h, hopeless jobs last"},
    {.name = "edf-h-bw+",
     .rules = LIST(ORDER_EDF, true, .bytes = 2),
     .choose = sched_choose,
     .summary = "edf-h+, least finish + 2 bytes/BW"},
    {.name = "dr-h-bw+",
     .rules = LIST(ORDER_DR, true, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same by deadline + remaining work"},
    {.name = "edf-paced-bw",
     .rules = PACED(ORDER_EDF, 1, .bytes = 2),
     .choose = sched_choose,
     .summary = "edf-h-bw+ with one decision per event"},
    {.name = "srpt-paced-bw",
     .rules = PACED(ORDER_SRPT, 1, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same by remaining work"},
    {.name = "dr-paced-bw",
     .rules = PACED(ORDER_DR, 1, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same by deadline + remaining work"},
    {.name = "edf-reserve-bw",
     .rules = PACED(ORDER_EDF, 2, .bytes = 2, .kept = 1, .brief = 0.1),
     .choose = sched_choose,
     .summary = "edf-h-bw+, two decisions per event, the last free SA of the type that suits them "
                "is kept for "
                "short jobs"},
    {.name = "dr-reserve-bw",
     .rules = PACED(ORDER_DR, 2, .bytes = 2, .kept = 1, .brief = 0.1),
     .choose = sched_choose,
     .summary = "the same by deadline + remaining work"},
    {.name = "admit-paced-bw",
     .rules = ADMITTING(2, .bytes = 1),
     .choose = sched_choose,
     .summary = "edf-paced-bw with two decisions per event; jobs that others would be late for "
                "are given up"},
    {.name = "admit-reserve-bw",
     .rules = ADMITTING(2, .bytes = 1, .kept = 1, .brief = 0.1, .urgent = 0.3),
     .choose = sched_choose,
     .summary = "the same; the last free SA of the type that suits them is kept for short and "
                "urgent jobs"},
    {.name = "edf-queue",
     .rules = QUEUE(ORDER_EDF, .bytes = 0),
     .choose = sched_choose,
     .summary = "commit to earliest finish, queues by deadline"},
    {.name = "edf-queue-bw",
     .rules = QUEUE(ORDER_EDF, .bytes = 2),
     .choose = sched_choose,
     .summary = "commit to least finish + 2 bytes/BW, queues by deadline"},
    {.name = "srpt-queue-bw",
     .rules = QUEUE(ORDER_SRPT, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same, queues by remaining work"},
    {.name = "sjf-queue-bw",
     .rules = QUEUE(ORDER_SJF, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same, queues by the network's isolated latency"},
    {.name = "dr-queue-bw",
     .rules = QUEUE(ORDER_DR, .bytes = 2),
     .choose = sched_choose,
     .summary = "the same, queues by deadline + remaining work"},
};

const SchedFamily sched_rules = {RULES, sizeof RULES / sizeof *RULES};
