/* test_mlp.c -- shapes, initial weights, both forward passes, and whole training steps against
 * PyTorch; two small problems that must be learned. */
#include "nn/mlp.h"

#include "nn/optim.h"
#include "tests/golden/nn/mlp_step.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { MAX_PARAMS = 60000 };
static float params[MAX_PARAMS], grads[MAX_PARAMS];

static Mlp make(int in, int h1, int h2, int out, Activation act)
{
    Mlp m;
    Err err = {0};
    ck_ok(mlp_init(&m, in, (int[]){h1, h2}, 2, out, act, &err), err);
    ck_assert_uint_le(mlp_params(&m), MAX_PARAMS);
    return m;
}

START_TEST(slab_holds_weights_then_bias_layer_by_layer)
{
    Mlp m = make(5, 7, 3, 2, ACT_RELU);
    ck_assert_uint_eq(mlp_weight_offset(&m, 0), 0);
    ck_assert_uint_eq(mlp_bias_offset(&m, 0), 35);
    ck_assert_uint_eq(mlp_weight_offset(&m, 1), 42);
    ck_assert_uint_eq(mlp_bias_offset(&m, 1), 63);
    ck_assert_uint_eq(mlp_weight_offset(&m, 2), 66);
    ck_assert_uint_eq(mlp_bias_offset(&m, 2), 72);
    ck_assert_uint_eq(mlp_params(&m), 74);
}
END_TEST

START_TEST(init_refuses_bad_shapes)
{
    static const int hidden[MLP_MAX_LAYERS] = {4, 4, 4, 4, 4, 4, 4, 4};
    Mlp m;
    Err err = {0};
    ck_assert_int_eq(mlp_init(&m, 3, hidden, MLP_MAX_LAYERS, 1, ACT_RELU, &err), ST_CONFIG);
    ck_assert_str_eq(err.msg, "mlp: 8 hidden layers, use 0 to 7");
    ck_assert_int_eq(mlp_init(&m, 3, hidden, -1, 1, ACT_RELU, NULL), ST_CONFIG);
    ck_assert_int_eq(mlp_init(&m, 0, hidden, 1, 1, ACT_RELU, NULL), ST_CONFIG);
    ck_assert_int_eq(mlp_init(&m, 3, (int[]){0}, 1, 1, ACT_RELU, NULL), ST_CONFIG);
    ck_assert_int_eq(mlp_init(&m, 3, hidden, 1, 65537, ACT_RELU, NULL), ST_CONFIG);
    ck_assert_int_eq(mlp_init(&m, 3, hidden, MLP_MAX_LAYERS - 1, 65536, ACT_RELU, NULL), ST_OK);
    ck_assert_int_eq(mlp_init(&m, 3, NULL, 0, 1, ACT_RELU, NULL), ST_OK);
    ck_assert_int_eq(m.layers, 1);
}
END_TEST

/* ---- initial weights ---- */

START_TEST(he_weights_have_variance_two_over_fan_in)
{
    Mlp m = make(100, 150, 120, 60, ACT_RELU);
    Rng rng;
    rng_seed(&rng, 1, 0);
    mlp_randomise(&m, params, INIT_HE, 0.1f, &rng);
    for (int i = 0; i < 3; i++) {
        size_t first = mlp_weight_offset(&m, i), n = mlp_bias_offset(&m, i) - first;
        double sum = 0, squares = 0, scale = i == 2 ? 0.1 : 1, sd = scale * sqrt(2.0 / m.width[i]);
        for (size_t j = first; j < first + n; j++) {
            sum += (double)params[j];
            squares += (double)params[j] * (double)params[j];
        }
        /* five standard errors of a mean and of a variance */
        ck_assert_double_eq_tol(sum / (double)n, 0, 5 * sd / sqrt((double)n));
        ck_assert_double_eq_tol(squares / (double)n, sd * sd, 5 * sd * sd * sqrt(2 / (double)n));
        for (int j = 0; j < m.width[i + 1]; j++)
            ck_assert(params[mlp_bias_offset(&m, i) + (size_t)j] == 0);
    }
}
END_TEST

/* The fewer of rows and columns are orthogonal to each other, of length gain. */
static void check_orthogonal(const float *w, int in, int out, double gain)
{
    int rows = in <= out, count = rows ? in : out, len = rows ? out : in;
    for (int a = 0; a < count; a++)
        for (int b = 0; b <= a; b++) {
            double dot = 0;
            for (int j = 0; j < len; j++)
                dot += (double)w[rows ? a * out + j : j * out + a] *
                       (double)w[rows ? b * out + j : j * out + b];
            ck_assert_double_eq_tol(dot, a == b ? gain * gain : 0, 1e-5 * gain * gain);
        }
}

START_TEST(orthogonal_weights_are_orthogonal)
{
    static const Activation ACTS[] = {ACT_RELU, ACT_TANH};
    static const double GAINS[] = {1.4142135623730951, 5.0 / 3};
    for (int k = 0; k < 2; k++) {
        Mlp m = make(40, 128, 96, 1, ACTS[k]);
        Rng rng;
        rng_seed(&rng, 2, 0);
        mlp_randomise(&m, params, INIT_ORTHOGONAL, 0.01f, &rng);
        check_orthogonal(params + mlp_weight_offset(&m, 0), 40, 128, GAINS[k]);
        check_orthogonal(params + mlp_weight_offset(&m, 1), 128, 96, GAINS[k]);
        check_orthogonal(params + mlp_weight_offset(&m, 2), 96, 1, (double)0.01f);
    }
}
END_TEST

START_TEST(seed_decides_the_weights)
{
    static float again[MAX_PARAMS];
    Mlp m = make(10, 20, 30, 4, ACT_TANH);
    size_t bytes = mlp_params(&m) * sizeof *params;
    for (int init = INIT_HE; init <= INIT_ORTHOGONAL; init++) {
        Rng rng;
        rng_seed(&rng, 3, 0);
        mlp_randomise(&m, params, (Init)init, 1, &rng);
        mlp_randomise(&m, again, (Init)init, 1, &rng);
        ck_assert(memcmp(params, again, bytes));
        rng_seed(&rng, 3, 0);
        mlp_randomise(&m, again, (Init)init, 1, &rng);
        ck_assert(!memcmp(params, again, bytes));
    }
}
END_TEST

/* ---- forward ---- */

START_TEST(inference_gives_the_bits_of_the_tape)
{
    static float x[100 * 40], y[100 * 3];
    Mlp m = make(40, 128, 70, 3, _i ? ACT_TANH : ACT_RELU);
    Rng rng;
    Tape *t;
    Err err = {0};
    rng_seed(&rng, 4, 0);
    mlp_randomise(&m, params, INIT_HE, 1, &rng);
    for (int i = 0; i < 100 * 40; i++) x[i] = (float)rng_normal(&rng);
    ck_ok(tape_create(&t, mlp_tape_nodes(&m) + 1, mlp_tape_floats(&m, 100), &err), err);
    for (int rows = 0; rows <= 100; rows += rows < 40 ? 1 : 20) {
        float *scratch = mem_calloc(mlp_scratch_floats(&m, rows), sizeof *scratch);
        mlp_infer(&m, params, x, rows, scratch, y);
        tape_reset(t);
        Var v = mlp_forward(&m, t, params, grads, tape_input(t, x, rows, 40));
        ck_assert_int_eq(memcmp(y, tape_value(t, v), (size_t)rows * 3 * sizeof *y), 0);
        mem_free(scratch);
    }
    tape_destroy(t);
}
END_TEST

START_TEST(without_hidden_layers_it_is_linear)
{
    static const float p[] = {1, 3, 2, 4, 10, 20}, x[] = {1, -1};
    float y[2];
    Mlp m;
    Err err = {0};
    ck_ok(mlp_init(&m, 2, NULL, 0, 2, ACT_RELU, &err), err);
    mlp_infer(&m, p, x, 1, NULL, y);
    ck_assert(y[0] == 9 && y[1] == 19);
}
END_TEST

/* ---- training ---- */

typedef struct Trainer {
    Mlp mlp;
    Tape *tape;
    Adam adam;
    int rows;
} Trainer;

static Trainer trainer(Mlp m, int rows)
{
    Trainer tr = {.mlp = m, .rows = rows};
    Err err = {0};
    size_t floats = mlp_tape_floats(&m, rows) + tape_node_floats(1, 1);
    ck_ok(tape_create(&tr.tape, mlp_tape_nodes(&m) + 2, floats, &err), err);
    ck_ok(adam_init(&tr.adam, mlp_params(&m), 0.9, 0.999, 1e-8, &err), err);
    return tr;
}

static void trainer_free(Trainer *tr)
{
    tape_destroy(tr->tape);
    adam_free(&tr->adam);
}

/* Forward and backward; delta 0 means squared error. Returns the loss; *y is the output. */
static double loss_and_grads(Trainer *tr, const float *x, const float *target, const float *weight,
                             float delta, const float **y)
{
    Tape *t = tr->tape;
    tape_reset(t);
    memset(grads, 0, mlp_params(&tr->mlp) * sizeof *grads);
    Var v = mlp_forward(&tr->mlp, t, params, grads, tape_input(t, x, tr->rows, tr->mlp.width[0]));
    Var loss = delta > 0 ? tape_huber(t, v, target, weight, delta) : tape_mse(t, v, target, weight);
    tape_backward(t, loss);
    if (y) *y = tape_value(t, v);
    return (double)tape_value(t, loss)[0];
}

static void same_as(const char *what, const float *got, const float *want, size_t n, double tol)
{
    double off = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        off += pow((double)got[i] - (double)want[i], 2);
        norm += pow((double)want[i], 2);
    }
    ck_assert_msg(sqrt(off / norm) < tol, "%s: relative error %g", what, sqrt(off / norm));
}

typedef struct Golden {
    Activation act;
    const float *params, *x, *target, *weight, *y, *grads, *losses, *norms, *after;
} Golden;

static const Golden GOLDEN[] = {
    {ACT_RELU, relu_params, relu_x, relu_target, relu_weight, relu_y, relu_grads, relu_losses,
     relu_norms, relu_params_after},
    {ACT_TANH, tanh_params, tanh_x, tanh_target, tanh_weight, tanh_y, tanh_grads, tanh_losses,
     tanh_norms, tanh_params_after},
};

/* A slab of PyTorch's, with W[out,in], in our order. */
static void from_pytorch(const Mlp *m, const float *theirs, float *ours)
{
    for (int i = 0; i < m->layers; i++) {
        int in = m->width[i], out = m->width[i + 1];
        size_t w = mlp_weight_offset(m, i), b = mlp_bias_offset(m, i);
        for (int o = 0; o < out; o++) {
            for (int j = 0; j < in; j++)
                ours[w + (size_t)(j * out + o)] = theirs[w + (size_t)(o * in + j)];
            ours[b + (size_t)o] = theirs[b + (size_t)o];
        }
    }
}

START_TEST(training_steps_are_pytorchs)
{
    static float want[MAX_PARAMS];
    const Golden *g = &GOLDEN[_i];
    Trainer tr = trainer(make(GOLD_IN, GOLD_H1, GOLD_H2, GOLD_OUT, g->act), GOLD_ROWS);
    size_t n = mlp_params(&tr.mlp);
    from_pytorch(&tr.mlp, g->params, params);
    for (int s = 0; s < GOLD_STEPS; s++) {
        const float *y;
        double loss = loss_and_grads(&tr, g->x, g->target, g->weight, (float)GOLD_DELTA, &y);
        ck_assert_double_eq_tol(loss, (double)g->losses[s], 2e-6 * loss);
        if (s == 0) {
            same_as("output", y, g->y, GOLD_ROWS * GOLD_OUT, 1e-6);
            from_pytorch(&tr.mlp, g->grads, want);
            same_as("gradient", grads, want, n, 1e-6);
        }
        double norm = grad_clip(grads, n, GOLD_MAX_NORM);
        ck_assert_double_eq_tol(norm, (double)g->norms[s], 5e-6 * norm);
        adam_step(&tr.adam, params, grads, GOLD_LR);
    }
    from_pytorch(&tr.mlp, g->after, want);
    same_as("parameters", params, want, n, 2e-6);
    trainer_free(&tr);
}
END_TEST

START_TEST(step_does_not_allocate_and_repeats_bit_for_bit)
{
    static float once[MAX_PARAMS];
    const Golden *g = &GOLDEN[_i];
    Mlp m = make(GOLD_IN, GOLD_H1, GOLD_H2, GOLD_OUT, g->act);
    size_t bytes = mlp_params(&m) * sizeof *params;
    for (int pass = 0; pass < 3; pass++) {
        Trainer tr = trainer(m, GOLD_ROWS);
        from_pytorch(&m, g->params, params);
        long failed = mem_failed, live = mem_live;
        mem_fail_at = 0;
        for (int s = 0; s < 20; s++) {
            loss_and_grads(&tr, g->x, g->target, g->weight, (float)GOLD_DELTA, NULL);
            grad_clip(grads, mlp_params(&m), GOLD_MAX_NORM);
            adam_step(&tr.adam, params, grads, GOLD_LR);
        }
        mem_fail_at = -1;
        ck_assert_int_eq(mem_failed, failed);
        ck_assert_int_eq(mem_live, live);
        if (pass == 0) memcpy(once, params, bytes);
        ck_assert_int_eq(memcmp(once, params, bytes), 0);
        trainer_free(&tr);
    }
}
END_TEST

START_TEST(without_grads_parameters_are_constants)
{
    static const float x[6] = {1, 2, 3, 4, 5, 6}, target[1] = {0};
    Trainer tr = trainer(make(6, 4, 3, 1, ACT_TANH), 1);
    Rng rng;
    rng_seed(&rng, 5, 0);
    mlp_randomise(&tr.mlp, params, INIT_HE, 1, &rng);
    Var y = mlp_forward(&tr.mlp, tr.tape, params, NULL, tape_input(tr.tape, x, 1, 6));
    tape_backward(tr.tape, tape_mse(tr.tape, y, target, NULL));
    ck_assert_ptr_null(tape_grad(tr.tape, y));
    trainer_free(&tr);
}
END_TEST

static double learn(Trainer *tr, const float *x, const float *target, int steps, double lr)
{
    Rng rng;
    rng_seed(&rng, 6, (uint64_t)tr->mlp.act);
    mlp_randomise(&tr->mlp, params, INIT_ORTHOGONAL, 1, &rng);
    for (int s = 0; s < steps; s++) {
        loss_and_grads(tr, x, target, NULL, 0, NULL);
        adam_step(&tr->adam, params, grads, lr);
    }
    return loss_and_grads(tr, x, target, NULL, 0, NULL);
}

START_TEST(learns_xor_in_500_steps)
{
    static const float x[] = {0, 0, 0, 1, 1, 0, 1, 1}, target[] = {0, 1, 1, 0};
    Trainer tr = trainer(make(2, 16, 16, 1, _i ? ACT_TANH : ACT_RELU), 4);
    double loss = learn(&tr, x, target, 500, 1e-2);
    ck_assert_msg(loss < 1e-3, "loss %g", loss);
    trainer_free(&tr);
}
END_TEST

START_TEST(fits_a_sine_in_1000_steps)
{
    enum { N = 64 };
    float x[N], target[N];
    Trainer tr = trainer(make(1, 32, 32, 1, _i ? ACT_TANH : ACT_RELU), N);
    for (int i = 0; i < N; i++) {
        x[i] = 2 * (float)i / (N - 1) - 1;
        target[i] = sinf(3 * x[i]);
    }
    double loss = learn(&tr, x, target, 1000, 5e-3);
    ck_assert_msg(loss < 1e-3, "loss %g", loss);
    trainer_free(&tr);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mlp");
    TCase *tc = new_case("mlp", 20);
    tcase_add_test(tc, slab_holds_weights_then_bias_layer_by_layer);
    tcase_add_test(tc, init_refuses_bad_shapes);
    tcase_add_test(tc, he_weights_have_variance_two_over_fan_in);
    tcase_add_test(tc, orthogonal_weights_are_orthogonal);
    tcase_add_test(tc, seed_decides_the_weights);
    tcase_add_loop_test(tc, inference_gives_the_bits_of_the_tape, 0, 2);
    tcase_add_test(tc, without_hidden_layers_it_is_linear);
    tcase_add_loop_test(tc, training_steps_are_pytorchs, 0, 2);
    tcase_add_loop_test(tc, step_does_not_allocate_and_repeats_bit_for_bit, 0, 2);
    tcase_add_test(tc, without_grads_parameters_are_constants);
    tcase_add_loop_test(tc, learns_xor_in_500_steps, 0, 2);
    tcase_add_loop_test(tc, fits_a_sine_in_1000_steps, 0, 2);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
