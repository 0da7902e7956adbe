/* eval_details.h -- all metrics of `relmas eval` that its first table has no room for: what became of
 * the jobs, turnaround, multi-program metrics, DRAM and energy. Definitions: docs/MODEL.md, section 9. */
#ifndef RELMAS_EXPERIMENTS_EVAL_DETAILS_H
#define RELMAS_EXPERIMENTS_EVAL_DETAILS_H

#include "env/metrics.h"

#include <stdio.h>

/* A table for each: name[n] in a column of `width`, and their metrics[n]. */
void eval_details_print(FILE *out, const char *const *name, const Metrics *const *metrics, int n,
                        int width);
/* What the short names mean. */
void eval_details_legend(FILE *out);
/* The same as members of a JSON object that has begun: ", \"counts\": {...}, ...". */
void eval_details_json(FILE *out, const Metrics *m);

#endif
