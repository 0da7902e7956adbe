/* test_rng.c -- the generator against published outputs, its distributions against their moments.
 */
#include "base/rng.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { DRAWS = 200000 };

/* From state {1, 2, 3, 4}: Vigna's xoshiro256starstar.c, as also recorded in the tests of the
 * rand_xoshiro crate. */
START_TEST(outputs_equal_the_published_algorithm)
{
    static const uint64_t WANT[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
        10595114339597558777u,
        2904607092377533576u,
    };
    Rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
        ck_assert_uint_eq(rng_next(&rng), WANT[i]);
}
END_TEST

START_TEST(same_seed_and_stream_repeat)
{
    Rng a, b;
    rng_seed(&a, 7, 3);
    rng_seed(&b, 7, 3);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_next(&a), rng_next(&b));
}
END_TEST

START_TEST(a_copy_of_the_four_words_continues_the_sequence)
{
    Rng a, b;
    uint64_t saved[4];
    rng_seed(&a, 1, 0);
    for (int i = 0; i < 10; i++) rng_next(&a);
    memcpy(saved, a.s, sizeof saved);
    memcpy(b.s, saved, sizeof saved);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_next(&a), rng_next(&b));
}
END_TEST

/* Correlation of two generators' uniforms; N(0, 1/DRAWS) if they are independent. */
static double correlation(Rng a, Rng b)
{
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) sum += (rng_uniform(&a) - 0.5) * (rng_uniform(&b) - 0.5);
    return 12 * sum / DRAWS;
}

START_TEST(neighbouring_seeds_and_streams_are_uncorrelated)
{
    for (uint64_t k = 0; k < 4; k++) {
        Rng base, stream, seed, swapped;
        rng_seed(&base, k, k + 1);
        rng_seed(&stream, k, k + 2);
        rng_seed(&seed, k + 1, k + 1);
        rng_seed(&swapped, k + 1, k);
        double limit = 5 / sqrt(DRAWS);
        ck_assert_double_lt(fabs(correlation(base, stream)), limit);
        ck_assert_double_lt(fabs(correlation(base, seed)), limit);
        ck_assert_double_lt(fabs(correlation(base, swapped)), limit);
    }
}
END_TEST

START_TEST(no_two_of_many_seed_pairs_share_a_state)
{
    static Rng rng[32 * 32];
    int equal = 0;
    for (uint64_t i = 0; i < 32 * 32; i++) rng_seed(&rng[i], i / 32, i % 32);
    for (int i = 0; i < 32 * 32; i++)
        for (int j = 0; j < i; j++) equal += !memcmp(&rng[i], &rng[j], sizeof *rng);
    ck_assert_int_eq(equal, 0);
}
END_TEST

START_TEST(seeding_never_gives_the_zero_state)
{
    for (uint64_t k = 0; k < 1000; k++) {
        Rng rng;
        rng_seed(&rng, k, 0);
        ck_assert(rng.s[0] | rng.s[1] | rng.s[2] | rng.s[3]);
    }
}
END_TEST

typedef double Draw(Rng *rng);

static double exponential3(Rng *rng)
{
    return rng_exponential(rng, 3);
}

/* First four central moments are within 5 standard errors (of the mean; loose for the others). */
static void check_moments(Draw *draw, double mean, double var, double skew, double kurtosis)
{
    Rng rng;
    rng_seed(&rng, 42, 0);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = draw(&rng) - mean;
        m1 += x / DRAWS;
        m2 += x * x / DRAWS;
        m3 += x * x * x / DRAWS;
        m4 += x * x * x * x / DRAWS;
    }
    ck_assert_double_lt(fabs(m1), 5 * sqrt(var / DRAWS));
    ck_assert_double_lt(fabs(m2 / var - 1), 5 * sqrt((kurtosis - 1) / DRAWS));
    ck_assert_double_lt(fabs(m3 / pow(var, 1.5) - skew), 0.15);
    ck_assert_double_lt(fabs(m4 / (var * var) - kurtosis), 0.1 * kurtosis);
}

START_TEST(distributions_have_their_moments)
{
    check_moments(rng_uniform, 0.5, 1.0 / 12, 0, 1.8);
    check_moments(rng_normal, 0, 1, 0, 3);
    check_moments(exponential3, 3, 9, 2, 9);
}
END_TEST

START_TEST(ranges_hold)
{
    Rng rng;
    int outside = 0;
    rng_seed(&rng, 5, 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = rng_uniform(&rng), e = rng_exponential(&rng, 1), n = rng_normal(&rng);
        outside += !(u >= 0 && u < 1) || !(e >= 0 && isfinite(e)) || !isfinite(n);
    }
    ck_assert_int_eq(outside, 0);
}
END_TEST

/* Chi-square over the classes; 99.99 % points of chi2 with 6 and 99 degrees of freedom. */
START_TEST(below_is_uniform_over_its_range)
{
    static const struct {
        uint32_t bound;
        double limit;
    } CASE[] = {{7, 27.9}, {100, 161.4}};
    for (int c = 0; c < 2; c++) {
        Rng rng;
        int count[100] = {0};
        double chi2 = 0, expected = (double)DRAWS / CASE[c].bound;
        rng_seed(&rng, 9, 0);
        for (int i = 0; i < DRAWS; i++) count[rng_below(&rng, CASE[c].bound)]++;
        for (uint32_t k = 0; k < CASE[c].bound; k++)
            chi2 += (count[k] - expected) * (count[k] - expected) / expected;
        ck_assert_double_lt(chi2, CASE[c].limit);
    }
}
END_TEST

/* At 3/4 of 2^32 a reduction by modulo would hit the lower third twice as often. */
START_TEST(below_has_no_modulo_bias)
{
    Rng rng;
    uint32_t bound = 0xc0000000u;
    int low = 0;
    rng_seed(&rng, 11, 0);
    for (int i = 0; i < DRAWS; i++) low += rng_below(&rng, bound) < bound / 3;
    double p = 1.0 / 3;
    ck_assert_double_lt(fabs(low / (double)DRAWS - p), 5 * sqrt(p * (1 - p) / DRAWS));
}
END_TEST

START_TEST(below_one_is_always_zero)
{
    Rng rng;
    rng_seed(&rng, 1, 1);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_below(&rng, 1), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rng");
    TCase *tc = new_case("rng", 20);
    tcase_add_test(tc, outputs_equal_the_published_algorithm);
    tcase_add_test(tc, same_seed_and_stream_repeat);
    tcase_add_test(tc, a_copy_of_the_four_words_continues_the_sequence);
    tcase_add_test(tc, neighbouring_seeds_and_streams_are_uncorrelated);
    tcase_add_test(tc, no_two_of_many_seed_pairs_share_a_state);
    tcase_add_test(tc, seeding_never_gives_the_zero_state);
    tcase_add_test(tc, distributions_have_their_moments);
    tcase_add_test(tc, ranges_hold);
    tcase_add_test(tc, below_is_uniform_over_its_range);
    tcase_add_test(tc, below_has_no_modulo_bias);
    tcase_add_test(tc, below_one_is_always_zero);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
