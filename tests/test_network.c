/* test_network.c -- network files: the shipped tables against published counts and reference
 * shapes, the graph of sub-jobs, and what is said about files that are wrong. */
#include "env/network.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/rng.h"
#include "tests/support.h"
#include "tests/support/mutate.h"

#include <stdio.h>
#include <string.h>

static Network *net;

static void drop_net(void)
{
    network_destroy(net);
    net = NULL;
}

static void load_shipped(const char *name)
{
    char path[PATH_MAX_BYTES];
    Err err = {0};
    ck_ok(path_find(path, sizeof path, "env/networks", name, ".yaml", &err), err);
    ck_ok(network_load(&net, path, &err), err);
    ck_assert_str_eq(net->name, name);
}

static Status parse(const char *text, Err *err)
{
    return network_parse(&net, "net.yaml", text, strlen(text), err);
}

static int layer_named(const char *name)
{
    for (int l = 0; l < net->n_layers; l++)
        if (!strcmp(net->layer[l].name, name)) return l;
    ck_abort_msg("no layer '%s'", name);
    return -1;
}

static int subjob_named(const char *main_layer)
{
    int l = layer_named(main_layer);
    for (int s = 0; s < net->n_subjobs; s++)
        if (net->subjob[s].layer == l) return s;
    return -1;
}

static bool follows(const char *later, const char *earlier)
{
    const SubJob *s = &net->subjob[subjob_named(later)];
    int p = subjob_named(earlier);
    for (int e = 0; e < s->n_preds; e++)
        if (net->pred[s->first_pred + e] == p) return true;
    return false;
}

/* Every layer comes after its producers and every edge is there in both directions, once. */
static void check_invariants(void)
{
    int preds = 0, succs = 0;
    for (int l = 0; l < net->n_layers; l++)
        for (int e = 0; e < net->layer[l].n_preds; e++)
            ck_assert_int_lt(net->layer_pred[net->layer[l].first_pred + e], l);
    for (int s = 0; s < net->n_subjobs; s++) {
        const SubJob *j = &net->subjob[s];
        ck_assert(s == 0 || j->layer > j[-1].layer);
        for (int e = 0; e < j->n_preds; e++) {
            int p = net->pred[j->first_pred + e], found = 0;
            ck_assert_int_lt(p, s);
            for (int i = 0; i < net->subjob[p].n_succs; i++)
                found += net->succ[net->subjob[p].first_succ + i] == s;
            ck_assert_int_eq(found, 1);
        }
        preds += j->n_preds;
        succs += j->n_succs;
    }
    ck_assert_int_eq(preds, succs);
}

/* ---- shipped tables ---- */

/* Weights and MACs (batch 1). Publications often count biases and batch normalisation (BN) too; the
 * second number is what they add, from the layers' widths.
 *   alexnet      Caffe bvlc_alexnet: 60,965,224; Sze et al., Proc. IEEE 2017, table II: 724 MMACs
 *   bertbase     Devlin et al., arXiv 1810.04805: 110 M, exactly (bert-base-uncased) 109,482,240 =
 *                23,837,184 of embeddings + 12 x 7,087,872 + 590,592 of the pooler; MobileBERT,
 *                arXiv 2004.02984, and TinyBERT, arXiv 1909.10351: 22.5 GFLOP (the products alone:
 *                22.35)
 *   googlenet    Caffe bvlc_googlenet without auxiliary classifiers: 6,998,552; MACs by module
 *                below
 *   inceptionv3  torchvision inception_v3: 27,161,264 parameters less 3,326,696 of the auxiliary
 *                classifier, two per BN channel; 5.713 GMACs. Keras: 23,851,784, three per channel
 *   kws          MLPerf Tiny's kws_ref_model: 24,908, four per BN channel and biases; arXiv
 *                1711.07128, DS-CNN S: 5.4 MOp
 *   mobilenetv2  torchvision mobilenet_v2: 3,504,872 parameters; arXiv 1801.04381 table 4: 300
 *                MMACs
 *   resnet50     torchvision resnet50 (v1.5): 25,557,032 parameters, 4.09 GMACs
 *   squeezenet   torchvision squeezenet1_1: 1,235,496 parameters, 0.35 GMACs
 *   ssdmobilenet OpenVINO Open Model Zoo, ssd_mobilenet_v1_coco: 6.807 M with BN folded to biases.
 *                MLPerf Inference, arXiv 1911.02549, table 1: 2.47 GOp (and 6.91 M, more than the
 *                graph has with all four numbers per BN channel, 6.85); arXiv 1704.04861 table 13:
 *                1.2 G, 6.8 M
 *   tinyyolov2   darknet's page: 6.97 GFLOP; yolov2-tiny-voc.weights has 63,471,556 bytes: 16 of
 *                header and 15,867,885 floats, four per BN channel
 *   unet         arXiv 1505.04597, figure 1, one channel to two classes: 31,030,658 with biases, as
 *                several implementations print. We know of no published MACs for 572x572 without
 *                padding: these are of the trace in tests/golden
 *   vgg16        torchvision vgg16: 138,357,544 parameters, 15.47 GMACs
 *   yololite     arXiv 1811.05588 table V: 482 MFLOP (with biases and activations)
 *   yolov2       keras-yolo2 on COCO: 50,983,561 parameters, four per BN channel; darknet's page:
 *                62.94 GFLOP at 608x608, that is 29.46 at 416x416 */
static const struct {
    const char *name;
    int native, subjobs;           /* conv, dwconv, fc and gemm with weights; sub-jobs */
    double published, not_weights; /* parameters; 0: not published in detail */
    double rounding;               /* of published */
    double macs, tolerance;
} PUBLISHED[] = {
    {"alexnet", 8, 8, 60965224, 10568, 0, 724e6, 0.001},
    {"bertbase", 73, 98, 109482240, 23837184 + 12 * (9 * 768 + 3072) + 768, 0, 22.5e9 / 2, 0.01},
    {"googlenet", 58, 70, 6998552, 8280, 0, 1.58e9, 0.002},
    {"inceptionv3", 95, 107, 27161264 - 3326696, 2 * 17216 + 1000, 0, 5.713e9, 0.0001},
    {"kws", 10, 10, 24908, 5 * 576 + 12, 0, 5.4e6 / 2, 0.02},
    {"mobilenetv2", 53, 53, 3504872, 34112 + 1000, 0, 300e6, 0.003},
    {"resnet50", 54, 54, 25557032, 53120 + 1000, 0, 4.09e9, 0.001},
    {"squeezenet", 26, 28, 1235496, 3944, 0, 0.349e9, 0.001},
    {"ssdmobilenet", 47, 47, 6.807e6, 12672 + 3135, 500, 2.47e9 / 2, 0.002},
    {"tinyyolov2", 9, 9, (63471556 - 16) / 4, 4 * 3056 + 125, 0, 6.97e9 / 2, 0.001},
    {"unet", 23, 27, 31030658, 6850, 0, 150428424448, 1e-9},
    {"vgg16", 16, 16, 138357544, 13416, 0, 15.47e9, 0.0001},
    {"yololite", 7, 7, 0, 0, 0, 482e6 / 2, 0.005},
    {"yolov2", 23, 24, 50983561, 4 * 10336 + 425, 0, 29.46e9 / 2, 0.001},
};
enum { SHIPPED = sizeof PUBLISHED / sizeof *PUBLISHED };

START_TEST(shipped_tables_have_the_published_size)
{
    load_shipped(PUBLISHED[_i].name);
    check_invariants();
    int native = 0;
    for (int l = 0; l < net->n_layers; l++) native += net->layer[l].has_weights;
    ck_assert_int_eq(native, PUBLISHED[_i].native);
    ck_assert_int_eq(net->n_subjobs, PUBLISHED[_i].subjobs);
    ck_assert_double_eq_tol(network_macs(net) / PUBLISHED[_i].macs, 1, PUBLISHED[_i].tolerance);
    if (PUBLISHED[_i].published > 0)
        ck_assert_double_eq_tol(network_params(net) + PUBLISHED[_i].not_weights,
                                PUBLISHED[_i].published, PUBLISHED[_i].rounding + 0.5);
}
END_TEST

/* Szegedy et al., arXiv 1409.4842, table 1: operations in millions. Left out: 5a, whose 54 does not
 * follow from the widths in its own row (they make 51). */
START_TEST(googlenet_modules_cost_what_the_paper_says)
{
    static const struct {
        const char *module;
        double mega_macs;
    } TABLE[] = {{"3a", 128}, {"3b", 304}, {"4a", 73},  {"4b", 88},
                 {"4c", 100}, {"4d", 119}, {"4e", 170}, {"5b", 71}};
    load_shipped("googlenet");
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        double macs = 0;
        for (int l = 0; l < net->n_layers; l++)
            if (!strncmp(net->layer[l].name, TABLE[i].module, 2))
                macs += layer_macs(&net->layer[l].shape);
        ck_assert_double_eq_tol(macs / 1e6, TABLE[i].mega_macs, 1);
    }
}
END_TEST

typedef struct Golden {
    char network[32], layer[32], type[16];
    LayerShape shape;
    double macs;
    int layers, producers; /* that have this shape, and the layers that these read; 0: not said */
} Golden;

static bool read_golden(FILE *f, Golden *g)
{
    char line[256];
    LayerShape *s = &g->shape;
    while (fgets(line, sizeof line, f)) {
        g->layers = g->producers = 0;
        if (sscanf(line, "%31[^,],%31[^,],%15[^,],%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%lf,%d,%d",
                   g->network, g->layer, g->type, &s->C, &s->K, &s->P, &s->Q, &s->R, &s->S,
                   &s->stride_h, &s->stride_w, &s->dilation, &s->groups, &g->macs, &g->layers,
                   &g->producers) >= 14)
            return true;
    }
    return false;
}

static bool same_shape(const LayerShape *a, const Golden *g)
{
    const LayerShape *b = &g->shape;
    return !strcmp(layer_type_name(a->type), g->type) && a->C == b->C && a->K == b->K &&
           a->P == b->P && a->Q == b->Q && a->R == b->R && a->S == b->S &&
           a->stride_h == b->stride_h && a->stride_w == b->stride_w && a->dilation == b->dilation &&
           a->groups == b->groups && layer_macs(a) == g->macs;
}

static bool multiplies(int l)
{
    return net->layer[l].shape.type != LAYER_POOL && net->layer[l].shape.type != LAYER_ELTWISE;
}

/* Layers that multiply and whose output reaches layer l, directly or through others that do not. */
static int count_producers(int l, bool *seen)
{
    int n = 0;
    for (int e = 0; e < net->layer[l].n_preds; e++) {
        int p = net->layer_pred[net->layer[l].first_pred + e];
        if (seen[p]) continue;
        seen[p] = true;
        n += multiplies(p) ? 1 : count_producers(p, seen);
    }
    return n;
}

/* Marks the layers whose shape is in a table of tests/golden; every row of this network must be
 * that of a layer, or of as many with as many producers as the table says. Returns the number of
 * rows. */
static int find_layers(const char *table, bool *covered)
{
    char path[PATH_MAX_BYTES];
    Err err = {0};
    Golden g = {0};
    int rows = 0;

    ck_ok(path_find(path, sizeof path, "tests/golden", table, ".csv", &err), err);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    while (read_golden(f, &g)) {
        int found = 0, producers = 0;
        if (strcmp(g.network, net->name)) continue;
        rows++;
        for (int l = 0; l < net->n_layers; l++) {
            bool seen[NET_MAX_LAYERS] = {false};
            if (!same_shape(&net->layer[l].shape, &g)) continue;
            found++;
            producers += count_producers(l, seen);
            covered[l] = true;
        }
        ck_assert_msg(found > 0, "%s has no layer of the shape of %s", net->name, g.layer);
        if (!g.layers) continue;
        ck_assert_msg(found == g.layers && producers == g.producers,
                      "%s: %d layers have the shape of %s and read %d, want %d and %d", net->name,
                      found, g.layer, producers, g.layers, g.producers);
    }
    fclose(f);
    return rows;
}

START_TEST(layers_agree_with_the_references)
{
    bool covered[NET_MAX_LAYERS] = {false};
    load_shipped(PUBLISHED[_i].name);
    find_layers("networks", covered); /* of the networks that Timeloop ran, not all shapes */
    memset(covered, 0, sizeof covered);
    ck_assert_int_gt(find_layers("networks_torch", covered), 0);
    for (int l = 0; l < net->n_layers; l++) {
        ck_assert_msg(covered[l] || !multiplies(l), "%s: %s is in no reference", net->name,
                      net->layer[l].name);
    }
}
END_TEST

static bool seen_before(int l)
{
    for (int i = 0; i < l; i++)
        if (!memcmp(&net->layer[i].shape, &net->layer[l].shape, sizeof(LayerShape))) return true;
    return false;
}

static void check_costs(const AccelConfig *accel)
{
    Err err = {0};
    for (int l = 0; l < net->n_layers; l++) {
        const LayerShape *shape = &net->layer[l].shape;
        LayerCost c;
        if (seen_before(l)) continue;
        ck_ok(accel_cost(accel, shape, MAP_HARDWARE, 0, &c, &err), err);
        ck_assert_double_le(c.utilization, 1);
        ck_assert(c.macs == 0 || c.utilization > 0);
        if (net->layer[l].has_weights)
            ck_assert_double_ge(c.dram_read_bytes * 8,
                                layer_params(shape) * accel_word_bits(accel));
        ck_assert_double_ge(c.dram_write_bytes * 8,
                            layer_written_words(shape) * accel_word_bits(accel));
    }
}

START_TEST(every_shipped_accelerator_takes_every_layer)
{
    char(*presets)[PATH_NAME_MAX], path[PATH_MAX_BYTES];
    int n;
    Err err = {0};
    load_shipped(PUBLISHED[_i].name);
    ck_ok(path_list(&presets, &n, "accel_models/presets", ".yaml", &err), err);
    for (int i = 0; i < n; i++) {
        AccelConfig *accel;
        ck_ok(path_find(path, sizeof path, "accel_models/presets", presets[i], ".yaml", &err), err);
        ck_ok(accel_load(&accel, path, &err), err);
        check_costs(accel);
        accel_destroy(accel);
    }
    mem_free(presets);
}
END_TEST

START_TEST(residual_adds_are_fused_and_read_the_shortcut)
{
    load_shipped("resnet50");
    const SubJob *s = &net->subjob[subjob_named("res2b_2c")];
    ck_assert_double_eq(s->extra_read_words, 256 * 56 * 56);
    ck_assert_int_eq(s->n_preds, 2);
    ck_assert(follows("res2b_2c", "res2b_2b"));
    ck_assert(follows("res2b_2c", "res2a_2c")); /* the shortcut */
    ck_assert(follows("res3a_2c", "res3a_branch1"));
    ck_assert(!follows("res3a_branch1", "res3a_2a"));
    ck_assert(follows("fc", "res5c_2c")); /* the global pool runs with res5c_2c */
    ck_assert_double_eq(net->subjob[subjob_named("res2b_2b")].extra_read_words, 0);
}
END_TEST

/* SqueezeNet's pool follows its conv1 alone; GoogLeNet's modules also read what goes into their pools,
 * so that it goes to memory whole. */
START_TEST(a_fused_pool_leaves_fewer_words_to_write)
{
    load_shipped("squeezenet");
    const LayerShape *conv1 = &net->layer[layer_named("conv1")].shape;
    const LayerShape *fire = &net->layer[layer_named("fire2_squeeze")].shape;
    ck_assert_double_eq(layer_output_words(conv1), 64 * 111 * 111);
    ck_assert_double_eq(layer_written_words(conv1), 64 * 55 * 55);
    ck_assert_double_eq(layer_written_words(fire), layer_output_words(fire));
}
END_TEST

START_TEST(inception_branches_are_parallel)
{
    load_shipped("googlenet");
    const char *const heads[] = {"3b_1x1", "3b_3x3red", "3b_5x5red", "3b_pool"};
    const char *const tails[] = {"3a_1x1", "3a_3x3", "3a_5x5", "3a_pp"};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) ck_assert(follows(heads[i], tails[j]));
    ck_assert(!follows("3b_3x3", "3b_1x1"));
    ck_assert(follows("3a_pool", "conv2")); /* pool2 is fused into conv2 */
    ck_assert_int_eq(subjob_named("pool2"), -1);
    ck_assert_int_ge(subjob_named("pool3"), 0); /* over a concat: a sub-job of its own */
}
END_TEST

START_TEST(yolov2_passthrough_joins_again)
{
    load_shipped("yolov2");
    ck_assert_int_ge(subjob_named("pool13"), 0); /* conv13 has two readers */
    ck_assert(follows("conv21", "conv13"));
    ck_assert(follows("pool13", "conv13"));
    ck_assert(follows("conv22", "conv21") && follows("conv22", "conv20"));
    ck_assert_int_eq(net->layer[layer_named("conv22")].shape.C, 1280);
}
END_TEST

/* Two kinds of fan-out: four branches of a module, and two within a branch. */
START_TEST(inceptionv3_branches_split_again)
{
    static const char *const HEADS[] = {"6b_1x1", "6b_7x7_1", "6b_7x7dbl_1", "6b_avg"};
    static const char *const REDUCTION[] = {"6a_3x3", "6a_3x3dbl_3", "6a_max"};
    static const char *const LAST[] = {"7c_1x1",       "7c_3x3_2a",    "7c_3x3_2b",
                                       "7c_3x3dbl_3a", "7c_3x3dbl_3b", "7c_pool"};
    load_shipped("inceptionv3");
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++) ck_assert(follows(HEADS[i], REDUCTION[j]));
    ck_assert(follows("7c_3x3_2a", "7c_3x3_1") && follows("7c_3x3_2b", "7c_3x3_1"));
    ck_assert(!follows("7c_3x3_2b", "7c_3x3_2a"));
    for (int i = 0; i < 6; i++)
        ck_assert(follows("avgpool", LAST[i])); /* over a concat: not fused */
    ck_assert_int_eq(subjob_named("pool1"), -1);
    const LayerShape *row = &net->layer[layer_named("6b_7x7_2")].shape,
                     *column = &net->layer[layer_named("6b_7x7_3")].shape;
    ck_assert(row->R == 7 && row->S == 1 && column->R == 1 && column->S == 7);
}
END_TEST

START_TEST(bert_attention_fans_out_and_residuals_skip_it)
{
    load_shipped("bertbase");
    ck_assert(follows("query1", "embed") && follows("key1", "embed") && follows("value1", "embed"));
    ck_assert(!follows("key1", "query1") && !follows("value1", "key1"));
    ck_assert(follows("scores1", "query1") && follows("scores1", "key1"));
    ck_assert(!follows("scores1", "value1"));
    ck_assert(follows("mix1", "scores1") && follows("mix1", "value1"));
    ck_assert(follows("attend1", "embed") && follows("ffn1_2", "attend1"));
    ck_assert_double_eq(net->subjob[subjob_named("attend1")].extra_read_words, 768 * 128);
    ck_assert_double_eq(net->subjob[subjob_named("ffn1_2")].extra_read_words, 768 * 128);
    ck_assert(follows("query2", "ffn1_2") && !follows("query2", "attend1"));
    ck_assert(follows("pooler", "ffn12_2"));
}
END_TEST

/* 12 x 7,087,872 of the published parameters are in layers: 12 h^2 each without biases and norms. */
START_TEST(bert_layers_are_equal)
{
    double weights[13] = {0};
    load_shipped("bertbase");
    for (int l = 0; l < net->n_layers; l++) {
        const char *digits = strpbrk(net->layer[l].name, "0123456789");
        int layer = 0;
        if (digits && net->layer[l].has_weights && sscanf(digits, "%d", &layer) == 1)
            weights[layer] += layer_params(&net->layer[l].shape);
    }
    for (int i = 1; i <= 12; i++) ck_assert_double_eq(weights[i], 7087872 - (9 * 768 + 3072));
}
END_TEST

START_TEST(unet_skips_reach_the_other_side)
{
    static const char *const SKIP[][4] = {{"down1_2", "pool1", "up1_1", "up1"},
                                          {"down2_2", "pool2", "up2_1", "up2"},
                                          {"down3_2", "pool3", "up3_1", "up3"},
                                          {"down4_2", "pool4", "up4_1", "up4"}};
    load_shipped("unet");
    for (int i = 0; i < 4; i++) {
        ck_assert(follows(SKIP[i][1], SKIP[i][0])); /* a pool beside the skip is not fused */
        ck_assert(follows(SKIP[i][2], SKIP[i][0]) && follows(SKIP[i][2], SKIP[i][3]));
        ck_assert_int_eq(net->layer[layer_named(SKIP[i][2])].shape.C, 128 << i);
        ck_assert(!follows(SKIP[i][3], SKIP[i][0]));
    }
    ck_assert(follows("up4", "down5_2") && follows("up3", "up4_2"));
}
END_TEST

/* 1917 boxes (TensorFlow's ssd_mobilenet_v1_coco): anchors x positions of the six maps. */
START_TEST(ssd_has_two_heads_on_each_map)
{
    static const char *const MAP[] = {"pw11",      "pw13",      "extra14_2",
                                      "extra15_2", "extra16_2", "extra17_2"};
    int boxes = 0, outputs = 0;
    load_shipped("ssdmobilenet");
    for (int i = 0; i < 6; i++) {
        char box[32], class[32];
        snprintf(box, sizeof box, "box%d", i);
        snprintf(class, sizeof class, "class%d", i);
        const LayerShape *b = &net->layer[layer_named(box)].shape,
                         *c = &net->layer[layer_named(class)].shape;
        ck_assert(follows(box, MAP[i]) && follows(class, MAP[i]));
        ck_assert_int_eq(c->K / 91, b->K / 4);
        boxes += b->K / 4 * b->P * b->Q;
    }
    for (int s = 0; s < net->n_subjobs; s++) outputs += net->subjob[s].n_succs == 0;
    ck_assert_int_eq(boxes, 1917);
    ck_assert_int_eq(outputs, 12);
    ck_assert(follows("dw12", "pw11") && follows("extra14_1", "pw13"));
}
END_TEST

/* ---- the file format ---- */

#define HEAD  "name: n\ninput: {channels: 8, height: 9, width: 10}\nlayers:\n"
#define CONV1 "- {name: c1, type: conv, k: 16, kernel: 3, pad: 1}\n"

START_TEST(sizes_follow_the_window)
{
    static const struct {
        const char *window;
        int height, width;
    } CASES[] = {
        {"kernel: 3", 7, 8},
        {"kernel: 3, stride: 2", 4, 4},
        {"kernel: 3, stride: 2, ceil: true", 4, 5},
        {"kernel: 2, stride: 2, ceil: true", 5, 5},
        {"kernel: 1, stride: 3, ceil: true", 3, 4}, /* a window would start outside */
        {"kernel: 3, stride: 2, pad: same", 5, 5},
        {"kernel: [1, 5]", 9, 6},
        {"kernel: 3, pad: [1, 0]", 9, 8},
        {"kernel: 3, pad: [0, 0, 1, 1]", 8, 9},
        {"kernel: 3, stride: [3, 1], pad: 1", 3, 10},
        {"kernel: global", 1, 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[256];
        Err err = {0};
        snprintf(text, sizeof text, HEAD "- {name: p, type: pool, %s, out: [8, %d, %d]}\n",
                 CASES[i].window, CASES[i].height, CASES[i].width);
        ck_ok(parse(text, &err), err);
        ck_assert_int_eq(net->layer[0].shape.Q, CASES[i].height);
        ck_assert_int_eq(net->layer[0].shape.P, CASES[i].width);
        drop_net();
    }
}
END_TEST

START_TEST(every_type_has_its_shape)
{
    Err err = {0};
    ck_ok(parse(HEAD "- {name: c, type: conv, k: 16, kernel: [3, 5], pad: [2, 4], dilation: 2, "
                     "groups: 4, out: [16, 9, 10]}\n"
                     "- {name: d, type: dwconv, k: 32, kernel: 3, pad: 1}\n"
                     "- {name: g, type: gemm, k: 96, groups: 2}\n",
                &err),
          err);
    const LayerShape *c = &net->layer[0].shape, *d = &net->layer[1].shape,
                     *g = &net->layer[2].shape;
    ck_assert(c->R == 5 && c->S == 3 && c->dilation == 2 && c->groups == 4 && c->operands == 1);
    ck_assert(d->type == LAYER_DWCONV && d->C == 16 && d->K == 32 && d->groups == 16);
    ck_assert(g->type == LAYER_GEMM && g->P * g->Q == 90 && g->C == 32 && g->K == 96);
    ck_assert_double_eq(network_params(net), 16 * 2 * 15 + 32 * 9 + 96 * 16);
}
END_TEST

/* Attention scores: 12 heads of 64, 128 x 128 positions; the product has no weights. */
START_TEST(gemm_of_two_tensors_is_checked_and_has_no_weights)
{
    Err err = {0};
#define BERT                                                                                       \
    "name: n\ninput: {channels: 768, height: 1, width: 128}\nlayers:\n"                            \
    "- {name: q, type: gemm, k: 768}\n- {name: k, type: gemm, from: [input], k: 768}\n"
    ck_ok(parse(BERT "- {name: qk, type: gemm, from: [q, k], k: 1536, groups: 12}\n", &err), err);
    ck_assert_double_eq(network_params(net), 2 * 768 * 768);
    ck_assert(follows("qk", "q") && follows("qk", "k"));
    ck_assert_double_eq(layer_macs(&net->layer[2].shape), 12.0 * 128 * 128 * 64);
    drop_net();
    ck_assert_int_eq(parse(BERT "- {name: qk, type: gemm, from: [q, k], k: 128}\n", &err), ST_OK);
    drop_net();
    ck_assert_int_eq(parse(BERT "- {name: qk, type: gemm, from: [q, k], k: 64}\n", &err),
                     ST_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "'k' has 98304 words, want 49152"));
}
END_TEST

START_TEST(free_entries_leave_only_edges)
{
    Err err = {0};
    ck_ok(parse(HEAD CONV1 "- {name: a, type: act}\n"
                           "- {name: c2, type: conv, from: [c1], k: 4, kernel: 1}\n"
                           "- {name: r, type: reorg, from: [a], stride: [3, 2], out: [96, 3, 5]}\n"
                           "- {name: u, type: upsample, stride: [3, 2], out: [96, 9, 10]}\n"
                           "- {name: j, type: concat, from: [u, c2, a], out: [116, 9, 10]}\n"
                           "- {name: f, type: flatten}\n"
                           "- {name: fc, type: fc, k: 5, out: [5, 1, 1]}\n",
                &err),
          err);
    ck_assert_int_eq(net->n_layers, 3);
    ck_assert_int_eq(net->n_subjobs, 3);
    ck_assert_int_eq(net->subjob[2].n_preds, 2); /* c1 once, though it comes in twice */
    ck_assert(follows("fc", "c1") && follows("fc", "c2"));
    ck_assert_int_eq(net->layer[2].shape.C, 116 * 90);
    check_invariants();
}
END_TEST

START_TEST(bandwidth_layers_stay_alone_where_fusing_would_lose_a_tensor)
{
    Err err = {0};
    ck_ok(parse(HEAD "- {name: p0, type: pool, kernel: 3, pad: 1}\n" CONV1
                     "- {name: p1, type: pool, kernel: 3, pad: 1}\n"
                     "- {name: e1, type: eltwise, from: [c1, p1]}\n"
                     "- {name: c2, type: conv, k: 16, kernel: 1}\n"
                     "- {name: e2, type: eltwise, from: [e1, c2, c1]}\n",
                &err),
          err);
    ck_assert_int_eq(subjob_named("p0"), 0);
    ck_assert_int_eq(subjob_named("p1"), 2);
    ck_assert_int_eq(subjob_named("e1"), -1);
    ck_assert_double_eq(net->subjob[2].extra_read_words, 16 * 90);
    ck_assert_int_eq(net->n_subjobs, 4);
    ck_assert_double_eq(net->subjob[3].extra_read_words, 2 * 16 * 90);
    ck_assert_int_eq(net->subjob[3].n_preds, 2);
    check_invariants();
}
END_TEST

/* ---- files that are wrong ---- */

static const struct {
    const char *text, *message;
} WRONG[] = {
    {"name: n\nlayers: []\n", "must be a list of 1 to 1024 layers"},
    {"name: n\nlayers:\n" CONV1, "net.yaml:1: missing key 'input'"},
    {"name: n\ninput: {channels: 8, height: 9}\nlayers:\n" CONV1, "net.yaml:2:"},
    {"name: n\ninput: {channels: 0, height: 9, width: 9}\nlayers:\n" CONV1, "net.yaml:2:"},
    {"name: n\ninput: {channels: 1048576, height: 999, width: 9999}\nlayers:\n" CONV1, "too large"},
    {HEAD "- {name: a, type: act}\n", "the network has no layer that does anything"},
    {HEAD "- 3\n", "net.yaml:4:"},
    {HEAD "- {name: c, type: convolution}\n", "conv, dwconv"},
    {HEAD "- {name: c, type: conv, k: 4}\n", "net.yaml:4: layer 'c' needs a kernel"},
    {HEAD "- {name: c, type: conv, kernel: 3}\n", "missing key"},
    {HEAD "- {name: c, type: conv, k: 4, kernal: 3}\n", "kernel"},
    {HEAD "- {name: c, type: conv, k: 4, kernel: 11}\n", "larger than the padded input 9"},
    {HEAD "- {name: c, type: conv, k: 4, kernel: [3, 3, 3]}\n", "a list of 2, got a list of 3"},
    {HEAD "- {name: c, type: conv, k: 4, kernel: 3, pad: full}\n", "net.yaml:4:"},
    {HEAD "- {name: c, type: conv, k: 4, kernel: 3, stride: 0}\n", "net.yaml:4:"},
    {HEAD "- {name: c, type: conv, k: 6, kernel: 3, groups: 4}\n",
     "8 channels in and 6 out do not split into 4 groups"},
    {HEAD "- {name: d, type: dwconv, k: 12, kernel: 3}\n", "do not split into 8 groups"},
    {HEAD CONV1 CONV1, "net.yaml:5: there is already a layer 'c1'"},
    {HEAD CONV1 "- {name: c2, type: conv, from: [cl], k: 4, kernel: 3}\n", "did you mean 'c1'"},
    {HEAD CONV1 "- {name: c2, type: conv, from: [c2], k: 4, kernel: 3}\n", "no earlier layer"},
    {HEAD CONV1 "- {name: c2, type: conv, from: [c1, input], k: 4, kernel: 3}\n", "with a concat"},
    {HEAD CONV1 "- {name: e, type: eltwise, from: [c1, input]}\n",
     "joins 'c1' of [16, 9, 10] with 'input' of [8, 9, 10]"},
    {HEAD CONV1 "- {name: e, type: eltwise, from: [c1, c1]}\n", "names 'c1' twice"},
    {HEAD CONV1 "- {name: e, type: eltwise}\n", "want 2 to 32"},
    {HEAD CONV1 "- {name: p, type: pool, kernel: 2, out: [16, 9, 9]}\n",
     "net.yaml:5: layer 'p' has an output of [16, 8, 9], not of [16, 9, 9]"},
    {HEAD "- {name: r, type: reorg, stride: 2}\n", "stride does not divide the input's 9 x 10"},
    {HEAD "- {name: u, type: upsample, stride: 4096}\n" CONV1, "too large"},
    {"name: n\ninput: {channels: 1048576, height: 32, width: 32}\nlayers:\n"
     "- {name: a, type: flatten}\n- {name: b, type: flatten}\n"
     "- {name: c, type: flatten}\n- {name: d, type: flatten}\n"
     "- {name: j, type: concat, from: [a, b, c, d]}\n" CONV1,
     "layer 'j' has an output of"}, /* 2^32 channels */
};

START_TEST(a_wrong_file_is_refused_with_its_line)
{
    Err err = {0};
    ck_assert_int_eq(parse(WRONG[_i].text, &err), ST_FORMAT);
    ck_assert_ptr_null(net);
    ck_assert_msg(strstr(err.msg, WRONG[_i].message), "got: %s", err.msg);
    ck_assert_msg(!strncmp(err.msg, "net.yaml:", 9), "got: %s", err.msg);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_io_error)
{
    Err err = {0};
    ck_assert_int_eq(network_load(&net, "no/such/net.yaml", &err), ST_IO);
    ck_assert_ptr_null(net);
}
END_TEST

/* A chain of concats that drags 300 sources along: connections are bounded. */
START_TEST(large_graphs_are_bounded)
{
    enum { CAP = 100000, CONVS = 300, JOINED = 30 };
    static char text[CAP];
    Err err = {0};
    int n = snprintf(text, CAP, HEAD);
    for (int i = 0; i < CONVS; i++)
        n += snprintf(text + n, (size_t)(CAP - n),
                      "- {name: x%d, type: conv, from: [input], k: 1, kernel: 1}\n", i);
    for (int i = 0; i < NET_MAX_LAYERS - CONVS; i++) {
        n += snprintf(text + n, (size_t)(CAP - n), "- {name: j%d, type: concat, from: [%s", i,
                      i ? "j" : "input");
        if (i) n += snprintf(text + n, (size_t)(CAP - n), "%d", i - 1);
        for (int j = 0; j < (i < CONVS / JOINED ? JOINED : 1); j++)
            n += snprintf(text + n, (size_t)(CAP - n), ", x%d", (i * JOINED + j) % CONVS);
        n += snprintf(text + n, (size_t)(CAP - n), "]}\n");
    }
    ck_assert_int_lt(n, CAP - 1);
    ck_assert_int_eq(parse(text, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, "more than 65536 connections"), "got: %s", err.msg);
}
END_TEST

static size_t read_shipped(const char *name, char *text, size_t cap)
{
    char path[PATH_MAX_BYTES];
    Err err = {0};
    ck_ok(path_find(path, sizeof path, "env/networks", name, ".yaml", &err), err);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, cap, f);
    fclose(f);
    return n;
}

START_TEST(damaged_files_load_soundly_or_are_refused)
{
    enum { CAP = 32768, TRIALS = 1500 };
    static char intact[CAP], text[CAP];
    size_t size = read_shipped(PUBLISHED[_i].name, intact, CAP);
    int refused = 0;
    Rng rng;
    rng_seed(&rng, 1, (uint64_t)_i);
    for (int trial = 0; trial < TRIALS; trial++) {
        size_t n = size;
        Err err = {0};
        memcpy(text, intact, size);
        mutate_text(text, &n, CAP, &rng);
        if (network_parse(&net, "net.yaml", text, n, &err) == ST_OK) {
            check_invariants();
        } else {
            int line = 0;
            refused++;
            ck_assert_ptr_null(net);
            ck_assert_int_eq(err.code, ST_FORMAT);
            ck_assert_msg(sscanf(err.msg, "net.yaml:%d:", &line) == 1 && line > 0, "got: %s",
                          err.msg);
        }
        drop_net();
    }
    ck_assert_int_gt(refused, TRIALS / 4);
}
END_TEST

START_TEST(load_reports_every_allocation_failure)
{
    static const char text[] = HEAD CONV1 "- {name: p1, type: pool, kernel: 3, pad: 1}\n"
                                          "- {name: e1, type: eltwise, from: [c1, p1]}\n";
    ck_every_allocation_failure(network_parse(&net, "net.yaml", text, sizeof text - 1, NULL),
                                drop_net());
}
END_TEST

static TCase *net_case(const char *name)
{
    TCase *tc = new_case(name, 60);
    tcase_add_checked_fixture(tc, NULL, drop_net);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("network");
    TCase *tables = net_case("tables"), *format = net_case("format"), *wrong = net_case("wrong");
    tcase_add_loop_test(tables, shipped_tables_have_the_published_size, 0, SHIPPED);
    tcase_add_loop_test(tables, layers_agree_with_the_references, 0, SHIPPED);
    tcase_add_loop_test(tables, every_shipped_accelerator_takes_every_layer, 0, SHIPPED);
    tcase_add_test(tables, googlenet_modules_cost_what_the_paper_says);
    tcase_add_test(tables, residual_adds_are_fused_and_read_the_shortcut);
    tcase_add_test(tables, a_fused_pool_leaves_fewer_words_to_write);
    tcase_add_test(tables, inception_branches_are_parallel);
    tcase_add_test(tables, yolov2_passthrough_joins_again);
    tcase_add_test(tables, inceptionv3_branches_split_again);
    tcase_add_test(tables, bert_attention_fans_out_and_residuals_skip_it);
    tcase_add_test(tables, bert_layers_are_equal);
    tcase_add_test(tables, unet_skips_reach_the_other_side);
    tcase_add_test(tables, ssd_has_two_heads_on_each_map);
    tcase_add_test(format, sizes_follow_the_window);
    tcase_add_test(format, every_type_has_its_shape);
    tcase_add_test(format, gemm_of_two_tensors_is_checked_and_has_no_weights);
    tcase_add_test(format, free_entries_leave_only_edges);
    tcase_add_test(format, bandwidth_layers_stay_alone_where_fusing_would_lose_a_tensor);
    tcase_add_loop_test(wrong, a_wrong_file_is_refused_with_its_line, 0,
                        sizeof WRONG / sizeof *WRONG);
    tcase_add_test(wrong, a_file_that_is_not_there_is_an_io_error);
    tcase_add_test(wrong, large_graphs_are_bounded);
    tcase_add_loop_test(wrong, damaged_files_load_soundly_or_are_refused, 0, SHIPPED);
    tcase_add_test(wrong, load_reports_every_allocation_failure);
    suite_add_tcase(s, tables);
    suite_add_tcase(s, format);
    suite_add_tcase(s, wrong);
    return run_suite(s);
}
