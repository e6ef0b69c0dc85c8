//! The duties of a [`TokenRepository`] that need no people; those that do are in
//! [`people::person`](crate::people::person). Here each token is nobody's. Those about tokens that make tokens are in
//! [`made`].

pub mod kinds;
pub mod made;
pub mod races;

use std::cell::Cell;
use std::time::{Duration, Instant};

use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, Expiry, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, TokenChanges, UpdateToken,
};
use stint_domain::access::{Scopes, SecretHash, Token, TokenKind};
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap};
use stint_domain::values::{JobId, TokenId, Zone};

use crate::Fixture;
use crate::given::{at, fresh, job_id, size, subject, token_of, token_with};
use crate::suite::walk;

/// A token repository without tokens.
pub type Tokens = Fixture<dyn TokenRepository>;

/// Makes one test of each duty of a token repository. The argument is an `async fn() -> Fixture<dyn
/// TokenRepository>`.
#[macro_export]
macro_rules! token_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (access::token) {
                a_token_reads_back_unchanged_by_its_hash,
                a_capture_rule_reads_back_unchanged,
                a_token_is_found_by_its_id,
                an_unknown_hash_finds_nothing,
                a_token_can_be_found_right_after_its_hash_was_unknown,
                an_expired_token_is_still_found,
                a_revoked_token_is_still_found_and_shows_it_within_5_seconds,
                a_revoked_token_keeps_its_first_moment,
                revoking_one_token_leaves_the_others,
                revoking_an_unknown_token_is_refused,
                tokens_are_listed_oldest_first,
                two_tokens_may_share_name_and_subject,
                creating_a_token_twice_leaves_one,
                an_update_changes_what_it_names_and_nothing_else,
                updating_an_unknown_token_is_refused,
                a_new_end_shows_within_5_seconds,
                tokens_that_capture_are_listed_latest_first_and_others_are_not,
                tokens_of_one_job_are_listed_without_others,
                tokens_of_one_subject_are_listed_without_others,
                pages_of_tokens_that_capture_hold_each_once,
                pages_of_all_tokens_hold_each_once,
            }
            (access::token::kinds) {
                a_token_of_each_kind_reads_back_unchanged,
                tokens_of_one_kind_are_listed_without_others,
                pages_of_tokens_of_one_kind_hold_each_once,
                an_unknown_person_has_no_tokens_and_gets_none,
                a_session_shows_its_last_use_and_until_when_it_lasts,
                a_use_that_comes_late_changes_nothing,
                a_session_that_is_revoked_shows_no_later_use,
                a_token_that_is_no_session_shows_no_use,
            }
            (access::token::made) {
                a_token_remembers_which_one_made_it,
                revoking_a_token_takes_along_what_it_made_and_nothing_else,
                what_a_token_made_stays_when_it_is_to_be_kept,
                revoking_again_takes_along_what_was_kept_until_then,
                what_a_token_made_is_refused_within_5_seconds_of_its_revocation,
                a_revoked_or_unknown_token_makes_none,
                no_token_stays_usable_that_a_revoked_one_made_at_the_same_time,
            }
            (access::token::races) {
                of_tokens_with_one_secret_made_at_once_one_is_stored,
                a_taken_secret_leaves_the_first_token_as_it_is,
                of_tokens_with_one_id_made_at_once_one_is_stored,
                an_update_that_races_with_a_revocation_undoes_none,
                of_racing_revocations_one_moment_stays,
                of_racing_uses_of_a_session_the_latest_stays,
                a_use_that_races_with_a_revocation_undoes_none,
                no_method_of_tokens_blocks_the_runtime,
            }
        }
    };
}

/// Every field, also without expiry and with all scopes.
pub async fn a_token_reads_back_unchanged_by_its_hash(tokens: Tokens) {
    for (byte, scopes, expires_at) in [(1, "read", None), (2, "read,write", Some(at(1))), (3, "admin", Some(at(9)))] {
        let new = Token {
            name: subject(&"🦭".repeat(120)),
            subject: subject("Ada Lovelace"),
            scopes: scopes.parse().unwrap(),
            expires_at,
            ..token(byte)
        };
        tokens.port.create(new.clone()).await.unwrap();
        assert_eq!(by_hash(&tokens, new.secret_hash).await, Some(new));
    }
}

/// Every target, the shortest and the longest gap, zones with and without a slash.
pub async fn a_capture_rule_reads_back_unchanged(tokens: Tokens) {
    let targets = [
        CaptureTarget::Job(job_id()),
        CaptureTarget::Projects { create: false },
        CaptureTarget::Projects { create: true },
    ];
    for (byte, target, zone, gap) in [
        (1, targets[0], "UTC", 1),
        (2, targets[1], "America/Argentina/Buenos_Aires", 86_400),
        (3, targets[2], "Etc/GMT+9", 900),
    ] {
        let rule = CaptureRule { target, zone: zone.parse().unwrap(), gap: Gap::new(gap).unwrap() };
        let new = capturing(byte, rule);
        tokens.port.create(new.clone()).await.unwrap();
        assert_eq!(by_hash(&tokens, new.secret_hash).await.as_ref(), Some(&new));
        assert_eq!(tokens.port.find(new.id).await.unwrap(), Some(new));
    }
}

/// Also a revoked and an expired one. An unknown id finds nothing.
pub async fn a_token_is_found_by_its_id(tokens: Tokens) {
    let stored = Token { expires_at: Some(at(0)), ..token(1) };
    tokens.port.create(stored.clone()).await.unwrap();
    assert_eq!(tokens.port.find(stored.id).await.unwrap().as_ref(), Some(&stored));
    let revoked = tokens.port.revoke(revocation(stored.id, 7)).await.unwrap().token;
    assert_eq!(tokens.port.find(stored.id).await.unwrap(), Some(revoked));
    assert_eq!(tokens.port.find(TokenId::new(fresh())).await.unwrap(), None);
}

/// A hash that differs in one bit is another hash.
pub async fn an_unknown_hash_finds_nothing(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    let mut other = stored.secret_hash;
    other.0[31] ^= 1;
    assert_eq!(by_hash(&tokens, other).await, None);
}

/// A cache must not keep the answer that the hash was unknown.
pub async fn a_token_can_be_found_right_after_its_hash_was_unknown(tokens: Tokens) {
    let new = token(1);
    assert_eq!(by_hash(&tokens, new.secret_hash).await, None);
    tokens.port.create(new.clone()).await.unwrap();
    assert_eq!(by_hash(&tokens, new.secret_hash).await, Some(new));
}

/// The caller decides whether to refuse it, and can then say why.
pub async fn an_expired_token_is_still_found(tokens: Tokens) {
    let expired = Token { expires_at: Some(at(-3600)), ..token(1) };
    tokens.port.create(expired.clone()).await.unwrap();
    assert_eq!(by_hash(&tokens, expired.secret_hash).await, Some(expired));
}

/// Also when it was found just before and may be cached.
pub async fn a_revoked_token_is_still_found_and_shows_it_within_5_seconds(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    tokens.port.find_by_hash(stored.secret_hash).await.unwrap();
    let expected = Token { revoked_at: Some(at(7)), ..stored.clone() };
    assert_eq!(tokens.port.revoke(revocation(stored.id, 7)).await.unwrap().token, expected);
    shown_within_5_seconds(&*tokens.port, &of_nobody(expected)).await;
}

/// Looks until the token is as expected, which must be so at a look 5 seconds after the change. The duration of a
/// look does not count: it depends on the machine.
pub(crate) async fn shown_within_5_seconds(tokens: &dyn TokenRepository, expected: &KnownToken) {
    let changed = Instant::now();
    loop {
        let asked_after = changed.elapsed();
        if tokens.find_by_hash(expected.token.secret_hash).await.unwrap().as_ref() == Some(expected) {
            return;
        }
        assert!(asked_after < Duration::from_secs(5), "asked after {asked_after:?}, the token is as it was");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A repeat is answered with the token as it is.
pub async fn a_revoked_token_keeps_its_first_moment(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    let first = tokens.port.revoke(revocation(stored.id, 7)).await.unwrap();
    assert_eq!(tokens.port.revoke(revocation(stored.id, 8)).await.unwrap(), first);
    assert_eq!(all(&tokens).await, [Token { revoked_at: Some(at(7)), ..stored }]);
}

/// Only the named one is revoked.
pub async fn revoking_one_token_leaves_the_others(tokens: Tokens) {
    let (revoked, kept) = (token(1), token(2));
    for new in [&revoked, &kept] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    tokens.port.revoke(revocation(revoked.id, 7)).await.unwrap();
    assert_eq!(by_hash(&tokens, kept.secret_hash).await, Some(kept));
}

/// The refusal names the id.
pub async fn revoking_an_unknown_token_is_refused(tokens: Tokens) {
    let unknown = TokenId::new(fresh());
    let refused = tokens.port.revoke(revocation(unknown, 7)).await;
    assert!(matches!(refused, Err(ChangeTokenError::NotFound(id)) if id == unknown), "{refused:?}");
}

/// By `created_at`, in whatever order they were stored. Revoked and expired ones are listed, too.
pub async fn tokens_are_listed_oldest_first(tokens: Tokens) {
    assert_eq!(all(&tokens).await, []);
    let mut expected = Vec::new();
    for (byte, seconds) in [(1, 2), (2, 0), (3, 3), (4, 1)] {
        let new = Token { created_at: at(seconds), expires_at: Some(at(0)), ..token(byte) };
        tokens.port.create(new.clone()).await.unwrap();
        expected.push(tokens.port.revoke(revocation(new.id, 9)).await.unwrap().token);
    }
    expected.sort_by_key(|token| token.created_at);
    assert_eq!(all(&tokens).await, expected);
}

/// People may renew a token under its old name.
pub async fn two_tokens_may_share_name_and_subject(tokens: Tokens) {
    for new in [token(1), token(2)] {
        tokens.port.create(new).await.unwrap();
    }
    assert_eq!(all(&tokens).await.len(), 2);
}

/// A repeat after a lost answer may be refused, but it neither makes a second token nor changes the first.
pub async fn creating_a_token_twice_leaves_one(tokens: Tokens) {
    let new = token(1);
    tokens.port.create(new.clone()).await.unwrap();
    let _answered_or_refused = tokens.port.create(Token { scopes: "admin".parse().unwrap(), ..new.clone() }).await;
    assert_eq!(all(&tokens).await, [new]);
}

/// The name and the expiry, alone and together. An expiry can be removed, and an update of neither returns the token
/// as it is.
pub async fn an_update_changes_what_it_names_and_nothing_else(tokens: Tokens) {
    let (mut expected, other) = (capturing(1, rule(CaptureTarget::Projects { create: true })), token(2));
    for new in [&expected, &other] {
        tokens.port.create(new.clone()).await.unwrap();
    }
    let (name, expiry) = (Some(subject("desk")), Some(Expiry::At(at(9))));
    for changes in [
        TokenChanges { expiry, ..TokenChanges::default() },
        TokenChanges { name: name.clone(), ..TokenChanges::default() },
        TokenChanges::default(),
        TokenChanges { expiry: Some(Expiry::Never), ..TokenChanges::default() },
        TokenChanges { name: Some(subject("lap")), expiry },
    ] {
        expected.name = changes.name.clone().unwrap_or(expected.name);
        expected.expires_at = changes.expiry.map_or(expected.expires_at, Expiry::moment);
        assert_eq!(tokens.port.update(UpdateToken { id: expected.id, changes }).await.unwrap(), expected);
        assert_eq!(tokens.port.find(expected.id).await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(tokens.port.find(other.id).await.unwrap(), Some(other));
}

/// Whether the update names a field or not.
pub async fn updating_an_unknown_token_is_refused(tokens: Tokens) {
    let unknown = TokenId::new(fresh());
    for name in [None, Some(subject("desk"))] {
        let changes = TokenChanges { name, ..TokenChanges::default() };
        let refused = tokens.port.update(UpdateToken { id: unknown, changes }).await;
        assert!(matches!(refused, Err(ChangeTokenError::NotFound(id)) if id == unknown), "{refused:?}");
    }
}

/// Within the same time as a revocation.
pub async fn a_new_end_shows_within_5_seconds(tokens: Tokens) {
    let stored = token(1);
    tokens.port.create(stored.clone()).await.unwrap();
    tokens.port.find_by_hash(stored.secret_hash).await.unwrap();
    let changes = TokenChanges { expiry: Some(Expiry::At(at(1))), ..TokenChanges::default() };
    let expected = tokens.port.update(UpdateToken { id: stored.id, changes }).await.unwrap();
    shown_within_5_seconds(&*tokens.port, &of_nobody(expected)).await;
}

/// By `created_at`, whatever they count for. Revoked ones are listed, too.
pub async fn tokens_that_capture_are_listed_latest_first_and_others_are_not(tokens: Tokens) {
    for kind in [TokenKind::Api, TokenKind::Session, TokenKind::Invitation] {
        tokens.port.create(token_of(kind)).await.unwrap();
    }
    let targets = [CaptureTarget::Job(job_id()), CaptureTarget::Projects { create: true }];
    let mut expected = Vec::new();
    for (byte, seconds) in [(1, 2), (2, 0), (3, 3), (4, 1)] {
        let new = Token { created_at: at(seconds), ..capturing(byte, rule(targets[usize::from(byte % 2)])) };
        tokens.port.create(new.clone()).await.unwrap();
        expected.push(tokens.port.revoke(revocation(new.id, 9)).await.unwrap().token);
    }
    expected.sort_by_key(|token| std::cmp::Reverse(token.created_at));
    let page = tokens.port.list_capturing(ListCapturing::default()).await.unwrap();
    assert_eq!((page.items, page.next), (expected, None));
}

/// A token of projects belongs to no job.
pub async fn tokens_of_one_job_are_listed_without_others(tokens: Tokens) {
    let job = job_id();
    let expected = capturing(1, rule(CaptureTarget::Job(job)));
    for new in [
        expected.clone(),
        capturing(2, rule(CaptureTarget::Job(job_id()))),
        capturing(3, rule(CaptureTarget::Projects { create: true })),
    ] {
        tokens.port.create(new).await.unwrap();
    }
    let of = |job: JobId| ListCapturing { related_job: Some(job), ..ListCapturing::default() };
    assert_eq!(tokens.port.list_capturing(of(job)).await.unwrap().items, [expected]);
    assert_eq!(tokens.port.list_capturing(of(job_id())).await.unwrap().items, []);
}

/// Of any job, and of that job alone when both are named.
pub async fn tokens_of_one_subject_are_listed_without_others(tokens: Tokens) {
    let job = job_id();
    let of = |byte, name: &str, target| Token {
        subject: subject(name),
        created_at: at(i64::from(byte)),
        ..capturing(byte, rule(target))
    };
    let (early, late) =
        (of(1, "Eve", CaptureTarget::Job(job)), of(2, "Eve", CaptureTarget::Projects { create: false }));
    for new in [early.clone(), late.clone(), of(3, "eve", CaptureTarget::Job(job)), token(4)] {
        tokens.port.create(new).await.unwrap();
    }
    let of = |related_job| ListCapturing { related_job, subject: Some(subject("Eve")), ..ListCapturing::default() };
    assert_eq!(tokens.port.list_capturing(of(None)).await.unwrap().items, [late, early.clone()]);
    assert_eq!(tokens.port.list_capturing(of(Some(job))).await.unwrap().items, [early]);
}

/// Also when several were created at the same moment, and while others are created.
pub async fn pages_of_tokens_that_capture_hold_each_once(tokens: Tokens) {
    let mut expected = Vec::new();
    for byte in 0..7 {
        let new = capturing(byte, rule(CaptureTarget::Projects { create: false }));
        let new = Token { created_at: at(i64::from(byte / 3)), ..new };
        tokens.port.create(new.clone()).await.unwrap();
        expected.push(new);
    }
    expected.sort_by_key(|token| std::cmp::Reverse((token.created_at, token.id)));
    let byte = Cell::new(100);
    let walked = walk(async |after| {
        let query = ListCapturing { size: size(2), after, ..ListCapturing::default() };
        let page = tokens.port.list_capturing(query).await.unwrap();
        byte.set(byte.get() + 1);
        let late = capturing(byte.get(), rule(CaptureTarget::Projects { create: false }));
        tokens.port.create(Token { created_at: at(99), ..late }).await.unwrap();
        page
    })
    .await;
    assert_eq!(walked, expected);
}

/// As for capture tokens, but oldest first.
pub async fn pages_of_all_tokens_hold_each_once(tokens: Tokens) {
    let mut expected = Vec::new();
    for byte in 0..7 {
        let new = if byte % 2 == 0 { token(byte) } else { capturing(byte, rule(CaptureTarget::Job(job_id()))) };
        let new = Token { created_at: at(i64::from(byte / 3)), ..new };
        tokens.port.create(new.clone()).await.unwrap();
        expected.push(new);
    }
    expected.sort_by_key(|token| (token.created_at, token.id));
    let byte = Cell::new(100);
    let walked = walk(async |after| {
        let page = tokens.port.list(ListTokens { size: size(2), after, ..ListTokens::default() }).await.unwrap();
        assert!(page.items.len() <= 2);
        // Its place is before the next page, so it is on no page.
        byte.set(byte.get() + 1);
        tokens.port.create(Token { created_at: at(-1), ..token(byte.get()) }).await.unwrap();
        page
    })
    .await;
    assert_eq!(walked, expected);
}

/// The token with this hash, which is nobody's.
async fn by_hash(tokens: &Tokens, hash: SecretHash) -> Option<Token> {
    let KnownToken { token, standing } = tokens.port.find_by_hash(hash).await.unwrap()?;
    assert_eq!(standing, None, "it is nobody's");
    Some(token)
}

/// What is known of a token by its hash.
fn of_nobody(token: Token) -> KnownToken {
    KnownToken { token, standing: None }
}

/// All tokens, which must fit on one page.
async fn all(tokens: &Tokens) -> Vec<Token> {
    let page = tokens.port.list(ListTokens { size: size(200), ..ListTokens::default() }).await.unwrap();
    assert_eq!(page.next, None);
    page.items
}

fn revocation(id: TokenId, seconds: i64) -> RevokeToken {
    RevokeToken { id, at: at(seconds), made: Made::Revoke }
}

fn rule(target: CaptureTarget) -> CaptureRule {
    CaptureRule { target, zone: Zone::UTC, gap: Gap::default() }
}

/// A capture token with a hash made of `byte`.
fn capturing(byte: u8, rule: CaptureRule) -> Token {
    Token { kind: TokenKind::Capture, scopes: Scopes::CAPTURE, capture: Some(rule), ..token(byte) }
}

/// A token with the scope `read` and a hash made of `byte`.
fn token(byte: u8) -> Token {
    token_with(SecretHash([byte; 32]))
}
