/* train_set.c -- several scenarios, and environments that fit into one vector (train_set.h). */
#include "experiments/train_set.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* --- the list --- */

static Status add(TrainSet *set, const ScenarioConfig *sc, int threads, Err *err)
{
    Status st = scenario_create(&set->scenario[set->n], sc, threads, err);
    if (st == ST_OK) set->n++;
    return st;
}

/* Says where the name came from. */
static Status add_named(TrainSet *set, const char *name, int threads, Err *err)
{
    Err why = {0};
    ScenarioConfig sc;
    Status st = run_config_scenario(&sc, name, NULL, 0, &why);
    if (st == ST_OK) st = add(set, &sc, threads, &why);
    return st == ST_OK ? st : err_set(err, st, "train.scenarios: %s", why.msg);
}

static Status add_list(TrainSet *set, const RunConfig *cfg, int threads, Err *err)
{
    static const char BETWEEN[] = ", \t";
    char name[CONFIG_TEXT_MAX];
    for (const char *p = cfg->scenarios; *(p += strspn(p, BETWEEN));) {
        size_t length = strcspn(p, BETWEEN);
        if (set->n == TRAIN_SET_MAX)
            return err_set(err, ST_CONFIG, "train.scenarios: at most %d names", TRAIN_SET_MAX);
        if (set->n == cfg->envs)
            return err_set(err, ST_CONFIG,
                           "train.scenarios: names more scenarios than env.count, %d: want an "
                           "environment for each",
                           cfg->envs);
        snprintf(name, sizeof name, "%.*s", (int)length, p);
        Status st = add_named(set, name, threads, err);
        if (st != ST_OK) return st;
        p += length;
    }
    if (set->n == 0)
        return err_set(err, ST_CONFIG, "train.scenarios: '%s' names no scenario, e.g. mixed-m",
                       cfg->scenarios);
    return ST_OK;
}

Status train_set_create(TrainSet *out, const RunConfig *cfg, int threads, Err *err)
{
    return *cfg->scenarios ? add_list(out, cfg, threads, err)
                           : add(out, &cfg->scenario, threads, err);
}

void train_set_free(TrainSet *set)
{
    while (set->n > 0) scenario_destroy(set->scenario[--set->n]);
}

/* --- environments --- */

/* The most actions and valid actions of all scenarios. */
static EnvSpec find_largest(const TrainSet *set, const RunConfig *cfg)
{
    EnvSpec most = {0};
    for (int i = 0; i < set->n; i++) {
        RunConfig own = run_config_of(cfg, i);
        SchedRules rules = run_config_rules(&own);
        EnvSpec s = sched_env_spec(set->scenario[i]->sys, &rules, cfg->classes);
        if (s.n_actions > most.n_actions) most.n_actions = s.n_actions;
        if (s.max_valid > most.max_valid) most.max_valid = s.max_valid;
    }
    return most;
}

static Status create_env(Env **out, const Scenario *sc, const RunConfig *cfg, const EnvSpec *most,
                         Err *err)
{
    SchedEnvConfig ec = run_config_env(cfg, sc);
    ec.least_actions = most->n_actions;
    ec.least_valid = most->max_valid;
    return sched_env_create(out, sc->sys, &ec, err);
}

Status train_set_environments(VecEnv **out, const TrainSet *set, const RunConfig *cfg, Err *err)
{
    Status st = ST_NOMEM;
    int n = cfg->envs;
    EnvSpec most = find_largest(set, cfg);
    Env **env = mem_calloc((size_t)n, sizeof *env);

    *out = NULL;
    if (!env) goto fail;
    for (int i = 0; i < n; i++) {
        RunConfig own = run_config_of(cfg, i % set->n);
        st = create_env(&env[i], set->scenario[i % set->n], &own, &most, err);
        if (st == ST_OK) continue;
        while (i-- > 0) env_destroy(env[i]);
        goto fail;
    }
    st = venv_create(out, env, n, err);
fail:
    mem_free(env);
    return st == ST_OK ? st : err_set(err, st, "environments: %s", status_text(st));
}

/* --- score --- */

Status train_set_score(double *score, const TrainSet *set, const Contender *who, uint64_t seed,
                       int episodes, Pool *pool, Err *err)
{
    *score = 0;
    for (int i = 0; i < set->n; i++) {
        double part;
        Status st = evaluate_score(&part, set->scenario[i], &who[i], seed, episodes, pool, err);
        if (st != ST_OK) return st;
        *score += part / set->n;
    }
    return ST_OK;
}
