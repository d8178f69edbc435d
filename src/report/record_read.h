/* Looking through a record of any form, such as another program of the house has written: values, their keys, their
 * order. A value is a number, a text, or a record itself: an object or a list. NULL stands for what is not there, and
 * every function takes it. Not collective. */
#ifndef LWSSIM_RECORD_READ_H
#define LWSSIM_RECORD_READ_H

#include "report/record.h"

#include <stddef.h>

/* The JSON object that `length` bytes of text hold, and nothing else; lws_record_free() is due. NULL where they hold
 * none, or no memory is left. */
lws_record *lws_record_parse(const char *text, size_t length);

/* The value under a key of an object. All values belong to the record that they are in. */
const lws_record *lws_record_get(const lws_record *object, const char *key);

/* The first value of an object or a list, and the one after a value; NULL: no more. */
const lws_record *lws_record_first(const lws_record *record);
const lws_record *lws_record_next(const lws_record *value);

/* The key of a value in an object; "" in a list. */
const char *lws_record_key(const lws_record *value);

/* What a value is: its text, NULL where it is none; whether it is a number, and which. */
const char *lws_record_value_text(const lws_record *value);
bool lws_record_value_number(const lws_record *value, double *number);

#endif
