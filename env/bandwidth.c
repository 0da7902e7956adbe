/* bandwidth.c -- max-min fair (progressive filling) and proportional sharing. */
#include "env/bandwidth.h"

#include <assert.h>

static double total(const double *demand, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += demand[i];
    return sum;
}

static void all_at(double *rate, int n, double value)
{
    for (int i = 0; i < n; i++) rate[i] = value;
}

void bandwidth_max_min(const double *demand, int n, double capacity, double *rate)
{
    int order[BANDWIDTH_MAX_SHARERS];
    assert(n <= BANDWIDTH_MAX_SHARERS);
    all_at(rate, n, 1.0);
    if (total(demand, n) <= capacity) return;
    for (int i = 0; i < n; i++) { /* insertion sort by demand */
        int k = i;
        for (; k > 0 && demand[order[k - 1]] > demand[i]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    int k = 0;
    for (; k < n - 1 && demand[order[k]] * (n - k) <= capacity; k++) /* small ones: in full */
        capacity -= demand[order[k]];
    double fair = capacity / (n - k); /* of each of the rest: equal demands, equal bits */
    for (; k < n; k++)
        if (demand[order[k]] > fair) rate[order[k]] = fair / demand[order[k]];
}

void bandwidth_proportional(const double *demand, int n, double capacity, double *rate)
{
    double sum = total(demand, n);
    all_at(rate, n, 1.0);
    if (sum <= capacity) return;
    for (int i = 0; i < n; i++) rate[i] = demand[i] > 0 ? capacity / sum : 1.0;
}
