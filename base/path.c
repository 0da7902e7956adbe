/* path.c -- the data root by the place of the running program, and names in its folders. */
#include "base/path.h"

#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *root, const char *sub)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", root, sub);
    return n < (int)sizeof path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool holds_data(const char *root)
{
    return is_folder(root, "env/networks") || is_folder(root, "accel_models/presets");
}

static bool ends_in(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);
    return n >= m && !strcmp(s + n - m, tail);
}

/* Drops the last `levels` parts of an absolute path; what is above the top is the top, "". */
static void go_up(char *path, int levels)
{
    for (char *slash; levels-- > 0 && (slash = strrchr(path, '/'));) *slash = '\0';
}

/* The folder of the running program, without a final '/'. */
static bool program_folder(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    if (n <= 0 || (size_t)n >= cap - 1) return false;
    out[n] = '\0';
    go_up(out, 1);
    return true;
}

static Status copy_root(char *out, size_t cap, const char *root, Err *err)
{
    size_t n = strlen(root);
    if (n >= cap)
        return err_set(err, ST_IO, "the path of the data files is too long: '%.200s'", root);
    memcpy(out, root, n + 1);
    return ST_OK;
}

/* The roots that the program's place suggests, until one holds the data. */
static bool root_near_program(char root[PATH_MAX_BYTES])
{
    char folder[PATH_MAX_BYTES];
    if (!program_folder(folder, sizeof folder)) return false;
    memcpy(root, folder, sizeof folder);
    go_up(root, ends_in(folder, "/tests/bench") ? 4 : 3); /* TREE/build/MODE/bin */
    if (holds_data(root)) return true;
    go_up(folder, 1);
    int n = snprintf(root, PATH_MAX_BYTES, "%s/share/relmas", folder);
    return n < PATH_MAX_BYTES && holds_data(root);
}

Status path_data_root(char *out, size_t cap, Err *err)
{
    const char *set = getenv("RELMAS_DATA");
    char root[PATH_MAX_BYTES] = "";
    if (set && *set) {
        if (holds_data(set)) return copy_root(out, cap, set, err);
        return err_set(err, ST_IO,
                       "RELMAS_DATA is '%.200s', which holds no env/networks; set it to the source "
                       "tree or to PREFIX/share/relmas",
                       set);
    }
    if (root_near_program(root)) return copy_root(out, cap, root, err);
    return err_set(
        err, ST_IO,
        "the data files (env/networks ..) are neither in a source tree above the program "
        "nor in ../share/relmas; set RELMAS_DATA to their folder");
}

static Status join(char *out, size_t cap, const char *a, const char *b, Err *err)
{
    int n = snprintf(out, cap, "%s/%s", a, b);
    if (n >= 0 && (size_t)n < cap) return ST_OK;
    return err_set(err, ST_IO, "path too long: '%.200s/%.100s'", a, b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Appends the names in an open folder that end in suffix; *names grows as it must. */
static Status collect(DIR *dir, const char *suffix, char (**names)[PATH_NAME_MAX], int *n)
{
    size_t cap = 0, tail = strlen(suffix);
    for (const struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (!ends_in(e->d_name, suffix) || len == tail || len - tail >= PATH_NAME_MAX ||
            e->d_name[0] == '.')
            continue;
        if ((size_t)*n == cap) {
            size_t more = cap ? 2 * cap : 32;
            void *grown = mem_resize(*names, cap * PATH_NAME_MAX, more * PATH_NAME_MAX);
            if (!grown) return ST_NOMEM;
            *names = grown;
            cap = more;
        }
        memcpy((*names)[(*n)++], e->d_name, len - tail);
    }
    return ST_OK;
}

Status path_list(char (**names)[PATH_NAME_MAX], int *n, const char *folder, const char *suffix,
                 Err *err)
{
    char root[PATH_MAX_BYTES], path[PATH_MAX_BYTES];
    Status st = ST_OK;
    DIR *dir = NULL;
    char(*list)[PATH_NAME_MAX] = NULL;
    int count = 0;
    *names = NULL;
    *n = 0;
    TRY(path_data_root(root, sizeof root, err));
    TRY(join(path, sizeof path, root, folder, err));
    dir = opendir(path);
    if (!dir) return err_set(err, ST_IO, "cannot list '%.200s': %s", path, strerror(errno));
    TRY(collect(dir, suffix, &list, &count));
    if (!list) st = (list = mem_calloc(1, PATH_NAME_MAX)) ? ST_OK : ST_NOMEM;
    if (st != ST_OK) goto fail;
    closedir(dir);
    qsort(list, (size_t)count, PATH_NAME_MAX, by_name);
    *names = list;
    *n = count;
    return ST_OK;
fail:
    if (dir) closedir(dir);
    mem_free(list);
    return err_set(err, st, "path_list: %s", status_text(st));
}

/* The nearest of the names there are, copied to near ("" if none). */
static Status nearest_file(char near[PATH_NAME_MAX], const char *folder, const char *name,
                           const char *suffix, Err *err)
{
    char(*names)[PATH_NAME_MAX];
    int n;
    near[0] = '\0';
    Status st = path_list(&names, &n, folder, suffix, err);
    if (st != ST_OK) return st;
    const char **word = mem_calloc((size_t)n, sizeof *word);
    if (word) {
        for (int i = 0; i < n; i++) word[i] = names[i];
        const char *best = nearest_name(name, word, n);
        if (best) memcpy(near, best, PATH_NAME_MAX);
    }
    st = word ? ST_OK : err_set(err, ST_NOMEM, "path_find: %s", status_text(ST_NOMEM));
    mem_free(word);
    mem_free(names);
    return st;
}

/* A name with a folder, which is no file of the user's: ROOT/folder/name+suffix, if that is one. */
static bool in_data_folder(char *out, size_t cap, const char *folder, const char *name,
                           const char *suffix)
{
    char root[PATH_MAX_BYTES], place[PATH_MAX_BYTES], file[PATH_MAX_BYTES];
    Err hidden = {0};
    if (!strchr(name, '/') || ends_in(name, suffix) || access(name, F_OK) == 0) return false;
    if (path_data_root(root, sizeof root, &hidden) != ST_OK ||
        join(place, sizeof place, root, folder, &hidden) != ST_OK)
        return false;
    int n = snprintf(file, sizeof file, "%s%s", name, suffix);
    return n < (int)sizeof file && join(out, cap, place, file, &hidden) == ST_OK &&
           access(out, F_OK) == 0;
}

Status path_find(char *out, size_t cap, const char *folder, const char *name_or_file,
                 const char *suffix, Err *err)
{
    char root[PATH_MAX_BYTES], place[PATH_MAX_BYTES], file[PATH_MAX_BYTES], near[PATH_NAME_MAX];
    Status st;
    if (in_data_folder(out, cap, folder, name_or_file, suffix)) return ST_OK;
    if (strchr(name_or_file, '/') || ends_in(name_or_file, suffix)) {
        if (strlen(name_or_file) >= cap)
            return err_set(err, ST_IO, "path too long: '%.200s'", name_or_file);
        memcpy(out, name_or_file, strlen(name_or_file) + 1);
        return ST_OK;
    }
    TRY(path_data_root(root, sizeof root, err));
    TRY(join(place, sizeof place, root, folder, err));
    int n = snprintf(file, sizeof file, "%s%s", name_or_file, suffix);
    if (*name_or_file && n < (int)sizeof file) {
        TRY(join(out, cap, place, file, err));
        if (access(out, F_OK) == 0) return ST_OK;
    }
    TRY(nearest_file(near, folder, name_or_file, suffix, err));
    char shown[TEXT_SHOWN_MAX];
    text_shown(shown, name_or_file);
    return err_set(err, ST_CONFIG,
                   "no '%s' in %s%s%s%s ('ls %.200s' lists them; a file of your own is given as "
                   "./%s%s)",
                   shown, folder, *near ? ", did you mean '" : "", near, *near ? "'?" : "", place,
                   shown, suffix);
fail:
    return st;
}
