//! The duties of [`Secrets`].

use std::collections::HashSet;

use stint_domain::access::ports::Secrets;
use stint_domain::access::{TokenKind, TokenSecret};

use crate::Fixture;

/// Makes one test of each duty of secrets. The argument is an `async fn() -> Fixture<dyn Secrets>`.
#[macro_export]
macro_rules! secrets {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (access::secrets) {
                no_secret_is_made_twice,
                every_byte_of_a_secret_varies,
                a_secret_has_the_form_of_its_kind_and_of_no_other,
                the_hash_is_sha_256_of_the_secret_as_it_is_written,
            }
        }
    };
}

/// No two secrets even share the first eight characters after their prefix. `TokenSecret` checks that each secret for
/// capture is a `UUIDv4`.
pub async fn no_secret_is_made_twice(secrets: Fixture<dyn Secrets>) {
    for kind in TokenKind::ALL {
        let made: Vec<_> = (0..1_000).map(|_| secrets.port.generate(kind).unwrap()).collect();
        let random = TokenSecret::prefix(kind).unwrap_or_default().len();
        let distinct: HashSet<_> = made.iter().map(|secret| &secret.expose()[random..random + 8]).collect();
        assert_eq!(distinct.len(), made.len(), "{kind}");
    }
}

/// 32 random bytes fill all 43 characters, so no character is the same in a hundred secrets.
pub async fn every_byte_of_a_secret_varies(secrets: Fixture<dyn Secrets>) {
    for kind in TokenKind::ALL {
        let Some(prefix) = TokenSecret::prefix(kind) else { continue };
        let made: Vec<_> = (0..100).map(|_| secrets.port.generate(kind).unwrap()).collect();
        for place in prefix.len()..prefix.len() + 43 {
            let distinct: HashSet<_> = made.iter().map(|secret| secret.expose().as_bytes()[place]).collect();
            assert!(distinct.len() > 1, "{kind}: the character at {place} is always the same");
        }
    }
}

/// So each door tells its own secrets from those of others.
pub async fn a_secret_has_the_form_of_its_kind_and_of_no_other(secrets: Fixture<dyn Secrets>) {
    for kind in TokenKind::ALL {
        let made = secrets.port.generate(kind).unwrap();
        for other in TokenKind::ALL {
            let read = TokenSecret::of(other, made.expose());
            assert_eq!(
                read.ok(),
                Some(made.clone()).filter(|_| kind == other),
                "a secret of the kind {kind} as {other}"
            );
        }
    }
}

/// So a token that one program made works in another.
pub async fn the_hash_is_sha_256_of_the_secret_as_it_is_written(secrets: Fixture<dyn Secrets>) {
    let secret = TokenSecret::new(&format!("stint_{}", "A".repeat(43))).unwrap();
    let hash = secrets.port.hash(&secret).0.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(hash, "e10f7a2d1b3ea35718fea4a2e19f6130822743967d7adc5e9e63ccac53529133");
}
