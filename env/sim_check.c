/* sim_check.c -- is a block from a file one that the simulator could have written?
 * Checked to the last sub-job, so that what passes runs on without harm. */
#include "env/sim_internal.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

/* Times beyond this (over a hundred days) lose the microseconds. */
static const double LATEST_US = 1e13;
static const long JOBS_MOST = 1L << 40;

/* What a checker counts about the sub-jobs of one job. */
typedef struct Census {
    uint8_t *waiting; /* [max_subjobs] ready, queued or running: how often */
    uint8_t *blocked; /* [max_subjobs] predecessors that are not done */
} Census;

static bool subjob_exists(const Sim *sim, int job, int sub)
{
    if (job < 0 || job >= sim->cfg.max_jobs) return false;
    int net = sim->job[job].net;
    return net >= 0 && net < sim->sys->n_nets && sub >= 0 && sub < sim->sys->net[net].n_subjobs;
}

/* No sharing among n SAs slows anybody by more than n. */
static bool sa_ok(const Sim *sim, int sa)
{
    const Sa *s = &sim->st->sa[sa];
    if (!(s->limit > 0)) return false;
    if (s->job == -1) return true;
    if (!subjob_exists(sim, s->job, s->sub)) return false;
    const SubJobCost *c = cost_of(sim, s->job, s->sub, sa);
    return s->rate > 0.5 * SIM_THROTTLE_LEAST / SYS_MAX_SAS && s->rate <= 1 && s->left >= -1e-3 &&
           s->left <= c->latency_us && s->demand >= 0 &&
           s->demand <= 2 * sim->sys->dram_bytes_per_us;
}

static bool is_active(const Sim *sim, int job)
{
    int pos = sim->job[job].active_pos;
    return pos >= 0 && pos < sim->st->n_active && sim->active[pos] == job;
}

/* A waiting node that says where it is and is listed with its job. */
static bool node_ok(const Sim *sim, const WaitNode *n, int id, int place)
{
    if (n->place != place || !subjob_exists(sim, n->job, n->sub)) return false;
    const Job *j = &sim->job[n->job];
    bool ranked_by_admission = place == PLACE_READY && sim->cfg.rules.admission;
    int most_class = ranked_by_admission ? 1 : sim->cfg.classes - 1;
    if (!is_active(sim, n->job) || n->rank.priority_class < 0 ||
        n->rank.priority_class > most_class || n->rank.seq != j->seq)
        return false;
    if (n->job_prev == NODE_NONE ? j->first_waiting != id
                                 : n->job_prev < 0 || n->job_prev >= sim->max_waiting ||
                                       sim->node[n->job_prev].job_next != id)
        return false;
    if (n->job_next != NODE_NONE &&
        (n->job_next < 0 || n->job_next >= sim->max_waiting ||
         sim->node[n->job_next].job_prev != id || sim->node[n->job_next].job != n->job))
        return false;
    double cost_us = place == PLACE_READY ? 0 : cost_of(sim, n->job, n->sub, place)->latency_us;
    return !(n->cost_us < cost_us || n->cost_us > cost_us);
}

static bool tree_ok(const Sim *sim, int root, int place)
{
    if (root < 0) return true;
    const WaitNode *n = &sim->node[root];
    return node_ok(sim, n, root, place) && tree_ok(sim, n->left, place) &&
           tree_ok(sim, n->right, place);
}

/* Treaps of nodes, each in one place; then what is left is one chain of free nodes. */
static bool places_ok(const Sim *sim)
{
    const SimState *st = sim->st;
    int budget = sim->max_waiting;
    for (int m = PLACE_READY; m < sim->sys->n_sas; m++) {
        const Waiting *w = m == PLACE_READY ? &st->ready : &st->sa[m].queue;
        if (m != PLACE_READY && !sa_ok(sim, m)) return false;
        if (!waiting_check(sim->node, sim->max_waiting, w, &budget) ||
            !tree_ok(sim, w->hopeful, m) || !tree_ok(sim, w->hopeless, m))
            return false;
    }
    for (int id = st->free_node; id != NODE_NONE; id = sim->node[id].left)
        if (id < 0 || id >= sim->max_waiting || budget-- == 0) return false;
    return budget == 0;
}

/* The ready set's best, or none at the end. */
static bool candidate_ok(const Sim *sim)
{
    const SimState *st = sim->st;
    return st->candidate == (waiting_count(sim->node, &st->ready)
                                 ? waiting_best(sim->node, &st->ready, sim->cfg.rules.hopeless_last)
                                 : NODE_NONE);
}

static bool due_ok(const Sim *sim)
{
    const SimState *st = sim->st;
    if (st->n_due != (sim->cfg.firm ? st->n_active : 0)) return false;
    for (int i = 0; i < st->n_due; i++) {
        int job = sim->due[i], up = sim->due[i ? (i - 1) / 2 : 0];
        if (job < 0 || job >= sim->cfg.max_jobs || sim->job[job].due_pos != i ||
            !is_active(sim, job) || sim->job[up].deadline > sim->job[job].deadline)
            return false;
    }
    return true;
}

/* Node `id` of a job's list, which `previous` links to. */
static bool listed_ok(const Sim *sim, int job, int id, int previous)
{
    if (id < 0 || id >= sim->max_waiting) return false;
    const WaitNode *n = &sim->node[id];
    if (n->job != job || n->job_prev != previous || !subjob_exists(sim, job, n->sub) ||
        n->place < PLACE_READY || n->place >= sim->sys->n_sas)
        return false;
    const Waiting *w = n->place == PLACE_READY ? &sim->st->ready : &sim->st->sa[n->place].queue;
    return waiting_holds(sim->node, w, id);
}

/* False if the job's list is not one of nodes in their places. */
static bool count_waiting(const Sim *sim, int job, Census *c)
{
    int budget = sim->max_subjobs, previous = NODE_NONE;
    memset(c->waiting, 0, (size_t)sim->max_subjobs);
    for (int id = sim->job[job].first_waiting; id != NODE_NONE; id = sim->node[id].job_next) {
        if (budget-- == 0 || !listed_ok(sim, job, id, previous)) return false;
        c->waiting[sim->node[id].sub]++;
        previous = id;
    }
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (sim->st->sa[m].job == job) c->waiting[sim->st->sa[m].sub]++;
    return true;
}

/* Every sub-job is done, waits once, or is blocked by exactly its predecessors that are not done. */
static bool progress_ok(const Sim *sim, int job, Census *c)
{
    const SysNet *n = net_of(sim, job);
    const uint8_t *preds = sim->preds + (size_t)job * sim->max_subjobs;
    int left = 0, outstanding = 0;

    if (!count_waiting(sim, job, c)) return false;
    memset(c->blocked, 0, (size_t)sim->max_subjobs);
    for (int s = 0; s < n->n_subjobs; s++) {
        if (c->waiting[s] > (preds[s] == 0)) return false;
        outstanding += c->waiting[s];
        if (preds[s] == 0 && !c->waiting[s]) continue;
        left++;
        for (int e = n->first_succ[s]; e < n->first_succ[s + 1]; e++) c->blocked[n->succ[e]]++;
    }
    return memcmp(preds, c->blocked, (size_t)n->n_subjobs) == 0 && left > 0 &&
           sim->job[job].left == left && sim->job[job].outstanding == outstanding;
}

static bool jobs_ok(const Sim *sim, Census *c)
{
    int free_jobs = 0;
    for (int i = 0; i < sim->st->n_active; i++) {
        int id = sim->active[i];
        if (!subjob_exists(sim, id, 0)) return false;
        const Job *j = &sim->job[id];
        if (!workload_level_ok(&sim->st->wl, j->level) ||
            (j->given_up != 0 && (j->given_up != 1 || !sim->cfg.rules.admission)) ||
            j->active_pos != i || !isfinite(j->arrival) || !isfinite(j->deadline) ||
            !(j->last_end >= 0 && j->last_end <= sim->st->now) || !isfinite(j->rem) ||
            !isfinite(j->projected) || !progress_ok(sim, id, c))
            return false;
    }
    for (int m = 0; m < sim->sys->n_sas; m++) { /* what runs of a dropped job is its last */
        int id = sim->st->sa[m].job;
        if (id >= 0 && sim->job[id].active_pos < 0 &&
            (!sim->cfg.firm || sim->job[id].outstanding < 1))
            return false;
        if (id >= 0 && sim->job[id].active_pos >= 0 && !is_active(sim, id)) return false;
    }
    for (int id = sim->st->free_job; id != -1; id = sim->job[id].next_free) {
        if (id < 0 || id >= sim->cfg.max_jobs || free_jobs++ == sim->cfg.max_jobs) return false;
        for (int i = 0; i < sim->st->n_active; i++)
            if (sim->active[i] == id) return false;
    }
    return free_jobs + sim->st->n_active <= sim->cfg.max_jobs;
}

static bool clock_ok(const Sim *sim)
{
    const SimState *st = sim->st;
    const Workload *wl = &st->wl;
    bool more = st->arrived < workload_arrivals(wl);
    if (!(st->now >= 0 && st->now < LATEST_US) || st->arrived < 0) return false;
    if (wl->jobs < 0 || wl->warmup < 0 || wl->cooldown < 0 || wl->jobs > JOBS_MOST ||
        wl->warmup > JOBS_MOST || wl->cooldown > JOBS_MOST)
        return false;
    if (wl->levels < 0 || wl->levels > PRIORITY_LEVELS) return false;
    for (int k = 0; k < wl->levels; k++)
        if (!(wl->level_share[k] >= 0 && wl->level_share[k] <= 1)) return false;
    if (!(wl->rate_per_us > 1e3 / LATEST_US) || isinf(wl->rate_per_us)) return false;
    if (more && !(st->next_arrival < LATEST_US)) return false;
    if (more && !arrivals_state_ok(&st->coming, wl, sim->sys->n_nets, sim->cfg.trace)) return false;
    if (more != (isfinite(st->next_arrival) != 0) || !(st->next_arrival >= st->now)) return false;
    for (int i = 0; i < sim->sys->n_nets; i++)
        if (!(wl->share[i] >= 0 && wl->share[i] <= 1) || !isfinite(wl->deadline_us[i]))
            return false;
    for (int i = 0; i < sim->sys->n_nets; i++)
        if (!(wl->priority[i] >= 0) || isinf(wl->priority[i])) return false;
    if (sim->cfg.replan_us > 0)
        return isfinite(st->next_tick) && (st->candidate < 0 || st->next_tick >= st->now);
    return isinf(st->next_tick) && st->next_tick > 0;
}

static bool in_range(const JobCounts *c, long most)
{
    return c->issued >= 0 && c->met >= 0 && c->late >= 0 && c->dropped >= 0 && c->rejected >= 0 &&
           c->issued <= most && c->met <= most && c->late <= most && c->dropped <= most &&
           c->rejected <= most;
}

static bool counts_ok(const Sim *sim)
{
    const JobCounts *c = &sim->st->totals.all, *apart = &sim->st->totals.apart;
    long arrived = sim->st->arrived;
    return in_range(c, arrived) && in_range(apart, arrived) &&
           c->issued + apart->issued == arrived &&
           job_counts_ended(c) + job_counts_ended(apart) + sim->st->n_active == arrived;
}

Status sim_check_state(const Sim *sim, Err *err)
{
    const SimState *st = sim->st;
    Census c = {.waiting = mem_calloc((size_t)sim->max_subjobs, 1),
                .blocked = mem_calloc((size_t)sim->max_subjobs, 1)};
    bool memory = c.waiting && c.blocked;
    bool ok = memory && st->n_active >= 0 && st->n_active <= sim->cfg.max_jobs && clock_ok(sim) &&
              counts_ok(sim) && places_ok(sim) && candidate_ok(sim) && jobs_ok(sim, &c) &&
              due_ok(sim);
    mem_free(c.waiting);
    mem_free(c.blocked);
    if (!memory) return err_set(err, ST_NOMEM, "out of memory to check a simulator state");
    return ok ? ST_OK : err_set(err, ST_FORMAT, "the saved simulator state is not consistent");
}
