/* names.h -- options that take several names at once. */
#ifndef RELMAS_EXPERIMENTS_NAMES_H
#define RELMAS_EXPERIMENTS_NAMES_H

#include "base/status.h"

typedef Status TakeName(void *ctx, const char *name, Err *err);

/* Calls take for each of the names, separated by commas, until one fails. ST_USAGE, with the option,
 * for an empty name. */
Status each_name(const char *option, const char *names, TakeName *take, void *ctx, Err *err);
/* The same for the YAML files of a data folder, by name and in order. */
Status each_shipped(const char *folder, TakeName *take, void *ctx, Err *err);

#endif
