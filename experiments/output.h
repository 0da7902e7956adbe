/* output.h -- names of the user's in machine-readable results, whatever characters they hold. */
#ifndef RELMAS_EXPERIMENTS_OUTPUT_H
#define RELMAS_EXPERIMENTS_OUTPUT_H

#include <stdio.h>

typedef enum { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON } Format;
extern const char *const FORMAT_NAMES[]; /* of --format, NULL-terminated */

/* A string in quotes; a cell, in quotes if it must be. */
void write_json_text(FILE *out, const char *s);
void write_csv_text(FILE *out, const char *s);
/* The same on stdout. */
void print_json_text(const char *s);
void print_csv_text(const char *s);

/* Bytes of the UTF-8 character at s (not its end), 0 if its bytes are not one. */
int utf8_length(const char *s);

#endif
