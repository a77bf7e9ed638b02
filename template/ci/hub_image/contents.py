"""What is in an image: its packages, the list of them to attach (SBOM), what differs from another."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import docker
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from docker.models.images import Image
from packageurl import PackageURL

from hub_image.markdown import plain

LISTING = Path(__file__).parent / "inside" / "listing.py"  # runs in the image
PURL = {"conda": "conda", "pip": "pypi", "apt": "deb", "R": "cran"}  # package URLs' types
SIZE = "hub-image:size"  # the SBOM's property that holds the image's bytes, unpacked


@dataclass(frozen=True)
class Contents:
    """What is in an image."""

    size: int  # in bytes, unpacked
    system: str  # the distribution, as debian
    packages: dict[str, dict[str, str]]  # each tool's packages, by name, with their versions

    @classmethod
    def of(cls, image: Image, client: docker.DockerClient) -> Contents:
        """Ask the tools in an image on this machine.

        Raises:
            DockerException: it does not start.
            IndexError, KeyError, ValueError: its python3 does not list its packages.
        """
        command = ["python3", "-c", LISTING.read_text(encoding="utf-8")]
        out = client.containers.run(image, command, remove=True, stderr=False)
        listing = json.loads(re.findall(rb"^CHECK (.*)$", out, re.MULTILINE)[-1])
        # pip sees what conda installed as well
        conda = {re.sub(r"[-_.]+", "-", name).lower() for name in listing["conda"]}
        listing["pip"] = {
            name: version for name, version in listing["pip"].items() if name not in conda
        }
        packages = {
            tool: {plain(name): plain(version) for name, version in sorted(listing[tool].items())}
            for tool in PURL
        }
        return cls(image.attrs["Size"], listing["os"], packages)

    @property
    def hub_major(self) -> str:
        """The major version of the JupyterHub in the image; empty if there is none."""
        packages = self.packages["conda"] | self.packages["pip"]
        return packages.get("jupyterhub", "").partition(".")[0]

    def sbom(self, name: str) -> bytes:
        """Return a CycloneDX document for a name, of which from_sbom() makes the same contents."""
        bom = Bom()
        bom.metadata.component = Component(name=name, type=ComponentType.CONTAINER)
        bom.metadata.properties.add(Property(name=SIZE, value=str(self.size)))
        for tool, packages in self.packages.items():
            for package, version in packages.items():
                system = self.system if tool == "apt" else ""
                purl = PackageURL(PURL[tool], system, package, version)
                key = f"{tool}/{package}"  # two tools may install the same
                bom.components.add(Component(name=package, version=version, purl=purl, bom_ref=key))
        bom.register_dependency(bom.metadata.component, bom.components)
        return JsonV1Dot6(bom).output_as_string(indent=1).encode()

    @classmethod
    def from_sbom(cls, data: bytes) -> Contents | None:
        """Return the contents that sbom() wrote; None for whatever else may be attached to an image."""
        packages: dict[str, dict[str, str]] = {tool: {} for tool in PURL}
        try:
            document = json.loads(data)
            known = {one["name"]: one["value"] for one in document["metadata"]["properties"]}
            for component in document.get("components", []):
                tool = component["bom-ref"].partition("/")[0]
                packages[tool][plain(component["name"])] = plain(component["version"])
            size = int(re.fullmatch(r"\d{1,15}", known[SIZE])[0])  # type: ignore[index] # TypeError
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
            return None
        return cls(size, "", packages)

    def changes(self, old: Contents) -> list[str]:
        """Return a line for each package that is not what it was in an older image."""
        lines = []
        for tool, packages in self.packages.items():
            before = old.packages[tool]
            for name in sorted(before.keys() | packages.keys()):
                was, now = before.get(name), packages.get(name)
                if was is None:
                    lines.append(f"+ {tool}: {name} {now}")
                elif now is None:
                    lines.append(f"- {tool}: {name} {was}")
                elif was != now:
                    lines.append(f"! {tool}: {name} {was} -> {now}")
        return lines
