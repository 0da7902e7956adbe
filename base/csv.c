/* csv.c -- cells are cut out of one copy of the text, in place: a cell without its quotes is never
 * longer than with them, and its zero takes the place of the separator behind it. */
#include "base/csv.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 64 << 10, CHOICES_SHOWN = 200 };

typedef struct Row {
    uint32_t first; /* of its cells */
    int line;
} Row;

struct Csv {
    char *name;
    char *text;     /* [bytes + 1] */
    uint32_t *cell; /* [cells] offsets into text, row by row; the header comes first */
    Row *row;       /* [rows + 1] */
    int rows, columns;
    size_t cells, cell_cap, row_cap; /* filled and allocated */
};

/* Where the reader is. */
typedef struct Reader {
    Csv *csv;
    size_t at, bytes;
    int line;
    bool ragged;
    char separator; /* of cells */
    Err *err;
} Reader;

static Status fail_at(const Csv *csv, int line, Err *err, const char *message)
{
    return err_set(err, ST_FORMAT, "%.200s:%d: %s", csv->name, line, message);
}

static Status no_memory(const char *name, Err *err)
{
    return err_set(err, ST_NOMEM, "'%.200s': %s", name, status_text(ST_NOMEM));
}

/* ---- cells ---- */

static bool is_end(const Reader *r, size_t at)
{
    const char *t = r->csv->text;
    return at == r->bytes || t[at] == '\n' || (t[at] == '\r' && at + 1 == r->bytes) ||
           (t[at] == '\r' && t[at + 1] == '\n');
}

static bool is_blank(const Reader *r, char c)
{
    return c == ' ' || (c == '\t' && r->separator != '\t');
}

static void skip_blanks(Reader *r)
{
    while (is_blank(r, r->csv->text[r->at])) r->at++;
}

/* Copies "..." down to *to without its quotes; ends behind the closing one. */
static Status take_quoted(Reader *r, size_t *to)
{
    char *t = r->csv->text;
    int first = r->line;
    for (r->at++; r->at < r->bytes; r->at++) {
        if (t[r->at] == '"' && t[r->at + 1] != '"') break;
        if (t[r->at] == '"') r->at++;
        r->line += t[r->at] == '\n';
        t[(*to)++] = t[r->at];
    }
    if (r->at == r->bytes)
        return fail_at(r->csv, first, r->err,
                       "a quote is opened and never closed, write \"\" for a quote in a cell");
    r->at++;
    skip_blanks(r);
    if (!is_end(r, r->at) && t[r->at] != r->separator)
        return fail_at(r->csv, r->line, r->err,
                       "text follows a closing quote, quote the whole cell and write \"\" for a "
                       "quote in it");
    return ST_OK;
}

static Status take_bare(Reader *r, size_t *to)
{
    const char *t = r->csv->text;
    while (!is_end(r, r->at) && t[r->at] != r->separator) {
        if (t[r->at] == '"')
            return fail_at(
                r->csv, r->line, r->err,
                "a quote within a bare cell, quote the whole cell and write \"\" for it");
        r->csv->text[(*to)++] = t[r->at++];
    }
    return ST_OK;
}

/* Makes room for one more element in an array that doubles. */
static bool grow(void *array, size_t *cap, size_t used, size_t size)
{
    void **slot = array, *bigger;
    size_t more = *cap ? 2 * *cap : 256;
    if (used < *cap) return true;
    if (!(bigger = mem_resize(*slot, *cap * size, more * size))) return false;
    *slot = bigger;
    *cap = more;
    return true;
}

static Status add_cell(Csv *csv, size_t offset, Err *err)
{
    void *cell = csv->cell;
    if (!grow(&cell, &csv->cell_cap, csv->cells, sizeof *csv->cell))
        return no_memory(csv->name, err);
    csv->cell = cell;
    csv->cell[csv->cells++] = (uint32_t)offset;
    return ST_OK;
}

/* One cell with the separator behind it; *last: that was the end of the line. */
static Status take_cell(Reader *r, bool *last)
{
    char *t = r->csv->text;
    skip_blanks(r);
    size_t from = r->at, to = from;
    bool quoted = t[r->at] == '"';
    Status st = quoted ? take_quoted(r, &to) : take_bare(r, &to);
    if (st != ST_OK) return st;
    while (!quoted && to > from && is_blank(r, t[to - 1])) to--;
    *last = is_end(r, r->at);
    if (*last) {
        r->at += r->at < r->bytes && t[r->at] == '\r';
        r->line += r->at < r->bytes;
    }
    r->at += r->at < r->bytes;
    t[to] = '\0'; /* at the latest where the separator stood */
    return add_cell(r->csv, from, r->err);
}

/* ---- rows ---- */

static Status wrong_width(const Reader *r, int line, int cells)
{
    char message[128];
    snprintf(message, sizeof message, "%d cell%s, but the header names %d columns", cells,
             cells == 1 ? "" : "s", r->csv->columns);
    return fail_at(r->csv, line, r->err, message);
}

static Status take_row(Reader *r)
{
    Csv *csv = r->csv;
    int line = r->line, cells = 0;
    uint32_t first = (uint32_t)csv->cells;
    void *rows = csv->row;
    for (bool last = false; !last; cells++) {
        if (cells == CSV_MAX_COLUMNS)
            return fail_at(csv, line, r->err, "more than 256 cells in a line");
        Status st = take_cell(r, &last);
        if (st != ST_OK) return st;
    }
    if (csv->rows && !r->ragged && cells != csv->columns) return wrong_width(r, line, cells);
    if (csv->rows == 0) csv->columns = cells;
    if (!grow(&rows, &csv->row_cap, (size_t)csv->rows, sizeof *csv->row))
        return no_memory(csv->name, r->err);
    csv->row = rows;
    csv->row[csv->rows++] = (Row){first, line}; /* the header counts until the end */
    return ST_OK;
}

static Status check_header(const Csv *csv, Err *err)
{
    for (int i = 0; i < csv->columns; i++) {
        if (!*csv_header(csv, i))
            return csv_error(csv, -1, err, "column %d has no name, the first line names them all",
                             i + 1);
        if (csv_column(csv, csv_header(csv, i)) != i)
            return csv_error(csv, -1, err, "two columns are named '%.60s', rename one",
                             csv_header(csv, i));
    }
    return ST_OK;
}

/* A tab if the first line that is not empty has tabs and no comma. */
static char find_separator(const Reader *r)
{
    const char *t = r->csv->text;
    bool tabs = false;
    size_t i = r->at;
    while (t[i] == '\r' || t[i] == '\n') i++;
    for (; !is_end(r, i) && t[i] != ','; i++) tabs |= t[i] == '\t';
    return tabs && is_end(r, i) ? '\t' : ',';
}

static Status take_all(Reader *r)
{
    Csv *csv = r->csv;
    const char *zero = memchr(csv->text, 0, r->bytes);
    if (zero) {
        int line = 1;
        for (const char *p = csv->text; p < zero; p++) line += *p == '\n';
        return fail_at(csv, line, r->err, "a zero byte, this is no text file");
    }
    if (!strncmp(csv->text, "\xef\xbb\xbf", 3)) r->at = 3;
    if (r->ragged) r->separator = find_separator(r);
    while (r->at < r->bytes) {
        size_t start = r->at;
        skip_blanks(r);
        if (is_end(r, r->at)) { /* an empty line */
            r->at += r->at < r->bytes && csv->text[r->at] == '\r';
            r->at += r->at < r->bytes;
            r->line++;
            continue;
        }
        r->at = start;
        Status st = take_row(r);
        if (st != ST_OK) return st;
    }
    if (csv->rows == 0)
        return fail_at(csv, 1, r->err, "the file is empty, the first line names the columns");
    csv->rows--;
    return r->ragged ? ST_OK : check_header(csv, r->err);
}

/* ---- files ---- */

/* Takes over text[bytes + 1], which ends with a zero. */
static Status read_table(Csv **out, const char *name, char *text, size_t bytes, bool ragged,
                         Err *err)
{
    Status st = ST_OK;
    Csv *csv = mem_calloc(1, sizeof *csv);
    Reader r = {
        .csv = csv, .bytes = bytes, .line = 1, .ragged = ragged, .separator = ',', .err = err};

    if (!csv || !(csv->name = mem_strdup(name))) {
        st = no_memory(name, err);
        mem_free(text);
        goto fail;
    }
    csv->text = text;
    if (bytes > CSV_MAX_BYTES) {
        st = err_set(err, ST_FORMAT, "%.200s:1: larger than %d MB, cut the file into several", name,
                     CSV_MAX_BYTES >> 20);
        goto fail;
    }
    TRY(take_all(&r));
    *out = csv;
    return ST_OK;
fail:
    csv_destroy(csv);
    return st;
}

static Status parse(Csv **out, const char *name, const char *text, size_t bytes, bool ragged,
                    Err *err)
{
    *out = NULL;
    char *copy = mem_calloc(bytes < SIZE_MAX ? bytes + 1 : bytes, 1);
    if (!copy) return no_memory(name, err);
    memcpy(copy, text, bytes);
    return read_table(out, name, copy, bytes, ragged, err);
}

Status csv_parse(Csv **out, const char *name, const char *text, size_t bytes, Err *err)
{
    return parse(out, name, text, bytes, false, err);
}

Status csv_parse_ragged(Csv **out, const char *name, const char *text, size_t bytes, Err *err)
{
    return parse(out, name, text, bytes, true, err);
}

/* Into *text, which the caller frees in any case, with a zero behind it. */
static Status read_all(FILE *f, const char *path, char **text, size_t *bytes, Err *err)
{
    for (size_t cap = 0;;) {
        if (*bytes + 1 >= cap) {
            size_t more = cap ? 2 * cap : BLOCK_BYTES;
            char *bigger = mem_resize(*text, cap, more);
            if (!bigger) return no_memory(path, err);
            *text = bigger;
            cap = more;
        }
        size_t got = fread(*text + *bytes, 1, cap - 1 - *bytes, f);
        *bytes += got;
        if (ferror(f))
            return err_set(err, ST_IO, "cannot read '%.200s': %s", path, strerror(errno));
        if (got == 0 || *bytes > CSV_MAX_BYTES) return ST_OK;
    }
}

static Status load(Csv **out, const char *path, bool ragged, Err *err)
{
    char *text = NULL;
    size_t bytes = 0;
    *out = NULL;
    FILE *f = fopen(path, "rb");
    if (!f) return err_set(err, ST_IO, "cannot open '%.200s': %s", path, strerror(errno));
    Status st = read_all(f, path, &text, &bytes, err);
    fclose(f);
    if (st == ST_OK) return read_table(out, path, text, bytes, ragged, err);
    mem_free(text);
    return st;
}

Status csv_load(Csv **out, const char *path, Err *err)
{
    return load(out, path, false, err);
}

Status csv_load_ragged(Csv **out, const char *path, Err *err)
{
    return load(out, path, true, err);
}

void csv_destroy(Csv *csv)
{
    if (!csv) return;
    mem_free(csv->name);
    mem_free(csv->text);
    mem_free(csv->cell);
    mem_free(csv->row);
    mem_free(csv);
}

/* ---- reading ---- */

int csv_rows(const Csv *csv)
{
    return csv->rows;
}

int csv_columns(const Csv *csv)
{
    return csv->columns;
}

const char *csv_name(const Csv *csv)
{
    return csv->name;
}

const char *csv_header(const Csv *csv, int column)
{
    assert(column >= 0 && column < csv->columns);
    return csv->text + csv->cell[column];
}

int csv_column(const Csv *csv, const char *header)
{
    for (int i = 0; i < csv->columns; i++)
        if (!strcmp(csv_header(csv, i), header)) return i;
    return -1;
}

Status csv_need(const Csv *csv, const char *header, int *column, Err *err)
{
    const char *names[CSV_MAX_COLUMNS];
    char shown[TEXT_SHOWN_MAX];
    int found = csv_column(csv, header);
    if (found >= 0) {
        *column = found;
        return ST_OK;
    }
    for (int i = 0; i < csv->columns; i++) names[i] = csv_header(csv, i);
    const char *near = nearest_name(header, names, csv->columns);
    if (!near) return csv_error(csv, -1, err, "there is no column '%s', add it", header);
    text_shown(shown, near);
    return csv_error(csv, -1, err, "there is no column '%s', is it '%s'? rename it", header, shown);
}

int csv_cells(const Csv *csv, int row)
{
    assert(row >= 0 && row < csv->rows);
    size_t end = row + 1 < csv->rows ? csv->row[row + 2].first : csv->cells;
    return (int)(end - csv->row[row + 1].first);
}

const char *csv_cell(const Csv *csv, int row, int column)
{
    assert(column >= 0);
    if (column >= csv_cells(csv, row)) return "";
    return csv->text + csv->cell[csv->row[row + 1].first + (size_t)column];
}

int csv_line(const Csv *csv, int row)
{
    return csv->row[row + 1].line;
}

Status csv_error(const Csv *csv, int row, Err *err, const char *fmt, ...)
{
    char message[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return fail_at(csv, csv_line(csv, row), err, message);
}

static Status must_be(const Csv *csv, int row, int column, const char *what, Err *err)
{
    char name[TEXT_SHOWN_MAX], got[TEXT_SHOWN_MAX];
    text_shown(name, csv_header(csv, column));
    text_shown(got, csv_cell(csv, row, column));
    return csv_error(csv, row, err, "'%s' must be %s, got %s%s%s", name, what, *got ? "'" : "",
                     *got ? got : "nothing", *got ? "'" : "");
}

Status csv_int(const Csv *csv, int row, int column, int lo, int hi, int *out, Err *err)
{
    int64_t x;
    char range[TEXT_RANGE_MAX];
    if (text_to_i64(csv_cell(csv, row, column), &x) && x >= lo && x <= hi) {
        *out = (int)x;
        return ST_OK;
    }
    text_range(range, true, lo == INT_MIN ? -DBL_MAX : lo, hi == INT_MAX ? DBL_MAX : hi);
    return must_be(csv, row, column, range, err);
}

Status csv_double(const Csv *csv, int row, int column, double lo, double hi, double *out, Err *err)
{
    double x;
    char range[TEXT_RANGE_MAX];
    if (text_to_double(csv_cell(csv, row, column), &x) && x >= lo && x <= hi) {
        *out = x;
        return ST_OK;
    }
    text_range(range, false, lo, hi);
    return must_be(csv, row, column, range, err);
}

Status csv_enum(const Csv *csv, int row, int column, const char *const *choices, int n, int *out,
                Err *err)
{
    char what[CHOICES_SHOWN] = "one of ";
    size_t used = strlen(what);
    for (int i = 0; i < n; i++) {
        if (!strcmp(csv_cell(csv, row, column), choices[i])) {
            *out = i;
            return ST_OK;
        }
        if (used < sizeof what)
            used += (size_t)snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "",
                                     choices[i]);
    }
    return must_be(csv, row, column, what, err);
}
