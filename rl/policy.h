/* policy.h -- a frozen policy: the evaluation copy of a learner, acting greedily.
 * Create it for a spec and the learner's configuration, fill policy_state()'s fields from a file,
 * then act. A Policy is read-only while it acts: any number of threads may share one, each with a
 * workspace of its own. */
#ifndef RELMAS_RL_POLICY_H
#define RELMAS_RL_POLICY_H

#include "rl/dqn.h"

typedef struct Policy Policy;

/* Uses the shape of cfg only, dqn_shape(). The weights are 0 until they are loaded. */
Status policy_create(Policy **out, const DqnConfig *cfg, const EnvSpec *spec, Err *err);
void policy_destroy(Policy *p); /* NULL allowed */
const QNet *policy_net(const Policy *p);
float *policy_weights(Policy *p); /* [qnet_params], borrowed; e.g. to copy dqn_weights() into */

/* Lists "/policy/W0", "/policy/b0", ... as dqn_state() does. */
void policy_state(Policy *p, StateList *list);
/* After loading: ST_FORMAT unless all weights are finite. */
Status policy_check(const Policy *p, Err *err);

/* The best valid action of obs[obs_floats], the lowest among equals. Does not allocate. work comes
 * from qbatch_create(work, policy_net(p), 1, err); afterwards work->action and work->q hold the
 * valid actions and their values. */
int policy_act(const Policy *p, QBatch *work, const float *obs);
/* The same, but `guide`, a valid action or -1 for none, unless the best is worth more by at least margin:
 * small differences of values are noise, and the guide's rule is not. */
int policy_act_beyond(const Policy *p, QBatch *work, const float *obs, int guide, double margin);

#endif
