//! The duties of an [`IdentityRepository`].

use std::any::Any;
use std::sync::Arc;

use futures::poll;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{KnownToken, ListTokens};
use stint_domain::access::{Role, SecretHash, Token, TokenKind};
use stint_domain::ledger::ports::LedgerAdapter;
use stint_domain::people::ports::person::{LastAdmin, ListPeople, UpdatePerson};
use stint_domain::people::ports::provider_identity::{Enter, EnterError, Once, Way};
use stint_domain::people::ports::{IdentityRepository, PersonRepository};
use stint_domain::people::{Identity, Person, PersonStatus};
use stint_domain::timers::ports::TimerRepository;
use stint_domain::values::{PersonId, TokenId};

use super::person::{People, deactivate, person, token_for};
use crate::given::{at, fresh};
use crate::ledger::concurrency::race;
use crate::runtime::Sleeps;
use crate::suite::unless_refused;
use crate::timers::timer::start;

const ROUNDS: usize = 10;

/// An adapter over a fresh, empty ledger, with its people and their identities.
#[derive(Clone)]
pub struct Identities {
    /// People and tokens.
    pub people: People,
    /// The adapter's identities, over the same people.
    pub identities: Arc<dyn IdentityRepository>,
    /// The adapter's timers, of the same people.
    pub timers: Arc<dyn TimerRepository>,
}

/// Makes one test of each duty of an identity repository. The argument is an `async fn() -> Identities`.
#[macro_export]
macro_rules! identity_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (people::provider_identity) {
                an_unknown_identity_is_nobodys,
                a_new_person_comes_with_the_identity_and_the_session,
                a_new_person_whose_handle_is_taken_is_refused_and_links_nothing,
                a_linked_person_gets_a_session,
                an_identity_that_is_not_linked_signs_nobody_in,
                a_person_who_is_signed_in_links_identities_and_stays_as_they_are,
                an_invitation_links_the_identity_and_is_used,
                an_invitation_that_cannot_be_used_links_nothing,
                an_identity_of_another_person_is_refused_and_nothing_happens,
                a_deactivated_person_is_not_signed_in_by_an_identity,
                identities_differ_to_the_letter,
                the_provider_gives_the_role_at_each_sign_in,
                who_becomes_a_viewer_by_the_provider_has_no_timer_any_more,
                the_last_admin_is_not_demoted_by_the_provider,
                a_key_works_once,
                a_key_of_a_refused_sign_in_works_once_more,
                of_racing_sign_ins_with_one_key_one_succeeds,
                of_racing_people_one_gets_the_identity,
                of_racing_admins_whom_the_provider_demotes_one_stays,
                a_sign_in_by_an_identity_that_is_given_up_happens_whole_or_not_at_all,
                no_method_of_identities_blocks_the_runtime,
            }
        }
    };
}

impl Identities {
    /// The ports of an adapter that implements all of them. `guard` keeps its database alive (`()` if nothing has to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: LedgerAdapter + TokenRepository + PersonRepository + IdentityRepository + TimerRepository + Clone + 'static,
    {
        let (identities, timers) = (Arc::new(adapter.clone()), Arc::new(adapter.clone()));
        Self { people: People::new(adapter, guard), identities, timers }
    }

    /// Carries out a command, which must not be refused.
    async fn enter(&self, command: Enter) -> Person {
        self.identities.enter(command).await.unwrap()
    }

    /// Links an identity to the person.
    async fn link(&self, person: &Person, identity: &Identity) {
        self.enter(linking(person, identity)).await;
    }

    /// Whose the identity is.
    async fn owner(&self, identity: &Identity) -> Option<PersonId> {
        self.identities.find(identity.clone()).await.unwrap().map(|person| person.id)
    }

    /// How many sessions are stored, ended ones included.
    async fn sessions(&self) -> usize {
        self.people.all_tokens(ListTokens { kind: Some(TokenKind::Session), ..ListTokens::default() }).await.len()
    }

    async fn assert_has_session(&self, person: &Person, command: &Enter) {
        let session = command.session.clone().unwrap();
        let found = self.people.tokens.find_by_hash(session.secret_hash).await.unwrap();
        assert_eq!(found, Some(KnownToken { token: session, standing: Some(person.standing()) }));
    }
}

fn identity(subject: &str) -> Identity {
    Identity::new("https://id.example.org", subject).unwrap()
}

/// A key that was never used.
fn once() -> Once {
    let bytes = [fresh().into_bytes(), fresh().into_bytes()].concat();
    Once { key: SecretHash(bytes.try_into().unwrap()), until: at(600) }
}

/// Signs the person in, six seconds in.
fn entering(person: &Person, identity: &Identity, way: Way) -> Enter {
    let session = Some(token_for(person, TokenKind::Session));
    Enter { identity: identity.clone(), way, role: None, session, once: once(), at: at(6) }
}

fn linked(person: &Person, identity: &Identity) -> Enter {
    entering(person, identity, Way::Linked(person.id))
}

fn linking(person: &Person, identity: &Identity) -> Enter {
    Enter { session: None, ..entering(person, identity, Way::SignedIn(person.id)) }
}

fn newcomer(person: &Person, identity: &Identity) -> Enter {
    entering(person, identity, Way::New(Box::new(person.clone())))
}

/// And it stays nobody's.
pub async fn an_unknown_identity_is_nobodys(ids: Identities) {
    ids.people.member("ada").await;
    assert_eq!(ids.identities.find(identity("1")).await.unwrap(), None);
}

/// All of it in one transaction.
pub async fn a_new_person_comes_with_the_identity_and_the_session(ids: Identities) {
    let ada = person("ada");
    let command = newcomer(&ada, &identity("1"));
    assert_eq!(ids.enter(command.clone()).await, ada);
    assert_eq!(ids.people.person(ada.id).await, ada);
    assert_eq!(ids.identities.find(identity("1")).await.unwrap(), Some(ada.clone()));
    ids.assert_has_session(&ada, &command).await;
}

/// Whether a person has it or a token.
pub async fn a_new_person_whose_handle_is_taken_is_refused_and_links_nothing(ids: Identities) {
    ids.people.member("ada").await;
    let refused = ids.identities.enter(newcomer(&person("ADA"), &identity("1"))).await;
    assert!(matches!(refused, Err(EnterError::HandleTaken(_))), "{refused:?}");
    let token = Token { person: None, ..token_for(&person("ci"), TokenKind::Api) };
    ids.people.tokens.create(token).await.unwrap();
    let refused = ids.identities.enter(newcomer(&person("CI"), &identity("1"))).await;
    assert!(matches!(refused, Err(EnterError::SubjectTaken(_))), "{refused:?}");
    assert_eq!((ids.owner(&identity("1")).await, ids.sessions().await), (None, 0));
    assert_eq!(ids.people.all(ListPeople::default()).await.len(), 1);
}

/// And nothing else changes.
pub async fn a_linked_person_gets_a_session(ids: Identities) {
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &identity("1")).await;
    let before = ids.people.token(&ada, TokenKind::Session).await;
    let command = linked(&ada, &identity("1"));
    assert_eq!(ids.enter(command.clone()).await, ada);
    ids.assert_has_session(&ada, &command).await;
    ids.people.assert_as_they_are(&[before]).await;
    assert_eq!(ids.people.person(ada.id).await, ada);
}

/// Neither an unknown one, nor that of somebody else.
pub async fn an_identity_that_is_not_linked_signs_nobody_in(ids: Identities) {
    let (ada, bob) = (ids.people.member("ada").await, ids.people.member("bob").await);
    ids.link(&bob, &identity("2")).await;
    for other in ["1", "2"] {
        let refused = ids.identities.enter(linked(&ada, &identity(other))).await;
        assert!(matches!(refused, Err(EnterError::NotLinked)), "{refused:?}");
    }
    assert_eq!((ids.owner(&identity("1")).await, ids.sessions().await), (None, 0));
}

/// They may link several, and each again.
pub async fn a_person_who_is_signed_in_links_identities_and_stays_as_they_are(ids: Identities) {
    let ada = ids.people.member("ada").await;
    let session = ids.people.token(&ada, TokenKind::Session).await;
    for subject in ["1", "2", "1"] {
        assert_eq!(ids.enter(linking(&ada, &identity(subject))).await, ada);
        assert_eq!(ids.owner(&identity(subject)).await, Some(ada.id));
    }
    ids.people.assert_as_they_are(&[session]).await;
    assert_eq!(ids.sessions().await, 1);
}

/// As when it sets a password: all sessions but the new one end.
pub async fn an_invitation_links_the_identity_and_is_used(ids: Identities) {
    let ada = ids.people.member("ada").await;
    let before = ids.people.token(&ada, TokenKind::Session).await;
    let invitation = ids.people.token(&ada, TokenKind::Invitation).await;
    let command = entering(&ada, &identity("1"), Way::Invitation(invitation.id));
    assert_eq!(ids.enter(command.clone()).await, ada);
    assert_eq!(ids.owner(&identity("1")).await, Some(ada.id));
    ids.assert_has_session(&ada, &command).await;
    ids.people.assert_revoked(&[before, invitation.clone()], 6).await;

    let again = entering(&ada, &identity("1"), Way::Invitation(invitation.id));
    let refused = ids.identities.enter(again).await;
    assert!(matches!(refused, Err(EnterError::LinkUnusable)), "{refused:?}");
}

/// Unknown, of another kind, or expired.
pub async fn an_invitation_that_cannot_be_used_links_nothing(ids: Identities) {
    let ada = ids.people.member("ada").await;
    let session = ids.people.token(&ada, TokenKind::Session).await;
    let expired = Token { expires_at: Some(at(6)), ..token_for(&ada, TokenKind::Invitation) };
    ids.people.tokens.create(expired.clone()).await.unwrap();
    for id in [TokenId::new(fresh()), session.id, expired.id] {
        let refused = ids.identities.enter(entering(&ada, &identity("1"), Way::Invitation(id))).await;
        assert!(matches!(refused, Err(EnterError::LinkUnusable)), "{refused:?}");
    }
    assert_eq!((ids.owner(&identity("1")).await, ids.sessions().await), (None, 1));
    ids.people.assert_as_they_are(&[session, expired]).await;
}

/// However the other one comes: nobody is created, and the invitation stays open.
pub async fn an_identity_of_another_person_is_refused_and_nothing_happens(ids: Identities) {
    let (ada, bob) = (ids.people.member("ada").await, ids.people.member("bob").await);
    ids.link(&ada, &identity("1")).await;
    let invitation = ids.people.token(&bob, TokenKind::Invitation).await;
    let eve = person("eve");
    for command in [
        linking(&bob, &identity("1")),
        entering(&bob, &identity("1"), Way::Invitation(invitation.id)),
        newcomer(&eve, &identity("1")),
    ] {
        let refused = ids.identities.enter(command).await;
        assert!(matches!(refused, Err(EnterError::Taken)), "{refused:?}");
    }
    assert_eq!((ids.owner(&identity("1")).await, ids.sessions().await), (Some(ada.id), 0));
    assert_eq!(ids.people.all(ListPeople::default()).await.len(), 2);
    ids.people.assert_as_they_are(&[invitation]).await;
}

/// By no way. Their identity stays theirs.
pub async fn a_deactivated_person_is_not_signed_in_by_an_identity(ids: Identities) {
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &identity("1")).await;
    let gone = ids.people.update(deactivate(ada.id)).await;
    for command in [linked(&ada, &identity("1")), linking(&ada, &identity("2"))] {
        let refused = ids.identities.enter(Enter { role: Some(Role::Admin), ..command }).await;
        assert!(matches!(refused, Err(EnterError::Inactive)), "{refused:?}");
    }
    let nobody = person("nobody");
    let refused = ids.identities.enter(linked(&nobody, &identity("1"))).await;
    assert!(matches!(refused, Err(EnterError::Inactive)), "{refused:?}");
    assert_eq!(ids.identities.find(identity("1")).await.unwrap(), Some(gone));
    assert_eq!((ids.owner(&identity("2")).await, ids.sessions().await), (None, 0));
}

/// Case, spaces and the issuer count.
pub async fn identities_differ_to_the_letter(ids: Identities) {
    let of = |issuer: &str, subject: &str| Identity::new(issuer, subject).unwrap();
    let all = [of("i", "s"), of("i", "S"), of("I", "s"), of("i ", "s"), of("i", " s"), of("is", "x"), of("i", "sx")];
    for (number, identity) in all.iter().enumerate() {
        ids.link(&ids.people.member(&format!("ada{number}")).await, identity).await;
    }
    let mut owners = Vec::new();
    for identity in &all {
        owners.push(ids.identities.find(identity.clone()).await.unwrap().unwrap().handle.to_string());
    }
    assert_eq!(owners, (0..all.len()).map(|number| format!("ada{number}")).collect::<Vec<_>>());
    let longest = "ä".repeat(Identity::MAX_CHARS);
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &of(&longest, &longest)).await;
    assert_eq!(ids.owner(&of(&longest, &longest)).await, Some(ada.id));
}

/// With the next version. A role that the person has already changes nothing.
pub async fn the_provider_gives_the_role_at_each_sign_in(ids: Identities) {
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &identity("1")).await;
    let mut before = ada.clone();
    for role in [Role::Member, Role::Admin, Role::Admin, Role::Viewer] {
        ids.people.admin(&format!("admin-{}", fresh())).await;
        let command = Enter { role: Some(role), ..linked(&ada, &identity("1")) };
        let entered = ids.enter(command.clone()).await;
        assert_eq!(ids.people.person(ada.id).await, entered);
        ids.assert_has_session(&entered, &command).await;
        assert_eq!((entered.role, entered.version > before.version), (role, role != before.role));
        before = entered;
    }
    let invitation = ids.people.token(&ada, TokenKind::Invitation).await;
    let way = Way::Invitation(invitation.id);
    let command = Enter { role: Some(Role::Manager), ..entering(&ada, &identity("2"), way) };
    assert_eq!(ids.enter(command).await.role, Role::Manager);
}

/// As by an update: a viewer could not end it.
pub async fn who_becomes_a_viewer_by_the_provider_has_no_timer_any_more(ids: Identities) {
    let (ada, bob) = (ids.people.member("ada").await, ids.people.member("bob").await);
    let job = ids.people.ledger.open_job().await;
    ids.link(&ada, &identity("1")).await;
    for person in [&ada, &bob] {
        ids.timers.start(start(person, &job)).await.unwrap();
    }
    for (role, runs) in [(Role::Manager, true), (Role::Viewer, false)] {
        ids.enter(Enter { role: Some(role), ..linked(&ada, &identity("1")) }).await;
        assert_eq!(ids.timers.find(ada.id).await.unwrap().is_some(), runs, "as {role}");
    }
    assert!(ids.timers.find(bob.id).await.unwrap().is_some());
}

/// And is not signed in; another admin may be.
pub async fn the_last_admin_is_not_demoted_by_the_provider(ids: Identities) {
    let ada = ids.people.admin("ada").await;
    ids.link(&ada, &identity("1")).await;
    let invitation = ids.people.token(&ada, TokenKind::Invitation).await;
    let demoted = |way| Enter { role: Some(Role::Member), ..entering(&ada, &identity("1"), way) };
    for way in [Way::Linked(ada.id), Way::Invitation(invitation.id)] {
        let refused = ids.identities.enter(demoted(way)).await;
        assert!(matches!(&refused, Err(EnterError::LastAdmin(handle)) if *handle == ada.handle), "{refused:?}");
    }
    assert_eq!((ids.people.person(ada.id).await, ids.sessions().await), (ada.clone(), 0));
    ids.people.assert_as_they_are(&[invitation]).await;
    ids.people.admin("bob").await;
    assert_eq!(ids.enter(demoted(Way::Linked(ada.id))).await.role, Role::Member);
}

/// Whatever the second command is. The first refusal in the order of the variants.
pub async fn a_key_works_once(ids: Identities) {
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &identity("1")).await;
    let first = linked(&ada, &identity("1"));
    ids.enter(first.clone()).await;
    let once = first.once;
    for again in [
        Enter { once, ..linked(&ada, &identity("1")) },
        Enter { once, ..linking(&ada, &identity("2")) },
        Enter { once, ..newcomer(&person("bob"), &identity("3")) },
        Enter { once, ..entering(&ada, &identity("1"), Way::Invitation(TokenId::new(fresh()))) },
    ] {
        let refused = ids.identities.enter(again).await;
        assert!(matches!(refused, Err(EnterError::Used)), "{refused:?}");
    }
    assert_eq!(
        (ids.owner(&identity("2")).await, ids.owner(&identity("3")).await, ids.sessions().await),
        (None, None, 1)
    );
}

/// A refused command changes nothing.
pub async fn a_key_of_a_refused_sign_in_works_once_more(ids: Identities) {
    let ada = ids.people.member("ada").await;
    let command = linked(&ada, &identity("1"));
    assert!(matches!(ids.identities.enter(command.clone()).await, Err(EnterError::NotLinked)));
    ids.link(&ada, &identity("1")).await;
    ids.enter(command).await;
}

/// The others leave no session.
pub async fn of_racing_sign_ins_with_one_key_one_succeeds(ids: Identities) {
    let ada = ids.people.member("ada").await;
    ids.link(&ada, &identity("1")).await;
    for round in 0..ROUNDS {
        let once = once();
        let commands: Vec<Enter> = (0..6).map(|_| Enter { once, ..linked(&ada, &identity("1")) }).collect();
        let used = race(round, commands.len(), |place| {
            let (port, command) = (ids.identities.clone(), commands[place].clone());
            async move { unless_refused!(port.enter(command).await, EnterError::Used).is_some() }
        })
        .await;
        assert_eq!(used.iter().filter(|used| **used).count(), 1, "of six at once");
        assert_eq!(ids.sessions().await, round + 1);
    }
}

/// Some are new, some are signed in. Of those who are new, the others are not created.
pub async fn of_racing_people_one_gets_the_identity(ids: Identities) {
    for round in 0..ROUNDS {
        let identity = identity(&format!("{round}"));
        let mut commands = Vec::new();
        for number in 0..6 {
            let handle = format!("p{round}-{number}");
            commands.push(if number % 2 == 0 {
                newcomer(&person(&handle), &identity)
            } else {
                linking(&ids.people.member(&handle).await, &identity)
            });
        }
        let got = race(round, commands.len(), |place| {
            let (port, command) = (ids.identities.clone(), commands[place].clone());
            async move { unless_refused!(port.enter(command).await, EnterError::Taken) }
        })
        .await;
        let got: Vec<Person> = got.into_iter().flatten().collect();
        assert_eq!(got.len(), 1, "of six at once");
        assert_eq!(ids.owner(&identity).await, Some(got[0].id));
        let new = commands.iter().filter(|command| match &command.way {
            Way::New(person) => person.id == got[0].id,
            _ => true,
        });
        let expected = new.count();
        let there = ids.people.all(ListPeople::default()).await;
        let of_round = there.iter().filter(|person| person.handle.as_str().starts_with(&format!("p{round}-")));
        assert_eq!(of_round.count(), expected, "whoever did not get it was not created");
    }
}

/// Whoever is first.
pub async fn of_racing_admins_whom_the_provider_demotes_one_stays(ids: Identities) {
    for round in 0..ROUNDS {
        let mut admins = Vec::new();
        for number in 0..2 + round % 3 {
            let admin = ids.people.admin(&format!("ada{round}-{number}")).await;
            let identity = identity(admin.handle.as_str());
            ids.link(&admin, &identity).await;
            admins.push((admin, identity));
        }
        let gone = race(round, admins.len(), |place| {
            let (port, (admin, identity)) = (ids.identities.clone(), &admins[place]);
            let command = Enter { role: Some(Role::Member), ..linked(admin, identity) };
            async move { unless_refused!(port.enter(command).await, EnterError::LastAdmin(_)).is_some() }
        })
        .await;
        assert_eq!(gone.iter().filter(|gone| !**gone).count(), 1, "one of {} admins stays", admins.len());
        let active =
            ListPeople { role: Some(Role::Admin), status: Some(PersonStatus::Active), ..ListPeople::default() };
        let stays = ids.people.all(active).await;
        assert_eq!(stays.len(), 1);
        // The next round's admins are alone.
        let going = UpdatePerson { last_admin: LastAdmin::MayGo, ..deactivate(stays[0].id) };
        ids.people.update(going).await;
    }
}

/// At any point of the call.
pub async fn a_sign_in_by_an_identity_that_is_given_up_happens_whole_or_not_at_all(ids: Identities) {
    for turns in 0..24 {
        let new = person(&format!("ada{turns}"));
        let identity = identity(&format!("{turns}"));
        let command = newcomer(&new, &identity);
        let mut call = ids.identities.enter(command.clone());
        for _ in 0..turns {
            if poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(call);
        // After a repeat, whatever was under way changes nothing any more.
        unless_refused!(ids.identities.enter(command.clone()).await, EnterError::Used);
        assert_eq!(ids.owner(&identity).await, Some(new.id));
        ids.assert_has_session(&new, &command).await;
    }
}

/// See [`mod@crate::runtime`].
pub async fn no_method_of_identities_blocks_the_runtime(ids: Identities) {
    const CALLS: usize = 12;
    let (port, mut sleeps) = (&ids.identities, Sleeps::default());
    for number in 0..CALLS {
        let new = person(&format!("ada{number}"));
        let identity = identity(&format!("{number}"));
        sleeps.of("IdentityRepository::enter of somebody new", port.enter(newcomer(&new, &identity))).await.unwrap();
        sleeps.of("IdentityRepository::enter", port.enter(linked(&new, &identity))).await.unwrap();
        sleeps.of("IdentityRepository::find", port.find(identity)).await.unwrap();
    }
    sleeps.assert_few_of(CALLS);
}
