/* report.c -- computes the facts of a report, and writes them as a plain table. */
#include "experiments/report.h"

#include "base/mem.h"
#include "experiments/output.h"

#include <math.h>
#include <string.h>

enum { RESAMPLES = 2000, BOOTSTRAP_SEED = 7 };

static Status add(Report *r, Fact f, Err *err)
{
    if (r->n_facts == r->cap) {
        int more = r->cap ? 2 * r->cap : 64;
        Fact *grown =
            mem_resize(r->fact, (size_t)r->cap * sizeof *grown, (size_t)more * sizeof *grown);
        if (!grown) return err_set(err, ST_NOMEM, "report: out of memory");
        r->fact = grown;
        r->cap = more;
    }
    r->fact[r->n_facts++] = f;
    return ST_OK;
}

const Fact *report_find(const Report *r, FactKind kind, const char *scenario, const char *name,
                        double x)
{
    for (int i = 0; i < r->n_facts; i++) {
        const Fact *f = &r->fact[i];
        if (f->kind == kind && !strcmp(f->scenario, scenario) && !strcmp(f->name, name) &&
            (isnan(x) || (f->x >= x && f->x <= x)))
            return f;
    }
    return NULL;
}

/* --- runs --- */

typedef double OfRun(const RunLog *run, double x);

static double score_at(const RunLog *run, double x)
{
    for (int i = 0; i < run->n; i++)
        if (run->point[i].decisions >= x && run->point[i].decisions <= x)
            return run->point[i].score;
    return (double)NAN;
}

static double score_last(const RunLog *run, double x)
{
    (void)x;
    return run->point[run->n - 1].score;
}

static double score_best(const RunLog *run, double x)
{
    double best = 0;
    (void)x;
    for (int i = 0; i < run->n; i++) best = fmax(best, run->point[i].score);
    return best;
}

static double seconds(const RunLog *run, double x)
{
    (void)x;
    return run->point[run->n - 1].seconds;
}

static double decisions_per_s(const RunLog *run, double x)
{
    const RunPoint *p = &run->point[run->n - 1];
    (void)x;
    return p->seconds > 0 ? p->decisions / p->seconds : 0;
}

/* Values of the runs of a group and task (-1: all, one task behind the other) that have one. */
static int collect(const Runs *r, int group, int task, OfRun *of, double x, double *out, int *each)
{
    int n = 0;
    for (int t = 0; t < r->n_tasks; t++) {
        int before = n;
        for (int i = 0; i < r->n && (task < 0 || task == t); i++) {
            const RunLog *run = &r->run[i];
            double v = run->group == group && run->in_task == t ? of(run, x) : (double)NAN;
            if (!isnan(v)) out[n++] = v;
        }
        if (n > before) *each++ = n - before;
    }
    return n;
}

typedef struct RunWork {
    double *value, *resample; /* [runs] */
    int *each;                /* [tasks] */
} RunWork;

/* Mean with the least and the largest in place of an interval. */
static Interval range_of(const double *x, int n)
{
    Interval i = {0, x[0], x[0]};
    for (int k = 0; k < n; k++) {
        i.mean += x[k] / n;
        i.lo = fmin(i.lo, x[k]);
        i.hi = fmax(i.hi, x[k]);
    }
    return i;
}

static Status add_run_fact(Report *r, FactKind kind, int g, int t, OfRun *of, double x, RunWork *w,
                           Err *err)
{
    const Runs *runs = &r->runs;
    int n = collect(runs, g, t, of, x, w->value, w->each), strata = 0;
    if (n == 0) return ST_OK;
    for (int sum = 0; sum < n; strata++) sum += w->each[strata];
    if (t < 0 && strata < runs->n_tasks) return ST_OK; /* of other tasks than other groups */
    Fact f = {.kind = kind,
              .scenario = t < 0 ? "all" : runs->task[t],
              .name = runs->group[g],
              .x = x,
              .seeds = n};
    f.value =
        kind == FACT_SECONDS || kind == FACT_RATE
            ? range_of(w->value, n)
            : bootstrap_iqm(w->value, w->each, strata, RESAMPLES, BOOTSTRAP_SEED, w->resample);
    return add(r, f, err);
}

/* At each number of decisions at which one of these runs was validated. */
static Status add_curve(Report *r, int g, int t, RunWork *w, Err *err)
{
    double x = -1, next;
    for (;; x = next) {
        next = INFINITY;
        for (int i = 0; i < r->runs.n; i++) {
            const RunLog *run = &r->runs.run[i];
            for (int k = 0; k < run->n && run->group == g && run->in_task == t; k++)
                if (run->point[k].decisions > x) next = fmin(next, run->point[k].decisions);
        }
        if (isinf(next)) return ST_OK;
        Status st = add_run_fact(r, FACT_CURVE, g, t, score_at, next, w, err);
        if (st != ST_OK) return st;
    }
}

static double last_decisions(const Runs *r, int g, int t)
{
    double last = 0;
    for (int i = 0; i < r->n; i++)
        if (r->run[i].group == g && (t < 0 || r->run[i].in_task == t))
            last = fmax(last, r->run[i].point[r->run[i].n - 1].decisions);
    return last;
}

static Status compute_group(Report *r, int g, RunWork *w, Err *err)
{
    Status st = ST_OK;
    for (int t = 0; t < r->runs.n_tasks; t++) {
        double last = last_decisions(&r->runs, g, t);
        TRY(add_curve(r, g, t, w, err));
        TRY(add_run_fact(r, FACT_FINAL, g, t, score_last, last, w, err));
        TRY(add_run_fact(r, FACT_BEST, g, t, score_best, last, w, err));
        TRY(add_run_fact(r, FACT_SECONDS, g, t, seconds, last, w, err));
        TRY(add_run_fact(r, FACT_RATE, g, t, decisions_per_s, last, w, err));
    }
    if (r->runs.n_tasks > 1)
        TRY(add_run_fact(r, FACT_OVERALL, g, -1, score_last, last_decisions(&r->runs, g, -1), w,
                         err));
fail:
    return st;
}

static Status compute_runs(Report *r, Err *err)
{
    size_t n = (size_t)r->runs.n;
    RunWork w = {mem_calloc(n, sizeof(double)), mem_calloc(n, sizeof(double)),
                 mem_calloc(n, sizeof(int))};
    Status st =
        w.value && w.resample && w.each ? ST_OK : err_set(err, ST_NOMEM, "report: out of memory");
    for (int g = 0; g < r->runs.n_groups && st == ST_OK; g++) st = compute_group(r, g, &w, err);
    mem_free(w.value);
    mem_free(w.resample);
    mem_free(w.each);
    return st;
}

/* --- evaluations --- */

static Status add_eval_fact(Report *r, int e, FactKind kind, int g, int load, int best,
                            double *work, Err *err)
{
    const Results *x = &r->eval[e];
    const ResultGroup *who = &x->group[g], *minus = kind == FACT_GAIN ? &x->group[best] : NULL;
    ResultValue v = kind == FACT_ENERGY ? RESULT_ENERGY : RESULT_SLA;
    Fact f = {.kind = kind,
              .scenario = r->eval_name[e],
              .name = who->name,
              .against = minus ? minus->name : NULL,
              .x = x->load[load],
              .seeds = who->n,
              .episodes = who->episodes};
    if (minus && minus->episodes < f.episodes) f.episodes = minus->episodes;
    f.value = results_interval(x, who, load, v, minus, work);
    return add(r, f, err);
}

static Status compute_eval(Report *r, int e, Err *err)
{
    const Results *x = &r->eval[e];
    double *work = mem_calloc(results_most(x), sizeof *work);
    bool *online = mem_calloc((size_t)x->n_groups, sizeof *online);
    Status st = work && online ? ST_OK : err_set(err, ST_NOMEM, "report: out of memory");
    for (int g = 0; g < x->n_groups && st == ST_OK; g++)
        online[g] = !results_clairvoyant(x->group[g].name);
    TRY(st);
    for (int l = 0; l < x->n_loads; l++) {
        int best = results_best(x, l, online);
        for (int g = 0; g < x->n_groups; g++) {
            TRY(add_eval_fact(r, e, FACT_SLA, g, l, best, work, err));
            if (best >= 0 && best != g) TRY(add_eval_fact(r, e, FACT_GAIN, g, l, best, work, err));
            TRY(add_eval_fact(r, e, FACT_ENERGY, g, l, best, work, err));
        }
    }
fail:
    mem_free(work);
    mem_free(online);
    return st;
}

Status report_compute(Report *r, Err *err)
{
    Status st = r->runs.n > 0 ? compute_runs(r, err) : ST_OK;
    for (int e = 0; e < r->n_evals && st == ST_OK; e++) st = compute_eval(r, e, err);
    return st;
}

void report_free(Report *r)
{
    runs_free(&r->runs);
    for (int e = 0; e < r->n_evals; e++) results_free(&r->eval[e]);
    mem_free(r->eval);
    mem_free(r->eval_name);
    mem_free(r->fact);
    *r = (Report){0};
}

/* --- the table --- */

static const char *const COLUMN[FACT_KINDS] = {
    "validation_curve", "validation_last", "validation_all", "validation_best",  "training_s",
    "decisions_per_s",  "sla_rate",        "sla_gain",       "energy_uj_per_job"};

void report_csv(const Report *r, FILE *out)
{
    fputs("value,scenario,policy,against,at,seeds,episodes,estimate,lo,hi\n", out);
    for (int i = 0; i < r->n_facts; i++) {
        const Fact *f = &r->fact[i];
        fprintf(out, "%s,", COLUMN[f->kind]);
        write_csv_text(out, f->scenario);
        fputc(',', out);
        write_csv_text(out, f->name);
        fputc(',', out);
        write_csv_text(out, f->against ? f->against : "");
        fprintf(out, ",%g,%d,%d,%.8g,%.8g,%.8g\n", f->x, f->seeds, f->episodes, f->value.mean,
                f->value.lo, f->value.hi);
    }
}
