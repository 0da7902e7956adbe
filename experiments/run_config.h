/* run_config.h -- everything a training run is made from, as one flat struct with its key table.
 * The effective configuration is stored as text in every checkpoint, and parses back to the same.
 */
#ifndef RELMAS_EXPERIMENTS_RUN_CONFIG_H
#define RELMAS_EXPERIMENTS_RUN_CONFIG_H

#include "env/scenario.h"
#include "rl/trainer.h"

/* The rule whose choice the policy starts from: the teacher's, or one that was found. */
typedef struct RunRule {
    char base[CONFIG_TEXT_MAX]; /* scheduler whose rules hold; "" until the teacher is chosen */
    RuleWeights weight;         /* in the place of its own */
    int window;
    double
        margin; /* the policy leaves its choice only for one worth more by this, in units of reward */
} RunRule;

enum { RUN_RULES_MAX = 32 };
typedef struct RunRules {
    int n;
    RunRule v[RUN_RULES_MAX];
} RunRules;

typedef struct RunConfig {
    ScenarioConfig scenario;         /* unless scenarios names some, the one trained on */
    char scenarios[CONFIG_TEXT_MAX]; /* trained on in turn, separated by commas (train_set.h) */
    /* the environment that the policy trains in */
    char teacher[CONFIG_TEXT_MAX]; /* scheduler that demonstrates, or TEACHER_AUTO */
    RunRule rule;
    RunRules rules; /* found for the scenarios in turn; a policy that has some takes the one that is
                       best on the scenario where it is used (contender_open) */
    int reward, classes, envs;
    double load_lo, load_hi, phi_width;
    TrainerConfig trainer;
    /* keeping */
    int threads, keep;
    uint64_t checkpoint_every, evaluate_every; /* decisions */
    int evaluate_episodes;
    int tune;           /* candidates tried for the teacher's weights (experiments/tune.h) */
    double tune_energy; /* part of the deadlines that as large a part of the energy is worth */
    ConfigDoubles
        margins; /* that validations try for rule.margin; best.h5 has the one that did best */
} RunConfig;

/* Validation seeds follow the held-out ones at this distance: never trained on, never reported. */
#define VALIDATION_OFFSET UINT64_C(1000000000)

/* A rule.margin from which the policy is its rule: the network is not asked. Rewards are far below. */
#define RULE_ALONE 1000

/* A teacher that is to be chosen (experiments/teacher.h). */
#define TEACHER_AUTO "auto"

extern const RunConfig RUN_DEFAULTS;

/* Reads a training config: if it names a scenario, that file is read first and the config's own
 * scenario keys go on top; then `set[n_set]` overrides ("a.b=v"). path: a file or a shipped name.
 */
Status run_config_load(RunConfig *out, const char *path, const char *const *set, int n_set,
                       Err *err);
/* The same from the text of a checkpoint, where every key is spelled out; name stands for it. */
Status run_config_parse(RunConfig *out, const char *name, const char *text, const char *const *set,
                        int n_set, Err *err);
Status run_config_format(const RunConfig *cfg, char **out, Err *err); /* caller: mem_free(*out) */
/* A scenario alone: a shipped name or a file. */
Status run_config_scenario(ScenarioConfig *out, const char *name_or_file, const char *const *set,
                           int n_set, Err *err);

/* Applies overrides ("scenario.key=v") to a scenario. */
Status run_config_set_scenario(ScenarioConfig *cfg, const char *const *set, int n_set, Err *err);

/* What it trains on, for tables: "mixed-m on default-6", or "8 scenarios". */
void run_config_task(const RunConfig *cfg, char *out, size_t cap);

/* Makes a scheduler the base of the rule, with its own weights; the margin stays. */
void run_rule_base(RunRule *rule, const Scheduler *base);
/* What a rule asks of the simulator; it has its base. */
SchedRules run_rule_sched(const RunRule *rule);
/* Whether each of so many scenarios gets a rule of its own: auto is to find them, or has. */
bool run_config_rule_each(const RunConfig *cfg, int scenarios);
/* As it is for the scenario of this number: under the rule that was found for it, if one was. */
RunConfig run_config_of(const RunConfig *cfg, int scenario);
const Scheduler *run_config_teacher(const RunConfig *cfg); /* the base, which is chosen */
/* Whether the rule was searched for, so that it is a result of the training and not a setting. */
bool run_config_finds_rule(const RunConfig *cfg);
/* What the learned policy asks of the simulator (its teacher's rules), and its environment. */
SchedRules run_config_rules(const RunConfig *cfg);
SchedEnvConfig run_config_env(const RunConfig *cfg, const Scenario *sc);

#endif
