/* os.c -- output stationary: a systolic array of rows x cols MACs between three SRAMs, as SCALE-Sim's
 * (Samajdar et al., arXiv 1811.02883 and ISPASS 2020).
 * Each group of a layer is a matrix product: M = N P Q output pixels lie on the rows, K filters on
 * the columns, and T = R S C values stream through. One fold computes rows x cols outputs; their
 * psums stay in their MACs until they are done, then drain down the columns:
 *     cycles = ceil(M / rows) ceil(K / cols) (2 rows + cols + T - 2)
 * Inputs enter the rows from the ifmap SRAM, which unrolls the windows (im2col), weights enter the
 * columns from the filter SRAM, outputs leave through the ofmap SRAM. A partial fold takes as long as
 * a whole one.
 * Searched is what DRAM sends twice: a tile of pixels p x q (n whole images) keeps its inputs on chip
 * while filters pass, or the filters of some column folds stay while pixels pass. Inputs that do not
 * fit come a few channels at a time, anew for each fold. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>

enum { SIDE_MAX = 4096 };

typedef struct Sram {
    int bytes;
    double port; /* bytes per cycle between it and the array */
    double read_pj, write_pj;
} Sram;

typedef struct OsConfig {
    AccelConfig a; /* first; its glb_* are not used */
    int rows, cols;
    int accumulator_bits;
    double register_pj; /* per byte written or read: operands, psums */
    int buffering;      /* Buffering, of all three */
    Sram ifmap, filter, ofmap;
} OsConfig;

/* Double: one half works while DRAM fills or empties the other. Single: they take turns. */
typedef enum { BUFFER_SINGLE, BUFFER_DOUBLE } Buffering;
static const char *const buffering_names[] = {"single", "double", NULL};

/* What stays on chip, outer DRAM loop first. */
typedef enum { BY_FOLD, PIXELS_STAY, FILTERS_STAY } Plan;

typedef struct Search {
    const OsConfig *o;
    const Ports *ports;
    Best *best;
    Work w;
    double word;                 /* bytes */
    double M, T;                 /* pixels, values per output */
    double row_folds, col_folds; /* of one group */
    double ifmap_words;          /* that the ifmap SRAM can hold for the array */
    double held;  /* column folds whose filters fit into the filter SRAM, 0..col_folds */
    Access fixed; /* what no plan changes, all groups */
} Search;

/* Output pixels whose inputs are on chip together. */
typedef struct PixelTile {
    double p, q, n; /* n images; 1 unless p, q are all */
} PixelTile;

static const OsConfig *own(const AccelConfig *a)
{
    return (const OsConfig *)a;
}

static double peak_macs(const AccelConfig *a)
{
    return (double)own(a)->rows * own(a)->cols;
}

/* Bytes of an SRAM that hold what is worked on. */
static double usable(const OsConfig *o, const Sram *s)
{
    return o->buffering == BUFFER_DOUBLE ? s->bytes / 2.0 : s->bytes;
}

/* ---- what the layer alone decides ---- */

/* Register steps of the outputs of one column on their way down, `used` rows of it full. */
static double drain_steps(const OsConfig *o, double used)
{
    return used * o->rows - used * (used - 1) / 2;
}

static void set_array(Search *s)
{
    const OsConfig *o = s->o;
    double n = s->w.groups, macs = n * s->M * s->T * s->w.K, acc = o->accumulator_bits / 8.0;
    double last = s->M - (s->row_folds - 1) * o->rows;
    double drained =
        n * s->w.K * ((s->row_folds - 1) * drain_steps(o, o->rows) + drain_steps(o, last));
    s->fixed.compute_cycles =
        n * s->row_folds * s->col_folds * (2.0 * o->rows + o->cols + s->T - 2);
    s->fixed.level_pj[LEVEL_MAC] = macs * o->a.mac_pj;
    s->fixed.level_pj[LEVEL_SPAD] =
        2 * o->register_pj * (macs * (2 * s->word + acc) + drained * acc);
}

static void slower_port(Access *x, double cycles, const char *port)
{
    if (cycles <= x->own_cycles) return;
    x->own_cycles = cycles;
    x->own_port = port;
}

/* Array side of the SRAMs: what enters the edges in all folds. */
static void set_edges(Search *s)
{
    const OsConfig *o = s->o;
    double n = s->w.groups * s->word, outputs = n * s->M * s->w.K;
    double inputs = n * s->M * s->T * s->col_folds, weights = n * s->w.K * s->T * s->row_folds;
    slower_port(&s->fixed, inputs / o->ifmap.port, "ifmap_sram");
    slower_port(&s->fixed, weights / o->filter.port, "filter_sram");
    slower_port(&s->fixed, outputs / o->ofmap.port, "ofmap_sram");
    s->fixed.level_pj[LEVEL_GLB] = inputs * o->ifmap.read_pj + weights * o->filter.read_pj +
                                   outputs * (o->ofmap.write_pj + o->ofmap.read_pj);
    s->fixed.dram_write = outputs - n * s->w.unwritten;
}

/* Outputs of a fold that the ofmap SRAM cannot take leave while the array waits. */
static void set_overflow(Search *s)
{
    const OsConfig *o = s->o;
    double room = usable(o, &o->ofmap), over = 0;
    for (int i = 0; i < 4; i++) { /* whole and last row folds x whole and last column folds */
        double rows = i & 1 ? s->M - (s->row_folds - 1) * o->rows : o->rows;
        double cols = i & 2 ? s->w.K - (s->col_folds - 1) * o->cols : o->cols;
        double folds = (i & 1 ? 1 : s->row_folds - 1) * (i & 2 ? 1 : s->col_folds - 1);
        over += folds * fmax(0, rows * cols * s->word - room);
    }
    s->fixed.wait_write = s->w.groups * over;
}

static void set_search(Search *s)
{
    const OsConfig *o = s->o;
    Work *w = &s->w;
    if (w->depthwise) { /* each channel a product of its own, one column wide */
        w->groups = w->K;
        w->K = 1;
        w->depthwise = false;
    }
    w->exact = false;
    s->M = w->P * w->Q * w->images;
    s->T = w->R * w->S * w->C;
    s->row_folds = ceil_div(s->M, o->rows);
    s->col_folds = ceil_div(w->K, o->cols);
    s->ifmap_words = floor(usable(o, &o->ifmap) / s->word);
    double filters = floor(usable(o, &o->filter) / s->word / s->T);
    s->held = filters >= w->K ? s->col_folds : floor(filters / o->cols);
    set_array(s);
    set_edges(s);
    set_overflow(s);
}

/* ---- what a plan decides ---- */

/* Words of one group that DRAM sends. */
static void offer(Search *s, Plan plan, const PixelTile *t, double inputs, double weights)
{
    const OsConfig *o = s->o;
    double n = s->w.groups * s->word;
    Access x = s->fixed;
    x.dram_read = n * (inputs + weights);
    x.level_pj[LEVEL_GLB] += n * (inputs * o->ifmap.write_pj + weights * o->filter.write_pj);
    x.level_pj[LEVEL_DRAM] = (x.dram_read + x.dram_write) * o->a.dram_pj;
    if (o->buffering == BUFFER_SINGLE) {
        x.wait_read = x.dram_read;
        x.wait_write = x.dram_write;
    }
    if (!best_offer(s->best, &x, s->ports)) return;
    const double pe[] = {s->row_folds, s->col_folds, plan, t->p, t->q, t->n, s->held};
    for (int i = 0; i < 7; i++) s->best->pe[i] = pe[i];
}

static double all_weights(const Search *s)
{
    return s->T * s->w.K;
}

/* Inputs of all tiles of one pass. They go along columns or along rows of tiles, whichever lets
 * neighbours keep more of their overlap. */
static double pass_inputs(const Work *w, const PixelTile *t)
{
    double words[2];
    for (int along_q = 0; along_q < 2; along_q++)
        words[along_q] = sweep(w->P, t->p, w->stride_w, w->R, w->dilation, false, !along_q) *
                         sweep(w->Q, t->q, w->stride_h, w->S, w->dilation, false, along_q);
    return fmin(words[0], words[1]) * w->images * w->C;
}

/* A tile's inputs stay while filters pass, or filters stay while tiles pass. */
static void try_tile(Search *s, const PixelTile *t)
{
    const Work *w = &s->w;
    double tiles = ceil_div(w->P, t->p) * ceil_div(w->Q, t->q) * ceil_div(w->images, t->n);
    double inputs = pass_inputs(w, t), weights = all_weights(s);
    double turns = s->held == s->col_folds ? 1
                   : s->held > 0           ? fmin(tiles, s->row_folds)
                                           : s->row_folds;
    offer(s, PIXELS_STAY, t, inputs, weights * turns);
    if (s->held > 0)
        offer(s, FILTERS_STAY, t, inputs * (tiles > 1 ? ceil_div(s->col_folds, s->held) : 1),
              weights);
}

/* The most points of an axis whose inputs are `most` points or fewer. */
static double points_within(double most, int stride, double kernel, int dilation)
{
    double box = (kernel - 1) * dilation + 1, apart = floor(most / kernel);
    return most < box ? apart : fmax(apart, floor((most - box) / stride) + 1);
}

/* Tiles of each width, as tall as fit: taller only saves. A fold across two tiles finds the one
 * before still there, but not the one before that, so a tile has no fewer pixels than a fold. */
static void each_tile(Search *s)
{
    const Work *w = &s->w;
    for (double trips = 1, p; trips <= w->P; trips = ceil_div(w->P, p - 1)) {
        p = ceil_div(w->P, trips);
        double line = span(p, w->stride_w, w->R, w->dilation, false) * w->C;
        double most = floor(s->ifmap_words / line);
        PixelTile t = {p, fmin(w->Q, points_within(most, w->stride_h, w->S, w->dilation)), 1};
        if (p == w->P && t.q == w->Q) {
            double image = line * span(w->Q, w->stride_h, w->S, w->dilation, false);
            t.n = fmin(w->images, floor(s->ifmap_words / image));
        }
        if (t.q >= 1 && t.p * t.q * t.n >= fmin(s->o->rows, s->M)) try_tile(s, &t);
        if (p == 1) break;
    }
}

/* Each fold takes its inputs anew, some channels at a time: the windows of its tiles, and one tile
 * more wherever a fold ends inside one. */
static void try_fold_tile(Search *s, const PixelTile *t)
{
    const Work *w = &s->w;
    double one = span(t->p, w->stride_w, w->R, w->dilation, false) *
                 span(t->q, w->stride_h, w->S, w->dilation, false);
    double in_fold = fmin(s->o->rows, s->M) / (t->p * t->q) + 1; /* tiles, the last one cut */
    bool point = t->p * t->q <= 1;
    if (!point && one * in_fold > s->ifmap_words) return;
    double all = sweep(w->P, t->p, w->stride_w, w->R, w->dilation, false, false) *
                 sweep(w->Q, t->q, w->stride_h, w->S, w->dilation, false, false) * w->images;
    double cut = point ? 0 : (s->row_folds - 1) * one;
    offer(s, BY_FOLD, t, (all + cut) * w->C * s->col_folds,
          all_weights(s) * (s->held > 0 ? 1 : s->row_folds));
}

static void fold_by_fold(Search *s)
{
    double rows = s->o->rows;
    for (double p = 1; p <= s->w.P && p <= rows; p++)
        for (double q = 1; q <= s->w.Q && p * q <= rows; q++)
            try_fold_tile(s, &(PixelTile){p, q, 1});
}

/* Everything has a plan, so nothing is refused. Both policies are one: a systolic array does not
 * divide, it leaves rows and columns of its last folds idle. */
static Status search(const AccelConfig *a, const Work *w, const Ports *ports, Best *best, Err *err)
{
    (void)err;
    Search s = {.o = own(a), .ports = ports, .best = best, .w = *w, .word = a->word_bits / 8.0};
    set_search(&s);
    each_tile(&s);
    fold_by_fold(&s);
    return ST_OK;
}

static void describe(const Best *b, char *text, size_t cap)
{
    static const char *const plans[] = {"inputs by fold", "inputs stay", "filters stay"};
    const double *e = b->pe;
    snprintf(text, cap, "folds PQ%g K%g | %s, tile p%g q%g n%g, filters of %g folds | dram %s",
             e[0], e[1], plans[(int)e[2]], e[3], e[4], e[5], e[6],
             e[2] == PIXELS_STAY ? "PQ,K" : "K,PQ");
}

static void stream(const AccelConfig *a, double in, double out, Access *x)
{
    const OsConfig *o = own(a);
    slower_port(x, in / o->ifmap.port, "ifmap_sram");
    slower_port(x, out / o->ofmap.port, "ofmap_sram");
    x->level_pj[LEVEL_GLB] =
        in * (o->ifmap.write_pj + o->ifmap.read_pj) + out * (o->ofmap.write_pj + o->ofmap.read_pj);
    if (o->buffering == BUFFER_DOUBLE) return;
    x->wait_read = in;
    x->wait_write = out;
}

static double shared_bytes(const AccelConfig *a)
{
    return (double)own(a)->ifmap.bytes + own(a)->filter.bytes + own(a)->ofmap.bytes;
}

#define SRAM(name, field, direction)                                                               \
    ACCEL_INT(OsConfig, name ".bytes", field.bytes, CONFIG_BYTES_MAX, "bytes"),                    \
        ACCEL_PORT(OsConfig, name "." direction "_bytes_per_cycle", field.port,                    \
                   "port on the array's side"),                                                    \
        ACCEL_PJ(OsConfig, name ".read_pj_per_byte", field.read_pj, "pJ"),                         \
        ACCEL_PJ(OsConfig, name ".write_pj_per_byte", field.write_pj, "pJ")

static const ConfigField fields[] = {
    ACCEL_INT(OsConfig, "array.rows", rows, SIDE_MAX, "rows of MACs, output pixels"),
    ACCEL_INT(OsConfig, "array.cols", cols, SIDE_MAX, "columns of MACs, filters"),
    ACCEL_INT(OsConfig, "pe.accumulator_bits", accumulator_bits, 64, "bits"),
    ACCEL_PJ(OsConfig, "pe.register_pj_per_byte", register_pj, "pJ"),
    {"sram.buffering", CONFIG_ENUM, offsetof(OsConfig, buffering), 0, 0, buffering_names,
     "double: DRAM and array work at once"},
    SRAM("ifmap_sram", ifmap, "read"),
    SRAM("filter_sram", filter, "read"),
    SRAM("ofmap_sram", ofmap, "write"),
};

const DataflowOps os_dataflow = {.name = "os",
                                 .peak_macs = peak_macs,
                                 .search = search,
                                 .describe = describe,
                                 .stream = stream,
                                 .shared_bytes = shared_bytes,
                                 .fields = fields,
                                 .n_fields = sizeof fields / sizeof *fields,
                                 .config_bytes = sizeof(OsConfig)};
