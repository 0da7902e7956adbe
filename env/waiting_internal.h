/* waiting_internal.h -- sub-jobs that wait in one place, the ready set or an SA's queue, in order.
 *
 * A place is two treaps (Seidel and Aragon, Algorithmica 1996) over a pool of nodes: of jobs with
 * hope, and of those whose laxity has become negative, who may rank behind all others. Each node
 * knows the sums of its subtree. So the best, an insertion, a removal and "how much is ahead of
 * this one" take O(log n), and who loses hope is moved once, when time passes it.
 * A treap's shape depends on what it holds alone, as priorities are a hash of the arrival and the
 * sub-job: sums have the same bits whatever the history. Indices, not pointers: the pool is part of
 * the simulator's state block, which is copied and saved. */
#ifndef RELMAS_ENV_WAITING_INTERNAL_H
#define RELMAS_ENV_WAITING_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Rank of a waiting sub-job: class, then (if hopeless jobs go last) hopeless, then key, then
 * arrival, then sub-job. Taken when the sub-job comes to a place. */
typedef struct Rank {
    double key, hopeless_at; /* the job's deadline - rem, then */
    int priority_class;
    uint32_t seq; /* the job's n-th arrival */
} Rank;

enum { NODE_NONE = -1 };

typedef struct WaitNode {
    Rank rank;
    double cost_us;           /* on the SA that it waits for, 0 while it is ready */
    double sum_us, first_out; /* of the subtree: sum of cost_us, least hopeless_at */
    int job, sub;
    int left, right, count; /* of the subtree; left also links free nodes */
    int job_next, job_prev; /* the job's other waiting sub-jobs */
    int place;              /* the owner's */
} WaitNode;

typedef struct Waiting {
    int hopeful, hopeless; /* roots */
} Waiting;

/* What inserting a sub-job would find. */
typedef struct WaitAhead {
    double ahead_us, behind_us;
    int behind;
    double least_hopeless_at; /* among the hopeful behind; HUGE_VAL if there are none */
    int endangered; /* of them, those out of hope before `until`, at most ENDANGERED_MOST */
} WaitAhead;
enum { ENDANGERED_MOST = 32 };

static inline int waiting_count(const WaitNode *pool, const Waiting *w)
{
    return (w->hopeful < 0 ? 0 : pool[w->hopeful].count) +
           (w->hopeless < 0 ? 0 : pool[w->hopeless].count);
}

static inline double waiting_sum_us(const WaitNode *pool, const Waiting *w)
{
    return (w->hopeful < 0 ? 0 : pool[w->hopeful].sum_us) +
           (w->hopeless < 0 ? 0 : pool[w->hopeless].sum_us);
}

/* The node's rank, sub-job and cost are set, its place in the trees is not. */
void waiting_insert(WaitNode *pool, Waiting *w, int node, double now);
void waiting_remove(WaitNode *pool, Waiting *w, int node);
/* Moves those out of hope at `now`. Before all that follows, whenever time has passed. */
void waiting_lose_hope(WaitNode *pool, Waiting *w, double now);
int waiting_best(const WaitNode *pool, const Waiting *w, bool hopeless_last); /* NODE_NONE: empty */
/* Calls visit(ctx, node) for the best `most`, best first. */
void waiting_each(const WaitNode *pool, const Waiting *w, bool hopeless_last, int most,
                  void (*visit)(void *ctx, int node), void *ctx);
/* Of a sub-job that would come here with this rank. */
void waiting_ahead(const WaitNode *pool, const Waiting *w, const Rank *rank, int sub,
                   bool hopeless_last, double now, double until, WaitAhead *out);
/* Is this a pair of treaps over nodes of pool[n], with right sums? `budget`: nodes left to visit in
 * all places; each is visited once. For states that come from files. */
bool waiting_check(const WaitNode *pool, int n, const Waiting *w, int *budget);
bool waiting_holds(const WaitNode *pool, const Waiting *w, int node); /* of a pair that is one */

#endif
