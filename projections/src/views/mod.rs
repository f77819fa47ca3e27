//! The views of this build, one file or folder each. No view uses another.

pub mod access_board;
pub mod alert_board;
pub mod assignment_board;
pub mod audit_trail;
pub mod call_history;
pub mod campaign_board;
pub mod cost_board;
pub mod customer_timeline;
pub mod flow_board;
pub mod funnel;
pub mod knowledge_board;
pub mod label_board;
pub mod metric_board;
pub mod model_board;
pub mod portrait;
pub mod region_board;
pub mod snapshots;
pub mod summary_board;
pub mod target_board;
pub mod trunk_quality;
pub mod worklist;

pub use worklist::SqlWorklist;

use crate::view::View;
use std::sync::Arc;

/// Returns every view, in the order in which a batch is applied.
pub fn all() -> Vec<Arc<dyn View>> {
    vec![
        Arc::new(worklist::Worklist),
        Arc::new(campaign_board::CampaignBoard),
        Arc::new(call_history::CallHistory),
        Arc::new(customer_timeline::CustomerTimeline),
        Arc::new(audit_trail::AuditTrail),
        Arc::new(snapshots::DailySnapshots),
        Arc::new(alert_board::AlertBoard),
        Arc::new(trunk_quality::TrunkQuality),
        Arc::new(funnel::Funnel),
        Arc::new(target_board::TargetBoard),
        Arc::new(portrait::Portraits),
        Arc::new(metric_board::MetricBoard),
        Arc::new(region_board::RegionBoard),
        Arc::new(cost_board::CostBoard),
        Arc::new(access_board::AccessBoard),
        Arc::new(assignment_board::AssignmentBoard),
        Arc::new(flow_board::FlowBoard),
        Arc::new(summary_board::SummaryBoard),
        Arc::new(model_board::ModelBoard),
        Arc::new(knowledge_board::KnowledgeBoard),
        Arc::new(label_board::LabelBoard),
    ]
}
