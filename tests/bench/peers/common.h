// The workloads of this package, for libraries in C. The file of a library defines the functions that are declared first.
//
// PROGRAM SUBJECT WORKLOAD NUMBERS...: reads lines with numbers of laps. For each it makes a new set, runs WARM laps,
// measures the laps of the line, and prints a line: nanoseconds and steps, or `unsupported`.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WARM = 3 };

// The functions of a library. `both` means reading and writing, otherwise only reading. A constant that ends in _works is 0 if
// the library has no such function, or would defer it until the next wait.
struct subject;
static struct subject *set_new(int capacity, int wakes);
static void set_free(struct subject *);
static void set_add(struct subject *, int fd, int index);
static void set_change(struct subject *, int index, int both);
static void set_remove(struct subject *, int index);
static void set_wait(struct subject *, int block);
static void set_sleep(struct subject *, double seconds);
static void set_wake(struct subject *);
static const int register_works, sleep_works;

// Counts an event, also for `set_new` with `wakes`.
static void visit(int index);

static void check(int good, const char *message)
{
    if (!good) {
        perror(message);
        exit(1);
    }
}

static void *allocate(size_t size)
{
    void *new = calloc(1, size);
    check(new != NULL, "calloc");
    return new;
}

// The descriptors of the set and, in a ring, those that make them ready.
static int *readers, *writers, count;
// The number of ready descriptors; the events of this thread, and the sum of their indices.
static int ready;
static _Thread_local long found, sum;
// Whether the workload is a ring, and whether its bytes are to travel further.
static int ring, further;

static void pass(int index)
{
    char bytes[2];
    check(read(readers[index], bytes, 2) == 1, "two bytes met");
    if (further)
        check(write(writers[index + 1 == count ? 0 : index + 1], bytes, 1) == 1, "write");
}

static inline void visit(int index)
{
    found++;
    if (ring)
        pass(index);
    else
        sum += index;
}

static struct subject *set_of_all(void)
{
    struct subject *set = set_new(count, 0);
    for (int index = 0; index < count; index++)
        set_add(set, readers[index], index);
    return set;
}

static int64_t now(clockid_t clock)
{
    struct timespec time;
    check(clock_gettime(clock, &time) == 0, "clock_gettime");
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// The laps of the workloads. Each function returns the number of steps.

static long ring_laps(struct subject *set, long laps)
{
    found = 0;
    for (long lap = 0; lap < laps; lap++)
        set_wait(set, 1);
    return found;
}

// Some libraries do not report all events in one wait, and some report more. A lap has as many waits as it takes to find
// `ready` events, and each event counts.
static long ready_laps(struct subject *set, long laps)
{
    found = 0;
    for (long lap = 0; lap < laps; lap++) {
        long begin = found;
        while (found - begin < ready) {
            long before = found;
            set_wait(set, 0);
            check(found > before, "a wait found nothing");
        }
    }
    return found;
}

static long register_laps(struct subject *set, long laps)
{
    for (long lap = 0; lap < laps; lap++) {
        set_add(set, readers[count / 2], count / 2);
        set_remove(set, count / 2);
    }
    return laps;
}

static int between;

static long interest_laps(struct subject *set, long laps)
{
    found = 0;
    for (long lap = 0; lap < laps; lap++) {
        set_change(set, count / 2, between);
        set_change(set, count / 2, 0);
        set_wait(set, 0);
    }
    check(found == 0, "an event without a ready descriptor");
    return laps;
}

static double seconds;

static long sleep_laps(struct subject *set, long laps)
{
    found = 0;
    for (long lap = 0; lap < laps; lap++) {
        if (seconds == 0)
            set_wait(set, 0);
        else
            set_sleep(set, seconds);
    }
    check(found == 0, "an event without a ready descriptor");
    return laps;
}

static int wakes;

static long wake_laps(struct subject *set, long laps)
{
    for (long lap = 0; lap < laps; lap++) {
        for (int wake = 0; wake < wakes; wake++)
            set_wake(set);
        found = 0;
        while (found == 0)
            set_wait(set, 1);
    }
    return laps * wakes;
}

static void measure(clockid_t clock, long (*work)(struct subject *, long), struct subject *set, long laps)
{
    work(set, WARM);
    int64_t start = now(clock);
    long steps = work(set, laps);
    int64_t time = now(clock) - start;
    printf("%lld %ld\n", (long long)time, steps);
    fflush(stdout);
}

// The descriptors of each workload.

static void make_ring(void)
{
    for (int index = 0; index < count; index++) {
        int pair[2];
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
        readers[index] = pair[0];
        writers[index] = pair[1];
    }
}

// The same pipes as in src/fixture.rs.
static void make_pipes(void)
{
    for (long index = 0; index < count; index++) {
        int ends[2];
        char path[64];
        check(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
        snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
        readers[index] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        check(readers[index] >= 0, path);
        close(ends[0]);
        close(ends[1]);
        if ((index + 1) * ready / count > index * ready / count)
            check(write(readers[index], "x", 1) == 1, "write");
    }
}

static void make_eventfds(void)
{
    for (int index = 0; index < count; index++)
        check((readers[index] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) >= 0, "eventfd");
}

static int run(const char *workload, long laps)
{
    clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
    struct subject *set;
    if (strcmp(workload, "wake") == 0) {
        set = set_new(1, 1);
        measure(clock, wake_laps, set, laps);
    } else if (strcmp(workload, "ring") == 0) {
        set = set_of_all();
        for (long index = 0; index < ready; index++)
            check(write(writers[index * count / ready], "x", 1) == 1, "write");
        further = 1;
        // Once around before the measurement: the sockets have left the caches since the last one.
        ring_laps(set, count / ready);
        measure(clock, ring_laps, set, laps);
        further = 0;
        // One wait may not report all bytes.
        for (found = 0; found < ready;)
            set_wait(set, 1);
        check(found == ready, "more bytes than were sent");
    } else if (strcmp(workload, "ready") == 0) {
        measure(clock, ready_laps, set = set_of_all(), laps);
    } else if (strcmp(workload, "interest") == 0) {
        set = set_of_all();
        set_wait(set, 0);
        measure(clock, interest_laps, set, laps);
    } else if (strcmp(workload, "register") == 0 && register_works) {
        set = set_of_all();
        set_remove(set, count / 2);
        measure(clock, register_laps, set, laps);
    } else if (strcmp(workload, "sleep") == 0 && (seconds == 0 || sleep_works)) {
        measure(seconds == 0 ? clock : CLOCK_MONOTONIC, sleep_laps, set = set_of_all(), laps);
    } else {
        return 0;
    }
    set_free(set);
    return 1;
}

int main(int arguments, char **argument)
{
    check(arguments >= 3, "SUBJECT WORKLOAD NUMBERS...");
    const char *workload = argument[2];
    int first = arguments > 3 ? atoi(argument[3]) : 0, second = arguments > 4 ? atoi(argument[4]) : 0;
    ring = strcmp(workload, "ring") == 0;
    if (strcmp(workload, "wake") == 0) {
        wakes = first;
    } else {
        count = first;
        ready = between = second;
        seconds = strcmp(workload, "sleep") == 0 ? second / 1e6 : 0;
        readers = allocate((count + 1) * sizeof *readers);
        writers = allocate((count + 1) * sizeof *writers);
        if (ring)
            make_ring();
        else if (strcmp(workload, "ready") == 0)
            make_pipes();
        else
            make_eventfds();
    }
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (!run(workload, atol(line))) {
            puts("unsupported");
            fflush(stdout);
        }
    }
    return 0;
}
