/* tiles.c -- the tile sizes that a search tries along one loop. */
#include "accel_models/accel_internal.h"

#include <math.h>

double ceil_div(double a, double b)
{
    return ceil(a / b);
}

/* Larger sizes come first; the last one, 1, has a place even where there are too many. */
static void push(Tiles *t, int v)
{
    if (t->n && t->size[t->n - 1] == v) return;
    if (t->n == TILES_MAX) t->n--;
    t->size[t->n++] = v;
}

/* A loop's size as an int; tiles of the longest loops (a batch folded into rows, a kernel in
 * pieces) are cut from SIZE_MOST points. */
static int int_size(double size)
{
    enum { SIZE_MOST = 1 << 30 };
    return size < SIZE_MOST ? (int)size : SIZE_MOST;
}

/* Trip counts that are tried: all small ones, then a geometric ladder: the cost of a tile varies
 * with the trip count's ratio, not with its difference. */
static int next_trips(int f)
{
    return f < 4 ? f + 1 : f + f / 2;
}

static void reverse(Tiles *t)
{
    for (int i = 0, j = t->n - 1; i < j; i++, j--) {
        int v = t->size[i];
        t->size[i] = t->size[j];
        t->size[j] = v;
    }
}

/* exact: the divisors of n; else distinct ceil(n / f) over the ladder of f. Ascending. */
void tiles_of(Tiles *t, double size, bool exact)
{
    int n = int_size(size);
    t->n = 0;
    if (exact) {
        for (int f = 1; f <= n / f; f++)
            if (n % f == 0) push(t, n / f);
        for (int f = (int)sqrt(n); f >= 1; f--)
            if (n % f == 0) push(t, f);
    } else {
        for (int f = 1; f < n; f = next_trips(f)) push(t, (n + f - 1) / f);
        push(t, 1);
    }
    reverse(t);
}

/* The same up to `most`, finer: all sizes to 12, then every second, from 16 every fourth; only
 * those that need fewer trips than the one before. */
void tiles_upto(Tiles *t, double size, int most, bool exact)
{
    int n = int_size(size), before = 0;
    t->n = 0;
    for (int v = 1; v <= most && v <= n && t->n < TILES_MAX;) {
        int trips = (n + v - 1) / v;
        if (exact ? n % v == 0 : trips != before) t->size[t->n++] = v;
        before = trips;
        v += exact || v < 12 ? 1 : v < 16 ? 2 : 4;
    }
}
