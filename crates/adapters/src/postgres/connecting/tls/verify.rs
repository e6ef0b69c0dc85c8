//! Whether to believe a server's certificate: its chain if there are root certificates, and its name in `verify-full`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::certificate::Certificate;

/// Believes what `sslmode` and the root certificates allow.
#[derive(Debug)]
pub(super) struct Verifier {
    chain: Option<Chain>,
    with_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Chain {
    webpki: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// Without roots every certificate is believed, as libpq does in `require` and weaker modes.
    pub(super) fn new(
        provider: &Arc<CryptoProvider>,
        roots: Option<Vec<CertificateDer<'static>>>,
        revoked: Vec<CertificateRevocationListDer<'static>>,
        with_name: bool,
    ) -> Result<Self, VerifierBuilderError> {
        let chain = roots.map(|roots| Chain::new(provider, roots, revoked)).transpose()?;
        Ok(Self { chain, with_name, algorithms: provider.signature_verification_algorithms })
    }
}

impl Chain {
    fn new(
        provider: &Arc<CryptoProvider>,
        roots: Vec<CertificateDer<'static>>,
        revoked: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Self, VerifierBuilderError> {
        let mut store = RootCertStore::empty();
        // A file of many may have one that is not understood.
        store.add_parsable_certificates(roots.iter().cloned());
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        Ok(Self { webpki: webpki.with_crls(revoked).build()?, roots })
    }

    /// Whether the certificate means this server by its common name, which webpki never looks at but libpq does. Not
    /// where an authority limits names: nobody would apply its limit to a common name.
    fn allows_common_name(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> bool {
        let is_limited = |authority: &CertificateDer<'_>| {
            Certificate::parse(authority).is_none_or(|authority| authority.constrains_names())
        };
        !intermediates.iter().chain(&self.roots).any(is_limited)
            && Certificate::parse(certificate).is_some_and(|certificate| certificate.names(&name.to_str()))
    }
}

/// Whether webpki complains of this. rustls has no name of its own for it.
fn is(verified: &Result<ServerCertVerified, Error>, complaint: &str) -> bool {
    matches!(verified, Err(Error::InvalidCertificate(CertificateError::Other(error))) if error.to_string() == complaint)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let mut verified = chain.webpki.verify_server_cert(certificate, intermediates, name, ocsp, now);
        // A certificate that signed itself, and is trusted itself. webpki takes none that may sign for a server's, and
        // finds that out after it has looked at the dates.
        if is(&verified, "CaUsedAsEndEntity") && chain.roots.iter().any(|root| root == certificate) {
            let named = ParsedCertificate::try_from(certificate).and_then(|parsed| verify_server_name(&parsed, name));
            verified = named.map(|()| ServerCertVerified::assertion());
        }
        match verified {
            // The name is what is looked at last: everything else is right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.with_name || chain.allows_common_name(certificate, intermediates, name) => {
                Ok(ServerCertVerified::assertion())
            }
            verified if is(&verified, "UnsupportedCertVersion") => Err(Error::General(
                "the server's certificate is one of X.509 version 1, which cannot be verified: make it one of version 3, \
                 with a subjectAltName"
                    .to_owned(),
            )),
            verified => verified,
        }
    }

    /// Always checked: channel binding means nothing if the server need not have the certificate's key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = verify_tls13_signature(message, certificate, signature, &self.algorithms);
        // webpki does not understand certificates of version 1. Their keys are as good as others.
        verified.or_else(|error| {
            let key = Certificate::parse(certificate).ok_or(error)?.key.into();
            verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
