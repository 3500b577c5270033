# SPDX-License-Identifier: Apache-2.0
"""Lines over logarithmic axes, as SVG: enough for curves of a benchmark, and nothing to install."""
import html
import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 190, 40, 55
COLOURS = ["#0b6fa4", "#c8501e", "#3a7d34", "#8a4fa3", "#a08000"]
DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 2"]


def short(number):
    """As people write it at an axis: 10, 1,024, 2.5k, 1M."""
    for bound, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= bound and number % (bound / 10) == 0:
            return f"{number / bound:g}{letter}"
    return f"{number:,g}"


def decades(low, high):
    """Powers of ten that lie around."""
    return [10.0 ** n for n in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def plot(title, x_name, y_name, lines):
    """`lines`: name -> [(x, y)], all above 0. Text of an SVG document."""
    xs = sorted({x for points in lines.values() for x, _ in points})
    ys = [y for points in lines.values() for _, y in points]
    y_ticks = decades(min(ys), max(ys))
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    share = lambda value, low, high: (math.log10(value / low) / math.log10(high / low)) if high > low else 0.5
    at_x = lambda x: LEFT + share(x, xs[0], xs[-1]) * inner_width
    at_y = lambda y: TOP + (1 - share(y, y_ticks[0], y_ticks[-1])) * inner_height
    text = lambda x, y, words, more="": f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(words)}</text>'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">',
             f"<title>{html.escape(title)}</title>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 22, title, 'font-size="15" font-weight="bold"')]
    for y in y_ticks:
        parts += [f'<line x1="{LEFT}" x2="{LEFT + inner_width}" y1="{at_y(y):.1f}" y2="{at_y(y):.1f}" stroke="#ddd"/>',
                  text(LEFT - 8, at_y(y) + 4, short(y), 'text-anchor="end"')]
    for x in xs:
        parts += [f'<line x1="{at_x(x):.1f}" x2="{at_x(x):.1f}" y1="{TOP}" y2="{TOP + inner_height}" stroke="#eee"/>',
                  text(at_x(x), TOP + inner_height + 18, short(x), 'text-anchor="middle"')]
    parts += [text(LEFT + inner_width / 2, HEIGHT - 12, x_name, 'text-anchor="middle"'),
              text(0, 0, y_name, f'text-anchor="middle" transform="translate(18 {TOP + inner_height / 2}) rotate(-90)"')]
    for i, (name, points) in enumerate(lines.items()):
        style = f'stroke="{COLOURS[i % len(COLOURS)]}" stroke-dasharray="{DASHES[i % len(DASHES)]}"'
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in sorted(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke-width="2" {style}/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{COLOURS[i % len(COLOURS)]}"/>' for x, y in points]
        legend = TOP + 14 + 22 * i
        parts += [f'<line x1="{WIDTH - RIGHT + 14}" x2="{WIDTH - RIGHT + 44}" y1="{legend}" y2="{legend}" stroke-width="2" {style}/>',
                  text(WIDTH - RIGHT + 50, legend + 4, name)]
    return "\n".join(parts + ["</svg>"]) + "\n"
