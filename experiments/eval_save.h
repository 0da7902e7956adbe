/* eval_save.h -- results of an evaluation as arrays in an HDF5 file, episode by episode, so that
 * others can do their own statistics (checkpoints/FORMAT.md, "Results"). */
#ifndef RELMAS_EXPERIMENTS_EVAL_SAVE_H
#define RELMAS_EXPERIMENTS_EVAL_SAVE_H

#include "env/evaluate.h"

typedef struct EvalSave {
    const ScenarioConfig *scenario;
    const System *sys; /* for the networks' names */
    uint64_t seed;     /* of episode 0 */
    int n_loads, n_policies, episodes;
    const double *load;
    const char *const *policy;       /* [n_policies] names */
    const EvalResult *const *result; /* [n_loads, n_policies] */
} EvalSave;

/* Replaces path atomically. ST_IO, ST_NOMEM. */
Status eval_save(const char *path, const EvalSave *e, Err *err);

#endif
