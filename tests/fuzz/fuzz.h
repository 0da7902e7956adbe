/* fuzz.h -- what the fuzz targets share. Each fuzz_NAME.c defines the one function that libFuzzer
 * calls with an input; replay.c calls it with the kept ones (corpus/NAME). README.md */
#ifndef RELMAS_TESTS_FUZZ_FUZZ_H
#define RELMAS_TESTS_FUZZ_FUZZ_H

#include "base/mem.h"
#include "base/status.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds with any compiler flags; a failure is a crash, which is what both callers report. */
#define fuzz_check(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Input is either taken, or refused as a bad file in one line. */
static inline void fuzz_check_outcome(Status st, const Err *err, const void *result)
{
    fuzz_check(st == ST_OK || st == ST_FORMAT);
    fuzz_check((st == ST_OK) == (result != NULL));
    fuzz_check(st == ST_OK || (err->msg[0] && !strchr(err->msg, '\n')));
}

/* For readers of files only: each input becomes the one file at this path, which is removed at exit. */
static char fuzz_path[64];

static inline void fuzz_remove_file(void)
{
    unlink(fuzz_path);
}

static inline void fuzz_write_file(const char *suffix, const uint8_t *data, size_t size)
{
    if (!*fuzz_path) {
        snprintf(fuzz_path, sizeof fuzz_path, "/tmp/relmas-fuzz-%ld%s", (long)getpid(), suffix);
        atexit(fuzz_remove_file);
    }
    FILE *f = fopen(fuzz_path, "wb");
    fuzz_check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

#endif
