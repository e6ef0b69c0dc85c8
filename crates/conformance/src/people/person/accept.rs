//! Using an invitation.

use stint_domain::access::ports::token::{KnownToken, Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, Sessions, SetPassword, UpdatePerson,
};
use stint_domain::people::{Person, PersonStatus};
use stint_domain::values::TokenId;

use super::{People, accept, deactivate, hash, set_status, token_for};
use crate::access::token::shown_within_5_seconds;
use crate::given::{at, fresh};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 10;

/// A member with an invitation.
async fn invited(people: &People, handle: &str) -> (Person, Token) {
    let person = people.member(handle).await;
    let invitation = people.token(&person, TokenKind::Invitation).await;
    (person, invitation)
}

/// It is revoked at the moment of its use, and the session is stored. The person stays as they are.
pub async fn an_invitation_can_be_used_once(people: People) {
    let (ada, invitation) = invited(&people, "ada").await;
    let command = accept(&ada, &invitation);
    assert_eq!(people.people.accept(command.clone()).await.unwrap(), ada);
    assert_eq!(people.person(ada.id).await, ada);
    people.assert_revoked(std::slice::from_ref(&invitation), 6).await;
    people.assert_as_they_are(std::slice::from_ref(&command.session)).await;
    let found = people.tokens.find_by_hash(command.session.secret_hash).await.unwrap();
    let expected = KnownToken { token: command.session, standing: Some(ada.standing()) };
    assert_eq!(found.as_ref(), Some(&expected), "the session is found at once");

    let again = AcceptInvitation { password: Some(hash(2)), at: at(8), ..accept(&ada, &invitation) };
    assert_unusable(&people, &ada, again).await;
    people.assert_revoked(&[invitation], 6).await;
    people.assert_as_they_are(&[expected.token]).await;
}

/// Without a new one, a person who has a password keeps it, and one who has none gets none.
pub async fn using_an_invitation_sets_the_password_or_keeps_it(people: People) {
    let ada = people.member("ada").await;
    let (bob, theirs) = invited(&people, "bob").await;
    for (new, expected) in [(None, None), (Some(1), Some(1)), (None, Some(1)), (Some(2), Some(2))] {
        let invitation = people.token(&ada, TokenKind::Invitation).await;
        people.people.accept(AcceptInvitation { password: new.map(hash), ..accept(&ada, &invitation) }).await.unwrap();
        assert_eq!(people.password(&ada).await, expected.map(hash));
    }
    assert_eq!(people.password(&bob).await, None);
    people.assert_as_they_are(&[theirs]).await;
}

/// Also when no password is set. An ended session is refused within 5 seconds, even if it was found just before.
pub async fn using_an_invitation_ends_all_sessions_but_the_new_one_and_nothing_else(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let theirs = people.tokens_of_each_kind(&bob).await;
    for password in [Some(hash(1)), None] {
        let tokens = people.tokens_of_each_kind(&ada).await;
        let (mut sessions, others): (Vec<Token>, Vec<Token>) =
            tokens.into_iter().partition(|token| token.kind == TokenKind::Session);
        sessions.push(people.token(&ada, TokenKind::Session).await);
        let before = people.token(&ada, TokenKind::Session).await;
        people.tokens.revoke(RevokeToken { id: before.id, at: at(3), made: Made::Keep }).await.unwrap();
        people.tokens.find_by_hash(sessions[0].secret_hash).await.unwrap();
        let invitation = others.iter().find(|token| token.kind == TokenKind::Invitation).unwrap();

        let command = AcceptInvitation { password, ..accept(&ada, invitation) };
        people.people.accept(command.clone()).await.unwrap();
        people.assert_revoked(&sessions, 6).await;
        people.assert_revoked(&[before], 3).await;
        people.assert_as_they_are(std::slice::from_ref(&command.session)).await;
        let kept: Vec<Token> = others.iter().filter(|token| token.kind != TokenKind::Invitation).cloned().collect();
        people.assert_as_they_are(&kept).await;
        let token = Token { revoked_at: Some(at(6)), ..sessions.remove(0) };
        shown_within_5_seconds(&*people.tokens, &KnownToken { token, standing: Some(ada.standing()) }).await;
    }
    people.assert_as_they_are(&theirs).await;
}

/// And nothing happens. One that expires at the very moment of its use is expired.
pub async fn an_invitation_that_is_unknown_revoked_or_expired_is_unusable(people: People) {
    let ada = people.member("ada").await;
    let sessions = [people.token(&ada, TokenKind::Session).await, people.token(&ada, TokenKind::Session).await];
    let sessions_go_on = Sessions::GoOn;
    let password = SetPassword { person: ada.id, replaces: None, hash: hash(9), sessions: sessions_go_on, at: at(1) };
    people.people.set_password(password).await.unwrap();

    let unknown = AcceptInvitation { id: TokenId::new(fresh()), ..accept(&ada, &sessions[0]) };
    assert_unusable(&people, &ada, unknown).await;
    let revoked = people.token(&ada, TokenKind::Invitation).await;
    let revocation = RevokeToken { id: revoked.id, at: at(3), made: Made::Keep };
    let revoked = people.tokens.revoke(revocation).await.unwrap().token;
    assert_unusable(&people, &ada, accept(&ada, &revoked)).await;
    for seconds in [-1, 5, 6] {
        let expired = Token { expires_at: Some(at(seconds)), ..token_for(&ada, TokenKind::Invitation) };
        people.tokens.create(expired.clone()).await.unwrap();
        assert_unusable(&people, &ada, accept(&ada, &expired)).await;
        people.assert_as_they_are(&[expired]).await;
    }
    people.assert_as_they_are(&[revoked]).await;
    people.assert_as_they_are(&sessions).await;

    let lasting = Token { expires_at: Some(at(7)), ..token_for(&ada, TokenKind::Invitation) };
    people.tokens.create(lasting.clone()).await.unwrap();
    people.people.accept(accept(&ada, &lasting)).await.unwrap();
}

/// It is unknown, and stays as it is.
pub async fn a_token_of_another_kind_is_no_invitation(people: People) {
    let ada = people.member("ada").await;
    let mut tokens = people.tokens_of_each_kind(&ada).await;
    tokens.retain(|token| token.kind != TokenKind::Invitation);
    for token in &tokens {
        assert_unusable(&people, &ada, accept(&ada, token)).await;
    }
    people.assert_as_they_are(&tokens).await;
}

/// Even when the person is active again.
pub async fn an_invitation_of_a_person_who_was_deactivated_is_unusable(people: People) {
    let (ada, invitation) = invited(&people, "ada").await;
    people.update(UpdatePerson { at: at(4), ..deactivate(ada.id) }).await;
    assert_unusable(&people, &ada, accept(&ada, &invitation)).await;
    people.update(UpdatePerson { at: at(5), ..set_status(ada.id, PersonStatus::Active) }).await;
    assert_unusable(&people, &ada, accept(&ada, &invitation)).await;
    people.assert_revoked(&[invitation], 4).await;
}

/// A hash that is taken makes the whole command fail.
pub async fn a_session_that_cannot_be_stored_uses_no_invitation(people: People) {
    let (ada, invitation) = invited(&people, "ada").await;
    let (session, bob) = (people.token(&ada, TokenKind::Session).await, people.member("bob").await);
    let theirs = people.token(&bob, TokenKind::Session).await;
    let mut command = accept(&ada, &invitation);
    command.session.secret_hash = theirs.secret_hash;
    let failed = people.people.accept(command.clone()).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(people.tokens.find(command.session.id).await.unwrap(), None);
    assert_eq!(people.password(&ada).await, None);
    people.assert_as_they_are(&[invitation.clone(), session, theirs]).await;
    people.people.accept(accept(&ada, &invitation)).await.unwrap();
}

/// Its session goes on, and its password is the one that is set. The others leave no trace.
pub async fn of_racing_uses_of_an_invitation_one_succeeds(people: People) {
    for round in 0..ROUNDS {
        let (ada, invitation) = invited(&people, &format!("ada{round}")).await;
        let commands: Vec<AcceptInvitation> = (0..6)
            .map(|number| AcceptInvitation { password: Some(hash(number)), ..accept(&ada, &invitation) })
            .collect();
        let used = race(round, commands.len(), |place| {
            let (port, command) = (people.people.clone(), commands[place].clone());
            async move { unless_refused!(port.accept(command).await, AcceptInvitationError::Unusable).is_some() }
        })
        .await;
        let used: Vec<_> = commands.iter().zip(&used).filter(|(_, used)| **used).map(|(command, _)| command).collect();
        assert_eq!(used.len(), 1, "of six uses at once");
        assert_eq!(people.password(&ada).await, used[0].password);
        for command in &commands {
            let stored = people.tokens.find(command.session.id).await.unwrap();
            assert_eq!(stored.as_ref(), (command == used[0]).then_some(&command.session));
        }
    }
}

/// Fails unless the command is refused and neither stores its session nor sets its password.
async fn assert_unusable(people: &People, person: &Person, command: AcceptInvitation) {
    let (before, session) = (people.password(person).await, command.session.clone());
    let refused = people.people.accept(command).await;
    assert!(matches!(refused, Err(AcceptInvitationError::Unusable)), "{refused:?}");
    assert_eq!(people.tokens.find(session.id).await.unwrap(), None);
    assert_eq!(people.tokens.find_by_hash(session.secret_hash).await.unwrap(), None);
    assert_eq!(people.password(person).await, before);
}
