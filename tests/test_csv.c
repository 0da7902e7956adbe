/* test_csv.c -- the CSV reader: RFC 4180 as written, bounded, and precise about what is wrong. */
#include "base/csv.h"
#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/mutate.h"

#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static Csv *parse(const char *text)
{
    Csv *csv;
    Err err = {0};
    ck_ok(csv_parse(&csv, "t.csv", text, strlen(text), &err), err);
    return csv;
}

/* The message that text is refused with. */
static const char *refusal(const char *text, size_t bytes)
{
    static Err err;
    Csv *csv;
    err = (Err){0};
    ck_assert_int_eq(csv_parse(&csv, "t.csv", text, bytes, &err), ST_FORMAT);
    ck_assert_ptr_null(csv);
    return err.msg;
}

static void refused(const char *text, const char *message)
{
    ck_assert_str_eq(refusal(text, strlen(text)), message);
}

static void check_cells(const char *text, int rows, int columns, const char *const *want)
{
    Csv *csv = parse(text);
    ck_assert_int_eq(csv_rows(csv), rows);
    ck_assert_int_eq(csv_columns(csv), columns);
    for (int c = 0; c < columns; c++) ck_assert_str_eq(csv_header(csv, c), want[c]);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            ck_assert_str_eq(csv_cell(csv, r, c), want[(r + 1) * columns + c]);
    csv_destroy(csv);
}

START_TEST(reads_lines_of_cells)
{
    static const char *const WANT[] = {"a", "b", "1", "2", "3", ""};
    static const char *const TEXT[] = {
        "a,b\n1,2\n3,\n",
        "a,b\n1,2\n3,",              /* no newline at the end */
        "a,b\r\n1,2\r\n3,\r\n",      /* of another system */
        "a,b\r\n1,2\r\n3,\r",        /* cut between CR and LF */
        "\n\na,b\n\n1,2\n \n3,\n\n", /* empty lines */
        ("\xef\xbb\xbf"
         "a,b\n1,2\n3,\n"),
        " a ,\tb\n 1, 2 \n3, \n",
        "\"a\",\"b\"\n\"1\" , \"2\"\n\"3\",\"\"",
    };
    for (size_t i = 0; i < sizeof TEXT / sizeof *TEXT; i++) check_cells(TEXT[i], 2, 2, WANT);
}
END_TEST

START_TEST(quotes_keep_commas_quotes_blanks_and_newlines)
{
    static const char *const WANT[] = {"a",   "b",          "x, y", "say \"hi\"",
                                       " z ", "two\nlines", "\"",   ""};
    check_cells("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\" z \",\"two\nlines\"\n\"\"\"\",\"\"\n", 3, 2,
                WANT);
}
END_TEST

START_TEST(a_header_alone_is_a_table_without_rows)
{
    static const char *const WANT[] = {"only"};
    check_cells("only", 0, 1, WANT);
    check_cells("only\r\n", 0, 1, WANT);
}
END_TEST

START_TEST(rows_know_their_line)
{
    Csv *csv = parse("a,b\n\n1,\"x\ny\n\"\n3,4\n");
    ck_assert_int_eq(csv_line(csv, 0), 3);
    ck_assert_int_eq(csv_line(csv, 1), 6);
    ck_assert_str_eq(csv_name(csv), "t.csv");
    csv_destroy(csv);
}
END_TEST

static Csv *parse_ragged(const char *text)
{
    Csv *csv;
    Err err = {0};
    ck_ok(csv_parse_ragged(&csv, "t.csv", text, strlen(text), &err), err);
    return csv;
}

START_TEST(ragged_rows_have_the_cells_that_are_there)
{
    int x = 0;
    Err err = {0};
    Csv *csv = parse_ragged("a,a,\n1,2,,4,#x\n\n5\n,,,,\n");
    ck_assert_int_eq(csv_columns(csv), 3);
    ck_assert_int_eq(csv_rows(csv), 3);
    ck_assert_int_eq(csv_cells(csv, 0), 5);
    ck_assert_int_eq(csv_cells(csv, 1), 1);
    ck_assert_int_eq(csv_cells(csv, 2), 5);
    ck_assert_str_eq(csv_header(csv, 2), "");
    ck_assert_str_eq(csv_cell(csv, 0, 4), "#x");
    ck_assert_str_eq(csv_cell(csv, 1, 0), "5");
    ck_assert_str_eq(csv_cell(csv, 1, 3), "");
    ck_assert_int_eq(csv_line(csv, 1), 4);
    ck_ok(csv_int(csv, 0, 1, 0, 9, &x, &err), err);
    ck_assert_int_eq(x, 2);
    ck_assert_int_eq(csv_int(csv, 1, 1, 0, 9, &x, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "t.csv:4: 'a' must be a whole number in 0..9, got nothing");
    csv_destroy(csv);
}
END_TEST

START_TEST(a_ragged_header_without_commas_may_be_separated_by_tabs)
{
    Csv *csv = parse_ragged("\r\na\t b\t\r\n1 2\t\t3\r\n");
    ck_assert_int_eq(csv_columns(csv), 3);
    ck_assert_str_eq(csv_header(csv, 1), "b");
    ck_assert_str_eq(csv_cell(csv, 0, 0), "1 2");
    ck_assert_str_eq(csv_cell(csv, 0, 1), "");
    ck_assert_str_eq(csv_cell(csv, 0, 2), "3");
    csv_destroy(csv);
    csv = parse_ragged("a,\tb\n1,\t2\n");
    ck_assert_str_eq(csv_cell(csv, 0, 1), "2");
    csv_destroy(csv);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    refused("", "t.csv:1: the file is empty, the first line names the columns");
    refused("\n\r\n \n", "t.csv:1: the file is empty, the first line names the columns");
    refused("a,b\n1,2\n3\n", "t.csv:3: 1 cell, but the header names 2 columns");
    refused("a,b\n1,2,3\n", "t.csv:2: 3 cells, but the header names 2 columns");
    refused("a,,b\n", "t.csv:1: column 2 has no name, the first line names them all");
    refused("\na,b,a\n", "t.csv:2: two columns are named 'a', rename one");
    refused("a\n\n\"x\n\ny",
            "t.csv:3: a quote is opened and never closed, write \"\" for a quote in a cell");
    refused("a\n\"x\"y\n", "t.csv:2: text follows a closing quote, quote the whole cell and write "
                           "\"\" for a quote in it");
    refused("a\nx\"y\n",
            "t.csv:2: a quote within a bare cell, quote the whole cell and write \"\" for it");
    ck_assert_str_eq(refusal("a\nb\0c\n", 6), "t.csv:2: a zero byte, this is no text file");
}
END_TEST

START_TEST(too_many_columns_are_refused_with_or_without_a_header)
{
    char text[2 * CSV_MAX_COLUMNS + 16];
    for (int i = 0; i <= CSV_MAX_COLUMNS; i++) memcpy(text + 2 * i, "x,", 3);
    refused(text, "t.csv:1: more than 256 cells in a line");
    char long_row[sizeof text + 4];
    snprintf(long_row, sizeof long_row, "a\n%s", text);
    refused(long_row, "t.csv:2: more than 256 cells in a line");
}
END_TEST

START_TEST(columns_are_found_by_name)
{
    Csv *csv = parse("alpha,beta\n1,2\n");
    Err err = {0};
    int at = -1;
    ck_assert_int_eq(csv_column(csv, "beta"), 1);
    ck_assert_int_eq(csv_column(csv, "Beta"), -1);
    ck_ok(csv_need(csv, "alpha", &at, &err), err);
    ck_assert_int_eq(at, 0);
    ck_assert_int_eq(csv_need(csv, "betta", &at, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "t.csv:1: there is no column 'betta', is it 'beta'? rename it");
    err = (Err){0};
    ck_assert_int_eq(csv_need(csv, "zzz", &at, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "t.csv:1: there is no column 'zzz', add it");
    ck_assert_int_eq(at, 0);
    csv_destroy(csv);
}
END_TEST

START_TEST(numbers_are_strict_and_in_range)
{
    static const char *const BAD[] = {"",
                                      "x",
                                      "1x",
                                      "0x10",
                                      "nan",
                                      "inf",
                                      "1.5",
                                      "11",
                                      "-1",
                                      "9e99",
                                      "99999999999999999999",
                                      "\"1 2\""};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char text[64];
        int x = 7;
        Err err = {0};
        snprintf(text, sizeof text, "n,m\n%s,\n", BAD[i]);
        Csv *csv = parse(text);
        ck_assert_int_eq(csv_int(csv, 0, 0, 1, 10, &x, &err), ST_FORMAT);
        ck_assert_int_eq(x, 7);
        ck_assert_ptr_nonnull(
            strstr(err.msg, "t.csv:2: 'n' must be a whole number in 1..10, got "));
        csv_destroy(csv);
    }
    Csv *csv = parse("n,x\n1e1,2.5\n");
    int n;
    double x;
    Err err = {0};
    ck_ok(csv_int(csv, 0, 0, 1, 10, &n, &err), err);
    ck_ok(csv_double(csv, 0, 1, 0, 3, &x, &err), err);
    ck_assert_int_eq(n, 10);
    ck_assert_double_eq(x, 2.5);
    ck_assert_int_eq(csv_double(csv, 0, 1, 3, DBL_MAX, &x, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "t.csv:2: 'x' must be a number of at least 3, got '2.5'");
    csv_destroy(csv);
}
END_TEST

START_TEST(choices_are_exact)
{
    static const char *const CHOICES[] = {"conv", "fc"};
    Csv *csv = parse("t\nfc\nFC\n");
    Err err = {0};
    int i = -1;
    ck_ok(csv_enum(csv, 0, 0, CHOICES, 2, &i, &err), err);
    ck_assert_int_eq(i, 1);
    ck_assert_int_eq(csv_enum(csv, 1, 0, CHOICES, 2, &i, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "t.csv:3: 't' must be one of conv, fc, got 'FC'");
    csv_destroy(csv);
}
END_TEST

/* ---- files ---- */

static void write_file(const char *path, const char *text, size_t repeat)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    while (repeat-- > 0) fputs(text, f);
    fclose(f);
}

START_TEST(files_that_cannot_be_read_are_named)
{
    Csv *csv;
    Err err = {0};
    ck_assert_int_eq(csv_load(&csv, "/nowhere/x.csv", &err), ST_IO);
    ck_assert_ptr_null(csv);
    ck_assert_str_eq(err.msg, "cannot open '/nowhere/x.csv': No such file or directory");
    err = (Err){0};
    ck_assert_int_eq(csv_load(&csv, "/", &err), ST_IO);
    ck_assert_ptr_null(csv);
}
END_TEST

START_TEST(a_large_file_is_read_and_an_endless_one_refused)
{
    char path[] = "/tmp/relmas-csv-XXXXXX";
    int fd = mkstemp(path);
    Csv *csv;
    Err err = {0};
    ck_assert_int_ge(fd, 0);
    close(fd);
    write_file(path, "123,abc\n", 50000);
    ck_ok(csv_load(&csv, path, &err), err);
    ck_assert_int_eq(csv_rows(csv), 49999);
    ck_assert_str_eq(csv_cell(csv, 49998, 1), "abc");
    csv_destroy(csv);
    unlink(path);
    ck_assert_int_eq(csv_load(&csv, "/dev/zero", &err), ST_FORMAT);
    ck_assert_ptr_null(csv);
}
END_TEST

static const char SAMPLE[] = "name,C,K,x\n\"a, b\",3,64,1.5\r\nc,64,64,2e3\n\"q\"\"q\",1,1,\n";

START_TEST(every_allocation_failure_is_reported)
{
    Csv *csv;
    Err err = {0};
    ck_every_allocation_failure(
        (err = (Err){0}, csv_parse(&csv, "t.csv", SAMPLE, sizeof SAMPLE - 1, &err)),
        csv_destroy(csv));
    csv_destroy(NULL);
}
END_TEST

/* Damaged files give a table or a message with a line, never anything else. */
START_TEST(damage_is_survived)
{
    Rng rng;
    rng_seed(&rng, 11, 0);
    int good = 0, bad = 0;
    for (int i = 0; i < 20000; i++) {
        char text[512];
        size_t n = sizeof SAMPLE - 1;
        memcpy(text, SAMPLE, sizeof SAMPLE);
        mutate_text(text, &n, sizeof text, &rng);
        Csv *csv;
        Err err = {0};
        Status st = i % 2 ? csv_parse_ragged(&csv, "t.csv", text, n, &err)
                          : csv_parse(&csv, "t.csv", text, n, &err);
        if (st == ST_OK) {
            for (int r = 0; r < csv_rows(csv); r++)
                for (int c = 0; c < csv_cells(csv, r); c++)
                    ck_assert_uint_le(strlen(csv_cell(csv, r, c)), n);
            good++;
        } else {
            ck_assert_int_eq(st, ST_FORMAT);
            ck_assert(!strncmp(err.msg, "t.csv:", 6));
            ck_assert_ptr_null(strchr(err.msg, '\n'));
            bad++;
        }
        csv_destroy(csv);
    }
    ck_assert_int_gt(good, 1000);
    ck_assert_int_gt(bad, 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("csv");
    TCase *tc = new_case("csv", 60);
    tcase_add_test(tc, reads_lines_of_cells);
    tcase_add_test(tc, quotes_keep_commas_quotes_blanks_and_newlines);
    tcase_add_test(tc, a_header_alone_is_a_table_without_rows);
    tcase_add_test(tc, rows_know_their_line);
    tcase_add_test(tc, ragged_rows_have_the_cells_that_are_there);
    tcase_add_test(tc, a_ragged_header_without_commas_may_be_separated_by_tabs);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, too_many_columns_are_refused_with_or_without_a_header);
    tcase_add_test(tc, columns_are_found_by_name);
    tcase_add_test(tc, numbers_are_strict_and_in_range);
    tcase_add_test(tc, choices_are_exact);
    tcase_add_test(tc, files_that_cannot_be_read_are_named);
    tcase_add_test(tc, a_large_file_is_read_and_an_endless_one_refused);
    tcase_add_test(tc, every_allocation_failure_is_reported);
    tcase_add_test(tc, damage_is_survived);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
