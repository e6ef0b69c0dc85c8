//! Setting a password, and what becomes of sessions.

use stint_domain::access::ports::token::{KnownToken, Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::people::Person;
use stint_domain::people::ports::person::{Sessions, SetPassword, SetPasswordError};
use stint_domain::values::{PersonId, TokenId};

use super::{People, hash, person};
use crate::access::token::shown_within_5_seconds;
use crate::given::{at, fresh};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 10;

/// The first password of the person, five seconds in.
fn first(person: &Person, number: u32, sessions: Sessions) -> SetPassword {
    SetPassword { person: person.id, replaces: None, hash: hash(number), sessions, at: at(5) }
}

/// Sets the password, whatever it is now, five seconds in.
async fn set(people: &People, person: &Person, number: u32, sessions: Sessions) {
    let command = SetPassword { replaces: people.password(person).await, ..first(person, number, sessions) };
    people.people.set_password(command).await.unwrap();
}

/// The hash reads back as it was given. Others keep theirs.
pub async fn a_password_can_be_set_and_replaced(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    set(&people, &bob, 9, Sessions::GoOn).await;
    for (number, sessions) in [(1, Sessions::GoOn), (2, Sessions::EndBut(TokenId::new(fresh()))), (3, Sessions::GoOn)] {
        set(&people, &ada, number, sessions).await;
        assert_eq!(people.password(&ada).await, Some(hash(number)));
    }
    assert_eq!(people.password(&bob).await, Some(hash(9)));
}

/// Neither its version nor its moment changes.
pub async fn a_password_is_no_change_of_the_person(people: People) {
    let ada = people.member("ada").await;
    let session = people.token(&ada, TokenKind::Session).await;
    for (number, sessions) in [(1, Sessions::GoOn), (2, Sessions::EndBut(session.id))] {
        set(&people, &ada, number, sessions).await;
        assert_eq!(people.person(ada.id).await, ada);
    }
}

/// And so does everything else.
pub async fn sessions_go_on_when_only_the_hash_is_new(people: People) {
    let ada = people.member("ada").await;
    let (tokens, more) = (people.tokens_of_each_kind(&ada).await, people.token(&ada, TokenKind::Session).await);
    set(&people, &ada, 1, Sessions::GoOn).await;
    people.assert_as_they_are(&tokens).await;
    people.assert_as_they_are(&[more]).await;
}

/// At the moment of the command. A session that was revoked before keeps its moment.
pub async fn a_new_password_ends_all_sessions_but_the_one_named_and_nothing_else(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let (kept, theirs) = (people.tokens_of_each_kind(&ada).await, people.tokens_of_each_kind(&bob).await);
    let mut ended = Vec::new();
    for _ in 0..3 {
        ended.push(people.token(&ada, TokenKind::Session).await);
    }
    let before = ended.pop().unwrap();
    people.tokens.revoke(RevokeToken { id: before.id, at: at(3), made: Made::Keep }).await.unwrap();
    let this = kept.iter().find(|token| token.kind == TokenKind::Session).unwrap().id;
    set(&people, &ada, 1, Sessions::EndBut(this)).await;
    people.assert_revoked(&ended, 5).await;
    people.assert_revoked(&[before], 3).await;
    people.assert_as_they_are(&kept).await;
    people.assert_as_they_are(&theirs).await;
}

/// When it is unknown or somebody else's.
pub async fn a_new_password_ends_all_sessions_when_none_of_them_is_named(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let theirs = people.token(&bob, TokenKind::Session).await;
    for named in [TokenId::new(fresh()), theirs.id] {
        let sessions = [people.token(&ada, TokenKind::Session).await, people.token(&ada, TokenKind::Session).await];
        set(&people, &ada, 1, Sessions::EndBut(named)).await;
        people.assert_revoked(&sessions, 5).await;
    }
    people.assert_as_they_are(&[theirs]).await;
}

/// Also when it was found just before and may be cached.
pub async fn a_session_that_a_new_password_ended_shows_it_within_5_seconds(people: People) {
    let ada = people.member("ada").await;
    let [this, other] = [people.token(&ada, TokenKind::Session).await, people.token(&ada, TokenKind::Session).await];
    people.tokens.find_by_hash(other.secret_hash).await.unwrap();
    set(&people, &ada, 1, Sessions::EndBut(this.id)).await;
    let token = Token { revoked_at: Some(at(5)), ..other };
    shown_within_5_seconds(&*people.tokens, &KnownToken { token, standing: Some(ada.standing()) }).await;
}

/// The refusal names the id.
pub async fn setting_the_password_of_an_unknown_person_is_refused(people: People) {
    let known = people.member("ada").await;
    let unknown = Person { id: PersonId::new(fresh()), ..person("bob") };
    let session = people.token(&known, TokenKind::Session).await;
    for sessions in [Sessions::GoOn, Sessions::EndBut(session.id)] {
        let refused = people.people.set_password(first(&unknown, 1, sessions)).await;
        assert!(matches!(refused, Err(SetPasswordError::NotFound(id)) if id == unknown.id), "{refused:?}");
    }
    assert_eq!(people.people.find(unknown.id).await.unwrap(), None);
    assert_eq!(people.password(&known).await, None);
}

/// Nor does anything else happen. There may also be no password yet, or one where none is expected.
pub async fn a_password_that_was_changed_in_the_meantime_stays(people: People) {
    let ada = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&ada).await;
    let all = [Sessions::GoOn, Sessions::EndBut(TokenId::new(fresh()))];
    for sessions in all {
        let command = SetPassword { replaces: Some(hash(1)), ..first(&ada, 2, sessions) };
        assert_changed(&people, &ada, command).await;
        assert_eq!(people.password(&ada).await, None);
    }
    set(&people, &ada, 1, Sessions::GoOn).await;
    for (replaces, sessions) in [None, Some(hash(3))].into_iter().flat_map(|hash| all.map(|it| (hash.clone(), it))) {
        let command = SetPassword { replaces, ..first(&ada, 2, sessions) };
        assert_changed(&people, &ada, command).await;
        assert_eq!(people.password(&ada).await, Some(hash(1)));
    }
    people.assert_as_they_are(&tokens).await;
}

/// So a hash that was made anew at a sign-in undoes no change of the password.
pub async fn of_racing_passwords_that_replace_the_same_one_is_set(people: People) {
    for round in 0..ROUNDS {
        let ada = people.member(&format!("ada{round}")).await;
        set(&people, &ada, 0, Sessions::GoOn).await;
        let commands: Vec<SetPassword> = (1..=6)
            .map(|number| SetPassword { replaces: Some(hash(0)), ..first(&ada, number, Sessions::GoOn) })
            .collect();
        let passed = race(round, commands.len(), |place| {
            let (port, command) = (people.people.clone(), commands[place].clone());
            async move { unless_refused!(port.set_password(command).await, SetPasswordError::Changed(_)).is_some() }
        })
        .await;
        let passed: Vec<_> = commands.iter().zip(&passed).filter(|(_, passed)| **passed).map(|(it, _)| it).collect();
        assert_eq!(passed.len(), 1, "of six passwords at once");
        assert_eq!(people.password(&ada).await.as_ref(), Some(&passed[0].hash));
    }
}

/// Fails unless the command is refused because there is another password.
async fn assert_changed(people: &People, ada: &Person, command: SetPassword) {
    let refused = people.people.set_password(command).await;
    assert!(matches!(refused, Err(SetPasswordError::Changed(id)) if id == ada.id), "{refused:?}");
}
