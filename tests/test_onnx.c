/* test_onnx.c -- ONNX models become drafts: what each operator becomes, what is refused and how, the
 * models of ../shared/models, and files that were made to break a reader. */
#include "env/onnx.h"

#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/onnx_writer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CAP = 1 << 22 };
static uint8_t file[CAP];
static size_t file_bytes;

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

static Status import_file(const OnnxOptions *opt, Err *err)
{
    return onnx_import_memory(&draft, "net.onnx", file, file_bytes, opt, err);
}

static Status import(const char *model, const OnnxOptions *opt, Err *err)
{
    file_bytes = onnx_write(model, file, CAP);
    return import_file(opt, err);
}

static void finish(void)
{
    Err err = {0};
    size_t bytes;
    ck_ok(draft_write(draft, &text, &bytes, &net, &err), err);
}

static const char *layers(void)
{
    return strstr(text, "layers:\n") + strlen("layers:\n");
}

static bool noted(DraftNoteKind kind, const char *what)
{
    for (int i = 0; i < draft_notes(draft); i++)
        if (draft_note_at(draft, i)->kind == kind && strstr(draft_note_at(draft, i)->text, what))
            return true;
    return false;
}

/* ---- what operators become ---- */

#define IMAGE "input x 1x3x8x10\noutput out\n"
#define ROWS  "input x 1x6x8\noutput out\n"

typedef struct Case {
    const char *model, *layers;
} Case;

static const Case WINDOWS[] = {
    {IMAGE "weight w 16x3x3x5\nConv x w -> out pads=[1,2,1,2]",
     "- {name: out, type: conv, k: 16, kernel: [3, 5], pad: [1, 2], out: [16, 8, 10]}\n"},
    {IMAGE "weight w 16x3x3x3\nConv x w -> out strides=[2,1] dilations=[2,2] pads=[0,1,2,3]",
     "- {name: out, type: conv, k: 16, kernel: 3, stride: [2, 1], pad: [0, 1, 2, 3], dilation: 2, "
     "out: "
     "[16, 3, 10]}\n"},
    {IMAGE "weight w 16x3x3x2\nConv x w -> out dilations=[1,3]",
     "- {name: out, type: conv, k: 16, kernel: [3, 2], pad: [0, 0, 4, 0], dilation: 3, out: [16, "
     "6, "
     "7]}\n"},
    {IMAGE "weight w 16x3x3x3\nConv x w -> out auto_pad=SAME_UPPER strides=[2,2]",
     "- {name: out, type: conv, k: 16, kernel: 3, stride: 2, pad: [0, 0, 1, 1], out: [16, 4, "
     "5]}\n"},
    {IMAGE "weight w 16x3x3x3\nConv x w -> out auto_pad=SAME_LOWER strides=[2,2]",
     "- {name: out, type: conv, k: 16, kernel: 3, stride: 2, pad: [1, 1, 0, 0], out: [16, 4, "
     "5]}\n"},
    {IMAGE "weight w 16x3x3x3\nConv x w -> out auto_pad=VALID pads=[9,9,9,9]",
     "- {name: out, type: conv, k: 16, kernel: 3, out: [16, 6, 8]}\n"},
    {IMAGE "weight w 6x1x3x3\nConv x w -> out group=3",
     "- {name: out, type: dwconv, k: 6, kernel: 3, out: [6, 6, 8]}\n"},
    {"input x 1x8x5x5\noutput out\nweight w 6x4x1x1\nConv x w -> out group=2",
     "- {name: out, type: conv, k: 6, kernel: 1, groups: 2, out: [6, 5, 5]}\n"},
    {"input x 2x4x20\noutput out\nweight w 6x4x5\nConv x w -> out strides=[3] pads=[1,2] "
     "dilations=[2]",
     "- {name: out_in, type: view, out: [4, 1, 20]}\n"
     "- {name: out, type: conv, k: 6, kernel: [1, 5], stride: [1, 3], pad: [0, 1, 0, 2], dilation: "
     "2, "
     "out: [6, 1, 5]}\n"},
    {IMAGE "weight w 3x4x4x4\nConvTranspose x w -> out strides=[2,2] pads=[1,1,1,1]",
     "- {name: out, type: deconv, k: 4, kernel: 4, stride: 2, pad: 1, out: [4, 16, 20]}\n"},
    {IMAGE "weight w 3x4x3x3\nConvTranspose x w -> out strides=[2,2] pads=[1,1,1,1] "
           "output_padding=[1,1]",
     "- {name: out, type: conv, k: 4, kernel: 2, pad: [1, 1, 0, 0], out: [4, 8, 10]}\n"
     "- {name: out_2, type: conv, from: [input], k: 4, kernel: [2, 1], pad: [1, 0, 0, 0], out: [4, "
     "8, 10]}\n"
     "- {name: out_3, type: conv, from: [input], k: 4, kernel: [1, 2], pad: [0, 1, 0, 0], out: [4, "
     "8, 10]}\n"
     "- {name: out_4, type: conv, from: [input], k: 4, kernel: 1, out: [4, 8, 10]}\n"
     "- {name: out_5, type: view, from: [out, out_2, out_3, out_4], out: [4, 16, 20]}\n"},
    {IMAGE "weight w 3x4x2x2\nConvTranspose x w -> out strides=[2,2] output_shape=[15,20]",
     "- {name: out, type: deconv, k: 4, kernel: 2, stride: 2, pad: [0, 0, 1, 0], out: [4, 15, "
     "20]}\n"},
    {IMAGE "MaxPool x -> out kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",
     "- {name: out, type: pool, kernel: 3, stride: 2, pad: 1, out: [3, 4, 5]}\n"},
    {IMAGE "MaxPool x -> out kernel_shape=[3,3] strides=[2,2] ceil_mode=1",
     "- {name: out, type: pool, kernel: 3, stride: 2, pad: [0, 0, 1, 1], out: [3, 4, 5]}\n"},
    {IMAGE "AveragePool x -> out kernel_shape=[1,1] strides=[3,3] ceil_mode=1",
     "- {name: out, type: pool, kernel: 1, stride: 3, out: [3, 3, 4]}\n"},
    {IMAGE "MaxPool x -> out kernel_shape=[3,3] dilations=[2,2]",
     "- {name: out, type: pool, kernel: 5, out: [3, 4, 6]}\n"},
    {IMAGE "GlobalAveragePool x -> out",
     "- {name: out, type: pool, kernel: global, out: [3, 1, 1]}\n"},
    {IMAGE "ReduceMean x -> out axes=[2,3]",
     "- {name: out, type: pool, kernel: global, out: [3, 1, 1]}\n"},
};

static const Case PRODUCTS[] = {
    {"input x 1x20\noutput out\nweight w 7x20\nGemm x w -> out transB=1",
     "- {name: out, type: fc, k: 7, out: [7, 1, 1]}\n"},
    {IMAGE "weight w 240x7\nFlatten x -> f\nGemm f w -> out",
     "- {name: out, type: fc, k: 7, out: [7, 1, 1]}\n"},
    {"input x 5x20\noutput out\nweight w 20x7\nGemm x w -> out",
     "- {name: out, type: gemm, k: 7, out: [7, 5, 1]}\n"},
    {ROWS "weight w 8x7\nMatMul x w -> out", "- {name: out, type: gemm, k: 7, out: [7, 6, 1]}\n"},
    {ROWS "weight w 7x6\nMatMul w x -> out", "- {name: out_in, type: view, out: [6, 8, 1]}\n"
                                             "- {name: out, type: gemm, k: 7, out: [7, 8, 1]}\n"},
    {ROWS
     "weight w 8x12\nMatMul x w -> q\nMatMul x w -> k\n"
     "ints h 1,6,3,4\nReshape q h -> qh\nReshape k h -> kh\n"
     "Transpose qh -> qt perm=[0,2,1,3]\nTranspose kh -> kt perm=[0,2,3,1]\nMatMul qt kt -> out",
     "- {name: q, type: gemm, k: 12, out: [12, 6, 1]}\n"
     "- {name: k, type: gemm, from: [input], k: 12, out: [12, 6, 1]}\n"
     "- {name: out, type: gemm, from: [q, k], k: 18, groups: 3, out: [18, 6, 1]}\n"},
    {ROWS
     "weight w 2x8x3\nEinsum x w -> a equation=bsd,hdk->bhsk\nEinsum a a -> s equation=bhik,bhjk->"
     "bhij\nRelu s -> out",
     "- {name: a, type: gemm, k: 6, out: [6, 6, 1]}\n"
     "- {name: s_in, type: view, out: [6, 6, 1]}\n"
     "- {name: s, type: gemm, from: [a, s_in], k: 12, groups: 2, out: [12, 6, 1]}\n"},
    {ROWS "weight w 8x7\nweight z\nDynamicQuantizeLinear x -> q s c\nMatMulInteger q w c z -> a\n"
          "Cast a -> f to=1\nMul s z -> t\nMul f t -> out",
     "- {name: a, type: gemm, k: 7, out: [7, 6, 1]}\n"},
    {"input x 1x20\noutput out\nweight w 30x7\nints d 30\nints v 0,1\nOneHot x d v -> h\n"
     "MatMul h w -> out",
     "- {name: h, type: view, out: [30, 20, 1]}\n"
     "- {name: out, type: gemm, k: 7, out: [7, 20, 1]}\n"},
    {"input x 9x1x4\noutput out\nweight w 1x20x4\nweight r 1x20x5\nLSTM x w r -> out",
     "- {name: out, type: gemm, k: 20, out: [20, 1, 9]}\n"
     "- {name: out_2, type: view, out: [5, 9, 1]}\n"
     "- {name: out_3, type: gemm, k: 20, out: [20, 9, 1]}\n"},
};

#define CONVS                                                                                      \
    IMAGE "weight w 4x3x1x1\nweight v 4x4x1x1\nweight s 4\nweight b 1x4x1x1\nConv x w -> a\n"
#define A "- {name: a, type: conv, k: 4, kernel: 1, out: [4, 8, 10]}\n"
#define B "- {name: b2, type: conv, k: 4, kernel: 1, out: [4, 8, 10]}\n"

static const Case POINTWISE[] = {
    {CONVS "BatchNormalization a s s s s -> n\nRelu n -> out", A},
    {CONVS "Mul a b -> m\nAdd b m -> out", A},
    {CONVS "Sigmoid a -> m\nMul a m -> out", A},
    {CONVS "Conv a v -> b2\nAdd a b2 -> out",
     A B "- {name: out, type: eltwise, from: [a, b2], out: [4, 8, 10]}\n"},
    {CONVS "Conv a v -> b2\nConv b2 v -> c\nSum a b2 c -> out",
     A B "- {name: c, type: conv, k: 4, kernel: 1, out: [4, 8, 10]}\n"
         "- {name: out, type: eltwise, from: [a, b2, c], out: [4, 8, 10]}\n"},
    /* squeeze and excitation: the gate is spread over the map */
    {CONVS "GlobalAveragePool a -> p\nConv p v -> g\nSigmoid g -> h\nMul a h -> out",
     A "- {name: p, type: pool, kernel: global, out: [4, 1, 1]}\n"
       "- {name: g, type: conv, k: 4, kernel: 1, out: [4, 1, 1]}\n"
       "- {name: out, type: move, from: [a, g], out: [4, 8, 10]}\n"},
    /* normalisation written out: the statistics are of the tensor itself */
    {ROWS "weight w 8x8\nweight e\nMatMul x w -> a\nReduceMean a -> m axes=[-1]\nSub a m -> c\n"
          "ints t 2\nPow c t -> q\nReduceMean q -> v axes=[-1]\nAdd v e -> ve\nSqrt ve -> d\n"
          "Div c d -> out",
     "- {name: a, type: gemm, k: 8, out: [8, 6, 1]}\n"},
    {ROWS "weight w 8x8\nMatMul x w -> a\nReduceMean a -> m axes=[-1]\nMul a a -> q\n"
          "ReduceMean q -> r axes=[-1]\nMul m m -> mm\nSub r mm -> v\nSub a m -> c\nDiv c v -> out",
     "- {name: a, type: gemm, k: 8, out: [8, 6, 1]}\n"},
    /* a mask depends on no layer */
    {"input x 1x6x8\ninput mask 1x1x6\noutput out\nweight w 8x6\nMatMul x w -> a\nAdd a mask -> "
     "out",
     "- {name: a, type: gemm, k: 6, out: [6, 6, 1]}\n"},
};

static const Case VIEWS[] = {
    {CONVS "Conv x w -> c\nConcat a c -> out axis=1",
     A "- {name: c, type: conv, from: [input], k: 4, kernel: 1, out: [4, 8, 10]}\n"
       "- {name: out, type: concat, from: [a, c], out: [8, 8, 10]}\n"},
    {CONVS "Concat a a -> out axis=2",
     A "- {name: out_in, type: view, out: [4, 8, 10]}\n"
       "- {name: out, type: view, from: [a, out_in], out: [4, 16, 10]}\n"},
    {CONVS "Split a -> p q axis=1\nweight u 5x2x1x1\nConv p u -> out",
     A "- {name: p, type: view, out: [2, 8, 10]}\n"
       "- {name: out, type: conv, k: 5, kernel: 1, out: [5, 8, 10]}\n"},
    {CONVS "ints i 0\nints j 4\nints k 2\nints l 2\nSlice a i j k l -> p\nConv p v -> out",
     A "- {name: p, type: view, out: [4, 2, 10]}\n"
       "- {name: out, type: conv, k: 4, kernel: 1, out: [4, 2, 10]}\n"},
    /* there and back again: nothing remains */
    {CONVS "ints i 1,2,2,8,10\nReshape a i -> r\nTranspose r -> t perm=[0,2,1,3,4]\n"
           "ints j 1,4,8,10\nReshape t j -> s2\nConv s2 v -> out",
     A "- {name: out, type: conv, k: 4, kernel: 1, out: [4, 8, 10]}\n"},
    {CONVS "ints i -1\nints j -9223372036854775808\nints k 3\nints l -9223372036854775808\n"
           "Slice a i j k l -> p\nConv p v -> out",
     A "- {name: p, type: view, out: [4, 8, 1]}\n"
       "- {name: out, type: conv, k: 4, kernel: 1, out: [4, 8, 1]}\n"},
    {CONVS "DepthToSpace a -> p blocksize=2\nweight u 5x1x1x1\nConv p u -> out",
     A "- {name: p, type: view, out: [1, 16, 20]}\n"
       "- {name: out, type: conv, k: 5, kernel: 1, out: [5, 16, 20]}\n"},
    {CONVS "ints p 0,0,1,1,0,0,1,1\nPad a p -> q\nConv q v -> out",
     A "- {name: q, type: view, out: [4, 10, 12]}\n"
       "- {name: out, type: conv, k: 4, kernel: 1, out: [4, 10, 12]}\n"},
    {CONVS "floats f 1,1,2,2\nResize a _ f -> out",
     A "- {name: out, type: upsample, stride: 2, out: [4, 16, 20]}\n"},
    {CONVS "floats f 1,1,2,2\nResize a _ f -> out mode=linear",
     A "- {name: out, type: move, out: [4, 16, 20]}\n"},
    {CONVS "ints z 1,4,3,5\nResize a _ _ z -> out",
     A "- {name: out, type: move, out: [4, 3, 5]}\n"},
    {"input x 1x6\noutput out\nweight t 100x8\nweight w 8x3\nGather t x -> e\nMatMul e w -> out",
     "- {name: e, type: move, out: [8, 6, 1]}\n"
     "- {name: out, type: gemm, k: 3, out: [3, 6, 1]}\n"},
};

/* Sizes as exporters compute them. */
static const Case FOLDED[] = {
    {IMAGE "weight w 240x7\nints z 0\nints m -1\nShape x -> s\nGather s z -> n\nConcat n m -> t "
           "axis=0\nReshape x t -> f\nGemm f w -> out",
     "- {name: out, type: fc, k: 7, out: [7, 1, 1]}\n"},
    {IMAGE "ints a 2\nints b 4\nints two 2\nShape x -> s\nSlice s a b -> hw\nMul hw two -> big\n"
           "ints c 0\nSlice s c a -> nc\nConcat nc big -> t axis=0\nResize x _ _ t -> u\n"
           "weight w 4x3x1x1\nConv u w -> out",
     "- {name: u, type: upsample, stride: 2, out: [3, 16, 20]}\n"
     "- {name: out, type: conv, k: 4, kernel: 1, out: [4, 16, 20]}\n"},
    {IMAGE "weight v 16x3x3x3\nTranspose v -> w perm=[0,1,3,2]\nConv x w -> out",
     "- {name: out, type: conv, k: 16, kernel: 3, out: [16, 6, 8]}\n"},
    {IMAGE "ints s 16,3,3,3\nConstantOfShape s -> w\nConv x w -> out",
     "- {name: out, type: conv, k: 16, kernel: 3, out: [16, 6, 8]}\n"},
};

static const struct {
    const Case *cases;
    int n;
} TABLES[] = {{WINDOWS, sizeof WINDOWS / sizeof *WINDOWS},
              {PRODUCTS, sizeof PRODUCTS / sizeof *PRODUCTS},
              {POINTWISE, sizeof POINTWISE / sizeof *POINTWISE},
              {VIEWS, sizeof VIEWS / sizeof *VIEWS},
              {FOLDED, sizeof FOLDED / sizeof *FOLDED}};
enum { N_TABLES = sizeof TABLES / sizeof *TABLES };

START_TEST(operators_become_entries)
{
    for (int i = 0; i < TABLES[_i].n; i++) {
        const Case *c = &TABLES[_i].cases[i];
        Err err = {0};
        Status st = import(c->model, NULL, &err);
        ck_assert_msg(st == ST_OK, "%s\n%s", c->model, err.msg);
        finish();
        ck_assert_msg(!strcmp(layers(), c->layers), "%s\nwant:\n%sgot:\n%s", c->model, c->layers,
                      layers());
        drop_all();
    }
}
END_TEST

START_TEST(products_of_two_computed_tensors_have_their_macs_and_no_weights)
{
    Err err = {0};
    ck_ok(import(PRODUCTS[5].model, NULL, &err), err);
    finish();
    ck_assert_double_eq(network_macs(net), 2 * 6 * 8 * 12 + 3 * 6 * 6 * 4);
    ck_assert_double_eq(network_params(net), 2 * 8 * 12);
}
END_TEST

/* Products of a transposed convolution: each input point meets each weight. */
START_TEST(deconvs_have_their_macs_and_weights_whatever_the_stride)
{
    static const struct {
        const char *attributes;
        double kernel;
    } CASES[] = {{"weight w 6x4x2x2\nConvTranspose x w -> d strides=[2,2]", 4},
                 {"weight w 6x4x3x3\nConvTranspose x w -> d strides=[2,2] pads=[1,1,1,1]", 9},
                 {"weight w 6x4x5x3\nConvTranspose x w -> d strides=[3,2]", 15},
                 {"weight w 6x4x2x7\nConvTranspose x w -> d strides=[3,5]", 14},
                 {"weight w 6x1x3x3\nConvTranspose x w -> d strides=[2,2] group=6", 9.0 / 24}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char model[256];
        Err err = {0};
        snprintf(model, sizeof model, "input x 1x6x8x10\noutput out\n%s\nRelu d -> out",
                 CASES[i].attributes);
        ck_ok(import(model, NULL, &err), err);
        finish();
        ck_assert_double_eq(network_macs(net), 80 * 6 * 4 * CASES[i].kernel * (i == 4 ? 6 : 1));
        ck_assert_double_eq(network_params(net), 6 * 4 * CASES[i].kernel * (i == 4 ? 6 : 1));
        drop_all();
    }
}
END_TEST

/* Frames of a video, windows of a transformer: the MACs are those of all. */
START_TEST(a_batch_within_the_graph_is_groups)
{
    Err err = {0};
    ck_ok(import("input x 1x4x3x8x10\noutput out\nints s 4,3,8,10\nReshape x s -> r\n"
                 "weight w 5x3x3x3\nConv r w -> c pads=[1,1,1,1]\nRelu c -> out",
                 NULL, &err),
          err);
    finish();
    ck_assert_double_eq(network_macs(net), 4 * 80 * 3 * 9 * 5);
    ck_assert(noted(DRAFT_ASSUMED, "Conv 'c': a batch of 4 as groups"));
}
END_TEST

START_TEST(nodes_may_come_in_any_order)
{
    Err err = {0};
    ck_ok(import(IMAGE "weight w 4x3x1x1\nweight v 5x4x1x1\nConv a v -> out\nConv x w -> a", NULL,
                 &err),
          err);
    finish();
    ck_assert_str_eq(layers(), A "- {name: out, type: conv, k: 5, kernel: 1, out: [5, 8, 10]}\n");
}
END_TEST

START_TEST(what_no_output_needs_is_left_out_and_said)
{
    Err err = {0};
    ck_ok(import(CONVS "Conv a v -> unused\nFancy a -> odd\nRelu a -> out", NULL, &err), err);
    finish();
    ck_assert_str_eq(layers(), A);
    ck_assert(noted(DRAFT_DEAD, "Conv") && noted(DRAFT_DEAD, "Fancy"));
    ck_assert(noted(DRAFT_FOLDED, "Relu"));
}
END_TEST

START_TEST(initialisers_may_be_listed_as_inputs)
{
    Err err = {0};
    ck_ok(import(IMAGE "input w 4x3x1x1\nweight w 4x3x1x1\nConv x w -> out", NULL, &err), err);
    ck_assert_int_eq(draft_size(draft), 1);
}
END_TEST

START_TEST(weights_that_nothing_fills_are_weights_all_the_same)
{
    Err err = {0};
    ck_ok(import("input w 4x3x1x1\ninput b 4\n" IMAGE "Conv x w b -> out", NULL, &err), err);
    ck_assert_int_eq(draft_size(draft), 1);
    ck_assert_int_eq(draft_input(draft)[0], 3);
    ck_assert(noted(DRAFT_ASSUMED, "input 'w': weights"));
}
END_TEST

/* ---- inputs ---- */

START_TEST(a_batch_is_one_request)
{
    static const char *const INPUTS[] = {"input x Nx3x8x10\n", "input x ?x3x8x10\n",
                                         "input x 0x3x8x10\n", "input x 16x3x8x10\n"};
    for (int i = 0; i < 4; i++) {
        char model[512];
        Err err = {0};
        snprintf(model, sizeof model,
                 "%soutput out\nweight w 4x3x1x1\nConv x w -> a\nints s %d,320\nReshape a s -> r\n"
                 "weight v 320x5\nMatMul r v -> out",
                 INPUTS[i], i == 3 ? 16 : 1);
        ck_ok(import(model, NULL, &err), err);
        finish();
        ck_assert_double_eq(network_macs(net), 80 * 3 * 4 + 320 * 5);
        ck_assert(noted(DRAFT_ASSUMED, "input 'x'"));
        drop_all();
    }
}
END_TEST

START_TEST(sizes_of_inputs_can_be_given)
{
    const char *const shapes[] = {"x=1x3x32x40"};
    OnnxOptions opt = {.input_shapes = shapes, .n_input_shapes = 1};
    const char *model = "input x Nx3xHxW\noutput out\nweight w 4x3x1x1\nConv x w -> out";
    Err err = {0};
    ck_assert_int_eq(import(model, NULL, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "net.onnx: input 'x' has no size along axis 2 ('H'), give all with "
                              "--input-shape 'x=1x...'");
    err = (Err){0};
    ck_ok(import(model, &opt, &err), err);
    ck_assert_int_eq(draft_input(draft)[1], 32);
    ck_assert_int_eq(draft_input(draft)[2], 40);
}
END_TEST

START_TEST(a_symbol_has_one_size_for_all_inputs)
{
    const char *const shapes[] = {"x=1x6x8"};
    OnnxOptions opt = {.input_shapes = shapes, .n_input_shapes = 1};
    Err err = {0};
    ck_ok(import("input x NxSx8\ninput z NxSx8\noutput out\nweight w 8x8\nMatMul x w -> a\n"
                 "MatMul z w -> b\nAdd a b -> out",
                 &opt, &err),
          err);
    finish();
    ck_assert_double_eq(network_macs(net), 2 * 6 * 8 * 8);
}
END_TEST

START_TEST(a_wrong_input_shape_is_bad_usage)
{
    static const char *const WRONG[] = {
        "x",     "x=",      "x=1x",   "x=1xx2",        "x=0x3",
        "x=1,3", "z=1x3x8", "x=-1x3", "x=99999999999", "x=1x1x1x1x1x1x1x1x1"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        OnnxOptions opt = {.input_shapes = &WRONG[i], .n_input_shapes = 1};
        Err err = {0};
        ck_assert_int_eq(import(IMAGE "weight w 4x3x1x1\nConv x w -> out", &opt, &err), ST_USAGE);
        ck_assert_msg(strstr(err.msg, WRONG[i]), "got: %s", err.msg);
    }
}
END_TEST

/* ---- operators that are not known ---- */

#define ODD CONVS "value o 1x4x4x5\nFancy a -> o\nConv o v -> p\nOdd p -> out\n"

START_TEST(unknown_operators_are_listed_and_refused)
{
    Err err = {0};
    ck_assert_int_eq(import(ODD, NULL, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "net.onnx: 2 nodes of unknown operators: Fancy 'o', Odd 'out'; "
                              "--pass-unknown takes them as moves");
}
END_TEST

START_TEST(unknown_operators_pass_as_moves_if_asked)
{
    OnnxOptions opt = {.pass_unknown = true};
    Err err = {0};
    ck_ok(import(ODD, &opt, &err), err);
    finish();
    ck_assert_str_eq(layers(), A "- {name: o, type: move, out: [4, 4, 5]}\n"
                                 "- {name: p, type: conv, k: 4, kernel: 1, out: [4, 4, 5]}\n"
                                 "- {name: out, type: move, out: [4, 4, 5]}\n");
    ck_assert(noted(DRAFT_UNKNOWN, "Fancy 'o'"));
}
END_TEST

START_TEST(cases_that_are_not_modelled_are_refused_or_passed)
{
    const char *model = "input x 1x3x4x8x8\noutput out\nvalue out 1x6x2x6x6\nweight w 6x3x3x3x3\n"
                        "Conv x w -> out";
    OnnxOptions opt = {.pass_unknown = true};
    Err err = {0};
    ck_assert_int_eq(import(model, NULL, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "net.onnx: Conv 'out': not one or two dimensions: not modelled; "
                              "--pass-unknown takes it as a move");
    err = (Err){0};
    ck_ok(import(model, &opt, &err), err);
    ck_assert_int_eq(draft_at(draft, 0)->type, DRAFT_MOVE);
}
END_TEST

/* ---- files that are wrong ---- */

static const struct {
    const char *model, *message;
} WRONG[] = {
    {"", "its graph has no output"},
    {"input x 1x3x8x8\n", "its graph has no output"},
    {"input x 1x3x8x8\noutput out\n", "nothing computes its output 'out'"},
    {"input x 1x3x8x8\noutput x\n", "no output depends on an input"},
    {IMAGE "Relu x -> out", "its graph has no layer"},
    {IMAGE "Relu z -> out",
     "Relu 'out': its input 'z' is no output of a node, input or initialiser"},
    {IMAGE "Add x b -> a\nRelu a -> b\nRelu b -> out", "it depends on its own output, in a cycle"},
    {IMAGE "Add x out -> out", "Add 'out': it depends on its own output, in a cycle"},
    {IMAGE "Relu x -> out\nTanh x -> out", "'out' is defined twice, by two nodes"},
    {IMAGE "Relu x -> out\nRelu out -> x", "'x' is defined twice, by a node and before"},
    {IMAGE "weight w 4\nweight w 5\nRelu x -> out", "'w' is defined twice"},
    {IMAGE "weight w 4x3x3x3\nConv x -> out", "Conv 'out': has no input 1, want at least 2"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out pads=3", "attribute 'pads' is of type 2, want 7"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out group=[1]", "attribute 'group' is of type 7, want 2"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out pads=[1,1]", "its pads are 2 numbers, want 4"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out pads=[-1,0,0,0]", "its pads are -1, want 0 to 4096"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out strides=[0,1]", "its strides are 0, want 1 to 4096"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out kernel_shape=[3,5]", "a kernel of 3, its attribute"},
    {IMAGE "weight w 4x3x9x9\nConv x w -> out", "its kernel spans 9 of a padded input of 8"},
    {IMAGE "weight w 4x5x3x3\nConv x w -> out", "its input has 3 channels, its weights want 5"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out group=0", "do not split into 0 groups"},
    {IMAGE "weight w 4x3x3x3\nConv x w -> out group=2", "do not split into 2 groups"},
    {IMAGE "weight w 0x3x3x3\nConv x w -> out", "0 out do not split"},
    {IMAGE "weight w 4x3x0x3\nConv x w -> out", "its kernel is 0, want 1 to 4096"},
    {IMAGE "weight w 4x3x5000x3\nConv x w -> out", "its kernel is 5000"},
    {IMAGE "weight w 4x-3x3x3\nConv x w -> out", "constant 'w' has a size of -3"},
    {IMAGE "weight w 4x4611686018427387904x3x3\nConv x w -> out",
     "has a size of 4611686018427387904"},
    {IMAGE "weight w 1x1x1x1x1x1x1x1x1\nAdd x w -> out", "constant 'w' has 9 dimensions"},
    {"input x 1x3x8x4611686018427387904\noutput out\nRelu x -> out", "has a size of 46116860"},
    {"input x 1x-3x8x8\noutput out\nRelu x -> out", "has a size of -3"},
    {"input x 1x65536x65536\noutput out\nRelu x -> out",
     "input 'x' is larger than 1073741824 words"},
    {"input x\noutput out\nRelu x -> out", "input 'x' has no shape, give it with --input-shape"},
    {IMAGE "weight w 7x5\nFlatten x -> f\nMatMul f w -> out",
     "sizes do not fit: 240 columns, 7 rows"},
    {IMAGE "weight w 3x5\nGemm x w -> out", "its operands have 4 and 2 dimensions, want 2"},
    {IMAGE "weight w 4x3x1x1\nConv x w -> a\nAdd a x -> out", "sizes 4 and 3 along one axis"},
    {IMAGE "ints s 7,7\nReshape x s -> r\nMaxPool r -> out", "has 240 words, its output 49"},
    {IMAGE "ints s -1,-1\nReshape x s -> out", "a size of -1, want one -1 at most"},
    {IMAGE "ints s 0,0,0,0,0\nReshape x s -> out", "copies size 4 of an input of 4 dimensions"},
    {IMAGE "Transpose x -> out perm=[0,1,2,2]", "its perm is no permutation of 4 dimensions"},
    {IMAGE "Concat x x -> out axis=4", "axis 4 of a tensor of 4 dimensions"},
    {IMAGE "ints s 4,9223372036854775807\nTile x s -> out", "repeats 2 of 4 dimensions"},
    {IMAGE "ints s 1,1,1,9223372036854775807\nTile x s -> out",
     "repeats 9223372036854775807 times"},
    {IMAGE "ints s 1,1,65536,2147483647\nTile x s -> out",
     "its output has a size of 21474836470 along axis 3"},
    {IMAGE "ints s 2147483647,2147483647\nConstantOfShape s -> w\nMatMul x w -> out", "words"},
    {IMAGE "Split x -> out b axis=1 split=[1,9]", "its parts exceed the 3 there are"},
    {IMAGE "ints a 5\nints b 5\nints c 3\nSlice x a b c -> out", "its output has no words"},
    {IMAGE "floats f 1,1,0.001,1\nResize x _ f -> out", "its output has a size of 0 along axis 2"},
    {IMAGE "weight w 2147483647x2147483647x2147483647x0\nFlatten w -> f axis=3\nAdd x f -> out",
     "constant 'w' has 0 words"}, /* no product of its sizes fits an integer */
    {"input x 1x3x8x10\ninput m 1x65536x65536\noutput out\nAdd x m -> out",
     "input 'm' is larger than 1073741824 words"},
    {IMAGE "weight w 1x3x8x10\nints p 0,0,0,0,0,0,1,1\nReduceMax x -> v\nPad w p v -> a\n"
           "Add a x -> out",
     "Pad 'a': constant data and computed parameters: not modelled"},
    {IMAGE "Dropout x -> a m\nMaxPool m -> out kernel_shape=[1,1]",
     "its input 'm' is an output whose size is not known"},
    {IMAGE "Shape x -> s\nReshape x s -> out\nInt\xff\x01\x1b[31m out -> z",
     "its graph has no layer"},
};

START_TEST(a_wrong_file_is_refused_with_one_line)
{
    Err err = {0};
    ck_assert_int_eq(import(WRONG[_i].model, NULL, &err), ST_FORMAT);
    ck_assert_ptr_null(draft);
    ck_assert_msg(strstr(err.msg, WRONG[_i].message), "got: %s", err.msg);
    ck_assert_msg(!strncmp(err.msg, "net.onnx: ", 10), "got: %s", err.msg);
    for (const char *p = err.msg; *p; p++) ck_assert((unsigned char)*p >= ' ');
}
END_TEST

static const struct {
    const char *bytes;
    size_t n;
    const char *message;
} BROKEN[] = {
    {"", 0, "not an ONNX file: it is empty"},
    {"\x3a", 1, "it ends within a field at byte 1"},
    {"\x3a\xff\xff\xff\xff\x07", 6, "it ends within a field at byte 6"},
    {"\x3a\x02\x0a\x7f", 4, "a field that is longer than its graph at byte 4"},
    {"\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, "a number has no end"},
    {"\x3b\x00", 2, "a model with an impossible field"},    /* a group */
    {"\x3f\x00", 2, "a model with an impossible field"},    /* wire type 7 */
    {"\x00\x00", 2, "a model with an impossible field"},    /* field 0 */
    {"\x38\x00", 2, "a model with an impossible field"},    /* the graph as a number */
    {"\x3a\x00\x3a\x00", 4, "a second graph in one model"}, /* which would be merged */
    {"\x12\x00", 2, "it has no graph"},
    {"#!/bin/sh\n", 10, "not a sound ONNX file"},
    {"\x89HDF\r\n\x1a\n", 8, "not a sound ONNX file"},
};

START_TEST(broken_bytes_are_refused_with_their_place)
{
    Err err = {0};
    file_bytes = BROKEN[_i].n;
    memcpy(file, BROKEN[_i].bytes, file_bytes);
    ck_assert_int_eq(import_file(NULL, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, BROKEN[_i].message), "got: %s", err.msg);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_io_error)
{
    Err err = {0};
    ck_assert_int_eq(onnx_import(&draft, "no/such/file.onnx", NULL, &err), ST_IO);
    ck_assert_ptr_null(draft);
    err = (Err){0};
    ck_assert_int_eq(onnx_import(&draft, ".", NULL, &err), ST_IO);
}
END_TEST

/* ---- large files ---- */

static void put_varint(uint64_t v)
{
    for (; v > 0x7f; v >>= 7) file[file_bytes++] = (uint8_t)(v | 0x80);
    file[file_bytes++] = (uint8_t)v;
}

/* The bytes of a model whose graph is n times `part`. */
static void repeat_in_graph(const char *part, size_t bytes, size_t n)
{
    file_bytes = 0;
    file[file_bytes++] = 0x3a;
    put_varint(bytes * n);
    ck_assert_uint_lt(file_bytes + bytes * n, CAP);
    for (size_t i = 0; i < n; i++, file_bytes += bytes) memcpy(file + file_bytes, part, bytes);
}

START_TEST(many_empty_parts_are_refused_before_they_cost_memory)
{
    static const char *const PARTS[] = {"\x0a\x00", "\x2a\x00", "\x5a\x00", "\x62\x00"};
    for (int i = 0; i < 4; i++) {
        Err err = {0};
        repeat_in_graph(PARTS[i], 2, 1500000);
        ck_assert_int_eq(import_file(NULL, &err), ST_FORMAT);
        ck_assert_msg(strstr(err.msg, "more than 1048576"), "got: %s", err.msg);
    }
}
END_TEST

/* A name of 90 MB, of which a few bytes follow. */
START_TEST(memory_is_in_proportion_to_the_graph)
{
    Err err = {0};
    repeat_in_graph("\x2a\x00", 2, 1000000); /* initialisers of 2 bytes */
    ck_assert_int_eq(import_file(NULL, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, "its graph needs more than"), "got: %s", err.msg);
}
END_TEST

START_TEST(a_length_that_lies_costs_no_memory)
{
    static const uint8_t LIAR[] = {0x12, 0x80, 0x80, 0xc0, 0x2b, 'a', 'b', 'c'};
    size_t before = mem_peak_rss();
    Err err = {0};
    memcpy(file, LIAR, file_bytes = sizeof LIAR);
    ck_assert_int_eq(import_file(NULL, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, "it ends within a field at byte 8"), "got: %s", err.msg);
    ck_assert_uint_lt(mem_peak_rss() - before, 2u << 20);
}
END_TEST

START_TEST(too_many_nodes_are_refused)
{
    Err err = {0};
    repeat_in_graph("\x0a\x00", 2, 200000);
    ck_assert_int_eq(import_file(NULL, &err), ST_FORMAT);
    ck_assert_str_eq(err.msg, "net.onnx: has 200000 nodes, want at most 131072");
}
END_TEST

/* A chain of n nodes, back to front; quadratic work would take minutes. */
START_TEST(long_chains_in_the_worst_order_take_linear_time)
{
    enum { NODES = 100000 };
    char *model = malloc(NODES * 40);
    size_t n = 0;
    Err err = {0};
    clock_t start = clock();
    ck_assert_ptr_nonnull(model);
    for (int i = NODES; i > 0; i--) n += (size_t)sprintf(model + n, "Relu r%d -> r%d\n", i - 1, i);
    sprintf(model + n, "weight w 4x3x1x1\ninput x 1x3x8x8\nConv x w -> r0\noutput r%d\n", NODES);
    ck_ok(import(model, NULL, &err), err);
    ck_assert_int_eq(draft_size(draft), 1);
    ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 20);
    free(model);
}
END_TEST

START_TEST(more_layers_than_a_network_may_have_are_refused)
{
    char model[60000];
    size_t n = (size_t)sprintf(model, "input x 1x3x8x8\nweight w 3x3x1x1\nConv x w -> r0\n");
    Err err = {0};
    for (int i = 1; i <= NET_MAX_LAYERS; i++)
        n += (size_t)sprintf(model + n, "Conv r%d w -> r%d\n", i - 1, i);
    sprintf(model + n, "output r%d\n", NET_MAX_LAYERS);
    ck_assert_int_eq(import(model, NULL, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, "more than 1024 layers"), "got: %s", err.msg);
}
END_TEST

/* The weights stream by: 3 MB of them are not in memory at any time. */
START_TEST(weights_cost_no_memory)
{
    uint8_t graph[256];
    enum { WEIGHTS = 3 << 20 };
    Err err = {0};
    size_t small =
        onnx_write("input x 1x3x8x8\noutput out\nweight v 4x3x1x1\nConv x v -> out\n", file, CAP);
    /* model: version, opset, graph; the graph again, with a large initialiser in it */
    memcpy(graph, file + 8, small - 8);
    file_bytes = 6;
    file[file_bytes++] = 0x3a;
    put_varint(small - 8 + 1 + 4 + 1 + 4 + WEIGHTS);
    memcpy(file + file_bytes, graph, small - 8);
    file_bytes += small - 8;
    file[file_bytes++] = 0x2a;
    put_varint(1 + 4 + WEIGHTS);
    file[file_bytes++] = 0x4a;
    put_varint(WEIGHTS);
    memset(file + file_bytes, 0x55, WEIGHTS);
    file_bytes += WEIGHTS;
    size_t before = mem_peak_rss();
    ck_ok(import_file(NULL, &err), err);
    ck_assert_uint_lt(mem_peak_rss() - before, 2u << 20);
}
END_TEST

/* ---- damage ---- */

static const char RICH[] =
    "input x Nx3x8x10\noutput out\nweight w 4x3x3x3\nweight v 4x1x3x3\nweight s 4\n"
    "value c 1x4x8x10\nConv x w s -> a pads=[1,1,1,1] kernel_shape=[3,3]\n"
    "BatchNormalization a s s s s -> n\nRelu n -> r\nConv r v -> c group=4 auto_pad=SAME_UPPER\n"
    "Add c r -> d\nMaxPool d -> p kernel_shape=[2,2] strides=[2,2] ceil_mode=1\n"
    "ints z 0\nints m -1\nShape p -> ps\nGather ps z -> pn\nConcat pn m -> pt axis=0\n"
    "Reshape p pt -> f\nweight g 80x10\nGemm f g -> q\nTranspose p -> t perm=[0,2,3,1]\n"
    "Split t -> t1 t2 axis=3\nConcat t1 t2 -> u axis=1\nReduceMean u -> o axes=[1,2]\n"
    "Flatten o -> o2\nweight h 2x10\nMatMul o2 h -> k\nMul q k -> out\n";

static void soundly(Status st, const Err *err)
{
    Err why = {0};
    size_t bytes;
    ck_assert(st == ST_OK || st == ST_FORMAT);
    ck_assert_msg(st == ST_OK || !strncmp(err->msg, "net.onnx: ", 10), "got: %s", err->msg);
    ck_assert((st == ST_OK) == (draft != NULL));
    if (st == ST_OK) draft_write(draft, &text, &bytes, &net, &why);
    drop_all();
}

START_TEST(files_cut_off_anywhere_are_refused)
{
    size_t whole;
    Err err = {0};
    ck_ok(import(RICH, NULL, &err), err);
    drop_all();
    whole = file_bytes;
    for (file_bytes = 0; file_bytes < whole; file_bytes++) {
        err = (Err){0};
        Status st = import_file(NULL, &err);
        ck_assert_int_eq(st, ST_FORMAT);
        soundly(st, &err);
    }
}
END_TEST

START_TEST(every_bit_may_flip)
{
    OnnxOptions opt = {.pass_unknown = true};
    file_bytes = onnx_write(RICH, file, CAP);
    for (size_t i = 0; i < 8 * file_bytes; i++) {
        Err err = {0};
        file[i / 8] ^= (uint8_t)(1u << i % 8);
        soundly(import_file(i % 3 ? NULL : &opt, &err), &err);
        file[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

/* Several bytes at once, of those that numbers and tags are made of. */
START_TEST(random_damage_is_survived)
{
    enum { TRIALS = 20000 };
    static const uint8_t AWKWARD[] = {0, 1, 2, 8, 0x0a, 0x10, 0x12, 0x40, 0x7f, 0x80, 0xff};
    static uint8_t intact[1 << 13];
    size_t whole = onnx_write(RICH, intact, sizeof intact);
    OnnxOptions opt = {.pass_unknown = true};
    int refused = 0;
    Rng rng;
    rng_seed(&rng, 3, (uint64_t)_i);
    for (int t = 0; t < TRIALS; t++) {
        Err err = {0};
        memcpy(file, intact, file_bytes = whole);
        for (uint32_t k = 1 + rng_below(&rng, 4); k > 0; k--) {
            size_t at = rng_below(&rng, (uint32_t)whole);
            uint8_t any = (uint8_t)rng_below(&rng, 256);
            file[at] = rng_below(&rng, 2) ? any : AWKWARD[rng_below(&rng, sizeof AWKWARD)];
        }
        Status st = import_file(t % 2 ? &opt : NULL, &err);
        refused += st != ST_OK;
        soundly(st, &err);
    }
    ck_assert_int_gt(refused, TRIALS / 4);
}
END_TEST

START_TEST(import_reports_every_allocation_failure)
{
    file_bytes = onnx_write(RICH, file, CAP);
    ck_every_allocation_failure(import_file(NULL, NULL), drop_all());
}
END_TEST

/* ---- whole networks ---- */

static bool load_model(const char *name)
{
    char path[128];
    Err err = {0};
    snprintf(path, sizeof path, "../shared/models/%s.onnx", name);
    FILE *f = fopen(path, "rb");
    if (!f) return false; /* they are not part of this tree */
    fclose(f);
    ck_ok(onnx_import(&draft, path, NULL, &err), err);
    finish();
    return true;
}

/* MACs: sum over the nodes of output positions x kernel x channels in / groups x channels out, with
 * the sizes that ONNX's own shape inference gives (Python package onnx 1.23). AlexNet's are of 54 x
 * 54 maps, from an input of 224; the original's are of 55 x 55. */
static const struct {
    const char *name;
    double macs, params;
    int subjobs;
} MODELS[] = {{"light_bvlc_alexnet", 654560384, 60954656, 8},
              {"light_inception_v1", 1431556352, 6990272, 70},
              {"light_resnet50", 4089184256, 25502912, 54},
              {"light_squeezenet", 349151936, 1231552, 28}};

START_TEST(models_have_the_macs_of_their_networks)
{
    if (!load_model(MODELS[_i].name)) return;
    ck_assert_double_eq(network_macs(net), MODELS[_i].macs);
    ck_assert_double_eq(network_params(net), MODELS[_i].params);
    ck_assert_int_eq(net->n_subjobs, MODELS[_i].subjobs);
}
END_TEST

/* The shipped table and the model of the same network have the same layers; their order in the file
 * may differ, and with it the sub-job that an add is fused into. */
START_TEST(models_equal_the_shipped_tables)
{
    static const char *const PAIRS[][2] = {{"light_squeezenet", "env/networks/squeezenet.yaml"},
                                           {"light_resnet50", "env/networks/resnet50.yaml"}};
    bool used[NET_MAX_LAYERS] = {false};
    Network *shipped;
    Err err = {0};
    if (!load_model(PAIRS[_i][0])) return;
    ck_ok(network_load(&shipped, PAIRS[_i][1], &err), err);
    ck_assert_int_eq(shipped->n_subjobs, net->n_subjobs);
    ck_assert_int_eq(shipped->n_layers, net->n_layers);
    for (int l = 0; l < net->n_layers; l++) {
        int k = 0;
        while (k < net->n_layers && (used[k] || memcmp(&shipped->layer[k].shape,
                                                       &net->layer[l].shape, sizeof(LayerShape))))
            k++;
        ck_assert_msg(k < net->n_layers, "%s has no such layer", net->layer[l].name);
        used[k] = true;
    }
    network_destroy(shipped);
}
END_TEST

static TCase *onnx_case(Suite *s, const char *name, double timeout_s)
{
    TCase *tc = new_case(name, timeout_s);
    tcase_add_checked_fixture(tc, NULL, drop_all);
    suite_add_tcase(s, tc);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("onnx");
    TCase *ops = onnx_case(s, "operators", 10), *wrong = onnx_case(s, "wrong", 10);
    TCase *large = onnx_case(s, "large", 120), *damage = onnx_case(s, "damage", 300);
    TCase *models = onnx_case(s, "models", 20);
    tcase_add_loop_test(ops, operators_become_entries, 0, N_TABLES);
    tcase_add_test(ops, products_of_two_computed_tensors_have_their_macs_and_no_weights);
    tcase_add_test(ops, deconvs_have_their_macs_and_weights_whatever_the_stride);
    tcase_add_test(ops, a_batch_within_the_graph_is_groups);
    tcase_add_test(ops, nodes_may_come_in_any_order);
    tcase_add_test(ops, what_no_output_needs_is_left_out_and_said);
    tcase_add_test(ops, initialisers_may_be_listed_as_inputs);
    tcase_add_test(ops, weights_that_nothing_fills_are_weights_all_the_same);
    tcase_add_test(ops, a_batch_is_one_request);
    tcase_add_test(ops, sizes_of_inputs_can_be_given);
    tcase_add_test(ops, a_symbol_has_one_size_for_all_inputs);
    tcase_add_test(ops, a_wrong_input_shape_is_bad_usage);
    tcase_add_test(ops, unknown_operators_are_listed_and_refused);
    tcase_add_test(ops, unknown_operators_pass_as_moves_if_asked);
    tcase_add_test(ops, cases_that_are_not_modelled_are_refused_or_passed);
    tcase_add_loop_test(wrong, a_wrong_file_is_refused_with_one_line, 0,
                        sizeof WRONG / sizeof *WRONG);
    tcase_add_loop_test(wrong, broken_bytes_are_refused_with_their_place, 0,
                        sizeof BROKEN / sizeof *BROKEN);
    tcase_add_test(wrong, a_file_that_cannot_be_read_is_an_io_error);
    tcase_add_test(large, many_empty_parts_are_refused_before_they_cost_memory);
    tcase_add_test(large, memory_is_in_proportion_to_the_graph);
    tcase_add_test(large, a_length_that_lies_costs_no_memory);
    tcase_add_test(large, too_many_nodes_are_refused);
    tcase_add_test(large, long_chains_in_the_worst_order_take_linear_time);
    tcase_add_test(large, more_layers_than_a_network_may_have_are_refused);
    tcase_add_test(large, weights_cost_no_memory);
    tcase_add_test(damage, files_cut_off_anywhere_are_refused);
    tcase_add_test(damage, every_bit_may_flip);
    tcase_add_loop_test(damage, random_damage_is_survived, 0, 4);
    tcase_add_test(damage, import_reports_every_allocation_failure);
    tcase_add_loop_test(models, models_have_the_macs_of_their_networks, 0, 4);
    tcase_add_loop_test(models, models_equal_the_shipped_tables, 0, 2);
    return run_suite(s);
}
