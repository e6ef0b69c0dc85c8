//! Writes of tokens that race.

use stint_domain::access::ports::token::{
    Expiry, ListCapturing, ListTokens, Made, RevokeToken, TokenChanges, TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Token, TokenKind};
use stint_domain::values::{Timestamp, TokenId};

use super::{Tokens, by_hash, token};
use crate::given::{at, fresh, subject, token_of};
use crate::ledger::concurrency::race;
use crate::runtime::Sleeps;

const ROUNDS: u8 = 12;

/// Whatever the other callers are told, the secret belongs to one and the same token for ever.
pub async fn of_tokens_with_one_secret_made_at_once_one_is_stored(tokens: Tokens) {
    for byte in 0..ROUNDS {
        let new: Vec<Token> = (0..6).map(|_| token(byte)).collect();
        let _answered_or_refused = race(byte.into(), new.len(), |place| {
            let (port, new) = (tokens.port.clone(), new[place].clone());
            async move { port.create(new).await }
        })
        .await;
        let mut stored = Vec::new();
        for Token { id, .. } in &new {
            stored.extend(tokens.port.find(*id).await.unwrap());
        }
        assert_eq!(stored.len(), 1, "of six with one secret");
        assert_eq!(by_hash(&tokens, SecretHash([byte; 32])).await, stored.pop());
    }
}

/// A later token with the same secret does not replace it.
pub async fn a_taken_secret_leaves_the_first_token_as_it_is(tokens: Tokens) {
    let first = token(1);
    tokens.port.create(first.clone()).await.unwrap();
    let other = Token { scopes: "admin".parse().unwrap(), ..token(1) };
    let _answered_or_refused = tokens.port.create(other.clone()).await;
    assert_eq!(tokens.port.find(other.id).await.unwrap(), None);
    assert_eq!(by_hash(&tokens, first.secret_hash).await, Some(first));
}

/// The stored token is complete, and only its own secret finds it.
pub async fn of_tokens_with_one_id_made_at_once_one_is_stored(tokens: Tokens) {
    for round in 0..ROUNDS {
        let id = TokenId::new(fresh());
        let new: Vec<Token> = (0..6)
            .map(|place| Token { id, name: subject(&format!("made by {place}")), ..token(round * 6 + place) })
            .collect();
        let _answered_or_refused = race(round.into(), new.len(), |place| {
            let (port, new) = (tokens.port.clone(), new[place].clone());
            async move { port.create(new).await }
        })
        .await;
        let stored = tokens.port.find(id).await.unwrap().expect("one is stored");
        assert!(new.contains(&stored), "{stored:?}");
        for Token { secret_hash, .. } in new {
            let found = by_hash(&tokens, secret_hash).await;
            assert_eq!(found, (secret_hash == stored.secret_hash).then(|| stored.clone()));
        }
    }
}

/// The revocation undoes no update, either.
pub async fn an_update_that_races_with_a_revocation_undoes_none(tokens: Tokens) {
    for byte in 0..ROUNDS {
        let stored = token(byte);
        tokens.port.create(stored.clone()).await.unwrap();
        race(byte.into(), 5, |place| {
            let (port, id) = (tokens.port.clone(), stored.id);
            let changes = match place {
                0 => TokenChanges { name: Some(subject("renamed")), ..TokenChanges::default() },
                _ => TokenChanges { expiry: Some(Expiry::At(at(99))), ..TokenChanges::default() },
            };
            async move {
                if place == 2 {
                    port.revoke(revocation(id, at(7))).await.unwrap();
                    let seen = port.find(id).await.unwrap().unwrap();
                    assert_eq!(seen.revoked_at, Some(at(7)), "who revoked it sees it revoked");
                } else {
                    port.update(UpdateToken { id, changes }).await.unwrap();
                }
            }
        })
        .await;
        let expected =
            Token { name: subject("renamed"), expires_at: Some(at(99)), revoked_at: Some(at(7)), ..stored.clone() };
        assert_eq!(tokens.port.find(stored.id).await.unwrap(), Some(expected));
    }
}

/// All callers get the moment that stays.
pub async fn of_racing_revocations_one_moment_stays(tokens: Tokens) {
    for byte in 0..ROUNDS {
        let stored = token(byte);
        tokens.port.create(stored.clone()).await.unwrap();
        let moments: Vec<Option<Timestamp>> = race(byte.into(), 6, |place| {
            let (port, id) = (tokens.port.clone(), stored.id);
            async move {
                port.revoke(revocation(id, at(10 + i64::try_from(place).unwrap()))).await.unwrap().token.revoked_at
            }
        })
        .await;
        let kept = tokens.port.find(stored.id).await.unwrap().unwrap().revoked_at;
        assert!(kept.is_some() && moments.iter().all(|moment| *moment == kept), "{moments:?}, then {kept:?}");
    }
}

/// With the end that goes with it.
pub async fn of_racing_uses_of_a_session_the_latest_stays(tokens: Tokens) {
    for round in 0..ROUNDS {
        let session = token_of(TokenKind::Session);
        tokens.port.create(session.clone()).await.unwrap();
        race(round.into(), 6, |place| {
            let (port, touch) = (tokens.port.clone(), touch(session.id, [3, 1, 6, 4, 2, 5][place]));
            async move { port.touch(touch).await.unwrap() }
        })
        .await;
        let TouchSession { at, expires_at, .. } = touch(session.id, 6);
        let expected = Token { last_used_at: Some(at), expires_at: Some(expires_at), ..session };
        assert_eq!(tokens.port.find(expected.id).await.unwrap(), Some(expected));
    }
}

/// Nor does it come after the revocation.
pub async fn a_use_that_races_with_a_revocation_undoes_none(tokens: Tokens) {
    for round in 0..ROUNDS {
        let session = token_of(TokenKind::Session);
        tokens.port.create(session.clone()).await.unwrap();
        let seen = race(round.into(), 5, |place| {
            let (port, id) = (tokens.port.clone(), session.id);
            async move {
                if place != 2 {
                    port.touch(touch(id, i64::try_from(place).unwrap())).await.unwrap();
                    return None;
                }
                port.revoke(revocation(id, at(7))).await.unwrap();
                port.find(id).await.unwrap()
            }
        })
        .await;
        let seen = seen.into_iter().flatten().next().unwrap();
        assert_eq!(seen.revoked_at, Some(at(7)));
        assert_eq!(tokens.port.find(session.id).await.unwrap(), Some(seen), "it stays as it was revoked");
    }
}

/// See [`mod@crate::runtime`].
pub async fn no_method_of_tokens_blocks_the_runtime(tokens: Tokens) {
    let (port, mut sleeps) = (&tokens.port, Sleeps::default());
    for byte in 0..ROUNDS {
        let new = token(byte);
        let (id, hash) = (new.id, new.secret_hash);
        let changes = TokenChanges { name: Some(subject("renamed")), ..TokenChanges::default() };
        sleeps.of("TokenRepository::create", port.create(new)).await.unwrap();
        sleeps.of("TokenRepository::find", port.find(id)).await.unwrap();
        sleeps.of("TokenRepository::find_by_hash", port.find_by_hash(hash)).await.unwrap();
        sleeps.of("TokenRepository::update", port.update(UpdateToken { id, changes })).await.unwrap();
        sleeps.of("TokenRepository::revoke", port.revoke(revocation(id, at(7)))).await.unwrap();
        let session = token_of(TokenKind::Session);
        let used = touch(session.id, byte.into());
        port.create(session).await.unwrap();
        sleeps.of("TokenRepository::touch", port.touch(used)).await.unwrap();
        sleeps.of("TokenRepository::list", port.list(ListTokens::default())).await.unwrap();
        sleeps.of("TokenRepository::list_capturing", port.list_capturing(ListCapturing::default())).await.unwrap();
    }
    sleeps.assert_few_of(ROUNDS.into());
}

/// A use of the session so many seconds in.
fn touch(id: TokenId, seconds: i64) -> TouchSession {
    TouchSession { id, at: at(seconds), expires_at: at(1_000 + seconds) }
}

/// A revocation of this token only.
fn revocation(id: TokenId, at: Timestamp) -> RevokeToken {
    RevokeToken { id, at, made: Made::Keep }
}
