/* train_set.h -- the scenarios that one policy is trained on: `train.scenarios`, or the one scenario.
 * Environments are dealt over them in turn, environment i gets scenario i mod n, so that each has the
 * same part of the decisions. Their systems may have different numbers of SAs: observations are padded
 * to the largest (SchedEnvConfig.least_actions), in training only. */
#ifndef RELMAS_EXPERIMENTS_TRAIN_SET_H
#define RELMAS_EXPERIMENTS_TRAIN_SET_H

#include "env/evaluate.h"
#include "experiments/run_config.h"

enum { TRAIN_SET_MAX = RUN_RULES_MAX };

typedef struct TrainSet {
    Scenario *scenario[TRAIN_SET_MAX]; /* [n], owned */
    int n;
} TrainSet;

/* *out starts as {0} and is for train_set_free also on failure. ST_CONFIG, with the key, if a scenario
 * is unknown or bad, if there are too many, or more than environments. */
Status train_set_create(TrainSet *out, const RunConfig *cfg, int threads, Err *err);
void train_set_free(TrainSet *set);

/* env.count environments, dealt; rules are chosen. Caller owns *out. */
Status train_set_environments(VecEnv **out, const TrainSet *set, const RunConfig *cfg, Err *err);
/* *score = mean of evaluate_score() over the scenarios; who[i] plays on scenario i. */
Status train_set_score(double *score, const TrainSet *set, const Contender *who, uint64_t seed,
                       int episodes, Pool *pool, Err *err);

#endif
