/* log.h -- chatter on stderr: levels, and a progress line with rate and ETA.
 * On a terminal the progress line is redrawn in place (at most 5 times a second); elsewhere a plain
 * line is printed every 10 s, so that logs stay readable. Results never come through here. */
#ifndef RELMAS_BASE_LOG_H
#define RELMAS_BASE_LOG_H

#include <stdbool.h>

typedef enum { LOG_QUIET, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;

void log_set_level(LogLevel level); /* default LOG_INFO */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

double clock_seconds(void); /* monotonic */

typedef struct Progress {
    const char *what;    /* e.g. "train" */
    double total, done0; /* units of work, and how many were done at the start */
    double t0, t_last;   /* seconds */
    bool tty, shown;
} Progress;

void progress_start(Progress *p, const char *what, double done, double total);
/* True when a new line is due; then the caller formats its own fields and calls progress_show. */
bool progress_due(Progress *p);
/* "train  43 %  12.1 s, 17 s left  <detail>" */
void progress_show(Progress *p, double done, const char *detail);
void progress_end(Progress *p); /* leaves the last line on the screen */

#endif
