/* fuzz_trace.c -- logs of arrivals. Gaps of an accepted one are none below 0 and have mean 1, its
 * networks exist, and a workload can run on it. */
#include "env/arrivals.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

static const char *const NAMES[] = {"kws", "resnet50"};
enum { NETS = 2, DRAWN = 50 };

static void check_gaps(const ArrivalTrace *t)
{
    double sum = 0;
    for (long i = 0; i < t->n; i++) {
        fuzz_check(t->gap[i] >= 0 && isfinite(t->gap[i]));
        fuzz_check(!t->net || (t->net[i] >= 0 && t->net[i] < NETS));
        sum += t->gap[i];
    }
    fuzz_check(fabs(sum / (double)t->n - 1) < 1e-6);
}

static void draw(const ArrivalTrace *t)
{
    const Workload wl = {.share = {0.5, 0.5},
                         .rate_per_us = 1,
                         .jobs = DRAWN,
                         .arrivals = {.process = ARRIVALS_TRACE}};
    ArrivalState s;
    Rng rng;
    rng_seed(&rng, 1, 0);
    arrivals_start(&s, &wl, NETS, t, &rng);
    for (int i = 0; i < DRAWN; i++) {
        fuzz_check(arrivals_state_ok(&s, &wl, NETS, t));
        arrivals_next(&s, &wl, NETS, t, &rng);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    long live = mem_live;
    ArrivalTrace *t;
    Err err = {0};
    Status st = arrival_trace_parse(&t, "t.csv", (const char *)data, size, NULL, NAMES, NETS, &err);

    fuzz_check_outcome(st, &err, t);
    if (t) check_gaps(t), draw(t);
    arrival_trace_destroy(t);
    fuzz_check(mem_live == live);
    return 0;
}
