/* test_stats.c -- the bootstrap interval: what it covers, that it repeats, and its edges. */
#include "base/stats.h"

#include "base/rng.h"
#include "tests/support.h"

#include <math.h>

START_TEST(one_value_is_its_own_interval)
{
    double x = 3.5;
    Interval i = bootstrap_mean(&x, 1, 100, 1);
    ck_assert_double_eq(i.mean, 3.5);
    ck_assert_double_eq(i.lo, 3.5);
    ck_assert_double_eq(i.hi, 3.5);
}
END_TEST

START_TEST(equal_values_have_no_width)
{
    double x[50];
    for (int i = 0; i < 50; i++) x[i] = -2;
    Interval i = bootstrap_mean(x, 50, 40, 9);
    ck_assert_double_eq(i.lo, -2);
    ck_assert_double_eq(i.hi, -2);
}
END_TEST

static void normal_sample(double *x, int n, double mean, double sigma, Rng *rng)
{
    for (int i = 0; i < n; i++) x[i] = mean + sigma * rng_normal(rng);
}

START_TEST(the_same_seed_gives_the_same_interval)
{
    double x[30];
    Rng rng;
    rng_seed(&rng, 1, 0);
    normal_sample(x, 30, 5, 1, &rng);
    Interval a = bootstrap_mean(x, 30, 1000, 7), b = bootstrap_mean(x, 30, 1000, 7);
    Interval other = bootstrap_mean(x, 30, 1000, 8);
    ck_assert_double_eq(a.lo, b.lo);
    ck_assert_double_eq(a.hi, b.hi);
    ck_assert(other.lo < a.lo || other.lo > a.lo);
    ck_assert(a.lo < a.mean && a.mean < a.hi);
}
END_TEST

/* Standard error sigma / sqrt(n): the interval of a normal sample is about +- 1.96 of them. */
START_TEST(the_width_is_that_of_the_normal_approximation)
{
    double x[2000];
    Rng rng;
    rng_seed(&rng, 2, 0);
    normal_sample(x, 2000, 0, 3, &rng);
    Interval i = bootstrap_mean(x, 2000, 10000, 1);
    ck_assert_double_eq_tol(i.hi - i.lo, 2 * 1.96 * 3 / sqrt(2000), 0.02);
}
END_TEST

/* 1000 experiments of 40 values: coverage has a standard error of 0.7 points, and the percentile
 * bootstrap of the mean is known to cover about a point too little at this n. */
START_TEST(the_interval_covers_a_known_mean_about_95_times_in_100)
{
    enum { EXPERIMENTS = 1000, N = 40 };
    int covered = 0;
    double x[N];
    Rng rng;
    rng_seed(&rng, 3, 0);
    for (int e = 0; e < EXPERIMENTS; e++) {
        normal_sample(x, N, 10, 2, &rng);
        Interval i = bootstrap_mean(x, N, 400, (uint64_t)e);
        covered += i.lo <= 10 && 10 <= i.hi;
    }
    ck_assert_int_ge(covered, 915);
    ck_assert_int_le(covered, 975);
}
END_TEST

/* Shifting and scaling the data does the same to the interval. */
START_TEST(the_interval_moves_with_the_data)
{
    double x[25], y[25];
    Rng rng;
    rng_seed(&rng, 4, 0);
    normal_sample(x, 25, 0, 1, &rng);
    for (int i = 0; i < 25; i++) y[i] = 4 * x[i] + 100;
    Interval a = bootstrap_mean(x, 25, 500, 3), b = bootstrap_mean(y, 25, 500, 3);
    ck_assert_double_eq_tol(b.mean, 4 * a.mean + 100, 1e-9);
    ck_assert_double_eq_tol(b.lo, 4 * a.lo + 100, 1e-9);
    ck_assert_double_eq_tol(b.hi, 4 * a.hi + 100, 1e-9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stats");
    TCase *tc = new_case("bootstrap", 60);
    tcase_add_test(tc, one_value_is_its_own_interval);
    tcase_add_test(tc, equal_values_have_no_width);
    tcase_add_test(tc, the_same_seed_gives_the_same_interval);
    tcase_add_test(tc, the_width_is_that_of_the_normal_approximation);
    tcase_add_test(tc, the_interval_covers_a_known_mean_about_95_times_in_100);
    tcase_add_test(tc, the_interval_moves_with_the_data);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
