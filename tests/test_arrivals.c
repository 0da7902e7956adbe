/* test_arrivals.c -- arrival processes: the mean rate is what was asked for, bursts are burstier than
 * Poisson and streams are not, and logs of arrivals keep their shape. */
#include "env/arrivals.h"

#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NETS = 3, MANY = 200000 };

static Workload workload(Arrivals a)
{
    return (Workload){.share = {0.5, 0.3, 0.2}, .rate_per_us = 0.01, .jobs = MANY, .arrivals = a};
}

static const Arrivals POISSON = {.process = ARRIVALS_POISSON};
static const Arrivals BURSTY = {
    .process = ARRIVALS_BURSTY, .burst_ratio = 4, .burst_share = 0.2, .burst_jobs = 50};
static const Arrivals STREAMS = {.process = ARRIVALS_PERIODIC, .jitter = 0.5};

typedef struct Sample {
    double at[MANY];
    int net[MANY];
} Sample;

static Sample sample;

static void draw(const Workload *wl, const ArrivalTrace *trace, uint64_t seed)
{
    ArrivalState s;
    Rng rng;
    rng_seed(&rng, seed, 0);
    arrivals_start(&s, wl, NETS, trace, &rng);
    for (int i = 0; i < MANY; i++) {
        ck_assert(arrivals_state_ok(&s, wl, NETS, trace));
        ck_assert(i == 0 || s.next_us >= sample.at[i - 1]);
        sample.at[i] = s.next_us;
        sample.net[i] = s.net;
        arrivals_next(&s, wl, NETS, trace, &rng);
    }
}

/* Index of dispersion of counts: variance / mean of the arrivals in windows of ten mean gaps; 1 for
 * a Poisson process. */
static double dispersion(double rate)
{
    double width = 10 / rate, sum = 0, squares = 0;
    int windows = (int)(sample.at[MANY - 1] / width);
    for (int w = 0, i = 0; w < windows; w++) {
        int n = 0;
        for (; sample.at[i] < (w + 1) * width; i++) n++;
        sum += n;
        squares += (double)n * n;
    }
    double mean = sum / windows;
    return (squares / windows - mean * mean) / mean;
}

START_TEST(every_process_keeps_the_rate_and_the_shares)
{
    const Arrivals *all[] = {&POISSON, &BURSTY, &STREAMS};
    Workload wl = workload(*all[_i]);
    double n[NETS] = {0};
    draw(&wl, NULL, 7);
    ck_assert_double_eq_tol(MANY / sample.at[MANY - 1] / wl.rate_per_us, 1, 0.03);
    for (int i = 0; i < MANY; i++) n[sample.net[i]]++;
    for (int i = 0; i < NETS; i++) ck_assert_double_eq_tol(n[i] / MANY, wl.share[i], 0.01);
}
END_TEST

START_TEST(bursts_are_burstier_than_poisson_and_streams_are_not)
{
    Workload wl = workload(POISSON);
    draw(&wl, NULL, 8);
    ck_assert_double_eq_tol(dispersion(wl.rate_per_us), 1, 0.03);
    wl = workload(BURSTY);
    draw(&wl, NULL, 8);
    ck_assert_double_gt(dispersion(wl.rate_per_us), 3);
    wl = workload(STREAMS);
    draw(&wl, NULL, 8);
    ck_assert_double_lt(dispersion(wl.rate_per_us), 0.2);
}
END_TEST

/* The rate of the quiet state follows from the other numbers; at ratio x share = 1 it is silent. */
START_TEST(quiet_times_are_as_quiet_as_the_mean_asks_for)
{
    Arrivals a = BURSTY;
    a.burst_ratio = 5;
    Workload wl = workload(a);
    draw(&wl, NULL, 9);
    ck_assert_double_eq_tol(MANY / sample.at[MANY - 1] / wl.rate_per_us, 1, 0.05);
    double longest = 0;
    for (int i = 1; i < MANY; i++) longest = fmax(longest, sample.at[i] - sample.at[i - 1]);
    ck_assert_double_gt(longest,
                        300 / wl.rate_per_us); /* a quiet time has 200 mean gaps on average */
}
END_TEST

START_TEST(a_stream_keeps_its_period_but_for_the_jitter)
{
    Workload wl = workload(STREAMS);
    double period = 1 / (wl.rate_per_us * wl.share[1]), first = -1;
    int k = 0;
    draw(&wl, NULL, 10);
    for (int i = 0; i < 1000; i++) {
        if (sample.net[i] != 1) continue;
        if (first < 0) first = sample.at[i];
        ck_assert_double_le(fabs(sample.at[i] - first - k * period), 0.5 * period + 1e-6);
        k++;
    }
    ck_assert_int_gt(k, 200);
}
END_TEST

/* Levels come as often as they should, the same ones for a seed, and change nothing else. */
START_TEST(priority_levels_are_drawn_apart)
{
    const Arrivals *all[] = {&POISSON, &BURSTY, &STREAMS};
    Workload wl = workload(*all[_i]), with = wl;
    ArrivalState s, again;
    Rng rng, twin;
    double n[PRIORITY_LEVELS] = {0};
    with.levels = 4;
    memcpy(with.level_share, (double[]){0.5, 0, 0.3, 0.2}, 4 * sizeof(double));
    draw(&wl, NULL, 12);
    rng_seed(&rng, 12, 0);
    rng_seed(&twin, 12, 0);
    arrivals_start(&s, &with, NETS, NULL, &rng);
    arrivals_start(&again, &with, NETS, NULL, &twin);
    for (int i = 0; i < MANY; i++) {
        if (!arrivals_state_ok(&s, &with, NETS, NULL) || arrivals_state_ok(&s, &wl, NETS, NULL))
            ck_abort_msg("a level of %d", s.level);
        if (s.next_us < sample.at[i] || s.next_us > sample.at[i] || s.net != sample.net[i])
            ck_abort_msg("request %d is another one", i);
        if (memcmp(&s, &again, sizeof s) != 0) ck_abort_msg("request %d is not the same again", i);
        n[s.level]++;
        arrivals_next(&s, &with, NETS, NULL, &rng);
        arrivals_next(&again, &with, NETS, NULL, &twin);
    }
    for (int k = 0; k < PRIORITY_LEVELS; k++)
        ck_assert_double_eq_tol(n[k] / MANY, with.level_share[k], 0.01);
}
END_TEST

START_TEST(a_request_weighs_by_its_level_or_by_its_network)
{
    const Workload wl = {.priority = {3, 0}};
    ck_assert_double_eq(workload_weight(&wl, 0, -1), 3);
    ck_assert_double_eq(workload_weight(&wl, 1, -1), 1); /* not set */
    ck_assert_double_eq(workload_weight(&wl, 0, 0), 0.25);
    ck_assert_double_eq(workload_weight(&wl, 0, 3), 1);
    ck_assert_double_eq(workload_weight(&wl, 0, 11), 3);
}
END_TEST

START_TEST(a_network_without_a_share_never_comes)
{
    const Arrivals *all[] = {&POISSON, &BURSTY, &STREAMS};
    Workload wl = workload(*all[_i]);
    wl.share[0] = 0;
    wl.share[2] = 0.7;
    draw(&wl, NULL, 11);
    for (int i = 0; i < MANY; i++) ck_assert_int_ne(sample.net[i], 0);
}
END_TEST

START_TEST(settings_that_make_no_sense_are_refused)
{
    static const Arrivals BAD[] = {
        {.process = 17},
        {.process = ARRIVALS_BURSTY, .burst_ratio = 0.5, .burst_share = 0.2, .burst_jobs = 5},
        {.process = ARRIVALS_BURSTY, .burst_ratio = 2, .burst_share = 0, .burst_jobs = 5},
        {.process = ARRIVALS_BURSTY, .burst_ratio = 2, .burst_share = 0.6, .burst_jobs = 5},
        {.process = ARRIVALS_BURSTY, .burst_ratio = 2, .burst_share = 0.2, .burst_jobs = 0.1},
        {.process = ARRIVALS_BURSTY,
         .burst_ratio = (double)NAN,
         .burst_share = 0.2,
         .burst_jobs = 5},
        {.process = ARRIVALS_PERIODIC, .jitter = 1.5},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Err err = {0};
        ck_assert_int_eq(arrivals_check(&BAD[i], &err), ST_CONFIG);
        ck_assert_int_gt(strlen(err.msg), 0);
    }
}
END_TEST

/* ---- logs ---- */

static const char *const NAMES[NETS] = {"alpha", "beta", "gamma"};

static Status load(const char *text, ArrivalTrace **t, Err *err)
{
    char path[] = "/tmp/relmas-trace-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    Status st = arrival_trace_load(t, path, NULL, NAMES, NETS, err);
    unlink(path);
    return st;
}

START_TEST(gaps_of_a_log_have_mean_one)
{
    static const char *const SAME[] = {
        "time\n10\n11\n14\n14\n",
        "n,Timestamp\n1,0\n2,1e-3\n3,0.004\n4,0.004\n",
        "TIMESTAMP,x\n2023-11-16 23:59:59.50,1\n2023-11-17 00:00:00.50,1\n"
        "2023-11-17 00:00:03.5000,1\n2023-11-17 00:00:03.50,2\n",
        "time\n2024-02-29T12:00:00Z\n2024-02-29T13:00:01+01:00\n2024-02-29T12:00:04Z\n"
        "2024-02-29T11:00:04-0100\n",
    };
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        ArrivalTrace *t;
        Err err = {0};
        ck_ok(load(SAME[i], &t, &err), err);
        ck_assert_int_eq(t->n, 4);
        ck_assert_ptr_null(t->net);
        const double want[] = {1, 0.75, 2.25, 0};
        for (int k = 0; k < 4; k++) ck_assert_double_eq_tol(t->gap[k], want[k], 1e-6);
        arrival_trace_destroy(t);
    }
}
END_TEST

START_TEST(a_log_is_replayed_at_the_wanted_rate_from_a_place_of_the_seeds)
{
    ArrivalTrace *t;
    Err err = {0};
    Workload wl = workload((Arrivals){.process = ARRIVALS_TRACE});
    ck_ok(load("time,network\n0,alpha\n1,beta\n4,gamma\n4,gamma\n", &t, &err), err);
    draw(&wl, t, 12);
    ck_assert_double_eq_tol(MANY / sample.at[MANY - 1] / wl.rate_per_us, 1, 1e-3);
    const double after[NETS] = {1, 0.75, 0}; /* the gap before; gamma comes twice */
    for (int i = 1; i < 100; i++) {
        double gap = (sample.at[i] - sample.at[i - 1]) * wl.rate_per_us;
        if (sample.net[i] == 2 && sample.net[i - 1] == 1)
            ck_assert_double_eq_tol(gap, 2.25, 1e-9);
        else
            ck_assert_double_eq_tol(gap, after[sample.net[i]], 1e-9);
    }
    int first[4] = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
        ArrivalState s;
        Rng rng;
        rng_seed(&rng, seed, 0);
        arrivals_start(&s, &wl, NETS, t, &rng);
        first[s.net]++;
    }
    for (int i = 0; i < NETS; i++) ck_assert_int_gt(first[i], 0);
    arrival_trace_destroy(t);
}
END_TEST

START_TEST(a_log_that_is_wrong_is_refused_with_its_line)
{
    static const struct {
        const char *text, *line, *word;
    } BAD[] = {
        {"a,b\n1,2\n", ":1: ", "time"},
        {"time\n1\n", ":1: ", "two"},
        {"time\n1\nx\n", ":3: ", "'x'"},
        {"time\n1\n\"\"\n", ":3: ", "''"},
        {"time\n1\nnan\n", ":3: ", "'nan'"},
        {"time\n1\n1e999\n", ":3: ", "1e999"},
        {"time\n2\n1\n", ":3: ", "sort"},
        {"time\n2\n2\n2\n", ":1: ", "one time"},
        {"time\n2023-13-01 00:00:00\n", ":1: ", "two"},
        {"time\n1\n2023-13-01 00:00:00\n", ":3: ", "2023-13-01"},
        {"time,network\n1,alpha\n2,delta\n", ":3: ", "delta"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ArrivalTrace *t;
        Err err = {0};
        ck_assert_int_ne(load(BAD[i].text, &t, &err), ST_OK);
        ck_assert_ptr_null(t);
        ck_assert_msg(strstr(err.msg, BAD[i].line) && strstr(err.msg, BAD[i].word), "%s", err.msg);
    }
}
END_TEST

START_TEST(loading_survives_every_allocation_failure)
{
    ArrivalTrace *t = NULL;
    ck_every_allocation_failure(load("time,network\n0,alpha\n1,beta\n", &t, NULL),
                                arrival_trace_destroy(t));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arrivals");
    TCase *tc = new_case("processes", 60);
    tcase_add_loop_test(tc, every_process_keeps_the_rate_and_the_shares, 0, 3);
    tcase_add_test(tc, bursts_are_burstier_than_poisson_and_streams_are_not);
    tcase_add_test(tc, quiet_times_are_as_quiet_as_the_mean_asks_for);
    tcase_add_test(tc, a_stream_keeps_its_period_but_for_the_jitter);
    tcase_add_loop_test(tc, priority_levels_are_drawn_apart, 0, 3);
    tcase_add_test(tc, a_request_weighs_by_its_level_or_by_its_network);
    tcase_add_loop_test(tc, a_network_without_a_share_never_comes, 0, 3);
    tcase_add_test(tc, settings_that_make_no_sense_are_refused);
    suite_add_tcase(s, tc);
    tc = new_case("logs", 60);
    tcase_add_test(tc, gaps_of_a_log_have_mean_one);
    tcase_add_test(tc, a_log_is_replayed_at_the_wanted_rate_from_a_place_of_the_seeds);
    tcase_add_test(tc, a_log_that_is_wrong_is_refused_with_its_line);
    tcase_add_test(tc, loading_survives_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
