/* teacher.h -- `env.teacher: auto`: the rule that serves the scenario best teaches.
 * No rule is the best on all systems (docs/MODEL.md, section 3), and a policy works under its teacher's
 * rules: a poor teacher costs more than learning brings. */
#ifndef RELMAS_EXPERIMENTS_TEACHER_H
#define RELMAS_EXPERIMENTS_TEACHER_H

#include "env/evaluate.h"
#include "experiments/run_config.h"

/* If the rule has no base yet, plays all schedulers that decide one sub-job at a time, and cfg->rules, at the
 * scenario's loads, a quarter of evaluate_episodes each, the best few all of them, from arrival seed `seed`
 * on, and takes the one with the highest mean SLA rate, with its own weights. Shows progress and logs it. */
Status teacher_choose(RunConfig *cfg, const Scenario *sc, uint64_t seed, Pool *pool, Err *err);

#endif
