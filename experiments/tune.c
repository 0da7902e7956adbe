/* tune.c -- an evolution strategy over the weights of a rule (tune.h). */
#include "experiments/tune.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of the training seed; the trainer's own streams are below. */
enum { STREAM = 7001 };
/* Chance that a number changes in a candidate; its steps are scaled by one factor between these two, drawn
 * so that its logarithm is uniform: no scale has to be the right one. */
static const double CHANGE = 0.15, LEAST_SCALE = 0.1, MOST_SCALE = 3;
/* Candidates play a part of the episodes, then twice as many, and so on; one that is behind by so many
 * standard errors after a stage is dropped. */
enum { STAGES = 5 };
static const double BEHIND = 1;

typedef enum { ALL_RULES, LISTS, BY_DEADLINE, ADMITTING } RuleKind;

typedef struct Number { /* that may change */
    size_t offset;
    bool whole; /* an int; it changes by one */
    RuleKind of;
    double step, lo, hi;
} Number;

#define NUMBER(field, of, step, lo, hi)                                                            \
    {                                                                                              \
        offsetof(RunRule, field), false, of, step, lo, hi                                          \
    }
#define WHOLE(field, of, lo, hi)                                                                   \
    {                                                                                              \
        offsetof(RunRule, field), true, of, 1, lo, hi                                              \
    }
static const Number NUMBERS[] = {
    NUMBER(weight.wait, ALL_RULES, 0.2, -0.95, 3),
    NUMBER(weight.bytes, ALL_RULES, 0.5, 0, 8),
    NUMBER(weight.energy, ALL_RULES, 0.1, 0, 5),
    NUMBER(weight.own, ALL_RULES, 0.1, -0.5, 1),
    NUMBER(weight.order, BY_DEADLINE, 0.3, -0.9, 3),
    NUMBER(weight.brief, LISTS, 0.05, 0, 1),
    NUMBER(weight.urgent, LISTS, 0.2, 0, 3),
    NUMBER(weight.crowd, LISTS, 0.4, 0.5, 8),
    NUMBER(weight.ahead, ADMITTING, 0.2, -0.8, 3),
    NUMBER(weight.bulk, ADMITTING, 0.3, 0, 5),
    WHOLE(weight.kept, LISTS, 0, 3),
    WHOLE(weight.held, LISTS, 0, SYS_MAX_SAS),
    WHOLE(window, LISTS, 0, 6),
};
enum { N_NUMBERS = sizeof NUMBERS / sizeof *NUMBERS };

typedef struct Tuning {
    const RunConfig *cfg;
    const TrainSet *set;
    const Scheduler *base;
    Pool *pool;
    Rng rng;
    uint64_t seed;        /* of the first episode */
    int end[STAGES];      /* episodes played when a stage is over */
    RunRule best, before; /* before: what best replaced */
    bool goes_on;         /* the last candidate won */
    /* A stage after the other: [scenarios, loads, episodes of the stage]. Scores, and the energies of the
     * rule that it started from. */
    double *energy_uj, *best_score, *score;
} Tuning;

/* --- playing --- */

static int loads_in_all(const TrainSet *set)
{
    int n = 0;
    for (int i = 0; i < set->n; i++) n += set->scenario[i]->cfg.loads.n;
    return n;
}

/* Deadlines met, less the price of the energy that it takes more than the rule that all started from. */
static void score_episodes(const Tuning *t, const EvalResult *r, const double *energy_uj,
                           double *score)
{
    for (int i = 0; i < r->episodes; i++) {
        double more = energy_uj[i] > 0 ? r->energy[i] / energy_uj[i] - 1 : 0;
        score[i] = r->sla[i] - t->cfg->tune_energy * more;
    }
}

/* Scores of a stage's episodes into their place. */
static Status play(Tuning *t, const RunRule *p, bool is_first, int stage, double *score, Err *err)
{
    int begin = stage > 0 ? t->end[stage - 1] : 0, n = t->end[stage] - begin;
    size_t at = (size_t)loads_in_all(t->set) * (size_t)begin;
    Contender who = evaluate_baseline(t->base);
    who.rules = run_rule_sched(p);
    for (int i = 0; i < t->set->n && n > 0; i++) {
        const Scenario *sc = t->set->scenario[i];
        for (int k = 0; k < sc->cfg.loads.n; k++, at += (size_t)n) {
            EvalResult r;
            Status st = evaluate_run(&r, sc, &who, sc->cfg.loads.v[k], t->seed + (uint64_t)begin, n,
                                     t->pool, err);
            if (st != ST_OK) return st;
            if (is_first) memcpy(t->energy_uj + at, r.energy, (size_t)n * sizeof *r.energy);
            score_episodes(t, &r, t->energy_uj + at, score + at);
            evaluate_free(&r);
        }
    }
    return ST_OK;
}

/* Mean of score - best_score over the first n, and its standard error. */
static double gain(const Tuning *t, int n, double *error)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        double d = t->score[i] - t->best_score[i];
        sum += d;
        squares += d * d;
    }
    double mean = sum / n;
    *error = sqrt(fmax(0, squares / n - mean * mean) / n);
    return mean;
}

/* *won: the candidate has the better mean. */
static Status race(Tuning *t, const RunRule *p, bool *won, Err *err)
{
    double mean = 0, error = 0;
    *won = false;
    for (int k = 0; k < STAGES && mean + BEHIND * error >= 0; k++) {
        Status st = play(t, p, false, k, t->score, err);
        if (st != ST_OK) return st;
        mean = gain(t, loads_in_all(t->set) * t->end[k], &error);
        *won = k == STAGES - 1 && mean > 0;
    }
    return ST_OK;
}

/* --- candidates --- */

static bool is_used(const SchedRules *rules, RuleKind of)
{
    return of == ALL_RULES || (of == LISTS && rules->replan_on_events) ||
           (of == BY_DEADLINE && rules->ready_order == ORDER_EDF) ||
           (of == ADMITTING && rules->admission);
}

static int *whole_of(RunRule *p, const Number *n)
{
    return (int *)(void *)((char *)p + n->offset);
}

static double *number_of(RunRule *p, const Number *n)
{
    return (double *)(void *)((char *)p + n->offset);
}

static void change_whole(int *x, const Number *n, Rng *rng)
{
    int next = *x + (rng_uniform(rng) < 0.5 ? -1 : 1);
    if (next >= n->lo && (next < *x || next <= n->hi)) *x = next;
}

/* What was given by hand may lie outside. */
static double within(const Number *n, double x, double was)
{
    return fmin(fmax(x, fmin(n->lo, was)), fmax(n->hi, was));
}

/* No limit is far from any. */
static bool is_unlimited(const Number *n, double x)
{
    return n->offset == offsetof(RunRule, weight.crowd) && !(x > 0);
}

static void change_number(double *x, const Number *n, double scale, Rng *rng)
{
    double by = scale * n->step * rng_normal(rng);
    if (is_unlimited(n, *x))
        *x = 1 + 1.5 * rng_uniform(rng);
    else
        *x = within(n, *x + (*x > n->lo ? by : fabs(by)), *x);
}

static RunRule draw_candidate(Tuning *t)
{
    RunRule p = t->best;
    double scale = LEAST_SCALE * exp(log(MOST_SCALE / LEAST_SCALE) * rng_uniform(&t->rng));
    int forced = (int)rng_below(&t->rng, N_NUMBERS);
    for (int i = 0; i < N_NUMBERS; i++) {
        const Number *n = &NUMBERS[i];
        bool changes = i == forced || rng_uniform(&t->rng) < CHANGE;
        if (!changes || !is_used(&t->base->rules, n->of)) continue;
        if (n->whole)
            change_whole(whole_of(&p, n), n, &t->rng);
        else
            change_number(number_of(&p, n), n, scale, &t->rng);
    }
    return p;
}

/* The step that has just been a success once more. */
static RunRule go_on(Tuning *t)
{
    RunRule p = t->best;
    for (int i = 0; i < N_NUMBERS; i++) {
        const Number *n = &NUMBERS[i];
        if (n->whole) continue;
        double *x = number_of(&p, n), was = *number_of(&t->before, n);
        if (!is_unlimited(n, was)) *x = within(n, 2 * *x - was, *x);
    }
    return p;
}

/* --- the search --- */

static Status try_candidate(Tuning *t, Err *err)
{
    RunRule p = t->goes_on ? go_on(t) : draw_candidate(t);
    Status st = race(t, &p, &t->goes_on, err);
    if (st != ST_OK || !t->goes_on) return st;
    double *swap = t->best_score;
    t->before = t->best;
    t->best = p;
    t->best_score = t->score;
    t->score = swap;
    return ST_OK;
}

static Status search(Tuning *t, size_t n, const volatile sig_atomic_t *stop, Err *err)
{
    char detail[64];
    Progress progress;
    Status st;

    for (int k = 0; k < STAGES; k++) TRY(play(t, &t->best, true, k, t->best_score, err));
    double first = stats_mean(t->best_score, n);
    progress_start(&progress, "tune", 0, t->cfg->tune);
    for (int i = 0; i < t->cfg->tune && !*stop; i++) {
        TRY(try_candidate(t, err));
        if (!progress_due(&progress)) continue;
        snprintf(detail, sizeof detail, "score %.2f %%", 100 * stats_mean(t->best_score, n));
        progress_show(&progress, i + 1, detail);
    }
    progress_end(&progress);
    if (*stop) return ST_OK;
    log_info("tuned %s: score %.2f %% instead of %.2f %% on the seeds it was tuned on",
             t->base->name, 100 * stats_mean(t->best_score, n), 100 * first);
fail:
    return st;
}

Status tune_rule(RunConfig *cfg, const TrainSet *set, Pool *pool, const volatile sig_atomic_t *stop,
                 Err *err)
{
    int episodes = (cfg->evaluate_episodes + set->n - 1) / set->n;
    Tuning t = {
        .cfg = cfg, .set = set, .base = run_config_teacher(cfg), .pool = pool, .best = cfg->rule};
    Status st = ST_NOMEM;

    if (cfg->tune == 0) return ST_OK;
    for (int k = 0; k < STAGES; k++)
        t.end[k] = (episodes + (1 << (STAGES - 1 - k)) - 1) >> (STAGES - 1 - k);
    rng_seed(&t.rng, cfg->trainer.seed, STREAM);
    t.seed = rng_next(&t.rng) >> 1; /* 63 bits: the next ones do not wrap round */
    size_t n = (size_t)loads_in_all(set) * (size_t)episodes;
    if (!(t.energy_uj = mem_calloc(n, sizeof(double))) ||
        !(t.best_score = mem_calloc(n, sizeof(double))) ||
        !(t.score = mem_calloc(n, sizeof(double))))
        goto fail;
    TRY(search(&t, n, stop, err));
    cfg->rule = t.best;
fail:
    mem_free(t.energy_uj);
    mem_free(t.best_score);
    mem_free(t.score);
    return st == ST_OK ? st : err_set(err, st, "tuning: %s", status_text(st));
}
