//! How much a caller who orders something of a number is told of what was known before.

use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Input, Permission};
use application::inquiring::Comparison;
use domain::ids::NumberId;
use domain::inquiry::ComparedValue;
use domain::problem::Problem;

/// How much whoever orders something of a number is told of it.
pub(in crate::routes) enum Told {
    /// Also what was known before, to this caller.
    All(Box<Comparer>),
    /// What was ordered, and not what was known before: they could not ask for it either.
    OrderAlone,
}

impl Told {
    /// Beyond the limit of comparisons the order is taken, and its reply tells nothing of before.
    pub(in crate::routes) fn to(ctx: &Ctx, input: &Input) -> Self {
        let asked = input.caller.scope_for(Permission::NumbersRead);
        let may_look_up = input.scope.is_all() && asked.is_ok_and(|scope| scope.is_all());
        match may_look_up && ctx.admit_comparison(&input.comparer()).is_ok() {
            true => Self::All(Box::new(input.comparer())),
            false => Self::OrderAlone,
        }
    }

    /// After the order: that a number was compared, and its id for a caller who may have it.
    pub(in crate::routes) async fn note(
        &self,
        ctx: &Ctx,
        number: NumberId,
        was_known: bool,
    ) -> Result<Option<NumberId>, Problem> {
        let Self::All(comparer) = self else {
            return Ok(None);
        };
        let comparison = Comparison::of_one(ComparedValue::Number, was_known);
        ctx.note_comparison(comparer, comparison).await?;
        Ok(comparer.reveals_all().then_some(number))
    }
}
