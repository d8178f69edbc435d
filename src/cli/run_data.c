/* The images that go with a trained model: those that its run was trained on, where none are named. */
#include "cli.h"

#include "base/log.h"
#include "train/train.h"

#include <string.h>

lws_status cli_run_data(lws_comm *comm, const char *command, const cli_model *model, char data[LWS_CONFIG_TEXT])
{
    if (data[0])
        return LWS_OK;
    if (!model->run[0])
        return lws_fail(LWS_ERR_USAGE, "%s: --data DIR is needed", command);
    lws_train_options options;
    lws_config_defaults(lws_train_table(), &options);
    LWS_TRY(lws_train_load_options(comm, model->run, &options));
    memcpy(data, options.data, sizeof options.data);
    if (!data[0])
        return lws_fail(LWS_ERR_USAGE, "%s: --data DIR is needed, as %s does not say what it was trained on", command,
                        model->run);
    return LWS_OK;
}

void cli_warn_of_others(const char *model, const char *trained_on, const char *data)
{
    lws_dataset *training;
    if (lws_dataset_open(data, LWS_TRAIN, &training) != LWS_OK)
        return; /* a folder without it says nothing */
    if (strcmp(trained_on, lws_dataset_get_info(training)->digest) != 0)
        lws_warn("%s was trained on other images than those that %s holds now", model, data);
    lws_dataset_close(training);
}

lws_status cli_open_split(const char *data, lws_split split, lws_shape image, lws_dataset **dataset)
{
    LWS_TRY(lws_dataset_open(data, split, dataset));
    const lws_dataset_info *info = lws_dataset_get_info(*dataset);
    if (info->rows > 0 && (info->height != image.h || info->width != image.w || info->channels != image.c))
        return lws_fail(LWS_ERR_MISMATCH,
                        "the model takes images of %d × %d × %d, %s holds %d × %d × %d: "
                        "prepare them with --size %d%s",
                        image.h, image.w, image.c, data, info->height, info->width, info->channels, image.h,
                        image.c == info->channels ? ""
                        : image.c == 1            ? " --grey"
                                                  : " and without --grey");
    if (info->rows == 0)
        return lws_fail(LWS_ERR_MISMATCH, "%s has no images in its %s split", data, lws_split_name[split]);
    return LWS_OK;
}
