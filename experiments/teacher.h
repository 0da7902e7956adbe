/* teacher.h -- `env.teacher: auto`: the rule that serves the scenarios best teaches.
 * No rule is the best on all systems (docs/MODEL.md, section 3), and a policy works under its teacher's
 * rules: a poor teacher costs more than learning brings. */
#ifndef RELMAS_EXPERIMENTS_TEACHER_H
#define RELMAS_EXPERIMENTS_TEACHER_H

#include "experiments/train_set.h"

/* If the rule has no base yet, plays all schedulers that decide one sub-job at a time, and cfg->rules, on the
 * scenarios' loads, a quarter of evaluate_episodes each, the best few all of them, from arrival seed `seed`
 * on, and takes the one with the highest mean SLA rate there, with its own weights. Shows progress and logs it. */
Status teacher_choose(RunConfig *cfg, const TrainSet *set, uint64_t seed, Pool *pool, Err *err);

#endif
