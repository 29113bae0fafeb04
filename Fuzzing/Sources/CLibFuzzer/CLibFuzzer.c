// The functions are in the compiler's runtime library; SwiftPM wants a source.
#include "CLibFuzzer.h"
