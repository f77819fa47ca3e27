//! Routes of public holidays: list the years that apply, and import one.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::holidays::{HolidayYearResponse, YearList, import_year, read_year, years};
use application::parameter::Parameter;
use domain::problem::Problem;
use domain::working_calendar::CALENDAR_BYTES_MAX;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of the reason of an import of holidays, in bytes; the aggregate has the same limit.
const REASON_BYTES_MAX: usize = 512;

const COUNTRY: Parameter = Parameter::text(
    "country",
    "Also the years that were imported for this country",
    "us",
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/holidays", "List public holidays", list)
            .describe(
                "Returns the holidays in effect by year and country: those that ship with the program, and \
                 imported ones of China and of the requested country.",
            )
            .needs(Permission::InstallationRead, EndpointSubject::Everybody)
            .query(&[COUNTRY]),
        Endpoint::post("/api/v1/holidays", "Import the public holidays of a year", import)
            .describe("Replaces what was known about this year and country.")
            .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
            .takes::<HolidayYearRequest>()
            .heavy(),
    ]
}

/// The body with the holidays of a year, and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "file": "country: cn\nyear: 2028\nstatus: published\nsource: the notice\n\
holidays:\n  - {name: 元旦, from: 2028-01-01, to: 2028-01-03}\n", "reason": "the notice is out" }]))]
struct HolidayYearRequest {
    /// YAML or JSON with country, year, status, source, holidays and working_days.
    #[schemars(length(min = 1, max = CALENDAR_BYTES_MAX))]
    file: String,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// A year of holidays after its import.
#[derive(Debug, Serialize, JsonSchema)]
struct HolidayYearChangeResponse {
    #[serde(flatten)]
    year: HolidayYearResponse,
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<YearList>, Problem> {
    let mut countries = vec!["cn".to_owned()];
    countries.extend(input.query().text("country").map(str::to_owned));
    years(&ctx.installation, &countries).await.map(ReadReply)
}

async fn import(ctx: Ctx, input: Input) -> Result<ChangeReply<HolidayYearChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "holidays")?;
    let body_work = input.work.clone();
    let order: HolidayYearRequest = input.order().await?;
    let HolidayYearRequest { file, reason } = order;
    let calendar = body_work.run(move || read_year(&file)).await??;
    let (year, answer) = import_year(&ctx.installation, calendar, reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: HolidayYearChangeResponse {
            year,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
