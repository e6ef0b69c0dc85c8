//! Storing a new person.

use stint_domain::access::ports::token::ListTokens;
use stint_domain::access::{Role, Token, TokenKind};
use stint_domain::people::ports::person::{CreatePerson, ListPeople};
use stint_domain::people::{Email, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::PersonId;

use super::{People, create, handle, made_at, person, token_for};
use crate::given::{at, fresh};

/// Whichever method finds it. Lengths count characters, which may take four bytes, and a handle may fold to eighteen
/// times its length.
pub async fn a_new_person_reads_back_with_every_field_at_its_limits(people: People) {
    let handles = ["a", &"𐐷".repeat(64), &"ﷺ".repeat(64), "Ada.Lovelace_1815-12", "данил", "李", "7"];
    let zones = ["UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+9", "Europe/Berlin"];
    let emails = [None, Some(format!("{}@b", "a".repeat(252))), Some(format!("ä@{}", "🦭".repeat(252)))];
    let mut expected = Vec::new();
    for (place, text) in handles.into_iter().enumerate() {
        let statuses = PersonStatus::ALL;
        let new = Person {
            name: PersonName::new(&["🦭".repeat(120), "A".to_owned(), "O'Neill \"%_\\".to_owned()][place % 3]).unwrap(),
            email: emails[place % 3].as_deref().map(|text| Email::new(text).unwrap()),
            role: Role::ALL[place % Role::ALL.len()],
            status: statuses[place % statuses.len()],
            time_zone: zones[place % zones.len()].parse().unwrap(),
            week_starts_on: WeekStart::ALL[place % 7],
            ..made_at(at(i64::try_from(place).unwrap()), text)
        };
        assert_eq!(people.people.create(create(new.clone())).await.unwrap(), new);
        assert_eq!(people.person(new.id).await, new);
        let account = people.people.find_account(handle(text)).await.unwrap();
        assert_eq!(account.map(|account| account.person).as_ref(), Some(&new));
        expected.push(new);
    }
    assert_eq!(people.all(ListPeople::default()).await, expected);
}

/// Nor does an invitation bring one.
pub async fn a_new_person_has_no_password(people: People) {
    let (one, other) = (person("ada"), person("bob"));
    let invitation = Some(token_for(&other, TokenKind::Invitation));
    people.people.create(create(one.clone())).await.unwrap();
    people.people.create(CreatePerson { invitation, ..create(other.clone()) }).await.unwrap();
    for person in [one, other] {
        assert_eq!(people.password(&person).await, None);
    }
}

/// Neither by the id nor by the handle.
pub async fn an_unknown_person_is_not_found(people: People) {
    people.member("ada").await;
    assert_eq!(people.people.find(PersonId::new(fresh())).await.unwrap(), None);
    for unknown in ["ad", "adaa", "bob", "ad_"] {
        assert_eq!(people.people.find_account(handle(unknown)).await.unwrap(), None, "{unknown}");
    }
}

/// Nothing else is.
pub async fn a_new_person_is_stored_with_the_invitation(people: People) {
    let new = person("ada");
    let invitation = token_for(&new, TokenKind::Invitation);
    let command = CreatePerson { invitation: Some(invitation.clone()), ..create(new.clone()) };
    assert_eq!(people.people.create(command).await.unwrap(), new);
    people.assert_as_they_are(std::slice::from_ref(&invitation)).await;
    let known = people.tokens.find_by_hash(invitation.secret_hash).await.unwrap().expect("it is found at once");
    assert_eq!((&known.token, known.standing), (&invitation, Some(new.standing())));
    people.member("bob").await;
    assert_eq!(people.all_tokens(ListTokens::default()).await, [invitation]);
}

/// A hash that is taken makes the whole command fail.
pub async fn a_person_whose_invitation_cannot_be_stored_is_not_stored_either(people: People) {
    let other = people.member("bob").await;
    let theirs = people.token(&other, TokenKind::Invitation).await;
    let new = person("ada");
    let invitation = Token { secret_hash: theirs.secret_hash, ..token_for(&new, TokenKind::Invitation) };
    let failed =
        people.people.create(CreatePerson { invitation: Some(invitation.clone()), ..create(new.clone()) }).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(people.people.find(new.id).await.unwrap(), None);
    assert_eq!(people.tokens.find(invitation.id).await.unwrap(), None);
    people.assert_as_they_are(&[theirs]).await;
    people.store(new).await;
}

/// A repeat after a lost answer may be refused, but it neither makes a second person nor changes the first.
pub async fn creating_a_person_twice_leaves_one(people: People) {
    let new = person("ada");
    let [first, second] = [(); 2].map(|()| Some(token_for(&new, TokenKind::Invitation)));
    people.people.create(CreatePerson { invitation: first.clone(), ..create(new.clone()) }).await.unwrap();
    let again = Person { role: Role::Admin, ..new.clone() };
    let _answered_or_refused = people.people.create(CreatePerson { invitation: second.clone(), ..create(again) }).await;
    assert_eq!(people.all(ListPeople::default()).await, std::slice::from_ref(&new));
    assert_eq!(people.person(new.id).await, new);
    people.assert_as_they_are(first.as_slice()).await;
}
