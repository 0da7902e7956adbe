/* test_accel_exhaustive.c -- the mapping searches against exhaustive ones that share no code with
 * them and prune nothing: policy `timeloop` on tiny layers by walking every loop nest tile by tile,
 * policy `hardware` on random small layers and machines. */
#include "accel_models/accel_internal.h"
#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/accel_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static AccelConfig simba, eyeriss;

static void setup(void)
{
    rig_accel_copy(&simba, "simba-16pe");
    rig_accel_copy(&eyeriss, "eyeriss-12x14");
}

/* ---- policy timeloop: every nest walked literally ---- */

typedef enum { DIM_P, DIM_Q, DIM_C, DIM_K, DIMS } Dim;
typedef struct Nest { /* loops outside a tile, outer to inner */
    int n;
    struct {
        Dim dim;
        int trips, step;
    } loop[12];
} Nest;

typedef struct Case {
    LayerShape l;
    int size[DIMS]; /* computed: Q may be padded */
} Case;

typedef struct Moves {
    double in, out; /* words into and out of the inner level */
} Moves;

static void add_loop(Nest *n, Dim d, int trips, int step)
{
    n->loop[n->n].dim = d;
    n->loop[n->n].trips = trips;
    n->loop[n->n++].step = step;
}

/* Start of the tile in trip `t` of the whole nest, counted like an odometer. */
static void tile_start(const Nest *n, long t, int *start)
{
    for (int d = 0; d < DIMS; d++) start[d] = 0;
    for (int i = n->n - 1; i >= 0; i--) {
        start[n->loop[i].dim] += (int)(t % n->loop[i].trips) * n->loop[i].step;
        t /= n->loop[i].trips;
    }
}

static long all_trips(const Nest *n)
{
    long t = 1;
    for (int i = 0; i < n->n; i++) t *= n->loop[i].trips;
    return t;
}

static int box(int points, int stride, int kernel)
{
    return (points - 1) * stride + kernel;
}

static int overlap(int a, int b, int stride, int width)
{
    int apart = abs(a - b) * stride;
    return apart < width ? width - apart : 0;
}

/* Input words fetched when a level holds one tile and keeps what overlaps with the next. */
static double input_moves(const Case *c, const Nest *n, const int *tile)
{
    int w = box(tile[DIM_P], c->l.stride_w, c->l.R), h = box(tile[DIM_Q], c->l.stride_h, c->l.S);
    int now[DIMS], old[DIMS] = {0};
    double words = 0;
    for (long t = 0; t < all_trips(n); t++) {
        tile_start(n, t, now);
        double kept = 0;
        bool stays = now[DIM_P] == old[DIM_P] && now[DIM_Q] == old[DIM_Q];
        if (t && now[DIM_C] == old[DIM_C] && (stays || now[DIM_K] == old[DIM_K]))
            kept = (double)overlap(now[DIM_P], old[DIM_P], c->l.stride_w, w) *
                   overlap(now[DIM_Q], old[DIM_Q], c->l.stride_h, h);
        words += ((double)w * h - kept) * tile[DIM_C];
        memcpy(old, now, sizeof now);
    }
    return words;
}

static double weight_moves(const Case *c, const Nest *n, const int *tile)
{
    int now[DIMS], old[DIMS];
    double words = 0, one = (double)tile[DIM_C] * tile[DIM_K] * c->l.R * c->l.S;
    for (long t = 0; t < all_trips(n); t++) {
        tile_start(n, t, now);
        if (!t || now[DIM_C] != old[DIM_C] || now[DIM_K] != old[DIM_K]) words += one;
        memcpy(old, now, sizeof now);
    }
    return words;
}

/* A psum tile leaves when another takes its place, and returns if it was here before. */
static Moves output_moves(const Nest *n, const int *tile)
{
    static bool seen[64][64][64];
    int now[DIMS], old[DIMS];
    Moves m = {0, 0};
    double one = (double)tile[DIM_P] * tile[DIM_Q] * tile[DIM_K];
    memset(seen, 0, sizeof seen);
    for (long t = 0; t < all_trips(n); t++) {
        tile_start(n, t, now);
        bool same =
            t && now[DIM_P] == old[DIM_P] && now[DIM_Q] == old[DIM_Q] && now[DIM_K] == old[DIM_K];
        bool *before = &seen[now[DIM_P]][now[DIM_Q]][now[DIM_K]];
        if (!same) m.out += one;
        if (!same && *before) m.in += one;
        *before = true;
        memcpy(old, now, sizeof now);
    }
    return m;
}

typedef struct Found {
    double cycles, energy;
} Found;

static void offer(Found *f, double compute, const AccelConfig *a, double rd, double wr, double grd,
                  double gwr, double other_pj)
{
    double c = fmax(compute, fmax(fmax(rd / a->dram_read_port, wr / a->dram_write_port),
                                  fmax(grd / a->glb_read_port, gwr / a->glb_write_port)));
    double pj = other_pj + (rd + wr) * a->dram_pj + grd * a->glb_read_pj + gwr * a->glb_write_pj;
    c = ceil(c);
    if (c < f->cycles || (c == f->cycles && pj < f->energy)) *f = (Found){c, pj};
}

/* Order of the blocks X (P inside Q), C, K in DRAM, outer to inner. */
static void dram_loops(Nest *n, int order, const Case *c, const int *g)
{
    static const char *const blocks[6] = {"XCK", "XKC", "CXK", "CKX", "KXC", "KCX"};
    for (const char *b = blocks[order]; *b; b++) {
        if (*b == 'C') add_loop(n, DIM_C, c->size[DIM_C] / g[DIM_C], g[DIM_C]);
        if (*b == 'K') add_loop(n, DIM_K, c->size[DIM_K] / g[DIM_K], g[DIM_K]);
        if (*b == 'X') add_loop(n, DIM_Q, c->size[DIM_Q] / g[DIM_Q], g[DIM_Q]);
        if (*b == 'X') add_loop(n, DIM_P, c->size[DIM_P] / g[DIM_P], g[DIM_P]);
    }
}

static double ws_macs(const Case *c)
{
    return (double)c->size[DIM_P] * c->size[DIM_Q] * c->size[DIM_C] * c->size[DIM_K] * c->l.R *
           c->l.S;
}

/* g: tile of the global buffer, e: tile of the PEs, in points and channels. */
static void ws_mapping(Found *f, const AccelConfig *a, const Case *c, int order, int cx, int kx,
                       const int *g, const int *e)
{
    Nest dram = {0};
    dram_loops(&dram, order, c, g);
    double in = input_moves(c, &dram, g);
    Moves out = output_moves(&dram, g);
    Nest pe = dram;
    add_loop(&pe, DIM_K, g[DIM_K] / e[DIM_K], e[DIM_K]);
    add_loop(&pe, DIM_C, g[DIM_C] / e[DIM_C], e[DIM_C]);
    add_loop(&pe, DIM_Q, g[DIM_Q] / e[DIM_Q], e[DIM_Q]);
    add_loop(&pe, DIM_P, g[DIM_P] / e[DIM_P], e[DIM_P]);
    double pe_in = input_moves(c, &pe, e), weights = weight_moves(c, &pe, e);
    Moves psum = output_moves(&pe, e);
    double macs = ws_macs(c), k0 = (double)e[DIM_K] / (a->lanes * kx);
    double c1 = (double)e[DIM_C] / (a->vector * cx), outputs = psum.out - psum.in;
    double held = k0 * c1 * c->l.R * c->l.S > 1 ? e[DIM_P] * e[DIM_Q] : g[DIM_P] * g[DIM_Q];
    double pj = macs * (a->mac_pj + a->weight_reg_pj) +
                (2 * macs / a->vector - outputs * cx + psum.in * cx) * a->accumulator_pj +
                macs / a->lanes * a->input_buffer_pj + pe_in * kx * a->input_buffer_pj +
                weights * a->weight_buffer_pj +
                macs / held * (a->weight_buffer_pj + a->weight_reg_pj);
    offer(f, macs / (a->vector * cx * a->lanes * kx), a, in + weights + out.in, out.out,
          pe_in + psum.in, in + out.in + psum.out, pj);
}

static bool ws_fits(const AccelConfig *a, const Case *c, int cx, int kx, const int *g, const int *e)
{
    int k0 = e[DIM_K] / (a->lanes * kx), lane_c = e[DIM_C] / cx;
    int pe_in =
        box(e[DIM_P], c->l.stride_w, c->l.R) * box(e[DIM_Q], c->l.stride_h, c->l.S) * lane_c;
    int in = box(g[DIM_P], c->l.stride_w, c->l.R) * box(g[DIM_Q], c->l.stride_h, c->l.S) * g[DIM_C];
    return e[DIM_P] * e[DIM_Q] * k0 <= a->accumulators && pe_in <= a->input_buffer_bytes &&
           k0 * lane_c * c->l.R * c->l.S <= a->weight_buffer_bytes &&
           in + g[DIM_P] * g[DIM_Q] * g[DIM_K] <= a->glb_bytes;
}

/* Next tile sizes, each a divisor of `of` and a multiple of `unit`; false after the last. */
static bool next_tile(int *tile, const int *of, const int *unit)
{
    for (int d = 0; d < DIMS; d++) {
        do tile[d] += unit[d];
        while (tile[d] <= of[d] && of[d] % tile[d]);
        if (tile[d] <= of[d]) return true;
        tile[d] = unit[d];
    }
    return false;
}

static void ws_all_tiles(Found *f, const AccelConfig *a, const Case *c, int cx, int kx)
{
    const int unit[DIMS] = {1, 1, a->vector * cx, a->lanes * kx};
    int g[DIMS], e[DIMS];
    if (c->size[DIM_C] % unit[DIM_C] || c->size[DIM_K] % unit[DIM_K]) return;
    memcpy(g, unit, sizeof g);
    do {
        memcpy(e, unit, sizeof e);
        do
            for (int o = 0; o < 6 && ws_fits(a, c, cx, kx, g, e); o++)
                ws_mapping(f, a, c, o, cx, kx, g, e);
        while (next_tile(e, g, unit));
    } while (next_tile(g, c->size, unit));
}

static Found ws_exhaustive(const AccelConfig *a, const LayerShape *l)
{
    Found f = {HUGE_VAL, HUGE_VAL};
    Case c = {*l, {l->P, l->Q, l->C, l->K}};
    for (int cx = 1; cx <= a->pes; cx++)
        for (int kx = 1; cx * kx <= a->pes; kx++) ws_all_tiles(&f, a, &c, cx, kx);
    return f;
}

static AccelConfig tiny_ws(void)
{
    AccelConfig a = simba;
    a.pes = 2;
    a.lanes = a.vector = 2;
    a.input_buffer_bytes = 24;
    a.weight_buffer_bytes = 12;
    a.accumulators = 6;
    a.glb_bytes = 120;
    a.glb_read_port = a.glb_write_port = 3;
    a.dram_read_port = a.dram_write_port = 3;
    return a;
}

/* Kernels of one dimension: tiles overlap along one axis only, where the model's count and the
 * literal one are the same. */
static void check_found(const AccelConfig *a, const LayerShape *l, Found f)
{
    LayerCost c = rig_cost(a, l, MAP_TIMELOOP, 0);
    ck_assert_msg(c.cycles == f.cycles, "%s: %g cycles, exhaustive search %g", c.mapping, c.cycles,
                  f.cycles);
    ck_assert_msg(c.energy_pj <= f.energy * (1 + 1e-9),
                  "%dx%d C%d K%d k%dx%d %s: %g pJ, exhaustive search %g", l->P, l->Q, l->C, l->K,
                  l->R, l->S, c.mapping, c.energy_pj, f.energy);
    ck_assert_double_ge(c.energy_pj, f.energy * (1 - 1e-9));
}

static const LayerShape tiny_layers[] = {
    {LAYER_CONV, 1, 4, 4, 4, 2, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 8, 4, 3, 4, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 4, 8, 6, 2, 3, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 4, 4, 2, 6, 1, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 8, 8, 4, 1, 3, 1, 2, 1, 1, 1, 1, 0},
    {LAYER_FC, 1, 8, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
};
enum { TINY = sizeof tiny_layers / sizeof *tiny_layers };

START_TEST(weight_stationary_search_equals_the_exhaustive_one)
{
    AccelConfig a = tiny_ws();
    check_found(&a, &tiny_layers[_i], ws_exhaustive(&a, &tiny_layers[_i]));
}
END_TEST

/* Row stationary: g holds all of P and q rows; the spads hold c0 and m0. */
static void rs_mapping(Found *f, const AccelConfig *a, const Case *c, int order, const int *par,
                       const int *g, int c0, int m0)
{
    int cy = par[0], my = par[1], q = par[2], mx = par[3];
    int spad[DIMS] = {1, q, c0 * cy, m0 * my * mx};
    Nest dram = {0};
    dram_loops(&dram, order, c, g);
    Nest pe = dram;
    add_loop(&pe, DIM_K, g[DIM_K] / spad[DIM_K], spad[DIM_K]);
    add_loop(&pe, DIM_P, g[DIM_P], 1);
    add_loop(&pe, DIM_C, g[DIM_C] / spad[DIM_C], spad[DIM_C]);
    Case row = *c; /* each array row takes its own input row: S x q of them, none shared */
    row.l.S = 1;
    row.l.stride_h = c->l.S * q; /* no overlap between rows of different folds */
    int one_row[DIMS] = {1, 1, spad[DIM_C], spad[DIM_K]};
    double in = input_moves(c, &dram, g), array_in = input_moves(&row, &pe, one_row) * c->l.S * q;
    double weights = weight_moves(c, &pe, spad), macs = ws_macs(c);
    Moves out = output_moves(&dram, g), psum = output_moves(&pe, spad);
    double pj = macs * (a->mac_pj + a->weight_spad_pj + a->ifmap_spad_pj) +
                (2 * macs + (2 * psum.in - psum.out) * c->l.S * cy) * a->psum_spad_pj +
                array_in * mx * my * a->ifmap_spad_pj + weights * q * a->weight_spad_pj;
    offer(f, macs / (c->l.S * cy * my * q * mx), a, 2 * (in + weights + out.in), 2 * out.out,
          2 * (array_in + psum.in), 2 * (in + out.in + psum.out), pj);
}

static bool rs_fits(const AccelConfig *a, const Case *c, const int *g, int c0, int m0)
{
    int in = box(g[DIM_P], c->l.stride_w, c->l.R) * box(g[DIM_Q], c->l.stride_h, c->l.S) * g[DIM_C];
    return c0 * c->l.R <= a->ifmap_words && c0 * m0 * c->l.R <= a->weight_words &&
           m0 <= a->psum_words && 2 * (in + g[DIM_P] * g[DIM_Q] * g[DIM_K]) <= a->glb_bytes;
}

static void rs_all_tiles(Found *f, const AccelConfig *a, const Case *c, const int *par)
{
    const int unit[DIMS] = {c->size[DIM_P], par[2], par[0], par[1] * par[3]};
    const int all[DIMS] = {c->size[DIM_P], par[2], c->size[DIM_C], c->size[DIM_K]};
    int g[DIMS];
    if (all[DIM_C] % unit[DIM_C] || all[DIM_K] % unit[DIM_K]) return;
    memcpy(g, unit, sizeof g);
    do
        for (int c0 = 1; c0 * unit[DIM_C] <= g[DIM_C]; c0++)
            for (int m0 = 1; m0 * unit[DIM_K] <= g[DIM_K]; m0++) {
                if (g[DIM_C] % (c0 * unit[DIM_C]) || g[DIM_K] % (m0 * unit[DIM_K])) continue;
                for (int o = 0; o < 6 && rs_fits(a, c, g, c0, m0); o++)
                    rs_mapping(f, a, c, o, par, g, c0, m0);
            }
    while (next_tile(g, all, unit));
}

static Found rs_exhaustive(const AccelConfig *a, const LayerShape *l)
{
    Found f = {HUGE_VAL, HUGE_VAL};
    int rows = a->rows / l->S, par[4];
    for (par[0] = 1; par[0] <= rows; par[0]++)
        for (par[1] = 1; par[1] * par[0] <= rows; par[1]++)
            for (par[2] = 1; par[2] <= a->cols && par[2] <= l->Q; par[2]++)
                for (par[3] = 1; par[3] * par[2] <= a->cols; par[3]++) {
                    int q = par[2], padded = (l->Q + q - 1) / q * q;
                    Case c = {*l, {l->P, padded, l->C, l->K}};
                    rs_all_tiles(&f, a, &c, par);
                }
    return f;
}

static AccelConfig tiny_rs(void)
{
    AccelConfig a = eyeriss;
    a.rows = 4;
    a.cols = 3;
    a.ifmap_words = 6;
    a.weight_words = 16;
    a.psum_words = 4;
    a.glb_bytes = 240;
    a.glb_read_port = a.glb_write_port = 6;
    a.dram_read_port = a.dram_write_port = 6;
    return a;
}

START_TEST(row_stationary_search_equals_the_exhaustive_one)
{
    AccelConfig a = tiny_rs();
    check_found(&a, &tiny_layers[_i], rs_exhaustive(&a, &tiny_layers[_i]));
}
END_TEST

/* ---- policy hardware: tiles that need not divide ---- */

/* Where the model's count is a rule and not what a walk finds, the rule is repeated here:
 *   - a tile of trips f has ceil(n / f) points or steps, the last one what is left;
 *   - along an axis n outputs touch min(box, n R) input points, consecutive tiles along the innermost
 *     input loop fetch only what is new, and overlap along the other axis is fetched again;
 *   - tiles of the PEs run on from one tile of the global buffer to the next;
 *   - along C as many PEs or rows are used as the number of steps needs, no more;
 *   - where c1 turns inside P (rs) weights come and inputs are sent for each output;
 *   - a kernel may be cut into rows or parts of a row (ws) or into r x s pieces (rs), each a
 *     reduction step of its own with inputs of its own. */
enum { AX_I, AX_P, AX_Q, AX_C, AX_K, AXES };

/* One group of a layer with its kernel cut. */
typedef struct Job {
    LayerShape l;
    bool dw, strips; /* strips: P turns outside Q */
    int images, P, Q, C, K, R, S, folds;
    double groups, outputs, weights, channels;
    double unwritten; /* output words that a pool keeps from memory */
} Job;

static Job make_job(const LayerShape *l, int R, int S, bool strips)
{
    bool point = l->R == 1 && l->S == 1;
    Job j = {.l = *l, .strips = strips, .R = R, .S = S};
    j.dw = l->groups > 1 && l->groups == l->C && l->K == l->C;
    j.images = point ? 1 : l->N;
    j.P = l->P;
    j.Q = point ? l->Q * l->N : l->Q;
    j.C = j.dw ? 1 : l->C / l->groups;
    j.K = j.dw ? l->K : l->K / l->groups;
    j.groups = j.dw ? 1 : l->groups;
    j.folds = ((l->R + R - 1) / R) * ((l->S + S - 1) / S);
    j.outputs = (double)j.images * j.P * j.Q * j.K;
    j.unwritten = l->written > 0 ? j.outputs - l->written / j.groups : 0;
    j.weights = (double)j.C * j.folds * j.K * R * S;
    j.channels = (double)(j.dw ? j.K : j.C) * j.folds;
    return j;
}

static int up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Is v = ceil(n / f) for some f? */
static bool is_size(int v, int n)
{
    for (int f = 1; f <= n; f++)
        if (up(n, f) == v) return true;
    return false;
}

static int touched(int n, int stride, int kernel, int dilation)
{
    int window = (n - 1) * stride + (kernel - 1) * dilation + 1;
    return n == 0 ? 0 : window < n * kernel ? window : n * kernel;
}

static int touched_p(const Job *j, int n)
{
    return touched(n, j->l.stride_w, j->R, j->l.dilation);
}

static int touched_q(const Job *j, int n)
{
    return touched(n, j->l.stride_h, j->S, j->l.dilation);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Input points of tile i of size t; kept: what the tile before it left is there. */
static int new_points(int (*count)(const Job *, int), const Job *j, int n, int t, int i, bool kept)
{
    int end = smaller(n, (i + 1) * t), start = i * t;
    return kept ? count(j, end) - count(j, start) : count(j, end - start);
}

typedef struct Dram {
    double weights, inputs, psum_in, psum_out; /* words */
    double k_repeat, c_repeat; /* visits of an input, an output tile, less overlap */
} Dram;

typedef struct Tile {
    int p, q, tc, tk; /* points, trips */
    bool change;      /* weights of a tile do not stay */
} Tile;

/* Walks the DRAM loops, outer to inner, and looks at what changes from trip to trip. */
static Dram walk(const Job *j, const Tile *t, const int *order)
{
    static bool seen[2][8][8][8];
    int trips[AXES] = {j->images, up(j->P, t->p), up(j->Q, t->q), t->tc, t->tk};
    int now[AXES] = {0}, old[AXES] = {0};
    long total = 1, loads = 0, comes = 0, leaves = 0, back = 0;
    double points = 0;
    bool p_moves = trips[AX_P] > 1 && !j->strips;
    for (int i = 0; i < AXES; i++) total *= trips[i];
    memset(seen, 0, sizeof seen);
    for (long n = 0; n < total; n++) {
        long rest = n;
        for (int i = AXES - 1; i >= 0; i--) {
            now[order[i]] = (int)(rest % trips[order[i]]);
            rest /= trips[order[i]];
        }
        bool same[AXES], first = n == 0;
        for (int i = 0; i < AXES; i++) same[i] = !first && now[i] == old[i];
        bool same_x = same[AX_I] && same[AX_P] && same[AX_Q];
        loads += !(same[AX_C] && same[AX_K] && (same_x || !t->change));
        bool same_channels = same[AX_C] && (same[AX_K] || !j->dw);
        if (!(same_x && same_channels)) {
            bool near = !first && same_channels && same[AX_I];
            bool kp = near && p_moves && same[AX_Q] && now[AX_P] == old[AX_P] + 1;
            bool kq = near && !p_moves && same[AX_P] && now[AX_Q] == old[AX_Q] + 1;
            points += (double)new_points(touched_p, j, j->P, t->p, now[AX_P], kp) *
                      new_points(touched_q, j, j->Q, t->q, now[AX_Q], kq);
            comes++;
        }
        if (!(same_x && same[AX_K])) {
            bool *before = &seen[now[AX_I]][now[AX_P]][now[AX_Q]][now[AX_K]];
            leaves++;
            back += *before;
            *before = true;
        }
        memcpy(old, now, sizeof now);
    }
    double x = (double)trips[AX_I] * trips[AX_P] * trips[AX_Q];
    return (Dram){.weights = j->weights * (double)loads / (t->tc * t->tk),
                  .inputs = points * j->channels / (t->tc * (j->dw ? t->tk : 1)),
                  .psum_in = j->outputs * (double)back / (x * t->tk),
                  .psum_out = j->outputs * (double)leaves / (x * t->tk),
                  .k_repeat = (double)comes / (x * t->tc * (j->dw ? t->tk : 1)),
                  .c_repeat = (double)leaves / (x * t->tk)};
}

/* The loops of positions, then the six orders of them (X), C and K, outer to inner. */
static void loop_order(int *order, const Job *j, int which)
{
    static const char *const orders[6] = {"XCK", "XKC", "CXK", "CKX", "KXC", "KCX"};
    int n = 0;
    for (const char *b = orders[which]; *b; b++) {
        if (*b == 'C') order[n++] = AX_C;
        if (*b == 'K') order[n++] = AX_K;
        if (*b != 'X') continue;
        order[n++] = AX_I;
        order[n++] = j->strips ? AX_P : AX_Q;
        order[n++] = j->strips ? AX_Q : AX_P;
    }
}

/* Walks that were made for this job. */
typedef struct Memo {
    bool known;
    Tile t;
    Dram dram[6];
} Memo;
static Memo memo[4096];

static const Dram *walks(const Job *j, const Tile *t)
{
    size_t h = (size_t)(((t->p * 17 + t->q) * 41 + t->tc) * 41 + t->tk) * 2 + t->change;
    Memo *m = &memo[h % 4096];
    if (m->known && m->t.p == t->p && m->t.q == t->q && m->t.tc == t->tc && m->t.tk == t->tk &&
        m->t.change == t->change)
        return m->dram;
    m->known = true;
    m->t = *t;
    for (int i = 0; i < 6; i++) {
        int order[AXES];
        loop_order(order, j, i);
        m->dram[i] = walk(j, t, order);
    }
    return m->dram;
}

/* Words of one group on chip, pJ of one group that DRAM and global buffer have no part in. */
static void found(Found *f, const AccelConfig *a, const Job *j, double compute, const Dram *d,
                  double array_in, double updates, double other_pj)
{
    double n = j->groups * a->word_bits / 8;
    double rd = n * (d->weights + d->inputs + d->psum_in), wr = n * (d->psum_out - j->unwritten);
    double grd = n * (array_in + updates - j->outputs + d->psum_out);
    double gwr = n * (d->inputs + d->psum_in + updates);
    offer(f, compute * j->groups, a, rd, wr, grd, gwr, other_pj * j->groups);
}

/* ---- weight stationary ---- */

typedef struct WsSplit {
    int vector, lanes, cx, kx, c_steps, k_steps;
} WsSplit;

static void ws_offer(Found *f, const AccelConfig *a, const Job *j, const WsSplit *s, const int *g,
                     const int *e, const Dram *d, int tc)
{
    double px = (double)j->images * j->P * j->Q, word = a->word_bits / 8.0;
    double steps = px * j->R * j->S, macs = steps * j->folds * j->C * j->K;
    bool p1 = e[0] < g[0], q1 = e[1] < g[1], c2 = e[2] < g[2], k2 = e[3] < g[3];
    double x = 0, y = 0, tq = p1 ? e[1] : g[1];
    for (int i = 0; i * g[0] < j->P; i++) x += new_points(touched_p, j, j->P, g[0], i, false);
    for (int i = 0; i * tq < j->Q; i++) y += new_points(touched_q, j, j->Q, (int)tq, i, false);
    double in = x * y * j->images * j->channels * (j->dw ? 1 : up(s->k_steps, e[3]));
    if (!p1 && !q1 && !c2) in = d->inputs;
    double updates = j->outputs * (p1 || q1 ? up(s->c_steps, e[2]) : k2 ? tc : d->c_repeat);
    bool one_weight = e[2] == 1 && e[3] == 1 && j->R * j->S == 1;
    double uses = macs / (one_weight ? g[0] * g[1] : e[0] * e[1]);
    int lane_groups = up(j->K, s->lanes), copies = j->dw ? 1 : smaller(s->kx, lane_groups);
    double sums = steps * j->folds * up(j->C, s->vector) * j->K;
    double reads = steps * j->folds * j->C * (j->dw ? j->K : lane_groups);
    double pj =
        macs * (a->mac_pj + word * a->weight_reg_pj) +
        (2 * sums - j->outputs * s->cx + (updates - j->outputs) * s->cx) * a->accumulator_pj +
        (reads + in * copies) * word * a->input_buffer_pj +
        (d->weights + uses) * word * a->weight_buffer_pj + uses * word * a->weight_reg_pj;
    found(f, a, j, steps * s->c_steps * s->k_steps, d, in, updates, pj);
}

static bool ws_pe_fits(const AccelConfig *a, const Job *j, const WsSplit *s, const int *e)
{
    int window = touched_p(j, e[0]) * touched_q(j, e[1]), word = a->word_bits / 8;
    int beside = j->dw ? s->lanes * e[3] : s->vector * e[2];
    return e[0] * e[1] * e[3] <= a->accumulators &&
           window * beside * word <= a->input_buffer_bytes &&
           e[2] * e[3] * s->vector * j->R * j->S * word <= a->weight_buffer_bytes;
}

static bool ws_glb_fits(const AccelConfig *a, const Job *j, const WsSplit *s, const int *g)
{
    int c = smaller(g[2] * s->vector * s->cx, j->C * j->folds);
    int k = smaller(g[3] * s->lanes * s->kx, j->K);
    int in = touched_p(j, g[0]) * touched_q(j, g[1]) * (j->dw ? k : c);
    return (in + g[0] * g[1] * k) * (a->word_bits / 8) <= a->glb_bytes;
}

/* The next tile whose sizes are sizes of n and at most those of `within`; false after the last. */
static bool next_sizes(int *tile, const int *within, const int *n)
{
    for (int d = 0; d < 4; d++) {
        do tile[d]++;
        while (tile[d] <= within[d] && !is_size(tile[d], n[d]));
        if (tile[d] <= within[d]) return true;
        tile[d] = 1;
    }
    return false;
}

static void ws_each_tile(Found *f, const AccelConfig *a, const Job *j, const WsSplit *s)
{
    const int n[4] = {j->P, j->Q, s->c_steps, s->k_steps};
    int g[4] = {1, 1, 1, 1};
    do {
        int e[4] = {1, 1, 1, 1};
        if (!ws_glb_fits(a, j, s, g)) continue;
        do {
            if (!ws_pe_fits(a, j, s, e)) continue;
            Tile t = {g[0], g[1], up(n[2], g[2]), up(n[3], g[3]), e[2] < g[2] || e[3] < g[3]};
            const Dram *d = walks(j, &t);
            for (int i = 0; i < 6; i++) ws_offer(f, a, j, s, g, e, &d[i], t.tc);
        } while (next_sizes(e, g, n));
    } while (next_sizes(g, n, n));
}

static void ws_job(Found *f, const AccelConfig *a, const Job *j)
{
    memset(memo, 0, sizeof memo);
    for (int v = a->vector; v > 0; v = v % 2 ? 0 : v / 2)
        for (int l = a->lanes; l > 0; l = l % 2 ? 0 : l / 2) {
            WsSplit s = {smaller(v, j->C), smaller(l, j->K), 1, 1, 0, 0};
            for (s.cx = 1; s.cx <= a->pes; s.cx++)
                for (s.kx = 1; s.cx * s.kx <= a->pes; s.kx++) {
                    s.c_steps = up(up(j->C, s.vector), s.cx) * j->folds;
                    s.k_steps = up(up(j->K, s.lanes), s.kx);
                    if (is_size(s.cx, up(j->C, s.vector))) ws_each_tile(f, a, j, &s);
                }
        }
}

static Found ws_brute(const AccelConfig *a, const LayerShape *l)
{
    Found f = {HUGE_VAL, HUGE_VAL};
    for (int S = l->S; S >= 1; S--) {
        Job j = make_job(l, l->R, S, false);
        if (is_size(S, l->S)) ws_job(&f, a, &j);
    }
    for (int R = l->R - 1; R >= 1; R--) {
        Job j = make_job(l, R, 1, false);
        if (is_size(R, l->R)) ws_job(&f, a, &j);
    }
    return f;
}

/* ---- row stationary ---- */

typedef struct RsSplit {
    int cy, my, q, mx, c_steps, k_steps, q_steps;
} RsSplit;

static int fold_rows(const Job *j, int q)
{
    int rows = touched_q(j, q);
    return smaller(q * j->S, rows);
}

/* t: c0, m0, c1, m1. */
static void rs_offer(Found *f, const AccelConfig *a, const Job *j, const RsSplit *s, int p,
                     const int *t, const Dram *d, int tc)
{
    double macs = (double)j->images * j->P * j->Q * j->R * j->S * j->folds * j->C * j->K;
    int passes = up(s->k_steps, t[1]), last = j->Q - (s->q_steps - 1) * s->q;
    double x = 0, rows = (s->q_steps - 1) * fold_rows(j, s->q) + fold_rows(j, last);
    for (int i = 0; i * p < j->P; i++) x += new_points(touched_p, j, j->P, p, i, false);
    if (t[2] > 1) x = j->P * j->R;
    bool turns = j->P > 1 || t[2] > 1;
    double in = x * rows * j->images * j->channels * (j->dw ? 1 : turns ? passes : d->k_repeat);
    double updates = j->outputs * (j->P > 1 || t[3] > 1 ? tc : d->c_repeat);
    double pj = macs * (a->mac_pj + a->weight_spad_pj + a->ifmap_spad_pj) +
                in * (j->dw ? 1 : s->my * s->mx) * a->ifmap_spad_pj +
                d->weights * s->q * a->weight_spad_pj +
                (2 * macs + (updates - 2 * j->outputs) * j->S * s->cy) * a->psum_spad_pj;
    double compute = (double)j->P * j->R * j->images * s->q_steps * s->c_steps * s->k_steps;
    found(f, a, j, compute, d, in, updates, pj);
}

static bool rs_tile_fits(const AccelConfig *a, const Job *j, const RsSplit *s, int p, const int *t)
{
    int beside = j->dw ? t[0] * t[1] : t[0];
    int c = smaller(t[0] * t[2] * s->cy, j->C * j->folds);
    int k = smaller(t[1] * t[3] * s->my * s->mx, j->K);
    int in = touched_p(j, p) * touched_q(j, s->q) * (j->dw ? k : c);
    if (j->R < j->l.R && beside > 1) return false; /* a cut row has a spad of its own */
    return beside * ((j->R - 1) * j->l.dilation + 1) <= a->ifmap_words &&
           t[0] * t[1] * j->R <= a->weight_words && t[1] <= a->psum_words &&
           (in + p * s->q * k) * (a->word_bits / 8) <= a->glb_bytes;
}

static void rs_each_tile(Found *f, const AccelConfig *a, const Job *j, const RsSplit *s, int p)
{
    int t[4];
    for (t[0] = 1; t[0] <= s->c_steps; t[0]++)
        for (t[1] = 1; t[1] <= s->k_steps; t[1]++)
            for (t[2] = 1; t[2] <= up(s->c_steps, t[0]); t[2]++)
                for (t[3] = 1; t[3] <= up(s->k_steps, t[1]); t[3]++) {
                    Tile g = {p, s->q, up(s->c_steps, t[0] * t[2]), up(s->k_steps, t[1] * t[3]),
                              t[2] > 1 || t[3] > 1};
                    if (!is_size(t[0], s->c_steps) || !is_size(t[1], s->k_steps)) continue;
                    if (!rs_tile_fits(a, j, s, p, t)) continue;
                    const Dram *d = walks(j, &g);
                    for (int i = 0; i < 6; i++) {
                        Dram once = d[i];
                        if (t[2] > 1) once.weights *= (double)j->P / up(j->P, p);
                        rs_offer(f, a, j, s, p, t, &once, g.tc);
                    }
                }
}

static void rs_job(Found *f, const AccelConfig *a, const Job *j)
{
    RsSplit s;
    int sets = j->S < j->l.S ? 1 : a->rows / j->S;
    memset(memo, 0, sizeof memo);
    for (s.cy = 1; s.cy <= sets; s.cy++)
        for (s.my = 1; s.my * s.cy <= sets; s.my++)
            for (s.q = 1; s.q <= a->cols && s.q <= j->Q; s.q++)
                for (s.mx = 1; s.mx * s.q <= a->cols; s.mx++) {
                    s.c_steps = up(j->C, s.cy) * j->folds;
                    s.k_steps = up(j->K, s.my * s.mx);
                    s.q_steps = up(j->Q, s.q);
                    bool useful = is_size(s.q, j->Q) && is_size(s.cy, j->C);
                    for (int p = 1; p <= j->P && useful; p++)
                        if (is_size(p, j->P)) rs_each_tile(f, a, j, &s, p);
                }
}

static Found rs_brute(const AccelConfig *a, const LayerShape *l)
{
    Found f = {HUGE_VAL, HUGE_VAL};
    for (int R = 1; R <= l->R; R++)
        for (int S = 1; S <= l->S && S <= a->rows; S++) {
            Job j = make_job(l, R, S, true);
            if (is_size(R, l->R) && is_size(S, l->S)) rs_job(&f, a, &j);
        }
    return f;
}

/* ---- random small cases ---- */

static int between(Rng *rng, int lo, int hi)
{
    return lo + (int)rng_below(rng, (uint32_t)(hi - lo + 1));
}

static LayerShape small_layer(Rng *rng)
{
    static const int kernels[][2] = {{1, 1}, {1, 1}, {3, 3}, {2, 2}, {3, 1}, {1, 3}, {2, 3}};
    const int *k = kernels[between(rng, 0, 6)];
    LayerShape l = {LAYER_CONV,
                    between(rng, 1, 2),
                    between(rng, 1, 6),
                    between(rng, 1, 6),
                    between(rng, 1, 5),
                    between(rng, 1, 4),
                    k[0],
                    k[1],
                    between(rng, 1, 3),
                    between(rng, 1, 3),
                    between(rng, 1, 2),
                    1,
                    1,
                    0};
    int kind = between(rng, 0, 5);
    if (kind == 0) l.groups = l.K = l.C;
    if (kind == 0) l.type = l.C > 1 ? LAYER_DWCONV : LAYER_CONV;
    if (kind == 1) {
        l.groups = 2;
        l.C *= 2;
        l.K *= 2;
    }
    if (between(rng, 0, 2) == 0) l.written = between(rng, 1, (int)layer_output_words(&l));
    return l;
}

static double small_port(Rng *rng)
{
    static const double ports[] = {0.5, 1, 2, 3, 8, 1000};
    return ports[between(rng, 0, 5)];
}

static AccelConfig small_machine(Rng *rng, const AccelConfig *preset)
{
    AccelConfig a = *preset;
    a.glb_bytes = between(rng, 8, 40) * between(rng, 1, 6);
    a.glb_read_port = small_port(rng);
    a.glb_write_port = small_port(rng);
    a.dram_read_port = small_port(rng);
    a.dram_write_port = small_port(rng);
    a.pes = between(rng, 1, 4);
    a.lanes = between(rng, 1, 3);
    a.vector = between(rng, 1, 3);
    a.input_buffer_bytes = between(rng, 3, 40);
    a.weight_buffer_bytes = between(rng, 3, 24);
    a.accumulators = between(rng, 1, 10);
    a.rows = between(rng, 1, 5);
    a.cols = between(rng, 1, 4);
    a.ifmap_words = between(rng, 1, 8);
    a.weight_words = between(rng, 2, 16);
    a.psum_words = between(rng, 1, 4);
    return a;
}

/* The same cycles and, but for the rounding of sums, the same energy; refused (false) only if nothing
 * fits. */
static bool agrees(const AccelConfig *a, const LayerShape *l, Found f, int i)
{
    LayerCost c;
    Status st = accel_cost(a, l, MAP_HARDWARE, 0, &c, NULL);
    char text[512];
    snprintf(text, sizeof text, "%d: %s %s N%d C%d K%d P%d Q%d %dx%d/%dx%d dilation %d groups %d",
             i, a->name, layer_type_name(l->type), l->N, l->C, l->K, l->P, l->Q, l->R, l->S,
             l->stride_w, l->stride_h, l->dilation, l->groups);
    ck_assert_msg((st == ST_OK) == (isfinite(f.cycles) != 0), "%s: fits or not?", text);
    if (st != ST_OK) return false;
    ck_assert_msg(c.cycles == f.cycles, "%s: %g cycles %s, exhaustive search %g", text, c.cycles,
                  c.mapping, f.cycles);
    ck_assert_msg(fabs(c.energy_pj / f.energy - 1) < 1e-9, "%s: %.12g pJ %s, exhaustive %.12g",
                  text, c.energy_pj, c.mapping, f.energy);
    return true;
}

enum { SMALL_CASES = 400 };

static void all_agree(const AccelConfig *preset,
                      Found (*brute)(const AccelConfig *a, const LayerShape *l), uint64_t seed)
{
    Rng rng;
    int mapped = 0;
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < SMALL_CASES; i++) {
        LayerShape l = small_layer(&rng);
        AccelConfig a = small_machine(&rng, preset);
        mapped += agrees(&a, &l, brute(&a, &l), i);
    }
    ck_assert_int_gt(mapped, SMALL_CASES / 2);
}

START_TEST(weight_stationary_search_finds_the_best_of_all_hardware_mappings)
{
    all_agree(&simba, ws_brute, 1);
}
END_TEST

START_TEST(row_stationary_search_finds_the_best_of_all_hardware_mappings)
{
    all_agree(&eyeriss, rs_brute, 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel_exhaustive");
    TCase *tc = new_case("timeloop", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, weight_stationary_search_equals_the_exhaustive_one, 0, TINY);
    tcase_add_loop_test(tc, row_stationary_search_equals_the_exhaustive_one, 0, TINY);
    suite_add_tcase(s, tc);
    tc = new_case("hardware", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, weight_stationary_search_finds_the_best_of_all_hardware_mappings);
    tcase_add_test(tc, row_stationary_search_finds_the_best_of_all_hardware_mappings);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
