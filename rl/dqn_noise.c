/* dqn_noise.c -- noisy weights (Fortunato et al., ICLR 2018): w = mu + sigma eps.
 *
 * The noise is factorised: of a layer with I inputs and O outputs, eps_ji = f(b_j) f(a_i) for a
 * weight and f(a_i) for a bias, with O + I normal numbers a, b and f(x) = sgn(x) sqrt|x|. A network
 * with noise drawn is a network with other weights, so nothing else knows of it: the slab mu + sigma
 * eps is made once per update, and d loss / d sigma = d loss / dw eps.
 *
 * The layers of the scoring perceptron are noisy, not the encoder of a context. */
#include "rl/dqn_internal.h"

#include <math.h>
#include <string.h>

size_t noise_params(const QNet *net)
{
    return mlp_params(&net->mlp);
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

static void draw_layer(Rng *rng, int in, int out, float *weight, float *bias)
{
    for (int i = 0; i < out; i++) bias[i] = draw(rng);
    for (int j = 0; j < in; j++) {
        float b = draw(rng);
        for (int i = 0; i < out; i++) *weight++ = bias[i] * b;
    }
}

void noise_draw(const QNet *net, Rng *rng, float *eps)
{
    const Mlp *mlp = &net->mlp;
    for (int i = 0; i < mlp->layers; i++)
        draw_layer(rng, mlp->width[i], mlp->width[i + 1], eps + mlp_weight_offset(mlp, i),
                   eps + mlp_bias_offset(mlp, i));
}

void noise_add(const QNet *net, const float *params, const float *eps, float *out)
{
    size_t P = qnet_params(net), M = noise_params(net);
    memcpy(out, params, P * sizeof *out);
    for (size_t i = 0; i < M; i++) out[P - M + i] += params[P + i] * eps[i];
}

void noise_gradient(const QNet *net, const float *eps, float *grad)
{
    size_t P = qnet_params(net), M = noise_params(net);
    for (size_t i = 0; i < M; i++) grad[P + i] = grad[P - M + i] * eps[i];
}
