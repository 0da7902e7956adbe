/* kernels_internal.h -- the element-wise loops that the tape and the tape-free forward share, so
 * that both give the same bits. Plain loops without branches or aliasing: the compiler vectorises
 * them. */
#ifndef RELMAS_NN_KERNELS_INTERNAL_H
#define RELMAS_NN_KERNELS_INTERNAL_H

#include <stddef.h>

typedef enum { KERNEL_LINEAR, KERNEL_RELU, KERNEL_TANH } Kernel;

/* y[n] = f(x[n]). NaN stays NaN under every f, so that a diverged net is seen. */
void kernel_apply(Kernel f, const float *x, size_t n, float *y);
/* dx[n] += dy[n] f'(x), where f'(x) is taken from y = f(x). */
void kernel_backward(Kernel f, const float *y, const float *dy, size_t n, float *dx);
/* dy[n] = dy[n] f'(x), in place. */
void kernel_backward_inplace(Kernel f, const float *y, size_t n, float *dy);
/* y[rows,out] = f(x[rows,in] w[in,out] + b[out]) */
void kernel_dense(Kernel f, const float *x, int rows, int in, const float *w, const float *b,
                  int out, float *y);
/* sum[cols] += column sums of x[rows,cols] */
void kernel_add_columns(const float *x, int rows, int cols, float *sum);

#endif
