/* test_scenario.c -- from settings to a workload: deadlines by profile, arrivals by process. */
#include "env/evaluate.h"

#include "tests/support.h"

#include <string.h>

static ScenarioConfig cfg;
static Scenario *sc;

static void setup(void)
{
    cfg = SCENARIO_DEFAULTS;
    strcpy(cfg.system, "tiny-2");
    strcpy(cfg.networks, "kws,resnet50");
}

static void create(void)
{
    Err err = {0};
    ck_ok(scenario_create(&sc, &cfg, 1, &err), err);
}

static void refused(const char *word)
{
    Err err = {0};
    ck_assert_int_ne(scenario_create(&sc, &cfg, 1, &err), ST_OK);
    ck_assert_ptr_null(sc);
    ck_assert_msg(strstr(err.msg, word) != NULL, "'%s' should say '%s'", err.msg, word);
}

START_TEST(relative_deadlines_follow_the_system)
{
    cfg.qos_factor = 5;
    cfg.qos_level.v[0] = 0.8;
    create();
    for (int i = 0; i < 2; i++)
        ck_assert_double_eq_tol(sc->workload.deadline_us[i], 4 * sc->sys->net[i].t_iso_us, 1e-9);
    scenario_destroy(sc);
}
END_TEST

START_TEST(networks_are_known_by_the_names_they_were_given)
{
    strcpy(cfg.networks, "kws, env/networks/alexnet.yaml");
    create();
    ck_assert_str_eq(sc->network[0], "kws");
    ck_assert_str_eq(sc->network[1], "env/networks/alexnet.yaml");
    ck_assert_str_eq(sc->sys->net[1].name, "alexnet");
    scenario_destroy(sc);
}
END_TEST

START_TEST(published_targets_do_not)
{
    cfg.qos = QOS_MOCA;
    cfg.qos_level.v[0] = 1.2;
    create();
    ck_assert_double_eq_tol(sc->workload.deadline_us[0], 40000, 1e-6); /* 30 per second */
    ck_assert_double_eq_tol(sc->workload.deadline_us[1], 60000, 1e-6);
    scenario_destroy(sc);
}
END_TEST

START_TEST(a_network_without_a_target_is_refused)
{
    cfg.qos = QOS_MLPERF;
    refused("'kws', only for resnet50");
}
END_TEST

START_TEST(each_tenant_may_have_its_own_level_and_priority)
{
    cfg.qos_level = (ConfigDoubles){2, {0.5, 2}};
    cfg.priorities = (ConfigDoubles){2, {9, 1}};
    create();
    for (int i = 0; i < 2; i++) {
        double relative = cfg.qos_factor * sc->sys->net[i].t_iso_us;
        ck_assert_double_eq_tol(sc->workload.deadline_us[i] / relative, cfg.qos_level.v[i], 1e-12);
        ck_assert_double_eq(sc->workload.priority[i], cfg.priorities.v[i]);
    }
    scenario_destroy(sc);
    cfg.priorities.n = 3;
    refused("scenario.priorities");
}
END_TEST

START_TEST(requests_may_have_priorities_of_their_own)
{
    create();
    ck_assert_int_eq(sc->workload.levels, 0);
    scenario_destroy(sc);
    cfg.request_priorities = (ConfigDoubles){4, {3, 0, 6, 1}};
    create();
    ck_assert_int_eq(sc->workload.levels, 4);
    for (int k = 0; k < 4; k++)
        ck_assert_double_eq_tol(sc->workload.level_share[k], cfg.request_priorities.v[k] / 10,
                                1e-12);
    scenario_destroy(sc);
    cfg.priorities = (ConfigDoubles){2, {9, 1}};
    refused("scenario.priorities gives some to networks");
    cfg.priorities.v[1] = 9;
    cfg.request_priorities = (ConfigDoubles){13, {1}};
    refused("scenario.request_priorities: has 13 levels, at most 12");
    cfg.request_priorities = (ConfigDoubles){2, {0, 0}};
    refused("scenario.request_priorities: must not all be zero");
}
END_TEST

/* Levels add up to what was issued, and the rules without an ear for them do the same as without. */
START_TEST(priorities_of_requests_change_only_who_hears_of_them)
{
    static const char *const NAME[] = {"edf-h", "prema", "planaria", "moca"};
    Pool *pool;
    Err err = {0};
    ck_ok(pool_create(&pool, 1, &err), err);
    cfg.episode_jobs = 90;
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++) {
        EvalResult plain, levels;
        Contender who = evaluate_baseline(sched_find(NAME[i]));
        JobCounts sum = {0};
        cfg.request_priorities = SCENARIO_DEFAULTS.request_priorities;
        create();
        ck_ok(evaluate_run(&plain, sc, &who, 0.9, 5, 3, pool, &err), err);
        scenario_destroy(sc);
        cfg.request_priorities = (ConfigDoubles){12, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
        create();
        ck_ok(evaluate_run(&levels, sc, &who, 0.9, 5, 3, pool, &err), err);
        scenario_destroy(sc);
        for (int k = 0; k < PRIORITY_LEVELS; k++) {
            sum.issued += levels.metrics.level[k].issued;
            sum.met += levels.metrics.level[k].met;
        }
        ck_assert_int_eq(sum.issued, 3 * 90);
        ck_assert_int_eq(sum.met, levels.metrics.counts.met);
        ck_assert_int_eq(plain.metrics.level[0].issued, 0);
        bool same =
            plain.metrics.antt <= levels.metrics.antt && plain.metrics.antt >= levels.metrics.antt;
        ck_assert_msg(same == (i == 0), "%s", NAME[i]);
        evaluate_free(&plain);
        evaluate_free(&levels);
    }
    pool_destroy(pool);
}
END_TEST

/* What counts is the middle; all of it happens, and the totals tell both apart. */
START_TEST(warm_up_and_cool_down_do_not_count)
{
    EvalResult all, middle;
    Pool *pool;
    Err err = {0};
    Contender who = evaluate_baseline(sched_find("edf-h"));
    ck_ok(pool_create(&pool, 1, &err), err);
    cfg.episode_jobs = 90;
    create();
    ck_ok(evaluate_run(&all, sc, &who, 0.7, 5, 3, pool, &err), err);
    scenario_destroy(sc);
    cfg.warmup_jobs = 30;
    cfg.episode_jobs = 40;
    cfg.cooldown_jobs = 20;
    create();
    ck_ok(evaluate_run(&middle, sc, &who, 0.7, 5, 3, pool, &err), err);
    ck_assert_int_eq(all.metrics.counts.issued, 3 * 90);
    ck_assert_int_eq(middle.metrics.counts.issued, 3 * 40);
    ck_assert_int_eq(job_counts_ended(&middle.metrics.counts), 3 * 40);
    ck_assert_int_eq(middle.metrics.finished, all.metrics.finished);
    ck_assert_double_eq(middle.metrics.time_us, all.metrics.time_us); /* the same arrivals */
    ck_assert_double_eq(middle.metrics.energy_uj_per_job, all.metrics.energy_uj_per_job);
    ck_assert_int_le(middle.metrics.counts.met, all.metrics.counts.met);
    evaluate_free(&all);
    evaluate_free(&middle);
    scenario_destroy(sc);
    pool_destroy(pool);
}
END_TEST

START_TEST(shipped_traces_replay_in_the_simulator)
{
    Sim *sim;
    Err err = {0};
    cfg.arrivals.process = ARRIVALS_TRACE;
    strcpy(cfg.trace, "busy-hour");
    create();
    ck_assert_int_gt(sc->trace->n, 1000);
    Workload wl = scenario_workload(sc, 0.5);
    wl.jobs = 200;
    ck_ok(sim_create(&sim, sc->sys, &sc->sim, 0, &err), err);
    sim_reset(sim, &wl, 3);
    for (Candidate c; sim_candidate(sim, &c);) {
        ck_ok(sim_check_state(sim, &err), err);
        sim_commit(sim, c.sub % 2, 0);
    }
    ck_assert_int_eq(sim_totals(sim)->all.issued, 200);
    sim_destroy(sim);
    scenario_destroy(sc);
}
END_TEST

START_TEST(a_trace_must_be_named_and_there)
{
    cfg.arrivals.process = ARRIVALS_TRACE;
    refused("scenario.trace");
    strcpy(cfg.trace, "bussy-hour");
    refused("busy-hour");
}
END_TEST

START_TEST(bursts_of_more_than_all_requests_are_refused)
{
    cfg.arrivals = (Arrivals){
        .process = ARRIVALS_BURSTY, .burst_ratio = 3, .burst_share = 0.5, .burst_jobs = 10};
    refused("burst_ratio");
}
END_TEST

START_TEST(creation_survives_every_allocation_failure)
{
    Err err;
    cfg.arrivals.process = ARRIVALS_TRACE;
    strcpy(cfg.trace, "busy-hour");
    strcpy(cfg.networks, "kws");
    ck_every_allocation_failure((err = (Err){0}, scenario_create(&sc, &cfg, 1, &err)),
                                scenario_destroy(sc));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scenario");
    TCase *tc = new_case("scenario", 60);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, relative_deadlines_follow_the_system);
    tcase_add_test(tc, networks_are_known_by_the_names_they_were_given);
    tcase_add_test(tc, published_targets_do_not);
    tcase_add_test(tc, a_network_without_a_target_is_refused);
    tcase_add_test(tc, each_tenant_may_have_its_own_level_and_priority);
    tcase_add_test(tc, requests_may_have_priorities_of_their_own);
    tcase_add_test(tc, priorities_of_requests_change_only_who_hears_of_them);
    tcase_add_test(tc, warm_up_and_cool_down_do_not_count);
    tcase_add_test(tc, shipped_traces_replay_in_the_simulator);
    tcase_add_test(tc, a_trace_must_be_named_and_there);
    tcase_add_test(tc, bursts_of_more_than_all_requests_are_refused);
    tcase_add_test(tc, creation_survives_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
