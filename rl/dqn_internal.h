/* dqn_internal.h -- what the update (dqn.c) and the loss of one shard (dqn_loss.c) share. */
#ifndef RELMAS_RL_DQN_INTERNAL_H
#define RELMAS_RL_DQN_INTERNAL_H

#include "nn/optim.h"
#include "rl/dqn.h"

typedef struct Shard { /* S = batch / shards transitions */
    Tape *tape;
    float *grad; /* [P] */
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

struct Dqn {
    DqnConfig cfg;
    QNet net;
    size_t P;
    float *online, *target, *eval; /* [P] each */
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

/* A zeroed shard of S transitions; half made on ST_NOMEM, shard_free() all the same. */
Status shard_create(Shard *s, const QNet *net, int S, Err *err);
void shard_free(Shard *s);
/* Shard k's part of d->pick: gathers it, fills the shard's gradient and sums. ctx: Dqn *. Shards may
 * run on different threads. */
void shard_update(void *ctx, int k);

#endif
