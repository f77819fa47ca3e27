//! Subscribers as users have them: begun by following, acknowledged, sent back, removed; all with their lag.

use super::lag::Lag;
use crate::access::Caller;
use crate::cases::ids_of;
use crate::installation::Installation;
use crate::readers::{Hold, Lost};
use actors::{Answer, installation_now};
use domain::event_filter::EventFilter;
use domain::permission::Permission;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::subscriber::{
    Subscribed, Subscriber, SubscriberCommand, SubscriberEvent, SubscriberId, SubscriberRefusal,
    SubscriberState,
};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most names at once: each costs an event a position kept, and a look at the log when all are shown.
const SUBSCRIBERS_MAX: usize = 256;

/// A reader that begins: what it is told, from where, and the name while it has it.
pub struct Following {
    pub filter: EventFilter,
    pub position: Position,
    /// In which turn of the name: what it acknowledges is of this one.
    pub turn: u32,
    pub hold: Arc<Hold>,
}

/// One subscriber.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberShown {
    /// As one names it: `crm` of the directory's owner, `crm@wang` of the user wang.
    pub name: SubscriberId,
    pub follows: Subscribed,
    /// Its reader has everything up to here.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"142")]
    pub position: Position,
    pub added_at: Option<Timestamp>,
    /// How often it began anew: made, or sent elsewhere. An acknowledgment that names another turn changes
    /// nothing.
    pub turn: u32,
    /// When its reader last acknowledged something.
    pub reached_at: Option<Timestamp>,
    /// Somebody follows under this name in this process, now.
    pub following: bool,
    /// When the log was restored, or lost history, where the subscriber acknowledged nothing since: its
    /// reader may hold events that are gone. Compare, then acknowledge or reset.
    pub history_shortened_at: Option<Timestamp>,
    pub lag: Lag,
}

/// Subscribers, with how far each is behind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberList {
    pub items: Vec<SubscriberShown>,
    /// End of the log.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"154")]
    pub head: Position,
}

/// A subscriber after an order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberChanged {
    pub name: SubscriberId,
    /// Its reader has everything up to here; null where it was removed.
    #[schemars(example = &"142")]
    pub reached: Option<String>,
    /// Of the log, behind the order.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"155")]
    pub position: Position,
}

/// The subscriber that somebody means by a name: their own, unless they may see to everybody's and say whose.
pub fn reached(caller: &Caller, name: &str) -> Result<SubscriberId, Problem> {
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

/// Who sees to everybody's subscribers: whoever owns the directory, and who runs the installation.
fn sees_all(caller: &Caller) -> bool {
    caller
        .scope_for(Permission::InstallationWrite)
        .is_ok_and(|scope| scope.is_all())
}

/// Begins to follow under a name; the first time makes it.
pub async fn begin(
    installation: &Installation,
    name: SubscriberId,
    wanted: Option<&EventFilter>,
    after: Option<Position>,
    cause: Cause,
) -> Result<Following, Problem> {
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
        wanted: wanted.map(Subscribed::of),
        after: after.unwrap_or_default(),
    };
    subscribers.ask(&name, command, cause).await?;
    let hold = installation.readers.take(&name);
    // Looked at with the name held: a reset from here on ends this reader, one of before is seen.
    let standing = subscribers.state(&name).await?.state;
    // Removed meanwhile, or made anew for other events: nobody is told what they did not ask for.
    let follows = standing.follows();
    let follows = follows.ok_or_else(|| Problem::missing("this subscriber"))?;
    if wanted.is_some_and(|wanted| Subscribed::of(wanted) != *follows) {
        let why = SubscriberRefusal::OtherEvents.to_string();
        return Err(Problem::refused("refused", why));
    }
    Ok(Following {
        filter: follows.filter(),
        position: after.unwrap_or_else(|| standing.position()),
        turn: standing.turn(),
        hold,
    })
}

/// The reader has everything up to a position, told in this turn of the name (`None`: the present one).
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

/// It is told again what comes after a position; whoever follows now comes again.
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
    installation.readers.end(name, Lost::Reset);
    Ok(changed(name, &answer))
}

/// The name is free.
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
    installation.readers.end(name, Lost::Removed);
    Ok(changed(name, &answer))
}

/// Nobody has what is not written yet.
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

/// The subscribers that a caller may see, with how far each is behind.
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

/// One subscriber.
pub async fn one(installation: &Installation, name: &SubscriberId) -> Result<SubscriberShown, Problem> {
    let state = installation.entities.subscribers.state(name).await?.state;
    let shown = described(installation, name, &state).await?;
    shown.ok_or_else(|| Problem::missing("this subscriber"))
}

async fn described(
    installation: &Installation,
    name: &SubscriberId,
    state: &SubscriberState,
) -> Result<Option<SubscriberShown>, Problem> {
    let Some(follows) = state.follows() else {
        return Ok(None);
    };
    let shortened_at = installation_now(installation.store())
        .await?
        .history_shortened_at();
    let last_heard_at = state.reached_at().max(state.added_at());
    Ok(Some(SubscriberShown {
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

/// The names that are followed; those that were removed are not among them.
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
