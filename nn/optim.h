/* optim.h -- gradient steps on one flat slab of parameters. Nothing allocates after create. */
#ifndef RELMAS_NN_OPTIM_H
#define RELMAS_NN_OPTIM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

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

/* params -= lr * (momentum-averaged) grad, as torch.optim.SGD; velocity [n] may be NULL if
 * momentum == 0. */
void sgd_step(float *params, const float *grad, float *velocity, size_t n, double lr,
              double momentum);

#endif
