/* eval_plot.h -- SLA rate against load, one curve per policy with the band of its interval. */
#ifndef RELMAS_EXPERIMENTS_EVAL_PLOT_H
#define RELMAS_EXPERIMENTS_EVAL_PLOT_H

#include "base/stats.h"
#include "base/status.h"

typedef struct EvalPlot {
    const char *title, *subtitle;
    int n_policies, n_loads;
    const char *const *name; /* [n_policies] */
    const double *load;      /* [n_loads], in any order */
    const Interval *sla;     /* [n_loads, n_policies] */
} EvalPlot;

/* ST_USAGE unless the path ends in .svg or .png and two loads or more differ; ST_IO without a
 * gnuplot. Asked before anything is measured. */
Status eval_plot_check(const char *path, const double *load, int n_loads, Err *err);
/* Draws into the file, all of it or nothing. ST_IO, ST_NOMEM. */
Status eval_plot(const EvalPlot *plot, const char *path, Err *err);

#endif
