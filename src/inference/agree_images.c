/* Ranks agree on their images. */
#include "inference/agree_images.h"

lws_status lws_agree_on_images(lws_comm *comm, int count, const lws_split *split, const lws_dataset *const *dataset)
{
    static const char *const name[LWS_SPLITS] = {"training", "validation", "test"};
    for (int i = 0; i < count; i++) {
        const lws_dataset_info *info = lws_dataset_get_info(dataset[i]);
        LWS_TRY(lws_comm_compare_line(comm, "give all ranks the same dataset",
                                      "%s images = %lld of %d × %d × %d, digest %s\n", name[split[i]],
                                      (long long)info->rows, info->height, info->width, info->channels, info->digest));
    }
    return LWS_OK;
}
