/* curves.c -- colours and places of labels. */
#include "experiments/curves.h"

#include <math.h>
#include <stdlib.h>

const char *curve_colour(int curve)
{
    static const char *const COLOUR[CURVE_COLOURS] = {"0072b2", "d55e00", "009e73", "cc79a7",
                                                      "56b4e9", "e69f00", "882255", "000000"};
    return COLOUR[curve % CURVE_COLOURS];
}

static int by_end(const void *a, const void *b)
{
    const CurveLabel *x = a, *y = b;
    if (x->at < y->at || x->at > y->at) return x->at < y->at ? -1 : 1;
    return x->curve - y->curve;
}

void curve_labels_place(CurveLabel *label, int n, double height, double limit)
{
    for (int i = 0; i < n; i++) label[i].y = label[i].at;
    qsort(label, (size_t)n, sizeof *label, by_end);
    for (int i = 1; i < n; i++) label[i].y = fmax(label[i].y, label[i - 1].y + height);
    for (int i = n - 1; i >= 0; i--) {
        label[i].y = fmin(label[i].y, limit);
        limit = label[i].y - height;
    }
}
