//! How much the reply to a command about a number discloses of what was stored before.

use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Input, Permission};
use application::inquiries::Comparison;
use domain::ids::NumberId;
use domain::inquiry::ComparedValue;
use domain::problem::Problem;

/// What the reply to a command about a number may contain.
pub(in crate::routes) enum ReplyDetail {
    /// Also what was stored before: this caller may look up numbers.
    Full(Box<Comparer>),
    /// Only what was requested: this caller may not look up numbers, or has exceeded the rate limit.
    OrderOnly,
}

impl ReplyDetail {
    /// Returns the detail for a command about one number. The command is accepted in any case; beyond the
    /// rate limit of comparisons the reply is `OrderOnly`.
    pub(in crate::routes) fn for_caller(ctx: &Ctx, input: &Input) -> Self {
        match may_look_up(input) && ctx.admit_comparison(&input.comparer()).is_ok() {
            true => Self::Full(Box::new(input.comparer())),
            false => Self::OrderOnly,
        }
    }

    /// Returns the detail for a command about many values. Its counts compare all values at once, and a list
    /// of one value discloses as much as a look-up, so only a caller who may see every number in clear gets
    /// them. They disclose nothing new to this caller, so there is no rate limit: a large file is many
    /// requests.
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

    /// Records the comparison that the counts of a list make, before the reply is sent.
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

    /// Records the comparison that a full reply makes. Returns the number's id if the caller may see it.
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

/// True if the caller may look up every number.
fn may_look_up(input: &Input) -> bool {
    let numbers = input.caller.scope_for(Permission::NumbersRead);
    input.scope.is_all() && numbers.is_ok_and(|scope| scope.is_all())
}
