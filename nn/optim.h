/* optim.h -- gradient steps on one flat slab of parameters. Nothing allocates after create. */
#ifndef RELMAS_NN_OPTIM_H
#define RELMAS_NN_OPTIM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* grad[n] += more[0][n], then more[1][n], ... more[count - 1][n]. Returns the sum of the squares of
 * the result (in double), from the same pass. */
double grad_add(float *grad, const float *const *more, int count, size_t n);
/* What a gradient of this 2-norm is to be multiplied by, so that it is at most max_norm (> 0, may be
 * inf); 1 if the norm is not finite. */
float grad_clip_scale(double norm, double max_norm);
/* Scales grad[n] so that its 2-norm is at most max_norm (> 0; inf only measures). Returns the norm
 * before (in double). A non-finite norm leaves grad as it is. */
double grad_clip(float *grad, size_t n, double max_norm);

typedef struct Adam { /* Kingma & Ba 2015, with bias correction, as torch.optim.Adam */
    size_t n;
    float *m, *v; /* moments [n] each, owned */
    uint64_t t;   /* steps taken */
    double beta1, beta2, eps;
} Adam;

Status adam_init(Adam *a, size_t n, double beta1, double beta2, double eps, Err *err);
void adam_free(Adam *a);
void adam_step(Adam *a, float *params, const float *grad, double lr);

typedef struct Follower { /* copy[n] += share (params[n] - copy[n]), of the first n parameters */
    float *copy;
    size_t n;
    double share;
} Follower;

enum { ADAM_MAX_FOLLOWERS = 2 };
/* A step with grad times scale, after which up to two copies follow: all in one pass, as a pass over
 * the parameters costs more than its arithmetic. */
void adam_step_followed(Adam *a, float *params, const float *grad, float scale, double lr,
                        const Follower *follower, int followers);

/* params -= lr * (momentum-averaged) grad, as torch.optim.SGD; velocity [n] may be NULL if
 * momentum == 0. */
void sgd_step(float *params, const float *grad, float *velocity, size_t n, double lr,
              double momentum);

#endif
