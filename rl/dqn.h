/* dqn.h -- the learner: deep Q-learning on n-step semi-Markov transitions.
 *
 *   target  y = R + d Q_target(s', argmax_a Q_online(s', a))        (double; max Q_target without)
 *           - gap (max_b Q_target(s,b) - Q_target(s,a))          (gap > 0: advantage learning)
 *   loss    mean Huber(Q(s,a) - y)
 *         + demo_weight mean_h [max_a (Q(s,a) + demo_margin 1[a != h]) - Q(s,h)]
 * the second mean over the states with a demonstrated action h: the large margin of DQfD (Hester et
 * al. 2018), here on every replayed state. With quantiles, see qnet.h, Q is their mean, y one value
 * for each, and twice tape_quantile_huber() takes the place of Huber. All argmax and max are over
 * valid actions only. Then one clipped Adam step, and exponential averages follow the online weights:
 * the target network, and the evaluation copy, which is what is evaluated and saved.
 *
 * A batch is cut into a fixed number of shards, each with its own tape and gradient, and gradients
 * are added in shard order: the number of threads changes the time, never the bits. Nothing
 * allocates after dqn_create(). */
#ifndef RELMAS_RL_DQN_H
#define RELMAS_RL_DQN_H

#include "base/config.h"
#include "base/pool.h"
#include "rl/qnet.h"
#include "rl/replay.h"

typedef enum { LR_LINEAR, LR_COSINE, LR_CONSTANT } LrSchedule;
enum { DQN_MAX_IN_FLIGHT = 8 };

typedef struct DqnConfig {
    ConfigInts hidden;   /* widths of the hidden layers, 0..MLP_MAX_LAYERS-1 of them */
    int activation;      /* Activation */
    int init;            /* Init */
    bool context;        /* rows also see the mean of all rows, see qnet.h */
    bool dueling;        /* V + A - mean A over valid actions, see qnet.h */
    int quantiles;       /* > 0: quantile regression with so many per action; 0: values */
    double lr, lr_final; /* from lr to lr_final over total_updates */
    int lr_schedule;     /* LrSchedule */
    int lr_warmup; /* the rate rises from 0 over so many updates, times the schedule; 0: none */
    uint64_t total_updates; /* that schedules last; 0: first values throughout */
    int batch;              /* transitions per update, a multiple of shards */
    int shards;
    /* Updates under way at the same time, 1..DQN_MAX_IN_FLIGHT. Each sees the weights as it began:
     * without what the in_flight - 1 before it change. Part of the result. */
    int in_flight;
    int n_step;
    double discount_time; /* tau > 0 in units of elapsed; INFINITY: undiscounted */
    bool double_q;
    /* Noisy weights (Fortunato et al. 2018) explore instead of, or beside, random actions; sigma is
     * noisy_sigma / sqrt(inputs of the layer) at first and learnt. */
    bool noisy;
    double noisy_sigma;
    /* Advantage learning (Baird 1999; Bellemare et al. 2016), in [0, 1): differences between actions
     * grow by 1 / (1 - gap), the greedy policy's values stay. For decisions so frequent that a single
     * one hardly matters. */
    double gap;
    double huber_delta;
    double clip_norm;     /* of the whole gradient; INFINITY: none */
    double target_polyak; /* share of the online weights per update, (0, 1] */
    int target_period;    /* > 0: copy every so many updates instead */
    double eval_polyak;
    double demo_weight, demo_margin; /* weight 0: no demonstration loss */
    double demo_weight_final;        /* reached linearly over total_updates; -1: demo_weight */
    /* Prioritised replay, see replay.h; alpha 0: uniform draws. The exponent of the importance
     * weights of the Huber losses rises linearly from beta to 1 over total_updates. */
    double priority_alpha, priority_beta;
    double beta1, beta2, adam_eps;
} DqnConfig;

DqnConfig dqn_defaults(void);
QNetShape dqn_shape(const DqnConfig *cfg); /* borrows cfg->hidden */

typedef struct DqnStats {   /* of one update */
    double loss;            /* the sum that is minimised */
    double td_error;        /* mean |Q - y| */
    double margin_loss;     /* before its weight */
    double q_mean;          /* of the replayed actions */
    double grad_norm;       /* before clipping */
    double lr, demo_weight; /* that were in force */
    bool skipped;           /* the gradient was not finite: the weights were left alone */
} DqnStats;

/* DQN_ACTING are the online weights, with noise of the last update if they are noisy. The others are
 * without noise. */
typedef enum { DQN_ONLINE, DQN_ACTING, DQN_TARGET, DQN_EVALUATION } DqnCopy;

typedef struct Dqn Dqn;

/* Weights and the sampler are seeded with `seed`. ST_CONFIG names the field. */
Status dqn_create(Dqn **out, const DqnConfig *cfg, const EnvSpec *spec, uint64_t seed, Err *err);
void dqn_destroy(Dqn *d); /* NULL allowed */

const QNet *dqn_net(const Dqn *d);
float *dqn_weights(Dqn *d, DqnCopy copy); /* [qnet_params], borrowed */
uint64_t dqn_updates(const Dqn *d);       /* made so far */

/* Needs replay_ready(replay, cfg.n_step) and, if cfg.priority_alpha > 0, replay_prioritise() with
 * the same n_step; then it updates priorities. */
void dqn_update(Dqn *d, Replay *replay, Pool *pool, DqnStats *stats);
/* The same n >= 1 times in a row; *stats are the last one's. Faster on several threads: whoever
 * finishes the last part of an update goes on with the next, and nobody waits for the caller. */
void dqn_updates_run(Dqn *d, Replay *replay, Pool *pool, int n, DqnStats *stats);
/* The same in parts, for a caller with other work to mix in: begin draws a batch and copies it out of
 * the replay; then every shard 0..cfg.shards-1 once, in any order and on any threads; then end. Slot
 * 0..cfg.in_flight-1 says which of the updates under way; begins and ends must not overlap each
 * other or pushes into the replay, shards may go on meanwhile. The replay must live until the end,
 * which tells it the errors. With in_flight = 1 the weights must not be touched in between. */
void dqn_update_begin(Dqn *d, int slot, Replay *replay);
void dqn_update_shard(Dqn *d, int slot, int k);
void dqn_update_end(Dqn *d, int slot, DqnStats *stats);

/* action[i] for obs[n, obs_floats]: with probability epsilon uniform over the valid ones, else the
 * greedy one. rng[i] is advanced for each observation i (may be NULL if epsilon == 0). */
void dqn_act(const Dqn *d, DqnCopy copy, QBatch *work, const float *obs, int n, double epsilon,
             Rng *rng, int *action);
/* The same with weights [qnet_params] of the caller; reads nothing that an update changes, so both
 * may go on at the same time. */
void dqn_act_with(const Dqn *d, const float *weights, QBatch *work, const float *obs, int n,
                  double epsilon, Rng *rng, int *action);

/* Lists "/policy/.." (the evaluation copy), "/learner/online/..", "/learner/target/..",
 * "/learner/adam/m|v|steps", "/learner/updates", "/rng/learner"; with noise "/learner/online/sigma",
 * "/learner/target/sigma". */
void dqn_state(Dqn *d, StateList *list);
/* After loading: ST_FORMAT unless all weights and moments are finite. Then they are in force. */
Status dqn_check(Dqn *d, Err *err);

#endif
