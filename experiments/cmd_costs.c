/* cmd_costs.c -- `relmas costs`: what layers cost on accelerators, alone on the machine. */
#include "base/args.h"
#include "base/mem.h"
#include "experiments/bound.h"
#include "experiments/commands.h"
#include "experiments/costs.h"
#include "experiments/gnuplot.h"
#include "experiments/output.h"

#include <string.h>

typedef struct Options {
    const char *networks, *layers, *accels, *system, *workload, *plot;
    int policy, threads;
    CostView view;
} Options;

static const char *const POLICIES[] = {"hardware", "timeloop", NULL};

static bool is_svg(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && !strcmp(path + n - 4, ".svg");
}

/* What would be ignored, or asked for twice. */
static Status check_options(const Options *o, Err *err)
{
    const char *with_workload = o->networks       ? "--network"
                                : o->layers       ? "--layers"
                                : o->policy       ? "--policy"
                                : o->view.verbose ? "--verbose"
                                : o->plot         ? "--plot"
                                                  : NULL;
    const char *with_system = o->accels ? "--accel" : o->view.dram_gbps > 0 ? "--dram-gbps" : NULL;
    if (o->networks && o->layers)
        return err_set(err, ST_USAGE, "costs: give --network or --layers, not both");
    if (o->plot && !is_svg(o->plot))
        return err_set(err, ST_USAGE, "--plot '%.200s': the picture is SVG, name it FILE.svg",
                       o->plot);
    if (o->workload && !o->system)
        return err_set(err, ST_USAGE, "costs: --workload needs --system NAME, e.g. default-6");
    if (o->system && with_system)
        return err_set(err, ST_USAGE,
                       "costs: %s and --system exclude each other: the system has its "
                       "own, in its file",
                       with_system);
    if (o->workload && with_workload)
        return err_set(err, ST_USAGE,
                       "costs: %s says nothing about a workload, leave it or "
                       "--workload out",
                       with_workload);
    return ST_OK;
}

static Status run_bound(const Options *o, Err *err)
{
    Bound *b = mem_calloc(1, sizeof *b);
    if (!b) return err_set(err, ST_NOMEM, "costs: %s", status_text(ST_NOMEM));
    Status st = bound_solve(b, o->system, o->workload, o->threads, err);
    if (st == ST_OK) bound_print(b, o->view.format);
    bound_free(b);
    mem_free(b);
    return st;
}

static Status gather(CostTable *t, Options *o, Err *err)
{
    Status st = ST_OK;
    if (o->system) {
        TRY(costs_add_system(t, o->system, err));
        o->view.dram_gbps = t->system->dram_gbps;
    } else if (o->accels || !o->layers) {
        TRY(costs_add_accels(t, o->accels, err));
    }
    if (o->layers)
        st = costs_add_layers(t, strcmp(o->layers, "-") ? o->layers : "/dev/stdin", err);
    else
        st = costs_add_networks(t, o->networks, err);
fail:
    return st;
}

static Status run_costs(Options *o, Err *err)
{
    CostTable *t = mem_calloc(1, sizeof *t);
    Status st;

    if (!t) return err_set(err, ST_NOMEM, "costs: %s", status_text(ST_NOMEM));
    o->view.policy = o->policy ? MAP_TIMELOOP : MAP_HARDWARE;
    o->view.summary = !o->networks;
    if (o->plot) TRY(gnuplot_find(err));
    TRY(gather(t, o, err));
    TRY(costs_evaluate(t, o->view.policy, o->view.dram_gbps * 1e3, o->threads, err));
    if (o->plot) TRY(costs_plot(t, &o->view, o->plot, err));
    costs_print(t, &o->view);
fail:
    costs_free(t);
    mem_free(t);
    return st;
}

int cmd_costs(int argc, char *const *argv)
{
    Options o = {.threads = 2};
    const ArgOption options[] = {
        {"--network", "NAME,..", ARG_TEXT, &o.networks, 0, 0, NULL,
         "each layer of these networks, shipped or files (default: totals of all shipped)"},
        {"--layers", "FILE.csv", ARG_TEXT, &o.layers, 0, 0, NULL,
         "layers by columns C,K,P,Q,R,S and, if there, type,N,stride_w,stride_h,dilation,groups; "
         "-: "
         "standard input"},
        {"--accel", "NAME,..", ARG_TEXT, &o.accels, 0, 0, NULL,
         "presets, files, simba or eyeriss (default: --layers: its accelerator column; else "
         "all presets)"},
        {"--system", "NAME", ARG_TEXT, &o.system, 0, 0, NULL,
         "the accelerators of this system, shipped or a file, on its DRAM; instead of --accel"},
        {"--workload", "NAME,..", ARG_TEXT, &o.workload, 0, 0, NULL,
         "with --system: the largest rate of requests of this mix, and what limits it; light, "
         "heavy, mixed, networks, with shares as in resnet50:2,kws"},
        {"--policy", "P", ARG_ENUM, &o.policy, 0, 0, POLICIES,
         "of the mapping search; timeloop: tiles divide sizes, as in that reference"},
        {"--dram-gbps", "X", ARG_DOUBLE, &o.view.dram_gbps, 1e-3, 1e6, NULL,
         "the system's DRAM bandwidth (default: the accelerator's own port)"},
        {"--plot", "FILE.svg", ARG_TEXT, &o.plot, 0, 0, NULL,
         "also draws a roofline per accelerator; needs gnuplot"},
        {"--format", "F", ARG_ENUM, &o.view.format, 0, 0, FORMAT_NAMES, "of the results"},
        {"--verbose", NULL, ARG_FLAG, &o.view.verbose, 0, 0, NULL,
         "also energy by level and the mapping; with --layers --format csv all columns"},
        {"--threads", "N", ARG_INT, &o.threads, 1, 256, NULL,
         "worker threads; any number gives the same results"},
    };
    const ArgCommand cmd = {
        .usage = "relmas costs [options]",
        .about = "Shows cycles, DRAM bytes and energy of network layers on accelerators, which "
                 "accelerator "
                 "is the fastest, and which load a system can bear.",
        .example = "relmas costs --network resnet50 --accel simba-16pe,eyeriss-32x32 --format csv",
        .options = options,
        .n_options = sizeof options / sizeof *options,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    Status st = check_options(&o, &err);
    if (st == ST_OK) st = o.workload ? run_bound(&o, &err) : run_costs(&o, &err);
    return st == ST_OK ? 0 : report_error(&err);
}
