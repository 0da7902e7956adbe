/* onnx_internal.h -- what the files of the ONNX importer share. In reading order:
 *   onnx_wire.c   the file: keeps the graph, drops the weights, unpacks the rest
 *   onnx_graph.c  names to values, order of nodes, sizes of inputs
 *   onnx_node.c   a node's inputs, attributes and errors
 *   onnx_store.c  from computed values to entries of the draft
 *   onnx_fold.c   arithmetic on small constants, as shapes are computed by exporters
 *   onnx_layers.c, onnx_math.c, onnx_views.c, onnx_constants.c  the operators
 *   onnx_ops.c    the table of operators
 *   onnx.c        the door
 * Everything lives in one Arena, which bounds the memory that a file can ask for. */
#ifndef RELMAS_ENV_ONNX_INTERNAL_H
#define RELMAS_ENV_ONNX_INTERNAL_H

#include "env/onnx.h"

#include "env/onnx.pb-c.h"

#include <stdio.h>

/* ---- memory ---- */

/* Blocks that are freed together. */
typedef struct Arena {
    struct ArenaBlock *blocks;
    size_t used, size; /* of the newest block */
    size_t total;      /* of all blocks */
    size_t limit;      /* of total: ARENA_LEAST, and more for a larger graph */
    bool refused;      /* an allocation would have passed the limit */
    bool failed;       /* there was no memory */
} Arena;

enum { ARENA_LEAST = 64 << 20, ARENA_PER_BYTE = 32, ARENA_MOST = 512 << 20 };

void *arena_alloc(Arena *a, size_t n, size_t size); /* zeroed; NULL on failure */
void arena_free(Arena *a);
/* The report for a NULL of arena_alloc: out of memory, or a file that asks for too much. */
Status arena_error(const Arena *a, const char *file, Err *err);

/* ---- the file ---- */

/* Bytes that come from a file, or from memory (file NULL). */
typedef struct ByteSource {
    FILE *file;
    const uint8_t *at, *end;
    uint64_t offset; /* of end in the file */
    uint8_t chunk[1 << 16];
} ByteSource;

/* The model without what the importer does not read. *out lives in the arena. */
Status onnx_read_model(Onnx__Model **out, const char *file, ByteSource *from, Arena *a, Err *err);

/* ---- values and nodes ---- */

enum {
    ONNX_RANK_MAX = 8,
    ONNX_LIST_MAX = 2 * ONNX_RANK_MAX, /* pads: both ends of each axis */
    ONNX_KNOWN_MAX = 1024,             /* elements of constants whose numbers are followed */
    ONNX_NODES_MAX = 1 << 17,
    ONNX_SIDE_MAX = 1 << 16, /* height and width of a network file's tensors */
    ONNX_WORDS_MAX = 1 << 30 /* and their words */
};

typedef struct Shape {
    int rank;
    int64_t dim[ONNX_RANK_MAX];
} Shape;

/* A tensor of the graph: an input of the model, a constant, or an output of a node. */
typedef struct Value {
    const char *name;
    int producer;                /* node; -1: an input or an initialiser */
    const Onnx__Tensor *tensor;  /* of an initialiser */
    const Onnx__ValueInfo *info; /* of an input */
    const Onnx__ValueInfo *said; /* what the file says of it elsewhere, NULL: nothing */
    const Shape *asked;          /* of an input: what an option says */
    bool read, data, batched;    /* of an input: by some node; as data; by a window */
    bool known;                  /* what follows is set */
    bool constant;               /* does not depend on the inputs */
    bool integer;
    Shape shape;
    const double *number; /* [elements] of a small constant; NULL: not followed */
    int store;            /* where a computed one is */
} Value;

typedef struct Node {
    const Onnx__Node *proto;
    const struct Operator *op; /* NULL: unknown */
    int n_in, n_out;
    Value **in;  /* NULL: absent */
    Value **out; /* all there, at least one */
    bool needed; /* an output of the model depends on it */
    bool visited, ordered;
    int ordered_in; /* inputs whose producers are in order */
    bool constant;  /* all inputs are */
} Node;

/* Where a computed tensor is. Free operators give their output the store of their input, views
 * and reductions become entries only when somebody reads them. */
typedef struct Store {
    enum { STORE_ENTRY, STORE_VIEW, STORE_REDUCED } kind;
    int entry;       /* of the draft; STORE_NONE: not yet written */
    int base;        /* view: what it rearranges, itself no view; reduction: what it reduces */
    bool from_input; /* no layer comes before it */
    const Node *node;
    const DraftEntry *plan; /* of a reduction */
} Store;
enum { STORE_NONE = -2 };

typedef struct Onnx {
    const char *file;
    const OnnxOptions *opt;
    Arena arena;
    Onnx__Model *model;
    int64_t opset;
    Value **asked; /* inputs that options give sizes for, [n_asked] */
    int n_asked;
    int64_t batch; /* that was replaced by 1; 1: none */
    Draft *draft;
    Node *node; /* [n_nodes] as in the file */
    int n_nodes;
    int *order; /* the needed ones, producers first */
    int n_order;
    Value *value; /* [n_values] sorted by name */
    int n_values;
    Store *store;
    int n_stores, store_cap;
    int64_t folded;      /* numbers computed so far */
    const char *unknown; /* why the current node's operator cannot be modelled */
    Err *err;
} Onnx;

/* ---- onnx_graph.c ---- */

Status onnx_graph(Onnx *m);                   /* value, node, order */
Status onnx_inputs(Onnx *m);                  /* sizes of inputs; creates the draft */
Value *onnx_find(Onnx *m, const char *name);  /* NULL if there is none */
Status onnx_load_constant(Onnx *m, Value *v); /* shape and numbers of an initialiser */
Status onnx_constant_from(Onnx *m, Value *v, const Onnx__Tensor *t);
/* The shape that the file gives a value; false if it gives none. A first symbol is 1. */
bool onnx_said_shape(const Onnx__ValueInfo *info, Shape *out);

/* ---- onnx_node.c: attributes, errors, sizes ---- */

Status node_error(const Onnx *m, const Node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* For a case of an operator that is not modelled: why is static text. The caller returns what this
 * returns, without a message: run_node makes the node a move or refuses it. */
Status node_unknown(Onnx *m, const char *why);
const Onnx__Attribute *node_attr(const Node *n, const char *name);
Status node_int(const Onnx *m, const Node *n, const char *name, int64_t fallback, int64_t *out);
Status node_text(const Onnx *m, const Node *n, const char *name, const char *fallback, char *out,
                 size_t cap);
/* A list of whole numbers from the attribute or, where there is none, from input `input` (-1: no
 * such input), which must be a constant. *count = -1 if neither is there. */
Status node_list(Onnx *m, const Node *n, const char *name, int input, int64_t list[ONNX_LIST_MAX],
                 int *count);
Status node_axis(const Onnx *m, const Node *n, int64_t axis, int rank, int *out);
Value *node_in(const Node *n, int i); /* NULL: absent */
/* Checks that the shape is possible and gives it to a constant or computed output. */
Status node_shape(Onnx *m, const Node *n, Value *out, const Shape *shape);
double shape_words(const Shape *s);
/* Sizes of 0 to 2^31 - 1 and, counting 0 as 1, no more than 1e12 words: no product overflows. */
bool shape_possible(const Shape *s);
bool shape_equal(const Shape *a, const Shape *b);
/* The usual layout of a shape as [channels, height, width]: of images [N, C, H, W], of tokens
 * [N, S, features] as channels = features, height = S. False if it is too large. */
bool shape_layout(const Shape *s, int size[3]);
/* rows = height x width, each as a network file allows; false if there is no such pair. */
bool split_rows(double rows, int *height, int *width);
Status node_layout(const Onnx *m, const Node *n, const Shape *s, int size[3]);
const char *node_wish(const Node *n);                      /* a name for its entry */
Status node_same(Onnx *m, Node *n, Value *in, Value *out); /* shape, store and numbers */

/* ---- onnx_store.c ---- */

/* The first input of the model is the draft's; others are views of it. */
Status store_input(Onnx *m, Value *v);
/* Writes e and makes it the store of out. */
Status store_entry(Onnx *m, const Node *n, const DraftEntry *e, bool from_input, Value *out);
Status store_view(Onnx *m, const Node *n, const Value *of, Value *out); /* a rearrangement */
Status store_reduced(Onnx *m, const Node *n, const Value *of, const DraftEntry *plan, Value *out);
/* The entry to read v from: of this size, or NULL: of any with all its words. */
Status store_use(Onnx *m, const Node *n, const Value *v, const int size[3], int *from);
/* Where v already is with as many channels and words, that layout instead of size. */
void store_prefer(const Onnx *m, const Value *v, int size[3]);
/* As store_use, and no entry of e->from (a file names each once): adds it to them. */
Status store_add_from(Onnx *m, const Node *n, const Value *v, const int size[3], DraftEntry *e);
bool store_from_input(const Onnx *m, const Value *v);
int store_base(const Onnx *m, int store); /* behind views */

/* ---- onnx_fold.c ---- */

double *fold_numbers(Onnx *m, Node *n, Value *out); /* room for out's numbers; NULL: too many */
void fold_unary(Onnx *m, Node *n);
void fold_elementwise(Onnx *m, Node *n);
/* out[i, j, ...] = in[base + i stride[0] + j stride[1] + ...] */
void fold_strided(Onnx *m, Node *n, const Value *in, Value *out, int64_t base,
                  const int64_t *stride);

/* ---- operators ---- */

typedef Status OperatorRun(Onnx *m, Node *n);
typedef struct Operator {
    const char *name;
    OperatorRun *run;
    int min_in;
    int data_in; /* inputs that can be data; those behind are parameters. 0: all */
} Operator;
const Operator *operator_find(const Onnx__Node *proto);
bool operator_has_window(const Operator *op);

OperatorRun op_same, op_quantise, op_join, op_reduce, op_arg, op_topk;
OperatorRun op_conv, op_conv_quantised, op_deconv, op_gemm, op_matmul, op_matmul_quantised, op_pool,
    op_global_pool, op_einsum, op_recurrent;
OperatorRun op_reshape, op_flatten, op_squeeze, op_unsqueeze, op_transpose, op_slice, op_split,
    op_pad, op_expand, op_tile, op_gather, op_gather_nd, op_one_hot, op_concat, op_depth_to_space,
    op_space_to_depth, op_resize, op_scatter;
OperatorRun op_constant, op_constant_of_shape, op_shape, op_size, op_range, op_non_zero, op_like,
    op_random;

#endif
