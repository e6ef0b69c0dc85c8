//! Certificates of one test, made with `openssl`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBGTCBvwIUcDM4Sfq2TcKCiEQRGKbYB4sNkBUwCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDb2xkMCAXDTI2MTEzMDE5MDMzNVoYDzIxMjYxMTA2MTkwMzM1WjAOMQww
CgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQZzmqouAgvpyOW
fS9zVhm0Zhvyw0IykmYvis2fnX8SHX1vrmLWjpIuutnnr7W1ypIpwJU3kfEh1hVT
xzj0poFmMAoGCCqGSM49BAMCA0kAMEYCIQDENQrK2FHT5i16AXwXWdqC5JT+sxLA
yu8/9OCrDQnWBQIhAIK/fL14WTxd4hcqcN3mMZX+tW/oBOz+yxXkMUETnhYq
-----END CERTIFICATE-----
";
const VERSION_1_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMWAhTyN1SZQzH1tB
t7o96Uo29hD6Ao2w3BeiYHc611ehRANCAAQZzmqouAgvpyOWfS9zVhm0Zhvyw0Iy
kmYvis2fnX8SHX1vrmLWjpIuutnnr7W1ypIpwJU3kfEh1hVTxzj0poFm
-----END PRIVATE KEY-----
";

/// Signed itself for `localhost`, and expired in 2020.
const EXPIRED: &str = "-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUQ9A3j59VnVzQpIMMuys8V165TfIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTIwMDEwMTAwMDAwMFoXDTIwMDEwMjAw
MDAwMFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE8ljgGdEp6gagpHXQpcsWwAZ1dBTzieuzMvRYpzh4gidrMxvpb5G7WoG0
aX1/WHanKY2yw8PkcrzXuen9UTdl/aNFMEMwDAYDVR0TBAUwAwEB/zAUBgNVHREE
DTALgglsb2NhbGhvc3QwHQYDVR0OBBYEFFgVmM19fDlXCFaLogfp0YgD2PLfMAoG
CCqGSM49BAMCA0gAMEUCIQDUmIl/op0kjhVTRyYzNnuJh6kBk/27m+SmdKXg/+lr
rAIgOWifpAQ9h9lQmm1B31uq8qwUywpKuujf/RltJDnAnls=
-----END CERTIFICATE-----
";
const EXPIRED_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNFcPbUSN1LHyFS8Z
OZeO2Ypub4XYxQ9QxX9FCosAS1ehRANCAATyWOAZ0SnqBqCkddClyxbABnV0FPOJ
67My9FinOHiCJ2szG+lvkbtagbRpfX9YdqcpjbLDw+RyvNe56f1RN2X9
-----END PRIVATE KEY-----
";

/// An authority and what it signed.
pub(super) struct Authority(TempDir);

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("authority")
    }

    pub(super) fn named(name: &str) -> Self {
        Self::with_extension(name, "subjectKeyIdentifier=hash")
    }

    /// One that may sign only for servers of this domain.
    pub(super) fn limited(name: &str, domain: &str) -> Self {
        Self::with_extension(name, &format!("nameConstraints=permitted;DNS:{domain}"))
    }

    fn with_extension(name: &str, extension: &str) -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name} -addext {extension} \
             -keyout root.key -out root.crt"
        ));
        std::fs::write(authority.path("index"), "").unwrap();
        std::fs::write(authority.path("number"), "01\n").unwrap();
        let settings = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\n\
                        crlnumber=number\ncrl_extensions=extensions\n[extensions]\nauthorityKeyIdentifier=keyid\n";
        std::fs::write(authority.path("settings"), settings).unwrap();
        authority
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(super) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Its own certificate.
    pub(super) fn root(&self) -> PathBuf {
        self.path("root.crt")
    }

    /// Makes `NAME.crt` and `NAME.key`, with this subject and these names of a server.
    pub(super) fn sign(&self, name: &str, names: &str) {
        let extensions = if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
        std::fs::write(self.path("extensions"), format!("basicConstraints=CA:FALSE\n{extensions}")).unwrap();
        self.openssl(&format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -sha384 -extfile extensions \
             -out {name}.crt"
        ));
        std::fs::set_permissions(self.path(&format!("{name}.key")), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes `old.crt` and `old.key`: version 1, which newer versions of `openssl` make no more.
    pub(super) fn write_version_1(&self) {
        std::fs::write(self.path("old.crt"), VERSION_1).unwrap();
        std::fs::write(self.path("old.key"), VERSION_1_KEY).unwrap();
    }

    /// Writes `expired.crt` and `expired.key`, which signed itself for `localhost`.
    pub(super) fn write_expired(&self) {
        std::fs::write(self.path("expired.crt"), EXPIRED).unwrap();
        std::fs::write(self.path("expired.key"), EXPIRED_KEY).unwrap();
    }

    /// A certificate that signed itself, as `openssl req -x509` makes them: `NAME.crt` and `NAME.key`.
    pub(super) fn sign_itself(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext subjectAltName=DNS:{name} -keyout {name}.key \
             -out {name}.crt"
        ));
    }

    /// Revokes what was signed, and gives the list of everything that is revoked.
    pub(super) fn revoke(&self, name: Option<&str>) -> PathBuf {
        let ca = "ca -config settings -keyfile root.key -cert root.crt";
        if let Some(name) = name {
            self.openssl(&format!("{ca} -revoke {name}.crt"));
        }
        self.openssl(&format!("{ca} -gencrl -out revoked.crl"));
        self.path("revoked.crl")
    }

    fn openssl(&self, arguments: &str) {
        let made =
            Command::new("openssl").args(arguments.split_whitespace()).current_dir(self.0.path()).output().unwrap();
        assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
    }
}

/// A file with the text of all these.
pub(super) fn bundle(file: &Path, of: &[PathBuf]) {
    let texts: Vec<_> = of.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    std::fs::write(file, texts.concat()).unwrap();
}
