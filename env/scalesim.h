/* scalesim.h -- reads a topology of the SCALE-Sim simulator (Samajdar et al., ISPASS 2020), a CSV
 * file with one layer per row, as a draft network. Two kinds, told apart by the header:
 *   Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides
 *   Layer, M, N, K
 * A convolution's input includes its padding; its output is rounded up as SCALE-Sim does; a product
 * is [M,K] x [K,N]. The rows become a chain, as a topology has no branches: where a layer reads
 * another size than the one before writes, a free `view` stands between. docs/IMPORT.md */
#ifndef RELMAS_ENV_SCALESIM_H
#define RELMAS_ENV_SCALESIM_H

#include "env/draft.h"

/* The draft is named after the file. Caller owns *out; on failure *out = NULL: ST_IO, ST_FORMAT with
 * "FILE:LINE: ", ST_NOMEM. */
Status scalesim_load(Draft **out, const char *path, Err *err);
/* The same from memory; file stands for it in messages. */
Status scalesim_parse(Draft **out, const char *file, const char *text, size_t bytes, Err *err);

#endif
