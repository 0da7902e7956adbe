/* accel.c -- the public door: checks the layer, runs its dataflow's search, fills in the rest. */
#include "accel_models/accel_internal.h"

#include <assert.h>
#include <math.h>

/* A new dataflow is a file with its DataflowOps and a row here. */
#define DATAFLOWS(X) X(ws_dataflow) X(rs_dataflow) X(os_dataflow)

#define DECLARE(ops) extern const DataflowOps ops;
#define ROW(ops)     &ops,
DATAFLOWS(DECLARE)
const DataflowOps *const dataflow_table[] = {DATAFLOWS(ROW) NULL};

const char *accel_name(const AccelConfig *a)
{
    return a->name;
}
Dataflow accel_dataflow(const AccelConfig *a)
{
    return a->dataflow;
}
double accel_clock_mhz(const AccelConfig *a)
{
    return a->clock_mhz;
}
double accel_leakage_mw(const AccelConfig *a)
{
    return a->leakage_mw;
}
int accel_word_bits(const AccelConfig *a)
{
    return a->word_bits;
}
double accel_glb_bytes(const AccelConfig *a)
{
    return dataflow_table[a->dataflow]->shared_bytes(a);
}
double accel_dram_gbps(const AccelConfig *a)
{
    return a->dram_read_port * a->clock_mhz / 1000;
}
double accel_dram_pj_per_byte(const AccelConfig *a)
{
    return a->dram_pj;
}
double accel_dram_write_gbps(const AccelConfig *a)
{
    return a->dram_write_port * a->clock_mhz / 1000;
}
const char *accel_dataflow_name(Dataflow d)
{
    return dataflow_table[d]->name;
}
double accel_peak_macs(const AccelConfig *a)
{
    return dataflow_table[a->dataflow]->peak_macs(a);
}

/* A system's DRAM serves reads and writes on one bus; the accelerator's own port has two sides. */
static Ports make_ports(const AccelConfig *a, double dram_bytes_per_us)
{
    Ports p = {.dram_read = a->dram_read_port,
               .dram_write = a->dram_write_port,
               .glb_read = a->glb_read_port,
               .glb_write = a->glb_write_port,
               .glb_turns = a->glb_shared_port,
               .dram_turns = a->dram_shared_port};
    if (dram_bytes_per_us > 0)
        p.dram_shared = fmin(a->dram_read_port, dram_bytes_per_us / a->clock_mhz);
    return p;
}

static void finish(LayerCost *out, const AccelConfig *a, const LayerShape *l)
{
    out->macs = layer_macs(l);
    out->latency_us = out->cycles / a->clock_mhz;
    out->utilization = out->macs / (out->cycles * accel_peak_macs(a));
}

Status accel_cost(const AccelConfig *a, const LayerShape *layer, MapPolicy policy,
                  double dram_bytes_per_us, LayerCost *out, Err *err)
{
    Status st;
    Best best = {.cycles = HUGE_VAL, .energy = HUGE_VAL};
    Work w;
    TRY(layer_check(layer, err));
    if (isnan(dram_bytes_per_us) || dram_bytes_per_us < 0)
        return err_set(err, ST_CONFIG, "accel_cost: DRAM bandwidth %g is not a number >= 0",
                       dram_bytes_per_us);
    Ports ports = make_ports(a, dram_bytes_per_us);
    if (layer->type == LAYER_POOL || layer->type == LAYER_ELTWISE) {
        bandwidth_cost(a, layer, &ports, &best);
    } else {
        work_init(&w, layer, policy);
        TRY(dataflow_table[a->dataflow]->search(a, &w, &ports, &best, err));
        dataflow_table[a->dataflow]->describe(&best, best.cost.mapping, sizeof best.cost.mapping);
    }
    finish(&best.cost, a, layer);
    *out = best.cost;
    return ST_OK;
fail:
    return st;
}
