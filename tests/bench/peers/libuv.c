// libuv. Changes reach the kernel when the loop runs, and timers count whole milliseconds, so `register` and `sleep` are left
// out. A run of the loop may report a file several times if more than 1024 are ready (libuv 1.44).

#include "common.h"

#include <uv.h>

struct subject {
    uv_loop_t loop;
    uv_async_t wake;
    uv_poll_t *files;
};

static const int register_works = 0, sleep_works = 0;

static void on_file(uv_poll_t *handle, int status, int events)
{
    (void)events;
    check(status == 0, "uv_poll_t");
    visit((int)(intptr_t)handle->data);
}

static void on_wake(uv_async_t *handle)
{
    (void)handle;
    visit(0);
}

static struct subject *set_new(int capacity, int wakes)
{
    struct subject *set = allocate(sizeof *set);
    check(uv_loop_init(&set->loop) == 0, "uv_loop_init");
    if (wakes)
        check(uv_async_init(&set->loop, &set->wake, on_wake) == 0, "uv_async_init");
    set->files = allocate(capacity * sizeof *set->files);
    return set;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

static void set_free(struct subject *set)
{
    uv_walk(&set->loop, close_handle, NULL);
    check(uv_run(&set->loop, UV_RUN_DEFAULT) == 0, "uv_run");
    check(uv_loop_close(&set->loop) == 0, "uv_loop_close");
    free(set->files);
    free(set);
}

static void set_add(struct subject *set, int fd, int index)
{
    check(uv_poll_init(&set->loop, &set->files[index], fd) == 0, "uv_poll_init");
    set->files[index].data = (void *)(intptr_t)index;
    set_change(set, index, 0);
}

static void set_change(struct subject *set, int index, int both)
{
    int events = both ? UV_READABLE | UV_WRITABLE : UV_READABLE;
    check(uv_poll_start(&set->files[index], events, on_file) == 0, "uv_poll_start");
}

static void set_remove(struct subject *set, int index)
{
    check(uv_poll_stop(&set->files[index]) == 0, "uv_poll_stop");
}

static void set_wait(struct subject *set, int block)
{
    uv_run(&set->loop, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

static void set_sleep(struct subject *set, double seconds)
{
    (void)set, (void)seconds;
}

static void set_wake(struct subject *set)
{
    check(uv_async_send(&set->wake) == 0, "uv_async_send");
}
