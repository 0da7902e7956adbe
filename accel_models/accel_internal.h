/* accel_internal.h -- what the files of accel_models/ share and nobody else sees.
 * Reading order: layer.c (shapes) -> tiles.c (candidate tile sizes) -> traffic.c (who is fetched
 * how often) -> search.c (what the searches share) -> ws.c, rs.c, os.c (one dataflow each) ->
 * accel.c (the table of dataflows) -> preset.c (YAML). */
#ifndef RELMAS_ACCEL_MODELS_ACCEL_INTERNAL_H
#define RELMAS_ACCEL_MODELS_ACCEL_INTERNAL_H

#include "accel_models/accel.h"
#include "base/config.h"

#include <math.h>
#include <stddef.h>

enum { ACCEL_NAME_MAX = 64, ARRAY_SIDE_MAX = 256, TILES_MAX = 192 };

/* One accelerator, as its preset says. Sizes in words or bytes as named, ports in bytes per cycle,
 * energies in pJ per byte unless named otherwise. Fields of other dataflows are 0. A dataflow that
 * needs more has a struct of its own that begins with this one (DataflowOps.config_bytes). */
struct AccelConfig {
    char name[CONFIG_TEXT_MAX]; /* shorter than ACCEL_NAME_MAX */
    int dataflow;               /* Dataflow */
    double clock_mhz, leakage_mw;
    int word_bits;

    /* weight stationary: PEs x lanes x vector MACs */
    int pes, lanes, vector;
    int input_buffer_bytes;  /* per PE */
    int weight_buffer_bytes; /* per lane */
    int accumulators;        /* per lane */
    double weight_reg_pj, accumulator_pj, weight_buffer_pj,
        input_buffer_pj; /* accumulator: access */

    /* row stationary: rows x cols MACs, spads in words, energies per word */
    int rows, cols;
    int ifmap_words, weight_words, psum_words;
    double ifmap_spad_pj, weight_spad_pj, psum_spad_pj;

    double mac_pj;
    int glb_bytes;
    double glb_read_port, glb_write_port, glb_read_pj, glb_write_pj;
    bool glb_shared_port, dram_shared_port; /* reads and writes take turns */
    double dram_read_port, dram_write_port, dram_pj;
};

/* One group of a layer in the form that the searches use: all images, kernel folded to fit. */
typedef struct Work {
    double P, Q, C, K;    /* per group; kernels of one point have the batch folded into Q */
    double R, S;          /* kernel after folding */
    double images, folds; /* folds: kernel pieces, each a reduction step of its own */
    double groups;        /* how many such groups the layer has */
    double unwritten;     /* output words of a group that a fused pool keeps from memory */
    int stride_w, stride_h, dilation;
    bool depthwise; /* K channels, each with an input of its own; C = 1 */
    bool exact;     /* MAP_TIMELOOP: tiles divide, boxes are fetched whole */
} Work;

/* Order of the DRAM loops, inner to outer; X stands for the positions (P inside Q). */
typedef enum { ORDER_XCK, ORDER_CKX, ORDER_CXK, ORDER_KCX, ORDER_KXC, ORDERS } Order;

/* A tile of the global buffer: positions p x q, c and k channels of each spatial step. */
typedef struct GlbTile {
    double p, q, c, k;     /* words along each dimension, c and k in channels */
    double tp, tq, tc, tk; /* trips of the DRAM loops; tq without the images */
    Order order;
    bool strips;          /* P turns outside Q, else inside */
    double weight_repeat; /* weights refetched within one tile (no spad reuse), else 1 */
    bool weights_change;  /* more than one weight tile per global-buffer tile */
} GlbTile;

/* Words moved between DRAM and chip for one group. */
typedef struct Traffic {
    double weights, inputs, psum_reads, psum_writes;
    double input_k_repeat; /* times that every input tile came because of K */
    double psum_c_repeat;  /* times that every output tile left because of C */
} Traffic;

/* Totals over the layer of a mapping, before the ports are applied. */
typedef struct Access {
    double compute_cycles;
    double dram_read, dram_write, glb_read, glb_write; /* bytes */
    double wait_read, wait_write; /* bytes of the DRAM's for which the array stands still */
    double own_cycles;            /* of a port that is none of the above; own_port names it */
    const char *own_port;
    double level_pj[LEVELS];
} Access;

/* Ports of this run, bytes per cycle; dram_shared > 0: reads and writes together. */
typedef struct Ports {
    double dram_read, dram_write, dram_shared, glb_read, glb_write;
    bool glb_turns, dram_turns; /* reads and writes share one port */
} Ports;

typedef struct Best {
    double cycles, energy; /* of the cheapest so far; cycles = INFINITY at first */
    LayerCost cost;
    GlbTile tile; /* of the best */
    double pe[8]; /* the rest of the mapping, as its dataflow's describe() reads it */
} Best;

/* One way to split the array, as its dataflow reads it; no mapping of it takes less. */
enum { SPLIT_PARTS = 8, SPLITS_QUEUED = 64 };
typedef struct Split {
    double cycles, pj;
    int part[SPLIT_PARTS];
} Split;

/* The most promising splits. There may be more than it holds: the search then pushes all of them
 * once more, and those that were taken are left out. */
typedef struct Queue {
    int n;
    Split split[SPLITS_QUEUED]; /* ascending in (cycles, pj, parts) */
    bool taken;                 /* all splits up to `last` were */
    Split last;
} Queue;

typedef struct Tiles {
    int n;
    int size[TILES_MAX]; /* ascending */
} Tiles;

/* fmin and fmax also care for NaN, which costs a call; there is none here. */
static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}
static inline double greater(double a, double b)
{
    return a > b ? a : b;
}
static inline double ceil_div(double a, double b)
{
    return ceil(a / b);
}

/* layer.c */
double span(double points, int stride, double kernel, int dilation, bool exact);
double sweep(double n, double tile, int stride, double kernel, int dilation, bool exact,
             bool reuse);
void work_init(Work *w, const LayerShape *l, MapPolicy policy);
double work_input_channels(const Work *w);

/* tiles.c */
void tiles_of(Tiles *t, double n, bool exact);
bool useful_parts(double n, int parts, bool exact);

/* traffic.c */
int orders_of(const Work *w, const GlbTile *t, Order *out); /* how many, at most ORDERS */
const char *order_name(Order o);                            /* outer to inner */
void traffic_dram(Traffic *out, const Work *w, const GlbTile *t);
void traffic_compulsory(Traffic *out, const Work *w);
/* Applies the ports; true if (cycles, energy) beats *best, which is then replaced but for its text.
 */
double bound_cycles(const Access *a, const Ports *ports);
bool best_offer(Best *best, const Access *a, const Ports *ports);

/* search.c */
double access_pj(const Access *a);
/* Would these cycles and pJ, or this access, be the new best? */
bool best_beaten(const Best *best, double cycles, double pj);
bool best_beaten_by(const Best *best, const Access *a, const Ports *ports);
void queue_clear(Queue *q);
/* Could a split that takes at least this find a place and beat the best? */
bool queue_admits(const Queue *q, const Best *best, double cycles, double pj);
void queue_push(Queue *q, const Best *best, const Split *s); /* if it is admitted */
bool queue_next_round(Queue *q); /* empties it; true if splits may have found no place */

/* One dataflow. */
typedef struct DataflowOps {
    const char *name; /* as a preset's `dataflow` */
    double (*peak_macs)(const AccelConfig *a);
    /* Fills best->cost over all groups; ST_CONFIG if nothing fits. */
    Status (*search)(const AccelConfig *a, const Work *w, const Ports *ports, Best *best, Err *err);
    void (*describe)(const Best *best, char *text, size_t cap);
    /* On-chip traffic and energy of a layer that only moves: bytes in and out of DRAM. */
    void (*stream)(const AccelConfig *a, double in, double out, Access *x);
    double (*shared_bytes)(const AccelConfig *a); /* on chip, outside the PEs */
    const ConfigField *fields;                    /* its keys in a preset, beside the common ones */
    int n_fields;                                 /* at most DATAFLOW_FIELDS_MAX */
    size_t config_bytes;                          /* of its struct, which begins with AccelConfig */
} DataflowOps;

enum { DATAFLOW_FIELDS_MAX = 40 };
extern const DataflowOps *const dataflow_table[]; /* by Dataflow; NULL-terminated */

/* Rows of a dataflow's fields; type is its struct. */
enum { CONFIG_BYTES_MAX = 1 << 30, CONFIG_WORDS_MAX = 1 << 20 };
#define ACCEL_INT(type, key, field, hi, help)                                                      \
    {                                                                                              \
        key, CONFIG_INT, offsetof(type, field), 1, hi, NULL, help                                  \
    }
#define ACCEL_REAL(type, key, field, lo, hi, help)                                                 \
    {                                                                                              \
        key, CONFIG_DOUBLE, offsetof(type, field), lo, hi, NULL, help                              \
    }
/* May be missing: then it is false. */
#define ACCEL_BOOL(type, key, field, help)                                                         \
    {                                                                                              \
        key, CONFIG_BOOL, offsetof(type, field), 0, 0, NULL, help                                  \
    }
#define ACCEL_PJ(type, key, field, help)   ACCEL_REAL(type, key, field, 0, 1e6, help)
#define ACCEL_PORT(type, key, field, help) ACCEL_REAL(type, key, field, 1e-3, 1e6, help)
/* The global buffer, of dataflows that have one. */
#define ACCEL_GLB_FIELDS                                                                           \
    ACCEL_INT(AccelConfig, "glb.bytes", glb_bytes, CONFIG_BYTES_MAX, "bytes"),                     \
        ACCEL_PORT(AccelConfig, "glb.read_bytes_per_cycle", glb_read_port, "port"),                \
        ACCEL_PORT(AccelConfig, "glb.write_bytes_per_cycle", glb_write_port, "port"),              \
        ACCEL_BOOL(AccelConfig, "glb.shared_port", glb_shared_port,                                \
                   "reads and writes take turns"),                                                 \
        ACCEL_PJ(AccelConfig, "glb.read_pj_per_byte", glb_read_pj, "pJ"),                          \
        ACCEL_PJ(AccelConfig, "glb.write_pj_per_byte", glb_write_pj, "pJ")

/* bandwidth.c */
void bandwidth_cost(const AccelConfig *a, const LayerShape *l, const Ports *ports, Best *best);
void glb_stream(const AccelConfig *a, double in, double out, Access *x); /* a DataflowOps.stream */
double glb_shared_bytes(const AccelConfig *a);

#endif
