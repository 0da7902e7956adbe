/* test_network_entries.c -- the entries of a network file that importers write beside the plain
 * layers: view (free), move (bytes only) and deconv (transposed convolution). */
#include "env/network.h"

#include "tests/support.h"

#include <stdio.h>
#include <string.h>

#define HEAD  "name: n\ninput: {channels: 8, height: 9, width: 10}\nlayers:\n"
#define CONV1 "- {name: c1, type: conv, k: 16, kernel: 3, pad: 1}\n"

static Network *net;

static void drop_net(void)
{
    network_destroy(net);
    net = NULL;
}

static Status parse(const char *text, Err *err)
{
    return network_parse(&net, "net.yaml", text, strlen(text), err);
}

/* ---- view ---- */

START_TEST(a_view_is_free_and_passes_its_producers_on)
{
    Err err = {0};
    ck_ok(parse(HEAD CONV1 "- {name: c2, type: conv, k: 16, kernel: 1}\n"
                           "- {name: v, type: view, from: [c1, c2], out: [5, 1, 7]}\n"
                           "- {name: w, type: view, out: [6, 2, 3]}\n"
                           "- {name: c3, type: conv, k: 4, kernel: 1, out: [4, 2, 3]}\n",
                &err),
          err);
    ck_assert_int_eq(net->n_layers, 3);
    ck_assert_int_eq(net->layer[2].shape.C, 6);
    ck_assert_int_eq(net->subjob[2].n_preds, 2);
}
END_TEST

START_TEST(a_view_of_the_input_depends_on_nothing)
{
    Err err = {0};
    ck_ok(parse(HEAD CONV1 "- {name: v, type: view, from: [input], out: [720, 1, 1]}\n"
                           "- {name: f, type: fc, k: 10}\n",
                &err),
          err);
    ck_assert_int_eq(net->subjob[1].n_preds, 0);
    ck_assert_int_eq(net->layer[1].shape.C, 720);
}
END_TEST

/* ---- move ---- */

START_TEST(a_move_reads_its_inputs_and_writes_its_output)
{
    Err err = {0};
    ck_ok(parse(HEAD CONV1 "- {name: m, type: move, from: [c1, input], out: [8, 9, 10]}\n", &err),
          err);
    const LayerShape *m = &net->layer[1].shape;
    ck_assert_int_eq(m->type, LAYER_ELTWISE);
    ck_assert_double_eq(layer_input_words(m), (16 + 8) * 90);
    ck_assert_double_eq(layer_output_words(m), 8 * 90);
    ck_assert_double_eq(network_macs(net), 8.0 * 16 * 9 * 90);
}
END_TEST

START_TEST(what_a_move_reads_is_rounded_to_whole_outputs)
{
    Err err = {0};
    ck_ok(parse(HEAD "- {name: up, type: move, out: [8, 18, 20]}\n"
                     "- {name: down, type: move, out: [8, 7, 20]}\n"
                     "- {name: gate, type: pool, kernel: global}\n"
                     "- {name: scale, type: move, from: [down, gate], out: [8, 7, 20]}\n",
                &err),
          err);
    ck_assert_int_eq(net->layer[0].shape.operands, 1);
    ck_assert_int_eq(net->layer[1].shape.operands, 3); /* 18 rows in, 7 out */
    ck_assert_int_eq(net->layer[3].shape.operands, 1); /* a little more than once */
}
END_TEST

START_TEST(a_move_is_never_fused_and_what_follows_may_be)
{
    Err err = {0};
    ck_ok(parse(HEAD CONV1 "- {name: m, type: move, out: [16, 9, 10]}\n"
                           "- {name: p, type: pool, kernel: 2, stride: 2}\n",
                &err),
          err);
    ck_assert_int_eq(net->n_layers, 3);
    ck_assert_int_eq(net->n_subjobs, 2);
    ck_assert_int_eq(net->subjob[1].layer, 1);
    ck_assert_int_eq(net->subjob[1].n_preds, 1);
}
END_TEST

/* ---- deconv ---- */

START_TEST(deconv_sizes_invert_those_of_a_conv)
{
    static const struct {
        const char *window;
        int height, width;
    } CASES[] = {
        {"kernel: 2, stride: 2", 18, 20},          {"kernel: 4, stride: 2, pad: 1", 18, 20},
        {"kernel: 3, stride: 2, pad: 1", 17, 19},  {"kernel: 3, stride: 2, pad: 1", 18, 20},
        {"kernel: 3, stride: 2, pad: 1", 18, 19},  {"kernel: 3", 11, 12},
        {"kernel: [1, 5], stride: [1, 3]", 9, 32}, {"kernel: 3, pad: [0, 1, 1, 1]", 10, 10},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[256];
        Err err = {0};
        snprintf(text, sizeof text,
                 HEAD "- {name: d, type: deconv, k: 4, %s, out: [4, %d, %d]}\n"
                      "- {name: g, type: gemm, k: 1}\n",
                 CASES[i].window, CASES[i].height, CASES[i].width);
        ck_ok(parse(text, &err), err);
        ck_assert_int_eq(net->layer[1].shape.Q, CASES[i].height);
        ck_assert_int_eq(net->layer[1].shape.P, CASES[i].width);
        drop_net();
    }
}
END_TEST

/* Each input point meets every weight: C R S K / groups products per position. */
START_TEST(deconv_costs_its_products_where_the_stride_divides_the_kernel)
{
    Err err = {0};
    ck_ok(parse(HEAD "- {name: d, type: deconv, k: 6, kernel: [4, 2], stride: 2, pad: [1, 0], "
                     "groups: 2}\n",
                &err),
          err);
    const LayerShape *d = &net->layer[0].shape;
    ck_assert(d->type == LAYER_CONV && d->K == 24 && d->S == 2 && d->R == 1 && d->groups == 2);
    ck_assert_double_eq(network_macs(net), 90.0 * 8 * 4 * 2 * 6 / 2);
    ck_assert_double_eq(network_params(net), 8 * 4 * 2 * 6 / 2);
    ck_assert_double_eq(layer_output_words(d), 6 * 18 * 20);
    ck_assert(net->layer[0].has_weights);
}
END_TEST

/* ---- files that are wrong ---- */

static const struct {
    const char *text, *message;
} WRONG[] = {
    {HEAD "- {name: v, type: view}\n", "layer 'v' of type view needs an out: [channels"},
    {HEAD "- {name: v, type: move}\n", "layer 'v' of type move needs an out"},
    {HEAD "- {name: v, type: view, out: [1, 2]}\n", "a list of 3, got a list of 2"},
    {HEAD "- {name: v, type: view, out: [0, 2, 2]}\n", "net.yaml:4:"},
    {HEAD "- {name: v, type: view, out: [1, 70000, 1]}\n", "too large"},
    {HEAD "- {name: v, type: move, out: [1048576, 1048, 1]}\n", "too large"},
    {HEAD "- {name: v, type: view, out: [1, 1, 1], k: 3}\n", "k"},
    {HEAD "- {name: v, type: move, from: [], out: [1, 1, 1]}\n", "want 1 to 32"},
    {HEAD "- {name: d, type: deconv, k: 4}\n", "needs a kernel"},
    {HEAD "- {name: d, type: deconv, kernel: 4}\n", "missing key"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 2, dilation: 2}\n", "dilation"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 2, groups: 3}\n", "3 groups"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 1, pad: 5}\n", "leaves nothing"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 2, pad: same}\n", "pad"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 2, stride: 2, out: [4, 18, 22]}\n",
     "has an output of [4, 18, 20], not of [4, 18, 22]"},
    {HEAD "- {name: d, type: deconv, k: 4, kernel: 2, out: [4, 9, 11]}\n", "not of [4, 9, 11]"},
    {HEAD "- {name: d, type: deconv, k: 1048576, kernel: 4096, stride: 4096}\n", "too large"},
};

START_TEST(a_wrong_entry_is_refused_with_its_line)
{
    Err err = {0};
    ck_assert_int_eq(parse(WRONG[_i].text, &err), ST_FORMAT);
    ck_assert_ptr_null(net);
    ck_assert_msg(strstr(err.msg, WRONG[_i].message), "got: %s", err.msg);
    ck_assert_msg(!strncmp(err.msg, "net.yaml:", 9), "got: %s", err.msg);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("network_entries");
    TCase *tc = new_case("entries", 10);
    tcase_add_checked_fixture(tc, NULL, drop_net);
    tcase_add_test(tc, a_view_is_free_and_passes_its_producers_on);
    tcase_add_test(tc, a_view_of_the_input_depends_on_nothing);
    tcase_add_test(tc, a_move_reads_its_inputs_and_writes_its_output);
    tcase_add_test(tc, what_a_move_reads_is_rounded_to_whole_outputs);
    tcase_add_test(tc, a_move_is_never_fused_and_what_follows_may_be);
    tcase_add_test(tc, deconv_sizes_invert_those_of_a_conv);
    tcase_add_test(tc, deconv_costs_its_products_where_the_stride_divides_the_kernel);
    tcase_add_loop_test(tc, a_wrong_entry_is_refused_with_its_line, 0,
                        sizeof WRONG / sizeof *WRONG);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
