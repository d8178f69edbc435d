#!/usr/bin/env python3
"""Draws docs/colour-front.svg from the table of docs/losses.md, "What keeps colours": SSIM against slope, MSE in words.

usage: colour_front.py            writes the drawing anew; by hand, when the table has changed
"""
import html
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 440, 60, 20, 20, 50


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


def main():
    points = list(rows())
    xs, ys = [p[1] for p in points], [p[3] for p in points]
    x0, x1, y0, y1 = min(xs) - .01, max(xs) + .01, min(ys) - .05, max(ys) + .05
    x = lambda v: LEFT + (v - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
    y = lambda v: HEIGHT - BOTTOM - (v - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
           "<title>SSIM-G11 against slope of the opponent colours, for each loss tried</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for v in ticks(x0, x1, .02):
        out.append(f'<path d="M{x(v):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x(v):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{v:.2f}</text>')
    for v in ticks(y0, y1, .1):
        out.append(f'<path d="M{LEFT} {y(v):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.1f}</text>')
    out.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 12}" text-anchor="middle">SSIM-G11 (more is better)</text>'
               f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">slope (1 keeps colours)</text>')
    best = min(p[2] for p in points)
    low, high = best, max(p[2] for p in points)
    for number, (name, ssim, mse, slope, bold) in enumerate(points, 1):
        red = int(30 + 190 * (mse - low) / (high - low))
        out.append(f'<circle cx="{x(ssim):.1f}" cy="{y(slope):.1f}" r="{7 if bold else 5}" fill="rgb({red},90,{220 - red})" '
                   f'stroke="{"#000" if bold else "none"}" stroke-width="2"><title>{html.escape(name)}: MSE {mse:.5f}'
                   f'</title></circle><text x="{x(ssim) + 8:.1f}" y="{y(slope) - 6:.1f}">{number}</text>')
        out.append(f'<text x="{LEFT + 14}" y="{TOP + 190 + 15 * number}" font-weight="{"bold" if bold else "normal"}">'
                   f'{number}  {html.escape(name)}: MSE {mse:.5f}</text>')
    with open(os.path.join(ROOT, "docs", "colour-front.svg"), "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")


main()
