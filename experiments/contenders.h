/* contenders.h -- from what the user names (a baseline, a shipped policy, a run folder, a
 * checkpoint file) to something evaluate.h can run. */
#ifndef RELMAS_EXPERIMENTS_CONTENDERS_H
#define RELMAS_EXPERIMENTS_CONTENDERS_H

#include "base/args.h"
#include "experiments/train_set.h"
#include "rl/policy.h"

/* One task's workspace of a learned policy. */
typedef struct PolicySeat {
    const struct LearnedPolicy *of;
    QBatch work;
    float *obs;
} PolicySeat;

typedef struct LearnedPolicy {
    Policy *policy; /* owned */
    RunConfig cfg;  /* it was trained with */
    const Scheduler *teacher;
    double unit_us; /* of features, on the scenario that it plays */
    double margin;  /* of policy_act_beyond */
    PolicySeat seat[EVALUATE_TASKS];
} LearnedPolicy;

/* Weights are zero until filled. Caller owns *out. */
Status learned_create(LearnedPolicy **out, const RunConfig *cfg, const Scenario *sc, Err *err);
void learned_destroy(LearnedPolicy *p); /* NULL allowed */
Contender learned_contender(LearnedPolicy *p, const char *name);
/* Plays evaluate_episodes with each of train.margins, p[i] on the i-th scenario, and leaves all with the margin of
 * the best *score: the mean SLA rate over scenarios and loads. */
Status learned_choose_margin(LearnedPolicy *const *p, const TrainSet *set, double *score,
                             uint64_t seed, Pool *pool, Err *err);

typedef struct NamedContender {
    Contender who;
    LearnedPolicy *learned; /* NULL for a baseline; owned */
} NamedContender;

/* Where shipped policies are, NAME.h5, each with a card NAME.md. */
#define POLICY_FOLDER "checkpoints/policies"

/* The file that a name stands for; false if it is a baseline's name. A run folder gives best.h5, or
 * its newest checkpoint. */
Status contender_file(const char *name, bool *is_baseline, char *path, size_t cap, Err *err);
/* A policy with several rules (RunConfig.rules) first finds out which is the best on this scenario, and whether
 * its network is worth having there: seconds, on validation seeds. */
Status contender_open(NamedContender *out, const char *name, Scenario *sc, Pool *pool, Err *err);
void contender_close(NamedContender *c);
/* Several contenders on one scenario, and the threads that play them. */
typedef struct Contest {
    Scenario *scenario;
    Pool *pool;
    NamedContender *who; /* [n] */
    int n;
} Contest;

/* On failure what is there is for contest_close, as after success. */
Status contest_open(Contest *out, const ScenarioConfig *sc, const ArgList *policies, int threads,
                    Err *err);
void contest_close(Contest *c);

/* The scenario that is named, or else the one that the first learned policy was trained on, or
 * mixed-m; with overrides. */
Status contender_scenario(ScenarioConfig *out, const char *name, const ArgList *policies,
                          const ArgList *set, Err *err);
/* A line for a table: what makes it another scenario than its name says. No overrides: no line. */
void contender_print_changes(const ArgList *set);
/* The configuration stored in a checkpoint or policy file. */
Status contender_config(RunConfig *out, const char *path, Err *err);

#endif
