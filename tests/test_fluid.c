/* test_fluid.c -- the state of the machine at the fluid bound: who is busy, what limits by how much,
 * what runs where, at which energy. tests/test_system.c has the bound itself. */
#include "env/system.h"
#include "tests/support.h"
#include "tests/support/tiny_system.h"

#include <math.h>

#define NEAR(x, y) ck_assert_double_eq_tol(x, y, 1e-9)

/* Two types "a" and "b" with one SA each; every network is a chain of two sub-jobs. */
typedef struct Machine {
    double bandwidth;
    int n_nets;
    SubJobCost cost[2][2][2]; /* [net][type][sub-job] */
} Machine;

static FluidBound solve(const Machine *m, const double *share)
{
    static const int N_PREDS[2] = {0, 1}, FIRST_SUCC[3] = {0, 1, 1}, SUCC[1] = {1};
    System d = {.name = "hand",
                .n_sas = 2,
                .n_types = 2,
                .n_nets = m->n_nets,
                .sa_type = {0, 1},
                .type_name = {"a", "b"},
                .dram_bytes_per_us = m->bandwidth};
    System *sys;
    FluidBound b;
    Err err = {0};
    for (int i = 0; i < m->n_nets; i++)
        d.net[i] = (SysNet){.name = "chain",
                            .n_subjobs = 2,
                            .n_preds = N_PREDS,
                            .first_succ = FIRST_SUCC,
                            .succ = SUCC,
                            .cost = {m->cost[i][0], m->cost[i][1]}};
    ck_ok(system_build(&sys, &d, &err), err);
    ck_ok(system_fluid_solve(sys, share, &b, &err), err);
    system_destroy(sys);
    return b;
}

/* a is better at sub-job 0, b at sub-job 1. b gives a part g of sub-job 1 to a so that both are full:
 * 1 + 4 g = 3 (1 - g) = theta, g = 2/7, theta = 15/7. With capacities a and b for 1 and 1 that is
 * theta = 5 / (a + 4/3 b): prices 1 / (7/3) and (4/3) / (7/3). Best times are 1 and 3, so 1 + 3 x 2/7
 * of 4 us are done on a. Energy: 8 for sub-job 0, then 10 x 2/7 + 5 x 5/7. */
START_TEST(work_is_split_by_comparative_advantage)
{
    static const Machine m = {1, 1, {{{{1, 0, 8}, {4, 0, 10}}, {{2, 0, 4}, {3, 0, 5}}}}};
    static const double share[1] = {1};
    FluidBound b = solve(&m, share);
    NEAR(b.lambda_per_us, 7.0 / 15);
    NEAR(b.type_use[0], 1);
    NEAR(b.type_use[1], 1);
    NEAR(b.dram_use, 0);
    NEAR(b.type_price[0], 3.0 / 7);
    NEAR(b.type_price[1], 4.0 / 7);
    NEAR(b.dram_price, 0);
    NEAR(b.net_on_type[0][0], 13.0 / 28);
    NEAR(b.net_on_type[0][1], 15.0 / 28);
    NEAR(b.energy_uj, 101.0 / 7);
}
END_TEST

/* b is fast and saves bytes: it does 1 / 10 jobs per us at 20 bytes/us. The 30 bytes/us that are left
 * feed a with 800 bytes a job: lambda = b/10 + (B - 20 b) / 800 = 0.1375. Its derivatives times the
 * capacities are 0.0625 by B and 0.075 by b. a is busy for 0.0375 x 20 us of each us. */
START_TEST(the_dram_and_one_type_can_limit_together)
{
    static const Machine m = {50, 1, {{{{10, 400, 0}, {10, 400, 0}}, {{5, 100, 0}, {5, 100, 0}}}}};
    static const double share[1] = {1};
    FluidBound b = solve(&m, share);
    NEAR(b.lambda_per_us, 0.1375);
    NEAR(b.dram_use, 1);
    NEAR(b.type_use[0], 0.75);
    NEAR(b.type_use[1], 1);
    NEAR(b.dram_price, 5.0 / 11);
    NEAR(b.type_price[0], 0);
    NEAR(b.type_price[1], 6.0 / 11);
    NEAR(b.net_on_type[0][0], 3.0 / 11);
    NEAR(b.net_on_type[0][1], 8.0 / 11);
}
END_TEST

/* Parts f and g of the two sub-jobs on a:
 *   a: f + 4 g = a theta      b: 2 (1 - f) + 3 (1 - g) = b theta      DRAM: 1.4 + 0.3 f = B theta
 * With a = b = 1 and B = 0.62 that is f = g = 1/2, theta = 5/2. 9 times the first row, 12 times the
 * second and 50 times the third are 130 = (9 a + 12 b + 50 B) theta whatever f and g are: all weights
 * are positive, so no f and g do better, and the prices are 9, 12 and 31 parts of 52. */
START_TEST(all_resources_can_limit_together)
{
    static const Machine m = {0.62, 1, {{{{1, 0.5, 2}, {4, 1.2, 4}}, {{2, 0.2, 6}, {3, 1.2, 8}}}}};
    static const double share[1] = {1};
    FluidBound b = solve(&m, share);
    NEAR(b.lambda_per_us, 0.4);
    NEAR(b.dram_use, 1);
    NEAR(b.type_use[0], 1);
    NEAR(b.type_use[1], 1);
    NEAR(b.type_price[0], 9.0 / 52);
    NEAR(b.type_price[1], 12.0 / 52);
    NEAR(b.dram_price, 31.0 / 52);
    NEAR(b.net_on_type[0][0], 0.5);
    NEAR(b.energy_uj, 10);
}
END_TEST

/* A price is a derivative: 1e-4 more of each resource raises the bound by price x 1e-4. */
START_TEST(prices_are_what_more_of_a_resource_gives)
{
    static const double share[1] = {1}, more = 1e-4;
    Machine m = {0.62, 1, {{{{1, 0.5, 0}, {4, 1.2, 0}}, {{2, 0.2, 0}, {3, 1.2, 0}}}}};
    FluidBound b = solve(&m, share), wider;
    m.bandwidth *= 1 + more;
    wider = solve(&m, share);
    ck_assert_double_eq_tol((wider.lambda_per_us / b.lambda_per_us - 1) / more, b.dram_price, 1e-3);
    m.bandwidth /= 1 + more;
    for (int s = 0; s < 2; s++) m.cost[0][1][s].latency_us /= 1 + more; /* a faster b */
    wider = solve(&m, share);
    ck_assert_double_eq_tol((wider.lambda_per_us / b.lambda_per_us - 1) / more, b.type_price[1],
                            1e-3);
}
END_TEST

/* Network 0 suits a (2 us there, 10 on b), network 1 suits b (2 us there, 10 on a). With 3 of 4 jobs
 * of network 0, b takes a part h of them: 0.75 x 2 (1 - h) = 0.25 x 2 + 0.75 x 10 h, h = 1/9, and
 * theta = 4/3. Network 1 stays on b. Energy: 2 uJ a job on a, 3 on b. */
START_TEST(each_network_goes_where_it_suits)
{
    static const Machine m = {1,
                              2,
                              {{{{1, 0, 1}, {1, 0, 1}}, {{5, 0, 1.5}, {5, 0, 1.5}}},
                               {{{5, 0, 1}, {5, 0, 1}}, {{1, 0, 1.5}, {1, 0, 1.5}}}}};
    static const double share[2] = {0.75, 0.25};
    FluidBound b = solve(&m, share);
    NEAR(b.lambda_per_us, 0.75);
    NEAR(b.net_on_type[0][0], 8.0 / 9);
    NEAR(b.net_on_type[0][1], 1.0 / 9);
    NEAR(b.net_on_type[1][0], 0);
    NEAR(b.net_on_type[1][1], 1);
    NEAR(b.energy_uj, 0.75 * (2 * 8.0 / 9 + 3 * 1.0 / 9) + 0.25 * 3);
}
END_TEST

START_TEST(a_network_without_a_share_is_nowhere)
{
    static const Machine m = {1,
                              2,
                              {{{{1, 0, 1}, {1, 0, 1}}, {{5, 0, 1}, {5, 0, 1}}},
                               {{{9, 0, 1}, {9, 0, 1}}, {{9, 0, 1}, {9, 0, 1}}}}};
    static const double share[2] = {1, 0};
    FluidBound b = solve(&m, share);
    NEAR(b.lambda_per_us, 0.6); /* a: 1/2 a job per us, b: 1/10 */
    NEAR(b.net_on_type[0][0], 5.0 / 6);
    NEAR(b.net_on_type[1][0], 0);
    NEAR(b.net_on_type[1][1], 0);
}
END_TEST

/* With one sub-job per network the parts say everything: uses and energy follow from them. */
START_TEST(uses_follow_from_what_runs_where)
{
    RandomSystemLimits single = RANDOM_SYSTEM_DEFAULT;
    single.max_subjobs = 1;
    for (uint64_t seed = 0; seed < 100; seed++) {
        double share[SYS_MAX_NETS], sum = 0, energy = 0, bytes = 0, busy[SYS_MAX_TYPES] = {0};
        int count[SYS_MAX_TYPES] = {0};
        FluidBound b;
        System *sys;
        Err err = {0};
        Rng rng;
        rng_seed(&rng, seed, 0);
        ck_ok(random_system(&sys, &rng, &single, &err), err);
        for (int i = 0; i < sys->n_nets; i++) sum += share[i] = 0.01 + rng_uniform(&rng);
        for (int i = 0; i < sys->n_nets; i++) share[i] /= sum;
        for (int m = 0; m < sys->n_sas; m++) count[sys->sa_type[m]]++;
        ck_ok(system_fluid_solve(sys, share, &b, &err), err);
        for (int i = 0; i < sys->n_nets; i++) {
            double parts = 0;
            for (int t = 0; t < sys->n_types; t++) {
                const SubJobCost *c = &sys->net[i].cost[t][0];
                double part = share[i] * b.net_on_type[i][t];
                ck_assert_double_ge(part, 0);
                parts += b.net_on_type[i][t];
                busy[t] += b.lambda_per_us * part * c->latency_us;
                bytes += b.lambda_per_us * part * c->bytes;
                energy += part * c->energy_uj;
            }
            NEAR(parts, 1);
        }
        for (int t = 0; t < sys->n_types; t++)
            ck_assert_double_eq_tol(b.type_use[t], busy[t] / count[t], 1e-7);
        ck_assert_double_eq_tol(b.dram_use, bytes / sys->dram_bytes_per_us, 1e-7);
        ck_assert_double_eq_tol(b.energy_uj, energy, 1e-7 * energy);
        system_destroy(sys);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fluid");
    TCase *tc = new_case("optimum", 20);
    tcase_add_test(tc, work_is_split_by_comparative_advantage);
    tcase_add_test(tc, the_dram_and_one_type_can_limit_together);
    tcase_add_test(tc, all_resources_can_limit_together);
    tcase_add_test(tc, prices_are_what_more_of_a_resource_gives);
    tcase_add_test(tc, each_network_goes_where_it_suits);
    tcase_add_test(tc, a_network_without_a_share_is_nowhere);
    tcase_add_test(tc, uses_follow_from_what_runs_where);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
