/* test_bandwidth.c -- sharing one DRAM: cases worked by hand, the laws of max-min fairness on
 * random demands, and agreement with a water level found by bisection. */
#include "env/bandwidth.h"

#include "base/rng.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { CASES = 6000, MAX_N = BANDWIDTH_MAX_SHARERS };
static const double TOLERANCE = 1e-12; /* relative */

typedef struct Case {
    int n;
    double demand[MAX_N], capacity, rate[MAX_N];
} Case;

/* Demands of very different sizes, with zeros, ties and demands of the whole capacity. */
static Case random_case(Rng *rng)
{
    Case c = {.n = 1 + (int)rng_below(rng, MAX_N), .capacity = 1 + 1000 * rng_uniform(rng)};
    double spread = rng_uniform(rng) < 0.5 ? 1 : 3.0 / c.n; /* crowded or nearly fitting */
    for (int i = 0; i < c.n; i++) {
        double u = rng_uniform(rng);
        c.demand[i] = spread * c.capacity * pow(rng_uniform(rng), 3);
        if (u < 0.15) c.demand[i] = 0;
        if (u > 0.9) c.demand[i] = c.capacity;
        if (u > 0.6 && u < 0.75 && i > 0) c.demand[i] = c.demand[i - 1];
    }
    return c;
}

static double sum_of_demands(const Case *c)
{
    double sum = 0;
    for (int i = 0; i < c->n; i++) sum += c->demand[i];
    return sum;
}

static double granted(const Case *c, int i)
{
    return c->rate[i] * c->demand[i];
}

static double sum_granted(const Case *c)
{
    double sum = 0;
    for (int i = 0; i < c->n; i++) sum += granted(c, i);
    return sum;
}

START_TEST(hand_cases_of_max_min)
{
    static const Case CASE[] = {
        {1, {80}, 100, {1}},                              /* fits */
        {2, {60, 40}, 100, {1, 1}},                       /* fits exactly */
        {2, {80, 80}, 100, {0.625, 0.625}},               /* halves */
        {2, {80, 50}, 100, {0.625, 1}},                   /* the small one is served in full */
        {3, {20, 100, 50}, 100, {1, 0.4, 0.8}},           /* 20, then 40 each */
        {3, {0, 100, 100}, 100, {1, 0.5, 0.5}},           /* computing needs no bandwidth */
        {4, {100, 10, 30, 90}, 100, {0.3, 1, 1, 1 / 3.}}, /* 10, 30, then 30 each */
        {0, {0}, 100, {0}},
    };
    for (size_t k = 0; k < sizeof CASE / sizeof *CASE; k++) {
        double rate[MAX_N];
        bandwidth_max_min(CASE[k].demand, CASE[k].n, CASE[k].capacity, rate);
        for (int i = 0; i < CASE[k].n; i++)
            ck_assert_double_eq_tol(rate[i], CASE[k].rate[i], TOLERANCE);
    }
}
END_TEST

START_TEST(hand_cases_of_proportional)
{
    static const Case CASE[] = {
        {2, {60, 40}, 100, {1, 1}},
        {2, {80, 50}, 100, {100 / 130., 100 / 130.}},
        {3, {0, 100, 100}, 100, {1, 0.5, 0.5}},
    };
    for (size_t k = 0; k < sizeof CASE / sizeof *CASE; k++) {
        double rate[MAX_N];
        bandwidth_proportional(CASE[k].demand, CASE[k].n, CASE[k].capacity, rate);
        for (int i = 0; i < CASE[k].n; i++)
            ck_assert_double_eq_tol(rate[i], CASE[k].rate[i], TOLERANCE);
    }
}
END_TEST

typedef void Share(const double *demand, int n, double capacity, double *rate);
static Share *const SHARE[] = {bandwidth_max_min, bandwidth_proportional};

START_TEST(nobody_gets_more_than_asked_and_all_get_no_more_than_there_is)
{
    Rng rng;
    rng_seed(&rng, 1, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng);
        double wanted = sum_of_demands(&c);
        SHARE[_i](c.demand, c.n, c.capacity, c.rate);
        for (int i = 0; i < c.n; i++) {
            ck_assert(c.rate[i] > 0 && c.rate[i] <= 1);
            if (c.demand[i] <= 0 || wanted <= c.capacity) ck_assert_double_eq(c.rate[i], 1);
        }
        /* nothing is wasted either */
        ck_assert_double_eq_tol(sum_granted(&c), fmin(wanted, c.capacity), TOLERANCE * c.capacity);
    }
}
END_TEST

START_TEST(proportional_slows_all_alike)
{
    Rng rng;
    rng_seed(&rng, 2, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng);
        double common = fmin(1, c.capacity / sum_of_demands(&c));
        bandwidth_proportional(c.demand, c.n, c.capacity, c.rate);
        for (int i = 0; i < c.n; i++)
            if (c.demand[i] > 0) ck_assert_double_eq_tol(c.rate[i], common, TOLERANCE);
    }
}
END_TEST

/* Whoever gets less than asked has at least as much as everybody else: more for it could only come
 * from somebody who has less or equal. */
START_TEST(max_min_nobody_can_gain_without_a_poorer_one_losing)
{
    Rng rng;
    rng_seed(&rng, 3, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng);
        bandwidth_max_min(c.demand, c.n, c.capacity, c.rate);
        for (int i = 0; i < c.n; i++) {
            if (c.rate[i] >= 1) continue;
            for (int j = 0; j < c.n; j++)
                ck_assert(granted(&c, j) <= granted(&c, i) + TOLERANCE * c.capacity);
        }
    }
}
END_TEST

/* The level L with sum of min(demand, L) = capacity. */
static double water_level(const Case *c)
{
    double lo = 0, hi = c->capacity;
    for (int step = 0; step < 100; step++) {
        double level = (lo + hi) / 2, sum = 0;
        for (int i = 0; i < c->n; i++) sum += fmin(c->demand[i], level);
        if (sum < c->capacity)
            lo = level;
        else
            hi = level;
    }
    return hi;
}

START_TEST(max_min_equals_the_water_level_found_by_bisection)
{
    Rng rng;
    rng_seed(&rng, 4, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng);
        double level = water_level(&c);
        bandwidth_max_min(c.demand, c.n, c.capacity, c.rate);
        for (int i = 0; i < c.n; i++)
            ck_assert_double_eq_tol(granted(&c, i), fmin(c.demand[i], level),
                                    TOLERANCE * c.capacity);
    }
}
END_TEST

static void shuffle(int *order, int n, Rng *rng)
{
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int k = (int)rng_below(rng, (uint32_t)i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
}

START_TEST(the_order_of_the_sharers_does_not_matter)
{
    Rng rng;
    rng_seed(&rng, 5, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng), p = c;
        int order[MAX_N];
        shuffle(order, c.n, &rng);
        for (int i = 0; i < c.n; i++) p.demand[i] = c.demand[order[i]];
        SHARE[_i](c.demand, c.n, c.capacity, c.rate);
        SHARE[_i](p.demand, p.n, p.capacity, p.rate);
        for (int i = 0; i < c.n; i++)
            ck_assert_double_eq_tol(p.rate[i], c.rate[order[i]], TOLERANCE);
    }
}
END_TEST

/* Sub-jobs that started together on SAs of one type must end together, to the last bit: otherwise
 * the order of their ends, and with it the whole future, would be decided by rounding. */
START_TEST(equal_demands_have_equal_rates)
{
    Rng rng;
    rng_seed(&rng, 6, 0);
    for (int k = 0; k < CASES; k++) {
        Case c = random_case(&rng);
        SHARE[_i](c.demand, c.n, c.capacity, c.rate);
        for (int i = 0; i < c.n; i++)
            for (int j = 0; j < i; j++)
                if (!(c.demand[i] < c.demand[j] || c.demand[i] > c.demand[j]))
                    ck_assert_int_eq(memcmp(&c.rate[i], &c.rate[j], sizeof c.rate[i]), 0);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bandwidth");
    TCase *tc = new_case("sharing", 60);
    tcase_add_test(tc, hand_cases_of_max_min);
    tcase_add_test(tc, hand_cases_of_proportional);
    tcase_add_loop_test(tc, nobody_gets_more_than_asked_and_all_get_no_more_than_there_is, 0, 2);
    tcase_add_test(tc, proportional_slows_all_alike);
    tcase_add_test(tc, max_min_nobody_can_gain_without_a_poorer_one_losing);
    tcase_add_test(tc, max_min_equals_the_water_level_found_by_bisection);
    tcase_add_loop_test(tc, the_order_of_the_sharers_does_not_matter, 0, 2);
    tcase_add_loop_test(tc, equal_demands_have_equal_rates, 0, 2);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
