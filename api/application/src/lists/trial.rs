//! Trial of a list before there is a campaign: its columns and their meaning, the number of good rows, and
//! why the others are bad. Nothing is stored and no customer is looked up.

use super::load::{Enroller, EnrolmentOutcome, ImportReport, ListImport, SharedRowsFilter, load};
use super::running_imports::ImportProgress;
use super::spelling::Spelling;
use crate::flows::definition_of;
use crate::installation::{Installation, script_flow};
use async_trait::async_trait;
use domain::calling_plan::{Basis, DeduplicationScope, DuplicatePolicy, Preset};
use domain::customer::Assignee;
use domain::customer::command::Enrolment;
use domain::flow::{FlowDefinition, FlowSelector};
use domain::ids::{CampaignId, CommandId, CustomerId, FlowId, InvalidId, ListId};
use domain::number_library;
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::BadRow;
use intake::header::{Header, ListColumn};
use intake::list_country::ListCountry;
use intake::mapping::{Mapping, Member};
use intake::row::{ConsentLocation, RowRules};
use intake::same_number::SharedRows;
use intake::spool::SpooledFile;
use intake::table::WorkbookReport;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Campaign name under which a list is read in a trial, as there is no campaign.
const NO_CAMPAIGN: &str = "dry-run";

/// The result of a trial: how a file would be read as a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListTrial {
    /// Detected format of the file.
    #[schemars(example = &"CSV, GBK")]
    pub format: String,
    /// Number of the header row, as a spreadsheet counts.
    #[schemars(example = 1)]
    pub header_row: u64,
    pub columns: Vec<ListColumn>,
    /// Members that a column can be mapped to, in addition to the flow's variables.
    #[schemars(example = &["customer_id", "phone"])]
    pub members: Vec<&'static str>,
    /// Required members without a column. Without them no row can be read.
    #[schemars(example = &["phone"])]
    pub missing: Vec<&'static str>,
    /// Variables that the flow needs, for which there is no column and no value derived from the number.
    #[schemars(example = &["days"])]
    pub missing_variables: Vec<String>,
    /// Result of the rows. Absent while a required member is missing.
    #[serde(flatten)]
    pub rows: Option<RowTrial>,
}

/// The good and bad rows of a trial.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowTrial {
    pub rows: u64,
    /// Customers that the list would enroll.
    pub good: u64,
    /// Rows with a customer of an earlier row.
    pub duplicates: u64,
    pub bad_count: u64,
    /// The first bad rows, in file order.
    pub bad: Vec<BadRow>,
    /// Rows with the number of another customer.
    pub same_number: SharedRows,
    /// For a workbook: the sheet that was read, and what Excel hides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workbook: Option<WorkbookReport>,
}

/// The rules by which the rows are judged, as far as the campaign is planned.
#[derive(Debug, Default)]
pub struct TrialRules {
    pub preset: Preset,
    pub basis: Basis,
    /// Country of numbers without a country code.
    pub country: ListCountry,
    /// The flow. Without one no variable is required.
    pub flow: Option<FlowSelector>,
}

/// Examines a received file as a list: columns, good and bad rows. Nothing is stored, and customers of the
/// log are not looked up. Fails if the file cannot be read.
pub async fn try_list(
    installation: &Installation,
    spooled: SpooledFile,
    mapping: Mapping,
    trying: TrialRules,
) -> Result<ListTrial, Problem> {
    // The texts of a workbook are read before its first row, which may block.
    let header = tokio::task::block_in_place(|| Header::of(&spooled, &mapping))?;
    let flow = flow_of(installation, trying.flow.as_ref()).await?;
    let format = spooled.format();
    let missing_variables = missing_variables(&flow, &header);
    let rows = match header.missing.is_empty() {
        true => Some(rows_of(installation, spooled, mapping, &trying, flow).await?),
        false => None,
    };
    Ok(ListTrial {
        format,
        header_row: header.row,
        columns: header.columns,
        members: Member::ALL.map(Member::name).to_vec(),
        missing: header.missing,
        missing_variables,
        rows,
    })
}

fn missing_variables(flow: &FlowDefinition, header: &Header) -> Vec<String> {
    let columns = header.columns.iter();
    let given: BTreeSet<&str> = columns
        .filter_map(|column| column.variable.as_deref().or(column.member))
        .collect();
    let needed = flow.required_variables().into_iter();
    let is_filled = |name: &str| given.contains(name) || number_library::fills(name);
    needed.filter(|name| !is_filled(name)).collect()
}

async fn flow_of(
    installation: &Installation,
    named: Option<&FlowSelector>,
) -> Result<Arc<FlowDefinition>, Problem> {
    if let Some(named) = named {
        return definition_of(installation, named)
            .await
            .map(|(_, definition)| definition);
    }
    let flow: FlowId = NO_CAMPAIGN.parse().map_err(no_name)?;
    let definition = script_flow(flow, "您好。")?;
    let read = FlowDefinition::from_value(&definition);
    read.map(Arc::new)
        .map_err(|fault| Problem::fault(fault.to_string()))
}

fn no_name(error: InvalidId) -> Problem {
    Problem::fault(error.to_string())
}

async fn rows_of(
    installation: &Installation,
    spooled: SpooledFile,
    mapping: Mapping,
    trying: &TrialRules,
    flow: Arc<FlowDefinition>,
) -> Result<RowTrial, Problem> {
    let campaign: CampaignId = NO_CAMPAIGN.parse().map_err(no_name)?;
    let plan = ListImport {
        rules: RowRules {
            list: ListId::derive(&campaign, &spooled.list_name()),
            campaign,
            preset: trying.preset,
            basis: trying.basis,
            duplicates: DuplicatePolicy::of_new(trying.preset),
            priority: None,
            best_times: None,
            dedupe: DeduplicationScope::Campaign,
            consents: ConsentLocation::InTheRow,
            country: trying.country,
            number_check: None,
            flow,
        },
        source: NO_CAMPAIGN.to_owned(),
        format: spooled.format(),
        dry_run: true,
        shared: SharedRowsFilter::OfFile,
        course: Arc::default(),
    };
    let vault = Arc::clone(&installation.environment.vault);
    let rows = spooled.into_rows(mapping);
    let report = load(plan, rows, &TrialEnroller, vault, installation.tasks()).await?;
    Ok(RowTrial::of(report))
}

impl RowTrial {
    fn of(report: ImportReport) -> Self {
        Self {
            rows: report.rows,
            good: report.enrolled,
            duplicates: report.duplicates,
            bad_count: report.bad_count,
            bad: report.bad,
            same_number: report.same_number,
            workbook: report.workbook,
        }
    }
}

/// An enroller for a trial, which enrolls no customer: every good row counts as one that would be enrolled.
struct TrialEnroller;

#[async_trait]
impl Enroller for TrialEnroller {
    async fn open(&self, _: &str) -> Result<Option<u64>, Problem> {
        Ok(None)
    }
    async fn make_way(&self, _: &ImportProgress) -> Result<(), Problem> {
        Ok(())
    }
    fn at_once(&self) -> usize {
        1
    }
    async fn enrol(&self, _: CommandId, _: Enrolment) -> Result<EnrolmentOutcome, Problem> {
        Err(Problem::fault("a trial of a list enrolls no customer"))
    }
    async fn foresee(&self, _: &Enrolment) -> Result<EnrolmentOutcome, Problem> {
        Ok(EnrolmentOutcome::ByThisList(Position(0)))
    }
    async fn spelling(&self, _: &CustomerId, _: &CustomerId) -> Result<Spelling, Problem> {
        Ok(Spelling::Normalized)
    }
    async fn refuse_assignee(&self, _: &Assignee) -> Result<Option<String>, Problem> {
        Ok(None)
    }
    async fn assign(&self, _: &CustomerId, _: Assignee) -> Result<(), Problem> {
        Err(Problem::fault("a trial of a list assigns no customer"))
    }
    async fn close(&self, _: u64) -> Result<Position, Problem> {
        Ok(Position(0))
    }
    fn is_undone(&self) -> bool {
        false
    }
    async fn finish_undone(&self) -> Result<(), Problem> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_import_fills_from_the_number_is_not_missing() {
        let script = "您好{{days}}{{home_province}}{{home_city}}{{carrier}}{{amount}}";
        let flow = domain::flow::from_script("T".parse().unwrap(), script).unwrap();
        let header = Header {
            row: 1,
            columns: vec![ListColumn {
                title: "天数".to_owned(),
                member: None,
                variable: Some("days".to_owned()),
            }],
            missing: Vec::new(),
        };
        assert_eq!(missing_variables(&flow, &header), ["amount"]);
    }
}
