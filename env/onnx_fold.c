/* onnx_fold.c -- arithmetic on small constants. Exporters compute the sizes of reshapes, slices and
 * resizes by nodes of the graph; here those nodes are carried out. Numbers are doubles: whole to
 * 2^53, which is more than any size may be. A result that is not followed is a constant without
 * numbers, which only matters to those who ask for them. */
#include "env/onnx_internal.h"

#include <math.h>
#include <string.h>

/* Sizes take some numbers each; a file that has more to compute is none of sizes. */
enum { FOLDED_MAX = 1 << 24 };

double *fold_numbers(Onnx *m, Node *n, Value *out)
{
    double words = shape_words(&out->shape);
    if (!n->constant || words > ONNX_KNOWN_MAX) return NULL;
    m->folded += ((int64_t)words + 1) * (n->n_in + 1);
    if (m->folded > FOLDED_MAX) return NULL;
    return arena_alloc(&m->arena, (size_t)words, sizeof(double));
}

/* ---- one operand ---- */

static double negate(double x)
{
    return -x;
}

static double invert(double x)
{
    return 1 / x;
}

static double not(double x)
{
    return x == 0;
}

static double sign(double x)
{
    return (x > 0) - (x < 0);
}

static double same(double x)
{
    return x;
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

typedef struct Unary {
    const char *name;
    double (*f)(double);
} Unary;

static const Unary UNARY[] = {
    {"Identity", same}, {"Cast", same},   {"CastLike", same},     {"Dropout", same},
    {"Neg", negate},    {"Floor", floor}, {"Ceil", ceil},         {"Round", rint},
    {"Sqrt", sqrt},     {"Abs", fabs},    {"Not", not },          {"Sign", sign},
    {"Exp", exp},       {"Log", log},     {"Reciprocal", invert}, {"Relu", relu}};

static bool is_whole_type(int64_t type)
{
    return (type >= 2 && type <= 9 && type != 8) || type == 12 || type == 13;
}

void fold_unary(Onnx *m, Node *n)
{
    const Value *in = node_in(n, 0);
    Value *out = n->out[0];
    const Onnx__Attribute *to = node_attr(n, "to");

    out->number = NULL;
    if (to && !strcmp(n->proto->op_type, "Cast")) out->integer = is_whole_type(to->i);
    if (!n->constant || !in->number) return;
    for (size_t i = 0; i < sizeof UNARY / sizeof *UNARY; i++) {
        if (strcmp(UNARY[i].name, n->proto->op_type) != 0) continue;
        double *number = fold_numbers(m, n, out);
        for (int k = 0; number && k < (int)shape_words(&out->shape); k++) {
            number[k] = UNARY[i].f(in->number[k]);
            if (out->integer) number[k] = trunc(number[k]);
        }
        out->number = number;
    }
}

/* ---- several operands ---- */

static double add(double a, double b)
{
    return a + b;
}

static double subtract(double a, double b)
{
    return a - b;
}

static double multiply(double a, double b)
{
    return a * b;
}

static double divide(double a, double b)
{
    return a / b;
}

/* With the sign of the divisor, as Python's. */
static double modulo(double a, double b)
{
    return a - b * floor(a / b);
}

static double equal(double a, double b)
{
    return a == b;
}

static double greater(double a, double b)
{
    return a > b;
}

static double less(double a, double b)
{
    return a < b;
}

static double at_least(double a, double b)
{
    return a >= b;
}

static double at_most(double a, double b)
{
    return a <= b;
}

static double both(double a, double b)
{
    return a != 0 && b != 0;
}

static double either(double a, double b)
{
    return a != 0 || b != 0;
}

typedef struct Binary {
    const char *name;
    double (*f)(double, double);
} Binary;

static const Binary BINARY[] = {{"Add", add},
                                {"Sub", subtract},
                                {"Mul", multiply},
                                {"Div", divide},
                                {"Sum", add},
                                {"Max", fmax},
                                {"Min", fmin},
                                {"Mod", modulo},
                                {"Pow", pow},
                                {"Equal", equal},
                                {"Greater", greater},
                                {"Less", less},
                                {"And", both},
                                {"Or", either},
                                {"GreaterOrEqual", at_least},
                                {"LessOrEqual", at_most}};

/* Element of `in` that output element i meets, sizes of 1 being repeated. */
static int64_t broadcast_index(const Shape *out, const Shape *in, int64_t i)
{
    int64_t index = 0, stride = 1;

    for (int o = out->rank - 1, a = in->rank - 1; o >= 0; o--, a--) {
        int64_t at = i % out->dim[o];
        i /= out->dim[o];
        if (a < 0) continue;
        if (in->dim[a] > 1) index += at * stride;
        stride *= in->dim[a];
    }
    return index;
}

static double operand(const Node *n, int k, int64_t i)
{
    const Value *v = n->in[k];
    return v->number[broadcast_index(&n->out[0]->shape, &v->shape, i)];
}

static double (*binary_function(const Node *n))(double, double)
{
    for (size_t i = 0; i < sizeof BINARY / sizeof *BINARY; i++)
        if (!strcmp(BINARY[i].name, n->proto->op_type)) return BINARY[i].f;
    return NULL;
}

void fold_elementwise(Onnx *m, Node *n)
{
    double (*f)(double, double) = binary_function(n);
    bool where = !strcmp(n->proto->op_type, "Where"), whole = true;
    Value *out = n->out[0];

    for (int k = where; k < n->n_in; k++) whole &= n->in[k] && n->in[k]->integer;
    out->integer = whole;
    if (!n->constant || (!f && !where)) return;
    for (int k = 0; k < n->n_in; k++)
        if (!n->in[k] || !n->in[k]->number) return;
    double *number = fold_numbers(m, n, out);
    for (int64_t i = 0; number && i < (int64_t)shape_words(&out->shape); i++) {
        number[i] = operand(n, where ? (operand(n, 0, i) != 0 ? 1 : 2) : 0, i);
        for (int k = 1; f && k < n->n_in; k++) number[i] = f(number[i], operand(n, k, i));
        if (whole) number[i] = trunc(number[i]);
    }
    out->number = number;
}

void fold_strided(Onnx *m, Node *n, const Value *in, Value *out, int64_t base,
                  const int64_t *stride)
{
    double *number = in->number ? fold_numbers(m, n, out) : NULL;

    for (int64_t i = 0; number && i < (int64_t)shape_words(&out->shape); i++) {
        int64_t index = base, rest = i;
        for (int d = out->shape.rank - 1; d >= 0; d--) {
            index += rest % out->shape.dim[d] * stride[d];
            rest /= out->shape.dim[d];
        }
        number[i] = in->number[index];
    }
    out->number = number;
    out->integer = in->integer;
}
