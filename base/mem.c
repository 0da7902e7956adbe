/* mem.c -- counted, zeroed, 64-byte aligned allocation. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MEM_ALIGN = 64 };

atomic_long mem_live;
atomic_long mem_failed;
atomic_long mem_fail_at = -1;

static int injected_failure(void)
{
    if (mem_fail_at < 0 || mem_fail_at-- > 0) return 0;
    mem_failed++;
    return 1;
}

void *mem_calloc(size_t n, size_t size)
{
    if (size && n > (SIZE_MAX - MEM_ALIGN) / size) return NULL;
    if (injected_failure()) return NULL;
    size_t bytes = n && size ? (n * size + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN : MEM_ALIGN;
    void *p = aligned_alloc(MEM_ALIGN, bytes);
    if (!p) return NULL;
    mem_live++;
    return memset(p, 0, bytes);
}

void *mem_resize(void *old, size_t old_bytes, size_t new_bytes)
{
    void *p = mem_calloc(1, new_bytes);
    if (!p) return NULL;
    if (old) memcpy(p, old, old_bytes < new_bytes ? old_bytes : new_bytes);
    mem_free(old);
    return p;
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = mem_calloc(n, 1);
    return p ? memcpy(p, s, n) : NULL;
}

void mem_free(void *p)
{
    if (!p) return;
    mem_live--;
    free(p);
}

size_t mem_peak_rss(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (size_t)u.ru_maxrss * 1024 : 0;
}
