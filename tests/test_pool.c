/* test_pool.c -- every task runs once, results do not depend on the number of threads, idle threads
 * sleep. Also run under the thread sanitizer (make tsan). */
#include "base/pool.h"
#include "tests/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_TASKS = 257 };

typedef struct Work {
    int runs[MAX_TASKS];
    double part[MAX_TASKS];
    pthread_t on[MAX_TASKS];
    int blocked[MAX_TASKS];
} Work;

static void note_task(void *ctx, int task)
{
    Work *w = ctx;
    w->runs[task]++; /* disjoint places: no lock */
    w->on[task] = pthread_self();
    for (int k = 1; k <= 50; k++) w->part[task] += 1.0 / (task * 50 + k);
}

static double sum_in_order(const Work *w, int tasks)
{
    double sum = 0;
    for (int i = 0; i < tasks; i++) sum += w->part[i];
    return sum;
}

static Pool *new_pool(int threads)
{
    Err err = {0};
    Pool *pool;
    ck_ok(pool_create(&pool, threads, &err), err);
    ck_assert_int_eq(pool_threads(pool), threads);
    return pool;
}

START_TEST(every_task_runs_exactly_once)
{
    static const int TASKS[] = {0, 1, 2, 3, 7, 64, MAX_TASKS};
    for (int threads = 1; threads <= 5; threads++) {
        Pool *pool = new_pool(threads);
        for (size_t c = 0; c < sizeof TASKS / sizeof *TASKS; c++) {
            static Work w;
            memset(&w, 0, sizeof w);
            pool_run(pool, note_task, &w, TASKS[c]);
            for (int i = 0; i < MAX_TASKS; i++) ck_assert_int_eq(w.runs[i], i < TASKS[c]);
        }
        pool_destroy(pool);
    }
}
END_TEST

START_TEST(results_are_the_same_bits_for_any_number_of_threads)
{
    double want = 0;
    for (int threads = 1; threads <= 6; threads++) {
        static Work w;
        memset(&w, 0, sizeof w);
        Pool *pool = new_pool(threads);
        pool_run(pool, note_task, &w, MAX_TASKS);
        pool_destroy(pool);
        if (threads == 1) want = sum_in_order(&w, MAX_TASKS);
        ck_assert_double_eq(sum_in_order(&w, MAX_TASKS), want);
    }
}
END_TEST

/* Each run reads what the one before wrote: pool_run must order them. */
static void next_generation(void *ctx, int task)
{
    int(*cell)[2] = ctx;
    cell[task][1] = cell[(task + 1) % 8][0] + 1;
}

START_TEST(thousands_of_short_runs_see_each_others_results)
{
    Pool *pool = new_pool(4);
    int cell[8][2] = {{0}};
    for (int run = 1; run <= 3000; run++) {
        pool_run(pool, next_generation, cell, 8);
        for (int i = 0; i < 8; i++) {
            ck_assert_int_eq(cell[i][1], run);
            cell[i][0] = cell[i][1];
        }
    }
    pool_destroy(pool);
}
END_TEST

START_TEST(pools_come_and_go_without_a_run)
{
    for (int i = 0; i < 100; i++) pool_destroy(new_pool(1 + i % 4));
    pool_destroy(NULL);
}
END_TEST

START_TEST(two_pools_are_independent)
{
    static Work a, b;
    Pool *p = new_pool(2), *q = new_pool(3);
    for (int i = 0; i < 100; i++) {
        memset(&a, 0, sizeof a);
        memset(&b, 0, sizeof b);
        pool_run(p, note_task, &a, 9);
        pool_run(q, note_task, &b, 9);
        ck_assert_double_eq(sum_in_order(&a, 9), sum_in_order(&b, 9));
    }
    pool_destroy(p);
    pool_destroy(q);
}
END_TEST

START_TEST(a_pool_of_one_works_on_the_calling_thread)
{
    static Work w;
    Pool *pool = new_pool(1);
    pool_run(pool, note_task, &w, 5);
    for (int i = 0; i < 5; i++) ck_assert(pthread_equal(w.on[i], pthread_self()));
    pool_destroy(pool);
}
END_TEST

/* Triangular work: job (i, k) may run once (i-1, k) and (i-1, k+1) are done, and adds their cells.
 * The lists are next()'s and done()'s, unprotected: the pool must call them one at a time. */
enum { SIDE = 24 };
typedef struct Triangle {
    unsigned long cell[SIDE][SIDE];
    bool given[SIDE][SIDE], done[SIDE][SIDE];
    int runs, inside; /* inside: threads in next() or done() */
} Triangle;

static int next_cell(void *ctx)
{
    Triangle *t = ctx;
    int last = SIDE - 1, found = t->done[last][0] ? POOL_END : POOL_WAIT;
    ck_assert_int_eq(t->inside++, 0);
    for (int j = 0; j < SIDE * SIDE && found == POOL_WAIT; j++) {
        int i = j / SIDE, k = j % SIDE;
        if (i + k >= SIDE || t->given[i][k]) continue;
        if (i > 0 && (!t->done[i - 1][k] || !t->done[i - 1][k + 1])) continue;
        t->given[i][k] = true;
        found = j;
    }
    t->inside--;
    return found;
}

static void add_cell(void *ctx, int job)
{
    Triangle *t = ctx;
    int i = job / SIDE, k = job % SIDE;
    t->cell[i][k] = i == 0 ? 1 : t->cell[i - 1][k] + t->cell[i - 1][k + 1];
}

static void note_cell(void *ctx, int job)
{
    Triangle *t = ctx;
    ck_assert_int_eq(t->inside++, 0);
    t->done[job / SIDE][job % SIDE] = true;
    t->runs++;
    t->inside--;
}

START_TEST(jobs_are_served_when_what_they_need_is_done)
{
    static const PoolWork WORK = {next_cell, add_cell, note_cell};
    static Triangle t;
    for (int threads = 1; threads <= 5; threads++) {
        Pool *pool = new_pool(threads);
        for (int run = 0; run < 20; run++) {
            memset(&t, 0, sizeof t);
            pool_serve(pool, &WORK, &t);
            ck_assert_int_eq(t.runs, SIDE * (SIDE + 1) / 2);
            ck_assert_uint_eq(t.cell[SIDE - 1][0], 1ul << (SIDE - 1));
        }
        pool_destroy(pool);
    }
}
END_TEST

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Slow enough that every thread gets one. */
static void note_mask(void *ctx, int task)
{
    Work *w = ctx;
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    w->blocked[task] = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM);
    w->on[task] = pthread_self();
    sleep_ms(20);
}

START_TEST(workers_block_signals_and_the_caller_does_not)
{
    static Work w;
    Pool *pool = new_pool(3);
    pool_run(pool, note_mask, &w, 9);
    int workers = 0;
    for (int i = 0; i < 9; i++) {
        int mine = pthread_equal(w.on[i], pthread_self()) != 0;
        ck_assert_int_eq(w.blocked[i], !mine);
        workers += !mine;
    }
    ck_assert_int_gt(workers, 0);
    pool_destroy(pool);
}
END_TEST

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void uneven(void *ctx, int task)
{
    (void)ctx;
    if (task == 0) sleep_ms(200);
}

static int next_of_one(void *ctx)
{
    int *state = ctx; /* jobs given, and jobs done */
    if (state[1] == 1) return POOL_END;
    return state[0] == 0 ? state[0]++ : POOL_WAIT;
}

static void note_done(void *ctx, int job)
{
    ((int *)ctx)[1] += job == 0;
}

START_TEST(waiting_costs_no_cpu_time)
{
    static const PoolWork WORK = {next_of_one, uneven, note_done};
    int state[2] = {0};
    Pool *pool = new_pool(4);
    double before = cpu_seconds();
    sleep_ms(200);                   /* workers wait for work */
    pool_run(pool, uneven, NULL, 8); /* and all wait for one */
    pool_serve(pool, &WORK, state);  /* again */
    ck_assert_double_lt(cpu_seconds() - before, 0.05);
    pool_destroy(pool);
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    Pool *pool;
    ck_every_allocation_failure(pool_create(&pool, 3, NULL), pool_destroy(pool));
}
END_TEST

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
START_TEST(a_thread_that_cannot_start_is_reported)
{
    struct rlimit old, tight;
    Err err = {0};
    Pool *pool = (Pool *)&err;
    getrlimit(RLIMIT_AS, &old);
    tight = old;
    tight.rlim_cur = 1 << 20; /* no room for a stack */
    setrlimit(RLIMIT_AS, &tight);
    Status st = pool_create(&pool, 64, &err);
    setrlimit(RLIMIT_AS, &old);
    ck_assert_int_eq(st, ST_NOMEM);
    ck_assert_ptr_null(pool);
    ck_assert_ptr_nonnull(strstr(err.msg, "64 threads, use fewer"));
}
END_TEST
#endif

int main(void)
{
    Suite *s = suite_create("pool");
    TCase *tc = new_case("pool", 30);
    tcase_add_test(tc, every_task_runs_exactly_once);
    tcase_add_test(tc, results_are_the_same_bits_for_any_number_of_threads);
    tcase_add_test(tc, thousands_of_short_runs_see_each_others_results);
    tcase_add_test(tc, jobs_are_served_when_what_they_need_is_done);
    tcase_add_test(tc, pools_come_and_go_without_a_run);
    tcase_add_test(tc, two_pools_are_independent);
    tcase_add_test(tc, a_pool_of_one_works_on_the_calling_thread);
    tcase_add_test(tc, workers_block_signals_and_the_caller_does_not);
    tcase_add_test(tc, waiting_costs_no_cpu_time);
    tcase_add_test(tc, create_reports_every_allocation_failure);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    tcase_add_test(tc, a_thread_that_cannot_start_is_reported);
#endif
    suite_add_tcase(s, tc);
    return run_suite(s);
}
