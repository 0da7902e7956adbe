/* tape_internal.h -- what mlp.c needs of the tape beyond its public operations. */
#ifndef RELMAS_NN_TAPE_INTERNAL_H
#define RELMAS_NN_TAPE_INTERNAL_H

#include "nn/kernels_internal.h"
#include "nn/tape.h"

/* y[B,O] = f(x[B,I] W[I,O] + b[1,O]) as one node: no pre-activations are stored. After
 * tape_backward() its own gradient is the one before f. */
Var tape_dense(Tape *t, Var x, Var w, Var b, Kernel f);

#endif
