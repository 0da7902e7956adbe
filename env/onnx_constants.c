/* onnx_constants.c -- operators whose results are constants: given in the file, of a size that it
 * gives, or sizes themselves. */
#include "env/onnx_internal.h"

#include <math.h>
#include <string.h>

static Status constant_list(Onnx *m, Node *n, const Onnx__Attribute *a, int64_t count, bool scalar)
{
    Value *out = n->out[0];
    Shape s = {.rank = !scalar, .dim = {count}};
    Status st = ST_OK;

    TRY(node_shape(m, n, out, &s));
    double *number = fold_numbers(m, n, out);
    out->integer = a->type == 2 || a->type == 7;
    for (int64_t i = 0; number && i < count; i++)
        number[i] = scalar ? (out->integer ? (double)a->i : (double)a->f)
                           : (out->integer ? (double)a->ints[i] : (double)a->floats[i]);
    out->number = number;
fail:
    return st;
}

Status op_constant(Onnx *m, Node *n)
{
    const Onnx__Attribute *a = n->proto->n_attribute ? n->proto->attribute[0] : NULL;

    n->constant = true;
    for (size_t i = 0; i < n->proto->n_attribute; i++)
        if (!strncmp(n->proto->attribute[i]->name, "value", 5)) a = n->proto->attribute[i];
    if (a && a->t) return onnx_constant_from(m, n->out[0], a->t);
    if (a && a->sparse_tensor && a->sparse_tensor->n_dims <= ONNX_RANK_MAX) {
        Shape s = {.rank = (int)a->sparse_tensor->n_dims};
        for (int i = 0; i < s.rank; i++) s.dim[i] = a->sparse_tensor->dims[i];
        return node_shape(m, n, n->out[0], &s);
    }
    if (a && !strcmp(a->name, "value_int") && (a->type == 2))
        return constant_list(m, n, a, 1, true);
    if (a && !strcmp(a->name, "value_float") && (a->type == 1))
        return constant_list(m, n, a, 1, true);
    if (a && !strcmp(a->name, "value_ints") && a->type == 7)
        return constant_list(m, n, a, (int64_t)a->n_ints, false);
    if (a && !strcmp(a->name, "value_floats") && a->type == 6)
        return constant_list(m, n, a, (int64_t)a->n_floats, false);
    if (a && !strncmp(a->name, "value_string", 12)) return constant_list(m, n, a, 1, true);
    return node_error(m, n, "has no value");
}

Status op_constant_of_shape(Onnx *m, Node *n)
{
    const Onnx__Attribute *a = node_attr(n, "value");
    int64_t list[ONNX_LIST_MAX];
    int count;
    Value fill = {.name = "value", .number = NULL};
    Value *out = n->out[0];
    Status st = ST_OK;

    TRY(node_list(m, n, "shape", 0, list, &count));
    if (count > ONNX_RANK_MAX || count < 0)
        return node_error(m, n, "%d dimensions, want at most %d", count, ONNX_RANK_MAX);
    Shape s = {.rank = count};
    memcpy(s.dim, list, (size_t)count * sizeof *list);
    TRY(node_shape(m, n, out, &s));
    if (a && a->t) TRY(onnx_constant_from(m, &fill, a->t));
    out->integer = a && a->t && fill.integer;
    bool known = !a || (fill.number && shape_words(&fill.shape) == 1);
    double *number = known ? fold_numbers(m, n, out) : NULL;
    for (int i = 0; number && i < (int)shape_words(&s); i++) number[i] = a ? *fill.number : 0;
    out->number = number;
fail:
    return st;
}

/* Sizes are constants here, whatever they are the sizes of. */
Status op_shape(Onnx *m, Node *n)
{
    const Shape *in = &n->in[0]->shape;
    Value *out = n->out[0];
    int64_t start, end;
    Status st = ST_OK;

    n->constant = true;
    TRY(node_int(m, n, "start", 0, &start));
    TRY(node_int(m, n, "end", in->rank, &end));
    start = start < -in->rank ? 0 : start < 0 ? start + in->rank : start;
    end = end < -in->rank ? 0 : end < 0 ? end + in->rank : end > in->rank ? in->rank : end;
    Shape s = {.rank = 1, .dim = {end > start ? end - start : 0}};
    TRY(node_shape(m, n, out, &s));
    double *number = fold_numbers(m, n, out);
    for (int i = 0; number && i < s.dim[0]; i++) number[i] = (double)in->dim[start + i];
    out->number = number;
    out->integer = true;
fail:
    return st;
}

Status op_size(Onnx *m, Node *n)
{
    Value *out = n->out[0];
    Shape s = {0};
    Status st = ST_OK;

    n->constant = true;
    TRY(node_shape(m, n, out, &s));
    double *number = fold_numbers(m, n, out);
    if (number) *number = shape_words(&n->in[0]->shape);
    out->number = number;
    out->integer = true;
fail:
    return st;
}

Status op_range(Onnx *m, Node *n)
{
    Value *out = n->out[0];
    const Value *v[3] = {n->in[0], n->in[1], n->in[2]};
    Status st = ST_OK;

    for (int i = 0; i < 3; i++)
        if (!v[i]->number || shape_words(&v[i]->shape) != 1)
            return node_unknown(m, "a range whose length is computed");
    double start = *v[0]->number, count = ceil((*v[1]->number - start) / *v[2]->number);
    if (!(count >= 0 && count <= INT32_MAX)) return node_error(m, n, "%g numbers", count);
    Shape s = {.rank = 1, .dim = {(int64_t)count}};
    TRY(node_shape(m, n, out, &s));
    double *number = fold_numbers(m, n, out);
    for (int i = 0; number && i < (int)count; i++) number[i] = start + i * *v[2]->number;
    out->number = number;
    out->integer = v[0]->integer;
fail:
    return st;
}

/* Where a constant is not zero: [axes, places]. */
Status op_non_zero(Onnx *m, Node *n)
{
    const Value *in = n->in[0];
    Value *out = n->out[0];
    Shape s = {.rank = 2, .dim = {in->shape.rank, 0}};
    int words = in->number ? (int)shape_words(&in->shape) : 0, to = 0;
    Status st = ST_OK;

    if (!in->number) return node_unknown(m, "an output whose size is computed");
    for (int i = 0; i < words; i++) s.dim[1] += in->number[i] != 0;
    TRY(node_shape(m, n, out, &s));
    double *number = fold_numbers(m, n, out);
    for (int i = 0; number && i < words; i++) {
        if (in->number[i] == 0) continue;
        int rest = i;
        for (int d = in->shape.rank - 1; d >= 0; d--) {
            number[d * (int)s.dim[1] + to] = rest % (int)in->shape.dim[d];
            rest /= (int)in->shape.dim[d];
        }
        to++;
    }
    out->number = number;
    out->integer = true;
fail:
    return st;
}

/* EyeLike: a constant of the size of its input. */
Status op_like(Onnx *m, Node *n)
{
    Shape s = n->in[0]->shape;
    n->constant = true;
    return node_shape(m, n, n->out[0], &s);
}

/* RandomNormal, RandomUniform: of a shape that is an attribute. */
Status op_random(Onnx *m, Node *n)
{
    int64_t list[ONNX_LIST_MAX];
    int count;
    Status st = ST_OK;

    n->constant = true;
    TRY(node_list(m, n, "shape", -1, list, &count));
    if (count < 0 || count > ONNX_RANK_MAX) return node_error(m, n, "has no shape");
    Shape s = {.rank = count};
    memcpy(s.dim, list, (size_t)count * sizeof *list);
    st = node_shape(m, n, n->out[0], &s);
fail:
    return st;
}
