/* bench_learner.c -- the learner on a plain network, as other libraries are measured: updates of a
 * 64-256-256-32 MLP (three forwards, double Q-learning, Huber, backward, Adam; moreover a moving
 * average of the weights, the gradient's norm, and drawing the batch from a replay), against the rate
 * at which OpenBLAS does the same products and nothing else, and on two threads. Exits 1 when a limit
 * is missed.
 *
 * With the argument "serve" it reads commands from stdin and answers each with a number, so that
 * peers.py can measure it in turn with others:
 *   update BATCH THREADS SECONDS    updates/s
 *   products BATCH SECONDS          updates/s if there were nothing but their products, by OpenBLAS
 *   forward SECONDS                 us of one forward of one row */
#include "base/log.h"
#include "base/mem.h"
#include "base/stats.h"
#include "nn/gemm.h"
#include "nn/gemm_internal.h"
#include "rl/dqn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN = 64,
    HIDDEN = 256,
    OUT = 32,
    LAYERS = 3,
    LANES = 8,
    STEPS = 1024,
    ROUNDS = 9,
    IN_A_ROW = 20
};
static const int WIDTH[LAYERS + 1] = {IN, HIDDEN, HIDDEN, OUT};
static const EnvSpec SPEC = {OUT, 0, IN, IN + OUT, OUT};

static void die(const Err *err)
{
    fprintf(stderr, "bench_learner: %s\n", err->msg);
    exit(1);
}

/* All actions are valid, as in the peers' problem. */
static Replay *fixed_replay(void)
{
    float obs[IN + OUT];
    Err err = {0};
    Replay *r;
    Rng rng;
    if (replay_create(&r, &SPEC, LANES, STEPS, &err)) die(&err);
    rng_seed(&rng, 1, 0);
    for (int k = 0; k < LANES * STEPS; k++) {
        for (int i = 0; i < IN; i++) obs[i] = (float)rng_normal(&rng);
        for (int i = IN; i < IN + OUT; i++) obs[i] = 1;
        ReplayStep s = {.obs = obs, .reward = rng_normal(&rng), .elapsed = 0.01, .demo = -1};
        s.action = (int)rng_below(&rng, OUT);
        s.terminated = rng_below(&rng, 100) == 0;
        replay_push(r, k % LANES, &s);
    }
    return r;
}

/* A shard of a few rows costs more than it brings, but for a second thread. */
static DqnConfig plain_config(int batch, int threads)
{
    DqnConfig c = dqn_defaults();
    c.hidden = (ConfigInts){2, {HIDDEN, HIDDEN}};
    c.batch = batch;
    c.shards = batch >= 128 ? 2 : threads;
    c.n_step = 1;
    c.discount_time = 1;
    c.demo_weight = 0;
    c.target_period = 1000; /* copied, as in the first DQN; the peers' target stands still */
    c.clip_norm = (double)INFINITY; /* measured, not clipped: the peers do neither */
    return c;
}

/* Updates per second of `seconds`. */
static double update_rate(Replay *r, int batch, int threads, double seconds)
{
    DqnConfig cfg = plain_config(batch, threads);
    Err err = {0};
    DqnStats stats;
    Pool *pool;
    Dqn *d;
    long n = 0;
    if (dqn_create(&d, &cfg, &SPEC, 1, &err) || pool_create(&pool, threads, &err)) die(&err);
    dqn_updates_run(d, r, pool, 20, &stats);
    double t0 = clock_seconds(), t;
    do {
        dqn_updates_run(d, r, pool, IN_A_ROW, &stats);
        n += IN_A_ROW;
    } while ((t = clock_seconds() - t0) < seconds);
    pool_destroy(pool);
    dqn_destroy(d);
    return (double)n / t;
}

/* ---- the products alone ---- */

typedef struct Buffers { /* as large as any operand */
    float *x, *w, *y;
} Buffers;

static Buffers random_buffers(int rows)
{
    size_t n = (size_t)(rows > HIDDEN ? rows : HIDDEN) * HIDDEN;
    Buffers b = {mem_calloc(n, 4), mem_calloc(n, 4), mem_calloc(n, 4)};
    Rng rng;
    if (!b.x || !b.w || !b.y) exit(1);
    rng_seed(&rng, 2, 0);
    for (size_t i = 0; i < n; i++) {
        b.x[i] = (float)rng_normal(&rng);
        b.w[i] = (float)rng_normal(&rng);
    }
    return b;
}

static void free_buffers(Buffers *b)
{
    mem_free(b->x);
    mem_free(b->w);
    mem_free(b->y);
}

/* All of one update: Y = X W thrice, dW = X^T dY, and dX = dY W^T but for the first layer. */
static void multiply_all(const Buffers *b, int rows)
{
    for (int i = 0; i < LAYERS; i++) {
        int in = WIDTH[i], out = WIDTH[i + 1];
        Product forward = {0, 0, rows, out, in, b->x, in, b->w, out, 0, b->y, out};
        Product dw = {1, 0, in, out, rows, b->x, in, b->w, out, 0, b->y, out};
        Product dx = {0, 1, rows, in, out, b->x, out, b->w, out, 0, b->y, in};
        for (int k = 0; k < 3; k++) blas_gemm(&forward);
        blas_gemm(&dw);
        if (i > 0) blas_gemm(&dx);
    }
}

static double update_flop(int rows)
{
    double flop = 0;
    for (int i = 0; i < LAYERS; i++) flop += (i > 0 ? 5 : 4) * 2.0 * rows * WIDTH[i] * WIDTH[i + 1];
    return flop;
}

static double product_rate(int batch, double seconds)
{
    Buffers b = random_buffers(batch);
    long n = 0;
    for (int i = 0; i < 20; i++) multiply_all(&b, batch);
    double t0 = clock_seconds(), t;
    do {
        for (int i = 0; i < 10; i++, n++) multiply_all(&b, batch);
    } while ((t = clock_seconds() - t0) < seconds);
    free_buffers(&b);
    return (double)n / t;
}

/* ---- one row ---- */

static double forward_us(double seconds)
{
    Mlp mlp;
    Rng rng;
    Err err = {0};
    float x[IN], y[OUT];
    long n = 0;
    if (mlp_init(&mlp, IN, WIDTH + 1, LAYERS - 1, OUT, ACT_RELU, &err)) die(&err);
    float *params = mem_calloc(mlp_params(&mlp), sizeof *params);
    float *scratch = mem_calloc(mlp_scratch_floats(&mlp, 1), sizeof *scratch);
    if (!params || !scratch) exit(1);
    rng_seed(&rng, 3, 0);
    mlp_randomise(&mlp, params, INIT_HE, 1, &rng);
    for (int i = 0; i < IN; i++) x[i] = (float)rng_normal(&rng);
    double t0 = clock_seconds(), t;
    do {
        for (int i = 0; i < 1000; i++, n++) mlp_infer(&mlp, params, x, 1, scratch, y);
    } while ((t = clock_seconds() - t0) < seconds);
    mem_free(params);
    mem_free(scratch);
    return 1e6 * t / (double)n;
}

/* ---- alone, and for peers.py ---- */

static void serve(Replay *r)
{
    char line[80];
    int batch, threads;
    double seconds;
    while (fgets(line, sizeof line, stdin)) {
        double answer = 0;
        if (sscanf(line, "update %d %d %lf", &batch, &threads, &seconds) == 3)
            answer = update_rate(r, batch, threads, seconds);
        else if (sscanf(line, "products %d %lf", &batch, &seconds) == 2)
            answer = product_rate(batch, seconds);
        else if (sscanf(line, "forward %lf", &seconds) == 1)
            answer = forward_us(seconds);
        printf("%.6g\n", answer);
        fflush(stdout);
    }
}

static double median(double *x)
{
    stats_sort(x, ROUNDS);
    return x[ROUNDS / 2];
}

static int missed(const char *what, double value, double limit)
{
    printf("  %s: %.2f, limit %.2f%s\n", what, value, limit, value < limit ? ": MISSED" : "");
    return value < limit;
}

/* Measured in turn, as the machine may be shared: medians of ROUNDS, and of their ratios. */
static int bench_batch(Replay *r, int batch)
{
    double products[ROUNDS], one[ROUNDS], two[ROUNDS], share[ROUNDS], more[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        products[i] = product_rate(batch, 0.15);
        one[i] = update_rate(r, batch, 1, 0.15);
        two[i] = update_rate(r, batch, 2, 0.15);
        share[i] = one[i] / products[i];
        more[i] = two[i] / one[i];
    }
    double alone = median(products);
    printf("64-256-256-32, batch %d: %.0f updates/s on one thread, %.0f on two\n", batch,
           median(one), median(two));
    printf("  products alone, OpenBLAS %s: %.0f updates/s, %.1f GFLOP/s\n", gemm_kernel(), alone,
           1e-9 * alone * update_flop(batch));
    int bad = batch >= HIDDEN && missed("of the rate of the products alone", median(share), 0.8);
    return bad | (batch >= HIDDEN && missed("two threads over one", median(more), 1.6));
}

int main(int argc, char **argv)
{
    gemm_startup(argv);
    Replay *r = fixed_replay();
    int bad = 0;
    if (argc > 1 && !strcmp(argv[1], "serve")) {
        serve(r);
    } else {
        bad = bench_batch(r, 256) | bench_batch(r, 32);
        printf("64-256-256-32, forward of one row: %.2f us\n", forward_us(0.3));
    }
    replay_destroy(r);
    return bad;
}
