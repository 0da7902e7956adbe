/* yaml.c -- builds the tree from libyaml's events.
 * Nodes, keys and texts live in blocks that the document owns; while a sequence or map is open its
 * children hang in a list, when it closes they become an array, so that access by index is O(1) and
 * by key O(log n). Limits on bytes, depth and nodes bound the work for any input. */
#include "base/yaml.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_BYTES = 16 << 20, MAX_DEPTH = 64, MAX_NODES = 1 << 18, BLOCK_BYTES = 16 << 10 };

struct YamlNode {
    const YamlDoc *doc;
    YamlNode *parent; /* NULL for the root */
    const char *key;  /* in a map */
    int index, line;  /* among the siblings; of the key if it has one */
    YamlKind kind;
    bool quoted;
    const char *text;       /* of a scalar, else "" */
    int size;               /* children */
    YamlNode **item;        /* [size] in file order */
    YamlNode **sorted;      /* [size] by key, maps only */
    YamlNode *first, *last; /* children while open */
    YamlNode *next;         /* sibling */
};

typedef struct Block {
    struct Block *next;
    size_t used, cap;
    _Alignas(16) char data[];
} Block;

struct YamlDoc {
    char *name;
    bool lineless; /* a setting from the command line */
    Block *blocks;
    YamlNode *root;
    int nodes;
};

/* What is open while events come in. */
typedef struct Builder {
    yaml_parser_t parser;
    const char *text;
    size_t bytes;
    YamlDoc *doc;
    YamlNode *open; /* innermost open sequence or map */
    int depth;
    const char *key; /* read, its value not yet */
    int key_line;
    bool seen_document;
    Err *err;
} Builder;

/* ---- memory ---- */

static void *doc_alloc(YamlDoc *doc, size_t bytes)
{
    bytes = (bytes + 15) / 16 * 16;
    Block *b = doc->blocks;
    if (!b || b->cap - b->used < bytes) {
        size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        if (!(b = mem_calloc(1, sizeof *b + cap))) return NULL;
        b->cap = cap;
        b->next = doc->blocks;
        doc->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += bytes;
    return p;
}

static char *doc_text(YamlDoc *doc, const yaml_char_t *text, size_t length)
{
    char *p = doc_alloc(doc, length + 1);
    return p ? memcpy(p, text, length) : NULL; /* blocks are zeroed: ends in NUL */
}

void yaml_destroy(YamlDoc *doc)
{
    if (!doc) return;
    while (doc->blocks) {
        Block *next = doc->blocks->next;
        mem_free(doc->blocks);
        doc->blocks = next;
    }
    mem_free(doc->name);
    mem_free(doc);
}

/* ---- errors ---- */

static Status fail_at(const YamlDoc *doc, int line, Err *err, const char *fmt, va_list ap)
{
    char what[400];
    vsnprintf(what, sizeof what, fmt, ap);
    if (doc->lineless) return err_set(err, ST_FORMAT, "%s: %s", doc->name, what);
    return err_set(err, ST_FORMAT, "%s:%d: %s", doc->name, line, what);
}

Status yaml_error(const YamlNode *node, Err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_at(node->doc, node->line, err, fmt, ap);
    va_end(ap);
    return ST_FORMAT;
}

static Status line_error(const Builder *b, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static Status line_error(const Builder *b, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_at(b->doc, line, b->err, fmt, ap);
    va_end(ap);
    return ST_FORMAT;
}

static Status no_memory(const Builder *b)
{
    return err_set(b->err, ST_NOMEM, "%s: %s", b->doc->name, status_text(ST_NOMEM));
}

/* True if the indentation of a line (from 0) holds a tab. */
static bool tab_indents(const Builder *b, size_t line)
{
    const char *s = b->text, *end = b->text + b->bytes;
    for (; line > 0 && s < end; line--) {
        const char *nl = memchr(s, '\n', (size_t)(end - s));
        s = nl ? nl + 1 : end;
    }
    while (s < end && *s == ' ') s++;
    return s < end && *s == '\t';
}

static Status syntax_error(const Builder *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *problem = p->problem ? p->problem : "broken YAML";
    size_t line = p->problem_mark.line;
    if (p->error == YAML_MEMORY_ERROR) return no_memory(b);
    if (p->error == YAML_READER_ERROR) { /* knows bytes, not lines */
        line = 0;
        for (size_t i = 0; i < p->problem_offset && i < b->bytes; i++) line += b->text[i] == '\n';
        return line_error(b, (int)line + 1, "not UTF-8 text (%s)", problem);
    }
    if (tab_indents(b, line))
        return line_error(b, (int)line + 1, "a tab cannot indent, use spaces");
    const char *context = p->context ? p->context : "";
    if (*context && p->context_mark.line < line && !b->doc->lineless)
        return line_error(b, (int)line + 1, "%s %s begun in line %d", problem, context,
                          (int)p->context_mark.line + 1);
    return line_error(b, (int)line + 1, "%s%s%s", problem, *context ? " " : "", context);
}

/* ---- building ---- */

static int by_key(const void *a, const void *b)
{
    const YamlNode *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    return order ? order : (*x)->index - (*y)->index;
}

static Status index_keys(Builder *b, YamlNode *map)
{
    if (!(map->sorted = doc_alloc(b->doc, (size_t)map->size * sizeof(YamlNode *))))
        return no_memory(b);
    memcpy(map->sorted, map->item, (size_t)map->size * sizeof(YamlNode *));
    qsort(map->sorted, (size_t)map->size, sizeof(YamlNode *), by_key);
    for (int i = 1; i < map->size; i++) {
        const YamlNode *a = map->sorted[i - 1], *c = map->sorted[i];
        if (strcmp(a->key, c->key)) continue;
        char path[128];
        yaml_path(c, path, sizeof path);
        return line_error(b, c->line, "'%s' is set twice, first in line %d", path, a->line);
    }
    return ST_OK;
}

static Status close_node(Builder *b)
{
    YamlNode *node = b->open, *child = node->first;
    b->open = node->parent;
    b->depth--;
    if (node->size == 0) return ST_OK;
    if (!(node->item = doc_alloc(b->doc, (size_t)node->size * sizeof(YamlNode *))))
        return no_memory(b);
    for (int i = 0; i < node->size; i++, child = child->next) node->item[i] = child;
    return node->kind == YAML_MAP ? index_keys(b, node) : ST_OK;
}

static void attach(Builder *b, YamlNode *node)
{
    YamlNode *up = node->parent = b->open;
    if (!up) {
        b->doc->root = node;
        return;
    }
    node->index = up->size++;
    if (up->kind == YAML_MAP) {
        node->key = b->key;
        node->line = b->key_line;
        b->key = NULL;
    }
    if (up->last)
        up->last->next = node;
    else
        up->first = node;
    up->last = node;
}

/* A new node, the root or the last child of what is open. */
static Status add_node(Builder *b, YamlKind kind, int line, YamlNode **out)
{
    if (b->open && b->open->kind == YAML_MAP && !b->key)
        return line_error(b, line, "a key must be a word, not a list or map");
    if (b->doc->nodes++ >= MAX_NODES)
        return line_error(b, line, "more than %d values, cut the file into several", MAX_NODES);
    YamlNode *node = doc_alloc(b->doc, sizeof *node);
    if (!node) return no_memory(b);
    node->doc = b->doc;
    node->kind = kind;
    node->line = line;
    node->text = "";
    attach(b, node);
    *out = node;
    return ST_OK;
}

static Status open_node(Builder *b, YamlKind kind, int line)
{
    if (b->depth >= MAX_DEPTH)
        return line_error(b, line, "nested deeper than %d levels", MAX_DEPTH);
    YamlNode *node;
    Status st = add_node(b, kind, line, &node);
    if (st != ST_OK) return st;
    b->open = node;
    b->depth++;
    return ST_OK;
}

static Status on_scalar(Builder *b, const yaml_event_t *event, int line)
{
    const yaml_char_t *value = event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, 0, length)) return line_error(b, line, "text with a zero byte");
    char *text = doc_text(b->doc, value, length);
    if (!text) return no_memory(b);
    if (b->open && b->open->kind == YAML_MAP && !b->key) {
        if (length == 0) return line_error(b, line, "a key is missing before ':'");
        b->key = text;
        b->key_line = line;
        return ST_OK;
    }
    YamlNode *node;
    Status st = add_node(b, YAML_SCALAR, line, &node);
    if (st != ST_OK) return st;
    node->text = text;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return ST_OK;
}

/* Anchors could blow a file up without bound, tags ask for types that we do not have. */
static Status refuse_extras(const Builder *b, const yaml_event_t *event, int line)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT)
        return line_error(b, line, "anchors (&x) and aliases (*x) are not read, write it out");
    if (tag) return line_error(b, line, "tags (!x) are not read, leave it out");
    return ST_OK;
}

static Status on_event(Builder *b, const yaml_event_t *event)
{
    int line = (int)event->start_mark.line + 1;
    Status st = refuse_extras(b, event, line);
    if (st != ST_OK) return st;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->seen_document) return line_error(b, line, "a second document (---), one is read");
        b->seen_document = true;
        return ST_OK;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, YAML_SEQ, line);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, YAML_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(b);
    default:
        return ST_OK;
    }
}

static Status read_events(Builder *b)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return syntax_error(b);
        end = event.type == YAML_STREAM_END_EVENT;
        Status st = on_event(b, &event);
        yaml_event_delete(&event);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

/* Nothing, or only comments or `---`, is a map without keys. */
static Status ensure_root(Builder *b)
{
    if (b->doc->root && !yaml_empty(b->doc->root)) return ST_OK;
    b->doc->root = NULL;
    return add_node(b, YAML_MAP, 1, &b->doc->root);
}

static Status build(YamlDoc *doc, const char *text, size_t bytes, Err *err)
{
    Builder b = {.text = text, .bytes = bytes, .doc = doc, .err = err};
    if (bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { /* a byte order mark */
        b.text = text += 3;
        b.bytes = bytes -= 3;
    }
    if (bytes > MAX_BYTES) return line_error(&b, 1, "larger than %d MB", MAX_BYTES >> 20);
    if (!yaml_parser_initialize(&b.parser)) return no_memory(&b);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, bytes);
    Status st = read_events(&b);
    yaml_parser_delete(&b.parser);
    return st == ST_OK ? ensure_root(&b) : st;
}

static Status parse(YamlDoc **out, const char *name, bool lineless, const char *text, size_t bytes,
                    Err *err)
{
    Status st = ST_NOMEM;
    YamlDoc *doc = mem_calloc(1, sizeof *doc);
    *out = NULL;
    if (!doc || !(doc->name = mem_strdup(name))) goto fail;
    doc->lineless = lineless;
    TRY(build(doc, text, bytes, err));
    *out = doc;
    return ST_OK;
fail:
    yaml_destroy(doc);
    return err_set(err, st, "%s: %s", name, status_text(st));
}

Status yaml_parse(YamlDoc **out, const char *name, const char *text, size_t bytes, Err *err)
{
    return parse(out, name, false, text, bytes, err);
}

Status yaml_parse_setting(YamlDoc **out, const char *name, const char *key, const char *value,
                          Err *err)
{
    Status st = ST_OK;
    size_t bytes = strlen(key) + strlen(value) + 3;
    char *text = mem_calloc(bytes + 1, 1);
    *out = NULL;
    if (!text) return err_set(err, ST_NOMEM, "%s: %s", name, status_text(ST_NOMEM));
    snprintf(text, bytes + 1, "%s: %s\n", key, value);
    TRY(parse(out, name, true, text, bytes, err));
    const YamlNode *root = (*out)->root;
    if (root->kind != YAML_MAP || root->size != 1 || strcmp(root->item[0]->key, key)) {
        st = yaml_error(root, err, "one value is expected, quote it if it is text");
        goto fail;
    }
    mem_free(text);
    return ST_OK;
fail:
    mem_free(text);
    yaml_destroy(*out);
    *out = NULL;
    return st;
}

/* The whole of a file, or one byte more than is allowed, into *text (grown by doubling). */
static Status read_all(FILE *f, const char *path, char **text, size_t *bytes, Err *err)
{
    size_t cap = 0;
    for (;;) {
        if (*bytes == cap) {
            size_t more = cap ? 2 * cap : BLOCK_BYTES;
            char *grown = mem_resize(*text, cap, more);
            if (!grown) return err_set(err, ST_NOMEM, "%s: %s", path, status_text(ST_NOMEM));
            *text = grown;
            cap = more;
        }
        size_t got = fread(*text + *bytes, 1, cap - *bytes, f);
        *bytes += got;
        if (ferror(f)) return err_set(err, ST_IO, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0 || *bytes > MAX_BYTES) return ST_OK;
    }
}

Status yaml_load(YamlDoc **out, const char *path, Err *err)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *f = fopen(path, "rb");
    *out = NULL;
    if (!f) return err_set(err, ST_IO, "cannot open '%s': %s", path, strerror(errno));
    Status st = read_all(f, path, &text, &bytes, err);
    if (st == ST_OK) st = yaml_parse(out, path, text, bytes, err);
    mem_free(text);
    fclose(f);
    return st;
}

/* ---- access ---- */

const YamlNode *yaml_root(const YamlDoc *doc)
{
    return doc->root;
}

const char *yaml_name(const YamlDoc *doc)
{
    return doc->name;
}

YamlKind yaml_kind(const YamlNode *node)
{
    return node->kind;
}

int yaml_line(const YamlNode *node)
{
    return node->line;
}

int yaml_size(const YamlNode *node)
{
    return node->size;
}

const YamlNode *yaml_item(const YamlNode *node, int i)
{
    assert(i >= 0 && i < node->size);
    return node->item[i];
}

const char *yaml_key(const YamlNode *map, int i)
{
    assert(map->kind == YAML_MAP);
    return yaml_item(map, i)->key;
}

const YamlNode *yaml_get(const YamlNode *map, const char *key)
{
    if (map->kind != YAML_MAP) return NULL;
    int lo = 0, hi = map->size;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2, order = strcmp(key, map->sorted[mid]->key);
        if (order == 0) return map->sorted[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const char *yaml_text(const YamlNode *scalar)
{
    return scalar->text;
}

bool yaml_quoted(const YamlNode *node)
{
    return node->quoted;
}

bool yaml_empty(const YamlNode *node)
{
    return node->kind == YAML_SCALAR && !node->quoted && !*node->text;
}

void yaml_path(const YamlNode *node, char *out, size_t cap)
{
    const YamlNode *chain[MAX_DEPTH + 1];
    int n = 0;
    for (; node->parent; node = node->parent) chain[n++] = node;
    size_t used = 0;
    out[0] = '\0';
    while (n-- > 0 && used < cap) {
        char key[TEXT_SHOWN_MAX];
        int got;
        if (chain[n]->key) {
            text_shown(key, chain[n]->key);
            got = snprintf(out + used, cap - used, "%s%s", used ? "." : "", key);
        } else {
            got = snprintf(out + used, cap - used, "[%d]", chain[n]->index);
        }
        used += (size_t)got;
    }
}
