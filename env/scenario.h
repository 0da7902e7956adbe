/* scenario.h -- a named experiment: which system, which networks arrive how often, how tight their
 * deadlines are, at which loads and on which seeds policies are compared. env/scenarios/NAME.yaml
 */
#ifndef RELMAS_ENV_SCENARIO_H
#define RELMAS_ENV_SCENARIO_H

#include "base/config.h"
#include "env/qos.h"
#include "env/sched_env.h"
#include "env/sim.h"

typedef struct ScenarioConfig {
    char name[CONFIG_TEXT_MAX];
    int version; /* of what it means: results of two versions do not compare */
    char system[CONFIG_TEXT_MAX];
    char networks[CONFIG_TEXT_MAX];   /* light, heavy, mixed, or names separated by commas */
    ConfigDoubles shares;             /* of the arrivals; one value: all equal */
    int qos;                          /* QosProfile: where deadlines at level 1 come from */
    double qos_factor;                /* relative: deadline / isolated critical path at level 1 */
    ConfigDoubles qos_level;          /* of deadlines: 0.8 H, 1.0 M, 1.2 L; one value: of all */
    ConfigDoubles priorities;         /* weights of the networks; one value: all equal */
    ConfigDoubles request_priorities; /* how frequent levels 0, 1, .. of requests are; one value:
                                         requests have their network's priority */
    Arrivals arrivals;
    char trace[CONFIG_TEXT_MAX], trace_column[CONFIG_TEXT_MAX]; /* of ARRIVALS_TRACE */
    int late;                                                   /* 0 soft, 1 firm */
    int arbitration;  /* Arbitration, or SCENARIO_OF_SYSTEM: what the system says */
    double replan_us; /* -1: what the system says */
    double decision_us;
    int max_jobs, episode_jobs;
    int warmup_jobs, cooldown_jobs; /* arrivals before and after, in evaluations */
    ConfigDoubles loads;            /* of lambda_max, for evaluation */
    uint64_t eval_seed;             /* first of the held-out arrival seeds */
    int eval_episodes;
} ScenarioConfig;

enum { SCENARIO_OF_SYSTEM = ARBITRATIONS };
extern const ScenarioConfig SCENARIO_DEFAULTS;

/* Rows for a struct that holds a ScenarioConfig at base_offset, keys "scenario.*". */
enum { SCENARIO_FIELDS = 28 };
void scenario_fields(ConfigField out[SCENARIO_FIELDS], size_t base_offset);

typedef struct Scenario {
    ScenarioConfig cfg;
    System *sys;                              /* owned */
    char network[SYS_MAX_NETS][SYS_NAME_MAX]; /* name or file that sys->net[] came from */
    ArrivalTrace *trace;                      /* owned, NULL unless arrivals are a trace's */
    SimConfig sim;                            /* rules are for the scheduler in charge to fill in */
    Workload workload;                        /* at load 1 */
    double lambda_max_per_us;                 /* fluid bound of this mix on this system */
    char binding[256];                        /* what limits it */
    double mean_service_us; /* share-weighted isolated critical path: the unit of time */
} Scenario;

/* The networks of a named set, separated by commas; NULL unless set is light, heavy or mixed. */
const char *scenario_networks(const char *set);
/* Loads system and networks, computes costs, deadlines and lambda_max. Caller owns *out. */
Status scenario_create(Scenario **out, const ScenarioConfig *cfg, int threads, Err *err);
void scenario_destroy(Scenario *s); /* NULL allowed */
Workload scenario_workload(const Scenario *s, double load);

#endif
