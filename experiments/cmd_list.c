/* cmd_list.c -- `relmas list`: the names that other commands take, one a line, and what they are. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/yaml.h"
#include "env/network.h"
#include "env/sched.h"
#include "env/system_file.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"

#include <stdio.h>
#include <string.h>

typedef struct Kind {
    const char *name, *folder, *suffix;          /* folder NULL: built in */
    Status (*show)(const char *entry, Err *err); /* prints the line of one; NULL: its name */
} Kind;

/* Sub-jobs on the longest path: what remains to be done in sequence. */
static int network_depth(const Network *net)
{
    int depth[NET_MAX_LAYERS], deepest = 0;

    for (int s = 0; s < net->n_subjobs; s++) {
        const SubJob *job = &net->subjob[s];
        depth[s] = 1;
        for (int e = 0; e < job->n_preds; e++) {
            int before = depth[net->pred[job->first_pred + e]];
            if (before >= depth[s]) depth[s] = before + 1;
        }
        if (depth[s] > deepest) deepest = depth[s];
    }
    return deepest;
}

/* googlenet                1582.67 MMACs     6.990 M weights    70 sub-jobs,  25 in sequence */
static Status show_network(const char *name, Err *err)
{
    char path[PATH_MAX_BYTES];
    Network *net = NULL;
    Status st;

    TRY(path_find(path, sizeof path, "env/networks", name, ".yaml", err));
    TRY(network_load(&net, path, err));
    printf("%-20s  %10.2f MMACs  %8.3f M weights  %4d sub-jobs, %3d in sequence\n", name,
           network_macs(net) / 1e6, network_params(net) / 1e6, net->n_subjobs, network_depth(net));
fail:
    network_destroy(net);
    return st;
}

/* simba-16pe            ws   1024 MACs  1000 MHz   8 bits ... */
static Status show_accelerator(const char *name, Err *err)
{
    char path[PATH_MAX_BYTES];
    AccelConfig *a = NULL;
    Status st;

    TRY(path_find(path, sizeof path, "accel_models/presets", name, ".yaml", err));
    TRY(accel_load(&a, path, err));
    printf("%-20s  %s  %5g MACs  %4g MHz  %2d bits  buffer %6.6g KB  dram port %5.4g GB/s  "
           "leakage %4g mW\n",
           name, accel_dataflow_name(accel_dataflow(a)), accel_peak_macs(a), accel_clock_mhz(a),
           accel_word_bits(a), accel_glb_bytes(a) / 1024.0, accel_dram_gbps(a),
           accel_leakage_mw(a));
fail:
    accel_destroy(a);
    return st;
}

static double peak_tops(const SystemFile *f)
{
    double macs_per_us = 0;
    for (int t = 0; t < f->n_types; t++)
        macs_per_us += f->type[t].count * accel_peak_macs(f->type[t].accel) *
                       accel_clock_mhz(f->type[t].accel);
    return 2 * macs_per_us * 1e-6;
}

/* default-6             6 SAs    12.3 TOPS     57 GB/s  max-min ... */
static Status show_system(const char *name, Err *err)
{
    SystemFile *f;
    Status st = system_file_load(&f, name, err);

    if (st != ST_OK) return st;
    printf("%-20s  %2d SAs  %5.3g TOPS  %5.4g GB/s  %-12s  T_s %g us  ", name, f->n_sas,
           peak_tops(f), f->dram_gbps, ARBITRATION_NAMES[f->arbitration], f->replan_us);
    for (int t = 0; t < f->n_types; t++)
        printf("%s%d %s%s", t ? ", " : "", f->type[t].count, f->type[t].name,
               f->type[t].changed ? "*" : "");
    putchar('\n');
    system_file_destroy(f);
    return ST_OK;
}

/* mixed-m               v1  default-6   mixed   poisson   relative x 1    loads 0.6, 0.8, 0.95 ... */
static Status show_scenario(const char *name, Err *err)
{
    ScenarioConfig c;
    Status st = run_config_scenario(&c, name, NULL, 0, err);

    if (st != ST_OK) return st;
    printf("%-20s  v%d  %-10s  %-8s  %-8s  %s", name, c.version, c.system, c.networks,
           ARRIVAL_NAMES[c.arrivals.process], QOS_NAMES[c.qos]);
    for (int i = 0; i < c.qos_level.n; i++) printf("%s %g", i ? "," : " x", c.qos_level.v[i]);
    for (int i = 0; i < c.loads.n; i++) printf("%s %g", i ? "," : "  loads", c.loads.v[i]);
    printf("  %d episodes of %d, seeds %llu..\n", c.eval_episodes, c.episode_jobs,
           (unsigned long long)c.eval_seed);
    return ST_OK;
}

/* --- policies --- */

/* The first line of the card NAME.md that is no heading; false if there is no card. */
static bool card_summary(const char *policy_file, char *out, size_t cap)
{
    char path[PATH_MAX_BYTES];
    size_t stem = strlen(policy_file) - strlen(".h5");
    if (snprintf(path, sizeof path, "%.*s.md", (int)stem, policy_file) >= (int)sizeof path)
        return false;
    FILE *card = fopen(path, "r");
    bool found = false;
    while (card && !found && fgets(out, (int)cap, card)) {
        out[strcspn(out, "\r\n")] = '\0';
        found = *out && *out != '#';
    }
    if (card) fclose(card);
    return found;
}

/* mixed-m               mixed-m on default-6     Trained ... */
static Status show_policy(const char *name, Err *err)
{
    char path[PATH_MAX_BYTES], summary[256], trained_on[128];
    RunConfig cfg;
    Status st;

    if (sched_find(name))
        return err_set(err, ST_CONFIG,
                       "policy '%s' has the name of a scheduler, which hides it: rename "
                       "checkpoints/policies/%s.h5",
                       name, name);
    TRY(path_find(path, sizeof path, POLICY_FOLDER, name, ".h5", err));
    TRY(contender_config(&cfg, path, err));
    run_config_task(&cfg, trained_on, sizeof trained_on);
    printf("%-20s  %-24s  ", name, trained_on);
    if (card_summary(path, summary, sizeof summary))
        puts(summary);
    else
        printf("%.3g decisions, teacher %s, seed %llu; no card\n",
               (double)cfg.trainer.total_decisions, cfg.rule.base,
               (unsigned long long)cfg.trainer.seed);
fail:
    return st;
}

static const Kind KINDS[] = {
    {"networks", "env/networks", ".yaml", show_network},
    {"accelerators", "accel_models/presets", ".yaml", show_accelerator},
    {"systems", "env/systems", ".yaml", show_system},
    {"scenarios", "env/scenarios", ".yaml", show_scenario},
    {"configs", "experiments/configs", ".yaml", NULL},
    {"schedulers", NULL, NULL, NULL},
    {"policies", POLICY_FOLDER, ".h5", show_policy},
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

static void list_schedulers(void)
{
    for (int i = 0; i < sched_count(); i++)
        printf("%-17s  %s\n", sched_at(i)->name, sched_at(i)->summary);
}

static Status list_folder(const Kind *k, Err *err)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    Status st = path_list(&names, &n, k->folder, k->suffix, err);
    if (st != ST_OK) return st;
    for (int i = 0; i < n && st == ST_OK; i++) {
        if (k->show)
            st = k->show(names[i], err);
        else
            puts(names[i]);
    }
    if (n == 0) log_info("there are no %s", k->name);
    mem_free(names);
    return st;
}

static Status list_kind(const char *word, Err *err)
{
    const char *names[N_KINDS], *near;
    for (int i = 0; i < N_KINDS; i++) {
        names[i] = KINDS[i].name;
        if (strcmp(word, names[i]) != 0) continue;
        if (KINDS[i].folder) return list_folder(&KINDS[i], err);
        list_schedulers();
        return ST_OK;
    }
    near = nearest_name(word, names, N_KINDS);
    return err_set(err, ST_USAGE, "list: unknown kind '%s', %s%s%s", word,
                   near ? "did you mean " : "see relmas list --help", near ? near : "",
                   near ? "?" : "");
}

int cmd_list(int argc, char *const *argv)
{
    ArgList kinds = {0};
    const ArgCommand cmd = {
        .usage = "relmas list networks|accelerators|systems|scenarios|configs|schedulers|policies",
        .about = "Names what is available. Networks: sub-jobs in sequence are those of the "
                 "longest path. Accelerators: dataflow, MACs per cycle, clock, "
                 "bits of a word, shared buffer. Systems: peak at two operations per MAC, DRAM, "
                 "period T_s of re-planning (0 never), SAs (* differs from its preset). "
                 "Policies: what they were trained on, and what their card says.",
        .example = "relmas list schedulers",
        .operand = "KIND",
        .min_operands = 1,
        .max_operands = 1,
        .operands = &kinds,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    return list_kind(kinds.v[0], &err) == ST_OK ? 0 : report_error(&err);
}
