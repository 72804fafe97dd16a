/* Runs one fuzzer on its corpus: calls LLVMFuzzerTestOneInput() with each file, each prefix of its first 64 bytes, and
 * an empty input. Fails where the corpus is empty, so that a wrong path is noticed. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies the input to the heap in its exact size, so that the sanitizer sees a read past its end. */
static void run(const unsigned char *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    for (size_t i = 0; i < size; i++)
        copy[i] = data[i];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    static unsigned char data[1 << 20];
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
    if (!d) {
        fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
        return 2;
    }
    unsigned n = 0;
    run(data, 0);
    for (struct dirent *e; (e = readdir(d));) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        FILE *f = fopen(path, "rb");
        if (!f)
            continue;
        size_t size = fread(data, 1, sizeof data, f);
        fclose(f);
        for (size_t i = 1; i <= size && i <= 64; i++)
            run(data, i);
        run(data, size);
        n++;
    }
    closedir(d);
    printf("%u corpus files\n", n);
    return n ? 0 : 1;
}
