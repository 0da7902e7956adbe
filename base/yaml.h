/* yaml.h -- a small read-only YAML tree with line numbers, on libyaml's event parser.
 * Anchors, aliases, tags and several documents in one file are refused; depth and size are bounded,
 * so no input can hang or over-allocate. Duplicate keys are an error.
 * Every error reads "FILE:LINE: what is wrong, what would be right". */
#ifndef RELMAS_BASE_YAML_H
#define RELMAS_BASE_YAML_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct YamlDoc YamlDoc;
typedef struct YamlNode YamlNode; /* owned by its document */

typedef enum { YAML_SCALAR, YAML_SEQ, YAML_MAP } YamlKind;

/* Caller owns *out; on failure *out = NULL: ST_IO, ST_FORMAT, ST_NOMEM. */
Status yaml_load(YamlDoc **out, const char *path, Err *err);
/* The same from memory; name stands for the file in messages. */
Status yaml_parse(YamlDoc **out, const char *name, const char *text, size_t bytes, Err *err);
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

/* Typed reads; on failure *out is untouched and the message names node's key or index, its line,
 * what was found and the accepted range. node == NULL is reported as a missing `key` of parent. */
Status yaml_read_int(const YamlNode *parent, const char *key, long lo, long hi, int *out, Err *err);
Status yaml_read_double(const YamlNode *parent, const char *key, double lo, double hi, double *out,
                        Err *err);
Status yaml_read_bool(const YamlNode *parent, const char *key, bool *out, Err *err);
/* Copies into out[cap]; ST_FORMAT if it does not fit or is empty. */
Status yaml_read_string(const YamlNode *parent, const char *key, char *out, size_t cap, Err *err);
/* Index of the text in choices[n], exactly. */
Status yaml_read_enum(const YamlNode *parent, const char *key, const char *const *choices, int n,
                      int *out, Err *err);
/* ST_FORMAT unless node is of this kind. */
Status yaml_expect(const YamlNode *node, YamlKind kind, Err *err);
/* Every key of map must be in known[n]; the message gives the nearest known key. */
Status yaml_check_keys(const YamlNode *map, const char *const *known, int n, Err *err);
/* err_set with "FILE:LINE: " of node before the message; returns ST_FORMAT. */
Status yaml_error(const YamlNode *node, Err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The entry of names[n] with the least edit distance to word, NULL if none is near. */
const char *nearest_name(const char *word, const char *const *names, int n);

#endif
