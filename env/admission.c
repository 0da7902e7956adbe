/* admission.c -- which jobs to give up so that the others meet their deadlines.
 *
 * Jobs are sorted by deadline, in place, as the C library's sort may allocate, and taken one after the
 * other. Those admitted so far are a heap of their indices, in the jobs' own fields, with the one of
 * the largest load on top. */
#include "env/admission.h"

static bool sooner(const AdmissionJob *a, const AdmissionJob *b)
{
    return a->slack_us < b->slack_us || (a->slack_us <= b->slack_us && a->seq < b->seq);
}

static void sift_down(AdmissionJob *job, int at, int n)
{
    AdmissionJob moving = job[at];
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && sooner(&job[child], &job[child + 1])) child++;
        if (!sooner(&moving, &job[child])) break;
        job[at] = job[child];
    }
    job[at] = moving;
}

/* Heapsort: the root is who is last. */
static void sort(AdmissionJob *job, int n)
{
    for (int i = n / 2 - 1; i >= 0; i--) sift_down(job, i, n);
    for (int last = n - 1; last > 0; last--) {
        AdmissionJob latest = job[0];
        job[0] = job[last];
        job[last] = latest;
        sift_down(job, 0, last);
    }
}

static bool larger(const AdmissionJob *job, int a, int b)
{
    return job[a].load_us > job[b].load_us || (job[a].load_us >= job[b].load_us && a > b);
}

/* The heap of the admitted is job[0 .. n).heap. */
static void admit(AdmissionJob *job, int n, int i)
{
    int at = n;
    for (int up; at > 0 && larger(job, i, job[up = (at - 1) / 2].heap); at = up)
        job[at].heap = job[up].heap;
    job[at].heap = i;
    job[i].admitted = 1;
}

/* Takes the largest out; returns it. */
static int give_up(AdmissionJob *job, int n)
{
    int largest = job[0].heap, moving = job[n - 1].heap, at = 0;
    for (int child; (child = 2 * at + 1) < n - 1; at = child) {
        if (child + 1 < n - 1 && larger(job, job[child + 1].heap, job[child].heap)) child++;
        if (larger(job, moving, job[child].heap)) break;
        job[at].heap = job[child].heap;
    }
    job[at].heap = moving;
    job[largest].admitted = 0;
    return largest;
}

void admission_choose(AdmissionJob *job, int n, int n_sas)
{
    double ahead = 0; /* load of the admitted, of all SAs together */
    int admitted = 0;
    sort(job, n);
    for (int i = 0; i < n; i++) {
        bool late = ahead / n_sas + job[i].rem_us > job[i].slack_us;
        admit(job, admitted++, i);
        ahead += job[i].load_us;
        if (late) ahead -= job[give_up(job, admitted--)].load_us;
    }
}
