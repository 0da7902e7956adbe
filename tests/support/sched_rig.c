/* sched_rig.c -- creates the simulator with the scheduler's memory and drives it. */
#include "tests/support/sched_rig.h"

#include "tests/support.h"

#include <string.h>

const Scheduler *sched_rig_named(const char *name)
{
    const Scheduler *s = sched_find(name);
    ck_assert_msg(s != NULL, "no scheduler '%s'", name);
    return s;
}

/* A simulator under its rules with one class. */
static void create(SimRig *r, const Scheduler *s)
{
    Err err = {0};
    sim_destroy(r->sim);
    r->cfg.rules = s->rules;
    r->cfg.classes = 1;
    size_t bytes = sched_state_bytes(s, r->sys, &r->cfg);
    ck_ok(sim_create(&r->sim, r->sys, &r->cfg, bytes, &err), err);
}

/* What sched_reset does, around an episode that has started. */
static void prepare_memory(SimRig *r, const Scheduler *s)
{
    memset(sim_user(r->sim), 0, sched_state_bytes(s, r->sys, &r->cfg));
    if (s->reset) s->reset(r->sim);
}

void sched_rig_start(SimRig *r, const Scheduler *s, uint64_t seed)
{
    create(r, s);
    rig_start(r, seed);
    prepare_memory(r, s);
}

void sched_rig_start_with(SimRig *r, const Scheduler *s, const int *net, int n)
{
    create(r, s);
    rig_start_with(r, net, n);
    prepare_memory(r, s);
}

void sched_rig_finish(SimRig *r, const Scheduler *s)
{
    for (Candidate c; sim_candidate(r->sim, &c);) sched_step(s, r->sim);
}
