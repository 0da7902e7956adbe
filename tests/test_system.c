/* test_system.c -- Systems built from tables and from YAML, and the fluid bound of their load. */
#include "env/system.h"

#include "tests/support.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

START_TEST(build_computes_the_best_times)
{
    System *sys;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    const SysNet *alpha = &sys->net[0], *beta = &sys->net[1];
    ck_assert_double_eq(alpha->best_us[0], 10);
    ck_assert_double_eq(alpha->best_us[1], 10);
    ck_assert_double_eq(alpha->rem_us, 20);
    ck_assert_double_eq(alpha->t_iso_us, 20);
    ck_assert_double_eq(alpha->tail_us[1], 10);
    ck_assert_double_eq(beta->t_iso_us, 15);
    ck_assert_double_eq(beta->cost[1][1].bytes, 500);
    system_destroy(sys);
}
END_TEST

START_TEST(isolated_time_is_the_critical_path)
{
    System *sys;
    Err err = {0};
    ck_ok(tiny_system_diamond(&sys, &err), err);
    ck_assert_double_eq(sys->net[0].t_iso_us, 30);
    ck_assert_double_eq(sys->net[0].rem_us, 40);
    ck_assert_double_eq(sys->net[0].tail_us[0], 30);
    ck_assert_double_eq(sys->net[0].tail_us[2], 20);
    system_destroy(sys);
}
END_TEST

START_TEST(types_without_an_accelerator_do_not_count_as_best)
{
    System *two, *one;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&two, &err), err);
    System d = *two;
    d.n_sas = 1; /* only "even" is left */
    ck_ok(system_build(&one, &d, &err), err);
    ck_assert_double_eq(one->net[0].best_us[1], 20);
    ck_assert_double_eq(one->net[0].t_iso_us, 30);
    system_destroy(one);
    system_destroy(two);
}
END_TEST

START_TEST(build_copies_and_is_independent_of_its_source)
{
    System *a, *b;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&a, &err), err);
    ck_ok(system_build(&b, a, &err), err);
    ck_assert_ptr_ne(a->net[1].succ, b->net[1].succ);
    system_destroy(a);
    ck_assert_double_eq(b->net[1].cost[0][1].bytes, 500);
    ck_assert_int_eq(b->net[1].succ[0], 1);
    system_destroy(b);
}
END_TEST

START_TEST(random_systems_are_valid_and_repeatable)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        System *a, *b;
        Rng rng, again;
        Err err = {0};
        rng_seed(&rng, seed, 0);
        again = rng;
        ck_ok(random_system(&a, &rng, &RANDOM_SYSTEM_DEFAULT, &err), err);
        ck_ok(random_system(&b, &again, &RANDOM_SYSTEM_DEFAULT, &err), err);
        ck_assert_int_eq(a->n_nets, b->n_nets);
        for (int i = 0; i < a->n_nets; i++) {
            const SysNet *n = &a->net[i];
            ck_assert_double_eq(n->t_iso_us, b->net[i].t_iso_us);
            ck_assert_double_le(n->t_iso_us, n->rem_us * (1 + 1e-12));
            for (int s = 0; s < n->n_subjobs; s++) ck_assert_double_le(n->tail_us[s], n->t_iso_us);
        }
        system_destroy(a);
        system_destroy(b);
    }
}
END_TEST

/* A description that each row of the next test spoils in one place. */
typedef struct Spoilt {
    System d;
    int n_preds[2], first_succ[3], succ[2];
    SubJobCost cost[2];
} Spoilt;

static void sound(Spoilt *x)
{
    *x = (Spoilt){.n_preds = {0, 1}, .first_succ = {0, 1, 1}, .succ = {1, 1}};
    x->cost[0] = x->cost[1] = (SubJobCost){1, 10, 1};
    x->d = (System){.name = "s", .n_sas = 1, .n_types = 1, .n_nets = 1, .dram_bytes_per_us = 10};
    x->d.net[0] = (SysNet){.name = "n",
                           .n_subjobs = 2,
                           .n_preds = x->n_preds,
                           .first_succ = x->first_succ,
                           .succ = x->succ,
                           .cost = {x->cost}};
}

START_TEST(build_refuses_what_the_simulator_could_not_run)
{
    enum { WAYS = 15 };
    Spoilt x;
    System *sys = NULL;
    sound(&x);
    ck_assert_int_eq(system_build(&sys, &x.d, NULL), ST_OK);
    system_destroy(sys);
    for (int way = 0; way < WAYS; way++) {
        sound(&x);
        switch (way) {
        case 0:
            x.d.n_sas = 0;
            break;
        case 1:
            x.d.n_sas = SYS_MAX_SAS + 1;
            break;
        case 2:
            x.d.n_types = 0;
            break;
        case 3:
            x.d.n_nets = 0;
            break;
        case 4:
            x.d.sa_type[0] = 1;
            break;
        case 5:
            x.d.dram_bytes_per_us = 0;
            break;
        case 6:
            x.d.dram_bytes_per_us = NAN;
            break;
        case 7:
            x.d.net[0].n_subjobs = 0;
            break;
        case 8:
            x.succ[0] = 0;
            break; /* itself */
        case 9:
            x.first_succ[1] = x.first_succ[2] = 2;
            break; /* twice */
        case 10:
            x.n_preds[1] = 0;
            break;
        case 11:
            x.cost[1].latency_us = 0;
            break;
        case 12:
            x.cost[1].energy_uj = -1;
            break;
        case 13:
            x.cost[0].bytes = 10.1;
            break; /* more than 1 us x 10 bytes/us */
        default:
            x.cost[0].bytes = INFINITY;
            break;
        }
        Err err = {0};
        ck_assert_msg(system_build(&sys, &x.d, &err) == ST_CONFIG, "way %d was accepted", way);
        ck_assert_ptr_null(sys);
        ck_assert_uint_gt(strlen(err.msg), 0);
    }
}
END_TEST

START_TEST(build_reports_every_allocation_failure)
{
    System *sys;
    ck_every_allocation_failure(tiny_system_two_sas(&sys, NULL), system_destroy(sys));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("system");
    TCase *build = new_case("build", 10);
    tcase_add_test(build, build_computes_the_best_times);
    tcase_add_test(build, isolated_time_is_the_critical_path);
    tcase_add_test(build, types_without_an_accelerator_do_not_count_as_best);
    tcase_add_test(build, build_copies_and_is_independent_of_its_source);
    tcase_add_test(build, random_systems_are_valid_and_repeatable);
    tcase_add_test(build, build_refuses_what_the_simulator_could_not_run);
    tcase_add_test(build, build_reports_every_allocation_failure);
    suite_add_tcase(s, build);
    return run_suite(s);
}
