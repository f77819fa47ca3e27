//! Finds the sources of a user's credential: the users who chose the password, saw the set-up link, linked
//! the identity provider or created the key, directly or through other users.
//!
//! The log is the source: the envelope of each event names the user who caused it. Two acts make no user a
//! source: an act of the owner of the data directory, who needs no approval, and a link that was mailed to
//! the user's own address.

use crate::installation::Installation;
use domain::actor::{Actor, SignInMethod};
use domain::ids::{ApprovalId, KeyId, StreamId, UserId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Envelope, StreamVersion, read_event};
use domain::user::{Invitation, LinkDelivery, User, UserEvent};
use std::collections::BTreeSet;

/// Most users that are examined behind one approval, with one read each. A longer chain is refused instead
/// of being cut.
const SOURCES_MAX: usize = 64;

/// Returns all users who could know the user's credential, directly or through other users. Fails with
/// `credential-chain-too-long` above `SOURCES_MAX`.
pub(super) async fn credential_sources(
    installation: &Installation,
    user: &UserId,
) -> Result<BTreeSet<UserId>, Problem> {
    let first = given_by(installation, user).await?;
    all_behind(installation, first).await
}

/// Returns all users who could know the credential of an approval's requester, or created the key with
/// which it was requested.
pub(super) async fn requester_sources(
    installation: &Installation,
    approval: ApprovalId,
    requester: &UserId,
) -> Result<BTreeSet<UserId>, Problem> {
    let mut first = given_by(installation, requester).await?;
    let requested = first_event(installation, &StreamId::new("approval", &approval)).await?;
    if let Some(key) = requested.and_then(|event| event.by).and_then(|by| by.key()) {
        first.extend(key_creator(installation, key, requester).await?);
    }
    all_behind(installation, first).await
}

/// Returns these users and, transitively, the users who could know their credentials.
async fn all_behind(
    installation: &Installation,
    mut open: BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Problem> {
    let mut found = BTreeSet::new();
    while let Some(next) = open.pop_first() {
        if found.len() >= SOURCES_MAX {
            return Err(Problem::refused(
                "credential-chain-too-long",
                format!("a credential of this approval has more than {SOURCES_MAX} issuers"),
            ));
        }
        let behind = given_by(installation, &next).await?;
        found.insert(next);
        open.extend(behind.into_iter().filter(|user| !found.contains(user)));
    }
    Ok(found)
}

/// The users who gave a user the current credentials.
#[derive(Default)]
struct CredentialGivers {
    password: Option<UserId>,
    /// Source of the set-up link that has not been used yet.
    link: Option<UserId>,
    provider: Option<UserId>,
}

impl CredentialGivers {
    fn take(&mut self, event: UserEvent, by: Option<&Actor>, user: &UserId) {
        let giver = by.and_then(|by| other_user(by, user));
        match event {
            UserEvent::Added {
                password, invitation, ..
            } => {
                self.password = giver.clone().filter(|_| password.is_some());
                self.link = giver.filter(|_| invitation.is_some_and(is_seen));
            }
            UserEvent::Invited { invitation } => self.link = giver.filter(|_| is_seen(invitation)),
            // A password chosen through a link has the user who saw the link as its source. A change with
            // the old password keeps its source.
            UserEvent::PasswordChosen { .. } if by.is_some_and(|by| by.way() == SignInMethod::SetUp) => {
                self.password = self.link.take();
            }
            UserEvent::ProviderLinked { .. } => self.provider = giver,
            UserEvent::ProviderUnlinked { .. } => self.provider = None,
            UserEvent::PasswordChosen { .. }
            | UserEvent::RoleGranted { .. }
            | UserEvent::RoleRevoked { .. }
            | UserEvent::ScopeChanged { .. }
            | UserEvent::SignedIn { .. }
            | UserEvent::SignedOut { .. }
            | UserEvent::SignInRefused { .. }
            | UserEvent::SecondFactorOffered { .. }
            | UserEvent::SecondFactorAdded { .. }
            | UserEvent::SecondFactorReset { .. }
            | UserEvent::Locked { .. }
            | UserEvent::Disabled { .. } => {}
        }
    }
}

/// Returns true if the creator of the set-up link saw it, because it was not mailed.
fn is_seen(invitation: Invitation) -> bool {
    invitation.delivery != Some(LinkDelivery::Mailed)
}

/// Returns the user who acted, if it was another user than `user`, in a session or with a key.
fn other_user(by: &Actor, user: &UserId) -> Option<UserId> {
    match by.way() {
        SignInMethod::Session | SignInMethod::Key(_) => by.name().parse().ok().filter(|name| name != user),
        SignInMethod::Directory | SignInMethod::SetUp | SignInMethod::Other => None,
    }
}

async fn given_by(installation: &Installation, user: &UserId) -> Result<BTreeSet<UserId>, Problem> {
    let stream = StreamId::new("user", user);
    let mut givers = CredentialGivers::default();
    let mut after = StreamVersion(0);
    loop {
        let page = installation
            .store()
            .read_stream(&stream, after, PAGE_EVENTS_MAX)
            .await?;
        if page.is_empty() {
            return Ok(givers.password.into_iter().chain(givers.provider).collect());
        }
        after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
        for stored in &page {
            let envelope = stored
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            let event = read_event::<User>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            givers.take(event, envelope.by.as_ref(), user);
        }
    }
}

/// Returns the creator of `user`'s API key if that was another user. Only earlier versions allowed it.
async fn key_creator(
    installation: &Installation,
    key: KeyId,
    user: &UserId,
) -> Result<Option<UserId>, Problem> {
    let created = first_event(installation, &StreamId::new("api_key", &key)).await?;
    let by = created.and_then(|event| event.by);
    Ok(by.and_then(|by| other_user(&by, user)))
}

async fn first_event(installation: &Installation, stream: &StreamId) -> Result<Option<Envelope>, Problem> {
    let page = installation
        .store()
        .read_stream(stream, StreamVersion(0), 1)
        .await?;
    let envelope = page.first().map(domain::stored_event::StoredEvent::envelope);
    envelope
        .transpose()
        .map_err(|error| Problem::fault(error.to_string()))
}
