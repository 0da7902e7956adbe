/* text.c -- strict numbers, their shortest text, and the nearest name by Damerau-Levenshtein. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double TWO_63 = 9223372036854775808.0, TWO_64 = 18446744073709551616.0;

static const char *skip_digits(const char *s)
{
    while (isdigit((unsigned char)*s)) s++;
    return s;
}

/* True if text is [+-] digits [. digits] [e [+-] digits]; *integer: it is digits alone. */
static bool is_number(const char *text, bool *integer)
{
    const char *s = text + (*text == '+' || *text == '-'), *start = s;
    s = skip_digits(s);
    long digits = s - start;
    *integer = *s == '\0';
    if (*s == '.') {
        start = ++s;
        s = skip_digits(s);
        digits += s - start;
    }
    if (digits == 0) return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        start = s += *s == '+' || *s == '-';
        s = skip_digits(s);
        if (s == start) return false;
    }
    return *s == '\0';
}

bool text_to_double(const char *text, double *out)
{
    bool integer;
    if (!is_number(text, &integer)) return false;
    double x = strtod(text, NULL);
    if (!isfinite(x)) return false;
    *out = x;
    return true;
}

bool text_to_i64(const char *text, int64_t *out)
{
    bool integer;
    if (!is_number(text, &integer)) return false;
    errno = 0;
    long long i = integer ? strtoll(text, NULL, 10) : 0;
    if (errno) return false;
    if (!integer) {
        double x = strtod(text, NULL);
        if (!(x >= -TWO_63 && x < TWO_63) || x != floor(x)) return false;
        i = (long long)x;
    }
    *out = i;
    return true;
}

bool text_to_u64(const char *text, uint64_t *out)
{
    bool integer;
    if (!is_number(text, &integer) || *text == '-') return false;
    errno = 0;
    unsigned long long u = integer ? strtoull(text, NULL, 10) : 0;
    if (errno) return false;
    if (!integer) {
        double x = strtod(text, NULL);
        if (!(x < TWO_64) || x != floor(x)) return false;
        u = (unsigned long long)x;
    }
    *out = u;
    return true;
}

static void shortest(char out[TEXT_NUMBER_MAX], double x)
{
    for (int digits = 1; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(out, TEXT_NUMBER_MAX, "%.*g", digits, x);
        if (strtod(out, NULL) == x) return;
    }
}

void text_from_double(char out[TEXT_NUMBER_MAX], double x)
{
    if (x == floor(x) && fabs(x) < 1e6) {
        snprintf(out, TEXT_NUMBER_MAX, "%.0f", x); /* 100, not 1e+02; keeps -0 */
        return;
    }
    shortest(out, x);
    char *e = strchr(out, 'e');
    if (!e || strchr(out, '.')) return;
    memmove(e + 2, e, strlen(e) + 1);
    memcpy(e, ".0", 2);
}

/* 1e12 rather than 1.0e+12: for people. */
static void compact(char out[TEXT_NUMBER_MAX], double x)
{
    text_from_double(out, x);
    char *e = strchr(out, 'e');
    if (!e) return;
    char *tail = e - out >= 2 && !strncmp(e - 2, ".0", 2) ? e - 2 : e;
    snprintf(tail, (size_t)(out + TEXT_NUMBER_MAX - tail), "e%ld", strtol(e + 1, NULL, 10));
}

void text_range(char out[TEXT_RANGE_MAX], bool whole, double lo, double hi)
{
    const char *what = whole ? "a whole number" : "a number";
    char a[TEXT_NUMBER_MAX] = "", b[TEXT_NUMBER_MAX] = "";
    bool has_lo = lo > -DBL_MAX, has_hi = hi < DBL_MAX;
    if (has_lo) compact(a, lo);
    if (has_hi) compact(b, hi);
    if (has_lo && has_hi)
        snprintf(out, TEXT_RANGE_MAX, "%s in %s..%s", what, a, b);
    else if (has_lo || has_hi)
        snprintf(out, TEXT_RANGE_MAX, "%s of at %s %s%s", what, has_lo ? "least" : "most", a, b);
    else
        snprintf(out, TEXT_RANGE_MAX, "%s", what);
}

void text_shown(char out[TEXT_SHOWN_MAX], const char *s)
{
    int n = 0;
    for (; *s && n < TEXT_SHOWN_MAX - 4; s++) {
        unsigned char c = (unsigned char)*s;
        out[n++] = c < 0x20 || c == 0x7f ? '?' : *s;
    }
    if (*s) { /* not in the middle of a character */
        while (n > 0 && ((unsigned char)*s & 0xc0) == 0x80) s--, n--;
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = '\0';
}

enum { WORD_MAX = 63 };

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment: edits with swaps of neighbours, no substring edited twice. */
static int edit_distance(const char *a, int na, const char *b, int nb)
{
    int row[3][WORD_MAX + 1]; /* rows i-2, i-1, i of the table, by turns */
    for (int j = 0; j <= nb; j++) row[0][j] = j;
    for (int i = 1; i <= na; i++) {
        int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= nb; j++) {
            now[j] = min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = min3(now[j], up2[j - 2] + 1, now[j]);
        }
    }
    return row[na % 3][nb];
}

const char *nearest_name(const char *word, const char *const *names, int n)
{
    size_t len = strlen(word);
    if (len > WORD_MAX) return NULL;
    const char *best = NULL;
    int limit = (int)(len + 2) / 3; /* a third of the word may be wrong, but not all of it */
    if (limit >= (int)len) limit = (int)len - 1;
    for (int i = 0; i < n; i++) {
        size_t m = strlen(names[i]);
        if (m > WORD_MAX) continue;
        int d = edit_distance(word, (int)len, names[i], (int)m);
        if (d > limit) continue;
        best = names[i];
        limit = d - 1;
    }
    return best;
}
