/* layer.c -- arithmetic of layer shapes: work, sizes, sliding windows, sanity. */
#include "accel_models/accel_internal.h"

#include <math.h>

static const char *const type_names[LAYER_TYPES] = {"conv", "dwconv", "fc",
                                                    "gemm", "pool",   "eltwise"};
/* Words and MACs stay exact in a double and far from any overflow. */
static const double WORDS_MAX = 1e15;
enum { FIELD_MAX = 1 << 24 };

const char *layer_type_name(LayerType t)
{
    return (unsigned)t < LAYER_TYPES ? type_names[t] : "unknown";
}

static bool native(const LayerShape *l)
{
    return l->type != LAYER_POOL && l->type != LAYER_ELTWISE;
}

double layer_macs(const LayerShape *l)
{
    if (!native(l)) return 0;
    return (double)l->N * l->P * l->Q * l->R * l->S * l->K * l->C / l->groups;
}

double layer_params(const LayerShape *l)
{
    if (!native(l)) return 0;
    return (double)l->R * l->S * l->K * l->C / l->groups;
}

double layer_input_words(const LayerShape *l)
{
    double w = span(l->P, l->stride_w, l->R, l->dilation, false);
    double h = span(l->Q, l->stride_h, l->S, l->dilation, false);
    return l->N * w * h * l->C * l->operands;
}

double layer_output_words(const LayerShape *l)
{
    return (double)l->N * l->P * l->Q * l->K;
}

double layer_written_words(const LayerShape *l)
{
    return l->written > 0 ? l->written : layer_output_words(l);
}

/* Input points along one axis that `points` outputs need. exact: the whole box, as a tile that is
 * fetched as a block; else only the touched points (fewer where the stride skips some). */
double span(double points, int stride, double kernel, int dilation, bool exact)
{
    double box = (points - 1) * stride + (kernel - 1) * dilation + 1;
    return exact ? box : lesser(box, points * kernel);
}

/* Points fetched along one axis when n outputs are visited in tiles; reuse: a tile keeps what
 * overlaps with the one before it. */
double sweep(double n, double tile, int stride, double kernel, int dilation, bool exact, bool reuse)
{
    if (reuse && !exact) return span(n, stride, kernel, dilation, exact);
    double tiles = ceil(n / tile), last = n - (tiles - 1) * tile;
    double one = span(tile, stride, kernel, dilation, exact);
    double all = (tiles - 1) * one + span(last, stride, kernel, dilation, exact);
    return reuse ? all - (tiles - 1) * greater(0, one - tile * stride) : all;
}

static Status field(const char *name, int v, Err *err)
{
    if (v >= 1 && v <= FIELD_MAX) return ST_OK;
    return err_set(err, ST_CONFIG, "layer: '%s' is %d, want 1..%d", name, v, FIELD_MAX);
}

static Status check_fields(const LayerShape *l, Err *err)
{
    Status st;
    TRY(field("N", l->N, err));
    TRY(field("C", l->C, err));
    TRY(field("K", l->K, err));
    TRY(field("P", l->P, err));
    TRY(field("Q", l->Q, err));
    TRY(field("R", l->R, err));
    TRY(field("S", l->S, err));
    TRY(field("stride_w", l->stride_w, err));
    TRY(field("stride_h", l->stride_h, err));
    TRY(field("dilation", l->dilation, err));
    TRY(field("groups", l->groups, err));
    TRY(field("operands", l->operands, err));
    return ST_OK;
fail:
    return st;
}

static Status check_type(const LayerShape *l, Err *err)
{
    if (l->C % l->groups || l->K % l->groups)
        return err_set(err, ST_CONFIG, "layer: 'groups' %d must divide C %d and K %d", l->groups,
                       l->C, l->K);
    if (l->type == LAYER_DWCONV && l->groups != l->C)
        return err_set(err, ST_CONFIG, "layer: a dwconv's 'groups' %d must equal C %d", l->groups,
                       l->C);
    if ((l->type == LAYER_FC || l->type == LAYER_GEMM) && (l->R != 1 || l->S != 1))
        return err_set(err, ST_CONFIG, "layer: the kernel of '%s' is %dx%d, want 1x1",
                       layer_type_name(l->type), l->R, l->S);
    if (!native(l) && l->C != l->K)
        return err_set(err, ST_CONFIG, "layer: C %d and K %d of '%s' must be equal", l->C, l->K,
                       layer_type_name(l->type));
    if (l->type != LAYER_ELTWISE && l->operands != 1)
        return err_set(err, ST_CONFIG, "layer: 'operands' is %d, want 1 but for eltwise",
                       l->operands);
    return ST_OK;
}

Status layer_check(const LayerShape *l, Err *err)
{
    Status st;
    if ((unsigned)l->type >= LAYER_TYPES)
        return err_set(err, ST_CONFIG, "layer: 'type' is %d, want 0..%d", (int)l->type,
                       LAYER_TYPES - 1);
    TRY(check_fields(l, err));
    TRY(check_type(l, err));
    if (l->written < 0)
        return err_set(err, ST_CONFIG, "layer: 'written' is %d, want 0..", l->written);
    double box = span(l->P, l->stride_w, l->R, l->dilation, true) *
                 span(l->Q, l->stride_h, l->S, l->dilation, true) * l->C * l->N * l->operands;
    if (box > WORDS_MAX || layer_output_words(l) > WORDS_MAX || layer_params(l) > WORDS_MAX ||
        layer_macs(l) > WORDS_MAX)
        return err_set(err, ST_CONFIG, "layer: its sizes exceed %g words or MACs", WORDS_MAX);
    return ST_OK;
fail:
    return st;
}

/* A kernel of one point never mixes neighbours, so a batch is only more rows. */
void work_init(Work *w, const LayerShape *l, MapPolicy policy)
{
    bool point = l->R == 1 && l->S == 1;
    *w = (Work){.P = l->P,
                .Q = point ? (double)l->Q * l->N : l->Q,
                .C = (double)l->C / l->groups,
                .K = (double)l->K / l->groups,
                .R = l->R,
                .S = l->S,
                .images = point ? 1 : l->N,
                .folds = 1,
                .groups = l->groups,
                .stride_w = l->stride_w,
                .stride_h = l->stride_h,
                .dilation = l->dilation,
                .exact = policy == MAP_TIMELOOP};
    if (l->groups > 1 && l->groups == l->C && l->K == l->C) {
        w->depthwise = true;
        w->K = l->K;
        w->C = w->groups = 1;
    }
    w->unwritten = (layer_output_words(l) - layer_written_words(l)) / w->groups;
}

/* Input channels of one group; the pieces of a cut kernel fetch theirs again. */
double work_input_channels(const Work *w)
{
    return (w->depthwise ? w->K : w->C) * w->folds;
}
