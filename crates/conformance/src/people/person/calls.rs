//! What holds for every call: a caller may give up, and no thread of the runtime is blocked.

use futures::poll;
use stint_domain::access::ports::token::ListTokens;
use stint_domain::access::{Role, TokenKind};
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, CreatePerson, CreatePersonError, ListPeople, Sessions, SetPassword,
};
use stint_domain::people::{Person, PersonStatus};

use super::{People, accept, adopt::adopt, create, deactivate, hash, invite, person, set_role, token_for};
use crate::given::at;
use crate::runtime::Sleeps;
use crate::suite::unless_refused;

/// How often each method is called, and at how many points callers give up.
const CALLS: u32 = 12;

/// Waits for the call so many turns, and then drops it.
pub(crate) async fn give_up<T>(mut call: impl Future<Output = T> + Unpin, turns: u32) {
    for _ in 0..turns {
        if poll!(&mut call).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// At any point of the call: there is nobody without their invitation, and no invitation without its person.
pub async fn creating_a_person_that_is_given_up_happens_whole_or_not_at_all(people: People) {
    for turns in 0..2 * CALLS {
        let new = person(&format!("ada{turns}"));
        let invitation = token_for(&new, TokenKind::Invitation);
        let command = CreatePerson { invitation: Some(invitation.clone()), ..create(new.clone()) };
        give_up(people.people.create(command.clone()), turns).await;
        // After a repeat, whatever was under way changes nothing any more.
        unless_refused!(people.people.create(command).await, CreatePersonError::HandleTaken(_));
        assert_eq!(people.person(new.id).await, new);
        people.assert_as_they_are(&[invitation]).await;
    }
}

/// At any point of the call: a use that was given up is repeated, and one of the two has all its effects.
pub async fn using_an_invitation_that_is_given_up_happens_whole_or_not_at_all(people: People) {
    for turns in 0..2 * CALLS {
        let ada = people.member(&format!("ada{turns}")).await;
        let (session, invitation) =
            (people.token(&ada, TokenKind::Session).await, people.token(&ada, TokenKind::Invitation).await);
        let first = accept(&ada, &invitation);
        let second = AcceptInvitation { password: Some(hash(2)), ..accept(&ada, &invitation) };
        give_up(people.people.accept(first.clone()), turns).await;
        let repeated = people.people.accept(second.clone()).await;
        let used = match unless_refused!(repeated, AcceptInvitationError::Unusable) {
            Some(_) => [second, first],
            None => [first, second],
        };
        people.assert_as_they_are(std::slice::from_ref(&used[0].session)).await;
        assert_eq!(people.tokens.find(used[1].session.id).await.unwrap(), None);
        assert_eq!(people.password(&ada).await, used[0].password);
        people.assert_revoked(&[session, invitation], 6).await;
    }
}

/// At any point of the call: whoever is deactivated has no token left, and whoever is not has all of them.
pub async fn deactivating_a_person_that_is_given_up_happens_whole_or_not_at_all(people: People) {
    for turns in 0..2 * CALLS {
        let ada = people.member(&format!("ada{turns}")).await;
        people.tokens_of_each_kind(&ada).await;
        give_up(people.people.update(deactivate(ada.id)), turns).await;
        // The call may still be under way, and end between two looks. One page shows one moment.
        let is_gone = async || people.person(ada.id).await.status == PersonStatus::Deactivated;
        let (before, revoked, after) = (is_gone().await, revoked(&people, &ada).await, is_gone().await);
        assert!([0, 4].contains(&revoked), "{revoked} of four tokens are revoked");
        assert!(!before || revoked == 4, "the person is deactivated, the tokens are not revoked");
        assert!(revoked == 0 || after, "the tokens are revoked, the person is not deactivated");
    }
}

/// At any point of the call: with the new hash, the sessions have ended.
pub async fn setting_a_password_that_is_given_up_happens_whole_or_not_at_all(people: People) {
    for turns in 0..2 * CALLS {
        let ada = people.member(&format!("ada{turns}")).await;
        let kept = people.token(&ada, TokenKind::Session).await.id;
        people.token(&ada, TokenKind::Session).await;
        people.token(&ada, TokenKind::Session).await;
        let (hash, sessions) = (hash(1), Sessions::EndBut(kept));
        let command = SetPassword { person: ada.id, replaces: None, hash, sessions, at: at(8) };
        give_up(people.people.set_password(command), turns).await;
        let is_set = async || people.password(&ada).await.is_some();
        let (before, revoked, after) = (is_set().await, revoked(&people, &ada).await, is_set().await);
        assert!([0, 2].contains(&revoked), "{revoked} of two sessions have ended");
        assert!(!before || revoked == 2, "the hash is set, the sessions go on");
        assert!(revoked == 0 || after, "the sessions have ended, the hash is not set");
    }
}

/// At any point of the call: there is one invitation that can be used, the old one or the new one.
pub async fn inviting_a_person_that_is_given_up_happens_whole_or_not_at_all(people: People) {
    for turns in 0..2 * CALLS {
        let ada = people.member(&format!("ada{turns}")).await;
        let older = people.token(&ada, TokenKind::Invitation).await;
        let command = invite(&ada);
        give_up(people.people.invite(command.clone()), turns).await;
        let mut open = people.all_tokens(ListTokens { person: Some(ada.id), ..ListTokens::default() }).await;
        open.retain(|token| token.revoked_at.is_none());
        assert!(open == [older] || open == [command.invitation], "{open:?}");
    }
}

/// How many of the person's tokens are revoked.
async fn revoked(people: &People, person: &Person) -> usize {
    let tokens = people.all_tokens(ListTokens { person: Some(person.id), ..ListTokens::default() }).await;
    tokens.iter().filter(|token| token.revoked_at.is_some()).count()
}

/// See [`mod@crate::runtime`].
pub async fn no_method_of_people_blocks_the_runtime(people: People) {
    let (port, mut sleeps) = (&people.people, Sleeps::default());
    for number in 0..CALLS {
        let new = person(&format!("ada{number}"));
        let (id, handle) = (new.id, new.handle.clone());
        let invitation = Some(token_for(&new, TokenKind::Invitation));
        let command = CreatePerson { invitation, ..create(new.clone()) };
        sleeps.of("PersonRepository::create", port.create(command)).await.unwrap();
        let command = invite(&new);
        let use_it = accept(&new, &command.invitation);
        sleeps.of("PersonRepository::invite", port.invite(command)).await.unwrap();
        let (sessions, replaces) = (Sessions::EndBut(use_it.session.id), use_it.password.clone());
        sleeps.of("PersonRepository::accept", port.accept(use_it)).await.unwrap();
        let command = SetPassword { person: id, replaces, hash: hash(number), sessions, at: at(8) };
        sleeps.of("PersonRepository::set_password", port.set_password(command)).await.unwrap();
        sleeps.of("PersonRepository::update", port.update(set_role(id, Role::Viewer))).await.unwrap();
        sleeps.of("PersonRepository::adopt", port.adopt(adopt(id, &format!("bot {number}")))).await.unwrap();
        sleeps.of("PersonRepository::find", port.find(id)).await.unwrap();
        sleeps.of("PersonRepository::find_account", port.find_account(handle)).await.unwrap();
        sleeps.of("PersonRepository::list", port.list(ListPeople::default())).await.unwrap();
        sleeps.of("PersonRepository::update to deactivate", port.update(deactivate(id))).await.unwrap();
    }
    sleeps.assert_few_of(CALLS.try_into().unwrap());
}
