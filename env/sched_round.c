/* sched_round.c -- what schedulers share that rank all ready sub-jobs by a score of their own: the list
 * of what is ready, its order, and starting it on SAs. A round takes O(n SAs) for n ready sub-jobs, and
 * O(log n) for each that is looked at in order: as many as it takes until no SA is free. The entries live
 * on the stack: 1024 of them, and beyond that the ready order decides who is looked at. */
#include "env/sched_internal.h"

#include <math.h>

double round_priority(const Sim *sim, int job)
{
    return 3 * sim_weight(sim, job);
}

static void note_free_sas(const Sim *sim, Round *r)
{
    r->n_free = 0;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        r->free[m] = sched_is_free(&v);
        r->n_free += r->free[m];
    }
}

static void list_ready(const Sim *sim, Round *r)
{
    Candidate ready[ROUND_MOST];
    int n = sim_round(sim, ready, ROUND_MOST);
    r->n = n < ROUND_MOST ? n : ROUND_MOST;
    for (int i = 0; i < r->n; i++) {
        RoundEntry *e = &r->entry[i];
        *e = (RoundEntry){.at = ready[i]};
        sim_job(sim, e->at.job, &e->job);
        e->slack_us = e->job.deadline_us - sim_now(sim);
        e->hopeless = e->slack_us < e->job.rem_us;
    }
}

void round_list(const Sim *sim, Round *r)
{
    note_free_sas(sim, r);
    list_ready(sim, r);
}

bool round_open(const Sim *sim, Round *r)
{
    note_free_sas(sim, r);
    if (r->n_free > 0) list_ready(sim, r);
    return r->n_free > 0;
}

/* --- order: a heap of indices, sorted only as far as somebody asks --- */

static bool goes_before(const Round *r, int a, int b)
{
    const RoundEntry *x = &r->entry[a], *y = &r->entry[b];
    if (r->hopeless_last && x->hopeless != y->hopeless) return y->hopeless;
    if (x->tier != y->tier) return x->tier > y->tier;
    if (x->score > y->score) return true;
    return !(x->score < y->score) && a < b;
}

/* order[0 .. n) is a heap but for what is at `at`. */
static void sift_down(Round *r, int at, int n)
{
    int moving = r->order[at];
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && goes_before(r, r->order[child + 1], r->order[child])) child++;
        if (goes_before(r, moving, r->order[child])) break;
        r->order[at] = r->order[child];
    }
    r->order[at] = moving;
}

void round_rank(const Sim *sim, Round *r)
{
    r->hopeless_last = sim_config(sim)->rules.hopeless_last;
    r->ranked = 0;
    for (int i = 0; i < r->n; i++) r->order[i] = i;
    for (int i = r->n / 2 - 1; i >= 0; i--) sift_down(r, i, r->n);
}

/* Who leaves the heap is kept behind it: the k-th at n - 1 - k. */
RoundEntry *round_nth(Round *r, int k)
{
    for (; r->ranked <= k; r->ranked++) {
        int last = r->n - 1 - r->ranked, first = r->order[0];
        r->order[0] = r->order[last];
        r->order[last] = first;
        sift_down(r, 0, last);
    }
    return &r->entry[r->order[r->n - 1 - k]];
}

/* --- SAs --- */

const SubJobCost *round_cost(const Sim *sim, const Candidate *c, int sa)
{
    const System *sys = sim_system(sim);
    return &sys->net[c->net].cost[sys->sa_type[sa]][c->sub];
}

int round_fastest_free(const Sim *sim, const Round *r, const Candidate *c)
{
    int best = -1;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        if (!r->free[m]) continue;
        if (best < 0 || round_cost(sim, c, m)->latency_us < round_cost(sim, c, best)->latency_us)
            best = m;
    }
    return best;
}

int round_least_price(const Sim *sim, const Candidate *c, double key)
{
    const System *sys = sim_system(sim);
    int best = 0;
    double least = HUGE_VAL;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote q;
        sim_quote_of(sim, c, m, 0, key, &q);
        double price = sched_price(sys, &q);
        if (price < least) least = price, best = m;
    }
    return best;
}

void round_place(Sim *sim, Round *r, RoundEntry *e, int sa)
{
    sim_place(sim, &e->at, sa, 0, 0);
    e->placed = true;
    r->n_free -= r->free[sa];
    r->free[sa] = false;
}

void round_serve(Sim *sim, Round *r)
{
    bool reserve = sim_config(sim)->rules.replan_on_events;
    for (int i = 0; i < r->n && r->n_free > 0; i++) {
        RoundEntry *e = round_nth(r, i);
        if (e->placed) continue;
        round_place(sim, r, e,
                    reserve ? round_least_price(sim, &e->at, 0)
                            : round_fastest_free(sim, r, &e->at));
    }
}
