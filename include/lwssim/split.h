/* The three parts of a dataset. */
#ifndef LWSSIM_SPLIT_H
#define LWSSIM_SPLIT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lws_split { LWS_TRAIN, LWS_VALID, LWS_TEST, LWS_SPLITS } lws_split;

#ifdef __cplusplus
}
#endif

#endif
