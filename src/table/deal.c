/* Claims as files made with O_EXCL, which network file systems keep, too. */
#include "deal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define STOP_FILE "stop"

deal deal_in(const char *table)
{
    deal d;
    snprintf(d.folder, sizeof d.folder, "%.*s/" DEAL_FOLDER, (int)(sizeof d.folder - sizeof DEAL_FOLDER - 1), table);
    return d;
}

static lws_status remove_one(void *user, const char *folder, const char *name)
{
    char path[LWS_PATH];
    (void)user;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) < LWS_PATH)
        unlink(path);
    return LWS_OK;
}

lws_status deal_begin(const deal *d)
{
    LWS_TRY(lws_folder_make(d->folder));
    return lws_folder_each(d->folder, remove_one, NULL);
}

void deal_end(const deal *d)
{
    lws_folder_each(d->folder, remove_one, NULL);
    rmdir(d->folder);
}

/* *is_mine: this process has made the file, which was not there. */
static lws_status make_file(const deal *d, const char *what, int number, bool *is_mine)
{
    char path[LWS_PATH];
    snprintf(path, sizeof path, "%.*s/%s-%d", (int)sizeof path - 64, d->folder, what, number);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    *is_mine = fd >= 0;
    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return lws_fail(LWS_ERR_IO, "cannot make %s: %m", path);
    return LWS_OK;
}

/* The first number from `from` to `end` - 1 whose file can be made; `end`: none. */
static lws_status first_free(const deal *d, const char *what, int from, int end, int *number)
{
    bool is_mine = false;
    for (*number = from; *number < end; (*number)++) {
        LWS_TRY(make_file(d, what, *number, &is_mine));
        if (is_mine)
            return LWS_OK;
    }
    return LWS_OK;
}

lws_status deal_claim(const deal *d, int next, int count, int *number)
{
    return first_free(d, "claim", next, count, number);
}

lws_status deal_count(const deal *d, int *order)
{
    return first_free(d, "ended", 1, 1 << 30, order);
}

static void stop_path(const deal *d, char path[LWS_PATH])
{
    snprintf(path, LWS_PATH, "%.*s/" STOP_FILE, LWS_PATH - 16, d->folder);
}

void deal_stop(const deal *d)
{
    char path[LWS_PATH];
    stop_path(d, path);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0)
        close(fd);
}

bool deal_is_stopped(const deal *d)
{
    char path[LWS_PATH];
    stop_path(d, path);
    return access(path, F_OK) == 0;
}
