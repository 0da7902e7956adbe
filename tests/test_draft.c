/* test_draft.c -- what an importer collects becomes a network file that reads back to the same. */
#include "env/draft.h"

#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static const int IMAGE[3] = {3, 32, 32};

static Draft *new_draft(const char *name)
{
    Draft *d;
    Err err = {0};
    ck_ok(draft_create(&d, name, "imported from net.onnx", IMAGE, &err), err);
    return d;
}

/* Adds a layer behind the last one, or behind the input. */
static int add(Draft *d, DraftEntry e, const char *wish)
{
    Err err = {0};
    int index = -7;
    if (e.n_from == 0) {
        e.n_from = 1;
        e.from[0] = draft_size(d) - 1;
    }
    ck_ok(draft_add(d, &e, wish, &index, &err), err);
    ck_assert_int_eq(index, draft_size(d) - 1);
    return index;
}

static DraftEntry act(void)
{
    return (DraftEntry){.type = DRAFT_ACT, .out = {3, 32, 32}};
}

static DraftEntry conv(int k)
{
    return (DraftEntry){
        .type = DRAFT_CONV, .k = k, .kernel = {3, 3}, .pad = {1, 1, 1, 1}, .out = {k, 32, 32}};
}

static Status write(const Draft *d, char **text, Network **net, Err *err)
{
    size_t bytes;
    Status st = draft_write(d, text, &bytes, net, err);
    if (st == ST_OK) ck_assert_uint_eq(bytes, strlen(*text));
    return st;
}

/* ---- names ---- */

static const struct {
    const char *wish, *name;
} NAMES[] = {
    {"conv1", "conv1"},
    {"/layer1/layer1.0/conv1/Conv", "layer1.0/conv1/Conv"},
    {"inception_3a/3x3_reduce", "inception_3a/3x3_reduce"},
    {"model/block_1/expand:0", "model/block_1/expand_0"},
    {"bert/encoder/layer_11/attention/self/query/MatMul", "attention/self/query/MatMul"},
    {"a_very_long_name_of_one_part_that_goes_on", "name_of_one_part_that_goes_on"},
    {"3x3 conv, [stride 2]: {x} # y", "3x3_conv_stride_2_x_y"},
    {"\"quoted\"\n- line", "quoted_-_line"},
    {"--flag", "flag"},
    {"caf\xc3\xa9", "caf"},
    {"/x/", "x"},
    /* not to be read as a number, a truth value or the input */
    {"123", "act_123"},
    {"1.5e3", "act_1.5e3"},
    {"0x1f", "act_0x1f"},
    {"2a", "act_2a"},
    {"NULL", "act_NULL"},
    {"on", "act_on"},
    {"input", "act_input"},
    /* nothing left */
    {"", "act"},
    {"\xff\xfe \t", "act"},
    {"//..//", "act"},
};
enum { N_NAMES = sizeof NAMES / sizeof *NAMES };

START_TEST(names_are_legal_and_near_the_source)
{
    Draft *d = new_draft("net");
    int i = add(d, act(), NAMES[_i].wish);
    ck_assert_str_eq(draft_at(d, i)->name, NAMES[_i].name);
    draft_destroy(d);
}
END_TEST

START_TEST(equal_names_are_numbered)
{
    static const char *const WISH[] = {"a", "a", "a_2", "a", "a", "a_2"};
    static const char *const WANT[] = {"a", "a_2", "a_2_2", "a_3", "a_4", "a_2_3"};
    Draft *d = new_draft("net");
    for (int i = 0; i < 6; i++)
        ck_assert_str_eq(draft_at(d, add(d, act(), WISH[i]))->name, WANT[i]);
    draft_destroy(d);
}
END_TEST

START_TEST(long_equal_names_stay_apart_and_fit)
{
    Draft *d = new_draft("net");
    for (int i = 0; i < NET_MAX_LAYERS; i++)
        add(d, act(), "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    for (int i = 0; i < NET_MAX_LAYERS; i++)
        for (int j = 0; j < i; j++) ck_assert_str_ne(draft_at(d, i)->name, draft_at(d, j)->name);
    ck_assert_uint_eq(strlen(draft_at(d, 1000)->name), NET_NAME_MAX - 1);
    draft_destroy(d);
}
END_TEST

START_TEST(a_network_has_a_legal_name_too)
{
    Draft *d = new_draft("ResNet 50/v1");
    ck_assert_str_eq(draft_name(d), "ResNet_50_v1");
    draft_destroy(d);
    d = new_draft("50");
    ck_assert_str_eq(draft_name(d), "net_50");
    draft_rename(d, "../x");
    ck_assert_str_eq(draft_name(d), "x");
    draft_destroy(d);
}
END_TEST

/* ---- text ---- */

/* Parameters: 8*3*9 + 8*5 + 8*10 + 6*1*9; MACs: (216 + 40) * 512 + 80 + 54 * 784. */
START_TEST(writes_the_house_format)
{
    Draft *d = new_draft("small");
    Err err = {0};
    char *text;
    Network *net;
    DraftEntry e = conv(8);

    e.stride[0] = 2;
    e.stride[1] = 1;
    e.out[1] = 16;
    int a = add(d, e, "c1");
    add(d,
        (DraftEntry){.type = DRAFT_DWCONV,
                     .kernel = {5, 1},
                     .pad = {2, 0, 2, 0},
                     .stride = {1, 1},
                     .dilation = 1,
                     .groups = 8,
                     .out = {8, 16, 32}},
        "dw");
    e = (DraftEntry){.type = DRAFT_ELTWISE, .n_from = 2, .from = {1, a}, .out = {8, 16, 32}};
    add(d, e, "sum");
    add(d,
        (DraftEntry){.type = DRAFT_POOL,
                     .kernel = {2, 2},
                     .stride = {2, 2},
                     .pad = {1, 0, 0, 0},
                     .ceil = true,
                     .out = {8, 9, 16}},
        "pool");
    add(d, (DraftEntry){.type = DRAFT_POOL, .global = true, .out = {8, 1, 1}}, "gap");
    add(d, (DraftEntry){.type = DRAFT_FC, .k = 10, .out = {10, 1, 1}}, "fc");
    e = (DraftEntry){.type = DRAFT_CONV,
                     .n_from = 1,
                     .from = {DRAFT_INPUT},
                     .k = 6,
                     .groups = 3,
                     .kernel = {3, 3},
                     .dilation = 2,
                     .out = {6, 28, 28}};
    add(d, e, "branch");
    ck_ok(draft_note(d, DRAFT_ASSUMED, &err, "batch %s taken as 1", "N"), err);
    ck_ok(draft_note(d, DRAFT_FOLDED, &err, "Relu"), err);
    ck_ok(write(d, &text, &net, &err), err);
    ck_assert_str_eq(
        text,
        "# small.yaml -- imported from net.onnx.\n"
        "# 4 layers that compute, 390 parameters, 173488 MACs.\n"
        "# assumed: batch N taken as 1\n"
        "name: small\n"
        "input: {channels: 3, height: 32, width: 32}\n"
        "layers:\n"
        "- {name: c1, type: conv, k: 8, kernel: 3, stride: [2, 1], pad: 1, out: [8, 16, 32]}\n"
        "- {name: dw, type: dwconv, kernel: [5, 1], pad: [2, 0], out: [8, 16, 32]}\n"
        "- {name: sum, type: eltwise, from: [dw, c1], out: [8, 16, 32]}\n"
        "- {name: pool, type: pool, kernel: 2, stride: 2, pad: [1, 0, 0, 0], ceil: true, "
        "out: [8, 9, 16]}\n"
        "- {name: gap, type: pool, kernel: global, out: [8, 1, 1]}\n"
        "- {name: fc, type: fc, k: 10, out: [10, 1, 1]}\n"
        "- {name: branch, type: conv, from: [input], k: 6, kernel: 3, dilation: 2, groups: 3, "
        "out: [6, 28, 28]}\n");
    ck_assert_str_eq(net->name, "small");
    ck_assert_int_eq(net->n_layers, 7);
    mem_free(text);
    network_destroy(net);
    draft_destroy(d);
}
END_TEST

/* A size that does not follow from the entries is a mistake of the importer: it is found. */
START_TEST(what_is_written_is_checked)
{
    Draft *d = new_draft("net");
    DraftEntry e = conv(8);
    Err err = {0};
    char *text = (char *)"";
    Network *net = NULL;

    e.out[2] = 31;
    add(d, e, "c1");
    ck_assert_int_eq(write(d, &text, &net, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "no network file can say this: net.yaml:4: layer 'c1' has an output "
                              "of [8, 32, 32], not of [8, 32, 31]");
    ck_assert_ptr_null(text);
    ck_assert_ptr_null(net);
    draft_destroy(d);
}
END_TEST

START_TEST(an_empty_draft_is_no_network)
{
    Draft *d = new_draft("net");
    Err err = {0};
    char *text;
    Network *net;
    ck_assert_int_eq(write(d, &text, &net, &err), ST_FORMAT);
    draft_destroy(d);
}
END_TEST

START_TEST(entries_are_bounded)
{
    Draft *d = new_draft("net");
    Err err = {0};
    DraftEntry e = act();
    e.n_from = 1;
    e.from[0] = DRAFT_INPUT;
    for (int i = 0; i < NET_MAX_LAYERS; i++) add(d, e, "x");
    ck_assert_int_eq(draft_add(d, &e, "x", NULL, &err), ST_FORMAT);
    ck_assert_int_eq(draft_size(d), NET_MAX_LAYERS);
    draft_destroy(d);
}
END_TEST

/* ---- notes ---- */

START_TEST(equal_notes_are_counted)
{
    Draft *d = new_draft("net");
    Err err = {0};
    for (int i = 0; i < 3; i++) ck_ok(draft_note(d, DRAFT_FOLDED, &err, "Relu"), err);
    ck_ok(draft_note(d, DRAFT_DEAD, &err, "Relu"), err);
    ck_ok(draft_note(d, DRAFT_UNKNOWN, &err, "LSTM 'a\nb'"), err);
    ck_assert_int_eq(draft_notes(d), 3);
    ck_assert_int_eq(draft_note_at(d, 0)->count, 3);
    ck_assert_int_eq(draft_note_at(d, 1)->kind, DRAFT_DEAD);
    ck_assert_str_eq(draft_note_at(d, 2)->text, "LSTM 'a?b'");
    draft_destroy(d);
}
END_TEST

START_TEST(notes_are_bounded)
{
    Draft *d = new_draft("net");
    Err err = {0};
    for (int i = 0; i < DRAFT_MAX_NOTES + 5; i++)
        ck_ok(draft_note(d, DRAFT_DEAD, &err, "node %d", i), err);
    ck_assert_int_eq(draft_notes(d), DRAFT_MAX_NOTES);
    ck_assert_int_eq(draft_notes_dropped(d, DRAFT_DEAD), 5);
    ck_assert_int_eq(draft_notes_dropped(d, DRAFT_FOLDED), 0);
    draft_destroy(d);
}
END_TEST

static Status whole_life(Err *err)
{
    Draft *d = NULL;
    DraftEntry e = conv(8);
    char *text = NULL;
    size_t bytes;
    Network *net = NULL;
    Status st;

    e.n_from = 1;
    e.from[0] = DRAFT_INPUT;
    TRY(draft_create(&d, "net", "imported", IMAGE, err));
    for (int i = 0; i < 40; i++) TRY(draft_add(d, &e, "c", NULL, err));
    for (int i = 0; i < 40; i++) TRY(draft_note(d, DRAFT_ASSUMED, err, "note %d", i));
    TRY(draft_write(d, &text, &bytes, &net, err));
fail:
    mem_free(text);
    network_destroy(net);
    draft_destroy(d);
    return st;
}

START_TEST(reports_every_allocation_failure)
{
    ck_every_allocation_failure(whole_life(NULL), (void)0);
}
END_TEST

static Suite *draft_suite(void)
{
    Suite *s = suite_create("draft");
    TCase *tc = new_case("names", 30);
    tcase_add_loop_test(tc, names_are_legal_and_near_the_source, 0, N_NAMES);
    tcase_add_test(tc, equal_names_are_numbered);
    tcase_add_test(tc, long_equal_names_stay_apart_and_fit);
    tcase_add_test(tc, a_network_has_a_legal_name_too);
    suite_add_tcase(s, tc);
    tc = new_case("text", 30);
    tcase_add_test(tc, writes_the_house_format);
    tcase_add_test(tc, what_is_written_is_checked);
    tcase_add_test(tc, an_empty_draft_is_no_network);
    tcase_add_test(tc, entries_are_bounded);
    suite_add_tcase(s, tc);
    tc = new_case("notes", 30);
    tcase_add_test(tc, equal_notes_are_counted);
    tcase_add_test(tc, notes_are_bounded);
    tcase_add_test(tc, reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return run_suite(draft_suite());
}
