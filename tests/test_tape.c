/* test_tape.c -- every operation's value and gradient against an independent definition in double,
 * differenced centrally: float32 cannot resolve that by itself. Then the tape's own promises: sums
 * over users, no work below inputs, no allocation, the same bits each time. */
#include "nn/tape.h"

#include "base/rng.h"
#include "tests/golden/nn/quantile_huber.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { MAX_DIM = 9, MAX_ELEMENTS = 2 * MAX_DIM * MAX_DIM, MAX_LEAVES = 3, TRIALS = 40 };
static const double STEP = 1e-5, GRADIENT_TOLERANCE = 1e-5;

#define near(got, want, tolerance)                                                                 \
    do {                                                                                           \
        double near_got = (double)(got), near_want = (double)(want);                               \
        ck_assert_msg(fabs(near_got - near_want) <= (tolerance), "%s is %.9g, not %.9g", #got,     \
                      near_got, near_want);                                                        \
    } while (0)

/* A random instance of an operation: leaves, and all that an operation may want besides. */
typedef struct Problem {
    int leaves, rows[MAX_LEAVES], cols[MAX_LEAVES]; /* shapes of the leaves */
    int out_rows, out_cols;
    float x[MAX_LEAVES][MAX_ELEMENTS], target[MAX_ELEMENTS], weight[MAX_ELEMENTS];
    float out_target[MAX_ELEMENTS];
    int index[MAX_DIM + 1]; /* rows, columns or starts */
    int weighted;
    float k;
} Problem;

typedef struct Operation {
    const char *name;
    int leaves;
    void (*shape)(Problem *p, Rng *rng);
    Var (*tape)(Tape *t, const Problem *p, const Var *leaf);
    void (*define)(const Problem *p, double x[][MAX_ELEMENTS], double *y);
} Operation;

static int dim(Rng *rng)
{
    return 1 + (int)rng_below(rng, MAX_DIM);
}

/* All leaves and the result of one shape. */
static void shape_same(Problem *p, Rng *rng)
{
    p->out_rows = dim(rng);
    p->out_cols = dim(rng);
    for (int i = 0; i < p->leaves; i++) {
        p->rows[i] = p->out_rows;
        p->cols[i] = p->out_cols;
    }
}

static void shape_scalar(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->out_rows = p->out_cols = 1;
}

static void shape_linear(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->cols[0] = p->rows[1] = dim(rng);
    p->cols[1] = p->cols[2] = p->out_cols;
    p->rows[2] = 1;
}

static Var run_linear(Tape *t, const Problem *p, const Var *v)
{
    (void)p;
    return tape_linear(t, v[0], v[1], v[2]);
}

static void define_linear(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    int in = p->cols[0], out = p->out_cols;
    for (int i = 0; i < p->out_rows; i++)
        for (int j = 0; j < out; j++) {
            double sum = x[2][j];
            for (int l = 0; l < in; l++) sum += x[0][i * in + l] * x[1][l * out + j];
            y[i * out + j] = sum;
        }
}

/* Element-wise operations: NAME, tape call, definition of element i from u = x[0][i], v = x[1][i].
 */
#define ELEMENTWISE(name, call, definition)                                                        \
    static Var run_##name(Tape *t, const Problem *p, const Var *leaf)                              \
    {                                                                                              \
        (void)p;                                                                                   \
        return call;                                                                               \
    }                                                                                              \
    static void define_##name(const Problem *p, double x[][MAX_ELEMENTS], double *y)               \
    {                                                                                              \
        for (int i = 0; i < p->out_rows * p->out_cols; i++) {                                      \
            double u = x[0][i], v = x[1][i];                                                       \
            (void)v;                                                                               \
            y[i] = definition;                                                                     \
        }                                                                                          \
    }
ELEMENTWISE(relu, tape_relu(t, leaf[0]), u > 0 ? u : 0)
ELEMENTWISE(tanh, tape_tanh(t, leaf[0]), tanh(u))
ELEMENTWISE(add, tape_add(t, leaf[0], leaf[1]), u + v)
ELEMENTWISE(add_self, tape_add(t, leaf[0], leaf[0]), 2 * u)
ELEMENTWISE(sub, tape_sub(t, leaf[0], leaf[1]), u - v)
ELEMENTWISE(scale, tape_scale(t, leaf[0], p->k), u *(double)p->k)

static void shape_concat(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->cols[0] = (int)rng_below(rng, MAX_DIM); /* one side may be empty */
    p->out_cols = p->cols[0] + p->cols[1];
}

static Var run_concat(Tape *t, const Problem *p, const Var *v)
{
    (void)p;
    return tape_concat(t, v[0], v[1]);
}

static void define_concat(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    for (int i = 0; i < p->out_rows; i++)
        for (int j = 0; j < p->out_cols; j++)
            *y++ =
                j < p->cols[0] ? x[0][i * p->cols[0] + j] : x[1][i * p->cols[1] + j - p->cols[0]];
}

static void shape_gather(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->rows[0] = 1 + (int)rng_below(rng, 5); /* fewer than MAX_DIM: repeats are common */
    for (int i = 0; i < p->out_rows; i++) p->index[i] = (int)rng_below(rng, (uint32_t)p->rows[0]);
}

static Var run_gather(Tape *t, const Problem *p, const Var *v)
{
    return tape_gather_rows(t, v[0], p->index, p->out_rows);
}

static void define_gather(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    for (int i = 0; i < p->out_rows; i++)
        for (int j = 0; j < p->out_cols; j++)
            y[i * p->out_cols + j] = x[0][p->index[i] * p->out_cols + j];
}

static void shape_pick(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->out_cols = 1;
    for (int i = 0; i < p->out_rows; i++) p->index[i] = (int)rng_below(rng, (uint32_t)p->cols[0]);
}

static Var run_pick(Tape *t, const Problem *p, const Var *v)
{
    return tape_pick(t, v[0], p->index);
}

static void define_pick(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    for (int i = 0; i < p->out_rows; i++) y[i] = x[0][i * p->cols[0] + p->index[i]];
}

/* Groups of 0 to 3 rows; rows may be left over at both ends. */
static void shape_segment(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->rows[0] = dim(rng);
    p->index[0] = (int)rng_below(rng, 2);
    for (int g = 0; g < p->out_rows; g++) {
        int end = p->index[g] + (int)rng_below(rng, 4);
        p->index[g + 1] = end < p->rows[0] ? end : p->rows[0];
    }
}

static Var run_segment(Tape *t, const Problem *p, const Var *v)
{
    return tape_segment_mean(t, v[0], p->index, p->out_rows);
}

static void define_segment(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    for (int g = 0; g < p->out_rows; g++)
        for (int j = 0; j < p->out_cols; j++) {
            double sum = 0;
            int n = p->index[g + 1] - p->index[g];
            for (int i = p->index[g]; i < p->index[g + 1]; i++) sum += x[0][i * p->out_cols + j];
            y[g * p->out_cols + j] = n ? sum / n : 0;
        }
}

static Var run_huber(Tape *t, const Problem *p, const Var *v)
{
    return tape_huber(t, v[0], p->target, p->weighted ? p->weight : NULL, p->k);
}

static void define_huber(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    int n = p->rows[0] * p->cols[0];
    double sum = 0, delta = (double)p->k;
    for (int i = 0; i < n; i++) {
        double d = fabs(x[0][i] - (double)p->target[i]), w = p->weighted ? (double)p->weight[i] : 1;
        sum += w * (d <= delta ? 0.5 * d * d : delta * (d - delta / 2));
    }
    y[0] = sum / n;
}

static Var run_mse(Tape *t, const Problem *p, const Var *v)
{
    return tape_mse(t, v[0], p->target, p->weighted ? p->weight : NULL);
}

static void define_mse(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    int n = p->rows[0] * p->cols[0];
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += pow(x[0][i] - (double)p->target[i], 2) * (p->weighted ? (double)p->weight[i] : 1);
    y[0] = sum / n;
}

static Var run_mean(Tape *t, const Problem *p, const Var *v)
{
    (void)p;
    return tape_mean(t, v[0]);
}

static void define_mean(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    int n = p->rows[0] * p->cols[0];
    y[0] = 0;
    for (int i = 0; i < n; i++) y[0] += x[0][i] / n;
}

static Var run_quantile(Tape *t, const Problem *p, const Var *v)
{
    return tape_quantile_huber(t, v[0], p->target, p->weighted ? p->weight : NULL, p->k);
}

static void define_quantile(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    int n = p->cols[0];
    double delta = (double)p->k;
    y[0] = 0;
    for (int e = 0; e < p->rows[0] * n * n; e++) {
        int row = e / n / n, i = e / n % n, j = e % n;
        double u = (double)p->target[row * n + j] - x[0][row * n + i], a = fabs(u);
        double loss = a <= delta ? u * u / 2 : delta * (a - delta / 2);
        loss *= fabs((2 * i + 1) / (2.0 * n) - (u < 0));
        y[0] += (p->weighted ? (double)p->weight[row] : 1) * loss / (p->rows[0] * n * n);
    }
}

static void shape_reshape(Problem *p, Rng *rng)
{
    shape_same(p, rng);
    p->rows[0] = p->out_cols;
    p->cols[0] = p->out_rows;
}

static Var run_reshape(Tape *t, const Problem *p, const Var *v)
{
    return tape_reshape(t, v[0], p->out_rows, p->out_cols);
}

static void define_reshape(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    memcpy(y, x[0], (size_t)(p->out_rows * p->out_cols) * sizeof *y);
}

/* As in a dueling head: y = a - mean of a over all rows + tanh(v - a), so leaf 0 is used three
 * times on the way. */
static void shape_dueling(Problem *p, Rng *rng)
{
    shape_segment(p, rng);
    p->out_rows = p->rows[1] = p->rows[0];
    p->cols[1] = p->cols[0];
}

static Var run_dueling(Tape *t, const Problem *p, const Var *v)
{
    static const int zero[MAX_DIM];
    static int whole[2];
    whole[1] = p->rows[0];
    Var mean = tape_gather_rows(t, tape_segment_mean(t, v[0], whole, 1), zero, p->rows[0]);
    return tape_add(t, tape_sub(t, v[0], mean), tape_tanh(t, tape_sub(t, v[1], v[0])));
}

static void define_dueling(const Problem *p, double x[][MAX_ELEMENTS], double *y)
{
    for (int i = 0; i < p->rows[0]; i++)
        for (int j = 0; j < p->cols[0]; j++) {
            double mean = 0;
            int e = i * p->cols[0] + j;
            for (int r = 0; r < p->rows[0]; r++) mean += x[0][r * p->cols[0] + j] / p->rows[0];
            y[e] = x[0][e] - mean + tanh(x[1][e] - x[0][e]);
        }
}

#define OP(name, leaves, shape)                                                                    \
    {                                                                                              \
#name, leaves, shape_##shape, run_##name, define_##name                                    \
    }
static const Operation OPERATIONS[] = {
    OP(linear, 3, linear),   OP(relu, 1, same),   OP(tanh, 1, same),       OP(add, 2, same),
    OP(add_self, 1, same),   OP(sub, 2, same),    OP(scale, 1, same),      OP(concat, 2, concat),
    OP(gather, 1, gather),   OP(pick, 1, pick),   OP(segment, 1, segment), OP(huber, 1, scalar),
    OP(mse, 1, scalar),      OP(mean, 1, scalar), OP(dueling, 2, dueling), OP(quantile, 1, scalar),
    OP(reshape, 1, reshape),
};
enum { N_OPERATIONS = sizeof OPERATIONS / sizeof *OPERATIONS };

static int leaf_size(const Problem *p, int i)
{
    return p->rows[i] * p->cols[i];
}

static void randomise(Problem *p, const Operation *op, Rng *rng)
{
    memset(p, 0, sizeof *p);
    p->leaves = op->leaves;
    op->shape(p, rng);
    for (int e = 0; e < MAX_ELEMENTS; e++) {
        for (int i = 0; i < p->leaves; i++) p->x[i][e] = (float)rng_normal(rng);
        p->target[e] = (float)rng_normal(rng);
        p->weight[e] = (float)rng_uniform(rng);
        p->out_target[e] = 4 + (float)rng_normal(rng); /* far, so that x - target loses no digits */
    }
    p->k = 0.3f + (float)rng_uniform(rng);
    p->weighted = (int)rng_below(rng, 2);
}

/* The scalar that is differenced: the mean squared distance of the result from out_target. */
static double defined_loss(const Operation *op, const Problem *p, double x[][MAX_ELEMENTS])
{
    double y[MAX_ELEMENTS], sum = 0;
    int n = p->out_rows * p->out_cols;
    op->define(p, x, y);
    for (int i = 0; i < n; i++) sum += pow(y[i] - (double)p->out_target[i], 2);
    return n ? sum / n : 0;
}

static void leaves_to_double(const Problem *p, double x[][MAX_ELEMENTS])
{
    for (int i = 0; i < MAX_LEAVES; i++)
        for (int e = 0; e < MAX_ELEMENTS; e++) x[i][e] = (double)p->x[i][e];
}

/* |got - numeric| / |numeric| over leaf i, in the 2-norm. */
static double gradient_error(const Operation *op, const Problem *p, int i, const float *got)
{
    double x[MAX_LEAVES][MAX_ELEMENTS], off = 0, norm = 0;
    leaves_to_double(p, x);
    for (int e = 0; e < leaf_size(p, i); e++) {
        double at = x[i][e];
        x[i][e] = at + STEP;
        double up = defined_loss(op, p, x);
        x[i][e] = at - STEP;
        double slope = (up - defined_loss(op, p, x)) / (2 * STEP);
        x[i][e] = at;
        off += pow(slope - (double)got[e], 2);
        norm += slope * slope;
    }
    return sqrt(off) / fmax(sqrt(norm), 1e-3); /* some gradients are rightly zero */
}

static Tape *tape;
static float grad[MAX_LEAVES][MAX_ELEMENTS];

static void setup(void)
{
    Err err = {0};
    ck_ok(tape_create(&tape, 64, 1 << 14, &err), err);
    memset(grad, 0, sizeof grad);
}

static void teardown(void)
{
    tape_destroy(tape);
    ck_assert_int_eq(mem_live, 0);
}

/* Records op and the loss; returns the result of op. */
static Var record(const Operation *op, const Problem *p, Var *loss)
{
    Var leaf[MAX_LEAVES];
    for (int i = 0; i < p->leaves; i++)
        leaf[i] = tape_param(tape, p->x[i], grad[i], p->rows[i], p->cols[i]);
    Var y = op->tape(tape, p, leaf);
    *loss = tape_mse(tape, y, p->out_target, NULL);
    return y;
}

START_TEST(values_are_as_defined)
{
    const Operation *op = &OPERATIONS[_i];
    Problem p;
    Rng rng;
    rng_seed(&rng, 1, (uint64_t)_i);
    for (int n = 0; n < TRIALS; n++) {
        double x[MAX_LEAVES][MAX_ELEMENTS], y[MAX_ELEMENTS];
        Var loss;
        randomise(&p, op, &rng);
        leaves_to_double(&p, x);
        op->define(&p, x, y);
        tape_reset(tape);
        Var v = record(op, &p, &loss);
        ck_assert_int_eq(tape_rows(tape, v), p.out_rows);
        ck_assert_int_eq(tape_cols(tape, v), p.out_cols);
        for (int e = 0; e < p.out_rows * p.out_cols; e++)
            ck_assert_double_eq_tol((double)tape_value(tape, v)[e], y[e], 3e-6);
        double want = defined_loss(op, &p, x);
        ck_assert_double_eq_tol((double)tape_value(tape, loss)[0], want, 1e-5 * want);
    }
}
END_TEST

START_TEST(gradients_agree_with_central_differences)
{
    const Operation *op = &OPERATIONS[_i];
    Problem p;
    Rng rng;
    rng_seed(&rng, 2, (uint64_t)_i);
    for (int n = 0; n < TRIALS; n++) {
        Var loss;
        randomise(&p, op, &rng);
        memset(grad, 0, sizeof grad);
        tape_reset(tape);
        record(op, &p, &loss);
        tape_backward(tape, loss);
        for (int i = 0; i < p.leaves; i++) {
            double off = gradient_error(op, &p, i, grad[i]);
            ck_assert_msg(off < GRADIENT_TOLERANCE, "%s, leaf %d, trial %d: relative error %g",
                          op->name, i, n, off);
        }
    }
}
END_TEST

START_TEST(parameters_add_to_the_gradient_they_are_given)
{
    const Operation *op = &OPERATIONS[_i];
    static float once[MAX_LEAVES][MAX_ELEMENTS];
    Problem p;
    Rng rng;
    rng_seed(&rng, 3, (uint64_t)_i);
    randomise(&p, op, &rng);
    for (int pass = 0; pass < 2; pass++) {
        Var loss;
        tape_reset(tape);
        record(op, &p, &loss);
        tape_backward(tape, loss);
        if (pass == 0) memcpy(once, grad, sizeof once);
    }
    for (int i = 0; i < p.leaves; i++)
        for (int e = 0; e < leaf_size(&p, i); e++)
            near(grad[i][e], 2 * once[i][e], 1e-6 + 1e-6 * fabs((double)once[i][e]));
}
END_TEST

/* Bit by bit what adding to zeros gives, whatever was there before. */
START_TEST(overwritten_gradients_need_no_clearing)
{
    const Operation *op = &OPERATIONS[_i];
    static float added[MAX_LEAVES][MAX_ELEMENTS];
    Problem p;
    Rng rng;
    Var loss;
    rng_seed(&rng, 3, (uint64_t)_i);
    randomise(&p, op, &rng);
    record(op, &p, &loss);
    tape_backward(tape, loss);
    memcpy(added, grad, sizeof added);
    tape_overwrite(tape);
    for (int pass = 0; pass < 2; pass++) {
        tape_reset(tape);
        record(op, &p, &loss);
        tape_backward(tape, loss);
        for (int i = 0; i < p.leaves; i++)
            for (int e = 0; e < leaf_size(&p, i); e++) ck_assert(grad[i][e] == added[i][e]);
    }
}
END_TEST

START_TEST(overwriting_clears_what_the_loss_does_not_depend_on)
{
    float w[2] = {1, 2}, unused[2] = {3, 4}, dw[2] = {5, 6}, dunused[2] = {7, 8};
    tape_overwrite(tape);
    Var x = tape_param(tape, w, dw, 1, 2);
    tape_param(tape, unused, dunused, 1, 2);
    tape_backward(tape, tape_mean(tape, x));
    ck_assert(dw[0] == 0.5f && dw[1] == 0.5f);
    ck_assert(dunused[0] == 0 && dunused[1] == 0);
}
END_TEST

START_TEST(repetition_gives_the_same_bits)
{
    const Operation *op = &OPERATIONS[_i];
    static float once[MAX_LEAVES][MAX_ELEMENTS];
    Problem p;
    Rng rng;
    rng_seed(&rng, 4, (uint64_t)_i);
    randomise(&p, op, &rng);
    for (int pass = 0; pass < 5; pass++) {
        Var loss;
        memset(grad, 0, sizeof grad);
        tape_reset(tape);
        record(op, &p, &loss);
        tape_backward(tape, loss);
        if (pass == 0) memcpy(once, grad, sizeof once);
        ck_assert_int_eq(memcmp(once, grad, sizeof once), 0);
    }
}
END_TEST

START_TEST(no_operation_allocates)
{
    const Operation *op = &OPERATIONS[_i];
    Problem p;
    Rng rng;
    Var loss;
    rng_seed(&rng, 5, (uint64_t)_i);
    randomise(&p, op, &rng);
    long failed = mem_failed, live = mem_live;
    mem_fail_at = 0; /* the first allocation from here would fail, and be counted */
    record(op, &p, &loss);
    tape_backward(tape, loss);
    tape_reset(tape);
    mem_fail_at = -1;
    ck_assert_int_eq(mem_failed, failed);
    ck_assert_int_eq(mem_live, live);
}
END_TEST

START_TEST(inputs_get_no_gradient)
{
    static const float x[6] = {1, 2, 3, 4, 5, 6}, w[2] = {1, 2}, b[1] = {3}, target[3] = {0};
    Var in = tape_input(tape, x, 3, 2), vb = tape_param(tape, b, grad[1], 1, 1);
    Var scaled = tape_scale(tape, in, 2); /* lies above no parameter */
    Var y = tape_linear(tape, scaled, tape_param(tape, w, grad[0], 2, 1), vb);
    Var unused = tape_tanh(tape, y);
    tape_backward(tape, tape_mse(tape, y, target, NULL));
    ck_assert_ptr_null(tape_grad(tape, in));
    ck_assert_ptr_null(tape_grad(tape, scaled));
    ck_assert_ptr_null(tape_grad(tape, unused));
    ck_assert_ptr_nonnull(tape_grad(tape, y));
    ck_assert_ptr_eq(tape_grad(tape, vb), grad[1]);
    /* y = 2(x0 + 2 x1) + 3 = 13, 25, 37; db = 2/3 sum y; dw = 2/3 sum y 2x */
    near(grad[1][0], 50.0f, 1e-4);
    near(grad[0][0], 364.0f, 1e-3);
    near(grad[0][1], 464.0f, 1e-3);
}
END_TEST

START_TEST(a_loss_of_inputs_alone_is_allowed)
{
    static const float x[2] = {1, 3};
    Var loss = tape_mean(tape, tape_input(tape, x, 1, 2));
    tape_backward(tape, loss);
    near(tape_value(tape, loss)[0], 2.0f, 0);
    ck_assert_ptr_null(tape_grad(tape, loss));
}
END_TEST

START_TEST(nothing_is_a_valid_size)
{
    static const float w[6] = {1, 2, 3, 4, 5, 6}, b[3] = {0};
    static const int starts[1] = {0}, column[1] = {0};
    float none[1] = {0};
    Var x = tape_param(tape, none, none, 0, 2);
    Var y = tape_linear(tape, x, tape_param(tape, w, grad[0], 2, 3),
                        tape_param(tape, b, grad[1], 1, 3));
    y = tape_concat(tape, tape_tanh(tape, y), tape_relu(tape, y));
    y = tape_gather_rows(tape, tape_scale(tape, y, 2), column, 0);
    y = tape_pick(tape, tape_segment_mean(tape, tape_add(tape, y, y), starts, 0), column);
    Var loss = tape_huber(tape, y, none, NULL, 1);
    loss = tape_add(tape, tape_add(tape, loss, tape_mean(tape, y)), tape_mse(tape, y, none, none));
    tape_backward(tape, loss);
    near(tape_value(tape, loss)[0], 0, 0);
    for (int i = 0; i < 6; i++) near(grad[0][i], 0, 0);
    for (int i = 0; i < 3; i++) near(grad[1][i], 0, 0);
}
END_TEST

START_TEST(node_floats_is_enough_and_no_more)
{
    Err err = {0};
    Tape *small;
    float x[15] = {0}, dx[15] = {0};
    ck_ok(tape_create(&small, 3, tape_node_floats(3, 5) + tape_node_floats(1, 1), &err), err);
    Var y = tape_tanh(small, tape_param(small, x, dx, 3, 5));
    tape_backward(small, tape_mean(small, y));
    near(dx[14], 1.0f / 15, 1e-7);
    tape_destroy(small);
}
END_TEST

START_TEST(tanh_is_within_a_few_ulp)
{
    enum { N = 4000 };
    static float x[N];
    for (int i = 0; i < N; i++) x[i] = ((float)i - N / 2) / 160;
    x[0] = -INFINITY;
    x[N - 1] = INFINITY;
    const float *y = tape_value(tape, tape_tanh(tape, tape_input(tape, x, N, 1)));
    for (int i = 0; i < N; i++) {
        double want = tanh((double)x[i]);
        ck_assert_msg(fabs((double)y[i] - want) <= 4e-7 * fabs(want), "tanh(%g) = %.9g, not %.9g",
                      (double)x[i], (double)y[i], want);
        ck_assert(fabsf(y[i]) <= 1);
        if (i) near(y[i], -y[N - i], 0);
    }
}
END_TEST

START_TEST(a_diverged_net_stays_visible)
{
    static const float x[2] = {NAN, 1};
    Var in = tape_input(tape, x, 1, 2);
    ck_assert(isnan(tape_value(tape, tape_relu(tape, in))[0]));
    ck_assert(isnan(tape_value(tape, tape_tanh(tape, in))[0]));
    ck_assert(isnan(tape_value(tape, tape_mean(tape, in))[0]));
    ck_assert(isnan(tape_value(tape, tape_huber(tape, in, (float[2]){0}, NULL, 1))[0]));
    ck_assert(isnan(tape_value(tape, tape_quantile_huber(tape, in, (float[2]){0}, NULL, 1))[0]));
}
END_TEST

START_TEST(huber_is_linear_beyond_its_threshold)
{
    static const float x[3] = {0.5f, -3, 1e30f}, target[3] = {0};
    Var loss = tape_huber(tape, tape_param(tape, x, grad[0], 3, 1), target, NULL, 1);
    tape_backward(tape, loss);
    near(grad[0][0], 0.5f / 3, 1e-7);
    near(grad[0][1], -1.0f / 3, 1e-7);
    near(grad[0][2], 1.0f / 3, 1e-7); /* no overflow */
}
END_TEST

/* theta = 1, 3 for the quantiles 1/4, 3/4; targets 0, 2: u = -1, 1 and -3, -1. */
START_TEST(quantile_huber_by_hand)
{
    static const float x[2] = {1, 3}, target[2] = {0, 2}, weight[1] = {2};
    for (int weighted = 0; weighted < 2; weighted++) {
        float k = weighted ? 2 : 1;
        memset(grad, 0, sizeof grad);
        tape_reset(tape);
        Var loss = tape_quantile_huber(tape, tape_param(tape, x, grad[0], 1, 2), target,
                                       weighted ? weight : NULL, 1);
        tape_backward(tape, loss);
        /* 3/4 1/2 + 1/4 1/2 + 1/4 5/2 + 1/4 1/2 */
        near(tape_value(tape, loss)[0], k * 1.25f / 4, 1e-7);
        near(grad[0][0], k * (0.75f - 0.25f) / 4, 1e-7);
        near(grad[0][1], k * (0.25f + 0.25f) / 4, 1e-7);
    }
}
END_TEST

START_TEST(one_quantile_is_half_of_huber)
{
    static const float x[3] = {0.5f, -3, 1}, target[3] = {0, 0.25f, 5}, weight[3] = {1, 0.5f, 2};
    for (int which = 0; which < 2; which++) {
        Var leaf = tape_param(tape, x, grad[which], 3, 1);
        Var loss = which ? tape_huber(tape, leaf, target, weight, 1)
                         : tape_scale(tape, tape_quantile_huber(tape, leaf, target, weight, 1), 2);
        tape_backward(tape, loss);
        tape_reset(tape);
    }
    for (int i = 0; i < 3; i++) near(grad[0][i], grad[1][i], 1e-7);
}
END_TEST

/* With a small threshold the least loss is at the quantiles: of 100 numbers 0..99 (in rows of 4, all
 * of them estimated by one row) at 12, 37, 62 and 87. */
START_TEST(the_least_loss_is_at_the_quantiles)
{
    static float target[100];
    static const int same[25] = {0};
    float theta[4] = {50, 50, 50, 50};
    for (int i = 0; i < 100; i++) target[i] = (float)(i * 37 % 100);
    for (int step = 0; step < 600; step++) {
        float d[4] = {0};
        tape_reset(tape);
        Var x = tape_gather_rows(tape, tape_param(tape, theta, d, 1, 4), same, 25);
        tape_backward(tape, tape_quantile_huber(tape, x, target, NULL, 0.01f));
        for (int i = 0; i < 4; i++) theta[i] -= 2000 * d[i];
    }
    for (int i = 0; i < 4; i++) near(theta[i], 12.0f + 25 * (float)i, 0.1);
}
END_TEST

/* More quantiles than the loops take at once, and as many. */
START_TEST(any_number_of_quantiles)
{
    enum { ROWS = 2, MOST = 37 };
    static const int NUMBERS[] = {15, 16, 17, 32, MOST};
    static float x[ROWS * MOST], target[ROWS * MOST], got[ROWS * MOST];
    int N = NUMBERS[_i];
    double loss = 0, slope[ROWS * MOST] = {0};
    Rng rng;

    rng_seed(&rng, 6, (uint64_t)_i);
    memset(got, 0, sizeof got);
    for (int e = 0; e < ROWS * N; e++) {
        x[e] = (float)rng_normal(&rng);
        target[e] = (float)rng_normal(&rng);
    }
    for (int e = 0; e < ROWS * N * N; e++) {
        int i = e / N, j = i / N * N + e % N;
        double u = (double)target[j] - (double)x[i], a = fabs(u);
        double w = fabs((i % N + 0.5) / N - (u < 0)) / (ROWS * N * N);
        loss += w * (a <= 0.5 ? u * u / 2 : 0.5 * (a - 0.25));
        slope[i] -= w * (a <= 0.5 ? u : copysign(0.5, u));
    }
    Var v = tape_quantile_huber(tape, tape_param(tape, x, got, ROWS, N), target, NULL, 0.5f);
    tape_backward(tape, v);
    near(tape_value(tape, v)[0], loss, 1e-7);
    for (int e = 0; e < ROWS * N; e++) near(got[e], slope[e], 1e-8);
}
END_TEST

START_TEST(quantile_huber_is_pytorchs)
{
    int n = QUANTILE_ROWS * QUANTILE_N;
    Var x = tape_param(tape, quantile_x, grad[0], QUANTILE_ROWS, QUANTILE_N);
    Var loss = tape_quantile_huber(tape, x, quantile_target, quantile_weight, 0.7f);
    tape_backward(tape, loss);
    near(tape_value(tape, loss)[0], quantile_loss[0], 1e-6);
    for (int i = 0; i < n; i++) near(grad[0][i], quantile_grad[i], 1e-7);
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    Err err = {0};
    Tape *t;
    ck_every_allocation_failure(tape_create(&t, 4, 100, &err), tape_destroy(t));
    tape_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tape");
    TCase *tc = tcase_create("operation");
    tcase_set_timeout(tc, 20);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, values_are_as_defined, 0, N_OPERATIONS);
    tcase_add_loop_test(tc, gradients_agree_with_central_differences, 0, N_OPERATIONS);
    tcase_add_loop_test(tc, parameters_add_to_the_gradient_they_are_given, 0, N_OPERATIONS);
    tcase_add_loop_test(tc, overwritten_gradients_need_no_clearing, 0, N_OPERATIONS);
    tcase_add_test(tc, overwriting_clears_what_the_loss_does_not_depend_on);
    tcase_add_loop_test(tc, repetition_gives_the_same_bits, 0, N_OPERATIONS);
    tcase_add_loop_test(tc, no_operation_allocates, 0, N_OPERATIONS);
    tcase_add_test(tc, inputs_get_no_gradient);
    tcase_add_test(tc, a_loss_of_inputs_alone_is_allowed);
    tcase_add_test(tc, nothing_is_a_valid_size);
    tcase_add_test(tc, tanh_is_within_a_few_ulp);
    tcase_add_test(tc, a_diverged_net_stays_visible);
    tcase_add_test(tc, huber_is_linear_beyond_its_threshold);
    tcase_add_test(tc, quantile_huber_by_hand);
    tcase_add_test(tc, one_quantile_is_half_of_huber);
    tcase_add_test(tc, the_least_loss_is_at_the_quantiles);
    tcase_add_loop_test(tc, any_number_of_quantiles, 0, 5);
    tcase_add_test(tc, quantile_huber_is_pytorchs);
    suite_add_tcase(s, tc);
    tc = new_case("memory", 20);
    tcase_add_test(tc, node_floats_is_enough_and_no_more);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
