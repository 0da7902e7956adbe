/* sumtree.c -- level 0 holds the weights, level k + 1 the sums of level k's groups of eight, the last
 * level one sum. Weights beyond n are 0 for ever. */
#include "rl/sumtree.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

enum { FAN = 8, MAX_LEVELS = 24 };

struct SumTree {
    size_t n;
    int top;                   /* the level of the total */
    size_t groups[MAX_LEVELS]; /* of each level but the top */
    double *level[MAX_LEVELS]; /* [groups, FAN], parts of one slab; the top's [1] */
};

/* Lays out the levels; returns the slab's doubles. */
static size_t measure(SumTree *t, size_t at[MAX_LEVELS])
{
    size_t sums = t->n, doubles = 0;
    for (t->top = 0; t->top == 0 || sums > 1; t->top++) {
        sums = (sums - 1) / FAN + 1;
        t->groups[t->top] = sums;
        at[t->top] = doubles;
        doubles += sums * FAN;
    }
    at[t->top] = doubles;
    return doubles + 1;
}

Status sumtree_create(SumTree **out, size_t n, Err *err)
{
    size_t at[MAX_LEVELS];
    SumTree *t = NULL;

    *out = NULL;
    assert(n >= 1);
    if (n > SIZE_MAX / 64 || !(t = mem_calloc(1, sizeof *t))) goto fail;
    t->n = n;
    if (!(t->level[0] = mem_calloc(measure(t, at), sizeof(double)))) goto fail;
    for (int k = 1; k <= t->top; k++) t->level[k] = t->level[0] + at[k];
    *out = t;
    return ST_OK;
fail:
    sumtree_destroy(t);
    return err_set(err, ST_NOMEM, "priorities of %zu steps: %s", n, status_text(ST_NOMEM));
}

void sumtree_destroy(SumTree *t)
{
    if (!t) return;
    mem_free(t->level[0]);
    mem_free(t);
}

/* Makes the sum of a level's group anew. */
static void add_up(SumTree *t, int level, size_t group)
{
    const double *child = t->level[level] + group * FAN;
    double sum = 0;
    for (int c = 0; c < FAN; c++) sum += child[c];
    t->level[level + 1][group] = sum;
}

void sumtree_set(SumTree *t, size_t i, double w)
{
    assert(i < t->n && w >= 0 && isfinite(w));
    t->level[0][i] = w;
    for (int k = 0; k < t->top; k++) add_up(t, k, i /= FAN);
}

double sumtree_get(const SumTree *t, size_t i)
{
    assert(i < t->n);
    return t->level[0][i];
}

double sumtree_total(const SumTree *t)
{
    return t->level[t->top][0];
}

/* The child of a group in which *u falls; *u becomes what is left of it there. */
static size_t choose(const double child[FAN], double *u)
{
    size_t last = 0;
    for (size_t c = 0; c < FAN; c++) {
        if (!(child[c] > 0)) continue;
        last = c;
        if (*u < child[c]) return c;
        *u -= child[c];
    }
    *u = HUGE_VAL; /* above all sums, by rounding: the last weight that is not 0 */
    return last;
}

/* All go down one level before any goes down the next, so that they wait for memory together. */
void sumtree_find(const SumTree *t, double *u, size_t n, size_t *found)
{
    assert(sumtree_total(t) > 0);
    for (size_t i = 0; i < n; i++) {
        assert(u[i] >= 0);
        found[i] = 0;
    }
    for (int k = t->top - 1; k >= 0; k--) {
        for (size_t i = 0; i < n; i++) {
            found[i] = found[i] * FAN + choose(t->level[k] + found[i] * FAN, &u[i]);
            if (k > 0) __builtin_prefetch(t->level[k - 1] + found[i] * FAN);
        }
    }
}

double *sumtree_weights(SumTree *t)
{
    return t->level[0];
}

void sumtree_rebuild(SumTree *t)
{
    for (int k = 0; k < t->top; k++)
        for (size_t g = 0; g < t->groups[k]; g++) add_up(t, k, g);
}
