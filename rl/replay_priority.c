/* replay_priority.c -- which transitions are drawn how often.
 *
 * Lanes are pushed to by several threads, but the tree is one: pushes do not touch it. Whoever draws
 * first takes in what was pushed since, lane by lane. */
#include "base/mem.h"
#include "rl/replay_internal.h"

#include <assert.h>
#include <float.h>
#include <math.h>

enum { DRAW_AT_ONCE = 64 };

Status replay_prioritise(Replay *r, int n_step, double alpha, Err *err)
{
    size_t lanes = (size_t)r->lanes;
    Status st;

    assert(!r->priority && replay_steps(r) == 0 && n_step >= 1 && alpha > 0 && alpha <= 1);
    TRY(sumtree_create(&r->priority, replay_slots(r), err));
    st = ST_NOMEM;
    if (!(r->taken_in = mem_calloc(lanes, sizeof *r->taken_in))) goto fail;
    if (!(r->waiting = mem_calloc(lanes, sizeof *r->waiting))) goto fail;
    r->n_step = n_step;
    r->alpha = alpha;
    r->top = 1;
    return ST_OK;
fail: /* replay_destroy() frees what there is */
    return err_set(err, st, "priorities: %s", status_text(st));
}

static uint64_t oldest(const Replay *r, int lane)
{
    return r->pushed[lane] - replay_held(r, lane);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The overwritten slots lose their weights, and transitions that have become complete get the
 * largest: if one is not complete yet, no later one of its lane is. */
static void take_in(Replay *r, int lane)
{
    uint64_t end = r->pushed[lane], first = oldest(r, lane), p;

    for (p = later(r->taken_in[lane], first); p < end; p++)
        sumtree_set(r->priority, replay_slot(r, lane, p), 0);
    r->taken_in[lane] = end;
    for (p = later(r->waiting[lane], first); p < end; p++) {
        size_t slot = replay_slot(r, lane, p);
        if (r->flags[slot] & BOUNDARY) continue;
        if (replay_window(r, lane, p, r->n_step) == 0) break;
        sumtree_set(r->priority, slot, r->top);
    }
    r->waiting[lane] = p;
}

static void take_in_all(Replay *r)
{
    for (int l = 0; l < r->lanes; l++) take_in(r, l);
}

/* The push that lies in a lane's slot: the last one of that remainder. */
static uint64_t push_in(const Replay *r, int lane, uint64_t slot)
{
    uint64_t last = r->pushed[lane] - 1, cap = (uint64_t)r->capacity;
    return last - (last % cap + cap - slot) % cap;
}

static void pick_slot(const Replay *r, size_t slot, ReplayPick *pick)
{
    pick->lane = (int)(slot / (size_t)r->capacity);
    pick->push = push_in(r, pick->lane, slot % (size_t)r->capacity);
    pick->steps = replay_window(r, pick->lane, pick->push, r->n_step);
    assert(pick->steps > 0);
}

/* Draws first..last-1 of B. */
static void draw_some(const Replay *r, int first, int last, int B, Rng *rng, ReplayPick *pick)
{
    double u[DRAW_AT_ONCE], total = sumtree_total(r->priority);
    size_t slot[DRAW_AT_ONCE];

    for (int b = first; b < last; b++)
        u[b - first] = fmin(total, total * ((b + rng_uniform(rng)) / B));
    sumtree_find(r->priority, u, (size_t)(last - first), slot);
    for (int b = first; b < last; b++) pick_slot(r, slot[b - first], &pick[b]);
}

static double weight_of(const Replay *r, const ReplayPick *pick)
{
    return sumtree_get(r->priority, replay_slot(r, pick->lane, pick->push));
}

void replay_draw_by_priority(Replay *r, int B, double beta, Rng *rng, ReplayPick *pick,
                             float *weight)
{
    double least = HUGE_VAL;

    assert(r->priority && replay_ready(r, r->n_step));
    take_in_all(r);
    for (int b = 0; b < B; b += DRAW_AT_ONCE)
        draw_some(r, b, b + DRAW_AT_ONCE < B ? b + DRAW_AT_ONCE : B, B, rng, pick);
    /* (N P_i)^-beta over its largest value: N and the total cancel. */
    for (int b = 0; b < B; b++) least = fmin(least, weight_of(r, &pick[b]));
    for (int b = 0; b < B; b++) weight[b] = (float)pow(least / weight_of(r, &pick[b]), beta);
}

void replay_learnt(Replay *r, const ReplayPick *pick, int B, const float *error)
{
    for (int b = 0; b < B; b++) {
        double size = fmin(fabs((double)error[b]), (double)FLT_MAX); /* so is NaN */
        double p = pow(size + 1e-6, r->alpha);
        if (r->pushed[pick[b].lane] - pick[b].push > (uint64_t)r->capacity) continue;
        sumtree_set(r->priority, replay_slot(r, pick[b].lane, pick[b].push), p);
        r->top = fmax(r->top, p);
    }
}

void replay_priority_state(Replay *r, StateList *list)
{
    take_in_all(r); /* as the next draw would: then how far it has got need not be saved */
    state_add(list, "/replay/priority", STATE_F64, replay_slots(r), 0,
              sumtree_weights(r->priority));
    state_add(list, "/replay/top_priority", STATE_F64, 1, 0, &r->top);
}

static bool is_sound(const Replay *r, int lane, uint64_t slot)
{
    double w = sumtree_weights(r->priority)[(uint64_t)lane * (uint64_t)r->capacity + slot];
    bool drawable = slot < replay_held(r, lane) &&
                    replay_window(r, lane, push_in(r, lane, slot), r->n_step) > 0;
    return drawable ? w > 0 && w <= r->top : w == 0;
}

/* Back from the last push, over what take_in() has not given a weight. */
static void restore_lane(Replay *r, int lane)
{
    uint64_t end = r->pushed[lane], p = end;
    while (p > oldest(r, lane) && replay_window(r, lane, p - 1, r->n_step) == 0) p--;
    r->taken_in[lane] = end;
    r->waiting[lane] = p;
}

Status replay_priority_restore(Replay *r, Err *err)
{
    bool sound = r->top > 0 && isfinite(r->top);

    for (int l = 0; l < r->lanes; l++) {
        restore_lane(r, l);
        for (uint64_t s = 0; s < (uint64_t)r->capacity && sound; s++) sound = is_sound(r, l, s);
    }
    if (!sound)
        return err_set(err, ST_FORMAT,
                       "\"/replay/priority\" does not belong to the recorded steps; the file is "
                       "damaged or belongs to another configuration");
    sumtree_rebuild(r->priority);
    return ST_OK;
}
