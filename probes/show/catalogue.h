/* catalogue.h - writes the catalogues of codes and causes as tables for people. Pure.
 *
 * The functions append to b and keep nothing. color: the titles are bold. width: of the terminal,
 * within which the last column is broken into lines; 0: every row is one line. */
#ifndef DCV_CATALOGUE_H
#define DCV_CATALOGUE_H

#include "base/buf.h"

void codes_table(struct buf *b, bool color, unsigned width);
void causes_table(struct buf *b, bool color, unsigned width);

#endif
