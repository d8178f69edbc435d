/* The list of a source's images, which its kind fills. */
#ifndef LWSSIM_SOURCE_LIST_H
#define LWSSIM_SOURCE_LIST_H

#include "datasets/sources/source.h"

/* Takes the file `name` into the list if it is one for it: no hidden name, and the extension of a format or one that
 * says little, of which lws_source_settle decides. It may become source->list, or count among the others. A name with
 * ".." in it is hidden; one that is no fit text gets one that is (lws_text_escaped). LWS_ERR_MEMORY. */
lws_status lws_source_add(lws_source *source, const char *name, uint64_t place, uint64_t mark);

/* Looks at the first bytes of what was added without the extension of a format, once source->kind is set: what begins
 * like an image is one. Then sorts the list, where there is one, by name and place, and counts what repeats. Errors as
 * the kind's peek has them where the source itself fails. */
lws_status lws_source_settle(lws_source *source);

/* Counts something that is left out; the first one's name is kept. LWS_ERR_MEMORY. */
lws_status lws_source_note(lws_source_odd *odd, const char *name);

/* names.c: makes of an archive's name a path below one folder, in place: backslashes are slashes, "." and ".." and
 * empty parts go. False: it leads out of there. */
bool lws_source_path(char *name);

/* others.c: of which kind a file is by its name, and whether its first bytes may tell otherwise. */
lws_other lws_source_other(const char *name, bool *is_looked_at);

#endif
