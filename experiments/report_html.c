/* report_html.c -- the page of a report: one file with its style and pictures inside, which asks nothing
 * of the net. */
#include "base/mem.h"
#include "experiments/report.h"
#include "experiments/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHART_BASELINES = 10, SHOWN_MAX = 38 };

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>RELMAS "
    "report</title>\n"
    "<style>body{font:14px/1.45 sans-serif;margin:2em auto;max-width:62em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.2em .7em;border-bottom:1px solid "
    "#ddd;text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}"
    "th{border-bottom:2px solid #888}svg{max-width:100%;height:auto}.note{color:#555}"
    ".up{color:#00734f;font-weight:bold}.down{color:#b03a00;font-weight:bold}</style></"
    "head><body>\n"
    "<h1>RELMAS report</h1>\n";

static const char RUN_NOTE[] =
    "<p class=\"note\">Curves and scores: interquartile mean over training seeds; bands and "
    "brackets: "
    "95&#8239;% stratified bootstrap over seeds (Agarwal et al., NeurIPS 2021). With five seeds or "
    "fewer such an interval is somewhat too narrow. Scores are SLA rates on validation seeds; the "
    "best of several validations is optimistic, relmas eval is not.</p>\n";

static const char EVAL_NOTE[] = "<p class=\"note\">Means over training seeds and held-out "
                                "episodes; brackets: 95&#8239;% bootstrap "
                                "that resamples seeds and episodes, as all seeds play the same "
                                "episodes. Differences are paired "
                                "by episode, against the baseline with the largest mean at that "
                                "load; bold: the interval excludes "
                                "zero.</p>\n";

/* --- pieces --- */

/* The end of a long name, which tells more than its beginning. */
static void short_name(char out[SHOWN_MAX + 4], const char *name)
{
    size_t n = strlen(name);
    const char *from = n > SHOWN_MAX ? name + n - SHOWN_MAX + 2 : name;
    while (n > SHOWN_MAX && ((unsigned char)*from & 0xc0) == 0x80) from++;
    snprintf(out, SHOWN_MAX + 4, "%s%s", n > SHOWN_MAX ? ".." : "", from);
}

static void cell_text(FILE *out, const char *text)
{
    fputs("<td>", out);
    svg_text(out, text);
    fputs("</td>", out);
}

/* In %, of a rate. */
static void cell_rate(FILE *out, const Fact *f)
{
    if (f)
        fprintf(out, "<td>%.2f [%.2f, %.2f]</td>", 100 * f->value.mean, 100 * f->value.lo,
                100 * f->value.hi);
    else
        fputs("<td>-</td>", out);
}

static void cell_gain(FILE *out, const Fact *f)
{
    if (!f) {
        fputs("<td>best baseline</td>", out);
        return;
    }
    const char *class = f->value.lo > 0 ? "up" : f->value.hi < 0 ? "down" : "";
    fprintf(out, "<td class=\"%s\">%+.2f [%+.2f, %+.2f]</td>", class, 100 * f->value.mean,
            100 * f->value.lo, 100 * f->value.hi);
}

static void cell_range(FILE *out, const char *format, const Fact *f)
{
    fputs("<td>", out);
    fprintf(out, format, f->value.mean);
    if (f->value.hi > f->value.lo) {
        fputs(" (", out);
        fprintf(out, format, f->value.lo);
        fputs(" to ", out);
        fprintf(out, format, f->value.hi);
        fputc(')', out);
    }
    fputs("</td>", out);
}

/* --- charts --- */

typedef struct Plot {
    double *room; /* [4 x n_facts] for the points of all curves */
    SvgCurve curve[SVG_CURVES_MAX];
    char name[SVG_CURVES_MAX][SHOWN_MAX + 4];
    int n;
} Plot;

/* Appends the facts of one name as a curve; points come in order of x. */
static void add_curve(Plot *p, const Report *r, FactKind kind, const char *scenario,
                      const char *who)
{
    double *x = p->room, *y = x + r->n_facts, *lo = y + r->n_facts, *hi = lo + r->n_facts;
    int used = 0, n = 0;
    if (p->n == SVG_CURVES_MAX) return;
    for (int i = 0; i < p->n; i++) used += p->curve[i].n;
    x += used, y += used, lo += used, hi += used;
    for (int i = 0; i < r->n_facts; i++) {
        const Fact *f = &r->fact[i];
        if (f->kind != kind || strcmp(f->scenario, scenario) != 0 || strcmp(f->name, who) != 0)
            continue;
        int at = n++;
        for (; at > 0 && x[at - 1] > f->x; at--)
            x[at] = x[at - 1], y[at] = y[at - 1], lo[at] = lo[at - 1], hi[at] = hi[at - 1];
        x[at] = f->x;
        y[at] = 100 * f->value.mean;
        lo[at] = 100 * f->value.lo;
        hi[at] = 100 * f->value.hi;
    }
    short_name(p->name[p->n], who);
    p->curve[p->n] = (SvgCurve){p->name[p->n], n, x, y, lo, hi};
    p->n++;
}

static void chart_task(Plot *p, const Report *r, const char *task, FILE *out)
{
    p->n = 0;
    for (int g = 0; g < r->runs.n_groups; g++)
        if (report_find(r, FACT_CURVE, task, r->runs.group[g], (double)NAN))
            add_curve(p, r, FACT_CURVE, task, r->runs.group[g]);
    svg_chart(
        out,
        &(SvgChart){.title = "Validation against experience",
                    .subtitle = "interquartile mean over seeds; bands: 95 % bootstrap intervals",
                    .x_label = "decisions",
                    .y_label = "deadlines met, %",
                    .n = p->n,
                    .curve = p->curve},
        false);
}

static double mean_rate(const Report *r, int e, const ResultGroup *g)
{
    double sum = 0;
    for (int l = 0; l < r->eval[e].n_loads; l++)
        sum += report_find(r, FACT_SLA, r->eval_name[e], g->name, r->eval[e].load[l])->value.mean;
    return sum;
}

/* All learned policies, and the baselines that are among the best over all loads. */
static bool in_chart(const Report *r, int e, const ResultGroup *g)
{
    const Results *x = &r->eval[e];
    double own = mean_rate(r, e, g);
    int better = 0;
    for (int i = 0; i < x->n_groups; i++)
        better += x->group[i].baseline && mean_rate(r, e, &x->group[i]) > own;
    return !g->baseline || better < CHART_BASELINES;
}

static void chart_eval(Plot *p, const Report *r, int e, FILE *out)
{
    char subtitle[128];
    int left = 0;
    p->n = 0;
    for (int g = 0; g < r->eval[e].n_groups; g++) {
        const ResultGroup *who = &r->eval[e].group[g];
        if (in_chart(r, e, who))
            add_curve(p, r, FACT_SLA, r->eval_name[e], who->name);
        else
            left++;
    }
    snprintf(subtitle, sizeof subtitle, "bands: 95 %% bootstrap intervals%s",
             left ? "; baselines: the best over all loads" : "");
    svg_chart(out,
              &(SvgChart){.title = "SLA rate against load",
                          .subtitle = subtitle,
                          .x_label = "load, as a fraction of the fluid bound",
                          .y_label = "deadlines met, % of issued jobs",
                          .n = p->n,
                          .curve = p->curve},
              false);
}

/* --- runs --- */

static void table_task(const Report *r, const char *task, FILE *out)
{
    fputs("<table><tr><th>runs</th><th>seeds</th><th>last validation, %</th><th>best, %</th>"
          "<th>training, s</th><th>decisions/s</th></tr>\n",
          out);
    for (int g = 0; g < r->runs.n_groups; g++) {
        const char *name = r->runs.group[g];
        const Fact *last = report_find(r, FACT_FINAL, task, name, (double)NAN);
        if (!last) continue;
        fputs("<tr>", out);
        cell_text(out, name);
        fprintf(out, "<td>%d</td>", last->seeds);
        cell_rate(out, last);
        cell_rate(out, report_find(r, FACT_BEST, task, name, (double)NAN));
        cell_range(out, "%.1f", report_find(r, FACT_SECONDS, task, name, (double)NAN));
        cell_range(out, "%.0f", report_find(r, FACT_RATE, task, name, (double)NAN));
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void table_overall(const Report *r, FILE *out)
{
    if (r->runs.n_tasks < 2) return;
    fputs("<h2>All scenarios</h2>\n<table><tr><th>runs</th><th>of them</th><th>last validation, "
          "IQM, %</th></tr>\n",
          out);
    for (int g = 0; g < r->runs.n_groups; g++) {
        const Fact *f = report_find(r, FACT_OVERALL, "all", r->runs.group[g], (double)NAN);
        if (!f) continue;
        fputs("<tr>", out);
        cell_text(out, r->runs.group[g]);
        fprintf(out, "<td>%d</td>", f->seeds);
        cell_rate(out, f);
        fputs("</tr>\n", out);
    }
    fputs("</table>\n<p class=\"note\">Groups with runs on all of these scenarios.</p>\n", out);
}

/* What makes groups groups, or scenarios scenarios: a column for each. */
static void table_changes(const Report *r, bool of_tasks, const char **text, FILE *out)
{
    RunChange change[RUN_CHANGES_MAX];
    int n = runs_changes(&r->runs, of_tasks, text, change);
    int columns = of_tasks ? r->runs.n_tasks : r->runs.n_groups;
    if (n == 0) return;
    fprintf(out, "<h2>What the %s differ in</h2>\n<table><tr><th>setting</th>",
            of_tasks ? "scenarios" : "groups");
    for (int i = 0; i < columns; i++) {
        fputs("<th>", out);
        svg_text(out, of_tasks ? r->runs.task[i] : r->runs.group[i]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (int c = 0; c < n; c++) {
        fputs("<tr>", out);
        cell_text(out, change[c].key);
        for (int i = 0; i < columns; i++) {
            char value[RUN_NAME_MAX];
            runs_change_value(&change[c], i, value);
            cell_text(out, value);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void table_runs(const Report *r, FILE *out)
{
    fputs("<h2>Each run</h2>\n<table><tr><th>folder</th><th>scenario</th><th>seed</th><th>decisions"
          "</th><th>last validation, %</th><th>training, s</th></tr>\n",
          out);
    for (int i = 0; i < r->runs.n; i++) {
        const RunLog *run = &r->runs.run[i];
        const RunPoint *last = &run->point[run->n - 1];
        fputs("<tr>", out);
        cell_text(out, run->dir);
        cell_text(out, r->runs.task[run->in_task]);
        fprintf(out, "<td>%llu</td><td>%.0f</td><td>%.2f</td><td>%.1f</td></tr>\n",
                (unsigned long long)run->seed, last->decisions, 100 * last->score, last->seconds);
    }
    fputs("</table>\n", out);
}

static void heading(FILE *out, const char *what, const char *name)
{
    fprintf(out, "<h2>%s", what);
    svg_text(out, name);
    fputs("</h2>\n", out);
}

static void show_runs(const Report *r, Plot *p, const char **text, FILE *out)
{
    for (int t = 0; t < r->runs.n_tasks; t++) {
        heading(out, "Training on ", r->runs.task[t]);
        chart_task(p, r, r->runs.task[t], out);
        table_task(r, r->runs.task[t], out);
    }
    fputs(RUN_NOTE, out);
    table_overall(r, out);
    table_changes(r, false, text, out);
    table_changes(r, true, text, out);
    table_runs(r, out);
}

/* --- evaluations --- */

static void table_load(const Report *r, int e, double load, FILE *out)
{
    const Results *x = &r->eval[e];
    const char *against = "a baseline";
    for (int i = 0; i < r->n_facts; i++)
        if (r->fact[i].kind == FACT_GAIN && r->fact[i].scenario == r->eval_name[e] &&
            r->fact[i].x >= load && r->fact[i].x <= load)
            against = r->fact[i].against;
    fprintf(out,
            "<h3>Load %g</h3>\n<table><tr><th>policy</th><th>seeds</th><th>episodes</th>"
            "<th>SLA rate, %%</th><th>against ",
            load);
    svg_text(out, against);
    fputs("</th><th>uJ per job</th></tr>\n", out);
    for (int g = 0; g < x->n_groups; g++) {
        const char *name = x->group[g].name;
        const Fact *f = report_find(r, FACT_SLA, r->eval_name[e], name, load);
        fputs("<tr>", out);
        cell_text(out, name);
        fprintf(out, "<td>%d</td><td>%d</td>", f->seeds, f->episodes);
        cell_rate(out, f);
        cell_gain(out, report_find(r, FACT_GAIN, r->eval_name[e], name, load));
        fprintf(out, "<td>%.0f</td></tr>\n",
                report_find(r, FACT_ENERGY, r->eval_name[e], name, load)->value.mean);
    }
    fputs("</table>\n", out);
}

static void show_eval(const Report *r, int e, Plot *p, FILE *out)
{
    const Results *x = &r->eval[e];
    heading(out, "Evaluation on ", r->eval_name[e]);
    fprintf(out, "<p>%d jobs per episode, arrival seeds from %llu on.</p>\n",
            x->scenario.episode_jobs, (unsigned long long)x->seed);
    chart_eval(p, r, e, out);
    for (int l = 0; l < x->n_loads; l++) table_load(r, e, x->load[l], out);
    fputs(EVAL_NOTE, out);
}

Status report_html(const Report *r, FILE *out, Err *err)
{
    Plot *p = mem_calloc(1, sizeof *p);
    const char **text = mem_calloc((size_t)r->runs.n, sizeof *text);
    Status st = ST_NOMEM;

    if (!p || !text || !(p->room = mem_calloc(4 * (size_t)r->n_facts, sizeof(double)))) goto fail;
    fputs(HEAD, out);
    if (r->runs.n > 0) show_runs(r, p, text, out);
    for (int e = 0; e < r->n_evals; e++) show_eval(r, e, p, out);
    fputs("</body></html>\n", out);
    st = ST_OK;
fail:
    mem_free(text);
    if (p) mem_free(p->room);
    mem_free(p);
    return st == ST_OK ? st : err_set(err, st, "report: out of memory");
}
