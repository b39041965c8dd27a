/* number.h - numbers from text, whatever the locale */
#ifndef TOCSIN_NUMBER_H
#define TOCSIN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * s[0..n-1] whole as a double with a decimal point: "1e-07", "NaN", "+Inf", "-Inf", "Inf".
 * False: it is none (spaces and trailing text too), and *out is untouched.
 */
bool number_parse(double *out, const char *s, size_t n);

#endif
