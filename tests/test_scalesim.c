/* test_scalesim.c -- SCALE-Sim topologies, as they are found, become networks with the products that
 * SCALE-Sim counts; what is no topology is refused with its line. */
#include "env/scalesim.h"

#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/mutate.h"

#include <stdio.h>
#include <string.h>

#define CONV                                                                                       \
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "   \
    "Strides,\n"
#define GEMM "Layer,M,N,K,\n"

static Draft *draft;
static Network *net;
static char *text;

static void drop_all(void)
{
    draft_destroy(draft);
    network_destroy(net);
    mem_free(text);
    draft = NULL;
    net = NULL;
    text = NULL;
}

static void import(const char *topology)
{
    Err err = {0};
    size_t bytes;
    drop_all();
    ck_ok(scalesim_parse(&draft, "topo/net.csv", topology, strlen(topology), &err), err);
    ck_ok(draft_write(draft, &text, &bytes, &net, &err), err);
}

static void refused(const char *topology, const char *message)
{
    Err err = {0};
    Draft *d = (Draft *)&err;
    ck_assert_int_eq(scalesim_parse(&d, "t.csv", topology, strlen(topology), &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, message);
    ck_assert_ptr_null(d);
}

/* The entries of the file, below "layers:". */
static void entries_are(const char *want)
{
    ck_assert_str_eq(strstr(text, "layers:\n") + 8, want);
}

static bool noted(const char *note)
{
    for (int i = 0; i < draft_notes(draft); i++)
        if (!strcmp(draft_note_at(draft, i)->text, note)) return true;
    return false;
}

/* ---- convolutions ---- */

/* SCALE-Sim: ceil((input - filter + stride) / stride). */
START_TEST(outputs_are_rounded_up)
{
    import(CONV "Conv1, 224, 224, 11, 11, 3, 96, 4,\nConv2, 55, 55, 1, 1, 96, 8, 2,\n");
    entries_are("- {name: Conv1, type: conv, k: 96, kernel: 11, stride: 4, pad: [0, 0, 3, 3], "
                "out: [96, 55, 55]}\n"
                "- {name: Conv2, type: conv, k: 8, kernel: 1, stride: 2, out: [8, 28, 28]}\n");
    ck_assert_double_eq(network_macs(net), 55. * 55 * 96 * 3 * 121 + 28. * 28 * 8 * 96);
    ck_assert_str_eq(net->name, "net");
    drop_all();
}
END_TEST

START_TEST(layers_of_other_sizes_are_chained_by_views)
{
    import(CONV "a, 8, 8, 3, 3, 3, 4, 1,\nb, 6, 6, 3, 3, 4, 5, 1,\nc, 6, 6, 3, 3, 5, 5, 1,\n");
    entries_are("- {name: a, type: conv, k: 4, kernel: 3, out: [4, 6, 6]}\n"
                "- {name: b, type: conv, k: 5, kernel: 3, out: [5, 4, 4]}\n"
                "- {name: c_in, type: view, out: [5, 6, 6]}\n"
                "- {name: c, type: conv, k: 5, kernel: 3, out: [5, 4, 4]}\n");
    ck_assert_int_eq(net->n_layers, 3);
    ck_assert_int_eq(net->subjob[2].n_preds, 1);
    ck_assert(noted("a view where a layer reads another size than the one before writes"));
    drop_all();
}
END_TEST

/* SCALE-Sim repeats such a row for each channel, with one channel. */
START_TEST(a_name_with_DP_is_depthwise)
{
    import(CONV "DP1, 8, 8, 3, 3, 4, 2, 1,\n");
    entries_are("- {name: DP1, type: dwconv, k: 8, kernel: 3, out: [8, 6, 6]}\n");
    ck_assert_double_eq(network_macs(net), 4 * 2 * 36 * 9);
    drop_all();
}
END_TEST

/* As SCALE-Sim's mobilenet.csv: the products are those of a layer with one filter. */
START_TEST(one_filter_before_a_layer_of_as_many_channels_is_depthwise)
{
    import(CONV "dw, 8, 8, 3, 3, 4, 1, 1,\n,,,\npw, 6, 6, 1, 1, 4, 9, 1,\n");
    entries_are("- {name: dw, type: dwconv, kernel: 3, out: [4, 6, 6]}\n"
                "- {name: pw, type: conv, k: 9, kernel: 1, out: [9, 6, 6]}\n");
    ck_assert_double_eq(network_macs(net), 36 * 4 * 9 + 36 * 4 * 9);
    import(CONV "map, 8, 8, 3, 3, 4, 1, 1,\nx, 6, 6, 1, 1, 1, 9, 1,\n");
    ck_assert_int_eq(net->layer[0].shape.type, LAYER_CONV);
    import(CONV "last, 8, 8, 3, 3, 4, 1, 1,\n");
    ck_assert_int_eq(net->layer[0].shape.type, LAYER_CONV);
    import(CONV "point, 8, 8, 1, 1, 4, 1, 1,\nx, 8, 8, 1, 1, 4, 9, 1,\n");
    ck_assert_int_eq(net->layer[0].shape.type, LAYER_CONV);
    drop_all();
}
END_TEST

START_TEST(strides_may_differ)
{
    import("Layer name,IFMAP height,IFMAP width,Filter height,Filter width,Channels,Num filter,"
           "Stride height,Stride width,\na,9,9,3,3,1,2,2,3,\n");
    entries_are("- {name: a, type: conv, k: 2, kernel: 3, stride: [2, 3], out: [2, 4, 3]}\n");
    drop_all();
}
END_TEST

/* ---- products ---- */

START_TEST(products_have_their_own_columns)
{
    import(GEMM "1,196,192,384,\n2,1,10,192,\n");
    entries_are("- {name: gemm_1, type: gemm, k: 192, out: [192, 196, 1]}\n"
                "- {name: 2_in, type: view, out: [192, 1, 1]}\n"
                "- {name: fc_2, type: fc, k: 10, out: [10, 1, 1]}\n");
    ck_assert_double_eq(network_macs(net), 196. * 192 * 384 + 1920);
    drop_all();
}
END_TEST

START_TEST(filters_as_wide_as_the_input_are_products)
{
    import(CONV "g, 1760, 300, 1, 300, 1, 128, 1,\nf, 6, 6, 6, 6, 256, 4096, 1,\n");
    entries_are("- {name: g, type: gemm, k: 128, out: [128, 1760, 1]}\n"
                "- {name: f_in, type: view, out: [9216, 1, 1]}\n"
                "- {name: f, type: fc, k: 4096, out: [4096, 1, 1]}\n");
    drop_all();
}
END_TEST

START_TEST(more_rows_than_a_direction_has_are_folded)
{
    import(GEMM "a,100000,8,4,\n");
    entries_are("- {name: a, type: gemm, k: 8, out: [8, 50000, 2]}\n");
    refused(GEMM "a,1000003,8,4,\n",
            "t.csv:2: input size: 1000003 is more than a network file can say, 65536");
    drop_all();
}
END_TEST

/* ---- files as they are found ---- */

START_TEST(spaces_marks_and_missing_commas_do_not_matter)
{
    static const char *const SAME[] = {
        CONV "a,8,8,3,3,3,4,1\nb,6,6,3,3,4,5,1",
        CONV "\n,,,,,,,,\na , 8 ,8, 3,\t3,3,4,1, \r\nb,6,6,3,3,4,5,1, ",
        "\xef\xbb\xbfLayer name,\xc2\xa0IFMAP Height,\xc2\xa0IFMAP Width,\xc2\xa0"
        "Filter Height,\xc2\xa0"
        "Filter Width,\xc2\xa0"
        "Channels,\xc2\xa0Num Filter,\xc2\xa0Strides,\na,8,8,3,3,3,4,1,\nb,6,6,3,3,4,5,1,",
        "Layer, IFMAP Width, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
        "Strides,,,Eh,Ew,e2\na,8,8,3,3,3,4,1,,,,,\nb,6,6,3,3,4,5,1,,,,,\n",
        "Layer name\t IFMAP Height\t IFMAP Width\t Filter Height\t Filter Width\t Channels\t "
        "Num Filter\t Strides\t \na\t8\t8\t3\t3\t3\t4\t1\t\nb\t6\t6\t3\t3\t4\t5\t1\t\n",
    };
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        import(SAME[i]);
        entries_are("- {name: a, type: conv, k: 4, kernel: 3, out: [4, 6, 6]}\n"
                    "- {name: b, type: conv, k: 5, kernel: 3, out: [5, 4, 4]}\n");
        ck_assert_int_eq(draft_notes(draft), 0);
    }
    drop_all();
}
END_TEST

START_TEST(what_is_not_imported_is_noted)
{
    import("Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
           "Num Filter, Strides, Sparsity, Batch Size,\nAlexnet,\na,8,8,3,3,3,4,1,2:4,8,#dw\n"
           "Googlenet,\nb,6,6,3,3,4,5,1,1:1,1,\n");
    ck_assert_int_eq(draft_notes(draft), 4);
    ck_assert(noted("sparsity '2:4' is ignored"));
    ck_assert(noted("batch size '8' is ignored"));
    ck_assert(noted("text behind the last column '#dw' is ignored"));
    ck_assert(noted("'Googlenet' is a heading and no layer"));
    ck_assert_str_eq(draft_note_at(draft, 0)->text, "sparsity '2:4' is ignored");
    drop_all();
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    static const char NO_HEADER[] =
        "t.csv:1: these are no columns of a SCALE-Sim topology, want Layer name, IFMAP Height, "
        "IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides or Layer, M, N, K";
    refused("", "t.csv:1: the file is empty, the first line names the columns");
    refused("Conv1,224,224,7,7,3,64,2,\n", NO_HEADER);
    refused("a,b\n1,2\n", NO_HEADER);
    refused("Layer,M,K,N,\na,1,2,3,\n", NO_HEADER);
    refused(CONV, "t.csv:1: there is no layer below the header");
    refused(CONV ",,,\nAlexnet,\n", "t.csv:1: there is no layer below the header");
    refused(CONV "a,1,B,1,1,8,8,1,\n",
            "t.csv:2: 'IFMAP Width' must be a whole number in 1..1073741824, got 'B'");
    refused(CONV "\na,8,8,3,3,3,4,\n",
            "t.csv:3: 'Strides' must be a whole number in 1..1073741824, got nothing");
    refused(CONV "a,8,8,3,3,0,4,1\n",
            "t.csv:2: 'Channels' must be a whole number in 1..1073741824, got '0'");
    refused(CONV "a,8,8,3,9,3,4,1\n",
            "t.csv:2: the filter's width of 9 is larger than the input's, "
            "which is 8 and includes the padding");
    refused(CONV "a,70000,8,3,3,3,4,1\n",
            "t.csv:2: input size: 70000 is more than a network file can say, 65536");
    refused(CONV "a,60000,60000,3,3,30,4,1\n",
            "t.csv:2: words of the input: 108000000000 is more than a network file can say, "
            "1073741824");
    refused(CONV "a,600,600,3,3,30,4000,1\n",
            "t.csv:2: words of the output: 1430416000 is more than a network file can say, "
            "1073741824");
    refused(CONV "DP,8,8,3,3,3000,4000,1\n",
            "t.csv:2: filters: 12000000 is more than a network file can say, 1048576");
}
END_TEST

START_TEST(the_number_of_layers_is_bounded)
{
    static char rows[NET_MAX_LAYERS * 16 + 256];
    size_t n = (size_t)snprintf(rows, sizeof rows, "%s", GEMM);
    for (int i = 0; i <= NET_MAX_LAYERS; i++)
        n += (size_t)snprintf(rows + n, sizeof rows - n, "a,1,2,2,\n");
    refused(rows, "t.csv:1026: the network has more than 1024 layers, which no network file may "
                  "have");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    Err err = {0};
    ck_assert_int_eq(scalesim_load(&draft, "no/such.csv", &err), ST_IO);
    ck_assert_ptr_null(draft);
    ck_assert_str_eq(err.msg, "cannot open 'no/such.csv': No such file or directory");
}
END_TEST

#define SAMPLE                                                                                     \
    CONV "Conv1, 224, 224, 7, 7, 3, 64, 2,\nHead,\nDP2, 56, 56, 3, 3, 64, 1, 1,\n"                 \
         "g, 1760, 300, 1, 300, 1, 128, 1,#x\nfc, 6, 6, 6, 6, 256, 4096, 1,\n"

static Status whole_life(Err *err)
{
    Draft *d = NULL;
    Status st = scalesim_parse(&d, "t.csv", SAMPLE, strlen(SAMPLE), err);
    draft_destroy(d);
    return st;
}

START_TEST(every_allocation_failure_is_reported)
{
    ck_every_allocation_failure(whole_life(NULL), (void)0);
}
END_TEST

START_TEST(damage_is_survived)
{
    Rng rng;
    int good = 0, bad = 0;
    rng_seed(&rng, 5, 0);
    for (int i = 0; i < 5000; i++) {
        char topology[1024];
        size_t n = sizeof SAMPLE - 1, bytes;
        Err err = {0};
        memcpy(topology, SAMPLE, sizeof SAMPLE);
        mutate_text(topology, &n, sizeof topology, &rng);
        Status st = scalesim_parse(&draft, "t.csv", topology, n, &err);
        if (st == ST_OK) st = draft_write(draft, &text, &bytes, &net, &err);
        ck_assert(st == ST_OK || st == ST_FORMAT);
        ck_assert(st == ST_OK || !strchr(err.msg, '\n'));
        good += st == ST_OK;
        bad += st != ST_OK;
        drop_all();
    }
    ck_assert_int_gt(good, 500);
    ck_assert_int_gt(bad, 500);
}
END_TEST

static Suite *scalesim_suite(void)
{
    Suite *s = suite_create("scalesim");
    TCase *tc = new_case("layers", 30);
    tcase_add_test(tc, outputs_are_rounded_up);
    tcase_add_test(tc, layers_of_other_sizes_are_chained_by_views);
    tcase_add_test(tc, a_name_with_DP_is_depthwise);
    tcase_add_test(tc, one_filter_before_a_layer_of_as_many_channels_is_depthwise);
    tcase_add_test(tc, strides_may_differ);
    tcase_add_test(tc, products_have_their_own_columns);
    tcase_add_test(tc, filters_as_wide_as_the_input_are_products);
    tcase_add_test(tc, more_rows_than_a_direction_has_are_folded);
    suite_add_tcase(s, tc);
    tc = new_case("files", 60);
    tcase_add_test(tc, spaces_marks_and_missing_commas_do_not_matter);
    tcase_add_test(tc, what_is_not_imported_is_noted);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, the_number_of_layers_is_bounded);
    tcase_add_test(tc, a_file_that_is_not_there_is_named);
    tcase_add_test(tc, every_allocation_failure_is_reported);
    tcase_add_test(tc, damage_is_survived);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return run_suite(scalesim_suite());
}
