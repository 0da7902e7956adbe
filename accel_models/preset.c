/* preset.c -- accelerators from YAML (accel_models/presets). Every key is required and known. */
#include "accel_models/accel_internal.h"
#include "base/config.h"
#include "base/mem.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { PES_MAX = 256, BYTES_MAX = 1 << 30, WORDS_MAX = 1 << 20 };
/* Text has the size that config.h wants; AccelConfig keeps its short name only. */
typedef struct Preset {
    char name[CONFIG_TEXT_MAX];
    AccelConfig a;
} Preset;

static const char *const dataflow_names[] = {"ws", "rs", NULL};

#define INT(key, field, hi, help)                                                                  \
    {                                                                                              \
        key, CONFIG_INT, offsetof(Preset, a) + offsetof(AccelConfig, field), 1, hi, NULL, help     \
    }
#define REAL(key, field, lo, hi, help)                                                             \
    {                                                                                              \
        key, CONFIG_DOUBLE, offsetof(Preset, a) + offsetof(AccelConfig, field), lo, hi, NULL, help \
    }
#define PJ(key, field, help)   REAL(key, field, 0, 1e6, help)
#define PORT(key, field, help) REAL(key, field, 1e-3, 1e6, help)
#define COMMON                                                                                     \
    {"name", CONFIG_TEXT, offsetof(Preset, name), 1, ACCEL_NAME_MAX - 1, NULL, "preset's name"},   \
        {"dataflow",     CONFIG_ENUM, offsetof(Preset, a) + offsetof(AccelConfig, dataflow), 0, 0, \
         dataflow_names, "ws or rs"},                                                              \
        REAL("clock_mhz", clock_mhz, 1, 1e5, "MHz"),                                               \
        REAL("leakage_mw", leakage_mw, 0, 1e6, "mW, whenever the system is on"),                   \
        INT("word_bits", word_bits, 64, "bits of an input, weight or stored psum"),                \
        PJ("mac_pj", mac_pj, "pJ per MAC"), INT("glb.bytes", glb_bytes, BYTES_MAX, "bytes"),       \
        PORT("glb.read_bytes_per_cycle", glb_read_port, "port"),                                   \
        PORT("glb.write_bytes_per_cycle", glb_write_port, "port"),                                 \
        PJ("glb.read_pj_per_byte", glb_read_pj, "pJ"),                                             \
        PJ("glb.write_pj_per_byte", glb_write_pj, "pJ"),                                           \
        PORT("dram.read_bytes_per_cycle", dram_read_port, "port"),                                 \
        PORT("dram.write_bytes_per_cycle", dram_write_port, "port"),                               \
        PJ("dram.pj_per_byte", dram_pj, "pJ")

static const ConfigField ws_fields[] = {
    COMMON,
    INT("array.pes", pes, PES_MAX, "processing elements"),
    INT("array.lanes", lanes, ARRAY_SIDE_MAX, "output channels per PE"),
    INT("array.vector", vector, ARRAY_SIDE_MAX, "input channels per dot product"),
    INT("pe.input_buffer_bytes", input_buffer_bytes, BYTES_MAX, "bytes per PE"),
    INT("pe.weight_buffer_bytes", weight_buffer_bytes, BYTES_MAX, "bytes per lane"),
    INT("pe.accumulators", accumulators, WORDS_MAX, "accumulators per lane"),
    PJ("pe.weight_reg_pj_per_byte", weight_reg_pj, "pJ"),
    PJ("pe.accumulator_pj", accumulator_pj, "pJ per access"),
    PJ("pe.weight_buffer_pj_per_byte", weight_buffer_pj, "pJ"),
    PJ("pe.input_buffer_pj_per_byte", input_buffer_pj, "pJ"),
};

static const ConfigField rs_fields[] = {
    COMMON,
    INT("array.rows", rows, ARRAY_SIDE_MAX, "rows of PEs"),
    INT("array.cols", cols, ARRAY_SIDE_MAX, "columns of PEs"),
    INT("pe.ifmap_words", ifmap_words, WORDS_MAX, "words"),
    INT("pe.weight_words", weight_words, WORDS_MAX, "words"),
    INT("pe.psum_words", psum_words, WORDS_MAX, "words"),
    PJ("pe.ifmap_spad_pj", ifmap_spad_pj, "pJ per word"),
    PJ("pe.weight_spad_pj", weight_spad_pj, "pJ per word"),
    PJ("pe.psum_spad_pj", psum_spad_pj, "pJ per word"),
};

static const struct {
    const ConfigField *fields;
    int n;
} schemas[] = {
    [DATAFLOW_WS] = {ws_fields, sizeof ws_fields / sizeof *ws_fields},
    [DATAFLOW_RS] = {rs_fields, sizeof rs_fields / sizeof *rs_fields},
};

static bool present(const YamlNode *root, const char *key)
{
    char section[64];
    const char *dot = strchr(key, '.');
    if (!dot) return yaml_get(root, key) != NULL;
    size_t n = (size_t)(dot - key);
    memcpy(section, key, n);
    section[n] = 0;
    const YamlNode *map = yaml_get(root, section);
    return map && yaml_kind(map) == YAML_MAP && yaml_get(map, dot + 1);
}

static Status require_all(const YamlNode *root, const ConfigField *fields, int n, Err *err)
{
    for (int i = 0; i < n; i++)
        if (!present(root, fields[i].key))
            return yaml_error(root, err, "'%s' is missing, give it (%s)", fields[i].key,
                              fields[i].help);
    return ST_OK;
}

/* What tells machines apart is the preset's alone. */
static Status override(Preset *p, const ConfigField *fields, int n, const YamlNode *set, Err *err)
{
    static const char *const FIXED[] = {"name", "dataflow"};
    Status st;
    TRY(yaml_expect(set, YAML_MAP, err));
    for (int i = 0; i < 2; i++)
        if (yaml_get(set, FIXED[i]))
            return yaml_error(yaml_get(set, FIXED[i]), err,
                              "'%s' cannot be set, it is the preset's", FIXED[i]);
    TRY(config_read_map(p, fields, n, set, err));
fail:
    return st;
}

static Status check_word(const AccelConfig *a, const YamlNode *root, const YamlNode *set, Err *err)
{
    const YamlNode *given = set ? yaml_get(set, "word_bits") : NULL;
    if (a->word_bits % 8 == 0) return ST_OK;
    return yaml_error(given ? given : yaml_get(root, "word_bits"), err,
                      "'word_bits' is %d, want a multiple of 8", a->word_bits);
}

static Status read_preset(AccelConfig *a, const YamlDoc *doc, const YamlNode *set, Err *err)
{
    Status st;
    Preset p = {.a = {.dataflow = DATAFLOW_WS}};
    const YamlNode *root = yaml_root(doc);
    TRY(yaml_expect(root, YAML_MAP, err));
    TRY(yaml_read_enum(root, "dataflow", dataflow_names, 2, &p.a.dataflow, err));
    const ConfigField *fields = schemas[p.a.dataflow].fields;
    int n = schemas[p.a.dataflow].n;
    TRY(config_read(&p, fields, n, doc, err));
    TRY(require_all(root, fields, n, err));
    if (set) TRY(override(&p, fields, n, set, err));
    *a = p.a;
    if (!p.name[0] || strlen(p.name) >= sizeof a->name)
        return yaml_error(yaml_get(root, "name"), err, "'name' must have 1..%d characters",
                          ACCEL_NAME_MAX - 1);
    memcpy(a->name, p.name, strlen(p.name) + 1);
    TRY(check_word(a, root, set, err));
fail:
    return st;
}

Status accel_load(AccelConfig **out, const char *path, Err *err)
{
    return accel_load_with(out, path, NULL, err);
}

Status accel_load_with(AccelConfig **out, const char *path, const YamlNode *set, Err *err)
{
    Status st;
    YamlDoc *doc = NULL;
    AccelConfig *a = NULL;

    *out = NULL;
    TRY(yaml_load(&doc, path, err));
    if (!(a = mem_calloc(1, sizeof *a))) {
        st = err_set(err, ST_NOMEM, "accel_load: %s", status_text(ST_NOMEM));
        goto fail;
    }
    TRY(read_preset(a, doc, set, err));
    yaml_destroy(doc);
    *out = a;
    return ST_OK;
fail:
    yaml_destroy(doc);
    accel_destroy(a);
    return st;
}

void accel_destroy(AccelConfig *a)
{
    mem_free(a);
}
