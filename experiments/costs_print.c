/* costs_print.c -- a cost table for people, as CSV and as JSON. */
#include "experiments/costs.h"
#include "experiments/output.h"

#include <stdio.h>
#include <string.h>

static const char *const LEVEL_NAMES[LEVELS] = {"mac", "spad", "buffer", "glb", "dram"};
static const char *const POLICY_NAMES[] = {"timeloop", "hardware"};

/* One printed line: a layer's or a total's. */
typedef struct Line {
    const char *accelerator, *network, *layer;
    const LayerCost *cost;
    bool best;
} Line;

static double dram_bytes(const LayerCost *c)
{
    return c->dram_read_bytes + c->dram_write_bytes;
}

/* Bytes per us are MB/s. */
static double needed_gbps(const LayerCost *c)
{
    return dram_bytes(c) / c->latency_us * 1e-3;
}

static Line line_of(const CostRow *row)
{
    return (Line){row->accelerator, row->network, row->layer, row->cost, row->best};
}

/* Calls print for every line of the view: layers, then their total. */
typedef void PrintLine(const CostView *view, const Line *line, bool first);

static void each_line(const CostTable *t, const CostView *view, PrintLine *print)
{
    CostTotal total[COSTS_MAX_ACCELS];
    bool first = true;
    for (int i = 0; t->csv && i < t->n_rows; i++, first = false) {
        Line line = line_of(&t->row[i]);
        print(view, &line, first);
    }
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        for (int a = 0; a < t->n_accels; a++) {
            int n;
            const CostRow *row = costs_rows(t, net, a, &n);
            for (int i = 0; i < n && !view->summary; i++, first = false) {
                Line line = line_of(&row[i]);
                print(view, &line, first);
            }
            Line line = {row->accelerator, row->network, "total", &total[a].sum, total[a].best};
            print(view, &line, first);
            first = false;
        }
    }
}

/* ---- CSV ---- */

/* The nine columns that every CSV begins with; a list of layers has no more unless asked. */
static void csv_line_out(const CostView *view, const Line *l, bool first)
{
    const LayerCost *c = l->cost;
    (void)first;
    print_csv_text(l->accelerator);
    putchar(',');
    print_csv_text(l->network);
    putchar(',');
    print_csv_text(l->layer);
    printf(",%.12g,%.6f,%.12g,%.12g,%.12g,%s", c->cycles, c->utilization, c->energy_pj,
           c->dram_read_bytes, c->dram_write_bytes, c->limited_by);
    if (!view->verbose) {
        putchar('\n');
        return;
    }
    printf(",%.12g,%.12g,%.6f,%.6f", c->macs, c->compute_cycles, c->latency_us, needed_gbps(c));
    for (int i = 0; i < LEVELS; i++) printf(",%.12g", c->level_pj[i]);
    printf(",%d,", l->best);
    print_csv_text(c->mapping);
    putchar('\n');
}

static void print_csv(const CostTable *t, const CostView *view)
{
    CostView v = *view;
    v.verbose |= t->n_nets > 0;
    fputs("accelerator,network,layer,cycles,utilization,energy_pj,dram_read_bytes,dram_write_bytes,"
          "limited_by",
          stdout);
    if (v.verbose) {
        fputs(",macs,compute_cycles,latency_us,bandwidth_gbps", stdout);
        for (int i = 0; i < LEVELS; i++) printf(",%s_pj", LEVEL_NAMES[i]);
        fputs(",best,mapping", stdout);
    }
    putchar('\n');
    each_line(t, &v, csv_line_out);
}

/* ---- JSON ---- */

static void json_line(const CostView *view, const Line *l, bool first)
{
    const LayerCost *c = l->cost;
    printf("%s\n {\"accelerator\": ", first ? "" : ",");
    print_json_text(l->accelerator);
    fputs(", \"network\": ", stdout);
    print_json_text(l->network);
    fputs(", \"layer\": ", stdout);
    print_json_text(l->layer);
    printf(", \"macs\": %.12g, \"compute_cycles\": %.12g, \"cycles\": %.12g, \"latency_us\": %.6f, "
           "\"utilization\": %.6f, \"limited_by\": \"%s\", \"dram_read_bytes\": %.12g, "
           "\"dram_write_bytes\": %.12g, \"bandwidth_gbps\": %.6f, \"energy_pj\": %.12g, "
           "\"energy_pj_by_level\": {",
           c->macs, c->compute_cycles, c->cycles, c->latency_us, c->utilization, c->limited_by,
           c->dram_read_bytes, c->dram_write_bytes, needed_gbps(c), c->energy_pj);
    for (int i = 0; i < LEVELS; i++)
        printf("%s\"%s\": %.12g", i ? ", " : "", LEVEL_NAMES[i], c->level_pj[i]);
    printf("}, \"best\": %s", l->best ? "true" : "false");
    if (view->verbose) {
        fputs(", \"mapping\": ", stdout);
        print_json_text(c->mapping);
    }
    putchar('}');
}

static void print_json(const CostTable *t, const CostView *view)
{
    printf("{\"policy\": \"%s\", ", POLICY_NAMES[view->policy]);
    if (t->system) {
        fputs("\"system\": ", stdout);
        print_json_text(t->system->name);
        fputs(", ", stdout);
    }
    fputs("\"dram_gbps\": ", stdout);
    if (view->dram_gbps > 0)
        printf("%.12g", view->dram_gbps);
    else
        fputs("null", stdout);
    fputs(", \"results\": [", stdout);
    each_line(t, view, json_line);
    puts("\n]}");
}

/* ---- tables ---- */

typedef struct Widths {
    int accelerator, network, layer;
} Widths;

static int characters(const char *text)
{
    int n = 0;
    for (; *text; n++) text += utf8_length(text) ? utf8_length(text) : 1;
    return n;
}

static void widen(int *w, const char *text)
{
    int n = characters(text);
    if (n > *w) *w = n;
}

static Widths measure(const CostTable *t)
{
    Widths w = {11, 7, 5};
    for (int i = 0; i < t->n_rows; i++) {
        widen(&w.accelerator, t->row[i].accelerator);
        widen(&w.network, t->row[i].network);
        widen(&w.layer, t->row[i].layer);
    }
    return w;
}

/* text in `width` columns, control characters as '?'. */
static void print_name(const char *text, int width)
{
    int n = characters(text);
    for (; *text; text++) putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
    printf("%*s", width > n ? width - n : 0, "");
}

static void print_heading(const CostView *view)
{
    printf("  %10s  %12s  %12s  %6s  %-10s  %9s  %6s  %11s", "MMACs", "compute cyc", "latency us",
           "util %", "limited by", "DRAM MB", "GB/s", "energy uJ");
    for (int l = 0; l < LEVELS && view->verbose; l++)
        printf("%s%s uJ", l ? "  " : "  = ", LEVEL_NAMES[l]);
    puts(view->verbose ? "     mapping" : "");
}

static void print_cost(const CostView *view, const LayerCost *c, bool best)
{
    printf("  %10.3f  %12.0f  %12.2f  %6.1f  %-10s  %9.3f  %6.2f  %11.2f", c->macs * 1e-6,
           c->compute_cycles, c->latency_us, 100 * c->utilization, c->limited_by,
           dram_bytes(c) * 1e-6, needed_gbps(c), c->energy_pj * 1e-6);
    for (int l = 0; l < LEVELS && view->verbose; l++)
        printf("%*.2f", l ? (int)strlen(LEVEL_NAMES[l]) + 5 : 10, c->level_pj[l] * 1e-6);
    if (best) fputs(" *", stdout);
    if (view->verbose && *c->mapping) printf("%s  %s", best ? "" : "  ", c->mapping);
    putchar('\n');
}

static void print_summary(const CostTable *t, const CostView *view, const Widths *w)
{
    CostTotal total[COSTS_MAX_ACCELS];
    printf("%-*s  %-*s", w->network, "network", w->accelerator, "accelerator");
    print_heading(view);
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        for (int a = 0; a < t->n_accels; a++) {
            printf("%-*s  %-*s", w->network, a ? "" : t->net[net]->name, w->accelerator,
                   t->accel_shown[a]);
            print_cost(view, &total[a].sum, total[a].best);
        }
    }
}

static void print_network(const CostTable *t, const CostView *view, const Widths *w, int net,
                          const CostTotal *total)
{
    for (int a = 0; a < t->n_accels; a++) {
        int n;
        const CostRow *row = costs_rows(t, net, a, &n);
        printf("%s on %s: %.0f MACs per cycle, %.0f MHz, %d-bit words\n%-*s", row->network,
               row->accelerator, accel_peak_macs(t->accel[a]), accel_clock_mhz(t->accel[a]),
               accel_word_bits(t->accel[a]), w->layer, "layer");
        print_heading(view);
        for (int i = 0; i < n; i++) {
            print_name(row[i].layer, w->layer);
            print_cost(view, row[i].cost, row[i].best);
        }
        printf("%-*s", w->layer, "total");
        print_cost(view, &total[a].sum, total[a].best);
        putchar('\n');
    }
}

static void print_layers(const CostTable *t, const CostView *view, const Widths *w)
{
    printf("%-*s  %-*s  %-*s", w->network, "network", w->layer, "layer", w->accelerator,
           "accelerator");
    print_heading(view);
    for (int i = 0; i < t->n_rows; i++) {
        const CostRow *row = &t->row[i];
        print_name(row->network, w->network + 2);
        print_name(row->layer, w->layer + 2);
        print_name(row->accelerator, w->accelerator);
        print_cost(view, row->cost, row->best);
    }
}

/* ---- accelerators side by side ---- */

static int column_width(const CostTable *t, int accel)
{
    int w = 10;
    widen(&w, t->accel_shown[accel]);
    return w + 2;
}

static void print_side_heading(const CostTable *t, const char *what, int width)
{
    print_name(what, width);
    printf("  %10s", "MMACs");
    for (int a = 0; a < t->n_accels; a++) printf("%*s ", column_width(t, a), t->accel_shown[a]);
    puts(" best");
}

static void print_side(const CostTable *t, const char *name, int width, const Line *line)
{
    const char *best = "";
    print_name(name, width);
    printf("  %10.3f", line[0].cost->macs * 1e-6);
    for (int a = 0; a < t->n_accels; a++) {
        printf("%*.2f%c", column_width(t, a), line[a].cost->latency_us, line[a].best ? '*' : ' ');
        if (line[a].best) best = t->accel_shown[a];
    }
    printf(" %s\n", best);
}

/* Rows `stride` apart are one layer's on the accelerators. */
static double print_side_layer(const CostTable *t, const CostRow *first, int stride, int width)
{
    Line line[COSTS_MAX_ACCELS];
    double best_us = 0;
    for (int a = 0; a < t->n_accels; a++) {
        line[a] = line_of(first + a * stride);
        if (line[a].best) best_us = line[a].cost->latency_us;
    }
    print_side(t, first->layer, width, line);
    return best_us;
}

static void print_side_total(const CostTable *t, const char *name, int width,
                             const CostTotal *total)
{
    Line line[COSTS_MAX_ACCELS];
    for (int a = 0; a < t->n_accels; a++)
        line[a] = (Line){.cost = &total[a].sum, .best = total[a].best};
    print_side(t, name, width, line);
}

static void compare_network(const CostTable *t, const Widths *w, int net, const CostTotal *total)
{
    int n;
    double best_us = 0;
    const CostRow *row = costs_rows(t, net, 0, &n);
    printf("%s: latency in us\n", row->network);
    print_side_heading(t, "layer", w->layer);
    for (int i = 0; i < n; i++) best_us += print_side_layer(t, &row[i], n, w->layer);
    print_side_total(t, "total", w->layer, total);
    printf("each layer on its best: %.2f us\n\n", best_us);
}

static void compare_totals(const CostTable *t, const Widths *w)
{
    CostTotal total[COSTS_MAX_ACCELS];
    puts("Latency in us");
    print_side_heading(t, "network", w->network);
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        print_side_total(t, t->net[net]->name, w->network, total);
    }
    putchar('\n');
}

static void compare_layers(const CostTable *t, const Widths *w)
{
    puts("Latency in us");
    print_name("network", w->network + 2);
    print_side_heading(t, "layer", w->layer);
    for (int i = 0; i < t->n_rows; i += t->n_accels) {
        print_name(t->row[i].network, w->network + 2);
        print_side_layer(t, &t->row[i], 1, w->layer);
    }
    putchar('\n');
}

/* ---- all of it ---- */

static void print_networks(const CostTable *t, const CostView *view, const Widths *w)
{
    CostTotal total[COSTS_MAX_ACCELS];
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        print_network(t, view, w, net, total);
        if (t->n_accels > 1) compare_network(t, w, net, total);
    }
}

static void print_notes(const CostTable *t, const CostView *view)
{
    printf("Isolated costs, policy %s, ", POLICY_NAMES[view->policy]);
    if (t->system)
        printf("on system %s: %g GB/s of DRAM", t->system->name, t->system->dram_gbps);
    else if (view->dram_gbps > 0)
        printf("DRAM of %g GB/s", view->dram_gbps);
    else
        fputs("each accelerator with its own DRAM port", stdout);
    puts(". GB/s: what a layer asks of the DRAM while it runs.");
    if (view->verbose)
        printf("%d rows, %d different pairs of layer and accelerator: each was mapped once.\n",
               t->n_rows, t->n_pairs);
    if (t->n_accels > 1) puts("* the fastest accelerator, then the one of the least energy.");
    if (t->n_nets)
        printf("A total runs one layer after the other; %s.\n",
               t->system
                   ? "fused pooling and activation are free, fused additions read their other "
                     "operands"
                   : "pooling, activation and additions that are fused are free");
}

static void print_table(const CostTable *t, const CostView *view)
{
    Widths w = measure(t);
    if (t->csv) {
        print_layers(t, view, &w);
        putchar('\n');
        if (costs_side_by_side(t)) compare_layers(t, &w);
    } else if (view->summary) {
        print_summary(t, view, &w);
        putchar('\n');
        if (t->n_accels > 1) compare_totals(t, &w);
    } else {
        print_networks(t, view, &w);
    }
    print_notes(t, view);
}

void costs_print(const CostTable *t, const CostView *view)
{
    if (view->format == FORMAT_CSV)
        print_csv(t, view);
    else if (view->format == FORMAT_JSON)
        print_json(t, view);
    else
        print_table(t, view);
}
