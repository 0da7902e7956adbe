/* test_evaluate.c -- evaluation over episodes: the same numbers on any number of threads, each
 * episode that of its own seed whoever is evaluated. */
#include "env/evaluate.h"

#include "tests/support.h"
#include "tests/support/sched_rig.h"

#include <string.h>

enum { JOBS = 60, EPISODES = 37 };
static const double LOAD = 1.3;
static const uint64_t SEED = 1000;

/* A Scenario around a random system. */
static Scenario scenario_of(const SimRig *r)
{
    return (Scenario){.sys = r->sys, .sim = r->cfg, .workload = r->wl};
}

static void make_rig(SimRig *r, uint64_t seed)
{
    Rng rng;
    rng_seed(&rng, seed, 1);
    rig_random(r, &rng, JOBS);
}

static EvalResult evaluated(const SimRig *r, const Contender *who, uint64_t seed, int episodes,
                            int threads)
{
    Scenario sc = scenario_of(r);
    EvalResult result;
    Pool *pool;
    Err err = {0};
    ck_ok(pool_create(&pool, threads, &err), err);
    ck_ok(evaluate_run(&result, &sc, who, LOAD, seed, episodes, pool, &err), err);
    pool_destroy(pool);
    ck_assert_int_eq(result.episodes, episodes);
    ck_assert(result.us_per_decision > 0);
    return result;
}

static void ck_same(const EvalResult *a, const EvalResult *b)
{
    size_t bytes = sizeof *a->sla * (size_t)a->episodes;
    ck_assert_int_eq(memcmp(a->sla, b->sla, bytes), 0);
    ck_assert_int_eq(memcmp(a->energy, b->energy, bytes), 0);
    ck_assert_int_eq(memcmp(&a->metrics, &b->metrics, sizeof a->metrics), 0);
}

START_TEST(threads_do_not_change_a_bit)
{
    for (uint64_t k = 0; k < 5; k++) {
        SimRig r;
        make_rig(&r, k);
        Contender who = evaluate_baseline(sched_at((int)k * 3 % sched_count()));
        EvalResult one = evaluated(&r, &who, SEED, EPISODES, 1);
        EvalResult two = evaluated(&r, &who, SEED, EPISODES, 2);
        EvalResult many = evaluated(&r, &who, SEED, EPISODES, 5);
        ck_same(&one, &two);
        ck_same(&one, &many);
        evaluate_free(&one);
        evaluate_free(&two);
        evaluate_free(&many);
        rig_free(&r);
    }
}
END_TEST

/* A random policy of two classes; it must never meet another task's simulator. */
typedef struct HashContext {
    int n_actions;
    const Sim *sim;
} HashContext;

static int choose_hash(void *ctx, const Sim *sim)
{
    HashContext *h = ctx;
    Candidate c;
    JobView j;
    if (!h->sim) h->sim = sim;
    ck_assert_ptr_eq(h->sim, sim);
    sim_candidate(sim, &c);
    sim_job(sim, c.job, &j);
    return rig_hash_action(7, h->n_actions, j.arrival_us, c.sub, sim_totals(sim)->decisions);
}

/* Episode e by hand, seeded with SEED + e. */
static const SimTotals *by_hand(SimRig *r, const Contender *who, void *ctx, int e)
{
    if (who->baseline) {
        sched_rig_start(r, who->baseline, SEED + (uint64_t)e);
        sched_rig_finish(r, who->baseline);
        return sim_totals(r->sim);
    }
    rig_start(r, SEED + (uint64_t)e);
    for (Candidate c; sim_candidate(r->sim, &c);) {
        int a = who->choose(ctx, r->sim);
        sim_commit(r->sim, a / who->classes, a % who->classes);
    }
    return sim_totals(r->sim);
}

static void ck_equals_by_hand(SimRig *r, const Contender *who, void *ctx)
{
    EvalResult result = evaluated(r, who, SEED, EPISODES, 2);
    JobCounts sum = {0};
    r->cfg.rules = who->rules;
    r->cfg.classes = who->classes;
    r->wl.rate_per_us *= LOAD;
    for (int e = 0; e < EPISODES; e++) {
        const SimTotals *t = by_hand(r, who, ctx, e);
        long done = t->all.met + t->all.late;
        ck_assert_double_eq(result.sla[e], (double)t->all.met / JOBS);
        ck_assert_double_eq(result.energy[e], done ? t->energy_uj / (double)done : 0);
        sum.issued += t->all.issued;
        sum.met += t->all.met;
    }
    ck_assert_int_eq(result.metrics.counts.issued, sum.issued);
    ck_assert_int_eq(result.metrics.counts.met, sum.met);
    evaluate_free(&result);
}

START_TEST(episode_e_of_every_contender_has_seed_plus_e)
{
    SimRig r;
    make_rig(&r, (uint64_t)_i);
    Contender who = evaluate_baseline(sched_at(_i));
    ck_assert_str_eq(who.name, sched_at(_i)->name);
    ck_equals_by_hand(&r, &who, who.ctx[0]);
    rig_free(&r);
}
END_TEST

START_TEST(a_chooser_has_a_context_for_each_task)
{
    SimRig r;
    HashContext ctx[EVALUATE_TASKS], own;
    make_rig(&r, 3);
    Contender who = {.name = "hash", .classes = 2, .choose = choose_hash};
    for (int i = 0; i < EVALUATE_TASKS; i++) {
        ctx[i] = (HashContext){.n_actions = r.sys->n_sas * 2};
        who.ctx[i] = &ctx[i];
    }
    own = ctx[0];
    ck_equals_by_hand(&r, &who, &own);
    for (int i = 0; i < EVALUATE_TASKS; i++) {
        ck_assert_ptr_nonnull(ctx[i].sim);
        for (int k = 0; k < i; k++) ck_assert_ptr_ne(ctx[i].sim, ctx[k].sim);
    }
    rig_free(&r);
}
END_TEST

START_TEST(fewer_episodes_are_a_prefix)
{
    SimRig r;
    make_rig(&r, 4);
    Contender who = evaluate_baseline(sched_find("dr-queue-bw"));
    EvalResult many = evaluated(&r, &who, SEED, EPISODES, 1);
    EvalResult few = evaluated(&r, &who, SEED, 3, 2);
    EvalResult later = evaluated(&r, &who, SEED + 2, 1, 2);
    for (int e = 0; e < 3; e++) ck_assert_double_eq(few.sla[e], many.sla[e]);
    ck_assert_double_eq(later.sla[0], many.sla[2]);
    ck_assert_double_eq(later.energy[0], many.energy[2]);
    evaluate_free(&many);
    evaluate_free(&few);
    evaluate_free(&later);
    rig_free(&r);
}
END_TEST

START_TEST(an_episode_played_alone_is_the_same)
{
    for (int i = 0; i < sched_count(); i += 3) {
        SimRig r;
        Sim *sim;
        Err err = {0};
        make_rig(&r, (uint64_t)i);
        Scenario sc = scenario_of(&r);
        Contender who = evaluate_baseline(sched_at(i));
        Workload wl = scenario_workload(&sc, LOAD);
        EvalResult result = evaluated(&r, &who, SEED, 2, 1);
        ck_ok(evaluate_sim(&sim, &sc, &who, &err), err);
        for (int e = 1; e >= 0; e--) {
            evaluate_episode(&who, 0, sim, &wl, SEED + (uint64_t)e);
            ck_assert_double_eq(job_counts_sla_rate(&sim_totals(sim)->all), result.sla[e]);
        }
        sim_destroy(sim);
        evaluate_free(&result);
        rig_free(&r);
    }
}
END_TEST

static void expect_next(void *ctx, int done)
{
    int *before = ctx;
    ck_assert_int_eq(done, ++*before);
}

START_TEST(each_episode_is_told_once_and_in_turn)
{
    SimRig r;
    make_rig(&r, 6);
    Scenario sc = scenario_of(&r);
    Contender who = evaluate_baseline(sched_find("edf-h"));
    EvalResult plain = evaluated(&r, &who, SEED, EPISODES, 1), told;
    int done = 0;
    Pool *pool;
    Err err = {0};
    ck_ok(pool_create(&pool, 3, &err), err);
    ck_ok(evaluate_run_told(&told, &sc, &who, LOAD, SEED, EPISODES, pool,
                            &(EvalProgress){.ctx = &done, .episode = expect_next}, &err),
          err);
    ck_assert_int_eq(done, EPISODES);
    ck_same(&plain, &told);
    evaluate_free(&plain);
    evaluate_free(&told);
    pool_destroy(pool);
    rig_free(&r);
}
END_TEST

START_TEST(every_allocation_failure_is_reported)
{
    SimRig r;
    Pool *pool;
    EvalResult result;
    Err err = {0};
    make_rig(&r, 5);
    Scenario sc = scenario_of(&r);
    Contender who = evaluate_baseline(sched_find("edf-h"));
    ck_ok(pool_create(&pool, 1, &err), err);
    ck_every_allocation_failure(evaluate_run(&result, &sc, &who, LOAD, SEED, 3, pool, &err),
                                evaluate_free(&result));
    Sim *sim;
    ck_every_allocation_failure(evaluate_sim(&sim, &sc, &who, &err), sim_destroy(sim));
    pool_destroy(pool);
    rig_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("evaluate");
    TCase *tc = new_case("episodes", 60);
    tcase_add_test(tc, threads_do_not_change_a_bit);
    tcase_add_loop_test(tc, episode_e_of_every_contender_has_seed_plus_e, 0, sched_count());
    tcase_add_test(tc, a_chooser_has_a_context_for_each_task);
    tcase_add_test(tc, fewer_episodes_are_a_prefix);
    tcase_add_test(tc, an_episode_played_alone_is_the_same);
    tcase_add_test(tc, each_episode_is_told_once_and_in_turn);
    tcase_add_test(tc, every_allocation_failure_is_reported);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
