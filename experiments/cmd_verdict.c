/* cmd_verdict.c -- `relmas verdict`: what a study's files say, for docs/RESULTS.md. */
#include "base/args.h"
#include "base/log.h"
#include "experiments/commands.h"
#include "experiments/target.h"
#include "experiments/verdict.h"

#include <string.h>

typedef struct Options {
    ArgList scenarios;
    const char *evaluations, *capacities, *runs, *list, *out;
    int seeds;
} Options;

/* What is beside the Markdown: its folder with another name in it. */
static Status beside(char path[PATH_MAX_BYTES], const char *markdown, const char *name,
                     const char *suffix, Err *err)
{
    const char *slash = strrchr(markdown, '/');
    int n = slash ? (int)(slash - markdown) + 1 : 0;
    if (snprintf(path, PATH_MAX_BYTES, "%.*s%s%s", n, markdown, name, suffix) < PATH_MAX_BYTES)
        return ST_OK;
    return err_set(err, ST_USAGE, "verdict: the name after -o is too long");
}

static Status write_markdown(const Verdict *v, const char *path, Err *err)
{
    Target t;
    Status st = target_open(&t, path, err);
    if (st != ST_OK) return st;
    verdict_markdown(v, t.out);
    return target_close(&t, ST_OK, err);
}

static Status write_csv(const Verdict *v, const char *markdown, Err *err)
{
    char path[PATH_MAX_BYTES];
    Target t;
    Status st = beside(path, markdown, "results", ".csv", err);
    if (st == ST_OK) st = target_open(&t, path, err);
    if (st != ST_OK) return st;
    verdict_csv(v, t.out);
    return target_close(&t, ST_OK, err);
}

static Status write_svg(const Verdict *v, int scenario, const char *markdown, Err *err)
{
    char path[PATH_MAX_BYTES];
    Target t;
    Status st = beside(path, markdown, v->in.scenario[scenario], ".svg", err);
    if (st == ST_OK) st = target_open(&t, path, err);
    if (st != ST_OK) return st;
    return target_close(&t, verdict_svg(v, scenario, t.out, err), err);
}

static Status check_names(const Options *o, Err *err)
{
    for (int i = 0; i < o->scenarios.n; i++)
        if (strchr(o->scenarios.v[i], '/'))
            return err_set(err, ST_USAGE, "verdict: '%.200s' is no scenario's name",
                           o->scenarios.v[i]);
    return ST_OK;
}

static Status run(const Options *o, Err *err)
{
    Verdict v = {0};
    Status st;

    TRY(check_names(o, err));
    TRY(verdict_compute(&v,
                        &(VerdictInput){.evaluations = o->evaluations,
                                        .capacities = o->capacities,
                                        .runs = o->runs,
                                        .list = o->list,
                                        .scenario = o->scenarios.v,
                                        .n_scenarios = o->scenarios.n,
                                        .seeds = o->seeds},
                        err));
    TRY(write_csv(&v, o->out, err));
    for (int s = 0; s < o->scenarios.n; s++) TRY(write_svg(&v, s, o->out, err));
    TRY(write_markdown(&v, o->out, err));
    log_info("wrote %s", o->out);
fail:
    verdict_free(&v);
    return st;
}

int cmd_verdict(int argc, char *const *argv)
{
    Options o = {.out = "RESULTS.md", .seeds = 5};
    const ArgOption options[] = {
        {"--evaluations", "DIR", ARG_TEXT, &o.evaluations, 0, 0, NULL,
         "has SCENARIO/BASELINE.h5 and SCENARIO/seed-1.h5, ..: of relmas eval --save"},
        {"--baselines", "LIST.csv", ARG_TEXT, &o.list, 0, 0, NULL,
         "scheduler, group (published, ours, reference), online (yes, no), share of the episodes"},
        {"--seeds", "N", ARG_INT, &o.seeds, 1, 1000, NULL, "training seeds (default 5)"},
        {"--capacities", "DIR", ARG_TEXT, &o.capacities, 0, 0, NULL,
         "has BASELINE.csv and seed-1.csv, ..: of relmas capacity --sla 0.95 --format csv"},
        {"--runs", "DIR", ARG_TEXT, &o.runs, 0, 0, NULL,
         "has run folders SCENARIO/seed-1, ..: for times, and to see that settings were the same"},
        {"-o", "FILE.md", ARG_TEXT, &o.out, 0, 0, NULL,
         "the tables, replaced (default RESULTS.md); beside it results.csv and SCENARIO.svg"},
    };
    const ArgCommand cmd = {
        .usage = "relmas verdict SCENARIO... --evaluations DIR --baselines LIST.csv [options]",
        .about =
            "Says what a study shows: in each cell (scenario at a load) the policy's seeds against "
            "the best on-line baseline, with intervals over seeds and episodes, and the project's "
            "bars, each met or not. `make study` fills the folders and calls this.",
        .example = "relmas verdict mixed-m --evaluations build/study/eval-200 --baselines "
                   "experiments/study/baselines.csv -o build/study/RESULTS.md",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "SCENARIO",
        .min_operands = 1,
        .max_operands = ARGS_LIST_MAX,
        .operands = &o.scenarios,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    if (!o.evaluations || !o.list) {
        err_set(&err, ST_USAGE,
                "verdict: give --evaluations and --baselines, see relmas verdict --help");
        return report_error(&err);
    }
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
