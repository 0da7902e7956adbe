/* fuzz_config.c -- settings, by the table of a scenario. An accepted file's settings are written as
 * text that reads back to the same. */
#include "env/scenario.h"
#include "tests/fuzz/fuzz.h"

static Status read_settings(ScenarioConfig *cfg, const ConfigField *fields, const char *text,
                            size_t size, Err *err)
{
    YamlDoc *doc;
    *cfg = SCENARIO_DEFAULTS;
    Status st = yaml_parse(&doc, "s.yaml", text, size, err);
    if (st == ST_OK) st = config_read(cfg, fields, SCENARIO_FIELDS, doc, err);
    yaml_destroy(doc);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ScenarioConfig cfg, again;
    ConfigField fields[SCENARIO_FIELDS];
    long live = mem_live;
    char *text;
    Err err = {0};

    scenario_fields(fields, 0);
    Status st = read_settings(&cfg, fields, (const char *)data, size, &err);
    fuzz_check(st == ST_OK || st == ST_FORMAT || st == ST_CONFIG);
    fuzz_check(st == ST_OK || (err.msg[0] && !strchr(err.msg, '\n')));
    if (st == ST_OK) {
        fuzz_check(config_format(&cfg, fields, SCENARIO_FIELDS, &text, &err) == ST_OK);
        fuzz_check(read_settings(&again, fields, text, strlen(text), &err) == ST_OK);
        fuzz_check(!memcmp(&cfg, &again, sizeof cfg));
        mem_free(text);
    }
    fuzz_check(mem_live == live);
    return 0;
}
