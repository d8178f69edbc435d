/* The list of optimizers, in the order of their numbers: private to this folder. To add one, write its file, which
 * defines the row optimizer_NAME, and add NAME here. */
#ifndef LWS_OPTIMIZERS_H
#define LWS_OPTIMIZERS_H

#include "optim/optimizer.h"

#define OPTIMIZERS(row) row(adam) row(lamb)

#define DECLARE_ROW(name) extern const lws_optimizer optimizer_##name;
OPTIMIZERS(DECLARE_ROW)
#undef DECLARE_ROW

#endif
