/* main.c -- the `relmas` program: picks the sub-command. */
#include "base/text.h"
#include "experiments/commands.h"
#include "nn/gemm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct Command {
    const char *name;
    int (*run)(int argc, char *const *argv);
    const char *about;
} Command;

static const Command COMMANDS[] = {
    {"train", cmd_train, "train a policy, or resume a run"},
    {"eval", cmd_eval, "compare policies on held-out arrivals"},
    {"capacity", cmd_capacity, "the largest load at which a policy keeps the SLA"},
    {"costs", cmd_costs, "cost of networks' layers on accelerators"},
    {"import", cmd_import, "turn an ONNX model or SCALE-Sim topology into a network file"},
    {"trace", cmd_trace, "one episode as a Chrome/Perfetto trace"},
    {"report", cmd_report, "a page of curves and tables about runs and evaluations"},
    {"verdict", cmd_verdict, "what a study shows, against the best baseline of each cell"},
    {"inspect", cmd_inspect, "show what a checkpoint or policy file holds"},
    {"list", cmd_list, "name the networks, systems, scenarios, schedulers, ..."},
};
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

int report_error(const Err *err)
{
    fprintf(stderr, "relmas: %s\n", err->msg);
    return err->code == ST_CONFIG || err->code == ST_FORMAT || err->code == ST_USAGE ? 2 : 1;
}

static void print_help(FILE *out)
{
    fputs("usage: relmas COMMAND [arguments]\n\n"
          "Learns online schedulers for DNN inference on multi-tenant, multi-accelerator "
          "systems.\n\n",
          out);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-8s  %s\n", COMMANDS[i].name, COMMANDS[i].about);
    fputs("\n`relmas COMMAND --help` explains each. A first run:\n"
          "  relmas train tiny --out runs/tiny && relmas eval runs/tiny edf-queue\n",
          out);
}

/* The results count only once they are out: a full disk or a closed pipe is a failure. */
static int flushed(int code)
{
    bool bad = fflush(stdout) != 0 || ferror(stdout);
    if (bad && code == 0)
        fprintf(stderr, "relmas: cannot write the results: %s\n", strerror(errno));
    return bad && code == 0 ? 1 : code;
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS], *near;
    char shown[TEXT_SHOWN_MAX];
    for (int i = 0; i < N_COMMANDS; i++) names[i] = COMMANDS[i].name;
    near = nearest_name(word, names, N_COMMANDS);
    text_shown(shown, word);
    fprintf(stderr, "relmas: unknown command '%s', %s%s%s\n", shown,
            near ? "did you mean '" : "try ", near ? near : "relmas --help", near ? "'?" : "");
    return 2;
}

int main(int argc, char **argv)
{
    gemm_startup(argv);
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return flushed(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("relmas %s\n", RELMAS_VERSION);
        return flushed(0);
    }
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return flushed(COMMANDS[i].run(argc - 2, argv + 2));
    return unknown_command(argv[1]);
}
