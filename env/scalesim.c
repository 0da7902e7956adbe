/* scalesim.c -- rows of a topology become entries. Cells are found by their place, as SCALE-Sim
 * finds them: headers in circulation say "IFMAP Width" twice, or name columns that no row has. */
#include "env/scalesim.h"

#include "base/csv.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Of one number in a topology; what a network file can say is checked later. */
enum { CELL_MAX = 1 << 30, HEADER_MAX = 32 };

/* Places of the cells. */
enum { CONV_NAME, IFMAP_H, IFMAP_W, FILTER_H, FILTER_W, CHANNELS, FILTERS, STRIDE, CONV_CELLS };
enum { GEMM_NAME, GEMM_M, GEMM_N, GEMM_K, GEMM_CELLS };

/* One row, as a convolution over an input with its padding; a product [M,K] x [K,N] is one of 1x1
 * over M positions. Pairs are [height, width]. */
typedef struct Layer {
    int row;
    const char *name;
    int in[2], filter[2], stride[2];
    int channels, filters;
    bool depthwise;
    bool product; /* [rows, channels] x [channels, filters], rows: all of in */
    bool guessed; /* depthwise, though the row does not say so */
} Layer;

typedef struct Reader {
    const Csv *csv;
    Draft *draft;
    int width;           /* cells that a row must have */
    int stride[2];       /* where the strides are */
    int sparsity, batch; /* -1: no such column */
    bool gemm;
    int previous; /* entry, or DRAFT_INPUT */
    Err *err;
} Reader;

/* ---- header ---- */

/* A header's letters and digits in lower case. */
static void plain_header(const Csv *csv, int column, char out[HEADER_MAX])
{
    size_t n = 0;

    if (column < csv_columns(csv))
        for (const char *p = csv_header(csv, column); *p && n < HEADER_MAX - 1; p++)
            if ((unsigned char)*p < 0x80 && isalnum((unsigned char)*p))
                out[n++] = (char)tolower((unsigned char)*p);
    out[n] = '\0';
}

static bool header_has(const Csv *csv, int column, const char *word)
{
    char name[HEADER_MAX];
    plain_header(csv, column, name);
    return strstr(name, word) != NULL;
}

static bool header_is(const Csv *csv, int column, const char *word)
{
    char name[HEADER_MAX];
    plain_header(csv, column, name);
    return !strcmp(name, word);
}

static bool is_conv_header(const Csv *csv)
{
    static const char *const WORDS[CONV_CELLS] = {"",       "ifmap",   "ifmap",  "filter",
                                                  "filter", "channel", "filter", "stride"};
    for (int c = IFMAP_H; c < CONV_CELLS; c++)
        if (!header_has(csv, c, WORDS[c])) return false;
    return true;
}

static bool is_gemm_header(const Csv *csv)
{
    return header_is(csv, GEMM_M, "m") && header_is(csv, GEMM_N, "n") &&
           header_is(csv, GEMM_K, "k");
}

/* A column behind the fixed ones, -1 if there is none. */
static int find_extra(const Csv *csv, int from, const char *word)
{
    for (int c = from; c < csv_columns(csv); c++)
        if (header_has(csv, c, word)) return c;
    return -1;
}

static Status read_header(Reader *r)
{
    const Csv *csv = r->csv;

    r->gemm = is_gemm_header(csv);
    if (!r->gemm && !is_conv_header(csv))
        return csv_error(csv, -1, r->err,
                         "these are no columns of a SCALE-Sim topology, want Layer name, IFMAP "
                         "Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
                         "Strides or Layer, M, N, K");
    r->width = r->gemm ? GEMM_CELLS : CONV_CELLS;
    r->stride[0] = r->stride[1] = STRIDE;
    if (!r->gemm && header_has(csv, STRIDE + 1, "stride")) {
        r->stride[1] = STRIDE + 1;
        r->width++;
    }
    r->sparsity = find_extra(csv, r->width, "sparsity");
    r->batch = find_extra(csv, r->width, "batch");
    return ST_OK;
}

/* ---- rows ---- */

static Status read_size(const Reader *r, int row, int column, int *out)
{
    return csv_int(r->csv, row, column, 1, CELL_MAX, out, r->err);
}

static Status read_conv(const Reader *r, Layer *l)
{
    Status st = ST_OK;

    TRY(read_size(r, l->row, IFMAP_H, &l->in[0]));
    TRY(read_size(r, l->row, IFMAP_W, &l->in[1]));
    TRY(read_size(r, l->row, FILTER_H, &l->filter[0]));
    TRY(read_size(r, l->row, FILTER_W, &l->filter[1]));
    TRY(read_size(r, l->row, CHANNELS, &l->channels));
    TRY(read_size(r, l->row, FILTERS, &l->filters));
    for (int axis = 0; axis < 2; axis++) {
        TRY(read_size(r, l->row, r->stride[axis], &l->stride[axis]));
        if (l->filter[axis] > l->in[axis])
            return csv_error(r->csv, l->row, r->err,
                             "the filter's %s of %d is larger than the input's, which is %d and "
                             "includes the padding",
                             axis ? "width" : "height", l->filter[axis], l->in[axis]);
    }
    /* As SCALE-Sim: a name with DP is a depthwise layer, Num Filter filters per channel. */
    l->depthwise = strstr(l->name, "DP") != NULL;
fail:
    return st;
}

static Status read_gemm(const Reader *r, Layer *l)
{
    Status st = ST_OK;

    TRY(read_size(r, l->row, GEMM_M, &l->in[0]));
    TRY(read_size(r, l->row, GEMM_N, &l->filters));
    TRY(read_size(r, l->row, GEMM_K, &l->channels));
    l->in[1] = 1;
    for (int axis = 0; axis < 2; axis++) l->filter[axis] = l->stride[axis] = 1;
fail:
    return st;
}

static Status read_layer(const Reader *r, int row, Layer *l)
{
    *l = (Layer){.row = row, .name = csv_cell(r->csv, row, 0)};
    return r->gemm ? read_gemm(r, l) : read_conv(r, l);
}

/* Cells with something in them behind the name: none in empty rows and headings. */
static int filled_cells(const Reader *r, int row)
{
    int n = 0;
    for (int c = 1; c < csv_cells(r->csv, row); c++) n += *csv_cell(r->csv, row, c) != '\0';
    return n;
}

/* The first row with a layer behind row, -1 if there is none. */
static int next_layer(const Reader *r, int row)
{
    while (++row < csv_rows(r->csv))
        if (filled_cells(r, row) > 0) return row;
    return -1;
}

/* One filter over several channels, all of which the next row reads: a depthwise layer, as
 * SCALE-Sim's own MobileNet has them. The products are the same either way. */
static bool looks_depthwise(const Reader *r, const Layer *l)
{
    Reader quiet = *r;
    Layer next;

    if (r->gemm || l->filters != 1 || l->channels == 1) return false;
    if (l->filter[0] == 1 && l->filter[1] == 1) return false;
    int row = next_layer(r, l->row);
    quiet.err = NULL; /* a bad row is reported when its turn comes */
    return row >= 0 && read_layer(&quiet, row, &next) == ST_OK && next.channels == l->channels;
}

/* ---- entries ---- */

static void set(int v[2], int a, int b)
{
    v[0] = a;
    v[1] = b;
}

/* Splits more positions than a network file has in one direction into two directions. */
static bool fold_rows(int in[2])
{
    int rows = in[0], width = 1;

    while (width <= NET_MAX_SIZE && (rows % width || rows / width > NET_MAX_SIZE)) width++;
    if (width > NET_MAX_SIZE) return false;
    set(in, rows / width, width);
    return true;
}

/* A filter of one row as wide as the input, as topologies write products, or one that covers the
 * whole input, becomes one of 1x1 over more channels. */
static void as_product(Layer *l)
{
    bool whole = l->filter[0] == l->in[0];
    double channels = (double)l->channels * l->filter[0] * l->filter[1];

    if (l->depthwise || l->filter[1] != l->in[1] || channels > NET_MAX_CHANNELS) return;
    if (!whole && (l->filter[0] != 1 || l->stride[0] != 1)) return;
    l->channels = (int)channels;
    set(l->in, whole ? 1 : l->in[0], 1);
    set(l->filter, 1, 1);
    set(l->stride, 1, 1);
}

static bool is_product(const Layer *l)
{
    return !l->depthwise && l->in[1] == 1 && l->filter[0] == 1 && l->filter[1] == 1 &&
           l->stride[0] == 1 && l->stride[1] == 1;
}

/* The output of a convolution, rounded up; padding below and right makes the windows fit. */
static void size_output(const Layer *l, DraftEntry *e)
{
    for (int axis = 0; axis < 2; axis++) {
        int stride = l->stride[axis], span = l->in[axis] - l->filter[axis];
        e->out[1 + axis] = span / stride + (span % stride != 0) + 1;
        e->pad[2 + axis] = span % stride ? stride - span % stride : 0;
    }
}

static DraftEntry layer_entry(const Layer *l)
{
    DraftEntry e = {.k = l->filters, .out = {l->filters, l->in[0], l->in[1]}};

    if (l->product) {
        e.type = l->in[0] == 1 ? DRAFT_FC : DRAFT_GEMM;
        return e;
    }
    e.type = l->depthwise ? DRAFT_DWCONV : DRAFT_CONV;
    set(e.kernel, l->filter[0], l->filter[1]);
    set(e.stride, l->stride[0], l->stride[1]);
    size_output(l, &e);
    return e;
}

static Status put(Reader *r, const Layer *l, DraftEntry *e, const char *wish)
{
    Err why = {0};

    e->n_from = 1;
    e->from[0] = r->previous;
    Status st = draft_add(r->draft, e, wish, &r->previous, &why);
    if (st == ST_FORMAT) return csv_error(r->csv, l->row, r->err, "%s", why.msg);
    return st == ST_OK ? ST_OK : err_set(r->err, st, "%s", why.msg);
}

/* A view in front of a layer that reads another size than the one before writes. */
static Status add_view(Reader *r, const Layer *l)
{
    const int *have = draft_out(r->draft, r->previous);
    int want[3] = {l->channels, l->in[0], l->in[1]};
    DraftEntry e = {.type = DRAFT_VIEW};
    char name[NET_NAME_MAX + 8];
    Status st = ST_OK;

    if (!memcmp(have, want, sizeof want)) return ST_OK;
    memcpy(e.out, want, sizeof want);
    snprintf(name, sizeof name, "%.*s_in", NET_NAME_MAX - 1, l->name);
    TRY(put(r, l, &e, name));
    st = draft_note(r->draft, DRAFT_ASSUMED, r->err,
                    "a view where a layer reads another size than the one before writes");
fail:
    return st;
}

/* What the row says and the network does not. */
static Status note_row(Reader *r, const Layer *l)
{
    Status st = ST_OK;

    for (int c = r->width; c < csv_cells(r->csv, l->row); c++) {
        const char *cell = csv_cell(r->csv, l->row, c);
        if (!*cell || (c == r->batch && !strcmp(cell, "1"))) continue;
        if (c == r->sparsity && !strcmp(cell, "1:1")) continue;
        TRY(draft_note(r->draft, DRAFT_ASSUMED, r->err, "%s '%.40s' is ignored",
                       c == r->sparsity ? "sparsity"
                       : c == r->batch  ? "batch size"
                                        : "text behind the last column",
                       cell));
    }
fail:
    return st;
}

static Status too_large(const Reader *r, const Layer *l, const char *what, double is, int max)
{
    return csv_error(r->csv, l->row, r->err, "%s: %.0f is more than a network file can say, %d",
                     what, is, max);
}

/* That a network file can say it. */
static Status check_layer(const Reader *r, const Layer *l)
{
    double words = (double)l->channels * l->in[0] * l->in[1];

    for (int axis = 0; axis < 2; axis++) {
        if (l->in[axis] > NET_MAX_SIZE)
            return too_large(r, l, "input size", l->in[axis], NET_MAX_SIZE);
        if (l->filter[axis] > NET_MAX_WINDOW)
            return too_large(r, l, "filter size", l->filter[axis], NET_MAX_WINDOW);
        if (l->stride[axis] > NET_MAX_WINDOW)
            return too_large(r, l, "stride", l->stride[axis], NET_MAX_WINDOW);
    }
    if (l->channels > NET_MAX_CHANNELS)
        return too_large(r, l, "channels", l->channels, NET_MAX_CHANNELS);
    if (l->filters > NET_MAX_CHANNELS)
        return too_large(r, l, "filters", l->filters, NET_MAX_CHANNELS);
    if (words > NET_MAX_WORDS) return too_large(r, l, "words of the input", words, NET_MAX_WORDS);
    const DraftEntry e = layer_entry(l);
    words = (double)e.out[0] * e.out[1] * e.out[2];
    if (words > NET_MAX_WORDS) return too_large(r, l, "words of the output", words, NET_MAX_WORDS);
    return ST_OK;
}

/* The layer as an entry can say it. */
static Status prepare_layer(const Reader *r, Layer *l)
{
    if (looks_depthwise(r, l)) l->depthwise = l->guessed = true;
    if (l->depthwise) {
        double filters = (double)l->channels * l->filters;
        if (filters > NET_MAX_CHANNELS)
            return too_large(r, l, "filters", filters, NET_MAX_CHANNELS);
        l->filters = (int)filters;
    }
    as_product(l);
    if ((l->product = is_product(l))) fold_rows(l->in);
    return check_layer(r, l);
}

static Status add_layer(Reader *r, const Layer *l)
{
    Status st = ST_OK;

    TRY(note_row(r, l));
    if (l->guessed)
        TRY(draft_note(r->draft, DRAFT_ASSUMED, r->err,
                       "depthwise, as its one filter covers the channels that the next reads"));
    TRY(add_view(r, l));
    DraftEntry e = layer_entry(l);
    TRY(put(r, l, &e, l->name));
fail:
    return st;
}

/* ---- the file ---- */

/* The network's input is that of its first layer. */
static Status begin(Reader *r, const Layer *first)
{
    const char *slash = strrchr(csv_name(r->csv), '/');
    const char *base = slash ? slash + 1 : csv_name(r->csv);
    const int input[3] = {first->channels, first->in[0], first->in[1]};
    char title[DRAFT_TITLE_MAX], stem[NET_NAME_MAX];

    snprintf(title, sizeof title, "imported from %.80s, a SCALE-Sim topology", base);
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(base, "."), base);
    return draft_create(&r->draft, stem, title, input, r->err);
}

static Status note_heading(Reader *r, int row)
{
    const char *name = csv_cell(r->csv, row, 0);
    if (!*name || !r->draft) return ST_OK;
    return draft_note(r->draft, DRAFT_ASSUMED, r->err, "'%.60s' is a heading and no layer", name);
}

static Status read_rows(Reader *r)
{
    Status st = ST_OK;

    for (int row = 0; row < csv_rows(r->csv); row++) {
        Layer l;
        if (filled_cells(r, row) == 0) {
            TRY(note_heading(r, row));
            continue;
        }
        TRY(read_layer(r, row, &l));
        TRY(prepare_layer(r, &l));
        if (!r->draft) TRY(begin(r, &l));
        TRY(add_layer(r, &l));
    }
    if (!r->draft) st = csv_error(r->csv, -1, r->err, "there is no layer below the header");
fail:
    return st;
}

/* Takes over csv. */
static Status read_topology(Draft **out, Csv *csv, Err *err)
{
    Reader r = {.csv = csv, .previous = DRAFT_INPUT, .err = err};
    Status st = ST_OK;

    TRY(read_header(&r));
    TRY(read_rows(&r));
    *out = r.draft;
    r.draft = NULL;
fail:
    draft_destroy(r.draft);
    csv_destroy(csv);
    return st;
}

Status scalesim_load(Draft **out, const char *path, Err *err)
{
    Csv *csv;
    Status st = csv_load_ragged(&csv, path, err);

    *out = NULL;
    return st == ST_OK ? read_topology(out, csv, err) : st;
}

Status scalesim_parse(Draft **out, const char *file, const char *text, size_t bytes, Err *err)
{
    Csv *csv;
    Status st = csv_parse_ragged(&csv, file, text, bytes, err);

    *out = NULL;
    return st == ST_OK ? read_topology(out, csv, err) : st;
}
