/* trace_events.c -- events in the order in which they are known: a slice of an SA when it ends, a
 * counter when time is about to pass. Viewers sort by time; events of the same instant are read in
 * the order of the file, which is why a slice is written before the flow that is bound to it. */
#include "experiments/trace_events.h"

#include "base/mem.h"
#include "experiments/output.h"

#include <math.h>
#include <string.h>

/* Viewers tell threads apart by tid alone, and a thread with its process' number is its main one. */
enum {
    REQUESTS = 1, /* processes */
    MACHINE = 2,
    ARRIVALS = 11, /* threads */
    COMPLETIONS = 12,
    DEADLINES = 13,
    FIRST_SA = 101
};
enum { NOT_SHOWN = -1 };

typedef struct Running {
    double start_us;
    long request;
    int net;
} Running;

/* A request that is in the system. */
typedef struct Request {
    long number;     /* in the order of arrival, from 0 */
    long long at_ns; /* where its flow begins */
} Request;

/* Short slices, each of which ends at the latest when the next begins. */
typedef struct Marks {
    int thread;
    long long begin_ns; /* of the one that is open */
    bool open;
} Marks;

struct TraceWriter {
    FILE *out;
    const System *sys;
    const Network *const *net;
    SimWatch watch;
    Request *request; /* [max_jobs] by slot */
    long arrived;
    long long mark_ns; /* longest mark */
    Marks arrivals, completions;
    Running running[SYS_MAX_SAS];
    double gbps; /* counters as last written */
    int ready, queued, in_system;
    bool later; /* an event has been written: the next needs a comma */
    TraceSums sums;
};

/* ---- events ---- */

static long long ns_of(double us)
{
    return llround(fmin(us, 9e15) * 1e3);
}

/* {"ph": "X", "pid": .., "tid": .., "ts": us */
static void begin_event(TraceWriter *w, char phase, int process, int thread, long long ns)
{
    fprintf(w->out, "%s\n{\"ph\": \"%c\", \"pid\": %d, \"tid\": %d, \"ts\": %lld.%03lld",
            w->later ? "," : "", phase, process, thread, ns / 1000, ns % 1000);
    w->later = true;
}

static void put_text(TraceWriter *w, const char *key, const char *text)
{
    fprintf(w->out, ", \"%s\": ", key);
    write_json_text(w->out, text);
}

static const char *net_name(const TraceWriter *w, int net)
{
    return w->sys->net[net].name;
}

/* ", "args": {"job": .., "network": .." */
static void begin_args(TraceWriter *w, long request, int net)
{
    fprintf(w->out, ", \"args\": {\"job\": %ld, \"tenant\": %d", request, net);
    put_text(w, "network", net_name(w, net));
}

static void end_event(TraceWriter *w)
{
    fputs("}", w->out);
}

/* ph: s, t or f, bound to the slice that holds this instant. */
static void put_flow(TraceWriter *w, char phase, int process, int thread, long long ns,
                     long request)
{
    begin_event(w, phase, process, thread, ns);
    fprintf(w->out, ", \"cat\": \"request\", \"name\": \"request\", \"id\": %ld%s}", request + 1,
            phase == 's' ? "" : ", \"bp\": \"e\"");
}

static void put_name(TraceWriter *w, const char *of, int process, int thread, int place,
                     const char *name)
{
    begin_event(w, 'M', process, thread, 0);
    fprintf(w->out, ", \"name\": \"%s_name\", \"args\": {\"name\": ", of);
    write_json_text(w->out, name);
    fputs("}}", w->out);
    begin_event(w, 'M', process, thread, 0);
    fprintf(w->out, ", \"name\": \"%s_sort_index\", \"args\": {\"sort_index\": %d}}", of, place);
}

/* ---- marks ---- */

/* Where the next mark of the track may begin: at this instant or, if one began then, just after. */
static long long place_mark(const Marks *m, long long ns)
{
    return m->open && ns <= m->begin_ns ? m->begin_ns + 1 : ns;
}

static void end_mark(TraceWriter *w, Marks *m, long long limit_ns)
{
    long long end = m->begin_ns + w->mark_ns;
    if (!m->open) return;
    begin_event(w, 'E', REQUESTS, m->thread, end < limit_ns ? end : limit_ns);
    end_event(w);
    m->open = false;
}

/* Its arguments follow. */
static void begin_mark(TraceWriter *w, Marks *m, long long ns, const char *name, const char *colour,
                       int net)
{
    end_mark(w, m, ns);
    m->begin_ns = ns;
    m->open = true;
    begin_event(w, 'B', REQUESTS, m->thread, ns);
    put_text(w, "name", name);
    put_text(w, "cat", net_name(w, net));
    if (colour) put_text(w, "cname", colour);
}

/* Returns where the request's flow begins. */
static long long put_arrival(TraceWriter *w, int net, double us, double deadline_us)
{
    long long ns = place_mark(&w->arrivals, ns_of(us));
    begin_mark(w, &w->arrivals, ns, net_name(w, net), NULL, net);
    begin_args(w, w->arrived, net);
    fprintf(w->out, ", \"deadline_us\": %.9g}}", deadline_us - us);
    put_flow(w, 's', REQUESTS, ARRIVALS, ns, w->arrived);
    w->sums.jobs.issued++;
    return ns;
}

/* ---- what the simulator tells ---- */

static void arrive(void *ctx, const Sim *sim, int job)
{
    TraceWriter *w = ctx;
    JobView v;
    sim_job(sim, job, &v);
    w->request[job].at_ns = put_arrival(w, v.net, v.arrival_us, v.deadline_us);
    w->request[job].number = w->arrived++;
}

static void start(void *ctx, const Sim *sim, int sa, int job, int sub)
{
    TraceWriter *w = ctx;
    JobView v;
    (void)sub;
    sim_job(sim, job, &v);
    w->running[sa] =
        (Running){.start_us = sim_now(sim), .request = w->request[job].number, .net = v.net};
}

static void add_up(TraceWriter *w, double actual_us, double isolated_us)
{
    TraceSums *s = &w->sums;
    s->actual_us += actual_us;
    s->isolated_us += isolated_us;
    s->most_slowdown = fmax(s->most_slowdown, actual_us / isolated_us);
}

static void put_slice(TraceWriter *w, int sa, int sub, double end_us)
{
    const Running *r = &w->running[sa];
    const Network *net = w->net[r->net];
    const char *layer = net->layer[net->subjob[sub].layer].name;
    const SubJobCost *c = &w->sys->net[r->net].cost[w->sys->sa_type[sa]][sub];
    long long begin = ns_of(r->start_us), length = ns_of(end_us) - begin;
    double actual_us = end_us - r->start_us;
    char name[SYS_NAME_MAX + NET_NAME_MAX + 1];

    snprintf(name, sizeof name, "%s/%s", net_name(w, r->net), layer);
    begin_event(w, 'X', MACHINE, FIRST_SA + sa, begin);
    fprintf(w->out, ", \"dur\": %lld.%03lld", length / 1000, length % 1000);
    put_text(w, "name", name);
    put_text(w, "cat", net_name(w, r->net));
    begin_args(w, r->request, r->net);
    put_text(w, "layer", layer);
    fprintf(w->out,
            ", \"isolated_us\": %.9g, \"slowdown\": %.6g, \"bytes\": %.15g, \"energy_uj\": %.9g}}",
            c->latency_us, actual_us / c->latency_us, c->bytes, c->energy_uj);
    add_up(w, actual_us, c->latency_us);
}

static void end(void *ctx, const Sim *sim, int sa, int job, int sub)
{
    TraceWriter *w = ctx;
    long long begin = ns_of(w->running[sa].start_us), flow = w->request[job].at_ns;
    put_slice(w, sa, sub, sim_now(sim));
    put_flow(w, 't', MACHINE, FIRST_SA + sa, begin > flow ? begin : flow, w->running[sa].request);
}

typedef enum { MET, LATE, DROPPED, REJECTED } Fate;
static const char *const FATES[] = {"met", "late", "dropped", "rejected"};
/* Of chrome://tracing; the Perfetto UI colours by name. */
static const char *const COLOURS[] = {"good", "bad", "terrible", "terrible"};

static Fate fate_of(const JobRecord *r)
{
    if (r->met) return MET;
    if (r->job < 0) return REJECTED;
    return r->dropped ? DROPPED : LATE;
}

static void count(JobCounts *c, Fate fate)
{
    c->met += fate == MET;
    c->late += fate == LATE;
    c->dropped += fate == DROPPED;
    c->rejected += fate == REJECTED;
}

static void put_miss(TraceWriter *w, const JobRecord *r, long request, const char *fate)
{
    double us = r->job < 0 ? r->arrival_us : r->deadline_us;
    char name[SYS_NAME_MAX + 16];
    snprintf(name, sizeof name, "%s %s", fate, net_name(w, r->net));
    begin_event(w, 'i', REQUESTS, DEADLINES, ns_of(us));
    put_text(w, "name", name);
    put_text(w, "cat", "miss");
    fputs(", \"s\": \"t\"", w->out);
    begin_args(w, request, r->net);
    fprintf(w->out, ", \"late_us\": %.9g}}", r->end_us - us);
}

static void leave(void *ctx, const Sim *sim, const JobRecord *r)
{
    TraceWriter *w = ctx;
    Fate fate = fate_of(r);
    bool rejected = fate == REJECTED;
    long long flow =
        rejected ? put_arrival(w, r->net, r->arrival_us, r->deadline_us) : w->request[r->job].at_ns;
    long request = rejected ? w->arrived++ : w->request[r->job].number;
    long long at = ns_of(r->end_us), ns = place_mark(&w->completions, at > flow ? at : flow);

    (void)sim;
    begin_mark(w, &w->completions, ns, FATES[fate], COLOURS[fate], r->net);
    begin_args(w, request, r->net);
    fprintf(w->out,
            ", \"turnaround_us\": %.9g, \"slack_us\": %.9g, \"energy_uj\": %.9g, \"counted\": "
            "%s}}",
            r->end_us - r->arrival_us, r->deadline_us - r->end_us, r->energy_uj,
            r->counted ? "true" : "false");
    put_flow(w, 'f', REQUESTS, COMPLETIONS, ns, request);
    if (!r->met) put_miss(w, r, request, FATES[fate]);
    count(&w->sums.jobs, fate);
}

/* ---- counters ---- */

static void put_counters(TraceWriter *w, long long ns, double gbps, int ready, int queued,
                         int in_system)
{
    if (gbps < w->gbps || gbps > w->gbps) {
        begin_event(w, 'C', MACHINE, MACHINE, ns);
        fprintf(w->out, ", \"name\": \"DRAM bandwidth in use\", \"args\": {\"GB/s\": %.9g}}", gbps);
    }
    if (ready != w->ready || queued != w->queued) {
        begin_event(w, 'C', MACHINE, MACHINE, ns);
        fprintf(w->out,
                ", \"name\": \"waiting sub-jobs\", \"args\": {\"ready\": %d, \"queued\": %d}}",
                ready, queued);
    }
    if (in_system != w->in_system) {
        begin_event(w, 'C', REQUESTS, REQUESTS, ns);
        fprintf(w->out, ", \"name\": \"requests\", \"args\": {\"in the system\": %d}}", in_system);
    }
    w->gbps = gbps;
    w->ready = ready;
    w->queued = queued;
    w->in_system = in_system;
}

static void advance(void *ctx, const Sim *sim, double to_us)
{
    TraceWriter *w = ctx;
    double bytes_per_us = 0;
    int queued = 0;
    (void)to_us;
    for (int m = 0; m < w->sys->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        bytes_per_us += v.demand * v.rate;
        queued += v.queued;
    }
    put_counters(w, ns_of(sim_now(sim)), bytes_per_us * 1e-3, sim_ready_count(sim), queued,
                 sim_jobs_in_system(sim));
}

/* ---- the whole ---- */

void trace_begin(TraceWriter *w)
{
    fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", w->out);
    put_name(w, "process", REQUESTS, REQUESTS, 1, "requests");
    put_name(w, "thread", REQUESTS, ARRIVALS, 1, "arrivals");
    put_name(w, "thread", REQUESTS, COMPLETIONS, 2, "completions");
    put_name(w, "thread", REQUESTS, DEADLINES, 3, "missed deadlines");
    put_name(w, "process", MACHINE, MACHINE, 2, w->sys->name);
    for (int m = 0; m < w->sys->n_sas; m++) {
        char name[SYS_NAME_MAX + 16];
        snprintf(name, sizeof name, "SA %d %s", m, w->sys->type_name[w->sys->sa_type[m]]);
        put_name(w, "thread", MACHINE, FIRST_SA + m, m + 1, name);
    }
}

void trace_end(TraceWriter *w, double end_us)
{
    end_mark(w, &w->arrivals, INT64_MAX);
    end_mark(w, &w->completions, INT64_MAX);
    put_counters(w, ns_of(end_us), 0, 0, 0, 0);
    fputs("\n]", w->out);
}

const SimWatch *trace_watch(const TraceWriter *w)
{
    return &w->watch;
}

const TraceSums *trace_sums(const TraceWriter *w)
{
    return &w->sums;
}

Status trace_writer_create(TraceWriter **out, FILE *file, const System *sys, int max_jobs,
                           const Network *const *net, double mean_gap_us, Err *err)
{
    TraceWriter *w = mem_calloc(1, sizeof *w);
    *out = w;
    if (w) w->request = mem_calloc((size_t)max_jobs, sizeof *w->request);
    if (!w || !w->request) {
        trace_writer_destroy(w);
        *out = NULL;
        return err_set(err, ST_NOMEM, "trace: %s", status_text(ST_NOMEM));
    }
    w->out = file;
    w->sys = sys;
    w->net = net;
    w->watch = (SimWatch){w, arrive, start, end, leave, advance};
    w->mark_ns = ns_of(mean_gap_us / 20) + 1;
    w->arrivals.thread = ARRIVALS;
    w->completions.thread = COMPLETIONS;
    w->gbps = w->ready = w->queued = w->in_system = NOT_SHOWN;
    return ST_OK;
}

void trace_writer_destroy(TraceWriter *w)
{
    if (!w) return;
    mem_free(w->request);
    mem_free(w);
}
