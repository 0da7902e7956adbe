/* draft.c -- names for imported entries, and their text. */
#include "env/draft.h"

#include "base/mem.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WISH_SEEN = 512, ENTRY_CAP = 16, COMMENTS_SHOWN = 16 };

typedef struct Item {
    DraftEntry entry;
    int repeats; /* names made from this one by a number behind it */
} Item;

struct Draft {
    char name[NET_NAME_MAX], title[DRAFT_TITLE_MAX];
    int input[3];
    Item *item;
    int n, cap;
    DraftNote *note;
    int n_notes, note_cap;
    int dropped[DRAFT_NOTE_KINDS];
};

static const char *const TYPE_NAME[DRAFT_N_TYPES] = {
#define X(name, text) text,
    DRAFT_TYPES(X)
#undef X
};

static Status no_memory(Err *err)
{
    return err_set(err, ST_NOMEM, "import: %s", status_text(ST_NOMEM));
}

/* ---- names ---- */

/* Copies the end of wish[] with each run of other characters than letters, digits, '.', '-', '/'
 * and '_' as one '_', and none of these at its ends. */
static void legal_text(char out[WISH_SEEN], const char *wish)
{
    size_t len = strlen(wish), n = 0;

    if (len >= WISH_SEEN) wish += len - (WISH_SEEN - 1);
    for (; *wish; wish++) {
        bool plain = isalnum((unsigned char)*wish) && (unsigned char)*wish < 0x80;
        if (plain || (n > 0 && *wish != '\0' && strchr("./-", *wish)))
            out[n++] = *wish;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && strchr("./-_", out[n - 1])) n--;
    out[n] = '\0';
}

/* Drops each part that the next one repeats, as PyTorch writes them: layer1/layer1.0/conv1 is
 * layer1.0/conv1. */
static void drop_repeated_parts(char *text)
{
    char *to = text, *part = text, *slash;

    for (; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        size_t len = (size_t)(slash - part);
        bool repeated = !strncmp(part, slash + 1, len) && slash[1 + len] == '.';
        if (repeated) continue;
        memmove(to, part, len + 1);
        to += len + 1;
    }
    memmove(to, part, strlen(part) + 1);
}

/* The longest end of text that fits into room bytes and begins with a part of it. */
static const char *last_parts(const char *text, size_t room)
{
    size_t len = strlen(text);
    const char *end = text + len;

    if (len <= room) return text;
    for (const char *separators = "/._-"; *separators; separators++)
        for (const char *p = end - room - 1; p < end - 1; p++)
            if (*p == *separators && isalnum((unsigned char)p[1])) return p + 1;
    return end - room;
}

/* Would a YAML reader take it for something else than text, or does it stand for the input? */
static bool needs_prefix(const char *name)
{
    static const char *const WORDS[] = {"input", "null", "true", "false", "yes",
                                        "no",    "on",   "off",  "y",     "n"};
    char lower[NET_NAME_MAX];
    size_t n = 0;

    for (; name[n] && n < sizeof lower - 1; n++) lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    for (size_t w = 0; w < sizeof WORDS / sizeof *WORDS; w++)
        if (!strcmp(lower, WORDS[w])) return true;
    return strspn(lower, "0123456789abcdefox._-/") == n && isdigit((unsigned char)lower[0]);
}

static void legal_name(char out[NET_NAME_MAX], const char *wish, const char *type)
{
    char text[WISH_SEEN];
    size_t room = NET_NAME_MAX - 1, prefix = strlen(type) + 1;

    legal_text(text, wish);
    drop_repeated_parts(text);
    snprintf(out, NET_NAME_MAX, "%.*s", (int)room, *text ? last_parts(text, room) : type);
    if (!needs_prefix(out)) return;
    room -= prefix;
    snprintf(out, NET_NAME_MAX, "%s_%.*s", type, (int)room, last_parts(text, room));
}

static Item *find_item(const Draft *d, const char *name)
{
    for (int i = d->n - 1; i >= 0; i--)
        if (!strcmp(d->item[i].entry.name, name)) return &d->item[i];
    return NULL;
}

/* Puts _2, _3, ... behind a name that is taken. */
static void unique_name(Draft *d, char name[NET_NAME_MAX])
{
    Item *first = find_item(d, name);
    char base[NET_NAME_MAX], number[16];

    if (!first) return;
    memcpy(base, name, sizeof base);
    do {
        int len = snprintf(number, sizeof number, "_%d", ++first->repeats + 1);
        snprintf(name, NET_NAME_MAX, "%.*s%s", NET_NAME_MAX - 1 - len, base, number);
    } while (find_item(d, name));
}

/* One line that can stand in a comment: unprintable bytes become '?'. */
static void one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f) *text = '?';
}

/* ---- filling ---- */

Status draft_create(Draft **out, const char *name, const char *title, const int input[3], Err *err)
{
    Draft *d = mem_calloc(1, sizeof *d);

    *out = NULL;
    if (!d) return no_memory(err);
    draft_rename(d, name);
    snprintf(d->title, sizeof d->title, "%s", title);
    one_line(d->title);
    memcpy(d->input, input, sizeof d->input);
    *out = d;
    return ST_OK;
}

void draft_rename(Draft *d, const char *name)
{
    legal_name(d->name, name, "net");
    for (char *p = d->name; *p; p++)
        if (*p == '/') *p = '_';
}

void draft_destroy(Draft *d)
{
    if (!d) return;
    mem_free(d->item);
    mem_free(d->note);
    mem_free(d);
}

Status draft_add(Draft *d, const DraftEntry *e, const char *wish, int *index, Err *err)
{
    assert((unsigned)e->type < DRAFT_N_TYPES && e->n_from >= 1 && e->n_from <= NET_MAX_FROM);
    for (int i = 0; i < e->n_from; i++) assert(e->from[i] >= DRAFT_INPUT && e->from[i] < d->n);
    if (d->n == NET_MAX_LAYERS)
        return err_set(err, ST_FORMAT,
                       "the network has more than %d layers, which no network file "
                       "may have",
                       NET_MAX_LAYERS);
    if (d->n == d->cap) {
        int cap = d->cap ? 2 * d->cap : ENTRY_CAP;
        Item *grown =
            mem_resize(d->item, (size_t)d->cap * sizeof *grown, (size_t)cap * sizeof *grown);
        if (!grown) return no_memory(err);
        d->item = grown;
        d->cap = cap;
    }
    DraftEntry *to = &d->item[d->n].entry;
    char name[NET_NAME_MAX];
    legal_name(name, wish, TYPE_NAME[e->type]);
    unique_name(d, name);
    *to = *e;
    memcpy(to->name, name, sizeof name);
    if (index) *index = d->n;
    d->n++;
    return ST_OK;
}

static bool count_again(Draft *d, DraftNoteKind kind, const char *text)
{
    for (int i = 0; i < d->n_notes; i++) {
        if (d->note[i].kind != kind || strcmp(d->note[i].text, text) != 0) continue;
        d->note[i].count++;
        return true;
    }
    return false;
}

Status draft_note(Draft *d, DraftNoteKind kind, Err *err, const char *fmt, ...)
{
    char text[DRAFT_NOTE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    one_line(text);
    if (count_again(d, kind, text)) return ST_OK;
    if (d->n_notes == DRAFT_MAX_NOTES) {
        d->dropped[kind]++;
        return ST_OK;
    }
    if (d->n_notes == d->note_cap) {
        int cap = d->note_cap ? 2 * d->note_cap : ENTRY_CAP;
        DraftNote *grown =
            mem_resize(d->note, (size_t)d->note_cap * sizeof *grown, (size_t)cap * sizeof *grown);
        if (!grown) return no_memory(err);
        d->note = grown;
        d->note_cap = cap;
    }
    DraftNote *note = &d->note[d->n_notes++];
    note->kind = kind;
    note->count = 1;
    memcpy(note->text, text, sizeof text);
    return ST_OK;
}

/* ---- reading ---- */

const char *draft_type_name(DraftType type)
{
    return TYPE_NAME[type];
}

const char *draft_name(const Draft *d)
{
    return d->name;
}

const int *draft_input(const Draft *d)
{
    return d->input;
}

int draft_size(const Draft *d)
{
    return d->n;
}

const DraftEntry *draft_at(const Draft *d, int index)
{
    assert(index >= 0 && index < d->n);
    return &d->item[index].entry;
}

const int *draft_out(const Draft *d, int index)
{
    return index == DRAFT_INPUT ? d->input : draft_at(d, index)->out;
}

int draft_notes(const Draft *d)
{
    return d->n_notes;
}

const DraftNote *draft_note_at(const Draft *d, int i)
{
    assert(i >= 0 && i < d->n_notes);
    return &d->note[i];
}

int draft_notes_dropped(const Draft *d, DraftNoteKind kind)
{
    return d->dropped[kind];
}

/* ---- text ---- */

typedef struct Text {
    char *s;
    size_t n, cap;
    bool failed; /* out of memory: what follows is ignored */
} Text;

static bool text_room(Text *t, size_t more)
{
    size_t cap = t->cap ? t->cap : 4096;

    while (cap - t->n <= more) cap *= 2;
    if (cap == t->cap) return true;
    char *grown = mem_resize(t->s, t->cap, cap);
    if (!grown) {
        t->failed = true;
        return false;
    }
    t->s = grown;
    t->cap = cap;
    return true;
}

static void __attribute__((format(printf, 2, 3))) add(Text *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (t->failed || len < 0 || !text_room(t, (size_t)len)) return;
    va_start(args, fmt);
    vsnprintf(t->s + t->n, t->cap - t->n, fmt, args);
    va_end(args);
    t->n += (size_t)len;
}

/* ", key: 3", or ", key: [3, 5]" where the values differ; nothing if all are without. */
static void add_numbers(Text *t, const char *key, const int *v, int n, int without)
{
    int alike = 1;

    while (alike < n && v[alike] == v[0]) alike++;
    if (alike == n && v[0] == without) return;
    add(t, ", %s: ", key);
    if (alike == n) {
        add(t, "%d", v[0]);
        return;
    }
    for (int i = 0; i < n; i++) add(t, "%s%d", i ? ", " : "[", v[i]);
    add(t, "]");
}

static void add_number(Text *t, const char *key, int value, int without)
{
    if (value != 0) add_numbers(t, key, &value, 1, without);
}

static void add_pair(Text *t, const char *key, const int v[2], int without)
{
    if (v[0] != 0 && v[1] != 0) add_numbers(t, key, v, 2, without);
}

static void add_pad(Text *t, const int pad[4])
{
    bool twice = pad[0] == pad[2] && pad[1] == pad[3];
    add_numbers(t, "pad", pad, twice ? 2 : 4, 0);
}

static void add_from(Text *t, const Draft *d, int index)
{
    const DraftEntry *e = &d->item[index].entry;

    if (e->n_from == 1 && e->from[0] == index - 1) return; /* DRAFT_INPUT before the first */
    add(t, ", from: ");
    for (int i = 0; i < e->n_from; i++)
        add(t, "%s%s", i ? ", " : "[",
            e->from[i] == DRAFT_INPUT ? "input" : d->item[e->from[i]].entry.name);
    add(t, "]");
}

static void add_window(Text *t, const DraftEntry *e)
{
    if (e->global)
        add(t, ", kernel: global");
    else
        add_numbers(t, "kernel", e->kernel, 2, 0);
    add_pair(t, "stride", e->stride, 1);
    add_pad(t, e->pad);
}

static void add_fields(Text *t, const Draft *d, const DraftEntry *e)
{
    switch (e->type) {
    case DRAFT_CONV:
    case DRAFT_DWCONV:
    case DRAFT_DECONV:
        add_number(t, "k", e->k, e->type == DRAFT_DWCONV ? draft_out(d, e->from[0])[0] : 0);
        add_window(t, e);
        add_number(t, "dilation", e->dilation, 1);
        if (e->type != DRAFT_DWCONV) add_number(t, "groups", e->groups, 1);
        break;
    case DRAFT_FC:
    case DRAFT_GEMM:
        add_number(t, "k", e->k, 0);
        if (e->type == DRAFT_GEMM) add_number(t, "groups", e->groups, 1);
        break;
    case DRAFT_POOL:
        add_window(t, e);
        if (e->ceil) add(t, ", ceil: true");
        break;
    case DRAFT_REORG:
    case DRAFT_UPSAMPLE:
        add_pair(t, "stride", e->stride, 1);
        break;
    default:
        break;
    }
}

static void add_entry(Text *t, const Draft *d, int index)
{
    const DraftEntry *e = &d->item[index].entry;

    add(t, "- {name: %s, type: %s", e->name, TYPE_NAME[e->type]);
    add_from(t, d, index);
    add_fields(t, d, e);
    add(t, ", out: [%d, %d, %d]}\n", e->out[0], e->out[1], e->out[2]);
}

static void add_comment_notes(Text *t, const Draft *d, DraftNoteKind kind, const char *what)
{
    int shown = 0, left = d->dropped[kind];

    for (int i = 0; i < d->n_notes; i++) {
        const DraftNote *note = &d->note[i];
        if (note->kind != kind) continue;
        if (shown++ < COMMENTS_SHOWN)
            add(t, note->count > 1 ? "# %s: %s, %d times\n" : "# %s: %s\n", what, note->text,
                note->count);
        else
            left++;
    }
    if (left > 0) add(t, "# %s: %d more\n", what, left);
}

static void add_header(Text *t, const Draft *d, const Network *net)
{
    int native = 0;

    for (int l = 0; l < net->n_layers; l++) native += net->layer[l].shape.type <= LAYER_GEMM;
    add(t, "# %s.yaml -- %s.\n# %d layer%s that compute%s, %.0f parameters, %.0f MACs.\n", d->name,
        d->title, native, native == 1 ? "" : "s", native == 1 ? "s" : "", network_params(net),
        network_macs(net));
    add_comment_notes(t, d, DRAFT_ASSUMED, "assumed");
    add_comment_notes(t, d, DRAFT_UNKNOWN, "not modelled");
}

/* The whole file; without its header as long as there is no network to speak of. */
static void add_file(Text *t, const Draft *d, const Network *net)
{
    if (net) add_header(t, d, net);
    add(t, "name: %s\ninput: {channels: %d, height: %d, width: %d}\nlayers:\n", d->name,
        d->input[0], d->input[1], d->input[2]);
    for (int i = 0; i < d->n; i++) add_entry(t, d, i);
}

static Status read_back(const Draft *d, const Text *t, Network **net, Err *err)
{
    Err why = {0};
    char file[NET_NAME_MAX + 8];

    if (t->failed) return no_memory(err);
    snprintf(file, sizeof file, "%s.yaml", d->name);
    Status st = network_parse(net, file, t->s, t->n, &why);
    if (st == ST_OK) return ST_OK;
    return err_set(err, st, "no network file can say this: %s", why.msg);
}

Status draft_write(const Draft *d, char **text, size_t *bytes, Network **net, Err *err)
{
    Text body = {0}, all = {0};
    Network *first = NULL;
    Status st;

    *text = NULL;
    *net = NULL;
    if (d->n == 0) return err_set(err, ST_FORMAT, "there is nothing in it that computes");
    add_file(&body, d, NULL);
    TRY(read_back(d, &body, &first, err));
    add_file(&all, d, first);
    TRY(read_back(d, &all, net, err));
    *text = all.s;
    *bytes = all.n;
    all.s = NULL;
fail:
    network_destroy(first);
    mem_free(body.s);
    mem_free(all.s);
    return st;
}
