/* names.c -- lists of names, the user's and the shipped ones, and of numbers. */
#include "experiments/names.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

#include <string.h>

/* Blanks around a name are not part of it. */
static Status cut_name(char name[PATH_MAX_BYTES], const char *from, size_t n)
{
    while (n > 0 && *from == ' ') from++, n--;
    while (n > 0 && from[n - 1] == ' ') n--;
    if (n == 0 || n >= PATH_MAX_BYTES) return ST_USAGE;
    memcpy(name, from, n);
    name[n] = '\0';
    return ST_OK;
}

Status each_name(const char *option, const char *names, TakeName *take, void *ctx, Err *err)
{
    for (const char *p = names;; p++) {
        char name[PATH_MAX_BYTES];
        size_t n = strcspn(p, ",");
        if (cut_name(name, p, n) != ST_OK)
            return err_set(err, ST_USAGE, "%s '%.200s': %s", option, names,
                           n >= sizeof name ? "a name is too long"
                                            : "a name is empty, separate them by commas");
        Status st = take(ctx, name, err);
        if (st != ST_OK) return st;
        p += n;
        if (!*p) return ST_OK;
    }
}

Status number_list(const char *option, const char *text, double lo, double hi, int most,
                   const char *example, double *out, int *n, Err *err)
{
    *n = 0;
    for (const char *p = text;; p++) {
        char word[TEXT_NUMBER_MAX];
        size_t length = strcspn(p, ",");
        double v = 0;
        if (length < sizeof word) {
            memcpy(word, p, length);
            word[length] = '\0';
        }
        if (length >= sizeof word || !text_to_double(word, &v) || !(v >= lo && v <= hi) ||
            *n == most)
            return err_set(err, ST_USAGE, "%s '%.200s': give 1 to %d numbers in %g..%g, e.g. %s",
                           option, text, most, lo, hi, example);
        out[(*n)++] = v;
        p += length;
        if (!*p) return ST_OK;
    }
}

Status each_shipped(const char *folder, TakeName *take, void *ctx, Err *err)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    Status st = path_list(&names, &n, folder, ".yaml", err);
    for (int i = 0; st == ST_OK && i < n; i++) st = take(ctx, names[i], err);
    mem_free(names);
    return st;
}
