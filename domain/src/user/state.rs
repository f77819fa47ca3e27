//! The state of a user, folded from its events: roles, scope, password, sessions, and locks.

use super::attempts::AttemptsByAddress;
use super::decide::SESSIONS_MAX;
use super::event::{Invitation, UserEvent};
use super::second_factor::{OfferedSecret, SecondFactor, SecondFactorUsed};
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use values::digest::SecretDigest;
use values::ids::TeamId;
use values::permission::{CampaignScope, Role};

/// The state of one user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserState {
    account: Option<Account>,
    password: Option<Personal<String>>,
    mail: Option<Personal<String>>,
    invitation: Option<Invitation>,
    offered: Option<OfferedSecret>,
    second_factor: Option<SecondFactor>,
    provider_subject: Option<LookupHash>,
    /// In the order in which they began.
    sessions: VecDeque<Session>,
    pub(super) attempts: AttemptsByAddress,
}

/// A user's roles, scope and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub roles: BTreeSet<Role>,
    pub campaigns: CampaignScope,
    pub team: Option<TeamId>,
    pub disabled: bool,
    /// End of a guest's access.
    pub until: Option<Timestamp>,
}

impl Account {
    /// Returns true for a guest: a user with an end date, who only reads.
    pub const fn is_guest(&self) -> bool {
        self.until.is_some()
    }

    /// Returns true if the user has access at `now`: not disabled, and no guest after the end date.
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.disabled && self.until.is_none_or(|until| now < until)
    }
}

/// A session, from a sign-in to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Digest of the browser's cookie.
    pub digest: SecretDigest,
    pub begun_at: Timestamp,
    pub until: Timestamp,
    /// The source address, as the connection gave it.
    pub from: Option<String>,
    /// An identity provider confirmed the user, so the provider may still have a session.
    by_provider: bool,
    asked_twice: bool,
}

impl UserState {
    /// Returns the user's account, disabled or not; `None` if the name was never used.
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Returns the user's account; `None` if it is disabled or was never used.
    pub fn active(&self) -> Option<&Account> {
        self.account.as_ref().filter(|account| !account.disabled)
    }

    /// Returns the user's account if it has access at `now`; `None` if it is disabled, or a guest after the
    /// end date.
    pub fn active_at(&self, now: Timestamp) -> Option<&Account> {
        self.account.as_ref().filter(|account| account.is_open(now))
    }

    /// Returns the argon2id hash against which a password is checked; `None` before the first password.
    pub const fn password(&self) -> Option<&Personal<String>> {
        self.password.as_ref()
    }

    /// Returns the mail address to which set-up links are sent; `None` if there is none.
    pub const fn mail(&self) -> Option<&Personal<String>> {
        self.mail.as_ref()
    }

    /// Returns the end of the lock for sign-ins from this address; `None` if it is not locked at `now`.
    pub fn locked_at(&self, from: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        self.attempts.locked_at(from, now)
    }

    /// Returns true if `secret` is the cookie of a session that is open at `now`.
    pub fn has_session(&self, secret: &str, now: Timestamp) -> bool {
        let mut open = self.sessions.iter().filter(|session| now < session.until);
        open.any(|session| session.digest.is_of(secret))
    }

    /// Returns true if the session with this digest is open at `now`.
    pub fn holds_session(&self, session: SecretDigest, now: Timestamp) -> bool {
        let mut open = self.sessions.iter().filter(|one| now < one.until);
        open.any(|one| one.digest == session)
    }

    /// Returns the sessions that are open at `now`, in the order in which they began.
    pub fn sessions_at(&self, now: Timestamp) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |session| now < session.until)
    }

    /// Returns true if this session was started through an identity provider.
    pub fn by_provider(&self, session: SecretDigest) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|one| one.digest == session && one.by_provider)
    }

    /// Returns true if this session was started with a second factor.
    pub fn used_second_factor(&self, session: SecretDigest) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|one| one.digest == session && one.asked_twice)
    }

    /// Returns the user's second factor; `None` if there is none in effect.
    pub const fn second_factor(&self) -> Option<&SecondFactor> {
        self.second_factor.as_ref()
    }

    /// Returns the offered secret that waits for its first code; `None` if there is none or its time is
    /// over.
    pub fn offered_at(&self, now: Timestamp) -> Option<&Personal<String>> {
        let offered = self.offered.as_ref().filter(|offered| now < offered.until);
        offered.map(|offered| &offered.secret)
    }

    /// Returns the hash of the linked identity provider's issuer and subject; `None` if none is linked.
    pub const fn provider_subject(&self) -> Option<&LookupHash> {
        self.provider_subject.as_ref()
    }

    pub(super) fn knows_session(&self, digest: SecretDigest) -> bool {
        self.sessions.iter().any(|session| session.digest == digest)
    }

    /// Returns true if the link with this digest can be used at `now` to choose a password.
    pub(super) fn invites(&self, link: SecretDigest, now: Timestamp) -> bool {
        let invitation = self.invitation.filter(|invitation| now < invitation.until);
        invitation.is_some_and(|invitation| invitation.sha256 == link)
    }

    pub(super) fn apply(&mut self, event: &UserEvent, at: Timestamp) {
        match event {
            UserEvent::Added {
                roles,
                campaigns,
                team,
                password,
                invitation,
                until,
                mail,
                ..
            } => {
                self.account = Some(Account {
                    roles: roles.clone(),
                    campaigns: campaigns.clone(),
                    team: team.clone(),
                    disabled: false,
                    until: *until,
                });
                self.password.clone_from(password);
                self.invitation = *invitation;
                self.mail.clone_from(mail);
            }
            UserEvent::Invited { invitation } => self.invitation = Some(*invitation),
            UserEvent::RoleGranted { after, .. } | UserEvent::RoleRevoked { after, .. } => {
                if let Some(account) = &mut self.account {
                    account.roles.clone_from(after);
                }
                self.sessions.clear();
            }
            UserEvent::ScopeChanged { after, .. } => {
                if let Some(account) = &mut self.account {
                    account.campaigns.clone_from(&after.campaigns);
                    account.team.clone_from(&after.team);
                    account.until = after.until;
                }
                self.sessions.clear();
            }
            UserEvent::SignedIn {
                session,
                until,
                second_factor,
                from,
                issuer,
            } => {
                let session = Session {
                    digest: *session,
                    begun_at: at,
                    until: *until,
                    from: from.clone(),
                    by_provider: issuer.is_some(),
                    asked_twice: second_factor.is_some(),
                };
                self.begin(session, at);
                self.use_up(*second_factor);
            }
            UserEvent::SignedOut { session } => self.sessions.retain(|one| one.digest != *session),
            UserEvent::SignInRefused { .. } | UserEvent::Locked { .. } => self.apply_refusal(event, at),
            UserEvent::PasswordChosen { .. }
            | UserEvent::SecondFactorOffered { .. }
            | UserEvent::SecondFactorAdded { .. }
            | UserEvent::SecondFactorReset { .. }
            | UserEvent::ProviderLinked { .. }
            | UserEvent::ProviderUnlinked { .. } => self.apply_way_in(event),
            UserEvent::Disabled { .. } => self.disable(),
        }
    }

    /// Applies a wrong password or the lock that followed it.
    fn apply_refusal(&mut self, event: &UserEvent, at: Timestamp) {
        if let UserEvent::SignInRefused {
            wrong_count, from, ..
        } = event
        {
            self.attempts.note_wrong(from.as_deref(), *wrong_count, at);
        }
        if let UserEvent::Locked {
            until,
            locked_count,
            from,
        } = event
        {
            self.attempts
                .note_lock(from.as_deref(), *until, *locked_count, at);
        }
    }

    fn disable(&mut self) {
        if let Some(account) = &mut self.account {
            account.disabled = true;
        }
        self.password = None;
        self.mail = None;
        self.invitation = None;
        self.offered = None;
        self.second_factor = None;
        self.provider_subject = None;
        self.sessions.clear();
    }

    /// Applies changes of the password, the second factor and the identity provider.
    fn apply_way_in(&mut self, event: &UserEvent) {
        match event {
            UserEvent::PasswordChosen {
                password,
                second_factor,
            } => {
                self.use_up(*second_factor);
                self.password = Some(password.clone());
                self.invitation = None;
                // All sessions end, also those of a person who knew the old password.
                self.sessions.clear();
            }
            UserEvent::SecondFactorOffered { secret, until } => {
                self.offered = Some(OfferedSecret {
                    secret: secret.clone(),
                    until: *until,
                });
            }
            UserEvent::SecondFactorAdded { step, recovery } => {
                self.second_factor = self.offered.take().map(|offered| SecondFactor {
                    secret: offered.secret,
                    step: *step,
                    recovery: recovery.clone(),
                });
                self.sessions.clear();
            }
            UserEvent::SecondFactorReset { .. } => {
                self.second_factor = None;
                self.sessions.clear();
            }
            UserEvent::ProviderLinked { subject, .. } => self.provider_subject = Some(subject.clone()),
            UserEvent::ProviderUnlinked { .. } => {
                self.provider_subject = None;
                self.sessions.clear();
            }
            UserEvent::Added { .. }
            | UserEvent::Invited { .. }
            | UserEvent::RoleGranted { .. }
            | UserEvent::RoleRevoked { .. }
            | UserEvent::ScopeChanged { .. }
            | UserEvent::SignedIn { .. }
            | UserEvent::SignedOut { .. }
            | UserEvent::SignInRefused { .. }
            | UserEvent::Locked { .. }
            | UserEvent::Disabled { .. } => {}
        }
    }

    /// Marks a code or recovery code as used, so that it cannot be used again.
    fn use_up(&mut self, used: Option<SecondFactorUsed>) {
        let Some(factor) = &mut self.second_factor else {
            return;
        };
        match used {
            Some(SecondFactorUsed::Totp { step }) => factor.step = factor.step.max(step),
            Some(SecondFactorUsed::RecoveryCode { sha256 }) => {
                factor.recovery.remove(&sha256);
            }
            Some(SecondFactorUsed::Provider) | None => {}
        }
    }

    fn begin(&mut self, begun: Session, at: Timestamp) {
        self.sessions.retain(|session| at < session.until);
        if self.sessions.len() >= SESSIONS_MAX {
            self.sessions.pop_front();
        }
        self.attempts.forgive(begun.from.as_deref());
        self.sessions.push_back(begun);
    }
}
