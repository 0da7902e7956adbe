/* test_sim_laws.c -- what holds in every simulation, on hundreds of random systems with random
 * settings and decisions: conservation, agreement with the slow reference, repeatability, and the
 * check of states that come from outside. */
#include "env/sim.h"

#include "tests/support.h"
#include "tests/support/sim_rig.h"
#include "tests/support/slow_sim.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

enum { SYSTEMS = 300, JOBS = 40, SLOTS = 64 };

static int n_actions(const SimRig *r)
{
    return r->sys->n_sas * r->cfg.classes;
}

static int action_of(const SimRig *r, const Candidate *c, uint64_t seed)
{
    JobView j;
    sim_job(r->sim, c->job, &j);
    return rig_hash_action(seed, n_actions(r), j.arrival_us, c->sub, sim_totals(r->sim)->decisions);
}

/* One random decision or round; false when the episode is over. */
static bool step(SimRig *r, uint64_t seed)
{
    Candidate c;
    if (!sim_candidate(r->sim, &c)) return false;
    if (r->cfg.rules.asking != ASK_EACH) {
        rig_round(r, seed);
        return true;
    }
    int a = action_of(r, &c, seed);
    sim_commit(r->sim, a / r->cfg.classes, a % r->cfg.classes);
    return true;
}

/* One by one, or every other time in rounds. */
static void any_rig(SimRig *r, Rng *rng, uint64_t seed)
{
    if (seed % 2)
        rig_random_rounds(r, rng, JOBS);
    else
        rig_random(r, rng, JOBS);
}

static void run(SimRig *r, uint64_t seed)
{
    rig_start(r, seed);
    while (step(r, seed)) continue;
}

static void ck_relative(double value, double expected)
{
    ck_assert_double_eq_tol(value, expected, 1e-9 * fmax(1, fabs(expected)));
}

/* --- conservation --- */

START_TEST(every_issued_job_ends_once)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 1);
        any_rig(&r, &rng, seed);
        run(&r, seed);
        const SimTotals *t = sim_totals(r.sim);
        JobCounts sum = {0};
        ck_assert_int_eq(t->all.issued, JOBS);
        for (int i = 0; i < r.sys->n_nets; i++) {
            const JobCounts *c = &t->net[i];
            ck_assert_int_eq(c->issued, c->met + c->late + c->dropped + c->rejected);
            sum.issued += c->issued;
            sum.met += c->met;
            sum.late += c->late;
            sum.dropped += c->dropped;
            sum.rejected += c->rejected;
        }
        ck_assert_int_eq(memcmp(&sum, &t->all, sizeof sum), 0);
        ck_assert(r.cfg.firm ? t->all.late == 0 : t->all.dropped == 0);
        ck_assert_int_eq(sim_jobs_in_system(r.sim), 0);
        ck_assert_int_eq(sim_ready_count(r.sim), 0);
        rig_free(&r);
    }
}
END_TEST

START_TEST(the_log_tells_what_the_counts_tell)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        double last = 0;
        rng_seed(&rng, seed, 2);
        any_rig(&r, &rng, seed);
        run(&r, seed);
        JobCounts c[SYS_MAX_NETS] = {{0}}, of[PRIORITY_LEVELS] = {{0}};
        for (int i = 0; i < JOBS; i++) {
            const JobRecord *j = &r.log[i];
            ck_assert(j->end_us >= last && j->arrival_us <= j->end_us);
            ck_assert(!j->met || (!j->dropped && j->end_us <= j->deadline_us));
            ck_relative(j->deadline_us - j->arrival_us, r.wl.deadline_us[j->net]);
            last = j->end_us;
            c[j->net].issued++;
            c[j->net].met += j->met;
            c[j->net].late += !j->met && !j->dropped;
            c[j->net].dropped += j->dropped;
            ck_assert(r.wl.levels ? j->level >= 0 && j->level < r.wl.levels : j->level == -1);
            if (j->level < 0) continue;
            of[j->level].issued++;
            of[j->level].met += j->met;
        }
        for (int k = 0; k < PRIORITY_LEVELS; k++) {
            const JobCounts *t = &sim_totals(r.sim)->level[k];
            ck_assert_int_eq(of[k].issued, t->issued);
            ck_assert_int_eq(of[k].met, t->met);
            ck_assert_int_eq(job_counts_ended(t), t->issued);
        }
        for (int i = 0; i < r.sys->n_nets; i++) {
            const JobCounts *t = &sim_totals(r.sim)->net[i];
            ck_assert_int_eq(c[i].issued, t->issued);
            ck_assert_int_eq(c[i].met, t->met);
            ck_assert_int_eq(c[i].late, t->late);
            ck_assert_int_eq(c[i].dropped, t->dropped + t->rejected);
        }
        rig_free(&r);
    }
}
END_TEST

/* Where each sub-job was placed last: there it runs. Slots of finished jobs are used again. */
typedef struct Ledger {
    double arrival[SLOTS];
    int sa[SLOTS][SLOW_MAX_SUBJOBS]; /* -1: not placed */
    double bytes, energy, busy[SYS_MAX_SAS];
} Ledger;

static void book(Ledger *l, const SimRig *r, const Candidate *c, int sa, double sign)
{
    const SubJobCost *cost = &r->sys->net[c->net].cost[r->sys->sa_type[sa]][c->sub];
    l->bytes += sign * cost->bytes;
    l->energy += sign * cost->energy_uj;
    l->busy[sa] += sign * cost->latency_us;
}

static void place(Ledger *l, const SimRig *r, const Candidate *c, int sa)
{
    JobView j;
    sim_job(r->sim, c->job, &j);
    if (l->arrival[c->job] < j.arrival_us || l->arrival[c->job] > j.arrival_us) { /* a new job */
        l->arrival[c->job] = j.arrival_us;
        for (int s = 0; s < SLOW_MAX_SUBJOBS; s++) l->sa[c->job][s] = -1;
    }
    int *old = &l->sa[c->job][c->sub];
    if (*old >= 0) book(l, r, c, *old, -1);
    book(l, r, c, *old = sa, 1);
}

/* Of soft jobs every sub-job runs once: bytes and energy are the cost table's whatever the
 * contention, and an SA is busy for at least the isolated time. */
START_TEST(bytes_energy_and_work_are_conserved)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        Candidate c;
        Ledger l = {.bytes = 0};
        for (int i = 0; i < SLOTS; i++) l.arrival[i] = -1;
        rng_seed(&rng, seed, 3);
        rig_random(&r, &rng, JOBS);
        r.cfg.firm = false;
        rig_start(&r, seed);
        while (sim_candidate(r.sim, &c)) {
            place(&l, &r, &c, action_of(&r, &c, seed) / r.cfg.classes);
            step(&r, seed);
        }
        const SimTotals *t = sim_totals(r.sim);
        ck_relative(t->bytes_moved, l.bytes);
        ck_relative(t->energy_uj, l.energy);
        for (int m = 0; m < r.sys->n_sas; m++) {
            ck_assert(t->busy_us[m] >= l.busy[m] * (1 - 1e-9) - 1e-9);
            ck_assert(t->busy_us[m] <= sim_now(r.sim) * (1 + 1e-9));
        }
        ck_assert(t->bytes_moved <= r.sys->dram_bytes_per_us * sim_now(r.sim) * (1 + 1e-9));
        rig_free(&r);
    }
}
END_TEST

START_TEST(the_energy_of_finished_jobs_is_in_their_records)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        double sum = 0;
        rng_seed(&rng, seed, 4);
        any_rig(&r, &rng, seed);
        r.cfg.firm = false;
        run(&r, seed);
        for (int i = 0; i < JOBS; i++) sum += r.log[i].energy_uj;
        ck_relative(sim_totals(r.sim)->energy_uj, sum);
        rig_free(&r);
    }
}
END_TEST

/* Of soft jobs each network's energy is that of its jobs' records; of all jobs it adds up to the total,
 * that of dropped jobs and of what arrives apart from what counts too. */
START_TEST(the_energy_of_networks_adds_up)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        double sum = 0, of[SYS_MAX_NETS] = {0};
        long arrived = 0;
        rng_seed(&rng, seed, 17);
        any_rig(&r, &rng, seed);
        r.wl.warmup = (long)rng_below(&rng, JOBS / 4);
        r.wl.cooldown = (long)rng_below(&rng, JOBS / 4);
        r.wl.jobs -= r.wl.warmup + r.wl.cooldown;
        run(&r, seed);
        const SimTotals *t = sim_totals(r.sim);
        for (int i = 0; i < r.logged; i++) of[r.log[i].net] += r.log[i].energy_uj;
        for (int i = 0; i < r.sys->n_nets; i++) {
            sum += t->net_energy_uj[i];
            arrived += t->net_arrived[i];
            ck_assert_int_ge(t->net_arrived[i], t->net[i].issued);
            if (!r.cfg.firm) ck_relative(t->net_energy_uj[i], of[i]);
        }
        ck_relative(sum, t->energy_uj);
        ck_assert_int_eq(arrived, t->all.issued + t->apart.issued);
        rig_free(&r);
    }
}
END_TEST

/* --- against references --- */

typedef struct Policy {
    uint64_t seed;
    const SimRig *rig;
} Policy;

static int slow_choose(void *ctx, double arrival_us, int sub, long decision)
{
    const Policy *p = ctx;
    return rig_hash_action(p->seed, n_actions(p->rig), arrival_us, sub, decision);
}

static SlowOrder slow_order(void *ctx, double arrival_us, int sub, long round)
{
    const Policy *p = ctx;
    return rig_hash_order(p->rig, p->seed, arrival_us, sub, round);
}

static double slow_limit(void *ctx, int sa, long round)
{
    const Policy *p = ctx;
    return rig_hash_limit(p->rig, p->seed, sa, round);
}

static SlowFate fate_of(const SimRig *r, const JobRecord *j)
{
    bool rejected = j->dropped && (!r->cfg.firm || j->end_us <= j->arrival_us);
    return rejected ? SLOW_REJECTED : j->dropped ? SLOW_DROPPED : j->met ? SLOW_MET : SLOW_LATE;
}

/* False if the reference met a tie that rounding decides: then nothing is compared. */
static bool ck_agree(SimRig *r, uint64_t seed)
{
    static SlowResult slow;
    SlowArrival arrival[JOBS];
    int jobs = (int)r->wl.jobs;
    Policy p = {.seed = seed, .rig = r};
    SlowPolicy policy = {&p, slow_choose, slow_order, slow_limit};
    const SimTotals *t = sim_totals(r->sim);
    rig_sort_log(r);
    for (int i = 0; i < jobs; i++)
        arrival[i] = (SlowArrival){.us = r->log[i].arrival_us, .net = r->log[i].net};
    slow_sim(&slow, r->sys, &r->cfg, arrival, jobs, r->wl.deadline_us, &policy);
    if (slow.closest_us < 1e-9) return false;
    ck_assert_int_eq(t->decisions, slow.decisions);
    ck_assert_int_eq(t->started, slow.started);
    ck_assert_int_eq(r->rounds, slow.rounds);
    for (int i = 0; i < jobs; i++) {
        ck_assert_int_eq(fate_of(r, &r->log[i]), slow.fate[i]);
        ck_relative(r->log[i].end_us, slow.end_us[i]);
        ck_relative(r->log[i].energy_uj, slow.job_uj[i]);
    }
    ck_relative(sim_now(r->sim), slow.over_us);
    ck_relative(t->bytes_moved, slow.bytes);
    ck_relative(t->energy_uj, slow.energy_uj);
    for (int m = 0; m < r->sys->n_sas; m++) ck_relative(t->busy_us[m], slow.busy_us[m]);
    return true;
}

/* Systems to compare on; RELMAS_SLOW_SYSTEMS asks for more. */
static uint64_t systems_compared(void)
{
    const char *more = getenv("RELMAS_SLOW_SYSTEMS");
    return more ? strtoull(more, NULL, 10) : 3000;
}

START_TEST(the_slow_simulator_agrees)
{
    uint64_t compared = 0, systems = systems_compared();
    for (uint64_t seed = 0; seed < systems; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 5);
        any_rig(&r, &rng, seed);
        r.wl.jobs = 1 + (int)rng_below(&rng, JOBS);
        run(&r, seed);
        compared += ck_agree(&r, seed);
        rig_free(&r);
    }
    ck_assert_uint_gt(compared, systems * 8 / 10);
}
END_TEST

/* Without contention, and first come first served on each SA, a sub-job ends its latency after the
 * later of its decision and the end of what was decided before it for the same SA. */
START_TEST(without_contention_it_is_a_list_schedule)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        Candidate c;
        double free_at[SYS_MAX_SAS] = {0}, end[SLOTS][SLOW_MAX_SUBJOBS] = {{0}}, makespan = 0;
        rng_seed(&rng, seed, 6);
        rig_random(&r, &rng, JOBS);
        r.sys->dram_bytes_per_us = 1e12;
        r.cfg = (SimConfig){.rules.queue_order = ORDER_PLAN, .classes = 1, .max_jobs = JOBS};
        rig_start(&r, seed);
        while (sim_candidate(r.sim, &c)) {
            const SysNet *net = &r.sys->net[c.net];
            int sa = action_of(&r, &c, seed);
            double ready = 0, now = sim_now(r.sim);
            for (int p = 0; p < c.sub; p++)
                for (int e = net->first_succ[p]; e < net->first_succ[p + 1]; e++)
                    if (net->succ[e] == c.sub) ready = fmax(ready, end[c.job][p]);
            if (net->n_preds[c.sub]) ck_relative(now, ready);
            free_at[sa] = fmax(free_at[sa], now) + net->cost[r.sys->sa_type[sa]][c.sub].latency_us;
            makespan = fmax(makespan, end[c.job][c.sub] = free_at[sa]);
            step(&r, seed);
        }
        ck_relative(sim_now(r.sim), makespan);
        rig_free(&r);
    }
}
END_TEST

/* The same fixed placement and order: no contention is never slower. */
START_TEST(contention_never_speeds_up_a_fixed_schedule)
{
    /* Chains of one sub-job, all there at the start, so that each SA's order is that of arrival
     * whatever the bandwidth is. */
    static const RandomSystemLimits SINGLE = {5, 3, 4, 1, 0, 0.2};
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        System *sys;
        Rng rng;
        Err err = {0};
        double end[JOBS];
        rng_seed(&rng, seed, 7);
        ck_ok(random_system(&sys, &rng, &SINGLE, &err), err);
        rig_of(&r, sys);
        r.cfg.arbitration = (Arbitration)(seed % 2);
        r.wl.jobs = JOBS;
        run(&r, seed);
        rig_sort_log(&r);
        for (int i = 0; i < JOBS; i++) end[i] = r.log[i].end_us;
        r.sys->dram_bytes_per_us = 1e12;
        run(&r, seed);
        rig_sort_log(&r);
        for (int i = 0; i < JOBS; i++) ck_assert(r.log[i].end_us <= end[i] * (1 + 1e-9));
        rig_free(&r);
    }
}
END_TEST

/* What starts together, one sub-job on each SA, ends no later with more bandwidth. (Successors
 * would break this: more_bandwidth_may_delay in test_sim.c.) */
START_TEST(more_bandwidth_speeds_up_what_starts_together)
{
    static const RandomSystemLimits SINGLE = {5, 3, 4, 1, 0, 0.2};
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        System *sys;
        Rng rng;
        Err err = {0};
        double end[SYS_MAX_SAS];
        rng_seed(&rng, seed, 8);
        ck_ok(random_system(&sys, &rng, &SINGLE, &err), err);
        rig_of(&r, sys);
        r.cfg.arbitration = (Arbitration)(seed % 2);
        r.wl.jobs = sys->n_sas;
        for (int trial = 0; trial < 4; trial++, r.sys->dram_bytes_per_us *= 1.3) {
            rig_start(&r, seed);
            for (int m = 0; m < sys->n_sas; m++) sim_commit(r.sim, m, 0);
            rig_sort_log(&r);
            for (int i = 0; i < sys->n_sas; i++) {
                if (trial) ck_assert(r.log[i].end_us <= end[i] * (1 + 1e-7));
                end[i] = r.log[i].end_us;
            }
        }
        rig_free(&r);
    }
}
END_TEST

/* --- states --- */

static void ck_same_state(Sim *a, Sim *b)
{
    size_t n, m;
    const void *x = sim_state(a, &n), *y = sim_state(b, &m);
    if (n != m || memcmp(x, y, n) != 0) ck_abort_msg("states differ");
}

START_TEST(the_same_seed_gives_the_same_trajectory)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 3; seed++) {
        SimRig a, b;
        Rng rng, again;
        rng_seed(&rng, seed, 9);
        again = rng;
        any_rig(&a, &rng, seed);
        any_rig(&b, &again, seed);
        run(&b, seed + 1); /* what was before a reset does not matter */
        rig_start(&a, seed);
        rig_start(&b, seed);
        do {
            ck_same_state(a.sim, b.sim);
            step(&b, seed);
        } while (step(&a, seed));
        ck_same_state(a.sim, b.sim);
        rig_free(&a);
        rig_free(&b);
    }
}
END_TEST

START_TEST(another_seed_gives_other_arrivals)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 10);
        rig_random(&r, &rng, JOBS);
        rig_start(&r, seed);
        double first = sim_now(r.sim);
        rig_start(&r, seed + 1);
        ck_assert(sim_now(r.sim) < first || sim_now(r.sim) > first);
        rig_free(&r);
    }
}
END_TEST

START_TEST(arrivals_do_not_depend_on_decisions)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 3; seed++) {
        SimRig r;
        Rng rng;
        JobRecord first[JOBS];
        rng_seed(&rng, seed, 11);
        any_rig(&r, &rng, seed);
        run(&r, seed);
        rig_sort_log(&r);
        memcpy(first, r.log, sizeof first);
        rig_start(&r, seed);
        while (step(&r, seed + 1)) continue;
        rig_sort_log(&r);
        for (int i = 0; i < JOBS; i++) {
            ck_assert_int_eq(first[i].net, r.log[i].net);
            ck_relative(first[i].arrival_us, r.log[i].arrival_us);
        }
        rig_free(&r);
    }
}
END_TEST

START_TEST(a_clone_goes_on_alike)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 3; seed++) {
        SimRig r;
        Rng rng;
        Sim *twin;
        Err err = {0};
        rng_seed(&rng, seed, 12);
        any_rig(&r, &rng, seed);
        rig_start(&r, seed);
        ck_ok(sim_create(&twin, r.sys, &r.cfg, 0, &err), err);
        for (uint32_t k = rng_below(&rng, 100); k > 0; k--) step(&r, seed);
        sim_clone(twin, r.sim);
        ck_same_state(r.sim, twin);
        SimRig t = r;
        t.sim = twin;
        while (step(&r, seed)) {
            step(&t, seed);
            ck_same_state(r.sim, twin);
        }
        sim_destroy(twin);
        rig_free(&r);
    }
}
END_TEST

START_TEST(the_owners_bytes_are_cloned_and_survive_a_reset)
{
    SimRig r;
    Rng rng;
    Sim *twin;
    Err err = {0};
    rng_seed(&rng, 1, 13);
    rig_random(&r, &rng, JOBS);
    ck_ok(sim_create(&r.sim, r.sys, &r.cfg, 16, &err), err);
    ck_ok(sim_create(&twin, r.sys, &r.cfg, 16, &err), err);
    uint64_t *mine = sim_user(r.sim), *its = sim_user(twin);
    ck_assert_int_eq((uintptr_t)mine % 8, 0);
    ck_assert(mine[0] == 0 && mine[1] == 0);
    mine[0] = 42;
    run(&r, 1);
    ck_assert(mine[0] == 42 && mine[1] == 0);
    sim_clone(twin, r.sim);
    ck_assert(its[0] == 42);
    sim_destroy(twin);
    rig_free(&r);
}
END_TEST

START_TEST(nothing_allocates_after_create)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 14);
        any_rig(&r, &rng, seed);
        rig_start(&r, seed);
        long failed = mem_failed;
        mem_fail_at = 0;
        run(&r, seed + 1);
        mem_fail_at = -1;
        ck_assert_int_eq(mem_failed, failed);
        rig_free(&r);
    }
}
END_TEST

START_TEST(every_state_met_passes_the_check)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        Err err = {0};
        rng_seed(&rng, seed, 15);
        any_rig(&r, &rng, seed);
        rig_start(&r, seed);
        do {
            if (sim_check_state(r.sim, &err) != ST_OK) ck_abort_msg("%s", err.msg);
        } while (step(&r, seed));
        rig_free(&r);
    }
}
END_TEST

/* A state in the middle of a busy episode: the one with most sub-jobs waiting of its first 40. */
static void busy_state(SimRig *r, Rng *rng, uint64_t seed)
{
    any_rig(r, rng, seed);
    r->wl.rate_per_us *= 3;
    rig_start(r, seed);
    for (int k = 0; k < 40; k++) step(r, seed);
}

/* What the check lets pass must be fit to go on with: to the end, or for a good while. */
static void run_on(SimRig *r, uint64_t seed)
{
    for (int k = 0; k < 200 && step(r, seed); k++) continue;
}

/* The check must survive whatever it reads (the sanitizers watch) and notice most of it: a third of
 * the bytes are pointers and counts, the rest are times, which nobody can check. */
START_TEST(corrupted_states_are_read_safely)
{
    enum { FLIPS = 400 };
    for (uint64_t seed = 0; seed < 40; seed++) {
        SimRig r;
        Rng rng;
        size_t n;
        int refused = 0;
        rng_seed(&rng, seed, 16);
        busy_state(&r, &rng, seed);
        uint8_t *state = sim_state(r.sim, &n), *saved = mem_calloc(n, 1);
        memcpy(saved, state, n);
        for (int k = 0; k < FLIPS; k++) {
            for (uint32_t flips = 1 + rng_below(&rng, 8); flips > 0; flips--)
                state[rng_below(&rng, (uint32_t)n)] ^= (uint8_t)(1u << rng_below(&rng, 8));
            if (sim_check_state(r.sim, NULL) == ST_FORMAT)
                refused++;
            else
                run_on(&r, rng_next(&rng));
            memcpy(state, saved, n);
        }
        ck_assert_int_gt(refused, 0);
        for (int k = 0; k < FLIPS / 4; k++) { /* and wholly random bytes */
            for (size_t i = 0; i < n; i++) state[i] = (uint8_t)rng_next(&rng);
            ck_assert_int_eq(sim_check_state(r.sim, NULL), ST_FORMAT);
        }
        mem_free(saved);
        rig_free(&r);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sim_laws");
    TCase *tc = new_case("conservation", 60);
    tcase_add_test(tc, every_issued_job_ends_once);
    tcase_add_test(tc, the_log_tells_what_the_counts_tell);
    tcase_add_test(tc, bytes_energy_and_work_are_conserved);
    tcase_add_test(tc, the_energy_of_finished_jobs_is_in_their_records);
    tcase_add_test(tc, the_energy_of_networks_adds_up);
    suite_add_tcase(s, tc);
    tc = new_case("references", 120);
    tcase_add_test(tc, the_slow_simulator_agrees);
    tcase_add_test(tc, without_contention_it_is_a_list_schedule);
    tcase_add_test(tc, contention_never_speeds_up_a_fixed_schedule);
    tcase_add_test(tc, more_bandwidth_speeds_up_what_starts_together);
    suite_add_tcase(s, tc);
    tc = new_case("states", 60);
    tcase_add_test(tc, the_same_seed_gives_the_same_trajectory);
    tcase_add_test(tc, another_seed_gives_other_arrivals);
    tcase_add_test(tc, arrivals_do_not_depend_on_decisions);
    tcase_add_test(tc, a_clone_goes_on_alike);
    tcase_add_test(tc, the_owners_bytes_are_cloned_and_survive_a_reset);
    tcase_add_test(tc, nothing_allocates_after_create);
    tcase_add_test(tc, every_state_met_passes_the_check);
    tcase_add_test(tc, corrupted_states_are_read_safely);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
