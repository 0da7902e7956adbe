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

static double weigh(const System *sys, const Quote *q, double bandwidth_weight)
{
    return q->wait_us + q->cost_us + bandwidth_weight * q->bytes / sys->dram_bytes_per_us;
}

double sched_price(const System *sys, const Quote *q)
{
    return weigh(sys, q, 2);
}

bool sched_is_free(const SaView *sa)
{
    return !sa->busy && !sa->queued;
}

static int choose_least(const Sim *sim, double bandwidth_weight)
{
    const System *sys = sim_system(sim);
    int best = 0;
    double least = 0;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote q;
        sim_quote(sim, m, 0, &q);
        double t = weigh(sys, &q, bandwidth_weight);
        if (m == 0 || t < least) least = t, best = m;
    }
    return best;
}

static int choose_finish_bw1(const Sim *sim)
{
    return choose_least(sim, 1);
}

static int choose_finish(const Sim *sim)
{
    return choose_least(sim, 0);
}

int sched_choose_finish_bw(const Sim *sim)
{
    return choose_least(sim, 2);
}

static bool is_free(const Sim *sim, int sa)
{
    SaView v;
    sim_sa(sim, sa, &v);
    return sched_is_free(&v);
}

int sched_choose_taken(const Sim *sim, double bandwidth_weight, int otherwise)
{
    const System *sys = sim_system(sim);
    double least = HUGE_VAL;
    int best = otherwise;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote q;
        if (is_free(sim, m)) continue;
        sim_quote(sim, m, 0, &q);
        double t = weigh(sys, &q, bandwidth_weight);
        if (t < least) least = t, best = m;
    }
    return best;
}

/* A job is short if what is left of it is less than a tenth of the mean network. */
static bool is_short(const System *sys, const JobView *j)
{
    double mean = 0;
    for (int i = 0; i < sys->n_nets; i++) mean += sys->net[i].t_iso_us / sys->n_nets;
    return j->rem_us <= 0.1 * mean;
}

/* It can still be on time, but not if it waits for long. */
static bool is_urgent(const Sim *sim, const JobView *j)
{
    double laxity = j->deadline_us - sim_now(sim) - j->rem_us;
    return laxity >= 0 && laxity <= 0.3 * j->rem_us;
}

/* The SA type on which the shortest network runs best. */
static int type_for_short_jobs(const System *sys)
{
    int best = 0;
    for (int t = 1; t < sys->n_types; t++)
        if (sys->type_short_affinity[t] > sys->type_short_affinity[best]) best = t;
    return best;
}

/* The last free SA of the type that suits short jobs is for them, and for urgent ones if `urgent`; others
 * wait for a taken SA. */
static int choose_and_keep(const Sim *sim, double bandwidth_weight, bool urgent)
{
    const System *sys = sim_system(sim);
    int sa = choose_least(sim, bandwidth_weight), kept = type_for_short_jobs(sys), free = 0;
    Candidate c;
    JobView j;
    if (sys->sa_type[sa] != kept || !is_free(sim, sa)) return sa;
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    if (is_short(sys, &j) || (urgent && is_urgent(sim, &j))) return sa;
    for (int m = 0; m < sys->n_sas; m++) free += sys->sa_type[m] == kept && is_free(sim, m);
    return free > 1 ? sa : sched_choose_taken(sim, bandwidth_weight, sa);
}

int sched_choose_reserve(const Sim *sim)
{
    return choose_and_keep(sim, 2, false);
}

static int choose_reserve_unless_urgent(const Sim *sim)
{
    return choose_and_keep(sim, 1, true);
}

#define LIST(order, last)                                                                          \
    {                                                                                              \
        .ready_order = order, .queue_order = ORDER_PLAN, .hopeless_last = last,                    \
        .replan_on_events = true                                                                   \
    }
#define PACED(order, decisions)                                                                    \
    {                                                                                              \
        .ready_order = order, .queue_order = ORDER_PLAN, .hopeless_last = true,                    \
        .replan_on_events = true, .window = decisions                                              \
    }
#define ADMITTING(decisions)                                                                       \
    {                                                                                              \
        .ready_order = ORDER_EDF, .queue_order = ORDER_PLAN, .hopeless_last = true,                \
        .admission = true, .replan_on_events = true, .window = decisions                           \
    }
#define QUEUE(order)                                                                               \
    {                                                                                              \
        .ready_order = order, .queue_order = order, .hopeless_last = true                          \
    }

static const Scheduler RULES[] = {
    {.name = "fcfs-h",
     .rules = LIST(ORDER_FCFS, false),
     .choose = choose_finish,
     .summary = "first come first served, earliest finish"},
    {.name = "edf-h",
     .rules = LIST(ORDER_EDF, false),
     .choose = choose_finish,
     .summary = "earliest deadline first, earliest finish"},
    {.name = "llf-h",
     .rules = LIST(ORDER_LLF, false),
     .choose = choose_finish,
     .summary = "least laxity first, earliest finish"},
    {.name = "sjf-h",
     .rules = LIST(ORDER_SRPT, false),
     .choose = choose_finish,
     .summary = "least remaining work first, earliest finish"},
    {.name = "fcfs-h+",
     .rules = LIST(ORDER_FCFS, true),
     .choose = choose_finish,
     .summary = "fcfs-h, hopeless jobs last"},
    {.name = "edf-h+",
     .rules = LIST(ORDER_EDF, true),
     .choose = choose_finish,
     .summary = "edf-h, hopeless jobs last"},
    {.name = "llf-h+",
     .rules = LIST(ORDER_LLF, true),
     .choose = choose_finish,
     .summary = "llf-h, hopeless jobs last"},
    {.name = "sjf-h+",
     .rules = LIST(ORDER_SRPT, true),
     .choose = choose_finish,
     .summary = "sjf-h, hopeless jobs last"},
    {.name = "edf-h-bw+",
     .rules = LIST(ORDER_EDF, true),
     .choose = sched_choose_finish_bw,
     .summary = "edf-h+, least finish + 2 bytes/BW"},
    {.name = "dr-h-bw+",
     .rules = LIST(ORDER_DR, true),
     .choose = sched_choose_finish_bw,
     .summary = "the same by deadline + remaining work"},
    {.name = "edf-paced-bw",
     .rules = PACED(ORDER_EDF, 1),
     .choose = sched_choose_finish_bw,
     .summary = "edf-h-bw+ with one decision per event"},
    {.name = "srpt-paced-bw",
     .rules = PACED(ORDER_SRPT, 1),
     .choose = sched_choose_finish_bw,
     .summary = "the same by remaining work"},
    {.name = "dr-paced-bw",
     .rules = PACED(ORDER_DR, 1),
     .choose = sched_choose_finish_bw,
     .summary = "the same by deadline + remaining work"},
    {.name = "edf-reserve-bw",
     .rules = PACED(ORDER_EDF, 2),
     .choose = sched_choose_reserve,
     .summary = "edf-h-bw+, two decisions per event, the last free SA of the type that suits them "
                "is kept for "
                "short jobs"},
    {.name = "dr-reserve-bw",
     .rules = PACED(ORDER_DR, 2),
     .choose = sched_choose_reserve,
     .summary = "the same by deadline + remaining work"},
    {.name = "admit-paced-bw",
     .rules = ADMITTING(2),
     .choose = choose_finish_bw1,
     .summary = "edf-paced-bw with two decisions per event; jobs that others would be late for "
                "are given up"},
    {.name = "admit-reserve-bw",
     .rules = ADMITTING(2),
     .choose = choose_reserve_unless_urgent,
     .summary = "the same; the last free SA of the type that suits them is kept for short and "
                "urgent jobs"},
    {.name = "edf-queue",
     .rules = QUEUE(ORDER_EDF),
     .choose = choose_finish,
     .summary = "commit to earliest finish, queues by deadline"},
    {.name = "edf-queue-bw",
     .rules = QUEUE(ORDER_EDF),
     .choose = sched_choose_finish_bw,
     .summary = "commit to least finish + 2 bytes/BW, queues by deadline"},
    {.name = "srpt-queue-bw",
     .rules = QUEUE(ORDER_SRPT),
     .choose = sched_choose_finish_bw,
     .summary = "the same, queues by remaining work"},
    {.name = "sjf-queue-bw",
     .rules = QUEUE(ORDER_SJF),
     .choose = sched_choose_finish_bw,
     .summary = "the same, queues by the network's isolated latency"},
    {.name = "dr-queue-bw",
     .rules = QUEUE(ORDER_DR),
     .choose = sched_choose_finish_bw,
     .summary = "the same, queues by deadline + remaining work"},
};

const SchedFamily sched_rules = {RULES, sizeof RULES / sizeof *RULES};
