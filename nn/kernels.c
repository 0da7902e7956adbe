/* kernels.c -- element-wise loops; see kernels_internal.h. */
#include "nn/kernels_internal.h"

#include "nn/gemm.h"

#include <assert.h>
#include <string.h>

static inline float relu1(float x)
{
    return x < 0 ? 0 : x; /* this way round NaN passes */
}

/* Rational minimax approximation, odd 13th over even 6th degree (the coefficients are those of
 * Eigen's ptanh_float): a few ulp from tanh, and unlike tanhf it vectorises. Beyond CLAMP the
 * float result is +-1. */
static inline float tanh1(float v)
{
    const float CLAMP = 7.90531110763549805f;
    float x = v < -CLAMP ? -CLAMP : v, x2;
    x = x > CLAMP ? CLAMP : x;
    x2 = x * x;
    float p = x2 * -2.76076847742355e-16f + 2.00018790482477e-13f;
    p = x2 * p + -8.60467152213735e-11f;
    p = x2 * p + 5.12229709037114e-08f;
    p = x2 * p + 1.48572235717979e-05f;
    p = x2 * p + 6.37261928875436e-04f;
    p = x2 * p + 4.89352455891786e-03f;
    float q = x2 * 1.19825839466702e-06f + 1.18534705686654e-04f;
    q = x2 * q + 2.26843463243900e-03f;
    q = x2 * q + 4.89352518554385e-03f;
    float y = x * p / q;
    y = y > 1 ? 1 : y;
    return y < -1 ? -1 : y;
}

void kernel_apply(Kernel f, const float *restrict x, size_t n, float *restrict y)
{
    switch (f) {
    case KERNEL_LINEAR:
        if (n) memcpy(y, x, n * sizeof *y);
        break;
    case KERNEL_RELU:
        for (size_t i = 0; i < n; i++) y[i] = relu1(x[i]);
        break;
    case KERNEL_TANH:
        for (size_t i = 0; i < n; i++) y[i] = tanh1(x[i]);
        break;
    }
}

void kernel_backward(Kernel f, const float *restrict y, const float *restrict dy, size_t n,
                     float *restrict dx)
{
    switch (f) {
    case KERNEL_LINEAR:
        for (size_t i = 0; i < n; i++) dx[i] += dy[i];
        break;
    case KERNEL_RELU:
        for (size_t i = 0; i < n; i++) dx[i] += y[i] > 0 ? dy[i] : 0;
        break;
    case KERNEL_TANH:
        for (size_t i = 0; i < n; i++) dx[i] += dy[i] * (1 - y[i] * y[i]);
        break;
    }
}

void kernel_backward_inplace(Kernel f, const float *restrict y, size_t n, float *restrict dy)
{
    switch (f) {
    case KERNEL_LINEAR:
        break;
    case KERNEL_RELU:
        for (size_t i = 0; i < n; i++) dy[i] = y[i] > 0 ? dy[i] : 0;
        break;
    case KERNEL_TANH:
        for (size_t i = 0; i < n; i++) dy[i] *= 1 - y[i] * y[i];
        break;
    }
}

/* One row: y[n] = f(y[n] + b[n]). */
static void bias_row(Kernel f, const float *restrict b, int n, float *restrict y)
{
    switch (f) {
    case KERNEL_LINEAR:
        for (int j = 0; j < n; j++) y[j] += b[j];
        break;
    case KERNEL_RELU:
        for (int j = 0; j < n; j++) y[j] = relu1(y[j] + b[j]);
        break;
    case KERNEL_TANH:
        for (int j = 0; j < n; j++) y[j] = tanh1(y[j] + b[j]);
        break;
    }
}

void kernel_dense(Kernel f, const float *x, int rows, int in, const float *w, const float *b,
                  int out, float *y)
{
    gemm(0, 0, rows, out, in, x, in, w, out, 0, y, out);
    for (int i = 0; i < rows; i++) bias_row(f, b, out, y + (size_t)i * out);
}

void kernel_add_columns(const float *restrict x, int rows, int cols, float *restrict sum)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) sum[j] += x[(size_t)i * cols + j];
}
