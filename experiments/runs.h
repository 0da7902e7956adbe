/* runs.h -- run folders of `relmas train` put together: what each was told to do, and its validations.
 * Runs that differ in nothing but seed and scenario are a group; runs on the same scenario are a task,
 * so that a group has one or several seeds of each task. The same seed again, as another version of the
 * program makes it, belongs to another group. */
#ifndef RELMAS_EXPERIMENTS_RUNS_H
#define RELMAS_EXPERIMENTS_RUNS_H

#include "base/args.h"
#include "experiments/run_config.h"

enum { RUN_NAME_MAX = 128, RUN_CHANGES_MAX = 48 };

typedef struct RunPoint { /* one validation; rates are 0..1 */
    double decisions, score, seconds;
} RunPoint;

typedef struct RunLog {
    const char *dir; /* borrowed */
    uint64_t seed;
    char scenario[RUN_NAME_MAX]; /* "mixed-m on default-6" */
    char *setup, *task; /* configuration but seed and scenario; scenario. Owned, YAML lines */
    RunPoint *point;    /* [n], owned; decisions ascend */
    int n, group, in_task;
} RunLog;

typedef struct Runs {
    RunLog *run; /* [n], owned */
    int n, n_groups, n_tasks;
    char (*group)[RUN_NAME_MAX]; /* [n_groups] names, owned: of a folder, without its number */
    char (*task)[RUN_NAME_MAX];  /* [n_tasks] */
} Runs;

/* Reads metrics.csv and the configuration of each folder's best.h5 or newest checkpoint. *out starts as
 * {0} and is for runs_free also on failure. ST_CONFIG, ST_FORMAT, ST_IO, ST_NOMEM. */
Status runs_read(Runs *out, const char *const *dir, int n, Err *err);
void runs_free(Runs *r);

/* A setting in which groups (or, of the scenario, tasks) differ; value[i] is that of group (task) i. */
typedef struct RunChange {
    char key[RUN_NAME_MAX];
    const char *const *text; /* the YAML texts that it is read from */
    int line;
} RunChange;

/* Settings that differ between groups, or tasks if of_tasks; at most RUN_CHANGES_MAX. Returns how many.
 * text[max(n_groups, n_tasks)] is filled and must stay. */
int runs_changes(const Runs *r, bool of_tasks, const char **text, RunChange out[RUN_CHANGES_MAX]);
/* The value in text i of that setting, cut to fit. */
void runs_change_value(const RunChange *c, int i, char out[RUN_NAME_MAX]);

#endif
