/* fuzz_onnx.c -- ONNX models, refused or passed on where an operator is unknown. What is accepted
 * becomes a network file, which may only fail for what such a file cannot say. */
#include "env/onnx.h"
#include "tests/fuzz/fuzz.h"

static void import(const uint8_t *data, size_t size, bool pass_unknown)
{
    static const char *const SHAPES[] = {"x=1x3x8x8"};
    OnnxOptions opt = {pass_unknown, SHAPES, pass_unknown && size % 2};
    Draft *draft;
    Network *net = NULL;
    char *text = NULL;
    size_t bytes;
    Err err = {0};
    long live = mem_live;
    Status st = onnx_import_memory(&draft, "model.onnx", data, size, &opt, &err);

    if (st == ST_USAGE) st = ST_FORMAT; /* the input shape is wrong for this model */
    fuzz_check_outcome(st, &err, draft);
    if (draft) {
        st = draft_write(draft, &text, &bytes, &net, &err);
        fuzz_check_outcome(st, &err, net);
    }
    mem_free(text);
    network_destroy(net);
    draft_destroy(draft);
    fuzz_check(mem_live == live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import(data, size, false);
    import(data, size, true);
    return 0;
}
