/* accel.h -- analytic cost of one DNN layer on one sub-accelerator.
 * Pure functions: layer shape x hardware -> cycles, bytes, pJ, by a deterministic bounded mapping
 * search (docs/MODEL.md). Units: cycles, bytes, pJ, us, bytes/us. */
#ifndef RELMAS_ACCEL_MODELS_ACCEL_H
#define RELMAS_ACCEL_MODELS_ACCEL_H

#include "base/yaml.h"

#include <stdbool.h>
#include <stdint.h>

/* The first four are native compute layers; the last two only move bytes. */
typedef enum {
    LAYER_CONV,
    LAYER_DWCONV,
    LAYER_FC,
    LAYER_GEMM,
    LAYER_POOL,
    LAYER_ELTWISE
} LayerType;
enum { LAYER_TYPES = 6 };

/* Batch N; input channels C and output channels K are totals over all groups; output P (width) x Q
 * (height); kernel R (width) x S (height). GEMM [M,C]x[C,K] is a 1x1 conv with P*Q = M.
 * POOL and ELTWISE: C = K channels; R, S the window; ELTWISE: `operands` inputs of the output's
 * size. */
typedef struct LayerShape {
    LayerType type;
    int N, C, K, P, Q, R, S;
    int stride_w, stride_h, dilation, groups;
    int operands; /* ELTWISE: number of inputs, else 1 */
    int written;  /* output words that go to memory: fewer behind a fused pool; 0: all of them */
} LayerShape;

double layer_macs(const LayerShape *l);        /* 0 for POOL and ELTWISE */
double layer_params(const LayerShape *l);      /* weights without biases */
double layer_input_words(const LayerShape *l); /* touched input points, all groups */
double layer_output_words(const LayerShape *l);
double layer_written_words(const LayerShape *l); /* of these, to memory */
/* ST_CONFIG with the field's name unless the shape is sane and its sizes fit. */
Status layer_check(const LayerShape *l, Err *err);
const char *layer_type_name(LayerType t); /* conv, dwconv, fc, gemm, pool, eltwise */

typedef int Dataflow; /* row in the table of dataflows, accel_models/accel.c */
typedef enum { MAP_TIMELOOP, MAP_HARDWARE } MapPolicy;
typedef enum { LEVEL_MAC, LEVEL_SPAD, LEVEL_BUFFER, LEVEL_GLB, LEVEL_DRAM, LEVELS } CostLevel;

/* Opaque to callers but for its name and clock; filled from a YAML preset (accel_models/presets).
 */
typedef struct AccelConfig AccelConfig;

Status accel_load(AccelConfig **out, const char *path, Err *err); /* caller owns *out */
/* The preset of path with some of its keys replaced: set (NULL: none) is a map of them in a file of
 * the caller's, nested (glb: {bytes: 65536}) or flat (glb.bytes: 65536). They are checked as the
 * preset's are; messages name the line in that file. name and dataflow stay the preset's. */
Status accel_load_with(AccelConfig **out, const char *path, const YamlNode *set, Err *err);
void accel_destroy(AccelConfig *a); /* NULL allowed */
const char *accel_name(const AccelConfig *a);
Dataflow accel_dataflow(const AccelConfig *a);
double accel_clock_mhz(const AccelConfig *a);
double accel_peak_macs(const AccelConfig *a); /* per cycle */
double accel_leakage_mw(const AccelConfig *a);
int accel_word_bits(const AccelConfig *a);
double accel_glb_bytes(const AccelConfig *a); /* the buffers that all PEs share */
double accel_dram_gbps(const AccelConfig *a); /* of its own port, reading */
double accel_dram_write_gbps(const AccelConfig *a);
double accel_dram_pj_per_byte(const AccelConfig *a);
const char *accel_dataflow_name(Dataflow d); /* ws, rs, ...: as in a preset */

typedef struct LayerCost {
    double macs;
    double compute_cycles; /* of the chosen mapping, no memory limit */
    double cycles;         /* isolated: max over compute and every memory level */
    double latency_us;     /* cycles / clock */
    double utilization;    /* macs / (cycles x peak macs) */
    double dram_read_bytes, dram_write_bytes;
    double energy_pj; /* sum of level_pj */
    double level_pj[LEVELS];
    const char *limited_by; /* static text: compute, dram, glb, or a dataflow's own: ifmap_sram */
    char mapping[160];      /* human-readable */
} LayerCost;

/* The cheapest mapping by (cycles, energy). dram_bytes_per_us > 0 replaces the accelerator's own
 * DRAM port when smaller (the system's bandwidth); 0 keeps the port. ST_CONFIG for a bad layer or
 * one that cannot be mapped. Thread-safe; allocates nothing. */
Status accel_cost(const AccelConfig *a, const LayerShape *layer, MapPolicy policy,
                  double dram_bytes_per_us, LayerCost *out, Err *err);

#endif
