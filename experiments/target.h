/* target.h -- the file that the user names after -o: it appears when it is whole, or not at all. */
#ifndef RELMAS_EXPERIMENTS_TARGET_H
#define RELMAS_EXPERIMENTS_TARGET_H

#include "base/path.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct Target {
    FILE *out;                      /* to write into */
    const char *path;               /* borrowed; NULL: standard output */
    char temporary[PATH_MAX_BYTES]; /* what is written into until then; "": the path itself */
} Target;

/* ST_USAGE, from `command`, for a folder, and for a file that is there unless force. Asked before
 * anything is done, so that no work is lost. path may be NULL. */
Status target_check(const char *command, const char *path, bool force, Err *err);
/* ST_IO unless a file can be made beside it: its folder is there and may be written. Asked before
 * anything is done, like the former. */
Status target_place_check(const char *path, Err *err);
/* path NULL: standard output. A pipe or a device is written into as it is. Until target_close,
 * SIGINT, SIGTERM and SIGHUP remove what is half written. One at a time. */
Status target_open(Target *t, const char *path, Err *err);
/* st says how writing went: if well, the file takes its place; else nothing is left of it. Returns
 * st, or ST_IO. */
Status target_close(Target *t, Status st, Err *err);

#endif
