"""An image's repository in its registry, by the OCI distribution API."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from email.message import Message
from typing import Any

from hub_image.registry_client import AccessDenied, Client, NotFound, RegistryError, understood

__all__ = ["AccessDenied", "Manifest", "Registry", "RegistryError"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest"
SBOM = "application/vnd.cyclonedx+json"  # the list of an image's packages
EMPTY = "application/vnd.oci.empty.v1+json"
ACCEPTED = f"{MANIFEST}, {INDEX}, {DOCKER}.v2+json, {DOCKER}.list.v2+json"
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
NEXT = re.compile(r'<([^>]*)>[^,]*;\s*rel="?next\b')  # RFC 8288
PAGES = 200  # of 1000 tags


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index, byte by byte as the registry has it.

    What is read from it raises RegistryError where it is not of its form.
    """

    data: bytes  # the bytes
    media_type: str  # what they are

    @property
    def digest(self) -> str:
        """By which the registry knows it, as sha256:..."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    @property
    def descriptor(self) -> dict[str, Any]:
        """How others refer to it (OCI image specification, "Content Descriptors")."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        with understood(self.digest):
            return dict(json.loads(self.data).items())

    @property
    def config(self) -> str:
        """Of an image: the digest of its configuration."""
        with understood(self.digest):
            return str(self.content["config"]["digest"])

    @property
    def first_layer(self) -> str:
        """Of an image: the digest of its first layer."""
        with understood(self.digest):
            return str(self.content["layers"][0]["digest"])

    @property
    def images(self) -> list[tuple[str, str]]:
        """Of an index: the platform, as linux/amd64 or empty, and the digest of each image."""
        with understood(self.digest):
            listed = self.content.get("manifests") or []
            platforms = [entry.get("platform") or {} for entry in listed]
            return [
                (f"{at['os']}/{at['architecture']}" if at else "", str(entry["digest"]))
                for at, entry in zip(platforms, listed, strict=True)
            ]


class Registry(Client):
    """The repository of one image. Whatever fails raises RegistryError."""

    def may_push(self) -> None:
        """Begin an upload and give it up: AccessDenied if this account may not."""
        place = self._upload()
        with contextlib.suppress(RegistryError):  # it ends by itself
            self.ask("DELETE", place)

    def tags(self) -> list[str]:
        """Return all tags; none where there is no such repository yet."""
        found: list[str] = []
        path = "tags/list?n=1000"
        for _ in range(PAGES):
            try:
                page = self.ask("GET", path)
            except NotFound:
                return found
            with understood(f"the tags of {self.image}"):
                listed = json.loads(page.data)["tags"] or []
                found += [tag for tag in listed if TAG.fullmatch(tag)]
            if not (following := NEXT.search(page.headers.get("Link", ""))):
                return found
            path = following[1]
        raise RegistryError(f"Check the tags of {self.image}: they have over {PAGES} pages.")

    def manifest(self, reference: str) -> Manifest | None:
        """Return the manifest or index of a tag or digest; None if there is none."""
        path = f"manifests/{_reference(reference)}"
        try:
            answer = self.ask("GET", path, Accept=ACCEPTED)
        except NotFound:
            return None
        return Manifest(self._verified(answer.data, reference), answer.media_type)

    def of_platform(self, reference: str, platform: str) -> Manifest | None:
        """Return the manifest of a tag or, of an index, that of a platform such as linux/amd64."""
        manifest = self.manifest(reference)
        if manifest is None or "manifests" not in manifest.content:
            return manifest
        digests = [digest for at, digest in manifest.images if at == platform]
        return self.manifest(digests[0]) if digests else None

    def blob(self, digest: str) -> bytes:
        """Return the bytes of a digest."""
        answer = self.ask("GET", f"blobs/{_reference(digest)}")
        return self._verified(answer.data, digest)

    def digest(self, reference: str) -> str:
        """Return the digest that a tag names now; RegistryError if it is gone."""
        return self._existing(reference).digest

    def architectures(self, reference: str) -> list[str]:
        """Return the processors, as amd64, that an image can be pulled for.

        Its configurations say that, and must be there too: a tag may be listed and gone.
        """
        image = self._existing(reference)
        listed = [digest for at, digest in image.images if not at or at.startswith("linux/")]
        manifests = [self._existing(digest) for digest in listed] or [image]
        with understood(f"{self.image}:{reference}"):
            return sorted({str(self._settings(one)["architecture"]) for one in manifests})

    def labels(self, manifest: Manifest) -> dict[str, str]:
        """Return the labels of an image."""
        with understood(f"the labels of {self.image}"):
            return dict(self._settings(manifest)["config"].get("Labels") or {})

    def put(self, manifest: Manifest, reference: str) -> Message:
        """Store a manifest or index under a tag or its digest; return the answer's headers."""
        path, kind = f"manifests/{_reference(reference)}", manifest.media_type
        return self.ask("PUT", path, manifest.data, Content_Type=kind).headers

    def put_blob(self, data: bytes, media_type: str) -> dict[str, Any]:
        """Store bytes; return their descriptor."""
        place, blob = self._upload(), Manifest(data, media_type)
        path = f"{place}{'&' if '?' in place else '?'}digest={blob.digest}"
        self.ask("PUT", path, data, Content_Type="application/octet-stream")
        return blob.descriptor

    def referrers(self, subject: Manifest) -> list[dict[str, Any]]:
        """Return descriptors of what refers to an image (OCI distribution, "Listing referrers")."""
        found: Manifest | None = None
        with contextlib.suppress(NotFound):
            # GHCR, which knows no such list, leads to a web page (artifacthub/hub#4785)
            path = f"referrers/{subject.digest}"
            answer = self.ask("GET", path, follow=False, Accept=INDEX)
            if answer.media_type == INDEX:
                found = Manifest(answer.data, INDEX)
        found = found or self.manifest(subject.digest.replace(":", "-"))
        with understood(f"the referrers of {subject.digest}"):
            listed = found.content.get("manifests") or [] if found else []
            return [dict(entry.items()) for entry in listed]

    def _upload(self) -> str:
        """Begin an upload, and return its address."""
        place = self.ask("POST", "blobs/uploads/").headers.get("Location", "")
        if not place:
            raise RegistryError(f"Check {self.image}: its registry names no address to upload to.")
        return place

    def _existing(self, reference: str) -> Manifest:
        """Return what must be there."""
        if found := self.manifest(reference):
            return found
        raise NotFound(f"Name another image: {self.image} has no '{reference}'.")

    def _settings(self, image: Manifest) -> dict[str, Any]:
        """Return the configuration of an image."""
        return Manifest(self.blob(image.config), "").content

    def _verified(self, data: bytes, reference: str) -> bytes:
        """Return bytes that have their digest, if they were asked for by one."""
        if ":" in reference and Manifest(data, "").digest != reference:
            raise RegistryError(f"Check {self.image}: its '{reference}' is something else.")
        return data


def _reference(text: str) -> str:
    """Return a tag or digest if it is one: it becomes part of an address."""
    if TAG.fullmatch(text) or re.fullmatch("sha256:[0-9a-f]{64}", text):
        return text
    raise RegistryError(f"Name a tag or a digest: {text[:80]!r} is neither.")


def attach(registry: Registry, subject: Manifest, data: bytes, media_type: str) -> bool:
    """Store a document that refers to an image: OCI distribution, "Pushing Manifests with Subject".

    Registries that do not know this yet hold the list under a tag.

    Args:
        registry: where the image is.
        subject: the image.
        data: the document.
        media_type: of the document. An older one of this type gives way in the list of a tag.

    Returns:
        Whether the registry takes such.
    """
    try:
        content = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": media_type,
            "config": registry.put_blob(b"{}", EMPTY),
            "layers": [registry.put_blob(data, media_type)],
            "subject": subject.descriptor,
        }
        document = Manifest(json.dumps(content).encode(), MANIFEST)
        if "OCI-Subject" in registry.put(document, document.digest):
            return True
        others = [
            one for one in registry.referrers(subject) if one.get("artifactType") != media_type
        ]
        entries = [*others, document.descriptor | {"artifactType": media_type}]
        listed = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        index = Manifest(json.dumps(listed).encode(), INDEX)
        registry.put(index, subject.digest.replace(":", "-"))
    except RegistryError:
        return False
    return True


def attached(registry: Registry, subject: Manifest, media_type: str) -> bytes | None:
    """Return the document of a type that was attached last, or None; RegistryError if it is broken."""
    for entry in reversed(registry.referrers(subject)):
        if entry.get("artifactType") == media_type:
            document = registry.manifest(str(entry.get("digest")))
            return registry.blob(document.first_layer) if document else None
    return None
