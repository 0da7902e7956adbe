/* test_accel_laws.c -- what must hold for any layer on any machine of the two dataflows whose
 * mappings are searched: bounds of physics, and that more of anything never hurts. */
#include "accel_models/accel_internal.h"
#include "base/pool.h"
#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/accel_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CASES = 100 };

static AccelConfig simba, eyeriss;

static void setup(void)
{
    rig_accel_copy(&simba, "simba-16pe");
    rig_accel_copy(&eyeriss, "eyeriss-12x14");
}

/* ---- random layers and machines ---- */

static int pick(Rng *rng, const int *of, int n)
{
    return of[rng_below(rng, (uint32_t)n)];
}
#define PICK(rng, ...)                                                                             \
    pick(rng, (const int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int))

static void random_kernel(Rng *rng, LayerShape *l)
{
    static const int shapes[][2] = {{1, 1}, {1, 1}, {3, 3}, {3, 3}, {5, 5},
                                    {7, 7}, {7, 1}, {1, 7}, {2, 3}, {11, 11}};
    const int *k = shapes[rng_below(rng, sizeof shapes / sizeof *shapes)];
    l->R = k[0];
    l->S = k[1];
    l->stride_w = PICK(rng, 1, 1, 1, 2, 4);
    l->stride_h = rng_below(rng, 4) ? l->stride_w : PICK(rng, 1, 2, 3);
    l->dilation = PICK(rng, 1, 1, 1, 1, 2, 6);
}

/* Convolutions of all kinds: plain, grouped, depthwise; matrices; a batch of some. */
static LayerShape random_layer(Rng *rng)
{
    LayerShape l = {LAYER_CONV, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    l.N = PICK(rng, 1, 1, 1, 2, 5);
    l.C = PICK(rng, 1, 3, 8, 17, 24, 64, 96, 144, 256, 480, 832);
    l.K = PICK(rng, 1, 5, 12, 16, 32, 64, 125, 192, 320, 1000);
    int kind = (int)rng_below(rng, 8);
    if (kind == 0) {
        l.type = LAYER_FC;
        l.N = PICK(rng, 1, 1, 4, 64);
        return l;
    }
    if (kind == 1) {
        l.type = LAYER_GEMM;
        l.Q = PICK(rng, 1, 13, 128, 197, 1009);
        return l;
    }
    random_kernel(rng, &l);
    l.P = PICK(rng, 1, 2, 5, 7, 13, 17, 28, 35, 56, 112);
    l.Q = PICK(rng, 1, 3, 7, 13, 14, 28, 56, 149);
    if (kind == 2) {
        l.type = LAYER_DWCONV;
        l.K = l.groups = l.C;
    } else if (kind == 3) {
        l.groups = PICK(rng, 2, 3, 32);
        l.C *= l.groups;
        l.K *= l.groups;
    }
    return l;
}

static double random_port(Rng *rng)
{
    return PICK(rng, 1, 4, 16, 18, 40, 64) / (double)PICK(rng, 1, 1, 3);
}

/* From a tenth of a preset to several times as much, each part for itself. */
static int random_size(Rng *rng, int usual)
{
    double v = usual * exp((rng_uniform(rng) - 0.6) * 3);
    return v < 1 ? 1 : (int)v;
}

static AccelConfig random_machine(Rng *rng, const AccelConfig *preset)
{
    AccelConfig a = *preset;
    a.word_bits = PICK(rng, 8, 8, 16, 24);
    a.glb_bytes = random_size(rng, a.glb_bytes);
    a.glb_read_port = random_port(rng);
    a.glb_write_port = random_port(rng);
    a.glb_shared_port = rng_below(rng, 3) == 0;
    a.dram_read_port = random_port(rng);
    a.dram_write_port = random_port(rng);
    if (a.dataflow == simba.dataflow) {
        a.pes = random_size(rng, a.pes);
        a.lanes = random_size(rng, a.lanes);
        a.vector = random_size(rng, a.vector);
        a.input_buffer_bytes = random_size(rng, a.input_buffer_bytes);
        a.weight_buffer_bytes = random_size(rng, a.weight_buffer_bytes);
        a.accumulators = random_size(rng, a.accumulators);
    } else {
        a.rows = random_size(rng, a.rows);
        a.cols = random_size(rng, a.cols);
        a.ifmap_words = random_size(rng, a.ifmap_words);
        a.weight_words = random_size(rng, a.weight_words);
        a.psum_words = random_size(rng, a.psum_words);
    }
    return a;
}

typedef void Law(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng);

static bool fits(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    LayerCost c;
    return accel_cost(a, l, policy, 0, &c, NULL) == ST_OK;
}

/* Tries a law on random cases of both dataflows and policies; layers that do not fit a machine are
 * passed over. */
static void on_random_cases(uint64_t seed, int cases, Law *law)
{
    Rng rng;
    int tried = 0;
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < cases; i++) {
        LayerShape l = random_layer(&rng);
        AccelConfig a = random_machine(&rng, i % 2 ? &simba : &eyeriss);
        MapPolicy policy = i % 4 < 2 ? MAP_HARDWARE : MAP_TIMELOOP;
        if (!fits(&a, &l, policy)) continue;
        law(&a, &l, policy, &rng);
        tried++;
    }
    ck_assert_int_ge(tried, cases * 9 / 10);
}

static const char *case_text(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    static char text[512];
    snprintf(text, sizeof text,
             "%s %s %s N%d C%d K%d P%d Q%d %dx%d stride %dx%d dilation %d groups %d", a->name,
             policy == MAP_HARDWARE ? "hardware" : "timeloop", layer_type_name(l->type), l->N, l->C,
             l->K, l->P, l->Q, l->R, l->S, l->stride_w, l->stride_h, l->dilation, l->groups);
    return text;
}

/* ---- physics ---- */

static const double ROUNDING = 1 - 1e-12;

/* Words that every mapping moves: touched inputs, weights and outputs, each once. */
typedef struct Words {
    double in, weights, out;
} Words;

static Words compulsory(const LayerShape *l)
{
    return (Words){layer_input_words(l), layer_params(l), layer_output_words(l)};
}

static void time_is_bounded(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    LayerCost c = rig_cost(a, l, policy, 0);
    Words w = compulsory(l);
    double word = a->word_bits / 8.0, in = (w.in + w.weights) * word, out = w.out * word;
    const char *text = case_text(a, l, policy);
    (void)rng;
    ck_assert_msg(c.cycles >= layer_macs(l) / accel_peak_macs(a), "%s: faster than its MACs", text);
    ck_assert_msg(c.cycles >= c.compute_cycles, "%s: faster than its array", text);
    ck_assert_msg(c.cycles >= in / a->dram_read_port, "%s: faster than DRAM reads", text);
    ck_assert_msg(c.cycles >= out / a->dram_write_port, "%s: faster than DRAM writes", text);
    ck_assert_msg(c.cycles >= w.in * word / a->glb_read_port, "%s: faster than the GLB", text);
    ck_assert_msg(c.cycles >= (w.in + w.out) * word / a->glb_write_port, "%s: than the GLB", text);
    ck_assert_msg(c.dram_read_bytes >= in, "%s: reads %g of %g", text, c.dram_read_bytes, in);
    ck_assert_msg(c.dram_write_bytes >= out, "%s: writes too little", text);
    ck_assert_double_le(c.utilization, 1);
    double shared = 0.5 * a->dram_read_port;
    LayerCost s = rig_cost(a, l, policy, shared * a->clock_mhz);
    ck_assert_msg(s.cycles >= (in + out) / shared, "%s: faster than a shared DRAM", text);
}

START_TEST(never_faster_than_peak_or_compulsory_traffic)
{
    on_random_cases(1, CASES, time_is_bounded);
}
END_TEST

/* Every MAC reads its weight from a register; a dot product adds to one accumulator; an input is
 * written into a buffer and read for at most `lanes` channels; a weight is written into its buffer
 * and read at least once. */
static void ws_levels(const AccelConfig *a, const LayerShape *l, double *least)
{
    Words w = compulsory(l);
    double word = a->word_bits / 8.0, macs = layer_macs(l);
    double uses = l->type == LAYER_DWCONV ? 1 : a->lanes;
    least[LEVEL_SPAD] =
        macs * word * a->weight_reg_pj + macs / fmin(a->vector, l->C) * a->accumulator_pj;
    least[LEVEL_BUFFER] = (w.in + macs / uses) * word * a->input_buffer_pj +
                          2 * w.weights * word * a->weight_buffer_pj;
}

/* Every MAC reads a weight and an input and writes a psum that it reads again but for the first of
 * each output in each PE; inputs and weights are written into spads. */
static void rs_levels(const AccelConfig *a, const LayerShape *l, double *least)
{
    Words w = compulsory(l);
    double macs = layer_macs(l);
    least[LEVEL_SPAD] = (macs + w.weights) * a->weight_spad_pj + (macs + w.in) * a->ifmap_spad_pj +
                        macs * a->psum_spad_pj;
    least[LEVEL_BUFFER] = 0;
}

static void energy_is_bounded(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    LayerCost c = rig_cost(a, l, policy, 0);
    Words w = compulsory(l);
    double word = a->word_bits / 8.0, least[LEVELS], sum = 0;
    double drained = policy == MAP_HARDWARE ? w.out : 0;
    (void)rng;
    least[LEVEL_MAC] = layer_macs(l) * a->mac_pj;
    least[LEVEL_GLB] =
        ((w.in + drained) * a->glb_read_pj + (w.in + w.out) * a->glb_write_pj) * word;
    least[LEVEL_DRAM] = (w.in + w.weights + w.out) * word * a->dram_pj;
    (a->dataflow == simba.dataflow ? ws_levels : rs_levels)(a, l, least);
    for (int i = 0; i < LEVELS; i++) {
        ck_assert_msg(c.level_pj[i] >= least[i] * ROUNDING, "%s: level %d has %g pJ, at least %g",
                      case_text(a, l, policy), i, c.level_pj[i], least[i]);
        sum += c.level_pj[i];
    }
    ck_assert_double_eq_tol(c.energy_pj / sum, 1, 1e-12);
}

START_TEST(every_level_has_the_energy_of_its_compulsory_accesses)
{
    on_random_cases(2, CASES, energy_is_bounded);
}
END_TEST

/* ---- more never hurts ---- */

/* How a part grows: ports by any factor, sizes to any larger one, lanes and vectors twofold (a
 * machine can use half of them, but not any part: see more_lanes_may_hurt). */
typedef enum { PORT, SIZE, TWOFOLD } Growth;

typedef struct Part {
    const char *name;
    size_t offset;
    Growth growth;
} Part;

#define PART(field, growth)                                                                        \
    {                                                                                              \
#field, offsetof(AccelConfig, field), growth                                               \
    }
static const Part ws_parts[] = {
    PART(pes, SIZE),          PART(lanes, TWOFOLD),           PART(vector, TWOFOLD),
    PART(accumulators, SIZE), PART(input_buffer_bytes, SIZE), PART(weight_buffer_bytes, SIZE)};
static const Part rs_parts[] = {PART(rows, SIZE), PART(cols, SIZE), PART(ifmap_words, SIZE),
                                PART(weight_words, SIZE), PART(psum_words, SIZE)};
static const Part parts[] = {PART(glb_bytes, SIZE), PART(glb_read_port, PORT),
                             PART(glb_write_port, PORT), PART(dram_read_port, PORT),
                             PART(dram_write_port, PORT)};
enum { WS_PARTS = sizeof ws_parts / sizeof *ws_parts };
enum { RS_PARTS = sizeof rs_parts / sizeof *rs_parts, PARTS = sizeof parts / sizeof *parts };

static void enlarge(AccelConfig *a, const Part *p, Rng *rng)
{
    char *at = (char *)a + p->offset;
    double factor = 1 + 3 * rng_uniform(rng) * rng_uniform(rng);
    int *size = (int *)at;
    if (p->growth == PORT)
        *(double *)at *= factor;
    else if (p->growth == TWOFOLD)
        *size *= 2;
    else
        *size = rng_below(rng, 3) ? (int)(*size * factor) : *size + 1;
}

/* Cycles come before energy: fewer cycles may cost more energy, as many may not. Equal up to the
 * rounding of sums. */
static void check_no_worse(const AccelConfig *better, const AccelConfig *a, const LayerShape *l,
                           const char *what)
{
    LayerCost b = rig_cost(better, l, MAP_HARDWARE, 0), c = rig_cost(a, l, MAP_HARDWARE, 0);
    ck_assert_msg(b.cycles <= c.cycles, "%s: more %s: %g cycles %s %s, before %g %s %s",
                  case_text(a, l, MAP_HARDWARE), what, b.cycles, b.limited_by, b.mapping, c.cycles,
                  c.limited_by, c.mapping);
    if (b.cycles == c.cycles)
        ck_assert_msg(b.energy_pj <= c.energy_pj * (1 + 1e-12),
                      "%s: more %s: %.17g pJ %s, before %.17g %s", case_text(a, l, MAP_HARDWARE),
                      what, b.energy_pj, b.mapping, c.energy_pj, c.mapping);
}

static void more_of(const AccelConfig *a, const LayerShape *l, const Part *of, int n,
                    AccelConfig *all, Rng *rng)
{
    for (int i = 0; i < n; i++) {
        AccelConfig better = *a;
        enlarge(&better, &of[i], rng);
        check_no_worse(&better, a, l, of[i].name);
        enlarge(all, &of[i], rng);
    }
}

static void more_of_each_part(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    AccelConfig all = *a;
    (void)policy;
    if (!fits(a, l, MAP_HARDWARE)) return;
    if (a->dataflow == simba.dataflow)
        more_of(a, l, ws_parts, WS_PARTS, &all, rng);
    else
        more_of(a, l, rs_parts, RS_PARTS, &all, rng);
    more_of(a, l, parts, PARTS, &all, rng);
    check_no_worse(&all, a, l, "of all");
}

START_TEST(more_of_any_part_never_hurts)
{
    on_random_cases(3 + (uint64_t)_i, CASES, more_of_each_part);
}
END_TEST

static void other_changes(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    AccelConfig b = *a;
    (void)policy;
    (void)rng;
    if (!fits(a, l, MAP_HARDWARE)) return;
    b.glb_shared_port = false;
    check_no_worse(&b, a, l, "ports of the global buffer");
    b = *a;
    b.word_bits = 8;
    check_no_worse(&b, a, l, "words per byte");
}

START_TEST(a_port_for_each_direction_and_shorter_words_never_hurt)
{
    on_random_cases(40, CASES, other_changes);
}
END_TEST

/* At a fixed DRAM bandwidth a faster clock leaves fewer bytes per cycle, so cycles rise; time does
 * not, but for the last cycle, which is counted whole. */
static void clock_helps(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    AccelConfig b = *a;
    double bandwidth = 1000 * (1 + 40 * rng_uniform(rng));
    (void)policy;
    if (!fits(a, l, MAP_HARDWARE)) return;
    b.clock_mhz *= 1 + 3 * rng_uniform(rng);
    LayerCost fast = rig_cost(&b, l, MAP_HARDWARE, bandwidth),
              c = rig_cost(a, l, MAP_HARDWARE, bandwidth);
    ck_assert_msg(fast.latency_us <= (c.latency_us + 1 / b.clock_mhz) * (1 + 1e-12),
                  "%s: %g us, before %g", case_text(a, l, MAP_HARDWARE), fast.latency_us,
                  c.latency_us);
}

START_TEST(a_faster_clock_never_hurts)
{
    on_random_cases(50, CASES, clock_helps);
}
END_TEST

static void shared_bandwidth_helps(const AccelConfig *a, const LayerShape *l, MapPolicy policy,
                                   Rng *rng)
{
    double before = HUGE_VAL;
    (void)rng;
    (void)policy;
    if (!fits(a, l, MAP_HARDWARE)) return;
    for (double bytes_per_us = 500; bytes_per_us < 64e3; bytes_per_us *= 3) {
        LayerCost c = rig_cost(a, l, MAP_HARDWARE, bytes_per_us);
        ck_assert_msg(c.cycles <= before, "%s: %g cycles with %g bytes/us, before %g",
                      case_text(a, l, policy), c.cycles, bytes_per_us, before);
        before = c.cycles;
    }
}

START_TEST(more_bandwidth_of_the_system_never_hurts)
{
    on_random_cases(60, CASES, shared_bandwidth_helps);
}
END_TEST

/* One PE, one input channel, lanes for the four output channels of one pixel, a global buffer of 3
 * bytes. With 2 lanes a tile is 1 byte in, 2 out: it fits, 2 steps take 2 cycles. With 3 lanes the
 * least tile is 1 byte in, 3 out: the layer is refused. With 4 lanes half of them are used. */
START_TEST(more_lanes_may_hurt)
{
    AccelConfig a = simba;
    LayerShape l = {LAYER_FC, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    a.pes = a.vector = 1;
    a.lanes = 2;
    a.glb_bytes = 3;
    ck_assert_double_eq(rig_cost(&a, &l, MAP_HARDWARE, 0).compute_cycles, 2);
    a.lanes = 3;
    ck_assert(!fits(&a, &l, MAP_HARDWARE));
    a.lanes = 4;
    ck_assert_double_eq(rig_cost(&a, &l, MAP_HARDWARE, 0).compute_cycles, 2);
}
END_TEST

/* Cycles come first. 16 pixels, 8 to 16 channels: one PE takes 2 steps for the lanes' 8 output
 * channels each; two PEs take one, so that what limits is the writing of 16 x (8 + 16) bytes at 16
 * per cycle; but each keeps a copy of the 16 x 8 bytes of inputs. */
START_TEST(fewer_cycles_may_take_more_energy)
{
    AccelConfig one = simba, two = simba;
    LayerShape l = {LAYER_CONV, 1, 8, 16, 4, 4, 1, 1, 1, 1, 1, 1, 1, 0};
    one.pes = 1;
    two.pes = 2;
    LayerCost c1 = rig_cost(&one, &l, MAP_HARDWARE, 0), c2 = rig_cost(&two, &l, MAP_HARDWARE, 0);
    ck_assert_double_eq(c1.cycles, 32);
    ck_assert_double_eq(c2.cycles, 24);
    ck_assert_double_eq_tol(c2.energy_pj - c1.energy_pj, 128 * simba.input_buffer_pj, 1e-6);
}
END_TEST

/* Fewer words to memory: the mapping of before takes no longer and saves their energy, so that the best
 * one is no worse. */
static void pooling_helps(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    LayerShape pooled = *l, all = *l;
    double out = layer_output_words(l);
    if (!fits(a, l, policy) || out >= 1 << 30) return;
    all.written = (int)out;
    pooled.written = 1 + (int)rng_below(rng, (uint32_t)out);
    LayerCost c = rig_cost(a, l, policy, 0), p = rig_cost(a, &pooled, policy, 0);
    double kept = (out - pooled.written) * a->word_bits / 8;
    double as_before = c.energy_pj - kept * a->dram_pj;
    ck_assert_double_eq(rig_cost(a, &all, policy, 0).energy_pj, c.energy_pj);
    ck_assert_double_ge(p.dram_write_bytes, pooled.written * (double)a->word_bits / 8 * (1 - 1e-9));
    ck_assert_double_le(p.cycles, c.cycles);
    if (p.cycles == c.cycles) ck_assert_double_le(p.energy_pj, as_before * (1 + 1e-9));
}

START_TEST(a_fused_pool_saves_what_it_keeps_from_memory)
{
    on_random_cases(80, CASES, pooling_helps);
}
END_TEST

/* ---- the two policies ---- */

/* Hardware also drains finished outputs through the read port of the global buffer, which Timeloop
 * does not count; but for that it is never slower on arrays of the preset's lanes and vector (of
 * others Timeloop may use a part that divides the channels and is no half of them). */
static void hardware_wins(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    AccelConfig own = *a;
    (void)policy;
    (void)rng;
    own.glb_shared_port = false;
    own.lanes = simba.lanes;
    own.vector = simba.vector;
    if (!fits(&own, l, MAP_HARDWARE) || !fits(&own, l, MAP_TIMELOOP)) return;
    LayerCost h = rig_cost(&own, l, MAP_HARDWARE, 0), t = rig_cost(&own, l, MAP_TIMELOOP, 0);
    double drain = t.dram_write_bytes / a->glb_read_port;
    ck_assert_msg(h.cycles <= t.cycles + ceil(drain), "%s: %s %g cycles %s, timeloop %s %g %s",
                  case_text(a, l, MAP_HARDWARE), h.mapping, h.cycles, h.limited_by, t.mapping,
                  t.cycles, t.limited_by);
}

START_TEST(hardware_is_never_slower_than_timeloop_but_for_the_drain)
{
    on_random_cases(70, CASES, hardware_wins);
}
END_TEST

/* Timeloop's tiles divide, so one more PE may fit worse; and its channels are padded on a row
 * stationary array only where that saves 10 % of the cycles, so a better machine that needs no
 * padding may be that much slower than one that does. */
static void timeloop_slack(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    double slack = a->dataflow == simba.dataflow ? 1 : 1 / 0.9;
    if (policy != MAP_TIMELOOP) return;
    for (int i = 0; i < PARTS; i++) {
        AccelConfig better = *a;
        enlarge(&better, &parts[i], rng);
        LayerCost b = rig_cost(&better, l, policy, 0), c = rig_cost(a, l, policy, 0);
        ck_assert_msg(b.cycles <= c.cycles * slack, "%s: more %s: %g cycles %s, before %g %s",
                      case_text(a, l, policy), parts[i].name, b.cycles, b.mapping, c.cycles,
                      c.mapping);
    }
}

START_TEST(where_tiles_divide_larger_buffers_and_ports_never_hurt_but_for_padding)
{
    on_random_cases(80, 4 * CASES, timeloop_slack);
}
END_TEST

/* ---- groups, threads, sizes ---- */

/* Cycles are rounded up once for all groups; where they are whole numbers all else is threefold. */
static void groups_add_up(const AccelConfig *a, const LayerShape *l, MapPolicy policy, Rng *rng)
{
    LayerShape one = *l, three = *l;
    (void)rng;
    one.type = three.type = LAYER_CONV;
    one.groups = 1;
    one.C = one.K = l->C > 64 ? 64 : 2 * l->C;
    three.groups = 3;
    three.C = three.K = 3 * one.C;
    if (!fits(a, &one, policy)) return;
    LayerCost c1 = rig_cost(a, &one, policy, 0), c3 = rig_cost(a, &three, policy, 0);
    const char *text = case_text(a, &one, policy);
    ck_assert_msg(c3.cycles <= 3 * c1.cycles && c3.cycles > 3 * (c1.cycles - 1),
                  "%s: %g cycles, of one group %g", text, c3.cycles, c1.cycles);
    if (c3.cycles != 3 * c1.cycles) return;
    ck_assert_msg(fabs(c3.energy_pj / c1.energy_pj - 3) < 1e-9, "%s: %g pJ, of one group %g", text,
                  c3.energy_pj, c1.energy_pj);
}

START_TEST(groups_cost_the_sum_of_its_groups)
{
    on_random_cases(90, CASES, groups_add_up);
}
END_TEST

enum { LIST = 60 };

typedef struct List {
    LayerShape layer[LIST];
    AccelConfig accel[LIST];
    LayerCost cost[LIST];
    Status st[LIST];
} List;

static void list_task(void *ctx, int i)
{
    List *list = ctx;
    list->st[i] = accel_cost(&list->accel[i], &list->layer[i], i % 2 ? MAP_TIMELOOP : MAP_HARDWARE,
                             0, &list->cost[i], NULL);
}

static void same_cost(const LayerCost *a, const LayerCost *b)
{
    ck_assert(a->macs == b->macs && a->compute_cycles == b->compute_cycles);
    ck_assert(a->cycles == b->cycles && a->latency_us == b->latency_us);
    ck_assert(a->utilization == b->utilization && a->energy_pj == b->energy_pj);
    ck_assert(a->dram_read_bytes == b->dram_read_bytes);
    ck_assert(a->dram_write_bytes == b->dram_write_bytes);
    for (int i = 0; i < LEVELS; i++) ck_assert(a->level_pj[i] == b->level_pj[i]);
    ck_assert_str_eq(a->limited_by, b->limited_by);
    ck_assert_str_eq(a->mapping, b->mapping);
}

START_TEST(costs_do_not_depend_on_the_number_of_threads)
{
    static List by_threads[3]; /* large, and the same for every thread */
    Rng rng;
    Err err = {0};
    rng_seed(&rng, 100, 0);
    for (int i = 0; i < LIST; i++) {
        by_threads[0].layer[i] = random_layer(&rng);
        by_threads[0].accel[i] = random_machine(&rng, i % 4 < 2 ? &simba : &eyeriss);
    }
    by_threads[2] = by_threads[1] = by_threads[0];
    for (int t = 0; t < 3; t++) {
        Pool *pool;
        ck_ok(pool_create(&pool, t + 1, &err), err);
        pool_run(pool, list_task, &by_threads[t], LIST);
        pool_destroy(pool);
    }
    for (int t = 1; t < 3; t++)
        for (int i = 0; i < LIST; i++) {
            ck_assert_int_eq(by_threads[t].st[i], by_threads[0].st[i]);
            if (by_threads[0].st[i] == ST_OK)
                same_cost(&by_threads[t].cost[i], &by_threads[0].cost[i]);
        }
}
END_TEST

static void check_sizes(double n, bool exact)
{
    Tiles t;
    tiles_of(&t, n, exact);
    ck_assert_int_le(t.n, TILES_MAX);
    ck_assert_int_eq(t.size[0], 1);
    for (int i = 1; i < t.n; i++) ck_assert_int_gt(t.size[i], t.size[i - 1]);
}

/* 720720 has 240 divisors, more than a search tries: the smallest tile is among them, or large
 * buffers would be too small. */
START_TEST(sizes_of_many_divisors_can_be_mapped)
{
    const AccelConfig *accel[] = {&simba, &eyeriss};
    LayerShape l = {LAYER_GEMM, 1, 720, 7200, 720720, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    Tiles t;
    tiles_of(&t, 720720, true);
    ck_assert_int_eq(t.n, TILES_MAX);
    ck_assert_int_eq(t.size[t.n - 1], 720720);
    check_sizes(720720, true);
    for (int i = 0; i < 2; i++) time_is_bounded(accel[i], &l, MAP_TIMELOOP, NULL);
}
END_TEST

/* A batch of matrices is one long loop, longer than an int counts. */
START_TEST(loops_longer_than_an_int_can_be_mapped)
{
    const AccelConfig *accel[] = {&simba, &eyeriss};
    LayerShape l = {LAYER_GEMM, 65536, 16, 16, 1, 65536, 1, 1, 1, 1, 1, 1, 1, 0};
    for (int exact = 0; exact <= 1; exact++) {
        check_sizes(0x1p40, exact);
        for (int i = 0; i < 2; i++)
            time_is_bounded(accel[i], &l, exact ? MAP_TIMELOOP : MAP_HARDWARE, NULL);
    }
}
END_TEST

/* Up to 300 points every trip count has its size; beyond, the ladder's steps are 1/8 at most. */
START_TEST(tile_sizes_are_dense)
{
    Tiles t;
    for (int n = 1; n <= 300; n++) {
        int i = 0;
        tiles_of(&t, n, false);
        for (int f = n; f >= 1; f--) {
            while (i < t.n && t.size[i] < (n + f - 1) / f) i++;
            ck_assert_msg(i < t.n && t.size[i] == (n + f - 1) / f, "%d in %d trips", n, f);
        }
    }
    tiles_of(&t, 1e6, false);
    for (int i = 1; i < t.n; i++)
        ck_assert_int_le(t.size[i] - t.size[i - 1],
                         t.size[i] > 31250 ? t.size[i] / 2 : t.size[i] / 8 + 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("accel_laws");
    TCase *tc = new_case("physics", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, never_faster_than_peak_or_compulsory_traffic);
    tcase_add_test(tc, every_level_has_the_energy_of_its_compulsory_accesses);
    suite_add_tcase(s, tc);
    tc = new_case("more never hurts", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, more_of_any_part_never_hurts, 0, 3);
    tcase_add_test(tc, a_port_for_each_direction_and_shorter_words_never_hurt);
    tcase_add_test(tc, a_faster_clock_never_hurts);
    tcase_add_test(tc, more_bandwidth_of_the_system_never_hurts);
    tcase_add_test(tc, a_fused_pool_saves_what_it_keeps_from_memory);
    tcase_add_test(tc, more_lanes_may_hurt);
    tcase_add_test(tc, fewer_cycles_may_take_more_energy);
    tcase_add_test(tc, hardware_is_never_slower_than_timeloop_but_for_the_drain);
    tcase_add_test(tc, where_tiles_divide_larger_buffers_and_ports_never_hurt_but_for_padding);
    suite_add_tcase(s, tc);
    tc = new_case("sums, threads, sizes", 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, groups_cost_the_sum_of_its_groups);
    tcase_add_test(tc, costs_do_not_depend_on_the_number_of_threads);
    tcase_add_test(tc, sizes_of_many_divisors_can_be_mapped);
    tcase_add_test(tc, loops_longer_than_an_int_can_be_mapped);
    tcase_add_test(tc, tile_sizes_are_dense);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
