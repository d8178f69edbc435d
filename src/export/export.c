/* The table of formats, and the file that one of them is written to. */
#include "formats.h"

#include "base/output.h"

#include <string.h>
#include <strings.h>

static const struct format {
    const char *ending;
    export_function *write;
    export_is_own_function *is_own;
} formats[] = {
#define ROW(name, ending, summary) {ending, export_##name, export_##name##_is_own},
    LWS_EXPORT_FORMATS(ROW)
#undef ROW
        {NULL, NULL, NULL}};

int lws_export_format_of(const char *path)
{
    for (int i = 0; formats[i].ending; i++) {
        size_t length = strlen(path), ending = strlen(formats[i].ending);
        if (length > ending && strcasecmp(path + length - ending, formats[i].ending) == 0)
            return i;
    }
    return -1;
}

bool lws_export_is_own(int format, const char *path)
{
    return formats[format].is_own(path);
}

lws_status lws_export(int format, const lws_inference_model *model, const char *path)
{
    lws_output out;
    LWS_TRY(lws_output_open(path, &out));
    lws_status status = formats[format].write(model, out.file);
    if (status == LWS_OK)
        return lws_output_commit(&out);
    lws_output_discard(&out);
    return status;
}
