//! Who is let in, as whom, and who is not.

use std::sync::Mutex;

use super::*;
use crate::access::ports::{MockSecrets, MockTokenRepository};
use crate::access::{SecretHash, Token};
use crate::people::ports::provider_identity::Once;
use crate::people::ports::{MockIdentityProvider, MockIdentityRepository, MockPersonRepository};
use crate::people::{Identity, RoleTable};
use crate::test::{at, principal, sources};

const SECRET: &str = "stint_invitation_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn identity() -> Identity {
    Identity::new("https://id.example.org", "0123").unwrap()
}

fn claims() -> Claims {
    let text = |text: &str| Some(text.to_owned());
    let (handle, name, email) = (text("ada@example.org"), text("Ada Lovelace"), text("ada@example.org"));
    Claims { identity: identity(), handle, name, email, roles: vec!["staff".to_owned()] }
}

fn ada() -> Person {
    let name = PersonName::new("Ada").unwrap();
    new(PersonId::new(uuid::Uuid::from_u128(4)), Handle::new("ada").unwrap(), name, Role::Admin, at())
}

fn once() -> Once {
    Once { key: SecretHash([3; 32]), until: at() }
}

fn secret(kind: TokenKind) -> TokenSecret {
    TokenSecret::of(kind, &format!("{}{}", TokenSecret::prefix(kind).unwrap(), "a".repeat(43))).unwrap()
}

/// Somebody who comes back with this note, and whoever the identity belongs to.
struct Scene {
    claims: Claims,
    note: String,
    is_bound: bool,
    known: Option<Person>,
    rules: PeopleRules,
    principal: Option<Principal>,
}

impl Scene {
    fn of(note: &str, known: Option<Person>) -> Self {
        let (note, rules) = (format!("{note}./reports"), PeopleRules::default());
        Self { claims: claims(), note, is_bound: false, known, rules, principal: None }
    }

    /// What the service answers, and the command that it gave.
    async fn arrive(self) -> (Result<Returned, ProviderSignInError>, Option<Enter>) {
        let Self { claims, note, is_bound, known, rules, principal } = self;
        let (mut provider, mut identities) = (MockIdentityProvider::new(), MockIdentityRepository::new());
        let arrived = Arrived { claims, note, is_bound, once: once() };
        provider.expect_arrive().return_once(|_| Ok(arrived));
        identities.expect_find().returning(move |_| Ok(known.clone()));
        let given = Arc::new(Mutex::new(None));
        let kept = given.clone();
        identities.expect_enter().returning(move |command| {
            *kept.lock().unwrap() = Some(command);
            Ok(ada())
        });
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        secrets.expect_generate().returning(|kind| Ok(secret(kind)));
        secrets.expect_hash().return_const(SecretHash([7; 32]));
        tokens.expect_find_by_hash().returning(|hash| {
            let kind = TokenKind::Invitation;
            let (session, _) =
                of_person(&FixedSecrets, &sources(), &ada(), kind, (at(), std::time::Duration::MAX)).unwrap();
            let token = Token { secret_hash: hash, ..session };
            Ok(Some(crate::access::ports::token::KnownToken { token, standing: Some(ada().standing()) }))
        });
        let mut people = MockPersonRepository::new();
        people.expect_find().returning(|_| Ok(Some(ada())));
        let access = AccessPorts { tokens: Arc::new(tokens), secrets: Arc::new(secrets) };
        let ports = PeoplePorts {
            people: Arc::new(people),
            identities: Arc::new(identities),
            provider: Some(Arc::new(provider)),
            ..PeoplePorts::mocks()
        };
        let guesses = Arc::new(crate::people::services::Guesses::new(sources().clock));
        let sessions = SessionService::new(&ports, &access, &sources(), guesses, &rules);
        let service = ProviderService::new(&ports, &access, &sources(), &sessions, &rules);
        let arrival = Arrival {
            kept: String::new(),
            bound_to: None,
            state: String::new(),
            answer: Ok(String::new()),
            issuer: None,
        };
        let answer = service.arrive(arrival, principal.as_ref()).await;
        let given = given.lock().unwrap().take();
        (answer, given)
    }
}

struct FixedSecrets;

impl crate::access::ports::Secrets for FixedSecrets {
    fn generate(&self, kind: TokenKind) -> Result<TokenSecret, BackendError> {
        Ok(secret(kind))
    }

    fn hash(&self, _: &TokenSecret) -> SecretHash {
        SecretHash([7; 32])
    }
}

fn table() -> PeopleRules {
    let rows = [("bosses", Role::Admin), ("staff", Role::Viewer)].map(|(value, role)| (value.to_owned(), role));
    PeopleRules { roles: Some(RoleTable::new(rows.to_vec())), ..PeopleRules::default() }
}

#[tokio::test]
async fn a_linked_person_gets_a_session_of_twelve_hours_and_goes_where_they_wanted() {
    let (answer, command) = Scene::of(SIGN_IN, Some(ada())).arrive().await;
    let Returned { signed_in, return_to } = answer.unwrap();
    assert_eq!(return_to, "/reports");
    let (session, command) = (signed_in.unwrap().session, command.unwrap());
    assert_eq!(session.expires_at, Some(at().later(Authenticator::SESSION_OF_PROVIDER)));
    let expected = Enter {
        identity: identity(),
        way: Way::Linked(ada().id),
        role: None,
        session: Some(session),
        once: once(),
        at: at(),
    };
    assert_eq!(command, expected);
}

#[tokio::test]
async fn somebody_unknown_is_made_only_where_the_rules_say_so() {
    let (refused, command) = Scene::of(SIGN_IN, None).arrive().await;
    assert!(matches!(refused, Err(ProviderSignInError::NotLinked)) && command.is_none(), "{refused:?}");

    let rules = PeopleRules { create_people: true, ..PeopleRules::default() };
    let (_, command) = Scene { rules: rules.clone(), ..Scene::of(SIGN_IN, None) }.arrive().await;
    let Some(Enter { way: Way::New(person), session: Some(session), .. }) = command else { panic!() };
    assert_eq!((person.handle.as_str(), person.name.as_str(), person.role), ("ada", "Ada Lovelace", Role::Member));
    assert_eq!(person.email.as_ref().map(Email::as_str), Some("ada@example.org"));
    assert_eq!((session.person, &session.subject), (Some(person.id), person.handle.subject()));

    for handle in [None, Some("ada lovelace".to_owned()), Some("@x".to_owned())] {
        let claims = Claims { handle, ..claims() };
        let (refused, _) = Scene { rules: rules.clone(), claims, ..Scene::of(SIGN_IN, None) }.arrive().await;
        assert!(matches!(refused, Err(ProviderSignInError::NoHandle)), "{refused:?}");
    }
}

#[tokio::test]
async fn the_table_gives_the_role_and_whom_it_gives_none_stays_outside() {
    for note in [SIGN_IN, SECRET] {
        let (_, command) = Scene { rules: table(), ..Scene::of(note, Some(ada())) }.arrive().await;
        assert_eq!(command.unwrap().role, Some(Role::Viewer), "{note}");
        let claims = Claims { roles: vec![], ..claims() };
        let (refused, command) = Scene { rules: table(), claims, ..Scene::of(note, Some(ada())) }.arrive().await;
        assert!(matches!(refused, Err(ProviderSignInError::NoRole)) && command.is_none(), "{refused:?}");
    }
    let rules = PeopleRules { create_people: true, ..table() };
    let (_, command) = Scene { rules, ..Scene::of(SIGN_IN, None) }.arrive().await;
    let Some(Enter { way: Way::New(person), .. }) = command else { panic!() };
    assert_eq!(person.role, Role::Viewer);
}

#[tokio::test]
async fn an_identity_is_linked_from_the_session_that_asked_for_it_and_from_no_other() {
    let of_ada = |kind| Principal { person: Some(ada().id), kind, ..principal("read") };
    let scene = |principal: Option<Principal>, is_bound| Scene { is_bound, principal, ..Scene::of(LINK, None) };
    let (answer, command) = scene(Some(of_ada(TokenKind::Session)), true).arrive().await;
    assert!(answer.unwrap().signed_in.is_none());
    let Enter { way, role, session, .. } = command.unwrap();
    assert_eq!((way, role, session), (Way::SignedIn(ada().id), None, None));
    for (principal, is_bound) in
        [(None, true), (Some(of_ada(TokenKind::Session)), false), (Some(of_ada(TokenKind::Api)), true)]
    {
        let (refused, command) = scene(principal, is_bound).arrive().await;
        assert!(matches!(refused, Err(ProviderSignInError::SignedOut)) && command.is_none(), "{refused:?}");
    }
}

#[tokio::test]
async fn an_open_invitation_links_the_identity_to_its_person() {
    let (answer, command) = Scene::of(SECRET, None).arrive().await;
    assert!(answer.unwrap().signed_in.is_some());
    assert!(matches!(command.unwrap().way, Way::Invitation(_)));
    for secret in ["", "stint_invitation_x", "on"] {
        let (refused, command) = Scene::of(secret, None).arrive().await;
        let unusable = matches!(refused, Err(ProviderSignInError::Enter(EnterError::LinkUnusable)));
        assert!(unusable && command.is_none(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_token_of_the_provider_acts_as_the_active_person_and_as_nobody_else() {
    let gone = Person { status: PersonStatus::Deactivated, ..ada() };
    for (known, expected) in [(Some(ada()), true), (Some(gone), false), (None, false)] {
        let (mut provider, mut identities) = (MockIdentityProvider::new(), MockIdentityRepository::new());
        provider.expect_verify().returning(|_| Ok(claims()));
        identities.expect_find().returning(move |_| Ok(known.clone()));
        let ports = PeoplePorts {
            identities: Arc::new(identities),
            provider: Some(Arc::new(provider)),
            ..PeoplePorts::mocks()
        };
        let rules = PeopleRules::default();
        let access = AccessPorts::mocks();
        let guesses = Arc::new(crate::people::services::Guesses::new(sources().clock));
        let sessions = SessionService::new(&ports, &access, &sources(), guesses, &rules);
        let service = ProviderService::new(&ports, &access, &sources(), &sessions, &rules);
        match service.authenticate("e.e.e".to_owned()).await {
            Ok(principal) => {
                assert!(expected);
                assert_eq!((principal.person, principal.scopes), (Some(ada().id), Role::Admin.scopes()));
                assert_eq!(principal.maker(), None, "what it makes does not go with it");
            }
            Err(error) => assert!(!expected && matches!(error, BearerError::Unknown), "{error:?}"),
        }
    }
}
