/* save.c -- writes a checkpoint: HDF5 into a temporary next to the target, the seal, then rename.
 */
#include "checkpoints/checkpoint_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_BYTES = 1 << 16 }; /* more than a file without fields takes */

/* What writing one file needs everywhere. Negative ids: not made yet. */
typedef struct Writer {
    hid_t file, groups; /* groups: creation properties of a group */
    int fd;             /* of the temporary */
    const char *path;   /* the target, for messages */
    const char *tmp;
    Err *err;
} Writer;

static Status write_failed(const Writer *w)
{
    char reason[REASON_MAX];
    return err_set(w->err, ST_IO, "cannot write '%s': %s", w->path, hdf5_reason(reason));
}

static size_t field_elements(const StateField *f)
{
    return f->dims[0] * (f->rank == 2 ? f->dims[1] : 1);
}

/* Makes the groups above path, "/a" and "/a/b" for "/a/b/c". */
static Status make_groups(const Writer *w, const char *path)
{
    char prefix[STATE_PATH_MAX];
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        snprintf(prefix, sizeof prefix, "%.*s", (int)(p - path), path);
        htri_t there = H5Lexists(w->file, prefix, H5P_DEFAULT);
        if (there > 0) continue;
        hid_t group =
            there < 0 ? -1 : H5Gcreate2(w->file, prefix, H5P_DEFAULT, w->groups, H5P_DEFAULT);
        if (group < 0) return write_failed(w);
        H5Gclose(group);
    }
    return ST_OK;
}

/* Creates and fills a dataset, then closes space and props (negative: their creation failed). */
static Status put(const Writer *w, const char *path, hid_t disk, hid_t memory, hid_t space,
                  hid_t props, const void *data)
{
    hid_t set = -1;
    Status st = make_groups(w, path);
    if (st == ST_OK &&
        (space < 0 || props < 0 || H5Pset_obj_track_times(props, false) < 0 ||
         (set = H5Dcreate2(w->file, path, disk, space, H5P_DEFAULT, props, H5P_DEFAULT)) < 0 ||
         H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        st = write_failed(w);
    if (set >= 0) H5Dclose(set);
    if (space >= 0) H5Sclose(space);
    if (props >= 0) H5Pclose(props);
    return st;
}

/* Chunks carry checksums of their own, so that other readers notice damage too. No compression:
 * replayed features hardly shrink, and saving must not stop the training. */
static Status put_field(const Writer *w, const StateField *f)
{
    hsize_t dims[2] = {f->dims[0], f->dims[1]};
    hid_t space = H5Screate_simple(f->rank, dims, NULL);
    hid_t props = H5Pcreate(H5P_DATASET_CREATE);
    if (props >= 0 && field_elements(f) > 0) {
        size_t c[2];
        chunk_dims(c, f->rank, f->dims, state_type_bytes(f->type));
        hsize_t chunk[2] = {c[0], c[1]};
        if (H5Pset_chunk(props, f->rank, chunk) < 0 || H5Pset_fletcher32(props) < 0) {
            H5Pclose(props);
            props = -1;
        }
    }
    return put(w, f->path, file_type(f->type), memory_type(f->type), space, props, f->data);
}

/* A zero-terminated UTF-8 string that occupies `bytes` in the file. */
static Status put_text(const Writer *w, const char *path, const char *text, size_t bytes)
{
    Status st = ST_IO;
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0 || H5Tset_size(type, bytes) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)
        st = write_failed(w);
    else
        st = put(w, path, type, type, H5Screate(H5S_SCALAR), H5Pcreate(H5P_DATASET_CREATE), text);
    if (type >= 0) H5Tclose(type);
    return st;
}

/* SOURCE_DATE_EPOCH (seconds, reproducible-builds.org) stands for the clock where it is set. */
static void format_time(char out[32])
{
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    time_t now = fixed ? (time_t)strtoll(fixed, &end, 10) : 0;
    struct tm utc;
    if (!fixed || end == fixed || *end) now = time(NULL);
    if (!gmtime_r(&now, &utc) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc)) out[0] = '\0';
}

/* Fixed sizes, so that when and where moves no other byte of the file. */
static Status put_meta(const Writer *w, double wall_s)
{
    Status st;
    int32_t format = CHECKPOINT_FORMAT;
    CheckpointMeta m = {.relmas_version = RELMAS_VERSION};
    StateField version = {"/meta/format_version", STATE_I32, 1, {1}, &format};
    StateField wall = {"/meta/wall_s", STATE_F64, 1, {1}, &wall_s};

    format_time(m.created_utc);
    if (gethostname(m.host, sizeof m.host - 1)) m.host[0] = '\0';
    TRY(put_field(w, &version));
    TRY(put_text(w, "/meta/relmas_version", m.relmas_version, sizeof m.relmas_version));
    TRY(put_text(w, "/meta/created_utc", m.created_utc, sizeof m.created_utc));
    TRY(put_text(w, "/meta/host", m.host, sizeof m.host));
    TRY(put_field(w, &wall));
    return ST_OK;
fail:
    return st;
}

/* An upper bound of what a field takes: its chunks, all of full size, their index, its header. */
static size_t stored_bound(const StateField *f)
{
    size_t c[2], elem = state_type_bytes(f->type);
    if (field_elements(f) == 0) return 8192;
    chunk_dims(c, f->rank, f->dims, elem);
    size_t cols = f->rank == 2 ? f->dims[1] : 1;
    size_t chunks = ((f->dims[0] - 1) / c[0] + 1) * ((cols - 1) / c[1] + 1);
    return chunks * (c[0] * c[1] * elem + 256) + 8192;
}

/* HDF5 1.10 may crash when the disk is full while it closes a file, so it never gets there:
 * the file system sets the bytes aside beforehand. */
static Status reserve(const Writer *w, size_t bytes)
{
    int e = posix_fallocate(w->fd, 0, (off_t)bytes);
    if (e != ENOSPC && e != EFBIG && e != EDQUOT && e != EIO) return ST_OK;
    return err_set(w->err, ST_IO, "cannot write '%s' (%zu bytes): %s", w->path, bytes, strerror(e));
}

/* Makes an empty HDF5 file with room for the seal in front. */
static Status create_empty(const Writer *w, hid_t access)
{
    Status st = ST_OK;
    hid_t file = -1, create = H5Pcreate(H5P_FILE_CREATE);
    if (create < 0 || H5Pset_obj_track_times(create, false) < 0 || /* of the root group */
        H5Pset_userblock(create, SEAL_BYTES) < 0 ||
        (file = H5Fcreate(w->tmp, H5F_ACC_TRUNC, create, access)) < 0 || H5Fclose(file) < 0)
        st = write_failed(w);
    if (create >= 0) H5Pclose(create);
    return st;
}

/* Opens the HDF5 file to be filled, with `bytes` set aside; closing it cuts off what it did not
 * use. */
static Status create_file(Writer *w, size_t bytes)
{
    Status st;
    hid_t access = file_access();
    w->groups = H5Pcreate(H5P_GROUP_CREATE);
    st = ST_IO;
    if (access < 0 || w->groups < 0 || H5Pset_obj_track_times(w->groups, false) < 0) goto fail;
    TRY(reserve(w, SMALL_BYTES)); /* creating truncates, so the full size must wait */
    TRY(create_empty(w, access));
    TRY(reserve(w, bytes));
    if ((w->file = H5Fopen(w->tmp, H5F_ACC_RDWR, access)) < 0) st = ST_IO;
fail:
    if (st != ST_OK) write_failed(w);
    if (access >= 0) H5Pclose(access);
    return st;
}

static Status write_hdf5(Writer *w, const char *config_text, const StateList *state, double wall_s)
{
    Status st;
    size_t bytes = SMALL_BYTES + strlen(config_text);
    for (int i = 0; i < state->n; i++) bytes += stored_bound(&state->field[i]);
    TRY(create_file(w, bytes));
    TRY(put_text(w, "/config/yaml", config_text, strlen(config_text) + 1));
    for (int i = 0; i < state->n; i++) {
        const StateField *f = &state->field[i];
        assert(f->path[0] == '/' && strncmp(f->path, "/meta/", 6) != 0);
        TRY(put_field(w, f));
    }
    TRY(put_meta(w, wall_s));
fail:
    if (w->file >= 0 && H5Fclose(w->file) < 0 && st == ST_OK) st = write_failed(w);
    if (w->groups >= 0) H5Pclose(w->groups);
    return st;
}

static Status sync_folder(const char *path, Err *err)
{
    char dir[CHECKPOINT_PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(dir, sizeof dir, ".");
    else
        snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system whose folders cannot be synced. */
    bool bad = fd < 0 || (fsync(fd) && errno != EINVAL);
    if (bad) err_set(err, ST_IO, "cannot sync folder '%s': %s", dir, strerror(errno));
    if (fd >= 0) close(fd);
    return bad ? ST_IO : ST_OK;
}

static Status open_temporary(Writer *w)
{
    struct stat info;
    if (stat(w->path, &info) == 0 && S_ISDIR(info.st_mode))
        return err_set(w->err, ST_IO, "cannot write '%s': it is a folder; name a file", w->path);
    if ((w->fd = open(w->tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0)
        return err_set(w->err, ST_IO, "cannot write '%s': %s", w->path, strerror(errno));
    return ST_OK;
}

static Status publish(const Writer *w)
{
    if (fsync(w->fd) || rename(w->tmp, w->path))
        return err_set(w->err, ST_IO, "cannot write '%s': %s", w->path, strerror(errno));
    return sync_folder(w->path, w->err);
}

Status checkpoint_save(const char *path, const char *config_text, const StateList *state,
                       double wall_s, Err *err)
{
    char tmp[CHECKPOINT_PATH_MAX];
    Writer w = {-1, -1, -1, path, tmp, err};
    Status st;

    if (strlen(config_text) >= CHECKPOINT_CONFIG_MAX)
        return err_set(err, ST_CONFIG, "cannot write '%s': the configuration exceeds %d bytes",
                       path, CHECKPOINT_CONFIG_MAX);
    if (snprintf(tmp, sizeof tmp, "%s.tmp-%ld", path, (long)getpid()) >= (int)sizeof tmp)
        return err_set(err, ST_IO, "cannot write '%.200s...': the path is too long", path);
    TRY(open_temporary(&w));
    TRY(write_hdf5(&w, config_text, state, wall_s));
    TRY(seal_write(w.fd, path, err));
    TRY(publish(&w));
fail:
    if (w.fd >= 0) close(w.fd);
    if (w.fd >= 0 && st != ST_OK) unlink(tmp);
    return st;
}
