// The one file of Lua that raises and catches errors, as C++: its exceptions are those of WebAssembly.
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
extern "C" {
#include "ldo.c"
}
