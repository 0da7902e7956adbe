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
 * does not know; for `magma-sla+` at every event that finds an SA free; with a period T_s, at each of
 * its ticks only. In between the plan is followed: what becomes ready goes to its SA's queue.
 *
 * Deviations: the paper searches once for a batch that is there as a whole, a hundred sub-jobs with
 * 10 000 samples. Here a window has so many at most, in the ready order of their jobs and then
 * successors breadth first, and a population at least ten individuals. `magma-10k` has the paper's
 * numbers. The others have fewer sub-jobs and 1000 samples, so that a study can run; for deadlines under
 * arrivals that come one by one a short window, searched often and well, is better than a long one:
 * docs/MODEL.md has the numbers. */
#include "env/sched_internal.h"

#include <math.h>
#include <string.h>

enum {
    GENES = 100, /* most sub-jobs of a window, and individuals of a population */
    NODES = GENES + SYS_MAX_SAS,
    LEAST_POPULATION = 10,
    PARENTS = GENES / 10,
    EDGES = NODES * (NODES - 1) / 2,
    READY_MOST = 256,
    INDEX_BITS = 7, /* of a key: 2^7 > GENES */
    PRIORITY_BITS = 24
};

static const double ONE_ROW = 0.9, RANGE = 0.1, BY_SA = 0.1, MUTATION = 0.05;

/* A key is the priority, least first, in units of 2^-24, and below it the gene's own index: no two are
 * equal. */
typedef struct Genome {
    uint32_t key[GENES];
    uint8_t sa[GENES];
} Genome;

/* One sub-job of the window, or one that runs. */
typedef struct Node {
    Candidate at;
    double arrival_us;
    int seen; /* nodes that precede it, when the window is collected */
} Node;

typedef struct GeneCost {
    double us, demand;
} GeneCost;

/* What the model reads is in the order in which it does. */
typedef struct Window {
    int n, running, n_sas; /* genes are node[0..n), then come those that run */
    double dram;           /* bytes/us */
    GeneCost cost[GENES][SYS_MAX_SAS];
    uint8_t waits_for[GENES]; /* nodes that precede it */
    int16_t first_succ[NODES + 1];
    uint8_t succ[EDGES], job_of[GENES]; /* jobs of the window, by number */
    double tail_us[GENES];              /* longest path behind */
    int n_jobs;
    double slack_us[GENES], weight[GENES]; /* of jobs; weight: what a us of slack costs */
    double least_last[GENES], least_cost;  /* misses before anything has ended: bounds from below */
    int running_sa[SYS_MAX_SAS];
    GeneCost left[SYS_MAX_SAS];
    Node node[NODES];
} Window;

/* The individuals that are parents of the next generation, the best first. */
typedef struct Leaders {
    int n, most, at[PARENTS];
    double cost[PARENTS];
} Leaders;

typedef struct Magma {
    Rng rng;
    long issued;   /* at the last search */
    double period; /* number of T_s of the last search */
    int planned;   /* sub-jobs that the plan knows */
    Node plan_node[GENES];
    Genome plan;
    Window w;
    Genome individual[2][GENES];
} Magma;

typedef double Cost(const Window *w, const Genome *g, double enough);

/* What a row of the table searches for, and how. */
typedef struct Effort {
    Cost *cost;
    int genes, samples; /* of a window; of a search */
    bool each_event;    /* a search whenever an SA is free */
} Effort;

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

static Node node_of(const Sim *sim, int job, int sub)
{
    JobView j;
    sim_job(sim, job, &j);
    return (Node){.at = {job, sub, j.net}, .arrival_us = j.arrival_us};
}

/* Appends those successors of a sub-job whose other predecessors are all in the window too. `met`
 * holds those met so far, in the window or not yet. */
static void append_successors(const Sim *sim, Window *w, const Candidate *of, Node *met, int *n_met,
                              int genes)
{
    const SysNet *net = &sim_system(sim)->net[of->net];
    for (int e = net->first_succ[of->sub]; e < net->first_succ[of->sub + 1]; e++) {
        int k = 0, sub = net->succ[e];
        while (k < *n_met && (met[k].at.job != of->job || met[k].at.sub != sub)) k++;
        if (k == *n_met) {
            if (k == NODES) return;
            met[(*n_met)++] = node_of(sim, of->job, sub);
        }
        if (++met[k].seen == sim_preds_left(sim, of->job, sub) && w->n < genes)
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
        w->left[w->running++] = (GeneCost){fmax(0, v.left_us), v.demand};
    }
}

static void collect_nodes(const Sim *sim, Window *w, int genes)
{
    Candidate ready[GENES], running[SYS_MAX_SAS];
    Node met[NODES];
    int n_met = 0, n = sim_round(sim, ready, genes);
    collect_running(sim, w, running);
    w->n = 0;
    for (int i = 0; i < n && i < genes; i++)
        w->node[w->n++] = node_of(sim, ready[i].job, ready[i].sub);
    for (int i = 0; i < w->running && w->n < genes; i++)
        append_successors(sim, w, &running[i], met, &n_met, genes);
    for (int i = 0; i < w->n && w->n < genes; i++) {
        Candidate at = w->node[i].at;
        append_successors(sim, w, &at, met, &n_met, genes);
    }
    for (int i = 0; i < w->running; i++) w->node[w->n + i] = (Node){.at = running[i]};
}

static int find_node(const Node *node, int n, int job, int sub)
{
    for (int i = 0; i < n; i++)
        if (node[i].at.job == job && node[i].at.sub == sub) return i;
    return -1;
}

static void connect(const System *sys, Window *w)
{
    int edges = 0, nodes = w->n + w->running;
    memset(w->waits_for, 0, sizeof w->waits_for);
    for (int i = 0; i < nodes; i++) {
        const Candidate *at = &w->node[i].at;
        const SysNet *net = &sys->net[at->net];
        w->first_succ[i] = (int16_t)edges;
        for (int e = net->first_succ[at->sub]; e < net->first_succ[at->sub + 1]; e++) {
            int k = find_node(w->node, w->n, at->job, net->succ[e]);
            if (k < 0) continue;
            w->succ[edges++] = (uint8_t)k;
            w->waits_for[k]++;
        }
    }
    w->first_succ[nodes] = (int16_t)edges;
}

static void number_jobs(const Sim *sim, Window *w)
{
    w->n_jobs = 0;
    for (int i = 0; i < w->n; i++) {
        int same = 0;
        JobView j;
        while (w->node[same].at.job != w->node[i].at.job) same++;
        w->job_of[i] = (uint8_t)(same < i ? w->job_of[same] : w->n_jobs);
        if (same < i) continue;
        sim_job(sim, w->node[i].at.job, &j);
        w->slack_us[w->n_jobs++] = j.deadline_us - sim_now(sim);
    }
}

/* No plan ends a job before the longest path through its sub-jobs in the window, each on its best SA. */
static void bound_misses(const System *sys, Window *w)
{
    memset(w->least_last, 0, sizeof w->least_last);
    for (int i = 0; i < w->n; i++) {
        const Candidate *at = &w->node[i].at;
        const SysNet *net = &sys->net[at->net];
        w->tail_us[i] = net->tail_us[at->sub] - net->best_us[at->sub];
        w->least_last[w->job_of[i]] = fmax(w->least_last[w->job_of[i]], net->tail_us[at->sub]);
    }
    w->least_cost = 0;
    for (int j = 0; j < w->n_jobs; j++) {
        bool late = w->least_last[j] > w->slack_us[j];
        w->weight[j] = 1 / (w->slack_us[j] * (w->n_jobs + 1));
        w->least_cost += late ? 1 : w->least_last[j] * w->weight[j];
        if (late) w->least_last[j] = HUGE_VAL;
    }
}

static void collect(const Sim *sim, Window *w, int genes)
{
    const System *sys = sim_system(sim);
    w->n_sas = sys->n_sas;
    w->dram = sys->dram_bytes_per_us;
    collect_nodes(sim, w, genes);
    connect(sys, w);
    number_jobs(sim, w);
    bound_misses(sys, w);
    for (int i = 0; i < w->n; i++)
        for (int m = 0; m < sys->n_sas; m++) {
            const SubJobCost *c = round_cost(sim, &w->node[i].at, m);
            w->cost[i][m] = (GeneCost){c->latency_us, c->bytes / c->latency_us};
        }
}

/* --- the model --- */

/* Work is measured in isolated us: all that runs has the same rate, so each ends where it ends in the
 * order of work, and only the time that passes depends on the demand. */
typedef struct Model {
    double work, now_us;
    double end[SYS_MAX_SAS], demand[SYS_MAX_SAS]; /* HUGE_VAL and 0: idle */
    uint8_t running[SYS_MAX_SAS];                 /* node */
    uint8_t waits_for[GENES];
    uint32_t idle, waiting; /* SAs that run nothing, and whose queue is not empty: bits */
    int queued[SYS_MAX_SAS];
    uint32_t queue[SYS_MAX_SAS][GENES]; /* keys, the next one last */
} Model;

static int lowest(uint32_t bits)
{
    return __builtin_ctz(bits);
}

static void model_queue(Model *md, const Genome *g, int i)
{
    int m = g->sa[i], at = md->queued[m]++;
    uint32_t *queue = md->queue[m], key = g->key[i];
    for (; at > 0 && queue[at - 1] < key; at--) queue[at] = queue[at - 1];
    queue[at] = key;
    md->waiting |= 1u << m;
}

static void model_start(Model *md, const Window *w, const Genome *g)
{
    md->work = md->now_us = 0;
    md->waiting = 0;
    md->idle = (1u << w->n_sas) - 1;
    for (int m = 0; m < w->n_sas; m++) md->end[m] = HUGE_VAL, md->demand[m] = 0, md->queued[m] = 0;
    for (int i = 0; i < w->running; i++) {
        int m = w->running_sa[i];
        md->idle &= ~(1u << m);
        md->running[m] = (uint8_t)(w->n + i);
        md->end[m] = w->left[i].us;
        md->demand[m] = w->left[i].demand;
    }
    memcpy(md->waits_for, w->waits_for, sizeof md->waits_for);
    for (int i = 0; i < w->n; i++)
        if (w->waits_for[i] == 0) model_queue(md, g, i);
}

static void model_serve(Model *md, const Window *w, int m)
{
    uint32_t i = md->queue[m][--md->queued[m]] & ((1u << INDEX_BITS) - 1);
    md->running[m] = (uint8_t)i;
    md->end[m] = md->work + w->cost[i][m].us;
    md->demand[m] = w->cost[i][m].demand;
    md->idle &= ~(1u << m);
    if (md->queued[m] == 0) md->waiting &= ~(1u << m);
}

/* On to the next completion: the SAs where something ends, bits; 0 if nothing runs. All loops over SAs
 * are without branches on what the plan is. */
static uint32_t model_advance(Model *md, const Window *w)
{
    double sum = 0, next = HUGE_VAL;
    uint32_t ended = 0;
    for (uint32_t due = md->idle & md->waiting; due; due &= due - 1)
        model_serve(md, w, lowest(due));
    for (int m = 0; m < w->n_sas; m++) {
        sum += md->demand[m];
        next = md->end[m] < next ? md->end[m] : next;
    }
    if (isinf(next)) return 0;
    for (int m = 0; m < w->n_sas; m++) ended |= (uint32_t)(md->end[m] <= next) << m;
    md->now_us += (next - md->work) * (sum > w->dram ? sum / w->dram : 1);
    md->work = next;
    return ended;
}

/* The node that ends on this SA. What waited for it alone is queued. */
static int model_end(Model *md, const Window *w, const Genome *g, int m)
{
    int i = md->running[m];
    md->end[m] = HUGE_VAL;
    md->demand[m] = 0;
    md->idle |= 1u << m;
    for (int e = w->first_succ[i]; e < w->first_succ[i + 1]; e++)
        if (--md->waits_for[w->succ[e]] == 0) model_queue(md, g, w->succ[e]);
    return i;
}

/* --- fitness, least best; what is at least `enough` need not be exact --- */

/* An SA needs as long as its work is, the DRAM as long as its bytes take; less what rounding may do, so
 * that no plan is passed over that the model would find better. */
static double least_makespan(const Window *w, const Genome *g)
{
    double load[SYS_MAX_SAS] = {0}, bytes = 0, most = 0;
    for (int i = 0; i < w->n; i++) {
        const GeneCost *c = &w->cost[i][g->sa[i]];
        load[g->sa[i]] += c->us;
        bytes += c->us * c->demand;
    }
    for (int i = 0; i < w->running; i++) {
        load[w->running_sa[i]] += w->left[i].us;
        bytes += w->left[i].us * w->left[i].demand;
    }
    for (int m = 0; m < w->n_sas; m++) most = load[m] > most ? load[m] : most;
    return (1 - 1e-9) * (bytes > most * w->dram ? bytes / w->dram : most);
}

static double makespan(const Window *w, const Genome *g, double enough)
{
    Model md;
    double least = least_makespan(w, g);
    if (least >= enough) return least;
    model_start(&md, w, g);
    for (uint32_t ended; md.now_us < enough && (ended = model_advance(&md, w));)
        for (; ended; ended &= ended - 1) model_end(&md, w, g, lowest(ended));
    return md.now_us;
}

/* What a node adds to misses() as it ends. last: of each job so far. */
static double ended_cost(const Window *w, int i, double now_us, double *last)
{
    int j = w->job_of[i];
    double end = now_us + w->tail_us[i], was = last[j];
    if (end <= was) return 0;
    bool late = end > w->slack_us[j];
    last[j] = late ? HUGE_VAL : end;
    return late ? 1 - was * w->weight[j] : (end - was) * w->weight[j];
}

/* Jobs that end late, and below one of them the mean part of its slack that a job in time needs. Both
 * only grow as the model goes on. */
static double misses(const Window *w, const Genome *g, double enough)
{
    Model md;
    double last[GENES], cost = w->least_cost;
    memcpy(last, w->least_last, (size_t)w->n_jobs * sizeof *last);
    model_start(&md, w, g);
    for (uint32_t ended; cost < enough && (ended = model_advance(&md, w));)
        for (; ended; ended &= ended - 1) {
            int i = model_end(&md, w, g, lowest(ended));
            if (i < w->n) cost += ended_cost(w, i, md.now_us, last);
        }
    return cost;
}

/* --- the search --- */

static void set_priority(Genome *g, int i, uint32_t priority)
{
    g->key[i] = priority << INDEX_BITS | (uint32_t)i;
}

static void draw_gene(Genome *g, int i, int n_sas, Rng *rng)
{
    g->sa[i] = (uint8_t)rng_below(rng, (uint32_t)n_sas);
    set_priority(g, i, (uint32_t)(rng_next(rng) >> (64 - PRIORITY_BITS)));
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
        memcpy(child->key + pivot, mother->key + pivot, (size_t)(n - pivot) * sizeof *child->key);
}

static void cross_range(Genome *child, const Genome *mother, int n, Rng *rng)
{
    int from = (int)rng_below(rng, (uint32_t)n);
    int to = from + 1 + (int)rng_below(rng, (uint32_t)(n - from));
    for (int i = from; i < to; i++) child->sa[i] = mother->sa[i], child->key[i] = mother->key[i];
}

static void cross_sa(Genome *child, const Genome *mother, int n, int n_sas, Rng *rng)
{
    int sa = (int)rng_below(rng, (uint32_t)n_sas);
    for (int i = 0; i < n; i++) {
        if (mother->sa[i] == sa)
            child->sa[i] = (uint8_t)sa, child->key[i] = mother->key[i];
        else if (child->sa[i] == sa)
            child->sa[i] = (uint8_t)rng_below(rng, (uint32_t)n_sas);
    }
}

/* Genes up to the next one that changes: geometric, as if each had been asked. */
static int next_mutation(Rng *rng)
{
    return (int)fmin(GENES, floor(rng_exponential(rng, -1 / log1p(-MUTATION))));
}

static void breed(Genome *child, const Genome *father, const Genome *mother, int n, int n_sas,
                  Rng *rng)
{
    *child = *father;
    if (happens(rng, ONE_ROW)) cross_row(child, mother, n, rng);
    if (happens(rng, RANGE)) cross_range(child, mother, n, rng);
    if (happens(rng, BY_SA)) cross_sa(child, mother, n, n_sas, rng);
    for (int i = next_mutation(rng); i < n; i += 1 + next_mutation(rng))
        draw_gene(child, i, n_sas, rng);
}

static bool same_genes(const Genome *a, const Genome *b, int n)
{
    return !memcmp(a->sa, b->sa, (size_t)n * sizeof *a->sa) &&
           !memcmp(a->key, b->key, (size_t)n * sizeof *a->key);
}

static void note(Leaders *l, int i, double cost)
{
    if (l->n == l->most && cost >= l->cost[l->n - 1]) return;
    int at = l->n < l->most ? l->n++ : l->n - 1;
    for (; at > 0 && cost < l->cost[at - 1]; at--)
        l->cost[at] = l->cost[at - 1], l->at[at] = l->at[at - 1];
    l->cost[at] = cost;
    l->at[at] = i;
}

/* What is as bad as this leads nothing. */
static double enough(const Leaders *l)
{
    return l->n == l->most ? l->cost[l->n - 1] : HUGE_VAL;
}

static int at_least(int n, int least)
{
    return n > least ? n : least;
}

static Leaders next_generation(Magma *g, Cost *cost, const Leaders *l, const Genome *old,
                               Genome *next, int size)
{
    const Window *w = &g->w;
    Leaders out = {.most = l->most};
    int elite = at_least(size / 20, 1);
    for (int i = 0; i < elite; i++) {
        next[i] = old[l->at[i]];
        note(&out, i, l->cost[i]);
    }
    for (int i = elite; i < size; i++) {
        int father = (int)rng_below(&g->rng, (uint32_t)l->n);
        int mother = (int)rng_below(&g->rng, (uint32_t)l->n);
        const Genome *like = &old[l->at[father]];
        breed(&next[i], like, &old[l->at[mother]], w->n, w->n_sas, &g->rng);
        note(&out, i,
             same_genes(&next[i], like, w->n) ? l->cost[father] : cost(w, &next[i], enough(&out)));
    }
    return out;
}

/* The best, which is in one of the populations; the first is in g->individual[0]. */
static const Genome *evolve(Magma *g, const Effort *effort, int size)
{
    Leaders l = {.most = at_least(size / 10, 2)};
    int now = 0;
    for (int i = 0; i < size; i++)
        note(&l, i, effort->cost(&g->w, &g->individual[0][i], enough(&l)));
    for (int samples = 2 * size; samples <= effort->samples; samples += size, now = 1 - now)
        l = next_generation(g, effort->cost, &l, g->individual[now], g->individual[1 - now], size);
    return &g->individual[now][l.at[0]];
}

/* The plan's gene for it, or -1. */
static int planned(const Magma *g, const Sim *sim, const Candidate *c)
{
    JobView j;
    int i = find_node(g->plan_node, g->planned, c->job, c->sub);
    if (i < 0) return -1;
    sim_job(sim, c->job, &j);
    double at = g->plan_node[i].arrival_us; /* slots are used again */
    return at < j.arrival_us || at > j.arrival_us ? -1 : i;
}

/* The last plan's genes for what it knew, anything for the rest; and individuals at random. */
static void first_population(Magma *g, const Sim *sim, int size)
{
    Genome *first = g->individual[0];
    for (int k = 0; k < size; k++)
        for (int i = 0; i < g->w.n; i++) draw_gene(&first[k], i, g->w.n_sas, &g->rng);
    for (int i = 0; i < g->w.n; i++) {
        int was = planned(g, sim, &g->w.node[i].at);
        if (was < 0) continue;
        first[0].sa[i] = g->plan.sa[was];
        set_priority(&first[0], i, g->plan.key[was] >> INDEX_BITS);
    }
}

static void search(Magma *g, Sim *sim, const Effort *effort)
{
    double period = sim_config(sim)->replan_us;
    collect(sim, &g->w, effort->genes);
    int n = g->w.n, size = at_least(n, LEAST_POPULATION);
    first_population(g, sim, size);
    g->plan = *evolve(g, effort, size);
    g->planned = n;
    memcpy(g->plan_node, g->w.node, (size_t)n * sizeof *g->plan_node);
    g->issued = sim_totals(sim)->all.issued;
    g->period = period > 0 ? floor(sim_now(sim) / period) : 0;
}

/* --- rounds --- */

/* Of what would be in a window now, is there something that the plan does not know? */
static bool is_outgrown(const Magma *g, const Sim *sim, int genes)
{
    Candidate ready[GENES];
    int n = sim_round(sim, ready, genes);
    for (int k = 0; k < n && k < genes; k++)
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

static bool search_due(const Magma *g, const Sim *sim, const Effort *effort)
{
    double period = sim_config(sim)->replan_us;
    if (!g->planned) return true;
    if (period > 0) return floor(sim_now(sim) / period) > g->period;
    if (effort->each_event) return any_free(sim);
    return sim_totals(sim)->all.issued > g->issued ||
           (any_free(sim) && is_outgrown(g, sim, effort->genes));
}

/* Places what the plan knows of what is ready. */
static void follow(const Magma *g, Sim *sim)
{
    Candidate ready[READY_MOST];
    int n = sim_round(sim, ready, READY_MOST);
    for (int k = 0; k < n && k < READY_MOST; k++) {
        int i = planned(g, sim, &ready[k]);
        if (i < 0) continue;
        sim_place(sim, &ready[k], g->plan.sa[i], 0,
                  (double)(g->plan.key[i] >> INDEX_BITS) / (1 << PRIORITY_BITS));
    }
}

static void plan_by(Sim *sim, const Effort *effort)
{
    Magma *g = sim_user(sim);
    if (search_due(g, sim, effort)) search(g, sim, effort);
    follow(g, sim);
}

static void plan_makespan(Sim *sim)
{
    plan_by(sim, &(Effort){makespan, 24, 1000, false});
}

static void plan_makespan_10k(Sim *sim)
{
    plan_by(sim, &(Effort){makespan, 100, 10000, false});
}

static void plan_sla(Sim *sim)
{
    plan_by(sim, &(Effort){misses, 8, 1000, true});
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
    {.name = "magma-10k",
     .rules = MAGMA_RULES(false),
     .plan = plan_makespan_10k,
     .reset = magma_reset,
     .state_bytes = magma_bytes,
     .summary =
         "magma with the paper's windows of 100 and 10 000 samples; tens of ms for a search"},
    {.name = "magma-sla+",
     .rules = MAGMA_RULES(true),
     .plan = plan_sla,
     .reset = magma_reset,
     .state_bytes = magma_bytes,
     .summary =
         "magma for the fewest deadlines missed, searched at every event, hopeless jobs last"},
};

const SchedFamily sched_magma = {MAGMA, sizeof MAGMA / sizeof *MAGMA};
