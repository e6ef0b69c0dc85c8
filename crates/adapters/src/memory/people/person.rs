//! People in memory. [`crate::people`] decides what a change does.

use async_trait::async_trait;
use stint_domain::access::{Token, TokenKind};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, Account, AdoptError, AdoptSubject, Adopted, ChangePersonError,
    CreatePerson, CreatePersonError, Invite, InviteError, ListPeople, PersonCursor, SetPassword, SetPasswordError,
    UpdatePerson,
};
use stint_domain::people::{Handle, Person, PersonStatus};
use stint_domain::values::{PersonId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind, Page};

use crate::ledger::Ledger;
use crate::memory::access::token::free;
use crate::memory::{BACKEND, Memory};
use crate::people::{Ending, adopts, created, deactivates, discards_timer, invited, invitee, is_active_admin, updated};

#[async_trait]
impl PersonRepository for Memory {
    async fn create(&self, command: CreatePerson) -> Result<Person, CreatePersonError> {
        let (ledger, mut people, mut tokens) = (self.ledger(), self.people(), self.tokens());
        create(&ledger, &mut people, &mut tokens, command)
    }

    async fn update(&self, command: UpdatePerson) -> Result<Person, ChangePersonError> {
        let (mut people, mut timers, mut tokens) = (self.people(), self.timers(), self.tokens());
        let stored = account(&mut people, command.id).map(|account| account.person.clone());
        let is_last_admin =
            || Ok(!people.iter().any(|other| other.person.id != command.id && is_active_admin(&other.person)));
        let person = updated(&command, stored, is_last_admin)?;
        if let Some(account) = account(&mut people, command.id) {
            account.person = person.clone();
        }
        if deactivates(&command) {
            end(&mut tokens, Ending::all(command.id), command.at);
        }
        if discards_timer(&command) {
            timers.retain(|stored| !stored.runs_for(command.id));
        }
        Ok(person)
    }

    async fn find(&self, id: PersonId) -> Result<Option<Person>, BackendError> {
        Ok(account(&mut self.people(), id).map(|account| account.person.clone()))
    }

    async fn find_account(&self, handle: Handle) -> Result<Option<Account>, BackendError> {
        let folded = handle.folded();
        Ok(self.people().iter().find(|account| account.person.handle.folded() == folded).cloned())
    }

    async fn list(&self, query: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError> {
        let wanted = |person: &&Person| {
            query.role.is_none_or(|role| person.role == role)
                && query.status.is_none_or(|status| person.status == status)
                && query.after.is_none_or(|after| PersonCursor::from(*person) > after)
        };
        let people = self.people();
        let mut found: Vec<Person> = people.iter().map(|account| &account.person).filter(wanted).cloned().collect();
        found.sort_by_key(|person| PersonCursor::from(person));
        Ok(Page::of(found, query.size, |person| PersonCursor::from(person)))
    }

    async fn set_password(&self, command: SetPassword) -> Result<(), SetPasswordError> {
        let SetPassword { person, replaces, hash, sessions, at } = command;
        let (mut people, mut tokens) = (self.people(), self.tokens());
        let account = account(&mut people, person).ok_or(SetPasswordError::NotFound(person))?;
        if account.password != replaces {
            return Err(SetPasswordError::Changed(person));
        }
        account.password = Some(hash);
        if let Some(ending) = Ending::with_password(person, sessions) {
            end(&mut tokens, ending, at);
        }
        Ok(())
    }

    async fn invite(&self, Invite { invitation, at }: Invite) -> Result<(), InviteError> {
        let id = invitee(BACKEND, &invitation)?;
        let (mut people, mut tokens) = (self.people(), self.tokens());
        let account = account(&mut people, id).ok_or(InviteError::NotFound(id))?;
        if account.person.status != PersonStatus::Active {
            return Err(InviteError::Deactivated(id));
        }
        free(&tokens, &invitation)?;
        end(&mut tokens, Ending::of(id, TokenKind::Invitation), at);
        tokens.push(invitation);
        Ok(())
    }

    async fn adopt(&self, command: AdoptSubject) -> Result<Adopted, AdoptError> {
        let (mut ledger, mut people, mut tokens) = (self.ledger(), self.people(), self.tokens());
        let AdoptSubject { person: id, subject, most, at } = &command;
        let person = account(&mut people, *id).ok_or(AdoptError::NotFound(*id))?.person.clone();
        let folded = Handle::folded_subject(subject);
        let has_another = people.iter().any(|other| other.person.id != *id && other.person.handle.folded() == folded);
        let are_theirs = |token: &&mut Token| token.person.is_none() && token.subject == *subject;
        let mut in_use: Vec<_> =
            tokens.iter_mut().filter(are_theirs).filter(|it| it.revoked_at.is_none()).map(|it| it.id).collect();
        in_use.sort();
        if !adopts(&command, &person, has_another, in_use)? {
            return Ok(Adopted::default());
        }
        for token in tokens.iter_mut().filter(are_theirs) {
            token.person = Some(*id);
            token.subject = person.handle.subject().clone();
        }
        let most = most.get() as usize;
        let mut logged = ledger.entries.values_mut().filter(|entry| entry.created_by == *subject);
        let mut entries = 0;
        for entry in logged.by_ref().take(most) {
            entry.created_by = person.handle.subject().clone();
            entry.version = entry.version.next();
            entry.updated_at = entry.updated_at.max(*at);
            entries += 1;
        }
        Ok(Adopted { entries, more: logged.next().is_some() })
    }

    async fn accept(&self, command: AcceptInvitation) -> Result<Person, AcceptInvitationError> {
        let (mut people, mut tokens) = (self.people(), self.tokens());
        accept(&mut people, &mut tokens, command)
    }
}

/// Creates a person among these.
pub(in crate::memory) fn create(
    ledger: &Ledger,
    people: &mut Vec<Account>,
    tokens: &mut Vec<Token>,
    command: CreatePerson,
) -> Result<Person, CreatePersonError> {
    let CreatePerson { person, adopt, invitation } = command;
    let folded = person.handle.folded();
    if people.iter().any(|other| other.person.handle.folded() == folded) {
        return Err(CreatePersonError::HandleTaken(person.handle));
    }
    let of_tokens = tokens.iter().filter(|token| token.person.is_none()).map(|token| &token.subject);
    let mut subjects = of_tokens.chain(ledger.entries.values().map(|entry| &entry.created_by));
    if !adopt && subjects.any(|subject| Handle::folded_subject(subject) == folded) {
        return Err(CreatePersonError::SubjectTaken(person.handle));
    }
    if people.iter().any(|other| other.person.id == person.id) {
        let refusal = format!("the id of the person {} is taken", person.id);
        return Err(BackendError::new(BACKEND, BackendErrorKind::Internal, refusal).into());
    }
    invitation.iter().try_for_each(|invitation| free(tokens, invitation))?;
    let person = created(person);
    people.push(Account { person: person.clone(), password: None });
    tokens.extend(invitation);
    Ok(person)
}

/// Uses an invitation among these.
pub(in crate::memory) fn accept(
    people: &mut [Account],
    tokens: &mut Vec<Token>,
    command: AcceptInvitation,
) -> Result<Person, AcceptInvitationError> {
    let AcceptInvitation { id, password, session, at } = command;
    let is_free = free(tokens, &session);
    let invitation = tokens.iter_mut().find(|token| token.id == id).ok_or(AcceptInvitationError::Unusable)?;
    let person = invited(invitation, at).ok_or(AcceptInvitationError::Unusable)?;
    let account = account(people, person).filter(|account| account.person.status == PersonStatus::Active);
    let account = account.ok_or(AcceptInvitationError::Unusable)?;
    is_free?;
    invitation.revoked_at = Some(at);
    account.password = password.or(account.password.take());
    end(tokens, Ending::of(person, TokenKind::Session), at);
    tokens.push(session);
    Ok(account.person.clone())
}

pub(in crate::memory) fn account(people: &mut [Account], id: PersonId) -> Option<&mut Account> {
    people.iter_mut().find(|account| account.person.id == id)
}

/// Revokes those of the tokens that are not revoked yet.
fn end(tokens: &mut [Token], Ending { person, kind, but }: Ending, at: Timestamp) {
    let ends = |token: &&mut Token| {
        token.person == Some(person) && kind.is_none_or(|kind| token.kind == kind) && but != Some(token.id)
    };
    for token in tokens.iter_mut().filter(ends) {
        token.revoked_at.get_or_insert(at);
    }
}
