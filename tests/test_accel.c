/* test_accel.c -- the accelerator models against silicon, and at their edges: presets, malformed
 * presets, senseless layers; and what every shipped machine keeps, a new one too. Against Timeloop:
 * test_accel_reference.c. Runs from the root of the source tree. */
#include "accel_models/accel.h"
#include "base/csv.h"
#include "base/path.h"
#include "tests/support.h"
#include "tests/support/accel_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PRESETS "accel_models/presets/"
#define GOLDEN  "tests/golden/accel/"
enum { TEXT_MAX = 4096 };

typedef struct Preset {
    const char *name;
    const char *dataflow;
    double peak_macs, clock_mhz;
    int word_bits;
} Preset;

static const Preset presets[] = {
    {"simba-16pe", "ws", 1024, 1000, 8},         {"simba-64pe", "ws", 4096, 1000, 8},
    {"eyeriss-12x14", "rs", 168, 1000, 16},      {"eyeriss-jssc17", "rs", 168, 200, 16},
    {"eyeriss-32x32", "rs", 1024, 1000, 16},     {"eyeriss-64x64", "rs", 4096, 1000, 16},
    {"eyeriss-32x32-int8", "rs", 1024, 1000, 8}, {"eyeriss-64x64-int8", "rs", 4096, 1000, 8},
    {"os-32x32", "os", 1024, 1000, 8},           {"os-128x128", "os", 16384, 1000, 8},
};
enum { PRESET_COUNT = sizeof presets / sizeof *presets };

/* All that is shipped, whether it is in the table above or not. */
enum { SHIPPED_MAX = 64 };
static char shipped[SHIPPED_MAX][PATH_NAME_MAX];
static int n_shipped;

static void list_shipped(void)
{
    char(*names)[PATH_NAME_MAX];
    Err err = {0};
    if (path_list(&names, &n_shipped, PRESETS, ".yaml", &err) != ST_OK || n_shipped > SHIPPED_MAX) {
        fprintf(stderr, "test_accel: %s\n", err.msg);
        exit(EXIT_FAILURE);
    }
    memcpy(shipped, names, (size_t)n_shipped * sizeof *names);
    mem_free(names);
}

static const LayerShape CONV = {LAYER_CONV, 1, 64, 128, 28, 28, 3, 3, 1, 1, 1, 1, 1, 0};

/* With some keys changed: YAML of a flow map, without its braces. */
static AccelConfig *load_with(const char *name, const char *set)
{
    char path[256], text[256];
    YamlDoc *doc;
    AccelConfig *a;
    Err err = {0};
    snprintf(path, sizeof path, PRESETS "%s.yaml", name);
    int n = snprintf(text, sizeof text, "{%s}", set);
    ck_ok(yaml_parse(&doc, "set", text, (size_t)n, &err), err);
    ck_ok(accel_load_with(&a, path, yaml_root(doc), &err), err);
    yaml_destroy(doc);
    return a;
}

/* ---- silicon ---- */

/* AlexNet's convolutions as the chip ran them, batch 4. */
static const struct {
    const char *name;
    LayerShape shape;
} ALEXNET[] = {
    {"conv1", {LAYER_CONV, 4, 3, 96, 55, 55, 11, 11, 4, 4, 1, 1, 1, 0}},
    {"conv2", {LAYER_CONV, 4, 96, 256, 27, 27, 5, 5, 1, 1, 1, 2, 1, 0}},
    {"conv3", {LAYER_CONV, 4, 256, 384, 13, 13, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"conv4", {LAYER_CONV, 4, 384, 384, 13, 13, 3, 3, 1, 1, 1, 2, 1, 0}},
    {"conv5", {LAYER_CONV, 4, 384, 256, 13, 13, 3, 3, 1, 1, 1, 2, 1, 0}},
};
enum { CHIP_LAYERS = sizeof ALEXNET / sizeof *ALEXNET };

typedef struct Chip { /* of one layer */
    double ms, pes, buffer_mb, dram_mb;
} Chip;

static double column(const Csv *csv, int row, const char *name)
{
    Err err = {0};
    double value = 0;
    ck_ok(csv_double(csv, row, csv_column(csv, name), 0, 1e3, &value, &err), err);
    return value;
}

static void read_chip(Chip *chip)
{
    Csv *csv;
    Err err = {0};
    ck_ok(csv_load(&csv, GOLDEN "eyeriss_jssc17_alexnet.csv", &err), err);
    for (int i = 0; i < CHIP_LAYERS; i++) {
        ck_assert_str_eq(csv_cell(csv, i, csv_column(csv, "layer")), ALEXNET[i].name);
        chip[i] =
            (Chip){column(csv, i, "processing_latency_ms"), column(csv, i, "active_pes"),
                   column(csv, i, "global_buffer_accesses_MB"), column(csv, i, "dram_accesses_MB")};
    }
    csv_destroy(csv);
}

/* The model has no fill and drain of passes, which the chip has: it may be faster, by 20 % at most. */
static void compare_with_chip(const char *what, const char *preset, const char *set)
{
    Chip chip[CHIP_LAYERS];
    AccelConfig *a = load_with(preset, set);
    read_chip(chip);
    printf("%-38s", what);
    for (int i = 0; i < CHIP_LAYERS; i++) {
        LayerCost c = rig_cost(a, &ALEXNET[i].shape, MAP_HARDWARE, 0);
        double ms = c.latency_us / 1000;
        printf(" | %4.1f ms %3.0f PEs %5.1f %%", ms, c.macs / c.compute_cycles,
               100 * (ms / chip[i].ms - 1));
        ck_assert_double_le(ms, chip[i].ms);
        ck_assert_double_ge(ms, 0.8 * chip[i].ms);
    }
    printf("\n");
    accel_destroy(a);
}

START_TEST(row_stationary_agrees_with_the_chip)
{
    Chip chip[CHIP_LAYERS];
    read_chip(chip);
    printf("%-38s", "Eyeriss chip, AlexNet conv1..5, batch 4");
    for (int i = 0; i < CHIP_LAYERS; i++)
        printf(" | %4.1f ms %3.0f PEs        ", chip[i].ms, chip[i].pes);
    printf("\n");
    compare_with_chip("reference machine at 200 MHz", "eyeriss-12x14", "clock_mhz: 200");
    compare_with_chip("  with one port of its global buffer", "eyeriss-12x14",
                      "clock_mhz: 200, glb.shared_port: true");
    compare_with_chip("eyeriss-jssc17 with two ports of it", "eyeriss-jssc17",
                      "glb.shared_port: false");
    compare_with_chip("eyeriss-jssc17", "eyeriss-jssc17", "");
}
END_TEST

/* The chip's DRAM traffic is compressed; its buffer moves more than the model's, which looks for the
 * least, but for conv1. */
START_TEST(the_chips_traffic_is_shown)
{
    Chip chip[CHIP_LAYERS];
    AccelConfig *a =
        load_with("eyeriss-jssc17", "glb: {read_pj_per_byte: 1, write_pj_per_byte: 1}");
    read_chip(chip);
    for (int i = 0; i < CHIP_LAYERS; i++) {
        LayerCost c = rig_cost(a, &ALEXNET[i].shape, MAP_HARDWARE, 0);
        double buffer_mb = c.level_pj[LEVEL_GLB] / 1e6; /* at 1 pJ per byte */
        double dram_mb = (c.dram_read_bytes + c.dram_write_bytes) / 1e6;
        printf("%s: buffer %5.1f MB, chip %5.1f | DRAM %4.1f MB, chip %4.1f compressed\n",
               ALEXNET[i].name, buffer_mb, chip[i].buffer_mb, dram_mb, chip[i].dram_mb);
        ck_assert_double_le(buffer_mb, 1.2 * chip[i].buffer_mb);
        ck_assert_double_ge(dram_mb, chip[i].dram_mb);
    }
    accel_destroy(a);
}
END_TEST

/* The chip's own count of active PEs: on average, where the last columns are idle in a last pass. */
START_TEST(the_chips_preset_keeps_as_many_pes_busy_as_the_chip)
{
    Chip chip[CHIP_LAYERS];
    AccelConfig *a = rig_accel("eyeriss-jssc17");
    read_chip(chip);
    for (int i = 0; i < CHIP_LAYERS; i++) {
        LayerCost c = rig_cost(a, &ALEXNET[i].shape, MAP_HARDWARE, 0);
        ck_assert_double_eq_tol(c.macs / c.compute_cycles, chip[i].pes, 3);
    }
    accel_destroy(a);
}
END_TEST

/* ---- ports ---- */

START_TEST(a_shared_port_takes_reads_and_writes_in_turn)
{
    const LayerShape pool = {LAYER_POOL, 1, 64, 64, 28, 28, 2, 2, 2, 2, 1, 1, 1, 0};
    double in = 2 * 64 * 56 * 56, out = 2 * 64 * 28 * 28;
    AccelConfig *two = load_with("eyeriss-12x14", "glb.write_bytes_per_cycle: 8"),
                *one = load_with("eyeriss-12x14",
                                 "glb: {shared_port: true, write_bytes_per_cycle: 8}");
    ck_assert_double_eq(rig_cost(two, &pool, MAP_HARDWARE, 0).cycles, (in + out) / 8);
    ck_assert_double_eq(rig_cost(one, &pool, MAP_HARDWARE, 0).cycles,
                        (in + out) / 16 + (in + out) / 8);
    accel_destroy(two);
    accel_destroy(one);
    AccelConfig *link =
        load_with("eyeriss-12x14", "dram: {shared_port: true, "
                                   "read_bytes_per_cycle: 2, write_bytes_per_cycle: 4}");
    ck_assert_double_eq(rig_cost(link, &pool, MAP_HARDWARE, 0).cycles, in / 2 + out / 4);
    accel_destroy(link);
}
END_TEST

/* Sharing can only cost, and never more than both directions one after the other. */
START_TEST(a_shared_port_costs_at_most_both_directions)
{
    static const char *const keys[] = {"glb.shared_port: true", "dram.shared_port: true"};
    static const LayerShape layers[] = {
        {LAYER_CONV, 1, 64, 128, 28, 28, 3, 3, 1, 1, 1, 1, 1, 0},
        {LAYER_CONV, 1, 256, 256, 14, 14, 1, 1, 1, 1, 1, 1, 1, 0},
        {LAYER_DWCONV, 1, 96, 96, 56, 56, 3, 3, 1, 1, 1, 96, 1, 0},
        {LAYER_FC, 1, 2048, 1000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    };
    const char *name = _i / 2 ? "eyeriss-12x14" : "simba-16pe";
    AccelConfig *two = rig_accel(name), *one = load_with(name, keys[_i % 2]);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        double before = rig_cost(two, &layers[i], MAP_HARDWARE, 0).cycles;
        double after = rig_cost(one, &layers[i], MAP_HARDWARE, 0).cycles;
        ck_assert_double_ge(after, before);
        ck_assert_double_le(after, 2 * before);
    }
    accel_destroy(two);
    accel_destroy(one);
}
END_TEST

/* ---- presets ---- */

START_TEST(every_preset_loads)
{
    for (int i = 0; i < PRESET_COUNT; i++) {
        const Preset *p = &presets[i];
        AccelConfig *a = rig_accel(p->name);
        ck_assert_str_eq(accel_name(a), p->name);
        ck_assert_double_eq(accel_peak_macs(a), p->peak_macs);
        ck_assert_double_eq(accel_clock_mhz(a), p->clock_mhz);
        ck_assert_double_gt(accel_leakage_mw(a), 0);
        ck_assert_str_eq(accel_dataflow_name(accel_dataflow(a)), p->dataflow);
        ck_assert_int_eq(accel_word_bits(a), p->word_bits);
        accel_destroy(a);
    }
    accel_destroy(NULL);
}
END_TEST

START_TEST(loading_survives_every_allocation_failure)
{
    AccelConfig *a = NULL;
    Err err = {0};
    ck_every_allocation_failure((err = (Err){0}, accel_load(&a, PRESETS "simba-16pe.yaml", &err)),
                                accel_destroy(a));
}
END_TEST

static void read_file(const char *path, char *text)
{
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, TEXT_MAX - 1, f);
    text[n] = 0;
    fclose(f);
}

/* Loads simba-16pe with `from` replaced by `to`; returns the line of the change. */
static int load_changed(const char *from, const char *to, char *path, Err *err)
{
    char text[TEXT_MAX];
    AccelConfig *a;
    read_file(PRESETS "simba-16pe.yaml", text);
    char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "no '%s' in the preset", from);
    int line = 1;
    for (const char *p = text; p < at; p++) line += *p == '\n';
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *f = fdopen(fd, "w");
    fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(f);
    Status st = accel_load(&a, path, err);
    unlink(path);
    ck_assert_int_ne(st, ST_OK);
    ck_assert_ptr_null(a);
    return line;
}

static void expect_refusal(const char *from, const char *to, const char *word)
{
    char path[] = "/tmp/relmas-accel-XXXXXX", place[64];
    Err err = {0};
    int line = load_changed(from, to, path, &err);
    snprintf(place, sizeof place, "%s:%d: ", path, line);
    ck_assert_msg(!strncmp(err.msg, place, strlen(place)), "'%s' should begin with '%s'", err.msg,
                  place);
    ck_assert_msg(strstr(err.msg, word) != NULL, "'%s' should name '%s'", err.msg, word);
}

START_TEST(a_malformed_preset_is_refused_with_its_line)
{
    expect_refusal("pes: 16", "pes: 0", "pes");
    expect_refusal("pes: 16", "pes: many", "pes");
    expect_refusal("pes: 16", "pse: 16", "pes");
    expect_refusal("dataflow: ws", "dataflow: is", "dataflow");
    expect_refusal("clock_mhz: 1000", "clock_mhz: -1", "clock_mhz");
    expect_refusal("word_bits: 8", "word_bits: 12", "word_bits");
    expect_refusal("mac_pj: 0.5608", "mac_pj: nan", "mac_pj");
    expect_refusal("name: simba-16pe", "name: ''", "name");
}
END_TEST

START_TEST(a_missing_key_and_a_missing_file_are_named)
{
    char path[] = "/tmp/relmas-accel-XXXXXX";
    Err err = {0};
    AccelConfig *a;
    load_changed("mac_pj: 0.5608", "", path, &err);
    ck_assert_msg(strstr(err.msg, "'mac_pj'") && strstr(err.msg, path), "%s", err.msg);
    err = (Err){0};
    ck_assert_int_eq(accel_load(&a, PRESETS "nothing.yaml", &err), ST_IO);
    ck_assert_ptr_null(a);
}
END_TEST

/* Keys may be flat, and those that are true or false may be missing. */
START_TEST(flat_keys_are_read_and_switches_must_be_true_or_false)
{
    expect_refusal("mac_pj: 0.5608", "glb.shared_port: 2\nmac_pj: 0.5608", "glb.shared_port");
    AccelConfig *a = load_with("simba-16pe", "glb.shared_port: false, dram: {shared_port: false}");
    AccelConfig *b = rig_accel("simba-16pe");
    ck_assert_double_eq(rig_cost(a, &CONV, MAP_HARDWARE, 0).energy_pj,
                        rig_cost(b, &CONV, MAP_HARDWARE, 0).energy_pj);
    accel_destroy(a);
    accel_destroy(b);
}
END_TEST

START_TEST(a_row_stationary_key_is_unknown_to_the_other_dataflow)
{
    expect_refusal("lanes: 8", "rows: 8", "rows");
}
END_TEST

/* ---- layers ---- */

typedef struct BadLayer {
    const char *field;
    LayerShape shape;
} BadLayer;

static const BadLayer bad_layers[] = {
    {"N", {LAYER_CONV, 0, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"C", {LAYER_CONV, 1, -8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"P", {LAYER_CONV, 1, 8, 8, 2147483647, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"stride_h", {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 0, 1, 1, 1, 0}},
    {"groups", {LAYER_CONV, 1, 8, 9, 4, 4, 3, 3, 1, 1, 1, 2, 1, 0}},
    {"groups", {LAYER_DWCONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 4, 1, 0}},
    {"kernel", {LAYER_FC, 1, 8, 8, 1, 1, 3, 1, 1, 1, 1, 1, 1, 0}},
    {"operands", {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 2, 0}},
    {"K", {LAYER_POOL, 1, 8, 9, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"type", {(LayerType)17, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
    {"written", {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, -1}},
    {"sizes", {LAYER_CONV, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4, 3, 3, 1, 1, 1, 1, 1, 0}},
};

START_TEST(senseless_layers_are_refused_by_name)
{
    const BadLayer *b = &bad_layers[_i];
    AccelConfig *a = rig_accel("simba-16pe");
    LayerCost c;
    Err err = {0};
    ck_assert_int_eq(accel_cost(a, &b->shape, MAP_HARDWARE, 0, &c, &err), ST_CONFIG);
    ck_assert_msg(strstr(err.msg, b->field) != NULL, "'%s' should name '%s'", err.msg, b->field);
    ck_assert_int_eq(layer_check(&b->shape, NULL), ST_CONFIG);
    accel_destroy(a);
}
END_TEST

START_TEST(a_layer_is_counted_by_its_definition)
{
    LayerShape s = {LAYER_CONV, 2, 8, 12, 5, 7, 3, 1, 2, 1, 1, 4, 1, 0};
    ck_assert_double_eq(layer_macs(&s), 2.0 * 5 * 7 * 3 * 1 * 12 * 2);
    ck_assert_double_eq(layer_params(&s), 3 * 1 * 12 * 2);
    ck_assert_double_eq(layer_input_words(&s), 2.0 * (4 * 2 + 3) * 7 * 8);
    ck_assert_double_eq(layer_output_words(&s), 2.0 * 5 * 7 * 12);
    s.R = 1; /* stride 2 over points: every other column is never touched */
    ck_assert_double_eq(layer_input_words(&s), 2.0 * 5 * 7 * 8);
    ck_assert_str_eq(layer_type_name(LAYER_ELTWISE), "eltwise");
}
END_TEST

START_TEST(layers_without_macs_only_move_bytes)
{
    const LayerShape add = {LAYER_ELTWISE, 1, 64, 64, 28, 28, 1, 1, 1, 1, 1, 1, 2, 0};
    AccelConfig *a = rig_accel("simba-16pe");
    LayerCost c = rig_cost(a, &add, MAP_HARDWARE, 0);
    ck_assert_double_eq(c.macs, 0);
    ck_assert_double_eq(c.utilization, 0);
    ck_assert_double_eq(c.dram_read_bytes, 2 * 64 * 28 * 28);
    ck_assert_double_eq(c.dram_write_bytes, 64 * 28 * 28);
    ck_assert_double_ge(c.cycles, 3 * 64 * 28 * 28 / 16.0);
    accel_destroy(a);
}
END_TEST

/* Kernels larger than any spad, one point, very long rows, a batch. */
static const LayerShape odd[] = {
    {LAYER_CONV, 1, 3, 5, 9, 9, 31, 31, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 7, 13, 4096, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 32, 32, 17, 17, 3, 3, 1, 1, 12, 1, 1, 0},
    {LAYER_DWCONV, 1, 40, 40, 9, 9, 15, 15, 1, 1, 1, 40, 1, 0},
    {LAYER_FC, 64, 25088, 4096, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 2, 64, 256, 17, 17, 7, 1, 2, 2, 1, 1, 1, 0},
    {LAYER_CONV, 2, 16, 32, 9, 9, 3, 3, 1, 1, 1, 16, 1, 0},
    {LAYER_CONV, 1, 128, 128, 9, 9, 22, 22, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 3, 64, 16384, 16384, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_GEMM, 1, 64, 4096, 4096, 1, 1, 1, 1, 1, 1, 1, 1, 0},
};
enum { ODD = sizeof odd / sizeof *odd };

/* ---- what every machine keeps: each shipped preset, so each dataflow ---- */

static void check_physics(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    LayerCost c = rig_cost(a, l, policy, 0);
    double word = accel_word_bits(a) / 8.0,
           cycle_bytes = accel_dram_gbps(a) * 1000 / accel_clock_mhz(a);
    double in = (layer_input_words(l) + layer_params(l)) * word, out = layer_output_words(l) * word;
    ck_assert_double_ge(c.compute_cycles, layer_macs(l) / accel_peak_macs(a));
    ck_assert_double_ge(c.cycles, c.compute_cycles);
    ck_assert_double_ge(c.cycles, c.dram_read_bytes / cycle_bytes * (1 - 1e-12));
    ck_assert_double_ge(c.dram_read_bytes, in);
    ck_assert_double_ge(c.dram_write_bytes, out);
    ck_assert_double_le(c.utilization, 1);
    ck_assert_double_gt(c.level_pj[LEVEL_MAC], 0);
    ck_assert_double_gt(c.level_pj[LEVEL_GLB], 0);
    ck_assert(isfinite(c.energy_pj));
}

START_TEST(unusual_layers_map_on_every_preset_within_physics)
{
    AccelConfig *a = rig_accel(shipped[_i / ODD]);
    const LayerShape *l = &odd[_i % ODD];
    check_physics(a, l, MAP_TIMELOOP);
    check_physics(a, l, MAP_HARDWARE);
    accel_destroy(a);
}
END_TEST

START_TEST(more_system_bandwidth_never_hurts_a_preset)
{
    AccelConfig *a = rig_accel(shipped[_i]);
    double before = HUGE_VAL;
    for (double bytes_per_us = 100; bytes_per_us < 2e5; bytes_per_us *= 2) {
        LayerCost c = rig_cost(a, &CONV, MAP_HARDWARE, bytes_per_us);
        ck_assert_double_le(c.cycles, before * 1.005);
        ck_assert_double_ge(c.latency_us * bytes_per_us,
                            (c.dram_read_bytes + c.dram_write_bytes) * (1 - 1e-12));
        before = c.cycles;
    }
    accel_destroy(a);
}
END_TEST

START_TEST(groups_cost_their_sum_on_every_preset)
{
    const LayerShape one = {LAYER_CONV, 1, 24, 40, 14, 14, 3, 3, 1, 1, 1, 1, 1, 0};
    LayerShape three = one;
    three.C = 72;
    three.K = 120;
    three.groups = 3;
    AccelConfig *a = rig_accel(shipped[_i]);
    LayerCost c1 = rig_cost(a, &one, MAP_HARDWARE, 0), c3 = rig_cost(a, &three, MAP_HARDWARE, 0);
    ck_assert_double_le(fabs(c3.cycles - 3 * c1.cycles), 3); /* cycles are rounded up once */
    ck_assert_double_eq_tol(c3.energy_pj / c1.energy_pj, 3, 0.02);
    accel_destroy(a);
}
END_TEST

/* A port that reads and writes in turn is what a system's DRAM of that bandwidth is. */
START_TEST(a_shared_dram_port_is_a_dram_of_its_bandwidth)
{
    AccelConfig *wide =
        load_with(shipped[_i / ODD], "dram: {read_bytes_per_cycle: 6, "
                                     "write_bytes_per_cycle: 6, shared_port: false}");
    AccelConfig *turns =
        load_with(shipped[_i / ODD], "dram: {read_bytes_per_cycle: 6, "
                                     "write_bytes_per_cycle: 6, shared_port: true}");
    LayerCost port = rig_cost(turns, &odd[_i % ODD], MAP_HARDWARE, 0);
    LayerCost system = rig_cost(wide, &odd[_i % ODD], MAP_HARDWARE, 6 * accel_clock_mhz(wide));
    ck_assert_double_le(fabs(port.cycles - system.cycles), 1);
    ck_assert_double_eq_tol(port.energy_pj / system.energy_pj, 1, 1e-9);
    accel_destroy(wide);
    accel_destroy(turns);
}
END_TEST

/* Bytes in once and out once; MACs none. */
START_TEST(layers_without_macs_stream_on_every_preset)
{
    const LayerShape add = {LAYER_ELTWISE, 1, 64, 64, 28, 28, 1, 1, 1, 1, 1, 1, 2, 0};
    AccelConfig *a = rig_accel(shipped[_i]);
    LayerCost c = rig_cost(a, &add, MAP_HARDWARE, 0);
    double word = accel_word_bits(a) / 8.0;
    ck_assert_double_eq(c.dram_read_bytes, 2 * 64 * 28 * 28 * word);
    ck_assert_double_eq(c.dram_write_bytes, 64 * 28 * 28 * word);
    ck_assert_double_gt(c.level_pj[LEVEL_GLB], 0);
    ck_assert_double_eq(c.level_pj[LEVEL_MAC], 0);
    ck_assert_double_gt(accel_glb_bytes(a), 0);
    accel_destroy(a);
}
END_TEST

START_TEST(the_result_is_complete_and_repeats)
{
    AccelConfig *a = rig_accel(shipped[_i]);
    LayerCost c = rig_cost(a, &CONV, MAP_HARDWARE, 0), again = rig_cost(a, &CONV, MAP_HARDWARE, 0);
    double pj = 0;
    for (int i = 0; i < LEVELS; i++) pj += c.level_pj[i];
    ck_assert_double_eq(c.energy_pj, pj);
    ck_assert_double_eq(c.macs, layer_macs(&CONV));
    ck_assert_double_eq(c.latency_us, c.cycles / accel_clock_mhz(a));
    ck_assert_double_eq(c.utilization, c.macs / (c.cycles * accel_peak_macs(a)));
    ck_assert_str_eq(c.limited_by, again.limited_by);
    ck_assert_str_eq(c.mapping, again.mapping);
    ck_assert_double_eq(c.energy_pj, again.energy_pj);
    ck_assert_int_gt((int)strlen(c.mapping), 0);
    accel_destroy(a);
}
END_TEST

START_TEST(the_systems_bandwidth_limits_both_directions_together)
{
    AccelConfig *a = rig_accel("simba-16pe");
    LayerCost c = rig_cost(a, &CONV, MAP_HARDWARE, 1000); /* 1 byte per cycle */
    ck_assert_double_eq(c.cycles, ceil(c.dram_read_bytes + c.dram_write_bytes));
    ck_assert_str_eq(c.limited_by, "dram");
    LayerCost own = rig_cost(a, &CONV, MAP_HARDWARE, 17900),
              wide = rig_cost(a, &CONV, MAP_HARDWARE, 1e9);
    ck_assert_double_eq(own.cycles, wide.cycles); /* never wider than the own port */
    Err err = {0};
    ck_assert_int_eq(accel_cost(a, &CONV, MAP_HARDWARE, -1, &c, &err), ST_CONFIG);
    ck_assert_int_eq(accel_cost(a, &CONV, MAP_HARDWARE, (double)NAN, &c, &err), ST_CONFIG);
    accel_destroy(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel");
    TCase *tc = new_case("reference", 60);
    tcase_add_test(tc, row_stationary_agrees_with_the_chip);
    tcase_add_test(tc, the_chips_traffic_is_shown);
    tcase_add_test(tc, the_chips_preset_keeps_as_many_pes_busy_as_the_chip);
    suite_add_tcase(s, tc);
    tc = new_case("presets", 20);
    tcase_add_test(tc, every_preset_loads);
    tcase_add_test(tc, loading_survives_every_allocation_failure);
    tcase_add_test(tc, a_malformed_preset_is_refused_with_its_line);
    tcase_add_test(tc, a_missing_key_and_a_missing_file_are_named);
    tcase_add_test(tc, a_row_stationary_key_is_unknown_to_the_other_dataflow);
    tcase_add_test(tc, flat_keys_are_read_and_switches_must_be_true_or_false);
    suite_add_tcase(s, tc);
    tc = new_case("ports", 20);
    tcase_add_test(tc, a_shared_port_takes_reads_and_writes_in_turn);
    tcase_add_loop_test(tc, a_shared_port_costs_at_most_both_directions, 0, 4);
    suite_add_tcase(s, tc);
    tc = new_case("layers", 60);
    tcase_add_loop_test(tc, senseless_layers_are_refused_by_name, 0,
                        (int)(sizeof bad_layers / sizeof *bad_layers));
    tcase_add_test(tc, a_layer_is_counted_by_its_definition);
    tcase_add_test(tc, layers_without_macs_only_move_bytes);
    tcase_add_test(tc, the_systems_bandwidth_limits_both_directions_together);
    suite_add_tcase(s, tc);
    list_shipped();
    tc = new_case("every machine", 60);
    tcase_add_loop_test(tc, unusual_layers_map_on_every_preset_within_physics, 0, n_shipped * ODD);
    tcase_add_loop_test(tc, more_system_bandwidth_never_hurts_a_preset, 0, n_shipped);
    tcase_add_loop_test(tc, a_shared_dram_port_is_a_dram_of_its_bandwidth, 0, n_shipped * ODD);
    tcase_add_loop_test(tc, groups_cost_their_sum_on_every_preset, 0, n_shipped);
    tcase_add_loop_test(tc, layers_without_macs_stream_on_every_preset, 0, n_shipped);
    tcase_add_loop_test(tc, the_result_is_complete_and_repeats, 0, n_shipped);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
