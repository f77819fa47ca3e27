//! Imports a list into a campaign: reads the parameters, gets a required approval, and loads the rows.

use crate::api_description::ChangeReply;
use crate::comparisons::Comparer;
use crate::context::Ctx;
use crate::idempotency::mark_of_key;
use crate::input::Input;
use crate::list_comparison::{describe_comparison, was_compared};
use crate::reply::WriteResult;
use application::access::Caller;
use application::approvals::{ProposedAct, check_continued_act, four_eyes, was_given_for};
use application::installation::Installation;
use application::lists::enroller::{CampaignEnroller, of_another_request};
use application::lists::load::{ImportReport, ListImport, OtherCampaignsCount, SharedRowsFilter, load};
use application::lists::readability_check::check_readable;
use application::parameter::Parameter;
use domain::actor::Actor;
use domain::approval::{Act, ApprovalSubject};
use domain::approval_requirements::ApprovalRequirement;
use domain::calling_code::CallingCode;
use domain::calling_plan::DeduplicationScope;
use domain::campaign::QueryMark;
use domain::four_eyes::FourEyes;
use domain::hex;
use domain::ids::ApprovalId;
use domain::permission::{DataScope, Permission};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestMark};
use intake::body::BodySource;
use intake::list_country::ListCountry;
use intake::mapping::Mapping;
use intake::row::RowRules;
use intake::source::RowSource;
use intake::spool::SpooledFile;
use intake::table::HiddenRows;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Query parameter: the approval of a list, for campaigns that require one.
pub(crate) const APPROVAL: Parameter = Parameter::uuid(
    "approval",
    "The approval by another user, if the campaign requires one",
);

/// Query parameter: the sheet of a workbook that is read.
pub(crate) const SHEET: Parameter = Parameter::text(
    "sheet",
    "Sheet of a workbook, may be hidden; default: the first visible sheet",
    "名单",
);
pub(crate) const HIDDEN_ROWS: Parameter = Parameter::one_of(
    "hidden_rows",
    "Rows that are hidden or filtered out in Excel: left out and counted (exclude, the default), or read",
    HiddenRows::CODES,
);
pub(crate) const HEADER_ROW: Parameter = Parameter::text(
    "header_row",
    "Number of the row with the column titles, from 1; default: detected",
    "1",
);

/// Query parameter: the SHA-256 that names a query, for rows that were read from another database.
pub(crate) const QUERY: Parameter = Parameter::text(
    "query",
    "For rows of a database query: the SHA-256 that names the query; its open list is continued",
    "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e",
);
pub(crate) const SINCE_COLUMN: Parameter = Parameter::text(
    "since_column",
    "For rows of a database query: the column that the next import compares to find newer rows",
    "updated_at",
);
pub(crate) const SINCE_VALUE: Parameter = Parameter::text(
    "since_value",
    "For rows of a database query: the last value of that column, a number or a time; stored when the list is closed",
    "2026-03-02 10:00:00",
);

/// The parameters of an import, with its caller.
pub(crate) struct ImportParameters {
    pub dry_run: bool,
    pub scope: DataScope,
    /// Deduplication scope: customers who are enrolled there already are not enrolled again.
    pub dedupe: DeduplicationScope,
    /// Country of numbers without a country code; default: by the campaign's presets.
    pub country: Option<CallingCode>,
    by: Option<Actor>,
    caller: Caller,
    cause: Cause,
    /// Mark of its `Idempotency-Key`: a key that imported another list is refused.
    request_key: Option<RequestMark>,
    approval: Option<ApprovalId>,
    /// For rows of a database query: the SHA-256 that names the query; `None` for other lists.
    pub query: Option<String>,
    mark: Option<QueryMark>,
    may_assign: bool,
    comparer: Comparer,
    /// Digest of how the file is read. An approval covers the file as it is read with these options.
    reading: Option<String>,
    /// Digest of the rows of a query. The list has the query's name, which does not identify the rows.
    content: Option<String>,
}

/// Query parameter: the country of a list's numbers.
pub(crate) const COUNTRY: Parameter = Parameter::text(
    "country",
    "Country of numbers without a country code: CN, US or a calling code like 44; default: the preset's country",
    "US",
);

/// Returns the country of the query; `None` without one. `query-invalid` for an unknown country.
pub(crate) fn country_of(text: Option<&str>) -> Result<Option<CallingCode>, Problem> {
    let wrong = || {
        Problem::invalid(
            "query-invalid",
            "country: not a country: use a code such as US or 44",
        )
    };
    text.map(|text| CallingCode::read(text).ok_or_else(wrong))
        .transpose()
}

impl ImportParameters {
    /// Returns the row rules of a campaign's list, with the parameters of this import.
    pub(crate) fn rules(&self, rules: RowRules) -> RowRules {
        RowRules {
            dedupe: self.dedupe,
            country: self.country.map_or(rules.country, ListCountry::named),
            ..rules
        }
    }

    pub(crate) fn of(installation: &Installation, input: &Input) -> Result<Self, Problem> {
        let approval = input.text(APPROVAL.name).map(str::parse).transpose();
        Ok(Self {
            dry_run: input.flag("dry_run")?,
            scope: input.scope.clone(),
            query: query_of(input)?,
            mark: mark_of(input)?,
            dedupe: DeduplicationScope::parse(input.text("dedupe").unwrap_or_default()).unwrap_or_default(),
            country: country_of(input.text(COUNTRY.name))?,
            by: input.actor(),
            caller: input.caller.clone(),
            cause: input.cause(installation, "lists/approve")?,
            request_key: mark_of_key(installation, input)?,
            approval: approval
                .map_err(|error| Problem::invalid("query-invalid", format!("approval: {error}")))?,
            may_assign: input.caller.scope_for(Permission::CustomersAssign).is_ok(),
            comparer: input.comparer(),
            reading: None,
            content: None,
        })
    }

    /// Keeps the SHA-256 of the rows of a database query; the list of a file is named after its content.
    pub(crate) fn holding(mut self, content_sha256: &str) -> Self {
        self.content = self.query.is_some().then(|| content_sha256.to_owned());
        self
    }

    /// Keeps a digest of the request's reading options (column mapping, encoding, rows, country), if any.
    pub(crate) fn reading(mut self, map: Option<&str>, encoding: Option<&str>, rows: &str) -> Self {
        let mut said = format!("{}\n{}", map.unwrap_or_default(), encoding.unwrap_or_default());
        if !rows.is_empty() {
            said.push('\n');
            said.push_str(rows);
        }
        if let Some(country) = self.country {
            said.push_str(&format!("\n{country}"));
        }
        let is_read_so = map.is_some() || encoding.is_some() || !rows.is_empty();
        let is_asked_for = is_read_so || self.country.is_some();
        self.reading = is_asked_for.then(|| hex::encode(&Sha256::digest(said)));
        self
    }
}

/// Returns the SHA-256 that names a query, `None` without one: the server gets neither address nor text.
fn query_of(input: &Input) -> Result<Option<String>, Problem> {
    let said = input.text(QUERY.name).map(str::to_lowercase);
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if said.as_ref().is_none_or(is_hash) {
        return Ok(said);
    }
    let why = "query: must be the SHA-256 of a query, 64 hexadecimal digits";
    Err(Problem::invalid("query-invalid", why))
}

fn mark_of(input: &Input) -> Result<Option<QueryMark>, Problem> {
    let (column, value) = (input.text(SINCE_COLUMN.name), input.text(SINCE_VALUE.name));
    let (Some(column), Some(value)) = (column, value) else {
        return Ok(None);
    };
    let query = query_of(input)?
        .ok_or_else(|| Problem::invalid("query-invalid", "since_column and since_value need a query"))?;
    if !QueryMark::is_value(value) {
        let why = "since_value: must be a number or a time";
        return Err(Problem::invalid("query-invalid", why));
    }
    Ok(Some(QueryMark {
        query,
        column: column.to_owned(),
        value: value.to_owned(),
    }))
}

/// The rows of a list to import. `to_look_at` returns them for a check before the import; that pass must be
/// read completely or dropped before `into_rows` returns them for the import.
pub(crate) enum ListRows {
    File(Box<SpooledFile>, Mapping),
    Body(Vec<Map<String, Value>>),
    /// Rows of a frozen segment: its remaining customers.
    Members(Vec<Map<String, Value>>),
}

impl ListRows {
    fn to_look_at(&self) -> Result<Box<dyn RowSource>, Problem> {
        match self {
            Self::File(spooled, mapping) => Ok(spooled.rows(mapping.clone())?),
            Self::Body(records) | Self::Members(records) => Ok(Box::new(BodySource::new(records.clone()))),
        }
    }

    fn into_rows(self) -> Box<dyn RowSource> {
        match self {
            Self::File(spooled, mapping) => spooled.into_rows(mapping),
            Self::Body(records) | Self::Members(records) => Box::new(BodySource::new(records)),
        }
    }
}

/// Imports a list into its campaign, after the approval if one is required.
pub(crate) async fn run(
    ctx: &Ctx,
    mut plan: ListImport,
    rows: ListRows,
    importing: ImportParameters,
) -> Result<ChangeReply<ImportReport>, Problem> {
    let installation = &ctx.installation;
    let comparer = importing.comparer.clone();
    // A list compared only with its own campaign needs no admission: the caller may see that campaign.
    let compares_all = plan.rules.dedupe == DeduplicationScope::Everywhere && !plan.dry_run;
    if compares_all {
        ctx.admit_list(&comparer)?;
    }
    if plan.dry_run {
        ctx.admit_comparison(&comparer)?;
    }
    plan.shared = match comparer.reveals_all() {
        true => SharedRowsFilter::All,
        false => SharedRowsFilter::OfFile,
    };
    let approved = match refuse_used_key(installation, &plan, &importing).await {
        Ok(()) => behind(installation, &plan, &rows, &importing).await,
        Err(problem) => Err(problem),
    };
    if compares_all && approved.is_err() {
        ctx.return_list(&comparer);
    }
    let four_eyes = approved?;
    let is_of_segment = matches!(rows, ListRows::Members(_));
    let rows = rows.into_rows();
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, importing.by)
        .behind(four_eyes)
        .asked_by(importing.request_key)
        .of_query(importing.query.is_some() || is_of_segment)
        .read_to(importing.mark)
        .assigning(importing.may_assign);
    let (campaign, is_dry) = (plan.rules.campaign.clone(), plan.dry_run);
    let list = plan.rules.list;
    let imported = load_into(installation, plan, rows, &enroller).await;
    if compares_all && !was_compared(installation, &campaign, &list, &imported).await {
        ctx.return_list(&comparer);
    }
    let report = imported?;
    if is_dry || matches!(report.duplicates_elsewhere, OtherCampaignsCount::About(_)) {
        let comparison = describe_comparison(&report, campaign);
        ctx.note_comparison(&comparer, comparison).await?;
    }
    let position = report
        .position
        .as_deref()
        .and_then(|text| text.parse().ok())
        .map(Position);
    Ok(ChangeReply(WriteResult {
        body: report,
        version: None,
        position,
    }))
}

/// Refuses a list under a used `Idempotency-Key` before an approval is requested or spent, because an
/// approval can be used once. The campaign checks it again when the list is opened.
async fn refuse_used_key(
    installation: &Installation,
    plan: &ListImport,
    importing: &ImportParameters,
) -> Result<(), Problem> {
    let Some(key) = importing.request_key.filter(|_| !plan.dry_run) else {
        return Ok(());
    };
    let state = installation
        .entities
        .campaigns
        .state(&plan.rules.campaign)
        .await?
        .state;
    match state.other_list_of(key, plan.rules.list) {
        Some(_) => Err(of_another_request()),
        None => Ok(()),
    }
}

/// Returns the approval of a list, if its campaign requires one (CMP-8); no customer is enrolled before. An
/// open list continues under the approval it began with, if it is read in the same way. One that began
/// without an approval needs one to continue, because it does not record how it was read. A file that is not
/// a list is refused before an approval is requested or spent: an approval can be used once.
async fn behind(
    installation: &Installation,
    plan: &ListImport,
    rows: &ListRows,
    importing: &ImportParameters,
) -> Result<Option<Box<FourEyes>>, Problem> {
    let campaign = &plan.rules.campaign;
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let asks = state.asks_for_approval_of(ApprovalRequirement::Lists);
    let is_closed = state.lists().get(&plan.rules.list).is_some_and(Option::is_some);
    if plan.dry_run || !asks || is_closed {
        return Ok(None);
    }
    let asked = ApprovalSubject {
        campaign: Some(campaign.clone()),
        ..ApprovalSubject::of(Act::ImportList)
    };
    let asked = asked
        .with("list", Some(plan.rules.list))
        .with("reading_sha256", importing.reading.clone())
        .with("content_sha256", importing.content.clone());
    match state.approval_of_open_list(&plan.rules.list) {
        Some(approval) if importing.content.is_none() => {
            return check_continued_act(installation, approval, &asked)
                .await
                .map(|()| None);
        }
        // The query may return other rows now than were approved; they need an approval of their own.
        Some(approval) if was_given_for(installation, approval, &asked).await? => return Ok(None),
        Some(_) | None => {}
    }
    let vault = Arc::clone(&installation.environment.vault);
    check_readable(
        rows.to_look_at()?,
        plan.rules.clone(),
        vault,
        installation.tasks(),
    )
    .await?;
    let doing = ProposedAct {
        asked,
        reason: plan.source.clone(),
        approval: importing.approval,
    };
    four_eyes(installation, &importing.caller, doing, importing.cause)
        .await
        .map(Some)
}

/// Imports a list into its campaign, without approval and comparison limits.
pub async fn import(
    installation: &Arc<Installation>,
    plan: ListImport,
    rows: Box<dyn RowSource>,
    by: Option<Actor>,
) -> Result<ImportReport, Problem> {
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, by);
    load_into(installation, plan, rows, &enroller).await
}

async fn load_into(
    installation: &Arc<Installation>,
    plan: ListImport,
    rows: Box<dyn RowSource>,
    enroller: &CampaignEnroller,
) -> Result<ImportReport, Problem> {
    let campaign = plan.rules.campaign.to_string();
    let _listed = installation.imports.list(
        plan.rules.list,
        &campaign,
        &plan.source,
        installation.now(),
        Arc::clone(&plan.course),
    );
    let vault = Arc::clone(&installation.environment.vault);
    load(plan, rows, enroller, vault, installation.tasks()).await
}
