/* test_subjob.c -- what the operands of fused element-wise layers add to a layer, on machines whose
 * numbers are read off their presets. */
#include "env/subjob.h"
#include "tests/support.h"
#include "tests/support/accel_rig.h"

#include <math.h>
#include <string.h>

static const char *const PRESETS[] = {"simba-16pe", "eyeriss-12x14"};
enum { N_PRESETS = 2 };
static const double SHARED = 10000; /* bytes per us: 10 per cycle, less than either port */
static const LayerShape POINTWISE = {LAYER_CONV, 1, 64, 256, 56, 56, 1, 1, 1, 1, 1, 1, 1, 0};

static LayerCost layer_on(const AccelConfig *a, Streaming *s)
{
    LayerCost c;
    Err err = {0};
    ck_ok(accel_cost(a, &POINTWISE, MAP_HARDWARE, SHARED, &c, &err), err);
    ck_ok(subjob_streaming(s, a, SHARED, &err), err);
    return c;
}

START_TEST(a_stream_runs_at_the_bandwidth_that_is_there)
{
    AccelConfig *a = rig_accel(PRESETS[_i]);
    Streaming s;
    Err err = {0};
    ck_ok(subjob_streaming(&s, a, SHARED, &err), err);
    ck_assert_double_eq_tol(s.bytes_per_us / SHARED, 1, 1e-4); /* whole cycles */
    ck_assert_str_eq(s.limited_by, "dram");
    ck_assert_int_eq(subjob_streaming(&s, a, -1, &err), ST_CONFIG);
    accel_destroy(a);
}
END_TEST

START_TEST(a_subjob_without_operands_is_its_layer)
{
    const SubJob alone = {0};
    AccelConfig *a = rig_accel(PRESETS[_i]);
    Streaming s;
    LayerCost layer = layer_on(a, &s), same = subjob_layer_cost(&alone, a, &s, &layer);
    SubJobCost c = subjob_cost(&alone, a, &s, &layer);
    ck_assert_double_eq(c.latency_us, layer.latency_us);
    ck_assert_double_eq(c.bytes, layer.dram_read_bytes + layer.dram_write_bytes);
    ck_assert_double_eq(c.energy_uj, layer.energy_pj * 1e-6);
    ck_assert_double_eq(same.cycles, layer.cycles);
    ck_assert_double_eq(same.energy_pj, layer.energy_pj);
    ck_assert_str_eq(same.limited_by, layer.limited_by);
    accel_destroy(a);
}
END_TEST

/* Operands cost 8 pJ per bit; time only once they and the layer's own bytes fill the port. */
START_TEST(operands_fill_the_port_before_they_take_time)
{
    AccelConfig *a = rig_accel(PRESETS[_i]);
    double word = accel_word_bits(a) / 8;
    Streaming s;
    LayerCost layer = layer_on(a, &s);
    double own = layer.dram_read_bytes + layer.dram_write_bytes;
    double room = layer.latency_us * fmax(s.bytes_per_us, own / layer.latency_us) - own;
    const SubJob fits = {.extra_read_words = 0.9 * room / word};
    const SubJob grows = {.extra_read_words = (room + own) / word};
    SubJobCost c = subjob_cost(&fits, a, &s, &layer);
    ck_assert_double_eq_tol(c.latency_us, layer.latency_us, 1e-9 * layer.latency_us);
    c = subjob_cost(&grows, a, &s, &layer);
    ck_assert_double_eq_tol(c.bytes, 2 * own + room, 1);
    ck_assert_double_eq_tol(c.latency_us / c.bytes, layer.latency_us / (own + room), 1e-12);
    ck_assert_double_eq_tol(c.energy_uj, layer.energy_pj * 1e-6 + (room + own) * 64e-6, 1e-6);
    accel_destroy(a);
}
END_TEST

START_TEST(both_forms_of_a_cost_agree)
{
    AccelConfig *a = rig_accel(PRESETS[_i]);
    Streaming s;
    LayerCost layer = layer_on(a, &s);
    for (double words = 1; words < 1e9; words *= 10) {
        const SubJob job = {.extra_read_words = words};
        SubJobCost c = subjob_cost(&job, a, &s, &layer);
        LayerCost l = subjob_layer_cost(&job, a, &s, &layer);
        double pj = 0;
        for (int i = 0; i < LEVELS; i++) pj += l.level_pj[i];
        ck_assert_double_eq(l.latency_us, c.latency_us);
        ck_assert_double_eq(l.dram_read_bytes + l.dram_write_bytes, c.bytes);
        ck_assert_double_eq_tol(l.energy_pj * 1e-6, c.energy_uj, 1e-12 * c.energy_uj);
        ck_assert_double_eq_tol(l.energy_pj, pj, 1e-12 * pj);
        ck_assert_double_eq_tol(l.cycles, l.latency_us * accel_clock_mhz(a), 1e-12 * l.cycles);
        ck_assert_double_eq_tol(l.utilization, l.macs / (l.cycles * accel_peak_macs(a)), 1e-12);
        ck_assert_double_eq(l.macs, layer.macs);
        if (l.latency_us > layer.latency_us) ck_assert_str_eq(l.limited_by, "dram");
    }
    accel_destroy(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("subjob");
    TCase *tc = new_case("operands", 20);
    tcase_add_loop_test(tc, a_stream_runs_at_the_bandwidth_that_is_there, 0, N_PRESETS);
    tcase_add_loop_test(tc, a_subjob_without_operands_is_its_layer, 0, N_PRESETS);
    tcase_add_loop_test(tc, operands_fill_the_port_before_they_take_time, 0, N_PRESETS);
    tcase_add_loop_test(tc, both_forms_of_a_cost_agree, 0, N_PRESETS);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
