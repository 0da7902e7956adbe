/* trainer.c -- a trainer's making and saving: everything that a resume needs.
 *
 * Lanes: environment i is lane i of the replay and has its own exploration Rng, so lanes never wait
 * for each other and their order of execution leaves no trace. */
#include "rl/trainer_internal.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

TrainerConfig trainer_defaults(void)
{
    return (TrainerConfig){
        .dqn = dqn_defaults(),
        .seed = 1,
        .total_decisions = 2500000,
        .round_steps = 16,
        .decisions_per_update = 16,
        .learn_start = 10000,
        .replay_capacity = 60000,
        .epsilon_first = 0.3,
        .epsilon_last = 0.02,
        .epsilon_decisions = 250000,
        .demo_actor = 0,
    };
}

static Status check_config(const TrainerConfig *c, int lanes, Err *err)
{
    double per_lane = floor((double)c->replay_capacity / lanes);
    /* A lane's ring must always hold a whole transition, boundary entries included. */
    if (per_lane < c->dqn.n_step + 2 || per_lane > 1e9)
        return err_set(err, ST_CONFIG,
                       "train.replay: %llu steps over %d environments do not hold "
                       "transitions of %d steps; use at least %lld",
                       (unsigned long long)c->replay_capacity, lanes, c->dqn.n_step,
                       (long long)lanes * (c->dqn.n_step + 2));
    if (c->round_steps < 1) return err_set(err, ST_CONFIG, "train.round_steps must be at least 1");
    if (!(c->decisions_per_update > 0))
        return err_set(err, ST_CONFIG, "train.decisions_per_update must be positive");
    if (!(c->epsilon_first >= 0 && c->epsilon_first <= 1 && c->epsilon_last >= 0 &&
          c->epsilon_last <= 1 && c->demo_actor >= 0 && c->demo_actor <= 1))
        return err_set(err, ST_CONFIG,
                       "train.epsilon_first, epsilon_last and demo_actor must be in 0..1");
    return ST_OK;
}

/* ---- memory ---- */

static bool allocate_stage(Stage *g, size_t steps, size_t lanes, size_t obs_floats)
{
    size_t n = steps * lanes;
    return (g->obs = mem_calloc(n + lanes, obs_floats * sizeof *g->obs)) &&
           (g->demo = mem_calloc(n + lanes, sizeof *g->demo)) &&
           (g->final_obs = mem_calloc(n, obs_floats * sizeof *g->final_obs)) &&
           (g->action = mem_calloc(n, sizeof *g->action)) &&
           (g->reward = mem_calloc(n, sizeof *g->reward)) &&
           (g->elapsed = mem_calloc(n, sizeof *g->elapsed)) &&
           (g->score = mem_calloc(n, sizeof *g->score)) &&
           (g->terminated = mem_calloc(n, sizeof *g->terminated)) &&
           (g->truncated = mem_calloc(n, sizeof *g->truncated));
}

static void free_stage(Stage *g)
{
    void *owned[] = {g->obs,     g->demo,  g->final_obs,  g->action,   g->reward,
                     g->elapsed, g->score, g->terminated, g->truncated};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
}

static bool allocate(Trainer *t)
{
    size_t n = (size_t)t->lanes, P = qnet_params(dqn_net(t->dqn));
    return allocate_stage(&t->stage, (size_t)t->cfg.round_steps, n, (size_t)t->spec.obs_floats) &&
           (t->info = mem_calloc(n, sizeof *t->info)) &&
           (t->final_info = mem_calloc(n, sizeof *t->final_info)) &&
           (t->rng = mem_calloc(n, sizeof *t->rng)) &&
           (t->weights[0] = mem_calloc(P, sizeof(float))) &&
           (t->weights[1] = mem_calloc(P, sizeof(float))) &&
           (t->env_state = mem_calloc(n, t->env_bytes));
}

/* Of the largest state of an environment: each has so much room. */
static size_t env_bytes(VecEnv *venv)
{
    size_t bytes = 0;
    for (int i = 0; i < venv_size(venv); i++) {
        Env *env = venv_at(venv, i);
        size_t b = 0;
        env->ops->state(env, &b);
        if (b > bytes) bytes = b;
    }
    return bytes;
}

static Status create_parts(Trainer *t, Err *err)
{
    Status st = ST_OK;
    DqnConfig dqn = t->cfg.dqn;
    double learning = (double)t->cfg.total_decisions - (double)t->cfg.learn_start;

    if (dqn.total_updates == 0 && learning > 0)
        dqn.total_updates = (uint64_t)(learning / t->cfg.decisions_per_update);
    TRY(dqn_create(&t->dqn, &dqn, &t->spec, t->cfg.seed, err));
    TRY(replay_create(&t->replay, &t->spec, t->lanes,
                      (int)(t->cfg.replay_capacity / (uint64_t)t->lanes), err));
    if (dqn.priority_alpha > 0)
        TRY(replay_prioritise(t->replay, dqn.n_step, dqn.priority_alpha, err));
    if (!allocate(t)) return ST_NOMEM;
    for (int k = 0; k < t->blocks; k++) { /* which differ by at most one lane */
        Block *b = &t->block[k];
        b->first = (int)((long long)t->lanes * k / t->blocks);
        b->last = (int)((long long)t->lanes * (k + 1) / t->blocks);
        TRY(qbatch_create(&b->work, dqn_net(t->dqn), b->last - b->first, err));
    }
    return ST_OK;
fail:
    return st;
}

/* What the next round's first decisions are on. */
static float *next_obs(const Trainer *t)
{
    return t->stage.obs +
           (size_t)t->cfg.round_steps * (size_t)t->lanes * (size_t)t->spec.obs_floats;
}

static int32_t *next_demo(const Trainer *t)
{
    return t->stage.demo + (size_t)t->cfg.round_steps * (size_t)t->lanes;
}

static void start(Trainer *t)
{
    for (int i = 0; i < t->lanes; i++) rng_seed(&t->rng[i], t->cfg.seed, 1000 + (uint64_t)i);
    Rng seeds; /* so that the environments of runs 1 and 2 are not the same but for one lane */
    rng_seed(&seeds, t->cfg.seed, 2);
    venv_reset(t->venv, rng_next(&seeds), next_obs(t), t->info);
    for (int i = 0; i < t->lanes; i++) next_demo(t)[i] = t->info[i].demo;
}

Status trainer_create(Trainer **out, const TrainerConfig *cfg, VecEnv *venv, Err *err)
{
    Status st = ST_OK;
    Trainer *t = mem_calloc(1, sizeof *t);

    *out = NULL;
    if (!t) {
        venv_destroy(venv);
        return err_set(err, ST_NOMEM, "trainer: %s", status_text(ST_NOMEM));
    }
    t->cfg = *cfg;
    t->venv = venv;
    t->spec = env_spec(venv_at(venv, 0));
    t->lanes = venv_size(venv);
    t->blocks = t->lanes < ACTOR_BLOCKS ? t->lanes : ACTOR_BLOCKS;
    t->env_bytes = env_bytes(venv);
    TRY(check_config(cfg, t->lanes, err));
    TRY(create_parts(t, err));
    start(t);
    *out = t;
    return ST_OK;
fail:
    trainer_destroy(t);
    return err_set(err, st, "trainer: %s", status_text(st));
}

void trainer_destroy(Trainer *t)
{
    if (!t) return;
    for (int b = 0; b < t->blocks; b++) qbatch_free(&t->block[b].work);
    free_stage(&t->stage);
    void *owned[] = {t->info, t->final_info, t->rng, t->weights[0], t->weights[1], t->env_state};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    replay_destroy(t->replay);
    dqn_destroy(t->dqn);
    venv_destroy(t->venv);
    mem_free(t);
}

void trainer_refresh(Trainer *t)
{
    int n = t->episodes < SCORE_WINDOW ? (int)t->episodes : SCORE_WINDOW;
    double sum = 0;
    for (int i = 0; i < n; i++) sum += t->score[i];
    t->stats.score = n > 0 ? sum / n : 0;
    t->stats.decisions = t->decisions;
    t->stats.episodes = t->episodes;
    t->stats.updates = dqn_updates(t->dqn);
    t->stats.skipped_updates = t->skipped;
}

const TrainerStats *trainer_stats(const Trainer *t)
{
    return &t->stats;
}

Dqn *trainer_dqn(Trainer *t)
{
    return t->dqn;
}

const Replay *trainer_replay(const Trainer *t)
{
    return t->replay;
}

/* ---- saving ---- */

void trainer_state(Trainer *t, StateList *list)
{
    size_t n = (size_t)t->lanes;

    for (int i = 0; i < t->lanes; i++) {
        Env *env = venv_at(t->venv, i);
        size_t bytes;
        const void *state = env->ops->state(env, &bytes);
        memcpy(t->env_state + (size_t)i * t->env_bytes, state, bytes);
    }
    dqn_state(t->dqn, list);
    replay_state(t->replay, list);
    state_add(list, "/env/state", STATE_U8, n, t->env_bytes, t->env_state);
    state_add(list, "/env/obs", STATE_F32, n, (size_t)t->spec.obs_floats, next_obs(t));
    state_add(list, "/env/demo", STATE_I32, n, 0, next_demo(t));
    state_add(list, "/rng/lanes", STATE_U64, n, 4, t->rng);
    state_add(list, "/counters/decisions", STATE_U64, 1, 0, &t->decisions);
    state_add(list, "/counters/episodes", STATE_U64, 1, 0, &t->episodes);
    state_add(list, "/counters/skipped_updates", STATE_U64, 1, 0, &t->skipped);
    state_add(list, "/counters/scores", STATE_F64, SCORE_WINDOW, 0, t->score);
    /* What is shown of the last round: it changes nothing that follows. */
    TrainerStats *s = &t->stats;
    state_add(list, "/counters/epsilon", STATE_F64, 1, 0, &s->epsilon);
    state_add(list, "/counters/loss", STATE_F64, 1, 0, &s->loss);
    state_add(list, "/counters/td_error", STATE_F64, 1, 0, &s->td_error);
    state_add(list, "/counters/margin_loss", STATE_F64, 1, 0, &s->margin_loss);
    state_add(list, "/counters/q_mean", STATE_F64, 1, 0, &s->q_mean);
    state_add(list, "/counters/grad_norm", STATE_F64, 1, 0, &s->grad_norm);
    state_add(list, "/counters/lr", STATE_F64, 1, 0, &s->lr);
}

/* The environment itself says what is valid, as an action that it does not have (padding) must not be
 * taken; the staged rounds have room for that before the first one. */
static Status check_lane(Trainer *t, int i, Err *err)
{
    const float *obs = next_obs(t) + (size_t)i * (size_t)t->spec.obs_floats;
    size_t before_mask = (size_t)(t->spec.obs_floats - t->spec.n_actions);
    const float *mask = obs + before_mask, *own = t->stage.obs + before_mask;
    int demo = next_demo(t)[i];
    bool any = false, sound = true;
    EnvInfo info;

    env_observe(venv_at(t->venv, i), t->stage.obs, &info);
    for (int a = 0; a < t->spec.n_actions; a++) {
        any |= mask[a] > 0;
        sound &= (mask[a] > 0) == (own[a] > 0);
    }
    for (int k = 0; k < t->spec.obs_floats; k++) sound &= isfinite(obs[k]) != 0;
    if (any && sound && demo >= -1 && demo < t->spec.n_actions && (demo < 0 || mask[demo] > 0))
        return ST_OK;
    return err_set(err, ST_FORMAT,
                   "\"/env/obs\" row %d cannot be decided on; the file is damaged or belongs to "
                   "another configuration",
                   i);
}

static Status resume_env(Trainer *t, int i, Err *err)
{
    Env *env = venv_at(t->venv, i);
    size_t bytes;
    void *state = env->ops->state(env, &bytes);
    memcpy(state, t->env_state + (size_t)i * t->env_bytes, bytes);
    return env->ops->check_state(env, err);
}

Status trainer_resumed(Trainer *t, Err *err)
{
    Status st = ST_OK;

    TRY(dqn_check(t->dqn, err));
    TRY(replay_check(t->replay, err));
    for (int i = 0; i < t->lanes; i++) {
        TRY(resume_env(t, i, err));
        TRY(check_lane(t, i, err));
    }
    trainer_refresh(t);
    return ST_OK;
fail:
    return st;
}
