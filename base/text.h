/* text.h -- strict reading of numbers from text, their shortest form, and names near a misspelt
 * one. Shared by the YAML reader, the configuration and the command line, so that all three accept
 * the same numbers: decimal digits with optional fraction and exponent; never hex, nan or inf. */
#ifndef RELMAS_BASE_TEXT_H
#define RELMAS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_NUMBER_MAX = 40, TEXT_RANGE_MAX = 112, TEXT_SHOWN_MAX = 64 };

/* True and *out set if all of text is such a number; integers also accept 1e6 and 2.5e3, which are
 * whole. False (and *out untouched) if not a number, not whole, or beyond the type. */
bool text_to_double(const char *text, double *out);
bool text_to_i64(const char *text, int64_t *out);
bool text_to_u64(const char *text, uint64_t *out);

/* x as the shortest text that reads back to the same bits (and as a number in YAML 1.1 readers too:
 * 5.0e-05). x is finite. */
void text_from_double(char out[TEXT_NUMBER_MAX], double x);
/* "a whole number in 1..1e12", "a number of at least 0": what a message or help says of a range. */
void text_range(char out[TEXT_RANGE_MAX], bool whole, double lo, double hi);
/* s on one line, cut to fit, unprintable bytes as '?': for quoting input in messages. */
void text_shown(char out[TEXT_SHOWN_MAX], const char *s);

/* The entry of names[n] with the least edit distance (insert, delete, replace, swap neighbours) to
 * word, NULL if none is near. The first of equals wins. */
const char *nearest_name(const char *word, const char *const *names, int n);

#endif
