/* test_sched.c -- the baseline schedulers on cases worked by hand: which SA, in which order, what
 * becomes of jobs without hope; and all of them on random systems. */
#include "env/sched.h"

#include "tests/support.h"
#include "tests/support/sched_rig.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

static const int ONE_TYPE[1] = {0}, TWO_TYPES[2] = {0, 1};

static const Scheduler *named(const char *name)
{
    const Scheduler *s = sched_find(name);
    ck_assert_msg(s != NULL, "no scheduler '%s'", name);
    return s;
}

static void finish(SimRig *r, const Scheduler *s)
{
    for (Candidate c; sim_candidate(r->sim, &c);) sched_step(s, r->sim);
}

START_TEST(the_table_has_the_documented_rows)
{
    static const char *const NAMES[] = {
        "fcfs-h",        "edf-h",        "llf-h",       "sjf-h",     "fcfs-h+",
        "edf-h+",        "llf-h+",       "sjf-h+",      "edf-queue", "edf-queue-bw",
        "srpt-queue-bw", "sjf-queue-bw", "dr-queue-bw", "edf-h-bw+", "dr-h-bw+"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        ck_assert_str_eq(named(NAMES[i])->name, NAMES[i]);
    ck_assert_ptr_null(sched_find("no-such-rule"));
    for (int i = 0; i < sched_count(); i++) {
        ck_assert_ptr_eq(sched_find(sched_at(i)->name), sched_at(i)); /* names are unique */
        ck_assert_int_gt(strlen(sched_at(i)->summary), 0);
    }
}
END_TEST

/* --- which job is served first --- */

/* The filler keeps the one SA busy until 10; c, a and b arrive behind it in this order. */
enum { FILLER, A, B, C };
static const ChainNet WAITING[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{8, 0, 1}}}, 100},
                                    {1, {{{20, 0, 1}}}, 85},
                                    {1, {{{30, 0, 1}}}, 90}};

static void ck_service_order(const char *name, const ChainNet *net, const int *expected)
{
    const Scheduler *s = named(name);
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, net, 4);
    r.cfg.rules = s->rules;
    rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
    finish(&r, s);
    ck_assert_int_eq(r.log[0].net, FILLER);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(r.log[i + 1].net == expected[i], "%s: %c at place %d", name,
                      'a' + r.log[i + 1].net, i);
    rig_free(&r);
}

static const struct {
    const char *name;
    int order[3];
} ORDER_CASE[] = {
    {"fcfs-h", {C, A, B}},        {"edf-h", {B, C, A}},        {"llf-h", {C, B, A}},
    {"edf-h-bw+", {B, C, A}},     {"dr-h-bw+", {B, A, C}},     {"sjf-h", {A, B, C}},
    {"edf-queue", {B, C, A}},     {"edf-queue-bw", {B, C, A}}, {"srpt-queue-bw", {A, B, C}},
    {"sjf-queue-bw", {A, B, C}},  {"dr-queue-bw", {B, A, C}},  {"edf-paced-bw", {B, C, A}},
    {"srpt-paced-bw", {A, B, C}}, {"dr-paced-bw", {B, A, C}},  {"edf-reserve-bw", {B, C, A}},
    {"dr-reserve-bw", {B, A, C}},
};

START_TEST(jobs_are_served_in_the_rules_order)
{
    ck_service_order(ORDER_CASE[_i].name, WAITING, ORDER_CASE[_i].order);
}
END_TEST

/* One job ("lost") is due at 20 and cannot be ready by then when the filler ends. The plain list
 * schedulers serve it in its turn, the '+' variants and the queue family last. */
static const struct {
    const char *name;
    int lost, order[3];
} HOPELESS_CASE[] = {
    {"fcfs-h", C, {C, A, B}},         {"fcfs-h+", C, {A, B, C}},
    {"edf-h", C, {C, B, A}},          {"edf-h+", C, {B, A, C}},
    {"llf-h", C, {C, B, A}},          {"llf-h+", C, {B, A, C}},
    {"sjf-h", B, {A, B, C}},          {"sjf-h+", B, {A, C, B}},
    {"edf-queue", C, {B, A, C}},      {"edf-queue-bw", C, {B, A, C}},
    {"srpt-queue-bw", B, {A, C, B}},  {"sjf-queue-bw", B, {A, C, B}},
    {"dr-queue-bw", C, {B, A, C}},    {"edf-h-bw+", C, {B, A, C}},
    {"dr-h-bw+", C, {B, A, C}},       {"edf-paced-bw", C, {B, A, C}},
    {"srpt-paced-bw", B, {A, C, B}},  {"dr-paced-bw", C, {B, A, C}},
    {"edf-reserve-bw", C, {B, A, C}}, {"dr-reserve-bw", C, {B, A, C}},
};

START_TEST(hopeless_jobs_go_last_where_the_rule_says_so)
{
    ChainNet net[4];
    memcpy(net, WAITING, sizeof net);
    net[HOPELESS_CASE[_i].lost].deadline_us = 20;
    ck_service_order(HOPELESS_CASE[_i].name, net, HOPELESS_CASE[_i].order);
}
END_TEST

/* --- which SA --- */

/* The decision of `name` for a job of net[1] while a filler of net[0] runs on busy_sa (-1: none).
 */
static int decision(const char *name, const ChainNet *net, int busy_sa)
{
    SimRig r;
    Candidate c;
    rig_chains(&r, 2, TWO_TYPES, net, 2);
    r.cfg.rules = named(name)->rules;
    if (busy_sa >= 0) {
        rig_start_with(&r, (int[]){0, 1}, 2);
        sim_commit(r.sim, busy_sa, 0);
    } else {
        rig_start_with(&r, (int[]){1}, 1);
    }
    ck_assert(sim_candidate(r.sim, &c) && c.net == 1);
    int sa = named(name)->choose(r.sim);
    rig_free(&r);
    return sa;
}

static const char *const BY_FINISH[] = {"fcfs-h", "edf-h",  "llf-h",  "sjf-h",    "fcfs-h+",
                                        "edf-h+", "llf-h+", "sjf-h+", "edf-queue"};
static const char *const BY_PRICE[] = {"edf-h-bw+",     "dr-h-bw+",     "edf-queue-bw",
                                       "srpt-queue-bw", "sjf-queue-bw", "dr-queue-bw"};
enum { N_BY_FINISH = sizeof BY_FINISH / sizeof *BY_FINISH };
enum { N_BY_PRICE = sizeof BY_PRICE / sizeof *BY_PRICE };

START_TEST(the_earliest_finish_wins)
{
    /* 10 us on SA 0 or 14 on SA 1; behind 10 us of the filler 20 or 24. */
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                    {1, {{{10, 900, 1}}, {{14, 100, 1}}}, 1e6}};
    ck_assert_int_eq(decision(BY_FINISH[_i], NET, -1), 0);
    ck_assert_int_eq(decision(BY_FINISH[_i], NET, 1), 0);
    ck_assert_int_eq(decision(BY_FINISH[_i], NET, 0), 1);
}
END_TEST

START_TEST(a_faster_sa_is_worth_waiting_for)
{
    /* 10 + 10 us on SA 0 or 40 at once on SA 1 */
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                    {1, {{{10, 0, 1}}, {{40, 0, 1}}}, 1e6}};
    ck_assert_int_eq(decision(BY_FINISH[_i], NET, 0), 0);
}
END_TEST

START_TEST(bandwidth_has_its_price)
{
    /* SA 0: 10 us + 2 x 900/100 = 28; SA 1: 14 us + 2 x 100/100 = 16, 26 behind the filler. */
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                    {1, {{{10, 900, 1}}, {{14, 100, 1}}}, 1e6}};
    /* SA 1: 20 us + 2 x 500/100 = 30 */
    static const ChainNet DEARER[2] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                       {1, {{{10, 900, 1}}, {{20, 500, 1}}}, 1e6}};
    ck_assert_int_eq(decision(BY_PRICE[_i], NET, -1), 1);
    ck_assert_int_eq(decision(BY_PRICE[_i], NET, 1), 1);
    ck_assert_int_eq(decision(BY_PRICE[_i], DEARER, -1), 0);
}
END_TEST

START_TEST(ties_go_to_the_lower_sa)
{
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                    {1, {{{10, 400, 1}}, {{10, 400, 1}}}, 1e6}};
    for (int i = 0; i < sched_count(); i++)
        if (sched_at(i)->choose) ck_assert_int_eq(decision(sched_at(i)->name, NET, -1), 0);
}
END_TEST

/* x (10 us on SA 0, 25 on SA 1) reserves SA 0 behind the filler. Then y (10 or 100 us) arrives. */
static void ck_reservation(const char *name, double x_end, double y_end)
{
    static const ChainNet NET[3] = {{1, {{{10, 0, 1}}, {{100, 0, 1}}}, 1e6},
                                    {1, {{{10, 0, 1}}, {{25, 0, 1}}}, 1000},
                                    {1, {{{10, 0, 1}}, {{100, 0, 1}}}, 50}};
    SimRig r;
    rig_chains(&r, 2, TWO_TYPES, NET, 3);
    r.cfg.rules = named(name)->rules;
    rig_start_with(&r, (int[]){0, 1, 2}, 3);
    finish(&r, named(name));
    rig_sort_log(&r);
    ck_assert_double_eq_tol(r.log[1].end_us, x_end, 1e-6);
    ck_assert_double_eq_tol(r.log[2].end_us, y_end, 1e-6);
    rig_free(&r);
}

START_TEST(a_reservation_is_planned_anew_but_a_commitment_stays)
{
    ck_reservation("edf-h", 25, 20);     /* y takes the reservation, x starts on SA 1 */
    ck_reservation("llf-h", 25, 20);     /* laxity 40 against 990 */
    ck_reservation("fcfs-h", 20, 30);    /* x was first */
    ck_reservation("edf-queue", 30, 20); /* x stays where it is, behind y */
}
END_TEST

/* A diamond of four sub-jobs of 10 us on two equal SAs. Its first part's end lets both branches start,
 * but under a paced rule one: the other waits for the next event, the end of the first. */
static double diamond_us(const char *name)
{
    System *sys;
    SimRig r;
    Err err = {0};
    ck_ok(tiny_system_diamond(&sys, &err), err);
    rig_of(&r, sys);
    r.cfg.rules = named(name)->rules;
    rig_start_with(&r, (int[]){0}, 1);
    finish(&r, named(name));
    double us = r.log[0].end_us - r.log[0].arrival_us;
    rig_free(&r);
    return us;
}

START_TEST(a_paced_rule_starts_one_sub_job_an_event)
{
    static const char *const PACED[] = {"edf-paced-bw", "srpt-paced-bw", "dr-paced-bw"};
    for (size_t i = 0; i < sizeof PACED / sizeof *PACED; i++)
        ck_assert_double_eq_tol(diamond_us(PACED[i]), 40, 1e-6);
    ck_assert_double_eq_tol(diamond_us("edf-h-bw+"), 30, 1e-6);
    ck_assert_double_eq_tol(diamond_us("dr-h-bw+"), 30, 1e-6);
}
END_TEST

/* Two SAs of one type; two long jobs arrive, then a short one (1 us, a tenth of the mean is 5). */
static void ck_short_behind_long(const char *name, double second_long_us, double short_us)
{
    static const int SAME[2] = {0, 0};
    static const ChainNet NET[2] = {{1, {{{99, 0, 1}}}, 1e6}, {1, {{{1, 0, 1}}}, 2e6}};
    SimRig r;
    rig_chains(&r, 2, SAME, NET, 2);
    r.cfg.rules = named(name)->rules;
    rig_start_with(&r, (int[]){0, 0, 1}, 3);
    finish(&r, named(name));
    rig_sort_log(&r);
    ck_assert_double_eq_tol(r.log[0].end_us, 99, 1e-6);
    ck_assert_double_eq_tol(r.log[1].end_us, second_long_us, 1e-6);
    ck_assert_double_eq_tol(r.log[2].end_us, short_us, 1e-6);
    rig_free(&r);
}

START_TEST(a_reserve_rule_keeps_the_last_free_sa_for_short_jobs)
{
    ck_short_behind_long("edf-reserve-bw", 198, 1); /* the long one waits for the taken SA */
    ck_short_behind_long("dr-reserve-bw", 198, 1);
    ck_short_behind_long("edf-h-bw+", 99, 100); /* both SAs are gone when the short one comes */
}
END_TEST

/* --- on random systems --- */

static double brute_price(const Sim *sim, const RuleWeights *w, int sa)
{
    const System *sys = sim_system(sim);
    Quote q;
    sim_quote(sim, sa, 0, &q);
    return (1 + w->wait) * q.wait_us + q.cost_us + w->bytes * q.bytes / sys->dram_bytes_per_us +
           w->energy * q.energy_uj * sys->us_per_uj;
}

static bool brute_taken(const Sim *sim, int sa)
{
    SaView v;
    sim_sa(sim, sa, &v);
    return v.busy || v.queued > 0;
}

/* The type on which the shortest network takes least time. */
static int brute_kept_type(const System *sys)
{
    const SysNet *shortest = &sys->net[0];
    double least_us = HUGE_VAL;
    int kept = -1;
    for (int i = 0; i < sys->n_nets; i++)
        if (sys->net[i].t_iso_us < shortest->t_iso_us) shortest = &sys->net[i];
    for (int t = 0; t < sys->n_types; t++) {
        double us = 0;
        for (int p = 0; p < shortest->n_subjobs; p++) us += shortest->cost[t][p].latency_us;
        if (us < least_us) least_us = us, kept = t;
    }
    return kept;
}

static bool brute_is_first(const Sim *sim, const RuleWeights *w)
{
    const System *sys = sim_system(sim);
    double mean_us = 0;
    Candidate c;
    JobView j;
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    for (int i = 0; i < sys->n_nets; i++) mean_us += sys->net[i].t_iso_us / sys->n_nets;
    double laxity = j.deadline_us - sim_now(sim) - j.rem_us;
    return j.rem_us <= w->brief * mean_us || (laxity >= 0 && laxity <= w->urgent * j.rem_us);
}

/* It is late already by what it is taken to need; whom admission gave up, the simulator must say. */
static bool brute_lost(const Sim *sim, const RuleWeights *w)
{
    Candidate c;
    JobView j;
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    bool hopeless = sim_now(sim) > j.deadline_us - (1 + w->own) * j.rem_us;
    bool lost = sim_lost(sim, c.job);
    if (hopeless || !sim_config(sim)->rules.admission) ck_assert(lost == hopeless);
    return lost;
}

/* The choice spelled out: the least price; but a free SA is refused to jobs that are neither short nor urgent if
 * it is one of the last that are kept, or if the DRAM would be overbooked while something runs; and to those that
 * are lost while too few SAs are free. They wait for the taken SA of least price, if one is taken. */
static int brute_choice(const Sim *sim, const RuleWeights *w)
{
    const System *sys = sim_system(sim);
    int best = 0, taken = -1, kept = brute_kept_type(sys), free = 0, all_free = 0;
    double demand = 0;
    bool busy = false;
    for (int m = 0; m < sys->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        demand += v.demand;
        busy = busy || v.busy;
        free += sys->sa_type[m] == kept && !brute_taken(sim, m);
        all_free += !brute_taken(sim, m);
        if (brute_price(sim, w, m) < brute_price(sim, w, best)) best = m;
        if (brute_taken(sim, m) &&
            (taken < 0 || brute_price(sim, w, m) < brute_price(sim, w, taken)))
            taken = m;
    }
    Quote q;
    sim_quote(sim, best, 0, &q);
    bool is_kept = sys->sa_type[best] == kept && w->kept > 0 && free <= w->kept;
    bool crowded =
        w->crowd > 0 && busy && demand + q.bytes / q.cost_us > w->crowd * sys->dram_bytes_per_us;
    bool held = brute_lost(sim, w) && w->held > 0 && all_free <= w->held &&
                2 * sim_jobs_in_system(sim) <= sim_config(sim)->max_jobs;
    bool refused =
        !brute_taken(sim, best) && (held || ((is_kept || crowded) && !brute_is_first(sim, w)));
    return refused && taken >= 0 ? taken : best;
}

START_TEST(every_baseline_ends_an_episode_on_random_systems)
{
    enum { SYSTEMS = 40, JOBS = 40 };
    const Scheduler *s = sched_at(_i);
    bool reserves = strstr(s->name, "reserve") != NULL, admits = s->rules.admission;
    RuleWeights documented = {.bytes = !strstr(s->name, "-bw") ? 0 : admits ? 1 : 2};
    if (reserves) documented.kept = 1, documented.brief = 0.1;
    if (reserves && admits) documented.urgent = 0.3;
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 1);
        rig_random(&r, &rng, JOBS);
        sched_rig_start(&r, s, seed);
        for (Candidate c; sim_candidate(r.sim, &c);) {
            if (s->plan) {
                sched_step(s, r.sim);
                continue;
            }
            int sa = s->choose(r.sim);
            if (sa != brute_choice(r.sim, &documented)) ck_abort_msg("%s chose %d", s->name, sa);
            sim_commit(r.sim, sa, 0);
        }
        const JobCounts *c = &sim_totals(r.sim)->all;
        ck_assert_int_eq(c->issued, JOBS);
        ck_assert_int_eq(c->met + c->late + c->dropped + c->rejected, JOBS);
        rig_free(&r);
    }
}
END_TEST

static RuleWeights random_weights(Rng *rng)
{
    return (RuleWeights){.order = rng_uniform(rng) - 0.5,
                         .wait = 2 * rng_uniform(rng) - 0.95,
                         .bytes = 3 * rng_uniform(rng),
                         .energy = rng_uniform(rng),
                         .held = (int)rng_below(rng, 5),
                         .kept = (int)rng_below(rng, 3),
                         .brief = rng_uniform(rng),
                         .urgent = rng_uniform(rng),
                         .crowd = 2 * rng_uniform(rng),
                         .own = rng_uniform(rng) - 0.5,
                         .ahead = rng_uniform(rng) - 0.5,
                         .bulk = rng_uniform(rng)};
}

START_TEST(a_rule_chooses_by_its_weights)
{
    enum { SYSTEMS = 200, JOBS = 40 };
    int waits = 0;
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Scheduler s = *named("admit-reserve-bw");
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 2);
        rig_random(&r, &rng, JOBS);
        s.rules.weight = random_weights(&rng);
        s.rules.window = (int)rng_below(&rng, 4);
        sched_rig_start(&r, &s, seed);
        for (Candidate c; sim_candidate(r.sim, &c);) {
            int sa = sched_choose(r.sim);
            ck_assert_int_eq(sa, brute_choice(r.sim, &s.rules.weight));
            waits += brute_taken(r.sim, sa);
            sim_commit(r.sim, sa, 0);
        }
        rig_free(&r);
    }
    ck_assert_int_gt(waits, 1000); /* the weights matter here */
}
END_TEST

/* Two SAs, BW = 10 bytes/us: a runs and demands 8. b would demand 4 more: 1.2 times what there is. */
START_TEST(a_crowded_dram_lets_others_wait_but_not_the_urgent)
{
    static const ChainNet NET[2] = {{1, {{{10, 80, 1}}}, 1000}, {1, {{{10, 40, 1}}}, 1000}};
    static const ChainNet TIGHT[2] = {{1, {{{10, 80, 1}}}, 1000}, {1, {{{10, 40, 1}}}, 14}};
    static const int SAME[2] = {0, 0};
    static const struct {
        double crowd;
        const ChainNet *net;
        bool waits;
    } CASE[] = {{0, NET, false}, {1.3, NET, false}, {1.1, NET, true}, {1.1, TIGHT, false}};
    Scheduler s = *named("edf-h");
    SimRig r;
    rig_chains(&r, 2, SAME, CASE[_i].net, 2);
    r.sys->dram_bytes_per_us = 10;
    s.rules.weight = (RuleWeights){.urgent = 0.5, .crowd = CASE[_i].crowd};
    r.cfg.rules = s.rules;
    rig_start_with(&r, (int[]){0, 1}, 2);
    sched_step(&s, r.sim);
    for (Candidate c; sim_candidate(r.sim, &c) && c.net == 0;) sched_step(&s, r.sim);
    ck_assert_int_eq(brute_taken(r.sim, sched_choose(r.sim)), CASE[_i].waits);
    rig_free(&r);
}
END_TEST

/* SA 0 takes 10 us and 5 uJ, SA 1 12 us and 2 uJ. Mean power: 2 uJ in 10 us. Prices of 10 + 25 energy and
 * 12 + 10 energy are the same at an energy of 2/15. */
START_TEST(energy_has_its_price)
{
    static const ChainNet NET[1] = {{1, {{{10, 0, 5}}, {{12, 0, 2}}}, 1000}};
    static const double ENERGY[2] = {0.13, 0.14};
    Scheduler s = *named("edf-h");
    SimRig r;
    rig_chains(&r, 2, TWO_TYPES, NET, 1);
    s.rules.weight.energy = ENERGY[_i];
    r.cfg.rules = s.rules;
    rig_start_with(&r, (int[]){0}, 1);
    ck_assert_int_eq(sched_choose(r.sim), _i);
    rig_free(&r);
}
END_TEST

/* Three equal SAs; the first runs a job with time, then comes one of 10 us that is due in 9. Of two free SAs
 * it may take one if it has to leave none or one free, and none if it has to leave two; unless half of all jobs
 * that there may be are there. A job taken to need 20 % less is not lost. */
START_TEST(lost_jobs_leave_sas_free)
{
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}}, 1000}, {1, {{{10, 0, 1}}}, 9}};
    static const int SAME[3] = {0, 0, 0};
    static const struct {
        int held, max_jobs;
        double own;
        bool waits;
    } CASE[] = {{0, 16, 0, false}, {1, 16, 0, false}, {2, 16, 0, true},
                {9, 16, 0, true},  {2, 3, 0, false},  {2, 16, -0.2, false}};
    Scheduler s = *named("edf-h+");
    SimRig r;
    rig_chains(&r, 3, SAME, NET, 2);
    s.rules.weight = (RuleWeights){.held = CASE[_i].held, .own = CASE[_i].own};
    r.cfg.rules = s.rules;
    r.cfg.max_jobs = CASE[_i].max_jobs;
    rig_start_with(&r, (int[]){0, 1}, 2);
    for (Candidate c; sim_candidate(r.sim, &c) && c.net == 0;) sched_step(&s, r.sim);
    ck_assert_int_eq(brute_taken(r.sim, sched_choose(r.sim)), CASE[_i].waits);
    finish(&r, &s); /* what waited runs in the end, when all are free */
    ck_assert_int_eq(job_counts_ended(&sim_totals(r.sim)->all), 2);
    rig_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sched");
    TCase *tc = new_case("by hand", 60);
    tcase_add_test(tc, the_table_has_the_documented_rows);
    tcase_add_loop_test(tc, jobs_are_served_in_the_rules_order, 0,
                        (int)(sizeof ORDER_CASE / sizeof *ORDER_CASE));
    tcase_add_loop_test(tc, hopeless_jobs_go_last_where_the_rule_says_so, 0,
                        (int)(sizeof HOPELESS_CASE / sizeof *HOPELESS_CASE));
    tcase_add_loop_test(tc, the_earliest_finish_wins, 0, N_BY_FINISH);
    tcase_add_loop_test(tc, a_faster_sa_is_worth_waiting_for, 0, N_BY_FINISH);
    tcase_add_loop_test(tc, bandwidth_has_its_price, 0, N_BY_PRICE);
    tcase_add_test(tc, ties_go_to_the_lower_sa);
    tcase_add_test(tc, a_reservation_is_planned_anew_but_a_commitment_stays);
    tcase_add_test(tc, a_paced_rule_starts_one_sub_job_an_event);
    tcase_add_test(tc, a_reserve_rule_keeps_the_last_free_sa_for_short_jobs);
    tcase_add_loop_test(tc, a_crowded_dram_lets_others_wait_but_not_the_urgent, 0, 4);
    tcase_add_loop_test(tc, energy_has_its_price, 0, 2);
    tcase_add_loop_test(tc, lost_jobs_leave_sas_free, 0, 6);
    suite_add_tcase(s, tc);
    tc = new_case("random systems", 60);
    tcase_add_test(tc, a_rule_chooses_by_its_weights);
    tcase_add_loop_test(tc, every_baseline_ends_an_episode_on_random_systems, 0, sched_count());
    suite_add_tcase(s, tc);
    return run_suite(s);
}
