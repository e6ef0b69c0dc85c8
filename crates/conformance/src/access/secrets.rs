//! The duties of [`Secrets`].

use std::collections::HashSet;

use stint_domain::access::TokenSecret;
use stint_domain::access::ports::Secrets;

use crate::Fixture;

/// Makes one test of each duty of secrets. The argument is an `async fn() -> Fixture<dyn Secrets>`.
#[macro_export]
macro_rules! secrets {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (access::secrets) {
                no_secret_is_made_twice,
                every_byte_of_a_secret_varies,
                no_secret_for_capture_is_made_twice,
                the_hash_is_sha_256_of_the_secret_as_it_is_written,
            }
        }
    };
}

/// No two secrets even share their first eight characters.
pub async fn no_secret_is_made_twice(secrets: Fixture<dyn Secrets>) {
    let made: Vec<_> = (0..1_000).map(|_| secrets.port.generate().unwrap()).collect();
    let distinct: HashSet<_> = made.iter().map(|secret| &secret.expose()[..14]).collect();
    assert_eq!(distinct.len(), made.len());
}

/// 32 random bytes fill all 43 characters, so no character is the same in a hundred secrets.
pub async fn every_byte_of_a_secret_varies(secrets: Fixture<dyn Secrets>) {
    let made: Vec<_> = (0..100).map(|_| secrets.port.generate().unwrap()).collect();
    for place in 6..49 {
        let distinct: HashSet<_> = made.iter().map(|secret| secret.expose().as_bytes()[place]).collect();
        assert!(distinct.len() > 1, "the character at {place} is always the same");
    }
}

/// No two secrets even share their first eight characters. `TokenSecret` checks that each is a `UUIDv4`.
pub async fn no_secret_for_capture_is_made_twice(secrets: Fixture<dyn Secrets>) {
    let made: Vec<_> = (0..100).map(|_| secrets.port.generate_for_capture().unwrap()).collect();
    let distinct: HashSet<_> = made.iter().map(|secret| &secret.expose()[..8]).collect();
    assert_eq!(distinct.len(), made.len());
}

/// So a token that one program made works in another.
pub async fn the_hash_is_sha_256_of_the_secret_as_it_is_written(secrets: Fixture<dyn Secrets>) {
    let secret = TokenSecret::new(&format!("stint_{}", "A".repeat(43))).unwrap();
    let hash = secrets.port.hash(&secret).0.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(hash, "e10f7a2d1b3ea35718fea4a2e19f6130822743967d7adc5e9e63ccac53529133");
}
