/* dqn.c -- the learner: one update out of its shards (dqn_loss.c), and its bookkeeping. */
#include "rl/dqn.h"

#include "base/mem.h"
#include "rl/dqn_internal.h"
#include "rl/schedule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MAX_SHARDS = 64 };

static const uint64_t NOISE_STREAMS = 1ull << 40; /* apart from all others of a seed */

DqnConfig dqn_defaults(void)
{
    return (DqnConfig){
        .hidden = {2, {128, 128}},
        .activation = ACT_RELU,
        .init = INIT_HE,
        .lr = 5e-4,
        .lr_final = 5e-5,
        .batch = 128,
        .shards = 4,
        .in_flight = 1,
        .n_step = 8,
        .discount_time = 6,
        .double_q = true,
        .noisy_sigma = 0.5,
        .huber_delta = 1,
        .clip_norm = 10,
        .target_polyak = 0.005,
        .eval_polyak = 0.005,
        .demo_weight = 0.03,
        .demo_margin = 0.03,
        .demo_weight_final = -1,
        .priority_beta = 0.4,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .adam_eps = 1e-8,
    };
}

QNetShape dqn_shape(const DqnConfig *c)
{
    return (QNetShape){.hidden = c->hidden.v,
                       .n_hidden = c->hidden.n,
                       .act = (Activation)c->activation,
                       .context = c->context,
                       .dueling = c->dueling,
                       .quantiles = c->quantiles};
}

static Status check_config(const DqnConfig *c, Err *err)
{
    const struct {
        bool ok;
        const char *rule;
    } rules[] = {
        {c->hidden.n >= 0 && c->hidden.n < MLP_MAX_LAYERS, "hidden: give 0 to 7 widths"},
        {c->activation == ACT_RELU || c->activation == ACT_TANH, "activation: use relu or tanh"},
        {c->init == INIT_HE || c->init == INIT_ORTHOGONAL, "init: use he or orthogonal"},
        {c->quantiles >= 0 && c->quantiles <= QNET_MAX_QUANTILES, "quantiles must be in 0..256"},
        {c->lr > 0 && c->lr_final >= 0, "lr and lr_final must be positive"},
        {c->lr_schedule >= LR_LINEAR && c->lr_schedule <= LR_CONSTANT,
         "lr_schedule: use linear, cosine or constant"},
        {c->lr_warmup >= 0, "lr_warmup must not be negative"},
        {c->shards >= 1 && c->shards <= MAX_SHARDS, "shards must be in 1..64"},
        {c->shards >= 1 && c->batch >= 1 && c->batch % c->shards == 0,
         "batch must be a multiple of shards"},
        {c->in_flight >= 1 && c->in_flight <= DQN_MAX_IN_FLIGHT, "in_flight must be in 1..8"},
        {c->n_step >= 1, "n_step must be at least 1"},
        {c->discount_time > 0, "discount_time must be positive"},
        {c->noisy_sigma > 0, "noisy_sigma must be positive"},
        {c->huber_delta > 0, "huber_delta must be positive"},
        {c->clip_norm > 0, "clip_norm must be positive"},
        {c->target_polyak > 0 && c->target_polyak <= 1, "target_polyak must be in (0, 1]"},
        {c->target_period >= 0, "target_period must not be negative"},
        {c->eval_polyak > 0 && c->eval_polyak <= 1, "eval_polyak must be in (0, 1]"},
        {c->demo_weight >= 0 && c->demo_margin >= 0,
         "demo_weight and demo_margin must not be negative"},
        {c->demo_weight_final >= 0 || c->demo_weight_final == -1,
         "demo_weight_final must not be negative, but for -1: no change"},
        {c->priority_alpha >= 0 && c->priority_alpha <= 1, "priority_alpha must be in 0..1"},
        {c->priority_beta >= 0 && c->priority_beta <= 1, "priority_beta must be in 0..1"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!rules[i].ok) return err_set(err, ST_CONFIG, "dqn.%s", rules[i].rule);
    return ST_OK;
}

/* ---- memory ---- */

static bool batch_create(ReplayBatch *b, size_t B, size_t obs_floats)
{
    return (b->obs = mem_calloc(B * obs_floats, sizeof(float))) &&
           (b->next_obs = mem_calloc(B * obs_floats, sizeof(float))) &&
           (b->action = mem_calloc(B, sizeof(int))) && (b->demo = mem_calloc(B, sizeof(int))) &&
           (b->ret = mem_calloc(B, sizeof(float))) && (b->discount = mem_calloc(B, sizeof(float)));
}

static void batch_free(ReplayBatch *b)
{
    mem_free(b->obs);
    mem_free(b->next_obs);
    mem_free(b->action);
    mem_free(b->demo);
    mem_free(b->ret);
    mem_free(b->discount);
}

static Status update_create(Update *u, Dqn *d, Err *err)
{
    const DqnConfig *c = &d->cfg;
    Status st = ST_NOMEM;

    u->d = d;
    u->online = d->online;
    u->target = d->target;
    if (c->noisy || c->in_flight > 1) {
        if (!(u->copy = mem_calloc(2 * d->P, sizeof(float)))) goto fail;
        u->online = u->copy;
        u->target = u->copy + d->P;
    }
    if (c->noisy && !(u->eps = mem_calloc(d->N - d->P, sizeof(float)))) goto fail;
    if (!batch_create(&u->batch, (size_t)c->batch, (size_t)d->net.spec.obs_floats)) goto fail;
    if (!(u->pick = mem_calloc((size_t)c->batch, sizeof *u->pick))) goto fail;
    if (!(u->error = mem_calloc((size_t)c->batch, sizeof *u->error))) goto fail;
    if (!(u->weight = mem_calloc((size_t)c->batch, sizeof *u->weight))) goto fail;
    if (!(u->shard = mem_calloc((size_t)c->shards, sizeof *u->shard))) goto fail;
    for (int k = 0; k < c->shards; k++)
        TRY(shard_create(&u->shard[k], &d->net, c->batch / c->shards, k ? d->P : d->N, err));
    return ST_OK;
fail:
    return st; /* update_free() frees what there is */
}

static void update_free(Update *u, int shards)
{
    for (int k = 0; u->shard && k < shards; k++) shard_free(&u->shard[k]);
    mem_free(u->shard);
    batch_free(&u->batch);
    mem_free(u->pick);
    mem_free(u->error);
    mem_free(u->weight);
    mem_free(u->copy);
    mem_free(u->eps);
}

static bool weights_create(Dqn *d)
{
    return (d->online = mem_calloc(d->N, sizeof(float))) &&
           (d->target = mem_calloc(d->N, sizeof(float))) &&
           (d->eval = mem_calloc(d->P, sizeof(float))) &&
           (!d->cfg.noisy || ((d->acting = mem_calloc(d->P, sizeof(float))) &&
                              (d->eps = mem_calloc(d->N - d->P, sizeof(float)))));
}

/* The noise follows from the seed and the number of updates: there is nothing of it to save. */
static void refresh_acting(Dqn *d)
{
    Rng rng;
    rng_seed(&rng, d->seed, NOISE_STREAMS + d->updates);
    noise_draw(&d->net, &rng, d->eps);
    noise_add(&d->net, d->online, d->eps, d->acting);
}

static void weights_start(Dqn *d, uint64_t seed)
{
    d->seed = seed;
    rng_seed(&d->rng, seed, 1);
    qnet_randomise(&d->net, d->online, (Init)d->cfg.init, &d->rng);
    if (d->cfg.noisy) noise_start(&d->net, d->cfg.noisy_sigma, d->online + d->P);
    memcpy(d->target, d->online, d->N * sizeof(float));
    memcpy(d->eval, d->online, d->P * sizeof(float));
    if (d->cfg.noisy) refresh_acting(d);
}

Status dqn_create(Dqn **out, const DqnConfig *cfg, const EnvSpec *spec, uint64_t seed, Err *err)
{
    Status st = ST_OK;
    Dqn *d = NULL;
    QNetShape shape;

    *out = NULL;
    TRY(check_config(cfg, err));
    st = ST_NOMEM;
    if (!(d = mem_calloc(1, sizeof *d))) goto fail;
    d->cfg = *cfg;
    shape = dqn_shape(&d->cfg);
    TRY(qnet_init(&d->net, spec, &shape, err));
    d->P = qnet_params(&d->net);
    d->N = d->P + (cfg->noisy ? noise_params(&d->net) : 0);
    TRY(adam_init(&d->adam, d->N, cfg->beta1, cfg->beta2, cfg->adam_eps, err));
    st = ST_NOMEM;
    if (!weights_create(d)) goto fail;
    if (!(d->update = mem_calloc((size_t)cfg->in_flight, sizeof *d->update))) goto fail;
    for (int i = 0; i < cfg->in_flight; i++) TRY(update_create(&d->update[i], d, err));
    weights_start(d, seed);
    *out = d;
    return ST_OK;
fail:
    dqn_destroy(d);
    return err_set(err, st, "learner: %s", status_text(st));
}

void dqn_destroy(Dqn *d)
{
    if (!d) return;
    for (int i = 0; d->update && i < d->cfg.in_flight; i++)
        update_free(&d->update[i], d->cfg.shards);
    mem_free(d->update);
    adam_free(&d->adam);
    mem_free(d->online);
    mem_free(d->target);
    mem_free(d->eval);
    mem_free(d->acting);
    mem_free(d->eps);
    mem_free(d);
}

const QNet *dqn_net(const Dqn *d)
{
    return &d->net;
}

static float *copy_of(const Dqn *d, DqnCopy copy)
{
    if (copy == DQN_ACTING) return d->cfg.noisy ? d->acting : d->online;
    return copy == DQN_ONLINE ? d->online : copy == DQN_TARGET ? d->target : d->eval;
}

float *dqn_weights(Dqn *d, DqnCopy copy)
{
    return copy_of(d, copy);
}

uint64_t dqn_updates(const Dqn *d)
{
    return d->updates;
}

/* ---- the update ---- */

static double learning_rate(const Dqn *d)
{
    const DqnConfig *c = &d->cfg;
    LinearSchedule fall = {c->lr, c->lr_final, c->total_updates};
    double lr = c->lr;
    if (c->total_updates > 0 && c->lr_schedule == LR_LINEAR) lr = linear_at(&fall, d->updates);
    if (c->total_updates > 0 && c->lr_schedule == LR_COSINE) lr = cosine_at(&fall, d->updates);
    if (d->updates < (uint64_t)c->lr_warmup) lr *= (double)(d->updates + 1) / c->lr_warmup;
    return lr;
}

static double demo_weight(const Dqn *d)
{
    const DqnConfig *c = &d->cfg;
    LinearSchedule change = {c->demo_weight, c->demo_weight_final, c->total_updates};
    if (c->demo_weight_final < 0 || c->total_updates == 0) return c->demo_weight;
    return linear_at(&change, d->updates);
}

static void add_stats(const Dqn *d, const Update *u, DqnStats *stats)
{
    memset(stats, 0, sizeof *stats);
    for (int k = 0; k < d->cfg.shards; k++) {
        const Shard *s = &u->shard[k];
        stats->loss += s->loss;
        stats->td_error += s->td_sum / d->cfg.batch;
        stats->q_mean += s->q_sum / d->cfg.batch;
        stats->margin_loss += s->margin_sum;
    }
}

/* Sums the gradients of all shards, in shard order, into shard 0's; returns its norm. */
static double add_gradients(const Dqn *d, const Update *u)
{
    float *sum = u->shard[0].grad;
    const float *more[MAX_SHARDS];

    for (int k = 1; k < d->cfg.shards; k++) more[k - 1] = u->shard[k].grad;
    double squares = grad_add(sum, more, d->cfg.shards - 1, d->P);
    if (d->cfg.noisy) {
        noise_gradient(&d->net, u->eps, sum);
        squares += grad_add(sum + d->P, NULL, 0, d->N - d->P);
    }
    return sqrt(squares);
}

/* Adam's step, and what follows the online weights. */
static void step(Dqn *d, const float *grad, float scale, double lr)
{
    const DqnConfig *c = &d->cfg;
    Follower follower[] = {{d->eval, d->P, c->eval_polyak}, {d->target, d->N, c->target_polyak}};

    adam_step_followed(&d->adam, d->online, grad, scale, lr, follower, c->target_period ? 1 : 2);
    if (c->target_period > 0 && d->updates % (uint64_t)c->target_period == 0)
        memcpy(d->target, d->online, d->N * sizeof(float));
}

/* What the update sees, with noise of its own. */
static void add_noise(Dqn *d, Update *u)
{
    noise_draw(&d->net, &d->rng, u->eps);
    noise_add(&d->net, d->target, u->eps, u->target);
    noise_draw(&d->net, &d->rng, u->eps);
    noise_add(&d->net, d->online, u->eps, u->online);
}

static void draw(const Dqn *d, Update *u, Rng *rng)
{
    const DqnConfig *c = &d->cfg;
    LinearSchedule beta = {c->priority_beta, c->total_updates ? 1 : c->priority_beta,
                           c->total_updates};
    if (c->priority_alpha > 0)
        replay_draw_by_priority(u->replay, c->batch, linear_at(&beta, d->updates), rng, u->pick,
                                u->weight);
    else
        replay_draw(u->replay, c->batch, c->n_step, rng, u->pick);
}

/* All that begins an update but for the gathering of its batch. */
static void begin(Dqn *d, Update *u, Replay *replay)
{
    const DqnConfig *c = &d->cfg;

    u->replay = replay;
    draw(d, u, &d->rng);
    u->demo_weight = demo_weight(d);
    u->demos = 0;
    for (int i = 0; i < c->batch; i++) u->demos += replay_demo(replay, &u->pick[i]) >= 0;
    if (c->noisy) {
        add_noise(d, u);
    } else if (u->copy) {
        memcpy(u->online, d->online, d->P * sizeof(float));
        memcpy(u->target, d->target, d->P * sizeof(float));
    }
}

static void gather(Update *u, int first, int last)
{
    replay_gather(u->replay, u->pick, first, last, u->d->cfg.discount_time, &u->batch);
}

void dqn_update_begin(Dqn *d, int slot, Replay *replay)
{
    Update *u = &d->update[slot];
    begin(d, u, replay);
    gather(u, 0, d->cfg.batch);
}

/* With nothing pushed meanwhile, each shard can gather its part. */
static void gather_and_update(Update *u, int k)
{
    int part = u->d->cfg.batch / u->d->cfg.shards;
    gather(u, k * part, (k + 1) * part);
    shard_update(u, k);
}

void dqn_update_shard(Dqn *d, int slot, int k)
{
    shard_update(&d->update[slot], k);
}

void dqn_update_end(Dqn *d, int slot, DqnStats *stats)
{
    Update *u = &d->update[slot];

    add_stats(d, u, stats);
    stats->grad_norm = add_gradients(d, u);
    stats->lr = learning_rate(d);
    stats->demo_weight = u->demo_weight;
    stats->skipped = !isfinite(stats->grad_norm);
    d->updates++;
    if (!stats->skipped) {
        if (d->cfg.priority_alpha > 0) replay_learnt(u->replay, u->pick, d->cfg.batch, u->error);
        step(d, u->shard[0].grad, grad_clip_scale(stats->grad_norm, d->cfg.clip_norm), stats->lr);
    }
    if (d->cfg.noisy) refresh_acting(d);
}

/* Updates in a row. Jobs are the shards 0.., then a turn that ends an update and begins the next: for
 * whoever finishes the last shard, so that no thread has to be woken for it. */
typedef struct Row {
    Dqn *d;
    Replay *replay;
    DqnStats *stats;
    int left;        /* updates to end */
    int given, done; /* shards of this one */
    bool turning;
} Row;

static int next_job(void *ctx)
{
    Row *r = ctx;
    if (r->left == 0) return POOL_END;
    if (r->given < r->d->cfg.shards) return r->given++;
    if (r->done < r->d->cfg.shards || r->turning) return POOL_WAIT;
    r->turning = true;
    return r->d->cfg.shards;
}

static void run_job(void *ctx, int job)
{
    Row *r = ctx;
    Update *u = &r->d->update[0];
    if (job < r->d->cfg.shards) {
        gather_and_update(u, job);
    } else {
        dqn_update_end(r->d, 0, r->stats);
        if (r->left > 1) begin(r->d, u, r->replay);
    }
}

static void job_done(void *ctx, int job)
{
    Row *r = ctx;
    if (job < r->d->cfg.shards) {
        r->done++;
    } else {
        r->left--;
        r->given = r->done = 0;
        r->turning = false;
    }
}

void dqn_updates_run(Dqn *d, Replay *replay, Pool *pool, int n, DqnStats *stats)
{
    static const PoolWork WORK = {next_job, run_job, job_done};
    Row row = {.d = d, .replay = replay, .stats = stats, .left = n};

    assert(n >= 1);
    begin(d, &d->update[0], replay);
    pool_serve(pool, &WORK, &row);
}

void dqn_update(Dqn *d, Replay *replay, Pool *pool, DqnStats *stats)
{
    dqn_updates_run(d, replay, pool, 1, stats);
}

/* ---- acting ---- */

static int random_action(const QBatch *w, int state, Rng *rng)
{
    int first = w->start[state], n = w->start[state + 1] - first;
    return w->action[first + (int)rng_below(rng, (uint32_t)n)];
}

void dqn_act_with(const Dqn *d, const float *weights, QBatch *work, const float *obs, int n,
                  double epsilon, Rng *rng, int *action)
{
    qbatch_load(work, &d->net, obs, n);
    if (epsilon < 1) qnet_infer(&d->net, weights, work);
    for (int i = 0; i < n; i++) {
        assert(work->start[i] < work->start[i + 1]);
        bool explore = epsilon > 0 && rng_uniform(&rng[i]) < epsilon;
        action[i] =
            explore ? random_action(work, i, &rng[i]) : work->action[qbatch_argmax(work, i)];
    }
}

void dqn_act(const Dqn *d, DqnCopy copy, QBatch *work, const float *obs, int n, double epsilon,
             Rng *rng, int *action)
{
    dqn_act_with(d, copy_of(d, copy), work, obs, n, epsilon, rng, action);
}

/* ---- saving ---- */

void dqn_state(Dqn *d, StateList *list)
{
    qnet_state(&d->net, "/policy", d->eval, list);
    qnet_state(&d->net, "/learner/online", d->online, list);
    qnet_state(&d->net, "/learner/target", d->target, list);
    if (d->cfg.noisy) {
        state_add(list, "/learner/online/sigma", STATE_F32, d->N - d->P, 0, d->online + d->P);
        state_add(list, "/learner/target/sigma", STATE_F32, d->N - d->P, 0, d->target + d->P);
    }
    state_add(list, "/learner/adam/m", STATE_F32, d->N, 0, d->adam.m);
    state_add(list, "/learner/adam/v", STATE_F32, d->N, 0, d->adam.v);
    state_add(list, "/learner/adam/steps", STATE_U64, 1, 0, &d->adam.t);
    state_add(list, "/learner/updates", STATE_U64, 1, 0, &d->updates);
    state_add(list, "/rng/learner", STATE_U64, 4, 0, d->rng.s);
}

Status dqn_check(Dqn *d, Err *err)
{
    const struct {
        const char *name;
        const float *p;
        size_t n;
    } slab[] = {{"/policy", d->eval, d->P},
                {"/learner/online", d->online, d->N},
                {"/learner/target", d->target, d->N},
                {"/learner/adam/m", d->adam.m, d->N},
                {"/learner/adam/v", d->adam.v, d->N}};
    for (size_t k = 0; k < sizeof slab / sizeof *slab; k++)
        for (size_t i = 0; i < slab[k].n; i++)
            if (!isfinite(slab[k].p[i]))
                return err_set(err, ST_FORMAT,
                               "\"%s\" holds a number that is not finite; the file is damaged",
                               slab[k].name);
    if (d->cfg.noisy) refresh_acting(d);
    return ST_OK;
}
