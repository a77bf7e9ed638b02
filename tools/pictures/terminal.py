"""What a terminal shows, as SVG: programs run in a real one of 80 x 24, which pyte reads and rich draws."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte
from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tools.pictures import Problem

COLUMNS, LINES = 80, 24  # characters, what a terminal has when it opens
QUIET = 0.7  # seconds without output after which it waits for an answer
MOST = 60  # answers
THEME = TerminalTheme(
    (255, 255, 255),  # the ground
    (31, 35, 40),  # the text
    [
        (31, 35, 40),
        (164, 14, 38),
        (17, 99, 41),
        (125, 78, 0),
        (9, 105, 218),
        (130, 80, 223),
        (27, 124, 131),
        (89, 99, 110),
    ],
)
NAMES = {"brown": "yellow"}  # pyte's names of colours that rich calls differently
# Without rich's own fonts, which a picture in a page cannot load.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, monospace; font-size: {char_height}px; \
line-height: {line_height}px; }}
.{unique_id}-title {{ font: 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Terminal(pyte.HistoryScreen):
    """A screen that remembers what has scrolled away, and tells its program where the cursor is."""

    def __init__(self, program: pexpect.spawn[str]) -> None:
        super().__init__(COLUMNS, LINES, history=1000, ratio=1.0)
        self._program = program

    def write_process_input(self, data: str) -> None:
        """Answer the program."""
        self._program.send(data)


def record(
    command: list[str], choices: Mapping[str, str], folder: Path, env: Mapping[str, str] = {}
) -> tuple[list[Text], list[Text]]:
    """Run a program in a terminal and answer what it asks: Enter takes what it offers.

    Args:
        command: the program and its arguments.
        choices: keys to press before that, by a part of the question, which Copier marks by 🎤.
        folder: where it runs.
        env: variables besides those of this process.

    Returns:
        What was on the screen at the questions of `choices`, and all lines of the end, those that have
        scrolled away included.

    Raises:
        Problem: it waits for something else, or fails.
    """
    program = pexpect.spawn(
        command[0],
        command[1:],
        cwd=str(folder),
        env={**os.environ, **env, "TERM": "xterm-256color"},
        dimensions=(LINES, COLUMNS),
        encoding="utf-8",
    )
    screen = Terminal(program)
    stream, seen, enters, asked = pyte.Stream(screen), "", 0, list[Text]()
    with contextlib.suppress(pexpect.EOF):
        while enters < MOST:
            try:
                stream.feed(program.read_nonblocking(size=4096, timeout=QUIET))
            except pexpect.TIMEOUT:
                shown = "\n".join(screen.display).rstrip()
                if shown != seen:  # otherwise it works on what was answered
                    question = shown.rpartition("🎤")[2]
                    keys = [keys for part, keys in choices.items() if part in question]
                    asked += _lines(_rows(screen)) if keys else []
                    program.send("".join([*keys, "\r"]))
                    seen, enters = shown, enters + 1
    program.close()
    if program.exitstatus != 0:
        raise Problem(f"Mend what is answered to {command[0]}: it does not end well.\n{seen}")
    return asked, _lines([*screen.history.top, *_rows(screen)])


def _rows(screen: pyte.Screen) -> list[Mapping[int, Char]]:
    """A screen's rows."""
    return [screen.buffer[number] for number in range(LINES)]


def _lines(rows: Iterable[Mapping[int, Char]]) -> list[Text]:
    """Rows as rich has them, without the empty ones at the end."""
    lines = [_line([row[column] for column in range(COLUMNS)]) for row in rows]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    return lines


def _line(characters: list[Char]) -> Text:
    """A row of a screen as rich has it."""
    text = Text()
    for style, some in itertools.groupby(characters, _style):
        text.append("".join(one.data for one in some), style)
    text.rstrip()
    return text


def _style(one: Char) -> Style:
    """How a character looks."""
    ground = _colour(one.bg)
    return Style(color=_colour(one.fg), bgcolor=ground, bold=one.bold, reverse=one.reverse)


def _colour(name: str) -> str | None:
    """A colour of pyte's by rich's name; None is the usual one."""
    if name == "default":
        return None
    if len(name) == 6 and all(letter in "0123456789abcdef" for letter in name):
        return f"#{name}"
    return NAMES.get(name, name.replace("bright", "bright_"))


def draw(lines: Sequence[Text | str], title: str, picture: Path) -> None:
    """Write lines of a terminal as a picture.

    Args:
        lines: as wide a terminal as they need, but 80 characters at least.
        title: what stands above.
        picture: the SVG to write.
    """
    width = max([COLUMNS, *(len(line) for line in lines)])
    console = Console(record=True, width=width, file=io.StringIO(), color_system="truecolor")
    for line in lines:
        console.print(line, highlight=False, markup=False)
    svg = console.export_svg(title=title, theme=THEME, code_format=SVG, unique_id="terminal")
    picture.write_text(
        "\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8"
    )
