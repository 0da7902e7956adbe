/* fuzz_scalesim.c -- SCALE-Sim topologies. What is accepted is written as a network file, which may
 * only fail for sizes that are too large. */
#include "env/scalesim.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Draft *draft;
    Network *net = NULL;
    char *text = NULL;
    size_t bytes;
    Err err = {0};
    long live = mem_live;
    Status st = scalesim_parse(&draft, "net.csv", (const char *)data, size, &err);

    fuzz_check_outcome(st, &err, draft);
    if (draft) {
        st = draft_write(draft, &text, &bytes, &net, &err);
        fuzz_check_outcome(st, &err, net);
        if (st == ST_FORMAT) fuzz_check(strstr(err.msg, "exceed") || strstr(err.msg, "too large"));
    }
    mem_free(text);
    network_destroy(net);
    draft_destroy(draft);
    fuzz_check(mem_live == live);
    return 0;
}
