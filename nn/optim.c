/* optim.c -- gradient clipping, Adam and SGD over flat slabs. */
#include "nn/optim.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>

enum { LANES = 32 }; /* partial sums in a fixed order: fast, and the same bits everywhere */

static double sum_of_squares(const float *x, size_t n)
{
    double part[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) part[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++) sum += (double)x[i] * (double)x[i];
    for (size_t j = 0; j < LANES; j++) sum += part[j];
    return sum;
}

double grad_clip(float *grad, size_t n, double max_norm)
{
    assert(max_norm > 0);
    double norm = sqrt(sum_of_squares(grad, n));
    if (!isfinite(norm) || norm <= max_norm) return norm;
    float k = (float)(max_norm / norm);
    for (size_t i = 0; i < n; i++) grad[i] *= k;
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
    float gain1;          /* 1 - beta1 */
    float beta2, gain2;   /* gain2 = 1 - beta2, from double: in float 1 - 0.999f is off by 5e-5 */
    float rate, root_correction, eps;
} AdamStep;

static void adam_loop(AdamStep s, size_t n, const float *restrict g, float *restrict m,
                      float *restrict v, float *restrict p)
{
    for (size_t i = 0; i < n; i++) {
        m[i] += (g[i] - m[i]) * s.gain1;
        v[i] = s.beta2 * v[i] + s.gain2 * g[i] * g[i];
        p[i] -= s.rate * m[i] / (sqrtf(v[i]) * s.root_correction + s.eps);
    }
}

void adam_step(Adam *a, float *params, const float *grad, double lr)
{
    a->t++;
    double c1 = 1 - pow(a->beta1, (double)a->t), c2 = 1 - pow(a->beta2, (double)a->t);
    AdamStep s = {(float)(1 - a->beta1), (float)a->beta2,       (float)(1 - a->beta2),
                  (float)(lr / c1),      (float)(1 / sqrt(c2)), (float)a->eps};
    adam_loop(s, a->n, grad, a->m, a->v, params);
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
