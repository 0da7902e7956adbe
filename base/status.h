/* status.h -- how a call reports that it failed.
 * Outside input (files, flags, memory) returns a Status and fills an Err;
 * our own mistakes are asserts. */
#ifndef RELMAS_BASE_STATUS_H
#define RELMAS_BASE_STATUS_H

#define STATUS_LIST(X)                                                                             \
    X(ST_OK, "ok")                                                                                 \
    X(ST_NOMEM, "out of memory")                                                                   \
    X(ST_CONFIG, "bad configuration")                                                              \
    X(ST_FORMAT, "bad file")                                                                       \
    X(ST_IO, "file error")                                                                         \
    X(ST_USAGE, "bad usage")                                                                       \
    X(ST_SOLVER, "solver failed")

typedef enum {
#define X(name, text) name,
    STATUS_LIST(X)
#undef X
} Status;

/* One line for the user: lower case, no full stop, the subject quoted, the fix last. Start from {0}. */
typedef struct Err {
    Status code;
    char msg[512];
} Err;

/* Fixed text of a code, never NULL. */
const char *status_text(Status code);

/* Records code and message unless *err already holds one (the first report wins); control characters
 * become '?'. err may be NULL. Returns code, so that `return err_set(...)` reads well. */
Status err_set(Err *err, Status code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* For functions with `Status st` and a label `fail`. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((st = (call)) != ST_OK) goto fail;                                                     \
    } while (0)

#endif
