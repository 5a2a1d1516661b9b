# SPDX-License-Identifier: GPL-2.0-or-later
"""A small writer of line charts with logarithmic axes, readable on light and dark pages."""

import math
from html import escape

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 60, 50
COLOURS = ("#2f81f7", "#d1572a", "#3f9b5b", "#9a6ad6")
STYLE = """text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;font-size:14px;
fill:#24292f}.grid{stroke:#8c959f;stroke-opacity:.25}.axis{stroke:#8c959f}
@media (prefers-color-scheme:dark){text{fill:#9da7b3}.title{fill:#e6edf3}}"""


class Axis:
    """A logarithmic scale over whole decades of positive values."""

    def __init__(self, values, start, end):
        values = [value for value in values if value > 0] or [1]
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values)) - 1e-9))
        self.start, self.end = start, end

    def place(self, value):
        share = (math.log10(max(value, 10 ** self.low)) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def ticks(self):
        step = max(1, (self.high - self.low) // 6)
        return [10.0 ** power for power in range(self.low, self.high + 1, step)]


def label(value):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return "%g%s" % (value / size, unit)
    return "%g" % value


def line(x1, y1, x2, y2, kind):
    return '<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>' % (kind, x1, y1, x2, y2)


def text(x, y, content, anchor="middle", kind=""):
    return '<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>' % (
        x, y, anchor, ' class="%s"' % kind if kind else "", escape(content))


def series(points, across, up, colour, name):
    """A line with a mark at each point, named at its end."""
    points = sorted(points)
    places = [(across.place(x), up.place(y)) for x, y in points]
    parts = ['<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (
        colour, " ".join("%.1f,%.1f" % place for place in places))]
    parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s: %s</title></circle>' % (
        *place, colour, escape(name), "%g, %.4g" % point)
        for place, point in zip(places, points)]
    return parts


def chart(title, x_title, y_title, lines):
    """lines: {name: [(x, y)]}. Returns the text of an SVG file."""
    points = [point for line_points in lines.values() for point in line_points]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [text(LEFT, 22, title, "start", "title"),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title),
             text(LEFT, TOP - 12, y_title, "start")]
    for tick in across.ticks():
        parts += [line(across.place(tick), TOP, across.place(tick), HEIGHT - BOTTOM, "grid"),
                  text(across.place(tick), HEIGHT - BOTTOM + 16, label(tick))]
    for tick in up.ticks():
        parts += [line(LEFT, up.place(tick), WIDTH - RIGHT, up.place(tick), "grid"),
                  text(LEFT - 6, up.place(tick) + 4, label(tick), "end")]
    parts += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"),
              line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "axis")]
    for number, (name, line_points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += series(line_points, across, up, colour, name)
        y = TOP + 10 + 18 * number
        parts += ['<rect x="%d" y="%d" width="10" height="10" rx="2" fill="%s"/>' % (
            WIDTH - RIGHT + 14, y - 9, colour), text(WIDTH - RIGHT + 30, y, name, "start")]
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">\n'
            '<title>%s</title>\n<style>%s</style>\n%s\n</svg>\n' % (
                WIDTH, HEIGHT, escape(title), STYLE, "\n".join(parts)))
