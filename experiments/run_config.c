/* run_config.c -- the table of all training keys, and how config, scenario and overrides combine.
 */
#include "experiments/run_config.h"

#include "base/mem.h"
#include "base/path.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const ACTIVATIONS[] = {"relu", "tanh", NULL};
static const char *const INITS[] = {"he", "orthogonal", NULL};
static const char *const LR_SCHEDULES[] = {"linear", "cosine", "constant", NULL};

#define AT(field) offsetof(RunConfig, field)
#define NUM(type, lo, hi, key, field, help)                                                        \
    {                                                                                              \
        key, type, AT(field), lo, hi, NULL, help                                                   \
    }
#define ENUM(key, field, names, help)                                                              \
    {                                                                                              \
        key, CONFIG_ENUM, AT(field), 0, 0, names, help                                             \
    }
static const ConfigField OWN[] = {
    {"env.teacher", CONFIG_TEXT, AT(teacher), 0, 0, NULL,
     "scheduler that demonstrates and under whose rules the policy works; auto: the best one here"},
    ENUM("env.reward", reward, REWARD_NAMES, "exact credit or sparse +1/-1 at completion"),
    NUM(CONFIG_INT, 1, 4, "env.classes", classes, "priority classes the policy chooses from"),
    NUM(CONFIG_INT, 1, 1024, "env.count", envs, "environments that step together"),
    NUM(CONFIG_DOUBLE, 0.01, 10, "env.load_lo", load_lo, "least load of a training episode"),
    NUM(CONFIG_DOUBLE, 0.01, 10, "env.load_hi", load_hi, "largest load of a training episode"),
    NUM(CONFIG_DOUBLE, 0.001, 100, "env.phi_width", phi_width,
        "softness of the success estimate, in remaining work"),
    {"rule.base", CONFIG_TEXT, AT(rule.base), 0, 0, NULL,
     "scheduler whose rules hold: the teacher, or what auto found"},
    NUM(CONFIG_DOUBLE, -1, 10, "rule.order", rule.weight.order,
        "of its jobs: by deadline + order x remaining work"),
    NUM(CONFIG_DOUBLE, -1, 100, "rule.wait", rule.weight.wait,
        "an SA's price counts 1 + wait times the time until it is free"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.bytes", rule.weight.bytes,
        "and so many times bytes / bandwidth"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.energy", rule.weight.energy,
        "and so many times energy / the networks' mean power"),
    NUM(CONFIG_INT, 0, 16, "rule.kept", rule.weight.kept,
        "free SAs kept for short and urgent jobs"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.brief", rule.weight.brief,
        "short: at most this part of a mean network is left"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.urgent", rule.weight.urgent,
        "urgent: laxity of at most this part of the remaining work"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.crowd", rule.weight.crowd,
        "demand for DRAM, in bandwidths, above which others wait; 0 any"),
    NUM(CONFIG_INT, 0, 16, "rule.held", rule.weight.held,
        "SAs that jobs which will be late anyway leave free"),
    NUM(CONFIG_DOUBLE, -0.95, 10, "rule.own", rule.weight.own,
        "a job is taken to need 1 + own times its remaining work"),
    NUM(CONFIG_DOUBLE, -0.95, 10, "rule.ahead", rule.weight.ahead,
        "admission: those before it delay it by 1 + ahead times theirs"),
    NUM(CONFIG_DOUBLE, 0, 100, "rule.bulk", rule.weight.bulk,
        "and by so many times their bytes / bandwidth"),
    NUM(CONFIG_INT, 0, 1000, "rule.window", rule.window,
        "decisions per event of list scheduling; 0 any"),
    NUM(CONFIG_DOUBLE, 0, 1e3, "rule.margin", rule.margin,
        "gain for which the policy leaves the rule's choice, in units of reward"),
    NUM(CONFIG_INTS, 1, 4096, "dqn.hidden", trainer.dqn.hidden, "widths of the hidden layers"),
    ENUM("dqn.activation", trainer.dqn.activation, ACTIVATIONS, "of the hidden layers"),
    ENUM("dqn.init", trainer.dqn.init, INITS, "of the weights"),
    NUM(CONFIG_BOOL, 0, 1, "dqn.context", trainer.dqn.context,
        "rows also see the mean of all rows"),
    NUM(CONFIG_BOOL, 0, 1, "dqn.dueling", trainer.dqn.dueling,
        "value of the state and advantages of actions apart"),
    NUM(CONFIG_INT, 0, QNET_MAX_QUANTILES, "dqn.quantiles", trainer.dqn.quantiles,
        "> 0: QR-DQN with so many quantiles per action"),
    NUM(CONFIG_DOUBLE, 0, 1, "dqn.lr", trainer.dqn.lr, "Adam's step size at the start"),
    NUM(CONFIG_DOUBLE, 0, 1, "dqn.lr_final", trainer.dqn.lr_final, "and at the end"),
    ENUM("dqn.lr_schedule", trainer.dqn.lr_schedule, LR_SCHEDULES, "how it gets there"),
    NUM(CONFIG_INT, 0, 1e9, "dqn.lr_warmup", trainer.dqn.lr_warmup,
        "updates over which it rises from 0 at first"),
    NUM(CONFIG_INT, 1, 65536, "dqn.batch", trainer.dqn.batch, "transitions per update"),
    NUM(CONFIG_INT, 1, 64, "dqn.shards", trainer.dqn.shards,
        "parts of a batch that threads may take"),
    NUM(CONFIG_INT, 1, DQN_MAX_IN_FLIGHT, "dqn.in_flight", trainer.dqn.in_flight,
        "updates under way at the same time, each a step behind the other"),
    NUM(CONFIG_INT, 1, 256, "dqn.n_step", trainer.dqn.n_step, "decisions before bootstrapping"),
    NUM(CONFIG_DOUBLE, 1e-3, 1e9, "dqn.discount_time", trainer.dqn.discount_time,
        "tau, in mean service times"),
    NUM(CONFIG_BOOL, 0, 1, "dqn.double", trainer.dqn.double_q, "double DQN targets"),
    NUM(CONFIG_BOOL, 0, 1, "dqn.noisy", trainer.dqn.noisy, "noisy weights explore"),
    NUM(CONFIG_DOUBLE, 1e-6, 100, "dqn.noisy_sigma", trainer.dqn.noisy_sigma,
        "their first sigma, times sqrt(inputs)"),
    NUM(CONFIG_DOUBLE, 0, 0.99, "dqn.gap", trainer.dqn.gap,
        "advantage learning: action gaps grow by 1/(1-gap)"),
    NUM(CONFIG_DOUBLE, 1e-6, 1e9, "dqn.huber_delta", trainer.dqn.huber_delta,
        "where the TD loss turns linear"),
    NUM(CONFIG_DOUBLE, 1e-6, 1e9, "dqn.clip_norm", trainer.dqn.clip_norm,
        "largest norm of a gradient"),
    NUM(CONFIG_DOUBLE, 1e-9, 1, "dqn.target_polyak", trainer.dqn.target_polyak,
        "share of the online weights that the target takes per update"),
    NUM(CONFIG_INT, 0, 1e9, "dqn.target_period", trainer.dqn.target_period,
        "> 0: hard copy every so many updates instead"),
    NUM(CONFIG_DOUBLE, 1e-9, 1, "dqn.eval_polyak", trainer.dqn.eval_polyak,
        "the same for the copy that is evaluated"),
    NUM(CONFIG_DOUBLE, 0, 1e3, "dqn.demo_weight", trainer.dqn.demo_weight,
        "of the large-margin demonstration loss; 0 off"),
    NUM(CONFIG_DOUBLE, 0, 1e3, "dqn.demo_margin", trainer.dqn.demo_margin,
        "margin, in units of reward"),
    NUM(CONFIG_DOUBLE, -1, 1e3, "dqn.demo_weight_final", trainer.dqn.demo_weight_final,
        "weight at the end, linear; -1 no change"),
    NUM(CONFIG_DOUBLE, 0, 1, "dqn.priority_alpha", trainer.dqn.priority_alpha,
        "prioritised replay: exponent of the errors; 0 uniform"),
    NUM(CONFIG_DOUBLE, 0, 1, "dqn.priority_beta", trainer.dqn.priority_beta,
        "of its importance weights at first; 1 in the end"),
    NUM(CONFIG_DOUBLE, 0, 0.9999, "dqn.beta1", trainer.dqn.beta1, "Adam"),
    NUM(CONFIG_DOUBLE, 0, 0.999999, "dqn.beta2", trainer.dqn.beta2, "Adam"),
    NUM(CONFIG_DOUBLE, 1e-12, 1, "dqn.adam_eps", trainer.dqn.adam_eps, "Adam"),
    {"train.scenarios", CONFIG_TEXT, AT(scenarios), 0, 0, NULL,
     "names or files, separated by commas, that environments are dealt over; empty: the scenario"},
    NUM(CONFIG_INT, 0, 1e6, "train.tune", tune,
        "weights tried for the teacher's rule before training; 0: it stays as it is"),
    NUM(CONFIG_DOUBLE, 0, 100, "train.tune_energy", tune_energy,
        "and points of SLA rate that 1 % of energy is worth to them"),
    NUM(CONFIG_DOUBLES, 0, 1e3, "train.margins", margins, "tried by validations for rule.margin"),
    NUM(CONFIG_U64, 0, 1e15, "train.seed", trainer.seed, "fixes weights, episodes and exploration"),
    NUM(CONFIG_U64, 1, 1e15, "train.steps", trainer.total_decisions,
        "decisions; schedules end here"),
    NUM(CONFIG_INT, 1, 65536, "train.round_steps", trainer.round_steps,
        "decisions per environment between two learning phases"),
    NUM(CONFIG_DOUBLE, 0.01, 1e6, "train.decisions_per_update", trainer.decisions_per_update,
        "experience collected per gradient step"),
    NUM(CONFIG_U64, 1, 1e12, "train.learn_start", trainer.learn_start,
        "decisions before the first update"),
    NUM(CONFIG_U64, 1, 1e9, "train.replay", trainer.replay_capacity, "decisions kept for replay"),
    NUM(CONFIG_DOUBLE, 0, 1, "train.epsilon_first", trainer.epsilon_first, "exploration at first"),
    NUM(CONFIG_DOUBLE, 0, 1, "train.epsilon_last", trainer.epsilon_last, "and in the end"),
    NUM(CONFIG_U64, 0, 1e15, "train.epsilon_steps", trainer.epsilon_decisions,
        "decisions between them"),
    NUM(CONFIG_DOUBLE, 0, 1, "train.demo_actor", trainer.demo_actor,
        "chance that the teacher acts before learning starts"),
    NUM(CONFIG_BOOL, 0, 1, "train.free_running", trainer.free_running,
        "actors and learner do not wait for rounds; not reproducible"),
    NUM(CONFIG_INT, 1, 256, "train.threads", threads, "any number gives the same bits"),
    NUM(CONFIG_INT, 1, 1e6, "train.keep", keep, "newest checkpoints kept, besides the best"),
    NUM(CONFIG_U64, 1, 1e15, "train.checkpoint_every", checkpoint_every,
        "decisions between checkpoints"),
    NUM(CONFIG_U64, 1, 1e15, "train.evaluate_every", evaluate_every,
        "decisions between evaluations that choose the best"),
    NUM(CONFIG_INT, 1, 1e6, "train.evaluate_episodes", evaluate_episodes,
        "episodes of such an evaluation, on seeds of its own"),
};
enum { OWN_FIELDS = sizeof OWN / sizeof *OWN, FIELDS = SCENARIO_FIELDS + OWN_FIELDS + 1 };

/* Every key there is. `rules` is a list of what `rule.*` is one of, but for the margin. */
typedef struct Keys {
    ConfigField all[FIELDS], rule[OWN_FIELDS];
    ConfigRecords rules;
} Keys;

static void list_keys(Keys *k)
{
    static const char SECTION[] = "rule.";
    scenario_fields(k->all, AT(scenario));
    memcpy(k->all + SCENARIO_FIELDS, OWN, sizeof OWN);
    k->rules = (ConfigRecords){k->rule, 0, RUN_RULES_MAX, sizeof(RunRule), offsetof(RunRules, v)};
    for (int i = 0; i < OWN_FIELDS; i++) {
        if (strncmp(OWN[i].key, SECTION, sizeof SECTION - 1) != 0) continue;
        if (OWN[i].offset == AT(rule.margin)) continue;
        ConfigField *f = &k->rule[k->rules.n_fields++];
        *f = OWN[i];
        f->key += sizeof SECTION - 1;
        f->offset -= AT(rule);
    }
    k->all[FIELDS - 1] = (ConfigField){
        "rules",
        CONFIG_RECORDS,
        AT(rules),
        0,
        0,
        &k->rules,
        "what auto found for each of train.scenarios; elsewhere the best of them holds"};
}

const RunConfig RUN_DEFAULTS = {
    .teacher = "dr-reserve-bw",
    .reward = REWARD_EXACT,
    .classes = 1,
    .envs = 16,
    .load_lo = 0.4,
    .load_hi = 1.2,
    .phi_width = 0.5,
    .threads = 2,
    .keep = 3,
    .checkpoint_every = 500000,
    .evaluate_every = 250000,
    .evaluate_episodes = 24,
    .tune_energy = 0.05,
    .margins = {.n = 1, .v = {0}},
};

/* RUN_DEFAULTS with the defaults that other modules own. */
static RunConfig defaults(void)
{
    RunConfig c = RUN_DEFAULTS;
    c.scenario = SCENARIO_DEFAULTS;
    c.trainer = trainer_defaults();
    return c;
}

static Status apply_sets(void *cfg, const ConfigField *fields, int n, const char *const *set,
                         int n_set, Err *err)
{
    for (int i = 0; i < n_set; i++) {
        Status st = config_set(cfg, fields, n, "--set", set[i], err);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

static Status check_scheduler(const char *key, const char *value, const char *name, Err *err)
{
    const Scheduler *s = sched_find(value);
    if (!s)
        return err_set(err, ST_CONFIG, "%s: %s '%s' is no scheduler, see relmas list schedulers",
                       name, key, value);
    if (!s->choose)
        return err_set(
            err, ST_CONFIG,
            "%s: %s '%s' plans whole rounds, want one that decides one sub-job at a time", name,
            key, value);
    return ST_OK;
}

static bool is_auto(const RunConfig *c)
{
    return !strcmp(c->teacher, TEACHER_AUTO);
}

/* A checkpoint, and a configuration made of one, says what auto found; before there were rules to be found it
 * stood in the teacher's place. */
static Status check_rule(const RunConfig *c, bool is_new, const char *name, Err *err)
{
    const char *base = c->rule.base;
    if (*base && !is_auto(c) && strcmp(c->teacher, base) != 0)
        return err_set(err, ST_CONFIG,
                       "%s: rule.base '%s' is not env.teacher '%s': want one of them", name, base,
                       c->teacher);
    if (*base) return check_scheduler("rule.base", base, name, err);
    if (is_new && is_auto(c)) return ST_OK;
    return check_scheduler("env.teacher", c->teacher, name, err);
}

static Status check_rules(const RunConfig *c, const char *name, Err *err)
{
    Status st = ST_OK;
    if (c->rules.n > 0 && !is_auto(c))
        return err_set(err, ST_CONFIG, "%s: rules want env.teacher: auto, got '%s'", name,
                       c->teacher);
    for (int i = 0; i < c->rules.n && st == ST_OK; i++)
        st = check_scheduler("rules: base", c->rules.v[i].base, name, err);
    return st;
}

static Status check_together(const RunConfig *c, bool is_new, const char *name, Err *err)
{
    Status st = check_rules(c, name, err);
    if (st != ST_OK) return st;
    if (c->load_hi < c->load_lo)
        return err_set(err, ST_CONFIG, "%s: env.load_hi %g must not be below env.load_lo %g", name,
                       c->load_hi, c->load_lo);
    return check_rule(c, is_new, name, err);
}

/* The scenario that a training config builds on, if it or an override names one: scenario.name. */
static Status read_base_scenario(RunConfig *cfg, const YamlDoc *doc, const char *const *set,
                                 int n_set, Err *err)
{
    static const char KEY[] = "scenario.name=";
    const YamlNode *section = yaml_get(yaml_root(doc), "scenario");
    const YamlNode *node =
        section && yaml_kind(section) == YAML_MAP ? yaml_get(section, "name") : NULL;
    const char *name = node ? yaml_text(node) : NULL;
    for (int i = 0; i < n_set; i++)
        if (strncmp(set[i], KEY, sizeof KEY - 1) == 0) name = set[i] + sizeof KEY - 1;
    return name ? run_config_scenario(&cfg->scenario, name, NULL, 0, err) : ST_OK;
}

void run_rule_base(RunRule *rule, const Scheduler *base)
{
    snprintf(rule->base, sizeof rule->base, "%s", base->name);
    rule->weight = base->rules.weight;
    rule->window = base->rules.window;
}

SchedRules run_rule_sched(const RunRule *rule)
{
    SchedRules rules = sched_find(rule->base)->rules;
    rules.weight = rule->weight;
    rules.window = rule->window;
    return rules;
}

bool run_config_rule_each(const RunConfig *cfg, int scenarios)
{
    return is_auto(cfg) && scenarios > 1 && (cfg->rules.n > 0 || !*cfg->rule.base);
}

RunConfig run_config_of(const RunConfig *cfg, int scenario)
{
    RunConfig own = *cfg;
    if (scenario < cfg->rules.n) {
        own.rule = cfg->rules.v[scenario];
        own.rule.margin = cfg->rule.margin;
    }
    return own;
}

const Scheduler *run_config_teacher(const RunConfig *cfg)
{
    return sched_find(cfg->rule.base);
}

bool run_config_finds_rule(const RunConfig *cfg)
{
    return is_auto(cfg) || cfg->tune > 0;
}

/* Weights that are not said are the base's own, so it is to be known first: *cfg has been read before, and
 * is read anew. */
static Status take_weights(RunConfig *cfg, const Keys *keys, const YamlDoc *doc,
                           const char *const *set, int n_set, Err *err)
{
    static const RuleWeights NONE;
    const RunRule *rule = &cfg->rule;
    Status st;
    if (is_auto(cfg) && !*rule->base) {
        if (memcmp(&rule->weight, &NONE, sizeof NONE) != 0 || rule->window)
            return err_set(
                err, ST_CONFIG,
                "%s: weights (rule.*) want a rule by name (env.teacher or rule.base), not "
                "env.teacher: auto alone",
                yaml_name(doc));
        return ST_OK;
    }
    const Scheduler *base = sched_find(*rule->base ? rule->base : cfg->teacher);
    run_rule_base(&cfg->rule, base);
    TRY(config_read(cfg, keys->all, FIELDS, doc, err));
    TRY(apply_sets(cfg, keys->all, FIELDS, set, n_set, err));
    snprintf(cfg->rule.base, sizeof cfg->rule.base, "%s", base->name); /* "" was read again */
fail:
    return st;
}

/* One by hand is not for validations to choose. */
static void keep_margin(RunConfig *cfg)
{
    if (cfg->margins.n == 1 && !(cfg->margins.v[0] > 0)) cfg->margins.v[0] = cfg->rule.margin;
}

static Status read_run(RunConfig *out, const YamlDoc *doc, bool is_new, const char *const *set,
                       int n_set, Err *err)
{
    Keys keys;
    RunConfig cfg = defaults();
    Status st;

    list_keys(&keys);
    if (is_new) TRY(read_base_scenario(&cfg, doc, set, n_set, err));
    TRY(config_read(&cfg, keys.all, FIELDS, doc, err));
    TRY(apply_sets(&cfg, keys.all, FIELDS, set, n_set, err));
    TRY(check_together(&cfg, is_new, yaml_name(doc), err));
    TRY(take_weights(&cfg, &keys, doc, set, n_set, err));
    keep_margin(&cfg);
    *out = cfg;
fail:
    return st;
}

Status run_config_load(RunConfig *out, const char *path, const char *const *set, int n_set,
                       Err *err)
{
    char file[PATH_MAX_BYTES];
    YamlDoc *doc = NULL;
    Status st;

    TRY(path_find(file, sizeof file, "experiments/configs", path, ".yaml", err));
    TRY(yaml_load(&doc, file, err));
    TRY(read_run(out, doc, true, set, n_set, err));
fail:
    yaml_destroy(doc);
    return st;
}

Status run_config_parse(RunConfig *out, const char *name, const char *text, const char *const *set,
                        int n_set, Err *err)
{
    YamlDoc *doc = NULL;
    Status st;

    TRY(yaml_parse(&doc, name, text, strlen(text), err));
    TRY(read_run(out, doc, false, set, n_set, err));
fail:
    yaml_destroy(doc);
    return st;
}

Status run_config_format(const RunConfig *cfg, char **out, Err *err)
{
    Keys keys;
    list_keys(&keys);
    return config_format(cfg, keys.all, FIELDS, out, err);
}

/* What a scenario file that says no name is called: as the file, without folder and ".yaml". */
static void name_after(char name[CONFIG_TEXT_MAX], const char *file)
{
    const char *slash = strrchr(file, '/'), *stem = slash ? slash + 1 : file;
    const char *dot = strrchr(stem, '.');
    int length = dot > stem ? (int)(dot - stem) : (int)strlen(stem);
    snprintf(name, CONFIG_TEXT_MAX, "%.*s", length, stem);
}

Status run_config_scenario(ScenarioConfig *out, const char *name_or_file, const char *const *set,
                           int n_set, Err *err)
{
    char file[PATH_MAX_BYTES];
    ConfigField fields[SCENARIO_FIELDS];
    ScenarioConfig cfg = SCENARIO_DEFAULTS;
    YamlDoc *doc = NULL;
    Status st;

    scenario_fields(fields, 0);
    TRY(path_find(file, sizeof file, "env/scenarios", name_or_file, ".yaml", err));
    TRY(yaml_load(&doc, file, err));
    name_after(cfg.name, file);
    TRY(config_read(&cfg, fields, SCENARIO_FIELDS, doc, err));
    TRY(run_config_set_scenario(&cfg, set, n_set, err));
    *out = cfg;
fail:
    yaml_destroy(doc);
    return st;
}

Status run_config_set_scenario(ScenarioConfig *cfg, const char *const *set, int n_set, Err *err)
{
    ConfigField fields[SCENARIO_FIELDS];
    scenario_fields(fields, 0);
    return apply_sets(cfg, fields, SCENARIO_FIELDS, set, n_set, err);
}

void run_config_task(const RunConfig *cfg, char *out, size_t cap)
{
    static const char BETWEEN[] = ", \t";
    int n = 0;
    for (const char *p = cfg->scenarios; *(p += strspn(p, BETWEEN)); p += strcspn(p, BETWEEN)) n++;
    if (n > 0)
        snprintf(out, cap, "%d scenario%s", n, n == 1 ? "" : "s");
    else
        snprintf(out, cap, "%.60s on %.60s", cfg->scenario.name, cfg->scenario.system);
}

SchedRules run_config_rules(const RunConfig *cfg)
{
    return run_rule_sched(&cfg->rule);
}

SchedEnvConfig run_config_env(const RunConfig *cfg, const Scenario *sc)
{
    SchedEnvConfig e = {.sim = sc->sim,
                        .workload = sc->workload,
                        .load_lo = cfg->load_lo,
                        .load_hi = cfg->load_hi,
                        .unit_us = sc->mean_service_us,
                        .reward = (RewardKind)cfg->reward,
                        .phi_width = cfg->phi_width,
                        .teacher = run_config_teacher(cfg)};
    e.sim.rules = run_config_rules(cfg);
    e.sim.classes = cfg->classes;
    e.workload.warmup = e.workload.cooldown = 0; /* a learner is paid for every job */
    return e;
}
