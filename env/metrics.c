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

/* Adds the episode's finished jobs; returns how many turnarounds were written. */
static long add_episode(Metrics *m, const System *sys, const EpisodeOutcome *e, double *turnaround)
{
    long n = 0;
    add_counts(&m->counts, &e->totals.all);
    m->decisions += e->totals.decisions;
    m->time_us += e->end_us;
    m->energy_uj += e->totals.energy_uj;
    m->bandwidth_utilisation += e->totals.bytes_moved;
    for (int k = 0; k < sys->n_sas; k++) m->sa_utilisation[k] += e->totals.busy_us[k];
    for (int i = 0; i < sys->n_nets; i++) add_counts(&m->net[i].counts, &e->totals.net[i]);
    for (long i = 0; i < e->totals.all.issued; i++) {
        const JobRecord *j = &e->log[i];
        if (j->dropped) continue;
        turnaround[n] = j->end_us - j->arrival_us;
        m->net[j->net].mean_turnaround_us += turnaround[n];
        m->antt += turnaround[n] / sys->net[j->net].t_iso_us;
        n++;
    }
    return n;
}

/* Normalised progress of each network and what follows from it. */
static void per_network(Metrics *m, const System *sys)
{
    double least = HUGE_VAL, most = 0;
    for (int i = 0; i < sys->n_nets; i++) {
        NetMetrics *net = &m->net[i];
        long finished = net->counts.met + net->counts.late;
        net->sla_rate = job_counts_sla_rate(&net->counts);
        if (finished == 0) { /* no progress; one without jobs does not count */
            if (net->counts.issued) least = 0;
            continue;
        }
        net->mean_turnaround_us /= (double)finished;
        double progress = sys->net[i].t_iso_us / net->mean_turnaround_us;
        m->stp += progress;
        least = fmin(least, progress);
        most = fmax(most, progress);
    }
    m->fairness = most > 0 ? least / most : 0;
}

void metrics_compute(Metrics *out, const System *sys, const EpisodeOutcome *episodes, int n,
                     double *scratch)
{
    long finished = 0;
    double sum = 0, leakage_mw = 0;
    Metrics m;

    memset(&m, 0, sizeof m);
    for (int i = 0; i < n; i++) finished += add_episode(&m, sys, &episodes[i], scratch + finished);
    for (long i = 0; i < finished; i++) sum += scratch[i];
    stats_sort(scratch, (size_t)finished);
    m.sla_rate = job_counts_sla_rate(&m.counts);
    m.p50_us = percentile(scratch, finished, 0.50);
    m.p95_us = percentile(scratch, finished, 0.95);
    m.p99_us = percentile(scratch, finished, 0.99);
    per_network(&m, sys);
    for (int k = 0; k < sys->n_sas; k++) leakage_mw += sys->type_leakage_mw[sys->sa_type[k]];
    m.leakage_uj = leakage_mw * m.time_us * 1e-3; /* mW x us = nJ */
    if (m.time_us > 0) {
        for (int k = 0; k < sys->n_sas; k++) {
            m.sa_utilisation[k] /= m.time_us;
            m.mean_utilisation += m.sa_utilisation[k] / sys->n_sas;
        }
        m.bandwidth_utilisation /= sys->dram_bytes_per_us * m.time_us;
    }
    if (finished) {
        m.antt /= (double)finished;
        m.energy_uj_per_job = m.energy_uj / (double)finished;
        m.edp_uj_s =
            (m.energy_uj + m.leakage_uj) / (double)finished * (sum / (double)finished) * 1e-6;
    }
    *out = m;
}
