//! How much a caller who orders something of a number is told of what was known before.

use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Input, Permission};

/// How much whoever orders something of a number is told of it.
pub(super) enum Told {
    /// Also what was known before, to this caller.
    All(Box<Comparer>),
    /// What was ordered, and not what was known before: they could not ask for it either.
    OrderAlone,
}

impl Told {
    /// Beyond the limit of comparisons the order is taken, and its reply tells nothing of before.
    pub(super) fn to(ctx: &Ctx, input: &Input) -> Self {
        let asked = input.caller.scope_for(Permission::NumbersRead);
        let may_look_up = input.scope.is_all() && asked.is_ok_and(|scope| scope.is_all());
        match may_look_up && ctx.admit_comparison(&input.comparer()).is_ok() {
            true => Self::All(Box::new(input.comparer())),
            false => Self::OrderAlone,
        }
    }
}
