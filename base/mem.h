/* mem.h -- the one door to the heap: counts live blocks and can fail on demand.
 * Every test ends with mem_live == 0, and every create() is tested with each of
 * its allocations failing once. Blocks are aligned to 64 bytes (a cache line, an
 * AVX-512 register). Thread-safe. */
#ifndef RELMAS_BASE_MEM_H
#define RELMAS_BASE_MEM_H

#include <stdatomic.h>
#include <stddef.h>

extern atomic_long mem_live;    /* blocks allocated and not yet freed */
extern atomic_long mem_failed;  /* failures injected so far */
extern atomic_long mem_fail_at; /* >= 0: that many more succeed, then ONE fails; -1: off */

/* n x size bytes of zeros, NULL on failure or overflow. n or size may be 0 (then a real block of
 * one cache line). */
void *mem_calloc(size_t n, size_t size);
/* Grows or shrinks old (may be NULL) from old_bytes to new_bytes; new bytes are zero.
 * NULL on failure, then old is untouched. */
void *mem_resize(void *old, size_t old_bytes, size_t new_bytes);
/* Copy of a string, NULL on failure. */
char *mem_strdup(const char *s);
void mem_free(void *p); /* NULL allowed */

/* Largest resident set of this process so far, bytes; 0 if unknown. */
size_t mem_peak_rss(void);

#endif
