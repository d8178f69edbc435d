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

int lws_exit_code(lws_status status)
{
    switch (status) {
    case LWS_OK:
        return 0;
    case LWS_ERR_USAGE:
        return 2;
    case LWS_STOPPED:
        return 75;
    default:
        return 1;
    }
}
