/* cmd_import.c -- `relmas import`: a model of another program becomes a network file.
 * The file appears whole or not at all; what was read, left out and assumed is summed up. */
#include "base/args.h"
#include "base/mem.h"
#include "env/draft.h"
#include "env/onnx.h"
#include "env/scalesim.h"
#include "experiments/commands.h"
#include "experiments/output.h"
#include "experiments/target.h"

#include <ctype.h>
#include <string.h>

enum { NOTES_SHOWN = 24, OUTPUTS_SHOWN = 8 };

typedef enum { FROM_SUFFIX, FROM_ONNX, FROM_SCALESIM } Source;
static const char *const SOURCES[] = {"auto", "onnx", "scalesim", NULL};
static const char *const SUMMARIES[] = {"table", "json", NULL};

typedef struct Options {
    const char *in, *out, *name;
    int source, format;
    ArgList input_shapes;
    bool pass_unknown, force;
} Options;

/* ---- reading ---- */

static bool has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path), k = strlen(suffix);
    if (n < k) return false;
    for (size_t i = 0; i < k; i++)
        if (tolower((unsigned char)path[n - k + i]) != suffix[i]) return false;
    return true;
}

static Status read_model(const Options *o, Draft **draft, Err *err)
{
    int source = o->source;

    if (source == FROM_SUFFIX)
        source = has_suffix(o->in, ".onnx")  ? FROM_ONNX
                 : has_suffix(o->in, ".csv") ? FROM_SCALESIM
                                             : FROM_SUFFIX;
    if (source == FROM_SUFFIX)
        return err_set(err, ST_USAGE,
                       "import: cannot tell from its name what '%.200s' is, give --from onnx or "
                       "--from scalesim",
                       o->in);
    if (source == FROM_SCALESIM) {
        if (o->pass_unknown || o->input_shapes.n > 0)
            return err_set(err, ST_USAGE,
                           "import: --pass-unknown and --input-shape are for ONNX "
                           "models, not for SCALE-Sim topologies");
        return scalesim_load(draft, o->in, err);
    }
    OnnxOptions opt = {.pass_unknown = o->pass_unknown,
                       .input_shapes = o->input_shapes.v,
                       .n_input_shapes = o->input_shapes.n};
    return onnx_import(draft, o->in, &opt, err);
}

/* ---- writing ---- */

static Status write_network(const Options *o, const char *text, size_t bytes, Err *err)
{
    Target t;
    Status st = target_open(&t, o->out, err);
    if (st != ST_OK) return st;
    fwrite(text, 1, bytes, t.out); /* target_close, or main, reports a failure */
    return target_close(&t, ST_OK, err);
}

/* ---- the summary ---- */

static const char *const NOTE_NAMES[DRAFT_NOTE_KINDS] = {"folded", "dead", "unknown", "assumed"};

typedef struct Summary {
    const Options *o;
    const Draft *draft;
    const Network *net;
    FILE *out;
    int entries[DRAFT_N_TYPES]; /* by type, with the free ones */
    double macs[DRAFT_N_TYPES], params[DRAFT_N_TYPES];
    bool read[NET_MAX_LAYERS]; /* entries that others read; the rest are outputs */
} Summary;

/* Entries that are not free are the network's layers, in the same order. */
static void sum_up(Summary *s)
{
    for (int i = 0, l = 0; i < draft_size(s->draft); i++) {
        const DraftEntry *e = draft_at(s->draft, i);
        s->entries[e->type]++;
        for (int f = 0; f < e->n_from; f++)
            if (e->from[f] != DRAFT_INPUT) s->read[e->from[f]] = true;
        if (e->type >= DRAFT_FREE) continue;
        const NetLayer *layer = &s->net->layer[l++];
        s->macs[e->type] += layer_macs(&layer->shape);
        if (layer->has_weights) s->params[e->type] += layer_params(&layer->shape);
    }
}

static void print_outputs(const Summary *s)
{
    int shown = 0, left = 0;

    for (int i = 0; i < draft_size(s->draft); i++) {
        const int *out = draft_out(s->draft, i);
        if (s->read[i]) continue;
        if (shown == OUTPUTS_SHOWN)
            left++;
        else
            fprintf(s->out, "%-9s [%d, %d, %d] of %s\n", shown++ ? "" : "output", out[0], out[1],
                    out[2], draft_at(s->draft, i)->name);
    }
    if (left > 0) fprintf(s->out, "%9s %d more\n", "", left);
}

static void print_layers(const Summary *s)
{
    static const char ROW[] = "%-9s %8d %16.0f %14.0f\n";

    fprintf(s->out, "\n%-9s %8s %16s %14s\n", "type", "layers", "MACs", "parameters");
    for (int t = 0; t < DRAFT_FREE; t++)
        if (s->entries[t] > 0)
            fprintf(s->out, ROW, draft_type_name((DraftType)t), s->entries[t], s->macs[t],
                    s->params[t]);
    fprintf(s->out, ROW, "total", s->net->n_layers, network_macs(s->net), network_params(s->net));
    fprintf(s->out, "\n%-9s %8d\n", "sub-jobs", s->net->n_subjobs);
    for (int t = DRAFT_FREE, shown = 0; t < DRAFT_N_TYPES; t++)
        if (s->entries[t] > 0)
            fprintf(s->out, "%-9s %8d  %s\n", shown++ ? "" : "free", s->entries[t],
                    draft_type_name((DraftType)t));
}

static void print_notes(const Summary *s, DraftNoteKind kind)
{
    int shown = 0, left = draft_notes_dropped(s->draft, kind);

    for (int i = 0; i < draft_notes(s->draft); i++) {
        const DraftNote *note = draft_note_at(s->draft, i);
        if (note->kind != kind) continue;
        if (shown == NOTES_SHOWN)
            left++;
        else
            fprintf(s->out, "%-9s %8d  %s\n", shown++ ? "" : NOTE_NAMES[kind], note->count,
                    note->text);
    }
    if (left > 0) fprintf(s->out, "%9s %8s  and %d more\n", "", "", left);
}

static void print_table(const Summary *s)
{
    const int *in = draft_input(s->draft);

    fprintf(s->out, "%-9s %s\n", "network", draft_name(s->draft));
    fprintf(s->out, "%-9s [%d, %d, %d]\n", "input", in[0], in[1], in[2]);
    print_outputs(s);
    print_layers(s);
    for (int k = 0; k < DRAFT_NOTE_KINDS; k++) print_notes(s, (DraftNoteKind)k);
    const char *out = s->o->out;
    if (!out) return;
    bool file = strchr(out, '/') || has_suffix(out, ".yaml"); /* as --network tells files */
    fprintf(s->out, "\nnext: relmas costs --network %s%s\n", file ? "" : "./", out);
}

/* ---- the summary for programs ---- */

static void json_size(const int size[3])
{
    printf("[%d, %d, %d]", size[0], size[1], size[2]);
}

static void json_outputs(const Summary *s)
{
    const char *comma = "";

    printf(", \"outputs\": [");
    for (int i = 0; i < draft_size(s->draft); i++) {
        if (s->read[i]) continue;
        printf("%s{\"entry\": ", comma);
        print_json_text(draft_at(s->draft, i)->name);
        printf(", \"size\": ");
        json_size(draft_out(s->draft, i));
        printf("}");
        comma = ", ";
    }
    printf("]");
}

static void json_entries(const Summary *s)
{
    const char *comma = "";

    printf(", \"entries\": [");
    for (int t = 0; t < DRAFT_N_TYPES; t++) {
        if (s->entries[t] == 0) continue;
        printf("%s{\"type\": \"%s\", \"count\": %d, \"macs\": %.0f, \"parameters\": %.0f}", comma,
               draft_type_name((DraftType)t), s->entries[t], s->macs[t], s->params[t]);
        comma = ", ";
    }
    printf("]");
}

static void json_notes(const Summary *s, DraftNoteKind kind)
{
    const char *comma = "";

    printf(", \"%s\": [", NOTE_NAMES[kind]);
    for (int i = 0; i < draft_notes(s->draft); i++) {
        const DraftNote *note = draft_note_at(s->draft, i);
        if (note->kind != kind) continue;
        printf("%s{\"what\": ", comma);
        print_json_text(note->text);
        printf(", \"count\": %d}", note->count);
        comma = ", ";
    }
    printf("], \"%s_not_listed\": %d", NOTE_NAMES[kind], draft_notes_dropped(s->draft, kind));
}

static void print_json(const Summary *s)
{
    printf("{\"network\": ");
    print_json_text(draft_name(s->draft));
    printf(", \"input\": ");
    json_size(draft_input(s->draft));
    json_outputs(s);
    printf(", \"layers\": %d, \"subjobs\": %d, \"macs\": %.0f, \"parameters\": %.0f",
           s->net->n_layers, s->net->n_subjobs, network_macs(s->net), network_params(s->net));
    json_entries(s);
    for (int k = 0; k < DRAFT_NOTE_KINDS; k++) json_notes(s, (DraftNoteKind)k);
    printf("}\n");
}

/* ---- the command ---- */

static Status summarise(const Options *o, const Draft *draft, const Network *net, Err *err)
{
    Summary *s = mem_calloc(1, sizeof *s);

    if (!s) return err_set(err, ST_NOMEM, "import: out of memory");
    *s = (Summary){.o = o, .draft = draft, .net = net, .out = o->out ? stdout : stderr};
    sum_up(s);
    if (o->format)
        print_json(s);
    else
        print_table(s);
    mem_free(s);
    return ST_OK;
}

/* What is wrong with the file is said with its name, whoever found it. */
static Status report(const Options *o, Status st, const Err *why, Err *err)
{
    bool named = st != ST_FORMAT || !strncmp(why->msg, o->in, strnlen(o->in, 200));
    return err_set(err, st, "%.200s%s%s", named ? "" : o->in, named ? "" : ": ", why->msg);
}

static Status run(const Options *o, Err *err)
{
    Draft *draft = NULL;
    Network *net = NULL;
    char *text = NULL;
    size_t bytes;
    Err why = {0};
    Status st;

    TRY(target_check("import", o->out, o->force, &why));
    TRY(read_model(o, &draft, &why));
    if (o->name) draft_rename(draft, o->name);
    TRY(draft_write(draft, &text, &bytes, &net, &why));
    TRY(write_network(o, text, bytes, &why));
    TRY(summarise(o, draft, net, &why));
fail:
    if (st != ST_OK) report(o, st, &why, err);
    mem_free(text);
    network_destroy(net);
    draft_destroy(draft);
    return st;
}

int cmd_import(int argc, char *const *argv)
{
    Options o = {.source = FROM_SUFFIX};
    ArgList files = {0};
    const ArgOption options[] = {
        {"-o", "FILE.yaml", ARG_TEXT, &o.out, 0, 0, NULL,
         "the network file to write (default: to stdout, and the summary to stderr)"},
        {"--force", NULL, ARG_FLAG, &o.force, 0, 0, NULL, "replace the file if there is one"},
        {"--name", "NAME", ARG_TEXT, &o.name, 0, 0, NULL,
         "the network's name (default: from the model or its file)"},
        {"--from", "KIND", ARG_ENUM, &o.source, 0, 0, SOURCES,
         "what the file is; auto: by its suffix"},
        {"--input-shape", "NAME=1x3x224x224", ARG_TEXTS, &o.input_shapes, 0, 0, NULL,
         "ONNX: size of an input that the model leaves open, or another than its own"},
        {"--pass-unknown", NULL, ARG_FLAG, &o.pass_unknown, 0, 0, NULL,
         "ONNX: operators that are not known move their bytes, instead of being refused"},
        {"--format", "F", ARG_ENUM, &o.format, 0, 0, SUMMARIES, "of the summary; json needs -o"},
    };
    const ArgCommand cmd = {
        .usage = "relmas import MODEL.onnx|TOPOLOGY.csv [options]",
        .about = "Turns an ONNX model or a SCALE-Sim topology into a network file, which every "
                 "--network takes,\nand sums up what was read: layers, MACs, parameters, what was "
                 "folded, left out and assumed.\nThe file is plain text: look at it, change it. "
                 "docs/IMPORT.md says what becomes of each operator.",
        .example = "relmas import model.onnx -o model.yaml && relmas costs --network model.yaml",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .operand = "FILE",
        .min_operands = 1,
        .max_operands = 1,
        .operands = &files,
    };
    Err err = {0};
    int code = args_parse(&cmd, argc, argv, stdout, &err);
    if (code == ARGS_BAD) return report_error(&err);
    if (code == ARGS_DONE) return 0;
    o.in = files.v[0];
    if (o.out && !strcmp(o.out, "-")) o.out = NULL;
    if (o.format && !o.out) {
        err_set(&err, ST_USAGE,
                "import: --format json needs -o FILE, as the network goes to stdout");
        return report_error(&err);
    }
    return run(&o, &err) == ST_OK ? 0 : report_error(&err);
}
