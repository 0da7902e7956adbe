/* gemm_internal.h -- the two ways in which gemm() multiplies. */
#ifndef RELMAS_NN_GEMM_INTERNAL_H
#define RELMAS_NN_GEMM_INTERNAL_H

#include <stdbool.h>

typedef struct Product { /* C[m,n] = op(A) op(B) + beta C, as gemm() takes it; m, n, k >= 1 */
    int trans_a, trans_b, m, n, k;
    const float *a;
    int lda;
    const float *b;
    int ldb;
    float beta;
    float *c;
    int ldc;
} Product;

/* By OpenBLAS. */
void blas_gemm(const Product *p);

/* By tiles of C that stay in registers. False, and nothing done, if the program is built for a CPU
 * without the vectors for it. An element's bits depend on its row of A, its column of B, its C and
 * beta alone: neither on m nor on n, nor on the width of the CPU's vectors. */
bool tile_gemm(const Product *p);

#endif
