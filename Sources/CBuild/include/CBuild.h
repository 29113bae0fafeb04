#ifndef BELLWETHER_CBUILD_H
#define BELLWETHER_CBUILD_H

/* What the build puts into the executable. All text stays valid for the life of the process. */

/* The commit that was built; empty for a build without BELLWETHER_COMMIT. */
const char *bellwether_commit(void);

/* The version of the Swift compiler; empty for a build without BELLWETHER_SWIFT. */
const char *bellwether_swift(void);

/* Config/bellwether.yaml, UTF-8, ended by a zero byte. */
const char *bellwether_configuration(void);

#endif
