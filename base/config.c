/* config.c -- reads, overrides and prints a struct of settings by its table of fields.
 * Keys have at most one dot. A file may nest them (dqn: {lr: 1e-3}) or write them flat (dqn.lr). */
#include "base/config.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Table {
    const ConfigField *field;
    int n;
} Table;

static void *member(void *cfg, const ConfigField *f)
{
    return (char *)cfg + f->offset;
}

static const void *const_member(const void *cfg, const ConfigField *f)
{
    return (const char *)cfg + f->offset;
}

static const ConfigField *find_field(Table t, const char *key)
{
    for (int i = 0; i < t.n; i++)
        if (!strcmp(t.field[i].key, key)) return &t.field[i];
    return NULL;
}

/* Bytes of "dqn." in "dqn.lr", 0 for a key of the top level. */
static size_t section_bytes(const char *key)
{
    const char *dot = strchr(key, '.');
    return dot ? (size_t)(dot - key) + 1 : 0;
}

static bool is_section(Table t, const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < t.n; i++)
        if (section_bytes(t.field[i].key) == n + 1 && !strncmp(t.field[i].key, name, n))
            return true;
    return false;
}

/* ---- unknown keys ---- */

/* A field whose name is the same but for the section: lr for dqn.lr. */
static const char *same_tail(Table t, const char *key)
{
    const char *tail = key + section_bytes(key);
    for (int i = 0; i < t.n; i++)
        if (!strcmp(t.field[i].key + section_bytes(t.field[i].key), tail)) return t.field[i].key;
    return NULL;
}

/* Copies the nearest key, or the nearest section if sections, into out ("" if none is near). */
static void suggest(Table t, const char *key, bool sections, char out[TEXT_SHOWN_MAX])
{
    const char *near = sections ? NULL : same_tail(t, key);
    char(*text)[TEXT_SHOWN_MAX] = mem_calloc((size_t)t.n, sizeof *text);
    const char **names = mem_calloc((size_t)t.n, sizeof *names);
    out[0] = '\0';
    if (!text || !names) goto end; /* then without advice */
    for (int i = 0; i < t.n; i++) {
        size_t n = section_bytes(t.field[i].key);
        if (sections)
            snprintf(text[i], sizeof text[i], "%.*s", n ? (int)n - 1 : 0, t.field[i].key);
        else
            snprintf(text[i], sizeof text[i], "%s", t.field[i].key);
        names[i] = text[i];
    }
    if (!near) near = nearest_name(key, names, t.n);
    if (near) snprintf(out, TEXT_SHOWN_MAX, "%s", near);
end:
    mem_free(names);
    mem_free(text);
}

static void unknown_text(Table t, const char *key, bool section, char *out, size_t cap)
{
    char shown[TEXT_SHOWN_MAX], near[TEXT_SHOWN_MAX];
    text_shown(shown, key);
    suggest(t, key, section, near);
    snprintf(out, cap, "unknown key '%s'%s%s%s", shown, *near ? ", did you mean '" : "", near,
             *near ? "'?" : "");
}

static Status unknown_key(Table t, const char *key, bool section, const YamlNode *at, Err *err)
{
    char text[200];
    unknown_text(t, key, section, text, sizeof text);
    return yaml_error(at, err, "%s", text);
}

/* ---- reading ---- */

static int count_choices(const char *const *choices)
{
    int n = 0;
    while (choices[n]) n++;
    return n;
}

/* double -> integer limits without overflow in the conversion */
static long to_long(double x)
{
    return x <= -1e18 ? -1000000000000000000 : x >= 1e18 ? 1000000000000000000 : (long)x;
}

static uint64_t to_u64(double x)
{
    return x <= 0 ? 0 : x >= 0x1p64 ? UINT64_MAX : (uint64_t)x;
}

static Status read_text(char *out, const YamlNode *node, Err *err)
{
    const char *text = yaml_text(node);
    size_t n = strlen(text);
    if (yaml_kind(node) != YAML_SCALAR || yaml_empty(node))
        return yaml_must_be(node, "text (\"\" for none)", err);
    if (n >= CONFIG_TEXT_MAX) return yaml_must_be(node, "text of at most 255 bytes", err);
    memset(out, 0, CONFIG_TEXT_MAX); /* equal settings are equal bytes */
    memcpy(out, text, n);
    return ST_OK;
}

/* A number alone is a list of one. */
static bool is_number(const ConfigField *f, const YamlNode *node)
{
    double ignored;
    return yaml_kind(node) == YAML_SCALAR &&
           yaml_double(node, f->lo, f->hi, &ignored, NULL) == ST_OK;
}

static Status expect_list(const ConfigField *f, const YamlNode *node, Err *err)
{
    if (is_number(f, node)) return ST_OK;
    if (yaml_kind(node) == YAML_SEQ && yaml_size(node) >= 1 && yaml_size(node) <= CONFIG_LIST_MAX)
        return ST_OK;
    char range[TEXT_RANGE_MAX], what[TEXT_RANGE_MAX + 64];
    text_range(range, f->type == CONFIG_INTS, f->lo, f->hi);
    snprintf(what, sizeof what, "a list of 1..%d elements, each %s", CONFIG_LIST_MAX, range);
    if (yaml_kind(node) != YAML_SEQ) return yaml_must_be(node, what, err);
    return yaml_error(node, err, "'%s' must be %s, got %d elements", f->key, what, yaml_size(node));
}

static Status read_ints(ConfigInts *out, const ConfigField *f, const YamlNode *node, Err *err)
{
    ConfigInts list = {0};
    Status st = expect_list(f, node, err);
    bool one = yaml_kind(node) == YAML_SCALAR;
    for (int i = 0; i < (one ? 1 : yaml_size(node)) && st == ST_OK; i++)
        st = yaml_int(one ? node : yaml_item(node, i), to_long(f->lo), to_long(f->hi),
                      &list.v[list.n++], err);
    if (st == ST_OK) *out = list;
    return st;
}

static Status read_doubles(ConfigDoubles *out, const ConfigField *f, const YamlNode *node, Err *err)
{
    ConfigDoubles list = {0};
    Status st = expect_list(f, node, err);
    bool one = yaml_kind(node) == YAML_SCALAR;
    for (int i = 0; i < (one ? 1 : yaml_size(node)) && st == ST_OK; i++)
        st = yaml_double(one ? node : yaml_item(node, i), f->lo, f->hi, &list.v[list.n++], err);
    if (st == ST_OK) *out = list;
    return st;
}

static Status read_root(void *cfg, Table t, const YamlNode *root, Err *err);

static Status read_records(void *cfg, const ConfigField *f, const YamlNode *node, Err *err)
{
    const ConfigRecords *r = f->of;
    int *n = member(cfg, f);
    char *first = (char *)n + r->first;
    Status st = yaml_expect(node, YAML_SEQ, err);
    if (st == ST_OK && yaml_size(node) > r->most)
        return yaml_error(node, err, "'%s' has %d elements, want at most %d", f->key,
                          yaml_size(node), r->most);
    if (st != ST_OK) return st;
    memset(first, 0, (size_t)r->most * r->bytes);
    for (*n = 0; *n < yaml_size(node) && st == ST_OK; ++*n)
        st = read_root(first + (size_t)*n * r->bytes, (Table){r->fields, r->n_fields},
                       yaml_item(node, *n), err);
    return st;
}

static Status read_field(void *cfg, const ConfigField *f, const YamlNode *node, Err *err)
{
    void *p = member(cfg, f);
    switch (f->type) {
    case CONFIG_INT:
        return yaml_int(node, to_long(f->lo), to_long(f->hi), p, err);
    case CONFIG_U64:
        return yaml_u64(node, to_u64(f->lo), to_u64(f->hi), p, err);
    case CONFIG_DOUBLE:
        return yaml_double(node, f->lo, f->hi, p, err);
    case CONFIG_BOOL:
        return yaml_bool(node, p, err);
    case CONFIG_ENUM:
        return yaml_enum(node, f->of, count_choices(f->of), p, err);
    case CONFIG_TEXT:
        return read_text(p, node, err);
    case CONFIG_INTS:
        return read_ints(p, f, node, err);
    case CONFIG_DOUBLES:
        return read_doubles(p, f, node, err);
    case CONFIG_RECORDS:
        return read_records(cfg, f, node, err);
    }
    assert(!"unknown type of field");
    return ST_CONFIG;
}

static Status read_section(void *cfg, Table t, const char *name, const YamlNode *map, Err *err)
{
    Status st = yaml_empty(map) ? ST_OK : yaml_expect(map, YAML_MAP, err);
    for (int i = 0; i < yaml_size(map) && st == ST_OK; i++) {
        char key[2 * TEXT_SHOWN_MAX];
        const YamlNode *node = yaml_item(map, i);
        snprintf(key, sizeof key, "%s.%s", name, yaml_key(map, i));
        const ConfigField *f = find_field(t, key);
        st = f ? read_field(cfg, f, node, err) : unknown_key(t, key, false, node, err);
    }
    return st;
}

/* dqn.lr and dqn: {lr} in one file would leave open which one counts. */
static bool also_nested(const YamlNode *root, const char *key)
{
    char section[TEXT_SHOWN_MAX];
    size_t n = section_bytes(key);
    if (n == 0 || n > sizeof section) return false;
    snprintf(section, sizeof section, "%.*s", (int)n - 1, key);
    const YamlNode *map = yaml_get(root, section);
    return map && yaml_get(map, key + n);
}

static Status read_root(void *cfg, Table t, const YamlNode *root, Err *err)
{
    Status st = yaml_expect(root, YAML_MAP, err);
    for (int i = 0; i < yaml_size(root) && st == ST_OK; i++) {
        const char *key = yaml_key(root, i);
        const YamlNode *node = yaml_item(root, i);
        const ConfigField *f = find_field(t, key);
        if (is_section(t, key))
            st = read_section(cfg, t, key, node, err);
        else if (!f)
            st = unknown_key(t, key, yaml_kind(node) == YAML_MAP, node, err);
        else if (also_nested(root, key))
            st = yaml_error(node, err, "'%s' is set twice, here and in its section", key);
        else
            st = read_field(cfg, f, node, err);
    }
    return st;
}

Status config_read_map(void *cfg, const ConfigField *fields, int n, const YamlNode *map, Err *err)
{
    Err why = {0};
    Status st = read_root(cfg, (Table){fields, n}, map, &why);
    return st == ST_OK ? ST_OK : err_set(err, ST_CONFIG, "%s", why.msg);
}

Status config_read(void *cfg, const ConfigField *fields, int n, const YamlDoc *doc, Err *err)
{
    return config_read_map(cfg, fields, n, yaml_root(doc), err);
}

Status config_set(void *cfg, const ConfigField *fields, int n, const char *where,
                  const char *assignment, Err *err)
{
    Table t = {fields, n};
    char shown[TEXT_SHOWN_MAX], name[2 * TEXT_SHOWN_MAX], key[TEXT_SHOWN_MAX], text[200];
    size_t key_bytes = strcspn(assignment, "=");
    text_shown(shown, assignment);
    snprintf(name, sizeof name, "%.40s %s", where, shown);
    if (assignment[key_bytes] != '=')
        return err_set(err, ST_CONFIG, "%s: no value, write it as KEY=VALUE", name);
    snprintf(key, sizeof key, "%.*s", key_bytes < 60 ? (int)key_bytes : 60, assignment);
    if (!find_field(t, key)) {
        if (is_section(t, key))
            return err_set(err, ST_CONFIG, "%s: '%s' is a section, set one of its keys", name, key);
        unknown_text(t, key, false, text, sizeof text);
        return err_set(err, ST_CONFIG, "%s: %s", name, text);
    }
    Err why = {0};
    YamlDoc *doc = NULL;
    Status st = yaml_parse_setting(&doc, name, key, assignment + key_bytes + 1, &why);
    if (st == ST_OK) st = config_read(cfg, fields, n, doc, &why);
    yaml_destroy(doc);
    if (st == ST_FORMAT) st = ST_CONFIG; /* the line that the user wrote */
    return st == ST_OK ? ST_OK : err_set(err, st, "%s", why.msg);
}

/* ---- printing ---- */

/* Text that grows; after a failed allocation it stays as it is and failed is set. */
typedef struct Buffer {
    char *text;
    size_t used, cap;
    bool failed;
} Buffer;

static void put(Buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(Buffer *b, const char *fmt, ...)
{
    char piece[160];
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)vsnprintf(piece, sizeof piece, fmt, ap);
    va_end(ap);
    assert(n < sizeof piece);
    if (b->cap - b->used <= n && !b->failed) {
        size_t cap = b->cap ? 2 * b->cap : 2048;
        char *grown = mem_resize(b->text, b->cap, cap);
        if (grown) {
            b->text = grown;
            b->cap = cap;
        }
        b->failed = !grown;
    }
    if (b->failed) return;
    memcpy(b->text + b->used, piece, n + 1);
    b->used += n;
}

static void put_double(Buffer *b, double x)
{
    char text[TEXT_NUMBER_MAX];
    assert(isfinite(x));
    text_from_double(text, x);
    put(b, "%s", text);
}

/* Reads one character of UTF-8; a byte that is none counts as U+FFFD. */
static unsigned next_char(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    int more = *p < 0x80 ? 0 : *p >> 5 == 6 ? 1 : *p >> 4 == 14 ? 2 : *p >> 3 == 30 ? 3 : -1;
    unsigned c = more < 0 ? 0xfffd : more == 0 ? *p : *p & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if (p[i] >> 6 != 2) {
            *s += i;
            return 0xfffd;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *s += more < 0 ? 1 : more + 1;
    return c;
}

/* Always in double quotes, so that no text looks like a number; what YAML does not allow to stand
 * there for itself (controls, its line breaks U+0085, U+2028.., the byte order mark) is escaped. */
static void put_text(Buffer *b, const char *s)
{
    put(b, "\"");
    while (*s) {
        const char *start = s;
        unsigned c = next_char(&s);
        if (c == '"' || c == '\\')
            put(b, "\\%c", (int)c);
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
                 (c >= 0xfffd && c < 0x10000))
            put(b, "\\u%04X", c);
        else
            put(b, "%.*s", (int)(s - start), start);
    }
    put(b, "\"");
}

static void put_ints(Buffer *b, const ConfigInts *list)
{
    for (int i = 0; i < list->n; i++) put(b, "%s%d", i ? ", " : "[", list->v[i]);
    put(b, "]");
}

static void put_doubles(Buffer *b, const ConfigDoubles *list)
{
    for (int i = 0; i < list->n; i++) {
        put(b, "%s", i ? ", " : "[");
        put_double(b, list->v[i]);
    }
    put(b, "]");
}

static void put_value(Buffer *b, const void *cfg, const ConfigField *f);

static void put_records(Buffer *b, const void *cfg, const ConfigField *f)
{
    const ConfigRecords *r = f->of;
    const int *n = const_member(cfg, f);
    if (*n == 0) put(b, " []");
    for (int i = 0; i < *n; i++)
        for (int k = 0; k < r->n_fields; k++) {
            put(b, "\n  %s %s: ", k ? " " : "-", r->fields[k].key);
            put_value(b, (const char *)n + r->first + (size_t)i * r->bytes, &r->fields[k]);
        }
}

static void put_value(Buffer *b, const void *cfg, const ConfigField *f)
{
    const void *p = const_member(cfg, f);
    switch (f->type) {
    case CONFIG_INT:
        put(b, "%d", *(const int *)p);
        break;
    case CONFIG_U64:
        put(b, "%llu", (unsigned long long)*(const uint64_t *)p);
        break;
    case CONFIG_DOUBLE:
        put_double(b, *(const double *)p);
        break;
    case CONFIG_BOOL:
        put(b, "%s", *(const bool *)p ? "true" : "false");
        break;
    case CONFIG_ENUM:
        put(b, "%s", ((const char *const *)f->of)[*(const int *)p]);
        break;
    case CONFIG_TEXT:
        put_text(b, p);
        break;
    case CONFIG_INTS:
        put_ints(b, p);
        break;
    case CONFIG_DOUBLES:
        put_doubles(b, p);
        break;
    case CONFIG_RECORDS:
        put_records(b, cfg, f);
        break;
    }
}

static void put_field(Buffer *b, const void *cfg, const ConfigField *f)
{
    size_t section = section_bytes(f->key);
    put(b, "%s%s:%s", section ? "  " : "", f->key + section, f->type == CONFIG_RECORDS ? "" : " ");
    put_value(b, cfg, f);
    put(b, "\n");
}

static bool same_section(const ConfigField *a, const ConfigField *b)
{
    size_t n = section_bytes(a->key);
    return n == section_bytes(b->key) && !strncmp(a->key, b->key, n);
}

/* The i-th field's section, if the field is the first of it: a section is printed once. */
static void put_section(Buffer *b, const void *cfg, Table t, int i)
{
    const ConfigField *f = &t.field[i];
    size_t n = section_bytes(f->key);
    for (int j = 0; j < i; j++)
        if (same_section(&t.field[j], f)) return;
    if (n) put(b, "%.*s:\n", (int)n - 1, f->key);
    for (int j = i; j < t.n; j++)
        if (same_section(&t.field[j], f)) put_field(b, cfg, &t.field[j]);
}

Status config_format(const void *cfg, const ConfigField *fields, int n, char **out, Err *err)
{
    Buffer b = {0};
    *out = NULL;
    put(&b, "%s", ""); /* no fields: empty text */
    for (int i = 0; i < n; i++) put_section(&b, cfg, (Table){fields, n}, i);
    if (b.failed) {
        mem_free(b.text);
        return err_set(err, ST_NOMEM, "config_format: %s", status_text(ST_NOMEM));
    }
    *out = b.text;
    return ST_OK;
}
