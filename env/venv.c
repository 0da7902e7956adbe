/* venv.c -- n environments that step together into one slab; whoever ends is reset at once. */
#include "base/mem.h"
#include "env/env.h"

#include <assert.h>
#include <string.h>

struct VecEnv {
    int n;
    int obs_floats;
    Env **env; /* [n], owned */
};

static void destroy_all(Env **env, int n)
{
    for (int i = 0; i < n; i++) env_destroy(env[i]);
}

static Status check_specs(Env **env, int n, Err *err)
{
    EnvSpec a = env_spec(env[0]);
    for (int i = 1; i < n; i++) {
        EnvSpec b = env_spec(env[i]);
        if (memcmp(&a, &b, sizeof a) != 0)
            return err_set(err, ST_CONFIG,
                           "environments 0 and %d of a vector differ in their observations; "
                           "create all from one configuration",
                           i);
    }
    return ST_OK;
}

Status venv_create(VecEnv **out, Env **env, int n, Err *err)
{
    Status st = ST_OK;
    VecEnv *v = NULL;

    assert(n >= 1);
    *out = NULL;
    TRY(check_specs(env, n, err));
    st = ST_NOMEM;
    if (!(v = mem_calloc(1, sizeof *v))) goto fail;
    if (!(v->env = mem_calloc((size_t)n, sizeof(Env *)))) goto fail;
    memcpy(v->env, env, (size_t)n * sizeof(Env *));
    v->n = n;
    v->obs_floats = env_spec(env[0]).obs_floats;
    *out = v;
    return ST_OK;
fail:
    destroy_all(env, n);
    mem_free(v); /* v->env, if any, was not yet needed */
    return err_set(err, st, "vector of %d environments: %s", n, status_text(st));
}

void venv_destroy(VecEnv *v)
{
    if (!v) return;
    destroy_all(v->env, v->n);
    mem_free(v->env);
    mem_free(v);
}

int venv_size(const VecEnv *v)
{
    return v->n;
}

Env *venv_at(VecEnv *v, int i)
{
    assert(i >= 0 && i < v->n);
    return v->env[i];
}

void venv_reset(VecEnv *v, uint64_t seed, float *obs, EnvInfo *info)
{
    for (int i = 0; i < v->n; i++) {
        uint64_t s = seed + (uint64_t)i;
        env_reset(v->env[i], &s, obs + (size_t)i * (size_t)v->obs_floats, &info[i]);
    }
}

void venv_step(VecEnv *v, int first, int last, const int *action, float *obs, double *reward,
               bool *terminated, bool *truncated, EnvInfo *info, EnvInfo *final_info,
               float *final_obs)
{
    size_t width = (size_t)v->obs_floats;
    for (int i = first; i < last; i++) {
        float *o = obs + (size_t)i * width;
        env_step(v->env[i], action[i], o, &reward[i], &terminated[i], &truncated[i], &info[i]);
        if (!terminated[i] && !truncated[i]) continue;
        if (final_obs) memcpy(final_obs + (size_t)i * width, o, width * sizeof *o);
        final_info[i] = info[i];
        env_reset(v->env[i], NULL, o, &info[i]);
    }
}
