//! How much the reply to an order about a number says of what was stored before.

use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Input, Permission};
use application::inquiring::Comparison;
use domain::ids::NumberId;
use domain::inquiry::ComparedValue;
use domain::problem::Problem;

/// What the reply to an order about a number may contain.
pub(in crate::routes) enum ReplyDetail {
    /// Also what was stored before the order: this caller may look up numbers.
    Full(Box<Comparer>),
    /// Only what was ordered: this caller may not look up numbers, or not for the moment.
    OrderOnly,
}

impl ReplyDetail {
    /// The order is taken in any case. Beyond the limit of comparisons the reply is `OrderOnly`.
    pub(in crate::routes) fn for_caller(ctx: &Ctx, input: &Input) -> Self {
        match may_look_up(input) && ctx.admit_comparison(&input.comparer()).is_ok() {
            true => Self::Full(Box::new(input.comparer())),
            false => Self::OrderOnly,
        }
    }

    /// Of an order about many values. Its counts compare all of them at once, and a list of one value tells
    /// as much as a look-up: only a caller who may see every number in clear gets them. They are nothing new
    /// to this caller, so there is no limit of the rate: a large file is many requests.
    pub(in crate::routes) fn for_list(input: &Input) -> Self {
        let comparer = input.comparer();
        match may_look_up(input) && comparer.reveals_all() {
            true => Self::Full(Box::new(comparer)),
            false => Self::OrderOnly,
        }
    }

    pub(in crate::routes) const fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Records the comparison that the counts of a list are, before they are given out.
    pub(in crate::routes) async fn record_list(
        &self,
        ctx: &Ctx,
        values: usize,
        found: usize,
    ) -> Result<(), Problem> {
        let Self::Full(comparer) = self else {
            return Ok(());
        };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let comparison = Comparison {
            what: ComparedValue::List,
            values: count(values),
            found: count(found),
            campaign: None,
        };
        ctx.note_comparison(comparer, comparison).await
    }

    /// Records the comparison that a full reply is. Returns the number's id for a caller who may have it.
    pub(in crate::routes) async fn record(
        &self,
        ctx: &Ctx,
        number: NumberId,
        was_known: bool,
    ) -> Result<Option<NumberId>, Problem> {
        let Self::Full(comparer) = self else {
            return Ok(None);
        };
        ctx.note_order(comparer, was_known).await?;
        Ok(comparer.reveals_all().then_some(number))
    }
}

/// Whether the caller may look up every number.
fn may_look_up(input: &Input) -> bool {
    let numbers = input.caller.scope_for(Permission::NumbersRead);
    input.scope.is_all() && numbers.is_ok_and(|scope| scope.is_all())
}
