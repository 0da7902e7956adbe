/* arrivals.c -- arrival processes. Each draws from the caller's generator alone, a gap and then a
 * network, so arrivals depend on the episode's seed and on nothing that a scheduler does. */
#include "env/arrivals.h"

#include <math.h>
#include <stddef.h>

const char *const ARRIVAL_NAMES[] = {"poisson", "bursty", "periodic", "trace", NULL};

enum { LEVEL_STREAM = 1 };

/* One of n by their shares. */
static int draw_of(const double *share, int n, Rng *rng)
{
    double u = rng_uniform(rng);
    int i = 0;
    while (i < n - 1 && u >= share[i]) u -= share[i++];
    while (share[i] <= 0 && i > 0) i--; /* rounding at the end of the shares */
    return i;
}

static int draw_network(const Workload *wl, int n_nets, Rng *rng)
{
    return draw_of(wl->share, n_nets, rng);
}

static void draw_level(ArrivalState *s, const Workload *wl)
{
    s->level = wl->levels ? draw_of(wl->level_share, (int)wl->levels, &s->level_rng) : -1;
}

/* ---- bursty ---- */

static double state_rate(const Workload *wl, bool burst)
{
    const Arrivals *a = &wl->arrivals;
    if (burst) return wl->rate_per_us * a->burst_ratio;
    return wl->rate_per_us * fmax(0, 1 - a->burst_share * a->burst_ratio) / (1 - a->burst_share);
}

static double state_length(const Workload *wl, bool burst, Rng *rng)
{
    const Arrivals *a = &wl->arrivals;
    double mean = a->burst_jobs / (a->burst_ratio * wl->rate_per_us);
    return rng_exponential(rng, burst ? mean : mean * (1 - a->burst_share) / a->burst_share);
}

static void start_bursty(ArrivalState *s, const Workload *wl, Rng *rng)
{
    s->in_burst = rng_uniform(rng) < wl->arrivals.burst_share;
    s->switch_us = state_length(wl, s->in_burst, rng);
}

static void next_bursty(ArrivalState *s, const Workload *wl, Rng *rng)
{
    for (double now = s->next_us;;) {
        double rate = state_rate(wl, s->in_burst);
        s->next_us = rate > 0 ? now + rng_exponential(rng, 1 / rate) : HUGE_VAL;
        if (s->next_us <= s->switch_us) return;
        now = s->switch_us; /* the exponential has no memory: drawn anew in the other state */
        s->in_burst = !s->in_burst;
        s->switch_us = now + state_length(wl, s->in_burst, rng);
    }
}

/* ---- periodic ---- */

static void draw_stream(ArrivalState *s, const Workload *wl, int net, Rng *rng)
{
    double period = 1 / (wl->rate_per_us * wl->share[net]);
    double late = wl->arrivals.jitter * (rng_uniform(rng) - 0.5);
    double at = ((double)s->stream_count[net]++ + s->stream_phase[net] + late) * period;
    s->stream_us[net] = fmax(0, at);
}

static void start_periodic(ArrivalState *s, const Workload *wl, int n_nets, Rng *rng)
{
    for (int i = 0; i < n_nets; i++) {
        s->stream_us[i] = HUGE_VAL;
        if (wl->share[i] <= 0) continue;
        s->stream_phase[i] = rng_uniform(rng);
        draw_stream(s, wl, i, rng);
    }
}

static void next_periodic(ArrivalState *s, const Workload *wl, int n_nets, Rng *rng)
{
    int first = 0;
    for (int i = 1; i < n_nets; i++)
        if (s->stream_us[i] < s->stream_us[first]) first = i;
    s->next_us = s->stream_us[first];
    s->net = first;
    draw_stream(s, wl, first, rng);
}

/* ---- trace ---- */

static void next_of_trace(ArrivalState *s, const Workload *wl, int n_nets,
                          const ArrivalTrace *trace, Rng *rng)
{
    s->next_us += trace->gap[s->position] / wl->rate_per_us;
    s->net = trace->net ? trace->net[s->position] : draw_network(wl, n_nets, rng);
    s->position = (s->position + 1) % trace->n;
}

/* ---- all ---- */

Status arrivals_check(const Arrivals *a, Err *err)
{
    if (a->process < ARRIVALS_POISSON || a->process > ARRIVALS_TRACE)
        return err_set(err, ST_CONFIG, "arrivals: there is no process %d", a->process);
    if (a->process == ARRIVALS_BURSTY) {
        if (!(a->burst_ratio >= 1 && a->burst_share > 0 && a->burst_share < 1 &&
              a->burst_jobs >= 1) ||
            isinf(a->burst_ratio) || isinf(a->burst_jobs))
            return err_set(err, ST_CONFIG,
                           "bursty arrivals: want burst_ratio >= 1, burst_share in (0, 1) and "
                           "burst_jobs >= 1, got %g, %g and %g",
                           a->burst_ratio, a->burst_share, a->burst_jobs);
        if (a->burst_ratio * a->burst_share > 1 + 1e-12)
            return err_set(err, ST_CONFIG,
                           "bursty arrivals: burst_ratio x burst_share is %g, more than all "
                           "requests; at most 1",
                           a->burst_ratio * a->burst_share);
    }
    if (a->process == ARRIVALS_PERIODIC && !(a->jitter >= 0 && a->jitter <= 1))
        return err_set(err, ST_CONFIG, "periodic arrivals: jitter must be in 0..1, got %g",
                       a->jitter);
    return ST_OK;
}

void arrivals_start(ArrivalState *s, const Workload *wl, int n_nets, const ArrivalTrace *trace,
                    Rng *rng)
{
    *s = (ArrivalState){.next_us = 0};
    rng_seed(&s->level_rng, rng->s[0], LEVEL_STREAM);
    if (wl->arrivals.process == ARRIVALS_BURSTY) start_bursty(s, wl, rng);
    if (wl->arrivals.process == ARRIVALS_PERIODIC) start_periodic(s, wl, n_nets, rng);
    if (wl->arrivals.process == ARRIVALS_TRACE) s->position = rng_below(rng, (uint32_t)trace->n);
    arrivals_next(s, wl, n_nets, trace, rng);
}

void arrivals_next(ArrivalState *s, const Workload *wl, int n_nets, const ArrivalTrace *trace,
                   Rng *rng)
{
    switch (wl->arrivals.process) {
    case ARRIVALS_BURSTY:
        next_bursty(s, wl, rng);
        s->net = draw_network(wl, n_nets, rng);
        break;
    case ARRIVALS_PERIODIC:
        next_periodic(s, wl, n_nets, rng);
        break;
    case ARRIVALS_TRACE:
        next_of_trace(s, wl, n_nets, trace, rng);
        break;
    default:
        s->next_us += rng_exponential(rng, 1 / wl->rate_per_us);
        s->net = draw_network(wl, n_nets, rng);
    }
    draw_level(s, wl);
}

bool arrivals_state_ok(const ArrivalState *s, const Workload *wl, int n_nets,
                       const ArrivalTrace *trace)
{
    if (arrivals_check(&wl->arrivals, NULL) != ST_OK) return false;
    if (!(s->next_us >= 0) || isinf(s->next_us) || s->net < 0 || s->net >= n_nets) return false;
    if (!workload_level_ok(wl, s->level)) return false;
    if (wl->arrivals.process == ARRIVALS_TRACE)
        return trace && s->position >= 0 && s->position < trace->n;
    if (wl->arrivals.process == ARRIVALS_BURSTY)
        return (s->in_burst == 0 || s->in_burst == 1) && s->switch_us >= 0 &&
               isfinite(s->switch_us);
    for (int i = 0; wl->arrivals.process == ARRIVALS_PERIODIC && i < n_nets; i++)
        if (!(s->stream_us[i] >= 0) || !(s->stream_phase[i] >= 0 && s->stream_phase[i] <= 1) ||
            s->stream_count[i] < 0)
            return false;
    return true;
}
