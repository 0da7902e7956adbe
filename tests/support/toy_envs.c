/* toy_envs.c -- table-driven decision processes and CartPole as Envs. */
#include "tests/support/toy_envs.h"

#include "base/mem.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- finite decision processes ---- */

typedef struct MdpState {
    Rng rng;
    double score;
    int32_t state, steps;
} MdpState;

typedef struct MdpEnv {
    Env base;
    ToyMdp mdp;
    MdpState now;
} MdpEnv;

static EnvSpec mdp_shape(const ToyMdp *m)
{
    int row = m->rows ? m->actions : 0;
    return (EnvSpec){m->actions, row, m->states, m->actions * row + m->states + m->actions,
                     m->actions};
}

static EnvSpec mdp_spec(const Env *env)
{
    return mdp_shape(&((const MdpEnv *)env)->mdp);
}

void toy_mdp_obs(const ToyMdp *m, int state, float *obs)
{
    EnvSpec spec = mdp_shape(m);
    memset(obs, 0, (size_t)spec.obs_floats * sizeof *obs);
    for (int a = 0; a < m->actions; a++) {
        if (m->move[state][a].invalid) continue; /* its row is 0, as a replay gives it back */
        if (m->rows) obs[a * spec.row_features + a] = 1;
        obs[spec.obs_floats - m->actions + a] = 1;
    }
    obs[m->actions * spec.row_features + state] = 1;
}

static void mdp_observe(Env *env, float *obs, EnvInfo *info)
{
    MdpEnv *e = (MdpEnv *)env;
    toy_mdp_obs(&e->mdp, e->now.state, obs);
    *info = (EnvInfo){0, e->mdp.has_demo ? e->mdp.demo[e->now.state] : -1, e->now.score};
}

static void mdp_reset(Env *env, const uint64_t *seed, float *obs, EnvInfo *info)
{
    MdpEnv *e = (MdpEnv *)env;
    if (seed) rng_seed(&e->now.rng, *seed, 0);
    e->now.steps = 0;
    e->now.score = 0;
    e->now.state =
        e->mdp.random_start ? (int32_t)rng_below(&e->now.rng, (uint32_t)e->mdp.states) : 0;
    mdp_observe(env, obs, info);
}

static void mdp_step(Env *env, int action, float *obs, double *reward, bool *terminated,
                     bool *truncated, EnvInfo *info)
{
    MdpEnv *e = (MdpEnv *)env;
    const ToyMove *m = &e->mdp.move[e->now.state][action];

    assert(!m->invalid);
    e->now.score += m->reward;
    e->now.steps++;
    if (m->next != TOY_END) e->now.state = m->next;
    mdp_observe(env, obs, info);
    *reward = m->reward;
    *terminated = m->next == TOY_END;
    *truncated = e->mdp.time_limit > 0 && e->now.steps >= e->mdp.time_limit;
    info->elapsed = m->elapsed;
}

static void mdp_clone(Env *dst, const Env *src)
{
    ((MdpEnv *)dst)->now = ((const MdpEnv *)src)->now;
}

static void *mdp_state(Env *env, size_t *bytes)
{
    *bytes = sizeof(MdpState);
    return &((MdpEnv *)env)->now;
}

static Status mdp_check(const Env *env, Err *err)
{
    const MdpEnv *e = (const MdpEnv *)env;
    if (e->now.state >= 0 && e->now.state < e->mdp.states) return ST_OK;
    return err_set(err, ST_FORMAT, "no such state %d", e->now.state);
}

static void env_free(Env *env)
{
    mem_free(env);
}

static const EnvOps MDP_OPS = {mdp_spec,    mdp_reset, mdp_step,  mdp_clone,
                               mdp_observe, mdp_state, mdp_check, env_free};

Status toy_mdp_create(Env **out, const ToyMdp *mdp, Err *err)
{
    MdpEnv *e = mem_calloc(1, sizeof *e);
    *out = NULL;
    if (!e) return err_set(err, ST_NOMEM, "toy environment: %s", status_text(ST_NOMEM));
    e->base.ops = &MDP_OPS;
    e->mdp = *mdp;
    *out = &e->base;
    return ST_OK;
}

static double best_value(const ToyMdp *m, int state, double q[TOY_STATES][TOY_ACTIONS])
{
    double best = -(double)INFINITY;
    for (int a = 0; a < m->actions; a++) best = fmax(best, q[state][a]);
    return best;
}

void toy_mdp_solve(const ToyMdp *m, double tau, double q[TOY_STATES][TOY_ACTIONS])
{
    for (int s = 0; s < m->states; s++)
        for (int a = 0; a < m->actions; a++)
            q[s][a] = m->move[s][a].invalid ? -(double)INFINITY : 0;
    for (int sweep = 0; sweep < 10000; sweep++)
        for (int s = 0; s < m->states; s++)
            for (int a = 0; a < m->actions; a++) {
                const ToyMove *v = &m->move[s][a];
                if (v->invalid) continue;
                double next = v->next == TOY_END ? 0 : best_value(m, v->next, q);
                q[s][a] = v->reward + exp(-v->elapsed / tau) * next;
            }
}

/* ---- CartPole (Barto, Sutton & Anderson 1983, as in gymnasium/envs/classic_control/cartpole.py)
 * ---- */

static const double GRAVITY = 9.8, MASS_CART = 1.0, MASS_POLE = 0.1;
static const double LENGTH = 0.5; /* half the pole's */
static const double FORCE = 10.0, DT = 0.02;
static const double X_LIMIT = 2.4, THETA_LIMIT = 12 * 2 * 3.141592653589793 / 360;
enum { CARTPOLE_STEPS = 500 };

typedef struct CartPoleState {
    Rng rng;
    double s[4]; /* x, x_dot, theta, theta_dot */
    int64_t steps;
} CartPoleState;

typedef struct CartPole {
    Env base;
    CartPoleState now;
} CartPole;

static EnvSpec cartpole_spec(const Env *env)
{
    (void)env;
    return (EnvSpec){2, 0, 4, 6, 2};
}

static void cartpole_observe(Env *env, float *obs, EnvInfo *info)
{
    CartPole *e = (CartPole *)env;
    for (int i = 0; i < 4; i++) obs[i] = (float)e->now.s[i];
    obs[4] = obs[5] = 1;
    *info = (EnvInfo){0, -1, (double)e->now.steps};
}

static void cartpole_reset(Env *env, const uint64_t *seed, float *obs, EnvInfo *info)
{
    CartPole *e = (CartPole *)env;
    if (seed) rng_seed(&e->now.rng, *seed, 0);
    for (int i = 0; i < 4; i++) e->now.s[i] = -0.05 + 0.1 * rng_uniform(&e->now.rng);
    e->now.steps = 0;
    cartpole_observe(env, obs, info);
}

static void cartpole_move(double s[4], double force)
{
    double cosine = cos(s[2]), sine = sin(s[2]);
    double total = MASS_POLE + MASS_CART, pole = MASS_POLE * LENGTH;
    double temp = (force + pole * (s[3] * s[3]) * sine) / total;
    double theta_acc = (GRAVITY * sine - cosine * temp) /
                       (LENGTH * (4.0 / 3.0 - MASS_POLE * (cosine * cosine) / total));
    double x_acc = temp - pole * theta_acc * cosine / total;
    s[0] += DT * s[1];
    s[1] += DT * x_acc;
    s[2] += DT * s[3];
    s[3] += DT * theta_acc;
}

static void cartpole_step(Env *env, int action, float *obs, double *reward, bool *terminated,
                          bool *truncated, EnvInfo *info)
{
    CartPole *e = (CartPole *)env;
    double *s = e->now.s;

    cartpole_move(s, action == 1 ? FORCE : -FORCE);
    e->now.steps++;
    cartpole_observe(env, obs, info);
    *reward = 1;
    *terminated = fabs(s[0]) > X_LIMIT || fabs(s[2]) > THETA_LIMIT;
    *truncated = e->now.steps >= CARTPOLE_STEPS;
    info->elapsed = 1;
}

static void cartpole_clone(Env *dst, const Env *src)
{
    ((CartPole *)dst)->now = ((const CartPole *)src)->now;
}

static void *cartpole_state(Env *env, size_t *bytes)
{
    *bytes = sizeof(CartPoleState);
    return &((CartPole *)env)->now;
}

static Status cartpole_check(const Env *env, Err *err)
{
    const CartPole *e = (const CartPole *)env;
    for (int i = 0; i < 4; i++)
        if (!isfinite(e->now.s[i])) return err_set(err, ST_FORMAT, "state is not finite");
    return ST_OK;
}

static const EnvOps CARTPOLE_OPS = {cartpole_spec,  cartpole_reset,   cartpole_step,
                                    cartpole_clone, cartpole_observe, cartpole_state,
                                    cartpole_check, env_free};

Status cartpole_create(Env **out, Err *err)
{
    CartPole *e = mem_calloc(1, sizeof *e);
    *out = NULL;
    if (!e) return err_set(err, ST_NOMEM, "cartpole: %s", status_text(ST_NOMEM));
    e->base.ops = &CARTPOLE_OPS;
    *out = &e->base;
    return ST_OK;
}

void cartpole_set(Env *env, const double state[4])
{
    CartPole *e = (CartPole *)env;
    memcpy(e->now.s, state, sizeof e->now.s);
    e->now.steps = 0;
}

const double *cartpole_get(const Env *env)
{
    return ((const CartPole *)env)->now.s;
}

/* ---- vectors of them ---- */

Status toy_create_mdp(Env **out, const void *mdp, Err *err)
{
    return toy_mdp_create(out, mdp, err);
}

Status toy_create_cartpole(Env **out, const void *none, Err *err)
{
    (void)none;
    return cartpole_create(out, err);
}

Status toy_venv(VecEnv **out, ToyCreate *create, const void *ctx, int n, Err *err)
{
    Env *env[64];

    assert(n <= 64);
    *out = NULL;
    for (int i = 0; i < n; i++) {
        Status st = create(&env[i], ctx, err);
        if (st == ST_OK) continue;
        while (i-- > 0) env_destroy(env[i]);
        return st;
    }
    return venv_create(out, env, n, err);
}
