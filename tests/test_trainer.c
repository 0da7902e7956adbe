/* test_trainer.c -- the training loop: same bits for any number of threads and after a resume; and
 * what a free-running one keeps to. Also run under the thread sanitizer (make tsan). */
#include "tests/support.h"
#include "tests/support/toy_envs.h"

#include "rl/policy.h"
#include "rl/trainer.h"

#include <math.h>
#include <string.h>

enum { LANES = 11 }; /* not a multiple of anything */

static const ToyMdp WORLD = {
    .states = 4,
    .actions = 3,
    .rows = true,
    .random_start = true,
    .time_limit = 7,
    .has_demo = true,
    .demo = {0, 1, 2, 0},
    .move = {{{1, 0.1, 1, false}, {2, 0, 0.5, false}, {3, 9, 1, true}},
             {{0, 0, 2, false}, {TOY_END, 0.5, 1, false}, {2, -0.2, 1, false}},
             {{2, 0, 1, true}, {1, 0.3, 0.1, false}, {3, 0.7, 3, false}},
             {{0, 0.2, 1, false}, {3, 0.1, 1, false}, {TOY_END, -1, 1, false}}},
};

static TrainerConfig config(void)
{
    TrainerConfig c = trainer_defaults();
    c.dqn.hidden = (ConfigInts){2, {24, 16}};
    c.dqn.batch = 24;
    c.dqn.n_step = 3;
    c.total_decisions = 20000;
    c.round_steps = 5;
    c.decisions_per_update = 7; /* rounds and updates do not line up */
    c.learn_start = 150;
    c.replay_capacity = 600; /* wraps around */
    c.epsilon_decisions = 2000;
    c.demo_actor = 0.5;
    c.seed = 12;
    return c;
}

/* Everything about the network and the loss that a setting can change. */
static TrainerConfig full_config(void)
{
    TrainerConfig c = config();
    c.dqn.context = c.dqn.dueling = c.dqn.noisy = true;
    c.dqn.quantiles = 3;
    c.dqn.gap = 0.3;
    c.dqn.lr_schedule = LR_COSINE;
    c.dqn.lr_warmup = 20;
    c.dqn.demo_weight_final = 0.01;
    c.dqn.priority_alpha = 0.6;
    return c;
}

static Trainer *create(const TrainerConfig *c)
{
    Err err = {0};
    VecEnv *venv;
    Trainer *t;
    ck_ok(toy_venv(&venv, toy_create_mdp, &WORLD, LANES, &err), err);
    ck_ok(trainer_create(&t, c, venv, &err), err);
    return t;
}

static void run(Trainer *t, int rounds, int threads)
{
    Err err = {0};
    Pool *pool;
    ck_ok(pool_create(&pool, threads, &err), err);
    for (int i = 0; i < rounds; i++) trainer_round(t, pool);
    pool_destroy(pool);
}

static size_t bytes_of(const StateField *f)
{
    return f->dims[0] * (f->rank == 2 ? f->dims[1] : 1) * state_type_bytes(f->type);
}

static void ck_same_state(Trainer *a, Trainer *b)
{
    static StateList la, lb;
    la.n = lb.n = 0;
    trainer_state(a, &la);
    trainer_state(b, &lb);
    ck_assert_int_eq(la.n, lb.n);
    for (int i = 0; i < la.n; i++) {
        ck_assert_str_eq(la.field[i].path, lb.field[i].path);
        ck_assert_uint_eq(bytes_of(&la.field[i]), bytes_of(&lb.field[i]));
        ck_assert_msg(!memcmp(la.field[i].data, lb.field[i].data, bytes_of(&la.field[i])),
                      "%s differs", la.field[i].path);
    }
}

START_TEST(threads_do_not_change_the_bits)
{
    TrainerConfig c = _i % 2 ? full_config() : config();
    c.dqn.in_flight = 1 + _i / 2;
    c.dqn.shards = _i % 3 ? 2 : 1;
    Trainer *one = create(&c), *many = create(&c);
    run(one, 40, 1);
    run(many, 40, 2 + _i / 2);
    ck_assert_uint_gt(trainer_stats(one)->updates, 200);
    ck_same_state(one, many);
    trainer_destroy(one);
    trainer_destroy(many);
}
END_TEST

#ifdef __SANITIZE_THREAD__
enum { LONG_RUN = 100 };
#else
enum { LONG_RUN = 1500 };
#endif

/* Long, with many threads that get in each other's way, and small parts. */
START_TEST(speed_decides_nothing)
{
    TrainerConfig c = config();
    c.dqn.hidden = (ConfigInts){1, {8}};
    c.dqn.batch = 4;
    c.dqn.shards = 1;
    c.dqn.in_flight = 3 + _i;
    Trainer *one = create(&c), *many = create(&c);
    run(one, LONG_RUN, 1);
    run(many, LONG_RUN, 5);
    ck_same_state(one, many);
    trainer_destroy(one);
    trainer_destroy(many);
}
END_TEST

/* To so many decisions at once. */
static void run_to(Trainer *t, uint64_t decisions, int threads)
{
    Err err = {0};
    Pool *pool;
    ck_ok(pool_create(&pool, threads, &err), err);
    trainer_run(t, pool, decisions);
    pool_destroy(pool);
}

START_TEST(a_long_run_is_as_many_rounds)
{
    TrainerConfig c = config();
    Trainer *rounds = create(&c), *whole = create(&c);
    run(rounds, 40, 2);
    run_to(whole, 7 * LANES * 5 - 4, 3);
    run_to(whole, 7 * LANES * 5, 2); /* there already */
    run_to(whole, 39 * LANES * 5 + 1, 2);
    ck_same_state(rounds, whole);
    trainer_destroy(rounds);
    trainer_destroy(whole);
}
END_TEST

/* A round's updates are those due for the decisions before it. */
START_TEST(the_learner_is_one_round_behind)
{
    TrainerConfig c = config();
    Trainer *t = create(&c);
    for (int r = 1; r <= 12; r++) {
        uint64_t before = (uint64_t)(r - 1) * LANES * 5;
        run(t, 1, 1 + r % 3);
        const TrainerStats *s = trainer_stats(t);
        ck_assert_uint_eq(s->decisions, before + LANES * 5);
        ck_assert_uint_eq(s->updates, before < c.learn_start ? 0 : (before - c.learn_start) / 7);
    }
    trainer_destroy(t);
}
END_TEST

START_TEST(seeds_change_them)
{
    TrainerConfig c = config();
    Trainer *a = create(&c);
    c.seed++;
    Trainer *b = create(&c);
    run(a, 3, 1);
    run(b, 3, 1);
    size_t P = qnet_params(dqn_net(trainer_dqn(a))) * sizeof(float);
    ck_assert_int_ne(
        memcmp(dqn_weights(trainer_dqn(a), DQN_ONLINE), dqn_weights(trainer_dqn(b), DQN_ONLINE), P),
        0);
    trainer_destroy(a);
    trainer_destroy(b);
}
END_TEST

/* Copies every field, as a checkpoint would. */
static void copy_state(Trainer *from, Trainer *to)
{
    static StateList src, dst;
    Err err = {0};
    src.n = dst.n = 0;
    trainer_state(from, &src);
    trainer_state(to, &dst);
    for (int i = 0; i < src.n; i++)
        memcpy(dst.field[i].data, src.field[i].data, bytes_of(&src.field[i]));
    ck_ok(trainer_resumed(to, &err), err);
}

/* All that metrics.csv shows. */
static void ck_same_stats(const TrainerStats *a, const TrainerStats *b)
{
    ck_assert_uint_eq(a->decisions, b->decisions);
    ck_assert_uint_eq(a->updates, b->updates);
    ck_assert_uint_eq(a->episodes, b->episodes);
    ck_assert_uint_eq(a->skipped_updates, b->skipped_updates);
    ck_assert(a->score == b->score && a->epsilon == b->epsilon && a->lr == b->lr);
    ck_assert(a->loss == b->loss && a->td_error == b->td_error && a->q_mean == b->q_mean);
    ck_assert(a->margin_loss == b->margin_loss && a->grad_norm == b->grad_norm);
}

/* Stopped during the warm-up, right after it, and with the replay full. */
START_TEST(resuming_leaves_no_trace)
{
    static const int STOPS[] = {1, 4, 33, 33};
    TrainerConfig c = _i == 3 ? full_config() : config();
    c.dqn.in_flight = 2;
    Trainer *whole = create(&c), *first = create(&c), *second = create(&c);

    run(whole, STOPS[_i] + 20, 1);
    run(first, STOPS[_i], 1);
    run(second, 2, 1); /* leaves its own traces everywhere, to be overwritten */
    copy_state(first, second);
    ck_same_state(first, second);
    ck_same_stats(trainer_stats(first), trainer_stats(second));
    trainer_destroy(first);
    ck_assert_uint_eq(trainer_stats(second)->decisions, (uint64_t)STOPS[_i] * LANES * 5);
    run(second, 20, 1);
    ck_same_state(whole, second);
    ck_same_stats(trainer_stats(whole), trainer_stats(second));
    trainer_destroy(whole);
    trainer_destroy(second);
}
END_TEST

START_TEST(updates_keep_pace_with_decisions)
{
    TrainerConfig c = config();
    Trainer *t = create(&c);
    run(t, 2, 1);
    ck_assert_uint_eq(trainer_stats(t)->updates, 0); /* warm-up */
    run(t, 38, 1);
    const TrainerStats *s = trainer_stats(t);
    ck_assert_uint_eq(s->decisions, 40 * LANES * 5);
    ck_assert_uint_eq(s->updates,
                      (39 * LANES * 5 - c.learn_start) / 7); /* the last round's are next */
    ck_assert_uint_gt(s->episodes, s->decisions / 8);
    ck_assert(isfinite(s->loss) && s->loss > 0 && s->grad_norm > 0 && s->margin_loss > 0);
    ck_assert_double_lt(s->lr, c.dqn.lr);
    ck_assert_double_le(s->epsilon, c.epsilon_last + (c.epsilon_first - c.epsilon_last) * 0.01);
    trainer_destroy(t);
}
END_TEST

START_TEST(every_kind_of_state_is_listed)
{
    static const char *const PATHS[] = {
        "/policy/W0",      "/policy/b2",   "/learner/online/W1", "/learner/target/b0",
        "/learner/adam/m", "/replay/obs",  "/replay/flags",      "/env/state",
        "/env/obs",        "/rng/learner", "/rng/lanes",         "/counters/decisions"};
    static StateList list;
    TrainerConfig c = config();
    Trainer *t = create(&c);
    list.n = 0;
    trainer_state(t, &list);
    for (size_t k = 0; k < sizeof PATHS / sizeof *PATHS; k++) {
        int found = 0;
        for (int i = 0; i < list.n; i++) found += !strcmp(list.field[i].path, PATHS[k]);
        ck_assert_msg(found == 1, "%s", PATHS[k]);
    }
    trainer_destroy(t);
}
END_TEST

/* ---- free-running ---- */

static int state_of(const float *obs)
{
    float want[64];
    int width = WORLD.actions * (WORLD.actions + 1) + WORLD.states;
    for (int s = 0; s < WORLD.states; s++) {
        toy_mdp_obs(&WORLD, s, want);
        if (!memcmp(obs, want, (size_t)width * sizeof *obs)) return s;
    }
    ck_abort_msg("no state of this world");
    return -1;
}

/* Every transition in the replay is a move of the world. */
static void ck_replay_is_the_world(const Trainer *t)
{
    const Replay *r = trainer_replay(t);
    float obs[64], next[64], ret, discount;
    int action, demo, seen = 0;
    ReplayBatch batch = {obs, next, &action, &demo, &ret, &discount};
    ReplayPick pick;

    for (int lane = 0; lane < LANES; lane++)
        for (int age = 0; age < 600 / LANES; age++) {
            if (!replay_pick(r, lane, age, 1, &pick)) continue;
            replay_gather(r, &pick, 0, 1, INFINITY, &batch);
            int s = state_of(obs);
            const ToyMove *m = &WORLD.move[s][action];
            ck_assert_int_eq(demo, WORLD.demo[s]);
            ck_assert(!m->invalid && ret == (float)m->reward);
            ck_assert(discount == (m->next == TOY_END ? 0.0f : 1.0f));
            if (m->next != TOY_END) ck_assert_int_eq(state_of(next), m->next);
            seen++;
        }
    ck_assert_int_gt(seen, 400);
}

/* Updates never run ahead of the decisions in the replay, and actors ahead of updates by no more
 * than is stated. */
static void ck_pace(const Trainer *t, const TrainerConfig *c)
{
    const TrainerStats *s = trainer_stats(t);
    double due = (double)(s->decisions - c->learn_start) / c->decisions_per_update;
    double slack =
        1 + TRAINER_SLACK_ROUNDS * (double)LANES * c->round_steps / c->decisions_per_update;
    ck_assert_double_le((double)s->updates, due);
    ck_assert_double_ge((double)s->updates, floor(due) - slack);
    ck_assert_double_le((double)s->lag, slack);
    ck_assert_uint_eq(s->skipped_updates, 0);
}

static TrainerConfig free_config(void)
{
    TrainerConfig c = config();
    c.free_running = true;
    return c;
}

START_TEST(free_running_keeps_counts_pace_and_experience)
{
    static const double PER_UPDATE[] = {7, 0.9, 400}; /* as it is; learner-bound; actor-bound */
    TrainerConfig c = free_config();
    c.decisions_per_update = PER_UPDATE[_i % 3];
    c.dqn.in_flight = 1 + _i % 2;
    c.dqn.shards = _i % 4 ? 1 : 4;
    c.dqn.priority_alpha = _i % 2 ? 0.6 : 0;
    Trainer *t = create(&c);
    for (int leg = 1; leg <= 4; leg++) {
        run_to(t, (uint64_t)leg * 12 * LANES * 5, 1 + _i / 3);
        ck_assert_uint_eq(trainer_stats(t)->decisions, (uint64_t)leg * 12 * LANES * 5);
        ck_pace(t, &c);
        ck_replay_is_the_world(t);
    }
    ck_assert_uint_gt(trainer_stats(t)->episodes, trainer_stats(t)->decisions / 8);
    trainer_destroy(t);
}
END_TEST

START_TEST(free_running_resumes_from_what_was_saved)
{
    TrainerConfig c = free_config();
    Trainer *first = create(&c), *second = create(&c);
    run_to(first, 9 * LANES * 5, 2);
    run_to(second, 2 * LANES * 5, 2);
    copy_state(first, second);
    ck_same_state(first, second);
    ck_same_stats(trainer_stats(first), trainer_stats(second));
    run_to(second, 30 * LANES * 5, 3);
    ck_assert_uint_eq(trainer_stats(second)->decisions, 30 * LANES * 5);
    ck_pace(second, &c);
    ck_replay_is_the_world(second);
    trainer_destroy(first);
    trainer_destroy(second);
}
END_TEST

/* Learning is due long before the replay can be drawn from; then the learner has to catch up. */
START_TEST(a_learner_that_starts_late_catches_up)
{
    TrainerConfig c = config();
    c.free_running = _i % 2;
    c.learn_start = 1;
    c.dqn.n_step = 40;
    c.replay_capacity = LANES * 60;
    Trainer *t = create(&c);
    run_to(t, 8 * LANES * 5, 1 + _i / 2);
    ck_assert_uint_eq(trainer_stats(t)->updates, 0);
    run_to(t, 30 * LANES * 5, 1 + _i / 2);
    ck_assert_uint_ge(trainer_stats(t)->updates,
                      (29 * LANES * 5 - 1) / 7 - (c.free_running ? 1 + 4 * LANES * 5 / 7 : 0));
    trainer_destroy(t);
}
END_TEST

static StateField *field_of(StateList *list, const char *path)
{
    for (int i = 0; i < list->n; i++)
        if (!strcmp(list->field[i].path, path)) return &list->field[i];
    ck_abort_msg("no %s", path);
    return NULL;
}

START_TEST(the_demonstrator_can_act_in_the_warm_up)
{
    static StateList list;
    TrainerConfig c = config();
    c.demo_actor = 1;
    c.learn_start = 3 * LANES * 5; /* three rounds */
    Trainer *t = create(&c);

    list.n = 0;
    run(t, 3 + _i, 1);
    trainer_state(t, &list);
    const StateField *action = field_of(&list, "/replay/action");
    const StateField *demo = field_of(&list, "/replay/demo");
    ck_assert_int_eq(memcmp(action->data, demo->data, bytes_of(demo)) == 0, _i == 0);
    trainer_destroy(t);
}
END_TEST

START_TEST(damaged_state_is_refused)
{
    static const struct {
        const char *path;
        int byte; /* all bytes; 0xff makes NaN and -1, 0x7f large numbers */
    } damage[] = {{"/policy/W1", 0xff}, {"/learner/adam/v", 0xff}, {"/env/state", 0x7f},
                  {"/env/demo", 0x7f},  {"/env/obs", 0xff},        {"/replay/action", 0x7f},
                  {"/replay/obs", 0xff}};
    StateList list = {0};
    TrainerConfig c = config();
    Err err = {0};
    Trainer *t = create(&c);

    run(t, 3, 1);
    trainer_state(t, &list);
    StateField *f = field_of(&list, damage[_i].path);
    memset(f->data, damage[_i].byte, bytes_of(f));
    ck_assert_int_eq(trainer_resumed(t, &err), ST_FORMAT);
    ck_assert_int_gt((int)strlen(err.msg), 10);
    trainer_destroy(t);
}
END_TEST

/* The file says that it may be done; the environment does not. */
START_TEST(an_action_that_the_environment_forbids_is_refused)
{
    StateList list = {0};
    TrainerConfig c = config();
    Err err = {0};
    Trainer *t = create(&c);
    int forbidden = 0;

    run(t, 3, 1);
    trainer_state(t, &list);
    StateField *f = field_of(&list, "/env/obs");
    size_t width = f->dims[1], actions = (size_t)WORLD.actions;
    for (int lane = 0; lane < LANES; lane++) {
        float *mask = (float *)(uintptr_t)f->data + ((size_t)lane + 1) * width - actions;
        for (size_t a = 0; a < actions; a++) {
            forbidden += !(mask[a] > 0);
            mask[a] = 1;
        }
    }
    ck_assert_int_gt(forbidden, 0);
    ck_assert_int_eq(trainer_resumed(t, &err), ST_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "/env/obs"));
    trainer_destroy(t);
}
END_TEST

/* The guide is left for the best action exactly where that is worth more by the margin. */
static void ck_margins(const Policy *p, QBatch *work, const float *obs, int best)
{
    policy_act(p, work, obs);
    ck_assert_int_eq(policy_act_beyond(p, work, obs, -1, 1e30), best);
    for (int i = 0; i < work->pairs; i++) {
        int guide = work->action[i];
        double gain = (double)work->q[qbatch_argmax(work, 0)] - (double)work->q[i];
        ck_assert_int_eq(policy_act_beyond(p, work, obs, guide, 0), best);
        ck_assert_int_eq(policy_act_beyond(p, work, obs, guide, gain * 0.999), best);
        ck_assert_int_eq(policy_act_beyond(p, work, obs, guide, gain * 1.001 + 1e-30), guide);
    }
}

START_TEST(frozen_policy_acts_as_the_evaluation_copy)
{
    static StateList from, to;
    TrainerConfig c = _i ? full_config() : config();
    Trainer *t = create(&c);
    Policy *p;
    QBatch w, one;
    Err err = {0};
    float obs[64];
    int action;

    from.n = to.n = 0;
    run(t, 20, 1);
    Dqn *d = trainer_dqn(t);
    ck_ok(policy_create(&p, &c.dqn, &dqn_net(d)->spec, &err), err);
    policy_state(p, &to);
    trainer_state(t, &from);
    for (int i = 0; i < to.n; i++) {
        const StateField *f = field_of(&from, to.field[i].path);
        memcpy(to.field[i].data, f->data, bytes_of(f));
    }
    ck_ok(policy_check(p, &err), err);
    ck_ok(qbatch_create(&w, dqn_net(d), 1, &err), err);
    ck_ok(qbatch_create(&one, policy_net(p), 1, &err), err);
    long live = mem_live;
    for (int s = 0; s < WORLD.states; s++) {
        toy_mdp_obs(&WORLD, s, obs);
        dqn_act(d, DQN_EVALUATION, &w, obs, 1, 0, NULL, &action);
        ck_assert_int_eq(policy_act(p, &one, obs), action);
        ck_assert(one.q[0] == w.q[0]);
        ck_margins(p, &one, obs, action);
    }
    ck_assert_int_eq(mem_live, live);
    qbatch_free(&w);
    qbatch_free(&one);
    policy_destroy(p);
    trainer_destroy(t);
}
END_TEST

START_TEST(bad_settings_are_named)
{
    static const char *const NAMES[] = {"train.replay", "round_steps", "decisions_per_update",
                                        "epsilon", "n_step"};
    TrainerConfig c = config();
    Err err = {0};
    VecEnv *venv;
    Trainer *t;

    if (_i == 0) c.replay_capacity = 14;
    if (_i == 1) c.round_steps = 0;
    if (_i == 2) c.decisions_per_update = 0;
    if (_i == 3) c.epsilon_last = 1.5;
    if (_i == 4) c.dqn.n_step = 0;
    ck_ok(toy_venv(&venv, toy_create_mdp, &WORLD, 3, &err), err);
    ck_assert_int_eq(trainer_create(&t, &c, venv, &err), ST_CONFIG);
    ck_assert_ptr_null(t);
    ck_assert_msg(strstr(err.msg, NAMES[_i]) != NULL, "%s", err.msg);
}
END_TEST

static Status create_both(Trainer **t, const TrainerConfig *c)
{
    VecEnv *venv;
    Status st = toy_venv(&venv, toy_create_mdp, &WORLD, 2, NULL);
    return st == ST_OK ? trainer_create(t, c, venv, NULL) : st;
}

START_TEST(create_reports_every_allocation_failure)
{
    TrainerConfig c = config();
    Trainer *t;
    Policy *p;
    EnvSpec spec = {2, 3, 4, 12, 2};
    ck_every_allocation_failure(create_both(&t, &c), trainer_destroy(t));
    ck_every_allocation_failure(policy_create(&p, &c.dqn, &spec, NULL), policy_destroy(p));
}
END_TEST

START_TEST(rounds_do_not_allocate)
{
    TrainerConfig c = config();
    c.free_running = _i;
    Err err = {0};
    Trainer *t = create(&c);
    Pool *pool;
    ck_ok(pool_create(&pool, 1, &err), err);
    long live = mem_live, failed = mem_failed;
    mem_fail_at = 0; /* the first allocation would fail, and be counted */
    for (int i = 0; i < 10; i++) trainer_round(t, pool);
    mem_fail_at = -1;
    ck_assert_int_eq(mem_failed, failed);
    ck_assert_int_eq(mem_live, live);
    pool_destroy(pool);
    trainer_destroy(t);
}
END_TEST

START_TEST(priorities_are_the_same_bits_for_any_threads_and_after_a_resume)
{
    static const int STOPS[] = {1, 4, 33};
    TrainerConfig c = config();
    c.dqn.priority_alpha = 0.6;
    c.dqn.in_flight = 1 + _i;
    Trainer *whole = create(&c), *first = create(&c), *second = create(&c);

    run(whole, STOPS[_i] + 20, 1);
    run(first, STOPS[_i], 3);
    run(second, 2, 1);
    copy_state(first, second);
    trainer_destroy(first);
    run(second, 20, 2);
    ck_same_state(whole, second);
    trainer_destroy(whole);
    trainer_destroy(second);
}
END_TEST

START_TEST(environments_of_a_vector_must_agree)
{
    ToyMdp other = WORLD;
    Env *env[2];
    VecEnv *v;
    Err err = {0};
    other.actions = 2;
    ck_ok(toy_mdp_create(&env[0], &WORLD, &err), err);
    ck_ok(toy_mdp_create(&env[1], &other, &err), err);
    ck_assert_int_eq(venv_create(&v, env, 2, &err), ST_CONFIG);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("trainer");
    TCase *tc = new_case("trainer", 120);
    tcase_add_loop_test(tc, threads_do_not_change_the_bits, 0, 10);
    tcase_add_loop_test(tc, speed_decides_nothing, 0, 2);
    tcase_add_test(tc, a_long_run_is_as_many_rounds);
    tcase_add_test(tc, the_learner_is_one_round_behind);
    tcase_add_test(tc, seeds_change_them);
    tcase_add_loop_test(tc, resuming_leaves_no_trace, 0, 4);
    tcase_add_test(tc, updates_keep_pace_with_decisions);
    tcase_add_loop_test(tc, free_running_keeps_counts_pace_and_experience, 0, 12);
    tcase_add_test(tc, free_running_resumes_from_what_was_saved);
    tcase_add_loop_test(tc, a_learner_that_starts_late_catches_up, 0, 6);
    tcase_add_test(tc, every_kind_of_state_is_listed);
    tcase_add_loop_test(tc, the_demonstrator_can_act_in_the_warm_up, 0, 2);
    tcase_add_loop_test(tc, damaged_state_is_refused, 0, 7);
    tcase_add_test(tc, an_action_that_the_environment_forbids_is_refused);
    tcase_add_loop_test(tc, frozen_policy_acts_as_the_evaluation_copy, 0, 2);
    tcase_add_loop_test(tc, bad_settings_are_named, 0, 5);
    tcase_add_test(tc, create_reports_every_allocation_failure);
    tcase_add_loop_test(tc, rounds_do_not_allocate, 0, 2);
    tcase_add_loop_test(tc, priorities_are_the_same_bits_for_any_threads_and_after_a_resume, 0, 3);
    tcase_add_test(tc, environments_of_a_vector_must_agree);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
