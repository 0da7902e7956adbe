/* names.h -- options that take several names or numbers at once. */
#ifndef RELMAS_EXPERIMENTS_NAMES_H
#define RELMAS_EXPERIMENTS_NAMES_H

#include "base/status.h"

typedef Status TakeName(void *ctx, const char *name, Err *err);

/* Calls take for each of the names, separated by commas, until one fails. ST_USAGE, with the option,
 * for an empty name. */
Status each_name(const char *option, const char *names, TakeName *take, void *ctx, Err *err);
/* Numbers in [lo, hi], separated by commas: 1 to `most` of them into out. ST_USAGE, with the option and
 * the example. */
Status number_list(const char *option, const char *text, double lo, double hi, int most,
                   const char *example, double *out, int *n, Err *err);
/* each_name for the YAML files of a data folder, by name and in order. */
Status each_shipped(const char *folder, TakeName *take, void *ctx, Err *err);

#endif
