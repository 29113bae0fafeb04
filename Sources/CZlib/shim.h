#include <zlib.h>

#include <stddef.h>

/* POSIX.1-2024. glibc shows it only under _GNU_SOURCE, which Swift's module of the C library is
   built without. */
void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

#ifndef __APPLE__
/* The same of a GNU function that musl has too. */
void *memrchr(const void *bytes, int byte, size_t length);
#endif
