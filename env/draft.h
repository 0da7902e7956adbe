/* draft.h -- a network while it is being imported: its entries as a network file has them
 * (env/network.h), each with the size of its output, and notes on what the import assumed.
 * Importers fill it; draft_write turns it into the text of a network file, which network_parse has
 * read back, so that what is written is what is checked.
 * Sizes are bounded by those of a network; everything is deterministic. */
#ifndef RELMAS_ENV_DRAFT_H
#define RELMAS_ENV_DRAFT_H

#include "env/network.h"

/* The types of entries in a network file. */
#define DRAFT_TYPES(X)                                                                             \
    X(CONV, "conv")                                                                                \
    X(DWCONV, "dwconv")                                                                            \
    X(FC, "fc")                                                                                    \
    X(GEMM, "gemm")                                                                                \
    X(POOL, "pool")                                                                                \
    X(ELTWISE, "eltwise")                                                                          \
    X(DECONV, "deconv")                                                                            \
    X(MOVE, "move")                                                                                \
    X(CONCAT, "concat")                                                                            \
    X(FLATTEN, "flatten")                                                                          \
    X(ACT, "act")                                                                                  \
    X(REORG, "reorg")                                                                              \
    X(UPSAMPLE, "upsample")                                                                        \
    X(VIEW, "view")
typedef enum {
#define X(name, text) DRAFT_##name,
    DRAFT_TYPES(X)
#undef X
        DRAFT_N_TYPES,
    DRAFT_FREE = DRAFT_CONCAT /* from here on: no layer, costs nothing */
} DraftType;

enum { DRAFT_INPUT = -1 }; /* as a `from`: the network's input */

/* One entry. A field that its type has not, and one of 0, is left out of the file, which gives it
 * its default there. Pairs are [height, width]. */
typedef struct DraftEntry {
    char name[NET_NAME_MAX]; /* made by draft_add */
    DraftType type;
    int n_from, from[NET_MAX_FROM]; /* earlier entries by index, or DRAFT_INPUT */
    int k, groups, dilation;
    int kernel[2], stride[2];
    int pad[4]; /* top, left, bottom, right */
    bool ceil, global;
    int out[3]; /* channels, height, width: always known */
} DraftEntry;

typedef enum {
    DRAFT_FOLDED,  /* an operator that costs nothing, or is part of another: by its kind */
    DRAFT_DEAD,    /* a node that no output needs */
    DRAFT_UNKNOWN, /* an operator that is not modelled: with its node's name */
    DRAFT_ASSUMED, /* what the file does not say */
    DRAFT_NOTE_KINDS
} DraftNoteKind;

enum { DRAFT_NOTE_MAX = 160, DRAFT_MAX_NOTES = 512, DRAFT_TITLE_MAX = 128 };

typedef struct DraftNote {
    DraftNoteKind kind;
    int count; /* how often it was noted */
    char text[DRAFT_NOTE_MAX];
} DraftNote;

typedef struct Draft Draft;

/* name becomes the network's, made legal like those of entries; title says in one line where it
 * comes from. input is [channels, height, width]. Caller owns *out; on failure *out = NULL:
 * ST_NOMEM. */
Status draft_create(Draft **out, const char *name, const char *title, const int input[3], Err *err);
void draft_destroy(Draft *d); /* NULL allowed */
void draft_rename(Draft *d, const char *name);

/* Copies *e with a name made of `wish`: legal, unique, its last parts if it is long. *index (may be
 * NULL) becomes its place. ST_FORMAT for more entries than a network file may have. */
Status draft_add(Draft *d, const DraftEntry *e, const char *wish, int *index, Err *err);
/* Notes text, or counts it once more. Unprintable bytes become '?'; past DRAFT_MAX_NOTES different
 * ones nothing is kept but the number of the rest. */
Status draft_note(Draft *d, DraftNoteKind kind, Err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

const char *draft_type_name(DraftType type); /* as in a network file */
const char *draft_name(const Draft *d);
const int *draft_input(const Draft *d); /* [channels, height, width] */
int draft_size(const Draft *d);
const DraftEntry *draft_at(const Draft *d, int index);
/* The sizes of an entry or of DRAFT_INPUT: [channels, height, width]. */
const int *draft_out(const Draft *d, int index);
int draft_notes(const Draft *d);
const DraftNote *draft_note_at(const Draft *d, int i);
int draft_notes_dropped(const Draft *d, DraftNoteKind kind);

/* The text of the network file, and the network that reading it gives. Caller owns *text
 * (mem_free; a zero follows its *bytes) and *net; on failure both are NULL: ST_FORMAT when a
 * network file cannot say it, ST_NOMEM. */
Status draft_write(const Draft *d, char **text, size_t *bytes, Network **net, Err *err);

#endif
