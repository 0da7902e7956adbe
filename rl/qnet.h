/* qnet.h -- the Q network: values of the valid actions of an observation.
 * Two kinds, told apart by the environment's spec:
 *   rows  (row_features > 0)  one MLP scores an action from [its row | global | context]; all
 * actions share the weights, so any number of actions works, and masked actions cost nothing; plain
 * (row_features == 0) one MLP maps the global features to all n_actions values. Context (rows only,
 * optional): the mean over the state's valid rows of a first layer relu or tanh(Wc [row | global] +
 * bc) of width hidden[0], so that an action is judged among its rivals.
 *
 * Options of the last layer. Quantiles: K values per action, estimates of the quantiles (k + 1/2) / K
 * of its return, whose mean is its value (Dabney et al., AAAI 2018). Dueling: Q(s,a) = V(s) + A(s,a)
 * - mean of A over the valid actions (Wang et al., ICML 2016). A plain network has outputs of its
 * own for V. In rows each row has a second output v, and V is the mean of v over the valid rows: a
 * linear head on the mean of their last hidden layer, which unlike a head on the global features
 * sees the whole state, in whatever order the rows come, and costs one more output.
 *
 * A QNet is only a shape. Parameters are one slab: [Wc, bc with context,] then the MLP's as
 * nn/mlp.h lays them out. Scaling the features is the environment's business.
 *
 * A QBatch holds the valid (state, action) pairs of a few observations, in order of state, then
 * action; "pair" below is an index into that list. It is the workspace of one thread. */
#ifndef RELMAS_RL_QNET_H
#define RELMAS_RL_QNET_H

#include "base/state.h"
#include "env/env.h"
#include "nn/mlp.h"

enum { QNET_MAX_QUANTILES = 256 };

typedef struct QNetShape {
    const int *hidden; /* widths, [n_hidden] */
    int n_hidden;
    Activation act;
    bool context, dueling;
    int quantiles; /* 0: the value itself */
} QNetShape;

typedef struct QNet {
    EnvSpec spec;
    bool context, dueling;
    int values;  /* K per action: max(1, quantiles) */
    Mlp encoder; /* one layer, only with context */
    /* Outputs are blocks of K. rows: A, and with dueling v; plain: A of each action, with dueling V. */
    Mlp mlp;
} QNet;

typedef struct QBatch {
    int max_states;
    int states, pairs;
    int *start;  /* [max_states + 1]: state s owns pairs start[s]..start[s+1]-1 */
    int *action; /* [pairs] */
    int *state;  /* [pairs] */
    float *x;    /* rows: [pairs, row + global]; plain: [states, global] */
    float *q;    /* [pairs], filled by qnet_infer() */
    float *z;    /* [pairs, K], likewise: the quantiles that q is the mean of; q itself if K = 1 */
    /* Private workspace of qnet.c. */
    int *index, *column, *advantage, *value; /* [pairs] */
    float *pick, *mean;                      /* rows of x that were picked; [states, hidden[0]] */
    float *raw, *scratch;
    float *lift; /* dueling: [states, K], V - mean A */
} QBatch;

/* ST_CONFIG: unusable widths, quantiles not in 0..QNET_MAX_QUANTILES, or context with a plain network.
 */
Status qnet_init(QNet *net, const EnvSpec *spec, const QNetShape *shape, Err *err);
size_t qnet_params(const QNet *net);
void qnet_randomise(const QNet *net, float *params, Init init, Rng *rng);
/* Lists a slab's W and b under prefix: "<prefix>/W0" [in, out], "<prefix>/b0" [out], ...
 * and "<prefix>/Wc", "<prefix>/bc" with context. */
void qnet_state(const QNet *net, const char *prefix, float *params, StateList *list);

Status qbatch_create(QBatch *w, const QNet *net, int max_states, Err *err);
void qbatch_free(QBatch *w); /* a zeroed QBatch allowed */

/* Loads the valid pairs of obs[n, obs_floats], n <= max_states. obs need not outlive the call. */
void qbatch_load(QBatch *w, const QNet *net, const float *obs, int n);
/* Pair of (state, action), -1 if that action is not valid there. */
int qbatch_find(const QBatch *w, int state, int action);
/* Pair of the largest w->q of a state, the lowest action among equals; -1 without valid actions. */
int qbatch_argmax(const QBatch *w, int state);

/* w->z, w->q = values of all pairs. */
void qnet_infer(const QNet *net, const float *params, QBatch *w);
/* out[i,:] = the K values of pair[i], i < n <= states; cheaper than all pairs where rows are scored
 * alone, without dueling. */
void qnet_infer_pairs(const QNet *net, const float *params, QBatch *w, const int *pair, int n,
                      float *out);

/* On the tape: values [n,K] of pair[0..n-1], n <= all pairs; gradients are added to grads. w and pair
 * must stay as they are until the tape's backward. */
Var qnet_forward(const QNet *net, Tape *t, const float *params, float *grads, QBatch *w,
                 const int *pair, int n);
/* Tape memory that qnet_forward of n pairs of `states` states takes at most, with its backward. */
size_t qnet_tape_floats(const QNet *net, int states, int n);
int qnet_tape_nodes(const QNet *net);

#endif
