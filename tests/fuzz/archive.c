/* Zips of any content: they are listed or refused, and each image in them is read or has a reason; twice the same. */
#include "fuzz.h"

#include "datasets/sources/source.h"

#include "datasets/decode/image.h"

static void read_all(lws_source *source)
{
    lws_bytes bytes = {0}, again = {0};
    for (int64_t i = 0; i < source->count && i < 64; i++) {
        const char *name = source->entries[i].name;
        FUZZ_CHECK(name[0] != '.' && !strstr(name, "/."));
        FUZZ_CHECK(i == 0 || strcmp(source->entries[i - 1].name, name) <= 0);
        lws_status status = source->kind->read(source, i, 0, &bytes);
        lws_status second = source->kind->read(source, i, 1, &again);
        FUZZ_CHECK(status == second);
        FUZZ_CHECK(lws_image_is_name(name) || status != LWS_OK || lws_image_begins(bytes.data, bytes.size));
        if (status != LWS_OK)
            fuzz_failed_well(status);
        else
            FUZZ_CHECK(bytes.size == again.size &&
                       (bytes.size == 0 || memcmp(bytes.data, again.data, bytes.size) == 0));
    }
    lws_bytes_free(&bytes);
    lws_bytes_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    lws_source *source;
    int fd = fuzz_memory_file(data, size, path);
    lws_status status = lws_source_open(&(lws_source_args){.path = path, .threads = 2}, &source);
    if (status == LWS_OK) {
        read_all(source);
        lws_source_close(source);
    } else {
        fuzz_failed_well(status);
        FUZZ_CHECK(!source && strstr(lws_message(), path));
    }
    close(fd);
    return 0;
}
