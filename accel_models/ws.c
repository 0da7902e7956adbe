/* ws.c -- weight stationary (Simba-like): PEs of `lanes` x `vector` MACs.
 * Loops, inner to outer:  p0 q0 | vector C, lanes K | k0 | R S c1 | cx kx PEs | p1 q1 c2 k2 | DRAM.
 * A weight stays in its register for p0 q0 cycles, a weight tile (R S c1 k0) in its buffer for p1
 * q1. Weights bypass the global buffer. Tile sizes c, k are in spatial steps of vector cx, lanes
 * kx. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>

/* Splits of the array that are searched (the fastest), and input-channel tiles of a PE per k0. */
enum { SPLITS_TRIED = 64, PE_CHANNEL_TILES = 2 };

typedef struct Split {
    double C, K;             /* channels that are computed (padded if the policy divides) */
    int vector, lanes;       /* used of each */
    int cx, kx;              /* PEs along C and K */
    double c_steps, k_steps; /* temporal steps */
    double compute;          /* cycles of one group */
} Split;

typedef struct Search {
    const AccelConfig *a;
    const Ports *ports;
    Best *best;
    Work w; /* with the C and K of the split */
    Split s;
    double word;          /* bytes */
    double fixed[LEVELS]; /* pJ of all groups that no tile changes */
    double fixed_pj;
    double least_input_pj; /* per byte, from the global buffer into the PEs */
    double weight_read_pj; /* if no weight stayed in its register */
    Tiles p, q, c, k;      /* candidates of the global buffer's tile */
    double outputs;        /* of one group */
} Search;

/* Tile of the PEs in positions and steps. */
typedef struct PeTile {
    double p, q, c, k;
} PeTile;

static double peak_macs(const AccelConfig *a)
{
    return (double)a->pes * a->lanes * a->vector;
}

static double window(const Work *w, double p, double q)
{
    return span(p, w->stride_w, w->R, w->dilation, w->exact) *
           span(q, w->stride_h, w->S, w->dilation, w->exact);
}

/* Words moved over the global buffer's PE side, one group. */
typedef struct PeTraffic {
    double inputs, input_copies; /* read once, written into `copies` input buffers */
    double updates, refills;     /* psums to and from the accumulators */
    double weight_reads;         /* words out of the weight buffers */
} PeTraffic;

/* Input words into the PEs' buffers. Inside a tile p1 turns fastest, then q1: neighbours overlap.
 */
static double pe_inputs(const Search *s, const GlbTile *g, const Traffic *t, const PeTile *e)
{
    const Work *w = &s->w;
    bool p1 = e->p < g->p, q1 = e->q < g->q, c2 = e->c * s->s.vector * s->s.cx < g->c;
    if (!p1 && !q1 && !c2) return t->inputs;
    double x = sweep(g->p, e->p, w->stride_w, w->R, w->dilation, w->exact, p1);
    double y = sweep(g->q, e->q, w->stride_h, w->S, w->dilation, w->exact, !p1);
    double channels = work_input_channels(w);
    double per_k = w->depthwise ? 1 : ceil_div(s->s.k_steps, e->k);
    return x * (w->P / g->p) * y * (w->Q / g->q) * w->images * channels * per_k;
}

static void pe_traffic(PeTraffic *out, const Search *s, const GlbTile *g, const Traffic *t,
                       const PeTile *e)
{
    const Work *w = &s->w;
    double gk = g->k / (s->s.lanes * s->s.kx), gc = g->c / (s->s.vector * s->s.cx);
    bool x1 = e->p < g->p || e->q < g->q, k2 = e->k < gk;
    double c2 = x1 ? ceil_div(gc, e->c) : 1;
    double tc = x1 || k2 || c2 > 1 ? g->tc : t->psum_c_repeat;
    out->inputs = pe_inputs(s, g, t, e);
    out->input_copies = w->depthwise ? 1 : fmin(s->s.kx, ceil(w->K / s->s.lanes));
    out->updates = s->outputs * c2 * tc;
    out->refills = out->updates - s->outputs;
    bool turns = e->k > 1 || e->c > 1 || w->R * w->S > 1;
    double held = turns ? e->p * e->q : g->p * g->q;
    out->weight_reads = w->P * w->Q * w->images * w->R * w->S * w->C * w->folds * w->K / held;
}

static void offer(Search *s, const GlbTile *g, const Traffic *t, const PeTile *e)
{
    const AccelConfig *a = s->a;
    double b = s->word, n = s->w.groups * b;
    PeTraffic m;
    pe_traffic(&m, s, g, t, e);
    double drain = s->w.exact ? 0 : t->psum_writes;
    Access x = {.compute_cycles = s->s.compute * s->w.groups,
                .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                .dram_write = n * t->psum_writes,
                .glb_read = n * (m.inputs + m.refills + drain),
                .glb_write = n * (t->inputs + t->psum_reads + m.updates)};
    for (int i = 0; i < LEVELS; i++) x.level_pj[i] = s->fixed[i];
    x.level_pj[LEVEL_SPAD] += s->w.groups * m.refills * s->s.cx * a->accumulator_pj;
    x.level_pj[LEVEL_BUFFER] += n * m.inputs * m.input_copies * a->input_buffer_pj +
                                n * (t->weights + m.weight_reads) * a->weight_buffer_pj;
    x.level_pj[LEVEL_SPAD] += n * m.weight_reads * a->weight_reg_pj;
    x.level_pj[LEVEL_GLB] = x.glb_read * a->glb_read_pj + x.glb_write * a->glb_write_pj;
    x.level_pj[LEVEL_DRAM] = (x.dram_read + x.dram_write) * a->dram_pj;
    if (best_offer(s->best, &x, s->ports)) {
        s->best->tile = *g;
        const double pe[] = {s->s.vector, s->s.cx, s->s.lanes, s->s.kx, e->p, e->q, e->c, e->k};
        for (int i = 0; i < 8; i++) s->best->pe[i] = pe[i];
    }
}

/* No tile of this traffic can be cheaper. */
static bool hopeless(const Search *s, const GlbTile *g, const Traffic *t)
{
    double held = g->p * g->q; /* cycles that a weight stays in its register, at most */
    if (s->w.R * s->w.S > 1) held = fmin(held, s->a->accumulators);
    double n = s->w.groups * s->word;
    Access x = {.compute_cycles = s->s.compute * s->w.groups,
                .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                .dram_write = n * t->psum_writes,
                .glb_write = n * (t->inputs + t->psum_reads + t->psum_writes)};
    double cycles = bound_cycles(&x, s->ports);
    if (cycles != s->best->cycles) return cycles > s->best->cycles;
    double pj = s->fixed_pj + (x.dram_read + x.dram_write) * s->a->dram_pj +
                x.glb_write * s->a->glb_write_pj + n * t->inputs * s->least_input_pj +
                n * t->weights * s->a->weight_buffer_pj + s->weight_read_pj / held;
    return pj >= s->best->energy * ENERGY_CLOSE;
}

static bool pe_fits(const Search *s, const PeTile *e)
{
    const AccelConfig *a = s->a;
    double own = s->w.depthwise ? s->s.lanes * e->k : e->c * s->s.vector;
    return e->p * e->q * e->k <= a->accumulators &&
           window(&s->w, e->p, e->q) * own * s->word <= a->input_buffer_bytes &&
           e->k * e->c * s->s.vector * s->w.R * s->w.S * s->word <= a->weight_buffer_bytes;
}

/* Positions inside the PEs: the tallest that fits for each width, as taller only saves. */
static void each_pe_position(Search *s, const GlbTile *g, const Traffic *t, double c1, double k0)
{
    Tiles p, q;
    tiles_of(&p, g->p, s->w.exact);
    tiles_of(&q, g->q, s->w.exact);
    for (int i = p.n - 1; i >= 0; i--) {
        int j = q.n - 1;
        PeTile e = {p.size[i], q.size[j], c1, k0};
        while (j > 0 && !pe_fits(s, &e)) e.q = q.size[--j];
        if (pe_fits(s, &e)) offer(s, g, t, &e);
    }
}

/* Several PE tiles per global-buffer tile: all that fit. */
static void each_pe_channel(Search *s, const GlbTile *g, const Traffic *t, double gc, double gk)
{
    Tiles c1, k0;
    tiles_of(&c1, gc, s->w.exact);
    tiles_of(&k0, gk, s->w.exact);
    for (int j = k0.n - 1; j >= 0; j--)
        for (int i = c1.n - 1, tried = 0; i >= 0 && tried < PE_CHANNEL_TILES; i--) {
            PeTile e = {1, 1, c1.size[i], k0.size[j]};
            if ((e.c == gc && e.k == gk) || !pe_fits(s, &e)) continue;
            each_pe_position(s, g, t, e.c, e.k);
            tried++;
        }
}

static void each_order(Search *s, GlbTile *g, double gc, double gk)
{
    Order orders[ORDERS];
    int n = orders_of(&s->w, g, orders);
    for (int o = 0; o < n; o++) {
        Traffic t;
        g->order = orders[o];
        traffic_dram(&t, &s->w, g);
        if (hopeless(s, g, &t)) continue;
        if (g->weights_change)
            each_pe_channel(s, g, &t, gc, gk);
        else
            each_pe_position(s, g, &t, gc, gk);
    }
}

static double channels_c(const Search *s, double steps)
{
    return fmin(steps * s->s.vector * s->s.cx, s->w.C * s->w.folds);
}

static double channels_k(const Search *s, double steps)
{
    return fmin(steps * s->s.lanes * s->s.kx, s->w.K);
}

static bool glb_fits(const Search *s, double p, double q, double gc, double gk)
{
    double c = channels_c(s, gc), k = channels_k(s, gk);
    double in = window(&s->w, p, q) * (s->w.depthwise ? k : c);
    return (in + p * q * k) * s->word <= s->a->glb_bytes;
}

static void try_glb(Search *s, double p, double q, double gc, double gk, bool change)
{
    GlbTile g = {.p = p,
                 .q = q,
                 .c = channels_c(s, gc),
                 .k = channels_k(s, gk),
                 .tp = ceil_div(s->w.P, p),
                 .tq = ceil_div(s->w.Q, q),
                 .tc = ceil_div(s->s.c_steps, gc),
                 .tk = ceil_div(s->s.k_steps, gk),
                 .weight_repeat = 1,
                 .weights_change = change};
    each_order(s, &g, gc, gk);
}

/* One PE tile per global-buffer tile: its weights stay while all positions pass. */
static void resident_weights(Search *s, double gc, double gk)
{
    PeTile e = {1, 1, gc, gk};
    bool skips = s->w.exact && s->w.stride_h > s->w.S; /* then a flat tile fetches fewer rows */
    if (!pe_fits(s, &e)) return;
    for (int i = s->p.n - 1; i >= 0; i--)
        for (int j = s->q.n - 1; j >= 0; j--) {
            if (!glb_fits(s, s->p.size[i], s->q.size[j], gc, gk)) continue;
            try_glb(s, s->p.size[i], s->q.size[j], gc, gk, false);
            if (!skips) break;
        }
}

/* Several: then weights come again for each tile of positions, and the most output channels that
 * fit are best. */
static void changing_weights(Search *s, double gc)
{
    for (int i = s->p.n - 1; i >= 0; i--)
        for (int j = s->q.n - 1; j >= 0; j--) {
            double p = s->p.size[i], q = s->q.size[j];
            int k = s->k.n - 1;
            while (k > 0 && !glb_fits(s, p, q, gc, s->k.size[k])) k--;
            if (glb_fits(s, p, q, gc, s->k.size[k])) try_glb(s, p, q, gc, s->k.size[k], true);
        }
}

static void each_tile(Search *s)
{
    Traffic least;
    traffic_compulsory(&least, &s->w);
    if (hopeless(s, &(GlbTile){.p = s->w.P, .q = s->w.Q * s->w.images}, &least)) return;
    tiles_of(&s->p, s->w.P, s->w.exact);
    tiles_of(&s->q, s->w.Q, s->w.exact);
    tiles_of(&s->c, s->s.c_steps, s->w.exact);
    tiles_of(&s->k, s->s.k_steps, s->w.exact);
    for (int i = s->c.n - 1; i >= 0; i--)
        for (int j = s->k.n - 1; j >= 0; j--) resident_weights(s, s->c.size[i], s->k.size[j]);
    for (int i = s->c.n - 1; i >= 0; i--) changing_weights(s, s->c.size[i]);
}

/* pJ that depend on the split alone. */
static void set_fixed(Search *s)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double steps = w->P * w->Q * w->images * w->R * w->S * w->folds * w->groups;
    double macs = steps * w->C * w->K, sums = steps * ceil(w->C / s->s.vector) * w->K;
    double reads = steps * w->C * (w->depthwise ? w->K : ceil(w->K / s->s.lanes));
    s->outputs = w->P * w->Q * w->K * w->images;
    for (int i = 0; i < LEVELS; i++) s->fixed[i] = 0;
    s->fixed[LEVEL_MAC] = macs * a->mac_pj;
    s->fixed[LEVEL_SPAD] = macs * s->word * a->weight_reg_pj +
                           (2 * sums - s->outputs * w->groups * s->s.cx) * a->accumulator_pj;
    s->fixed[LEVEL_BUFFER] = reads * s->word * a->input_buffer_pj;
    double copies = w->depthwise ? 1 : fmin(s->s.kx, ceil(w->K / s->s.lanes));
    s->least_input_pj = a->glb_read_pj + copies * a->input_buffer_pj;
    s->weight_read_pj = macs * s->word * (a->weight_buffer_pj + a->weight_reg_pj);
    s->fixed_pj = 0;
    for (int i = 0; i < LEVELS; i++) s->fixed_pj += s->fixed[i];
}

static int largest_divisor(double n, int most)
{
    int d = most;
    while ((int)n % d) d--;
    return d;
}

typedef struct Splits {
    int n;
    Split s[SPLITS_TRIED]; /* the fastest, ascending in compute */
} Splits;

static int split_order(const Split *x, const Split *y)
{
    if (x->compute != y->compute) return x->compute < y->compute ? -1 : 1;
    if (x->cx != y->cx) return x->cx < y->cx ? -1 : 1;
    return (x->K > y->K) - (x->K < y->K);
}

static void keep(Splits *all, const Split *s)
{
    int i = all->n;
    if (i == SPLITS_TRIED && split_order(&all->s[i - 1], s) <= 0) return;
    if (i == SPLITS_TRIED)
        i--;
    else
        all->n++;
    for (; i > 0 && split_order(&all->s[i - 1], s) > 0; i--) all->s[i] = all->s[i - 1];
    all->s[i] = *s;
}

static void push_split(Splits *all, const AccelConfig *a, const Work *w, Split s, double cv,
                       double kl)
{
    s.c_steps = ceil_div(cv, s.cx) * w->folds;
    s.k_steps = ceil_div(kl, s.kx);
    s.compute = w->P * w->Q * w->images * w->R * w->S * s.c_steps * s.k_steps;
    Search least = {.a = a, .w = *w, .s = s, .word = a->word_bits / 8.0};
    if (glb_fits(&least, 1, 1, 1, 1) && pe_fits(&least, &(PeTile){1, 1, 1, 1})) keep(all, &s);
}

/* All useful (cx, kx): divisors if tiles must divide, else the smallest with its step count. */
static void push_splits(Splits *all, const AccelConfig *a, const Work *w, double C, double K)
{
    Split s = {.C = C, .K = K, .vector = (int)fmin(a->vector, C), .lanes = (int)fmin(a->lanes, K)};
    if (w->exact) {
        s.vector = largest_divisor(C, a->vector);
        s.lanes = largest_divisor(K, a->lanes);
    }
    double cv = ceil_div(C, s.vector), kl = ceil_div(K, s.lanes);
    for (s.cx = 1; s.cx <= a->pes && s.cx <= cv; s.cx++) {
        double c = ceil_div(cv, s.cx);
        if (w->exact ? fmod(cv, s.cx) != 0 : ceil_div(cv, c) < s.cx) continue;
        for (s.kx = 1; s.kx * s.cx <= a->pes && s.kx <= kl; s.kx++) {
            double k = ceil_div(kl, s.kx);
            if (w->exact ? fmod(kl, s.kx) != 0 : ceil_div(kl, k) < s.kx) continue;
            push_split(all, a, w, s, cv, kl);
        }
    }
}

static double round_up(double n, int to)
{
    return ceil_div(n, to) * to;
}

static void all_splits(Splits *all, const AccelConfig *a, const Work *w)
{
    double C8 = w->C > a->vector ? round_up(w->C, a->vector) : w->C, K8 = round_up(w->K, a->lanes);
    all->n = 0;
    push_splits(all, a, w, w->C, w->K);
    if (w->exact && C8 != w->C) push_splits(all, a, w, C8, w->K);
    if (w->exact && K8 != w->K) push_splits(all, a, w, w->C, K8);
    if (w->exact && C8 != w->C && K8 != w->K) push_splits(all, a, w, C8, K8);
}

/* A kernel larger than a weight or input buffer is cut into rows, then points; the pieces are
 * reduced one after the other. */
static void fold_kernel(Work *w, const AccelConfig *a)
{
    double side = w->depthwise ? a->lanes : fmin(a->vector, w->C); /* channels beside each other */
    double bytes = fmin(a->input_buffer_bytes, a->weight_buffer_bytes);
    double most = fmax(1, floor(bytes * 8 / a->word_bits / side));
    if (w->R * w->S <= most) return;
    double s = ceil_div(w->S, fmax(1, floor(most / w->R))), r = ceil_div(w->R, most);
    w->S = ceil_div(w->S, s);
    w->R = ceil_div(w->R, r);
    w->folds = r * s;
}

static Status search(const AccelConfig *a, const Work *layer, const Ports *ports, Best *best,
                     Err *err)
{
    Splits all;
    Work folded = *layer, *w = &folded;
    fold_kernel(w, a);
    all_splits(&all, a, w);
    for (int i = 0; i < all.n; i++) {
        Search s = {.a = a,
                    .ports = ports,
                    .best = best,
                    .w = *w,
                    .s = all.s[i],
                    .word = a->word_bits / 8.0};
        if (s.s.compute * w->groups > best->cycles) break;
        s.w.C = s.s.C;
        s.w.K = s.s.K;
        set_fixed(&s);
        each_tile(&s);
    }
    if (isfinite(best->cycles)) return ST_OK;
    return err_set(err, ST_CONFIG, "layer: no tile of it fits into '%s', enlarge its buffers",
                   a->name);
}

static void describe(const Best *b, char *text, size_t cap)
{
    const GlbTile *g = &b->tile;
    const double *e = b->pe;
    snprintf(text, cap, "C %gx%g K %gx%g | pe p%g q%g c%g k%g | glb p%g q%g c%g k%g | dram %s",
             e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7], g->p, g->q, g->c, g->k,
             order_name(g->order));
}

static const ConfigField fields[] = {
    ACCEL_GLB_FIELDS,
    ACCEL_INT(AccelConfig, "array.pes", pes, 256, "processing elements"),
    ACCEL_INT(AccelConfig, "array.lanes", lanes, ARRAY_SIDE_MAX, "output channels per PE"),
    ACCEL_INT(AccelConfig, "array.vector", vector, ARRAY_SIDE_MAX,
              "input channels per dot product"),
    ACCEL_INT(AccelConfig, "pe.input_buffer_bytes", input_buffer_bytes, CONFIG_BYTES_MAX,
              "bytes per PE"),
    ACCEL_INT(AccelConfig, "pe.weight_buffer_bytes", weight_buffer_bytes, CONFIG_BYTES_MAX,
              "bytes per lane"),
    ACCEL_INT(AccelConfig, "pe.accumulators", accumulators, CONFIG_WORDS_MAX,
              "accumulators per lane"),
    ACCEL_PJ(AccelConfig, "pe.weight_reg_pj_per_byte", weight_reg_pj, "pJ"),
    ACCEL_PJ(AccelConfig, "pe.accumulator_pj", accumulator_pj, "pJ per access"),
    ACCEL_PJ(AccelConfig, "pe.weight_buffer_pj_per_byte", weight_buffer_pj, "pJ"),
    ACCEL_PJ(AccelConfig, "pe.input_buffer_pj_per_byte", input_buffer_pj, "pJ"),
};

const DataflowOps ws_dataflow = {.name = "ws",
                                 .peak_macs = peak_macs,
                                 .search = search,
                                 .describe = describe,
                                 .stream = glb_stream,
                                 .shared_bytes = glb_shared_bytes,
                                 .fields = fields,
                                 .n_fields = sizeof fields / sizeof *fields,
                                 .config_bytes = sizeof(AccelConfig)};
