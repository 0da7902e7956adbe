/* bench_decision.c -- what one decision of a frozen policy costs, stage by stage: the default system and
 * networks, the default network and the teacher of the shipped configuration, whose choices keep the
 * episode going (random weights would not). Each stage of each decision is timed on its own; medians,
 * as the machine may be shared. Exits 1 when features and forward take more than the limit. */
#include "base/mem.h"
#include "base/stats.h"
#include "env/scenario.h"
#include "env/sched_env.h"
#include "nn/gemm.h"
#include "rl/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EPISODES = 40, MOST = 1 << 20, CLOCK_CALLS = 1001 };
static const double LOAD = 0.95, LIMIT_US = 5;
static const char TEACHER[] = "dr-reserve-bw";

typedef enum { TEACH, FEATURES, FORWARD, ARGMAX, APPLY, STAGES } Stage;
static const char *const STAGE_NAMES[] = {"teacher's choice", "quotes and features",
                                          "load and forward", "argmax", "apply (simulator)"};

typedef struct Bench {
    Scenario *sc;
    const Scheduler *teacher;
    Sim *sim;
    Policy *policy;
    QBatch work;
    float *obs;
    double *ns[STAGES]; /* [MOST] */
    int n;
} Bench;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* Sorts. */
static double quantile(double *x, int n, double q)
{
    stats_sort(x, (size_t)n);
    return stats_quantile(x, n, q);
}

/* What reading the clock adds to each stage. */
static double clock_ns(void)
{
    double x[CLOCK_CALLS];
    for (int i = 0; i < CLOCK_CALLS; i++) {
        double t = now_ns();
        x[i] = now_ns() - t;
    }
    return quantile(x, CLOCK_CALLS, 0.5);
}

static void decide(Bench *b)
{
    const QNet *net = policy_net(b->policy);
    double t[STAGES + 1];
    t[0] = now_ns();
    int sa = b->teacher->choose(b->sim);
    t[1] = now_ns();
    sched_observe(b->sim, b->sc->mean_service_us, NULL, b->obs);
    t[2] = now_ns();
    qbatch_load(&b->work, net, b->obs, 1);
    qnet_infer(net, policy_weights(b->policy), &b->work);
    t[3] = now_ns();
    volatile int best = qbatch_argmax(&b->work, 0);
    (void)best;
    t[4] = now_ns();
    sim_commit(b->sim, sa, 0);
    t[5] = now_ns();
    for (int s = 0; s < STAGES; s++) b->ns[s][b->n] = t[s + 1] - t[s];
    b->n++;
}

static void run(Bench *b)
{
    Workload wl = scenario_workload(b->sc, LOAD);
    for (uint64_t e = 0; e < EPISODES; e++) {
        sim_reset(b->sim, &wl, e);
        for (Candidate c; sim_candidate(b->sim, &c) && b->n < MOST;) decide(b);
    }
}

/* Returns whether the limit is missed. */
static int report(Bench *b)
{
    double clock = clock_ns(), sum = 0, decision = 0;
    printf("one decision, %s at load %.2f, %d decisions, %s   median us   99 %% below\n",
           SCENARIO_DEFAULTS.name, LOAD, b->n, gemm_kernel());
    for (int s = 0; s < STAGES; s++) {
        double us = 1e-3 * fmax(0, quantile(b->ns[s], b->n, 0.5) - clock);
        printf("  %-24s %8.3f %8.3f\n", STAGE_NAMES[s], us,
               1e-3 * fmax(0, quantile(b->ns[s], b->n, 0.99) - clock));
        sum += us;
        if (s < APPLY) decision += us;
    }
    printf("  %-24s %8.3f\n", "sum", sum);
    printf("decision without apply: %.2f us, limit %.0f us%s\n", decision, LIMIT_US,
           decision > LIMIT_US ? ": MISSED" : "");
    return decision > LIMIT_US;
}

static Status make(Bench *b, Err *err)
{
    Status st = ST_OK;
    DqnConfig cfg = dqn_defaults();
    Rng rng;

    TRY(scenario_create(&b->sc, &SCENARIO_DEFAULTS, 2, err));
    b->teacher = sched_find(TEACHER);
    SimConfig sim = b->sc->sim;
    sim.rules = b->teacher->rules;
    EnvSpec spec = sched_env_spec(b->sc->sys, &sim.rules, sim.classes);
    TRY(sim_create(&b->sim, b->sc->sys, &sim, 0, err));
    TRY(policy_create(&b->policy, &cfg, &spec, err));
    TRY(qbatch_create(&b->work, policy_net(b->policy), 1, err));
    st = ST_NOMEM;
    if (!(b->obs = mem_calloc((size_t)spec.obs_floats, sizeof *b->obs))) goto fail;
    for (int s = 0; s < STAGES; s++)
        if (!(b->ns[s] = mem_calloc(MOST, sizeof *b->ns[s]))) goto fail;
    rng_seed(&rng, 1, 0);
    qnet_randomise(policy_net(b->policy), policy_weights(b->policy), INIT_HE, &rng);
    st = ST_OK;
fail:
    return st;
}

int main(int argc, char **argv)
{
    (void)argc;
    gemm_startup(argv);
    Bench b = {0};
    Err err = {0};
    int bad = 1;
    if (make(&b, &err) == ST_OK) {
        run(&b);
        bad = report(&b);
    } else {
        fprintf(stderr, "bench_decision: %s\n", err.msg);
    }
    for (int s = 0; s < STAGES; s++) mem_free(b.ns[s]);
    mem_free(b.obs);
    qbatch_free(&b.work);
    policy_destroy(b.policy);
    sim_destroy(b.sim);
    scenario_destroy(b.sc);
    return bad;
}
