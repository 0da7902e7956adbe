/* dag.h -- a property of sub-job graphs that sizes the simulator's memory. */
#ifndef RELMAS_ENV_DAG_H
#define RELMAS_ENV_DAG_H

#include "base/status.h"

/* Width of a DAG of n nodes in topological order (successors in CSR form): the largest number of
 * pairwise independent nodes, hence of sub-jobs of one job that can be ready at once. By Dilworth's
 * theorem n minus a maximum matching of the transitive closure. */
Status dag_width(int n, const int *first_succ, const int *succ, int *width, Err *err);

#endif
