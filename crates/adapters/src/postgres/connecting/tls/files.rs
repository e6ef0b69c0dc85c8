//! The files of TLS: root certificates, revocations, and the certificate that is shown to the server with its key.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use thiserror::Error;

use crate::root_certificates;

/// Where root certificates are.
pub(super) enum Roots {
    /// In a file, which is used in every mode if it exists.
    IfExists(Option<PathBuf>),
    /// Those of the system, or those of the file that OpenSSL's `SSL_CERT_FILE` names.
    System(Option<PathBuf>),
}

/// A file that is not as it should be.
#[derive(Debug, Error)]
#[error("{option} {}: {why}", .file.display())]
pub(in super::super) struct BadFile {
    option: &'static str,
    file: PathBuf,
    why: String,
}

impl Roots {
    /// The certificates, at least one. `None` if there is no file.
    pub(super) fn read(&self) -> Result<Option<Vec<CertificateDer<'static>>>, BadFile> {
        let file = match self {
            Self::IfExists(file) => file.clone(),
            Self::System(named) => root_certificates::file(named.clone()),
        };
        let Some(file) = file.filter(|file| file.exists()) else { return Ok(None) };
        all("sslrootcert", &file).map(Some)
    }
}

/// The lists of revoked certificates.
pub(super) fn revoked(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, BadFile> {
    all("sslcrl", file)
}

/// The certificate to show, with those that lead to its root, and its key.
pub(super) fn identity(
    certificate: &Path,
    key: Option<&Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BadFile> {
    let chain = all("sslcert", certificate)?;
    let key = key.ok_or_else(|| bad("sslcert", certificate, "there is no sslkey for it"))?;
    let text = secret(key).map_err(|error| bad("sslkey", key, &error.to_string()))?;
    let parsed = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        if String::from_utf8_lossy(&text).contains("ENCRYPTED") {
            return bad("sslkey", key, "keys with a password are not supported; remove it with `openssl pkey`");
        }
        bad("sslkey", key, &format!("not a key in PEM: {error}"))
    })?;
    Ok((chain, parsed))
}

/// Reads a key. libpq's rule: nobody but the owner may read it; for a key of root its group may, too.
fn secret(key: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody who writes to it.
    if !std::fs::metadata(key)?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    let mut opened = File::open(key)?;
    let metadata = opened.metadata()?;
    let others = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & others != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(io::Error::other(format!(
            "others than its owner may use it: its mode is {mode:04o} and must be 0600 or less (0640 if root owns it)"
        )));
    }
    let mut text = Vec::new();
    opened.read_to_end(&mut text)?;
    Ok(text)
}

/// All items of a file, at least one.
fn all<T: PemObject>(option: &'static str, file: &Path) -> Result<Vec<T>, BadFile> {
    let text = std::fs::read(file).map_err(|error| bad(option, file, &error.to_string()))?;
    let items = T::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|error| bad(option, file, &format!("not in PEM: {error}")))?;
    if items.is_empty() {
        return Err(bad(option, file, "there is nothing of the kind in it, in PEM"));
    }
    Ok(items)
}

fn bad(option: &'static str, file: &Path, why: &str) -> BadFile {
    BadFile { option, file: file.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c"), folder.path().join("k"));
        std::fs::write(&certificate, PEM).unwrap();
        std::fs::write(&key, KEY).unwrap();
        let told = |mode| {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            identity(&certificate, Some(&key)).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(told(0o600), Ok(()));
        assert!(told(0o644).unwrap_err().contains("its mode is 0644"));
        assert!(told(0o660).unwrap_err().contains("its mode is 0660"));
        let is_roots = std::fs::metadata(&key).unwrap().uid() == 0;
        assert_eq!(told(0o640).is_ok(), is_roots);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let certificate = file("c", PEM);
        let told = |key: Option<&Path>| identity(&certificate, key).unwrap_err().to_string();
        let encrypted = file("e", &KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"));
        assert!(told(Some(&encrypted)).contains("keys with a password are not supported"));
        assert!(told(Some(&folder.path().join("none"))).contains("none: No such file"));
        assert!(told(Some(folder.path())).contains("not a plain file"));
        assert!(told(None).contains("there is no sslkey"));
        let roots = |path| Roots::IfExists(Some(path)).read().map(|roots| roots.map(|all| all.len()));
        assert_eq!(roots(file("two", &PEM.repeat(2))).unwrap(), Some(2));
        assert_eq!(roots(folder.path().join("none")).unwrap(), None);
        assert!(roots(file("empty", "hello")).unwrap_err().to_string().starts_with("sslrootcert /"));
    }
}
