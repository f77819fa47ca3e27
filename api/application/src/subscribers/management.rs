//! Managing subscribers: created by following, acknowledged, reset, removed; shown with their lag.

use super::lag::Lag;
use crate::access::Caller;
use crate::cases::ids_of;
use crate::installation::Installation;
use crate::readers::{FollowerLease, NameLossReason};
use actors::{Answer, installation_now};
use domain::event_filter::EventFilter;
use domain::permission::Permission;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::subscriber::{
    Subscriber, SubscriberCommand, SubscriberEvent, SubscriberFilter, SubscriberId, SubscriberRefusal,
    SubscriberState,
};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most subscribers at once; a further one is refused. Each costs an event per stored position, and a read
/// of the log when all are shown.
const SUBSCRIBERS_MAX: usize = 256;

/// A reader that starts to follow: the events, the start position, and the hold on the name.
pub struct FollowStart {
    pub filter: EventFilter,
    pub position: Position,
    /// The turn of the name. The reader's acknowledgments belong to it.
    pub turn: u32,
    pub hold: Arc<FollowerLease>,
}

/// One subscriber with its position and lag.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberResponse {
    /// The full name: `crm` for one of the directory's owner, `crm@wang` for one of the user wang.
    pub name: SubscriberId,
    pub follows: SubscriberFilter,
    /// The reader has received everything up to this position.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"142")]
    pub position: Position,
    pub added_at: Option<Timestamp>,
    /// How often the subscriber was started, by creation or reset. An acknowledgment with another turn
    /// has no effect.
    pub turn: u32,
    /// When the reader last acknowledged a position.
    pub reached_at: Option<Timestamp>,
    /// True if a reader is following under this name in this process now.
    pub following: bool,
    /// When the log was restored or lost history, if the subscriber has acknowledged nothing since. Its
    /// reader may have events that no longer exist. Compare, then acknowledge or reset.
    pub history_shortened_at: Option<Timestamp>,
    pub lag: Lag,
}

/// Subscribers, with how far each is behind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberList {
    pub items: Vec<SubscriberResponse>,
    /// Position of the log's end.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"154")]
    pub head: Position,
}

/// A subscriber after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberChanged {
    pub name: SubscriberId,
    /// The reader has received everything up to this position; null if the subscriber was removed.
    #[schemars(example = &"142")]
    pub reached: Option<String>,
    /// Log position after the change.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"155")]
    pub position: Position,
}

/// Returns the subscriber id for a name in a request. A name without `@owner` means the caller's own. Only
/// a caller who may see all subscribers can name another user's.
pub fn resolve_subscriber(caller: &Caller, name: &str) -> Result<SubscriberId, Problem> {
    let invalid = |error: domain::ids::InvalidId| Problem::invalid("subscriber-invalid", error.to_string());
    let own = caller.user().map(|known| &known.user);
    if !name.contains('@') {
        return SubscriberId::of(name, own).map_err(invalid);
    }
    let named: SubscriberId = name.parse().map_err(invalid)?;
    let is_own = named.owner().as_ref() == own && own.is_some();
    if is_own || sees_all(caller) {
        return Ok(named);
    }
    Err(Problem::missing("this subscriber"))
}

/// Returns true if the caller may see all subscribers: the directory's owner, and users who manage the
/// installation.
fn sees_all(caller: &Caller) -> bool {
    caller
        .scope_for(Permission::InstallationWrite)
        .is_ok_and(|scope| scope.is_all())
}

/// Starts to follow under a name and takes the name from the current follower. The first time creates the
/// subscriber with the filter `wanted`, from the position `after` on. Returns where to start.
pub async fn begin(
    installation: &Installation,
    name: SubscriberId,
    wanted: Option<&EventFilter>,
    after: Option<Position>,
    cause: Cause,
) -> Result<FollowStart, Problem> {
    let subscribers = &installation.entities.subscribers;
    let loaded = subscribers.state(&name).await?;
    if loaded.state.follows().is_none() {
        let there = existing(installation).await?.len();
        if there >= SUBSCRIBERS_MAX {
            return Err(Problem::refused(
                "subscribers-too-many",
                format!("the limit of {SUBSCRIBERS_MAX} subscribers is reached: remove one"),
            ));
        }
    }
    let command = SubscriberCommand::Follow {
        wanted: wanted.map(SubscriberFilter::of),
        after: after.unwrap_or_default(),
    };
    subscribers.ask(&name, command, cause).await?;
    let hold = installation.readers.take(&name);
    // Read while the name is held: a later reset ends this reader, an earlier one is seen here.
    let standing = subscribers.state(&name).await?.state;
    // The subscriber may have been removed, or created again for other events. A reader gets only events
    // that it requested.
    let follows = standing.follows();
    let follows = follows.ok_or_else(|| Problem::missing("this subscriber"))?;
    if wanted.is_some_and(|wanted| SubscriberFilter::of(wanted) != *follows) {
        let why = SubscriberRefusal::OtherEvents.to_string();
        return Err(Problem::refused("refused", why));
    }
    Ok(FollowStart {
        filter: follows.filter(),
        position: after.unwrap_or_else(|| standing.position()),
        turn: standing.turn(),
        hold,
    })
}

/// Records that the reader has received everything up to a position. `turn`: the turn of the name in which
/// it follows; `None` means the current one. An acknowledgment of an earlier turn or position has no
/// effect.
pub async fn acknowledge(
    installation: &Installation,
    name: &SubscriberId,
    position: Position,
    turn: Option<u32>,
    cause: Cause,
) -> Result<SubscriberChanged, Problem> {
    must_be_there(installation, position).await?;
    let command = SubscriberCommand::Acknowledge { position, turn };
    let answer = installation
        .entities
        .subscribers
        .ask(name, command, cause)
        .await?;
    Ok(changed(name, &answer))
}

/// Sets a subscriber's position, so that the events after it are sent again. The reader that follows now
/// loses the name and must reconnect.
pub async fn reset(
    installation: &Installation,
    name: &SubscriberId,
    after: Position,
    reason: Option<String>,
    cause: Cause,
) -> Result<SubscriberChanged, Problem> {
    must_be_there(installation, after).await?;
    let command = SubscriberCommand::Reset { after, reason };
    let answer = installation
        .entities
        .subscribers
        .ask(name, command, cause)
        .await?;
    installation.readers.end(name, NameLossReason::Reset);
    Ok(changed(name, &answer))
}

/// Removes a subscriber; its reader loses the name. The name can be used again.
pub async fn remove(
    installation: &Installation,
    name: &SubscriberId,
    reason: Option<String>,
    cause: Cause,
) -> Result<SubscriberChanged, Problem> {
    let command = SubscriberCommand::Remove { reason };
    let answer = installation
        .entities
        .subscribers
        .ask(name, command, cause)
        .await?;
    installation.readers.end(name, NameLossReason::Removed);
    Ok(changed(name, &answer))
}

/// Fails with `position-ahead` if the position is beyond the log's end.
async fn must_be_there(installation: &Installation, position: Position) -> Result<(), Problem> {
    let head = installation.store().head().await?;
    if position <= head {
        return Ok(());
    }
    Err(Problem::refused(
        "position-ahead",
        format!("the log ends at {head}: there is no event at {position} yet"),
    ))
}

fn changed(name: &SubscriberId, answer: &Answer<Subscriber>) -> SubscriberChanged {
    let state = &answer.state;
    SubscriberChanged {
        name: name.clone(),
        reached: state.follows().map(|_| state.position().to_string()),
        position: answer.position,
    }
}

/// Returns the subscribers that a caller may see (all, or the caller's own), with how far each is behind.
pub async fn all(installation: &Installation, caller: &Caller) -> Result<SubscriberList, Problem> {
    let own = caller.user().map(|known| known.user.clone());
    let sees_all = sees_all(caller);
    let mut items = Vec::new();
    for name in existing(installation).await? {
        if sees_all || (own.is_some() && name.owner() == own) {
            let state = installation.entities.subscribers.state(&name).await?.state;
            items.extend(described(installation, &name, &state).await?);
        }
    }
    let head = installation.store().head().await?;
    Ok(SubscriberList { items, head })
}

/// Returns one subscriber with its lag. Fails with `Missing` if it does not exist.
pub async fn one(installation: &Installation, name: &SubscriberId) -> Result<SubscriberResponse, Problem> {
    let state = installation.entities.subscribers.state(name).await?.state;
    let shown = described(installation, name, &state).await?;
    shown.ok_or_else(|| Problem::missing("this subscriber"))
}

async fn described(
    installation: &Installation,
    name: &SubscriberId,
    state: &SubscriberState,
) -> Result<Option<SubscriberResponse>, Problem> {
    let Some(follows) = state.follows() else {
        return Ok(None);
    };
    let shortened_at = installation_now(installation.store())
        .await?
        .history_shortened_at();
    let last_heard_at = state.reached_at().max(state.added_at());
    Ok(Some(SubscriberResponse {
        name: name.clone(),
        follows: follows.clone(),
        position: state.position(),
        added_at: state.added_at(),
        turn: state.turn(),
        reached_at: state.reached_at(),
        following: installation.readers.has(name),
        history_shortened_at: shortened_at.filter(|at| last_heard_at.is_none_or(|heard| heard < *at)),
        lag: Lag::of(installation, &follows.filter(), state.position()).await?,
    }))
}

/// Returns the subscribers that exist, without removed ones.
async fn existing(installation: &Installation) -> Result<BTreeSet<SubscriberId>, Problem> {
    let mut existing = BTreeSet::new();
    let ever: Vec<SubscriberId> = ids_of(installation, SubscriberEvent::ADDED).await?;
    for name in ever.into_iter().collect::<BTreeSet<SubscriberId>>() {
        let state = installation.entities.subscribers.state(&name).await?.state;
        if state.follows().is_some() {
            existing.insert(name);
        }
    }
    Ok(existing)
}
