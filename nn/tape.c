/* tape.c -- the tape and its operations, each with its backward right below its forward.
 *
 * Values and gradients live in one arena that a bump pointer walks: values as operations are
 * recorded, gradients when tape_backward() first reaches a node. `needs` marks the nodes that lie
 * above a parameter; nothing is computed for the others. Every backward ADDS to the gradients of
 * its operands (an operand may have several users); product gradients overwrite at first touch
 * instead, which saves clearing the large buffers. */
#include "nn/tape.h"

#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/tape_internal.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { NONE = -1, ALIGN_FLOATS = 16 /* 64 bytes */ };

typedef struct Node Node;
typedef void Backward(Tape *t, const Node *n);

struct Node {
    int rows, cols;
    bool needs;         /* a gradient */
    bool stale;         /* what grad holds is to be overwritten */
    Var a, b, c;        /* operands, or NONE */
    const float *value; /* [rows,cols], arena or borrowed */
    float *grad;        /* [rows,cols], arena or borrowed; NULL until touched */
    Backward *backward; /* NULL for leaves */
    Kernel f;
    float k, delta;      /* factor, threshold */
    const int *index;    /* borrowed: rows, columns or group starts */
    const float *target; /* borrowed, losses */
    const float *weight;
};

struct Tape {
    Node *nodes;
    float *arena;
    size_t used, max_floats;
    int n, max_nodes;
    bool backward_done, overwrite;
};

Status tape_create(Tape **out, int max_nodes, size_t max_floats, Err *err)
{
    assert(max_nodes >= 0);
    *out = NULL;
    Tape *t = mem_calloc(1, sizeof *t);
    if (!t) goto fail;
    t->max_nodes = max_nodes;
    t->max_floats = max_floats;
    if (!(t->nodes = mem_calloc((size_t)max_nodes, sizeof *t->nodes))) goto fail;
    if (!(t->arena = mem_calloc(max_floats, sizeof *t->arena))) goto fail;
    *out = t;
    return ST_OK;
fail:
    tape_destroy(t);
    return err_set(err, ST_NOMEM, "tape of %d nodes and %zu floats: %s", max_nodes, max_floats,
                   status_text(ST_NOMEM));
}

void tape_destroy(Tape *t)
{
    if (!t) return;
    mem_free(t->nodes);
    mem_free(t->arena);
    mem_free(t);
}

void tape_reset(Tape *t)
{
    t->n = 0;
    t->used = 0;
    t->backward_done = false;
}

void tape_overwrite(Tape *t)
{
    t->overwrite = true;
}

static size_t size_of(int rows, int cols)
{
    return (size_t)rows * (size_t)cols;
}

static size_t aligned(size_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

size_t tape_node_floats(int rows, int cols)
{
    return 2 * aligned(size_of(rows, cols));
}

static const Node *node(const Tape *t, Var v)
{
    assert(v >= 0 && v < t->n);
    return &t->nodes[v];
}

static size_t elements(const Node *n)
{
    return size_of(n->rows, n->cols);
}

int tape_rows(const Tape *t, Var v)
{
    return node(t, v)->rows;
}

int tape_cols(const Tape *t, Var v)
{
    return node(t, v)->cols;
}

const float *tape_value(const Tape *t, Var v)
{
    return node(t, v)->value;
}

const float *tape_grad(const Tape *t, Var v)
{
    return node(t, v)->grad;
}

static float *take(Tape *t, size_t floats)
{
    float *p = t->arena + t->used;
    assert(aligned(floats) <= t->max_floats - t->used && "tape_create: max_floats too small");
    t->used += aligned(floats);
    return p;
}

static bool needs(const Tape *t, Var v)
{
    return v != NONE && node(t, v)->needs;
}

static Var append(Tape *t, Node n)
{
    assert(n.rows >= 0 && n.cols >= 0);
    assert(t->n < t->max_nodes && "tape_create: max_nodes too small");
    assert(!t->backward_done && "tape_reset() comes first");
    t->nodes[t->n] = n;
    return t->n++;
}

/* Records an operation; *y is where its value goes. Operands not used are NONE. */
static Var record(Tape *t, Node n, float **y)
{
    n.needs = needs(t, n.a) || needs(t, n.b) || needs(t, n.c);
    n.value = *y = take(t, elements(&n));
    return append(t, n);
}

/* The gradient of v to add to; cleared when new. */
static float *touch(Tape *t, Var v)
{
    Node *n = &t->nodes[v];
    if (n->grad && !n->stale) return n->grad;
    if (!n->grad) n->grad = take(t, elements(n));
    n->stale = false;
    return memset(n->grad, 0, elements(n) * sizeof *n->grad);
}

/* The same for a gemm: *beta says whether to add to it. */
static float *touch_gemm(Tape *t, Var v, float *beta)
{
    Node *n = &t->nodes[v];
    *beta = n->grad && !n->stale ? 1 : 0;
    n->stale = false;
    if (!n->grad) n->grad = take(t, elements(n));
    return n->grad;
}

Var tape_input(Tape *t, const float *x, int rows, int cols)
{
    return append(t,
                  (Node){.rows = rows, .cols = cols, .a = NONE, .b = NONE, .c = NONE, .value = x});
}

Var tape_param(Tape *t, const float *w, float *grad, int rows, int cols)
{
    assert(grad);
    return append(t, (Node){.rows = rows,
                            .cols = cols,
                            .needs = true,
                            .stale = t->overwrite,
                            .a = NONE,
                            .b = NONE,
                            .c = NONE,
                            .value = w,
                            .grad = grad});
}

/* dx += dz W^T, dW += x^T dz, db += column sums of dz. */
static void dense_backward(Tape *t, const Node *n)
{
    const Node *x = node(t, n->a), *w = node(t, n->b);
    int rows = n->rows, out = n->cols, in = x->cols;
    float beta;
    kernel_backward_inplace(n->f, n->value, elements(n), n->grad);
    if (x->needs) {
        float *dx = touch_gemm(t, n->a, &beta);
        gemm(0, 1, rows, in, out, n->grad, out, w->value, out, beta, dx, in);
    }
    if (w->needs) {
        float *dw = touch_gemm(t, n->b, &beta);
        gemm(1, 0, in, out, rows, x->value, in, n->grad, out, beta, dw, out);
    }
    if (needs(t, n->c)) kernel_add_columns(n->grad, rows, out, touch(t, n->c));
}

Var tape_dense(Tape *t, Var x, Var w, Var b, Kernel f)
{
    const Node *nx = node(t, x), *nw = node(t, w), *nb = node(t, b);
    assert(nw->rows == nx->cols && nb->rows == 1 && nb->cols == nw->cols);
    float *y;
    Node n = {.rows = nx->rows, .cols = nw->cols, .a = x, .b = w, .c = b, .f = f};
    n.backward = dense_backward;
    Var v = record(t, n, &y);
    kernel_dense(f, nx->value, nx->rows, nx->cols, nw->value, nb->value, nw->cols, y);
    return v;
}

Var tape_linear(Tape *t, Var x, Var w, Var b)
{
    return tape_dense(t, x, w, b, KERNEL_LINEAR);
}

static void apply_backward(Tape *t, const Node *n)
{
    kernel_backward(n->f, n->value, n->grad, elements(n), touch(t, n->a));
}

static Var apply(Tape *t, Var x, Kernel f)
{
    const Node *nx = node(t, x);
    float *y;
    Node n = {.rows = nx->rows, .cols = nx->cols, .a = x, .b = NONE, .c = NONE, .f = f};
    n.backward = apply_backward;
    Var v = record(t, n, &y);
    kernel_apply(f, nx->value, elements(nx), y);
    return v;
}

Var tape_relu(Tape *t, Var x)
{
    return apply(t, x, KERNEL_RELU);
}

Var tape_tanh(Tape *t, Var x)
{
    return apply(t, x, KERNEL_TANH);
}

static void add_scaled(float k, const float *restrict x, size_t n, float *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] += k * x[i];
}

/* y = a + k b, for add (k = 1) and sub (k = -1). */
static void combine_backward(Tape *t, const Node *n)
{
    if (needs(t, n->a)) add_scaled(1, n->grad, elements(n), touch(t, n->a));
    if (needs(t, n->b)) add_scaled(n->k, n->grad, elements(n), touch(t, n->b));
}

static Var combine(Tape *t, Var a, Var b, float k)
{
    const Node *na = node(t, a), *nb = node(t, b);
    assert(na->rows == nb->rows && na->cols == nb->cols);
    float *y;
    Node n = {.rows = na->rows, .cols = na->cols, .a = a, .b = b, .c = NONE, .k = k};
    n.backward = combine_backward;
    Var v = record(t, n, &y);
    for (size_t i = 0; i < elements(na); i++) y[i] = na->value[i] + k * nb->value[i];
    return v;
}

Var tape_add(Tape *t, Var a, Var b)
{
    return combine(t, a, b, 1);
}

Var tape_sub(Tape *t, Var a, Var b)
{
    return combine(t, a, b, -1);
}

static void scale_backward(Tape *t, const Node *n)
{
    add_scaled(n->k, n->grad, elements(n), touch(t, n->a));
}

Var tape_scale(Tape *t, Var x, float k)
{
    const Node *nx = node(t, x);
    float *y;
    Node n = {.rows = nx->rows, .cols = nx->cols, .a = x, .b = NONE, .c = NONE, .k = k};
    n.backward = scale_backward;
    Var v = record(t, n, &y);
    for (size_t i = 0; i < elements(nx); i++) y[i] = k * nx->value[i];
    return v;
}

/* dx[rows,cols] += columns at.. of dy[rows,stride] */
static void add_columns(const float *dy, int stride, int at, int rows, int cols, float *dx)
{
    for (int i = 0; i < rows; i++)
        add_scaled(1, dy + size_of(i, stride) + at, (size_t)cols, dx + size_of(i, cols));
}

static void concat_backward(Tape *t, const Node *n)
{
    int left = node(t, n->a)->cols, right = n->cols - left;
    if (needs(t, n->a)) add_columns(n->grad, n->cols, 0, n->rows, left, touch(t, n->a));
    if (needs(t, n->b)) add_columns(n->grad, n->cols, left, n->rows, right, touch(t, n->b));
}

/* Rows of n floats; n may be 0 with pointers to nothing. */
static void copy_row(float *to, const float *from, int n)
{
    if (n) memcpy(to, from, (size_t)n * sizeof *to);
}

Var tape_concat(Tape *t, Var a, Var b)
{
    const Node *na = node(t, a), *nb = node(t, b);
    assert(na->rows == nb->rows);
    float *y;
    Node n = {.rows = na->rows, .cols = na->cols + nb->cols, .a = a, .b = b, .c = NONE};
    n.backward = concat_backward;
    Var v = record(t, n, &y);
    for (int i = 0; i < n.rows; i++) {
        copy_row(y + size_of(i, n.cols), na->value + size_of(i, na->cols), na->cols);
        copy_row(y + size_of(i, n.cols) + na->cols, nb->value + size_of(i, nb->cols), nb->cols);
    }
    return v;
}

static void reshape_backward(Tape *t, const Node *n)
{
    add_scaled(1, n->grad, elements(n), touch(t, n->a));
}

Var tape_reshape(Tape *t, Var x, int rows, int cols)
{
    const Node *nx = node(t, x);
    assert(size_of(rows, cols) == elements(nx));
    return append(t, (Node){.rows = rows,
                            .cols = cols,
                            .needs = nx->needs,
                            .a = x,
                            .b = NONE,
                            .c = NONE,
                            .value = nx->value,
                            .backward = reshape_backward});
}

static void gather_backward(Tape *t, const Node *n)
{
    float *dx = touch(t, n->a);
    for (int i = 0; i < n->rows; i++)
        add_scaled(1, n->grad + size_of(i, n->cols), (size_t)n->cols,
                   dx + size_of(n->index[i], n->cols));
}

Var tape_gather_rows(Tape *t, Var x, const int *index, int count)
{
    const Node *nx = node(t, x);
    float *y;
    Node n = {.rows = count, .cols = nx->cols, .a = x, .b = NONE, .c = NONE, .index = index};
    n.backward = gather_backward;
    Var v = record(t, n, &y);
    for (int i = 0; i < count; i++) {
        assert(index[i] >= 0 && index[i] < nx->rows);
        copy_row(y + size_of(i, n.cols), nx->value + size_of(index[i], n.cols), n.cols);
    }
    return v;
}

static void pick_backward(Tape *t, const Node *n)
{
    int cols = node(t, n->a)->cols;
    float *dx = touch(t, n->a);
    for (int i = 0; i < n->rows; i++) dx[size_of(i, cols) + (size_t)n->index[i]] += n->grad[i];
}

Var tape_pick(Tape *t, Var x, const int *column)
{
    const Node *nx = node(t, x);
    float *y;
    Node n = {.rows = nx->rows, .cols = 1, .a = x, .b = NONE, .c = NONE, .index = column};
    n.backward = pick_backward;
    Var v = record(t, n, &y);
    for (int i = 0; i < n.rows; i++) {
        assert(column[i] >= 0 && column[i] < nx->cols);
        y[i] = nx->value[size_of(i, nx->cols) + (size_t)column[i]];
    }
    return v;
}

static void segment_backward(Tape *t, const Node *n)
{
    float *dx = touch(t, n->a);
    for (int g = 0; g < n->rows; g++) {
        int first = n->index[g], end = n->index[g + 1];
        for (int i = first; i < end; i++)
            add_scaled(1 / (float)(end - first), n->grad + size_of(g, n->cols), (size_t)n->cols,
                       dx + size_of(i, n->cols));
    }
}

Var tape_segment_mean(Tape *t, Var x, const int *start, int groups)
{
    const Node *nx = node(t, x);
    float *y;
    Node n = {.rows = groups, .cols = nx->cols, .a = x, .b = NONE, .c = NONE, .index = start};
    n.backward = segment_backward;
    Var v = record(t, n, &y);
    memset(y, 0, elements(&n) * sizeof *y);
    for (int g = 0; g < groups; g++) {
        assert(0 <= start[g] && start[g] <= start[g + 1] && start[g + 1] <= nx->rows);
        float share = 1 / (float)(start[g + 1] - start[g]); /* not used where it is infinite */
        for (int i = start[g]; i < start[g + 1]; i++)
            add_scaled(share, nx->value + size_of(i, n.cols), (size_t)n.cols,
                       y + size_of(g, n.cols));
    }
    return v;
}

/* Records a [1,1] result: total / elements of x. */
static Var record_mean(Tape *t, Node n, double total)
{
    size_t count = elements(node(t, n.a));
    float *y;
    n.rows = n.cols = 1;
    n.b = n.c = NONE;
    Var v = record(t, n, &y);
    y[0] = count ? (float)(total / (double)count) : 0;
    return v;
}

/* d result / d total, times the gradient of the result. */
static float mean_share(const Tape *t, const Node *n)
{
    size_t count = elements(node(t, n->a));
    return count ? (float)((double)n->grad[0] / (double)count) : 0;
}

static double huber(double d, double delta)
{
    double a = fabs(d);
    return a <= delta ? 0.5 * d * d : delta * (a - 0.5 * delta);
}

static void loss_backward(Tape *t, const Node *n)
{
    const Node *nx = node(t, n->a);
    const float *x = nx->value;
    float share = n->k * mean_share(t, n), delta = n->delta, *dx = touch(t, n->a);
    for (size_t i = 0; i < elements(nx); i++) {
        float d = x[i] - n->target[i], w = n->weight ? share * n->weight[i] : share;
        d = d > delta ? delta : d < -delta ? -delta : d;
        dx[i] += w * d;
    }
}

/* k x the mean of weight x Huber. */
static Var loss(Tape *t, Var x, const float *target, const float *weight, float delta, float k)
{
    const Node *nx = node(t, x);
    double total = 0;
    assert(delta > 0);
    for (size_t i = 0; i < elements(nx); i++) {
        double l = huber((double)nx->value[i] - (double)target[i], (double)delta);
        total += weight ? (double)weight[i] * l : l;
    }
    Node n = {.a = x, .target = target, .weight = weight, .delta = delta, .k = k};
    n.backward = loss_backward;
    return record_mean(t, n, (double)k * total);
}

Var tape_huber(Tape *t, Var x, const float *target, const float *weight, float delta)
{
    return loss(t, x, target, weight, delta, 1);
}

/* d^2 is twice Huber's loss without a threshold. */
Var tape_mse(Tape *t, Var x, const float *target, const float *weight)
{
    return loss(t, x, target, weight, INFINITY, 2);
}

/* Of quantiles i0.. of N, so many at a time that the loops over them are vectors: in row x of N and
 * targets y of N, loss[i] = sum over j of |tau_i - 1[u < 0]| Huber(u), u = y[j] - x[i], and slope[i]
 * its derivative by x[i]. */
enum { LANES = 16 };

static void quantile_lanes(const float *x, const float *y, int i0, int N, double delta,
                           double loss[LANES], double slope[LANES])
{
    double theta[LANES], tau[LANES];
    for (int k = 0; k < LANES; k++) {
        int i = i0 + k < N ? i0 + k : N - 1; /* lanes beyond are not used */
        theta[k] = (double)x[i];
        tau[k] = (i + 0.5) / N;
        loss[k] = slope[k] = 0;
    }
    for (int j = 0; j < N; j++) {
        double target = (double)y[j];
        for (int k = 0; k < LANES; k++) {
            double u = target - theta[k], w = u < 0 ? 1 - tau[k] : tau[k];
            double d = u > delta ? delta : u < -delta ? -delta : u; /* Huber(u) = d (u - d/2) */
            loss[k] += w * (d * (u - 0.5 * d));
            slope[k] -= w * d;
        }
    }
}

static void quantile_backward(Tape *t, const Node *n)
{
    const Node *nx = node(t, n->a);
    int N = nx->cols;
    double share = (double)mean_share(t, n) / N, loss[LANES], slope[LANES];
    float *dx = touch(t, n->a);
    for (int r = 0; r < nx->rows; r++, dx += N) {
        size_t at = size_of(r, N);
        double w = n->weight ? share * (double)n->weight[r] : share;
        for (int i = 0; i < N; i += LANES) {
            quantile_lanes(nx->value + at, n->target + at, i, N, (double)n->delta, loss, slope);
            for (int k = 0; k < LANES && i + k < N; k++) dx[i + k] += (float)(w * slope[k]);
        }
    }
}

Var tape_quantile_huber(Tape *t, Var x, const float *target, const float *weight, float delta)
{
    const Node *nx = node(t, x);
    int N = nx->cols;
    double total = 0, loss[LANES], slope[LANES];
    assert(delta > 0);
    for (int r = 0; r < nx->rows; r++) {
        size_t at = size_of(r, N);
        double sum = 0;
        for (int i = 0; i < N; i += LANES) {
            quantile_lanes(nx->value + at, target + at, i, N, (double)delta, loss, slope);
            for (int k = 0; k < LANES && i + k < N; k++) sum += loss[k];
        }
        total += (weight ? (double)weight[r] : 1) * sum / N;
    }
    Node n = {.a = x, .target = target, .weight = weight, .delta = delta};
    n.backward = quantile_backward;
    return record_mean(t, n, total);
}

static void mean_backward(Tape *t, const Node *n)
{
    float share = mean_share(t, n), *dx = touch(t, n->a);
    for (size_t i = 0; i < elements(node(t, n->a)); i++) dx[i] += share;
}

Var tape_mean(Tape *t, Var x)
{
    const Node *nx = node(t, x);
    double total = 0;
    for (size_t i = 0; i < elements(nx); i++) total += (double)nx->value[i];
    return record_mean(t, (Node){.a = x, .backward = mean_backward}, total);
}

void tape_backward(Tape *t, Var root)
{
    assert(tape_rows(t, root) == 1 && tape_cols(t, root) == 1);
    assert(!t->backward_done && "once per reset");
    t->backward_done = true;
    if (needs(t, root)) touch(t, root)[0] += 1;
    for (Var v = root; v >= 0; v--) {
        const Node *n = &t->nodes[v];
        if (n->backward && n->needs && n->grad) n->backward(t, n);
    }
    for (Var v = 0; v < t->n; v++)
        if (t->nodes[v].stale) touch(t, v);
}
