/* Lists of words with a character between: private to this folder. */
#ifndef LWS_TABLE_LIST_H
#define LWS_TABLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The word at *at, without blanks around it, to word [size]; *at moves on to the next. False at the end. A longer
 * one is cut off. */
bool list_next(const char **at, char separator, char *word, size_t size);

/* Whole numbers are the same word however they are written: 1 and 01. */
bool list_has(const char *list, char separator, const char *word);

/* Adds a word, where it is not in it, to list [size]; false where it does not fit. */
bool list_add(char *list, size_t size, char separator, const char *word);

#endif
