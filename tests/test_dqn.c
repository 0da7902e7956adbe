/* test_dqn.c -- the learner against decision processes whose values are known exactly. */
#include "tests/support.h"
#include "tests/support/toy_envs.h"

#include "rl/dqn_internal.h"
#include "rl/trainer.h"

#include <math.h>
#include <string.h>

/* A chain of three states: 0 goes on (into 1, 2, then the end worth 1) and 1 stops at once for 0.5.
 */
static const ToyMdp CHAIN = {
    .states = 3,
    .actions = 2,
    .random_start = true,
    .move = {{{1, 0, 1, false}, {TOY_END, 0.5, 1, false}},
             {{2, 0, 1, false}, {TOY_END, 0.5, 1, false}},
             {{TOY_END, 1, 1, false}, {TOY_END, 0.5, 1, false}}},
};

/* One decision; the action that would pay most is masked. In state 1 so is the second best. */
static const ToyMdp BANDIT = {
    .states = 2,
    .actions = 4,
    .random_start = true,
    .move = {{{1, 0.1, 1, false}, {1, 0.3, 1, false}, {1, 0.2, 1, false}, {1, 9, 1, true}},
             {{0, 0.1, 1, false}, {0, 7, 1, true}, {0, 0.2, 1, false}, {0, 9, 1, true}}},
};

/* A fast small prize against a slow big one: which is better depends on the discount of time. */
static const ToyMdp SLOW_OR_FAST = {
    .states = 3,
    .actions = 2,
    .random_start = true,
    .move = {{{1, 0, 0.5, false}, {2, 0, 4, false}},
             {{TOY_END, 0.6, 0.25, false}, {0, 0, 2, false}},
             {{TOY_END, 1, 0, false}, {TOY_END, 0.3, 1, false}}},
};

static TrainerConfig small(void)
{
    TrainerConfig c = trainer_defaults();
    c.dqn.hidden = (ConfigInts){1, {32}};
    c.dqn.lr = 3e-3;
    c.dqn.lr_final = 1e-4;
    c.dqn.batch = 32;
    c.dqn.n_step = 1;
    c.dqn.discount_time = 5;
    c.dqn.target_polyak = c.dqn.eval_polyak = 0.02;
    c.dqn.demo_weight = 0;
    c.total_decisions = 24000;
    c.round_steps = 8;
    c.decisions_per_update = 8;
    c.learn_start = 200;
    c.replay_capacity = 4000;
    c.epsilon_first = c.epsilon_last = 1; /* values of the greedy policy, from any experience */
    return c;
}

static Trainer *train(const TrainerConfig *c, const ToyMdp *mdp, int threads)
{
    Err err = {0};
    VecEnv *venv;
    Trainer *t;
    Pool *pool;

    ck_ok(toy_venv(&venv, toy_create_mdp, mdp, 8, &err), err);
    ck_ok(trainer_create(&t, c, venv, &err), err);
    ck_ok(pool_create(&pool, threads, &err), err);
    while (trainer_stats(t)->decisions < c->total_decisions) trainer_round(t, pool);
    ck_assert_int_eq(trainer_stats(t)->skipped_updates, 0);
    pool_destroy(pool);
    return t;
}

/* Values of the valid actions of one state, by the evaluation copy, -INFINITY elsewhere; and unless
 * NULL the quantiles of action 0. */
static void learnt(Trainer *t, const ToyMdp *mdp, int state, double q[TOY_ACTIONS], double *z)
{
    const QNet *net = dqn_net(trainer_dqn(t));
    QBatch w;
    float obs[256];

    ck_assert_int_le(net->spec.obs_floats, 256);
    ck_assert_int_eq(qbatch_create(&w, net, 1, NULL), ST_OK);
    toy_mdp_obs(mdp, state, obs);
    qbatch_load(&w, net, obs, 1);
    qnet_infer(net, dqn_weights(trainer_dqn(t), DQN_EVALUATION), &w);
    for (int a = 0; a < mdp->actions; a++) {
        int pair = qbatch_find(&w, 0, a);
        for (int k = 0; z && a == 0 && k < net->values; k++)
            z[k] = (double)w.z[pair * net->values + k];
        q[a] = pair < 0 ? -HUGE_VAL : (double)w.q[pair];
    }
    qbatch_free(&w);
}

static void learnt_q(Trainer *t, const ToyMdp *mdp, int state, double q[TOY_ACTIONS])
{
    learnt(t, mdp, state, q, NULL);
}

static void check_q_star(const TrainerConfig *c, const ToyMdp *mdp, double tolerance)
{
    double star[TOY_STATES][TOY_ACTIONS], q[TOY_ACTIONS];
    Trainer *t = train(c, mdp, 1);

    toy_mdp_solve(mdp, c->dqn.discount_time, star);
    for (int s = 0; s < mdp->states; s++) {
        learnt_q(t, mdp, s, q);
        for (int a = 0; a < mdp->actions; a++) {
            if (mdp->move[s][a].invalid) continue;
            ck_assert_msg(fabs(q[a] - star[s][a]) < tolerance, "Q(%d,%d) = %g, should be %g", s, a,
                          q[a], star[s][a]);
        }
    }
    trainer_destroy(t);
}

/* All kinds of network, single and double Q. */
typedef struct Kind {
    bool rows, context, double_q, dueling, noisy;
    int quantiles;
} Kind;

static const Kind KINDS[] = {
    {.double_q = true},
    {.rows = true, .double_q = true},
    {.rows = true, .context = true, .double_q = true},
    {.rows = true},
    {.double_q = true, .dueling = true},
    {.rows = true, .double_q = true, .dueling = true},
    {.double_q = true, .quantiles = 5},
    {.rows = true, .double_q = true, .quantiles = 5},
    {.rows = true, .context = true, .dueling = true, .quantiles = 5},
    {.double_q = true, .noisy = true},
    {.rows = true, .context = true, .double_q = true, .noisy = true, .dueling = true},
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

static void set_kind(DqnConfig *c, const Kind *kind)
{
    c->context = kind->context;
    c->double_q = kind->double_q;
    c->dueling = kind->dueling;
    c->quantiles = kind->quantiles;
    c->noisy = kind->noisy;
}

static void check_kind(int kind, const ToyMdp *mdp, double tolerance)
{
    ToyMdp m = *mdp;
    TrainerConfig c = small();
    m.rows = KINDS[kind].rows;
    set_kind(&c.dqn, &KINDS[kind]);
    check_q_star(&c, &m, tolerance);
}

START_TEST(chain_values_are_the_discounted_prize)
{
    double g = exp(-1.0 / 5), star[TOY_STATES][TOY_ACTIONS];
    toy_mdp_solve(&CHAIN, 5, star); /* the reference itself, in closed form */
    ck_assert_double_eq_tol(star[0][0], g * g, 1e-12);
    ck_assert_double_eq_tol(star[1][0], g, 1e-12);
    check_kind(_i, &CHAIN, 0.03);
}
END_TEST

START_TEST(masked_actions_are_never_bootstrapped_from)
{
    double g = exp(-1.0 / 5), star[TOY_STATES][TOY_ACTIONS];
    toy_mdp_solve(&BANDIT, 5, star); /* v0 = 0.3 + g v1, v1 = 0.2 + g v0 */
    ck_assert_double_eq_tol(star[0][1], (0.3 + g * 0.2) / (1 - g * g), 1e-9);
    check_kind(_i, &BANDIT, 0.06);
}
END_TEST

START_TEST(time_is_discounted_not_steps)
{
    double star[TOY_STATES][TOY_ACTIONS];
    toy_mdp_solve(&SLOW_OR_FAST, 5, star);
    ck_assert_double_eq_tol(star[0][0], exp(-0.5 / 5) * 0.6, 1e-12);
    ck_assert_double_eq_tol(star[0][1], exp(-4.0 / 5) * 1.0, 1e-12);
    check_kind(_i, &SLOW_OR_FAST, 0.03);
}
END_TEST

/* One action only, so n-step returns are on-policy and the chain's value is exact for any n. */
START_TEST(n_steps_give_the_same_values)
{
    ToyMdp m = CHAIN;
    TrainerConfig c = small();
    m.actions = 1;
    m.move[0][0].reward = 0.25;
    c.dqn.n_step = 1 + _i;
    check_q_star(&c, &m, 0.03);
}
END_TEST

/* A step that pays 1 for ever. Cut by a time limit it is still worth 1 / (1 - g); if the limit were
 * taken for the end it would be worth at most the five steps. */
START_TEST(truncation_bootstraps)
{
    ToyMdp m = {.states = 1, .actions = 1, .time_limit = 5, .move = {{{0, 0.2, 1, false}}}};
    TrainerConfig c = small();
    double g = exp(-1.0 / 5), star[TOY_STATES][TOY_ACTIONS];
    toy_mdp_solve(&m, 5, star);
    ck_assert_double_eq_tol(star[0][0], 0.2 / (1 - g), 1e-9);
    c.dqn.n_step = 1 + 2 * _i;
    check_q_star(&c, &m, 0.06);
}
END_TEST

START_TEST(termination_does_not_bootstrap)
{
    ToyMdp m = {.states = 1, .actions = 1, .time_limit = 1, .move = {{{TOY_END, 0.2, 1, false}}}};
    TrainerConfig c = small(); /* both flags at once: terminated wins */
    check_q_star(&c, &m, 0.01);
}
END_TEST

START_TEST(hard_target_copies_learn_too)
{
    TrainerConfig c = small();
    c.dqn.target_period = 50;
    check_q_star(&c, &CHAIN, 0.03);
}
END_TEST

START_TEST(prioritised_draws_give_the_same_values)
{
    TrainerConfig c = small();
    c.dqn.priority_alpha = 0.6;
    c.dqn.n_step = 1;
    check_q_star(&c, _i ? &BANDIT : &CHAIN, _i ? 0.06 : 0.03);
}
END_TEST

/* Two steps in one: action 0 of state 0 leads to state 1, where random exploration earns 0, 1, 1 or
 * 3. The quantiles 1/8, 3/8, 5/8 and 7/8 of that are 0, 1, 1 and 3, and the value is their mean. */
START_TEST(quantiles_show_what_returns_there_are)
{
    static const double WANT[] = {0, 1, 1, 3};
    ToyMdp m = {.states = 2, .actions = 4, .rows = _i, .random_start = true};
    TrainerConfig c = small();
    double q[TOY_ACTIONS], z[4];

    for (int a = 0; a < 4; a++) {
        m.move[0][a] = (ToyMove){1, 0, 1, a > 0};
        m.move[1][a] = (ToyMove){TOY_END, WANT[a], 1, false};
    }
    c.dqn.discount_time = HUGE_VAL;
    c.dqn.n_step = 2;
    c.dqn.quantiles = 4;
    c.dqn.dueling = _i;
    c.dqn.huber_delta = 0.01; /* with a large one they are drawn to the mean */
    c.dqn.lr = 1e-2;
    Trainer *t = train(&c, &m, 1);
    learnt(t, &m, 0, q, z);
    for (int k = 0; k < 4; k++)
        ck_assert_msg(fabs(z[k] - WANT[k]) < 0.1, "quantile %d is %g", k, z[k]);
    ck_assert_double_eq_tol(q[0], 1.25, 0.1);
    trainer_destroy(t);
}
END_TEST

/* Nobody acts at random, and whatever is tried first pays: only noise finds what pays more. */
START_TEST(noise_explores)
{
    ToyMdp m = {.states = 2, .actions = 4, .rows = _i, .random_start = true};
    TrainerConfig c = small();
    for (int s = 0; s < 2; s++)
        for (int a = 0; a < 4; a++)
            m.move[s][a] = (ToyMove){TOY_END, 0.25 * (1 + (a + s) % 4), 1, false};
    c.epsilon_first = c.epsilon_last = 0;
    c.dqn.noisy_sigma = 1; /* noise as large as what there is to find */
    for (int noisy = 0; noisy < 2; noisy++) {
        int best = 0;
        c.dqn.noisy = noisy;
        for (c.seed = 1; c.seed <= 5; c.seed++) {
            Trainer *t = train(&c, &m, 1);
            for (int s = 0; s < 2; s++) {
                double q[TOY_ACTIONS];
                learnt_q(t, &m, s, q);
                int greedy = 0;
                for (int a = 1; a < 4; a++)
                    if (q[a] > q[greedy]) greedy = a;
                best += greedy == 3 - s;
            }
            trainer_destroy(t);
        }
        ck_assert_msg(noisy ? best >= 9 : best <= 6, "noise %d: %d of 10 found", noisy, best);
    }
}
END_TEST

/* Without any reward, only the demonstrator tells actions apart. */
START_TEST(demonstrated_actions_lead_by_the_margin)
{
    ToyMdp m = CHAIN;
    TrainerConfig c = small();
    double q[TOY_ACTIONS];

    m.rows = _i > 0;
    m.has_demo = true;
    for (int s = 0; s < 3; s++) {
        m.demo[s] = s % 2;
        for (int a = 0; a < 2; a++) m.move[s][a].reward = 0;
    }
    c.dqn.dueling = _i == 2;
    c.dqn.quantiles = _i == 2 ? 3 : 0;
    c.dqn.demo_weight = 10; /* the temporal difference pulls the values together */
    c.dqn.demo_margin = 0.1;
    Trainer *t = train(&c, &m, 1);
    for (int s = 0; s < 3; s++) {
        learnt_q(t, &m, s, q);
        ck_assert_msg(q[s % 2] - q[1 - s % 2] > 0.095, "state %d: lead %g", s,
                      q[s % 2] - q[1 - s % 2]);
    }
    trainer_destroy(t);
}
END_TEST

/* Q* whatever the way of the step size from lr to lr_final, with or without a warm-up. */
START_TEST(every_schedule_learns)
{
    TrainerConfig c = small();
    c.dqn.lr_schedule = _i;
    c.dqn.lr_warmup = 300;
    if (_i == LR_CONSTANT) c.dqn.lr = 5e-4;
    check_q_star(&c, &CHAIN, 0.03);
}
END_TEST

/* A demonstrator that is wrong everywhere, and loses its say: what it taught is unlearned. */
START_TEST(annealed_demonstrations_leave_no_trace)
{
    ToyMdp m = CHAIN;
    TrainerConfig c = small();
    double q[TOY_ACTIONS];

    m.has_demo = true;
    for (int s = 0; s < 3; s++) m.demo[s] = 1;
    c.dqn.demo_weight = 1;
    c.dqn.demo_margin = 0.2;
    c.dqn.total_updates = 1500; /* the second half of the run is without it */
    c.dqn.lr_schedule = LR_CONSTANT;
    c.dqn.lr = 1e-3;
    Trainer *t = train(&c, &m, 1);
    learnt_q(t, &m, 2, q);
    ck_assert_double_gt(q[1], q[0] + 0.1); /* although 0.5 is less than 1 */
    trainer_destroy(t);
    c.dqn.demo_weight_final = 0;
    check_q_star(&c, &m, 0.03);
}
END_TEST

/* ---- one update against its formula, in double and with central differences ---- */

enum { F = 2, G = 3, A = 3, H = 4, OBS = A * F + G + A, BATCH = 12, MAX_P = 256, MAX_K = 3 };

typedef struct Reference {
    Kind kind;
    int P, N, K; /* weights; all that is learnt: with noise also a sigma for each of the last */
    double eps[2][MAX_P]; /* noise of the N - P last weights: online, target */
    float obs[BATCH * OBS], next[BATCH * OBS], ret[BATCH], discount[BATCH];
    int action[BATCH], demo[BATCH];
    double target[BATCH][MAX_K]; /* y */
    double td_error, margin_loss, q_mean;
} Reference;

/* out = x W[n_in, n_out] + b from *p, which moves on. */
static void dense(const double **p, int n_in, int n_out, const double *x, double *out)
{
    const double *w = *p, *b = w + n_in * n_out;
    for (int o = 0; o < n_out; o++) {
        out[o] = b[o];
        for (int i = 0; i < n_in; i++) out[o] += w[i * n_out + o] * x[i];
    }
    *p = b + n_out;
}

static void dense_tanh(const double **p, int n_in, int n_out, const double *x, double *out)
{
    dense(p, n_in, n_out, x, out);
    for (int o = 0; o < n_out; o++) out[o] = tanh(out[o]);
}

/* Outputs of the network for action a: its K values, and K of the state's value (with dueling). */
static void reference_head(const Reference *r, const double *p, const double *h, int a,
                           double z[MAX_K], double v[MAX_K])
{
    double out[(A + 1) * MAX_K];
    int blocks = (r->kind.rows ? 1 : A) + r->kind.dueling;
    dense(&p, H, blocks * r->K, h, out);
    for (int k = 0; k < r->K; k++) {
        z[k] = out[(r->kind.rows ? 0 : a) * r->K + k];
        v[k] = out[(blocks - 1) * r->K + k];
    }
}

/* z[a][k] of one observation, for valid actions. hidden: one layer of H, tanh. */
static void reference_z(const Reference *r, const double *params, const float *obs,
                        double z[A][MAX_K])
{
    const float *global = obs + (r->kind.rows ? A * F : 0), *mask = global + G;
    double context[H] = {0}, valid = 0, x[F + G + H], h[H], v[A][MAX_K], mean_v[MAX_K] = {0},
           mean_z[MAX_K] = {0};

    for (int a = 0; a < A; a++) valid += mask[a] > 0;
    for (int pass = r->kind.context ? 0 : 1; pass < 2; pass++) {
        for (int a = 0; a < A; a++) {
            const double *p = params;
            int n = 0;
            for (int i = 0; r->kind.rows && i < F; i++) x[n++] = (double)obs[a * F + i];
            for (int i = 0; i < G; i++) x[n++] = (double)global[i];
            if (r->kind.context) dense_tanh(&p, n, H, x, h);
            for (int i = 0; pass == 0 && mask[a] > 0 && i < H; i++) context[i] += h[i] / valid;
            for (int i = 0; r->kind.context && i < H; i++) x[n++] = context[i];
            dense_tanh(&p, n, H, x, h);
            reference_head(r, p, h, a, z[a], v[a]);
        }
    }
    for (int a = 0; a < A; a++)
        for (int k = 0; mask[a] > 0 && k < r->K; k++) {
            mean_z[k] += z[a][k] / valid;
            mean_v[k] += v[a][k] / valid;
        }
    for (int a = 0; a < A; a++)
        for (int k = 0; r->kind.dueling && k < r->K; k++) z[a][k] += mean_v[k] - mean_z[k];
}

static double mean_of(const Reference *r, const double z[MAX_K])
{
    double sum = 0;
    for (int k = 0; k < r->K; k++) sum += z[k];
    return sum / r->K;
}

/* Observation i of obs[BATCH], whose width depends on the kind. */
static const float *nth(const Reference *r, const float *obs, int i)
{
    return obs + i * (OBS - (r->kind.rows ? 0 : A * F));
}

/* q[a] of one observation; -HUGE_VAL where masked. */
static void reference_q(const Reference *r, const double *params, const float *obs, double q[A])
{
    const float *mask = obs + (r->kind.rows ? A * F : 0) + G;
    double z[A][MAX_K];
    reference_z(r, params, obs, z);
    for (int a = 0; a < A; a++) q[a] = mask[a] > 0 ? mean_of(r, z[a]) : -HUGE_VAL;
}

static int argmax(const double q[A])
{
    int best = 0;
    for (int a = 1; a < A; a++)
        if (q[a] > q[best]) best = a;
    return best;
}

/* w[P] = weights with noise, from params = [means | sigmas]. */
static void reference_weights(const Reference *r, const double *params, const double *eps,
                              double *w)
{
    int M = r->N - r->P;
    for (int k = 0; k < r->P; k++) w[k] = params[k];
    for (int k = 0; k < M; k++) w[r->P - M + k] += params[r->P + k] * eps[k];
}

static double reference_huber(double d, double delta)
{
    return fabs(d) <= delta ? d * d / 2 : delta * (fabs(d) - delta / 2);
}

/* Of the values z against the targets y. */
static double reference_td(const Reference *r, const double *z, const double *y, double delta)
{
    double sum = 0;
    if (r->kind.quantiles == 0) return reference_huber(z[0] - y[0], delta);
    for (int i = 0; i < r->K; i++)
        for (int j = 0; j < r->K; j++) {
            double tau = (i + 0.5) / r->K, u = y[j] - z[i];
            sum += fabs(tau - (u < 0)) * reference_huber(u, delta);
        }
    return 2 * sum / (r->K * r->K);
}

static double reference_loss(Reference *r, const DqnConfig *c, const double *params)
{
    double loss = 0, margin = 0, td = 0, mean = 0, online[MAX_P];
    int demos = 0;
    reference_weights(r, params, r->eps[0], online);
    for (int i = 0; i < BATCH; i++) {
        double q[A], z[A][MAX_K];
        reference_z(r, online, nth(r, r->obs, i), z);
        reference_q(r, online, nth(r, r->obs, i), q);
        loss += reference_td(r, z[r->action[i]], r->target[i], c->huber_delta);
        td += fabs(q[r->action[i]] - mean_of(r, r->target[i]));
        mean += q[r->action[i]];
        if (r->demo[i] < 0) continue;
        double lead = q[r->demo[i]];
        for (int a = 0; a < A; a++) q[a] += a == r->demo[i] ? 0 : c->demo_margin;
        margin += q[argmax(q)] - lead;
        demos++;
    }
    r->td_error = td / BATCH;
    r->q_mean = mean / BATCH;
    r->margin_loss = demos ? margin / demos : 0;
    return loss / BATCH + c->demo_weight * r->margin_loss;
}

static void reference_targets(Reference *r, const DqnConfig *c, const double *online_params,
                              const double *target_params)
{
    double online[MAX_P], target[MAX_P];
    reference_weights(r, online_params, r->eps[0], online);
    reference_weights(r, target_params, r->eps[1], target);
    for (int i = 0; i < BATCH; i++) {
        double q[A] = {0}, qt[A] = {0}, z[A][MAX_K] = {{0}};
        const float *next = nth(r, r->next, i);
        if (r->discount[i] > 0) {
            reference_q(r, online, next, q);
            reference_q(r, target, next, qt);
            reference_z(r, target, next, z);
        }
        const double *boot = z[argmax(r->kind.double_q ? q : qt)];
        reference_q(r, target, nth(r, r->obs, i), qt);
        double gap = c->gap * (qt[argmax(qt)] - qt[r->action[i]]);
        for (int k = 0; k < r->K; k++) {
            r->target[i][k] = (double)r->ret[i] - gap;
            if (r->discount[i] > 0) r->target[i][k] += (double)r->discount[i] * boot[k];
        }
    }
}

static void fill_replay(Replay *replay, const EnvSpec *spec, Rng *rng)
{
    float obs[OBS], last[OBS];
    for (int k = 0; k < 60; k++) {
        for (int i = 0; i < spec->obs_floats; i++) {
            obs[i] = (float)rng_normal(rng);
            last[i] = (float)rng_normal(rng);
        }
        ReplayStep s = {obs,
                        (int)rng_below(rng, A),
                        (int)rng_below(rng, A + 1) - 1,
                        rng_normal(rng),
                        rng_uniform(rng),
                        k % 7 == 3,
                        k % 7 == 6,
                        last};
        float *mask = obs + spec->obs_floats - A, *last_mask = last + spec->obs_floats - A;
        for (int a = 0; a < A; a++) {
            mask[a] = a == s.action || a == s.demo || rng_below(rng, 2);
            last_mask[a] = a == 1 || rng_below(rng, 2);
        }
        replay_push(replay, 0, &s);
    }
}

/* Field of the learner's state by path. */
static void *learner_field(Dqn *d, const char *path)
{
    static StateList list;
    list.n = 0;
    dqn_state(d, &list);
    for (int i = 0; i < list.n; i++)
        if (!strcmp(list.field[i].path, path)) return list.field[i].data;
    ck_abort_msg("no %s", path);
    return NULL;
}

static void check_gradient(Reference *r, const DqnConfig *c, Dqn *d, double *online)
{
    const float *m = learner_field(d, "/learner/adam/m");
    for (int k = 0; k < r->N; k++) {
        double keep = online[k], up, step = 1e-5;
        online[k] = keep + step;
        up = reference_loss(r, c, online);
        online[k] = keep - step;
        double slope = (up - reference_loss(r, c, online)) / (2 * step);
        online[k] = keep;
        double got = (double)m[k] / (1 - c->beta1); /* first step: m = (1 - beta1) gradient */
        ck_assert_msg(fabs(got - slope) < 2e-5, "d/dp[%d]: %g, should be %g", k, got, slope);
    }
}

static void check_copies(const DqnConfig *c, Dqn *d, const double *online0, const double *target0,
                         int P)
{
    const float *online = dqn_weights(d, DQN_ONLINE);
    for (int k = 0; k < P; k++) {
        double now = (double)online[k], t = target0[k] + c->target_polyak * (now - target0[k]);
        double e = online0[k] + c->eval_polyak * (now - online0[k]);
        ck_assert_double_le(fabs(now - online0[k]), c->lr * 1.001); /* Adam's first step */
        ck_assert_double_eq_tol((double)dqn_weights(d, DQN_TARGET)[k], t, 1e-6);
        ck_assert_double_eq_tol((double)dqn_weights(d, DQN_EVALUATION)[k], e, 1e-6);
    }
}

static DqnConfig update_config(const Kind *kind)
{
    DqnConfig c = dqn_defaults();
    c.hidden = (ConfigInts){1, {H}};
    c.activation = ACT_TANH;
    set_kind(&c, kind);
    c.batch = BATCH;
    c.shards = 3;
    c.n_step = 2;
    c.huber_delta = 0.7;
    c.clip_norm = HUGE_VAL;
    c.demo_weight = 0.3;
    c.demo_margin = 0.2;
    c.eval_polyak = 0.25;
    c.target_polyak = 0.125;
    return c;
}

/* Takes the learner's parameters, and moves the target's away from them. */
static void take_weights(const Reference *r, Dqn *d, Rng *rng, double *online, double *target)
{
    for (int k = 0; k < r->N; k++) {
        dqn_weights(d, DQN_ONLINE)[k] += 0.3f * (float)rng_normal(rng);
        dqn_weights(d, DQN_TARGET)[k] += 0.6f * (float)rng_normal(rng);
        online[k] = (double)dqn_weights(d, DQN_ONLINE)[k];
        target[k] = (double)dqn_weights(d, DQN_TARGET)[k];
    }
    memcpy(dqn_weights(d, DQN_EVALUATION), dqn_weights(d, DQN_ONLINE),
           (size_t)r->P * sizeof(float));
}

/* The noise that the update will draw: the target's first. */
static void take_noise(Reference *r, const QNet *net, Rng *rng)
{
    float eps[MAX_P];
    for (int which = 1; which >= 0 && r->N > r->P; which--) {
        noise_draw(net, rng, eps);
        for (int k = 0; k < r->N - r->P; k++) r->eps[which][k] = (double)eps[k];
    }
}

/* Networks x double x dueling x quantiles x gap x noise; the demonstrations are always there. */
enum { N_UPDATES = 3 * 2 * 2 * 3 * 2 * 2 };

static Kind update_kind(int i)
{
    static const int QUANTILES[] = {0, 1, MAX_K};
    return (Kind){.rows = i % 3 > 0,
                  .context = i % 3 > 1,
                  .double_q = i / 3 % 2,
                  .dueling = i / 6 % 2,
                  .quantiles = QUANTILES[i / 12 % 3],
                  .noisy = i / 72};
}

START_TEST(one_update_is_its_formula)
{
    static Reference r;
    r.kind = update_kind(_i);
    r.K = r.kind.quantiles ? r.kind.quantiles : 1;
    DqnConfig c = update_config(&r.kind);
    c.gap = _i / 36 % 2 * 0.4;
    bool rows = r.kind.rows;
    EnvSpec spec = {A, rows ? F : 0, G, rows ? OBS : G + A, A};
    ReplayBatch batch = {r.obs, r.next, r.action, r.demo, r.ret, r.discount};
    ReplayPick pick[BATCH];
    double online[MAX_P], target[MAX_P];
    Replay *replay;
    Pool *pool;
    Dqn *d;
    DqnStats s;
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 77, (uint64_t)_i);
    ck_ok(replay_create(&replay, &spec, 1, 100, &err), err);
    ck_ok(pool_create(&pool, 1, &err), err);
    ck_ok(dqn_create(&d, &c, &spec, 5, &err), err);
    fill_replay(replay, &spec, &rng);
    r.P = (int)qnet_params(dqn_net(d));
    r.N = r.P + (c.noisy ? (int)mlp_params(&dqn_net(d)->mlp) : 0);
    ck_assert_int_le(r.N, MAX_P);
    take_weights(&r, d, &rng, online, target);

    Rng sampler = *(Rng *)learner_field(d, "/rng/learner"); /* the batch that it will draw */
    replay_draw(replay, BATCH, c.n_step, &sampler, pick);
    take_noise(&r, dqn_net(d), &sampler);
    replay_gather(replay, pick, 0, BATCH, c.discount_time, &batch);
    reference_targets(&r, &c, online, target);
    double loss = reference_loss(&r, &c, online);
    dqn_update(d, replay, pool, &s);
    ck_assert_double_eq_tol(s.loss, loss, 1e-5);
    ck_assert_double_eq_tol(s.td_error, r.td_error, 1e-5);
    ck_assert_double_eq_tol(s.margin_loss, r.margin_loss, 1e-5);
    ck_assert_double_eq_tol(s.q_mean, r.q_mean, 1e-5);
    check_gradient(&r, &c, d, online);
    check_copies(&c, d, online, target, r.P);
    dqn_destroy(d);
    pool_destroy(pool);
    replay_destroy(replay);
}
END_TEST

/* ---- what changes from update to update ---- */

/* The rates or weights of 12 updates of which the schedules take 8. */
static void run_schedule(const DqnConfig *cfg, double lr[12], double weight[12])
{
    EnvSpec spec = {A, F, G, OBS, A};
    DqnConfig c = *cfg;
    Replay *replay;
    Pool *pool;
    Dqn *d;
    Rng rng;
    Err err = {0};

    c.total_updates = 8;
    rng_seed(&rng, 78, 0);
    ck_ok(replay_create(&replay, &spec, 1, 100, &err), err);
    ck_ok(pool_create(&pool, 1, &err), err);
    ck_ok(dqn_create(&d, &c, &spec, 5, &err), err);
    fill_replay(replay, &spec, &rng);
    for (int i = 0; i < 12; i++) {
        DqnStats s;
        dqn_update(d, replay, pool, &s);
        lr[i] = s.lr;
        weight[i] = s.demo_weight;
        /* the temporal difference alone is no larger than Huber's linear part allows */
        ck_assert_double_le(s.loss - s.demo_weight * s.margin_loss, c.huber_delta * s.td_error);
    }
    dqn_destroy(d);
    pool_destroy(pool);
    replay_destroy(replay);
}

START_TEST(the_rate_follows_its_schedule)
{
    double lr[12], weight[12];
    DqnConfig c = update_config(&KINDS[1]);
    c.lr = 0.01;
    c.lr_final = 0.002;
    c.lr_schedule = _i;
    run_schedule(&c, lr, weight);
    for (int i = 0; i < 12; i++) {
        double t = i < 8 ? i / 8.0 : 1;
        double share = _i == LR_LINEAR   ? 1 - t
                       : _i == LR_COSINE ? pow(cos(t * acos(-1) / 2), 2)
                                         : 1;
        ck_assert_double_eq_tol(lr[i], 0.002 + 0.008 * share, 1e-12);
        ck_assert_double_eq(weight[i], c.demo_weight);
    }
    c.lr_warmup = 5;
    double warm[12];
    run_schedule(&c, warm, weight);
    for (int i = 0; i < 12; i++)
        ck_assert_double_eq_tol(warm[i], lr[i] * (i < 4 ? (i + 1) / 5.0 : 1), 1e-12);
}
END_TEST

START_TEST(the_weight_of_demonstrations_changes_linearly)
{
    double lr[12], weight[12];
    DqnConfig c = update_config(&KINDS[1]);
    c.demo_weight_final = 0;
    run_schedule(&c, lr, weight);
    for (int i = 0; i < 12; i++)
        ck_assert_double_eq_tol(weight[i], i < 8 ? 0.3 * (1 - i / 8.0) : 0, 1e-12);
}
END_TEST

/* ---- noise ---- */

/* eps of a weight is the product of two numbers with the distribution of sgn(x) sqrt|x|, one of which
 * is the bias'. */
START_TEST(noise_is_factorised)
{
    EnvSpec spec = {2, 5, 4, 16, 2};
    DqnConfig c = dqn_defaults();
    QNetShape shape = dqn_shape(&c);
    QNet net;
    double squares = 0, sum = 0;
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 7, 0);
    ck_ok(qnet_init(&net, &spec, &shape, &err), err);
    float *eps = mem_calloc(noise_params(&net), sizeof *eps);
    noise_draw(&net, &rng, eps);
    const float *w = eps + mlp_weight_offset(&net.mlp, 1), *b = eps + mlp_bias_offset(&net.mlp, 1);
    for (int i = 0; i < 128; i++) {
        for (int j = 0; j < 128; j++)
            ck_assert_double_eq_tol((double)(w[j * 128 + i] * b[0]), (double)(w[j * 128] * b[i]),
                                    1e-5);
        squares += (double)(b[i] * b[i]) / 128;
        sum += (double)b[i] / 128;
    }
    ck_assert_double_eq_tol(squares, sqrt(2 / acos(-1)), 5 * 0.6 / sqrt(128)); /* E|x|; its sd */
    ck_assert_double_eq_tol(sum, 0, 5 * 0.9 / sqrt(128));
    mem_free(eps);
}
END_TEST

/* Between updates the noise stays; each update draws anew. Evaluation has none. */
START_TEST(noise_is_for_acting_only)
{
    TrainerConfig c = small();
    c.dqn.noisy = true;
    c.total_decisions = 800;
    Trainer *t = train(&c, &CHAIN, 1);
    Dqn *d = trainer_dqn(t);
    size_t bytes = qnet_params(dqn_net(d)) * sizeof(float);
    float *before = mem_calloc(bytes, 1);

    ck_assert_int_ne(memcmp(dqn_weights(d, DQN_ACTING), dqn_weights(d, DQN_ONLINE), bytes), 0);
    memcpy(before, dqn_weights(d, DQN_ACTING), bytes);
    ck_assert_int_eq(dqn_check(d, NULL), ST_OK); /* as after loading */
    ck_assert_int_eq(memcmp(dqn_weights(d, DQN_ACTING), before, bytes), 0);
    ++*(uint64_t *)learner_field(d, "/learner/updates");
    ck_assert_int_eq(dqn_check(d, NULL), ST_OK);
    ck_assert_int_ne(memcmp(dqn_weights(d, DQN_ACTING), before, bytes), 0);
    mem_free(before);
    trainer_destroy(t);
    c.dqn.noisy = false;
    t = train(&c, &CHAIN, 1);
    ck_assert_ptr_eq(dqn_weights(trainer_dqn(t), DQN_ACTING),
                     dqn_weights(trainer_dqn(t), DQN_ONLINE));
    trainer_destroy(t);
}
END_TEST

static void end_after(Dqn *d, int slot, DqnStats *s)
{
    for (int k = 3; k-- > 0;) dqn_update_shard(d, slot, k); /* in any order */
    dqn_update_end(d, slot, s);
}

static void ck_same_weights(Dqn *a, Dqn *b, bool same)
{
    size_t bytes = qnet_params(dqn_net(a)) * sizeof(float);
    for (int copy = DQN_ONLINE; copy <= DQN_EVALUATION; copy++)
        ck_assert_int_eq(
            memcmp(dqn_weights(a, (DqnCopy)copy), dqn_weights(b, (DqnCopy)copy), bytes) == 0, same);
}

START_TEST(an_update_under_way_sees_the_weights_it_began_with)
{
    EnvSpec spec = {A, F, G, OBS, A};
    DqnConfig c = update_config(&KINDS[1]);
    Replay *replay;
    Pool *pool;
    Dqn *late, *early, *apart;
    DqnStats s;
    Rng rng;
    Err err = {0};

    c.in_flight = 2;
    rng_seed(&rng, 5, 0);
    ck_ok(pool_create(&pool, 1, &err), err);
    ck_ok(replay_create(&replay, &spec, 1, 100, &err), err);
    fill_replay(replay, &spec, &rng);
    ck_ok(dqn_create(&late, &c, &spec, 5, &err), err);
    ck_ok(dqn_create(&early, &c, &spec, 5, &err), err);
    ck_ok(dqn_create(&apart, &c, &spec, 5, &err), err);

    /* The second update's shards: after the first has ended, and before. */
    for (int slot = 0; slot < 2; slot++) dqn_update_begin(late, slot, replay);
    for (int slot = 0; slot < 2; slot++) end_after(late, slot, &s);
    for (int slot = 0; slot < 2; slot++) dqn_update_begin(early, slot, replay);
    for (int k = 0; k < c.shards; k++) dqn_update_shard(early, 1, k);
    end_after(early, 0, &s);
    dqn_update(apart, replay, pool, &s);
    ck_same_weights(early, apart, true);
    dqn_update_end(early, 1, &s);
    ck_same_weights(early, late, true);
    ck_assert_uint_eq(dqn_updates(early), 2);

    dqn_update(apart, replay, pool, &s);
    ck_same_weights(early, apart, false);
    dqn_destroy(late);
    dqn_destroy(early);
    dqn_destroy(apart);
    replay_destroy(replay);
    pool_destroy(pool);
}
END_TEST

/* On any number of threads, fewer and more than shards. */
START_TEST(updates_in_a_row_are_updates_one_by_one)
{
    EnvSpec spec = {A, F, G, OBS, A};
    DqnConfig c = update_config(&KINDS[1]);
    Replay *replay;
    Pool *pool, *one;
    Dqn *row, *each;
    DqnStats s = {0}, last = {0};
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 5, 0);
    ck_ok(pool_create(&pool, _i, &err), err);
    ck_ok(pool_create(&one, 1, &err), err);
    ck_ok(replay_create(&replay, &spec, 1, 100, &err), err);
    fill_replay(replay, &spec, &rng);
    ck_ok(dqn_create(&row, &c, &spec, 5, &err), err);
    ck_ok(dqn_create(&each, &c, &spec, 5, &err), err);
    dqn_updates_run(row, replay, pool, 1, &s);
    dqn_updates_run(row, replay, pool, 30, &s);
    for (int i = 0; i < 31; i++) dqn_update(each, replay, one, &last);
    ck_same_weights(row, each, true);
    ck_assert_uint_eq(dqn_updates(row), 31);
    ck_assert(s.loss == last.loss && s.grad_norm == last.grad_norm);
    dqn_destroy(row);
    dqn_destroy(each);
    replay_destroy(replay);
    pool_destroy(pool);
    pool_destroy(one);
}
END_TEST

START_TEST(acting_respects_the_mask)
{
    ToyMdp m = BANDIT;
    TrainerConfig c = small();
    QBatch w;
    Err err = {0};
    float obs[2][256];
    int action[2], seen[2][TOY_ACTIONS] = {{0}};
    Rng rng[2];

    m.rows = _i;
    c.total_decisions = 8000;
    Trainer *t = train(&c, &m, 1);
    Dqn *d = trainer_dqn(t);
    ck_ok(qbatch_create(&w, dqn_net(d), 2, &err), err);
    int width = dqn_net(d)->spec.obs_floats;
    for (int s = 0; s < 2; s++) {
        toy_mdp_obs(&m, s, obs[0] + s * width);
        rng_seed(&rng[s], 5, (uint64_t)s);
    }
    dqn_act(d, DQN_EVALUATION, &w, obs[0], 2, 0, NULL, action);
    ck_assert_int_eq(action[0], 1);
    ck_assert_int_eq(action[1], 2);
    for (int i = 0; i < 3000; i++) {
        dqn_act(d, DQN_ONLINE, &w, obs[0], 2, 1, rng, action);
        for (int s = 0; s < 2; s++) seen[s][action[s]]++;
    }
    for (int s = 0; s < 2; s++)
        for (int a = 0; a < 4; a++)
            if (m.move[s][a].invalid)
                ck_assert_int_eq(seen[s][a], 0);
            else
                ck_assert_int_gt(seen[s][a], 800); /* 1000 or 1500 expected */
    qbatch_free(&w);
    trainer_destroy(t);
}
END_TEST

START_TEST(equal_values_go_to_the_lowest_action)
{
    TrainerConfig c = small();
    EnvSpec spec = {3, 2, 1, 10, 3};
    float obs[10] = {1, 2, 1, 2, 1, 2, 0, 0, 1, 1};
    int action;
    Dqn *d;
    QBatch w;
    Err err = {0};

    ck_ok(dqn_create(&d, &c.dqn, &spec, 3, &err), err);
    ck_ok(qbatch_create(&w, dqn_net(d), 1, &err), err);
    dqn_act(d, DQN_ONLINE, &w, obs, 1, 0, NULL, &action);
    ck_assert_int_eq(action, 1); /* 0 is masked, 1 and 2 look the same */
    qbatch_free(&w);
    dqn_destroy(d);
}
END_TEST

START_TEST(bad_settings_are_named)
{
    EnvSpec spec = {2, 0, 4, 6, 2};
    DqnConfig c = dqn_defaults();
    Err err = {0};
    Dqn *d;

    c.batch = 130;
    ck_assert_int_eq(dqn_create(&d, &c, &spec, 1, &err), ST_CONFIG);
    ck_assert_ptr_null(d);
    ck_assert_ptr_nonnull(strstr(err.msg, "batch"));
    c = dqn_defaults();
    c.demo_weight_final = -0.5;
    err = (Err){0};
    ck_assert_int_eq(dqn_create(&d, &c, &spec, 1, &err), ST_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "demo_weight_final"));
    c = dqn_defaults();
    c.quantiles = QNET_MAX_QUANTILES + 1;
    err = (Err){0};
    ck_assert_int_eq(dqn_create(&d, &c, &spec, 1, &err), ST_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "quantiles"));
    c = dqn_defaults();
    c.context = true;
    err = (Err){0};
    ck_assert_int_eq(dqn_create(&d, &c, &spec, 1, &err), ST_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "context"));
    c = dqn_defaults();
    c.in_flight = 0;
    err = (Err){0};
    ck_assert_int_eq(dqn_create(&d, &c, &spec, 1, &err), ST_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "in_flight"));
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    EnvSpec spec = {2, 3, 4, 12, 2};
    DqnConfig c = dqn_defaults();
    Dqn *d;
    c.context = c.dueling = c.noisy = true;
    c.quantiles = 7;
    c.in_flight = 2;
    ck_every_allocation_failure(dqn_create(&d, &c, &spec, 1, NULL), dqn_destroy(d));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dqn");
    TCase *tc = new_case("dqn", 120);
    tcase_add_loop_test(tc, chain_values_are_the_discounted_prize, 0, N_KINDS);
    tcase_add_loop_test(tc, masked_actions_are_never_bootstrapped_from, 0, N_KINDS);
    tcase_add_loop_test(tc, time_is_discounted_not_steps, 0, N_KINDS);
    tcase_add_loop_test(tc, n_steps_give_the_same_values, 0, 4);
    tcase_add_loop_test(tc, truncation_bootstraps, 0, 3);
    tcase_add_loop_test(tc, one_update_is_its_formula, 0, N_UPDATES);
    tcase_add_test(tc, an_update_under_way_sees_the_weights_it_began_with);
    tcase_add_test(tc, termination_does_not_bootstrap);
    tcase_add_test(tc, hard_target_copies_learn_too);
    tcase_add_loop_test(tc, prioritised_draws_give_the_same_values, 0, 2);
    tcase_add_loop_test(tc, demonstrated_actions_lead_by_the_margin, 0, 3);
    tcase_add_loop_test(tc, quantiles_show_what_returns_there_are, 0, 2);
    tcase_add_loop_test(tc, every_schedule_learns, LR_LINEAR, LR_CONSTANT + 1);
    tcase_add_test(tc, annealed_demonstrations_leave_no_trace);
    tcase_add_loop_test(tc, the_rate_follows_its_schedule, LR_LINEAR, LR_CONSTANT + 1);
    tcase_add_test(tc, the_weight_of_demonstrations_changes_linearly);
    tcase_add_loop_test(tc, noise_explores, 0, 2);
    tcase_add_test(tc, noise_is_factorised);
    tcase_add_test(tc, noise_is_for_acting_only);
    tcase_add_loop_test(tc, updates_in_a_row_are_updates_one_by_one, 1, 5);
    tcase_add_loop_test(tc, acting_respects_the_mask, 0, 2);
    tcase_add_test(tc, equal_values_go_to_the_lowest_action);
    tcase_add_test(tc, bad_settings_are_named);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
