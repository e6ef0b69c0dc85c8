//! Changing some fields of a person.

use stint_domain::access::{Role, TokenKind};
use stint_domain::ledger::{Precondition, PreconditionFailed};
use stint_domain::people::ports::person::{ChangePersonError, PersonChanges, UpdatePerson};
use stint_domain::people::{Email, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{PersonId, Version};

use super::{People, set_role, update};
use crate::given::{at, exactly, fresh, stale};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 8;

/// One change of each field, and one that takes the address away.
fn changes() -> [PersonChanges; 7] {
    let none = PersonChanges::default;
    [
        PersonChanges { name: Some(PersonName::new("Ada King").unwrap()), ..none() },
        PersonChanges { email: Some(Some(Email::new("ada@example.org").unwrap())), ..none() },
        PersonChanges { role: Some(Role::Manager), ..none() },
        PersonChanges { time_zone: Some("Europe/Berlin".parse().unwrap()), ..none() },
        PersonChanges { week_starts_on: Some(WeekStart::Sunday), ..none() },
        PersonChanges { email: Some(None), ..none() },
        PersonChanges { status: Some(PersonStatus::Deactivated), ..none() },
    ]
}

/// The person with these changes, made so many seconds in.
fn changed(person: Person, changes: PersonChanges, seconds: i64) -> Person {
    let PersonChanges { name, email, role, status, time_zone, week_starts_on } = changes;
    Person {
        name: name.unwrap_or(person.name),
        email: email.unwrap_or(person.email),
        role: role.unwrap_or(person.role),
        status: status.unwrap_or(person.status),
        time_zone: time_zone.unwrap_or(person.time_zone),
        week_starts_on: week_starts_on.unwrap_or(person.week_starts_on),
        version: person.version.next(),
        updated_at: at(seconds),
        ..person
    }
}

/// Other fields stay, and other people do. The version is the next one, and `updated_at` the command's `at`.
pub async fn each_field_of_a_person_changes_alone(people: People) {
    let (mut expected, other) = (people.member("ada").await, people.member("bob").await);
    for (seconds, changes) in (5..).zip(changes()) {
        let command = UpdatePerson { changes: changes.clone(), at: at(seconds), ..update(expected.id) };
        expected = changed(expected, changes, seconds);
        assert_eq!(people.people.update(command).await.unwrap(), expected);
        assert_eq!(people.person(expected.id).await, expected);
    }
    assert_eq!(people.person(other.id).await, other);
}

/// In one change.
pub async fn all_fields_of_a_person_change_together(people: People) {
    let before = people.member("ada").await;
    let changes = PersonChanges {
        name: Some(PersonName::new("🦭").unwrap()),
        email: Some(Some(Email::new("ada@example.org").unwrap())),
        role: Some(Role::Viewer),
        status: Some(PersonStatus::Deactivated),
        time_zone: Some("Etc/GMT+9".parse().unwrap()),
        week_starts_on: Some(WeekStart::Saturday),
    };
    let command = UpdatePerson { changes: changes.clone(), at: at(5), ..update(before.id) };
    let expected = changed(before, changes, 5);
    assert_eq!(people.people.update(command).await.unwrap(), expected);
    assert_eq!(people.person(expected.id).await, expected);
}

/// The change happens all the same.
pub async fn a_change_of_a_person_that_waited_sets_no_moment_back(people: People) {
    let before = people.member("ada").await;
    let late = people.update(UpdatePerson { at: at(9), ..set_role(before.id, Role::Viewer) }).await;
    let early = people.update(UpdatePerson { at: at(8), ..set_role(before.id, Role::Manager) }).await;
    assert_eq!(early, Person { role: Role::Manager, version: late.version.next(), ..late });
    assert_eq!(people.person(before.id).await, early);
}

/// Neither the version nor the moment.
pub async fn an_update_of_a_person_without_fields_changes_nothing(people: People) {
    let before = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&before).await;
    assert_eq!(people.people.update(UpdatePerson { at: at(9), ..update(before.id) }).await.unwrap(), before);
    assert_eq!(people.person(before.id).await, before);
    people.assert_as_they_are(&tokens).await;
}

/// When the person is unknown, or the precondition does not hold.
pub async fn an_update_of_a_person_without_fields_is_refused_like_any_other(people: People) {
    let before = people.member("ada").await;
    for precondition in [stale(), Precondition::Absent] {
        let refused = people.people.update(UpdatePerson { precondition, ..update(before.id) }).await;
        assert_failed(&refused, before.version);
    }
    let unknown = PersonId::new(fresh());
    let refused = people.people.update(update(unknown)).await;
    assert!(matches!(refused, Err(ChangePersonError::NotFound(id)) if id == unknown), "{refused:?}");
    let passed =
        people.people.update(UpdatePerson { precondition: exactly(before.version), ..update(before.id) }).await;
    assert_eq!(passed.unwrap(), before);
}

/// The first refusal in the order of the variants. Nobody comes to be.
pub async fn an_update_of_an_unknown_person_is_refused_before_its_precondition(people: People) {
    people.member("ada").await;
    let unknown = PersonId::new(fresh());
    for precondition in [Precondition::None, Precondition::Exists, Precondition::Absent, stale()] {
        let refused = people.people.update(UpdatePerson { precondition, ..set_role(unknown, Role::Viewer) }).await;
        assert!(matches!(refused, Err(ChangePersonError::NotFound(id)) if id == unknown), "{refused:?}");
    }
    assert_eq!(people.people.find(unknown).await.unwrap(), None);
}

/// The current version matches, also among others. An earlier one does not, nor does an empty list.
pub async fn an_update_of_a_person_keeps_its_precondition(people: People) {
    let first = people.member("ada").await;
    let tokens = people.tokens_of_each_kind(&first).await;
    let guarded = |precondition, role| UpdatePerson { precondition, ..set_role(first.id, role) };
    let second = people.update(guarded(exactly(first.version), Role::Viewer)).await;
    for precondition in [exactly(first.version), Precondition::Version(vec![]), Precondition::Absent] {
        let refused = people.people.update(guarded(precondition, Role::Manager)).await;
        assert_failed(&refused, second.version);
        assert_eq!(people.person(first.id).await, second);
    }
    let either = Precondition::Version(vec![first.version, second.version]);
    for (precondition, role) in [(either, Role::Member), (Precondition::Exists, Role::Viewer)] {
        assert_eq!(people.update(guarded(precondition, role)).await.role, role);
    }
    people.assert_as_they_are(&tokens).await;
}

/// Each of them expects the same version.
pub async fn of_racing_guarded_updates_of_a_person_one_passes(people: People) {
    for round in 0..ROUNDS {
        let before = people.member(&format!("ada{round}")).await;
        let passed = race(round, 6, |place| {
            let (people, precondition) = (people.people.clone(), exactly(before.version));
            let changes = changes()[place].clone();
            let command = UpdatePerson { changes, precondition, ..update(before.id) };
            async move { unless_refused!(people.update(command).await, ChangePersonError::Precondition(_)) }
        })
        .await;
        let passed: Vec<Person> = passed.into_iter().flatten().collect();
        assert_eq!(passed, [people.person(before.id).await], "one passes, and it is what is stored");
        assert_eq!(passed[0].version, before.version.next());
    }
}

/// Each names another field, and each is a change of its own.
pub async fn racing_updates_of_a_person_undo_none(people: People) {
    for round in 0..ROUNDS {
        let before = people.member(&format!("ada{round}")).await;
        let invitation = people.token(&before, TokenKind::Invitation).await;
        let mut versions = race(round, 5, |place| {
            let (people, changes) = (people.people.clone(), changes()[place].clone());
            let command = UpdatePerson { changes, ..update(before.id) };
            async move { people.update(command).await.unwrap().version }
        })
        .await;
        let mut expected = before.clone();
        for changes in &changes()[..5] {
            expected = changed(expected, changes.clone(), 1);
        }
        assert_eq!(people.person(before.id).await, expected);
        versions.sort();
        versions.dedup();
        assert_eq!((versions.len(), versions.last()), (5, Some(&expected.version)), "each made a version of its own");
        people.assert_as_they_are(&[invitation]).await;
    }
}

fn assert_failed(result: &Result<Person, ChangePersonError>, current: Version) {
    let expected = PreconditionFailed { current: Some(current) };
    assert!(matches!(result, Err(ChangePersonError::Precondition(failed)) if *failed == expected), "{result:?}");
}
