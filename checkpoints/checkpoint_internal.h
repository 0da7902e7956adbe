/* checkpoint_internal.h -- what the files of checkpoints/ share: the seal and the HDF5 helpers. */
#ifndef RELMAS_CHECKPOINTS_CHECKPOINT_INTERNAL_H
#define RELMAS_CHECKPOINTS_CHECKPOINT_INTERNAL_H

#define H5_USE_110_API /* the same names with HDF5 1.12 and later */
#include "checkpoints/checkpoint.h"

#include <hdf5.h>

enum {
    SEAL_BYTES = 512, /* HDF5 user block: the smallest that HDF5 allows */
    CHUNK_BYTES = 1 << 20,
    REASON_MAX = 160,
};

/* Seals fd, a file with SEAL_BYTES unused bytes in front; path names it in messages. ST_IO. */
Status seal_write(int fd, const char *path, Err *err);
/* Checks size and checksum of path and the format's version. ST_IO, ST_FORMAT. */
Status seal_check(const char *path, Err *err);

/* File access: fixed library version (fixed bytes), no locks (they fail on network folders), and a
 * close that closes everything. Negative on failure, as HDF5 does. Also silences HDF5. */
hid_t file_access(void);
hid_t file_type(int type);   /* little-endian type on disk, borrowed */
hid_t memory_type(int type); /* native type, borrowed */
/* The most specific text of HDF5's last failure; call it before any other HDF5 function. */
const char *hdf5_reason(char out[REASON_MAX]);
/* Elements of a chunk along each dim (none 0): as many whole rows as CHUNK_BYTES holds; parts of a
 * row only where one row is more. chunk[1] is 1 for rank 1. */
void chunk_dims(size_t chunk[2], int rank, const size_t dims[2], size_t elem_bytes);

struct Checkpoint {
    char path[CHECKPOINT_PATH_MAX];
    hid_t file; /* negative: not open */
    CheckpointMeta meta;
    char *config;
    int n;
    CheckpointItem item[STATE_MAX_FIELDS + 8];
};

/* Rows [row, row + rows) of an item into data, in the native type. */
Status read_rows(const Checkpoint *ckpt, const CheckpointItem *item, size_t row, size_t rows,
                 void *data, Err *err);

#endif
