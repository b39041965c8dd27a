/* record_table.h - the fields of every kind of record; record.c reads it and nobody else */
#ifndef TOCSIN_RECORD_TABLE_H
#define TOCSIN_RECORD_TABLE_H

#include "model/record.h"

extern const struct record_def record_defs[REC_KINDS];	/* by kind */

#endif
