"""Builds the container image without a container engine: an OCI layout and an archive for `docker load`.

    image.py [--binary FILE] [--out DIR] [--documents DIR]

Without --binary it builds the program first (packaging/build.sh). The image has two layers: the Debian
packages of packaging/image/base.lock, and the program with its bill of materials and licences. Two builds of
one commit have equal digests. Prints one JSON line.

Written to DIR (default: target/image): oci/ (an OCI image layout, tag VERSION), ledgerline-VERSION-image.tar
(`docker load`), and image.json (the printed line).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import debian_base
import documents
from layer import Layer, compress, sha256
from release_version import ROOT, revision, version
from source_date import rfc3339, source_date_epoch

# The user of the program; a bind mount on /data must belong to it.
USER = 10001
# Most bytes of the compressed layers.
COMPRESSED_BYTES_MAX = 80_000_000
# Nanoseconds, as the configuration of images has it.
SECOND = 1_000_000_000
PROGRAM = "/usr/bin/ledgerline"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def program_layer(binary, texts, epoch):
    """Returns the layer with the program, its documents, its user and its volume."""
    layer = Layer()
    layer.file(PROGRAM[1:], binary, epoch, mode=0o755)
    for name, content in texts.items():
        layer.file(f"usr/share/doc/ledgerline/{name}", content, epoch)
    layer.file("etc/passwd", (
        "root:x:0:0:root:/root:/usr/sbin/nologin\n"
        f"ledgerline:x:{USER}:{USER}:ledgerline:/data:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ).encode(), epoch)
    layer.file("etc/group", f"root:x:0:\nledgerline:x:{USER}:\nnogroup:x:65534:\n".encode(), epoch)
    layer.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n", epoch)
    layer.folder("etc/ledgerline", epoch)
    layer.folder("data", epoch, mode=0o700, owner=USER)
    return layer


def configuration(layers, epoch):
    """Returns the image's configuration. Docker reads `Healthcheck`; other engines skip it."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": rfc3339(epoch),
        "config": {
            "User": f"{USER}:{USER}",
            "ExposedPorts": {"8080/tcp": {}},
            "Env": [
                "PATH=/usr/bin:/bin",
                "LANG=C.UTF-8",
                # Temporary files: the root file system may be read-only.
                "TMPDIR=/data",
                # Variables, so that a mounted configuration file need not repeat them.
                "LEDGERLINE__DATA=/data",
                "LEDGERLINE__HTTP__LISTEN=0.0.0.0:8080",
            ],
            "Entrypoint": [PROGRAM],
            "Cmd": ["serve"],
            "Volumes": {"/data": {}},
            # Not /data: an engine that may not enter a volume of another user would hide the server's own message.
            "WorkingDir": "/",
            "StopSignal": "SIGTERM",
            "Healthcheck": {
                "Test": ["CMD", PROGRAM, "ready", "--data", "/data"],
                "Interval": 10 * SECOND,
                "Timeout": 5 * SECOND,
                "StartPeriod": 60 * SECOND,
                "Retries": 3,
            },
            "Labels": labels(epoch),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(tar)}" for tar, _ in layers]},
        "history": [
            {"created": rfc3339(epoch), "created_by": "packaging/image/base.lock"},
            {"created": rfc3339(epoch), "created_by": "packaging/image.py"},
        ],
    }


def labels(epoch):
    return {
        "org.opencontainers.image.title": "ledgerline",
        "org.opencontainers.image.description": "Intelligent outbound calling",
        "org.opencontainers.image.version": version(),
        "org.opencontainers.image.revision": revision(),
        "org.opencontainers.image.created": rfc3339(epoch),
        "org.opencontainers.image.licenses": "Apache-2.0",
    }


def as_json(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def write_oci(folder, layers, config):
    """Writes the OCI layout. Returns the digest of its manifest."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(content, kind):
        digest = sha256(content)
        (blobs / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": blob(config, CONFIG_TYPE),
        "layers": [blob(packed, LAYER_TYPE) for _, packed in layers],
    }
    described = blob(as_json(manifest), MANIFEST_TYPE)
    described["platform"] = {"architecture": "amd64", "os": "linux"}
    described["annotations"] = {"org.opencontainers.image.ref.name": version()}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [described]}
    (folder / "index.json").write_bytes(as_json(index))
    (folder / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
    return described["digest"]


def write_docker_archive(path, layers, config, epoch):
    """Writes the archive that `docker load` and `podman load` read.

    Its layers are compressed and the archive is not: skopeo of Debian 12 reads no compressed archive.
    """
    archive = Layer()
    names = []
    for tar, packed in layers:
        name = f"{sha256(tar)}.tar.gz"
        archive.file(name, packed, epoch)
        names.append(name)
    config_name = f"{sha256(config)}.json"
    archive.file(config_name, config, epoch)
    manifest = [{"Config": config_name, "RepoTags": [f"ledgerline:{version()}"], "Layers": names}]
    archive.file("manifest.json", as_json(manifest), epoch)
    path.write_bytes(archive.tar())


def build(binary, out, texts):
    """Builds both forms of the image in `out`. Returns the line that describes them."""
    epoch = source_date_epoch()
    base = debian_base.base_layer(debian_base.fetch())
    tars = [base.tar(), program_layer(binary.read_bytes(), texts, epoch).tar()]
    layers = [(tar, compress(tar)) for tar in tars]
    config = as_json(configuration(layers, epoch))
    # Written aside and renamed: an interrupted build leaves the old image.
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as aside:
        fresh = Path(aside) / "image"
        fresh.mkdir()
        digest = write_oci(fresh / "oci", layers, config)
        archive = fresh / f"ledgerline-{version()}-image.tar"
        write_docker_archive(archive, layers, config, epoch)
        line = {
            "image": f"ledgerline:{version()}",
            "digest": digest,
            "id": f"sha256:{sha256(config)}",
            "program_sha256": sha256(binary.read_bytes()),
            "archive_sha256": sha256(archive.read_bytes()),
            "compressed_bytes": sum(len(packed) for _, packed in layers),
            "base_bytes": len(layers[0][1]),
            "architecture": "amd64",
        }
        (fresh / "image.json").write_bytes(as_json(line) + b"\n")
        shutil.rmtree(out, ignore_errors=True)
        fresh.rename(out)
    return line


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, help="the program; default: built by packaging/build.sh")
    arguments.add_argument("--out", type=Path, default=ROOT / "target/image")
    arguments.add_argument("--documents", type=Path, help="folder of documents.py; default: made now")
    given = arguments.parse_args()
    binary = given.binary
    if binary is None:
        subprocess.run(["bash", ROOT / "packaging/build.sh"], check=True)
        binary = ROOT / "target/packaging/ledgerline"
    texts = documents.of_folder(given.documents) if given.documents else documents.all_documents()
    line = build(binary, given.out, texts)
    print(json.dumps(line))
    if line["compressed_bytes"] > COMPRESSED_BYTES_MAX:
        sys.exit(f"the image has {line['compressed_bytes']} compressed bytes, more than {COMPRESSED_BYTES_MAX}")


if __name__ == "__main__":
    main()
