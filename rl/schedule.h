/* schedule.h -- a value that moves from one number to another and then stays. */
#ifndef RELMAS_RL_SCHEDULE_H
#define RELMAS_RL_SCHEDULE_H

#include <math.h>
#include <stdint.h>

typedef struct LinearSchedule {
    double first, last;
    uint64_t steps; /* from first to last; 0: last at once */
} LinearSchedule;

static inline double linear_at(const LinearSchedule *s, uint64_t step)
{
    if (step >= s->steps) return s->last;
    return s->first + (s->last - s->first) * ((double)step / (double)s->steps);
}

/* Half a wave of the cosine between the same ends: slow at first, slow at last (Loshchilov and
 * Hutter 2017, without restarts). */
static inline double cosine_at(const LinearSchedule *s, uint64_t step)
{
    static const double PI = 3.14159265358979323846;
    if (step >= s->steps) return s->last;
    return s->last + (s->first - s->last) * 0.5 * (1 + cos(PI * (double)step / (double)s->steps));
}

#endif
