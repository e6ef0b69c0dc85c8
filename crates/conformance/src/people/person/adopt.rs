//! Giving what was logged under a subject to a person.

use std::num::NonZeroU32;

use stint_domain::access::ports::token::{Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, NewTimeEntry};
use stint_domain::people::ports::person::{AdoptError, AdoptSubject, Adopted, CreatePerson};
use stint_domain::values::{JobId, PersonId};

use super::{People, create, deactivate, person};
use crate::given::{at, entry, fresh, set_minutes, subject, token_of};
use crate::ledger::concurrency::race;

const ROUNDS: usize = 6;

/// Gives everything of the subject to the person, nine seconds in.
pub(super) fn adopt(person: PersonId, of: &str) -> AdoptSubject {
    AdoptSubject { person, subject: subject(of), most: NonZeroU32::new(1000).unwrap(), at: at(9) }
}

impl People {
    async fn logged(&self, job: JobId, by: &str) -> TimeEntry {
        self.ledger.record(NewTimeEntry { created_by: subject(by), ..entry(job) }).await
    }

    async fn entries_of(&self, by: &str) -> Vec<TimeEntry> {
        let created_by = Some(subject(by));
        self.ledger.all_entries(ListTimeEntries { created_by, ..ListTimeEntries::default() }).await
    }

    /// Fails unless the entry is stored as it is here.
    async fn assert_entry(&self, entry: TimeEntry) {
        assert_eq!(self.ledger.entry(entry.id).await, Some(entry));
    }
}

/// The entry as it is after the adoption.
fn adopted(entry: TimeEntry, handle: &str) -> TimeEntry {
    let (created_by, version) = (subject(handle), entry.version.next());
    TimeEntry { created_by, version, updated_at: entry.updated_at.max(at(9)), ..entry }
}

/// In every job, archived ones included, and nothing else. A deactivated person gets it, too.
pub async fn what_a_subject_logged_becomes_the_persons(people: People) {
    let ada = people.member("ada").await;
    people.update(deactivate(ada.id)).await;
    let (open, archived) = (people.ledger.open_job().await.id, people.ledger.open_job().await.id);
    let mut expected = Vec::new();
    for job in [open, archived, open] {
        expected.push(adopted(people.logged(job, "ci bot").await, "ada"));
    }
    let mut others = Vec::new();
    for by in ["ada", "ci", "CI bot", "bob"] {
        others.push(people.logged(open, by).await);
    }
    let jobs = [people.ledger.job(open).await, people.ledger.archive(archived).await];

    let given = people.people.adopt(adopt(ada.id, "ci bot")).await.unwrap();
    assert_eq!(given, Adopted { entries: 3, more: false });
    for entry in expected.into_iter().chain(others) {
        people.assert_entry(entry).await;
    }
    assert_eq!(people.entries_of("ci bot").await, []);
    assert_eq!(people.entries_of("ada").await.len(), 4);
    assert_eq!([people.ledger.job(open).await, people.ledger.job(archived).await], jobs);
    let again = people.people.adopt(adopt(ada.id, "ci bot")).await.unwrap();
    assert_eq!(again, Adopted { entries: 0, more: false });
}

/// No step gives more than it may. A step that ended before all were given is made up for by the next.
pub async fn a_subject_is_adopted_in_steps_until_nothing_is_left(people: People) {
    let ada = people.member("ada").await;
    let job = people.ledger.open_job().await.id;
    for _ in 0..5 {
        people.logged(job, "bot").await;
    }
    let step = AdoptSubject { most: NonZeroU32::new(2).unwrap(), ..adopt(ada.id, "bot") };
    let mut given = 0;
    loop {
        let adopted = people.people.adopt(step.clone()).await.unwrap();
        assert!(adopted.entries <= 2, "{adopted:?}");
        given += adopted.entries;
        assert_eq!(people.entries_of("ada").await.len() as u64, given);
        if !adopted.more {
            break;
        }
    }
    assert_eq!((given, people.entries_of("bot").await), (5, Vec::new()));
}

/// Of any kind, expired ones included: the expiry can be changed. The refusal names them, and nothing happens.
pub async fn a_subject_with_a_token_that_is_not_revoked_is_not_adopted(people: People) {
    let ada = people.member("ada").await;
    let job = people.ledger.open_job().await.id;
    let logged = people.logged(job, "bot").await;
    let mut tokens = Vec::new();
    for (kind, expires_at) in [(TokenKind::Api, None), (TokenKind::Capture, None), (TokenKind::Api, Some(at(3)))] {
        let token = Token { subject: subject("bot"), expires_at, ..token_of(kind) };
        people.tokens.create(token.clone()).await.unwrap();
        tokens.push(token);
    }
    let others = Token { name: subject("bot"), subject: subject("Bot"), ..token_of(TokenKind::Api) };
    people.tokens.create(others.clone()).await.unwrap();
    while !tokens.is_empty() {
        let refused = people.people.adopt(adopt(ada.id, "bot")).await;
        let mut expected: Vec<_> = tokens.iter().map(|token| token.id).collect();
        expected.sort();
        let Err(AdoptError::SubjectInUse { subject: named, tokens: in_use }) = refused else { panic!("{refused:?}") };
        assert_eq!((named, in_use), (subject("bot"), expected));
        people.assert_as_they_are(&tokens).await;
        people.assert_entry(logged.clone()).await;
        let revoked = tokens.pop().unwrap();
        people.tokens.revoke(RevokeToken { id: revoked.id, at: at(4), made: Made::Keep }).await.unwrap();
    }
    people.people.adopt(adopt(ada.id, "bot")).await.unwrap();
    people.assert_entry(adopted(logged, "ada")).await;
    people.assert_as_they_are(&[others]).await;
}

/// So their pings are, too. Afterwards the subject is free.
pub async fn revoked_tokens_of_an_adopted_subject_become_the_persons(people: People) {
    let ada = people.member("ada").await;
    let mut expected = Vec::new();
    for kind in [TokenKind::Api, TokenKind::Capture] {
        let token = Token { subject: subject("bot"), ..token_of(kind) };
        people.tokens.create(token.clone()).await.unwrap();
        people.tokens.revoke(RevokeToken { id: token.id, at: at(4), made: Made::Keep }).await.unwrap();
        let (subject, person) = (ada.handle.subject().clone(), Some(ada.id));
        expected.push(Token { subject, person, revoked_at: Some(at(4)), ..token });
    }
    people.people.adopt(adopt(ada.id, "bot")).await.unwrap();
    people.assert_as_they_are(&expected).await;
    people.member("bot").await;
}

/// In whatever case, also when that person is deactivated.
pub async fn a_handle_of_another_person_is_not_adopted(people: People) {
    let (ada, bob) = (people.member("ada").await, people.member("bob").await);
    let job = people.ledger.open_job().await.id;
    let logged = people.logged(job, "bob").await;
    for text in ["bob", "BOB"] {
        let refused = people.people.adopt(adopt(ada.id, text)).await;
        assert!(matches!(&refused, Err(AdoptError::SubjectIsPersons(it)) if *it == subject(text)), "{refused:?}");
    }
    people.update(deactivate(bob.id)).await;
    let refused = people.people.adopt(adopt(ada.id, "bob")).await;
    assert!(matches!(refused, Err(AdoptError::SubjectIsPersons(_))), "{refused:?}");
    people.assert_entry(logged.clone()).await;
}

/// The handle's own spelling is the person's already, whatever tokens have it.
pub async fn of_ones_own_handle_other_spellings_are_adopted(people: People) {
    let token = Token { subject: subject("ada"), ..token_of(TokenKind::Api) };
    people.tokens.create(token.clone()).await.unwrap();
    let job = people.ledger.open_job().await.id;
    let (own, other) = (people.logged(job, "ada").await, people.logged(job, "ADA").await);
    let command = CreatePerson { adopt: true, ..create(person("ada")) };
    let ada = people.people.create(command).await.unwrap();
    assert_eq!(people.people.adopt(adopt(ada.id, "ada")).await.unwrap(), Adopted::default());
    assert_eq!(people.people.adopt(adopt(ada.id, "ADA")).await.unwrap(), Adopted { entries: 1, more: false });
    people.assert_entry(own).await;
    people.assert_entry(adopted(other, "ada")).await;
    people.assert_as_they_are(&[token]).await;
}

/// The refusal names the id, and comes before any other.
pub async fn a_subject_is_not_adopted_by_an_unknown_person(people: People) {
    people.member("ada").await;
    let job = people.ledger.open_job().await.id;
    let (logged, unknown) = (people.logged(job, "bot").await, PersonId::new(fresh()));
    for text in ["bot", "ada"] {
        let refused = people.people.adopt(adopt(unknown, text)).await;
        assert!(matches!(refused, Err(AdoptError::NotFound(id)) if id == unknown), "{refused:?}");
    }
    people.assert_entry(logged.clone()).await;
}

/// Each change makes a version of its own, and the totals are the sums.
pub async fn entries_that_are_edited_while_their_subject_is_adopted_keep_every_change(people: People) {
    for round in 0..ROUNDS {
        let ada = people.member(&format!("ada{round}")).await;
        let jobs = [people.ledger.open_job().await.id, people.ledger.open_job().await.id];
        let bot = format!("bot{round}");
        let mut entries = Vec::new();
        for place in 0..6 {
            entries.push(people.logged(jobs[place % 2], &bot).await);
        }
        race(round, entries.len() + 1, |place| {
            let (people, entry) = (people.clone(), entries.get(place).cloned());
            let adoption = AdoptSubject { most: NonZeroU32::new(2).unwrap(), ..adopt(ada.id, &bot) };
            async move {
                match entry {
                    Some(entry) => {
                        // Some are moved.
                        let mut update = set_minutes(entry.id, 100);
                        update.changes.related_job = (place % 3 == 0).then(|| jobs[(place + 1) % 2]);
                        people.ledger.time_entries.update(update).await.unwrap();
                    }
                    None => while people.people.adopt(adoption.clone()).await.unwrap().more {},
                }
            }
        })
        .await;
        let mut sums = [0, 0];
        for before in &entries {
            let after = people.ledger.entry(before.id).await.unwrap();
            assert_eq!(after.created_by, *ada.handle.subject());
            assert_eq!(after.version, before.version.next().next());
            sums[usize::from(after.related_job == jobs[1])] += 100;
        }
        for (job, sum) in jobs.into_iter().zip(sums) {
            assert_eq!(people.ledger.total(job).await, sum);
        }
    }
}
