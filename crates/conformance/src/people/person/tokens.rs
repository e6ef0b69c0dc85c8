//! Tokens of people, and what their people may do.

use std::cell::Cell;

use stint_domain::access::ports::token::{KnownToken, ListTokens};
use stint_domain::access::{Role, Standing, Token, TokenKind};
use stint_domain::people::{Person, PersonStatus};

use super::{People, deactivate, person, set_role, set_status, token_for};
use crate::access::token::shown_within_5_seconds;
use crate::given::{at, size, subject, token_of};
use crate::suite::walk;

/// Whichever method finds it.
pub async fn a_token_of_each_kind_reads_back_with_its_person(people: People) {
    let ada = people.member("ada").await;
    let mut expected = Vec::new();
    for (seconds, kind) in (0..).zip(TokenKind::ALL) {
        let new = Token { created_at: at(seconds), ..token_for(&ada, kind) };
        people.tokens.create(new.clone()).await.unwrap();
        assert_eq!(people.tokens.find(new.id).await.unwrap().as_ref(), Some(&new));
        let found = people.tokens.find_by_hash(new.secret_hash).await.unwrap();
        assert_eq!(found.map(|known| known.token).as_ref(), Some(&new));
        expected.push(new);
    }
    assert_eq!(people.all_tokens(ListTokens::default()).await, expected);
}

/// Whichever role it is. A token of nobody tells of no person.
pub async fn a_hash_tells_what_the_tokens_person_may_do(people: People) {
    for role in Role::ALL {
        let person = people.store(Person { role, ..person(&format!("ada-{role}")) }).await;
        for token in people.tokens_of_each_kind(&person).await {
            let standing = Some(Standing { role, active: true });
            let found = people.tokens.find_by_hash(token.secret_hash).await.unwrap();
            assert_eq!(found, Some(KnownToken { token, standing }));
        }
    }
    let token = Token { subject: subject("ci"), ..token_of(TokenKind::Api) };
    people.tokens.create(token.clone()).await.unwrap();
    let found = people.tokens.find_by_hash(token.secret_hash).await.unwrap();
    assert_eq!(found, Some(KnownToken { token, standing: None }));
}

/// Also when the token was found just before and may be cached.
pub async fn a_new_role_shows_within_5_seconds(people: People) {
    let ada = people.member("ada").await;
    let token = people.token(&ada, TokenKind::Session).await;
    for role in [Role::Admin, Role::Viewer] {
        people.tokens.find_by_hash(token.secret_hash).await.unwrap();
        people.update(set_role(ada.id, role)).await;
        let standing = Some(Standing { role, active: true });
        // A person who becomes an admin has to be able to become something else.
        people.admin(&format!("bob-{role}")).await;
        shown_within_5_seconds(&*people.tokens, &KnownToken { token: token.clone(), standing }).await;
    }
}

/// Also when the token was found just before and may be cached.
pub async fn a_new_status_shows_within_5_seconds(people: People) {
    let ada = people.member("ada").await;
    let token = people.token(&ada, TokenKind::Api).await;
    let revoked = Token { revoked_at: Some(at(7)), ..token };
    for (command, active) in [(deactivate(ada.id), false), (set_status(ada.id, PersonStatus::Active), true)] {
        people.tokens.find_by_hash(revoked.secret_hash).await.unwrap();
        people.update(command).await;
        let standing = Some(Standing { role: Role::Member, active });
        shown_within_5_seconds(&*people.tokens, &KnownToken { token: revoked.clone(), standing }).await;
    }
}

/// In the order of all tokens, on every page.
pub async fn tokens_of_a_person_and_of_a_kind_are_listed_without_others(people: People) {
    let mut expected = Vec::new();
    for kind in TokenKind::ALL {
        let new = Token { subject: subject("ci"), ..token_of(kind) };
        people.tokens.create(new.clone()).await.unwrap();
        expected.push(new);
    }
    let owners = [people.member("ada").await, people.member("bob").await];
    for seconds in [2, 0, 1] {
        for (owner, kind) in owners.iter().flat_map(|owner| TokenKind::ALL.map(|kind| (owner, kind))) {
            let new = Token { created_at: at(seconds), ..token_for(owner, kind) };
            people.tokens.create(new.clone()).await.unwrap();
            expected.push(new);
        }
    }
    expected.sort_by_key(|token| (token.created_at, token.id));
    for person in [None, Some(owners[0].id), Some(owners[1].id)] {
        for kind in [None].into_iter().chain(TokenKind::ALL.map(Some)) {
            let matches = |token: &&Token| {
                person.is_none_or(|id| token.person == Some(id)) && kind.is_none_or(|kind| token.kind == kind)
            };
            let matching: Vec<Token> = expected.iter().filter(matches).cloned().collect();
            for pages_of in [1, 5, 200] {
                let query = ListTokens { kind, person, size: size(pages_of), after: None };
                assert_eq!(people.all_tokens(query).await, matching, "{person:?}, {kind:?}, pages of {pages_of}");
            }
        }
    }
}

/// While others are created.
pub async fn pages_of_a_persons_tokens_hold_each_once(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let mut expected = Vec::new();
    for place in 0..7 {
        for owner in [&ada, &bob] {
            let new = Token { created_at: at(place / 3), ..token_for(owner, TokenKind::Session) };
            people.tokens.create(new.clone()).await.unwrap();
            expected.push(new);
        }
    }
    expected.retain(|token| token.person == Some(ada.id));
    expected.sort_by_key(|token| (token.created_at, token.id));
    let pages = Cell::new(0);
    let walked = walk(async |after| {
        let query = ListTokens { kind: Some(TokenKind::Session), person: Some(ada.id), size: size(2), after };
        let page = people.tokens.list(query).await.unwrap();
        pages.set(pages.get() + 1);
        // Its place is before the next page, so it is on no page.
        let early = Token { created_at: at(-1), ..token_for(&ada, TokenKind::Session) };
        people.tokens.create(early).await.unwrap();
        page
    })
    .await;
    assert_eq!((walked, pages.get()), (expected, 4));
}
