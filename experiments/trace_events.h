/* trace_events.h -- an episode as a schedule to look at: Trace Event Format (JSON), which the Perfetto
 * UI and chrome://tracing open. docs/TRACES.md says what is in it.
 *
 * The writer watches a simulator and writes as time passes; it remembers only what is in the system.
 * Times are whole nanoseconds, so that slices of one track meet without a gap or an overlap. */
#ifndef RELMAS_EXPERIMENTS_TRACE_EVENTS_H
#define RELMAS_EXPERIMENTS_TRACE_EVENTS_H

#include "env/network.h"
#include "env/sim.h"

#include <stdio.h>

typedef struct TraceWriter TraceWriter;

/* What the episode came to beside SimTotals. */
typedef struct TraceSums {
    double isolated_us, actual_us; /* of all sub-jobs, added up */
    double most_slowdown;          /* of one sub-job: actual / isolated time */
    JobCounts jobs;                /* of all arrivals, those of the warm-up and cool-down too */
} TraceSums;

/* net[sys->n_nets]: where layers' names come from, borrowed like out and sys. mean_gap_us: between
 * arrivals; marks of arrivals and completions are that much shorter. ST_NOMEM. */
Status trace_writer_create(TraceWriter **w, FILE *out, const System *sys, int max_jobs,
                           const Network *const *net, double mean_gap_us, Err *err);
void trace_writer_destroy(TraceWriter *w); /* NULL allowed */
/* Writes all up to the first event; to be followed by an episode of a Sim with this watch. */
void trace_begin(TraceWriter *w);
const SimWatch *trace_watch(const TraceWriter *w);
/* After the episode: ends what is open, and the list of events. The object that it is in stays open:
 * the caller adds members of its own, a comma before each, and the brace. */
void trace_end(TraceWriter *w, double end_us);
const TraceSums *trace_sums(const TraceWriter *w);

#endif
