/* test_config.c -- settings by a table: reading, overrides, golden messages, and that the effective
 * configuration as text reads back to the same bytes. */
#include "base/config.h"
#include "base/rng.h"
#include "tests/support.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct Settings {
    uint64_t seed;
    int steps, activation;
    bool twin;
    double lr, tau;
    char name[CONFIG_TEXT_MAX];
    ConfigInts hidden;
    ConfigDoubles loads;
} Settings;

static const char *const ACTIVATION[] = {"relu", "tanh", "sigmoid", NULL};

/* Sections are mixed on purpose: the text must group them. */
static const ConfigField FIELD[] = {
    {"train.steps", CONFIG_INT, offsetof(Settings, steps), 1, 1e9, NULL, "decisions"},
    {"seed", CONFIG_U64, offsetof(Settings, seed), 0, 0x1p64, NULL, "of everything"},
    {"dqn.lr", CONFIG_DOUBLE, offsetof(Settings, lr), 0, 1, NULL, "learning rate"},
    {"dqn.double", CONFIG_BOOL, offsetof(Settings, twin), 0, 0, NULL, "two nets choose"},
    {"train.name", CONFIG_TEXT, offsetof(Settings, name), 0, 0, NULL, "of the run"},
    {"dqn.activation", CONFIG_ENUM, offsetof(Settings, activation), 0, 0, ACTIVATION, "of a layer"},
    {"dqn.hidden", CONFIG_INTS, offsetof(Settings, hidden), 1, 4096, NULL, "units"},
    {"dqn.tau", CONFIG_DOUBLE, offsetof(Settings, tau), -DBL_MAX, DBL_MAX, NULL, "any number"},
    {"train.loads", CONFIG_DOUBLES, offsetof(Settings, loads), 0, 2, NULL, "of lambda_max"},
};
enum { FIELDS = sizeof FIELD / sizeof *FIELD };

static Settings defaults(void)
{
    Settings s;
    memset(&s, 0, sizeof s); /* padding too: the tests compare bytes */
    s.seed = 1;
    s.steps = 1000;
    s.twin = true;
    s.lr = 5e-4;
    s.tau = -0.25;
    strcpy(s.name, "run \"a\"");
    s.hidden = (ConfigInts){2, {64, 32}};
    s.loads = (ConfigDoubles){3, {0.5, 1, 1.8}};
    return s;
}

static Status read_text(Settings *s, const char *text, Err *err)
{
    YamlDoc *doc;
    Status st = yaml_parse(&doc, "x.yaml", text, strlen(text), err);
    if (st == ST_OK) st = config_read(s, FIELD, FIELDS, doc, err);
    yaml_destroy(doc);
    return st;
}

static Status set(Settings *s, const char *assignment, Err *err)
{
    return config_set(s, FIELD, FIELDS, "--set", assignment, err);
}

/* ---- reading ---- */

START_TEST(a_file_changes_only_what_it_names)
{
    Settings s = defaults(), want = defaults();
    Err err = {0};
    ck_ok(read_text(&s, "", &err), err);
    ck_assert_mem_eq(&s, &want, sizeof s);
    ck_ok(read_text(&s, "train:\n  steps: 2e3\ndqn:\n  hidden: [8]\n  activation: tanh\n", &err),
          err);
    want.steps = 2000;
    want.activation = 1;
    want.hidden = (ConfigInts){1, {8}};
    ck_assert_mem_eq(&s, &want, sizeof s);
}
END_TEST

START_TEST(keys_are_nested_or_flat_and_sections_may_be_empty)
{
    Settings s = defaults();
    Err err = {0};
    ck_ok(read_text(&s, "dqn.lr: 0.25\ndqn:\ntrain: {}\nseed: 18446744073709551615\n", &err), err);
    ck_assert_double_eq(s.lr, 0.25);
    ck_assert_uint_eq(s.seed, UINT64_MAX);
}
END_TEST

START_TEST(overrides_are_yaml_values)
{
    Settings s = defaults(), want = defaults();
    Err err = {0};
    ck_ok(set(&s, "dqn.hidden=[1, 2, 3]", &err), err);
    ck_ok(set(&s, "train.steps=1e6", &err), err);
    ck_ok(set(&s, "dqn.double=false", &err), err);
    ck_ok(set(&s, "seed=7", &err), err);
    ck_ok(set(&s, "train.name=a=b", &err), err);
    want.hidden = (ConfigInts){3, {1, 2, 3}};
    want.steps = 1000000;
    want.twin = false;
    want.seed = 7;
    memset(want.name, 0, sizeof want.name);
    strcpy(want.name, "a=b");
    ck_assert_mem_eq(&s, &want, sizeof s);
    ck_ok(set(&s, "train.name=\"\"", &err), err);
    ck_assert_str_eq(s.name, "");
}
END_TEST

/* ---- messages ---- */

START_TEST(mistakes_in_a_file_are_explained)
{
    static const char *const CASE[][2] = {
        {"dqn:\n  lrate: 3\n", "x.yaml:2: unknown key 'dqn.lrate', did you mean 'dqn.lr'?"},
        {"\nlr: 3\n", "x.yaml:2: unknown key 'lr', did you mean 'dqn.lr'?"},
        {"train:\n  lr: 3\n", "x.yaml:2: unknown key 'train.lr', did you mean 'dqn.lr'?"},
        {"dqm:\n  lr: 3\n", "x.yaml:1: unknown key 'dqm', did you mean 'dqn'?"},
        {"replay:\n  size: 3\n", "x.yaml:1: unknown key 'replay'"},
        {"sead: 3\n", "x.yaml:1: unknown key 'sead', did you mean 'seed'?"},
        {"train:\n  steps: abc\n",
         "x.yaml:2: 'train.steps' must be a whole number in 1..1e9, got 'abc'"},
        {"train:\n  steps: 0\n",
         "x.yaml:2: 'train.steps' must be a whole number in 1..1e9, got '0'"},
        {"seed: -1", "x.yaml:1: 'seed' must be a whole number of at least 0, got '-1'"},
        {"dqn: 3\n", "x.yaml:1: 'dqn' must be a map, got '3'"},
        {"seed: {a: 1}\n", "x.yaml:1: 'seed' must be a whole number of at least 0, got a map"},
        {"dqn: {lr: 2}\n", "x.yaml:1: 'dqn.lr' must be a number in 0..1, got '2'"},
        {"dqn: {tau: .nan}\n", "x.yaml:1: 'dqn.tau' must be a number, got '.nan'"},
        {"dqn: {double: yes}\n", "x.yaml:1: 'dqn.double' must be true or false, got 'yes'"},
        {"dqn: {activation: elu}\n",
         "x.yaml:1: 'dqn.activation' must be one of relu, tanh, sigmoid, got 'elu'"},
        {"dqn: {hidden: many}\n",
         "x.yaml:1: 'dqn.hidden' must be a list of 1..16 elements, each a whole "
         "number in 1..4096, got 'many'"},
        {"dqn: {hidden: []}\n",
         "x.yaml:1: 'dqn.hidden' must be a list of 1..16 elements, each a whole "
         "number in 1..4096, got 0 elements"},
        {"dqn:\n  hidden: [8,\n  0]\n",
         "x.yaml:3: 'dqn.hidden[1]' must be a whole number in 1..4096, got '0'"},
        {"train: {loads: [1, x]}\n",
         "x.yaml:1: 'train.loads[1]' must be a number in 0..2, got 'x'"},
        {"train: {name: [x]}\n", "x.yaml:1: 'train.name' must be text (\"\" for none), got a list"},
        {"train: {name: }\n", "x.yaml:1: 'train.name' must be text (\"\" for none), got nothing"},
        {"dqn.lr: 1\ndqn: {lr: 1}\n", "x.yaml:1: 'dqn.lr' is set twice, here and in its section"},
        {"[1]", "x.yaml:1: the file must be a map, got a list"},
        {"text", "x.yaml:1: the file must be a map, got 'text'"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        Settings s = defaults(), before = defaults();
        Err err = {0};
        ck_assert_int_eq(read_text(&s, CASE[i][0], &err), ST_CONFIG);
        ck_assert_str_eq(err.msg, CASE[i][1]);
        ck_assert_int_eq(err.code, ST_CONFIG);
        ck_assert_mem_eq(&s, &before, sizeof s);
    }
}
END_TEST

START_TEST(mistakes_in_an_override_are_explained)
{
    static const char *const CASE[][2] = {
        {"dqn.lrate=3", "--set dqn.lrate=3: unknown key 'dqn.lrate', did you mean 'dqn.lr'?"},
        {"nothing=3", "--set nothing=3: unknown key 'nothing'"},
        {"=3", "--set =3: unknown key ''"},
        {"dqn.lr=3", "--set dqn.lr=3: 'dqn.lr' must be a number in 0..1, got '3'"},
        {"dqn.lr=", "--set dqn.lr=: 'dqn.lr' must be a number in 0..1, got nothing"},
        {"dqn.lr", "--set dqn.lr: no value, write it as KEY=VALUE"},
        {"dqn={lr: 1}", "--set dqn={lr: 1}: 'dqn' is a section, set one of its keys"},
        {"dqn.hidden=[1",
         "--set dqn.hidden=[1: did not find expected ',' or ']' while parsing a flow "
         "sequence"},
        {"seed=1\ndqn.lr: 1",
         "--set seed=1?dqn.lr: 1: one value is expected, quote it if it is text"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        Settings s = defaults(), before = defaults();
        Err err = {0};
        ck_assert_int_eq(set(&s, CASE[i][0], &err), ST_CONFIG);
        ck_assert_str_eq(err.msg, CASE[i][1]);
        ck_assert_mem_eq(&s, &before, sizeof s);
    }
}
END_TEST

START_TEST(texts_of_255_bytes_fit_and_longer_ones_do_not)
{
    char line[CONFIG_TEXT_MAX + 20] = "train.name=";
    size_t n = strlen(line);
    Settings s = defaults();
    Err err = {0};
    memset(line + n, 'x', CONFIG_TEXT_MAX - 1);
    ck_ok(set(&s, line, &err), err);
    ck_assert_str_eq(s.name, line + n);
    line[n + CONFIG_TEXT_MAX - 1] = 'x';
    ck_assert_int_eq(set(&s, line, &err), ST_CONFIG);
    ck_assert_ptr_nonnull(
        strstr(err.msg, "'train.name' must be text of at most 255 bytes, got 'xxx"));
}
END_TEST

START_TEST(lists_hold_sixteen_and_not_seventeen)
{
    Settings s = defaults();
    Err err = {0};
    ck_ok(set(&s, "dqn.hidden=[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]", &err), err);
    ck_assert_int_eq(s.hidden.n, 16);
    ck_assert_int_eq(s.hidden.v[15], 16);
    ck_assert_int_eq(set(&s, "dqn.hidden=[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", &err),
                     ST_CONFIG);
    ck_assert_int_eq(s.hidden.n, 16);
}
END_TEST

/* ---- printing ---- */

START_TEST(a_number_alone_is_a_list_of_one)
{
    Settings s = defaults();
    Err err = {0};
    ck_ok(read_text(&s, "dqn: {hidden: 64}\ntrain: {loads: 0.5}\n", &err), err);
    ck_assert_int_eq(s.hidden.n, 1);
    ck_assert_int_eq(s.hidden.v[0], 64);
    ck_assert_int_eq(s.loads.n, 1);
    ck_assert_double_eq(s.loads.v[0], 0.5);
}
END_TEST

START_TEST(the_effective_configuration_is_yaml_by_section)
{
    Settings s = defaults();
    Err err = {0};
    char *text;
    ck_ok(config_format(&s, FIELD, FIELDS, &text, &err), err);
    ck_assert_str_eq(text, "train:\n"
                           "  steps: 1000\n"
                           "  name: \"run \\\"a\\\"\"\n"
                           "  loads: [0.5, 1, 1.8]\n"
                           "seed: 1\n"
                           "dqn:\n"
                           "  lr: 0.0005\n"
                           "  double: true\n"
                           "  activation: relu\n"
                           "  hidden: [64, 32]\n"
                           "  tau: -0.25\n");
    mem_free(text);
    ck_ok(config_format(&s, FIELD, 0, &text, &err), err);
    ck_assert_str_eq(text, "");
    mem_free(text);
}
END_TEST

/* Any finite bits. */
static double random_double(Rng *rng)
{
    double x;
    do {
        uint64_t bits = rng_next(rng);
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

/* Characters that YAML treats specially, and any others. */
static void random_text(Rng *rng, char out[CONFIG_TEXT_MAX])
{
    static const char *const NASTY[] = {"\"",
                                        "\\",
                                        "'",
                                        "\n",
                                        "\r",
                                        "\t",
                                        " ",
                                        "#",
                                        ": ",
                                        "\x01",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xc2\x85",
                                        "\xc2\xa0",
                                        "\xc3\xa9",
                                        "\xe2\x80\xa8",
                                        "\xe2\x80\xa9",
                                        "\xef\xbb\xbf",
                                        "\xef\xbf\xbd",
                                        "\xef\xbf\xbe",
                                        "\xf0\x9f\x98\x80",
                                        "true",
                                        "1e3",
                                        "~",
                                        "&a",
                                        "{",
                                        "]",
                                        "%",
                                        "@"};
    size_t n = 0, pieces = rng_below(rng, 40);
    while (pieces-- > 0) {
        const char *piece = NASTY[rng_below(rng, sizeof NASTY / sizeof *NASTY)];
        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
        out[n++] = (char)(' ' + rng_below(rng, 95));
    }
}

static Settings random_settings(Rng *rng)
{
    Settings s;
    memset(&s, 0, sizeof s);
    s.seed = rng_next(rng) >> rng_below(rng, 64);
    s.steps = 1 + (int)rng_below(rng, 1000000000);
    s.activation = (int)rng_below(rng, 3);
    s.twin = rng_below(rng, 2);
    s.lr = rng_uniform(rng);
    s.tau = random_double(rng);
    random_text(rng, s.name);
    s.hidden.n = 1 + (int)rng_below(rng, CONFIG_LIST_MAX);
    for (int i = 0; i < s.hidden.n; i++) s.hidden.v[i] = 1 + (int)rng_below(rng, 4096);
    s.loads.n = 1 + (int)rng_below(rng, CONFIG_LIST_MAX);
    for (int i = 0; i < s.loads.n; i++) s.loads.v[i] = 2 * rng_uniform(rng);
    return s;
}

START_TEST(any_settings_survive_their_text)
{
    Rng rng;
    rng_seed(&rng, 77, 0);
    for (int round = 0; round < 2000; round++) {
        Settings s = random_settings(&rng), back = defaults();
        Err err = {0};
        char *text;
        ck_ok(config_format(&s, FIELD, FIELDS, &text, &err), err);
        ck_ok(read_text(&back, text, &err), err);
        ck_assert_msg(!memcmp(&s, &back, sizeof s), "%s", text);
        mem_free(text);
    }
}
END_TEST

/* ---- lists of records ---- */

typedef struct Fleet {
    int seed, n; /* n and ship: a list of records */
    struct Ship {
        double speed;
        char name[CONFIG_TEXT_MAX];
    } ship[3];
} Fleet;

static const ConfigField SHIP[] = {
    {"name", CONFIG_TEXT, offsetof(struct Ship, name), 0, 0, NULL, "of the ship"},
    {"speed", CONFIG_DOUBLE, offsetof(struct Ship, speed), 0, 100, NULL, "in knots"},
};
static const ConfigRecords SHIPS = {SHIP, 2, 3, sizeof(struct Ship),
                                    offsetof(Fleet, ship) - offsetof(Fleet, n)};
static const ConfigField FLEET[] = {
    {"seed", CONFIG_INT, offsetof(Fleet, seed), 0, 9, NULL, "of everything"},
    {"ships", CONFIG_RECORDS, offsetof(Fleet, n), 0, 0, &SHIPS, "what sails"},
};
static const char TWO_SHIPS[] = "seed: 4\n"
                                "ships:\n"
                                "  - name: \"a\"\n"
                                "    speed: 12.5\n"
                                "  - name: \"b\"\n"
                                "    speed: 0\n";

static Status read_fleet(Fleet *f, const char *text, Err *err)
{
    YamlDoc *doc;
    Status st = yaml_parse(&doc, "x.yaml", text, strlen(text), err);
    if (st == ST_OK) st = config_read(f, FLEET, 2, doc, err);
    yaml_destroy(doc);
    return st;
}

START_TEST(records_are_read_and_survive_their_text)
{
    Fleet f = {0}, again = {0};
    Err err = {0};
    char *text;
    ck_ok(read_fleet(&f, TWO_SHIPS, &err), err);
    ck_assert_int_eq(f.n, 2);
    ck_assert_str_eq(f.ship[0].name, "a");
    ck_assert_double_eq(f.ship[0].speed, 12.5);
    ck_assert_str_eq(f.ship[1].name, "b");
    ck_ok(config_format(&f, FLEET, 2, &text, &err), err);
    ck_assert_str_eq(text, TWO_SHIPS);
    ck_ok(read_fleet(&again, text, &err), err);
    ck_assert_mem_eq(&again, &f, sizeof f);
    mem_free(text);
}
END_TEST

START_TEST(a_new_list_of_records_takes_the_place_of_the_old_one)
{
    Fleet f = {0};
    Err err = {0};
    char *text;
    ck_ok(read_fleet(&f, TWO_SHIPS, &err), err);
    ck_ok(config_set(&f, FLEET, 2, "--set", "ships=[{name: c}]", &err), err);
    ck_assert_int_eq(f.n, 1);
    ck_assert_str_eq(f.ship[0].name, "c");
    ck_assert_double_eq(f.ship[0].speed, 0); /* not said: not the old one's */
    ck_assert_str_eq(f.ship[1].name, "");
    ck_ok(config_set(&f, FLEET, 2, "--set", "ships=[]", &err), err);
    ck_assert_int_eq(f.n, 0);
    ck_ok(config_format(&f, FLEET, 2, &text, &err), err);
    ck_assert_str_eq(text, "seed: 4\nships: []\n");
    mem_free(text);
}
END_TEST

START_TEST(mistakes_in_records_are_explained)
{
    static const char *const CASE[][2] = {
        {"ships: 3\n", "x.yaml:1: 'ships' must be a list, got '3'"},
        {"ships:\n- 3\n", "x.yaml:2: 'ships[0]' must be a map, got '3'"},
        {"ships:\n- {name: a}\n- {sped: 3}\n",
         "x.yaml:3: unknown key 'sped', did you mean 'speed'?"},
        {"ships:\n- {speed: 101}\n",
         "x.yaml:2: 'ships[0].speed' must be a number in 0..100, got '101'"},
        {"ships: [{}, {}, {}, {}]\n", "x.yaml:1: 'ships' has 4 elements, want at most 3"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        Fleet f = {0};
        Err err = {0};
        ck_assert_int_eq(read_fleet(&f, CASE[i][0], &err), ST_CONFIG);
        ck_assert_str_eq(err.msg, CASE[i][1]);
    }
}
END_TEST

START_TEST(bytes_that_are_no_characters_print_as_such)
{
    Settings s = defaults(), back = defaults();
    Err err = {0};
    char *text;
    strcpy(s.name, "a\xff\xe2\x82z\xc3");
    ck_ok(config_format(&s, FIELD, FIELDS, &text, &err), err);
    ck_ok(read_text(&back, text, &err), err);
    ck_assert_str_eq(back.name, "a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
    mem_free(text);
}
END_TEST

START_TEST(random_overrides_never_break_and_always_explain)
{
    Rng rng;
    rng_seed(&rng, 78, 0);
    for (int round = 0; round < 5000; round++) {
        char value[CONFIG_TEXT_MAX] = "", line[2 * CONFIG_TEXT_MAX];
        Settings s = defaults();
        Err err = {0};
        random_text(&rng, value);
        value[rng_below(&rng, 20)] = '\0'; /* may also cut a character in two */
        snprintf(line, sizeof line, "%s=%s", FIELD[round % FIELDS].key, value);
        Status st = set(&s, line, &err);
        ck_assert(st == ST_OK || st == ST_CONFIG);
        if (st == ST_OK) continue;
        ck_assert_int_eq(strncmp(err.msg, "--set ", 6), 0);
        ck_assert_ptr_null(strpbrk(err.msg, "\n\r\t"));
    }
}
END_TEST

START_TEST(every_allocation_failure_is_reported)
{
    Settings s = defaults();
    char *text;
    ck_every_allocation_failure(config_format(&s, FIELD, FIELDS, &text, NULL), mem_free(text));
    ck_every_allocation_failure(set(&s, "dqn.hidden=[1, 2]", NULL), (void)0);
}
END_TEST

START_TEST(out_of_memory_while_explaining_only_costs_the_advice)
{
    for (int n = 0; n < 2; n++) {
        Settings s = defaults();
        Err err = {0};
        mem_fail_at = n;
        ck_assert_int_eq(set(&s, "dqn.lrx=1", &err), ST_CONFIG);
        ck_assert_str_eq(err.msg, "--set dqn.lrx=1: unknown key 'dqn.lrx'");
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("config");
    TCase *tc = new_case("config", 60);
    tcase_add_test(tc, a_file_changes_only_what_it_names);
    tcase_add_test(tc, keys_are_nested_or_flat_and_sections_may_be_empty);
    tcase_add_test(tc, overrides_are_yaml_values);
    tcase_add_test(tc, mistakes_in_a_file_are_explained);
    tcase_add_test(tc, mistakes_in_an_override_are_explained);
    tcase_add_test(tc, texts_of_255_bytes_fit_and_longer_ones_do_not);
    tcase_add_test(tc, lists_hold_sixteen_and_not_seventeen);
    tcase_add_test(tc, a_number_alone_is_a_list_of_one);
    tcase_add_test(tc, the_effective_configuration_is_yaml_by_section);
    tcase_add_test(tc, any_settings_survive_their_text);
    tcase_add_test(tc, records_are_read_and_survive_their_text);
    tcase_add_test(tc, a_new_list_of_records_takes_the_place_of_the_old_one);
    tcase_add_test(tc, mistakes_in_records_are_explained);
    tcase_add_test(tc, bytes_that_are_no_characters_print_as_such);
    tcase_add_test(tc, random_overrides_never_break_and_always_explain);
    tcase_add_test(tc, every_allocation_failure_is_reported);
    tcase_add_test(tc, out_of_memory_while_explaining_only_costs_the_advice);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
