/* yaml.h -- a small read-only YAML tree with line numbers, on libyaml's event parser.
 * Anchors, aliases, tags and several documents in one file are refused; depth and size are bounded,
 * so no input can hang or over-allocate. Duplicate keys are an error.
 * Every error reads "FILE:LINE: what is wrong, what would be right". */
#ifndef RELMAS_BASE_YAML_H
#define RELMAS_BASE_YAML_H

#include "base/status.h"
#include "base/text.h" /* nearest_name */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct YamlDoc YamlDoc;
typedef struct YamlNode YamlNode; /* owned by its document */

typedef enum { YAML_SCALAR, YAML_SEQ, YAML_MAP } YamlKind;

/* Caller owns *out; on failure *out = NULL: ST_IO, ST_FORMAT, ST_NOMEM. */
Status yaml_load(YamlDoc **out, const char *path, Err *err);
/* The same from memory; name stands for the file in messages. */
Status yaml_parse(YamlDoc **out, const char *name, const char *text, size_t bytes, Err *err);
/* Parses `key: value`, a setting from the command line: a map of one key. Messages then begin with
 * "name: " and have no line. key is a plain word. */
Status yaml_parse_setting(YamlDoc **out, const char *name, const char *key, const char *value,
                          Err *err);
void yaml_destroy(YamlDoc *doc); /* NULL allowed */

const YamlNode *yaml_root(const YamlDoc *doc); /* never NULL: an empty file is an empty map */
const char *yaml_name(const YamlDoc *doc);
YamlKind yaml_kind(const YamlNode *node);
int yaml_line(const YamlNode *node); /* from 1 */
int yaml_size(const YamlNode *node); /* entries of a sequence or map, 0 for a scalar */
const YamlNode *yaml_item(const YamlNode *node, int i); /* i-th element, or value of the i-th key */
const char *yaml_key(const YamlNode *map, int i);
const YamlNode *yaml_get(const YamlNode *map, const char *key); /* NULL when absent */
const char *yaml_text(const YamlNode *scalar);                  /* "" unless a scalar */
bool yaml_quoted(const YamlNode *node);                         /* a scalar in quotes: only text */
bool yaml_empty(const YamlNode *node);                          /* nothing was written: `key:` */

/* Typed reads; on failure *out is untouched and the message names node's key or index, its line,
 * what was found and the accepted range. An absent key is reported as missing. */
Status yaml_read_int(const YamlNode *parent, const char *key, long lo, long hi, int *out, Err *err);
Status yaml_read_double(const YamlNode *parent, const char *key, double lo, double hi, double *out,
                        Err *err);
Status yaml_read_bool(const YamlNode *parent, const char *key, bool *out, Err *err);
/* Copies into out[cap]; ST_FORMAT if it does not fit or is empty. */
Status yaml_read_string(const YamlNode *parent, const char *key, char *out, size_t cap, Err *err);
/* Index of the text in choices[n], exactly. */
Status yaml_read_enum(const YamlNode *parent, const char *key, const char *const *choices, int n,
                      int *out, Err *err);
/* The same for a node itself, an element of a list say. */
Status yaml_int(const YamlNode *node, long lo, long hi, int *out, Err *err);
Status yaml_u64(const YamlNode *node, uint64_t lo, uint64_t hi, uint64_t *out, Err *err);
Status yaml_double(const YamlNode *node, double lo, double hi, double *out, Err *err);
Status yaml_bool(const YamlNode *node, bool *out, Err *err);
Status yaml_enum(const YamlNode *node, const char *const *choices, int n, int *out, Err *err);
/* ST_FORMAT unless node is of this kind. */
Status yaml_expect(const YamlNode *node, YamlKind kind, Err *err);
/* Every key of map must be in known[n]; the message gives the nearest known key. */
Status yaml_check_keys(const YamlNode *map, const char *const *known, int n, Err *err);
/* Where node is in its document: "layers[3].name"; "" for the root. Cut to fit. */
void yaml_path(const YamlNode *node, char *out, size_t cap);
/* "'train.steps' must be WHAT, got 'abc'" with the place; returns ST_FORMAT. */
Status yaml_must_be(const YamlNode *node, const char *what, Err *err);
/* err_set with "FILE:LINE: " of node before the message; returns ST_FORMAT. */
Status yaml_error(const YamlNode *node, Err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
