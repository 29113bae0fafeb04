#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

/* mallopt(3), which Swift's module of the C library leaves out. */
static inline void bellwether_limit_arenas(int most) { (void)mallopt(M_ARENA_MAX, most); }

/* malloc_trim(3): whole free pages, wherever they are. */
static inline void bellwether_give_back_free_pages(void) { (void)malloc_trim(0); }
#else
/* Other allocators don't multiply their heaps with the threads, and give pages back themselves. */
static inline void bellwether_limit_arenas(int most) { (void)most; }
static inline void bellwether_give_back_free_pages(void) {}
#endif
