/* state.c -- the list in which a module shows its arrays. */
#include "base/state.h"

#include <assert.h>
#include <string.h>

size_t state_type_bytes(StateType type)
{
    switch (type) {
    case STATE_U8:
        return 1;
    case STATE_U16:
        return 2;
    case STATE_I32:
    case STATE_F32:
        return 4;
    case STATE_U64:
    case STATE_F64:
        return 8;
    }
    assert(!"unknown type of state");
    return 0;
}

void state_add(StateList *list, const char *path, StateType type, size_t rows, size_t cols,
               void *data)
{
    assert(list->n < STATE_MAX_FIELDS);
    assert(path[0] == '/' && strlen(path) < STATE_PATH_MAX);
    for (int i = 0; i < list->n; i++) assert(strcmp(list->field[i].path, path) != 0);
    StateField *f = &list->field[list->n++];
    *f = (StateField){.type = type, .rank = cols ? 2 : 1, .dims = {rows, cols ? cols : 1}};
    memcpy(f->path, path, strlen(path) + 1);
    f->data = data;
}
