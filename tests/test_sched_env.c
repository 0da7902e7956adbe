/* test_sched_env.c -- scheduling as a Gym-style environment: what the rewards add up to, what an
 * observation promises, and that an episode repeats, clones and resumes exactly. */
#include "env/sched_env.h"

#include "env/sched.h"
#include "tests/support.h"
#include "tests/support/sim_rig.h"
#include "tests/support/tiny_system.h"

#include <math.h>
#include <string.h>

enum { SYSTEMS = 60, JOBS = 40, MAX_OBS = 4096, MAX_CLASSES = 3 };

/* One environment and where it stands. */
typedef struct Ride {
    SimRig rig; /* owns the System; its Sim is not used */
    SchedEnvConfig cfg;
    Env *env;
    EnvSpec spec;
    float obs[MAX_OBS];
    EnvInfo info;
    double reward, sum, elapsed;
    long steps;
    bool terminated, truncated;
} Ride;

static void build(Ride *r)
{
    Err err = {0};
    ck_ok(sched_env_create(&r->env, r->rig.sys, &r->cfg, &err), err);
    r->spec = env_spec(r->env);
    ck_assert_int_le(r->spec.obs_floats, MAX_OBS);
}

/* Random system, settings and workload; unit_us the mean isolated latency, as scenarios have it. */
static void random_ride(Ride *r, uint64_t seed, RewardKind reward)
{
    Rng rng;
    memset(r, 0, sizeof *r);
    rng_seed(&rng, seed, 1);
    rig_random(&r->rig, &rng, JOBS);
    if (r->rig.cfg.classes > MAX_CLASSES) r->rig.cfg.classes = MAX_CLASSES;
    r->cfg = (SchedEnvConfig){.sim = r->rig.cfg,
                              .workload = r->rig.wl,
                              .load_lo = 0.5,
                              .load_hi = 2,
                              .reward = reward,
                              .teacher = sched_find("dr-reserve-bw"),
                              .phi_width = 0.2 + rng_uniform(&rng)};
    for (int i = 0; i < r->rig.sys->n_nets; i++)
        r->cfg.unit_us += r->rig.wl.share[i] * r->rig.sys->net[i].t_iso_us;
    build(r);
}

/* Another environment of the same configuration on the same System, which stays a's. */
static void twin(Ride *b, const Ride *a)
{
    *b = (Ride){.cfg = a->cfg, .rig.sys = a->rig.sys};
    build(b);
}

static void end(Ride *r)
{
    env_destroy(r->env);
    rig_free(&r->rig);
}

static const SimTotals *totals(const Ride *r)
{
    return sim_totals(sched_env_sim(r->env));
}

static const float *mask(const Ride *r)
{
    return r->obs + r->spec.obs_floats - r->spec.n_actions;
}

static void begin(Ride *r, const uint64_t *seed)
{
    env_reset(r->env, seed, r->obs, &r->info);
    r->sum = r->elapsed = 0;
    r->steps = 0;
    r->terminated = r->truncated = false;
}

static void take(Ride *r, int action)
{
    env_step(r->env, action, r->obs, &r->reward, &r->terminated, &r->truncated, &r->info);
    r->sum += r->reward;
    r->elapsed += r->info.elapsed;
    r->steps++;
}

static int random_valid(const Ride *r, Rng *rng)
{
    int a;
    do {
        a = (int)rng_below(rng, (uint32_t)r->spec.n_actions);
    } while (mask(r)[a] < 0.5f);
    return a;
}

static void ride(Ride *r, uint64_t seed)
{
    Rng rng;
    rng_seed(&rng, seed, 2);
    begin(r, &seed);
    while (!r->terminated) take(r, random_valid(r, &rng));
}

/* --- rewards --- */

static double phi0(const Ride *r, int net)
{
    double rem = r->rig.sys->net[net].rem_us, laxity = r->cfg.workload.deadline_us[net] - rem;
    return 1 / (1 + exp(-laxity / (r->cfg.phi_width * rem + 0.01 * r->cfg.unit_us)));
}

START_TEST(exact_rewards_add_up_to_met_jobs_less_a_constant)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        double constant = 0;
        random_ride(&r, seed, REWARD_EXACT);
        ride(&r, seed);
        for (int i = 0; i < r.rig.sys->n_nets; i++)
            constant += (double)totals(&r)->net[i].issued * phi0(&r, i);
        ck_assert_double_eq_tol(r.sum, (double)totals(&r)->all.met - constant, 1e-9);
        end(&r);
    }
}
END_TEST

START_TEST(sparse_rewards_count_met_less_missed_jobs)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        Rng rng;
        long met = 0, ended = 0;
        random_ride(&r, seed, REWARD_SPARSE);
        rng_seed(&rng, seed, 3);
        begin(&r, &seed);
        while (!r.terminated) {
            take(&r, random_valid(&r, &rng));
            const JobCounts *c = &totals(&r)->all;
            long now_ended = c->met + c->late + c->dropped + c->rejected;
            ck_assert_double_eq(r.reward, (double)(2 * (c->met - met) - (now_ended - ended)));
            met = c->met;
            ended = now_ended;
        }
        ck_assert_double_eq(r.sum, (double)(2 * met - JOBS));
        end(&r);
    }
}
END_TEST

/* A chain of 10 + 10 us due at 40: choosing well keeps the estimate of success. */
START_TEST(a_choice_that_costs_slack_is_paid_at_once)
{
    double reward[2];
    for (int sa = 0; sa < 2; sa++) {
        static const ChainNet NET[1] = {{1, {{{10, 0, 1}}, {{30, 0, 1}}}, 40}};
        Ride r;
        memset(&r, 0, sizeof r);
        rig_chains(&r.rig, 2, (int[]){0, 1}, NET, 1);
        r.cfg = (SchedEnvConfig){.sim = r.rig.cfg,
                                 .workload = r.rig.wl,
                                 .load_lo = 1,
                                 .load_hi = 1,
                                 .unit_us = 10,
                                 .phi_width = 1};
        r.cfg.workload.jobs = 2; /* the second is there at once: the step takes no time */
        build(&r);
        begin(&r, &(uint64_t){1});
        take(&r, sa);
        reward[sa] = r.reward;
        end(&r);
    }
    ck_assert_double_eq_tol(reward[0], 0, 1e-6);
    ck_assert_double_lt(reward[1], -0.3);
}
END_TEST

START_TEST(an_episode_terminates_and_is_never_truncated)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        random_ride(&r, seed, REWARD_EXACT);
        begin(&r, &seed);
        double t0 = sim_now(sched_env_sim(r.env));
        ck_assert_double_eq(r.info.elapsed, 0);
        while (!r.terminated) {
            take(&r, r.info.demo);
            if (r.truncated || r.info.elapsed < 0) ck_abort_msg("truncated, or time went back");
        }
        const JobCounts *c = &totals(&r)->all;
        ck_assert_int_eq(c->issued, JOBS);
        ck_assert_int_eq(r.steps, totals(&r)->decisions);
        ck_assert_double_eq_tol(r.info.score, (double)c->met / JOBS, 1e-12);
        double time = (sim_now(sched_env_sim(r.env)) - t0) / r.cfg.unit_us;
        ck_assert_double_eq_tol(r.elapsed, time, 1e-9 * time);
        end(&r);
    }
}
END_TEST

/* --- observations --- */

START_TEST(features_are_finite_and_within_one)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        Rng rng;
        random_ride(&r, seed, REWARD_EXACT);
        rng_seed(&rng, seed, 4);
        begin(&r, &seed);
        while (!r.terminated) {
            for (int i = 0; i < r.spec.obs_floats; i++)
                if (!(r.obs[i] >= -1 && r.obs[i] <= 1))
                    ck_abort_msg("system %d, float %d is %g", (int)seed, i, (double)r.obs[i]);
            take(&r, random_valid(&r, &rng));
        }
        end(&r);
    }
}
END_TEST

START_TEST(the_spec_adds_up)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Ride r;
        random_ride(&r, seed, REWARD_EXACT);
        EnvSpec s = r.spec, other = sched_env_spec(r.rig.sys, &r.cfg.sim.rules, r.cfg.sim.classes);
        ck_assert_int_eq(s.n_actions, r.rig.sys->n_sas * r.cfg.sim.classes);
        ck_assert_int_eq(s.obs_floats,
                         s.n_actions * s.row_features + s.global_features + s.n_actions);
        ck_assert_int_eq(memcmp(&s, &other, sizeof s), 0);
        end(&r);
    }
}
END_TEST

static bool taken(const Ride *r, int sa)
{
    SaView s;
    sim_sa(sched_env_sim(r->env), sa, &s);
    return s.busy || s.queued > 0;
}

static double price(const Ride *r, int sa)
{
    Quote q;
    sim_quote(sched_env_sim(r->env), sa, 0, &q);
    const RuleWeights *w = &r->cfg.sim.rules.weight;
    return (1 + w->wait) * q.wait_us + q.cost_us +
           w->bytes * q.bytes / r->rig.sys->dram_bytes_per_us;
}

/* Every SA and class, but: an idle SA with an empty queue offers class 0 alone, and of such SAs of
 * one type only the first is offered; where queued sub-jobs are recalled by events, only the
 * cheapest of the taken SAs is. */
static bool valid(const Ride *r, int action)
{
    int classes = r->cfg.sim.classes, m = action / classes;
    bool list = r->cfg.sim.rules.replan_on_events;
    for (int k = 0; k < r->rig.sys->n_sas; k++) {
        bool twin_before = k < m && r->rig.sys->sa_type[k] == r->rig.sys->sa_type[m];
        if (taken(r, m) != taken(r, k)) continue;
        if (!taken(r, m) && twin_before) return false;
        if (taken(r, m) && list && price(r, k) < price(r, m)) return false;
        if (taken(r, m) && list && k < m && price(r, k) <= price(r, m)) return false;
    }
    return taken(r, m) || action % classes == 0;
}

START_TEST(the_mask_merges_identical_idle_sas)
{
    int most_are_reached = 0;
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        Rng rng;
        int most = 0;
        random_ride(&r, seed, REWARD_EXACT);
        rng_seed(&rng, seed, 5);
        begin(&r, &seed);
        while (!r.terminated) {
            int n = 0;
            for (int a = 0; a < r.spec.n_actions; a++) {
                if ((mask(&r)[a] > 0) != valid(&r, a)) ck_abort_msg("action %d", a);
                n += valid(&r, a);
            }
            if (n == 0) ck_abort_msg("no action is valid");
            most = n > most ? n : most;
            take(&r, random_valid(&r, &rng));
        }
        ck_assert_int_le(most, r.spec.max_valid); /* all that a learner keeps of an observation */
        most_are_reached += most == r.spec.max_valid;
        end(&r);
    }
    ck_assert_int_ge(most_are_reached, SYSTEMS / 4);
}
END_TEST

START_TEST(three_idle_twins_are_one_action)
{
    static const ChainNet NET[1] = {{1, {{{10, 0, 1}}, {{30, 0, 1}}}, 40}};
    Ride r;
    memset(&r, 0, sizeof r);
    rig_chains(&r.rig, 4, (int[]){0, 1, 0, 0}, NET, 1);
    r.cfg = (SchedEnvConfig){.sim = r.rig.cfg,
                             .workload = r.rig.wl,
                             .load_lo = 1,
                             .load_hi = 1,
                             .unit_us = 10,
                             .phi_width = 1};
    r.cfg.workload.jobs = 4;
    build(&r);
    begin(&r, &(uint64_t){1});
    static const float EXPECTED[4][4] = {{1, 1, 0, 0}, {1, 1, 1, 0}, {1, 1, 1, 1}};
    for (int k = 0; k < 3; k++) {
        ck_assert_int_eq(memcmp(mask(&r), EXPECTED[k], sizeof EXPECTED[k]), 0);
        take(&r, (int[]){0, 2, 1}[k]);
    }
    end(&r);
}
END_TEST

/* Into a vector of larger systems: the same rows, global part and mask, then actions of nobody. */
START_TEST(a_padded_observation_has_the_same_and_zeros)
{
    enum { MORE = 3 };
    for (uint64_t seed = 0; seed < SYSTEMS / 2; seed++) {
        Ride a, b;
        Rng rng;
        random_ride(&a, seed, REWARD_EXACT);
        b = (Ride){.cfg = a.cfg, .rig.sys = a.rig.sys};
        b.cfg.least_actions = a.spec.n_actions + MORE;
        b.cfg.least_valid = a.spec.max_valid + (int)(seed % 2);
        build(&b);
        const EnvSpec *s = &a.spec, *p = &b.spec;
        ck_assert_int_eq(p->n_actions, s->n_actions + MORE);
        ck_assert_int_eq(p->max_valid, b.cfg.least_valid);
        ck_assert_int_eq(p->row_features, s->row_features);
        ck_assert_int_eq(p->obs_floats, s->obs_floats + MORE * (s->row_features + 1));
        int rows = s->n_actions * s->row_features, more = MORE * s->row_features;
        rng_seed(&rng, seed, 11);
        begin(&a, &seed);
        begin(&b, &seed);
        for (bool over = false; !over;) {
            over = a.terminated;
            for (int k = 0; k < p->obs_floats; k++) {
                bool in_mask = k >= p->obs_floats - MORE, in_rows = k >= rows && k < rows + more;
                float want = in_mask || in_rows ? 0 : a.obs[k < rows ? k : k - more];
                if (b.obs[k] < want || b.obs[k] > want) ck_abort_msg("float %d", k);
            }
            ck_assert_int_eq(a.info.demo, b.info.demo);
            if (over) break;
            int action = random_valid(&a, &rng);
            take(&a, action);
            take(&b, action);
            if (a.reward < b.reward || a.reward > b.reward) ck_abort_msg("another reward");
        }
        env_destroy(b.env);
        end(&a);
    }
}
END_TEST

START_TEST(systems_of_two_sizes_fit_into_one_vector)
{
    Ride small, large;
    Err err = {0};
    VecEnv *venv;
    random_ride(&small, 1, REWARD_EXACT);
    uint64_t seed = 2;
    for (random_ride(&large, seed, REWARD_EXACT); large.spec.n_actions <= small.spec.n_actions;) {
        end(&large);
        random_ride(&large, ++seed, REWARD_EXACT);
    }
    ck_assert_int_eq(venv_create(&venv, (Env *[]){small.env, large.env}, 2, &err), ST_CONFIG);
    int valid =
        small.spec.max_valid > large.spec.max_valid ? small.spec.max_valid : large.spec.max_valid;
    small.cfg.least_actions = large.cfg.least_actions = large.spec.n_actions;
    small.cfg.least_valid = large.cfg.least_valid = valid;
    build(&small);
    build(&large);
    err = (Err){0};
    ck_ok(venv_create(&venv, (Env *[]){small.env, large.env}, 2, &err), err);
    venv_destroy(venv);
    rig_free(&small.rig);
    rig_free(&large.rig);
}
END_TEST

START_TEST(the_demonstration_is_the_teachers_choice_and_valid)
{
    for (uint64_t seed = 0; seed < SYSTEMS; seed++) {
        Ride r;
        Rng rng;
        random_ride(&r, seed, REWARD_EXACT);
        rng_seed(&rng, seed, 6);
        begin(&r, &seed);
        while (!r.terminated) {
            const Sim *sim = sched_env_sim(r.env);
            int sa = r.cfg.teacher->choose(sim);
            int classes = r.cfg.sim.classes, stands_for = r.info.demo / classes;
            SaView mine, theirs;
            if (r.info.demo < 0 || r.info.demo % classes || mask(&r)[r.info.demo] <= 0)
                ck_abort_msg("demonstration %d is not valid in class 0", r.info.demo);
            if (mask(&r)[sa * classes] > 0 && stands_for != sa)
                ck_abort_msg("demonstration %d, the rule says SA %d", r.info.demo, sa);
            sim_sa(sim, sa, &theirs);
            sim_sa(sim, stands_for, &mine);
            if ((mine.busy || mine.queued) != (theirs.busy || theirs.queued))
                ck_abort_msg("SA %d does not stand for SA %d", stands_for, sa);
            take(&r, random_valid(&r, &rng));
        }
        ck_assert_int_eq(r.info.demo, -1);
        for (int i = 0; i < r.spec.obs_floats; i++)
            if (fabsf(r.obs[i]) > 0) ck_abort_msg("float %d of no observation is not 0", i);
        end(&r);
    }
}
END_TEST

/* One episode of list scheduling by the rule itself, or by the actions that stand for its choices. */
static JobCounts play_rule(SimRig *r, const Scheduler *rule, bool by_action, uint64_t seed)
{
    float obs[MAX_OBS];
    rig_start(r, seed);
    for (Candidate c; sim_candidate(r->sim, &c);)
        sim_commit(r->sim, by_action ? sched_observe(r->sim, 1, rule, obs) : rule->choose(r->sim),
                   0);
    return sim_totals(r->sim)->all;
}

START_TEST(a_policy_that_always_demonstrates_is_its_rule)
{
    const Scheduler *rule = sched_find("admit-reserve-bw");
    for (uint64_t seed = 0; seed < 3 * SYSTEMS; seed++) {
        SimRig r;
        Rng rng;
        rng_seed(&rng, seed, 3);
        rig_random(&r, &rng, JOBS);
        r.cfg.classes = 1;
        r.cfg.rules = rule->rules;
        r.cfg.rules.weight = (RuleWeights){.order = rng_uniform(&rng) - 0.5,
                                           .wait = 2 * rng_uniform(&rng) - 0.95,
                                           .bytes = 3 * rng_uniform(&rng),
                                           .kept = (int)rng_below(&rng, 3),
                                           .brief = rng_uniform(&rng) / 4,
                                           .energy = rng_uniform(&rng),
                                           .crowd = 2 * rng_uniform(&rng),
                                           .held = (int)rng_below(&rng, 5),
                                           .own = rng_uniform(&rng) - 0.5,
                                           .bulk = rng_uniform(&rng)};
        JobCounts a = play_rule(&r, rule, false, seed);
        double energy_uj = sim_totals(r.sim)->energy_uj, end_us = sim_now(r.sim);
        JobCounts b = play_rule(&r, rule, true, seed);
        ck_assert(!memcmp(&a, &b, sizeof a));
        ck_assert_double_eq_tol(sim_totals(r.sim)->energy_uj, energy_uj, 1e-9 * energy_uj);
        ck_assert_double_eq_tol(sim_now(r.sim), end_us, 1e-9 * end_us);
        rig_free(&r);
    }
}
END_TEST

START_TEST(an_observation_can_be_had_again_and_without_an_env)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Ride r;
        Rng rng;
        float again[MAX_OBS], bare[MAX_OBS];
        EnvInfo info = {0};
        random_ride(&r, seed, REWARD_EXACT);
        rng_seed(&rng, seed, 7);
        begin(&r, &seed);
        while (!r.terminated) {
            env_observe(r.env, again, &info);
            int demo = sched_observe(sched_env_sim(r.env), r.cfg.unit_us, r.cfg.teacher, bare);
            size_t bytes = sizeof *again * (size_t)r.spec.obs_floats;
            if (memcmp(again, r.obs, bytes) != 0 || info.demo != r.info.demo)
                ck_abort_msg("observed again, it differs");
            if (memcmp(bare, r.obs, bytes) != 0 || demo != r.info.demo)
                ck_abort_msg("without an environment it differs");
            take(&r, random_valid(&r, &rng));
        }
        end(&r);
    }
}
END_TEST

/* --- episodes --- */

/* What a step gave, to the last bit. */
static void ck_same(const Ride *a, const Ride *b)
{
    bool same = memcmp(a->obs, b->obs, sizeof *a->obs * (size_t)a->spec.obs_floats) == 0 &&
                memcmp(&a->reward, &b->reward, sizeof a->reward) == 0 &&
                memcmp(&a->info.elapsed, &b->info.elapsed, sizeof a->info.elapsed) == 0 &&
                a->info.demo == b->info.demo && a->terminated == b->terminated;
    if (!same) ck_abort_msg("step %ld differs", a->steps);
}

/* Both go on with the same actions to the end. */
static void ck_go_on_alike(Ride *a, Ride *b, uint64_t seed)
{
    Rng rng;
    rng_seed(&rng, seed, 8);
    while (!a->terminated) {
        int action = random_valid(a, &rng);
        take(a, action);
        take(b, action);
        ck_same(a, b);
    }
}

START_TEST(a_seed_fixes_the_episode)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 2; seed++) {
        Ride a, b;
        random_ride(&a, seed, REWARD_EXACT);
        random_ride(&b, seed, REWARD_EXACT);
        ride(&b, seed + 1); /* its past does not matter */
        begin(&a, &seed);
        begin(&b, &seed);
        a.reward = b.reward = 0;
        ck_same(&a, &b);
        ck_go_on_alike(&a, &b, seed);
        end(&a);
        end(&b);
    }
}
END_TEST

START_TEST(without_a_seed_the_own_generator_goes_on)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 2; seed++) {
        Ride a, b;
        random_ride(&a, seed, REWARD_EXACT);
        random_ride(&b, seed, REWARD_EXACT);
        begin(&a, &seed);
        double first = sim_now(sched_env_sim(a.env));
        ride(&b, seed); /* how the first episode went does not matter either */
        begin(&a, NULL);
        begin(&b, NULL);
        double second = sim_now(sched_env_sim(a.env));
        ck_assert(second < first || second > first);
        a.reward = b.reward = 0;
        ck_same(&a, &b);
        ck_go_on_alike(&a, &b, seed);
        end(&a);
        end(&b);
    }
}
END_TEST

START_TEST(an_environment_never_seeded_draws_episodes_too)
{
    Ride r;
    random_ride(&r, 1, REWARD_EXACT);
    begin(&r, NULL);
    double first = sim_now(sched_env_sim(r.env));
    begin(&r, NULL);
    ck_assert(sim_now(sched_env_sim(r.env)) < first || sim_now(sched_env_sim(r.env)) > first);
    end(&r);
}
END_TEST

START_TEST(the_load_scales_the_arrivals)
{
    double first[2];
    for (int k = 0; k < 2; k++) {
        Ride r;
        random_ride(&r, 3, REWARD_EXACT);
        env_destroy(r.env);
        r.cfg.load_lo = r.cfg.load_hi = k + 1;
        build(&r);
        begin(&r, &(uint64_t){5});
        first[k] = sim_now(sched_env_sim(r.env));
        end(&r);
    }
    ck_assert_double_eq_tol(first[0], 2 * first[1], 1e-9 * first[0]);
}
END_TEST

START_TEST(a_clone_goes_on_alike)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 2; seed++) {
        Ride a, b;
        Rng rng;
        random_ride(&a, seed, (RewardKind)(seed % 2));
        twin(&b, &a);
        rng_seed(&rng, seed, 9);
        begin(&a, &seed);
        for (int k = 0; k < 30 && !a.terminated; k++) take(&a, random_valid(&a, &rng));
        env_clone(b.env, a.env);
        ck_go_on_alike(&a, &b, seed);
        begin(&a, NULL); /* and into the next episode */
        begin(&b, NULL);
        ck_go_on_alike(&a, &b, seed);
        env_destroy(b.env);
        end(&a);
    }
}
END_TEST

START_TEST(a_state_block_goes_into_a_fresh_environment)
{
    for (uint64_t seed = 0; seed < SYSTEMS / 2; seed++) {
        Ride a, b;
        Rng rng;
        Err err = {0};
        size_t n, m;
        random_ride(&a, seed, (RewardKind)(seed % 2));
        random_ride(&b, seed, (RewardKind)(seed % 2));
        rng_seed(&rng, seed, 10);
        begin(&a, &seed);
        for (int k = 0; k < 50 && !a.terminated; k++) take(&a, random_valid(&a, &rng));
        const void *from = a.env->ops->state(a.env, &n);
        void *to = b.env->ops->state(b.env, &m);
        ck_assert_int_eq(n, m);
        memcpy(to, from, n);
        ck_ok(b.env->ops->check_state(b.env, &err), err);
        env_observe(b.env, b.obs, &b.info);
        b.reward = a.reward;
        b.info.elapsed = a.info.elapsed;
        b.terminated = a.terminated;
        ck_same(&a, &b);
        ck_go_on_alike(&a, &b, seed);
        end(&a);
        end(&b);
    }
}
END_TEST

START_TEST(a_state_that_cannot_be_is_refused)
{
    Ride r;
    Err err = {0};
    size_t n;
    random_ride(&r, 1, REWARD_EXACT);
    begin(&r, &(uint64_t){1});
    void *state = r.env->ops->state(r.env, &n);
    memset(state, 0xff, n);
    ck_assert_int_eq(r.env->ops->check_state(r.env, &err), ST_FORMAT);
    end(&r);
}
END_TEST

START_TEST(a_step_never_allocates)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Ride r;
        random_ride(&r, seed, REWARD_EXACT);
        long failed = mem_failed;
        mem_fail_at = 0;
        ride(&r, seed);
        mem_fail_at = -1;
        ck_assert_int_eq(mem_failed, failed);
        end(&r);
    }
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    Ride r;
    Env *env;
    Err err = {0};
    random_ride(&r, 1, REWARD_EXACT);
    ck_every_allocation_failure(sched_env_create(&env, r.rig.sys, &r.cfg, &err), env_destroy(env));
    end(&r);
}
END_TEST

START_TEST(bad_settings_of_the_simulator_are_refused)
{
    Ride r;
    Env *env;
    Err err = {0};
    random_ride(&r, 1, REWARD_EXACT);
    r.cfg.sim.classes = 9;
    ck_assert_int_eq(sched_env_create(&env, r.rig.sys, &r.cfg, &err), ST_CONFIG);
    ck_assert_ptr_null(env);
    ck_assert_ptr_nonnull(strstr(err.msg, "classes"));
    end(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sched_env");
    TCase *tc = new_case("rewards", 60);
    tcase_add_test(tc, exact_rewards_add_up_to_met_jobs_less_a_constant);
    tcase_add_test(tc, sparse_rewards_count_met_less_missed_jobs);
    tcase_add_test(tc, a_choice_that_costs_slack_is_paid_at_once);
    tcase_add_test(tc, an_episode_terminates_and_is_never_truncated);
    suite_add_tcase(s, tc);
    tc = new_case("observations", 60);
    tcase_add_test(tc, the_spec_adds_up);
    tcase_add_test(tc, features_are_finite_and_within_one);
    tcase_add_test(tc, the_mask_merges_identical_idle_sas);
    tcase_add_test(tc, three_idle_twins_are_one_action);
    tcase_add_test(tc, a_padded_observation_has_the_same_and_zeros);
    tcase_add_test(tc, systems_of_two_sizes_fit_into_one_vector);
    tcase_add_test(tc, the_demonstration_is_the_teachers_choice_and_valid);
    tcase_add_test(tc, a_policy_that_always_demonstrates_is_its_rule);
    tcase_add_test(tc, an_observation_can_be_had_again_and_without_an_env);
    suite_add_tcase(s, tc);
    tc = new_case("episodes", 60);
    tcase_add_test(tc, a_seed_fixes_the_episode);
    tcase_add_test(tc, without_a_seed_the_own_generator_goes_on);
    tcase_add_test(tc, an_environment_never_seeded_draws_episodes_too);
    tcase_add_test(tc, the_load_scales_the_arrivals);
    tcase_add_test(tc, a_clone_goes_on_alike);
    tcase_add_test(tc, a_state_block_goes_into_a_fresh_environment);
    tcase_add_test(tc, a_state_that_cannot_be_is_refused);
    tcase_add_test(tc, a_step_never_allocates);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    tcase_add_test(tc, bad_settings_of_the_simulator_are_refused);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
