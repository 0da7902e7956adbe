/* network.h -- a DNN as a DAG of layers, read from env/networks/NAME.yaml, and the DAG of sub-jobs
 * that the scheduler sees.
 * Layers: conv, dwconv, fc, gemm, pool, eltwise, deconv, move. Those of the file that cost nothing
 * (concat, flatten, act, reorg, upsample, view) only shape the graph: their readers depend on their
 * producers.
 * Fusion: a sub-job is one native layer (conv, dwconv, fc, gemm) with the bandwidth-only layers
 * that follow it: pooling after one producer, activation, and element-wise adds (fused into the
 * latest of their producers, the other operands are then read from DRAM: extra_read_words). A layer
 * is fused only where nothing else reads the tensor before it, which would have to be written
 * anyway. Other bandwidth-only layers, as a pool over a concat, are sub-jobs of their own.
 * docs/MODEL.md
 *
 * The file, one flow map per layer, sizes [channels, height, width]:
 *   name: lenet
 *   input: {channels: 1, height: 28, width: 28}
 *   layers:
 *   - {name: conv1, type: conv, k: 20, kernel: 5, out: [20, 24, 24]}
 *   - {name: pool1, type: pool, kernel: 2, stride: 2}
 *   - {name: ip1, type: fc, k: 500}
 *   all       from: [names of earlier layers, or input]; the layer before when absent. out: checked
 *   conv      k, kernel; stride 1, pad 0, dilation 1, groups 1
 *   dwconv    kernel; stride, pad, dilation; k: channels out, a multiple of those in (default equal)
 *   fc        k; reads the whole tensor
 *   gemm      k; groups 1. A 1x1 conv over height x width rows; a second `from` is the other matrix
 *   pool      kernel, or `global`; stride 1, pad 0, ceil: false (true rounds sizes up)
 *   eltwise, concat: two or more `from`; act, flatten; reorg (space to depth), upsample: stride
 *   deconv    transposed conv: k, kernel; stride, pad, groups 1. out may be up to stride - 1 larger
 *             than the windows reach. Its layer is a conv over the input positions to k x stride x
 *             stride channels with kernel / stride, rounded up (sub-pixel form, docs/MODEL.md)
 *   view      out; one or more `from`. Any rearrangement, selection, repetition or padding of their
 *             words: reshape, transpose, slice, split, pad, broadcast
 *   move      out; one or more `from`. A sub-job of its own that reads these and writes out: resize,
 *             operators of other kinds. An eltwise of words read / words of out operands, rounded
 *   kernel, stride, pad: one number or [height, width]; pad also [top, left, bottom, right] or `same`
 */
#ifndef RELMAS_ENV_NETWORK_H
#define RELMAS_ENV_NETWORK_H

#include "accel_models/accel.h"

#include <stdbool.h>
#include <stddef.h>

enum { NET_NAME_MAX = 32, NET_MAX_LAYERS = 1024, NET_MAX_FROM = 32, NET_MAX_EDGES = 65536 };
/* Of a tensor, height or width, a kernel, and all of a tensor's words. */
enum {
    NET_MAX_CHANNELS = 1 << 20,
    NET_MAX_SIZE = 1 << 16,
    NET_MAX_WINDOW = 1 << 12,
    NET_MAX_WORDS = 1 << 30
};

typedef struct NetLayer {
    char name[NET_NAME_MAX];
    LayerShape shape;        /* its words written are those behind the pools fused into it */
    bool has_weights;        /* native, and not a product of two computed tensors */
    bool alone;              /* a move: never fused into the sub-job of its producer */
    int first_pred, n_preds; /* slice of Network.layer_pred: earlier layers; none: the input */
} NetLayer;

typedef struct SubJob {
    int layer;               /* its main layer */
    double extra_read_words; /* other operands of fused element-wise layers */
    int first_pred, n_preds; /* slice of Network.pred: earlier sub-jobs, no duplicates */
    int first_succ, n_succs; /* slice of Network.succ: later sub-jobs */
} SubJob;

typedef struct Network {
    char name[NET_NAME_MAX];
    int n_layers, n_subjobs; /* both in topological order */
    NetLayer *layer;         /* [n_layers] */
    int *layer_pred;
    SubJob *subjob; /* [n_subjobs] */
    int *pred, *succ;
} Network;

/* ST_FORMAT with file:line for anything wrong (unknown predecessor, shape mismatch, ...). */
Status network_load(Network **out, const char *path, Err *err);
/* The same from memory; file stands for it in messages. */
Status network_parse(Network **out, const char *file, const char *text, size_t bytes, Err *err);
void network_destroy(Network *net); /* NULL allowed */
double network_macs(const Network *net);
double network_params(const Network *net); /* weights without biases and normalisation */

#endif
