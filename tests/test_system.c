/* test_system.c -- Systems built from tables and from YAML, and the fluid bound of their load. */
#include "env/system.h"

#include "accel_models/accel.h"
#include "base/mem.h"
#include "base/path.h"
#include "env/network.h"
#include "env/scenario.h"
#include "env/system_file.h"
#include "tests/support.h"
#include "tests/support/mutate.h"
#include "tests/support/tiny_system.h"

#include <glpk.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Each sub-job on the SA where it moves the fewest bytes, and on the one where it takes least energy. */
START_TEST(demand_and_mean_power_are_those_of_the_least_costs)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        System *sys;
        Rng rng;
        Err err = {0};
        double us = 0, energy_uj = 0;
        rng_seed(&rng, seed, 0);
        ck_ok(random_system(&sys, &rng, &RANDOM_SYSTEM_DEFAULT, &err), err);
        for (int i = 0; i < sys->n_nets; i++) {
            const SysNet *n = &sys->net[i];
            double bytes = 0;
            for (int s = 0; s < n->n_subjobs; s++) {
                double fewest = HUGE_VAL, least = HUGE_VAL;
                for (int m = 0; m < sys->n_sas; m++) {
                    fewest = fmin(fewest, n->cost[sys->sa_type[m]][s].bytes);
                    least = fmin(least, n->cost[sys->sa_type[m]][s].energy_uj);
                }
                bytes += fewest;
                energy_uj += least;
                us += n->best_us[s];
            }
            ck_assert_double_eq_tol(n->demand * n->rem_us, bytes, 1e-9 * (1 + bytes));
        }
        ck_assert_double_eq_tol(sys->us_per_uj * energy_uj, us, 1e-9 * us);
        system_destroy(sys);
    }
}
END_TEST

START_TEST(a_system_without_energy_has_no_mean_power)
{
    Spoilt x;
    System *sys;
    Err err = {0};
    sound(&x);
    x.cost[0].energy_uj = x.cost[1].energy_uj = 0;
    ck_ok(system_build(&sys, &x.d, &err), err);
    ck_assert_double_eq(sys->us_per_uj, 0);
    system_destroy(sys);
}
END_TEST

START_TEST(build_refuses_what_the_simulator_could_not_run)
{
    enum { WAYS = 17 };
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
            x.d.dram_bytes_per_us = (double)NAN;
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
        case 14:
            x.d.arbitration = (Arbitration)ARBITRATIONS;
            break;
        case 15:
            x.d.replan_us = 0.5;
            break;
        default:
            x.cost[0].bytes = (double)INFINITY;
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

/* ---- fluid bound ---- */

/* A machine of up to two types whose network i is a chain of n[i] sub-jobs. */
typedef struct Chains {
    double bandwidth;
    int count[2], n_nets, n[2];
    SubJobCost cost[2][2][2]; /* [net][type][sub-job] */
} Chains;

static System *build_chains(const Chains *c)
{
    static const int N_PREDS[2] = {0, 1}, FIRST_SUCC[2][3] = {{0, 0, 0}, {0, 1, 1}}, SUCC[1] = {1};
    System d = {.name = "hand", .n_types = 2, .type_name = {"a", "b"}}, *sys = NULL;
    Err err = {0};
    d.dram_bytes_per_us = c->bandwidth;
    d.n_nets = c->n_nets;
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < c->count[t]; i++) d.sa_type[d.n_sas++] = t;
    for (int i = 0; i < c->n_nets; i++)
        d.net[i] = (SysNet){.name = "chain",
                            .n_subjobs = c->n[i],
                            .n_preds = N_PREDS,
                            .first_succ = FIRST_SUCC[c->n[i] - 1],
                            .succ = SUCC,
                            .cost = {c->cost[i][0], c->cost[i][1]}};
    ck_ok(system_build(&sys, &d, &err), err);
    return sys;
}

static const struct {
    const char *why;
    Chains c;
    double share[2], lambda;
    const char *binding;
} BY_HAND[] = {
    {"one SA: 1 / total work",
     {1, {1, 0}, 1, {2}, {{{{10, 0, 0}, {30, 0, 0}}, {{1, 0, 0}, {1, 0, 0}}}}},
     {1},
     1.0 / 40,
     "a"},
    {"shares weigh the networks: 0.25 x 10 + 0.75 x 30",
     {1, {1, 0}, 2, {1, 1}, {{{{10, 0, 0}}, {{1, 0, 0}}}, {{{30, 0, 0}}, {{1, 0, 0}}}}},
     {0.25, 0.75},
     1.0 / 25,
     "a"},
    {"each type takes what it does best",
     {1, {1, 1}, 1, {2}, {{{{10, 0, 0}, {20, 0, 0}}, {{20, 0, 0}, {10, 0, 0}}}}},
     {1},
     1.0 / 10,
     "a, b"},
    {"b has the comparative advantage in sub-job 1 and gives 2/7 of it to a: 1 + 4 x 2/7",
     {1, {1, 1}, 1, {2}, {{{{1, 0, 0}, {4, 0, 0}}, {{2, 0, 0}, {3, 0, 0}}}}},
     {1},
     7.0 / 15,
     "a, b"},
    {"the same with two of b: 1/11 of sub-job 1 on a",
     {1, {1, 2}, 1, {2}, {{{{1, 0, 0}, {4, 0, 0}}, {{2, 0, 0}, {3, 0, 0}}}}},
     {1},
     11.0 / 15,
     "a, b"},
    {"four SAs could do 0.4 jobs/us, the DRAM only 100 / 500",
     {100, {4, 0}, 1, {1}, {{{{10, 500, 0}}, {{10, 0, 0}}}}},
     {1},
     0.2,
     "dram"},
    {"b is full with 0.1 jobs/us and 20 bytes/us; the other 30 bytes/us feed a: 30 / 800",
     {50, {1, 1}, 1, {1}, {{{{20, 800, 0}}, {{10, 200, 0}}}}},
     {1},
     0.1375,
     "dram, b"},
};

START_TEST(fluid_bound_agrees_with_hand_solutions)
{
    System *sys = build_chains(&BY_HAND[_i].c);
    Err err = {0};
    double lambda = 0;
    char binding[256];
    ck_ok(system_fluid_bound(sys, BY_HAND[_i].share, &lambda, binding, &err), err);
    ck_assert_msg(fabs(lambda / BY_HAND[_i].lambda - 1) < 1e-9, "%s: %.9g", BY_HAND[_i].why,
                  lambda);
    ck_assert_str_eq(binding, BY_HAND[_i].binding);
    ck_ok(system_fluid_bound(sys, BY_HAND[_i].share, &lambda, NULL, &err), err);
    system_destroy(sys);
}
END_TEST

/* Machine time per job when fractions f, g of the two sub-jobs are done on type 0. */
static double theta(const System *sys, double f, double g)
{
    const SubJobCost *a = sys->net[0].cost[0], *b = sys->net[0].cost[1];
    double count[2] = {0, 0};
    for (int m = 0; m < sys->n_sas; m++) count[sys->sa_type[m]]++;
    double on_a = (f * a[0].latency_us + g * a[1].latency_us) / count[0];
    double on_b = ((1 - f) * b[0].latency_us + (1 - g) * b[1].latency_us) / count[1];
    double bytes = f * a[0].bytes + g * a[1].bytes + (1 - f) * b[0].bytes + (1 - g) * b[1].bytes;
    return fmax(fmax(on_a, on_b), bytes / sys->dram_bytes_per_us);
}

START_TEST(fluid_bound_agrees_with_a_grid_search)
{
    enum { STEPS = 200, SYSTEMS = 40 };
    static const double share[1] = {1};
    Chains c = {.bandwidth = 100, .n_nets = 1, .n = {2}};
    Err err = {0};
    Rng rng;
    rng_seed(&rng, 5, 0);
    for (int i = 0; i < SYSTEMS; i++) {
        double lambda = 0, best = (double)INFINITY;
        for (int t = 0; t < 2; t++) {
            c.count[t] = 1 + (int)rng_below(&rng, 3);
            for (int s = 0; s < 2; s++) {
                double us = 1 + 9 * rng_uniform(&rng);
                c.cost[0][t][s] = (SubJobCost){us, us * 100 * rng_uniform(&rng), 0};
            }
        }
        System *sys = build_chains(&c);
        ck_ok(system_fluid_bound(sys, share, &lambda, NULL, &err), err);
        for (int f = 0; f <= STEPS; f++)
            for (int g = 0; g <= STEPS; g++)
                best = fmin(best, theta(sys, (double)f / STEPS, (double)g / STEPS));
        ck_assert_double_le(1 / lambda, best * (1 + 1e-9));
        ck_assert_double_ge(1 / lambda, best * (1 - 0.02)); /* the grid's resolution */
        system_destroy(sys);
    }
}
END_TEST

static double bound_of(const System *d, const double *share)
{
    System *sys;
    FluidBound b;
    Err err = {0};
    double price = 0;
    ck_ok(system_build(&sys, d, &err), err);
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    price = b.dram_price;
    ck_assert_double_le(b.dram_use, 1 + 1e-9);
    for (int t = 0; t < sys->n_types; t++) {
        ck_assert_double_le(b.type_use[t], 1 + 1e-9);
        ck_assert_double_ge(b.type_use[t], -1e-9);
        if (b.type_price[t] > 1e-6) ck_assert_double_ge(b.type_use[t], 1 - 1e-6);
        price += b.type_price[t];
    }
    ck_assert_double_eq_tol(price, 1, 1e-6);
    system_destroy(sys);
    return b.lambda_per_us;
}

START_TEST(fluid_bound_obeys_its_laws)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        double share[SYS_MAX_NETS] = {0}, sum = 0, work = 0;
        System *sys;
        Err err = {0};
        Rng rng;
        rng_seed(&rng, seed, 1);
        ck_ok(random_system(&sys, &rng, &RANDOM_SYSTEM_DEFAULT, &err), err);
        for (int i = 0; i < sys->n_nets; i++) sum += share[i] = 0.01 + rng_uniform(&rng);
        for (int i = 0; i < sys->n_nets; i++) work += (share[i] /= sum) * sys->net[i].rem_us;
        double lambda = bound_of(sys, share);
        System d = *sys;

        /* no SA can be faster than the best one */
        ck_assert_double_le(lambda, sys->n_sas / work * (1 + 1e-9));
        /* more bandwidth or one more SA never hurts, and at most doubles with both doubled */
        d.dram_bytes_per_us *= 2;
        double wide = bound_of(&d, share);
        ck_assert_double_ge(wide, lambda * (1 - 1e-9));
        d.sa_type[d.n_sas++] = 0;
        ck_assert_double_ge(bound_of(&d, share), wide * (1 - 1e-9));
        d = *sys;
        for (int m = 0; m < sys->n_sas; m++) d.sa_type[d.n_sas++] = sys->sa_type[m];
        d.dram_bytes_per_us *= 2;
        ck_assert_double_eq_tol(bound_of(&d, share) / lambda, 2, 1e-6);
        /* a network listed twice with half its share each is the same load */
        d = *sys;
        d.net[d.n_nets++] = d.net[0];
        share[d.n_nets - 1] = share[0] /= 2;
        ck_assert_double_eq_tol(bound_of(&d, share) / lambda, 1, 1e-6);
        system_destroy(sys);
    }
}
END_TEST

START_TEST(fluid_bound_refuses_bad_shares)
{
    static const double BAD[][2] = {{0.5, 0.4}, {1.5, -0.5}, {(double)NAN, 1}, {0, 0}};
    System *sys;
    double lambda = -1;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        ck_assert_int_eq(system_fluid_bound(sys, BAD[i], &lambda, NULL, NULL), ST_CONFIG);
    ck_assert_double_eq(lambda, -1);
    system_destroy(sys);
}
END_TEST

/* GLPK aborts the process on internal failures, as running out of memory, unless it is caught. */
START_TEST(a_dying_solver_is_an_error_and_leaves_no_trace)
{
    static const RandomSystemLimits LARGE = {8, 8, 4, SYS_MAX_SUBJOBS, 0.1, 0};
    static const double first[SYS_MAX_NETS] = {1}, both[2] = {0.5, 0.5};
    double lambda;
    System *sys = NULL;
    Err err = {0};
    Rng rng;
    rng_seed(&rng, 3, 0);
    do { /* one that needs more than 1 MB */
        system_destroy(sys);
        ck_ok(random_system(&sys, &rng, &LARGE, &err), err);
    } while (sys->net[0].n_subjobs * sys->n_types < 4 * SYS_MAX_SUBJOBS);
    glp_mem_limit(1);
    ck_assert_int_eq(system_fluid_bound(sys, first, &lambda, NULL, &err), ST_SOLVER);
    ck_assert_msg(strstr(err.msg, "glpk gave up"), "got: %s", err.msg);
    system_destroy(sys);
    err = (Err){0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    ck_ok(system_fluid_bound(sys, both, &lambda, NULL, &err), err);
    system_destroy(sys);
}
END_TEST

START_TEST(fluid_bound_reports_every_allocation_failure)
{
    static const double share[2] = {0.5, 0.5};
    System *sys;
    double lambda;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    ck_every_allocation_failure(system_fluid_bound(sys, share, &lambda, NULL, NULL), (void)0);
    system_destroy(sys);
}
END_TEST

/* ---- systems from files ---- */

static const char *const MIXED[] = {"squeezenet", "yololite",  "kws",   "resnet50",
                                    "alexnet",    "googlenet", "yolov2"};
enum { LIGHT_N = 3, MIXED_N = 7 };

static void load_accel(AccelConfig **accel, const char *name)
{
    char path[PATH_MAX_BYTES];
    Err err = {0};
    ck_ok(path_find(path, sizeof path, "accel_models/presets", name, ".yaml", &err), err);
    ck_ok(accel_load(accel, path, &err), err);
}

START_TEST(load_fills_the_table_from_the_models)
{
    static const char *const NAMES[] = {"resnet50"}, *const TYPES[] = {"simba-16pe",
                                                                       "eyeriss-12x14"};
    char path[PATH_MAX_BYTES];
    System *sys;
    Network *net;
    Err err = {0};
    ck_ok(system_load(&sys, "tiny-2", NAMES, 1, 1, &err), err);
    ck_ok(path_find(path, sizeof path, "env/networks", "resnet50", ".yaml", &err), err);
    ck_ok(network_load(&net, path, &err), err);
    ck_assert_str_eq(sys->name, "tiny-2");
    ck_assert_str_eq(sys->net[0].name, "resnet50");
    ck_assert_double_eq(sys->dram_bytes_per_us, 17900);
    ck_assert_int_eq(sys->net[0].n_subjobs, net->n_subjobs);
    for (int t = 0; t < 2; t++) {
        AccelConfig *accel;
        load_accel(&accel, TYPES[t]);
        ck_assert_str_eq(sys->type_name[t], TYPES[t]);
        ck_assert_double_eq(sys->type_leakage_mw[t], accel_leakage_mw(accel));
        for (int s = 0; s < net->n_subjobs; s++) {
            const SubJobCost *c = &sys->net[0].cost[t][s];
            double extra = net->subjob[s].extra_read_words * accel_word_bits(accel) / 8;
            LayerCost l;
            ck_ok(accel_cost(accel, &net->layer[net->subjob[s].layer].shape, MAP_HARDWARE, 17900,
                             &l, &err),
                  err);
            ck_assert_double_eq_tol(c->bytes, l.dram_read_bytes + l.dram_write_bytes + extra, 1e-6);
            ck_assert_double_eq_tol(c->energy_uj, l.energy_pj * 1e-6 + extra * 64e-6, 1e-9);
            ck_assert_double_ge(c->latency_us, l.latency_us);
            ck_assert_double_ge(c->latency_us * 17900 * (1 + 1e-9), c->bytes);
            if (extra == 0) ck_assert_double_eq(c->latency_us, l.latency_us);
        }
        accel_destroy(accel);
    }
    network_destroy(net);
    system_destroy(sys);
}
END_TEST

/* A shortcut of 256 x 56 x 56 bytes on top of a 1x1 layer that already fills most of the port. */
START_TEST(a_fused_add_can_make_a_subjob_memory_bound)
{
    static const char *const NAMES[] = {"resnet50"};
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, "tiny-2", NAMES, 1, 1, &err), err);
    /* sub-jobs: conv1, 2a_branch1, 2a_2a, 2a_2b, 2a_2c, 2b_2a, 2b_2b, 2b_2c */
    const SubJobCost *with_add = &sys->net[0].cost[0][7], *same_without = &sys->net[0].cost[0][1];
    ck_assert_double_eq_tol(with_add->bytes - same_without->bytes, 256 * 56 * 56, 1e-6);
    ck_assert_double_gt(with_add->latency_us, same_without->latency_us);
    system_destroy(sys);
}
END_TEST

START_TEST(the_table_does_not_depend_on_threads)
{
    System *one, *four;
    Err err = {0};
    ck_ok(system_load(&one, "default-6", MIXED, LIGHT_N, 1, &err), err);
    ck_ok(system_load(&four, "default-6", MIXED, LIGHT_N, 4, &err), err);
    for (int i = 0; i < LIGHT_N; i++)
        for (int t = 0; t < one->n_types; t++)
            ck_assert_mem_eq(one->net[i].cost[t], four->net[i].cost[t],
                             (size_t)one->net[i].n_subjobs * sizeof(SubJobCost));
    system_destroy(one);
    system_destroy(four);
}
END_TEST

static double net_sum(const SysNet *n, int type, bool energy)
{
    double sum = 0;
    for (int s = 0; s < n->n_subjobs; s++)
        sum += energy ? n->cost[type][s].energy_uj : n->cost[type][s].latency_us;
    return sum;
}

static int fastest_count(const System *sys, int net, int type)
{
    int n = 0;
    for (int s = 0; s < sys->net[net].n_subjobs; s++)
        n += sys->net[net].cost[type][s].latency_us <= sys->net[net].best_us[s];
    return n;
}

/* No SA is useless under the mixed workload, each type is the fastest for many sub-jobs, and DRAM
 * is well used at the bound. */
START_TEST(the_default_system_is_heterogeneous_and_contended)
{
    double share[MIXED_N];
    int total = 0, fastest[SYS_MAX_TYPES] = {0};
    FluidBound b;
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, "default-6", MIXED, MIXED_N, 2, &err), err);
    ck_assert_int_eq(sys->n_sas, 6);
    for (int i = 0; i < MIXED_N; i++) {
        share[i] = 1.0 / MIXED_N;
        total += sys->net[i].n_subjobs;
        for (int t = 0; t < sys->n_types; t++) fastest[t] += fastest_count(sys, i, t);
    }
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    ck_assert_double_ge(b.dram_use, 0.6);
    for (int t = 0; t < sys->n_types; t++) {
        ck_assert_double_ge(b.type_use[t], 0.5);
        ck_assert_int_gt(fastest[t], total / 5);
    }
    system_destroy(sys);
}
END_TEST

/* What env/systems/sizes-6.yaml says about itself. */
START_TEST(the_system_of_sizes_is_balanced_and_heterogeneous)
{
    enum { SIMBA_16, SIMBA_64, EYERISS_32, EYERISS_64 };
    double share[MIXED_N];
    FluidBound b;
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, "sizes-6", MIXED, MIXED_N, 2, &err), err);
    ck_assert_int_eq(sys->n_sas, 6);
    for (int i = 0; i < MIXED_N; i++) share[i] = 1.0 / MIXED_N;
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    ck_assert_double_ge(b.dram_use, 0.6);
    ck_assert(b.dram_price > 0.05 && b.dram_price < 0.6);
    for (int t = 0; t < sys->n_types; t++) {
        ck_assert_double_ge(b.type_use[t], 0.5);
        ck_assert(b.type_price[t] > 0.02 && b.type_price[t] < 0.6);
    }
    for (int i = 0; i < MIXED_N; i++) { /* the fast one costs energy */
        double simba = net_sum(&sys->net[i], SIMBA_64, true);
        ck_assert_double_gt(net_sum(&sys->net[i], EYERISS_64, true), 2 * simba);
    }
    for (int i = 1; i < LIGHT_N; i++) /* YOLO-Lite, KWS */
        ck_assert_double_lt(net_sum(&sys->net[i], EYERISS_32, false),
                            net_sum(&sys->net[i], SIMBA_64, false));
    for (int i = LIGHT_N; i < MIXED_N; i++)
        ck_assert_double_gt(net_sum(&sys->net[i], EYERISS_32, false),
                            net_sum(&sys->net[i], SIMBA_64, false));
    ck_assert_int_gt(fastest_count(sys, 3, SIMBA_64), sys->net[3].n_subjobs / 4);   /* resnet50 */
    ck_assert_int_gt(fastest_count(sys, 6, SIMBA_64), sys->net[6].n_subjobs / 2);   /* yolov2 */
    ck_assert_int_gt(fastest_count(sys, 5, EYERISS_64), sys->net[5].n_subjobs / 2); /* googlenet */
    system_destroy(sys);
}
END_TEST

/* The bound of the mixed networks in equal shares; every SA must be fully used and limit. */
static FluidBound balanced_bound(const System *sys)
{
    double share[MIXED_N], price = 0;
    FluidBound b;
    Err err = {0};
    for (int i = 0; i < MIXED_N; i++) share[i] = 1.0 / MIXED_N;
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    for (int t = 0; t < sys->n_types; t++) {
        ck_assert_msg(b.type_use[t] > 0.99, "%s: use %g", sys->type_name[t], b.type_use[t]);
        ck_assert_msg(b.type_price[t] > 0.02 && b.type_price[t] < 0.6, "%s: price %g",
                      sys->type_name[t], b.type_price[t]);
        price += b.type_price[t];
    }
    ck_assert_double_ge(b.dram_use, 0.99);
    ck_assert_msg(b.dram_price > 0.02 && b.dram_price < 0.6, "dram: price %g", b.dram_price);
    ck_assert_double_eq_tol(price + b.dram_price, 1, 1e-6);
    return b;
}

/* That of the light networks, the first of MIXED. */
static FluidBound light_bound(const System *sys)
{
    double share[MIXED_N] = {1.0 / LIGHT_N, 1.0 / LIGHT_N, 1.0 / LIGHT_N};
    FluidBound b;
    Err err = {0};
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    return b;
}

static double bandwidth_of(const SysNet *n, int type)
{
    double bytes = 0;
    for (int s = 0; s < n->n_subjobs; s++) bytes += n->cost[type][s].bytes;
    return bytes / net_sum(n, type, false);
}

/* What env/systems/edge-4.yaml says about itself. */
START_TEST(the_edge_system_is_balanced_and_has_slow_frugal_helpers)
{
    enum { SIMBA_1024, SIMBA_256, EYERISS_1024, EYERISS_168 };
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, "edge-4", MIXED, MIXED_N, 2, &err), err);
    ck_assert_int_eq(sys->n_sas, 4);
    balanced_bound(sys);
    ck_assert_double_gt(light_bound(sys).dram_price, 0.99);
    for (int i = 0; i < MIXED_N; i++) {
        const SysNet *n = &sys->net[i];
        for (int small = SIMBA_256; small <= EYERISS_168; small += 2) {
            double bandwidth = bandwidth_of(n, small) / bandwidth_of(n, small - 1);
            double slower = net_sum(n, small, false) / n->rem_us;
            ck_assert_int_eq(fastest_count(sys, i, small), 0);
            ck_assert_msg(slower > 2.5 && slower < 6.5, "%s: %g", n->name, slower);
            ck_assert_msg(bandwidth > 0.15 && bandwidth < 0.6, "%s: %g", n->name, bandwidth);
        }
    }
    ck_assert_int_eq(fastest_count(sys, 2, EYERISS_1024), sys->net[2].n_subjobs); /* kws */
    ck_assert_int_gt(fastest_count(sys, 0, EYERISS_1024),
                     sys->net[0].n_subjobs / 2); /* squeezenet */
    ck_assert_int_gt(fastest_count(sys, 5, EYERISS_1024),
                     sys->net[5].n_subjobs / 2);                                    /* googlenet */
    ck_assert_int_gt(fastest_count(sys, 6, SIMBA_1024), sys->net[6].n_subjobs / 2); /* yolov2 */
    ck_assert_double_lt(net_sum(&sys->net[6], SIMBA_1024, true),
                        0.55 * net_sum(&sys->net[6], EYERISS_1024, true));
    system_destroy(sys);
}
END_TEST

/* What env/systems/server-8.yaml says about itself. */
START_TEST(the_server_system_is_balanced_and_has_three_dataflows)
{
    enum { OS_128, SIMBA_64, EYERISS_64, KWS = 2, RESNET50, ALEXNET, GOOGLENET, YOLOV2 };
    static const struct {
        int type, net;
        double share; /* of the network's sub-jobs that this type is the fastest for */
    } FASTEST[] = {{OS_128, RESNET50, 0.55},    {OS_128, ALEXNET, 0.55}, {OS_128, YOLOV2, 0.75},
                   {EYERISS_64, KWS, 0.99},     {EYERISS_64, 0, 0.7},    {EYERISS_64, 1, 0.6},
                   {EYERISS_64, GOOGLENET, 0.6}};
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, "server-8", MIXED, MIXED_N, 2, &err), err);
    ck_assert_int_eq(sys->n_sas, 8);
    FluidBound b = balanced_bound(sys);
    ck_assert_double_gt(b.type_price[SIMBA_64] / 2, b.type_price[OS_128] / 4); /* of one each */
    ck_assert_double_lt(light_bound(sys).dram_price, 0.01);
    for (size_t i = 0; i < sizeof FASTEST / sizeof *FASTEST; i++)
        ck_assert_double_gt(fastest_count(sys, FASTEST[i].net, FASTEST[i].type),
                            FASTEST[i].share * sys->net[FASTEST[i].net].n_subjobs);
    for (int i = 0; i < MIXED_N; i++) ck_assert_int_eq(fastest_count(sys, i, SIMBA_64), 0);
    for (int i = LIGHT_N; i < MIXED_N; i++) {
        const SysNet *n = &sys->net[i];
        double slower = net_sum(n, SIMBA_64, false) / n->rem_us;
        double least = fmin(bandwidth_of(n, OS_128), bandwidth_of(n, EYERISS_64));
        ck_assert_msg(slower > 2.3 && slower < 4, "%s: %g", n->name, slower);
        ck_assert_double_lt(bandwidth_of(n, SIMBA_64), 0.65 * least);
    }
    ck_assert_double_gt(net_sum(&sys->net[KWS], OS_128, false), 40 * sys->net[KWS].rem_us);
    ck_assert_double_gt(net_sum(&sys->net[YOLOV2], EYERISS_64, true),
                        1.7 * net_sum(&sys->net[YOLOV2], OS_128, true));
    system_destroy(sys);
}
END_TEST

/* The table of lambda_max in docs/MODEL.md, section 3, requests/s: a change of the cost models is to be
 * seen there too. */
static const struct {
    const char *system;
    double light, heavy, mixed;
} SUSTAINED[] = {
    {"default-6", 23352, 1056, 1794},  {"sizes-6", 43344, 1954, 3314}, {"edge-4", 5244, 223.5, 381},
    {"server-8", 117388, 7164, 12113}, {"tiny-2", 5119, 211, 359},
};

START_TEST(systems_sustain_what_the_documentation_says)
{
    const double want[] = {SUSTAINED[_i].light, SUSTAINED[_i].heavy, SUSTAINED[_i].mixed};
    System *sys;
    Err err = {0};
    ck_ok(system_load(&sys, SUSTAINED[_i].system, MIXED, MIXED_N, 2, &err), err);
    for (int set = 0; set < 3; set++) {
        int first = set == 1 ? LIGHT_N : 0, end = set == 0 ? LIGHT_N : MIXED_N;
        double share[MIXED_N] = {0}, lambda;
        for (int i = first; i < end; i++) share[i] = 1.0 / (end - first);
        ck_ok(system_fluid_bound(sys, share, &lambda, NULL, &err), err);
        ck_assert_msg(fabs(lambda * 1e6 / want[set] - 1) < 0.005, "%s, set %d: %.1f, not %.0f",
                      SUSTAINED[_i].system, set, lambda * 1e6, want[set]);
    }
    system_destroy(sys);
}
END_TEST

/* Every network that is shipped, on every system. */
START_TEST(every_network_loads_on_every_system)
{
    char(*systems)[PATH_NAME_MAX], (*nets)[PATH_NAME_MAX];
    const char *names[SYS_MAX_NETS];
    int n_systems, n_nets;
    Err err = {0};
    ck_ok(path_list(&systems, &n_systems, "env/systems", ".yaml", &err), err);
    ck_ok(path_list(&nets, &n_nets, "env/networks", ".yaml", &err), err);
    ck_assert_int_le(n_nets, SYS_MAX_NETS);
    for (int i = 0; i < n_nets; i++) names[i] = nets[i];
    for (int i = 0; i < n_systems; i++) {
        System *sys;
        ck_ok(system_load(&sys, systems[i], names, n_nets, 2, &err), err);
        ck_assert_str_eq(sys->name, systems[i]);
        system_destroy(sys);
    }
    mem_free(systems);
    mem_free(nets);
}
END_TEST

#define SIMBA "- {preset: simba-16pe, count: 1}\n"
#define SET(keys)                                                                                  \
    "name: x\ndram_gbps: 10\naccelerators:\n- preset: simba-16pe\n  set: {" keys "}\n  count: 1\n"

static const struct {
    const char *text, *message;
} WRONG[] = {
    {"dram_gbps: 10\naccelerators:\n" SIMBA, "missing key 'name'"},
    {"name: x\naccelerators:\n" SIMBA, "missing key 'dram_gbps'"},
    {"name: x\ndram_gbps: 0\naccelerators:\n" SIMBA, ":2: 'dram_gbps'"},
    {"name: x\ndram_gbps: 10\naccelerators: 3\n", ":3: 'accelerators' must be a list"},
    {"name: x\ndram_gbps: 10\naccelerators: []\n", ":3: 'accelerators' must be a list"},
    {"name: x\ndram_gbps: 10\naccels:\n" SIMBA, ":3: unknown key 'accels'"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16, count: 1}\n", "simba-16pe"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16pe, count: 0}\n", ":4:"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16pe}\n", "count"},
    {"name: x\ndram_gbps: 10\naccelerators:\n" SIMBA SIMBA,
     ":5: there are two accelerator types 'simba-16pe', add a name to one"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16pe, count: 16}\n"
     "- {preset: eyeriss-12x14, count: 1}\n",
     ":5: the system has more than 16 accelerators"},
    {"name: x\ndram_gbps: nan\naccelerators:\n" SIMBA, ":2: 'dram_gbps' must be"},
    {"name: x\ndram_gbps: 10\narbitration: fair\naccelerators:\n" SIMBA,
     ":3: 'arbitration' must be one of max-min, proportional, got 'fair'"},
    {"name: x\ndram_gbps: 10\nreplan_us: 0.5\naccelerators:\n" SIMBA,
     ":3: 'replan_us' must be 0 (never) or 1..1000000000, got '0.5'"},
    {"name: x\ndram_gbps: 10\nreplan_us: -1\naccelerators:\n" SIMBA, ":3: 'replan_us' must be"},
    {"name: x\ndram_gbps: 10\nreplan_u: 1\naccelerators:\n" SIMBA, "did you mean 'replan_us'"},
    {SET("clock_mhz: fast"),
     ":5: 'accelerators[0].set.clock_mhz' must be a number in 1..100000, got 'fast'"},
    {SET("clock_mhz: nan"), ":5: 'accelerators[0].set.clock_mhz' must be"},
    {SET("clock_mz: 500"), ":5: unknown key 'clock_mz', did you mean 'clock_mhz'?"},
    {SET("glb.byte: 500"), ":5: unknown key 'glb.byte', did you mean 'glb.bytes'?"},
    {SET("glb: {byte: 500}"), ":5: unknown key 'glb.byte', did you mean 'glb.bytes'?"},
    {SET("glb: {bytes: 0}"), ":5: 'accelerators[0].set.glb.bytes' must be"},
    {SET("glb.bytes: 500, glb: {bytes: 500}"), ":5: 'glb.bytes' is set twice"},
    {SET("array.rows: 12"), ":5: unknown key 'array.rows'"}, /* another dataflow's */
    {SET("word_bits: 12"), ":5: 'word_bits' is 12, want a multiple of 8"},
    {SET("name: y"), ":5: 'name' cannot be set, it is the preset's"},
    {SET("dataflow: rs"), ":5: 'dataflow' cannot be set, it is the preset's"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16pe, count: 1, set: 3}\n",
     ":4: 'accelerators[0].set' must be a map, got '3'"},
    {"name: x\ndram_gbps: 10\naccelerators:\n- {preset: simba-16pe, count: 1, sets: {}}\n",
     "did you mean 'set'?"},
};

/* path: a template of mkstemp. */
static void write_temp(char *path, const char *text)
{
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static Status load_text(System **sys, const char *text, Err *err)
{
    static const char *const NAMES[] = {"kws"};
    char path[] = "/tmp/relmas-test-XXXXXX";
    write_temp(path, text);
    Status st = system_load(sys, path, NAMES, 1, 1, err);
    unlink(path);
    return st;
}

START_TEST(a_wrong_system_file_is_refused)
{
    System *sys;
    Err err = {0};
    Status st = load_text(&sys, WRONG[_i].text, &err);
    ck_assert(st == ST_FORMAT || st == ST_CONFIG);
    ck_assert_ptr_null(sys);
    ck_assert_msg(strstr(err.msg, WRONG[_i].message), "got: %s", err.msg);
}
END_TEST

START_TEST(damaged_system_files_load_soundly_or_are_refused)
{
    static const char INTACT[] = "name: x\ndram_gbps: 17.9\naccelerators:\n" SIMBA
                                 "- {preset: eyeriss-12x14, count: 2, name: rows,\n"
                                 "   set: {clock_mhz: 500, glb: {bytes: 65536}, word_bits: 8}}\n"
                                 "arbitration: proportional\nreplan_us: 50\n";
    enum { TRIALS = 600, CAP = 768 };
    int refused = 0;
    Rng rng;
    rng_seed(&rng, 11, 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        char text[CAP + 1];
        size_t n = sizeof INTACT - 1;
        System *sys;
        Err err = {0};
        memcpy(text, INTACT, n);
        mutate_text(text, &n, CAP, &rng);
        text[n] = '\0';
        if (load_text(&sys, text, &err) != ST_OK) {
            refused++;
            ck_assert_ptr_null(sys);
            ck_assert_uint_gt(strlen(err.msg), 0);
        }
        system_destroy(sys);
    }
    ck_assert_int_gt(refused, TRIALS / 4);
}
END_TEST

START_TEST(types_of_one_preset_can_be_told_apart_by_name)
{
    System *sys;
    Err err = {0};
    ck_ok(load_text(&sys,
                    "name: x\ndram_gbps: 10\naccelerators:\n" SIMBA
                    "- {preset: simba-16pe, count: 2, name: spare}\n",
                    &err),
          err);
    ck_assert_int_eq(sys->n_sas, 3);
    ck_assert_str_eq(sys->type_name[1], "spare");
    ck_assert_mem_eq(sys->net[0].cost[0], sys->net[0].cost[1],
                     (size_t)sys->net[0].n_subjobs * sizeof(SubJobCost));
    system_destroy(sys);
}
END_TEST

/* Half the clock on a DRAM that is no limit for either: every layer takes twice as long, and equal
 * cycles move equal bytes at equal energy. */
START_TEST(an_entry_may_change_keys_of_its_preset)
{
    System *sys;
    Err err = {0};
    ck_ok(load_text(&sys,
                    "name: x\ndram_gbps: 100\naccelerators:\n" SIMBA
                    "- {preset: simba-16pe, count: 1, name: slow, set: {clock_mhz: 500}}\n"
                    "- preset: simba-16pe\n  count: 1\n  name: small\n"
                    "  set: {leakage_mw: 7, glb: {bytes: 8192}, array.pes: 4}\n",
                    &err),
          err);
    for (int s = 0; s < sys->net[0].n_subjobs; s++) {
        const SubJobCost *plain = &sys->net[0].cost[0][s], *slow = &sys->net[0].cost[1][s];
        ck_assert_double_eq_tol(slow->latency_us, 2 * plain->latency_us, 1e-9);
        ck_assert_double_eq(slow->bytes, plain->bytes);
        ck_assert_double_eq(slow->energy_uj, plain->energy_uj);
        ck_assert_double_ge(sys->net[0].cost[2][s].latency_us, plain->latency_us);
    }
    ck_assert_double_gt(net_sum(&sys->net[0], 2, false), 1.5 * net_sum(&sys->net[0], 0, false));
    ck_assert_double_eq(sys->type_leakage_mw[0], sys->type_leakage_mw[1]);
    ck_assert_double_eq(sys->type_leakage_mw[2], 7);
    system_destroy(sys);
}
END_TEST

/* A DRAM of half the energy, also for the operands of fused element-wise layers. Not to the last digit:
 * a mapping may weigh DRAM against buffers anew. */
START_TEST(the_energy_of_dram_is_the_accelerators)
{
    static const char *const NAMES[] = {"resnet50"};
    char path[] = "/tmp/relmas-test-XXXXXX";
    double saved = 0, bytes = 0;
    System *sys;
    Err err = {0};
    write_temp(path, "name: x\ndram_gbps: 17.9\naccelerators:\n" SIMBA
                     "- {preset: simba-16pe, count: 1, name: hbm, set: {dram.pj_per_byte: 32}}\n");
    ck_ok(system_load(&sys, path, NAMES, 1, 1, &err), err);
    unlink(path);
    for (int s = 0; s < sys->net[0].n_subjobs; s++) {
        const SubJobCost *plain = &sys->net[0].cost[0][s], *hbm = &sys->net[0].cost[1][s];
        ck_assert_double_eq(hbm->latency_us, plain->latency_us);
        saved += plain->energy_uj - hbm->energy_uj;
        bytes += plain->bytes;
    }
    ck_assert_double_eq_tol(saved / (bytes * 32e-6), 1, 1e-3);
    system_destroy(sys);
}
END_TEST

START_TEST(nested_and_flat_keys_say_the_same)
{
    static const char *const WAYS[] = {SET("glb: {bytes: 9000}, pe: {accumulators: 64}"),
                                       SET("glb.bytes: 9000, pe.accumulators: 64")};
    System *sys[2];
    Err err = {0};
    for (int i = 0; i < 2; i++) ck_ok(load_text(&sys[i], WAYS[i], &err), err);
    ck_assert_mem_eq(sys[0]->net[0].cost[0], sys[1]->net[0].cost[0],
                     (size_t)sys[0]->net[0].n_subjobs * sizeof(SubJobCost));
    system_destroy(sys[0]);
    system_destroy(sys[1]);
}
END_TEST

START_TEST(a_system_says_how_its_dram_is_shared_and_when_it_replans)
{
    System *sys;
    Err err = {0};
    ck_ok(load_text(&sys, "name: x\ndram_gbps: 10\naccelerators:\n" SIMBA, &err), err);
    ck_assert_int_eq(sys->arbitration, ARBITRATION_MAX_MIN);
    ck_assert_double_eq(sys->replan_us, 0);
    system_destroy(sys);
    ck_ok(load_text(&sys,
                    "name: x\ndram_gbps: 10\narbitration: proportional\nreplan_us: 250\n"
                    "accelerators:\n" SIMBA,
                    &err),
          err);
    ck_assert_int_eq(sys->arbitration, ARBITRATION_PROPORTIONAL);
    ck_assert_double_eq(sys->replan_us, 250);
    system_destroy(sys);
}
END_TEST

/* The scenario's keys go before the system's; by default they leave it to the system. */
START_TEST(a_scenario_may_share_and_replan_otherwise)
{
    static const char TEXT[] = "name: x\ndram_gbps: 10\narbitration: proportional\n"
                               "replan_us: 250\naccelerators:\n" SIMBA;
    char path[] = "/tmp/relmas-test-XXXXXX";
    ScenarioConfig cfg = SCENARIO_DEFAULTS;
    Scenario *sc;
    Err err = {0};
    write_temp(path, TEXT);
    snprintf(cfg.system, sizeof cfg.system, "%s", path);
    snprintf(cfg.networks, sizeof cfg.networks, "kws");
    ck_ok(scenario_create(&sc, &cfg, 1, &err), err);
    ck_assert_int_eq(sc->sim.arbitration, ARBITRATION_PROPORTIONAL);
    ck_assert_double_eq(sc->sim.replan_us, 250);
    scenario_destroy(sc);
    cfg.arbitration = ARBITRATION_MAX_MIN;
    cfg.replan_us = 0;
    ck_ok(scenario_create(&sc, &cfg, 1, &err), err);
    ck_assert_int_eq(sc->sim.arbitration, ARBITRATION_MAX_MIN);
    ck_assert_double_eq(sc->sim.replan_us, 0);
    scenario_destroy(sc);
    cfg.replan_us = -0.5;
    ck_assert_int_eq(scenario_create(&sc, &cfg, 1, &err), ST_CONFIG);
    ck_assert_msg(strstr(err.msg, "want -1 (the system's), 0 (never)"), "got: %s", err.msg);
    unlink(path);
}
END_TEST

START_TEST(unknown_names_are_refused)
{
    static const char *const MISSPELT[] = {"kw"};
    System *sys;
    Err err = {0};
    ck_assert_int_eq(system_load(&sys, "tiny-2", MISSPELT, 1, 1, &err), ST_CONFIG);
    ck_assert_msg(strstr(err.msg, "kws"), "got: %s", err.msg);
    ck_assert_int_eq(system_load(&sys, "tiny-3", MIXED, 1, 1, NULL), ST_CONFIG);
    ck_assert_int_eq(system_load(&sys, "tiny-2", MIXED, 0, 1, NULL), ST_CONFIG);
    ck_assert_ptr_null(sys);
}
END_TEST

START_TEST(load_reports_every_allocation_failure)
{
    static const char *const NAMES[] = {"kws"};
    char path[] = "/tmp/relmas-test-XXXXXX";
    System *sys;
    ck_every_allocation_failure(system_load(&sys, "tiny-2", NAMES, 1, 1, NULL),
                                system_destroy(sys));
    write_temp(path, SET("clock_mhz: 500, glb: {bytes: 8192}"));
    ck_every_allocation_failure(system_load(&sys, path, NAMES, 1, 1, NULL), system_destroy(sys));
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("system");
    TCase *build = new_case("build", 10), *fluid = new_case("fluid", 60),
          *load = new_case("load", 60);
    tcase_add_test(build, build_computes_the_best_times);
    tcase_add_test(build, isolated_time_is_the_critical_path);
    tcase_add_test(build, types_without_an_accelerator_do_not_count_as_best);
    tcase_add_test(build, build_copies_and_is_independent_of_its_source);
    tcase_add_test(build, random_systems_are_valid_and_repeatable);
    tcase_add_test(build, demand_and_mean_power_are_those_of_the_least_costs);
    tcase_add_test(build, a_system_without_energy_has_no_mean_power);
    tcase_add_test(build, build_refuses_what_the_simulator_could_not_run);
    tcase_add_test(build, build_reports_every_allocation_failure);
    tcase_add_loop_test(fluid, fluid_bound_agrees_with_hand_solutions, 0,
                        sizeof BY_HAND / sizeof *BY_HAND);
    tcase_add_test(fluid, fluid_bound_agrees_with_a_grid_search);
    tcase_add_test(fluid, fluid_bound_obeys_its_laws);
    tcase_add_test(fluid, fluid_bound_refuses_bad_shares);
    tcase_add_test(fluid, a_dying_solver_is_an_error_and_leaves_no_trace);
    tcase_add_test(fluid, fluid_bound_reports_every_allocation_failure);
    tcase_add_test(load, load_fills_the_table_from_the_models);
    tcase_add_test(load, a_fused_add_can_make_a_subjob_memory_bound);
    tcase_add_test(load, the_table_does_not_depend_on_threads);
    tcase_add_test(load, the_default_system_is_heterogeneous_and_contended);
    tcase_add_test(load, the_system_of_sizes_is_balanced_and_heterogeneous);
    tcase_add_test(load, the_edge_system_is_balanced_and_has_slow_frugal_helpers);
    tcase_add_test(load, the_server_system_is_balanced_and_has_three_dataflows);
    tcase_add_loop_test(load, systems_sustain_what_the_documentation_says, 0,
                        sizeof SUSTAINED / sizeof *SUSTAINED);
    tcase_add_test(load, every_network_loads_on_every_system);
    tcase_add_loop_test(load, a_wrong_system_file_is_refused, 0, sizeof WRONG / sizeof *WRONG);
    tcase_add_test(load, damaged_system_files_load_soundly_or_are_refused);
    tcase_add_test(load, types_of_one_preset_can_be_told_apart_by_name);
    tcase_add_test(load, an_entry_may_change_keys_of_its_preset);
    tcase_add_test(load, the_energy_of_dram_is_the_accelerators);
    tcase_add_test(load, nested_and_flat_keys_say_the_same);
    tcase_add_test(load, a_system_says_how_its_dram_is_shared_and_when_it_replans);
    tcase_add_test(load, a_scenario_may_share_and_replan_otherwise);
    tcase_add_test(load, unknown_names_are_refused);
    tcase_add_test(load, load_reports_every_allocation_failure);
    suite_add_tcase(s, build);
    suite_add_tcase(s, fluid);
    suite_add_tcase(s, load);
    return run_suite(s);
}
