/* tiny_system.c -- builds the systems that tiny_system.h describes. */
#include "tests/support/tiny_system.h"

#include "base/mem.h"

#include <stdio.h>

static const System TWO_SAS = {
    .name = "tiny",
    .n_sas = 2,
    .n_types = 2,
    .sa_type = {0, 1},
    .type_name = {"even", "odd"},
    .type_leakage_mw = {1, 2},
    .dram_bytes_per_us = 100,
};

Status tiny_system_two_sas(System **out, Err *err)
{
    static const int n_preds[2] = {0, 1}, first_succ[3] = {0, 1, 1}, succ[1] = {1};
    static const SubJobCost alpha[2][2] = {{{10, 800, 8}, {20, 0, 10}}, {{20, 800, 4}, {10, 0, 5}}};
    static const SubJobCost beta[2][2] = {{{10, 400, 6}, {5, 500, 3}},
                                          {{10, 800, 6}, {10, 500, 3}}};
    System d = TWO_SAS;

    d.n_nets = 2;
    d.net[0] = (SysNet){.name = "alpha",
                        .n_subjobs = 2,
                        .n_preds = n_preds,
                        .first_succ = first_succ,
                        .succ = succ,
                        .cost = {alpha[0], alpha[1]}};
    d.net[1] = (SysNet){.name = "beta",
                        .n_subjobs = 2,
                        .n_preds = n_preds,
                        .first_succ = first_succ,
                        .succ = succ,
                        .cost = {beta[0], beta[1]}};
    return system_build(out, &d, err);
}

Status tiny_system_diamond(System **out, Err *err)
{
    static const int n_preds[4] = {0, 1, 1, 2}, first_succ[5] = {0, 2, 3, 4, 4};
    static const int succ[4] = {1, 2, 3, 3};
    static const SubJobCost same[4] = {{10, 0, 1}, {10, 0, 1}, {10, 0, 1}, {10, 0, 1}};
    System d = TWO_SAS;

    d.n_nets = 1;
    d.net[0] = (SysNet){.name = "diamond",
                        .n_subjobs = 4,
                        .n_preds = n_preds,
                        .first_succ = first_succ,
                        .succ = succ,
                        .cost = {same, same}};
    return system_build(out, &d, err);
}

const RandomSystemLimits RANDOM_SYSTEM_DEFAULT = {.max_sas = 5,
                                                  .max_types = 3,
                                                  .max_nets = 4,
                                                  .max_subjobs = 12,
                                                  .edge_probability = 0.4,
                                                  .compute_only_probability = 0.2};

enum { EDGE_REACH = 4 };

/* Arrays of one network while it is made; sized for the largest. */
typedef struct NetArrays {
    int n_preds[SYS_MAX_SUBJOBS], first_succ[SYS_MAX_SUBJOBS + 1];
    int succ[SYS_MAX_SUBJOBS * EDGE_REACH];
    SubJobCost cost[SYS_MAX_TYPES][SYS_MAX_SUBJOBS];
} NetArrays;

static int between(Rng *rng, int lo, int hi)
{
    return lo + (int)rng_below(rng, (uint32_t)(hi - lo + 1));
}

static void random_graph(NetArrays *a, int n, double edge_probability, Rng *rng)
{
    int edges = 0;
    for (int s = 0; s < n; s++) {
        for (int t = s + 1; t <= s + EDGE_REACH && t < n; t++)
            if (rng_uniform(rng) < edge_probability) {
                a->succ[edges++] = t;
                a->n_preds[t]++;
            }
        a->first_succ[s + 1] = edges;
    }
}

static SubJobCost random_cost(const RandomSystemLimits *lim, double bytes_per_us, Rng *rng)
{
    SubJobCost c = {.latency_us = 1 + 99 * rng_uniform(rng), .energy_uj = 10 * rng_uniform(rng)};
    double demand = rng_uniform(rng) < 0.1 ? bytes_per_us : bytes_per_us * rng_uniform(rng);
    if (rng_uniform(rng) >= lim->compute_only_probability) c.bytes = demand * c.latency_us;
    return c;
}

static void random_net(SysNet *net, NetArrays *a, const System *d, int index,
                       const RandomSystemLimits *lim, Rng *rng)
{
    snprintf(net->name, sizeof net->name, "net%d", index);
    net->n_subjobs = between(rng, 1, lim->max_subjobs);
    random_graph(a, net->n_subjobs, lim->edge_probability, rng);
    for (int t = 0; t < d->n_types; t++) {
        for (int s = 0; s < net->n_subjobs; s++)
            a->cost[t][s] = random_cost(lim, d->dram_bytes_per_us, rng);
        net->cost[t] = a->cost[t];
    }
    net->n_preds = a->n_preds;
    net->first_succ = a->first_succ;
    net->succ = a->succ;
}

Status random_system(System **out, Rng *rng, const RandomSystemLimits *lim, Err *err)
{
    System d = {.name = "random", .dram_bytes_per_us = 1000};

    *out = NULL;
    d.n_nets = between(rng, 1, lim->max_nets);
    d.n_sas = between(rng, 1, lim->max_sas);
    d.n_types = between(rng, 1, lim->max_types < d.n_sas ? lim->max_types : d.n_sas);
    for (int t = 0; t < d.n_types; t++) {
        snprintf(d.type_name[t], sizeof d.type_name[t], "type%d", t);
        d.type_leakage_mw[t] = 10 * rng_uniform(rng);
    }
    for (int m = 0; m < d.n_sas; m++)
        d.sa_type[m] = m < d.n_types ? m : between(rng, 0, d.n_types - 1);
    NetArrays *arrays = mem_calloc((size_t)d.n_nets, sizeof *arrays);
    if (!arrays) return err_set(err, ST_NOMEM, "random_system: %s", status_text(ST_NOMEM));
    for (int i = 0; i < d.n_nets; i++) random_net(&d.net[i], &arrays[i], &d, i, lim, rng);
    Status st = system_build(out, &d, err);
    mem_free(arrays);
    return st;
}
