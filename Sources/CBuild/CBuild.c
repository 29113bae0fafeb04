#include "CBuild.h"

/* Package.swift sets both from the environment of the build; see Scripts/build.sh. */
#ifndef BELLWETHER_COMMIT
#define BELLWETHER_COMMIT
#endif
#ifndef BELLWETHER_SWIFT
#define BELLWETHER_SWIFT
#endif

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)

/* Clang has #embed of C23 in every mode, and warns outside C23. */
#pragma clang diagnostic ignored "-Wc23-extensions"
static const char configuration[] = {
#embed "../../Config/bellwether.yaml" suffix(, 0)
};

const char *bellwether_commit(void) { return TEXT(BELLWETHER_COMMIT); }

const char *bellwether_swift(void) { return TEXT(BELLWETHER_SWIFT); }

const char *bellwether_configuration(void) { return configuration; }
