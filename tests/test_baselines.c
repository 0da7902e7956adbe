/* test_baselines.c -- the published schedulers on cases worked by hand: who goes first, on which SA, and
 * when that changes; what they remember; and all that plan rounds on random systems. */
#include "tests/support.h"
#include "tests/support/sched_rig.h"

#include <math.h>
#include <string.h>

static const int ONE_TYPE[2] = {0, 0}, TWO_TYPES[2] = {0, 1};

/* Runs jobs that come in this order and checks each one's end, by network; 0: not checked. Every
 * network comes at most once. */
static void ck_ends(const char *name, int sas, const int *types, const ChainNet *net, int n_nets,
                    const int *arrive, int n, const double *end)
{
    const Scheduler *s = sched_rig_named(name);
    SimRig r;
    rig_chains(&r, sas, types, net, n_nets);
    sched_rig_start_with(&r, s, arrive, n);
    sched_rig_finish(&r, s);
    for (int i = 0; i < n; i++) {
        double want = end[r.log[i].net];
        if (want > 0 && fabs(r.log[i].end_us - want) > 1e-3)
            ck_abort_msg("%s: %c ends at %g, not %g", name, 'a' + r.log[i].net, r.log[i].end_us,
                         want);
    }
    rig_free(&r);
}

/* On one SA. */
static void ck_order(const char *name, const ChainNet *net, int n_nets, const int *arrive, int n,
                     const int *served)
{
    const Scheduler *s = sched_rig_named(name);
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, net, n_nets);
    sched_rig_start_with(&r, s, arrive, n);
    sched_rig_finish(&r, s);
    for (int i = 0; i < n; i++)
        ck_assert_msg(r.log[i].net == served[i], "%s: %c at place %d", name, 'a' + r.log[i].net, i);
    rig_free(&r);
}

/* --- who is served first --- */

/* The filler keeps the one SA busy until 10; c, a and b arrive behind it in this order. */
enum { FILLER, A, B, C };

static const struct {
    const char *name;
    int order[3];
} ORDER_CASE[] = {
    {"prema", {A, B, C}}, /* nobody has 9 tokens: the shortest */
    {"prema+", {A, B, C}},        {"prema-bw+", {A, B, C}},
    {"planaria", {B, C, A}},                                 /* least slack: each needs one SA */
    {"planaria-bw+", {B, C, A}},  {"herald-edp", {C, A, B}}, /* as they became ready */
    {"herald-edp+", {C, A, B}},   {"herald-lat", {C, A, B}},
    {"herald-energy", {C, A, B}}, {"dream", {A, B, C}},
    {"dream+", {A, B, C}},        {"dysta", {A, B, C}},
    {"dysta+", {A, B, C}},        {"dysta-queue-bw", {A, B, C}},
    {"heft", {C, B, A}}, /* who would end last */
    {"heft+", {C, B, A}},
};

static void ck_order_with(const char *name, const double *deadline, const int *order)
{
    const ChainNet net[4] = {{1, {{{10, 0, 1}}}, 1000},
                             {1, {{{8, 0, 1}}}, deadline[0]},
                             {1, {{{20, 0, 1}}}, deadline[1]},
                             {1, {{{30, 0, 1}}}, deadline[2]}};
    const int served[4] = {FILLER, order[0], order[1], order[2]};
    ck_order(name, net, 4, (int[]){FILLER, C, A, B}, 4, served);
}

START_TEST(jobs_are_served_in_the_papers_order)
{
    ck_order_with(ORDER_CASE[_i].name, (double[]){100, 85, 90}, ORDER_CASE[_i].order);
}
END_TEST

/* One job is due at 20 and cannot be ready by then when the filler ends. */
static const struct {
    const char *name;
    int lost, order[3];
} HOPELESS_CASE[] = {
    {"prema", B, {A, B, C}},          {"prema+", B, {A, C, B}},     {"prema-bw+", B, {A, C, B}},
    {"planaria", C, {B, A, C}}, /* in the paper's own rule */
    {"planaria-bw+", C, {B, A, C}},   {"herald-edp", C, {C, A, B}}, {"herald-lat", C, {C, A, B}},
    {"herald-edp+", C, {A, B, C}},    {"dream", C, {C, A, B}}, /* at 10 urgency is 30/10 */
    {"dream+", C, {A, B, C}},         {"dysta", B, {A, B, C}},      {"dysta+", B, {A, C, B}},
    {"dysta-queue-bw", B, {A, C, B}}, {"heft", C, {C, B, A}},       {"heft+", C, {B, A, C}},
};

START_TEST(hopeless_jobs_go_last_where_the_rule_says_so)
{
    double deadline[3] = {100, 85, 90};
    deadline[HOPELESS_CASE[_i].lost - A] = 20;
    ck_order_with(HOPELESS_CASE[_i].name, deadline, HOPELESS_CASE[_i].order);
}
END_TEST

/* --- which SA --- */

/* x takes 10 us on SA 0, where the filler runs until 10, or 40 on SA 1. */
static const struct {
    const char *name;
    double x_end;
} WAIT_CASE[] = {
    {"prema", 40},      {"prema+", 40},     {"planaria", 40},       {"dream", 40},
    {"dream+", 40},     {"dysta", 40},      {"dysta+", 40}, /* the free one */
    {"prema-bw+", 20},  {"heft", 20},       {"heft+", 20},          {"planaria-bw+", 20},
    {"herald-lat", 20}, {"herald-edp", 20}, {"dysta-queue-bw", 20}, /* worth waiting */
};

START_TEST(a_free_sa_or_the_better_one)
{
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}, {{100, 0, 1}}}, 1e6},
                                    {1, {{{10, 0, 1}}, {{40, 0, 1}}}, 1e6}};
    ck_ends(WAIT_CASE[_i].name, 2, TWO_TYPES, NET, 2, (int[]){0, 1}, 2,
            (double[]){10, WAIT_CASE[_i].x_end});
}
END_TEST

START_TEST(of_the_free_sas_the_fastest)
{
    static const char *const NAME[] = {"prema", "planaria", "dysta", "herald-lat", "heft", "dream"};
    static const ChainNet NET[1] = {{1, {{{14, 0, 1}}, {{10, 0, 1}}}, 1e6}};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        ck_ends(NAME[i], 2, TWO_TYPES, NET, 1, (int[]){0}, 1, (double[]){10});
}
END_TEST

/* SA 0: 10 us + 2 x 900/100 = 28; SA 1: 14 + 2 x 100/100 = 16. */
START_TEST(strong_variants_pay_for_bandwidth)
{
    static const char *const NAME[] = {"prema-bw+", "planaria-bw+", "dysta-queue-bw"};
    static const ChainNet NET[1] = {{1, {{{10, 900, 1}}, {{14, 100, 1}}}, 1e6}};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        ck_ends(NAME[i], 2, TWO_TYPES, NET, 1, (int[]){0}, 1, (double[]){14});
}
END_TEST

/* --- PREMA --- */

/* p runs its first part from 0 on, q waits and earns 3 x wait / 6 on top of 3. At the end of the part
 * p has less work left, 5 to 6, and 3 tokens: it goes on unless q has reached 9 alone. */
static void ck_tokens(double first_part_us, double p_end, double q_end)
{
    const ChainNet net[2] = {{2, {{{first_part_us, 0, 1}, {5, 0, 1}}}, 1e6},
                             {1, {{{6, 0, 1}}}, 1e6}};
    ck_ends("prema", 1, ONE_TYPE, net, 2, (int[]){0, 1}, 2, (double[]){p_end, q_end});
}

START_TEST(prema_tokens_grow_with_the_wait_and_cross_a_threshold)
{
    ck_tokens(11.9, 16.9, 22.9); /* 3 + 5.95 */
    ck_tokens(12.1, 23.1, 18.1); /* 3 + 6.05 */
}
END_TEST

/* Every decision adds priority x wait / T_iso, whoever it is for: q has 3 + 3 x 6/6 at 6, and at 7
 * 3 x 7/6 more, 9.5 in all, though it has waited for 7 us only. */
START_TEST(prema_tokens_are_added_at_each_decision)
{
    static const ChainNet NET[3] = {{3, {{{6, 0, 1}, {1, 0, 1}, {5, 0, 1}}}, 1e6},
                                    {1, {{{6, 0, 1}}}, 1e6}};
    ck_ends("prema", 1, ONE_TYPE, NET, 2, (int[]){0, 1}, 2, (double[]){18, 13});
}
END_TEST

/* With three times the weight b begins with 9 tokens, and nobody else is a candidate. */
START_TEST(priorities_are_heard)
{
    static const char *const NAME[] = {"prema", "prema+", "prema-bw+", "planaria", "planaria-bw+"};
    static const ChainNet NET[3] = {
        {1, {{{10, 0, 1}}}, 1000}, {1, {{{8, 0, 1}}}, 85}, {1, {{{20, 0, 1}}}, 100}};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++) {
        for (int weight = 1; weight <= 3; weight += 2) {
            const Scheduler *s = sched_rig_named(NAME[i]);
            SimRig r;
            rig_chains(&r, 1, ONE_TYPE, NET, 3);
            r.wl.priority[A] = 1;
            r.wl.priority[B] = weight;
            sched_rig_start_with(&r, s, (int[]){FILLER, A, B}, 3);
            sched_rig_finish(&r, s);
            ck_assert_int_eq(r.log[1].net, weight == 3 ? B : A);
            rig_free(&r);
        }
    }
}
END_TEST

/* The same if the requests have them: 11 is three times the weight of 3. */
START_TEST(priorities_of_requests_are_heard)
{
    static const char *const NAME[] = {"prema",        "prema+", "prema-bw+", "planaria",
                                       "planaria-bw+", "moca",   "moca+",     "moca-bw+"};
    static const ChainNet NET[3] = {
        {1, {{{10, 0, 1}}}, 1000}, {1, {{{8, 0, 1}}}, 85}, {1, {{{20, 0, 1}}}, 100}};
    static const int LEVELS[2][3] = {{3, 3, 3}, {3, 3, 11}};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++) {
        for (int more = 0; more <= 1; more++) {
            const Scheduler *s = sched_rig_named(NAME[i]);
            SimRig r;
            rig_chains(&r, 1, ONE_TYPE, NET, 3);
            r.wl.levels = PRIORITY_LEVELS;
            r.wl.level_share[3] = r.wl.level_share[11] = 0.5;
            r.levels = LEVELS[more];
            sched_rig_start_with(&r, s, (int[]){FILLER, A, B}, 3);
            sched_rig_finish(&r, s);
            ck_assert_int_eq(r.log[1].net, more ? B : A);
            ck_assert_int_eq(r.log[1].level, more ? 11 : 3);
            rig_free(&r);
        }
    }
}
END_TEST

START_TEST(prema_forgets_whose_slot_it_was)
{
    const Scheduler *s = sched_rig_named("prema");
    static const ChainNet NET[1] = {{1, {{{10, 0, 1}}}, 1e6}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 1);
    r.cfg.max_jobs = 1;
    r.wl.rate_per_us = 0.01;
    r.wl.jobs = 8;
    sched_rig_start(&r, s, 1);
    while (sim_ready_count(r.sim) > 0) {
        sched_step(s, r.sim);
        ck_assert_double_eq_tol(((double *)sim_user(r.sim))[1], 3, 1e-9); /* arrival, tokens */
    }
    ck_assert_int_gt(sim_totals(r.sim)->all.met, 1);
    rig_free(&r);
}
END_TEST

/* --- Planaria --- */

/* A network of two parts of 10 us side by side, one of 10 and a filler of 10, on two equal SAs. */
static System *fork_system(void)
{
    static const int NONE[2] = {0, 0}, FIRST[3] = {0, 0, 0};
    static const SubJobCost COST[2] = {{10, 0, 1}, {10, 0, 1}};
    System d = {.name = "fork", .n_sas = 2, .n_types = 1, .n_nets = 3, .dram_bytes_per_us = 100};
    System *sys;
    Err err = {0};
    strcpy(d.type_name[0], "only");
    for (int i = 0; i < d.n_nets; i++) {
        d.net[i] = (SysNet){.n_subjobs = i == 1 ? 2 : 1,
                            .n_preds = NONE,
                            .first_succ = FIRST,
                            .succ = NONE,
                            .cost = {COST}};
        d.net[i].name[0] = (char)('a' + i);
    }
    ck_ok(system_build(&sys, &d, &err), err);
    return sys;
}

/* Two fillers until 10, then a fork, b, and a single, c. */
static void ck_fork(double fork_deadline, double single_deadline, double fork_end,
                    double single_end)
{
    const Scheduler *s = sched_rig_named("planaria");
    SimRig r;
    rig_of(&r, fork_system());
    r.wl.deadline_us[1] = fork_deadline;
    r.wl.deadline_us[2] = single_deadline;
    sched_rig_start_with(&r, s, (int[]){0, 0, 1, 2}, 4);
    sched_rig_finish(&r, s);
    for (int i = 0; i < 4; i++) {
        if (r.log[i].net == 1) ck_assert_double_eq_tol(r.log[i].end_us, fork_end, 1e-3);
        if (r.log[i].net == 2) ck_assert_double_eq_tol(r.log[i].end_us, single_end, 1e-3);
    }
    rig_free(&r);
}

START_TEST(planaria_divides_the_score_by_the_need)
{
    /* At 10 the fork has 16 left: with one SA it takes 20, with two 10 + 10/2 = 15. 1/(16 x 2) is
     * less than 1/20. */
    ck_fork(26, 30, 30, 20);
    ck_fork(26, 44, 20, 30); /* 1/32 is more than 1/34: both SAs are granted */
}
END_TEST

START_TEST(planaria_grants_no_more_than_the_need_while_others_need_theirs)
{
    /* The fork has 21 left and needs one SA; 1/21 is more than 1/30, but the second SA is c's. */
    ck_fork(31, 40, 30, 20);
}
END_TEST

START_TEST(planaria_past_saving_serves_the_most_work_first)
{
    ck_order_with("planaria", (double[]){100, 20, 20}, (int[]){A, C, B});
    ck_order_with("planaria-bw+", (double[]){100, 20, 20}, (int[]){A, B, C});
}
END_TEST

/* --- Herald --- */

enum { LONG, SHORT, J, K };
static void ck_balance(double j_on_1, double j_end, double k_end)
{
    const ChainNet net[4] = {{1, {{{30, 0, 1}}, {{90, 0, 1}}}, 1e6},
                             {1, {{{90, 0, 1}}, {{5, 0, 1}}}, 1e6},
                             {1, {{{10, 0, 1}}, {{j_on_1, 0, 1}}}, 1e6},
                             {1, {{{100, 0, 1}}, {{3, 0, 1}}}, 1e6}};
    ck_ends("herald-lat", 2, TWO_TYPES, net, 4, (int[]){LONG, SHORT, J, K}, 4,
            (double[]){30, 5, j_end, k_end});
}

/* SA 0 is busy until 30, SA 1 until 5. j takes 10 us on SA 0. */
START_TEST(herald_balances_loads_below_twice_the_cost)
{
    ck_balance(19, 24, 27); /* to SA 1, k behind it */
    ck_balance(21, 29, 8);  /* to SA 0; k runs at 5, and at 8 j fills the gap: 29 before 40 */
    ck_balance(33, 40, 8);  /* 41 on SA 1 is no gain */
}
END_TEST

/* SAs 1 and 2 are alike. The filler is on SA 1; x costs as much on SA 2, and more on SA 0. */
START_TEST(herald_takes_the_emptier_of_equal_sas)
{
    static const int TYPES[3] = {1, 0, 0};
    static const ChainNet NET[2] = {{1, {{{30, 0, 1}}, {{90, 0, 1}}}, 1e6},
                                    {1, {{{10, 0, 1}}, {{15, 0, 1}}}, 1e6}};
    ck_ends("herald-lat", 3, TYPES, NET, 2, (int[]){0, 1}, 2, (double[]){30, 10});
}
END_TEST

START_TEST(herald_minds_latency_energy_or_both)
{
    static const struct {
        const char *name;
        double us1, uj0, end;
    } CASE[] = {
        {"herald-lat", 12, 10, 10},   {"herald-energy", 12, 10, 12}, {"herald-edp", 12, 10, 12},
        {"herald-energy", 30, 2, 30}, {"herald-edp", 30, 2, 10}, /* 10 x 2 and 30 x 1 */
        {"herald-edp+", 19, 2, 19},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        const ChainNet net[1] = {{1, {{{10, 0, CASE[i].uj0}}, {{CASE[i].us1, 0, 1}}}, 1e6}};
        ck_ends(CASE[i].name, 2, TWO_TYPES, net, 1, (int[]){0}, 1, &CASE[i].end);
    }
}
END_TEST

START_TEST(herald_lets_jobs_take_turns)
{
    static const ChainNet NET[2] = {{2, {{{10, 0, 1}, {10, 0, 1}}}, 1e6},
                                    {2, {{{10, 0, 1}, {10, 0, 1}}}, 1e6}};
    ck_ends("herald-lat", 1, ONE_TYPE, NET, 2, (int[]){0, 1}, 2, (double[]){30, 40});
}
END_TEST

/* --- DREAM --- */

START_TEST(dream_weighs_urgency_against_starvation)
{
    /* At 10: a 8/90 + 10/8 = 1.34; b 20/22 + 10/20 = 1.41; c 30/80 + 10/30 = 0.71. */
    ck_order_with("dream", (double[]){100, 32, 90}, (int[]){B, A, C});
    /* b 20/26 + 10/20 = 1.27 */
    ck_order_with("dream", (double[]){100, 36, 90}, (int[]){A, B, C});
}
END_TEST

/* The one sub-job is 10 us and 3 uJ on SA 0, 20 us and 2 uJ on SA 1:
 * 3 rem/slack + 5/3 against 1.5 rem/slack + 5/2, equal at rem/slack = 5/9. */
START_TEST(dream_prefers_speed_when_it_is_urgent)
{
    ChainNet net[1] = {{1, {{{10, 0, 3}}, {{20, 0, 2}}}, 18.1}};
    ck_ends("dream", 2, TWO_TYPES, net, 1, (int[]){0}, 1, (double[]){20});
    net[0].deadline_us = 17.9;
    ck_ends("dream", 2, TWO_TYPES, net, 1, (int[]){0}, 1, (double[]){10});
}
END_TEST

/* With alpha 0, the first of its memory, only urgency counts: c 30/80 is more than b 20/75; at 40
 * b 20/45 is more than a 8/60. */
START_TEST(dream_without_alpha_minds_urgency_alone)
{
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{8, 0, 1}}}, 100},
                                    {1, {{{20, 0, 1}}}, 85},
                                    {1, {{{30, 0, 1}}}, 90}};
    static const int SERVED[4] = {FILLER, C, B, A};
    const Scheduler *s = sched_rig_named("dream");
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 4);
    sched_rig_start_with(&r, s, (int[]){FILLER, C, A, B}, 4);
    *(double *)sim_user(r.sim) = 0;
    sched_rig_finish(&r, s);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(r.log[i].net, SERVED[i]);
    rig_free(&r);
}
END_TEST

/* On two equal SAs preferences are 2 and starvation is by the mean latency. At 10:
 * a 2 x 8/90 + 10/8 = 1.43; b due at 52: 2 x 20/42 + 10/20 = 1.45, at 56: 2 x 20/46 + 10/20 = 1.37. */
START_TEST(dream_starves_by_the_mean_latency)
{
    ChainNet net[4] = {{1, {{{10, 0, 1}}}, 1000},
                       {1, {{{8, 0, 1}}}, 100},
                       {1, {{{20, 0, 1}}}, 52},
                       {1, {{{500, 0, 1}}}, 1000}};
    ck_ends("dream", 2, ONE_TYPE, net, 4, (int[]){0, 3, 1, 2}, 4, (double[]){10, 38, 30, 500});
    net[2].deadline_us = 56;
    ck_ends("dream", 2, ONE_TYPE, net, 4, (int[]){0, 3, 1, 2}, 4, (double[]){10, 18, 38, 500});
}
END_TEST

/* As above, equal at rem/slack = 5/9 beta, jobs one by one. The trials, of 16 jobs each, have beta 1
 * three times, then 1.5, then 0.5. */
START_TEST(dream_tries_other_weights_in_turn)
{
    static const struct {
        double deadline_us, turnaround_us[5];
    } CASE[] = {{10 / 0.7, {10, 10, 10, 20, 10}}, {10 / 0.4, {20, 20, 20, 20, 10}}};
    const Scheduler *s = sched_rig_named("dream");
    for (int i = 0; i < 2; i++) {
        const ChainNet net[1] = {{1, {{{10, 0, 3}}, {{20, 0, 2}}}, CASE[i].deadline_us}};
        SimRig r;
        rig_chains(&r, 2, TWO_TYPES, net, 1);
        r.wl.rate_per_us = 1e-6;
        r.wl.jobs = 80;
        sched_rig_start(&r, s, 3);
        sched_rig_finish(&r, s);
        for (int k = 0; k < 80; k++)
            ck_assert_double_eq_tol(r.log[k].end_us - r.log[k].arrival_us,
                                    CASE[i].turnaround_us[k / 16], 1e-3);
        rig_free(&r);
    }
}
END_TEST

static double busy_us(const char *name, bool firm)
{
    static const ChainNet NET[2] = {{1, {{{10, 0, 1}}}, 1e6}, {1, {{{30, 0, 1}}}, 20}};
    const Scheduler *s = sched_rig_named(name);
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 2);
    r.cfg.firm = firm;
    sched_rig_start_with(&r, s, (int[]){0, 1}, 2);
    sched_rig_finish(&r, s);
    double us = sim_totals(r.sim)->busy_us[0];
    rig_free(&r);
    return us;
}

START_TEST(dream_drops_what_will_be_late_where_it_may)
{
    ck_assert_double_eq_tol(busy_us("dream", true), 40, 1e-3);
    ck_assert_double_eq_tol(busy_us("dream+", true), 10, 1e-3);
    ck_assert_double_eq_tol(busy_us("dream+", false), 40, 1e-3);
}
END_TEST

/* The memory begins with alpha, beta and the step. One network on one SA: what is tried changes
 * nothing, so the present pair stays and the step is halved with each 5 x 16 jobs. */
START_TEST(dream_searches_closer_when_nothing_is_better)
{
    static const ChainNet NET[1] = {{1, {{{10, 0, 1}}}, 1e6}};
    static const double STEP[] = {0.5, 0.25, 0.125, 0.0625, 0.03125, 0.03125};
    const Scheduler *s = sched_rig_named("dream");
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 1);
    r.wl.rate_per_us = 0.01;
    r.wl.jobs = RIG_MAX_JOBS;
    sched_rig_start(&r, s, 7);
    while (sim_ready_count(r.sim) > 0) {
        long ended = job_counts_ended(&sim_totals(r.sim)->all);
        const double *w = sim_user(r.sim);
        sched_step(s, r.sim);
        ck_assert_double_eq(w[0], 1);
        ck_assert_double_eq(w[1], 1);
        if (ended < 480 && ended % 80 != 0) ck_assert_double_eq(w[2], STEP[ended / 80]);
    }
    rig_free(&r);
}
END_TEST

START_TEST(dream_tunes_within_its_bounds)
{
    const Scheduler *s = sched_rig_named("dream");
    int moved = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 1);
        rig_random(&r, &rng, 400);
        sched_rig_start(&r, s, seed);
        const double *w = sim_user(r.sim);
        for (Candidate c; sim_candidate(r.sim, &c);) {
            sched_step(s, r.sim);
            ck_assert(w[0] >= 0 && w[0] <= 2 && w[1] >= 0 && w[1] <= 2);
        }
        moved += w[0] < 1 || w[0] > 1 || w[1] < 1 || w[1] > 1;
        rig_free(&r);
    }
    ck_assert_int_gt(moved, 10);
}
END_TEST

/* --- Dysta --- */

START_TEST(dysta_minds_the_slack_a_little)
{
    /* At 10: x 10 + (990 - 10)/100 = 19.8, y 10.5 + (90 - 10.5)/100 = 11.3 */
    ChainNet net[3] = {
        {1, {{{10, 0, 1}}}, 1e6}, {1, {{{10, 0, 1}}}, 1000}, {1, {{{10.5, 0, 1}}}, 100}};
    ck_order("dysta", net, 3, (int[]){0, 1, 2}, 3, (int[]){0, 2, 1});
    ck_order("dysta-queue-bw", net, 3, (int[]){0, 1, 2}, 3, (int[]){0, 2, 1});
    net[2].deadline_us = 960; /* 10.5 + (950 - 10.5)/100 = 19.9 */
    ck_order("dysta", net, 3, (int[]){0, 1, 2}, 3, (int[]){0, 1, 2});
    ck_order("dysta-queue-bw", net, 3, (int[]){0, 1, 2}, 3, (int[]){0, 1, 2});
}
END_TEST

/* p has run its first part until 2; then both have 10 us left. q has waited for 2 us of its 10, and
 * there are 2 jobs: its score is (0.1 - the time that it is due before p) / 100 above p's. */
START_TEST(dysta_goes_on_with_what_ran_last)
{
    ChainNet net[2] = {{2, {{{2, 0, 1}, {10, 0, 1}}}, 100}, {1, {{{10, 0, 1}}}, 99.95}};
    ck_ends("dysta", 1, ONE_TYPE, net, 2, (int[]){0, 1}, 2, (double[]){12, 22});
    net[1].deadline_us = 99.85;
    ck_ends("dysta", 1, ONE_TYPE, net, 2, (int[]){0, 1}, 2, (double[]){22, 12});
}
END_TEST

/* --- HEFT --- */

START_TEST(heft_counts_what_comes_after)
{
    static const ChainNet NET[3] = {
        {1, {{{10, 0, 1}}}, 1e6}, {1, {{{40, 0, 1}}}, 1e6}, {2, {{{1, 0, 1}, {50, 0, 1}}}, 1e6}};
    ck_ends("heft", 1, ONE_TYPE, NET, 3, (int[]){0, 1, 2}, 3, (double[]){10, 101, 61});
}
END_TEST

/* The filler is on SA 0 until 10. z (30 on both) has the largest L and takes SA 1. x and y, 10 us on SA
 * 0 or 100 on SA 1, have reservations. */
START_TEST(heft_reserves_and_goes_on)
{
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}, {{100, 0, 1}}}, 1e6},
                                    {1, {{{10, 0, 1}}, {{100, 0, 1}}}, 1e6},
                                    {1, {{{12, 0, 1}}, {{100, 0, 1}}}, 1e6},
                                    {1, {{{30, 0, 1}}, {{30, 0, 1}}}, 1e6}};
    ck_ends("heft", 2, TWO_TYPES, NET, 4, (int[]){0, 1, 2, 3}, 4, (double[]){10, 32, 22, 30});
}
END_TEST

/* --- what they read of the simulator --- */

START_TEST(a_job_last_ran_now_or_at_its_last_end_or_at_its_arrival)
{
    static const ChainNet NET[2] = {{2, {{{5, 0, 1}, {4, 0, 1}}}, 1e6}, {1, {{{7, 0, 1}}}, 1e6}};
    SimRig r;
    Candidate c[2];
    rig_chains(&r, 1, ONE_TYPE, NET, 2);
    r.cfg.rules = (SchedRules){.asking = ASK_ROUNDS};
    rig_start_with(&r, (int[]){0, 1}, 2);
    sim_round(r.sim, c, 1);
    int p = c[0].job;
    ck_assert_int_eq(sim_running(r.sim, p), 0);
    sim_place(r.sim, c, 0, 0, 0);
    sim_proceed(r.sim); /* q arrives */
    sim_round(r.sim, c, 1);
    int q = c[0].job;
    double q_arrival = sim_now(r.sim);
    ck_assert_int_eq(sim_running(r.sim, p), 1);
    ck_assert_double_eq(sim_last_ran_us(r.sim, p), q_arrival);
    sim_proceed(r.sim); /* the first part of p ends */
    ck_assert_int_eq(sim_round(r.sim, c, 2), 2);
    ck_assert_int_eq(sim_running(r.sim, p), 0);
    double part_end = sim_now(r.sim);
    ck_assert_double_eq_tol(part_end, 5, 1e-3);
    ck_assert_double_eq(sim_last_ran_us(r.sim, p), part_end);
    ck_assert_double_eq(sim_last_ran_us(r.sim, q), q_arrival);
    sim_place(r.sim, &c[c[0].job != q], 0, 0, 0);
    sim_proceed(r.sim); /* q ends */
    ck_assert_double_eq_tol(sim_now(r.sim), 12, 1e-3);
    ck_assert_double_eq(sim_last_ran_us(r.sim, p), part_end);
    rig_free(&r);
}
END_TEST

/* --- on random systems --- */

static void random_rig(SimRig *r, const Scheduler *s, uint64_t seed, int jobs)
{
    Rng rng;
    rng_seed(&rng, seed, 41);
    rig_random(r, &rng, jobs);
    sched_rig_start(r, s, seed);
}

/* One episode of what searches for tens of milliseconds takes seconds. */
static uint64_t random_systems(const Scheduler *s)
{
    return strcmp(s->name, "magma-10k") == 0 ? 1 : 10;
}

/* Whoever's turn it is, the state is one that the simulator could have written. */
START_TEST(every_state_on_the_way_is_consistent)
{
    const Scheduler *s = sched_at(_i);
    for (uint64_t seed = 0; s->plan && seed < random_systems(s); seed++) {
        SimRig r;
        Err err = {0};
        random_rig(&r, s, seed, 40);
        for (Candidate c; sim_candidate(r.sim, &c);) {
            if (sim_check_state(r.sim, &err) != ST_OK) ck_abort_msg("%s: %s", s->name, err.msg);
            sched_step(s, r.sim);
        }
        const JobCounts *n = &sim_totals(r.sim)->all;
        ck_assert_int_eq(job_counts_ended(n), 40);
        rig_free(&r);
    }
}
END_TEST

/* All that a scheduler knows is in the state: a clone ends as the original does. */
START_TEST(a_clone_goes_on_alike)
{
    const Scheduler *s = sched_at(_i);
    for (uint64_t seed = 0; seed < random_systems(s); seed++) {
        SimRig r, copy;
        random_rig(&r, s, seed, 60);
        copy = r;
        copy.sim = NULL;
        sched_rig_start(&copy, s, seed + 1);
        for (uint64_t k = 0; k < 20 + seed && sim_ready_count(r.sim) > 0; k++) sched_step(s, r.sim);
        sim_clone(copy.sim, r.sim);
        memcpy(copy.log, r.log, sizeof r.log);
        copy.logged = r.logged;
        sched_rig_finish(&r, s);
        sched_rig_finish(&copy, s);
        ck_assert_int_eq(r.logged, 60);
        for (int i = 0; i < 60; i++) {
            ck_assert_int_eq(r.log[i].job, copy.log[i].job);
            ck_assert_double_eq(r.log[i].end_us, copy.log[i].end_us);
            ck_assert_double_eq(r.log[i].energy_uj, copy.log[i].energy_uj);
        }
        sim_destroy(copy.sim);
        rig_free(&r);
    }
}
END_TEST

/* A round of PREMA or Dysta spelled out: while an SA is free, the best of all that is left. */
enum { MOST_READY = 512 };

typedef struct Brute {
    bool prema, hopeless_last;
    double arrival_us[64], tokens[64]; /* by slot */
    Candidate left[MOST_READY];
    int n;
    double placed_us[SYS_MAX_SAS]; /* cost of what an SA was given; 0: none */
} Brute;

static void brute_tokens(Brute *b, const Sim *sim)
{
    for (int i = 0; i < sim_jobs_in_system(sim); i++) {
        int job = sim_active(sim)[i];
        JobView j;
        sim_job(sim, job, &j);
        double wait = sim_now(sim) - sim_last_ran_us(sim, job);
        bool same = b->tokens[job] > 0 && !(b->arrival_us[job] < j.arrival_us);
        double priority = 3 * sim_weight(sim, job), t_iso = sim_system(sim)->net[j.net].t_iso_us;
        b->tokens[job] = same ? b->tokens[job] + priority * wait / t_iso : priority;
        b->arrival_us[job] = j.arrival_us;
    }
}

/* Least first; what is compared in turn. */
static void brute_rank(const Brute *b, const Sim *sim, const Candidate *c, double rank[3])
{
    JobView j;
    sim_job(sim, c->job, &j);
    double slack = j.deadline_us - sim_now(sim), tokens = b->tokens[c->job];
    double wait = sim_now(sim) - sim_last_ran_us(sim, c->job);
    double spare = slack > j.rem_us ? slack - j.rem_us : 0;
    double jobs = sim_jobs_in_system(sim), t_iso = sim_system(sim)->net[j.net].t_iso_us;
    rank[0] = b->hopeless_last && slack < j.rem_us;
    rank[1] = b->prema ? -(tokens >= 9 ? 9 : tokens >= 3 ? 3 : tokens >= 1 ? 1 : 0) : 0;
    rank[2] = b->prema ? j.rem_us : j.rem_us + 0.01 * (spare + wait / (t_iso * jobs));
}

static int brute_best(const Brute *b, const Sim *sim)
{
    int best = 0;
    double least[3], rank[3];
    brute_rank(b, sim, &b->left[0], least);
    for (int i = 1; i < b->n; i++) {
        int k = 0;
        brute_rank(b, sim, &b->left[i], rank);
        while (k < 2 && !(rank[k] < least[k]) && !(rank[k] > least[k])) k++;
        if (rank[k] < least[k]) memcpy(least, rank, sizeof rank), best = i;
    }
    return best;
}

static void brute_round(Brute *b, const Sim *sim)
{
    const System *sys = sim_system(sim);
    brute_tokens(b, sim);
    b->n = sim_round(sim, b->left, MOST_READY);
    ck_assert_int_le(b->n, MOST_READY);
    memset(b->placed_us, 0, sizeof b->placed_us);
    while (b->n > 0) {
        int i = brute_best(b, sim), sa = -1;
        double least = HUGE_VAL;
        for (int m = 0; m < sys->n_sas; m++) {
            SaView v;
            sim_sa(sim, m, &v);
            const Candidate *c = &b->left[i];
            double us = sys->net[c->net].cost[sys->sa_type[m]][c->sub].latency_us;
            if (!v.busy && !(b->placed_us[m] > 0) && us < least) least = us, sa = m;
        }
        if (sa < 0) return;
        b->placed_us[sa] = least;
        memmove(&b->left[i], &b->left[i + 1], (size_t)(--b->n - i) * sizeof *b->left);
    }
}

static void ck_as_brute(const Brute *b, const Sim *sim)
{
    Candidate left[MOST_READY];
    ck_assert_int_eq(sim_round(sim, left, MOST_READY), b->n);
    for (int i = 0; i < b->n; i++)
        ck_assert(left[i].job == b->left[i].job && left[i].sub == b->left[i].sub);
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        ck_assert_double_eq(v.queued_us, b->placed_us[m]);
    }
}

START_TEST(prema_and_dysta_do_as_spelled_out)
{
    static const char *const NAME[] = {"prema", "prema+", "dysta", "dysta+"};
    const Scheduler *s = sched_rig_named(NAME[_i]);
    for (uint64_t seed = 0; seed < 60; seed++) {
        static Brute b;
        SimRig r;
        random_rig(&r, s, seed, 60);
        b = (Brute){.prema = _i < 2, .hopeless_last = _i % 2};
        for (Candidate c; sim_candidate(r.sim, &c); sim_proceed(r.sim)) {
            brute_round(&b, r.sim);
            s->plan(r.sim);
            ck_as_brute(&b, r.sim);
        }
        rig_free(&r);
    }
}
END_TEST

/* What a scheduler that starts jobs on free SAs leaves idle, nobody could use. */
START_TEST(no_sa_stands_idle_while_a_job_waits)
{
    static const char *const NAME[] = {"prema", "prema+", "planaria", "dream", "dysta", "dysta+"};
    const Scheduler *s = sched_rig_named(NAME[_i]);
    for (uint64_t seed = 0; seed < 10; seed++) {
        SimRig r;
        random_rig(&r, s, seed, 40);
        for (Candidate c; sim_candidate(r.sim, &c); sim_proceed(r.sim)) {
            s->plan(r.sim);
            for (int m = 0; m < r.sys->n_sas && sim_round(r.sim, &c, 1) > 0; m++) {
                SaView v;
                sim_sa(r.sim, m, &v);
                ck_assert(!sched_is_free(&v));
            }
        }
        rig_free(&r);
    }
}
END_TEST

#define COUNT(array) (int)(sizeof array / sizeof *array)

int main(void)
{
    Suite *s = suite_create("baselines");
    TCase *tc = new_case("who and where", 60);
    tcase_add_loop_test(tc, jobs_are_served_in_the_papers_order, 0, COUNT(ORDER_CASE));
    tcase_add_loop_test(tc, hopeless_jobs_go_last_where_the_rule_says_so, 0, COUNT(HOPELESS_CASE));
    tcase_add_loop_test(tc, a_free_sa_or_the_better_one, 0, COUNT(WAIT_CASE));
    tcase_add_test(tc, of_the_free_sas_the_fastest);
    tcase_add_test(tc, strong_variants_pay_for_bandwidth);
    suite_add_tcase(s, tc);
    tc = new_case("by paper", 60);
    tcase_add_test(tc, prema_tokens_grow_with_the_wait_and_cross_a_threshold);
    tcase_add_test(tc, prema_tokens_are_added_at_each_decision);
    tcase_add_test(tc, priorities_are_heard);
    tcase_add_test(tc, priorities_of_requests_are_heard);
    tcase_add_test(tc, prema_forgets_whose_slot_it_was);
    tcase_add_test(tc, planaria_divides_the_score_by_the_need);
    tcase_add_test(tc, planaria_grants_no_more_than_the_need_while_others_need_theirs);
    tcase_add_test(tc, planaria_past_saving_serves_the_most_work_first);
    tcase_add_test(tc, herald_balances_loads_below_twice_the_cost);
    tcase_add_test(tc, herald_takes_the_emptier_of_equal_sas);
    tcase_add_test(tc, herald_minds_latency_energy_or_both);
    tcase_add_test(tc, herald_lets_jobs_take_turns);
    tcase_add_test(tc, dream_weighs_urgency_against_starvation);
    tcase_add_test(tc, dream_prefers_speed_when_it_is_urgent);
    tcase_add_test(tc, dream_without_alpha_minds_urgency_alone);
    tcase_add_test(tc, dream_starves_by_the_mean_latency);
    tcase_add_test(tc, dream_tries_other_weights_in_turn);
    tcase_add_test(tc, dream_drops_what_will_be_late_where_it_may);
    tcase_add_test(tc, dream_searches_closer_when_nothing_is_better);
    tcase_add_test(tc, dream_tunes_within_its_bounds);
    tcase_add_test(tc, dysta_minds_the_slack_a_little);
    tcase_add_test(tc, dysta_goes_on_with_what_ran_last);
    tcase_add_test(tc, heft_counts_what_comes_after);
    tcase_add_test(tc, heft_reserves_and_goes_on);
    suite_add_tcase(s, tc);
    tc = new_case("simulator", 60);
    tcase_add_test(tc, a_job_last_ran_now_or_at_its_last_end_or_at_its_arrival);
    tcase_add_loop_test(tc, every_state_on_the_way_is_consistent, 0, sched_count());
    tcase_add_loop_test(tc, a_clone_goes_on_alike, 0, sched_count());
    tcase_add_loop_test(tc, prema_and_dysta_do_as_spelled_out, 0, 4);
    tcase_add_loop_test(tc, no_sa_stands_idle_while_a_job_waits, 0, 6);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
