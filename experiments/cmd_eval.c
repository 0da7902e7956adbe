/* cmd_eval.c -- `relmas eval`: policies side by side on the same held-out arrivals. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/stats.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"
#include "experiments/eval_details.h"
#include "experiments/eval_plot.h"
#include "experiments/eval_save.h"
#include "experiments/names.h"
#include "experiments/output.h"
#include "experiments/target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RESAMPLES = 2000, BOOTSTRAP_SEED = 7, MIN_EPISODES_FOR_STAR = 10 };

typedef struct Options {
    ArgList policies, set;
    const char *scenario, *load, *save, *plot;
    int episodes, threads, format;
    bool by_network, details;
    uint64_t seed;
    ConfigDoubles loads;
} Options;

typedef struct Cell { /* one policy at one load */
    EvalResult result;
    Interval sla;
    Interval gain; /* paired difference to the best baseline of this load */
} Cell;

typedef struct Comparison {
    const Options *o;
    Contest contest;
    Cell *cell;                     /* [loads, policies] */
    int best_rule[CONFIG_LIST_MAX]; /* index of the best baseline at each load, -1 none */
    Lead lead[CONFIG_LIST_MAX];     /* at each load, over all but the clairvoyant */
} Comparison;

/* --- what is compared --- */

static Status prepare(Comparison *c, Options *o, Err *err)
{
    ScenarioConfig sc;
    Status st;

    c->o = o;
    TRY(contender_scenario(&sc, o->scenario, &o->policies, &o->set, err));
    o->loads = sc.loads;
    if (o->load)
        TRY(number_list("--load", o->load, 0.01, 100, CONFIG_LIST_MAX, "0.6,0.95", o->loads.v,
                        &o->loads.n, err));
    if (o->plot) TRY(eval_plot_check(o->plot, o->loads.v, o->loads.n, err));
    if (o->plot) TRY(target_place_check(o->plot, err));
    if (o->save) TRY(target_place_check(o->save, err));
    if (o->episodes == 0) o->episodes = sc.eval_episodes;
    if (o->seed == UINT64_MAX) o->seed = sc.eval_seed;
    TRY(contest_open(&c->contest, &sc, &o->policies, o->threads, err));
    st = ST_NOMEM;
    if (!(c->cell = mem_calloc((size_t)c->contest.n * (size_t)o->loads.n, sizeof *c->cell)))
        goto fail;
    st = ST_OK;
fail:
    return st == ST_OK ? st : err_set(err, st, "eval: %s", status_text(st));
}

static bool is_clairvoyant(const Comparison *c, int policy)
{
    const Scheduler *s = c->contest.who[policy].who.baseline;
    return s && s->clairvoyant;
}

static Cell *cell_at(const Comparison *c, int load, int policy)
{
    return &c->cell[load * c->contest.n + policy];
}

/* The progress line, in episodes of all cells. */
typedef struct Meter {
    Progress line;
    double before; /* episodes of the cells that are done */
    const char *name;
} Meter;

static void show_episode(void *ctx, int done)
{
    Meter *m = ctx;
    if (progress_due(&m->line)) progress_show(&m->line, m->before + done, m->name);
}

static Status measure(Comparison *c, Err *err)
{
    Meter meter = {0};
    EvalProgress told = {.ctx = &meter, .episode = show_episode};
    int episodes = c->o->episodes;
    Status st = ST_OK;
    progress_start(&meter.line, "eval", 0, (double)c->o->loads.n * c->contest.n * episodes);
    for (int l = 0; l < c->o->loads.n; l++)
        for (int i = 0; i < c->contest.n; i++) {
            Cell *cell = cell_at(c, l, i);
            const Contender *who = &c->contest.who[i].who;
            meter.name = who->name;
            TRY(evaluate_run_told(&cell->result, c->contest.scenario, who, c->o->loads.v[l],
                                  c->o->seed, episodes, c->contest.pool, &told, err));
            cell->sla = bootstrap_mean(cell->result.sla, episodes, RESAMPLES, BOOTSTRAP_SEED);
            meter.before += episodes;
        }
fail:
    progress_end(&meter.line);
    return st;
}

/* Each policy against the best baseline of the same load, episode by episode. A clairvoyant one is a
 * reference: neither the best baseline nor a winner. */
static void compare(Comparison *c)
{
    const double *sla[ARGS_LIST_MAX];
    int n = c->contest.n, episodes = c->o->episodes;
    for (int l = 0; l < c->o->loads.n; l++) {
        int best = -1;
        for (int i = 0; i < n; i++) {
            sla[i] = is_clairvoyant(c, i) ? NULL : cell_at(c, l, i)->result.sla;
            if (!c->contest.who[i].learned && sla[i] &&
                (best < 0 || cell_at(c, l, i)->sla.mean > cell_at(c, l, best)->sla.mean))
                best = i;
        }
        c->best_rule[l] = best;
        c->lead[l] = bootstrap_lead(sla, n, episodes, RESAMPLES, BOOTSTRAP_SEED);
        for (int i = 0; i < n && best >= 0; i++)
            cell_at(c, l, i)->gain = bootstrap_difference(cell_at(c, l, i)->result.sla, sla[best],
                                                          episodes, RESAMPLES, BOOTSTRAP_SEED);
    }
}

/* Ahead of each of the others by an interval that excludes zero. */
static bool has_winner(const Comparison *c, int load)
{
    const Lead *lead = &c->lead[load];
    return lead->nearest >= 0 && lead->by.lo > 0 && c->o->episodes >= MIN_EPISODES_FOR_STAR;
}

static bool is_winner(const Comparison *c, int load, int policy)
{
    return has_winner(c, load) && c->lead[load].leader == policy;
}

/* --- output --- */

static int name_width(const Comparison *c)
{
    int w = 6;
    for (int i = 0; i < c->contest.n; i++)
        if ((int)strlen(c->contest.who[i].who.name) > w)
            w = (int)strlen(c->contest.who[i].who.name);
    return w;
}

static void print_gain(const Comparison *c, int load, int policy)
{
    const Interval *g = &cell_at(c, load, policy)->gain;
    if (c->best_rule[load] < 0)
        printf("  %22s", "-");
    else if (c->best_rule[load] == policy)
        printf("  %22s", "best rule");
    else
        printf("  %+6.2f [%+6.2f,%+6.2f]%c", 100 * g->mean, 100 * g->lo, 100 * g->hi,
               g->lo > 0 && c->o->episodes >= MIN_EPISODES_FOR_STAR && !is_clairvoyant(c, policy)
                   ? '*'
                   : ' ');
}

static void print_lead(const Comparison *c, int load)
{
    const Lead *lead = &c->lead[load];
    if (lead->nearest < 0) return;
    const char *first = c->contest.who[lead->leader].who.name;
    const char *next = c->contest.who[lead->nearest].who.name;
    if (c->o->episodes < MIN_EPISODES_FOR_STAR)
        printf("no winner from fewer than %d episodes\n", MIN_EPISODES_FOR_STAR);
    else if (has_winner(c, load))
        printf("winner: %s, %+.2f [%+.2f,%+.2f] to the nearest, %s\n", first, 100 * lead->by.mean,
               100 * lead->by.lo, 100 * lead->by.hi, next);
    else
        printf("no winner: %s leads, but its %+.2f [%+.2f,%+.2f] to %s may be chance\n", first,
               100 * lead->by.mean, 100 * lead->by.lo, 100 * lead->by.hi, next);
}

/* Of one priority: of requests with this level, or of the networks with this weight. */
static JobCounts counts_of_priority(const Scenario *s, const Metrics *m, double priority)
{
    JobCounts sum = {0};
    if (s->workload.levels) return m->level[(int)priority];
    for (int k = 0; k < s->sys->n_nets; k++) {
        double p = s->workload.priority[k];
        if (p < priority || p > priority) continue;
        sum.issued += m->net[k].counts.issued;
        sum.met += m->net[k].counts.met;
    }
    return sum;
}

/* The priorities there are, ascending. */
enum { PRIORITIES_MAX = SYS_MAX_NETS + PRIORITY_LEVELS };
static int list_priorities(const Scenario *s, double p[PRIORITIES_MAX])
{
    const Workload *wl = &s->workload;
    int n = s->sys->n_nets, distinct = 0;
    for (int k = 0; k < wl->levels; k++)
        if (wl->level_share[k] > 0) p[distinct++] = k;
    if (wl->levels) return distinct;
    memcpy(p, wl->priority, (size_t)n * sizeof *p);
    stats_sort(p, (size_t)n);
    for (int k = 0; k < n; k++)
        if (k == 0 || p[k] > p[k - 1]) p[distinct++] = p[k];
    return distinct;
}

/* One alone says nothing. */
static void print_priorities(const Comparison *c, int load, int width)
{
    double p[PRIORITIES_MAX];
    int n = list_priorities(c->contest.scenario, p);
    if (n < 2) return;
    printf("\n%-*s  SLA %% of each priority\n%-*s", width, "", width, "policy");
    for (int k = 0; k < n; k++) printf("  %10g", p[k]);
    for (int i = 0; i < c->contest.n; i++) {
        printf("\n%-*s", width, c->contest.who[i].who.name);
        for (int k = 0; k < n; k++) {
            const Metrics *m = &cell_at(c, load, i)->result.metrics;
            JobCounts counts = counts_of_priority(c->contest.scenario, m, p[k]);
            printf("  %10.2f", 100 * job_counts_sla_rate(&counts));
        }
    }
    putchar('\n');
}

static void print_networks(const Comparison *c, int load, int width)
{
    const System *sys = c->contest.scenario->sys;
    printf("\n%-*s  SLA %% of each network, and UXCost\n%-*s", width, "", width, "policy");
    for (int k = 0; k < sys->n_nets; k++) printf("  %10s", sys->net[k].name);
    printf("  %10s", "UXCost");
    for (int i = 0; i < c->contest.n; i++) {
        printf("\n%-*s", width, c->contest.who[i].who.name);
        for (int k = 0; k < sys->n_nets; k++)
            printf("  %10.2f", 100 * cell_at(c, load, i)->result.metrics.net[k].sla_rate);
        printf("  %10.4f", cell_at(c, load, i)->result.metrics.ux_cost);
    }
    putchar('\n');
    print_priorities(c, load, width);
}

static void print_details(const Comparison *c, int load, int width)
{
    const char *name[ARGS_LIST_MAX];
    const Metrics *m[ARGS_LIST_MAX];
    for (int i = 0; i < c->contest.n; i++) {
        name[i] = c->contest.who[i].who.name;
        m[i] = &cell_at(c, load, i)->result.metrics;
    }
    eval_details_print(stdout, name, m, c->contest.n, width);
}

static void print_table(const Comparison *c)
{
    const Scenario *s = c->contest.scenario;
    bool clairvoyant = false;
    int w = name_width(c);
    printf("scenario %s on %s: lambda_max %.0f jobs/s (limited by %s), %d episodes of %d jobs, "
           "seeds %llu..\n",
           s->cfg.name, s->sys->name, s->lambda_max_per_us * 1e6, s->binding, c->o->episodes,
           s->cfg.episode_jobs, (unsigned long long)c->o->seed);
    contender_print_changes(&c->o->set);
    for (int l = 0; l < c->o->loads.n; l++) {
        printf("\nload %.2f\n%-*s  %6s %15s  %22s   %8s  %8s  %7s  %6s\n", c->o->loads.v[l], w,
               "policy", "SLA %", "95 % interval", "against the best rule", "uJ/job", "p99 ms",
               "SA busy", "us/dec");
        for (int i = 0; i < c->contest.n; i++) {
            const Cell *x = cell_at(c, l, i);
            printf("%-*s  %6.2f [%6.2f,%6.2f]", w, c->contest.who[i].who.name, 100 * x->sla.mean,
                   100 * x->sla.lo, 100 * x->sla.hi);
            print_gain(c, l, i);
            printf("  %8.0f  %8.2f  %5.1f %%  %6.2f\n", x->result.metrics.energy_uj_per_job,
                   x->result.metrics.p99_us * 1e-3, 100 * x->result.metrics.mean_utilisation,
                   x->result.us_per_decision);
            clairvoyant |= is_clairvoyant(c, i);
        }
        print_lead(c, l);
        if (c->o->details) print_details(c, l, w);
        if (c->o->by_network) print_networks(c, l, w);
    }
    printf("\nSLA %%: deadlines met of all issued jobs. Intervals: 95 %%, bootstrap over episodes, "
           "paired for differences,\neach for itself; * the difference excludes zero in the "
           "policy's favour. winner: the same against each of the\nothers in the table. us/dec: "
           "wall time per decision, simulator included.\n");
    if (clairvoyant)
        puts("lookahead-*: they know the arrivals to come, an upper reference; neither the best "
             "rule nor a winner.");
    if (c->o->details) eval_details_legend(stdout);
}

static void print_csv(const Comparison *c)
{
    puts("scenario,policy,load,sla_rate,ci95_lo,ci95_hi,gain,gain_lo,gain_hi,energy_uj_per_job,"
         "leakage_uj,edp_uj_s,ux_cost,p50_us,p95_us,p99_us,antt,stp,fairness,sa_utilisation,"
         "bandwidth_utilisation,issued,met,late,dropped,rejected,unfinished,winner,decisions,"
         "us_per_decision");
    for (int l = 0; l < c->o->loads.n; l++)
        for (int i = 0; i < c->contest.n; i++) {
            const Cell *x = cell_at(c, l, i);
            const Metrics *m = &x->result.metrics;
            print_csv_text(c->contest.scenario->cfg.name);
            putchar(',');
            print_csv_text(c->contest.who[i].who.name);
            printf(",%g,%.6f,%.6f,%.6f,", c->o->loads.v[l], x->sla.mean, x->sla.lo, x->sla.hi);
            if (c->best_rule[l] < 0)
                fputs(",,", stdout); /* nothing to compare with */
            else
                printf("%.6f,%.6f,%.6f", x->gain.mean, x->gain.lo, x->gain.hi);
            printf(
                ",%.3f,%.3f,%.6g,%.6g,%.3f,%.3f,%.3f,%.4f,%.4f,%.4f,%.4f,%.4f,%ld,%ld,%ld,%ld,%ld,"
                "%ld,%d,%ld,%.3f\n",
                m->energy_uj_per_job, m->leakage_uj, m->edp_uj_s, m->ux_cost, m->p50_us, m->p95_us,
                m->p99_us, m->antt, m->stp, m->fairness, m->mean_utilisation,
                m->bandwidth_utilisation, m->counts.issued, m->counts.met, m->counts.late,
                m->counts.dropped, m->counts.rejected, job_counts_unfinished(&m->counts),
                is_winner(c, l, i), m->decisions, x->result.us_per_decision);
        }
}

/* Of each network, whose priority is its tenant's. */
static void print_json_networks(const Comparison *c, const Metrics *m)
{
    const System *sys = c->contest.scenario->sys;
    fputs(", \"networks\": [", stdout);
    for (int k = 0; k < sys->n_nets; k++) {
        printf("%s{\"network\": ", k ? ", " : "");
        print_json_text(sys->net[k].name);
        printf(", \"priority\": %g, \"sla_rate\": %.6f, \"issued\": %ld, "
               "\"mean_turnaround_us\": %.3f, \"energy_uj\": %.3f}",
               c->contest.scenario->workload.priority[k], m->net[k].sla_rate,
               m->net[k].counts.issued, m->net[k].mean_turnaround_us, m->net[k].energy_uj);
    }
    putchar(']');
}

/* The paired difference to the best baseline, and whether it is ahead of all. */
static void print_json_comparison(const Comparison *c, int load, int policy)
{
    const Interval *g = &cell_at(c, load, policy)->gain;
    if (c->best_rule[load] >= 0) {
        fputs(", \"best_rule\": ", stdout);
        print_json_text(c->contest.who[c->best_rule[load]].who.name);
        printf(", \"gain\": %.6f, \"gain_ci95\": [%.6f, %.6f]", g->mean, g->lo, g->hi);
    }
    printf(", \"winner\": %s", is_winner(c, load, policy) ? "true" : "false");
}

/* Nothing if all are alike. */
static void print_json_priorities(const Comparison *c, const Metrics *m)
{
    double p[PRIORITIES_MAX];
    int n = list_priorities(c->contest.scenario, p);
    if (n < 2) return;
    for (int k = 0; k < n; k++) {
        JobCounts counts = counts_of_priority(c->contest.scenario, m, p[k]);
        printf("%s{\"priority\": %g, \"sla_rate\": %.6f, \"issued\": %ld}",
               k ? ", " : ", \"priorities\": [", p[k], job_counts_sla_rate(&counts), counts.issued);
    }
    putchar(']');
}

static void print_json(const Comparison *c)
{
    const char *sep = "";
    printf("{\"scenario\": ");
    print_json_text(c->contest.scenario->cfg.name);
    printf(", \"version\": %d, \"set\": [", c->contest.scenario->cfg.version);
    for (int i = 0; i < c->o->set.n; i++) {
        fputs(i ? ", " : "", stdout);
        print_json_text(c->o->set.v[i]);
    }
    printf("], \"episodes\": %d, \"seed\": %llu, \"results\": [", c->o->episodes,
           (unsigned long long)c->o->seed);
    for (int l = 0; l < c->o->loads.n; l++)
        for (int i = 0; i < c->contest.n; i++, sep = ",") {
            const Cell *x = cell_at(c, l, i);
            const Metrics *m = &x->result.metrics;
            printf("%s\n {\"policy\": ", sep);
            print_json_text(c->contest.who[i].who.name);
            printf(", \"load\": %g, \"sla_rate\": %.6f, \"ci95\": [%.6f, %.6f], "
                   "\"energy_uj_per_job\": %.3f, \"ux_cost\": %.6g, \"p99_us\": %.3f, "
                   "\"decisions\": %ld, "
                   "\"us_per_decision\": %.3f",
                   c->o->loads.v[l], x->sla.mean, x->sla.lo, x->sla.hi, m->energy_uj_per_job,
                   m->ux_cost, m->p99_us, m->decisions, x->result.us_per_decision);
            print_json_comparison(c, l, i);
            eval_details_json(stdout, m);
            print_json_networks(c, m);
            print_json_priorities(c, m);
            putchar('}');
        }
    puts("\n]}");
}

/* All episodes of all cells, as arrays. */
static Status save(const Comparison *c, Err *err)
{
    int n = c->contest.n, cells = n * c->o->loads.n;
    const char **names = mem_calloc((size_t)n, sizeof *names);
    const EvalResult **results = mem_calloc((size_t)cells, sizeof *results);
    Status st = names && results ? ST_OK : err_set(err, ST_NOMEM, "eval: out of memory");
    for (int i = 0; i < n && st == ST_OK; i++) names[i] = c->contest.who[i].who.name;
    for (int i = 0; i < cells && st == ST_OK; i++) results[i] = &c->cell[i].result;
    if (st == ST_OK)
        st = eval_save(c->o->save,
                       &(EvalSave){.scenario = &c->contest.scenario->cfg,
                                   .sys = c->contest.scenario->sys,
                                   .seed = c->o->seed,
                                   .n_loads = c->o->loads.n,
                                   .n_policies = n,
                                   .episodes = c->o->episodes,
                                   .load = c->o->loads.v,
                                   .policy = names,
                                   .result = results},
                       err);
    mem_free(names);
    mem_free(results);
    return st;
}

static Status plot(const Comparison *c, Err *err)
{
    const Options *o = c->o;
    const Scenario *s = c->contest.scenario;
    int n = c->contest.n;
    char title[256], subtitle[256];
    const char *names[ARGS_LIST_MAX];
    Interval *sla = mem_calloc((size_t)o->loads.n * (size_t)n, sizeof *sla);

    if (!sla) return err_set(err, ST_NOMEM, "eval: out of memory");
    for (int l = 0; l < o->loads.n; l++)
        for (int i = 0; i < n; i++) sla[l * n + i] = cell_at(c, l, i)->sla;
    for (int i = 0; i < n; i++) names[i] = c->contest.who[i].who.name;
    snprintf(title, sizeof title, "SLA rate against load: scenario %.80s on %.60s", s->cfg.name,
             s->sys->name);
    snprintf(subtitle, sizeof subtitle,
             "mean of %d episodes of %d jobs; bands: 95 %% bootstrap intervals", o->episodes,
             s->cfg.episode_jobs);
    Status st = eval_plot(&(EvalPlot){.title = title,
                                      .subtitle = subtitle,
                                      .n_policies = n,
                                      .n_loads = o->loads.n,
                                      .name = names,
                                      .load = o->loads.v,
                                      .sla = sla},
                          o->plot, err);
    mem_free(sla);
    return st;
}

static void release(Comparison *c)
{
    for (int i = 0; c->cell && i < c->contest.n * c->o->loads.n; i++)
        evaluate_free(&c->cell[i].result);
    mem_free(c->cell);
    contest_close(&c->contest);
}

static Status run(Options *o, Err *err)
{
    Comparison c = {0};
    Status st;
    TRY(prepare(&c, o, err));
    TRY(measure(&c, err));
    compare(&c);
    (o->format == FORMAT_CSV ? print_csv : o->format == FORMAT_JSON ? print_json : print_table)(&c);
    if (o->save) TRY(save(&c, err)); /* last: a full disk costs no result */
    if (o->plot) TRY(plot(&c, err));
    log_info("peak memory %.0f MB", (double)mem_peak_rss() * 1e-6);
fail:
    release(&c);
    return st;
}

int cmd_eval(int argc, char *const *argv)
{
    Options o = {.threads = 2, .seed = UINT64_MAX};
    const ArgOption options[] = {
        {"--scenario", "NAME|FILE", ARG_TEXT, &o.scenario, 0, 0, NULL,
         "default: the one that the first learned policy was trained on, or mixed-m"},
        {"--load", "X,..", ARG_TEXT, &o.load, 0, 0, NULL,
         "fractions of lambda_max (default: the scenario's)"},
        {"--episodes", "N", ARG_INT, &o.episodes, 1, 1e6, NULL,
         "per policy and load (default: the scenario's)"},
        {"--seed", "N", ARG_U64, &o.seed, 0, 1e15, NULL,
         "first arrival seed (default: the scenario's held-out ones)"},
        {"--format", "F", ARG_ENUM, &o.format, 0, 0, FORMAT_NAMES, "of the results"},
        {"--save", "FILE.h5", ARG_TEXT, &o.save, 0, 0, NULL,
         "also every episode's results as arrays in an HDF5 file"},
        {"--by-network", NULL, ARG_FLAG, &o.by_network, 0, 0, NULL,
         "also the SLA rate of each network and priority, and UXCost (table)"},
        {"--details", NULL, ARG_FLAG, &o.details, 0, 0, NULL,
         "also counts of jobs, turnaround, ANTT, STP, fairness, DRAM, energy (table)"},
        {"--plot", "FILE.svg|.png", ARG_TEXT, &o.plot, 0, 0, NULL,
         "also draws SLA rate against load; needs gnuplot"},
        {"--threads", "N", ARG_INT, &o.threads, 1, 256, NULL,
         "worker threads; any number gives the same results"},
        {"--set", "a.b=v", ARG_TEXTS, &o.set, 0, 0, NULL,
         "override a scenario setting, e.g. scenario.episode_jobs=100"},
    };
    const ArgCommand cmd = {
        .usage = "relmas eval POLICY... [options]",
        .about = "Compares policies on the same held-out arrivals. POLICY is a baseline's name "
                 "(relmas list schedulers), a shipped policy, a run folder or an .h5 file.",
        .example = "relmas eval runs/first edf-queue dr-queue-bw --load 0.8,0.95 --format csv",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "POLICY",
        .min_operands = 1,
        .max_operands = ARGS_LIST_MAX,
        .operands = &o.policies,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
