/* optim.c -- gradient clipping, Adam and SGD over flat slabs. */
#include "nn/optim.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>

enum {
    LANES = 32, /* partial sums in a fixed order: fast, and the same bits everywhere */
    BLOCK = 64 * LANES
};

typedef struct Squares {
    double part[LANES], rest;
} Squares;

static void add_squares(const float *x, size_t n, Squares *s)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) s->part[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++) s->rest += (double)x[i] * (double)x[i];
}

static void add_to(float *restrict sum, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

/* Block by block, so that a block is squared where it was added: in the first cache. */
double grad_add(float *grad, const float *const *more, int count, size_t n)
{
    Squares s = {0};
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t len = n - i < BLOCK ? n - i : BLOCK;
        for (int k = 0; k < count; k++) add_to(grad + i, more[k] + i, len);
        add_squares(grad + i, len, &s);
    }
    for (size_t j = 0; j < LANES; j++) s.rest += s.part[j];
    return s.rest;
}

float grad_clip_scale(double norm, double max_norm)
{
    assert(max_norm > 0);
    return !isfinite(norm) || norm <= max_norm ? 1 : (float)(max_norm / norm);
}

double grad_clip(float *grad, size_t n, double max_norm)
{
    double norm = sqrt(grad_add(grad, NULL, 0, n));
    float k = grad_clip_scale(norm, max_norm);
    for (size_t i = 0; k != 1 && i < n; i++) grad[i] *= k;
    return norm;
}

Status adam_init(Adam *a, size_t n, double beta1, double beta2, double eps, Err *err)
{
    *a = (Adam){.n = n, .beta1 = beta1, .beta2 = beta2, .eps = eps};
    a->m = mem_calloc(n, sizeof *a->m);
    a->v = mem_calloc(n, sizeof *a->v);
    if (a->m && a->v) return ST_OK;
    adam_free(a);
    return err_set(err, ST_NOMEM, "adam: %s", status_text(ST_NOMEM));
}

void adam_free(Adam *a)
{
    mem_free(a->m);
    mem_free(a->v);
    *a = (Adam){0};
}

typedef struct AdamStep { /* the constants of one step, in float for the loop */
    float scale;          /* of the gradient */
    float gain1;          /* 1 - beta1 */
    float beta2, gain2;   /* gain2 = 1 - beta2, from double: in float 1 - 0.999f is off by 5e-5 */
    float rate, root_correction, eps;
    float share[ADAM_MAX_FOLLOWERS];
} AdamStep;

static inline __attribute__((always_inline)) void follow(float *copy, float share, float x)
{
    *copy += share * (x - *copy);
}

/* Parameters first..last-1. `copies` is a constant wherever this is put in. One loop for all: while
 * the square root and the division are under way, the rest of it is free. */
static inline __attribute__((always_inline)) void
adam_loop(AdamStep s, size_t first, size_t last, const float *restrict g, float *restrict m,
          float *restrict v, float *restrict p, float *restrict c0, float *restrict c1, int copies)
{
    for (size_t i = first; i < last; i++) {
        float d = s.scale * g[i];
        m[i] += (d - m[i]) * s.gain1;
        v[i] = s.beta2 * v[i] + s.gain2 * d * d;
        p[i] -= s.rate * m[i] / (sqrtf(v[i]) * s.root_correction + s.eps);
        if (copies > 0) follow(&c0[i], s.share[0], p[i]);
        if (copies > 1) follow(&c1[i], s.share[1], p[i]);
    }
}

static AdamStep start_step(Adam *a, float scale, double lr)
{
    a->t++;
    double c1 = 1 - pow(a->beta1, (double)a->t), c2 = 1 - pow(a->beta2, (double)a->t);
    return (AdamStep){.scale = scale,
                      .gain1 = (float)(1 - a->beta1),
                      .beta2 = (float)a->beta2,
                      .gain2 = (float)(1 - a->beta2),
                      .rate = (float)(lr / c1),
                      .root_correction = (float)(1 / sqrt(c2)),
                      .eps = (float)a->eps};
}

void adam_step(Adam *a, float *params, const float *grad, double lr)
{
    adam_step_followed(a, params, grad, 1, lr, NULL, 0);
}

void adam_step_followed(Adam *a, float *params, const float *grad, float scale, double lr,
                        const Follower *f, int followers)
{
    AdamStep s = start_step(a, scale, lr);
    assert(followers >= 0 && followers <= ADAM_MAX_FOLLOWERS);
    Follower most = {0}, least = {0};
    if (followers > 0) most = f[0];
    if (followers > 1) least = f[1];
    if (least.n > most.n) least = f[0], most = f[1];
    assert(most.n <= a->n);
    s.share[0] = (float)most.share;
    s.share[1] = (float)least.share;
    adam_loop(s, 0, least.n, grad, a->m, a->v, params, most.copy, least.copy, 2);
    adam_loop(s, least.n, most.n, grad, a->m, a->v, params, most.copy, NULL, 1);
    adam_loop(s, most.n, a->n, grad, a->m, a->v, params, NULL, NULL, 0);
}

void sgd_step(float *restrict params, const float *restrict grad, float *restrict velocity,
              size_t n, double lr, double momentum)
{
    float rate = (float)lr, mu = (float)momentum;
    assert(velocity || momentum == 0);
    if (!velocity) {
        for (size_t i = 0; i < n; i++) params[i] -= rate * grad[i];
        return;
    }
    for (size_t i = 0; i < n; i++) {
        velocity[i] = mu * velocity[i] + grad[i];
        params[i] -= rate * velocity[i];
    }
}
