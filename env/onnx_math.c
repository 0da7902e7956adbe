/* onnx_math.c -- operators that work point by point, and reductions.
 * With constants, and on one tensor alone, they cost nothing: a layer before or after applies them
 * while it has the words at hand. Two computed tensors of a size meet in an eltwise. A smaller one
 * that is spread over the larger (the gates of squeeze-and-excitation) makes a move, which reads
 * and writes the larger, but for three cases: single numbers; masks, which come from the inputs
 * alone; and the statistics of the very tensor that they normalise. */
#include "env/onnx_internal.h"

#include <string.h>

/* Activations, normalisation, casts, ...: the first output is the first input. Others (masks,
 * statistics of training) have no size here, so that nobody may read them. */
Status op_same(Onnx *m, Node *n)
{
    Status st = node_same(m, n, n->in[0], n->out[0]);
    fold_unary(m, n);
    return st;
}

/* DynamicQuantizeLinear: the tensor, a scale and a zero point. */
Status op_quantise(Onnx *m, Node *n)
{
    Shape number = {0};
    Status st = ST_OK;

    TRY(node_same(m, n, n->in[0], n->out[0]));
    n->out[0]->number = NULL;
    for (int o = 1; o < n->n_out && o < 3; o++) {
        TRY(node_shape(m, n, n->out[o], &number));
        TRY(store_view(m, n, n->in[0], n->out[o]));
    }
fail:
    return st;
}

/* ---- joins ---- */

enum { JOIN_INPUTS_MAX = 1024 };

static Status broadcast(Onnx *m, Node *n, Shape *s)
{
    *s = (Shape){0};
    for (int k = 0; k < n->n_in; k++) {
        if (!n->in[k]) continue;
        const Shape *in = &n->in[k]->shape;
        int more = in->rank - s->rank;
        if (more > 0) {
            memmove(s->dim + more, s->dim, (size_t)s->rank * sizeof *s->dim);
            for (int i = 0; i < more; i++) s->dim[i] = 1;
            s->rank = in->rank;
        }
        for (int i = 0; i < in->rank; i++) {
            int64_t *d = &s->dim[s->rank - in->rank + i], e = in->dim[i];
            if (e != 1 && *d != 1 && e != *d)
                return node_error(m, n, "its inputs have sizes %lld and %lld along one axis",
                                  (long long)*d, (long long)e);
            if (*d == 1) *d = e;
        }
    }
    return ST_OK;
}

/* Up to opset 6 the second operand could be aligned with an axis of the first. */
static bool aligned_by_axis(const Onnx *m, const Node *n)
{
    const Onnx__Attribute *old = node_attr(n, "broadcast");
    return m->opset < 7 && old && old->i && node_attr(n, "axis");
}

/* The store of which v is a statistic (a mean, say), or was made of some point by point; else -1. */
static int statistic_of(const Onnx *m, const Value *v)
{
    const Store *s = &m->store[store_base(m, v->store)];
    return s->kind == STORE_REDUCED ? s->base : -1;
}

/* Is b a statistic of a tensor that another operand is, or is derived from point by point? */
static bool normalises(const Onnx *m, const Node *n, const Value *b)
{
    int of = statistic_of(m, b);

    for (int k = 0; of >= 0 && k < n->n_in; k++) {
        const Value *a = n->in[k];
        if (a && a != b && !a->constant && a->store == of) return true;
    }
    return false;
}

/* One tensor twice, or two statistics of one (variances from sums and sums of squares). */
static bool same_operand(const Onnx *m, const Value *a, const Value *b)
{
    int of = statistic_of(m, a);
    return a->store == b->store || (of >= 0 && of == statistic_of(m, b));
}

/* Operands that cost: computed, each tensor once, without single numbers, masks and statistics. */
static int list_operands(const Onnx *m, const Node *n, double words, Value **list, int cap)
{
    int count = 0;
    bool full_layer = false, full = false;

    for (int k = 0; k < n->n_in; k++) {
        const Value *v = n->in[k];
        if (!v || v->constant || shape_words(&v->shape) != words) continue;
        full = true;
        full_layer |= !store_from_input(m, v);
    }
    for (int k = 0; k < n->n_in && count < cap; k++) {
        Value *v = n->in[k];
        bool again = false;
        if (!v || v->constant) continue;
        bool small = shape_words(&v->shape) < words;
        if (small && full && shape_words(&v->shape) == 1) continue;
        if ((small && full_layer && store_from_input(m, v)) || normalises(m, n, v)) continue;
        for (int i = 0; i < count; i++) again |= same_operand(m, list[i], v);
        if (!again) list[count++] = v;
    }
    return count;
}

static Status write_join(Onnx *m, Node *n, Value **list, int count, double words, Value *out)
{
    DraftEntry e = {.type = DRAFT_ELTWISE};
    bool from_input = true;
    int from;
    Status st = ST_OK;

    TRY(node_layout(m, n, &out->shape, e.out));
    for (int k = 0; k < count; k++) {
        from_input &= store_from_input(m, list[k]);
        if (shape_words(&list[k]->shape) < words) e.type = DRAFT_MOVE;
    }
    if (from_input) return store_view(m, n, list[0], out); /* masks among themselves */
    TRY(store_use(m, n, list[0], NULL, &from));
    const int *have = draft_out(m->draft, from);
    if ((double)have[0] * have[1] * have[2] == words) memcpy(e.out, have, sizeof e.out);
    for (int k = 0; k < count; k++)
        TRY(store_add_from(m, n, list[k], e.type == DRAFT_MOVE ? NULL : e.out, &e));
    st = store_entry(m, n, &e, false, out);
fail:
    return st;
}

Status op_join(Onnx *m, Node *n)
{
    Value *list[NET_MAX_FROM + 1], *out = n->out[0];
    Shape s;
    Status st = ST_OK;

    if (n->n_in > JOIN_INPUTS_MAX)
        return node_error(m, n, "joins %d tensors, want at most %d", n->n_in, JOIN_INPUTS_MAX);
    s = n->in[0]->shape;
    bool by_axis = aligned_by_axis(m, n);
    if (!by_axis) TRY(broadcast(m, n, &s));
    TRY(node_shape(m, n, out, &s));
    if (!by_axis) fold_elementwise(m, n);
    if (n->constant) return ST_OK;
    double words = shape_words(&out->shape);
    int count = list_operands(m, n, words, list, NET_MAX_FROM + 1);
    if (count > NET_MAX_FROM)
        return node_error(m, n, "joins more than %d computed tensors", NET_MAX_FROM);
    if (count == 0) { /* statistics of one tensor among themselves */
        for (int k = 0; k < n->n_in && count == 0; k++)
            if (n->in[k] && !n->in[k]->constant) list[count++] = n->in[k];
    }
    if (count > 1) return write_join(m, n, list, count, words, out);
    if (shape_words(&list[0]->shape) < words) return store_view(m, n, list[0], out);
    out->store = list[0]->store;
fail:
    return st;
}

/* ---- reductions ---- */

/* Axes from the attribute or input 1; none: all, or none at all with noop_with_empty_axes. */
static Status reduced_axes(Onnx *m, Node *n, bool axis[ONNX_RANK_MAX], bool *nothing)
{
    int64_t list[ONNX_LIST_MAX], noop;
    int count, rank = n->in[0]->shape.rank;
    Status st = ST_OK;

    memset(axis, 0, ONNX_RANK_MAX * sizeof *axis);
    TRY(node_list(m, n, "axes", 1, list, &count));
    TRY(node_int(m, n, "noop_with_empty_axes", 0, &noop));
    *nothing = count <= 0 && noop;
    for (int i = 0; count <= 0 && i < rank; i++) axis[i] = true;
    for (int i = 0; i < count; i++) {
        int a;
        TRY(node_axis(m, n, list[i], rank, &a));
        axis[a] = true;
    }
fail:
    return st;
}

static Shape without_axes(const Shape *in, const bool *axis, bool keep)
{
    Shape s = {0};
    for (int i = 0; i < in->rank; i++) {
        if (!axis[i])
            s.dim[s.rank++] = in->dim[i];
        else if (keep)
            s.dim[s.rank++] = 1;
    }
    return s;
}

/* Means and the like over whole maps are global pools, others moves. */
static Status plan_reduction(Onnx *m, Node *n, const bool *axis, DraftEntry *plan)
{
    const Shape *in = &n->in[0]->shape;
    bool maps = in->rank == 4 && in->dim[0] == 1 && !axis[1] && axis[2] && axis[3];
    int size[3];
    Status st = ST_OK;

    *plan = (DraftEntry){.type = DRAFT_MOVE};
    TRY(node_layout(m, n, in, size));
    TRY(node_layout(m, n, &n->out[0]->shape, plan->out));
    if (!maps || size[0] != in->dim[1]) return ST_OK;
    plan->type = DRAFT_POOL;
    plan->global = true;
    plan->kernel[0] = size[1];
    plan->kernel[1] = size[2];
    plan->out[0] = size[0];
    plan->out[1] = plan->out[2] = 1;
fail:
    return st;
}

static Status fold_reduction(Onnx *m, Node *n)
{
    const Value *in = n->in[0];
    bool product = !strcmp(n->proto->op_type, "ReduceProd");
    bool sum = !strcmp(n->proto->op_type, "ReduceSum");
    double *number = NULL;

    n->out[0]->integer = in->integer;
    if (shape_words(&n->out[0]->shape) == 1 && in->number && (product || sum))
        number = fold_numbers(m, n, n->out[0]);
    if (number) *number = product;
    for (int i = 0; number && i < (int)shape_words(&in->shape); i++)
        *number = product ? *number * in->number[i] : *number + in->number[i];
    n->out[0]->number = number;
    return ST_OK;
}

static Status reduce(Onnx *m, Node *n, const bool *axis, bool keep)
{
    DraftEntry plan;
    Value *in = n->in[0], *out = n->out[0];
    Shape s = without_axes(&in->shape, axis, keep);
    Status st = ST_OK;

    TRY(node_shape(m, n, out, &s));
    if (n->constant) return fold_reduction(m, n);
    if (shape_words(&s) == shape_words(&in->shape)) return store_view(m, n, in, out);
    TRY(plan_reduction(m, n, axis, &plan));
    st = store_reduced(m, n, in, &plan, out);
fail:
    return st;
}

Status op_reduce(Onnx *m, Node *n)
{
    bool axis[ONNX_RANK_MAX], nothing;
    int64_t keep;
    Status st = ST_OK;

    TRY(reduced_axes(m, n, axis, &nothing));
    TRY(node_int(m, n, "keepdims", 1, &keep));
    if (nothing) return node_same(m, n, n->in[0], n->out[0]);
    st = reduce(m, n, axis, keep != 0);
fail:
    return st;
}

/* ArgMax, ArgMin */
Status op_arg(Onnx *m, Node *n)
{
    bool axes[ONNX_RANK_MAX] = {false};
    int64_t axis, keep;
    int a;
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", 0, &axis));
    TRY(node_int(m, n, "keepdims", 1, &keep));
    TRY(node_axis(m, n, axis, n->in[0]->shape.rank, &a));
    axes[a] = true;
    st = reduce(m, n, axes, keep != 0);
fail:
    return st;
}

/* The k largest and where they are: reads all, writes k. */
Status op_topk(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_MOVE};
    int64_t axis, k[ONNX_LIST_MAX];
    int a, count;
    Shape s = n->in[0]->shape;
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", -1, &axis));
    TRY(node_axis(m, n, axis, s.rank, &a));
    const Onnx__Attribute *old = node_attr(n, "k");
    count = 1;
    if (old)
        k[0] = old->i;
    else
        TRY(node_list(m, n, "K", 1, k, &count));
    if (count != 1 || k[0] < 1 || k[0] > s.dim[a])
        return node_error(m, n, "its k must be 1 to %lld", (long long)s.dim[a]);
    s.dim[a] = k[0];
    for (int o = 0; o < n->n_out && o < 2; o++) TRY(node_shape(m, n, n->out[o], &s));
    if (n->constant) return ST_OK;
    TRY(node_layout(m, n, &s, e.out));
    TRY(store_add_from(m, n, n->in[0], NULL, &e));
    TRY(store_entry(m, n, &e, false, n->out[0]));
    if (n->n_out > 1) n->out[1]->store = n->out[0]->store;
fail:
    return st;
}
