/* A preloaded library that makes chosen file calls of a process fail.
 *
 * DISK_FAULTS="CALL:FIRST:COUNT:ERRNO:FOLDER"
 *   CALL    open write fsync fdatasync rename truncate allocate unlink, or short
 *   FIRST   number of the first failing call on files below FOLDER, from 1
 *   COUNT   number of consecutive failing calls
 *   ERRNO   error code; 0 for short, which writes half of the bytes
 * On Linux, an fsync can fail once and succeed the next time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char wanted[16];
static char folder[3072];
static long first, count;
static int code;
static atomic_long seen;

__attribute__((constructor)) static void setup(void) {
    const char *rule = getenv("DISK_FAULTS");
    if (!rule || sscanf(rule, "%15[a-z]:%ld:%ld:%d:%3071[^\n]", wanted, &first, &count, &code, folder) != 5)
        wanted[0] = 0;
}

static int is_ours(const char *path) { return path && folder[0] && strncmp(path, folder, strlen(folder)) == 0; }

static int is_open_on_ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return is_ours(path);
}

/* Whether this call on FOLDER fails. */
static int fails(const char *call) {
    if (strcmp(call, wanted) != 0) return 0;
    long n = atomic_fetch_add(&seen, 1) + 1;
    return n >= first && n < first + count;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                  \
    int name(const char *path, int flags, ...) {                    \
        mode_t mode = 0;                                            \
        if (flags & O_CREAT) {                                      \
            va_list list;                                           \
            va_start(list, flags);                                  \
            mode = va_arg(list, mode_t);                            \
            va_end(list);                                           \
        }                                                           \
        if (is_ours(path) && fails("open")) { errno = code; return -1; } \
        return REAL(name)(path, flags, mode);                       \
    }
OPEN(open)
OPEN(open64)

#define PWRITE(name, offset_type)                                                 \
    ssize_t name(int fd, const void *bytes, size_t size, offset_type at) {        \
        if (wanted[0] && is_open_on_ours(fd)) {                                   \
            if (fails("write")) { errno = code; return -1; }                      \
            if (size > 1 && fails("short")) size /= 2;                            \
        }                                                                         \
        return REAL(name)(fd, bytes, size, at);                                   \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FILE(name, call)                                             \
    int name(int fd) {                                                  \
        if (wanted[0] && is_open_on_ours(fd) && fails(call)) { errno = code; return -1; } \
        return REAL(name)(fd);                                          \
    }
ON_FILE(fsync, "fsync")
ON_FILE(fdatasync, "fdatasync")

#define TRUNCATE(name, offset_type)                                     \
    int name(int fd, offset_type size) {                                \
        if (wanted[0] && is_open_on_ours(fd) && fails("truncate")) { errno = code; return -1; } \
        return REAL(name)(fd, size);                                    \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, offset_type)                                     \
    int name(int fd, offset_type at, offset_type size) {                \
        if (wanted[0] && is_open_on_ours(fd) && fails("allocate")) return code; \
        return REAL(name)(fd, at, size);                                \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

int rename(const char *from, const char *to) {
    if (is_ours(from) && fails("rename")) { errno = code; return -1; }
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    if (is_ours(path) && fails("unlink")) { errno = code; return -1; }
    return REAL(unlink)(path);
}
