/* mutate.h -- random damage to text files, to show that readers refuse it with a message. */
#ifndef RELMAS_TESTS_MUTATE_H
#define RELMAS_TESTS_MUTATE_H

#include "base/rng.h"

#include <stddef.h>

/* One to four edits of text[*n] in place: a byte is replaced, a stretch deleted or repeated, a
 * number replaced by an awkward one, two lines swapped, a word exchanged for another of the text,
 * or the rest cut off. *n stays <= cap. Not terminated by a zero. */
void mutate_text(char *text, size_t *n, size_t cap, Rng *rng);

#endif
