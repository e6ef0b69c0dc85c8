//! Passwords: hashed with argon2id, and judged by zxcvbn.
//!
//! Both take long, so one thread does nothing else, and few callers may wait for it.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use argon2::password_hash::phc::{self, ParamsString};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use async_trait::async_trait;
use stint_domain::people::ports::Passwords;
use stint_domain::people::ports::passwords::{HashPasswordError, Verified};
use stint_domain::people::{Password, PasswordHash};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::sync::oneshot;
use zxcvbn::feedback::Feedback;
use zxcvbn::{Score, zxcvbn};

use super::BACKEND;

/// Work for the thread.
type Work = Box<dyn FnOnce() + Send>;

/// Hashes one password at a time, on a thread of its own: argon2id with 19 MiB, two passes and one lane. A hash takes some
/// tens of milliseconds.
#[derive(Clone)]
pub struct Argon2Passwords {
    queue: SyncSender<Work>,
}

impl Argon2Passwords {
    /// How many callers may wait while another's password is hashed. Any further ones are refused at once.
    pub const WAITING: usize = 16;

    /// Starts the thread. It ends when the last clone is gone.
    pub fn start() -> Result<Self, BackendError> {
        let (queue, work) = sync_channel(Self::WAITING);
        thread::Builder::new().name("passwords".to_owned()).spawn(move || serve(&work)).map_err(internal)?;
        Ok(Self { queue })
    }

    /// Runs this on the thread, unless the caller is gone when its turn comes.
    async fn run<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> Result<T, BackendError> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            if !answer.is_closed() {
                // The caller may have gone meanwhile.
                drop(answer.send(f()));
            }
        };
        self.queue.try_send(Box::new(work)).map_err(|refused| match refused {
            TrySendError::Full(_) => unavailable("too many passwords wait to be hashed"),
            TrySendError::Disconnected(_) => internal("the thread that hashes passwords has ended"),
        })?;
        answered.await.map_err(|_gone| internal("hashing a password panicked"))
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: Password, about: Vec<String>) -> Result<PasswordHash, HashPasswordError> {
        self.run(move || judge(&password, &about).and_then(|()| Ok(new_hash(&password)?))).await?
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verified, BackendError> {
        self.run(move || verify(&password, hash.as_ref())).await?
    }
}

fn serve(work: &Receiver<Work>) {
    for work in work {
        // A panic ends this caller's work alone: its answer is dropped.
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)));
    }
}

/// Fails when the password would be guessed with about 10^8 guesses, by somebody who knows what others know.
fn judge(password: &Password, about: &[String]) -> Result<(), HashPasswordError> {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let judged = zxcvbn(password.expose(), &about);
    if judged.score() >= Score::Three {
        return Ok(());
    }
    let warning = judged.feedback().and_then(Feedback::warning).map(|warning| warning.to_string());
    let why = warning.unwrap_or_else(|| "a longer one with less common words is harder to guess".to_owned());
    Err(HashPasswordError::TooWeak(first_lower(why.trim_end_matches('.'))))
}

fn first_lower(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

fn new_hash(password: &Password) -> Result<PasswordHash, BackendError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(internal)?;
    let hash = Argon2::default().hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(internal)?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// A hash of no password, with the parameters of new ones.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn verify(password: &Password, hash: Option<&PasswordHash>) -> Result<Verified, BackendError> {
    let stored = phc::PasswordHash::new(hash.map_or(NOBODYS, PasswordHash::expose)).map_err(internal)?;
    let argon2 = Argon2::default();
    if argon2.verify_password(password.expose().as_bytes(), &stored).is_err() || hash.is_none() {
        return Ok(Verified::No);
    }
    let stronger = if is_as_new(&stored, &argon2) { None } else { Some(new_hash(password)?) };
    Ok(Verified::Yes { stronger })
}

/// Whether the hash has the algorithm and the parameters of new ones.
fn is_as_new(stored: &phc::PasswordHash, argon2: &Argon2<'_>) -> bool {
    let params = ParamsString::try_from(argon2.params());
    stored.algorithm.as_str() == "argon2id" && stored.version == Some(19) && params.is_ok_and(|it| it == stored.params)
}

fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Internal, error)
}

fn unavailable(error: &str) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Unavailable, error)
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Params, Version};
    use futures::future::join_all;

    use super::*;

    const GOOD: &str = "correct horse battery staple";

    fn password(text: &str) -> Password {
        Password::attempted(text).unwrap()
    }

    fn passwords() -> Argon2Passwords {
        Argon2Passwords::start().unwrap()
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let passwords = passwords();
        let hash = passwords.hash(password(GOOD), vec![]).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        let yes = Verified::Yes { stronger: None };
        assert_eq!(passwords.verify(password(GOOD), Some(hash.clone())).await.unwrap(), yes);
        for wrong in ["correct horse battery stapl", "Correct horse battery staple", ""] {
            assert_eq!(passwords.verify(password(wrong), Some(hash.clone())).await.unwrap(), Verified::No, "{wrong}");
        }
        assert_eq!(passwords.verify(password(GOOD), None).await.unwrap(), Verified::No);
        let again = passwords.hash(password(GOOD), vec![]).await.unwrap();
        assert_ne!(again.expose(), hash.expose(), "each hash has a salt of its own");
    }

    #[tokio::test]
    async fn a_password_that_is_easy_to_guess_is_refused_with_the_reason() {
        let passwords = passwords();
        let about = vec!["ada".to_owned(), "Ada Lovelace".to_owned(), "lovelace1815@example.org".to_owned()];
        for easy in ["password123", "qwertyuiop", "aaaaaaaaaaaa", "Ada Lovelace", "lovelace1815@example.org"] {
            let refused = passwords.hash(password(easy), about.clone()).await;
            assert!(matches!(&refused, Err(HashPasswordError::TooWeak(why)) if !why.is_empty()), "{easy}: {refused:?}");
        }
        assert!(passwords.hash(password(GOOD), about).await.is_ok());
    }

    /// As when the parameters grow: at the next sign-in the hash is replaced.
    #[tokio::test]
    async fn a_weaker_hash_verifies_and_a_stronger_one_comes_with_it() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let weak: phc::PasswordHash = weak.hash_password_with_salt(GOOD.as_bytes(), &[7; 16]).unwrap();
        let passwords = passwords();
        let weak = Some(PasswordHash::new(weak.to_string()));
        let Verified::Yes { stronger: Some(stronger) } = passwords.verify(password(GOOD), weak.clone()).await.unwrap()
        else {
            panic!("no stronger hash");
        };
        let yes = Verified::Yes { stronger: None };
        assert_eq!(passwords.verify(password(GOOD), Some(stronger)).await.unwrap(), yes);
        assert_eq!(passwords.verify(password("wrong"), weak).await.unwrap(), Verified::No);
    }

    #[tokio::test]
    async fn a_stored_text_that_is_no_hash_is_an_error() {
        let broken = passwords().verify(password(GOOD), Some(PasswordHash::new("secret".to_owned()))).await;
        assert_eq!(broken.unwrap_err().kind, BackendErrorKind::Internal);
    }

    #[tokio::test]
    async fn a_flood_is_refused_at_once_and_the_rest_is_served() {
        let passwords = passwords();
        let answers = join_all((0..100).map(|_| passwords.verify(password(GOOD), None))).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        assert!((100 - Argon2Passwords::WAITING - 1..100).contains(&refused), "{refused} of 100 were refused");
        assert!(
            answers.iter().filter_map(|answer| answer.as_ref().err()).all(|e| e.kind == BackendErrorKind::Unavailable)
        );
        assert_eq!(passwords.verify(password(GOOD), None).await.unwrap(), Verified::No);
    }

    #[tokio::test]
    async fn callers_that_have_gone_cost_nothing() {
        let passwords = passwords();
        let (open, gate) = std::sync::mpsc::channel();
        let (run, ran) = std::sync::mpsc::channel();
        let mut first = Box::pin(passwords.run(move || gate.recv().is_ok()));
        assert!(futures::poll!(first.as_mut()).is_pending());
        for number in 0..8 {
            let run = run.clone();
            let mut gone = Box::pin(passwords.run(move || run.send(number)));
            assert!(futures::poll!(gone.as_mut()).is_pending());
        }
        open.send(()).unwrap();
        assert!(first.await.unwrap());
        passwords.run(move || run.send(99)).await.unwrap().unwrap();
        assert_eq!(ran.iter().collect::<Vec<_>>(), [99]);
    }
}
