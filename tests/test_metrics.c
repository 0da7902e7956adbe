/* test_metrics.c -- the metrics of hand-made records, computed on paper. */
#include "env/metrics.h"

#include "tests/support.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

enum { ALPHA, BETA }; /* isolated latencies 20 and 15 us; leakage 1 + 2 mW, 100 bytes/us */
#define CK_NEAR(value, expected) ck_assert_double_eq_tol(value, expected, 1e-12)

/* First episode: alpha in 40 and, late, 60; beta in 30; a beta dropped. Second: an alpha rejected, beta
 * in 15. */
static const double TURNAROUND[] = {40, 60, 30, 15};
static const EpisodeOutcome EPISODES[] = {
    {.totals = {.all = {.issued = 4, .met = 2, .late = 1, .dropped = 1},
                .net = {{.issued = 2, .met = 1, .late = 1}, {.issued = 2, .met = 1, .dropped = 1}},
                .decisions = 10,
                .busy_us = {60, 30},
                .bytes_moved = 3000,
                .energy_uj = 20,
                .net_energy_uj = {14, 6},
                .net_arrived = {2, 2}},
     .end_us = 100,
     .turnaround_us = {100, 30}},
    {.totals = {.all = {.issued = 2, .met = 1, .rejected = 1},
                .net = {{.issued = 1, .rejected = 1}, {.issued = 1, .met = 1}},
                .decisions = 5,
                .busy_us = {30, 15},
                .bytes_moved = 1500,
                .energy_uj = 8,
                .net_energy_uj = {2, 6},
                .net_arrived = {1, 1}},
     .end_us = 50,
     .turnaround_us = {0, 15}},
};

static Metrics measured_with(const EpisodeOutcome *episodes, int n, double *turnaround)
{
    System *sys;
    Metrics m;
    Err err = {0};
    ck_ok(tiny_system_two_sas(&sys, &err), err);
    metrics_compute(&m, sys, NULL, episodes, n, turnaround);
    system_destroy(sys);
    return m;
}

static Metrics measured(const EpisodeOutcome *episodes, int n)
{
    double turnaround[4];
    memcpy(turnaround, TURNAROUND, sizeof turnaround);
    return measured_with(episodes, n, turnaround);
}

START_TEST(misses_of_every_kind_count)
{
    Metrics m = measured(EPISODES, 2);
    const JobCounts all = {.issued = 6, .met = 3, .late = 1, .dropped = 1, .rejected = 1};
    ck_assert_int_eq(memcmp(&m.counts, &all, sizeof all), 0);
    CK_NEAR(m.sla_rate, 3 / 6.);
    CK_NEAR(m.net[ALPHA].sla_rate, 1 / 3.);
    CK_NEAR(m.net[BETA].sla_rate, 2 / 3.);
    ck_assert_int_eq(m.net[ALPHA].counts.rejected, 1);
    ck_assert_int_eq(m.net[BETA].counts.dropped, 1);
    ck_assert_int_eq(m.decisions, 15);
    CK_NEAR(m.time_us, 150);
}
END_TEST

START_TEST(levels_of_priority_are_counted_over_episodes)
{
    EpisodeOutcome e[2] = {EPISODES[0], EPISODES[1]};
    e[0].totals.level[0] = (JobCounts){.issued = 3, .met = 1, .late = 1, .dropped = 1};
    e[0].totals.level[11] = (JobCounts){.issued = 1, .met = 1};
    e[1].totals.level[11] = (JobCounts){.issued = 2, .met = 1, .rejected = 1};
    Metrics m = measured(e, 2);
    CK_NEAR(job_counts_sla_rate(&m.level[0]), 1 / 3.);
    CK_NEAR(job_counts_sla_rate(&m.level[11]), 2 / 3.);
    ck_assert_int_eq(m.level[5].issued, 0);
}
END_TEST

START_TEST(turnaround_is_that_of_finished_jobs)
{
    Metrics m = measured(EPISODES, 2); /* alpha 40, 60; beta 30, 15 */
    CK_NEAR(m.p50_us, 30);
    CK_NEAR(m.p95_us, 60);
    CK_NEAR(m.p99_us, 60);
    CK_NEAR(m.net[ALPHA].mean_turnaround_us, 50);
    CK_NEAR(m.net[BETA].mean_turnaround_us, 22.5);
    CK_NEAR(m.antt, (2 + 3 + 2 + 1) / 4.);
    CK_NEAR(m.stp, 20 / 50. + 15 / 22.5);
    CK_NEAR(m.fairness, (20 / 50.) / (15 / 22.5));
}
END_TEST

START_TEST(utilisation_is_of_the_whole_time)
{
    Metrics m = measured(EPISODES, 2);
    CK_NEAR(m.sa_utilisation[0], 90 / 150.);
    CK_NEAR(m.sa_utilisation[1], 45 / 150.);
    CK_NEAR(m.mean_utilisation, 0.45);
    CK_NEAR(m.bandwidth_utilisation, 4500 / (100. * 150));
}
END_TEST

START_TEST(energy_is_per_finished_job_and_leakage_apart)
{
    Metrics m = measured(EPISODES, 2);
    CK_NEAR(m.energy_uj, 28);
    CK_NEAR(m.energy_uj_per_job, 28 / 4.);
    CK_NEAR(m.leakage_uj, 3 * 150 * 1e-3); /* 3 mW for 150 us */
    CK_NEAR(m.edp_uj_s, (28 + 0.45) / 4 * (145 / 4. * 1e-6));
}
END_TEST

/* On the worst SAs alpha takes 8 + 10 uJ, beta 6 + 3. Misses are 2 of 3 and 1 of 3. */
START_TEST(ux_cost_is_misses_times_energy_by_the_worst)
{
    Metrics m = measured(EPISODES, 2);
    CK_NEAR(m.net[ALPHA].energy_uj, 16);
    CK_NEAR(m.net[BETA].energy_uj, 12);
    CK_NEAR(m.ux_cost, (2 / 3. + 1 / 3.) * (16 / (3 * 18.) + 12 / (3 * 9.)));
}
END_TEST

/* n jobs without a miss count as half a miss, so that energy tells apart who misses nothing. Beta,
 * which had no job, counts for nothing. */
START_TEST(ux_cost_of_nothing_missed_is_that_of_half_a_miss)
{
    EpisodeOutcome e = {.totals = {.all = {.issued = 4, .met = 4},
                                   .net = {{.issued = 4, .met = 4}},
                                   .energy_uj = 36,
                                   .net_energy_uj = {36},
                                   .net_arrived = {4}},
                        .end_us = 100,
                        .turnaround_us = {145}};
    CK_NEAR(measured(&e, 1).ux_cost, 0.5 / 4 * (36 / (4 * 18.)));
}
END_TEST

/* Jobs of warm-up and cool-down take energy and have no deadline to miss. */
START_TEST(ux_cost_has_the_energy_of_all_arrivals)
{
    EpisodeOutcome e = EPISODES[0];
    e.totals.apart = (JobCounts){.issued = 2, .late = 2};
    e.totals.net_arrived[BETA] += 2;
    e.totals.net_energy_uj[BETA] += 12;
    CK_NEAR(measured(&e, 1).ux_cost, (1 / 2. + 1 / 2.) * (14 / (2 * 18.) + 18 / (4 * 9.)));
}
END_TEST

/* Nearest rank: of 1..n the q-th percentile is the least whole number that is at least q n. */
START_TEST(percentiles_are_nearest_rank)
{
    static double turnaround[1000];
    for (int n = 1; n <= 1000; n += n < 120 ? 1 : 97) {
        EpisodeOutcome e = {.totals = {.all = {.issued = n, .met = n}}};
        e.totals.net[0] = e.totals.all;
        for (int i = 0; i < n; i++) turnaround[i] = (i * 7 % n) + 1;
        if (n % 7 == 0) continue; /* then i * 7 does not visit all */
        Metrics m = measured_with(&e, 1, turnaround);
        CK_NEAR(m.p50_us, (n + 1) / 2);
        CK_NEAR(m.p95_us, (19 * n + 19) / 20);
        CK_NEAR(m.p99_us, (99 * n + 99) / 100);
    }
}
END_TEST

START_TEST(one_network_alone_is_fair)
{
    EpisodeOutcome e = {.totals = {.all = {.issued = 1, .met = 1}, .net = {{0}, {1, 1, 0, 0, 0}}},
                        .end_us = 50,
                        .turnaround_us = {0, 15}};
    Metrics m = measured(&e, 1);
    CK_NEAR(m.fairness, 1);
    CK_NEAR(m.stp, 1);
    CK_NEAR(m.antt, 1);
}
END_TEST

START_TEST(a_network_that_never_finishes_is_not_treated_fairly)
{
    EpisodeOutcome e = EPISODES[1];
    e.totals.all.issued = 2;
    Metrics m = measured(&e, 1); /* alpha: one job, rejected */
    CK_NEAR(m.net[ALPHA].mean_turnaround_us, 0);
    CK_NEAR(m.fairness, 0);
    CK_NEAR(m.stp, 1);
}
END_TEST

static void ck_all_finite(const Metrics *m)
{
    const double all[] = {m->sla_rate,   m->p50_us,
                          m->p95_us,     m->p99_us,
                          m->antt,       m->stp,
                          m->fairness,   m->mean_utilisation,
                          m->energy_uj,  m->energy_uj_per_job,
                          m->leakage_uj, m->edp_uj_s,
                          m->ux_cost,    m->bandwidth_utilisation};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) ck_assert(isfinite(all[i]));
}

START_TEST(nothing_to_measure_is_no_division_by_zero)
{
    EpisodeOutcome none = {.end_us = 0};
    EpisodeOutcome missed = {
        .totals = {.all = {.issued = 1, .dropped = 1}, .net = {{0}, {.issued = 1, .dropped = 1}}},
        .end_us = 50};
    Metrics m = measured(&none, 1);
    ck_all_finite(&m);
    m = measured(NULL, 0);
    ck_all_finite(&m);
    m = measured(&missed, 1);
    ck_all_finite(&m);
    CK_NEAR(m.sla_rate, 0);
}
END_TEST

START_TEST(the_order_of_episodes_does_not_matter)
{
    EpisodeOutcome swapped[2] = {EPISODES[1], EPISODES[0]};
    Metrics a = measured(EPISODES, 2), b = measured(swapped, 2);
    CK_NEAR(a.edp_uj_s, b.edp_uj_s);
    CK_NEAR(a.ux_cost, b.ux_cost);
    CK_NEAR(a.p50_us, b.p50_us);
    CK_NEAR(a.antt, b.antt);
    CK_NEAR(a.fairness, b.fairness);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("metrics");
    TCase *tc = new_case("by hand", 60);
    tcase_add_test(tc, misses_of_every_kind_count);
    tcase_add_test(tc, levels_of_priority_are_counted_over_episodes);
    tcase_add_test(tc, turnaround_is_that_of_finished_jobs);
    tcase_add_test(tc, utilisation_is_of_the_whole_time);
    tcase_add_test(tc, energy_is_per_finished_job_and_leakage_apart);
    tcase_add_test(tc, ux_cost_is_misses_times_energy_by_the_worst);
    tcase_add_test(tc, ux_cost_of_nothing_missed_is_that_of_half_a_miss);
    tcase_add_test(tc, ux_cost_has_the_energy_of_all_arrivals);
    tcase_add_test(tc, percentiles_are_nearest_rank);
    tcase_add_test(tc, one_network_alone_is_fair);
    tcase_add_test(tc, a_network_that_never_finishes_is_not_treated_fairly);
    tcase_add_test(tc, nothing_to_measure_is_no_division_by_zero);
    tcase_add_test(tc, the_order_of_episodes_does_not_matter);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
