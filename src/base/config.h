/* The configuration table: one row a key drives the command line, --help, the INI file, the copy in the run
 * folder and the copy in the checkpoint.
 *
 * A table describes the fields of a plain struct by offset. Unknown keys and values outside their range are
 * errors that name the key, the value and what is accepted. */
#ifndef LWSSIM_CONFIG_H
#define LWSSIM_CONFIG_H

#include <lwssim/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LWS_CONFIG_LIST = 16, LWS_CONFIG_TEXT = 1024 };

typedef struct lws_config_list {
    int count;
    double value[LWS_CONFIG_LIST];
} lws_config_list;

/* "500", "500 steps", "300s", "10min", "2h", "1 epoch"; 0 is never. */
typedef struct lws_config_interval {
    double count;
    enum { LWS_EVERY_STEPS, LWS_EVERY_SECONDS, LWS_EVERY_EPOCHS } unit;
} lws_config_interval;

typedef enum lws_config_type {
    LWS_CONFIG_FLAG,     /* bool */
    LWS_CONFIG_INT,      /* int64_t */
    LWS_CONFIG_REAL,     /* double */
    LWS_CONFIG_CHOICE,   /* int: index into choices */
    LWS_CONFIG_INTS,     /* lws_config_list of whole numbers */
    LWS_CONFIG_REALS,    /* lws_config_list */
    LWS_CONFIG_INTERVAL, /* lws_config_interval */
    LWS_CONFIG_STRING,   /* char [LWS_CONFIG_TEXT] */
} lws_config_type;

typedef struct lws_config_key {
    const char *name; /* "batch-size": --batch-size on the command line, batch-size = in a file */
    lws_config_type type;
    size_t offset;       /* of the field in the struct */
    const char *initial; /* the default, as text */
    double min, max;     /* inclusive; for numbers and the elements of lists */
    const char *choices; /* CHOICE: "ae|vae|mmd-ae"; STRING: what stands for it in --help, "DIR" */
    const char *help;    /* one line */
    const char *group;   /* heading in --help and in the file; NULL: as the row before */
} lws_config_key;

typedef struct lws_config_table {
    const lws_config_key *keys;
    size_t count;
    bool *given; /* [count] gets true where a text sets the key, whatever the value; NULL: nobody asks */
} lws_config_table;

/* Keys of a struct that stands `offset` bytes into a larger one. */
typedef struct lws_config_part {
    const lws_config_key *keys;
    size_t count;
    size_t offset;
} lws_config_part;

/* The keys of a struct made of parts: those of one part after the other, each with the offset of its field in the
 * whole. Writes at most `room` of them and returns how many there are; keys may be NULL where room is 0. Names must
 * differ. */
size_t lws_config_compose(size_t parts, const lws_config_part *part, size_t room, lws_config_key *keys);

/* The key of this name; NULL: the table has none. */
const lws_config_key *lws_config_find(lws_config_table table, const char *name);

/* Sets every field to its default. `fields` is the struct the table describes, in all functions here. */
void lws_config_defaults(lws_config_table table, void *fields);

/* Sets one field from text. `origin` says where the text stands ("command line", "run.ini:3").
 * LWS_ERR_USAGE: unknown key (the nearest one is suggested), malformed or out-of-range value. */
lws_status lws_config_set(lws_config_table table, void *fields, const char *name, const char *value,
                          const char *origin);

/* Has a text set the key since table.given was last cleared? False for a key that is not in the table. */
bool lws_config_is_given(lws_config_table table, const char *key);

/* Reads "key = value" lines. A section heading is for the reader only. LWS_ERR_IO, LWS_ERR_USAGE. */
lws_status lws_config_read_file(lws_config_table table, void *fields, const char *path);
lws_status lws_config_read_text(lws_config_table table, void *fields, const char *text, const char *origin);

/* Writes every field as such lines, with a heading per group. Returned text is the caller's to free();
 * NULL when out of memory. Reading it back gives the same fields to the last bit. */
char *lws_config_text(lws_config_table table, const void *fields);

/* Parses --key value, --key=value and --flag. Whatever is not an option goes to `rest` (room for argc
 * pointers), its number to `rest_count`; with rest NULL it is an error. `command` names the command in
 * messages. *help is set when --help or -h was given. argv[0] is skipped. */
lws_status lws_config_parse(lws_config_table table, void *fields, int argc, char **argv, const char *command,
                            const char **rest, int *rest_count, int *help);

/* The table as help text. */
void lws_config_help(lws_config_table table, FILE *out);

#endif
