/* same.c -- compares two checkpoints, all but /meta: what "resume is bit-exact" means. */
#include "base/mem.h"
#include "checkpoints/checkpoint_internal.h"

#include <stdio.h>
#include <string.h>

static bool is_meta(const CheckpointItem *item)
{
    return strncmp(item->path, "/meta/", 6) == 0;
}

static bool same_shape(const CheckpointItem *a, const CheckpointItem *b)
{
    return strcmp(a->path, b->path) == 0 && a->type == b->type && a->rank == b->rank &&
           a->dims[0] == b->dims[0] && a->dims[1] == b->dims[1] && a->bytes == b->bytes;
}

/* Values a few rows at a time, so that large replays need little memory. */
static Status same_values(const Checkpoint *a, const Checkpoint *b, const CheckpointItem *item,
                          bool *same, Err *err)
{
    Status st;
    size_t chunk[2];
    size_t row_bytes = item->bytes / item->dims[0];
    chunk_dims(chunk, item->rank, item->dims, state_type_bytes((StateType)item->type));
    size_t step = chunk[0];
    char *buf = mem_calloc(2 * step, row_bytes);

    st = ST_NOMEM;
    if (!buf) goto fail;
    for (size_t row = 0; *same && row < item->dims[0]; row += step) {
        size_t rows = item->dims[0] - row < step ? item->dims[0] - row : step;
        TRY(read_rows(a, item, row, rows, buf, err));
        TRY(read_rows(b, item, row, rows, buf + step * row_bytes, err));
        *same = memcmp(buf, buf + step * row_bytes, rows * row_bytes) == 0;
    }
    st = ST_OK;
fail:
    mem_free(buf);
    return st == ST_OK ? ST_OK : err_set(err, st, "cannot compare: %s", status_text(st));
}

static Status same_item(const Checkpoint *a, const Checkpoint *b, const CheckpointItem *x,
                        const CheckpointItem *y, bool *same, Err *err)
{
    *same = same_shape(x, y);
    if (!*same || x->bytes == 0) return ST_OK;
    if (x->type != CHECKPOINT_TEXT) return same_values(a, b, x, same, err);
    *same = strcmp(a->config, b->config) == 0; /* the only text outside /meta */
    return ST_OK;
}

/* The first item at or after i that counts, NULL at the end. */
static const CheckpointItem *next_item(const Checkpoint *ckpt, int *i)
{
    while (*i < ckpt->n && is_meta(&ckpt->item[*i])) ++*i;
    return *i < ckpt->n ? &ckpt->item[*i] : NULL;
}

Status checkpoint_same(const char *a, const char *b, bool *same, char where[STATE_PATH_MAX],
                       Err *err)
{
    Checkpoint *ca = NULL, *cb = NULL;
    Status st;

    *same = true;
    TRY(checkpoint_open(&ca, a, err));
    TRY(checkpoint_open(&cb, b, err));
    for (int i = 0, j = 0; *same; i++, j++) {
        const CheckpointItem *x = next_item(ca, &i), *y = next_item(cb, &j);
        if (!x && !y) break;
        if (x && y)
            TRY(same_item(ca, cb, x, y, same, err));
        else
            *same = false;
        if (!*same && where) snprintf(where, STATE_PATH_MAX, "%s", (x ? x : y)->path);
    }
fail:
    checkpoint_close(ca);
    checkpoint_close(cb);
    return st;
}
