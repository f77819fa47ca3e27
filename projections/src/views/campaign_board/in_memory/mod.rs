//! The campaign board in memory: sums events and writes the same rows as `apply`, once at the end.
//!
//! Events of campaigns are rare and passed to `apply`. Calls and enrolments are only added up, so their order
//! relative to those does not matter.

mod members;
mod rows;

use super::finding_counts::{CountChange, list_count_changes};
use super::{BOARD, CALLS, COUNTS, DIALED, HOURS, NAME};
use crate::borrowed_event::{BorrowedEvent, InMemoryView};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::table::InitialRows;
use crate::value::Val;
use crate::view::ViewEvent;
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::call::{AccountChange, CallStep, CallSums, Finding};
use domain::customer::event::CustomerEvent;
use domain::ids::CallId;
use members::{
    CampaignMember, CorrectedMembers, DialingMembers, EndedMembers, PermittedMembers, SettledMembers,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The version of call and customer events that is read here; others are errors except `ANSWERED_VERSION`.
const VERSION: u16 = 1;
/// A later version of `call.answered`; what it adds affects no figure.
const ANSWERED_VERSION: u16 = 2;

/// How a dial moved its call: from which row of `hours`, if it was counted in one, and to which.
#[derive(Default)]
struct HourMove {
    before: Option<usize>,
    hour: Option<usize>,
}

/// What enrolments will add to a campaign's row.
#[derive(Default)]
struct EnrolmentCounts {
    enrolled: i64,
    settled: i64,
    open: i64,
    /// The position of the last event that added something; 0 if none did.
    pos: i64,
}

#[derive(Default)]
struct HourCounts {
    sums: CallSums,
    pos: i64,
}

/// Where a call is counted, as indexes of names and hours.
struct CountedCall {
    campaign: usize,
    flow_version: i64,
    /// The hour of its first dial, on the trunk of its last leg.
    hour: Option<usize>,
    is_answered: bool,
    pos: i64,
}

/// The key of an hour's row: campaign, hour, trunk, flow version; names by their index.
type HourKey = (usize, i64, usize, i64);

/// The sums of the campaign board in memory.
#[derive(Default)]
pub(super) struct Sums {
    /// Events of campaigns, which `apply` handles when the rows are written.
    own: Vec<ViewEvent>,
    /// Names of campaigns and trunks, each once.
    names: Vec<String>,
    boards: BTreeMap<usize, EnrolmentCounts>,
    hours: Vec<(HourKey, HourCounts)>,
    hour_places: BTreeMap<HourKey, usize>,
    /// By campaign, what and code: the count and the last position.
    counts: BTreeMap<(usize, &'static str, Cow<'static, str>), (i64, i64)>,
    calls: BTreeMap<CallId, CountedCall>,
    /// The campaigns' rows that were loaded at the start.
    begun: Vec<Vec<Val>>,
}

impl Sums {
    /// Returns the index of a name; adds a new name. It is searched, because there are few names.
    fn name(&mut self, name: &str) -> usize {
        if let Some(place) = self.names.iter().position(|known| known == name) {
            return place;
        }
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn named(&self, place: usize) -> Val {
        self.names.get(place).map_or(Val::Null, Val::text)
    }

    fn board(&mut self, campaign: &str, pos: i64) -> &mut EnrolmentCounts {
        let place = self.name(campaign);
        let board = self.boards.entry(place).or_default();
        board.pos = pos;
        board
    }

    /// Changes a count by 1 or -1, and removes it if it reaches zero.
    fn count(&mut self, campaign: usize, change: CountChange, pos: i64) {
        let CountChange { what, code, more } = change;
        match self.counts.entry((campaign, what, code)) {
            Entry::Vacant(entry) if more > 0 => {
                entry.insert((more, pos));
            }
            Entry::Vacant(_) => {}
            Entry::Occupied(mut entry) => {
                let (count, last) = entry.get_mut();
                (*count, *last) = (*count + more, pos);
                if *count <= 0 {
                    entry.remove();
                }
            }
        }
    }

    fn customer(&mut self, event: &BorrowedEvent<'_>, pos: i64) -> Result<(), ProjectionError> {
        match event.kind() {
            CustomerEvent::ENROLLED => {
                let CampaignMember { campaign } = event.members()?;
                self.board(&campaign, pos).enrolled += 1;
            }
            CustomerEvent::DIAL_GRANTED => {
                let CampaignMember { campaign } = event.members()?;
                self.board(&campaign, pos).open += 1;
            }
            CustomerEvent::DIAL_RELEASED | CustomerEvent::CALL_CLOSED => {
                let CampaignMember { campaign } = event.members()?;
                self.board(&campaign, pos).open -= 1;
            }
            CustomerEvent::ENROLMENT_SETTLED => {
                let SettledMembers {
                    campaign,
                    disposition,
                } = event.members()?;
                self.board(&campaign, pos).settled += 1;
                let place = self.name(&campaign);
                let code = disposition.code().into();
                let what = "settled";
                self.count(place, CountChange { what, code, more: 1 }, pos);
            }
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, event: &BorrowedEvent<'_>, pos: i64) -> Result<(), ProjectionError> {
        let call = call_of(event)?;
        match event.kind() {
            CallEvent::PERMITTED => self.permitted(call, event, pos)?,
            CallEvent::DIALING => {
                let HourMove { before, hour } = self.dialing(call, event, pos)?;
                self.add(before, pos, &DIALED, -1);
                self.add(hour, pos, &DIALED, 1);
            }
            CallEvent::ANSWERED => self.count_step(call, CallStep::Answered, pos),
            CallEvent::ENDED => {
                let EndedMembers {
                    disposition,
                    outcome,
                    talk_ms,
                } = event.members()?;
                let finding = Finding { disposition, outcome };
                self.count_step(call, CallStep::Ended { finding, talk_ms }, pos);
            }
            CallEvent::CORRECTED => {
                let CorrectedMembers { before, after } = event.members()?;
                self.count_step(call, CallStep::Corrected { before, after }, pos);
            }
            _ => {}
        }
        Ok(())
    }

    fn permitted(
        &mut self,
        call: CallId,
        event: &BorrowedEvent<'_>,
        pos: i64,
    ) -> Result<(), ProjectionError> {
        let PermittedMembers { customer_grant, flow } = event.members()?;
        let campaign = self.name(&customer_grant.campaign);
        self.calls.entry(call).or_insert(CountedCall {
            campaign,
            flow_version: i64::from(flow.version),
            hour: None,
            is_answered: false,
            pos,
        });
        Ok(())
    }

    /// Sets the hour of a call at its first dial. Moves the call if a further leg uses another trunk.
    fn dialing(
        &mut self,
        call: CallId,
        event: &BorrowedEvent<'_>,
        pos: i64,
    ) -> Result<HourMove, ProjectionError> {
        let DialingMembers { trunk } = event.members()?;
        let trunk = self.name(&trunk);
        let Some(called) = self.calls.get_mut(&call) else {
            return Ok(HourMove::default());
        };
        let before = called.hour;
        let known = before.and_then(|place| self.hours.get(place));
        let micros = event.at().micros();
        let first_hour_at = micros - micros.rem_euclid(HOUR_MICROS);
        let hour_at = known.map_or(first_hour_at, |((_, hour_at, _, _), _)| *hour_at);
        if known.is_some_and(|((_, _, carried_by, _), _)| *carried_by == trunk) {
            return Ok(HourMove::default());
        }
        let key = (called.campaign, hour_at, trunk, called.flow_version);
        let place = *self.hour_places.entry(key).or_insert(self.hours.len());
        (called.hour, called.pos) = (Some(place), pos);
        if place == self.hours.len() {
            self.hours.push((key, HourCounts::default()));
        }
        Ok(HourMove {
            before,
            hour: Some(place),
        })
    }

    /// Adds sums to an hour; does nothing for a call that was never dialed.
    fn add(&mut self, hour: Option<usize>, pos: i64, sums: &CallSums, sign: i64) {
        if let Some((_, hour)) = hour.and_then(|place| self.hours.get_mut(place)) {
            hour.sums.add(sums, sign);
            hour.pos = pos;
        }
    }

    /// Counts a step of a call in its hour and in the counts of findings, as the board does with rows.
    fn count_step(&mut self, call: CallId, step: CallStep, pos: i64) {
        let Some(called) = self.calls.get_mut(&call) else {
            return;
        };
        let change = AccountChange::new(step, called.is_answered);
        if step == CallStep::Answered {
            (called.is_answered, called.pos) = (true, pos);
        }
        let (campaign, hour) = (called.campaign, called.hour);
        let sums = change.sums();
        if sums != CallSums::default() {
            self.add(hour, pos, &sums, 1);
        }
        for changed in list_count_changes(&change) {
            self.count(campaign, changed, pos);
        }
    }
}

impl InMemoryView for Sums {
    fn begin_with(&mut self, begun: &InitialRows) -> Result<bool, ProjectionError> {
        for (table, rows) in begun {
            match table.name {
                name if name == BOARD.name => self.begun.clone_from(rows),
                name if name == COUNTS.name => rows.iter().try_for_each(|row| self.begin_count(row))?,
                name if name == HOURS.name => rows.iter().try_for_each(|row| self.begin_hour(row))?,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn lacks_past(&self, event: &BorrowedEvent<'_>) -> bool {
        event.kind().starts_with("call.")
            && event.kind() != CallEvent::PERMITTED
            && event
                .stream_id()
                .parse()
                .is_ok_and(|call| !self.calls.contains_key(&call))
    }

    fn recall(&mut self, event: &BorrowedEvent<'_>) -> Result<(), ProjectionError> {
        let (call, pos) = (call_of(event)?, pos_of(event));
        match event.kind() {
            CallEvent::PERMITTED => self.permitted(call, event, pos),
            CallEvent::DIALING => self.dialing(call, event, pos).map(drop),
            CallEvent::ANSWERED => {
                if let Some(called) = self.calls.get_mut(&call) {
                    (called.is_answered, called.pos) = (true, pos);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, event: &BorrowedEvent<'_>) -> Result<(), ProjectionError> {
        let pos = pos_of(event);
        let kind = event.kind();
        if kind.starts_with("campaign.") {
            let whole = ViewEvent::whole(event)?;
            // Parsed now, so that an error names this event.
            whole.event()?;
            self.own.push(whole);
            return Ok(());
        }
        let version = event.version();
        if version != VERSION && !(kind == CallEvent::ANSWERED && version == ANSWERED_VERSION) {
            return Err(ProjectionError::Fault(format!(
                "the sums of {NAME} know no version {version} of {kind}"
            )));
        }
        if kind.starts_with("call.") {
            self.call(event, pos)
        } else {
            self.customer(event, pos)
        }
    }

    fn hand_over(self: Box<Self>, tx: &mut dyn Tx) -> Result<(), ProjectionError> {
        self.write_boards(tx)?;
        tx.append_rows(&COUNTS, &self.count_rows())?;
        tx.append_rows(&HOURS, &self.hour_rows())?;
        tx.append_rows(&CALLS, &self.call_rows())
    }
}

fn pos_of(event: &BorrowedEvent<'_>) -> i64 {
    i64::try_from(event.stored().position.0).unwrap_or(i64::MAX)
}

fn call_of(event: &BorrowedEvent<'_>) -> Result<CallId, ProjectionError> {
    event
        .stream_id()
        .parse()
        .map_err(|error| ProjectionError::Corrupt(format!("a stream's id: {error}")))
}
