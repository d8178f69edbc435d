/* The version that the library was built as; CMakeLists.txt says it once, for all. */
#include <lwssim/version.h>

const char *lws_version(void)
{
    return LWS_VERSION;
}
