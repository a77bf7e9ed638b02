"""Documents that belong to an image without being part of it, such as the list of its packages.

They refer to its digest: OCI distribution 1.1, "Pushing Manifests with Subject". Registries that do not
know this yet hold the list under a tag.
"""

from __future__ import annotations

import json

from hub_image.registry import INDEX, MANIFEST, Manifest, Registry, RegistryError

EMPTY = "application/vnd.oci.empty.v1+json"
SBOM = "application/vnd.cyclonedx+json"


def attach(registry: Registry, subject: Manifest, data: bytes, media_type: str) -> bool:
    """Store a document that refers to an image.

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
