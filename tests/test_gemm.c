/* test_gemm.c -- products against a sum in double, for every path through gemm(); the choice of
 * kernels at start. */
#include "nn/gemm.h"

#include "base/rng.h"
#include "nn/gemm_internal.h"
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_DIM = 260, MAX_LD = MAX_DIM + 3 };

static float a[MAX_LD * MAX_LD], b[MAX_LD * MAX_LD], c[MAX_LD * MAX_LD], c0[MAX_LD * MAX_LD];
static const char *program; /* argv[0]; NULL while playing the started program */

static void randomise(float *x, Rng *rng)
{
    for (int i = 0; i < MAX_LD * MAX_LD; i++) x[i] = (float)rng_normal(rng);
}

typedef struct Call {
    int trans_a, trans_b, m, n, k, lda, ldb, ldc;
    float beta;
    bool blas; /* by OpenBLAS, wherever gemm() goes */
} Call;

static void run(const Call *p)
{
    Product blas = {p->trans_a, p->trans_b, p->m,   p->n,    p->k, a,
                    p->lda,     b,          p->ldb, p->beta, c,    p->ldc};
    if (p->blas && p->m && p->n && p->k)
        blas_gemm(&blas);
    else
        gemm(p->trans_a, p->trans_b, p->m, p->n, p->k, a, p->lda, b, p->ldb, p->beta, c, p->ldc);
}

/* The definition; scale is the sum of absolute terms, which bounds the rounding error. */
static double element(const Call *p, int i, int j, double *scale)
{
    double sum = p->beta == 0 ? 0 : (double)p->beta * (double)c0[i * p->ldc + j];
    *scale = fabs(sum);
    for (int l = 0; l < p->k; l++) {
        double x = (double)a[p->trans_a ? l * p->lda + i : i * p->lda + l];
        double y = (double)b[p->trans_b ? j * p->ldb + l : l * p->ldb + j];
        sum += x * y;
        *scale += fabs(x * y);
    }
    return sum;
}

static void check_call(const Call *p)
{
    memcpy(c, c0, sizeof c);
    run(p);
    for (int i = 0; i < p->m + 2; i++)
        for (int j = 0; j < p->ldc && i * p->ldc + j < MAX_LD * MAX_LD; j++) {
            double scale, got = (double)c[i * p->ldc + j];
            if (i >= p->m || j >= p->n) { /* padding and beyond: untouched */
                ck_assert_msg(!memcmp(&c[i * p->ldc + j], &c0[i * p->ldc + j], sizeof *c),
                              "wrote outside C at %d,%d", i, j);
                continue;
            }
            double want = element(p, i, j, &scale);
            ck_assert_msg(fabs(got - want) <= 2e-6 * scale,
                          "%d%d %dx%dx%d beta %g at %d,%d: %g, not %g", p->trans_a, p->trans_b,
                          p->m, p->n, p->k, (double)p->beta, i, j, got, want);
        }
}

/* Rows 1, 8, 9, 12, 24, 32 and 33, depths around 64 and 256, columns 32 and 128 stand at the borders
 * between the paths. */
static const int DIMS[] = {0, 1, 2, 3, 7, 8, 9, 13, 17, 25, 32, 33, 64, 70, 128, 257};
enum { N_DIMS = sizeof DIMS / sizeof *DIMS };

static Call random_call(Rng *rng)
{
    static const float BETAS[] = {0, 1, 0.5f};
    Call p = {.trans_a = (int)rng_below(rng, 2), .trans_b = (int)rng_below(rng, 2)};
    p.m = DIMS[rng_below(rng, N_DIMS)];
    p.n = DIMS[rng_below(rng, N_DIMS)];
    p.k = DIMS[rng_below(rng, N_DIMS)];
    p.lda = (p.trans_a ? p.m : p.k) + (int)rng_below(rng, 3) + 1;
    p.ldb = (p.trans_b ? p.k : p.n) + (int)rng_below(rng, 3) + 1;
    p.ldc = p.n + (int)rng_below(rng, 3) + 1;
    p.beta = BETAS[rng_below(rng, 3)];
    p.blas = rng_below(rng, 2);
    return p;
}

START_TEST(agrees_with_the_definition)
{
    Rng rng;
    rng_seed(&rng, 1, 0);
    randomise(a, &rng);
    randomise(b, &rng);
    randomise(c0, &rng);
    for (int i = 0; i < 500; i++) {
        Call p = random_call(&rng);
        check_call(&p);
    }
}
END_TEST

START_TEST(beta_zero_does_not_read_c)
{
    Rng rng;
    rng_seed(&rng, 2, 0);
    randomise(a, &rng);
    randomise(b, &rng);
    for (int i = 0; i < MAX_LD * MAX_LD; i++) c0[i] = NAN;
    for (int i = 0; i < 500; i++) {
        Call p = random_call(&rng);
        p.beta = 0;
        check_call(&p);
    }
}
END_TEST

START_TEST(same_call_gives_the_same_bits)
{
    static float first[MAX_LD * MAX_LD];
    Rng rng;
    rng_seed(&rng, 3, 0);
    randomise(a, &rng);
    randomise(b, &rng);
    randomise(c0, &rng);
    for (int i = 0; i < 200; i++) {
        Call p = random_call(&rng);
        memcpy(c, c0, sizeof c);
        run(&p);
        memcpy(first, c, sizeof c);
        memcpy(c, c0, sizeof c);
        run(&p);
        ck_assert_int_eq(memcmp(first, c, sizeof c), 0);
    }
}
END_TEST

/* What makes results independent of how batches are cut, where tiles run at all. */
START_TEST(tiles_give_a_row_the_same_bits_in_any_batch)
{
    static float alone[MAX_DIM];
    Rng rng;
    rng_seed(&rng, 4, 0);
    randomise(a, &rng);
    randomise(b, &rng);
    for (int n = 2; n <= 160; n += n < 40 ? 1 : 40)
        for (int m = 1; m <= 40; m++) {
            Product p = {0, 0, m, n, 257, a, MAX_LD, b, MAX_LD, 0, c, MAX_LD};
            if (!tile_gemm(&p)) return;
            int row = m - 1;
            Product one = p;
            one.m = 1;
            one.a = a + row * MAX_LD;
            one.c = alone;
            tile_gemm(&one);
            ck_assert_mem_eq(alone, c + row * MAX_LD, (size_t)n * sizeof *alone);
        }
}
END_TEST

/* Stands in for OpenBLAS's function, in the library too: does as the variable says, and else names
 * an AVX-512 kernel (so that gemm() takes all its paths here), or in the start-up tests a release
 * that knows of no such core. The products themselves are right under any name. */
static char *loaded = (char[]){"SkylakeX"};
char *openblas_get_corename(void);
char *openblas_get_corename(void)
{
    char *set = getenv("OPENBLAS_CORETYPE");
    return set && !program ? set : loaded;
}

/* What this program does as "PROGRAM --startup ARG": prints what became of kernel and arguments. */
static int startup_main(int argc, char **argv)
{
    loaded = (char[]){"Haswell"};
    gemm_startup(argv);
    printf("%s %d %s\n", gemm_kernel(), argc, argv[2]);
    return 0;
}

/* The line printed when the variable `name` is set to Haswell, or none if NULL. */
static void startup_line(const char *name, char *line, int size)
{
    int fd[2], status;
    ck_assert_int_eq(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        unsetenv("OPENBLAS_CORETYPE");
        unsetenv("RELMAS_BLAS");
        if (name) setenv(name, "Haswell", 1);
        dup2(fd[1], 1);
        execl(program, program, "--startup", "as given", (char *)NULL);
        _exit(127);
    }
    close(fd[1]);
    FILE *f = fdopen(fd[0], "r");
    ck_assert_ptr_nonnull(fgets(line, size, f));
    fclose(f);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

START_TEST(startup_takes_avx512_kernels_where_the_cpu_has_them)
{
    char line[256];
    int has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    startup_line(NULL, line, sizeof line);
    ck_assert_str_eq(line, has ? "SkylakeX 3 as given\n" : "Haswell 3 as given\n");
    startup_line("OPENBLAS_CORETYPE", line, sizeof line); /* a stale setting does not stand */
    ck_assert_str_eq(line, has ? "SkylakeX 3 as given\n" : "Haswell 3 as given\n");
}
END_TEST

START_TEST(startup_leaves_the_users_choice)
{
    char line[256];
    startup_line("RELMAS_BLAS", line, sizeof line);
    ck_assert_str_eq(line, "Haswell 3 as given\n");
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--startup")) return startup_main(argc, argv);
    program = argv[0];
    Suite *s = suite_create("gemm");
    TCase *tc = new_case("product", 20);
    tcase_add_test(tc, agrees_with_the_definition);
    tcase_add_test(tc, beta_zero_does_not_read_c);
    tcase_add_test(tc, same_call_gives_the_same_bits);
    tcase_add_test(tc, tiles_give_a_row_the_same_bits_in_any_batch);
    suite_add_tcase(s, tc);
    tc = new_case("startup", 20);
    tcase_add_test(tc, startup_takes_avx512_kernels_where_the_cpu_has_them);
    tcase_add_test(tc, startup_leaves_the_users_choice);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
