/* folder.c -- the checkpoints of a run folder: names, rotation, and the newest that is usable. */
#include "base/mem.h"
#include "checkpoints/checkpoint.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Steps {
    uint64_t *step;
    size_t n, cap;
} Steps;

static Status join(char *out, size_t cap, const char *dir, const char *name, Err *err)
{
    if (snprintf(out, cap, "%s/%s", dir, name) < (int)cap) return ST_OK;
    return err_set(err, ST_IO, "the path '%.200s.../%.100s' is too long", dir, name);
}

static void step_name(char out[40], uint64_t step)
{
    snprintf(out, 40, "step-%09" PRIu64 ".h5", step);
}

Status checkpoint_step_path(char *out, size_t cap, const char *dir, uint64_t step, Err *err)
{
    char name[40];
    step_name(name, step);
    return join(out, cap, dir, name, err);
}

/* True only for a name that checkpoint_step_path makes. */
static bool parse_step(const char *name, uint64_t *step)
{
    char again[40];
    if (sscanf(name, "step-%19" SCNu64, step) != 1) return false;
    step_name(again, *step);
    return strcmp(name, again) == 0;
}

/* "best.h5.tmp-123" of a process that is gone. */
static bool is_stale_temporary(const char *name)
{
    const char *mark = strstr(name, ".h5.tmp-");
    char *end;
    if (!mark || mark[8] < '1' || mark[8] > '9') return false;
    long pid = strtol(mark + 8, &end, 10);
    return *end == '\0' && pid == (pid_t)pid && kill((pid_t)pid, 0) && errno == ESRCH;
}

static Status add_step(Steps *s, uint64_t step, Err *err)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 32;
        uint64_t *p = mem_resize(s->step, s->n * sizeof *p, cap * sizeof *p);
        if (!p) return err_set(err, ST_NOMEM, "listing checkpoints: %s", status_text(ST_NOMEM));
        s->step = p;
        s->cap = cap;
    }
    s->step[s->n++] = step;
    return ST_OK;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Steps of dir, newest first; caller frees s->step, also on failure. */
static Status list_steps(Steps *s, const char *dir, bool clean, Err *err)
{
    char path[CHECKPOINT_PATH_MAX];
    Status st = ST_OK;
    uint64_t step;
    *s = (Steps){0};
    DIR *d = opendir(dir);
    if (!d) return err_set(err, ST_IO, "cannot open folder '%s': %s", dir, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        if (parse_step(e->d_name, &step)) TRY(add_step(s, step, err));
        if (!clean || !is_stale_temporary(e->d_name)) continue;
        TRY(join(path, sizeof path, dir, e->d_name, err));
        unlink(path);
    }
    if (s->n) qsort(s->step, s->n, sizeof *s->step, newest_first);
fail:
    closedir(d);
    return st;
}

Status checkpoint_rotate(const char *dir, int keep, Err *err)
{
    char path[CHECKPOINT_PATH_MAX];
    Steps s;
    Status st;
    assert(keep >= 1);
    TRY(list_steps(&s, dir, true, err));
    for (size_t i = (size_t)keep; i < s.n; i++) {
        TRY(checkpoint_step_path(path, sizeof path, dir, s.step[i], err));
        if (unlink(path) && errno != ENOENT)
            st = err_set(err, ST_IO, "cannot delete '%s': %s", path, strerror(errno));
    }
fail:
    mem_free(s.step);
    return st;
}

static Status none_usable(const char *dir, size_t damaged, Err *err)
{
    if (damaged)
        return err_set(err, ST_IO, "none of the %zu checkpoints in '%s' is usable; train anew",
                       damaged, dir);
    return err_set(err, ST_IO, "folder '%s' holds no checkpoint step-*.h5; name a run's folder",
                   dir);
}

Status checkpoint_latest(char *out, size_t cap, const char *dir, Err *skipped, Err *err)
{
    Steps s;
    Status st;
    TRY(list_steps(&s, dir, false, err));
    for (size_t i = 0; i < s.n; i++) {
        Checkpoint *ckpt;
        Err why = {0};
        TRY(checkpoint_step_path(out, cap, dir, s.step[i], err));
        st = checkpoint_open(&ckpt, out, &why);
        checkpoint_close(ckpt);
        if (st == ST_OK) goto fail;
        if (st == ST_NOMEM) {
            err_set(err, st, "%s", why.msg);
            goto fail;
        }
        err_set(skipped, why.code, "%s", why.msg);
    }
    st = none_usable(dir, s.n, err);
fail:
    mem_free(s.step);
    return st;
}
