/* test_checkpoint.c -- checkpoints keep every bit, never come back wrong, and never half-written.
 */
#include "checkpoints/checkpoint.h"

#include "base/rng.h"
#include "tests/support.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char CONFIG[] = "seed: 7\nnote: \"\xc2\xb5s\"\n";

/* One array of each type; `big` spans several chunks whose last one is not full. */
enum { BIG_ROWS = 3000, BIG_COLS = 130 };
typedef struct State {
    uint16_t halves[3][5];
    uint8_t flags[5];
    int32_t actions[2][3];
    uint64_t rng[4];
    float weights[3][4];
    double returns[7];
    float big[BIG_ROWS][BIG_COLS];
} State;

static State in, out;
static StateList list_in, list_out;
static char dir[64], path[96], path2[96];

static StateList list_of(State *s)
{
    StateList l = {0};
    state_add(&l, "/policy/W0", STATE_F32, 3, 4, s->weights);
    state_add(&l, "/learner/returns", STATE_F64, 7, 0, s->returns);
    state_add(&l, "/replay/flags", STATE_U8, 5, 0, s->flags);
    state_add(&l, "/replay/obs", STATE_F32, BIG_ROWS, BIG_COLS, s->big);
    state_add(&l, "/replay/halves", STATE_U16, 3, 5, s->halves);
    state_add(&l, "/env/actions", STATE_I32, 2, 3, s->actions);
    state_add(&l, "/rng/main", STATE_U64, 4, 0, s->rng);
    state_add(&l, "/counters/empty", STATE_F32, 0, 0, s->weights);
    return l;
}

/* Random bits everywhere: NaNs with payloads and denormals must survive too. */
static void scramble(State *s, uint64_t seed)
{
    Rng rng;
    uint64_t word;
    rng_seed(&rng, seed, 0);
    for (size_t i = 0; i < sizeof *s; i += sizeof word) {
        size_t n = sizeof *s - i < sizeof word ? sizeof *s - i : sizeof word;
        word = rng_next(&rng);
        memcpy((char *)s + i, &word, n);
    }
}

/* Compares the arrays, not the padding between them. */
static bool equal_states(const State *a, const State *b)
{
    return !memcmp(a->halves, b->halves, sizeof a->halves) &&
           !memcmp(a->flags, b->flags, sizeof a->flags) &&
           !memcmp(a->actions, b->actions, sizeof a->actions) &&
           !memcmp(a->rng, b->rng, sizeof a->rng) &&
           !memcmp(a->weights, b->weights, sizeof a->weights) &&
           !memcmp(a->returns, b->returns, sizeof a->returns) &&
           !memcmp(a->big, b->big, sizeof a->big);
}

static void setup(void)
{
    Err err = {0};
    snprintf(dir, sizeof dir, "/tmp/relmas-ckpt-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_ok(checkpoint_step_path(path, sizeof path, dir, 1, &err), err);
    ck_ok(checkpoint_step_path(path2, sizeof path2, dir, 2, &err), err);
    scramble(&in, 1);
    list_in = list_of(&in);
    list_out = list_of(&out);
}

/* No HDF5 object may stay open either. */
static void teardown(void)
{
    char command[96];
    ck_assert_int_eq(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
    no_leaks();
}

static void save(const char *to, const StateList *list)
{
    Err err = {0};
    ck_ok(checkpoint_save(to, CONFIG, list, 1.5, &err), err);
}

static Status load(const char *from, Err *err)
{
    Checkpoint *ckpt;
    Status st = checkpoint_open(&ckpt, from, err);
    if (st != ST_OK) {
        ck_assert_ptr_null(ckpt);
        return st;
    }
    st = checkpoint_read(ckpt, &list_out, err);
    checkpoint_close(ckpt);
    return st;
}

/* One line that names the file. */
static void ck_message(const Err *err, Status code, const char *file, const char *part)
{
    ck_assert_msg(err->code == code, "%s: %s", status_text(err->code), err->msg);
    ck_assert_msg(strstr(err->msg, file) && strstr(err->msg, part), "'%s' without '%s'", err->msg,
                  part);
    ck_assert_ptr_null(strchr(err->msg, '\n'));
}

static void ck_refused(const char *file, Status code, const char *part)
{
    Err err = {0};
    ck_assert_int_eq(load(file, &err), code);
    ck_message(&err, code, file, part);
}

static unsigned char *slurp(const char *from, size_t *n)
{
    struct stat info;
    FILE *f = fopen(from, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fstat(fileno(f), &info), 0);
    *n = (size_t)info.st_size;
    unsigned char *data = mem_calloc(*n, 1);
    ck_assert_uint_eq(fread(data, 1, *n, f), *n);
    fclose(f);
    return data;
}

static void spill(const char *to, const void *data, size_t n)
{
    FILE *f = fopen(to, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static int count_files(void)
{
    char command[96];
    int n = -1;
    snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
    FILE *p = popen(command, "r");
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

START_TEST(every_type_survives_the_round_trip)
{
    Err err = {0};
    Checkpoint *ckpt;
    save(path, &list_in);
    ck_ok(checkpoint_open(&ckpt, path, &err), err);
    ck_assert_str_eq(checkpoint_config(ckpt), CONFIG);
    ck_ok(checkpoint_read(ckpt, &list_out, &err), err);
    ck_assert(equal_states(&in, &out));

    const CheckpointMeta *meta = checkpoint_meta(ckpt);
    ck_assert_int_eq(meta->format_version, CHECKPOINT_FORMAT);
    ck_assert_str_eq(meta->relmas_version, RELMAS_VERSION);
    ck_assert_double_eq(meta->wall_s, 1.5);
    ck_assert_uint_eq(strlen(meta->created_utc), strlen("2026-01-31T23:59:59Z"));
    checkpoint_close(ckpt);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(items_tell_what_a_file_holds)
{
    Err err = {0};
    Checkpoint *ckpt;
    int n;
    save(path, &list_in);
    ck_ok(checkpoint_open(&ckpt, path, &err), err);
    const CheckpointItem *items = checkpoint_items(ckpt, &n);
    ck_assert_int_eq(n, list_in.n + 6); /* the config and five of /meta */
    for (int i = 1; i < n; i++) ck_assert_int_lt(strcmp(items[i - 1].path, items[i].path), 0);

    const CheckpointItem *obs = checkpoint_find(ckpt, "/replay/obs");
    ck_assert_ptr_nonnull(obs);
    ck_assert_int_eq(obs->type, STATE_F32);
    ck_assert_int_eq(obs->rank, 2);
    ck_assert_uint_eq(obs->dims[0], BIG_ROWS);
    ck_assert_uint_eq(obs->dims[1], BIG_COLS);
    ck_assert_uint_eq(obs->bytes, sizeof in.big);
    ck_assert_uint_ge(obs->stored_bytes, obs->bytes);
    ck_assert_str_eq(checkpoint_type_name(obs->type), "f32");
    ck_assert_int_eq(checkpoint_find(ckpt, "/config/yaml")->type, CHECKPOINT_TEXT);
    ck_assert_uint_eq(checkpoint_find(ckpt, "/config/yaml")->bytes, sizeof CONFIG);

    ck_assert_ptr_null(checkpoint_find(ckpt, "/replay"));
    ck_assert(checkpoint_has(ckpt, "/replay"));
    ck_assert(checkpoint_has(ckpt, "/replay/obs"));
    ck_assert(!checkpoint_has(ckpt, "/rep"));
    checkpoint_close(ckpt);
}
END_TEST

START_TEST(a_frozen_policy_is_the_same_format)
{
    Err err = {0};
    StateList policy = {0};
    state_add(&policy, "/policy/W0", STATE_F32, 3, 4, in.weights);
    save(path, &policy);
    ck_refused(path, ST_FORMAT, "has no '/learner/returns'");

    Checkpoint *ckpt;
    policy.field[0].data = out.weights;
    ck_ok(checkpoint_open(&ckpt, path, &err), err);
    ck_ok(checkpoint_read(ckpt, &policy, &err), err);
    ck_assert_mem_eq(in.weights, out.weights, sizeof in.weights);
    ck_assert(!checkpoint_has(ckpt, "/learner"));
    checkpoint_close(ckpt);

    save(path2, &list_in); /* the policy in a full checkpoint is read alike */
    memset(out.weights, 0, sizeof out.weights);
    ck_ok(checkpoint_open(&ckpt, path2, &err), err);
    ck_ok(checkpoint_read(ckpt, &policy, &err), err);
    ck_assert_mem_eq(in.weights, out.weights, sizeof in.weights);
    checkpoint_close(ckpt);
}
END_TEST

START_TEST(the_same_state_gives_the_same_bytes)
{
    size_t na, nb;
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    save(path, &list_in);
    nanosleep(&(struct timespec){1, 100000000}, NULL); /* object times would differ by now */
    save(path2, &list_in);
    unsigned char *a = slurp(path, &na), *b = slurp(path2, &nb);
    ck_assert_uint_eq(na, nb);
    ck_assert_int_eq(memcmp(a, b, na), 0);
    mem_free(a);
    mem_free(b);
}
END_TEST

START_TEST(time_changes_only_meta_and_the_checksum)
{
    size_t na, nb, differ = 0;
    bool same = false;
    Err err = {0};
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    save(path, &list_in);
    setenv("SOURCE_DATE_EPOCH", "1600000009", 1);
    save(path2, &list_in);
    unsigned char *a = slurp(path, &na), *b = slurp(path2, &nb);
    ck_assert_uint_eq(na, nb);
    for (size_t i = 0; i < na; i++) differ += a[i] != b[i];
    ck_assert_uint_ge(differ, 1);
    ck_assert_uint_le(differ, 20 + 8); /* the time's text and the checksum's digits */
    mem_free(a);
    mem_free(b);
    ck_ok(checkpoint_same(path, path2, &same, NULL, &err), err);
    ck_assert(same);
}
END_TEST

START_TEST(same_finds_any_difference)
{
    Err err = {0};
    bool same = true;
    char where[STATE_PATH_MAX] = "";
    save(path, &list_in);
    ((unsigned char *)&in.big[BIG_ROWS - 1][BIG_COLS - 1])[0] ^= 1;
    save(path2, &list_in);
    ck_ok(checkpoint_same(path, path2, &same, where, &err), err);
    ck_assert(!same);
    ck_assert_str_eq(where, "/replay/obs");

    list_in.n--; /* a dataset less */
    ((unsigned char *)&in.big[BIG_ROWS - 1][BIG_COLS - 1])[0] ^= 1;
    save(path2, &list_in);
    ck_ok(checkpoint_same(path, path2, &same, where, &err), err);
    ck_assert(!same);
    list_in.n++;

    ck_ok(checkpoint_save(path2, "seed: 8\n", &list_in, 0, &err), err);
    ck_ok(checkpoint_same(path, path2, &same, where, &err), err);
    ck_assert(!same);
    ck_assert_str_eq(where, "/config/yaml");

    ck_assert_int_eq(checkpoint_same(path, "/nonexistent", &same, where, &err), ST_IO);
}
END_TEST

START_TEST(wrong_shapes_are_refused_and_nothing_is_overwritten)
{
    struct {
        StateType type;
        size_t rows, cols;
        const char *part;
    } wrong[] = {{STATE_F32, 4, 3, "is f32 [3 x 4], expected f32 [4 x 3]"},
                 {STATE_F32, 12, 0, "is f32 [3 x 4], expected f32 [12]"},
                 {STATE_I32, 3, 4, "is f32 [3 x 4], expected i32 [3 x 4]"},
                 {STATE_F32, SIZE_MAX / 8, 2, "is f32 [3 x 4], expected"}};
    static State untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    memset(&out, 0x5a, sizeof out);
    save(path, &list_in);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        list_out = (StateList){0};
        state_add(&list_out, "/replay/obs", STATE_F32, BIG_ROWS, BIG_COLS, out.big);
        state_add(&list_out, "/policy/W0", wrong[i].type, wrong[i].rows, wrong[i].cols,
                  out.weights);
        ck_refused(path, ST_FORMAT, wrong[i].part);
        ck_assert_mem_eq(&out, &untouched, sizeof out);
    }
}
END_TEST

START_TEST(every_allocation_failure_is_reported)
{
    Checkpoint *ckpt;
    bool same;
    char latest[128];
    save(path, &list_in);
    ck_every_allocation_failure(checkpoint_open(&ckpt, path, NULL), checkpoint_close(ckpt));
    ck_every_allocation_failure(checkpoint_save(path2, CONFIG, &list_in, 0, NULL), (void)0);
    ck_every_allocation_failure(checkpoint_same(path, path2, &same, NULL, NULL), (void)0);
    ck_every_allocation_failure(checkpoint_rotate(dir, 2, NULL), (void)0);
    ck_every_allocation_failure(checkpoint_latest(latest, sizeof latest, dir, NULL, NULL), (void)0);
}
END_TEST

START_TEST(a_truncated_file_is_refused_at_any_length)
{
    size_t n;
    save(path, &list_in);
    unsigned char *data = slurp(path, &n);
    for (size_t i = 0; i < 120; i++) {
        size_t length = i < 20 ? i * 40 : i < 110 ? n * (i - 19) / 92 : n - (120 - i);
        ck_assert_uint_lt(length, n);
        spill(path2, data, length);
        ck_refused(path2, ST_FORMAT, length ? "cut short" : "is empty");
    }
    mem_free(data);
}
END_TEST

START_TEST(a_flipped_bit_is_refused_anywhere)
{
    size_t n;
    Rng rng;
    rng_seed(&rng, 3, 0);
    list_in.n = 3; /* a small file: more of it are HDF5's own tables */
    save(path, &list_in);
    unsigned char *data = slurp(path, &n);
    for (int i = 0; i < 600; i++) {
        Err err = {0};
        size_t at = i < 300 ? (size_t)i * 3 : rng_below(&rng, (uint32_t)n);
        unsigned char bit = (unsigned char)(1u << rng_below(&rng, 8));
        data[at] ^= bit;
        spill(path2, data, n);
        ck_assert_int_eq(load(path2, &err), ST_FORMAT);
        ck_message(&err, ST_FORMAT, path2, "; ");
        data[at] ^= bit;
    }
    mem_free(data);
}
END_TEST

START_TEST(bytes_after_the_end_are_refused)
{
    save(path, &list_in);
    FILE *f = fopen(path, "ab");
    ck_assert_ptr_nonnull(f);
    fputs("more", f);
    fclose(f);
    ck_refused(path, ST_FORMAT, "damaged");
}
END_TEST

START_TEST(other_files_are_refused)
{
    static char zeros[4096];
    Err err = {0};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(file >= 0);
    H5Fclose(file);
    ck_refused(path, ST_FORMAT, "is an HDF5 file but not a RELMAS checkpoint");
    spill(path, zeros, sizeof zeros);
    ck_refused(path, ST_FORMAT, "is not a RELMAS checkpoint");
    spill(path, "seed: 1\n", 8);
    ck_refused(path, ST_FORMAT, "is not a RELMAS checkpoint");
    ck_refused(dir, ST_IO, "is a folder");
    ck_refused("/nonexistent/a.h5", ST_IO, "No such file");
    ck_refused("/dev/null", ST_IO, "is not a regular file");
    snprintf(path2, sizeof path2, "%s/pipe", dir);
    ck_assert_int_eq(mkfifo(path2, 0600), 0);
    ck_refused(path2, ST_IO, "is not a regular file");
    ck_assert_int_eq(checkpoint_save(dir, CONFIG, &list_in, 0, &err), ST_IO);
    ck_message(&err, ST_IO, dir, "is a folder");
}
END_TEST

/* CRC-32 as its definition has it, a bit at a time: a second opinion on the product's. */
static uint32_t slow_crc(uint32_t crc, const unsigned char *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

/* Writes data[n] with a seal for this format, as FORMAT.md describes. */
static void reseal(const char *to, unsigned char *data, size_t n, int format)
{
    char head[512] = "";
    int k = snprintf(head, sizeof head, "RELMAS checkpoint\nformat %d\nbytes %zu\n", format, n);
    uint32_t crc = slow_crc(slow_crc(0, (unsigned char *)head, (size_t)k), data + 512, n - 512);
    snprintf(head + k, sizeof head - (size_t)k, "crc32 %08x\n", (unsigned)crc);
    memcpy(data, head, sizeof head);
    spill(to, data, n);
}

START_TEST(the_seal_is_what_format_md_says)
{
    size_t n;
    list_in.n = 3;
    list_out.n = 3;
    save(path, &list_in);
    unsigned char *data = slurp(path, &n);
    unsigned char seal[512];
    memcpy(seal, data, sizeof seal);
    ck_assert_uint_eq(slow_crc(0, (const unsigned char *)"123456789", 9), 0xCBF43926u);
    reseal(path2, data, n, CHECKPOINT_FORMAT);
    ck_assert_mem_eq(seal, data, sizeof seal);

    reseal(path2, data, n, CHECKPOINT_FORMAT + 1);
    ck_refused(path2, ST_FORMAT, "use a newer relmas");
    reseal(path2, data, n, 0);
    ck_refused(path2, ST_FORMAT, "unknown format 0");
    mem_free(data);
}
END_TEST

/* Seals path, edited by HDF5, as path2. */
static void reseal_path(void)
{
    size_t n;
    unsigned char *data = slurp(path, &n);
    reseal(path2, data, n, CHECKPOINT_FORMAT);
    mem_free(data);
}

/* What relmas of format 1 wrote. */
START_TEST(older_formats_are_read_but_for_what_changed)
{
    int one = 1;
    size_t n;
    save(path, &list_in);
    hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(f, "/meta/format_version", H5P_DEFAULT);
    ck_assert(H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &one) >= 0);
    H5Dclose(set);
    H5Fclose(f);
    unsigned char *data = slurp(path, &n);
    reseal(path2, data, n, 1);
    mem_free(data);

    /* weights were [out x in] */
    ck_refused(path2, ST_FORMAT, "has format 1, whose '/policy/W0' is another");
    for (int i = list_out.n; i-- > 0;)
        if (!strcmp(list_out.field[i].path, "/policy/W0"))
            list_out.field[i] = list_out.field[--list_out.n];
    Err err = {0};
    ck_assert_int_eq(load(path2, &err), ST_OK);
    memcpy(out.weights, in.weights, sizeof in.weights);
    ck_assert(equal_states(&in, &out));
    list_out = (StateList){0};
    state_add(&list_out, "/replay/obs", STATE_U16, BIG_ROWS, BIG_COLS, out.big);
    ck_refused(path2, ST_FORMAT, "has format 1, whose '/replay/obs' is another");
}
END_TEST

/* Rewrites path through HDF5, then seals it again: whole, but not what relmas writes. */
static void edit(const char *delete, const char *create, hid_t type, hid_t space)
{
    save(path, &list_in);
    hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(f >= 0);
    ck_assert(!delete || H5Ldelete(f, delete, H5P_DEFAULT) >= 0);
    if (create) {
        hid_t set = H5Dcreate2(f, create, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        ck_assert(set >= 0);
        H5Dclose(set);
    }
    H5Fclose(f);
    reseal_path();
}

START_TEST(sealed_but_strange_files_are_refused)
{
    hsize_t huge[2] = {(hsize_t)1 << 60, 4}, cube[3] = {2, 2, 2};
    hid_t scalar = H5Screate(H5S_SCALAR), big = H5Screate_simple(2, huge, NULL);
    hid_t three = H5Screate_simple(3, cube, NULL);
    hid_t text = H5Tcopy(H5T_C_S1), vtext = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, (size_t)CHECKPOINT_CONFIG_MAX + 1);
    H5Tset_size(vtext, H5T_VARIABLE);

    edit("/meta/format_version", NULL, 0, 0);
    ck_refused(path2, ST_FORMAT, "/meta/format_version");
    edit("/meta/host", NULL, 0, 0);
    ck_refused(path2, ST_FORMAT, "/meta/host");
    edit("/config/yaml", NULL, 0, 0);
    ck_refused(path2, ST_FORMAT, "/config/yaml");
    edit("/config/yaml", "/config/yaml", text, scalar); /* over a megabyte */
    ck_refused(path2, ST_FORMAT, "/config/yaml");
    edit("/config/yaml", "/config/yaml", vtext, scalar);
    ck_refused(path2, ST_FORMAT, "/config/yaml");
    edit(NULL, "/policy/extra", H5T_STD_I32LE, three);
    ck_refused(path2, ST_FORMAT, "/policy/extra");
    edit(NULL, "/policy/extra", H5T_STD_I16BE, scalar);
    ck_refused(path2, ST_FORMAT, "/policy/extra");
    edit("/policy/W0", NULL, 0, 0);
    ck_refused(path2, ST_FORMAT, "has no '/policy/W0'");
    edit("/policy/W0", "/policy/W0", H5T_IEEE_F32BE, scalar);
    ck_refused(path2, ST_FORMAT, "/policy/W0");
    edit("/policy/W0", "/policy/W0", H5T_STD_U8LE, big); /* an exbibyte, never allocated */
    ck_refused(path2, ST_FORMAT, "/policy/W0");
    H5Tclose(text);
    H5Tclose(vtext);
    H5Sclose(scalar);
    H5Sclose(big);
    H5Sclose(three);
}
END_TEST

/* A file of a few kB that claims an exbibyte, in chunks that nobody wrote, would take years to compare. */
START_TEST(values_that_are_not_in_the_file_are_refused)
{
    hsize_t dims[1] = {(hsize_t)1 << 60}, chunk[1] = {64};
    hid_t space = H5Screate_simple(1, dims, NULL), chunks = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_chunk(chunks, 1, chunk) >= 0);
    save(path, &list_in);
    hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dcreate2(f, "/policy/W9", H5T_STD_U8LE, space, H5P_DEFAULT, chunks, H5P_DEFAULT);
    ck_assert(set >= 0);
    H5Dclose(set);
    H5Fclose(f);
    reseal_path();
    ck_refused(path2, ST_FORMAT, "/policy/W9");
    H5Pclose(chunks);
    H5Sclose(space);
}
END_TEST

START_TEST(values_in_other_files_are_never_read)
{
    hsize_t dims[2] = {3, 4};
    hid_t space = H5Screate_simple(2, dims, NULL), outside = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_external(outside, "/etc/passwd", 0, sizeof in.weights) >= 0);
    save(path, &list_in);
    hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(H5Ldelete(f, "/policy/W0", H5P_DEFAULT) >= 0);
    hid_t set =
        H5Dcreate2(f, "/policy/W0", H5T_IEEE_F32LE, space, H5P_DEFAULT, outside, H5P_DEFAULT);
    ck_assert(set >= 0);
    H5Dclose(set);
    H5Fclose(f);
    reseal_path();
    ck_refused(path2, ST_FORMAT, "/policy/W0");

    f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(H5Ldelete(f, "/policy/W0", H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_external("other.h5", "/x", f, "/policy/W0", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(f);
    reseal_path();
    ck_refused(path2, ST_FORMAT, "has no '/policy/W0'");
    H5Pclose(outside);
    H5Sclose(space);
}
END_TEST

/* The seal was right when the file was opened; the disk fails later. */
START_TEST(damage_after_opening_is_found_by_the_chunk_checksums)
{
    size_t n, at = 512;
    Checkpoint *ckpt;
    Err err = {0};
    save(path, &list_in);
    ck_ok(checkpoint_open(&ckpt, path, &err), err);
    unsigned char *data = slurp(path, &n);
    while (memcmp(data + at, in.weights, sizeof in.weights) != 0) ck_assert_uint_lt(++at, n - 64);
    data[at] ^= 4;
    FILE *f = fopen(path, "r+b"); /* in place: the same file that is open */
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    fclose(f);
    mem_free(data);
    ck_assert_int_eq(checkpoint_read(ckpt, &list_out, &err), ST_IO);
    ck_message(&err, ST_IO, path, "Fletcher32");
    checkpoint_close(ckpt);
}
END_TEST

/* The limit on a file's size stands for a full disk. */
START_TEST(a_file_without_room_fails_and_leaves_the_old_one)
{
    struct rlimit old;
    Err err = {0};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    save(path, &list_in);
    int refused = 0, saved = 0;
    for (rlim_t room = 0; room < sizeof in + 500000; room += room < 80000 ? 1999 : 19997) {
        err = (Err){0};
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){room, old.rlim_max});
        Status st = checkpoint_save(path, CONFIG, &list_in, 0, &err);
        setrlimit(RLIMIT_FSIZE, &old);
        refused += st != ST_OK;
        saved += st == ST_OK;
        if (st != ST_OK) ck_message(&err, ST_IO, path, "File too large");
        ck_assert_int_eq(count_files(), 1); /* no temporary either */
        ck_assert_int_eq(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    }
    ck_assert_int_gt(refused, 60);
    ck_assert_int_gt(saved, 5);
    err = (Err){0};
    ck_ok(load(path, &err), err);
    ck_assert(equal_states(&in, &out));
}
END_TEST

START_TEST(bad_targets_are_refused)
{
    char under[128], far[CHECKPOINT_PATH_MAX + 10], *text;
    Err err = {0};
    save(path, &list_in);
    snprintf(under, sizeof under, "%s/a.h5", path); /* a file where a folder should be */
    ck_assert_int_eq(checkpoint_save(under, CONFIG, &list_in, 0, &err), ST_IO);
    ck_message(&err, ST_IO, under, "Not a directory");
    err = (Err){0};
    snprintf(under, sizeof under, "%s/none/a.h5", dir);
    ck_assert_int_eq(checkpoint_save(under, CONFIG, &list_in, 0, &err), ST_IO);
    ck_message(&err, ST_IO, under, "No such file");
    err = (Err){0};
    memset(far, 'a', sizeof far);
    far[sizeof far - 1] = '\0';
    ck_assert_int_eq(checkpoint_save(far, CONFIG, &list_in, 0, &err), ST_IO);
    ck_assert_int_eq(load(far, NULL), ST_IO);

    err = (Err){0};
    text = mem_calloc(CHECKPOINT_CONFIG_MAX + 1, 1);
    memset(text, 'x', CHECKPOINT_CONFIG_MAX);
    ck_assert_int_eq(checkpoint_save(path, text, &list_in, 0, &err), ST_CONFIG);
    text[CHECKPOINT_CONFIG_MAX - 1] = '\0'; /* the longest that fits */
    ck_assert_int_eq(checkpoint_save(path, text, &list_in, 0, &err), ST_OK);
    ck_assert_int_eq(load(path, NULL), ST_OK);
    mem_free(text);
}
END_TEST

/* Saves two states in turn until it is killed. */
static void save_forever(void)
{
    for (uint64_t i = 0;; i++) {
        scramble(&in, 1 + i % 2);
        if (checkpoint_save(path, CONFIG, &list_in, 0, NULL) != ST_OK) _exit(1);
    }
}

START_TEST(a_kill_while_saving_leaves_a_whole_file)
{
    static State second;
    Rng rng;
    Err err = {0};
    rng_seed(&rng, 5, 0);
    scramble(&second, 2);
    save(path, &list_in);
    for (int trial = 0; trial < 20; trial++) {
        int status;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) save_forever();
        nanosleep(&(struct timespec){0, 1000 * (long)rng_below(&rng, 60000)}, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        ck_ok(load(path, &err), err);
        ck_assert(equal_states(&out, &in) || equal_states(&out, &second));
    }
    ck_ok(checkpoint_rotate(dir, 1, &err), err); /* clears what the killed ones left */
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

static bool exists(const char *name)
{
    char p[128];
    snprintf(p, sizeof p, "%s/%s", dir, name);
    return access(p, F_OK) == 0;
}

START_TEST(rotation_keeps_the_newest_and_what_is_not_its_own)
{
    static const char *const MINE[] = {"step-000000009.h5", "step-000000010.h5",
                                       "step-999999999.h5", "step-1000000000.h5"};
    static const char *const OTHER[] = {"best.h5",    "step-1.h5",           "step-000000001.h5x",
                                        "step-x.h5",  "step--00000001.h5",   "notes.txt",
                                        "a.h5.tmp-0", "step-000000001.h5.gz"};
    char p[128];
    Err err = {0};
    for (size_t i = 0; i < 4; i++) snprintf(p, sizeof p, "%s/%s", dir, MINE[i]), spill(p, "", 0);
    for (size_t i = 0; i < 8; i++) snprintf(p, sizeof p, "%s/%s", dir, OTHER[i]), spill(p, "", 0);
    snprintf(p, sizeof p, "%s/best.h5.tmp-%ld", dir, (long)getpid()); /* a living writer's */
    spill(p, "", 0);

    ck_ok(checkpoint_rotate(dir, 2, &err), err);
    ck_assert(!exists(MINE[0]) && !exists(MINE[1]) && exists(MINE[2]) && exists(MINE[3]));
    for (size_t i = 0; i < 8; i++) ck_assert_msg(exists(OTHER[i]), "%s", OTHER[i]);
    ck_assert_int_eq(access(p, F_OK), 0);
    ck_ok(checkpoint_rotate(dir, 9, &err), err);
    ck_assert(exists(MINE[2]) && exists(MINE[3]));
    ck_assert_int_eq(checkpoint_rotate("/nonexistent", 1, &err), ST_IO);
    ck_message(&err, ST_IO, "/nonexistent", "cannot open folder");
}
END_TEST

START_TEST(latest_passes_over_damaged_files)
{
    char latest[128], broken[128];
    Err err = {0}, skipped = {0};
    ck_assert_int_eq(checkpoint_latest(latest, sizeof latest, dir, NULL, &err), ST_IO);
    ck_message(&err, ST_IO, dir, "holds no checkpoint");
    err = (Err){0};

    save(path, &list_in);
    save(path2, &list_in);
    ck_ok(checkpoint_latest(latest, sizeof latest, dir, &skipped, &err), err);
    ck_assert_str_eq(latest, path2);
    ck_assert_int_eq(skipped.code, ST_OK);

    ck_ok(checkpoint_step_path(broken, sizeof broken, dir, 3, &err), err);
    spill(broken, "", 0);
    ck_assert_int_eq(truncate(path2, 1000), 0);
    ck_ok(checkpoint_latest(latest, sizeof latest, dir, &skipped, &err), err);
    ck_assert_str_eq(latest, path);
    ck_message(&skipped, ST_FORMAT, broken, "is empty"); /* the newest one's reason */

    ck_assert_int_eq(truncate(path, 1000), 0);
    ck_assert_int_eq(checkpoint_latest(latest, sizeof latest, dir, NULL, &err), ST_IO);
    ck_message(&err, ST_IO, dir, "none of the 3 checkpoints");
    ck_assert_int_eq(checkpoint_step_path(latest, 5, dir, 3, NULL), ST_IO);
}
END_TEST

START_TEST(hdf5_prints_nothing)
{
    char log[128];
    struct stat info;
    snprintf(log, sizeof log, "%s/stderr", dir);
    int keep = dup(2), fd = open(log, O_CREAT | O_WRONLY, 0600);
    ck_assert(keep >= 0 && fd >= 0 && dup2(fd, 2) == 2);
    size_t n;
    save(path, &list_in);
    unsigned char *data = slurp(path, &n);
    memset(data + 512, 0, 64); /* no superblock, but well sealed */
    reseal(path2, data, n, CHECKPOINT_FORMAT);
    mem_free(data);
    Err err = {0};
    Status st = load(path2, &err);
    ck_assert_int_eq(dup2(keep, 2), 2);
    ck_assert_int_eq(fstat(fd, &info), 0);
    close(keep);
    close(fd);
    ck_assert_int_eq(st, ST_FORMAT);
    ck_message(&err, ST_FORMAT, path2, "cannot read");
    ck_assert_int_eq(info.st_size, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("checkpoint");
    TCase *tc = tcase_create("checkpoint");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_type_survives_the_round_trip);
    tcase_add_test(tc, items_tell_what_a_file_holds);
    tcase_add_test(tc, a_frozen_policy_is_the_same_format);
    tcase_add_test(tc, the_same_state_gives_the_same_bytes);
    tcase_add_test(tc, time_changes_only_meta_and_the_checksum);
    tcase_add_test(tc, same_finds_any_difference);
    tcase_add_test(tc, wrong_shapes_are_refused_and_nothing_is_overwritten);
    tcase_add_test(tc, every_allocation_failure_is_reported);
    tcase_add_test(tc, a_truncated_file_is_refused_at_any_length);
    tcase_add_test(tc, a_flipped_bit_is_refused_anywhere);
    tcase_add_test(tc, bytes_after_the_end_are_refused);
    tcase_add_test(tc, other_files_are_refused);
    tcase_add_test(tc, the_seal_is_what_format_md_says);
    tcase_add_test(tc, older_formats_are_read_but_for_what_changed);
    tcase_add_test(tc, sealed_but_strange_files_are_refused);
    tcase_add_test(tc, values_that_are_not_in_the_file_are_refused);
    tcase_add_test(tc, values_in_other_files_are_never_read);
    tcase_add_test(tc, damage_after_opening_is_found_by_the_chunk_checksums);
    tcase_add_test(tc, a_file_without_room_fails_and_leaves_the_old_one);
    tcase_add_test(tc, bad_targets_are_refused);
    tcase_add_test(tc, a_kill_while_saving_leaves_a_whole_file);
    tcase_add_test(tc, rotation_keeps_the_newest_and_what_is_not_its_own);
    tcase_add_test(tc, latest_passes_over_damaged_files);
    tcase_add_test(tc, hdf5_prints_nothing);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
