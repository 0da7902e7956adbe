/* tiny_system.h -- hand-made Systems whose behaviour can be computed on paper, and random ones. */
#ifndef RELMAS_TESTS_TINY_SYSTEM_H
#define RELMAS_TESTS_TINY_SYSTEM_H

#include "base/rng.h"
#include "env/system.h"

/* Two SAs of two types that share 100 bytes/us; leakage 1 and 2 mW. Two chains of two sub-jobs,
 * (latency us, bytes = demand bytes/us, energy uJ):
 *              SA 0 "even"              SA 1 "odd"
 *   alpha[0]   10 us,  800 =  80/us, 8   20 us, 800 = 40/us, 4
 *   alpha[1]   20 us,    0,         10   10 us,   0,         5     (compute only)
 *   beta[0]    10 us,  400 =  40/us, 6   10 us, 800 = 80/us, 6
 *   beta[1]     5 us,  500 = 100/us, 3   10 us, 500 = 50/us, 3
 * t_iso: alpha 20, beta 15. Worked examples of contention, both sub-jobs started at t = 0:
 *   alpha[0] on SA 0 (80/us) and beta[0] on SA 1 (80/us): 50/us each, rates 0.625, both end at 16.
 *   alpha[0] on SA 0 (80/us) and beta[1] on SA 1 (50/us), max-min: 50/us each, rates 0.625 and 1;
 *     beta[1] ends at 10; 300 bytes of alpha[0] are left, now at 80/us: it ends at 13.75.
 *   the same, proportional: both at rate 100/130; beta[1] and alpha[0] end at 13.
 *   alpha[0] on SA 1 (40/us) and beta[0] on SA 0 (40/us): no contention, ends at 20 and 10. */
Status tiny_system_two_sas(System **out, Err *err);

/* Same machine; one network "diamond": 0 -> {1, 2} -> 3, all sub-jobs 10 us on either SA, without
 * DRAM traffic, 1 uJ each. t_iso 30, rem 40; on two SAs the job alone takes 30 us, on one 40 us. */
Status tiny_system_diamond(System **out, Err *err);

typedef struct RandomSystemLimits {
    int max_sas, max_types, max_nets, max_subjobs; /* each 1.. what system.h allows */
    double edge_probability;                       /* of each pair s < t, t - s <= 4 */
    double compute_only_probability;               /* of each (sub-job, type): no bytes */
} RandomSystemLimits;

extern const RandomSystemLimits RANDOM_SYSTEM_DEFAULT; /* 5 SAs, 3 types, 4 nets, 12 sub-jobs */

/* Random DAGs and costs: latencies 1 to 100 us, demands up to the whole bandwidth of 1000 bytes/us
 * (sometimes exactly it), every type has at least one SA. Advances *rng. */
Status random_system(System **out, Rng *rng, const RandomSystemLimits *limits, Err *err);

#endif
