/* rs.c -- row stationary (Eyeriss-like): rows x cols of MACs, each with three small spads.
 * Loops, inner to outer:  m0 | c0 R | rows: S cy my, columns: q mx | c1 P m1 | DRAM: strips Q C K.
 * A filter row stays in its spad while P slides over an input row; psums of a column meet in the
 * array, those of different channel passes meet in the global buffer, which weights bypass. Rows too
 * wide for the global buffer are cut into strips. c1 turns inside P: psums stay in their spads, but
 * weights come anew for each output of a row.
 * Tile sizes c, k are in spatial steps of cy and my mx.
 *
 * The search is a branch and bound over the split of the array (which fixes the compute cycles),
 * the spads' tile (which fixes the traffic between array and global buffer) and the tile of the
 * global buffer (DRAM traffic). Each partial choice is priced as if the open choices cost nothing;
 * it is dropped when even that does not beat the best mapping found. Tiles of the global buffer
 * that could grow are dropped too, as growing saves traffic. Nothing else is, so the cheapest of
 * all mappings is found. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Parts of a Split: the piece of the kernel, channels that are computed (padded if the policy
 * divides); rows hold S cy my, columns q mx. */
enum { PART_R, PART_S, PART_C, PART_K, PART_CY, PART_MY, PART_Q, PART_MX };

/* Zero-padding of channels: the most extra work, and the least gain for which it is done. */
static const double PAD_MOST = 1.12, PAD_GAIN = 0.9;

typedef struct Search {
    const AccelConfig *a;
    const Ports *ports;
    Best *best;
    Work w; /* with the C, K, kernel and, if the policy divides, the padded Q of the split */
    double cy, my, q, mx;
    double c_steps, k_steps, q_steps; /* temporal steps */
    double compute;                   /* cycles of one group */
    double word;                      /* bytes */
    double fixed[LEVELS];             /* pJ of all groups that no tile changes */
    double outputs;                   /* words of one group */
    double weights;                   /* words of one group */
    double input_rows;                /* that the array takes of one channel and image */
    double array_inputs;              /* words of one pass over the output channels, no strips */
    double least_inputs;              /* words from DRAM if tiles keep what overlaps */
    double c0_most, m0_most;          /* that the spads hold */
    Tiles p, c0, m0;                  /* candidates: widths of strips, steps of C and of K */
} Search;

/* Tile of a PE's spads and the loops over it inside the global buffer, in steps; width of a strip.
 */
typedef struct SpadTile {
    double c0, m0, c1, m1, p;
} SpadTile;

/* Words between the global buffer and the array, one group. */
typedef struct ArrayTraffic {
    double inputs;
    double updates; /* psums from the array; all but the first of each come back */
} ArrayTraffic;

static double peak_macs(const AccelConfig *a)
{
    return (double)a->rows * a->cols;
}

/* ---- what a mapping costs ---- */

static void price(Access *x, const Search *s, const Traffic *t, const ArrayTraffic *m)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double n = w->groups * s->word, refills = m->updates - s->outputs;
    double copies = w->depthwise ? 1 : s->mx * s->my, drain = w->exact ? 0 : t->psum_writes;
    *x = (Access){.compute_cycles = s->compute * w->groups,
                  .dram_read = n * (t->weights + t->inputs + t->psum_reads),
                  .dram_write = n * (t->psum_writes - w->unwritten),
                  .glb_read = n * (m->inputs + refills + drain),
                  .glb_write = n * (t->inputs + t->psum_reads + m->updates)};
    x->level_pj[LEVEL_MAC] = s->fixed[LEVEL_MAC];
    x->level_pj[LEVEL_SPAD] = s->fixed[LEVEL_SPAD] +
                              a->ifmap_spad_pj * w->groups * m->inputs * copies +
                              a->weight_spad_pj * w->groups * t->weights * s->q +
                              a->psum_spad_pj * w->groups * refills * w->S * s->cy;
    x->level_pj[LEVEL_GLB] = x->glb_read * a->glb_read_pj + x->glb_write * a->glb_write_pj;
    x->level_pj[LEVEL_DRAM] = (x->dram_read + x->dram_write) * a->dram_pj;
}

/* Rows of the input that the array takes from the global buffer for one fold of q output rows.
 * A real array sends one row along a diagonal; without that every (row, column) gets its own. */
static double fold_rows(const Work *w, double q)
{
    double own = q * w->S;
    return w->exact ? own : lesser(own, span(q, w->stride_h, w->S, w->dilation, false));
}

static double all_fold_rows(const Search *s)
{
    double last = s->w.Q - (s->q_steps - 1) * s->q;
    return (s->q_steps - 1) * fold_rows(&s->w, s->q) + fold_rows(&s->w, last);
}

/* Input words of one row over all strips: kept while P slides, unless c1 turns inside. */
static double row_words(const Work *w, double p, bool c1)
{
    if (c1) return w->P * w->R;
    if (!w->exact) return sweep(w->P, p, w->stride_w, w->R, w->dilation, false, false);
    return sweep(p, 1, w->stride_w, w->R, w->dilation, true, true) * (w->P / p);
}

/* Input words that the array takes in one pass over the output channels. */
static double pass_inputs(const Search *s, double p, bool c1)
{
    return row_words(&s->w, p, c1) * s->input_rows * s->w.images * work_input_channels(&s->w);
}

static void array_traffic(ArrayTraffic *m, const Search *s, const GlbTile *g, const Traffic *t,
                          const SpadTile *e)
{
    bool turns = s->w.P > 1 || e->c1 > 1;
    double k_passes = ceil_div(s->k_steps, e->m0);
    m->inputs = pass_inputs(s, e->p, e->c1 > 1) * (s->w.depthwise ? 1
                                                   : turns        ? k_passes
                                                                  : t->input_k_repeat);
    m->updates = s->outputs * (s->w.P > 1 || e->m1 > 1 ? g->tc : t->psum_c_repeat);
}

/* The least that spad tiles of at most c0, m0 move. There are four ways, each of which saves
 * something:
 *   weights stay in their spads while all positions pass; then inputs and psums come once per pass;
 *   weights come anew for each position tile, so that all else may come once from DRAM;
 *   weights come for each output of a row, so that psums stay in the spads while C turns (c1 > 1);
 *   if P is one, inputs may stay while K turns. */
typedef enum { WEIGHTS_STAY, TILES_STAY, PSUMS_STAY, INPUTS_STAY, WAYS } Way;

/* False if there is no such way, or none that another does not cover. */
static bool least_traffic(Traffic *t, ArrayTraffic *m, const Search *s, double c0, double m0,
                          Way way)
{
    const Work *w = &s->w;
    double k_passes = ceil_div(s->k_steps, m0), c_passes = ceil_div(s->c_steps, c0);
    double tiles = s->q_steps * w->images, k_inputs = w->depthwise ? 1 : k_passes;
    bool column = w->P <= 1, resident = k_passes * c_passes <= 1;
    if (way == WEIGHTS_STAY && tiles <= 1) return false;
    if (way == TILES_STAY && column) return false;
    if (way == PSUMS_STAY && !column && c_passes <= 1) return false;
    if (way == INPUTS_STAY && !column) return false;
    double stay_k = way == WEIGHTS_STAY ? k_inputs : 1, stay_c = way == WEIGHTS_STAY ? c_passes : 1;
    t->weights = s->weights * (way == WEIGHTS_STAY || resident ? 1 : tiles);
    if (way == PSUMS_STAY) t->weights *= w->P;
    t->inputs = s->least_inputs * stay_k;
    t->psum_writes = s->outputs * stay_c;
    t->psum_reads = t->psum_writes - s->outputs;
    m->inputs = way == PSUMS_STAY && !column ? pass_inputs(s, w->P, true) : s->array_inputs;
    m->inputs *= way == INPUTS_STAY ? 1 : k_inputs;
    m->updates = s->outputs * (way == PSUMS_STAY ? 1 : c_passes);
    return true;
}

/* A lower bound of one way. */
static bool price_way(double *cycles, double *pj, const Search *s, double c0, double m0, Way way)
{
    Traffic t;
    ArrayTraffic m;
    Access x;
    if (!least_traffic(&t, &m, s, c0, m0, way)) return false;
    price(&x, s, &t, &m);
    *cycles = bound_cycles(&x, s->ports);
    *pj = access_pj(&x);
    return true;
}

/* The cheapest way. */
static void bound(double *cycles, double *pj, const Search *s, double c0, double m0)
{
    *cycles = *pj = HUGE_VAL;
    for (Way way = 0; way < WAYS; way++) {
        double c, e;
        if (!price_way(&c, &e, s, c0, m0, way)) continue;
        if (c > *cycles || (c == *cycles && e >= *pj)) continue;
        *cycles = c;
        *pj = e;
    }
}

static bool hopeless(const Search *s, double c0, double m0)
{
    double cycles, pj;
    bound(&cycles, &pj, s, c0, m0);
    return !best_beaten(s->best, cycles, pj);
}

static bool psums_may_stay(const Search *s, double c0, double m0)
{
    double cycles, pj;
    return price_way(&cycles, &pj, s, c0, m0, PSUMS_STAY) && best_beaten(s->best, cycles, pj);
}

/* ---- what fits ---- */

/* Words of an input row that a filter row sees at once: a dilated one holds those between, too. */
static double row_window(const Work *w)
{
    return (w->R - 1) * w->dilation + 1;
}

/* Channels of a cut kernel row are not side by side in a spad: then it need not be cut. */
static bool spads_fit(const Search *s, double c0, double m0, bool cut)
{
    const AccelConfig *a = s->a;
    double side = s->w.depthwise ? c0 * m0 : c0;
    return side * row_window(&s->w) <= a->ifmap_words && c0 * s->w.R * m0 <= a->weight_words &&
           m0 <= a->psum_words && (!cut || side == 1);
}

static double channels_c(const Search *s, const SpadTile *e)
{
    return lesser(e->c0 * e->c1 * s->cy, s->w.C * s->w.folds);
}

static double channels_k(const Search *s, const SpadTile *e)
{
    return lesser(e->m0 * e->m1 * s->my * s->mx, s->w.K);
}

static bool glb_fits(const Search *s, const SpadTile *e)
{
    const Work *w = &s->w;
    double c = channels_c(s, e), k = channels_k(s, e);
    double in = span(e->p, w->stride_w, w->R, w->dilation, w->exact) *
                span(s->q, w->stride_h, w->S, w->dilation, w->exact) * (w->depthwise ? k : c);
    return (in + e->p * s->q * k) * s->word <= s->a->glb_bytes;
}

/* ---- tiles of the global buffer ---- */

static void offer(Search *s, const GlbTile *g, const Traffic *t, const SpadTile *e)
{
    ArrayTraffic m;
    Access x;
    array_traffic(&m, s, g, t, e);
    price(&x, s, t, &m);
    if (!best_offer(s->best, &x, s->ports)) return;
    s->best->tile = *g;
    const double pe[] = {s->cy, s->my, s->q, s->mx, e->c0, e->m0, e->c1, e->m1};
    for (int i = 0; i < 8; i++) s->best->pe[i] = pe[i];
}

static void each_order(Search *s, const SpadTile *e)
{
    GlbTile g = {.p = e->p,
                 .q = s->q,
                 .c = channels_c(s, e),
                 .k = channels_k(s, e),
                 .tp = ceil_div(s->w.P, e->p),
                 .tq = s->q_steps,
                 .tc = ceil_div(s->c_steps, e->c0 * e->c1),
                 .tk = ceil_div(s->k_steps, e->m0 * e->m1),
                 .strips = true,
                 .weight_repeat = e->c1 > 1 ? s->w.P / ceil_div(s->w.P, e->p) : 1,
                 .weights_change = e->c1 > 1 || e->m1 > 1};
    Order orders[ORDERS];
    int n = orders_of(&s->w, &g, orders);
    for (int o = 0; o < n; o++) {
        Traffic t;
        g.order = orders[o];
        traffic_dram(&t, &s->w, &g);
        offer(s, &g, &t, e);
    }
}

/* m1 = 1 keeps the weights in their spads for all of a tile's rows; else the more the better, but
 * for the width of the strips: of two m1 with strips of one width the larger is better. */
static void each_m1(Search *s, SpadTile *e, const Tiles *m1)
{
    int widest = -1;
    for (int i = m1->n - 1; i >= 0; i--) {
        int p = s->p.n - 1, least = s->w.exact ? p : 0;
        e->m1 = m1->size[i];
        for (e->p = s->p.size[p]; p > least && !glb_fits(s, e); e->p = s->p.size[p]) p--;
        if (glb_fits(s, e) && (p > widest || i == 0)) each_order(s, e);
        if (!glb_fits(s, e)) continue;
        widest = p;
        if (p == s->p.n - 1 && i > 0) i = 1; /* no wider strips: all but m1 = 1 are worse */
    }
}

/* A single column of outputs: of two c1 with the same largest m1, or m1 = 1, the larger is better.
 */
static void each_c1(Search *s, SpadTile *e, const Tiles *c1, const Tiles *m1)
{
    int most = -1; /* m1 that fitted the c1 before */
    e->p = 1;
    for (int i = c1->n - 1; i >= 0; i--) {
        int j = m1->n - 1;
        e->c1 = c1->size[i];
        for (e->m1 = m1->size[j]; j > 0 && !glb_fits(s, e); e->m1 = m1->size[j]) j--;
        if (!glb_fits(s, e)) continue;
        if (j > most || i == 0) each_order(s, e);
        e->m1 = 1;
        if (j > 0 && (most < 0 || i == 0)) each_order(s, e);
        most = j;
        if (j == m1->n - 1 && i > 0) i = 1; /* no larger m1: all but c1 = 1 are worse */
    }
}

static void each_spad(Search *s, bool cut)
{
    Tiles c1, m1;
    for (int j = s->m0.n - 1; j >= 0; j--) {
        SpadTile e = {.m0 = s->m0.size[j], .c1 = 1};
        if (!spads_fit(s, 1, e.m0, cut) || hopeless(s, s->c0_most, e.m0)) continue;
        tiles_of(&m1, ceil_div(s->k_steps, e.m0), s->w.exact);
        for (int i = s->c0.n - 1; i >= 0; i--) {
            e.c0 = s->c0.size[i];
            if (!spads_fit(s, e.c0, e.m0, cut) || hopeless(s, e.c0, e.m0)) continue;
            e.c1 = 1;
            tiles_of(&c1, ceil_div(s->c_steps, e.c0), s->w.exact);
            if (s->w.P <= 1)
                each_c1(s, &e, &c1, &m1);
            else
                each_m1(s, &e, &m1);
            if (s->w.P <= 1 || !psums_may_stay(s, e.c0, e.m0)) continue;
            for (int k = c1.n - 1; k > 0; k--) {
                e.c1 = c1.size[k];
                each_m1(s, &e, &m1);
            }
        }
    }
}

/* ---- splits of the array ---- */

static void set_inputs(Search *s, double rows, double q)
{
    const Work *w = &s->w;
    s->input_rows = rows;
    s->array_inputs = pass_inputs(s, w->P, false);
    s->least_inputs = span(w->P, w->stride_w, w->R, w->dilation, w->exact) *
                      sweep(w->Q, q, w->stride_h, w->S, w->dilation, w->exact, true) * w->images *
                      work_input_channels(w);
}

static void set_fixed(Search *s)
{
    const AccelConfig *a = s->a;
    const Work *w = &s->w;
    double macs = w->P * w->Q * w->images * w->R * w->S * w->folds * w->C * w->K * w->groups;
    s->outputs = w->P * w->Q * w->K * w->images;
    s->weights = w->C * w->folds * w->K * w->R * w->S;
    set_inputs(s, all_fold_rows(s), s->q);
    s->fixed[LEVEL_MAC] = macs * a->mac_pj;
    s->fixed[LEVEL_SPAD] = macs * (a->weight_spad_pj + a->ifmap_spad_pj) +
                           (2 * macs - s->outputs * w->groups * w->S * s->cy) * a->psum_spad_pj;
}

/* What the spads hold at most of each, in steps. */
static void set_most(Search *s)
{
    double rows = floor(s->a->ifmap_words / row_window(&s->w)),
           filters = floor(s->a->weight_words / s->w.R);
    double beside = lesser(rows, filters);
    s->c0_most = lesser(s->c_steps, beside);
    s->m0_most = lesser(s->k_steps, lesser(s->a->psum_words, s->w.depthwise ? beside : filters));
}

/* layer: uncut. */
static void begin(Search *s, const AccelConfig *a, const Work *layer, const Ports *ports,
                  const Split *split)
{
    const int *part = split->part;
    s->a = a;
    s->ports = ports;
    s->w = *layer;
    s->cy = part[PART_CY];
    s->my = part[PART_MY];
    s->q = part[PART_Q];
    s->mx = part[PART_MX];
    s->word = a->word_bits / 8.0;
    Work *w = &s->w;
    w->C = part[PART_C];
    w->K = part[PART_K];
    w->R = part[PART_R];
    w->S = part[PART_S];
    w->folds = ceil_div(layer->R, w->R) * ceil_div(layer->S, w->S);
    s->c_steps = ceil_div(w->C, s->cy) * w->folds;
    s->k_steps = ceil_div(w->K, s->my * s->mx);
    s->q_steps = ceil_div(w->Q, s->q);
    if (w->exact) w->Q = s->q_steps * s->q;
    s->compute = w->P * w->R * w->images * s->q_steps * s->c_steps * s->k_steps;
    memset(s->fixed, 0, sizeof s->fixed);
    set_fixed(s);
    set_most(s);
}

/* The best of the pairs c0, m0 that fill the filters' spad, from the largest c0 on; after the first
 * few the rest at once and loosely. */
static void bound_split(Split *split, const Search *s)
{
    enum { TRIED = 8 };
    double filters = floor(s->a->weight_words / s->w.R), c0 = s->c0_most;
    split->cycles = split->pj = HUGE_VAL;
    for (int i = 0; c0 >= 1; i++) {
        double cycles, pj, m0 = i < TRIED ? lesser(s->m0_most, floor(filters / c0)) : s->m0_most;
        bound(&cycles, &pj, s, c0, m0);
        if (cycles < split->cycles || (cycles == split->cycles && pj < split->pj)) {
            split->cycles = cycles;
            split->pj = pj;
        }
        if (m0 >= s->m0_most) return;
        c0 = floor(filters / (m0 + 1));
    }
}

/* One kernel's splits on their way into the queue. */
typedef struct Round {
    const AccelConfig *a;
    const Work *w;
    const Ports *ports;
    Best *best;
    bool fits;    /* does any split fit? */
    double width; /* of the strips, at most */
    Queue queue;
    unsigned short my_of[ARRAY_SIDE_MAX * ARRAY_SIDE_MAX + 1]; /* of products my mx; 0: none */
} Round;

/* What a split takes at least, found sooner than its bound. */
static double array_cycles(const Work *w, const Split *split)
{
    const int *part = split->part;
    double folds = ceil_div(w->R, part[PART_R]) * ceil_div(w->S, part[PART_S]);
    return w->groups * w->images * w->P * part[PART_R] * folds * ceil_div(w->Q, part[PART_Q]) *
           ceil_div(part[PART_C], part[PART_CY]) *
           ceil_div(part[PART_K], (double)part[PART_MY] * part[PART_MX]);
}

static void push_split(Round *to, Split *split)
{
    Search s;
    if (to->fits && !queue_admits(&to->queue, to->best, array_cycles(to->w, split), 0)) return;
    begin(&s, to->a, to->w, to->ports, split);
    SpadTile one = {1, 1, 1, 1, to->width};
    if (!spads_fit(&s, 1, 1, false) || !glb_fits(&s, &one)) return;
    to->fits = true;
    bound(&split->cycles, &split->pj, &s, s.c0_most, s.m0_most);
    if (!queue_admits(&to->queue, to->best, split->cycles, split->pj)) return;
    bound_split(split, &s);
    queue_push(&to->queue, to->best, split);
}

/* Which products of rows and columns for output channels are there? Only their product counts, so
 * one of each is enough. */
static int find_products(Round *to, int most_y, int most_x)
{
    memset(to->my_of, 0, (size_t)(most_y * most_x + 1) * sizeof *to->my_of);
    for (int my = 1; my <= most_y; my++)
        for (int mx = 1; mx <= most_x; mx++)
            if (!to->my_of[mx * my]) to->my_of[mx * my] = (unsigned short)my;
    return most_y * most_x;
}

/* Output channels on rows and columns: of those with the same steps, the fewest. */
static void push_channels(Round *to, Split s, int most_y, int most_x)
{
    int products = find_products(to, most_y, most_x);
    double K = s.part[PART_K], before = 0;
    for (int m = 1; m <= products && before != 1; m++) {
        double steps = ceil_div(K, m);
        if (!to->my_of[m] || (to->w->exact ? (int)K % m != 0 : steps == before)) continue;
        before = steps;
        s.part[PART_MY] = to->my_of[m];
        s.part[PART_MX] = m / to->my_of[m];
        push_split(to, &s);
    }
}

/* Pieces of a kernel with more rows than the array never lie side by side: then it need not be
 * cut. */
static void push_splits(Round *to, Split s)
{
    const AccelConfig *a = to->a;
    const Work *w = to->w;
    int sets = s.part[PART_S] < w->S ? 1 : a->rows / s.part[PART_S];
    for (int cy = 1; cy <= sets && cy <= s.part[PART_C]; cy++) {
        if (!useful_parts(s.part[PART_C], cy, w->exact)) continue;
        for (int q = 1; q <= a->cols && q <= w->Q; q++) {
            if (!useful_parts(w->Q, q, false)) continue;
            s.part[PART_CY] = cy;
            s.part[PART_Q] = q;
            push_channels(to, s, sets / cy, a->cols / q);
        }
    }
}

/* ---- zero-padded channels ---- */

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

static int odd_part(int n)
{
    while (n % 2 == 0) n /= 2;
    return n;
}

/* Channel counts are mostly powers of two, so what keeps parts of the array idle are the odd
 * factors of its sides: input channels lie on rows, output channels on rows and columns. */
static void push_padded(Round *to, Split s)
{
    const Work *w = to->w;
    int r = odd_part(to->a->rows), c = odd_part(to->a->cols), c_factors[] = {1, r},
        k_factors[] = {1, r, c, r * c};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) {
            double C = w->depthwise ? 1 : padded(w->C, c_factors[i]);
            double K = padded(w->K, k_factors[j]);
            if ((C <= w->C && K <= w->K) || C * K > PAD_MOST * w->C * w->K) continue;
            s.part[PART_C] = (int)C;
            s.part[PART_K] = (int)K;
            push_splits(to, s);
        }
}

static void push_plain(Round *to, Split s)
{
    s.part[PART_C] = (int)to->w->C;
    s.part[PART_K] = (int)to->w->K;
    push_splits(to, s);
}

/* ---- the search ---- */

static void search_split(Round *to, const Split *split)
{
    Search s;
    begin(&s, to->a, to->w, to->ports, split);
    s.best = to->best;
    tiles_of(&s.p, s.w.P, s.w.exact);
    while (s.w.exact && s.p.size[s.p.n - 1] > to->width) s.p.n--;
    tiles_of(&s.c0, s.c_steps, s.w.exact);
    tiles_of(&s.m0, s.k_steps, s.w.exact);
    each_spad(&s, split->part[PART_R] < to->w->R);
}

static void search_rounds(Round *to, const Split *kernel, void (*push)(Round *to, Split kernel))
{
    queue_clear(&to->queue);
    do {
        push(to, *kernel);
        const Split *split = to->queue.split;
        for (int i = 0; i < to->queue.n; i++) {
            if (!best_beaten(to->best, split[i].cycles, split[i].pj)) break;
            search_split(to, &split[i]);
        }
    } while (queue_next_round(&to->queue));
}

/* Could pieces of this size beat the best on an ideal array? */
static bool promising_kernel(const Round *to, Split kernel)
{
    Search s;
    kernel.part[PART_C] = (int)to->w->C;
    kernel.part[PART_K] = (int)to->w->K;
    kernel.part[PART_CY] = kernel.part[PART_MY] = kernel.part[PART_Q] = kernel.part[PART_MX] = 1;
    begin(&s, to->a, to->w, to->ports, &kernel);
    const Work *w = &s.w;
    s.compute = w->P * w->Q * w->images * w->R * w->S * w->folds * w->C * w->K / peak_macs(to->a);
    s.q_steps = 1;
    set_inputs(&s, fold_rows(w, w->Q), w->Q);
    bound(&kernel.cycles, &kernel.pj, &s, s.c_steps, s.k_steps);
    return best_beaten(to->best, kernel.cycles, kernel.pj);
}

/* Timeloop's channels are padded only where that is worth it. */
static void search_padded(Round *to, const Split *kernel)
{
    Best *plain = to->best, pad = {.cycles = PAD_GAIN * plain->cycles, .energy = HUGE_VAL};
    to->best = &pad;
    search_rounds(to, kernel, push_padded);
    to->best = plain;
    if (isfinite(pad.energy)) *plain = pad;
}

/* A kernel larger than the array or the spads is cut; the pieces are reduced one after the other.
 * Timeloop's is cut only where it must be. */
static void search_kernels(Round *to)
{
    const Work *w = to->w;
    Tiles R, S;
    tiles_of(&R, w->R, false);
    tiles_of(&S, w->S, false);
    for (int i = S.n - 1; i >= 0; i--)
        for (int j = R.n - 1; j >= 0 && !(w->exact && to->fits); j--) {
            Split kernel = {.part = {[PART_R] = R.size[j], [PART_S] = S.size[i]}};
            if (S.size[i] > to->a->rows) continue;
            if (!promising_kernel(to, kernel)) continue;
            search_rounds(to, &kernel, push_plain);
            if (w->exact) search_padded(to, &kernel);
        }
}

/* Timeloop's rows are cut into strips only where they must be; each_m1 cuts the others. */
static Status search(const AccelConfig *a, const Work *w, const Ports *ports, Best *best, Err *err)
{
    Round to = {.a = a, .w = w, .ports = ports, .best = best};
    Tiles p;
    tiles_of(&p, w->exact ? w->P : 1, w->exact);
    for (int i = p.n - 1; i >= 0 && !to.fits; i--) {
        to.width = p.size[i];
        search_kernels(&to);
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
