/* test_accel_os.c -- the output-stationary array: SCALE-Sim's published cycles, worked by hand, by a
 * systolic array that is stepped cycle by cycle, and against runs of the simulator; the laws on random
 * layers and machines; and its search against an enumeration of all plans that counts points one by
 * one. Runs from the root of the source tree. */
#include "accel_models/accel.h"
#include "base/csv.h"
#include "base/rng.h"
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CASES = 1000 };
/* DRAM and SRAM ports that never limit. */
#define WIDE                                                                                       \
    "dram.read_bytes_per_cycle: 1e6, dram.write_bytes_per_cycle: 1e6, "                            \
    "ifmap_sram.read_bytes_per_cycle: 1e6, filter_sram.read_bytes_per_cycle: 1e6, "                \
    "ofmap_sram.write_bytes_per_cycle: 1e6"

/* os-32x32 with these keys changed; "" for none. */
static AccelConfig *machine(const char *set)
{
    char text[2048];
    YamlDoc *doc;
    AccelConfig *a;
    Err err = {0};
    int n = snprintf(text, sizeof text, "{%s}", set);
    ck_ok(yaml_parse(&doc, "set", text, (size_t)n, &err), err);
    ck_ok(accel_load_with(&a, "accel_models/presets/os-32x32.yaml", yaml_root(doc), &err), err);
    yaml_destroy(doc);
    return a;
}

static LayerCost cost_on(const AccelConfig *a, const LayerShape *l)
{
    LayerCost c;
    Err err = {0};
    ck_ok(accel_cost(a, l, MAP_HARDWARE, 0, &c, &err), err);
    return c;
}

static LayerCost cost(const char *set, const LayerShape *l)
{
    AccelConfig *a = machine(set);
    LayerCost c = cost_on(a, l);
    accel_destroy(a);
    return c;
}

/* ---- cycles ---- */

typedef struct Worked {
    LayerShape shape;
    double cycles; /* on 32 x 32 */
} Worked;

/* Each number by hand: row folds x column folds x (2 x 32 + 32 + T - 2). */
static const Worked worked[] = {
    {{LAYER_CONV, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 95},          /* a single MAC */
    {{LAYER_GEMM, 1, 10, 32, 32, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 104},      /* one whole fold */
    {{LAYER_GEMM, 1, 10, 32, 33, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 208},      /* one row more */
    {{LAYER_GEMM, 1, 10, 33, 33, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 416},      /* and one column */
    {{LAYER_CONV, 1, 64, 128, 56, 56, 3, 3, 1, 1, 1, 1, 1, 0}, 262640}, /* 98 x 4 x 670 */
    {{LAYER_CONV, 4, 64, 128, 7, 7, 3, 3, 1, 1, 1, 1, 1, 0}, 18760},    /* a batch: 7 x 4 x 670 */
    {{LAYER_CONV, 1, 3, 64, 112, 112, 7, 7, 2, 2, 1, 1, 1, 0}, 188944}, /* 392 x 2 x 241 */
    {{LAYER_CONV, 1, 8, 16, 9, 9, 3, 3, 1, 1, 4, 1, 1, 0}, 498},        /* dilated: 3 x 1 x 166 */
    {{LAYER_CONV, 1, 64, 96, 8, 8, 3, 3, 1, 1, 1, 2, 1, 0}, 3056}, /* 2 groups: 2 x 2 x 2 x 382 */
    {{LAYER_DWCONV, 1, 32, 32, 14, 14, 3, 3, 1, 1, 1, 32, 1, 0}, 23072}, /* 32 x 7 x 1 x 103 */
    {{LAYER_FC, 1, 25088, 4096, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 3223296}, /* 1 x 128 x 25182 */
    {{LAYER_FC, 64, 2048, 1000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 137088},  /* 2 x 32 x 2142 */
};
enum { WORKED = sizeof worked / sizeof *worked };

START_TEST(cycles_are_those_worked_by_hand)
{
    LayerCost c = cost(WIDE, &worked[_i].shape);
    ck_assert_double_eq(c.compute_cycles, worked[_i].cycles);
    ck_assert_double_eq(c.cycles, worked[_i].cycles);
    ck_assert_str_eq(c.limited_by, "compute");
}
END_TEST

/* ---- against the simulator ---- */

static double amount(const Csv *csv, int row, const char *column)
{
    Err err = {0};
    double value = 0;
    ck_ok(csv_double(csv, row, csv_column(csv, column), 0, 1e15, &value, &err), err);
    return value;
}

static LayerShape simulated_layer(const Csv *csv, int row)
{
    static const char *const columns[] = {"N", "C", "K",        "P",       "Q",
                                          "R", "S", "stride_w", "stride_h"};
    LayerShape l = {.type = LAYER_CONV, .dilation = 1, .groups = 1, .operands = 1};
    int *const to[] = {&l.N, &l.C, &l.K, &l.P, &l.Q, &l.R, &l.S, &l.stride_w, &l.stride_h};
    for (int i = 0; i < 9; i++) *to[i] = (int)amount(csv, row, columns[i]);
    return l;
}

/* pJ 1 for a read on the array's side alone makes the energy of a level the number of its reads. */
static double sram_reads(const char *sram, const LayerShape *l)
{
    static const char *const srams[] = {"ifmap", "filter", "ofmap"};
    char set[512] = "";
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(set);
        snprintf(set + n, sizeof set - n,
                 "%s_sram.read_pj_per_byte: %d, %s_sram.write_pj_per_byte: 0, ", srams[i],
                 !strcmp(srams[i], sram), srams[i]);
    }
    return cost(set, l).level_pj[LEVEL_GLB];
}

static void compare(const Csv *csv, int row)
{
    LayerShape l = simulated_layer(csv, row);
    double folds = ceil(l.P * l.Q / 32.0) * ceil(l.K / 32.0), sim = amount(csv, row, "cycles");
    double reads = amount(csv, row, "ifmap_dram_reads") + amount(csv, row, "filter_dram_reads");
    LayerCost c = cost("", &l);
    printf(
        "%-16s %7.0f cycles, SCALE-Sim %7.0f + drain %6.0f | DRAM reads %8.0f, SCALE-Sim %8.0f\n",
        csv_cell(csv, row, 0), c.compute_cycles, sim + 1, 32 * folds, c.dram_read_bytes, reads);
    ck_assert_double_eq(c.compute_cycles, sim + 1 + 32 * folds);
    ck_assert_double_eq(sram_reads("ifmap", &l), amount(csv, row, "ifmap_sram_reads"));
    ck_assert_double_eq(sram_reads("filter", &l), amount(csv, row, "filter_sram_reads"));
    ck_assert_double_le(c.dram_read_bytes, reads);
    ck_assert_double_le(c.dram_write_bytes, amount(csv, row, "ofmap_dram_writes"));
}

/* It lets the outputs of a fold leave while the next one enters, which the published formula does not,
 * and reports the number of the last cycle, from 0. */
START_TEST(the_simulator_differs_by_the_drain_alone_and_fetches_no_less)
{
    Csv *csv;
    Err err = {0};
    ck_ok(csv_load(&csv, "tests/golden/accel/scalesim_os.csv", &err), err);
    ck_assert_int_eq(csv_rows(csv), 10);
    for (int row = 0; row < csv_rows(csv); row++) compare(csv, row);
    csv_destroy(csv);
}
END_TEST

/* ---- against an array that is stepped cycle by cycle ---- */

enum { SIDE = 6, DEPTH = 9 };

/* One fold on an array of registers: a[i] enters row i and b[j] column j, each a cycle later than its
 * neighbour; when all is done the outputs move down and leave. Returns the cycles. */
typedef struct Array {
    int rows, cols, depth;
    int a[SIDE][DEPTH], b[SIDE][DEPTH];      /* operands */
    int right[SIDE][SIDE], down[SIDE][SIDE]; /* registers between MACs */
    int psum[SIDE][SIDE], macs[SIDE][SIDE], out[SIDE][SIDE];
} Array;

static int fed(const int *values, int depth, int t)
{
    return t >= 0 && t < depth ? values[t] : 0; /* values are not 0 */
}

static void step(Array *s, int cycle)
{
    for (int i = s->rows - 1; i >= 0; i--)
        for (int j = s->cols - 1; j >= 0; j--) {
            s->right[i][j] = j ? s->right[i][j - 1] : fed(s->a[i], s->depth, cycle - i);
            s->down[i][j] = i ? s->down[i - 1][j] : fed(s->b[j], s->depth, cycle - j);
            s->psum[i][j] += s->right[i][j] * s->down[i][j];
            s->macs[i][j] += s->right[i][j] && s->down[i][j];
        }
}

static bool done(const Array *s)
{
    for (int i = 0; i < s->rows; i++)
        for (int j = 0; j < s->cols; j++)
            if (s->macs[i][j] < s->depth) return false;
    return true;
}

static int run_fold(Array *s)
{
    int cycle = 0;
    while (!done(s)) step(s, cycle++);
    for (int left = s->rows; left > 0; left--, cycle++) {
        memcpy(s->out[left - 1], s->psum[s->rows - 1], sizeof s->out[0]);
        memmove(s->psum[1], s->psum[0], sizeof s->psum - sizeof s->psum[0]);
    }
    return cycle;
}

static void check_products(const Array *s)
{
    for (int i = 0; i < s->rows; i++)
        for (int j = 0; j < s->cols; j++) {
            int sum = 0;
            for (int t = 0; t < s->depth; t++) sum += s->a[i][t] * s->b[j][t];
            ck_assert_int_eq(s->out[i][j], sum);
        }
}

START_TEST(cycles_are_those_of_an_array_stepped_cycle_by_cycle)
{
    Rng rng;
    rng_seed(&rng, 7, 0);
    for (int n = 0; n < 60; n++) {
        Array s = {.rows = 1 + (int)rng_below(&rng, SIDE),
                   .cols = 1 + (int)rng_below(&rng, SIDE),
                   .depth = 1 + (int)rng_below(&rng, DEPTH)};
        for (int i = 0; i < SIDE; i++)
            for (int t = 0; t < DEPTH; t++) {
                s.a[i][t] = 1 + (int)rng_below(&rng, 50);
                s.b[i][t] = 1 + (int)rng_below(&rng, 50);
            }
        LayerShape l = {LAYER_GEMM, 1, s.depth, s.cols, s.rows, 1, 1, 1, 1, 1, 1, 1, 1, 0};
        char set[512];
        snprintf(set, sizeof set, "array: {rows: %d, cols: %d}, " WIDE, s.rows, s.cols);
        ck_assert_double_eq(cost(set, &l).compute_cycles, run_fold(&s));
        check_products(&s);
    }
}
END_TEST

/* ---- energy ---- */

/* Two pixels, two filters, three values on 4 x 3 MACs, words of a byte, all by hand. */
START_TEST(energy_is_that_worked_by_hand)
{
    LayerShape l = {LAYER_GEMM, 1, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    LayerCost c =
        cost("array: {rows: 4, cols: 3}, mac_pj: 1000, "
             "pe: {accumulator_bits: 16, register_pj_per_byte: 100}, "
             "ifmap_sram: {read_pj_per_byte: 1, write_pj_per_byte: 10}, "
             "filter_sram: {read_pj_per_byte: 2, write_pj_per_byte: 20}, "
             "ofmap_sram: {read_pj_per_byte: 3, write_pj_per_byte: 30}, dram.pj_per_byte: 7",
             &l);
    ck_assert_double_eq(c.compute_cycles, 2 * 4 + 3 + 3 - 2);
    ck_assert_double_eq(c.level_pj[LEVEL_MAC], 12 * 1000); /* 2 x 2 x 3 MACs */
    /* A MAC writes and reads two operand bytes and a psum of two; the outputs of rows 0 and 1 pass
     * four and three registers. */
    ck_assert_double_eq(c.level_pj[LEVEL_SPAD], 100 * (12 * 8 + 2 * (4 + 3) * 4));
    ck_assert_double_eq(c.level_pj[LEVEL_GLB], 6 * (1 + 10) + 6 * (2 + 20) + 4 * (3 + 30));
    ck_assert_double_eq(c.level_pj[LEVEL_DRAM], (6 + 6 + 4) * 7);
    ck_assert_double_eq(c.level_pj[LEVEL_BUFFER], 0);
}
END_TEST

/* ---- buffers ---- */

static const LayerShape CONV = {LAYER_CONV, 1, 64, 128, 28, 28, 3, 3, 1, 1, 1, 1, 1, 0};

START_TEST(single_buffers_hold_more_but_take_turns_with_dram)
{
    LayerCost two = cost("sram.buffering: double", &CONV);
    LayerCost one = cost("sram.buffering: single", &CONV);
    ck_assert_double_le(one.dram_read_bytes, two.dram_read_bytes);
    ck_assert_double_eq(one.cycles, ceil(one.compute_cycles + one.dram_read_bytes / 17.9));
    LayerCost half =
        cost("sram.buffering: single, ifmap_sram.bytes: 32768, filter_sram.bytes: 32768", &CONV);
    ck_assert_double_eq(half.dram_read_bytes, two.dram_read_bytes);
}
END_TEST

/* 30 x 30 outputs of a fold are 900 bytes; half of 1000 hold 500, so 400 leave while the array waits. */
START_TEST(outputs_that_do_not_fit_hold_up_the_array)
{
    LayerShape l = {LAYER_GEMM, 1, 1000, 30, 30, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    LayerCost roomy = cost("dram.write_bytes_per_cycle: 1, dram.read_bytes_per_cycle: 1000", &l);
    LayerCost tight = cost("dram.write_bytes_per_cycle: 1, dram.read_bytes_per_cycle: 1000, "
                           "ofmap_sram.bytes: 1000",
                           &l);
    ck_assert_double_eq(roomy.cycles, 1094);
    ck_assert_double_eq(tight.cycles, 1094 + 400);
}
END_TEST

START_TEST(a_narrow_sram_port_limits_and_is_named)
{
    static const char *const ports[][2] = {
        {"ifmap_sram", "read"}, {"filter_sram", "read"}, {"ofmap_sram", "write"}};
    for (int i = 0; i < 3; i++) {
        char set[128];
        snprintf(set, sizeof set, "%s.%s_bytes_per_cycle: 0.01", ports[i][0], ports[i][1]);
        LayerCost c = cost(set, &CONV);
        ck_assert_str_eq(c.limited_by, ports[i][0]);
        ck_assert_double_gt(c.cycles, 2 * c.compute_cycles);
    }
}
END_TEST

/* A pooling layer passes one SRAM on its way in and one on its way out. */
START_TEST(layers_without_macs_stream_through_the_srams)
{
    const LayerShape pool = {LAYER_POOL, 1, 64, 64, 28, 28, 2, 2, 2, 2, 1, 1, 1, 0};
    double in = 64 * 56 * 56, out = 64 * 28 * 28;
    LayerCost c = cost("", &pool);
    ck_assert_double_eq(c.cycles, ceil(in / 17.9));
    ck_assert_double_eq_tol(c.level_pj[LEVEL_GLB], (in + out) * (2.1594 + 2.7344), 1e-3);
    LayerCost turns = cost("sram.buffering: single", &pool);
    ck_assert_double_eq(turns.cycles, ceil(in / 32 + in / 17.9));
    ck_assert_str_eq(cost("ofmap_sram.write_bytes_per_cycle: 1", &pool).limited_by, "ofmap_sram");
}
END_TEST

/* ---- laws ---- */

static int pick(Rng *rng, const int *of, int n)
{
    return of[rng_below(rng, (uint32_t)n)];
}
#define PICK(rng, ...)                                                                             \
    pick(rng, (const int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int))

static LayerShape random_layer(Rng *rng)
{
    LayerShape l = {.type = LAYER_CONV, .operands = 1};
    l.N = PICK(rng, 1, 1, 1, 2, 9, 64);
    l.C = PICK(rng, 1, 3, 8, 17, 64, 144, 512, 2048);
    l.K = PICK(rng, 1, 5, 16, 32, 125, 320, 1000, 4096);
    l.P = PICK(rng, 1, 1, 2, 7, 13, 28, 56, 149, 1000);
    l.Q = PICK(rng, 1, 1, 3, 7, 14, 56, 112);
    l.R = PICK(rng, 1, 1, 2, 3, 3, 5, 7, 31);
    l.S = PICK(rng, 1, 1, 3, 3, 7, 1);
    l.stride_w = PICK(rng, 1, 1, 1, 2, 4, 9);
    l.stride_h = PICK(rng, 1, 1, 1, 2, 5);
    l.dilation = PICK(rng, 1, 1, 1, 2, 12);
    l.groups = 1;
    if (rng_below(rng, 4) == 0) l.K = l.groups = l.C;
    return l;
}

typedef struct Keys { /* of a random machine, in units of its preset or as named */
    int rows, cols, ifmap, filter, ofmap, word_bits;
    double dram_read, dram_write, port;
    bool twice;
} Keys;

static Keys random_keys(Rng *rng)
{
    return (Keys){.rows = PICK(rng, 1, 4, 32, 32, 100, 128, 4096),
                  .cols = PICK(rng, 1, 3, 32, 32, 128, 4096),
                  .ifmap = PICK(rng, 1, 64, 1000, 8192, 65536, 1 << 20),
                  .filter = PICK(rng, 1, 64, 1000, 8192, 65536, 1 << 20),
                  .ofmap = PICK(rng, 1, 500, 65536),
                  .word_bits = PICK(rng, 8, 8, 16, 32),
                  .dram_read = PICK(rng, 1, 18, 80),
                  .dram_write = PICK(rng, 1, 18, 80),
                  .port = PICK(rng, 1, 32, 128),
                  .twice = rng_below(rng, 3) > 0};
}

static AccelConfig *from_keys(const Keys *k)
{
    char set[1024];
    snprintf(set, sizeof set,
             "array: {rows: %d, cols: %d}, word_bits: %d, sram.buffering: %s, "
             "ifmap_sram: {bytes: %d, read_bytes_per_cycle: %g}, "
             "filter_sram: {bytes: %d, read_bytes_per_cycle: %g}, "
             "ofmap_sram: {bytes: %d, write_bytes_per_cycle: %g}, "
             "dram: {read_bytes_per_cycle: %g, write_bytes_per_cycle: %g}",
             k->rows, k->cols, k->word_bits, k->twice ? "double" : "single", k->ifmap, k->port,
             k->filter, k->port, k->ofmap, k->port, k->dram_read, k->dram_write);
    return machine(set);
}

static LayerCost cost_of(const Keys *k, const LayerShape *l)
{
    AccelConfig *a = from_keys(k);
    LayerCost c = cost_on(a, l);
    accel_destroy(a);
    return c;
}

static void on_random_cases(uint64_t seed, void (*law)(const Keys *k, const LayerShape *l))
{
    Rng rng;
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < CASES; i++) {
        LayerShape l = random_layer(&rng);
        Keys k = random_keys(&rng);
        law(&k, &l);
    }
}

static double formula(const Keys *k, const LayerShape *l)
{
    double pixels = (double)l->N * l->P * l->Q, filters = (double)l->K / l->groups;
    double window = (double)l->R * l->S * l->C / l->groups;
    return l->groups * ceil(pixels / k->rows) * ceil(filters / k->cols) *
           (2.0 * k->rows + k->cols + window - 2);
}

static void physics(const Keys *k, const LayerShape *l)
{
    LayerCost c = cost_of(k, l);
    double word = k->word_bits / 8.0, macs = layer_macs(l);
    double in = (layer_input_words(l) + layer_params(l)) * word, out = layer_output_words(l) * word;
    ck_assert_double_eq(c.compute_cycles, formula(k, l));
    ck_assert_double_ge(c.cycles, c.compute_cycles);
    ck_assert_double_ge(c.cycles, macs / k->rows / k->cols);
    ck_assert_double_ge(c.cycles, in / k->dram_read);
    ck_assert_double_ge(c.cycles, out / k->dram_write);
    ck_assert_double_ge(c.dram_read_bytes, in);
    ck_assert_double_eq(c.dram_write_bytes, out);
    ck_assert_double_le(c.utilization, 1);
    ck_assert_double_ge(c.level_pj[LEVEL_MAC], macs * 0.5608 * (1 - 1e-12));
    ck_assert_double_ge(c.level_pj[LEVEL_SPAD], macs * (4 * word + 8) * 0.009 * (1 - 1e-12));
    ck_assert_double_ge(c.level_pj[LEVEL_GLB],
                        (in * (2.1594 + 2.7344) + out * (2.1594 + 2.7344)) * (1 - 1e-12));
    ck_assert_double_ge(c.level_pj[LEVEL_DRAM], (in + out) * 64 * (1 - 1e-12));
    ck_assert(isfinite(c.energy_pj) && strlen(c.mapping) < sizeof c.mapping - 1);
}

START_TEST(cycles_are_the_formula_and_nothing_beats_physics)
{
    on_random_cases(1, physics);
}
END_TEST

static void check_no_worse(const Keys *better, const Keys *k, const LayerShape *l)
{
    LayerCost b = cost_of(better, l), c = cost_of(k, l);
    ck_assert_msg(b.cycles < c.cycles || (b.cycles == c.cycles && b.energy_pj <= c.energy_pj),
                  "%s: %g cycles %g pJ, before %s: %g cycles %g pJ", b.mapping, b.cycles,
                  b.energy_pj, c.mapping, c.cycles, c.energy_pj);
}

static void bandwidth_helps(const Keys *k, const LayerShape *l)
{
    Keys better = *k;
    better.dram_read *= 1.5;
    check_no_worse(&better, k, l);
    better.dram_write *= 2;
    check_no_worse(&better, k, l);
    better.port *= 3;
    check_no_worse(&better, k, l);
    AccelConfig *a = from_keys(k);
    double before = HUGE_VAL;
    for (double bytes_per_us = 100; bytes_per_us < 1e5; bytes_per_us *= 3) {
        LayerCost c;
        Err err = {0};
        ck_ok(accel_cost(a, l, MAP_HARDWARE, bytes_per_us, &c, &err), err);
        ck_assert_double_le(c.cycles, before);
        ck_assert_double_ge(c.cycles, (c.dram_read_bytes + c.dram_write_bytes) /
                                          fmin(k->dram_read, bytes_per_us / 1000) * (1 - 1e-12));
        before = c.cycles;
    }
    accel_destroy(a);
}

START_TEST(more_bandwidth_never_hurts)
{
    on_random_cases(2, bandwidth_helps);
}
END_TEST

static void srams_help(const Keys *k, const LayerShape *l)
{
    Keys better = *k;
    better.ifmap = better.ifmap * 3 / 2 + 1;
    check_no_worse(&better, k, l);
    better.filter *= 2;
    check_no_worse(&better, k, l);
    better.ofmap *= 2;
    check_no_worse(&better, k, l);
}

START_TEST(larger_srams_never_hurt)
{
    on_random_cases(3, srams_help);
}
END_TEST

static void groups_add_up(const Keys *k, const LayerShape *l)
{
    LayerShape one = *l, three = *l;
    one.groups = 1;
    one.C = one.K = 2 + l->C / l->groups;
    three.groups = 3;
    three.C = three.K = 3 * one.C;
    LayerCost c1 = cost_of(k, &one), c3 = cost_of(k, &three);
    ck_assert_double_le(fabs(c3.cycles - 3 * c1.cycles), 3); /* cycles are rounded up once */
    ck_assert_double_eq(c3.dram_write_bytes, 3 * c1.dram_write_bytes);
    ck_assert_double_eq_tol(c3.energy_pj / c1.energy_pj, 3, 1e-9);
}

START_TEST(groups_cost_the_sum_of_their_groups)
{
    on_random_cases(4, groups_add_up);
}
END_TEST

static void policies_agree(const Keys *k, const LayerShape *l)
{
    AccelConfig *a = from_keys(k);
    LayerCost h = cost_on(a, l), t;
    Err err = {0};
    ck_ok(accel_cost(a, l, MAP_TIMELOOP, 0, &t, &err), err);
    ck_assert_double_eq(h.cycles, t.cycles);
    ck_assert_double_eq(h.energy_pj, t.energy_pj);
    ck_assert_str_eq(h.mapping, t.mapping);
    accel_destroy(a);
}

START_TEST(both_policies_are_one)
{
    on_random_cases(5, policies_agree);
}
END_TEST

/* The depthwise form and the same groups as a convolution are one layer. */
START_TEST(depthwise_is_its_groups)
{
    LayerShape dw = {LAYER_DWCONV, 2, 40, 40, 9, 9, 3, 3, 1, 1, 1, 40, 1, 0}, one = dw;
    LayerCost c = cost("", &dw);
    one.type = LAYER_CONV;
    one.C = one.K = one.groups = 1;
    LayerCost each = cost("", &one);
    ck_assert_double_eq(c.compute_cycles, 40 * each.compute_cycles);
    ck_assert_double_eq_tol(c.energy_pj / each.energy_pj, 40, 1e-9);
    ck_assert_double_le(c.utilization, 1.0 / 32); /* one column of 32 works */
}
END_TEST

/* Sizes near the ends of what a layer and a machine may be. */
START_TEST(extreme_layers_map_on_extreme_machines)
{
    static const LayerShape extreme[] = {
        {LAYER_CONV, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 1, 1 << 24, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 1 << 24, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1 << 24, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 1, 1, 1 << 24, 1, 3, 1, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 1, 1, 1, 1 << 24, 1, 3, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 3, 64, 16384, 16384, 3, 3, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 3, 8, 4, 4, 4096, 4096, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 8, 8, 100, 100, 2, 2, 4096, 4096, 1, 1, 1, 0},
        {LAYER_CONV, 1, 8, 8, 10, 10, 3, 3, 1, 1, 4096, 1, 1, 0},
        {LAYER_DWCONV, 1, 1 << 24, 1 << 24, 1, 1, 1, 1, 1, 1, 1, 1 << 24, 1, 0},
        {LAYER_GEMM, 65536, 16, 16, 1, 65536, 1, 1, 1, 1, 1, 1, 1, 0},
    };
    static const Keys ends[] = {{1, 1, 1, 1, 1, 8, 1e-3, 1e-3, 1e-3, true},
                                {4096, 4096, 1 << 30, 1 << 30, 1 << 30, 64, 1e6, 1e6, 1e6, false},
                                {4096, 1, 100, 1 << 30, 1, 8, 1, 1, 1, true},
                                {1, 4096, 1 << 30, 100, 1, 64, 1, 1, 1, false}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) physics(&ends[i], &extreme[_i]);
}
END_TEST

/* ---- all plans, counted point by point ---- */

enum { GRID = 40 };
typedef struct Points { /* input points of one channel that a tile needs */
    bool on[GRID][GRID];
    int n;
} Points;

static void touch(Points *out, const LayerShape *l, int p0, int q0, int p, int q)
{
    memset(out, 0, sizeof *out);
    for (int y = q0; y < q0 + q && y < l->Q; y++)
        for (int x = p0; x < p0 + p && x < l->P; x++)
            for (int s = 0; s < l->S; s++)
                for (int r = 0; r < l->R; r++) {
                    bool *at = &out->on[y * l->stride_h + s][x * l->stride_w + r];
                    out->n += !*at;
                    *at = true;
                }
}

static int shared_points(const Points *a, const Points *b)
{
    int n = 0;
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < GRID; x++) n += a->on[y][x] && b->on[y][x];
    return n;
}

typedef struct Pass {
    double points; /* fetched, all images, one channel */
    int tiles, largest;
} Pass;

/* All tiles of p x q, in columns or in rows of tiles; keep: what the last one of the same column or
 * row left is not fetched again. */
static Pass pass_over(const LayerShape *l, int p, int q, bool columns, bool keep)
{
    static Points now, before;
    Pass pass = {0};
    int outer = columns ? (l->P + p - 1) / p : (l->Q + q - 1) / q;
    int inner = columns ? (l->Q + q - 1) / q : (l->P + p - 1) / p;
    for (int o = 0; o < outer; o++)
        for (int i = 0; i < inner; i++) {
            touch(&now, l, (columns ? o : i) * p, (columns ? i : o) * q, p, q);
            pass.points += now.n - (keep && i ? shared_points(&now, &before) : 0);
            pass.tiles++;
            if (now.n > pass.largest) pass.largest = now.n;
            before = now;
        }
    pass.points *= l->N;
    pass.tiles *= l->N;
    return pass;
}

typedef struct Tiny {
    int rows, cols, ifmap, filter; /* words that are usable */
} Tiny;

typedef struct Found {
    const Tiny *m;
    const LayerShape *l;
    int row_folds, col_folds, window, held; /* held: filters that fit */
    double cycles, energy, reads;
} Found;

/* Ports of 2 bytes per cycle to DRAM, 1 pJ per byte of inputs and 3 of weights written, 64 of DRAM. */
static void offer(Found *f, double inputs, double weights)
{
    const LayerShape *l = f->l;
    double outputs = (double)l->N * l->P * l->Q * l->K;
    double compute = f->row_folds * f->col_folds * (2.0 * f->m->rows + f->m->cols + f->window - 2);
    double cycles = ceil(fmax(compute, fmax((inputs + weights) / 2, outputs / 2)));
    double pj = inputs + 3 * weights + (inputs + weights + outputs) * 64;
    if (cycles > f->cycles || (cycles == f->cycles && pj >= f->energy)) return;
    f->cycles = cycles;
    f->energy = pj;
    f->reads = inputs + weights;
}

/* Weights fetched when `block` column folds of filters are on chip and all pass `turns` times. */
static double weights_of(const Found *f, int block, int turns)
{
    int held = -1, words = 0;
    for (int t = 0; t < turns; t++)
        for (int k = 0; k < f->l->K; k += block * f->m->cols)
            if (k != held) {
                int n = f->l->K - k < block * f->m->cols ? f->l->K - k : block * f->m->cols;
                words += n * f->window;
                held = k;
            }
    return words;
}

static bool block_fits(const Found *f, int block)
{
    int n = block * f->m->cols < f->l->K ? block * f->m->cols : f->l->K;
    return n * f->window <= f->m->filter;
}

static void tile_plans(Found *f, double inputs, int tiles)
{
    int turns = tiles < f->row_folds ? tiles : f->row_folds;
    offer(f, inputs, (double)f->l->K * f->window * f->row_folds);
    for (int block = 1; block <= f->col_folds && block_fits(f, block); block++) {
        int blocks = (f->col_folds + block - 1) / block;
        offer(f, inputs, weights_of(f, block, turns));
        offer(f, tiles > 1 ? inputs * blocks : inputs, weights_of(f, block, 1));
    }
}

static void resident_tiles(Found *f, int p, int q)
{
    const LayerShape *l = f->l;
    int fold = f->m->rows < l->N * l->P * l->Q ? f->m->rows : l->N * l->P * l->Q;
    for (int columns = 0; columns < 2; columns++) {
        Pass pass = pass_over(l, p, q, columns, true);
        int most = p == l->P && q == l->Q ? l->N : 1;
        for (int n = 1; n <= most; n++)
            if (pass.largest * l->C * n <= f->m->ifmap && p * q * n >= fold)
                tile_plans(f, pass.points * l->C, most == 1 ? pass.tiles : (l->N + n - 1) / n);
    }
}

static void folds_alone(Found *f, int p, int q)
{
    const LayerShape *l = f->l;
    int fold = f->m->rows < l->N * l->P * l->Q ? f->m->rows : l->N * l->P * l->Q;
    Pass pass = pass_over(l, p, q, true, false);
    double in_fold = (double)fold / (p * q) + 1;
    if (p * q > f->m->rows || (p * q > 1 && pass.largest * in_fold > f->m->ifmap)) return;
    double cut = p * q > 1 ? (f->row_folds - 1.0) * pass.largest : 0;
    double inputs = (pass.points + cut) * l->C * f->col_folds;
    double once = (double)l->K * f->window;
    offer(f, inputs, block_fits(f, 1) ? once : once * f->row_folds);
}

static Found all_plans(const Tiny *m, const LayerShape *l)
{
    Found f = {.m = m, .l = l, .cycles = HUGE_VAL, .energy = HUGE_VAL};
    f.row_folds = (l->N * l->P * l->Q + m->rows - 1) / m->rows;
    f.col_folds = (l->K + m->cols - 1) / m->cols;
    f.window = l->R * l->S * l->C;
    for (int p = 1; p <= l->P; p++)
        for (int q = 1; q <= l->Q; q++) {
            resident_tiles(&f, p, q);
            folds_alone(&f, p, q);
        }
    return f;
}

static const Tiny tiny[] = {{4, 3, 60, 40},  {4, 3, 200, 40}, {4, 3, 60, 400}, {3, 2, 24, 16},
                            {7, 5, 100, 90}, {2, 8, 12, 300}, {1, 1, 9, 9},    {6, 4, 1000, 1000}};
static const LayerShape tiny_layers[] = {
    {LAYER_CONV, 1, 4, 7, 6, 5, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 2, 6, 8, 9, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 3, 4, 5, 11, 1, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 2, 5, 9, 4, 3, 2, 2, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 2, 3, 5, 5, 2, 2, 3, 3, 1, 1, 1, 0},
    {LAYER_CONV, 3, 2, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 5, 1, 2, 1, 2, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_FC, 1, 20, 11, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 1, 1, 13, 13, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 2, 3, 9, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 6, 4, 5, 5, 3, 3, 1, 1, 1, 1, 1, 0},
};
enum { TINY = sizeof tiny / sizeof *tiny, TINY_LAYERS = sizeof tiny_layers / sizeof *tiny_layers };

START_TEST(the_search_equals_an_enumeration_of_all_plans)
{
    const Tiny *m = &tiny[_i / TINY_LAYERS];
    const LayerShape *l = &tiny_layers[_i % TINY_LAYERS];
    char set[1024];
    snprintf(
        set, sizeof set,
        "array: {rows: %d, cols: %d}, sram.buffering: double, mac_pj: 0, "
        "pe.register_pj_per_byte: 0, dram: {read_bytes_per_cycle: 2, write_bytes_per_cycle: 2}, "
        "ifmap_sram: {bytes: %d, read_pj_per_byte: 0, write_pj_per_byte: 1}, "
        "filter_sram: {bytes: %d, read_pj_per_byte: 0, write_pj_per_byte: 3}, "
        "ofmap_sram: {read_pj_per_byte: 0, write_pj_per_byte: 0}",
        m->rows, m->cols, 2 * m->ifmap, 2 * m->filter);
    Found f = all_plans(m, l);
    LayerCost c = cost(set, l);
    ck_assert_msg(c.cycles == f.cycles && fabs(c.energy_pj - f.energy) < 1e-6,
                  "%s: %g cycles %g pJ %g bytes read, by enumeration %g, %g, %g", c.mapping,
                  c.cycles, c.energy_pj, c.dram_read_bytes, f.cycles, f.energy, f.reads);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel_os");
    TCase *tc = new_case("cycles", 30);
    tcase_add_loop_test(tc, cycles_are_those_worked_by_hand, 0, WORKED);
    tcase_add_test(tc, the_simulator_differs_by_the_drain_alone_and_fetches_no_less);
    tcase_add_test(tc, cycles_are_those_of_an_array_stepped_cycle_by_cycle);
    suite_add_tcase(s, tc);
    tc = new_case("machine", 30);
    tcase_add_test(tc, energy_is_that_worked_by_hand);
    tcase_add_test(tc, single_buffers_hold_more_but_take_turns_with_dram);
    tcase_add_test(tc, outputs_that_do_not_fit_hold_up_the_array);
    tcase_add_test(tc, a_narrow_sram_port_limits_and_is_named);
    tcase_add_test(tc, layers_without_macs_stream_through_the_srams);
    suite_add_tcase(s, tc);
    tc = new_case("laws", 120);
    tcase_add_test(tc, cycles_are_the_formula_and_nothing_beats_physics);
    tcase_add_test(tc, more_bandwidth_never_hurts);
    tcase_add_test(tc, larger_srams_never_hurt);
    tcase_add_test(tc, groups_cost_the_sum_of_their_groups);
    tcase_add_test(tc, both_policies_are_one);
    tcase_add_test(tc, depthwise_is_its_groups);
    tcase_add_loop_test(tc, extreme_layers_map_on_extreme_machines, 0, 12);
    suite_add_tcase(s, tc);
    tc = new_case("enumeration", 60);
    tcase_add_loop_test(tc, the_search_equals_an_enumeration_of_all_plans, 0, TINY * TINY_LAYERS);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
