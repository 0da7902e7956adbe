/* slow_sim.c -- one table of sub-jobs with a stage each; everything else is a scan over it. */
#include "tests/support/slow_sim.h"

#include <math.h>
#include <string.h>

typedef enum { BLOCKED, READY, DECIDING, QUEUED, RUNNING, DONE, WITHDRAWN } Stage;

typedef struct Piece { /* one sub-job of one job */
    Stage stage;
    int sa, priority_class; /* when queued or running */
    double key, lost_after; /* rank, taken when it became ready or was queued */
    double left_us;         /* isolated time left while it runs */
} Piece;

typedef struct SlowJob {
    bool active; /* admitted, neither finished nor dropped */
    double arrival, deadline;
    Piece piece[SLOW_MAX_SUBJOBS];
} SlowJob;

typedef struct Slow {
    const System *sys;
    const SimConfig *cfg;
    const SlowArrival *arrival;
    const double *deadline_us;
    const SlowPolicy *policy;
    SlowResult *out;
    int n, arrived;
    int decided;               /* since the last event */
    bool round_due;            /* an event, or a tick, that no round has followed */
    double limit[SYS_MAX_SAS]; /* bytes/us of what runs there */
    double now, ticks;         /* re-planning instants that have passed */
    SlowJob job[SLOW_MAX_JOBS];
} Slow;

static const SysNet *net_of(const Slow *s, int job)
{
    return &s->sys->net[s->arrival[job].net];
}

static const SubJobCost *cost_on(const Slow *s, int job, int sub, int sa)
{
    return &net_of(s, job)->cost[s->sys->sa_type[sa]][sub];
}

/* Each sub-job p of each job j that has arrived. */
#define EACH_PIECE(s, j, p)                                                                        \
    for (int j = 0; j < (s)->arrived; j++)                                                         \
        for (int p = 0; p < net_of(s, j)->n_subjobs; p++)

static bool any_active(const Slow *s)
{
    for (int j = 0; j < s->arrived; j++)
        if (s->job[j].active) return true;
    return false;
}

/* --- order --- */

static double remaining(const Slow *s, int job)
{
    double sum = 0;
    for (int p = 0; p < net_of(s, job)->n_subjobs; p++)
        if (s->job[job].piece[p].stage != DONE) sum += net_of(s, job)->best_us[p];
    return sum;
}

/* What a job is taken to need yet. */
static double own_work(const Slow *s, int job)
{
    return (1 + s->cfg->rules.weight.own) * remaining(s, job);
}

/* given: the key of ORDER_GIVEN. */
static void take_rank(Slow *s, QueueOrder order, int job, int sub, double given)
{
    SlowJob *j = &s->job[job];
    Piece *p = &j->piece[sub];
    double rem = remaining(s, job);
    const double key[] = {[ORDER_FCFS] = j->arrival,
                          [ORDER_EDF] = j->deadline + s->cfg->rules.weight.order * rem,
                          [ORDER_LLF] = j->deadline - rem,
                          [ORDER_SRPT] = rem,
                          [ORDER_SJF] = net_of(s, job)->t_iso_us,
                          [ORDER_DR] = j->deadline + rem,
                          [ORDER_PLAN] = (double)s->out->decisions,
                          [ORDER_GIVEN] = given};
    p->key = key[order];
    p->lost_after = s->cfg->rules.hopeless_last ? j->deadline - own_work(s, job) : HUGE_VAL;
}

static void make_ready(Slow *s, int job, int sub)
{
    s->job[job].piece[sub].stage = READY;
    s->job[job].piece[sub].priority_class = 0;
    take_rank(s, s->cfg->rules.ready_order, job, sub, 0);
}

static int sign(double a, double b)
{
    return (a > b) - (a < b);
}

/* < 0: sub-job p of job j goes before q of k. */
static int compare(const Slow *s, int j, int p, int k, int q)
{
    const Piece *a = &s->job[j].piece[p], *b = &s->job[k].piece[q];
    int by_class = a->priority_class - b->priority_class;
    int by_hope = (s->now > a->lost_after) - (s->now > b->lost_after),
        by_key = sign(a->key, b->key);
    if (by_class) return by_class;
    if (by_hope) return by_hope;
    if (by_key) return by_key;
    return j != k ? j - k : p - q;
}

/* The first in order among those of `stage` (on `sa`, unless it is -1); false if there is none. */
static bool first_of(const Slow *s, Stage stage, int sa, int *job, int *sub)
{
    bool found = false;
    EACH_PIECE(s, j, p)
    {
        const Piece *a = &s->job[j].piece[p];
        if (a->stage != stage || (sa >= 0 && a->sa != sa)) continue;
        if (!found || compare(s, j, p, *job, *sub) < 0) *job = j, *sub = p, found = true;
    }
    return found;
}

/* --- running --- */

static void start_idle(Slow *s)
{
    int job, sub;
    for (int m = 0; m < s->sys->n_sas; m++) {
        if (first_of(s, RUNNING, m, &job, &sub) || !first_of(s, QUEUED, m, &job, &sub)) continue;
        s->job[job].piece[sub].stage = RUNNING;
        s->job[job].piece[sub].left_us = cost_on(s, job, sub, m)->latency_us;
        s->out->started++;
        s->out->bytes += cost_on(s, job, sub, m)->bytes;
    }
}

/* The level L at which the grants min(demand, L) add up to the bandwidth. */
static double level_of(const double *demand, int n, double bandwidth)
{
    double lo = 0, hi = bandwidth;
    for (int step = 0; step < 100; step++) {
        double level = (lo + hi) / 2, sum = 0;
        for (int i = 0; i < n; i++) sum += fmin(demand[i], level);
        *(sum > bandwidth ? &hi : &lo) = level;
    }
    return lo;
}

static void progress_rates(const Slow *s, double rate[SYS_MAX_SAS])
{
    double demand[SYS_MAX_SAS] = {0}, asked[SYS_MAX_SAS] = {0}, sum = 0;
    double bandwidth = s->sys->dram_bytes_per_us;
    int job, sub, n = s->sys->n_sas;
    for (int m = 0; m < n; m++) {
        if (!first_of(s, RUNNING, m, &job, &sub)) continue;
        demand[m] = cost_on(s, job, sub, m)->bytes / cost_on(s, job, sub, m)->latency_us;
        asked[m] = fmin(demand[m], fmax(s->limit[m], SIM_THROTTLE_LEAST * demand[m]));
        sum += asked[m];
    }
    double level = sum > bandwidth ? level_of(asked, n, bandwidth) : bandwidth;
    for (int m = 0; m < n; m++) {
        double grant = asked[m];
        if (sum > bandwidth)
            grant = s->cfg->arbitration == ARBITRATION_MAX_MIN ? fmin(asked[m], level)
                                                               : asked[m] * bandwidth / sum;
        rate[m] = demand[m] > 0 ? fmin(1, grant / demand[m]) : 1;
    }
}

static void advance(Slow *s, double t)
{
    double rate[SYS_MAX_SAS];
    int job, sub;
    progress_rates(s, rate);
    for (int m = 0; m < s->sys->n_sas; m++) {
        if (!first_of(s, RUNNING, m, &job, &sub)) continue;
        s->job[job].piece[sub].left_us -= rate[m] * (t - s->now);
        s->out->busy_us[m] += t - s->now;
    }
    s->now = t;
}

/* --- events --- */

/* Everything that waits is ready, and ranked, anew. */
static void recall(Slow *s)
{
    EACH_PIECE(s, j, p)
    {
        Stage stage = s->job[j].piece[p].stage;
        if (stage == QUEUED || stage == READY) make_ready(s, j, p);
    }
}

/* Sub-jobs whose predecessors are all done become ready. */
static void release(Slow *s, int job)
{
    const SysNet *net = net_of(s, job);
    int waits_for[SLOW_MAX_SUBJOBS] = {0};
    for (int p = 0; p < net->n_subjobs; p++)
        for (int e = net->first_succ[p]; e < net->first_succ[p + 1]; e++)
            waits_for[net->succ[e]] += s->job[job].piece[p].stage != DONE;
    for (int p = 0; p < net->n_subjobs; p++)
        if (s->job[job].piece[p].stage == BLOCKED && waits_for[p] == 0) make_ready(s, job, p);
}

static void end_job(Slow *s, int job, SlowFate fate)
{
    s->job[job].active = false;
    s->out->fate[job] = fate;
    s->out->end_us[job] = s->now;
}

static void on_completion(Slow *s, int job, int sub)
{
    SlowJob *j = &s->job[job];
    double uj = cost_on(s, job, sub, j->piece[sub].sa)->energy_uj;
    j->piece[sub].stage = DONE;
    s->out->energy_uj += uj;
    if (j->active) {
        bool all = true;
        s->out->job_uj[job] += uj;
        release(s, job);
        for (int p = 0; p < net_of(s, job)->n_subjobs; p++) all &= j->piece[p].stage == DONE;
        if (all) end_job(s, job, s->now <= j->deadline ? SLOW_MET : SLOW_LATE);
    }
    if (s->cfg->rules.replan_on_events) recall(s);
}

/* What runs ends in its own time; all else of the job is withdrawn. */
static void on_deadline(Slow *s, int job)
{
    for (int p = 0; p < net_of(s, job)->n_subjobs; p++) {
        Stage *stage = &s->job[job].piece[p].stage;
        if (*stage == BLOCKED || *stage == READY || *stage == QUEUED) *stage = WITHDRAWN;
    }
    end_job(s, job, SLOW_DROPPED);
}

/* Jobs that hold one of the max_jobs places: active ones, and dropped ones of which a sub-job still
 * runs or is being decided. */
static int places_taken(const Slow *s)
{
    int taken = 0;
    for (int j = 0; j < s->arrived; j++) {
        bool holds = s->job[j].active;
        for (int p = 0; p < net_of(s, j)->n_subjobs; p++)
            holds |= s->job[j].piece[p].stage == RUNNING || s->job[j].piece[p].stage == DECIDING;
        taken += holds;
    }
    return taken;
}

static void on_arrival(Slow *s)
{
    bool room = places_taken(s) < s->cfg->max_jobs;
    int id = s->arrived++;
    SlowJob *j = &s->job[id];
    j->arrival = s->now;
    j->deadline = s->now + s->deadline_us[s->arrival[id].net];
    if (!room) {
        for (int p = 0; p < net_of(s, id)->n_subjobs; p++) j->piece[p].stage = WITHDRAWN;
        end_job(s, id, SLOW_REJECTED);
        return;
    }
    if (s->cfg->replan_us > 0 &&
        !any_active(s)) /* the clock of T_s stood while nothing was there */
        s->ticks = fmax(s->ticks, floor(s->now / s->cfg->replan_us));
    j->active = true;
    release(s, id);
    if (s->cfg->rules.replan_on_events) recall(s);
}

typedef struct Event {
    enum { NONE, COMPLETION, DEADLINE, ARRIVAL, TICK } kind;
    double t, next_t; /* of this event and of the one after it */
    int job, sub;
} Event;

static void offer(Event *best, int kind, double t, int job, int sub)
{
    if (best->kind == NONE || t < best->t)
        *best = (Event){.kind = kind, .t = t, .next_t = best->t, .job = job, .sub = sub};
    else
        best->next_t = fmin(best->next_t, t);
}

/* The earliest event; of simultaneous ones the kind that stands first in the enum. */
static Event next_event(const Slow *s)
{
    double rate[SYS_MAX_SAS];
    int job, sub;
    Event e = {.kind = NONE, .t = HUGE_VAL, .next_t = HUGE_VAL};
    progress_rates(s, rate);
    for (int m = 0; m < s->sys->n_sas; m++)
        if (first_of(s, RUNNING, m, &job, &sub))
            offer(&e, COMPLETION, s->now + fmax(0, s->job[job].piece[sub].left_us) / rate[m], job,
                  sub);
    for (int j = 0; s->cfg->firm && j < s->arrived; j++)
        if (s->job[j].active) offer(&e, DEADLINE, s->job[j].deadline, j, 0);
    if (s->arrived < s->n) offer(&e, ARRIVAL, s->arrival[s->arrived].us, 0, 0);
    if (s->cfg->replan_us > 0 && any_active(s))
        offer(&e, TICK, (s->ticks + 1) * s->cfg->replan_us, 0, 0);
    return e;
}

/* Starts what can start and lets the next event happen, unless it comes after `limit`. */
static bool happen(Slow *s, double limit)
{
    start_idle(s);
    Event e = next_event(s);
    if (e.kind == NONE) return false;
    s->out->closest_us = fmin(s->out->closest_us, fmin(fabs(e.t - limit), e.next_t - e.t));
    if (e.t > limit) return false;
    advance(s, e.t);
    s->decided = 0;
    s->round_due |= s->cfg->rules.asking == ASK_ROUNDS || e.kind == TICK;
    switch (e.kind) {
    case COMPLETION:
        on_completion(s, e.job, e.sub);
        break;
    case DEADLINE:
        on_deadline(s, e.job);
        break;
    case ARRIVAL:
        on_arrival(s);
        break;
    case TICK:
        recall(s);
        s->ticks++;
        break;
    case NONE:
        break;
    }
    return true;
}

/* What happens while the scheduler thinks. */
static void think(Slow *s)
{
    double until = s->now + s->cfg->decision_us;
    if (!(s->cfg->decision_us > 0)) return;
    while (happen(s, until)) continue;
    advance(s, until);
}

static void enqueue(Slow *s, int job, int sub, int sa, int priority_class, double key)
{
    Piece *p = &s->job[job].piece[sub];
    p->stage = QUEUED;
    p->sa = sa;
    p->priority_class = priority_class;
    take_rank(s, s->cfg->rules.queue_order, job, sub, key);
}

/* --- one decision at a time --- */

static void decide(Slow *s, int job, int sub)
{
    const SlowPolicy *policy = s->policy;
    Piece *p = &s->job[job].piece[sub];
    int classes = s->cfg->classes;
    int action = policy->choose(policy->ctx, s->job[job].arrival, sub, s->out->decisions++);
    p->stage = DECIDING;
    s->decided++;
    think(s);
    if (s->job[job].active)
        enqueue(s, job, sub, action / classes, action % classes, 0);
    else
        p->stage = WITHDRAWN;
}

/* List scheduling asks for decisions only while an SA has nothing to do, and not for more than its
 * window after one event. */
static bool decision_due(const Slow *s)
{
    int job, sub;
    if (!s->cfg->rules.replan_on_events) return true;
    if (s->cfg->rules.window > 0 && s->decided >= s->cfg->rules.window) return false;
    for (int m = 0; m < s->sys->n_sas; m++)
        if (!first_of(s, RUNNING, m, &job, &sub) && !first_of(s, QUEUED, m, &job, &sub))
            return true;
    return false;
}

/* --- who is given up --- */

/* Bytes/us of a network: each sub-job on the SA where it moves the fewest. */
static double least_demand(const Slow *s, const SysNet *n)
{
    double bytes = 0, us = 0;
    for (int p = 0; p < n->n_subjobs; p++) {
        double fewest = HUGE_VAL;
        for (int m = 0; m < s->sys->n_sas; m++)
            fewest = fmin(fewest, n->cost[s->sys->sa_type[m]][p].bytes);
        bytes += fewest;
        us += n->best_us[p];
    }
    return bytes / us;
}

/* What a job holds up others by. */
static double load(const Slow *s, int job)
{
    const RuleWeights *w = &s->cfg->rules.weight;
    double bytes = remaining(s, job) * least_demand(s, net_of(s, job));
    return (1 + w->ahead) * own_work(s, job) + w->bulk * bytes / s->sys->dram_bytes_per_us;
}

/* Active jobs that can still be on time, by deadline; returns how many. */
static int list_hopeful(const Slow *s, int job[])
{
    int n = 0;
    for (int j = 0; j < s->arrived; j++) {
        int at = n;
        if (!s->job[j].active || s->now > s->job[j].deadline - own_work(s, j)) continue;
        for (; at > 0 && s->job[j].deadline < s->job[job[at - 1]].deadline; at--)
            job[at] = job[at - 1];
        job[at] = j;
        n++;
    }
    return n;
}

/* Moore's rule, word by word: whenever one would be late, the largest so far is given up. */
static void review(Slow *s)
{
    static int job[SLOW_MAX_JOBS];
    static bool admitted[SLOW_MAX_JOBS];
    int n = list_hopeful(s, job);
    memset(admitted, 0, sizeof admitted);
    for (int i = 0; i < n; i++) {
        double ahead = 0, own = own_work(s, job[i]);
        for (int k = 0; k < i; k++)
            if (admitted[job[k]]) ahead += load(s, job[k]);
        admitted[job[i]] = true;
        if (ahead / s->sys->n_sas + own <= s->job[job[i]].deadline - s->now) continue;
        int largest = -1;
        for (int k = 0; k <= i; k++)
            if (admitted[job[k]] && (largest < 0 || load(s, job[k]) >= load(s, job[largest])))
                largest = k;
        admitted[job[largest]] = false;
    }
    EACH_PIECE(s, j, p)
    if (s->job[j].piece[p].stage == READY) s->job[j].piece[p].priority_class = !admitted[j];
}

static void single_decisions(Slow *s)
{
    int job, sub;
    for (;;) {
        if (s->cfg->rules.admission && s->decided == 0) review(s);
        if (first_of(s, READY, -1, &job, &sub) && decision_due(s))
            decide(s, job, sub);
        else if (!happen(s, HUGE_VAL))
            break;
    }
}

/* --- rounds --- */

/* All that is ready, in order; returns how many. */
static int list_ready(const Slow *s, int job[], int sub[])
{
    int n = 0;
    EACH_PIECE(s, j, p)
    {
        int at = n;
        if (s->job[j].piece[p].stage != READY) continue;
        for (; at > 0 && compare(s, j, p, job[at - 1], sub[at - 1]) < 0; at--)
            job[at] = job[at - 1], sub[at] = sub[at - 1];
        job[at] = j, sub[at] = p;
        n++;
    }
    return n;
}

/* Nothing runs, is queued or will come, and no deadline will take away what is ready. */
static bool stranded(const Slow *s)
{
    int job, sub;
    return s->arrived == s->n && !s->cfg->firm && first_of(s, READY, -1, &job, &sub) &&
           !first_of(s, QUEUED, -1, &job, &sub) && !first_of(s, RUNNING, -1, &job, &sub);
}

static void place_first(Slow *s)
{
    int job, sub, best = 0;
    first_of(s, READY, -1, &job, &sub);
    for (int m = 1; m < s->sys->n_sas; m++)
        if (cost_on(s, job, sub, m)->latency_us < cost_on(s, job, sub, best)->latency_us) best = m;
    enqueue(s, job, sub, best, 0, 0);
}

/* Time passes, then the scheduler sees what is there. */
static void round_of(Slow *s)
{
    static int job[SLOW_MAX_JOBS * SLOW_MAX_SUBJOBS], sub[SLOW_MAX_JOBS * SLOW_MAX_SUBJOBS];
    const SlowPolicy *policy = s->policy;
    think(s);
    s->round_due = false;
    if (s->cfg->rules.admission) review(s);
    int n = list_ready(s, job, sub);
    if (n == 0) return;
    for (int i = 0; i < n; i++) {
        double arrival = s->job[job[i]].arrival;
        SlowOrder o = policy->order(policy->ctx, arrival, sub[i], s->out->rounds);
        if (!o.placed) continue;
        s->out->decisions++;
        enqueue(s, job[i], sub[i], o.sa, o.priority_class, o.key);
    }
    for (int m = 0; m < s->sys->n_sas; m++) {
        double limit = policy->limit(policy->ctx, m, s->out->rounds);
        if (limit > 0) s->limit[m] = limit;
    }
    s->out->rounds++;
    if (stranded(s)) place_first(s);
}

static void rounds(Slow *s)
{
    int job, sub;
    for (;;) {
        if (s->round_due && first_of(s, READY, -1, &job, &sub)) {
            round_of(s);
            continue;
        }
        s->round_due = false; /* there was nothing to ask about */
        if (!happen(s, HUGE_VAL)) break;
    }
}

void slow_sim(SlowResult *out, const System *sys, const SimConfig *cfg, const SlowArrival *arrival,
              int n, const double *deadline_us, const SlowPolicy *policy)
{
    Slow s = {.sys = sys,
              .cfg = cfg,
              .arrival = arrival,
              .n = n,
              .deadline_us = deadline_us,
              .policy = policy,
              .out = out};
    memset(out, 0, sizeof *out);
    out->closest_us = HUGE_VAL;
    for (int j = 0; j < n; j++) out->fate[j] = SLOW_UNFINISHED;
    for (int m = 0; m < sys->n_sas; m++) s.limit[m] = HUGE_VAL;
    if (cfg->rules.asking == ASK_EACH)
        single_decisions(&s);
    else
        rounds(&s);
    out->over_us = s.now;
}
