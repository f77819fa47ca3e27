//! How much the reply to an order about a number says of what was stored before.

use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Input, Permission};
use domain::ids::NumberId;
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
        let numbers = input.caller.scope_for(Permission::NumbersRead);
        let may_look_up = input.scope.is_all() && numbers.is_ok_and(|scope| scope.is_all());
        match may_look_up && ctx.admit_comparison(&input.comparer()).is_ok() {
            true => Self::Full(Box::new(input.comparer())),
            false => Self::OrderOnly,
        }
    }

    pub(in crate::routes) const fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
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
