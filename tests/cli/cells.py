"""cells.py PICTURE SIDE: the colours in the middles of the cells of a picture, SIDE pixels a side with two white ones
between them: a line for each row of the picture."""
import sys

import png

path, side = sys.argv[1], int(sys.argv[2])
width, height, channels, lines = png.read(path)
for y in range(2 + side // 2, height, side + 2):
    print(*(",".join(str(lines[y][x * channels + k]) for k in range(channels))
            for x in range(2 + side // 2, width, side + 2)))
