// libevent. A second event waits for writing on the same file, as in libevent's own streams.

#include "common.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>

struct subject {
    struct event_base *base;
    struct event timer, wake;
    int over;
    struct event *read, *write;
};

static const int register_works = 1, sleep_works = 1;

static void on_file(evutil_socket_t fd, short events, void *index)
{
    (void)fd, (void)events;
    visit((int)(intptr_t)index);
}

static void on_timer(evutil_socket_t fd, short events, void *set)
{
    (void)fd, (void)events;
    ((struct subject *)set)->over = 1;
}

static struct subject *set_new(int capacity, int wakes)
{
    // Another thread can end a wait only with libevent's locks.
    if (wakes)
        check(evthread_use_pthreads() == 0, "evthread_use_pthreads");
    struct subject *set = allocate(sizeof *set);
    struct event_config *config = event_config_new();
    check(config != NULL, "event_config_new");
    // Otherwise the clock advances every 4 ms. The flag costs a system call in each wait, so other workloads do not set it.
    if (seconds > 0)
        check(event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0, "event_config_set_flag");
    check((set->base = event_base_new_with_config(config)) != NULL, "event_base_new_with_config");
    event_config_free(config);
    check(strcmp(event_base_get_method(set->base), "epoll") == 0, "not with epoll");
    set->read = allocate(capacity * sizeof *set->read);
    set->write = allocate(capacity * sizeof *set->write);
    event_assign(&set->timer, set->base, -1, 0, on_timer, set);
    event_assign(&set->wake, set->base, -1, EV_PERSIST, on_file, NULL);
    return set;
}

static void set_free(struct subject *set)
{
    // This removes the remaining events of the files.
    event_base_free(set->base);
    free(set->read);
    free(set->write);
    free(set);
}

static void set_add(struct subject *set, int fd, int index)
{
    void *data = (void *)(intptr_t)index;
    event_assign(&set->read[index], set->base, fd, EV_READ | EV_PERSIST, on_file, data);
    event_assign(&set->write[index], set->base, fd, EV_WRITE | EV_PERSIST, on_file, data);
    check(event_add(&set->read[index], NULL) == 0, "event_add");
}

static void set_change(struct subject *set, int index, int both)
{
    int result = both ? event_add(&set->write[index], NULL) : event_del(&set->write[index]);
    check(result == 0, "event_add or event_del");
}

static void set_remove(struct subject *set, int index)
{
    check(event_del(&set->read[index]) == 0, "event_del");
}

static void set_wait(struct subject *set, int block)
{
    int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | (block ? 0 : EVLOOP_NONBLOCK);
    check(event_base_loop(set->base, flags) >= 0, "event_base_loop");
}

static void set_sleep(struct subject *set, double seconds)
{
    struct timeval time = {0, (long)(seconds * 1e6 + 0.5)};
    check(event_add(&set->timer, &time) == 0, "event_add");
    for (set->over = 0; !set->over;)
        set_wait(set, 1);
}

static void set_wake(struct subject *set)
{
    event_active(&set->wake, EV_READ, 0);
}
