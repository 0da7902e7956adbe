/* test_priority.c -- prioritised replay: who can be drawn, how often, with which weight. */
#include "tests/support.h"

#include "base/mem.h"
#include "rl/dqn.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const EnvSpec SPEC = {2, 0, 1, 3, 2}; /* obs: a number; both actions valid */

enum { LANES = 3, CAPACITY = 23, N_STEP = 3, SLOTS = LANES * CAPACITY };

static Replay *create(double alpha)
{
    Replay *r;
    Err err = {0};
    ck_ok(replay_create(&r, &SPEC, LANES, CAPACITY, &err), err);
    ck_ok(replay_prioritise(r, N_STEP, alpha, &err), err);
    return r;
}

static void push(Replay *r, int lane, Rng *rng)
{
    float obs[3] = {(float)rng_uniform(rng), 1, 1};
    uint32_t how = rng_below(rng, 20);
    replay_push(r, lane,
                &(ReplayStep){.obs = obs,
                              .demo = -1,
                              .reward = rng_normal(rng),
                              .elapsed = 1,
                              .terminated = how == 0,
                              .truncated = how == 1,
                              .final_obs = obs});
}

static void fill(Replay *r, Rng *rng, int pushes)
{
    for (int k = 0; k < pushes; k++) push(r, (int)rng_below(rng, LANES), rng);
}

static void *field(Replay *r, const char *path)
{
    StateList list = {0};
    replay_state(r, &list);
    for (int i = 0; i < list.n; i++)
        if (strcmp(list.field[i].path, path) == 0) return list.field[i].data;
    ck_abort_msg("no %s", path);
    return NULL;
}

/* p of all slots, lane by lane. */
static double *priorities(Replay *r)
{
    return field(r, "/replay/priority");
}

static size_t slot_of(const ReplayPick *pick)
{
    return (size_t)pick->lane * CAPACITY + (size_t)(pick->push % CAPACITY);
}

/* Of every slot: whether uniform sampling could draw it. */
static void drawable_slots(const Replay *r, bool can[SLOTS])
{
    ReplayPick pick;
    memset(can, 0, SLOTS * sizeof *can);
    for (int l = 0; l < LANES; l++)
        for (int age = 0; age < CAPACITY; age++)
            if (replay_pick(r, l, age, N_STEP, &pick)) can[slot_of(&pick)] = true;
}

/* The newest transition of a lane that can be drawn. */
static ReplayPick newest(const Replay *r, int lane)
{
    ReplayPick pick;
    for (int age = 0; age < CAPACITY; age++)
        if (replay_pick(r, lane, age, N_STEP, &pick)) return pick;
    ck_abort_msg("nothing can be drawn from lane %d", lane);
    return pick;
}

static float random_error(Rng *rng)
{
    return (float)(rng_normal(rng) * exp2(4 * rng_uniform(rng) - 3));
}

/* Draws a batch and reports errors for it. */
static void learn(Replay *r, Rng *rng)
{
    ReplayPick pick[8];
    float weight[8], error[8];
    replay_draw_by_priority(r, 8, 0.5, rng, pick, weight);
    for (int b = 0; b < 8; b++) error[b] = random_error(rng);
    replay_learnt(r, pick, 8, error);
}

START_TEST(what_uniform_sampling_can_draw_has_a_priority)
{
    Replay *r = create(0.6);
    bool can[SLOTS];
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 70, (uint64_t)_i);
    fill(r, &rng, 60);
    for (int round = 0; round < 300; round++) {
        fill(r, &rng, (int)rng_below(&rng, 90)); /* up to more than a lap between two draws */
        if (round % 3) learn(r, &rng);
        drawable_slots(r, can);
        const double *p = priorities(r);
        for (size_t s = 0; s < SLOTS; s++)
            if ((p[s] > 0) != can[s]) ck_abort_msg("slot %zu: %d, priority %g", s, can[s], p[s]);
        ck_ok(replay_check(r, &err), err);
    }
    replay_destroy(r);
}
END_TEST

START_TEST(what_is_new_has_the_largest_priority)
{
    Replay *r = create(0.5);
    bool before[SLOTS], after[SLOTS];
    ReplayPick pick;
    Rng rng;

    rng_seed(&rng, 71, 0);
    fill(r, &rng, 40);
    drawable_slots(r, before);
    for (size_t s = 0; s < SLOTS; s++) ck_assert(priorities(r)[s] == before[s]); /* 1 at first */
    pick = newest(r, 1);
    replay_learnt(r, &pick, 1, (float[]){-16});
    replay_learnt(r, &pick, 1, (float[]){0.25f}); /* the largest ever, not the largest now */
    double top = sqrt(16 + 1e-6);
    ck_assert_double_eq_tol(priorities(r)[slot_of(&pick)], sqrt(0.25 + 1e-6), 1e-12);
    fill(r, &rng, 12);
    drawable_slots(r, after);
    for (size_t s = 0; s < SLOTS; s++)
        if (after[s] && !before[s]) ck_assert_double_eq_tol(priorities(r)[s], top, 1e-12);
    replay_destroy(r);
}
END_TEST

/* Chi-square: with so many drawable slots less one degrees of freedom, mean k and deviation
 * sqrt(2k); 4 deviations are passed by chance once in 10^4, and the seed is fixed. Draws of one are
 * independent. Draws of many spread evenly over the total: no slot is off by more than the two parts
 * of the total that it shares with its neighbours. */
START_TEST(draws_are_proportional_to_the_error_to_the_alpha)
{
    enum { DRAWS = 65536 };
    static ReplayPick pick[DRAWS];
    static float weight[DRAWS];
    static long one[SLOTS], many[SLOTS];
    double alpha = 0.4 + 0.3 * _i, error[SLOTS] = {0}, total = 0, chi2 = 0;
    Replay *r = create(alpha);
    bool can[SLOTS];
    int kinds = 0;
    Rng rng;

    rng_seed(&rng, 72, (uint64_t)_i);
    memset(one, 0, sizeof one);
    memset(many, 0, sizeof many);
    fill(r, &rng, 200);
    drawable_slots(r, can);
    for (int l = 0; l < LANES; l++)
        for (int age = 0; age < CAPACITY; age++) {
            ReplayPick p;
            if (!replay_pick(r, l, age, N_STEP, &p)) continue;
            float e = random_error(&rng);
            replay_draw_by_priority(r, 1, 0, &rng, pick, weight); /* takes in what is new */
            replay_learnt(r, &p, 1, &e);
            error[slot_of(&p)] = fabs((double)e) + 1e-6;
        }
    for (size_t s = 0; s < SLOTS; s++) total += can[s] ? pow(error[s], alpha) : 0;

    for (int k = 0; k < DRAWS; k++) {
        replay_draw_by_priority(r, 1, 0, &rng, pick, weight);
        one[slot_of(pick)]++;
    }
    replay_draw_by_priority(r, DRAWS, 0, &rng, pick, weight);
    for (int k = 0; k < DRAWS; k++) many[slot_of(&pick[k])]++;
    for (size_t s = 0; s < SLOTS; s++) {
        double want = can[s] ? DRAWS * pow(error[s], alpha) / total : 0;
        ck_assert_double_le(fabs((double)many[s] - want), can[s] ? 2 : 0);
        if (!can[s]) ck_assert_int_eq(one[s], 0);
        if (can[s]) chi2 += pow((double)one[s] - want, 2) / want;
        kinds += can[s];
    }
    ck_assert_int_gt(kinds, 30);
    ck_assert_double_lt(chi2, kinds - 1 + 4 * sqrt(2.0 * (kinds - 1)));
    replay_destroy(r);
}
END_TEST

START_TEST(weights_are_their_formula)
{
    enum { B = 32 };
    ReplayPick pick[B];
    float weight[B];
    double beta = 0.25 * _i, total = 0, N = 0, largest = 0, want[B];
    Replay *r = create(0.7);
    Rng rng;

    rng_seed(&rng, 73, (uint64_t)_i);
    fill(r, &rng, 150);
    for (int k = 0; k < 30; k++) learn(r, &rng);
    const double *p = priorities(r);
    for (size_t s = 0; s < SLOTS; s++) {
        total += p[s];
        N += p[s] > 0;
    }
    replay_draw_by_priority(r, B, beta, &rng, pick, weight);
    for (int b = 0; b < B; b++) {
        want[b] = pow(N * p[slot_of(&pick[b])] / total, -beta);
        largest = fmax(largest, want[b]);
    }
    for (int b = 0; b < B; b++) ck_assert_double_eq_tol((double)weight[b], want[b] / largest, 1e-6);
    replay_destroy(r);
}
END_TEST

/* Of several draws of one transition the last counts; what was overwritten meanwhile keeps the
 * priority of its successor; and an error that is not finite is a large one. */
START_TEST(reports_are_taken_in_order)
{
    Replay *r = create(1);
    ReplayPick a, gone;
    float weight;
    Rng rng;

    rng_seed(&rng, 74, 0);
    fill(r, &rng, 100);
    replay_draw_by_priority(r, 1, 0, &rng, &gone, &weight); /* takes in what is new */
    a = newest(r, 0);
    replay_learnt(r, (ReplayPick[]){a, a, a}, 3, (float[]){5, 1, 2});
    ck_assert_double_eq_tol(priorities(r)[slot_of(&a)], 2 + 1e-6, 1e-12);

    gone = a;
    for (int k = 0; k < CAPACITY; k++) push(r, 0, &rng);
    double before = priorities(r)[slot_of(&gone)];
    replay_learnt(r, &gone, 1, (float[]){77});
    ck_assert(priorities(r)[slot_of(&gone)] == before);

    a = newest(r, 2);
    replay_learnt(r, (ReplayPick[]){a, a}, 2, (float[]){INFINITY, NAN});
    ck_assert_double_eq_tol(priorities(r)[slot_of(&a)], (double)FLT_MAX, 1e30);
    replay_destroy(r);
}
END_TEST

static double huber(double x)
{
    return fabs(x) <= 0.5 ? x * x / 2 : 0.5 * (fabs(x) - 0.25); /* delta 0.5 */
}

/* The learner weights its Huber losses and reports its errors: what it says of an update follows from
 * the priorities that it leaves behind, as all draws of one transition have one error. */
START_TEST(an_update_is_weighted_and_sets_priorities)
{
    enum { B = 24 };
    DqnConfig c = dqn_defaults();
    ReplayPick pick[B];
    float weight[B];
    double loss = 0, error = 0;
    Replay *r = create(0.7);
    StateList list = {0};
    Pool *pool;
    Dqn *d;
    DqnStats s;
    Rng rng;
    Err err = {0};

    c.batch = B;
    c.n_step = N_STEP;
    c.shards = 3;
    c.hidden = (ConfigInts){1, {16}};
    c.demo_weight = 0;
    c.huber_delta = 0.5;
    c.priority_alpha = 0.7;
    c.priority_beta = 0.4;
    c.total_updates = 6;
    rng_seed(&rng, 77, 0);
    fill(r, &rng, 150);
    ck_ok(pool_create(&pool, 2, &err), err);
    ck_ok(dqn_create(&d, &c, &SPEC, 3, &err), err);
    dqn_state(d, &list);
    for (int update = 0; update < 9; update++) {
        double beta = update < 6 ? 0.4 + 0.6 * update / 6 : 1;
        for (int i = 0; i < list.n; i++)
            if (strcmp(list.field[i].path, "/rng/learner") == 0)
                rng = *(const Rng *)list.field[i].data; /* the batch that it will draw */
        replay_draw_by_priority(r, B, beta, &rng, pick, weight);
        dqn_update(d, r, pool, &s);
        loss = error = 0;
        for (int b = 0; b < B; b++) {
            double e = pow(priorities(r)[slot_of(&pick[b])], 1 / 0.7) - 1e-6;
            error += e / B;
            loss += (double)weight[b] * huber(e) / B;
        }
        ck_assert_double_eq_tol(s.td_error, error, 1e-6);
        ck_assert_double_eq_tol(s.loss, loss, 1e-6);
        ck_assert_double_gt(error, 0.001);
    }
    dqn_destroy(d);
    pool_destroy(pool);
    replay_destroy(r);
}
END_TEST

static void copy_state(Replay *to, Replay *from)
{
    StateList a = {0}, b = {0};
    Err err = {0};
    replay_state(from, &a);
    replay_state(to, &b);
    ck_assert_int_eq(a.n, b.n);
    for (int i = 0; i < a.n; i++) {
        const StateField *f = &a.field[i];
        ck_assert_str_eq(f->path, b.field[i].path);
        memcpy(b.field[i].data, f->data, f->dims[0] * f->dims[1] * state_type_bytes(f->type));
    }
    ck_ok(replay_check(to, &err), err);
}

/* Saved at any moment: the same draws, weights and priorities ever after. */
START_TEST(a_loaded_replay_goes_on_as_the_saved_one)
{
    Replay *a = create(0.6), *b = create(0.6);
    Rng rng, twin;

    rng_seed(&rng, 75, (uint64_t)_i);
    fill(a, &rng, 30 + 7 * _i);
    for (int k = 0; k < _i; k++) {
        fill(a, &rng, 5);
        learn(a, &rng);
    }
    fill(a, &rng, _i % 4);
    copy_state(b, a);
    twin = rng;
    for (int round = 0; round < 40; round++) {
        fill(a, &rng, 6);
        fill(b, &twin, 6);
        learn(a, &rng);
        learn(b, &twin);
        ck_assert_mem_eq(&rng, &twin, sizeof rng);
    }
    ck_assert_mem_eq(priorities(a), priorities(b), SLOTS * sizeof(double));
    replay_destroy(a);
    replay_destroy(b);
}
END_TEST

START_TEST(damaged_priorities_are_found)
{
    static const double damage[] = {-1, NAN, INFINITY, 1e9};
    Replay *r = create(0.6);
    bool can[SLOTS];
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 76, 0);
    fill(r, &rng, 100);
    learn(r, &rng);
    drawable_slots(r, can);
    double *p = priorities(r), *top = field(r, "/replay/top_priority");
    for (size_t s = 0; s < SLOTS; s++) {
        double keep = p[s];
        for (size_t k = 0; k < sizeof damage / sizeof *damage; k++) {
            p[s] = damage[k];
            ck_assert_int_eq(replay_check(r, NULL), ST_FORMAT);
        }
        p[s] = can[s] ? 0 : 0.5;
        ck_assert_int_eq(replay_check(r, NULL), ST_FORMAT);
        p[s] = keep;
    }
    double keep = *top;
    for (size_t k = 0; k < 3; k++) {
        *top = damage[k];
        ck_assert_int_eq(replay_check(r, NULL), ST_FORMAT);
    }
    *top = keep;
    ck_ok(replay_check(r, &err), err);
    replay_destroy(r);
}
END_TEST

static Status create_prioritised(Replay **out)
{
    Status st = replay_create(out, &SPEC, LANES, CAPACITY, NULL);
    if (st == ST_OK && (st = replay_prioritise(*out, N_STEP, 0.6, NULL)) != ST_OK) {
        replay_destroy(*out);
        *out = NULL;
    }
    return st;
}

START_TEST(create_reports_every_allocation_failure)
{
    Replay *r;
    ck_every_allocation_failure(create_prioritised(&r), replay_destroy(r));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("priority");
    TCase *tc = new_case("priority", 60);
    tcase_add_loop_test(tc, what_uniform_sampling_can_draw_has_a_priority, 0, 8);
    tcase_add_test(tc, what_is_new_has_the_largest_priority);
    tcase_add_loop_test(tc, draws_are_proportional_to_the_error_to_the_alpha, 0, 3);
    tcase_add_loop_test(tc, weights_are_their_formula, 0, 5);
    tcase_add_test(tc, reports_are_taken_in_order);
    tcase_add_test(tc, an_update_is_weighted_and_sets_priorities);
    tcase_add_loop_test(tc, a_loaded_replay_goes_on_as_the_saved_one, 0, 20);
    tcase_add_test(tc, damaged_priorities_are_found);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
