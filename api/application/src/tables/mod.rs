//! Tables over all campaigns or one, from current rows. Routes and the command line both show them.

mod abandonment;
mod baseline;
mod costs;
mod daily;
mod work_costs;

pub use abandonment::{
    Abandonment, AbandonmentQuery, Budget, BudgetPolicy, WINDOW_DAYS, abandonment, binding_budget,
    load_budget_policy,
};
pub use baseline::{Baseline, BaselineComparison};
pub use costs::{CostParameters, CostTable, cost_table};
pub use daily::{DailyTable, daily};
