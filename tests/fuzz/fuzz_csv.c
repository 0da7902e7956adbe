/* fuzz_csv.c -- tables, strict and ragged. Every cell of an accepted one can be read. */
#include "base/csv.h"
#include "tests/fuzz/fuzz.h"

static void read_cells(const Csv *csv, size_t size)
{
    size_t cells = (size_t)csv_columns(csv);

    for (int c = 0; c < csv_columns(csv); c++) fuzz_check(strlen(csv_header(csv, c)) <= size);
    for (int r = 0; r < csv_rows(csv); r++) {
        cells += (size_t)csv_cells(csv, r);
        fuzz_check(csv_line(csv, r) > 1);
        for (int c = 0; c <= csv_cells(csv, r); c++)
            fuzz_check(strlen(csv_cell(csv, r, c)) <= size);
    }
    fuzz_check(cells <= size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    long live = mem_live;

    for (int ragged = 0; ragged < 2; ragged++) {
        Csv *csv;
        Err err = {0};
        Status st = ragged ? csv_parse_ragged(&csv, "t.csv", (const char *)data, size, &err)
                           : csv_parse(&csv, "t.csv", (const char *)data, size, &err);
        fuzz_check_outcome(st, &err, csv);
        if (csv) read_cells(csv, size);
        csv_destroy(csv);
    }
    fuzz_check(mem_live == live);
    return 0;
}
