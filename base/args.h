/* args.h -- the command line of one sub-command, described by a table.
 * Options are `--name value` or `--name=value`; `--` ends them; what is left is positional. Numbers
 * are checked against their range; an option may come twice only if it collects a list. From the
 * same table comes --help. Nothing is printed but help, into the caller's stream; nothing exits. */
#ifndef RELMAS_BASE_ARGS_H
#define RELMAS_BASE_ARGS_H

#include "base/status.h"

#include <stdio.h>

enum { ARGS_MAX_OPTIONS = 64, ARGS_LIST_MAX = 64 };

typedef struct ArgList {
    int n;
    const char *v[ARGS_LIST_MAX]; /* borrowed from argv */
} ArgList;

typedef enum {
    ARG_FLAG,   /* bool, set to true; takes no value */
    ARG_INT,    /* int */
    ARG_U64,    /* uint64_t; 1e6 is understood */
    ARG_DOUBLE, /* double */
    ARG_TEXT,   /* const char *, borrowed from argv, not empty */
    ARG_TEXTS,  /* ArgList: may be repeated */
    ARG_ENUM,   /* int, index into choices */
} ArgType;

typedef struct ArgOption {
    const char *name;  /* "--steps" */
    const char *value; /* what --help calls its value, "N"; NULL for a flag */
    ArgType type;
    void *out;                  /* keeps its value, the default, unless the option is given */
    double lo, hi;              /* numbers: accepted range, inclusive */
    const char *const *choices; /* ARG_ENUM: NULL-terminated names */
    const char *help;           /* one line, with unit and default */
} ArgOption;

typedef struct ArgCommand {
    const char *usage;   /* "relmas train [CONFIG] [options]" */
    const char *about;   /* one sentence: what it does */
    const char *example; /* one command line that works */
    const ArgOption *options;
    int n_options;
    const char *operand; /* what a positional argument is, "CONFIG"; NULL if none is taken */
    int min_operands, max_operands; /* at most ARGS_LIST_MAX */
    ArgList *operands;              /* may be NULL if max_operands is 0 */
} ArgCommand;

/* What the caller does next; ARGS_DONE and ARGS_BAD are exit codes. */
enum { ARGS_RUN = -1, ARGS_DONE = 0, ARGS_BAD = 2 };

/* Reads argv[0..argc-1], which begins after the sub-command's name. ARGS_RUN: all is set.
 * ARGS_DONE: --help was asked and written to help. ARGS_BAD: err (ST_USAGE) has the one line to
 * say; outputs before the mistake may be set. */
int args_parse(const ArgCommand *cmd, int argc, char *const *argv, FILE *help, Err *err);
/* The text of --help. */
void args_help(const ArgCommand *cmd, FILE *out);

#endif
