/* runs.c -- reads run folders, and sorts them into groups and tasks by their configuration's text. */
#include "experiments/runs.h"

#include "base/csv.h"
#include "base/mem.h"
#include "base/path.h"
#include "experiments/contenders.h"
#include "experiments/results.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

/* --- one run --- */

/* What makes no difference to what is learned, or is the seed. Values of a normalised configuration
 * stand in its place, so that equal texts are equal set-ups. */
static void forget_seed(RunConfig *cfg)
{
    cfg->trainer.seed = 1;
    cfg->threads = RUN_DEFAULTS.threads;
    cfg->keep = RUN_DEFAULTS.keep;
    cfg->checkpoint_every = RUN_DEFAULTS.checkpoint_every;
    if (run_config_finds_rule(cfg)) {
        cfg->rule = RUN_DEFAULTS.rule;
        cfg->rules = RUN_DEFAULTS.rules;
    }
    cfg->rule.margin = RUN_DEFAULTS.rule.margin; /* validations found it */
}

/* The text is the scenario's section, then the others: cut where the second one begins. */
static Status split_config(RunLog *run, RunConfig *cfg, Err *err)
{
    char *text = NULL;
    Status st;

    forget_seed(cfg);
    TRY(run_config_format(cfg, &text, err));
    char *cut = strstr(text, "\nenv:");
    if (!cut) {
        st = err_set(err, ST_FORMAT, "%s: a configuration without env", run->dir);
        goto fail;
    }
    st = ST_NOMEM;
    if (!(run->setup = mem_strdup(cut + 1))) goto fail;
    cut[1] = '\0';
    if (!(run->task = mem_strdup(text))) goto fail;
    st = ST_OK;
fail:
    mem_free(text);
    return st;
}

static Status read_config(RunLog *run, Err *err)
{
    char path[PATH_MAX_BYTES];
    bool baseline;
    RunConfig cfg;
    Status st;

    TRY(contender_file(run->dir, &baseline, path, sizeof path, err));
    TRY(contender_config(&cfg, path, err));
    run->seed = cfg.trainer.seed;
    run_config_task(&cfg, run->scenario, sizeof run->scenario);
    TRY(split_config(run, &cfg, err));
fail:
    return st;
}

static Status read_points(RunLog *run, const Csv *csv, Err *err)
{
    int decisions, score, seconds;
    Status st;

    TRY(csv_need(csv, "decisions", &decisions, err));
    TRY(csv_need(csv, "validation_sla", &score, err));
    TRY(csv_need(csv, "seconds", &seconds, err));
    st = ST_NOMEM;
    if (!(run->point = mem_calloc((size_t)csv_rows(csv), sizeof *run->point))) goto fail;
    for (int i = 0; i < csv_rows(csv); i++) {
        RunPoint *p = &run->point[i];
        double least = i ? run->point[i - 1].decisions : 0;
        TRY(csv_double(csv, i, decisions, least, 1e18, &p->decisions, err));
        TRY(csv_double(csv, i, score, 0, 1, &p->score, err));
        TRY(csv_double(csv, i, seconds, 0, 1e12, &p->seconds, err));
        run->n++;
    }
    if (run->n == 0) return csv_error(csv, -1, err, "no validation yet, nothing to report");
fail:
    return st;
}

static Status read_run(RunLog *run, const char *dir, Err *err)
{
    char path[PATH_MAX_BYTES];
    Csv *csv = NULL;
    Status st;

    run->dir = dir;
    if (snprintf(path, sizeof path, "%s/metrics.csv", dir) >= (int)sizeof path)
        return err_set(err, ST_CONFIG, "'%.200s': the path is too long", dir);
    TRY(csv_load(&csv, path, err));
    TRY(read_points(run, csv, err));
    TRY(read_config(run, err));
fail:
    csv_destroy(csv);
    return st;
}

/* --- groups and tasks --- */

/* A name among names[n] that is not there yet: with a number behind it if need be. */
static void unique_name(char (*names)[RUN_NAME_MAX], int n, const char *wish)
{
    int copies = 0;
    for (int i = 0; i < n; i++) {
        size_t k = strlen(wish);
        copies += !strncmp(names[i], wish, k) && (!names[i][k] || !strncmp(names[i] + k, " #", 2));
    }
    if (copies == 0)
        snprintf(names[n], RUN_NAME_MAX, "%.100s", wish);
    else
        snprintf(names[n], RUN_NAME_MAX, "%.100s #%d", wish, copies + 1);
}

/* Whether a run before this one is the same seed of the same task in that group. */
static bool holds_seed(const Runs *r, int group, const RunLog *run)
{
    for (const RunLog *o = r->run; o < run; o++)
        if (o->group == group && o->in_task == run->in_task && o->seed == run->seed) return true;
    return false;
}

/* The group of equal settings that has not this seed, best one of runs with the same name; -1: none.
 * A seed that is there again was made by another program: it begins a group of its own. */
static int find_group(const Runs *r, const RunLog *run)
{
    char family[RESULT_NAME_MAX], other[RESULT_NAME_MAX];
    int found = -1;
    results_family(family, run->dir);
    for (const RunLog *o = r->run; o < run; o++) {
        if (strcmp(run->setup, o->setup) != 0 || holds_seed(r, o->group, run)) continue;
        results_family(other, o->dir);
        if (!strcmp(family, other)) return o->group;
        if (found < 0) found = o->group;
    }
    return found;
}

static Status sort_out(Runs *r, Err *err)
{
    for (int i = 0; i < r->n; i++) {
        RunLog *run = &r->run[i];
        char family[RESULT_NAME_MAX];
        run->in_task = -1;
        for (int j = 0; j < i; j++) {
            if (!strcmp(run->dir, r->run[j].dir))
                return err_set(err, ST_CONFIG, "run '%.300s' is given twice", run->dir);
            if (!strcmp(run->task, r->run[j].task)) run->in_task = r->run[j].in_task;
        }
        if (run->in_task < 0) unique_name(r->task, run->in_task = r->n_tasks++, run->scenario);
        run->group = find_group(r, run);
        if (run->group >= 0) continue;
        results_family(family, run->dir);
        unique_name(r->group, run->group = r->n_groups++, family);
    }
    return ST_OK;
}

Status runs_read(Runs *out, const char *const *dir, int n, Err *err)
{
    Status st = ST_NOMEM;
    if (!(out->run = mem_calloc((size_t)n, sizeof *out->run)) ||
        !(out->group = mem_calloc((size_t)n, sizeof *out->group)) ||
        !(out->task = mem_calloc((size_t)n, sizeof *out->task)))
        goto fail;
    for (int i = 0; i < n; i++) {
        out->n++;
        TRY(read_run(&out->run[i], dir[i], err));
    }
    st = sort_out(out, err);
fail:
    return st == ST_OK ? st : err_set(err, st, "report: %s", status_text(st));
}

void runs_free(Runs *r)
{
    for (int i = 0; i < r->n; i++) {
        mem_free(r->run[i].setup);
        mem_free(r->run[i].task);
        mem_free(r->run[i].point);
    }
    mem_free(r->run);
    mem_free(r->group);
    mem_free(r->task);
    *r = (Runs){0};
}

/* --- differences --- */

static const char *line_of(const char *text, int line)
{
    while (line-- > 0) text += strcspn(text, "\n") + 1;
    return text;
}

static bool same_line(const char *a, const char *b)
{
    size_t n = strcspn(a, "\n");
    return n == strcspn(b, "\n") && !memcmp(a, b, n);
}

/* "dqn.lr" from the line and the section above it. */
static void name_key(char out[RUN_NAME_MAX], const char *section, const char *line)
{
    line += strspn(line, " ");
    snprintf(out, RUN_NAME_MAX, "%.*s.%.*s", (int)strcspn(section, ":"), section,
             (int)strcspn(line, ":"), line);
}

int runs_changes(const Runs *r, bool of_tasks, const char **text, RunChange out[RUN_CHANGES_MAX])
{
    int n = of_tasks ? r->n_tasks : r->n_groups, found = 0;
    const char *section = "";
    for (int i = 0; i < r->n; i++)
        text[of_tasks ? r->run[i].in_task : r->run[i].group] =
            of_tasks ? r->run[i].task : r->run[i].setup;
    for (int line = 0; n > 0 && *line_of(text[0], line); line++) {
        const char *first = line_of(text[0], line);
        bool differs = false;
        if (*first != ' ') section = first;
        for (int i = 1; i < n; i++) differs = differs || !same_line(first, line_of(text[i], line));
        if (!differs || found == RUN_CHANGES_MAX) continue;
        out[found] = (RunChange){.text = text, .line = line};
        name_key(out[found++].key, section, first);
    }
    return found;
}

void runs_change_value(const RunChange *c, int i, char out[RUN_NAME_MAX])
{
    const char *line = line_of(c->text[i], c->line);
    const char *value = line + strcspn(line, ":") + 1;
    value += strspn(value, " ");
    snprintf(out, RUN_NAME_MAX, "%.*s", (int)strcspn(value, "\n"), value);
}
