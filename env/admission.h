/* admission.h -- which jobs to give up so that the others meet their deadlines.
 *
 * Moore, "An n job, one machine sequencing algorithm for minimizing the number of late jobs",
 * Management Science 15, 1968: in order of deadline, whenever a job would be late, the one with most work
 * left among those taken so far is given up. On one machine no more jobs can be on time. Here, for M SAs,
 * a job is late if
 *     (load of the admitted before it) / M + its own work  >  its slack
 * and the one with the largest load goes: as if the SAs were equal, worked for all others at once and for the
 * job one at a time, a heuristic. The load of a job is its work, or what its owner takes it for. */
#ifndef RELMAS_ENV_ADMISSION_H
#define RELMAS_ENV_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct AdmissionJob {
    double slack_us, rem_us; /* until its deadline; its own work left */
    double load_us;          /* what it takes of the SAs' time from those behind it */
    int id;                  /* the caller's */
    uint32_t seq;            /* breaks ties of slack: the earlier first */
    int admitted;            /* found: 0 or 1 */
    int heap;                /* used inside */
} AdmissionJob;

/* Sorts job[n] by slack and decides about each. O(n log n). */
void admission_choose(AdmissionJob *job, int n, int n_sas);

#endif
