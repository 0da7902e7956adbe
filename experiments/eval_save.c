/* eval_save.c -- copies the results into plain arrays and hands them to checkpoints/. */
#include "experiments/eval_save.h"

#include "base/mem.h"
#include "checkpoints/checkpoint.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { POLICY_NAME_BYTES = 256 };

/* Numbers of a cell: where in Metrics, and the name of the array. */
typedef struct Column {
    const char *name;
    size_t offset;
} Column;

#define COLUMN(field)                                                                              \
    {                                                                                              \
#field, offsetof(Metrics, field)                                                           \
    }
static const Column COLUMNS[] = {
    COLUMN(p50_us),
    COLUMN(p95_us),
    COLUMN(p99_us),
    COLUMN(antt),
    COLUMN(stp),
    COLUMN(fairness),
    COLUMN(edp_uj_s),
    COLUMN(ux_cost),
    COLUMN(mean_utilisation),
    COLUMN(bandwidth_utilisation),
    COLUMN(leakage_uj),
    COLUMN(time_us),
};
enum { N_COLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

/* Counts of a cell, likewise. */
#define COUNT(field)                                                                               \
    {                                                                                              \
#field, offsetof(JobCounts, field)                                                         \
    }
static const Column COUNTS[] = {COUNT(issued), COUNT(met), COUNT(late), COUNT(dropped),
                                COUNT(rejected)};
enum { N_COUNTS = sizeof COUNTS / sizeof *COUNTS };

typedef struct Arrays {
    double *load, *sla, *energy;
    double *column[N_COLUMNS];
    uint64_t *count[N_COUNTS], *net_issued, *net_met;
    uint64_t *seed;
    char *policy, *network;
} Arrays;

static uint64_t count_of(const JobCounts *c, int which)
{
    long n;
    memcpy(&n, (const char *)c + COUNTS[which].offset, sizeof n);
    return (uint64_t)n;
}

static Status allocate(Arrays *a, const EvalSave *e, Err *err)
{
    size_t cells = (size_t)e->n_loads * (size_t)e->n_policies, each = cells * (size_t)e->episodes;
    size_t nets = cells * (size_t)e->sys->n_nets;
    bool ok = (a->load = mem_calloc((size_t)e->n_loads, sizeof *a->load)) &&
              (a->sla = mem_calloc(each, sizeof *a->sla)) &&
              (a->energy = mem_calloc(each, sizeof *a->energy)) &&
              (a->seed = mem_calloc(1, sizeof *a->seed)) &&
              (a->policy = mem_calloc((size_t)e->n_policies, POLICY_NAME_BYTES)) &&
              (a->network = mem_calloc((size_t)e->sys->n_nets, SYS_NAME_MAX)) &&
              (a->net_issued = mem_calloc(nets, sizeof *a->net_issued)) &&
              (a->net_met = mem_calloc(nets, sizeof *a->net_met));
    for (int i = 0; i < N_COLUMNS && ok; i++)
        ok = (a->column[i] = mem_calloc(cells, sizeof **a->column)) != NULL;
    for (int i = 0; i < N_COUNTS && ok; i++)
        ok = (a->count[i] = mem_calloc(cells, sizeof **a->count)) != NULL;
    return ok ? ST_OK : err_set(err, ST_NOMEM, "eval: out of memory to save the results");
}

static void fill_counts(Arrays *a, const EvalSave *e, int cell)
{
    const Metrics *m = &e->result[cell]->metrics;
    int nets = e->sys->n_nets;
    for (int i = 0; i < N_COUNTS; i++) a->count[i][cell] = count_of(&m->counts, i);
    for (int k = 0; k < nets; k++) {
        a->net_issued[cell * nets + k] = (uint64_t)m->net[k].counts.issued;
        a->net_met[cell * nets + k] = (uint64_t)m->net[k].counts.met;
    }
}

static void fill(Arrays *a, const EvalSave *e)
{
    size_t bytes = (size_t)e->episodes * sizeof(double);
    *a->seed = e->seed;
    memcpy(a->load, e->load, (size_t)e->n_loads * sizeof *a->load);
    for (int p = 0; p < e->n_policies; p++)
        snprintf(a->policy + (size_t)p * POLICY_NAME_BYTES, POLICY_NAME_BYTES, "%s", e->policy[p]);
    for (int k = 0; k < e->sys->n_nets; k++)
        snprintf(a->network + (size_t)k * SYS_NAME_MAX, SYS_NAME_MAX, "%s", e->sys->net[k].name);
    for (int c = 0; c < e->n_loads * e->n_policies; c++) {
        const EvalResult *r = e->result[c];
        memcpy(a->sla + (size_t)c * (size_t)e->episodes, r->sla, bytes);
        memcpy(a->energy + (size_t)c * (size_t)e->episodes, r->energy, bytes);
        for (int i = 0; i < N_COLUMNS; i++)
            memcpy(&a->column[i][c], (const char *)&r->metrics + COLUMNS[i].offset, sizeof(double));
        fill_counts(a, e, c);
    }
}

static void list(StateList *l, const Arrays *a, const EvalSave *e)
{
    size_t cells = (size_t)e->n_loads * (size_t)e->n_policies, episodes = (size_t)e->episodes;
    size_t nets = (size_t)e->sys->n_nets;
    state_add(l, "/results/seed", STATE_U64, 1, 0, a->seed);
    state_add(l, "/results/load", STATE_F64, (size_t)e->n_loads, 0, a->load);
    state_add(l, "/results/policy", STATE_U8, (size_t)e->n_policies, POLICY_NAME_BYTES, a->policy);
    state_add(l, "/results/sla_rate", STATE_F64, cells, episodes, a->sla);
    state_add(l, "/results/energy_uj_per_job", STATE_F64, cells, episodes, a->energy);
    for (int i = 0; i < N_COLUMNS; i++) {
        char path[STATE_PATH_MAX];
        snprintf(path, sizeof path, "/results/%s", COLUMNS[i].name);
        state_add(l, path, STATE_F64, cells, 0, a->column[i]);
    }
    for (int i = 0; i < N_COUNTS; i++) {
        char path[STATE_PATH_MAX];
        snprintf(path, sizeof path, "/results/%s", COUNTS[i].name);
        state_add(l, path, STATE_U64, cells, 0, a->count[i]);
    }
    state_add(l, "/results/network", STATE_U8, nets, SYS_NAME_MAX, a->network);
    state_add(l, "/results/network_issued", STATE_U64, cells, nets, a->net_issued);
    state_add(l, "/results/network_met", STATE_U64, cells, nets, a->net_met);
}

Status eval_save(const char *path, const EvalSave *e, Err *err)
{
    ConfigField fields[SCENARIO_FIELDS];
    StateList l = {0};
    Arrays a = {0};
    char *config = NULL;
    Status st;

    TRY(allocate(&a, e, err));
    fill(&a, e);
    list(&l, &a, e);
    scenario_fields(fields, 0);
    TRY(config_format(e->scenario, fields, SCENARIO_FIELDS, &config, err));
    TRY(checkpoint_save(path, config, &l, 0, err));
fail:
    mem_free(config);
    mem_free(a.load);
    mem_free(a.sla);
    mem_free(a.energy);
    mem_free(a.seed);
    mem_free(a.policy);
    mem_free(a.network);
    mem_free(a.net_issued);
    mem_free(a.net_met);
    for (int i = 0; i < N_COLUMNS; i++) mem_free(a.column[i]);
    for (int i = 0; i < N_COUNTS; i++) mem_free(a.count[i]);
    return st;
}
