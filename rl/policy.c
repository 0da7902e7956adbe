/* policy.c -- weights and a forward pass. */
#include "rl/policy.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>

struct Policy {
    QNet net;
    float *weights; /* [qnet_params] */
};

Status policy_create(Policy **out, const DqnConfig *cfg, const EnvSpec *spec, Err *err)
{
    Status st = ST_NOMEM;
    Policy *p = NULL;
    QNetShape shape = dqn_shape(cfg);

    *out = NULL;
    if (!(p = mem_calloc(1, sizeof *p))) goto fail;
    TRY(qnet_init(&p->net, spec, &shape, err));
    st = ST_NOMEM;
    if (!(p->weights = mem_calloc(qnet_params(&p->net), sizeof(float)))) goto fail;
    *out = p;
    return ST_OK;
fail:
    policy_destroy(p);
    return err_set(err, st, "policy: %s", status_text(st));
}

void policy_destroy(Policy *p)
{
    if (!p) return;
    mem_free(p->weights);
    mem_free(p);
}

const QNet *policy_net(const Policy *p)
{
    return &p->net;
}

float *policy_weights(Policy *p)
{
    return p->weights;
}

void policy_state(Policy *p, StateList *list)
{
    qnet_state(&p->net, "/policy", p->weights, list);
}

Status policy_check(const Policy *p, Err *err)
{
    for (size_t i = 0; i < qnet_params(&p->net); i++)
        if (!isfinite(p->weights[i]))
            return err_set(err, ST_FORMAT,
                           "\"/policy\" holds a weight that is not finite; the file is damaged");
    return ST_OK;
}

int policy_act(const Policy *p, QBatch *work, const float *obs)
{
    qbatch_load(work, &p->net, obs, 1);
    qnet_infer(&p->net, p->weights, work);
    int best = qbatch_argmax(work, 0);
    assert(best >= 0);
    return work->action[best];
}

int policy_act_beyond(const Policy *p, QBatch *work, const float *obs, int guide, double margin)
{
    int action = policy_act(p, work, obs);
    if (guide < 0 || action == guide) return action;
    double gain = (double)work->q[qbatch_find(work, 0, action)] -
                  (double)work->q[qbatch_find(work, 0, guide)];
    return gain >= margin ? action : guide;
}
