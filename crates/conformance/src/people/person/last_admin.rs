//! One active admin stays, unless the command says otherwise.

use stint_domain::access::{Role, TokenKind};
use stint_domain::people::ports::person::{ChangePersonError, LastAdmin, ListPeople, PersonChanges, UpdatePerson};
use stint_domain::people::{Person, PersonName, PersonStatus};
use stint_domain::values::PersonId;

use super::{People, create, deactivate, person, set_role, set_status, update};
use crate::given::{exactly, stale};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

const ROUNDS: usize = 10;

/// Every way for an admin to be one no longer.
fn ways_to_go(id: PersonId) -> [UpdatePerson; 5] {
    let both = |role| PersonChanges {
        role: Some(role),
        status: Some(PersonStatus::Deactivated),
        name: Some(PersonName::new("Nobody").unwrap()),
        ..PersonChanges::default()
    };
    [
        set_role(id, Role::Manager),
        set_role(id, Role::Viewer),
        deactivate(id),
        UpdatePerson { changes: both(Role::Member), ..update(id) },
        UpdatePerson { changes: both(Role::Admin), ..update(id) },
    ]
}

/// The refusal names the handle. The person and their tokens stay as they are.
pub async fn the_last_admin_is_neither_demoted_nor_deactivated(people: People) {
    let admin = people.admin("Ada").await;
    people.member("bob").await;
    let tokens = people.tokens_of_each_kind(&admin).await;
    for command in ways_to_go(admin.id) {
        let refused = people.people.update(command.clone()).await;
        let is_expected = matches!(&refused, Err(ChangePersonError::LastAdmin(handle)) if *handle == admin.handle);
        assert!(is_expected, "{command:?}: {refused:?}");
        assert_eq!(people.person(admin.id).await, admin);
        people.assert_as_they_are(&tokens).await;
    }
}

/// Also by naming what the person is already.
pub async fn the_last_admin_may_change_in_any_other_way(people: People) {
    let admin = people.admin("ada").await;
    let name = PersonChanges { name: Some(PersonName::new("Ada King").unwrap()), ..PersonChanges::default() };
    let same =
        PersonChanges { role: Some(Role::Admin), status: Some(PersonStatus::Active), ..PersonChanges::default() };
    for changes in [name, same, PersonChanges::default()] {
        people.update(UpdatePerson { changes, ..update(admin.id) }).await;
    }
    let stored = people.person(admin.id).await;
    assert_eq!((stored.role, stored.status, stored.name.as_str()), (Role::Admin, PersonStatus::Active, "Ada King"));
}

/// An operator makes another.
pub async fn the_last_admin_may_go_on_request(people: People) {
    for (number, going) in (0..).zip(ways_to_go(person("nobody").id)) {
        let admin = people.admin(&format!("ada{number}")).await;
        let session = people.token(&admin, TokenKind::Session).await;
        let gone = people.update(UpdatePerson { id: admin.id, last_admin: LastAdmin::MayGo, ..going }).await;
        assert!(gone.role != Role::Admin || gone.status == PersonStatus::Deactivated);
        assert_eq!(people.person(admin.id).await, gone);
        let is_revoked = people.tokens.find(session.id).await.unwrap().unwrap().revoked_at.is_some();
        assert_eq!(is_revoked, gone.status == PersonStatus::Deactivated);
    }
}

/// The other is the last one then.
pub async fn an_admin_may_go_while_another_is_active(people: People) {
    let other = people.admin("ada").await;
    for (number, going) in (0..).zip(ways_to_go(other.id)) {
        let admin = people.admin(&format!("bob{number}")).await;
        people.update(UpdatePerson { id: admin.id, ..going }).await;
        let refused = people.people.update(set_role(other.id, Role::Member)).await;
        assert!(matches!(refused, Err(ChangePersonError::LastAdmin(_))), "{refused:?}");
    }
    assert_eq!(people.person(other.id).await, other);
}

/// Neither as the one who stays, nor as the one who goes.
pub async fn a_deactivated_admin_does_not_count(people: People) {
    let (active, deactivated) = (people.admin("ada").await, people.admin("bob").await);
    people.update(deactivate(deactivated.id)).await;
    people.store(Person { status: PersonStatus::Deactivated, role: Role::Admin, ..person("eve") }).await;
    for going in ways_to_go(active.id) {
        let refused = people.people.update(going).await;
        assert!(matches!(refused, Err(ChangePersonError::LastAdmin(_))), "{refused:?}");
    }
    for going in ways_to_go(deactivated.id) {
        people.update(going).await;
    }
    // Active again, another can take the place of the first.
    let back =
        PersonChanges { role: Some(Role::Admin), status: Some(PersonStatus::Active), ..PersonChanges::default() };
    people.update(UpdatePerson { changes: back, ..update(deactivated.id) }).await;
    people.update(deactivate(active.id)).await;
}

/// The first refusal in the order of the variants.
pub async fn a_failed_precondition_is_told_before_the_last_admin(people: People) {
    let admin = people.admin("ada").await;
    for going in ways_to_go(admin.id) {
        let refused = people.people.update(UpdatePerson { precondition: stale(), ..going.clone() }).await;
        assert!(matches!(refused, Err(ChangePersonError::Precondition(_))), "{refused:?}");
        let refused = people.people.update(UpdatePerson { precondition: exactly(admin.version), ..going }).await;
        assert!(matches!(refused, Err(ChangePersonError::LastAdmin(_))), "{refused:?}");
    }
}

/// Also an admin who is deactivated. And one of them may become an admin.
pub async fn without_an_admin_others_may_change_all_the_same(people: People) {
    let (one, other, gone) = (people.member("ada").await, people.member("bob").await, people.admin("eve").await);
    people.update(UpdatePerson { last_admin: LastAdmin::MayGo, ..deactivate(gone.id) }).await;
    people.update(set_role(one.id, Role::Viewer)).await;
    people.update(deactivate(one.id)).await;
    people.update(set_status(one.id, PersonStatus::Active)).await;
    people.update(deactivate(gone.id)).await;
    people.update(set_role(gone.id, Role::Member)).await;
    assert_eq!(people.update(set_role(other.id, Role::Admin)).await.role, Role::Admin);
}

/// However each of them goes, and whoever is first.
pub async fn of_racing_admins_who_go_one_stays(people: People) {
    for round in 0..ROUNDS {
        let mut admins = Vec::new();
        for number in 0..2 + round % 3 {
            let role = Role::Admin;
            let new = Person { role, ..person(&format!("ada{round}-{number}")) };
            admins.push(people.people.create(create(new)).await.unwrap());
        }
        let gone = race(round, admins.len(), |place| {
            let (people, going) =
                (people.people.clone(), ways_to_go(admins[place].id)[(place + round / 2) % 5].clone());
            async move { unless_refused!(people.update(going).await, ChangePersonError::LastAdmin(_)).is_some() }
        })
        .await;
        let active =
            ListPeople { role: Some(Role::Admin), status: Some(PersonStatus::Active), ..ListPeople::default() };
        let stay = people.all(active).await;
        let expected: Vec<_> =
            admins.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(admin, _)| admin.id).collect();
        assert_eq!(stay.iter().map(|person| person.id).collect::<Vec<_>>(), expected);
        assert_eq!(stay.len(), 1, "one of {} admins stays", admins.len());
        people.update(UpdatePerson { last_admin: LastAdmin::MayGo, ..deactivate(stay[0].id) }).await;
    }
}
