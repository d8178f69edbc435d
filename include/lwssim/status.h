/* Status codes and the message that goes with them.
 *
 * Every library function that can fail returns an lws_status. On failure it has called lws_fail(), which
 * keeps one message per thread saying what failed, where, and what to do. Nothing in the library prints
 * errors or exits: the command line prints the message once. */
#ifndef LWSSIM_STATUS_H
#define LWSSIM_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lws_status {
    LWS_OK = 0,
    LWS_ERR_USAGE,    /* a wrong argument, key or value: exit code 2 */
    LWS_ERR_IO,       /* the operating system refused a read or a write */
    LWS_ERR_FORMAT,   /* a file is not what it should be: truncated, altered, of another kind */
    LWS_ERR_MEMORY,   /* out of memory */
    LWS_ERR_NUMERIC,  /* a value that must be finite is not */
    LWS_ERR_MISMATCH, /* two things that must fit together do not: shapes, models, datasets */
    LWS_ERR_PEER,     /* another rank failed; its message is the one to read */
    LWS_ERR_LIMIT,    /* a limit of this process (ulimit) is reached: trying again cannot help */
    LWS_STOPPED,      /* stopped early on purpose, with a checkpoint: exit code 75 */
} lws_status;

/* Keeps a message (printf style) for this thread and returns `status`. */
lws_status lws_fail(lws_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The status of a write that failed with this errno: LWS_ERR_LIMIT or LWS_ERR_IO. */
lws_status lws_write_status(int error);

/* The message of this thread's latest lws_fail(); "" if there was none. Owned by the library. */
const char *lws_message(void);

/* The process exit code that belongs to a status: 0, 1, 2 or 75. */
int lws_exit_code(lws_status status);

/* Returns from the enclosing function when `call` does not give LWS_OK. */
#define LWS_TRY(call)                                                                                                  \
    do {                                                                                                               \
        lws_status lws_try_ = (call);                                                                                  \
        if (lws_try_ != LWS_OK)                                                                                        \
            return lws_try_;                                                                                           \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
