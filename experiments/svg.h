/* svg.h -- curves with bands as a picture of vectors, drawn by the program itself: a report must be one
 * file that needs nothing, on a machine that may have no gnuplot. */
#ifndef RELMAS_EXPERIMENTS_SVG_H
#define RELMAS_EXPERIMENTS_SVG_H

#include <stdbool.h>
#include <stdio.h>

enum { SVG_CURVES_MAX = 64 };

typedef struct SvgCurve {
    const char *name;
    int n;                 /* points, x ascending; 0 draws nothing */
    const double *x, *y;   /* [n] */
    const double *lo, *hi; /* [n] the band, or NULL */
} SvgCurve;

typedef struct SvgChart {
    const char *title, *subtitle, *x_label, *y_label;
    int n; /* curves, at most SVG_CURVES_MAX */
    const SvgCurve *curve;
} SvgChart;

/* An <svg> element for a page; alone: a file of its own. Names may hold any bytes. */
void svg_chart(FILE *out, const SvgChart *c, bool alone);
/* text as content of an element or attribute: escaped, valid UTF-8. */
void svg_text(FILE *out, const char *text);

#endif
