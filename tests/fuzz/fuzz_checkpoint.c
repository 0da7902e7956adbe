/* fuzz_checkpoint.c -- checkpoints and frozen policies. The first byte of an input says what the rest is:
 *   'F'   the file;
 *   else  edits of a good file, made by HDF5 itself and then sealed: datasets of any type, shape,
 *         layout and contents in place of those that a reader looks for, links in place of groups.
 * What is accepted lists items that are sound, and what is read is all of the right type and shape or
 * nothing. Bytes that HDF5 parses are not mutated: the seal keeps such files from it (FORMAT.md). */
#include "checkpoints/checkpoint_internal.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdbool.h>

enum { ROWS = 3, COLS = 4, EDITS = 8, GOOD_BYTES = 1 << 16, VALUES = 4096 };

/* --- the good file --- */

typedef struct Weights {
    float W0[ROWS][COLS], b0[ROWS];
} Weights;

static StateList list_of(Weights *w)
{
    StateList l = {0};
    state_add(&l, "/policy/W0", STATE_F32, ROWS, COLS, w->W0);
    state_add(&l, "/policy/b0", STATE_F32, ROWS, 0, w->b0);
    return l;
}

static size_t good_file(uint8_t *out)
{
    static Weights zero;
    StateList list = list_of(&zero);
    fuzz_write_file(".h5", out, 0);
    fuzz_check(checkpoint_save(fuzz_path, "seed: 7\n", &list, 1.5, NULL) == ST_OK);
    FILE *f = fopen(fuzz_path, "rb");
    fuzz_check(f != NULL);
    size_t n = fread(out, 1, GOOD_BYTES, f);
    fuzz_check(fclose(f) == 0 && n < GOOD_BYTES);
    return n;
}

/* --- edits --- */

typedef struct Input {
    const uint8_t *at, *end;
} Input;

static unsigned take(Input *in, unsigned below)
{
    return in->at < in->end ? *in->at++ % below : 0;
}

static hid_t take_type(Input *in)
{
    const hid_t types[] = {H5T_STD_U8LE,   H5T_STD_I32LE, H5T_STD_U64LE,  H5T_IEEE_F32LE,
                           H5T_IEEE_F64LE, H5T_STD_I16BE, H5T_IEEE_F32BE, H5T_STD_REF_OBJ};
    unsigned kind = take(in, 12);
    if (kind < 8) return H5Tcopy(types[kind]);
    if (kind == 8) return H5Tcreate(H5T_OPAQUE, 1 + take(in, 64));
    if (kind == 9) return H5Tarray_create2(H5T_STD_U8LE, 1, (hsize_t[]){1 + take(in, 64)});
    hid_t text = H5Tcopy(H5T_C_S1);
    if (kind == 10)
        H5Tset_size(text, H5T_VARIABLE);
    else
        H5Tset_size(text, 1 + take(in, 64) + 16 * (size_t)take(in, 128));
    return text;
}

static hid_t take_space(Input *in)
{
    static const hsize_t SIZE[] = {0, 1, ROWS, COLS, 13, 64, (hsize_t)1 << 31, (hsize_t)1 << 60};
    hsize_t dims[3];
    unsigned rank = take(in, 5);
    if (rank == 4) return H5Screate(H5S_NULL);
    for (unsigned d = 0; d < rank; d++) dims[d] = SIZE[take(in, 8)];
    return rank ? H5Screate_simple((int)rank, dims, NULL) : H5Screate(H5S_SCALAR);
}

static hid_t take_layout(Input *in)
{
    hid_t props = H5Pcreate(H5P_DATASET_CREATE);
    unsigned kind = take(in, 8);
    H5Pset_fill_time(props, H5D_FILL_TIME_NEVER);
    if (kind == 1) H5Pset_layout(props, H5D_COMPACT);
    if (kind == 2) H5Pset_external(props, "/dev/zero", 0, 48);
    if (kind >= 3) {
        unsigned rank = 1 + take(in, 3);
        H5Pset_chunk(props, (int)rank, (hsize_t[]){1 + take(in, 8), 1 + take(in, 8), 2});
    }
    if (kind == 4) H5Pset_fletcher32(props);
    if (kind == 5) H5Pset_shuffle(props);
    return props;
}

static void put_values(hid_t set, hid_t type, hid_t space, Input *in)
{
    static uint8_t value[VALUES];
    hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t each = H5Tget_size(type);
    if (n < 1 || n > VALUES || each * (size_t)n > VALUES || H5Tis_variable_str(type) != 0 ||
        H5Tequal(type, H5T_STD_REF_OBJ) != 0)
        return;
    for (size_t i = 0; i < each * (size_t)n; i++) value[i] = (uint8_t)take(in, 256);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value);
}

static void put_dataset(hid_t file, const char *path, Input *in)
{
    hid_t type = take_type(in), space = take_space(in), layout = take_layout(in);
    hid_t set = H5Dcreate2(file, path, type, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    if (set >= 0) {
        put_values(set, type, space, in);
        H5Dclose(set);
    }
    H5Pclose(layout);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_group(hid_t file, const char *path)
{
    hid_t group = H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group >= 0) H5Gclose(group);
}

/* A path of a checkpoint has at most 63 bytes. */
static const char LONG_PATH[] =
    "/a name of more than sixty-four bytes, which is more than paths have";

static const char *take_path(Input *in)
{
    static const char *const PATH[] = {"/config/yaml", "/meta/format_version",
                                       "/meta/wall_s", "/meta/relmas_version",
                                       "/meta/host",   "/meta/created_utc",
                                       "/policy/W0",   "/policy/b0",
                                       "/policy/more", "/policy",
                                       "/meta",        "/config",
                                       "/learner",     "/learner/step",
                                       LONG_PATH};
    return PATH[take(in, sizeof PATH / sizeof *PATH)];
}

static void edit(hid_t file, Input *in)
{
    unsigned what = take(in, 8);
    const char *path = take_path(in);
    H5Ldelete(file, path, H5P_DEFAULT);
    if (what == 0) return;
    if (what == 1)
        put_group(file, path);
    else if (what == 2)
        H5Lcreate_soft(take_path(in), file, path, H5P_DEFAULT, H5P_DEFAULT);
    else if (what == 3)
        H5Lcreate_hard(file, take_path(in), file, path, H5P_DEFAULT, H5P_DEFAULT);
    else if (what == 4)
        H5Lcreate_external("/dev/zero", "/x", file, path, H5P_DEFAULT, H5P_DEFAULT);
    else
        put_dataset(file, path, in);
}

static void write_edited(Input in)
{
    static uint8_t good[GOOD_BYTES];
    static size_t good_bytes;
    if (!good_bytes) good_bytes = good_file(good);
    fuzz_write_file(".h5", good, good_bytes);
    hid_t access = file_access(), file = H5Fopen(fuzz_path, H5F_ACC_RDWR, access);
    fuzz_check(file >= 0);
    for (int i = 0; i < EDITS && in.at < in.end; i++) edit(file, &in);
    fuzz_check(H5Fclose(file) >= 0);
    H5Pclose(access);
    int fd = open(fuzz_path, O_RDWR);
    fuzz_check(fd >= 0 && seal_write(fd, fuzz_path, NULL) == ST_OK);
    close(fd);
}

/* --- reading --- */

static void check_line(const Err *err)
{
    fuzz_check(err->msg[0] && !strchr(err->msg, '\n'));
}

static void check_items(const Checkpoint *c)
{
    int n;
    const CheckpointItem *item = checkpoint_items(c, &n);
    fuzz_check(n >= 0 && n <= STATE_MAX_FIELDS + 8);
    fuzz_check(strlen(checkpoint_config(c)) < CHECKPOINT_CONFIG_MAX);
    int format = checkpoint_meta(c)->format_version;
    fuzz_check(format >= 1 && format <= CHECKPOINT_FORMAT);
    for (int i = 0; i < n; i++) {
        fuzz_check(checkpoint_find(c, item[i].path) == &item[i] && checkpoint_has(c, item[i].path));
        fuzz_check(i == 0 || strcmp(item[i - 1].path, item[i].path) < 0);
        fuzz_check(item[i].rank >= 0 && item[i].rank <= 2);
        fuzz_check(*checkpoint_type_name(item[i].type));
    }
}

/* All is read or nothing is touched. */
static void check_read(const Checkpoint *c)
{
    Weights w, before;
    Err err = {0};
    memset(&w, 0x5a, sizeof w);
    before = w;
    StateList list = list_of(&w);
    Status st = checkpoint_read(c, &list, &err);
    fuzz_check(st == ST_OK || st == ST_FORMAT || st == ST_IO);
    if (st != ST_OK) check_line(&err);
    if (st == ST_FORMAT) fuzz_check(!memcmp(&w, &before, sizeof w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Checkpoint *c;
    Err err = {0};
    bool same;
    long live = mem_live;

    if (size > 0 && data[0] == 'F')
        fuzz_write_file(".h5", data + 1, size - 1);
    else
        write_edited((Input){data, data + size});
    Status st = checkpoint_open(&c, fuzz_path, &err);
    fuzz_check((st == ST_OK) == (c != NULL));
    fuzz_check(st == ST_OK || st == ST_FORMAT || st == ST_IO);
    if (st != ST_OK) check_line(&err);
    if (c) check_items(c), check_read(c);
    checkpoint_close(c);
    if (st == ST_OK && checkpoint_same(fuzz_path, fuzz_path, &same, NULL, NULL) == ST_OK)
        fuzz_check(same);
    fuzz_check(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
    fuzz_check(mem_live == live);
    return 0;
}
