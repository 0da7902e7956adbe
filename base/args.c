/* args.c -- parses a command line by its table and writes help from the same table. */
#include "base/args.h"

#include "base/text.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- one value ---- */

static int bad_value(const ArgOption *o, const char *what, const char *value, Err *err)
{
    char shown[TEXT_SHOWN_MAX];
    text_shown(shown, value);
    err_set(err, ST_USAGE, "'%s' must be %s, got '%s'", o->name, what, shown);
    return ARGS_BAD;
}

static int bad_number(const ArgOption *o, bool whole, const char *value, Err *err)
{
    char range[TEXT_RANGE_MAX];
    text_range(range, whole, o->lo, o->hi);
    return bad_value(o, range, value, err);
}

static bool in_range(const ArgOption *o, double x)
{
    return x >= o->lo && x <= o->hi;
}

static int read_int(const ArgOption *o, const char *value, Err *err)
{
    int64_t x;
    if (!text_to_i64(value, &x) || x < INT_MIN || x > INT_MAX || !in_range(o, (double)x))
        return bad_number(o, true, value, err);
    *(int *)o->out = (int)x;
    return ARGS_RUN;
}

static int read_u64(const ArgOption *o, const char *value, Err *err)
{
    uint64_t x;
    if (!text_to_u64(value, &x) || !in_range(o, (double)x)) return bad_number(o, true, value, err);
    *(uint64_t *)o->out = x;
    return ARGS_RUN;
}

static int read_double(const ArgOption *o, const char *value, Err *err)
{
    double x;
    if (!text_to_double(value, &x) || !in_range(o, x)) return bad_number(o, false, value, err);
    *(double *)o->out = x;
    return ARGS_RUN;
}

static int read_enum(const ArgOption *o, const char *value, Err *err)
{
    char what[160] = "one of ";
    size_t used = strlen(what);
    for (int i = 0; o->choices[i]; i++) {
        if (!strcmp(value, o->choices[i])) {
            *(int *)o->out = i;
            return ARGS_RUN;
        }
        if (used < sizeof what)
            used += (size_t)snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "",
                                     o->choices[i]);
    }
    return bad_value(o, what, value, err);
}

static int append(ArgList *list, int max, const char *value, const char *what, Err *err)
{
    if (list->n == max) {
        err_set(err, ST_USAGE, "more than %d of '%s'", max, what);
        return ARGS_BAD;
    }
    list->v[list->n++] = value;
    return ARGS_RUN;
}

static int read_value(const ArgOption *o, const char *value, Err *err)
{
    switch (o->type) {
    case ARG_FLAG:
        *(bool *)o->out = true;
        return ARGS_RUN;
    case ARG_INT:
        return read_int(o, value, err);
    case ARG_U64:
        return read_u64(o, value, err);
    case ARG_DOUBLE:
        return read_double(o, value, err);
    case ARG_ENUM:
        return read_enum(o, value, err);
    case ARG_TEXTS:
        return append(o->out, ARGS_LIST_MAX, value, o->name, err);
    case ARG_TEXT:
        if (!*value) return bad_value(o, "text", value, err);
        *(const char **)o->out = value;
        return ARGS_RUN;
    }
    assert(!"unknown type of option");
    return ARGS_BAD;
}

/* ---- the line ---- */

/* Where the parser is. */
typedef struct Line {
    const ArgCommand *cmd;
    int argc, next;
    char *const *argv;
    uint64_t seen; /* bit i: option i was given */
    bool options_ended;
    Err *err;
} Line;

static int unknown_option(const Line *l, const char *arg, size_t name_bytes)
{
    char word[TEXT_SHOWN_MAX], shown[TEXT_SHOWN_MAX];
    const char *known[ARGS_MAX_OPTIONS + 1] = {"--help"};
    for (int i = 0; i < l->cmd->n_options; i++) known[i + 1] = l->cmd->options[i].name;
    snprintf(word, sizeof word, "%.*s", name_bytes < 60 ? (int)name_bytes : 60, arg);
    text_shown(shown, word);
    const char *near = nearest_name(word, known, l->cmd->n_options + 1);
    err_set(l->err, ST_USAGE, "unknown option '%s', %s%s%s", shown, near ? "did you mean '" : "",
            near ? near : "see --help", near ? "'?" : "");
    return ARGS_BAD;
}

/* Sets the option from value, or from the next argument if it has none after '='. */
static int with_value(Line *l, const ArgOption *o, const char *value)
{
    if (o->type == ARG_FLAG && value) {
        err_set(l->err, ST_USAGE, "'%s' takes no value", o->name);
        return ARGS_BAD;
    }
    if (o->type != ARG_FLAG && !value) {
        if (l->next == l->argc || !strncmp(l->argv[l->next], "--", 2)) {
            err_set(l->err, ST_USAGE, "'%s' needs a value: %s %s", o->name, o->name, o->value);
            return ARGS_BAD;
        }
        value = l->argv[l->next++];
    }
    return read_value(o, value, l->err);
}

static int take_option(Line *l, const char *arg)
{
    const ArgCommand *cmd = l->cmd;
    size_t n = strcspn(arg, "=");
    const char *value = arg[n] == '=' ? arg + n + 1 : NULL;
    int i = 0;
    while (i < cmd->n_options &&
           (strlen(cmd->options[i].name) != n || strncmp(cmd->options[i].name, arg, n)))
        i++;
    if (i == cmd->n_options) return unknown_option(l, arg, n);
    const ArgOption *o = &cmd->options[i];
    if (l->seen >> i & 1 && o->type != ARG_TEXTS) {
        err_set(l->err, ST_USAGE, "'%s' is given twice", o->name);
        return ARGS_BAD;
    }
    l->seen |= (uint64_t)1 << i;
    return with_value(l, o, value);
}

static int take_operand(Line *l, const char *arg)
{
    const ArgCommand *cmd = l->cmd;
    char shown[TEXT_SHOWN_MAX];
    text_shown(shown, arg);
    if (cmd->max_operands > 0 && cmd->operands->n < cmd->max_operands)
        return append(cmd->operands, cmd->max_operands, arg, cmd->operand, l->err);
    if (cmd->max_operands == 0)
        err_set(l->err, ST_USAGE, "unexpected '%s', only options are taken", shown);
    else
        err_set(l->err, ST_USAGE, "unexpected '%s', at most %d %s %s taken", shown,
                cmd->max_operands, cmd->operand, cmd->max_operands == 1 ? "is" : "are");
    return ARGS_BAD;
}

static int take(Line *l)
{
    const char *arg = l->argv[l->next++];
    if (l->options_ended || arg[0] != '-' || !arg[1]) return take_operand(l, arg);
    if (strcmp(arg, "--")) return take_option(l, arg);
    l->options_ended = true;
    return ARGS_RUN;
}

static bool asks_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) return true;
    return false;
}

int args_parse(const ArgCommand *cmd, int argc, char *const *argv, FILE *help, Err *err)
{
    assert(cmd->n_options <= ARGS_MAX_OPTIONS && cmd->max_operands <= ARGS_LIST_MAX);
    if (asks_help(argc, argv)) { /* wherever it stands, also after a mistake */
        args_help(cmd, help);
        return ARGS_DONE;
    }
    Line l = {.cmd = cmd, .argc = argc, .argv = argv, .err = err};
    if (cmd->operands) cmd->operands->n = 0;
    int code = ARGS_RUN;
    while (l.next < argc && code == ARGS_RUN) code = take(&l);
    if (code != ARGS_RUN) return code;
    if (cmd->min_operands > 0 && cmd->operands->n < cmd->min_operands) {
        err_set(err, ST_USAGE, "%s is missing, usage: %s", cmd->operand, cmd->usage);
        return ARGS_BAD;
    }
    return ARGS_RUN;
}

/* ---- help ---- */

/* "--steps N" and "--help"; returns its length. */
static int option_head(char *out, size_t cap, const ArgOption *o)
{
    return snprintf(out, cap, "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
}

static void put_choices(const ArgOption *o, FILE *out)
{
    for (int i = 0; o->choices[i]; i++) fprintf(out, "%s%s", i ? ", " : ": ", o->choices[i]);
}

void args_help(const ArgCommand *cmd, FILE *out)
{
    static const ArgOption HELP = {.name = "--help", .help = "this text"};
    char head[80];
    int width = option_head(head, sizeof head, &HELP);
    for (int i = 0; i < cmd->n_options; i++) {
        int n = option_head(head, sizeof head, &cmd->options[i]);
        if (n > width) width = n;
    }
    fprintf(out, "usage: %s\n\n%s\n\noptions:\n", cmd->usage, cmd->about);
    for (int i = 0; i <= cmd->n_options; i++) {
        const ArgOption *o = i < cmd->n_options ? &cmd->options[i] : &HELP;
        option_head(head, sizeof head, o);
        fprintf(out, "  %-*s  %s", width, head, o->help);
        if (o->type == ARG_ENUM) put_choices(o, out);
        if (o->type == ARG_TEXTS) fprintf(out, "; may be repeated");
        fprintf(out, "\n");
    }
    fprintf(out, "\nexample:\n  %s\n", cmd->example);
}
