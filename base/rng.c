/* rng.c -- xoshiro256** and the distributions drawn from it. */
#include "base/rng.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void rng_seed(Rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t a = seed, b = ~stream;
    uint64_t x = splitmix64(&a) ^ rotl(splitmix64(&b), 32);
    for (int i = 0; i < 4; i++) rng->s[i] = splitmix64(&x);
}

uint64_t rng_next(Rng *rng)
{
    uint64_t *s = rng->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

double rng_uniform(Rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

uint32_t rng_below(Rng *rng, uint32_t bound)
{
    uint32_t threshold = -bound % bound; /* 2^32 mod bound: draws below it would be biased */
    for (;;) {
        uint64_t m = (rng_next(rng) >> 32) * bound; /* Lemire 2019 */
        if ((uint32_t)m >= threshold) return (uint32_t)(m >> 32);
    }
}

double rng_exponential(Rng *rng, double mean)
{
    return -mean * log1p(-rng_uniform(rng));
}

double rng_normal(Rng *rng)
{
    double r = sqrt(-2.0 * log1p(-rng_uniform(rng)));
    return r * cos(TWO_PI * rng_uniform(rng));
}
