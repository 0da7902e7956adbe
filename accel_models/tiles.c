/* tiles.c -- the tile sizes that a search tries along one loop. */
#include "accel_models/accel_internal.h"

#include <math.h>

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

/* Trip counts that are tried: all up to 32, then a ladder in steps of 6 %, from 256 of 12 %. All that
 * make a difference are among them for loops of up to 300, and the sizes up to 9 for any. It depends
 * on the loop alone, never on the machine: a better machine has all mappings of a worse one. */
static int next_trips(int f)
{
    return f < 16 ? f + 1 : f < 256 ? f + f / 16 : f + f / 8;
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

/* Is it worth to cut n into so many parts? They divide it, or fewer would take more steps. */
bool useful_parts(double n, int parts, bool exact)
{
    if (exact) return (int)n % parts == 0;
    return parts == 1 || ceil_div(n, parts) < ceil_div(n, parts - 1);
}
