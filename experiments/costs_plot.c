/* costs_plot.c -- draws a cost table as rooflines (Williams, Waterman, Patterson, CACM 2009), one panel
 * per accelerator: what each layer achieves over its MACs per DRAM byte, under the roof that the MAC
 * array and the DRAM port make. All panels have the same axes. */
#include "base/mem.h"
#include "experiments/costs.h"
#include "experiments/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. */
enum {
    HEAD = 40,
    PANEL_W = 470,
    PANEL_H = 350,
    ONE_W = 760, /* a panel alone */
    ONE_H = 520,
    LEFT = 62,
    RIGHT = 16,
    TOP = 34,
    BOTTOM = 46,
    LEGEND_ROW = 20,
    CHAR_W = 7,      /* of the font, on average, to be on the safe side */
    SMALL_CHAR_W = 6 /* of labels */
};
enum { LABELS_MAX = 6, TRIES_MAX = 60, LABEL_CHARS = 28, COLOURS = 16 };

/* Tells sixteen networks apart; dark enough on white. */
static const char *const PALETTE[COLOURS] = {
    "1f77b4", "d62728", "2ca02c", "ff7f0e", "9467bd", "17becf", "8c564b", "e377c2",
    "7f7f7f", "bcbd22", "0b3d91", "7a0019", "004d40", "b8860b", "ff1493", "6b8e23"};

/* The occurrences of one layer shape in one network on one accelerator. */
typedef struct Point {
    int accel, series, pair;
    const LayerCost *cost;
    const char *layer;        /* the first of them */
    double us;                /* all together */
    double part;              /* of the network's time on this accelerator */
    double intensity, gmac_s; /* MACs per byte, achieved */
} Point;

typedef struct Plot {
    const CostTable *t;
    const CostView *view;
    FILE *script;
    Point *point; /* by accelerator, then network */
    int n_points;
    const char *series[COSTS_MAX_NETS];
    int n_series;
    double x0, x1, y0, y1;          /* log10 of the axes' ends */
    int columns, width, height;     /* of the picture */
    int panel_w, panel_h, legend_h; /* one panel, the legend under all */
} Plot;

/* ---- points ---- */

/* Networks beyond the table are drawn as one. */
static int series_of(Plot *p, const char *network)
{
    for (int i = 0; i < p->n_series; i++)
        if (!strcmp(p->series[i], network)) return i;
    if (p->n_series == COSTS_MAX_NETS) {
        p->series[COSTS_MAX_NETS - 1] = "others";
        return COSTS_MAX_NETS - 1;
    }
    p->series[p->n_series] = network;
    return p->n_series++;
}

/* GB/s of the roof: the port, or the system's DRAM if that is slower. */
static double dram_roof(const Plot *p, int accel)
{
    double own = accel_dram_gbps(p->t->accel[accel]);
    return p->view->dram_gbps > 0 ? fmin(own, p->view->dram_gbps) : own;
}

/* Bytes that the roof's GB/s must move: a system's DRAM moves both directions, of a port of two
 * sides the busier one counts. */
static double roof_bytes(const Plot *p, int accel, const LayerCost *c)
{
    const AccelConfig *a = p->t->accel[accel];
    if (p->view->dram_gbps > 0) return c->dram_read_bytes + c->dram_write_bytes;
    return fmax(c->dram_read_bytes,
                c->dram_write_bytes * accel_dram_gbps(a) / accel_dram_write_gbps(a));
}

static int by_place(const void *a, const void *b)
{
    const Point *x = a, *y = b;
    if (x->accel != y->accel) return x->accel < y->accel ? -1 : 1;
    if (x->series != y->series) return x->series < y->series ? -1 : 1;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    return (x->intensity > y->intensity) - (x->intensity < y->intensity); /* fused operands */
}

static void merge_points(Plot *p)
{
    int n = 0;
    qsort(p->point, (size_t)p->n_points, sizeof *p->point, by_place);
    for (int i = 0; i < p->n_points; i++)
        if (n > 0 && by_place(&p->point[n - 1], &p->point[i]) == 0)
            p->point[n - 1].us += p->point[i].us;
        else
            p->point[n++] = p->point[i];
    p->n_points = n;
}

static void find_parts(Plot *p)
{
    for (int i = 0, end; i < p->n_points; i = end) {
        double us = 0;
        for (end = i; end < p->n_points && p->point[end].accel == p->point[i].accel &&
                      p->point[end].series == p->point[i].series;
             end++)
            us += p->point[end].us;
        for (int j = i; j < end; j++) p->point[j].part = p->point[j].us / us;
    }
}

/* Layers that only move bytes have no place on a logarithmic axis of MACs. */
static Status make_points(Plot *p, Err *err)
{
    const CostTable *t = p->t;
    if (!(p->point = mem_calloc((size_t)t->n_rows, sizeof *p->point)))
        return err_set(err, ST_NOMEM, "costs: %s", status_text(ST_NOMEM));
    for (int i = 0; i < t->n_rows; i++) {
        const CostRow *row = &t->row[i];
        const LayerCost *c = row->cost;
        int series = series_of(p, row->network);
        if (c->macs <= 0) continue;
        p->point[p->n_points++] = (Point){.accel = row->accel,
                                          .series = series,
                                          .pair = row->pair,
                                          .cost = c,
                                          .layer = row->layer,
                                          .us = c->latency_us,
                                          .intensity = c->macs / roof_bytes(p, row->accel, c),
                                          .gmac_s = c->macs / c->latency_us * 1e-3};
    }
    merge_points(p);
    find_parts(p);
    return p->n_points ? ST_OK : err_set(err, ST_CONFIG, "--plot: there is no layer with MACs");
}

/* ---- axes and places ---- */

static double peak_gmac_s(const Plot *p, int accel)
{
    const AccelConfig *a = p->t->accel[accel];
    return accel_peak_macs(a) * accel_clock_mhz(a) * 1e-3;
}

static void widen(double *lo, double *hi, double value)
{
    *lo = fmin(*lo, log10(value));
    *hi = fmax(*hi, log10(value));
}

static void find_axes(Plot *p)
{
    p->x0 = p->y0 = HUGE_VAL;
    p->x1 = p->y1 = -HUGE_VAL;
    for (int i = 0; i < p->n_points; i++) {
        widen(&p->x0, &p->x1, p->point[i].intensity);
        widen(&p->y0, &p->y1, p->point[i].gmac_s);
    }
    for (int a = 0; a < p->t->n_accels; a++) {
        widen(&p->x0, &p->x1, peak_gmac_s(p, a) / dram_roof(p, a));
        widen(&p->y0, &p->y1, peak_gmac_s(p, a));
    }
    p->x0 -= 0.15;
    p->x1 += 0.25;
    p->y0 -= 0.15;
    p->y1 += 0.25;
}

static const char *series_name(const Plot *p, int i)
{
    return *p->series[i] ? p->series[i] : "layers";
}

/* Width of a legend entry. */
static int entry_width(const char *name)
{
    size_t n = strlen(name);
    return 34 + CHAR_W * (int)(n < LABEL_CHARS ? n : LABEL_CHARS + 2);
}

static void lay_out(Plot *p)
{
    int n = p->t->n_accels, rows = 1, x = 0;
    p->columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
    p->panel_w = n == 1 ? ONE_W : PANEL_W;
    p->panel_h = n == 1 ? ONE_H : PANEL_H;
    p->width = p->columns * p->panel_w;
    for (int i = 0; i < p->n_series; i++) {
        int w = entry_width(series_name(p, i));
        if (x > 0 && LEFT + x + w > p->width) rows++, x = 0;
        x += w;
    }
    p->legend_h = (rows + 1) * LEGEND_ROW + 24;
    p->height = HEAD + (n + p->columns - 1) / p->columns * p->panel_h + p->legend_h;
}

/* Where a panel's axes are, in pixels from the top left. */
typedef struct Box {
    double x0, y0, x1, y1;
} Box;

static Box box_of(const Plot *p, int panel)
{
    double x = panel % p->columns * p->panel_w, y = HEAD + panel / p->columns * p->panel_h;
    return (Box){x + LEFT, y + TOP, x + p->panel_w - RIGHT, y + p->panel_h - BOTTOM};
}

/* ---- script: the parts around the panels ---- */

/* "at screen X,Y" of a pixel. */
static void put_at(const Plot *p, double x, double y)
{
    fprintf(p->script, " at screen %.5f,%.5f", x / p->width, 1 - y / p->height);
}

static void put_entry(const Plot *p, double x, double y, int symbol, const char *colour,
                      const char *text)
{
    fputs("set label ", p->script);
    gnuplot_text(p->script, text, LABEL_CHARS);
    put_at(p, x, y);
    fprintf(p->script, " left offset 1,-0.25 point pt %d ps 1 lc rgb '#%s'\n", symbol, colour);
}

enum { SYMBOL_COMPUTE = 7, SYMBOL_DRAM = 9, SYMBOL_CHIP = 13 }; /* circle, triangle, diamond */

static int symbol_of(const LayerCost *c)
{
    if (!strcmp(c->limited_by, "compute")) return SYMBOL_COMPUTE;
    return !strcmp(c->limited_by, "dram") ? SYMBOL_DRAM : SYMBOL_CHIP;
}

static void put_legend(const Plot *p)
{
    double x = 0, y = p->height - p->legend_h + 18;
    for (int i = 0; i < p->n_series; i++) {
        int w = entry_width(series_name(p, i));
        if (x > 0 && LEFT + x + w > p->width) {
            x = 0;
            y += LEGEND_ROW;
        }
        put_entry(p, LEFT + x, y, SYMBOL_COMPUTE, PALETTE[i % COLOURS], series_name(p, i));
        x += w;
    }
    y += LEGEND_ROW + 4;
    put_entry(p, LEFT, y, SYMBOL_COMPUTE, "555555", "compute limits");
    put_entry(p, LEFT + 130, y, SYMBOL_DRAM, "555555", "DRAM limits");
    put_entry(p, LEFT + 240, y, SYMBOL_CHIP, "555555", "the chip's buffers limit");
    fputs("set label 'larger: more of its network''s time'", p->script);
    put_at(p, LEFT + 420, y);
    fputs(" left\n", p->script);
}

static void put_title(const Plot *p)
{
    char title[256], dram[64] = "each with its own DRAM port";
    if (p->view->dram_gbps > 0)
        snprintf(dram, sizeof dram, "on a DRAM of %g GB/s", p->view->dram_gbps);
    snprintf(title, sizeof title, "Rooflines of layers, mapping policy %s, %s",
             p->view->policy == MAP_TIMELOOP ? "timeloop" : "hardware", dram);
    fputs("set label ", p->script);
    gnuplot_text(p->script, title, 200);
    put_at(p, LEFT, 18);
    fputs(" left font ',13'\n", p->script);
}

static void put_head(const Plot *p)
{
    fprintf(p->script,
            "set term svg size %d,%d noenhanced font 'sans-serif,11' background '#ffffff'\n"
            "set encoding utf8\n"
            "set multiplot\n"
            "set logscale xy\n"
            "set format '%%g'\n"
            "set tics nomirror\n"
            "set grid xtics ytics lc rgb '#e4e4e4' lw 0.5\n"
            "set border 3 lc rgb '#444444'\n"
            "unset key\n"
            "set xrange [%.9g:%.9g]\n"
            "set yrange [%.9g:%.9g]\n"
            "set ylabel 'GMAC/s' offset 1,0\n",
            p->width, p->height, pow(10, p->x0), pow(10, p->x1), pow(10, p->y0), pow(10, p->y1));
    fprintf(p->script, "set xlabel 'MACs per DRAM byte%s' offset 0,0.4\n",
            p->view->dram_gbps > 0 ? "" : " (read or written, whichever are more)");
    put_title(p);
    put_legend(p);
}

/* ---- script: one panel ---- */

/* The end of the text that must not cover another, in pixels. */
typedef struct Label {
    const Point *point;
    Box box;
    bool left; /* of its point */
} Label;

static bool overlap(const Box *a, const Box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

static double pixel_x(const Plot *p, const Box *axes, double x)
{
    return axes->x0 + (log10(x) - p->x0) / (p->x1 - p->x0) * (axes->x1 - axes->x0);
}

static double pixel_y(const Plot *p, const Box *axes, double y)
{
    return axes->y1 - (log10(y) - p->y0) / (p->y1 - p->y0) * (axes->y1 - axes->y0);
}

static void label_text(const Plot *p, const Point *point, char *out, size_t cap)
{
    if (p->n_series > 1 && *point->layer)
        snprintf(out, cap, "%s/%s", series_name(p, point->series), point->layer);
    else
        snprintf(out, cap, "%s", *point->layer ? point->layer : series_name(p, point->series));
}

/* Right of the point, or left if it would leave the panel there; below it, the roof is above. */
static Label place_label(const Plot *p, const Box *axes, const Point *point)
{
    char text[256];
    label_text(p, point, text, sizeof text);
    size_t chars = strlen(text) < LABEL_CHARS ? strlen(text) : LABEL_CHARS + 2;
    double w = SMALL_CHAR_W * (double)chars, x = pixel_x(p, axes, point->intensity);
    double y = pixel_y(p, axes, point->gmac_s) + 11;
    bool left = x + 6 + w > axes->x1;
    double from = left ? x - 6 - w : x + 6;
    return (Label){point, {from, y - 7, from + w, y + 7}, left};
}

/* Within the panel and below the roof. */
static bool is_free(const Plot *p, const Box *axes, const Label *l)
{
    double decades = (l->box.x0 - axes->x0) / (axes->x1 - axes->x0) * (p->x1 - p->x0);
    double under = pow(10, p->x0 + decades) * dram_roof(p, l->point->accel);
    return l->box.x0 >= axes->x0 && l->box.y1 <= axes->y1 &&
           l->box.y0 > pixel_y(p, axes, fmin(under, peak_gmac_s(p, l->point->accel)));
}

/* The next smaller point after `last` (NULL: the largest), equal ones in their order. */
static const Point *next_point(const Point *point, int n, const Point *last)
{
    const Point *next = NULL;
    for (const Point *c = point; c < point + n; c++) {
        bool after = !last || c->part < last->part || (c->part <= last->part && c > last);
        if (after && (!next || c->part > next->part)) next = c;
    }
    return next;
}

/* The largest points first, as long as their texts are free of each other. */
static int choose_labels(const Plot *p, const Box *axes, const Point *point, int n,
                         Label label[LABELS_MAX])
{
    int chosen = 0, tries = 0;
    const Point *next = next_point(point, n, NULL);
    for (; next && next->part >= 0.02 && chosen < LABELS_MAX && tries < TRIES_MAX; tries++) {
        label[chosen] = place_label(p, axes, next);
        bool fits = is_free(p, axes, &label[chosen]);
        for (int i = 0; i < chosen && fits; i++) fits = !overlap(&label[chosen].box, &label[i].box);
        chosen += fits;
        next = next_point(point, n, next);
    }
    return chosen;
}

static void put_labels(const Plot *p, const Box *axes, const Point *point, int n)
{
    Label label[LABELS_MAX];
    int chosen = choose_labels(p, axes, point, n, label);
    for (int i = 0; i < chosen; i++) {
        char text[256];
        const Box *b = &label[i].box;
        label_text(p, label[i].point, text, sizeof text);
        fputs("set label ", p->script);
        gnuplot_text(p->script, text, LABEL_CHARS);
        put_at(p, label[i].left ? b->x1 : b->x0, (b->y0 + b->y1) / 2);
        fprintf(p->script, " %s font ',9' tc rgb '#333333' front\n",
                label[i].left ? "right" : "left");
    }
}

/* What the two parts of the roof are, written along them. */
static void put_roof_labels(const Plot *p, const Box *axes, int accel)
{
    double peak = peak_gmac_s(p, accel), roof = dram_roof(p, accel);
    double across = (axes->x1 - axes->x0) / (p->x1 - p->x0); /* pixels per decade */
    double up = (axes->y1 - axes->y0) / (p->y1 - p->y0);
    double x = fmax(pow(10, p->x0), pow(10, p->y0) / roof); /* where the slope begins */
    double slope = atan2(up, across), px = pixel_x(p, axes, x) + 16;
    double py = pixel_y(p, axes, x * roof) - 16 * up / across;

    fprintf(p->script, "set label 'peak %g GMAC/s'", peak);
    put_at(p, axes->x1 - 2, pixel_y(p, axes, peak) - 9);
    fputs(" right font ',10' tc rgb '#444444'\n", p->script);
    fprintf(p->script, "set label 'DRAM %g GB/s'", roof);
    put_at(p, px - 12 * sin(slope), py - 12 * cos(slope));
    fprintf(p->script, " left rotate by %.1f font ',10' tc rgb '#444444'\n",
            slope * 180 / acos(-1));
}

static void put_data(const Plot *p, int accel, const Point *point, int n)
{
    double peak = peak_gmac_s(p, accel), roof = dram_roof(p, accel), ridge = peak / roof;
    fprintf(p->script, "$roof << EOD\n%.9g %.9g\n%.9g %.9g\n%.9g %.9g\nEOD\n",
            fmin(pow(10, p->x0), ridge), fmin(pow(10, p->x0) * roof, peak), ridge, peak,
            pow(10, p->x1), peak);
    fputs("$points << EOD\n", p->script);
    for (int i = 0; i < n; i++) {
        fprintf(p->script, "%.9g %.9g %.3f %d 0x40%s\n", point[i].intensity, point[i].gmac_s,
                0.35 + 1.5 * sqrt(point[i].part), symbol_of(point[i].cost),
                PALETTE[point[i].series % COLOURS]);
    }
    fputs("EOD\n", p->script);
}

static void put_panel(const Plot *p, int accel, const Point *point, int n)
{
    Box axes = box_of(p, accel);
    const AccelConfig *a = p->t->accel[accel];
    char title[256];
    fprintf(p->script,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            axes.x0 / p->width, axes.x1 / p->width, 1 - axes.y0 / p->height,
            1 - axes.y1 / p->height);
    snprintf(title, sizeof title, "%s: %g MACs at %g MHz, %d bits", p->t->accel_shown[accel],
             accel_peak_macs(a), accel_clock_mhz(a), accel_word_bits(a));
    fputs("set title ", p->script);
    gnuplot_text(p->script, title, 90);
    fputs(" offset 0,-0.3\n", p->script);
    put_roof_labels(p, &axes, accel);
    put_labels(p, &axes, point, n);
    put_data(p, accel, point, n);
    fputs("plot $roof with lines lw 1.5 lc rgb '#444444', $points using 1:2:3:4:5 "
          "with points pointsize variable pointtype variable lc rgb variable\n"
          "unset label\n",
          p->script);
}

static void write_script(Plot *p)
{
    int first = 0;
    find_axes(p);
    lay_out(p);
    put_head(p);
    for (int a = 0; a < p->t->n_accels; a++) {
        int end = first;
        while (end < p->n_points && p->point[end].accel == a) end++;
        put_panel(p, a, &p->point[first], end - first);
        first = end;
    }
    fputs("unset multiplot\n", p->script);
}

Status costs_plot(const CostTable *t, const CostView *view, const char *path, Err *err)
{
    Plot p = {.t = t, .view = view};
    Status st;
    TRY(make_points(&p, err));
    if (!(p.script = tmpfile())) {
        st = err_set(err, ST_IO, "--plot: cannot write a temporary file");
        goto fail;
    }
    write_script(&p);
    st = gnuplot_draw(p.script, path, "</svg>", err);
    fclose(p.script);
fail:
    mem_free(p.point);
    return st;
}
