/* cmd_trace.c -- `relmas trace`: one episode as a schedule to look at, in the Perfetto UI or
 * chrome://tracing. The events are written by trace_events.c; docs/TRACES.md describes them. */
#include "base/args.h"
#include "base/mem.h"
#include "base/path.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"
#include "experiments/output.h"
#include "experiments/target.h"
#include "experiments/trace_events.h"

#include <string.h>

typedef struct Options {
    ArgList policy, set;
    const char *scenario, *out;
    double load; /* 0: the scenario's last */
    int jobs;    /* 0: the scenario's */
    int threads;
    bool force;
    uint64_t seed; /* UINT64_MAX: the scenario's */
} Options;

typedef struct Session {
    Options *o;
    Scenario *scenario;
    Network *net[SYS_MAX_NETS]; /* for the names of layers */
    Pool *pool;
    NamedContender who;
    Sim *sim;
    TraceWriter *writer;
    Target target;
} Session;

/* ---- what is traced ---- */

static Status load_networks(Session *s, Err *err)
{
    Status st = ST_OK;
    for (int i = 0; i < s->scenario->sys->n_nets; i++) {
        char path[PATH_MAX_BYTES];
        TRY(path_find(path, sizeof path, "env/networks", s->scenario->network[i], ".yaml", err));
        TRY(network_load(&s->net[i], path, err));
        if (s->net[i]->n_subjobs != s->scenario->sys->net[i].n_subjobs) {
            st = err_set(err, ST_FORMAT, "%.300s: has changed since it was read, try again", path);
            goto fail;
        }
    }
fail:
    return st;
}

static Status prepare(Session *s, Options *o, Err *err)
{
    ScenarioConfig sc;
    Status st;

    s->o = o;
    TRY(target_check("trace", o->out, o->force, err));
    TRY(contender_scenario(&sc, o->scenario, &o->policy, &o->set, err));
    if (o->jobs) sc.episode_jobs = o->jobs;
    if (!(o->load > 0)) o->load = sc.loads.v[sc.loads.n - 1];
    if (o->seed == UINT64_MAX) o->seed = sc.eval_seed;
    TRY(scenario_create(&s->scenario, &sc, o->threads, err));
    TRY(load_networks(s, err));
    TRY(pool_create(&s->pool, o->threads, err));
    TRY(contender_open(&s->who, o->policy.v[0], s->scenario, s->pool, err));
    TRY(evaluate_sim(&s->sim, s->scenario, &s->who.who, err));
fail:
    return st;
}

/* ---- the trace ---- */

static void put_member(FILE *out, const char *key, const char *text)
{
    fprintf(out, ",\n \"%s\": ", key);
    write_json_text(out, text);
}

/* What it is a trace of: viewers show it, other programs can read it. */
static void put_about(const Session *s)
{
    FILE *out = s->target.out;
    const JobCounts *c = &trace_sums(s->writer)->jobs;
    fputs(",\n\"otherData\": {\"program\": \"relmas " RELMAS_VERSION "\"", out);
    put_member(out, "policy", s->o->policy.v[0]);
    put_member(out, "scenario", s->scenario->cfg.name);
    put_member(out, "system", s->scenario->sys->name);
    fprintf(out,
            ",\n \"load\": %.9g, \"seed\": %llu, \"issued\": %ld, \"met\": %ld, \"late\": %ld, "
            "\"dropped\": %ld, \"rejected\": %ld, \"end_us\": %.15g}}\n",
            s->o->load, (unsigned long long)s->o->seed, c->issued, c->met, c->late, c->dropped,
            c->rejected, sim_now(s->sim));
}

static Status write_trace(Session *s, Err *err)
{
    Workload wl = scenario_workload(s->scenario, s->o->load);
    const Network *net[SYS_MAX_NETS];
    Status st;

    for (int i = 0; i < SYS_MAX_NETS; i++) net[i] = s->net[i];
    TRY(target_open(&s->target, s->o->out, err));
    st = trace_writer_create(&s->writer, s->target.out, s->scenario->sys,
                             sim_config(s->sim)->max_jobs, net, 1 / wl.rate_per_us, err);
    if (st == ST_OK) {
        trace_begin(s->writer);
        sim_set_watch(s->sim, trace_watch(s->writer));
        evaluate_episode(&s->who.who, 0, s->sim, &wl, s->o->seed);
        sim_set_watch(s->sim, NULL);
        trace_end(s->writer, sim_now(s->sim));
        put_about(s);
    }
    st = target_close(&s->target, st, err);
fail:
    return st;
}

/* ---- the summary ---- */

static void print_summary(const Session *s)
{
    const Options *o = s->o;
    const Scenario *sc = s->scenario;
    const TraceSums *sums = trace_sums(s->writer);
    const SimTotals *t = sim_totals(s->sim);
    double us = sim_now(s->sim), busy = 0;
    FILE *out = o->out ? stdout : stderr;

    for (int m = 0; m < sc->sys->n_sas; m++) busy += t->busy_us[m];
    fprintf(out, "%s, scenario %s on %s, load %g, seed %llu: %.3f ms\n", o->policy.v[0],
            sc->cfg.name, sc->sys->name, o->load, (unsigned long long)o->seed, us * 1e-3);
    fprintf(out, "requests  %ld: %ld met, %ld late, %ld dropped, %ld rejected; SLA %.2f %%%s\n",
            sums->jobs.issued, sums->jobs.met, sums->jobs.late, sums->jobs.dropped,
            sums->jobs.rejected, 100 * job_counts_sla_rate(&t->all),
            t->apart.issued ? " of those that count" : "");
    fprintf(out,
            "sub-jobs  %ld on %d SAs, busy %.1f %%; slowed by contention to %.3f x, at most "
            "%.3f x\n",
            t->started, sc->sys->n_sas, us > 0 ? 100 * busy / (us * sc->sys->n_sas) : 0,
            sums->isolated_us > 0 ? sums->actual_us / sums->isolated_us : 1, sums->most_slowdown);
    fprintf(out, "DRAM      %.1f %% of %g GB/s in use\n",
            us > 0 ? 100 * t->bytes_moved / (us * sc->sys->dram_bytes_per_us) : 0,
            sc->sys->dram_bytes_per_us * 1e-3);
    if (o->out)
        fprintf(out, "next: open %s in https://ui.perfetto.dev or chrome://tracing\n", o->out);
}

static void release(Session *s)
{
    trace_writer_destroy(s->writer);
    sim_destroy(s->sim);
    contender_close(&s->who);
    for (int i = 0; i < SYS_MAX_NETS; i++) network_destroy(s->net[i]);
    scenario_destroy(s->scenario);
    pool_destroy(s->pool);
}

static Status run(Options *o, Err *err)
{
    Session *s = mem_calloc(1, sizeof *s);
    Status st;

    if (!s) return err_set(err, ST_NOMEM, "trace: %s", status_text(ST_NOMEM));
    TRY(prepare(s, o, err));
    TRY(write_trace(s, err));
    print_summary(s);
fail:
    release(s);
    mem_free(s);
    return st;
}

int cmd_trace(int argc, char *const *argv)
{
    Options o = {.threads = 2, .seed = UINT64_MAX};
    const ArgOption options[] = {
        {"--scenario", "NAME|FILE", ARG_TEXT, &o.scenario, 0, 0, NULL,
         "default: the one that a learned policy was trained on, or mixed-m"},
        {"--load", "X", ARG_DOUBLE, &o.load, 0.01, 100, NULL,
         "fraction of lambda_max (default: the scenario's last)"},
        {"--seed", "N", ARG_U64, &o.seed, 0, 1e15, NULL,
         "arrival seed (default: the scenario's first held-out one); relmas eval --seed N plays "
         "the same first"},
        {"--jobs", "N", ARG_INT, &o.jobs, 1, 1e8, NULL,
         "arrivals in the episode (default: the scenario's); some 10 KB of trace each"},
        {"-o", "FILE.json", ARG_TEXT, &o.out, 0, 0, NULL,
         "the trace to write (default: to stdout, and the summary to stderr)"},
        {"--force", NULL, ARG_FLAG, &o.force, 0, 0, NULL, "replace the file if there is one"},
        {"--threads", "N", ARG_INT, &o.threads, 1, 256, NULL,
         "for the cost table; any number gives the same results"},
        {"--set", "a.b=v", ARG_TEXTS, &o.set, 0, 0, NULL,
         "override a scenario setting, e.g. scenario.late=firm"},
    };
    const ArgCommand cmd = {
        .usage = "relmas trace POLICY [options]",
        .about = "Writes one episode as a Chrome/Perfetto trace: what ran where and when, slowed "
                 "by what contention,\nwhich requests came and which missed their deadline. "
                 "POLICY is a baseline's name (relmas list\nschedulers), a shipped policy, a run "
                 "folder or an .h5 file. docs/TRACES.md says what to look for.",
        .example = "relmas trace edf-queue --scenario mixed-m --load 0.95 -o trace.json",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "POLICY",
        .min_operands = 1,
        .max_operands = 1,
        .operands = &o.policy,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    if (o.out && !strcmp(o.out, "-")) o.out = NULL;
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
