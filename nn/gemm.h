/* gemm.h -- the only door to BLAS. Row-major float32. One OpenBLAS thread per call: the program
 * makes its own parallelism by cutting batches, so results do not depend on the thread count. */
#ifndef RELMAS_NN_GEMM_H
#define RELMAS_NN_GEMM_H

/* C[m,n] = op(A) op(B) + beta C; op is transpose when the flag is set (then A is stored [k,m], B
 * [n,k]); lda, ldb, ldc are row strides. beta 0 never reads C. The same shapes and inputs give the
 * same bits under the same kernel; the same row in a batch of another size may not.
 * Fast for products of a few to a few hundred rows whose B is not transposed; n == 1 and CPUs without
 * fused multiply-add are OpenBLAS's. */
void gemm(int trans_a, int trans_b, int m, int n, int k, const float *a, int lda, const float *b,
          int ldb, float beta, float *c, int ldc);

/* Call first in main(). OpenBLAS reads OPENBLAS_CORETYPE when it is loaded, and with old releases or
 * a stale setting takes AVX2 kernels, half as fast, on AVX-512 cores: if the CPU has AVX-512 and the
 * loaded kernel is another one, sets the variable to SkylakeX and executes the program again (argv
 * as given). RELMAS_BLAS set to anything keeps the kernel as it is. Also holds OpenBLAS to one
 * thread. Returns when nothing is to be done; never fails. */
void gemm_startup(char **argv);
const char *gemm_kernel(void); /* name of the core type OpenBLAS runs, e.g. "SkylakeX" */

#endif
