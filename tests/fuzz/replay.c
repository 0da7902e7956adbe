/* replay.c -- runs a fuzz target over files: those named, else the kept ones of its name. An input
 * that crashes it ends the program; one that takes longer than LIMIT_S is ended by a signal. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <unistd.h>

enum { LIMIT_S = 30, PATH_BYTES = 512 };

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t cap = 1 << 16, size = 0;
    uint8_t *data = mem_calloc(cap, 1);

    if (!f || !data) {
        perror(path);
        return 1;
    }
    for (size_t got; (got = fread(data + size, 1, cap - size, f)) > 0; cap *= 2) {
        size += got;
        if (!(data = mem_resize(data, cap, 2 * cap))) return 1;
    }
    fclose(f);
    if (size > 0 && !(data = mem_resize(data, size, size))) return 1; /* so that overruns show */
    alarm(LIMIT_S);
    LLVMFuzzerTestOneInput(data, size);
    alarm(0);
    mem_free(data);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder, int *done)
{
    struct dirent **entry;
    int n = scandir(folder, &entry, is_input, alphasort), bad = 0;

    if (n < 0) {
        perror(folder);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[2 * PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        bad |= replay(path);
        free(entry[i]);
    }
    free(entry);
    *done = n;
    return bad;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    char folder[PATH_BYTES];
    int done = argc - 1, bad = 0;

    for (int i = 1; i < argc; i++) bad |= replay(argv[i]);
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", name + strlen("fuzz_"));
    if (argc == 1) bad = replay_folder(folder, &done);
    printf("%s: %s, %d inputs\n", name, bad || done == 0 ? "failed" : "ok", done);
    return bad || done == 0;
}
