/* tile.c -- products by tiles of C that stay in registers while k runs.
 *
 * OpenBLAS copies both operands into its own order first. That pays for large matrices; ours have 8 to
 * 256 rows, and the copies take up to half of the time (tests/bench/bench_nn.c). Here a row of B is
 * read where it lies, TILE_VECTORS vectors at a time, and each element of A is spread over a vector:
 * per step of k a tile of R rows takes R + TILE_VECTORS loads and R x TILE_VECTORS multiply-adds, as
 * many as there are registers for. Only a transposed B, or its last few columns, are copied, a panel at
 * a time, to the stack. */
#include "nn/gemm_internal.h"

#include <stddef.h>

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))

#include <immintrin.h>

#ifdef __AVX512F__
typedef __m512 Vec;
enum { VEC = 16, TILE_ROWS = 12 }; /* 24 sums, 2 of B and 1 of A in 32 registers */
#define LOAD   _mm512_loadu_ps
#define STORE  _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define FMA    _mm512_fmadd_ps
#define ADD    _mm512_add_ps
#define MUL    _mm512_mul_ps
#else
typedef __m256 Vec;
enum { VEC = 8, TILE_ROWS = 6 }; /* 12 sums, 2 of B and 1 of A in 16 registers */
#define LOAD   _mm256_loadu_ps
#define STORE  _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA    _mm256_fmadd_ps
#define ADD    _mm256_add_ps
#define MUL    _mm256_mul_ps
#endif

enum {
    TILE_VECTORS = 2,
    COLUMNS = TILE_VECTORS * VEC,
    /* One row, or two, would wait for the sums before: they take wider tiles. */
    WIDE_ROWS = TILE_ROWS / 4,
    WIDE_VECTORS = 4 * TILE_VECTORS,
    AHEAD = 8,   /* rows of B: the third cache's latency */
    DEPTH = 256, /* of a panel: 32 KB on the stack with AVX-512 */
};

typedef struct Tile {
    int k;
    const float *a, *b;
    size_t a_row, a_step, b_step, c_row; /* strides: to the next row, to the next of k */
    float beta;
    float *c;
} Tile;

/* For loops over the rows of a tile: one that is not unrolled puts `sum` into memory. */
#define UNROLL_ROWS _Pragma("GCC unroll 12")
#define INLINE      static inline __attribute__((always_inline))

/* rows and vectors are constants wherever these are put in: `sum` is registers. */
INLINE void store_tile(const Tile *t, int rows, int vectors, Vec sum[TILE_ROWS][WIDE_VECTORS])
{
    float *c = t->c;
    UNROLL_ROWS
    for (int i = 0; i < rows; i++, c += t->c_row)
        for (int j = 0; j < vectors; j++) STORE(c + j * VEC, sum[i][j]);
}

INLINE void add_tile(const Tile *t, int rows, int vectors, Vec sum[TILE_ROWS][WIDE_VECTORS])
{
    Vec beta = SPREAD(t->beta);
    float *c = t->c;
    UNROLL_ROWS
    for (int i = 0; i < rows; i++, c += t->c_row)
        for (int j = 0; j < vectors; j++)
            STORE(c + j * VEC, FMA(beta, LOAD(c + j * VEC), sum[i][j]));
}

INLINE void run_tile(const Tile *t, int rows, int vectors)
{
    Vec sum[TILE_ROWS][WIDE_VECTORS];
    const float *a = t->a, *b = t->b;
    UNROLL_ROWS
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) sum[i][j] = SPREAD(0);
    for (int l = 0; l < t->k; l++, a += t->a_step, b += t->b_step) {
        Vec row[WIDE_VECTORS];
        for (int j = 0; j < vectors; j++) {
            _mm_prefetch((const char *)(b + AHEAD * t->b_step + j * VEC), _MM_HINT_T0);
            row[j] = LOAD(b + j * VEC);
        }
        UNROLL_ROWS
        for (int i = 0; i < rows; i++) {
            Vec x = SPREAD(a[(size_t)i * t->a_row]);
            for (int j = 0; j < vectors; j++) sum[i][j] = FMA(x, row[j], sum[i][j]);
        }
    }
    if (t->beta == 0)
        store_tile(t, rows, vectors, sum);
    else
        add_tile(t, rows, vectors, sum);
}

typedef void RunTile(const Tile *t);
#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##_##vectors(const Tile *t)                                             \
    {                                                                                              \
        run_tile(t, rows, vectors);                                                                \
    }
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(1, 8)
#ifdef __AVX512F__
TILE(7, 2)
TILE(8, 2)
TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2) TILE(2, 8) TILE(3, 8)
#endif

    static RunTile *const RUN[TILE_ROWS + 1] = {
        NULL,     tile_1_2, tile_2_2, tile_3_2,  tile_4_2,  tile_5_2,  tile_6_2,
#ifdef __AVX512F__
        tile_7_2, tile_8_2, tile_9_2, tile_10_2, tile_11_2, tile_12_2,
#endif
};
static RunTile *const RUN_WIDE[WIDE_ROWS + 1] = {
    NULL,
    tile_1_8,
#ifdef __AVX512F__
    tile_2_8,
    tile_3_8,
#endif
};

/* As many rows as fit, but no thin last tile. */
static int tile_rows(int left)
{
    if (left <= TILE_ROWS) return left;
    return left < 2 * TILE_ROWS ? (left + 1) / 2 : TILE_ROWS;
}

/* Rows i.. of C at columns whose B is t->b. */
static void run_rows(const Product *p, const float *a, Tile *t, float *c)
{
    for (int i = 0, rows; i < p->m; i += rows) {
        rows = tile_rows(p->m - i);
        t->a = a + (size_t)i * t->a_row;
        t->c = c + (size_t)i * t->c_row;
        RUN[rows](t);
    }
}

/* The same for the last n < COLUMNS columns, with t->b a panel whose other columns are 0. */
static void run_rows_narrow(const Product *p, const float *a, Tile *t, int n, float *c)
{
    float out[TILE_ROWS * COLUMNS], beta = t->beta;
    Tile narrow = *t;
    narrow.beta = 0;
    narrow.c = out;
    narrow.c_row = COLUMNS;
    for (int i = 0, rows; i < p->m; i += rows) {
        rows = tile_rows(p->m - i);
        narrow.a = a + (size_t)i * t->a_row;
        RUN[rows](&narrow);
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < n; j++) {
                float *at = c + (size_t)(i + r) * t->c_row + j, v = out[r * COLUMNS + j];
                *at = beta == 0 ? v : __builtin_fmaf(beta, *at, v);
            }
    }
}

/* One vector of elements 0..3 of row p and of row p + 4 ld. */
static inline __m256 load_halves(const float *p, size_t ld)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * ld),
                                1);
}

/* Elements 0..3 of eight rows of b, ld apart, become four rows of eight, COLUMNS apart. */
static inline void turn_block(const float *b, size_t ld, float *panel)
{
    __m256 r0 = load_halves(b, ld), r1 = load_halves(b + ld, ld);
    __m256 r2 = load_halves(b + 2 * ld, ld), r3 = load_halves(b + 3 * ld, ld);
    __m256 low01 = _mm256_unpacklo_ps(r0, r1), high01 = _mm256_unpackhi_ps(r0, r1);
    __m256 low23 = _mm256_unpacklo_ps(r2, r3), high23 = _mm256_unpackhi_ps(r2, r3);
    _mm256_storeu_ps(panel, _mm256_shuffle_ps(low01, low23, 0x44));
    _mm256_storeu_ps(panel + COLUMNS, _mm256_shuffle_ps(low01, low23, 0xee));
    _mm256_storeu_ps(panel + 2 * COLUMNS, _mm256_shuffle_ps(high01, high23, 0x44));
    _mm256_storeu_ps(panel + 3 * COLUMNS, _mm256_shuffle_ps(high01, high23, 0xee));
}

/* panel[k, COLUMNS] = b^T, b [COLUMNS, k] with rows ld apart, in blocks that fit into registers. */
static void turn_panel(const float *b, size_t ld, int k, float *panel)
{
    enum {
        DEEP = 4,
        WIDE = 8,
        LINE = 16
    }; /* a line of the cache is used up before the next row's */
    int l = 0;
    for (; l + LINE <= k; l += LINE)
        for (int j = 0; j < COLUMNS; j += WIDE)
            for (int i = l; i < l + LINE; i += DEEP)
                turn_block(b + (size_t)j * ld + i, ld, panel + i * COLUMNS + j);
    for (; l < k; l++)
        for (int j = 0; j < COLUMNS; j++) panel[l * COLUMNS + j] = b[(size_t)j * ld + (size_t)l];
}

/* panel[k, COLUMNS] = rows l0.. and columns j0..j0+n-1 of op(B), then zeros. */
static void fill_panel(const Product *p, int l0, int k, int j0, int n, float *panel)
{
    size_t row = p->trans_b ? 1 : (size_t)p->ldb, column = p->trans_b ? (size_t)p->ldb : 1;
    const float *b = p->b + (size_t)l0 * row + (size_t)j0 * column;
    if (p->trans_b && n == COLUMNS) {
        turn_panel(b, column, k, panel);
        return;
    }
    for (int l = 0; l < k; l++, b += row, panel += COLUMNS)
        for (int j = 0; j < COLUMNS; j++) panel[j] = j < n ? b[(size_t)j * column] : 0;
}

/* Returns the columns done: the tiles for few rows of C are wide. */
static int run_wide(const Product *p, const float *a, Tile *t, float *c)
{
    int j = 0;
    if (p->m > WIDE_ROWS || p->trans_b) return 0;
    for (; j + WIDE_VECTORS * VEC <= p->n; j += WIDE_VECTORS * VEC, t->b += WIDE_VECTORS * VEC) {
        t->a = a;
        t->c = c + j;
        RUN_WIDE[p->m](t);
    }
    return j;
}

/* The part of all sums from l0 to l0 + k - 1. */
static void add_slice(const Product *p, int l0, int k, float beta)
{
    _Alignas(64) float panel[DEPTH * COLUMNS];
    size_t a_row = p->trans_a ? 1 : (size_t)p->lda, a_step = p->trans_a ? (size_t)p->lda : 1;
    const float *a = p->a + (size_t)l0 * a_step,
                *b = p->trans_b ? NULL : p->b + (size_t)l0 * (size_t)p->ldb;
    Tile t = {.k = k,
              .b = b,
              .a_row = a_row,
              .a_step = a_step,
              .b_step = (size_t)p->ldb,
              .c_row = (size_t)p->ldc,
              .beta = beta};
    for (int j = run_wide(p, a, &t, p->c); j < p->n; j += COLUMNS) {
        int n = p->n - j < COLUMNS ? p->n - j : COLUMNS;
        t.b = p->trans_b ? NULL : b + j;
        if (p->trans_b || n < COLUMNS) {
            fill_panel(p, l0, k, j, n, panel);
            t.b = panel;
            t.b_step = COLUMNS;
        }
        if (n == COLUMNS)
            run_rows(p, a, &t, p->c + j);
        else
            run_rows_narrow(p, a, &t, n, p->c + j);
    }
}

bool tile_gemm(const Product *p)
{
    for (int l = 0; l < p->k; l += DEPTH)
        add_slice(p, l, p->k - l < DEPTH ? p->k - l : DEPTH, l == 0 ? p->beta : 1);
    return true;
}

#else

bool tile_gemm(const Product *p)
{
    (void)p;
    return false;
}

#endif
