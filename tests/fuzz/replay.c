/* Feeds files, and all files of folders, to a fuzz target: the corpus as a test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count;

static void feed_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    fseek(in, 0, SEEK_END);
    size_t size = (size_t)ftell(in);
    rewind(in);
    uint8_t *data = malloc(size + !size); /* exactly as large, so that a sanitizer sees the end */
    if (!data || fread(data, 1, size, in) != size) {
        perror(path);
        exit(1);
    }
    fclose(in);
    printf("%s\n", path);
    fflush(stdout); /* the last one is that which crashes */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    count++;
}

static void feed(const char *path)
{
    struct dirent **entry;
    int found = scandir(path, &entry, NULL, alphasort);
    if (found < 0) {
        feed_file(path);
        return;
    }
    for (int i = 0; i < found; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            feed_file(file);
        free(entry[i]);
    }
    free(entry);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        feed(argv[i]);
    if (count == 0) {
        fprintf(stderr, "no file was fed\n");
        return 1;
    }
    printf("%d inputs\n", count);
    return 0;
}
