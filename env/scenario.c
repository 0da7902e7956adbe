/* scenario.c -- from a scenario's settings to a system, a workload and its fluid bound. */
#include "env/scenario.h"

#include "base/mem.h"
#include "base/path.h"

#include <math.h>
#include <string.h>

const ScenarioConfig SCENARIO_DEFAULTS = {
    .name = "mixed-m",
    .version = 1,
    .system = "default-6",
    .networks = "mixed",
    .shares = {1, {1}},
    .arrivals = {.burst_ratio = 4, .burst_share = 0.2, .burst_jobs = 50, .jitter = 0.1},
    .qos_factor = 3,
    .qos_level = {1, {1}},
    .priorities = {1, {1}},
    .request_priorities = {1, {1}},
    .arbitration = SCENARIO_OF_SYSTEM,
    .replan_us = -1,
    .max_jobs = 512,
    .episode_jobs = 400,
    .loads = {3, {0.6, 0.8, 0.95}},
    .eval_seed = 20000000,
    .eval_episodes = 100,
};

/* ARBITRATION_NAMES, and at SCENARIO_OF_SYSTEM what the system says. */
static const char *const SHARING_NAMES[] = {"max-min", "proportional", "system", NULL};
static const char *const LATE_NAMES[] = {"soft", "firm", NULL};

void scenario_fields(ConfigField out[SCENARIO_FIELDS], size_t base_offset)
{
#define AT(field) offsetof(ScenarioConfig, field)
    const ConfigField rows[SCENARIO_FIELDS] = {
        {"scenario.name", CONFIG_TEXT, AT(name), 0, 0, NULL, "name in tables"},
        {"scenario.version", CONFIG_INT, AT(version), 1, 1e6, NULL,
         "of what the scenario means; results of two versions do not compare"},
        {"scenario.system", CONFIG_TEXT, AT(system), 0, 0, NULL, "env/systems/NAME.yaml or a file"},
        {"scenario.networks", CONFIG_TEXT, AT(networks), 0, 0, NULL,
         "light, heavy, mixed, or names separated by commas"},
        {"scenario.shares", CONFIG_DOUBLES, AT(shares), 0, 1e6, NULL,
         "relative arrival rate of each network; one value: all equal"},
        {"scenario.arrivals", CONFIG_ENUM, AT(arrivals.process), 0, 0, ARRIVAL_NAMES,
         "how requests come: independent, in bursts, as streams, as in a log"},
        {"scenario.burst_ratio", CONFIG_DOUBLE, AT(arrivals.burst_ratio), 1, 1e6, NULL,
         "bursty: rate in a burst / mean rate; x burst_share at most 1"},
        {"scenario.burst_share", CONFIG_DOUBLE, AT(arrivals.burst_share), 1e-6, 0.999999, NULL,
         "bursty: part of the time in bursts"},
        {"scenario.burst_jobs", CONFIG_DOUBLE, AT(arrivals.burst_jobs), 1, 1e9, NULL,
         "bursty: mean number of requests in a burst"},
        {"scenario.jitter", CONFIG_DOUBLE, AT(arrivals.jitter), 0, 1, NULL,
         "periodic: requests come up to half of this many periods early or late"},
        {"scenario.trace", CONFIG_TEXT, AT(trace), 0, 0, NULL,
         "trace: a CSV file with a column of times, scaled to the load"},
        {"scenario.trace_column", CONFIG_TEXT, AT(trace_column), 0, 0, NULL,
         "its name; empty: the first that contains 'time'"},
        {"scenario.qos", CONFIG_ENUM, AT(qos), 0, 0, QOS_NAMES,
         "deadlines: relative to this system's latencies, or targets of MoCA or MLPerf"},
        {"scenario.qos_factor", CONFIG_DOUBLE, AT(qos_factor), 0.1, 1e3, NULL,
         "relative: deadline / isolated critical path at level 1"},
        {"scenario.qos_level", CONFIG_DOUBLES, AT(qos_level), 0.1, 100, NULL,
         "of deadlines, each network's or one for all: QoS-H 0.8, QoS-M 1.0, QoS-L 1.2"},
        {"scenario.priorities", CONFIG_DOUBLES, AT(priorities), 1e-3, 1e6, NULL,
         "weight of each network, for rules that use it and in fairness; one value: all equal"},
        {"scenario.request_priorities", CONFIG_DOUBLES, AT(request_priorities), 0, 1e6, NULL,
         "how frequent priority levels 0, 1, .. 11 of requests are; one value: by network"},
        {"scenario.late", CONFIG_ENUM, AT(late), 0, 0, LATE_NAMES,
         "soft: late jobs run to the end; firm: dropped at the deadline"},
        {"scenario.arbitration", CONFIG_ENUM, AT(arbitration), 0, 0, SHARING_NAMES,
         "how the DRAM is shared; system: as the system's file says"},
        {"scenario.replan_us", CONFIG_DOUBLE, AT(replan_us), -1, 1e9, NULL,
         "period T_s at which queued sub-jobs are placed anew; 0 never, -1 the system's"},
        {"scenario.decision_us", CONFIG_DOUBLE, AT(decision_us), 0, 1e6, NULL,
         "simulated time that a decision takes"},
        {"scenario.max_jobs", CONFIG_INT, AT(max_jobs), 1, 1 << 20, NULL,
         "jobs in the system at once; more are rejected"},
        {"scenario.episode_jobs", CONFIG_INT, AT(episode_jobs), 1, 1e8, NULL,
         "arrivals in an episode"},
        {"scenario.warmup_jobs", CONFIG_INT, AT(warmup_jobs), 0, 1e8, NULL,
         "arrivals before those, in evaluations; they do not count"},
        {"scenario.cooldown_jobs", CONFIG_INT, AT(cooldown_jobs), 0, 1e8, NULL,
         "arrivals after those, in evaluations: the last that count do not find a drained system"},
        {"scenario.loads", CONFIG_DOUBLES, AT(loads), 0.01, 100, NULL,
         "loads to compare at, as fractions of lambda_max"},
        {"scenario.eval_seed", CONFIG_U64, AT(eval_seed), 0, 1e15, NULL,
         "first held-out arrival seed"},
        {"scenario.eval_episodes", CONFIG_INT, AT(eval_episodes), 1, 1e6, NULL,
         "episodes per policy and load"},
    };
#undef AT
    for (int i = 0; i < SCENARIO_FIELDS; i++) {
        out[i] = rows[i];
        out[i].offset += base_offset;
    }
}

/* --- networks --- */

typedef struct NetList {
    int n;
    char name[SYS_MAX_NETS][SYS_NAME_MAX];
    const char *ptr[SYS_MAX_NETS];
} NetList;

const char *scenario_networks(const char *set)
{
    static const char *const SETS[][2] = {
        {"light", "squeezenet,yololite,kws"},
        {"heavy", "resnet50,alexnet,googlenet,yolov2"},
        {"mixed", "squeezenet,yololite,kws,resnet50,alexnet,googlenet,yolov2"},
    };
    for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++)
        if (strcmp(set, SETS[i][0]) == 0) return SETS[i][1];
    return NULL;
}

static Status parse_networks(const char *text, NetList *list, Err *err)
{
    const char *set = scenario_networks(text), *p = set ? set : text;
    list->n = 0;
    while (*p) {
        p += strspn(p, ", \t");
        size_t len = strcspn(p, ", \t");
        if (len == 0) break;
        if (list->n == SYS_MAX_NETS || len >= SYS_NAME_MAX)
            return err_set(err, ST_CONFIG, "scenario.networks: at most %d names of %d characters",
                           SYS_MAX_NETS, SYS_NAME_MAX - 1);
        memcpy(list->name[list->n], p, len);
        list->name[list->n][len] = 0;
        list->ptr[list->n] = list->name[list->n];
        list->n++;
        p += len;
    }
    if (list->n == 0)
        return err_set(err, ST_CONFIG, "scenario.networks: names no network, e.g. mixed");
    return ST_OK;
}

/* One value for each network, or one for all. */
static Status spread(const char *key, const ConfigDoubles *given, int n, double *out, Err *err)
{
    if (given->n != 1 && given->n != n)
        return err_set(err, ST_CONFIG, "%s: has %d values for %d networks", key, given->n, n);
    for (int i = 0; i < n; i++) out[i] = given->v[given->n == 1 ? 0 : i];
    return ST_OK;
}

static Status normalise_shares(const ConfigDoubles *given, int n, double *share, Err *err)
{
    double sum = 0;
    Status st = spread("scenario.shares", given, n, share, err);
    if (st != ST_OK) return st;
    for (int i = 0; i < n; i++) sum += share[i] = given->n == 1 ? 1 : share[i];
    if (!(sum > 0)) return err_set(err, ST_CONFIG, "scenario.shares: must not all be zero");
    for (int i = 0; i < n; i++) share[i] /= sum;
    return ST_OK;
}

/* Priorities are of requests or of networks. */
static Status share_levels(Scenario *s, Err *err)
{
    const ConfigDoubles *given = &s->cfg.request_priorities, *nets = &s->cfg.priorities;
    double sum = 0;
    if (given->n == 1) return ST_OK;
    if (given->n > PRIORITY_LEVELS)
        return err_set(err, ST_CONFIG, "scenario.request_priorities: has %d levels, at most %d",
                       given->n, PRIORITY_LEVELS);
    for (int i = 1; i < nets->n; i++)
        if (nets->v[i] < nets->v[0] || nets->v[i] > nets->v[0])
            return err_set(
                err, ST_CONFIG,
                "scenario.request_priorities: scenario.priorities gives some to networks "
                "already; want one of the two");
    for (int k = 0; k < given->n; k++) sum += given->v[k];
    if (!(sum > 0))
        return err_set(err, ST_CONFIG, "scenario.request_priorities: must not all be zero");
    for (int k = 0; k < given->n; k++) s->workload.level_share[k] = given->v[k] / sum;
    s->workload.levels = given->n;
    return ST_OK;
}

static Status check_replan(double us, Err *err)
{
    if (us == -1 || us == 0 || us >= SYS_LEAST_REPLAN_US) return ST_OK;
    return err_set(err, ST_CONFIG,
                   "scenario.replan_us: is %g, want -1 (the system's), 0 (never) or at least %g",
                   us, SYS_LEAST_REPLAN_US);
}

static Arbitration arbitration_of(const Scenario *s)
{
    int given = s->cfg.arbitration;
    return given == SCENARIO_OF_SYSTEM ? s->sys->arbitration : (Arbitration)given;
}

/* Deadlines at QoS level 1. */
static Status find_targets(const Scenario *s, double *target_us, Err *err)
{
    QosProfile profile = (QosProfile)s->cfg.qos;
    for (int i = 0; i < s->sys->n_nets; i++) {
        const SysNet *net = &s->sys->net[i];
        target_us[i] = profile == QOS_RELATIVE ? s->cfg.qos_factor * net->t_iso_us
                                               : qos_target_us(profile, net->name);
        if (target_us[i] > 0) continue;
        char known[256];
        qos_networks(profile, known, sizeof known);
        return err_set(err, ST_CONFIG, "scenario.qos: %s has no target for '%.40s', only for %s",
                       QOS_NAMES[profile], net->name, known);
    }
    return ST_OK;
}

static Status load_trace(Scenario *s, Err *err)
{
    const char *names[SYS_MAX_NETS];
    char path[PATH_MAX_BYTES];
    Status st = ST_OK;
    if (s->cfg.arrivals.process != ARRIVALS_TRACE) return ST_OK;
    if (!*s->cfg.trace)
        return err_set(err, ST_CONFIG, "scenario.trace: arrivals of a trace need a CSV file");
    for (int i = 0; i < s->sys->n_nets; i++) names[i] = s->sys->net[i].name;
    TRY(path_find(path, sizeof path, "env/traces", s->cfg.trace, ".csv", err));
    TRY(arrival_trace_load(&s->trace, path, s->cfg.trace_column, names, s->sys->n_nets, err));
fail:
    return st;
}

static void fill_workload(Scenario *s, const double *target_us, const double *level)
{
    for (int i = 0; i < s->sys->n_nets; i++) {
        s->workload.deadline_us[i] = level[i] * target_us[i];
        s->mean_service_us += s->workload.share[i] * s->sys->net[i].t_iso_us;
    }
    s->workload.arrivals = s->cfg.arrivals;
    s->workload.rate_per_us = s->lambda_max_per_us;
    s->workload.jobs = s->cfg.episode_jobs;
    s->workload.warmup = s->cfg.warmup_jobs;
    s->workload.cooldown = s->cfg.cooldown_jobs;
    s->sim = (SimConfig){.arbitration = arbitration_of(s),
                         .firm = s->cfg.late == 1,
                         .replan_us = s->cfg.replan_us == -1 ? s->sys->replan_us : s->cfg.replan_us,
                         .decision_us = s->cfg.decision_us,
                         .classes = 1,
                         .max_jobs = s->cfg.max_jobs,
                         .trace = s->trace};
}

Status scenario_create(Scenario **out, const ScenarioConfig *cfg, int threads, Err *err)
{
    Status st = ST_NOMEM;
    NetList nets;
    double target_us[SYS_MAX_NETS], level[SYS_MAX_NETS];
    Scenario *s = mem_calloc(1, sizeof *s);

    *out = NULL;
    if (!s) goto fail;
    s->cfg = *cfg;
    TRY(parse_networks(cfg->networks, &nets, err));
    memcpy(s->network, nets.name, (size_t)nets.n * sizeof *nets.name);
    TRY(normalise_shares(&cfg->shares, nets.n, s->workload.share, err));
    TRY(check_replan(cfg->replan_us, err));
    TRY(system_load(&s->sys, cfg->system, nets.ptr, nets.n, threads, err));
    TRY(system_fluid_bound(s->sys, s->workload.share, &s->lambda_max_per_us, s->binding, err));
    TRY(find_targets(s, target_us, err));
    TRY(arrivals_check(&cfg->arrivals, err));
    TRY(load_trace(s, err));
    TRY(spread("scenario.qos_level", &cfg->qos_level, nets.n, level, err));
    TRY(spread("scenario.priorities", &cfg->priorities, nets.n, s->workload.priority, err));
    TRY(share_levels(s, err));
    fill_workload(s, target_us, level);
    *out = s;
    return ST_OK;
fail:
    scenario_destroy(s);
    return err_set(err, st, "scenario: %s", status_text(st));
}

void scenario_destroy(Scenario *s)
{
    if (!s) return;
    system_destroy(s->sys);
    arrival_trace_destroy(s->trace);
    mem_free(s);
}

Workload scenario_workload(const Scenario *s, double load)
{
    Workload wl = s->workload;
    wl.rate_per_us *= load;
    return wl;
}
