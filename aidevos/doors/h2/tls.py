"""TLS for the door: PEM files become a context that agrees on h2 alone."""

import ssl

from aidevos.doors.grpc_interface import Tls


def context(tls: Tls) -> ssl.SSLContext:
    """Return the context of a server. Raises OSError for files that are not there or no PEM."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # RFC 9113, appendix A forbids the others.
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["h2"])
    made.load_cert_chain(tls.certificate, tls.key)
    if tls.client_roots is not None:
        made.load_verify_locations(tls.client_roots)
        made.verify_mode = ssl.CERT_REQUIRED
    return made
