// Makes a contended Synchronization.Mutex visible to the thread sanitizer, on Linux.
//
// The fast paths of Mutex are inlined into our code, which the sanitizer instruments. The slow
// paths (a futex, in Synchronization's MutexLinuxImpl.swift) are in a library that is not
// instrumented, so the sanitizer does not see the order between the holder of the lock and the
// thread that waited. This file, linked before that library, reports it: an acquire after a slow
// lock, a release before a slow unlock. On macOS a Mutex is an os_unfair_lock, which the
// sanitizer supports.
//
// Swift's convention passes self in the context register and the argument in the first one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SELF __attribute__((swift_context)) void *self
#define SWIFT __attribute__((swiftcall))

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

typedef SWIFT void (*lock_function)(uint32_t, SELF);
typedef SWIFT bool (*try_lock_function)(SELF);
typedef SWIFT void (*unlock_function)(SELF);

static void *original(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        fprintf(stderr, "tsan_mutex: the library no longer has %s: update this file\n", name);
        abort();
    }
    return found;
}

SWIFT void bw_lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool bw_try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT void bw_unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void bw_lock_slow(uint32_t thread, SELF) {
    static _Atomic(lock_function) next;
    if (next == NULL) next = (lock_function)original(LOCK);
    lock_function call = next;
    call(thread, self);
    __tsan_acquire(self);
}

SWIFT bool bw_try_lock_slow(SELF) {
    static _Atomic(try_lock_function) next;
    if (next == NULL) next = (try_lock_function)original(TRY_LOCK);
    try_lock_function call = next;
    bool taken = call(self);
    if (taken) __tsan_acquire(self);
    return taken;
}

SWIFT void bw_unlock_slow(SELF) {
    static _Atomic(unlock_function) next;
    if (next == NULL) next = (unlock_function)original(UNLOCK);
    unlock_function call = next;
    __tsan_release(self);
    call(self);
}
