/* fuzz_network.c -- network files. What is accepted has finite sizes and a graph in order. */
#include "env/network.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

static void check_graph(const Network *net)
{
    fuzz_check(net->n_layers >= 1 && net->n_layers <= NET_MAX_LAYERS);
    fuzz_check(net->n_subjobs >= 1 && net->n_subjobs <= net->n_layers);
    for (int l = 0; l < net->n_layers; l++) {
        const NetLayer *layer = &net->layer[l];
        fuzz_check(layer_check(&layer->shape, NULL) == ST_OK);
        for (int e = 0; e < layer->n_preds; e++)
            fuzz_check(net->layer_pred[layer->first_pred + e] < l);
    }
    for (int s = 0; s < net->n_subjobs; s++)
        for (int e = 0; e < net->subjob[s].n_preds; e++)
            fuzz_check(net->pred[net->subjob[s].first_pred + e] < s);
    fuzz_check(isfinite(network_macs(net)) && isfinite(network_params(net)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Network *net;
    Err err = {0};
    long live = mem_live;
    Status st = network_parse(&net, "net.yaml", (const char *)data, size, &err);

    fuzz_check_outcome(st, &err, net);
    if (net) check_graph(net);
    network_destroy(net);
    fuzz_check(mem_live == live);
    return 0;
}
