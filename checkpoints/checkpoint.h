/* checkpoint.h -- saves and loads StateLists with the effective config in HDF5; see FORMAT.md.
 * Files: replaced atomically (temporary, fsync, rename, fsync of the folder) and sealed by a
 * checksum over every byte, so a damaged file is refused before HDF5 parses it. Bytes: the same
 * state gives the same file, but for /meta and the checksum. Memory: reading allocates a fixed-size
 * handle and the config text (<= 1 MB); arrays are the caller's. HDF5's own allocations are its
 * own. Threads: one at a time in the whole process, as HDF5 asks. HDF5's printing of errors is
 * turned off. */
#ifndef RELMAS_CHECKPOINTS_CHECKPOINT_H
#define RELMAS_CHECKPOINTS_CHECKPOINT_H

#include "base/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHECKPOINT_FORMAT = 2,           /* version written; read: 1..this */
    CHECKPOINT_CONFIG_MAX = 1 << 20, /* bytes of config text, final zero included */
    CHECKPOINT_PATH_MAX = 4096,      /* bytes of a file's path */
    CHECKPOINT_TEXT = -1,            /* CheckpointItem.type of a text */
};

/* All that depends on when and where a file was written. */
typedef struct CheckpointMeta {
    int format_version;
    char relmas_version[32];
    char created_utc[32]; /* 2026-01-31T23:59:59Z; from SOURCE_DATE_EPOCH if that is set */
    char host[64];
    double wall_s; /* as given to checkpoint_save */
} CheckpointMeta;

/* One dataset of a file. */
typedef struct CheckpointItem {
    char path[STATE_PATH_MAX];
    int type; /* StateType or CHECKPOINT_TEXT */
    int rank; /* 0 (text), 1 or 2 */
    size_t dims[2];
    uint64_t bytes, stored_bytes; /* of the values; in the file */
} CheckpointItem;

typedef struct Checkpoint Checkpoint; /* an open file */

/* Writes path anew. config_text is stored as it is. On failure path is as it was:
 * ST_IO (cannot write), ST_CONFIG (config text too long); only if the last step, the folder's sync,
 * fails (ST_IO) is the new file already there. */
Status checkpoint_save(const char *path, const char *config_text, const StateList *state,
                       double wall_s, Err *err);

/* Checks every byte of path and opens it. Caller owns *out; on failure *out = NULL: ST_IO (cannot
 * read), ST_FORMAT (damaged, foreign or newer: the message says which and what to do), ST_NOMEM. */
Status checkpoint_open(Checkpoint **out, const char *path, Err *err);
void checkpoint_close(Checkpoint *ckpt); /* NULL allowed */

/* Borrowed until checkpoint_close. */
const char *checkpoint_config(const Checkpoint *ckpt); /* never NULL */
const CheckpointMeta *checkpoint_meta(const Checkpoint *ckpt);
const CheckpointItem *checkpoint_items(const Checkpoint *ckpt, int *n); /* sorted by path */
const CheckpointItem *checkpoint_find(const Checkpoint *ckpt, const char *path); /* NULL: absent */
/* True if path ("/learner" or "/learner/step") is a dataset or a group that holds one. */
bool checkpoint_has(const Checkpoint *ckpt, const char *path);
const char *checkpoint_type_name(int type); /* "u8" "u16" "i32" "u64" "f32" "f64" "text" */

/* Fills the arrays of `into`. Each field must be in the file with this type and these dims, else
 * ST_FORMAT and nothing is written; other fields of the file are ignored. Only if the disk fails
 * between checkpoint_open and the end of this call (ST_IO) may arrays hold a part. */
Status checkpoint_read(const Checkpoint *ckpt, const StateList *into, Err *err);

/* Compares all but /meta, bit by bit. If *same is false, where[] (NULL allowed) names the first
 * dataset that differs. Fails as checkpoint_open does. */
Status checkpoint_same(const char *a, const char *b, bool *same, char where[STATE_PATH_MAX],
                       Err *err);

/* Run folders. DIR/step-000123456.h5 into out[cap]; ST_IO if it does not fit. */
Status checkpoint_step_path(char *out, size_t cap, const char *dir, uint64_t step, Err *err);
/* Deletes all but the `keep` (>= 1) highest-numbered DIR/step-*.h5, and temporaries of processes
 * that are gone. Other names (best.h5) are never touched. ST_IO, ST_NOMEM. */
Status checkpoint_rotate(const char *dir, int keep, Err *err);
/* Path of the highest-numbered usable DIR/step-*.h5 into out[cap]. Unusable ones are passed over;
 * *skipped (NULL allowed, start from {0}) says why the first was. ST_IO if none is usable,
 * ST_NOMEM. */
Status checkpoint_latest(char *out, size_t cap, const char *dir, Err *skipped, Err *err);

#endif
