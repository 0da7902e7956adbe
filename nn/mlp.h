/* mlp.h -- multilayer perceptron, relu or tanh hidden layers, linear output.
 * Parameters live in one slab, layer by layer as W[in,out] then b[out], owned by whoever holds the
 * weights (several copies exist: online, target, averaged), so an Mlp is only a shape.
 * Row-major float32, batch first. */
#ifndef RELMAS_NN_MLP_H
#define RELMAS_NN_MLP_H

#include "base/rng.h"
#include "nn/tape.h"

enum { MLP_MAX_LAYERS = 8 };

typedef enum { ACT_RELU, ACT_TANH } Activation;
typedef enum { INIT_HE, INIT_ORTHOGONAL } Init;

typedef struct Mlp {
    int layers;                    /* linear layers */
    int width[MLP_MAX_LAYERS + 1]; /* width[0] inputs ... width[layers] outputs */
    Activation act;
} Mlp;

/* ST_CONFIG unless 1 <= hidden layers + 1 <= MLP_MAX_LAYERS and every width is in 1..65536. */
Status mlp_init(Mlp *mlp, int inputs, const int *hidden, int n_hidden, int outputs, Activation act,
                Err *err);
size_t mlp_params(const Mlp *mlp);
/* Offsets of layer i's W[width[i], width[i+1]] and b[width[i+1]] in the slab. */
size_t mlp_weight_offset(const Mlp *mlp, int i);
size_t mlp_bias_offset(const Mlp *mlp, int i);
/* INIT_HE: N(0, 2/fan_in); INIT_ORTHOGONAL: rows or columns orthonormal, whichever are fewer, times
 * sqrt(2) (hidden relu), 5/3 (hidden tanh) or 1 (output). The output layer is also scaled by
 * out_scale. Biases 0. rng is advanced. */
void mlp_randomise(const Mlp *mlp, float *params, Init init, float out_scale, Rng *rng);

/* Tape forward: gradients of the parameters are added to grads (same layout); grads NULL takes them
 * as constants. */
Var mlp_forward(const Mlp *mlp, Tape *t, const float *params, float *grads, Var x);
/* Floats of tape memory that a forward and backward of `rows` rows take, and nodes. */
size_t mlp_tape_floats(const Mlp *mlp, int rows);
int mlp_tape_nodes(const Mlp *mlp);

/* Inference without a tape: y[rows, out] from x[rows, in]; scratch holds
 * mlp_scratch_floats(mlp, rows) floats. Same bits as mlp_forward. */
void mlp_infer(const Mlp *mlp, const float *params, const float *x, int rows, float *scratch,
               float *y);
size_t mlp_scratch_floats(const Mlp *mlp, int rows);

#endif
