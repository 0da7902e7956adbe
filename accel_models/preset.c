/* preset.c -- accelerators from YAML (accel_models/presets): the common keys and those of its
 * dataflow. Every key is known, and required
 * but for those that are true or false. */
#include "accel_models/accel_internal.h"
#include "base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const ConfigField common[] = {
    {"name", CONFIG_TEXT, offsetof(AccelConfig, name), 1, ACCEL_NAME_MAX - 1, NULL, "its name"},
    {"dataflow", CONFIG_ENUM, offsetof(AccelConfig, dataflow), 0, 0, NULL, "how it maps layers"},
    ACCEL_REAL(AccelConfig, "clock_mhz", clock_mhz, 1, 1e5, "MHz"),
    ACCEL_REAL(AccelConfig, "leakage_mw", leakage_mw, 0, 1e6, "mW, whenever the system is on"),
    ACCEL_INT(AccelConfig, "word_bits", word_bits, 64, "bits of an input, weight or stored psum"),
    ACCEL_PJ(AccelConfig, "mac_pj", mac_pj, "pJ per MAC"),
    ACCEL_PORT(AccelConfig, "dram.read_bytes_per_cycle", dram_read_port, "port"),
    ACCEL_PORT(AccelConfig, "dram.write_bytes_per_cycle", dram_write_port, "port"),
    ACCEL_BOOL(AccelConfig, "dram.shared_port", dram_shared_port, "reads and writes take turns"),
    ACCEL_PJ(AccelConfig, "dram.pj_per_byte", dram_pj, "pJ"),
};
enum { COMMON_FIELDS = sizeof common / sizeof *common, DATAFLOW_FIELD = 1, DATAFLOWS_MAX = 16 };

/* All keys of one dataflow's presets. */
typedef struct Schema {
    const char *dataflows[DATAFLOWS_MAX + 1]; /* names, NULL-terminated */
    int n;
    ConfigField field[COMMON_FIELDS + DATAFLOW_FIELDS_MAX];
} Schema;

static int list_dataflows(Schema *s)
{
    int n = 0;
    for (; dataflow_table[n]; n++) {
        assert(n < DATAFLOWS_MAX);
        s->dataflows[n] = dataflow_table[n]->name;
    }
    s->dataflows[n] = NULL;
    return n;
}

static void add_fields(Schema *s, const DataflowOps *ops)
{
    assert(ops->n_fields <= DATAFLOW_FIELDS_MAX && ops->config_bytes >= sizeof(AccelConfig));
    memcpy(s->field, common, sizeof common);
    memcpy(s->field + COMMON_FIELDS, ops->fields, (size_t)ops->n_fields * sizeof *s->field);
    s->n = COMMON_FIELDS + ops->n_fields;
    s->field[DATAFLOW_FIELD].of = s->dataflows;
}

static bool present(const YamlNode *root, const char *key)
{
    char section[64];
    const char *dot = strchr(key, '.');
    if (yaml_get(root, key) || !dot) return yaml_get(root, key) != NULL;
    size_t n = (size_t)(dot - key);
    memcpy(section, key, n);
    section[n] = 0;
    const YamlNode *map = yaml_get(root, section);
    return map && yaml_kind(map) == YAML_MAP && yaml_get(map, dot + 1);
}

static Status require_all(const YamlNode *root, const Schema *s, Err *err)
{
    for (int i = 0; i < s->n; i++)
        if (s->field[i].type != CONFIG_BOOL && !present(root, s->field[i].key))
            return yaml_error(root, err, "'%s' is missing, give it (%s)", s->field[i].key,
                              s->field[i].help);
    return ST_OK;
}

/* What tells machines apart is the preset's alone. */
static Status override(AccelConfig *a, const Schema *s, const YamlNode *set, Err *err)
{
    static const char *const FIXED[] = {"name", "dataflow"};
    Status st;
    TRY(yaml_expect(set, YAML_MAP, err));
    for (int i = 0; i < 2; i++)
        if (yaml_get(set, FIXED[i]))
            return yaml_error(yaml_get(set, FIXED[i]), err,
                              "'%s' cannot be set, it is the preset's", FIXED[i]);
    TRY(config_read_map(a, s->field, s->n, set, err));
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

static Status check_name(const AccelConfig *a, const YamlNode *root, Err *err)
{
    if (a->name[0] && strlen(a->name) < ACCEL_NAME_MAX) return ST_OK;
    return yaml_error(yaml_get(root, "name"), err, "'name' must have 1..%d characters",
                      ACCEL_NAME_MAX - 1);
}

static Status read_preset(AccelConfig *a, Schema *s, const YamlDoc *doc, const YamlNode *set,
                          Err *err)
{
    Status st;
    const YamlNode *root = yaml_root(doc);
    TRY(config_read(a, s->field, s->n, doc, err));
    TRY(require_all(root, s, err));
    if (set) TRY(override(a, s, set, err));
    TRY(check_name(a, root, err));
    TRY(check_word(a, root, set, err));
fail:
    return st;
}

/* The dataflow decides which keys there are and how large the struct is. */
static Status create(AccelConfig **out, Schema *s, const YamlDoc *doc, Err *err)
{
    Status st;
    int dataflow, n = list_dataflows(s);
    const YamlNode *root = yaml_root(doc);
    TRY(yaml_expect(root, YAML_MAP, err));
    TRY(yaml_read_enum(root, "dataflow", s->dataflows, n, &dataflow, err));
    add_fields(s, dataflow_table[dataflow]);
    if (!(*out = mem_calloc(1, dataflow_table[dataflow]->config_bytes)))
        return err_set(err, ST_NOMEM, "accel_load: %s", status_text(ST_NOMEM));
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
    Schema s;
    YamlDoc *doc = NULL;
    AccelConfig *a = NULL;

    *out = NULL;
    TRY(yaml_load(&doc, path, err));
    TRY(create(&a, &s, doc, err));
    TRY(read_preset(a, &s, doc, set, err));
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
