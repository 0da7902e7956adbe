/* test_search_baselines.c -- MoCA, whose throttle is worked out by hand; and schedulers that try things
 * out before they decide: MAGMA, and look-ahead, whose cases show what knowing the future is worth. */
#include "env/sched.h"

#include "tests/support.h"
#include "tests/support/sched_rig.h"

#include <math.h>
#include <string.h>

static const int ONE_TYPE[2] = {0, 0}, TWO_TYPES[2] = {0, 1};

/* Runs these arrivals; what is asked about is in the log. */
static void run_with(SimRig *r, const char *name, const int *net, int n)
{
    const Scheduler *s = sched_rig_named(name);
    sched_rig_start_with(r, s, net, n);
    sched_rig_finish(r, s);
}

static void ck_end(const SimRig *r, int i, int net, double us)
{
    ck_assert_int_eq(r->log[i].net, net);
    ck_assert_double_eq_tol(r->log[i].end_us, us, 1e-3);
}

/* --- MoCA --- */

/* At 10, when the filler ends, all have waited for 10 us: relative to 30, 8 and 20 us A longest. At 18
 * B has waited 18/20, C 18/30. */
START_TEST(moca_admits_who_has_waited_longest_for_its_size)
{
    enum { FILLER, A, B, C };
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{8, 0, 1}}}, 1000},
                                    {1, {{{20, 0, 1}}}, 500},
                                    {1, {{{30, 0, 1}}}, 90}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 4);
    run_with(&r, "moca", (int[]){FILLER, C, B, A}, 4);
    ck_end(&r, 0, FILLER, 10);
    ck_end(&r, 1, A, 18);
    ck_end(&r, 2, B, 38);
    ck_end(&r, 3, C, 68);
    rig_free(&r);
}
END_TEST

/* At 10 A has waited 10/5 and B 10/20, with levels 2 and 3 that is 4 and 3.5, with 0 and 3 it is 2
 * and 3.5. */
START_TEST(moca_adds_the_level_of_a_request)
{
    enum { FILLER, A, B };
    static const ChainNet NET[3] = {
        {1, {{{10, 0, 1}}}, 1000}, {1, {{{5, 0, 1}}}, 1000}, {1, {{{20, 0, 1}}}, 500}};
    static const int LEVELS[2][3] = {{0, 2, 3}, {2, 0, 3}};
    for (int i = 0; i < 2; i++) {
        SimRig r;
        rig_chains(&r, 1, ONE_TYPE, NET, 3);
        r.wl.levels = 4;
        memcpy(r.wl.level_share, (double[]){0.4, 0, 0.3, 0.3}, 4 * sizeof(double));
        r.levels = LEVELS[i];
        run_with(&r, "moca", (int[]){FILLER, A, B}, 3);
        ck_end(&r, 1, i ? B : A, i ? 30 : 15);
        rig_free(&r);
    }
}
END_TEST

/* X, 1000 bytes in 10 us, and then Y, 2000 in 20, ask for all of the 100 bytes/us each: 0.5 of the sum
 * of u = 2 is too much. s = (1 + 3)/4 + 10 rem/slack. Y keeps 1 - 0.5 s_X / (s_X + s_Y). Until X
 * ends, at 20, both have 50 bytes/us; then Y has what it may. */
START_TEST(moca_takes_bandwidth_from_what_is_less_urgent)
{
    enum { X, Y };
    static const struct {
        double x_us, y_us; /* deadlines */
        double s_x, s_y;
    } CASE[] = {{1000, 40, 1.1, 6}, {20, 1000, 6, 1.2}, {100, 200, 2, 2}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        const ChainNet net[2] = {{1, {{{10, 1000, 1}}}, CASE[i].x_us},
                                 {1, {{{20, 2000, 1}}}, CASE[i].y_us}};
        double kept = 1 - 0.5 * CASE[i].s_x / (CASE[i].s_x + CASE[i].s_y);
        SimRig r;
        rig_chains(&r, 2, ONE_TYPE, net, 2);
        run_with(&r, "moca", (int[]){X, Y}, 2);
        ck_end(&r, 0, X, 20);
        ck_end(&r, 1, Y, 20 + 1000 / (100 * kept));
        rig_free(&r);
    }
}
END_TEST

/* Two X that are past saving (rem/slack counts as 100) leave the last Y a quarter, 25 bytes/us, for all
 * its 2000 bytes; where hopeless jobs have no urgency a little more. */
START_TEST(moca_leaves_a_quarter)
{
    enum { X, Y };
    static const int THREE[3] = {0, 0, 0};
    static const ChainNet NET[2] = {{1, {{{10, 1000, 1}}}, 0.05}, {1, {{{20, 2000, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 3, THREE, NET, 2);
    run_with(&r, "moca", (int[]){X, X, Y}, 3);
    ck_end(&r, 2, Y, 80);
    rig_free(&r);
    rig_chains(&r, 3, THREE, NET, 2);
    run_with(&r, "moca+", (int[]){X, X, Y}, 3);
    ck_end(&r, 2, Y, 20 / (1 - 1.25 * 1.75 / (1.2 + 1.75))); /* s = 1, 1, 1.2; u = 1, 0.75, 1 */
    rig_free(&r);
}
END_TEST

/* As above, but X goes on without the DRAM at 20: that is a round, and Y is free to take all. */
START_TEST(moca_releases_what_nobody_contends_for)
{
    enum { X, Y };
    static const ChainNet NET[2] = {{2, {{{10, 1000, 1}, {5, 0, 1}}}, 20},
                                    {1, {{{20, 2000, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 2);
    run_with(&r, "moca", (int[]){X, Y}, 2);
    ck_end(&r, 0, X, 25);
    ck_end(&r, 1, Y, 30);
    rig_free(&r);
}
END_TEST

/* The sum of u is 1.5 at most: as if there were no throttle. */
START_TEST(moca_takes_nothing_without_contention)
{
    enum { X, Y };
    static const ChainNet NET[2] = {{1, {{{10, 1000, 1}}}, 20}, {1, {{{20, 1000, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 2);
    run_with(&r, "moca", (int[]){X, Y}, 2);
    ck_end(&r, 0, X, 20); /* 50 bytes/us each */
    ck_end(&r, 1, Y, 20);
    rig_free(&r);
}
END_TEST

/* H and G ask for all of the bandwidth, L for none. The fillers end at 10, one after the other in this
 * instant: H starts, having waited as long as G and longer than L for its size; with it goes L, though
 * it is G's turn. So H has the bandwidth for itself, and after it G. */
START_TEST(moca_pairs_what_needs_much_bandwidth_with_what_does_not)
{
    enum { FILLER, H, G, L };
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{40, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    run_with(&r, "moca", (int[]){FILLER, FILLER, H, G, L}, 5);
    ck_end(&r, 2, H, 20);
    ck_end(&r, 3, G, 30);
    ck_end(&r, 4, L, 50);
    rig_free(&r);
}
END_TEST

/* The same with half of the bandwidth, which is not much: in order of their waits, undisturbed. */
START_TEST(moca_does_not_pair_what_leaves_half_of_the_bandwidth)
{
    enum { FILLER, H, G, L };
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{10, 500, 1}}}, 1000},
                                    {1, {{{10, 500, 1}}}, 1000},
                                    {1, {{{40, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    run_with(&r, "moca", (int[]){FILLER, FILLER, H, G, L}, 5);
    ck_end(&r, 2, H, 20);
    ck_end(&r, 3, G, 20);
    ck_end(&r, 4, L, 60);
    rig_free(&r);
}
END_TEST

/* H, from 10 on, ends at 20 while the long filler runs: then it is G's turn, and L goes with G. */
START_TEST(moca_wants_no_partner_for_what_has_ended)
{
    enum { SHORT, LONG, H, G, L };
    static const ChainNet NET[5] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{25, 0, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{40, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 5);
    run_with(&r, "moca", (int[]){SHORT, LONG, H, G, L}, 5);
    ck_end(&r, 1, H, 20);
    ck_end(&r, 3, G, 30);
    ck_end(&r, 4, L, 65);
    rig_free(&r);
}
END_TEST

/* L is past saving when the fillers end: in moca+ no partner as long as there is G, which is not. */
START_TEST(moca_gives_no_hopeless_partner_before_others)
{
    enum { FILLER, H, G, L };
    static const ChainNet NET[4] = {{1, {{{10, 0, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{10, 1000, 1}}}, 1000},
                                    {1, {{{40, 0, 1}}}, 45}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    run_with(&r, "moca+", (int[]){FILLER, FILLER, H, G, L}, 5);
    ck_assert_int_eq(r.log[4].net, L);
    ck_assert_double_gt(r.log[2].end_us, 20 + 1); /* shared with G */
    rig_free(&r);
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    run_with(&r, "moca", (int[]){FILLER, FILLER, H, G, L}, 5);
    ck_end(&r, 2, H, 20);
    rig_free(&r);
}
END_TEST

/* --- MAGMA --- */

/* Two fillers keep both SAs until 10. Then B is for SA 0, 5 us and not 30, and A, 20 us on either, for
 * SA 1; one after the other A would be placed first, on SA 0. */
START_TEST(magma_maps_a_window_as_a_whole)
{
    enum { FILLER, A, B };
    static const ChainNet NET[3] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1000},
                                    {1, {{{20, 0, 1}}, {{20, 0, 1}}}, 1000},
                                    {1, {{{5, 0, 1}}, {{30, 0, 1}}}, 2000}};
    static const char *const NAME[] = {"magma", "magma-10k", "magma-sla+"};
    for (int i = 0; i < 3; i++) {
        SimRig r;
        rig_chains(&r, 2, TWO_TYPES, NET, 3);
        run_with(&r, NAME[i], (int[]){FILLER, FILLER, A, B}, 4);
        ck_end(&r, 2, B, 15);
        ck_end(&r, 3, A, 30);
        rig_free(&r);
    }
}
END_TEST

/* At 10 again A and B, which ask for all the bandwidth, are to be placed. Side by side both would end at
 * 30, and A, whose deadline is 22, be late: so B waits, on whichever SA. The makespan does not care. */
START_TEST(magma_leaves_an_sa_idle_for_the_bandwidth_of_a_job_in_a_hurry)
{
    enum { FILLER, A, B };
    static const ChainNet NET[3] = {
        {1, {{{10, 0, 1}}}, 1000}, {1, {{{10, 1000, 1}}}, 22}, {1, {{{10, 1000, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 3);
    run_with(&r, "edf-h+", (int[]){FILLER, FILLER, B, A}, 4);
    ck_assert_int_eq(sim_totals(r.sim)->all.met, 3);
    rig_free(&r);
    rig_chains(&r, 2, ONE_TYPE, NET, 3);
    run_with(&r, "magma-sla+", (int[]){FILLER, FILLER, B, A}, 4);
    ck_end(&r, 2, A, 20);
    ck_end(&r, 3, B, 30);
    rig_free(&r);
}
END_TEST

/* Chains of two on their own SA types: the plan knows the second sub-jobs before they are ready. */
START_TEST(magma_plans_what_is_not_ready_yet)
{
    enum { FILLER, P, Q };
    static const ChainNet NET[3] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1000},
                                    {2, {{{5, 0, 1}, {40, 0, 1}}, {{40, 0, 1}, {5, 0, 1}}}, 1000},
                                    {2, {{{40, 0, 1}, {5, 0, 1}}, {{5, 0, 1}, {40, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, TWO_TYPES, NET, 3);
    run_with(&r, "magma", (int[]){FILLER, FILLER, P, Q}, 4);
    ck_assert_double_eq_tol(r.log[2].end_us, 20, 1e-3);
    ck_assert_double_eq_tol(r.log[3].end_us, 20, 1e-3);
    rig_free(&r);
}
END_TEST

/* B comes after the first search, and waits for the tick at 50, though an SA is free. */
START_TEST(magma_searches_once_a_period_if_there_is_one)
{
    enum { A, B };
    static const ChainNet NET[2] = {{1, {{{60, 0, 1}}}, 1000}, {1, {{{20, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 2);
    r.cfg.replan_us = 50;
    run_with(&r, "magma", (int[]){A, B}, 2);
    ck_end(&r, 0, A, 60);
    ck_end(&r, 1, B, 70);
    rig_free(&r);
}
END_TEST

/* --- look-ahead --- */

/* A is placed before B comes. Only SA 0 can serve B in time, which A could do without. */
enum { A, B };
static const ChainNet CLASH[2] = {{1, {{{20, 0, 1}}, {{21, 0, 1}}}, 1000},
                                  {1, {{{10, 0, 1}}, {{100, 0, 1}}}, 15}};

static long met_in_clash(const char *name)
{
    SimRig r;
    rig_chains(&r, 2, TWO_TYPES, CLASH, 2);
    const Scheduler *s = sched_rig_named(name);
    sched_rig_start_with(&r, s, (int[]){A, B}, 2);
    sched_rig_finish(&r, s);
    long met = sim_totals(r.sim)->all.met;
    rig_free(&r);
    return met;
}

START_TEST(look_ahead_leaves_an_sa_to_a_job_that_has_not_come_yet)
{
    ck_assert_int_eq(met_in_clash("dr-queue-bw"), 1);
    ck_assert_int_eq(met_in_clash("lookahead-queue"), 2);
}
END_TEST

/* F keeps SA 0 busy; S, short as it is, would take SA 1 before U, in a hurry, comes. */
enum { F, S, U };
static const ChainNet HURRY[3] = {
    {1, {{{400, 0, 1}}}, 2000}, {1, {{{13, 0, 1}}}, 1000}, {1, {{{5, 0, 1}}}, 10}};

static long met_in_a_hurry(const char *name)
{
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, HURRY, 3);
    const Scheduler *s = sched_rig_named(name);
    sched_rig_start_with(&r, s, (int[]){F, S, U}, 3);
    sched_rig_finish(&r, s);
    long met = sim_totals(r.sim)->all.met;
    rig_free(&r);
    return met;
}

START_TEST(look_ahead_waits_under_list_planning)
{
    ck_assert_int_eq(met_in_a_hurry("edf-reserve-bw"), 2);
    ck_assert_int_eq(met_in_a_hurry("lookahead-reserve"), 3);
}
END_TEST

/* Who ended when, and all counts. */
static void ck_same_episode(const SimRig *a, const SimRig *b)
{
    ck_assert_mem_eq(sim_totals(a->sim), sim_totals(b->sim), sizeof(SimTotals));
    for (int i = 0; i < a->wl.jobs; i++) {
        ck_assert_double_eq(a->log[i].end_us, b->log[i].end_us);
        ck_assert_double_eq(a->log[i].arrival_us, b->log[i].arrival_us);
    }
}

enum { JOBS = 30 };

static void random_rig(SimRig *r, uint64_t seed)
{
    Rng rng;
    rng_seed(&rng, seed, 51);
    rig_random(r, &rng, JOBS);
    r->cfg.classes = 1;
    r->cfg.max_jobs = JOBS;
}

static const char *const AHEAD[2][2] = {{"lookahead-queue", "dr-queue-bw"},
                                        {"lookahead-reserve", "edf-reserve-bw"}};

static void run_random(SimRig *r, const char *name, uint64_t seed, double deadline_factor)
{
    random_rig(r, seed);
    for (int i = 0; i < r->sys->n_nets; i++) r->wl.deadline_us[i] *= deadline_factor;
    const Scheduler *s = sched_rig_named(name);
    sched_rig_start(r, s, seed);
    sched_rig_finish(r, s);
}

/* Every job is met anyway: nothing is better than the rule's choice. */
START_TEST(look_ahead_without_need_is_its_rule)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        static SimRig ahead, rule;
        run_random(&ahead, AHEAD[_i][0], seed, 1e5);
        run_random(&rule, AHEAD[_i][1], seed, 1e5);
        ck_same_episode(&ahead, &rule);
        rig_free(&ahead);
        rig_free(&rule);
    }
}
END_TEST

START_TEST(look_ahead_meets_more_than_its_rule)
{
    enum { SYSTEMS = 10 };
    long ahead_met = 0, rule_met = 0;
    int worse = 0;
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        static SimRig ahead, rule;
        run_random(&ahead, AHEAD[_i][0], seed, 1);
        run_random(&rule, AHEAD[_i][1], seed, 1);
        long a = sim_totals(ahead.sim)->all.met, b = sim_totals(rule.sim)->all.met;
        ahead_met += a;
        rule_met += b;
        worse += a < b;
        rig_free(&ahead);
        rig_free(&rule);
    }
    ck_assert_int_gt(ahead_met, rule_met + rule_met / 20);
    ck_assert_int_le(worse, SYSTEMS / 5); /* it looks only so far */
}
END_TEST

/* --- all of them --- */

static const char *const ALL[] = {
    "moca",      "moca+",      "moca-bw+",        "magma",
    "magma-10k", "magma-sla+", "lookahead-queue", "lookahead-reserve"};
enum { N_ALL = sizeof ALL / sizeof *ALL };

/* Whatever was before it. */
START_TEST(the_same_seed_gives_the_same_episode)
{
    const Scheduler *s = sched_rig_named(ALL[_i]);
    for (uint64_t seed = 0; seed < 2; seed++) {
        static SimRig a, b;
        random_rig(&a, seed);
        random_rig(&b, seed);
        sched_rig_start(&a, s, seed);
        sched_rig_finish(&a, s);
        sched_rig_start(&b, s, seed + 1);
        sched_rig_finish(&b, s);
        b.logged = 0;
        sched_reset(s, b.sim, &b.wl, seed);
        sched_rig_finish(&b, s);
        ck_same_episode(&a, &b);
        rig_free(&a);
        rig_free(&b);
    }
}
END_TEST

START_TEST(the_simulator_stays_sound_and_nothing_allocates)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        SimRig r;
        Err err = {0};
        random_rig(&r, seed);
        const Scheduler *s = sched_rig_named(ALL[_i]);
        sched_rig_start(&r, s, seed);
        for (Candidate c; sim_candidate(r.sim, &c);) {
            if (sim_check_state(r.sim, &err) != ST_OK) ck_abort_msg("%s", err.msg);
            long failed = mem_failed;
            mem_fail_at = 0;
            sched_step(s, r.sim);
            mem_fail_at = -1;
            if (mem_failed != failed) ck_abort_msg("%s allocates", ALL[_i]);
        }
        ck_assert_int_eq(sim_totals(r.sim)->all.issued, JOBS);
        ck_assert_int_eq(job_counts_ended(&sim_totals(r.sim)->all), JOBS);
        rig_free(&r);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("search_baselines");
    TCase *tc = new_case("MoCA", 60);
    tcase_add_test(tc, moca_admits_who_has_waited_longest_for_its_size);
    tcase_add_test(tc, moca_adds_the_level_of_a_request);
    tcase_add_test(tc, moca_takes_bandwidth_from_what_is_less_urgent);
    tcase_add_test(tc, moca_leaves_a_quarter);
    tcase_add_test(tc, moca_releases_what_nobody_contends_for);
    tcase_add_test(tc, moca_takes_nothing_without_contention);
    tcase_add_test(tc, moca_pairs_what_needs_much_bandwidth_with_what_does_not);
    tcase_add_test(tc, moca_does_not_pair_what_leaves_half_of_the_bandwidth);
    tcase_add_test(tc, moca_wants_no_partner_for_what_has_ended);
    tcase_add_test(tc, moca_gives_no_hopeless_partner_before_others);
    suite_add_tcase(s, tc);
    tc = new_case("MAGMA", 60);
    tcase_add_test(tc, magma_maps_a_window_as_a_whole);
    tcase_add_test(tc, magma_leaves_an_sa_idle_for_the_bandwidth_of_a_job_in_a_hurry);
    tcase_add_test(tc, magma_plans_what_is_not_ready_yet);
    tcase_add_test(tc, magma_searches_once_a_period_if_there_is_one);
    suite_add_tcase(s, tc);
    tc = new_case("look-ahead", 120);
    tcase_add_test(tc, look_ahead_leaves_an_sa_to_a_job_that_has_not_come_yet);
    tcase_add_test(tc, look_ahead_waits_under_list_planning);
    tcase_add_loop_test(tc, look_ahead_without_need_is_its_rule, 0, 2);
    tcase_add_loop_test(tc, look_ahead_meets_more_than_its_rule, 0, 2);
    suite_add_tcase(s, tc);
    tc = new_case("all", 120);
    tcase_add_loop_test(tc, the_same_seed_gives_the_same_episode, 0, N_ALL);
    tcase_add_loop_test(tc, the_simulator_stays_sound_and_nothing_allocates, 0, N_ALL);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
