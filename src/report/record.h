/* A JSON object built key by key: one line of metrics.jsonl, or what --json prints. A record that could not be
 * allocated is NULL and every function takes it. Values that are not finite become null. */
#ifndef LWSSIM_RECORD_H
#define LWSSIM_RECORD_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct lws_record lws_record;

lws_record *lws_record_new(void);
void lws_record_free(lws_record *record);
void lws_record_text(lws_record *record, const char *key, const char *value);
void lws_record_number(lws_record *record, const char *key, double value);
void lws_record_integers(lws_record *record, const char *key, int64_t count, const int64_t *values);

void lws_record_texts(lws_record *record, const char *key, int count, const char *const *values);

/* An empty object under `key`, owned by `record`. */
lws_record *lws_record_object(lws_record *record, const char *key);

/* An empty object at the end of the array under `key`, which the first makes; owned by `record`. */
lws_record *lws_record_item(lws_record *record, const char *key);

/* What stands in the record itself under a key. The text is owned by the record, NULL where there is none. _number:
 * false where there is none. */
const char *lws_record_get_text(const lws_record *record, const char *key);
bool lws_record_get_number(const lws_record *record, const char *key, double *value);

/* The object under a key, owned by the record; NULL: there is none. */
const lws_record *lws_record_get_object(const lws_record *record, const char *key);

/* Reads what lws_record_save() has written; the caller frees it. LWS_ERR_IO, LWS_ERR_MEMORY, LWS_ERR_FORMAT. */
lws_status lws_record_load(const char *path, lws_record **out);

/* The text, on one line or indented; the caller frees it. NULL when out of memory. */
char *lws_record_print(const lws_record *record, bool indented);

/* Writes the indented text to a file, which appears whole or not at all, or to standard output ("-"). LWS_ERR_IO,
 * LWS_ERR_MEMORY. */
lws_status lws_record_save(const lws_record *record, const char *path);

#endif
