/* sched_moca.c -- MoCA: Kim, Genc, Nikiforov, Asanovic, Nikolic and Shao, "MoCA: Memory-Centric,
 * Adaptive Execution for Multi-Tenant Deep Neural Networks", HPCA 2023.
 *
 * Admission: whoever has the largest  priority + wait / T_iso  goes first; wait: since the arrival.
 * Bandwidth: when a layer starts, with  s = (1 + priority)/4 + 10 rem/slack  of its job and
 * u = bytes / latency / B  of the layer, and the sum of u over all that runs above 1.5, the excess is
 * taken from the layer's share in proportion:
 *     u -= excess x W / (s u + W),   W = sum of s u over the others,   at least 25 % of u stays
 * so that what is urgent keeps its bandwidth, and what others asked for is not. sim_throttle holds it to
 * that until it ends, or until a round finds that all that runs asks for no more than 1.5.
 *
 * Pairing: after a layer that needs much bandwidth, more than half of it where it runs fastest, the next
 * to start is the first in the order that does not, as long as the other runs alone.
 *
 * Deviations: MoCA gives a job a part of a homogeneous array, as many tiles as it likes, until it ends;
 * here each layer takes the free SA that runs it fastest, so a job that waits may overtake one between
 * two of its layers, and pairs are of layers. MoCA forms its groups at once, for all tiles; here an SA
 * becomes free at a time, so a layer may wait for its partner until the next one does. The paper
 * throttles the rate of memory requests; here it is the bandwidth granted. rem/slack is at most 100,
 * past the deadline too. The bound of a half is ours. Priorities are 0 to 11: the levels of requests; a
 * tenant's weight w stands for 4 w - 1, so that tenants have 3 unless the scenario says otherwise.
 *
 * moca-bw+ is ours: the same order, pairs and throttle under list planning, least price, hopeless jobs last
 * and, as urgency is of no use to them, with rem/slack = 0. The latter also in moca+. In both no hopeless
 * job is a partner before one that is not. */
#include "env/sched_internal.h"

#include <math.h>

static const double MOST_USED = 1.5, LEAST_KEPT = 0.25, MOST_URGENT = 100;
static const double MUCH = 0.5; /* of the bandwidth */

typedef struct Moca {
    double limit[SYS_MAX_SAS]; /* bytes/us of what was started there last; 0: none yet */
    long alone; /* SA + 1 of a layer that needs much bandwidth and has no partner yet; 0: none */
} Moca;

static size_t moca_bytes(const System *sys, const SimConfig *cfg)
{
    (void)sys, (void)cfg;
    return sizeof(Moca);
}

/* 0 to 11 for requests with a level. */
static double priority_of(const Sim *sim, int job)
{
    return 4 * sim_weight(sim, job) - 1;
}

static double weight_of(const Sim *sim, int job)
{
    JobView j;
    sim_job(sim, job, &j);
    double slack = j.deadline_us - sim_now(sim), urgency = MOST_URGENT;
    if (slack * MOST_URGENT > j.rem_us) urgency = j.rem_us / slack;
    if (sim_config(sim)->rules.hopeless_last && slack < j.rem_us) urgency = 0;
    return (1 + priority_of(sim, job)) / 4 + 10 * urgency;
}

/* What runs, or starts with this round. */
typedef struct Layer {
    int job;           /* -1: nothing */
    double bytes_rate; /* bytes/us that it may have */
} Layer;

static void list_running(const Sim *sim, const Moca *moca, Layer layer[SYS_MAX_SAS])
{
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        layer[m] = (Layer){.job = v.job, .bytes_rate = v.demand};
        if (moca->limit[m] > 0) layer[m].bytes_rate = fmin(v.demand, moca->limit[m]);
    }
}

/* Bandwidth for a layer that starts on the SA among the others. */
static double allowed(const Sim *sim, const Layer layer[SYS_MAX_SAS], int sa)
{
    double bandwidth = sim_system(sim)->dram_bytes_per_us;
    double u = layer[sa].bytes_rate / bandwidth, sum = u, others = 0;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        if (m == sa || layer[m].job < 0) continue;
        sum += layer[m].bytes_rate / bandwidth;
        others += weight_of(sim, layer[m].job) * layer[m].bytes_rate / bandwidth;
    }
    if (sum <= MOST_USED || !(u > 0)) return HUGE_VAL;
    double mine = weight_of(sim, layer[sa].job) * u;
    double kept = u - (sum - MOST_USED) * others / (mine + others);
    return fmax(kept, LEAST_KEPT * u) * bandwidth;
}

static void start(Sim *sim, Layer layer[SYS_MAX_SAS], const Candidate *c, int sa)
{
    const SubJobCost *cost = round_cost(sim, c, sa);
    Moca *moca = sim_user(sim);
    layer[sa] = (Layer){.job = c->job, .bytes_rate = cost->bytes / cost->latency_us};
    moca->limit[sa] = allowed(sim, layer, sa);
    layer[sa].bytes_rate = fmin(layer[sa].bytes_rate, moca->limit[sa]);
    sim_throttle(sim, sa, moca->limit[sa]);
}

/* --- pairs --- */

static bool needs_much(const Sim *sim, const Candidate *c)
{
    const SubJobCost *best = round_cost(sim, c, 0);
    for (int m = 1; m < sim_system(sim)->n_sas; m++)
        if (round_cost(sim, c, m)->latency_us < best->latency_us) best = round_cost(sim, c, m);
    return best->bytes > MUCH * sim_system(sim)->dram_bytes_per_us * best->latency_us;
}

/* A place in the order of admission, and one ahead of it, behind which partners are looked for. */
typedef struct Queue {
    int first, light;
} Queue;

/* The first that was not placed; NULL: all were. */
static RoundEntry *first_in(Round *r, Queue *q)
{
    while (q->first < r->n && round_nth(r, q->first)->placed) q->first++;
    return q->first < r->n ? round_nth(r, q->first) : NULL;
}

/* Who goes with a layer that needs much bandwidth; NULL: nobody. */
static RoundEntry *partner_in(const Sim *sim, Round *r, Queue *q, const RoundEntry *first)
{
    for (; q->light < r->n; q->light++) {
        RoundEntry *e = round_nth(r, q->light);
        if (r->hopeless_last && e->hopeless && !first->hopeless) return NULL;
        if (!e->placed && !needs_much(sim, &e->at)) return e;
    }
    return NULL;
}

/* In the order of admission, but for partners, until no SA is free. */
static void serve(Sim *sim, Round *r)
{
    bool list = sim_config(sim)->rules.replan_on_events;
    Moca *moca = sim_user(sim);
    Layer layer[SYS_MAX_SAS];
    Queue q = {0, 0};
    list_running(sim, moca, layer);
    if (moca->alone && r->free[moca->alone - 1]) moca->alone = 0; /* it has ended */
    for (RoundEntry *e; r->n_free > 0 && (e = first_in(r, &q)) != NULL;) {
        RoundEntry *partner = moca->alone ? partner_in(sim, r, &q, e) : NULL;
        if (partner) e = partner;
        int sa = list ? round_least_price(sim, &e->at, 0) : round_fastest_free(sim, r, &e->at);
        if (r->free[sa]) {
            start(sim, layer, &e->at, sa);
            moca->alone = needs_much(sim, &e->at) ? sa + 1 : 0;
        }
        round_place(sim, r, e, sa);
    }
}

/* Without contention everybody has what he asks for. */
static void release(Sim *sim)
{
    const System *sys = sim_system(sim);
    Moca *moca = sim_user(sim);
    double sum = 0;
    for (int m = 0; m < sys->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        sum += v.demand;
    }
    if (sum > MOST_USED * sys->dram_bytes_per_us) return;
    for (int m = 0; m < sys->n_sas; m++) sim_throttle(sim, m, moca->limit[m] = HUGE_VAL);
}

static void plan_moca(Sim *sim)
{
    Round r;
    release(sim);
    if (!round_open(sim, &r)) return;
    for (int i = 0; i < r.n; i++) {
        RoundEntry *e = &r.entry[i];
        double wait = sim_now(sim) - e->job.arrival_us;
        e->score = priority_of(sim, e->at.job) + wait / sim_system(sim)->net[e->at.net].t_iso_us;
    }
    round_rank(sim, &r);
    serve(sim, &r);
}

static const Scheduler MOCA[] = {
    {.name = "moca",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_moca,
     .state_bytes = moca_bytes,
     .summary = "MoCA (HPCA 2023): longest relative wait, in pairs; bandwidth by urgency; fastest "
                "free SA"},
    {.name = "moca+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .hopeless_last = true},
     .plan = plan_moca,
     .state_bytes = moca_bytes,
     .summary = "moca, hopeless jobs last"},
    {.name = "moca-bw+",
     .rules = {.asking = ASK_ROUNDS,
               .queue_order = ORDER_PLAN,
               .hopeless_last = true,
               .replan_on_events = true},
     .plan = plan_moca,
     .state_bytes = moca_bytes,
     .summary = "moca+, least finish + 2 bytes/BW"},
};

const SchedFamily sched_moca = {MOCA, sizeof MOCA / sizeof *MOCA};
