/* system_file.c -- reads a system file key by key, with a place for every mistake. */
#include "env/system_file.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/yaml.h"

#include <stdio.h>
#include <string.h>

/* Types are told apart by name in tables and in what limits a load. */
static Status check_name(const SystemFile *f, const SystemType *t, const YamlNode *node, Err *err)
{
    for (int u = 0; u < f->n_types; u++)
        if (!strcmp(f->type[u].name, t->name))
            return yaml_error(node, err, "there are two accelerator types '%s', add a name to one",
                              t->name);
    return ST_OK;
}

static Status read_type(SystemFile *f, const YamlNode *node, Err *err)
{
    static const char *const KEYS[] = {"preset", "count", "name", "set"};
    SystemType *t = &f->type[f->n_types];
    const YamlNode *set;
    char preset[PATH_MAX_BYTES], path[PATH_MAX_BYTES];
    Status st = ST_OK;

    TRY(yaml_check_keys(node, KEYS, 4, err));
    TRY(yaml_read_string(node, "preset", preset, sizeof preset, err));
    TRY(yaml_read_int(node, "count", 1, SYS_MAX_SAS, &t->count, err));
    if (f->n_sas + t->count > SYS_MAX_SAS)
        return yaml_error(node, err, "the system has more than %d accelerators", SYS_MAX_SAS);
    set = yaml_get(node, "set");
    t->changed = set != NULL;
    TRY(path_find(path, sizeof path, "accel_models/presets", preset, ".yaml", err));
    TRY(accel_load_with(&t->accel, path, set, err));
    snprintf(t->name, sizeof t->name, "%s", accel_name(t->accel));
    if (yaml_get(node, "name")) TRY(yaml_read_string(node, "name", t->name, sizeof t->name, err));
    TRY(check_name(f, t, node, err));
    f->n_sas += t->count;
    f->n_types++;
fail:
    return st;
}

static Status read_types(SystemFile *f, const YamlNode *root, Err *err)
{
    const YamlNode *list = yaml_get(root, "accelerators");
    Status st = ST_OK;

    if (!list || yaml_kind(list) != YAML_SEQ || yaml_size(list) < 1 ||
        yaml_size(list) > SYS_MAX_TYPES)
        return yaml_error(list ? list : root, err,
                          "'accelerators' must be a list of 1 to %d {preset: .., count: ..}",
                          SYS_MAX_TYPES);
    for (int i = 0; i < yaml_size(list); i++) TRY(read_type(f, yaml_item(list, i), err));
fail:
    return st;
}

static Status read_sharing(SystemFile *f, const YamlNode *root, Err *err)
{
    const YamlNode *replan = yaml_get(root, "replan_us");
    int arbitration = ARBITRATION_MAX_MIN;
    Status st = ST_OK;

    TRY(yaml_read_double(root, "dram_gbps", 1e-3, 1e6, &f->dram_gbps, err));
    if (yaml_get(root, "arbitration"))
        TRY(yaml_read_enum(root, "arbitration", ARBITRATION_NAMES, ARBITRATIONS, &arbitration,
                           err));
    f->arbitration = (Arbitration)arbitration;
    if (replan) TRY(yaml_double(replan, 0, 1e9, &f->replan_us, err));
    if (f->replan_us > 0 && f->replan_us < SYS_LEAST_REPLAN_US)
        return yaml_must_be(replan, "0 (never) or 1..1000000000", err);
fail:
    return st;
}

static Status read_root(SystemFile *f, const YamlNode *root, Err *err)
{
    static const char *const KEYS[] = {"name", "dram_gbps", "arbitration", "replan_us",
                                       "accelerators"};
    Status st = ST_OK;

    TRY(yaml_check_keys(root, KEYS, 5, err));
    TRY(yaml_read_string(root, "name", f->name, sizeof f->name, err));
    TRY(read_sharing(f, root, err));
    TRY(read_types(f, root, err));
fail:
    return st;
}

Status system_file_load(SystemFile **out, const char *system, Err *err)
{
    char path[PATH_MAX_BYTES];
    YamlDoc *doc = NULL;
    SystemFile *f = NULL;
    Status st = ST_OK;

    *out = NULL;
    TRY(path_find(path, sizeof path, "env/systems", system, ".yaml", err));
    TRY(yaml_load(&doc, path, err));
    if (!(f = mem_calloc(1, sizeof *f))) {
        st = err_set(err, ST_NOMEM, "system '%s': %s", system, status_text(ST_NOMEM));
        goto fail;
    }
    TRY(read_root(f, yaml_root(doc), err));
    *out = f;
    f = NULL;
fail:
    system_file_destroy(f);
    yaml_destroy(doc);
    return st;
}

void system_file_destroy(SystemFile *f)
{
    if (!f) return;
    for (int t = 0; t < SYS_MAX_TYPES; t++) accel_destroy(f->type[t].accel);
    mem_free(f);
}
