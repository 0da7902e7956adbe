/* load.c -- opens a checkpoint, lists its datasets once, and reads them into borrowed arrays. */
#include "base/mem.h"
#include "checkpoints/checkpoint_internal.h"

#include <stdio.h>
#include <string.h>

static Status bad_content(const Checkpoint *ckpt, const char *path, Err *err)
{
    return err_set(err, ST_FORMAT,
                   "'%s' is not a RELMAS checkpoint: '%s' is missing or strange; "
                   "name a file that `relmas train` wrote",
                   ckpt->path, path);
}

static Status read_failed(const Checkpoint *ckpt, const char *path, Err *err)
{
    char reason[REASON_MAX];
    return err_set(err, ST_IO, "cannot read '%s' of '%s': %s", path, ckpt->path,
                   hdf5_reason(reason));
}

/* Fills type and bytes per element; false if no checkpoint has such a type. */
static bool describe_type(CheckpointItem *item, hid_t type)
{
    item->bytes = H5Tget_size(type);
    for (int t = STATE_U8; t <= STATE_F64; t++) {
        item->type = t;
        if (H5Tequal(type, file_type(t)) > 0) return true;
    }
    item->type = CHECKPOINT_TEXT;
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
}

static bool describe_space(CheckpointItem *item, hid_t space)
{
    hsize_t dims[2] = {0, 0};
    item->rank = H5Sget_simple_extent_ndims(space);
    if (item->type == CHECKPOINT_TEXT) return item->rank == 0;
    if (item->rank < 1 || item->rank > 2) return false;
    if (H5Sget_simple_extent_dims(space, dims, NULL) < 0) return false;
    for (int d = 0; d < item->rank; d++) {
        if (dims[d] && item->bytes > (uint64_t)INT64_MAX / dims[d]) return false;
        item->bytes *= dims[d];
        item->dims[d] = (size_t)dims[d];
    }
    return true;
}

/* A dataset whose values lie in other files would be a way to read those. */
static bool values_inside(hid_t set)
{
    hid_t props = H5Dget_create_plist(set);
    if (props < 0) return false;
    H5D_layout_t layout = H5Pget_layout(props);
    bool inside =
        layout == H5D_CHUNKED || (layout == H5D_CONTIGUOUS && H5Pget_external_count(props) == 0);
    H5Pclose(props);
    return inside;
}

static bool describe(CheckpointItem *item, hid_t set)
{
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    bool ok = type >= 0 && space >= 0 && describe_type(item, type) && describe_space(item, space) &&
              values_inside(set);
    item->stored_bytes = H5Dget_storage_size(set);
    ok = ok && item->stored_bytes >= item->bytes; /* never less: reading takes time in proportion */
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return ok;
}

/* H5Ovisit callback: lists the datasets by name. Negative stops: not a checkpoint. */
static herr_t list_object(hid_t root, const char *name, const H5O_info_t *info, void *ctx)
{
    Checkpoint *ckpt = ctx;
    if (info->type == H5O_TYPE_GROUP) return 0;
    int max = (int)(sizeof ckpt->item / sizeof *ckpt->item);
    if (info->type != H5O_TYPE_DATASET || ckpt->n == max) return -1;
    CheckpointItem *item = &ckpt->item[ckpt->n];
    if (snprintf(item->path, sizeof item->path, "/%s", name) >= (int)sizeof item->path) return -1;
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
    if (set < 0) return -1;
    bool ok = describe(item, set);
    H5Dclose(set);
    ckpt->n++;
    return ok ? 0 : -1;
}

/* A text of at most cap bytes with its zero. */
static Status read_text(const Checkpoint *ckpt, const char *path, char *out, size_t cap, Err *err)
{
    const CheckpointItem *item = checkpoint_find(ckpt, path);
    if (!item || item->type != CHECKPOINT_TEXT || item->bytes > cap)
        return bad_content(ckpt, path, err);
    hid_t set = H5Dopen2(ckpt->file, path, H5P_DEFAULT);
    hid_t type = set < 0 ? -1 : H5Dget_type(set);
    Status st = ST_OK;
    if (type < 0 || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        st = read_failed(ckpt, path, err);
    else if (!memchr(out, '\0', item->bytes))
        st = bad_content(ckpt, path, err);
    if (type >= 0) H5Tclose(type);
    if (set >= 0) H5Dclose(set);
    return st;
}

static Status read_meta(Checkpoint *ckpt, Err *err)
{
    Status st;
    CheckpointMeta *m = &ckpt->meta;
    int32_t version = 0;
    StateList numbers = {.n = 2,
                         .field = {{"/meta/format_version", STATE_I32, 1, {1}, &version},
                                   {"/meta/wall_s", STATE_F64, 1, {1}, &m->wall_s}}};
    TRY(checkpoint_read(ckpt, &numbers, err));
    TRY(read_text(ckpt, "/meta/relmas_version", m->relmas_version, sizeof m->relmas_version, err));
    TRY(read_text(ckpt, "/meta/created_utc", m->created_utc, sizeof m->created_utc, err));
    TRY(read_text(ckpt, "/meta/host", m->host, sizeof m->host, err));
    m->format_version = version;
    return version >= 1 && version <= CHECKPOINT_FORMAT
               ? ST_OK
               : bad_content(ckpt, "/meta/format_version", err);
fail:
    return st;
}

static Status read_config(Checkpoint *ckpt, Err *err)
{
    const CheckpointItem *item = checkpoint_find(ckpt, "/config/yaml");
    if (!item || item->bytes > CHECKPOINT_CONFIG_MAX) return bad_content(ckpt, "/config/yaml", err);
    if (!(ckpt->config = mem_calloc(item->bytes, 1)))
        return err_set(err, ST_NOMEM, "cannot read '%s': %s", ckpt->path, status_text(ST_NOMEM));
    return read_text(ckpt, "/config/yaml", ckpt->config, item->bytes, err);
}

static Status open_hdf5(Checkpoint *ckpt, Err *err)
{
    char reason[REASON_MAX];
    hid_t access = file_access();
    if (access >= 0) ckpt->file = H5Fopen(ckpt->path, H5F_ACC_RDONLY, access);
    if (ckpt->file < 0)
        err_set(err, ST_FORMAT, "cannot read '%s': %s", ckpt->path, hdf5_reason(reason));
    if (access >= 0) H5Pclose(access);
    if (ckpt->file < 0) return ST_FORMAT;
    if (H5Ovisit2(ckpt->file, H5_INDEX_NAME, H5_ITER_INC, list_object, ckpt, H5O_INFO_BASIC) < 0)
        return bad_content(ckpt, ckpt->n ? ckpt->item[ckpt->n - 1].path : "/", err);
    return ST_OK;
}

Status checkpoint_open(Checkpoint **out, const char *path, Err *err)
{
    Status st;
    Checkpoint *ckpt = NULL;

    *out = NULL;
    TRY(seal_check(path, err));
    st = ST_NOMEM;
    if (!(ckpt = mem_calloc(1, sizeof *ckpt))) goto fail;
    ckpt->file = -1;
    st = ST_IO; /* cannot happen: a longer path could not have been opened */
    if (snprintf(ckpt->path, sizeof ckpt->path, "%s", path) >= (int)sizeof ckpt->path) goto fail;
    TRY(open_hdf5(ckpt, err));
    TRY(read_meta(ckpt, err));
    TRY(read_config(ckpt, err));
    *out = ckpt;
    return ST_OK;
fail:
    checkpoint_close(ckpt);
    return err_set(err, st, "cannot open checkpoint '%s': %s", path, status_text(st));
}

void checkpoint_close(Checkpoint *ckpt)
{
    if (!ckpt) return;
    if (ckpt->file >= 0) H5Fclose(ckpt->file);
    mem_free(ckpt->config);
    mem_free(ckpt);
}

const char *checkpoint_config(const Checkpoint *ckpt)
{
    return ckpt->config;
}

const CheckpointMeta *checkpoint_meta(const Checkpoint *ckpt)
{
    return &ckpt->meta;
}

const CheckpointItem *checkpoint_items(const Checkpoint *ckpt, int *n)
{
    *n = ckpt->n;
    return ckpt->item;
}

const CheckpointItem *checkpoint_find(const Checkpoint *ckpt, const char *path)
{
    for (int i = 0; i < ckpt->n; i++) {
        if (strcmp(ckpt->item[i].path, path) == 0) return &ckpt->item[i];
    }
    return NULL;
}

bool checkpoint_has(const Checkpoint *ckpt, const char *path)
{
    size_t n = strlen(path);
    for (int i = 0; i < ckpt->n; i++) {
        const char *p = ckpt->item[i].path;
        if (strncmp(p, path, n) == 0 && (p[n] == '\0' || p[n] == '/')) return true;
    }
    return false;
}

/* "f32 [3 x 4]" */
static const char *shape_text(char out[80], int type, int rank, const size_t dims[2])
{
    if (rank == 2)
        snprintf(out, 80, "%s [%zu x %zu]", checkpoint_type_name(type), dims[0], dims[1]);
    else if (rank == 1)
        snprintf(out, 80, "%s [%zu]", checkpoint_type_name(type), dims[0]);
    else
        snprintf(out, 80, "text");
    return out;
}

/* Format 1 had weights "W0", .. as [out x in]. Where both are the same, the shape does not tell. */
static bool means_the_same(const Checkpoint *ckpt, const CheckpointItem *item, const StateField *f)
{
    int format = ckpt->meta.format_version; /* 0: it is just being read */
    if (format == 0 || format == CHECKPOINT_FORMAT) return true;
    return item->type == (int)f->type && strncmp(strrchr(f->path, '/'), "/W", 2) != 0;
}

static Status check_field(const Checkpoint *ckpt, const StateField *f, Err *err)
{
    char have[80], want[80];
    const CheckpointItem *item = checkpoint_find(ckpt, f->path);
    if (item && !means_the_same(ckpt, item, f))
        return err_set(err, ST_FORMAT,
                       "'%s' has format %d, whose '%s' is another than that of format %d; use "
                       "the relmas that wrote it",
                       ckpt->path, ckpt->meta.format_version, f->path, CHECKPOINT_FORMAT);
    if (!item)
        return err_set(err, ST_FORMAT,
                       "'%s' has no '%s'; use a checkpoint of the same kind and configuration",
                       ckpt->path, f->path);
    if (item->type == (int)f->type && item->rank == f->rank && item->dims[0] == f->dims[0] &&
        (f->rank == 1 || item->dims[1] == f->dims[1]))
        return ST_OK;
    return err_set(err, ST_FORMAT,
                   "'%s': '%s' is %s, expected %s; use the configuration it was written with",
                   ckpt->path, f->path, shape_text(have, item->type, item->rank, item->dims),
                   shape_text(want, (int)f->type, f->rank, f->dims));
}

Status read_rows(const Checkpoint *ckpt, const CheckpointItem *item, size_t row, size_t rows,
                 void *data, Err *err)
{
    hsize_t start[2] = {row, 0}, count[2] = {rows, item->dims[1]};
    hid_t set = H5Dopen2(ckpt->file, item->path, H5P_DEFAULT);
    hid_t space = set < 0 ? -1 : H5Dget_space(set);
    hid_t memory = space < 0 ? -1 : H5Screate_simple(item->rank, count, NULL);
    Status st = ST_OK;
    if (memory < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(set, memory_type(item->type), memory, space, H5P_DEFAULT, data) < 0)
        st = read_failed(ckpt, item->path, err);
    if (memory >= 0) H5Sclose(memory);
    if (space >= 0) H5Sclose(space);
    if (set >= 0) H5Dclose(set);
    return st;
}

Status checkpoint_read(const Checkpoint *ckpt, const StateList *into, Err *err)
{
    Status st;
    for (int i = 0; i < into->n; i++) TRY(check_field(ckpt, &into->field[i], err));
    for (int i = 0; i < into->n; i++) {
        const CheckpointItem *item = checkpoint_find(ckpt, into->field[i].path);
        if (item->bytes == 0) continue;
        TRY(read_rows(ckpt, item, 0, item->dims[0], into->field[i].data, err));
    }
    return ST_OK;
fail:
    return st;
}
