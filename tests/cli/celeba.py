#!/usr/bin/env python3
"""Lays out pictures as Celeb-A reaches people: img_align_celeba/000001.jpg and so on, 178 x 218, each of one colour, and
the list that puts them into train, valid and test.

  celeba.py folder FOLDER [NAME]      pictures FOLDER/000001.jpg …, or NAME with % for the number
  celeba.py zip FILE PREFIX [LIST]    the same in a zip, each name with PREFIX before it; with LIST in it
  celeba.py list FILE FORM            the list; FORM: txt, csv, jpg (as txt), cr, folders

The pictures are PPM whatever they are called: contents decide.
"""
import os
import sys
import zipfile

COUNT = 20
WIDTH, HEIGHT = 178, 218


def picture(number):
    return b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + bytes((number, 100, 50)) * (WIDTH * HEIGHT)


def rows(separator, end, prefix=""):
    return "".join(f"{prefix}{n:06d}.jpg{separator}{0 if n <= 10 else 1 if n <= 15 else 2}{end}"
                   for n in range(1, COUNT + 1))


LISTS = {
    "txt": rows(" ", "\n"),
    "csv": "image_id,partition\n" + rows(",", "\n"),
    "cr": "\ufeff" + rows("\t", " \r"),
    "folders": rows(" ", "\r\n", "celeba\\img\\"),
}


def main():
    what, path = sys.argv[1:3]
    if what == "folder":
        name = sys.argv[3] if len(sys.argv) > 3 else "%06d.jpg"
        os.makedirs(path)
        for n in range(1, COUNT + 1):
            with open(os.path.join(path, name % n), "wb") as out:
                out.write(picture(n))
    elif what == "zip":
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for n in range(1, COUNT + 1):
                out.writestr(f"{sys.argv[3]}{n:06d}.jpg", picture(n))
            for name in sys.argv[4:]:
                out.writestr(name, LISTS[name.rsplit(".", 1)[1]])
    else:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", newline="", encoding="utf-8") as out:
            out.write(LISTS[sys.argv[3]])


main()
