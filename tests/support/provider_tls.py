"""A local certificate authority, and certificates that are wrong in one way each."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A key and the certificate it signed for itself."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def make_authority(folder: Path) -> tuple[Authority, Path]:
    """Make a CA; returns it and the PEM file that a client trusts it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Trunkline test CA"))
        .issuer_name(_name("Trunkline test CA"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 400 * DAY)
        .not_valid_after(now + 400 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "ca.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(key=key, certificate=certificate), path


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def make_certificate(
    folder: Path, label: str, issuer: Authority | None, *, names: tuple[str, ...], days: tuple[int, int] = (-1, 30)
) -> tuple[Path, Path]:
    """Write `<label>.pem` and its key, valid for `names` from `days[0]` to `days[1]`; self-signed without `issuer`."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer or Authority(key=key, certificate=_placeholder(key, label))
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(label))
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(signer.key, hashes.SHA256())
    certificate_path, key_path = folder / f"{label}.pem", folder / f"{label}.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_path, key_path


def _placeholder(key: ec.EllipticCurvePrivateKey, label: str) -> x509.Certificate:
    """A certificate whose subject a self-signed one names as its issuer."""
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(label))
        .issuer_name(_name(label))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .sign(key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def server_contexts(folder: Path) -> tuple[dict[str, ssl.SSLContext], Path]:
    """A TLS context per oddity (`tls`, `tls_expired`, ...), and the CA's file."""
    authority, ca_file = make_authority(folder)
    here = ("127.0.0.1", "localhost")
    made = {
        "tls": make_certificate(folder, "good", authority, names=here),
        "tls_expired": make_certificate(folder, "expired", authority, names=here, days=(-30, -1)),
        "tls_wrong_name": make_certificate(folder, "wrong-name", authority, names=("elsewhere.example",)),
        "tls_self_signed": make_certificate(folder, "self-signed", None, names=here),
        "tls_old": make_certificate(folder, "old", authority, names=here),
    }
    contexts: dict[str, ssl.SSLContext] = {}
    for label, (certificate, key) in made.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        contexts[label] = context
    # OpenSSL 3 offers TLS 1.0 only at security level 0; Python warns about the version by design here.
    old = contexts["tls_old"]
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.options &= ~ssl.OP_NO_TLSv1
    _allow_only_tls_1_0(old)
    return contexts, ca_file


def _allow_only_tls_1_0(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
