/* rs.c -- row stationary (Eyeriss-like): rows x cols of MACs, each with three small spads.
 * Loops, inner to outer:  m0 | c0 R | rows: S cy my, columns: q mx | c1 P m1 | DRAM: Q C K.
 * A filter row stays in its spad while P slides over an input row; psums of a column meet in the
 * array, those of different channels passes meet in the global buffer, which weights bypass.
 * Tile sizes c, k are in spatial steps of cy and my mx. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Split {
    double C, K, Q;    /* what is computed (padded if the policy divides) */
    int cy, my, q, mx; /* rows hold S cy my, columns q mx */
    double c_steps, k_steps, q_steps;
    double compute;             /* cycles of one group */
    double bound;               /* no mapping of this split takes fewer, whatever the DRAM */
    double least_in, least_out; /* words from and to the global buffer, at least */
} Split;

/* Splits that are searched, the fastest first; tiles that divide are fewer per split. */
enum { SPLITS_KEPT = 640, SPLITS_KEPT_CEIL = 256 };
/* Zero-padding of channels: the most extra work, and the least gain for which it is done. */
static const double PAD_MOST = 1.12, PAD_GAIN = 0.9;

typedef struct Splits {
    int n, most;
    bool seen[ARRAY_SIDE_MAX * ARRAY_SIDE_MAX + 1]; /* products of output channels */
    Split s[SPLITS_KEPT];                           /* ascending in bound */
} Splits;

typedef struct Search {
    const AccelConfig *a;
    const Ports *ports;
    Best *best;
    Work w; /* with the C, K, Q of the split */
    Split s;
    double word; /* bytes */
    double fixed[LEVELS];
    double fixed_pj, outputs;
    double ifmap_read_pj; /* if no input stayed for a second output channel */
} Search;

/* Tile of a PE's spads and the loops over it inside the global buffer, in steps. */
typedef struct SpadTile {
    double c0, m0, c1, m1;
} SpadTile;

static double peak_macs(const AccelConfig *a)
{
    return (double)a->rows * a->cols;
}

/* Rows of the input that the array takes from the global buffer for one fold of q output rows.
 * A real array sends one row along a diagonal; without that every (row, column) gets its own. */
static double input_rows(const Work *w, double q)
{
    double own = q * w->S;
    return w->exact ? own : fmin(own, span(q, w->stride_h, w->S, w->dilation, false));
}

/* Input words of one row of the array and one pass over it, kept while P slides. */
static double row_words(const Work *w)
{
    return sweep(w->P, 1, w->stride_w, w->R, w->dilation, w->exact, true);
}

typedef struct ArrayTraffic {
    double inputs, updates, refills; /* words over the global buffer's array side, one group */
} ArrayTraffic;

static void array_traffic(ArrayTraffic *out, const Search *s, const GlbTile *g, const Traffic *t,
                          const SpadTile *e)
{
    const Work *w = &s->w;
    double row = e->c1 > 1 ? w->P * w->R : row_words(w);
    bool turns = w->P > 1 || e->c1 > 1;
    double per_k = w->depthwise ? 1 : turns ? ceil_div(s->s.k_steps, e->m0) : t->input_k_repeat;
    double channels = work_input_channels(w);
    out->inputs = row * input_rows(w, s->s.q) * s->s.q_steps * w->images * channels * per_k;
    out->updates = s->outputs * (w->P * e->m1 > 1 ? g->tc : t->psum_c_repeat);
    out->refills = out->updates - s->outputs;
}

static void offer(Search *s, const GlbTile *g, const Traffic *t, const SpadTile *e)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double n = w->groups * s->word;
    ArrayTraffic m;
    array_traffic(&m, s, g, t, e);
    Access x = {.compute_cycles = s->s.compute * w->groups,
                .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                .dram_write = n * t->psum_writes,
                .glb_read = n * (m.inputs + m.refills + (w->exact ? 0 : t->psum_writes)),
                .glb_write = n * (t->inputs + t->psum_reads + m.updates)};
    double copies = s->w.depthwise ? 1 : (double)s->s.mx * s->s.my;
    for (int i = 0; i < LEVELS; i++) x.level_pj[i] = s->fixed[i];
    x.level_pj[LEVEL_SPAD] += s->ifmap_read_pj / (w->depthwise ? 1 : e->m0) +
                              a->ifmap_spad_pj * w->groups * m.inputs * copies +
                              a->weight_spad_pj * w->groups * t->weights * s->s.q +
                              a->psum_spad_pj * w->groups * m.refills;
    x.level_pj[LEVEL_GLB] = x.glb_read * a->glb_read_pj + x.glb_write * a->glb_write_pj;
    x.level_pj[LEVEL_DRAM] = (x.dram_read + x.dram_write) * a->dram_pj;
    if (best_offer(s->best, &x, s->ports)) {
        s->best->tile = *g;
        const double pe[] = {s->s.cy, s->s.my, s->s.q, s->s.mx, e->c0, e->m0, e->c1, e->m1};
        for (int i = 0; i < 8; i++) s->best->pe[i] = pe[i];
    }
}

static bool hopeless(const Search *s, const Traffic *t, const SpadTile *e)
{
    double n = s->w.groups * s->word;
    Access x = {.compute_cycles = s->s.compute * s->w.groups,
                .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                .dram_write = n * t->psum_writes,
                .glb_read = n * s->s.least_in,
                .glb_write =
                    n * (t->inputs + t->psum_reads + fmax(t->psum_writes, s->s.least_out))};
    double cycles = bound_cycles(&x, s->ports);
    if (cycles != s->best->cycles) return cycles > s->best->cycles;
    double pj = s->fixed_pj + (x.dram_read + x.dram_write) * s->a->dram_pj +
                x.glb_write * s->a->glb_write_pj + x.glb_read * s->a->glb_read_pj +
                s->w.groups * t->weights * s->s.q * s->a->weight_spad_pj +
                s->ifmap_read_pj / (s->w.depthwise ? 1 : e->m0);
    return pj >= s->best->energy * ENERGY_CLOSE;
}

static bool spads_fit(const Search *s, const SpadTile *e)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double ifmap = w->R * (w->depthwise ? e->m0 : e->c0);
    return ifmap <= a->ifmap_words && e->c0 * w->R * e->m0 <= a->weight_words &&
           e->m0 <= a->psum_words;
}

static double channels_c(const Search *s, const SpadTile *e)
{
    return fmin(e->c0 * e->c1 * s->s.cy, s->w.C * s->w.folds);
}

static double channels_k(const Search *s, const SpadTile *e)
{
    return fmin(e->m0 * e->m1 * s->s.my * s->s.mx, s->w.K);
}

static bool tile_fits(const Search *s, const SpadTile *e)
{
    const Work *w = &s->w;
    double c = channels_c(s, e), k = channels_k(s, e);
    double in = span(w->P, w->stride_w, w->R, w->dilation, w->exact) *
                span(s->s.q, w->stride_h, w->S, w->dilation, w->exact) * (w->depthwise ? k : c);
    return (in + w->P * s->s.q * k) * s->word <= s->a->glb_bytes;
}

static void each_order(Search *s, const SpadTile *e)
{
    GlbTile g = {.p = s->w.P,
                 .q = s->s.q,
                 .c = channels_c(s, e),
                 .k = channels_k(s, e),
                 .tp = 1,
                 .tq = s->s.q_steps,
                 .tc = ceil_div(s->s.c_steps, e->c0 * e->c1),
                 .tk = ceil_div(s->s.k_steps, e->m0 * e->m1),
                 .weight_repeat = e->c1 > 1 ? s->w.P : 1,
                 .weights_change = e->c1 > 1 || e->m1 > 1};
    Order orders[ORDERS];
    int n = orders_of(&s->w, &g, orders);
    for (int o = 0; o < n; o++) {
        Traffic t;
        g.order = orders[o];
        traffic_dram(&t, &s->w, &g);
        if (!hopeless(s, &t, e)) offer(s, &g, &t, e);
    }
}

/* m1 = 1 keeps the weights in their spads for all of a tile's rows; else the most that fits is
 * best. */
static void each_m1(Search *s, SpadTile *e)
{
    Tiles m1;
    tiles_of(&m1, ceil_div(s->s.k_steps, e->m0), s->w.exact);
    e->m1 = 1;
    if (!tile_fits(s, e)) return;
    each_order(s, e);
    int i = m1.n - 1;
    for (e->m1 = m1.size[i]; i > 0 && !tile_fits(s, e); e->m1 = m1.size[i]) i--;
    if (e->m1 > 1) each_order(s, e);
}

/* c1 turns inside P: with more than one output it would fetch the weights anew for each. */
static void each_c1(Search *s, SpadTile *e)
{
    Tiles c1;
    each_m1(s, e);
    if (s->w.P > 1) return;
    e->m1 = 1;
    tiles_of(&c1, ceil_div(s->s.c_steps, e->c0), s->w.exact);
    int i = c1.n - 1;
    for (e->c1 = c1.size[i]; i > 0 && !tile_fits(s, e); e->c1 = c1.size[i]) i--;
    if (e->c1 > 1) each_m1(s, e);
}

static void each_spad(Search *s)
{
    Tiles c0, m0;
    Traffic least;
    traffic_compulsory(&least, &s->w);
    if (hopeless(s, &least, &(SpadTile){1, s->a->psum_words, 1, 1})) return;
    tiles_upto(&c0, s->s.c_steps, s->a->ifmap_words, s->w.exact);
    tiles_upto(&m0, s->s.k_steps, s->a->psum_words, s->w.exact);
    for (int i = c0.n - 1; i >= 0; i--)
        for (int j = m0.n - 1; j >= 0; j--) {
            SpadTile e = {c0.size[i], m0.size[j], 1, 1};
            if (spads_fit(s, &e) && !hopeless(s, &least, &e)) each_c1(s, &e);
        }
}

static void set_fixed(Search *s)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double macs = w->P * w->Q * w->images * w->R * w->S * w->folds * w->C * w->K * w->groups;
    s->outputs = w->P * w->Q * w->K * w->images;
    for (int i = 0; i < LEVELS; i++) s->fixed[i] = 0;
    s->fixed[LEVEL_MAC] = macs * a->mac_pj;
    s->fixed[LEVEL_SPAD] =
        macs * a->weight_spad_pj + (2 * macs - s->outputs * w->groups) * a->psum_spad_pj;
    s->ifmap_read_pj = macs * a->ifmap_spad_pj;
    s->fixed_pj = s->fixed[LEVEL_MAC] + s->fixed[LEVEL_SPAD];
}

static int split_order(const Split *x, const Split *y)
{
    if (x->bound != y->bound) return x->bound < y->bound ? -1 : 1;
    if (x->compute != y->compute) return x->compute < y->compute ? -1 : 1;
    double a = x->C * x->K, b = y->C * y->K;
    if (a != b) return a < b ? -1 : 1;
    return (y->cy - x->cy) + (y->q - x->q);
}

/* Do the smallest tiles of this split fit into the global buffer, one row of the array's outputs?
 */
static bool split_fits(const AccelConfig *a, const Work *w, const Split *s)
{
    double c = w->depthwise ? (double)s->my * s->mx : s->cy;
    double in = span(w->P, w->stride_w, w->R, w->dilation, w->exact) *
                span(s->q, w->stride_h, w->S, w->dilation, w->exact) * c;
    return (in + w->P * s->q * s->my * s->mx) * a->word_bits / 8 <= a->glb_bytes;
}

/* Keeps the fastest splits, sorted. */
static void keep(Splits *all, const Split *s)
{
    int i = all->n;
    if (i == all->most && split_order(&all->s[i - 1], s) <= 0) return;
    if (i == all->most)
        i--;
    else
        all->n++;
    for (; i > 0 && split_order(&all->s[i - 1], s) > 0; i--) all->s[i] = all->s[i - 1];
    all->s[i] = *s;
}

/* With the largest spad tiles: psums meet in the global buffer once per input-channel pass, inputs
 * are sent once per output-channel pass. */
static void set_bound(Split *s, const AccelConfig *a, const Work *w)
{
    double word = a->word_bits / 8.0, c_most = fmax(1, floor(a->ifmap_words / w->R));
    double k_most = fmin(a->psum_words, fmax(1, floor(a->weight_words / w->R)));
    double c_passes = w->P > 1 && !w->depthwise ? ceil_div(s->c_steps, c_most) : 1;
    double k_passes = w->P > 1 && !w->depthwise ? ceil_div(s->k_steps, k_most) : 1;
    double channels = (w->depthwise ? s->K : s->C) * w->folds;
    s->least_in = row_words(w) * input_rows(w, s->q) * s->q_steps * w->images * channels * k_passes;
    s->least_out = w->P * s->Q * s->K * w->images * c_passes;
    double glb = fmax(s->least_in / a->glb_read_port, s->least_out / a->glb_write_port);
    s->bound = fmax(s->compute, word * glb);
}

/* Is f parts of n a split worth trying? Divisors, or the smallest with its step count. */
static bool useful(double n, int f, bool exact)
{
    if (exact) return fmod(n, f) == 0;
    return f == 1 || ceil_div(n, f) < ceil_div(n, f - 1);
}

/* Output channels on rows and columns: which of the two is all one, only their product counts. */
static void push_channels(Splits *all, const AccelConfig *a, const Work *w, Split s)
{
    int most_y = a->rows / (int)w->S / s.cy, most_x = a->cols / s.q;
    memset(all->seen, 0, (size_t)(most_y * most_x + 1));
    for (s.my = 1; s.my <= most_y; s.my++)
        for (s.mx = 1; s.mx <= most_x && s.mx * s.my <= s.K; s.mx++) {
            int m = s.mx * s.my;
            if (all->seen[m] || !useful(s.K, m, w->exact)) continue;
            all->seen[m] = true;
            s.k_steps = ceil_div(s.K, m);
            s.compute = w->P * w->R * w->images * s.q_steps * s.c_steps * s.k_steps;
            set_bound(&s, a, w);
            if (split_fits(a, w, &s)) keep(all, &s);
        }
}

static void push_splits(Splits *all, const AccelConfig *a, const Work *w, double C, double K)
{
    Split s = {.C = C, .K = K};
    for (s.cy = 1; s.cy <= a->rows / (int)w->S && s.cy <= C; s.cy++) {
        if (!useful(C, s.cy, w->exact)) continue;
        s.c_steps = ceil_div(C, s.cy) * w->folds;
        for (s.q = 1; s.q <= a->cols && s.q <= w->Q; s.q++) {
            if (!useful(w->Q, s.q, false)) continue;
            s.q_steps = ceil_div(w->Q, s.q);
            s.Q = w->exact ? s.q_steps * s.q : w->Q;
            push_channels(all, a, w, s);
        }
    }
}

/* Prime factors of at most 7: a search that divides finds tiles in such sizes. */
static bool smooth(int n)
{
    for (int d = 2; d <= 7; d++)
        while (n % d == 0) n /= d;
    return n == 1;
}

/* The next smooth size that factor divides, with at most 12 % more work; n if there is none. */
static double padded(double n, int factor)
{
    for (int v = (int)n; v <= PAD_MOST * n; v++)
        if (v % factor == 0 && smooth(v)) return v;
    return n;
}

static void plain_splits(Splits *all, const AccelConfig *a, const Work *w)
{
    all->n = 0;
    push_splits(all, a, w, w->C, w->K);
}

static int odd_part(int n)
{
    while (n % 2 == 0) n /= 2;
    return n;
}

/* Channel counts are mostly powers of two, so what keeps parts of the array idle are the odd
 * factors of its sides: input channels lie on rows, output channels on rows and columns. */
static void padded_splits(Splits *all, const AccelConfig *a, const Work *w)
{
    int r = odd_part(a->rows), c = odd_part(a->cols), c_factors[] = {1, r},
        k_factors[] = {1, r, c, r * c};
    all->n = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) {
            double C = w->depthwise ? 1 : padded(w->C, c_factors[i]);
            double K = padded(w->K, k_factors[j]);
            if ((C > w->C || K > w->K) && C * K <= PAD_MOST * w->C * w->K)
                push_splits(all, a, w, C, K);
        }
}

/* A kernel larger than the array or the spad is cut; the pieces are reduced one after the other. */
static void fold_kernel(Work *w, const AccelConfig *a)
{
    double r = ceil_div(w->R, a->ifmap_words), s = ceil_div(w->S, a->rows);
    w->R = ceil_div(w->R, r);
    w->S = ceil_div(w->S, s);
    w->folds = r * s;
}

static void try_splits(const AccelConfig *a, const Work *w, const Splits *all, const Ports *ports,
                       Best *best)
{
    for (int i = 0; i < all->n; i++) {
        Search s = {.a = a,
                    .ports = ports,
                    .best = best,
                    .w = *w,
                    .s = all->s[i],
                    .word = a->word_bits / 8.0};
        if (s.s.bound * w->groups > best->cycles) break;
        s.w.C = s.s.C;
        s.w.K = s.s.K;
        s.w.Q = s.s.Q;
        set_fixed(&s);
        each_spad(&s);
    }
}

static void search_strips(const AccelConfig *a, const Work *w, const Ports *ports, Best *best)
{
    Splits all;
    all.most = w->exact ? SPLITS_KEPT : SPLITS_KEPT_CEIL;
    plain_splits(&all, a, w);
    try_splits(a, w, &all, ports, best);
    if (!w->exact) return;
    Best pad = {.cycles = PAD_GAIN * best->cycles, .energy = HUGE_VAL};
    padded_splits(&all, a, w);
    try_splits(a, w, &all, ports, &pad);
    if (isfinite(pad.energy)) *best = pad;
}

/* Rows too wide for the global buffer are cut into strips, each like an image of its own. */
static Status search(const AccelConfig *a, const Work *w, const Ports *ports, Best *best, Err *err)
{
    for (double strips = 1; strips <= w->P && !isfinite(best->cycles); strips *= 2) {
        Work cut = *w;
        fold_kernel(&cut, a);
        cut.P = ceil_div(w->P, strips);
        cut.images *= ceil_div(w->P, cut.P);
        search_strips(a, &cut, ports, best);
    }
    if (isfinite(best->cycles)) return ST_OK;
    return err_set(err, ST_CONFIG, "layer: no tile of it fits into '%s', enlarge its buffers",
                   a->name);
}

static void describe(const Best *b, char *text, size_t cap)
{
    const GlbTile *g = &b->tile;
    const double *e = b->pe;
    snprintf(text, cap, "rows C%g K%g, cols Q%g K%g | spad c%g k%g | glb q%g c%g k%g | dram %s",
             e[0], e[1], e[2], e[3], e[4], e[5], g->q, g->c, g->k, order_name(g->order));
}

static const ConfigField fields[] = {
    ACCEL_GLB_FIELDS,
    ACCEL_INT(AccelConfig, "array.rows", rows, ARRAY_SIDE_MAX, "rows of PEs"),
    ACCEL_INT(AccelConfig, "array.cols", cols, ARRAY_SIDE_MAX, "columns of PEs"),
    ACCEL_INT(AccelConfig, "pe.ifmap_words", ifmap_words, CONFIG_WORDS_MAX, "words"),
    ACCEL_INT(AccelConfig, "pe.weight_words", weight_words, CONFIG_WORDS_MAX, "words"),
    ACCEL_INT(AccelConfig, "pe.psum_words", psum_words, CONFIG_WORDS_MAX, "words"),
    ACCEL_PJ(AccelConfig, "pe.ifmap_spad_pj", ifmap_spad_pj, "pJ per word"),
    ACCEL_PJ(AccelConfig, "pe.weight_spad_pj", weight_spad_pj, "pJ per word"),
    ACCEL_PJ(AccelConfig, "pe.psum_spad_pj", psum_spad_pj, "pJ per word"),
};

const DataflowOps rs_dataflow = {.name = "rs",
                                 .peak_macs = peak_macs,
                                 .search = search,
                                 .describe = describe,
                                 .stream = glb_stream,
                                 .shared_bytes = glb_shared_bytes,
                                 .fields = fields,
                                 .n_fields = sizeof fields / sizeof *fields,
                                 .config_bytes = sizeof(AccelConfig)};
