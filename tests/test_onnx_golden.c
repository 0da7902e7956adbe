/* test_onnx_golden.c -- ONNX models against MACs and weights that the Python package onnx computes,
 * product by product (tests/golden/onnx/README.md). The models in ../shared/models are compared too,
 * where they are. */
#include "base/csv.h"
#include "env/onnx.h"
#include "tests/support.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PRODUCTS = 512 };

typedef struct Product {
    double macs, params;
} Product;

typedef struct Products {
    int n;
    Product v[MAX_PRODUCTS];
    bool split; /* has recurrent or transposed ones, each of which may be several layers */
} Products;

static int by_size(const void *x, const void *y)
{
    const Product *a = x, *b = y;
    if (a->macs != b->macs) return a->macs < b->macs ? -1 : 1;
    return a->params < b->params ? -1 : a->params > b->params;
}

static void add_product(Products *p, double macs, double params)
{
    ck_assert_int_lt(p->n, MAX_PRODUCTS);
    p->v[p->n++] = (Product){macs, params};
}

static Product sum(const Products *p)
{
    Product s = {0};
    for (int i = 0; i < p->n; i++) {
        s.macs += p->v[i].macs;
        s.params += p->v[i].params;
    }
    return s;
}

/* What the reference says of a model. */
static void read_golden(Products *out, const char *table, const char *model)
{
    Csv *csv;
    Err err = {0};
    ck_ok(csv_load(&csv, table, &err), err);
    int name = csv_column(csv, "model"), op = csv_column(csv, "op");
    int macs = csv_column(csv, "macs"), params = csv_column(csv, "parameters");
    memset(out, 0, sizeof *out);
    for (int r = 0; r < csv_rows(csv); r++) {
        double m, p;
        if (strcmp(csv_cell(csv, r, name), model) != 0) continue;
        ck_ok(csv_double(csv, r, macs, 0, 1e15, &m, &err), err);
        ck_ok(csv_double(csv, r, params, 0, 1e15, &p, &err), err);
        add_product(out, m, p);
        const char *kind = csv_cell(csv, r, op);
        out->split |= !strcmp(kind, "LSTM") || !strcmp(kind, "ConvTranspose");
    }
    csv_destroy(csv);
}

static Status import(Network **net, const char *path, bool pass_unknown, Err *err)
{
    const OnnxOptions opt = {.pass_unknown = pass_unknown};
    Draft *draft = NULL;
    char *text = NULL;
    size_t bytes;
    Status st;
    *net = NULL;
    TRY(onnx_import(&draft, path, &opt, err));
    TRY(draft_write(draft, &text, &bytes, net, err));
fail:
    mem_free(text);
    draft_destroy(draft);
    return st;
}

/* The products of a network: its layers but those that only move bytes. */
static void read_model(Products *out, const char *path)
{
    Network *net;
    Err err = {0};
    ck_ok(import(&net, path, false, &err), err);
    memset(out, 0, sizeof *out);
    for (int l = 0; l < net->n_layers; l++) {
        const NetLayer *layer = &net->layer[l];
        if (layer->shape.type > LAYER_GEMM) continue;
        add_product(out, layer_macs(&layer->shape),
                    layer->has_weights ? layer_params(&layer->shape) : 0);
    }
    network_destroy(net);
}

static void compare(const char *folder, const char *table, const char *model)
{
    char path[512];
    Products *want = mem_calloc(2, sizeof *want), *got = want + 1;
    ck_assert_ptr_nonnull(want);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, model);
    read_golden(want, table, model);
    read_model(got, path);
    ck_assert_msg(want->n > 0, "'%s' is not in %s", model, table);
    ck_assert_msg(sum(got).macs == sum(want).macs && sum(got).params == sum(want).params,
                  "%s: %.0f MACs and %.0f parameters, want %.0f and %.0f", model, sum(got).macs,
                  sum(got).params, sum(want).macs, sum(want).params);
    if (!want->split) {
        ck_assert_int_eq(got->n, want->n);
        qsort(want->v, (size_t)want->n, sizeof *want->v, by_size);
        qsort(got->v, (size_t)got->n, sizeof *got->v, by_size);
        for (int i = 0; i < want->n; i++)
            ck_assert_msg(by_size(&want->v[i], &got->v[i]) == 0, "%s: product %d", model, i);
    }
    mem_free(want);
}

/* Models that are refused, and the MACs of what is left when they are passed on. */
static const struct {
    const char *model, *message;
    double passed_macs;
} REFUSED[] = {
    {"unknown_domain", "unknown operators: Mystery 'node_", 7424},
};
enum { N_REFUSED = sizeof REFUSED / sizeof *REFUSED };

START_TEST(models_with_unknown_operators_are_refused_or_passed)
{
    char path[512];
    Network *net;
    Err err = {0}, none = {0};
    snprintf(path, sizeof path, "tests/golden/onnx/%s.onnx", REFUSED[_i].model);
    ck_assert_int_eq(import(&net, path, false, &err), ST_FORMAT);
    ck_assert_msg(strstr(err.msg, REFUSED[_i].message) != NULL, "%s", err.msg);
    ck_ok(import(&net, path, true, &none), none);
    ck_assert_double_eq(network_macs(net), REFUSED[_i].passed_macs);
    network_destroy(net);
}
END_TEST

static bool is_refused(const char *model)
{
    for (int i = 0; i < N_REFUSED; i++)
        if (!strcmp(model, REFUSED[i].model)) return true;
    return false;
}

START_TEST(each_feature_has_the_products_of_the_reference)
{
    DIR *folder = opendir("tests/golden/onnx");
    int compared = 0;
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        char model[300];
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 5, ".onnx") != 0) continue;
        snprintf(model, sizeof model, "%.*s", (int)n - 5, e->d_name);
        if (is_refused(model)) continue;
        compare("tests/golden/onnx", "tests/golden/onnx/macs.csv", model);
        compared++;
    }
    closedir(folder);
    ck_assert_int_ge(compared, 29);
}
END_TEST

static const char *const SHARED[] = {"light_bvlc_alexnet", "light_inception_v1", "light_resnet50",
                                     "light_squeezenet"};

START_TEST(published_networks_have_the_products_of_the_reference)
{
    if (access("../shared/models", R_OK) != 0) return;
    compare("../shared/models", "tests/golden/onnx/shared.csv", SHARED[_i]);
}
END_TEST

static Suite *onnx_golden_suite(void)
{
    Suite *s = suite_create("onnx golden");
    TCase *tc = new_case("onnx golden", 60);
    tcase_add_test(tc, each_feature_has_the_products_of_the_reference);
    tcase_add_loop_test(tc, models_with_unknown_operators_are_refused_or_passed, 0, N_REFUSED);
    tcase_add_loop_test(tc, published_networks_have_the_products_of_the_reference, 0,
                        (int)(sizeof SHARED / sizeof *SHARED));
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return run_suite(onnx_golden_suite());
}
