/* test_accel_laws.c -- what must hold for any layer on any accelerator, and the mapping search
 * against an exhaustive one that walks every loop nest of tiny layers literally, tile by tile. */
#include "accel_models/accel_internal.h"
#include "base/rng.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { LAYERS_TRIED = 400 };

static AccelConfig simba, eyeriss;

static void load_into(AccelConfig *a, const char *path)
{
    AccelConfig *p;
    Err err = {0};
    ck_ok(accel_load(&p, path, &err), err);
    *a = *p;
    accel_destroy(p);
}

static void setup(void)
{
    load_into(&simba, "accel_models/presets/simba-16pe.yaml");
    load_into(&eyeriss, "accel_models/presets/eyeriss-12x14.yaml");
}

static LayerCost cost(const AccelConfig *a, const LayerShape *l, MapPolicy policy, double bandwidth)
{
    LayerCost c;
    Err err = {0};
    ck_ok(accel_cost(a, l, policy, bandwidth, &c, &err), err);
    return c;
}

static int pick(Rng *rng, const int *of, int n)
{
    return of[rng_below(rng, (uint32_t)n)];
}
#define PICK(rng, ...)                                                                             \
    pick(rng, (const int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int))

static LayerShape random_layer(Rng *rng)
{
    LayerShape l = {.type = LAYER_CONV, .dilation = 1, .operands = 1};
    l.N = PICK(rng, 1, 1, 1, 2, 5);
    l.C = PICK(rng, 1, 3, 8, 17, 24, 64, 96, 144, 256, 480, 832);
    l.K = PICK(rng, 1, 5, 12, 16, 32, 64, 125, 192, 320, 1000);
    l.P = PICK(rng, 1, 5, 7, 13, 17, 28, 35, 56, 112);
    l.Q = PICK(rng, 1, 7, 13, 14, 28, 56, 149);
    l.R = PICK(rng, 1, 1, 3, 3, 5, 7, 1);
    l.S = PICK(rng, 1, 3, 3, 7, 1);
    l.stride_w = l.stride_h = PICK(rng, 1, 1, 1, 2, 4);
    l.groups = 1;
    if (rng_below(rng, 5) == 0) {
        l.type = LAYER_DWCONV;
        l.K = l.groups = l.C;
    }
    return l;
}

static AccelConfig random_config(Rng *rng, const AccelConfig *base)
{
    AccelConfig a = *base;
    a.glb_bytes *= PICK(rng, 1, 1, 2, 8);
    a.glb_read_port = a.glb_write_port = PICK(rng, 4, 16, 64);
    a.dram_read_port = PICK(rng, 2, 18, 40);
    a.dram_write_port = PICK(rng, 2, 18, 40);
    if (!strcmp(accel_dataflow_name(a.dataflow), "ws"))
        a.pes = PICK(rng, 1, 6, 16, 40);
    else {
        a.rows = PICK(rng, 3, 8, 12, 20);
        a.cols = PICK(rng, 4, 14, 30);
    }
    return a;
}

/* Calls law(config, layer, policy) on random cases of both dataflows. */
static void on_random_cases(uint64_t seed, void (*law)(const AccelConfig *a, const LayerShape *l,
                                                       MapPolicy policy))
{
    Rng rng;
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < LAYERS_TRIED; i++) {
        LayerShape l = random_layer(&rng);
        AccelConfig a = random_config(&rng, i % 2 ? &simba : &eyeriss);
        law(&a, &l, i % 4 < 2 ? MAP_HARDWARE : MAP_TIMELOOP);
    }
}

static void lower_bounds(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    LayerCost c = cost(a, l, policy, 0);
    double word = a->word_bits / 8.0;
    double in = (layer_input_words(l) + layer_params(l)) * word, out = layer_output_words(l) * word;
    ck_assert_double_ge(c.cycles, layer_macs(l) / accel_peak_macs(a));
    ck_assert_double_ge(c.cycles, in / a->dram_read_port);
    ck_assert_double_ge(c.cycles, out / a->dram_write_port);
    ck_assert_double_ge(c.dram_read_bytes, in);
    ck_assert_double_ge(c.dram_write_bytes, out);
    ck_assert_double_ge(c.level_pj[LEVEL_MAC], layer_macs(l) * a->mac_pj * (1 - 1e-12));
    ck_assert_double_ge(c.level_pj[LEVEL_DRAM], (in + out) * a->dram_pj * (1 - 1e-12));
    ck_assert_double_le(c.utilization, 1);
    double shared = 0.5 * a->dram_read_port;
    LayerCost s = cost(a, l, policy, shared * a->clock_mhz);
    ck_assert_double_ge(s.cycles, (in + out) / shared);
}

START_TEST(never_faster_or_cheaper_than_physics)
{
    on_random_cases(1, lower_bounds);
}
END_TEST

/* Of tiles with the same width the search tries the tallest, which the rounding of a last partial
 * tile can make a little worse. Timeloop's channels are padded only where that saves 10 % of the
 * cycles, so a better machine that needs no padding may be up to that much slower than one that
 * does. */
static double slack(MapPolicy policy)
{
    return policy == MAP_TIMELOOP ? 1 / 0.9 : 1;
}

static void check_faster(const AccelConfig *better, const AccelConfig *a, const LayerShape *l,
                         MapPolicy policy)
{
    LayerCost b = cost(better, l, policy, 0), c = cost(a, l, policy, 0);
    ck_assert_msg(b.cycles <= c.cycles * slack(policy),
                  "%s %s N%d C%d K%d P%d Q%d %dx%d/%d: %s %g cycles %s, before %s %g %s", a->name,
                  layer_type_name(l->type), l->N, l->C, l->K, l->P, l->Q, l->R, l->S, l->stride_w,
                  b.mapping, b.cycles, b.limited_by, c.mapping, c.cycles, c.limited_by);
}

static void bandwidth_helps(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    double before = HUGE_VAL;
    for (double bytes_per_us = 500; bytes_per_us < 64e3; bytes_per_us *= 3) {
        LayerCost c = cost(a, l, policy, bytes_per_us);
        ck_assert_double_le(c.cycles, before * slack(policy));
        before = fmin(before, c.cycles);
    }
    AccelConfig wide = *a;
    wide.glb_read_port *= 2;
    wide.dram_write_port *= 2;
    check_faster(&wide, a, l, policy);
}

START_TEST(more_bandwidth_never_hurts)
{
    on_random_cases(2, bandwidth_helps);
}
END_TEST

static void buffers_help(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    AccelConfig big = *a;
    big.glb_bytes *= 2;
    check_faster(&big, a, l, policy);
}

START_TEST(a_larger_global_buffer_never_hurts)
{
    on_random_cases(3, buffers_help);
}
END_TEST

static void pes_help(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    AccelConfig big = *a;
    if (policy == MAP_TIMELOOP) return;
    big.pes *= 2;
    big.rows *= 2;
    check_faster(&big, a, l, policy);
}

START_TEST(more_pes_never_hurt)
{
    on_random_cases(4, pes_help);
}
END_TEST

/* Hardware also drains finished outputs through the read port of the global buffer, which Timeloop
 * does not count; but for that it is never slower. */
static void hardware_wins(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    (void)policy;
    LayerCost h = cost(a, l, MAP_HARDWARE, 0), t = cost(a, l, MAP_TIMELOOP, 0);
    double drain = t.dram_write_bytes / a->glb_read_port;
    ck_assert_msg(h.cycles <= t.cycles + ceil(drain),
                  "%s %s N%d C%d K%d P%d Q%d %dx%d/%d: %s %g cycles %s, timeloop %s %g %s", a->name,
                  layer_type_name(l->type), l->N, l->C, l->K, l->P, l->Q, l->R, l->S, l->stride_w,
                  h.mapping, h.cycles, h.limited_by, t.mapping, t.cycles, t.limited_by);
}

START_TEST(hardware_is_never_slower_than_timeloop_but_for_the_drain)
{
    on_random_cases(5, hardware_wins);
}
END_TEST

static void groups_add_up(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    LayerShape one = *l, three = *l;
    one.type = three.type = LAYER_CONV;
    one.groups = 1;
    one.C = one.K = 2 * l->C;
    three.groups = 3;
    three.C = three.K = 3 * one.C;
    LayerCost c1 = cost(a, &one, policy, 0), c3 = cost(a, &three, policy, 0);
    ck_assert_double_le(fabs(c3.cycles - 3 * c1.cycles), 3); /* cycles are rounded up once */
    ck_assert_double_eq_tol(c3.dram_read_bytes / c1.dram_read_bytes, 3, 0.1);
    ck_assert_double_eq_tol(c3.energy_pj / c1.energy_pj, 3, 0.02);
}

START_TEST(groups_cost_the_sum_of_its_groups)
{
    on_random_cases(6, groups_add_up);
}
END_TEST

/* ---- exhaustive search on tiny layers ---- */

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
    int now[DIMS], old[DIMS];
    double words = 0;
    for (long t = 0; t < all_trips(n); t++) {
        tile_start(n, t, now);
        double kept = 0;
        if (t && now[DIM_C] == old[DIM_C])
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

/* The search may stop within ENERGY_CLOSE of the optimum. Kernels of one dimension: tiles overlap
 * along one axis only, where the model's count and the literal one are the same. */
static void check_found(const AccelConfig *a, const LayerShape *l, Found f)
{
    LayerCost c = cost(a, l, MAP_TIMELOOP, 0);
    ck_assert_msg(c.cycles == f.cycles, "%s: %g cycles, exhaustive search %g", c.mapping, c.cycles,
                  f.cycles);
    ck_assert_msg(c.energy_pj <= f.energy * (1 + 1e-9),
                  "%dx%d C%d K%d k%dx%d %s: %g pJ, exhaustive search %g", l->P, l->Q, l->C, l->K,
                  l->R, l->S, c.mapping, c.energy_pj, f.energy);
    ck_assert_double_ge(c.energy_pj, f.energy * (1 - 1e-9));
}

static const LayerShape tiny_layers[] = {
    {LAYER_CONV, 1, 4, 4, 4, 2, 1, 1, 1, 1, 1, 1, 1},
    {LAYER_CONV, 1, 8, 4, 3, 4, 1, 1, 1, 1, 1, 1, 1},
    {LAYER_CONV, 1, 4, 8, 6, 2, 3, 1, 1, 1, 1, 1, 1},
    {LAYER_CONV, 1, 4, 4, 2, 6, 1, 3, 1, 1, 1, 1, 1},
    {LAYER_CONV, 1, 8, 8, 4, 1, 3, 1, 2, 1, 1, 1, 1},
    {LAYER_FC, 1, 8, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1},
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
    double pj = macs * (a->mac_pj + a->weight_spad_pj + a->ifmap_spad_pj / m0) +
                (2 * macs - (psum.out - psum.in) + psum.in) * a->psum_spad_pj +
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

/* 720720 has 240 divisors, more than a search tries: the smallest tile is among them, or large
 * buffers would be too small. */
START_TEST(sizes_of_many_divisors_can_be_mapped)
{
    const AccelConfig *accel[] = {&simba, &eyeriss};
    LayerShape l = {LAYER_GEMM, 1, 720, 7200, 720720, 1, 1, 1, 1, 1, 1, 1, 1};
    Tiles t;
    tiles_of(&t, 720720, true);
    ck_assert_int_eq(t.n, TILES_MAX);
    ck_assert_int_eq(t.size[0], 1);
    ck_assert_int_eq(t.size[t.n - 1], 720720);
    for (int i = 0; i < 2; i++) lower_bounds(accel[i], &l, MAP_TIMELOOP);
}
END_TEST

/* A batch of matrices is one long loop, longer than an int counts. */
START_TEST(loops_longer_than_an_int_can_be_mapped)
{
    const AccelConfig *accel[] = {&simba, &eyeriss};
    LayerShape l = {LAYER_GEMM, 65536, 16, 16, 1, 65536, 1, 1, 1, 1, 1, 1, 1};
    for (int exact = 0; exact <= 1; exact++) {
        Tiles t;
        tiles_of(&t, 0x1p40, exact);
        ck_assert_int_eq(t.size[0], 1);
        for (int i = 1; i < t.n; i++) ck_assert_int_gt(t.size[i], t.size[i - 1]);
        for (int i = 0; i < 2; i++) lower_bounds(accel[i], &l, exact ? MAP_TIMELOOP : MAP_HARDWARE);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel_laws");
    TCase *tc = new_case("laws", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, never_faster_or_cheaper_than_physics);
    tcase_add_test(tc, more_bandwidth_never_hurts);
    tcase_add_test(tc, a_larger_global_buffer_never_hurts);
    tcase_add_test(tc, more_pes_never_hurt);
    tcase_add_test(tc, hardware_is_never_slower_than_timeloop_but_for_the_drain);
    tcase_add_test(tc, groups_cost_the_sum_of_its_groups);
    tcase_add_test(tc, sizes_of_many_divisors_can_be_mapped);
    tcase_add_test(tc, loops_longer_than_an_int_can_be_mapped);
    suite_add_tcase(s, tc);
    tc = new_case("exhaustive", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, weight_stationary_search_equals_the_exhaustive_one, 0, TINY);
    tcase_add_loop_test(tc, row_stationary_search_equals_the_exhaustive_one, 0, TINY);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
