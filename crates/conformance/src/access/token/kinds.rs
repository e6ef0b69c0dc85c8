//! The kinds of tokens, and the use of sessions.

use std::cell::Cell;

use stint_domain::access::ports::token::{CreateTokenError, ListTokens, TouchSession};
use stint_domain::access::{Token, TokenKind};
use stint_domain::values::{PersonId, TokenId};

use super::{Tokens, all, by_hash, revocation};
use crate::given::{at, fresh, size, token_of};
use crate::suite::walk;

/// Whichever method finds it.
pub async fn a_token_of_each_kind_reads_back_unchanged(tokens: Tokens) {
    let mut expected = Vec::new();
    for (seconds, kind) in (0..).zip(TokenKind::ALL) {
        let new = Token { created_at: at(seconds), ..token_of(kind) };
        tokens.port.create(new.clone()).await.unwrap();
        assert_eq!(tokens.port.find(new.id).await.unwrap().as_ref(), Some(&new));
        assert_eq!(by_hash(&tokens, new.secret_hash).await.as_ref(), Some(&new));
        expected.push(new);
    }
    assert_eq!(all(&tokens).await, expected);
}

/// In the order of all tokens. Revoked ones are listed, too.
pub async fn tokens_of_one_kind_are_listed_without_others(tokens: Tokens) {
    let mut expected = Vec::new();
    for seconds in [2, 0, 1] {
        for kind in TokenKind::ALL {
            let new = Token { created_at: at(seconds), ..token_of(kind) };
            tokens.port.create(new.clone()).await.unwrap();
            expected.push(tokens.port.revoke(revocation(new.id, 9)).await.unwrap().token);
        }
    }
    expected.sort_by_key(|token| token.created_at);
    for kind in TokenKind::ALL {
        let page = tokens.port.list(ListTokens { kind: Some(kind), ..ListTokens::default() }).await.unwrap();
        let of_kind: Vec<_> = expected.iter().filter(|token| token.kind == kind).cloned().collect();
        assert_eq!((page.items, page.next), (of_kind, None), "{kind}");
    }
}

/// Also when several were created at the same moment, and while others are created.
pub async fn pages_of_tokens_of_one_kind_hold_each_once(tokens: Tokens) {
    let mut expected = Vec::new();
    for place in 0..7 {
        for kind in [TokenKind::Session, TokenKind::Api] {
            let new = Token { created_at: at(place / 3), ..token_of(kind) };
            tokens.port.create(new.clone()).await.unwrap();
            expected.push(new);
        }
    }
    expected.retain(|token| token.kind == TokenKind::Session);
    expected.sort_by_key(|token| (token.created_at, token.id));
    let pages = Cell::new(0);
    let walked = walk(async |after| {
        let query = ListTokens { kind: Some(TokenKind::Session), size: size(2), after, ..ListTokens::default() };
        let page = tokens.port.list(query).await.unwrap();
        pages.set(pages.get() + 1);
        // Its place is before the next page, so it is on no page.
        tokens.port.create(Token { created_at: at(-1), ..token_of(TokenKind::Session) }).await.unwrap();
        page
    })
    .await;
    assert_eq!((walked, pages.get()), (expected, 4));
}

/// Of any kind. The refusal names the person.
pub async fn an_unknown_person_has_no_tokens_and_gets_none(tokens: Tokens) {
    let unknown = PersonId::new(fresh());
    for kind in TokenKind::ALL {
        let of_nobody = token_of(kind);
        tokens.port.create(of_nobody.clone()).await.unwrap();
        let refused = tokens.port.create(Token { person: Some(unknown), ..token_of(kind) }).await;
        assert!(matches!(refused, Err(CreateTokenError::PersonInactive(id)) if id == unknown), "{kind}: {refused:?}");
        for kind in [None, Some(kind)] {
            let of_person = ListTokens { kind, person: Some(unknown), ..ListTokens::default() };
            assert_eq!(tokens.port.list(of_person).await.unwrap().items, []);
        }
    }
    assert_eq!(all(&tokens).await.len(), TokenKind::ALL.len());
}

/// The end may come sooner than before.
pub async fn a_session_shows_its_last_use_and_until_when_it_lasts(tokens: Tokens) {
    let (mut session, other) = (token_of(TokenKind::Session), token_of(TokenKind::Session));
    for new in [&session, &other] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    for (used, lasts) in [(5, 20_000), (6, 30_000), (7, 25_000)] {
        tokens.port.touch(touch(session.id, used, lasts)).await.unwrap();
        session = Token { last_used_at: Some(at(used)), expires_at: Some(at(lasts)), ..session };
        assert_eq!(tokens.port.find(session.id).await.unwrap().as_ref(), Some(&session));
    }
    assert_eq!(tokens.port.find(other.id).await.unwrap(), Some(other), "the other session stays as it is");
}

/// Neither the last use nor the end.
pub async fn a_use_that_comes_late_changes_nothing(tokens: Tokens) {
    let session = token_of(TokenKind::Session);
    tokens.port.create(session.clone()).await.unwrap();
    tokens.port.touch(touch(session.id, 6, 20_000)).await.unwrap();
    tokens.port.touch(touch(session.id, 5, 30_000)).await.unwrap();
    let expected = Token { last_used_at: Some(at(6)), expires_at: Some(at(20_000)), ..session };
    assert_eq!(tokens.port.find(expected.id).await.unwrap(), Some(expected));
}

/// It stays revoked, and ends when it did.
pub async fn a_session_that_is_revoked_shows_no_later_use(tokens: Tokens) {
    let session = token_of(TokenKind::Session);
    tokens.port.create(session.clone()).await.unwrap();
    tokens.port.touch(touch(session.id, 5, 20_000)).await.unwrap();
    let revoked = tokens.port.revoke(revocation(session.id, 6)).await.unwrap().token;
    tokens.port.touch(touch(session.id, 7, 30_000)).await.unwrap();
    assert_eq!(tokens.port.find(session.id).await.unwrap(), Some(revoked));
}

/// And an unknown one does not come to be.
pub async fn a_token_that_is_no_session_shows_no_use(tokens: Tokens) {
    for kind in TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::Session) {
        let token = token_of(kind);
        tokens.port.create(token.clone()).await.unwrap();
        tokens.port.touch(touch(token.id, 5, 20_000)).await.unwrap();
        assert_eq!(tokens.port.find(token.id).await.unwrap(), Some(token));
    }
    let unknown = TokenId::new(fresh());
    tokens.port.touch(touch(unknown, 5, 20_000)).await.unwrap();
    assert_eq!(tokens.port.find(unknown).await.unwrap(), None);
}

fn touch(id: TokenId, seconds: i64, lasts: i64) -> TouchSession {
    TouchSession { id, at: at(seconds), expires_at: at(lasts) }
}
