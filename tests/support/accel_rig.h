/* accel_rig.h -- shipped accelerators and prices for tests, where failing to get one fails the test. */
#ifndef RELMAS_TESTS_ACCEL_RIG_H
#define RELMAS_TESTS_ACCEL_RIG_H

#include "accel_models/accel.h"

/* A preset by name; the caller destroys it. */
AccelConfig *rig_accel(const char *preset);
/* Into a struct of the caller's, to be changed at will; of dataflows whose struct is AccelConfig. */
void rig_accel_copy(AccelConfig *to, const char *preset);
/* accel_cost, which must succeed. */
LayerCost rig_cost(const AccelConfig *a, const LayerShape *l, MapPolicy policy,
                   double dram_bytes_per_us);

#endif
