/* sim.c -- the event loop: arrivals, completions, re-planning ticks, deadlines of firm jobs.
 *
 * Reading order: the state (sim_internal.h), its layout in one block, ordering, the ready heap, the SA
 * queues, jobs, the clock, events, and last the public calls. */
#include "env/sim_internal.h"

#include "base/mem.h"
#include "env/bandwidth.h"
#include "env/dag.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double NEVER = HUGE_VAL;

const char *const QUEUE_ORDER_NAMES[] = {"fcfs", "edf", "llf", "srpt", "sjf", "dr", "plan", NULL};

static size_t block_bytes(const Sim *sim)
{
    size_t jobs = sim->cfg.max_jobs, waiting = sim->max_waiting;
    size_t bytes = sizeof(SimState) + waiting * (sizeof(Ready) + sizeof(Node)) +
                   jobs * (sizeof(Job) + sizeof(int) + sim->max_subjobs);
    return (bytes + 7) / 8 * 8;
}

static void lay_out(Sim *sim, void *block)
{
    sim->st = block;
    sim->job = (Job *)(sim->st + 1);
    sim->ready = (Ready *)(sim->job + sim->cfg.max_jobs);
    sim->node = (Node *)(sim->ready + sim->max_waiting);
    sim->active = (int *)(sim->node + sim->max_waiting);
    sim->preds = (uint8_t *)(sim->active + sim->cfg.max_jobs);
}

/* --- ordering --- */

static double order_key(const Sim *sim, QueueOrder order, const Job *j)
{
    switch (order) {
    case ORDER_FCFS:
        return j->arrival;
    case ORDER_EDF:
        return j->deadline;
    case ORDER_LLF:
        return j->deadline - j->rem; /* laxity, `now` being common to all */
    case ORDER_SRPT:
        return j->rem;
    case ORDER_SJF:
        return sim->sys->net[j->net].t_iso_us;
    case ORDER_DR:
        return j->deadline + j->rem;
    case ORDER_PLAN:
        return (double)sim->st->totals.decisions; /* made so far */
    }
    return 0;
}

static Rank rank_of(const Sim *sim, QueueOrder order, int job, int priority_class)
{
    const Job *j = &sim->job[job];
    return (Rank){.key = order_key(sim, order, j),
                  .hopeless_at = sim->cfg.rules.hopeless_last ? j->deadline - j->rem : NEVER,
                  .priority_class = priority_class,
                  .seq = j->seq};
}

/* Strict weak order, best first. `now` decides who is hopeless. */
static bool rank_before(const Rank *a, int sub_a, const Rank *b, int sub_b, double now)
{
    if (a->priority_class != b->priority_class) return a->priority_class < b->priority_class;
    bool lost_a = now > a->hopeless_at, lost_b = now > b->hopeless_at;
    if (lost_a != lost_b) return lost_b;
    if (a->key < b->key || a->key > b->key) return a->key < b->key;
    return a->seq != b->seq ? a->seq < b->seq : sub_a < sub_b;
}

/* --- ready heap: ranks are taken when a sub-job becomes ready --- */

static bool ready_before(const Sim *sim, int a, int b)
{
    const Ready *r = sim->ready;
    return rank_before(&r[a].rank, r[a].sub, &r[b].rank, r[b].sub, sim->st->now);
}

static void ready_swap(Sim *sim, int a, int b)
{
    Ready t = sim->ready[a];
    sim->ready[a] = sim->ready[b];
    sim->ready[b] = t;
}

static void ready_sift_down(Sim *sim, int i)
{
    for (;;) {
        int best = i, n = sim->st->n_ready;
        for (int k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
            if (ready_before(sim, k, best)) best = k;
        if (best == i) return;
        ready_swap(sim, i, best);
        i = best;
    }
}

static void ready_push(Sim *sim, int job, int sub)
{
    int i = sim->st->n_ready++;
    assert(i < sim->max_waiting);
    sim->ready[i] =
        (Ready){.rank = rank_of(sim, sim->cfg.rules.ready_order, job, 0), .job = job, .sub = sub};
    for (; i > 0 && ready_before(sim, i, (i - 1) / 2); i = (i - 1) / 2)
        ready_swap(sim, i, (i - 1) / 2);
}

static Ready ready_pop(Sim *sim)
{
    Ready top = sim->ready[0];
    sim->ready[0] = sim->ready[--sim->st->n_ready];
    ready_sift_down(sim, 0);
    return top;
}

/* Who is hopeless changes with time: restores the heap before a decision at a new instant. */
static void ready_restore(Sim *sim)
{
    for (int i = sim->st->n_ready / 2 - 1; i >= 0; i--) ready_sift_down(sim, i);
}

/* --- SA queues --- */

static void queue_insert(Sim *sim, int sa, int job, int sub, int priority_class)
{
    Sa *s = &sim->st->sa[sa];
    int id = sim->st->free_node;
    assert(id >= 0);
    Node *n = &sim->node[id];
    sim->st->free_node = n->next;
    n->rank = rank_of(sim, sim->cfg.rules.queue_order, job, priority_class);
    n->cost_us = cost_of(sim, job, sub, sa)->latency_us;
    n->job = job;
    n->sub = sub;
    n->next = s->head;
    s->head = id;
    s->queued++;
    s->queued_us += n->cost_us;
    sim->job[job].projected += n->cost_us - net_of(sim, job)->best_us[sub];
}

/* Takes the node at *link out of sa's queue and frees it. */
static Node queue_remove(Sim *sim, int sa, int *link)
{
    Sa *s = &sim->st->sa[sa];
    int id = *link;
    Node n = sim->node[id];
    *link = n.next;
    sim->node[id].next = sim->st->free_node;
    sim->st->free_node = id;
    s->queued--;
    s->queued_us = s->queued ? s->queued_us - n.cost_us : 0;
    return n;
}

/* Undoes the projection that queue_insert made. */
static void unproject(Sim *sim, const Node *n)
{
    sim->job[n->job].projected -= n->cost_us - net_of(sim, n->job)->best_us[n->sub];
}

/* Link to the best of sa's queue now. Queues are not sorted, since jobs that lose hope meanwhile
 * would break the order. */
static int *queue_best(Sim *sim, int sa)
{
    int *best = &sim->st->sa[sa].head;
    for (int *link = best; *link >= 0; link = &sim->node[*link].next) {
        const Node *a = &sim->node[*link], *b = &sim->node[*best];
        if (rank_before(&a->rank, a->sub, &b->rank, b->sub, sim->st->now)) best = link;
    }
    return best;
}

/* All that waits is ready again and ranked anew, what was ready before included. */
static void recall_queued(Sim *sim)
{
    for (int i = 0; i < sim->st->n_ready; i++)
        sim->ready[i].rank = rank_of(sim, sim->cfg.rules.ready_order, sim->ready[i].job, 0);
    ready_restore(sim);
    for (int m = 0; m < sim->sys->n_sas; m++) {
        while (sim->st->sa[m].head >= 0) {
            Node n = queue_remove(sim, m, &sim->st->sa[m].head);
            unproject(sim, &n);
            ready_push(sim, n.job, n.sub);
        }
    }
}

/* --- jobs --- */

static JobCounts *net_counts(Sim *sim, int net)
{
    return &sim->st->totals.net[net];
}

static void log_end(Sim *sim, int net, double arrival, double deadline, double energy, bool met,
                    bool dropped)
{
    if (!sim->log) return;
    sim->log[job_counts_ended(&sim->st->totals.all) - 1] = (JobRecord){.net = net,
                                                                       .met = met,
                                                                       .dropped = dropped,
                                                                       .arrival_us = arrival,
                                                                       .end_us = sim->st->now,
                                                                       .deadline_us = deadline,
                                                                       .energy_uj = energy};
}

static void release_subjob(Sim *sim, int job, int sub)
{
    sim->job[job].outstanding++;
    ready_push(sim, job, sub);
}

static void release_successors(Sim *sim, int job, int sub)
{
    const SysNet *n = net_of(sim, job);
    uint8_t *preds = sim->preds + (size_t)job * sim->max_subjobs;
    for (int e = n->first_succ[sub]; e < n->first_succ[sub + 1]; e++)
        if (--preds[n->succ[e]] == 0) release_subjob(sim, job, n->succ[e]);
}

static void start_job(Sim *sim, int id, int net)
{
    SimState *st = sim->st;
    const SysNet *n = &sim->sys->net[net];
    Job *j = &sim->job[id];
    st->free_job = j->next_free;
    *j = (Job){.arrival = st->now,
               .deadline = st->now + st->wl.deadline_us[net],
               .rem = n->rem_us,
               .projected = n->rem_us,
               .seq = (uint32_t)st->arrived,
               .net = net,
               .left = n->n_subjobs,
               .active_pos = st->n_active,
               .next_free = -1};
    sim->active[st->n_active++] = id;
    uint8_t *preds = sim->preds + (size_t)id * sim->max_subjobs;
    for (int s = 0; s < n->n_subjobs; s++) preds[s] = (uint8_t)n->n_preds[s];
    for (int s = 0; s < n->n_subjobs; s++)
        if (preds[s] == 0) release_subjob(sim, id, s);
}

static void leave_active(Sim *sim, int id)
{
    int pos = sim->job[id].active_pos, last = sim->active[--sim->st->n_active];
    sim->active[pos] = last;
    sim->job[last].active_pos = pos;
    sim->job[id].active_pos = -1;
}

static void free_job(Sim *sim, int id)
{
    sim->job[id].next_free = sim->st->free_job;
    sim->st->free_job = id;
}

static void finish_job(Sim *sim, int id)
{
    const Job *j = &sim->job[id];
    JobCounts *all = &sim->st->totals.all, *mine = net_counts(sim, j->net);
    bool met = sim->st->now <= j->deadline;
    if (met)
        all->met++, mine->met++;
    else
        all->late++, mine->late++;
    log_end(sim, j->net, j->arrival, j->deadline, j->energy, met, false);
    leave_active(sim, id);
    free_job(sim, id);
}

/* A firm job at its deadline: what waits is withdrawn; a running sub-job ends in its own time. */
static void drop_job(Sim *sim, int id)
{
    SimState *st = sim->st;
    Job *j = &sim->job[id];
    int kept = 0;
    for (int i = 0; i < st->n_ready; i++) {
        if (sim->ready[i].job == id)
            j->outstanding--;
        else
            sim->ready[kept++] = sim->ready[i];
    }
    st->n_ready = kept;
    ready_restore(sim);
    for (int m = 0; m < sim->sys->n_sas; m++) {
        int *link = &st->sa[m].head;
        while (*link >= 0) {
            if (sim->node[*link].job == id)
                queue_remove(sim, m, link), j->outstanding--;
            else
                link = &sim->node[*link].next;
        }
    }
    st->totals.all.dropped++;
    net_counts(sim, j->net)->dropped++;
    log_end(sim, j->net, j->arrival, j->deadline, j->energy, false, true);
    leave_active(sim, id);
    if (j->outstanding == 0) free_job(sim, id);
}

/* --- the clock --- */

static void share_bandwidth(Sim *sim)
{
    double demand[SYS_MAX_SAS], rate[SYS_MAX_SAS];
    int n = sim->sys->n_sas;
    for (int m = 0; m < n; m++) demand[m] = sim->st->sa[m].demand; /* 0 when idle */
    if (sim->cfg.arbitration == ARBITRATION_MAX_MIN)
        bandwidth_max_min(demand, n, sim->sys->dram_bytes_per_us, rate);
    else
        bandwidth_proportional(demand, n, sim->sys->dram_bytes_per_us, rate);
    for (int m = 0; m < n; m++) sim->st->sa[m].rate = rate[m];
    sim->st->rates_stale = 0;
}

static void advance_to(Sim *sim, double t)
{
    SimState *st = sim->st;
    double dt = t - st->now;
    st->now = t;
    if (dt <= 0) return;
    for (int m = 0; m < sim->sys->n_sas; m++) {
        Sa *s = &st->sa[m];
        if (s->job < 0) continue;
        double work = s->rate * dt;
        s->left -= work;
        sim->job[s->job].projected -= work;
        st->totals.bytes_moved += s->demand * work;
        st->totals.busy_us[m] += dt;
    }
}

static void start_on(Sim *sim, int sa)
{
    Sa *s = &sim->st->sa[sa];
    Node n = queue_remove(sim, sa, queue_best(sim, sa));
    s->job = n.job;
    s->sub = n.sub;
    s->left = n.cost_us;
    s->demand = cost_of(sim, n.job, n.sub, sa)->bytes / n.cost_us;
    sim->st->totals.started++;
    sim->st->rates_stale = 1;
}

static void start_idle(Sim *sim)
{
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (sim->st->sa[m].job < 0 && sim->st->sa[m].queued) start_on(sim, m);
    if (sim->st->rates_stale) share_bandwidth(sim);
}

/* --- events --- */

static void complete(Sim *sim, int sa)
{
    SimState *st = sim->st;
    Sa *s = &st->sa[sa];
    int id = s->job, sub = s->sub;
    Job *j = &sim->job[id];
    const SysNet *n = net_of(sim, id);
    double uj = cost_of(sim, id, sub, sa)->energy_uj;

    st->totals.energy_uj += uj;
    st->totals.bytes_moved += s->demand * s->left; /* rounding of the last interval, about 1e-16 */
    j->energy += uj;
    j->projected -= s->left;
    j->rem = j->left == 1 ? 0 : j->rem - n->best_us[sub];
    j->left--;
    j->outstanding--;
    *s =
        (Sa){.job = -1, .rate = 1, .queued_us = s->queued_us, .head = s->head, .queued = s->queued};
    st->rates_stale = 1;
    if (j->active_pos >= 0) {
        release_successors(sim, id, sub);
        if (j->left == 0) finish_job(sim, id);
    } else if (j->outstanding == 0) { /* dropped while this ran */
        free_job(sim, id);
    }
    if (sim->cfg.rules.replan_on_events) recall_queued(sim);
}

static int draw_network(Sim *sim)
{
    double u = rng_uniform(&sim->st->rng);
    int net = 0;
    while (net < sim->sys->n_nets - 1 && u >= sim->st->wl.share[net]) u -= sim->st->wl.share[net++];
    while (sim->st->wl.share[net] <= 0 && net > 0) net--; /* rounding at the end of the shares */
    return net;
}

static void schedule_arrival(Sim *sim)
{
    SimState *st = sim->st;
    st->next_arrival = st->arrived < st->wl.jobs
                           ? st->now + rng_exponential(&st->rng, 1.0 / st->wl.rate_per_us)
                           : NEVER;
}

static void arrive(Sim *sim)
{
    SimState *st = sim->st;
    int net = draw_network(sim);
    st->totals.all.issued++;
    net_counts(sim, net)->issued++;
    if (st->next_tick < st->now) /* no ticks while the system was empty */
        st->next_tick = (floor(st->now / sim->cfg.replan_us) + 1) * sim->cfg.replan_us;
    if (st->free_job >= 0) {
        start_job(sim, st->free_job, net);
        if (sim->cfg.rules.replan_on_events) recall_queued(sim);
    } else {
        st->totals.all.rejected++;
        net_counts(sim, net)->rejected++;
        log_end(sim, net, st->now, st->now + st->wl.deadline_us[net], 0, false, true);
    }
    st->arrived++;
    schedule_arrival(sim);
}

static void tick(Sim *sim)
{
    recall_queued(sim);
    sim->st->next_tick += sim->cfg.replan_us;
}

/* Earliest completion; *sa says where. NEVER if nothing runs. */
static double next_completion(const Sim *sim, int *sa)
{
    double best = NEVER;
    for (int m = 0; m < sim->sys->n_sas; m++) {
        const Sa *s = &sim->st->sa[m];
        if (s->job < 0) continue;
        double t = sim->st->now + (s->left > 0 ? s->left / s->rate : 0);
        if (t < best) best = t, *sa = m;
    }
    return best;
}

/* Earliest deadline of a firm job; *job says whose. */
static double next_deadline(const Sim *sim, int *job)
{
    double best = NEVER;
    for (int i = 0; sim->cfg.firm && i < sim->st->n_active; i++) {
        double t = sim->job[sim->active[i]].deadline;
        if (t < best) best = t, *job = sim->active[i];
    }
    return best;
}

/* Starts what can start, then handles the next event at or before `limit`; false if there is none.
 * At equal times: completion, deadline, arrival, tick. */
static bool next_event(Sim *sim, double limit)
{
    SimState *st = sim->st;
    int sa = -1, job = -1;
    start_idle(sim);
    double done = next_completion(sim, &sa), late = next_deadline(sim, &job), t = fmin(done, late);
    t = fmin(t, st->next_arrival);
    if (st->n_active > 0) t = fmin(t, st->next_tick);
    if (isinf(t) || t > limit) return false;
    advance_to(sim, t);
    st->asked = 0;
    if (t >= done)
        complete(sim, sa);
    else if (t >= late)
        drop_job(sim, job);
    else if (t >= st->next_arrival)
        arrive(sim);
    else
        tick(sim);
    return true;
}

/* Is a decision due at this instant? */
static bool decision_due(const Sim *sim)
{
    if (sim->st->n_ready == 0) return false;
    if (!sim->cfg.rules.replan_on_events) return true;
    if (sim->cfg.rules.window && sim->st->asked >= sim->cfg.rules.window) return false;
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (sim->st->sa[m].job < 0 && sim->st->sa[m].queued == 0) return true;
    return false;
}

/* Runs to the next decision or to the end of the episode. */
static void settle(Sim *sim)
{
    SimState *st = sim->st;
    double before = st->now;
    while (!decision_due(sim)) {
        if (!next_event(sim, NEVER)) {
            assert(st->n_active == 0);
            st->over = 1;
            return;
        }
    }
    if (st->now > before) ready_restore(sim);
}

/* --- public --- */

static Status check_config(const System *sys, const SimConfig *cfg, Err *err)
{
    if (cfg->max_jobs < 1 || cfg->max_jobs > 1 << 20)
        return err_set(err, ST_CONFIG, "max_jobs must be in 1..1048576, got %d", cfg->max_jobs);
    if (cfg->classes < 1 || cfg->classes > 4)
        return err_set(err, ST_CONFIG, "classes must be in 1..4, got %d", cfg->classes);
    if (!(cfg->replan_us >= 0 && cfg->decision_us >= 0) || isinf(cfg->decision_us))
        return err_set(err, ST_CONFIG, "replan_us and decision_us must be 0 or more and finite");
    if (cfg->replan_us > 0 && cfg->replan_us < SYS_LEAST_REPLAN_US)
        return err_set(err, ST_CONFIG, "replan_us must be 0 (never) or at least %g, got %g",
                       SYS_LEAST_REPLAN_US, cfg->replan_us);
    for (int i = 0; i < sys->n_nets; i++)
        for (int s = 0; s < sys->net[i].n_subjobs; s++)
            if (sys->net[i].n_preds[s] > 255)
                return err_set(err, ST_CONFIG, "network '%s': a sub-job has over 255 predecessors",
                               sys->net[i].name);
    return ST_OK;
}

static Status measure(Sim *sim, Err *err)
{
    int widest = 1;
    for (int i = 0; i < sim->sys->n_nets; i++) {
        const SysNet *n = &sim->sys->net[i];
        int width;
        Status st = dag_width(n->n_subjobs, n->first_succ, n->succ, &width, err);
        if (st != ST_OK) return st;
        if (width > widest) widest = width;
        if (n->n_subjobs > sim->max_subjobs) sim->max_subjobs = n->n_subjobs;
    }
    sim->max_waiting = sim->cfg.max_jobs * widest;
    return ST_OK;
}

Status sim_create(Sim **out, const System *sys, const SimConfig *cfg, size_t user_bytes, Err *err)
{
    Status st;
    Sim *sim = NULL;
    void *block;

    *out = NULL;
    TRY(check_config(sys, cfg, err));
    st = ST_NOMEM;
    if (!(sim = mem_calloc(1, sizeof *sim))) goto fail;
    sim->sys = sys;
    sim->cfg = *cfg;
    TRY(measure(sim, err));
    st = ST_NOMEM;
    sim->own_bytes = block_bytes(sim);
    sim->bytes = sim->own_bytes + user_bytes;
    if (!(block = mem_calloc(1, sim->bytes))) goto fail;
    lay_out(sim, block);
    sim->st->over = 1;
    *out = sim;
    return ST_OK;
fail:
    sim_destroy(sim);
    return err_set(err, st, "simulator: %s", status_text(st));
}

void sim_destroy(Sim *sim)
{
    if (!sim) return;
    mem_free(sim->st);
    mem_free(sim);
}

void sim_reset(Sim *sim, const Workload *wl, uint64_t seed)
{
    SimState *st = sim->st;
    assert(wl->rate_per_us > 0 && wl->jobs >= 0);
    memset(st, 0, sim->own_bytes);
    rng_seed(&st->rng, seed, 0);
    st->wl = *wl;
    st->next_tick = sim->cfg.replan_us > 0 ? sim->cfg.replan_us : NEVER;
    for (int m = 0; m < SYS_MAX_SAS; m++) st->sa[m] = (Sa){.job = -1, .rate = 1, .head = -1};
    for (int i = 0; i < sim->cfg.max_jobs; i++)
        sim->job[i].next_free = i + 1 < sim->cfg.max_jobs ? i + 1 : -1;
    for (int i = 0; i < sim->max_waiting; i++)
        sim->node[i].next = i + 1 < sim->max_waiting ? i + 1 : -1;
    schedule_arrival(sim);
    settle(sim);
}

void sim_clone(Sim *dst, const Sim *src)
{
    assert(dst->bytes == src->bytes && dst->sys == src->sys);
    memcpy(dst->st, src->st, src->bytes);
}

void *sim_user(Sim *sim)
{
    return (uint8_t *)sim->st + sim->own_bytes;
}

void sim_set_log(Sim *sim, JobRecord *log)
{
    sim->log = log;
}

bool sim_candidate(const Sim *sim, Candidate *c)
{
    if (sim->st->over) return false;
    const Ready *r = &sim->ready[0];
    *c = (Candidate){.job = r->job, .sub = r->sub, .net = sim->job[r->job].net};
    return true;
}

void sim_commit(Sim *sim, int sa, int priority_class)
{
    SimState *st = sim->st;
    assert(!st->over && sa >= 0 && sa < sim->sys->n_sas);
    assert(priority_class >= 0 && priority_class < sim->cfg.classes);
    Ready r = ready_pop(sim);
    st->totals.decisions++;
    st->asked++;
    if (sim->cfg.decision_us > 0) { /* the world goes on while the scheduler thinks */
        double until = st->now + sim->cfg.decision_us;
        while (next_event(sim, until)) continue;
        advance_to(sim, until);
        ready_restore(sim);
    }
    if (sim->job[r.job].active_pos >= 0)
        queue_insert(sim, sa, r.job, r.sub, priority_class);
    else if (--sim->job[r.job].outstanding == 0) /* dropped meanwhile */
        free_job(sim, r.job);
    settle(sim);
}

const System *sim_system(const Sim *sim)
{
    return sim->sys;
}

const SimConfig *sim_config(const Sim *sim)
{
    return &sim->cfg;
}

const SimTotals *sim_totals(const Sim *sim)
{
    return &sim->st->totals;
}

double sim_now(const Sim *sim)
{
    return sim->st->now;
}

int sim_jobs_in_system(const Sim *sim)
{
    return sim->st->n_active;
}

int sim_ready_count(const Sim *sim)
{
    return sim->st->n_ready;
}

void sim_job(const Sim *sim, int job, JobView *out)
{
    const Job *j = &sim->job[job];
    *out = (JobView){.net = j->net,
                     .arrival_us = j->arrival,
                     .deadline_us = j->deadline,
                     .rem_us = j->rem,
                     .projected_us = j->projected,
                     .subjobs_left = j->left,
                     .outstanding = j->outstanding};
}

const int *sim_active(const Sim *sim)
{
    return sim->active;
}

void sim_sa(const Sim *sim, int sa, SaView *out)
{
    const Sa *s = &sim->st->sa[sa];
    *out = (SaView){.busy = s->job >= 0,
                    .left_us = s->left,
                    .demand = s->demand,
                    .rate = s->rate,
                    .queued = s->queued,
                    .queued_us = s->queued_us};
}

void sim_quote(const Sim *sim, int sa, int priority_class, Quote *out)
{
    const SimState *st = sim->st;
    const Sa *s = &st->sa[sa];
    const Ready *r = &sim->ready[0];
    const SubJobCost *c = cost_of(sim, r->job, r->sub, sa);
    Rank rank = rank_of(sim, sim->cfg.rules.queue_order, r->job, priority_class);
    Quote q = {.cost_us = c->latency_us,
               .bytes = c->bytes,
               .energy_uj = c->energy_uj,
               .wait_us = s->left,
               .min_laxity_us = 1e30};

    if (sim->cfg.rules.queue_order == ORDER_PLAN) rank.key = (double)st->totals.decisions + 1;
    for (int id = s->head; id >= 0; id = sim->node[id].next) {
        const Node *n = &sim->node[id];
        if (rank_before(&n->rank, n->sub, &rank, r->sub, st->now)) {
            q.wait_us += n->cost_us;
            continue;
        }
        const Job *j = &sim->job[n->job];
        double laxity = j->deadline - st->now - j->rem;
        q.behind++;
        q.behind_us += n->cost_us;
        if (laxity < 0) continue;
        q.endangered += laxity < c->latency_us;
        q.min_laxity_us = fmin(q.min_laxity_us, laxity);
    }
    *out = q;
}

void *sim_state(Sim *sim, size_t *bytes)
{
    *bytes = sim->bytes;
    return sim->st;
}
