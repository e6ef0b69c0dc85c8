//! Deactivation ends all that a person may do, and activation restores nothing of it.

use stint_domain::access::ports::token::{CreateTokenError, KnownToken, ListTokens, Made, RevokeToken};
use stint_domain::access::{Role, Standing, Token, TokenKind};
use stint_domain::people::ports::person::{
    AcceptInvitationError, ChangePersonError, CreatePerson, InviteError, UpdatePerson,
};
use stint_domain::people::{Person, PersonStatus};

use super::{People, accept, create, deactivate, invite, person, set_role, set_status, token_for, update};
use crate::access::token::shown_within_5_seconds;
use crate::given::{at, stale, subject, token_of};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 8;

/// At the moment of the command. One that was revoked before keeps its moment.
pub async fn a_deactivation_revokes_all_tokens_of_the_person_and_nobody_elses(people: People) {
    let (gone, other) = (people.member("ada").await, people.member("bob").await);
    let (ended, kept) = (people.tokens_of_each_kind(&gone).await, people.tokens_of_each_kind(&other).await);
    let (earlier, program) = (people.token(&gone, TokenKind::Api).await, subject("ci"));
    people.tokens.revoke(RevokeToken { id: earlier.id, at: at(3), made: Made::Keep }).await.unwrap();
    let expired = Token { expires_at: Some(at(2)), ..token_for(&gone, TokenKind::Session) };
    people.tokens.create(expired.clone()).await.unwrap();
    let of_nobody = Token { subject: program, ..token_of(TokenKind::Api) };
    people.tokens.create(of_nobody.clone()).await.unwrap();

    let deactivated = people.update(deactivate(gone.id)).await;
    assert_eq!(deactivated.status, PersonStatus::Deactivated);
    people.assert_revoked(&ended, 7).await;
    people.assert_revoked(&[expired], 7).await;
    people.assert_revoked(&[earlier], 3).await;
    people.assert_as_they_are(&kept).await;
    people.assert_as_they_are(&[of_nobody]).await;
}

/// Another field, another role, and the status that the person has.
pub async fn a_change_that_is_no_deactivation_revokes_nothing(people: People) {
    let person = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&person).await;
    for command in [set_role(person.id, Role::Viewer), set_status(person.id, PersonStatus::Active), update(person.id)] {
        people.update(command).await;
        people.assert_as_they_are(&tokens).await;
    }
}

/// Whatever the reason.
pub async fn a_refused_deactivation_revokes_nothing(people: People) {
    let (admin, member) = (people.admin("ada").await, people.member("bob").await);
    let (of_admin, of_member) = (people.tokens_of_each_kind(&admin).await, people.tokens_of_each_kind(&member).await);
    let refused = people.people.update(deactivate(admin.id)).await;
    assert!(matches!(refused, Err(ChangePersonError::LastAdmin(_))), "{refused:?}");
    let refused = people.people.update(UpdatePerson { precondition: stale(), ..deactivate(member.id) }).await;
    assert!(matches!(refused, Err(ChangePersonError::Precondition(_))), "{refused:?}");
    people.assert_as_they_are(&of_admin).await;
    people.assert_as_they_are(&of_member).await;
}

/// Also what was found just before and may be cached.
pub async fn what_a_deactivation_revoked_shows_it_within_5_seconds(people: People) {
    let person = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&person).await;
    for token in &tokens {
        people.tokens.find_by_hash(token.secret_hash).await.unwrap();
    }
    people.update(deactivate(person.id)).await;
    let standing = Some(Standing { role: person.role, active: false });
    for token in tokens {
        let token = Token { revoked_at: Some(at(7)), ..token };
        shown_within_5_seconds(&*people.tokens, &KnownToken { token, standing }).await;
    }
}

/// New ones are stored again.
pub async fn an_activation_restores_no_token(people: People) {
    let person = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&person).await;
    people.update(deactivate(person.id)).await;
    let active = people.update(UpdatePerson { at: at(8), ..set_status(person.id, PersonStatus::Active) }).await;
    assert_eq!(active.status, PersonStatus::Active);
    people.assert_revoked(&tokens, 7).await;
    people.tokens_of_each_kind(&person).await;
}

/// Of every kind. The refusal names the person, and no trace is left.
pub async fn a_token_of_a_deactivated_person_is_refused(people: People) {
    let (person, other) = (people.member("ada").await, people.member("bob").await);
    people.update(deactivate(person.id)).await;
    for kind in TokenKind::ALL {
        let token = token_for(&person, kind);
        let refused = people.tokens.create(token.clone()).await;
        assert!(matches!(refused, Err(CreateTokenError::PersonInactive(id)) if id == person.id), "{kind}: {refused:?}");
        assert_eq!(people.tokens.find(token.id).await.unwrap(), None);
        assert_eq!(people.tokens.find_by_hash(token.secret_hash).await.unwrap(), None);
        people.token(&other, kind).await;
    }
}

/// Whichever comes first: a token that is there is revoked, and a later one is refused.
pub async fn no_token_stays_usable_that_is_created_during_a_deactivation(people: People) {
    for round in 0..ROUNDS {
        let person = people.member(&format!("ada{round}")).await;
        let created = race(round, 12, |place| {
            let (people, new) = (people.clone(), token_for(&person, TokenKind::ALL[place % 4]));
            let deactivation = deactivate(person.id);
            async move {
                if place == 4 {
                    people.update(deactivation).await;
                    return false;
                }
                // So that some come before the deactivation on a fast machine, too, and some after it.
                for _ in 0..place / 2 {
                    tokio::task::yield_now().await;
                }
                unless_refused!(people.tokens.create(new).await, CreateTokenError::PersonInactive(_)).is_some()
            }
        })
        .await;
        assert_all_revoked(&people, &person, created.into_iter().filter(|created| *created).count()).await;
    }
}

/// Whichever comes first: those that are there are revoked, and later ones are refused.
pub async fn no_invitation_stays_usable_that_is_stored_during_a_deactivation(people: People) {
    for round in 0..ROUNDS {
        let person = people.member(&format!("ada{round}")).await;
        let stored = race(round, 6, |place| {
            let (port, command, deactivation) = (people.people.clone(), invite(&person), deactivate(person.id));
            async move {
                if place == round % 6 {
                    port.update(deactivation).await.unwrap();
                    return None;
                }
                let invitation = command.invitation.clone();
                unless_refused!(port.invite(command).await, InviteError::Deactivated(_)).map(|()| invitation.id)
            }
        })
        .await;
        assert_all_revoked(&people, &person, stored.into_iter().flatten().count()).await;
    }
}

/// Whichever comes first. A refused use of an invitation sets no password.
pub async fn no_session_stays_usable_that_begins_during_a_deactivation(people: People) {
    for round in 0..ROUNDS {
        let new = person(&format!("ada{round}"));
        let invitation = token_for(&new, TokenKind::Invitation);
        people
            .people
            .create(CreatePerson { invitation: Some(invitation.clone()), ..create(new.clone()) })
            .await
            .unwrap();
        let begun = race(round, 2 + round % 3, |place| {
            let (port, command, deactivation) = (people.people.clone(), accept(&new, &invitation), deactivate(new.id));
            async move {
                if place == round % 2 {
                    port.update(deactivation).await.unwrap();
                    return false;
                }
                unless_refused!(port.accept(command).await, AcceptInvitationError::Unusable).is_some()
            }
        })
        .await;
        let begun = begun.into_iter().filter(|begun| *begun).count();
        assert!(begun <= 1, "{begun} uses of one invitation");
        assert_all_revoked(&people, &new, 1 + begun).await;
        assert_eq!(people.password(&new).await.is_some(), begun == 1);
    }
}

/// Fails unless the person has so many tokens, all of them revoked.
async fn assert_all_revoked(people: &People, person: &Person, count: usize) {
    let tokens = people.all_tokens(ListTokens { person: Some(person.id), ..ListTokens::default() }).await;
    assert_eq!(tokens.len(), count);
    for token in tokens {
        assert!(token.revoked_at.is_some(), "{token:?}");
    }
}
