#pragma once
#include <link.h>
#include <stddef.h>

// <link.h> shows this only with _GNU_SOURCE, which a Clang module that is built already does not take up any more: the
// beginning of dl_phdr_info, by names of our own (dl_iterate_phdr(3)).
struct callhome_loaded_object {
    ElfW(Addr) base;
    const char *name;
    const ElfW(Phdr) *segments;
    ElfW(Half) count;
};

// Calls back for the program and each library, while the loader lets nobody load or unload one.
int callhome_loaded_objects(
    int (*callback)(struct callhome_loaded_object *object, size_t size, void *context), void *context)
    __asm__("dl_iterate_phdr");
