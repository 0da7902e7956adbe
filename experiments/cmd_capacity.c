/* cmd_capacity.c -- `relmas capacity`: the largest load at which a policy keeps its promise.
 * Loads lie on a grid of STEP of lambda_max. The SLA rate at a load is the mean over episodes on the
 * same held-out arrivals at every load, scaled in time; it falls with the load but for noise, and the
 * crossing of the target is found by bisection. Its interval is that of the loads at which the
 * bootstrap interval of the rate crosses the target. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stats.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"
#include "experiments/names.h"
#include "experiments/output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RESAMPLES = 2000, BOOTSTRAP_SEED = 7, STEPS_MOST = 300, TARGETS_MOST = 4 };
static const double STEP = 0.01;

typedef struct Options {
    ArgList policies, set;
    const char *scenario, *sla;
    int episodes, threads, format;
    uint64_t seed;
    double target[TARGETS_MOST];
    int n_targets;
} Options;

/* Loads in steps: the largest that keeps the target; 0: none does, STEPS_MOST: all tried do. */
typedef struct Capacity {
    int load, lo, hi;
} Capacity;

/* One policy: what was measured so far, by steps. */
typedef struct Curve {
    const Contender *who;
    bool known[STEPS_MOST + 1];
    Interval sla[STEPS_MOST + 1];
    Capacity at[TARGETS_MOST];
} Curve;

typedef struct Study {
    Options *o;
    Contest contest;
    Curve *curve; /* [policies] */
    Progress progress;
    int crossings; /* found so far */
} Study;

static Status prepare(Study *s, Options *o, Err *err)
{
    ScenarioConfig sc;
    Status st;

    s->o = o;
    TRY(number_list("--sla", o->sla, 0.001, 0.999999, TARGETS_MOST, "0.95,0.99", o->target,
                    &o->n_targets, err));
    TRY(contender_scenario(&sc, o->scenario, &o->policies, &o->set, err));
    if (o->episodes == 0) o->episodes = sc.eval_episodes;
    if (o->seed == UINT64_MAX) o->seed = sc.eval_seed;
    TRY(contest_open(&s->contest, &sc, &o->policies, o->threads, err));
    st = ST_NOMEM;
    if (!(s->curve = mem_calloc((size_t)s->contest.n, sizeof *s->curve))) goto fail;
    for (int i = 0; i < s->contest.n; i++) s->curve[i].who = &s->contest.who[i].who;
    st = ST_OK;
fail:
    return st == ST_OK ? st : err_set(err, st, "capacity: %s", status_text(st));
}

/* ---- search ---- */

static Status measure(Study *s, Curve *c, int step, Err *err)
{
    EvalResult r;
    const Options *o = s->o;
    if (c->known[step]) return ST_OK;
    Status st = evaluate_run(&r, s->contest.scenario, c->who, STEP * step, o->seed, o->episodes,
                             s->contest.pool, err);
    if (st != ST_OK) return st;
    c->sla[step] = bootstrap_mean(r.sla, o->episodes, RESAMPLES, BOOTSTRAP_SEED);
    c->known[step] = true;
    evaluate_free(&r);
    if (progress_due(&s->progress)) progress_show(&s->progress, s->crossings, c->who->name);
    return ST_OK;
}

typedef enum { BY_MEAN, BY_LO, BY_HI } By;

static double value(const Interval *x, By by)
{
    return by == BY_LO ? x->lo : by == BY_HI ? x->hi : x->mean;
}

/* The largest step at which the value reaches the target. */
static Status crossing(Study *s, Curve *c, double target, By by, int *out, Err *err)
{
    int keeps = 0, fails = STEPS_MOST + 1;
    while (fails - keeps > 1) {
        /* double the load until it fails, then halve the gap */
        int middle =
            fails > STEPS_MOST && keeps < 128 ? (keeps ? 2 * keeps : 32) : (keeps + fails) / 2;
        Status st = measure(s, c, middle, err);
        if (st != ST_OK) return st;
        if (value(&c->sla[middle], by) >= target)
            keeps = middle;
        else
            fails = middle;
    }
    *out = keeps;
    s->crossings++;
    return ST_OK;
}

static Status search(Study *s, Err *err)
{
    Status st = ST_OK;
    progress_start(&s->progress, "capacity", 0, 3.0 * s->o->policies.n * s->o->n_targets);
    for (int i = 0; i < s->o->policies.n; i++) {
        Curve *c = &s->curve[i];
        for (int t = 0; t < s->o->n_targets; t++) {
            double target = s->o->target[t];
            TRY(crossing(s, c, target, BY_MEAN, &c->at[t].load, err));
            TRY(crossing(s, c, target, BY_LO, &c->at[t].lo, err));
            TRY(crossing(s, c, target, BY_HI, &c->at[t].hi, err));
        }
    }
fail:
    progress_end(&s->progress);
    return st;
}

/* ---- output ---- */

static double rate(const Study *s, int steps)
{
    return STEP * steps * s->contest.scenario->lambda_max_per_us * 1e6;
}

static const char *remark(const Capacity *c)
{
    return c->load == 0 ? "  not at any load" : c->load == STEPS_MOST ? "  at all loads tried" : "";
}

static void print_table(const Study *s)
{
    const Options *o = s->o;
    const Scenario *sc = s->contest.scenario;
    int w = 6;
    for (int i = 0; i < o->policies.n; i++)
        if ((int)strlen(s->curve[i].who->name) > w) w = (int)strlen(s->curve[i].who->name);
    printf("scenario %s on %s: lambda_max %.0f requests/s (limited by %s), %d episodes of %d jobs, "
           "seeds %llu..\n",
           sc->cfg.name, sc->sys->name, sc->lambda_max_per_us * 1e6, sc->binding, o->episodes,
           sc->cfg.episode_jobs, (unsigned long long)o->seed);
    contender_print_changes(&o->set);
    for (int t = 0; t < o->n_targets; t++) {
        printf("\nSLA kept for %g %% of the requests\n%-*s  %4s  %14s  %10s  %19s\n",
               100 * o->target[t], w, "policy", "load", "95 % interval", "requests/s",
               "95 % interval");
        for (int i = 0; i < o->policies.n; i++) {
            const Capacity *c = &s->curve[i].at[t];
            printf("%-*s  %4.2f  [%5.2f, %5.2f]  %10.0f  [%8.0f, %8.0f]%s\n", w,
                   s->curve[i].who->name, STEP * c->load, STEP * c->lo, STEP * c->hi,
                   rate(s, c->load), rate(s, c->lo), rate(s, c->hi), remark(c));
        }
    }
    puts("\nload: the largest, as a fraction of lambda_max in steps of 0.01, at which the mean SLA "
         "rate is the\ntarget or more, found by bisection on the same arrivals at every load; "
         "interval: the loads at which the\n95 % bootstrap interval of that mean over episodes "
         "holds the target. Promise its lower end. A promise for\nwaves of as many jobs as an "
         "episode has: no scheduler sustains load 1 for ever.");
}

static void print_csv(const Study *s)
{
    puts("scenario,policy,sla,load,load_lo,load_hi,requests_per_s,requests_per_s_lo,"
         "requests_per_s_hi,lambda_max_per_s");
    for (int t = 0; t < s->o->n_targets; t++)
        for (int i = 0; i < s->o->policies.n; i++) {
            const Capacity *c = &s->curve[i].at[t];
            print_csv_text(s->contest.scenario->cfg.name);
            putchar(',');
            print_csv_text(s->curve[i].who->name);
            printf(",%g,%.2f,%.2f,%.2f,%.6g,%.6g,%.6g,%.6g\n", s->o->target[t], STEP * c->load,
                   STEP * c->lo, STEP * c->hi, rate(s, c->load), rate(s, c->lo), rate(s, c->hi),
                   s->contest.scenario->lambda_max_per_us * 1e6);
        }
}

static void print_json(const Study *s)
{
    const char *sep = "";
    fputs("{\"scenario\": ", stdout);
    print_json_text(s->contest.scenario->cfg.name);
    printf(", \"lambda_max_per_s\": %.6g, \"episodes\": %d, \"results\": [",
           s->contest.scenario->lambda_max_per_us * 1e6, s->o->episodes);
    for (int t = 0; t < s->o->n_targets; t++)
        for (int i = 0; i < s->o->policies.n; i++, sep = ",") {
            const Capacity *c = &s->curve[i].at[t];
            printf("%s\n {\"policy\": ", sep);
            print_json_text(s->curve[i].who->name);
            printf(", \"sla\": %g, \"load\": %.2f, \"ci95\": [%.2f, %.2f], \"requests_per_s\": "
                   "%.6g, \"requests_per_s_ci95\": [%.6g, %.6g]}",
                   s->o->target[t], STEP * c->load, STEP * c->lo, STEP * c->hi, rate(s, c->load),
                   rate(s, c->lo), rate(s, c->hi));
        }
    puts("\n]}");
}

static void release(Study *s)
{
    mem_free(s->curve);
    contest_close(&s->contest);
}

static Status run(Options *o, Err *err)
{
    Study s = {0};
    Status st;
    TRY(prepare(&s, o, err));
    TRY(search(&s, err));
    (o->format == FORMAT_CSV ? print_csv : o->format == FORMAT_JSON ? print_json : print_table)(&s);
fail:
    release(&s);
    return st;
}

int cmd_capacity(int argc, char *const *argv)
{
    Options o = {.threads = 2, .seed = UINT64_MAX, .sla = "0.95,0.99"};
    const ArgOption options[] = {
        {"--scenario", "NAME|FILE", ARG_TEXT, &o.scenario, 0, 0, NULL,
         "default: the one that the first learned policy was trained on, or mixed-m"},
        {"--sla", "X,..", ARG_TEXT, &o.sla, 0, 0, NULL, "SLA rates to keep (default: 0.95,0.99)"},
        {"--episodes", "N", ARG_INT, &o.episodes, 1, 1e6, NULL,
         "per policy and load (default: the scenario's)"},
        {"--seed", "N", ARG_U64, &o.seed, 0, 1e15, NULL,
         "first arrival seed (default: the scenario's held-out ones)"},
        {"--format", "F", ARG_ENUM, &o.format, 0, 0, FORMAT_NAMES, "of the results"},
        {"--threads", "N", ARG_INT, &o.threads, 1, 256, NULL,
         "worker threads; any number gives the same results"},
        {"--set", "a.b=v", ARG_TEXTS, &o.set, 0, 0, NULL,
         "override a scenario setting, e.g. scenario.system=edge-4"},
    };
    const ArgCommand cmd = {
        .usage = "relmas capacity POLICY... [options]",
        .about = "How many requests per second can this system promise? Finds the largest load at "
                 "which each policy keeps the SLA, beside the fluid bound that none can pass.",
        .example = "relmas capacity edf-h-bw+ edf-reserve-bw --scenario mixed-m --sla 0.95",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "POLICY",
        .min_operands = 1,
        .max_operands = ARGS_LIST_MAX,
        .operands = &o.policies,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
