/* fuzz_onnx.c -- ONNX models, refused or passed on where an operator is unknown. What is accepted
 * becomes a network file, which may only fail for what such a file cannot say.
 * Half of the inputs are made by edits of the protobuf tree: a field is deleted, doubled, moved, or
 * gets the contents of another, and the lengths around it are set right. Edits of bytes alone end in
 * broken lengths; these end in broken graphs. */
#include "env/onnx.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>

/* libFuzzer's own edits; absent when inputs are replayed, where nothing is edited. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* ---- the target ---- */

static void import(const uint8_t *data, size_t size, bool pass_unknown)
{
    static const char *const SHAPES[] = {"x=1x3x8x8"};
    OnnxOptions opt = {pass_unknown, SHAPES, pass_unknown && size % 2};
    Draft *draft;
    Network *net = NULL;
    char *text = NULL;
    size_t bytes;
    Err err = {0};
    long live = mem_live;
    Status st = onnx_import_memory(&draft, "model.onnx", data, size, &opt, &err);

    if (st == ST_USAGE) st = ST_FORMAT; /* the input shape is wrong for this model */
    fuzz_check_outcome(st, &err, draft);
    if (draft) {
        st = draft_write(draft, &text, &bytes, &net, &err);
        fuzz_check_outcome(st, &err, net);
    }
    mem_free(text);
    network_destroy(net);
    draft_destroy(draft);
    fuzz_check(mem_live == live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import(data, size, false);
    import(data, size, true);
    return 0;
}

/* ---- edits of the tree ---- */

enum { MAX_FIELDS = 256, MAX_DEPTH = 8, MAX_BYTES = 1 << 16, MAX_LEAVES = 512 };
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

typedef struct Field {
    const uint8_t *at, *body; /* its tag; what follows it, without the length */
    size_t size, body_size;   /* of the whole; of the body */
    unsigned number, type;
} Field;

typedef struct Fields {
    int n;
    Field v[MAX_FIELDS];
} Fields;

static unsigned random_state;

static unsigned below(unsigned n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return n ? (random_state >> 8) % n : 0;
}

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *x)
{
    *x = 0;
    for (int shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *x |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

static size_t write_varint(uint8_t *out, uint64_t x)
{
    size_t n = 0;
    for (; x >= 0x80; x >>= 7) out[n++] = (uint8_t)(x | 0x80);
    out[n++] = (uint8_t)x;
    return n;
}

static bool read_field(const uint8_t **at, const uint8_t *end, Field *f)
{
    uint64_t tag, size;

    f->at = *at;
    if (!read_varint(at, end, &tag) || tag >> 3 == 0 || tag >> 3 > 100) return false;
    f->number = (unsigned)(tag >> 3);
    f->type = tag & 7;
    f->body = *at;
    if (f->type == VARINT) {
        if (!read_varint(at, end, &size)) return false;
        size = (uint64_t)(*at - f->body);
        *at = f->body;
    } else if (f->type == BYTES) {
        if (!read_varint(at, end, &size)) return false;
        f->body = *at;
    } else if (f->type == FIXED64 || f->type == FIXED32) {
        size = f->type == FIXED64 ? 8 : 4;
    } else {
        return false;
    }
    if (size > (uint64_t)(end - *at)) return false;
    *at += size;
    f->body_size = (size_t)size;
    f->size = (size_t)(*at - f->at);
    return true;
}

/* False if these bytes are no message, or one of too many fields. */
static bool read_fields(const uint8_t *data, size_t size, Fields *out)
{
    const uint8_t *at = data, *end = data + size;

    for (out->n = 0; at < end; out->n++)
        if (out->n == MAX_FIELDS || !read_field(&at, end, &out->v[out->n])) return false;
    return out->n > 0;
}

static Fields nested[MAX_DEPTH];
static Field leaf[MAX_LEAVES]; /* fields of all messages in the file */
static int n_leaves;

static void collect(const uint8_t *data, size_t size, int depth)
{
    Fields *f = &nested[depth];

    if (!read_fields(data, size, f)) return;
    for (int i = 0; i < f->n && n_leaves < MAX_LEAVES; i++) {
        leaf[n_leaves++] = f->v[i];
        if (f->v[i].type == BYTES && depth + 1 < MAX_DEPTH)
            collect(f->v[i].body, f->v[i].body_size, depth + 1);
    }
}

/* A field of the file, of the same number and type if there is another. */
static const Field *another(const Field *f)
{
    unsigned start = below((unsigned)n_leaves);

    for (int i = 0; i < n_leaves; i++) {
        const Field *g = &leaf[(start + (unsigned)i) % (unsigned)n_leaves];
        if (g->number == f->number && g->type == f->type && g->body != f->body) return g;
    }
    return &leaf[start];
}

typedef struct Out {
    uint8_t *data;
    size_t size, cap;
} Out;

static void put(Out *out, const uint8_t *data, size_t size)
{
    if (size > out->cap - out->size) return;
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static void put_field(Out *out, const Field *like, const uint8_t *body, size_t size)
{
    uint8_t head[24];
    size_t n = write_varint(head, like->number << 3 | like->type);

    if (like->type == BYTES) n += write_varint(head + n, size);
    if (n + size > out->cap - out->size) return;
    put(out, head, n);
    put(out, body, size);
}

static void put_operator(Out *out, const Field *f)
{
    static const char *const NAMES[] = {"Conv",
                                        "ConvTranspose",
                                        "Gemm",
                                        "MatMul",
                                        "LSTM",
                                        "GRU",
                                        "MaxPool",
                                        "AveragePool",
                                        "GlobalAveragePool",
                                        "Relu",
                                        "Softmax",
                                        "BatchNormalization",
                                        "Dropout",
                                        "Cast",
                                        "Add",
                                        "Mul",
                                        "Div",
                                        "Where",
                                        "ReduceMean",
                                        "ArgMax",
                                        "TopK",
                                        "Reshape",
                                        "Flatten",
                                        "Squeeze",
                                        "Unsqueeze",
                                        "Transpose",
                                        "Slice",
                                        "Split",
                                        "Pad",
                                        "Expand",
                                        "Tile",
                                        "Gather",
                                        "Concat",
                                        "Resize",
                                        "Upsample",
                                        "Constant",
                                        "ConstantOfShape",
                                        "Shape",
                                        "Size",
                                        "Range",
                                        "DepthToSpace",
                                        "SpaceToDepth",
                                        "ScatterND",
                                        "QLinearConv",
                                        "axis",
                                        "axes",
                                        "kernel_shape",
                                        "strides",
                                        "pads",
                                        "dilations",
                                        "group",
                                        "auto_pad",
                                        "SAME_UPPER",
                                        "SAME_LOWER",
                                        "perm",
                                        "allowzero",
                                        "keepdims",
                                        "starts",
                                        "ends",
                                        "split",
                                        "scales",
                                        "output_shape"};
    const char *name = NAMES[below(sizeof NAMES / sizeof *NAMES)];
    put_field(out, f, (const uint8_t *)name, strlen(name));
}

static void put_number(Out *out, const Field *f)
{
    static const uint64_t AWKWARD[] = {0,
                                       1,
                                       2,
                                       3,
                                       7,
                                       8,
                                       64,
                                       255,
                                       65535,
                                       65536,
                                       1u << 20,
                                       1u << 30,
                                       INT32_MAX,
                                       UINT32_MAX,
                                       1ull << 40,
                                       INT64_MAX,
                                       (uint64_t)INT64_MIN,
                                       UINT64_MAX,
                                       UINT64_MAX - 1};
    uint8_t body[16];
    size_t n = write_varint(body, AWKWARD[below(sizeof AWKWARD / sizeof *AWKWARD)]);
    put_field(out, f, body, n);
}

static void put_edited_bytes(Out *out, const Field *f)
{
    static uint8_t body[2 * MAX_BYTES];

    if (f->body_size > MAX_BYTES) return;
    memcpy(body, f->body, f->body_size);
    size_t size = LLVMFuzzerMutate(body, f->body_size, f->body_size + 64);
    if (f->type == FIXED32 || f->type == FIXED64) size = f->body_size;
    put_field(out, f, body, size);
}

static void put_edited(Out *out, const Field *f)
{
    const Field *g = another(f);

    switch (below(8)) {
    case 0:
        break; /* deleted */
    case 1:
        put(out, f->at, f->size);
        put(out, f->at, f->size);
        break;
    case 2:
        put(out, g->at, g->size);
        put(out, f->at, f->size);
        break;
    case 3:
    case 4:
        if (g->type == f->type) put_field(out, f, g->body, g->body_size);
        break;
    case 5:
        if (f->type == VARINT)
            put_number(out, f);
        else if (f->type == BYTES)
            put_operator(out, f);
        break;
    default:
        put_edited_bytes(out, f);
        break;
    }
}

/* The message with one field edited, in it or deeper. */
static void put_message(Out *out, const uint8_t *data, size_t size, int depth)
{
    static uint8_t inner_bytes[MAX_DEPTH][2 * MAX_BYTES];
    Fields *f = &nested[depth], below_it;

    if (!read_fields(data, size, f)) {
        put(out, data, size);
        return;
    }
    int chosen = (int)below((unsigned)f->n), other = (int)below((unsigned)f->n);
    bool exchange = below(16) == 0;
    for (int i = 0; i < f->n; i++) {
        const Field *g = &f->v[i];
        bool deeper = g->type == BYTES && depth + 1 < MAX_DEPTH && below(8) != 0 &&
                      read_fields(g->body, g->body_size, &below_it);
        if (exchange && (i == chosen || i == other)) {
            const Field *h = &f->v[i == chosen ? other : chosen];
            put(out, h->at, h->size);
        } else if (i != chosen) {
            put(out, g->at, g->size);
        } else if (deeper) {
            Out inner = {inner_bytes[depth], 0, sizeof inner_bytes[depth]};
            put_message(&inner, g->body, g->body_size, depth + 1);
            put_field(out, g, inner.data, inner.size);
        } else {
            put_edited(out, g);
        }
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t bytes[2 * MAX_BYTES];
    Out out = {bytes, 0, max_size < sizeof bytes ? max_size : sizeof bytes};

    random_state = seed;
    if (size == 0 || size > MAX_BYTES || below(2) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    n_leaves = 0;
    collect(data, size, 0);
    if (n_leaves == 0) return LLVMFuzzerMutate(data, size, max_size);
    for (unsigned edits = 1 + below(3); edits > 0; edits--) {
        out.size = 0;
        put_message(&out, data, size, 0);
        if (out.size == 0) break;
        memcpy(data, bytes, out.size);
        size = out.size;
        n_leaves = 0;
        collect(data, size, 0);
        if (n_leaves == 0) break;
    }
    return size;
}
