/* features.c -- what a policy sees of one decision: a row per action and a global part.
 * Times are squashed at two scales: a sub-job's (unit/32) and a queue's (unit/4). */
#include "env/sched_env.h"

#include <math.h>
#include <string.h>

enum { ROW = 35, GLOBAL = 25 };
static const double FINE = 32, COARSE = 4;

typedef struct View { /* everything the features are made of */
    const System *sys;
    JobView job;
    double now, unit, best_us, laxity;
    Quote quote[SYS_MAX_SAS];
    SaView sa[SYS_MAX_SAS];
    double least_finish, least_price, least_taken, least_energy, demand;
    int cheapest, successors, idle; /* cheapest: SA of least_price, the queue rule's: 2 bytes/BW */
    int taken;                      /* taken SA that the rule in charge likes best, -1: all are free */
    int free_of_type[SYS_MAX_TYPES];
} View;

/* Numbers on their way into an observation: the squashed ones are divided all at once. */
typedef struct Features {
    int n;
    double value[ROW > GLOBAL ? ROW : GLOBAL], squash[ROW > GLOBAL ? ROW : GLOBAL];
} Features;

static inline void plain(Features *f, double x)
{
    f->value[f->n] = x;
    f->squash[f->n++] = 0;
}

/* x / (1 + |x|): monotone, odd, into (-1, 1). */
static inline void squashed(Features *f, double x)
{
    f->value[f->n] = x;
    f->squash[f->n++] = 1;
}

static void write_features(const Features *f, float *out)
{
    for (int i = 0; i < f->n; i++)
        out[i] = (float)(f->value[i] / (1 + f->squash[i] * fabs(f->value[i])));
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

static bool is_free(const View *v, int m)
{
    return sched_is_free(&v->sa[m]);
}

static void look(const Sim *sim, double unit_us, const Candidate *c, View *v)
{
    const System *sys = sim_system(sim);
    const SysNet *net = &sys->net[c->net];
    v->sys = sys;
    v->unit = unit_us;
    v->now = sim_now(sim);
    v->best_us = net->best_us[c->sub];
    v->successors = net->first_succ[c->sub + 1] - net->first_succ[c->sub];
    v->least_finish = v->least_price = v->least_taken = v->least_energy = HUGE_VAL;
    v->demand = 0;
    v->cheapest = v->idle = 0;
    v->taken = -1;
    memset(v->free_of_type, 0, sizeof v->free_of_type);
    sim_job(sim, c->job, &v->job);
    v->laxity = v->job.deadline_us - v->now - v->job.rem_us;
    for (int m = 0; m < sys->n_sas; m++) {
        Quote *q = &v->quote[m];
        sim_quote(sim, m, 0, q);
        sim_sa(sim, m, &v->sa[m]);
        double price = sched_price(sys, q);
        v->demand += v->sa[m].demand;
        v->idle += is_free(v, m);
        v->free_of_type[sys->sa_type[m]] += is_free(v, m);
        v->least_finish = least(v->least_finish, q->wait_us + q->cost_us);
        v->least_energy = least(v->least_energy, q->energy_uj);
        if (price < v->least_price) v->least_price = price, v->cheapest = m;
        if (is_free(v, m)) continue;
        price = sched_price_by(sys, q, &sim_config(sim)->rules.weight);
        if (price < v->least_taken) v->least_taken = price, v->taken = m;
    }
}

/* With Quote q of the row's class (another class than 0 changes what is ahead and behind). */
static void write_row(const View *v, int m, const Quote *q, int priority_class, float *out)
{
    Features f = {.n = 0};
    const SaView *s = &v->sa[m];
    int type = v->sys->sa_type[m];
    double fine = FINE / v->unit, coarse = COARSE / v->unit, bw = v->sys->dram_bytes_per_us;
    double finish = q->wait_us + q->cost_us;
    double price = sched_price(v->sys, q), demand = q->bytes / q->cost_us;
    double after = v->job.rem_us - v->best_us;
    double slack = v->job.deadline_us - v->now - finish - after;

    squashed(&f, q->cost_us * fine);
    plain(&f, v->best_us / q->cost_us);
    squashed(&f, q->wait_us * coarse);
    squashed(&f, q->wait_us * fine);
    squashed(&f, 4 * q->wait_us / v->job.rem_us);
    squashed(&f, (finish - v->least_finish) * fine);
    squashed(&f, (finish - v->least_finish) * coarse);
    plain(&f, finish <= v->least_finish);
    squashed(&f, (price - v->least_price) * fine);
    plain(&f, m == v->cheapest && priority_class == 0);
    squashed(&f, 2 * slack / v->job.rem_us);
    squashed(&f, slack * coarse);
    plain(&f, least(1, demand / bw));
    squashed(&f, q->bytes / bw * fine);
    squashed(&f, (v->demand + demand - bw) / bw);
    plain(&f, q->energy_uj > 0 ? v->least_energy / q->energy_uj : 1);
    squashed(&f, q->behind_us * coarse);
    squashed(&f, q->behind / 4.0);
    squashed(&f, q->endangered);
    if (q->behind)
        squashed(&f, q->min_laxity_us * coarse);
    else
        plain(&f, 1);
    plain(&f, q->behind ? q->cost_us / (q->cost_us + q->min_laxity_us) : 0);
    plain(&f, s->busy);
    squashed(&f, s->left_us * fine);
    plain(&f, least(1, s->demand / bw));
    plain(&f, s->rate);
    squashed(&f, s->queued_us * coarse);
    squashed(&f, s->queued / 4.0);
    plain(&f, priority_class / 4.0);
    plain(&f, (v->idle - is_free(v, m)) / (double)v->sys->n_sas);
    plain(&f, v->idle == 1 && is_free(v, m));
    plain(&f, (v->free_of_type[type] - is_free(v, m)) / (double)v->sys->n_sas);
    plain(&f, v->free_of_type[type] == 1 && is_free(v, m));
    plain(&f, v->sys->type_affinity[type]);
    plain(&f, v->sys->type_short_affinity[type]);
    write_features(&f, out);
}

static void write_global(const Sim *sim, const View *v, float *out)
{
    Features f = {.n = 0};
    const int *active = sim_active(sim);
    int n = sim_jobs_in_system(sim), hopeful = 0, tight = 0, M = v->sys->n_sas;
    double backlog = 0, rem = 0, rate = 0, soonest = v->unit, latest = 0,
           window = v->job.deadline_us - v->job.arrival_us;

    for (int i = 0; i < n; i++) {
        JobView j;
        sim_job(sim, active[i], &j);
        double laxity = j.deadline_us - v->now - j.rem_us;
        if (laxity < 0) continue;
        hopeful++;
        tight += laxity < j.rem_us;
        rem += j.rem_us;
    }
    for (int m = 0; m < M; m++) {
        backlog += v->sa[m].left_us + v->sa[m].queued_us;
        rate += v->sa[m].rate;
        if (!v->sa[m].busy) continue;
        soonest = least(soonest, v->sa[m].left_us);
        latest = most(latest, v->sa[m].left_us);
    }
    squashed(&f, n / 8.0);
    squashed(&f, hopeful / 8.0);
    plain(&f, hopeful / (double)n);
    squashed(&f, tight / 4.0);
    squashed(&f, rem / M / v->unit * 2);
    squashed(&f, backlog / M / v->unit * COARSE);
    squashed(&f, sim_ready_count(sim) / 4.0);
    plain(&f, v->idle / (double)M);
    plain(&f, least(1, v->demand / v->sys->dram_bytes_per_us));
    plain(&f, rate / M);
    squashed(&f, v->laxity / v->job.rem_us);
    squashed(&f, v->laxity / v->unit);
    squashed(&f, v->laxity / v->unit * COARSE);
    plain(&f, v->laxity < 0);
    squashed(&f, v->job.rem_us / v->unit);
    plain(&f, v->job.rem_us / v->sys->net[v->job.net].rem_us);
    plain(&f, most(-1, (v->job.deadline_us - v->now) / window));
    squashed(&f, v->best_us * FINE / v->unit);
    squashed(&f, v->job.outstanding / 4.0);
    squashed(&f, v->successors / 4.0);
    squashed(&f, soonest * FINE / v->unit);
    squashed(&f, latest * FINE / v->unit);
    squashed(&f, v->job.rem_us * FINE / v->unit);
    squashed(&f, v->laxity * FINE / v->unit);
    plain(&f, v->job.subjobs_left / (double)v->sys->net[v->job.net].n_subjobs);
    write_features(&f, out);
}

/* Idle SAs of one type with empty queues are one action: the first stands for all; and on an empty
 * queue the classes do not differ. A list scheduler's reservation on a taken SA lasts until the
 * next event only: it means "wait", and the best taken SA stands for that. */
static bool is_valid(const Sim *sim, const View *v, int m, int priority_class)
{
    if (!is_free(v, m)) return !sim_config(sim)->rules.replan_on_events || m == v->taken;
    if (priority_class > 0) return false;
    for (int k = 0; k < m; k++)
        if (v->sys->sa_type[k] == v->sys->sa_type[m] && is_free(v, k)) return false;
    return true;
}

/* The valid action that stands for placing the candidate on `sa` in class 0. */
static int canonical_action(const Sim *sim, const View *v, int sa)
{
    if (!is_free(v, sa)) {
        if (!is_valid(sim, v, sa, 0)) sa = v->taken;
    } else {
        while (!is_valid(sim, v, sa, 0)) sa--; /* the first free SA of its type */
    }
    return sa * sim_config(sim)->classes;
}

/* What is_valid() lets through: one free SA of each type, and the classes of one taken SA, or of
 * all. */
EnvSpec sched_env_spec(const System *sys, const SchedRules *rules, int classes)
{
    EnvSpec s = {.n_actions = sys->n_sas * classes, .row_features = ROW, .global_features = GLOBAL};
    int listed = sys->n_types + classes;
    s.obs_floats = s.n_actions * (ROW + 1) + GLOBAL;
    s.max_valid = rules->replan_on_events && listed < s.n_actions ? listed : s.n_actions;
    return s;
}

int sched_observe(const Sim *sim, double unit_us, const Scheduler *teacher, float *obs)
{
    int classes = sim_config(sim)->classes, actions = sim_system(sim)->n_sas * classes, demo = -1;
    float *global = obs + (size_t)actions * ROW, *mask = global + GLOBAL;
    Candidate c;
    View v;

    if (!sim_candidate(sim, &c)) { /* the episode is over */
        memset(obs, 0, sizeof *obs * (size_t)(actions * (ROW + 1) + GLOBAL));
        return demo;
    }
    look(sim, unit_us, &c, &v);
    if (teacher) demo = canonical_action(sim, &v, teacher->choose(sim));
    for (int a = 0; a < actions; a++) {
        Quote q = v.quote[a / classes];
        float *row = obs + (size_t)a * ROW;
        mask[a] = is_valid(sim, &v, a / classes, a % classes);
        if (!(mask[a] > 0)) {
            memset(row, 0, ROW * sizeof *row);
            continue;
        }
        if (a % classes) sim_quote(sim, a / classes, a % classes, &q);
        write_row(&v, a / classes, &q, a % classes, row);
        row[ROW - 1] = a == demo;
    }
    write_global(sim, &v, global);
    return demo;
}
