/* env.h -- the Gym-style environment: what rl/ sees.
 * Gymnasium's rules hold: `terminated` (the task ended) and `truncated` (a limit cut it) differ, a
 * seed fixes everything, reset without a seed goes on with the environment's own generator, and no
 * state is hidden outside the Env.
 *
 * Observation, one slab of spec.obs_floats float32:
 *   rows   [n_actions, row_features]  what happens if I choose this action (row_features may be 0)
 *   global [global_features]
 *   mask   [n_actions]                1 = valid, 0 = not; at least one is 1 until the episode ends
 *
 * The rewards of one episode, undiscounted, sum to the task's objective up to a constant. `elapsed`
 * is the time that the step took, in the environment's own unit of discount time (1 per step for
 * classic tasks): the process is semi-Markov and agents discount by exp(-elapsed / tau). */
#ifndef RELMAS_ENV_ENV_H
#define RELMAS_ENV_ENV_H

#include "base/state.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct EnvSpec {
    int n_actions, row_features, global_features;
    int obs_floats; /* n_actions * row_features + global_features + n_actions */
    int max_valid;  /* actions that the mask of one observation allows at most, 1..n_actions */
} EnvSpec;

typedef struct EnvInfo {
    double elapsed; /* discount time since the previous decision */
    int demo;       /* action a demonstrator would choose in the NEW observation, -1 if none */
    double score; /* objective of the finished episode (e.g. SLA rate in [0,1]); valid when done */
} EnvInfo;

typedef struct Env Env; /* one environment: ops table first, then its own state */

typedef struct EnvOps {
    EnvSpec (*spec)(const Env *env);
    void (*reset)(Env *env, const uint64_t *seed, float *obs, EnvInfo *info);
    void (*step)(Env *env, int action, float *obs, double *reward, bool *terminated,
                 bool *truncated, EnvInfo *info);
    void (*clone)(Env *dst, const Env *src); /* same configuration, dst's state is overwritten */
    void (*observe)(Env *env, float *obs,
                    EnvInfo *info); /* current observation again (after resume) */
    /* The whole mutable state as one flat block (plain data, no pointers), and its check after it
     * was overwritten from a file: ST_FORMAT if it could not have come from this environment. */
    void *(*state)(Env *env, size_t *bytes);
    Status (*check_state)(const Env *env, Err *err);
    void (*destroy)(Env *env);
} EnvOps;

struct Env {
    const EnvOps *ops;
};

static inline EnvSpec env_spec(const Env *e)
{
    return e->ops->spec(e);
}
/* Starts an episode. seed may be NULL: the next episode of the current generator. */
static inline void env_reset(Env *e, const uint64_t *seed, float *obs, EnvInfo *info)
{
    e->ops->reset(e, seed, obs, info);
}
/* action must be valid under the mask. After terminated or truncated call env_reset. */
static inline void env_step(Env *e, int action, float *obs, double *reward, bool *terminated,
                            bool *truncated, EnvInfo *info)
{
    e->ops->step(e, action, obs, reward, terminated, truncated, info);
}
/* The current observation again, e.g. after the state was overwritten. */
static inline void env_observe(Env *e, float *obs, EnvInfo *info)
{
    e->ops->observe(e, obs, info);
}
static inline void env_clone(Env *dst, const Env *src)
{
    dst->ops->clone(dst, src);
}
static inline void env_destroy(Env *e)
{
    if (e) e->ops->destroy(e);
}

/* Vectorised form: n environments that step together into one caller-owned slab. */
typedef struct VecEnv VecEnv;
/* Takes ownership of env[n] also on failure. */
Status venv_create(VecEnv **out, Env **env, int n, Err *err);
void venv_destroy(VecEnv *v);
int venv_size(const VecEnv *v);
Env *venv_at(VecEnv *v, int i);
/* obs [n, obs_floats]; environment i is seeded with seed + i. */
void venv_reset(VecEnv *v, uint64_t seed, float *obs, EnvInfo *info);
/* Steps environments first..last-1 (disjoint ranges may run on different threads). An environment
 * that ends is reset at once: obs then holds the new episode's first observation, and final_obs
 * (same layout, may be NULL) the old one's last. All arrays are indexed from 0 for environment 0.
 */
void venv_step(VecEnv *v, int first, int last, const int *action, float *obs, double *reward,
               bool *terminated, bool *truncated, EnvInfo *info, EnvInfo *final_info,
               float *final_obs);

#endif
