/* fuzz_system.c -- system files, which are read from files only: each input becomes one. Of what is
 * accepted every value is in its range, and every type of accelerator has a price for a small layer,
 * or says why not. */
#include "env/system_file.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

static void check_price(const AccelConfig *a)
{
    const LayerShape conv = {LAYER_CONV, 1, 8, 8, 4, 4, 3, 3, 1, 1, 1, 1, 1, 0};
    LayerCost cost;
    Err why = {0};
    if (accel_cost(a, &conv, MAP_HARDWARE, 0, &cost, &why) == ST_OK)
        fuzz_check(isfinite(cost.cycles) && cost.cycles > 0 && isfinite(cost.energy_pj));
    else
        fuzz_check(why.msg[0] && !strchr(why.msg, '\n'));
}

static void check_system(const SystemFile *f)
{
    int sas = 0;
    fuzz_check(f->name[0] && f->dram_gbps > 0 && f->dram_gbps <= 1e6);
    fuzz_check((int)f->arbitration >= 0 && (int)f->arbitration < ARBITRATIONS);
    fuzz_check(!(f->replan_us < 0) && f->replan_us <= 1e9);
    fuzz_check(!(f->replan_us > 0) || f->replan_us >= SYS_LEAST_REPLAN_US);
    fuzz_check(f->n_types >= 1 && f->n_types <= SYS_MAX_TYPES);
    for (int t = 0; t < f->n_types; t++) {
        fuzz_check(f->type[t].count >= 1 && f->type[t].accel);
        for (int u = 0; u < t; u++) fuzz_check(strcmp(f->type[t].name, f->type[u].name) != 0);
        check_price(f->type[t].accel);
        sas += f->type[t].count;
    }
    fuzz_check(sas == f->n_sas && sas <= SYS_MAX_SAS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SystemFile *f;
    Err err = {0};
    long live = mem_live;

    fuzz_write_file(".yaml", data, size);
    Status st = system_file_load(&f, fuzz_path, &err);
    if (st == ST_CONFIG || st == ST_IO) st = ST_FORMAT; /* a preset that is not there, or no file */
    fuzz_check_outcome(st, &err, f);
    if (f) check_system(f);
    system_file_destroy(f);
    fuzz_check(mem_live == live);
    return 0;
}
