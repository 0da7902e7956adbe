/* onnx_wire.c -- from the bytes of a file to messages. The protobuf wire format is walked here first,
 * by a table of the fields that are read: it copies those into a smaller message and drops the
 * rest, the contents of large tensors above all. Only that copy is unpacked by protobuf-c.
 * So a file of any size needs memory for its graph alone; every length and wire type is checked
 * with its offset; nesting is as deep as the table; and no message is merged from parts, which
 * protobuf allows and which costs quadratic time. */
#include "env/onnx_internal.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    PAYLOAD_MAX = 1 << 13,  /* bytes of a tensor that are kept: enough for any list of sizes */
    KEPT_MAX = 96 << 20,    /* bytes of the graph without weights */
    MESSAGES_MAX = 1 << 20, /* nodes, attributes, tensors, ... */
    LENGTH_BYTES = 5,       /* room for the length of a message that is still being written */
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5
};

typedef enum {
    FIELD_DROP,
    FIELD_INT,     /* varint */
    FIELD_INTS,    /* varints, packed or not */
    FIELD_FLOAT,   /* 4 bytes */
    FIELD_FLOATS,  /* packed or not */
    FIELD_BYTES,   /* text */
    FIELD_PAYLOAD, /* contents of a tensor: dropped if large */
    FIELD_ONE,     /* a message, at most once */
    FIELD_MANY     /* messages */
} FieldKind;

enum { FIELDS_MAX = 24 };

typedef struct Layout {
    const char *name;
    struct {
        uint8_t kind;
        const struct Layout *type;
    } field[FIELDS_MAX]; /* by number */
} Layout;

static const Layout TENSOR = {"tensor",
                              {[1] = {FIELD_INTS, NULL},
                               [2] = {FIELD_INT, NULL},
                               [4] = {FIELD_PAYLOAD, NULL},
                               [5] = {FIELD_PAYLOAD, NULL},
                               [7] = {FIELD_PAYLOAD, NULL},
                               [8] = {FIELD_BYTES, NULL},
                               [9] = {FIELD_PAYLOAD, NULL},
                               [10] = {FIELD_PAYLOAD, NULL},
                               [11] = {FIELD_PAYLOAD, NULL}}};
static const Layout SPARSE = {"sparse tensor",
                              {[1] = {FIELD_ONE, &TENSOR}, [3] = {FIELD_INTS, NULL}}};
static const Layout ATTRIBUTE = {"attribute",
                                 {[1] = {FIELD_BYTES, NULL},
                                  [2] = {FIELD_FLOAT, NULL},
                                  [3] = {FIELD_INT, NULL},
                                  [4] = {FIELD_PAYLOAD, NULL},
                                  [5] = {FIELD_ONE, &TENSOR},
                                  [7] = {FIELD_FLOATS, NULL},
                                  [8] = {FIELD_INTS, NULL},
                                  [20] = {FIELD_INT, NULL},
                                  [22] = {FIELD_ONE, &SPARSE}}};
static const Layout NODE = {"node",
                            {[1] = {FIELD_BYTES, NULL},
                             [2] = {FIELD_BYTES, NULL},
                             [3] = {FIELD_BYTES, NULL},
                             [4] = {FIELD_BYTES, NULL},
                             [5] = {FIELD_MANY, &ATTRIBUTE},
                             [7] = {FIELD_BYTES, NULL}}};
static const Layout DIMENSION = {"dimension", {[1] = {FIELD_INT, NULL}, [2] = {FIELD_BYTES, NULL}}};
static const Layout SHAPE = {"shape", {[1] = {FIELD_MANY, &DIMENSION}}};
static const Layout TENSOR_TYPE = {"tensor type",
                                   {[1] = {FIELD_INT, NULL}, [2] = {FIELD_ONE, &SHAPE}}};
static const Layout TYPE = {"type", {[1] = {FIELD_ONE, &TENSOR_TYPE}}};
static const Layout VALUE_INFO = {"value", {[1] = {FIELD_BYTES, NULL}, [2] = {FIELD_ONE, &TYPE}}};
static const Layout GRAPH = {"graph",
                             {[1] = {FIELD_MANY, &NODE},
                              [2] = {FIELD_BYTES, NULL},
                              [5] = {FIELD_MANY, &TENSOR},
                              [11] = {FIELD_MANY, &VALUE_INFO},
                              [12] = {FIELD_MANY, &VALUE_INFO},
                              [13] = {FIELD_MANY, &VALUE_INFO},
                              [15] = {FIELD_MANY, &SPARSE}}};
static const Layout OPSET = {"opset", {[1] = {FIELD_BYTES, NULL}, [2] = {FIELD_INT, NULL}}};
static const Layout MODEL = {"model",
                             {[1] = {FIELD_INT, NULL},
                              [2] = {FIELD_BYTES, NULL},
                              [7] = {FIELD_ONE, &GRAPH},
                              [8] = {FIELD_MANY, &OPSET}}};

/* ---- memory ---- */

struct ArenaBlock {
    struct ArenaBlock *next;
    _Alignas(16) uint8_t bytes[];
};

enum { ARENA_BLOCK = 1 << 16, ARENA_ALIGN = 16 };

static void *arena_grow(Arena *a, size_t bytes)
{
    size_t size = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;

    if (size > a->limit - a->total) {
        a->refused = true;
        return NULL;
    }
    struct ArenaBlock *b = mem_calloc(1, sizeof *b + size);
    a->failed |= !b;
    if (!b) return NULL;
    b->next = a->blocks;
    a->blocks = b;
    a->total += size;
    a->size = size;
    a->used = bytes;
    return b->bytes;
}

void *arena_alloc(Arena *a, size_t n, size_t size)
{
    if (size && n > a->limit / size) {
        a->refused = true;
        return NULL;
    }
    size_t bytes = (n * size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!a->blocks || bytes > a->size - a->used) return arena_grow(a, bytes);
    a->used += bytes;
    return a->blocks->bytes + a->used - bytes;
}

void arena_free(Arena *a)
{
    while (a->blocks) {
        struct ArenaBlock *next = a->blocks->next;
        mem_free(a->blocks);
        a->blocks = next;
    }
    *a = (Arena){0};
}

Status arena_error(const Arena *a, const char *file, Err *err)
{
    if (!a->refused) return err_set(err, ST_NOMEM, "%s: %s", file, status_text(ST_NOMEM));
    return err_set(err, ST_FORMAT, "%s: its graph needs more than %zu MB of memory", file,
                   a->limit >> 20);
}

/* ---- walking the wire format ---- */

typedef struct Walk {
    const char *file;
    ByteSource *from;
    uint8_t *out; /* [cap], the first n written */
    size_t n, cap;
    long messages;
    Err *err;
} Walk;

static uint64_t position(const Walk *w)
{
    return w->from->offset - (uint64_t)(w->from->end - w->from->at);
}

static Status broken(const Walk *w, const char *what)
{
    return err_set(w->err, ST_FORMAT, "%s: not a sound ONNX file: %s at byte %" PRIu64, w->file,
                   what, position(w));
}

/* False at the end of the file, and after a read error. */
static bool refill(ByteSource *s)
{
    if (s->at < s->end) return true;
    if (!s->file) return false;
    size_t n = fread(s->chunk, 1, sizeof s->chunk, s->file);
    s->at = s->chunk;
    s->end = s->chunk + n;
    s->offset += n;
    return n > 0;
}

static Status ended(const Walk *w)
{
    if (w->from->file && ferror(w->from->file))
        return err_set(w->err, ST_IO, "%s: cannot read: %s", w->file, strerror(errno));
    return broken(w, "it ends within a field");
}

static Status reserve(Walk *w, size_t n)
{
    if (n > KEPT_MAX || w->n > KEPT_MAX - n)
        return err_set(w->err, ST_FORMAT, "%s: its graph without weights exceeds %d MB", w->file,
                       KEPT_MAX >> 20);
    if (n <= w->cap - w->n) return ST_OK;
    size_t cap = w->cap ? w->cap : 1 << 14;
    while (cap - w->n < n) cap *= 2;
    uint8_t *grown = mem_resize(w->out, w->n, cap);
    if (!grown) return err_set(w->err, ST_NOMEM, "%s: %s", w->file, status_text(ST_NOMEM));
    w->out = grown;
    w->cap = cap;
    return ST_OK;
}

static Status read_varint(Walk *w, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (!refill(w->from)) return ended(w);
        uint8_t byte = *w->from->at++;
        *value |= (uint64_t)(byte & 0x7f) << (shift < 64 ? shift : 63);
        if (byte < 0x80) return ST_OK;
    }
    return broken(w, "a number has no end");
}

static Status write_varint(Walk *w, uint64_t value)
{
    Status st = reserve(w, 10);
    for (; st == ST_OK && value > 0x7f; value >>= 7) w->out[w->n++] = (uint8_t)(value | 0x80);
    if (st == ST_OK) w->out[w->n++] = (uint8_t)value;
    return st;
}

/* The next bytes of the source, kept or skipped. */
static Status take(Walk *w, uint64_t bytes, bool keep)
{
    Status st = ST_OK;

    while (bytes > 0) {
        if (!refill(w->from)) return ended(w);
        size_t there = (size_t)(w->from->end - w->from->at), n = bytes < there ? bytes : there;
        if (keep) {
            TRY(reserve(w, n)); /* of what is there: a length may lie */
            memcpy(w->out + w->n, w->from->at, n);
            w->n += n;
        }
        w->from->at += n;
        bytes -= n;
    }
fail:
    return st;
}

static bool fits(int kind, int wire)
{
    switch (kind) {
    case FIELD_INT:
        return wire == WIRE_VARINT;
    case FIELD_INTS:
        return wire == WIRE_VARINT || wire == WIRE_BYTES;
    case FIELD_FLOAT:
        return wire == WIRE_32;
    case FIELD_FLOATS:
        return wire == WIRE_32 || wire == WIRE_BYTES;
    case FIELD_BYTES:
    case FIELD_ONE:
    case FIELD_MANY:
        return wire == WIRE_BYTES;
    default: /* dropped; or of a type that protobuf-c checks */
        return true;
    }
}

/* One field's value; length is that of WIRE_BYTES. */
static Status copy_value(Walk *w, uint64_t tag, uint64_t length, bool keep)
{
    uint64_t number;
    Status st = ST_OK;

    if (keep) TRY(write_varint(w, tag));
    switch (tag & 7) {
    case WIRE_VARINT:
        TRY(read_varint(w, &number));
        return keep ? write_varint(w, number) : ST_OK;
    case WIRE_64:
        return take(w, 8, keep);
    case WIRE_32:
        return take(w, 4, keep);
    default:
        if (keep) TRY(write_varint(w, length));
        return take(w, length, keep);
    }
fail:
    return st;
}

static Status walk_message(Walk *w, const Layout *layout, uint64_t end);

/* The length of the copy is known when it is done: it is written into room left for it. */
static Status walk_inner(Walk *w, uint64_t tag, const Layout *layout, uint64_t length)
{
    Status st = ST_OK;

    if (++w->messages > MESSAGES_MAX)
        return err_set(w->err, ST_FORMAT, "%s: more than %d nodes, tensors and attributes", w->file,
                       MESSAGES_MAX);
    TRY(write_varint(w, tag));
    TRY(reserve(w, LENGTH_BYTES));
    size_t place = w->n;
    w->n += LENGTH_BYTES;
    TRY(walk_message(w, layout, position(w) + length));
    size_t bytes = w->n - place - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++, bytes >>= 7)
        w->out[place + (size_t)i] = (uint8_t)((bytes & 0x7f) | (i < LENGTH_BYTES - 1 ? 0x80 : 0));
fail:
    return st;
}

static Status walk_field(Walk *w, const Layout *layout, uint64_t end, uint32_t *seen)
{
    uint64_t tag, length = 0;
    char what[80];
    Status st = ST_OK;

    TRY(read_varint(w, &tag));
    uint64_t number = tag >> 3;
    int wire = (int)(tag & 7);
    int kind = number < FIELDS_MAX ? layout->field[number].kind : FIELD_DROP;
    snprintf(what, sizeof what, "a %s with an impossible field", layout->name);
    if (number == 0 || number > UINT32_MAX >> 3 || wire == 3 || wire == 4 || wire > WIRE_32)
        return broken(w, what);
    if (!fits(kind, wire)) return broken(w, what);
    if (wire == WIRE_BYTES) {
        TRY(read_varint(w, &length));
        snprintf(what, sizeof what, "a field that is longer than its %s", layout->name);
        if (length > end - position(w)) return broken(w, what);
    }
    if (kind == FIELD_MANY) return walk_inner(w, tag, layout->field[number].type, length);
    if (kind != FIELD_ONE)
        return copy_value(w, tag, length,
                          kind != FIELD_DROP && (kind != FIELD_PAYLOAD || length <= PAYLOAD_MAX));
    snprintf(what, sizeof what, "a second %s in one %s", layout->field[number].type->name,
             layout->name);
    if (*seen >> number & 1) return broken(w, what);
    *seen |= 1u << number;
    return walk_inner(w, tag, layout->field[number].type, length);
fail:
    return st;
}

static Status walk_message(Walk *w, const Layout *layout, uint64_t end)
{
    uint32_t seen = 0;
    char what[80];
    Status st = ST_OK;

    while (position(w) < end) {
        if (layout == &MODEL && !refill(w->from)) break; /* its end is the file's */
        TRY(walk_field(w, layout, end, &seen));
    }
    snprintf(what, sizeof what, "a field that is longer than its %s", layout->name);
    if (position(w) > end) st = broken(w, what);
fail:
    return st;
}

/* ---- unpacking ---- */

static void *unpack_alloc(void *arena, size_t bytes)
{
    return arena_alloc(arena, 1, bytes);
}

static void unpack_free(void *arena, void *block)
{
    (void)arena;
    (void)block;
}

Status onnx_read_model(Onnx__Model **out, const char *file, ByteSource *from, Arena *a, Err *err)
{
    Walk w = {.file = file, .from = from, .err = err};
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, a};
    Status st = ST_OK;

    *out = NULL;
    TRY(walk_message(&w, &MODEL, UINT64_MAX));
    if (from->file && ferror(from->file)) TRY(ended(&w));
    if (w.n == 0) TRY(err_set(err, ST_FORMAT, "%s: not an ONNX file: it is empty", file));
    a->limit = w.n < (ARENA_MOST - ARENA_LEAST) / ARENA_PER_BYTE
                   ? ARENA_LEAST + w.n * ARENA_PER_BYTE
                   : ARENA_MOST;
    *out = onnx__model__unpack(&allocator, w.n, w.out);
    if (!*out && !a->refused && !a->failed)
        st = err_set(err, ST_FORMAT, "%s: not a sound ONNX file: a field has not the type of ONNX",
                     file);
    else if (!*out)
        st = arena_error(a, file, err);
fail:
    mem_free(w.out);
    return st;
}
