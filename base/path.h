/* path.h -- finds the program's own data files from any working folder.
 * Order: $RELMAS_DATA; the source tree above the binary (build/MODE/bin/..); PREFIX/share/relmas.
 * Under each root the files keep their place in the source tree (env/networks/alexnet.yaml). */
#ifndef RELMAS_BASE_PATH_H
#define RELMAS_BASE_PATH_H

#include "base/status.h"

#include <stddef.h>

enum { PATH_MAX_BYTES = 1024, PATH_NAME_MAX = 64 };

/* Writes the data root into out[cap]; ST_IO with a message that names RELMAS_DATA if none is found.
 */
Status path_data_root(char *out, size_t cap, Err *err);
/* `name_or_file` with a '/' or ending in `suffix` is a file of the user's and is taken as it is;
 * otherwise ROOT/folder/name+suffix. A name in a subfolder there ("general/train-2") is found too, unless
 * it ends in suffix or is a file of the user's. ST_CONFIG if it does not exist: the message lists the nearest
 * known name and says how to list them. */
Status path_find(char *out, size_t cap, const char *folder, const char *name_or_file,
                 const char *suffix, Err *err);
/* Names (without suffix, sorted) of the data files in ROOT/folder. Caller frees *names with
 * mem_free (one block). */
Status path_list(char (**names)[PATH_NAME_MAX], int *n, const char *folder, const char *suffix,
                 Err *err);

#endif
