#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

/* mallopt(3), which Swift's module of the C library leaves out. */
static inline void bellwether_limit_arenas(int most) { (void)mallopt(M_ARENA_MAX, most); }
#else
/* Other allocators don't multiply their heaps with the threads. */
static inline void bellwether_limit_arenas(int most) { (void)most; }
#endif
