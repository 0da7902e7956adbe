/* fuzz_accel.c -- accelerator presets, which are read from files only: each input becomes one. What
 * is accepted has a price for a small layer, or says why not. */
#include "accel_models/accel.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const LayerShape conv = {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0};
    AccelConfig *a;
    LayerCost cost;
    Err err = {0}, why = {0};
    long live = mem_live;

    fuzz_write_file(".yaml", data, size);
    Status st = accel_load(&a, fuzz_path, &err);
    if (st == ST_CONFIG) st = ST_FORMAT;
    fuzz_check_outcome(st, &err, a);
    if (a && accel_cost(a, &conv, MAP_HARDWARE, 0, &cost, &why) == ST_OK)
        fuzz_check(isfinite(cost.cycles) && cost.cycles > 0 && isfinite(cost.energy_pj));
    accel_destroy(a);
    fuzz_check(mem_live == live);
    return 0;
}
