/* onnx_writer.c -- the wire format by hand, apart from the reader that it tests. */
#include "tests/support/onnx_writer.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1 << 14 };

typedef struct Bytes {
    uint8_t *b;
    size_t n, cap;
} Bytes;

static void put(Bytes *o, const void *data, size_t n)
{
    assert(n <= o->cap - o->n);
    memcpy(o->b + o->n, data, n);
    o->n += n;
}

static void put_varint(Bytes *o, uint64_t v)
{
    uint8_t byte;
    for (; v > 0x7f; v >>= 7) {
        byte = (uint8_t)(v | 0x80);
        put(o, &byte, 1);
    }
    byte = (uint8_t)v;
    put(o, &byte, 1);
}

static void put_int(Bytes *o, int field, int64_t v)
{
    put_varint(o, (uint64_t)field << 3);
    put_varint(o, (uint64_t)v);
}

static void put_bytes(Bytes *o, int field, const void *data, size_t n)
{
    put_varint(o, (uint64_t)field << 3 | 2);
    put_varint(o, n);
    put(o, data, n);
}

static void put_text(Bytes *o, int field, const char *s)
{
    put_bytes(o, field, s, strlen(s));
}

/* ---- statements ---- */

/* "1x3x8": each size as TensorShape's dimension, or as a plain number of a tensor. */
static void put_sizes(Bytes *o, char *sizes, int field, int plain)
{
    char *rest = NULL;
    for (char *d = strtok_r(sizes, "x", &rest); d; d = strtok_r(NULL, "x", &rest)) {
        uint8_t room[256];
        Bytes dim = {room, 0, sizeof room};
        if (isdigit((unsigned char)*d) || *d == '-')
            put_int(&dim, 1, strtoll(d, NULL, 10));
        else if (*d != '?')
            put_text(&dim, 2, d);
        if (plain)
            put_int(o, field, strtoll(d, NULL, 10));
        else
            put_bytes(o, field, dim.b, dim.n);
    }
}

static void put_value(Bytes *graph, int field, const char *name, char *sizes)
{
    uint8_t room[4][1024];
    Bytes shape = {room[0], 0, 1024}, tensor = {room[1], 0, 1024}, type = {room[2], 0, 1024},
          value = {room[3], 0, 1024};

    put_text(&value, 1, name);
    if (sizes) {
        put_sizes(&shape, sizes, 1, 0);
        put_int(&tensor, 1, 1);
        put_bytes(&tensor, 2, shape.b, shape.n);
        put_bytes(&type, 1, tensor.b, tensor.n);
        put_bytes(&value, 2, type.b, type.n);
    }
    put_bytes(graph, field, value.b, value.n);
}

static void put_weight(Bytes *graph, const char *name, char *sizes)
{
    uint8_t room[1024];
    Bytes tensor = {room, 0, sizeof room};

    put_sizes(&tensor, sizes, 1, 1);
    put_int(&tensor, 2, 1);
    put_text(&tensor, 8, name);
    put_bytes(graph, 5, tensor.b, tensor.n);
}

/* Whole numbers packed, others as raw data: both ways occur. */
static void put_list(Bytes *graph, const char *name, char *numbers, int whole)
{
    uint8_t room[TEXT], held[TEXT];
    Bytes tensor = {room, 0, sizeof room}, data = {held, 0, sizeof held};
    char *rest = NULL;
    int count = 0;

    for (char *d = strtok_r(numbers, ",", &rest); d; d = strtok_r(NULL, ",", &rest), count++) {
        float f = strtof(d, NULL);
        if (whole)
            put_varint(&data, (uint64_t)strtoll(d, NULL, 10));
        else
            put(&data, &f, sizeof f);
    }
    put_int(&tensor, 1, count);
    put_int(&tensor, 2, whole ? 7 : 1);
    put_text(&tensor, 8, name);
    put_bytes(&tensor, whole ? 7 : 9, data.b, data.n);
    put_bytes(graph, 5, tensor.b, tensor.n);
}

static void put_attribute(Bytes *node, char *text)
{
    uint8_t room[TEXT];
    Bytes a = {room, 0, sizeof room};
    char *value = strchr(text, '='), *rest = NULL;

    *value++ = '\0';
    put_text(&a, 1, text);
    if (*value == '[') {
        for (char *d = strtok_r(value + 1, ",]", &rest); d; d = strtok_r(NULL, ",]", &rest))
            put_int(&a, 8, strtoll(d, NULL, 10));
        put_int(&a, 20, 7);
    } else if (isdigit((unsigned char)*value) || *value == '-') {
        put_int(&a, 3, strtoll(value, NULL, 10));
        put_int(&a, 20, 2);
    } else {
        put_text(&a, 4, value);
        put_int(&a, 20, 3);
    }
    put_bytes(node, 5, a.b, a.n);
}

static void put_node(Bytes *graph, const char *op, char **words)
{
    uint8_t room[TEXT];
    Bytes node = {room, 0, sizeof room};
    char *rest = NULL;
    int field = 1;

    for (char *w = strtok_r(NULL, " ", words); w; w = strtok_r(NULL, " ", words)) {
        if (!strcmp(w, "->")) {
            field = 2;
        } else if (strchr(w, '=')) {
            put_attribute(&node, w);
        } else {
            if (field == 2 && !rest) put_text(&node, 3, rest = w);
            put_text(&node, field, strcmp(w, "_") ? w : "");
        }
    }
    put_text(&node, 4, op);
    put_bytes(graph, 1, node.b, node.n);
}

static void put_statement(Bytes *graph, char *line, int64_t *opset)
{
    char *words = NULL, *first = strtok_r(line, " ", &words);

    if (!first) return;
    if (!strcmp(first, "opset")) {
        *opset = strtoll(words, NULL, 10);
    } else if (!strcmp(first, "input") || !strcmp(first, "output") || !strcmp(first, "value")) {
        char *name = strtok_r(NULL, " ", &words);
        int field = *first == 'i' ? 11 : *first == 'o' ? 12 : 13;
        put_value(graph, field, name, strtok_r(NULL, " ", &words));
    } else if (!strcmp(first, "weight")) {
        char *name = strtok_r(NULL, " ", &words);
        char none[1] = "", *sizes = strtok_r(NULL, " ", &words);
        put_weight(graph, name, sizes ? sizes : none);
    } else if (!strcmp(first, "ints") || !strcmp(first, "floats")) {
        char *name = strtok_r(NULL, " ", &words);
        put_list(graph, name, strtok_r(NULL, " ", &words), *first == 'i');
    } else {
        put_node(graph, first, &words);
    }
}

size_t onnx_write(const char *text, uint8_t *out, size_t cap)
{
    Bytes model = {out, 0, cap}, graph = {calloc(1, cap), 0, cap},
          opset = {(uint8_t[16]){0}, 0, 16};
    char *copy = strdup(text), *rest = NULL;
    int64_t version = 13;

    assert(graph.b && copy);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        put_statement(&graph, line, &version);
    put_int(&model, 1, 7);
    put_int(&opset, 2, version);
    put_bytes(&model, 8, opset.b, opset.n);
    put_bytes(&model, 7, graph.b, graph.n);
    free(copy);
    free(graph.b);
    return model.n;
}
