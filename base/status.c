/* status.c -- texts of the status codes and the error record. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *status_text(Status code)
{
    static const char *const TEXT[] = {
#define X(name, text) text,
        STATUS_LIST(X)
#undef X
    };
    unsigned i = (unsigned)code;
    return i < sizeof TEXT / sizeof *TEXT ? TEXT[i] : "unknown status";
}

/* Names from files that are quoted in a message may hold anything; a message is one line. */
static void one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

Status err_set(Err *err, Status code, const char *fmt, ...)
{
    if (err && err->code == ST_OK) {
        va_list ap;
        err->code = code;
        va_start(ap, fmt);
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        one_line(err->msg);
    }
    return code;
}
