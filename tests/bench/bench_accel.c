/* bench_accel.c -- time of one mapping search, over all presets and both policies, of the reference
 * layers and of nasty ones, against its limits: 10 ms a layer at most, 3 ms on average, of one core;
 * and of the program over all shipped networks and accelerators, cold, on two threads: 2 s. */
#include "accel_models/accel.h"
#include "base/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LAYERS_MAX = 256 };
static const double WORST_MS = 10, MEAN_MS = 3, PROGRAM_S = 2;
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

/* What tile ladders and bounds like least: primes, huge matrices, flat and dilated kernels, gaps
 * between windows, depthwise layers, VGG's first fc as a 7x7 kernel. */
static const LayerShape nasty[] = {
    {LAYER_FC, 1, 25088, 4096, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 512, 4096, 1, 1, 7, 7, 1, 1, 1, 1, 1, 0},
    {LAYER_FC, 128, 4096, 4096, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_GEMM, 1, 4096, 4096, 1, 4096, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_GEMM, 1, 719, 997, 1, 10007, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_GEMM, 1, 1021, 50257, 1, 1021, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_GEMM, 12, 64, 512, 1, 512, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 127, 257, 53, 59, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 509, 1021, 31, 37, 1, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 192, 192, 17, 17, 1, 7, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 192, 192, 17, 17, 7, 1, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 1, 256, 256, 33, 33, 3, 3, 1, 1, 12, 1, 1, 0},
    {LAYER_CONV, 4, 512, 512, 64, 64, 3, 3, 1, 1, 2, 1, 1, 0},
    {LAYER_CONV, 8, 720, 720, 60, 60, 3, 3, 1, 1, 1, 1, 1, 0},
    {LAYER_CONV, 2, 832, 16, 28, 149, 1, 1, 4, 4, 1, 1, 1, 0},
    {LAYER_CONV, 1, 3, 64, 512, 512, 7, 7, 2, 2, 1, 1, 1, 0},
    {LAYER_CONV, 1, 1, 1, 1024, 1024, 11, 11, 4, 4, 1, 1, 1, 0},
    {LAYER_CONV, 1, 256, 512, 28, 28, 3, 3, 1, 1, 1, 32, 1, 0},
    {LAYER_DWCONV, 1, 960, 960, 28, 28, 5, 5, 2, 2, 1, 960, 1, 0},
    {LAYER_DWCONV, 5, 480, 480, 17, 149, 1, 1, 2, 2, 2, 480, 1, 0},
};
enum { NASTY = sizeof nasty / sizeof *nasty };

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
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

static bool report(const char *what, const AccelConfig *a, MapPolicy policy, const LayerShape *of,
                   int n)
{
    double ms[LAYERS_MAX], sum = 0;
    for (int i = 0; i < n; i++) sum += ms[i] = layer_ms(a, &of[i], policy);
    stats_sort(ms, (size_t)n);
    double worst = ms[n - 1], mean = sum / n;
    bool ok = worst <= WORST_MS && mean <= MEAN_MS;
    printf("%-9s %-18s %-9s mean %6.3f  p50 %6.3f  p90 %6.3f  p99 %6.3f  worst %7.3f ms  %s\n",
           what, accel_name(a), policy == MAP_HARDWARE ? "hardware" : "timeloop", mean, ms[n / 2],
           ms[n * 9 / 10], ms[n * 99 / 100], worst, ok ? "ok" : "TOO SLOW");
    return ok;
}

static bool report_all(const AccelConfig *a)
{
    bool ok = report("reference", a, MAP_HARDWARE, layers, layer_count);
    ok = report("reference", a, MAP_TIMELOOP, layers, layer_count) && ok;
    ok = report("nasty", a, MAP_HARDWARE, nasty, NASTY) && ok;
    return report("nasty", a, MAP_TIMELOOP, nasty, NASTY) && ok;
}

/* Wall time, best of three; the program stands beside this one's directory tests/bench. */
static bool report_program(const char *self)
{
    char command[512];
    const char *end = strstr(self, "tests/bench/bench_accel");
    double best = 1e9;
    if (!end) return true;
    snprintf(command, sizeof command, "%.*sbin/relmas costs --threads 2 >/dev/null",
             (int)(end - self), self);
    for (int i = 0; i < 3; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        if (system(command) != 0) {
            fprintf(stderr, "bench_accel: '%s' failed, build the program first\n", command);
            return false;
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        double s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        if (s < best) best = s;
    }
    printf("all shipped networks on all shipped accelerators, two threads: %.2f s  %s\n", best,
           best <= PROGRAM_S ? "ok" : "TOO SLOW");
    return best <= PROGRAM_S;
}

int main(int argc, char **argv)
{
    (void)argc;
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
        ok = report_all(a) && ok;
        accel_destroy(a);
    }
    ok = report_program(argv[0]) && ok;
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
