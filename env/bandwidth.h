/* bandwidth.h -- how one DRAM is divided among running sub-jobs. */
#ifndef RELMAS_ENV_BANDWIDTH_H
#define RELMAS_ENV_BANDWIDTH_H

enum { BANDWIDTH_MAX_SHARERS = 16 };

/* rate[i] = min(1, granted/demand[i]); demand in bytes/us, 0 = computes only (rate 1).
 * Max-min fair: nobody gets more by giving less to somebody who has less or equal. */
void bandwidth_max_min(const double *demand, int n, double capacity, double *rate);
/* Everybody is slowed by the same factor capacity / sum of demands. */
void bandwidth_proportional(const double *demand, int n, double capacity, double *rate);

#endif
