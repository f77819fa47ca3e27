//! Tables over all campaigns or one, made of live rows: what routes and the command line both show.

mod abandonment;
mod costs;
mod daily;

pub use abandonment::{Budget, WINDOW_DAYS, abandonment, budget};
pub use costs::{Costing, cost_table};
pub use daily::daily;
