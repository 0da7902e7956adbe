/* seal.c -- the first 512 bytes of a checkpoint: a few lines of text with the version, size and
 * CRC-32 of the file. HDF5 skips them (it calls them the user block). HDF5 trusts what it parses,
 * so a flipped bit in its tables could crash it: nothing reaches it before the checksum was right.
 * The CRC is that of zlib and PNG (polynomial 0xEDB88320), eight bytes at a time (slicing-by-8,
 * Kounavis & Berry 2005); it covers the lines above it, then all bytes after the seal. */
#include "checkpoints/checkpoint_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16 };

typedef struct Crc {
    uint32_t table[8][256];
    uint32_t value;
} Crc;

static void crc_start(Crc *crc)
{
    crc->value = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = (c >> 1) ^ (c & 1 ? 0xEDB88320u : 0);
        crc->table[0][i] = c;
    }
    for (int t = 1; t < 8; t++) {
        for (int i = 0; i < 256; i++) {
            uint32_t c = crc->table[t - 1][i];
            crc->table[t][i] = (c >> 8) ^ crc->table[0][c & 255];
        }
    }
}

static uint32_t load_le32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void crc_add(Crc *crc, const void *data, size_t n)
{
    const unsigned char *p = data;
    const uint32_t(*t)[256] = (const uint32_t(*)[256])crc->table;
    uint32_t c = crc->value;
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t lo = c ^ load_le32(p), hi = load_le32(p + 4);
        c = t[7][lo & 255] ^ t[6][lo >> 8 & 255] ^ t[5][lo >> 16 & 255] ^ t[4][lo >> 24] ^
            t[3][hi & 255] ^ t[2][hi >> 8 & 255] ^ t[1][hi >> 16 & 255] ^ t[0][hi >> 24];
    }
    while (n--) c = (c >> 8) ^ t[0][(c ^ *p++) & 255];
    crc->value = c;
}

static uint32_t crc_value(const Crc *crc)
{
    return crc->value ^ 0xFFFFFFFFu;
}

/* Like pread, but whole: fewer bytes only at the end of the file, negative on failure. */
static ssize_t read_at(int fd, void *data, size_t n, off_t at)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)data + done, n - done, at + (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static bool write_at(int fd, const void *data, size_t n, off_t at)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(fd, (const char *)data + done, n - done, at + (off_t)done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        done += (size_t)put;
    }
    return true;
}

/* Adds the bytes of fd after the seal, up to `size`. False: reading failed or the file shrank. */
static bool crc_add_body(Crc *crc, int fd, off_t size)
{
    unsigned char buf[READ_BYTES];
    errno = 0;
    for (off_t at = SEAL_BYTES; at < size;) {
        size_t want = size - at < READ_BYTES ? (size_t)(size - at) : READ_BYTES;
        ssize_t got = read_at(fd, buf, want, at);
        if (got < 0 || (size_t)got != want) return false;
        crc_add(crc, buf, want);
        at += got;
    }
    return true;
}

/* Formats the seal of this version, for this size and the contents of fd. */
static bool make_seal(char seal[SEAL_BYTES], int fd, int version, off_t size)
{
    Crc crc;
    memset(seal, 0, SEAL_BYTES);
    int n = snprintf(seal, SEAL_BYTES, "RELMAS checkpoint\nformat %d\nbytes %lld\n", version,
                     (long long)size);
    crc_start(&crc);
    crc_add(&crc, seal, (size_t)n);
    if (!crc_add_body(&crc, fd, size)) return false;
    snprintf(seal + n, (size_t)(SEAL_BYTES - n), "crc32 %08x\n", (unsigned)crc_value(&crc));
    return true;
}

Status seal_write(int fd, const char *path, Err *err)
{
    char seal[SEAL_BYTES];
    struct stat info;
    if (fstat(fd, &info) || !make_seal(seal, fd, CHECKPOINT_FORMAT, info.st_size) ||
        !write_at(fd, seal, SEAL_BYTES, 0))
        return err_set(err, ST_IO, "cannot write '%s': %s", path,
                       errno ? strerror(errno) : "the file changed meanwhile");
    return ST_OK;
}

/* No seal in front: says what the file is instead. head[n] are its first bytes. */
static Status report_foreign(const char *path, const char *head, size_t n, Err *err)
{
    static const char MAGIC[] = "RELMAS checkpoint\n";
    size_t m = n < sizeof MAGIC - 1 ? n : sizeof MAGIC - 1;
    if (n == 0) return err_set(err, ST_FORMAT, "'%s' is empty; use an older checkpoint", path);
    if (memcmp(head, MAGIC, m) == 0)
        return err_set(err, ST_FORMAT, "'%s' is %s; use an older checkpoint", path,
                       n < SEAL_BYTES ? "cut short" : "damaged at its beginning");
    if (n >= 8 && memcmp(head, "\211HDF\r\n\032\n", 8) == 0)
        return err_set(err, ST_FORMAT,
                       "'%s' is an HDF5 file but not a RELMAS checkpoint; name a file that `relmas "
                       "train` wrote",
                       path);
    return err_set(err, ST_FORMAT,
                   "'%s' is not a RELMAS checkpoint, or its beginning is damaged; name a file that "
                   "`relmas train` wrote",
                   path);
}

static Status check_fd(int fd, const char *path, off_t size, Err *err)
{
    char head[SEAL_BYTES + 1] = "", seal[SEAL_BYTES];
    int version;
    long long bytes;
    unsigned crc;

    ssize_t n = read_at(fd, head, SEAL_BYTES, 0);
    if (n < 0) return err_set(err, ST_IO, "cannot read '%s': %s", path, strerror(errno));
    if (n < SEAL_BYTES || sscanf(head, "RELMAS checkpoint\nformat %9d\nbytes %18lld\ncrc32 %8x\n",
                                 &version, &bytes, &crc) != 3)
        return report_foreign(path, head, (size_t)n, err);
    if (size < bytes)
        return err_set(err, ST_FORMAT,
                       "'%s' is cut short (%lld of %lld bytes); use an older checkpoint", path,
                       (long long)size, bytes);
    if (!make_seal(seal, fd, version, size))
        return err_set(err, ST_IO, "cannot read '%s': %s", path,
                       errno ? strerror(errno) : "it shrank meanwhile");
    if (memcmp(seal, head, SEAL_BYTES) != 0)
        return err_set(err, ST_FORMAT,
                       "'%s' is damaged, or another program changed it (its checksum is "
                       "wrong); use an older checkpoint",
                       path);
    if (version < 1)
        return err_set(err, ST_FORMAT, "'%s' has the unknown format %d; use an older checkpoint",
                       path, version);
    if (version > CHECKPOINT_FORMAT)
        return err_set(err, ST_FORMAT,
                       "'%s' has format %d, but relmas " RELMAS_VERSION
                       " reads up to %d; use a newer relmas",
                       path, version, CHECKPOINT_FORMAT);
    return ST_OK;
}

Status seal_check(const char *path, Err *err)
{
    struct stat info;
    /* O_NONBLOCK: a pipe must not make us wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info)) {
        err_set(err, ST_IO, "cannot open checkpoint '%s': %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return ST_IO;
    }
    Status st = ST_OK;
    if (!S_ISREG(info.st_mode))
        st = err_set(err, ST_IO, "'%s' is %s; name a checkpoint file", path,
                     S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
    else
        st = check_fd(fd, path, info.st_size, err);
    close(fd);
    return st;
}
