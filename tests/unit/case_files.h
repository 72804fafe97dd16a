/* case_files.h - the case files of the directory that CASES names: the text of one, and all of them in turn. */
#ifndef DCV_CASE_FILES_H
#define DCV_CASE_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of one file, valid until the next call. */
static char *case_file_text(const char *name)
{
    static char text[1 << 20];
    char path[4096];
    assert_non_null(getenv("CASES"));
    snprintf(path, sizeof path, "%s/%s", getenv("CASES"), name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* Calls fn with the name and the text of each file whose name begins so, in the order of names. */
static void each_case_file(const char *begin, void (*fn)(const char *name, const char *text))
{
    struct dirent **names;
    assert_non_null(getenv("CASES"));
    int n = scandir(getenv("CASES"), &names, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name, *dot = strrchr(name, '.');
        if (dot && !strcmp(dot, ".case") && !strncmp(name, begin, strlen(begin)))
            fn(name, case_file_text(name));
        free(names[i]);
    }
    free(names);
}

#endif
