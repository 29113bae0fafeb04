/* The data of ICU that Scripts/icu_data.py chose, under the name by which Foundation's static library
 * refers to it: the linker then leaves out that library's own, 31 MB larger. Only Scripts/build.sh sets
 * the name. Every other build takes the library's data. */
#ifdef BELLWETHER_ICU_SYMBOL

/* Clang has #embed of C23 in every mode, and warns outside C23. */
#pragma clang diagnostic ignored "-Wc23-extensions"
_Alignas(16) const unsigned char BELLWETHER_ICU_SYMBOL[] = {
#embed "../../.build/icu.dat"
};

#else

/* A translation unit without any declaration is an error in strict C. */
typedef int bellwether_no_icu_data;

#endif
