/* output.c -- JSON strings (RFC 8259) and CSV cells (RFC 4180). */
#include "experiments/output.h"

#include <stdbool.h>
#include <string.h>

const char *const FORMAT_NAMES[] = {"table", "csv", "json", NULL};

int utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    int n = s[0] < 0x80                   ? 1
            : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
            : (s[0] & 0xf0) == 0xe0       ? 3
            : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                          : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    return n > 1 && (overlong || beyond) ? 0 : n;
}

void write_json_text(FILE *out, const char *text)
{
    const char *s = text;
    fputc('"', out);
    while (*s) {
        int n = utf8_length(s);
        if (n == 0) {
            fputs("\xef\xbf\xbd", out); /* the replacement character */
            n = 1;
        } else if ((unsigned char)*s < 0x20) {
            fprintf(out, "\\u%04x", (unsigned)*s);
        } else {
            if (*s == '"' || *s == '\\') fputc('\\', out);
            fwrite(s, 1, (size_t)n, out);
        }
        s += n;
    }
    fputc('"', out);
}

void print_json_text(const char *text)
{
    write_json_text(stdout, text);
}

void write_csv_text(FILE *out, const char *s)
{
    if (!s[strcspn(s, ",\"\r\n")] && *s != ' ' && (!*s || s[strlen(s) - 1] != ' ')) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"') fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

void print_csv_text(const char *s)
{
    write_csv_text(stdout, s);
}
