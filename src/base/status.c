/* The message of each thread, and the table of status codes. */
#include <lwssim/status.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[2048];

lws_status lws_fail(lws_status status, const char *format, ...)
{
    /* The arguments may point into the old message ("%s", lws_message()), hence the second buffer. */
    char text[sizeof message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(message, sizeof message, "%s", text);
    return status;
}

lws_status lws_write_status(int error)
{
    return error == EFBIG ? LWS_ERR_LIMIT : LWS_ERR_IO;
}

const char *lws_message(void)
{
    return message;
}

static const struct entry {
    lws_status status;
    lws_exit exit_code;
    const char *text;
} entries[] = {
#define ENTRY(name, value, exit_code, text) {name, exit_code, text},
    LWS_STATUS_LIST(ENTRY)
#undef ENTRY
};

/* NULL: it is no status. */
static const struct entry *entry_of(lws_status status)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (entries[i].status == status)
            return &entries[i];
    return NULL;
}

const char *lws_status_text(lws_status status)
{
    const struct entry *e = entry_of(status);
    return e ? e->text : "";
}

int lws_exit_code(lws_status status)
{
    const struct entry *e = entry_of(status);
    return e ? (int)e->exit_code : LWS_EXIT_FAILED;
}
