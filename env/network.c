/* network.c -- the DAG of sub-jobs: which layers run as one, and who waits for whom. */
#include "env/network.h"

#include "base/mem.h"
#include "env/network_internal.h"

static bool is_native(LayerType t)
{
    return t != LAYER_POOL && t != LAYER_ELTWISE;
}

/* What the fusion of one network needs, indexed by layer. */
typedef struct Fusion {
    Network *net;
    int owner[NET_MAX_LAYERS];   /* sub-job that runs it */
    int readers[NET_MAX_LAYERS]; /* layers that read its output */
} Fusion;

static void count_readers(Fusion *f)
{
    for (int l = 0; l < f->net->n_layers; l++) {
        const NetLayer *layer = &f->net->layer[l];
        for (int e = 0; e < layer->n_preds; e++)
            f->readers[f->net->layer_pred[layer->first_pred + e]]++;
    }
}

/* What runs with sub-job `owner` behind its main layer: the other operands of a sum come from memory,
 * and after a pool fewer words go there. */
static void join(Network *net, int owner, const LayerShape *s)
{
    SubJob *job = &net->subjob[owner];
    if (s->type == LAYER_ELTWISE)
        job->extra_read_words += (s->operands - 1) * layer_output_words(s);
    else
        net->layer[job->layer].shape.written = (int)layer_output_words(s);
}

/* The sub-job that can also run layer l, or -1. The latest producer's, so that every other operand
 * comes from an earlier sub-job and the graph stays acyclic. An operand that is a concat has more
 * producers than one (n_preds != operands): no producer holds all of it. */
static int fusion_target(const Fusion *f, int l)
{
    const NetLayer *layer = &f->net->layer[l];
    int latest = -1, readers = 0;

    if (is_native(layer->shape.type) || layer->alone) return -1;
    if (layer->n_preds != layer->shape.operands) return -1;
    for (int e = 0; e < layer->n_preds; e++) {
        int p = f->net->layer_pred[layer->first_pred + e];
        if (f->owner[p] < latest) continue;
        latest = f->owner[p];
        readers = f->readers[p];
    }
    return readers == 1 ? latest : -1;
}

static void assign_owners(Fusion *f)
{
    Network *net = f->net;
    for (int l = 0; l < net->n_layers; l++) {
        f->owner[l] = fusion_target(f, l);
        if (f->owner[l] < 0) {
            f->owner[l] = net->n_subjobs;
            net->subjob[net->n_subjobs++].layer = l;
        } else {
            join(net, f->owner[l], &net->layer[l].shape);
        }
    }
}

/* Predecessors of sub-job s, each once: seen[p] == s marks those already listed. */
static int list_preds(const Fusion *f, int s, int *pred, int *seen)
{
    const Network *net = f->net;
    int n = 0;
    for (int l = net->subjob[s].layer; l < net->n_layers; l++) {
        if (f->owner[l] != s) continue;
        for (int e = 0; e < net->layer[l].n_preds; e++) {
            int p = f->owner[net->layer_pred[net->layer[l].first_pred + e]];
            if (p == s || seen[p] == s) continue;
            seen[p] = s;
            pred[n++] = p;
        }
    }
    return n;
}

static void link_preds(const Fusion *f)
{
    int seen[NET_MAX_LAYERS], n = 0;
    for (int s = 0; s < f->net->n_subjobs; s++) {
        SubJob *job = &f->net->subjob[s];
        seen[s] = -1;
        job->first_pred = n;
        job->n_preds = list_preds(f, s, f->net->pred + n, seen);
        n += job->n_preds;
        for (int e = job->first_pred; e < n; e++) f->net->subjob[f->net->pred[e]].n_succs++;
    }
}

static void link_succs(Network *net)
{
    int n = 0;
    for (int s = 0; s < net->n_subjobs; s++) {
        net->subjob[s].first_succ = n;
        n += net->subjob[s].n_succs;
        net->subjob[s].n_succs = 0;
    }
    for (int s = 0; s < net->n_subjobs; s++)
        for (int e = 0; e < net->subjob[s].n_preds; e++) {
            SubJob *p = &net->subjob[net->pred[net->subjob[s].first_pred + e]];
            net->succ[p->first_succ + p->n_succs++] = s;
        }
}

Status network_fuse(Network *net, Err *err)
{
    Fusion f = {.net = net};
    size_t edges = 0;

    for (int l = 0; l < net->n_layers; l++) edges += (size_t)net->layer[l].n_preds;
    net->subjob = mem_calloc((size_t)net->n_layers, sizeof *net->subjob);
    net->pred = mem_calloc(edges, sizeof *net->pred);
    net->succ = mem_calloc(edges, sizeof *net->succ);
    if (!net->subjob || !net->pred || !net->succ)
        return err_set(err, ST_NOMEM, "network '%s': %s", net->name, status_text(ST_NOMEM));
    count_readers(&f);
    assign_owners(&f);
    link_preds(&f);
    link_succs(net);
    return ST_OK;
}

void network_destroy(Network *net)
{
    if (!net) return;
    mem_free(net->layer);
    mem_free(net->layer_pred);
    mem_free(net->subjob);
    mem_free(net->pred);
    mem_free(net->succ);
    mem_free(net);
}

double network_macs(const Network *net)
{
    double sum = 0;
    for (int l = 0; l < net->n_layers; l++) sum += layer_macs(&net->layer[l].shape);
    return sum;
}

double network_params(const Network *net)
{
    double sum = 0;
    for (int l = 0; l < net->n_layers; l++)
        if (net->layer[l].has_weights) sum += layer_params(&net->layer[l].shape);
    return sum;
}
