//! Password hashing with argon2id (RFC 9106), a few at a time: each takes 19 MiB and some tens of
//! milliseconds, so that trying many passwords is slow, with a stolen log as well as at sign-in.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::problem::{Problem, ProblemKind};
use std::collections::BTreeSet;
use tokio::sync::{Semaphore, oneshot};
use zxcvbn::{Score, zxcvbn};

/// Fewest characters of a password (NIST SP 800-63B-4 requires 15 without a second factor and 8 with one).
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password, in bytes: a sentence in any script.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Fewest different characters of a password.
const KINDS_MIN: usize = 5;
/// Product names that a password must not contain, because they would be guessed first.
const NAMES: [&str; 1] = ["ledgerline"];
/// Number of first characters of a password that are compared with common passwords and patterns. The rest
/// cannot be guessed this way, and the work grows faster than the length.
const GUESSED_CHARS_MAX: usize = 72;

/// Password hashes computed at once; the machine's two cores have other work.
const AT_ONCE_MAX: usize = 2;
/// Most callers that wait for a hash in addition to those computed. Further ones are refused with
/// `sign-ins-busy`.
const WAITING_MAX: usize = 32;

/// Bytes of a salt (RFC 9106, 3.1).
const SALT_BYTES: usize = 16;

/// Hash that is verified if the user does not exist, so that the answer takes as long. It is the hash of a
/// fixed text.
const DECOY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$L3tUdvWfU4vOdNWxZqfYGdo7vM4tTkKcN2yAPY7uDpI";

/// Limits the password hashes that are computed at once, and the callers that wait for one.
pub struct PasswordHashSlots {
    turns: Semaphore,
    places: Semaphore,
}

impl Default for PasswordHashSlots {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(AT_ONCE_MAX),
            places: Semaphore::new(AT_ONCE_MAX + WAITING_MAX),
        }
    }
}

impl PasswordHashSlots {
    /// Returns the argon2id text of a password with a new random salt. Fails with `sign-ins-busy` if too
    /// many callers wait.
    pub(crate) async fn hash(
        &self,
        tasks: &dyn Tasks,
        ids: &dyn IdSource,
        password: String,
    ) -> Result<String, Problem> {
        let mut salt = [0_u8; SALT_BYTES];
        ids.random(&mut salt);
        let made = self.turn(tasks, move || {
            let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
        });
        made.await?
            .map_err(|error| Problem::fault(format!("argon2id: {error}")))
    }

    /// Returns true if the password matches the argon2id text `kept`. Without a text it takes as long and
    /// returns false. Fails with `sign-ins-busy` if too many callers wait.
    pub(crate) async fn is_right(
        &self,
        tasks: &dyn Tasks,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, Problem> {
        self.turn(tasks, move || {
            let is_unknown_user = kept.is_none();
            let kept = kept.unwrap_or_else(|| DECOY_HASH.to_owned());
            let is_right = PasswordHash::new(&kept).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            });
            is_right && !is_unknown_user
        })
        .await
    }

    async fn turn<T: Send + 'static>(
        &self,
        tasks: &dyn Tasks,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = || {
            let detail = "too many sign-ins at the same time: try again in a moment";
            Problem::new(ProblemKind::Busy, "sign-ins-busy", detail)
        };
        let Ok(_place) = self.places.try_acquire() else {
            return Err(busy());
        };
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(busy());
        };
        let (tell, outcome) = oneshot::channel();
        tasks.thread(
            "password",
            Box::new(move || {
                // This fails only if the caller has gone away.
                drop(tell.send(work()));
            }),
        );
        let outcome = outcome.await;
        outcome.map_err(|gone| Problem::fault(format!("a password's thread: {gone}")))
    }
}

/// Fails with `password-weak` if the password has fewer than `PASSWORD_CHARS_MIN` characters or more than
/// `PASSWORD_BYTES_MAX` bytes, has few different characters, is easily guessed, or contains the user's name
/// or ours.
pub(crate) fn refuse_weak(name: &str, password: &str) -> Result<(), Problem> {
    let weak = |why: String| Err(Problem::refused("password-weak", why));
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return weak(format!("a password has at least {PASSWORD_CHARS_MIN} characters"));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return weak(format!("a password has at most {PASSWORD_BYTES_MAX} bytes"));
    }
    let lower = password.to_lowercase();
    let kinds: BTreeSet<char> = lower.chars().collect();
    let holds_name = lower.contains(name) || NAMES.iter().any(|ours| lower.contains(ours));
    let first: String = password.chars().take(GUESSED_CHARS_MAX).collect();
    let guessed = zxcvbn(&first, &[name, "ledgerline"]);
    if holds_name || kinds.len() < KINDS_MIN || guessed.score() < Score::Three {
        let why = "this password is easy to guess: it is common, repeats a few characters or contains a name; \
                   use a sentence of several words / 该密码过于常见或容易被猜到，建议使用由几个词组成的句子";
        return weak(why.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_guessed_first_is_refused() {
        for weak in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "wang-wang-wang",
            "LedgerLine2026!",
            "121212121212",
            // From the most common passwords, those that are long enough.
            "password1234",
            "1234567890ab",
            "1qaz2wsx3edc4rfv",
            "qwertyuiop[]",
            "iloveyou12345",
            "Password2026",
        ] {
            assert!(refuse_weak("wang", weak).is_err(), "{weak}");
        }
        assert!(refuse_weak("wang", "四个 汉字 也 可以 作 口令 吗").is_ok());
        assert!(refuse_weak("wang", &"correct horse ".repeat(40)).is_err());
        assert!(refuse_weak("wang", "correct horse battery").is_ok());
    }

    #[test]
    fn the_stand_in_is_an_argon2id_text_of_today_s_cost() {
        let hash = PasswordHash::new(DECOY_HASH).unwrap();
        let made = Argon2::default()
            .hash_password_with_salt(b"x", b"nobodynobody")
            .unwrap();
        assert_eq!(hash.params.to_string(), made.params.to_string());
    }
}
