#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop (compiler-rt, `FuzzerDriver.cpp`): calls `test` with input after
/// input until an option of `argv` ends it; the status is the process's own.
int LLVMFuzzerRunDriver(
    int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
