/* verdict_print.c -- a study's tables as Markdown, its numbers as CSV, its curves as SVG. */
#include "base/mem.h"
#include "env/sched.h"
#include "experiments/output.h"
#include "experiments/svg.h"
#include "experiments/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The bars that the project set itself, and no more: see docs/RESULTS.md for what came of them. */
static const double ASK_ABOVE = 0.75, ASK_CUT = 0.30, ASK_CAPACITY = 0.08, ASK_RATIO = 2.73;
static const double ASK_ENERGY = 0.015;

static const char *const POOL_NAME[POOLS] = {"best published", "best of all"};

/* --- verdicts --- */

typedef struct Counts { /* of cells, against one pool */
    int cells, not_below, mean_above, high, high_above;
    double energy; /* largest */
    int energy_cell;
} Counts;

static Counts count_cells(const Verdict *v, RivalPool pool)
{
    Counts n = {.energy = -INFINITY};
    for (int i = 0; i < v->n_cells; i++) {
        const VerdictCell *c = &v->cell[i];
        const Rival *r = &c->rival[pool];
        bool high = verdict_counts_high(c->load);
        n.cells++;
        n.not_below += r->gain.hi >= 0;
        n.mean_above += r->gain.mean >= 0;
        n.high += high;
        n.high_above += high && r->gain.lo > 0;
        if (r->energy > n.energy) {
            n.energy = r->energy;
            n.energy_cell = i;
        }
    }
    return n;
}

static const char *met(bool yes)
{
    return yes ? "**met**" : "not met";
}

static void bar_counts(const Counts n[POOLS], FILE *out)
{
    fputs("| cells whose interval is not below zero | all |", out);
    for (int p = 0; p < POOLS; p++)
        fprintf(out, " %d of %d, %s |", n[p].not_below, n[p].cells,
                met(n[p].not_below == n[p].cells));
    fputs("\n| cells whose mean is at or above | all |", out);
    for (int p = 0; p < POOLS; p++)
        fprintf(out, " %d of %d, %s |", n[p].mean_above, n[p].cells,
                met(n[p].mean_above == n[p].cells));
    fprintf(out, "\n| cells at load 0.8 and more whose interval is above zero | %.0f %% |",
            100 * ASK_ABOVE);
    for (int p = 0; p < POOLS; p++)
        if (n[p].high > 0)
            fprintf(out, " %d of %d (%.0f %%), %s |", n[p].high_above, n[p].high,
                    100.0 * n[p].high_above / n[p].high,
                    met(n[p].high_above >= ASK_ABOVE * n[p].high));
        else
            fputs(" no such cell |", out);
    fputc('\n', out);
}

static void bar_cut(const Verdict *v, FILE *out)
{
    fprintf(out, "| violations avoided, geometric mean over loads 0.8 and 0.95 | %.0f %% |",
            100 * ASK_CUT);
    for (int p = 0; p < POOLS; p++)
        if (v->cut_cells > 0)
            fprintf(out, " %.1f %% [%.1f, %.1f], %s |", 100 * v->cut[p].mean, 100 * v->cut[p].lo,
                    100 * v->cut[p].hi, met(v->cut[p].mean >= ASK_CUT));
        else
            fputs(" no such cell |", out);
    fputc('\n', out);
}

static void bar_capacity(const Verdict *v, FILE *out)
{
    const VerdictCapacity *c = &v->capacity;
    if (!c->known) return;
    fprintf(out, "| capacity at SLA 95 %% on %s above | %.0f %% |", c->scenario,
            100 * ASK_CAPACITY);
    for (int p = 0; p < POOLS; p++) {
        double gain = c->rival[p] > 0 ? c->policy / c->rival[p] - 1 : (double)INFINITY;
        fprintf(out, " %+.1f %%, %s |", 100 * gain, met(gain >= ASK_CAPACITY));
    }
    fputc('\n', out);
}

static void bar_energy(const Verdict *v, const Counts n[POOLS], FILE *out)
{
    fprintf(out, "| energy per job in the worst cell | %+.1f %% |", 100 * ASK_ENERGY);
    for (int p = 0; p < POOLS; p++) {
        const VerdictCell *c = &v->cell[n[p].energy_cell];
        fprintf(out, " %+.2f %% (%s at %g), %s |", 100 * n[p].energy, v->in.scenario[c->scenario],
                c->load, met(n[p].energy <= ASK_ENERGY));
    }
    fputc('\n', out);
}

static void bar_ratio(const Verdict *v, FILE *out)
{
    fprintf(out, "| SLA rate over that of a plain fcfs-h, prema, herald or magma | %.2f |",
            ASK_RATIO);
    if (v->ratio.name) {
        const VerdictCell *c = &v->cell[v->ratio.cell];
        fprintf(out, " %.2f (%s, %s at %g), %s | |\n", v->ratio.value, v->ratio.name,
                v->in.scenario[c->scenario], c->load, met(v->ratio.value >= ASK_RATIO));
    } else {
        fputs(" none is listed | |\n", out);
    }
}

static void print_bars(const Verdict *v, FILE *out)
{
    Counts n[POOLS];
    for (int p = 0; p < POOLS; p++) n[p] = count_cells(v, (RivalPool)p);
    fprintf(out, "| bar | asked | against the %s | against the %s |\n|---|---|---|---|\n",
            POOL_NAME[POOL_PUBLISHED], POOL_NAME[POOL_ALL]);
    bar_counts(n, out);
    bar_cut(v, out);
    bar_capacity(v, out);
    bar_ratio(v, out);
    bar_energy(v, n, out);
}

/* --- tables --- */

static void print_head(const Verdict *v, FILE *out)
{
    const Results *r = &v->results[0];
    const ResultGroup *policy = &r->group[v->policy[0]];
    fprintf(
        out,
        "%d scenarios at %d loads; %d training seeds; %d held-out episodes of %d jobs per seed and "
        "cell, arrival seeds from %llu on; %d baselines. Remade by `make study`.\n\n",
        v->in.n_scenarios, r->n_loads, v->in.seeds, policy->episodes, r->scenario.episode_jobs,
        (unsigned long long)r->seed, v->n_listed);
    fputs(
        "*Published*: schedulers of the literature, plain and strong, and the queue family. *All*: "
        "also the paced and reserve rules, which were found in this project. A cell is a scenario "
        "at "
        "a load; its rival is the on-line baseline with the largest mean SLA rate in it, chosen on "
        "the "
        "same episodes. Differences are paired by episode; brackets are 95 % intervals that "
        "resample "
        "seeds and episodes (docs/TRAINING.md, \"Comparing runs\"); `*` excludes zero.\n\n",
        out);
    if (v->in.seeds == 1)
        fputs("There is one training seed: intervals are over episodes alone, and say nothing of "
              "another training.\n\n",
              out);
    bool any = false;
    for (int i = 0; i < v->n_listed; i++) {
        int n = verdict_share(&v->listed[i], policy->episodes);
        if (n >= policy->episodes) continue;
        fprintf(out, "%s%s %d",
                any ? ", " : "Played fewer episodes, being slow: ", v->listed[i].name, n);
        any = true;
    }
    fputs(any ? ".\n\n" : "", out);
}

static void print_times(const Verdict *v, FILE *out)
{
    double sum = 0, least = INFINITY, most = 0;
    if (v->runs.n == 0) return;
    for (int i = 0; i < v->runs.n; i++) {
        double s = v->runs.run[i].point[v->runs.run[i].n - 1].seconds;
        sum += s;
        least = fmin(least, s);
        most = fmax(most, s);
    }
    fprintf(out, "Training: %.0f s per seed on average (%.0f to %.0f), %.1f h in all.\n\n",
            sum / v->runs.n, least, most, sum / 3600);
}

static void print_cells(const Verdict *v, RivalPool pool, FILE *out)
{
    fprintf(out,
            "\n### Against the %s\n\n| scenario | load | policy, %% (its seeds) | rival | its SLA, "
            "%% | "
            "difference, points | violations avoided | energy per job "
            "|\n|---|---|---|---|---|---|---|---|\n",
            POOL_NAME[pool]);
    for (int i = 0; i < v->n_cells; i++) {
        const VerdictCell *c = &v->cell[i];
        const Rival *r = &c->rival[pool];
        const char *star = r->gain.lo > 0 || r->gain.hi < 0 ? "*" : "";
        fprintf(out,
                "| %s | %g | %.2f (%.2f to %.2f) | %s | %.2f | %+.2f [%+.2f, %+.2f]%s | %.1f %% | "
                "%+.2f %% |\n",
                v->in.scenario[c->scenario], c->load, 100 * c->sla.mean, 100 * c->worst,
                100 * c->best, r->name, 100 * r->sla, 100 * r->gain.mean, 100 * r->gain.lo,
                100 * r->gain.hi, star, 100 * r->cut, 100 * r->energy);
    }
}

/* What is left to gain, as far as anybody knows. */
static void print_ahead(const Verdict *v, FILE *out)
{
    bool any = false;
    for (int i = 0; i < v->n_cells; i++) {
        const VerdictCell *c = &v->cell[i];
        if (!c->ahead) continue;
        if (!any)
            fputs("\n### Distance to the look-ahead\n\nA clairvoyant reference, which knows the "
                  "arrivals to "
                  "come; in the episodes that it played.\n\n| scenario | load | reference | policy "
                  "less "
                  "reference, points |\n|---|---|---|---|\n",
                  out);
        any = true;
        fprintf(out, "| %s | %g | %s | %+.2f |\n", v->in.scenario[c->scenario], c->load, c->ahead,
                100 * c->ahead_gain);
    }
}

static void print_capacity(const Verdict *v, FILE *out)
{
    const VerdictCapacity *c = &v->capacity;
    if (!c->known) return;
    fprintf(out,
            "\n### Capacity\n\nThe largest load at which %s keeps an SLA rate of 95 %%, in steps "
            "of 0.01 of the "
            "fluid bound (`relmas capacity`); on-line schedulers only.\n\n| policy (its seeds) | "
            "%s | %s "
            "|\n|---|---|---|\n| %.3f (%.2f to %.2f) | %s %.2f | %s %.2f |\n",
            c->scenario, POOL_NAME[POOL_PUBLISHED], POOL_NAME[POOL_ALL], c->policy, c->worst,
            c->best, c->name[POOL_PUBLISHED], c->rival[POOL_PUBLISHED], c->name[POOL_ALL],
            c->rival[POOL_ALL]);
}

static void print_pictures(const Verdict *v, FILE *out)
{
    fputs("\n### SLA rate against load\n\n", out);
    for (int s = 0; s < v->in.n_scenarios; s++)
        fprintf(out, "![%s](%s.svg)\n", v->in.scenario[s], v->in.scenario[s]);
}

void verdict_markdown(const Verdict *v, FILE *out)
{
    print_head(v, out);
    print_times(v, out);
    fputs("### Bars\n\n", out);
    print_bars(v, out);
    for (int p = 0; p < POOLS; p++) print_cells(v, (RivalPool)p, out);
    print_ahead(v, out);
    print_capacity(v, out);
    print_pictures(v, out);
}

/* --- the plain table: every policy and baseline in every cell --- */

static void print_row(const Results *r, const ResultRow *row, int load, const char *group,
                      FILE *out)
{
    double sum[RESULT_VALUES] = {0};
    for (int k = 0; k < RESULT_VALUES; k++)
        for (int e = 0; e < row->episodes; e++)
            sum[k] += row->value[k][(size_t)load * (size_t)row->episodes + (size_t)e];
    Interval sla = bootstrap_mean(row->value[RESULT_SLA] + (size_t)load * (size_t)row->episodes,
                                  row->episodes, RESULTS_RESAMPLES, 7);
    write_csv_text(out, r->scenario.name);
    fprintf(out, ",%g,", r->load[load]);
    write_csv_text(out, row->name);
    fprintf(out, ",%s,%d,%.6f,%.6f,%.6f,%.3f\n", group, row->episodes, sla.mean, sla.lo, sla.hi,
            sum[RESULT_ENERGY] / row->episodes);
}

void verdict_csv(const Verdict *v, FILE *out)
{
    static const char *const GROUP[LIST_GROUPS] = {"published", "ours", "reference"};
    fputs("scenario,load,policy,group,episodes,sla_rate,ci95_lo,ci95_hi,energy_uj_per_job\n", out);
    for (int s = 0; s < v->in.n_scenarios; s++)
        for (int l = 0; l < v->results[s].n_loads; l++)
            for (int i = 0; i < v->results[s].n_rows; i++) {
                const ResultRow *row = &v->results[s].row[i];
                const Listed *listed = verdict_listed(v, row->name);
                print_row(&v->results[s], row, l, listed ? GROUP[listed->group] : "learned", out);
            }
}

/* --- pictures --- */

/* The policy, whoever is a rival or the best reference at some load, and first come first served. */
static bool in_picture(const Verdict *v, int s, int group)
{
    const char *name = v->results[s].group[group].name;
    if (group == v->policy[s] || !strcmp(name, "fcfs-h")) return true;
    for (int i = 0; i < v->n_cells; i++) {
        const VerdictCell *c = &v->cell[i];
        if (c->scenario == s &&
            (!strcmp(name, c->rival[POOL_PUBLISHED].name) ||
             !strcmp(name, c->rival[POOL_ALL].name) || (c->ahead && !strcmp(name, c->ahead))))
            return true;
    }
    return false;
}

/* Loads of a study ascend or not: points are sorted by them. */
static void fill_curve(SvgCurve *k, const Results *r, const ResultGroup *g, double *room,
                       double *work)
{
    double *x = room, *y = x + r->n_loads, *lo = y + r->n_loads, *hi = lo + r->n_loads;
    for (int l = 0; l < r->n_loads; l++) {
        Interval i = results_interval(r, g, l, RESULT_SLA, NULL, work);
        int at = l;
        for (; at > 0 && x[at - 1] > r->load[l]; at--)
            x[at] = x[at - 1], y[at] = y[at - 1], lo[at] = lo[at - 1], hi[at] = hi[at - 1];
        x[at] = r->load[l];
        y[at] = 100 * i.mean;
        lo[at] = 100 * i.lo;
        hi[at] = 100 * i.hi;
    }
    *k = (SvgCurve){g->name, r->n_loads, x, y, lo, hi};
}

Status verdict_svg(const Verdict *v, int s, FILE *out, Err *err)
{
    const Results *r = &v->results[s];
    SvgCurve curve[SVG_CURVES_MAX];
    char title[128];
    int n = 0;
    double *room = mem_calloc(4 * SVG_CURVES_MAX * CONFIG_LIST_MAX, sizeof *room);
    double *work = mem_calloc(results_most(r), sizeof *work);

    for (int g = r->n_groups - 1; g >= 0 && room && work && n < SVG_CURVES_MAX; g--) {
        if (!in_picture(v, s, g)) continue;
        fill_curve(&curve[n], r, &r->group[g], room + 4 * n * CONFIG_LIST_MAX, work);
        if (g == v->policy[s]) curve[n].name = "learned policy";
        n++;
    }
    snprintf(title, sizeof title, "%.50s on %.50s", r->scenario.name, r->scenario.system);
    if (n > 0)
        svg_chart(
            out,
            &(SvgChart){.title = title,
                        .subtitle = "mean over seeds and episodes; bands: 95 % bootstrap intervals",
                        .x_label = "load, as a fraction of the fluid bound",
                        .y_label = "deadlines met, % of issued jobs",
                        .n = n,
                        .curve = curve},
            true);
    mem_free(room);
    mem_free(work);
    return n > 0 ? ST_OK : err_set(err, ST_NOMEM, "verdict: out of memory");
}
