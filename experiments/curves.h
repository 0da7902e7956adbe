/* curves.h -- what pictures of curves share, drawn by gnuplot or by ourselves: colours, and the place of each
 * curve's name beside its right end, so that no legend has to be matched by colour alone. */
#ifndef RELMAS_EXPERIMENTS_CURVES_H
#define RELMAS_EXPERIMENTS_CURVES_H

/* "0072b2": Okabe and Ito 2008, which colour-blind readers can tell apart, with a wine red for their
 * yellow. Eight, then from the first again: CURVE_COLOURS tells when to change the dashes. */
enum { CURVE_COLOURS = 8 };
const char *curve_colour(int curve);

typedef struct CurveLabel {
    int curve;
    double at, y; /* pixels from the top: the curve's end, and the text, which is found */
} CurveLabel;

/* Sorts label[n] by the curves' ends and moves the texts down, then up, as far as it takes for them to be
 * `height` apart and not below `limit`. */
void curve_labels_place(CurveLabel *label, int n, double height, double limit);

#endif
