/* sched.c -- the table of baseline schedulers, and how one is driven. */
#include "env/sched_internal.h"

#include <string.h>

/* In the order of the list. A scheduler is a file with its family and a line here. */
static const SchedFamily *const FAMILIES[] = {
    &sched_rules, &sched_prema, &sched_planaria, &sched_herald, &sched_dream,
    &sched_dysta, &sched_heft,  &sched_moca,     &sched_magma,  &sched_lookahead};
enum { N_FAMILIES = sizeof FAMILIES / sizeof *FAMILIES };

size_t sched_state_bytes(const Scheduler *s, const System *sys, const SimConfig *cfg)
{
    return s->state_bytes ? s->state_bytes(sys, cfg) : 0;
}

void sched_reset(const Scheduler *s, Sim *sim, const Workload *wl, uint64_t seed)
{
    size_t bytes = sched_state_bytes(s, sim_system(sim), sim_config(sim));
    if (bytes) memset(sim_user(sim), 0, bytes);
    sim_reset(sim, wl, seed);
    if (s->reset) s->reset(sim);
}

void sched_step(const Scheduler *s, Sim *sim)
{
    if (!s->plan) {
        sim_commit(sim, s->choose(sim), 0);
        return;
    }
    s->plan(sim);
    if (s->rules.asking != ASK_EACH) sim_proceed(sim);
}

int sched_count(void)
{
    int n = 0;
    for (int f = 0; f < N_FAMILIES; f++) n += FAMILIES[f]->n;
    return n;
}

const Scheduler *sched_at(int i)
{
    int f = 0;
    while (i >= FAMILIES[f]->n) i -= FAMILIES[f++]->n;
    return &FAMILIES[f]->at[i];
}

const Scheduler *sched_find(const char *name)
{
    for (int i = 0; i < sched_count(); i++)
        if (strcmp(sched_at(i)->name, name) == 0) return sched_at(i);
    return NULL;
}
