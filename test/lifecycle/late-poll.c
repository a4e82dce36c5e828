/* A preloaded poll(2). A call with a limit of one second returns only after four seconds. The same can happen
 * on a machine that has no free processor for the thread. */
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
