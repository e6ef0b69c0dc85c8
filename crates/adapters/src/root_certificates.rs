//! Where the system keeps the root certificates that TLS believes.

use std::path::PathBuf;

/// Where Debian, Red Hat, SUSE, Alpine and macOS have them.
const FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The file that `SSL_CERT_FILE` names, as OpenSSL has it, or else the system's, if there is one.
pub(crate) fn file(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| FILES.iter().map(PathBuf::from).find(|file| file.exists()))
}
