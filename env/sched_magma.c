/* sched_magma.c -- MAGMA: Kao and Krishna, "MAGMA: An Optimization Framework for Mapping Multiple DNNs on
 * Multiple Accelerator Cores", HPCA 2022. A genetic search maps a window of sub-jobs, ready ones and
 * those that follow them, to an SA and a priority in [0, 1) each. No on-line method: one search takes
 * milliseconds for sub-jobs that take microseconds, and no time is charged for it unless decision_us
 * says so.
 *
 * Fitness is what a model of the machine says of the window: each SA runs the ready sub-job of the
 * highest priority among its own; of the running set with demands D in sum every rate is scaled by
 * min(1, B/D); on to the next completion. `magma` minimises the makespan, as the paper does (its
 * throughput of a batch); `magma-sla+` the jobs that miss their deadlines (what is left of a job
 * behind the window counted with its longest path on the best SAs), and of equal numbers the mean part
 * of their slack that the others need.
 *
 * The search: a population as large as the window; the best 5 % stay, the best 10 % are parents. A
 * child is its father but, each with its probability: one row (SAs or priorities) from a pivot on is
 * its mother's (0.9); both rows of a range are (0.1); all that the mother has on one SA is there, and
 * what else the father had there goes anywhere (0.1); each gene is drawn anew (0.05). The first
 * population holds what is left of the last plan (the paper's warm start), the rest is random.
 *
 * A search is due when a job has arrived, or when an SA is free and something is ready that the plan
 * does not know; with a period T_s, at each of its ticks only. In between the plan is followed: what
 * becomes ready goes to its SA's queue.
 *
 * Deviations: the paper searches once for a batch that is there as a whole, a hundred sub-jobs with
 * 10 000 samples. Here a window has GENES of them, in the ready order of their jobs and then successors
 * breadth first, and a search SAMPLES samples and at least ten individuals; it ends early when the
 * best has not changed for PATIENCE generations. Under arrivals that come one by one a short window,
 * searched often and well, is better than a long one: docs/MODEL.md has the numbers. */
#include "env/sched_internal.h"

#include <math.h>
#include <string.h>

enum {
    GENES = 24, /* sub-jobs of a window, and individuals of a population */
    NODES = GENES + SYS_MAX_SAS,
    LEAST_POPULATION = 10,
    SAMPLES = 1000,
    PATIENCE = 15, /* generations without a gain */
    EDGES = NODES * (NODES - 1) / 2,
    READY_MOST = 256
};

static const double ONE_ROW = 0.9, RANGE = 0.1, BY_SA = 0.1, MUTATION = 0.05;

typedef struct Genome {
    float priority[GENES]; /* least first */
    uint8_t sa[GENES];
} Genome;

/* One sub-job of the window, or one that runs. */
typedef struct Node {
    Candidate at;
    double arrival_us;
    int waits_for;  /* nodes that precede it */
    int seen;       /* of them, when the window is collected */
    double tail_us; /* longest path behind it */
} Node;

typedef struct Window {
    int n, running; /* genes are node[0..n), then come those that run */
    Node node[NODES];
    int running_sa[SYS_MAX_SAS];
    double running_left[SYS_MAX_SAS], running_demand[SYS_MAX_SAS];
    int first_succ[NODES + 1];
    int16_t succ[EDGES];
    double us[GENES][SYS_MAX_SAS], demand[GENES][SYS_MAX_SAS];
    int job_of[GENES], n_jobs; /* jobs of the window, by number */
    double slack_us[GENES];    /* of these */
} Window;

typedef struct Magma {
    Rng rng;
    long issued;   /* at the last search */
    double period; /* number of T_s of the last search */
    int searched;  /* there is a plan */
    Window w;      /* of the plan */
    Genome plan, best;
    Genome individual[2][GENES];
    double cost[GENES];
    int order[GENES];
} Magma;

typedef double Cost(const System *sys, const Window *w, const Genome *g);

static size_t magma_bytes(const System *sys, const SimConfig *cfg)
{
    (void)sys, (void)cfg;
    return sizeof(Magma);
}

/* A stream of its own; the time of the first decision tells episodes apart. */
static void magma_reset(Sim *sim)
{
    Magma *g = sim_user(sim);
    double now = sim_now(sim);
    uint64_t bits;
    memcpy(&bits, &now, sizeof bits);
    rng_seed(&g->rng, bits, 0x6d61676d61);
}

/* --- the window --- */

static int find_node(const Window *w, int from, int to, int job, int sub)
{
    for (int i = from; i < to; i++)
        if (w->node[i].at.job == job && w->node[i].at.sub == sub) return i;
    return -1;
}

static Node node_of(const Sim *sim, int job, int sub)
{
    JobView j;
    sim_job(sim, job, &j);
    const SysNet *net = &sim_system(sim)->net[j.net];
    return (Node){.at = {job, sub, j.net},
                  .arrival_us = j.arrival_us,
                  .tail_us = net->tail_us[sub] - net->best_us[sub]};
}

/* Appends those successors of a sub-job whose other predecessors are all in the window too. `met`
 * holds those met so far, in the window or not yet. */
static void append_successors(const Sim *sim, Window *w, const Candidate *of, Node *met, int *n_met)
{
    const SysNet *net = &sim_system(sim)->net[of->net];
    for (int e = net->first_succ[of->sub]; e < net->first_succ[of->sub + 1]; e++) {
        int k = 0, sub = net->succ[e];
        while (k < *n_met && (met[k].at.job != of->job || met[k].at.sub != sub)) k++;
        if (k == *n_met) {
            if (k == NODES) return;
            met[(*n_met)++] = node_of(sim, of->job, sub);
        }
        if (++met[k].seen == sim_preds_left(sim, of->job, sub) && w->n < GENES)
            w->node[w->n++] = met[k];
    }
}

static void collect_running(const Sim *sim, Window *w, Candidate *at)
{
    w->running = 0;
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        JobView j;
        sim_sa(sim, m, &v);
        if (!v.busy) continue;
        sim_job(sim, v.job, &j);
        at[w->running] = (Candidate){v.job, v.sub, j.net};
        w->running_sa[w->running] = m;
        w->running_left[w->running] = fmax(0, v.left_us);
        w->running_demand[w->running++] = v.demand;
    }
}

static void collect_nodes(const Sim *sim, Window *w)
{
    Candidate ready[GENES], running[SYS_MAX_SAS];
    Node met[NODES];
    int n_met = 0, n = sim_round(sim, ready, GENES);
    collect_running(sim, w, running);
    w->n = 0;
    for (int i = 0; i < n && i < GENES; i++)
        w->node[w->n++] = node_of(sim, ready[i].job, ready[i].sub);
    for (int i = 0; i < w->running; i++) append_successors(sim, w, &running[i], met, &n_met);
    for (int i = 0; i < w->n; i++) {
        Candidate at = w->node[i].at;
        append_successors(sim, w, &at, met, &n_met);
    }
    for (int i = 0; i < w->running; i++) w->node[w->n + i] = (Node){.at = running[i]};
}

static void connect(const System *sys, Window *w)
{
    int edges = 0, nodes = w->n + w->running;
    for (int i = 0; i < w->n; i++) w->node[i].waits_for = 0;
    for (int i = 0; i < nodes; i++) {
        const Candidate *at = &w->node[i].at;
        const SysNet *net = &sys->net[at->net];
        w->first_succ[i] = edges;
        for (int e = net->first_succ[at->sub]; e < net->first_succ[at->sub + 1]; e++) {
            int k = find_node(w, 0, w->n, at->job, net->succ[e]);
            if (k < 0) continue;
            w->succ[edges++] = (int16_t)k;
            w->node[k].waits_for++;
        }
    }
    w->first_succ[nodes] = edges;
}

static void number_jobs(const Sim *sim, Window *w)
{
    w->n_jobs = 0;
    for (int i = 0; i < w->n; i++) {
        int same = 0;
        JobView j;
        while (w->node[same].at.job != w->node[i].at.job) same++;
        w->job_of[i] = same < i ? w->job_of[same] : w->n_jobs;
        if (same < i) continue;
        sim_job(sim, w->node[i].at.job, &j);
        w->slack_us[w->n_jobs++] = j.deadline_us - sim_now(sim);
    }
}

static void collect(const Sim *sim, Window *w)
{
    const System *sys = sim_system(sim);
    collect_nodes(sim, w);
    connect(sys, w);
    number_jobs(sim, w);
    for (int i = 0; i < w->n; i++)
        for (int m = 0; m < sys->n_sas; m++) {
            const SubJobCost *c = round_cost(sim, &w->node[i].at, m);
            w->us[i][m] = c->latency_us;
            w->demand[i][m] = c->bytes / c->latency_us;
        }
}

/* --- the model --- */

typedef struct Model {
    int running[SYS_MAX_SAS]; /* node, -1: idle */
    double left[SYS_MAX_SAS], demand[SYS_MAX_SAS];
    int waits_for[GENES];
    int16_t queue[SYS_MAX_SAS][GENES];
    int queued[SYS_MAX_SAS];
} Model;

static void model_start(Model *md, const System *sys, const Window *w, const Genome *g)
{
    for (int m = 0; m < sys->n_sas; m++) md->running[m] = -1, md->queued[m] = 0;
    for (int i = 0; i < w->running; i++) {
        int m = w->running_sa[i];
        md->running[m] = w->n + i;
        md->left[m] = w->running_left[i];
        md->demand[m] = w->running_demand[i];
    }
    for (int i = 0; i < w->n; i++) {
        md->waits_for[i] = w->node[i].waits_for;
        if (md->waits_for[i] == 0) md->queue[g->sa[i]][md->queued[g->sa[i]]++] = (int16_t)i;
    }
}

static void model_serve(Model *md, const Window *w, const Genome *g, int m)
{
    int best = 0;
    for (int k = 1; k < md->queued[m]; k++)
        if (g->priority[md->queue[m][k]] < g->priority[md->queue[m][best]]) best = k;
    int i = md->queue[m][best];
    md->queue[m][best] = md->queue[m][--md->queued[m]];
    md->running[m] = i;
    md->left[m] = w->us[i][m];
    md->demand[m] = w->demand[i][m];
}

/* end_us[n] of the window's sub-jobs from now on; returns the last. */
static double model_run(const System *sys, const Window *w, const Genome *g, double *end_us)
{
    Model md;
    double now = 0;
    model_start(&md, sys, w, g);
    for (;;) {
        double sum = 0, least = HUGE_VAL;
        for (int m = 0; m < sys->n_sas; m++) {
            if (md.running[m] < 0 && md.queued[m] > 0) model_serve(&md, w, g, m);
            if (md.running[m] < 0) continue;
            sum += md.demand[m];
            if (md.left[m] < least) least = md.left[m];
        }
        if (isinf(least)) return now;
        now += sum > sys->dram_bytes_per_us ? least * sum / sys->dram_bytes_per_us : least;
        for (int m = 0; m < sys->n_sas; m++) {
            int i = md.running[m];
            if (i < 0 || (md.left[m] -= least) > 0) continue;
            if (i < w->n) end_us[i] = now;
            for (int e = w->first_succ[i]; e < w->first_succ[i + 1]; e++) {
                int k = w->succ[e], sa = g->sa[k];
                if (--md.waits_for[k] == 0) md.queue[sa][md.queued[sa]++] = (int16_t)k;
            }
            md.running[m] = -1;
        }
    }
}

static double makespan(const System *sys, const Window *w, const Genome *g)
{
    double end[GENES];
    return model_run(sys, w, g, end);
}

/* Jobs that end late, and below one of them the mean part of its slack that a job in time needs. */
static double misses(const System *sys, const Window *w, const Genome *g)
{
    double end[GENES], last[GENES] = {0}, late = 0, used = 0;
    model_run(sys, w, g, end);
    for (int i = 0; i < w->n; i++)
        last[w->job_of[i]] = fmax(last[w->job_of[i]], end[i] + w->node[i].tail_us);
    for (int j = 0; j < w->n_jobs; j++) {
        if (last[j] > w->slack_us[j])
            late++;
        else
            used += last[j] / w->slack_us[j];
    }
    return late + used / (w->n_jobs + 1);
}

/* --- the search --- */

static void draw_gene(Genome *g, int i, int n_sas, Rng *rng)
{
    g->sa[i] = (uint8_t)rng_below(rng, (uint32_t)n_sas);
    g->priority[i] = (float)rng_uniform(rng);
}

static bool happens(Rng *rng, double chance)
{
    return rng_uniform(rng) < chance;
}

static void cross_row(Genome *child, const Genome *mother, int n, Rng *rng)
{
    int pivot = (int)rng_below(rng, (uint32_t)n);
    if (happens(rng, 0.5))
        memcpy(child->sa + pivot, mother->sa + pivot, (size_t)(n - pivot) * sizeof *child->sa);
    else
        memcpy(child->priority + pivot, mother->priority + pivot,
               (size_t)(n - pivot) * sizeof *child->priority);
}

static void cross_range(Genome *child, const Genome *mother, int n, Rng *rng)
{
    int from = (int)rng_below(rng, (uint32_t)n);
    int to = from + 1 + (int)rng_below(rng, (uint32_t)(n - from));
    for (int i = from; i < to; i++)
        child->sa[i] = mother->sa[i], child->priority[i] = mother->priority[i];
}

static void cross_sa(Genome *child, const Genome *mother, int n, int n_sas, Rng *rng)
{
    int sa = (int)rng_below(rng, (uint32_t)n_sas);
    for (int i = 0; i < n; i++) {
        if (mother->sa[i] == sa)
            child->sa[i] = (uint8_t)sa, child->priority[i] = mother->priority[i];
        else if (child->sa[i] == sa)
            child->sa[i] = (uint8_t)rng_below(rng, (uint32_t)n_sas);
    }
}

static void breed(Genome *child, const Genome *father, const Genome *mother, int n, int n_sas,
                  Rng *rng)
{
    *child = *father;
    if (happens(rng, ONE_ROW)) cross_row(child, mother, n, rng);
    if (happens(rng, RANGE)) cross_range(child, mother, n, rng);
    if (happens(rng, BY_SA)) cross_sa(child, mother, n, n_sas, rng);
    for (int i = 0; i < n; i++)
        if (happens(rng, MUTATION)) draw_gene(child, i, n_sas, rng);
}

/* Indices of the population, the best first. */
static void sort_population(Magma *g, int size)
{
    for (int i = 0; i < size; i++) {
        int at = i;
        for (; at > 0 && g->cost[i] < g->cost[g->order[at - 1]]; at--)
            g->order[at] = g->order[at - 1];
        g->order[at] = i;
    }
}

static int at_least(int n, int least)
{
    return n > least ? n : least;
}

/* Best into g->best. g->individual[0] holds the first population. */
static void evolve(Magma *g, const System *sys, Cost *cost, int size)
{
    const Window *w = &g->w;
    int elite = at_least(size / 20, 1), parents = at_least(size / 10, 2), now = 0, same = 0;
    double best = HUGE_VAL;
    for (int samples = 0, kept = 0;; now = 1 - now, kept = elite) {
        Genome *old = g->individual[now], *next = g->individual[1 - now];
        for (int i = kept; i < size; i++, samples++) g->cost[i] = cost(sys, w, &old[i]);
        sort_population(g, size);
        same = g->cost[g->order[0]] < best ? 0 : same + 1;
        best = g->cost[g->order[0]];
        if (samples + size > SAMPLES || same >= PATIENCE) {
            g->best = old[g->order[0]];
            return;
        }
        double elite_cost[GENES];
        for (int i = 0; i < elite; i++) {
            next[i] = old[g->order[i]];
            elite_cost[i] = g->cost[g->order[i]];
        }
        for (int i = elite; i < size; i++) {
            int father = g->order[rng_below(&g->rng, (uint32_t)parents)];
            int mother = g->order[rng_below(&g->rng, (uint32_t)parents)];
            breed(&next[i], &old[father], &old[mother], w->n, sys->n_sas, &g->rng);
        }
        memcpy(g->cost, elite_cost, (size_t)elite * sizeof *elite_cost);
    }
}

static int planned(const Magma *g, const Sim *sim, const Candidate *c)
{
    JobView j;
    int i = g->searched ? find_node(&g->w, 0, g->w.n, c->job, c->sub) : -1;
    if (i < 0) return -1;
    sim_job(sim, c->job, &j);
    double at = g->w.node[i].arrival_us; /* slots are used again */
    return at < j.arrival_us || at > j.arrival_us ? -1 : i;
}

static void search(Magma *g, Sim *sim, Cost *cost)
{
    const System *sys = sim_system(sim);
    Window old = g->w;
    Genome *first = g->individual[0];
    collect(sim, &g->w);
    int n = g->w.n, size = at_least(n, LEAST_POPULATION);
    for (int k = 0; k < size; k++)
        for (int i = 0; i < n; i++) draw_gene(&first[k], i, sys->n_sas, &g->rng);
    for (int i = 0; i < n && g->searched; i++) {
        const Node *node = &g->w.node[i];
        int was = find_node(&old, 0, old.n, node->at.job, node->at.sub);
        if (was < 0) continue;
        first[0].sa[i] = g->plan.sa[was];
        first[0].priority[i] = g->plan.priority[was];
    }
    evolve(g, sys, cost, size);
    g->plan = g->best;
    g->searched = 1;
    g->issued = sim_totals(sim)->all.issued;
    g->period =
        sim_config(sim)->replan_us > 0 ? floor(sim_now(sim) / sim_config(sim)->replan_us) : 0;
}

/* --- rounds --- */

/* Of what would be in a window now, is there something that the plan does not know? */
static bool is_outgrown(const Magma *g, const Sim *sim)
{
    Candidate ready[GENES];
    int n = sim_round(sim, ready, GENES);
    for (int k = 0; k < n && k < GENES; k++)
        if (planned(g, sim, &ready[k]) < 0) return true;
    return false;
}

static bool any_free(const Sim *sim)
{
    for (int m = 0; m < sim_system(sim)->n_sas; m++) {
        SaView v;
        sim_sa(sim, m, &v);
        if (sched_is_free(&v)) return true;
    }
    return false;
}

static bool search_due(const Magma *g, const Sim *sim)
{
    double period = sim_config(sim)->replan_us;
    if (!g->searched) return true;
    if (period > 0) return floor(sim_now(sim) / period) > g->period;
    return sim_totals(sim)->all.issued > g->issued || (any_free(sim) && is_outgrown(g, sim));
}

/* Places what the plan knows of what is ready. */
static void follow(const Magma *g, Sim *sim)
{
    Candidate ready[READY_MOST];
    int n = sim_round(sim, ready, READY_MOST);
    for (int k = 0; k < n && k < READY_MOST; k++) {
        int i = planned(g, sim, &ready[k]);
        if (i >= 0) sim_place(sim, &ready[k], g->plan.sa[i], 0, g->plan.priority[i]);
    }
}

static void plan_by(Sim *sim, Cost *cost)
{
    Magma *g = sim_user(sim);
    if (search_due(g, sim)) search(g, sim, cost);
    follow(g, sim);
}

static void plan_makespan(Sim *sim)
{
    plan_by(sim, makespan);
}

static void plan_sla(Sim *sim)
{
    plan_by(sim, misses);
}

#define MAGMA_RULES(last)                                                                          \
    {                                                                                              \
        .asking = ASK_ROUNDS, .ready_order = ORDER_EDF, .queue_order = ORDER_GIVEN,                \
        .hopeless_last = last, .replan_on_events = true                                            \
    }

static const Scheduler MAGMA[] = {
    {.name = "magma",
     .rules = MAGMA_RULES(false),
     .plan = plan_makespan,
     .reset = magma_reset,
     .state_bytes = magma_bytes,
     .summary =
         "MAGMA (HPCA 2022): genetic search for the least makespan of a window; not on-line"},
    {.name = "magma-sla+",
     .rules = MAGMA_RULES(true),
     .plan = plan_sla,
     .reset = magma_reset,
     .state_bytes = magma_bytes,
     .summary = "magma for the fewest deadlines missed, hopeless jobs last"},
};

const SchedFamily sched_magma = {MAGMA, sizeof MAGMA / sizeof *MAGMA};
