/* support.h -- what every Check suite here shares: one runner, and the leak test after each test. */
#ifndef RELMAS_TESTS_SUPPORT_H
#define RELMAS_TESTS_SUPPORT_H

#include "base/mem.h"
#include "base/status.h"

#include <check.h>
#include <stdlib.h>

/* Teardown: nothing that went through base/mem may be left. */
static inline void no_leaks(void)
{
    ck_assert_int_eq(mem_live, 0);
}

static inline TCase *new_case(const char *name, double timeout_s)
{
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, timeout_s);
    tcase_add_checked_fixture(tc, NULL, no_leaks);
    return tc;
}

/* Runs the suite and returns main's exit code. */
static inline int run_suite(Suite *s)
{
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define ck_ok(call, err)                                                                           \
    do {                                                                                           \
        Status ck_status = (call);                                                                 \
        ck_assert_msg(ck_status == ST_OK, "%s: %s", status_text(ck_status), (err).msg);            \
    } while (0)

/* Runs `call` (a Status expression with `err` in scope) with each allocation failing once; each time
 * it must report ST_NOMEM and leak nothing; `cleanup` runs after the call that succeeds. */
#define ck_every_allocation_failure(call, cleanup)                                                 \
    do {                                                                                           \
        for (long ck_n = 0;; ck_n++) {                                                             \
            long ck_failed = mem_failed, ck_live = mem_live;                                       \
            mem_fail_at = ck_n;                                                                    \
            Status ck_st = (call);                                                                 \
            mem_fail_at = -1;                                                                      \
            if (mem_failed == ck_failed) {                                                         \
                ck_assert_int_eq(ck_st, ST_OK);                                                    \
                cleanup;                                                                           \
                break;                                                                             \
            }                                                                                      \
            ck_assert_int_eq(ck_st, ST_NOMEM);                                                     \
            ck_assert_int_eq(mem_live, ck_live);                                                   \
        }                                                                                          \
    } while (0)

#endif
