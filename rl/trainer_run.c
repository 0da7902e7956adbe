/* trainer_run.c -- acting and learning at the same time, on as many threads as there are.
 *
 * Work is cut into jobs that pool_serve() hands to whoever is free:
 *   a block   one round of a block of lanes, with a copy of the weights, into the block's stage;
 *   a shard   of an update that is under way;
 *   a turn    end an update, move full stages into the replay, hand the new weights to the actors,
 *             begin an update. One at a time, and only here do weights and replay change.
 * Updates go first; blocks fill what they leave to other threads. No thread waits while there is a
 * job.
 *
 * In the fixed order, updates end as they began, the next begins when the one in_flight before it
 * has ended, and a turn takes the stages when all blocks have acted and this round's updates are
 * made: what a job reads never depends on who was faster. Free-running, each turn takes what is
 * there, and the only wait is that of actors who are too far ahead. */
#include "rl/trainer_internal.h"

#include <assert.h>
#include <string.h>

static size_t cell(const Trainer *t, int step, int lane)
{
    return (size_t)step * (size_t)t->lanes + (size_t)lane;
}

static size_t obs_at(const Trainer *t, int step, int lane)
{
    return cell(t, step, lane) * (size_t)t->spec.obs_floats;
}

/* ---- a block's round ---- */

static void choose_actions(Trainer *t, Block *b, int step)
{
    const Stage *g = &t->stage;
    int *action = g->action + cell(t, step, 0);
    const int32_t *demo = g->demo + cell(t, step, 0);

    dqn_act_with(t->dqn, t->weights[b->weights], &b->work, g->obs + obs_at(t, step, b->first),
                 b->last - b->first, b->epsilon, t->rng + b->first, action + b->first);
    for (int i = b->first; b->demos && i < b->last; i++)
        if (rng_uniform(&t->rng[i]) < t->cfg.demo_actor && demo[i] >= 0) action[i] = demo[i];
}

/* Notes what venv_step() left per lane and the next step would overwrite. */
static void note_step(Trainer *t, int step, int lane)
{
    Stage *g = &t->stage;
    size_t c = cell(t, step, lane);
    bool done = g->terminated[c] || g->truncated[c];

    g->elapsed[c] = done ? t->final_info[lane].elapsed : t->info[lane].elapsed;
    g->score[c] = done ? t->final_info[lane].score : 0;
    g->demo[cell(t, step + 1, lane)] = t->info[lane].demo;
}

static void act(Trainer *t, Block *b)
{
    Stage *g = &t->stage;
    int steps = t->cfg.round_steps;
    size_t n = (size_t)(b->last - b->first);

    memcpy(g->obs + obs_at(t, 0, b->first), g->obs + obs_at(t, steps, b->first),
           n * (size_t)t->spec.obs_floats * sizeof *g->obs);
    memcpy(g->demo + b->first, g->demo + cell(t, steps, b->first), n * sizeof *g->demo);
    for (int s = 0; s < steps; s++) {
        size_t row = cell(t, s, 0);
        choose_actions(t, b, s);
        venv_step(t->venv, b->first, b->last, g->action + row, g->obs + obs_at(t, s + 1, 0),
                  g->reward + row, g->terminated + row, g->truncated + row, t->info, t->final_info,
                  g->final_obs + obs_at(t, s, 0));
        for (int i = b->first; i < b->last; i++) note_step(t, s, i);
    }
}

/* ---- a turn ---- */

static void push_step(Trainer *t, int step, int lane)
{
    const Stage *g = &t->stage;
    size_t c = cell(t, step, lane);
    ReplayStep s = {.obs = g->obs + obs_at(t, step, lane),
                    .action = g->action[c],
                    .demo = g->demo[c],
                    .reward = g->reward[c],
                    .elapsed = g->elapsed[c],
                    .terminated = g->terminated[c],
                    .truncated = g->truncated[c],
                    .final_obs = g->final_obs + obs_at(t, step, lane)};
    replay_push(t->replay, lane, &s);
    if (s.terminated || s.truncated) t->score[t->episodes++ % SCORE_WINDOW] = g->score[c];
}

static void push_block(Trainer *t, const Block *b)
{
    for (int i = b->first; i < b->last; i++)
        for (int s = 0; s < t->cfg.round_steps; s++) push_step(t, s, i);
    t->turn.pushed += (uint64_t)(b->last - b->first) * (uint64_t)t->cfg.round_steps;
}

static void end_update(Trainer *t)
{
    DqnStats u;
    dqn_update_end(t->dqn, t->turn.end, &u);
    t->sum.loss += u.loss;
    t->sum.td_error += u.td_error;
    t->sum.margin_loss += u.margin_loss;
    t->sum.q_mean += u.q_mean;
    t->sum.grad_norm += u.grad_norm;
    t->sum.lr = u.lr;
    t->skipped += u.skipped;
    t->summed++;
}

/* The means of the updates since the last call, if there were any. */
static void fold_means(Trainer *t)
{
    double n = (double)t->summed;
    TrainerStats *s = &t->stats;

    if (t->summed == 0) return;
    s->loss = t->sum.loss / n;
    s->td_error = t->sum.td_error / n;
    s->margin_loss = t->sum.margin_loss / n;
    s->q_mean = t->sum.q_mean / n;
    s->grad_norm = t->sum.grad_norm / n;
    s->lr = t->sum.lr;
    t->sum = (DqnStats){0};
    t->summed = 0;
}

/* Updates that should have been made by so many decisions. */
static uint64_t updates_by(const Trainer *t, uint64_t decisions)
{
    if (decisions < t->cfg.learn_start) return 0;
    return (uint64_t)((double)(decisions - t->cfg.learn_start) / t->cfg.decisions_per_update);
}

static void take_turn(Trainer *t)
{
    Turn *turn = &t->turn;

    if (turn->end >= 0) end_update(t);
    if (turn->n_push > 0 && !t->cfg.free_running) fold_means(t); /* of the round that ends */
    for (int k = 0; k < turn->n_push; k++) push_block(t, &t->block[turn->push[k]]);
    if (turn->hand)
        memcpy(t->weights[!t->acting], dqn_weights(t->dqn, DQN_ACTING),
               qnet_params(dqn_net(t->dqn)) * sizeof(float));
    uint64_t decisions = t->decisions + turn->pushed;
    turn->ready = replay_ready(t->replay, t->cfg.dqn.n_step);
    turn->begun = turn->begin >= 0 && decisions < t->until && turn->ready &&
                  t->begun < updates_by(t, decisions);
    if (turn->begun) dqn_update_begin(t->dqn, turn->begin, t->replay);
}

/* ---- the schedule: under the pool's lock ---- */

static int free_slot(const Trainer *t)
{
    for (int i = 0; i < t->cfg.dqn.in_flight; i++)
        if (!t->update[i].open) return i;
    return -1;
}

static bool update_due(const Trainer *t)
{
    return t->decisions < t->until && t->ready && t->begun < updates_by(t, t->decisions);
}

static bool begin_due(const Trainer *t)
{
    return update_due(t) && free_slot(t) >= 0;
}

/* The slot of an update that may end, -1 if none. In the fixed order that is the oldest, once all
 * have begun that begin without it: else speed would decide what those see. */
static int ended_slot(const Trainer *t)
{
    for (int i = 0; i < t->cfg.dqn.in_flight; i++) {
        const Open *u = &t->update[i];
        bool turn = t->cfg.free_running || (u->number == t->updates && !begin_due(t));
        if (u->open && turn && u->shards_done == t->cfg.dqn.shards) return i;
    }
    return -1;
}

static bool push_due(const Trainer *t)
{
    int full = 0;
    for (int b = 0; b < t->blocks; b++) full += t->block[b].state == BLOCK_FULL;
    if (t->cfg.free_running) return full > 0;
    return full == t->blocks && !update_due(t) && t->begun == t->updates;
}

static bool turn_due(const Trainer *t)
{
    if (t->turning) return false;
    return ended_slot(t) >= 0 || begin_due(t) || push_due(t);
}

static void plan_turn(Trainer *t)
{
    Turn *turn = &t->turn;
    int end = ended_slot(t);

    *turn = (Turn){.end = end, .begin = end >= 0 ? end : free_slot(t)};
    bool push = push_due(t);
    for (int b = 0; push && b < t->blocks; b++)
        if (t->block[b].state == BLOCK_FULL) turn->push[turn->n_push++] = b;
    /* Free-running, a block may still act with the spare copy: then the next turn tries again. */
    turn->hand = t->readers[!t->acting] == 0 && (t->cfg.free_running ? end >= 0 : turn->n_push > 0);
    t->turning = true;
}

static void turn_done(Trainer *t)
{
    Turn *turn = &t->turn;

    if (turn->end >= 0) {
        t->update[turn->end].open = false;
        t->updates++;
    }
    if (turn->begun) t->update[turn->begin] = (Open){.open = true, .number = t->begun++};
    for (int k = 0; k < turn->n_push; k++) t->block[turn->push[k]].state = BLOCK_IDLE;
    t->decisions += turn->pushed;
    t->ready = turn->ready;
    if (turn->hand) t->acting = !t->acting;
    t->turning = false;
}

static uint64_t block_decisions(const Trainer *t, const Block *b)
{
    return (uint64_t)(b->last - b->first) * (uint64_t)t->cfg.round_steps;
}

/* Updates that will be due once this block has acted and are not made. */
static uint64_t lag_after(const Trainer *t, const Block *b)
{
    uint64_t due = t->ready ? updates_by(t, t->started + block_decisions(t, b)) : 0;
    return due > t->updates ? due - t->updates : 0;
}

static uint64_t most_lag(const Trainer *t)
{
    double round = (double)t->lanes * t->cfg.round_steps;
    return 1 + (uint64_t)(TRAINER_SLACK_ROUNDS * round / t->cfg.decisions_per_update);
}

/* The block that may begin a round and has most of them left, -1 if none may. */
static int idle_block(const Trainer *t)
{
    int best = -1;
    for (int k = 0; k < t->blocks; k++) {
        const Block *b = &t->block[k];
        if (b->state != BLOCK_IDLE || b->left == 0) continue;
        if (t->cfg.free_running && lag_after(t, b) > most_lag(t)) continue;
        if (best < 0 || b->left > t->block[best].left) best = k;
    }
    return best;
}

static void start_block(Trainer *t, Block *b)
{
    LinearSchedule epsilon = {t->cfg.epsilon_first, t->cfg.epsilon_last, t->cfg.epsilon_decisions};
    uint64_t lag = lag_after(t, b);

    b->state = BLOCK_ACTING;
    b->left--;
    b->weights = t->acting;
    b->epsilon = t->stats.epsilon = linear_at(&epsilon, t->decisions);
    b->demos = t->decisions < t->cfg.learn_start && t->cfg.demo_actor > 0;
    t->readers[b->weights]++;
    t->started += block_decisions(t, b);
    if (lag > t->stats.lag) t->stats.lag = lag;
}

/* A shard of the oldest update that has some left, as slot * shards + shard; -1 if there is none. */
static int next_shard(Trainer *t)
{
    int shards = t->cfg.dqn.shards, slot = -1;
    for (int i = 0; i < t->cfg.dqn.in_flight; i++) {
        const Open *u = &t->update[i];
        if (!u->open || u->shards_given == shards) continue;
        if (slot < 0 || u->number < t->update[slot].number) slot = i;
    }
    return slot < 0 ? -1 : slot * shards + t->update[slot].shards_given++;
}

/* Jobs are numbered: the turn, blocks, shards. */
static int next_job(void *ctx)
{
    Trainer *t = ctx;
    int k;

    if (turn_due(t)) {
        plan_turn(t);
        return 0;
    }
    if ((k = next_shard(t)) >= 0) return 1 + t->blocks + k;
    if ((k = idle_block(t)) >= 0) {
        start_block(t, &t->block[k]);
        return 1 + k;
    }
    return t->decisions == t->until && t->begun == t->updates && !t->turning ? POOL_END : POOL_WAIT;
}

static void run_job(void *ctx, int job)
{
    Trainer *t = ctx;
    int shard = job - 1 - t->blocks, shards = t->cfg.dqn.shards;
    if (job == 0)
        take_turn(t);
    else if (shard < 0)
        act(t, &t->block[job - 1]);
    else
        dqn_update_shard(t->dqn, shard / shards, shard % shards);
}

static void job_done(void *ctx, int job)
{
    Trainer *t = ctx;
    int shard = job - 1 - t->blocks;
    if (job == 0) {
        turn_done(t);
    } else if (shard < 0) {
        t->block[job - 1].state = BLOCK_FULL;
        t->readers[t->block[job - 1].weights]--;
    } else {
        t->update[shard / t->cfg.dqn.shards].shards_done++;
    }
}

/* ---- runs ---- */

static void start_run(Trainer *t, uint64_t rounds)
{
    t->started = t->decisions;
    t->until = t->decisions + rounds * (uint64_t)t->lanes * (uint64_t)t->cfg.round_steps;
    t->updates = t->begun = dqn_updates(t->dqn);
    t->ready = replay_ready(t->replay, t->cfg.dqn.n_step);
    t->stats.lag = 0;
    memcpy(t->weights[t->acting], dqn_weights(t->dqn, DQN_ACTING),
           qnet_params(dqn_net(t->dqn)) * sizeof(float));
    for (int b = 0; b < t->blocks; b++) t->block[b].left = rounds;
}

void trainer_run(Trainer *t, Pool *pool, uint64_t until)
{
    static const PoolWork WORK = {next_job, run_job, job_done};
    uint64_t round = (uint64_t)t->lanes * (uint64_t)t->cfg.round_steps;

    if (until <= t->decisions) return;
    start_run(t, (until - t->decisions + round - 1) / round);
    pool_serve(pool, &WORK, t);
    fold_means(t);
    trainer_refresh(t);
}

void trainer_round(Trainer *t, Pool *pool)
{
    trainer_run(t, pool, t->decisions + 1);
}
