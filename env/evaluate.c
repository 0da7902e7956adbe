/* evaluate.c -- paired evaluation: one simulator per task; of each job its turnaround is kept. */
#include "env/evaluate.h"

#include "base/log.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

typedef struct Evaluation {
    const Contender *who;
    Workload workload;
    uint64_t seed;
    int episodes, tasks;
    Sim *sim[EVALUATE_TASKS];
    double seconds[EVALUATE_TASKS];
    EpisodeOutcome *outcome; /* [episodes] */
    double *turnaround;      /* [episodes, jobs], of finished ones at the start of each row */
    const EvalProgress *progress;
    pthread_mutex_t telling;
    int done; /* under it */
} Evaluation;

/* Listens to one episode. */
typedef struct Listener {
    EpisodeOutcome *outcome;
    double *turnaround;
    long finished;
} Listener;

static void note(void *ctx, const Sim *sim, const JobRecord *r)
{
    Listener *l = ctx;
    (void)sim;
    if (r->dropped || !r->counted) return;
    double t = r->end_us - r->arrival_us;
    l->turnaround[l->finished++] = t;
    l->outcome->turnaround_us[r->net] += t;
}

Contender evaluate_baseline(const Scheduler *s)
{
    return (Contender){.name = s->name, .rules = s->rules, .classes = 1, .baseline = s};
}

Status evaluate_sim(Sim **out, const Scenario *sc, const Contender *who, Err *err)
{
    SimConfig cfg = sc->sim;
    cfg.rules = who->rules;
    cfg.classes = who->classes;
    size_t user = who->baseline ? sched_state_bytes(who->baseline, sc->sys, &cfg) : 0;
    return sim_create(out, sc->sys, &cfg, user, err);
}

void evaluate_episode(const Contender *who, int task, Sim *sim, const Workload *wl, uint64_t seed)
{
    Candidate c;
    if (who->baseline) {
        sched_reset(who->baseline, sim, wl, seed);
        while (sim_candidate(sim, &c)) sched_step(who->baseline, sim);
        return;
    }
    sim_reset(sim, wl, seed);
    while (sim_candidate(sim, &c)) {
        int a = who->choose(who->ctx[task], sim);
        sim_commit(sim, a / who->classes, a % who->classes);
    }
}

static void run_episode(Evaluation *ev, int task, int episode)
{
    Sim *sim = ev->sim[task];
    EpisodeOutcome *out = &ev->outcome[episode];
    Listener l = {out, ev->turnaround + (size_t)episode * (size_t)ev->workload.jobs, 0};
    SimWatch watch = {.ctx = &l, .leave = note};

    sim_set_watch(sim, &watch);
    evaluate_episode(ev->who, task, sim, &ev->workload, ev->seed + (uint64_t)episode);
    sim_set_watch(sim, NULL);
    out->totals = *sim_totals(sim);
    out->end_us = sim_now(sim);
}

static void tell(Evaluation *ev)
{
    if (!ev->progress) return;
    pthread_mutex_lock(&ev->telling);
    ev->progress->episode(ev->progress->ctx, ++ev->done);
    pthread_mutex_unlock(&ev->telling);
}

static void run_task(void *ctx, int task)
{
    Evaluation *ev = ctx;
    double t0 = clock_seconds();
    for (int e = task; e < ev->episodes; e += ev->tasks) {
        run_episode(ev, task, e);
        tell(ev);
    }
    ev->seconds[task] = clock_seconds() - t0;
}

static Status prepare(Evaluation *ev, EvalResult *r, const Scenario *sc, Err *err)
{
    for (int i = 0; i < ev->tasks; i++) {
        Status st = evaluate_sim(&ev->sim[i], sc, ev->who, err);
        if (st != ST_OK) return st;
    }
    if (!(ev->outcome = mem_calloc(ev->episodes, sizeof *ev->outcome)) ||
        !(ev->turnaround = mem_calloc((size_t)ev->episodes * (size_t)ev->workload.jobs,
                                      sizeof *ev->turnaround)) ||
        !(r->sla = mem_calloc(ev->episodes, sizeof *r->sla)) ||
        !(r->energy = mem_calloc(ev->episodes, sizeof *r->energy)))
        return err_set(err, ST_NOMEM, "out of memory for %d episodes", ev->episodes);
    return ST_OK;
}

/* Rows of finished jobs, one after the other. */
static void close_ranks(Evaluation *ev)
{
    double *to = ev->turnaround;
    for (int e = 0; e < ev->episodes; e++) {
        const JobCounts *c = &ev->outcome[e].totals.all;
        size_t n = (size_t)(c->met + c->late);
        memmove(to, ev->turnaround + (size_t)e * (size_t)ev->workload.jobs, n * sizeof *to);
        to += n;
    }
}

static void summarise(EvalResult *r, Evaluation *ev, const System *sys)
{
    double seconds = 0;
    r->episodes = ev->episodes;
    for (int e = 0; e < ev->episodes; e++) {
        const SimTotals *t = &ev->outcome[e].totals;
        long done = t->all.met + t->all.late + t->apart.met + t->apart.late;
        r->sla[e] = job_counts_sla_rate(&t->all);
        r->energy[e] = done ? t->energy_uj / (double)done : 0;
    }
    close_ranks(ev);
    metrics_compute(&r->metrics, sys, ev->workload.priority, ev->outcome, ev->episodes,
                    ev->turnaround);
    for (int i = 0; i < ev->tasks; i++) seconds += ev->seconds[i];
    if (r->metrics.decisions) r->us_per_decision = 1e6 * seconds / (double)r->metrics.decisions;
}

Status evaluate_run(EvalResult *out, const Scenario *sc, const Contender *who, double load,
                    uint64_t seed, int episodes, Pool *pool, Err *err)
{
    return evaluate_run_told(out, sc, who, load, seed, episodes, pool, NULL, err);
}

Status evaluate_run_told(EvalResult *out, const Scenario *sc, const Contender *who, double load,
                         uint64_t seed, int episodes, Pool *pool, const EvalProgress *progress,
                         Err *err)
{
    Status st;
    Evaluation ev = {.who = who,
                     .workload = scenario_workload(sc, load),
                     .seed = seed,
                     .episodes = episodes,
                     .tasks = episodes < EVALUATE_TASKS ? episodes : EVALUATE_TASKS,
                     .progress = progress,
                     .telling = PTHREAD_MUTEX_INITIALIZER};

    *out = (EvalResult){0};
    TRY(prepare(&ev, out, sc, err));
    pool_run(pool, run_task, &ev, ev.tasks);
    summarise(out, &ev, sc->sys);
    st = ST_OK;
fail:
    for (int i = 0; i < ev.tasks; i++) sim_destroy(ev.sim[i]);
    pthread_mutex_destroy(&ev.telling);
    mem_free(ev.outcome);
    mem_free(ev.turnaround);
    if (st != ST_OK) evaluate_free(out);
    return st == ST_OK ? st : err_set(err, st, "evaluation: %s", status_text(st));
}

Status evaluate_score(double *score, const Scenario *sc, const Contender *who, uint64_t seed,
                      int episodes, Pool *pool, Err *err)
{
    const ConfigDoubles *loads = &sc->cfg.loads;
    *score = 0;
    for (int i = 0; i < loads->n; i++) {
        EvalResult r;
        Status st = evaluate_run(&r, sc, who, loads->v[i], seed, episodes, pool, err);
        if (st != ST_OK) return st;
        *score += r.metrics.sla_rate / loads->n;
        evaluate_free(&r);
    }
    return ST_OK;
}

void evaluate_free(EvalResult *r)
{
    mem_free(r->sla);
    mem_free(r->energy);
    *r = (EvalResult){0};
}
