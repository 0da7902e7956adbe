/* state.h -- how a module shows its state to whoever saves it, without knowing the file format.
 * A module lists its arrays as StateFields; checkpoints/ writes or reads them by path. Loading
 * writes into the same borrowed arrays after shape and type were checked. */
#ifndef RELMAS_BASE_STATE_H
#define RELMAS_BASE_STATE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { STATE_MAX_FIELDS = 128, STATE_PATH_MAX = 64 };

typedef enum { STATE_U8, STATE_U16, STATE_I32, STATE_U64, STATE_F32, STATE_F64 } StateType;

typedef struct StateField {
    char path[STATE_PATH_MAX]; /* "/learner/online/W0" */
    StateType type;
    int rank; /* 1 or 2 */
    size_t dims[2];
    void *data; /* borrowed, dims[0] * dims[1] elements, C order */
} StateField;

typedef struct StateList {
    int n;
    StateField field[STATE_MAX_FIELDS];
} StateList;

/* Appends a field; asserts that there is room and that the path is new and fits. */
void state_add(StateList *list, const char *path, StateType type, size_t rows, size_t cols,
               void *data); /* cols == 0: rank 1 */
size_t state_type_bytes(StateType type);

#endif
