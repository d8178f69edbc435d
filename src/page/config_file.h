/* config.ini as lines, whatever version of the program wrote it. Private to this folder. */
#ifndef PAGE_CONFIG_FILE_H
#define PAGE_CONFIG_FILE_H

#include <lwssim/status.h>

#include <stdbool.h>

enum { CONFIG_PAIRS = 256 };

typedef struct config_pair {
    const char *section, *key, *value; /* within `text` */
} config_pair;

typedef struct config_file {
    char *text; /* owned; NULL: there is no file, or it cannot be read */
    int count;
    config_pair pair[CONFIG_PAIRS];
} config_file;

/* Reads RUN/config.ini; config_file_free() is due, whatever comes back. LWS_ERR_IO, LWS_ERR_FORMAT, LWS_ERR_MEMORY. */
lws_status config_file_read(const char *run, config_file *file);
void config_file_free(config_file *file);

/* The value of a key; NULL: none. */
const char *config_file_get(const config_file *file, const char *key);

/* Whether this is the default of a key of `lwssim train`, or a key that it does not have. */
bool config_is_default(const char *key, const char *value);

/* Whether a key of `lwssim train` says what is minimised: the loss, the penalty of a model, or their weights. */
bool config_is_of_loss(const char *key);

#endif
