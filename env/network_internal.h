/* network_internal.h -- what the reader of network files and the Network share. */
#ifndef RELMAS_ENV_NETWORK_INTERNAL_H
#define RELMAS_ENV_NETWORK_INTERNAL_H

#include "env/network.h"

/* Fills subjob, pred and succ of a network whose layers and layer_pred are complete. */
Status network_fuse(Network *net, Err *err);

#endif
