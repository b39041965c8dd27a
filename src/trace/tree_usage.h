/*
 * tree_usage.h - tokens and money of a tree, nothing counted twice; for trace/ alone
 */
#ifndef TOCSIN_TREE_USAGE_H
#define TOCSIN_TREE_USAGE_H

#include "trace/tree.h"

/*
 * Mark NODE_SAME_CALL where two instrumentations recorded one model call: the same response id;
 * or different libraries, the same model, intervals that hold each other (50 ms of grace) or
 * overlap by 90 %, and tokens that agree or that one side lacks.  Never an ancestor of the
 * other: there the roll-up's rule holds.
 */
void tree_same_calls(struct tree *t);

/*
 * Fill usage, total, high and unpriced.  A node with descendants that report tokens is worth
 * their sum, its own report an aggregate of them; else its own.
 */
void tree_roll_up(struct tree *t, const struct price_table *prices);

#endif
