/* costs_layers.c -- reads a CSV of layer shapes into a cost table. What users call things differs:
 * headers and types are known in any case, some types by several names. */
#include "base/text.h"
#include "experiments/costs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELD_MAX = 1 << 24 };

/* Columns that give the shape; where one is missing or its cell is empty its default holds (groups
 * of a depthwise layer: its channels). */
typedef struct ShapeColumn {
    const char *header, *alias;
    size_t offset;
    int fallback; /* 0: the column must be there */
} ShapeColumn;

#define COLUMN(field, alias, fallback)                                                             \
    {                                                                                              \
#field, alias, offsetof(LayerShape, field), fallback                                       \
    }
static const ShapeColumn COLUMNS[] = {
    COLUMN(N, "batch", 1),
    COLUMN(C, NULL, 0),
    COLUMN(K, NULL, 0),
    COLUMN(P, NULL, 0),
    COLUMN(Q, NULL, 0),
    COLUMN(R, NULL, 0),
    COLUMN(S, NULL, 0),
    COLUMN(stride_w, "stride", 1),
    COLUMN(stride_h, "stride", 1),
    COLUMN(dilation, NULL, 1),
    COLUMN(groups, NULL, 1),
    COLUMN(operands, NULL, 1),
};
enum { N_COLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

typedef struct LayerColumns {
    int shape[N_COLUMNS], accelerator, network, layer, type; /* -1: absent */
} LayerColumns;

/* ---- the header ---- */

static int find_header(const Csv *csv, const char *name)
{
    int exact = csv_column(csv, name);
    for (int i = 0; i < csv_columns(csv) && exact < 0; i++)
        if (!strcasecmp(csv_header(csv, i), name)) return i;
    return exact;
}

/* A header that looks like a column's misspelt name would silently give the default. */
static Status check_misspelt(const Csv *csv, const char *known, Err *err)
{
    for (int i = 0; i < csv_columns(csv); i++) {
        const char *near = nearest_name(csv_header(csv, i), &known, 1);
        if (near && strlen(known) > 3)
            return csv_error(csv, -1, err, "unknown column '%.60s', did you mean '%s'?",
                             csv_header(csv, i), known);
    }
    return ST_OK;
}

static Status find_shape_column(const Csv *csv, const ShapeColumn *want, int *column, Err *err)
{
    *column = find_header(csv, want->header);
    if (*column < 0 && want->alias) *column = find_header(csv, want->alias);
    if (*column >= 0) return ST_OK;
    if (!want->fallback) return csv_need(csv, want->header, column, err);
    bool axis = !strncmp(want->header, "stride_", 7); /* the two are near each other */
    return axis ? ST_OK : check_misspelt(csv, want->header, err);
}

static Status find_columns(const Csv *csv, LayerColumns *c, Err *err)
{
    Status st = ST_OK;
    if (csv_columns(csv) == 1 && strpbrk(csv_header(csv, 0), ";\t"))
        return csv_error(csv, -1, err, "its cells have no commas between them, but ';' or tabs");
    for (int i = 0; i < N_COLUMNS; i++) TRY(find_shape_column(csv, &COLUMNS[i], &c->shape[i], err));
    c->accelerator = find_header(csv, "accelerator");
    c->network = find_header(csv, "network");
    c->layer = find_header(csv, "layer");
    c->type = find_header(csv, "type");
fail:
    return st;
}

/* ---- a row ---- */

static Status read_type(const Csv *csv, int row, int column, LayerType *out, Err *err)
{
    /* The first eight are what the message names. */
    static const char *const NAMES[] = {"conv",      "dwconv",     "fc",     "gemm",   "pool",
                                        "eltwise",   "conv1x1",    "dw",     "conv2d", "pointwise",
                                        "depthwise", "depth-wise", "linear", "dense",  "matmul"};
    static const LayerType TYPES[] = {LAYER_CONV, LAYER_DWCONV,  LAYER_FC,     LAYER_GEMM,
                                      LAYER_POOL, LAYER_ELTWISE, LAYER_CONV,   LAYER_DWCONV,
                                      LAYER_CONV, LAYER_CONV,    LAYER_DWCONV, LAYER_DWCONV,
                                      LAYER_FC,   LAYER_FC,      LAYER_GEMM};
    const char *cell = csv_cell(csv, row, column);
    int unused;
    if (!*cell) return ST_OK; /* conv */
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (!strcasecmp(cell, NAMES[i])) {
            *out = TYPES[i];
            return ST_OK;
        }
    return csv_enum(csv, row, column, NAMES, 8, &unused, err);
}

/* What a row says in a way that has one meaning only: depthwise without its groups, a fully connected
 * layer whose kernel covers its input. */
static void settle_shape(LayerShape *s)
{
    if (s->type == LAYER_DWCONV && s->groups == 1) s->groups = s->C;
    if ((s->type == LAYER_FC || s->type == LAYER_GEMM) && (s->R > 1 || s->S > 1))
        s->type = LAYER_CONV;
}

static Status read_shape(const Csv *csv, int row, const LayerColumns *c, LayerShape *out, Err *err)
{
    Status st = ST_OK;
    Err why = {0};
    *out = (LayerShape){.type = LAYER_CONV};
    if (c->type >= 0) TRY(read_type(csv, row, c->type, &out->type, err));
    for (int i = 0; i < N_COLUMNS; i++) {
        int *field = (int *)(void *)((char *)out + COLUMNS[i].offset), column = c->shape[i];
        *field = COLUMNS[i].fallback;
        if (column < 0 || (*field && !*csv_cell(csv, row, column))) continue;
        TRY(csv_int(csv, row, column, 1, FIELD_MAX, field, err));
    }
    settle_shape(out);
    if (layer_check(out, &why) != ST_OK) st = csv_error(csv, row, err, "%s", why.msg);
fail:
    return st;
}

/* The row's own accelerator, loaded when it is first named. */
static Status row_accel(CostTable *t, int row, int column, int *accel, Err *err)
{
    const char *name = csv_cell(t->csv, row, column);
    Err why = {0};
    Status st = *name ? costs_add_accel(t, name, &why)
                      : err_set(&why, ST_FORMAT, "'accelerator' must be a name, got nothing");
    if (st == ST_NOMEM) return err_set(err, st, "%s", why.msg);
    if (st != ST_OK) return csv_error(t->csv, row, err, "%s", why.msg);
    *accel = costs_find_accel(t, name);
    return ST_OK;
}

static Status add_layer(CostTable *t, int r, const LayerColumns *c, int given, Err *err)
{
    const Csv *csv = t->csv;
    CostRow row = {.network = c->network < 0 ? "" : csv_cell(csv, r, c->network),
                   .layer = c->layer < 0 ? "" : csv_cell(csv, r, c->layer),
                   .line = r};
    Status st;
    TRY(read_shape(csv, r, c, &row.shape, err));
    for (int a = 0; a < given; a++) {
        row.accel = a;
        row.accelerator = t->accel_shown[a];
        TRY(costs_add_row(t, &row, err));
    }
    if (given == 0) {
        row.accelerator = csv_cell(csv, r, c->accelerator);
        TRY(row_accel(t, r, c->accelerator, &row.accel, err));
        TRY(costs_add_row(t, &row, err));
    }
fail:
    return st;
}

Status costs_add_layers(CostTable *t, const char *path, Err *err)
{
    LayerColumns c;
    Status st;
    TRY(csv_load(&t->csv, path, err));
    TRY(find_columns(t->csv, &c, err));
    if (t->n_accels == 0 && c.accelerator < 0) TRY(costs_add_accels(t, NULL, err));
    int given = t->n_accels;
    for (int r = 0; r < csv_rows(t->csv); r++) TRY(add_layer(t, r, &c, given, err));
fail:
    return st;
}
