#include <errno.h>
#include <spawn.h>

#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define BELLWETHER_HAS_CLOSEFROM 1
#endif
#endif

#ifdef BELLWETHER_HAS_CLOSEFROM
/* As <spawn.h> declares it for GNU sources, which Swift's module of the C library is not. */
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#endif

/* The child closes all descriptors from `from` on; 0, or an errno: ENOSYS where the library can't. */
static inline int bellwether_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
#ifdef BELLWETHER_HAS_CLOSEFROM
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
#else
    (void)actions;
    (void)from;
    return ENOSYS;
#endif
}
