# SPDX-License-Identifier: GPL-2.0-or-later
"""One line of the table: what was measured, for each tool, and what moontap must reach."""

from measure import median, shown


class Result:
    """values: {tool: [numbers] or why it has none}; the first tool is moontap.

    must: ("<=" or ">=", limit) for moontap's own value, or a third element: the peer whose
    value the limit multiplies. None: for information.
    """

    def __init__(self, what, unit, values, must=None, commands=None, note=""):
        self.what, self.unit, self.must, self.note = what, unit, must, note
        self.values = {tool: numbers if isinstance(numbers, str) else median(numbers)
                       for tool, numbers in values.items()}
        self.commands = {tool: command if isinstance(command, str) else shown(command)
                         for tool, command in (commands or {}).items()}

    def number(self, tool):
        value = self.values.get(tool)
        return value if isinstance(value, (int, float)) else None

    def limit(self):
        """What moontap's value is held against; None if that cannot be said."""
        if not self.must:
            return None
        if len(self.must) == 2:
            return self.must[1]
        peer = self.number(self.must[2])
        return None if peer is None else peer * self.must[1]

    def is_reached(self):
        ours, limit = self.number("moontap"), self.limit()
        if ours is None or limit is None:
            return None
        return ours <= limit if self.must[0] == "<=" else ours >= limit

    def must_text(self):
        if not self.must:
            return ""
        if len(self.must) == 2:
            return "%s %s" % (self.must[0], quantity(self.must[1], self.unit))
        return "%s %.3gx %s" % (self.must[0], self.must[1], self.must[2])

    def verdict(self):
        reached = self.is_reached()
        return {None: "", True: "yes", False: "**no**"}[reached]

    def peers(self):
        """Each other tool's value with moontap's share of it."""
        ours, parts = self.number("moontap"), []
        for tool, value in self.values.items():
            if tool == "moontap":
                continue
            if isinstance(value, str):
                parts.append("%s: %s" % (tool, value))
            elif ours is None or not value:
                parts.append("%s %s" % (tool, quantity(value, self.unit)))
            else:
                parts.append("%s %s (%sx)" % (tool, quantity(value, self.unit),
                                              significant(ours / value)))
        return "; ".join(parts)

    def ours(self):
        value = self.values["moontap"]
        return value if isinstance(value, str) else quantity(value, self.unit)


def significant(value):
    """Three digits, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    return "%.3g" % value if abs(value) >= 0.001 else "%.1g" % value


def quantity(value, unit):
    return (significant(value) + " " + unit).strip()
