/* costs.c -- gathers networks and accelerators, and evaluates each distinct pair once. */
#include "experiments/costs.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/text.h"
#include "env/subjob.h"
#include "experiments/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BATCH_PAIRS = 256 };

static Status no_memory(Err *err)
{
    return err_set(err, ST_NOMEM, "costs: %s", status_text(ST_NOMEM));
}

/* ---- accelerators ---- */

/* The two machines of the Timeloop reference have short names there: simba, eyeriss, and
 * eyeriss_padcm (the same machine with padded layers, which the model finds by itself). */
static const char *preset_of(const char *name)
{
    if (!strcasecmp(name, "simba")) return "simba-16pe";
    if (!strcasecmp(name, "eyeriss") || !strncasecmp(name, "eyeriss_", 8)) return "eyeriss-12x14";
    return name;
}

int costs_find_accel(const CostTable *t, const char *name)
{
    for (int i = 0; i < t->n_accels; i++)
        if (!strcmp(t->accel_asked[i], preset_of(name))) return i;
    return -1;
}

static Status add_accel(void *ctx, const char *name, Err *err)
{
    CostTable *t = ctx;
    char path[PATH_MAX_BYTES];
    const char *preset = preset_of(name);
    Status st = ST_OK;

    if (costs_find_accel(t, name) >= 0) return ST_OK;
    if (t->n_accels == COSTS_MAX_ACCELS)
        return err_set(err, ST_CONFIG, "more than %d accelerators", COSTS_MAX_ACCELS);
    if (strlen(preset) >= sizeof t->accel_asked[0])
        return err_set(err, ST_CONFIG, "the accelerator's name is too long: '%.200s'", preset);
    TRY(path_find(path, sizeof path, "accel_models/presets", preset, ".yaml", err));
    TRY(accel_load(&t->accel[t->n_accels], path, err));
    t->accel_shown[t->n_accels] = accel_name(t->accel[t->n_accels]);
    memcpy(t->accel_asked[t->n_accels++], preset, strlen(preset) + 1);
fail:
    return st;
}

Status costs_add_accel(CostTable *t, const char *name, Err *err)
{
    return add_accel(t, name, err);
}

Status costs_add_accels(CostTable *t, const char *names, Err *err)
{
    return names ? each_name("--accel", names, add_accel, t, err)
                 : each_shipped("accel_models/presets", add_accel, t, err);
}

Status costs_add_system(CostTable *t, const char *system, Err *err)
{
    Status st = system_file_load(&t->system, system, err);
    for (int i = 0; st == ST_OK && i < t->system->n_types; i++) {
        t->accel[t->n_accels] = t->system->type[i].accel;
        t->accel_shown[t->n_accels++] = t->system->type[i].name;
    }
    return st;
}

/* ---- rows ---- */

Status costs_add_row(CostTable *t, const CostRow *row, Err *err)
{
    if (t->n_rows == t->row_cap) {
        size_t cap = (size_t)t->row_cap, more = cap ? 2 * cap : 256;
        CostRow *bigger = mem_resize(t->row, cap * sizeof *bigger, more * sizeof *bigger);
        if (!bigger) return no_memory(err);
        t->row = bigger;
        t->row_cap = (int)more;
    }
    t->row[t->n_rows++] = *row;
    return ST_OK;
}

static Status add_network(void *ctx, const char *name, Err *err)
{
    CostTable *t = ctx;
    char path[PATH_MAX_BYTES];
    Status st = ST_OK;

    if (t->n_nets == COSTS_MAX_NETS)
        return err_set(err, ST_CONFIG, "more than %d networks", COSTS_MAX_NETS);
    TRY(path_find(path, sizeof path, "env/networks", name, ".yaml", err));
    TRY(network_load(&t->net[t->n_nets], path, err));
    const Network *net = t->net[t->n_nets];
    t->first_row[t->n_nets++] = t->n_rows;
    for (int a = 0; a < t->n_accels; a++)
        for (int s = 0; s < net->n_subjobs; s++) {
            const NetLayer *layer = &net->layer[net->subjob[s].layer];
            CostRow row = {.accelerator = t->accel_shown[a],
                           .network = net->name,
                           .layer = layer->name,
                           .shape = layer->shape,
                           .job = &net->subjob[s],
                           .accel = a,
                           .line = -1};
            TRY(costs_add_row(t, &row, err));
        }
fail:
    return st;
}

Status costs_add_networks(CostTable *t, const char *names, Err *err)
{
    return names ? each_name("--network", names, add_network, t, err)
                 : each_shipped("env/networks", add_network, t, err);
}

/* ---- evaluation ---- */

/* LayerShape is ints throughout (no padding): equal bytes are equal shapes. */
_Static_assert(sizeof(LayerShape) == 14 * sizeof(int), "compared as bytes");

static int compare_rows(const CostRow *a, const CostRow *b)
{
    int order = memcmp(&a->shape, &b->shape, sizeof a->shape);
    return order ? order : (a->accel > b->accel) - (a->accel < b->accel);
}

static int by_pair(const void *a, const void *b)
{
    const CostRow *const *x = a, *const *y = b;
    return compare_rows(*x, *y);
}

/* Gives rows of the same shape and accelerator the same pair. */
static Status make_pairs(CostTable *t, Err *err)
{
    size_t n = (size_t)t->n_rows;
    CostRow **sorted = mem_calloc(n, sizeof(CostRow *));
    if (!sorted) return no_memory(err);
    for (size_t i = 0; i < n; i++) sorted[i] = &t->row[i];
    qsort(sorted, n, sizeof *sorted, by_pair);
    for (size_t i = 0; i < n; i++) {
        t->n_pairs += i == 0 || compare_rows(sorted[i - 1], sorted[i]) != 0;
        sorted[i]->pair = t->n_pairs - 1;
    }
    mem_free(sorted);
    if (!(t->pair = mem_calloc((size_t)t->n_pairs, sizeof *t->pair))) return no_memory(err);
    for (int i = 0; i < t->n_rows; i++) {
        t->pair[t->row[i].pair].shape = t->row[i].shape;
        t->pair[t->row[i].pair].accel = t->row[i].accel;
    }
    return ST_OK;
}

typedef struct Batch {
    CostTable *table;
    int first;
    MapPolicy policy;
    double dram_bytes_per_us;
} Batch;

static Status evaluate_pair(const Batch *b, CostPair *p, Err *err)
{
    return accel_cost(b->table->accel[p->accel], &p->shape, b->policy, b->dram_bytes_per_us,
                      &p->cost, err);
}

static void evaluate(void *ctx, int task)
{
    const Batch *b = ctx;
    CostPair *p = &b->table->pair[b->first + task];
    p->st = evaluate_pair(b, p, NULL);
}

/* The first row whose pair failed, by its place in the input; asked again for the reason. */
static Status check_pairs(const Batch *b, Err *err)
{
    const CostTable *t = b->table;
    Err why = {0};
    for (int i = 0; i < t->n_rows; i++) {
        const CostRow *row = &t->row[i];
        CostPair *p = &t->pair[row->pair];
        if (p->st == ST_OK) continue;
        evaluate_pair(b, p, &why);
        if (row->line >= 0)
            return csv_error(t->csv, row->line, err, "on '%s': %s", row->accelerator, why.msg);
        return err_set(err, p->st, "network '%s', layer '%s' on '%s': %s", row->network, row->layer,
                       row->accelerator, why.msg);
    }
    return ST_OK;
}

/* On a system a row costs what its sub-job does. */
static Status charge_fused(CostTable *t, double dram_bytes_per_us, Err *err)
{
    Streaming streaming[SYS_MAX_TYPES];
    Status st = ST_OK;
    if (!(t->fused = mem_calloc((size_t)t->n_rows, sizeof *t->fused))) return no_memory(err);
    for (int a = 0; a < t->n_accels; a++)
        TRY(subjob_streaming(&streaming[a], t->accel[a], dram_bytes_per_us, err));
    for (int i = 0; i < t->n_rows; i++) {
        CostRow *row = &t->row[i];
        if (!row->job || row->job->extra_read_words <= 0) continue;
        t->fused[i] =
            subjob_layer_cost(row->job, t->accel[row->accel], &streaming[row->accel], row->cost);
        row->cost = &t->fused[i];
    }
fail:
    return st;
}

/* Marks the fastest of `count` rows that are `stride` apart. */
static void mark_best(CostTable *t, int first, int stride, int count)
{
    CostRow *best = &t->row[first];
    for (int i = 1; i < count; i++) {
        CostRow *row = &t->row[first + i * stride];
        const LayerCost *a = row->cost, *b = best->cost;
        if (a->latency_us < b->latency_us ||
            (a->latency_us <= b->latency_us && a->energy_pj < b->energy_pj))
            best = row;
    }
    best->best = count > 1;
}

bool costs_side_by_side(const CostTable *t)
{
    return t->csv && t->n_accels > 1 && t->n_rows > 0 &&
           t->n_rows == csv_rows(t->csv) * t->n_accels;
}

static void mark_all(CostTable *t)
{
    for (int n = 0; n < t->n_nets; n++)
        for (int s = 0; s < t->net[n]->n_subjobs; s++)
            mark_best(t, t->first_row[n] + s, t->net[n]->n_subjobs, t->n_accels);
    for (int i = 0; costs_side_by_side(t) && i < t->n_rows; i += t->n_accels)
        mark_best(t, i, 1, t->n_accels);
}

Status costs_evaluate(CostTable *t, MapPolicy policy, double dram_bytes_per_us, int threads,
                      Err *err)
{
    Batch b = {t, 0, policy, dram_bytes_per_us};
    Pool *pool = NULL;
    Progress progress;
    Status st;

    TRY(make_pairs(t, err));
    TRY(pool_create(&pool, threads, err));
    progress_start(&progress, "costs", 0, t->n_pairs);
    for (; b.first < t->n_pairs; b.first += BATCH_PAIRS) {
        int left = t->n_pairs - b.first;
        pool_run(pool, evaluate, &b, left < BATCH_PAIRS ? left : BATCH_PAIRS);
        if (progress_due(&progress)) progress_show(&progress, b.first, "");
    }
    progress_end(&progress);
    TRY(check_pairs(&b, err));
    for (int i = 0; i < t->n_rows; i++) t->row[i].cost = &t->pair[t->row[i].pair].cost;
    if (t->system && t->n_nets) TRY(charge_fused(t, dram_bytes_per_us, err));
    mark_all(t);
fail:
    pool_destroy(pool);
    return st;
}

void costs_free(CostTable *t)
{
    for (int i = 0; i < t->n_accels && !t->system; i++) accel_destroy(t->accel[i]);
    system_file_destroy(t->system);
    for (int i = 0; i < t->n_nets; i++) network_destroy(t->net[i]);
    csv_destroy(t->csv);
    mem_free(t->row);
    mem_free(t->pair);
    mem_free(t->fused);
    *t = (CostTable){0};
}

/* ---- reading ---- */

const CostRow *costs_rows(const CostTable *t, int net, int accel, int *n)
{
    *n = t->net[net]->n_subjobs;
    return &t->row[t->first_row[net] + accel * *n];
}

static void add_cost(LayerCost *sum, const LayerCost *c)
{
    sum->macs += c->macs;
    sum->compute_cycles += c->compute_cycles;
    sum->cycles += c->cycles;
    sum->latency_us += c->latency_us;
    sum->dram_read_bytes += c->dram_read_bytes;
    sum->dram_write_bytes += c->dram_write_bytes;
    sum->energy_pj += c->energy_pj;
    for (int l = 0; l < LEVELS; l++) sum->level_pj[l] += c->level_pj[l];
}

/* What limits for the most cycles. */
static const char *main_limit(const CostRow *row, int n)
{
    const char *most = "";
    double cycles = -1;
    for (int i = 0; i < n; i++) {
        const char *limit = row[i].cost->limited_by;
        double here = 0;
        for (int j = 0; j < n; j++)
            if (!strcmp(row[j].cost->limited_by, limit)) here += row[j].cost->cycles;
        if (here > cycles) most = limit;
        cycles = fmax(cycles, here);
    }
    return most;
}

void costs_totals(const CostTable *t, int net, CostTotal total[COSTS_MAX_ACCELS])
{
    int best = 0;
    for (int a = 0; a < t->n_accels; a++) {
        int n;
        const CostRow *row = costs_rows(t, net, a, &n);
        LayerCost sum = {.limited_by = main_limit(row, n)};
        for (int i = 0; i < n; i++) add_cost(&sum, row[i].cost);
        sum.utilization = sum.macs / (sum.cycles * accel_peak_macs(t->accel[a]));
        total[a] = (CostTotal){.sum = sum};
        if (sum.latency_us < total[best].sum.latency_us) best = a;
    }
    if (t->n_accels > 1) total[best].best = true;
}
