/* Plays the seeds of a fuzz target where libFuzzer is not linked: every file of every folder named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int play_file(const char *path)
{
	FILE *f = fopen(path, "re");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	rewind(f);
	/* an exact copy on the heap, so that a sanitizer sees every read behind it */
	uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
	size_t n = data == NULL ? 0 : fread(data, 1, (size_t)size, f);
	fclose(f);
	if (data != NULL)
		LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

static int play_folder(const char *path, unsigned *played)
{
	DIR *d = opendir(path);
	if (d == NULL) {
		perror(path);
		return 1;
	}
	int bad = 0;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		char file[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		bad |= play_file(file);
		++*played;
	}
	closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned played = 0;
	int bad = argc < 2;
	for (int i = 1; i < argc; i++)
		bad |= play_folder(argv[i], &played);
	printf("%u seeds played\n", played);
	return bad || played == 0;
}
