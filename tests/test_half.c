/* test_half.c -- half precision against its definition: the nearest of all 65536 halves. */
#include "tests/support.h"

#include "base/rng.h"
#include "rl/half_internal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The definition of binary16, in double, where every half is exact. */
static double value_of(uint16_t h)
{
    int exponent = h >> 10 & 31, mantissa = h & 1023;
    double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return h >> 15 ? -size : size;
}

static bool is_finite_half(uint16_t h)
{
    return (h >> 10 & 31) != 31;
}

START_TEST(all_halves_unpack_to_their_value)
{
    static uint16_t h[65536];
    static float x[65536];
    for (uint32_t i = 0; i < 65536; i++) h[i] = (uint16_t)i;
    half_unpack(x, h, 65536);
    for (uint32_t i = 0; i < 65536; i++) {
        float one = half_to_float((uint16_t)i);
        if (!is_finite_half((uint16_t)i)) {
            ck_assert((i & 1023) ? isnan(x[i]) && isnan(one) : isinf(x[i]) && isinf(one));
            continue;
        }
        if ((double)x[i] != value_of((uint16_t)i) || memcmp(&x[i], &one, sizeof one) != 0)
            ck_abort_msg("half %04x is %g, and %g alone", i, (double)x[i], (double)one);
    }
}
END_TEST

START_TEST(all_halves_survive_the_round_trip)
{
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t h = (uint16_t)i, back;
        float x;
        if (!is_finite_half(h)) continue;
        half_unpack(&x, &h, 1);
        half_pack(&back, &x, 1);
        ck_assert_uint_eq(back, h);
    }
}
END_TEST

/* Bits of any float, exponents evenly, and the points halfway between two halves with both
 * neighbours: where rounding is decided. */
static float hard_float(Rng *rng)
{
    uint32_t bits = (uint32_t)rng_next(rng);
    float x;
    if (rng_below(rng, 2)) { /* around the middle of h and its successor */
        uint16_t h = (uint16_t)rng_below(rng, 0x7bff);
        float middle = (float)((value_of(h) + value_of((uint16_t)(h + 1))) / 2);
        uint32_t where = rng_below(rng, 3);
        middle = where == 0   ? nextafterf(middle, 0)
                 : where == 1 ? nextafterf(middle, 1e9f)
                              : middle;
        return rng_below(rng, 2) ? -middle : middle;
    }
    memcpy(&x, &bits, sizeof x);
    return isnan(x) ? 0 : x;
}

/* The nearest half of x, the even one of two: by bisection over the non-negative halves. */
static uint16_t nearest(float x)
{
    double size = fabs((double)x);
    uint32_t sign = signbit(x) ? 0x8000 : 0, lo = 0, hi = 0x7bff;
    if (size >= value_of(0x7bff)) return (uint16_t)(sign | 0x7bff);
    while (hi - lo > 1) {
        uint32_t middle = (lo + hi) / 2;
        if (value_of((uint16_t)middle) <= size)
            lo = middle;
        else
            hi = middle;
    }
    double below = size - value_of((uint16_t)lo), above = value_of((uint16_t)hi) - size;
    bool up = above < below || (above == below && lo % 2 == 1);
    return (uint16_t)(sign | (up ? hi : lo));
}

START_TEST(packing_takes_the_nearest_half)
{
    enum { N = 400003 };
    static float x[N];
    static uint16_t h[N];
    Rng rng;
    rng_seed(&rng, 60, 0);
    for (int i = 0; i < N; i++) x[i] = hard_float(&rng);
    half_pack(h, x, N);
    for (int i = 0; i < N; i++)
        if (h[i] != nearest(x[i]) || half_from_float(x[i]) != h[i])
            ck_abort_msg("%a is %04x, and %04x alone; nearest is %04x", (double)x[i], h[i],
                         half_from_float(x[i]), nearest(x[i]));
}
END_TEST

START_TEST(too_large_saturates_and_nan_stays)
{
    const float x[] = {65504, 65519, 65520, 1e30f, INFINITY, -INFINITY, -1e30f, NAN, NAN};
    uint16_t h[9];
    half_pack(h, x, 9);
    for (int i = 0; i < 9; i++) {
        uint16_t one = half_from_float(x[i]);
        if (isnan(x[i])) {
            ck_assert(isnan(half_to_float(h[i])) && isnan(half_to_float(one)));
            continue;
        }
        ck_assert_uint_eq(h[i], x[i] > 0 ? 0x7bff : 0xfbff);
        ck_assert_uint_eq(one, h[i]);
    }
}
END_TEST

/* The bound that half_internal.h states. */
START_TEST(the_error_is_bounded)
{
    Rng rng;
    rng_seed(&rng, 61, 0);
    for (int i = 0; i < 300000; i++) {
        float x = (float)((2 * rng_uniform(&rng) - 1) * exp2(rng_uniform(&rng) * 40 - 24)), back;
        uint16_t h;
        half_pack(&h, &x, 1);
        half_unpack(&back, &h, 1);
        double error = fabs((double)back - (double)x), size = fabs((double)x);
        if (size > 65504) continue;
        if (error > fmax(size * 0x1p-11, 0x1p-25))
            ck_abort_msg("%a comes back as %a", (double)x, (double)back);
    }
}
END_TEST

/* Vectors of any length and alignment hold what their elements hold, and nothing beyond is written.
 */
START_TEST(lengths_do_not_matter)
{
    Rng rng;
    rng_seed(&rng, 62, 0);
    for (size_t n = 0; n < 40; n++) {
        float x[48], back[48] = {0};
        uint16_t h[48];
        size_t at = n % 3;
        memset(h, 0xab, sizeof h);
        for (size_t i = 0; i < 48; i++) x[i] = (float)rng_normal(&rng);
        half_pack(h + at, x + at, n);
        half_unpack(back + at, h + at, n);
        for (size_t i = 0; i < 48; i++) {
            bool inside = i >= at && i < at + n;
            ck_assert_uint_eq(h[i], inside ? half_from_float(x[i]) : 0xabab);
            ck_assert(back[i] == (inside ? half_to_float(h[i]) : 0));
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("half");
    TCase *tc = new_case("half", 60);
    tcase_add_test(tc, all_halves_unpack_to_their_value);
    tcase_add_test(tc, all_halves_survive_the_round_trip);
    tcase_add_test(tc, packing_takes_the_nearest_half);
    tcase_add_test(tc, too_large_saturates_and_nan_stays);
    tcase_add_test(tc, the_error_is_bounded);
    tcase_add_test(tc, lengths_do_not_matter);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
