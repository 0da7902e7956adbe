/* test_optim.c -- the optimisers against PyTorch's and against their formulas in double. */
#include "nn/optim.h"

#include "base/rng.h"
#include "tests/golden/nn/optimisers.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

static const double LR = 1e-2, BETA1 = 0.9, BETA2 = 0.999, EPS = 1e-8;

static void same_as(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <= 1e-6 * (1 + fabs((double)want[i])),
                      "parameter %zu is %.9g, not %.9g", i, (double)got[i], (double)want[i]);
}

START_TEST(adam_steps_as_pytorch)
{
    float p[OPT_N];
    Adam a;
    Err err = {0};
    ck_ok(adam_init(&a, OPT_N, BETA1, BETA2, EPS, &err), err);
    memcpy(p, opt_start, sizeof p);
    for (int s = 0; s < OPT_STEPS; s++) adam_step(&a, p, opt_grads + s * OPT_N, LR);
    same_as(p, opt_adam, OPT_N);
    ck_assert_uint_eq(a.t, OPT_STEPS);
    adam_free(&a);
}
END_TEST

START_TEST(sgd_steps_as_pytorch)
{
    float p[OPT_N], velocity[OPT_N] = {0};
    memcpy(p, opt_start, sizeof p);
    for (int s = 0; s < OPT_STEPS; s++) sgd_step(p, opt_grads + s * OPT_N, NULL, OPT_N, LR, 0);
    same_as(p, opt_sgd, OPT_N);
    memcpy(p, opt_start, sizeof p);
    for (int s = 0; s < OPT_STEPS; s++)
        sgd_step(p, opt_grads + s * OPT_N, velocity, OPT_N, LR, 0.9);
    same_as(p, opt_momentum, OPT_N);
}
END_TEST

/* Algorithm 1 of Kingma & Ba 2015, one parameter, in double. */
static double adam_by_the_book(const float *g, int steps, double p, double lr, double eps)
{
    double m = 0, v = 0;
    for (int t = 1; t <= steps; t++) {
        double x = (double)g[t - 1];
        m = BETA1 * m + (1 - BETA1) * x;
        v = BETA2 * v + (1 - BETA2) * x * x;
        p -= lr * (m / (1 - pow(BETA1, t))) / (sqrt(v / (1 - pow(BETA2, t))) + eps);
    }
    return p;
}

START_TEST(adam_follows_the_paper_for_many_steps)
{
    enum { STEPS = 3000 };
    static float g[STEPS];
    float p = 0.5f;
    double eps = 1e-3; /* large, so that its place in the formula shows */
    Rng rng;
    Adam a;
    Err err = {0};
    rng_seed(&rng, 1, 0);
    ck_ok(adam_init(&a, 1, BETA1, BETA2, eps, &err), err);
    for (int s = 0; s < STEPS; s++) {
        g[s] = (float)(1e-2 * rng_normal(&rng));
        adam_step(&a, &p, &g[s], 1e-3);
    }
    ck_assert_double_eq_tol((double)p, adam_by_the_book(g, STEPS, 0.5, 1e-3, eps), 1e-5);
    adam_free(&a);
}
END_TEST

/* The bias corrections make the first step lr x sign(g), whatever the size of g. */
START_TEST(adams_first_step_has_length_lr)
{
    float p[3] = {0}, g[3] = {1e-4f, -7, 1e4f};
    Adam a;
    Err err = {0};
    ck_ok(adam_init(&a, 3, BETA1, BETA2, 1e-12, &err), err);
    adam_step(&a, p, g, LR);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol((double)p[i], g[i] > 0 ? -LR : LR, 1e-6 * LR + 1e-9);
    adam_free(&a);
}
END_TEST

START_TEST(steps_do_not_allocate)
{
    float p[OPT_N], g[OPT_N], velocity[OPT_N] = {0};
    Adam a;
    Err err = {0};
    ck_ok(adam_init(&a, OPT_N, BETA1, BETA2, EPS, &err), err);
    memcpy(p, opt_start, sizeof p);
    memcpy(g, opt_grads, sizeof g);
    long failed = mem_failed, live = mem_live;
    mem_fail_at = 0;
    grad_clip(g, OPT_N, 0.1);
    adam_step(&a, p, g, LR);
    sgd_step(p, g, velocity, OPT_N, LR, 0.9);
    mem_fail_at = -1;
    ck_assert_int_eq(mem_failed, failed);
    ck_assert_int_eq(mem_live, live);
    adam_free(&a);
}
END_TEST

START_TEST(adam_reports_every_allocation_failure)
{
    Adam a;
    Err err = {0};
    ck_every_allocation_failure(adam_init(&a, 10, BETA1, BETA2, EPS, &err), adam_free(&a));
    adam_free(&a); /* twice is allowed */
}
END_TEST

static double norm(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

START_TEST(clipping_keeps_the_direction)
{
    for (size_t n = 1; n <= OPT_N; n++) {
        float g[OPT_N];
        memcpy(g, opt_grads, sizeof g);
        double before = norm(g, n), limit = before / 3;
        ck_assert_double_eq_tol(grad_clip(g, n, limit), before, 1e-12 * before);
        ck_assert_double_eq_tol(norm(g, n), limit, 1e-6 * limit);
        for (size_t i = 0; i < n; i++)
            ck_assert_double_eq_tol((double)g[i], (double)opt_grads[i] / 3, 1e-6);
    }
}
END_TEST

START_TEST(clipping_leaves_short_empty_and_broken_gradients)
{
    float g[OPT_N], broken[2] = {3, NAN};
    memcpy(g, opt_grads, sizeof g);
    double length = norm(g, OPT_N);
    ck_assert_double_eq_tol(grad_clip(g, OPT_N, 1.001 * length), length, 1e-9);
    ck_assert_double_eq_tol(grad_clip(g, OPT_N, (double)INFINITY), length, 1e-9);
    ck_assert_int_eq(memcmp(g, opt_grads, sizeof g), 0);
    ck_assert(!isfinite(grad_clip(broken, 2, 1)));
    ck_assert(broken[0] == 3 && isnan(broken[1]));
    ck_assert(grad_clip(g, 0, 1) == 0);
    float huge[2] = {3e38f, 3e38f}; /* whose square is no float */
    ck_assert_double_eq_tol(grad_clip(huge, 2, 1), sqrt(2) * 3e38, 1e32);
    ck_assert_double_eq_tol((double)huge[0], sqrt(0.5), 1e-6);
}
END_TEST

enum { MANY = 5000 }; /* several blocks, and a rest */

static void random_floats(float *x, size_t n, Rng *rng)
{
    for (size_t i = 0; i < n; i++) x[i] = (float)rng_normal(rng);
}

START_TEST(gradients_are_added_in_order_and_measured)
{
    static float sum[MANY], more[2][MANY], expected[MANY];
    const float *const list[] = {more[0], more[1]};
    Rng rng;
    rng_seed(&rng, 2, 0);
    random_floats(sum, MANY, &rng);
    random_floats(more[0], MANY, &rng);
    random_floats(more[1], MANY, &rng);
    for (int i = 0; i < MANY; i++) expected[i] = sum[i] + more[0][i] + more[1][i];
    double squares = grad_add(sum, list, 2, MANY);
    ck_assert_int_eq(memcmp(sum, expected, sizeof sum), 0);
    ck_assert_double_eq_tol(sqrt(squares), norm(sum, MANY), 1e-9);
    ck_assert(grad_add(sum, NULL, 0, MANY) == squares);
    ck_assert_int_eq(memcmp(sum, expected, sizeof sum), 0);
    ck_assert(grad_add(sum, list, 2, 0) == 0);
}
END_TEST

/* Followers of different lengths, in either order, get the bits of a step and separate passes. */
START_TEST(copies_follow_adams_step)
{
    static float start[MANY], g[MANY], plain[MANY], p[MANY], copy[2][MANY];
    static const size_t LENGTH[][2] = {{MANY, MANY}, {MANY - 100, MANY}, {MANY, 77}, {10, 0}};
    const float SCALE = 0.25f, SHARE[] = {0.5f, 0.125f};
    Rng rng;
    Err err = {0};
    rng_seed(&rng, 3, 0);
    random_floats(start, MANY, &rng);
    random_floats(g, MANY, &rng);
    for (int c = 0; c < 4; c++) {
        Adam a, b;
        ck_ok(adam_init(&a, MANY, BETA1, BETA2, EPS, &err), err);
        ck_ok(adam_init(&b, MANY, BETA1, BETA2, EPS, &err), err);
        Follower f[2] = {{copy[0], LENGTH[c][0], 0.5}, {copy[1], LENGTH[c][1], 0.125}};
        memset(copy, 0, sizeof copy);
        memcpy(p, start, sizeof p);
        memcpy(plain, start, sizeof plain);
        adam_step_followed(&a, p, g, SCALE, LR, f, 2);
        for (int i = 0; i < MANY; i++) g[i] *= SCALE; /* exact */
        adam_step(&b, plain, g, LR);
        for (int i = 0; i < MANY; i++) g[i] /= SCALE;
        ck_assert_int_eq(memcmp(p, plain, sizeof p), 0);
        ck_assert_int_eq(memcmp(a.v, b.v, sizeof p), 0);
        for (int k = 0; k < 2; k++)
            for (size_t i = 0; i < MANY; i++)
                ck_assert(copy[k][i] == (i < LENGTH[c][k] ? SHARE[k] * p[i] : 0.0f));
        adam_free(&a);
        adam_free(&b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("optim");
    TCase *tc = new_case("optim", 20);
    tcase_add_test(tc, adam_steps_as_pytorch);
    tcase_add_test(tc, sgd_steps_as_pytorch);
    tcase_add_test(tc, adam_follows_the_paper_for_many_steps);
    tcase_add_test(tc, adams_first_step_has_length_lr);
    tcase_add_test(tc, steps_do_not_allocate);
    tcase_add_test(tc, adam_reports_every_allocation_failure);
    tcase_add_test(tc, clipping_keeps_the_direction);
    tcase_add_test(tc, clipping_leaves_short_empty_and_broken_gradients);
    tcase_add_test(tc, gradients_are_added_in_order_and_measured);
    tcase_add_test(tc, copies_follow_adams_step);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
