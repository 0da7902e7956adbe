/* sched_dream.c -- DREAM: Kim et al., "DREAM: A Dynamic Scheduler for Dynamic Real-time Multi-model ML
 * Workloads", ASPLOS 2023 (arXiv 2212.03414). Of all pairs of a ready sub-job and a free SA the one
 * with the largest score is started:
 *     MapScore = urgency x latency preference + alpha x starvation + beta x energy preference
 *     urgency            = rem / slack
 *     latency preference = sum of latencies over all SAs / latency on this one
 *     energy preference  = the same of energies
 *     starvation         = time since the job last ran / mean latency of the sub-job over the SAs
 * alpha and beta in [0, 2] are tuned while it runs. A pattern search tries the present pair and its four
 * neighbours at the present step, each for the next 16 jobs that end, by their UXCost: (sum over
 * networks of the rate of missed deadlines, 1/2n if none of n) x (energy / energy on the worst SAs). It
 * goes to the best, halves the step if that is the present pair, and stays there once the step is
 * below 0.05.
 *
 * Deviations: rem has best latencies where the paper has means; the energy of UXCost is that of all
 * networks together; no cost of switching between models (weights do not stay on chip here); no
 * variants of networks to choose from (supernets); the search starts at (1, 1), step 0.5, once in an
 * episode, not at each change of the workload. The slack of a job past its deadline is negative, and
 * with it its urgency.
 *
 * dream+: hopeless jobs last; where late jobs are dropped at their deadline (`late: firm`) they are not
 * started at all, which is the paper's dropping of frames, without its limit on how many. */
#include "env/metrics.h"
#include "env/sched_internal.h"

#include <math.h>
#include <string.h>

enum { PROBES = 5, PROBE_JOBS = 16 };
static const double FIRST_STEP = 0.5, LAST_STEP = 0.05, MOST = 2;

/* --- tuning --- */

typedef struct Tuning {
    double alpha, beta, step; /* the present pair */
    double cost[PROBES];      /* of the pair itself and its neighbours */
    double energy_uj;         /* what follows: when the probe began */
    long ended[SYS_MAX_NETS], missed[SYS_MAX_NETS], all_ended;
    long probe;
} Tuning;

static size_t tuning_bytes(const System *sys, const SimConfig *cfg)
{
    (void)sys, (void)cfg;
    return sizeof(Tuning);
}

static double within(double x)
{
    return fmin(MOST, fmax(0, x));
}

static void neighbour(const Tuning *t, long probe, double *alpha, double *beta)
{
    static const double DA[PROBES] = {0, 1, -1, 0, 0}, DB[PROBES] = {0, 0, 0, 1, -1};
    *alpha = within(t->alpha + DA[probe] * t->step);
    *beta = within(t->beta + DB[probe] * t->step);
}

static long missed(const JobCounts *c)
{
    return c->late + c->dropped + c->rejected;
}

static void begin_probe(const Sim *sim, Tuning *t)
{
    const SimTotals *now = sim_totals(sim);
    t->energy_uj = now->energy_uj;
    t->all_ended = job_counts_ended(&now->all);
    for (int i = 0; i < sim_system(sim)->n_nets; i++) {
        t->ended[i] = job_counts_ended(&now->net[i]);
        t->missed[i] = missed(&now->net[i]);
    }
}

static void start_tuning(Sim *sim)
{
    Tuning *t = sim_user(sim);
    *t = (Tuning){.alpha = 1, .beta = 1, .step = FIRST_STEP};
    begin_probe(sim, t);
}

/* UXCost of what ended since the probe began. */
static double ux_cost(const Sim *sim, const Tuning *t)
{
    const SimTotals *now = sim_totals(sim);
    double misses = 0, worst = 0;
    for (int i = 0; i < sim_system(sim)->n_nets; i++) {
        double ended = (double)(job_counts_ended(&now->net[i]) - t->ended[i]);
        double late = (double)(missed(&now->net[i]) - t->missed[i]);
        if (!(ended > 0)) continue;
        misses += late > 0 ? late / ended : 0.5 / ended;
        worst += ended * metrics_worst_energy_uj(sim_system(sim), i);
    }
    return worst > 0 ? misses * (now->energy_uj - t->energy_uj) / worst : misses;
}

static void settle_round(Tuning *t)
{
    long best = 0;
    for (long i = 1; i < PROBES; i++)
        if (t->cost[i] < t->cost[best]) best = i;
    neighbour(t, best, &t->alpha, &t->beta);
    if (best == 0) t->step /= 2;
    t->probe = 0;
}

static void tune(const Sim *sim, Tuning *t)
{
    if (t->step < LAST_STEP || job_counts_ended(&sim_totals(sim)->all) - t->all_ended < PROBE_JOBS)
        return;
    t->cost[t->probe++] = ux_cost(sim, t);
    if (t->probe == PROBES) settle_round(t);
    begin_probe(sim, t);
}

/* --- scores --- */

/* What of a sub-job's scores is the same on all SAs. */
typedef struct Terms {
    double urgency, starvation, sum_us, sum_uj;
    int sa; /* where its score is largest */
    double score;
} Terms;

typedef struct DreamRound {
    Round r;
    Terms terms[ROUND_MOST];
    double alpha, beta;
} DreamRound;

static Terms terms_of(const Sim *sim, const RoundEntry *e)
{
    int n = sim_system(sim)->n_sas;
    Terms t = {.urgency = e->job.rem_us / e->slack_us};
    for (int m = 0; m < n; m++) {
        const SubJobCost *c = round_cost(sim, &e->at, m);
        t.sum_us += c->latency_us;
        t.sum_uj += c->energy_uj;
    }
    t.starvation = (sim_now(sim) - sim_last_ran_us(sim, e->at.job)) / (t.sum_us / n);
    return t;
}

static double map_score(const DreamRound *d, const Terms *t, const SubJobCost *c)
{
    double energy = c->energy_uj > 0 ? t->sum_uj / c->energy_uj : 1;
    return t->urgency * (t->sum_us / c->latency_us) + d->alpha * t->starvation + d->beta * energy;
}

static void map(const Sim *sim, DreamRound *d, int i)
{
    Terms *t = &d->terms[i];
    t->sa = -1;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        if (!d->r.free[m]) continue;
        double score = map_score(d, t, round_cost(sim, &d->r.entry[i].at, m));
        if (t->sa >= 0 && score <= t->score) continue;
        t->sa = m;
        t->score = score;
    }
}

/* The pair with the largest score, -1 if there is none. */
static int largest(const DreamRound *d, bool hopeless_last)
{
    int best = -1;
    for (int i = 0; i < d->r.n; i++) {
        const RoundEntry *e = &d->r.entry[i];
        if (e->placed) continue;
        if (best < 0 || (hopeless_last && e->hopeless != d->r.entry[best].hopeless
                             ? !e->hopeless
                             : d->terms[i].score > d->terms[best].score))
            best = i;
    }
    return best;
}

static void plan_dream(Sim *sim)
{
    Tuning *tuning = sim_user(sim);
    const SimConfig *cfg = sim_config(sim);
    bool hopeless_last = cfg->rules.hopeless_last, drop = hopeless_last && cfg->firm;
    DreamRound d;
    tune(sim, tuning);
    if (!round_open(sim, &d.r)) return;
    neighbour(tuning, tuning->probe, &d.alpha, &d.beta);
    for (int i = 0; i < d.r.n; i++) {
        d.terms[i] = terms_of(sim, &d.r.entry[i]);
        map(sim, &d, i);
    }
    for (int i; d.r.n_free > 0 && (i = largest(&d, hopeless_last)) >= 0;) {
        int sa = d.terms[i].sa;
        if (drop && d.r.entry[i].hopeless) return;
        round_place(sim, &d.r, &d.r.entry[i], sa);
        for (int k = 0; k < d.r.n && d.r.n_free > 0; k++)
            if (d.terms[k].sa == sa && !d.r.entry[k].placed) map(sim, &d, k);
    }
}

static const Scheduler DREAM[] = {
    {.name = "dream",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN},
     .plan = plan_dream,
     .reset = start_tuning,
     .state_bytes = tuning_bytes,
     .summary = "DREAM (ASPLOS 2023): MapScore of sub-job and SA, weights tuned on-line"},
    {.name = "dream+",
     .rules = {.asking = ASK_ROUNDS, .queue_order = ORDER_PLAN, .hopeless_last = true},
     .plan = plan_dream,
     .reset = start_tuning,
     .state_bytes = tuning_bytes,
     .summary = "dream, hopeless jobs last; not started where late jobs are dropped"},
};

const SchedFamily sched_dream = {DREAM, sizeof DREAM / sizeof *DREAM};
