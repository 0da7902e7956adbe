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
/* Chance that a number changes in a candidate, and how the size of steps follows success. */
static const double CHANGE = 0.12, GROW = 1.5, SHRINK = 0.93, LEAST_STEP = 0.1, MOST_STEP = 2;
/* Candidates play an eighth of the episodes, a quarter, a half, all; one that is behind by so many standard
 * errors after a stage is dropped. */
enum { STAGES = 4 };
static const double BEHIND = 1;

typedef struct Point {
    RuleWeights weight;
    int window;
} Point;

typedef struct Number { /* that may change */
    size_t offset;
    double step, lo, hi;
} Number;

#define NUMBER(field, step, lo, hi)                                                                \
    {                                                                                              \
        offsetof(Point, weight.field), step, lo, hi                                                \
    }
static const Number NUMBERS[] = {
    NUMBER(order, 0.3, -0.9, 3), NUMBER(wait, 0.2, -0.95, 3), NUMBER(bytes, 0.5, 0, 8),
    NUMBER(brief, 0.05, 0, 1),   NUMBER(urgent, 0.2, 0, 3),   NUMBER(crowd, 0.4, 0, 8),
    NUMBER(own, 0.1, -0.5, 1),   NUMBER(ahead, 0.2, -0.8, 3),
};
enum { N_NUMBERS = sizeof NUMBERS / sizeof *NUMBERS, MOST_KEPT = 3, MOST_WINDOW = 6 };

typedef struct Tuning {
    const RunConfig *cfg;
    const TrainSet *set;
    const Scheduler *base;
    Pool *pool;
    Rng rng;
    uint64_t seed;   /* of the first episode */
    int end[STAGES]; /* episodes played when a stage is over */
    double step;
    Point best;
    double *best_sla, *sla; /* a stage after the other: [scenarios, loads, episodes of the stage] */
} Tuning;

/* --- playing --- */

static int loads_in_all(const TrainSet *set)
{
    int n = 0;
    for (int i = 0; i < set->n; i++) n += set->scenario[i]->cfg.loads.n;
    return n;
}

/* SLA rates of a stage's episodes into their place. */
static Status play(Tuning *t, const Point *p, int stage, double *sla, Err *err)
{
    int first = stage > 0 ? t->end[stage - 1] : 0, n = t->end[stage] - first;
    Contender who = evaluate_baseline(t->base);
    who.rules.weight = p->weight;
    who.rules.window = p->window;
    sla += (size_t)loads_in_all(t->set) * (size_t)first;
    for (int i = 0; i < t->set->n && n > 0; i++) {
        const Scenario *sc = t->set->scenario[i];
        for (int k = 0; k < sc->cfg.loads.n; k++, sla += n) {
            EvalResult r;
            Status st = evaluate_run(&r, sc, &who, sc->cfg.loads.v[k], t->seed + (uint64_t)first, n,
                                     t->pool, err);
            if (st != ST_OK) return st;
            memcpy(sla, r.sla, (size_t)n * sizeof *sla);
            evaluate_free(&r);
        }
    }
    return ST_OK;
}

/* Mean of sla - best_sla over the first n, and its standard error. */
static double gain(const Tuning *t, int n, double *error)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        double d = t->sla[i] - t->best_sla[i];
        sum += d;
        squares += d * d;
    }
    double mean = sum / n;
    *error = sqrt(fmax(0, squares / n - mean * mean) / n);
    return mean;
}

/* *won: the candidate has the better mean. */
static Status race(Tuning *t, const Point *p, bool *won, Err *err)
{
    double mean = 0, error = 0;
    for (int k = 0; k < STAGES && mean + BEHIND * error >= 0; k++) {
        Status st = play(t, p, k, t->sla, err);
        if (st != ST_OK) return st;
        mean = gain(t, loads_in_all(t->set) * t->end[k], &error);
        *won = k == STAGES - 1 && mean > 0;
    }
    return ST_OK;
}

/* --- candidates --- */

static double *number_of(Point *p, int i)
{
    return (double *)((char *)p + NUMBERS[i].offset);
}

static int one_off(Rng *rng, int value, int most)
{
    int next = value + (rng_uniform(rng) < 0.5 ? -1 : 1);
    return next < 0 || (next > value && next > most) ? value : next;
}

static void change_number(Tuning *t, Point *p, int i)
{
    const Number *n = &NUMBERS[i];
    double *x = number_of(p, i);
    if (x == &p->weight.crowd && !(*x > 0))
        *x = 1 + 2 * rng_uniform(&t->rng); /* no limit is far from any: a first one is drawn */
    else
        *x = fmin(fmax(*x + t->step * n->step * rng_normal(&t->rng), fmin(n->lo, *x)),
                  fmax(n->hi, *x)); /* what was given by hand may lie outside */
}

static Point draw_candidate(Tuning *t)
{
    Point p = t->best;
    int forced = (int)rng_below(&t->rng, N_NUMBERS);
    for (int i = 0; i < N_NUMBERS; i++)
        if (i == forced || rng_uniform(&t->rng) < CHANGE) change_number(t, &p, i);
    if (rng_uniform(&t->rng) < CHANGE) p.weight.kept = one_off(&t->rng, p.weight.kept, MOST_KEPT);
    if (rng_uniform(&t->rng) < CHANGE) p.window = one_off(&t->rng, p.window, MOST_WINDOW);
    return p;
}

/* --- the search --- */

static double score(const Tuning *t)
{
    return stats_mean(t->best_sla, (size_t)loads_in_all(t->set) * (size_t)t->end[STAGES - 1]);
}

static Status try_candidate(Tuning *t, Err *err)
{
    Point p = draw_candidate(t);
    bool won = false;
    Status st = race(t, &p, &won, err);
    if (st != ST_OK) return st;
    t->step = won ? fmin(t->step * GROW, MOST_STEP) : fmax(t->step * SHRINK, LEAST_STEP);
    if (!won) return ST_OK;
    double *swap = t->best_sla;
    t->best = p;
    t->best_sla = t->sla;
    t->sla = swap;
    return ST_OK;
}

static Status search(Tuning *t, const volatile sig_atomic_t *stop, Err *err)
{
    char detail[64];
    Progress progress;
    Status st;

    for (int k = 0; k < STAGES; k++) TRY(play(t, &t->best, k, t->best_sla, err));
    double first = score(t);
    progress_start(&progress, "tune", 0, t->cfg->tune);
    for (int i = 0; i < t->cfg->tune && !*stop; i++) {
        TRY(try_candidate(t, err));
        snprintf(detail, sizeof detail, "SLA %.2f %%", 100 * score(t));
        if (progress_due(&progress)) progress_show(&progress, i + 1, detail);
    }
    progress_end(&progress);
    if (*stop) return ST_OK;
    log_info("tuned %s: %.2f %% of deadlines instead of %.2f %% on the seeds it was tuned on",
             t->base->name, 100 * score(t), 100 * first);
fail:
    return st;
}

Status tune_rule(RunConfig *cfg, const TrainSet *set, Pool *pool, const volatile sig_atomic_t *stop,
                 Err *err)
{
    int episodes = (cfg->evaluate_episodes + set->n - 1) / set->n;
    Tuning t = {.cfg = cfg,
                .set = set,
                .base = run_config_teacher(cfg),
                .pool = pool,
                .end = {(episodes + 7) / 8, (episodes + 3) / 4, (episodes + 1) / 2, episodes},
                .step = 1,
                .best = {cfg->rule.weight, cfg->rule.window}};
    Status st = ST_NOMEM;

    if (cfg->tune == 0) return ST_OK;
    rng_seed(&t.rng, cfg->trainer.seed, STREAM);
    t.seed = rng_next(&t.rng) >> 1; /* 63 bits: the next ones do not wrap round */
    size_t n = (size_t)loads_in_all(set) * (size_t)episodes;
    if (!(t.best_sla = mem_calloc(n, sizeof(double))) || !(t.sla = mem_calloc(n, sizeof(double))))
        goto fail;
    TRY(search(&t, stop, err));
    cfg->rule.weight = t.best.weight;
    cfg->rule.window = t.best.window;
fail:
    mem_free(t.best_sla);
    mem_free(t.sla);
    return st == ST_OK ? st : err_set(err, st, "tuning: %s", status_text(st));
}
