/* bandwidth.c -- layers without MACs (pooling, element-wise): they only move bytes. */
#include "accel_models/accel_internal.h"

#include <math.h>
#include <stdio.h>

void glb_stream(const AccelConfig *a, double in, double out, Access *x)
{
    x->glb_read = x->glb_write = in + out;
    x->level_pj[LEVEL_GLB] = x->glb_read * a->glb_read_pj + x->glb_write * a->glb_write_pj;
}

double glb_shared_bytes(const AccelConfig *a)
{
    return a->glb_bytes;
}

/* Inputs come once and outputs leave once. */
void bandwidth_cost(const AccelConfig *a, const LayerShape *l, const Ports *ports, Best *best)
{
    double in = layer_input_words(l) * a->word_bits / 8,
           out = layer_written_words(l) * a->word_bits / 8;
    Access x = {.dram_read = in, .dram_write = out};
    x.level_pj[LEVEL_DRAM] = (in + out) * a->dram_pj;
    dataflow_table[a->dataflow]->stream(a, in, out, &x);
    best_offer(best, &x, ports);
    snprintf(best->cost.mapping, sizeof best->cost.mapping, "stream");
}
