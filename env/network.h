/* network.h -- a DNN as a DAG of layers, read from env/networks/NAME.yaml, and the DAG of sub-jobs
 * that the scheduler sees.
 * Fusion: a sub-job is one native layer (conv, dwconv, fc, gemm) with the bandwidth-only layers that
 * follow it: pooling after one producer, activation, and element-wise adds (fused into the latest of
 * their producers, the other operands are then read from DRAM: extra_read_words). A pool over a
 * concat is a bandwidth-only sub-job of its own; concat, flatten are free. docs/MODEL.md */
#ifndef RELMAS_ENV_NETWORK_H
#define RELMAS_ENV_NETWORK_H

#include "accel_models/accel.h"

enum { NET_NAME_MAX = 32, NET_MAX_LAYERS = 1024 };

typedef struct NetLayer {
    char name[NET_NAME_MAX];
    LayerShape shape;
    int first_pred, n_preds; /* slice of Network.layer_pred, indices of earlier layers */
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
void network_destroy(Network *net); /* NULL allowed */
double network_macs(const Network *net);
double network_params(const Network *net);

#endif
