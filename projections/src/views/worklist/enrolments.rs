//! The rows of enrolments: waiting for the due time, with an open grant, or with a call to be closed.

use super::{CALLS, CallColumn, ENROLMENTS, EnrolmentColumn, Rows, not_dialed_reason};
use crate::cells::Cells;
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::compliance::{CustomerGrant, Decision, Verdict};
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};
use domain::ranking::EnrolmentRanking;
use domain::time::Timestamp;
use std::collections::BTreeMap;

fn state_is(cells: &Cells<'_>, state: &str) -> bool {
    cells.text(EnrolmentColumn::State) == state
}

impl Rows<'_> {
    /// Applies `change` to an enrolment's row and stores the row if it returns true. Returns whether it was
    /// stored.
    fn of_enrolment(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        change: &mut dyn FnMut(&mut Cells<'_>) -> bool,
    ) -> Result<bool, ProjectionError> {
        let key = [Val::text(campaign), Val::text(customer)];
        let done = self.change(&ENROLMENTS, &key, EnrolmentColumn::Pos, change)?;
        Ok(done == Some(true))
    }

    /// Applies `change` to an enrolment's row unless the enrolment is settled. Returns true if it was
    /// applied.
    fn of_unsettled(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        change: &dyn Fn(&mut Cells<'_>),
    ) -> Result<bool, ProjectionError> {
        self.of_enrolment(campaign, customer, &mut |cells| {
            let is_open = !state_is(cells, "settled");
            if is_open {
                change(cells);
            }
            is_open
        })
    }

    pub(super) fn enrolled(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        number: &NumberId,
        due_at: Timestamp,
        placing: Option<&EnrolmentRanking>,
    ) -> Result<(), ProjectionError> {
        let rung = placing.map(EnrolmentRanking::rung);
        let row = vec![
            Val::text(campaign),
            Val::text(customer),
            Val::text(number),
            Val::at(due_at),
            Val::text("waiting"),
            Val::Null,
            Val::Null,
            Val::Null,
            Val::Null,
            Val::Null,
            Val::count(1),
            Val::count(0),
            Val::Null,
            Val::count(0),
            rung.map_or(Val::Null, |rung| Val::Int(i64::from(rung.code()))),
            self.pos.clone(),
        ];
        if self
            .tx
            .has(&ENROLMENTS, &[Val::text(campaign), Val::text(customer)])?
        {
            return Ok(());
        }
        self.tx.append_row(&ENROLMENTS, row)?;
        self.count(campaign, 1, 0)
    }

    pub(super) fn customer_granted(
        &mut self,
        grant: &CustomerGrant,
        attempt: u32,
    ) -> Result<(), ProjectionError> {
        self.forget_unasked(grant, attempt)?;
        let call = Val::text(grant.call);
        self.of_call(call.clone(), &|cells| {
            cells.set(CallColumn::Campaign, Val::text(&grant.campaign));
            cells.set(CallColumn::Customer, Val::text(&grant.customer));
            cells.set(CallColumn::Number, Val::text(&grant.number));
            cells.set(CallColumn::CustomerSide, Val::text("granted"));
        })?;
        self.of_unsettled(&grant.campaign, &grant.customer, &|cells| {
            cells.set(EnrolmentColumn::State, Val::text("open"));
            cells.set(EnrolmentColumn::Call, call.clone());
            cells.set(EnrolmentColumn::Number, Val::text(&grant.number));
            cells.set(EnrolmentColumn::Attempts, Val::Int(i64::from(attempt)));
            cells.set(EnrolmentColumn::AskedCall, Val::Null);
            not_dialed_reason::forget(cells);
        })?;
        Ok(())
    }

    /// Removes the row of the previous attempt if a crash ended that attempt before it reached the number;
    /// no further event will come for it. Each grant does this, and attempts are consecutive, so only the
    /// previous one can be left.
    fn forget_unasked(&mut self, grant: &CustomerGrant, attempt: u32) -> Result<(), ProjectionError> {
        let Some(before) = attempt.checked_sub(1).filter(|before| *before > 0) else {
            return Ok(());
        };
        let enrolment = EnrolmentId {
            campaign: grant.campaign.clone(),
            customer: grant.customer.clone(),
        };
        let call = Val::text(CallId::derive(&enrolment, before));
        self.tx.edit(&CALLS, &[call], &mut |row| {
            let cells = Cells(row);
            let is_unasked = cells.text(CallColumn::CustomerSide) == "told"
                && cells.text(CallColumn::NumberSide) == "none"
                && cells.int(CallColumn::Permitted) == 0;
            Ok(if is_unasked {
                RowAction::Remove
            } else {
                RowAction::Keep
            })
        })?;
        Ok(())
    }

    pub(super) fn customer_refused(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        verdict: &Verdict,
        not_before: Option<Timestamp>,
    ) -> Result<(), ProjectionError> {
        let deferred = match verdict.decision {
            Decision::DeferUntil(until) => Some(until),
            Decision::Allow | Decision::Forbid => None,
        };
        let due_at = not_before.or(deferred);
        // Refused permanently: nothing is due until `customer.enrolment_settled` follows.
        let forbidden = due_at.is_none() && verdict.decision == Decision::Forbid;
        self.of_enrolment(campaign, customer, &mut |cells| {
            if !state_is(cells, "waiting") {
                return false;
            }
            if forbidden {
                cells.set(EnrolmentColumn::State, Val::text("closed"));
            }
            cells.set_known(EnrolmentColumn::DueAt, Val::maybe_at(due_at));
            not_dialed_reason::note(cells, &verdict.rule, &verdict.facts);
            true
        })?;
        Ok(())
    }

    pub(super) fn customer_released(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        call: CallId,
        reason: &str,
        not_before: Option<Timestamp>,
    ) -> Result<(), ProjectionError> {
        let released = Val::text(call);
        self.of_enrolment(campaign, customer, &mut |cells| {
            if !(state_is(cells, "open") && *cells.get(EnrolmentColumn::Call) == released) {
                return false;
            }
            cells.set(EnrolmentColumn::State, Val::text("waiting"));
            cells.set(EnrolmentColumn::Call, Val::Null);
            cells.set_known(EnrolmentColumn::DueAt, Val::maybe_at(not_before));
            not_dialed_reason::note(cells, reason, &BTreeMap::new());
            true
        })?;
        self.close_customer_side(call)
    }

    pub(super) fn next_attempt(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        next_due_at: Option<Timestamp>,
        next_number: Option<&NumberId>,
    ) -> Result<(), ProjectionError> {
        let state = match next_due_at {
            Some(_) => "waiting",
            None => "closed",
        };
        self.of_unsettled(campaign, customer, &|cells| {
            cells.set(EnrolmentColumn::State, Val::text(state));
            cells.set(EnrolmentColumn::Call, Val::Null);
            cells.set_known(EnrolmentColumn::DueAt, Val::maybe_at(next_due_at));
            cells.set_known(EnrolmentColumn::Number, Val::maybe_text(next_number));
        })?;
        Ok(())
    }

    /// Sets the due time of a waiting enrolment after a user ordered a call back or an agent skipped a
    /// preview; an open or settled enrolment stays unchanged.
    pub(super) fn called_back(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        due_at: Timestamp,
    ) -> Result<(), ProjectionError> {
        self.of_enrolment(campaign, customer, &mut |cells| {
            if !state_is(cells, "waiting") {
                return false;
            }
            cells.set(EnrolmentColumn::DueAt, Val::at(due_at));
            not_dialed_reason::say_again(cells);
            true
        })?;
        Ok(())
    }

    /// Moves the due time of a waiting enrolment later, to `due_at`; never earlier. While a call is open,
    /// its end sets the due time.
    pub(super) fn answered_late(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        due_at: Timestamp,
    ) -> Result<(), ProjectionError> {
        self.of_enrolment(campaign, customer, &mut |cells| {
            let is_later =
                matches!(cells.get(EnrolmentColumn::DueAt), Val::Int(known) if *known >= due_at.micros());
            if is_later || !state_is(cells, "waiting") {
                return false;
            }
            cells.set(EnrolmentColumn::DueAt, Val::at(due_at));
            true
        })?;
        Ok(())
    }

    /// Marks a waiting enrolment as one with a requested call, which is dialed before the enrolments of
    /// lists.
    pub(super) fn call_asked(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        due_at: Timestamp,
    ) -> Result<(), ProjectionError> {
        let enrolment = EnrolmentId {
            campaign: campaign.clone(),
            customer: customer.clone(),
        };
        self.of_enrolment(campaign, customer, &mut |cells| {
            if !state_is(cells, "waiting") {
                return false;
            }
            let attempts = u32::try_from(cells.int(EnrolmentColumn::Attempts)).unwrap_or(u32::MAX);
            let next = CallId::derive(&enrolment, attempts.saturating_add(1));
            cells.set(EnrolmentColumn::DueAt, Val::at(due_at));
            cells.set(EnrolmentColumn::InList, Val::count(0));
            cells.set(EnrolmentColumn::AskedCall, Val::text(next));
            not_dialed_reason::say_again(cells);
            true
        })?;
        Ok(())
    }

    /// Marks an enrolment as one with a callback, which is dialed before those of lists, and sets the
    /// agreed time as its due time. While a call is open, its end sets the due time.
    pub(super) fn callback_named(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        callback_at: Timestamp,
    ) -> Result<(), ProjectionError> {
        self.of_unsettled(campaign, customer, &|cells| {
            cells.set(EnrolmentColumn::InList, Val::count(0));
            cells.set(EnrolmentColumn::Callback, Val::count(1));
            if state_is(cells, "waiting") {
                cells.set(EnrolmentColumn::DueAt, Val::at(callback_at));
                not_dialed_reason::forget(cells);
            }
        })?;
        Ok(())
    }

    /// Ends a callback: the enrolment is dialed like the others of its list again, unless a call was
    /// requested too.
    pub(super) fn callback_over(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        due_at: Option<Timestamp>,
    ) -> Result<(), ProjectionError> {
        self.of_unsettled(campaign, customer, &|cells| {
            if *cells.get(EnrolmentColumn::AskedCall) == Val::Null {
                cells.set(EnrolmentColumn::InList, Val::count(1));
            }
            cells.set(EnrolmentColumn::Callback, Val::count(0));
            cells.set_known(EnrolmentColumn::DueAt, Val::maybe_at(due_at));
        })?;
        Ok(())
    }

    pub(super) fn settled(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        why: Option<(&str, &BTreeMap<String, String>)>,
    ) -> Result<(), ProjectionError> {
        let is_new = self.of_unsettled(campaign, customer, &|cells| {
            cells.set(EnrolmentColumn::State, Val::text("settled"));
            cells.set(EnrolmentColumn::Call, Val::Null);
            cells.set(EnrolmentColumn::Callback, Val::count(0));
            match why {
                Some((rule, facts)) => not_dialed_reason::note(cells, rule, facts),
                None => not_dialed_reason::forget(cells),
            }
        })?;
        match is_new {
            true => self.count(campaign, 0, 1),
            false => Ok(()),
        }
    }
}
