/* sched_internal.h -- what the files of the baseline schedulers share: sched.c lists the families that
 * the others define, one file for each source; sched_round.c has what planning a round takes. */
#ifndef RELMAS_ENV_SCHED_INTERNAL_H
#define RELMAS_ENV_SCHED_INTERNAL_H

#include "env/sched.h"

typedef struct SchedFamily {
    const Scheduler *at;
    int n;
} SchedFamily;

extern const SchedFamily sched_rules;
extern const SchedFamily sched_prema;
extern const SchedFamily sched_planaria;
extern const SchedFamily sched_herald;
extern const SchedFamily sched_dream;
extern const SchedFamily sched_dysta;
extern const SchedFamily sched_heft;
extern const SchedFamily sched_moca;
extern const SchedFamily sched_magma;
extern const SchedFamily sched_lookahead;

/* --- a round of a rule that gives scores (sched_round.c) --- */

/* 3 x the job's weight: PREMA's priorities 1, 3, 9 are weights 1/3, 1, 3; 1 is what jobs have unless
 * the scenario says otherwise. */
double round_priority(const Sim *sim, int job);

/* The ready sub-jobs that a round looks at: the first so many in the ready order. */
enum { ROUND_MOST = 1024 };

typedef struct RoundEntry {
    Candidate at;
    JobView job;
    double slack_us; /* deadline - now */
    bool hopeless;   /* slack < rem */
    bool placed;
    int need;     /* the rule's own */
    int tier;     /* the rule's: greatest first, then */
    double score; /* greatest first, then the ready order */
} RoundEntry;

typedef struct Round {
    int n;
    RoundEntry entry[ROUND_MOST]; /* in the ready order */
    int order[ROUND_MOST];        /* of round_rank: indices */
    int ranked;
    bool hopeless_last;
    bool free[SYS_MAX_SAS];
    int n_free;
} Round;

/* All of what is ready, with tiers and scores of 0, and the SAs that are free. */
void round_list(const Sim *sim, Round *r);
/* The same; false, without a list, if no SA is free. */
bool round_open(const Sim *sim, Round *r);
/* Tiers and scores are set: who comes when. Hopeless jobs behind all others if the scheduler's rules
 * say so. */
void round_rank(const Sim *sim, Round *r);
/* The k-th to be served, k < n. */
RoundEntry *round_nth(Round *r, int k);
/* Serves all in their order until no SA is free: under list planning each takes the SA with the least
 * price, whether it is free or not, else the free SA that runs it fastest. Entries that are placed
 * are passed over. */
void round_serve(Sim *sim, Round *r);
/* Places an entry in this round. */
void round_place(Sim *sim, Round *r, RoundEntry *e, int sa);
/* The free SA with the least latency for it, -1 if none is free. */
int round_fastest_free(const Sim *sim, const Round *r, const Candidate *c);
/* The SA with the least price (sched_price) for it. key: of ORDER_GIVEN. */
int round_least_price(const Sim *sim, const Candidate *c, double key);
const SubJobCost *round_cost(const Sim *sim, const Candidate *c, int sa);

/* The taken SA with the least price by the rules' weights; `otherwise` if none is taken. */
int sched_choose_taken(const Sim *sim, int otherwise);

#endif
