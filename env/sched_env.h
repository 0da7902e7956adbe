/* sched_env.h -- scheduling as a Gym-style environment (env.h) on top of the simulator.
 * A step decides one ready sub-job: action = SA x classes + priority class. The observation has one
 * row per action ("what happens if I choose it") and a global part; docs/MODEL.md lists them. Every
 * feature is in [-1, 1] and free of units, so that one network serves other systems too.
 * Reward, exact credit: r = d(met jobs) + d(Phi) - Phi0(arrivals), Phi = sum over unfinished jobs
 * of sigmoid(laxity / (width x remaining work)); undiscounted an episode sums to met - const. */
#ifndef RELMAS_ENV_SCHED_ENV_H
#define RELMAS_ENV_SCHED_ENV_H

#include "env/env.h"
#include "env/sched.h"
#include "env/sim.h"

typedef enum { REWARD_EXACT, REWARD_SPARSE } RewardKind;
extern const char *const REWARD_NAMES[];

typedef struct SchedEnvConfig {
    SimConfig sim;
    Workload workload;       /* rate_per_us is that of load 1 */
    double load_lo, load_hi; /* each episode draws its load uniformly between them */
    double unit_us;          /* reference time of features and discounting: mean service time */
    RewardKind reward;
    double phi_width;         /* w above */
    const Scheduler *teacher; /* demonstrates (EnvInfo.demo); NULL: nobody */
    /* The spec has at least so many actions and valid actions: observations are padded with actions
     * that are never valid, so that systems of several sizes fit into one vector. 0: no padding. */
    int least_actions, least_valid;
} SchedEnvConfig;

/* sys is borrowed. The Env is destroyed with env_destroy(). */
Status sched_env_create(Env **out, const System *sys, const SchedEnvConfig *cfg, Err *err);
const Sim *sched_env_sim(const Env *env); /* to read metrics */

/* Under these rules, with so many priority classes to choose from. */
EnvSpec sched_env_spec(const System *sys, const SchedRules *rules, int classes);
/* Observation of the candidate of any simulator, as the environment writes it: obs[obs_floats]. For
 * running frozen policies without an Env. Returns the teacher's action, made canonical (the valid one
 * that means the same); -1 without a teacher or when the episode is over. */
int sched_observe(const Sim *sim, double unit_us, const Scheduler *teacher, float *obs);

#endif
