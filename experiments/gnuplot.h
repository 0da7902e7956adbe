/* gnuplot.h -- draws with gnuplot, which the program does not need otherwise. */
#ifndef RELMAS_EXPERIMENTS_GNUPLOT_H
#define RELMAS_EXPERIMENTS_GNUPLOT_H

#include "base/status.h"

#include <stdio.h>

/* ST_IO, saying what to install, unless there is a gnuplot that starts. */
Status gnuplot_find(Err *err);
/* Runs gnuplot on script (read from its start), whose picture goes to standard output: no names of
 * files, no shell. The picture, which ends in `last`, becomes the file path: all of it or nothing. */
Status gnuplot_draw(FILE *script, const char *path, const char *last, Err *err);
/* text as a quoted string of gnuplot's, on one line, valid UTF-8, at most `most` characters. */
void gnuplot_text(FILE *script, const char *text, int most);

#endif
