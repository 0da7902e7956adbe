/* test_search_baselines.c -- schedulers that try things out before they decide: look-ahead, whose cases
 * show what knowing the future is worth. */
#include "env/sched.h"

#include "tests/support.h"
#include "tests/support/sched_rig.h"

#include <math.h>
#include <string.h>

static const int ONE_TYPE[2] = {0, 0}, TWO_TYPES[2] = {0, 1};

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

static const char *const ALL[] = {"lookahead-queue", "lookahead-reserve"};
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
    TCase *tc = new_case("look-ahead", 120);
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
