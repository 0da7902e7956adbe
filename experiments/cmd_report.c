/* cmd_report.c -- `relmas report`: a page about training runs and saved evaluations. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "experiments/commands.h"
#include "experiments/report.h"
#include "experiments/target.h"

#include <string.h>
#include <sys/stat.h>

typedef struct Options {
    ArgList inputs;
    const char *out;
    bool force;
} Options;

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* A file joins the evaluation of the same scenario and system, or begins one. */
static Status add_file(Report *r, const char *path, Err *err)
{
    ScenarioConfig sc;
    int e = 0;
    Status st = results_scenario(&sc, path, err);
    if (st != ST_OK) return st;
    while (e < r->n_evals && !results_match(&r->eval[e], &sc)) e++;
    if (e == r->n_evals) {
        snprintf(r->eval_name[e], sizeof r->eval_name[e], "%.60s on %.60s", sc.name, sc.system);
        r->n_evals++;
    }
    return results_add(&r->eval[e], path, err);
}

static Status read_inputs(Report *r, const ArgList *in, Err *err)
{
    const char *dir[ARGS_LIST_MAX];
    int n = 0;
    Status st = ST_NOMEM;

    if (!(r->eval = mem_calloc((size_t)in->n, sizeof *r->eval)) ||
        !(r->eval_name = mem_calloc((size_t)in->n, sizeof *r->eval_name)))
        goto fail;
    st = ST_OK;
    for (int i = 0; i < in->n; i++)
        if (is_folder(in->v[i]))
            dir[n++] = in->v[i];
        else
            TRY(add_file(r, in->v[i], err));
    if (n > 0) TRY(runs_read(&r->runs, dir, n, err));
fail:
    return st == ST_OK ? st : err_set(err, st, "report: %s", status_text(st));
}

/* report.html gives report.csv. */
static Status csv_path(char out[PATH_MAX_BYTES], const char *html, Err *err)
{
    size_t n = strlen(html), tail = strlen(".html");
    if (n <= tail || strcmp(html + n - tail, ".html") != 0)
        return err_set(err, ST_USAGE, "report: -o '%.200s': want FILE.html", html);
    if (n >= PATH_MAX_BYTES) return err_set(err, ST_USAGE, "report: the name after -o is too long");
    snprintf(out, PATH_MAX_BYTES, "%.*s.csv", (int)(n - tail), html);
    return ST_OK;
}

static Status write_page(const Report *r, const char *path, Err *err)
{
    Target t;
    Status st = target_open(&t, path, err);
    return st == ST_OK ? target_close(&t, report_html(r, t.out, err), err) : st;
}

static Status write_table(const Report *r, const char *path, Err *err)
{
    Target t;
    Status st = target_open(&t, path, err);
    if (st != ST_OK) return st;
    report_csv(r, t.out);
    return target_close(&t, ST_OK, err);
}

static Status run(const Options *o, Err *err)
{
    char table[PATH_MAX_BYTES];
    Report r = {0};
    Status st;

    TRY(csv_path(table, o->out, err));
    TRY(target_check("report", o->out, o->force, err));
    TRY(target_check("report", table, o->force, err));
    TRY(read_inputs(&r, &o->inputs, err));
    TRY(report_compute(&r, err));
    TRY(write_table(&r, table, err));
    TRY(write_page(&r, o->out, err));
    log_info("wrote %s and %s: %d runs, %d evaluations", o->out, table, r.runs.n, r.n_evals);
fail:
    report_free(&r);
    return st;
}

int cmd_report(int argc, char *const *argv)
{
    Options o = {.out = "report.html"};
    const ArgOption options[] = {
        {"-o", "FILE.html", ARG_TEXT, &o.out, 0, 0, NULL,
         "the page (default report.html); its numbers go beside it as FILE.csv"},
        {"--force", NULL, ARG_FLAG, &o.force, 0, 0, NULL, "replace files that are there"},
    };
    const ArgCommand cmd = {
        .usage = "relmas report RUN_DIR|RESULTS.h5... [options]",
        .about =
            "One page about training runs and evaluations. Runs that differ only in their seed "
            "are one curve with a band; scores are interquartile means with bootstrap intervals "
            "over seeds; settings in which groups differ are listed. Files of relmas eval --save "
            "give SLA rate against load and paired differences to the best baseline; those of "
            "the same scenario are put together, and policies named NAME-1, NAME-2, .. are "
            "seeds of one.",
        .example = "relmas report runs/default-1 runs/default-2 runs/default-3 -o report.html",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "INPUT",
        .min_operands = 1,
        .max_operands = ARGS_LIST_MAX,
        .operands = &o.inputs,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
