/* sched_rig.h -- a SimRig in the hands of a baseline scheduler, with the memory that it wants. */
#ifndef RELMAS_TESTS_SCHED_RIG_H
#define RELMAS_TESTS_SCHED_RIG_H

#include "env/sched.h"
#include "tests/support/sim_rig.h"

const Scheduler *sched_rig_named(const char *name); /* aborts the test if there is none */
/* Starts an episode of a new simulator under its rules with one class; r->cfg is else as it is. */
void sched_rig_start(SimRig *r, const Scheduler *s, uint64_t seed);
/* The same with jobs of networks net[0], net[1], ... in this order (rig_start_with). */
void sched_rig_start_with(SimRig *r, const Scheduler *s, const int *net, int n);
void sched_rig_finish(SimRig *r, const Scheduler *s);

#endif
