/* gemm.c -- matrix products: by the tiles of tile.c, or by OpenBLAS where those do not run; and the
 * choice of OpenBLAS's kernels. */
#include "nn/gemm.h"

#include "nn/gemm_internal.h"

#include <assert.h>
#include <cblas.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *gemm_kernel(void)
{
    return openblas_get_corename();
}

static int kernel_is_avx512(void)
{
    static const char *const NAMES[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (!strcmp(gemm_kernel(), NAMES[i])) return 1;
    return 0;
}

/* Library users may never call gemm_startup(), so every product makes sure of the one thread. */
static void prepare(void)
{
    static atomic_bool done;
    if (done) return;
    openblas_set_num_threads(1);
    done = true;
}

/* y[m] (stride ldc) = beta y, without reading y when beta is 0. */
static void scale_column(int m, float beta, float *y, int ldc)
{
    if (beta == 1) return;
    for (int i = 0; i < m; i++) y[(size_t)i * ldc] = beta == 0 ? 0 : beta * y[(size_t)i * ldc];
}

/* One row of C: c[n] = op(B)^T a. */
static void one_row(const Product *p)
{
    scale_column(p->n, p->beta, p->c, 1);
    cblas_sgemv(CblasRowMajor, p->trans_b ? CblasNoTrans : CblasTrans, p->trans_b ? p->n : p->k,
                p->trans_b ? p->k : p->n, 1, p->b, p->ldb, p->a, p->trans_a ? p->lda : 1, 1, p->c,
                1);
}

/* One column of C: c[m] = op(A) b. */
static void one_column(const Product *p)
{
    scale_column(p->m, p->beta, p->c, p->ldc);
    cblas_sgemv(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans, p->trans_a ? p->k : p->m,
                p->trans_a ? p->m : p->k, 1, p->a, p->lda, p->b, p->trans_b ? 1 : p->ldb, 1, p->c,
                p->ldc);
}

static void whole(const Product *p)
{
    cblas_sgemm(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans,
                p->trans_b ? CblasTrans : CblasNoTrans, p->m, p->n, p->k, 1, p->a, p->lda, p->b,
                p->ldb, p->beta, p->c, p->ldc);
}

void blas_gemm(const Product *p)
{
    prepare();
    if (p->n == 1)
        one_column(p);
    else if (p->m == 1)
        one_row(p);
    else
        whole(p);
}

void gemm(int trans_a, int trans_b, int m, int n, int k, const float *a, int lda, const float *b,
          int ldb, float beta, float *c, int ldc)
{
    Product p = {trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc};
    assert(m >= 0 && n >= 0 && k >= 0);
    if (m == 0 || n == 0) return;
    if (k == 0)
        for (int i = 0; i < m; i++) scale_column(n, beta, c + (size_t)i * (size_t)ldc, 1);
    else if (n == 1 || !tile_gemm(&p)) /* a tile of one column would be mostly empty */
        blas_gemm(&p);
}

static int cpu_has_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
#else
    return 0;
#endif
}

void gemm_startup(char **argv)
{
    char self[4096];
    prepare();
    /* RELMAS_BLAS is set before the second round, so there is no third; a user sets it to keep
     * the kernel as it is. */
    if (getenv("RELMAS_BLAS") || !cpu_has_avx512() || kernel_is_avx512()) return;
    /* The real path, not /proc/self/exe itself, or ps would call the program "exe". */
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0 || setenv("OPENBLAS_CORETYPE", "SkylakeX", 1) != 0) return;
    if (setenv("RELMAS_BLAS", "avx512", 1) != 0) return;
    self[n] = 0;
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* so that no idle workers are started at load time */
    execv(self, argv);                      /* returns only on failure: go on as we are */
}
