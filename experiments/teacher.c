/* teacher.c -- which rule serves the scenarios best. */
#include "experiments/teacher.h"

#include "base/log.h"
#include "base/mem.h"

enum { FINAL = 4 }; /* rules that play all episodes */

typedef struct Entry {
    const Scheduler *rule;
    double score;
} Entry;

static Status play(Entry *e, const TrainSet *set, uint64_t seed, int episodes, Pool *pool, Err *err)
{
    Contender who[TRAIN_SET_MAX];
    for (int k = 0; k < set->n; k++) who[k] = evaluate_baseline(e->rule);
    return train_set_score(&e->score, set, who, seed, episodes, pool, err);
}

/* Into its place among the n before it: the best first, of equal ones the first in the list. */
static void rank(Entry *e, int n)
{
    for (Entry moving = e[n]; n > 0 && moving.score > e[n - 1].score; e[n] = moving) {
        e[n] = e[n - 1];
        n--;
    }
}

/* Plays and ranks the first n. */
static Status compare(Entry *e, int n, const TrainSet *set, uint64_t seed, int episodes, Pool *pool,
                      Err *err)
{
    for (int i = 0; i < n; i++) {
        Status st = play(&e[i], set, seed, episodes, pool, err);
        if (st != ST_OK) return st;
        rank(e, i);
    }
    return ST_OK;
}

Status teacher_choose(RunConfig *cfg, const TrainSet *set, uint64_t seed, Pool *pool, Err *err)
{
    int n = 0, all = cfg->evaluate_episodes;
    Status st = ST_NOMEM;

    if (*cfg->rule.base) return ST_OK;
    Entry *e = mem_calloc((size_t)sched_count(), sizeof *e);
    if (!e) goto fail;
    for (int i = 0; i < sched_count(); i++)
        if (sched_at(i)->choose) e[n++].rule = sched_at(i); /* others plan whole rounds */
    TRY(compare(e, n, set, seed, (all + 3) / 4, pool, err));
    TRY(compare(e, n < FINAL ? n : FINAL, set, seed, all, pool, err));
    run_config_base(cfg, e[0].rule);
    log_info("teacher: %s, %.2f %% of deadlines on validation seeds; next %s, %.2f %%",
             e[0].rule->name, 100 * e[0].score, e[1].rule->name, 100 * e[1].score);
fail:
    mem_free(e);
    return st == ST_OK ? st : err_set(err, st, "teacher: %s", status_text(st));
}
