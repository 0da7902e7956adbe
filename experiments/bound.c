/* bound.c -- reads a workload, solves its fluid bound and prints it. */
#include "experiments/bound.h"

#include "base/path.h"
#include "base/text.h"
#include "env/scenario.h"
#include "experiments/names.h"
#include "experiments/output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- the workload ---- */

typedef struct Mix {
    int n;
    char name[SYS_MAX_NETS][PATH_MAX_BYTES];
    double share[SYS_MAX_NETS];
} Mix;

/* Cuts ":2.5" (or "=2.5") off the end of a name; 1 if there is none, -1 if it is no share. */
static double cut_share(char *name)
{
    double share = 1;
    char *colon = strrchr(name, ':'), *equals = strrchr(name, '=');
    char *at = !colon || (equals && equals > colon) ? equals : colon;
    if (!at || strchr(at, '/')) return 1;
    *at = '\0';
    return text_to_double(at + 1, &share) && share >= 0 && share <= 1e6 ? share : -1;
}

/* A network that is named twice has both shares. */
static Status add_network(Mix *mix, const char *name, double share, Err *err)
{
    for (int i = 0; i < mix->n; i++)
        if (!strcmp(mix->name[i], name)) {
            mix->share[i] += share;
            return ST_OK;
        }
    if (mix->n == SYS_MAX_NETS)
        return err_set(err, ST_USAGE, "--workload: more than %d networks", SYS_MAX_NETS);
    mix->share[mix->n] = share;
    snprintf(mix->name[mix->n++], PATH_MAX_BYTES, "%s", name);
    return ST_OK;
}

/* A name that is no network may be a set's, misspelt. */
static Status check_name(const char *name, Err *err)
{
    static const char *const SETS[] = {"light", "heavy", "mixed"};
    char path[PATH_MAX_BYTES], shown[TEXT_SHOWN_MAX];
    Err why = {0};
    Status st = path_find(path, sizeof path, "env/networks", name, ".yaml", &why);
    const char *set = st == ST_OK ? NULL : nearest_name(name, SETS, 3);
    if (st == ST_OK) return ST_OK;
    if (!set) return err_set(err, st, "%s", why.msg);
    text_shown(shown, name);
    return err_set(err, st, "--workload: '%s' is no network and no set, did you mean '%s'?", shown,
                   set);
}

static Status add_named(void *ctx, const char *item, Err *err)
{
    Mix *mix = ctx;
    char name[PATH_MAX_BYTES];
    snprintf(name, sizeof name, "%s", item);
    double share = cut_share(name);
    if (share < 0 || !*name) {
        char shown[TEXT_SHOWN_MAX];
        text_shown(shown, item);
        return err_set(err, ST_USAGE,
                       "--workload '%s': give names with shares of 0 to 1e6 if they differ, "
                       "e.g. resnet50:2,kws",
                       shown);
    }
    const char *set = scenario_networks(name);
    if (!set) {
        Status st = check_name(name, err);
        return st == ST_OK ? add_network(mix, name, share, err) : st;
    }
    for (const char *p = set; *p; p += strspn(p, ",")) {
        size_t n = strcspn(p, ",");
        char one[SYS_NAME_MAX];
        snprintf(one, sizeof one, "%.*s", (int)n, p);
        Status st = add_network(mix, one, share, err);
        if (st != ST_OK) return st;
        p += n;
    }
    return ST_OK;
}

static Status read_mix(Mix *mix, const char *workload, Err *err)
{
    double sum = 0;
    Status st = each_name("--workload", workload, add_named, mix, err);
    if (st != ST_OK) return st;
    for (int i = 0; i < mix->n; i++) sum += mix->share[i];
    if (!(sum > 0))
        return err_set(err, ST_USAGE, "--workload '%.200s': all shares are 0", workload);
    for (int i = 0; i < mix->n; i++) mix->share[i] /= sum;
    return ST_OK;
}

Status bound_solve(Bound *b, const char *system, const char *workload, int threads, Err *err)
{
    const char *names[SYS_MAX_NETS];
    Mix mix = {0};
    Status st;

    *b = (Bound){.workload = workload};
    TRY(read_mix(&mix, workload, err));
    for (int i = 0; i < mix.n; i++) names[i] = mix.name[i];
    memcpy(b->share, mix.share, sizeof mix.share);
    TRY(system_load(&b->sys, system, names, mix.n, threads, err));
    TRY(system_fluid_solve(b->sys, b->share, &b->at, err));
    system_fluid_limits(b->sys, &b->at, b->binding);
fail:
    return st;
}

void bound_free(Bound *b)
{
    system_destroy(b->sys);
    b->sys = NULL;
}

/* ---- what is derived ---- */

static int count_of(const System *sys, int type)
{
    int n = 0;
    for (int m = 0; m < sys->n_sas; m++) n += sys->sa_type[m] == type;
    return n;
}

/* All of a network's sub-jobs one after the other on one type. */
static double time_on(const SysNet *net, int type)
{
    double us = 0;
    for (int s = 0; s < net->n_subjobs; s++) us += net->cost[type][s].latency_us;
    return us;
}

static int best_type(const System *sys, const SysNet *net)
{
    int best = -1;
    for (int t = 0; t < sys->n_types; t++)
        if (count_of(sys, t) > 0 && (best < 0 || time_on(net, t) < time_on(net, best))) best = t;
    return best;
}

static double per_second(const Bound *b)
{
    return b->at.lambda_per_us * 1e6;
}

static double leakage_mw(const System *sys)
{
    double mw = 0;
    for (int m = 0; m < sys->n_sas; m++) mw += sys->type_leakage_mw[sys->sa_type[m]];
    return mw;
}

/* mW x us = nJ. */
static double leakage_uj(const Bound *b)
{
    return leakage_mw(b->sys) * 1e-3 / b->at.lambda_per_us;
}

/* A resource: type t, or the DRAM after them. */
typedef struct Resource {
    const char *name, *unit;
    double capacity, use, price;
} Resource;

static Resource resource_of(const Bound *b, int i)
{
    const System *sys = b->sys;
    if (i == sys->n_types)
        return (Resource){"dram", "GB/s", sys->dram_bytes_per_us * 1e-3, b->at.dram_use,
                          b->at.dram_price};
    return (Resource){sys->type_name[i], "SA", count_of(sys, i), b->at.type_use[i],
                      b->at.type_price[i]};
}

/* ---- table ---- */

static int widest(const System *sys)
{
    size_t w = strlen("best SA type");
    for (int t = 0; t < sys->n_types; t++)
        if (strlen(sys->type_name[t]) > w) w = strlen(sys->type_name[t]);
    for (int i = 0; i < sys->n_nets; i++)
        if (strlen(sys->net[i].name) > w) w = strlen(sys->net[i].name);
    return (int)w;
}

static void print_resources(const Bound *b, int w)
{
    printf("%-*s  %13s  %6s  %8s\n", w, "resource", "capacity", "use %", "price %");
    for (int i = 0; i <= b->sys->n_types; i++) {
        Resource r = resource_of(b, i);
        printf("%-*s  %8g %-4s  %6.1f  %8.1f\n", w, r.name, r.capacity, r.unit, 100 * r.use,
               100 * r.price);
    }
}

static void print_networks(const Bound *b, int w)
{
    const System *sys = b->sys;
    printf("%-*s  %7s  %10s  %10s  %10s  %-*s  work done on\n", w, "network", "share %",
           "requests/s", "t_iso us", "work us", w, "best SA type");
    for (int i = 0; i < sys->n_nets; i++) {
        const SysNet *net = &sys->net[i];
        printf("%-*s  %7.2f  %10.1f  %10.2f  %10.2f  %-*s", w, net->name, 100 * b->share[i],
               b->share[i] * per_second(b), net->t_iso_us, net->rem_us, w,
               sys->type_name[best_type(sys, net)]);
        const char *comma = "  ";
        for (int t = 0; t < sys->n_types; t++)
            if (b->at.net_on_type[i][t] > 5e-4) {
                printf("%s%s %.1f %%", comma, sys->type_name[t], 100 * b->at.net_on_type[i][t]);
                comma = ", ";
            }
        putchar('\n');
    }
}

static void print_table(const Bound *b)
{
    int w = widest(b->sys);
    double dynamic = b->at.energy_uj, leak = leakage_uj(b);
    printf("Workload %s on system %s\n\n", b->workload, b->sys->name);
    printf("lambda_max  %.1f requests/s, one every %.2f us: load 1 (load 0.8: %.1f requests/s)\n",
           per_second(b), 1 / b->at.lambda_per_us, 0.8 * per_second(b));
    printf("limited by  %s\n", b->binding);
    printf("energy      %.2f uJ per request and %.2f uJ of leakage; %.3f W at lambda_max\n\n",
           dynamic, leak, (dynamic + leak) * b->at.lambda_per_us);
    print_resources(b, w);
    putchar('\n');
    print_networks(b, w);
    puts("\nNo scheduler sustains more than lambda_max. Price: 1 % more of the resource raises "
         "lambda_max by price %.\n"
         "t_iso: critical path, alone, each sub-job on its best SA; work: the same one after the "
         "other.\n"
         "Work done on: at the optimum, of the work; an optimum with slack may not be the only "
         "one.");
}

/* ---- CSV: one row for the bound, then resources, then networks ---- */

static void print_csv(const Bound *b)
{
    const System *sys = b->sys;
    fputs("kind,name,requests_per_s,share,capacity,use,price,t_iso_us,work_us,best_type", stdout);
    for (int t = 0; t < sys->n_types; t++) {
        char header[SYS_NAME_MAX + 8];
        snprintf(header, sizeof header, "on_%s", sys->type_name[t]);
        putchar(',');
        print_csv_text(header);
    }
    fputs("\nlambda_max,", stdout);
    print_csv_text(sys->name);
    printf(",%.6f,1,,,,,,", per_second(b));
    for (int t = 0; t < sys->n_types; t++) putchar(',');
    for (int i = 0; i <= sys->n_types; i++) {
        Resource r = resource_of(b, i);
        fputs("\nresource,", stdout);
        print_csv_text(r.name);
        printf(",,,%.12g,%.6f,%.6f,,,", r.capacity, r.use, r.price);
        for (int t = 0; t < sys->n_types; t++) putchar(',');
    }
    for (int i = 0; i < sys->n_nets; i++) {
        const SysNet *net = &sys->net[i];
        fputs("\nnetwork,", stdout);
        print_csv_text(net->name);
        printf(",%.6f,%.6f,,,,%.6f,%.6f,", b->share[i] * per_second(b), b->share[i], net->t_iso_us,
               net->rem_us);
        print_csv_text(sys->type_name[best_type(sys, net)]);
        for (int t = 0; t < sys->n_types; t++) printf(",%.6f", b->at.net_on_type[i][t]);
    }
    putchar('\n');
}

/* ---- JSON ---- */

static void json_text(const char *key, const char *value)
{
    printf("\"%s\": ", key);
    print_json_text(value);
}

static void json_limits(const Bound *b)
{
    bool first = true;
    fputs("\"limited_by\": [", stdout);
    for (int i = 0; i <= b->sys->n_types; i++) {
        Resource r = resource_of(b, i);
        if (r.price <= 0) continue;
        if (!first) fputs(", ", stdout);
        print_json_text(r.name);
        first = false;
    }
    putchar(']');
}

static void json_network(const Bound *b, int i)
{
    const System *sys = b->sys;
    const SysNet *net = &sys->net[i];
    printf("%s\n  {", i ? "," : "");
    json_text("name", net->name);
    printf(", \"share\": %.6f, \"requests_per_s\": %.6f, \"t_iso_us\": %.6f, \"work_us\": %.6f, ",
           b->share[i], b->share[i] * per_second(b), net->t_iso_us, net->rem_us);
    json_text("best_type", sys->type_name[best_type(sys, net)]);
    fputs(", \"work_on\": {", stdout);
    for (int t = 0; t < sys->n_types; t++) {
        if (t) fputs(", ", stdout);
        print_json_text(sys->type_name[t]);
        printf(": %.6f", b->at.net_on_type[i][t]);
    }
    fputs("}}", stdout);
}

static void print_json(const Bound *b)
{
    putchar('{');
    json_text("system", b->sys->name);
    fputs(", ", stdout);
    json_text("workload", b->workload);
    printf(",\n \"lambda_max_per_s\": %.6f, ", per_second(b));
    json_limits(b);
    printf(",\n \"energy_uj_per_request\": %.6f, \"leakage_mw\": %.6f,\n \"resources\": [",
           b->at.energy_uj, leakage_mw(b->sys));
    for (int i = 0; i <= b->sys->n_types; i++) {
        Resource r = resource_of(b, i);
        printf("%s\n  {", i ? "," : "");
        json_text("name", r.name);
        printf(", \"capacity\": %.12g, ", r.capacity);
        json_text("unit", r.unit);
        printf(", \"use\": %.6f, \"price\": %.6f}", r.use, r.price);
    }
    fputs("],\n \"networks\": [", stdout);
    for (int i = 0; i < b->sys->n_nets; i++) json_network(b, i);
    puts("]}");
}

void bound_print(const Bound *b, int format)
{
    if (format == FORMAT_CSV)
        print_csv(b);
    else if (format == FORMAT_JSON)
        print_json(b);
    else
        print_table(b);
}
