//! What binds a SCRAM login to the TLS connection that it runs over (RFC 5929, `tls-server-end-point`): a hash of the
//! server's certificate, with the hash function of the certificate's signature.
//!
//! Signatures without such a function (Ed25519, and RSA-PSS, where it is a parameter) have no binding; SCRAM then does
//! without.

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::certificate::Certificate;

/// The beginning of RSA's signatures in PKCS #1 (1.2.840.113549.1.1), and of ECDSA's (1.2.840.10045.4).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4];

/// The hash of a certificate in DER.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = Certificate::parse(certificate)?.signature_algorithm;
    let hash = match (algorithm.strip_prefix(RSA), algorithm.strip_prefix(ECDSA)) {
        // MD5 and SHA-1 are too weak: SHA-256 stands in for them.
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Sha256::digest(certificate).to_vec(),
        (Some([12]), _) | (_, Some([3, 3])) => Sha384::digest(certificate).to_vec(),
        (Some([13]), _) | (_, Some([3, 4])) => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::super::certificate::made_up;
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (prefix, last, length) in [
            (RSA, &[5][..], Some(32)),
            (RSA, &[11], Some(32)),
            (RSA, &[12], Some(48)),
            (RSA, &[13], Some(64)),
            (RSA, &[10], None),
            (ECDSA, &[1], Some(32)),
            (ECDSA, &[3, 2], Some(32)),
            (ECDSA, &[3, 3], Some(48)),
            (ECDSA, &[3, 4], Some(64)),
            (&[0x2b, 0x65], &[0x70], None),
        ] {
            let certificate = made_up("db", &[prefix, last].concat(), None);
            assert_eq!(end_point(&certificate).map(|hash| hash.len()), length, "{last:?}");
        }
        let certificate = made_up("db", &[RSA, &[11]].concat(), None);
        assert_eq!(end_point(&certificate), Some(Sha256::digest(&certificate).to_vec()));
    }
}
