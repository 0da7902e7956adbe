/* tape.h -- reverse-mode differentiation for row-major float32 matrices ("autograd-lite").
 * A forward pass appends nodes to the tape, tape_backward() walks them in reverse. All memory is
 * taken at tape_create(): forward and backward never allocate. A Var is an index, valid until the
 * next tape_reset(). Not thread-safe: one tape per thread.
 * Exceeding the tape's nodes or floats is a programming error (assert), so size it for the largest
 * batch: one node per call, and tape_node_floats() for every node but the leaves. Any size may be
 * 0. */
#ifndef RELMAS_NN_TAPE_H
#define RELMAS_NN_TAPE_H

#include "base/status.h"

#include <stddef.h>

typedef struct Tape Tape;
typedef int Var;

Status tape_create(Tape **out, int max_nodes, size_t max_floats, Err *err);
void tape_destroy(Tape *t); /* NULL allowed */
void tape_reset(Tape *t);   /* forgets all nodes, keeps the memory */
/* From now on tape_backward() overwrites the gradients of parameters, and clears those that the loss
 * does not depend on, instead of adding to them: that saves clearing them before, and reading. Then no
 * two parameters of a tape may share a gradient. */
void tape_overwrite(Tape *t);
/* Floats that one result of this shape takes, value and gradient together. */
size_t tape_node_floats(int rows, int cols);

int tape_rows(const Tape *t, Var v);
int tape_cols(const Tape *t, Var v);
const float *tape_value(const Tape *t, Var v); /* borrowed [rows, cols] */
const float *tape_grad(const Tape *t, Var v);  /* after tape_backward(); NULL if it has none */

/* Leaves. Data is borrowed until the next reset. */
Var tape_input(Tape *t, const float *x, int rows, int cols); /* no gradient */
/* Gradients of w are ADDED to grad[rows, cols] by tape_backward(), but see tape_overwrite(). */
Var tape_param(Tape *t, const float *w, float *grad, int rows, int cols);

/* y[B,O] = x[B,I] W[I,O] + b[1,O] */
Var tape_linear(Tape *t, Var x, Var w, Var b);
Var tape_relu(Tape *t, Var x);
Var tape_tanh(Tape *t, Var x);
Var tape_add(Tape *t, Var a, Var b); /* same shape */
Var tape_sub(Tape *t, Var a, Var b); /* same shape */
Var tape_scale(Tape *t, Var x, float k);
Var tape_concat(Tape *t, Var a, Var b);               /* columns: [B,I] [B,J] -> [B,I+J] */
Var tape_reshape(Tape *t, Var x, int rows, int cols); /* the same elements in the same order */
/* y[i,:] = x[index[i],:]; index[n] is borrowed until reset; repeats add their gradients. */
Var tape_gather_rows(Tape *t, Var x, const int *index, int n);
/* y[i,0] = x[i, column[i]]; column[rows] borrowed. */
Var tape_pick(Tape *t, Var x, const int *column);
/* y[g,:] = mean of rows start[g]..start[g+1]-1 of x; start[groups+1] borrowed; an empty group is 0.
 * Groups need not cover x. */
Var tape_segment_mean(Tape *t, Var x, const int *start, int groups);
/* [1,1]: mean over all elements of weight * loss(x - target); target [rows, cols] and weight (same,
 * or NULL for 1) borrowed. Huber with threshold delta: 0.5 d^2 if |d| <= delta, delta(|d| -
 * delta/2) otherwise. Sums are in double; the mean over no elements is 0. */
Var tape_huber(Tape *t, Var x, const float *target, const float *weight, float delta);
Var tape_mse(Tape *t, Var x, const float *target, const float *weight); /* mean of weight * d^2 */
/* [1,1]: quantile Huber loss (Dabney et al., AAAI 2018). Row r of x[B,N] estimates the quantiles
 * tau_i = (i + 1/2) / N of what target[r,:] samples: the mean over r, i and j of
 * weight[r] |tau_i - 1[u < 0]| Huber(u), u = target[r,j] - x[r,i]. target[B,N], and weight[B] or
 * NULL for 1, borrowed. With N = 1 it is half of tape_huber(). */
Var tape_quantile_huber(Tape *t, Var x, const float *target, const float *weight, float delta);
Var tape_mean(Tape *t, Var x); /* [1,1] over all elements */

/* Fills gradients of everything `loss` [1,1] depends on, seeded with d loss = 1. Once per reset. */
void tape_backward(Tape *t, Var loss);

#endif
