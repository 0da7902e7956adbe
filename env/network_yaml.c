/* network_yaml.c -- reads a network file entry by entry: each names its inputs among the tensors so
 * far, its sizes follow from theirs, and `out` in the file is checked against them.
 * A tensor knows the layers that must have run before it can be read (its sources), so that concat
 * and the other free entries vanish from the graph. */
#include "env/network.h"

#include "base/mem.h"
#include "base/yaml.h"
#include "env/network_internal.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_CHANNELS = NET_MAX_CHANNELS,
    MAX_SIZE = NET_MAX_SIZE,
    MAX_WINDOW = NET_MAX_WINDOW,
    MAX_WORDS = NET_MAX_WORDS
};

typedef enum {
    /* as LayerType */
    ENTRY_CONV,
    ENTRY_DWCONV,
    ENTRY_FC,
    ENTRY_GEMM,
    ENTRY_POOL,
    ENTRY_ELTWISE,
    /* as a conv, as an eltwise */
    ENTRY_DECONV,
    ENTRY_MOVE,
    /* free */
    ENTRY_CONCAT,
    ENTRY_FLATTEN,
    ENTRY_ACT,
    ENTRY_REORG,
    ENTRY_UPSAMPLE,
    ENTRY_VIEW,
    ENTRY_TYPES
} EntryType;

static const char *const TYPE_NAME[ENTRY_TYPES] = {
    "conv", "dwconv", "fc",      "gemm", "pool",  "eltwise",  "deconv",
    "move", "concat", "flatten", "act",  "reorg", "upsample", "view"};

typedef struct Tensor {
    char name[NET_NAME_MAX];
    int channels, height, width;
    int first, n; /* sources: slice of Network.layer_pred */
} Tensor;

/* One entry as written, with defaults; pairs are [height, width]. */
typedef struct Entry {
    const YamlNode *node;
    char name[NET_NAME_MAX];
    EntryType type;
    int from[NET_MAX_FROM], n_from; /* tensors */
    int k, groups, dilation;
    int kernel[2], stride[2], pad[4]; /* top, left, bottom, right */
    bool same, ceil, global;
} Entry;

typedef struct Reader {
    Network *net;
    Tensor *tensor; /* [0] is the input */
    int n_tensors;
    int n_edges, edge_cap;
    int stamp[NET_MAX_LAYERS], stamps; /* marks sources already listed */
} Reader;

/* ---- reading one entry ---- */

static Status check_entry_keys(const YamlNode *node, EntryType type, Err *err)
{
    static const char *const KEYS[] = {"name",   "type",   "from", "out",      "k",
                                       "kernel", "stride", "pad",  "dilation", "groups"};
    static const char *const POOL_KEYS[] = {"name",   "type",   "from", "out",
                                            "kernel", "stride", "pad",  "ceil"};
    static const char *const GEMM_KEYS[] = {"name", "type", "from", "out", "k", "groups"};
    static const char *const STRIDE_KEYS[] = {"name", "type", "from", "out", "stride"};
    static const char *const DECONV_KEYS[] = {"name",   "type",   "from", "out",   "k",
                                              "kernel", "stride", "pad",  "groups"};

    switch (type) {
    case ENTRY_CONV:
        return yaml_check_keys(node, KEYS, 10, err);
    case ENTRY_DWCONV:
        return yaml_check_keys(node, KEYS, 9, err);
    case ENTRY_FC:
        return yaml_check_keys(node, KEYS, 5, err);
    case ENTRY_GEMM:
        return yaml_check_keys(node, GEMM_KEYS, 6, err);
    case ENTRY_POOL:
        return yaml_check_keys(node, POOL_KEYS, 8, err);
    case ENTRY_DECONV:
        return yaml_check_keys(node, DECONV_KEYS, 9, err);
    case ENTRY_REORG:
    case ENTRY_UPSAMPLE:
        return yaml_check_keys(node, STRIDE_KEYS, 5, err);
    default:
        return yaml_check_keys(node, KEYS, 4, err);
    }
}

/* n numbers from one number, or from a list of n. */
static Status read_numbers(const YamlNode *value, int n, int lo, int hi, int *out, Err *err)
{
    Status st = ST_OK;

    if (yaml_kind(value) == YAML_SEQ && yaml_size(value) != n)
        return yaml_error(value, err, "want one number or a list of %d, got a list of %d", n,
                          yaml_size(value));
    for (int i = 0; i < n; i++) {
        const YamlNode *item = yaml_kind(value) == YAML_SEQ ? yaml_item(value, i) : value;
        TRY(yaml_int(item, lo, hi, &out[i], err));
    }
fail:
    return st;
}

static Status read_optional(const YamlNode *node, const char *key, int n, int lo, int hi, int *out,
                            Err *err)
{
    const YamlNode *value = yaml_get(node, key);
    return value ? read_numbers(value, n, lo, hi, out, err) : ST_OK;
}

static bool is_word(const YamlNode *value, const char *word)
{
    return yaml_kind(value) == YAML_SCALAR && !strcmp(yaml_text(value), word);
}

static Status read_pad(Entry *e, Err *err)
{
    const YamlNode *value = yaml_get(e->node, "pad");

    if (!value) return ST_OK;
    if ((e->same = e->type != ENTRY_DECONV && is_word(value, "same"))) return ST_OK;
    if (yaml_kind(value) != YAML_SEQ || yaml_size(value) != 2)
        return read_numbers(value, 4, 0, MAX_WINDOW, e->pad, err);
    Status st = read_numbers(value, 2, 0, MAX_WINDOW, e->pad, err);
    e->pad[2] = e->pad[0];
    e->pad[3] = e->pad[1];
    return st;
}

static Status read_window(Entry *e, Err *err)
{
    Status st = ST_OK;
    const YamlNode *kernel = yaml_get(e->node, "kernel");

    if (!kernel) return yaml_error(e->node, err, "layer '%s' needs a kernel", e->name);
    e->global = e->type == ENTRY_POOL && is_word(kernel, "global");
    if (!e->global) TRY(read_numbers(kernel, 2, 1, MAX_WINDOW, e->kernel, err));
    if (e->type == ENTRY_POOL && yaml_get(e->node, "ceil"))
        TRY(yaml_read_bool(e->node, "ceil", &e->ceil, err));
    TRY(read_pad(e, err));
fail:
    return st;
}

static int find_tensor(const Reader *r, const char *name)
{
    for (int t = r->n_tensors - 1; t >= 0; t--)
        if (!strcmp(r->tensor[t].name, name)) return t;
    return -1;
}

static Status read_source(const Reader *r, Entry *e, const YamlNode *item, Err *err)
{
    const char *name = yaml_text(item);
    int t = find_tensor(r, name);

    if (yaml_kind(item) != YAML_SCALAR || t < 0) {
        const char *names[NET_MAX_LAYERS + 1];
        for (int i = 0; i < r->n_tensors; i++) names[i] = r->tensor[i].name;
        const char *near = nearest_name(name, names, r->n_tensors);
        return yaml_error(item, err,
                          "layer '%s' comes from '%.40s', which is no earlier layer%s%s%s", e->name,
                          name, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
    }
    for (int i = 0; i < e->n_from; i++)
        if (e->from[i] == t)
            return yaml_error(item, err, "layer '%s' names '%s' twice in from", e->name, name);
    e->from[e->n_from++] = t;
    return ST_OK;
}

static Status read_from(const Reader *r, Entry *e, Err *err)
{
    const YamlNode *from = yaml_get(e->node, "from");
    bool joins = e->type == ENTRY_ELTWISE || e->type == ENTRY_CONCAT;
    bool gathers = e->type == ENTRY_VIEW || e->type == ENTRY_MOVE;
    int hi = joins || gathers ? NET_MAX_FROM : e->type == ENTRY_GEMM ? 2 : 1, n = 1;
    Status st = ST_OK;

    if (from) {
        TRY(yaml_expect(from, YAML_SEQ, err));
        n = yaml_size(from);
    }
    if (n < 1 + joins || n > hi)
        return yaml_error(from ? from : e->node, err,
                          "layer '%s' of type %s has %d predecessors in from, want %d to %d%s",
                          e->name, TYPE_NAME[e->type], n, 1 + joins, hi,
                          joins || gathers ? "" : " (join with a concat)");
    if (!from) e->from[e->n_from++] = r->n_tensors - 1;
    for (int i = 0; from && i < n; i++) TRY(read_source(r, e, yaml_item(from, i), err));
fail:
    return st;
}

static Status read_name(const Reader *r, Entry *e, Err *err)
{
    Status st = ST_OK;

    TRY(yaml_expect(e->node, YAML_MAP, err));
    TRY(yaml_read_string(e->node, "name", e->name, sizeof e->name, err));
    if (find_tensor(r, e->name) >= 0)
        st =
            yaml_error(e->node, err, "there is already a layer '%s', choose another name", e->name);
fail:
    return st;
}

static Status read_entry(const Reader *r, const YamlNode *node, Entry *e, Err *err)
{
    Status st = ST_OK;
    int type = 0;

    *e = (Entry){.node = node, .groups = 1, .dilation = 1, .kernel = {1, 1}, .stride = {1, 1}};
    TRY(read_name(r, e, err));
    TRY(yaml_read_enum(node, "type", TYPE_NAME, ENTRY_TYPES, &type, err));
    e->type = (EntryType)type;
    TRY(check_entry_keys(node, e->type, err));
    TRY(read_from(r, e, err));
    bool window = e->type == ENTRY_CONV || e->type == ENTRY_DWCONV || e->type == ENTRY_POOL ||
                  e->type == ENTRY_DECONV;
    if (window) TRY(read_window(e, err));
    if (e->type == ENTRY_CONV || e->type == ENTRY_FC || e->type == ENTRY_GEMM ||
        e->type == ENTRY_DECONV)
        TRY(yaml_read_int(node, "k", 1, MAX_CHANNELS, &e->k, err));
    else
        TRY(read_optional(node, "k", 1, 1, MAX_CHANNELS, &e->k, err));
    TRY(read_optional(node, "stride", 2, 1, MAX_WINDOW, e->stride, err));
    TRY(read_optional(node, "dilation", 1, 1, MAX_WINDOW, &e->dilation, err));
    TRY(read_optional(node, "groups", 1, 1, MAX_CHANNELS, &e->groups, err));
fail:
    return st;
}

/* ---- sizes ---- */

static double words(const Tensor *t)
{
    return (double)t->channels * t->height * t->width;
}

/* Output size along axis 0 (height) or 1 (width). Rounding up never starts a window outside the
 * input and its leading pad (Caffe, ONNX). */
static Status window_out(const Entry *e, int axis, int in, int *out, Err *err)
{
    int stride = e->stride[axis], before = e->pad[axis];

    if (e->same) {
        *out = (in + stride - 1) / stride;
        return ST_OK;
    }
    int span = in + before + e->pad[axis + 2] - e->dilation * (e->kernel[axis] - 1) - 1;
    if (span < 0)
        return yaml_error(e->node, err,
                          "layer '%s': its %s kernel is larger than the padded input %d", e->name,
                          axis ? "horizontal" : "vertical", in + before + e->pad[axis + 2]);
    *out = (span + (e->ceil ? stride - 1 : 0)) / stride + 1;
    if (e->ceil && (*out - 1) * stride >= in + before) --*out;
    return ST_OK;
}

/* Sizes of a layer with a window; out->channels is set by the caller. */
static Status size_window(Entry *e, const Tensor *in, Tensor *out, Err *err)
{
    Status st = ST_OK;

    if (e->global) {
        e->kernel[0] = in->height;
        e->kernel[1] = in->width;
    }
    TRY(window_out(e, 0, in->height, &out->height, err));
    TRY(window_out(e, 1, in->width, &out->width, err));
fail:
    return st;
}

static Status size_conv(Entry *e, const Tensor *in, Tensor *out, Err *err)
{
    if (e->type == ENTRY_DWCONV) {
        e->groups = in->channels;
        if (!e->k) e->k = in->channels;
    }
    if (in->channels % e->groups || e->k % e->groups)
        return yaml_error(e->node, err,
                          "layer '%s': %d channels in and %d out do not split into %d groups",
                          e->name, in->channels, e->k, e->groups);
    out->channels = e->k;
    return size_window(e, in, out, err);
}

/* [rows, C] x [C, K]; a second operand holds C x K words, per group. */
static Status size_gemm(const Reader *r, const Entry *e, const Tensor *in, Tensor *out, Err *err)
{
    if (in->channels % e->groups || e->k % e->groups)
        return yaml_error(e->node, err,
                          "layer '%s': %d channels in and %d out do not split into %d groups",
                          e->name, in->channels, e->k, e->groups);
    if (e->n_from == 2) {
        const Tensor *b = &r->tensor[e->from[1]];
        double have = words(b);
        double want = (double)in->channels / e->groups * e->k;
        if (have != want)
            return yaml_error(e->node, err,
                              "layer '%s': its second operand '%s' has %.0f words, want %.0f",
                              e->name, b->name, have, want);
    }
    out->channels = e->k;
    out->height = in->height;
    out->width = in->width;
    return ST_OK;
}

/* eltwise: all alike; concat: alike but for the channels, which add up. */
static Status size_join(const Reader *r, const Entry *e, Tensor *out, Err *err)
{
    const Tensor *a = &r->tensor[e->from[0]];
    long channels = 0;

    for (int i = 0; i < e->n_from; i++) {
        const Tensor *b = &r->tensor[e->from[i]];
        bool alike = a->height == b->height && a->width == b->width &&
                     (e->type == ENTRY_CONCAT || a->channels == b->channels);
        if (!alike)
            return yaml_error(e->node, err,
                              "layer '%s' joins '%s' of [%d, %d, %d] with '%s' of [%d, %d, %d]",
                              e->name, a->name, a->channels, a->height, a->width, b->name,
                              b->channels, b->height, b->width);
        channels += b->channels;
    }
    if (channels > MAX_WORDS) channels = MAX_WORDS + 1L; /* too large, which check_out says */
    out->channels = e->type == ENTRY_CONCAT ? (int)channels : a->channels;
    out->height = a->height;
    out->width = a->width;
    return ST_OK;
}

static Status size_reorg(const Entry *e, const Tensor *in, Tensor *out, Err *err)
{
    if (in->height % e->stride[0] || in->width % e->stride[1])
        return yaml_error(e->node, err, "layer '%s': stride does not divide the input's %d x %d",
                          e->name, in->height, in->width);
    double channels = (double)in->channels * e->stride[0] * e->stride[1];
    out->channels = channels > MAX_WORDS ? MAX_WORDS : (int)channels;
    out->height = in->height / e->stride[0];
    out->width = in->width / e->stride[1];
    return ST_OK;
}

static Status check_size(const Entry *e, const Tensor *t, Err *err)
{
    if (t->height > MAX_SIZE || t->width > MAX_SIZE || words(t) > MAX_WORDS)
        return yaml_error(e->node, err,
                          "layer '%s' has an output of [%d, %d, %d], which is too large", e->name,
                          t->channels, t->height, t->width);
    return ST_OK;
}

/* out as written; false in *given if it is not. */
static Status read_out(const Entry *e, int out[3], bool *given, Err *err)
{
    const YamlNode *node = yaml_get(e->node, "out");
    Status st = ST_OK;

    *given = node;
    if (!node) return ST_OK;
    TRY(yaml_expect(node, YAML_SEQ, err));
    TRY(read_numbers(node, 3, 1, MAX_WORDS, out, err));
fail:
    return st;
}

static Status check_out(const Entry *e, const Tensor *t, Err *err)
{
    int want[3];
    bool given;
    Status st = ST_OK;

    TRY(check_size(e, t, err));
    TRY(read_out(e, want, &given, err));
    if (!given) return ST_OK;
    if (want[0] != t->channels || want[1] != t->height || want[2] != t->width)
        st = yaml_error(yaml_get(e->node, "out"), err,
                        "layer '%s' has an output of [%d, %d, %d], not of [%d, %d, %d]", e->name,
                        t->channels, t->height, t->width, want[0], want[1], want[2]);
fail:
    return st;
}

/* view and move: what `out` says. */
static Status size_given(const Entry *e, Tensor *out, Err *err)
{
    int size[3];
    bool given;
    Status st = ST_OK;

    TRY(read_out(e, size, &given, err));
    if (!given)
        return yaml_error(e->node, err,
                          "layer '%s' of type %s needs an out: [channels, height, width]", e->name,
                          TYPE_NAME[e->type]);
    out->channels = size[0];
    out->height = size[1];
    out->width = size[2];
fail:
    return st;
}

/* Each input point spreads over a window. `out` may be up to stride - 1 larger along an axis: rows
 * and columns that no window reaches (output padding). */
static Status size_deconv(const Entry *e, const Tensor *in, Tensor *out, Err *err)
{
    int size[2], want[3], sizes[2] = {in->height, in->width};
    bool given;
    Status st = ST_OK;

    if (in->channels % e->groups || e->k % e->groups)
        return yaml_error(e->node, err,
                          "layer '%s': %d channels in and %d out do not split into %d groups",
                          e->name, in->channels, e->k, e->groups);
    TRY(read_out(e, want, &given, err));
    for (int axis = 0; axis < 2; axis++) {
        size[axis] =
            (sizes[axis] - 1) * e->stride[axis] + e->kernel[axis] - e->pad[axis] - e->pad[axis + 2];
        int extra = given ? want[axis + 1] - size[axis] : 0;
        if (extra > 0 && extra < e->stride[axis]) size[axis] += extra;
        if (size[axis] < 1)
            return yaml_error(e->node, err, "layer '%s': its padding leaves nothing of the output",
                              e->name);
    }
    out->channels = e->k;
    out->height = size[0];
    out->width = size[1];
fail:
    return st;
}

static Status size_tensor(const Reader *r, Entry *e, Tensor *out, Err *err)
{
    const Tensor *in = &r->tensor[e->from[0]];

    *out = *in;
    memcpy(out->name, e->name, sizeof out->name);
    switch (e->type) {
    case ENTRY_CONV:
    case ENTRY_DWCONV:
        return size_conv(e, in, out, err);
    case ENTRY_POOL:
        return size_window(e, in, out, err);
    case ENTRY_GEMM:
        return size_gemm(r, e, in, out, err);
    case ENTRY_ELTWISE:
    case ENTRY_CONCAT:
        return size_join(r, e, out, err);
    case ENTRY_REORG:
        return size_reorg(e, in, out, err);
    case ENTRY_DECONV:
        return size_deconv(e, in, out, err);
    case ENTRY_VIEW:
    case ENTRY_MOVE:
        return size_given(e, out, err);
    case ENTRY_UPSAMPLE:
        out->height *= e->stride[0];
        out->width *= e->stride[1];
        return ST_OK;
    case ENTRY_FC:
    case ENTRY_FLATTEN:
        out->channels = e->type == ENTRY_FC ? e->k : in->channels * in->height * in->width;
        out->height = out->width = 1;
        return ST_OK;
    default:
        return ST_OK;
    }
}

/* ---- the graph ---- */

static Status add_edge(Reader *r, const Entry *e, int layer, Err *err)
{
    if (r->n_edges == NET_MAX_EDGES)
        return yaml_error(e->node, err, "layer '%s': the network has more than %d connections",
                          e->name, NET_MAX_EDGES);
    if (r->n_edges == r->edge_cap) {
        size_t old = (size_t)r->edge_cap * sizeof(int);
        int *grown = mem_resize(r->net->layer_pred, old, old ? 2 * old : 4096);
        if (!grown) return err_set(err, ST_NOMEM, "network: %s", status_text(ST_NOMEM));
        r->net->layer_pred = grown;
        r->edge_cap = old ? 2 * r->edge_cap : 4096 / (int)sizeof(int);
    }
    r->net->layer_pred[r->n_edges++] = layer;
    return ST_OK;
}

/* Sources of all inputs, each once: *first, *n become a slice of layer_pred. */
static Status merge_sources(Reader *r, const Entry *e, int *first, int *n, Err *err)
{
    Status st = ST_OK;

    *first = r->tensor[e->from[0]].first;
    *n = r->tensor[e->from[0]].n;
    if (e->n_from == 1) return ST_OK;
    *first = r->n_edges;
    r->stamps++;
    for (int i = 0; i < e->n_from; i++) {
        const Tensor *t = &r->tensor[e->from[i]];
        for (int s = 0; s < t->n; s++) {
            int layer = r->net->layer_pred[t->first + s];
            if (r->stamp[layer] == r->stamps) continue;
            r->stamp[layer] = r->stamps;
            TRY(add_edge(r, e, layer, err));
        }
    }
    *n = r->n_edges - *first;
fail:
    return st;
}

/* The sub-pixel form of a transposed convolution (Shi et al. 2016): over the input positions, a
 * convolution to stride x stride times the channels, each with its share of the kernel. The same
 * products where the stride divides the kernel, else kernel rows of zeros are added. */
static LayerShape deconv_shape(const Entry *e, const Tensor *in)
{
    double channels = (double)e->k * e->stride[0] * e->stride[1];
    return (LayerShape){.type = LAYER_CONV,
                        .N = 1,
                        .C = in->channels,
                        .K = channels > MAX_WORDS ? MAX_WORDS : (int)channels,
                        .P = in->width,
                        .Q = in->height,
                        .R = (e->kernel[1] + e->stride[1] - 1) / e->stride[1],
                        .S = (e->kernel[0] + e->stride[0] - 1) / e->stride[0],
                        .stride_w = 1,
                        .stride_h = 1,
                        .dilation = 1,
                        .groups = e->groups,
                        .operands = 1};
}

/* Reads its inputs, as the nearest whole multiple of the output, and writes the output. */
static LayerShape move_shape(const Reader *r, const Entry *e, const Tensor *out)
{
    double read = 0;
    for (int i = 0; i < e->n_from; i++) read += words(&r->tensor[e->from[i]]);
    return (LayerShape){.type = LAYER_ELTWISE,
                        .N = 1,
                        .C = out->channels,
                        .K = out->channels,
                        .P = out->width,
                        .Q = out->height,
                        .R = 1,
                        .S = 1,
                        .stride_w = 1,
                        .stride_h = 1,
                        .dilation = 1,
                        .groups = 1,
                        .operands = (int)fmin(fmax(round(read / words(out)), 1), INT_MAX)};
}

static LayerShape entry_shape(const Reader *r, const Entry *e, const Tensor *out)
{
    const Tensor *in = &r->tensor[e->from[0]];
    if (e->type == ENTRY_DECONV) return deconv_shape(e, in);
    if (e->type == ENTRY_MOVE) return move_shape(r, e, out);
    LayerShape s = {.type = (LayerType)e->type,
                    .N = 1,
                    .C = in->channels,
                    .K = out->channels,
                    .P = out->width,
                    .Q = out->height,
                    .R = e->kernel[1],
                    .S = e->kernel[0],
                    .stride_w = e->stride[1],
                    .stride_h = e->stride[0],
                    .dilation = e->dilation,
                    .groups = e->groups,
                    .operands = e->type == ENTRY_ELTWISE ? e->n_from : 1};
    if (e->type == ENTRY_FC) s.C = in->channels * in->height * in->width;
    return s;
}

/* Adds the layer of an entry that is not free; its output's only source is itself. */
static Status add_layer(Reader *r, const Entry *e, Tensor *out, Err *err)
{
    NetLayer *layer = &r->net->layer[r->net->n_layers];
    Err why = {0};

    layer->shape = entry_shape(r, e, out);
    if (layer_check(&layer->shape, &why) != ST_OK)
        return yaml_error(e->node, err, "layer '%s': %s", e->name, why.msg);
    memcpy(layer->name, e->name, sizeof layer->name);
    layer->has_weights = (e->type <= ENTRY_GEMM || e->type == ENTRY_DECONV) && e->n_from == 1;
    layer->alone = e->type == ENTRY_MOVE;
    layer->first_pred = out->first;
    layer->n_preds = out->n;
    out->first = r->n_edges;
    out->n = 1;
    return add_edge(r, e, r->net->n_layers++, err);
}

static Status read_layer(Reader *r, const YamlNode *node, Err *err)
{
    Status st = ST_OK;
    Entry e;
    Tensor *out = &r->tensor[r->n_tensors];

    TRY(read_entry(r, node, &e, err));
    TRY(size_tensor(r, &e, out, err));
    TRY(check_out(&e, out, err));
    TRY(merge_sources(r, &e, &out->first, &out->n, err));
    if (e.type <= ENTRY_MOVE) TRY(add_layer(r, &e, out, err));
    r->n_tensors++;
fail:
    return st;
}

/* ---- the file ---- */

static Status read_input(Reader *r, const YamlNode *root, Err *err)
{
    static const char *const KEYS[] = {"channels", "height", "width"};
    const YamlNode *node = yaml_get(root, "input");
    Tensor *in = &r->tensor[r->n_tensors++];
    Status st = ST_OK;

    if (!node)
        return yaml_error(root, err,
                          "missing key 'input', want {channels: .., height: .., width: ..}");
    snprintf(in->name, sizeof in->name, "input");
    TRY(yaml_expect(node, YAML_MAP, err));
    TRY(yaml_check_keys(node, KEYS, 3, err));
    TRY(yaml_read_int(node, "channels", 1, MAX_CHANNELS, &in->channels, err));
    TRY(yaml_read_int(node, "height", 1, MAX_SIZE, &in->height, err));
    TRY(yaml_read_int(node, "width", 1, MAX_SIZE, &in->width, err));
    if ((double)in->channels * in->height * in->width > MAX_WORDS)
        st = yaml_error(node, err, "the input is too large, want at most %d words", MAX_WORDS);
fail:
    return st;
}

static Status check_layers(const YamlNode *root, const YamlNode **layers, Err *err)
{
    *layers = yaml_get(root, "layers");
    if (!*layers || yaml_kind(*layers) != YAML_SEQ || yaml_size(*layers) < 1 ||
        yaml_size(*layers) > NET_MAX_LAYERS)
        return yaml_error(*layers ? *layers : root, err,
                          "'layers' must be a list of 1 to %d layers", NET_MAX_LAYERS);
    return ST_OK;
}

static Status read_layers(Reader *r, const YamlNode *root, Err *err)
{
    const YamlNode *layers;
    Status st = ST_OK;

    TRY(check_layers(root, &layers, err));
    size_t n = (size_t)yaml_size(layers);
    r->net->layer = mem_calloc(n, sizeof *r->net->layer);
    r->tensor = mem_calloc(n + 1, sizeof *r->tensor);
    if (!r->net->layer || !r->tensor)
        return err_set(err, ST_NOMEM, "network: %s", status_text(ST_NOMEM));
    TRY(read_input(r, root, err));
    for (int i = 0; i < yaml_size(layers); i++) TRY(read_layer(r, yaml_item(layers, i), err));
    if (r->net->n_layers == 0)
        st = yaml_error(layers, err, "the network has no layer that does anything");
fail:
    return st;
}

static Status read_network(Network **out, const YamlDoc *doc, Err *err)
{
    static const char *const KEYS[] = {"name", "input", "layers"};
    const YamlNode *root = yaml_root(doc);
    Reader *r = mem_calloc(1, sizeof *r);
    Status st = ST_NOMEM;

    if (!r || !(r->net = mem_calloc(1, sizeof *r->net))) goto fail;
    TRY(yaml_expect(root, YAML_MAP, err));
    TRY(yaml_check_keys(root, KEYS, 3, err));
    TRY(yaml_read_string(root, "name", r->net->name, sizeof r->net->name, err));
    TRY(read_layers(r, root, err));
    TRY(network_fuse(r->net, err));
    *out = r->net;
    r->net = NULL;
fail:
    if (r) {
        network_destroy(r->net);
        mem_free(r->tensor);
    }
    mem_free(r);
    return st == ST_OK ? ST_OK : err_set(err, st, "network: %s", status_text(st));
}

Status network_load(Network **out, const char *path, Err *err)
{
    YamlDoc *doc = NULL;
    Status st;

    *out = NULL;
    TRY(yaml_load(&doc, path, err));
    st = read_network(out, doc, err);
fail:
    yaml_destroy(doc);
    return st;
}

Status network_parse(Network **out, const char *file, const char *text, size_t bytes, Err *err)
{
    YamlDoc *doc = NULL;
    Status st;

    *out = NULL;
    TRY(yaml_parse(&doc, file, text, bytes, err));
    st = read_network(out, doc, err);
fail:
    yaml_destroy(doc);
    return st;
}
