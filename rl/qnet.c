/* qnet.c -- loading valid pairs, and all kinds of network behind one interface. */
#include "rl/qnet.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool scores_rows(const QNet *net)
{
    return net->spec.row_features > 0;
}

/* Features of one row of QBatch.x. */
static int x_width(const QNet *net)
{
    return net->spec.row_features + net->spec.global_features;
}

static int context_width(const QNet *net)
{
    return net->context ? net->encoder.width[1] : 0;
}

static size_t encoder_params(const QNet *net)
{
    return net->context ? mlp_params(&net->encoder) : 0;
}

/* Blocks of K values per row of the MLP's output. */
static int blocks(const QNet *net)
{
    return (scores_rows(net) ? 1 : net->spec.n_actions) + net->dueling;
}

Status qnet_init(QNet *net, const EnvSpec *spec, const QNetShape *shape, Err *err)
{
    Status st = ST_OK;

    if (shape->context && (spec->row_features == 0 || shape->n_hidden < 1))
        return err_set(err, ST_CONFIG,
                       "a context needs features per action and a hidden layer; switch it off");
    if (shape->quantiles < 0 || shape->quantiles > QNET_MAX_QUANTILES)
        return err_set(err, ST_CONFIG, "%d quantiles, use 0 (none) to %d", shape->quantiles,
                       QNET_MAX_QUANTILES);
    *net = (QNet){.spec = *spec,
                  .context = shape->context,
                  .dueling = shape->dueling,
                  .values = shape->quantiles > 1 ? shape->quantiles : 1};
    if (net->context)
        TRY(mlp_init(&net->encoder, x_width(net), NULL, 0, shape->hidden[0], shape->act, err));
    TRY(mlp_init(&net->mlp, x_width(net) + context_width(net), shape->hidden, shape->n_hidden,
                 blocks(net) * net->values, shape->act, err));
    return ST_OK;
fail:
    return st;
}

size_t qnet_params(const QNet *net)
{
    return encoder_params(net) + mlp_params(&net->mlp);
}

void qnet_randomise(const QNet *net, float *params, Init init, Rng *rng)
{
    if (net->context) mlp_randomise(&net->encoder, params, init, 1.0f, rng);
    /* Small first values: bootstrapping from large random ones only has to be unlearned. */
    mlp_randomise(&net->mlp, params + encoder_params(net), init, 0.1f, rng);
}

static void list_array(const char *prefix, const char *name, float *p, int rows, int cols,
                       StateList *list)
{
    char path[STATE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", prefix, name);
    assert(n > 0 && n < STATE_PATH_MAX);
    state_add(list, path, STATE_F32, (size_t)rows, (size_t)cols, p);
}

static void list_layer(const Mlp *mlp, int i, const char *prefix, const char *suffix, float *params,
                       StateList *list)
{
    char name[16];
    snprintf(name, sizeof name, "W%s", suffix);
    list_array(prefix, name, params + mlp_weight_offset(mlp, i), mlp->width[i], mlp->width[i + 1],
               list);
    snprintf(name, sizeof name, "b%s", suffix);
    list_array(prefix, name, params + mlp_bias_offset(mlp, i), mlp->width[i + 1], 0, list);
}

void qnet_state(const QNet *net, const char *prefix, float *params, StateList *list)
{
    if (net->context) list_layer(&net->encoder, 0, prefix, "c", params, list);
    params += encoder_params(net);
    for (int i = 0; i < net->mlp.layers; i++) {
        char suffix[12];
        snprintf(suffix, sizeof suffix, "%d", i);
        list_layer(&net->mlp, i, prefix, suffix, params, list);
    }
}

/* ---- the workspace ---- */

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static Status allocate(QBatch *w, const QNet *net, int max_states)
{
    size_t S = (size_t)max_states, pairs = S * (size_t)net->spec.n_actions;
    size_t rows = scores_rows(net) ? pairs : S; /* most rows that go through the MLP */
    size_t in = (size_t)(x_width(net) + context_width(net));
    size_t raw =
        rows * max_size((size_t)net->mlp.width[net->mlp.layers], (size_t)context_width(net));
    size_t scratch = mlp_scratch_floats(&net->mlp, (int)rows);

    if (net->context) scratch = max_size(scratch, mlp_scratch_floats(&net->encoder, (int)rows));
    size_t K = (size_t)net->values;
    bool ok = (w->start = mem_calloc(S + 1, sizeof(int))) &&
              (w->action = mem_calloc(pairs, sizeof(int))) &&
              (w->state = mem_calloc(pairs, sizeof(int))) &&
              (w->index = mem_calloc(pairs, sizeof(int))) &&
              (w->column = mem_calloc(pairs, sizeof(int))) &&
              (w->advantage = mem_calloc(pairs, sizeof(int))) &&
              (w->value = mem_calloc(pairs, sizeof(int))) &&
              (w->x = mem_calloc(rows * (size_t)x_width(net), sizeof(float))) &&
              (w->q = mem_calloc(pairs, sizeof(float))) &&
              (w->z = K > 1 ? mem_calloc(pairs * K, sizeof(float)) : w->q) &&
              (w->lift = mem_calloc(net->dueling ? S * K : 0, sizeof(float))) &&
              (w->pick = mem_calloc(rows * in, sizeof(float))) &&
              (w->mean = mem_calloc(S * (size_t)context_width(net), sizeof(float))) &&
              (w->raw = mem_calloc(raw, sizeof(float))) &&
              (w->scratch = mem_calloc(scratch, sizeof(float)));
    return ok ? ST_OK : ST_NOMEM;
}

Status qbatch_create(QBatch *w, const QNet *net, int max_states, Err *err)
{
    assert(max_states >= 1);
    memset(w, 0, sizeof *w);
    w->max_states = max_states;
    if (allocate(w, net, max_states) == ST_OK) return ST_OK;
    qbatch_free(w);
    return err_set(err, ST_NOMEM, "workspace for %d observations: %s", max_states,
                   status_text(ST_NOMEM));
}

void qbatch_free(QBatch *w)
{
    mem_free(w->start);
    mem_free(w->action);
    mem_free(w->state);
    mem_free(w->index);
    mem_free(w->column);
    mem_free(w->advantage);
    mem_free(w->value);
    mem_free(w->x);
    if (w->z != w->q) mem_free(w->z);
    mem_free(w->q);
    mem_free(w->lift);
    mem_free(w->pick);
    mem_free(w->mean);
    mem_free(w->raw);
    mem_free(w->scratch);
    memset(w, 0, sizeof *w);
}

/* Appends the features of pair p, action a, of one observation. */
static void load_row(QBatch *w, const QNet *net, const float *obs, int p, int a)
{
    size_t F = (size_t)net->spec.row_features, G = (size_t)net->spec.global_features;
    float *x = w->x + (size_t)p * (F + G);
    memcpy(x, obs + (size_t)a * F, F * sizeof *x);
    memcpy(x + F, obs + (size_t)net->spec.n_actions * F, G * sizeof *x);
}

void qbatch_load(QBatch *w, const QNet *net, const float *obs, int n)
{
    const EnvSpec *spec = &net->spec;
    size_t G = (size_t)spec->global_features;
    int p = 0;

    assert(n <= w->max_states);
    for (int s = 0; s < n; s++, obs += spec->obs_floats) {
        const float *mask = obs + spec->obs_floats - spec->n_actions;
        w->start[s] = p;
        for (int a = 0; a < spec->n_actions; a++) {
            if (!(mask[a] > 0)) continue;
            if (scores_rows(net)) load_row(w, net, obs, p, a);
            w->action[p] = a;
            w->state[p++] = s;
        }
        if (!scores_rows(net)) memcpy(w->x + (size_t)s * G, obs, G * sizeof *obs);
    }
    w->start[n] = p;
    w->states = n;
    w->pairs = p;
}

int qbatch_find(const QBatch *w, int state, int action)
{
    for (int p = w->start[state]; p < w->start[state + 1]; p++)
        if (w->action[p] == action) return p;
    return -1;
}

int qbatch_argmax(const QBatch *w, int state)
{
    int best = -1;
    for (int p = w->start[state]; p < w->start[state + 1]; p++)
        if (best < 0 || w->q[p] > w->q[best]) best = p;
    return best;
}

/* ---- inference ---- */

/* pick[i] = [x[row[i]] | mean[state of row[i]]], i < n; row NULL is 0..n-1. */
static void pick_rows(const QNet *net, QBatch *w, const int *row, int n)
{
    size_t W = (size_t)x_width(net), C = (size_t)context_width(net);
    float *out = w->pick;
    for (int i = 0; i < n; i++, out += W + C) {
        int r = row ? row[i] : i;
        memcpy(out, w->x + (size_t)r * W, W * sizeof *out);
        if (C) memcpy(out + W, w->mean + (size_t)w->state[r] * C, C * sizeof *out);
    }
}

/* The encoder is one linear layer of nn/mlp.h, whose output has no activation of its own. */
static void activate(const QNet *net, float *h, size_t n)
{
    if (net->encoder.act == ACT_RELU)
        for (size_t i = 0; i < n; i++) h[i] = h[i] > 0 ? h[i] : 0;
    else
        for (size_t i = 0; i < n; i++) h[i] = tanhf(h[i]);
}

/* mean[s] over the state's valid rows, in double: rounding apart what the tape gets. */
static void encode_context(const QNet *net, const float *params, QBatch *w)
{
    int C = context_width(net);
    mlp_infer(&net->encoder, params, w->x, w->pairs, w->scratch, w->raw);
    activate(net, w->raw, (size_t)w->pairs * (size_t)C);
    for (int s = 0; s < w->states; s++) {
        int first = w->start[s], last = w->start[s + 1];
        for (int c = 0; c < C; c++) {
            double sum = 0;
            for (int p = first; p < last; p++) {
                float h = w->raw[(size_t)p * (size_t)C + (size_t)c];
                sum += (double)h;
            }
            w->mean[(size_t)s * (size_t)C + (size_t)c] =
                last > first ? (float)(sum / (last - first)) : 0;
        }
    }
}

/* Block of pair p's advantage, or value without dueling, in the MLP's outputs for all pairs (rows) or
 * states (plain). */
static int advantage_block(const QNet *net, const QBatch *w, int p)
{
    return scores_rows(net) ? blocks(net) * p : blocks(net) * w->state[p] + w->action[p];
}

/* Dueling: block of V, or of pair p's share in it. */
static int value_block(const QNet *net, const QBatch *w, int p)
{
    return blocks(net) * (scores_rows(net) ? p : w->state[p]) + blocks(net) - 1;
}

/* lift[s] = mean over the state's pairs of V - A, in double: rounding apart what the tape gets. */
static void find_lift(const QNet *net, QBatch *w)
{
    size_t K = (size_t)net->values;
    for (int s = 0; s < w->states; s++) {
        int first = w->start[s], last = w->start[s + 1];
        for (size_t k = 0; k < K; k++) {
            double sum = 0;
            for (int p = first; p < last; p++)
                sum += (double)w->raw[(size_t)value_block(net, w, p) * K + k] -
                       (double)w->raw[(size_t)advantage_block(net, w, p) * K + k];
            w->lift[(size_t)s * K + k] = last > first ? (float)(sum / (last - first)) : 0;
        }
    }
}

/* Where the outputs for other pairs are needed, or come along anyway: all of them, then a choice. */
static void infer_all(const QNet *net, const float *params, QBatch *w, const int *pair, int n,
                      float *out)
{
    size_t K = (size_t)net->values;
    int rows = scores_rows(net) ? w->pairs : w->states;
    const float *x = w->x;

    if (net->context) {
        pick_rows(net, w, NULL, rows);
        x = w->pick;
    }
    mlp_infer(&net->mlp, params + encoder_params(net), x, rows, w->scratch, w->raw);
    if (net->dueling) find_lift(net, w);
    for (int i = 0; i < n; i++, out += K) {
        int p = pair ? pair[i] : i;
        memcpy(out, w->raw + (size_t)advantage_block(net, w, p) * K, K * sizeof *out);
        for (size_t k = 0; net->dueling && k < K; k++)
            out[k] += w->lift[(size_t)w->state[p] * K + k];
    }
}

/* Rows that are scored alone. */
static void infer_rows(const QNet *net, const float *params, QBatch *w, const int *pair, int n,
                       float *out)
{
    const float *x = w->x;
    if (net->context || pair) {
        pick_rows(net, w, pair, n);
        x = w->pick;
    }
    mlp_infer(&net->mlp, params + encoder_params(net), x, n, w->scratch, out);
}

static void infer(const QNet *net, const float *params, QBatch *w, const int *pair, int n,
                  float *out)
{
    if (n == 0) return;
    if (net->context) encode_context(net, params, w);
    if (scores_rows(net) && !net->dueling)
        infer_rows(net, params, w, pair, n, out);
    else
        infer_all(net, params, w, pair, n, out);
}

void qnet_infer(const QNet *net, const float *params, QBatch *w)
{
    size_t K = (size_t)net->values;
    infer(net, params, w, NULL, w->pairs, w->z);
    for (size_t p = 0; K > 1 && p < (size_t)w->pairs; p++) {
        double sum = 0;
        for (size_t k = 0; k < K; k++) sum += (double)w->z[p * K + k];
        w->q[p] = (float)(sum / (double)K);
    }
}

void qnet_infer_pairs(const QNet *net, const float *params, QBatch *w, const int *pair, int n,
                      float *out)
{
    assert(n <= w->pairs);
    infer(net, params, w, pair, n, out);
}

/* ---- on the tape ---- */

/* With context every valid row has a gradient: encode all, then judge the chosen ones (pair NULL:
 * all). */
static Var context_rows(const QNet *net, Tape *t, const float *params, float *grads, QBatch *w,
                        const int *pair, int n)
{
    Var x = tape_input(t, w->x, w->pairs, x_width(net));
    Var h = mlp_forward(&net->encoder, t, params, grads, x);
    h = net->encoder.act == ACT_RELU ? tape_relu(t, h) : tape_tanh(t, h);
    Var mean = tape_segment_mean(t, h, w->start, w->states);
    for (int i = 0; i < n; i++) {
        w->index[i] = pair ? pair[i] : i;
        w->column[i] = w->state[w->index[i]];
    }
    return tape_concat(t, tape_gather_rows(t, x, w->index, n),
                       tape_gather_rows(t, mean, w->column, n));
}

/* Outputs of the MLP for the chosen pairs (rows), or for all states. */
static Var forward_mlp(const QNet *net, Tape *t, const float *params, float *grads, QBatch *w,
                       const int *pair, int n)
{
    size_t skip = encoder_params(net);
    Var x;
    if (net->context) {
        x = context_rows(net, t, params, grads, w, pair, n);
    } else if (scores_rows(net) && pair) {
        pick_rows(net, w, pair, n);
        x = tape_input(t, w->pick, n, x_width(net));
    } else {
        x = tape_input(t, w->x, scores_rows(net) ? n : w->states, x_width(net));
    }
    return mlp_forward(&net->mlp, t, params + skip, grads + skip, x);
}

/* A + mean over the state's pairs of (V - A), for all pairs. */
static Var duel(const QNet *net, Tape *t, QBatch *w, Var block)
{
    for (int p = 0; p < w->pairs; p++) {
        w->advantage[p] = advantage_block(net, w, p);
        w->value[p] = value_block(net, w, p);
    }
    Var a = tape_gather_rows(t, block, w->advantage, w->pairs);
    Var v = tape_gather_rows(t, block, w->value, w->pairs);
    Var lift = tape_segment_mean(t, tape_sub(t, v, a), w->start, w->states);
    return tape_add(t, a, tape_gather_rows(t, lift, w->state, w->pairs));
}

Var qnet_forward(const QNet *net, Tape *t, const float *params, float *grads, QBatch *w,
                 const int *pair, int n)
{
    assert(n >= 1 && n <= w->pairs);
    if (scores_rows(net) && !net->dueling) return forward_mlp(net, t, params, grads, w, pair, n);
    Var y = forward_mlp(net, t, params, grads, w, NULL, w->pairs);
    Var block = tape_reshape(t, y, tape_rows(t, y) * blocks(net), net->values);
    if (net->dueling) return tape_gather_rows(t, duel(net, t, w, block), pair, n);
    for (int i = 0; i < n; i++) w->advantage[i] = advantage_block(net, w, pair[i]);
    return tape_gather_rows(t, block, w->advantage, n);
}

size_t qnet_tape_floats(const QNet *net, int states, int n)
{
    int C = context_width(net), W = x_width(net), K = net->values;
    int pairs = states * net->spec.n_actions;
    bool all = !scores_rows(net) || net->dueling; /* are scored, not only n */
    int rows = !scores_rows(net) ? states : all ? pairs : n;
    size_t floats = mlp_tape_floats(&net->mlp, rows);

    if (net->context) /* encoder, activation; mean; x and mean gathered, joined */
        floats += mlp_tape_floats(&net->encoder, pairs) + tape_node_floats(pairs, C) +
                  tape_node_floats(states, C) + tape_node_floats(rows, W) +
                  tape_node_floats(rows, C) + tape_node_floats(rows, W + C);
    if (all) floats += tape_node_floats(rows * blocks(net), K) + tape_node_floats(n, K);
    if (net->dueling) floats += 5 * tape_node_floats(pairs, K) + tape_node_floats(states, K);
    return floats;
}

int qnet_tape_nodes(const QNet *net)
{
    return 16 + mlp_tape_nodes(&net->mlp) + (net->context ? mlp_tape_nodes(&net->encoder) : 0);
}
