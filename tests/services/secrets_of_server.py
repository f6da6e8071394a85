"""What an Elasticsearch with its security on needs: certificates, users and roles.

Made here and not by the server's own tools: each of them starts a Java, which together takes as long as the server.
"""

import base64
import hashlib
import ipaddress
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADMIN = "admin"
"""May do everything."""
TOCSIN = "tocsin"
"""Has the role that ``docs/scale.md`` names, and no other."""
LACKING = "lacks-"
"""Before the name of a right: has the role without it."""
STRANGER = "stranger"
"""Has a password and no role."""
_SCALE = Path(__file__).resolve().parent.parent.parent / "docs" / "scale.md"
_ROUNDS = 1000


class Secrets:
    """Certificates and passwords of one server, new ones each time."""

    def __init__(self) -> None:
        authority_key, authority = _authority()
        key, certificate = _certificate(authority_key, authority)
        self.authority = _pem(authority)
        """Certificate that the server's is signed with."""
        self.other_authority = _pem(_authority()[1])
        """Of the same name, and not the one."""
        self._key, self._certificate = key, _pem(certificate)
        # With what an address must have quoted, so that a mistake there shows.
        self.passwords: Mapping[str, str] = {
            name: f"{secrets.token_urlsafe(12)}@:/?#%" for name in (ADMIN, STRANGER, *_roles())
        }

    def settings(self) -> dict[str, str]:
        """Settings of the server."""
        layers = ("http", "transport")
        return {
            "xpack.security.enabled": "true",
            "xpack.security.autoconfiguration.enabled": "false",
            "xpack.security.enrollment.enabled": "false",
            "xpack.security.transport.ssl.verification_mode": "certificate",
            "xpack.security.authc.password_hashing.algorithm": f"pbkdf2_{_ROUNDS}",
            **{f"xpack.security.{layer}.ssl.enabled": "true" for layer in layers},
            **{f"xpack.security.{layer}.ssl.key": "key.pem" for layer in layers},
            **{f"xpack.security.{layer}.ssl.certificate": "certificate.pem" for layer in layers},
            **{f"xpack.security.{layer}.ssl.certificate_authorities": "authority.pem" for layer in layers},
        }

    def write(self, config: Path) -> None:
        """The files of the server's folder of settings. Users and roles of files need no index of the server's."""
        (config / "authority.pem").write_bytes(self.authority)
        (config / "certificate.pem").write_bytes(self._certificate)
        (config / "key.pem").write_bytes(self._key)
        (config / "users").write_text("".join(f"{name}:{_hashed(word)}\n" for name, word in self.passwords.items()))
        held = {"superuser": ADMIN} | {name: name for name in _roles()}
        (config / "users_roles").write_text("".join(f"{role}:{user}\n" for role, user in held.items()))
        # JSON is YAML too, line by line.
        (config / "roles.yml").write_text("".join(f"{name}: {json.dumps(it)}\n" for name, it in _roles().items()))


def role() -> dict[str, Any]:
    """The role that ``docs/scale.md`` tells people to make."""
    _, _, told = _SCALE.read_text("utf-8").partition("/_security/role/tocsin")
    found: dict[str, Any]
    found, _ = json.JSONDecoder().raw_decode(told.lstrip())
    return found


def _roles() -> dict[str, dict[str, Any]]:
    """The role, and what it would be without each of its rights."""
    whole = role()
    (indices,) = whole["indices"]
    made = {TOCSIN: whole}
    for right in whole["cluster"]:
        made[f"{LACKING}{right}"] = {**whole, "cluster": [it for it in whole["cluster"] if it != right]}
    for right in indices["privileges"]:
        rest = {**indices, "privileges": [it for it in indices["privileges"] if it != right]}
        made[f"{LACKING}{right}-index"] = {**whole, "indices": [rest]}
    return made


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tocsin's tests")])
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    return key, _draft(name, key).issuer_name(name).add_extension(constraints, critical=True).sign(key, hashes.SHA256())


def _certificate(
    authority_key: ec.EllipticCurvePrivateKey, authority: x509.Certificate
) -> tuple[bytes, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = _draft(name, key).issuer_name(authority.subject).add_extension(loopback, critical=False)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain, made.sign(authority_key, hashes.SHA256())


def _draft(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(32)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, 32)
    return f"{{PBKDF2}}{_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
