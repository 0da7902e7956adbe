/* metrics.h -- what a set of episodes says about a scheduler; definitions in docs/MODEL.md. */
#ifndef RELMAS_ENV_METRICS_H
#define RELMAS_ENV_METRICS_H

#include "env/sim.h"

typedef struct NetMetrics {
    JobCounts counts;
    double mean_turnaround_us; /* of finished jobs; 0 if none */
    double sla_rate;
    double energy_uj; /* dynamic; of all that arrived, in warm-up and cool-down too */
    long arrived;
} NetMetrics;

typedef struct Metrics {
    JobCounts counts;
    double sla_rate; /* met / issued; dropped, rejected and unfinished jobs are misses */
    double p50_us, p95_us, p99_us; /* turnaround of finished jobs (nearest rank) */
    double antt;     /* mean over finished jobs of turnaround / isolated critical path */
    double stp;      /* Eyerman & Eeckhout 2008: sum over networks of T_iso / mean turnaround */
    double fairness; /* least ratio of two networks' progress, T_iso / mean turnaround / share of
                        the priorities; 0 if one of them finished no job */
    double sa_utilisation[SYS_MAX_SAS], mean_utilisation; /* busy time / time */
    double bandwidth_utilisation;                         /* bytes moved / (bandwidth x time) */
    double energy_uj, leakage_uj; /* dynamic; leakage of all SAs for the whole time */
    double energy_uj_per_job;     /* dynamic / finished jobs, those of warm-up and cool-down too */
    double edp_uj_s;              /* energy per job with leakage x mean turnaround in s */
    /* Kim et al., DREAM: sum over networks of the rate of misses x sum over networks of energy / energy
     * on the worst SAs. */
    double ux_cost;
    double time_us; /* sum of episode lengths */
    long finished;  /* jobs, those of warm-up and cool-down too */
    long decisions;
    NetMetrics net[SYS_MAX_NETS];
    JobCounts level[PRIORITY_LEVELS]; /* of requests with a priority of their own */
} Metrics;

/* One finished episode. */
typedef struct EpisodeOutcome {
    SimTotals totals;
    double end_us;
    double turnaround_us[SYS_MAX_NETS]; /* sum over finished jobs of each network */
} EpisodeOutcome;

/* A job's energy if each sub-job ran where it takes most, uJ. */
double metrics_worst_energy_uj(const System *sys, int net);

/* turnaround[finished jobs of all episodes, of those that count] in any order: sorted here.
 * priority[n_nets], NULL: equal. */
void metrics_compute(Metrics *out, const System *sys, const double *priority,
                     const EpisodeOutcome *episodes, int n, double *turnaround);

#endif
