//! Second factors (双因素认证): codes of authenticator apps (RFC 6238) and recovery codes, from the secret shown
//! once to the check of a code.
//!
//! Setting one up requires name and password, with the same counting and locking as a sign-in. A code is
//! valid once, in its own half minute and in the ones before and after it.

use super::caller::Caller;
use super::password_sign_in::{refuse, verify_password};
use super::user_management::{UserChanged, apply_user_command};
use crate::installation::Installation;
use domain::actor::{Actor, SignInMethod};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::personal::Personal;
use domain::ports::id_source::IdSource;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::second_factor::{OFFERED_MS, RECOVERY_CODES_MAX};
use domain::user::{SecondFactor, SignInFault, SignInProof, UserCommand};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use totp_rs::{Builder, Secret, Totp};

/// Random bytes of a secret: as many as SHA-1 produces (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
/// Random bytes of a recovery code: 80 bits, which cannot be guessed, and 16 characters to type.
const RECOVERY_BYTES: usize = 10;
/// Characters of a recovery code between two dashes.
const GROUP_CHARS: usize = 4;
/// Longest code that is examined, in bytes: a recovery code with its dashes, and some blanks.
pub const CODE_BYTES_MAX: usize = 64;
/// The name under which an app lists its codes.
const SHOWN_AS: &str = "ledgerline";

/// A new secret for an authenticator app, shown only this time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SecondFactorOffered {
    pub user: UserId,
    /// URI that an app reads, for example from a QR code.
    #[schemars(example = &"otpauth://totp/ledgerline:wang?secret=JBSWY3DPEHPK3PXP&issuer=ledgerline")]
    pub otpauth: String,
    /// The secret as base 32, for typing.
    #[schemars(example = &"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    pub secret: String,
    /// The secret is void unless its first code is sent by this time.
    pub until: Timestamp,
}

/// The second factor that is active from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SecondFactorAdded {
    pub user: UserId,
    /// Recovery codes, shown only this time. Each permits one sign-in without the app.
    #[schemars(example = ["abcd-efgh-ijkl-mnop"])]
    pub recovery_codes: Vec<String>,
}

/// Name and password with which a user sets up a second factor.
pub struct PasswordCredentials {
    pub name: String,
    pub password: String,
    /// Address of the client, as far as the connection shows it.
    pub from: Option<String>,
}

/// Creates a secret for an authenticator app, after a check of name and password. It becomes active when
/// its first code is sent (`confirm_second_factor`) and expires unused.
pub async fn offer_second_factor(
    installation: &Arc<Installation>,
    who: PasswordCredentials,
) -> Result<SecondFactorOffered, Problem> {
    let (user, _) = verify_password(installation, &who.name, who.password, who.from).await?;
    let mut bytes = vec![0_u8; SECRET_BYTES];
    installation.environment.ids.random(&mut bytes);
    let totp = totp_of(&user, bytes)?;
    let secret = totp.secret().to_base32();
    let otpauth = totp.to_url();
    let otpauth = otpauth.map_err(|error| Problem::fault(format!("otpauth: {error}")))?;
    let until = installation.now().plus_ms(OFFERED_MS);
    let command = UserCommand::OfferSecondFactor {
        secret: Personal::open(secret.clone()),
    };
    ask(installation, &user, command).await?;
    Ok(SecondFactorOffered {
        user,
        otpauth,
        secret,
        until,
    })
}

/// Activates the offered second factor with its first code, returns the recovery codes and ends all
/// sessions of the user. Fails if none is offered or the code is wrong.
pub async fn confirm_second_factor(
    installation: &Arc<Installation>,
    who: PasswordCredentials,
    code: &str,
) -> Result<SecondFactorAdded, Problem> {
    let from = who.from.clone();
    let (user, loaded) = verify_password(installation, &who.name, who.password, who.from).await?;
    let now = installation.now();
    let Some(offered) = loaded.state.offered_at(now).and_then(Personal::value) else {
        return Err(Problem::refused(
            "second-factor-not-offered",
            "no second-factor set-up is open, or it has expired: start a new one",
        ));
    };
    let Some(step) = step_of(&user, offered, code, now) else {
        return refuse(installation, &user, SignInFault::WrongCode, from).await;
    };
    let codes: Vec<String> = (0..RECOVERY_CODES_MAX)
        .map(|_| new_recovery_code(installation.environment.ids.as_ref()))
        .collect();
    let command = UserCommand::AddSecondFactor {
        step,
        recovery: codes.iter().map(|code| kept_of(&user, code)).collect(),
    };
    ask(installation, &user, command).await?;
    Ok(SecondFactorAdded {
        user,
        recovery_codes: codes,
    })
}

/// Returns what a typed code proves: the app's current time step, or an unused recovery code. `None` if it
/// is wrong, was used, or is older than a used one.
pub(super) fn proof_of(
    user: &UserId,
    factor: &SecondFactor,
    code: &str,
    now: Timestamp,
) -> Option<SignInProof> {
    if let Some(secret) = factor.secret.value()
        && let Some(step) = step_of(user, secret, code, now)
    {
        return (step > factor.step).then_some(SignInProof::Totp { step });
    }
    let sha256 = kept_of(user, code);
    let is_recovery = factor.recovery.contains(&sha256);
    is_recovery.then_some(SignInProof::RecoveryCode { sha256 })
}

/// Returns the 30-second time step to which a code of this secret belongs, the current one or a neighbor.
/// `None` if the code is wrong.
fn step_of(user: &UserId, secret: &str, code: &str, now: Timestamp) -> Option<u64> {
    let bytes = Secret::try_from_base32(secret).ok()?;
    let totp = totp_of(user, bytes.as_bytes().to_vec()).ok()?;
    let digits: String = code.chars().filter(|one| !one.is_whitespace()).collect();
    let seconds = u64::try_from(now.micros()).ok()? / 1_000_000;
    totp.check(&digits, seconds)
}

/// Returns the code generator: SHA-1, six digits, 30 seconds. All apps support these values.
fn totp_of(user: &UserId, secret: Vec<u8>) -> Result<Totp, Problem> {
    let built = Builder::new()
        .with_secret(secret)
        .with_account_name(user.as_str())
        .with_issuer(Some(SHOWN_AS))
        .build();
    built.map_err(|error| Problem::fault(format!("a second factor's secret: {error}")))
}

fn new_recovery_code(ids: &dyn IdSource) -> String {
    let mut bytes = vec![0_u8; RECOVERY_BYTES];
    ids.random(&mut bytes);
    let text = Secret::from(bytes).to_base32().to_lowercase();
    let letters: Vec<char> = text.chars().collect();
    let groups = letters.chunks(GROUP_CHARS).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

/// Returns the stored digest of a recovery code. Letter case, dashes and blanks of the typed code do not
/// matter.
fn kept_of(user: &UserId, code: &str) -> SecretDigest {
    let typed = code.chars().filter(|one| one.is_ascii_alphanumeric());
    let typed: String = typed.map(|one| one.to_ascii_lowercase()).collect();
    SecretDigest::of(&format!("recovery:{user}:{typed}"))
}

async fn ask(installation: &Installation, user: &UserId, command: UserCommand) -> Result<(), Problem> {
    let cause = Cause::outside(installation.new_command());
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), SignInMethod::Session)));
    installation.entities.users.ask(user, command, cause).await?;
    Ok(())
}

/// Removes the second factor of a user who lost the app and the recovery codes, and ends the user's
/// sessions. A user cannot reset their own.
pub async fn reset_second_factor(
    installation: &Installation,
    name: UserId,
    reason: String,
    caller: &Caller,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    refuse_own(caller.user().map(|known| &known.user), &name)?;
    let command = UserCommand::ResetSecondFactor { reason };
    apply_user_command(installation, name, command, cause, None).await
}

/// Fails if the caller is the user: otherwise an unattended session would be enough to remove the own
/// second factor.
fn refuse_own(caller: Option<&UserId>, user: &UserId) -> Result<(), Problem> {
    if caller != Some(user) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Refused,
        "own-second-factor",
        "you cannot reset your own second factor: ask another administrator or the owner of the data \
         directory",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// Secret and codes of RFC 6238, appendix B; apps show their last six digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let user: UserId = "wang".parse().unwrap();
        let secret = Secret::from(b"12345678901234567890".to_vec()).to_base32();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(step_of(&user, &secret, code, at(seconds)), Some(step));
            assert_eq!(
                step_of(&user, &secret, code, at(seconds + 30)),
                Some(step),
                "one late"
            );
            assert_eq!(step_of(&user, &secret, code, at(seconds + 90)), None, "too late");
        }
        for wrong in ["", "28708", "2870820", "+87082", "28708a"] {
            assert_eq!(step_of(&user, &secret, wrong, at(59)), None, "{wrong}");
        }
        assert_eq!(
            step_of(&user, &secret, "287 082", at(59)),
            Some(1),
            "as apps show it"
        );
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let user: UserId = "wang".parse().unwrap();
        let other: UserId = "li".parse().unwrap();
        let kept = kept_of(&user, "abcd-efgh-2345-mnop");
        assert_eq!(kept_of(&user, "ABCD EFGH 2345 MNOP"), kept);
        assert_ne!(kept_of(&other, "abcd-efgh-2345-mnop"), kept);
    }
}
