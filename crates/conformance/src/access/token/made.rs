//! Tokens that other tokens made, and what happens to them when their maker is revoked.

use std::sync::Arc;

use stint_domain::access::Token;
use stint_domain::access::ports::token::{CreateTokenError, ListCapturing, Made, RevokeToken};
use stint_domain::capture::CaptureTarget;
use stint_domain::values::TokenId;

use super::{Tokens, all, by_hash, capturing, of_nobody, revocation, rule, shown_within_5_seconds, token};
use crate::given::{at, fresh};
use crate::suite::unless_refused;

/// A token, and two tokens that it made.
async fn family(tokens: &Tokens) -> (Token, [Token; 2]) {
    let maker = token(1);
    let children = [2, 3].map(|byte| made_by(byte, maker.id));
    for new in [&maker, &children[0], &children[1]] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    (maker, children)
}

fn made_by(byte: u8, maker: TokenId) -> Token {
    Token { made_by: Some(maker), ..capturing(byte, rule(CaptureTarget::Projects { create: true })) }
}

fn revoked(token: &Token, seconds: i64) -> Token {
    Token { revoked_at: Some(at(seconds)), ..token.clone() }
}

async fn find(tokens: &Tokens, token: &Token) -> Token {
    tokens.port.find(token.id).await.unwrap().unwrap()
}

/// Whichever method finds it.
pub async fn a_token_remembers_which_one_made_it(tokens: Tokens) {
    let (maker, [made, other]) = family(&tokens).await;
    assert_eq!(find(&tokens, &made).await, made);
    assert_eq!(by_hash(&tokens, made.secret_hash).await.as_ref(), Some(&made));
    let mut expected = [maker, made.clone(), other.clone()];
    expected.sort_by_key(|token| (token.created_at, token.id));
    assert_eq!(all(&tokens).await, expected);
    let mut expected = [made, other];
    expected.sort_by_key(|token| std::cmp::Reverse((token.created_at, token.id)));
    assert_eq!(tokens.port.list_capturing(ListCapturing::default()).await.unwrap().items, expected);
}

/// Tokens of other makers stay. A token that was revoked before keeps its moment and is not counted.
pub async fn revoking_a_token_takes_along_what_it_made_and_nothing_else(tokens: Tokens) {
    let (maker, [made, before]) = family(&tokens).await;
    let (other, of_nobody) = (token(4), capturing(5, rule(CaptureTarget::Projects { create: true })));
    let of_other = made_by(6, other.id);
    for new in [&other, &of_nobody, &of_other] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    tokens.port.revoke(revocation(before.id, 6)).await.unwrap();
    let answer = tokens.port.revoke(revocation(maker.id, 7)).await.unwrap();
    assert_eq!((answer.token, answer.made), (revoked(&maker, 7), 1));
    assert_eq!(find(&tokens, &made).await, revoked(&made, 7));
    assert_eq!(find(&tokens, &before).await, revoked(&before, 6));
    for kept in [other, of_nobody, of_other] {
        assert_eq!(find(&tokens, &kept).await, kept);
    }
}

/// Only the maker is revoked.
pub async fn what_a_token_made_stays_when_it_is_to_be_kept(tokens: Tokens) {
    let (maker, children) = family(&tokens).await;
    let keep = RevokeToken { made: Made::Keep, ..revocation(maker.id, 7) };
    let answer = tokens.port.revoke(keep).await.unwrap();
    assert_eq!((answer.token, answer.made), (revoked(&maker, 7), 0));
    for child in children {
        assert_eq!(find(&tokens, &child).await, child);
    }
}

/// The maker keeps its first moment.
pub async fn revoking_again_takes_along_what_was_kept_until_then(tokens: Tokens) {
    let (maker, children) = family(&tokens).await;
    tokens.port.revoke(RevokeToken { made: Made::Keep, ..revocation(maker.id, 7) }).await.unwrap();
    let answer = tokens.port.revoke(revocation(maker.id, 8)).await.unwrap();
    assert_eq!((answer.token, answer.made), (revoked(&maker, 7), 2));
    for child in children {
        assert_eq!(find(&tokens, &child).await, revoked(&child, 8));
    }
}

/// Also when it was found just before and may be cached.
pub async fn what_a_token_made_is_refused_within_5_seconds_of_its_revocation(tokens: Tokens) {
    let (maker, [made, _]) = family(&tokens).await;
    tokens.port.find_by_hash(made.secret_hash).await.unwrap();
    tokens.port.revoke(revocation(maker.id, 7)).await.unwrap();
    shown_within_5_seconds(&*tokens.port, &of_nobody(revoked(&made, 7))).await;
}

/// Whatever happened to the tokens that it had made.
pub async fn a_revoked_or_unknown_token_makes_none(tokens: Tokens) {
    let (maker, _) = family(&tokens).await;
    for made in [Made::Keep, Made::Revoke] {
        tokens.port.revoke(RevokeToken { made, ..revocation(maker.id, 7) }).await.unwrap();
        let refused = tokens.port.create(made_by(9, maker.id)).await;
        assert!(matches!(refused, Err(CreateTokenError::MakerRevoked(id)) if id == maker.id), "{refused:?}");
    }
    let unknown = TokenId::new(fresh());
    let refused = tokens.port.create(made_by(9, unknown)).await;
    assert!(matches!(refused, Err(CreateTokenError::MakerRevoked(id)) if id == unknown), "{refused:?}");
    assert_eq!(all(&tokens).await.len(), 3);
}

/// Whichever comes first: a token that is already made is revoked with its maker, and a later one is refused.
pub async fn no_token_stays_usable_that_a_revoked_one_made_at_the_same_time(tokens: Tokens) {
    for round in 0..5 {
        let maker = token(200 + round);
        tokens.port.create(maker.clone()).await.unwrap();
        let creations: Vec<_> = (0..20)
            .map(|place| {
                let (port, new) = (Arc::clone(&tokens.port), made_by(round * 20 + place, maker.id));
                tokio::spawn(async move { port.create(new.clone()).await.map(|()| new) })
            })
            .collect();
        if round % 2 == 1 {
            // So that some come before the revocation on a fast machine, too.
            while !creations.iter().any(tokio::task::JoinHandle::is_finished) {
                tokio::task::yield_now().await;
            }
        }
        tokens.port.revoke(revocation(maker.id, 7)).await.unwrap();
        for creation in creations {
            if let Some(made) = unless_refused!(creation.await.unwrap(), CreateTokenError::MakerRevoked(_)) {
                assert_eq!(find(&tokens, &made).await, revoked(&made, 7));
            }
        }
    }
}
