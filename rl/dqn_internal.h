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
} Shard;

typedef struct Noise {
    float *online, *target, *acting; /* [P] weights with noise drawn */
    float *eps;                      /* [M] what was drawn last */
    float *column;                   /* [widest layer] */
} Noise;

typedef enum { NOISE_ACTING, NOISE_ONLINE, NOISE_TARGET, NOISE_USES } NoiseUse;

struct Dqn {
    DqnConfig cfg;
    QNet net;
    uint64_t seed;
    size_t P, N;            /* weights of the network; all that is learnt: P, or P + M with noise */
    float *online, *target; /* [N] each: weights or their means, then their M sigmas */
    float *eval;            /* [P] */
    Noise noise;            /* empty without dqn.noisy */
    Adam adam;
    Rng rng;
    uint64_t updates;
    const Replay *replay; /* borrowed during an update */
    ReplayPick *pick;     /* [cfg.batch], drawn from it */
    ReplayBatch batch;    /* [cfg.batch], each shard gathers its part */
    Shard *shard;         /* [cfg.shards] */
    int demos;            /* states of the batch with a demonstrated action */
    double demo_weight;   /* of this update */
};

/* A zeroed shard of S transitions that learns N parameters; half made on ST_NOMEM, shard_free() all
 * the same. */
Status shard_create(Shard *s, const QNet *net, int S, size_t N, Err *err);
void shard_free(Shard *s);
/* Shard k's part of d->pick: gathers it, fills the shard's gradient and sums. ctx: Dqn *. Shards may
 * run on different threads. */
void shard_update(void *ctx, int k);

/* ---- dqn_noise.c; only with dqn.noisy ---- */
size_t noise_params(const QNet *net);           /* M: the last ones of a slab are noisy */
Status noise_create(Noise *n, const QNet *net); /* ST_NOMEM leaves it half made */
void noise_free(Noise *n);                      /* a zeroed one allowed */
void noise_start(const QNet *net, double sigma0, float *sigma); /* sigma[M] at first */
/* n->eps = the noise of an update for one use. */
void noise_draw(Noise *n, const QNet *net, uint64_t seed, uint64_t update, NoiseUse use);
void noise_for_update(Dqn *d);            /* fills noise.online and noise.target */
void noise_gradient(Dqn *d, float *grad); /* of the sigmas, after that of the weights */
void noise_for_acting(Dqn *d);            /* fills noise.acting */

#endif
