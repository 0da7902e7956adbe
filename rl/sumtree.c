/* sumtree.c -- node 1 is the root, the children of node k are 2k and 2k + 1, and weight i is node
 * leaves + i. */
#include "rl/sumtree.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

struct SumTree {
    size_t n, leaves; /* leaves: n rounded up to a power of two; the surplus stays 0 */
    double *node;     /* [2 leaves], node[0] unused */
};

Status sumtree_create(SumTree **out, size_t n, Err *err)
{
    SumTree *t = NULL;

    *out = NULL;
    assert(n >= 1);
    if (n > SIZE_MAX / 64 || !(t = mem_calloc(1, sizeof *t))) goto fail;
    t->n = n;
    for (t->leaves = 1; t->leaves < n;) t->leaves *= 2;
    if (!(t->node = mem_calloc(2 * t->leaves, sizeof *t->node))) goto fail;
    *out = t;
    return ST_OK;
fail:
    sumtree_destroy(t);
    return err_set(err, ST_NOMEM, "priorities of %zu steps: %s", n, status_text(ST_NOMEM));
}

void sumtree_destroy(SumTree *t)
{
    if (!t) return;
    mem_free(t->node);
    mem_free(t);
}

static void add_children(SumTree *t, size_t k)
{
    t->node[k] = t->node[2 * k] + t->node[2 * k + 1];
}

void sumtree_set(SumTree *t, size_t i, double w)
{
    assert(i < t->n && w >= 0 && isfinite(w));
    size_t k = t->leaves + i;
    t->node[k] = w;
    while (k /= 2) add_children(t, k);
}

double sumtree_get(const SumTree *t, size_t i)
{
    assert(i < t->n);
    return t->node[t->leaves + i];
}

double sumtree_total(const SumTree *t)
{
    return t->node[1];
}

size_t sumtree_find(const SumTree *t, double u)
{
    size_t k = 1;

    assert(u >= 0 && t->node[1] > 0);
    while (k < t->leaves) {
        double left = t->node[2 * k];
        k *= 2;
        /* What lies above all sums, by rounding, belongs to the last weight that is not 0. */
        if (u < left || !(t->node[k + 1] > 0)) continue;
        u -= left;
        k++;
    }
    return k - t->leaves;
}

double *sumtree_weights(SumTree *t)
{
    return t->node + t->leaves;
}

void sumtree_rebuild(SumTree *t)
{
    for (size_t k = t->leaves - 1; k > 0; k--) add_children(t, k);
}
