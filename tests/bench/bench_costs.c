/* bench_costs.c -- `relmas costs`, all shipped networks on all shipped accelerators, from a cold start on
 * two threads, against its limit of 2 s. Where others use the cores too, the limit holds if all of the
 * work would fit into it on one core. */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { RUNS = 3, THREADS = 2 };
static const double LIMIT_S = 2;

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* Work of all programs that have ended. */
static double cpu_s(void)
{
    struct rusage r;
    getrusage(RUSAGE_CHILDREN, &r);
    return seconds(r.ru_utime) + seconds(r.ru_stime);
}

static bool run(const char *program)
{
    char name[1024], costs[] = "costs", option[] = "--threads", threads[] = "2";
    char *const argv[] = {name, costs, option, threads, NULL};
    posix_spawn_file_actions_t streams;
    pid_t pid;
    int state = 1;

    snprintf(name, sizeof name, "%s", program);
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_addopen(&streams, 1, "/dev/null", O_WRONLY, 0);
    bool started = posix_spawn(&pid, program, &streams, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&streams);
    return started && waitpid(pid, &state, 0) == pid && state == 0;
}

/* build/MODE/tests/bench/bench_costs -> build/MODE/bin/relmas */
static void find_program(char out[1024], const char *self)
{
    const char *end = strstr(self, "tests/bench/");
    snprintf(out, 1024, "%.*sbin/relmas", end ? (int)(end - self) : 0, self);
}

int main(int argc, char **argv)
{
    char program[1024];
    double wall = 1e9, cpu = 1e9;
    (void)argc;
    find_program(program, argv[0]);
    for (int i = 0; i < RUNS; i++) {
        double wall0 = clock_s(), cpu0 = cpu_s();
        if (!run(program)) {
            fprintf(stderr, "bench_costs: cannot run %s costs\n", program);
            return EXIT_FAILURE;
        }
        double w = clock_s() - wall0, c = cpu_s() - cpu0;
        wall = w < wall ? w : wall;
        cpu = c < cpu ? c : cpu;
    }
    bool ok = wall <= LIMIT_S || cpu <= LIMIT_S;
    printf("relmas costs, all networks on all accelerators, %d threads: %.2f s, %.2f s of work, "
           "limit %g s  %s\n",
           THREADS, wall, cpu, LIMIT_S, ok ? "ok" : "TOO SLOW");
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
