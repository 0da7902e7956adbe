/* config.h -- a flat struct of settings described by a table, read from YAML and `a.b=v` overrides.
 * A table row gives the dotted key, type, offset, accepted range and help; from it come checking
 * (unknown key, wrong type, out of range: file:line, key, what would be right, nearest key), the
 * overrides, and the effective configuration as text (which parses back to the same struct). */
#ifndef RELMAS_BASE_CONFIG_H
#define RELMAS_BASE_CONFIG_H

#include "base/yaml.h"

#include <stddef.h>
#include <stdint.h>

enum { CONFIG_LIST_MAX = 16, CONFIG_TEXT_MAX = 256 };

typedef struct ConfigInts {
    int n, v[CONFIG_LIST_MAX];
} ConfigInts;
typedef struct ConfigDoubles {
    int n;
    double v[CONFIG_LIST_MAX];
} ConfigDoubles;

typedef enum {
    CONFIG_INT,     /* int */
    CONFIG_U64,     /* uint64_t: seeds, step counts */
    CONFIG_DOUBLE,  /* double */
    CONFIG_BOOL,    /* bool */
    CONFIG_ENUM,    /* int, index into choices */
    CONFIG_TEXT,    /* char[CONFIG_TEXT_MAX] */
    CONFIG_INTS,    /* ConfigInts, each element in [lo, hi]; a number alone is a list of one */
    CONFIG_DOUBLES, /* ConfigDoubles */
    CONFIG_RECORDS, /* int, how many structs of another table follow; see ConfigRecords */
} ConfigType;

typedef struct ConfigField {
    const char *key; /* dotted, e.g. "dqn.lr"; at most one dot */
    ConfigType type;
    size_t offset;
    double lo, hi;    /* accepted range, inclusive (numbers, each element of a list, which
                                   has 1..16); +-DBL_MAX is no limit, 0x1p64 none for CONFIG_U64 */
    const void *of;   /* CONFIG_ENUM: const char *const *, NULL-terminated names; CONFIG_RECORDS: a
                         ConfigRecords */
    const char *help; /* one line with unit */
} ConfigField;

/* A list of maps in the file, an array of structs in memory. What a map does not name is zero. */
typedef struct ConfigRecords {
    const ConfigField *fields; /* of one; keys without dots */
    int n_fields, most;        /* most: as many as the array has */
    size_t bytes, first;       /* of one; from the int, their number, to the array */
} ConfigRecords;

/* Overwrites the fields of cfg (which holds the defaults) that doc names. Keys are nested
 * (dqn: {lr: 1}) or flat (dqn.lr: 1). ST_CONFIG, ST_NOMEM; fields before the mistake may be set. */
Status config_read(void *cfg, const ConfigField *fields, int n, const YamlDoc *doc, Err *err);
/* The same from a map inside a document: the value of a key of another file, say. */
Status config_read_map(void *cfg, const ConfigField *fields, int n, const YamlNode *map, Err *err);
/* Applies one "a.b=value" (value in YAML flow syntax, e.g. [64, 64]). where names the source in
 * messages, e.g. "--set". */
Status config_set(void *cfg, const ConfigField *fields, int n, const char *where,
                  const char *assignment, Err *err);
/* Writes all fields as YAML into *out (caller frees with mem_free). Doubles survive the round trip.
 */
Status config_format(const void *cfg, const ConfigField *fields, int n, char **out, Err *err);

#endif
