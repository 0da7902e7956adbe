/* results.h -- results that `relmas eval --save` left in files, put together again: baselines from one
 * file, policies from others, as long as all played the same arrivals of the same scenario. Policies
 * whose names differ only in a final -NUMBER are training seeds of one: a group. */
#ifndef RELMAS_EXPERIMENTS_RESULTS_H
#define RELMAS_EXPERIMENTS_RESULTS_H

#include "base/path.h"
#include "base/stats.h"
#include "env/scenario.h"

enum { RESULT_NAME_MAX = 256, RESULTS_RESAMPLES = 2000 };

typedef enum { RESULT_SLA, RESULT_ENERGY, RESULT_VALUES } ResultValue; /* energy: uJ per job */

typedef struct ResultRow { /* one policy */
    char name[RESULT_NAME_MAX], file[PATH_MAX_BYTES];
    int episodes;
    double *value[RESULT_VALUES]; /* [n_loads, episodes], owned */
} ResultRow;

typedef struct ResultGroup { /* a baseline, or the seeds of a policy */
    char name[RESULT_NAME_MAX];
    bool baseline;
    int n, *row;  /* [n] indices, owned */
    int episodes; /* least of its rows */
} ResultGroup;

typedef struct Results {
    ScenarioConfig scenario;
    uint64_t seed; /* of episode 0 */
    int n_loads, n_rows, n_groups;
    double load[CONFIG_LIST_MAX];
    ResultRow *row;     /* [n_rows], owned */
    ResultGroup *group; /* [n_groups], owned */
} Results;

/* Appends the policies of a file. *r starts as {0}; the first file says what is played. ST_CONFIG if
 * another scenario, other loads or another seed were played, or a policy is there already: the message
 * names both files. ST_FORMAT, ST_IO, ST_NOMEM. */
Status results_add(Results *r, const char *path, Err *err);
/* Whether a file with this scenario belongs to r: the same name and system. */
bool results_match(const Results *r, const ScenarioConfig *scenario);
/* The scenario that a results file is about. ST_FORMAT if it holds no results. */
Status results_scenario(ScenarioConfig *out, const char *path, Err *err);
void results_free(Results *r);

/* "a/b-3", "a/b-3.h5" and "a/b-3/best.h5" belong to "a/b"; other names, and step-3.h5, to themselves. */
void results_family(char out[RESULT_NAME_MAX], const char *name);
/* Values of a group at a load, out[seeds, episodes], less those of `minus` (NULL: nothing; of one row) in
 * the same episodes. Returns episodes: those that both played. out holds results_most(r) numbers. */
int results_values(const Results *r, const ResultGroup *g, int load, ResultValue v,
                   const ResultGroup *minus, double *out);
size_t results_most(const Results *r); /* largest of seeds x episodes over the groups */
/* Mean over seeds and episodes of those values; the interval takes both as samples. */
Interval results_interval(const Results *r, const ResultGroup *g, int load, ResultValue v,
                          const ResultGroup *minus, double *work);
/* The look-ahead references know the arrivals to come: no baseline can be asked to match them. */
bool results_clairvoyant(const char *name);
/* The baseline with the largest SLA rate at a load among those with eligible[group] (NULL: all); two are
 * compared on the episodes that both played. -1: none. */
int results_best(const Results *r, int load, const bool *eligible);

#endif
