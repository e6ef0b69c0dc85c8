//! Storing an invitation for somebody who is there.

use stint_domain::access::ports::token::{ListTokens, Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::people::Person;
use stint_domain::people::ports::person::{AcceptInvitation, CreatePerson, Invite, InviteError};
use stint_domain::values::PersonId;

use super::{People, accept, create, deactivate, invite, person, token_for};
use crate::given::{at, fresh};
use crate::ledger::concurrency::race;

const ROUNDS: usize = 8;

/// At the moment of the command, also one that came with the person. One that was revoked before keeps its moment.
pub async fn a_new_invitation_ends_older_ones_and_nothing_else(people: People) {
    let (ada, bob) = (person("ada"), people.member("bob").await);
    let first = token_for(&ada, TokenKind::Invitation);
    people.people.create(CreatePerson { invitation: Some(first.clone()), ..create(ada.clone()) }).await.unwrap();
    let (kept, theirs) = (people.tokens_of_each_kind(&ada).await, people.tokens_of_each_kind(&bob).await);
    let (older, kept): (Vec<Token>, Vec<Token>) = kept.into_iter().partition(|it| it.kind == TokenKind::Invitation);
    let before = people.token(&ada, TokenKind::Invitation).await;
    people.tokens.revoke(RevokeToken { id: before.id, at: at(3), made: Made::Keep }).await.unwrap();

    let command = invite(&ada);
    people.people.invite(command.clone()).await.unwrap();
    people.assert_revoked(&[first], 5).await;
    people.assert_revoked(&older, 5).await;
    people.assert_revoked(&[before], 3).await;
    people.assert_as_they_are(std::slice::from_ref(&command.invitation)).await;
    people.assert_as_they_are(&kept).await;
    people.assert_as_they_are(&theirs).await;
    assert_eq!(people.person(ada.id).await, ada);
    let found = people.tokens.find_by_hash(command.invitation.secret_hash).await.unwrap();
    assert_eq!(found.map(|known| known.token), Some(command.invitation), "it is found at once");
}

/// The refusal names the person, and no trace is left.
pub async fn an_invitation_of_an_unknown_or_deactivated_person_is_refused(people: People) {
    let unknown = Person { id: PersonId::new(fresh()), ..person("bob") };
    let command = invite(&unknown);
    let refused = people.people.invite(command.clone()).await;
    assert!(matches!(refused, Err(InviteError::NotFound(id)) if id == unknown.id), "{refused:?}");
    assert_eq!(people.tokens.find(command.invitation.id).await.unwrap(), None);

    let ada = people.member("ada").await;
    let older = people.token(&ada, TokenKind::Invitation).await;
    people.update(deactivate(ada.id)).await;
    let command = Invite { at: at(9), ..invite(&ada) };
    let refused = people.people.invite(command.clone()).await;
    assert!(matches!(refused, Err(InviteError::Deactivated(id)) if id == ada.id), "{refused:?}");
    assert_eq!(people.tokens.find(command.invitation.id).await.unwrap(), None);
    people.assert_revoked(&[older], 7).await;
}

/// A hash that is taken makes the whole command fail.
pub async fn an_invitation_that_cannot_be_stored_ends_no_older_one(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let (older, theirs) =
        (people.token(&ada, TokenKind::Invitation).await, people.token(&bob, TokenKind::Session).await);
    let mut command = invite(&ada);
    command.invitation.secret_hash = theirs.secret_hash;
    let failed = people.people.invite(command.clone()).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(people.tokens.find(command.invitation.id).await.unwrap(), None);
    people.assert_as_they_are(&[older, theirs]).await;
}

/// All are stored, and the later ones end the earlier ones. The one that stays can be used.
pub async fn of_racing_invitations_of_a_person_one_stays_usable(people: People) {
    for round in 0..ROUNDS {
        let ada = people.member(&format!("ada{round}")).await;
        race(round, 5, |_| {
            let (port, command) = (people.people.clone(), invite(&ada));
            async move { port.invite(command).await.unwrap() }
        })
        .await;
        let stored = people.all_tokens(ListTokens { person: Some(ada.id), ..ListTokens::default() }).await;
        assert_eq!(stored.len(), 5);
        let open: Vec<Token> = stored.into_iter().filter(|token| token.revoked_at.is_none()).collect();
        assert_eq!(open.len(), 1, "of five invitations at once: {open:?}");
        let command: AcceptInvitation = accept(&ada, &open[0]);
        people.people.accept(command).await.unwrap();
    }
}
