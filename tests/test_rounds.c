/* test_rounds.c -- the interface that asks for all that is ready at once: after each event, or once a
 * period as in the paper; and the throttle that a round may set. */
#include "env/sched.h"

#include "tests/support.h"
#include "tests/support/sim_rig.h"

#include <math.h>
#include <string.h>

static const int ONE_TYPE[2] = {0, 0};
enum { FILLER, A, B, C };
static const ChainNet FOUR[4] = {{1, {{{10, 0, 1}}}, 1000},
                                 {1, {{{8, 0, 1}}}, 100},
                                 {1, {{{20, 0, 1}}}, 85},
                                 {1, {{{30, 0, 1}}}, 90}};

static void start_rounds(SimRig *r, int sas, Asking asking)
{
    rig_chains(r, sas, ONE_TYPE, FOUR, 4);
    r->cfg.rules =
        (SchedRules){.asking = asking, .ready_order = ORDER_EDF, .queue_order = ORDER_GIVEN};
    r->cfg.replan_us = asking == ASK_TICKS ? 4 : 0;
}

/* Checks what the round offers, by network. */
static void ck_round(const SimRig *r, double at_us, const int *net, int n)
{
    Candidate c[8];
    ck_assert_double_eq_tol(sim_now(r->sim), at_us, 1e-3);
    ck_assert_int_eq(sim_round(r->sim, c, 8), n);
    for (int i = 0; i < n; i++) ck_assert_int_eq(c[i].net, net[i]);
}

static void place(SimRig *r, int net, int sa, double key)
{
    Candidate c[8];
    int n = sim_round(r->sim, c, 8), i = 0;
    while (i < n && c[i].net != net) i++;
    ck_assert_int_lt(i, n);
    sim_place(r->sim, &c[i], sa, 0, key);
}

static void ck_end(const SimRig *r, int i, int net, double us)
{
    ck_assert_int_eq(r->log[i].net, net);
    ck_assert_double_eq_tol(r->log[i].end_us, us, 1e-3);
}

/* Arrivals are events: each makes a round of what has come so far. */
START_TEST(a_round_offers_all_that_is_ready_in_the_ready_order)
{
    SimRig r;
    start_rounds(&r, 1, ASK_ROUNDS);
    rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
    ck_round(&r, 0, (int[]){FILLER}, 1);
    place(&r, FILLER, 0, 0);
    sim_proceed(r.sim);
    ck_round(&r, 0, (int[]){C}, 1);
    sim_proceed(r.sim); /* nothing placed: it stays */
    ck_round(&r, 0, (int[]){C, A}, 2);
    sim_proceed(r.sim);
    ck_round(&r, 0, (int[]){B, C, A}, 3); /* by deadline: 85, 90, 100 */
    place(&r, A, 0, 2);
    place(&r, B, 0, 3);
    ck_round(&r, 0, (int[]){C}, 1);
    place(&r, C, 0, 1);
    sim_proceed(r.sim); /* the SA serves by the keys given */
    ck_assert_int_eq(sim_round(r.sim, &(Candidate){0}, 1), 0);
    ck_end(&r, 0, FILLER, 10);
    ck_end(&r, 1, C, 40);
    ck_end(&r, 2, A, 48);
    ck_end(&r, 3, B, 68);
    ck_assert_int_eq(sim_totals(r.sim)->decisions, 4);
    rig_free(&r);
}
END_TEST

START_TEST(a_periodic_scheduler_is_asked_at_the_period_only)
{
    SimRig r;
    start_rounds(&r, 1, ASK_TICKS);
    rig_start_with(&r, (int[]){A, B}, 2);
    ck_round(&r, 4, (int[]){B, A}, 2);
    place(&r, A, 0, 0);
    place(&r, B, 0, 1);
    sim_proceed(r.sim); /* A starts; B, that waits, returns with the next period */
    ck_round(&r, 8, (int[]){B}, 1);
    place(&r, B, 0, 0);
    sim_proceed(r.sim);
    ck_assert_int_eq(sim_round(r.sim, &(Candidate){0}, 1), 0);
    ck_end(&r, 0, A, 12);
    ck_end(&r, 1, B, 32);
    rig_free(&r);
}
END_TEST

START_TEST(a_round_takes_its_time_and_sees_what_happened_meanwhile)
{
    SimRig r;
    start_rounds(&r, 1, ASK_ROUNDS);
    r.cfg.decision_us = 3;
    rig_start_with(&r, (int[]){A, B}, 2);
    ck_round(&r, 3, (int[]){B, A}, 2);
    place(&r, A, 0, 0);
    place(&r, B, 0, 1);
    sim_proceed(r.sim);
    ck_end(&r, 0, A, 11);
    ck_end(&r, 1, B, 31);
    rig_free(&r);
}
END_TEST

START_TEST(what_is_never_placed_is_placed_in_the_end)
{
    SimRig r;
    start_rounds(&r, 1, ASK_ROUNDS);
    rig_start_with(&r, (int[]){A, B}, 2);
    for (Candidate c; sim_candidate(r.sim, &c);) sim_proceed(r.sim);
    ck_assert_int_eq(sim_totals(r.sim)->all.met, 2);
    rig_free(&r);
}
END_TEST

/* The tick at 4 finds nothing to place; what becomes ready at 5 waits for the one at 6. */
START_TEST(a_tick_without_anything_to_place_is_gone)
{
    static const ChainNet CHAIN[1] = {{2, {{{3, 0, 1}, {20, 0, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, CHAIN, 1);
    r.cfg.rules = (SchedRules){.asking = ASK_TICKS, .queue_order = ORDER_GIVEN};
    r.cfg.replan_us = 2;
    rig_start_with(&r, (int[]){0}, 1);
    ck_round(&r, 2, (int[]){0}, 1);
    place(&r, 0, 0, 0);
    sim_proceed(r.sim); /* runs from 2 to 5, over the tick at 4 */
    ck_round(&r, 6, (int[]){0}, 1);
    sim_proceed(r.sim); /* not placed, and nothing else will come: it is placed all the same */
    ck_end(&r, 0, 0, 26);
    rig_free(&r);
}
END_TEST

/* Ticks would go on for ever. */
START_TEST(what_is_never_placed_is_placed_in_spite_of_ticks)
{
    for (int asking = ASK_ROUNDS; asking <= ASK_TICKS; asking++) {
        SimRig r;
        start_rounds(&r, 1, (Asking)asking);
        r.cfg.replan_us = 4;
        rig_start_with(&r, (int[]){A, B}, 2);
        for (Candidate c; sim_candidate(r.sim, &c);) sim_proceed(r.sim);
        ck_assert_int_eq(sim_totals(r.sim)->all.met, 2);
        rig_free(&r);
    }
}
END_TEST

/* 100 bytes/us of bandwidth; 800 bytes in 8 us demand all of it. */
START_TEST(a_throttled_sub_job_gets_no_more_than_its_limit)
{
    static const struct {
        double limit, end;
    } CASE[] = {{50, 16}, {100, 8}, {1e9, 8}, {1e-9, 800}};
    static const ChainNet ONE[1] = {{1, {{{8, 800, 1}}}, 1000}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        SimRig r;
        rig_chains(&r, 1, ONE_TYPE, ONE, 1);
        r.cfg.rules = (SchedRules){.asking = ASK_ROUNDS, .queue_order = ORDER_GIVEN};
        rig_start_with(&r, (int[]){0}, 1);
        place(&r, 0, 0, 0);
        sim_throttle(r.sim, 0, CASE[i].limit);
        sim_proceed(r.sim);
        ck_end(&r, 0, 0, CASE[i].end);
        ck_assert_double_eq_tol(sim_totals(r.sim)->bytes_moved, 800, 1e-6);
        rig_free(&r);
    }
}
END_TEST

/* What one leaves, the other may take. */
START_TEST(a_throttle_leaves_bandwidth_to_the_others)
{
    static const ChainNet TWO[2] = {{1, {{{8, 800, 1}}}, 1000}, {1, {{{16, 1600, 1}}}, 1000}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, TWO, 2);
    r.cfg.rules = (SchedRules){.asking = ASK_ROUNDS, .queue_order = ORDER_GIVEN};
    rig_start_with(&r, (int[]){0, 1}, 2);
    sim_throttle(r.sim, 1, 20);
    place(&r, 0, 0, 0);
    sim_proceed(r.sim);
    place(&r, 1, 1, 0);
    sim_proceed(r.sim);
    ck_end(&r, 0, 0, 10); /* at 80 of 100 */
    ck_end(&r, 1, 1, 80); /* 20 bytes/us throughout */
    rig_free(&r);
}
END_TEST

/* ---- one by one is a round too ---- */

/* EDF-H as a plan: in the ready order, each to its earliest finish, while an SA has nothing to do. */
static bool any_idle(const Sim *sim)
{
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        if (sched_is_free(&v)) return true;
    }
    return false;
}

static void plan_edf(Sim *sim)
{
    for (Candidate c; any_idle(sim) && sim_round(sim, &c, 1) > 0;) {
        int best = 0;
        double least = HUGE_VAL;
        for (int m = 0; m < sim_system(sim)->n_sas; m++) {
            Quote q;
            sim_quote_of(sim, &c, m, 0, 0, &q);
            if (q.wait_us + q.cost_us < least) least = q.wait_us + q.cost_us, best = m;
        }
        sim_place(sim, &c, best, 0, 0);
    }
}

START_TEST(a_round_of_single_choices_is_the_list_scheduler)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        static SimRig one, round;
        Rng rng;
        const Scheduler *edf = sched_find("edf-h");
        Scheduler plan = {.name = "plan", .rules = edf->rules, .plan = plan_edf};
        plan.rules.asking = ASK_ROUNDS;
        rng_seed(&rng, seed, 31);
        rig_random(&one, &rng, 40);
        rng_seed(&rng, seed, 31);
        rig_random(&round, &rng, 40);
        one.cfg.rules = edf->rules;
        round.cfg.rules = plan.rules;
        one.cfg.decision_us = round.cfg.decision_us = 0;
        rig_start(&one, seed);
        rig_start(&round, seed);
        for (Candidate c; sim_candidate(one.sim, &c);) sched_step(edf, one.sim);
        for (Candidate c; sim_candidate(round.sim, &c);) {
            Err err = {0};
            if (sim_check_state(round.sim, &err) != ST_OK) ck_abort_msg("%s", err.msg);
            sched_step(&plan, round.sim);
        }
        for (int i = 0; i < 40; i++) {
            const JobRecord *a = &one.log[i], *b = &round.log[i];
            ck_assert_int_eq(a->net, b->net);
            ck_assert_int_eq(a->met, b->met);
            ck_assert_int_eq(a->dropped, b->dropped);
            ck_assert_double_eq(a->arrival_us, b->arrival_us);
            ck_assert_double_eq(a->end_us, b->end_us);
            ck_assert_double_eq(a->energy_uj, b->energy_uj);
        }
        ck_assert_int_eq(sim_totals(one.sim)->decisions, sim_totals(round.sim)->decisions);
        rig_free(&one);
        rig_free(&round);
    }
}
END_TEST

START_TEST(a_periodic_scheduler_needs_a_period)
{
    SimRig r;
    Sim *sim;
    Err err = {0};
    start_rounds(&r, 1, ASK_TICKS);
    r.cfg.replan_us = 0;
    ck_assert_int_eq(sim_create(&sim, r.sys, &r.cfg, 0, &err), ST_CONFIG);
    ck_assert_msg(strstr(err.msg, "replan_us") != NULL, "%s", err.msg);
    rig_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rounds");
    TCase *tc = new_case("rounds", 60);
    tcase_add_test(tc, a_round_offers_all_that_is_ready_in_the_ready_order);
    tcase_add_test(tc, a_periodic_scheduler_is_asked_at_the_period_only);
    tcase_add_test(tc, a_round_takes_its_time_and_sees_what_happened_meanwhile);
    tcase_add_test(tc, what_is_never_placed_is_placed_in_the_end);
    tcase_add_test(tc, a_tick_without_anything_to_place_is_gone);
    tcase_add_test(tc, what_is_never_placed_is_placed_in_spite_of_ticks);
    tcase_add_test(tc, a_round_of_single_choices_is_the_list_scheduler);
    tcase_add_test(tc, a_periodic_scheduler_needs_a_period);
    suite_add_tcase(s, tc);
    tc = new_case("throttle", 60);
    tcase_add_test(tc, a_throttled_sub_job_gets_no_more_than_its_limit);
    tcase_add_test(tc, a_throttle_leaves_bandwidth_to_the_others);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
