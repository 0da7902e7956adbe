/* cmd_inspect.c -- `relmas inspect`: what a checkpoint or policy file holds. */
#include "base/args.h"
#include "base/path.h"
#include "checkpoints/checkpoint.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static void print_meta(const Checkpoint *ckpt, const char *path)
{
    const CheckpointMeta *m = checkpoint_meta(ckpt);
    bool results = checkpoint_has(ckpt, "/results");
    printf("%s: %s, format %d, relmas %s\nwritten %s on %s", path,
           results                            ? "results of an evaluation"
           : checkpoint_has(ckpt, "/learner") ? "checkpoint (resumable)"
                                              : "frozen policy",
           m->format_version, m->relmas_version, m->created_utc, m->host);
    if (!results) printf(" after %.1f s of training", m->wall_s);
    puts("\n");
}

static void print_items(const Checkpoint *ckpt)
{
    int n;
    const CheckpointItem *item = checkpoint_items(ckpt, &n);
    printf("%-36s  %-4s  %-18s  %12s\n", "dataset", "type", "shape", "bytes");
    for (int i = 0; i < n; i++) {
        char shape[64] = "";
        if (item[i].rank == 1) snprintf(shape, sizeof shape, "%zu", item[i].dims[0]);
        if (item[i].rank == 2)
            snprintf(shape, sizeof shape, "%zu x %zu", item[i].dims[0], item[i].dims[1]);
        printf("%-36s  %-4s  %-18s  %12llu\n", item[i].path, checkpoint_type_name(item[i].type),
               shape, (unsigned long long)item[i].bytes);
    }
}

/* A file as it is named, or a shipped policy by its name. */
static Status find_file(char path[PATH_MAX_BYTES], const char *name, Err *err)
{
    if (access(name, F_OK) != 0)
        return path_find(path, PATH_MAX_BYTES, POLICY_FOLDER, name, ".h5", err);
    if (snprintf(path, PATH_MAX_BYTES, "%s", name) < PATH_MAX_BYTES) return ST_OK;
    return err_set(err, ST_USAGE, "inspect: the path is too long");
}

static Status inspect(const char *name, bool config_only, Err *err)
{
    char path[PATH_MAX_BYTES];
    Checkpoint *ckpt = NULL;
    Status st;
    TRY(find_file(path, name, err));
    TRY(checkpoint_open(&ckpt, path, err));
    if (config_only) {
        fputs(checkpoint_config(ckpt), stdout);
    } else {
        print_meta(ckpt, path);
        print_items(ckpt);
    }
fail:
    checkpoint_close(ckpt);
    return st;
}

/* Exit code 1 if they differ, as cmp has it. */
static int compare(const char *path, const char *other, Err *err)
{
    char where[STATE_PATH_MAX], a[PATH_MAX_BYTES], b[PATH_MAX_BYTES];
    bool same;
    if (find_file(a, path, err) != ST_OK || find_file(b, other, err) != ST_OK ||
        checkpoint_same(a, b, &same, where, err) != ST_OK)
        return report_error(err);
    if (same)
        printf("%s and %s hold the same\n", path, other);
    else
        printf("%s and %s differ, first in %s\n", path, other, where);
    return same ? 0 : 1;
}

int cmd_inspect(int argc, char *const *argv)
{
    ArgList files = {0};
    bool config_only = false;
    const char *other = NULL;
    const ArgOption options[] = {
        {"--config", NULL, ARG_FLAG, &config_only, 0, 0, NULL,
         "print only the effective configuration, as YAML that train takes"},
        {"--same", "OTHER.h5", ARG_TEXT, &other, 0, 0, NULL,
         "compare the two bit by bit, but for when and where they were written; exit code 1 if "
         "they differ"},
    };
    const ArgCommand cmd = {
        .usage = "relmas inspect FILE.h5 [options]",
        .about =
            "Shows what a checkpoint or policy file holds: versions, arrays, configuration. FILE "
            "may be the name of a shipped policy (relmas list policies).",
        .example = "relmas inspect runs/first/best.h5 --config",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "FILE",
        .min_operands = 1,
        .max_operands = 1,
        .operands = &files,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    if (config_only && other) {
        err_set(&err, ST_USAGE, "inspect: give --config or --same, not both");
        return report_error(&err);
    }
    if (other) return compare(files.v[0], other, &err);
    return inspect(files.v[0], config_only, &err) == ST_OK ? 0 : report_error(&err);
}
