//! Who imports a list, who stands behind it where its campaign asks for somebody, and the load itself.

use crate::coming_again::mark_of_key;
use crate::comparisons::Comparer;
use crate::context::Ctx;
use crate::described::Changed;
use crate::input::Input;
use crate::list_comparison::{compared, was_compared};
use crate::reply::Written;
use application::access::Caller;
use application::approvals::{Doing, four_eyes, goes_on, was_given_for};
use application::installation::Installation;
use application::lists::enroller::{CampaignEnroller, of_another_request};
use application::lists::load::{Elsewhere, ImportReport, Load, SharedShown, load};
use application::lists::readable::readable;
use application::parameter::Parameter;
use domain::actor::Actor;
use domain::approval::{Act, Asked};
use domain::approvals_asked::NeedsApproval;
use domain::calling_code::CallingCode;
use domain::calling_plan::Dedupe;
use domain::campaign::QueryMark;
use domain::four_eyes::FourEyes;
use domain::ids::ApprovalId;
use domain::permission::{DataScope, Permission};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestMark};
use intake::body::BodySource;
use intake::list_country::ListCountry;
use intake::mapping::Mapping;
use intake::row::RowRules;
use intake::source::RowSource;
use intake::spool::{Spooled, hex};
use intake::table::HiddenRows;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Of a campaign whose lists another person approves.
pub(crate) const APPROVAL: Parameter = Parameter::uuid(
    "approval",
    "The approval that another person gave, where the campaign asks for one",
);

/// Which rows of a file are read.
pub(crate) const SHEET: Parameter = Parameter::text(
    "sheet",
    "The sheet of a workbook, also a hidden one; without it the first visible one is read",
    "名单",
);
pub(crate) const HIDDEN_ROWS: Parameter = Parameter::one_of(
    "hidden_rows",
    "Rows that are hidden or filtered out in Excel: left out and counted (exclude, where it is not said), or read",
    HiddenRows::CODES,
);
pub(crate) const HEADER_ROW: Parameter = Parameter::text(
    "header_row",
    "The row of the titles, as a spreadsheet counts; without it the row is searched for",
    "1",
);

/// Of rows that were read from another database.
pub(crate) const QUERY: Parameter = Parameter::text(
    "query",
    "Of rows that a query gave: the SHA-256 that names it; the list that is open of it goes on",
    "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e",
);
pub(crate) const SINCE_COLUMN: Parameter = Parameter::text(
    "since_column",
    "Of a query: the column by which the next import takes what came since",
    "updated_at",
);
pub(crate) const SINCE_VALUE: Parameter = Parameter::text(
    "since_value",
    "Of a query: the last value of that column, a number or a time; kept when the list is closed",
    "2026-03-02 10:00:00",
);

/// Who imports, and whether in earnest.
pub(crate) struct Importing {
    pub dry_run: bool,
    pub scope: DataScope,
    /// Where the people of the list must not be enrolled already.
    pub dedupe: Dedupe,
    /// Of numbers without a country code; by the campaign's presets where it is not said.
    pub country: Option<CallingCode>,
    by: Option<Actor>,
    caller: Caller,
    cause: Cause,
    /// Of its `Idempotency-Key`: a list under a key that brought another is refused.
    request_key: Option<RequestMark>,
    approval: Option<ApprovalId>,
    /// Of a query: what names it, and how far it was read where that is to be kept.
    pub query: Option<String>,
    mark: Option<QueryMark>,
    may_assign: bool,
    comparer: Comparer,
    /// How the file is read, as it was asked for; what is approved is approved as it is read.
    reading: Option<String>,
    /// What the rows of a query are: its list is named by the query, so that its name says nothing of them.
    content: Option<String>,
}

/// The country of a list's numbers, as a query names it.
pub(crate) const COUNTRY: Parameter = Parameter::text(
    "country",
    "Of numbers without a country code: CN, US or a calling code like 44; else the preset's country",
    "US",
);

/// The country that a query names, where it names one.
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

impl Importing {
    /// The rules of a campaign's list, with what the import says.
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
            dedupe: Dedupe::parse(input.text("dedupe").unwrap_or_default()).unwrap_or_default(),
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

    /// The same of rows that a query gave; a file's list is named by what is in it.
    pub(crate) fn holding(mut self, content_sha256: &str) -> Self {
        self.content = self.query.is_some().then(|| content_sha256.to_owned());
        self
    }

    /// The same of a file that is read by these columns, in this encoding, with these rows.
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
        self.reading = is_asked_for.then(|| hex(&Sha256::digest(said)));
        self
    }
}

/// What names a query: a SHA-256, so that neither its address nor its words come here.
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

/// Where the rows of a list are, which may be read before they are loaded.
pub(crate) enum ListRows {
    File(Box<Spooled>, Mapping),
    Body(Vec<Map<String, Value>>),
    /// Of a frozen segment: whoever of its people is left.
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

/// Runs one load into its campaign, once whoever must stand behind it does.
pub(crate) async fn run(
    ctx: &Ctx,
    mut plan: Load,
    rows: ListRows,
    importing: Importing,
) -> Result<Changed<ImportReport>, Problem> {
    let installation = &ctx.installation;
    let comparer = importing.comparer.clone();
    // A list of one campaign is compared with that campaign alone, which the caller may see.
    let compares_all = plan.rules.dedupe == Dedupe::Everywhere && !plan.dry_run;
    if compares_all {
        ctx.admit_list(&comparer)?;
    }
    if plan.dry_run {
        ctx.admit_comparison(&comparer)?;
    }
    plan.shared = match comparer.reveals_all() {
        true => SharedShown::All,
        false => SharedShown::OfFile,
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
    if is_dry || matches!(report.duplicates_elsewhere, Elsewhere::About(_)) {
        let comparison = compared(&report, campaign);
        ctx.note_comparison(&comparer, comparison).await?;
    }
    let position = report
        .position
        .as_deref()
        .and_then(|text| text.parse().ok())
        .map(Position);
    Ok(Changed(Written {
        body: report,
        version: None,
        position,
    }))
}

/// Before anybody is asked to stand behind the list: an approval is good once, and a list under a used key is
/// refused in the end. The campaign itself is asked again when the list is opened.
async fn refuse_used_key(
    installation: &Installation,
    plan: &Load,
    importing: &Importing,
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

/// Who stands behind a list of a campaign that asks for somebody (CMP-8): nobody is enrolled before. A list
/// that was begun goes on by the approval that it was begun with, read as it was approved; one that was begun
/// by nobody's approval says nothing of how it is read, and whoever goes on stands behind it anew. What is no
/// list is neither asked for nor begun: an approval is good once.
async fn behind(
    installation: &Installation,
    plan: &Load,
    rows: &ListRows,
    importing: &Importing,
) -> Result<Option<Box<FourEyes>>, Problem> {
    let campaign = &plan.rules.campaign;
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let asks = state.asks_for_approval_of(NeedsApproval::Lists);
    let is_closed = state.lists().get(&plan.rules.list).is_some_and(Option::is_some);
    if plan.dry_run || !asks || is_closed {
        return Ok(None);
    }
    let asked = Asked {
        campaign: Some(campaign.clone()),
        ..Asked::of(Act::ImportList)
    };
    let asked = asked
        .with("list", Some(plan.rules.list))
        .with("reading_sha256", importing.reading.clone())
        .with("content_sha256", importing.content.clone());
    match state.approval_of_open_list(&plan.rules.list) {
        Some(approval) if importing.content.is_none() => {
            return goes_on(installation, approval, &asked).await.map(|()| None);
        }
        // What a query gives now may be others than were approved: they are approved for themselves.
        Some(approval) if was_given_for(installation, approval, &asked).await? => return Ok(None),
        Some(_) | None => {}
    }
    let vault = Arc::clone(&installation.environment.vault);
    readable(
        rows.to_look_at()?,
        plan.rules.clone(),
        vault,
        installation.tasks(),
    )
    .await?;
    let doing = Doing {
        asked,
        reason: plan.source.clone(),
        approval: importing.approval,
    };
    four_eyes(installation, &importing.caller, doing, importing.cause)
        .await
        .map(Some)
}

/// Runs one load into its campaign.
pub async fn import(
    installation: &Arc<Installation>,
    plan: Load,
    rows: Box<dyn RowSource>,
    by: Option<Actor>,
) -> Result<ImportReport, Problem> {
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, by);
    load_into(installation, plan, rows, &enroller).await
}

async fn load_into(
    installation: &Arc<Installation>,
    plan: Load,
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
