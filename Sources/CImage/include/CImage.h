#ifndef BELLWETHER_CIMAGE_H
#define BELLWETHER_CIMAGE_H

/* Unmaps the pages of the executable and its libraries that nobody may write to: the next use
 * maps them again from the file. From any thread, at any time.
 *
 * Does nothing where the system is not Linux: macOS leaves clean pages of files out of a
 * process's footprint and takes them back by itself. */
void bellwether_release_image(void);

#endif
