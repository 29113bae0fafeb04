"""TLS connections that send raw bytes, and hand-made HTTP/2 frames."""
import socket
import ssl


def context(alpn):
    made = ssl._create_unverified_context()
    made.set_alpn_protocols([alpn])
    return made


H1 = context("http/1.1")
H2 = context("h2")


def connect(port, tls=H1, timeout=10):
    raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    try:
        return tls.wrap_socket(raw) if tls else raw
    except Exception:
        raw.close()
        raise


def frame(kind, flags=0, stream=0, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def headers(stream, fields, ends=True):
    # Literals without indexing and without Huffman coding (RFC 7541 §6.2.2).
    block = b""
    for name, value in fields:
        for text in (name.encode(), value.encode()):
            block += (b"\x00" if text == name.encode() else b"") + bytes([len(text)]) + text
    return frame(1, 5 if ends else 4, stream, block)


def request(path, method="GET", more=()):
    return [(":method", method), (":scheme", "https"), (":authority", "a"), (":path", path), *more]


def preface(settings=b""):
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, settings)
