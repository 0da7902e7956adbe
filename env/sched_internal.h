/* sched_internal.h -- what the files of the baseline schedulers share: sched.c lists the families that
 * the others define, one file for each source. */
#ifndef RELMAS_ENV_SCHED_INTERNAL_H
#define RELMAS_ENV_SCHED_INTERNAL_H

#include "env/sched.h"

typedef struct SchedFamily {
    const Scheduler *at;
    int n;
} SchedFamily;

extern const SchedFamily sched_rules;

#endif
