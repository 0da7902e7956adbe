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

static Line line_of(const CostTable *t, const CostRow *row)
{
    return (Line){row->accelerator, row->network, row->layer, costs_of(t, row), row->best};
}

/* Calls print for every line of the view: layers, then their total. */
typedef void PrintLine(const CostView *view, const Line *line, bool first);

static void each_line(const CostTable *t, const CostView *view, PrintLine *print)
{
    CostTotal total[COSTS_MAX_ACCELS];
    bool first = true;
    for (int i = 0; t->csv && i < t->n_rows; i++, first = false) {
        Line line = line_of(t, &t->row[i]);
        print(view, &line, first);
    }
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        for (int a = 0; a < t->n_accels; a++) {
            int n;
            const CostRow *row = costs_rows(t, net, a, &n);
            for (int i = 0; i < n && !view->summary; i++, first = false) {
                Line line = line_of(t, &row[i]);
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
    printf("{\"policy\": \"%s\", \"dram_gbps\": ", POLICY_NAMES[view->policy]);
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

static void widen(int *w, const char *text)
{
    if ((int)strlen(text) > *w) *w = (int)strlen(text);
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

static void print_heading(void)
{
    printf("  %10s  %12s  %12s  %6s  %-10s  %9s  %6s  %11s\n", "MMACs", "compute cyc", "latency us",
           "util %", "limited by", "DRAM MB", "GB/s", "energy uJ");
}

static void print_cost(const CostView *view, const LayerCost *c, bool best)
{
    printf("  %10.3f  %12.0f  %12.2f  %6.1f  %-10s  %9.3f  %6.2f  %11.2f%s", c->macs * 1e-6,
           c->compute_cycles, c->latency_us, 100 * c->utilization, c->limited_by,
           dram_bytes(c) * 1e-6, needed_gbps(c), c->energy_pj * 1e-6, best ? " *" : "");
    if (view->verbose && *c->mapping) printf("%s  %s", best ? "" : "  ", c->mapping);
    putchar('\n');
}

static void print_summary(const CostTable *t, const CostView *view, const Widths *w)
{
    CostTotal total[COSTS_MAX_ACCELS];
    printf("%-*s  %-*s", w->network, "network", w->accelerator, "accelerator");
    print_heading();
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        for (int a = 0; a < t->n_accels; a++) {
            printf("%-*s  %-*s", w->network, a ? "" : t->net[net]->name, w->accelerator,
                   t->accel_shown[a]);
            print_cost(view, &total[a].sum, total[a].best);
        }
    }
}

static void print_networks(const CostTable *t, const CostView *view, const Widths *w)
{
    CostTotal total[COSTS_MAX_ACCELS];
    for (int net = 0; net < t->n_nets; net++) {
        costs_totals(t, net, total);
        for (int a = 0; a < t->n_accels; a++) {
            int n;
            const CostRow *row = costs_rows(t, net, a, &n);
            printf("%s%s on %s: %.0f MACs per cycle, %.0f MHz, %d-bit words\n%-*s",
                   net + a ? "\n" : "", row->network, row->accelerator,
                   accel_peak_macs(t->accel[a]), accel_clock_mhz(t->accel[a]),
                   accel_word_bits(t->accel[a]), w->layer, "layer");
            print_heading();
            for (int i = 0; i < n; i++) {
                printf("%-*s", w->layer, row[i].layer);
                print_cost(view, costs_of(t, &row[i]), row[i].best);
            }
            printf("%-*s", w->layer, "total");
            print_cost(view, &total[a].sum, total[a].best);
        }
    }
}

static void print_layers(const CostTable *t, const CostView *view, const Widths *w)
{
    printf("%-*s  %-*s  %-*s", w->network, "network", w->layer, "layer", w->accelerator,
           "accelerator");
    print_heading();
    for (int i = 0; i < t->n_rows; i++) {
        const CostRow *row = &t->row[i];
        printf("%-*s  %-*s  %-*s", w->network, row->network, w->layer, row->layer, w->accelerator,
               row->accelerator);
        print_cost(view, costs_of(t, row), row->best);
    }
}

static void print_table(const CostTable *t, const CostView *view)
{
    Widths w = measure(t);
    if (t->csv)
        print_layers(t, view, &w);
    else if (view->summary)
        print_summary(t, view, &w);
    else
        print_networks(t, view, &w);
    printf("\nIsolated costs, policy %s, ", POLICY_NAMES[view->policy]);
    if (view->dram_gbps > 0)
        printf("DRAM of %g GB/s", view->dram_gbps);
    else
        fputs("each accelerator with its own DRAM port", stdout);
    puts(". GB/s: what a layer asks of the DRAM while it runs.");
    if (t->n_accels > 1) puts("* the fastest accelerator.");
    if (t->n_nets)
        puts("A total runs one layer after the other; pooling, activation and additions that are "
             "fused are free.");
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
