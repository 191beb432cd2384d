"""Throw-away certificates: an authority and what it signs, by GnuTLS's certtool.

    authority = certificates.Authority(folder, "Test authority")
    files = authority.sign("server", dns=["localhost"], addresses=["127.0.0.1"])
    files.certificate, files.key
"""

import collections
import datetime
import subprocess
from pathlib import Path

Files = collections.namedtuple("Files", "certificate key")


def certtool(*args):
    done = subprocess.run(["certtool", *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"certtool {' '.join(args)}:\n{done.stderr}")


def moment(hours):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


class Authority:
    def __init__(self, folder, name):
        self.folder = Path(folder)
        self.files = self._files(name)
        template = self._template(name, [f'cn = "{name}"', "ca", "cert_signing_key"], -1, 24)
        certtool("--generate-privkey", "--key-type=ecdsa", "--outfile", self.files.key)
        certtool("--generate-self-signed", "--load-privkey", self.files.key, "--template", template,
                 "--outfile", self.files.certificate)

    def _files(self, name):
        stem = self.folder / name.replace(" ", "-")
        return Files(f"{stem}.pem", f"{stem}.key")

    def _template(self, name, lines, since, until):
        path = self.folder / f"{name.replace(' ', '-')}.tmpl"
        lines = [*lines, f'activation_date = "{moment(since)}"', f'expiration_date = "{moment(until)}"']
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def sign(self, name, dns=(), addresses=(), uris=(), since=-1, until=24):
        """Files of a new key and its certificate; since and until in hours from now."""
        files = self._files(name)
        lines = [f'cn = "{name}"', *(f'dns_name = "{each}"' for each in dns), *(f'uri = "{each}"' for each in uris),
                 *(f'ip_address = "{each}"' for each in addresses)]
        certtool("--generate-privkey", "--key-type=ecdsa", "--outfile", files.key)
        certtool("--generate-certificate", "--load-privkey", files.key, "--load-ca-certificate",
                 self.files.certificate, "--load-ca-privkey", self.files.key, "--template",
                 self._template(name, lines, since, until), "--outfile", files.certificate)
        return files
