/* subjob.c -- what fused operands add to a layer. */
#include "env/subjob.h"

#include <math.h>

Status subjob_streaming(Streaming *out, const AccelConfig *a, double dram_bytes_per_us, Err *err)
{
    static const LayerShape ADD = {LAYER_ELTWISE, 1, 256, 256, 56, 56, 1, 1, 1, 1, 1, 1, 2, 0};
    LayerCost c;
    Status st = accel_cost(a, &ADD, MAP_HARDWARE, dram_bytes_per_us, &c, err);
    if (st != ST_OK) return st;
    out->bytes_per_us = (c.dram_read_bytes + c.dram_write_bytes) / c.latency_us;
    out->limited_by = c.limited_by;
    return ST_OK;
}

static double extra_bytes(const SubJob *job, const AccelConfig *a)
{
    return job->extra_read_words * accel_word_bits(a) / 8;
}

SubJobCost subjob_cost(const SubJob *job, const AccelConfig *a, const Streaming *s,
                       const LayerCost *layer)
{
    double own = layer->dram_read_bytes + layer->dram_write_bytes;
    double extra = extra_bytes(job, a);
    double extra_uj = extra * (accel_dram_pj_per_byte(a) * 1e-6);
    double rate = fmax(own / layer->latency_us, s->bytes_per_us);
    SubJobCost c = {.latency_us = layer->latency_us,
                    .bytes = own + extra,
                    .energy_uj = layer->energy_pj * 1e-6 + extra_uj};
    if (extra > 0) c.latency_us = fmax(c.latency_us, c.bytes / rate);
    return c;
}

LayerCost subjob_layer_cost(const SubJob *job, const AccelConfig *a, const Streaming *s,
                            const LayerCost *layer)
{
    LayerCost c = *layer;
    double extra = extra_bytes(job, a), pj = extra * accel_dram_pj_per_byte(a);
    double own = layer->dram_read_bytes + layer->dram_write_bytes;
    c.latency_us = subjob_cost(job, a, s, layer).latency_us;
    if (c.latency_us > layer->latency_us) {
        c.cycles = c.latency_us * accel_clock_mhz(a);
        c.utilization = c.macs / (c.cycles * accel_peak_macs(a));
        if (own / layer->latency_us < s->bytes_per_us) c.limited_by = s->limited_by;
    }
    c.dram_read_bytes += extra;
    c.energy_pj += pj;
    c.level_pj[LEVEL_DRAM] += pj;
    return c;
}
