//! Decides the commands of a user: added once, roles with a reason, passwords by a link, locks that grow, and
//! at least one admin.

use super::attempts::address_of;
use super::command::UserCommand;
use super::event::{SignInFault, UserEvent, UserScope};
use super::refusal::UserRefusal;
use super::second_factor::{self, SignInProof};
use super::state::{Account, UserState};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::permission::Role;

/// Longest reason of a change of a user, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;
/// Wrong passwords in a row after which sign-ins are locked (OWASP ASVS 5, V6.3).
pub const WRONG_MAX: u32 = 5;
/// Milliseconds of the first lock after wrong passwords. Each further lock before a correct password takes
/// twice as long.
pub const LOCKED_MS_MIN: u64 = 60_000;
/// Longest lock in milliseconds: an endless one would let a stranger lock any user out.
pub const LOCKED_MS_MAX: u64 = 3_600_000;
/// Longest session in milliseconds, however active it is.
pub const SESSION_MS: u64 = 12 * 3_600_000;
/// Milliseconds for which a link to choose a password is valid.
pub const INVITED_MS: u64 = 24 * 3_600_000;
/// Most sessions of one user at a time; a further one ends the oldest.
pub const SESSIONS_MAX: usize = 16;

type DecideResult = Result<Vec<UserEvent>, UserRefusal>;

pub(super) fn decide(state: &UserState, command: UserCommand, now: Timestamp) -> DecideResult {
    match command {
        UserCommand::Add { .. } => add(state, command, now),
        UserCommand::ChangeScope {
            to,
            reason,
            has_other_admin,
        } => change_scope(state, to, reason, has_other_admin, now),
        UserCommand::Invite { invitation } => {
            active(state)?;
            Ok(vec![UserEvent::Invited { invitation }])
        }
        UserCommand::ChoosePassword { password, link } => {
            active(state)?;
            if !state.invites(link, now) {
                return Err(UserRefusal::LinkVoid);
            }
            Ok(vec![UserEvent::PasswordChosen {
                password,
                second_factor: None,
            }])
        }
        UserCommand::ChangePassword {
            password,
            held_against,
            proof,
        } => {
            still_is(state, &held_against)?;
            change_password(state, password, proof, now)
        }
        UserCommand::GrantRole {
            role,
            reason,
            others_could_revoke,
        } => grant(state, role, reason, others_could_revoke),
        UserCommand::RevokeRole {
            role,
            reason,
            has_other_admin,
        } => revoke(state, role, reason, has_other_admin),
        UserCommand::SignIn { .. } => sign_in(state, command, now),
        UserCommand::RefuseSignIn { fault, from } => refuse_sign_in(state, fault, from, now),
        UserCommand::OfferSecondFactor { secret } => second_factor::offer(state, secret, now),
        UserCommand::AddSecondFactor { step, recovery } => second_factor::add(state, step, recovery, now),
        UserCommand::ResetSecondFactor { reason } => second_factor::reset(state, reason),
        UserCommand::LinkProvider {
            issuer,
            subject,
            reason,
        } => second_factor::link(state, issuer, subject, reason),
        UserCommand::UnlinkProvider { reason } => second_factor::unlink(state, reason),
        UserCommand::SignOut { session } => Ok(match state.knows_session(session) {
            true => vec![UserEvent::SignedOut { session }],
            false => Vec::new(),
        }),
        UserCommand::Disable {
            reason,
            has_other_admin,
        } => disable(state, reason, has_other_admin),
    }
}

fn add(state: &UserState, command: UserCommand, now: Timestamp) -> DecideResult {
    let UserCommand::Add {
        roles,
        campaigns,
        team,
        password,
        invitation,
        reason,
        until,
        mail,
    } = command
    else {
        return Ok(Vec::new());
    };
    if state.account().is_some() {
        return Err(UserRefusal::Exists);
    }
    if roles.is_empty() {
        return Err(UserRefusal::NoRole);
    }
    if let Some(reason) = &reason {
        within(reason)?;
    }
    if let Some(until) = until {
        to_come(until, now)?;
        roles.iter().try_for_each(|role| for_guests(*role))?;
    }
    Ok(vec![UserEvent::Added {
        roles,
        campaigns,
        team,
        password,
        invitation,
        reason,
        until,
        mail,
    }])
}

/// Refuses roles that a guest cannot have. Guests can be auditor or viewer: they read and change nothing.
const fn for_guests(role: Role) -> Result<(), UserRefusal> {
    match role {
        Role::Auditor | Role::Viewer => Ok(()),
        Role::Admin
        | Role::Operator
        | Role::Agent
        | Role::Supervisor
        | Role::Compliance
        | Role::Analyst
        | Role::Integrator => Err(UserRefusal::NotForGuests(role)),
    }
}

fn to_come(until: Timestamp, now: Timestamp) -> Result<(), UserRefusal> {
    if now < until {
        return Ok(());
    }
    Err(UserRefusal::GuestIsOver)
}

/// Changes a user's campaigns, team or end of access. A guest with a past end date can be given a new one.
/// Refused for a change that would make a guest permanent or a user a guest.
fn change_scope(
    state: &UserState,
    to: UserScope,
    reason: String,
    has_other_admin: bool,
    now: Timestamp,
) -> DecideResult {
    let account = active(state)?;
    check_reason(&reason)?;
    let before = UserScope {
        campaigns: account.campaigns.clone(),
        team: account.team.clone(),
        until: account.until,
    };
    match to.until {
        Some(until) if account.is_guest() => to_come(until, now)?,
        None if !account.is_guest() => {}
        Some(_) | None => return Err(UserRefusal::GuestFixed),
    }
    if before == to {
        return Ok(Vec::new());
    }
    // An admin with a campaign scope cannot manage users.
    if account.roles.contains(&Role::Admin) && !to.campaigns.is_all() && !has_other_admin {
        return Err(UserRefusal::LastAdmin);
    }
    Ok(vec![UserEvent::ScopeChanged {
        before,
        after: to,
        reason,
    }])
}

/// Stores a new password that the user chose. The rules of a sign-in apply: refused if the user is disabled
/// or locked, and a code of the second factor counts once.
fn change_password(
    state: &UserState,
    password: Personal<String>,
    proof: SignInProof,
    now: Timestamp,
) -> DecideResult {
    may_sign_in(state, active(state)?, None, now)?;
    Ok(vec![UserEvent::PasswordChosen {
        password,
        second_factor: second_factor::check_second_factor(state, proof)?,
    }])
}

/// Refuses if the stored password is not the one that the entered password was checked against: it changed
/// meanwhile.
fn still_is(state: &UserState, held_against: &Personal<String>) -> Result<(), UserRefusal> {
    active(state)?;
    let kept = state.password().and_then(Personal::value);
    if kept.is_some() && kept == held_against.value() {
        return Ok(());
    }
    Err(UserRefusal::PasswordChanged)
}

fn grant(state: &UserState, role: Role, reason: String, others_could_revoke: bool) -> DecideResult {
    let account = active(state)?;
    check_reason(&reason)?;
    if account.roles.contains(&role) {
        return Ok(Vec::new());
    }
    if account.is_guest() {
        for_guests(role)?;
    }
    if !others_could_revoke {
        return Err(UserRefusal::NoRevokerLeft(role));
    }
    let mut after = account.roles.clone();
    after.insert(role);
    Ok(vec![UserEvent::RoleGranted {
        role,
        before: account.roles.clone(),
        after,
        reason,
    }])
}

fn revoke(state: &UserState, role: Role, reason: String, has_other_admin: bool) -> DecideResult {
    let account = active(state)?;
    check_reason(&reason)?;
    if !account.roles.contains(&role) {
        return Err(UserRefusal::RoleNotHeld(role));
    }
    if role == Role::Admin && !has_other_admin {
        return Err(UserRefusal::LastAdmin);
    }
    let after: BTreeSet<Role> = account
        .roles
        .iter()
        .copied()
        .filter(|held| *held != role)
        .collect();
    if after.is_empty() {
        return Err(UserRefusal::NoRole);
    }
    Ok(vec![UserEvent::RoleRevoked {
        role,
        before: account.roles.clone(),
        after,
        reason,
    }])
}

fn sign_in(state: &UserState, command: UserCommand, now: Timestamp) -> DecideResult {
    let UserCommand::SignIn {
        session,
        until,
        from,
        held_against,
        proof,
    } = command
    else {
        return Ok(Vec::new());
    };
    let known = state.account().ok_or(UserRefusal::Unknown)?;
    may_sign_in(state, known, from.as_deref(), now)?;
    if let Some(held_against) = &held_against {
        still_is(state, held_against)?;
    }
    let issuer = match &proof {
        SignInProof::Provider { issuer, .. } => Some(issuer.clone()),
        SignInProof::Password | SignInProof::Totp { .. } | SignInProof::RecoveryCode { .. } => None,
    };
    Ok(vec![UserEvent::SignedIn {
        session,
        until,
        from,
        second_factor: second_factor::check_second_factor(state, proof)?,
        issuer,
    }])
}

/// Records a failed sign-in, and the lock after `WRONG_MAX` wrong passwords in a row. During a lock it is
/// refused and nothing is stored, so that repeated attempts cannot fill the log.
fn refuse_sign_in(
    state: &UserState,
    fault: SignInFault,
    from: Option<String>,
    now: Timestamp,
) -> DecideResult {
    let known = state.account().ok_or(UserRefusal::Unknown)?;
    may_sign_in(state, known, from.as_deref(), now)?;
    let attempts = state.attempts.of(from.as_deref());
    let wrong_count = attempts.wrong_count.saturating_add(1);
    let locked = address_of(from.as_deref());
    let mut events = vec![UserEvent::SignInRefused {
        fault,
        wrong_count,
        from,
    }];
    if wrong_count >= WRONG_MAX {
        let doubled = LOCKED_MS_MIN.saturating_mul(1_u64 << attempts.locked_count.min(16));
        events.push(UserEvent::Locked {
            until: now.plus_ms(doubled.min(LOCKED_MS_MAX)),
            locked_count: attempts.locked_count.saturating_add(1),
            from: locked,
        });
    }
    Ok(events)
}

fn disable(state: &UserState, reason: String, has_other_admin: bool) -> DecideResult {
    let account = state.account().ok_or(UserRefusal::Unknown)?;
    check_reason(&reason)?;
    if account.disabled {
        return Ok(Vec::new());
    }
    if account.roles.contains(&Role::Admin) && !has_other_admin {
        return Err(UserRefusal::LastAdmin);
    }
    Ok(vec![UserEvent::Disabled { reason }])
}

pub(super) fn may_sign_in(
    state: &UserState,
    known: &Account,
    from: Option<&str>,
    now: Timestamp,
) -> Result<(), UserRefusal> {
    if known.disabled {
        return Err(UserRefusal::Disabled);
    }
    if !known.is_open(now) {
        return Err(UserRefusal::GuestIsOver);
    }
    match state.locked_at(from, now) {
        Some(until) => Err(UserRefusal::Locked { until }),
        None => Ok(()),
    }
}

pub(super) fn active(state: &UserState) -> Result<&Account, UserRefusal> {
    let account = state.account().ok_or(UserRefusal::Unknown)?;
    if account.disabled {
        return Err(UserRefusal::Disabled);
    }
    Ok(account)
}

pub(super) fn check_reason(reason: &str) -> Result<(), UserRefusal> {
    if reason.trim().is_empty() {
        return Err(UserRefusal::NoReason);
    }
    within(reason)
}

const fn within(reason: &str) -> Result<(), UserRefusal> {
    if reason.len() <= REASON_BYTES_MAX {
        return Ok(());
    }
    Err(UserRefusal::TooLong {
        bytes: reason.len(),
        bytes_max: REASON_BYTES_MAX,
    })
}
