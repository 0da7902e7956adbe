/* mutate.c -- the edits that mutate.h lists. */
#include "tests/support/mutate.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static size_t below(Rng *rng, size_t bound)
{
    return bound ? rng_below(rng, (uint32_t)bound) : 0;
}

/* Replaces text[at, at + old) by with[len], if it fits. with may not lie in text. */
static void replace(char *text, size_t *n, size_t cap, size_t at, size_t old, const char *with,
                    size_t len)
{
    if (*n - old + len > cap) return;
    memmove(text + at + len, text + at + old, *n - at - old);
    memcpy(text + at, with, len);
    *n = *n - old + len;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The word or number at or after a random place; *len = 0 if there is none. */
static size_t random_word(const char *text, size_t n, bool number, size_t *len, Rng *rng)
{
    size_t at = below(rng, n), end;
    while (at > 0 && in_word(text[at - 1])) at--;
    while (at < n && !(number ? isdigit((unsigned char)text[at]) : in_word(text[at]))) at++;
    for (end = at; end < n && in_word(text[end]); end++) {
    }
    *len = end - at;
    return at;
}

static void edit_number(char *text, size_t *n, size_t cap, Rng *rng)
{
    static const char *const AWKWARD[] = {
        "0",   "-1",   "1",  "7",   "65536",  "1048576",    "1e9",
        "nan", "2.5",  "[]", "[3]", "[1, 2]", "2147483648", "99999999999999999999",
        "{}",  "\"3\""};
    size_t len, at = random_word(text, *n, true, &len, rng);
    const char *with = AWKWARD[rng_below(rng, sizeof AWKWARD / sizeof *AWKWARD)];
    replace(text, n, cap, at, len, with, strlen(with));
}

static void edit_word(char *text, size_t *n, size_t cap, Rng *rng)
{
    char word[64];
    size_t len, old, from = random_word(text, *n, false, &len, rng);
    if (len > sizeof word) len = sizeof word;
    memcpy(word, text + from, len);
    size_t at = random_word(text, *n, false, &old, rng);
    replace(text, n, cap, at, old, word, len);
}

static void repeat_stretch(char *text, size_t *n, size_t cap, Rng *rng)
{
    char copy[200];
    size_t at = below(rng, *n), len = below(rng, *n - at < sizeof copy ? *n - at : sizeof copy);
    memcpy(copy, text + at, len);
    replace(text, n, cap, below(rng, *n), 0, copy, len);
}

/* Moves the line at a random place to another. */
static void move_line(char *text, size_t *n, size_t cap, Rng *rng)
{
    char line[200];
    size_t at = below(rng, *n), len = 0;
    while (at > 0 && text[at - 1] != '\n') at--;
    while (at + len < *n && len < sizeof line && (len == 0 || text[at + len - 1] != '\n')) len++;
    memcpy(line, text + at, len);
    replace(text, n, cap, at, len, "", 0);
    size_t to = below(rng, *n);
    while (to > 0 && text[to - 1] != '\n') to--;
    replace(text, n, cap, to, 0, line, len);
}

static void edit_byte(char *text, size_t *n, size_t cap, Rng *rng)
{
    static const char BYTES[] = "{}[]:,-#&*!|>'\"%@ \n\t0a\\\x01\x80\xff";
    replace(text, n, cap, below(rng, *n), 1, &BYTES[rng_below(rng, sizeof BYTES)], 1);
}

void mutate_text(char *text, size_t *n, size_t cap, Rng *rng)
{
    for (uint32_t edits = 1 + rng_below(rng, 4); edits > 0 && *n > 0; edits--) {
        size_t at = below(rng, *n);
        switch (rng_below(rng, 12)) {
        case 0:
            edit_byte(text, n, cap, rng);
            break;
        case 1:
            replace(text, n, cap, at, below(rng, *n - at < 80 ? *n - at : 80), "", 0);
            break;
        case 2:
            repeat_stretch(text, n, cap, rng);
            break;
        case 3:
        case 4:
            move_line(text, n, cap, rng);
            break;
        case 5:
            *n = at;
            break;
        case 6:
        case 7:
        case 8:
            edit_word(text, n, cap, rng);
            break;
        default:
            edit_number(text, n, cap, rng);
            break;
        }
    }
}
