/* onnx_store.c -- where computed tensors are. Operators that cost nothing write no entry: their
 * output is where their input is. A rearrangement becomes a view only when a layer reads it in a
 * layout that its base has not; a reduction (a mean, say) becomes a layer only when something else
 * reads it than the arithmetic that normalises the very tensor it reduces. */
#include "env/onnx_internal.h"

#include <assert.h>
#include <string.h>

/* Moves the stores when they grow: hold indices, not pointers, over a call. */
static Status new_store(Onnx *m, Store s, Value *out)
{
    if (m->n_stores == m->store_cap) {
        int cap = m->store_cap ? 2 * m->store_cap : 64;
        Store *grown = arena_alloc(&m->arena, (size_t)cap, sizeof *grown);
        if (!grown) return arena_error(&m->arena, m->file, m->err);
        if (m->n_stores) memcpy(grown, m->store, (size_t)m->n_stores * sizeof *grown);
        m->store = grown;
        m->store_cap = cap;
    }
    m->store[m->n_stores] = s;
    out->store = m->n_stores++;
    return ST_OK;
}

int store_base(const Onnx *m, int store)
{
    const Store *s = &m->store[store];
    return s->kind == STORE_VIEW ? s->base : store;
}

bool store_from_input(const Onnx *m, const Value *v)
{
    return m->store[v->store].from_input;
}

Status store_input(Onnx *m, Value *v)
{
    Store s = {.kind = STORE_ENTRY, .entry = DRAFT_INPUT, .from_input = true};

    if (m->n_stores > 0) {
        s.kind = STORE_VIEW;
        s.entry = STORE_NONE;
    }
    return new_store(m, s, v);
}

Status store_entry(Onnx *m, const Node *n, const DraftEntry *e, bool from_input, Value *out)
{
    Store s = {.kind = STORE_ENTRY, .from_input = from_input, .node = n};
    Status st = ST_OK;

    for (int i = 0; i < 3; i++) assert(e->out[i] > 0);
    TRY(draft_add(m->draft, e, node_wish(n), &s.entry, m->err));
    st = new_store(m, s, out);
fail:
    return st;
}

static const char CONSTANT_DATA[] = "constant data and computed parameters";

Status store_view(Onnx *m, const Node *n, const Value *of, Value *out)
{
    if (n->constant) return ST_OK;
    if (of->constant) return node_unknown(m, CONSTANT_DATA);
    Store s = {.kind = STORE_VIEW,
               .entry = STORE_NONE,
               .base = store_base(m, of->store),
               .from_input = m->store[of->store].from_input,
               .node = n};
    return new_store(m, s, out);
}

Status store_reduced(Onnx *m, const Node *n, const Value *of, const DraftEntry *plan, Value *out)
{
    DraftEntry *copy = arena_alloc(&m->arena, 1, sizeof *copy);

    if (of->constant) return node_unknown(m, CONSTANT_DATA);
    if (!copy) return arena_error(&m->arena, m->file, m->err);
    *copy = *plan;
    Store s = {.kind = STORE_REDUCED,
               .entry = STORE_NONE,
               .base = of->store,
               .from_input = m->store[of->store].from_input,
               .plan = copy,
               .node = n};
    return new_store(m, s, out);
}

static double words(const int size[3])
{
    return (double)size[0] * size[1] * size[2];
}

static bool same_size(const int a[3], const int b[3])
{
    return !memcmp(a, b, 3 * sizeof *a);
}

/* A new view of an entry, in that size: as node n rearranges it or, if it only reads it, for n. */
static Status write_view(Onnx *m, const Node *n, bool reads, int of, const int size[3], int *entry)
{
    DraftEntry e = {.type = DRAFT_VIEW, .n_from = 1, .from = {of}};
    const char *wish = node_wish(n);
    char in[2 * NET_NAME_MAX];
    size_t len = strlen(wish);

    memcpy(e.out, size, sizeof e.out);
    snprintf(in, sizeof in, "%s_in", len > NET_NAME_MAX ? wish + len - NET_NAME_MAX : wish);
    return draft_add(m->draft, &e, reads ? in : wish, entry, m->err);
}

/* How deep reductions of reductions may be nested, which recursion follows. */
enum { REDUCED_DEPTH = 64 };

static Status base_entry(Onnx *m, int base, int depth, int *entry);

/* A reduction that somebody reads after all. A pool reads the map that its kernel spans. */
static Status write_reduced(Onnx *m, Store *s, int depth)
{
    int from;
    DraftEntry e = *s->plan;
    const int *need = e.type == DRAFT_POOL ? e.kernel : NULL;
    Status st = ST_OK;

    if (depth == REDUCED_DEPTH)
        return node_error(m, s->node, "reductions are nested deeper than %d", REDUCED_DEPTH);
    TRY(base_entry(m, store_base(m, s->base), depth + 1, &from));
    const int *have = draft_out(m->draft, from);
    int size[3] = {e.out[0], need ? need[0] : 0, need ? need[1] : 0};
    if (need && !same_size(have, size)) TRY(write_view(m, s->node, true, from, size, &from));
    e.n_from = 1;
    e.from[0] = from;
    st = draft_add(m->draft, &e, node_wish(s->node), &s->entry, m->err);
fail:
    return st;
}

static Status base_entry(Onnx *m, int base, int depth, int *entry)
{
    Store *s = &m->store[base];
    Status st = ST_OK;

    if (s->entry == STORE_NONE) TRY(write_reduced(m, s, depth));
    *entry = s->entry;
fail:
    return st;
}

Status store_use(Onnx *m, const Node *n, const Value *v, const int size[3], int *from)
{
    Store *s = &m->store[v->store];
    int usual[3];
    Status st = ST_OK;

    if (v->constant) return node_unknown(m, CONSTANT_DATA);
    TRY(base_entry(m, store_base(m, v->store), 0, from));
    TRY(node_layout(m, n, &v->shape, usual));
    const int *have = draft_out(m->draft, *from);
    if (size ? same_size(size, have) : words(have) == words(usual)) return ST_OK;
    const int *want = size ? size : usual;
    if (s->kind == STORE_VIEW && s->entry != STORE_NONE) {
        have = draft_out(m->draft, s->entry);
        *from = s->entry;
        if (size ? same_size(size, have) : words(have) == words(usual)) return ST_OK;
        TRY(base_entry(m, s->base, 0, from));
    }
    bool reads = s->kind != STORE_VIEW || !s->node;
    TRY(write_view(m, reads ? n : s->node, reads, *from, want, from));
    if (s->kind == STORE_VIEW) s->entry = *from;
fail:
    return st;
}

void store_prefer(const Onnx *m, const Value *v, int size[3])
{
    const Store *base = &m->store[store_base(m, v->store)];
    if (v->constant || base->entry == STORE_NONE) return;
    const int *have = draft_out(m->draft, base->entry);
    if (have[0] == size[0] && words(have) == words(size)) memcpy(size, have, 3 * sizeof *size);
}

Status store_add_from(Onnx *m, const Node *n, const Value *v, const int size[3], DraftEntry *e)
{
    int from;
    Status st = ST_OK;

    if (e->n_from == NET_MAX_FROM)
        return node_error(m, n, "more than %d computed inputs", NET_MAX_FROM);
    TRY(store_use(m, n, v, size, &from));
    for (int i = 0; i < e->n_from; i++)
        if (e->from[i] == from) {
            int again[3];
            memcpy(again, draft_out(m->draft, from), sizeof again);
            TRY(write_view(m, n, true, from, again, &from));
            break;
        }
    e->from[e->n_from++] = from;
fail:
    return st;
}
