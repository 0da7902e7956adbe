/* onnx.c -- from an ONNX file to a draft: reads it, then runs over its nodes in order, each of which
 * sizes its outputs and writes the entries it needs. */
#include "env/onnx.h"

#include "base/mem.h"
#include "base/text.h"
#include "env/onnx_internal.h"

#include <errno.h>
#include <string.h>

/* ---- operators that are not known ---- */

enum { UNKNOWN_SHOWN = 5 };

/* All of them in one line, before anything is computed. */
static Status list_unknown(Onnx *m)
{
    char text[320] = "";
    int count = 0, len = 0;

    for (int i = 0; i < m->n_order; i++) {
        const Node *n = &m->node[m->order[i]];
        char op[TEXT_SHOWN_MAX], name[TEXT_SHOWN_MAX];
        if (n->op || count++ >= UNKNOWN_SHOWN) continue;
        text_shown(op, n->proto->op_type);
        text_shown(name, node_wish(n));
        int more = snprintf(text + len, sizeof text - (size_t)len, "%s%.30s '%.40s'",
                            len ? ", " : "", op, name);
        len = len + more < (int)sizeof text ? len + more : (int)sizeof text - 1;
    }
    if (count == 0 || (m->opt && m->opt->pass_unknown)) return ST_OK;
    return err_set(m->err, ST_FORMAT,
                   "%s: %d node%s of unknown operators: %s%s; --pass-unknown takes them as moves",
                   m->file, count, count > 1 ? "s" : "", text,
                   count > UNKNOWN_SHOWN ? ", ..." : "");
}

/* Outputs as the file says; else as computed before; else, of an operator of which nothing is known,
 * as the first input. */
static Status unknown_shape(Onnx *m, Node *n, Value *out, Shape *s)
{
    if (onnx_said_shape(out->said, s)) return ST_OK;
    if (out->known)
        *s = out->shape;
    else if (!n->op && out == n->out[0] && node_in(n, 0))
        *s = n->in[0]->shape;
    else
        return node_error(m, n, "the size of its output is not known");
    return ST_OK;
}

static Status move_of(Onnx *m, Node *n, Value *out)
{
    DraftEntry e = {.type = DRAFT_MOVE};
    Status st = ST_OK;

    TRY(node_layout(m, n, &out->shape, e.out));
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] && !n->in[i]->constant) TRY(store_add_from(m, n, n->in[i], NULL, &e));
    st = store_entry(m, n, &e, false, out);
fail:
    return st;
}

/* Outputs that have no known size and are not the first stay unknown: an error if they are read. */
static Status pass_unknown(Onnx *m, Node *n)
{
    char op[TEXT_SHOWN_MAX], name[TEXT_SHOWN_MAX];
    Status st = ST_OK;

    text_shown(op, n->proto->op_type);
    text_shown(name, node_wish(n));
    TRY(draft_note(m->draft, DRAFT_UNKNOWN, m->err, "%s '%s'%s%s%s", op, name,
                   m->unknown ? " (" : "", m->unknown ? m->unknown : "", m->unknown ? ")" : ""));
    for (int o = 0; o < n->n_out; o++) {
        Shape s;
        if (o > 0 && !onnx_said_shape(n->out[o]->said, &s)) continue;
        TRY(unknown_shape(m, n, n->out[o], &s));
        TRY(node_shape(m, n, n->out[o], &s));
        if (!n->constant) TRY(move_of(m, n, n->out[o]));
    }
fail:
    return st;
}

static Status refuse_case(Onnx *m, const Node *n)
{
    return node_error(m, n, "%s: not modelled; --pass-unknown takes it as a move", m->unknown);
}

/* ---- the nodes ---- */

static Status load_inputs(Onnx *m, Node *n)
{
    char name[TEXT_SHOWN_MAX];
    Status st = ST_OK;

    n->constant = true;
    for (int i = 0; i < n->n_in; i++) {
        Value *v = n->in[i];
        if (!v) continue;
        TRY(onnx_load_constant(m, v));
        if (!v->known) {
            text_shown(name, v->name);
            return node_error(m, n, "its input '%s' is an output whose size is not known", name);
        }
        n->constant &= v->constant;
    }
    for (int i = 0; n->op && i < n->op->min_in; i++)
        if (!node_in(n, i))
            return node_error(m, n, "has no input %d, want at least %d", i, n->op->min_in);
fail:
    return st;
}

static Status note_free(Onnx *m, const Node *n, int entries)
{
    if (n->constant || draft_size(m->draft) > entries) return ST_OK;
    return draft_note(m->draft, DRAFT_FOLDED, m->err, "%s", n->proto->op_type);
}

static Status run_node(Onnx *m, Node *n)
{
    int entries = draft_size(m->draft);
    Status st = ST_OK;

    m->unknown = NULL;
    TRY(load_inputs(m, n));
    if (n->op) st = n->op->run(m, n);
    if (m->unknown && !(m->opt && m->opt->pass_unknown)) return refuse_case(m, n);
    if (!n->op || m->unknown) return pass_unknown(m, n);
    TRY(st);
    st = note_free(m, n, entries);
fail:
    return st;
}

/* Reductions at the end of the graph are layers too. */
static Status write_outputs(Onnx *m)
{
    const Onnx__Graph *g = m->model->graph;
    Status st = ST_OK;

    for (size_t i = 0; i < g->n_output; i++) {
        const Value *v = onnx_find(m, g->output[i]->name);
        int from;
        if (!v->known || v->constant || v->producer < 0) continue;
        if (m->store[store_base(m, v->store)].kind != STORE_REDUCED) continue;
        TRY(store_use(m, &m->node[v->producer], v, NULL, &from));
    }
fail:
    return st;
}

static void read_opset(Onnx *m)
{
    m->opset = m->model->ir_version < 3 ? 1 : 13;
    for (size_t i = 0; i < m->model->n_opset_import; i++) {
        const char *domain = m->model->opset_import[i]->domain;
        if (!*domain || !strcmp(domain, "ai.onnx")) m->opset = m->model->opset_import[i]->version;
    }
}

static Status import_model(Onnx *m, ByteSource *from)
{
    Status st = ST_OK;

    TRY(onnx_read_model(&m->model, m->file, from, &m->arena, m->err));
    if (!m->model->graph)
        return err_set(m->err, ST_FORMAT, "%s: not an ONNX model: it has no graph", m->file);
    read_opset(m);
    TRY(onnx_graph(m));
    TRY(list_unknown(m));
    TRY(onnx_inputs(m));
    for (int i = 0; i < m->n_order; i++) TRY(run_node(m, &m->node[m->order[i]]));
    TRY(write_outputs(m));
    if (draft_size(m->draft) == 0)
        st = err_set(m->err, ST_FORMAT, "%s: its graph has no layer", m->file);
fail:
    return st;
}

/* ---- the door ---- */

static Status import_from(Draft **out, const char *file, ByteSource *from, const OnnxOptions *opt,
                          Err *err)
{
    Err local = {0};
    Onnx *m = mem_calloc(1, sizeof *m);
    Status st = ST_NOMEM;

    if (!m) return err_set(err, st, "%s: %s", file, status_text(st));
    m->file = file;
    m->opt = opt;
    m->batch = 1;
    m->err = err ? err : &local;
    st = import_model(m, from);
    if (st == ST_OK) {
        *out = m->draft;
        m->draft = NULL;
    }
    draft_destroy(m->draft);
    arena_free(&m->arena);
    mem_free(m);
    return st;
}

Status onnx_import(Draft **out, const char *path, const OnnxOptions *opt, Err *err)
{
    ByteSource *from = mem_calloc(1, sizeof *from);
    Status st = ST_NOMEM;

    *out = NULL;
    if (!from) return err_set(err, st, "%s: %s", path, status_text(st));
    from->file = fopen(path, "rb");
    if (from->file) {
        st = import_from(out, path, from, opt, err);
        fclose(from->file);
    } else {
        st = err_set(err, ST_IO, "%s: cannot open: %s", path, strerror(errno));
    }
    mem_free(from);
    return st;
}

Status onnx_import_memory(Draft **out, const char *file, const void *data, size_t bytes,
                          const OnnxOptions *opt, Err *err)
{
    ByteSource *from = mem_calloc(1, sizeof *from);
    Status st = ST_NOMEM;

    *out = NULL;
    if (!from) return err_set(err, st, "%s: %s", file, status_text(st));
    from->at = data;
    from->end = from->at + bytes;
    from->offset = bytes;
    st = import_from(out, file, from, opt, err);
    mem_free(from);
    return st;
}
