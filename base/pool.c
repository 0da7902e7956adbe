/* pool.c -- workers that take task numbers under one mutex.
 * Tasks are coarse (a chunk of a batch, an environment), so handing them out under the mutex costs
 * nothing that shows. Waiting is always on a condition variable. */
#include "base/pool.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

struct Pool {
    int threads;       /* with the caller */
    int started;       /* workers that run */
    pthread_t *worker; /* [threads - 1] */
    pthread_mutex_t mutex;
    pthread_cond_t work; /* tasks are there, or quit */
    pthread_cond_t done; /* left == 0 */
    pthread_cond_t news; /* a job of pool_serve() is done */
    /* Under the mutex: */
    PoolTask *fn;
    void *ctx;
    int tasks, next, left; /* of this run; next to hand out; not finished yet */
    bool quit;
};

/* Takes and runs tasks until none is left to take. Called and returns with the mutex held. */
static void drain(Pool *pool)
{
    while (pool->next < pool->tasks) {
        int task = pool->next++;
        PoolTask *fn = pool->fn;
        void *ctx = pool->ctx;
        pthread_mutex_unlock(&pool->mutex);
        fn(ctx, task);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->left == 0) pthread_cond_signal(&pool->done);
    }
}

static void *worker_main(void *arg)
{
    Pool *pool = arg;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->quit) {
        drain(pool);
        if (!pool->quit) pthread_cond_wait(&pool->work, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Workers inherit a mask that blocks everything: signals are the main thread's to handle. */
static int start_workers(Pool *pool)
{
    sigset_t all, old;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (pool->started < pool->threads - 1 && !error) {
        error = pthread_create(&pool->worker[pool->started], NULL, worker_main, pool);
        if (!error) pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

Status pool_create(Pool **out, int threads, Err *err)
{
    assert(threads >= 1);
    *out = NULL;
    Pool *pool = mem_calloc(1, sizeof *pool);
    pthread_t *worker = pool ? mem_calloc((size_t)threads - 1, sizeof *worker) : NULL;
    if (!worker) {
        mem_free(pool);
        return err_set(err, ST_NOMEM, "pool_create: %s", status_text(ST_NOMEM));
    }
    pool->threads = threads;
    pool->worker = worker;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pthread_cond_init(&pool->news, NULL);
    int error = start_workers(pool);
    if (error) {
        pool_destroy(pool);
        return err_set(err, ST_NOMEM, "cannot start %d threads, use fewer: %s", threads,
                       strerror(error));
    }
    *out = pool;
    return ST_OK;
}

void pool_destroy(Pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    pool->quit = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->started; i++) pthread_join(pool->worker[i], NULL);
    pthread_cond_destroy(&pool->news);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    mem_free(pool->worker);
    mem_free(pool);
}

int pool_threads(const Pool *pool)
{
    return pool->threads;
}

void pool_run(Pool *pool, PoolTask *fn, void *ctx, int tasks)
{
    if (pool->threads == 1) {
        for (int i = 0; i < tasks; i++) fn(ctx, i);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    assert(pool->left == 0); /* neither from two threads nor from within a task */
    pool->fn = fn;
    pool->ctx = ctx;
    pool->tasks = pool->left = tasks;
    pool->next = 0;
    for (int i = 0; i < pool->started && i < tasks - 1; i++) pthread_cond_signal(&pool->work);
    drain(pool);
    while (pool->left > 0) pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

typedef struct Service { /* of one pool_serve() */
    Pool *pool;
    const PoolWork *work;
    void *ctx;
    int running, waiting; /* threads that run a job, and that sleep until one is done */
} Service;

static void serve(void *ctx, int thread)
{
    Service *s = ctx;
    pthread_mutex_t *mutex = &s->pool->mutex;
    int job;

    (void)thread;
    pthread_mutex_lock(mutex);
    while ((job = s->work->next(s->ctx)) != POOL_END) {
        if (job == POOL_WAIT) {
            assert(s->running > 0); /* else nobody would ever wake us */
            s->waiting++;
            pthread_cond_wait(&s->pool->news, mutex);
            s->waiting--;
            continue;
        }
        s->running++;
        pthread_mutex_unlock(mutex);
        s->work->run(s->ctx, job);
        pthread_mutex_lock(mutex);
        s->running--;
        s->work->done(s->ctx, job);
        if (s->waiting > 0) pthread_cond_broadcast(&s->pool->news);
    }
    pthread_mutex_unlock(mutex);
}

void pool_serve(Pool *pool, const PoolWork *work, void *ctx)
{
    Service s = {.pool = pool, .work = work, .ctx = ctx};
    pool_run(pool, serve, &s, pool->threads);
}
