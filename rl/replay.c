/* replay.c -- the ring, its sampling and the n-step sums. See replay.h for what a transition is.
 *
 * Slot s of lane l is row l * capacity + s of every array. A lane counts its pushes for ever; push
 * number p lives in slot p % capacity while it is among the last `capacity` ones.
 *
 * An observation is kept as halves: the global part, then the rows of the valid actions in their
 * order, then zeros up to `width`; and the mask as bits. */
#include "base/mem.h"
#include "rl/half_internal.h"
#include "rl/replay_internal.h"
#include "rl/sumtree.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static bool allocate(Replay *r)
{
    size_t n = replay_slots(r);
    return (r->pushed = mem_calloc((size_t)r->lanes, sizeof *r->pushed)) &&
           (r->obs = mem_calloc(n, r->width * sizeof *r->obs)) &&
           (r->mask = mem_calloc(n, r->mask_bytes)) &&
           (r->action = mem_calloc(n, sizeof *r->action)) &&
           (r->demo = mem_calloc(n, sizeof *r->demo)) &&
           (r->reward = mem_calloc(n, sizeof *r->reward)) &&
           (r->elapsed = mem_calloc(n, sizeof *r->elapsed)) &&
           (r->flags = mem_calloc(n, sizeof *r->flags));
}

Status replay_create(Replay **out, const EnvSpec *spec, int lanes, int capacity, Err *err)
{
    Replay *r;

    *out = NULL;
    assert(spec->max_valid >= 1 && spec->max_valid <= spec->n_actions);
    if (lanes < 1 || capacity < 2)
        return err_set(err, ST_CONFIG,
                       "replay of %d lanes x %d steps is too small; use at least 1 x 2", lanes,
                       capacity);
    if (!(r = mem_calloc(1, sizeof *r))) goto fail;
    r->spec = *spec;
    r->lanes = lanes;
    r->capacity = capacity;
    r->width = (size_t)spec->global_features + (size_t)spec->max_valid * (size_t)spec->row_features;
    r->mask_bytes = ((size_t)spec->n_actions + 7) / 8;
    assert(r->width > 0);
    if (!allocate(r)) goto fail;
    *out = r;
    return ST_OK;
fail:
    replay_destroy(r);
    return err_set(err, ST_NOMEM, "replay of %d lanes x %d steps: %s", lanes, capacity,
                   status_text(ST_NOMEM));
}

void replay_destroy(Replay *r)
{
    if (!r) return;
    mem_free(r->pushed);
    mem_free(r->obs);
    mem_free(r->mask);
    mem_free(r->action);
    mem_free(r->demo);
    mem_free(r->reward);
    mem_free(r->elapsed);
    mem_free(r->flags);
    mem_free(r->taken_in);
    mem_free(r->waiting);
    sumtree_destroy(r->priority);
    mem_free(r);
}

/* Whether the stored mask allows the action. */
static bool allows(const Replay *r, size_t slot, int action)
{
    return action >= 0 && action < r->spec.n_actions &&
           (r->mask[slot * r->mask_bytes + (size_t)action / 8] >> (action % 8) & 1);
}

static void put_obs(Replay *r, size_t slot, const float *obs)
{
    size_t F = (size_t)r->spec.row_features, G = (size_t)r->spec.global_features;
    int actions = r->spec.n_actions, valid = 0;
    const float *global = obs + (size_t)actions * F, *mask = global + G;
    uint16_t *out = r->obs + slot * r->width, *end = out + r->width;
    uint8_t *bits = r->mask + slot * r->mask_bytes;

    memset(bits, 0, r->mask_bytes);
    half_pack(out, global, G);
    out += G;
    for (int a = 0; a < actions; a++) {
        if (!(mask[a] > 0)) continue;
        assert(valid < r->spec.max_valid);
        valid++;
        bits[a / 8] |= (uint8_t)(1 << a % 8);
        half_pack(out, obs + (size_t)a * F, F);
        out += F;
    }
    memset(out, 0, (size_t)(end - out) * sizeof *out);
}

/* mask[actions] = 1 where the slot's bit is set, else 0; a byte's bits at once. */
static void get_mask(const Replay *r, size_t slot, float *mask)
{
    const uint8_t *bits = r->mask + slot * r->mask_bytes;
    int actions = r->spec.n_actions, a = 0;

    for (; a + 8 <= actions; a += 8, bits++)
        for (int b = 0; b < 8; b++) mask[a + b] = (float)(*bits >> b & 1);
    for (int b = 0; a + b < actions; b++) mask[a + b] = (float)(*bits >> b & 1);
}

static void get_obs(const Replay *r, size_t slot, float *obs)
{
    size_t F = (size_t)r->spec.row_features, G = (size_t)r->spec.global_features;
    int actions = r->spec.n_actions;
    float *global = obs + (size_t)actions * F, *mask = global + G;
    const uint16_t *in = r->obs + slot * r->width;

    half_unpack(global, in, G);
    in += G;
    get_mask(r, slot, mask);
    if (F == 0) return;
    for (int a = 0; a < actions; a++, obs += F) {
        if (!(mask[a] > 0)) {
            memset(obs, 0, F * sizeof *obs);
            continue;
        }
        half_unpack(obs, in, F);
        in += F;
    }
}

static size_t next_slot(Replay *r, int lane)
{
    return replay_slot(r, lane, r->pushed[lane]++);
}

static void push_boundary(Replay *r, int lane, const float *final_obs)
{
    size_t s = next_slot(r, lane);
    put_obs(r, s, final_obs);
    r->action[s] = NO_ACTION;
    r->demo[s] = NO_ACTION;
    r->reward[s] = 0.0f;
    r->elapsed[s] = 0.0f;
    r->flags[s] = BOUNDARY;
}

void replay_push(Replay *r, int lane, const ReplayStep *step)
{
    assert(lane >= 0 && lane < r->lanes);

    size_t s = next_slot(r, lane);
    put_obs(r, s, step->obs);
    assert(allows(r, s, step->action));
    assert(step->demo < 0 || allows(r, s, step->demo));
    r->action[s] = step->action;
    r->demo[s] = step->demo < 0 ? NO_ACTION : step->demo;
    r->reward[s] = (float)step->reward;
    r->elapsed[s] = (float)step->elapsed;
    r->flags[s] = step->terminated ? TERMINATED : step->truncated ? TRUNCATED : 0;
    if (r->flags[s] == TRUNCATED) push_boundary(r, lane, step->final_obs);
}

size_t replay_steps(const Replay *r)
{
    size_t n = 0;
    for (int l = 0; l < r->lanes; l++) n += (size_t)replay_held(r, l);
    return n;
}

bool replay_ready(const Replay *r, int n_step)
{
    /* Of the two oldest entries of such a lane one at least is no boundary, and its n successors
     * are there: the search of replay_draw() ends. */
    for (int l = 0; l < r->lanes; l++)
        if (replay_held(r, l) < (uint64_t)n_step + 2) return false;
    return true;
}

int replay_window(const Replay *r, int lane, uint64_t push, int n_step)
{
    if (r->flags[replay_slot(r, lane, push)] & BOUNDARY) return 0;
    for (int i = 1; i <= n_step; i++, push++) {
        uint8_t flags = r->flags[replay_slot(r, lane, push)];
        if (flags & TERMINATED) return i;
        if (push + 1 == r->pushed[lane]) return 0;
        if (flags & TRUNCATED) return i;
    }
    return n_step;
}

bool replay_pick(const Replay *r, int lane, int age, int n_step, ReplayPick *pick)
{
    if ((uint64_t)age >= replay_held(r, lane)) return false;
    pick->lane = lane;
    pick->push = r->pushed[lane] - 1 - (uint64_t)age;
    pick->steps = replay_window(r, lane, pick->push, n_step);
    return pick->steps > 0;
}

void replay_draw(const Replay *r, int B, int n_step, Rng *rng, ReplayPick *pick)
{
    uint64_t most = 0; /* entries of the fullest lane: lanes fill unevenly at first */

    assert(replay_ready(r, n_step));
    for (int l = 0; l < r->lanes; l++) most = replay_held(r, l) > most ? replay_held(r, l) : most;
    assert(most * (uint64_t)r->lanes <= UINT32_MAX);
    for (int b = 0; b < B;) {
        uint32_t k = rng_below(rng, (uint32_t)(most * (uint64_t)r->lanes));
        b += replay_pick(r, (int)(k / most), (int)(k % most), n_step, &pick[b]);
    }
}

int replay_demo(const Replay *r, const ReplayPick *pick)
{
    return r->demo[replay_slot(r, pick->lane, pick->push)];
}

static void gather_one(const Replay *r, const ReplayPick *pick, double tau, ReplayBatch *batch,
                       int b)
{
    size_t width = (size_t)r->spec.obs_floats, first = replay_slot(r, pick->lane, pick->push);
    float *next = batch->next_obs + (size_t)b * width;
    double ret = 0, time = 0;
    uint8_t flags = 0;

    for (int i = 0; i < pick->steps; i++) {
        size_t s = replay_slot(r, pick->lane, pick->push + (uint64_t)i);
        ret += exp(-time / tau) * (double)r->reward[s];
        time += (double)r->elapsed[s];
        flags = r->flags[s];
    }
    get_obs(r, first, batch->obs + (size_t)b * width);
    if (flags & TERMINATED)
        memset(next, 0, width * sizeof *next);
    else
        get_obs(r, replay_slot(r, pick->lane, pick->push + (uint64_t)pick->steps), next);
    batch->action[b] = r->action[first];
    batch->demo[b] = r->demo[first];
    batch->ret[b] = (float)ret;
    batch->discount[b] = flags & TERMINATED ? 0.0f : (float)exp(-time / tau);
}

static void fetch_obs(const Replay *r, size_t slot)
{
    enum { LINE = 64 / sizeof *r->obs };
    const uint16_t *obs = r->obs + slot * r->width;
    for (size_t i = 0; i < r->width; i += LINE) __builtin_prefetch(obs + i);
    if (r->width > 0) __builtin_prefetch(obs + r->width - 1);
    __builtin_prefetch(r->mask + slot * r->mask_bytes);
}

/* Asks for what gather_one() will read: picks lie anywhere, and each would wait for memory. */
static void fetch(const Replay *r, const ReplayPick *pick)
{
    size_t first = replay_slot(r, pick->lane, pick->push);
    fetch_obs(r, first);
    fetch_obs(r, replay_slot(r, pick->lane, pick->push + (uint64_t)pick->steps));
    __builtin_prefetch(r->reward + first);
    __builtin_prefetch(r->elapsed + first);
    __builtin_prefetch(r->flags + first);
    __builtin_prefetch(r->action + first);
    __builtin_prefetch(r->demo + first);
}

void replay_gather(const Replay *r, const ReplayPick *pick, int first, int last, double tau,
                   ReplayBatch *batch)
{
    enum { AHEAD = 4 };
    assert(tau > 0);
    for (int b = first; b < last && b < first + AHEAD; b++) fetch(r, &pick[b]);
    for (int b = first; b < last; b++) {
        if (b + AHEAD < last) fetch(r, &pick[b + AHEAD]);
        gather_one(r, &pick[b], tau, batch, b);
    }
}

void replay_state(Replay *r, StateList *list)
{
    size_t n = replay_slots(r);
    state_add(list, "/replay/pushed", STATE_U64, (size_t)r->lanes, 0, r->pushed);
    state_add(list, "/replay/obs", STATE_U16, n, r->width, r->obs);
    state_add(list, "/replay/mask", STATE_U8, n, r->mask_bytes, r->mask);
    state_add(list, "/replay/action", STATE_I32, n, 0, r->action);
    state_add(list, "/replay/demo", STATE_I32, n, 0, r->demo);
    state_add(list, "/replay/reward", STATE_F32, n, 0, r->reward);
    state_add(list, "/replay/elapsed", STATE_F32, n, 0, r->elapsed);
    state_add(list, "/replay/flags", STATE_U8, n, 0, r->flags);
    if (r->priority) replay_priority_state(r, list);
}

/* As put_obs() leaves it: finite, no more rows than fit, no bits beyond the last action. */
static bool obs_is_sound(const Replay *r, size_t s)
{
    const uint16_t *half = r->obs + s * r->width;
    const uint8_t *bits = r->mask + s * r->mask_bytes;
    int valid = 0, set = 0;

    for (size_t i = 0; i < r->width; i++)
        if ((half[i] >> 10 & 31) == 31) return false;
    for (int a = 0; a < r->spec.n_actions; a++) valid += allows(r, s, a);
    for (size_t i = 0; i < 8 * r->mask_bytes; i++) set += bits[i / 8] >> (i % 8) & 1;
    return valid == set && valid <= r->spec.max_valid;
}

static bool entry_is_sound(const Replay *r, size_t s)
{
    uint8_t flags = r->flags[s];

    if (!obs_is_sound(r, s)) return false;
    if (flags == BOUNDARY) return r->action[s] == NO_ACTION && r->demo[s] == NO_ACTION;
    return (flags == 0 || flags == TERMINATED || flags == TRUNCATED) &&
           allows(r, s, r->action[s]) && (r->demo[s] == NO_ACTION || allows(r, s, r->demo[s])) &&
           isfinite(r->reward[s]) && r->elapsed[s] >= 0 && isfinite(r->elapsed[s]);
}

/* Push number p and its successor: a boundary follows each truncated step and nothing else. */
static bool succession_is_sound(const Replay *r, int lane, uint64_t p)
{
    bool last = p + 1 == r->pushed[lane];
    bool truncated = r->flags[replay_slot(r, lane, p)] == TRUNCATED;
    return last ? !truncated : truncated == (r->flags[replay_slot(r, lane, p + 1)] == BOUNDARY);
}

Status replay_check(Replay *r, Err *err)
{
    for (int l = 0; l < r->lanes; l++) {
        uint64_t end = r->pushed[l];
        for (uint64_t p = end - replay_held(r, l); p < end; p++) {
            size_t s = replay_slot(r, l, p);
            if (!entry_is_sound(r, s) || !succession_is_sound(r, l, p))
                return err_set(err, ST_FORMAT,
                               "\"/replay\": entry %zu is not a recorded step; the file is damaged "
                               "or belongs to another configuration",
                               s);
        }
    }
    return r->priority ? replay_priority_restore(r, err) : ST_OK;
}
