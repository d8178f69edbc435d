/* Status codes and the message that goes with them.
 *
 * Every library function that can fail returns an lws_status. On failure it has called lws_fail(), which
 * keeps one message per thread saying what failed, where, and what to do. Nothing in the library prints
 * errors or exits, but where nobody is left to return to: a mapped file whose disk fails, ranks that cannot end
 * together. The command line prints the message once. */
#ifndef LWSSIM_STATUS_H
#define LWSSIM_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* The exit codes of the program: X(name, code, text). */
#define LWS_EXIT_LIST(X)                                                                                               \
    X(LWS_EXIT_DONE, 0, "done")                                                                                        \
    X(LWS_EXIT_FAILED, 1, "failed")                                                                                    \
    X(LWS_EXIT_USAGE, 2, "wrong use")                                                                                  \
    X(LWS_EXIT_STOPPED, 75, "stopped early with a checkpoint")

/* The status codes: X(name, value, exit code, text). Values are for ever: new ones come at the end. */
#define LWS_STATUS_LIST(X)                                                                                             \
    X(LWS_OK, 0, LWS_EXIT_DONE, "done")                                                                                \
    X(LWS_ERR_USAGE, 1, LWS_EXIT_USAGE, "a wrong argument, key or value")                                              \
    X(LWS_ERR_IO, 2, LWS_EXIT_FAILED, "the operating system refused a read or a write")                                \
    X(LWS_ERR_FORMAT, 3, LWS_EXIT_FAILED, "a file is not what it should be: truncated, altered, of another kind")      \
    X(LWS_ERR_MEMORY, 4, LWS_EXIT_FAILED, "out of memory")                                                             \
    X(LWS_ERR_NUMERIC, 5, LWS_EXIT_FAILED, "a value that must be finite is not")                                       \
    X(LWS_ERR_MISMATCH, 6, LWS_EXIT_FAILED, "two things that must fit together do not: shapes, models, datasets")      \
    X(LWS_ERR_RANKS, 7, LWS_EXIT_FAILED, "the ranks of a job hold different things that must be the same")             \
    X(LWS_ERR_LIMIT, 8, LWS_EXIT_FAILED, "a limit of this process (ulimit) is reached: trying again cannot help")      \
    X(LWS_STOPPED, 9, LWS_EXIT_STOPPED, "stopped early on purpose, with a checkpoint")

typedef enum lws_exit {
#define LWS_EXIT_CODE_(name, code, text) name = code,
    LWS_EXIT_LIST(LWS_EXIT_CODE_)
#undef LWS_EXIT_CODE_
} lws_exit;

typedef enum lws_status {
#define LWS_STATUS_VALUE_(name, value, exit_code, text) name = value,
    LWS_STATUS_LIST(LWS_STATUS_VALUE_)
#undef LWS_STATUS_VALUE_
} lws_status;

/* Keeps a message (printf style) for this thread and returns `status`. */
lws_status lws_fail(lws_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The status of a write that failed with this errno: LWS_ERR_LIMIT or LWS_ERR_IO. */
lws_status lws_write_status(int error);

/* The message of this thread's latest lws_fail(); "" if there was none. Owned by the library. */
const char *lws_message(void);

/* What a status means, as LWS_STATUS_LIST has it; of a number that is no status "". Static memory. */
const char *lws_status_text(lws_status status);

/* The process exit code that belongs to a status, as LWS_STATUS_LIST has it. */
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
