/* sched_env.c -- episodes, steps and the exact-credit reward. */
#include "env/sched_env.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const char *const REWARD_NAMES[] = {"exact", "sparse", NULL};

typedef struct EpisodeState { /* lives in the simulator's state block: cloned and saved with it */
    Rng rng;                  /* seeds and loads of the episodes to come */
    double time, phi, ended, met;
    double issued_phi; /* Phi at arrival of all jobs issued so far */
    double load;
} EpisodeState;

typedef struct SchedEnv {
    Env base;
    SchedEnvConfig cfg;
    Sim *sim;
    double phi0[SYS_MAX_NETS]; /* Phi of a job at its arrival */
} SchedEnv;

static SchedEnv *self_of(Env *env)
{
    return (SchedEnv *)env;
}

static EpisodeState *episode(SchedEnv *e)
{
    return sim_user(e->sim);
}

/* Soft estimate of success; the floor keeps the last sub-job's scale above zero. Beyond SURE scales
 * it differs from 0 and 1 by less than doubles near 1 do: most jobs of an overload need no exp. */
static double success(const SchedEnv *e, double laxity, double remaining_us)
{
    static const double SURE = 40;
    double scale = e->cfg.phi_width * remaining_us + 0.01 * e->cfg.unit_us;
    if (fabs(laxity) > SURE * scale) return laxity > 0;
    return 1 / (1 + exp(-laxity / scale));
}

static double phi(const SchedEnv *e)
{
    const int *active = sim_active(e->sim);
    double now = sim_now(e->sim), sum = 0;
    for (int i = 0; i < sim_jobs_in_system(e->sim); i++) {
        JobView j;
        sim_job(e->sim, active[i], &j);
        sum += success(e, j.deadline_us - now - j.projected_us, j.projected_us);
    }
    return sum;
}

static double issued_phi(const SchedEnv *e)
{
    const SimTotals *t = sim_totals(e->sim);
    double sum = 0;
    for (int i = 0; i < sim_system(e->sim)->n_nets; i++)
        sum += (double)t->net[i].issued * e->phi0[i];
    return sum;
}

/* Reward since the last call, and the books for the next one. */
static double settle_reward(SchedEnv *e)
{
    const JobCounts *c = &sim_totals(e->sim)->all;
    EpisodeState *ep = episode(e);
    double met = (double)c->met, ended = (double)job_counts_ended(c);
    double gain = met - ep->met, r;
    if (e->cfg.reward == REWARD_SPARSE) {
        r = 2 * gain - (ended - ep->ended); /* +1 met, -1 missed */
    } else {
        double p = phi(e), arrived = issued_phi(e);
        r = gain + (p - ep->phi) - (arrived - ep->issued_phi);
        ep->phi = p;
        ep->issued_phi = arrived;
    }
    ep->met = met;
    ep->ended = ended;
    return r;
}

/* Without padding. */
static EnvSpec own_spec(const SchedEnv *e)
{
    return sched_env_spec(sim_system(e->sim), &e->cfg.sim.rules, e->cfg.sim.classes);
}

static EnvSpec spec(const Env *env)
{
    const SchedEnv *e = (const SchedEnv *)env;
    EnvSpec s = own_spec(e);
    if (s.n_actions < e->cfg.least_actions) s.n_actions = e->cfg.least_actions;
    if (s.max_valid < e->cfg.least_valid) s.max_valid = e->cfg.least_valid;
    s.obs_floats = s.n_actions * (s.row_features + 1) + s.global_features;
    return s;
}

/* From the layout of the first spec to that of the second, which has more actions: global part and
 * mask, which follow each other, move up; the new rows and the end of the mask are 0. */
static void pad(float *obs, const EnvSpec *from, const EnvSpec *to)
{
    size_t rows = (size_t)from->n_actions * (size_t)from->row_features,
           all_rows = (size_t)to->n_actions * (size_t)to->row_features,
           rest = (size_t)from->obs_floats - rows;
    memmove(obs + all_rows, obs + rows, rest * sizeof *obs);
    memset(obs + rows, 0, (all_rows - rows) * sizeof *obs);
    memset(obs + all_rows + rest, 0, ((size_t)to->obs_floats - all_rows - rest) * sizeof *obs);
}

static void observe(Env *env, float *obs, EnvInfo *info)
{
    SchedEnv *e = self_of(env);
    info->demo = sched_observe(e->sim, e->cfg.unit_us, e->cfg.teacher, obs);
    if (e->cfg.least_actions > 0) {
        EnvSpec own = own_spec(e), padded = spec(env);
        if (padded.n_actions > own.n_actions) pad(obs, &own, &padded);
    }
    info->score = job_counts_sla_rate(&sim_totals(e->sim)->all);
}

static void reset(Env *env, const uint64_t *seed, float *obs, EnvInfo *info)
{
    SchedEnv *e = self_of(env);
    EpisodeState *ep = episode(e);
    Workload wl = e->cfg.workload;

    if (seed) rng_seed(&ep->rng, *seed, 1);
    ep->load = e->cfg.load_lo + (e->cfg.load_hi - e->cfg.load_lo) * rng_uniform(&ep->rng);
    wl.rate_per_us *= ep->load;
    sim_reset(e->sim, &wl, rng_next(&ep->rng));
    ep->time = sim_now(e->sim);
    ep->phi = ep->ended = ep->met = ep->issued_phi = 0;
    settle_reward(e);
    observe(env, obs, info);
    info->elapsed = 0;
}

static void step(Env *env, int action, float *obs, double *reward, bool *terminated,
                 bool *truncated, EnvInfo *info)
{
    SchedEnv *e = self_of(env);
    EpisodeState *ep = episode(e);
    Candidate c;

    sim_commit(e->sim, action / e->cfg.sim.classes, action % e->cfg.sim.classes);
    *terminated = !sim_candidate(e->sim, &c);
    *truncated = false;
    *reward = settle_reward(e);
    info->elapsed = (sim_now(e->sim) - ep->time) / e->cfg.unit_us;
    ep->time = sim_now(e->sim);
    observe(env, obs, info);
}

static void clone(Env *dst, const Env *src)
{
    sim_clone(self_of(dst)->sim, ((const SchedEnv *)src)->sim);
}

static void *state(Env *env, size_t *bytes)
{
    return sim_state(self_of(env)->sim, bytes);
}

static Status check_state(const Env *env, Err *err)
{
    SchedEnv *e = self_of((Env *)(uintptr_t)env); /* only read */
    const EpisodeState *ep = episode(e);
    Status st = sim_check_state(e->sim, err);
    if (st != ST_OK) return st;
    if (!(ep->load >= e->cfg.load_lo && ep->load <= e->cfg.load_hi) || !isfinite(ep->time) ||
        !isfinite(ep->phi) || !isfinite(ep->met) || !isfinite(ep->ended) ||
        !isfinite(ep->issued_phi))
        return err_set(err, ST_FORMAT, "the saved episode is not consistent");
    return ST_OK;
}

static void destroy(Env *env)
{
    SchedEnv *e = self_of(env);
    sim_destroy(e->sim);
    mem_free(e);
}

static const EnvOps OPS = {
    .spec = spec,
    .reset = reset,
    .step = step,
    .clone = clone,
    .observe = observe,
    .state = state,
    .check_state = check_state,
    .destroy = destroy,
};

Status sched_env_create(Env **out, const System *sys, const SchedEnvConfig *cfg, Err *err)
{
    SchedEnv *e = mem_calloc(1, sizeof *e);
    Status st = ST_NOMEM;

    *out = NULL;
    if (!e) goto fail;
    assert(cfg->load_lo > 0 && cfg->load_hi >= cfg->load_lo && cfg->unit_us > 0);
    assert(cfg->least_valid <= cfg->least_actions);
    e->base.ops = &OPS;
    e->cfg = *cfg;
    TRY(sim_create(&e->sim, sys, &cfg->sim, sizeof(EpisodeState), err));
    for (int i = 0; i < sys->n_nets; i++) {
        double rem = sys->net[i].rem_us;
        e->phi0[i] = success(e, cfg->workload.deadline_us[i] - rem, rem);
    }
    rng_seed(&episode(e)->rng, 0, 1); /* until a reset brings a seed */
    *out = &e->base;
    return ST_OK;
fail:
    if (e) destroy(&e->base);
    return err_set(err, st, "environment: %s", status_text(st));
}

const Sim *sched_env_sim(const Env *env)
{
    return ((const SchedEnv *)env)->sim;
}
