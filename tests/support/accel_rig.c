/* accel_rig.c -- tests run from the root of the source tree, where the presets are. */
#include "tests/support/accel_rig.h"

#include "accel_models/accel_internal.h"
#include "tests/support.h"

#include <stdio.h>

AccelConfig *rig_accel(const char *preset)
{
    char path[256];
    AccelConfig *a;
    Err err = {0};
    snprintf(path, sizeof path, "accel_models/presets/%s.yaml", preset);
    ck_ok(accel_load(&a, path, &err), err);
    return a;
}

void rig_accel_copy(AccelConfig *to, const char *preset)
{
    AccelConfig *a = rig_accel(preset);
    *to = *a;
    accel_destroy(a);
}

LayerCost rig_cost(const AccelConfig *a, const LayerShape *l, MapPolicy policy,
                   double dram_bytes_per_us)
{
    LayerCost c;
    Err err = {0};
    ck_ok(accel_cost(a, l, policy, dram_bytes_per_us, &c, &err), err);
    return c;
}
