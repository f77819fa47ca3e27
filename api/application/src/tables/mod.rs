//! Tables over all campaigns or one, from current rows. Routes and the command line both show them.

mod abandonment;
mod baseline;
mod costs;
mod daily;
mod work_costs;

pub use abandonment::{
    Abandonment, AbandonmentAsked, Budget, Counting, WINDOW_DAYS, abandonment, binding_budget, counting,
};
pub use baseline::{Baseline, BesideBaseline};
pub use costs::{CostTable, Costing, cost_table};
pub use daily::{Daily, daily};
