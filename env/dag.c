/* dag.c -- width of a DAG by Dilworth's theorem and augmenting paths. */
#include "env/dag.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

typedef struct Closure {
    int n;
    uint8_t *reach; /* [n, n]: j is a descendant of i */
    uint8_t *seen;  /* [n] */
    int *match;     /* [n]: the ancestor matched to this node, -1 none */
} Closure;

static void close_transitively(Closure *c, const int *first_succ, const int *succ)
{
    for (int i = c->n - 1; i >= 0; i--) {
        uint8_t *row = c->reach + (size_t)i * c->n;
        for (int e = first_succ[i]; e < first_succ[i + 1]; e++) {
            const uint8_t *below = c->reach + (size_t)succ[e] * c->n;
            row[succ[e]] = 1;
            for (int j = succ[e]; j < c->n; j++) row[j] |= below[j];
        }
    }
}

/* Kuhn's augmenting path from ancestor i; depth is bounded by n. */
static int augment(Closure *c, int i)
{
    for (int j = i + 1; j < c->n; j++) {
        if (!c->reach[(size_t)i * c->n + j] || c->seen[j]) continue;
        c->seen[j] = 1;
        if (c->match[j] < 0 || augment(c, c->match[j])) {
            c->match[j] = i;
            return 1;
        }
    }
    return 0;
}

Status dag_width(int n, const int *first_succ, const int *succ, int *width, Err *err)
{
    Closure c = {.n = n};
    Status st = ST_NOMEM;

    if (!(c.reach = mem_calloc((size_t)n * n, 1))) goto fail;
    if (!(c.seen = mem_calloc(n, 1))) goto fail;
    if (!(c.match = mem_calloc(n, sizeof *c.match))) goto fail;
    close_transitively(&c, first_succ, succ);
    for (int i = 0; i < n; i++) c.match[i] = -1;
    *width = n;
    for (int i = 0; i < n; i++) {
        memset(c.seen, 0, n);
        *width -= augment(&c, i);
    }
    st = ST_OK;
fail:
    mem_free(c.reach);
    mem_free(c.seen);
    mem_free(c.match);
    return st == ST_OK ? st : err_set(err, st, "out of memory for a graph of %d sub-jobs", n);
}
