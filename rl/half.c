/* half.c -- conversion between float and half, eight at a time where the CPU can. */
#include "rl/half_internal.h"

#include <math.h>
#include <string.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

enum {
    SHIFT = 23 - 10,  /* mantissa bits that a half has not */
    REBIAS = 127 - 15 /* between the exponents' zeros */
};

uint16_t half_from_float(float x)
{
    float size = fminf(fabsf(x), HALF_MAX);
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 31 << 15;
    if (isnan(x)) return (uint16_t)(sign | 0x7e00);
    if (size < 0x1p-14f) return (uint16_t)(sign | (uint32_t)rintf(size * 0x1p24f));
    memcpy(&bits, &size, sizeof bits);
    bits += (1u << (SHIFT - 1)) - 1 + ((bits >> SHIFT) & 1); /* to nearest, ties to even */
    return (uint16_t)(sign | ((bits >> SHIFT) - (REBIAS << 10)));
}

float half_to_float(uint16_t h)
{
    uint32_t exponent = h >> 10 & 31, mantissa = h & 1023, bits = (uint32_t)(h >> 15) << 31;
    float x;

    if (exponent == 0) return copysignf((float)mantissa * 0x1p-24f, h >> 15 ? -1.0f : 1.0f);
    bits |= (exponent == 31 ? 255 : exponent + REBIAS) << 23 | mantissa << SHIFT;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#ifdef __F16C__

static void pack8(uint16_t *out, const float *x)
{
    __m256 most = _mm256_set1_ps(HALF_MAX), least = _mm256_set1_ps(-HALF_MAX);
    /* With a NaN, min and max give their second operand. */
    __m256 v = _mm256_max_ps(least, _mm256_min_ps(most, _mm256_loadu_ps(x)));
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

static void unpack8(float *out, const uint16_t *x)
{
    _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)x)));
}

#else

static void pack8(uint16_t *out, const float *x)
{
    for (int i = 0; i < 8; i++) out[i] = half_from_float(x[i]);
}

static void unpack8(float *out, const uint16_t *x)
{
    for (int i = 0; i < 8; i++) out[i] = half_to_float(x[i]);
}

#endif

/* The last group of eight may overlap the one before: it gives the same numbers again. */
void half_pack(uint16_t *out, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) pack8(out + i, x + i);
    if (i < n && n >= 8) pack8(out + n - 8, x + n - 8), i = n;
    for (; i < n; i++) out[i] = half_from_float(x[i]);
}

void half_unpack(float *out, const uint16_t *x, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) unpack8(out + i, x + i);
    if (i < n && n >= 8) unpack8(out + n - 8, x + n - 8), i = n;
    for (; i < n; i++) out[i] = half_to_float(x[i]);
}
