/* sched.h -- baseline schedulers: each is a set of simulator rules and a choice of SA.
 * A baseline is one row of a table; `relmas list schedulers` prints it. Sources and deviations stand
 * at the head of each sched_*.c. Names ending in '+' are the strong variants: jobs that can no longer
 * meet their deadline rank last. All are deterministic; ties go to the lower SA index. */
#ifndef RELMAS_ENV_SCHED_H
#define RELMAS_ENV_SCHED_H

#include "env/sim.h"

typedef struct Scheduler {
    const char *name;
    SchedRules rules;
    int (*choose)(const Sim *sim); /* ASK_EACH: SA for the candidate; class is 0 */
    const char *summary;
    /* Else: places what it wants of one round (sim_round, sim_place), or under ASK_EACH commits the
     * candidate itself, if it takes more than a look at the simulator. Its memory of the episode is
     * sim_user(sim), state_bytes of it, which reset prepares after sim_reset (NULL: zeros do). */
    void (*plan)(Sim *sim);
    void (*reset)(Sim *sim);
    size_t (*state_bytes)(const System *sys, const SimConfig *cfg); /* NULL: 0 */
    bool clairvoyant; /* knows the arrivals to come: a reference, not a rule to be beaten */
} Scheduler;

const Scheduler *sched_find(const char *name); /* NULL if unknown */
int sched_count(void);
const Scheduler *sched_at(int i);

size_t sched_state_bytes(const Scheduler *s, const System *sys, const SimConfig *cfg);
/* Starts an episode of a simulator that was created with sched_state_bytes of the owner's bytes. */
void sched_reset(const Scheduler *s, Sim *sim, const Workload *wl, uint64_t seed);
/* Makes the decision or the round that is due, and advances to the next. */
void sched_step(const Scheduler *s, Sim *sim);

/* What the families with -bw weigh SAs by: finish + 2 x bytes/BW. */
double sched_price(const System *sys, const Quote *q);
/* What a rule with these weights weighs SAs by. */
double sched_price_by(const System *sys, const Quote *q, const RuleWeights *w);
/* Nothing runs on it and nothing waits for it. */
bool sched_is_free(const SaView *sa);
/* The SA that the simulator's rules choose by their weights: of list, paced, reserve and queue family. */
int sched_choose(const Sim *sim);

#endif
