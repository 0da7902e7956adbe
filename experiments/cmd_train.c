/* cmd_train.c -- `relmas train`: rounds of experience and learning, checkpoints, the best policy.
 *
 * A run folder holds step-N.h5 (all that a bit-exact resume needs, the newest --keep of them),
 * best.h5 (the frozen policy that did best on validation seeds) and metrics.csv. */
#include "base/args.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "checkpoints/checkpoint.h"
#include "experiments/commands.h"
#include "experiments/contenders.h"
#include "experiments/teacher.h"
#include "experiments/train_set.h"
#include "experiments/tune.h"
#include "nn/gemm.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Options {
    ArgList operands, set;
    const char *resume, *out;
    uint64_t seed, steps;
    int threads, keep;
} Options;

typedef struct Run {
    RunConfig cfg;
    char dir[PATH_MAX_BYTES];
    TrainSet set;
    Trainer *trainer;
    LearnedPolicy *candidate[TRAIN_SET_MAX]; /* [set.n], the weights that are being validated */
    Pool *pool;
    int threads; /* of this call: they leave no trace in the run */
    FILE *metrics;
    uint64_t target; /* decisions at which this call stops */
    double best;     /* validation score of best.h5; -1 before the first */
    double wall_s;   /* training time of earlier processes */
    double started_s;
    double train_s; /* of this call, without validations and checkpoints */
    uint64_t first; /* decisions at which this call began */
} Run;

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
    signal(number, SIG_DFL); /* a second one ends the program at once */
}

/* --- set-up --- */

static Status make_trainer(Run *run, Err *err)
{
    Status st;
    VecEnv *venv;
    TRY(train_set_environments(&venv, &run->set, &run->cfg, err));
    TRY(trainer_create(&run->trainer, &run->cfg.trainer, venv, err));
fail:
    return st == ST_OK ? st : err_set(err, st, "training: %s", status_text(st));
}

static void say_scenarios(const Run *run)
{
    for (int i = 0; i < run->set.n; i++) {
        const Scenario *s = run->set.scenario[i];
        log_info("scenario %s: %s, fluid bound %.0f jobs/s (limited by %s), mean service %.0f us",
                 s->cfg.name, s->sys->name, s->lambda_max_per_us * 1e6, s->binding,
                 s->mean_service_us);
    }
}

static Status find_rule(RunConfig *cfg, const TrainSet *set, Run *run, bool is_new, Err *err)
{
    Status st;
    TRY(teacher_choose(cfg, set->scenario[0], cfg->scenario.eval_seed + VALIDATION_OFFSET,
                       run->pool, err));
    if (is_new) TRY(tune_rule(cfg, set, run->pool, &stop_signal, err));
fail:
    return st;
}

/* One for all scenarios, or if auto is to find it, one for each. */
static Status find_rules(Run *run, bool is_new, Err *err)
{
    RunConfig *cfg = &run->cfg;
    if (!run_config_rule_each(cfg, run->set.n)) return find_rule(cfg, &run->set, run, is_new, err);
    for (int i = 0; i < run->set.n && !stop_signal; i++) {
        TrainSet one = {{run->set.scenario[i]}, 1};
        RunConfig own = run_config_of(cfg, i);
        if (i >= cfg->rules.n) own.rule.base[0] = '\0';
        if (is_new) log_info("the rule for %s", run->set.scenario[i]->cfg.name);
        Status st = find_rule(&own, &one, run, is_new, err);
        if (st != ST_OK) return st;
        cfg->rules.v[i] = own.rule;
        if (i >= cfg->rules.n) cfg->rules.n = i + 1;
    }
    cfg->rule = run_config_of(cfg, 0).rule;
    return ST_OK;
}

static Status make_run(Run *run, bool is_new, Err *err)
{
    Status st;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    run->best = -1;
    run->started_s = clock_seconds();
    TRY(pool_create(&run->pool, run->threads, err));
    TRY(train_set_create(&run->set, &run->cfg, run->threads, err));
    TRY(find_rules(run, is_new, err));
    TRY(make_trainer(run, err));
    for (int i = 0; i < run->set.n; i++) {
        RunConfig own = run_config_of(&run->cfg, i);
        TRY(learned_create(&run->candidate[i], &own, run->set.scenario[i], err));
    }
    say_scenarios(run);
    log_info("BLAS kernel %s, %d thread%s", gemm_kernel(), run->threads,
             run->threads == 1 ? "" : "s");
    if (run->cfg.trainer.free_running)
        log_info("free-running: this run is not reproducible bit by bit (train.free_running)");
fail:
    return st;
}

static void free_run(Run *run)
{
    if (run->metrics) fclose(run->metrics);
    for (int i = 0; i < run->set.n; i++) learned_destroy(run->candidate[i]);
    trainer_destroy(run->trainer);
    train_set_free(&run->set);
    pool_destroy(run->pool);
}

/* --- the run folder --- */

static Status make_folder(const char *dir, Err *err)
{
    char path[PATH_MAX_BYTES];
    size_t n = strlen(dir);
    if (n >= sizeof path) return err_set(err, ST_CONFIG, "--out '%s': the path is too long", dir);
    for (size_t i = 1; i <= n; i++) {
        if (dir[i] != '/' && dir[i] != 0) continue;
        memcpy(path, dir, i);
        path[i] = 0;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return err_set(err, ST_IO, "cannot make folder '%s': %s", path, strerror(errno));
    }
    return ST_OK;
}

/* Bytes of the rows up to `decisions`: what a resumed run goes on from. A later row was written
 * by a process that died before its next checkpoint, and will be written again. */
static long kept_bytes(FILE *f, uint64_t decisions)
{
    char line[512];
    long end = 0;
    rewind(f);
    while (fgets(line, sizeof line, f) && strchr(line, '\n') &&
           (end == 0 || strtoull(line, NULL, 10) <= decisions))
        end = ftell(f);
    return end;
}

static const char COLUMNS[] =
    "decisions,updates,episodes,train_sla,loss,td_error,margin_loss,q_mean,grad_norm,lr,epsilon,"
    "validation_sla,margin,seconds\n";

/* A file of another version has other columns. */
static bool has_columns(FILE *f)
{
    char line[512];
    rewind(f);
    return fgets(line, sizeof line, f) && !strcmp(line, COLUMNS);
}

static Status open_metrics(Run *run, Err *err)
{
    char path[PATH_MAX_BYTES + 16];
    snprintf(path, sizeof path, "%s/metrics.csv", run->dir);
    run->metrics = fopen(path, "a+");
    if (!run->metrics) return err_set(err, ST_IO, "cannot write '%s': %s", path, strerror(errno));
    long end = kept_bytes(run->metrics, trainer_stats(run->trainer)->decisions);
    if (ftruncate(fileno(run->metrics), end) != 0)
        return err_set(err, ST_IO, "cannot cut '%s': %s", path, strerror(errno));
    if (end == 0)
        fputs(COLUMNS, run->metrics);
    else if (!has_columns(run->metrics))
        return err_set(err, ST_FORMAT,
                       "'%s' has the columns of another version: move it away to go on", path);
    fseek(run->metrics, 0, SEEK_END);
    return ST_OK;
}

static double wall_seconds(const Run *run)
{
    return run->wall_s + clock_seconds() - run->started_s;
}

/* The trainer's state and what this file adds to it. */
static void list_state(Run *run, StateList *list)
{
    trainer_state(run->trainer, list);
    state_add(list, "/counters/target", STATE_U64, 1, 0, &run->target);
    state_add(list, "/counters/best_validation", STATE_F64, 1, 0, &run->best);
}

static Status save_checkpoint(Run *run, Err *err)
{
    char path[PATH_MAX_BYTES + 32];
    StateList *list = mem_calloc(1, sizeof *list);
    char *text = NULL;
    Status st = ST_NOMEM;

    if (!list) goto fail;
    list_state(run, list);
    TRY(run_config_format(&run->cfg, &text, err));
    TRY(checkpoint_step_path(path, sizeof path, run->dir, trainer_stats(run->trainer)->decisions,
                             err));
    TRY(checkpoint_save(path, text, list, wall_seconds(run), err));
    TRY(checkpoint_rotate(run->dir, run->cfg.keep, err));
fail:
    mem_free(list);
    mem_free(text);
    return st == ST_OK ? st : err_set(err, st, "checkpoint: %s", status_text(st));
}

static Status save_best(Run *run, double margin, Err *err)
{
    char path[PATH_MAX_BYTES + 32];
    StateList list = {0};
    char *text = NULL;
    Status st;

    snprintf(path, sizeof path, "%s/best.h5", run->dir);
    policy_state(run->candidate[0]->policy, &list);
    RunConfig cfg = run->cfg;
    cfg.rule.margin = margin;
    TRY(run_config_format(&cfg, &text, err));
    TRY(checkpoint_save(path, text, &list, wall_seconds(run), err));
fail:
    mem_free(text);
    return st;
}

/* --- validation --- */

/* Mean SLA rate over the scenarios and their loads, on seeds of their own, with the best margin. */
static Status validate(Run *run, double *score, double *margin, Err *err)
{
    for (int i = 0; i < run->set.n; i++) {
        Policy *policy = run->candidate[i]->policy;
        memcpy(policy_weights(policy), dqn_weights(trainer_dqn(run->trainer), DQN_EVALUATION),
               qnet_params(policy_net(policy)) * sizeof(float));
    }
    Status st =
        learned_choose_margin(run->candidate, &run->set, score,
                              run->cfg.scenario.eval_seed + VALIDATION_OFFSET, run->pool, err);
    *margin = run->candidate[0]->margin;
    return st;
}

/* counts: a validation of the schedule. One beside it, at the end of a short call that has no
 * best.h5 yet, must leave no trace in what follows: N and N decisions are the same run as 2N. */
static Status validate_and_keep_best(Run *run, bool counts, Err *err)
{
    const TrainerStats *s = trainer_stats(run->trainer);
    double score, margin = 0;
    Status st;

    TRY(validate(run, &score, &margin, err));
    fprintf(run->metrics, "%llu,%llu,%llu,%.6f,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6f,%.6g,%.2f\n",
            (unsigned long long)s->decisions, (unsigned long long)s->updates,
            (unsigned long long)s->episodes, s->score, s->loss, s->td_error, s->margin_loss,
            s->q_mean, s->grad_norm, s->lr, s->epsilon, score, margin, wall_seconds(run));
    fflush(run->metrics);
    if (counts) run->cfg.rule.margin = margin; /* for whoever plays a step-N.h5 */
    if (score <= run->best) return ST_OK;
    if (counts) run->best = score;
    TRY(save_best(run, margin, err));
fail:
    return st;
}

/* --- the loop --- */

static void show_progress(Progress *p, const Run *run, uint64_t first_decisions,
                          uint64_t first_updates)
{
    const TrainerStats *s = trainer_stats(run->trainer);
    double dt = clock_seconds() - p->t0;
    char detail[256];
    int n =
        snprintf(detail, sizeof detail,
                 "%.0fk decisions/s  %.0f updates/s  SLA %.1f %%  loss %.4f  epsilon %.3f",
                 (double)(s->decisions - first_decisions) / dt * 1e-3,
                 (double)(s->updates - first_updates) / dt, 100 * s->score, s->loss, s->epsilon);
    if (run->best >= 0 && n > 0 && (size_t)n < sizeof detail)
        snprintf(detail + n, sizeof detail - (size_t)n, "  best %.2f %%", 100 * run->best);
    progress_show(p, (double)s->decisions, detail);
}

static bool crossed(uint64_t before, uint64_t now, uint64_t every)
{
    return before / every != now / every;
}

/* Up to where to train before looking up again: for signals, the screen, a validation, a
 * checkpoint. A free run is better not halted often; 8192 decisions are a fraction of a second. */
static uint64_t leg_end(const Run *run)
{
    uint64_t now = trainer_stats(run->trainer)->decisions;
    uint64_t leg = run->cfg.trainer.free_running ? 8192 : 1;
    const uint64_t every[] = {leg, run->cfg.evaluate_every, run->cfg.checkpoint_every};
    uint64_t end = run->target;
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        uint64_t next = (now / every[i] + 1) * every[i];
        if (next < end) end = next;
    }
    return end;
}

static void train_leg(Run *run)
{
    double before = clock_seconds();
    trainer_run(run->trainer, run->pool, leg_end(run));
    run->train_s += clock_seconds() - before;
}

/* Every evaluate_every decisions, and where the schedules end. */
static bool validation_due(const Run *run, uint64_t before, uint64_t now)
{
    uint64_t end = run->cfg.trainer.total_decisions;
    return crossed(before, now, run->cfg.evaluate_every) || (before < end && now >= end);
}

static Status train_loop(Run *run, Err *err)
{
    const TrainerStats *s = trainer_stats(run->trainer);
    uint64_t first = s->decisions, first_updates = s->updates;
    Progress progress;
    Status st = ST_OK;

    run->first = first;
    progress_start(&progress, "train", (double)first, (double)run->target);
    while (s->decisions < run->target && !stop_signal) {
        uint64_t before = s->decisions;
        train_leg(run);
        if (validation_due(run, before, s->decisions)) TRY(validate_and_keep_best(run, true, err));
        if (crossed(before, s->decisions, run->cfg.checkpoint_every))
            TRY(save_checkpoint(run, err));
        if (progress_due(&progress)) show_progress(&progress, run, first, first_updates);
    }
    show_progress(&progress, run, first, first_updates);
    progress_end(&progress);
    if (!stop_signal && run->best < 0) TRY(validate_and_keep_best(run, false, err));
    TRY(save_checkpoint(run, err));
fail:
    return st;
}

static void say_end(const Run *run)
{
    const TrainerStats *s = trainer_stats(run->trainer);
    log_info("%s after %llu decisions, %llu updates, %.1f s; peak memory %.0f MB",
             stop_signal ? "stopped" : "done", (unsigned long long)s->decisions,
             (unsigned long long)s->updates, wall_seconds(run), (double)mem_peak_rss() * 1e-6);
    if (run->train_s > 0)
        log_info("%.1fk decisions/s in training alone, without validations and checkpoints",
                 (double)(s->decisions - run->first) / run->train_s * 1e-3);
    if (s->skipped_updates)
        log_warn("%llu updates were skipped: their gradient was not finite",
                 (unsigned long long)s->skipped_updates);
    if (stop_signal)
        log_info("resume with: relmas train --resume %s", run->dir);
    else
        log_info("evaluate with: relmas eval %s %s dr-queue-bw edf-h+", run->dir,
                 run->cfg.rule.base);
}

static Status run_to_target(Run *run, Err *err)
{
    Status st;
    TRY(open_metrics(run, err));
    TRY(train_loop(run, err));
    say_end(run);
fail:
    return st;
}

/* --- new and resumed runs --- */

static void apply_options(Run *run, const Options *o)
{
    RunConfig *cfg = &run->cfg;
    run->threads = o->threads ? o->threads : cfg->threads;
    if (o->seed != UINT64_MAX) cfg->trainer.seed = o->seed;
    if (o->keep) cfg->keep = o->keep;
}

static Status choose_folder(Run *run, const Options *o, const char *config, Err *err)
{
    char newest[PATH_MAX_BYTES];
    Err none = {0};
    const char *base = strrchr(config, '/');
    int n, len;

    base = base ? base + 1 : config;
    len = (int)strcspn(base, ".");
    n = o->out ? snprintf(run->dir, sizeof run->dir, "%s", o->out)
               : snprintf(run->dir, sizeof run->dir, "runs/%.*s-%llu", len, base,
                          (unsigned long long)run->cfg.trainer.seed);
    if (n >= (int)sizeof run->dir - 64)
        return err_set(err, ST_CONFIG, "--out: the path is too long");
    if (checkpoint_latest(newest, sizeof newest, run->dir, NULL, &none) == ST_OK)
        return err_set(err, ST_CONFIG,
                       "'%s' already holds a run: use --resume %s to go on or --out for a new one",
                       run->dir, run->dir);
    return make_folder(run->dir, err);
}

static Status start_new(Run *run, const Options *o, Err *err)
{
    Status st;
    TRY(run_config_load(&run->cfg, o->operands.v[0], o->set.v, o->set.n, err));
    apply_options(run, o);
    run->target = o->steps ? o->steps : run->cfg.trainer.total_decisions;
    TRY(choose_folder(run, o, o->operands.v[0], err));
    TRY(make_run(run, true, err));
    if (stop_signal) {
        log_info("stopped before the training: nothing to go on from, start again");
        return ST_OK;
    }
    log_info("training into %s, %.3g decisions", run->dir, (double)run->target);
    TRY(run_to_target(run, err));
fail:
    return st;
}

/* --resume takes a run folder or one of its checkpoints; the run goes on in that folder. */
static Status find_checkpoint(Run *run, const char *resume, char *path, size_t cap, Err *err)
{
    struct stat info;
    Err skipped = {0};
    Status st;

    if (stat(resume, &info) != 0)
        return err_set(err, ST_CONFIG, "--resume '%s': %s", resume, strerror(errno));
    if (!S_ISDIR(info.st_mode)) {
        const char *slash = strrchr(resume, '/');
        int len = slash && slash != resume ? (int)(slash - resume) : 1; /* "/" and "." */
        snprintf(run->dir, sizeof run->dir, "%.*s", len, slash ? resume : ".");
        if (snprintf(path, cap, "%s", resume) < (int)cap) return ST_OK;
        return err_set(err, ST_CONFIG, "--resume: the path is too long");
    }
    snprintf(run->dir, sizeof run->dir, "%s", resume);
    st = checkpoint_latest(path, cap, resume, &skipped, err);
    if (st == ST_OK && skipped.code != ST_OK) log_warn("passed over %s", skipped.msg);
    return st;
}

static Status read_checkpoint(Run *run, const Checkpoint *ckpt, Err *err)
{
    Status st = ST_NOMEM;
    StateList *list = mem_calloc(1, sizeof *list);
    if (!list) goto fail;
    list_state(run, list);
    TRY(checkpoint_read(ckpt, list, err));
    TRY(trainer_resumed(run->trainer, err));
    run->wall_s = checkpoint_meta(ckpt)->wall_s;
fail:
    mem_free(list);
    return st;
}

/* What was found before the training is not found anew. */
static Status check_same_rule(const RunConfig *cfg, const char *path, const char *text, Err *err)
{
    RunConfig was;
    Status st = run_config_parse(&was, path, text, NULL, 0, err);
    if (st != ST_OK) return st;
    if (cfg->tune == was.tune && !(fabs(cfg->tune_energy - was.tune_energy) > 0) &&
        !strcmp(cfg->teacher, was.teacher) && !strcmp(cfg->rule.base, was.rule.base))
        return ST_OK;
    return err_set(err, ST_USAGE,
                   "train: env.teacher, rule.base, train.tune and train.tune_energy belong to a "
                   "new run, not to "
                   "--resume");
}

static Status resume(Run *run, const Options *o, Err *err)
{
    char path[PATH_MAX_BYTES];
    Checkpoint *ckpt = NULL;
    Status st;

    TRY(find_checkpoint(run, o->resume, path, sizeof path, err));
    TRY(checkpoint_open(&ckpt, path, err));
    if (!checkpoint_has(ckpt, "/learner")) {
        st = err_set(err, ST_FORMAT,
                     "'%s' is a frozen policy: it can be evaluated, resume from a step-*.h5 file",
                     path);
        goto fail;
    }
    TRY(run_config_parse(&run->cfg, path, checkpoint_config(ckpt), o->set.v, o->set.n, err));
    TRY(check_same_rule(&run->cfg, path, checkpoint_config(ckpt), err));
    apply_options(run, o);
    TRY(make_run(run, false, err));
    TRY(read_checkpoint(run, ckpt, err));
    checkpoint_close(ckpt);
    ckpt = NULL;
    /* N more decisions than were asked for so far, if those were made: the rounding up to whole
     * rounds does not add up, and N then N gives the same run as 2N. */
    uint64_t made = trainer_stats(run->trainer)->decisions;
    if (o->steps) run->target = (made < run->target ? made : run->target) + o->steps;
    if (made >= run->target && run->cfg.trainer.total_decisions > run->target)
        run->target = run->cfg.trainer.total_decisions;
    if (made >= run->target)
        log_info("%s is finished (%llu decisions): --steps N goes on", path,
                 (unsigned long long)made);
    else {
        log_info("resuming %s at %llu decisions, to %llu", path, (unsigned long long)made,
                 (unsigned long long)run->target);
        TRY(run_to_target(run, err));
    }
fail:
    checkpoint_close(ckpt);
    return st;
}

int cmd_train(int argc, char *const *argv)
{
    Options o = {.seed = UINT64_MAX};
    const ArgOption options[] = {
        {"--resume", "DIR|FILE", ARG_TEXT, &o.resume, 0, 0, NULL,
         "go on from a run folder's newest checkpoint or from a step-*.h5 file"},
        {"--steps", "N", ARG_U64, &o.steps, 1, 1e15, NULL,
         "decisions to make in this call (default: up to train.steps); schedules stay"},
        {"--out", "DIR", ARG_TEXT, &o.out, 0, 0, NULL, "run folder (default runs/CONFIG-SEED)"},
        {"--seed", "N", ARG_U64, &o.seed, 0, 1e15, NULL, "instead of train.seed"},
        {"--threads", "N", ARG_INT, &o.threads, 1, 256, NULL,
         "worker threads; any number gives the same bits, unless free-running"},
        {"--keep", "K", ARG_INT, &o.keep, 1, 1e6, NULL, "newest checkpoints kept, besides best.h5"},
        {"--set", "a.b=v", ARG_TEXTS, &o.set, 0, 0, NULL, "override a setting"},
    };
    const ArgCommand cmd = {
        .usage = "relmas train CONFIG [options] | relmas train --resume DIR|FILE [options]",
        .about = "Trains a scheduling policy. CONFIG is a file or a shipped name (default, tiny). "
                 "Ctrl-C saves and says how to resume.",
        .example = "relmas train default --out runs/first --seed 1 --set dqn.lr=3e-4",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "CONFIG",
        .max_operands = 1,
        .operands = &o.operands,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    if ((o.operands.n == 1) == (o.resume != NULL)) {
        err_set(&err, ST_USAGE, "train: give either a CONFIG (e.g. default) or --resume DIR");
        return report_error(&err);
    }
    if (o.resume && (o.seed != UINT64_MAX || o.out)) {
        err_set(&err, ST_USAGE, "train: --seed and --out belong to a new run, not to --resume");
        return report_error(&err);
    }
    Run *run = mem_calloc(1, sizeof *run);
    if (!run) err_set(&err, ST_NOMEM, "train: out of memory");
    Status st = !run ? ST_NOMEM : o.resume ? resume(run, &o, &err) : start_new(run, &o, &err);
    if (run) free_run(run);
    mem_free(run);
    if (st != ST_OK) return report_error(&err);
    return stop_signal ? 128 + stop_signal : 0; /* as a shell says it: scripts must not go on */
}
