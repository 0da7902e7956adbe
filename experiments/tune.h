/* tune.h -- `train.tune`: the weights of the policy's rule, fitted to the scenarios.
 *
 * A rule such as admit-reserve-bw has numbers in it (RuleWeights and the window), and which are best depends
 * on the system and the workload. They are searched for with a (1+1) evolution strategy (Rechenberg,
 * 1973; Beyer and Schwefel, Natural Computing 1, 2002): each candidate is the best so far with some
 * numbers changed at random, by steps of a random scale; a step that was a success is made once more.
 * Candidates play the same episodes; one that is clearly behind after some of them is dropped.
 *
 * The score of an episode is the part of its deadlines that are met - cfg->tune_energy x (energy per job / that of
 * the rule as it was - 1). */
#ifndef RELMAS_EXPERIMENTS_TUNE_H
#define RELMAS_EXPERIMENTS_TUNE_H

#include "experiments/train_set.h"

#include <signal.h>

/* Tries cfg->tune candidates for the weights and the window of cfg->rule, starting from what is there, and
 * leaves the best there. cfg->evaluate_episodes episodes at each load, divided over the scenarios, on arrival seeds that
 * follow from the training seed. Shows progress and logs what was gained on those. Ends early, with the best
 * so far, when *stop is not 0. */
Status tune_rule(RunConfig *cfg, const TrainSet *set, Pool *pool, const volatile sig_atomic_t *stop,
                 Err *err);

#endif
