/* onnx.h -- reads an ONNX model into a Draft, from which draft_write makes a network file.
 *
 * What is read is the graph: operators, their attributes, and the sizes of constants. Weights are
 * skipped while the file streams by, so a model of any size needs memory for its graph alone.
 * Sizes are inferred here, from those of the inputs; the shapes that exporters compute (Shape,
 * Gather, Concat, ...) are followed, as constants.
 *
 * One inference is one request: a batch that is symbolic is 1, and so is one of more in front of
 * images (4 or more dimensions) and of what a window slides over. The draft's input is the first input of
 * the model; others are views of it, of their own size.
 *
 * Operators are layers (Conv, ConvTranspose, Gemm, MatMul, pooling, joins of computed tensors),
 * free (activations, normalisation, quantisation, arithmetic with constants; all of these leave no
 * entry), or views (reshape, transpose, slice, ...). Others are unknown. docs/IMPORT.md */
#ifndef RELMAS_ENV_ONNX_H
#define RELMAS_ENV_ONNX_H

#include "env/draft.h"

typedef struct OnnxOptions {
    bool pass_unknown; /* unknown operators become moves, where their output's size is known */
    /* "NAME=1x3x224x224": sizes of inputs, instead of the file's, and of the symbols in it for the
     * other inputs. [n_input_shapes] */
    const char *const *input_shapes;
    int n_input_shapes;
} OnnxOptions;

/* Caller owns *out (draft_destroy); on failure *out = NULL: ST_IO; ST_NOMEM; ST_USAGE for an input
 * shape that cannot be; ST_FORMAT, with the file and the node, for everything else. Messages name
 * the options of `relmas import`: --pass-unknown, --input-shape. */
Status onnx_import(Draft **out, const char *path, const OnnxOptions *opt, Err *err);
/* The same from memory; file stands for it in messages. */
Status onnx_import_memory(Draft **out, const char *file, const void *data, size_t bytes,
                          const OnnxOptions *opt, Err *err);

#endif
