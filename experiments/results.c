/* results.c -- reads, checks and groups saved evaluations. */
#include "experiments/results.h"

#include "base/mem.h"
#include "base/text.h"
#include "checkpoints/checkpoint.h"
#include "env/sched.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BOOTSTRAP_SEED = 7, MOST_VALUES = 1 << 24 };

/* --- one file --- */

typedef struct SavedResults {
    const char *path;
    ScenarioConfig scenario;
    uint64_t seed;
    int n_loads, n_policies, episodes;
    double load[CONFIG_LIST_MAX];
    char (*policy)[RESULT_NAME_MAX];
    double *value[RESULT_VALUES]; /* [n_loads, n_policies, episodes] */
} SavedResults;

static const char *const DATASET[RESULT_VALUES] = {"/results/sla_rate",
                                                   "/results/energy_uj_per_job"};

static void saved_free(SavedResults *f)
{
    mem_free(f->policy);
    for (int v = 0; v < RESULT_VALUES; v++) mem_free(f->value[v]);
}

static Status parse_scenario(ScenarioConfig *out, const char *path, const char *text, Err *err)
{
    ConfigField fields[SCENARIO_FIELDS];
    YamlDoc *doc = NULL;
    Status st;

    *out = SCENARIO_DEFAULTS;
    scenario_fields(fields, 0);
    TRY(yaml_parse(&doc, path, text, strlen(text), err));
    TRY(config_read(out, fields, SCENARIO_FIELDS, doc, err));
fail:
    yaml_destroy(doc);
    return st;
}

static Status open_results(Checkpoint **ckpt, ScenarioConfig *scenario, const char *path, Err *err)
{
    Status st;
    TRY(checkpoint_open(ckpt, path, err));
    if (!checkpoint_has(*ckpt, "/results"))
        return err_set(err, ST_FORMAT,
                       "'%.300s' holds no results, want a file of relmas eval --save", path);
    TRY(parse_scenario(scenario, path, checkpoint_config(*ckpt), err));
fail:
    return st;
}

static Status find_sizes(SavedResults *f, const Checkpoint *ckpt, Err *err)
{
    const CheckpointItem *load = checkpoint_find(ckpt, "/results/load");
    const CheckpointItem *policy = checkpoint_find(ckpt, "/results/policy");
    const CheckpointItem *sla = checkpoint_find(ckpt, DATASET[RESULT_SLA]);
    bool ok = load && policy && sla && load->dims[0] >= 1 && load->dims[0] <= CONFIG_LIST_MAX &&
              policy->rank == 2 && policy->dims[0] >= 1 && policy->dims[0] <= 4096 &&
              policy->dims[1] == RESULT_NAME_MAX && sla->rank == 2 &&
              sla->dims[0] == load->dims[0] * policy->dims[0] && sla->dims[1] >= 1 &&
              sla->dims[1] <= MOST_VALUES / sla->dims[0] && sla->stored_bytes >= sla->bytes;
    if (!ok)
        return err_set(err, ST_FORMAT,
                       "'%.300s': /results has other shapes than checkpoints/FORMAT.md", f->path);
    f->n_loads = (int)load->dims[0];
    f->n_policies = (int)policy->dims[0];
    f->episodes = (int)sla->dims[1];
    return ST_OK;
}

static Status read_arrays(SavedResults *f, const Checkpoint *ckpt, Err *err)
{
    size_t cells = (size_t)f->n_loads * (size_t)f->n_policies, episodes = (size_t)f->episodes;
    StateList list = {0};

    f->policy = mem_calloc((size_t)f->n_policies, sizeof *f->policy);
    for (int v = 0; v < RESULT_VALUES; v++) {
        f->value[v] = mem_calloc(cells * episodes, sizeof(double));
        if (!f->policy || !f->value[v]) return err_set(err, ST_NOMEM, "results: out of memory");
        state_add(&list, DATASET[v], STATE_F64, cells, episodes, f->value[v]);
    }
    state_add(&list, "/results/seed", STATE_U64, 1, 0, &f->seed);
    state_add(&list, "/results/load", STATE_F64, (size_t)f->n_loads, 0, f->load);
    state_add(&list, "/results/policy", STATE_U8, (size_t)f->n_policies, RESULT_NAME_MAX,
              f->policy);
    return checkpoint_read(ckpt, &list, err);
}

static Status check_values(const SavedResults *f, Err *err)
{
    size_t n = (size_t)f->n_loads * (size_t)f->n_policies * (size_t)f->episodes;
    for (int p = 0; p < f->n_policies; p++)
        if (!f->policy[p][0] || !memchr(f->policy[p], 0, RESULT_NAME_MAX))
            return err_set(err, ST_FORMAT, "'%.300s': policy %d has no name", f->path, p);
    for (size_t i = 0; i < n; i++)
        if (!(f->value[RESULT_SLA][i] >= 0 && f->value[RESULT_SLA][i] <= 1) ||
            !(f->value[RESULT_ENERGY][i] >= 0 && isfinite(f->value[RESULT_ENERGY][i])))
            return err_set(err, ST_FORMAT, "'%.300s': a rate is outside 0..1 or an energy is none",
                           f->path);
    return ST_OK;
}

static Status saved_read(SavedResults *f, const char *path, Err *err)
{
    Checkpoint *ckpt = NULL;
    Status st;

    *f = (SavedResults){.path = path};
    TRY(open_results(&ckpt, &f->scenario, path, err));
    TRY(find_sizes(f, ckpt, err));
    TRY(read_arrays(f, ckpt, err));
    TRY(check_values(f, err));
fail:
    checkpoint_close(ckpt);
    return st;
}

Status results_scenario(ScenarioConfig *out, const char *path, Err *err)
{
    Checkpoint *ckpt = NULL;
    Status st = open_results(&ckpt, out, path, err);
    checkpoint_close(ckpt);
    return st;
}

/* --- what goes together --- */

bool results_match(const Results *r, const ScenarioConfig *s)
{
    return !strcmp(r->scenario.name, s->name) && !strcmp(r->scenario.system, s->system);
}

/* The scenario as text, without what a call of eval chooses for itself: loads, seed, episodes. */
static Status played_text(char **out, const ScenarioConfig *s, Err *err)
{
    ConfigField fields[SCENARIO_FIELDS];
    ScenarioConfig same = *s;

    same.loads = SCENARIO_DEFAULTS.loads;
    same.eval_seed = SCENARIO_DEFAULTS.eval_seed;
    same.eval_episodes = SCENARIO_DEFAULTS.eval_episodes;
    scenario_fields(fields, 0);
    return config_format(&same, fields, SCENARIO_FIELDS, out, err);
}

/* A line of a text without its indent, cut to fit. */
static void copy_line(char out[TEXT_SHOWN_MAX], const char *line)
{
    char text[TEXT_SHOWN_MAX];
    line += strspn(line, " ");
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    text_shown(out, text);
}

/* Says the first line in which the texts differ. */
static Status check_lines(const Results *r, const char *path, const char *a, const char *b,
                          Err *err)
{
    while (*a && *b) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0) {
            char ours[TEXT_SHOWN_MAX], theirs[TEXT_SHOWN_MAX];
            copy_line(ours, a);
            copy_line(theirs, b);
            return err_set(
                err, ST_CONFIG,
                "'%.130s' was played on another %.40s than '%.130s': '%s' instead of '%s'", path,
                r->scenario.name, r->row[0].file, theirs, ours);
        }
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
    return ST_OK;
}

static Status check_scenario(const Results *r, const SavedResults *f, Err *err)
{
    char *ours = NULL, *theirs = NULL;
    Status st;
    TRY(played_text(&ours, &r->scenario, err));
    TRY(played_text(&theirs, &f->scenario, err));
    TRY(check_lines(r, f->path, ours, theirs, err));
fail:
    mem_free(ours);
    mem_free(theirs);
    return st;
}

static Status check_together(const Results *r, const SavedResults *f, Err *err)
{
    const char *first = r->row[0].file;
    if (f->seed != r->seed)
        return err_set(
            err, ST_CONFIG,
            "'%.150s' has arrival seeds from %llu on, '%.150s' from %llu on: they do not pair",
            f->path, (unsigned long long)f->seed, first, (unsigned long long)r->seed);
    if (f->n_loads != r->n_loads ||
        memcmp(f->load, r->load, (size_t)r->n_loads * sizeof *r->load) != 0)
        return err_set(err, ST_CONFIG, "'%.200s' was played at other loads than '%.200s'", f->path,
                       first);
    for (int p = 0; p < f->n_policies; p++)
        for (int i = 0; i < r->n_rows; i++)
            if (!strcmp(r->row[i].name, f->policy[p]))
                return err_set(err, ST_CONFIG,
                               "policy '%.100s' is both in '%.150s' and in '%.150s'", f->policy[p],
                               r->row[i].file, f->path);
    return check_scenario(r, f, err);
}

/* --- taking over --- */

static Status append_row(Results *r, const SavedResults *f, int p, Err *err)
{
    size_t episodes = (size_t)f->episodes;
    ResultRow *rows = mem_resize(r->row, (size_t)r->n_rows * sizeof *rows,
                                 (size_t)(r->n_rows + 1) * sizeof *rows);
    if (!rows) return err_set(err, ST_NOMEM, "results: out of memory");
    r->row = rows;
    ResultRow *row = &rows[r->n_rows++];
    memcpy(row->name, f->policy[p], sizeof row->name);
    snprintf(row->file, sizeof row->file, "%s", f->path);
    row->episodes = f->episodes;
    for (int v = 0; v < RESULT_VALUES; v++) {
        row->value[v] = mem_calloc((size_t)f->n_loads * episodes, sizeof(double));
        if (!row->value[v]) return err_set(err, ST_NOMEM, "results: out of memory");
        for (int l = 0; l < f->n_loads; l++)
            memcpy(row->value[v] + (size_t)l * episodes,
                   f->value[v] + (size_t)(l * f->n_policies + p) * episodes,
                   episodes * sizeof(double));
    }
    return ST_OK;
}

static void cut_tail(char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    if (n > k && !strcmp(s + n - k, tail)) s[n - k] = '\0';
}

/* A checkpoint of a run, step-000123456.h5: its number is no seed. */
static bool is_checkpoint(const char *name)
{
    const char *slash = strrchr(name, '/');
    return !strncmp(slash ? slash + 1 : name, "step-", strlen("step-"));
}

void results_family(char out[RESULT_NAME_MAX], const char *name)
{
    char stem[RESULT_NAME_MAX];
    snprintf(out, RESULT_NAME_MAX, "%s", name);
    memcpy(stem, out, sizeof stem);
    cut_tail(stem, "/best.h5");
    cut_tail(stem, ".h5");
    cut_tail(stem, "/");
    size_t n = strlen(stem), digits = 0;
    while (digits < n && stem[n - 1 - digits] >= '0' && stem[n - 1 - digits] <= '9') digits++;
    if (digits == 0 || digits + 1 >= n || stem[n - 1 - digits] != '-' || is_checkpoint(stem))
        return;
    snprintf(out, RESULT_NAME_MAX, "%.*s", (int)(n - 1 - digits), stem);
}

static ResultGroup *find_group(const Results *r, const char *name)
{
    for (int g = 0; g < r->n_groups; g++)
        if (!strcmp(r->group[g].name, name)) return &r->group[g];
    return NULL;
}

static ResultGroup *new_group(Results *r, const char *name)
{
    ResultGroup *groups = mem_resize(r->group, (size_t)r->n_groups * sizeof *groups,
                                     (size_t)(r->n_groups + 1) * sizeof *groups);
    if (!groups) return NULL;
    r->group = groups;
    ResultGroup *g = &groups[r->n_groups++];
    snprintf(g->name, sizeof g->name, "%s", name);
    return g;
}

static Status group_row(Results *r, int row, Err *err)
{
    char name[RESULT_NAME_MAX];
    bool baseline = sched_find(r->row[row].name) != NULL;
    if (baseline)
        memcpy(name, r->row[row].name, sizeof name);
    else
        results_family(name, r->row[row].name);
    ResultGroup *g = find_group(r, name);
    if (!g) g = new_group(r, name);
    int *rows =
        g ? mem_resize(g->row, (size_t)g->n * sizeof *rows, (size_t)(g->n + 1) * sizeof *rows)
          : NULL;
    if (!rows) return err_set(err, ST_NOMEM, "results: out of memory");
    g->row = rows;
    g->row[g->n++] = row;
    g->baseline = baseline;
    if (g->n == 1 || r->row[row].episodes < g->episodes) g->episodes = r->row[row].episodes;
    return ST_OK;
}

Status results_add(Results *r, const char *path, Err *err)
{
    SavedResults f;
    Status st;

    TRY(saved_read(&f, path, err));
    if (r->n_rows == 0) {
        r->scenario = f.scenario;
        r->seed = f.seed;
        r->n_loads = f.n_loads;
        memcpy(r->load, f.load, sizeof r->load);
    } else {
        TRY(check_together(r, &f, err));
    }
    for (int p = 0; p < f.n_policies; p++) {
        TRY(append_row(r, &f, p, err));
        TRY(group_row(r, r->n_rows - 1, err));
    }
fail:
    saved_free(&f);
    return st;
}

void results_free(Results *r)
{
    for (int i = 0; i < r->n_rows; i++)
        for (int v = 0; v < RESULT_VALUES; v++) mem_free(r->row[i].value[v]);
    for (int g = 0; g < r->n_groups; g++) mem_free(r->group[g].row);
    mem_free(r->row);
    mem_free(r->group);
    *r = (Results){0};
}

/* --- numbers --- */

size_t results_most(const Results *r)
{
    size_t most = 1;
    for (int g = 0; g < r->n_groups; g++) {
        size_t n = (size_t)r->group[g].n * (size_t)r->group[g].episodes;
        if (n > most) most = n;
    }
    return most;
}

static const double *episodes_of(const Results *r, const ResultGroup *g, int seed, int load,
                                 ResultValue v)
{
    const ResultRow *row = &r->row[g->row[seed]];
    return row->value[v] + (size_t)load * (size_t)row->episodes;
}

int results_values(const Results *r, const ResultGroup *g, int load, ResultValue v,
                   const ResultGroup *minus, double *out)
{
    int n = minus && minus->episodes < g->episodes ? minus->episodes : g->episodes;
    for (int s = 0; s < g->n; s++) {
        const double *x = episodes_of(r, g, s, load, v);
        const double *y = minus ? episodes_of(r, minus, 0, load, v) : NULL;
        for (int e = 0; e < n; e++) out[(size_t)s * (size_t)n + (size_t)e] = x[e] - (y ? y[e] : 0);
    }
    return n;
}

Interval results_interval(const Results *r, const ResultGroup *g, int load, ResultValue v,
                          const ResultGroup *minus, double *work)
{
    int n = results_values(r, g, load, v, minus, work);
    return bootstrap_crossed(work, g->n, n, RESULTS_RESAMPLES, BOOTSTRAP_SEED);
}

/* Sum of a's SLA rates less b's in the episodes that both played. */
static double lead(const Results *r, const ResultGroup *a, const ResultGroup *b, int load)
{
    const double *x = episodes_of(r, a, 0, load, RESULT_SLA);
    const double *y = episodes_of(r, b, 0, load, RESULT_SLA);
    double sum = 0;
    for (int e = 0; e < a->episodes && e < b->episodes; e++) sum += x[e] - y[e];
    return sum;
}

bool results_clairvoyant(const char *name)
{
    const Scheduler *s = sched_find(name);
    return s && s->clairvoyant;
}

int results_best(const Results *r, int load, const bool *eligible)
{
    int best = -1;
    for (int g = 0; g < r->n_groups; g++)
        if (r->group[g].baseline && (!eligible || eligible[g]) &&
            (best < 0 || lead(r, &r->group[g], &r->group[best], load) > 0))
            best = g;
    return best;
}
