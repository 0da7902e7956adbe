/* mlp.c -- shapes, initial weights and the two forward passes of a multilayer perceptron. */
#include "nn/mlp.h"

#include "nn/tape_internal.h"

#include <assert.h>
#include <math.h>

enum { WIDTH_MAX = 65536 };

Status mlp_init(Mlp *mlp, int inputs, const int *hidden, int n_hidden, int outputs, Activation act,
                Err *err)
{
    if (n_hidden < 0 || n_hidden >= MLP_MAX_LAYERS)
        return err_set(err, ST_CONFIG, "mlp: %d hidden layers, use 0 to %d", n_hidden,
                       MLP_MAX_LAYERS - 1);
    *mlp = (Mlp){.layers = n_hidden + 1, .act = act};
    mlp->width[0] = inputs;
    for (int i = 0; i < n_hidden; i++) mlp->width[i + 1] = hidden[i];
    mlp->width[n_hidden + 1] = outputs;
    for (int i = 0; i <= mlp->layers; i++)
        if (mlp->width[i] < 1 || mlp->width[i] > WIDTH_MAX)
            return err_set(err, ST_CONFIG, "mlp: width %d of layer %d, use 1 to %d", mlp->width[i],
                           i, WIDTH_MAX);
    return ST_OK;
}

size_t mlp_weight_offset(const Mlp *mlp, int i)
{
    size_t n = 0;
    for (int j = 0; j < i; j++) n += ((size_t)mlp->width[j] + 1) * (size_t)mlp->width[j + 1];
    return n;
}

size_t mlp_bias_offset(const Mlp *mlp, int i)
{
    return mlp_weight_offset(mlp, i) + (size_t)mlp->width[i] * (size_t)mlp->width[i + 1];
}

size_t mlp_params(const Mlp *mlp)
{
    return mlp_weight_offset(mlp, mlp->layers);
}

/* `count` vectors of `len` elements: element j of vector i is w[i * step + j * stride]. */
typedef struct Vectors {
    float *w;
    int count, len;
    size_t step, stride;
} Vectors;

static double dot(const Vectors *v, int a, int b)
{
    const float *x = v->w + (size_t)a * v->step, *y = v->w + (size_t)b * v->step;
    double sum = 0;
    for (int j = 0; j < v->len; j++)
        sum += (double)x[(size_t)j * v->stride] * (double)y[(size_t)j * v->stride];
    return sum;
}

/* vector a += k * vector b */
static void add_multiple(const Vectors *v, int a, double k, int b)
{
    float *x = v->w + (size_t)a * v->step, *y = v->w + (size_t)b * v->step;
    for (int j = 0; j < v->len; j++)
        x[(size_t)j * v->stride] += (float)(k * (double)y[(size_t)j * v->stride]);
}

/* Gram-Schmidt; twice is enough to be orthogonal to rounding (Kahan; Parlett 1980). Of Gaussian
 * vectors it makes uniformly distributed orthonormal ones. */
static void orthonormalise(const Vectors *v)
{
    for (int i = 0; i < v->count; i++) {
        for (int pass = 0; pass < 2; pass++)
            for (int b = 0; b < i; b++) add_multiple(v, i, -dot(v, i, b), b);
        add_multiple(v, i, 1 / sqrt(dot(v, i, i)) - 1, i);
    }
}

static void randomise_orthogonal(float *w, int in, int out)
{
    Vectors rows = {w, in, out, (size_t)out, 1}, columns = {w, out, in, 1, (size_t)out};
    orthonormalise(in <= out ? &rows : &columns);
}

static double hidden_gain(Activation act)
{
    return act == ACT_RELU ? sqrt(2) : 5.0 / 3;
}

void mlp_randomise(const Mlp *mlp, float *params, Init init, float out_scale, Rng *rng)
{
    for (int i = 0; i < mlp->layers; i++) {
        int in = mlp->width[i], out = mlp->width[i + 1], last = i == mlp->layers - 1;
        float *w = params + mlp_weight_offset(mlp, i), *b = params + mlp_bias_offset(mlp, i);
        size_t n = (size_t)in * (size_t)out;
        for (size_t j = 0; j < n; j++) w[j] = (float)rng_normal(rng);
        double scale = last ? (double)out_scale : 1;
        if (init == INIT_HE) {
            scale *= sqrt(2.0 / in);
        } else {
            randomise_orthogonal(w, in, out);
            scale *= last ? 1 : hidden_gain(mlp->act);
        }
        for (size_t j = 0; j < n; j++) w[j] = (float)(scale * (double)w[j]);
        for (int j = 0; j < out; j++) b[j] = 0;
    }
}

static Kernel layer_kernel(const Mlp *mlp, int i)
{
    if (i == mlp->layers - 1) return KERNEL_LINEAR;
    return mlp->act == ACT_RELU ? KERNEL_RELU : KERNEL_TANH;
}

Var mlp_forward(const Mlp *mlp, Tape *t, const float *params, float *grads, Var x)
{
    for (int i = 0; i < mlp->layers; i++) {
        size_t w = mlp_weight_offset(mlp, i), b = mlp_bias_offset(mlp, i);
        int in = mlp->width[i], out = mlp->width[i + 1];
        Var vw = grads ? tape_param(t, params + w, grads + w, in, out)
                       : tape_input(t, params + w, in, out);
        Var vb = grads ? tape_param(t, params + b, grads + b, 1, out)
                       : tape_input(t, params + b, 1, out);
        x = tape_dense(t, x, vw, vb, layer_kernel(mlp, i));
    }
    return x;
}

size_t mlp_tape_floats(const Mlp *mlp, int rows)
{
    size_t n = 0;
    for (int i = 1; i <= mlp->layers; i++) n += tape_node_floats(rows, mlp->width[i]);
    return n;
}

int mlp_tape_nodes(const Mlp *mlp)
{
    return 3 * mlp->layers; /* weight, bias, dense */
}

static int widest_hidden(const Mlp *mlp)
{
    int w = 0;
    for (int i = 1; i < mlp->layers; i++) w = mlp->width[i] > w ? mlp->width[i] : w;
    return w;
}

/* Two buffers that take turns. */
size_t mlp_scratch_floats(const Mlp *mlp, int rows)
{
    return 2 * (size_t)rows * (size_t)widest_hidden(mlp);
}

void mlp_infer(const Mlp *mlp, const float *params, const float *x, int rows, float *scratch,
               float *y)
{
    size_t half = mlp_scratch_floats(mlp, rows) / 2;
    for (int i = 0; i < mlp->layers; i++) {
        float *out = i == mlp->layers - 1 ? y : scratch + (i % 2 ? half : 0);
        kernel_dense(layer_kernel(mlp, i), x, rows, mlp->width[i],
                     params + mlp_weight_offset(mlp, i), params + mlp_bias_offset(mlp, i),
                     mlp->width[i + 1], out);
        x = out;
    }
}
