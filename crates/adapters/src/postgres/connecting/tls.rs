//! TLS as `sslmode` and its options have it, with rustls.
//!
//! Files are read for each connection, so that a renewed certificate is used without a restart. Deliberately absent:
//! TLS before 1.2, and keys with a password.

mod binding;
mod certificate;
mod files;
mod stream;
mod verify;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, SupportedProtocolVersion};
use thiserror::Error;
use tokio_postgres::config::SslNegotiation;

use self::files::{BadFile, Roots};
pub(super) use self::stream::{Connector, Stage, Stream};
use self::verify::Verifier;
use super::environment::Environment;
use super::error::NotUnderstood;
use super::options::Options;

/// `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

const MODES: [(&str, Mode); 6] = [
    ("prefer", Mode::Prefer),
    ("disable", Mode::Disable),
    ("allow", Mode::Allow),
    ("require", Mode::Require),
    ("verify-ca", Mode::VerifyCa),
    ("verify-full", Mode::VerifyFull),
];

/// The versions of TLS that libpq names, in their order. The first two are never used.
const VERSIONS: [(&str, u8); 4] = [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];

/// How to use TLS.
pub(super) struct Tls {
    pub(super) mode: Mode,
    pub(super) negotiation: SslNegotiation,
    roots: Roots,
    revoked: Option<PathBuf>,
    /// The certificate to show and its key, if the file of the certificate exists.
    certificate: Option<(PathBuf, Option<PathBuf>)>,
    tells_name: bool,
    versions: Vec<&'static SupportedProtocolVersion>,
}

/// TLS cannot be used.
#[derive(Debug, Error)]
pub(super) enum NotSetUp {
    #[error(transparent)]
    File(#[from] BadFile),
    #[error("sslmode={0} needs root certificates: name their file in sslrootcert, or put it at ~/.postgresql/root.crt")]
    NoRoots(&'static str),
    #[error("{0:?} is not a name that a certificate can have")]
    Name(String),
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("TLS cannot be set up: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

impl Tls {
    pub(super) fn parse(options: &Options, environment: &Environment) -> Result<Self, NotUnderstood> {
        let roots = match options.get("sslrootcert") {
            Some("system") => Roots::System(environment.variable("SSL_CERT_FILE").map(PathBuf::from)),
            Some(file) => Roots::IfExists(Some(file.into())),
            None => Roots::IfExists(environment.at_home(".postgresql/root.crt")),
        };
        let is_system = matches!(roots, Roots::System(_));
        let mode = match options.get("sslmode") {
            None if is_system => Mode::VerifyFull,
            _ => options.choice("sslmode", &MODES)?,
        };
        if is_system && mode != Mode::VerifyFull {
            return Err(weak(mode, "sslrootcert=system", "verify-full"));
        }
        let negotiation = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
        let negotiation = options.choice("sslnegotiation", &negotiation)?;
        if negotiation == SslNegotiation::Direct && matches!(mode, Mode::Disable | Mode::Allow | Mode::Prefer) {
            return Err(weak(mode, "sslnegotiation=direct", "require, verify-ca or verify-full"));
        }
        let certificate = options.get("sslcert").map(PathBuf::from);
        if let Some(file) = certificate.as_ref().filter(|file| !file.exists()) {
            tracing::warn!(file = %file.display(), "sslcert names no file, so the server is shown no certificate");
        }
        let key = options.get("sslkey").map(PathBuf::from);
        let certificate = certificate.or_else(|| environment.at_home(".postgresql/postgresql.crt"));
        let key = key.or_else(|| environment.at_home(".postgresql/postgresql.key"));
        let shows_certificate = options.choice("sslcertmode", &[("allow", true), ("disable", false)])?;
        Ok(Self {
            mode,
            negotiation,
            roots,
            revoked: match options.get("sslcrl") {
                Some(file) => Some(PathBuf::from(file)),
                None => environment.at_home(".postgresql/root.crl").filter(|file| file.exists()),
            },
            certificate: certificate.filter(|_| shows_certificate).map(|certificate| (certificate, key)),
            tells_name: options.choice("sslsni", &[("1", true), ("0", false)])?,
            versions: versions(options)?,
        })
    }

    /// What makes a TLS connection to this host. Reads the files.
    pub(super) fn connector(&self, host: &str, ip: IpAddr) -> Result<Connector, NotSetUp> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            Err(_) if self.mode == Mode::VerifyFull => return Err(NotSetUp::Name(host.to_owned())),
            // Nobody looks at it.
            Err(_) => ServerName::IpAddress(ip.into()),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = self.roots.read()?;
        if roots.is_none() && matches!(self.mode, Mode::VerifyCa | Mode::VerifyFull) {
            return Err(NotSetUp::NoRoots(name_of(self.mode)));
        }
        let revoked = self.revoked.as_deref().filter(|_| roots.is_some());
        let revoked = revoked.map(files::revoked).transpose()?.unwrap_or_default();
        let verifier = Verifier::new(&provider, roots, revoked, self.mode == Mode::VerifyFull)?;
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&self.versions)?;
        let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.certificate {
            Some((certificate, key)) if certificate.exists() => {
                let (chain, key) = files::identity(certificate, key.as_deref())?;
                config.with_client_auth_cert(chain, key)?
            }
            _ => config.with_no_client_auth(),
        };
        config.enable_sni = self.tells_name;
        if self.negotiation == SslNegotiation::Direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Connector::new(config, name))
    }
}

/// The versions between the least and the greatest that are allowed.
fn versions(options: &Options) -> Result<Vec<&'static SupportedProtocolVersion>, NotUnderstood> {
    let bound = |name, default| match options.get(name) {
        Some(_) => options.choice(name, &VERSIONS),
        None => Ok(default),
    };
    let allowed = bound("ssl_min_protocol_version", 2)?..=bound("ssl_max_protocol_version", 3)?;
    let known = [(2, &rustls::version::TLS12), (3, &rustls::version::TLS13)];
    let versions: Vec<_> = known.into_iter().filter(|(at, _)| allowed.contains(at)).map(|(_, it)| it).collect();
    if versions.is_empty() {
        let why = "it leaves no version of TLS: 1.2 and 1.3 are supported";
        return Err(NotUnderstood::Unsupported { name: "ssl_max_protocol_version", why });
    }
    Ok(versions)
}

fn name_of(mode: Mode) -> &'static str {
    MODES.iter().find(|(_, candidate)| *candidate == mode).map_or("", |(name, _)| name)
}

fn weak(mode: Mode, option: &'static str, stronger: &'static str) -> NotUnderstood {
    NotUnderstood::Weak { mode: name_of(mode), option, stronger }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(text: &str) -> Result<Tls, NotUnderstood> {
        let environment = Environment::of(&[], None);
        Tls::parse(&Options::collected(text, &[], &environment)?, &environment)
    }

    fn error(text: &str) -> String {
        tls(text).err().unwrap().to_string()
    }

    #[test]
    fn weak_modes_are_refused_where_libpq_refuses_them() {
        assert_eq!(tls("").unwrap().mode, Mode::Prefer);
        assert_eq!(tls("sslrootcert=system").unwrap().mode, Mode::VerifyFull);
        let told = "sslmode=require is too weak for sslrootcert=system: use verify-full";
        assert_eq!(error("sslrootcert=system sslmode=require"), told);
        assert!(error("sslnegotiation=direct").starts_with("sslmode=prefer is too weak"));
        assert!(tls("sslnegotiation=direct sslmode=require").is_ok());
        assert!(error("sslmode=verify").starts_with("sslmode is \"verify\", but must be one of prefer, "));
    }

    #[test]
    fn versions_are_those_of_the_range() {
        let versions = |text: &str| tls(text).unwrap().versions.iter().map(|it| it.version).collect::<Vec<_>>();
        let (two, three) = (rustls::ProtocolVersion::TLSv1_2, rustls::ProtocolVersion::TLSv1_3);
        assert_eq!(versions(""), [two, three]);
        assert_eq!(versions("ssl_min_protocol_version=TLSv1"), [two, three]);
        assert_eq!(versions("ssl_min_protocol_version=TLSv1.3"), [three]);
        assert_eq!(versions("ssl_max_protocol_version=TLSv1.2"), [two]);
        assert!(error("ssl_min_protocol_version=TLSv1 ssl_max_protocol_version=TLSv1.1").contains("no version"));
    }

    #[test]
    fn files_are_looked_for_where_libpq_has_them() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".postgresql")).unwrap();
        let told = |text: &str| {
            let variables = [("SSL_CERT_FILE", "/dev/null")];
            let environment = Environment::of(&variables, Some(home.path()));
            let tls = Tls::parse(&Options::collected(text, &[], &environment).unwrap(), &environment).unwrap();
            tls.connector("h", [10, 0, 0, 1].into()).err().map(|error| error.to_string()).unwrap_or_default()
        };
        let write = |name: &str| std::fs::write(home.path().join(".postgresql").join(name), "nothing").unwrap();
        assert_eq!(told("sslmode=require"), "");
        write("postgresql.crt");
        assert!(told("sslmode=require").starts_with("sslcert /"));
        assert_eq!(told("sslmode=require sslcertmode=disable"), "");
        assert_eq!(told("sslmode=require sslcert=/nowhere/postgresql.crt"), "");
        // The root counts in weak modes, too.
        write("root.crt");
        assert!(told("sslmode=require").starts_with("sslrootcert /"));
        assert!(told("sslmode=verify-full sslrootcert=system").starts_with("sslrootcert /dev/null: "));
    }

    #[test]
    fn verification_without_roots_is_refused() {
        let connector = |text| tls(text).unwrap().connector("h", [10, 0, 0, 1].into()).map(drop);
        let told = connector("sslmode=verify-ca").unwrap_err().to_string();
        assert!(told.starts_with("sslmode=verify-ca needs root certificates"), "{told}");
        assert!(connector("sslmode=verify-full sslrootcert=/nowhere/root.crt").is_err());
        connector("sslmode=require").unwrap();
    }
}
