/* test_base.c -- status, memory, text, state lists, data files and the log. */
#include "base/log.h"
#include "base/path.h"
#include "base/rng.h"
#include "base/state.h"
#include "base/text.h"
#include "tests/support.h"

#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- status ---- */

START_TEST(the_first_report_wins)
{
    Err err = {0};
    ck_assert_int_eq(err_set(&err, ST_IO, "cannot read '%s'", "a"), ST_IO);
    ck_assert_int_eq(err_set(&err, ST_NOMEM, "later"), ST_NOMEM);
    ck_assert_int_eq(err.code, ST_IO);
    ck_assert_str_eq(err.msg, "cannot read 'a'");
    err = (Err){0};
    err_set(&err, ST_FORMAT, "no '%s'", "a\nb\x1b[1m\x7f\xc3\xa9");
    ck_assert_str_eq(err.msg, "no 'a?b?[1m?\xc3\xa9'"); /* one line */
    ck_assert_int_eq(err_set(NULL, ST_USAGE, "nobody listens"), ST_USAGE);
}
END_TEST

START_TEST(long_messages_are_cut_not_overrun)
{
    Err err = {0};
    char big[2000] = {0};
    memset(big, 'x', sizeof big - 1);
    err_set(&err, ST_IO, "%s", big);
    ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
}
END_TEST

START_TEST(every_code_has_its_text)
{
    for (int i = 0; i <= ST_SOLVER; i++) {
        ck_assert_str_ne(status_text((Status)i), "unknown status");
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(status_text((Status)i), status_text((Status)j));
    }
    ck_assert_str_eq(status_text((Status)99), "unknown status");
    ck_assert_str_eq(status_text((Status)-1), "unknown status");
}
END_TEST

/* ---- memory ---- */

START_TEST(blocks_are_zero_aligned_and_counted)
{
    static const size_t SIZE[] = {0, 1, 63, 64, 65, 4096};
    char *p[6];
    for (int i = 0; i < 6; i++) {
        p[i] = mem_calloc(SIZE[i], 1);
        ck_assert_ptr_nonnull(p[i]);
        ck_assert_uint_eq((uintptr_t)p[i] % 64, 0);
        for (size_t k = 0; k < SIZE[i]; k++) ck_assert_int_eq(p[i][k], 0);
        ck_assert_int_eq(mem_live, i + 1);
    }
    for (int i = 0; i < 6; i++) mem_free(p[i]);
    mem_free(NULL);
    ck_assert_int_eq(mem_live, 0);
}
END_TEST

START_TEST(sizes_that_overflow_fail)
{
    ck_assert_ptr_null(mem_calloc(SIZE_MAX, 2));
    ck_assert_ptr_null(mem_calloc(SIZE_MAX / 2 + 1, 2));
    ck_assert_ptr_null(mem_calloc(SIZE_MAX - 8, 1));
}
END_TEST

START_TEST(resize_keeps_the_old_and_zeroes_the_new)
{
    char *p = mem_resize(NULL, 0, 10);
    memset(p, 'a', 10);
    p = mem_resize(p, 10, 1000);
    for (int i = 0; i < 1000; i++) ck_assert_int_eq(p[i], i < 10 ? 'a' : 0);
    p = mem_resize(p, 1000, 5);
    ck_assert_int_eq(memcmp(p, "aaaaa", 5), 0);
    mem_fail_at = 0;
    ck_assert_ptr_null(mem_resize(p, 5, 50));
    ck_assert_int_eq(p[4], 'a'); /* still there */
    ck_assert_int_eq(mem_fail_at, -1);
    mem_free(p);
}
END_TEST

START_TEST(exactly_one_allocation_fails_on_demand)
{
    long failed = mem_failed;
    mem_fail_at = 2;
    void *p[5];
    for (int i = 0; i < 5; i++) {
        p[i] = mem_calloc(1, 8);
        ck_assert_int_eq(p[i] == NULL, i == 2);
    }
    ck_assert_int_eq(mem_failed - failed, 1);
    for (int i = 0; i < 5; i++) mem_free(p[i]);
}
END_TEST

START_TEST(strings_are_copied)
{
    char *s = mem_strdup("relmas");
    ck_assert_str_eq(s, "relmas");
    mem_free(s);
    ck_assert_uint_gt(mem_peak_rss(), 100000);
}
END_TEST

/* ---- text ---- */

START_TEST(numbers_are_read_strictly)
{
    static const char *const GOOD[] = {"0", "-1", "+2", "1.5", ".5", "5.", "1e6", "2.5E-3", "007"};
    static const double VALUE[] = {0, -1, 2, 1.5, .5, 5, 1e6, 2.5e-3, 7};
    static const char *const BAD[] = {"",    " 1",    "1 ",  "abc",   "1x",    "0x10",     "nan",
                                      "inf", "-inf",  "1e",  "1e+",   ".",     "-",        "+",
                                      "--1", "1_000", "1,5", "1e999", "1.2.3", "infinity", "e5"};
    double x;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        ck_assert_msg(text_to_double(GOOD[i], &x), "'%s'", GOOD[i]);
        ck_assert_double_eq(x, VALUE[i]);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        int64_t j = 77;
        uint64_t u = 77;
        x = 77;
        ck_assert_msg(!text_to_double(BAD[i], &x), "'%s'", BAD[i]);
        ck_assert_msg(!text_to_i64(BAD[i], &j), "'%s'", BAD[i]);
        ck_assert_msg(!text_to_u64(BAD[i], &u), "'%s'", BAD[i]);
        ck_assert(x == 77 && j == 77 && u == 77);
    }
}
END_TEST

START_TEST(whole_numbers_reach_their_limits_and_no_further)
{
    int64_t i;
    uint64_t u;
    ck_assert(text_to_i64("9223372036854775807", &i) && i == INT64_MAX);
    ck_assert(text_to_i64("-9223372036854775808", &i) && i == INT64_MIN);
    ck_assert(!text_to_i64("9223372036854775808", &i));
    ck_assert(!text_to_i64("1e19", &i));
    ck_assert(text_to_u64("18446744073709551615", &u) && u == UINT64_MAX);
    ck_assert(!text_to_u64("18446744073709551616", &u));
    ck_assert(!text_to_u64("1e20", &u));
    ck_assert(!text_to_u64("-1", &u));
    ck_assert(text_to_i64("-2.5e3", &i) && i == -2500);
    ck_assert(text_to_u64("1e12", &u) && u == 1000000000000u);
    ck_assert(!text_to_i64("1.5", &i) && !text_to_i64("1e-1", &i));
}
END_TEST

START_TEST(every_double_survives_its_text)
{
    static const double EDGE[] = {0,    -0.0,    1,        1e6,     999999,
                                  1e22, DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324};
    Rng rng;
    rng_seed(&rng, 3, 0);
    for (int i = 0; i < 20010; i++) {
        uint64_t bits = rng_next(&rng);
        double x, back;
        char text[TEXT_NUMBER_MAX];
        memcpy(&x, &bits, sizeof x);
        if (i < 10) x = EDGE[i];
        if (i % 2) x = ldexp((double)(bits >> 44), -(int)(bits % 64)); /* everyday sizes */
        if (!isfinite(x)) continue;
        text_from_double(text, x);
        if (!text_to_double(text, &back) || memcmp(&x, &back, sizeof x))
            ck_abort_msg("%a became '%s'", x, text);
    }
}
END_TEST

START_TEST(texts_of_doubles_are_short)
{
    static const struct {
        double x;
        const char *text;
    } CASE[] = {{0.1, "0.1"},
                {100, "100"},
                {5e-5, "5.0e-05"},
                {-0.0, "-0"},
                {1e12, "1.0e+12"},
                {1.25e20, "1.25e+20"},
                {1.0 / 3, "0.3333333333333333"}};
    char text[TEXT_NUMBER_MAX];
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        text_from_double(text, CASE[i].x);
        ck_assert_str_eq(text, CASE[i].text);
    }
}
END_TEST

START_TEST(ranges_read_well)
{
    char text[TEXT_RANGE_MAX];
    text_range(text, true, 1, 1e12);
    ck_assert_str_eq(text, "a whole number in 1..1e12");
    text_range(text, false, 1e-9, 0.5);
    ck_assert_str_eq(text, "a number in 1e-9..0.5");
    text_range(text, false, 0, HUGE_VAL);
    ck_assert_str_eq(text, "a number of at least 0");
    text_range(text, false, -DBL_MAX, 2);
    ck_assert_str_eq(text, "a number of at most 2");
    text_range(text, true, -HUGE_VAL, HUGE_VAL);
    ck_assert_str_eq(text, "a whole number");
}
END_TEST

START_TEST(quoted_input_stays_on_one_line)
{
    char out[TEXT_SHOWN_MAX], big[500] = {0};
    text_shown(out, "a\nb\tc\x7f");
    ck_assert_str_eq(out, "a?b?c?");
    for (int i = 0; i < 240; i++) memcpy(big + 2 * i, "\xc3\xa9", 2); /* e acute */
    for (int shift = 0; shift < 2; shift++) {
        text_shown(out, big + shift);
        size_t n = strlen(out);
        ck_assert_uint_lt(n, TEXT_SHOWN_MAX);
        ck_assert_str_eq(out + n - 3, "...");
        ck_assert_int_eq((unsigned char)out[n - 4], 0xa9); /* no half character */
    }
}
END_TEST

/* The definition, by recursion over the last letters. */
static int distance(const char *a, int n, const char *b, int m)
{
    if (n == 0 || m == 0) return n + m;
    int d = distance(a, n - 1, b, m) + 1, e = distance(a, n, b, m - 1) + 1;
    int f = distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    if (e < d) d = e;
    if (f < d) d = f;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        int g = distance(a, n - 2, b, m - 2) + 1;
        if (g < d) d = g;
    }
    return d;
}

static void random_word(Rng *rng, char *out)
{
    int n = 1 + (int)rng_below(rng, 6);
    for (int i = 0; i < n; i++) out[i] = (char)('a' + rng_below(rng, 3));
    out[n] = '\0';
}

START_TEST(the_nearest_name_is_nearest_by_definition)
{
    Rng rng;
    rng_seed(&rng, 8, 0);
    for (int round = 0; round < 1000; round++) {
        char word[8], text[4][8];
        const char *names[4];
        int best = 99, len;
        random_word(&rng, word);
        len = (int)strlen(word);
        for (int i = 0; i < 4; i++) {
            random_word(&rng, text[i]);
            names[i] = text[i];
            int d = distance(word, len, text[i], (int)strlen(text[i]));
            if (d < best) best = d;
        }
        const char *near = nearest_name(word, names, 4);
        bool close = best <= (len + 2) / 3 && best < len;
        ck_assert_int_eq(near != NULL, close);
        if (near) ck_assert_int_eq(distance(word, len, near, (int)strlen(near)), best);
    }
}
END_TEST

START_TEST(typing_mistakes_find_their_name)
{
    static const char *const NAME[] = {"alexnet", "resnet50", "dqn.lr", "--steps", "squeezenet"};
    static const char *const CASE[][2] = {{"alexnt", "alexnet"},     {"alxenet", "alexnet"},
                                          {"resnet-50", "resnet50"}, {"dqn.lrate", "dqn.lr"},
                                          {"--step", "--steps"},     {"squezenet", "squeezenet"}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        ck_assert_pstr_eq(nearest_name(CASE[i][0], NAME, 5), CASE[i][1]);
    ck_assert_ptr_null(nearest_name("vgg16", NAME, 5));
    ck_assert_ptr_null(nearest_name("", NAME, 5));
    ck_assert_ptr_null(nearest_name("x", NAME, 5));
    ck_assert_ptr_null(nearest_name("alexnet", NAME, 0));
    char big[500] = {0};
    memset(big, 'a', sizeof big - 1);
    ck_assert_ptr_null(nearest_name(big, NAME, 5));
}
END_TEST

/* ---- state ---- */

static StateList list;

START_TEST(state_lists_describe_arrays)
{
    float w[6];
    uint64_t step;
    list.n = 0;
    state_add(&list, "/net/W0", STATE_F32, 2, 3, w);
    state_add(&list, "/step", STATE_U64, 1, 0, &step);
    ck_assert_int_eq(list.n, 2);
    ck_assert_str_eq(list.field[0].path, "/net/W0");
    ck_assert_int_eq(list.field[0].rank, 2);
    ck_assert_uint_eq(list.field[0].dims[0] * list.field[0].dims[1], 6);
    ck_assert_ptr_eq(list.field[0].data, w);
    ck_assert_int_eq(list.field[1].rank, 1);
    ck_assert_uint_eq(list.field[1].dims[0] * list.field[1].dims[1], 1);
}
END_TEST

START_TEST(state_types_have_their_sizes)
{
    ck_assert_uint_eq(state_type_bytes(STATE_U8), sizeof(uint8_t));
    ck_assert_uint_eq(state_type_bytes(STATE_U16), sizeof(uint16_t));
    ck_assert_uint_eq(state_type_bytes(STATE_I32), sizeof(int32_t));
    ck_assert_uint_eq(state_type_bytes(STATE_U64), sizeof(uint64_t));
    ck_assert_uint_eq(state_type_bytes(STATE_F32), sizeof(float));
    ck_assert_uint_eq(state_type_bytes(STATE_F64), sizeof(double));
}
END_TEST

START_TEST(one_path_twice_is_our_mistake)
{
    int x;
    list.n = 0;
    state_add(&list, "/a", STATE_I32, 1, 0, &x);
    fclose(stderr); /* the assertion's text is expected */
    state_add(&list, "/a", STATE_I32, 1, 0, &x);
}
END_TEST

/* ---- path ---- */

static char tree[256]; /* a folder of this test's own */

static void make_folders(const char *path)
{
    char part[PATH_MAX_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *s = part + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = '\0';
        mkdir(part, 0755);
    }
    mkdir(part, 0755);
}

static void make_file(const char *folder, const char *name)
{
    char path[PATH_MAX_BYTES];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_lt(n, (int)sizeof path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fclose(f);
}

static void in_tree(char out[PATH_MAX_BYTES], const char *sub)
{
    snprintf(out, PATH_MAX_BYTES, "%s/%s", tree, sub);
}

static void make_tree(void)
{
    static const char *const FILES[] = {"resnet50.yaml", "alexnet.yaml", "kws.yaml",
                                        "notes.txt",     ".yaml",        ".hidden.yaml"};
    char folder[PATH_MAX_BYTES];
    const char *tmp = getenv("TMPDIR");
    snprintf(tree, sizeof tree, "%.200s/relmas-test-XXXXXX", tmp ? tmp : "/tmp");
    unsetenv("RELMAS_DATA");
    ck_assert_ptr_nonnull(mkdtemp(tree));
    in_tree(folder, "env/networks");
    make_folders(folder);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) make_file(folder, FILES[i]);
    in_tree(folder, "env/nothing");
    make_folders(folder);
}

static void remove_tree(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", tree);
    unsetenv("RELMAS_DATA");
    ck_assert_int_eq(system(command), 0);
    no_leaks();
}

START_TEST(the_variable_names_the_root)
{
    char root[PATH_MAX_BYTES];
    Err err = {0};
    setenv("RELMAS_DATA", tree, 1);
    ck_ok(path_data_root(root, sizeof root, &err), err);
    ck_assert_str_eq(root, tree);
    ck_assert_int_eq(path_data_root(root, 3, &err), ST_IO);
}
END_TEST

START_TEST(a_variable_without_data_is_an_error)
{
    char root[PATH_MAX_BYTES];
    Err err = {0};
    setenv("RELMAS_DATA", "/nowhere", 1);
    ck_assert_int_eq(path_data_root(root, sizeof root, &err), ST_IO);
    ck_assert_str_eq(err.msg,
                     "RELMAS_DATA is '/nowhere', which holds no env/networks; set it to the "
                     "source tree or to PREFIX/share/relmas");
}
END_TEST

START_TEST(names_are_listed_in_order_without_suffix)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    Err err = {0};
    setenv("RELMAS_DATA", tree, 1);
    ck_ok(path_list(&names, &n, "env/networks", ".yaml", &err), err);
    ck_assert_int_eq(n, 3);
    ck_assert_str_eq(names[0], "alexnet");
    ck_assert_str_eq(names[1], "kws");
    ck_assert_str_eq(names[2], "resnet50");
    mem_free(names);
    ck_ok(path_list(&names, &n, "env/nothing", ".yaml", &err), err);
    ck_assert_int_eq(n, 0);
    mem_free(names);
    ck_assert_int_eq(path_list(&names, &n, "env/none", ".yaml", &err), ST_IO);
    ck_assert_ptr_null(names);
}
END_TEST

START_TEST(many_names_are_all_listed)
{
    char folder[PATH_MAX_BYTES], name[32];
    char(*names)[PATH_NAME_MAX];
    int n;
    Err err = {0};
    setenv("RELMAS_DATA", tree, 1);
    in_tree(folder, "env/nothing");
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "n%03d.yaml", 149 - i);
        make_file(folder, name);
    }
    ck_ok(path_list(&names, &n, "env/nothing", ".yaml", &err), err);
    ck_assert_int_eq(n, 150);
    for (int i = 0; i < n; i++) ck_assert_int_eq(atoi(names[i] + 1), i);
    mem_free(names);
}
END_TEST

START_TEST(names_are_found_and_files_taken_as_they_are)
{
    char path[PATH_MAX_BYTES], want[PATH_MAX_BYTES];
    Err err = {0};
    setenv("RELMAS_DATA", tree, 1);
    ck_ok(path_find(path, sizeof path, "env/networks", "kws", ".yaml", &err), err);
    in_tree(want, "env/networks/kws.yaml");
    ck_assert_str_eq(path, want);
    ck_ok(path_find(path, sizeof path, "env/networks", "mine.yaml", ".yaml", &err), err);
    ck_assert_str_eq(path, "mine.yaml");
    ck_ok(path_find(path, sizeof path, "env/networks", "../x/y", ".yaml", &err), err);
    ck_assert_str_eq(path, "../x/y");
    /* of a subfolder, seen from the folder above */
    ck_ok(path_find(path, sizeof path, "env", "networks/kws", ".yaml", &err), err);
    in_tree(want, "env/networks/kws.yaml");
    ck_assert_str_eq(path, want);
    ck_ok(path_find(path, sizeof path, "env", "networks/kws.yaml", ".yaml", &err), err);
    ck_assert_str_eq(path, "networks/kws.yaml");
    ck_ok(path_find(path, sizeof path, "env", "networks/nothing", ".yaml", &err), err);
    ck_assert_str_eq(path, "networks/nothing");
}
END_TEST

START_TEST(an_unknown_name_gets_the_nearest_one)
{
    char path[PATH_MAX_BYTES], want[PATH_MAX_BYTES];
    Err err = {0};
    setenv("RELMAS_DATA", tree, 1);
    Status st = path_find(path, sizeof path, "env/networks", "alexnt", ".yaml", &err);
    ck_assert_int_eq(st, ST_CONFIG);
    snprintf(
        want, sizeof want,
        "no 'alexnt' in env/networks, did you mean 'alexnet'? ('ls %s/env/networks' lists them; "
        "a file of your own is given as ./alexnt.yaml)",
        tree);
    ck_assert_str_eq(err.msg, want);
    ck_assert_int_eq(path_find(path, sizeof path, "env/networks", "", ".yaml", NULL), ST_CONFIG);
}
END_TEST

START_TEST(paths_that_do_not_fit_are_refused)
{
    char path[PATH_MAX_BYTES], big[2 * PATH_MAX_BYTES] = {0};
    Err a = {0}, b = {0};
    setenv("RELMAS_DATA", tree, 1);
    memset(big, 'x', sizeof big - 1);
    ck_assert_int_eq(path_find(path, sizeof path, "env/networks", big, ".yaml", &a), ST_CONFIG);
    ck_assert_int_eq(path_find(path, 8, "env/networks", "kws", ".yaml", &b), ST_IO);
    ck_assert_ptr_nonnull(strstr(b.msg, "path too long"));
    big[9] = '/';
    ck_assert_int_eq(path_find(path, sizeof path, "env/networks", big, ".yaml", NULL), ST_IO);
    setenv("RELMAS_DATA", big, 1);
    ck_assert_int_eq(path_find(path, sizeof path, "env/networks", "kws", ".yaml", NULL), ST_IO);
}
END_TEST

START_TEST(paths_report_every_allocation_failure)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    setenv("RELMAS_DATA", tree, 1);
    ck_every_allocation_failure(path_list(&names, &n, "env/networks", ".yaml", NULL),
                                mem_free(names));
    ck_every_allocation_failure(path_list(&names, &n, "env/nothing", ".yaml", NULL),
                                mem_free(names));
}
END_TEST

/* Copies this program to FOLDER/p and returns what `p --root` prints. */
static void root_of_program_in(const char *folder, char out[PATH_MAX_BYTES])
{
    char command[3 * PATH_MAX_BYTES];
    make_folders(folder);
    int n = snprintf(command, sizeof command, "cp /proc/%ld/exe '%s/p' && cd / && '%s/p' --root",
                     (long)getpid(), folder, folder);
    ck_assert_int_lt(n, (int)sizeof command);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(out, PATH_MAX_BYTES, f));
    out[strcspn(out, "\n")] = '\0';
    pclose(f);
}

START_TEST(the_place_of_the_program_gives_the_root)
{
    static const char *const PLACE[] = {"build/release/bin", "build/asan/tests",
                                        "build/debug/tests/bench"};
    char folder[PATH_MAX_BYTES], root[PATH_MAX_BYTES], want[PATH_MAX_BYTES];
    for (int i = 0; i < 3; i++) {
        in_tree(folder, PLACE[i]);
        root_of_program_in(folder, root);
        ck_assert_str_eq(root, tree);
    }
    in_tree(want, "usr/share/relmas");
    in_tree(folder, "usr/share/relmas/accel_models/presets");
    make_folders(folder);
    in_tree(folder, "usr/bin");
    root_of_program_in(folder, root);
    ck_assert_str_eq(root, want);
    in_tree(folder, "lost/deep/down/bin");
    root_of_program_in(folder, root);
    ck_assert_str_eq(root,
                     "the data files (env/networks ..) are neither in a source tree above the "
                     "program nor in ../share/relmas; set RELMAS_DATA to their folder");
}
END_TEST

static int print_root(void)
{
    char root[PATH_MAX_BYTES];
    Err err = {0};
    Status st = path_data_root(root, sizeof root, &err);
    puts(st == ST_OK ? root : err.msg);
    return st == ST_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- log ---- */

static char seen[4096]; /* what went to stderr */

/* Sends stderr to a file while `speak` runs and reads it into seen. */
static void capture(void (*speak)(void))
{
    FILE *f = tmpfile();
    int old = dup(STDERR_FILENO);
    ck_assert_ptr_nonnull(f);
    dup2(fileno(f), STDERR_FILENO);
    speak();
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(f);
    seen[fread(seen, 1, sizeof seen - 1, f)] = '\0';
    fclose(f);
}

static void say_all(void)
{
    log_warn("w %d", 1);
    log_info("i %d", 2);
    log_debug("d %d", 3);
}

START_TEST(levels_choose_what_is_said)
{
    static const char *const WANT[] = {"", "warning: w 1\n", "warning: w 1\ni 2\n",
                                       "warning: w 1\ni 2\ndebug: d 3\n"};
    capture(say_all);
    ck_assert_str_eq(seen, WANT[LOG_INFO]); /* the default */
    for (int level = LOG_QUIET; level <= LOG_DEBUG; level++) {
        log_set_level((LogLevel)level);
        capture(say_all);
        ck_assert_str_eq(seen, WANT[level]);
    }
    log_set_level(LOG_INFO);
}
END_TEST

/* 43 of 100 done, 3 of them before the start, which was 10 s ago: 14 s for the rest. */
static Progress ten_seconds_in(bool tty)
{
    Progress p;
    progress_start(&p, "train", 3, 100);
    p.tty = tty;
    p.t0 -= 10;
    p.t_last -= 10;
    return p;
}

static void show_plain(void)
{
    Progress p = ten_seconds_in(false);
    ck_assert(progress_due(&p));
    progress_show(&p, 43, "loss 0.5");
    ck_assert(!progress_due(&p));
    progress_end(&p);
}

START_TEST(progress_in_a_file_is_lines)
{
    capture(show_plain);
    ck_assert_str_eq(seen, "train  43 %  10 s, 14 s left  loss 0.5\n");
}
END_TEST

static void show_tty(void)
{
    Progress p = ten_seconds_in(true);
    progress_show(&p, 43, "");
    log_warn("careful");
    progress_show(&p, 44, NULL);
    progress_end(&p);
    progress_end(&p);
}

START_TEST(progress_on_a_terminal_is_redrawn_and_messages_clear_it)
{
    capture(show_tty);
    ck_assert_str_eq(seen, "\r\033[Ktrain  43 %  10 s, 14 s left\r\033[Kwarning: careful\n"
                           "\r\033[Ktrain  44 %  10 s, 14 s left\n");
}
END_TEST

static void show_early(void)
{
    Progress p;
    progress_start(&p, "x", 0, 0);
    ck_assert(!progress_due(&p));
    progress_show(&p, 0, NULL); /* nothing done yet: no rate */
    log_set_level(LOG_WARN);
    p.t_last -= 100;
    ck_assert(!progress_due(&p));
    progress_show(&p, 0, NULL);
    log_set_level(LOG_INFO);
}

START_TEST(progress_without_a_rate_has_no_forecast_and_keeps_quiet_when_told)
{
    capture(show_early);
    ck_assert_str_eq(seen, "x  100 %  0.0 s, ? left\n");
}
END_TEST

static void show_long_runs(void)
{
    static const double SPENT_S[] = {2, 60, 1800, 36000};
    for (int i = 0; i < 4; i++) {
        Progress p = ten_seconds_in(false);
        p.t0 += 10 - SPENT_S[i];
        p.done0 = 0;
        progress_show(&p, 50, NULL);
    }
}

START_TEST(durations_have_fitting_units)
{
    capture(show_long_runs);
    ck_assert_str_eq(seen, "train  50 %  2.0 s, 2.0 s left\ntrain  50 %  60 s, 60 s left\n"
                           "train  50 %  30 min, 30 min left\ntrain  50 %  10.0 h, 10.0 h left\n");
}
END_TEST

START_TEST(the_clock_goes_forward)
{
    double t = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        double now = clock_seconds();
        ck_assert_double_ge(now, t);
        t = now;
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--root")) return print_root();
    Suite *s = suite_create("base");
    TCase *tc = new_case("base", 20);
    tcase_add_test(tc, the_first_report_wins);
    tcase_add_test(tc, long_messages_are_cut_not_overrun);
    tcase_add_test(tc, every_code_has_its_text);
    tcase_add_test(tc, blocks_are_zero_aligned_and_counted);
    tcase_add_test(tc, sizes_that_overflow_fail);
    tcase_add_test(tc, resize_keeps_the_old_and_zeroes_the_new);
    tcase_add_test(tc, exactly_one_allocation_fails_on_demand);
    tcase_add_test(tc, strings_are_copied);
    tcase_add_test(tc, numbers_are_read_strictly);
    tcase_add_test(tc, whole_numbers_reach_their_limits_and_no_further);
    tcase_add_test(tc, every_double_survives_its_text);
    tcase_add_test(tc, texts_of_doubles_are_short);
    tcase_add_test(tc, ranges_read_well);
    tcase_add_test(tc, quoted_input_stays_on_one_line);
    tcase_add_test(tc, the_nearest_name_is_nearest_by_definition);
    tcase_add_test(tc, typing_mistakes_find_their_name);
    tcase_add_test(tc, state_lists_describe_arrays);
    tcase_add_test(tc, state_types_have_their_sizes);
    if (!getenv("CK_FORK")) tcase_add_test_raise_signal(tc, one_path_twice_is_our_mistake, SIGABRT);
    tcase_add_test(tc, levels_choose_what_is_said);
    tcase_add_test(tc, progress_in_a_file_is_lines);
    tcase_add_test(tc, progress_on_a_terminal_is_redrawn_and_messages_clear_it);
    tcase_add_test(tc, progress_without_a_rate_has_no_forecast_and_keeps_quiet_when_told);
    tcase_add_test(tc, durations_have_fitting_units);
    tcase_add_test(tc, the_clock_goes_forward);
    suite_add_tcase(s, tc);
    TCase *path = tcase_create("path");
    tcase_set_timeout(path, 20);
    tcase_add_checked_fixture(path, make_tree, remove_tree);
    tcase_add_test(path, the_variable_names_the_root);
    tcase_add_test(path, a_variable_without_data_is_an_error);
    tcase_add_test(path, names_are_listed_in_order_without_suffix);
    tcase_add_test(path, many_names_are_all_listed);
    tcase_add_test(path, names_are_found_and_files_taken_as_they_are);
    tcase_add_test(path, an_unknown_name_gets_the_nearest_one);
    tcase_add_test(path, paths_that_do_not_fit_are_refused);
    tcase_add_test(path, paths_report_every_allocation_failure);
    tcase_add_test(path, the_place_of_the_program_gives_the_root);
    suite_add_tcase(s, path);
    return run_suite(s);
}
