/* test_cartpole.c -- CartPole as Gymnasium has it, and the same learner code solving it. */
#include "tests/support.h"
#include "tests/support/toy_envs.h"

#include "rl/policy.h"
#include "rl/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char GOLDEN[] = "tests/golden/cartpole/trajectories.csv";

START_TEST(equations_are_gymnasiums)
{
    FILE *f = fopen(GOLDEN, "r");
    char line[512];
    Env *env;
    Err err = {0};
    int rows = 0, ends = 0;

    ck_assert_msg(f != NULL, "cannot read %s; run from the top of the tree", GOLDEN);
    ck_ok(cartpole_create(&env, &err), err);
    while (fgets(line, sizeof line, f)) {
        int trajectory, step, action, end;
        double s[4], reward;
        float obs[6];
        bool terminated, truncated;
        EnvInfo info;
        if (sscanf(line, "%d,%d,%d,%lf,%lf,%lf,%lf,%d", &trajectory, &step, &action, &s[0], &s[1],
                   &s[2], &s[3], &end) != 8)
            continue; /* provenance, header */
        if (step == 0) {
            cartpole_set(env, s);
            continue;
        }
        env_step(env, action, obs, &reward, &terminated, &truncated, &info);
        for (int i = 0; i < 4; i++) ck_assert_double_eq_tol(cartpole_get(env)[i], s[i], 1e-9);
        ck_assert_int_eq(terminated, end);
        ck_assert(!truncated && obs[2] == (float)cartpole_get(env)[2]);
        rows++;
        ends += end;
    }
    fclose(f);
    ck_assert_int_ge(rows, 200);
    ck_assert_int_ge(ends, 3); /* fallen, off to the right, off to the left */
    env_destroy(env);
}
END_TEST

START_TEST(five_hundred_steps_truncate)
{
    Env *env;
    Err err = {0};
    float obs[6];
    double reward;
    bool terminated, truncated;
    EnvInfo info;
    uint64_t seed = 1;

    ck_ok(cartpole_create(&env, &err), err);
    env_reset(env, &seed, obs, &info);
    for (int i = 1; i <= 500; i++) {
        int action = 0.1f * obs[0] + 0.3f * obs[1] + 3 * obs[2] + obs[3] > 0;
        env_step(env, action, obs, &reward, &terminated, &truncated, &info);
        ck_assert(!terminated && reward == 1.0);
        ck_assert_int_eq(truncated, i == 500);
    }
    ck_assert_double_eq(info.score, 500);
    env_destroy(env);
}
END_TEST

static TrainerConfig config(uint64_t seed)
{
    TrainerConfig c = trainer_defaults();
    c.seed = seed;
    c.dqn.hidden = (ConfigInts){2, {64, 64}};
    c.dqn.lr = 1e-3;
    c.dqn.lr_final = 1e-5;
    c.dqn.batch = 128;
    c.dqn.n_step = 4;
    c.dqn.discount_time = 100; /* 0.99 per step */
    c.dqn.demo_weight = 0;
    c.dqn.huber_delta = 10; /* returns are up to 100 */
    c.dqn.clip_norm = 100;
    c.dqn.target_polyak = 0.005;
    c.dqn.eval_polyak = 0.002;
    c.total_decisions = 200000;
    c.round_steps = 4;
    c.decisions_per_update = 4;
    c.learn_start = 2000;
    c.replay_capacity = 200000; /* forgetting how it falls is what undoes a solved policy */
    c.epsilon_first = 1;
    c.epsilon_last = 0.03;
    c.epsilon_decisions = 50000;
    return c;
}

/* Mean return of 100 greedy episodes, none seen in training. */
static double evaluate(Trainer *t, int *worst)
{
    Dqn *d = trainer_dqn(t);
    Env *env;
    QBatch w;
    Err err = {0};
    double total = 0;

    *worst = 1000;
    ck_ok(cartpole_create(&env, &err), err);
    ck_ok(qbatch_create(&w, dqn_net(d), 1, &err), err);
    for (uint64_t k = 0; k < 100; k++) {
        uint64_t seed = 900000 + k;
        float obs[6];
        EnvInfo info;
        bool terminated = false, truncated = false;
        env_reset(env, &seed, obs, &info);
        while (!terminated && !truncated) {
            int action;
            double reward;
            dqn_act(d, DQN_EVALUATION, &w, obs, 1, 0, NULL, &action);
            env_step(env, action, obs, &reward, &terminated, &truncated, &info);
        }
        total += info.score;
        if (info.score < *worst) *worst = (int)info.score;
    }
    qbatch_free(&w);
    env_destroy(env);
    return total / 100;
}

static double train_and_evaluate(uint64_t seed, int option, int *worst)
{
    TrainerConfig c = config(seed);
    if (option) { /* noise explores, after a short start at random */
        c.dqn.dueling = c.dqn.noisy = true;
        c.dqn.quantiles = 8;
        c.epsilon_decisions = 4000;
        c.epsilon_last = 0;
    }
    VecEnv *venv;
    Trainer *t;
    Pool *pool;
    Err err = {0};

    ck_ok(toy_venv(&venv, toy_create_cartpole, NULL, 8, &err), err);
    ck_ok(trainer_create(&t, &c, venv, &err), err);
    ck_ok(pool_create(&pool, 1, &err), err);
    while (trainer_stats(t)->decisions < c.total_decisions) trainer_round(t, pool);
    double mean = evaluate(t, worst);
    pool_destroy(pool);
    trainer_destroy(t);
    return mean;
}

/* Of seeds 1-14 thirteen reach 500.0, one 458. With all options six of seeds 1-8 reach 500, two 176 and
 * 182; the same with random exploration in place of noise 460 to 500. RELMAS_SEED=n tries another. */
START_TEST(the_learner_solves_it)
{
    const char *first = getenv("RELMAS_SEED");
    uint64_t seed = (first ? strtoull(first, NULL, 10) : 1);
    int worst;
    double mean = train_and_evaluate(seed, _i, &worst);
    ck_assert_msg(mean >= 475, "option %d, seed %llu: mean return %g, worst %d", _i,
                  (unsigned long long)seed, mean, worst);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cartpole");
    TCase *tc = new_case("cartpole", 300);
    tcase_add_test(tc, equations_are_gymnasiums);
    tcase_add_test(tc, five_hundred_steps_truncate);
    tcase_add_loop_test(tc, the_learner_solves_it, 0, 2);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
