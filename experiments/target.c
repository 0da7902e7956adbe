/* target.c -- a temporary file beside the target, which is renamed when it is whole. */
#include "experiments/target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status cannot(const char *what, const char *path, Err *err)
{
    return err_set(err, ST_IO, "cannot %s '%.300s': %s", what, path, strerror(errno));
}

Status target_check(const char *command, const char *path, bool force, Err *err)
{
    struct stat s;

    if (!path || stat(path, &s) != 0) return ST_OK;
    if (S_ISDIR(s.st_mode))
        return err_set(err, ST_USAGE, "%s: '%.200s' is a folder, give a file after -o", command,
                       path);
    if (S_ISREG(s.st_mode) && !force)
        return err_set(err, ST_USAGE, "%s: '%.200s' exists, give --force to replace it", command,
                       path);
    return ST_OK;
}

Status target_place_check(const char *path, Err *err)
{
    char folder[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0; /* with the slash, for "/file" */
    if (length >= (int)sizeof folder)
        return err_set(err, ST_CONFIG, "'%.300s...': the path is too long", path);
    snprintf(folder, sizeof folder, "%.*s", length, path);
    if (access(length ? folder : ".", W_OK | X_OK) != 0) return cannot("create", path, err);
    return ST_OK;
}

/* --- what is half written goes with the program --- */

static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_ENDING = sizeof ENDING / sizeof *ENDING };
static struct sigaction before[N_ENDING];
static char doomed[PATH_MAX_BYTES];

static void remove_and_end(int number)
{
    unlink(doomed);
    raise(number); /* blocked until this returns; the default is back by then: SA_RESETHAND */
}

static void guard(const char *temporary)
{
    struct sigaction end = {.sa_handler = remove_and_end, .sa_flags = SA_RESETHAND};
    memcpy(doomed, temporary, sizeof doomed);
    sigemptyset(&end.sa_mask);
    for (int i = 0; i < N_ENDING; i++) {
        sigaction(ENDING[i], NULL, &before[i]);
        if (before[i].sa_handler == SIG_DFL) sigaction(ENDING[i], &end, NULL);
    }
}

static void unguard(void)
{
    for (int i = 0; i < N_ENDING; i++) sigaction(ENDING[i], &before[i], NULL);
}

/* --- opening and closing --- */

Status target_open(Target *t, const char *path, Err *err)
{
    struct stat s;
    *t = (Target){.path = path, .out = stdout};
    if (!path) return ST_OK;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        t->out = fd < 0 ? NULL : fdopen(fd, "w");
        return t->out ? ST_OK : cannot("open", path, err);
    }
    int n = snprintf(t->temporary, sizeof t->temporary, "%s.tmp-%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof t->temporary)
        return err_set(err, ST_USAGE, "the name after -o is too long");
    guard(t->temporary);
    int fd = open(t->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    t->out = fd < 0 ? NULL : fdopen(fd, "w+");
    if (t->out) return ST_OK;
    cannot("create", path, err);
    if (fd >= 0) {
        close(fd);
        unlink(t->temporary);
    }
    unguard();
    return ST_IO;
}

Status target_close(Target *t, Status st, Err *err)
{
    bool whole = !t->temporary[0];
    if (!t->path) return st; /* main flushes standard output and reports */
    bool bad = fflush(t->out) != 0 || ferror(t->out) || (!whole && fsync(fileno(t->out)) != 0);
    if (bad) st = st == ST_OK ? cannot("write", t->path, err) : st;
    if (fclose(t->out) != 0 && st == ST_OK) st = cannot("write", t->path, err);
    if (whole) return st;
    if (st == ST_OK && rename(t->temporary, t->path) != 0) st = cannot("write", t->path, err);
    if (st != ST_OK) unlink(t->temporary);
    unguard();
    return st;
}
