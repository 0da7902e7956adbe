/* report.h -- what runs and evaluations say, as a list of facts, and the page and the table that show
 * them. All that the page shows of numbers is in the table too. */
#ifndef RELMAS_EXPERIMENTS_REPORT_H
#define RELMAS_EXPERIMENTS_REPORT_H

#include "experiments/results.h"
#include "experiments/runs.h"

typedef enum {
    /* of runs; x: decisions */
    FACT_CURVE, /* IQM over seeds of the validations at x */
    FACT_FINAL, /* the same of the last validations */
    FACT_OVERALL, /* the same over all tasks, of groups that have runs of each; seeds resampled within each */
    FACT_BEST,    /* IQM of the best validations: what best.h5 holds; optimistic */
    FACT_SECONDS, /* mean over seeds of the time of training; least and largest */
    FACT_RATE,    /* the same of decisions per second */
    /* of evaluations; x: load. Means over seeds and episodes */
    FACT_SLA,
    FACT_GAIN,   /* SLA rate less that of the best baseline at this load, same episodes */
    FACT_ENERGY, /* uJ per job */
    FACT_KINDS
} FactKind;

typedef struct Fact {
    FactKind kind;
    const char *scenario, *name; /* borrowed; of the task or system; of the group */
    const char *against;         /* FACT_GAIN: the best baseline. Else NULL */
    double x;
    int seeds, episodes; /* episodes 0: of runs */
    Interval value;
} Fact;

typedef struct Report {
    Runs runs;
    Results *eval; /* [n_evals], owned: one per scenario and system */
    char (*eval_name)[RUN_NAME_MAX];
    int n_evals;
    Fact *fact; /* [n_facts], owned */
    int n_facts, cap;
} Report;

/* Fills fact[] from the runs and evaluations that are there. ST_NOMEM. */
Status report_compute(Report *r, Err *err);
void report_free(Report *r);
/* The first fact of that kind, scenario and name at x (NAN: any); NULL if there is none. */
const Fact *report_find(const Report *r, FactKind kind, const char *scenario, const char *name,
                        double x);

void report_csv(const Report *r, FILE *out);
Status report_html(const Report *r, FILE *out, Err *err); /* ST_NOMEM */

#endif
