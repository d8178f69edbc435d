/* The command-line options of preparation. */
#include "datasets/prepare/prepare.h"

#include "datasets/decode/image.h"
#include "datasets/sources/source.h"

#include <stdio.h>

#define FIELD(name) offsetof(lws_prepare_options, name)

static const lws_config_key keys[] = {
    {"input", LWS_CONFIG_STRING, FIELD(input), "", 0, 0, "DIR|ARCHIVE",
     "folder (searched with all below it) or archive of images", "Source"},
    {"synthetic", LWS_CONFIG_INT, FIELD(synthetic), "0", 0, 1e9, NULL,
     "draw N synthetic faces instead of reading images", NULL},
    {"recipe", LWS_CONFIG_CHOICE, FIELD(recipe), "auto", 0, 0, "auto|celeba|folder|synthetic",
     "set of defaults; auto sees from names and sizes whether it is Celeb-A", NULL},
    {"limit", LWS_CONFIG_INT, FIELD(limit), "0", 0, 1e12, NULL,
     "take at most N images, the first of each split in proportion; 0: all", NULL},
    {"strict", LWS_CONFIG_FLAG, FIELD(strict), "false", 0, 0, NULL,
     "stop at the first image that cannot be used, instead of leaving it out and reporting it", NULL},

    {"crop", LWS_CONFIG_STRING, FIELD(crop), "", 0, 0, "N|WxH|square|none",
     "part cut from the centre before resizing (celeba: 140; folder: square, the largest that "
     "fits)",
     "Images"},
    {"size", LWS_CONFIG_INT, FIELD(size), "64", 16, 256, NULL, "side of the result in pixels", NULL},
    {"grey", LWS_CONFIG_FLAG, FIELD(grey), "false", 0, 0, NULL,
     "one channel (Rec. 601 luma) instead of red, green and blue", NULL},
    {"filter", LWS_CONFIG_CHOICE, FIELD(filter), "lanczos", 0, 0, "lanczos|area", "how images are resized", NULL},

    {"partition", LWS_CONFIG_STRING, FIELD(partition), "", 0, 0, "FILE",
     "lines 'NAME 0|1|2' that put images into train, valid, test (Celeb-A: list_eval_partition.txt or "
     ".csv in or beside the input, or in Eval/ there)",
     "Splits"},
    {"split", LWS_CONFIG_STRING, FIELD(split), "0.8,0.1,0.1", 0, 0, "T,V,T",
     "without a partition: fractions of train, valid and test", NULL},
    {"seed", LWS_CONFIG_INT, FIELD(seed), "1", 0, 9e15, NULL,
     "of the synthetic faces, and of which image falls into which split", NULL},

    {"output", LWS_CONFIG_STRING, FIELD(output), "", 0, 0, "DIR", "folder for the dataset", "Output"},
    {"shards", LWS_CONFIG_INT, FIELD(shards), "0", 0, LWS_SHARDS_MAX, NULL,
     "files for the largest split, the others in proportion; 0: of about 64 MB", NULL},
    {"overwrite", LWS_CONFIG_FLAG, FIELD(overwrite), "false", 0, 0, NULL,
     "replace a dataset that stands in the output folder, when the new one is complete", NULL},
};

const lws_config_table lws_prepare_table = {keys, sizeof keys / sizeof *keys, NULL};

const char *lws_prepare_inputs(char text[LWS_PREPARE_INPUTS])
{
    char paths[LWS_SOURCE_PATHS], formats[LWS_IMAGE_FORMATS];
    snprintf(text, LWS_PREPARE_INPUTS, "a %s of %s", lws_source_paths(paths), lws_image_formats(formats));
    return text;
}
