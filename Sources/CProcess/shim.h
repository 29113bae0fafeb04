#ifndef BELLWETHER_CPROCESS_H
#define BELLWETHER_CPROCESS_H

#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Limits of the process that C libraries declare in ways that Swift cannot call alike. */

/* The soft and the hard limit of open files; 0 where the system does not say. */
static inline unsigned long long bellwether_open_files(int hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    return (unsigned long long)(hard ? limit.rlim_max : limit.rlim_cur);
}

/* Raises the soft limit of open files to the hard one, at most to `most`. Never lowers it. */
static inline void bellwether_raise_open_files(unsigned long long most) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t wanted = limit.rlim_max < (rlim_t)most ? limit.rlim_max : (rlim_t)most;
    if (wanted <= limit.rlim_cur) return;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
    /* macOS takes no more than OPEN_MAX, whatever the hard limit says. */
    if (before < 10240 && wanted > 10240) {
        limit.rlim_cur = 10240;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* No core file, now or later; on Linux none through a pipe in core_pattern either, which ignores
 * the limit, and no reading of this memory by other processes of the same user. Returns 0 when
 * all of it holds. */
static inline int bellwether_forbid_core_dumps(void) {
    struct rlimit none = {0, 0};
    int result = setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) result = -1;
#endif
    return result;
}

/* Whether the system may still write this memory to a file. */
static inline int bellwether_may_dump_core(void) {
#ifdef __linux__
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 1;
#endif
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0;
}

#endif
