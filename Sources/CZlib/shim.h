#include <zlib.h>

#include <stddef.h>

/* POSIX.1-2024. glibc shows it only under _GNU_SOURCE, which Swift's module of the C library is
   built without. */
void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

