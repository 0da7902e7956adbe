/* arrival_trace.c -- logs of arrivals from CSV files. */
#include "env/arrivals.h"

#include "base/csv.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- times ---- */

/* Days from 1970-01-01 of a date of the proleptic Gregorian calendar. */
static double days_from_civil(int y, int m, int d)
{
    y -= m <= 2;
    int era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Exactly n digits; advances. */
static bool digits(const char **p, int n, int lo, int hi, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p)) return false;
        v = 10 * v + (**p - '0');
    }
    *out = v;
    return v >= lo && v <= hi;
}

static bool mark(const char **p, const char *any_of)
{
    if (!**p || !strchr(any_of, **p)) return false;
    ++*p;
    return true;
}

/* Z, +01:00 or nothing: seconds to subtract. */
static bool read_zone(const char **p, double *seconds)
{
    int hours, minutes = 0, sign = **p == '-' ? -1 : 1;
    *seconds = 0;
    if (mark(p, "Zz") || !**p) return true;
    if (!mark(p, "+-") || !digits(p, 2, 0, 14, &hours)) return false;
    mark(p, ":");
    if (**p && !digits(p, 2, 0, 59, &minutes)) return false;
    *seconds = sign * (3600.0 * hours + 60.0 * minutes);
    return true;
}

/* Seconds of "2023-11-16 18:15:46.6805900" or its ISO 8601 form. */
static bool read_date(const char *p, double *out)
{
    int y, mo, d, h, mi, s;
    double fraction = 0, zone;
    if (!digits(&p, 4, 0, 9999, &y) || !mark(&p, "-/") || !digits(&p, 2, 1, 12, &mo) ||
        !mark(&p, "-/") || !digits(&p, 2, 1, 31, &d) || !mark(&p, " Tt") ||
        !digits(&p, 2, 0, 24, &h) || !mark(&p, ":") || !digits(&p, 2, 0, 59, &mi) ||
        !mark(&p, ":") || !digits(&p, 2, 0, 60, &s))
        return false;
    if (mark(&p, ".,"))
        for (double unit = 0.1; isdigit((unsigned char)*p); unit /= 10)
            fraction += unit * (*p++ - '0');
    if (!read_zone(&p, &zone) || *p) return false;
    *out = 86400 * days_from_civil(y, mo, d) + 3600.0 * h + 60.0 * mi + s + fraction - zone;
    return true;
}

static bool read_time(const char *cell, double *out)
{
    char *end;
    if (read_date(cell, out)) return true;
    if (!isdigit((unsigned char)*cell) && !strchr("+-.", *cell)) return false; /* inf, nan, "" */
    *out = strtod(cell, &end);
    return *cell && !*end && isfinite(*out);
}

/* ---- the file ---- */

static bool names_time(const char *header)
{
    for (; *header; header++)
        if (!strncasecmp(header, "time", 4)) return true;
    return false;
}

static Status find_times(const Csv *csv, const char *column, int *out, Err *err)
{
    if (column && *column) return csv_need(csv, column, out, err);
    for (*out = 0; *out < csv_columns(csv); ++*out)
        if (names_time(csv_header(csv, *out))) return ST_OK;
    return csv_error(csv, -1, err, "no column's name contains 'time', name the one to use");
}

static Status read_times(const Csv *csv, int column, double *at, Err *err)
{
    for (int i = 0; i < csv_rows(csv); i++) {
        const char *cell = csv_cell(csv, i, column);
        if (!read_time(cell, &at[i]))
            return csv_error(csv, i, err,
                             "'%.60s' must be a number or a date such as 2023-11-16 18:15:46.68, "
                             "got '%.60s'",
                             csv_header(csv, column), cell);
        if (i && at[i] < at[i - 1])
            return csv_error(csv, i, err,
                             "'%.60s' is earlier than in the row before, sort the file",
                             csv_header(csv, column));
    }
    return ST_OK;
}

static Status read_networks(const Csv *csv, const char *const *names, int n_names, int *net,
                            Err *err)
{
    int column = csv_column(csv, "network");
    Status st = ST_OK;
    for (int i = 0; i < csv_rows(csv); i++)
        TRY(csv_enum(csv, i, column, names, n_names, &net[i], err));
fail:
    return st;
}

/* From times to gaps of mean 1; the first, from the last arrival around to the first, is a mean one. */
static Status to_gaps(const Csv *csv, ArrivalTrace *t, Err *err)
{
    double span = t->gap[t->n - 1] - t->gap[0];
    if (!(span > 0) || isinf(span))
        return csv_error(csv, -1, err, "all arrivals are at one time, no rate follows from them");
    double mean = span / (double)(t->n - 1);
    for (long i = t->n - 1; i > 0; i--) t->gap[i] = (t->gap[i] - t->gap[i - 1]) / mean;
    t->gap[0] = 1;
    return ST_OK;
}

static Status read_trace(ArrivalTrace **out, const Csv *csv, const char *column,
                         const char *const *names, int n_names, Err *err)
{
    ArrivalTrace *t = NULL;
    int times;
    Status st;

    TRY(find_times(csv, column, &times, err));
    if (csv_rows(csv) < 2) {
        st = csv_error(csv, -1, err, "a trace needs two arrivals or more, got %d", csv_rows(csv));
        goto fail;
    }
    st = ST_NOMEM;
    if (!(t = mem_calloc(1, sizeof *t))) goto fail;
    t->n = csv_rows(csv);
    if (!(t->gap = mem_calloc((size_t)t->n, sizeof *t->gap))) goto fail;
    TRY(read_times(csv, times, t->gap, err));
    TRY(to_gaps(csv, t, err));
    if (csv_column(csv, "network") >= 0) {
        st = ST_NOMEM;
        if (!(t->net = mem_calloc((size_t)t->n, sizeof *t->net))) goto fail;
        TRY(read_networks(csv, names, n_names, t->net, err));
    }
    *out = t;
    return ST_OK;
fail:
    arrival_trace_destroy(t);
    return err_set(err, st, "%.200s: %s", csv_name(csv), status_text(st));
}

Status arrival_trace_load(ArrivalTrace **out, const char *path, const char *column,
                          const char *const *names, int n_names, Err *err)
{
    Csv *csv;
    *out = NULL;
    Status st = csv_load(&csv, path, err);
    if (st == ST_OK) st = read_trace(out, csv, column, names, n_names, err);
    csv_destroy(csv);
    return st;
}

Status arrival_trace_parse(ArrivalTrace **out, const char *file, const char *text, size_t bytes,
                           const char *column, const char *const *names, int n_names, Err *err)
{
    Csv *csv;
    *out = NULL;
    Status st = csv_parse(&csv, file, text, bytes, err);
    if (st == ST_OK) st = read_trace(out, csv, column, names, n_names, err);
    csv_destroy(csv);
    return st;
}

void arrival_trace_destroy(ArrivalTrace *t)
{
    if (!t) return;
    mem_free(t->gap);
    mem_free(t->net);
    mem_free(t);
}
