/* bench_accel.c -- time of one mapping search over all reference layers and presets, against its
 * limits: 10 ms a layer at most, 3 ms on average, of one core. */
#include "accel_models/accel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LAYERS_MAX = 256 };
static const double WORST_MS = 10, MEAN_MS = 3;
static const char *const presets[] = {
    "simba-16pe",    "simba-64pe",         "eyeriss-12x14",      "eyeriss-jssc17", "eyeriss-32x32",
    "eyeriss-64x64", "eyeriss-32x32-int8", "eyeriss-64x64-int8", "os-32x32",       "os-128x128"};
enum { PRESETS = sizeof presets / sizeof *presets };

static LayerShape layers[LAYERS_MAX];
static int layer_count;

static LayerType type_of(const char *name)
{
    return !strcmp(name, "dw") ? LAYER_DWCONV : !strcmp(name, "fc") ? LAYER_FC : LAYER_CONV;
}

static bool read_layers(const char *path)
{
    char line[512], accel[32], type[32];
    FILE *f = fopen(path, "r");
    if (!f) return false;
    while (fgets(line, sizeof line, f) && layer_count < LAYERS_MAX) {
        LayerShape *l = &layers[layer_count];
        l->operands = 1;
        int got = sscanf(line, "%31[^,],%*[^,],%*[^,],%31[^,],%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d",
                         accel, type, &l->N, &l->C, &l->K, &l->P, &l->Q, &l->R, &l->S, &l->stride_h,
                         &l->stride_w, &l->dilation, &l->groups);
        l->type = type_of(type);
        if (got == 13 && !strcmp(accel, "simba")) layer_count++;
    }
    fclose(f);
    return layer_count > 0;
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Best of three: another process may have cooled the caches. */
static double layer_ms(const AccelConfig *a, const LayerShape *l, MapPolicy policy)
{
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        LayerCost c;
        double start = cpu_ms();
        if (accel_cost(a, l, policy, 0, &c, NULL) != ST_OK) return 1e9;
        double ms = cpu_ms() - start;
        if (ms < best) best = ms;
    }
    return best;
}

static bool report(const AccelConfig *a, MapPolicy policy)
{
    double ms[LAYERS_MAX], sum = 0;
    for (int i = 0; i < layer_count; i++) sum += ms[i] = layer_ms(a, &layers[i], policy);
    qsort(ms, (size_t)layer_count, sizeof *ms, ascending);
    double worst = ms[layer_count - 1], mean = sum / layer_count;
    bool ok = worst <= WORST_MS && mean <= MEAN_MS;
    printf("%-18s %-9s mean %6.3f  p50 %6.3f  p90 %6.3f  worst %7.3f ms  %s\n", accel_name(a),
           policy == MAP_HARDWARE ? "hardware" : "timeloop", mean, ms[layer_count / 2],
           ms[layer_count * 9 / 10], worst, ok ? "ok" : "TOO SLOW");
    return ok;
}

int main(void)
{
    bool ok = read_layers("tests/golden/accel/timeloop.csv");
    if (!ok) fprintf(stderr, "bench_accel: cannot read the golden layers, run it from the root\n");
    for (int i = 0; layer_count && i < PRESETS; i++) {
        char path[256];
        AccelConfig *a;
        Err err = {0};
        snprintf(path, sizeof path, "accel_models/presets/%s.yaml", presets[i]);
        if (accel_load(&a, path, &err) != ST_OK) {
            fprintf(stderr, "bench_accel: %s\n", err.msg);
            return EXIT_FAILURE;
        }
        ok = report(a, MAP_HARDWARE) && ok;
        ok = report(a, MAP_TIMELOOP) && ok;
        accel_destroy(a);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
