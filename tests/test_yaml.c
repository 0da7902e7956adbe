/* test_yaml.c -- the tree that YAML becomes, its messages, and that no input can break it. */
#include "base/rng.h"
#include "base/yaml.h"
#include "tests/support.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static YamlDoc *parsed(const char *text)
{
    Err err = {0};
    YamlDoc *doc;
    ck_ok(yaml_parse(&doc, "x.yaml", text, strlen(text), &err), err);
    return doc;
}

static void check_error(const char *text, size_t bytes, const char *want)
{
    Err err = {0};
    YamlDoc *doc = (YamlDoc *)&err;
    ck_assert_int_eq(yaml_parse(&doc, "x.yaml", text, bytes, &err), ST_FORMAT);
    ck_assert_ptr_null(doc);
    ck_assert_str_eq(err.msg, want);
}

/* ---- the tree ---- */

START_TEST(maps_lists_and_scalars_become_a_tree_with_lines)
{
    YamlDoc *doc = parsed("# a comment\n"
                          "name: net one\n"
                          "layers:\n"
                          "  - {k: 3, s: [1, 2]}\n"
                          "  - k: 5\n"
                          "\n"
                          "text: \"3\"\n"
                          "none:\n");
    const YamlNode *root = yaml_root(doc), *layers = yaml_get(root, "layers");
    ck_assert_str_eq(yaml_name(doc), "x.yaml");
    ck_assert_int_eq(yaml_kind(root), YAML_MAP);
    ck_assert_int_eq(yaml_size(root), 4);
    ck_assert_str_eq(yaml_key(root, 0), "name");
    ck_assert_str_eq(yaml_text(yaml_item(root, 0)), "net one");
    ck_assert_int_eq(yaml_line(yaml_item(root, 0)), 2);
    ck_assert_int_eq(yaml_kind(layers), YAML_SEQ);
    ck_assert_int_eq(yaml_line(layers), 3); /* of its key */
    ck_assert_int_eq(yaml_size(layers), 2);
    const YamlNode *s = yaml_get(yaml_item(layers, 0), "s"),
                   *k = yaml_get(yaml_item(layers, 1), "k");
    ck_assert_str_eq(yaml_text(yaml_item(s, 1)), "2");
    ck_assert_int_eq(yaml_line(k), 5);
    ck_assert_ptr_null(yaml_get(root, "absent"));
    ck_assert_ptr_null(yaml_get(layers, "absent"));
    ck_assert_str_eq(yaml_text(layers), "");
    ck_assert_int_eq(yaml_size(k), 0);
    ck_assert(yaml_quoted(yaml_get(root, "text")) && !yaml_quoted(k));
    ck_assert(yaml_empty(yaml_get(root, "none")) && !yaml_empty(yaml_get(root, "text")));
    yaml_destroy(doc);
}
END_TEST

START_TEST(paths_name_every_node)
{
    YamlDoc *doc = parsed("a: [1, {b: 2}]");
    char path[64], tiny[4];
    const YamlNode *a = yaml_get(yaml_root(doc), "a"), *b = yaml_get(yaml_item(a, 1), "b");
    yaml_path(yaml_root(doc), path, sizeof path);
    ck_assert_str_eq(path, "");
    yaml_path(b, path, sizeof path);
    ck_assert_str_eq(path, "a[1].b");
    yaml_path(b, tiny, sizeof tiny);
    ck_assert_str_eq(tiny, "a[1");
    yaml_destroy(doc);
}
END_TEST

START_TEST(nothing_is_an_empty_map)
{
    static const char *const TEXT[] = {"",      "\n\n",       "# only a comment\n",
                                       "---\n", "---\n...\n", "{}"};
    for (size_t i = 0; i < sizeof TEXT / sizeof *TEXT; i++) {
        YamlDoc *doc = parsed(TEXT[i]);
        ck_assert_int_eq(yaml_kind(yaml_root(doc)), YAML_MAP);
        ck_assert_int_eq(yaml_size(yaml_root(doc)), 0);
        yaml_destroy(doc);
    }
}
END_TEST

START_TEST(windows_files_and_byte_order_marks_are_read)
{
    YamlDoc *doc = parsed("\xef\xbb\xbf"
                          "a: 1\r\nb: 2\r\n");
    ck_assert_str_eq(yaml_text(yaml_get(yaml_root(doc), "a")), "1");
    ck_assert_int_eq(yaml_line(yaml_get(yaml_root(doc), "b")), 2);
    yaml_destroy(doc);
}
END_TEST

/* Appends a random value in JSON form: the same text must come back from the tree. */
static void random_value(Rng *rng, int depth, char *out, size_t *n)
{
    uint32_t kind = depth > 0 ? rng_below(rng, 4) : 0, size = rng_below(rng, 5);
    if (kind == 2 || kind == 3) {
        out[(*n)++] = kind == 2 ? '[' : '{';
        for (uint32_t i = 0; i < size; i++) {
            if (i) *n += (size_t)sprintf(out + *n, ", ");
            if (kind == 3) *n += (size_t)sprintf(out + *n, "k%u: ", (i * 7 + 3) % 5);
            random_value(rng, depth - 1, out, n);
        }
        out[(*n)++] = kind == 2 ? ']' : '}';
    } else {
        *n += (size_t)sprintf(out + *n, kind ? "\"q %u\"" : "%u", rng_below(rng, 1000));
    }
    out[*n] = '\0';
}

static void print_tree(const YamlNode *node, char *out, size_t *n)
{
    bool map = yaml_kind(node) == YAML_MAP;
    if (yaml_kind(node) == YAML_SCALAR) {
        *n += (size_t)sprintf(out + *n, yaml_quoted(node) ? "\"%s\"" : "%s", yaml_text(node));
        return;
    }
    out[(*n)++] = map ? '{' : '[';
    for (int i = 0; i < yaml_size(node); i++) {
        if (i) *n += (size_t)sprintf(out + *n, ", ");
        if (map) {
            *n += (size_t)sprintf(out + *n, "%s: ", yaml_key(node, i));
            ck_assert_ptr_eq(yaml_get(node, yaml_key(node, i)), yaml_item(node, i));
        }
        print_tree(yaml_item(node, i), out, n);
    }
    out[(*n)++] = map ? '}' : ']';
    out[*n] = '\0';
}

START_TEST(random_trees_come_back_unchanged)
{
    static char text[1 << 16], back[1 << 16];
    Rng rng;
    rng_seed(&rng, 21, 0);
    for (int round = 0; round < 300; round++) {
        size_t n = (size_t)sprintf(text, "{top: "), m = 0;
        random_value(&rng, 5, text, &n);
        sprintf(text + n, "}");
        YamlDoc *doc = parsed(text);
        print_tree(yaml_root(doc), back, &m);
        ck_assert_str_eq(back, text);
        yaml_destroy(doc);
    }
}
END_TEST

/* ---- what is refused ---- */

START_TEST(broken_yaml_is_reported_with_its_line)
{
    static const char *const CASE[][2] = {
        {"a: 1\n\tb: 2\n", "x.yaml:2: a tab cannot indent, use spaces"},
        {"a:\n  b: 1\n \tc: 2\n", "x.yaml:3: a tab cannot indent, use spaces"},
        {"a: [1, 2\n\nb: 3\n", "x.yaml:3: did not find expected ',' or ']' while parsing a flow "
                               "sequence begun in line 1"},
        {"a: 'x\n",
         "x.yaml:2: found unexpected end of stream while scanning a quoted scalar begun in "
         "line 1"},
        {"a: b: c\n", "x.yaml:1: mapping values are not allowed in this context"},
        {"a: 1\nb: 2\na: 3\n", "x.yaml:3: 'a' is set twice, first in line 1"},
        {"s:\n  t: {u: 1, u: 1}\n", "x.yaml:2: 's.t.u' is set twice, first in line 2"},
        {"a: &here 1\n", "x.yaml:1: anchors (&x) and aliases (*x) are not read, write it out"},
        {"a: 1\nb: *a\n", "x.yaml:2: anchors (&x) and aliases (*x) are not read, write it out"},
        {"a: &x [1]\n", "x.yaml:1: anchors (&x) and aliases (*x) are not read, write it out"},
        {"a: &x {b: 1}\n", "x.yaml:1: anchors (&x) and aliases (*x) are not read, write it out"},
        {"a: !!int 3\n", "x.yaml:1: tags (!x) are not read, leave it out"},
        {"a: ! 3\n", "x.yaml:1: tags (!x) are not read, leave it out"},
        {"a: !list [3]\n", "x.yaml:1: tags (!x) are not read, leave it out"},
        {"!map {a: 3}\n", "x.yaml:1: tags (!x) are not read, leave it out"},
        {"a: 1\n---\nb: 2\n", "x.yaml:2: a second document (---), one is read"},
        {"a: 1\n? [b, c]\n: 2\n", "x.yaml:2: a key must be a word, not a list or map"},
        {"a: {\"\": 1}\n", "x.yaml:1: a key is missing before ':'"},
        {"a: 1\nb: \xff\n", "x.yaml:2: not UTF-8 text (invalid leading UTF-8 octet)"},
        {"a: \"x\\0y\"\n", "x.yaml:1: text with a zero byte"},
        {"a: \x01\n", "x.yaml:1: not UTF-8 text (control characters are not allowed)"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        check_error(CASE[i][0], strlen(CASE[i][0]), CASE[i][1]);
    check_error("a: \0\n", 5, "x.yaml:1: not UTF-8 text (control characters are not allowed)");
}
END_TEST

static char *repeated(const char *piece, size_t times)
{
    size_t n = strlen(piece);
    char *text = mem_calloc(n * times + 1, 1);
    for (size_t i = 0; i < times; i++) memcpy(text + i * n, piece, n);
    return text;
}

START_TEST(depth_is_bounded)
{
    char *deep = repeated("[", 65), *ok = repeated("[", 64), *closed = repeated("]", 64), both[129];
    check_error(deep, 65, "x.yaml:1: nested deeper than 64 levels");
    snprintf(both, sizeof both, "%s%s", ok, closed);
    yaml_destroy(parsed(both));
    mem_free(deep);
    mem_free(ok);
    mem_free(closed);
    deep = repeated("[", 1000000);
    check_error(deep, 1000000, "x.yaml:1: nested deeper than 64 levels");
    mem_free(deep);
    deep = repeated("- ", 100000);
    check_error(deep, 200000, "x.yaml:1: nested deeper than 64 levels");
    mem_free(deep);
}
END_TEST

START_TEST(the_number_of_values_is_bounded)
{
    char *many = repeated("- 1\n", 300000);
    check_error(many, strlen(many),
                "x.yaml:262144: more than 262144 values, cut the file into several");
    mem_free(many);
}
END_TEST

START_TEST(the_size_of_a_file_is_bounded)
{
    size_t bytes = (16u << 20) + 1;
    char *big = repeated("#", bytes);
    check_error(big, bytes, "x.yaml:1: larger than 16 MB");
    mem_free(big);
    Err err = {0};
    YamlDoc *doc;
    ck_assert_int_eq(yaml_load(&doc, "/dev/zero", &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "/dev/zero:1: larger than 16 MB");
}
END_TEST

START_TEST(large_maps_are_checked_and_read_in_good_time)
{
    enum { KEYS = 100000 };
    char *text = mem_calloc(KEYS, 16), *s = text, key[16];
    for (int i = 0; i < KEYS; i++) s += sprintf(s, "k%d: %d\n", i, i);
    YamlDoc *doc = parsed(text);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "k%d", i);
        const YamlNode *node = yaml_get(yaml_root(doc), key);
        if (node != yaml_item(yaml_root(doc), i) || atoi(yaml_text(node)) != i)
            ck_abort_msg("%s is not where it belongs", key);
    }
    yaml_destroy(doc);
    mem_free(text);
}
END_TEST

/* ---- typed reads ---- */

static const char *const COLOUR[] = {"red", "green"};

START_TEST(values_are_read_by_type)
{
    YamlDoc *doc = parsed("i: -3\nbig: 1e6\nx: 2.5e-3\nyes: true\nno: false\ns: text\nc: green\n"
                          "u: 18446744073709551615");
    const YamlNode *m = yaml_root(doc);
    Err err = {0};
    int i;
    uint64_t u;
    double x;
    bool b;
    char s[5];
    ck_ok(yaml_read_int(m, "i", -5, 5, &i, &err), err);
    ck_assert_int_eq(i, -3);
    ck_ok(yaml_read_int(m, "big", 0, 1000000, &i, &err), err);
    ck_assert_int_eq(i, 1000000);
    ck_ok(yaml_read_double(m, "x", 0, 1, &x, &err), err);
    ck_assert_double_eq(x, 2.5e-3);
    ck_ok(yaml_read_bool(m, "yes", &b, &err), err);
    ck_assert(b);
    ck_ok(yaml_read_bool(m, "no", &b, &err), err);
    ck_assert(!b);
    ck_ok(yaml_read_string(m, "s", s, sizeof s, &err), err);
    ck_assert_str_eq(s, "text");
    ck_ok(yaml_read_enum(m, "c", COLOUR, 2, &i, &err), err);
    ck_assert_int_eq(i, 1);
    ck_ok(yaml_u64(yaml_get(m, "u"), 0, UINT64_MAX, &u, &err), err);
    ck_assert_uint_eq(u, UINT64_MAX);
    ck_ok(yaml_expect(m, YAML_MAP, &err), err);
    yaml_destroy(doc);
}
END_TEST

/* Reads key `v` of {v: VALUE} as the type that the letter names. */
static Status read_as(char type, const YamlNode *map, Err *err)
{
    int i = 77;
    uint64_t u = 77;
    double x = 77;
    bool b = true;
    char s[5] = "old";
    Status st = ST_OK;
    switch (type) {
    case 'i':
        st = yaml_read_int(map, "v", 1, 1000, &i, err);
        break;
    case 'u':
        st = yaml_u64(yaml_get(map, "v"), 1, 1000, &u, err);
        break;
    case 'd':
        st = yaml_read_double(map, "v", 0, 1, &x, err);
        break;
    case 'b':
        st = yaml_read_bool(map, "v", &b, err);
        break;
    case 's':
        st = yaml_read_string(map, "v", s, sizeof s, err);
        break;
    case 'e':
        st = yaml_read_enum(map, "v", COLOUR, 2, &i, err);
        break;
    case 'l':
        st = yaml_expect(yaml_get(map, "v"), YAML_SEQ, err);
        break;
    case 'm':
        st = yaml_expect(yaml_get(map, "v"), YAML_MAP, err);
        break;
    case 'v':
        st = yaml_expect(yaml_get(map, "v"), YAML_SCALAR, err);
        break;
    }
    ck_assert(i == 77 && u == 77 && x == 77 && b && !strcmp(s, "old"));
    return st;
}

START_TEST(wrong_values_are_named_with_what_would_be_right)
{
    static const struct {
        char type;
        const char *value, *want;
    } CASE[] = {
        {'i', "abc", "a whole number in 1..1000, got 'abc'"},
        {'i', "0", "a whole number in 1..1000, got '0'"},
        {'i', "1001", "a whole number in 1..1000, got '1001'"},
        {'i', "1.5", "a whole number in 1..1000, got '1.5'"},
        {'i', "99999999999999999999", "a whole number in 1..1000, got '99999999999999999999'"},
        {'i', "0x10", "a whole number in 1..1000, got '0x10'"},
        {'i', "'3'", "a whole number in 1..1000, got \"3\""},
        {'i', "[3]", "a whole number in 1..1000, got a list"},
        {'i', "", "a whole number in 1..1000, got nothing"},
        {'u', "-1", "a whole number in 1..1000, got '-1'"},
        {'d', ".nan", "a number in 0..1, got '.nan'"},
        {'d', "nan", "a number in 0..1, got 'nan'"},
        {'d', ".inf", "a number in 0..1, got '.inf'"},
        {'d', "1e999", "a number in 0..1, got '1e999'"},
        {'d', "1.01", "a number in 0..1, got '1.01'"},
        {'d', "1,5", "a number in 0..1, got '1,5'"},
        {'b', "yes", "true or false, got 'yes'"},
        {'b', "True", "true or false, got 'True'"},
        {'b', "1", "true or false, got '1'"},
        {'b', "\"true\"", "true or false, got \"true\""},
        {'s', "\"\"", "text of 1..4 bytes, got \"\""},
        {'s', "words", "text of 1..4 bytes, got 'words'"},
        {'s', "{a: b}", "text of 1..4 bytes, got a map"},
        {'e', "blue", "one of red, green, got 'blue'"},
        {'e', "[red]", "one of red, green, got a list"},
        {'l', "3", "a list, got '3'"},
        {'m', "[3]", "a map, got a list"},
        {'v', "{}", "a single value, got a map"},
        {'i', "\"a\\nb\"", "a whole number in 1..1000, got \"a?b\""},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char text[64], want[128];
        Err err = {0};
        snprintf(text, sizeof text, "# one\nv: %s\n", CASE[i].value);
        snprintf(want, sizeof want, "x.yaml:2: 'v' must be %s", CASE[i].want);
        YamlDoc *doc = parsed(text);
        ck_assert_int_eq(read_as(CASE[i].type, yaml_root(doc), &err), ST_FORMAT);
        ck_assert_str_eq(err.msg, want);
        yaml_destroy(doc);
    }
}
END_TEST

START_TEST(missing_keys_are_named_with_their_place)
{
    YamlDoc *doc = parsed("layers:\n  - {k: 3}\n  - 7\n");
    const YamlNode *layers = yaml_get(yaml_root(doc), "layers");
    int i;
    Err a = {0}, b = {0}, c = {0};
    ck_assert_int_eq(yaml_read_int(yaml_item(layers, 0), "stride", 0, 9, &i, &a), ST_FORMAT);
    ck_assert_str_eq(a.msg, "x.yaml:2: missing key 'layers[0].stride'");
    ck_assert_int_eq(yaml_read_int(yaml_root(doc), "name", 0, 9, &i, &b), ST_FORMAT);
    ck_assert_str_eq(b.msg, "x.yaml:1: missing key 'name'");
    ck_assert_int_eq(yaml_read_int(yaml_item(layers, 1), "k", 0, 9, &i, &c), ST_FORMAT);
    ck_assert_str_eq(c.msg, "x.yaml:3: 'layers[1]' must be a map, got '7'");
    yaml_destroy(doc);
}
END_TEST

START_TEST(unknown_keys_get_the_nearest_one)
{
    static const char *const KNOWN[] = {"stride", "kernel", "pad"};
    YamlDoc *doc = parsed("a: {stride: 1, pad: 2}\nb:\n  kernel: 3\n  strid: 2\nc: {colour: 1}\n");
    const YamlNode *m = yaml_root(doc);
    Err a = {0}, b = {0};
    ck_assert_int_eq(yaml_check_keys(yaml_get(m, "a"), KNOWN, 3, NULL), ST_OK);
    ck_assert_int_eq(yaml_check_keys(yaml_get(m, "b"), KNOWN, 3, &a), ST_FORMAT);
    ck_assert_str_eq(a.msg, "x.yaml:4: unknown key 'b.strid', did you mean 'stride'?");
    ck_assert_int_eq(yaml_check_keys(yaml_get(m, "c"), KNOWN, 3, &b), ST_FORMAT);
    ck_assert_str_eq(b.msg, "x.yaml:5: unknown key 'c.colour'");
    yaml_destroy(doc);
}
END_TEST

/* ---- files, settings ---- */

START_TEST(files_are_loaded)
{
    char name[] = "/tmp/relmas-test-XXXXXX", want[128];
    Err err = {0};
    YamlDoc *doc;
    int fd = mkstemp(name);
    FILE *f = fdopen(fd, "w");
    for (int i = 0; i < 5000; i++) fprintf(f, "- %d\n", i); /* more than one block */
    fclose(f);
    ck_ok(yaml_load(&doc, name, &err), err);
    ck_assert_int_eq(yaml_size(yaml_root(doc)), 5000);
    ck_assert_str_eq(yaml_text(yaml_item(yaml_root(doc), 4999)), "4999");
    yaml_destroy(doc);
    ck_every_allocation_failure(yaml_load(&doc, name, NULL), yaml_destroy(doc));
    unlink(name);
    ck_assert_int_eq(yaml_load(&doc, name, &err), ST_IO);
    snprintf(want, sizeof want, "cannot open '%s': No such file or directory", name);
    ck_assert_str_eq(err.msg, want);
    Err folder = {0};
    ck_assert_int_eq(yaml_load(&doc, "/", &folder), ST_IO);
    ck_assert_str_eq(folder.msg, "cannot read '/': Is a directory");
}
END_TEST

START_TEST(settings_have_no_line_in_their_messages)
{
    Err err = {0}, twice = {0};
    YamlDoc *doc;
    int i;
    ck_ok(yaml_parse_setting(&doc, "--set a=x", "a", "[x]", &err), err);
    ck_assert_int_eq(yaml_read_int(yaml_root(doc), "a", 1, 2, &i, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "--set a=x: 'a' must be a whole number in 1..2, got a list");
    yaml_destroy(doc);
    ck_assert_int_eq(yaml_parse_setting(&doc, "--set a", "a", "1\nb: 2", &twice), ST_FORMAT);
    ck_assert_ptr_null(doc);
    ck_assert_str_eq(twice.msg, "--set a: one value is expected, quote it if it is text");
    ck_every_allocation_failure(yaml_parse_setting(&doc, "n", "a", "{b: 1}", NULL),
                                yaml_destroy(doc));
}
END_TEST

START_TEST(parse_reports_every_allocation_failure)
{
    static const char TEXT[] = "a: {b: [1, 2], c: text}\n";
    YamlDoc *doc;
    ck_every_allocation_failure(yaml_parse(&doc, "x", TEXT, sizeof TEXT - 1, NULL),
                                yaml_destroy(doc));
    char *many = mem_calloc(3000, 8),
         *s = many; /* so large that its arrays are blocks of their own */
    for (int i = 0; i < 3000; i++) s += sprintf(s, "%d: \n", i);
    ck_every_allocation_failure(yaml_parse(&doc, "x", many, strlen(many), NULL), yaml_destroy(doc));
    mem_free(many);
    yaml_destroy(NULL);
}
END_TEST

/* ---- any input ---- */

static const char *const SEED_TEXT[] = {
    ("# net\nname: alexnet\nlayers:\n  - {name: c1, type: conv, k: [11, 11], stride: 4}\n"
     "  - name: fc\n    inputs: [c1]\n    groups: 1\n"),
    "seed: 1\ndqn:\n  lr: 5.0e-04\n  double: true\n  text: \"a \\u00e9 b\"\ntrain: {steps: 1e6}\n",
    "a: |\n  block\n  text\nb: >-\n  folded\n? c\n: 'it''s'\n",
};
static const char *const TOKEN[] = {
    "\t",  "\n", ": ", "- ", "[", "]",  "{",  "}", "\"",   "'", "#", "&a", "*a",       "!",
    "---", "|",  ">",  "? ", ",", "\\", "\r", "%", "\xff", "@", "`", "<<", "\xc2\x85", "1e999"};

/* One random edit of text[*n] in place; there is room. */
static void mutate(Rng *rng, char *text, size_t *n, size_t cap)
{
    size_t at = rng_below(rng, (uint32_t)*n + 1), len = rng_below(rng, 12);
    const char *token = TOKEN[rng_below(rng, sizeof TOKEN / sizeof *TOKEN)];
    if (len > *n - at) len = *n - at;
    switch (rng_below(rng, 4)) {
    case 0: /* a byte changes */
        if (at < *n) text[at] = (char)rng_below(rng, 256);
        break;
    case 1: /* a piece goes */
        memmove(text + at, text + at + len, *n - at - len);
        *n -= len;
        break;
    case 2: /* a piece comes twice */
        if (*n + len > cap) break;
        memmove(text + at + len, text + at, *n - at);
        *n += len;
        break;
    default: /* a token comes in */
        len = strlen(token);
        if (*n + len > cap) break;
        memmove(text + at + len, text + at, *n - at);
        memcpy(text + at, token, len);
        *n += len;
    }
}

static void visit(const YamlNode *node)
{
    char path[40];
    yaml_path(node, path, sizeof path);
    ck_assert_int_ge(yaml_line(node), 1);
    for (int i = 0; i < yaml_size(node); i++) visit(yaml_item(node, i));
}

static void check_message(const char *msg)
{
    ck_assert_msg(!strncmp(msg, "x.yaml:", 7) && isdigit((unsigned char)msg[7]), "%s", msg);
    ck_assert_msg(!strpbrk(msg, "\n\r\t"), "%s", msg);
}

START_TEST(no_mutation_of_a_text_breaks_the_reader)
{
    Rng rng;
    int good = 0, bad = 0;
    rng_seed(&rng, 1234, 0);
    for (int round = 0; round < 20000; round++) {
        char text[600];
        const char *seed = SEED_TEXT[round % 3];
        size_t n = strlen(seed);
        memcpy(text, seed, n);
        for (uint32_t k = 1 + rng_below(&rng, 4); k > 0; k--) mutate(&rng, text, &n, sizeof text);
        Err err = {0};
        YamlDoc *doc;
        if (yaml_parse(&doc, "x.yaml", text, n, &err) == ST_OK) {
            visit(yaml_root(doc));
            good++;
        } else {
            ck_assert_ptr_null(doc);
            check_message(err.msg);
            bad++;
        }
        yaml_destroy(doc);
        ck_assert_int_eq(mem_live, 0);
    }
    ck_assert_int_gt(good, 1000); /* both ways are walked */
    ck_assert_int_gt(bad, 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("yaml");
    TCase *tc = new_case("yaml", 60);
    tcase_add_test(tc, maps_lists_and_scalars_become_a_tree_with_lines);
    tcase_add_test(tc, paths_name_every_node);
    tcase_add_test(tc, nothing_is_an_empty_map);
    tcase_add_test(tc, windows_files_and_byte_order_marks_are_read);
    tcase_add_test(tc, random_trees_come_back_unchanged);
    tcase_add_test(tc, broken_yaml_is_reported_with_its_line);
    tcase_add_test(tc, depth_is_bounded);
    tcase_add_test(tc, the_number_of_values_is_bounded);
    tcase_add_test(tc, the_size_of_a_file_is_bounded);
    tcase_add_test(tc, large_maps_are_checked_and_read_in_good_time);
    tcase_add_test(tc, values_are_read_by_type);
    tcase_add_test(tc, wrong_values_are_named_with_what_would_be_right);
    tcase_add_test(tc, missing_keys_are_named_with_their_place);
    tcase_add_test(tc, unknown_keys_get_the_nearest_one);
    tcase_add_test(tc, files_are_loaded);
    tcase_add_test(tc, settings_have_no_line_in_their_messages);
    tcase_add_test(tc, parse_reports_every_allocation_failure);
    tcase_add_test(tc, no_mutation_of_a_text_breaks_the_reader);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
