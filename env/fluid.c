/* fluid.c -- the fluid bound of a System's load by linear programming (GLPK).
 * One job of the mix is a set of work classes c (sub-jobs with the same costs) with weight w_c.
 * With f_ct = the part of class c done on SA type t, and theta = machine time per job:
 *   minimise theta   subject to
 *     sum_t  f_ct            = w_c               for every class
 *     sum_c  f_ct latency_ct <= theta count_t    for every type
 *     sum_ct f_ct bytes_ct   <= theta bandwidth
 * and lambda_max = 1 / theta. Any f is feasible for a large theta, and theta > 0. Times are in units
 * of one job's best work, so that all numbers are near 1. */
#include "env/system.h"

#include "base/mem.h"

#include <glpk.h>
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct WorkClass {
    double weight;
    double latency[SYS_MAX_TYPES], bytes[SYS_MAX_TYPES];
    double on[SYS_MAX_TYPES]; /* solved: the parts of it that each type does; they sum to 1 */
} WorkClass;

typedef struct Fluid {
    const System *sys;
    int count[SYS_MAX_TYPES]; /* SAs of each type */
    double scale_us;          /* unit of time */
    WorkClass *work;          /* [n_classes] */
    int n_classes;
    char said[128]; /* GLPK's last words */
    FluidBound bound;
} Fluid;

/* ---- work classes ---- */

static int compare_costs(const void *a, const void *b)
{
    const WorkClass *x = a, *y = b;
    int order = memcmp(x->latency, y->latency, sizeof x->latency);
    return order ? order : memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

static void merge_classes(Fluid *f)
{
    int n = 0;
    qsort(f->work, (size_t)f->n_classes, sizeof *f->work, compare_costs);
    for (int i = 0; i < f->n_classes; i++)
        if (n > 0 && compare_costs(&f->work[n - 1], &f->work[i]) == 0)
            f->work[n - 1].weight += f->work[i].weight;
        else
            f->work[n++] = f->work[i];
    f->n_classes = n;
}

static WorkClass class_of(const Fluid *f, const SysNet *net, int s)
{
    WorkClass c = {0};
    for (int t = 0; t < f->sys->n_types; t++) {
        c.latency[t] = net->cost[t][s].latency_us / f->scale_us;
        c.bytes[t] = net->cost[t][s].bytes / f->sys->dram_bytes_per_us / f->scale_us;
    }
    return c;
}

static void add_classes(Fluid *f, const SysNet *net, double share)
{
    for (int s = 0; s < net->n_subjobs; s++) {
        WorkClass *c = &f->work[f->n_classes++];
        *c = class_of(f, net, s);
        c->weight = share;
    }
}

static Status make_classes(Fluid *f, const double *share, Err *err)
{
    const System *sys = f->sys;
    size_t most = 0;

    for (int i = 0; i < sys->n_nets; i++) {
        most += (size_t)sys->net[i].n_subjobs;
        f->scale_us += share[i] * sys->net[i].rem_us;
    }
    if (!(f->work = mem_calloc(most, sizeof *f->work)))
        return err_set(err, ST_NOMEM, "fluid bound: %s", status_text(ST_NOMEM));
    for (int i = 0; i < sys->n_nets; i++)
        if (share[i] > 0) add_classes(f, &sys->net[i], share[i]);
    merge_classes(f);
    return ST_OK;
}

/* ---- the linear program ----
 * Rows: 1..n_classes the classes, then one per type, then DRAM. Column 1 is theta. */

static int type_row(const Fluid *f, int t)
{
    return f->n_classes + 1 + t;
}

static int dram_row(const Fluid *f)
{
    return f->n_classes + 1 + f->sys->n_types;
}

static void add_rows(const Fluid *f, glp_prob *lp)
{
    glp_add_rows(lp, dram_row(f));
    for (int c = 0; c < f->n_classes; c++)
        glp_set_row_bnds(lp, c + 1, GLP_FX, f->work[c].weight, f->work[c].weight);
    for (int r = f->n_classes + 1; r <= dram_row(f); r++) glp_set_row_bnds(lp, r, GLP_UP, 0, 0);
}

static void add_theta(const Fluid *f, glp_prob *lp)
{
    int row[SYS_MAX_TYPES + 2], n = 0;
    double value[SYS_MAX_TYPES + 2];

    for (int t = 0; t < f->sys->n_types; t++) {
        if (f->count[t] == 0) continue;
        row[++n] = type_row(f, t);
        value[n] = -f->count[t];
    }
    row[++n] = dram_row(f);
    value[n] = -1;
    int col = glp_add_cols(lp, 1);
    glp_set_col_bnds(lp, col, GLP_LO, 0, 0);
    glp_set_obj_coef(lp, col, 1);
    glp_set_mat_col(lp, col, n, row, value);
}

static void add_fractions(const Fluid *f, glp_prob *lp)
{
    for (int c = 0; c < f->n_classes; c++)
        for (int t = 0; t < f->sys->n_types; t++) {
            if (f->count[t] == 0) continue;
            int row[4] = {0, c + 1, type_row(f, t), dram_row(f)};
            double value[4] = {0, 1, f->work[c].latency[t], f->work[c].bytes[t]};
            int col = glp_add_cols(lp, 1);
            glp_set_col_bnds(lp, col, GLP_LO, 0, 0);
            glp_set_mat_col(lp, col, value[3] > 0 ? 3 : 2, row, value);
        }
}

/* A price below this is rounding. */
static const double NOTICEABLE = 1e-6;

/* Use and price of a resource of capacity `count` per unit of theta. Its row reads
 * use - theta x count <= 0; rounding may leave either a hair below zero. */
static void read_row(glp_prob *lp, int row, double count, double theta, double *use, double *price)
{
    *use = fmax(0, 1 + glp_get_row_prim(lp, row) / (theta * count));
    *price = -glp_get_row_dual(lp, row) * count;
    if (*price < NOTICEABLE) *price = 0;
}

static void read_bound(Fluid *f, glp_prob *lp)
{
    FluidBound *b = &f->bound;
    double theta = glp_get_obj_val(lp);

    b->lambda_per_us = 1 / (theta * f->scale_us);
    for (int t = 0; t < f->sys->n_types; t++)
        if (f->count[t] > 0)
            read_row(lp, type_row(f, t), f->count[t], theta, &b->type_use[t], &b->type_price[t]);
    read_row(lp, dram_row(f), 1, theta, &b->dram_use, &b->dram_price);
}

/* The columns of add_fractions in the same order. Rounding may leave a part a hair below zero, and
 * their sum a hair off the weight. */
static void read_fractions(Fluid *f, glp_prob *lp)
{
    int col = 1; /* theta */
    for (int c = 0; c < f->n_classes; c++) {
        double *on = f->work[c].on, sum = 0;
        for (int t = 0; t < f->sys->n_types; t++)
            if (f->count[t] > 0) sum += on[t] = fmax(0, glp_get_col_prim(lp, ++col));
        for (int t = 0; t < f->sys->n_types && sum > 0; t++) on[t] /= sum;
    }
}

/* True with f->bound filled. A second attempt starts from the trivial basis. */
static bool solve_lp(Fluid *f)
{
    glp_prob *lp = glp_create_prob();
    glp_smcp how;
    bool solved = false;

    glp_init_smcp(&how);
    how.it_lim = 1000000;
    glp_set_obj_dir(lp, GLP_MIN);
    add_rows(f, lp);
    add_theta(f, lp);
    add_fractions(f, lp);
    glp_scale_prob(lp, GLP_SF_AUTO);
    glp_adv_basis(lp, 0);
    for (int attempt = 0; attempt < 2 && !solved; attempt++) {
        solved =
            glp_simplex(lp, &how) == 0 && glp_get_status(lp) == GLP_OPT && glp_get_obj_val(lp) > 0;
        if (!solved) glp_std_basis(lp);
    }
    if (solved) read_bound(f, lp);
    if (solved) read_fractions(f, lp);
    glp_delete_prob(lp);
    return solved;
}

/* ---- GLPK's ways of speaking and dying ---- */

/* Keeps the text off the terminal; the last line goes into the error. */
static int swallow(void *info, const char *text)
{
    Fluid *f = info;
    if (*text && *text != '\n')
        snprintf(f->said, sizeof f->said, "%.*s", (int)strcspn(text, "\n"), text);
    return 1;
}

/* GLPK would abort the process; leave its frames instead. */
static void escape(void *info)
{
    longjmp(*(jmp_buf *)info, 1);
}

static Status solve_guarded(Fluid *f, Err *err)
{
    jmp_buf fatal;

    if (setjmp(fatal)) {
        glp_free_env(); /* everything that was cut off, and the hooks */
        return err_set(err, ST_SOLVER, "fluid bound: glpk gave up: %s", f->said);
    }
    glp_term_hook(swallow, f);
    glp_error_hook(escape, &fatal);
    int term = glp_term_out(GLP_OFF);
    bool solved = solve_lp(f);
    glp_term_out(term);
    glp_error_hook(NULL, NULL);
    glp_term_hook(NULL, NULL);
    return solved ? ST_OK : err_set(err, ST_SOLVER, "fluid bound: glpk found no optimum");
}

/* ---- who runs where ---- */

/* A network's part of the optimum: sub-jobs weighted by their best time. */
static void place_network(Fluid *f, int i, double share)
{
    const SysNet *net = &f->sys->net[i];
    for (int s = 0; s < net->n_subjobs; s++) {
        WorkClass key = class_of(f, net, s);
        const WorkClass *c =
            bsearch(&key, f->work, (size_t)f->n_classes, sizeof *f->work, compare_costs);
        for (int t = 0; t < f->sys->n_types; t++) {
            f->bound.net_on_type[i][t] += c->on[t] * net->best_us[s] / net->rem_us;
            f->bound.energy_uj += share * c->on[t] * net->cost[t][s].energy_uj;
        }
    }
}

/* ---- the public side ---- */

static Status check_share(const System *sys, const double *share, Err *err)
{
    double sum = 0;

    for (int i = 0; i < sys->n_nets; i++) {
        if (!(share[i] >= 0 && share[i] <= 1))
            return err_set(err, ST_CONFIG, "share of network '%s' is %g, want 0 to 1",
                           sys->net[i].name, share[i]);
        sum += share[i];
    }
    if (fabs(sum - 1) > 1e-6)
        return err_set(err, ST_CONFIG, "shares of system '%s' sum to %g, want 1", sys->name, sum);
    return ST_OK;
}

Status system_fluid_solve(const System *sys, const double *share, FluidBound *out, Err *err)
{
    Fluid f = {.sys = sys};
    Status st;

    TRY(check_share(sys, share, err));
    for (int m = 0; m < sys->n_sas; m++) f.count[sys->sa_type[m]]++;
    TRY(make_classes(&f, share, err));
    TRY(solve_guarded(&f, err));
    for (int i = 0; i < sys->n_nets; i++)
        if (share[i] > 0) place_network(&f, i, share[i]);
    *out = f.bound;
fail:
    mem_free(f.work);
    return st;
}

void system_fluid_limits(const System *sys, const FluidBound *b, char binding[256])
{
    size_t used = 0;

    binding[0] = '\0';
    if (b->dram_price > 0) used = (size_t)snprintf(binding, 256, "dram");
    for (int t = 0; t < sys->n_types; t++)
        if (b->type_price[t] > 0 && used < 256)
            used += (size_t)snprintf(binding + used, 256 - used, "%s%s", used ? ", " : "",
                                     sys->type_name[t]);
}

Status system_fluid_bound(const System *sys, const double *share, double *lambda_max_per_us,
                          char binding[256], Err *err)
{
    FluidBound b;
    Status st;

    TRY(system_fluid_solve(sys, share, &b, err));
    *lambda_max_per_us = b.lambda_per_us;
    if (binding) system_fluid_limits(sys, &b, binding);
fail:
    return st;
}
