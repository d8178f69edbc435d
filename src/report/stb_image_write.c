/* The code of stb_image_write, by itself, as it is compiled without warnings. */
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>
