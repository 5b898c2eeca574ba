/* What every fuzz target defines; libFuzzer or run_inputs.c calls it. */
#ifndef UTWATCH_FUZZ_H
#define UTWATCH_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
