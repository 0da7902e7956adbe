/* replay.h -- experience: one ring of single steps per environment lane.
 * A step's observation is stored once; n-step transitions are put together when they are sampled:
 * starting at step t of a lane,
 *     R = sum_{i<k} d_i r_{t+i},   d_i = exp(-(elapsed_t + ... + elapsed_{t+i-1}) / tau),
 * and the bootstrap discount is d_k at the observation of step t+k, or 0 where the task ended.
 * k = n unless the episode ends before: at `terminated` there is nothing to bootstrap from; at
 * `truncated` the final observation is, which push stores as a `boundary` entry of its own (it
 * takes a slot and is never sampled). A step can be sampled once all that its transition needs is
 * in the ring, so the last n steps of a running episode wait.
 *
 * Observations are kept small: only the rows of valid actions, every feature as an IEEE half (11
 * significant bits, magnitudes above 65504 saturate), the mask as bits. What replay_gather() gives
 * has the rounded features, zeros in the rows that the mask forbids, and the mask as it was.
 *
 * Prioritised replay (Schaul et al. 2016, proportional) is an option: the chance of a transition is
 *     P_i = p_i / sum p,   p_i = (|TD error when last replayed| + 1e-6)^alpha,
 * and of one that was not replayed yet, the largest p so far, at first 1. Against the bias, losses
 * are weighted by (N P_i)^-beta, divided by the largest weight of the batch.
 *
 * Memory: only replay_create() and replay_prioritise() allocate: 2 (global_features + max_valid x
 * row_features) + n_actions / 8 (rounded up) + 17 bytes per step, and 9.2 for its priority. Threads:
 * different lanes may be pushed to at the same time; uniform sampling and gathering only read. Whoever
 * samples names the Rng, so the same ring and Rng give the same batch. */
#ifndef RELMAS_RL_REPLAY_H
#define RELMAS_RL_REPLAY_H

#include "base/rng.h"
#include "base/state.h"
#include "env/env.h"

typedef struct Replay Replay;

typedef struct ReplayStep { /* one decision and what came of it */
    const float *obs;       /* [obs_floats] decided on */
    int action;             /* valid under obs' mask */
    int demo;               /* the demonstrator's action at obs, -1 if none */
    double reward, elapsed;
    bool terminated, truncated; /* both set counts as terminated */
    const float *final_obs;     /* [obs_floats] after the step; read only if truncated */
} ReplayStep;

typedef struct ReplayBatch { /* caller's arrays for B transitions */
    float *obs;              /* [B, obs_floats] */
    float *next_obs;         /* [B, obs_floats]; all zero (no valid action) where the task ended */
    int *action, *demo;      /* [B] */
    float *ret;              /* [B] R */
    float *discount;         /* [B] bootstrap discount */
} ReplayBatch;

/* lanes x capacity steps. ST_CONFIG unless lanes >= 1 and capacity >= 2. */
Status replay_create(Replay **out, const EnvSpec *spec, int lanes, int capacity, Err *err);
void replay_destroy(Replay *r); /* NULL allowed */

void replay_push(Replay *r, int lane, const ReplayStep *step);

size_t replay_steps(const Replay *r); /* entries held, boundaries included */
/* Whether sampling n_step transitions is legal: every lane holds n_step + 2 entries. */
bool replay_ready(const Replay *r, int n_step);

/* Once, before the first push: from now on transitions of n_step may be drawn by priority. alpha in
 * (0, 1]. ST_NOMEM. */
Status replay_prioritise(Replay *r, int n_step, double alpha, Err *err);

/* Where a transition is in the ring: good until the next push to its lane. */
typedef struct ReplayPick {
    int lane;
    int steps;     /* that it sums, 1..n_step */
    uint64_t push; /* number of its first step among its lane's pushes */
} ReplayPick;

/* B draws with replacement, uniform over all steps that can be sampled. Needs replay_ready(). rng
 * is advanced. */
void replay_draw(const Replay *r, int B, int n_step, Rng *rng, ReplayPick *pick);
/* B draws by priority, with replacement: one from each of B equal parts of the total, so that draws
 * spread. weight[B] corrects the bias, beta in [0, 1]; the largest is 1. Needs replay_prioritise()
 * and replay_ready() for its n_step. First takes in what was pushed since: no other thread may push.
 * rng is advanced. */
void replay_draw_by_priority(Replay *r, int B, double beta, Rng *rng, ReplayPick *pick,
                             float *weight);
/* After learning from drawn picks: error[B] are their TD errors (any sign, finite). In order, so of
 * several draws of one transition the last counts. */
void replay_learnt(Replay *r, const ReplayPick *pick, int B, const float *error);
/* The step pushed `age` pushes ago into its lane (0 = the newest entry; boundaries count). False if
 * it cannot be sampled (yet). */
bool replay_pick(const Replay *r, int lane, int age, int n_step, ReplayPick *pick);
int replay_demo(const Replay *r, const ReplayPick *pick); /* at its first observation; -1: none */

/* Assembles pick[first..last-1] as the same items of *batch; disjoint ranges may run on different
 * threads. tau > 0 in units of elapsed, INFINITY for no discount. */
void replay_gather(const Replay *r, const ReplayPick *pick, int first, int last, double tau,
                   ReplayBatch *batch);

/* Lists the arrays under "/replay/". */
void replay_state(Replay *r, StateList *list);
/* After loading: ST_FORMAT unless every held entry could have been pushed and has a priority that it
 * could have. Then restores what is not saved. */
Status replay_check(Replay *r, Err *err);

#endif
