/* Where the record of a failed step lies. */
#ifndef LWS_FAILURE_FOLDER_H
#define LWS_FAILURE_FOLDER_H

#include "base/folder.h"

#define FAILURE_FOLDER "failure" /* in the run folder */
#define FAILURE_FILE "failure.json"

#endif
