/* dqn_internal.h -- what the update (dqn.c) and the loss of one shard (dqn_loss.c) share. */
#ifndef RELMAS_RL_DQN_INTERNAL_H
#define RELMAS_RL_DQN_INTERNAL_H

#include "nn/optim.h"
#include "rl/dqn.h"

typedef struct Shard { /* S = batch / shards transitions */
    Tape *tape;
    float *grad; /* [P]; the first shard's [N] */
    QBatch now, next;
    int *pair;         /* [3 S] distinct pairs whose value goes on the tape */
    int *td;           /* [S] of the replayed actions, as indices into pair */
    int *rival, *demo; /* [S] of the margin loss, likewise */
    int *best;         /* [S] greedy pair at s' */
    float *boot;       /* [S, K] values of best */
    float *target;     /* [S, K] y */
    int n_pairs, n_margins;
    double loss, td_sum, margin_sum, q_sum;
    /* Parts of the Update's, [S]. */
    float *error;
    const float *weight; /* NULL: all 1 */
} Shard;

typedef struct Update {
    const Dqn *d;
    ReplayPick *pick;  /* [cfg.batch] */
    ReplayBatch batch; /* [cfg.batch] */
    Replay *replay;    /* borrowed */
    Shard *shard;      /* [cfg.shards] */
    int demos;         /* states of the batch with a demonstrated action */
    double demo_weight;
    /* [cfg.batch]: Q - y; importance weights of the Huber losses. */
    float *error, *weight;
    float *copy; /* [2 P] as it began, with noise; NULL if none ends meanwhile, without */
    float *eps;  /* [M] the noise of online; NULL without */
    float *online, *target; /* [P] that the update sees: the learner's own, or in copy */
} Update;

struct Dqn {
    DqnConfig cfg;
    QNet net;
    uint64_t seed;
    size_t P, N;            /* weights of the network; all that is learnt: P, or P + M with noise */
    float *online, *target; /* [N] each: weights or their means, then their M sigmas */
    float *eval;            /* [P] */
    float *acting, *eps;    /* online with noise [P], which [M]; NULL without dqn.noisy */
    Adam adam;
    Rng rng;
    uint64_t updates;
    Update *update; /* [cfg.in_flight] */
};

/* A zeroed shard of S transitions that learns N parameters; half made on ST_NOMEM, shard_free() all
 * the same. */
Status shard_create(Shard *s, const QNet *net, int S, size_t N, Err *err);
void shard_free(Shard *s);
/* Shard k's part of the update: fills the shard's gradient and sums. Shards may run on different
 * threads. */
void shard_update(Update *u, int k);

/* ---- dqn_noise.c; params[P + M] are weights, then a sigma for each of the last M of them ---- */

size_t noise_params(const QNet *net);                           /* M */
void noise_start(const QNet *net, double sigma0, float *sigma); /* sigma[M] at first */
void noise_draw(const QNet *net, Rng *rng, float *eps);         /* eps[M] */
/* out[P] = mu + sigma eps */
void noise_add(const QNet *net, const float *params, const float *eps, float *out);
/* Fills the second part of grad[P + M] from the first. */
void noise_gradient(const QNet *net, const float *eps, float *grad);

#endif
