/* contenders.c -- resolves policy names and seats learned policies for parallel evaluation. */
#include "experiments/contenders.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "checkpoints/checkpoint.h"
#include "env/sched.h"
#include "experiments/teacher.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int choose_learned(void *ctx, const Sim *sim)
{
    PolicySeat *seat = ctx;
    const LearnedPolicy *p = seat->of;
    int guide = sched_observe(sim, p->unit_us, p->teacher, seat->obs);
    if (guide >= 0 && p->margin >= RULE_ALONE) return guide;
    return policy_act_beyond(p->policy, &seat->work, seat->obs, guide, p->margin);
}

Status learned_create(LearnedPolicy **out, const RunConfig *cfg, const Scenario *sc, Err *err)
{
    Status st = ST_NOMEM;
    SchedRules rules = run_config_rules(cfg);
    EnvSpec spec = sched_env_spec(sc->sys, &rules, cfg->classes);
    LearnedPolicy *p = mem_calloc(1, sizeof *p);

    *out = NULL;
    if (!p) goto fail;
    p->cfg = *cfg;
    p->teacher = run_config_teacher(cfg);
    p->unit_us = sc->mean_service_us;
    p->margin = cfg->rule.margin;
    TRY(policy_create(&p->policy, &cfg->trainer.dqn, &spec, err));
    for (int i = 0; i < EVALUATE_TASKS; i++) {
        PolicySeat *seat = &p->seat[i];
        seat->of = p;
        TRY(qbatch_create(&seat->work, policy_net(p->policy), 1, err));
        st = ST_NOMEM;
        if (!(seat->obs = mem_calloc((size_t)spec.obs_floats, sizeof(float)))) goto fail;
    }
    *out = p;
    return ST_OK;
fail:
    learned_destroy(p);
    return err_set(err, st, "policy: %s", status_text(st));
}

void learned_destroy(LearnedPolicy *p)
{
    if (!p) return;
    for (int i = 0; i < EVALUATE_TASKS; i++) {
        qbatch_free(&p->seat[i].work);
        mem_free(p->seat[i].obs);
    }
    policy_destroy(p->policy);
    mem_free(p);
}

Contender learned_contender(LearnedPolicy *p, const char *name)
{
    Contender c = {.name = name,
                   .rules = run_config_rules(&p->cfg),
                   .classes = p->cfg.classes,
                   .choose = choose_learned};
    for (int i = 0; i < EVALUATE_TASKS; i++) c.ctx[i] = &p->seat[i];
    return c;
}

static Status score_with(double *score, LearnedPolicy *const *p, const TrainSet *set, double margin,
                         uint64_t seed, Pool *pool, Err *err)
{
    Contender who[TRAIN_SET_MAX];
    for (int i = 0; i < set->n; i++) {
        p[i]->margin = margin;
        who[i] = learned_contender(p[i], "policy");
    }
    return train_set_score(score, set, who, seed, p[0]->cfg.evaluate_episodes, pool, err);
}

Status learned_choose_margin(LearnedPolicy *const *p, const TrainSet *set, double *score,
                             uint64_t seed, Pool *pool, Err *err)
{
    const ConfigDoubles *margins = &p[0]->cfg.margins;
    double best = p[0]->margin;
    *score = -1;
    for (int i = 0; i < margins->n; i++) {
        double s;
        Status st = score_with(&s, p, set, margins->v[i], seed, pool, err);
        if (st != ST_OK) return st;
        if (s > *score) *score = s, best = margins->v[i];
    }
    for (int i = 0; i < set->n; i++) p[i]->margin = best;
    return ST_OK;
}

/* --- names --- */

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* "; shipped are light-h, light-m": what there is, as far as it fits. */
static void name_shipped(char *out, size_t cap, char (*shipped)[PATH_NAME_MAX], int n)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < n && used + PATH_NAME_MAX + 16 < cap; i++)
        used += (size_t)snprintf(out + used, cap - used, "%s%s", i ? ", " : "; shipped are ",
                                 shipped[i]);
}

static Status unknown_policy(const char *name, Err *err)
{
    enum { MOST = 128 };
    const char *names[MOST];
    char shown[TEXT_SHOWN_MAX], there[320];
    char(*shipped)[PATH_NAME_MAX];
    int n = 0, n_shipped;
    Err hidden = {0};

    path_list(&shipped, &n_shipped, POLICY_FOLDER, ".h5", &hidden);
    for (; n < sched_count() && n < MOST; n++) names[n] = sched_at(n)->name;
    for (int i = 0; i < n_shipped && n < MOST; i++) names[n++] = shipped[i];
    const char *near = nearest_name(name, names, n);
    name_shipped(there, sizeof there, shipped, n_shipped);
    text_shown(shown, name);
    err_set(err, ST_CONFIG,
            "policy '%s' is no baseline, shipped policy, run folder or .h5 file%s%s%s%s", shown,
            near ? ", did you mean '" : ": see relmas list schedulers and policies",
            near ? near : "", near ? "'?" : "", there);
    mem_free(shipped);
    return ST_CONFIG;
}

Status contender_file(const char *name, bool *is_baseline, char *path, size_t cap, Err *err)
{
    Err hidden = {0};
    *is_baseline = sched_find(name) != NULL;
    if (*is_baseline) return ST_OK;
    if (is_folder(name)) {
        int n = snprintf(path, cap, "%s/best.h5", name);
        if (n > 0 && (size_t)n < cap && is_file(path)) return ST_OK;
        return checkpoint_latest(path, cap, name, NULL, err);
    }
    if (is_file(name)) {
        if (snprintf(path, cap, "%s", name) < (int)cap) return ST_OK;
        return err_set(err, ST_CONFIG, "policy '%s': the path is too long", name);
    }
    if (!strchr(name, '/') && path_find(path, cap, POLICY_FOLDER, name, ".h5", &hidden) == ST_OK &&
        is_file(path))
        return ST_OK;
    return unknown_policy(name, err);
}

Status contender_config(RunConfig *out, const char *path, Err *err)
{
    Checkpoint *ckpt = NULL;
    Status st;
    TRY(checkpoint_open(&ckpt, path, err));
    TRY(run_config_parse(out, path, checkpoint_config(ckpt), NULL, 0, err));
fail:
    checkpoint_close(ckpt);
    return st;
}

Status contender_scenario(ScenarioConfig *out, const char *name, const ArgList *policies,
                          const ArgList *set, Err *err)
{
    for (int i = 0; i < policies->n && !name; i++) {
        char path[PATH_MAX_BYTES];
        bool baseline;
        RunConfig cfg;
        Status st = contender_file(policies->v[i], &baseline, path, sizeof path, err);
        if (st == ST_OK && baseline) continue;
        if (st == ST_OK) st = contender_config(&cfg, path, err);
        if (st != ST_OK) return st;
        *out = cfg.scenario;
        return run_config_set_scenario(out, set->v, set->n, err);
    }
    return run_config_scenario(out, name ? name : "mixed-m", set->v, set->n, err);
}

void contender_print_changes(const ArgList *set)
{
    if (set->n == 0) return;
    fputs("changed by --set: ", stdout);
    for (int i = 0; i < set->n; i++) printf("%s%s", i ? ", " : "", set->v[i]);
    putchar('\n');
}

/* --- a policy that has learned on several scenarios, on one --- */

/* The rule that is best there, by validation seeds of the scenario. */
static Status adapt_rule(RunConfig *cfg, const Scenario *sc, Pool *pool, Err *err)
{
    if (cfg->rules.n == 0) return ST_OK;
    cfg->rule.base[0] = '\0';
    return teacher_choose(cfg, sc, sc->cfg.eval_seed + VALIDATION_OFFSET, pool, err);
}

/* And what it takes to leave it. */
static Status adapt_margin(LearnedPolicy *p, Scenario *sc, Pool *pool, Err *err)
{
    TrainSet one = {{sc}, 1};
    double score;
    if (p->cfg.rules.n == 0) return ST_OK;
    Status st =
        learned_choose_margin(&p, &one, &score, sc->cfg.eval_seed + VALIDATION_OFFSET, pool, err);
    if (st == ST_OK)
        log_info("with its network, margin %g: %.2f %% of deadlines on the same seeds", p->margin,
                 100 * score);
    return st;
}

static Status load_learned(LearnedPolicy **out, const char *path, Scenario *sc, Pool *pool,
                           Err *err)
{
    Checkpoint *ckpt = NULL;
    LearnedPolicy *p = NULL;
    StateList list = {0};
    RunConfig cfg;
    Status st;

    TRY(checkpoint_open(&ckpt, path, err));
    TRY(run_config_parse(&cfg, path, checkpoint_config(ckpt), NULL, 0, err));
    TRY(adapt_rule(&cfg, sc, pool, err));
    TRY(learned_create(&p, &cfg, sc, err));
    policy_state(p->policy, &list);
    TRY(checkpoint_read(ckpt, &list, err));
    TRY(policy_check(p->policy, err));
    TRY(adapt_margin(p, sc, pool, err));
fail:
    checkpoint_close(ckpt);
    if (st != ST_OK) learned_destroy(p);
    *out = st == ST_OK ? p : NULL;
    return st;
}

Status contender_open(NamedContender *out, const char *name, Scenario *sc, Pool *pool, Err *err)
{
    char path[PATH_MAX_BYTES];
    bool baseline;
    Status st;

    *out = (NamedContender){0};
    TRY(contender_file(name, &baseline, path, sizeof path, err));
    if (baseline) {
        out->who = evaluate_baseline(sched_find(name));
        return ST_OK;
    }
    TRY(load_learned(&out->learned, path, sc, pool, err));
    out->who = learned_contender(out->learned, name);
fail:
    return st;
}

void contender_close(NamedContender *c)
{
    learned_destroy(c->learned);
    *c = (NamedContender){0};
}

Status contest_open(Contest *out, const ScenarioConfig *sc, const ArgList *policies, int threads,
                    Err *err)
{
    Status st;

    *out = (Contest){0};
    TRY(pool_create(&out->pool, threads, err));
    TRY(scenario_create(&out->scenario, sc, threads, err));
    st = ST_NOMEM;
    if (!(out->who = mem_calloc((size_t)policies->n, sizeof *out->who))) goto fail;
    for (; out->n < policies->n; out->n++)
        TRY(contender_open(&out->who[out->n], policies->v[out->n], out->scenario, out->pool, err));
    return ST_OK;
fail:
    return err_set(err, st, "policies: %s", status_text(st));
}

void contest_close(Contest *c)
{
    for (int i = 0; i < c->n; i++) contender_close(&c->who[i]);
    mem_free(c->who);
    scenario_destroy(c->scenario);
    pool_destroy(c->pool);
    *c = (Contest){0};
}
