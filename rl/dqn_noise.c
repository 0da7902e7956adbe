/* dqn_noise.c -- noisy weights (Fortunato et al., ICLR 2018): w = mu + sigma eps.
 *
 * The noise is factorised: of a layer with I inputs and O outputs, eps_ij = f(a_i) f(b_j) for a
 * weight and f(a_i) for a bias, with O + I normal numbers a, b and f(x) = sgn(x) sqrt|x|. A network
 * with noise drawn is a network with other weights, so nothing else knows of it: the slab mu + sigma
 * eps is made once per update, and d loss / d sigma = d loss / dw eps.
 *
 * The layers of the scoring perceptron are noisy, not the encoder of a context. Noise is drawn from
 * (seed, update, use), so that there is no generator to save. */
#include "base/mem.h"
#include "rl/dqn_internal.h"

#include <math.h>
#include <string.h>

static const uint64_t STREAMS = 1ull << 40; /* from here on: apart from all others of a seed */

size_t noise_params(const QNet *net)
{
    return mlp_params(&net->mlp);
}

Status noise_create(Noise *n, const QNet *net)
{
    size_t P = qnet_params(net), inputs = 0;
    for (int i = 0; i < net->mlp.layers; i++)
        if ((size_t)net->mlp.width[i] > inputs) inputs = (size_t)net->mlp.width[i];
    bool ok = (n->online = mem_calloc(P, sizeof(float))) &&
              (n->target = mem_calloc(P, sizeof(float))) &&
              (n->acting = mem_calloc(P, sizeof(float))) &&
              (n->eps = mem_calloc(noise_params(net), sizeof(float))) &&
              (n->column = mem_calloc(inputs, sizeof(float)));
    return ok ? ST_OK : ST_NOMEM;
}

void noise_free(Noise *n)
{
    mem_free(n->online);
    mem_free(n->target);
    mem_free(n->acting);
    mem_free(n->eps);
    mem_free(n->column);
}

void noise_start(const QNet *net, double sigma0, float *sigma)
{
    const Mlp *mlp = &net->mlp;
    for (int i = 0; i < mlp->layers; i++) {
        float s = (float)(sigma0 / sqrt(mlp->width[i]));
        for (size_t k = mlp_weight_offset(mlp, i); k < mlp_weight_offset(mlp, i + 1); k++)
            sigma[k] = s;
    }
}

static float draw(Rng *rng)
{
    double x = rng_normal(rng);
    return (float)(x < 0 ? -sqrt(-x) : sqrt(x));
}

/* eps of one layer: column[j] = f(b_j), and one f(a_i) per row. */
static void draw_layer(Rng *rng, int in, int out, float *column, float *weight, float *bias)
{
    for (int j = 0; j < in; j++) column[j] = draw(rng);
    for (int i = 0; i < out; i++) {
        bias[i] = draw(rng);
        for (int j = 0; j < in; j++) *weight++ = bias[i] * column[j];
    }
}

void noise_draw(Noise *n, const QNet *net, uint64_t seed, uint64_t update, NoiseUse use)
{
    const Mlp *mlp = &net->mlp;
    Rng rng;
    rng_seed(&rng, seed, STREAMS + update * NOISE_USES + (uint64_t)use);
    for (int i = 0; i < mlp->layers; i++)
        draw_layer(&rng, mlp->width[i], mlp->width[i + 1], n->column,
                   n->eps + mlp_weight_offset(mlp, i), n->eps + mlp_bias_offset(mlp, i));
}

/* out[P] = mu + sigma eps, from params = [mu | sigma]. */
static void add_noise(const Noise *n, const QNet *net, const float *params, float *out)
{
    size_t P = qnet_params(net), M = noise_params(net);
    const float *sigma = params + P;
    memcpy(out, params, P * sizeof *out);
    for (size_t i = 0; i < M; i++) out[P - M + i] += sigma[i] * n->eps[i];
}

void noise_for_update(Dqn *d)
{
    Noise *n = &d->noise;
    noise_draw(n, &d->net, d->seed, d->updates, NOISE_TARGET);
    add_noise(n, &d->net, d->target, n->target);
    noise_draw(n, &d->net, d->seed, d->updates,
               NOISE_ONLINE); /* last: the gradient needs its eps */
    add_noise(n, &d->net, d->online, n->online);
}

void noise_gradient(Dqn *d, float *grad)
{
    size_t M = noise_params(&d->net);
    const float *dw = grad + d->P - M;
    for (size_t i = 0; i < M; i++) grad[d->P + i] = dw[i] * d->noise.eps[i];
}

void noise_for_acting(Dqn *d)
{
    noise_draw(&d->noise, &d->net, d->seed, d->updates, NOISE_ACTING);
    add_noise(&d->noise, &d->net, d->online, d->noise.acting);
}
