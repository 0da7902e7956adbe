/* subjob.h -- from the cost of a layer to the cost of the sub-job that it is the main layer of: fused
 * element-wise layers read their other operands from DRAM (docs/MODEL.md, sections 2 and 3). */
#ifndef RELMAS_ENV_SUBJOB_H
#define RELMAS_ENV_SUBJOB_H

#include "env/network.h"
#include "env/system.h"

/* How fast an accelerator moves data that it does little with, on a DRAM of dram_bytes_per_us. */
typedef struct Streaming {
    double bytes_per_us;
    const char *limited_by; /* static text, as LayerCost's */
} Streaming;

/* Measured with a large element-wise layer. ST_CONFIG as accel_cost. */
Status subjob_streaming(Streaming *out, const AccelConfig *a, double dram_bytes_per_us, Err *err);
/* The operands share the accelerator's port with the layer's own traffic: the time grows once both
 * together fill it. */
SubJobCost subjob_cost(const SubJob *job, const AccelConfig *a, const Streaming *s,
                       const LayerCost *layer);
/* The same as a layer's cost: bytes and energy are the DRAM's, the time's growth is its limit. */
LayerCost subjob_layer_cost(const SubJob *job, const AccelConfig *a, const Streaming *s,
                            const LayerCost *layer);

#endif
