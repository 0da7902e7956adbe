/* hdf5_util.c -- HDF5 settings and types that reading and writing must agree on. */
#include "checkpoints/checkpoint_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

hid_t file_access(void)
{
    if (H5open() < 0) return -1;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    if (fapl < 0) return -1;
    /* Format of HDF5 1.8: checksummed tables, and every reader of the last ten years knows it.
     * No chunk cache: each chunk is written once and read once. */
    if (H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 ||
        H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG) < 0 ||
        H5Pset_file_locking(fapl, false, true) < 0 || H5Pset_cache(fapl, 0, 1, 0, 1.0) < 0) {
        H5Pclose(fapl);
        return -1;
    }
    return fapl;
}

hid_t file_type(int type)
{
    switch ((StateType)type) {
    case STATE_U8:
        return H5T_STD_U8LE;
    case STATE_U16:
        return H5T_STD_U16LE;
    case STATE_I32:
        return H5T_STD_I32LE;
    case STATE_U64:
        return H5T_STD_U64LE;
    case STATE_F32:
        return H5T_IEEE_F32LE;
    case STATE_F64:
        return H5T_IEEE_F64LE;
    }
    assert(!"unknown StateType");
    return -1;
}

hid_t memory_type(int type)
{
    switch ((StateType)type) {
    case STATE_U8:
        return H5T_NATIVE_UINT8;
    case STATE_U16:
        return H5T_NATIVE_UINT16;
    case STATE_I32:
        return H5T_NATIVE_INT32;
    case STATE_U64:
        return H5T_NATIVE_UINT64;
    case STATE_F32:
        return H5T_NATIVE_FLOAT;
    case STATE_F64:
        return H5T_NATIVE_DOUBLE;
    }
    assert(!"unknown StateType");
    return -1;
}

const char *checkpoint_type_name(int type)
{
    static const char *const NAME[] = {"u8", "u16", "i32", "u64", "f32", "f64"};
    return type < 0 || type > STATE_F64 ? "text" : NAME[type];
}

/* The innermost entry comes first; entries of the file driver quote the system's message. */
static herr_t first_reason(unsigned n, const H5E_error2_t *e, void *out)
{
    static const char MARK[] = "error message = '";
    if (n != 0 || !e->desc) return 0;
    const char *text = strstr(e->desc, MARK);
    text = text ? text + sizeof MARK - 1 : e->desc;
    snprintf(out, REASON_MAX, "%.*s", (int)strcspn(text, "'\n"), text);
    return 0;
}

const char *hdf5_reason(char out[REASON_MAX])
{
    out[0] = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, out);
    return out[0] ? out : "unknown reason";
}

/* n in as few equal pieces of at most max as it takes: little is lost in the last one. */
static size_t piece(size_t n, size_t max)
{
    size_t pieces = n / max + (n % max != 0);
    return n / pieces + (n % pieces != 0);
}

void chunk_dims(size_t chunk[2], int rank, const size_t dims[2], size_t elem_bytes)
{
    size_t cap = CHUNK_BYTES / elem_bytes;
    chunk[1] = rank == 2 ? piece(dims[1], cap) : 1;
    chunk[0] = piece(dims[0], cap / chunk[1]);
}
