// libev. Changes reach the kernel when the loop runs, so `register` has no cost of its own to measure.

#include "common.h"

#include <ev.h>

struct subject {
    struct ev_loop *loop;
    ev_timer timer;
    ev_async wake;
    int over;
    ev_io *files;
};

static const int register_works = 0, sleep_works = 1;

static void on_file(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop, (void)events;
    visit((int)(intptr_t)watcher->data);
}

static void on_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop, (void)events;
    ((struct subject *)watcher->data)->over = 1;
}

static void on_wake(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop, (void)watcher, (void)events;
    visit(0);
}

static struct subject *set_new(int capacity, int wakes)
{
    struct subject *set = allocate(sizeof *set);
    check((set->loop = ev_loop_new(EVBACKEND_EPOLL)) != NULL, "ev_loop_new");
    set->files = allocate(capacity * sizeof *set->files);
    ev_init(&set->timer, on_timer);
    set->timer.data = set;
    ev_async_init(&set->wake, on_wake);
    if (wakes)
        ev_async_start(set->loop, &set->wake);
    return set;
}

static void set_free(struct subject *set)
{
    ev_loop_destroy(set->loop);
    free(set->files);
    free(set);
}

static void set_add(struct subject *set, int fd, int index)
{
    ev_io_init(&set->files[index], on_file, fd, EV_READ);
    set->files[index].data = (void *)(intptr_t)index;
    ev_io_start(set->loop, &set->files[index]);
}

static void set_change(struct subject *set, int index, int both)
{
    ev_io_stop(set->loop, &set->files[index]);
    ev_io_modify(&set->files[index], both ? EV_READ | EV_WRITE : EV_READ);
    ev_io_start(set->loop, &set->files[index]);
}

static void set_remove(struct subject *set, int index)
{
    ev_io_stop(set->loop, &set->files[index]);
}

static void set_wait(struct subject *set, int block)
{
    ev_run(set->loop, block ? EVRUN_ONCE : EVRUN_NOWAIT);
}

static void set_sleep(struct subject *set, double seconds)
{
    ev_now_update(set->loop);
    ev_timer_set(&set->timer, seconds, 0);
    ev_timer_start(set->loop, &set->timer);
    for (set->over = 0; !set->over;)
        set_wait(set, 1);
}

static void set_wake(struct subject *set)
{
    ev_async_send(set->loop, &set->wake);
}
