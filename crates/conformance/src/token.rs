//! What a [`TokenRepository`] owes.

use std::time::Duration;

use stint_domain::ports::TokenRepository;
use stint_domain::ports::token::RevokeTokenError;
use stint_domain::values::TokenId;
use stint_domain::{SecretHash, Token};

use crate::Fixture;
use crate::given::{at, fresh, subject};

/// A token repository without tokens.
pub type Tokens = Fixture<dyn TokenRepository>;

/// Makes one test of each duty of a token repository. The argument is an
/// `async fn() -> Fixture<dyn TokenRepository>`.
#[macro_export]
macro_rules! token_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (token) {
                a_token_reads_back_unchanged_by_its_hash,
                an_unknown_hash_finds_nothing,
                a_token_can_be_found_right_after_its_hash_was_unknown,
                an_expired_token_is_still_found,
                a_revoked_token_is_still_found_and_shows_it_within_5_seconds,
                a_revoked_token_keeps_its_first_moment,
                revoking_one_token_leaves_the_others,
                revoking_an_unknown_token_is_refused,
                tokens_are_listed_oldest_first,
                two_tokens_may_share_name_and_subject,
                creating_a_token_twice_leaves_one,
            }
        }
    };
}

/// Every field, also without expiry and with all scopes.
pub async fn a_token_reads_back_unchanged_by_its_hash(tokens: Tokens) {
    for (byte, scopes, expires_at) in [(1, "read", None), (2, "read,write", Some(at(1))), (3, "admin", Some(at(9)))] {
        let new = Token {
            name: subject(&"🦭".repeat(120)),
            subject: subject("Ada Lovelace"),
            scopes: scopes.parse().unwrap(),
            expires_at,
            ..token(byte)
        };
        tokens.port.create(new.clone()).await.unwrap();
        assert_eq!(tokens.port.find_by_hash(new.secret_hash).await.unwrap(), Some(new));
    }
}

/// A hash that differs in one bit is another hash.
pub async fn an_unknown_hash_finds_nothing(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    let mut other = stored.secret_hash;
    other.0[31] ^= 1;
    assert_eq!(tokens.port.find_by_hash(other).await.unwrap(), None);
}

/// That a hash was unknown is not remembered.
pub async fn a_token_can_be_found_right_after_its_hash_was_unknown(tokens: Tokens) {
    let new = token(1);
    assert_eq!(tokens.port.find_by_hash(new.secret_hash).await.unwrap(), None);
    tokens.port.create(new.clone()).await.unwrap();
    assert_eq!(tokens.port.find_by_hash(new.secret_hash).await.unwrap(), Some(new));
}

/// Whether it is refused is the caller's business, who can then say why.
pub async fn an_expired_token_is_still_found(tokens: Tokens) {
    let expired = Token { expires_at: Some(at(-3600)), ..token(1) };
    tokens.port.create(expired.clone()).await.unwrap();
    assert_eq!(tokens.port.find_by_hash(expired.secret_hash).await.unwrap(), Some(expired));
}

/// Also when it was found just before, which a cache may remember.
pub async fn a_revoked_token_is_still_found_and_shows_it_within_5_seconds(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    tokens.port.find_by_hash(stored.secret_hash).await.unwrap();
    let expected = Token { revoked_at: Some(at(7)), ..stored.clone() };
    assert_eq!(tokens.port.revoke(stored.id, at(7)).await.unwrap(), expected);
    let shown = async {
        while tokens.port.find_by_hash(stored.secret_hash).await.unwrap().as_ref() != Some(&expected) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), shown).await.expect("the revocation shows within 5 seconds");
}

/// A retry is answered with the token as it is.
pub async fn a_revoked_token_keeps_its_first_moment(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    let first = tokens.port.revoke(stored.id, at(7)).await.unwrap();
    assert_eq!(tokens.port.revoke(stored.id, at(8)).await.unwrap(), first);
    assert_eq!(tokens.port.list().await.unwrap(), [Token { revoked_at: Some(at(7)), ..stored }]);
}

/// Only the one that is named.
pub async fn revoking_one_token_leaves_the_others(tokens: Tokens) {
    let (revoked, kept) = (token(1), token(2));
    for new in [&revoked, &kept] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    tokens.port.revoke(revoked.id, at(7)).await.unwrap();
    assert_eq!(tokens.port.find_by_hash(kept.secret_hash).await.unwrap(), Some(kept));
}

/// By its id.
pub async fn revoking_an_unknown_token_is_refused(tokens: Tokens) {
    let unknown = TokenId::new(fresh());
    let refused = tokens.port.revoke(unknown, at(7)).await;
    assert!(matches!(refused, Err(RevokeTokenError::NotFound(id)) if id == unknown), "{refused:?}");
}

/// By `created_at`, in whatever order they were stored; revoked and expired ones too.
pub async fn tokens_are_listed_oldest_first(tokens: Tokens) {
    assert_eq!(tokens.port.list().await.unwrap(), []);
    let mut expected = Vec::new();
    for (byte, seconds) in [(1, 2), (2, 0), (3, 3), (4, 1)] {
        let new = Token { created_at: at(seconds), expires_at: Some(at(0)), ..token(byte) };
        tokens.port.create(new.clone()).await.unwrap();
        expected.push(tokens.port.revoke(new.id, at(9)).await.unwrap());
    }
    expected.sort_by_key(|token| token.created_at);
    assert_eq!(tokens.port.list().await.unwrap(), expected);
}

/// A name is for people, who may renew a token under the old one.
pub async fn two_tokens_may_share_name_and_subject(tokens: Tokens) {
    for new in [token(1), token(2)] {
        tokens.port.create(new).await.unwrap();
    }
    assert_eq!(tokens.port.list().await.unwrap().len(), 2);
}

/// A retry after a lost answer may be refused, but it neither makes a second token nor changes the first.
pub async fn creating_a_token_twice_leaves_one(tokens: Tokens) {
    let new = token(1);
    tokens.port.create(new.clone()).await.unwrap();
    let _answered_or_refused = tokens.port.create(Token { scopes: "admin".parse().unwrap(), ..new.clone() }).await;
    assert_eq!(tokens.port.list().await.unwrap(), [new]);
}

/// A token that may read, with a hash made of `byte`.
fn token(byte: u8) -> Token {
    Token {
        id: TokenId::new(fresh()),
        name: subject("ci"),
        subject: subject("ada"),
        scopes: "read".parse().unwrap(),
        capture: None,
        secret_hash: SecretHash([byte; 32]),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}
