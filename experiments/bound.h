/* bound.h -- the fluid bound behind `relmas costs --system S --workload W`: the rate of requests that
 * no scheduler can exceed, what limits it, and where the optimum runs what. */
#ifndef RELMAS_EXPERIMENTS_BOUND_H
#define RELMAS_EXPERIMENTS_BOUND_H

#include "env/system.h"

typedef struct Bound {
    System *sys; /* owned */
    double share[SYS_MAX_NETS];
    FluidBound at;
    char binding[256];
    const char *workload; /* as the user named it */
} Bound;

/* workload: names of sets (light, heavy, mixed), networks or files separated by commas, each perhaps
 * with its share of the requests, NAME:X; shares are relative, 1 if not given. */
Status bound_solve(Bound *b, const char *system, const char *workload, int threads, Err *err);
void bound_print(const Bound *b, int format); /* Format */
void bound_free(Bound *b);

#endif
