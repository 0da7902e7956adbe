/* test_replay.c -- the ring against a plain list of everything that ever happened. */
#include "tests/support.h"

#include "base/mem.h"
#include "rl/dqn.h"

#include <math.h>
#include <string.h>

/* obs: a number that names the moment; both actions valid */
static const EnvSpec SPEC = {2, 0, 1, 3, 2};

enum { LANES = 3, HISTORY = 4000 };
enum { GOES_ON, ENDS, CUT };

typedef struct Event { /* a decision, or the final observation of an episode that was cut */
    float id;
    int action, demo, how;
    double reward, elapsed;
    bool boundary;
} Event;

typedef struct History {
    int n[LANES];
    Event event[LANES][HISTORY];
} History;

typedef struct Item { /* one transition as the ring gives it */
    float obs[3], next[3], ret, discount;
    int action, demo;
} Item;

static bool take(const Replay *r, int lane, int age, int n_step, double tau, Item *it)
{
    ReplayBatch b = {it->obs, it->next, &it->action, &it->demo, &it->ret, &it->discount};
    ReplayPick pick;
    if (!replay_pick(r, lane, age, n_step, &pick)) return false;
    replay_gather(r, &pick, 0, 1, tau, &b);
    return replay_demo(r, &pick) == it->demo;
}

/* What the list says the transition at index i is; false if it cannot be known yet. */
static bool reference(const History *h, int lane, int i, int n_step, double tau, Item *it)
{
    const Event *e = h->event[lane];
    double ret = 0, time = 0;
    int j = i;

    if (e[i].boundary) return false;
    memset(it, 0, sizeof *it);
    it->obs[0] = e[i].id;
    it->action = e[i].action;
    it->demo = e[i].demo;
    for (; j < i + n_step && !e[j].boundary; j++) {
        ret += exp(-time / tau) * e[j].reward;
        time += e[j].elapsed;
        if (e[j].how == ENDS) break;
        if (j + 1 >= h->n[lane]) return false;
    }
    it->ret = (float)ret;
    if (j < i + n_step && e[j].how == ENDS) return true; /* nothing after it */
    it->next[0] = e[j].id;
    it->discount = (float)exp(-time / tau);
    return true;
}

static void record(History *h, Replay *r, int lane, Rng *rng, float *id)
{
    Event e = { *id += 1, (int)rng_below(rng, 2), (int)rng_below(rng, 3) - 1,
                GOES_ON,  rng_normal(rng),        rng_exponential(rng, 1),
                false};
    uint32_t u = rng_below(rng, 20);
    e.how = u == 0 ? ENDS : u <= 2 ? CUT : GOES_ON;
    float obs[3] = {e.id, 1, 1}, final[3] = {e.id + 0.5f, 1, 1};
    ReplayStep s = {obs, e.action, e.demo, e.reward, e.elapsed, e.how == ENDS, e.how == CUT, final};
    e.reward = (double)(float)e.reward; /* as stored */
    e.elapsed = (double)(float)e.elapsed;

    replay_push(r, lane, &s);
    h->event[lane][h->n[lane]++] = e;
    if (e.how == CUT) h->event[lane][h->n[lane]++] = (Event){.id = final[0], .boundary = true};
}

static bool same(const Item *a, const Item *b)
{
    return a->obs[0] == b->obs[0] && a->next[0] == b->next[0] && a->action == b->action &&
           a->demo == b->demo && fabsf(a->ret - b->ret) < 1e-5f &&
           fabsf(a->discount - b->discount) < 1e-6f;
}

/* Every entry of every lane: sampled if and only if the list knows it, and then the same. */
static int compare_all(const Replay *r, const History *h, int capacity, int n_step, double tau)
{
    int known = 0;
    for (int l = 0; l < LANES; l++) {
        for (int age = 0; age < capacity + 2; age++) {
            Item got, want;
            int i = h->n[l] - 1 - age;
            bool can = take(r, l, age, n_step, tau, &got);
            bool should = i >= 0 && age < capacity && reference(h, l, i, n_step, tau, &want);
            if (can != should || (can && !same(&got, &want))) /* asserting each would be slow */
                ck_abort_msg("lane %d age %d: sampled %d, known %d, return %g", l, age, can, should,
                             can ? (double)got.ret : 0.0);
            known += can;
        }
    }
    return known;
}

START_TEST(transitions_are_those_of_a_plain_list)
{
    static History h;
    Rng rng;
    Replay *r;
    Err err = {0};
    float id = 0;
    int known = 0, n_step = 1 + _i % 5, capacity = 7 + 13 * (_i % 4);

    rng_seed(&rng, 40, (uint64_t)_i);
    memset(&h, 0, sizeof h);
    ck_ok(replay_create(&r, &SPEC, LANES, capacity, &err), err);
    for (int k = 0; k < 400; k++) {
        record(&h, r, (int)rng_below(&rng, LANES), &rng, &id);
        if (k % 7 == 0) known += compare_all(r, &h, capacity, n_step, _i % 3 ? 2.5 : HUGE_VAL);
        ck_ok(replay_check(r, &err), err);
    }
    ck_assert_int_gt(known, 500); /* the comparison was not empty */
    replay_destroy(r);
}
END_TEST

START_TEST(sampling_is_uniform_over_what_is_known)
{
    static History h;
    static int seen[LANES][40];
    enum { DRAWS = 60000, CAPACITY = 40 };
    Rng rng;
    Replay *r;
    Err err = {0};
    float id = 0;

    rng_seed(&rng, 41, 0);
    memset(&h, 0, sizeof h);
    memset(seen, 0, sizeof seen);
    ck_ok(replay_create(&r, &SPEC, LANES, CAPACITY, &err), err);
    for (int k = 0; k < 75; k++) record(&h, r, k % 5 ? k % 2 : 2, &rng, &id); /* lanes differ */
    ck_assert(replay_ready(r, 3));
    int known = compare_all(r, &h, CAPACITY, 3, 2);
    for (int k = 0; k < DRAWS; k++) {
        Item it;
        ReplayBatch b = {it.obs, it.next, &it.action, &it.demo, &it.ret, &it.discount};
        ReplayPick pick;
        replay_draw(r, 1, 3, &rng, &pick);
        replay_gather(r, &pick, 0, 1, 2, &b);
        for (int l = 0; l < LANES; l++)
            for (int age = 0; age < CAPACITY && age < h.n[l]; age++)
                seen[l][age] += h.event[l][h.n[l] - 1 - age].id == it.obs[0];
    }
    double mean = (double)DRAWS / known;
    int hit = 0;
    for (int l = 0; l < LANES; l++)
        for (int age = 0; age < CAPACITY; age++) {
            Item it;
            bool can = take(r, l, age, 3, 2, &it);
            if (can)
                ck_assert_double_eq_tol(seen[l][age], mean, 5 * sqrt(mean));
            else
                ck_assert_int_eq(seen[l][age], 0);
            hit += can;
        }
    ck_assert_int_eq(hit, known);
    replay_destroy(r);
}
END_TEST

START_TEST(not_ready_until_every_lane_holds_a_transition)
{
    Replay *r;
    Err err = {0};
    float obs[3] = {0, 1, 1};
    ReplayStep s = {.obs = obs, .demo = -1};

    ck_ok(replay_create(&r, &SPEC, 2, 10, &err), err);
    for (int i = 0; i < 5; i++) replay_push(r, 0, &s);
    ck_assert(!replay_ready(r, 3));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(replay_ready(r, 3), 0);
        replay_push(r, 1, &s);
    }
    ck_assert(replay_ready(r, 3));
    ck_assert_uint_eq(replay_steps(r), 10);
    replay_destroy(r);
}
END_TEST

/* Flip one stored array element at a time to something impossible. */
START_TEST(damage_is_found)
{
    static const struct {
        const char *path;
        double value;
    } damage[] = {{"/replay/action", 2},   {"/replay/action", -1},       {"/replay/demo", 7},
                  {"/replay/flags", 3},    {"/replay/flags", 4},         {"/replay/flags", 2},
                  {"/replay/elapsed", -1}, {"/replay/reward", HUGE_VAL}, {"/replay/obs", 0x7c00},
                  {"/replay/obs", 0xfe00}, {"/replay/mask", 1},          {"/replay/mask", 7}};
    StateList list = {0};
    Replay *r;
    Err err = {0};
    float obs[3] = {0, 1, 1};
    ReplayStep s = {.obs = obs, .action = 1, .demo = -1};

    ck_ok(replay_create(&r, &SPEC, 1, 4, &err), err);
    for (int i = 0; i < 6; i++) replay_push(r, 0, &s);
    replay_state(r, &list);
    for (size_t k = 0; k < sizeof damage / sizeof *damage; k++) {
        for (int f = 0; f < list.n; f++) {
            StateField *field = &list.field[f];
            if (strcmp(field->path, damage[k].path) != 0) continue;
            char keep[16];
            size_t size = state_type_bytes(field->type), at = 1;
            char *p = (char *)field->data + at * size;
            memcpy(keep, p, size);
            if (field->type == STATE_I32)
                *(int32_t *)(void *)p = (int32_t)damage[k].value;
            else if (field->type == STATE_U16)
                *(uint16_t *)(void *)p = (uint16_t)damage[k].value;
            else if (field->type == STATE_U8)
                *(uint8_t *)p = (uint8_t)damage[k].value;
            else
                *(float *)(void *)p = (float)damage[k].value;
            ck_assert_msg(replay_check(r, NULL) == ST_FORMAT, "%s := %g", damage[k].path,
                          damage[k].value);
            memcpy(p, keep, size);
        }
        ck_ok(replay_check(r, &err), err);
    }
    replay_destroy(r);
}
END_TEST

/* More rows than the environment says it has: they would not fit. */
START_TEST(too_many_valid_rows_are_damage)
{
    EnvSpec spec = {9, 1, 1, 19, 3};
    StateList list = {0};
    Replay *r;
    float obs[19] = {0};
    ReplayStep s = {.obs = obs, .action = 1, .demo = -1};

    ck_assert_int_eq(replay_create(&r, &spec, 1, 4, NULL), ST_OK);
    obs[11] = obs[12] = obs[18] = 1;
    replay_push(r, 0, &s);
    ck_assert_int_eq(replay_check(r, NULL), ST_OK);
    replay_state(r, &list);
    for (int f = 0; f < list.n; f++)
        if (strcmp(list.field[f].path, "/replay/mask") == 0) *(uint8_t *)list.field[f].data |= 0xf0;
    ck_assert_int_eq(replay_check(r, NULL), ST_FORMAT);
    replay_destroy(r);
}
END_TEST

/* A random observation; in the rows of forbidden actions stands what must never be seen. */
static void random_obs(const EnvSpec *spec, Rng *rng, float *obs)
{
    float *mask = obs + spec->obs_floats - spec->n_actions;
    for (int i = 0; i < spec->obs_floats; i++)
        obs[i] = (float)((2 * rng_uniform(rng) - 1) * exp2(30 * rng_uniform(rng) - 20));
    for (int a = 0; a < spec->n_actions; a++) mask[a] = 0;
    mask[rng_below(rng, (uint32_t)spec->n_actions)] = 1;
    for (int k = 1; k < spec->max_valid; k++)
        if (rng_below(rng, 4) > 0) mask[rng_below(rng, (uint32_t)spec->n_actions)] = 1;
    for (int a = 0; a < spec->n_actions; a++)
        for (int f = 0; f < spec->row_features && mask[a] == 0; f++)
            obs[a * spec->row_features + f] = NAN;
}

static void check_rounded(const EnvSpec *spec, const float *obs, const float *back)
{
    int F = spec->row_features, mask = spec->obs_floats - spec->n_actions;
    for (int i = 0; i < spec->obs_floats; i++) {
        bool forbidden = i < spec->n_actions * F && !(obs[mask + i / F] > 0);
        double want = forbidden ? 0 : (double)obs[i], size = fabs(want);
        double bound = i >= mask || forbidden ? 0 : fmax(size * 0x1p-11, 0x1p-25);
        if (!(fabs((double)back[i] - want) <= bound))
            ck_abort_msg("%d: %g comes back as %g", i, want, (double)back[i]);
    }
}

START_TEST(observations_come_back_rounded_and_masked)
{
    enum { STEPS = 50, MOST = 1024 };
    static float obs[STEPS][MOST], back[2][MOST];
    Replay *r;
    Rng rng;
    Err err = {0};

    rng_seed(&rng, 43, (uint64_t)_i);
    int actions = 1 + (int)rng_below(&rng, 20), F = (int)rng_below(&rng, 40), G = 1 + _i % 25;
    EnvSpec spec = {actions, F, G, actions * (F + 1) + G,
                    1 + (int)rng_below(&rng, (uint32_t)actions)};
    ck_assert_int_le(spec.obs_floats, MOST);
    ck_ok(replay_create(&r, &spec, 1, STEPS, &err), err);
    for (int k = 0; k < STEPS; k++) random_obs(&spec, &rng, obs[k]);
    for (int k = 0; k < STEPS; k++) {
        int action = 0;
        while (!(obs[k][spec.obs_floats - actions + action] > 0)) action++;
        replay_push(r, 0, &(ReplayStep){.obs = obs[k], .action = action, .demo = action});
    }
    ck_ok(replay_check(r, &err), err);
    for (int k = 0; k + 3 < STEPS; k++) {
        ReplayPick pick;
        int action, demo;
        float ret, discount;
        memset(back, 0xff, sizeof back);
        ck_assert(replay_pick(r, 0, STEPS - 1 - k, 3, &pick));
        replay_gather(r, &pick, 0, 1, 1,
                      &(ReplayBatch){back[0], back[1], &action, &demo, &ret, &discount});
        check_rounded(&spec, obs[k], back[0]);
        check_rounded(&spec, obs[k + 3], back[1]);
    }
    replay_destroy(r);
}
END_TEST

/* What rounding costs: the values that are learned belong to observations whose features, within +-1,
 * are off by 2^-12 at most: 1e-4 in the mean square, 2e-4 of how much features differ. A network is
 * about as smooth as that: values move by less than a thousandth of how much they differ between
 * observations, in the mean square. */
START_TEST(values_of_stored_observations_are_those_seen)
{
    enum { STATES = 200, ROW = 35, GLOBAL = 25, ACTIONS = 3, WIDTH = ACTIONS * (ROW + 1) + GLOBAL };
    static float seen[STATES][WIDTH], stored[STATES][WIDTH], next[STATES][WIDTH];
    static int action[STATES], demo[STATES];
    static float ret[STATES], discount[STATES];
    static ReplayPick pick[STATES];
    EnvSpec spec = {ACTIONS, ROW, GLOBAL, WIDTH, ACTIONS};
    ReplayBatch batch = {stored[0], next[0], action, demo, ret, discount};
    DqnConfig c = dqn_defaults(); /* of the default's size */
    double sum = 0, squares = 0, error = 0;
    QBatch a, b;
    Replay *r;
    Dqn *d;
    Rng rng;

    rng_seed(&rng, 44, (uint64_t)_i);
    ck_assert_int_eq(replay_create(&r, &spec, 1, STATES + 1, NULL), ST_OK);
    ck_assert_int_eq(dqn_create(&d, &c, &spec, (uint64_t)_i, NULL), ST_OK);
    ck_assert_int_eq(qbatch_create(&a, dqn_net(d), STATES, NULL), ST_OK);
    ck_assert_int_eq(qbatch_create(&b, dqn_net(d), STATES, NULL), ST_OK);
    for (int k = 0; k < STATES; k++) {
        for (int i = 0; i < WIDTH; i++)
            seen[k][i] = i < WIDTH - ACTIONS ? (float)(2 * rng_uniform(&rng) - 1) : 1;
        replay_push(r, 0, &(ReplayStep){.obs = seen[k], .demo = -1, .terminated = true});
        ck_assert(replay_pick(r, 0, 0, 1, &pick[k]));
    }
    replay_gather(r, pick, 0, STATES, 1, &batch);
    qbatch_load(&a, dqn_net(d), seen[0], STATES);
    qbatch_load(&b, dqn_net(d), stored[0], STATES);
    qnet_infer(dqn_net(d), dqn_weights(d, DQN_ONLINE), &a);
    qnet_infer(dqn_net(d), dqn_weights(d, DQN_ONLINE), &b);
    for (int p = 0; p < a.pairs; p++) {
        sum += (double)a.q[p] / a.pairs;
        squares += (double)a.q[p] * (double)a.q[p] / a.pairs;
        error += pow((double)a.q[p] - (double)b.q[p], 2) / a.pairs;
    }
    ck_assert_msg(error > 0 && sqrt(error) < 1e-3 * sqrt(squares - sum * sum), "%g of %g",
                  sqrt(error), sqrt(squares - sum * sum));
    qbatch_free(&a);
    qbatch_free(&b);
    dqn_destroy(d);
    replay_destroy(r);
}
END_TEST

/* Of the default system: 6 SAs of two types under list scheduling, of which 3 are valid at most. */
START_TEST(a_step_takes_as_little_memory_as_stated)
{
    enum { STEPS = 1000 };
    static const EnvSpec DEFAULT = {6, 35, 25, 6 * (35 + 1) + 25, 3};
    size_t bytes = 0;
    StateList list = {0};
    Replay *r;

    ck_assert_int_eq(replay_create(&r, &DEFAULT, 1, STEPS, NULL), ST_OK);
    replay_state(r, &list);
    for (int i = 0; i < list.n; i++) {
        const StateField *f = &list.field[i];
        bytes += f->dims[0] * f->dims[1] * state_type_bytes(f->type);
    }
    ck_assert_uint_eq(bytes, STEPS * (2 * (25 + 3 * 35) + 1 + 17) + sizeof(uint64_t));
    ck_assert_uint_le(bytes, STEPS * 280); /* one million in 280 MB */
    replay_destroy(r);
}
END_TEST

START_TEST(create_reports_every_allocation_failure)
{
    Replay *r;
    ck_every_allocation_failure(replay_create(&r, &SPEC, 2, 5, NULL), replay_destroy(r));
}
END_TEST

START_TEST(no_room_is_refused)
{
    Replay *r;
    ck_assert_int_eq(replay_create(&r, &SPEC, 0, 5, NULL), ST_CONFIG);
    ck_assert_int_eq(replay_create(&r, &SPEC, 2, 1, NULL), ST_CONFIG);
    ck_assert_ptr_null(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("replay");
    TCase *tc = new_case("replay", 60);
    tcase_add_loop_test(tc, transitions_are_those_of_a_plain_list, 0, 24);
    tcase_add_test(tc, sampling_is_uniform_over_what_is_known);
    tcase_add_test(tc, not_ready_until_every_lane_holds_a_transition);
    tcase_add_test(tc, damage_is_found);
    tcase_add_test(tc, too_many_valid_rows_are_damage);
    tcase_add_loop_test(tc, observations_come_back_rounded_and_masked, 0, 30);
    tcase_add_loop_test(tc, values_of_stored_observations_are_those_seen, 0, 5);
    tcase_add_test(tc, a_step_takes_as_little_memory_as_stated);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    tcase_add_test(tc, no_room_is_refused);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
