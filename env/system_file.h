/* system_file.h -- a system file as it is written: which sub-accelerators (SAs), what they share, and
 * how. No networks and no costs yet: those come with system_load() (env/system.h).
 *
 *   name: tiny-2
 *   dram_gbps: 17.9
 *   arbitration: max-min # or proportional: how the DRAM is shared; may be left out
 *   replan_us: 0         # period T_s at which queued sub-jobs are placed anew, 0 never; may be left out
 *   accelerators:        # one entry per type; presets of accel_models/presets, or files
 *   - {preset: simba-16pe, count: 1}
 *   - preset: eyeriss-12x14
 *     count: 1
 *     name: eyeriss      # default: the preset's own; two entries of one preset need two names
 *     set:               # keys of the preset that differ; may be left out
 *       clock_mhz: 500
 *       glb.bytes: 65536 # or nested, as in the preset: glb: {bytes: 65536} */
#ifndef RELMAS_ENV_SYSTEM_FILE_H
#define RELMAS_ENV_SYSTEM_FILE_H

#include "accel_models/accel.h"
#include "env/system.h"

typedef struct SystemType {
    char name[SYS_NAME_MAX];
    int count;
    bool changed;       /* has keys of its own: `set` */
    AccelConfig *accel; /* owned; accel_name() is the preset's */
} SystemType;

typedef struct SystemFile {
    char name[SYS_NAME_MAX];
    double dram_gbps;
    Arbitration arbitration;
    double replan_us;
    int n_types, n_sas;
    SystemType type[SYS_MAX_TYPES];
} SystemFile;

/* system: a name in env/systems or a file. Caller owns *out; on failure NULL. Every mistake is a
 * line "FILE:LINE: ...": ST_IO, ST_FORMAT, ST_CONFIG, ST_NOMEM. */
Status system_file_load(SystemFile **out, const char *system, Err *err);
void system_file_destroy(SystemFile *f); /* NULL allowed */

#endif
