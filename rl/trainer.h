/* trainer.h -- the training loop: actors fill the replay while the learner learns from it.
 * It goes in rounds. In a round every environment takes round_steps decisions with the online
 * weights as they were when the round began; at the same time the learner makes the updates that
 * are due for the decisions before this round, one per decisions_per_update decisions after the
 * warm-up of learn_start decisions. What the round brought is in the replay when it ends. So acting
 * and learning keep two threads busy, and one is a round behind the other.
 *
 * In this fixed order one seed gives the same bits for any number of threads (actors are cut into
 * fixed blocks of environments, the learner into the shards of its batch); and a run that was saved
 * between two rounds and resumed gives the same bits as one that was not.
 *
 * free_running: no end of a round is waited for. Each block of environments goes on as soon as the
 * replay has taken its last round, with the newest weights; the learner makes an update as soon as
 * one is due for the decisions in the replay, and never before. A block may begin a round only while
 * the learner is, then, not behind by more than TRAINER_SLACK_ROUNDS rounds' worth of updates. What
 * meets what depends on the machine: with more than one thread such a run cannot be repeated bit by
 * bit. */
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
    bool free_running;
} TrainerConfig;

enum { TRAINER_SLACK_ROUNDS = 4 };

TrainerConfig trainer_defaults(void);

typedef struct TrainerStats {
    uint64_t decisions, updates, episodes; /* so far */
    uint64_t skipped_updates;              /* with a gradient that was not finite; 0 in health */
    double score;   /* mean over the last episodes (up to 100), 0 before the first */
    double epsilon; /* of the last round */
    /* Means over the last round that had updates; free-running, over the last trainer_run(). */
    double loss, td_error, margin_loss, q_mean, grad_norm;
    double lr;    /* of the last update */
    uint64_t lag; /* most updates that were due and not made in the last trainer_run() */
} TrainerStats;

typedef struct Trainer Trainer;

/* Takes ownership of venv, also on failure. Resets the environments with seeds from cfg.seed. */
Status trainer_create(Trainer **out, const TrainerConfig *cfg, VecEnv *venv, Err *err);
void trainer_destroy(Trainer *t); /* NULL allowed */

/* Goes on to `until` decisions, in whole rounds; does nothing if there are as many already. Free-
 * running, threads wait for each other at the end of a run: let it be longer than a round. */
void trainer_run(Trainer *t, Pool *pool, uint64_t until);
void trainer_round(Trainer *t, Pool *pool);          /* a run of one round */
const TrainerStats *trainer_stats(const Trainer *t); /* borrowed */
Dqn *trainer_dqn(Trainer *t);                        /* borrowed */
const Replay *trainer_replay(const Trainer *t);      /* borrowed */

/* Lists all that a bit-exact resume needs ("/policy", "/learner", "/replay", "/env", "/rng",
 * "/counters") and takes a snapshot of the environments: call between runs, right before saving.
 * To resume: create a trainer of the same configuration, list, overwrite the fields, then
 * trainer_resumed(). */
void trainer_state(Trainer *t, StateList *list);
/* Puts the loaded fields in force. ST_FORMAT if they cannot be a trainer's; then t is good for
 * trainer_destroy() only. */
Status trainer_resumed(Trainer *t, Err *err);

#endif
