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
    for (int k = 0; k < n; k++) { /* the smallest demands first; what they leave is shared again */
        int i = order[k];
        double fair = capacity / (n - k);
        if (demand[i] > fair) rate[i] = fair / demand[i];
        capacity -= demand[i] > fair ? fair : demand[i];
    }
}

void bandwidth_proportional(const double *demand, int n, double capacity, double *rate)
{
    double sum = total(demand, n);
    all_at(rate, n, 1.0);
    if (sum <= capacity) return;
    for (int i = 0; i < n; i++) rate[i] = demand[i] > 0 ? capacity / sum : 1.0;
}
