/* rng.h -- xoshiro256** (Blackman & Vigna, 2018): seedable, copyable, serialisable.
 * An Rng is plain data: copy it to fork, write its four words to save it. It is always a
 * parameter, never global. (seed, stream) pairs give independent generators: both are mixed by
 * splitmix64 into the 256-bit state. */
#ifndef RELMAS_BASE_RNG_H
#define RELMAS_BASE_RNG_H

#include <stdint.h>

typedef struct Rng {
    uint64_t s[4];
} Rng;

void rng_seed(Rng *rng, uint64_t seed, uint64_t stream);
uint64_t rng_next(Rng *rng);                  /* uniform 64 bits */
double rng_uniform(Rng *rng);                 /* uniform in [0, 1), 53 bits */
uint32_t rng_below(Rng *rng, uint32_t bound); /* uniform in 0..bound-1 without bias; bound >= 1 */
double rng_exponential(Rng *rng, double mean);
double rng_normal(Rng *rng); /* N(0,1), Box-Muller, two draws each, no hidden state */

#endif
