//! Tables over all campaigns or one, made of live rows: what routes and the command line both show.

mod abandonment;
mod costs;
mod daily;
#[cfg(test)]
mod tests;

pub(crate) use abandonment::{Budget, WINDOW_DAYS, abandonment, budget};
pub(crate) use costs::{Costing, cost_table};
pub(crate) use daily::daily;
