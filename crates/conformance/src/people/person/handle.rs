//! Handles and subjects are one name space.

use stint_domain::access::ports::token::{CreateTokenError, ListTokens, Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, NewTimeEntry};
use stint_domain::people::Person;
use stint_domain::people::ports::person::{CreatePerson, CreatePersonError, ListPeople};
use stint_domain::values::PersonId;

use super::{People, create, deactivate, handle, person, token_for};
use crate::given::{at, entry, fresh, subject, token_of};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 10;

/// Pairs of texts that are one handle.
const ALIKE: [(&str, &str); 7] = [
    ("ada", "ada"),
    ("Bob", "bOB"),
    ("STRASSE", "straße"),
    ("ｗｉｄｅ", "WIDE"),
    ("ﬁn", "FIN"),
    ("BÜRO", "bu\u{308}ro"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
];

/// The refusal names the handle that was asked for, and no trace is left.
pub async fn a_handle_is_taken_whatever_its_case_or_width(people: People) {
    for (first, second) in ALIKE {
        let first = people.member(first).await;
        for adopt in [false, true] {
            let new = person(second);
            let invitation = token_for(&new, TokenKind::Invitation);
            let command = CreatePerson { adopt, invitation: Some(invitation.clone()), ..create(new.clone()) };
            let refused = people.people.create(command).await;
            let is_expected = matches!(&refused, Err(CreatePersonError::HandleTaken(taken)) if *taken == new.handle);
            assert!(is_expected, "{second}: {refused:?}");
            assert_eq!(people.people.find(new.id).await.unwrap(), None);
            assert_eq!(people.tokens.find(invitation.id).await.unwrap(), None);
        }
        assert_eq!(people.person(first.id).await, first);
    }
    assert_eq!(people.all(ListPeople::default()).await.len(), ALIKE.len());
}

/// What they logged is still under it.
pub async fn the_handle_of_a_deactivated_person_stays_taken(people: People) {
    let gone = people.member("ada").await;
    people.update(deactivate(gone.id)).await;
    let refused = people.people.create(create(person("Ada"))).await;
    assert!(matches!(refused, Err(CreatePersonError::HandleTaken(_))), "{refused:?}");
}

/// In whatever case each of them writes it. The one is stored with the invitation, and nothing of the others is.
pub async fn of_people_with_one_handle_created_at_once_one_is_stored(people: People) {
    for round in 0..ROUNDS {
        let new: Vec<Person> = ["ada", "ADA", "Ada", "aDa", "ａｄａ", "adA"]
            .map(|text| Person { id: PersonId::new(fresh()), ..person(&format!("{text}{round}")) })
            .to_vec();
        let stored = race(round, new.len(), |place| {
            let (people, new) = (people.people.clone(), new[place].clone());
            let invitation = Some(token_for(&new, TokenKind::Invitation));
            async move {
                let created = people.create(CreatePerson { invitation, ..create(new) }).await;
                unless_refused!(created, CreatePersonError::HandleTaken(_))
            }
        })
        .await;
        let stored: Vec<Person> = stored.into_iter().flatten().collect();
        assert_eq!(stored.len(), 1, "of six with one handle: {stored:?}");
        for person in new {
            let found = people.people.find(person.id).await.unwrap();
            assert_eq!(found.as_ref(), stored.first().filter(|stored| stored.id == person.id));
        }
        let account = people.people.find_account(handle(&format!("ada{round}"))).await.unwrap();
        assert_eq!(account.map(|account| account.person).as_ref(), stored.first());
    }
    let invitations = people.all_tokens(ListTokens::default()).await;
    let mut invited: Vec<_> = invitations.into_iter().map(|token| token.person).collect();
    let mut stored: Vec<_> =
        people.all(ListPeople::default()).await.into_iter().map(|person| Some(person.id)).collect();
    invited.sort();
    stored.sort();
    assert_eq!(invited, stored);
}

/// In whatever case, of each kind, and when the token is revoked. No trace is left.
pub async fn a_handle_that_a_token_has_as_its_subject_is_refused(people: People) {
    for (place, (first, second)) in ALIKE.into_iter().enumerate() {
        let token = Token { subject: subject(first), ..token_of(TokenKind::ALL[place % TokenKind::ALL.len()]) };
        people.tokens.create(token.clone()).await.unwrap();
        if place % 2 == 1 {
            people.tokens.revoke(RevokeToken { id: token.id, at: at(3), made: Made::Keep }).await.unwrap();
        }
        assert_subject_taken(&people, second).await;
    }
}

/// In whatever case.
pub async fn a_handle_that_an_entry_has_as_its_subject_is_refused(people: People) {
    let job = people.ledger.open_job().await.id;
    for (first, second) in ALIKE {
        people.ledger.record(NewTimeEntry { created_by: subject(first), ..entry(job) }).await;
        assert_subject_taken(&people, second).await;
    }
}

async fn assert_subject_taken(people: &People, text: &str) {
    let new = person(text);
    let invitation = token_for(&new, TokenKind::Invitation);
    let command = CreatePerson { invitation: Some(invitation.clone()), ..create(new.clone()) };
    let refused = people.people.create(command).await;
    let is_expected = matches!(&refused, Err(CreatePersonError::SubjectTaken(taken)) if *taken == new.handle);
    assert!(is_expected, "{text}: {refused:?}");
    assert_eq!(people.people.find(new.id).await.unwrap(), None);
    assert_eq!(people.people.find_account(new.handle).await.unwrap(), None);
    assert_eq!(people.tokens.find(invitation.id).await.unwrap(), None);
}

/// A part of a subject, a longer one, one with another mark or accent, and the name of a token.
pub async fn a_handle_that_is_like_a_subject_but_not_it_is_free(people: People) {
    let job = people.ledger.open_job().await.id;
    for text in ["ada lovelace", "bobby", "büro", "axa", "eve@example.org"] {
        let token = Token { name: subject("carl"), subject: subject(text), ..token_of(TokenKind::Api) };
        people.tokens.create(token).await.unwrap();
        people.ledger.record(NewTimeEntry { created_by: subject(text), ..entry(job) }).await;
    }
    for free in ["ada", "lovelace", "bob", "buro", "a_a", "a.a", "eve", "carl"] {
        people.member(free).await;
    }
}

/// The first refusal in the order of the variants.
pub async fn a_taken_handle_is_refused_before_a_taken_subject(people: People) {
    let first = people.member("ada").await;
    people.token(&first, TokenKind::Api).await;
    let job = people.ledger.open_job().await.id;
    people.ledger.record(NewTimeEntry { created_by: subject("ada"), ..entry(job) }).await;
    let refused = people.people.create(create(person("Ada"))).await;
    assert!(matches!(refused, Err(CreatePersonError::HandleTaken(_))), "{refused:?}");
}

/// The tokens stay nobody's, and the entries as they were. Afterwards it is a handle like any other.
pub async fn a_taken_subject_can_be_adopted_and_stays_as_it_is(people: People) {
    let job = people.ledger.open_job().await.id;
    let token = Token { subject: subject("Ada"), ..token_of(TokenKind::Api) };
    people.tokens.create(token.clone()).await.unwrap();
    people.ledger.record(NewTimeEntry { created_by: subject("ADA"), ..entry(job) }).await;
    let entries = people.ledger.all_entries(ListTimeEntries::default()).await;
    let job = people.ledger.job(job).await;

    let new = person("ada");
    assert_eq!(people.people.create(CreatePerson { adopt: true, ..create(new.clone()) }).await.unwrap(), new);
    assert_eq!(people.person(new.id).await, new);
    people.assert_as_they_are(&[token]).await;
    assert_eq!(people.ledger.all_entries(ListTimeEntries::default()).await, entries);
    assert_eq!(people.ledger.job(job.id).await, job);
    let refused = people.tokens.create(Token { subject: subject("Ada"), ..token_of(TokenKind::Api) }).await;
    assert!(matches!(refused, Err(CreateTokenError::SubjectIsPersons(_))), "{refused:?}");
    // A command may also adopt where nothing is.
    people.people.create(CreatePerson { adopt: true, ..create(person("bob")) }).await.unwrap();
}

/// Adopting is about what is nobody's.
pub async fn a_handle_of_a_person_cannot_be_adopted(people: People) {
    let first = people.member("ada").await;
    let refused = people.people.create(CreatePerson { adopt: true, ..create(person("ada")) }).await;
    assert!(matches!(refused, Err(CreatePersonError::HandleTaken(_))), "{refused:?}");
    assert_eq!(people.all(ListPeople::default()).await, [first]);
}

/// In whatever case, of each kind, and when the person is deactivated. The refusal names the subject, and no trace is
/// left.
pub async fn a_token_of_nobody_may_not_name_the_handle_of_a_person(people: People) {
    for (place, (first, second)) in ALIKE.into_iter().enumerate() {
        let person = people.member(first).await;
        if place % 2 == 1 {
            people.update(deactivate(person.id)).await;
        }
        for kind in TokenKind::ALL {
            let token = Token { subject: subject(second), ..token_of(kind) };
            let refused = people.tokens.create(token.clone()).await;
            let is_expected =
                matches!(&refused, Err(CreateTokenError::SubjectIsPersons(refused)) if *refused == token.subject);
            assert!(is_expected, "{second}: {refused:?}");
            assert_eq!(people.tokens.find(token.id).await.unwrap(), None);
            assert_eq!(people.tokens.find_by_hash(token.secret_hash).await.unwrap(), None);
        }
    }
    people
        .tokens
        .create(Token { name: subject("ada"), subject: subject("ad"), ..token_of(TokenKind::Api) })
        .await
        .unwrap();
    people.tokens.create(Token { subject: subject("ada l"), ..token_of(TokenKind::Api) }).await.unwrap();
}

/// Whichever comes first. So nobody has two meanings.
pub async fn of_a_person_and_a_token_with_one_subject_created_at_once_one_is_refused(people: People) {
    for round in 0..ROUNDS {
        let created = race(round, 5, |place| {
            let (people, text) = (people.clone(), format!("{}{round}", ["ada", "Ada", "ADA", "ａｄａ", "aDA"][place]));
            let token = Token { subject: subject(&text), ..token_of(TokenKind::ALL[place % 2]) };
            async move {
                // So that each has its turn to be the first.
                if place == round % 5 {
                    let created = people.people.create(create(person(&text))).await;
                    return unless_refused!(created, CreatePersonError::SubjectTaken(_)).is_some();
                }
                unless_refused!(people.tokens.create(token).await, CreateTokenError::SubjectIsPersons(_)).is_some()
            }
        })
        .await;
        let person = created[round % 5];
        let tokens = (0..5).filter(|place| *place != round % 5 && created[*place]).count();
        assert_eq!(tokens, if person { 0 } else { 4 }, "the person is stored: {person}");
    }
}
