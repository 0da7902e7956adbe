/* test_args.c -- command lines by a table: values, mistakes with their one line, help. */
#include "base/args.h"
#include "base/rng.h"
#include "tests/support.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static struct {
    bool quiet;
    int jobs, format;
    uint64_t steps;
    double load;
    const char *out;
    ArgList sets, operands;
} got;

static const char *const FORMAT[] = {"csv", "json", NULL};

static const ArgOption OPTION[] = {
    {"--steps", "N", ARG_U64, &got.steps, 1, 1e12, NULL, "decisions to make (1e6)"},
    {"--jobs", "N", ARG_INT, &got.jobs, -8, 64, NULL, "threads (1)"},
    {"--load", "X", ARG_DOUBLE, &got.load, 0, 2, NULL, "of lambda_max (0.8)"},
    {"--out", "FOLDER", ARG_TEXT, &got.out, 0, 0, NULL, "where results go"},
    {"--set", "KEY=VALUE", ARG_TEXTS, &got.sets, 0, 0, NULL, "a setting"},
    {"--format", "F", ARG_ENUM, &got.format, 0, 0, FORMAT, "of the table"},
    {"--quiet", NULL, ARG_FLAG, &got.quiet, 0, 0, NULL, "no progress"},
};

static const ArgCommand TRAIN = {
    .usage = "relmas train CONFIG [MORE] [options]",
    .about = "Trains a policy and saves it.",
    .example = "relmas train small --steps 1e6",
    .options = OPTION,
    .n_options = sizeof OPTION / sizeof *OPTION,
    .operand = "CONFIG",
    .min_operands = 1,
    .max_operands = 2,
    .operands = &got.operands,
};
static const ArgCommand BARE = {.usage = "relmas list [options]",
                                .about = "Lists what is there.",
                                .example = "relmas list",
                                .options = OPTION,
                                .n_options = 2};

enum { WORDS_MAX = 80 };
static char words[1024];

/* Parses a line whose words are separated by '|'. */
static int parse(const ArgCommand *cmd, const char *line, FILE *help, Err *err)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    memset(&got, 0, sizeof got);
    snprintf(words, sizeof words, "%s", line);
    for (char *s = words; s && *line; argc++) {
        argv[argc] = s;
        if ((s = strchr(s, '|'))) *s++ = '\0';
    }
    return args_parse(cmd, argc, argv, help, err);
}

static void parse_ok(const char *line)
{
    Err err = {0};
    int code = parse(&TRAIN, line, NULL, &err);
    ck_assert_msg(code == ARGS_RUN, "%s", err.msg);
    ck_assert_int_eq(err.code, ST_OK);
}

static void check_mistake(const ArgCommand *cmd, const char *line, const char *want)
{
    Err err = {0};
    ck_assert_int_eq(parse(cmd, line, NULL, &err), ARGS_BAD);
    ck_assert_int_eq(err.code, ST_USAGE);
    ck_assert_str_eq(err.msg, want);
}

START_TEST(values_stand_apart_or_behind_an_equals_sign)
{
    static const char *const LINE[] = {
        "c|--steps|1e6|--jobs|-3|--load|0.5|--out|d|--format|json|--quiet",
        "--steps=1000000|--jobs=-3|--load=.5|--out=d|--quiet|--format=json|c"};
    for (int i = 0; i < 2; i++) {
        parse_ok(LINE[i]);
        ck_assert_uint_eq(got.steps, 1000000);
        ck_assert_int_eq(got.jobs, -3);
        ck_assert_double_eq(got.load, 0.5);
        ck_assert_str_eq(got.out, "d");
        ck_assert_int_eq(got.format, 1);
        ck_assert(got.quiet);
        ck_assert_int_eq(got.operands.n, 1);
        ck_assert_str_eq(got.operands.v[0], "c");
    }
}
END_TEST

START_TEST(what_is_not_given_keeps_its_default)
{
    char name[] = "c", *argv[] = {name};
    Err err = {0};
    got.steps = 5;
    got.load = 0.8;
    got.quiet = false;
    ck_assert_int_eq(args_parse(&TRAIN, 1, argv, NULL, &err), ARGS_RUN);
    ck_assert_uint_eq(got.steps, 5);
    ck_assert_double_eq(got.load, 0.8);
    ck_assert(!got.quiet);
}
END_TEST

START_TEST(repeated_options_collect_their_values)
{
    parse_ok("c|--set|a=1|--set=b=2|--set|c=");
    ck_assert_int_eq(got.sets.n, 3);
    ck_assert_str_eq(got.sets.v[0], "a=1");
    ck_assert_str_eq(got.sets.v[1], "b=2");
    ck_assert_str_eq(got.sets.v[2], "c=");
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    parse_ok("--quiet|--|--steps|-x");
    ck_assert_int_eq(got.operands.n, 2);
    ck_assert_str_eq(got.operands.v[0], "--steps");
    ck_assert_str_eq(got.operands.v[1], "-x");
    parse_ok("--|--help");
    ck_assert_str_eq(got.operands.v[0], "--help");
    parse_ok("-");
    ck_assert_str_eq(got.operands.v[0], "-");
}
END_TEST

START_TEST(mistakes_get_one_line)
{
    static const char *const CASE[][2] = {
        {"c|--step|3", "unknown option '--step', did you mean '--steps'?"},
        {"c|--stesp=3", "unknown option '--stesp', did you mean '--steps'?"},
        {"c|--hlep", "unknown option '--hlep', did you mean '--help'?"},
        {"c|--colour", "unknown option '--colour', see --help"},
        {"c|-x", "unknown option '-x', see --help"},
        {"c|--=3", "unknown option '--', see --help"},
        {"c|--steps", "'--steps' needs a value: --steps N"},
        {"c|--steps|--quiet", "'--steps' needs a value: --steps N"},
        {"c|--steps|abc", "'--steps' must be a whole number in 1..1e12, got 'abc'"},
        {"c|--steps=", "'--steps' must be a whole number in 1..1e12, got ''"},
        {"c|--steps=0", "'--steps' must be a whole number in 1..1e12, got '0'"},
        {"c|--steps|-1", "'--steps' must be a whole number in 1..1e12, got '-1'"},
        {"c|--steps=1e13", "'--steps' must be a whole number in 1..1e12, got '1e13'"},
        {"c|--steps=5x", "'--steps' must be a whole number in 1..1e12, got '5x'"},
        {"c|--jobs=1.5", "'--jobs' must be a whole number in -8..64, got '1.5'"},
        {"c|--jobs=99999999999", "'--jobs' must be a whole number in -8..64, got '99999999999'"},
        {"c|--load=nan", "'--load' must be a number in 0..2, got 'nan'"},
        {"c|--load=2.1", "'--load' must be a number in 0..2, got '2.1'"},
        {"c|--format=xml", "'--format' must be one of csv, json, got 'xml'"},
        {"c|--out=", "'--out' must be text, got ''"},
        {"c|--quiet=1", "'--quiet' takes no value"},
        {"c|--quiet|--quiet", "'--quiet' is given twice"},
        {"c|--load=1|--load=1", "'--load' is given twice"},
        {"a|b|c", "unexpected 'c', at most 2 CONFIG are taken"},
        {"--quiet", "CONFIG is missing, usage: relmas train CONFIG [MORE] [options]"},
        {"", "CONFIG is missing, usage: relmas train CONFIG [MORE] [options]"},
        {"c|--a\nb", "unknown option '--a?b', see --help"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        check_mistake(&TRAIN, CASE[i][0], CASE[i][1]);
    check_mistake(&BARE, "x", "unexpected 'x', only options are taken");
}
END_TEST

START_TEST(too_many_repetitions_are_refused)
{
    char line[800] = "c";
    for (int i = 0; i <= ARGS_LIST_MAX; i++) strcat(line, "|--set=a");
    check_mistake(&TRAIN, line, "more than 64 of '--set'");
}
END_TEST

static void check_help(const ArgCommand *cmd, const char *line, const char *want)
{
    char text[2000];
    Err err = {0};
    FILE *f = tmpfile();
    ck_assert_int_eq(parse(cmd, line, f, &err), ARGS_DONE);
    ck_assert_int_eq(err.code, ST_OK);
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    ck_assert_str_eq(text, want);
}

START_TEST(help_teaches_the_command)
{
    static const char *const LINE[] = {"--help", "-h", "c|--wrong|--help", "--steps|abc|--help"};
    for (int i = 0; i < 4; i++)
        check_help(&TRAIN, LINE[i],
                   "usage: relmas train CONFIG [MORE] [options]\n"
                   "\n"
                   "Trains a policy and saves it.\n"
                   "\n"
                   "options:\n"
                   "  --steps N        decisions to make (1e6)\n"
                   "  --jobs N         threads (1)\n"
                   "  --load X         of lambda_max (0.8)\n"
                   "  --out FOLDER     where results go\n"
                   "  --set KEY=VALUE  a setting; may be repeated\n"
                   "  --format F       of the table: csv, json\n"
                   "  --quiet          no progress\n"
                   "  --help           this text\n"
                   "\n"
                   "example:\n"
                   "  relmas train small --steps 1e6\n");
}
END_TEST

START_TEST(random_lines_never_break_and_mistakes_stay_on_one_line)
{
    static const char *const PIECE[] = {"--steps", "--set", "=",      "1e6", "--", "-",
                                        "--quiet", "x",     "--load", "0.5", "\n", "",
                                        "|",       "--f",   "json",   "-1"};
    Rng rng;
    rng_seed(&rng, 4, 0);
    for (int round = 0; round < 10000; round++) {
        char line[256] = "";
        for (uint32_t k = rng_below(&rng, 12); k > 0; k--) {
            strcat(line, PIECE[rng_below(&rng, 16)]);
            if (rng_below(&rng, 2)) strcat(line, "|");
        }
        Err err = {0};
        int code = parse(&TRAIN, line, NULL, &err);
        ck_assert_int_eq(code == ARGS_BAD, err.code == ST_USAGE);
        ck_assert_ptr_null(strchr(err.msg, '\n'));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("args");
    TCase *tc = new_case("args", 20);
    tcase_add_test(tc, values_stand_apart_or_behind_an_equals_sign);
    tcase_add_test(tc, what_is_not_given_keeps_its_default);
    tcase_add_test(tc, repeated_options_collect_their_values);
    tcase_add_test(tc, two_dashes_end_the_options);
    tcase_add_test(tc, mistakes_get_one_line);
    tcase_add_test(tc, too_many_repetitions_are_refused);
    tcase_add_test(tc, help_teaches_the_command);
    tcase_add_test(tc, random_lines_never_break_and_mistakes_stay_on_one_line);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
