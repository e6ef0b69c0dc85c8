//! Finding one person by the handle, and listing many.

use std::cell::Cell;

use stint_domain::access::Role;
use stint_domain::people::ports::person::{Account, ListPeople, PersonCursor, Sessions, SetPassword};
use stint_domain::people::{Person, PersonStatus};
use stint_domain::values::PersonId;
use uuid::Uuid;

use super::{People, deactivate, handle, hash, made_at, person};
use crate::given::{at, size};
use crate::suite::walk;

/// Or width, whatever the status. The handle in the answer is as it was made.
pub async fn an_account_is_found_by_its_handle_in_any_case(people: People) {
    let (ada, other) = (people.member("Ada").await, people.member("Straße").await);
    for text in ["Ada", "ada", "ADA", "ａＤａ"] {
        let account = people.people.find_account(handle(text)).await.unwrap();
        assert_eq!(account, Some(Account { person: ada.clone(), password: None }), "{text}");
    }
    let gone = people.update(deactivate(other.id)).await;
    for text in ["Straße", "STRASSE"] {
        let account = people.people.find_account(handle(text)).await.unwrap();
        assert_eq!(account, Some(Account { person: gone.clone(), password: None }), "{text}");
    }
}

/// Its own, and that alone.
pub async fn an_account_comes_with_the_hash_of_its_password(people: People) {
    for (number, text) in (1..).zip(["ada", "bob"]) {
        let person = people.member(text).await.id;
        let command = SetPassword { person, replaces: None, hash: hash(number), sessions: Sessions::GoOn, at: at(5) };
        people.people.set_password(command).await.unwrap();
    }
    let eve = people.member("eve").await;
    for (text, expected) in [("ada", Some(hash(1))), ("bob", Some(hash(2))), ("eve", None)] {
        let account = people.people.find_account(handle(text)).await.unwrap().unwrap();
        assert_eq!((account.person.handle, account.password), (handle(text), expected));
    }
    assert_eq!(people.person(eve.id).await, eve);
}

/// By `created_at`, and as bytes of the id, in whatever order they were stored. Deactivated people are listed, too.
pub async fn people_are_listed_oldest_first_and_then_by_id(people: People) {
    assert_eq!(people.all(ListPeople::default()).await, []);
    let mut expected = seven_people_of_one_moment(&people).await;
    for (place, seconds) in [9, -9].into_iter().enumerate() {
        let new = people.store(made_at(at(seconds), &format!("bob{place}"))).await;
        expected.insert(if seconds < 0 { 0 } else { expected.len() }, new);
    }
    expected[3] = people.update(deactivate(expected[3].id)).await;
    assert_eq!(people.all(ListPeople::default()).await, expected);
}

/// The pages together are the listing, and no page is longer than asked for.
pub async fn pages_of_people_join_without_gap_or_repeat(people: People) {
    seven_people_of_one_moment(&people).await;
    people.store(made_at(at(1), "bob")).await;
    let whole = people.all(ListPeople::default()).await;
    assert_eq!(whole.len(), 8);
    for pages_of in [1, 3, 7, 8, 9] {
        let query = ListPeople { size: size(pages_of), ..ListPeople::default() };
        assert!(people.people.list(query).await.unwrap().items.len() <= query.size.get());
        assert_eq!(people.all(query).await, whole, "pages of {pages_of}");
    }
}

/// One whose place is before the next page is on no page.
pub async fn a_walk_through_people_sees_each_once_while_others_are_created(people: People) {
    let expected = seven_people_of_one_moment(&people).await;
    let number = Cell::new(0);
    let walked = walk(async |after| {
        let page = people.people.list(ListPeople { size: size(2), after, ..ListPeople::default() }).await.unwrap();
        number.set(number.get() + 1);
        people.store(made_at(at(-1), &format!("bob{}", number.get()))).await;
        page
    })
    .await;
    assert_eq!(walked, expected);
}

/// A page has a `next` only when something follows.
pub async fn the_last_full_page_of_people_has_no_next(people: People) {
    let expected = seven_people_of_one_moment(&people).await;
    let query = ListPeople { size: size(7), ..ListPeople::default() };
    assert_eq!(people.people.list(query).await.unwrap().next, None);
    let shorter = people.people.list(ListPeople { size: size(6), ..query }).await.unwrap();
    assert_eq!(shorter.next, Some(PersonCursor { created_at: at(0), id: expected[5].id }));
}

/// And of both, on every page.
pub async fn people_of_a_role_or_a_status_are_listed_without_others(people: People) {
    let mut expected = Vec::new();
    for number in 0..3 {
        for role in Role::ALL {
            for status in PersonStatus::ALL {
                let new = Person { role, status, ..person(&format!("{role}-{status}-{number}")) };
                expected.push(people.store(new).await);
            }
        }
    }
    expected.sort_by_key(|person| (person.created_at, person.id));
    let roles = [None].into_iter().chain(Role::ALL.map(Some));
    for (role, status) in
        roles.flat_map(|role| [None].into_iter().chain(PersonStatus::ALL.map(Some)).map(move |it| (role, it)))
    {
        let matches = |person: &&Person| {
            role.is_none_or(|role| person.role == role) && status.is_none_or(|status| person.status == status)
        };
        let matching: Vec<Person> = expected.iter().filter(matches).cloned().collect();
        for pages_of in [2, 200] {
            let query = ListPeople { role, status, size: size(pages_of), ..ListPeople::default() };
            assert_eq!(people.all(query).await, matching, "{role:?}, {status:?}, pages of {pages_of}");
        }
    }
}

/// Seven people of one moment, by id, stored in another order.
async fn seven_people_of_one_moment(people: &People) -> Vec<Person> {
    // Ids that differ only in their first byte or only in their last, on both sides of the sign bit, so that an order
    // other than that of the bytes shows.
    let ids = [1, 2, 0x7f << 120, (0x7f << 120) + 1, 0x80 << 120, (0x80 << 120) + 0xff, u128::MAX];
    let new: Vec<Person> = (0..7)
        .map(|place| Person { id: PersonId::new(Uuid::from_u128(ids[place])), ..person(&format!("ada{}", 9 - place)) })
        .collect();
    for place in [3, 0, 6, 1, 5, 2, 4] {
        people.store(new[place].clone()).await;
    }
    new
}
