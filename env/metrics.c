/* metrics.c -- sums over episodes, percentiles, multi-program metrics. */
#include "env/metrics.h"

#include "base/stats.h"

#include <math.h>
#include <string.h>

/* Nearest rank: the smallest value that at least q of all values do not exceed. */
static double percentile(const double *sorted, long n, double q)
{
    long rank = (long)ceil(q * (double)n);
    return n ? sorted[rank > 0 ? rank - 1 : 0] : 0;
}

static void add_counts(JobCounts *to, const JobCounts *c)
{
    to->issued += c->issued;
    to->met += c->met;
    to->late += c->late;
    to->dropped += c->dropped;
    to->rejected += c->rejected;
}

static long finished_of(const JobCounts *c)
{
    return c->met + c->late;
}

static void add_episode(Metrics *m, const System *sys, const EpisodeOutcome *e)
{
    add_counts(&m->counts, &e->totals.all);
    m->finished += finished_of(&e->totals.all) + finished_of(&e->totals.apart);
    m->decisions += e->totals.decisions;
    m->time_us += e->end_us;
    m->energy_uj += e->totals.energy_uj;
    m->bandwidth_utilisation += e->totals.bytes_moved;
    for (int k = 0; k < sys->n_sas; k++) m->sa_utilisation[k] += e->totals.busy_us[k];
    for (int k = 0; k < PRIORITY_LEVELS; k++) add_counts(&m->level[k], &e->totals.level[k]);
    for (int i = 0; i < sys->n_nets; i++) {
        add_counts(&m->net[i].counts, &e->totals.net[i]);
        m->net[i].energy_uj += e->totals.net_energy_uj[i];
        m->net[i].arrived += e->totals.net_arrived[i];
        m->net[i].mean_turnaround_us += e->turnaround_us[i];
        m->antt += e->turnaround_us[i] / sys->net[i].t_iso_us;
    }
}

/* Normalised progress of each network and what follows from it. */
static void per_network(Metrics *m, const System *sys, const double *priority)
{
    double least = HUGE_VAL, most = 0;
    for (int i = 0; i < sys->n_nets; i++) {
        NetMetrics *net = &m->net[i];
        long finished = finished_of(&net->counts);
        net->sla_rate = job_counts_sla_rate(&net->counts);
        if (finished == 0) { /* no progress; one without jobs does not count */
            if (net->counts.issued) least = 0;
            continue;
        }
        net->mean_turnaround_us /= (double)finished;
        double progress = sys->net[i].t_iso_us / net->mean_turnaround_us;
        m->stp += progress;
        double due = priority && priority[i] > 0 ? progress / priority[i] : progress;
        least = fmin(least, due);
        most = fmax(most, due);
    }
    m->fairness = most > 0 ? least / most : 0;
}

double metrics_worst_energy_uj(const System *sys, int net)
{
    double sum = 0;
    for (int s = 0; s < sys->net[net].n_subjobs; s++) {
        double worst = 0;
        for (int t = 0; t < sys->n_types; t++)
            worst = fmax(worst, sys->net[net].cost[t][s].energy_uj);
        sum += worst;
    }
    return sum;
}

/* A network without a miss counts as one with half of one. */
static double ux_cost(const Metrics *m, const System *sys)
{
    double misses = 0, energy = 0;
    for (int i = 0; i < sys->n_nets; i++) {
        const NetMetrics *net = &m->net[i];
        double issued = (double)net->counts.issued, worst = metrics_worst_energy_uj(sys, i);
        if (net->counts.issued) misses += fmax(0.5, issued - (double)net->counts.met) / issued;
        if (net->arrived && worst > 0) energy += net->energy_uj / (worst * (double)net->arrived);
    }
    return misses * energy;
}

void metrics_compute(Metrics *out, const System *sys, const double *priority,
                     const EpisodeOutcome *episodes, int n, double *turnaround)
{
    double sum = 0, leakage_mw = 0;
    Metrics m;

    memset(&m, 0, sizeof m);
    for (int i = 0; i < n; i++) add_episode(&m, sys, &episodes[i]);
    for (int i = 0; i < sys->n_nets; i++) sum += m.net[i].mean_turnaround_us;
    long finished = finished_of(&m.counts);
    stats_sort(turnaround, (size_t)finished);
    m.sla_rate = job_counts_sla_rate(&m.counts);
    m.p50_us = percentile(turnaround, finished, 0.50);
    m.p95_us = percentile(turnaround, finished, 0.95);
    m.p99_us = percentile(turnaround, finished, 0.99);
    per_network(&m, sys, priority);
    m.ux_cost = ux_cost(&m, sys);
    for (int k = 0; k < sys->n_sas; k++) leakage_mw += sys->type_leakage_mw[sys->sa_type[k]];
    m.leakage_uj = leakage_mw * m.time_us * 1e-3; /* mW x us = nJ */
    if (m.time_us > 0) {
        for (int k = 0; k < sys->n_sas; k++) {
            m.sa_utilisation[k] /= m.time_us;
            m.mean_utilisation += m.sa_utilisation[k] / sys->n_sas;
        }
        m.bandwidth_utilisation /= sys->dram_bytes_per_us * m.time_us;
    }
    if (finished) m.antt /= (double)finished;
    if (m.finished && finished) {
        m.energy_uj_per_job = m.energy_uj / (double)m.finished;
        m.edp_uj_s =
            (m.energy_uj + m.leakage_uj) / (double)m.finished * (sum / (double)finished) * 1e-6;
    }
    *out = m;
}
