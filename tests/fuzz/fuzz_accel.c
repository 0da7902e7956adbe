/* fuzz_accel.c -- accelerator presets, which are read from files only: each input becomes one. What
 * is accepted has a price for a small layer, or says why not. */
#include "accel_models/accel.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <unistd.h>

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

static void write_file(const uint8_t *data, size_t size)
{
    if (!*path) {
        snprintf(path, sizeof path, "/tmp/relmas-fuzz-%ld.yaml", (long)getpid());
        atexit(remove_file);
    }
    FILE *f = fopen(path, "wb");
    fuzz_check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const LayerShape conv = {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0};
    AccelConfig *a;
    LayerCost cost;
    Err err = {0}, why = {0};
    long live = mem_live;

    write_file(data, size);
    Status st = accel_load(&a, path, &err);
    if (st == ST_CONFIG) st = ST_FORMAT;
    fuzz_check_outcome(st, &err, a);
    if (a && accel_cost(a, &conv, MAP_HARDWARE, 0, &cost, &why) == ST_OK)
        fuzz_check(isfinite(cost.cycles) && cost.cycles > 0 && isfinite(cost.energy_pj));
    accel_destroy(a);
    fuzz_check(mem_live == live);
    return 0;
}
