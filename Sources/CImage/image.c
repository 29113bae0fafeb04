#ifdef __linux__
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "CImage.h"

#ifdef __linux__
/* Segments with relocations are writable ones, and stay. */
static int release_object(struct dl_phdr_info *info, size_t size, void *page) {
    (void)size;
    uintptr_t mask = *(uintptr_t *)page - 1;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + mask) & ~mask;
        uintptr_t end = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~mask;
        if (start < end) (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}
#endif

void bellwether_release_image(void) {
#ifdef __linux__
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    /* Under the loader's lock: nothing can be unloaded meanwhile. */
    (void)dl_iterate_phdr(release_object, &page);
#endif
}
