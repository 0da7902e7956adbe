/* sumtree.h -- n weights that can be changed and drawn from in proportion, each in O(log n): the sum
 * tree of prioritised replay (Schaul et al. 2016, appendix B.2.1).
 * Each inner node is the sum of its eight children, which share a cache line: what a large tree costs
 * are lines far from the CPU. Sums are made anew from their children, never by adding differences, so
 * they do not drift, and the tree is a function of its weights alone: it need not be saved, and the
 * order of changes leaves no trace.
 *
 * Memory: 9.2 bytes per weight; only sumtree_create() allocates. */
#ifndef RELMAS_RL_SUMTREE_H
#define RELMAS_RL_SUMTREE_H

#include "base/status.h"

#include <stddef.h>

typedef struct SumTree SumTree;

/* n >= 1 weights of 0. Caller owns *out; on failure *out = NULL: ST_NOMEM. */
Status sumtree_create(SumTree **out, size_t n, Err *err);
void sumtree_destroy(SumTree *t); /* NULL allowed */

/* Weight i becomes w: finite, not negative. */
void sumtree_set(SumTree *t, size_t i, double w);
double sumtree_get(const SumTree *t, size_t i);
double sumtree_total(const SumTree *t);

/* found[k], k < n: the i with w_0 + .. + w_{i-1} <= u[k] < w_0 + .. + w_i, up to rounding; never one
 * of weight 0. The total must be above 0, and u in [0, total]; u is overwritten. Many at once are
 * faster than one by one. */
void sumtree_find(const SumTree *t, double *u, size_t n, size_t *found);

/* The weights themselves [n], borrowed. After writing to them call sumtree_rebuild(): O(n). */
double *sumtree_weights(SumTree *t);
void sumtree_rebuild(SumTree *t);

#endif
