/* A model is looked at with the images that it was made for. */
#include "view_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether the folder's images are those that the model has learned from. */
static lws_status check_data(const lws_inference_model *m, const char *data)
{
    lws_dataset *train;
    LWS_TRY(lws_dataset_open(data, LWS_TRAIN, &train));
    bool is_same = strcmp(lws_dataset_get_info(train)->digest, m->meta.dataset_digest) == 0;
    lws_dataset_close(train);
    if (is_same)
        return LWS_OK;
    return lws_fail(LWS_ERR_MISMATCH, "%s now holds other images than those of this run", data);
}

/* The first of the splits that has images. */
static lws_status open_first(const char *data, const lws_split *split, int splits, lws_dataset **dataset,
                             lws_split *found)
{
    for (int i = 0; i < splits; i++) {
        LWS_TRY(lws_dataset_open(data, split[i], dataset));
        *found = split[i];
        if (lws_dataset_get_info(*dataset)->rows > 0)
            return LWS_OK;
        lws_dataset_close(*dataset);
        *dataset = NULL;
    }
    return lws_fail(LWS_ERR_MISMATCH, "%s has no images", data);
}

lws_status view_make(const lws_inference_model *m, const char *data, view *v)
{
    static const lws_split scored[] = {LWS_TEST, LWS_VALID, LWS_TRAIN}, coded[] = {LWS_VALID, LWS_TRAIN, LWS_TEST};
    lws_dataset *score = NULL, *code = NULL;
    lws_split other;
    memset(v, 0, sizeof *v);
    v->shape = m->meta.image;
    v->step = m->meta.step;
    LWS_TRY(check_data(m, data));
    lws_status status = open_first(data, scored, 3, &score, &v->split);
    if (status == LWS_OK)
        status = open_first(data, coded, 3, &code, &other);
    if (status == LWS_OK) {
        view_images images = view_choose(score);
        v->rows = images.rows;
        v->images = images.images;
        status = view_score(m, &images, v);
    }
    if (status == LWS_OK) {
        view_images images = view_choose(code);
        status = view_imagine(m, &images, v);
    }
    lws_dataset_close(score);
    lws_dataset_close(code);
    return status;
}

void view_free(view *v)
{
    free(v->pair);
    free(v->sample);
    free(v->walk);
    v->pair = v->sample = v->walk = NULL;
}
