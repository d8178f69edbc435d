/* The cells of a sweep: private to this folder. */
#ifndef LWS_TABLE_COMBINE_H
#define LWS_TABLE_COMBINE_H

#include "table/table.h"

enum {
    COMBINE_KEYS = 16,    /* that vary, at most */
    COMBINE_CELLS = 4096, /* at most */
};

/* One key and its values, as they stand in "KEY=VALUE;VALUE". */
typedef struct combine_key {
    char key[64], values[LWS_CONFIG_TEXT];
    int count;
} combine_key;

typedef struct combination {
    int keys;
    combine_key key[COMBINE_KEYS];
    int count; /* of cells */
} combination;

/* Reads "KEY=VALUE;VALUE | KEY=…". LWS_ERR_USAGE names what is no list, no key of training, a value that
 * its key does not take, and what stands there twice, however it is written; LWS_ERR_MEMORY. */
lws_status combine_read(const char *vary, combination *c);

/* The i-th value of a key, as text. */
void combine_value(const combine_key *k, int i, char value[LWS_CONFIG_TEXT]);

/* Which of the values of key k cell number `cell` has. */
int combine_index(const combination *c, int cell, int k);

/* All cells over `base`, each named by what it varies, so that another combination has another name, in any job;
 * *cells is to be freed. LWS_ERR_USAGE for a name that gets too long, and for two cells of one name; LWS_ERR_MEMORY. */
lws_status combine_cells(const combination *c, const lws_train_options *base, lws_table_cell **cells);

#endif
