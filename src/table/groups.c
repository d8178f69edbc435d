/* The size of a group, and which rank is in which. */
#include "groups.h"

groups groups_for(int ranks, int cells, int64_t parts, int64_t wanted)
{
    int64_t size = wanted;
    if (cells < 1)
        cells = 1;
    if (size < 1) {
        size = ranks > cells ? ranks / cells : 1;
        size = size < parts ? size : parts;
        while (parts % size != 0)
            size--;
    }
    if (size > ranks)
        size = ranks;
    int count = ranks / (int)size;
    return (groups){.count = count < cells ? count : cells, .size = (int)size};
}

int groups_of(groups g, int rank)
{
    int group = rank / g.size;
    return group < g.count ? group : -1;
}
