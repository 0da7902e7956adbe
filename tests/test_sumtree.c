/* test_sumtree.c -- the sum tree against a plain list of prefix sums. */
#include "tests/support.h"

#include "base/mem.h"
#include "base/rng.h"
#include "rl/sumtree.h"

#include <math.h>
#include <string.h>

static size_t naive_find(const double *w, size_t n, double u)
{
    size_t last = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (w[i] == 0) continue;
        sum += w[i];
        last = i;
        if (u < sum) break;
    }
    return last;
}

static SumTree *create(size_t n)
{
    SumTree *t;
    Err err = {0};
    ck_ok(sumtree_create(&t, n, &err), err);
    return t;
}

static size_t find(const SumTree *t, double u)
{
    size_t found;
    sumtree_find(t, &u, 1, &found);
    return found;
}

/* Multiples of 1/8: sums are exact in any order, and so must the finds be. */
static double random_weight(Rng *rng)
{
    return rng_below(rng, 3) ? rng_below(rng, 800) / 8.0 : 0;
}

START_TEST(finds_are_those_of_prefix_sums)
{
    static double w[300];
    size_t n = (size_t)_i;
    SumTree *t = create(n);
    Rng rng;

    rng_seed(&rng, 50, n);
    memset(w, 0, sizeof w);
    for (int round = 0; round < 200; round++) {
        size_t i = rng_below(&rng, (uint32_t)n);
        double total = 0;
        w[i] = random_weight(&rng);
        sumtree_set(t, i, w[i]);
        for (size_t k = 0; k < n; k++) {
            ck_assert(sumtree_get(t, k) == w[k]);
            total += w[k];
        }
        ck_assert(sumtree_total(t) == total);
        if (!(total > 0)) continue;
        for (int k = 0; k < 20; k++) {
            double u = k == 0 ? 0 : k == 1 ? total : floor(rng_uniform(&rng) * total * 8) / 8;
            ck_assert_uint_eq(find(t, u), naive_find(w, n, u));
        }
    }
    sumtree_destroy(t);
}
END_TEST

/* Weights of any size, where sums round: what is found is never of weight 0, and lies where the
 * prefix sums say but for rounding. */
START_TEST(weights_of_zero_are_never_found)
{
    enum { N = 1000 };
    static double w[N], before[N + 1];
    SumTree *t = create(N);
    Rng rng;

    rng_seed(&rng, 51, (uint64_t)_i);
    for (size_t i = 0; i < N; i++) {
        w[i] = rng_below(&rng, 4) ? 0 : exp2(60 * rng_uniform(&rng) - 30);
        before[i + 1] = before[i] + w[i];
        sumtree_set(t, i, w[i]);
    }
    double total = sumtree_total(t);
    ck_assert_double_eq_tol(total, before[N], 1e-12 * total);
    for (int k = 0; k < 20000; k++) {
        double u = k == 0 ? total : k == 1 ? nextafter(total, 0) : rng_uniform(&rng) * total;
        size_t i = find(t, u);
        ck_assert(w[i] > 0);
        ck_assert(u >= before[i] - 1e-12 * total && u <= before[i + 1] + 1e-12 * total);
    }
    sumtree_destroy(t);
}
END_TEST

/* Chi-square over 50 weights with 49 degrees of freedom: 94.6 is passed by chance once in 10^4, and
 * the seed is fixed. */
START_TEST(draws_are_proportional)
{
    enum { N = 50, DRAWS = 400000 };
    static long seen[N];
    double chi2 = 0;
    SumTree *t = create(N);
    Rng rng;

    rng_seed(&rng, 52, 0);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < N; i++) sumtree_set(t, i, 0.1 + rng_exponential(&rng, 1));
    for (int k = 0; k < DRAWS; k++) seen[find(t, rng_uniform(&rng) * sumtree_total(t))]++;
    for (size_t i = 0; i < N; i++) {
        double want = DRAWS * sumtree_get(t, i) / sumtree_total(t);
        chi2 += pow((double)seen[i] - want, 2) / want;
    }
    ck_assert_double_lt(chi2, 94.6);
    sumtree_destroy(t);
}
END_TEST

/* The same weights give the same bits, whatever was there before, and so does a rebuilt tree. */
START_TEST(the_tree_is_a_function_of_its_weights)
{
    enum { N = 777 };
    SumTree *a = create(N), *b = create(N), *c = create(N);
    Rng rng;

    rng_seed(&rng, 53, 0);
    for (size_t i = 0; i < N; i++) sumtree_set(a, i, rng_exponential(&rng, 1));
    for (size_t i = 0; i < N; i++) sumtree_set(b, N - 1 - i, 1e9 * rng_uniform(&rng));
    for (size_t i = 0; i < N; i++) sumtree_set(b, i * 5 % N, sumtree_get(a, i * 5 % N));
    memcpy(sumtree_weights(c), sumtree_weights(a), N * sizeof(double));
    sumtree_rebuild(c);
    ck_assert(sumtree_total(a) == sumtree_total(b) && sumtree_total(a) == sumtree_total(c));
    for (int k = 0; k < 5000; k++) {
        double u = rng_uniform(&rng) * sumtree_total(a);
        ck_assert_uint_eq(find(a, u), find(b, u));
        ck_assert_uint_eq(find(a, u), find(c, u));
    }
    sumtree_destroy(a);
    sumtree_destroy(b);
    sumtree_destroy(c);
}
END_TEST

START_TEST(many_finds_are_those_one_by_one)
{
    enum { N = 3000, MANY = 100 };
    size_t one[MANY], many[MANY];
    double u[MANY];
    SumTree *t = create(N);
    Rng rng;

    rng_seed(&rng, 54, 0);
    for (size_t i = 0; i < N; i++) sumtree_set(t, i, rng_exponential(&rng, 1));
    for (int k = 0; k < MANY; k++) {
        u[k] = rng_uniform(&rng) * sumtree_total(t);
        one[k] = find(t, u[k]);
    }
    sumtree_find(t, u, MANY, many);
    ck_assert_mem_eq(one, many, sizeof one);
    sumtree_destroy(t);
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    SumTree *t;
    ck_every_allocation_failure(sumtree_create(&t, 5, NULL), sumtree_destroy(t));
    ck_assert_int_eq(sumtree_create(&t, (size_t)-1, NULL), ST_NOMEM);
    ck_assert_ptr_null(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sumtree");
    TCase *tc = new_case("sumtree", 60);
    tcase_add_loop_test(tc, finds_are_those_of_prefix_sums, 1, 80);
    tcase_add_loop_test(tc, weights_of_zero_are_never_found, 0, 5);
    tcase_add_test(tc, draws_are_proportional);
    tcase_add_test(tc, the_tree_is_a_function_of_its_weights);
    tcase_add_test(tc, many_finds_are_those_one_by_one);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
