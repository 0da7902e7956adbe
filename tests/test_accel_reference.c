/* test_accel_reference.c -- the accelerator models against Timeloop, layer by layer: prints the whole
 * comparison of tests/golden/accel/timeloop.csv with policy `timeloop`, and holds its summary to the
 * bars. Runs from the root of the source tree. */
#include "accel_models/accel.h"
#include "base/csv.h"
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define REFERENCE "tests/golden/accel/timeloop.csv"
enum { LAYERS_MAX = 256 };

typedef struct Result {
    double cycles, energy_pj, dram_bytes;
} Result;

/* One layer on one machine. */
typedef struct Compared {
    const char *network, *layer; /* borrowed from the CSV */
    Result reference, model;
} Compared;

typedef struct Machine {
    const char *name, *padded, *preset; /* padded: rows of the same machine with padded layers */
    double cycles10, energy15, dram15;  /* bars: % of rows within 10, 15, 15 % */
} Machine;

static const Machine SIMBA = {"simba", "", "simba-16pe", 97, 95, 92};
static const Machine EYERISS = {"eyeriss", "eyeriss_padcm", "eyeriss-12x14", 92, 88, 80};

/* ---- the reference ---- */

static int number(const Csv *csv, int row, const char *column)
{
    Err err = {0};
    int value = 0;
    ck_ok(csv_int(csv, row, csv_column(csv, column), 1, 1 << 24, &value, &err), err);
    return value;
}

static double amount(const Csv *csv, int row, const char *column)
{
    Err err = {0};
    double value = 0;
    ck_ok(csv_double(csv, row, csv_column(csv, column), 0, 1e15, &value, &err), err);
    return value;
}

static const char *word(const Csv *csv, int row, const char *column)
{
    return csv_cell(csv, row, csv_column(csv, column));
}

static LayerShape shape_of(const Csv *csv, int row)
{
    const char *type = word(csv, row, "type");
    return (LayerShape){.type = !strcmp(type, "dw")   ? LAYER_DWCONV
                                : !strcmp(type, "fc") ? LAYER_FC
                                                      : LAYER_CONV,
                        .N = number(csv, row, "N"),
                        .C = number(csv, row, "C"),
                        .K = number(csv, row, "K"),
                        .P = number(csv, row, "P"),
                        .Q = number(csv, row, "Q"),
                        .R = number(csv, row, "R"),
                        .S = number(csv, row, "S"),
                        .stride_w = number(csv, row, "stride_w"),
                        .stride_h = number(csv, row, "stride_h"),
                        .dilation = number(csv, row, "dilation"),
                        .groups = number(csv, row, "groups"),
                        .operands = 1};
}

static Result result_of(const Csv *csv, int row)
{
    return (Result){amount(csv, row, "cycles"), amount(csv, row, "energy_pJ"),
                    amount(csv, row, "dram_read_bytes") + amount(csv, row, "dram_write_bytes")};
}

static bool same_layer(const Csv *csv, int a, int b)
{
    return !strcmp(word(csv, a, "network"), word(csv, b, "network")) &&
           !strcmp(word(csv, a, "layer"), word(csv, b, "layer"));
}

/* A layer's reference is the faster of its row and its padded row: padding rids the machine of the
 * losses that come from the reference's perfect factors alone. */
static Result reference_of(const Csv *csv, const Machine *m, int row)
{
    Result best = result_of(csv, row);
    for (int i = 0; i < csv_rows(csv); i++) {
        if (strcmp(word(csv, i, "accelerator"), m->padded) || !same_layer(csv, i, row)) continue;
        Result padded = result_of(csv, i);
        if (padded.cycles < best.cycles) best = padded;
    }
    return best;
}

/* ---- the comparison ---- */

static Result model_of(const AccelConfig *accel, const LayerShape *shape)
{
    LayerCost c;
    Err err = {0};
    ck_ok(accel_cost(accel, shape, MAP_TIMELOOP, 0, &c, &err), err);
    return (Result){c.cycles, c.energy_pj, c.dram_read_bytes + c.dram_write_bytes};
}

static int compare(const Csv *csv, const Machine *m, Compared out[LAYERS_MAX])
{
    char path[128];
    AccelConfig *accel;
    Err err = {0};
    int n = 0;
    snprintf(path, sizeof path, "accel_models/presets/%s.yaml", m->preset);
    ck_ok(accel_load(&accel, path, &err), err);
    for (int row = 0; row < csv_rows(csv); row++) {
        if (strcmp(word(csv, row, "accelerator"), m->name)) continue;
        LayerShape shape = shape_of(csv, row);
        ck_assert_int_lt(n, LAYERS_MAX);
        out[n++] = (Compared){word(csv, row, "network"), word(csv, row, "layer"),
                              reference_of(csv, m, row), model_of(accel, &shape)};
    }
    accel_destroy(accel);
    return n;
}

static bool within(double model, double reference, double tolerance)
{
    return fabs(model / reference - 1) <= tolerance;
}

/* Model / reference, with a mark where it is not within the tolerance. */
static void print_ratio(double model, double reference, double tolerance)
{
    printf("  %6.3f%c", model / reference, within(model, reference, tolerance) ? ' ' : '!');
}

static void print_rows(const Machine *m, const Compared *c, int n)
{
    printf("%s against Timeloop, model / reference; ! beyond 10 %% (cycles) or 15 %%\n", m->preset);
    printf("  %-12s %-16s %10s %10s  %7s  %7s  %7s\n", "network", "layer", "cycles", "reference",
           "cycles", "energy", "DRAM");
    for (int i = 0; i < n; i++, c++) {
        printf("  %-12s %-16s %10.0f %10.0f", c->network, c->layer, c->model.cycles,
               c->reference.cycles);
        print_ratio(c->model.cycles, c->reference.cycles, 0.10);
        print_ratio(c->model.energy_pj, c->reference.energy_pj, 0.15);
        print_ratio(c->model.dram_bytes, c->reference.dram_bytes, 0.15);
        putchar('\n');
    }
}

typedef struct Score {
    double cycles10, cycles15, energy15, dram15; /* % of the rows */
} Score;

static Score score(const Compared *c, int n)
{
    Score s = {0};
    for (int i = 0; i < n; i++, c++) {
        s.cycles10 += within(c->model.cycles, c->reference.cycles, 0.10);
        s.cycles15 += within(c->model.cycles, c->reference.cycles, 0.15);
        s.energy15 += within(c->model.energy_pj, c->reference.energy_pj, 0.15);
        s.dram15 += within(c->model.dram_bytes, c->reference.dram_bytes, 0.15);
    }
    double percent = 100.0 / n;
    return (Score){s.cycles10 * percent, s.cycles15 * percent, s.energy15 * percent,
                   s.dram15 * percent};
}

static void check_machine(const Machine *m)
{
    Compared layer[LAYERS_MAX];
    Csv *csv;
    Err err = {0};
    ck_ok(csv_load(&csv, REFERENCE, &err), err);
    int n = compare(csv, m, layer);
    Score s = score(layer, n);
    print_rows(m, layer, n);
    printf("%s: %d rows, %% within (bar):  cycles 10 %%: %.1f (%g)  15 %%: %.1f  "
           "energy 15 %%: %.1f (%g)  DRAM bytes 15 %%: %.1f (%g)\n\n",
           m->preset, n, s.cycles10, m->cycles10, s.cycles15, s.energy15, m->energy15, s.dram15,
           m->dram15);
    ck_assert_int_eq(n, 107);
    ck_assert_double_ge(s.cycles10, m->cycles10);
    ck_assert_double_ge(s.energy15, m->energy15);
    ck_assert_double_ge(s.dram15, m->dram15);
    for (int i = 0; i < n; i++) /* nothing is far off */
        ck_assert_double_le(layer[i].model.cycles, 1.4 * layer[i].reference.cycles);
    csv_destroy(csv);
}

START_TEST(weight_stationary_agrees_with_timeloop)
{
    check_machine(&SIMBA);
}
END_TEST

START_TEST(row_stationary_agrees_with_timeloop)
{
    check_machine(&EYERISS);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel_reference");
    TCase *tc = new_case("timeloop", 60);
    tcase_add_test(tc, weight_stationary_agrees_with_timeloop);
    tcase_add_test(tc, row_stationary_agrees_with_timeloop);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
