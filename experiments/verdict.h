/* verdict.h -- what a study says: learned policies against the baselines of a list, cell by cell (a
 * scenario at a load), and the bars that the project set itself. The files of a study are laid out by
 * experiments/study/study.sh. */
#ifndef RELMAS_EXPERIMENTS_VERDICT_H
#define RELMAS_EXPERIMENTS_VERDICT_H

#include "experiments/results.h"
#include "experiments/runs.h"

typedef enum { LIST_PUBLISHED, LIST_OURS, LIST_REFERENCE, LIST_GROUPS } ListGroup;

/* A row of the list of baselines. */
typedef struct Listed {
    char name[PATH_NAME_MAX];
    int group;    /* ListGroup */
    bool online;  /* may be the best baseline of a cell */
    double share; /* of the episodes that it plays, 1 but for slow ones */
} Listed;

/* Whose best is to be beaten, on-line ones only. */
typedef enum { POOL_PUBLISHED, POOL_ALL, POOLS } RivalPool;

typedef struct
    Rival { /* the best of a pool in a cell; against it, in the episodes that both played: */
    const char *name;
    double sla;    /* of the rival */
    Interval gain; /* SLA rate of the policy less the rival's */
    double cut;    /* part of its violations that the policy avoids */
    double energy; /* energy per job over the rival's, - 1 */
} Rival;

typedef struct VerdictCell {
    int scenario;
    double load;
    Interval sla;       /* of the policy */
    double worst, best; /* means of its seeds */
    Rival rival[POOLS];
    const char *ahead; /* best look-ahead reference, NULL: none; and the policy's rate less its */
    double ahead_gain;
} VerdictCell;

typedef struct VerdictCapacity { /* loads */
    bool known;
    double policy, worst, best; /* mean, least and largest of the seeds */
    double rival[POOLS];
    char name[POOLS][PATH_NAME_MAX];
    char scenario[PATH_NAME_MAX];
} VerdictCapacity;

typedef struct VerdictRatio { /* the largest SLA rate over that of a plain published scheduler */
    const char *name;
    int cell;
    double value;
} VerdictRatio;

typedef struct VerdictInput {
    const char *evaluations; /* folder: SCENARIO/BASELINE.h5, SCENARIO/seed-S.h5 */
    const char *capacities;  /* folder: BASELINE.csv, seed-S.csv; NULL: not measured */
    const char *runs;        /* folder: SCENARIO/seed-S; NULL: times of training unknown */
    const char *list;        /* CSV file: scheduler, group, online, share */
    const char *const *scenario;
    int n_scenarios, seeds;
} VerdictInput;

typedef struct Verdict {
    VerdictInput in;
    Listed *listed; /* [n_listed], owned */
    int n_listed;
    Results *results;  /* [scenarios], owned */
    int *policy;       /* [scenarios], owned: index of the policy's group */
    VerdictCell *cell; /* [n_cells], owned; loads fastest */
    int n_cells;
    Interval
        cut[POOLS]; /* geometric mean of violations left over cells of cut_loads, as part avoided */
    int cut_cells;
    VerdictRatio ratio;
    VerdictCapacity capacity;
    Runs runs;
    char (*run_dir)[PATH_MAX_BYTES]; /* owned; what runs borrows */
} Verdict;

/* Reads everything and computes. ST_CONFIG if files are missing, were played differently or with other
 * numbers of episodes than the list says. *out starts as {0} and is for verdict_free in any case. */
Status verdict_compute(Verdict *out, const VerdictInput *in, Err *err);
void verdict_free(Verdict *v);

/* Of a listed name; NULL if it is not in the list. */
const Listed *verdict_listed(const Verdict *v, const char *name);
/* Episodes that it plays where a policy plays so many: its share, one at least. */
int verdict_share(const Listed *l, int episodes);
bool verdict_counts_cut(double load);  /* 0.8 and 0.95 */
bool verdict_counts_high(double load); /* 0.8 and above */

void verdict_markdown(const Verdict *v, FILE *out);
void verdict_csv(const Verdict *v, FILE *out);
/* SLA rate against load of one scenario. ST_NOMEM. */
Status verdict_svg(const Verdict *v, int scenario, FILE *out, Err *err);

#endif
