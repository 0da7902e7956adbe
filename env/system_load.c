/* system_load.c -- a System from files: accelerators and networks by name, and the cost table.
 * Layers that have the same shape are evaluated once per SA type, in parallel; every task writes
 * its own slot, so the table does not depend on the number of threads. */
#include "env/system.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/pool.h"
#include "env/subjob.h"
#include "env/system_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Slot {
    LayerCost cost;
    Status st;
    Err err;
} Slot;

typedef struct Loader {
    System d; /* description for system_build */
    SystemFile *file;
    Streaming streaming[SYS_MAX_TYPES];
    Network *net[SYS_MAX_NETS];
    int *shape_of[SYS_MAX_NETS];     /* [n_subjobs] index into shape */
    SubJobCost *table[SYS_MAX_NETS]; /* [n_types, n_subjobs] */
    int *graph[SYS_MAX_NETS];        /* n_preds, first_succ, succ */
    LayerShape *shape;               /* distinct ones */
    int n_shapes;
    Slot *slot; /* [n_shapes, n_types] */
} Loader;

static Status no_memory(const Loader *l, Err *err)
{
    return err_set(err, ST_NOMEM, "system '%s': %s", l->d.name, status_text(ST_NOMEM));
}

/* ---- the system file ---- */

static Status read_system(Loader *l, const char *system, Err *err)
{
    System *d = &l->d;
    Status st = system_file_load(&l->file, system, err);

    if (st != ST_OK) return st;
    snprintf(d->name, SYS_NAME_MAX, "%s", l->file->name);
    d->dram_bytes_per_us = 1000 * l->file->dram_gbps;
    d->arbitration = l->file->arbitration;
    d->replan_us = l->file->replan_us;
    for (int t = 0; t < l->file->n_types; t++) {
        const SystemType *type = &l->file->type[t];
        snprintf(d->type_name[t], SYS_NAME_MAX, "%s", type->name);
        d->type_leakage_mw[t] = accel_leakage_mw(type->accel);
        for (int i = 0; i < type->count; i++) d->sa_type[d->n_sas++] = t;
    }
    d->n_types = l->file->n_types;
    return ST_OK;
}

/* ---- networks ---- */

static Status load_network(Loader *l, const char *name, Err *err)
{
    char path[PATH_MAX_BYTES];
    Network **net = &l->net[l->d.n_nets];
    Status st = ST_OK;

    TRY(path_find(path, sizeof path, "env/networks", name, ".yaml", err));
    TRY(network_load(net, path, err));
    snprintf(l->d.net[l->d.n_nets].name, SYS_NAME_MAX, "%s", (*net)->name);
    l->d.net[l->d.n_nets++].n_subjobs = (*net)->n_subjobs;
fail:
    return st;
}

static Status load_networks(Loader *l, const char *const *networks, int n, Err *err)
{
    Status st = ST_OK;

    if (n < 1 || n > SYS_MAX_NETS)
        return err_set(err, ST_CONFIG, "system '%s': %d networks, want 1 to %d", l->d.name, n,
                       SYS_MAX_NETS);
    for (int i = 0; i < n; i++) TRY(load_network(l, networks[i], err));
fail:
    return st;
}

/* The DAG of sub-jobs in the form of SysNet. */
static Status copy_graph(Loader *l, int i, Err *err)
{
    const Network *net = l->net[i];
    const SubJob *last = &net->subjob[net->n_subjobs - 1];
    size_t n = (size_t)net->n_subjobs, edges = (size_t)(last->first_succ + last->n_succs);
    SysNet *out = &l->d.net[i];

    int *graph = l->graph[i] = mem_calloc(2 * n + 1 + edges, sizeof(int));
    if (!graph) return no_memory(l, err);
    int *n_preds = graph, *first_succ = graph + n, *succ = graph + 2 * n + 1;
    for (int s = 0; s < net->n_subjobs; s++) {
        n_preds[s] = net->subjob[s].n_preds;
        first_succ[s] = net->subjob[s].first_succ;
    }
    first_succ[n] = (int)edges;
    memcpy(succ, net->succ, edges * sizeof *succ);
    out->n_preds = n_preds;
    out->first_succ = first_succ;
    out->succ = succ;
    return ST_OK;
}

/* ---- costs ---- */

/* LayerShape is ints throughout (no padding): equal bytes are equal shapes. */
_Static_assert(sizeof(LayerShape) == 14 * sizeof(int), "compared as bytes");

static int intern_shape(Loader *l, const LayerShape *shape)
{
    for (int i = 0; i < l->n_shapes; i++)
        if (!memcmp(&l->shape[i], shape, sizeof *shape)) return i;
    l->shape[l->n_shapes] = *shape;
    return l->n_shapes++;
}

static Status collect_shapes(Loader *l, Err *err)
{
    size_t total = 0;

    for (int i = 0; i < l->d.n_nets; i++) total += (size_t)l->net[i]->n_subjobs;
    if (!(l->shape = mem_calloc(total, sizeof *l->shape))) return no_memory(l, err);
    for (int i = 0; i < l->d.n_nets; i++) {
        const Network *net = l->net[i];
        l->shape_of[i] = mem_calloc((size_t)net->n_subjobs, sizeof(int));
        if (!l->shape_of[i]) return no_memory(l, err);
        for (int s = 0; s < net->n_subjobs; s++)
            l->shape_of[i][s] = intern_shape(l, &net->layer[net->subjob[s].layer].shape);
    }
    return ST_OK;
}

static void evaluate(void *ctx, int task)
{
    Loader *l = ctx;
    Slot *slot = &l->slot[task];
    slot->st = accel_cost(l->file->type[task % l->d.n_types].accel, &l->shape[task / l->d.n_types],
                          MAP_HARDWARE, l->d.dram_bytes_per_us, &slot->cost, &slot->err);
}

static Status evaluate_shapes(Loader *l, int threads, Err *err)
{
    int tasks = l->n_shapes * l->d.n_types;
    Pool *pool = NULL;
    Status st;

    if (!(l->slot = mem_calloc((size_t)tasks, sizeof *l->slot))) return no_memory(l, err);
    TRY(pool_create(&pool, threads, err));
    pool_run(pool, evaluate, l, tasks);
    for (int i = 0; i < tasks; i++)
        if (l->slot[i].st != ST_OK) {
            st = err_set(err, l->slot[i].st, "system '%s': '%s': %s", l->d.name,
                         l->d.type_name[i % l->d.n_types], l->slot[i].err.msg);
            break;
        }
fail:
    pool_destroy(pool);
    return st;
}

static Status measure_streams(Loader *l, Err *err)
{
    Status st = ST_OK;

    for (int t = 0; t < l->d.n_types; t++)
        TRY(subjob_streaming(&l->streaming[t], l->file->type[t].accel, l->d.dram_bytes_per_us,
                             err));
fail:
    return st;
}

static Status fill_table(Loader *l, int i, Err *err)
{
    const Network *net = l->net[i];
    int n = net->n_subjobs;

    l->table[i] = mem_calloc((size_t)n * (size_t)l->d.n_types, sizeof(SubJobCost));
    if (!l->table[i]) return no_memory(l, err);
    for (int t = 0; t < l->d.n_types; t++) {
        l->d.net[i].cost[t] = l->table[i] + (size_t)t * (size_t)n;
        for (int s = 0; s < n; s++)
            l->table[i][t * n + s] =
                subjob_cost(&net->subjob[s], l->file->type[t].accel, &l->streaming[t],
                            &l->slot[l->shape_of[i][s] * l->d.n_types + t].cost);
    }
    return ST_OK;
}

static Status load_all(Loader *l, const char *system, const char *const *networks, int n_networks,
                       int threads, Err *err)
{
    Status st = ST_OK;

    TRY(read_system(l, system, err));
    TRY(load_networks(l, networks, n_networks, err));
    TRY(collect_shapes(l, err));
    TRY(measure_streams(l, err));
    TRY(evaluate_shapes(l, threads, err));
    for (int i = 0; i < l->d.n_nets; i++) {
        TRY(copy_graph(l, i, err));
        TRY(fill_table(l, i, err));
    }
fail:
    return st;
}

static void loader_free(Loader *l)
{
    system_file_destroy(l->file);
    for (int i = 0; i < SYS_MAX_NETS; i++) {
        network_destroy(l->net[i]);
        mem_free(l->shape_of[i]);
        mem_free(l->table[i]);
        mem_free(l->graph[i]);
    }
    mem_free(l->shape);
    mem_free(l->slot);
    mem_free(l);
}

Status system_load(System **out, const char *system, const char *const *networks, int n_networks,
                   int threads, Err *err)
{
    Status st = ST_OK;
    Loader *l = mem_calloc(1, sizeof *l);

    *out = NULL;
    if (!l) return err_set(err, ST_NOMEM, "system '%s': %s", system, status_text(ST_NOMEM));
    TRY(load_all(l, system, networks, n_networks, threads, err));
    st = system_build(out, &l->d, err);
fail:
    loader_free(l);
    return st;
}
