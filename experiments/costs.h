/* costs.h -- layers x accelerators and what each pair costs: the data behind `relmas costs`.
 * Layers come from networks (a row is a sub-job: its main layer; what is fused into it is free, but on
 * a system costs what the simulator charges) or from a CSV of layer shapes. Pairs that are the same are evaluated once, in parallel. */
#ifndef RELMAS_EXPERIMENTS_COSTS_H
#define RELMAS_EXPERIMENTS_COSTS_H

#include "base/csv.h"
#include "env/network.h"
#include "env/system_file.h"

enum { COSTS_MAX_ACCELS = 32, COSTS_MAX_NETS = 64 };

typedef struct CostRow {
    const char *accelerator, *network, *layer; /* borrowed from the table's owners */
    LayerShape shape;
    const SubJob *job;     /* of a network, else NULL */
    const LayerCost *cost; /* once evaluated */
    int accel;             /* index */
    int line;              /* row of the CSV, else -1 */
    int pair;              /* index into CostTable.pair */
    bool best; /* the fastest of its layer's rows (then the least energy), if there are several */
} CostRow;

typedef struct CostPair {
    LayerShape shape;
    int accel;
    LayerCost cost;
    Status st;
} CostPair;

typedef struct CostTable {
    int n_accels, n_nets, n_rows, n_pairs;
    AccelConfig *accel[COSTS_MAX_ACCELS];
    const char *accel_shown[COSTS_MAX_ACCELS]; /* borrowed: the preset's name, the system's type */
    char accel_asked[COSTS_MAX_ACCELS][256];   /* as the user named it */
    SystemFile *system;                        /* the accelerators' owner, NULL: this table */
    Network *net[COSTS_MAX_NETS];
    int first_row[COSTS_MAX_NETS]; /* a network's rows: accelerator by accelerator */
    Csv *csv;
    int row_cap;
    CostRow *row;
    CostPair *pair;
    LayerCost *fused; /* of a system's rows that have operands of fused layers */
} CostTable;

/* What the rows of one network on one accelerator add up to: run one after the other. */
typedef struct CostTotal {
    LayerCost sum;
    bool best; /* of the network's accelerators */
} CostTotal;

/* Comma-separated names (presets, files, the aliases simba and eyeriss); NULL: all presets. */
Status costs_add_accels(CostTable *t, const char *names, Err *err);
/* The types of a system instead (a name, a file). */
Status costs_add_system(CostTable *t, const char *system, Err *err);
/* Comma-separated networks (shipped, files); NULL: all shipped. After the accelerators. */
Status costs_add_networks(CostTable *t, const char *names, Err *err);
/* costs_layers.c: a CSV of layers, each on every accelerator there is, or else on the one that its
 * column `accelerator` names, or without such a column on all presets. */
Status costs_add_layers(CostTable *t, const char *path, Err *err);
/* One of each, for it: a row with its accelerator's index; -1 if there is no such accelerator yet. */
Status costs_add_row(CostTable *t, const CostRow *row, Err *err);
Status costs_add_accel(CostTable *t, const char *name, Err *err);
int costs_find_accel(const CostTable *t, const char *name);
/* dram_bytes_per_us as accel_cost. */
Status costs_evaluate(CostTable *t, MapPolicy policy, double dram_bytes_per_us, int threads,
                      Err *err);
void costs_free(CostTable *t);

/* The rows of a network on an accelerator: *n of them. */
const CostRow *costs_rows(const CostTable *t, int net, int accel, int *n);
/* True if each line of the CSV has a row on every accelerator, one after the other. */
bool costs_side_by_side(const CostTable *t);
void costs_totals(const CostTable *t, int net, CostTotal total[COSTS_MAX_ACCELS]);

/* costs_print.c */
typedef struct CostView {
    int format; /* Format */
    bool verbose, summary;
    MapPolicy policy;
    double dram_gbps; /* 0: the accelerators' own ports */
} CostView;
void costs_print(const CostTable *t, const CostView *view);

/* costs_plot.c: a roofline per accelerator, as the SVG file path. ST_IO if gnuplot or the disk fails. */
Status costs_plot(const CostTable *t, const CostView *view, const char *path, Err *err);

#endif
