/* onnx_node.c -- what every operator needs: attributes with their types checked, errors that name
 * the node, and sizes that are possible. */
#include "env/onnx_internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { ATTR_FLOAT = 1, ATTR_INT = 2, ATTR_STRING = 3, ATTR_INTS = 7 };
static const double ELEMENTS_MAX = 1e12; /* of any tensor, so that no product overflows */

/* ---- errors ---- */

const char *node_wish(const Node *n)
{
    if (*n->proto->name) return n->proto->name;
    for (size_t i = 0; i < n->proto->n_output; i++)
        if (*n->proto->output[i]) return n->proto->output[i];
    return n->proto->op_type;
}

Status node_error(const Onnx *m, const Node *n, const char *fmt, ...)
{
    char what[256], op[TEXT_SHOWN_MAX], name[TEXT_SHOWN_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    text_shown(op, n->proto->op_type);
    text_shown(name, node_wish(n));
    return err_set(m->err, ST_FORMAT, "%s: %s '%s': %s", m->file, op, name, what);
}

Status node_unknown(Onnx *m, const char *why)
{
    m->unknown = why;
    return ST_FORMAT;
}

/* ---- inputs and attributes ---- */

Value *node_in(const Node *n, int i)
{
    return i >= 0 && i < n->n_in ? n->in[i] : NULL;
}

const Onnx__Attribute *node_attr(const Node *n, const char *name)
{
    for (size_t i = 0; i < n->proto->n_attribute; i++)
        if (!strcmp(n->proto->attribute[i]->name, name)) return n->proto->attribute[i];
    return NULL;
}

/* Files of the first version do not say the type. */
static Status expect(const Onnx *m, const Node *n, const Onnx__Attribute *a, int type)
{
    if (a->type == type || a->type == 0) return ST_OK;
    return node_error(m, n, "attribute '%.40s' is of type %d, want %d", a->name, a->type, type);
}

Status node_int(const Onnx *m, const Node *n, const char *name, int64_t fallback, int64_t *out)
{
    const Onnx__Attribute *a = node_attr(n, name);

    *out = a ? a->i : fallback;
    return a ? expect(m, n, a, ATTR_INT) : ST_OK;
}

Status node_text(const Onnx *m, const Node *n, const char *name, const char *fallback, char *out,
                 size_t cap)
{
    const Onnx__Attribute *a = node_attr(n, name);
    size_t len = a && a->s.len < cap ? a->s.len : 0;

    snprintf(out, cap, "%s", fallback);
    if (!a) return ST_OK;
    if (len > 0) memcpy(out, a->s.data, len);
    out[len] = '\0';
    return expect(m, n, a, ATTR_STRING);
}

static int64_t whole(double x)
{
    return !(x < 9e18) ? INT64_MAX
           : x < -9e18 ? INT64_MIN
                       : (int64_t)x; /* not a number: the former */
}

Status node_list(Onnx *m, const Node *n, const char *name, int input, int64_t list[ONNX_LIST_MAX],
                 int *count)
{
    const Onnx__Attribute *a = node_attr(n, name);
    const Value *v = node_in(n, input);
    double words = a ? (double)a->n_ints : v ? shape_words(&v->shape) : 0;
    Status st = ST_OK;

    *count = -1;
    if (!a && !v) return ST_OK;
    if (a) TRY(expect(m, n, a, ATTR_INTS));
    if (!a && !v->constant) return node_unknown(m, "an output whose size is computed");
    if (!a && !v->number)
        return node_error(m, n, "its %s are constants whose values cannot be followed", name);
    if (words > ONNX_LIST_MAX)
        return node_error(m, n, "its %s are %.0f numbers, want at most %d", name, words,
                          ONNX_LIST_MAX);
    *count = (int)words;
    for (int i = 0; i < *count; i++) list[i] = a ? a->ints[i] : whole(v->number[i]);
fail:
    return st;
}

Status node_axis(const Onnx *m, const Node *n, int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return node_error(m, n, "axis %" PRId64 " of a tensor of %d dimensions", axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return ST_OK;
}

/* ---- sizes ---- */

double shape_words(const Shape *s)
{
    double words = 1;
    for (int i = 0; i < s->rank; i++) words *= (double)s->dim[i];
    return words;
}

bool shape_possible(const Shape *s)
{
    double words = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 0 || s->dim[i] > INT32_MAX) return false;
        words *= s->dim[i] ? (double)s->dim[i] : 1;
    }
    return words <= ELEMENTS_MAX;
}

bool shape_equal(const Shape *a, const Shape *b)
{
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return a->rank == b->rank;
}

Status node_shape(Onnx *m, const Node *n, Value *out, const Shape *shape)
{
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] >= 0 && shape->dim[i] <= INT32_MAX) continue;
        return node_error(m, n, "its output has a size of %" PRId64 " along axis %d", shape->dim[i],
                          i);
    }
    out->known = true;
    out->constant = n->constant;
    out->number = NULL;
    out->shape = *shape;
    if (!shape_possible(shape))
        return node_error(m, n, "its output has more than %g words", ELEMENTS_MAX);
    if (!n->constant && shape_words(shape) == 0) return node_error(m, n, "its output has no words");
    return ST_OK;
}

bool split_rows(double rows, int *height, int *width)
{
    for (*width = 1; *width <= ONNX_SIDE_MAX; ++*width) {
        if (rows / *width > ONNX_SIDE_MAX || fmod(rows, *width) != 0) continue;
        *height = (int)(rows / *width);
        return true;
    }
    return false;
}

bool shape_layout(const Shape *s, int size[3])
{
    double words = shape_words(s), side[3] = {1, 1, 1};
    int r = s->rank;

    if (words < 1 || words > ONNX_WORDS_MAX) return false;
    if (r == 1) side[0] = (double)s->dim[0];
    if (r == 2 || r == 3) {
        side[0] = (double)s->dim[r - 1];
        side[1] = (double)s->dim[r - 2];
        side[2] = r == 3 ? (double)s->dim[0] : 1;
    } else if (r >= 4) {
        side[1] = (double)s->dim[r - 2];
        side[2] = (double)s->dim[r - 1];
        side[0] = words / side[1] / side[2];
    }
    bool flat = side[1] > ONNX_SIDE_MAX || side[2] > ONNX_SIDE_MAX;
    for (int i = 0; i < 3; i++) size[i] = flat ? 1 : (int)side[i];
    if (flat) size[0] = (int)words;
    return true;
}

Status node_layout(const Onnx *m, const Node *n, const Shape *s, int size[3])
{
    if (shape_layout(s, size)) return ST_OK;
    return node_error(m, n, "a tensor of %g words, want 1 to %d", shape_words(s), ONNX_WORDS_MAX);
}

Status node_same(Onnx *m, Node *n, Value *in, Value *out)
{
    Shape shape = in->shape;

    n->constant = in->constant; /* parameters change no size */
    Status st = node_shape(m, n, out, &shape);
    out->integer = in->integer;
    out->store = in->store;
    out->number = n->constant ? in->number : NULL;
    return st;
}
