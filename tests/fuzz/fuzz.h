/* fuzz.h - the form of a fuzz target; the unit test of the same name runs it over a few seeds */
#ifndef TOCSIN_FUZZ_H
#define TOCSIN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Must not crash, hang or leak, whatever data holds; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
