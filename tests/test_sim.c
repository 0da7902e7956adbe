/* test_sim.c -- the simulator on examples worked by hand: contention, queues and their orders,
 * priority classes, re-planning, firm deadlines, rejection, the price of a decision.
 * Laws on random systems are in test_sim_laws.c. */
#include "env/sim.h"

#include "tests/support.h"
#include "tests/support/sim_rig.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

static const double TOL = 1e-6;
#define CK_TIME(value, us) ck_assert_double_eq_tol(value, us, TOL)

static const int ONE_TYPE[4] = {0, 0, 0, 0}, TWO_TYPES[2] = {0, 1};

/* Decides the current candidate, which must be of that network and sub-job, at that time. */
static void commit_at(SimRig *r, double t, int net, int sub, int sa, int priority_class)
{
    Candidate c;
    ck_assert(sim_candidate(r->sim, &c));
    CK_TIME(sim_now(r->sim), t);
    ck_assert_int_eq(c.net, net);
    ck_assert_int_eq(c.sub, sub);
    sim_commit(r->sim, sa, priority_class);
}

/* The episode is over; the n jobs, in order of arrival, ended then. */
static void ck_ends(SimRig *r, int n, const double *end_us)
{
    Candidate c;
    ck_assert(!sim_candidate(r->sim, &c));
    ck_assert_int_eq(sim_totals(r->sim)->all.issued, n);
    rig_sort_log(r);
    for (int i = 0; i < n; i++) CK_TIME(r->log[i].end_us, end_us[i]);
}

/* --- contention --- */

static void tiny_rig(SimRig *r, Arbitration arbitration)
{
    System *sys;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    rig_of(r, sys);
    r->cfg.arbitration = arbitration;
}

static const int ALPHA_BETA[] = {0, 1};

START_TEST(equal_demands_share_in_halves)
{
    SimRig r;
    tiny_rig(&r, (Arbitration)_i);
    rig_start_with(&r, ALPHA_BETA, 2);
    commit_at(&r, 0, 0, 0, 0, 0);  /* alpha[0] on SA 0: 80/us */
    commit_at(&r, 0, 1, 0, 1, 0);  /* beta[0] on SA 1: 80/us; both at 0.625 */
    commit_at(&r, 16, 0, 1, 1, 0); /* alpha[1] on SA 1: 10 us, computes only */
    commit_at(&r, 16, 1, 1, 0, 0); /* beta[1] on SA 0: 5 us, the whole bandwidth */
    ck_ends(&r, 2, (double[]){26, 21});
    ck_assert_double_eq_tol(sim_totals(r.sim)->bytes_moved, 800 + 800 + 0 + 500, TOL);
    ck_assert_double_eq_tol(sim_totals(r.sim)->energy_uj, 8 + 6 + 5 + 3, TOL);
    CK_TIME(sim_totals(r.sim)->busy_us[0], 21);
    CK_TIME(sim_totals(r.sim)->busy_us[1], 26);
    rig_free(&r);
}
END_TEST

START_TEST(contention_begins_above_the_bandwidth)
{
    SimRig r;
    tiny_rig(&r, (Arbitration)_i);
    rig_start_with(&r, ALPHA_BETA, 2);
    commit_at(&r, 0, 0, 0, 1, 0); /* 40/us each */
    commit_at(&r, 0, 1, 0, 0, 0);
    commit_at(&r, 10, 1, 1, 0, 0);   /* beta[1] wants 100/us while alpha[0] takes 40/us */
    if (_i == ARBITRATION_MAX_MIN) { /* alpha[0] has its 40, beta[1] the other 60 */
        commit_at(&r, 20, 0, 1, 1, 0);
        ck_ends(&r, 2, (double[]){30, 10 + 5 / 0.6});
    } else { /* both at 100/140 until beta[1] ends at 17; 5 us of alpha[0] are left */
        commit_at(&r, 22, 0, 1, 1, 0);
        ck_ends(&r, 2, (double[]){32, 17});
    }
    rig_free(&r);
}
END_TEST

/* alpha[0] (80/us on SA 0) against beta[1] (50/us on SA 1), as networks of their own. */
static void unequal_rig(SimRig *r, Arbitration arbitration)
{
    static const ChainNet NET[2] = {{1, {{{10, 800, 8}}, {{20, 800, 4}}}, 1e6},
                                    {1, {{{5, 500, 3}}, {{10, 500, 3}}}, 1e6}};
    rig_chains(r, 2, TWO_TYPES, NET, 2);
    r->cfg.arbitration = arbitration;
    rig_start_with(r, ALPHA_BETA, 2);
    commit_at(r, 0, 0, 0, 0, 0);
    commit_at(r, 0, 1, 0, 1, 0);
}

START_TEST(max_min_serves_the_smaller_demand_first)
{
    SimRig r;
    unequal_rig(&r, ARBITRATION_MAX_MIN);
    ck_ends(&r, 2, (double[]){13.75, 10});
    rig_free(&r);
}
END_TEST

START_TEST(proportional_slows_both)
{
    SimRig r;
    unequal_rig(&r, ARBITRATION_PROPORTIONAL);
    ck_ends(&r, 2, (double[]){13, 13});
    rig_free(&r);
}
END_TEST

/* When does "victim" (12 us, 45/us on SA 0) end beside a fork: first 11 us at 60/us on SA 1, then
 * two branches of 100/us each on SAs 1 and 2? */
static double end_of_victim(double bandwidth)
{
    static const SubJobCost FORK[4] = {{11, 660, 1}, {9, 900, 1}, {9, 900, 1}, {1, 0, 1}};
    static const SubJobCost VICTIM[1] = {{12, 540, 1}};
    static const int N_PREDS[1] = {0}, FIRST_SUCC[2] = {0, 0};
    System *diamond, *sys;
    SimRig r;
    Err err = {0};
    ck_ok(tiny_system_diamond(&diamond, &err), err);
    System d = *diamond;
    d.dram_bytes_per_us = bandwidth;
    d.n_sas = 3;
    d.sa_type[1] = d.sa_type[2] = 0;
    d.n_types = 1;
    d.net[0].cost[0] = FORK;
    d.n_nets = 2;
    d.net[1] = (SysNet){.name = "victim",
                        .n_subjobs = 1,
                        .n_preds = N_PREDS,
                        .first_succ = FIRST_SUCC,
                        .succ = d.net[0].succ,
                        .cost = {VICTIM}};
    ck_ok(system_build(&sys, &d, &err), err);
    rig_of(&r, sys);
    rig_start_with(&r, (int[]){1, 0}, 2);
    sim_commit(r.sim, 0, 0);
    for (Candidate c; sim_candidate(r.sim, &c);) sim_commit(r.sim, c.sub == 2 ? 2 : 1, 0);
    rig_sort_log(&r);
    double end = r.log[0].end_us;
    rig_free(&r);
    system_destroy(diamond);
    return end;
}

/* Even if who runs where and in which order is fixed: the fork's first part ends earlier and its
 * greedy branches meet the victim. So the laws claim monotony only for what starts together. */
START_TEST(more_bandwidth_may_delay)
{
    CK_TIME(end_of_victim(100), 12);            /* 45 + 55: the fork's first part too ends at 12 */
    CK_TIME(end_of_victim(105), 11 + 45 / 35.); /* it ends at 11; then 35 each for the last us */
}
END_TEST

/* --- graphs --- */

static double diamond_end(int second_sa)
{
    SimRig r;
    System *sys;
    Err err = {0};
    ck_ok(tiny_system_diamond(&sys, &err), err);
    rig_of(&r, sys);
    rig_start_with(&r, (int[]){0}, 1);
    commit_at(&r, 0, 0, 0, 0, 0);
    commit_at(&r, 10, 0, 1, 0, 0); /* both branches are ready at once */
    commit_at(&r, 10, 0, 2, second_sa, 0);
    Candidate c;
    ck_assert(sim_candidate(r.sim, &c) && c.sub == 3);
    sim_commit(r.sim, 0, 0);
    rig_sort_log(&r);
    ck_assert_double_eq_tol(r.log[0].energy_uj, 4, TOL);
    double us = r.log[0].end_us - r.log[0].arrival_us;
    rig_free(&r);
    return us;
}

START_TEST(branches_of_a_diamond_run_side_by_side)
{
    CK_TIME(diamond_end(1), 30);
    CK_TIME(diamond_end(0), 40);
}
END_TEST

/* --- queues --- */

/* SA 0 runs a filler until 10; c, a and b queue up behind it in this order of arrival. */
enum { FILLER, A, B, C };
static const ChainNet QUEUED[4] = {{1, {{{10, 0, 1}}}, 1000},
                                   {1, {{{8, 0, 1}}}, 100},
                                   {1, {{{20, 0, 1}}}, 85},
                                   {1, {{{30, 0, 1}}}, 90}};

/* Networks in order of their ends. */
static void ck_order_of_ends(SimRig *r, const int *net, int n)
{
    Candidate c;
    ck_assert(!sim_candidate(r->sim, &c));
    for (int i = 0; i < n; i++) ck_assert_int_eq(r->log[i].net, net[i]);
}

static void queue_up(SimRig *r, QueueOrder order, const int *priority_class)
{
    rig_chains(r, 1, ONE_TYPE, QUEUED, 4);
    r->cfg.rules.queue_order = order;
    r->cfg.classes = 4;
    rig_start_with(r, (int[]){FILLER, C, A, B}, 4);
    for (int i = 0; i < 4; i++) sim_commit(r->sim, 0, priority_class[i]);
}

static const struct {
    QueueOrder order;
    int ends[4];
} ORDER_CASE[] = {
    {ORDER_FCFS, {FILLER, C, A, B}}, {ORDER_EDF, {FILLER, B, C, A}}, /* 85, 90, 100 */
    {ORDER_LLF, {FILLER, C, B, A}},                                  /* 60, 65, 92 */
    {ORDER_SRPT, {FILLER, A, B, C}}, {ORDER_SJF, {FILLER, A, B, C}}, /* 8, 20, 30 */
    {ORDER_DR, {FILLER, B, A, C}},                                   /* 105, 108, 120 */
    {ORDER_PLAN, {FILLER, C, A, B}},
};

START_TEST(an_sa_starts_the_best_of_its_queue)
{
    SimRig r;
    queue_up(&r, ORDER_CASE[_i].order, (int[]){0, 0, 0, 0});
    ck_order_of_ends(&r, ORDER_CASE[_i].ends, 4);
    rig_free(&r);
}
END_TEST

START_TEST(priority_classes_go_before_the_order)
{
    SimRig r;
    queue_up(&r, ORDER_FCFS, (int[]){3, 2, 0, 1}); /* the filler runs already */
    ck_order_of_ends(&r, (int[]){FILLER, A, B, C}, 4);
    rig_free(&r);
    queue_up(&r, ORDER_EDF, (int[]){0, 0, 1, 0});
    ck_order_of_ends(&r, (int[]){FILLER, B, C, A}, 4);
    rig_free(&r);
    queue_up(&r, ORDER_EDF, (int[]){0, 1, 0, 1});
    ck_order_of_ends(&r, (int[]){FILLER, A, B, C}, 4);
    rig_free(&r);
}
END_TEST

START_TEST(an_episode_of_one_class_has_one_queue)
{
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, QUEUED, 4);
    rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
    for (int i = 0; i < 4; i++) commit_at(&r, 0, (int[]){FILLER, C, A, B}[i], 0, 0, 0);
    ck_ends(&r, 4, (double[]){10, 40, 48, 68});
    ck_assert_int_eq(sim_totals(r.sim)->all.met, 4);
    rig_free(&r);
}
END_TEST

/* SRPT looks at what is left of the job, SJF at its whole network. */
START_TEST(remaining_work_differs_from_the_networks_length)
{
    static const ChainNet NET[3] = {
        {1, {{{12, 0, 1}}}, 1e6}, {2, {{{10, 0, 1}, {5, 0, 1}}}, 1e6}, {1, {{{8, 0, 1}}}, 1e6}};
    for (int k = 0; k < 2; k++) {
        SimRig r;
        rig_chains(&r, 2, ONE_TYPE, NET, 3);
        r.cfg.rules.queue_order = k ? ORDER_SJF : ORDER_SRPT;
        rig_start_with(&r, (int[]){0, 1, 2}, 3);
        commit_at(&r, 0, 0, 0, 0, 0);  /* SA 0 is busy until 12 */
        commit_at(&r, 0, 1, 0, 1, 0);  /* the long chain starts on SA 1 */
        commit_at(&r, 0, 2, 0, 0, 0);  /* 8 us wait on SA 0 */
        commit_at(&r, 10, 1, 1, 0, 0); /* 5 us left of 15 join them */
        ck_ends(&r, 3, k ? (double[]){12, 25, 20} : (double[]){12, 17, 25});
        rig_free(&r);
    }
}
END_TEST

START_TEST(hopeless_jobs_go_last)
{
    /* At 10 job c (30 us, due at 35) can no longer make it. */
    ChainNet net[4];
    for (int last = 0; last < 2; last++) {
        SimRig r;
        memcpy(net, QUEUED, sizeof net);
        net[C].deadline_us = 35;
        rig_chains(&r, 1, ONE_TYPE, net, 4);
        r.cfg.rules = (SchedRules){.queue_order = ORDER_EDF, .hopeless_last = last};
        rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
        for (int i = 0; i < 4; i++) sim_commit(r.sim, 0, 0);
        ck_order_of_ends(&r, last ? (int[]){FILLER, B, A, C} : (int[]){FILLER, C, B, A}, 4);
        ck_assert_int_eq(sim_totals(r.sim)->all.late, 1);
        rig_free(&r);
    }
}
END_TEST

/* While the filler runs, "lost" loses hope at 10; what is queued at 15 must still respect "next",
 * which waits behind "lost". */
START_TEST(a_job_that_lost_hope_in_the_queue_hides_nobody)
{
    enum { LONG, LOST, NEXT, CHAIN };
    static const ChainNet NET[4] = {{1, {{{40, 0, 1}}}, 1000},
                                    {1, {{{10, 0, 1}}}, 20},
                                    {1, {{{10, 0, 1}}}, 100},
                                    {2, {{{15, 0, 1}, {10, 0, 1}}}, 120}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    r.cfg.rules = (SchedRules){.queue_order = ORDER_EDF, .hopeless_last = true};
    rig_start_with(&r, (int[]){LONG, LOST, NEXT, CHAIN}, 4);
    commit_at(&r, 0, LONG, 0, 0, 0);
    commit_at(&r, 0, LOST, 0, 0, 0);
    commit_at(&r, 0, NEXT, 0, 0, 0);
    commit_at(&r, 0, CHAIN, 0, 1, 0);
    commit_at(&r, 15, CHAIN, 1, 0, 0);
    ck_ends(&r, 4, (double[]){40, 70, 50, 60});
    rig_free(&r);
}
END_TEST

START_TEST(ready_sub_jobs_are_offered_in_the_ready_order)
{
    /* All three are recalled at 5 and offered by deadline. */
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, QUEUED, 4);
    r.cfg.replan_us = 5;
    r.cfg.rules = (SchedRules){.ready_order = ORDER_EDF, .queue_order = ORDER_PLAN};
    rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
    for (int i = 0; i < 4; i++) commit_at(&r, 0, (int[]){FILLER, C, A, B}[i], 0, 0, 0);
    commit_at(&r, 5, B, 0, 0, 0);
    commit_at(&r, 5, C, 0, 0, 0);
    commit_at(&r, 5, A, 0, 0, 0);
    rig_free(&r);
}
END_TEST

/* --- placing anew --- */

START_TEST(queued_sub_jobs_return_at_the_period_and_started_ones_do_not)
{
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, QUEUED, 4);
    r.cfg.replan_us = 4;
    rig_start_with(&r, (int[]){FILLER, A}, 2);
    commit_at(&r, 0, FILLER, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0); /* waits behind the filler although SA 1 is idle */
    commit_at(&r, 4, A, 0, 1, 0); /* gets a second chance, and starts */
    ck_ends(&r, 2, (double[]){10, 12});
    ck_assert_int_eq(sim_totals(r.sim)->decisions, 3);
    ck_assert_int_eq(sim_totals(r.sim)->started, 2);
    rig_free(&r);
}
END_TEST

START_TEST(without_a_period_nothing_returns)
{
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, QUEUED, 4);
    rig_start_with(&r, (int[]){FILLER, A}, 2);
    commit_at(&r, 0, FILLER, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0);
    ck_ends(&r, 2, (double[]){10, 18});
    rig_free(&r);
}
END_TEST

START_TEST(events_recall_what_is_queued)
{
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, QUEUED, 4);
    r.cfg.rules.replan_on_events = true;
    rig_start_with(&r, (int[]){FILLER, A, C, B}, 4);
    commit_at(&r, 0, FILLER, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0); /* c has arrived */
    commit_at(&r, 0, C, 0, 1, 0);
    /* b has arrived and a is recalled, but no SA is idle until the filler is done */
    commit_at(&r, 10, A, 0, 0, 0);
    commit_at(&r, 18, B, 0, 0, 0);
    ck_ends(&r, 4, (double[]){10, 18, 30, 38});
    rig_free(&r);
}
END_TEST

/* The end of a sub-job whose job was dropped is a completion like any other: the SA is free. */
START_TEST(events_recall_when_a_dropped_jobs_sub_job_ends)
{
    ChainNet net[4];
    SimRig r;
    memcpy(net, QUEUED, sizeof net);
    net[C].deadline_us = 20;
    rig_chains(&r, 2, ONE_TYPE, net, 4);
    r.cfg.firm = true;
    r.cfg.rules.replan_on_events = true;
    rig_start_with(&r, (int[]){C, A}, 2);
    commit_at(&r, 0, C, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0);
    commit_at(&r, 30, A, 0, 1, 0);
    ck_ends(&r, 2, (double[]){20, 38});
    rig_free(&r);
}
END_TEST

/* --- deadlines, places, the scheduler's own time --- */

START_TEST(firm_jobs_are_dropped_at_their_deadline)
{
    /* c starts at 10 and is dropped at 20 while it runs; b is dropped at 25 while it waits; SA 0
     * serves c to its end at 40 all the same, and a after it. */
    ChainNet net[4];
    SimRig r;
    memcpy(net, QUEUED, sizeof net);
    net[C].deadline_us = 20;
    net[B].deadline_us = 25;
    rig_chains(&r, 1, ONE_TYPE, net, 4);
    r.cfg.firm = true;
    rig_start_with(&r, (int[]){FILLER, C, A, B}, 4);
    for (int i = 0; i < 4; i++) sim_commit(r.sim, 0, 0);
    ck_ends(&r, 4, (double[]){10, 20, 48, 25});
    const SimTotals *t = sim_totals(r.sim);
    ck_assert_int_eq(t->all.met, 2);
    ck_assert_int_eq(t->all.dropped, 2);
    ck_assert_int_eq(t->net[C].dropped, 1);
    ck_assert_int_eq(t->net[B].dropped, 1);
    ck_assert_int_eq(t->started, 3);
    ck_assert_double_eq_tol(t->energy_uj, 3, TOL); /* b never ran */
    ck_assert(r.log[1].dropped && r.log[3].dropped && !r.log[2].dropped);
    rig_free(&r);
}
END_TEST

START_TEST(a_firm_job_that_ends_at_its_deadline_is_met)
{
    static const ChainNet NET[1] = {{1, {{{16, 0, 1}}}, 16}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 1);
    r.cfg.firm = true;
    r.wl.rate_per_us = HUGE_VAL; /* arrives at 0 exactly: no rounding */
    r.wl.jobs = 1;
    rig_start(&r, 1);
    commit_at(&r, 0, 0, 0, 0, 0);
    ck_assert_int_eq(sim_totals(r.sim)->all.met, 1);
    rig_free(&r);
}
END_TEST

START_TEST(arrivals_without_a_place_are_rejected)
{
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, QUEUED, 4);
    r.cfg.max_jobs = 1;
    rig_start_with(&r, (int[]){A, B, C}, 3);
    commit_at(&r, 0, A, 0, 0, 0);
    ck_ends(&r, 3, (double[]){8, 0, 0});
    const SimTotals *t = sim_totals(r.sim);
    ck_assert_int_eq(t->all.met, 1);
    ck_assert_int_eq(t->all.rejected, 2);
    ck_assert_int_eq(t->net[B].rejected, 1);
    ck_assert(r.log[1].dropped && !r.log[1].met);
    CK_TIME(r.log[1].deadline_us, 85);
    rig_free(&r);
}
END_TEST

/* A job is dropped after 5 us but runs for 8; only then is there a place again. */
START_TEST(a_dropped_job_keeps_its_place_while_it_runs)
{
    static const ChainNet NET[1] = {{1, {{{8, 0, 1}}}, 5}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 1);
    r.cfg.firm = true;
    r.cfg.max_jobs = 1;
    r.wl.rate_per_us = 0.2;
    r.wl.jobs = 200;
    rig_start(&r, 1);
    for (Candidate c; sim_candidate(r.sim, &c);) sim_commit(r.sim, 0, 0);
    rig_sort_log(&r);
    double free_at = 0;
    for (int i = 0; i < 200; i++) {
        bool rejected = r.log[i].arrival_us < free_at;
        CK_TIME(r.log[i].end_us, r.log[i].arrival_us + (rejected ? 0 : 5));
        if (!rejected) free_at = r.log[i].arrival_us + 8;
    }
    rig_free(&r);
}
END_TEST

START_TEST(decisions_take_their_time)
{
    static const ChainNet NET[2] = {{2, {{{10, 0, 1}, {10, 0, 1}}}, 1e6}, {1, {{{7, 0, 1}}}, 1e6}};
    SimRig r;
    rig_chains(&r, 2, ONE_TYPE, NET, 2);
    r.cfg.decision_us = 3;
    rig_start_with(&r, ALPHA_BETA, 2);
    commit_at(&r, 0, 0, 0, 0, 0);  /* starts at 3 */
    commit_at(&r, 3, 1, 0, 0, 0);  /* queued at 6 */
    commit_at(&r, 13, 0, 1, 1, 0); /* decided until 16, runs until 26; SA 0 goes on at 13 */
    ck_ends(&r, 2, (double[]){26, 20});
    rig_free(&r);
}
END_TEST

START_TEST(a_job_dropped_while_it_is_decided_never_runs)
{
    static const ChainNet NET[1] = {{1, {{{10, 0, 1}}}, 2}};
    SimRig r;
    rig_chains(&r, 1, ONE_TYPE, NET, 1);
    r.cfg.decision_us = 3;
    r.cfg.firm = true;
    r.cfg.max_jobs = 1;
    rig_start_with(&r, (int[]){0}, 1);
    commit_at(&r, 0, 0, 0, 0, 0);
    ck_ends(&r, 1, (double[]){2});
    ck_assert_int_eq(sim_totals(r.sim)->all.dropped, 1);
    ck_assert_int_eq(sim_totals(r.sim)->started, 0);
    rig_free(&r);
}
END_TEST

START_TEST(an_episode_without_jobs_is_over_at_once)
{
    SimRig r;
    Candidate c;
    tiny_rig(&r, ARBITRATION_MAX_MIN);
    rig_start(&r, 1);
    ck_assert(!sim_candidate(r.sim, &c));
    ck_assert_int_eq(sim_totals(r.sim)->all.issued, 0);
    ck_assert_double_eq(sim_now(r.sim), 0);
    rig_free(&r);
}
END_TEST

/* --- what schedulers read --- */

START_TEST(a_quote_tells_what_is_ahead_and_behind)
{
    SimRig r;
    Quote q;
    rig_chains(&r, 1, ONE_TYPE, QUEUED, 4);
    r.cfg.rules.queue_order = ORDER_EDF;
    r.cfg.classes = 2;
    rig_start_with(&r, (int[]){FILLER, A, B, C}, 4);
    commit_at(&r, 0, FILLER, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 0);
    commit_at(&r, 0, B, 0, 0, 0);
    sim_quote(r.sim, 0, 0, &q); /* of c: b before it, a behind */
    CK_TIME(q.cost_us, 30);
    CK_TIME(q.wait_us, 10 + 20);
    ck_assert_int_eq(q.behind, 1);
    CK_TIME(q.behind_us, 8);
    CK_TIME(q.min_laxity_us, 92);
    ck_assert_int_eq(q.endangered, 0);
    sim_quote(r.sim, 0, 1, &q); /* in class 1 behind both */
    CK_TIME(q.wait_us, 10 + 20 + 8);
    ck_assert_int_eq(q.behind, 0);
    ck_assert_double_eq(q.min_laxity_us, 1e30);
    rig_free(&r);
}
END_TEST

START_TEST(a_quote_tells_who_would_be_endangered)
{
    ChainNet net[4];
    SimRig r;
    Quote q;
    memcpy(net, QUEUED, sizeof net);
    net[A].deadline_us = 48; /* laxity 40: survives 30 us more */
    net[B].deadline_us = 45; /* laxity 25: does not */
    rig_chains(&r, 1, ONE_TYPE, net, 4);
    r.cfg.classes = 2;
    rig_start_with(&r, (int[]){FILLER, A, B, C}, 4);
    commit_at(&r, 0, FILLER, 0, 0, 0);
    commit_at(&r, 0, A, 0, 0, 1);
    commit_at(&r, 0, B, 0, 0, 1);
    sim_quote(r.sim, 0, 0, &q); /* c in class 0 pushes both back */
    ck_assert_int_eq(q.behind, 2);
    CK_TIME(q.behind_us, 28);
    ck_assert_int_eq(q.endangered, 1);
    CK_TIME(q.min_laxity_us, 25);
    rig_free(&r);
}
END_TEST

START_TEST(views_follow_a_job)
{
    SimRig r;
    JobView j;
    SaView s;
    tiny_rig(&r, ARBITRATION_MAX_MIN);
    rig_start_with(&r, ALPHA_BETA, 2);
    int alpha = sim_active(r.sim)[0];
    sim_job(r.sim, alpha, &j);
    CK_TIME(j.rem_us, 20);
    CK_TIME(j.projected_us, 20);
    commit_at(&r, 0, 0, 0, 1, 0); /* 20 us instead of 10 */
    sim_job(r.sim, alpha, &j);
    CK_TIME(j.rem_us, 20);
    CK_TIME(j.projected_us, 30);
    ck_assert_int_eq(j.outstanding, 1);
    sim_sa(r.sim, 1, &s);
    ck_assert(s.busy);
    CK_TIME(s.left_us, 20);
    ck_assert_double_eq(s.demand, 40);
    commit_at(&r, 0, 1, 0, 1, 0);
    sim_sa(r.sim, 1, &s); /* at 20: alpha[1] is ready */
    CK_TIME(sim_now(r.sim), 20);
    sim_job(r.sim, alpha, &j);
    CK_TIME(j.rem_us, 10);
    CK_TIME(j.projected_us, 10);
    ck_assert_int_eq(j.subjobs_left, 1);
    rig_free(&r);
}
END_TEST

START_TEST(an_sa_shows_what_is_left_and_queued)
{
    static const ChainNet NET[4] = {{2, {{{10, 0, 1}, {5, 0, 1}}}, 1e6},
                                    {1, {{{8, 0, 1}}}, 1e6},
                                    {1, {{{20, 0, 1}}}, 1e6},
                                    {1, {{{30, 0, 1}}}, 1e6}};
    SimRig r;
    SaView s;
    rig_chains(&r, 2, ONE_TYPE, NET, 4);
    rig_start_with(&r, (int[]){0, 1, 2, 3}, 4);
    commit_at(&r, 0, 0, 0, 1, 0);
    for (int net = 1; net < 4; net++) commit_at(&r, 0, net, 0, 0, 0);
    CK_TIME(sim_now(r.sim), 10); /* the chain's second part; SA 0 is at its second job */
    sim_sa(r.sim, 0, &s);
    ck_assert(s.busy);
    CK_TIME(s.left_us, 18);
    ck_assert_int_eq(s.queued, 1);
    CK_TIME(s.queued_us, 30);
    sim_sa(r.sim, 1, &s);
    ck_assert(!s.busy);
    ck_assert_int_eq(s.queued, 0);
    ck_assert_double_eq(s.left_us, 0);
    ck_assert_double_eq(s.rate, 1);
    rig_free(&r);
}
END_TEST

/* Projected work counts a placement as long as it stands. */
START_TEST(a_recall_takes_the_projection_back)
{
    static const ChainNet NET[3] = {{1, {{{10, 0, 1}}, {{10, 0, 1}}}, 1e6},
                                    {1, {{{8, 0, 1}}, {{25, 0, 1}}}, 1e6},
                                    {1, {{{8, 0, 1}}, {{25, 0, 1}}}, 1e6}};
    SimRig r;
    JobView j;
    rig_chains(&r, 2, TWO_TYPES, NET, 3);
    r.cfg.replan_us = 4;
    rig_start_with(&r, (int[]){0, 1, 2}, 3);
    commit_at(&r, 0, 0, 0, 1, 0);
    commit_at(&r, 0, 1, 0, 1, 0); /* waits for 25 us on SA 1 instead of 8 on SA 0 */
    int waiting = sim_active(r.sim)[1];
    sim_job(r.sim, waiting, &j);
    CK_TIME(j.projected_us, 25);
    commit_at(&r, 0, 2, 0, 0, 0);
    CK_TIME(sim_now(r.sim), 4); /* the second job is back */
    sim_job(r.sim, waiting, &j);
    CK_TIME(j.projected_us, 8);
    CK_TIME(j.rem_us, 8);
    sim_job(r.sim, sim_active(r.sim)[2], &j);
    CK_TIME(j.projected_us, 8 - 4); /* half done */
    CK_TIME(j.rem_us, 8);
    rig_free(&r);
}
END_TEST

START_TEST(settings_out_of_range_are_refused)
{
    static const SimConfig BAD[] = {
        {.classes = 0, .max_jobs = 1},
        {.classes = 5, .max_jobs = 1},
        {.classes = 1, .max_jobs = 0},
        {.classes = 1, .max_jobs = (1 << 20) + 1},
        {.classes = 1, .max_jobs = 1, .replan_us = -1},
        {.classes = 1, .max_jobs = 1, .replan_us = 1e-300}, /* would never end */
        {.classes = 1, .max_jobs = 1, .decision_us = -1},
        {.classes = 1, .max_jobs = 1, .replan_us = (double)NAN},
        {.classes = 1, .max_jobs = 1, .decision_us = (double)INFINITY},
        {.classes = 1, .max_jobs = 1, .rules.ready_order = ORDER_PLAN}, /* queues only */
    };
    SimRig r;
    tiny_rig(&r, ARBITRATION_MAX_MIN);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Sim *sim;
        Err err = {0};
        ck_assert_int_eq(sim_create(&sim, r.sys, &BAD[i], 0, &err), ST_CONFIG);
        ck_assert_ptr_null(sim);
        ck_assert_int_gt(strlen(err.msg), 0);
    }
    rig_free(&r);
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    SimRig r;
    Sim *sim;
    Err err = {0};
    tiny_rig(&r, ARBITRATION_MAX_MIN);
    ck_every_allocation_failure(sim_create(&sim, r.sys, &r.cfg, 8, &err), sim_destroy(sim));
    sim_destroy(NULL);
    rig_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sim");
    TCase *tc = new_case("contention", 60);
    tcase_add_loop_test(tc, equal_demands_share_in_halves, 0, 2);
    tcase_add_loop_test(tc, contention_begins_above_the_bandwidth, 0, 2);
    tcase_add_test(tc, max_min_serves_the_smaller_demand_first);
    tcase_add_test(tc, proportional_slows_both);
    tcase_add_test(tc, more_bandwidth_may_delay);
    tcase_add_test(tc, branches_of_a_diamond_run_side_by_side);
    suite_add_tcase(s, tc);
    tc = new_case("queues", 60);
    tcase_add_loop_test(tc, an_sa_starts_the_best_of_its_queue, 0,
                        (int)(sizeof ORDER_CASE / sizeof *ORDER_CASE));
    tcase_add_test(tc, priority_classes_go_before_the_order);
    tcase_add_test(tc, an_episode_of_one_class_has_one_queue);
    tcase_add_test(tc, remaining_work_differs_from_the_networks_length);
    tcase_add_test(tc, hopeless_jobs_go_last);
    tcase_add_test(tc, a_job_that_lost_hope_in_the_queue_hides_nobody);
    tcase_add_test(tc, ready_sub_jobs_are_offered_in_the_ready_order);
    suite_add_tcase(s, tc);
    tc = new_case("placing anew", 60);
    tcase_add_test(tc, queued_sub_jobs_return_at_the_period_and_started_ones_do_not);
    tcase_add_test(tc, without_a_period_nothing_returns);
    tcase_add_test(tc, events_recall_what_is_queued);
    tcase_add_test(tc, events_recall_when_a_dropped_jobs_sub_job_ends);
    suite_add_tcase(s, tc);
    tc = new_case("deadlines and limits", 60);
    tcase_add_test(tc, firm_jobs_are_dropped_at_their_deadline);
    tcase_add_test(tc, a_firm_job_that_ends_at_its_deadline_is_met);
    tcase_add_test(tc, arrivals_without_a_place_are_rejected);
    tcase_add_test(tc, a_dropped_job_keeps_its_place_while_it_runs);
    tcase_add_test(tc, decisions_take_their_time);
    tcase_add_test(tc, a_job_dropped_while_it_is_decided_never_runs);
    tcase_add_test(tc, an_episode_without_jobs_is_over_at_once);
    suite_add_tcase(s, tc);
    tc = new_case("views and settings", 60);
    tcase_add_test(tc, a_quote_tells_what_is_ahead_and_behind);
    tcase_add_test(tc, a_quote_tells_who_would_be_endangered);
    tcase_add_test(tc, views_follow_a_job);
    tcase_add_test(tc, an_sa_shows_what_is_left_and_queued);
    tcase_add_test(tc, a_recall_takes_the_projection_back);
    tcase_add_test(tc, settings_out_of_range_are_refused);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
