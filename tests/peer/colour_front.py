#!/usr/bin/env python3
"""Draws docs/colour-front.svg from the table of docs/losses.md, "What keeps colours": SSIM against slope, MSE in words.

usage: colour_front.py            writes the drawing anew; by hand, when the table has changed
"""
import html
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WIDTH = 760


def rows():
    text = open(os.path.join(ROOT, "docs", "losses.md"), encoding="utf-8").read()
    table = text[text.index("| loss | windows | weights |"):].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        bold = cells[0].startswith("**")
        loss, windows, weights, k1, ssim, _, mse, slope = (cell.strip("*") for cell in cells)
        name = loss if not windows else f"{loss} {windows}" + (f" · {weights} · k1 {k1}" if weights else "")
        yield re.sub("luminance ", "l ", name), float(ssim), float(mse), float(slope), bold


def ticks(low, high, step):
    first = round(low / step + .4999)
    return [i * step for i in range(first, int(high / step + 1e-9) + 1)]


class Frame:
    """A part of the drawing with axes of its own; `low` and `high` are (SSIM, slope) at its corners."""

    def __init__(self, left, top, width, height, low, high):
        self.left, self.top, self.width, self.height, self.low, self.high = left, top, width, height, low, high

    def x(self, ssim):
        return self.left + (ssim - self.low[0]) / (self.high[0] - self.low[0]) * self.width

    def y(self, slope):
        return self.top + self.height - (slope - self.low[1]) / (self.high[1] - self.low[1]) * self.height

    def holds(self, point):
        return all(low <= value <= high for low, value, high in zip(self.low, (point[1], point[3]), self.high))

    def axes(self, step_x, step_y):
        bottom, right = self.top + self.height, self.left + self.width
        yield f'<rect x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}" fill="#fff" stroke="#888"/>'
        for v in ticks(self.low[0], self.high[0], step_x):
            yield (f'<path d="M{self.x(v):.1f} {self.top}V{bottom}" stroke="#ddd"/>'
                   f'<text x="{self.x(v):.1f}" y="{bottom + 14}" text-anchor="middle">{v:.2f}</text>')
        for v in ticks(self.low[1], self.high[1], step_y):
            yield (f'<path d="M{self.left} {self.y(v):.1f}H{right}" stroke="#ddd"/>'
                   f'<text x="{self.left - 6}" y="{self.y(v) + 4:.1f}" text-anchor="end">{v:.2f}</text>')

    def mark(self, number, point, colour):
        name, ssim, mse, slope, bold = point
        return (f'<circle cx="{self.x(ssim):.1f}" cy="{self.y(slope):.1f}" r="{7 if bold else 5}" fill="{colour}" '
                f'stroke="{"#000" if bold else "none"}" stroke-width="2"><title>{html.escape(name)}: MSE {mse:.5f}'
                f'</title></circle><text x="{self.x(ssim) + 8:.1f}" y="{self.y(slope) - 5:.1f}">{number}</text>')


def main():
    points = list(rows())
    xs, ys = [p[1] for p in points], [p[3] for p in points]
    whole = Frame(60, 20, 680, 420, (min(xs) - .01, min(ys) - .05), (max(xs) + .01, max(ys) + .05))
    near = Frame(110, 165, 380, 235, (.678, .65), (.706, .735))
    height = 500 + 16 * ((len(points) + 1) // 2)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
           "<title>SSIM-G11 against slope of the opponent colours, for each loss tried</title>",
           f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *whole.axes(.02, .1),
           '<text x="400" y="476" text-anchor="middle">SSIM-G11 (more is better)</text>'
           '<text transform="translate(14 230) rotate(-90)" text-anchor="middle">slope (1 keeps colours)</text>']
    corners = [(near.low[0], near.low[1]), (near.high[0], near.high[1])]
    (x0, y1), (x1, y0) = [(whole.x(a), whole.y(b)) for a, b in corners]
    out.append(f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="none" stroke="#888"/>'
               f'<path d="M{near.left + near.width} {near.top}L{x0:.1f} {y0:.1f}M{near.left + near.width} '
               f'{near.top + near.height}L{x0:.1f} {y1:.1f}" stroke="#bbb"/>')
    out.extend(near.axes(.01, .02))
    low, high = min(p[2] for p in points), max(p[2] for p in points)
    for number, point in enumerate(points, 1):
        name, _, mse, _, bold = point
        red = int(30 + 190 * (mse - low) / (high - low))
        colour = f"rgb({red},90,{220 - red})"
        frame = near if near.holds(point) else whole
        out.append(frame.mark(number, point, colour))
        if frame is near: # there again, without its number
            out.append(f'<circle cx="{whole.x(point[1]):.1f}" cy="{whole.y(point[3]):.1f}" r="2" fill="{colour}"/>')
        column, row = divmod(number - 1, (len(points) + 1) // 2)
        out.append(f'<text x="{20 + 370 * column}" y="{504 + 16 * row}" font-weight="{"bold" if bold else "normal"}">'
                   f"{number}  {html.escape(name)}: MSE {mse:.5f}</text>")
    with open(os.path.join(ROOT, "docs", "colour-front.svg"), "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")


main()
