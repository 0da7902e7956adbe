/* dqn_loss.c -- one shard of an update: targets, losses, gradient.
 *
 * What costs time are MLP rows. Per transition an update infers all valid rows of s' (online), one
 * row of s' (target), all valid rows of s (for the margin's max), and takes at most three rows to
 * the tape: the replayed action, the margin's best rival and the demonstrated action. */
#include "base/mem.h"
#include "rl/dqn_internal.h"

#include <math.h>
#include <string.h>

enum { TAPE_PAIRS_PER_STATE = 3, LOSS_NODES = 12 };

Status shard_create(Shard *s, const QNet *net, int S, size_t N, Err *err)
{
    Status st = ST_OK;
    size_t n = (size_t)S, pairs = TAPE_PAIRS_PER_STATE * n;
    size_t K = (size_t)net->values;
    /* replayed values; rivals, demonstrated, their difference; scalars */
    size_t floats = qnet_tape_floats(net, S, (int)pairs) + 4 * tape_node_floats(S, net->values) +
                    LOSS_NODES * tape_node_floats(1, 1);

    TRY(qbatch_create(&s->now, net, S, err));
    TRY(qbatch_create(&s->next, net, S, err));
    TRY(tape_create(&s->tape, qnet_tape_nodes(net) + LOSS_NODES, floats, err));
    tape_overwrite(s->tape); /* every weight is one parameter of it */
    st = ST_NOMEM;
    if (!(s->grad = mem_calloc(N, sizeof(float)))) goto fail;
    if (!(s->pair = mem_calloc(pairs, sizeof(int)))) goto fail;
    if (!(s->td = mem_calloc(n, sizeof(int)))) goto fail;
    if (!(s->rival = mem_calloc(n, sizeof(int)))) goto fail;
    if (!(s->demo = mem_calloc(n, sizeof(int)))) goto fail;
    if (!(s->best = mem_calloc(n, sizeof(int)))) goto fail;
    if (!(s->boot = mem_calloc(n * K, sizeof(float)))) goto fail;
    if (!(s->target = mem_calloc(n * K, sizeof(float)))) goto fail;
    return ST_OK;
fail:
    return st; /* shard_free() frees what there is */
}

void shard_free(Shard *s)
{
    tape_destroy(s->tape);
    qbatch_free(&s->now);
    qbatch_free(&s->next);
    mem_free(s->grad);
    mem_free(s->pair);
    mem_free(s->td);
    mem_free(s->rival);
    mem_free(s->demo);
    mem_free(s->best);
    mem_free(s->boot);
    mem_free(s->target);
}

/* s->target[i,:] = R + discount * bootstrap values; a state without valid actions is worth 0. */
static void compute_targets(const Update *u, Shard *s, const float *ret, const float *discount)
{
    int n = 0;
    size_t K = (size_t)u->d->net.values;
    qnet_infer(&u->d->net, u->d->cfg.double_q ? u->online : u->target, &s->next);
    for (int i = 0; i < s->next.states; i++) {
        int best = qbatch_argmax(&s->next, i);
        if (best >= 0) s->best[n++] = best;
    }
    if (u->d->cfg.double_q)
        qnet_infer_pairs(&u->d->net, u->target, &s->next, s->best, n, s->boot);
    else
        for (int i = 0; i < n; i++)
            memcpy(s->boot + (size_t)i * K, s->next.z + (size_t)s->best[i] * K, K * sizeof(float));
    for (size_t i = 0; i < (size_t)s->next.states * K; i++) s->target[i] = ret[i / K];
    for (int i = 0; i < n; i++) {
        int state = s->next.state[s->best[i]];
        for (size_t k = 0; k < K; k++)
            s->target[(size_t)state * K + k] += discount[state] * s->boot[(size_t)i * K + k];
    }
}

/* Lowers the targets of actions that the target network thinks worse than the best. Uses now.q. */
static void widen_gaps(const Update *u, Shard *s, const int *action)
{
    size_t K = (size_t)u->d->net.values;
    qnet_infer(&u->d->net, u->target, &s->now);
    for (int i = 0; i < s->now.states; i++) {
        float best = s->now.q[qbatch_argmax(&s->now, i)];
        float mine = s->now.q[qbatch_find(&s->now, i, action[i])];
        for (size_t k = 0; k < K; k++)
            s->target[(size_t)i * K + k] -= (float)u->d->cfg.gap * (best - mine);
    }
}

/* argmax_a Q(s,a) + margin 1[a != demo], as a pair; now.q is filled. */
static int find_rival(const QBatch *w, int state, int demo, float margin)
{
    int best = -1;
    float best_q = 0;
    for (int p = w->start[state]; p < w->start[state + 1]; p++) {
        float q = w->q[p] + (w->action[p] == demo ? 0.0f : margin);
        if (best < 0 || q > best_q) {
            best = p;
            best_q = q;
        }
    }
    return best;
}

/* Index of `pair` in s->pair, searched from `from` (where its state's pairs begin), else appended.
 */
static int tape_index(Shard *s, int from, int pair)
{
    for (int i = from; i < s->n_pairs; i++)
        if (s->pair[i] == pair) return i;
    s->pair[s->n_pairs] = pair;
    return s->n_pairs++;
}

/* Chooses what goes on the tape. Where the demonstrated action wins by the margin, the margin loss
 * and its gradient are 0, and nothing does. */
static void choose_pairs(const Update *u, Shard *s, const int *action, const int *demo)
{
    bool margins = u->demo_weight > 0 && u->demos > 0;

    if (margins) qnet_infer(&u->d->net, u->online, &s->now);
    s->n_pairs = s->n_margins = 0;
    for (int i = 0; i < s->now.states; i++) {
        int from = s->n_pairs;
        s->td[i] = tape_index(s, from, qbatch_find(&s->now, i, action[i]));
        if (!margins || demo[i] < 0) continue;
        int h = qbatch_find(&s->now, i, demo[i]);
        int rival = find_rival(&s->now, i, demo[i], (float)u->d->cfg.demo_margin);
        if (rival == h) continue;
        s->rival[s->n_margins] = tape_index(s, from, rival);
        s->demo[s->n_margins++] = tape_index(s, from, h);
    }
}

/* In double; of one value it is the value. */
static double mean(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    return sum / (double)n;
}

/* Quantile losses count twice: of one quantile that is Huber's loss, and the demonstrations keep
 * their weight against it, whatever the number of quantiles. */
static Var td_loss(const Update *u, Shard *s, Var q)
{
    int n = s->now.states;
    Var q_td = tape_gather_rows(s->tape, q, s->td, n);
    size_t K = (size_t)u->d->net.values;
    bool quantiles = u->d->cfg.quantiles > 0;
    Var loss = (quantiles ? tape_quantile_huber : tape_huber)(s->tape, q_td, s->target, s->weight,
                                                              (float)u->d->cfg.huber_delta);

    s->td_sum = s->q_sum = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        double q_mean = mean(tape_value(s->tape, q_td) + i * K, K);
        double error = q_mean - mean(s->target + i * K, K);
        s->error[i] = (float)error;
        s->td_sum += fabs(error);
        s->q_sum += q_mean;
    }
    return tape_scale(s->tape, loss, (quantiles ? 2.0f : 1.0f) / (float)u->d->cfg.shards);
}

/* This shard's part of the mean over all demonstrated states of the batch. tape_mean() is over
 * quantiles too. */
static Var margin_loss(const Update *u, Shard *s, Var q)
{
    int n = s->n_margins;
    Var gap = tape_mean(s->tape, tape_sub(s->tape, tape_gather_rows(s->tape, q, s->rival, n),
                                          tape_gather_rows(s->tape, q, s->demo, n)));
    double share = (double)n / u->demos;
    s->margin_sum = share * ((double)*tape_value(s->tape, gap) + u->d->cfg.demo_margin);
    return tape_scale(s->tape, gap, (float)(share * u->demo_weight));
}

void shard_update(Update *u, int k)
{
    const Dqn *d = u->d;
    Shard *s = &u->shard[k];
    int S = d->cfg.batch / d->cfg.shards;
    size_t first = (size_t)k * (size_t)S, width = (size_t)d->net.spec.obs_floats;
    const ReplayBatch *b = &u->batch;

    s->error = u->error + first;
    s->weight = d->cfg.priority_alpha > 0 ? u->weight + first : NULL;
    qbatch_load(&s->next, &d->net, b->next_obs + first * width, S);
    compute_targets(u, s, b->ret + first, b->discount + first);
    qbatch_load(&s->now, &d->net, b->obs + first * width, S);
    if (d->cfg.gap > 0) widen_gaps(u, s, b->action + first);
    choose_pairs(u, s, b->action + first, b->demo + first);

    tape_reset(s->tape);
    Var q = qnet_forward(&d->net, s->tape, u->online, s->grad, &s->now, s->pair, s->n_pairs);
    Var loss = td_loss(u, s, q);
    s->margin_sum = 0;
    if (s->n_margins > 0) loss = tape_add(s->tape, loss, margin_loss(u, s, q));
    /* The tape leaves out the margin itself, a constant. */
    s->loss = (double)*tape_value(s->tape, loss) +
              u->demo_weight * d->cfg.demo_margin * s->n_margins / (u->demos ? u->demos : 1);
    tape_backward(s->tape, loss);
}
