/* onnx_writer.h -- ONNX files for tests, from text, one statement per line:
 *   opset 13                      before all others; default 13
 *   input x 1x3x8x8               sizes; a name instead of a number is a symbol, ? nothing
 *   weight w 16x3x3x3             a constant of that size, without its numbers
 *   ints s 1,-1 / floats f 1,2.5  a constant list
 *   value v 1x16x8x8              what the file says of a result
 *   output y
 *   Conv x w -> y pads=[1,1,1,1] group=1 auto_pad=VALID    _: an absent input
 * A node is named as its first output. The writer asserts that what it is given is sound. */
#ifndef RELMAS_TESTS_ONNX_WRITER_H
#define RELMAS_TESTS_ONNX_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* Writes the file into out[cap] and returns its bytes. */
size_t onnx_write(const char *text, uint8_t *out, size_t cap);

#endif
