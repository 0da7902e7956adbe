/* trainer.c -- rounds of acting and learning, and everything that a resume needs.
 *
 * Lanes: environment i is lane i of the replay and has its own exploration Rng, so lanes never wait
 * for each other and their order of execution leaves no trace. */
#include "rl/trainer.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Blocks of lanes that act together: a constant, because the bits of a matrix product may depend on
 * its number of rows, and results must not depend on the number of threads. */
enum { ACTOR_BLOCKS = 8, SCORE_WINDOW = 100 };

struct Trainer {
    TrainerConfig cfg;
    EnvSpec spec;
    VecEnv *venv;
    Dqn *dqn;
    Replay *replay;
    int lanes, blocks;
    QBatch *work; /* [blocks] */

    /* One element, or one row, per lane. */
    float *obs, *next_obs, *final_obs; /* [obs_floats]: to decide on; after the step; at an end */
    int *action;
    int32_t *demo; /* the demonstrator's action at obs */
    double *reward;
    bool *terminated, *truncated;
    EnvInfo *info, *final_info;
    Rng *rng;
    double *round_scores; /* [lanes, round_steps] of the episodes that ended in this round */
    int *round_ends;      /* [lanes] how many */
    uint8_t *env_state;   /* [lanes, env_bytes], as of trainer_state() */
    size_t env_bytes;

    uint64_t decisions, episodes, skipped;
    double score[SCORE_WINDOW]; /* episode e's in element e % SCORE_WINDOW */
    TrainerStats stats;
};

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

static bool allocate(Trainer *t)
{
    size_t n = (size_t)t->lanes, slab = n * (size_t)t->spec.obs_floats;
    return (t->obs = mem_calloc(slab, sizeof *t->obs)) &&
           (t->next_obs = mem_calloc(slab, sizeof *t->next_obs)) &&
           (t->final_obs = mem_calloc(slab, sizeof *t->final_obs)) &&
           (t->action = mem_calloc(n, sizeof *t->action)) &&
           (t->demo = mem_calloc(n, sizeof *t->demo)) &&
           (t->reward = mem_calloc(n, sizeof *t->reward)) &&
           (t->terminated = mem_calloc(n, sizeof *t->terminated)) &&
           (t->truncated = mem_calloc(n, sizeof *t->truncated)) &&
           (t->info = mem_calloc(n, sizeof *t->info)) &&
           (t->final_info = mem_calloc(n, sizeof *t->final_info)) &&
           (t->rng = mem_calloc(n, sizeof *t->rng)) &&
           (t->round_scores = mem_calloc(n * (size_t)t->cfg.round_steps, sizeof(double))) &&
           (t->round_ends = mem_calloc(n, sizeof *t->round_ends)) &&
           (t->env_state = mem_calloc(n, t->env_bytes)) &&
           (t->work = mem_calloc((size_t)t->blocks, sizeof *t->work));
}

/* First lane of a block; blocks differ by at most one lane. */
static int block_start(const Trainer *t, int block)
{
    return (int)((long long)t->lanes * block / t->blocks);
}

static size_t env_bytes(VecEnv *venv)
{
    size_t bytes = 0;
    for (int i = 0; i < venv_size(venv); i++) {
        Env *env = venv_at(venv, i);
        size_t b = 0;
        env->ops->state(env, &b);
        assert(i == 0 || b == bytes);
        bytes = b;
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
    if (!allocate(t)) return ST_NOMEM;
    for (int b = 0; b < t->blocks; b++)
        TRY(qbatch_create(&t->work[b], dqn_net(t->dqn), block_start(t, b + 1) - block_start(t, b),
                          err));
    return ST_OK;
fail:
    return st;
}

static void start(Trainer *t)
{
    for (int i = 0; i < t->lanes; i++) rng_seed(&t->rng[i], t->cfg.seed, 1000 + (uint64_t)i);
    Rng seeds; /* so that the environments of runs 1 and 2 are not the same but for one lane */
    rng_seed(&seeds, t->cfg.seed, 2);
    venv_reset(t->venv, rng_next(&seeds), t->obs, t->info);
    for (int i = 0; i < t->lanes; i++) t->demo[i] = t->info[i].demo;
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
    for (int b = 0; t->work && b < t->blocks; b++) qbatch_free(&t->work[b]);
    void *owned[] = {t->obs,    t->next_obs,   t->final_obs, t->action,       t->demo,
                     t->reward, t->terminated, t->truncated, t->info,         t->final_info,
                     t->rng,    t->work,       t->env_state, t->round_scores, t->round_ends};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    replay_destroy(t->replay);
    dqn_destroy(t->dqn);
    venv_destroy(t->venv);
    mem_free(t);
}

/* ---- acting ---- */

static bool warming_up(const Trainer *t)
{
    return t->decisions < t->cfg.learn_start;
}

static void choose_actions(Trainer *t, int block, int first, int last)
{
    size_t at = (size_t)first * (size_t)t->spec.obs_floats;
    bool demos = warming_up(t) && t->cfg.demo_actor > 0;

    dqn_act(t->dqn, DQN_ACTING, &t->work[block], t->obs + at, last - first, t->stats.epsilon,
            t->rng + first, t->action + first);
    for (int i = first; demos && i < last; i++)
        if (rng_uniform(&t->rng[i]) < t->cfg.demo_actor && t->demo[i] >= 0)
            t->action[i] = t->demo[i];
}

/* Records lane i's step and moves the lane to its next observation. */
static void finish_step(Trainer *t, int i)
{
    size_t width = (size_t)t->spec.obs_floats, at = (size_t)i * width;
    bool done = t->terminated[i] || t->truncated[i];
    ReplayStep step = {.obs = t->obs + at,
                       .action = t->action[i],
                       .demo = t->demo[i],
                       .reward = t->reward[i],
                       .elapsed = done ? t->final_info[i].elapsed : t->info[i].elapsed,
                       .terminated = t->terminated[i],
                       .truncated = t->truncated[i],
                       .final_obs = t->final_obs + at};
    replay_push(t->replay, i, &step);
    if (done)
        t->round_scores[(size_t)i * (size_t)t->cfg.round_steps + (size_t)t->round_ends[i]++] =
            t->final_info[i].score;
    memcpy(t->obs + at, t->next_obs + at, width * sizeof *t->obs);
    t->demo[i] = t->info[i].demo;
}

static void act_block(void *ctx, int block)
{
    Trainer *t = ctx;
    int first = block_start(t, block), last = block_start(t, block + 1);

    for (int i = first; i < last; i++) t->round_ends[i] = 0;
    for (int s = 0; s < t->cfg.round_steps; s++) {
        choose_actions(t, block, first, last);
        venv_step(t->venv, first, last, t->action, t->next_obs, t->reward, t->terminated,
                  t->truncated, t->info, t->final_info, t->final_obs);
        for (int i = first; i < last; i++) finish_step(t, i);
    }
}

static void set_score_stats(Trainer *t)
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

static void collect_scores(Trainer *t)
{
    for (int i = 0; i < t->lanes; i++)
        for (int k = 0; k < t->round_ends[i]; k++)
            t->score[t->episodes++ % SCORE_WINDOW] =
                t->round_scores[(size_t)i * (size_t)t->cfg.round_steps + (size_t)k];
}

/* ---- learning ---- */

static uint64_t updates_due(const Trainer *t)
{
    if (warming_up(t) || !replay_ready(t->replay, t->cfg.dqn.n_step)) return 0;
    uint64_t should =
        (uint64_t)((double)(t->decisions - t->cfg.learn_start) / t->cfg.decisions_per_update);
    uint64_t done = dqn_updates(t->dqn);
    return should > done ? should - done : 0;
}

static void learn(Trainer *t, Pool *pool)
{
    uint64_t n = updates_due(t);
    TrainerStats *s = &t->stats;

    if (n > 0) s->loss = s->td_error = s->margin_loss = s->q_mean = s->grad_norm = 0;
    for (uint64_t i = 0; i < n; i++) {
        DqnStats u;
        dqn_update(t->dqn, t->replay, pool, &u);
        s->loss += u.loss / (double)n;
        s->td_error += u.td_error / (double)n;
        s->margin_loss += u.margin_loss / (double)n;
        s->q_mean += u.q_mean / (double)n;
        s->grad_norm += u.grad_norm / (double)n;
        s->lr = u.lr;
        t->skipped += u.skipped;
    }
}

void trainer_round(Trainer *t, Pool *pool)
{
    LinearSchedule epsilon = {t->cfg.epsilon_first, t->cfg.epsilon_last, t->cfg.epsilon_decisions};
    t->stats.epsilon = linear_at(&epsilon, t->decisions);
    pool_run(pool, act_block, t, t->blocks);
    t->decisions += (uint64_t)t->lanes * (uint64_t)t->cfg.round_steps;
    collect_scores(t);
    learn(t, pool);
    set_score_stats(t);
}

const TrainerStats *trainer_stats(const Trainer *t)
{
    return &t->stats;
}

Dqn *trainer_dqn(Trainer *t)
{
    return t->dqn;
}

/* ---- saving ---- */

void trainer_state(Trainer *t, StateList *list)
{
    size_t n = (size_t)t->lanes;

    for (int i = 0; i < t->lanes; i++) {
        Env *env = venv_at(t->venv, i);
        size_t bytes;
        const void *state = env->ops->state(env, &bytes);
        memcpy(t->env_state + (size_t)i * t->env_bytes, state, t->env_bytes);
    }
    dqn_state(t->dqn, list);
    replay_state(t->replay, list);
    state_add(list, "/env/state", STATE_U8, n, t->env_bytes, t->env_state);
    state_add(list, "/env/obs", STATE_F32, n, (size_t)t->spec.obs_floats, t->obs);
    state_add(list, "/env/demo", STATE_I32, n, 0, t->demo);
    state_add(list, "/rng/lanes", STATE_U64, n, 4, t->rng);
    state_add(list, "/counters/decisions", STATE_U64, 1, 0, &t->decisions);
    state_add(list, "/counters/episodes", STATE_U64, 1, 0, &t->episodes);
    state_add(list, "/counters/skipped_updates", STATE_U64, 1, 0, &t->skipped);
    state_add(list, "/counters/scores", STATE_F64, SCORE_WINDOW, 0, t->score);
}

static Status check_lane(const Trainer *t, int i, Err *err)
{
    const float *obs = t->obs + (size_t)i * (size_t)t->spec.obs_floats;
    const float *mask = obs + t->spec.obs_floats - t->spec.n_actions;
    bool any = false, finite = true;

    for (int a = 0; a < t->spec.n_actions; a++) any |= mask[a] > 0;
    for (int k = 0; k < t->spec.obs_floats; k++) finite &= isfinite(obs[k]) != 0;
    if (any && finite && t->demo[i] >= -1 && t->demo[i] < t->spec.n_actions &&
        (t->demo[i] < 0 || mask[t->demo[i]] > 0))
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
    memcpy(state, t->env_state + (size_t)i * t->env_bytes, t->env_bytes);
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
    set_score_stats(t);
    return ST_OK;
fail:
    return st;
}
