/* Files among images that are none, by what their extensions say. */
#include "list.h"

#include <string.h>
#include <strings.h>

/* What there is of each kind. Extensions that say less than a file's first bytes (a picture of another format may be
 * misnamed) have their kind, and are looked at all the same. */
static const struct {
    const char *extensions; /* each with a blank before and after */
    bool is_looked_at;
} kinds[LWS_OTHER_KINDS] = {
    [LWS_OTHER_FORMAT] = {" heic heif avif jxl jp2 j2k svg psd xcf exr hdr raw dng cr2 cr3 nef arw orf rw2 ", true},
    [LWS_OTHER_VIDEO] = {" mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts ", false},
    [LWS_OTHER_SOUND] = {" mp3 wav flac ogg m4a aac ", false},
    [LWS_OTHER_TEXT] = {" txt csv tsv json jsonl xml yaml yml toml ini cfg md rst log html htm css js py ipynb c h sh ",
                        false},
    [LWS_OTHER_DOCUMENT] = {" pdf doc docx odt xls xlsx ods ppt pptx odp rtf ps tex ", false},
    [LWS_OTHER_ARCHIVE] = {" zip tar gz tgz bz2 xz zst 7z rar ", false},
    [LWS_OTHER_DATA] =
        {" h5 hdf5 npy npz mat parquet tfrecord pkl pickle pt pth ckpt safetensors onnx db sqlite bin lmdb ", false},
    [LWS_OTHER_FILE] = {"", true},
};

lws_other lws_source_other(const char *name, bool *is_looked_at)
{
    enum { MOST = 16 };
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash + 1 : name, '.');
    int found = LWS_OTHER_FILE;
    char word[MOST + 3] = " ";
    if (dot && strlen(dot + 1) > 0 && strlen(dot + 1) <= MOST)
        strcat(strcat(word, dot + 1), " ");
    for (int kind = 0; word[1] && kind < LWS_OTHER_KINDS; kind++)
        found = strcasestr(kinds[kind].extensions, word) ? kind : found;
    *is_looked_at = kinds[found].is_looked_at;
    return (lws_other)found;
}
