/*
 * reserve.h - some disk kept for record.db
 *
 * A file of allocated bytes beside it.  When the disk is full it is emptied, so that what is being
 * done during the incident can still be written down.
 */
#ifndef TOCSIN_STORE_RESERVE_H
#define TOCSIN_STORE_RESERVE_H

#include <stdbool.h>

#define RESERVE_BYTES (4 << 20)

/* Fill it again where there is room for it and as much again; no error when there is none. */
void reserve_fill(int fd);

/* True when there was something to give. */
bool reserve_give(int fd);

#endif
