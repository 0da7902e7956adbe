/* traffic.c -- how often DRAM is asked for each tile, and which mapping wins. */
#include "accel_models/accel_internal.h"

#include <math.h>

const char *order_name(Order o)
{
    static const char *const names[ORDERS] = {"K,C,PQ", "PQ,K,C", "K,PQ,C", "PQ,C,K", "C,PQ,K"};
    return names[o];
}

/* A tile is fetched anew in each trip of a loop that selects it, and again in each trip of a loop
 * outside such a loop; loops inside all of its own leave it in place. */
static double repeats(double trips, bool own_loop_inside)
{
    return own_loop_inside ? trips : 1;
}

/* Is loop A inside loop B in this order? */
static bool c_inside_x(Order o)
{
    return o == ORDER_CKX || o == ORDER_CXK || o == ORDER_KCX;
}
static bool k_inside_x(Order o)
{
    return o == ORDER_CKX || o == ORDER_KCX || o == ORDER_KXC;
}
static bool k_inside_c(Order o)
{
    return o == ORDER_KCX || o == ORDER_KXC;
}

/* Loops of one trip have no place: the orders that differ. */
int orders_of(const Work *w, const GlbTile *t, Order *out)
{
    bool x = t->tp * t->tq * w->images > 1, c = t->tc > 1, k = t->tk > 1;
    int n = 0;
    if (x && c && k) {
        for (int o = 0; o < ORDERS; o++) out[n++] = (Order)o;
        return n;
    }
    out[n++] = x ? ORDER_XCK : ORDER_CKX;
    if (x && k) out[n++] = ORDER_KCX;
    if (x && c) out[n++] = ORDER_CKX;
    if (c && k) out[n++] = ORDER_KCX;
    return n;
}

/* Input points of all position tiles; neighbours overlap, and what the last tile left is kept if no
 * other input loop turns inside. */
static double input_points(const Work *w, const GlbTile *t, bool keep)
{
    bool p_inside = t->tp > 1 && !t->strips;
    bool keep_p = keep && p_inside, keep_q = keep && !p_inside;
    return sweep(w->P, t->p, w->stride_w, w->R, w->dilation, w->exact, keep_p) *
           sweep(w->Q, t->q, w->stride_h, w->S, w->dilation, w->exact, keep_q) * w->images;
}

void traffic_dram(Traffic *out, const Work *w, const GlbTile *t)
{
    Order o = t->order;
    double tx = t->tp * t->tq * w->images, channels = work_input_channels(w);
    bool x = tx > 1, c = t->tc > 1, k = t->tk > 1;
    bool weights_inside = t->weights_change || (c && c_inside_x(o)) || (k && k_inside_x(o));
    bool inputs_inside = (x && !k_inside_x(o)) || (c && !k_inside_c(o));
    bool outputs_inside = (x && !c_inside_x(o)) || (k && k_inside_c(o));
    /* Timeloop keeps overlaps only where nothing turns inside the positions. */
    bool keep = !(c && c_inside_x(o)) && !((w->depthwise || w->exact) && k && k_inside_x(o));

    out->weights =
        w->C * w->folds * w->K * w->R * w->S * t->weight_repeat * repeats(tx, weights_inside);
    out->input_k_repeat = w->depthwise ? 1 : repeats(t->tk, inputs_inside);
    out->inputs = input_points(w, t, keep) * channels * out->input_k_repeat;
    out->psum_c_repeat = repeats(t->tc, outputs_inside);
    double outputs = w->P * w->Q * w->K * w->images;
    out->psum_writes = outputs * out->psum_c_repeat;
    out->psum_reads = outputs * (out->psum_c_repeat - 1);
}

/* Everything once: no mapping moves less. */
void traffic_compulsory(Traffic *out, const Work *w)
{
    GlbTile all = {.p = w->P, .q = w->Q, .tp = 1, .tq = 1, .tc = 1, .tk = 1, .weight_repeat = 1};
    traffic_dram(out, w, &all);
    double touched = span(w->P, w->stride_w, w->R, w->dilation, false) *
                     span(w->Q, w->stride_h, w->S, w->dilation, false) * w->images;
    out->inputs = touched * work_input_channels(w);
}

static double port_cycles(double read, double write, bool turns)
{
    return turns ? read + write : greater(read, write);
}

static double dram_cycles(const Ports *p, double read, double write)
{
    if (p->dram_shared > 0) return (read + write) / p->dram_shared;
    return port_cycles(read / p->dram_read, write / p->dram_write, p->dram_turns);
}

static double glb_cycles(const Ports *p, double read, double write)
{
    if (read + write <= 0) return 0; /* there may be no global buffer */
    return port_cycles(read / p->glb_read, write / p->glb_write, p->glb_turns);
}

/* All overlap, but for what the array waits for. */
static double slowest(const Access *a, const Ports *p, const char **why)
{
    double dram = dram_cycles(p, a->dram_read, a->dram_write);
    double glb = glb_cycles(p, a->glb_read, a->glb_write);
    double chip = greater(a->compute_cycles, greater(glb, a->own_cycles));
    *why = greater(dram, chip) <= a->compute_cycles ? "compute"
           : dram >= chip                           ? "dram"
           : glb >= a->own_cycles                   ? "glb"
                                                    : a->own_port;
    return ceil(greater(dram, chip + dram_cycles(p, a->wait_read, a->wait_write)));
}

double bound_cycles(const Access *a, const Ports *ports)
{
    const char *why;
    return slowest(a, ports, &why);
}

bool best_offer(Best *best, const Access *a, const Ports *ports)
{
    const char *why;
    double energy = access_pj(a), cycles = slowest(a, ports, &why);
    if (cycles > best->cycles) return false;
    if (cycles == best->cycles && energy >= best->energy) return false;
    best->cycles = cycles;
    best->energy = energy;
    best->cost.compute_cycles = a->compute_cycles;
    best->cost.cycles = cycles;
    best->cost.energy_pj = energy;
    best->cost.dram_read_bytes = a->dram_read;
    best->cost.dram_write_bytes = a->dram_write;
    best->cost.limited_by = why;
    for (int i = 0; i < LEVELS; i++) best->cost.level_pj[i] = a->level_pj[i];
    return true;
}
