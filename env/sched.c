/* sched.c -- the baseline schedulers.
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
 * Queue family: a ready sub-job is committed once, at once, to the SA with the least
 * finish + a x bytes/BW; each SA serves its queue in a fixed order, hopeless jobs last. With a = 2
 * the sub-job pays for the DRAM time that it takes from the others. */
#include "env/sched.h"

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

/* The SA with the least price among those that are taken; `otherwise` if none is. */
static int choose_taken(const Sim *sim, int otherwise)
{
    const System *sys = sim_system(sim);
    double least = HUGE_VAL;
    int best = otherwise;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote q;
        if (is_free(sim, m)) continue;
        sim_quote(sim, m, 0, &q);
        double t = sched_price(sys, &q);
        if (t < least) least = t, best = m;
    }
    return best;
}

/* A job is short if what is left of it is less than a tenth of the mean network. */
static bool is_short(const Sim *sim)
{
    const System *sys = sim_system(sim);
    double mean = 0;
    Candidate c;
    JobView j;
    for (int i = 0; i < sys->n_nets; i++) mean += sys->net[i].t_iso_us / sys->n_nets;
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    return j.rem_us <= 0.1 * mean;
}

/* The SA type on which the shortest network runs best. */
static int type_for_short_jobs(const System *sys)
{
    int best = 0;
    for (int t = 1; t < sys->n_types; t++)
        if (sys->type_short_affinity[t] > sys->type_short_affinity[best]) best = t;
    return best;
}

/* The last free SA of the type that suits short jobs is for them; others wait for a taken SA. */
static int choose_reserve(const Sim *sim)
{
    const System *sys = sim_system(sim);
    int sa = sched_choose_finish_bw(sim), kept = type_for_short_jobs(sys), free = 0;
    if (sys->sa_type[sa] != kept || !is_free(sim, sa) || is_short(sim)) return sa;
    for (int m = 0; m < sys->n_sas; m++) free += sys->sa_type[m] == kept && is_free(sim, m);
    return free > 1 ? sa : choose_taken(sim, sa);
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
#define QUEUE(order)                                                                               \
    {                                                                                              \
        .ready_order = order, .queue_order = order, .hopeless_last = true                          \
    }

static const Scheduler TABLE[] = {
    {"fcfs-h", LIST(ORDER_FCFS, false), choose_finish, "first come first served, earliest finish"},
    {"edf-h", LIST(ORDER_EDF, false), choose_finish, "earliest deadline first, earliest finish"},
    {"llf-h", LIST(ORDER_LLF, false), choose_finish, "least laxity first, earliest finish"},
    {"sjf-h", LIST(ORDER_SRPT, false), choose_finish,
     "least remaining work first, earliest finish"},
    {"fcfs-h+", LIST(ORDER_FCFS, true), choose_finish, "fcfs-h, hopeless jobs last"},
    {"edf-h+", LIST(ORDER_EDF, true), choose_finish, "edf-h, hopeless jobs last"},
    {"llf-h+", LIST(ORDER_LLF, true), choose_finish, "llf-h, hopeless jobs last"},
    {"sjf-h+", LIST(ORDER_SRPT, true), choose_finish, "sjf-h, hopeless jobs last"},
    {"edf-h-bw+", LIST(ORDER_EDF, true), sched_choose_finish_bw,
     "edf-h+, least finish + 2 bytes/BW"},
    {"dr-h-bw+", LIST(ORDER_DR, true), sched_choose_finish_bw,
     "the same by deadline + remaining work"},
    {"edf-paced-bw", PACED(ORDER_EDF, 1), sched_choose_finish_bw,
     "edf-h-bw+ with one decision per event"},
    {"srpt-paced-bw", PACED(ORDER_SRPT, 1), sched_choose_finish_bw, "the same by remaining work"},
    {"dr-paced-bw", PACED(ORDER_DR, 1), sched_choose_finish_bw,
     "the same by deadline + remaining work"},
    {"edf-reserve-bw", PACED(ORDER_EDF, 2), choose_reserve,
     "edf-h-bw+, two decisions per event, the last free SA of the type that suits them is kept for "
     "short jobs"},
    {"dr-reserve-bw", PACED(ORDER_DR, 2), choose_reserve, "the same by deadline + remaining work"},
    {"edf-queue", QUEUE(ORDER_EDF), choose_finish, "commit to earliest finish, queues by deadline"},
    {"edf-queue-bw", QUEUE(ORDER_EDF), sched_choose_finish_bw,
     "commit to least finish + 2 bytes/BW, queues by deadline"},
    {"srpt-queue-bw", QUEUE(ORDER_SRPT), sched_choose_finish_bw,
     "the same, queues by remaining work"},
    {"sjf-queue-bw", QUEUE(ORDER_SJF), sched_choose_finish_bw,
     "the same, queues by the network's isolated latency"},
    {"dr-queue-bw", QUEUE(ORDER_DR), sched_choose_finish_bw,
     "the same, queues by deadline + remaining work"},
};

int sched_count(void)
{
    return (int)(sizeof TABLE / sizeof *TABLE);
}

const Scheduler *sched_at(int i)
{
    return &TABLE[i];
}

const Scheduler *sched_find(const char *name)
{
    for (int i = 0; i < sched_count(); i++)
        if (strcmp(TABLE[i].name, name) == 0) return &TABLE[i];
    return NULL;
}
