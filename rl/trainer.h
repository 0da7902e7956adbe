/* trainer.h -- the training loop: actors fill the replay, the learner learns from it.
 * It goes in rounds. First every environment takes round_steps decisions with the online weights as
 * they were at the start of the round; then the learner makes the updates that are due, one per
 * decisions_per_update decisions after the warm-up of learn_start decisions.
 * Actors run in parallel over fixed blocks of environments and the learner over the shards of its
 * batch, so that one seed gives the same bits for any number of threads; and a run that was saved
 * between two rounds and resumed gives the same bits as one that was not. */
#ifndef RELMAS_RL_TRAINER_H
#define RELMAS_RL_TRAINER_H

#include "base/pool.h"
#include "env/env.h"
#include "rl/dqn.h"
#include "rl/schedule.h"

typedef struct TrainerConfig {
    DqnConfig dqn;            /* total_updates 0: follows from total_decisions */
    uint64_t seed;            /* fixes everything */
    uint64_t total_decisions; /* that the schedules are laid out for; rounds may go on beyond */
    int round_steps;          /* decisions per environment and round */
    double decisions_per_update;
    uint64_t learn_start;               /* decisions before the first update */
    uint64_t replay_capacity;           /* steps, over all environments */
    double epsilon_first, epsilon_last; /* linear over epsilon_decisions, then epsilon_last */
    uint64_t epsilon_decisions;
    double demo_actor; /* chance that the demonstrator acts, during the warm-up */
} TrainerConfig;

TrainerConfig trainer_defaults(void);

typedef struct TrainerStats {
    uint64_t decisions, updates, episodes; /* so far */
    uint64_t skipped_updates;              /* with a gradient that was not finite; 0 in health */
    double score;   /* mean over the last episodes (up to 100), 0 before the first */
    double epsilon; /* of the last round */
    double loss, td_error, margin_loss, q_mean, grad_norm; /* means over the last round's updates */
    double lr;
} TrainerStats;

typedef struct Trainer Trainer;

/* Takes ownership of venv, also on failure. Resets the environments with seeds from cfg.seed. */
Status trainer_create(Trainer **out, const TrainerConfig *cfg, VecEnv *venv, Err *err);
void trainer_destroy(Trainer *t); /* NULL allowed */

void trainer_round(Trainer *t, Pool *pool);
const TrainerStats *trainer_stats(const Trainer *t); /* borrowed */
Dqn *trainer_dqn(Trainer *t);                        /* borrowed */

/* Lists all that a bit-exact resume needs ("/policy", "/learner", "/replay", "/env", "/rng",
 * "/counters") and takes a snapshot of the environments: call between rounds, right before saving.
 * To resume: create a trainer of the same configuration, list, overwrite the fields, then
 * trainer_resumed(). */
void trainer_state(Trainer *t, StateList *list);
/* Puts the loaded fields in force. ST_FORMAT if they cannot be a trainer's; then t is good for
 * trainer_destroy() only. */
Status trainer_resumed(Trainer *t, Err *err);

#endif
