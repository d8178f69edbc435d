/* All arrays of an HDF5 file, one after the other, in this process; as in h5.h. */
#ifndef LWSSIM_H5_VISIT_H
#define LWSSIM_H5_VISIT_H

#include "h5_file.h"

#include "data/h5_types.h"

lws_status h5_visit(h5_file *file, lws_h5_visitor *visit, void *user);

#endif
