/* cmd_list.c -- `relmas list`: the names that other commands take. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/yaml.h"
#include "env/sched.h"
#include "experiments/commands.h"

#include <stdio.h>
#include <string.h>

typedef struct Kind {
    const char *name, *folder, *suffix; /* folder NULL: built in */
} Kind;

static const Kind KINDS[] = {
    {"networks", "env/networks", ".yaml"},       {"accelerators", "accel_models/presets", ".yaml"},
    {"systems", "env/systems", ".yaml"},         {"scenarios", "env/scenarios", ".yaml"},
    {"configs", "experiments/configs", ".yaml"}, {"schedulers", NULL, NULL},
    {"policies", "checkpoints/policies", ".h5"},
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

static void list_schedulers(void)
{
    for (int i = 0; i < sched_count(); i++)
        printf("%-14s  %s\n", sched_at(i)->name, sched_at(i)->summary);
}

static Status list_folder(const Kind *k, Err *err)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    Status st = path_list(&names, &n, k->folder, k->suffix, err);
    if (st != ST_OK) return st;
    for (int i = 0; i < n; i++) puts(names[i]);
    if (n == 0) log_info("there are no %s", k->name);
    mem_free(names);
    return ST_OK;
}

static Status list_kind(const char *word, Err *err)
{
    const char *names[N_KINDS], *near;
    for (int i = 0; i < N_KINDS; i++) {
        names[i] = KINDS[i].name;
        if (strcmp(word, names[i]) != 0) continue;
        if (KINDS[i].folder) return list_folder(&KINDS[i], err);
        list_schedulers();
        return ST_OK;
    }
    near = nearest_name(word, names, N_KINDS);
    return err_set(err, ST_USAGE, "list: unknown kind '%s', %s%s", word,
                   near ? "did you mean " : "see relmas list --help", near ? near : "");
}

int cmd_list(int argc, char *const *argv)
{
    ArgList kinds = {0};
    const ArgCommand cmd = {
        .usage = "relmas list KIND",
        .about = "Names what is available. KIND is networks, accelerators, systems, scenarios, "
                 "configs, schedulers or policies.",
        .example = "relmas list schedulers",
        .operand = "KIND",
        .min_operands = 1,
        .max_operands = 1,
        .operands = &kinds,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    return list_kind(kinds.v[0], &err) == ST_OK ? 0 : report_error(&err);
}
