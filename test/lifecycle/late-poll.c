/*
 * Replaces poll(2) through LD_PRELOAD. A call with a timeout of one second takes four seconds instead. An
 * overloaded machine can delay a thread in the same way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

int poll(struct pollfd *descriptors, nfds_t count, int milliseconds)
{
    int (*const next)(struct pollfd *, nfds_t, int) = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    if (milliseconds == 1000) sleep(4);
    return next(descriptors, count, milliseconds == 1000 ? 0 : milliseconds);
}
