/* system.c -- checks and copies a System: one slab holds the arrays of all its networks, so that a
 * simulator walks memory that lies together and destroy is two frees. */
#include "env/system.h"

#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

const char *const ARBITRATION_NAMES[] = {"max-min", "proportional", NULL};

/* A demand may exceed the bandwidth by rounding alone. */
static const double BANDWIDTH_SLACK = 1.0 + 1e-9;

static Status check_counts(const System *d, Err *err)
{
    if (d->n_sas < 1 || d->n_sas > SYS_MAX_SAS)
        return err_set(err, ST_CONFIG, "system '%s': %d accelerators, want 1 to %d", d->name,
                       d->n_sas, SYS_MAX_SAS);
    if (d->n_types < 1 || d->n_types > SYS_MAX_TYPES)
        return err_set(err, ST_CONFIG, "system '%s': %d accelerator types, want 1 to %d", d->name,
                       d->n_types, SYS_MAX_TYPES);
    if (d->n_nets < 1 || d->n_nets > SYS_MAX_NETS)
        return err_set(err, ST_CONFIG, "system '%s': %d networks, want 1 to %d", d->name, d->n_nets,
                       SYS_MAX_NETS);
    if (!isfinite(d->dram_bytes_per_us) || d->dram_bytes_per_us <= 0)
        return err_set(err, ST_CONFIG, "system '%s': dram bandwidth must be positive", d->name);
    if ((int)d->arbitration < 0 || (int)d->arbitration >= ARBITRATIONS)
        return err_set(err, ST_CONFIG, "system '%s': arbitration %d, want 0 to %d", d->name,
                       (int)d->arbitration, ARBITRATIONS - 1);
    if (!isfinite(d->replan_us) || (d->replan_us != 0 && d->replan_us < SYS_LEAST_REPLAN_US))
        return err_set(err, ST_CONFIG, "system '%s': replan_us %g, want 0 (never) or at least %g",
                       d->name, d->replan_us, SYS_LEAST_REPLAN_US);
    for (int m = 0; m < d->n_sas; m++)
        if (d->sa_type[m] < 0 || d->sa_type[m] >= d->n_types)
            return err_set(err, ST_CONFIG, "system '%s': accelerator %d has type %d, want 0 to %d",
                           d->name, m, d->sa_type[m], d->n_types - 1);
    return ST_OK;
}

/* Successors come later, without duplicates, and n_preds counts them. */
static Status check_graph(const SysNet *n, Err *err)
{
    int in_degree[SYS_MAX_SUBJOBS] = {0}, last_pred[SYS_MAX_SUBJOBS] = {0};

    if (n->n_subjobs < 1 || n->n_subjobs > SYS_MAX_SUBJOBS)
        return err_set(err, ST_CONFIG, "network '%s': %d sub-jobs, want 1 to %d", n->name,
                       n->n_subjobs, SYS_MAX_SUBJOBS);
    if (n->first_succ[0] != 0)
        return err_set(err, ST_CONFIG, "network '%s': first_succ[0] must be 0", n->name);
    for (int s = 0; s < n->n_subjobs; s++) {
        if (n->first_succ[s + 1] < n->first_succ[s])
            return err_set(err, ST_CONFIG, "network '%s': first_succ falls at sub-job %d", n->name,
                           s);
        for (int e = n->first_succ[s]; e < n->first_succ[s + 1]; e++) {
            int t = n->succ[e];
            if (t <= s || t >= n->n_subjobs || last_pred[t] == s + 1)
                return err_set(err, ST_CONFIG,
                               "network '%s': successor %d of sub-job %d is not a later one, once",
                               n->name, t, s);
            last_pred[t] = s + 1;
            in_degree[t]++;
        }
    }
    for (int s = 0; s < n->n_subjobs; s++)
        if (in_degree[s] != n->n_preds[s])
            return err_set(err, ST_CONFIG, "network '%s': sub-job %d has %d predecessors, not %d",
                           n->name, s, in_degree[s], n->n_preds[s]);
    return ST_OK;
}

static Status check_costs(const System *d, const SysNet *n, Err *err)
{
    for (int t = 0; t < d->n_types; t++)
        for (int s = 0; s < n->n_subjobs; s++) {
            const SubJobCost *c = &n->cost[t][s];
            bool sane = isfinite(c->latency_us) && c->latency_us > 0 && isfinite(c->bytes) &&
                        c->bytes >= 0 && isfinite(c->energy_uj) && c->energy_uj >= 0;
            if (!sane)
                return err_set(
                    err, ST_CONFIG,
                    "network '%s': cost of sub-job %d on '%s' is not finite and positive", n->name,
                    s, d->type_name[t]);
            if (c->bytes > c->latency_us * d->dram_bytes_per_us * BANDWIDTH_SLACK)
                return err_set(
                    err, ST_CONFIG,
                    "network '%s': sub-job %d on '%s' moves %g bytes in %g us, more than "
                    "the dram bandwidth of %g bytes/us allows",
                    n->name, s, d->type_name[t], c->bytes, c->latency_us, d->dram_bytes_per_us);
        }
    return ST_OK;
}

static Status check_description(const System *d, Err *err)
{
    Status st = ST_OK;

    TRY(check_counts(d, err));
    for (int i = 0; i < d->n_nets; i++) {
        TRY(check_graph(&d->net[i], err));
        TRY(check_costs(d, &d->net[i], err));
    }
fail:
    return st;
}

/* Walks the slab: with base == NULL it only counts. Pieces start on cache lines. */
typedef struct Carver {
    char *base;
    size_t used;
} Carver;

static void *carve(Carver *c, const void *src, size_t n, size_t size)
{
    char *p = c->base ? c->base + c->used : NULL;
    if (p && src && n) memcpy(p, src, n * size);
    c->used += (n * size + 63) / 64 * 64;
    return p;
}

/* Copies the arrays of src; *best and *tail are left for fill_best. */
static void carve_net(Carver *c, const System *d, const SysNet *src, SysNet *dst, double **best,
                      double **tail)
{
    size_t n = (size_t)src->n_subjobs;

    for (int t = 0; t < d->n_types; t++)
        dst->cost[t] = carve(c, src->cost[t], n, sizeof(SubJobCost));
    dst->best_us = *best = carve(c, NULL, n, sizeof(double));
    dst->tail_us = *tail = carve(c, NULL, n, sizeof(double));
    dst->n_preds = carve(c, src->n_preds, n, sizeof(int));
    dst->first_succ = carve(c, src->first_succ, n + 1, sizeof(int));
    dst->succ = carve(c, src->succ, (size_t)src->first_succ[n], sizeof(int));
}

/* The least of each, on whatever SA there is. */
static SubJobCost least_cost(const System *sys, const SysNet *n, int s)
{
    SubJobCost least = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
    for (int m = 0; m < sys->n_sas; m++) {
        const SubJobCost *c = &n->cost[sys->sa_type[m]][s];
        least.latency_us = fmin(least.latency_us, c->latency_us);
        least.bytes = fmin(least.bytes, c->bytes);
        least.energy_uj = fmin(least.energy_uj, c->energy_uj);
    }
    return least;
}

/* Returns the sum of the least energies. */
static double fill_best(const System *sys, SysNet *n, double *best, double *tail)
{
    double bytes = 0, energy_uj = 0;
    n->rem_us = n->t_iso_us = 0;
    for (int s = n->n_subjobs - 1; s >= 0; s--) {
        SubJobCost least = least_cost(sys, n, s);
        double after = 0;
        for (int e = n->first_succ[s]; e < n->first_succ[s + 1]; e++)
            after = fmax(after, tail[n->succ[e]]);
        best[s] = least.latency_us;
        tail[s] = best[s] + after;
        n->rem_us += best[s];
        n->t_iso_us = fmax(n->t_iso_us, tail[s]);
        bytes += least.bytes;
        energy_uj += least.energy_uj;
    }
    n->demand = bytes / n->rem_us;
    return energy_uj;
}

static size_t slab_bytes(const System *d)
{
    Carver count = {0};
    for (int i = 0; i < d->n_nets; i++) {
        SysNet unused = {0};
        double *best, *tail;
        carve_net(&count, d, &d->net[i], &unused, &best, &tail);
    }
    return count.used;
}

/* See type_affinity in system.h. */
static void fill_affinities(System *sys)
{
    const SysNet *shortest = &sys->net[0];
    for (int i = 1; i < sys->n_nets; i++)
        if (sys->net[i].t_iso_us < shortest->t_iso_us) shortest = &sys->net[i];
    for (int t = 0; t < sys->n_types; t++) {
        sys->type_affinity[t] = 0;
        for (int i = 0; i < sys->n_nets; i++) {
            const SysNet *n = &sys->net[i];
            double on_type = 0;
            for (int s = 0; s < n->n_subjobs; s++) on_type += n->cost[t][s].latency_us;
            sys->type_affinity[t] += n->rem_us / on_type / sys->n_nets;
            if (n == shortest) sys->type_short_affinity[t] = n->rem_us / on_type;
        }
    }
}

Status system_build(System **out, const System *description, Err *err)
{
    Status st = ST_OK;
    System *sys = NULL;

    *out = NULL;
    TRY(check_description(description, err));
    st = ST_NOMEM;
    if (!(sys = mem_calloc(1, sizeof *sys))) goto fail;
    *sys = *description;
    if (!(sys->slab = mem_calloc(1, slab_bytes(description)))) goto fail;
    Carver carver = {.base = sys->slab};
    double rem_us = 0, energy_uj = 0, mean_t_iso_us = 0;
    for (int i = 0; i < sys->n_nets; i++) {
        double *best, *tail;
        carve_net(&carver, sys, &description->net[i], &sys->net[i], &best, &tail);
        energy_uj += fill_best(sys, &sys->net[i], best, tail);
        rem_us += sys->net[i].rem_us;
        mean_t_iso_us += sys->net[i].t_iso_us / sys->n_nets;
    }
    sys->mean_t_iso_us = mean_t_iso_us;
    sys->us_per_uj = energy_uj > 0 ? rem_us / energy_uj : 0;
    fill_affinities(sys);
    *out = sys;
    return ST_OK;
fail:
    system_destroy(sys);
    return err_set(err, st, "system '%s': %s", description->name, status_text(st));
}

void system_destroy(System *sys)
{
    if (!sys) return;
    mem_free(sys->slab);
    mem_free(sys);
}
