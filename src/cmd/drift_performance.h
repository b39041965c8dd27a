/* drift_performance.h - predictions against labels, in two files: part of tocsin drift compute */
#ifndef TOCSIN_DRIFT_PERFORMANCE_H
#define TOCSIN_DRIFT_PERFORMANCE_H

#include "cmd/cmd.h"
#include "core/table_file.h"

/* --label and --prediction name the columns; an exit code. */
int drift_performance(
	struct cmd *c, struct table_file *reference, struct table_file *current);

#endif
