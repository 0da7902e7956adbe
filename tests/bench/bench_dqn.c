/* bench_dqn.c -- updates of the learner per second, on the shape that the scheduler trains: 6
 * actions of 24 features, 16 global ones, hidden 128 and 128, batch 128, demonstrations on every
 * state. */
#include "base/log.h"
#include "base/mem.h"
#include "nn/gemm.h"
#include "rl/dqn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16, STEPS = 400 };
static const EnvSpec SPEC = {6, 24, 16, 6 * 24 + 16 + 6, 6};
static const double SECONDS = 1.5;

static void die(const Err *err)
{
    fprintf(stderr, "bench_dqn: %s\n", err->msg);
    exit(1);
}

/* Five of six actions are valid on average. */
static void fill(Replay *r, Rng *rng)
{
    float obs[6 * 24 + 16 + 6];
    for (int k = 0; k < LANES * STEPS; k++) {
        ReplayStep s = {.obs = obs, .reward = rng_normal(rng), .elapsed = 0.1};
        for (int i = 0; i < SPEC.obs_floats; i++) obs[i] = (float)rng_normal(rng);
        float *mask = obs + SPEC.obs_floats - SPEC.n_actions;
        for (int a = 0; a < SPEC.n_actions; a++) mask[a] = rng_below(rng, 6) > 0;
        s.action = (int)rng_below(rng, 6);
        s.demo = (int)rng_below(rng, 6);
        mask[s.action] = mask[s.demo] = 1;
        s.terminated = rng_below(rng, 100) == 0;
        replay_push(r, k % LANES, &s);
    }
}

static double updates_per_second(Replay *r, const DqnConfig *cfg, int threads)
{
    Err err = {0};
    Dqn *d;
    Pool *pool;
    DqnStats stats;
    int n = 0;

    if (dqn_create(&d, cfg, &SPEC, 1, &err) || pool_create(&pool, threads, &err)) die(&err);
    for (int i = 0; i < 20; i++) dqn_update(d, r, pool, &stats);
    double t0 = clock_seconds(), t;
    do {
        for (int i = 0; i < 20; i++, n++) dqn_update(d, r, pool, &stats);
    } while ((t = clock_seconds() - t0) < SECONDS);
    pool_destroy(pool);
    dqn_destroy(d);
    return n / t;
}

static double micros_per_decision(const DqnConfig *cfg, int lanes)
{
    Err err = {0};
    Dqn *d;
    QBatch w;
    Rng rng;
    int n = 0, *action = mem_calloc((size_t)lanes, sizeof *action);
    float *obs = mem_calloc((size_t)lanes * (size_t)SPEC.obs_floats, sizeof *obs);

    if (!action || !obs || dqn_create(&d, cfg, &SPEC, 1, &err)) die(&err);
    if (qbatch_create(&w, dqn_net(d), lanes, &err)) die(&err);
    rng_seed(&rng, 1, 1);
    for (int i = 0; i < lanes * SPEC.obs_floats; i++) obs[i] = 0.1f + (float)rng_uniform(&rng);
    double t0 = clock_seconds(), t;
    do {
        for (int i = 0; i < 50; i++, n += lanes)
            dqn_act(d, DQN_EVALUATION, &w, obs, lanes, 0, NULL, action);
    } while ((t = clock_seconds() - t0) < 0.3);
    qbatch_free(&w);
    dqn_destroy(d);
    mem_free(obs);
    mem_free(action);
    return 1e6 * t / n;
}

int main(int argc, char **argv)
{
    Err err = {0};
    Replay *r;
    Rng rng;
    DqnConfig cfg = dqn_defaults();

    (void)argc;
    gemm_startup(argv);
    rng_seed(&rng, 1, 0);
    if (replay_create(&r, &SPEC, LANES, STEPS, &err)) die(&err);
    fill(r, &rng);
    for (int threads = 1; threads <= 2; threads++)
        printf("dqn_update, %d thread%s: %.0f updates/s (%s)\n", threads, threads > 1 ? "s" : " ",
               updates_per_second(r, &cfg, threads), gemm_kernel());
    cfg.context = true;
    printf("with context, 1 thread : %.0f updates/s\n", updates_per_second(r, &cfg, 1));
    cfg.context = false;
    cfg.demo_weight = 0;
    printf("without demos, 1 thread : %.0f updates/s\n", updates_per_second(r, &cfg, 1));
    for (int lanes = 1; lanes <= 16; lanes *= 4)
        printf("dqn_act, %2d at once: %.2f us per decision\n", lanes,
               micros_per_decision(&cfg, lanes));
    replay_destroy(r);
    return EXIT_SUCCESS;
}
