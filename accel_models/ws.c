/* ws.c -- weight stationary (Simba-like): PEs of `lanes` x `vector` MACs.
 * Loops, inner to outer:  p0 q0 | vector C, lanes K | k0 | R S c1 | cx kx PEs | p1 q1 c2 k2 | DRAM.
 * A weight stays in its register for p0 q0 cycles, a weight tile (R S c1 k0) in its buffer for p1
 * q1. Weights bypass the global buffer. Tile sizes c, k are in spatial steps of vector cx, lanes
 * kx.
 *
 * The search is a branch and bound over three choices: how the array is split (which fixes the
 * compute cycles), the tile of the global buffer (DRAM traffic) and the tile of the PEs inside it
 * (the rest). Each partial choice is priced as if the open choices cost nothing; it is dropped when
 * even that does not beat the best mapping found. Tiles that could grow for free are dropped too
 * (see Block). Nothing else is, so the cheapest of all mappings is found. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>

/* Parts of a Split: the piece of the kernel, channels that are computed (padded if the policy
 * divides), what is used of vector and lanes, PEs along C and K. */
enum { PART_R, PART_S, PART_C, PART_K, PART_VECTOR, PART_LANES, PART_CX, PART_KX };

typedef struct Search {
    const AccelConfig *a;
    const Ports *ports;
    Best *best;
    Work w; /* with the C, K and kernel of the split */
    double vector, lanes, cx, kx;
    double c_steps, k_steps; /* temporal steps */
    double compute;          /* cycles of one group */
    double word;             /* bytes */
    double fixed[LEVELS];    /* pJ of all groups that no tile changes */
    double input_copies;     /* input buffers that an input is written into */
    double weight_uses;      /* words out of the weight buffers if each were held for one cycle */
    double outputs;          /* words of one group */
    Tiles p, q, c, k;        /* candidates: P, Q, steps of C and of K */
    double c_most, k_most;   /* steps that a PE can hold at most */
    double held_most;        /* positions that a PE can hold at most */
    bool skips;              /* boxes with holes: a taller tile may fetch more */
} Search;

/* Tile of the PEs in positions and steps. */
typedef struct PeTile {
    double p, q, c, k;
} PeTile;

/* Words moved between the global buffer and the PEs, one group. */
typedef struct PeTraffic {
    double inputs;       /* read once, written into input_copies buffers */
    double updates;      /* psums from the accumulators; all but the first of each come back */
    double weight_reads; /* words out of the weight buffers */
} PeTraffic;

static double peak_macs(const AccelConfig *a)
{
    return (double)a->pes * a->lanes * a->vector;
}

/* ---- what a mapping costs ---- */

static void price(Access *x, const Search *s, const Traffic *t, const PeTraffic *m)
{
    const AccelConfig *a = s->a;
    double n = s->w.groups * s->word, refills = m->updates - s->outputs;
    double drain = s->w.exact ? 0 : t->psum_writes;
    *x = (Access){.compute_cycles = s->compute * s->w.groups,
                  .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                  .dram_write = n * (t->psum_writes - s->w.unwritten),
                  .glb_read = n * (m->inputs + refills + drain),
                  .glb_write = n * (t->inputs + t->psum_reads + m->updates)};
    x->level_pj[LEVEL_MAC] = s->fixed[LEVEL_MAC];
    x->level_pj[LEVEL_SPAD] = s->fixed[LEVEL_SPAD] + n * m->weight_reads * a->weight_reg_pj +
                              s->w.groups * refills * s->cx * a->accumulator_pj;
    x->level_pj[LEVEL_BUFFER] = s->fixed[LEVEL_BUFFER] +
                                n * m->inputs * s->input_copies * a->input_buffer_pj +
                                n * (t->weights + m->weight_reads) * a->weight_buffer_pj;
    x->level_pj[LEVEL_GLB] = x->glb_read * a->glb_read_pj + x->glb_write * a->glb_write_pj;
    x->level_pj[LEVEL_DRAM] = (x->dram_read + x->dram_write) * a->dram_pj;
}

/* Nothing that costs at least this much beats the best. */
static bool hopeless(const Search *s, const Traffic *t, const PeTraffic *least)
{
    Access x;
    price(&x, s, t, least);
    return !best_beaten_by(s->best, &x, s->ports);
}

/* Input points of all PE tiles along one axis. keep: neighbours inside a tile of the global buffer
 * keep what overlaps. Tiles run on from one tile of the global buffer to the next. */
static double axis_points(double n, double g, double e, int stride, double kernel, const Work *w,
                          bool keep)
{
    if (w->exact) return sweep(g, e, stride, kernel, w->dilation, true, keep) * (n / g);
    return sweep(n, keep ? g : e, stride, kernel, w->dilation, false, false);
}

/* Input words into the PEs' buffers: p1 turns fastest, then q1. What stays put comes once from
 * DRAM through to the PEs. */
static double pe_inputs(const Search *s, const GlbTile *g, const Traffic *t, const PeTile *e,
                        bool c2)
{
    const Work *w = &s->w;
    bool p1 = e->p < g->p, q1 = e->q < g->q;
    if (!p1 && !q1 && !c2) return t->inputs;
    double x = axis_points(w->P, g->p, e->p, w->stride_w, w->R, w, true);
    double y = axis_points(w->Q, g->q, e->q, w->stride_h, w->S, w, !p1);
    double per_k = w->depthwise ? 1 : ceil_div(s->k_steps, e->k);
    return x * y * w->images * work_input_channels(w) * per_k;
}

/* Positions for which a weight stays in its register. */
static double held_positions(const Search *s, const GlbTile *g, const PeTile *e)
{
    bool turns = e->k > 1 || e->c > 1 || s->w.R * s->w.S > 1;
    return turns ? e->p * e->q : g->p * g->q;
}

/* gc, gk: the global buffer's tile in steps. */
static void pe_traffic(PeTraffic *m, const Search *s, const GlbTile *g, double gc, double gk,
                       const Traffic *t, const PeTile *e)
{
    bool x1 = e->p < g->p || e->q < g->q, c2 = e->c < gc, k2 = e->k < gk;
    double passes = x1 ? ceil_div(s->c_steps, e->c) : k2 ? g->tc : t->psum_c_repeat;
    m->inputs = pe_inputs(s, g, t, e, c2);
    m->updates = s->outputs * passes;
    m->weight_reads = s->weight_uses / held_positions(s, g, e);
}

/* ---- what fits ---- */

static double window(const Work *w, double p, double q)
{
    return span(p, w->stride_w, w->R, w->dilation, w->exact) *
           span(q, w->stride_h, w->S, w->dilation, w->exact);
}

static bool pe_fits(const Search *s, double p, double q, double c, double k)
{
    const AccelConfig *a = s->a;
    double own = s->w.depthwise ? s->lanes * k : c * s->vector;
    return p * q * k <= a->accumulators &&
           window(&s->w, p, q) * own * s->word <= a->input_buffer_bytes &&
           k * c * s->vector * s->w.R * s->w.S * s->word <= a->weight_buffer_bytes;
}

static double channels_c(const Search *s, double steps)
{
    return lesser(steps * s->vector * s->cx, s->w.C * s->w.folds);
}

static double channels_k(const Search *s, double steps)
{
    return lesser(steps * s->lanes * s->kx, s->w.K);
}

static bool glb_fits(const Search *s, double p, double q, double gc, double gk)
{
    double c = channels_c(s, gc), k = channels_k(s, gk);
    double in = window(&s->w, p, q) * (s->w.depthwise ? k : c);
    return (in + p * q * k) * s->word <= s->a->glb_bytes;
}

/* ---- tiles of the PEs inside one tile of the global buffer ---- */

/* A tile of the global buffer in steps, with its next larger sizes that fit too (0: none). A tile
 * that can grow along a dimension is worth a look only for PE tiles that fill it along that
 * dimension: for all others the grown tile moves no more words. */
typedef struct Block {
    GlbTile g;
    double gc, gk; /* c and k in steps */
    bool grows_p, grows_q, grows_c, grows_k;
} Block;

static void offer(Search *s, const Block *b, const Traffic *t, const PeTile *e)
{
    PeTraffic m;
    Access x;
    pe_traffic(&m, s, &b->g, b->gc, b->gk, t, e);
    price(&x, s, t, &m);
    if (!best_offer(s->best, &x, s->ports)) return;
    s->best->tile = b->g;
    const double pe[] = {s->vector, s->cx, s->lanes, s->kx, e->p, e->q, e->c, e->k};
    for (int i = 0; i < 8; i++) s->best->pe[i] = pe[i];
}

/* Is v a size of a tile inside one of size n? */
static bool inside(const Search *s, double v, double n, bool fills)
{
    return fills ? v == n : v <= n && !(s->w.exact && fmod(n, v) != 0);
}

/* The tallest PE tile of each width: taller ones only save. One that holds the whole block is best.
 */
static void each_position(Search *s, const Block *b, const Traffic *t, double c, double k)
{
    const GlbTile *g = &b->g;
    PeTile whole = {g->p, g->q, c, k};
    bool fits = pe_fits(s, g->p, g->q, c, k);
    if (fits) offer(s, b, t, &whole);
    if (fits && !s->skips) return;
    for (int i = s->p.n - 1; i >= 0; i--) {
        if (!inside(s, s->p.size[i], g->p, b->grows_p)) continue;
        for (int j = s->q.n - 1; j >= 0; j--) {
            PeTile e = {s->p.size[i], s->q.size[j], c, k};
            if (!inside(s, e.q, g->q, b->grows_q) || !pe_fits(s, e.p, e.q, c, k)) continue;
            offer(s, b, t, &e);
            if (!s->skips) break;
        }
    }
}

/* The least that PE tiles of between `low` and `most` steps move. */
static void least_traffic(PeTraffic *m, const Search *s, const Block *b, const Traffic *t,
                          PeTile low, PeTile most)
{
    const GlbTile *g = &b->g;
    double held = lesser(s->held_most, floor(s->a->accumulators / low.k));
    m->weight_reads = s->weight_uses / lesser(held, g->p * g->q);
    if (low.c * low.k * s->w.R * s->w.S <= 1) m->weight_reads = s->weight_uses / (g->p * g->q);
    m->inputs = t->inputs;
    m->updates = s->outputs * t->psum_c_repeat;
    if (pe_fits(s, g->p, g->q, low.c, low.k)) return; /* positions need not turn */
    double x = axis_points(s->w.P, g->p, 1, s->w.stride_w, s->w.R, &s->w, true);
    double y = axis_points(s->w.Q, g->q, 1, s->w.stride_h, s->w.S, &s->w, true);
    double per_k = s->w.depthwise ? 1 : ceil_div(s->k_steps, most.k);
    m->inputs = x * y * s->w.images * work_input_channels(&s->w) * per_k;
    m->updates = s->outputs * ceil_div(s->c_steps, most.c);
}

/* All of the block's channels in one PE tile: its weights stay while the positions pass. */
static void resident_weights(Search *s, const Block *b, const Traffic *t)
{
    PeTraffic least;
    PeTile e = {1, 1, b->gc, b->gk};
    least_traffic(&least, s, b, t, e, e);
    if (!hopeless(s, t, &least)) each_position(s, b, t, b->gc, b->gk);
}

/* Several PE tiles along the channels. */
static void changing_weights(Search *s, const Block *b, const Traffic *t)
{
    PeTraffic least;
    PeTile low = {1, 1, b->grows_c ? b->gc : 1, b->grows_k ? b->gk : 1};
    PeTile most = {1, 1, lesser(b->gc, s->c_most), lesser(b->gk, s->k_most)};
    least_traffic(&least, s, b, t, low, most);
    if (hopeless(s, t, &least)) return;
    for (int i = s->c.n - 1; i >= 0; i--) {
        PeTile e = {1, 1, s->c.size[i], 1};
        if (!inside(s, e.c, b->gc, b->grows_c)) continue;
        for (int j = s->k.n - 1; j >= 0; j--) {
            e.k = s->k.size[j];
            if (!inside(s, e.k, b->gk, b->grows_k) || (e.c == b->gc && e.k == b->gk)) continue;
            if (!pe_fits(s, 1, 1, e.c, e.k)) continue;
            least_traffic(&least, s, b, t, e, e);
            if (!hopeless(s, t, &least)) each_position(s, b, t, e.c, e.k);
        }
    }
}

/* ---- tiles of the global buffer ---- */

typedef void Inner(Search *s, const Block *b, const Traffic *t);

static void each_order(Search *s, Block *b, bool change, Inner *inner)
{
    Order orders[ORDERS];
    int n = orders_of(&s->w, &b->g, orders);
    b->g.weights_change = change;
    for (int o = 0; o < n; o++) {
        Traffic t;
        b->g.order = orders[o];
        traffic_dram(&t, &s->w, &b->g);
        inner(s, b, &t);
    }
}

static void set_block(Block *b, const Search *s, double p, double q, double gc, double gk)
{
    *b = (Block){.g = {.p = p,
                       .q = q,
                       .c = channels_c(s, gc),
                       .k = channels_k(s, gk),
                       .tp = ceil_div(s->w.P, p),
                       .tq = ceil_div(s->w.Q, q),
                       .tc = ceil_div(s->c_steps, gc),
                       .tk = ceil_div(s->k_steps, gk),
                       .weight_repeat = 1},
                 .gc = gc,
                 .gk = gk};
}

/* The next size that every tile inside this one is inside too; 0 if there is none. */
static double grown(const Search *s, const Tiles *t, int i)
{
    for (int j = i + 1; j < t->n; j++)
        if (!s->w.exact || t->size[j] % t->size[i] == 0) return t->size[j];
    return 0;
}

static void try_block(Search *s, int ip, int iq, int ic, int ik)
{
    double p = s->p.size[ip], q = s->q.size[iq], c = s->c.size[ic], k = s->k.size[ik];
    double p2 = s->skips ? 0 : grown(s, &s->p, ip), q2 = s->skips ? 0 : grown(s, &s->q, iq);
    double c2 = grown(s, &s->c, ic), k2 = grown(s, &s->k, ik);
    Block b;
    set_block(&b, s, p, q, c, k);
    b.grows_p = p2 > 0 && glb_fits(s, p2, q, c, k);
    b.grows_q = q2 > 0 && glb_fits(s, p, q2, c, k);
    b.grows_c = c2 > 0 && glb_fits(s, p, q, c2, k);
    b.grows_k = k2 > 0 && glb_fits(s, p, q, c, k2);
    double lp = b.grows_p ? p : 1, lq = b.grows_q ? q : 1;
    if (!pe_fits(s, lp, lq, b.grows_c ? c : 1, b.grows_k ? k : 1)) return;
    if (pe_fits(s, lp, lq, c, k)) each_order(s, &b, false, resident_weights);
    if (c > 1 || k > 1) each_order(s, &b, true, changing_weights);
}

/* ---- bounds of partly chosen tiles ---- */

/* Could a block of these sizes beat the best if it fitted? */
static bool promising(Search *s, double p, double q, double gc, double gk)
{
    Order orders[ORDERS];
    Block b;
    set_block(&b, s, p, q, gc, gk);
    b.g.weights_change = !pe_fits(s, 1, 1, gc, gk);
    int n = orders_of(&s->w, &b.g, orders);
    if (s->skips) return true; /* smaller blocks may fetch fewer inputs */
    for (int o = 0; o < n; o++) {
        Traffic t;
        PeTraffic least;
        b.g.order = orders[o];
        traffic_dram(&t, &s->w, &b.g);
        double held = s->w.R * s->w.S > 1 ? lesser(p * q, s->held_most) : p * q;
        least = (PeTraffic){t.inputs, s->outputs * t.psum_c_repeat, s->weight_uses / held};
        if (!hopeless(s, &t, &least)) return true;
    }
    return false;
}

/* Less of P or Q on chip never saves anything, so the first block that promises nothing is the last
 * to try. */
static void each_block_of(Search *s, int ic, int ik)
{
    double c = s->c.size[ic], k = s->k.size[ik];
    for (int i = s->p.n - 1; i >= 0 && promising(s, s->p.size[i], s->w.Q, c, k); i--)
        for (int j = s->q.n - 1; j >= 0; j--) {
            double p = s->p.size[i], q = s->q.size[j];
            if (!glb_fits(s, p, q, c, k)) continue;
            if (!promising(s, p, q, c, k)) break;
            try_block(s, i, j, ic, ik);
        }
}

static void each_block(Search *s)
{
    for (int i = s->c.n - 1; i >= 0; i--)
        for (int j = s->k.n - 1; j >= 0; j--) each_block_of(s, i, j);
}

/* ---- splits of the array ---- */

/* pJ that no tile changes, and what prices need of the split. */
static void set_fixed(Search *s)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double steps = w->P * w->Q * w->images * w->R * w->S * w->folds * w->groups;
    double macs = steps * w->C * w->K, sums = steps * ceil(w->C / s->vector) * w->K;
    double reads = steps * w->C * (w->depthwise ? w->K : ceil(w->K / s->lanes));
    s->outputs = w->P * w->Q * w->K * w->images;
    s->weight_uses = macs / w->groups;
    s->input_copies = w->depthwise ? 1 : lesser(s->kx, ceil(w->K / s->lanes));
    s->fixed[LEVEL_MAC] = macs * a->mac_pj;
    s->fixed[LEVEL_SPAD] = macs * s->word * a->weight_reg_pj +
                           (2 * sums - s->outputs * w->groups * s->cx) * a->accumulator_pj;
    s->fixed[LEVEL_BUFFER] = reads * s->word * a->input_buffer_pj;
}

/* layer: uncut. */
static void begin(Search *s, const AccelConfig *a, const Work *layer, const Ports *ports,
                  const Split *split)
{
    const int *part = split->part;
    *s = (Search){.a = a,
                  .ports = ports,
                  .w = *layer,
                  .vector = part[PART_VECTOR],
                  .lanes = part[PART_LANES],
                  .cx = part[PART_CX],
                  .kx = part[PART_KX],
                  .word = a->word_bits / 8.0};
    Work *w = &s->w;
    w->C = part[PART_C];
    w->K = part[PART_K];
    w->R = part[PART_R];
    w->S = part[PART_S];
    w->folds = ceil_div(layer->R, w->R) * ceil_div(layer->S, w->S);
    s->c_steps = ceil_div(ceil_div(w->C, s->vector), s->cx) * w->folds;
    s->k_steps = ceil_div(ceil_div(w->K, s->lanes), s->kx);
    s->compute = w->P * w->Q * w->images * w->R * w->S * s->c_steps * s->k_steps;
    set_fixed(s);
}

/* Every word once, weights in their registers as long as the accumulators allow. */
static void bound_split(Split *split, const Search *s)
{
    Traffic least;
    Access x;
    double held = s->w.P * s->w.Q * s->w.images;
    if (s->w.R * s->w.S > 1) held = lesser(held, s->a->accumulators);
    traffic_compulsory(&least, &s->w);
    PeTraffic m = {least.inputs, s->outputs, s->weight_uses / held};
    price(&x, s, &least, &m);
    split->cycles = bound_cycles(&x, s->ports);
    split->pj = access_pj(&x);
}

/* One kernel's splits on their way into the queue. */
typedef struct Round {
    const AccelConfig *a;
    const Work *w;
    const Ports *ports;
    Best *best;
    bool full; /* splits of all lanes and the whole vector; else all others */
    bool fits; /* does any split fit? */
    Queue queue;
} Round;

static void push_split(Round *to, Split *split)
{
    Search s;
    begin(&s, to->a, to->w, to->ports, split);
    if (!glb_fits(&s, 1, 1, 1, 1) || !pe_fits(&s, 1, 1, 1, 1)) return;
    to->fits = true;
    bound_split(split, &s);
    queue_push(&to->queue, to->best, split);
}

/* All useful (cx, kx). */
static void push_pes(Round *to, Split s)
{
    bool exact = to->w->exact;
    int pes = to->a->pes;
    double c = ceil_div(s.part[PART_C], s.part[PART_VECTOR]),
           k = ceil_div(s.part[PART_K], s.part[PART_LANES]);
    for (int cx = 1; cx <= pes && cx <= c; cx++)
        for (int kx = 1; useful_parts(c, cx, exact) && kx * cx <= pes && kx <= k; kx++) {
            s.part[PART_CX] = cx;
            s.part[PART_KX] = kx;
            if (useful_parts(k, kx, exact)) push_split(to, &s);
        }
}

/* Could so many lanes and so long a vector beat the best on ideal PEs? */
static bool promising_lanes(const Round *to, Split split)
{
    Search s;
    double pes = to->a->pes, vector = split.part[PART_VECTOR], lanes = split.part[PART_LANES];
    split.part[PART_CX] = (int)lesser(pes, ceil_div(split.part[PART_C], vector));
    split.part[PART_KX] = 1;
    begin(&s, to->a, to->w, to->ports, &split);
    s.compute = s.w.P * s.w.Q * s.w.images * s.w.R * s.w.S * s.w.folds *
                greater(1, s.w.C * s.w.K / (pes * lanes * vector));
    bound_split(&split, &s);
    return best_beaten(to->best, split.cycles, split.pj);
}

static int largest_divisor(double n, int most)
{
    int d = most;
    while ((int)n % d != 0) d--;
    return d;
}

/* Half of the lanes or of the vector, and so on, may fit where the whole is too coarse for the
 * buffers. */
static void push_lanes(Round *to, Split s)
{
    bool exact = to->w->exact;
    int C = s.part[PART_C], K = s.part[PART_K], *vector = &s.part[PART_VECTOR],
        *lanes = &s.part[PART_LANES];
    int v = to->a->vector, l = to->a->lanes;
    if (to->full) {
        *vector = exact ? largest_divisor(C, v) : (int)lesser(v, C);
        *lanes = exact ? largest_divisor(K, l) : (int)lesser(l, K);
        push_pes(to, s);
        return;
    }
    for (int i = v; i > 0; i = i % 2 ? 0 : i / 2)
        for (int j = l; j > 0; j = j % 2 ? 0 : j / 2) {
            *vector = (int)lesser(i, C);
            *lanes = (int)lesser(j, K);
            if ((i < v || j < l) && promising_lanes(to, s)) push_pes(to, s);
        }
}

static double round_up(double n, int to)
{
    return ceil_div(n, to) * to;
}

/* Where tiles must divide, channels are also tried padded to full vectors and lanes. */
static void push_padded(Round *to, Split s)
{
    const Work *w = to->w;
    double C8 = w->C > to->a->vector ? round_up(w->C, to->a->vector) : w->C;
    double K8 = round_up(w->K, to->a->lanes);
    for (int i = 0; i < (w->exact ? 4 : 1); i++) {
        if ((i & 1 && C8 == w->C) || (i & 2 && K8 == w->K)) continue;
        s.part[PART_C] = (int)(i & 1 ? C8 : w->C);
        s.part[PART_K] = (int)(i & 2 ? K8 : w->K);
        push_lanes(to, s);
    }
}

static void search_split(Search *s)
{
    tiles_of(&s->p, s->w.P, s->w.exact);
    tiles_of(&s->q, s->w.Q, s->w.exact);
    tiles_of(&s->c, s->c_steps, s->w.exact);
    tiles_of(&s->k, s->k_steps, s->w.exact);
    s->skips = s->w.exact && (s->w.stride_w > s->w.R || s->w.stride_h > s->w.S);
    s->c_most = s->k_most = 1;
    for (int i = 0; i < s->c.n; i++)
        if (pe_fits(s, 1, 1, s->c.size[i], 1)) s->c_most = s->c.size[i];
    for (int i = 0; i < s->k.n; i++)
        if (pe_fits(s, 1, 1, 1, s->k.size[i])) s->k_most = s->k.size[i];
    s->held_most = 1;
    for (int i = 0; i < s->p.n; i++)
        for (int j = 0; j < s->q.n && pe_fits(s, s->p.size[i], s->q.size[j], 1, 1); j++)
            s->held_most = greater(s->held_most, (double)s->p.size[i] * s->q.size[j]);
    each_block(s);
}

static void search_rounds(Round *to, const Split *kernel)
{
    queue_clear(&to->queue);
    do {
        push_padded(to, *kernel);
        const Split *split = to->queue.split;
        for (int i = 0; i < to->queue.n; i++) {
            Search s;
            if (!best_beaten(to->best, split[i].cycles, split[i].pj)) break;
            begin(&s, to->a, to->w, to->ports, &split[i]);
            s.best = to->best;
            search_split(&s);
        }
    } while (queue_next_round(&to->queue));
}

/* Pieces of r x s points of the kernel; true if one fits. */
static bool search_kernel(Round *to, double r, double s)
{
    Split kernel = {.part = {[PART_R] = (int)r, [PART_S] = (int)s}};
    to->fits = false;
    to->full = true;
    search_rounds(to, &kernel);
    to->full = false;
    if (!to->w->exact) search_rounds(to, &kernel);
    return to->fits;
}

/* A kernel may be cut into rows, then points, that are reduced one after the other; Timeloop's is
 * cut only where it must be. */
static Status search(const AccelConfig *a, const Work *w, const Ports *ports, Best *best, Err *err)
{
    Round to = {.a = a, .w = w, .ports = ports, .best = best};
    Tiles r, s;
    tiles_of(&r, w->R, false);
    tiles_of(&s, w->S, false);
    bool done = false;
    for (int i = s.n - 1; i >= 0 && !done; i--)
        done = search_kernel(&to, w->R, s.size[i]) && w->exact;
    for (int i = r.n - 2; i >= 0 && !done; i--) done = search_kernel(&to, r.size[i], 1) && w->exact;
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
