/* eval_plot.c -- the curves of `relmas eval --plot`. Each is labelled at its right end, in the order of
 * the curves there; colours, markers and dashes differ too. */
#include "experiments/eval_plot.h"

#include "base/mem.h"
#include "experiments/curves.h"
#include "experiments/gnuplot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Pixels. */
enum {
    LEFT = 66,
    TOP = 66,
    BOTTOM = 68,
    PLOT_W = 620,
    PLOT_H = 400,
    GAP = 34, /* between the curves' ends and the labels */
    LABEL_H = 19,
    CHAR_W = 8 /* of the font, on average, to be on the safe side */
};
enum { LABEL_CHARS = 40, MARKERS = 11, DASHES = 3 };

static const int MARKER[MARKERS] = {7, 5, 9, 11, 13, 15, 6, 4, 8, 10, 12};
static const char *const DASH[DASHES] = {"solid", "'-'", "'.'"};

typedef struct Drawing {
    const EvalPlot *p;
    FILE *script;
    int *order;            /* [n_loads] by load */
    CurveLabel *label;     /* [n_policies] from top to bottom */
    double x0, x1, y0, y1; /* axes' ends; %, of SLA */
    int width, height, plot_h;
    bool png;
} Drawing;

static bool has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path), k = strlen(suffix);
    return n > k && !strcmp(path + n - k, suffix);
}

Status eval_plot_check(const char *path, const double *load, int n_loads, Err *err)
{
    bool differ = false;
    if (!has_suffix(path, ".svg") && !has_suffix(path, ".png"))
        return err_set(err, ST_USAGE, "--plot '%.200s': name the picture FILE.svg or FILE.png",
                       path);
    for (int l = 1; l < n_loads; l++) differ |= load[l] < load[0] || load[l] > load[0];
    if (!differ)
        return err_set(err, ST_USAGE,
                       "--plot: a curve needs two loads or more, e.g. --load 0.6,0.7,0.8,0.9,1");
    return gnuplot_find(err);
}

/* ---- lay-out ---- */

static const Interval *at(const Drawing *d, int policy, int l)
{
    return &d->p->sla[d->order[l] * d->p->n_policies + policy];
}

/* A few loads: insertion keeps equal ones in their order. */
static void sort_loads(Drawing *d)
{
    for (int i = 0; i < d->p->n_loads; i++) {
        int j = i;
        for (; j > 0 && d->p->load[d->order[j - 1]] > d->p->load[i]; j--)
            d->order[j] = d->order[j - 1];
        d->order[j] = i;
    }
}

static void find_axes(Drawing *d)
{
    double lo = 100, hi = 0, first = d->p->load[d->order[0]];
    double last = d->p->load[d->order[d->p->n_loads - 1]];
    for (int i = 0; i < d->p->n_policies; i++)
        for (int l = 0; l < d->p->n_loads; l++) {
            lo = fmin(lo, 100 * at(d, i, l)->lo);
            hi = fmax(hi, 100 * at(d, i, l)->hi);
        }
    double room = fmax(1, 0.04 * (hi - lo));
    d->y0 = fmax(lo - room, -2); /* no number beyond 0 and 100 at the axis */
    d->y1 = fmin(hi + room, 100 + 0.02 * (100 - d->y0));
    d->x0 = first - 0.03 * (last - first);
    d->x1 = last;
}

static double pixel_y(const Drawing *d, double percent)
{
    return TOP + d->plot_h * (d->y1 - percent) / (d->y1 - d->y0);
}

static void place_labels(Drawing *d)
{
    int last = d->p->n_loads - 1;
    for (int i = 0; i < d->p->n_policies; i++)
        d->label[i] = (CurveLabel){.curve = i, .at = pixel_y(d, 100 * at(d, i, last)->mean)};
    curve_labels_place(d->label, d->p->n_policies, LABEL_H, TOP + d->plot_h);
}

static void lay_out(Drawing *d)
{
    size_t longest = 0;
    for (int i = 0; i < d->p->n_policies; i++) {
        size_t n = strlen(d->p->name[i]);
        longest = n > longest ? n : longest;
    }
    if (longest > LABEL_CHARS) longest = LABEL_CHARS + 2;
    int labels = LABEL_H * d->p->n_policies;
    d->plot_h = labels > PLOT_H ? labels : PLOT_H;
    d->width = LEFT + PLOT_W + GAP + 24 + CHAR_W * (int)longest;
    d->height = TOP + d->plot_h + BOTTOM;
    sort_loads(d);
    find_axes(d);
    place_labels(d);
}

/* ---- script ---- */

/* A picture of pixels has twice as many as the lay-out: letters of 12 pixels are hard to read. */
static void put_terminal(const Drawing *d)
{
    if (d->png)
        fprintf(d->script,
                "set term pngcairo size %d,%d noenhanced font 'sans,9' fontscale 2 linewidth 2 "
                "pointscale 2 background '#ffffff'\n",
                2 * d->width, 2 * d->height);
    else
        fprintf(d->script,
                "set term svg size %d,%d noenhanced font 'sans-serif,12' background '#ffffff'\n",
                d->width, d->height);
}

/* "screen X,Y" of a pixel. */
static void put_place(const Drawing *d, double x, double y)
{
    fprintf(d->script, "screen %.5f,%.5f", x / d->width, 1 - y / d->height);
}

static void put_line_of_text(const Drawing *d, double y, const char *text, const char *style)
{
    fputs("set label ", d->script);
    gnuplot_text(d->script, text, 200);
    fputs(" at ", d->script);
    put_place(d, LEFT, y);
    fprintf(d->script, " left %s\n", style);
}

static void put_label(const Drawing *d, const CurveLabel *l)
{
    double edge = LEFT + PLOT_W, x = edge + GAP;
    const char *colour = curve_colour(l->curve);
    fputs("set arrow from ", d->script);
    put_place(d, edge + 5, l->at);
    fputs(" to ", d->script);
    put_place(d, x - 7, l->y);
    fprintf(d->script, " nohead lw 0.7 lc rgb '#%s'\nset label ", colour);
    gnuplot_text(d->script, d->p->name[l->curve], LABEL_CHARS);
    fputs(" at ", d->script);
    put_place(d, x, l->y);
    fprintf(d->script, " left offset 1.2,-0.15 point pt %d ps 0.8 lc rgb '#%s' tc rgb '#222222'\n",
            MARKER[l->curve % MARKERS], colour);
}

static void put_frame(const Drawing *d)
{
    fprintf(d->script,
            "set encoding utf8\n"
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
            "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n"
            "set xlabel 'load, as a fraction of the fluid bound' offset 0,0.4\n"
            "set ylabel 'deadlines met, %% of issued jobs'\n"
            "set tics nomirror out\nset border 3 lc rgb '#444444'\n"
            "set grid xtics ytics lt 1 lc rgb '#e0e0e0' lw 0.7\nunset key\n",
            (double)LEFT / d->width, (double)(LEFT + PLOT_W) / d->width,
            1 - (double)TOP / d->height, 1 - (double)(TOP + d->plot_h) / d->height, d->x0, d->x1,
            d->y0, d->y1);
    put_line_of_text(d, 22, d->p->title, d->png ? "font ',13'" : "font ',16'");
    put_line_of_text(d, 43, d->p->subtitle, "tc rgb '#555555'");
    for (int i = 0; i < d->p->n_policies; i++) put_label(d, &d->label[i]);
}

static void put_curves(const Drawing *d)
{
    int n = d->p->n_policies;
    for (int i = 0; i < n; i++) {
        fprintf(d->script, "$p%d << EOD\n", i);
        for (int l = 0; l < d->p->n_loads; l++) {
            const Interval *v = at(d, i, l);
            fprintf(d->script, "%.9g %.9g %.9g %.9g\n", d->p->load[d->order[l]], 100 * v->mean,
                    100 * v->lo, 100 * v->hi);
        }
        fputs("EOD\n", d->script);
    }
    for (int i = 0; i < n; i++) /* bands below all curves */
        fprintf(d->script,
                "%s $p%d using 1:3:4 with filledcurves lc rgb '#%s' fs transparent solid 0.16 "
                "noborder",
                i ? "," : "plot", i, curve_colour(i));
    for (int i = 0; i < n; i++)
        fprintf(d->script,
                ", $p%d using 1:2 with linespoints lw 1.6 pt %d ps 0.8 lc rgb '#%s' dt %s", i,
                MARKER[i % MARKERS], curve_colour(i), DASH[i / CURVE_COLOURS % DASHES]);
    fputs("\n", d->script);
}

/* ---- the whole ---- */

static Status draw(Drawing *d, const char *path, Err *err)
{
    if (!(d->script = tmpfile()))
        return err_set(err, ST_IO, "--plot: cannot write a temporary file");
    lay_out(d);
    put_terminal(d);
    put_frame(d);
    put_curves(d);
    Status st = gnuplot_draw(d->script, path,
                             d->png ? "IEND\xae"
                                      "B`\x82"
                                    : "</svg>",
                             err);
    fclose(d->script);
    return st;
}

Status eval_plot(const EvalPlot *plot, const char *path, Err *err)
{
    Drawing d = {.p = plot, .png = has_suffix(path, ".png")};
    Status st = ST_NOMEM;
    if ((d.order = mem_calloc((size_t)plot->n_loads, sizeof *d.order)) &&
        (d.label = mem_calloc((size_t)plot->n_policies, sizeof *d.label)))
        st = draw(&d, path, err);
    mem_free(d.order);
    mem_free(d.label);
    return st == ST_OK ? st : err_set(err, st, "--plot: %s", status_text(st));
}
