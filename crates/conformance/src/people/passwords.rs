//! The duties of a [`Passwords`].

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::join_all;
use stint_domain::BackendErrorKind;
use stint_domain::people::ports::Passwords;
use stint_domain::people::ports::passwords::{HashPasswordError, Verified};
use stint_domain::people::{Password, PasswordHash};

use crate::Fixture;

/// How often a clause measures what it compares.
const MEASURED: usize = 3;

/// Makes one test of each duty of passwords. The argument is an `async fn() -> Fixture<dyn Passwords>`.
#[macro_export]
macro_rules! passwords {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (people::passwords) {
                a_hash_is_right_for_its_password_and_for_no_other,
                a_hash_is_argon2id_and_costs_enough,
                each_hash_has_a_salt_of_its_own,
                a_password_that_is_easy_to_guess_is_not_hashed,
                without_a_hash_no_password_is_right_and_it_takes_as_long,
                a_text_that_is_no_hash_is_right_for_no_password,
                of_a_flood_of_passwords_few_wait_and_the_others_are_refused,
                a_password_is_hashed_beside_the_threads_of_the_runtime,
            }
        }
    };
}

/// A password that nobody guesses.
fn good() -> Password {
    password("Kelp 🦭 forests drift at noon")
}

fn password(text: &str) -> Password {
    Password::attempted(text).unwrap()
}

async fn hashed(passwords: &Fixture<dyn Passwords>) -> PasswordHash {
    passwords.port.hash(good(), vec![]).await.unwrap()
}

/// Down to the last character of the longest, and to its case. A new hash needs no stronger one.
pub async fn a_hash_is_right_for_its_password_and_for_no_other(passwords: Fixture<dyn Passwords>) {
    let digits = (1..99_u32).map(|number| format!("{:x}", number * number * 7_919));
    let long: String = (good().expose().to_owned() + &digits.collect::<String>()).chars().take(256).collect();
    for right in [good(), password(&long)] {
        let hash = passwords.port.hash(right.clone(), vec![]).await.unwrap();
        let verified = passwords.port.verify(right.clone(), Some(hash.clone())).await.unwrap();
        assert_eq!(verified, Verified::Yes { stronger: None });
        let text = right.expose();
        for wrong in [&text[..text.len() - 1], &text.to_lowercase(), ""] {
            let verified = passwords.port.verify(password(wrong), Some(hash.clone())).await.unwrap();
            assert_eq!(verified, Verified::No, "{wrong}");
        }
    }
}

/// At least 19 MiB, two passes, one lane, and 16 bytes of salt.
pub async fn a_hash_is_argon2id_and_costs_enough(passwords: Fixture<dyn Passwords>) {
    let hash = hashed(&passwords).await;
    let parts: Vec<&str> = hash.expose().split('$').collect();
    let ["", "argon2id", "v=19", costs, salt, _digest] = parts[..] else { panic!("it is no such text") };
    let cost = |name: char| {
        let of_name = costs.split(',').find_map(|cost| cost.strip_prefix(name)?.strip_prefix('='));
        of_name.and_then(|cost| cost.parse::<u32>().ok()).unwrap_or_default()
    };
    assert!(cost('m') >= 19 * 1024 && cost('t') >= 2 && cost('p') >= 1, "{costs}");
    // Base64 without padding.
    assert!(salt.len() >= 22, "the salt has {} characters", salt.len());
}

/// Also of one password.
pub async fn each_hash_has_a_salt_of_its_own(passwords: Fixture<dyn Passwords>) {
    let [one, other] = [hashed(&passwords).await, hashed(&passwords).await];
    let salt = |hash: &PasswordHash| hash.expose().split('$').nth(4).map(str::to_owned);
    assert_ne!(salt(&one), salt(&other));
}

/// Common ones, and what others know of the person. The refusal says why.
pub async fn a_password_that_is_easy_to_guess_is_not_hashed(passwords: Fixture<dyn Passwords>) {
    let about = ["ada.lovelace", "Ada Lovelace", "lovelace1815@example.org"].map(str::to_owned).to_vec();
    for easy in
        ["password123", "qwertyuiop", "aaaaaaaaaaaa", "1234567890"].into_iter().chain(about.iter().map(|it| &**it))
    {
        let refused = passwords.port.hash(password(easy), about.clone()).await;
        assert!(matches!(&refused, Err(HashPasswordError::TooWeak(why)) if !why.is_empty()), "{easy}: {refused:?}");
    }
    passwords.port.hash(good(), about).await.unwrap();
}

/// So nobody learns from the time whether there is an account. Here neither takes four times as long as the other.
pub async fn without_a_hash_no_password_is_right_and_it_takes_as_long(passwords: Fixture<dyn Passwords>) {
    let hash = hashed(&passwords).await;
    let [mut with, mut without] = [Duration::MAX; 2];
    for _ in 0..MEASURED {
        for (least, hash) in [(&mut with, Some(hash.clone())), (&mut without, None)] {
            let (begun, has_hash) = (Instant::now(), hash.is_some());
            let verified = passwords.port.verify(password("another password"), hash).await.unwrap();
            assert_eq!(verified, Verified::No, "with a hash: {has_hash}");
            *least = begun.elapsed().min(*least);
        }
    }
    assert_eq!(passwords.port.verify(good(), None).await.unwrap(), Verified::No);
    assert!(without * 4 >= with && with * 4 >= without, "{without:?} without a hash, {with:?} with one");
}

/// It may be an error.
pub async fn a_text_that_is_no_hash_is_right_for_no_password(passwords: Fixture<dyn Passwords>) {
    let whole = hashed(&passwords).await;
    let shorter = &whole.expose()[..whole.expose().len() - 8];
    for text in ["", "secret", good().expose(), "$argon2id$v=19$m=19456,t=2,p=1$$", shorter] {
        let verified = passwords.port.verify(good(), Some(PasswordHash::new(text.to_owned()))).await;
        assert!(matches!(verified, Ok(Verified::No) | Err(_)), "{text}: {verified:?}");
    }
}

/// As `Unavailable`. Afterwards there is room again.
pub async fn of_a_flood_of_passwords_few_wait_and_the_others_are_refused(passwords: Fixture<dyn Passwords>) {
    let mut refused = 0;
    for answer in join_all((0..200).map(|_| passwords.port.verify(good(), None))).await {
        match answer {
            Ok(verified) => assert_eq!(verified, Verified::No),
            Err(error) => {
                assert_eq!(error.kind, BackendErrorKind::Unavailable, "{error}");
                refused += 1;
            }
        }
    }
    assert!((1..200).contains(&refused), "{refused} of 200 were refused");
    assert_eq!(passwords.port.verify(good(), None).await.unwrap(), Verified::No);
}

/// Most of the time, the runtime has nothing to do with it.
pub async fn a_password_is_hashed_beside_the_threads_of_the_runtime(passwords: Fixture<dyn Passwords>) {
    let mut beside = false;
    for _ in 0..MEASURED {
        let (begun, mut polled) = (Instant::now(), Duration::ZERO);
        let mut call = pin!(passwords.port.verify(good(), None));
        poll_fn(|context| {
            let begun = Instant::now();
            let poll = call.as_mut().poll(context);
            polled += begun.elapsed();
            poll
        })
        .await
        .unwrap();
        beside |= polled * 2 < begun.elapsed();
    }
    assert!(beside, "the thread that polls a call hashes the password");
}
