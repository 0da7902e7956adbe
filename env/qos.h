/* qos.h -- latency targets of published benchmarks, QoS level M (docs/MODEL.md, section 6). */
#ifndef RELMAS_ENV_QOS_H
#define RELMAS_ENV_QOS_H

typedef enum { QOS_RELATIVE, QOS_MOCA, QOS_MLPERF } QosProfile;
extern const char *const QOS_NAMES[]; /* NULL-terminated, in the order of the enum */

/* Target of a network in us, 0 if the profile has none for it. Not for QOS_RELATIVE, whose targets
 * depend on the system. */
double qos_target_us(QosProfile profile, const char *network);
/* The networks that a profile has targets for, separated by commas. */
void qos_networks(QosProfile profile, char *out, unsigned cap);

#endif
