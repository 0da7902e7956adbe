/* test_admission.c -- whom admission control gives up: worked by hand, and against all subsets. */
#include "env/admission.h"
#include "tests/support.h"

#include "base/rng.h"

enum { MOST = 10 };

static AdmissionJob job_of(double slack_us, double rem_us, int id)
{
    return (AdmissionJob){
        .slack_us = slack_us, .rem_us = rem_us, .load_us = rem_us, .id = id, .seq = (uint32_t)id};
}

static int admitted(const AdmissionJob *job, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) sum += job[i].admitted;
    return sum;
}

static bool is_admitted(const AdmissionJob *job, int n, int id)
{
    for (int i = 0; i < n; i++)
        if (job[i].id == id) return job[i].admitted != 0;
    ck_abort_msg("job %d is gone", id);
    return false;
}

START_TEST(all_stay_where_all_are_on_time)
{
    AdmissionJob job[] = {job_of(10, 4, 0), job_of(4, 4, 1), job_of(8, 4, 2)};
    admission_choose(job, 0, 1);
    admission_choose(job, 3, 2);
    ck_assert_int_eq(admitted(job, 3), 3);
}
END_TEST

/* One SA: 1 and 2 take 3 each, on time at 3 and 6; then 0 would end at 14 of 13. It has most work. */
START_TEST(the_largest_is_given_up_for_the_others)
{
    AdmissionJob job[] = {job_of(13, 8, 0), job_of(3, 3, 1), job_of(7, 3, 2), job_of(13.5, 3, 3)};
    admission_choose(job, 4, 1);
    ck_assert(!is_admitted(job, 4, 0));
    ck_assert_int_eq(admitted(job, 4), 3);
}
END_TEST

/* 0 is first by deadline and fits, but 1 and 2 do not fit beside it: one job for two. */
START_TEST(an_earlier_one_may_go_for_later_ones)
{
    AdmissionJob job[] = {job_of(9, 8, 0), job_of(10, 4, 1), job_of(11, 4, 2)};
    admission_choose(job, 3, 1);
    ck_assert(!is_admitted(job, 3, 0));
    ck_assert_int_eq(admitted(job, 3), 2);
}
END_TEST

/* 0 and 1 of 4 each are due at 7. What others lose by 0 is 2: then 1 ends at 6, and neither goes. Or 5: then 1
 * would end at 9, and 0 goes, although 1 has as much work. */
START_TEST(the_load_counts_for_those_behind_and_own_work_for_oneself)
{
    AdmissionJob light[] = {job_of(6.5, 4, 0), job_of(7, 4, 1)};
    AdmissionJob heavy[] = {job_of(6.5, 4, 0), job_of(7, 4, 1)};
    AdmissionJob alone[] = {job_of(4, 4, 0)};
    light[0].load_us = 2;
    heavy[0].load_us = 5;
    alone[0].load_us = 100;
    admission_choose(light, 2, 1);
    admission_choose(heavy, 2, 1);
    admission_choose(alone, 1, 1);
    ck_assert_int_eq(admitted(light, 2), 2);
    ck_assert(!is_admitted(heavy, 2, 0));
    ck_assert(is_admitted(heavy, 2, 1));
    ck_assert_int_eq(admitted(alone, 1), 1); /* it does not hold up itself */
}
END_TEST

/* Two SAs: the first two run side by side, the third after (4 + 4) / 2. */
START_TEST(sub_accelerators_share_what_is_ahead)
{
    AdmissionJob on_time[] = {job_of(4, 4, 0), job_of(6, 4, 1), job_of(8, 4, 2)};
    AdmissionJob late[] = {job_of(4, 4, 0), job_of(6, 4, 1), job_of(7.5, 4, 2)};
    admission_choose(on_time, 3, 2);
    ck_assert_int_eq(admitted(on_time, 3), 3);
    admission_choose(late, 3, 2);
    ck_assert_int_eq(admitted(late, 3), 2);
    ck_assert(!is_admitted(late, 3, 2)); /* of equal ones the last */
}
END_TEST

/* On one SA: are all of the set on time in order of deadline? */
static bool feasible(const AdmissionJob *job, int n, unsigned set)
{
    double t = 0;
    for (int i = 0; i < n; i++) {
        if (!(set >> i & 1)) continue;
        t += job[i].rem_us;
        if (t > job[i].slack_us) return false;
    }
    return true;
}

START_TEST(on_one_machine_no_more_can_be_on_time)
{
    Rng rng;
    rng_seed(&rng, 5, 0);
    for (int round = 0; round < 300; round++) {
        AdmissionJob job[MOST];
        int n = 1 + (int)rng_below(&rng, MOST), best = 0;
        unsigned found = 0;
        for (int i = 0; i < n; i++)
            job[i] = job_of(rng_below(&rng, 40), 1 + rng_below(&rng, 12), i);
        admission_choose(job, n, 1); /* sorts by deadline */
        for (int i = 0; i < n; i++) found |= (unsigned)job[i].admitted << i;
        for (unsigned set = 0; set < 1u << n; set++)
            if (feasible(job, n, set) && __builtin_popcount(set) > best)
                best = __builtin_popcount(set);
        ck_assert(feasible(job, n, found));
        ck_assert_int_eq(admitted(job, n), best);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("admission");
    TCase *tc = new_case("choice", 10);
    tcase_add_test(tc, all_stay_where_all_are_on_time);
    tcase_add_test(tc, the_largest_is_given_up_for_the_others);
    tcase_add_test(tc, an_earlier_one_may_go_for_later_ones);
    tcase_add_test(tc, the_load_counts_for_those_behind_and_own_work_for_oneself);
    tcase_add_test(tc, sub_accelerators_share_what_is_ahead);
    tcase_add_test(tc, on_one_machine_no_more_can_be_on_time);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
