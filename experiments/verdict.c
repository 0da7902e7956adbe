/* verdict.c -- reads the files of a study and compares cell by cell.
 *
 * The rival of a cell is the best on-line baseline of that cell, chosen on the same episodes: that
 * favours the rival a little. Intervals resample seeds and episodes (base/stats.h), of each scenario
 * apart: the same draws serve all its loads, whose episodes have the same arrivals, stretched. */
#include "experiments/verdict.h"

#include "base/csv.h"
#include "base/mem.h"
#include "env/sched.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 7 };

bool verdict_counts_cut(double load)
{
    return fabs(load - 0.8) < 1e-9 || fabs(load - 0.95) < 1e-9;
}

bool verdict_counts_high(double load)
{
    return load > 0.8 - 1e-9;
}

/* --- the list of baselines --- */

static Status read_listed(Listed *out, const Csv *csv, int row, const int column[4], Err *err)
{
    static const char *const GROUPS[LIST_GROUPS] = {"published", "ours", "reference"};
    static const char *const YES[] = {"no", "yes"};
    const char *name = csv_cell(csv, row, column[0]);
    int online;
    Status st;

    if (!sched_find(name) || strlen(name) >= sizeof out->name)
        return csv_error(csv, row, err, "'%.60s' is no scheduler, see relmas list schedulers",
                         name);
    snprintf(out->name, sizeof out->name, "%s", name);
    TRY(csv_enum(csv, row, column[1], GROUPS, LIST_GROUPS, &out->group, err));
    TRY(csv_enum(csv, row, column[2], YES, 2, &online, err));
    out->online = online == 1;
    out->share = 1;
    if (*csv_cell(csv, row, column[3]))
        TRY(csv_double(csv, row, column[3], 1e-6, 1, &out->share, err));
fail:
    return st;
}

static Status read_list(Verdict *v, Err *err)
{
    static const char *const COLUMN[4] = {"scheduler", "group", "online", "share"};
    int column[4];
    Csv *csv = NULL;
    Status st;

    TRY(csv_load(&csv, v->in.list, err));
    for (int i = 0; i < 4; i++) TRY(csv_need(csv, COLUMN[i], &column[i], err));
    st = ST_NOMEM;
    if (!(v->listed = mem_calloc((size_t)csv_rows(csv), sizeof *v->listed))) goto fail;
    for (int i = 0; i < csv_rows(csv); i++) {
        TRY(read_listed(&v->listed[i], csv, i, column, err));
        v->n_listed++;
    }
    st = ST_OK;
fail:
    csv_destroy(csv);
    return st;
}

const Listed *verdict_listed(const Verdict *v, const char *name)
{
    for (int i = 0; i < v->n_listed; i++)
        if (!strcmp(v->listed[i].name, name)) return &v->listed[i];
    return NULL;
}

int verdict_share(const Listed *l, int episodes)
{
    int n = (int)(l->share * episodes + 0.5);
    return n > 1 ? n : 1;
}

/* --- evaluations --- */

static Status check_episodes(const Verdict *v, const Results *r, const ResultGroup *policy,
                             Err *err)
{
    for (int i = 0; i < r->n_rows; i++) {
        const Listed *l = verdict_listed(v, r->row[i].name);
        int want = l ? verdict_share(l, policy->episodes) : policy->episodes;
        if (r->row[i].episodes != want)
            return err_set(
                err, ST_CONFIG,
                "'%.300s' has %d episodes instead of %d: delete it and run the study again",
                r->row[i].file, r->row[i].episodes, want);
    }
    return ST_OK;
}

static Status add_file(Results *r, const char *folder, const char *scenario, const char *name,
                       Err *err)
{
    char path[PATH_MAX_BYTES];
    if (snprintf(path, sizeof path, "%s/%s/%s.h5", folder, scenario, name) >= (int)sizeof path)
        return err_set(err, ST_CONFIG, "verdict: the path of '%s' is too long", name);
    return results_add(r, path, err);
}

static Status read_scenario(Verdict *v, int s, Err *err)
{
    Results *r = &v->results[s];
    const char *name = v->in.scenario[s];
    Status st = ST_OK;

    for (int i = 0; i < v->n_listed; i++)
        TRY(add_file(r, v->in.evaluations, name, v->listed[i].name, err));
    for (int i = 1; i <= v->in.seeds; i++) {
        char seed[32];
        snprintf(seed, sizeof seed, "seed-%d", i);
        TRY(add_file(r, v->in.evaluations, name, seed, err));
    }
    v->policy[s] = r->n_groups - 1;
    const ResultGroup *policy = &r->group[v->policy[s]];
    if (policy->baseline || policy->n != v->in.seeds)
        return err_set(
            err, ST_CONFIG,
            "%s: seed-1.h5 to seed-%d.h5 are not seeds of one policy, named NAME-1 to NAME-%d",
            name, v->in.seeds, v->in.seeds);
    TRY(check_episodes(v, r, policy, err));
fail:
    return st;
}

/* --- cells --- */

/* Room for one cell's numbers. */
typedef struct Work {
    double *x, *y;                         /* [results_most] */
    double draw[POOLS][RESULTS_RESAMPLES]; /* sums of logarithms of violations left, over cells */
    double one[RESULTS_RESAMPLES], other[RESULTS_RESAMPLES];
    double log_left[POOLS];
    bool *eligible; /* [groups] */
} Work;

static bool in_pool(const Listed *l, RivalPool pool)
{
    return l->online &&
           (pool == POOL_ALL ? l->group != LIST_REFERENCE : l->group == LIST_PUBLISHED);
}

static int best_of_pool(const Verdict *v, const Results *r, int load, int pool, bool *eligible)
{
    for (int g = 0; g < r->n_groups; g++) {
        const Listed *l = verdict_listed(v, r->group[g].name);
        eligible[g] =
            l && (pool < POOLS ? in_pool(l, (RivalPool)pool) : l->group == LIST_REFERENCE);
    }
    return results_best(r, load, eligible);
}

/* Half a job: a rate of no violation at all has no logarithm. */
static double least_rate(const Results *r, int episodes)
{
    return 0.5 / ((double)episodes * r->scenario.episode_jobs);
}

/* Violations left, policy over rival, of the estimate and of each draw; the same draws of episodes for
 * both, and of seeds and episodes at all loads of a scenario. */
static double violations_left(const Verdict *v, const VerdictCell *c, int load, RivalPool pool,
                              const ResultGroup *rival, Work *w)
{
    const Results *r = &v->results[c->scenario];
    const ResultGroup *policy = &r->group[v->policy[c->scenario]];
    double least;
    uint64_t seed = SEED + 1 + (uint64_t)c->scenario;
    int n = results_values(r, rival, load, RESULT_SLA, NULL, w->y);
    n = n < policy->episodes ? n : policy->episodes;
    /* the policy's values in the same episodes: its own are at least as many */
    int all = results_values(r, policy, load, RESULT_SLA, NULL, w->x);
    for (int s = 0; s < policy->n; s++)
        memmove(w->x + (size_t)s * (size_t)n, w->x + (size_t)s * (size_t)all,
                (size_t)n * sizeof *w->x);
    least = least_rate(r, n);
    if (verdict_counts_cut(c->load)) {
        bootstrap_crossed_draws(w->one, w->x, policy->n, n, RESULTS_RESAMPLES, seed);
        bootstrap_crossed_draws(w->other, w->y, 1, n, RESULTS_RESAMPLES, seed);
        for (int i = 0; i < RESULTS_RESAMPLES; i++)
            w->draw[pool][i] += log(fmax(1 - w->one[i], least) / fmax(1 - w->other[i], least));
    }
    double left = fmax(1 - stats_mean(w->x, (size_t)policy->n * (size_t)n), least) /
                  fmax(1 - stats_mean(w->y, (size_t)n), least);
    if (verdict_counts_cut(c->load)) w->log_left[pool] += log(left);
    return left;
}

static double energy_over(const Results *r, const ResultGroup *policy, const ResultGroup *rival,
                          int load, Work *w)
{
    int n = results_values(r, rival, load, RESULT_ENERGY, NULL, w->y);
    int both = results_values(r, policy, load, RESULT_ENERGY, rival, w->x);
    double base = stats_mean(w->y, (size_t)(both < n ? both : n));
    return base > 0 ? stats_mean(w->x, (size_t)policy->n * (size_t)both) / base : 0;
}

static Status find_rival(const Verdict *v, VerdictCell *c, int load, RivalPool pool, Work *w,
                         Err *err)
{
    const Results *r = &v->results[c->scenario];
    const ResultGroup *policy = &r->group[v->policy[c->scenario]];
    int best = best_of_pool(v, r, load, pool, w->eligible);
    if (best < 0)
        return err_set(err, ST_CONFIG, "'%.300s': no published on-line baseline is listed",
                       v->in.list);
    const ResultGroup *rival = &r->group[best];
    c->rival[pool].name = rival->name;
    c->rival[pool].gain = results_interval(r, policy, load, RESULT_SLA, rival, w->x);
    int n = results_values(r, rival, load, RESULT_SLA, NULL, w->x);
    c->rival[pool].sla = stats_mean(w->x, (size_t)n);
    c->rival[pool].cut = 1 - violations_left(v, c, load, pool, rival, w);
    c->rival[pool].energy = energy_over(r, policy, rival, load, w);
    return ST_OK;
}

/* Means of the policy's seeds, and the look-ahead beside. */
static void describe(const Verdict *v, VerdictCell *c, int load, Work *w)
{
    const Results *r = &v->results[c->scenario];
    const ResultGroup *policy = &r->group[v->policy[c->scenario]];
    c->sla = results_interval(r, policy, load, RESULT_SLA, NULL, w->x);
    size_t n = (size_t)results_values(r, policy, load, RESULT_SLA, NULL, w->x);
    c->worst = 1;
    for (int s = 0; s < policy->n; s++) {
        double mean = stats_mean(w->x + (size_t)s * n, n);
        c->worst = fmin(c->worst, mean);
        c->best = fmax(c->best, mean);
    }
    int ahead = best_of_pool(v, r, load, POOLS, w->eligible);
    if (ahead < 0) return;
    n = (size_t)results_values(r, policy, load, RESULT_SLA, &r->group[ahead], w->x);
    c->ahead = r->group[ahead].name;
    c->ahead_gain = stats_mean(w->x, (size_t)policy->n * n);
}

static void find_ratio(Verdict *v, int cell, int load, Work *w)
{
    static const char *const PLAIN[] = {"fcfs-h",        "prema",      "herald-edp",
                                        "herald-energy", "herald-lat", "magma"};
    const VerdictCell *c = &v->cell[cell];
    const Results *r = &v->results[c->scenario];
    for (int g = 0; g < r->n_groups; g++)
        for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
            const ResultGroup *policy = &r->group[v->policy[c->scenario]], *who = &r->group[g];
            if (strcmp(who->name, PLAIN[i]) != 0) continue;
            int n = results_values(r, who, load, RESULT_SLA, NULL, w->y);
            double base = fmax(stats_mean(w->y, (size_t)n), least_rate(r, n));
            int both = results_values(r, policy, load, RESULT_SLA, who, w->x);
            double ratio = (stats_mean(w->x, (size_t)policy->n * (size_t)both) + base) / base;
            if (ratio > v->ratio.value) v->ratio = (VerdictRatio){who->name, cell, ratio};
        }
}

static Status compute_scenario(Verdict *v, int s, Work *w, Err *err)
{
    const Results *r = &v->results[s];
    size_t most = results_most(r);
    Status st = ST_NOMEM;
    if (!(w->x = mem_calloc(most, sizeof *w->x)) || !(w->y = mem_calloc(most, sizeof *w->y)) ||
        !(w->eligible = mem_calloc((size_t)r->n_groups, sizeof *w->eligible)))
        goto fail;
    for (int l = 0; l < r->n_loads; l++) {
        VerdictCell *c = &v->cell[v->n_cells++];
        *c = (VerdictCell){.scenario = s, .load = r->load[l]};
        describe(v, c, l, w);
        for (int p = 0; p < POOLS; p++) TRY(find_rival(v, c, l, (RivalPool)p, w, err));
        find_ratio(v, v->n_cells - 1, l, w);
        v->cut_cells += verdict_counts_cut(c->load);
    }
    st = ST_OK;
fail:
    mem_free(w->x);
    mem_free(w->y);
    mem_free(w->eligible);
    return st == ST_OK ? st : err_set(err, st, "verdict: %s", status_text(st));
}

/* The part avoided from the logarithms of what is left: ends change places. */
static Interval part_avoided(double log_left, double *draws, int cells)
{
    for (int i = 0; i < RESULTS_RESAMPLES; i++) draws[i] /= cells;
    Interval i = bootstrap_interval(log_left / cells, draws, RESULTS_RESAMPLES);
    return (Interval){1 - exp(i.mean), 1 - exp(i.hi), 1 - exp(i.lo)};
}

static Status compute_cells(Verdict *v, Err *err)
{
    Work *w = mem_calloc(1, sizeof *w);
    Status st = ST_NOMEM;
    if (!w || !(v->cell = mem_calloc((size_t)v->in.n_scenarios * CONFIG_LIST_MAX, sizeof *v->cell)))
        goto fail;
    for (int s = 0; s < v->in.n_scenarios; s++) TRY(compute_scenario(v, s, w, err));
    for (int p = 0; p < POOLS && v->cut_cells > 0; p++)
        v->cut[p] = part_avoided(w->log_left[p], w->draw[p], v->cut_cells);
    st = ST_OK;
fail:
    mem_free(w);
    return st == ST_OK ? st : err_set(err, st, "verdict: %s", status_text(st));
}

/* --- capacity and times --- */

/* The load in the one row of FOLDER/NAME.csv. */
static Status read_capacity(const Verdict *v, const char *name, double *load, char *scenario,
                            Err *err)
{
    char path[PATH_MAX_BYTES];
    Csv *csv = NULL;
    int at, which;
    Status st;

    if (snprintf(path, sizeof path, "%s/%s.csv", v->in.capacities, name) >= (int)sizeof path)
        return err_set(err, ST_CONFIG, "verdict: the path of '%s' is too long", name);
    TRY(csv_load(&csv, path, err));
    TRY(csv_need(csv, "load", &at, err));
    TRY(csv_need(csv, "scenario", &which, err));
    if (csv_rows(csv) != 1) {
        st = csv_error(csv, -1, err, "%d rows, want one: of relmas capacity %s --sla 0.95",
                       csv_rows(csv), name);
        goto fail;
    }
    TRY(csv_double(csv, 0, at, 0, 1000, load, err));
    snprintf(scenario, PATH_NAME_MAX, "%.*s", PATH_NAME_MAX - 1, csv_cell(csv, 0, which));
fail:
    csv_destroy(csv);
    return st;
}

static Status read_capacities(Verdict *v, Err *err)
{
    VerdictCapacity *c = &v->capacity;
    double load;
    Status st = ST_OK;
    c->worst = INFINITY;
    for (int i = 1; i <= v->in.seeds; i++) {
        char seed[32];
        snprintf(seed, sizeof seed, "seed-%d", i);
        TRY(read_capacity(v, seed, &load, c->scenario, err));
        c->policy += load / v->in.seeds;
        c->worst = fmin(c->worst, load);
        c->best = fmax(c->best, load);
    }
    for (int i = 0; i < v->n_listed; i++) {
        if (!v->listed[i].online) continue;
        TRY(read_capacity(v, v->listed[i].name, &load, c->scenario, err));
        for (int p = 0; p < POOLS; p++)
            if (in_pool(&v->listed[i], (RivalPool)p) && load > c->rival[p]) {
                c->rival[p] = load;
                memcpy(c->name[p], v->listed[i].name, sizeof c->name[p]);
            }
    }
    c->known = true;
fail:
    return st;
}

static Status read_runs(Verdict *v, Err *err)
{
    int n = v->in.n_scenarios * v->in.seeds;
    const char **dir = mem_calloc((size_t)n, sizeof *dir);
    Status st = ST_NOMEM;
    if (!dir || !(v->run_dir = mem_calloc((size_t)n, sizeof *v->run_dir))) goto fail;
    for (int i = 0; i < n; i++) {
        snprintf(v->run_dir[i], sizeof *v->run_dir, "%s/%s/seed-%d", v->in.runs,
                 v->in.scenario[i / v->in.seeds], i % v->in.seeds + 1);
        dir[i] = v->run_dir[i];
    }
    TRY(runs_read(&v->runs, dir, n, err));
    if (v->runs.n_groups > 1)
        st = err_set(
            err, ST_CONFIG,
            "the runs of '%.200s' were not all trained with the same settings: relmas report "
            "names the differences",
            v->in.runs);
fail:
    mem_free(dir);
    return st == ST_OK ? st : err_set(err, st, "verdict: %s", status_text(st));
}

/* --- the whole --- */

Status verdict_compute(Verdict *out, const VerdictInput *in, Err *err)
{
    size_t n = (size_t)in->n_scenarios;
    Status st = ST_NOMEM;
    out->in = *in;
    if (!(out->results = mem_calloc(n, sizeof *out->results)) ||
        !(out->policy = mem_calloc(n, sizeof *out->policy)))
        goto fail;
    TRY(read_list(out, err));
    for (int s = 0; s < in->n_scenarios; s++) TRY(read_scenario(out, s, err));
    TRY(compute_cells(out, err));
    if (in->capacities) TRY(read_capacities(out, err));
    if (in->runs) TRY(read_runs(out, err));
fail:
    return st == ST_OK ? st : err_set(err, st, "verdict: %s", status_text(st));
}

void verdict_free(Verdict *v)
{
    for (int s = 0; v->results && s < v->in.n_scenarios; s++) results_free(&v->results[s]);
    runs_free(&v->runs);
    mem_free(v->listed);
    mem_free(v->results);
    mem_free(v->policy);
    mem_free(v->cell);
    mem_free(v->run_dir);
    *v = (Verdict){0};
}
