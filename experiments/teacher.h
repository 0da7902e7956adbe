/* teacher.h -- `env.teacher: auto`: the rule that serves the scenarios best teaches.
 * No rule is the best on all systems (docs/MODEL.md, section 3), and a policy works under its teacher's
 * rules: a poor teacher costs more than learning brings. */
#ifndef RELMAS_EXPERIMENTS_TEACHER_H
#define RELMAS_EXPERIMENTS_TEACHER_H

#include "experiments/train_set.h"

/* If cfg->teacher is "auto", plays all schedulers that decide one sub-job at a time on the scenarios'
 * loads, evaluate_episodes each, from arrival seed `seed` on, and writes the name of the one with the
 * highest mean SLA rate there; of equal ones the first in the list. Logs what it chose. */
Status teacher_choose(RunConfig *cfg, const TrainSet *set, uint64_t seed, Pool *pool, Err *err);

#endif
