//! Learns best call times for campaigns that ask for it in their plan: counts from the log the calls that
//! ended after the last learning and sends the counts to the campaign. Only the campaign uses them.
//!
//! It runs once a day while enrolments are due, in a task beside the dialer, which does not wait for it. The
//! first run reads all ended calls in the log. Calls older than half a year say little about today and are
//! not counted. What a crash loses is counted again.

use super::driver_context::{DriverContext, Halt};
use super::facts::calendars;
use domain::best_times::{CallHour, CountedTimes};
use domain::calling_plan::CampaignFacts;
use domain::campaign::command::CampaignCommand;
use domain::compliance::zone_of_campaign;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::disposition::Disposition;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::local_hour::hour_in;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Time after which a campaign's best times are looked at again, unless it names a time itself, in
/// milliseconds: an hour.
const LOOK_AGAIN_MS: u64 = 3_600_000;

/// Age from which calls are not counted, in milliseconds: half a year.
const COUNTED_MS_MAX: u64 = 183 * 86_400_000;

/// Most campaigns remembered. Above that the first by id are forgotten and looked at again sooner, which
/// costs one read each.
const REMEMBERED_MAX: usize = 10_000;

/// When each campaign's best times are looked at again. Only in memory; the campaign itself stores when it
/// learned.
#[derive(Default)]
pub(crate) struct LearningSchedule(Mutex<BTreeMap<CampaignId, Timestamp>>);

impl LearningSchedule {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<CampaignId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if it is time to look at the campaign, and then reserves the next hour for this look.
    fn take(&self, campaign: &CampaignId, now: Timestamp) -> bool {
        let mut known = self.lock();
        if known.get(campaign).is_some_and(|at| now < *at) {
            return false;
        }
        if known.len() >= REMEMBERED_MAX {
            known.pop_first();
        }
        known.insert(campaign.clone(), now.plus_ms(LOOK_AGAIN_MS));
        true
    }

    fn set(&self, campaign: &CampaignId, at: Timestamp) {
        self.lock().insert(campaign.clone(), at);
    }
}

/// Starts a task that learns the campaign's best call times, if the plan asks for it and it is time.
pub(crate) fn look(kit: &Arc<DriverContext>, facts: &CampaignFacts, now: Timestamp) {
    if facts.plan.best_times.is_none() || !kit.learning.take(&facts.campaign, now) {
        return;
    }
    let (kit, campaign) = (Arc::clone(kit), facts.campaign.clone());
    let tasks = Arc::clone(&kit.environment.tasks);
    let work = async move {
        if let Err(halt) = learn(&kit, &campaign, now).await
            && !kit.is_stopping()
        {
            tracing::warn!(%campaign, %halt, "best call times could not be learned");
        }
    };
    tasks.spawn("learning", Box::pin(work));
}

async fn learn(kit: &DriverContext, campaign: &CampaignId, now: Timestamp) -> Result<(), Halt> {
    let loaded = kit.state(&kit.system.campaigns, campaign).await?;
    if let Some(at) = loaded.state.learns_at().filter(|at| now < *at) {
        kit.learning.set(campaign, at);
        return Ok(());
    }
    let mut facts = loaded.state.facts(campaign.clone()).ok_or(Halt::Fault)?;
    facts.calendars = calendars(kit, &facts.plan).await?;
    let after = Position(loaded.state.learnt().map_or(0, |learnt| learnt.through));
    let (counted, through) = count(kit, &facts, after, now).await?;
    if counted.is_empty() {
        return Ok(());
    }
    let command = CampaignCommand::LearnTimes {
        counted: Box::new(counted),
        after,
        through,
    };
    let cause = kit.fresh_cause();
    let answer = kit.ask(&kit.system.campaigns, campaign, command, cause).await?;
    if let Some(at) = answer.state.learns_at() {
        kit.learning.set(campaign, at);
    }
    Ok(())
}

/// Counts the campaign's calls that ended after a position, up to the end of the log. Returns the counts
/// and the position reached.
async fn count(
    kit: &DriverContext,
    facts: &CampaignFacts,
    after: Position,
    now: Timestamp,
) -> Result<(CountedTimes, Position), Halt> {
    let store = kit.environment.store.as_ref();
    let filter = EventFilter {
        kinds: vec![CustomerEvent::CALL_CLOSED.to_owned()],
        ..EventFilter::default()
    };
    let (mut counted, mut through) = (CountedTimes::default(), after);
    let since = now.minus_ms(COUNTED_MS_MAX);
    while !kit.is_stopping() {
        let read = store.read_matching(&filter, through, PAGE_EVENTS_MAX).await;
        let page = read.map_err(|_away| Halt::Unavailable)?;
        for event in &page.events {
            note(&mut counted, facts, event, since)?;
        }
        if page.reached == through {
            return Ok((counted, through));
        }
        through = page.reached;
    }
    Err(Halt::Unavailable)
}

/// Counts one call of the campaign, if it says something about when the person answers: the phone rang, or
/// the call was answered. Other events are ignored.
fn note(
    counted: &mut CountedTimes,
    facts: &CampaignFacts,
    event: &StoredEvent,
    since: Timestamp,
) -> Result<(), Halt> {
    let envelope = event.envelope().map_err(|_damaged| Halt::Fault)?;
    let read = CustomerEvent::read(&envelope.kind, envelope.version, &envelope.data);
    let CustomerEvent::CallClosed {
        campaign,
        disposition,
        charged,
        answered,
        dialed_at,
        timing,
        ..
    } = read.map_err(|_damaged| Halt::Fault)?
    else {
        return Ok(());
    };
    if dialed_at < since || !(charged || answered) {
        return Ok(());
    }
    let by_person = answered && !matches!(disposition, Disposition::Machine | Disposition::Screened);
    match timing {
        Some(timing) if campaign == facts.campaign => counted.note_own(timing.dialed, by_person),
        Some(timing) => counted.note_other(timing.dialed, by_person),
        // Calls of this campaign have a timing, except for customers in an unknown time zone; those are not
        // counted.
        None if campaign == facts.campaign => {}
        None => {
            let zone = zone_of_campaign(facts.plan.preset);
            let at = hour_in(zone, &facts.plan, &facts.calendars, dialed_at);
            let at = CallHour {
                hour: at.hour,
                day: at.day,
                group: 0,
            };
            counted.note_other(at, by_person);
        }
    }
    Ok(())
}
