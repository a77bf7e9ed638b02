"""What a Dockerfile that is the person's says of the image: where it starts from, home and interface, for Jinja.

It only reads, and needs what extensions/catalogue.py adds. Copier loads this file by its path and, in one
update, in two versions: it imports no sibling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copier_template_extensions import ContextHook

Answers = dict[str, Any]
Instructions = list[tuple[str, str]]

POINTER = {"ARG", "COPY", "FROM", "LABEL"}  # what changes nothing of an image but the files in it
BINDER_FOLDERS = (".binder", "binder")
HOME = "/home/jovyan"  # of every image unless something says otherwise
# By whose images `base_family` knows, beside those of the catalogue.
COMMIT = re.compile(r"[0-9a-f]{7,40}")  # the tag that repo2docker's action gives
FAMILIES = ("b-data", "docker-stacks", "pangeo", "repo2docker", "rocker", "rocker-4")
HEREDOC = re.compile(r"(?ms)(<<-?([\"']?)(\w+)\2[^\n]*)\n.*?^\t*\3$")
PLAIN = re.compile(r"[\w./-]+", re.ASCII)


def read(words: str) -> Instructions:
    """Return a Dockerfile's instructions in capitals, each with the rest of its line or lines."""
    words = re.sub(r"(?m)^[ \t]*#.*\n?", "", words.replace("\r\n", "\n"))
    words = HEREDOC.sub(r"\1", words)
    lines = (line.strip() for line in re.sub(r"\\[ \t]*\n", " ", words).splitlines())
    pairs = (line.partition(" ") for line in lines if line)
    return [(word.upper(), rest.strip()) for word, _, rest in pairs]


def values(instructions: Instructions) -> dict[str, str]:
    """Return what ARG and ENV give to variables, as far as it is plain text."""
    known: dict[str, str] = {}
    for word, rest in instructions:
        if word in ("ARG", "ENV"):
            pairs = re.findall(r"(\w+)=\"?([^\s\"]*)", rest)
            if word == "ENV" and "=" not in rest.partition(" ")[0]:  # the old form
                pairs = [(rest.partition(" ")[0], rest.partition(" ")[2].strip())]
            known |= {name: expand(value, known) for name, value in pairs}
    return known


def expand(word: str, known: dict[str, str]) -> str:
    """Return a word with the variables replaced that are known."""
    return re.sub(r"\$\{?(\w+)(?::-[^}]*)?\}?", lambda name: known.get(name[1], name[0]), word)


def starts_from(instructions: Instructions) -> str:
    """Return the image of the only FROM with its registry, or nothing where there are more or it is no plain word."""
    froms = [rest for word, rest in instructions if word == "FROM"]
    one = re.fullmatch(
        r"(?:--platform=\S+ +)?([^\s$]+)(?: +as +\S+)?", "\n".join(froms), re.IGNORECASE
    )
    if not one:
        return ""
    first, slash, _ = one[1].partition("/")
    if slash and (re.search(r"[.:]", first) or first == "localhost"):
        return one[1]
    return f"docker.io/{one[1]}" if slash else f"docker.io/library/{one[1]}"


def in_catalogue(reference: str, catalogue: Answers) -> Answers:
    """Return `base`, `base_tag` and the hub's major that goes with it, none where the catalogue does not know."""
    name, _, tag = reference.partition("@")[0].rpartition(":")
    same = {key: one for key, one in catalogue["images"].items() if one["image"] == name}
    digest = "^" if "@" in reference else "$^"  # with one, any tag may be pinned
    kinds = (lambda one: one["tag_pattern"], lambda one: _also(one, catalogue), lambda _: digest)
    for pattern in kinds:
        for key, image in same.items():
            if re.search(pattern(image), tag):
                known = {str(t): str(major) for major, t in image["tags"].items() if major}
                named = re.match(r"hub-(\d+)\.", tag)
                major = named[1] if named else known.get(tag, "")
                base = {"base": key, "base_tag": reference[len(name) + 1 :]}
                return base | ({"jupyterhub_major": major} if major else {})
    return {}


def _also(image: Answers, catalogue: Answers) -> str:
    """Return the pattern of tags that people may pin besides those that updates look for."""
    return str(catalogue["families"][image["family"]].get("tags_also", "^$"))


def family_of(reference: str, words: str, catalogue: Answers) -> str:
    """Return the family of an image that the catalogue does not hold, by whose it is and what the Dockerfile says."""
    name, _, tag = reference.partition("@")[0].rpartition(":")
    owner = name.split("/")[-2]
    if owner == "rocker" or "/home/rstudio" in words:
        return "rocker-4"
    theirs = {one["image"].split("/")[-2]: one["family"] for one in catalogue["images"].values()}
    by_repo2docker = COMMIT.fullmatch(tag) or "NB_PYTHON_PREFIX" in words
    family = theirs.get(owner, "repo2docker" if by_repo2docker else "docker-stacks")
    return family if family in FAMILIES else "docker-stacks"


def is_known(reference: str, catalogue: Answers) -> bool:
    """Return whether an image is of a community whose images bring Jupyter."""
    owners = {one["image"].split("/")[-2] for one in catalogue["images"].values()}
    return reference.split("/")[-2] in owners


def server(instructions: Instructions, words: str) -> Answers:
    """Return `home_dir` and `interface`, as far as a Dockerfile says where its user lives and what opens."""
    known = values(instructions)
    users = [expand(rest, known).partition(":")[0] for word, rest in instructions if word == "USER"]
    user = next(
        (one for one in users[::-1] if re.fullmatch(r"[a-z][\w-]*", one) and one != "root"), ""
    )
    user = user or known.get("NB_USER", "")
    home = known.get("HOME", f"/home/{user}" if user else "")
    answers = {}
    if PLAIN.fullmatch(home) and home.startswith("/home/") and home != HOME:
        answers["home_dir"] = home.rstrip("/")
    if re.search(r"rsession-proxy|rstudio-server", words):
        answers["interface"] = "rstudio"
    return answers


def found(words: str, catalogue: Answers, error: Callable[[str], str]) -> Answers:
    """Return the answers that a Dockerfile gives.

    Args:
        words: its text.
        catalogue: what is known of the community images.
        error: says what is wrong with a reference, or nothing.
    """
    instructions = read(words)
    reference, answers = starts_from(instructions), {"strategy": "dockerfile"}
    answers |= server(instructions, words)
    pointer = {word for word, _ in instructions} <= POINTER
    runs = " ".join(rest for word, rest in instructions if word == "RUN")
    brings = (
        re.search(r"\b(?:jupyter(?:lab|hub)?|notebook)\b", runs)
        and not is_known(reference, catalogue)
        if reference
        else None
    )
    if not reference or reference.startswith("docker.io/library/") or brings or error(reference):
        return answers
    base = in_catalogue(reference, catalogue)
    if pointer and base.get("jupyterhub_major", "5") not in ("5", "6"):
        base = {}
    if not base:
        family = family_of(reference, words, catalogue)
        base = {"base": "other", "base_reference": reference, "base_family": family}
    image = catalogue["images"].get(base["base"], {})
    pointer = pointer and 0 not in image.get("tags", {})
    return answers | base | {"strategy": "community-image" if pointer else "inherit"}


def environment_folder(folder: Path) -> Path:
    """Return where repo2docker looks for a repository's configuration files (its "Configuration Files")."""
    return next((folder / name for name in BINDER_FOLDERS if (folder / name).is_dir()), folder)


class Dockerfile(ContextHook):
    """Gives every template and question these names.

    - `environment_folder`: where repo2docker looks for configuration files, a Dockerfile among them
    - `dockerfile_found`: a function; the answers that it gives, none where there is no Dockerfile
    - `dockerfile_from`: a function; the image of its only FROM, or nothing
    """

    def hook(self, context: dict[str, Any]) -> None:
        """Add the names above.

        Args:
            context: Copier's, with the answers so far, and what extensions/catalogue.py adds.
        """
        folder = environment_folder(Path(context["_copier_conf"]["dst_path"]))
        path = folder / "Dockerfile"
        catalogue, error = context["catalogue"], self.environment.filters["reference_error"]

        def words() -> str:
            return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

        context["environment_folder"] = folder
        context["dockerfile_found"] = lambda: found(words(), catalogue, error) if words() else {}
        context["dockerfile_from"] = lambda: starts_from(read(words()))
