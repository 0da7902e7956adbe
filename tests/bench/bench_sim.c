/* bench_sim.c -- decisions per second on one core, default-6 with the mixed networks at load 0.9:
 * the best baseline through the simulator, and the Gym-style environment with full observations and
 * random valid actions; then how the cost of a decision grows with the jobs in the system and with
 * the SAs. Exits 1 when a limit is missed. CPU time, best of several rounds: the machine may be
 * shared. */
#include "base/mem.h"
#include "env/scenario.h"
#include "env/sched.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 5, EPISODES = 20 };
static const double LOAD = 0.9;
/* Decisions per second of one core, at least. */
static const double SIM_LIMIT = 1.5e6, ENV_LIMIT = 6e5;

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct Bench {
    const Scenario *sc;
    const Scheduler *sched;
    Sim *sim;
    Env *env;
    float *obs;
} Bench;

/* Both return the number of decisions in EPISODES episodes. */
static long simulate(Bench *b)
{
    Workload wl = scenario_workload(b->sc, LOAD);
    long decisions = 0;
    for (uint64_t e = 0; e < EPISODES; e++) {
        sim_reset(b->sim, &wl, e);
        for (Candidate c; sim_candidate(b->sim, &c); decisions++)
            sim_commit(b->sim, b->sched->choose(b->sim), 0);
    }
    return decisions;
}

static int random_valid(const float *mask, int n, Rng *rng)
{
    int a;
    do {
        a = (int)rng_below(rng, (uint32_t)n);
    } while (mask[a] < 0.5f);
    return a;
}

static long step(Bench *b)
{
    EnvSpec spec = env_spec(b->env);
    const float *mask = b->obs + spec.obs_floats - spec.n_actions;
    long decisions = 0;
    EnvInfo info;
    Rng rng;
    rng_seed(&rng, 1, 0);
    for (uint64_t e = 0; e < EPISODES; e++) {
        double reward;
        bool terminated = false, truncated;
        env_reset(b->env, &e, b->obs, &info);
        for (; !terminated; decisions++)
            env_step(b->env, random_valid(mask, spec.n_actions, &rng), b->obs, &reward, &terminated,
                     &truncated, &info);
    }
    return decisions;
}

static int missed(const char *what, long (*run)(Bench *), Bench *b, double limit)
{
    double best = 0;
    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_s();
        double rate = (double)run(b) / (cpu_s() - start);
        if (rate > best) best = rate;
    }
    printf("%s: %.0f decisions/s, limit %.0f%s\n", what, best, limit,
           best < limit ? ": MISSED" : "");
    return best < limit;
}

/* ---- growth ---- */

/* All n jobs arrive at once and are placed; then decisions are timed while nine tenths of them are
 * there. Half of the jobs have deadlines that n jobs can meet, so that queues hold both kinds. */
static double crowd_ns(const Scenario *sc, const System *sys, const Scheduler *sched, int n)
{
    Workload wl = scenario_workload(sc, 1);
    SimConfig cfg = sc->sim;
    double busy = 0;
    long decisions = 0;
    Sim *sim;
    cfg.rules = sched->rules;
    cfg.max_jobs = n;
    wl.jobs = n;
    wl.rate_per_us = 1e3;
    for (int i = 0; i < sys->n_nets; i += 2) wl.deadline_us[i] *= n;
    if (sim_create(&sim, sys, &cfg, 0, NULL) != ST_OK) return HUGE_VAL;
    for (uint64_t e = 0; busy < 0.3; e++) {
        Candidate c;
        sim_reset(sim, &wl, e);
        while (sim_candidate(sim, &c) && sim_totals(sim)->all.issued < n)
            sim_commit(sim, sched->choose(sim), 0);
        double start = cpu_s();
        for (; sim_candidate(sim, &c) && 10 * sim_jobs_in_system(sim) >= 9 * n; decisions++)
            sim_commit(sim, sched->choose(sim), 0);
        busy += cpu_s() - start;
    }
    sim_destroy(sim);
    return 1e9 * busy / (double)decisions;
}

/* No worse than logarithmic: from 10 to 10^k jobs at most k times. */
static int grows_with_jobs(const Scenario *sc, const char *rule)
{
    double least = 0;
    int bad = 0;
    for (int k = 1; k <= 4; k++) {
        int n = (int)(pow(10, k) + 0.5);
        double ns = crowd_ns(sc, sc->sys, sched_find(rule), n);
        if (k == 1) least = ns;
        bool slow = ns > k * least;
        printf("%s, %5d jobs in the system: %5.0f ns per decision, %.2f x, limit %d x%s\n", rule, n,
               ns, ns / least, k, slow ? ": MISSED" : "");
        bad |= slow;
    }
    return bad;
}

/* No worse than linear in the SAs: the same types, more of each, and as much more bandwidth. */
static int grows_with_sas(const Scenario *sc, const char *rule)
{
    double least = 0;
    int bad = 0;
    for (int n = 2; n <= SYS_MAX_SAS; n *= 2) {
        System more = *sc->sys, *sys;
        more.dram_bytes_per_us *= (double)n / sc->sys->n_sas;
        if (more.dram_bytes_per_us < sc->sys->dram_bytes_per_us)
            more.dram_bytes_per_us = sc->sys->dram_bytes_per_us; /* costs were made for it */
        more.n_sas = n;
        for (int m = 0; m < n; m++) more.sa_type[m] = m % more.n_types;
        if (system_build(&sys, &more, NULL) != ST_OK) return 1;
        double ns = crowd_ns(sc, sys, sched_find(rule), 100);
        if (n == 2) least = ns;
        bool slow = ns > n / 2 * least;
        printf("%s, %2d SAs, 100 jobs: %5.0f ns per decision, %.2f x, limit %d x%s\n", rule, n, ns,
               ns / least, n / 2, slow ? ": MISSED" : "");
        bad |= slow;
        system_destroy(sys);
    }
    return bad;
}

static Status make(Bench *b, Scenario **sc, Err *err)
{
    Status st = scenario_create(sc, &SCENARIO_DEFAULTS, 2, err);
    if (st != ST_OK) return st;
    b->sc = *sc;
    b->sched = sched_find("dr-queue-bw");
    SchedEnvConfig cfg = {.sim = b->sc->sim,
                          .workload = b->sc->workload,
                          .load_lo = LOAD,
                          .load_hi = LOAD,
                          .unit_us = b->sc->mean_service_us,
                          .phi_width = 0.5};
    cfg.sim.rules = b->sched->rules;
    if ((st = sim_create(&b->sim, b->sc->sys, &cfg.sim, 0, err)) != ST_OK) return st;
    if ((st = sched_env_create(&b->env, b->sc->sys, &cfg, err)) != ST_OK) return st;
    b->obs = mem_calloc((size_t)env_spec(b->env).obs_floats, sizeof *b->obs);
    return b->obs ? ST_OK : ST_NOMEM;
}

int main(void)
{
    Bench b = {0};
    Scenario *sc = NULL;
    Err err = {0};
    int bad = 1;
    if (make(&b, &sc, &err) == ST_OK) {
        bad = missed("simulator, dr-queue-bw", simulate, &b, SIM_LIMIT);
        bad |= missed("environment, random valid actions", step, &b, ENV_LIMIT);
        bad |= grows_with_jobs(sc, "dr-queue-bw");
        bad |= grows_with_jobs(sc, "edf-h-bw+");
        bad |= grows_with_sas(sc, "dr-queue-bw");
        bad |= grows_with_sas(sc, "edf-h-bw+");
    } else {
        fprintf(stderr, "bench_sim: %s\n", err.msg);
    }
    mem_free(b.obs);
    env_destroy(b.env);
    sim_destroy(b.sim);
    scenario_destroy(sc);
    return bad;
}
