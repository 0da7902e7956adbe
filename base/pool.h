/* pool.h -- a few worker threads for data-parallel work with results that do not depend on their
 * number: the caller cuts the work into tasks that write to disjoint places, and reduces in task
 * order. Workers sleep on a condition variable (no spinning: cores are shared with the world). */
#ifndef RELMAS_BASE_POOL_H
#define RELMAS_BASE_POOL_H

#include "base/status.h"

typedef struct Pool Pool;
typedef void PoolTask(void *ctx, int task);

/* threads >= 1 counts the caller; 1 starts no worker. Signals are blocked in workers. */
Status pool_create(Pool **out, int threads, Err *err);
void pool_destroy(Pool *pool); /* NULL allowed */
int pool_threads(const Pool *pool);
/* Runs fn(ctx, 0..tasks-1), each once, in any order and on any thread; returns when all are done.
 */
void pool_run(Pool *pool, PoolTask *fn, void *ctx, int tasks);

/* Work that makes work: every thread asks next() for a job, runs it and reports it done(), over and
 * over. next() and done() run under the pool's lock, one at a time, and see all that finished jobs
 * wrote; run() runs beside other jobs. */
enum { POOL_WAIT = -1, POOL_END = -2 };
typedef struct PoolWork {
    int (*next)(void *ctx); /* a job >= 0; POOL_WAIT: none before a running one is done; POOL_END */
    void (*run)(void *ctx, int job);
    void (*done)(void *ctx, int job);
} PoolWork;
/* Returns when next() has said POOL_END to every thread: it must stay with that. */
void pool_serve(Pool *pool, const PoolWork *work, void *ctx);

#endif
