//! The duties of a [`PersonRepository`], and those of a [`TokenRepository`] that need people.

pub mod accept;
pub mod adopt;
pub mod calls;
pub mod create;
pub mod deactivate;
pub mod find;
pub mod handle;
pub mod invite;
pub mod last_admin;
pub mod password;
pub mod tokens;
pub mod update;

use std::any::Any;
use std::sync::Arc;

use futures::FutureExt;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::ListTokens;
use stint_domain::access::{Role, Token, TokenKind};
use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::LedgerAdapter;
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{
    AcceptInvitation, CreatePerson, Invite, LastAdmin, ListPeople, PersonChanges, UpdatePerson,
};
use stint_domain::people::{Handle, PasswordHash, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{PersonId, Timestamp, Version, Zone};

use crate::Ledger;
use crate::given::{at, fresh, token_of};
use crate::suite::walk;

/// An adapter over a fresh, empty ledger, with its tokens and people.
#[derive(Clone)]
pub struct People {
    /// Jobs and entries: an entry's subject is no free handle.
    pub ledger: Ledger,
    /// The adapter's tokens, over the same ledger.
    pub tokens: Arc<dyn TokenRepository>,
    /// The adapter's people, over the same ledger.
    pub people: Arc<dyn PersonRepository>,
}

/// Makes one test of each duty of a person repository, and of each duty of its tokens that needs people. The argument
/// is an `async fn() -> People`.
#[macro_export]
macro_rules! person_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (people::person::create) {
                a_new_person_reads_back_with_every_field_at_its_limits,
                a_new_person_has_no_password,
                an_unknown_person_is_not_found,
                a_new_person_is_stored_with_the_invitation,
                a_person_whose_invitation_cannot_be_stored_is_not_stored_either,
                creating_a_person_twice_leaves_one,
            }
            (people::person::handle) {
                a_handle_is_taken_whatever_its_case_or_width,
                the_handle_of_a_deactivated_person_stays_taken,
                of_people_with_one_handle_created_at_once_one_is_stored,
                a_handle_that_a_token_has_as_its_subject_is_refused,
                a_handle_that_an_entry_has_as_its_subject_is_refused,
                a_handle_that_is_like_a_subject_but_not_it_is_free,
                a_taken_handle_is_refused_before_a_taken_subject,
                a_taken_subject_can_be_adopted_and_stays_as_it_is,
                a_handle_of_a_person_cannot_be_adopted,
                a_token_of_nobody_may_not_name_the_handle_of_a_person,
                of_a_person_and_a_token_with_one_subject_created_at_once_one_is_refused,
            }
            (people::person::update) {
                each_field_of_a_person_changes_alone,
                all_fields_of_a_person_change_together,
                a_change_of_a_person_that_waited_sets_no_moment_back,
                an_update_of_a_person_without_fields_changes_nothing,
                an_update_of_a_person_without_fields_is_refused_like_any_other,
                an_update_of_an_unknown_person_is_refused_before_its_precondition,
                an_update_of_a_person_keeps_its_precondition,
                of_racing_guarded_updates_of_a_person_one_passes,
                racing_updates_of_a_person_undo_none,
            }
            (people::person::last_admin) {
                the_last_admin_is_neither_demoted_nor_deactivated,
                the_last_admin_may_change_in_any_other_way,
                the_last_admin_may_go_on_request,
                an_admin_may_go_while_another_is_active,
                a_deactivated_admin_does_not_count,
                a_failed_precondition_is_told_before_the_last_admin,
                without_an_admin_others_may_change_all_the_same,
                of_racing_admins_who_go_one_stays,
            }
            (people::person::deactivate) {
                a_deactivation_revokes_all_tokens_of_the_person_and_nobody_elses,
                a_change_that_is_no_deactivation_revokes_nothing,
                a_refused_deactivation_revokes_nothing,
                what_a_deactivation_revoked_shows_it_within_5_seconds,
                an_activation_restores_no_token,
                a_token_of_a_deactivated_person_is_refused,
                no_token_stays_usable_that_is_created_during_a_deactivation,
                no_invitation_stays_usable_that_is_stored_during_a_deactivation,
                no_session_stays_usable_that_begins_during_a_deactivation,
            }
            (people::person::find) {
                an_account_is_found_by_its_handle_in_any_case,
                an_account_comes_with_the_hash_of_its_password,
                people_are_listed_oldest_first_and_then_by_id,
                pages_of_people_join_without_gap_or_repeat,
                a_walk_through_people_sees_each_once_while_others_are_created,
                the_last_full_page_of_people_has_no_next,
                people_of_a_role_or_a_status_are_listed_without_others,
            }
            (people::person::password) {
                a_password_can_be_set_and_replaced,
                a_password_is_no_change_of_the_person,
                sessions_go_on_when_only_the_hash_is_new,
                a_new_password_ends_all_sessions_but_the_one_named_and_nothing_else,
                a_new_password_ends_all_sessions_when_none_of_them_is_named,
                a_session_that_a_new_password_ended_shows_it_within_5_seconds,
                setting_the_password_of_an_unknown_person_is_refused,
                a_password_that_was_changed_in_the_meantime_stays,
                of_racing_passwords_that_replace_the_same_one_is_set,
            }
            (people::person::invite) {
                a_new_invitation_ends_older_ones_and_nothing_else,
                an_invitation_of_an_unknown_or_deactivated_person_is_refused,
                an_invitation_that_cannot_be_stored_ends_no_older_one,
                of_racing_invitations_of_a_person_one_stays_usable,
            }
            (people::person::accept) {
                an_invitation_can_be_used_once,
                using_an_invitation_sets_the_password_or_keeps_it,
                using_an_invitation_ends_all_sessions_but_the_new_one_and_nothing_else,
                an_invitation_that_is_unknown_revoked_or_expired_is_unusable,
                a_token_of_another_kind_is_no_invitation,
                an_invitation_of_a_person_who_was_deactivated_is_unusable,
                a_session_that_cannot_be_stored_uses_no_invitation,
                of_racing_uses_of_an_invitation_one_succeeds,
            }
            (people::person::adopt) {
                what_a_subject_logged_becomes_the_persons,
                a_subject_is_adopted_in_steps_until_nothing_is_left,
                a_subject_with_a_token_that_is_not_revoked_is_not_adopted,
                revoked_tokens_of_an_adopted_subject_become_the_persons,
                a_handle_of_another_person_is_not_adopted,
                of_ones_own_handle_other_spellings_are_adopted,
                a_subject_is_not_adopted_by_an_unknown_person,
                entries_that_are_edited_while_their_subject_is_adopted_keep_every_change,
            }
            (people::person::tokens) {
                a_token_of_each_kind_reads_back_with_its_person,
                a_hash_tells_what_the_tokens_person_may_do,
                a_new_role_shows_within_5_seconds,
                a_new_status_shows_within_5_seconds,
                tokens_of_a_person_and_of_a_kind_are_listed_without_others,
                pages_of_a_persons_tokens_hold_each_once,
            }
            (people::person::calls) {
                creating_a_person_that_is_given_up_happens_whole_or_not_at_all,
                using_an_invitation_that_is_given_up_happens_whole_or_not_at_all,
                deactivating_a_person_that_is_given_up_happens_whole_or_not_at_all,
                setting_a_password_that_is_given_up_happens_whole_or_not_at_all,
                inviting_a_person_that_is_given_up_happens_whole_or_not_at_all,
                no_method_of_people_blocks_the_runtime,
            }
        }
    };
}

impl People {
    /// The ports of an adapter that implements all of them. `guard` keeps its database alive (`()` if nothing has
    /// to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: LedgerAdapter + TokenRepository + PersonRepository + Clone + 'static,
    {
        let (tokens, people) = (Arc::new(adapter.clone()), Arc::new(adapter.clone()));
        Self { ledger: Ledger::new(adapter, guard), tokens, people }
    }

    /// Stores the person, who must not be refused.
    pub(crate) async fn store(&self, person: Person) -> Person {
        self.people.create(create(person)).await.unwrap()
    }

    /// Stores a member with this handle.
    pub(crate) async fn member(&self, handle: &str) -> Person {
        self.store(person(handle)).await
    }

    /// Stores an admin with this handle.
    pub(super) async fn admin(&self, handle: &str) -> Person {
        self.store(Person { role: Role::Admin, ..person(handle) }).await
    }

    /// Stores a token of the person.
    pub(super) async fn token(&self, person: &Person, kind: TokenKind) -> Token {
        let token = token_for(person, kind);
        self.tokens.create(token.clone()).await.unwrap();
        token
    }

    /// Stores one token of each kind, in the order of [`TokenKind::ALL`].
    async fn tokens_of_each_kind(&self, person: &Person) -> Vec<Token> {
        let mut tokens = Vec::new();
        for kind in TokenKind::ALL {
            tokens.push(self.token(person, kind).await);
        }
        tokens
    }

    /// Carries out the update, which must not be refused.
    pub(crate) async fn update(&self, command: UpdatePerson) -> Person {
        self.people.update(command).await.unwrap()
    }

    /// The person, who must exist.
    pub(super) async fn person(&self, id: PersonId) -> Person {
        self.people.find(id).await.unwrap().expect("the person is there")
    }

    /// The hash of the person's password, if there is one.
    async fn password(&self, person: &Person) -> Option<PasswordHash> {
        let account = self.people.find_account(person.handle.clone()).await.unwrap();
        account.expect("the person is found by the handle").password
    }

    /// All people who match, page by page.
    pub(super) async fn all(&self, query: ListPeople) -> Vec<Person> {
        let query = |after: Option<_>| ListPeople { after: after.or(query.after), ..query };
        walk(|after| self.people.list(query(after)).map(Result::unwrap)).await
    }

    /// All tokens that match, page by page.
    pub(super) async fn all_tokens(&self, query: ListTokens) -> Vec<Token> {
        let query = |after: Option<_>| ListTokens { after: after.or(query.after), ..query };
        walk(|after| self.tokens.list(query(after)).map(Result::unwrap)).await
    }

    /// Fails unless each of these tokens is stored as it is here.
    pub(super) async fn assert_as_they_are(&self, tokens: &[Token]) {
        for token in tokens {
            assert_eq!(self.tokens.find(token.id).await.unwrap().as_ref(), Some(token), "a token `{}`", token.kind);
        }
    }

    /// Fails unless each of these tokens is stored, revoked so many seconds in, and else as it is here.
    pub(super) async fn assert_revoked(&self, tokens: &[Token], seconds: i64) {
        for token in tokens {
            self.assert_as_they_are(&[Token { revoked_at: Some(at(seconds)), ..token.clone() }]).await;
        }
    }
}

fn handle(text: &str) -> Handle {
    Handle::new(text).unwrap()
}

/// A member with this handle, and values that no other field has by chance.
pub(crate) fn person(text: &str) -> Person {
    made_at(at(0), text)
}

/// Like [`person`], created at this moment.
fn made_at(moment: Timestamp, text: &str) -> Person {
    Person {
        id: PersonId::new(fresh()),
        handle: handle(text),
        name: PersonName::new("Ada Lovelace").unwrap(),
        email: None,
        role: Role::Member,
        status: PersonStatus::Active,
        time_zone: Zone::UTC,
        week_starts_on: WeekStart::Monday,
        version: Version::initial(moment),
        created_at: moment,
        updated_at: moment,
    }
}

fn create(person: Person) -> CreatePerson {
    CreatePerson { person, adopt: false, invitation: None }
}

/// An update of no field, one second in.
pub(crate) fn update(id: PersonId) -> UpdatePerson {
    UpdatePerson {
        id,
        changes: PersonChanges::default(),
        last_admin: LastAdmin::Stays,
        at: at(1),
        precondition: Precondition::None,
    }
}

pub(crate) fn set_role(id: PersonId, role: Role) -> UpdatePerson {
    UpdatePerson { changes: PersonChanges { role: Some(role), ..PersonChanges::default() }, ..update(id) }
}

fn set_status(id: PersonId, status: PersonStatus) -> UpdatePerson {
    UpdatePerson { changes: PersonChanges { status: Some(status), ..PersonChanges::default() }, ..update(id) }
}

/// A deactivation seven seconds in.
pub(crate) fn deactivate(id: PersonId) -> UpdatePerson {
    UpdatePerson { at: at(7), ..set_status(id, PersonStatus::Deactivated) }
}

/// A token of this kind for the person.
pub(super) fn token_for(person: &Person, kind: TokenKind) -> Token {
    Token { subject: person.handle.subject().clone(), person: Some(person.id), ..token_of(kind) }
}

/// A new invitation of the person, five seconds in.
fn invite(person: &Person) -> Invite {
    Invite { invitation: token_for(person, TokenKind::Invitation), at: at(5) }
}

/// The use of this invitation, six seconds in, which sets a password.
fn accept(person: &Person, invitation: &Token) -> AcceptInvitation {
    AcceptInvitation {
        id: invitation.id,
        password: Some(hash(1)),
        session: token_for(person, TokenKind::Session),
        at: at(6),
    }
}

/// A hash of a password as argon2id writes it, different for each number.
fn hash(number: u32) -> PasswordHash {
    let (salt, digest) = (format!("{number:022}"), format!("{number:0>43}"));
    PasswordHash::new(format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${digest}"))
}
