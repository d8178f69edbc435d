/* Folders: made, flushed, and locked against other jobs; files in them renamed out of the way. Not collective. */
#ifndef LWSSIM_FOLDER_H
#define LWSSIM_FOLDER_H

#include <lwssim/status.h>

#include <stdbool.h>

enum { LWS_PATH = 4096 }; /* room for a path */

/* Makes the folder and those above it, where they are missing. LWS_ERR_IO, also where it is no folder or cannot be
 * written to. */
lws_status lws_folder_make(const char *folder);

/* Calls visit(user, folder, name) for each entry but . and .., in no order, until one fails; that error is passed on.
 * LWS_ERR_IO where the folder cannot be read to its end: half a listing never passes for a whole one. */
typedef lws_status lws_folder_visit(void *user, const char *folder, const char *name);
lws_status lws_folder_each(const char *folder, lws_folder_visit *visit, void *user);

/* Waits until the disk has a folder's entries; fine on file systems that do not flush folders. LWS_ERR_IO. */
lws_status lws_folder_flush(const char *folder);

/* The same for the folder that the file or folder of this path is in. */
lws_status lws_folder_flush_above(const char *path);

/* Renames a file to PATH.SUFFIX, or PATH.SUFFIX-2 and so on, never over another file, with a warning. LWS_ERR_IO. */
lws_status lws_folder_rename_aside(const char *path, const char *suffix);

/* The name of the file that is locked. It may stay behind when its process is killed. */
#define LWS_FOLDER_LOCK ".lwssim-lock"

/* Takes the folder for this process alone, until it closes *lock or ends, however it ends. LWS_ERR_IO where another
 * process has it; `option` ("--run") then names what to choose differently. Where the file system knows no locks, a
 * warning. Call in one process of a job. */
lws_status lws_folder_lock(const char *folder, const char *option, int *lock);

/* Gives the folder back and removes the file that was locked. A lock of -1 is fine. */
void lws_folder_unlock(const char *folder, int lock);

#endif
