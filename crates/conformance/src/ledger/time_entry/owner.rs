//! Writes that name whose entry it must be.

use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    ChangeTimeEntryError, DeleteTimeEntry, NewTimeEntry, PutTimeEntry, UpdateTimeEntry,
};
use stint_domain::values::Subject;

use crate::Ledger;
use crate::given::{delete_entry, entry, entry_id, exactly, minutes, put_entry, set_minutes, stale, subject};

/// As if the command named nobody.
pub async fn an_owner_changes_what_it_logged(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let owner = Some(subject("ada"));
    let stored = ledger.record(entry(job)).await;
    let edit = UpdateTimeEntry { owner: owner.clone(), ..set_minutes(stored.id, 45) };
    assert_eq!(ledger.time_entries.update(edit).await.unwrap().minutes_worked, minutes(45));
    let wanted = NewTimeEntry { id: stored.id, minutes_worked: minutes(50), ..entry(job) };
    let put = ledger.time_entries.put(PutTimeEntry { owner: owner.clone(), ..put_entry(wanted) }).await.unwrap();
    assert!(matches!(put, Put::Replaced(_)), "{put:?}");
    assert_eq!(ledger.total(job).await, 50);
    ledger.time_entries.delete(DeleteTimeEntry { owner, ..delete_entry(stored.id) }).await.unwrap();
    assert_eq!(ledger.total(job).await, 0);
}

/// Whatever the precondition, and though the subjects differ in case alone. The entry and its job stay as they are.
pub async fn for_an_owner_the_entries_of_others_do_not_exist(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await;
    let before = ledger.job(job).await;
    let preconditions =
        [Precondition::None, Precondition::Exists, Precondition::Absent, exactly(stored.version), stale()];
    for (name, precondition) in
        ["bob", "Ada"].into_iter().flat_map(|name| preconditions.each_ref().map(|it| (name, it)))
    {
        let (owner, precondition): (Option<Subject>, _) = (Some(subject(name)), precondition.clone());
        let edit = UpdateTimeEntry { owner: owner.clone(), precondition, ..set_minutes(stored.id, 45) };
        let wanted = NewTimeEntry { id: stored.id, created_by: subject(name), ..entry(job) };
        let precondition = edit.precondition.clone();
        let put = PutTimeEntry { owner: owner.clone(), precondition: precondition.clone(), ..put_entry(wanted) };
        let deletion = DeleteTimeEntry { owner, precondition, ..delete_entry(stored.id) };
        for refused in [
            ledger.time_entries.update(edit).await.map(drop),
            ledger.time_entries.put(put).await.map(drop),
            ledger.time_entries.delete(deletion).await,
        ] {
            assert!(
                matches!(refused, Err(ChangeTimeEntryError::NotFound(id)) if id == stored.id),
                "{name}: {refused:?}"
            );
        }
    }
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
    assert_eq!(ledger.job(job).await, before);
}

/// The new entry is by the subject that it names.
pub async fn a_put_by_an_owner_creates_where_nothing_is(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let wanted = NewTimeEntry { id: entry_id(), ..entry(job) };
    let put = PutTimeEntry { owner: Some(subject("ada")), ..put_entry(wanted) };
    let put = ledger.time_entries.put(put).await.unwrap();
    assert!(matches!(&put, Put::Created(entry) if entry.created_by == subject("ada")), "{put:?}");
    assert_eq!(ledger.total(job).await, 30);
}
