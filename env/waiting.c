/* waiting.c -- treaps of waiting sub-jobs (waiting_internal.h). */
#include "env/waiting_internal.h"

#include <math.h>
#include <stddef.h>

/* Expected depth of a treap of 2^31 nodes is below 90; what is deeper was not made here. */
enum { DEPTH_MOST = 256 };

static bool before(const Rank *a, int sub_a, const Rank *b, int sub_b)
{
    if (a->priority_class != b->priority_class) return a->priority_class < b->priority_class;
    if (a->key < b->key || a->key > b->key) return a->key < b->key;
    return a->seq != b->seq ? a->seq < b->seq : sub_a < sub_b;
}

static bool node_before(const WaitNode *a, const WaitNode *b)
{
    return before(&a->rank, a->sub, &b->rank, b->sub);
}

/* The heap's priority: a hash that a node always has. */
static uint32_t weight(const WaitNode *n)
{
    uint32_t x = n->rank.seq * 0x9e3779b1u ^ ((uint32_t)n->sub + 1) * 0x85ebca77u;
    x = (x ^ x >> 15) * 0x2c1b3c6du;
    return x ^ x >> 13;
}

static void pull(WaitNode *pool, int i)
{
    WaitNode *n = &pool[i];
    n->count = 1;
    n->sum_us = n->cost_us;
    n->first_out = n->rank.hopeless_at;
    for (int side = 0; side < 2; side++) {
        int c = side ? n->right : n->left;
        if (c < 0) continue;
        n->count += pool[c].count;
        n->sum_us += pool[c].sum_us;
        if (pool[c].first_out < n->first_out) n->first_out = pool[c].first_out;
    }
}

/* All of a come before all of b. */
static int merge(WaitNode *pool, int a, int b)
{
    if (a < 0 || b < 0) return a < 0 ? b : a;
    int root = weight(&pool[a]) >= weight(&pool[b]) ? a : b;
    if (root == a)
        pool[a].right = merge(pool, pool[a].right, b);
    else
        pool[b].left = merge(pool, a, pool[b].left);
    pull(pool, root);
    return root;
}

/* Into *a those before `at`, into *b the others. */
static void split(WaitNode *pool, int root, const WaitNode *at, int *a, int *b)
{
    if (root < 0) {
        *a = *b = NODE_NONE;
        return;
    }
    if (node_before(&pool[root], at)) {
        split(pool, pool[root].right, at, &pool[root].right, b);
        *a = root;
    } else {
        split(pool, pool[root].left, at, a, &pool[root].left);
        *b = root;
    }
    pull(pool, root);
}

static int insert(WaitNode *pool, int root, int node)
{
    if (root < 0 || weight(&pool[node]) > weight(&pool[root])) {
        split(pool, root, &pool[node], &pool[node].left, &pool[node].right);
        pull(pool, node);
        return node;
    }
    if (node_before(&pool[node], &pool[root]))
        pool[root].left = insert(pool, pool[root].left, node);
    else
        pool[root].right = insert(pool, pool[root].right, node);
    pull(pool, root);
    return root;
}

/* Without the node; *found says whether it was there, else the tree is as it was. */
static int without(WaitNode *pool, int root, int node, bool *found)
{
    if (root < 0) return root;
    if (root == node) {
        *found = true;
        return merge(pool, pool[root].left, pool[root].right);
    }
    if (node_before(&pool[node], &pool[root]))
        pool[root].left = without(pool, pool[root].left, node, found);
    else
        pool[root].right = without(pool, pool[root].right, node, found);
    if (*found) pull(pool, root);
    return root;
}

void waiting_insert(WaitNode *pool, Waiting *w, int node, double now)
{
    int *root = now > pool[node].rank.hopeless_at ? &w->hopeless : &w->hopeful;
    *root = insert(pool, *root, node);
}

void waiting_remove(WaitNode *pool, Waiting *w, int node)
{
    bool found = false;
    w->hopeful = without(pool, w->hopeful, node, &found);
    if (!found) w->hopeless = without(pool, w->hopeless, node, &found);
}

void waiting_lose_hope(WaitNode *pool, Waiting *w, double now)
{
    while (w->hopeful >= 0 && now > pool[w->hopeful].first_out) {
        int i = w->hopeful;
        while (!(now > pool[i].rank.hopeless_at)) {
            int left = pool[i].left;
            i = left >= 0 && now > pool[left].first_out ? left : pool[i].right;
        }
        bool found = false;
        w->hopeful = without(pool, w->hopeful, i, &found);
        w->hopeless = insert(pool, w->hopeless, i);
    }
}

static int leftmost(const WaitNode *pool, int root)
{
    while (root >= 0 && pool[root].left >= 0) root = pool[root].left;
    return root;
}

/* The better of the first hopeful and the first hopeless one. */
static int better(const WaitNode *pool, int a, int b, bool hopeless_last)
{
    if (a < 0 || b < 0) return a < 0 ? b : a;
    if (hopeless_last && pool[a].rank.priority_class == pool[b].rank.priority_class) return a;
    return node_before(&pool[b], &pool[a]) ? b : a;
}

int waiting_best(const WaitNode *pool, const Waiting *w, bool hopeless_last)
{
    return better(pool, leftmost(pool, w->hopeful), leftmost(pool, w->hopeless), hopeless_last);
}

/* The one after `node` in its tree. */
static int next_of(const WaitNode *pool, int root, int node)
{
    int next = NODE_NONE;
    for (int i = root; i >= 0;) {
        if (node_before(&pool[node], &pool[i]))
            next = i, i = pool[i].left;
        else
            i = pool[i].right;
    }
    return next;
}

void waiting_each(const WaitNode *pool, const Waiting *w, bool hopeless_last, int most,
                  void (*visit)(void *ctx, int node), void *ctx)
{
    int a = leftmost(pool, w->hopeful), b = leftmost(pool, w->hopeless);
    while (most-- > 0 && (a >= 0 || b >= 0)) {
        int best = better(pool, a, b, hopeless_last);
        visit(ctx, best);
        if (best == a)
            a = next_of(pool, w->hopeful, a);
        else
            b = next_of(pool, w->hopeless, b);
    }
}

/* How many of a tree are out of hope before `until`; stops at ENDANGERED_MOST. */
static void count_endangered(const WaitNode *pool, int root, double until, int *n)
{
    if (root < 0 || !(pool[root].first_out < until) || *n >= ENDANGERED_MOST) return;
    *n += pool[root].rank.hopeless_at < until;
    count_endangered(pool, pool[root].left, until, n);
    count_endangered(pool, pool[root].right, until, n);
}

/* A node and its right subtree, which come after the newcomer. */
static void add_behind(const WaitNode *pool, const WaitNode *n, WaitAhead *out)
{
    out->behind_us += n->cost_us;
    out->behind++;
    if (n->right < 0) return;
    out->behind_us += pool[n->right].sum_us;
    out->behind += pool[n->right].count;
}

static void add_hopeful_behind(const WaitNode *pool, const WaitNode *n, double until,
                               WaitAhead *out)
{
    double least = n->rank.hopeless_at;
    if (n->right >= 0) least = fmin(least, pool[n->right].first_out);
    out->least_hopeless_at = fmin(out->least_hopeless_at, least);
    if (least < until && out->endangered < ENDANGERED_MOST) {
        out->endangered += n->rank.hopeless_at < until;
        count_endangered(pool, n->right, until, &out->endangered);
    }
}

/* Adds what one tree has before the newcomer and after it. */
static void weigh(const WaitNode *pool, int root, const Rank *rank, int sub, bool hopeful,
                  double until, WaitAhead *out)
{
    for (int i = root; i >= 0;) {
        const WaitNode *n = &pool[i];
        if (before(&n->rank, n->sub, rank, sub)) {
            out->ahead_us += n->cost_us + (n->left < 0 ? 0 : pool[n->left].sum_us);
            i = n->right;
        } else {
            add_behind(pool, n, out);
            if (hopeful) add_hopeful_behind(pool, n, until, out);
            i = n->left;
        }
    }
}

void waiting_ahead(const WaitNode *pool, const Waiting *w, const Rank *rank, int sub,
                   bool hopeless_last, double now, double until, WaitAhead *out)
{
    Rank in_hopeful = *rank, in_hopeless = *rank;
    int sub_hopeful = sub, sub_hopeless = sub;
    if (hopeless_last && now > rank->hopeless_at) { /* behind every hopeful one of its class */
        in_hopeful = (Rank){.priority_class = rank->priority_class + 1, .key = -HUGE_VAL};
        sub_hopeful = -1;
    } else if (hopeless_last) { /* before every hopeless one of its class */
        in_hopeless = (Rank){.priority_class = rank->priority_class, .key = -HUGE_VAL};
        sub_hopeless = -1;
    }
    *out = (WaitAhead){.least_hopeless_at = HUGE_VAL};
    weigh(pool, w->hopeful, &in_hopeful, sub_hopeful, true, until, out);
    weigh(pool, w->hopeless, &in_hopeless, sub_hopeless, false, until, out);
}

/* ---- states from files ---- */

static bool same(double a, double b)
{
    return !(a < b) && !(a > b);
}

static bool check(const WaitNode *pool, int n, int root, int depth, int *budget,
                  const WaitNode **last)
{
    if (root == NODE_NONE) return true;
    if (root < 0 || root >= n || depth == 0 || --*budget < 0) return false;
    const WaitNode *node = &pool[root];
    if (isnan(node->rank.key) || isnan(node->rank.hopeless_at) || isnan(node->cost_us))
        return false;
    if (!check(pool, n, node->left, depth - 1, budget, last)) return false;
    if (*last && !node_before(*last, node)) return false;
    *last = node;
    if (!check(pool, n, node->right, depth - 1, budget, last)) return false;
    int l = node->left, r = node->right;
    int count = 1 + (l < 0 ? 0 : pool[l].count) + (r < 0 ? 0 : pool[r].count);
    double sum = node->cost_us + (l < 0 ? 0 : pool[l].sum_us);
    if (r >= 0) sum += pool[r].sum_us;
    double first = fmin(node->rank.hopeless_at, l < 0 ? HUGE_VAL : pool[l].first_out);
    if (r >= 0) first = fmin(first, pool[r].first_out);
    return node->count == count && same(node->sum_us, sum) && same(node->first_out, first);
}

static bool holds(const WaitNode *pool, int root, int node)
{
    while (root >= 0 && root != node)
        root = node_before(&pool[node], &pool[root]) ? pool[root].left : pool[root].right;
    return root >= 0;
}

bool waiting_holds(const WaitNode *pool, const Waiting *w, int node)
{
    return holds(pool, w->hopeful, node) || holds(pool, w->hopeless, node);
}

bool waiting_check(const WaitNode *pool, int n, const Waiting *w, int *budget)
{
    const WaitNode *last = NULL, *last_lost = NULL;
    return check(pool, n, w->hopeful, DEPTH_MOST, budget, &last) &&
           check(pool, n, w->hopeless, DEPTH_MOST, budget, &last_lost);
}
