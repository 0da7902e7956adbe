/* bench_nn.c -- speed of the nets: products at the shapes that the learner uses, one inference, one
 * training step by the tape against the same step written by hand. Exits 1 when a limit is missed.
 * Each figure is the best of several rounds: the machine may be shared. */
#include "base/mem.h"
#include "base/rng.h"
#include "nn/gemm.h"
#include "nn/gemm_internal.h"
#include "nn/mlp.h"
#include "nn/optim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, IN = 40, HIDDEN = 128 };
static const double ROUND_S = 0.02;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds per call of f(arg). */
static double best_time(void (*f)(void *), void *arg)
{
    double best = (double)INFINITY;
    long calls = 1;
    for (int r = 0; r < ROUNDS; r++) {
        double start = now_s();
        for (long i = 0; i < calls; i++) f(arg);
        double s = now_s() - start;
        best = fmin(best, s / (double)calls);
        if (s < ROUND_S / 2) calls *= 2, r--;
    }
    return best;
}

static float *normals(size_t n, Rng *rng)
{
    float *x = mem_calloc(n, sizeof *x);
    for (size_t i = 0; x && i < n; i++) x[i] = (float)rng_normal(rng);
    return x;
}

typedef struct Shape {
    const char *name;
    int trans_a, trans_b, m, n, k;
} Shape;

static void by_gemm(void *arg)
{
    const Product *p = arg;
    gemm(p->trans_a, p->trans_b, p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, 0, p->c, p->ldc);
}

static void by_blas(void *arg)
{
    blas_gemm(arg);
}

/* GFLOP/s of gemm() and of OpenBLAS. */
static void rates(const Shape *s, double *ours, double *blas)
{
    Rng rng;
    rng_seed(&rng, 1, 1);
    float *a = normals((size_t)s->m * (size_t)s->k, &rng);
    float *b = normals((size_t)s->k * (size_t)s->n, &rng);
    float *c = normals((size_t)s->m * (size_t)s->n, &rng);
    Product p = {s->trans_a,
                 s->trans_b,
                 s->m,
                 s->n,
                 s->k,
                 a,
                 s->trans_a ? s->m : s->k,
                 b,
                 s->trans_b ? s->k : s->n,
                 0,
                 c,
                 s->n};
    double flop = 2e-9 * s->m * s->n * s->k;
    *ours = flop / best_time(by_gemm, &p);
    *blas = flop / best_time(by_blas, &p);
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

/* Returns the worst of OpenBLAS's rates over ours, among the products of training. */
static double bench_products(void)
{
    static const Shape SHAPES[] = {
        {"large", 0, 0, 1024, 1024, 1024},
        {"infer 6 rows, layer 1", 0, 0, 6, HIDDEN, IN},
        {"infer 6 rows, layer 2", 0, 0, 6, HIDDEN, HIDDEN},
        {"infer 6 rows, output", 0, 0, 6, 1, HIDDEN},
        {"infer 16 rows, layer 2", 0, 0, 16, HIDDEN, HIDDEN},
        {"infer 1 row, layer 2", 0, 0, 1, HIDDEN, HIDDEN},
        {"train 128 rows, layer 2", 0, 0, 128, HIDDEN, HIDDEN},
        {"train 800 rows, layer 1", 0, 0, 800, HIDDEN, IN},
        {"train 800 rows, layer 2", 0, 0, 800, HIDDEN, HIDDEN},
        {"train 800 rows, output", 0, 0, 800, 1, HIDDEN},
        {"backward dx, layer 2", 0, 1, 800, HIDDEN, HIDDEN},
        {"backward dx, 32 rows", 0, 1, 32, HIDDEN, HIDDEN},
        {"backward dw, layer 2", 1, 0, HIDDEN, HIDDEN, 800},
        {"backward dw, layer 1", 1, 0, IN, HIDDEN, 800},
        {"backward dx, output", 0, 1, 800, HIDDEN, 1},
        {"backward dw, output", 1, 0, HIDDEN, 1, 800},
    };
    double worst = 0, ours, blas;
    printf("%-26s %5s %5s %5s %9s %9s %9s\n", "product, GFLOP/s", "m", "n", "k", "gemm()",
           gemm_kernel(), "us");
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const Shape *p = &SHAPES[i];
        rates(p, &ours, &blas);
        printf("%-26s %5d %5d %5d %9.2f %9.2f %9.2f\n", p->name, p->m, p->n, p->k, ours, blas,
               2e-3 * p->m * p->n * p->k / ours);
        if (p->m >= HIDDEN && p->n >= HIDDEN && p->m < 1024 && p->k > 1)
            worst = fmax(worst, blas / ours);
    }
    return worst;
}

enum { ROWS = 800 };

typedef struct Step { /* one training step of a 40-128-128-1 net on ROWS rows */
    Mlp mlp;
    Adam adam;
    Tape *tape;
    float *params, *grads, *x, *target, *y[4], *dy[4]; /* y, dy: by hand; y[0] is x */
} Step;

static void tape_step(void *arg)
{
    Step *s = arg;
    tape_reset(s->tape);
    memset(s->grads, 0, mlp_params(&s->mlp) * sizeof *s->grads);
    Var q = mlp_forward(&s->mlp, s->tape, s->params, s->grads, tape_input(s->tape, s->x, ROWS, IN));
    tape_backward(s->tape, tape_huber(s->tape, q, s->target, NULL, 1));
    adam_step(&s->adam, s->params, s->grads, 0);
}

static void hand_forward(Step *s, int i)
{
    int in = s->mlp.width[i], out = s->mlp.width[i + 1], last = i == s->mlp.layers - 1;
    const float *w = s->params + mlp_weight_offset(&s->mlp, i), *b = w + (size_t)in * (size_t)out;
    float *y = s->y[i + 1];
    gemm(0, 0, ROWS, out, in, s->y[i], in, w, out, 0, y, out);
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < out; j++) {
            float v = y[r * out + j] + b[j];
            y[r * out + j] = v < 0 && !last ? 0 : v;
        }
}

static void hand_backward(Step *s, int i)
{
    int in = s->mlp.width[i], out = s->mlp.width[i + 1];
    float *w = s->params + mlp_weight_offset(&s->mlp, i);
    float *dw = s->grads + mlp_weight_offset(&s->mlp, i), *db = dw + (size_t)in * (size_t)out;
    memset(db, 0, (size_t)out * sizeof *db);
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < out; j++) db[j] += s->dy[i + 1][r * out + j];
    gemm(1, 0, in, out, ROWS, s->y[i], in, s->dy[i + 1], out, 0, dw, out);
    if (i == 0) return;
    gemm(0, 1, ROWS, in, out, s->dy[i + 1], out, w, out, 0, s->dy[i], in);
    for (int j = 0; j < ROWS * in; j++) s->dy[i][j] = s->y[i][j] > 0 ? s->dy[i][j] : 0;
}

static void hand_step(void *arg)
{
    Step *s = arg;
    for (int i = 0; i < s->mlp.layers; i++) hand_forward(s, i);
    for (int r = 0; r < ROWS; r++)
        s->dy[3][r] = fmaxf(-1, fminf(1, s->y[3][r] - s->target[r])) / ROWS;
    for (int i = s->mlp.layers - 1; i >= 0; i--) hand_backward(s, i);
    adam_step(&s->adam, s->params, s->grads, 0);
}

typedef struct Infer {
    Step *step;
    int rows;
    float *scratch, *y;
} Infer;

static void infer(void *arg)
{
    Infer *f = arg;
    mlp_infer(&f->step->mlp, f->step->params, f->step->x, f->rows, f->scratch, f->y);
}

static void bench_infer(Step *s)
{
    for (int rows = 1; rows <= 32; rows *= 2) {
        float *scratch = mem_calloc(mlp_scratch_floats(&s->mlp, rows), sizeof *scratch);
        float *y = mem_calloc((size_t)rows, sizeof *y);
        Infer f = {s, rows, scratch, y};
        printf("inference, %2d rows: %.2f us\n", rows, 1e6 * best_time(infer, &f));
        mem_free(scratch);
        mem_free(y);
    }
}

static int step_init(Step *s)
{
    Rng rng;
    rng_seed(&rng, 1, 2);
    if (mlp_init(&s->mlp, IN, (int[]){HIDDEN, HIDDEN}, 2, 1, ACT_RELU, NULL) != ST_OK) return 0;
    size_t n = mlp_params(&s->mlp);
    if (adam_init(&s->adam, n, 0.9, 0.999, 1e-8, NULL) != ST_OK) return 0;
    size_t floats = mlp_tape_floats(&s->mlp, ROWS) + tape_node_floats(1, 1);
    if (tape_create(&s->tape, mlp_tape_nodes(&s->mlp) + 2, floats, NULL) != ST_OK) return 0;
    s->params = normals(n, &rng);
    s->grads = normals(n, &rng);
    s->x = s->y[0] = normals(ROWS * IN, &rng);
    s->target = normals(ROWS, &rng);
    for (int i = 1; i < 4; i++) {
        s->y[i] = normals((size_t)ROWS * HIDDEN, &rng);
        s->dy[i] = normals((size_t)ROWS * HIDDEN, &rng);
    }
    mlp_randomise(&s->mlp, s->params, INIT_HE, 1, &rng);
    return s->x && s->target && s->params && s->grads && s->y[3] && s->dy[3];
}

static void step_free(Step *s)
{
    adam_free(&s->adam);
    tape_destroy(s->tape);
    for (int i = 1; i < 4; i++) {
        mem_free(s->y[i]);
        mem_free(s->dy[i]);
    }
    mem_free(s->x);
    mem_free(s->target);
    mem_free(s->params);
    mem_free(s->grads);
}

/* Limits: training's products no slower than OpenBLAS's; the tape's time no more than the step's by
 * hand; a sixth for noise and for short sums. */
static int missed(const char *what, double value, double limit)
{
    int bad = value > limit;
    printf("%s: %.3f, limit %.3f%s\n", what, value, limit, bad ? ": MISSED" : "");
    return bad;
}

int main(int argc, char **argv)
{
    (void)argc;
    gemm_startup(argv);
    Step s = {0};
    if (!step_init(&s)) return 1;
    double ratio = bench_products();
    bench_infer(&s);
    double by_tape = best_time(tape_step, &s), by_hand = best_time(hand_step, &s);
    printf("training step, %d rows: tape %.1f us, by hand %.1f us\n", ROWS, 1e6 * by_tape,
           1e6 * by_hand);
    int bad = missed("OpenBLAS's rate over ours in training, at worst", ratio, 1.2);
    bad |= missed("tape's time over the time by hand", by_tape / by_hand, 1.15);
    step_free(&s);
    return bad;
}
