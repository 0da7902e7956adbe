/* qos.c -- the tables of latency targets. */
#include "env/qos.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *const QOS_NAMES[] = {"relative", "moca", "mlperf", NULL};

typedef struct Target {
    QosProfile profile;
    const char *network;
    double ms;
} Target;

/* moca: Kim et al., MoCA, HPCA 2023: frame rates of the networks' uses.
 * mlperf: server scenario, Reddi et al., MLPerf Inference, ISCA 2020, table III; BERT's since v0.7.
 * bertbase has the target of BERT-large and mobilenetv2 that of MobileNet-v1, which are in the suite. */
static const Target TARGETS[] = {
    {QOS_MOCA, "squeezenet", 10},       {QOS_MOCA, "yololite", 10},
    {QOS_MOCA, "kws", 100 / 3.0},       {QOS_MOCA, "alexnet", 100 / 3.0},
    {QOS_MOCA, "googlenet", 100 / 3.0}, {QOS_MOCA, "resnet50", 50},
    {QOS_MOCA, "yolov2", 50 / 3.0},     {QOS_MLPERF, "resnet50", 15},
    {QOS_MLPERF, "ssdmobilenet", 10},   {QOS_MLPERF, "mobilenetv2", 10},
    {QOS_MLPERF, "bertbase", 130},
};
enum { N_TARGETS = sizeof TARGETS / sizeof *TARGETS };

double qos_target_us(QosProfile profile, const char *network)
{
    for (int i = 0; i < N_TARGETS; i++)
        if (TARGETS[i].profile == profile && !strcmp(TARGETS[i].network, network))
            return 1000 * TARGETS[i].ms;
    return 0;
}

void qos_networks(QosProfile profile, char *out, unsigned cap)
{
    size_t used = 0;
    *out = '\0';
    for (int i = 0; i < N_TARGETS && used < cap; i++)
        if (TARGETS[i].profile == profile)
            used += (size_t)snprintf(out + used, cap - used, "%s%s", used ? ", " : "",
                                     TARGETS[i].network);
}
