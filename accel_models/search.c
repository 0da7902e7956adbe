/* search.c -- what the mapping searches share: the best mapping so far, and the queue of the splits
 * of the array that may still beat it, most promising first. */
#include "accel_models/accel_internal.h"

#include <math.h>

double access_pj(const Access *a)
{
    double pj = 0;
    for (int i = 0; i < LEVELS; i++) pj += a->level_pj[i];
    return pj;
}

bool best_beaten(const Best *best, double cycles, double pj)
{
    return cycles < best->cycles || (cycles == best->cycles && pj < best->energy);
}

bool best_beaten_by(const Best *best, const Access *a, const Ports *ports)
{
    return best_beaten(best, bound_cycles(a, ports), access_pj(a));
}

/* A total order, so that nothing depends on the order of arrival. */
static int compare(const Split *x, const Split *y)
{
    if (x->cycles != y->cycles) return x->cycles < y->cycles ? -1 : 1;
    if (x->pj != y->pj) return x->pj < y->pj ? -1 : 1;
    for (int i = 0; i < SPLIT_PARTS; i++)
        if (x->part[i] != y->part[i]) return x->part[i] < y->part[i] ? -1 : 1;
    return 0;
}

void queue_clear(Queue *q)
{
    q->n = 0;
    q->taken = false;
}

bool queue_admits(const Queue *q, const Best *best, double cycles, double pj)
{
    const Split *last = &q->split[SPLITS_QUEUED - 1];
    if (!best_beaten(best, cycles, pj)) return false;
    if (q->n < SPLITS_QUEUED || cycles < last->cycles) return true;
    return cycles == last->cycles && pj <= last->pj;
}

void queue_push(Queue *q, const Best *best, const Split *s)
{
    int i = q->n;
    if (!queue_admits(q, best, s->cycles, s->pj)) return;
    if (q->taken && compare(s, &q->last) <= 0) return;
    if (i == SPLITS_QUEUED && compare(&q->split[i - 1], s) <= 0) return;
    if (i == SPLITS_QUEUED)
        i--;
    else
        q->n++;
    for (; i > 0 && compare(&q->split[i - 1], s) > 0; i--) q->split[i] = q->split[i - 1];
    q->split[i] = *s;
}

bool queue_next_round(Queue *q)
{
    bool more = q->n == SPLITS_QUEUED;
    if (more) q->last = q->split[q->n - 1];
    q->taken = more;
    q->n = 0;
    return more;
}
