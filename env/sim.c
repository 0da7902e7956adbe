/* sim.c -- the event loop: arrivals, completions, re-planning ticks, deadlines of firm jobs.
 *
 * Reading order: the state (sim_internal.h), its layout in one block, what waits where (in treaps,
 * waiting_internal.h), jobs, deadlines of firm jobs, the clock, events, and last the public calls. */
#include "env/sim_internal.h"

#include "base/mem.h"
#include "env/bandwidth.h"
#include "env/dag.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double NEVER = HUGE_VAL;

const char *const QUEUE_ORDER_NAMES[] = {"fcfs", "edf",  "llf",   "srpt", "sjf",
                                         "dr",   "plan", "given", NULL};

static size_t block_bytes(size_t jobs, size_t max_subjobs, size_t max_waiting, bool admission)
{
    size_t bytes = sizeof(SimState) + max_waiting * sizeof(WaitNode) +
                   jobs * (sizeof(Job) + 2 * sizeof(int) + max_subjobs) +
                   (admission ? jobs * sizeof(AdmissionJob) : 0);
    return (bytes + 7) / 8 * 8;
}

static void lay_out(Sim *sim, void *block)
{
    sim->st = block;
    sim->job = (Job *)(sim->st + 1);
    sim->node = (WaitNode *)(sim->job + sim->cfg.max_jobs);
    sim->admission = (AdmissionJob *)(sim->node + sim->max_waiting);
    sim->active = (int *)(sim->admission + (sim->cfg.rules.admission ? sim->cfg.max_jobs : 0));
    sim->due = sim->active + sim->cfg.max_jobs;
    sim->preds = (uint8_t *)(sim->due + sim->cfg.max_jobs);
}

/* --- ordering --- */

/* What a job is taken to need yet, by itself. */
static double needs_us(const Sim *sim, const Job *j)
{
    return (1 + sim->cfg.rules.weight.own) * j->rem;
}

static double hopeless_at(const Sim *sim, const Job *j)
{
    return j->deadline - needs_us(sim, j);
}

static double order_key(const Sim *sim, QueueOrder order, const Job *j)
{
    switch (order) {
    case ORDER_FCFS:
        return j->arrival;
    case ORDER_EDF:
        return j->deadline + sim->cfg.rules.weight.order * j->rem;
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
    case ORDER_GIVEN:
        break;
    }
    return 0;
}

static Rank rank_of(const Sim *sim, QueueOrder order, int job, int priority_class)
{
    const Job *j = &sim->job[job];
    return (Rank){.key = order_key(sim, order, j),
                  .hopeless_at = hopeless_at(sim, j),
                  .priority_class = priority_class,
                  .seq = j->seq};
}

/* --- what waits where --- */

static Waiting *place_of(Sim *sim, int place)
{
    return place == PLACE_READY ? &sim->st->ready : &sim->st->sa[place].queue;
}

/* Ranks the node for its place and puts it there. given: the key of ORDER_GIVEN. */
static void put(Sim *sim, int node, int place, int priority_class, double given)
{
    WaitNode *n = &sim->node[node];
    bool ready = place == PLACE_READY;
    const SchedRules *rules = &sim->cfg.rules;
    n->place = place;
    n->cost_us = ready ? 0 : cost_of(sim, n->job, n->sub, place)->latency_us;
    n->rank = rank_of(sim, ready ? rules->ready_order : rules->queue_order, n->job, priority_class);
    if (ready) {
        n->rank.priority_class = sim->job[n->job].given_up;
    } else {
        if (rules->queue_order == ORDER_GIVEN) n->rank.key = given;
        sim->job[n->job].projected += n->cost_us - net_of(sim, n->job)->best_us[n->sub];
    }
    waiting_insert(sim->node, place_of(sim, place), node, sim->st->now);
}

static void take(Sim *sim, int node)
{
    const WaitNode *n = &sim->node[node];
    waiting_remove(sim->node, place_of(sim, n->place), node);
}

/* Takes it out of a queue as if it had not been placed. */
static void recall(Sim *sim, int node)
{
    const WaitNode *n = &sim->node[node];
    take(sim, node);
    sim->job[n->job].projected -= n->cost_us - net_of(sim, n->job)->best_us[n->sub];
}

/* A node of the pool for a sub-job, listed with its job. */
static int node_open(Sim *sim, int job, int sub)
{
    int id = sim->st->free_node, next = sim->job[job].first_waiting;
    assert(id >= 0);
    sim->st->free_node = sim->node[id].left;
    sim->node[id] = (WaitNode){.job = job, .sub = sub, .job_next = next, .job_prev = NODE_NONE};
    if (next >= 0) sim->node[next].job_prev = id;
    sim->job[job].first_waiting = id;
    return id;
}

static void node_close(Sim *sim, int id)
{
    const WaitNode *n = &sim->node[id];
    if (n->job_prev >= 0)
        sim->node[n->job_prev].job_next = n->job_next;
    else
        sim->job[n->job].first_waiting = n->job_next;
    if (n->job_next >= 0) sim->node[n->job_next].job_prev = n->job_prev;
    sim->node[id].left = sim->st->free_node;
    sim->st->free_node = id;
}

/* What a job has ready is ranked anew. */
static void rank_ready_anew(Sim *sim, int job)
{
    for (int id = sim->job[job].first_waiting; id >= 0; id = sim->node[id].job_next) {
        if (sim->node[id].place != PLACE_READY) continue;
        take(sim, id);
        put(sim, id, PLACE_READY, 0, 0);
    }
}

/* All that is queued is ready again. */
static void recall_queued(Sim *sim)
{
    for (int m = 0; m < sim->sys->n_sas; m++) {
        const Waiting *q = &sim->st->sa[m].queue;
        while (q->hopeful >= 0 || q->hopeless >= 0) {
            int id = q->hopeful >= 0 ? q->hopeful : q->hopeless;
            recall(sim, id);
            put(sim, id, PLACE_READY, 0, 0);
        }
    }
}

/* Time has passed: who is hopeless now? */
static void lose_hope(Sim *sim)
{
    waiting_lose_hope(sim->node, &sim->st->ready, sim->st->now);
    for (int m = 0; m < sim->sys->n_sas; m++)
        waiting_lose_hope(sim->node, &sim->st->sa[m].queue, sim->st->now);
}

static void set_given_up(Sim *sim, int job, bool given_up)
{
    if (sim->job[job].given_up == given_up) return;
    sim->job[job].given_up = given_up;
    rank_ready_anew(sim, job);
}

/* What is left of a job by its own SAs, and what that takes of the others' time. */
static AdmissionJob applicant(const Sim *sim, int id)
{
    const RuleWeights *w = &sim->cfg.rules.weight;
    const Job *j = &sim->job[id];
    double needs = needs_us(sim, j),
           dram_us = j->rem * net_of(sim, id)->demand / sim->sys->dram_bytes_per_us;
    return (AdmissionJob){.slack_us = j->deadline - sim->st->now,
                          .rem_us = needs,
                          .load_us = (1 + w->ahead) * needs + w->bulk * dram_us,
                          .id = id,
                          .seq = j->seq};
}

/* Who is worth an SA's time? Hopeless jobs are not. */
static void review_admission(Sim *sim)
{
    AdmissionJob *a = sim->admission;
    int n = 0;
    for (int i = 0; i < sim->st->n_active; i++) {
        int id = sim->active[i];
        if (sim->st->now > hopeless_at(sim, &sim->job[id]))
            set_given_up(sim, id, true);
        else
            a[n++] = applicant(sim, id);
    }
    admission_choose(a, n, sim->sys->n_sas);
    for (int i = 0; i < n; i++) set_given_up(sim, a[i].id, !a[i].admitted);
}

/* --- deadlines of firm jobs: a binary heap --- */

static bool due_before(const Sim *sim, int a, int b)
{
    const Job *x = &sim->job[a], *y = &sim->job[b];
    return x->deadline < y->deadline || (x->deadline <= y->deadline && x->seq < y->seq);
}

static void due_set(Sim *sim, int pos, int job)
{
    sim->due[pos] = job;
    sim->job[job].due_pos = pos;
}

/* Moves the job at pos to where it belongs. */
static void due_sift(Sim *sim, int pos)
{
    int job = sim->due[pos], n = sim->st->n_due;
    for (; pos > 0 && due_before(sim, job, sim->due[(pos - 1) / 2]); pos = (pos - 1) / 2)
        due_set(sim, pos, sim->due[(pos - 1) / 2]);
    for (int child; (child = 2 * pos + 1) < n; pos = child) {
        if (child + 1 < n && due_before(sim, sim->due[child + 1], sim->due[child])) child++;
        if (!due_before(sim, sim->due[child], job)) break;
        due_set(sim, pos, sim->due[child]);
    }
    due_set(sim, pos, job);
}

static void due_insert(Sim *sim, int job)
{
    due_set(sim, sim->st->n_due++, job);
    due_sift(sim, sim->job[job].due_pos);
}

static void due_remove(Sim *sim, int job)
{
    int pos = sim->job[job].due_pos, last = sim->due[--sim->st->n_due];
    sim->job[job].due_pos = -1;
    if (last == job) return;
    due_set(sim, pos, last);
    due_sift(sim, pos);
}

/* --- jobs --- */

/* Is the n-th arrival one of those that count? */
static bool counts(const Sim *sim, long n)
{
    const Workload *wl = &sim->st->wl;
    return n >= wl->warmup && n < wl->warmup + wl->jobs;
}

typedef enum { ISSUED, MET, LATE, DROPPED, REJECTED } Fate;

static void count(JobCounts *c, Fate fate)
{
    c->issued += fate == ISSUED;
    c->met += fate == MET;
    c->late += fate == LATE;
    c->dropped += fate == DROPPED;
    c->rejected += fate == REJECTED;
}

/* The n-th arrival, of network net, with its priority's level. */
static void count_job(Sim *sim, long n, int net, int level, Fate fate)
{
    SimTotals *t = &sim->st->totals;
    if (!counts(sim, n)) {
        count(&t->apart, fate);
        return;
    }
    count(&t->all, fate);
    count(&t->net[net], fate);
    if (level >= 0) count(&t->level[level], fate);
}

static void tell_left(Sim *sim, const JobRecord *record)
{
    if (sim->watch && sim->watch->leave) sim->watch->leave(sim->watch->ctx, sim, record);
}

static void tell_job_left(Sim *sim, int id, bool met, bool dropped)
{
    const Job *j = &sim->job[id];
    tell_left(sim, &(JobRecord){.job = id,
                                .net = j->net,
                                .level = j->level,
                                .counted = counts(sim, j->seq),
                                .met = met,
                                .dropped = dropped,
                                .arrival_us = j->arrival,
                                .end_us = sim->st->now,
                                .deadline_us = j->deadline,
                                .energy_uj = j->energy});
}

static void release_subjob(Sim *sim, int job, int sub)
{
    sim->job[job].outstanding++;
    put(sim, node_open(sim, job, sub), PLACE_READY, 0, 0);
}

static void release_successors(Sim *sim, int job, int sub)
{
    const SysNet *n = net_of(sim, job);
    uint8_t *preds = sim->preds + (size_t)job * sim->max_subjobs;
    for (int e = n->first_succ[sub]; e < n->first_succ[sub + 1]; e++)
        if (--preds[n->succ[e]] == 0) release_subjob(sim, job, n->succ[e]);
}

/* What is coming takes a free slot. */
static void start_job(Sim *sim, int id)
{
    SimState *st = sim->st;
    int net = st->coming.net;
    const SysNet *n = &sim->sys->net[net];
    Job *j = &sim->job[id];
    st->free_job = j->next_free;
    *j = (Job){.arrival = st->now,
               .deadline = st->now + st->wl.deadline_us[net],
               .rem = n->rem_us,
               .projected = n->rem_us,
               .last_end = st->now,
               .seq = (uint32_t)st->arrived,
               .net = (int16_t)net,
               .level = (int8_t)st->coming.level,
               .left = n->n_subjobs,
               .active_pos = st->n_active,
               .next_free = -1,
               .first_waiting = NODE_NONE,
               .due_pos = -1};
    sim->active[st->n_active++] = id;
    if (sim->cfg.firm) due_insert(sim, id);
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
    if (sim->cfg.firm) due_remove(sim, id);
}

static void free_job(Sim *sim, int id)
{
    sim->job[id].next_free = sim->st->free_job;
    sim->st->free_job = id;
}

static void finish_job(Sim *sim, int id)
{
    const Job *j = &sim->job[id];
    bool met = sim->st->now <= j->deadline;
    count_job(sim, j->seq, j->net, j->level, met ? MET : LATE);
    tell_job_left(sim, id, met, false);
    leave_active(sim, id);
    free_job(sim, id);
}

/* A firm job at its deadline: what waits is withdrawn; a running sub-job ends in its own time. */
static void drop_job(Sim *sim, int id)
{
    Job *j = &sim->job[id];
    while (j->first_waiting >= 0) {
        int node = j->first_waiting;
        take(sim, node);
        node_close(sim, node);
        j->outstanding--;
    }
    count_job(sim, j->seq, j->net, j->level, DROPPED);
    tell_job_left(sim, id, false, true);
    leave_active(sim, id);
    if (j->outstanding == 0) free_job(sim, id);
}

/* --- the clock --- */

/* What it may ask for. */
static double throttled(const Sa *s)
{
    return fmin(s->demand, fmax(s->limit, SIM_THROTTLE_LEAST * s->demand));
}

static void share_bandwidth(Sim *sim)
{
    double demand[SYS_MAX_SAS], rate[SYS_MAX_SAS];
    int n = sim->sys->n_sas;
    for (int m = 0; m < n; m++) demand[m] = throttled(&sim->st->sa[m]); /* 0 when idle */
    if (sim->cfg.arbitration == ARBITRATION_MAX_MIN)
        bandwidth_max_min(demand, n, sim->sys->dram_bytes_per_us, rate);
    else
        bandwidth_proportional(demand, n, sim->sys->dram_bytes_per_us, rate);
    for (int m = 0; m < n; m++) {
        Sa *s = &sim->st->sa[m];
        s->rate = demand[m] < s->demand ? rate[m] * (demand[m] / s->demand) : rate[m];
    }
    sim->st->rates_stale = 0;
}

static void advance_to(Sim *sim, double t)
{
    SimState *st = sim->st;
    double dt = t - st->now;
    if (dt > 0 && sim->watch && sim->watch->advance) sim->watch->advance(sim->watch->ctx, sim, t);
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
    waiting_lose_hope(sim->node, &s->queue, sim->st->now);
    int id = waiting_best(sim->node, &s->queue, sim->cfg.rules.hopeless_last);
    const WaitNode *n = &sim->node[id];
    s->job = n->job;
    s->sub = n->sub;
    s->left = n->cost_us;
    s->demand = cost_of(sim, n->job, n->sub, sa)->bytes / n->cost_us;
    take(sim, id);
    node_close(sim, id);
    sim->st->totals.started++;
    sim->st->rates_stale = 1;
    if (sim->watch && sim->watch->start)
        sim->watch->start(sim->watch->ctx, sim, sa, s->job, s->sub);
}

static void start_idle(Sim *sim)
{
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (sim->st->sa[m].job < 0 && waiting_count(sim->node, &sim->st->sa[m].queue))
            start_on(sim, m);
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

    if (sim->watch && sim->watch->end) sim->watch->end(sim->watch->ctx, sim, sa, id, sub);
    st->totals.energy_uj += uj;
    st->totals.net_energy_uj[j->net] += uj;
    st->totals.bytes_moved += s->demand * s->left; /* rounding of the last interval, about 1e-16 */
    j->energy += uj;
    j->last_end = st->now;
    j->projected -= s->left;
    j->rem = j->left == 1 ? 0 : j->rem - n->best_us[sub];
    j->left--;
    j->outstanding--;
    *s = (Sa){.job = -1, .rate = 1, .limit = s->limit, .queue = s->queue};
    st->rates_stale = 1;
    if (j->active_pos >= 0) {
        if (sim->cfg.rules.replan_on_events) rank_ready_anew(sim, id); /* rem has changed */
        release_successors(sim, id, sub);
        if (j->left == 0) finish_job(sim, id);
    } else if (j->outstanding == 0) { /* dropped while this ran */
        free_job(sim, id);
    }
    if (sim->cfg.rules.replan_on_events) recall_queued(sim);
}

static void expect_arrival(Sim *sim)
{
    SimState *st = sim->st;
    int n = sim->sys->n_nets;
    st->next_arrival = NEVER;
    if (st->arrived == workload_arrivals(&st->wl)) return;
    if (st->arrived == 0)
        arrivals_start(&st->coming, &st->wl, n, sim->cfg.trace, &st->rng);
    else
        arrivals_next(&st->coming, &st->wl, n, sim->cfg.trace, &st->rng);
    st->next_arrival = st->coming.next_us;
}

/* Times of a damaged state may be so long that a period adds nothing to them: ticks would never end. */
static void set_tick(Sim *sim, double us)
{
    sim->st->next_tick = us + sim->cfg.replan_us > us ? us : NEVER;
}

static void arrive(Sim *sim)
{
    SimState *st = sim->st;
    int net = st->coming.net, level = st->coming.level;
    count_job(sim, st->arrived, net, level, ISSUED);
    st->totals.net_arrived[net]++;
    if (st->next_tick < st->now) /* no ticks while the system was empty */
        set_tick(sim, (floor(st->now / sim->cfg.replan_us) + 1) * sim->cfg.replan_us);
    if (st->free_job >= 0) {
        int job = st->free_job;
        start_job(sim, job);
        if (sim->watch && sim->watch->arrive) sim->watch->arrive(sim->watch->ctx, sim, job);
        if (sim->cfg.rules.replan_on_events) recall_queued(sim);
    } else {
        count_job(sim, st->arrived, net, level, REJECTED);
        tell_left(sim, &(JobRecord){.job = -1,
                                    .net = net,
                                    .level = level,
                                    .counted = counts(sim, st->arrived),
                                    .dropped = true,
                                    .arrival_us = st->now,
                                    .end_us = st->now,
                                    .deadline_us = st->now + st->wl.deadline_us[net]});
    }
    st->arrived++;
    expect_arrival(sim);
}

static void tick(Sim *sim)
{
    sim->st->round_due = 1;
    recall_queued(sim);
    for (int i = 0; i < sim->st->n_active; i++) rank_ready_anew(sim, sim->active[i]);
    set_tick(sim, sim->st->next_tick + sim->cfg.replan_us);
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

/* Starts what can start, then handles the next event at or before `limit`; false if there is none.
 * At equal times: completion, deadline, arrival, tick. */
static bool next_event(Sim *sim, double limit)
{
    SimState *st = sim->st;
    int sa = -1;
    start_idle(sim);
    double done = next_completion(sim, &sa);
    double late = st->n_due ? sim->job[sim->due[0]].deadline : NEVER;
    double t = fmin(fmin(done, late), st->next_arrival);
    if (st->n_active > 0) t = fmin(t, st->next_tick);
    if (isinf(t) || t > limit) return false;
    advance_to(sim, t);
    st->asked = 0;
    if (sim->cfg.rules.asking == ASK_ROUNDS) st->round_due = 1;
    if (t >= done)
        complete(sim, sa);
    else if (t >= late)
        drop_job(sim, sim->due[0]);
    else if (t >= st->next_arrival)
        arrive(sim);
    else
        tick(sim);
    return true;
}

/* Is a decision due at this instant? */
static bool decision_due(const Sim *sim)
{
    if (waiting_count(sim->node, &sim->st->ready) == 0) return false;
    if (sim->cfg.rules.asking != ASK_EACH) return sim->st->round_due;
    if (!sim->cfg.rules.replan_on_events) return true;
    if (sim->cfg.rules.window && sim->st->asked >= sim->cfg.rules.window) return false;
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (sim->st->sa[m].job < 0 && waiting_count(sim->node, &sim->st->sa[m].queue) == 0)
            return true;
    return false;
}

/* After a round: nothing runs, is queued or will come, and no deadline drops what is ready. Ticks
 * alone would go on for ever. */
static bool is_stranded(const Sim *sim)
{
    const SimState *st = sim->st;
    if (!isinf(st->next_arrival) || st->n_due > 0) return false;
    for (int m = 0; m < sim->sys->n_sas; m++)
        if (st->sa[m].job >= 0 || waiting_count(sim->node, &st->sa[m].queue) > 0) return false;
    return waiting_count(sim->node, &st->ready) > 0;
}

static void place_stranded(Sim *sim)
{
    const SimState *st = sim->st;
    int id = waiting_best(sim->node, &st->ready, sim->cfg.rules.hopeless_last), best = 0;
    const WaitNode *n = &sim->node[id];
    for (int m = 1; m < sim->sys->n_sas; m++)
        if (cost_of(sim, n->job, n->sub, m)->latency_us <
            cost_of(sim, n->job, n->sub, best)->latency_us)
            best = m;
    take(sim, id);
    put(sim, id, best, 0, 0);
}

/* The world goes on while the scheduler thinks. */
static void think(Sim *sim)
{
    double until = sim->st->now + sim->cfg.decision_us;
    if (!(sim->cfg.decision_us > 0)) return;
    while (next_event(sim, until)) continue;
    advance_to(sim, until);
}

/* Runs to the next decision or to the end of the episode. */
static void settle(Sim *sim)
{
    SimState *st = sim->st;
    st->candidate = NODE_NONE;
    do {
        while (!decision_due(sim)) {
            st->round_due = 0; /* of a tick without anything to place: that round is over */
            if (!next_event(sim, NEVER)) return;
        }
        if (sim->cfg.rules.asking != ASK_EACH) think(sim);
    } while (waiting_count(sim->node, &st->ready) == 0); /* firm jobs were dropped meanwhile */
    lose_hope(sim);
    if (sim->cfg.rules.admission && st->asked == 0) review_admission(sim);
    st->candidate = waiting_best(sim->node, &st->ready, sim->cfg.rules.hopeless_last);
}

/* --- public --- */

static Status check_config(const System *sys, const SimConfig *cfg, Err *err)
{
    if (cfg->max_jobs < 1 || cfg->max_jobs > 1 << 20)
        return err_set(err, ST_CONFIG, "max_jobs must be in 1..1048576, got %d", cfg->max_jobs);
    if (cfg->classes < 1 || cfg->classes > 4)
        return err_set(err, ST_CONFIG, "classes must be in 1..4, got %d", cfg->classes);
    if (cfg->rules.ready_order >= ORDER_PLAN)
        return err_set(err, ST_CONFIG, "'%s' is an order of queues, not of ready sub-jobs",
                       QUEUE_ORDER_NAMES[cfg->rules.ready_order]);
    if (cfg->rules.admission && !(cfg->rules.replan_on_events && cfg->rules.hopeless_last))
        return err_set(err, ST_CONFIG,
                       "admission is for list schedulers that put hopeless jobs last");
    if (cfg->rules.asking == ASK_TICKS && !(cfg->replan_us > 0))
        return err_set(err, ST_CONFIG,
                       "replan_us must be above 0: this scheduler is asked once a period");
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
    sim->own_bytes =
        block_bytes(cfg->max_jobs, sim->max_subjobs, sim->max_waiting, cfg->rules.admission);
    sim->bytes = sim->own_bytes + user_bytes;
    if (!(block = mem_calloc(1, sim->bytes))) goto fail;
    lay_out(sim, block);
    sim->st->candidate = NODE_NONE;
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
    assert(wl->rate_per_us > 0 && wl->jobs >= 0 && wl->warmup >= 0 && wl->cooldown >= 0);
    assert(arrivals_check(&wl->arrivals, NULL) == ST_OK);
    assert(wl->levels >= 0 && wl->levels <= PRIORITY_LEVELS);
    assert(wl->arrivals.process != ARRIVALS_TRACE || sim->cfg.trace);
    memset(st, 0, sim->own_bytes);
    rng_seed(&st->rng, seed, 0);
    st->wl = *wl;
    st->next_tick = sim->cfg.replan_us > 0 ? sim->cfg.replan_us : NEVER;
    st->ready = (Waiting){NODE_NONE, NODE_NONE};
    for (int m = 0; m < SYS_MAX_SAS; m++)
        st->sa[m] = (Sa){.job = -1, .rate = 1, .limit = HUGE_VAL, .queue = st->ready};
    for (int i = 0; i < sim->cfg.max_jobs; i++)
        sim->job[i].next_free = i + 1 < sim->cfg.max_jobs ? i + 1 : -1;
    for (int i = 0; i < sim->max_waiting; i++)
        sim->node[i].left = i + 1 < sim->max_waiting ? i + 1 : NODE_NONE;
    expect_arrival(sim);
    settle(sim);
}

void sim_clone(Sim *dst, const Sim *src)
{
    assert(dst->bytes == src->bytes && dst->sys == src->sys);
    memcpy(dst->st, src->st, src->bytes);
}

/* No two sub-jobs on one path are independent: all but one of the longest path's are too many. */
static int width_at_most(const SysNet *n)
{
    int above[SYS_MAX_SUBJOBS] = {0}, longest = 0;
    for (int s = 0; s < n->n_subjobs; s++) {
        if (above[s] + 1 > longest) longest = above[s] + 1;
        for (int e = n->first_succ[s]; e < n->first_succ[s + 1]; e++)
            if (above[s] + 1 > above[n->succ[e]]) above[n->succ[e]] = above[s] + 1;
    }
    return n->n_subjobs - longest + 1;
}

size_t sim_fork_bytes(const System *sys, const SimConfig *cfg)
{
    int width = 1, subjobs = 1;
    for (int i = 0; i < sys->n_nets; i++) {
        int w = width_at_most(&sys->net[i]);
        if (w > width) width = w;
        if (sys->net[i].n_subjobs > subjobs) subjobs = sys->net[i].n_subjobs;
    }
    return block_bytes(cfg->max_jobs, subjobs, (size_t)cfg->max_jobs * width, cfg->rules.admission);
}

void sim_fork(Sim *out, void *block, const Sim *src)
{
    *out = *src;
    out->watch = NULL;
    out->bytes = src->own_bytes;
    lay_out(out, block);
    memcpy(block, src->st, src->own_bytes);
}

void *sim_user(Sim *sim)
{
    return (uint8_t *)sim->st + sim->own_bytes;
}

void sim_set_watch(Sim *sim, const SimWatch *watch)
{
    sim->watch = watch;
}

bool sim_candidate(const Sim *sim, Candidate *c)
{
    if (sim->st->candidate < 0) return false;
    const WaitNode *r = &sim->node[sim->st->candidate];
    *c = (Candidate){.job = r->job, .sub = r->sub, .net = sim->job[r->job].net};
    return true;
}

void sim_commit(Sim *sim, int sa, int priority_class)
{
    SimState *st = sim->st;
    assert(st->candidate >= 0 && sa >= 0 && sa < sim->sys->n_sas);
    assert(priority_class >= 0 && priority_class < sim->cfg.classes);
    int id = st->candidate, job = sim->node[id].job, sub = sim->node[id].sub;
    take(sim, id);
    node_close(sim, id);
    st->totals.decisions++;
    st->asked++;
    think(sim);
    if (sim->job[job].active_pos >= 0)
        put(sim, node_open(sim, job, sub), sa, priority_class, 0);
    else if (--sim->job[job].outstanding == 0) /* dropped meanwhile */
        free_job(sim, job);
    settle(sim);
}

/* --- rounds --- */

typedef struct Listing {
    const Sim *sim;
    Candidate *next;
} Listing;

static void list_ready(void *ctx, int node)
{
    Listing *l = ctx;
    const WaitNode *n = &l->sim->node[node];
    *l->next++ = (Candidate){.job = n->job, .sub = n->sub, .net = l->sim->job[n->job].net};
}

int sim_round(const Sim *sim, Candidate *out, int cap)
{
    Listing l = {sim, out};
    if (sim->st->candidate < 0) return 0;
    waiting_each(sim->node, &sim->st->ready, sim->cfg.rules.hopeless_last, cap, list_ready, &l);
    return waiting_count(sim->node, &sim->st->ready);
}

void sim_place(Sim *sim, const Candidate *c, int sa, int priority_class, double key)
{
    SimState *st = sim->st;
    assert(sim->cfg.rules.asking != ASK_EACH && sa >= 0 && sa < sim->sys->n_sas);
    assert(priority_class >= 0 && priority_class < sim->cfg.classes && isfinite(key));
    int id = sim->job[c->job].first_waiting;
    while (sim->node[id].sub != c->sub) id = sim->node[id].job_next;
    assert(sim->node[id].place == PLACE_READY);
    st->totals.decisions++;
    take(sim, id);
    put(sim, id, sa, priority_class, key);
}

void sim_proceed(Sim *sim)
{
    sim->st->round_due = 0;
    if (is_stranded(sim)) place_stranded(sim);
    settle(sim);
}

void sim_throttle(Sim *sim, int sa, double bytes_per_us)
{
    assert(bytes_per_us > 0);
    sim->st->sa[sa].limit = bytes_per_us;
    sim->st->rates_stale = 1;
}

const System *sim_system(const Sim *sim)
{
    return sim->sys;
}

const SimConfig *sim_config(const Sim *sim)
{
    return &sim->cfg;
}

const Workload *sim_workload(const Sim *sim)
{
    return &sim->st->wl;
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
    return waiting_count(sim->node, &sim->st->ready);
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

bool sim_lost(const Sim *sim, int job)
{
    const Job *j = &sim->job[job];
    return j->given_up || sim->st->now > hopeless_at(sim, j);
}

double sim_weight(const Sim *sim, int job)
{
    return workload_weight(&sim->st->wl, sim->job[job].net, sim->job[job].level);
}

int sim_running(const Sim *sim, int job)
{
    int waiting = 0;
    for (int id = sim->job[job].first_waiting; id >= 0; id = sim->node[id].job_next) waiting++;
    return sim->job[job].outstanding - waiting;
}

double sim_last_ran_us(const Sim *sim, int job)
{
    return sim_running(sim, job) ? sim->st->now : sim->job[job].last_end;
}

int sim_preds_left(const Sim *sim, int job, int sub)
{
    return sim->preds[(size_t)job * sim->max_subjobs + sub];
}

const int *sim_active(const Sim *sim)
{
    return sim->active;
}

void sim_sa(const Sim *sim, int sa, SaView *out)
{
    const Sa *s = &sim->st->sa[sa];
    *out = (SaView){.busy = s->job >= 0,
                    .job = s->job,
                    .sub = s->job >= 0 ? s->sub : -1,
                    .left_us = s->left,
                    .demand = s->demand,
                    .rate = s->rate,
                    .queued = waiting_count(sim->node, &s->queue),
                    .queued_us = waiting_sum_us(sim->node, &s->queue)};
}

static void quote(const Sim *sim, int job, int sub, int sa, const Rank *rank, Quote *out)
{
    const SimState *st = sim->st;
    const Sa *s = &st->sa[sa];
    const SubJobCost *c = cost_of(sim, job, sub, sa);
    WaitAhead w;

    waiting_ahead(sim->node, &s->queue, rank, sub, sim->cfg.rules.hopeless_last, st->now,
                  st->now + c->latency_us, &w);
    *out = (Quote){.cost_us = c->latency_us,
                   .bytes = c->bytes,
                   .energy_uj = c->energy_uj,
                   .wait_us = s->left + w.ahead_us,
                   .behind_us = w.behind_us,
                   .behind = w.behind,
                   .endangered = w.endangered,
                   .min_laxity_us = fmin(1e30, w.least_hopeless_at - st->now)};
}

void sim_quote_of(const Sim *sim, const Candidate *c, int sa, int priority_class, double key,
                  Quote *out)
{
    QueueOrder order = sim->cfg.rules.queue_order;
    Rank rank = rank_of(sim, order, c->job, priority_class);
    if (order == ORDER_PLAN) rank.key = (double)sim->st->totals.decisions + 1;
    if (order == ORDER_GIVEN) rank.key = key;
    quote(sim, c->job, c->sub, sa, &rank, out);
}

void sim_quote(const Sim *sim, int sa, int priority_class, Quote *out)
{
    const WaitNode *r = &sim->node[sim->st->candidate];
    sim_quote_of(sim, &(Candidate){r->job, r->sub, 0}, sa, priority_class, 0, out);
}

void *sim_state(Sim *sim, size_t *bytes)
{
    *bytes = sim->bytes;
    return sim->st;
}
