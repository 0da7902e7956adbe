/* teacher.c -- which rule serves the scenarios best. */
#include "experiments/teacher.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

Status teacher_choose(RunConfig *cfg, const TrainSet *set, uint64_t seed, Pool *pool, Err *err)
{
    const Scheduler *best = NULL, *second = NULL;
    double best_score = -1, second_score = -1;

    if (strcmp(cfg->teacher, TEACHER_AUTO) != 0) return ST_OK;
    for (int i = 0; i < sched_count(); i++) {
        const Scheduler *s = sched_at(i);
        Contender who[TRAIN_SET_MAX];
        double score;
        if (!s->choose) continue; /* it plans whole rounds */
        for (int k = 0; k < set->n; k++) who[k] = evaluate_baseline(s);
        Status st = train_set_score(&score, set, who, seed, cfg->evaluate_episodes, pool, err);
        if (st != ST_OK) return st;
        if (score > best_score) {
            second = best, second_score = best_score;
            best = s, best_score = score;
        } else if (score > second_score) {
            second = s, second_score = score;
        }
    }
    snprintf(cfg->teacher, sizeof cfg->teacher, "%s", best->name);
    log_info("teacher: %s, %.2f %% of deadlines on validation seeds; next %s, %.2f %%", best->name,
             100 * best_score, second->name, 100 * second_score);
    return ST_OK;
}
