/* gnuplot.c -- gnuplot as a child process: the script is its standard input, the picture its standard
 * output. */
#include "experiments/gnuplot.h"

#include "base/text.h"
#include "experiments/output.h"
#include "experiments/target.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { NOT_STARTED = 127 };

/* Exit code of gnuplot with these standard streams; NOT_STARTED, 128 + signal. -d: no init files. */
static int run(const char *option, int in, int out, int error)
{
    char name[] = "gnuplot", no_init[] = "-d", last[16];
    char *const argv[] = {name, no_init, last, NULL};
    posix_spawn_file_actions_t streams;
    pid_t pid;
    int state = 0;

    snprintf(last, sizeof last, "%s", option);
    if (posix_spawn_file_actions_init(&streams)) return NOT_STARTED;
    bool bad = posix_spawn_file_actions_adddup2(&streams, in, 0) ||
               posix_spawn_file_actions_adddup2(&streams, out, 1) ||
               posix_spawn_file_actions_adddup2(&streams, error, 2) ||
               posix_spawnp(&pid, argv[0], &streams, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&streams);
    if (bad) return NOT_STARTED;
    while (waitpid(pid, &state, 0) < 0)
        if (errno != EINTR) return NOT_STARTED;
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

Status gnuplot_find(Err *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int code = null < 0 ? NOT_STARTED : run("--version", null, null, null);
    if (null >= 0) close(null);
    if (code == 0) return ST_OK;
    return err_set(err, ST_IO,
                   code == NOT_STARTED
                       ? "there is no gnuplot on the PATH to draw with, install it, e.g. apt-get "
                         "install gnuplot-nox"
                       : "gnuplot does not start (gnuplot --version exits with %d)",
                   code);
}

/* The last line that gnuplot said. */
static void last_words(FILE *said, char out[TEXT_SHOWN_MAX])
{
    char line[512];
    snprintf(out, TEXT_SHOWN_MAX, "nothing was said");
    rewind(said);
    while (fgets(line, sizeof line, said)) {
        line[strcspn(line, "\r\n")] = '\0';
        const char *text = line + strspn(line, " \t^");
        if (*text) text_shown(out, text);
    }
}

static bool ends_with(int fd, const char *last)
{
    char tail[64];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t n = pread(fd, tail, sizeof tail, from);
    while (n > 0 && strchr("\n\r ", tail[n - 1])) n--;
    ssize_t want = (ssize_t)strlen(last);
    return n >= want && !memcmp(tail + n - want, last, (size_t)want);
}

/* Draws into fd. */
static Status draw(FILE *script, int fd, const char *last, Err *err)
{
    char words[TEXT_SHOWN_MAX];
    FILE *said = tmpfile();
    if (!said || fflush(script) || ferror(script) || lseek(fileno(script), 0, SEEK_SET)) {
        if (said) fclose(said);
        return err_set(err, ST_IO, "cannot write a temporary file: %s", strerror(errno));
    }
    int code = run("-", fileno(script), fd, fileno(said));
    last_words(said, words);
    fclose(said);
    if (code != 0 || !ends_with(fd, last))
        return err_set(err, ST_IO, "gnuplot failed (exit code %d): %s", code, words);
    return ST_OK;
}

Status gnuplot_draw(FILE *script, const char *path, const char *last, Err *err)
{
    Target t;
    Status st = target_open(&t, path, err);
    if (st != ST_OK) return st;
    return target_close(&t, draw(script, fileno(t.out), last, err), err);
}

/* Bytes of the character at s if it may stand in a picture, else 0: controls, and what XML forbids. */
static int drawable(const char *s)
{
    int n = utf8_length(s);
    if (n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f)) return 0;
    if (n == 3 && !memcmp(s, "\xef\xbf", 2) && (unsigned char)s[2] >= 0xbe) return 0;
    return n;
}

void gnuplot_text(FILE *script, const char *text, int most)
{
    int left = most;
    fputc('\'', script);
    for (const char *s = text; *s; left--) {
        int n = drawable(s);
        if (left == 0) {
            fputs("..", script);
            break;
        }
        if (*s == '\'')
            fputs("''", script);
        else if (n == 0)
            fputc('?', script);
        else
            fwrite(s, 1, (size_t)n, script);
        s += n ? n : 1;
    }
    fputc('\'', script);
}
