/* replay_internal.h -- what the ring (replay.c) and its priorities (replay_priority.c) share. */
#ifndef RELMAS_RL_REPLAY_INTERNAL_H
#define RELMAS_RL_REPLAY_INTERNAL_H

#include "rl/replay.h"
#include "rl/sumtree.h"

enum { TERMINATED = 1, TRUNCATED = 2, BOUNDARY = 4, NO_ACTION = -1 }; /* flags; an action */

struct Replay {
    EnvSpec spec;
    int lanes, capacity;
    size_t width;      /* halves of an observation: global_features + max_valid * row_features */
    size_t mask_bytes; /* 8 actions each, the first in the lowest bit */
    uint64_t *pushed;  /* [lanes] */
    uint16_t *obs;     /* [lanes * capacity, width] */
    uint8_t *mask;     /* [lanes * capacity, mask_bytes] */
    int32_t *action;   /* [lanes * capacity], NO_ACTION at boundaries */
    int32_t *demo;     /* [lanes * capacity] */
    float *reward;     /* [lanes * capacity] */
    float *elapsed;    /* [lanes * capacity] */
    uint8_t *flags;    /* [lanes * capacity] */

    /* Of prioritised replay only. A slot's weight is above 0 from when its transition can be drawn
     * until it is overwritten. */
    SumTree *priority;  /* [lanes * capacity]; NULL: draws are uniform */
    uint64_t *taken_in; /* [lanes] pushes that the tree knows of */
    uint64_t *waiting;  /* [lanes] the first push that cannot be drawn yet */
    double top;         /* the largest weight so far */
    double alpha;
    int n_step;
};

static inline size_t replay_slots(const Replay *r)
{
    return (size_t)r->lanes * (size_t)r->capacity;
}

static inline size_t replay_slot(const Replay *r, int lane, uint64_t push)
{
    return (size_t)lane * (size_t)r->capacity + (size_t)(push % (uint64_t)r->capacity);
}

static inline uint64_t replay_held(const Replay *r, int lane)
{
    uint64_t n = r->pushed[lane], cap = (uint64_t)r->capacity;
    return n < cap ? n : cap;
}

/* Steps that the transition from push number `push` sums; 0 if it cannot be sampled. */
int replay_window(const Replay *r, int lane, uint64_t push, int n_step);

/* The priorities' part of replay_state() and replay_check(). */
void replay_priority_state(Replay *r, StateList *list);
Status replay_priority_restore(Replay *r, Err *err);

#endif
