/* unit.h - what every unit test includes first */
#ifndef TOCSIN_UNIT_H
#define TOCSIN_UNIT_H

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The main function: runs the tests given. */
#define UNIT_TESTS(...)                                                                  \
	int main(void)                                                                   \
	{                                                                                \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                         \
		return cmocka_run_group_tests(tests, NULL, NULL);                        \
	}

#endif
