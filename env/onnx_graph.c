/* onnx_graph.c -- names become values, nodes get an order, inputs their sizes.
 * Values are sorted by name, so that no file can make the search for one slow. Nodes that no output
 * needs are left out; the others are put in order here, whatever the file's. */
#include "env/onnx_internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static int by_name(const void *a, const void *b)
{
    const Value *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->producer - y->producer;
}

static int name_of(const void *key, const void *element)
{
    return strcmp(key, ((const Value *)element)->name);
}

Value *onnx_find(Onnx *m, const char *name)
{
    return bsearch(name, m->value, (size_t)m->n_values, sizeof *m->value, name_of);
}

static const char *shown(const char *s, char text[TEXT_SHOWN_MAX])
{
    text_shown(text, s);
    return text;
}

static Status defined_twice(const Onnx *m, const Value *a, const Value *b)
{
    char name[TEXT_SHOWN_MAX];
    const char *by = a->producer >= 0 ? "two nodes" : b->producer >= 0 ? "a node and before" : NULL;
    return err_set(m->err, ST_FORMAT, "%s: '%s' is defined twice%s%s", m->file,
                   shown(a->name, name), by ? ", by " : "", by ? by : "");
}

/* Values of the same name are neighbours: an input that is also an initialiser is a constant with
 * that default (IR version 3). */
static Status merge_values(Onnx *m)
{
    int n = 0;

    for (int i = 0; i < m->n_values; i++) {
        Value *last = n > 0 ? &m->value[n - 1] : NULL, *v = &m->value[i];
        if (!last || strcmp(last->name, v->name) != 0) {
            m->value[n++] = *v;
            continue;
        }
        bool split = last->producer < 0 && v->producer < 0 && !last->tensor != !v->tensor;
        if (!split) return defined_twice(m, last, v);
        if (v->tensor) last->tensor = v->tensor;
        if (v->info) last->info = v->info;
    }
    m->n_values = n;
    return ST_OK;
}

static void add_value(Onnx *m, const char *name, int producer, const Onnx__Tensor *tensor,
                      const Onnx__ValueInfo *info)
{
    if (!*name) return;
    m->value[m->n_values++] =
        (Value){.name = name, .producer = producer, .tensor = tensor, .info = info};
}

/* Sparse constants: the size is all that is read of them. */
static void add_sparse(Onnx *m, Onnx__SparseTensor *s)
{
    if (!s->values) return;
    Onnx__Tensor *t = s->values;
    t->n_dims = s->n_dims;
    t->dims = s->dims;
    t->data_type = 0;
    add_value(m, t->name, -1, t, NULL);
}

static void note_said(Onnx *m, Onnx__ValueInfo **info, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Value *v = onnx_find(m, info[i]->name);
        if (v && !v->said) v->said = info[i];
    }
}

static Status define_values(Onnx *m)
{
    const Onnx__Graph *g = m->model->graph;
    size_t n = g->n_input + g->n_initializer + g->n_sparse_initializer;
    Status st = ST_OK;

    for (int i = 0; i < m->n_nodes; i++) n += g->node[i]->n_output;
    m->value = arena_alloc(&m->arena, n + 1, sizeof *m->value);
    if (!m->value) return arena_error(&m->arena, m->file, m->err);
    for (size_t i = 0; i < g->n_input; i++) add_value(m, g->input[i]->name, -1, NULL, g->input[i]);
    for (size_t i = 0; i < g->n_initializer; i++)
        add_value(m, g->initializer[i]->name, -1, g->initializer[i], NULL);
    for (size_t i = 0; i < g->n_sparse_initializer; i++) add_sparse(m, g->sparse_initializer[i]);
    for (int i = 0; i < m->n_nodes; i++)
        for (size_t o = 0; o < g->node[i]->n_output; o++)
            add_value(m, g->node[i]->output[o], i, NULL, NULL);
    qsort(m->value, (size_t)m->n_values, sizeof *m->value, by_name);
    TRY(merge_values(m));
    note_said(m, g->value_info, g->n_value_info);
    note_said(m, g->output, g->n_output);
fail:
    return st;
}

/* ---- nodes ---- */

static Status link_inputs(Onnx *m, Node *n)
{
    const Onnx__Node *p = n->proto;
    char name[TEXT_SHOWN_MAX];

    n->n_in = (int)p->n_input;
    n->in = arena_alloc(&m->arena, p->n_input, sizeof *n->in);
    if (!n->in) return arena_error(&m->arena, m->file, m->err);
    for (int i = 0; i < n->n_in; i++) {
        if (!*p->input[i]) continue;
        n->in[i] = onnx_find(m, p->input[i]);
        if (!n->in[i])
            return node_error(m, n, "its input '%s' is no output of a node, input or initialiser",
                              shown(p->input[i], name));
    }
    return ST_OK;
}

/* Outputs without a name get a value that nobody finds. */
static Status link_outputs(Onnx *m, Node *n)
{
    const Onnx__Node *p = n->proto;

    n->n_out = p->n_output ? (int)p->n_output : 1;
    n->out = arena_alloc(&m->arena, (size_t)n->n_out, sizeof *n->out);
    if (!n->out) return arena_error(&m->arena, m->file, m->err);
    for (int i = 0; i < n->n_out; i++) {
        const char *name = p->n_output ? p->output[i] : "";
        n->out[i] = *name ? onnx_find(m, name) : arena_alloc(&m->arena, 1, sizeof **n->out);
        if (!n->out[i]) return arena_error(&m->arena, m->file, m->err);
        if (!*name) n->out[i]->name = "";
    }
    return ST_OK;
}

/* Marks what v depends on; stack has room for every node. */
static Status need(Onnx *m, const Value *v, int *stack)
{
    int n = 0;
    Status st = ST_OK;

    if (v->producer >= 0 && !m->node[v->producer].needed) {
        m->node[v->producer].needed = true;
        stack[n++] = v->producer;
    }
    while (n > 0) {
        Node *node = &m->node[stack[--n]];
        TRY(link_inputs(m, node));
        TRY(link_outputs(m, node));
        for (int i = 0; i < node->n_in; i++) {
            int p = node->in[i] ? node->in[i]->producer : -1;
            if (p < 0 || m->node[p].needed) continue;
            m->node[p].needed = true;
            stack[n++] = p;
        }
    }
fail:
    return st;
}

static Status need_outputs(Onnx *m, int *stack)
{
    const Onnx__Graph *g = m->model->graph;
    char name[TEXT_SHOWN_MAX];
    Status st = ST_OK;

    if (g->n_output == 0) return err_set(m->err, ST_FORMAT, "%s: its graph has no output", m->file);
    for (size_t i = 0; i < g->n_output; i++) {
        const Value *v = onnx_find(m, g->output[i]->name);
        if (!v)
            return err_set(m->err, ST_FORMAT, "%s: nothing computes its output '%s'", m->file,
                           shown(g->output[i]->name, name));
        TRY(need(m, v, stack));
    }
fail:
    return st;
}

/* Puts node `root` behind the nodes it reads from: depth first, with a stack of its own, where a
 * node stays until its producers are in order. */
static Status order_from(Onnx *m, int root, int *stack)
{
    int n = 0;

    stack[n++] = root;
    while (n > 0) {
        Node *node = &m->node[stack[n - 1]];
        int next = -1;
        node->visited = true;
        while (node->ordered_in < node->n_in && next < 0) {
            const Value *v = node->in[node->ordered_in];
            int p = v ? v->producer : -1;
            if (p >= 0 && !m->node[p].ordered)
                next = p;
            else
                node->ordered_in++;
        }
        if (next < 0) {
            node->ordered = true;
            m->order[m->n_order++] = stack[--n];
        } else if (m->node[next].visited) {
            return node_error(m, &m->node[next], "it depends on its own output, in a cycle");
        } else {
            stack[n++] = next;
        }
    }
    return ST_OK;
}

static Status note_dead(Onnx *m, const Node *n)
{
    char op[TEXT_SHOWN_MAX];
    bool constant = !strcmp(n->proto->op_type, "Constant");
    if (constant) return ST_OK; /* exporters leave them behind */
    return draft_note(m->draft, DRAFT_DEAD, m->err, "%s", shown(n->proto->op_type, op));
}

Status onnx_graph(Onnx *m)
{
    const Onnx__Graph *g = m->model->graph;
    Status st = ST_OK;

    if (g->n_node > ONNX_NODES_MAX)
        return err_set(m->err, ST_FORMAT, "%s: has %zu nodes, want at most %d", m->file, g->n_node,
                       ONNX_NODES_MAX);
    m->n_nodes = (int)g->n_node;
    m->node = arena_alloc(&m->arena, g->n_node, sizeof *m->node);
    m->order = arena_alloc(&m->arena, g->n_node, sizeof *m->order);
    int *stack = arena_alloc(&m->arena, g->n_node, sizeof *stack);
    if (!m->node || !m->order || !stack) return arena_error(&m->arena, m->file, m->err);
    for (int i = 0; i < m->n_nodes; i++)
        m->node[i] = (Node){.proto = g->node[i], .op = operator_find(g->node[i])};
    TRY(define_values(m));
    TRY(need_outputs(m, stack));
    for (int i = 0; i < m->n_nodes; i++)
        if (m->node[i].needed && !m->node[i].ordered) TRY(order_from(m, i, stack));
fail:
    return st;
}

/* ---- sizes of inputs ---- */

bool onnx_said_shape(const Onnx__ValueInfo *info, Shape *out)
{
    const Onnx__TensorType *type = info && info->type ? info->type->tensor_type : NULL;

    if (!type || !type->shape || type->shape->n_dim > ONNX_RANK_MAX) return false;
    *out = (Shape){.rank = (int)type->shape->n_dim};
    for (int i = 0; i < out->rank; i++) {
        const Onnx__Dimension *d = type->shape->dim[i];
        out->dim[i] = d->value_case == ONNX__DIMENSION__VALUE_DIM_VALUE ? d->dim_value : -1;
        if (i == 0 && out->dim[i] < 1) out->dim[i] = 1;
    }
    for (int i = 0; i < out->rank; i++)
        if (out->dim[i] < 1) return false;
    return true;
}

/* "NAME=1x3x224x224" */
static bool parse_shape(const char *text, Shape *out)
{
    *out = (Shape){0};
    while (out->rank < ONNX_RANK_MAX) {
        char *end;
        long long v = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;
        if (v < 1 || v > INT32_MAX) return false;
        out->dim[out->rank++] = v;
        if (*end == '\0') return true;
        if (*end != 'x' && *end != 'X') return false;
        text = end + 1;
    }
    return false;
}

static bool is_input(const Value *v)
{
    return v->producer < 0 && v->info && !v->tensor;
}

static const Onnx__TensorShape *file_shape(const Value *v)
{
    const Onnx__TensorType *type = v->info->type ? v->info->type->tensor_type : NULL;
    return type && type->shape && type->shape->n_dim <= ONNX_RANK_MAX ? type->shape : NULL;
}

/* One option: the name is what is before the last '='. */
static Status read_option(Onnx *m, const char *option, Value **of)
{
    const char *equals = strrchr(option, '=');
    size_t len = equals ? (size_t)(equals - option) : 0;
    char *name = arena_alloc(&m->arena, len + 1, 1), text[TEXT_SHOWN_MAX];
    Shape *shape = arena_alloc(&m->arena, 1, sizeof *shape);

    if (!name || !shape) return arena_error(&m->arena, m->file, m->err);
    if (!equals || !parse_shape(equals + 1, shape))
        return err_set(m->err, ST_USAGE, "--input-shape '%s': want NAME=SIZES, as data=1x3x224x224",
                       shown(option, text));
    memcpy(name, option, len);
    Value *v = onnx_find(m, name);
    if (!v || !is_input(v))
        return err_set(m->err, ST_USAGE, "--input-shape '%s': '%s' has no such input",
                       shown(option, text), m->file);
    if (file_shape(v) && file_shape(v)->n_dim != (size_t)shape->rank)
        return err_set(m->err, ST_USAGE, "--input-shape '%s': the input has %zu sizes",
                       shown(option, text), file_shape(v)->n_dim);
    v->asked = shape;
    *of = v;
    return ST_OK;
}

static Status read_options(Onnx *m)
{
    int n = m->opt ? m->opt->n_input_shapes : 0;
    Status st = ST_OK;

    m->asked = arena_alloc(&m->arena, (size_t)n, sizeof *m->asked);
    if (!m->asked) return arena_error(&m->arena, m->file, m->err);
    for (int i = 0; i < n; i++) TRY(read_option(m, m->opt->input_shapes[i], &m->asked[i]));
    m->n_asked = n;
fail:
    return st;
}

/* What an option for another input made of this symbol; 0 if none did. */
static int64_t asked_symbol(const Onnx *m, const char *symbol)
{
    for (int i = 0; i < m->n_asked; i++) {
        const Onnx__TensorShape *shape = file_shape(m->asked[i]);
        for (size_t d = 0; shape && d < shape->n_dim; d++) {
            const Onnx__Dimension *dim = shape->dim[d];
            if (dim->value_case == ONNX__DIMENSION__VALUE_DIM_PARAM &&
                !strcmp(dim->dim_param, symbol))
                return m->asked[i]->asked->dim[d];
        }
    }
    return 0;
}

/* The first size of images, and of what a window slides over. */
static bool is_batch(const Value *v)
{
    return v->shape.rank >= 4 || (v->shape.rank == 3 && v->batched);
}

/* A batch is one request: symbolic or more than 1, it becomes 1. */
static int64_t take_batch(Onnx *m, Value *v)
{
    int64_t batch = v->shape.rank > 0 ? v->shape.dim[0] : 1;

    if (!is_batch(v) || batch == 1) return batch;
    m->batch = batch;
    v->shape.dim[0] = 1;
    return batch;
}

static Status note_batch(Onnx *m, const Value *v, bool symbolic, int64_t batch)
{
    char name[TEXT_SHOWN_MAX];

    shown(v->name, name);
    if (symbolic)
        return draft_note(m->draft, DRAFT_ASSUMED, m->err, "input '%s': its batch is 1", name);
    if (batch == 1 || v->shape.rank < 2) return ST_OK;
    if (is_batch(v))
        return draft_note(m->draft, DRAFT_ASSUMED, m->err,
                          "input '%s': one request of its batch of %" PRId64, name, batch);
    return draft_note(m->draft, DRAFT_ASSUMED, m->err,
                      "input '%s': its first size, %" PRId64
                      ", is no batch; --input-shape can make it 1",
                      name, batch);
}

static Status size_unknown(const Onnx *m, const Value *v, int axis)
{
    char name[TEXT_SHOWN_MAX], dim[TEXT_SHOWN_MAX] = "";

    shown(v->name, name);
    if (!file_shape(v))
        return err_set(m->err, ST_FORMAT,
                       "%s: input '%s' has no shape, give it with --input-shape '%s=...'", m->file,
                       name, name);
    const Onnx__Dimension *d = file_shape(v)->dim[axis];
    if (d->value_case == ONNX__DIMENSION__VALUE_DIM_PARAM) text_shown(dim, d->dim_param);
    return err_set(m->err, ST_FORMAT,
                   "%s: input '%s' has no size along axis %d%s%s%s, give all with --input-shape "
                   "'%s=1x...'",
                   m->file, name, axis, *dim ? " ('" : "", dim, *dim ? "')" : "", name);
}

/* The size along one axis as the file or an option gives it; 0: neither does. */
static Status input_size(const Onnx *m, const Value *v, const Onnx__Dimension *d, int64_t *size)
{
    char name[TEXT_SHOWN_MAX];
    bool given = d->value_case == ONNX__DIMENSION__VALUE_DIM_VALUE;

    *size = given ? d->dim_value : 0;
    if (d->value_case == ONNX__DIMENSION__VALUE_DIM_PARAM) *size = asked_symbol(m, d->dim_param);
    if (*size < -1 || *size > INT32_MAX)
        return err_set(m->err, ST_FORMAT, "%s: input '%s' has a size of %" PRId64 ", want 1 to %d",
                       m->file, shown(v->name, name), *size, INT32_MAX);
    if (*size < 0) *size = 0; /* as some exporters write what is open */
    return ST_OK;
}

static Status read_input_shape(Onnx *m, Value *v, bool *symbolic)
{
    const Onnx__TensorType *type = v->info->type ? v->info->type->tensor_type : NULL;
    Status st = ST_OK;

    *symbolic = false;
    v->integer = type && (type->elem_type == 6 || type->elem_type == 7);
    if (v->asked) {
        v->shape = *v->asked;
        return ST_OK;
    }
    if (!file_shape(v)) return size_unknown(m, v, 0);
    v->shape.rank = (int)file_shape(v)->n_dim;
    for (int i = 0; i < v->shape.rank; i++) {
        TRY(input_size(m, v, file_shape(v)->dim[i], &v->shape.dim[i]));
        if (v->shape.dim[i] > 0) continue;
        if (i > 0) return size_unknown(m, v, i);
        v->shape.dim[0] = 1;
        *symbolic = true;
    }
fail:
    return st;
}

static Status check_words(const Onnx *m, const Value *v)
{
    char name[TEXT_SHOWN_MAX];
    int size[3];

    if (shape_layout(&v->shape, size)) return ST_OK;
    return err_set(m->err, ST_FORMAT, "%s: input '%s' is larger than %d words", m->file,
                   shown(v->name, name), ONNX_WORDS_MAX);
}

/* Which inputs are read as data, and which by a window that takes their first size as a batch. */
static void mark_read(Onnx *m)
{
    for (int i = 0; i < m->n_order; i++) {
        const Node *n = &m->node[m->order[i]];
        int data = n->op && n->op->data_in ? n->op->data_in : n->n_in;
        bool window = n->op && operator_has_window(n->op);
        for (int k = 0; k < n->n_in; k++) {
            if (!n->in[k]) continue;
            n->in[k]->read = true;
            n->in[k]->data |= k < data;
            n->in[k]->batched |= k == 0 && window;
        }
    }
}

/* Weights that the file leaves open: a constant of that size. */
static Status weights_input(Onnx *m, Value *v)
{
    char name[TEXT_SHOWN_MAX];

    bool symbolic;
    Status st = read_input_shape(m, v, &symbolic);

    v->known = v->constant = true;
    if (st != ST_OK) return st;
    if (!shape_possible(&v->shape)) return check_words(m, v);
    return draft_note(m->draft, DRAFT_ASSUMED, m->err, "input '%s': weights", shown(v->name, name));
}

static Status create_draft(Onnx *m, const Value *first)
{
    const char *slash = strrchr(m->file, '/'), *base = slash ? slash + 1 : m->file;
    char name[TEXT_SHOWN_MAX], title[DRAFT_TITLE_MAX];
    int size[3];

    shape_layout(&first->shape, size); /* whose words are checked */
    text_shown(name, base);
    snprintf(title, sizeof title, "imported from %s", name);
    size_t len = strlen(name);
    if (len > 5 && !strcmp(name + len - 5, ".onnx")) name[len - 5] = '\0';
    return draft_create(&m->draft, name, title, size, m->err);
}

static Status data_input(Onnx *m, Value *v)
{
    bool symbolic;
    Status st = ST_OK;

    TRY(read_input_shape(m, v, &symbolic));
    int64_t batch = take_batch(m, v);
    TRY(check_words(m, v));
    if (!m->draft) TRY(create_draft(m, v));
    TRY(note_batch(m, v, symbolic, batch));
    TRY(store_input(m, v));
    v->known = true;
fail:
    return st;
}

Status onnx_inputs(Onnx *m)
{
    const Onnx__Graph *g = m->model->graph;
    Status st = ST_OK;

    TRY(read_options(m));
    mark_read(m);
    for (size_t i = 0; i < g->n_input; i++) {
        Value *v = onnx_find(m, g->input[i]->name);
        if (v && is_input(v) && v->data) TRY(data_input(m, v));
    }
    if (!m->draft) return err_set(m->err, ST_FORMAT, "%s: no output depends on an input", m->file);
    for (int i = 0; i < m->n_values; i++)
        if (is_input(&m->value[i]) && m->value[i].read && !m->value[i].data)
            TRY(weights_input(m, &m->value[i]));
    for (int i = 0; i < m->n_nodes; i++)
        if (!m->node[i].needed) TRY(note_dead(m, &m->node[i]));
fail:
    return st;
}

/* ---- constants ---- */

/* n numbers of `bytes` each, little endian. */
static int64_t raw_int(const uint8_t *raw, int bytes, bool is_signed)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | raw[i];
    int unused = 64 - 8 * bytes;
    if (is_signed && unused > 0 && v >> (8 * bytes - 1)) v |= ~(uint64_t)0 << (64 - unused);
    return (int64_t)v;
}

static double raw_float(const uint8_t *raw, int bytes)
{
    int64_t bits = raw_int(raw, bytes, false);
    uint32_t low = (uint32_t)bits;
    float f;
    double d;

    memcpy(&f, &low, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return bytes == 8 ? d : (double)f;
}

/* ONNX element types whose numbers are followed: size in raw_data, kind. */
typedef struct ElementType {
    int bytes;
    char kind; /* 'f' float, 'i' signed, 'u' unsigned */
} ElementType;

static ElementType element_type(int32_t type)
{
    static const ElementType TYPES[] = {
        [1] = {4, 'f'},  [2] = {1, 'u'},  [3] = {1, 'i'}, [4] = {2, 'u'},
        [5] = {2, 'i'},  [6] = {4, 'i'},  [7] = {8, 'i'}, [9] = {1, 'u'},
        [11] = {8, 'f'}, [12] = {4, 'u'}, [13] = {8, 'u'}};
    bool there = type > 0 && type < (int32_t)(sizeof TYPES / sizeof *TYPES);
    return there ? TYPES[type] : (ElementType){0};
}

static double element(const Onnx__Tensor *t, ElementType type, size_t i)
{
    if (t->raw_data.len) {
        const uint8_t *raw = t->raw_data.data + i * (size_t)type.bytes;
        return type.kind == 'f'   ? raw_float(raw, type.bytes)
               : type.kind == 'i' ? (double)raw_int(raw, type.bytes, true)
                                  : (double)(uint64_t)raw_int(raw, type.bytes, false);
    }
    if (t->n_float_data) return (double)t->float_data[i];
    if (t->n_double_data) return t->double_data[i];
    if (t->n_int32_data) return t->int32_data[i];
    if (t->n_uint64_data) return (double)t->uint64_data[i];
    return (double)t->int64_data[i];
}

/* How many numbers the tensor holds; 0 too where they were dropped. */
static size_t elements_held(const Onnx__Tensor *t, ElementType type)
{
    if (t->raw_data.len) return t->raw_data.len / (size_t)type.bytes;
    if (t->n_float_data) return t->n_float_data;
    if (t->n_double_data) return t->n_double_data;
    if (t->n_int32_data) return t->n_int32_data;
    if (t->n_uint64_data) return t->n_uint64_data;
    return t->n_int64_data;
}

Status onnx_constant_from(Onnx *m, Value *v, const Onnx__Tensor *t)
{
    char name[TEXT_SHOWN_MAX];
    ElementType type = element_type(t->data_type);

    v->known = v->constant = true;
    v->integer = type.bytes && type.kind != 'f';
    if (t->n_dims > ONNX_RANK_MAX)
        return err_set(m->err, ST_FORMAT, "%s: constant '%s' has %zu dimensions, want at most %d",
                       m->file, shown(v->name, name), t->n_dims, ONNX_RANK_MAX);
    v->shape.rank = (int)t->n_dims;
    for (int i = 0; i < v->shape.rank; i++) {
        v->shape.dim[i] = t->dims[i];
        if (t->dims[i] < 0 || t->dims[i] > INT32_MAX)
            return err_set(m->err, ST_FORMAT,
                           "%s: constant '%s' has a size of %" PRId64 ", want 0 to %d", m->file,
                           shown(v->name, name), t->dims[i], INT32_MAX);
    }
    if (!shape_possible(&v->shape))
        return err_set(m->err, ST_FORMAT, "%s: constant '%s' has %g words", m->file,
                       shown(v->name, name), shape_words(&v->shape));
    double words = shape_words(&v->shape);
    if (words > ONNX_KNOWN_MAX || !type.bytes || (double)elements_held(t, type) != words)
        return ST_OK;
    double *number = arena_alloc(&m->arena, (size_t)words, sizeof *number);
    if (!number) return arena_error(&m->arena, m->file, m->err);
    for (size_t i = 0; i < (size_t)words; i++) number[i] = element(t, type, i);
    v->number = number;
    return ST_OK;
}

Status onnx_load_constant(Onnx *m, Value *v)
{
    return v->known || !v->tensor ? ST_OK : onnx_constant_from(m, v, v->tensor);
}
