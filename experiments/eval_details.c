/* eval_details.c -- two tables, one of counts and one of metrics, and the same as JSON. */
#include "experiments/eval_details.h"

static void print_counts(FILE *out, const char *const *name, const Metrics *const *metrics, int n,
                         int width)
{
    fprintf(out, "\n%-*s  %9s = %9s + %9s + %9s + %9s + %10s\n", width, "policy", "issued", "met",
            "late", "dropped", "rejected", "unfinished");
    for (int i = 0; i < n; i++) {
        const JobCounts *c = &metrics[i]->counts;
        fprintf(out, "%-*s  %9ld   %9ld   %9ld   %9ld   %9ld   %10ld\n", width, name[i], c->issued,
                c->met, c->late, c->dropped, c->rejected, job_counts_unfinished(c));
    }
}

static void print_metrics(FILE *out, const char *const *name, const Metrics *const *metrics, int n,
                          int width)
{
    fprintf(out, "\n%-*s  %8s  %8s  %8s  %6s  %8s  %9s  %11s  %9s\n", width, "policy", "p50 ms",
            "p95 ms", "ANTT", "STP", "fairness", "DRAM busy", "leak uJ/job", "EDP uJ s");
    for (int i = 0; i < n; i++) {
        const Metrics *m = metrics[i];
        double jobs = m->finished ? (double)m->finished : 1;
        fprintf(out, "%-*s  %8.2f  %8.2f  %8.2f  %6.3f  %8.4f  %7.1f %%  %11.0f  %9.4g\n", width,
                name[i], m->p50_us * 1e-3, m->p95_us * 1e-3, m->antt, m->stp, m->fairness,
                100 * m->bandwidth_utilisation, m->leakage_uj / jobs, m->edp_uj_s);
    }
}

void eval_details_print(FILE *out, const char *const *name, const Metrics *const *metrics, int n,
                        int width)
{
    print_counts(out, name, metrics, n, width);
    print_metrics(out, name, metrics, n, width);
}

void eval_details_legend(FILE *out)
{
    fputs("late: ended after the deadline; dropped: at it (late: firm); rejected: max_jobs were "
          "there. "
          "ANTT: mean of\nturnaround / t_iso; STP: sum over networks of t_iso / mean turnaround "
          "(Eyerman and Eeckhout 2008); fairness:\nleast ratio of two networks' t_iso / mean "
          "turnaround / priority (PREMA), 1 is fair. docs/MODEL.md, section 9.\n",
          out);
}

void eval_details_json(FILE *out, const Metrics *m)
{
    const JobCounts *c = &m->counts;
    fprintf(out,
            ", \"counts\": {\"issued\": %ld, \"met\": %ld, \"late\": %ld, \"dropped\": %ld, "
            "\"rejected\": %ld, \"unfinished\": %ld}",
            c->issued, c->met, c->late, c->dropped, c->rejected, job_counts_unfinished(c));
    fprintf(out,
            ", \"p50_us\": %.3f, \"p95_us\": %.3f, \"antt\": %.4f, \"stp\": %.4f, "
            "\"fairness\": %.4f, \"sa_utilisation\": %.4f, \"bandwidth_utilisation\": %.4f, "
            "\"leakage_uj\": %.3f, \"edp_uj_s\": %.6g",
            m->p50_us, m->p95_us, m->antt, m->stp, m->fairness, m->mean_utilisation,
            m->bandwidth_utilisation, m->leakage_uj, m->edp_uj_s);
}
