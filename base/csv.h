/* csv.h -- a read-only table from a CSV file (RFC 4180) whose first line names the columns.
 * Cells may be quoted ("a ""b"", c", also over several lines); blanks around bare cells, CR before
 * LF, a byte-order mark and empty lines are skipped. Every row has as many cells as the header has
 * names, every name is there once. Sizes are bounded, so no input can hang or over-allocate.
 * Every error reads "FILE:LINE: what is wrong, what would be right". */
#ifndef RELMAS_BASE_CSV_H
#define RELMAS_BASE_CSV_H

#include "base/status.h"

#include <stddef.h>

enum { CSV_MAX_BYTES = 64 << 20, CSV_MAX_COLUMNS = 256 };

typedef struct Csv Csv;

/* Caller owns *out; on failure *out = NULL: ST_IO, ST_FORMAT, ST_NOMEM. */
Status csv_load(Csv **out, const char *path, Err *err);
/* The same from memory; name stands for the file in messages. */
Status csv_parse(Csv **out, const char *name, const char *text, size_t bytes, Err *err);
/* The same for tables that people write by hand: rows may have fewer or more cells than the header,
 * whose names may be missing or there twice; separated by tabs if the first line has no comma. */
Status csv_load_ragged(Csv **out, const char *path, Err *err);
Status csv_parse_ragged(Csv **out, const char *name, const char *text, size_t bytes, Err *err);
void csv_destroy(Csv *csv); /* NULL allowed */

int csv_rows(const Csv *csv);           /* without the header */
int csv_columns(const Csv *csv);        /* of the header */
int csv_cells(const Csv *csv, int row); /* of a row: as many, unless the table is ragged */
const char *csv_name(const Csv *csv);
const char *csv_header(const Csv *csv, int column);
int csv_column(const Csv *csv, const char *header); /* -1: there is none */
/* The same, but ST_FORMAT for a missing column, with the nearest one there is. */
Status csv_need(const Csv *csv, const char *header, int *column, Err *err);
/* Borrowed; "" for an empty cell and behind the last one. */
const char *csv_cell(const Csv *csv, int row, int column);
int csv_line(const Csv *csv, int row); /* where the row begins, from 1 */

/* Typed reads; on failure *out is untouched and the message names line, column, what was found and
 * the accepted range. */
Status csv_int(const Csv *csv, int row, int column, int lo, int hi, int *out, Err *err);
Status csv_double(const Csv *csv, int row, int column, double lo, double hi, double *out, Err *err);
/* Index of the cell in choices[n], exactly. */
Status csv_enum(const Csv *csv, int row, int column, const char *const *choices, int n, int *out,
                Err *err);
/* err_set with "FILE:LINE: " of a row (-1: the header) before the message; returns ST_FORMAT. */
Status csv_error(const Csv *csv, int row, Err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
