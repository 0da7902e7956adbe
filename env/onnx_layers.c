/* onnx_layers.c -- operators that are layers: convolutions, products, pools, recurrences.
 * A one-dimensional window is one of the width. */
#include "env/onnx_internal.h"

#include <inttypes.h>
#include <string.h>

enum { WINDOW_MAX = 1 << 12, CHANNELS_MAX = 1 << 20 }; /* of a network file */

/* ---- windows ---- */

/* Of convolutions and pools, [height, width]; pad: top, left, bottom, right. */
typedef struct Window {
    int axes; /* 1: the width alone */
    int64_t in[2], kernel[2], stride[2], dilation[2], pad[4], out[2];
} Window;

static Status window_list(Onnx *m, Node *n, const char *name, int axes, int64_t lo, int64_t hi,
                          int64_t *to)
{
    int64_t list[ONNX_LIST_MAX];
    int count;
    Status st = ST_OK;

    TRY(node_list(m, n, name, -1, list, &count));
    if (count < 0) return ST_OK;
    if (count != axes) return node_error(m, n, "its %s are %d numbers, want %d", name, count, axes);
    for (int i = 0; i < count; i++) {
        if (list[i] < lo || list[i] > hi)
            return node_error(m, n, "its %s are %" PRId64 ", want %" PRId64 " to %" PRId64, name,
                              list[i], lo, hi);
        to[i] = list[i];
    }
fail:
    return st;
}

/* From the order of ONNX, all begins and then all ends, which is that of a network file too. */
static void place(int64_t *pair, int axes, int64_t fill)
{
    if (axes == 2) return;
    pair[1] = pair[0];
    pair[0] = fill;
}

/* The attributes; kernel is set before, or here if `kernel_shape` is there. */
static Status read_window(Onnx *m, Node *n, const Shape *in, Window *w)
{
    int axes = in->rank - 2;
    Status st = ST_OK;

    *w = (Window){.axes = axes, .in = {1, 1}, .kernel = {1, 1}};
    w->stride[0] = w->stride[1] = w->dilation[0] = w->dilation[1] = 1;
    for (int i = 0; i < axes; i++) w->in[2 - axes + i] = in->dim[2 + i];
    TRY(window_list(m, n, "kernel_shape", axes, 1, WINDOW_MAX, w->kernel));
    TRY(window_list(m, n, "strides", axes, 1, WINDOW_MAX, w->stride));
    TRY(window_list(m, n, "dilations", axes, 1, WINDOW_MAX, w->dilation));
    TRY(window_list(m, n, "pads", 2 * axes, 0, WINDOW_MAX, w->pad));
    place(w->kernel, axes, 1);
    place(w->stride, axes, 1);
    place(w->dilation, axes, 1);
    if (axes == 1) {
        w->pad[3] = w->pad[1];
        w->pad[1] = w->pad[0];
        w->pad[0] = w->pad[2] = 0;
    }
fail:
    return st;
}

static int64_t box(const Window *w, int axis)
{
    return (w->kernel[axis] - 1) * w->dilation[axis] + 1;
}

/* SAME: as many outputs as strides fit; the odd pad goes behind, or before for SAME_LOWER. */
static void pad_same(Window *w, int axis, bool lower)
{
    w->out[axis] = (w->in[axis] + w->stride[axis] - 1) / w->stride[axis];
    int64_t pad = (w->out[axis] - 1) * w->stride[axis] + box(w, axis) - w->in[axis];
    if (pad < 0) pad = 0;
    w->pad[axis] = (pad + lower) / 2;
    w->pad[axis + 2] = pad - w->pad[axis];
}

/* Rounding up never starts a window behind the input and its leading pad. */
static Status slide(const Onnx *m, const Node *n, Window *w, int axis, bool ceil)
{
    int64_t padded = w->in[axis] + w->pad[axis] + w->pad[axis + 2], stride = w->stride[axis];

    if (box(w, axis) > padded)
        return node_error(m, n, "its kernel spans %" PRId64 " of a padded input of %" PRId64,
                          box(w, axis), padded);
    int64_t *out = &w->out[axis];
    *out = (padded - box(w, axis) + (ceil ? stride - 1 : 0)) / stride + 1;
    if (ceil && (*out - 1) * stride >= w->in[axis] + w->pad[axis]) --*out;
    int64_t reach = (*out - 1) * stride + box(w, axis) - w->in[axis] - w->pad[axis];
    if (ceil) w->pad[axis + 2] = reach > 0 ? reach : 0; /* the same size, rounding down */
    return ST_OK;
}

static Status size_window(Onnx *m, Node *n, Window *w)
{
    char mode[16];
    int64_t ceil;
    Status st = ST_OK;

    TRY(node_text(m, n, "auto_pad", "NOTSET", mode, sizeof mode));
    TRY(node_int(m, n, "ceil_mode", 0, &ceil));
    bool upper = !strcmp(mode, "SAME_UPPER"), lower = !strcmp(mode, "SAME_LOWER");
    if (!strcmp(mode, "VALID")) memset(w->pad, 0, sizeof w->pad);
    for (int axis = 0; axis < 2; axis++) {
        if (upper || lower)
            pad_same(w, axis, lower);
        else
            TRY(slide(m, n, w, axis, ceil != 0));
    }
fail:
    return st;
}

static Status fill_window(Onnx *m, Node *n, const Window *w, DraftEntry *e)
{
    for (int i = 0; i < 2; i++) {
        e->kernel[i] = (int)w->kernel[i];
        e->stride[i] = (int)w->stride[i];
        e->out[1 + i] = (int)w->out[i];
    }
    for (int i = 0; i < 4; i++) {
        if (w->pad[i] > WINDOW_MAX)
            return node_error(m, n, "its pad is %" PRId64 ", want at most %d", w->pad[i],
                              WINDOW_MAX);
        e->pad[i] = (int)w->pad[i];
    }
    return ST_OK;
}

static Shape window_shape(const Shape *in, const Window *w, int64_t channels)
{
    Shape s = {.rank = in->rank, .dim = {in->dim[0], channels}};
    for (int i = 0; i < w->axes; i++) s.dim[2 + i] = w->out[2 - w->axes + i];
    return s;
}

/* ---- convolutions ---- */

/* The shape of the weights: C or K, the other over groups, kernel. */
static Status check_weights(Onnx *m, Node *n, const Value *w, const Window *window)
{
    for (int i = 0; i < window->axes; i++) {
        int64_t have = w->shape.dim[2 + i], want = window->kernel[2 - window->axes + i];
        if (have != want)
            return node_error(m, n,
                              "its weights have a kernel of %" PRId64 ", its attribute says "
                              "%" PRId64,
                              have, want);
    }
    return ST_OK;
}

/* x and w are of 3 or 4 dimensions, w is a constant; else why not. */
static const char *conv_trouble(const Value *x, const Value *w)
{
    if (x->shape.rank != w->shape.rank) return "weights of another rank";
    if (x->shape.rank != 3 && x->shape.rank != 4) return "not one or two dimensions";
    if (!w->constant) return "computed weights";
    return NULL;
}

static Status conv_window(Onnx *m, Node *n, const Value *x, const Value *w, Window *window)
{
    int axes = x->shape.rank - 2;
    Status st = ST_OK;

    TRY(read_window(m, n, &x->shape, window));
    if (!node_attr(n, "kernel_shape"))
        for (int i = 0; i < axes; i++) {
            int64_t k = w->shape.dim[2 + i];
            if (k < 1 || k > WINDOW_MAX)
                return node_error(m, n, "its kernel is %" PRId64 ", want 1 to %d", k, WINDOW_MAX);
            window->kernel[2 - axes + i] = k;
        }
    st = check_weights(m, n, w, window);
fail:
    return st;
}

/* A network file has one dilation for both axes, the larger; what that adds to the other's window is
 * padding. A kernel of 1 has none. */
static Status one_dilation(Onnx *m, const Node *n, Window *w, int *dilation)
{
    int64_t most = 1;

    for (int axis = 0; axis < 2; axis++)
        if (w->kernel[axis] > 1 && w->dilation[axis] > most) most = w->dilation[axis];
    *dilation = (int)most;
    for (int axis = 0; axis < 2; axis++) {
        int64_t more = (most - w->dilation[axis]) * (w->kernel[axis] - 1);
        w->pad[axis + 2] += more;
        if (more > 0)
            return draft_note(m->draft, DRAFT_ASSUMED, m->err,
                              "Conv '%s': a dilation of %d along both axes, with more padding",
                              node_wish(n), *dilation);
    }
    return ST_OK;
}

static Status check_groups(Onnx *m, Node *n, const Value *x, int64_t weights_in, int64_t out,
                           int64_t *groups)
{
    int64_t in = x->shape.dim[1];
    Status st = ST_OK;

    TRY(node_int(m, n, "group", 1, groups));
    if (*groups < 1 || in % *groups || out % *groups || out < 1)
        return node_error(m, n,
                          "%" PRId64 " channels in and %" PRId64 " out do not split into "
                          "%" PRId64 " groups",
                          in, out, *groups);
    if (in / *groups != weights_in)
        return node_error(m, n,
                          "its input has %" PRId64 " channels, its weights want %" PRId64 " in "
                          "%" PRId64 " groups",
                          in, weights_in * *groups, *groups);
fail:
    return st;
}

/* A batch that is computed with (frames of a video, windows of a transformer) is as many groups. */
static Status conv_entry(Onnx *m, Node *n, const Value *x, const Window *w, int64_t out,
                         int64_t groups, DraftEntry *e)
{
    int64_t batch = x->shape.dim[0], in = x->shape.dim[1];
    Status st = ST_OK;

    if (batch * in > CHANNELS_MAX || batch * out > CHANNELS_MAX || batch > CHANNELS_MAX ||
        in > CHANNELS_MAX || out > CHANNELS_MAX)
        return node_error(m, n, "more than %d channels", CHANNELS_MAX);
    if (batch > 1)
        TRY(draft_note(m->draft, DRAFT_ASSUMED, m->err,
                       "%s '%s': a batch of %" PRId64 " as groups, its weights counted for each",
                       n->proto->op_type, node_wish(n), batch));
    TRY(fill_window(m, n, w, e));
    e->k = e->out[0] = (int)(batch * out);
    e->groups = (int)(batch * groups);
    bool depthwise = groups == in && groups > 1;
    if (e->type == DRAFT_CONV && depthwise) e->type = DRAFT_DWCONV;
    int size[3] = {(int)(batch * in), (int)w->in[0], (int)w->in[1]};
    if (w->in[0] > ONNX_SIDE_MAX || w->in[1] > ONNX_SIDE_MAX || w->out[0] > ONNX_SIDE_MAX ||
        w->out[1] > ONNX_SIDE_MAX)
        return node_error(m, n, "an input or output wider than %d", ONNX_SIDE_MAX);
    st = store_add_from(m, n, x, size, e);
fail:
    return st;
}

static Status conv(Onnx *m, Node *n, Value *x, Value *w)
{
    DraftEntry e = {.type = DRAFT_CONV};
    Window window;
    int64_t groups;
    const char *trouble = conv_trouble(x, w);
    Status st = ST_OK;

    if (trouble) return node_unknown(m, trouble);
    int64_t out = w->shape.dim[0];
    TRY(conv_window(m, n, x, w, &window));
    TRY(check_groups(m, n, x, w->shape.dim[1], out, &groups));
    TRY(size_window(m, n, &window));
    Shape s = window_shape(&x->shape, &window, out);
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    TRY(one_dilation(m, n, &window, &e.dilation));
    TRY(conv_entry(m, n, x, &window, out, groups, &e));
    st = store_entry(m, n, &e, false, n->out[0]);
fail:
    return st;
}

/* Conv, ConvInteger */
Status op_conv(Onnx *m, Node *n)
{
    return conv(m, n, n->in[0], n->in[1]);
}

/* QLinearConv: x, its scale and zero, w, ... */
Status op_conv_quantised(Onnx *m, Node *n)
{
    return conv(m, n, n->in[0], n->in[3]);
}

/* Output size, and the pads that make it. `output_shape` says the size, else pads do. What is added
 * behind (output padding) is less pad there. */
static Status size_deconv(Onnx *m, Node *n, Window *w)
{
    char mode[16];
    int64_t more[2] = {0, 0}, want[2] = {0, 0};
    Status st = ST_OK;

    TRY(node_text(m, n, "auto_pad", "NOTSET", mode, sizeof mode));
    TRY(window_list(m, n, "output_padding", w->axes, 0, WINDOW_MAX, more));
    TRY(window_list(m, n, "output_shape", w->axes, 1, ONNX_SIDE_MAX, want));
    place(more, w->axes, 0);
    place(want, w->axes, 1);
    bool same = !strncmp(mode, "SAME", 4), given = node_attr(n, "output_shape");
    for (int axis = 0; axis < 2; axis++) {
        int64_t full = (w->in[axis] - 1) * w->stride[axis] + box(w, axis) + more[axis];
        int64_t *before = &w->pad[axis], *behind = &w->pad[axis + 2], *out = &w->out[axis];
        if (!strcmp(mode, "VALID")) *before = *behind = 0;
        *out = given ? want[axis] : same ? w->in[axis] * w->stride[axis] : full - *before - *behind;
        if (given || same) {
            int64_t pad = full > *out ? full - *out : 0;
            *before = (pad + !strcmp(mode, "SAME_LOWER")) / 2;
            *behind = pad - *before;
        }
        int64_t extra = *out - (full - more[axis] - *before - *behind);
        if (extra > 0) {
            int64_t less = extra < *behind ? extra : *behind;
            *behind -= less;
            extra -= less;
        }
        if (*out < 1 || extra < 0 || (extra > 0 && extra >= w->stride[axis]))
            return node_error(m, n, "its output of %" PRId64 " is none that its windows make",
                              *out);
    }
fail:
    return st;
}

/* One part of a transposed convolution: `phases` of the outputs between two inputs, along height and
 * width, which take `taps` of the kernel each: a convolution over the input. */
static Status deconv_part(Onnx *m, Node *n, const Window *w, int64_t out, int64_t groups,
                          const int64_t taps[2], const int64_t phases[2], DraftEntry *view)
{
    const Value *x = n->in[0];
    DraftEntry e = {.type = DRAFT_CONV};
    Window part = *w;
    int64_t k = out * phases[0] * phases[1];
    Value value = {.known = true};
    Status st = ST_OK;

    for (int axis = 0; axis < 2; axis++) {
        part.kernel[axis] = taps[axis];
        part.stride[axis] = 1;
        part.pad[axis] = taps[axis] - 1;
        part.pad[axis + 2] = 0;
        part.out[axis] = w->in[axis];
    }
    TRY(conv_entry(m, n, x, &part, k, groups, &e));
    TRY(store_entry(m, n, &e, false, &value));
    value.shape = (Shape){3, {e.out[0], e.out[1], e.out[2]}};
    st = store_add_from(m, n, &value, NULL, view);
fail:
    return st;
}

/* A stride that does not divide the kernel: some phases take one row (column) of it more than the
 * others, so that no single convolution has just these products. Up to four have; a view
 * interleaves their outputs. */
static Status deconv_parts(Onnx *m, Node *n, const Window *w, int64_t out, int64_t groups)
{
    DraftEntry view = {.type = DRAFT_VIEW};
    int64_t taps[2][2], phases[2][2];
    Status st = ST_OK;

    TRY(node_layout(m, n, &n->out[0]->shape, view.out));
    for (int axis = 0; axis < 2; axis++) {
        int64_t more = w->kernel[axis] % w->stride[axis];
        taps[axis][0] = w->kernel[axis] / w->stride[axis] + (more > 0);
        taps[axis][1] = taps[axis][0] - 1;
        phases[axis][0] = more ? more : w->stride[axis];
        phases[axis][1] = w->stride[axis] - phases[axis][0];
    }
    for (int h = 0; h < 2; h++)
        for (int v = 0; v < 2; v++) {
            int64_t t[2] = {taps[0][h], taps[1][v]}, p[2] = {phases[0][h], phases[1][v]};
            if (t[0] * t[1] * p[0] * p[1] > 0) TRY(deconv_part(m, n, w, out, groups, t, p, &view));
        }
    st = store_entry(m, n, &view, false, n->out[0]);
fail:
    return st;
}

Status op_deconv(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_DECONV};
    Window window;
    Value *x = n->in[0], *w = n->in[1];
    int64_t groups;
    const char *trouble = conv_trouble(x, w);
    Status st = ST_OK;

    if (trouble) return node_unknown(m, trouble);
    TRY(conv_window(m, n, x, w, &window));
    TRY(node_int(m, n, "group", 1, &groups));
    if (groups < 1 || groups > CHANNELS_MAX || w->shape.dim[1] > CHANNELS_MAX ||
        w->shape.dim[0] != x->shape.dim[1] || x->shape.dim[1] % groups)
        return node_error(m, n,
                          "its input has %" PRId64 " channels, its weights want %" PRId64 " in "
                          "%" PRId64 " groups",
                          x->shape.dim[1], w->shape.dim[0], groups);
    int64_t out = w->shape.dim[1] * groups;
    TRY(size_deconv(m, n, &window));
    Shape s = window_shape(&x->shape, &window, out);
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    for (int axis = 0; axis < 2; axis++)
        if (window.dilation[axis] > 1 && window.kernel[axis] > 1)
            return node_unknown(m, "a dilated transposed convolution");
    if (window.kernel[0] % window.stride[0] || window.kernel[1] % window.stride[1])
        return deconv_parts(m, n, &window, out, groups);
    TRY(conv_entry(m, n, x, &window, out, groups, &e));
    st = store_entry(m, n, &e, false, n->out[0]);
fail:
    return st;
}

/* ---- pools ---- */

static Status pool_entry(Onnx *m, Node *n, const Window *w, DraftEntry *e)
{
    const Value *x = n->in[0];
    int size[3];
    Status st = ST_OK;

    if (x->shape.rank == 4 || x->shape.rank == 3) {
        double channels = (double)x->shape.dim[0] * (double)x->shape.dim[1];
        if (channels > ONNX_WORDS_MAX || w->in[0] > ONNX_SIDE_MAX || w->in[1] > ONNX_SIDE_MAX)
            return node_error(m, n, "an input larger than %d", ONNX_SIDE_MAX);
        size[0] = e->out[0] = (int)channels;
        size[1] = (int)w->in[0];
        size[2] = (int)w->in[1];
    }
    TRY(store_add_from(m, n, x, size, e));
    st = store_entry(m, n, e, false, n->out[0]);
fail:
    return st;
}

/* A dilated pool reads as one of the whole box does. */
Status op_pool(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_POOL};
    Value *x = n->in[0];
    Window w;
    Status st = ST_OK;

    if (x->shape.rank != 3 && x->shape.rank != 4)
        return node_unknown(m, "not one or two dimensions");
    if (!node_attr(n, "kernel_shape")) return node_error(m, n, "has no kernel_shape");
    TRY(read_window(m, n, &x->shape, &w));
    TRY(size_window(m, n, &w));
    Shape s = window_shape(&x->shape, &w, x->shape.dim[1]);
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    for (int i = 0; i < 2; i++) w.kernel[i] = box(&w, i);
    if (w.kernel[0] > WINDOW_MAX || w.kernel[1] > WINDOW_MAX)
        return node_error(m, n, "its kernel spans more than %d", WINDOW_MAX);
    TRY(fill_window(m, n, &w, &e));
    st = pool_entry(m, n, &w, &e);
fail:
    return st;
}

Status op_global_pool(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_POOL, .global = true};
    Value *x = n->in[0];
    Shape s = x->shape;
    Status st = ST_OK;

    if (s.rank != 3 && s.rank != 4) return node_unknown(m, "not one or two dimensions");
    Window w = {.in = {s.rank == 4 ? s.dim[2] : 1, s.dim[s.rank - 1]}};
    for (int i = 2; i < s.rank; i++) s.dim[i] = 1;
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    e.out[1] = e.out[2] = 1;
    st = pool_entry(m, n, &w, &e);
fail:
    return st;
}

/* ---- products ---- */

/* out = a [batch, rows, depth] x b [batch, depth, columns]; b NULL: weights. */
typedef struct Product {
    const Value *a, *b;
    double batch, rows, depth, columns;
} Product;

static Status write_product(Onnx *m, Node *n, const Product *p, Value *out)
{
    DraftEntry e = {.type = DRAFT_GEMM};
    int size[3], height, width;
    Status st = ST_OK;

    if (p->batch * p->columns > CHANNELS_MAX || p->batch * p->depth > ONNX_WORDS_MAX)
        return node_error(m, n, "a product of %g x %g columns, want at most %d", p->batch,
                          p->columns, CHANNELS_MAX);
    if (!split_rows(p->rows, &height, &width))
        return node_error(m, n, "a product of %g rows cannot be laid out", p->rows);
    size[0] = (int)(p->batch * p->depth);
    size[1] = height;
    size[2] = width;
    store_prefer(m, p->a, size);
    e.k = e.out[0] = (int)(p->batch * p->columns);
    e.out[1] = size[1];
    e.out[2] = size[2];
    e.groups = (int)p->batch;
    bool whole = p->rows == 1 && p->batch == 1 && !p->b;
    if (whole) e.type = DRAFT_FC;
    TRY(store_add_from(m, n, p->a, whole ? NULL : size, &e));
    if (p->b) TRY(store_add_from(m, n, p->b, NULL, &e));
    st = store_entry(m, n, &e, false, out);
fail:
    return st;
}

/* The leading dimensions of a product, spread over each other. */
static bool product_batch(const Shape *a, const Shape *b, Shape *batch)
{
    int na = a->rank > 2 ? a->rank - 2 : 0, nb = b->rank > 2 ? b->rank - 2 : 0;

    batch->rank = na > nb ? na : nb;
    for (int i = 0; i < batch->rank; i++) {
        int ia = i - (batch->rank - na), ib = i - (batch->rank - nb);
        int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1) return false;
        batch->dim[i] = da == 1 ? db : da;
    }
    return true;
}

static double leading(const Shape *s)
{
    double n = 1;
    for (int i = 0; i + 2 < s->rank; i++) n *= (double)s->dim[i];
    return n;
}

/* An operand whose leading dimensions are repeated: as often as the batch says. */
static Status spread(Onnx *m, Node *n, const Value *v, double words, const Value **out)
{
    if (v->constant || shape_words(&v->shape) == words) {
        *out = v;
        return ST_OK;
    }
    if (words > ONNX_WORDS_MAX) return node_error(m, n, "an operand repeated to %g words", words);
    Value *copy = arena_alloc(&m->arena, 1, sizeof *copy);
    if (!copy) return arena_error(&m->arena, m->file, m->err);
    *copy = *v;
    copy->shape = (Shape){.rank = 1, .dim = {(int64_t)words}};
    *out = copy;
    return store_view(m, n, v, copy);
}

/* Weights that all of a batch share make its rows the rows of one product; a constant on the left is
 * the same product transposed. */
static Status plan_product(Onnx *m, Node *n, const Value *a, const Value *b, Product *p)
{
    Status st = ST_OK;

    if (b->constant && leading(&b->shape) == 1) {
        p->rows *= p->batch;
        p->batch = 1;
    }
    if (a->constant) {
        double rows = p->rows;
        p->rows = p->columns;
        p->columns = rows;
        if (leading(&a->shape) == 1) {
            p->rows *= p->batch;
            p->batch = 1;
        }
    }
    const Value *left = a->constant ? b : a;
    TRY(spread(m, n, left, p->batch * p->rows * p->depth, &p->a));
    if (!a->constant && !b->constant) TRY(spread(m, n, b, p->batch * p->depth * p->columns, &p->b));
fail:
    return st;
}

static Status matmul(Onnx *m, Node *n, Value *a, Value *b)
{
    const Shape *x = &a->shape, *y = &b->shape;
    Product p = {0};
    Shape s;
    Status st = ST_OK;

    if (x->rank < 1 || y->rank < 1) return node_error(m, n, "a product of single numbers");
    int64_t depth = x->dim[x->rank - 1], other = y->dim[y->rank > 1 ? y->rank - 2 : 0];
    if (depth != other || !product_batch(x, y, &s))
        return node_error(m, n,
                          "its operands' sizes do not fit: %" PRId64 " columns, %" PRId64 " rows",
                          depth, other);
    p.depth = (double)depth;
    p.batch = shape_words(&s);
    p.rows = x->rank > 1 ? (double)x->dim[x->rank - 2] : 1;
    p.columns = y->rank > 1 ? (double)y->dim[y->rank - 1] : 1;
    if (x->rank > 1) s.dim[s.rank++] = x->dim[x->rank - 2];
    if (y->rank > 1) s.dim[s.rank++] = y->dim[y->rank - 1];
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    TRY(plan_product(m, n, a, b, &p));
    st = write_product(m, n, &p, n->out[0]);
fail:
    return st;
}

/* MatMul, MatMulInteger */
Status op_matmul(Onnx *m, Node *n)
{
    return matmul(m, n, n->in[0], n->in[1]);
}

/* QLinearMatMul: a, its scale and zero, b, ... */
Status op_matmul_quantised(Onnx *m, Node *n)
{
    return matmul(m, n, n->in[0], n->in[3]);
}

/* A third operand that is computed is added. */
static Status add_to_product(Onnx *m, Node *n, const Value *c, Value *out)
{
    DraftEntry e = {.type = DRAFT_ELTWISE};
    bool full = shape_words(&c->shape) == shape_words(&out->shape);
    Status st = ST_OK;

    if (!full) e.type = DRAFT_MOVE;
    TRY(store_add_from(m, n, out, NULL, &e));
    memcpy(e.out, draft_out(m->draft, e.from[0]), sizeof e.out);
    TRY(store_add_from(m, n, c, full ? e.out : NULL, &e));
    st = store_entry(m, n, &e, false, out);
fail:
    return st;
}

/* Up to opset 6 the operands were flattened to matrices. */
static void as_matrix(Value *v)
{
    Shape *s = &v->shape;
    if (s->rank <= 2) return;
    double words = shape_words(s);
    *s = (Shape){.rank = 2,
                 .dim = {s->dim[0], s->dim[0] ? (int64_t)(words / (double)s->dim[0]) : 0}};
}

Status op_gemm(Onnx *m, Node *n)
{
    Value a = *n->in[0], b = *n->in[1];
    const Value *c = node_in(n, 2);
    int64_t across_a, across_b;
    Status st = ST_OK;

    TRY(node_int(m, n, "transA", 0, &across_a));
    TRY(node_int(m, n, "transB", 0, &across_b));
    if (m->opset < 7) as_matrix(&a);
    if (a.shape.rank != 2 || b.shape.rank != 2)
        return node_error(m, n, "its operands have %d and %d dimensions, want 2", a.shape.rank,
                          b.shape.rank);
    if (across_a) a.shape.dim[0] = n->in[0]->shape.dim[1], a.shape.dim[1] = n->in[0]->shape.dim[0];
    if (across_b) b.shape.dim[0] = n->in[1]->shape.dim[1], b.shape.dim[1] = n->in[1]->shape.dim[0];
    TRY(matmul(m, n, &a, &b));
    if (!n->constant && c && !c->constant) st = add_to_product(m, n, c, n->out[0]);
fail:
    return st;
}

/* ---- sums of products by indices ---- */

enum { INDEX_BATCH, INDEX_ROW, INDEX_COLUMN, INDEX_DEPTH, INDEX_KINDS };

/* "bhid,bhjd->bhij" without blanks: where the parts begin; false for any other form. */
static bool parse_equation(char *text, char *part[3])
{
    char *to = text;
    for (char *c = text; *c; c++)
        if (*c != ' ') *to++ = *c;
    *to = '\0';
    char *comma = strchr(text, ','), *arrow = strstr(text, "->");
    if (!comma || !arrow || arrow < comma) return false;
    *comma = *arrow = '\0';
    part[0] = text;
    part[1] = comma + 1;
    part[2] = arrow + 2;
    for (int p = 0; p < 3; p++)
        for (char *c = part[p]; *c; c++)
            if (*c < 'A' || *c > 'z' || strchr(c + 1, *c)) return false;
    return true;
}

/* The size of each index in the kinds of a product: in both operands and the output (batch), in one
 * and the output, in both and not in the output (depth). False for others. */
static bool sort_indices(char *const part[3], const Shape *const operand[2], Product *p, Shape *out)
{
    double size[INDEX_KINDS] = {1, 1, 1, 1};

    *out = (Shape){.rank = (int)strlen(part[2])};
    for (int k = 0; k < 2; k++) {
        if ((int)strlen(part[k]) != operand[k]->rank) return false;
        for (int i = 0; i < operand[k]->rank; i++) {
            const char *other = strchr(part[!k], part[k][i]), *in_out = strchr(part[2], part[k][i]);
            if (!other && !in_out) return false;
            if (other && operand[!k]->dim[other - part[!k]] != operand[k]->dim[i]) return false;
            if (in_out) out->dim[in_out - part[2]] = operand[k]->dim[i];
            int kind = !other ? INDEX_ROW + k : in_out ? INDEX_BATCH : INDEX_DEPTH;
            if (k == 0 || !other) size[kind] *= (double)operand[k]->dim[i];
        }
    }
    *p = (Product){.batch = size[INDEX_BATCH],
                   .rows = size[INDEX_ROW],
                   .columns = size[INDEX_COLUMN],
                   .depth = size[INDEX_DEPTH]};
    for (int i = 0; i < out->rank; i++)
        if (out->dim[i] == 0) return false; /* an index that no operand has */
    return true;
}

/* Two operands, whatever the order of their indices: a product of matrices. */
Status op_einsum(Onnx *m, Node *n)
{
    char text[64], *part[3];
    Product p;
    Shape out;
    Status st = ST_OK;

    TRY(node_text(m, n, "equation", "", text, sizeof text));
    if (n->n_in != 2 || !n->in[1] || !parse_equation(text, part) || strlen(part[2]) > ONNX_RANK_MAX)
        return node_unknown(m, "another form than a product of two operands");
    const Shape *const operand[2] = {&n->in[0]->shape, &n->in[1]->shape};
    if (!sort_indices(part, operand, &p, &out))
        return node_unknown(m, "another form than a product of two operands");
    TRY(node_shape(m, n, n->out[0], &out));
    if (n->constant) return ST_OK;
    Value a = *n->in[0], b = *n->in[1];
    a.shape = (Shape){3, {(int64_t)p.batch, (int64_t)p.rows, (int64_t)p.depth}};
    b.shape = (Shape){3, {(int64_t)p.batch, (int64_t)p.depth, (int64_t)p.columns}};
    TRY(plan_product(m, n, &a, &b, &p));
    st = write_product(m, n, &p, n->out[0]);
fail:
    return st;
}

/* ---- recurrences ---- */

/* LSTM, GRU, RNN: x [S, N, C], weights [D, G H, C] of the input and [D, G H, H] of the state, for D
 * directions and G gates. Per direction the products of all steps, as rows; that each step waits for
 * the one before is not modelled. */
Status op_recurrent(Onnx *m, Node *n)
{
    const Value *x = n->in[0], *w = n->in[1], *r = n->in[2];
    int64_t hidden, layout;
    Status st = ST_OK;

    TRY(node_int(m, n, "layout", 0, &layout));
    if (x->shape.rank != 3 || w->shape.rank != 3 || r->shape.rank != 3)
        return node_error(m, n, "its input and weights must have 3 dimensions");
    if (layout || !w->constant || !r->constant)
        return node_unknown(m, "layout 1, or computed weights");
    hidden = r->shape.dim[2];
    int64_t ways = w->shape.dim[0], gates = w->shape.dim[1];
    if (x->shape.dim[2] != w->shape.dim[2] || ways != r->shape.dim[0] || gates != r->shape.dim[1] ||
        ways < 1 || ways > 2 || hidden < 1 || gates % hidden)
        return node_error(m, n, "its weights do not fit its input");
    int64_t steps = x->shape.dim[0], batch = x->shape.dim[1];
    Shape all = {4, {steps, ways, batch, hidden}}, last = {3, {ways, batch, hidden}};
    TRY(node_shape(m, n, n->out[0], &all));
    for (int o = 1; o < n->n_out && o < 3; o++) TRY(node_shape(m, n, n->out[o], &last));
    if (n->constant) return ST_OK;
    Value state = {.shape = {2, {steps * batch, hidden * ways}}, .known = true};
    Product in = {.a = x,
                  .batch = 1,
                  .rows = (double)(steps * batch),
                  .depth = (double)x->shape.dim[2],
                  .columns = (double)(gates * ways)};
    TRY(write_product(m, n, &in, &state));
    /* The gates of one direction make its new state: a view that drops the rest. */
    Value gated = state;
    TRY(store_view(m, n, &state, &gated));
    Product step = {.a = &gated,
                    .batch = (double)ways,
                    .rows = in.rows,
                    .depth = (double)hidden,
                    .columns = (double)gates};
    TRY(write_product(m, n, &step, &state));
    TRY(store_view(m, n, &state, n->out[0]));
    for (int o = 1; o < n->n_out && o < 3; o++) TRY(store_view(m, n, &state, n->out[o]));
fail:
    return st;
}
