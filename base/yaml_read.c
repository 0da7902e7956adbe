/* yaml_read.c -- typed values from a YAML tree, and what is said when one is not right. */
#include "base/yaml.h"

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SHOWN = 128, CHOICES_SHOWN = 200 };

Status yaml_must_be(const YamlNode *node, const char *what, Err *err)
{
    char path[PATH_SHOWN], text[TEXT_SHOWN_MAX];
    static const char *const KIND[] = {"text", "a list", "a map"};
    yaml_path(node, path, sizeof path);
    const char *open = *path ? "'" : "", *subject = *path ? path : "the file";
    if (yaml_empty(node))
        return yaml_error(node, err, "%s%s%s must be %s, got nothing", open, subject, open, what);
    if (yaml_kind(node) != YAML_SCALAR)
        return yaml_error(node, err, "%s%s%s must be %s, got %s", open, subject, open, what,
                          KIND[yaml_kind(node)]);
    text_shown(text, yaml_text(node));
    const char *quote = yaml_quoted(node) ? "\"" : "'";
    return yaml_error(node, err, "%s%s%s must be %s, got %s%s%s", open, subject, open, what, quote,
                      text, quote);
}

Status yaml_expect(const YamlNode *node, YamlKind kind, Err *err)
{
    static const char *const WHAT[] = {"a single value", "a list", "a map"};
    return yaml_kind(node) == kind ? ST_OK : yaml_must_be(node, WHAT[kind], err);
}

/* A number must stand bare: "3" in quotes is text. */
static bool bare(const YamlNode *node)
{
    return yaml_kind(node) == YAML_SCALAR && !yaml_quoted(node);
}

Status yaml_int(const YamlNode *node, long lo, long hi, int *out, Err *err)
{
    int64_t x;
    if (lo < INT_MIN) lo = INT_MIN;
    if (hi > INT_MAX) hi = INT_MAX;
    if (bare(node) && text_to_i64(yaml_text(node), &x) && x >= lo && x <= hi) {
        *out = (int)x;
        return ST_OK;
    }
    char range[TEXT_RANGE_MAX];
    bool no_lo = lo == INT_MIN, no_hi = hi == INT_MAX;
    text_range(range, true, no_lo ? -DBL_MAX : (double)lo, no_hi ? DBL_MAX : (double)hi);
    return yaml_must_be(node, range, err);
}

Status yaml_u64(const YamlNode *node, uint64_t lo, uint64_t hi, uint64_t *out, Err *err)
{
    uint64_t x;
    if (bare(node) && text_to_u64(yaml_text(node), &x) && x >= lo && x <= hi) {
        *out = x;
        return ST_OK;
    }
    char range[TEXT_RANGE_MAX];
    text_range(range, true, (double)lo, hi == UINT64_MAX ? DBL_MAX : (double)hi);
    return yaml_must_be(node, range, err);
}

Status yaml_double(const YamlNode *node, double lo, double hi, double *out, Err *err)
{
    double x;
    if (bare(node) && text_to_double(yaml_text(node), &x) && x >= lo && x <= hi) {
        *out = x;
        return ST_OK;
    }
    char range[TEXT_RANGE_MAX];
    text_range(range, false, lo, hi);
    return yaml_must_be(node, range, err);
}

Status yaml_bool(const YamlNode *node, bool *out, Err *err)
{
    bool yes = bare(node) && !strcmp(yaml_text(node), "true");
    if (!yes && !(bare(node) && !strcmp(yaml_text(node), "false")))
        return yaml_must_be(node, "true or false", err);
    *out = yes;
    return ST_OK;
}

Status yaml_enum(const YamlNode *node, const char *const *choices, int n, int *out, Err *err)
{
    for (int i = 0; i < n && yaml_kind(node) == YAML_SCALAR; i++) {
        if (strcmp(yaml_text(node), choices[i])) continue;
        *out = i;
        return ST_OK;
    }
    char what[CHOICES_SHOWN] = "one of ";
    size_t used = strlen(what);
    for (int i = 0; i < n && used < sizeof what; i++)
        used +=
            (size_t)snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "", choices[i]);
    return yaml_must_be(node, what, err);
}

/* The value of a key that must be there. */
static Status need(const YamlNode *parent, const char *key, const YamlNode **out, Err *err)
{
    Status st = yaml_expect(parent, YAML_MAP, err);
    if (st != ST_OK) return st;
    if ((*out = yaml_get(parent, key))) return ST_OK;
    char path[PATH_SHOWN];
    yaml_path(parent, path, sizeof path);
    return yaml_error(parent, err, "missing key '%s%s%s'", path, *path ? "." : "", key);
}

Status yaml_read_int(const YamlNode *parent, const char *key, long lo, long hi, int *out, Err *err)
{
    const YamlNode *node;
    Status st = need(parent, key, &node, err);
    return st == ST_OK ? yaml_int(node, lo, hi, out, err) : st;
}

Status yaml_read_double(const YamlNode *parent, const char *key, double lo, double hi, double *out,
                        Err *err)
{
    const YamlNode *node;
    Status st = need(parent, key, &node, err);
    return st == ST_OK ? yaml_double(node, lo, hi, out, err) : st;
}

Status yaml_read_bool(const YamlNode *parent, const char *key, bool *out, Err *err)
{
    const YamlNode *node;
    Status st = need(parent, key, &node, err);
    return st == ST_OK ? yaml_bool(node, out, err) : st;
}

Status yaml_read_enum(const YamlNode *parent, const char *key, const char *const *choices, int n,
                      int *out, Err *err)
{
    const YamlNode *node;
    Status st = need(parent, key, &node, err);
    return st == ST_OK ? yaml_enum(node, choices, n, out, err) : st;
}

Status yaml_read_string(const YamlNode *parent, const char *key, char *out, size_t cap, Err *err)
{
    const YamlNode *node;
    Status st = need(parent, key, &node, err);
    if (st != ST_OK) return st;
    const char *text = yaml_text(node);
    size_t n = strlen(text);
    if (n > 0 && n < cap) {
        memcpy(out, text, n + 1);
        return ST_OK;
    }
    char what[64];
    snprintf(what, sizeof what, "text of 1..%zu bytes", cap - 1);
    return yaml_must_be(node, what, err);
}

Status yaml_check_keys(const YamlNode *map, const char *const *known, int n, Err *err)
{
    Status st = yaml_expect(map, YAML_MAP, err);
    for (int i = 0; i < yaml_size(map) && st == ST_OK; i++) {
        const char *key = yaml_key(map, i);
        int j = 0;
        while (j < n && strcmp(key, known[j])) j++;
        if (j < n) continue;
        char path[PATH_SHOWN];
        yaml_path(yaml_item(map, i), path, sizeof path);
        const char *near = nearest_name(key, known, n);
        st = yaml_error(yaml_item(map, i), err, "unknown key '%s'%s%s%s", path,
                        near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return st;
}
