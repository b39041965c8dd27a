/*
 * thin.h - fewer states of an SLO, the longer ago it was (private to store/)
 *
 * What was evaluated every few seconds is kept one a minute after six hours and one in ten minutes
 * after two days; where the severity turned, both sides stay.
 */
#ifndef TOCSIN_STORE_THIN_H
#define TOCSIN_STORE_THIN_H

#include "store/inside.h"

/* One bite of one objective: how many rows went, 0 when there is nothing left to do, -1 error. */
int thin_states(struct store *st, int64_t objective, int64_t now, struct err *e);

#endif
