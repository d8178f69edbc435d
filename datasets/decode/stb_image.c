/* The code of stb_image, by itself: what a compiler says of other people's code is not for this project's build to
 * judge, so this file is compiled without warnings. */
#include "datasets/decode/image.h"

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_NO_JPEG
#define STBI_NO_PNG
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_PIC
#define STBI_NO_PSD
#define STBI_MAX_DIMENSIONS LWS_IMAGE_SIDE
#include <stb_image.h>
