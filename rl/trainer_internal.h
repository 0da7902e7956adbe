/* trainer_internal.h -- what the trainer's files share. trainer.c makes, saves and destroys it;
 * trainer_run.c acts and learns. */
#ifndef RELMAS_RL_TRAINER_INTERNAL_H
#define RELMAS_RL_TRAINER_INTERNAL_H

#include "rl/trainer.h"

/* Blocks of lanes that act together: a constant, because the bits of a matrix product may depend on
 * its number of rows, and results must not depend on the number of threads. */
enum { ACTOR_BLOCKS = 8, SCORE_WINDOW = 100 };

/* One round of every lane, until the replay takes it over. Step s of lane i is element
 * [s * lanes + i]. */
typedef struct Stage {
    float *obs;    /* [steps + 1, lanes, obs_floats]; the last row is for the next round's first */
    int32_t *demo; /* [steps + 1, lanes] the demonstrator's actions at obs */
    float *final_obs;                 /* [steps, lanes, obs_floats] where an episode ended */
    int *action;                      /* [steps, lanes], as all below */
    double *reward, *elapsed, *score; /* score: of the episode, where one ended */
    bool *terminated, *truncated;
} Stage;

typedef enum { BLOCK_IDLE, BLOCK_ACTING, BLOCK_FULL } BlockState; /* full: its stage is */

typedef struct Block {
    int first, last; /* lanes first..last-1 */
    QBatch work;
    BlockState state;
    uint64_t left; /* rounds that it has still to begin */
    /* Of the round that it is acting: */
    int weights; /* which copy */
    double epsilon;
    bool demos; /* the demonstrator may act */
} Block;

/* An update under way. Its slot in the learner is its place in Trainer.update. */
typedef struct Open {
    bool open;
    uint64_t number; /* updates begun before it */
    int shards_given, shards_done;
} Open;

/* What happens between updates, one turn at a time: here alone weights and replay change. Planned
 * under the pool's lock. */
typedef struct Turn {
    int end, begin; /* slots of the update to end, -1 if none, and of one to begin if it is due */
    bool hand;      /* new weights to the actors */
    int push[ACTOR_BLOCKS], n_push; /* blocks whose stage goes into the replay */
    /* Outcome: */
    bool begun, ready; /* an update; whether the replay can be drawn from */
    uint64_t pushed;   /* decisions */
} Turn;

struct Trainer {
    TrainerConfig cfg;
    EnvSpec spec;
    VecEnv *venv;
    Dqn *dqn;
    Replay *replay;
    int lanes, blocks;
    Block block[ACTOR_BLOCKS]; /* [blocks] */
    Stage stage;
    EnvInfo *info, *final_info; /* [lanes] */
    Rng *rng;                   /* [lanes] */
    float *weights[2];          /* [qnet_params] that actors act with, and the spare copy */
    uint8_t *env_state;         /* [lanes, env_bytes], as of trainer_state() */
    size_t env_bytes;

    /* Written by turns alone: one at a time. */
    uint64_t decisions, episodes, skipped;
    double score[SCORE_WINDOW]; /* episode e's in element e % SCORE_WINDOW */
    DqnStats sum;               /* over `summed` updates, not yet in stats */
    uint64_t summed;
    TrainerStats stats;

    /* The schedule, under the pool's lock while it serves: */
    uint64_t until;                 /* decisions at which this run ends */
    uint64_t started;               /* decisions made or being made */
    uint64_t updates;               /* made */
    bool ready;                     /* replay_ready() */
    Open update[DQN_MAX_IN_FLIGHT]; /* [cfg.dqn.in_flight] */
    uint64_t begun;                 /* updates made or under way */
    bool turning;
    Turn turn;
    int acting, readers[2]; /* the copy of the weights that new rounds take; blocks that use each */
};

/* Brings t->stats up to date with the counters. */
void trainer_refresh(Trainer *t);

#endif
