/* log.c -- messages and the progress line on stderr. Each line is one write, so that lines of
 * several threads do not mix; a message clears an open progress line first, which is drawn again
 * when it is next due. */
#include "base/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };
static const double TTY_PERIOD_S = 0.2, PLAIN_PERIOD_S = 10;
#define CLEAR_LINE "\r\033[K"

static atomic_int log_level = LOG_INFO;
static atomic_bool line_open; /* a progress line without its newline is on the terminal */

void log_set_level(LogLevel level)
{
    log_level = (int)level;
}

double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void say(LogLevel level, const char *prefix, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];
    if ((int)level > log_level) return;
    vsnprintf(text, sizeof text, fmt, ap);
    bool open = atomic_exchange(&line_open, false);
    fprintf(stderr, "%s%s%s\n", open ? CLEAR_LINE : "", prefix, text);
}

void log_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(LOG_WARN, "warning: ", fmt, ap);
    va_end(ap);
}

void log_info(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(LOG_INFO, "", fmt, ap);
    va_end(ap);
}

void log_debug(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(LOG_DEBUG, "debug: ", fmt, ap);
    va_end(ap);
}

/* ---- progress ---- */

void progress_start(Progress *p, const char *what, double done, double total)
{
    double now = clock_seconds();
    *p = (Progress){.what = what, .total = total, .done0 = done, .t0 = now, .t_last = now};
    p->tty = isatty(STDERR_FILENO) == 1;
}

bool progress_due(Progress *p)
{
    if (log_level < LOG_INFO) return false;
    return clock_seconds() - p->t_last >= (p->tty ? TTY_PERIOD_S : PLAIN_PERIOD_S);
}

static void put_duration(char *out, size_t cap, double s)
{
    if (!isfinite(s))
        snprintf(out, cap, "?");
    else if (s < 10)
        snprintf(out, cap, "%.1f s", s);
    else if (s < 120)
        snprintf(out, cap, "%.0f s", s);
    else if (s < 7200)
        snprintf(out, cap, "%.0f min", s / 60);
    else
        snprintf(out, cap, "%.1f h", s / 3600);
}

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void progress_show(Progress *p, double done, const char *detail)
{
    char line[LINE_MAX_BYTES], spent[24], left[24];
    if (log_level < LOG_INFO) return;
    double now = clock_seconds(), rate = (done - p->done0) / (now - p->t0);
    put_duration(spent, sizeof spent, now - p->t0);
    put_duration(left, sizeof left, rate > 0 ? fmax(0, p->total - done) / rate : (double)INFINITY);
    double percent = p->total > 0 ? 100 * done / p->total : 100;
    int n = snprintf(line, sizeof line, "%s  %.0f %%  %s, %s left  %s", p->what, floor(percent),
                     spent, left, detail ? detail : "");
    if (n >= (int)sizeof line) n = (int)sizeof line - 1;
    while (n > 0 && line[n - 1] == ' ') line[--n] = '\0';
    p->t_last = now;
    p->shown = true;
    if (!p->tty) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    size_t columns = terminal_columns() - 1; /* a full line would wrap */
    if ((size_t)n > columns) line[columns] = '\0';
    line_open = true;
    fprintf(stderr, CLEAR_LINE "%s", line);
}

void progress_end(Progress *p)
{
    if (p->tty && p->shown && atomic_exchange(&line_open, false)) fprintf(stderr, "\n");
}
