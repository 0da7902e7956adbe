/* teacher.c -- which rule serves a scenario best. */
#include "experiments/teacher.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>

enum { FINAL = 4 }; /* rules that play all episodes */

typedef struct Entry {
    RunRule rule;
    int found; /* the number of the scenario that it was found for, 0: as the scheduler has it */
    double score;
} Entry;

static Status play(Entry *e, const Scenario *sc, uint64_t seed, int episodes, Pool *pool, Err *err)
{
    Contender who = evaluate_baseline(sched_find(e->rule.base));
    who.rules = run_rule_sched(&e->rule);
    return evaluate_score(&e->score, sc, &who, seed, episodes, pool, err);
}

/* Into its place among the n before it: the best first, of equal ones the first in the list. */
static void rank(Entry *e, int n)
{
    for (Entry moving = e[n]; n > 0 && moving.score > e[n - 1].score; e[n] = moving) {
        e[n] = e[n - 1];
        n--;
    }
}

/* Plays and ranks the first n; `done` episodes were played before, at each load. */
static Status compare(Entry *e, int n, const Scenario *sc, uint64_t seed, int episodes, Pool *pool,
                      Progress *progress, int done, Err *err)
{
    for (int i = 0; i < n; i++) {
        Status st = play(&e[i], sc, seed, episodes, pool, err);
        if (st != ST_OK) return st;
        rank(e, i);
        if (progress_due(progress)) progress_show(progress, done + (i + 1) * episodes, "");
    }
    return ST_OK;
}

/* All that decide one sub-job at a time; others plan whole rounds. Returns how many. */
static int list_rules(Entry *e, const RunConfig *cfg)
{
    int n = 0;
    for (int i = 0; i < sched_count(); i++)
        if (sched_at(i)->choose) run_rule_base(&e[n++].rule, sched_at(i));
    for (int i = 0; i < cfg->rules.n; i++, n++) e[n] = (Entry){cfg->rules.v[i], i + 1, 0};
    return n;
}

/* "dr-paced-bw", "dr-paced-bw as found for scenario 3" */
static void name_entry(char *out, size_t cap, const Entry *e)
{
    if (e->found)
        snprintf(out, cap, "%.100s as found for scenario %d", e->rule.base, e->found);
    else
        snprintf(out, cap, "%.100s", e->rule.base);
}

static void say(const Entry *e)
{
    char best[160], next[160];
    name_entry(best, sizeof best, &e[0]);
    name_entry(next, sizeof next, &e[1]);
    log_info("best rule: %s, %.2f %% of deadlines on validation seeds; next %s, %.2f %%", best,
             100 * e[0].score, next, 100 * e[1].score);
}

Status teacher_choose(RunConfig *cfg, const Scenario *sc, uint64_t seed, Pool *pool, Err *err)
{
    int all = cfg->evaluate_episodes, some = (all + 3) / 4;
    double margin = cfg->rule.margin;
    Progress progress;
    Status st = ST_NOMEM;

    if (*cfg->rule.base) return ST_OK;
    Entry *e = mem_calloc((size_t)(sched_count() + cfg->rules.n), sizeof *e);
    if (!e) goto fail;
    int n = list_rules(e, cfg), last = n < FINAL ? n : FINAL;
    progress_start(&progress, "rules", 0, n * some + last * all);
    TRY(compare(e, n, sc, seed, some, pool, &progress, 0, err));
    TRY(compare(e, last, sc, seed, all, pool, &progress, n * some, err));
    progress_end(&progress);
    cfg->rule = e[0].rule;
    cfg->rule.margin = margin;
    say(e);
fail:
    mem_free(e);
    return st == ST_OK ? st : err_set(err, st, "teacher: %s", status_text(st));
}
