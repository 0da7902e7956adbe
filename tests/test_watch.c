/* test_watch.c -- who watches a simulator hears of everything once, in order, and can add it up. */
#include "env/sim.h"

#include "tests/support.h"
#include "tests/support/sim_rig.h"

#include <string.h>

enum { JOBS = 60, SYSTEMS = 150 };

typedef struct Diary {
    long arrived, started, ended, left, met;
    double last_us, until_us, busy_us, energy_uj, bytes;
    double since[SYS_MAX_SAS]; /* start of what runs there, -1: idle */
    int job[SYS_MAX_SAS], sub[SYS_MAX_SAS];
} Diary;

/* Time goes on only forwards, and not without a word. */
static Diary *hear(void *ctx, const Sim *sim)
{
    Diary *d = ctx;
    ck_assert_double_ge(sim_now(sim), d->last_us);
    ck_assert_double_eq(sim_now(sim), d->until_us);
    d->last_us = sim_now(sim);
    return d;
}

static void arrive(void *ctx, const Sim *sim, int job)
{
    JobView v;
    sim_job(sim, job, &v);
    ck_assert_double_eq(v.arrival_us, sim_now(sim));
    hear(ctx, sim)->arrived++;
}

static void start(void *ctx, const Sim *sim, int sa, int job, int sub)
{
    Diary *d = hear(ctx, sim);
    SaView v;
    sim_sa(sim, sa, &v);
    ck_assert(v.busy && d->since[sa] < 0);
    d->since[sa] = sim_now(sim);
    d->job[sa] = job;
    d->sub[sa] = sub;
    d->started++;
}

static void end(void *ctx, const Sim *sim, int sa, int job, int sub)
{
    Diary *d = hear(ctx, sim);
    const System *sys = sim_system(sim);
    JobView v;
    ck_assert(d->since[sa] >= 0 && d->job[sa] == job && d->sub[sa] == sub);
    sim_job(sim, job, &v);
    const SubJobCost *c = &sys->net[v.net].cost[sys->sa_type[sa]][sub];
    ck_assert_double_ge(sim_now(sim) - d->since[sa], c->latency_us * (1 - 1e-9));
    d->busy_us += sim_now(sim) - d->since[sa];
    d->energy_uj += c->energy_uj;
    d->since[sa] = -1;
    d->ended++;
}

static void leave(void *ctx, const Sim *sim, const JobRecord *r)
{
    Diary *d = hear(ctx, sim);
    ck_assert_double_eq(r->end_us, sim_now(sim));
    ck_assert(r->job >= 0 || r->dropped);
    d->left++;
    d->met += r->met;
}

/* Until the next event all goes on as it does now. */
static void advance(void *ctx, const Sim *sim, double to_us)
{
    Diary *d = hear(ctx, sim);
    double dt = to_us - sim_now(sim);
    ck_assert_double_gt(dt, 0);
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        ck_assert(v.busy == (d->since[m] >= 0));
        ck_assert(v.busy || v.queued == 0); /* nobody waits for an idle SA */
        d->bytes += v.demand * v.rate * dt;
    }
    d->until_us = to_us;
}

static bool near(double a, double b)
{
    return a - b <= 1e-9 * (1 + b) && b - a <= 1e-9 * (1 + b);
}

START_TEST(a_watch_hears_of_everything_once)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        static SimRig r;
        Diary d = {.last_us = 0};
        SimWatch watch = {&d, arrive, start, end, leave, advance};
        Rng rng;
        for (int m = 0; m < SYS_MAX_SAS; m++) d.since[m] = -1;
        rng_seed(&rng, seed, 41);
        rig_random(&r, &rng, JOBS);
        rig_start(&r, seed);
        sim_set_watch(r.sim, &watch);
        sim_reset(r.sim, &r.wl, seed);
        int actions = r.sys->n_sas * r.cfg.classes;
        for (Candidate c; sim_candidate(r.sim, &c);) {
            int a = (int)rng_below(&rng, (uint32_t)actions);
            sim_commit(r.sim, a / r.cfg.classes, a % r.cfg.classes);
        }
        const SimTotals *t = sim_totals(r.sim);
        double busy = 0;
        for (int m = 0; m < r.sys->n_sas; m++) busy += t->busy_us[m];
        ck_assert_int_eq(d.arrived, t->all.issued - t->all.rejected);
        ck_assert_int_eq(d.started, t->started);
        ck_assert_int_eq(d.ended, t->started);
        ck_assert_int_eq(d.left, t->all.issued);
        ck_assert_int_eq(d.met, t->all.met);
        ck_assert_double_eq(d.until_us, sim_now(r.sim));
        ck_assert(near(d.bytes, t->bytes_moved));
        ck_assert(near(d.busy_us, busy) && near(d.energy_uj, t->energy_uj));
        rig_free(&r);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("watch");
    TCase *tc = new_case("watch", 60);
    tcase_add_test(tc, a_watch_hears_of_everything_once);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
