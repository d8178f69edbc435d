/* HDF5 files of any bytes, read as the program reads them: in a child process, in which HDF5 may crash. Slow: each
 * input costs some processes. Input: a byte for the kind, then what takes the place of bytes of a sound shard: each
 * time where (2 bytes), how many and which; or, with the first byte odd, the whole file. HDF5 keeps a checksum on each
 * piece of metadata, which is put right afterwards: only then does the damage reach what lies behind. */
#include "fuzz.h"

#include "data/shard.h"

#include "data/checkpoint.h"
#include "data/dataset.h"
#include "data/h5.h"

#include <dlfcn.h>

static uint8_t sound[1 << 16], changed[1 << 16];
static size_t sound_size;

typedef uint32_t checksum(const void *data, size_t size, uint32_t initial);

typedef struct piece {
    size_t begin, end; /* the checksum follows at the end */
} piece;

static checksum *sum_of; /* HDF5's own; NULL where it is not to be had */
static piece pieces[64];
static int piece_count;

static bool sum_is_right(const piece *p)
{
    uint32_t sum = sum_of(sound + p->begin, p->end - p->begin, 0);
    return memcmp(sound + p->end, &sum, 4) == 0;
}

/* Each piece of metadata in the sound file has the length at which its checksum is right. */
static void find_pieces(void)
{
    static const char signatures[][5] = {"\x89HDF", "OHDR", "OCHK", "BTHD", "BTLF", "FRHP", "FHDB", "FHIB"};
    *(void **)&sum_of = dlsym(RTLD_DEFAULT, "H5_checksum_lookup3");
    for (size_t at = 0; sum_of && at + 16 < sound_size; at++) {
        for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
            piece p = {at, at + 8};
            if (memcmp(sound + at, signatures[i], 4) != 0)
                continue;
            while (p.end + 4 <= sound_size && !sum_is_right(&p))
                p.end++;
            if (p.end + 4 <= sound_size && piece_count < 64)
                pieces[piece_count++] = p;
        }
    }
}

static void repair(void)
{
    for (int i = 0; i < piece_count; i++) {
        uint32_t sum = sum_of(changed + pieces[i].begin, pieces[i].end - pieces[i].begin, 0);
        memcpy(changed + pieces[i].end, &sum, 4);
    }
}

static void make_sound(const char *path)
{
    uint8_t pixels[16] = {1, 2, 3};
    uint64_t digests[1] = {lws_digest64(pixels, sizeof pixels)};
    static const char *const names[] = {"a.jpg"};
    char digest[LWS_DIGEST_TEXT];
    lws_digest(digests, sizeof digests, digest);
    lws_shard_facts facts = {.split = LWS_TRAIN,
                             .rows_by_split = {1},
                             .shards_by_split = {1},
                             .recipe = "r",
                             .digest = digest,
                             .split_digest = digest};
    FUZZ_CHECK(lws_shard_write(path, &(lws_shard_images){1, 4, 1, pixels, digests, names}) == LWS_OK);
    FUZZ_CHECK(lws_shard_complete(path, &facts) == LWS_OK);
    FILE *in = fopen(path, "rb");
    FUZZ_CHECK(in);
    sound_size = fread(sound, 1, sizeof sound, in);
    fclose(in);
    find_pieces();
}

static lws_status look_at(void *user, const char *name, const lws_h5_info *info)
{
    (void)user;
    FUZZ_CHECK(name[0] == '/' && info->rank >= 0 && info->rank <= LWS_H5_RANK);
    return LWS_OK;
}

static void check(lws_status status)
{
    if (status != LWS_OK)
        fuzz_failed_well(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[300];
    fuzz_input in = {data, data + size};
    lws_h5 *file;
    int64_t rows;
    if (!sound_size) {
        snprintf(path, sizeof path, "%s/a.h5", fuzz_folder());
        make_sound(path);
    }
    uint8_t how = fuzz_byte(&in);
    memcpy(changed, sound, sound_size);
    while (!(how & 1) && in.at < in.end) {
        char bytes[17];
        size_t at = fuzz_number(&in, 2) % sound_size, count = fuzz_bytes(&in, 16, bytes);
        memcpy(changed + at, bytes, count < sound_size - at ? count : sound_size - at);
    }
    if (!(how & 4))
        repair();
    fuzz_write_file(path, how & 1 ? in.at : changed, how & 1 ? (size_t)(in.end - in.at) : sound_size);
    check(lws_shard_verify(path, &rows));
    if (!(how & 2))
        return 0;
    check(lws_checkpoint_verify(path));
    lws_status status = lws_h5_open(path, &file);
    check(status);
    if (status == LWS_OK)
        check(lws_h5_visit(file, look_at, NULL));
    if (status == LWS_OK)
        lws_h5_close(file);
    return 0;
}
