/* onnx_views.c -- operators that only rearrange words: free, for a reader can follow any layout.
 * Their constants are carried out, as sizes are computed by them. Also resizes and lookups in tables,
 * which move words. */
#include "env/onnx_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- the same words in the same order ---- */

static Status reshaped(Onnx *m, Node *n, const Shape *s)
{
    Value *in = n->in[0], *out = n->out[0];
    Status st = ST_OK;

    TRY(node_shape(m, n, out, s));
    if (shape_words(s) != shape_words(&in->shape))
        return node_error(m, n, "its input has %.0f words, its output %.0f",
                          shape_words(&in->shape), shape_words(s));
    out->integer = in->integer;
    out->number = n->constant ? in->number : NULL;
    st = store_view(m, n, in, out);
fail:
    return st;
}

/* 0 copies a size, -1 is what is left. Sizes that were written for a batch are made for one. */
static Status reshape_target(Onnx *m, Node *n, const int64_t *list, int count, Shape *s)
{
    const Shape *in = &n->in[0]->shape;
    int64_t keep_zero;
    int open = -1;
    double rest = shape_words(in);
    Status st = ST_OK;

    if (count > ONNX_RANK_MAX)
        return node_error(m, n, "%d dimensions, want at most %d", count, ONNX_RANK_MAX);
    TRY(node_int(m, n, "allowzero", 0, &keep_zero));
    *s = (Shape){.rank = count};
    for (int i = 0; i < count; i++) {
        int64_t d = list[i];
        if (d == 0 && !keep_zero && i >= in->rank)
            return node_error(m, n, "copies size %d of an input of %d dimensions", i, in->rank);
        if (d < -1 || (d == -1 && open >= 0))
            return node_error(m, n, "a size of %" PRId64 ", want one -1 at most", d);
        s->dim[i] = d == 0 && !keep_zero ? in->dim[i] : d == -1 ? 1 : d;
        if (d == -1) open = i;
    }
    double have = shape_words(s);
    bool batched = m->batch > 1 && count > 0 && open != 0 && s->dim[0] % m->batch == 0 &&
                   (open < 0 ? have == rest * (double)m->batch : s->dim[0] == m->batch);
    if (batched) s->dim[0] /= m->batch;
    have = shape_words(s);
    if (open >= 0 && have > 0 && fmod(rest, have) == 0 && rest / have <= INT32_MAX)
        s->dim[open] = (int64_t)(rest / have);
fail:
    return st;
}

Status op_reshape(Onnx *m, Node *n)
{
    int64_t list[ONNX_LIST_MAX];
    int count;
    Shape s;
    Status st = ST_OK;

    TRY(node_list(m, n, "shape", 1, list, &count));
    if (count < 0) return node_error(m, n, "has no shape");
    TRY(reshape_target(m, n, list, count, &s));
    st = reshaped(m, n, &s);
fail:
    return st;
}

Status op_flatten(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t axis;
    Shape s = {2, {1, 1}};
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", 1, &axis));
    if (axis < -in->rank || axis > in->rank)
        return node_error(m, n, "axis %" PRId64 " of %d dimensions", axis, in->rank);
    if (axis < 0) axis += in->rank;
    if (shape_words(in) > INT32_MAX) return node_error(m, n, "%g words", shape_words(in));
    for (int i = 0; i < in->rank; i++) s.dim[i >= axis] *= in->dim[i];
    st = reshaped(m, n, &s);
fail:
    return st;
}

static Status listed_axes(Onnx *m, Node *n, int rank, bool axis[ONNX_LIST_MAX], int *count)
{
    int64_t list[ONNX_LIST_MAX];
    Status st = ST_OK;

    memset(axis, 0, ONNX_LIST_MAX * sizeof *axis);
    TRY(node_list(m, n, "axes", 1, list, count));
    if (*count > 0) rank = rank < 0 ? n->in[0]->shape.rank + *count : rank;
    for (int i = 0; i < *count; i++) {
        int a;
        TRY(node_axis(m, n, list[i], rank, &a));
        if (axis[a]) return node_error(m, n, "names axis %d twice", a);
        axis[a] = true;
    }
fail:
    return st;
}

Status op_squeeze(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    bool axis[ONNX_LIST_MAX];
    int count;
    Shape s = {0};
    Status st = ST_OK;

    TRY(listed_axes(m, n, in->rank, axis, &count));
    for (int i = 0; i < in->rank; i++)
        if (count < 0 ? in->dim[i] != 1 : !axis[i]) s.dim[s.rank++] = in->dim[i];
    st = reshaped(m, n, &s);
fail:
    return st;
}

Status op_unsqueeze(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    bool axis[ONNX_LIST_MAX];
    int count, next = 0;
    Shape s = {0};
    Status st = ST_OK;

    TRY(listed_axes(m, n, -1, axis, &count));
    if (count < 0) return node_error(m, n, "has no axes");
    if (in->rank + count > ONNX_RANK_MAX)
        return node_error(m, n, "%d dimensions, want at most %d", in->rank + count, ONNX_RANK_MAX);
    s.rank = in->rank + count;
    for (int i = 0; i < s.rank; i++) s.dim[i] = axis[i] ? 1 : in->dim[next++];
    st = reshaped(m, n, &s);
fail:
    return st;
}

/* ---- other order, or other words ---- */

static void strides_of(const Shape *s, int64_t stride[ONNX_RANK_MAX])
{
    int64_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i];
    }
}

/* out[i, j, ...] = in[base + i stride[0] + ...], also of constants whose numbers are followed. */
static Status rearranged(Onnx *m, Node *n, Value *out, const Shape *s, int64_t base,
                         const int64_t *stride)
{
    Status st = ST_OK;

    TRY(node_shape(m, n, out, s));
    if (n->constant) fold_strided(m, n, n->in[0], out, base, stride);
    out->integer = n->in[0]->integer;
    st = store_view(m, n, n->in[0], out);
fail:
    return st;
}

Status op_transpose(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t perm[ONNX_LIST_MAX], from[ONNX_RANK_MAX], stride[ONNX_RANK_MAX];
    bool used[ONNX_RANK_MAX] = {false};
    int count;
    Shape s = {.rank = in->rank};
    Status st = ST_OK;

    TRY(node_list(m, n, "perm", -1, perm, &count));
    if (count >= 0 && count != in->rank)
        return node_error(m, n, "permutes %d of %d dimensions", count, in->rank);
    strides_of(in, from);
    for (int i = 0; i < in->rank; i++) {
        int64_t p = count < 0 ? in->rank - 1 - i : perm[i];
        if (p < 0 || p >= in->rank || used[p])
            return node_error(m, n, "its perm is no permutation of %d dimensions", in->rank);
        used[p] = true;
        s.dim[i] = in->dim[p];
        stride[i] = from[p];
    }
    st = rearranged(m, n, n->out[0], &s, 0, stride);
fail:
    return st;
}

/* One axis of a slice: begin and end may count from the end and lie outside. */
static int64_t slice_axis(int64_t size, int64_t *begin, int64_t end, int64_t step)
{
    int64_t lo = step > 0 ? 0 : -1, hi = step > 0 ? size : size - 1;

    if (*begin < 0) *begin = *begin < -size ? lo : *begin + size;
    if (end < 0) end = end < -size ? lo : end + size;
    if (step < 0 && *begin < 0) *begin = 0;
    *begin = *begin < lo ? lo : *begin > hi ? hi : *begin;
    end = end < lo ? lo : end > hi ? hi : end;
    int64_t span = step > 0 ? end - *begin : *begin - end, by = step > 0 ? step : -step;
    return span > 0 ? (span + by - 1) / by : 0;
}

Status op_slice(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t starts[ONNX_LIST_MAX], ends[ONNX_LIST_MAX], axes[ONNX_LIST_MAX], steps[ONNX_LIST_MAX];
    int64_t stride[ONNX_RANK_MAX], base = 0;
    int n_starts, n_ends, n_axes, n_steps;
    Shape s = *in;
    Status st = ST_OK;

    TRY(node_list(m, n, "starts", 1, starts, &n_starts));
    TRY(node_list(m, n, "ends", 2, ends, &n_ends));
    TRY(node_list(m, n, "axes", 3, axes, &n_axes));
    TRY(node_list(m, n, "steps", 4, steps, &n_steps));
    if (n_starts < 0 || n_ends != n_starts || (n_axes >= 0 && n_axes != n_starts) ||
        (n_steps >= 0 && n_steps != n_starts))
        return node_error(m, n, "its starts, ends, axes and steps differ in number");
    strides_of(in, stride);
    for (int i = 0; i < n_starts; i++) {
        int a;
        int64_t step = n_steps >= 0 ? steps[i] : 1;
        TRY(node_axis(m, n, n_axes >= 0 ? axes[i] : i, in->rank, &a));
        if (step == 0 || in->dim[a] == 0)
            return node_error(m, n, "a step of %" PRId64 " over %" PRId64, step, in->dim[a]);
        if (step > in->dim[a]) step = in->dim[a]; /* which takes the first alone, too */
        if (step < -in->dim[a]) step = -in->dim[a];
        s.dim[a] = slice_axis(in->dim[a], &starts[i], ends[i], step);
        base += starts[i] * stride[a];
        stride[a] *= step;
    }
    if (shape_words(&s) == 0) base = 0;
    st = rearranged(m, n, n->out[0], &s, base, stride);
fail:
    return st;
}

static Status split_sizes(Onnx *m, Node *n, int64_t size, int64_t *part)
{
    int64_t list[ONNX_LIST_MAX], sum = 0;
    int count = -1;
    const Onnx__Attribute *a = node_attr(n, "split");
    const Value *v = node_in(n, 1);
    Status st = ST_OK;

    if (n->n_out <= ONNX_LIST_MAX) {
        TRY(node_list(m, n, "split", 1, list, &count));
    } else if (a || v) {
        return node_error(m, n, "splits into %d, want at most %d", n->n_out, ONNX_LIST_MAX);
    }
    if (count >= 0 && count != n->n_out)
        return node_error(m, n, "gives %d sizes for %d outputs", count, n->n_out);
    int64_t even = (size + n->n_out - 1) / n->n_out;
    for (int o = 0; o < n->n_out; o++) {
        part[o] = count >= 0 ? list[o] : size - sum < even ? size - sum : even;
        if (part[o] < 0 || part[o] > size - sum)
            return node_error(m, n, "its parts exceed the %" PRId64 " there are", size);
        sum += part[o];
    }
    if (sum != size) return node_error(m, n, "its parts are %" PRId64 " of %" PRId64, sum, size);
fail:
    return st;
}

Status op_split(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t axis, stride[ONNX_RANK_MAX], base = 0;
    int64_t *part = arena_alloc(&m->arena, (size_t)n->n_out, sizeof *part);
    int a;
    Shape s = *in;
    Status st = ST_OK;

    if (!part) return arena_error(&m->arena, m->file, m->err);
    TRY(node_int(m, n, "axis", 0, &axis));
    TRY(node_axis(m, n, axis, in->rank, &a));
    TRY(split_sizes(m, n, in->dim[a], part));
    strides_of(in, stride);
    for (int o = 0; o < n->n_out; o++) {
        s.dim[a] = part[o];
        TRY(rearranged(m, n, n->out[o], &s, base, stride));
        base += part[o] * stride[a];
    }
fail:
    return st;
}

Status op_pad(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t pads[ONNX_LIST_MAX], axes[ONNX_LIST_MAX];
    int count, n_axes;
    Shape s = *in;
    const char *name = node_attr(n, "paddings") ? "paddings" : "pads";
    Status st = ST_OK;

    TRY(node_list(m, n, name, 1, pads, &count));
    TRY(node_list(m, n, "axes", 3, axes, &n_axes));
    int over = n_axes >= 0 ? n_axes : in->rank;
    if (count != 2 * over)
        return node_error(m, n, "%d pads for %d axes, want twice as many", count, over);
    for (int i = 0; i < over; i++) {
        int a;
        TRY(node_axis(m, n, n_axes >= 0 ? axes[i] : i, in->rank, &a));
        int64_t before = pads[i], behind = pads[over + i];
        if (before > INT32_MAX || behind > INT32_MAX || before < -INT32_MAX || behind < -INT32_MAX)
            return node_error(m, n, "a pad of %" PRId64, before > behind ? before : behind);
        s.dim[a] += before + behind;
    }
    TRY(node_shape(m, n, n->out[0], &s));
    st = store_view(m, n, n->in[0], n->out[0]);
fail:
    return st;
}

static Status repeated(Onnx *m, Node *n, const Shape *s)
{
    const Shape *in = &n->in[0]->shape;
    int64_t from[ONNX_RANK_MAX], stride[ONNX_RANK_MAX] = {0};

    strides_of(in, from);
    for (int i = 0; i < in->rank; i++) {
        int at = s->rank - in->rank + i;
        stride[at] = in->dim[i] == 1 ? 0 : from[i];
    }
    return rearranged(m, n, n->out[0], s, 0, stride);
}

Status op_expand(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t list[ONNX_LIST_MAX];
    int count;
    Status st = ST_OK;

    TRY(node_list(m, n, "shape", 1, list, &count));
    if (count < 0 || count > ONNX_RANK_MAX)
        return node_error(m, n, "expands to %d dimensions, want 0 to %d", count, ONNX_RANK_MAX);
    Shape s = {.rank = count > in->rank ? count : in->rank};
    for (int i = 0; i < s.rank; i++) {
        int a = i - (s.rank - in->rank), b = i - (s.rank - count);
        int64_t have = a < 0 ? 1 : in->dim[a], want = b < 0 ? 1 : list[b];
        if (have != want && have != 1 && want != 1)
            return node_error(m, n, "expands a size of %" PRId64 " to %" PRId64, have, want);
        s.dim[i] = have == 1 ? want : have;
    }
    st = repeated(m, n, &s);
fail:
    return st;
}

Status op_tile(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t list[ONNX_LIST_MAX];
    int count;
    Shape s = *in;
    Status st = ST_OK;

    TRY(node_list(m, n, "repeats", 1, list, &count));
    if (count != in->rank) return node_error(m, n, "repeats %d of %d dimensions", count, in->rank);
    for (int i = 0; i < count; i++) {
        if (list[i] < 0 || list[i] > INT32_MAX)
            return node_error(m, n, "repeats %" PRId64 " times", list[i]);
        s.dim[i] *= list[i];
    }
    TRY(node_shape(m, n, n->out[0], &s));
    st = store_view(m, n, n->in[0], n->out[0]);
fail:
    return st;
}

/* ---- several tensors ---- */

/* Reads them all; each is of any layout. */
static Status view_of_all(Onnx *m, Node *n, Value *const *list, int count, Value *out)
{
    DraftEntry e = {.type = DRAFT_VIEW};
    bool from_input = true;
    Status st = ST_OK;

    TRY(node_layout(m, n, &out->shape, e.out));
    for (int i = 0; i < count; i++) {
        from_input &= store_from_input(m, list[i]);
        TRY(store_add_from(m, n, list[i], NULL, &e));
    }
    st = store_entry(m, n, &e, from_input, out);
fail:
    return st;
}

/* Channels of maps of one size, all of them computed. */
static bool joins_channels(const Node *n, int axis)
{
    for (int i = 0; i < n->n_in; i++)
        if (!n->in[i] || n->in[i]->constant || n->in[i]->shape.dim[0] != 1) return false;
    return n->in[0]->shape.rank == 4 && axis == 1;
}

static Status concat_part(Onnx *m, Node *n, Value *const *list, int count, bool channels,
                          Value *out)
{
    DraftEntry e = {.type = DRAFT_CONCAT};
    bool from_input = true;
    Status st = ST_OK;

    if (count == 1) return store_view(m, n, list[0], out);
    if (!channels) return view_of_all(m, n, list, count, out);
    TRY(node_layout(m, n, &out->shape, e.out));
    for (int i = 0; i < count; i++) {
        int size[3];
        TRY(node_layout(m, n, &list[i]->shape, size));
        from_input &= store_from_input(m, list[i]);
        TRY(store_add_from(m, n, list[i], size, &e));
    }
    st = store_entry(m, n, &e, from_input, out);
fail:
    return st;
}

/* More inputs than an entry may have: the first of them make one, until they are few enough. */
static Status concat_entries(Onnx *m, Node *n, int axis)
{
    Value **list = arena_alloc(&m->arena, (size_t)n->n_in, sizeof *list), **rest = list;
    bool channels = joins_channels(n, axis);
    int count = 0;
    Status st = ST_OK;

    if (!list) return arena_error(&m->arena, m->file, m->err);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] && !n->in[i]->constant) list[count++] = n->in[i];
    while (count > NET_MAX_FROM) {
        Value *part = arena_alloc(&m->arena, 1, sizeof *part);
        if (!part) return arena_error(&m->arena, m->file, m->err);
        *part = *rest[0];
        for (int i = 1; i < NET_MAX_FROM; i++) part->shape.dim[axis] += rest[i]->shape.dim[axis];
        TRY(concat_part(m, n, rest, NET_MAX_FROM, channels, part));
        rest += NET_MAX_FROM - 1;
        count -= NET_MAX_FROM - 1;
        rest[0] = part;
    }
    st = concat_part(m, n, rest, count, channels, n->out[0]);
fail:
    return st;
}

static Status fold_concat(Onnx *m, Node *n)
{
    Value *out = n->out[0];
    double *number = out->shape.rank == 1 ? fold_numbers(m, n, out) : NULL, *to = number;

    out->integer = n->in[0]->integer;
    for (int i = 0; number && i < n->n_in; i++) {
        const Value *v = n->in[i];
        if (!v || !v->number) return ST_OK;
        for (int k = 0; k < (int)shape_words(&v->shape); k++) *to++ = v->number[k];
    }
    out->number = number;
    return ST_OK;
}

Status op_concat(Onnx *m, Node *n)
{
    int64_t axis;
    int a;
    Shape s = n->in[0]->shape;
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", 1, &axis));
    TRY(node_axis(m, n, axis, s.rank, &a));
    for (int i = 1; i < n->n_in; i++) {
        if (!n->in[i]) return node_error(m, n, "an input is absent");
        Shape other = n->in[i]->shape;
        int64_t more = other.rank == s.rank ? other.dim[a] : 0;
        other.dim[a] = s.dim[a];
        if (!shape_equal(&other, &s))
            return node_error(m, n, "input %d differs from the first in more than axis %d", i, a);
        s.dim[a] += more;
    }
    TRY(node_shape(m, n, n->out[0], &s));
    st = n->constant ? fold_concat(m, n) : concat_entries(m, n, a);
fail:
    return st;
}

/* Scatter*: the data, in part replaced by updates. */
Status op_scatter(Onnx *m, Node *n)
{
    Value *list[2];
    int count = 0;
    Status st = ST_OK;

    for (int i = 0; i < 3; i += 2)
        if (!n->in[i]->constant) list[count++] = n->in[i];
    Shape s = n->in[0]->shape;
    TRY(node_shape(m, n, n->out[0], &s));
    if (n->constant) return ST_OK;
    if (count == 0) return node_unknown(m, "computed places in a constant");
    st = count == 1 && list[0] == n->in[0] ? store_view(m, n, list[0], n->out[0])
                                           : view_of_all(m, n, list, count, n->out[0]);
fail:
    return st;
}

/* ---- lookups ---- */

static Status fold_gather(Onnx *m, Node *n, int axis)
{
    const Value *in = n->in[0], *at = n->in[1];
    Value *out = n->out[0];
    double *number = axis == 0 && in->shape.rank == 1 ? fold_numbers(m, n, out) : NULL;

    out->integer = in->integer;
    if (!in->number || !at->number || !number) return ST_OK;
    for (int i = 0; i < (int)shape_words(&at->shape); i++) {
        double index = at->number[i] < 0 ? at->number[i] + (double)in->shape.dim[0] : at->number[i];
        if (!(index >= 0 && index < (double)in->shape.dim[0]))
            return node_error(m, n, "index %g of %" PRId64, at->number[i], in->shape.dim[0]);
        number[i] = in->number[(int)index];
    }
    out->number = number;
    return ST_OK;
}

/* A computed choice from a table of constants (an embedding) reads what it writes. */
static Status look_up(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_MOVE};
    Status st = ST_OK;

    TRY(node_layout(m, n, &n->out[0]->shape, e.out));
    TRY(store_add_from(m, n, n->in[1], NULL, &e));
    st = store_entry(m, n, &e, false, n->out[0]);
fail:
    return st;
}

static Status gathered(Onnx *m, Node *n)
{
    if (n->in[1]->constant) return store_view(m, n, n->in[0], n->out[0]);
    if (n->in[0]->constant) return look_up(m, n);
    return view_of_all(m, n, n->in, 2, n->out[0]);
}

Status op_gather(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape, *at = &n->in[1]->shape;
    bool elements = !strcmp(n->proto->op_type, "GatherElements");
    int64_t axis;
    int a;
    Shape s = {.rank = in->rank - 1 + at->rank};
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", 0, &axis));
    TRY(node_axis(m, n, axis, in->rank, &a));
    if (elements) s = *at;
    if (s.rank > ONNX_RANK_MAX) return node_error(m, n, "an output of %d dimensions", s.rank);
    for (int i = 0; !elements && i < s.rank; i++)
        s.dim[i] = i < a              ? in->dim[i]
                   : i < a + at->rank ? at->dim[i - a]
                                      : in->dim[i - at->rank + 1];
    TRY(node_shape(m, n, n->out[0], &s));
    st = n->constant ? fold_gather(m, n, elements ? -1 : a) : gathered(m, n);
fail:
    return st;
}

/* indices [.., k] choose from the first k axes of the data. */
Status op_gather_nd(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape, *at = &n->in[1]->shape;
    int64_t batch;
    Status st = ST_OK;

    TRY(node_int(m, n, "batch_dims", 0, &batch));
    int64_t depth = at->rank ? at->dim[at->rank - 1] : 0;
    if (batch < 0 || batch >= at->rank || depth < 1 || depth > in->rank - batch)
        return node_error(m, n, "indices of %" PRId64 " axes into %d dimensions", depth, in->rank);
    Shape s = {.rank = at->rank - 1};
    memcpy(s.dim, at->dim, (size_t)s.rank * sizeof *s.dim);
    for (int64_t i = batch + depth; i < in->rank; i++) {
        if (s.rank == ONNX_RANK_MAX) return node_error(m, n, "an output of too many dimensions");
        s.dim[s.rank++] = in->dim[i];
    }
    TRY(node_shape(m, n, n->out[0], &s));
    st = n->constant ? ST_OK : gathered(m, n);
fail:
    return st;
}

/* A one for each index: known without being written. */
Status op_one_hot(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    int64_t axis, depth[ONNX_LIST_MAX];
    int a, count;
    Shape s = {.rank = in->rank + 1};
    Status st = ST_OK;

    TRY(node_int(m, n, "axis", -1, &axis));
    TRY(node_list(m, n, "depth", 1, depth, &count));
    if (count != 1 || s.rank > ONNX_RANK_MAX) return node_error(m, n, "has no depth");
    TRY(node_axis(m, n, axis, s.rank, &a));
    for (int i = 0; i < s.rank; i++) s.dim[i] = i == a ? *depth : in->dim[i < a ? i : i - 1];
    n->constant = n->in[0]->constant;
    TRY(node_shape(m, n, n->out[0], &s));
    st = store_view(m, n, n->in[0], n->out[0]);
fail:
    return st;
}

/* ---- between depth and space ---- */

static Status block_size(Onnx *m, Node *n, int64_t *block)
{
    Status st = node_int(m, n, "blocksize", 0, block);

    if (st == ST_OK && n->in[0]->shape.rank != 4)
        st = node_error(m, n, "an input of %d dimensions, want 4", n->in[0]->shape.rank);
    if (st == ST_OK && (*block < 1 || *block > ONNX_SIDE_MAX))
        st = node_error(m, n, "a block of %" PRId64, *block);
    return st;
}

Status op_depth_to_space(Onnx *m, Node *n)
{
    int64_t block;
    Shape s = n->in[0]->shape;
    Status st = ST_OK;

    TRY(block_size(m, n, &block));
    if (s.dim[1] % (block * block))
        return node_error(m, n, "blocks of %" PRId64 " of %" PRId64 " channels", block, s.dim[1]);
    s.dim[1] /= block * block;
    s.dim[2] *= block;
    s.dim[3] *= block;
    st = reshaped(m, n, &s);
    n->out[0]->number = NULL;
fail:
    return st;
}

Status op_space_to_depth(Onnx *m, Node *n)
{
    int64_t block;
    Shape s = n->in[0]->shape;
    Status st = ST_OK;

    TRY(block_size(m, n, &block));
    if (s.dim[2] % block || s.dim[3] % block)
        return node_error(m, n, "blocks of %" PRId64 " of %" PRId64 " x %" PRId64, block, s.dim[2],
                          s.dim[3]);
    s.dim[1] *= block * block;
    s.dim[2] /= block;
    s.dim[3] /= block;
    st = reshaped(m, n, &s);
    n->out[0]->number = NULL;
fail:
    return st;
}

/* ---- resizing ---- */

/* Factors per axis from wherever this version of Resize or Upsample keeps them. */
static Status read_scales(Onnx *m, Node *n, double *scale, int *count)
{
    const Onnx__Attribute *a = node_attr(n, "scales");
    bool resize = !strcmp(n->proto->op_type, "Resize");
    const Value *v = node_in(n, resize && m->opset >= 11 ? 2 : 1);
    double words = a ? (double)a->n_floats : v ? shape_words(&v->shape) : 0;

    *count = -1;
    if (node_attr(n, "height_scale") && node_attr(n, "width_scale")) {
        *count = 4;
        scale[0] = scale[1] = 1;
        scale[2] = (double)node_attr(n, "height_scale")->f;
        scale[3] = (double)node_attr(n, "width_scale")->f;
        return ST_OK;
    }
    if (words == 0) return ST_OK;
    if (!a && !v->constant) return node_unknown(m, "an output whose size is computed");
    if (!a && !v->number) return node_error(m, n, "its scales cannot be followed");
    if (words > ONNX_RANK_MAX) return node_error(m, n, "%g scales", words);
    *count = (int)words;
    for (int i = 0; i < *count; i++) scale[i] = a ? (double)a->floats[i] : v->number[i];
    return ST_OK;
}

static Status resized_shape(Onnx *m, Node *n, Shape *s)
{
    double scale[ONNX_RANK_MAX];
    int64_t sizes[ONNX_LIST_MAX], axes[ONNX_LIST_MAX];
    int n_scales, n_sizes = -1, n_axes;
    Status st = ST_OK;

    TRY(read_scales(m, n, scale, &n_scales));
    if (n_scales < 0) TRY(node_list(m, n, "sizes", 3, sizes, &n_sizes));
    TRY(node_list(m, n, "axes", -1, axes, &n_axes));
    int given = n_scales >= 0 ? n_scales : n_sizes;
    if (given < 0 || given != (n_axes >= 0 ? n_axes : s->rank))
        return node_error(m, n, "has %d scales or sizes for %d dimensions", given, s->rank);
    for (int i = 0; i < given; i++) {
        int a;
        TRY(node_axis(m, n, n_axes >= 0 ? axes[i] : i, s->rank, &a));
        double size = n_scales >= 0 ? floor((double)s->dim[a] * scale[i]) : (double)sizes[i];
        if (!(size >= 1 && size <= INT32_MAX))
            return node_error(m, n, "its output has a size of %g along axis %d", size, a);
        s->dim[a] = (int64_t)size;
    }
fail:
    return st;
}

/* Copies of whole pixels: each so often along height and width. */
static bool whole_copies(const Node *n, const Shape *in, const Shape *out, const char *mode,
                         int stride[2])
{
    if (strcmp(mode, "nearest") != 0 || in->rank != 4 || in->dim[0] != out->dim[0] ||
        in->dim[1] != out->dim[1] || n->constant)
        return false;
    for (int i = 0; i < 2; i++) {
        if (out->dim[2 + i] % in->dim[2 + i]) return false;
        stride[i] = (int)(out->dim[2 + i] / in->dim[2 + i]);
        if (stride[i] > 1 << 12) return false;
    }
    return true;
}

Status op_resize(Onnx *m, Node *n)
{
    DraftEntry e = {.type = DRAFT_MOVE};
    Value *in = n->in[0], *out = n->out[0];
    char mode[16], ratio[32];
    int size[3];
    Shape s = in->shape;
    Status st = ST_OK;

    TRY(node_text(m, n, "mode", "nearest", mode, sizeof mode));
    TRY(node_text(m, n, "keep_aspect_ratio_policy", "stretch", ratio, sizeof ratio));
    if (strcmp(ratio, "stretch") != 0) return node_unknown(m, "an aspect ratio that is kept");
    TRY(resized_shape(m, n, &s));
    if (shape_equal(&s, &in->shape)) return node_same(m, n, in, out);
    TRY(node_shape(m, n, out, &s));
    if (n->constant) return ST_OK;
    TRY(node_layout(m, n, &s, e.out));
    TRY(node_layout(m, n, &in->shape, size));
    if (whole_copies(n, &in->shape, &s, mode, e.stride)) e.type = DRAFT_UPSAMPLE;
    TRY(store_add_from(m, n, in, size, &e));
    st = store_entry(m, n, &e, store_from_input(m, in), out);
fail:
    return st;
}
