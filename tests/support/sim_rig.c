/* sim_rig.c -- builds what sim_rig.h describes; failures abort the test. */
#include "tests/support/sim_rig.h"

#include "tests/support.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

static const double AT_ONCE = 1e9;  /* jobs per us */
static const double GRID = 1 << 24; /* latencies are multiples of 1 / GRID us */

static int by_arrival(const void *a, const void *b)
{
    double x = ((const JobRecord *)a)->arrival_us, y = ((const JobRecord *)b)->arrival_us;
    return (x > y) - (x < y);
}

void rig_sort_log(SimRig *r)
{
    qsort(r->log, (size_t)sim_totals(r->sim)->all.issued, sizeof *r->log, by_arrival);
}

void rig_of(SimRig *r, System *sys)
{
    memset(r, 0, sizeof *r);
    r->sys = sys;
    r->cfg = (SimConfig){.classes = 1, .max_jobs = 64};
    r->wl.rate_per_us = AT_ONCE;
    for (int i = 0; i < sys->n_nets; i++) {
        r->wl.share[i] = 1.0 / sys->n_nets;
        r->wl.deadline_us[i] = 1e6;
    }
}

void rig_chains(SimRig *r, int n_sas, const int *sa_type, const ChainNet *net, int n_nets)
{
    static const int n_preds[CHAIN_MAX] = {0, 1, 1, 1}, succ[CHAIN_MAX] = {1, 2, 3, 4};
    System d = {.name = "chains", .n_sas = n_sas, .n_types = 1, .dram_bytes_per_us = 100};
    int first_succ[SYS_MAX_NETS][CHAIN_MAX + 1];
    System *sys;
    Err err = {0};

    for (int m = 0; m < n_sas; m++) {
        d.sa_type[m] = sa_type[m];
        if (sa_type[m] == 1) d.n_types = 2;
    }
    strcpy(d.type_name[0], "even");
    strcpy(d.type_name[1], "odd");
    d.n_nets = n_nets;
    for (int i = 0; i < n_nets; i++) {
        SysNet *s = &d.net[i];
        s->name[0] = (char)('a' + i);
        s->n_subjobs = net[i].n;
        s->n_preds = n_preds;
        for (int k = 0; k <= net[i].n; k++) first_succ[i][k] = k < net[i].n ? k : net[i].n - 1;
        s->first_succ = first_succ[i];
        s->succ = succ;
        for (int t = 0; t < d.n_types; t++) s->cost[t] = net[i].cost[t];
    }
    ck_ok(system_build(&sys, &d, &err), err);
    rig_of(r, sys);
    for (int i = 0; i < n_nets; i++) r->wl.deadline_us[i] = net[i].deadline_us;
}

/* The same system with latencies and bytes on the grid. */
static System *on_grid(System *sys)
{
    static SubJobCost cost[SYS_MAX_NETS][SYS_MAX_TYPES][SLOW_MAX_SUBJOBS];
    System d = *sys, *out;
    Err err = {0};
    for (int i = 0; i < d.n_nets; i++)
        for (int t = 0; t < d.n_types; t++) {
            for (int s = 0; s < d.net[i].n_subjobs; s++) {
                SubJobCost c = sys->net[i].cost[t][s];
                double us = ceil(c.latency_us * GRID) / GRID;
                cost[i][t][s] = c;
                cost[i][t][s].latency_us = us;
            }
            d.net[i].cost[t] = cost[i][t];
        }
    ck_ok(system_build(&out, &d, &err), err);
    system_destroy(sys);
    return out;
}

static double mean_rem(const System *sys, const double *share)
{
    double sum = 0;
    for (int i = 0; i < sys->n_nets; i++) sum += share[i] * sys->net[i].rem_us;
    return sum;
}

static void random_workload(SimRig *r, Rng *rng, int jobs)
{
    double sum = 0, load = 0.2 + 2 * rng_uniform(rng);
    for (int i = 0; i < r->sys->n_nets; i++) {
        sum += r->wl.share[i] = rng_uniform(rng);
        r->wl.deadline_us[i] = r->sys->net[i].t_iso_us * (0.5 + 5 * rng_uniform(rng));
    }
    for (int i = 0; i < r->sys->n_nets; i++) r->wl.share[i] /= sum;
    r->wl.rate_per_us = load * r->sys->n_sas / mean_rem(r->sys, r->wl.share);
    r->wl.jobs = jobs;
}

static bool coin(Rng *rng)
{
    return rng_uniform(rng) < 0.5;
}

/* Every other time requests have priorities of their own. */
static void random_levels(SimRig *r, Rng *rng)
{
    double sum = 0;
    if (coin(rng)) return;
    r->wl.levels = 1 + (long)rng_below(rng, PRIORITY_LEVELS);
    for (int k = 0; k < r->wl.levels; k++) sum += r->wl.level_share[k] = rng_uniform(rng);
    for (int k = 0; k < r->wl.levels; k++) r->wl.level_share[k] /= sum;
}

void rig_random(SimRig *r, Rng *rng, int jobs)
{
    System *sys;
    Err err = {0};
    ck_ok(random_system(&sys, rng, &RANDOM_SYSTEM_DEFAULT, &err), err);
    memset(r, 0, sizeof *r);
    r->sys = on_grid(sys);
    r->cfg.rules.ready_order = (QueueOrder)rng_below(rng, ORDER_PLAN);
    r->cfg.rules.queue_order = (QueueOrder)rng_below(rng, ORDER_PLAN + 1);
    r->cfg.rules.hopeless_last = coin(rng);
    r->cfg.rules.replan_on_events = rng_uniform(rng) < 0.4;
    r->cfg.rules.window = coin(rng) ? 0 : 1 + (int)rng_below(rng, 3);
    r->cfg.rules.admission =
        r->cfg.rules.replan_on_events && r->cfg.rules.hopeless_last && coin(rng);
    r->cfg.arbitration = coin(rng) ? ARBITRATION_MAX_MIN : ARBITRATION_PROPORTIONAL;
    r->cfg.firm = coin(rng);
    r->cfg.replan_us = coin(rng) ? 0 : 5 + 60 * rng_uniform(rng);
    r->cfg.decision_us = coin(rng) ? 0 : 3 * rng_uniform(rng);
    r->cfg.classes = 1 + (int)rng_below(rng, 4);
    r->cfg.max_jobs = coin(rng) ? jobs : 1 + (int)rng_below(rng, 8);
    random_workload(r, rng, jobs);
    random_levels(r, rng);
    if (coin(rng))
        r->cfg.rules.weight = (RuleWeights){.order = rng_uniform(rng) - 0.5,
                                            .own = rng_uniform(rng) - 0.5,
                                            .ahead = rng_uniform(rng) - 0.5,
                                            .bulk = rng_uniform(rng)};
}

void rig_random_rounds(SimRig *r, Rng *rng, int jobs)
{
    rig_random(r, rng, jobs);
    r->cfg.rules.asking = coin(rng) ? ASK_ROUNDS : ASK_TICKS;
    if (r->cfg.rules.asking == ASK_TICKS) r->cfg.replan_us = 2 + 60 * rng_uniform(rng);
    r->cfg.rules.queue_order = (QueueOrder)rng_below(rng, ORDER_GIVEN + 1);
    r->place_chance = coin(rng) ? 1 : rng_uniform(rng);
}

void rig_free(SimRig *r)
{
    sim_destroy(r->sim);
    system_destroy(r->sys);
    r->sim = NULL;
    r->sys = NULL;
}

static void note(void *ctx, const Sim *sim, const JobRecord *record)
{
    SimRig *r = ctx;
    (void)sim;
    if (r->logged < RIG_MAX_JOBS) r->log[r->logged++] = *record;
}

void rig_start(SimRig *r, uint64_t seed)
{
    Err err = {0};
    ck_assert_int_le(r->wl.jobs, RIG_MAX_JOBS);
    if (!r->sim) ck_ok(sim_create(&r->sim, r->sys, &r->cfg, 0, &err), err);
    r->watch = (SimWatch){.ctx = r, .leave = note};
    sim_set_watch(r->sim, &r->watch);
    r->logged = 0;
    r->rounds = 0;
    sim_reset(r->sim, &r->wl, seed);
}

/* What arrives does not depend on the decisions: an episode on SA 0 tells. */
static bool arrivals_are(SimRig *r, const int *net, int n)
{
    Candidate c;
    while (sim_candidate(r->sim, &c)) sim_commit(r->sim, 0, 0);
    rig_sort_log(r);
    for (int i = 0; i < n; i++)
        if (r->log[i].net != net[i] || (r->levels && r->log[i].level != r->levels[i])) return false;
    return true;
}

void rig_start_with(SimRig *r, const int *net, int n)
{
    r->wl.jobs = n;
    for (uint64_t seed = 0; seed < 1000000; seed++) {
        rig_start(r, seed);
        if (!arrivals_are(r, net, n)) continue;
        rig_start(r, seed);
        return;
    }
    ck_abort_msg("no seed gives these arrivals");
}

static Rng hash(uint64_t seed, double arrival_us, int sub, long decision)
{
    uint64_t bits;
    Rng rng;
    memcpy(&bits, &arrival_us, sizeof bits);
    rng_seed(&rng, seed ^ bits, (uint64_t)sub << 32 ^ (uint64_t)decision);
    return rng;
}

int rig_hash_action(uint64_t seed, int n_actions, double arrival_us, int sub, long decision)
{
    Rng rng = hash(seed, arrival_us, sub, decision);
    return (int)rng_below(&rng, (uint32_t)n_actions);
}

SlowOrder rig_hash_order(const SimRig *r, uint64_t seed, double arrival_us, int sub, long round)
{
    enum { KEYS = 8 };
    Rng rng = hash(seed, arrival_us, sub, round);
    SlowOrder o = {.placed = rng_uniform(&rng) < r->place_chance};
    o.sa = (int)rng_below(&rng, (uint32_t)r->sys->n_sas);
    o.priority_class = (int)rng_below(&rng, (uint32_t)r->cfg.classes);
    o.key = (double)rng_below(&rng, KEYS) - KEYS / 2;
    return o;
}

double rig_hash_limit(const SimRig *r, uint64_t seed, int sa, long round)
{
    Rng rng = hash(seed, -1, sa, round);
    double u = rng_uniform(&rng);
    if (u < 0.8) return 0;
    return u < 0.9 ? HUGE_VAL : rng_uniform(&rng) * r->sys->dram_bytes_per_us + 1e-6;
}

void rig_round(SimRig *r, uint64_t seed)
{
    static Candidate c[RIG_MAX_READY];
    int n = sim_round(r->sim, c, RIG_MAX_READY);
    if (n > RIG_MAX_READY) ck_abort_msg("%d ready sub-jobs", n);
    for (int i = 0; i < n; i++) {
        JobView j;
        sim_job(r->sim, c[i].job, &j);
        SlowOrder o = rig_hash_order(r, seed, j.arrival_us, c[i].sub, r->rounds);
        if (o.placed) sim_place(r->sim, &c[i], o.sa, o.priority_class, o.key);
    }
    for (int m = 0; m < r->sys->n_sas; m++) {
        double limit = rig_hash_limit(r, seed, m, r->rounds);
        if (limit > 0) sim_throttle(r->sim, m, limit);
    }
    r->rounds++;
    sim_proceed(r->sim);
}
