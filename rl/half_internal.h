/* half_internal.h -- IEEE 754 half precision (binary16), in which the replay keeps observations.
 * 11 significant bits: what lies in 2^-14..65504 in magnitude is rounded to nearest even with a
 * relative error of at most 2^-11, smaller numbers with an absolute error of at most 2^-25; integers
 * up to 2048 are exact. The same bits with the CPU's own conversion (F16C) and without. */
#ifndef RELMAS_RL_HALF_INTERNAL_H
#define RELMAS_RL_HALF_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define HALF_MAX 65504.0f

/* out[n] = x[n] rounded; beyond +-HALF_MAX, infinities included, it saturates there; NaN stays NaN.
 * out and x must not overlap. */
void half_pack(uint16_t *out, const float *x, size_t n);
void half_unpack(float *out, const uint16_t *x, size_t n); /* exact */

/* One number without the CPU's help: what the two above must agree with, bit by bit. */
uint16_t half_from_float(float x);
float half_to_float(uint16_t h);

#endif
