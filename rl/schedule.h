/* schedule.h -- a value that moves linearly from one number to another and then stays. */
#ifndef RELMAS_RL_SCHEDULE_H
#define RELMAS_RL_SCHEDULE_H

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

#endif
