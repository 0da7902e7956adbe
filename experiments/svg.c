/* svg.c -- axes with round numbers, bands, curves, and each curve's name beside its end; dashes tell apart
 * what has the same colour. */
#include "experiments/svg.h"

#include "experiments/curves.h"
#include "experiments/output.h"

#include <math.h>
#include <string.h>

enum { LEFT = 62, TOP = 58, BOTTOM = 50, PLOT_W = 560, PLOT_H = 300, GAP = 26, LABEL_H = 15 };
enum { LABEL_W = 250, DASHES = 3, MARKED_MOST = 12 };

static const char *const DASH[DASHES] = {"none", "6 3", "2 3"};

typedef struct Axis {
    double lo, hi, step; /* of its numbers */
} Axis;

typedef struct Drawing {
    FILE *out;
    const SvgChart *c;
    Axis x, y;
    int plot_h;
} Drawing;

void svg_text(FILE *out, const char *text)
{
    for (const char *s = text; *s;) {
        int n = utf8_length(s);
        unsigned char c = (unsigned char)*s;
        if (n == 0 || c < 0x20 || c == 0x7f ||
            (n == 3 && !memcmp(s, "\xef\xbf", 2) && (unsigned char)s[2] >= 0xbe))
            fputc('?', out);
        else if (c == '<' || c == '>' || c == '&' || c == '"')
            fprintf(out, "&#%d;", c);
        else
            fwrite(s, 1, (size_t)n, out);
        s += n ? n : 1;
    }
}

/* --- lay-out --- */

/* 1, 2 or 5 times a power of ten, for about six numbers. */
static double round_step(double range)
{
    double power = pow(10, floor(log10(range / 6))), part = range / 6 / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static Axis axis_of(double lo, double hi, double room)
{
    double range = hi - lo > 1e-12 * (1 + fabs(hi)) ? hi - lo : fmax(1e-3, 0.1 * fabs(hi));
    if (hi - lo < range) lo -= range / 2, hi += range / 2;
    return (Axis){lo - room * range, hi + room * range, round_step(range)};
}

static void find_axes(Drawing *d)
{
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int i = 0; i < d->c->n; i++) {
        const SvgCurve *k = &d->c->curve[i];
        for (int j = 0; j < k->n; j++) {
            x0 = fmin(x0, k->x[j]);
            x1 = fmax(x1, k->x[j]);
            y0 = fmin(y0, k->lo ? k->lo[j] : k->y[j]);
            y1 = fmax(y1, k->hi ? k->hi[j] : k->y[j]);
        }
    }
    if (x0 > x1) x0 = y0 = 0, x1 = y1 = 1; /* nothing to draw */
    d->x = axis_of(x0, x1, 0.02);
    d->y = axis_of(y0, y1, 0.05);
}

static double px(const Drawing *d, double x)
{
    return LEFT + PLOT_W * (x - d->x.lo) / (d->x.hi - d->x.lo);
}

static double py(const Drawing *d, double y)
{
    return TOP + d->plot_h * (d->y.hi - y) / (d->y.hi - d->y.lo);
}

static int place_labels(const Drawing *d, CurveLabel label[SVG_CURVES_MAX])
{
    int n = 0;
    for (int i = 0; i < d->c->n; i++) {
        const SvgCurve *k = &d->c->curve[i];
        if (k->n > 0) label[n++] = (CurveLabel){.curve = i, .at = py(d, k->y[k->n - 1])};
    }
    curve_labels_place(label, n, LABEL_H, TOP + d->plot_h);
    return n;
}

/* --- drawing --- */

static void text_at(const Drawing *d, double x, double y, const char *attributes, const char *text)
{
    fprintf(d->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    svg_text(d->out, text);
    fputs("</text>\n", d->out);
}

static void draw_axes(const Drawing *d)
{
    char number[32];
    double bottom = TOP + d->plot_h;
    for (double v = ceil(d->x.lo / d->x.step) * d->x.step; v <= d->x.hi; v += d->x.step) {
        fprintf(d->out, "<path d=\"M%.1f %d V%.1f\" stroke=\"#e0e0e0\"/>\n", px(d, v), TOP, bottom);
        snprintf(number, sizeof number, "%g", fabs(v) < 1e-9 * d->x.step ? 0 : v);
        text_at(d, px(d, v), bottom + 17, "text-anchor=\"middle\"", number);
    }
    for (double v = ceil(d->y.lo / d->y.step) * d->y.step; v <= d->y.hi; v += d->y.step) {
        fprintf(d->out, "<path d=\"M%d %.1f H%d\" stroke=\"#e0e0e0\"/>\n", LEFT, py(d, v),
                LEFT + PLOT_W);
        snprintf(number, sizeof number, "%.6g", fabs(v) < 1e-9 * d->y.step ? 0 : v);
        text_at(d, LEFT - 7, py(d, v) + 4, "text-anchor=\"end\"", number);
    }
    fprintf(d->out, "<path d=\"M%d %d V%.1f H%d\" fill=\"none\" stroke=\"#444\"/>\n", LEFT, TOP,
            bottom, LEFT + PLOT_W);
    text_at(d, LEFT + PLOT_W / 2.0, bottom + 38, "text-anchor=\"middle\"", d->c->x_label);
    text_at(d, LEFT, 20, "font-size=\"15\" font-weight=\"bold\"", d->c->title);
    text_at(d, LEFT, 38, "fill=\"#555\"", d->c->subtitle);
    fprintf(d->out, "<g transform=\"translate(15 %.1f) rotate(-90)\">", TOP + d->plot_h / 2.0);
    text_at(d, 0, 0, "text-anchor=\"middle\"", d->c->y_label);
    fputs("</g>\n", d->out);
}

static void draw_band(const Drawing *d, int i)
{
    const SvgCurve *k = &d->c->curve[i];
    if (!k->lo || k->n == 0) return;
    fputs("<path d=\"", d->out);
    for (int j = 0; j < k->n; j++)
        fprintf(d->out, "%c%.1f %.1f", j ? 'L' : 'M', px(d, k->x[j]), py(d, k->hi[j]));
    for (int j = k->n - 1; j >= 0; j--)
        fprintf(d->out, "L%.1f %.1f", px(d, k->x[j]), py(d, k->lo[j]));
    fprintf(d->out, "Z\" fill=\"#%s\" fill-opacity=\"0.15\"/>\n", curve_colour(i));
}

static void draw_curve(const Drawing *d, int i)
{
    const SvgCurve *k = &d->c->curve[i];
    const char *colour = curve_colour(i);
    fprintf(d->out, "<g stroke=\"#%s\" fill=\"none\" stroke-width=\"1.6\"><title>", colour);
    svg_text(d->out, k->name);
    fprintf(d->out, "</title><path stroke-dasharray=\"%s\" d=\"", DASH[i / CURVE_COLOURS % DASHES]);
    for (int j = 0; j < k->n; j++)
        fprintf(d->out, "%c%.1f %.1f", j ? 'L' : 'M', px(d, k->x[j]), py(d, k->y[j]));
    fputs("\"/>", d->out);
    for (int j = 0; j < k->n && k->n <= MARKED_MOST; j++)
        fprintf(d->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"#%s\"/>", px(d, k->x[j]),
                py(d, k->y[j]), colour);
    fputs("</g>\n", d->out);
}

static void draw_labels(const Drawing *d)
{
    CurveLabel label[SVG_CURVES_MAX];
    int n = place_labels(d, label);
    for (int i = 0; i < n; i++) {
        const SvgCurve *k = &d->c->curve[label[i].curve];
        const char *colour = curve_colour(label[i].curve);
        char attributes[64];
        double from = px(d, k->x[k->n - 1]) + 4, to = LEFT + PLOT_W + GAP;
        snprintf(attributes, sizeof attributes, "fill=\"#%s\"", colour);
        fprintf(d->out, "<path d=\"M%.1f %.1f L%.1f %.1f\" stroke=\"#%s\" stroke-width=\"0.6\"/>\n",
                from, label[i].at, to - 3, label[i].y, colour);
        text_at(d, to, label[i].y + 4, attributes, k->name);
    }
}

void svg_chart(FILE *out, const SvgChart *c, bool alone)
{
    Drawing d = {.out = out, .c = c};
    int width = LEFT + PLOT_W + GAP + LABEL_W, height;
    d.plot_h = c->n * LABEL_H > PLOT_H ? c->n * LABEL_H : PLOT_H;
    height = TOP + d.plot_h + BOTTOM;
    find_axes(&d);
    fprintf(out,
            "<svg %swidth=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
            "font-size=\"12\" role=\"img\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
            alone ? "xmlns=\"http://www.w3.org/2000/svg\" " : "", width, height, width, height,
            width, height);
    draw_axes(&d);
    for (int i = 0; i < c->n; i++) draw_band(&d, i);
    for (int i = 0; i < c->n; i++) draw_curve(&d, i);
    draw_labels(&d);
    fputs("</svg>\n", out);
}
