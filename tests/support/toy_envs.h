/* toy_envs.h -- environments small enough to know the right answer: finite deterministic decision
 * processes given as a table (chains, masked bandits, unequal step times), and CartPole. */
#ifndef RELMAS_TESTS_TOY_ENVS_H
#define RELMAS_TESTS_TOY_ENVS_H

#include "env/env.h"

enum { TOY_STATES = 6, TOY_ACTIONS = 4, TOY_END = -1 };

typedef struct ToyMove {
    int next; /* state, or TOY_END: terminated */
    double reward, elapsed;
    bool invalid; /* masked; stepping it asserts */
} ToyMove;

typedef struct ToyMdp {
    int states, actions;
    bool rows;         /* true: one-hot action per row, one-hot state global; false: global only */
    bool random_start; /* else state 0 */
    int time_limit;    /* truncated after so many steps; 0: never */
    bool has_demo;
    int demo[TOY_STATES];
    ToyMove move[TOY_STATES][TOY_ACTIONS];
} ToyMdp;

/* The score of an episode is the sum of its rewards. */
Status toy_mdp_create(Env **out, const ToyMdp *mdp, Err *err);
/* The observation of a state, [obs_floats]. */
void toy_mdp_obs(const ToyMdp *mdp, int state, float *obs);
/* Q*[s][a] at discount exp(-elapsed / tau), by value iteration in double; invalid moves are
 * -INFINITY. */
void toy_mdp_solve(const ToyMdp *mdp, double tau, double q[TOY_STATES][TOY_ACTIONS]);

/* CartPole-v1 of Gymnasium: Euler steps of 0.02 s, reward 1 per step, terminated beyond 12 degrees
 * or 2.4 m, truncated after 500 steps. Observation: x, x_dot, theta, theta_dot; score: the return.
 */
Status cartpole_create(Env **out, Err *err);
/* Starts an episode at a given x, x_dot, theta, theta_dot. */
void cartpole_set(Env *env, const double state[4]);
const double *cartpole_get(const Env *env); /* [4], borrowed */

/* n environments from create(); NULL and an error if that fails. */
typedef Status ToyCreate(Env **out, const void *ctx, Err *err);
Status toy_venv(VecEnv **out, ToyCreate *create, const void *ctx, int n, Err *err);
Status toy_create_mdp(Env **out, const void *mdp, Err *err);       /* ctx: const ToyMdp * */
Status toy_create_cartpole(Env **out, const void *none, Err *err); /* ctx: NULL */

#endif
