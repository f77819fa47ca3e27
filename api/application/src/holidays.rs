//! Years of public holidays: the years that are part of the program, the imported ones, and the import of a
//! year.

use crate::installation::Installation;
use actors::Answer;
use domain::holiday::{Holiday, HolidayCommand};
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::working_calendar::{CalendarFault, CalendarYear, CalendarYearId, bundled_calendars};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Number of years before and after the current one in which imported years are looked for.
const YEARS_AROUND: i32 = 5;

/// The holidays of one country in one year, as they apply now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HolidayYearResponse {
    /// The id of the holidays: country and year.
    #[schemars(example = &"cn-2026")]
    pub id: String,
    /// `shipped` if the year is part of the program, `imported` if a file replaced or added it.
    #[schemars(extend("enum" = ["shipped", "imported"]))]
    pub origin: &'static str,
    #[serde(flatten)]
    pub calendar: CalendarYear,
}

/// A list of the holidays that apply, one entry per country and year.
#[derive(Debug, Serialize, JsonSchema)]
pub struct YearList {
    pub items: Vec<HolidayYearResponse>,
}

/// Returns the holiday years that apply: the shipped ones, and the imported ones of `countries` around the
/// current year, which replace shipped ones. Fails if a country is not two lower-case letters.
pub async fn years(installation: &Installation, countries: &[String]) -> Result<YearList, Problem> {
    let is_country = |text: &&String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if !countries.iter().all(|country| is_country(&country)) {
        return Err(Problem::invalid(
            "query-invalid",
            "country must be two lower-case letters, such as cn",
        ));
    }
    let mut asked: BTreeSet<CalendarYearId> = bundled_calendars().iter().map(CalendarYear::id).collect();
    let this = installation.now().to_utc().format("%Y").to_string();
    let this: i32 = this.parse().unwrap_or_default();
    for country in countries {
        let years = this - YEARS_AROUND..=this + YEARS_AROUND;
        asked.extend(years.map(|year| CalendarYearId {
            country: country.clone(),
            year,
        }));
    }
    let mut items = Vec::new();
    for id in asked {
        let state = installation.entities.holidays.state(&id).await?.state;
        let imported = state.calendar().cloned().map(|calendar| ("imported", calendar));
        let shipped = || {
            let found = bundled_calendars().iter().find(|year| year.id() == id);
            found.cloned().map(|calendar| ("shipped", calendar))
        };
        items.extend(
            imported
                .or_else(shipped)
                .map(|(origin, calendar)| HolidayYearResponse {
                    id: id.to_string(),
                    origin,
                    calendar,
                }),
        );
    }
    Ok(YearList { items })
}

/// Parses a year of holidays from YAML text. Fails with `holidays-invalid`.
pub fn read_year(text: &str) -> Result<CalendarYear, Problem> {
    let invalid = |fault: CalendarFault| Problem::invalid("holidays-invalid", fault.to_string());
    CalendarYear::from_yaml(text).map_err(invalid)
}

/// Stores a year of holidays, which replaces an earlier import and the shipped year. Returns the year and
/// the answer of its entity.
pub async fn import_year(
    installation: &Installation,
    calendar: CalendarYear,
    reason: String,
    cause: Cause,
) -> Result<(HolidayYearResponse, Answer<Holiday>), Problem> {
    let id = calendar.id();
    let command = HolidayCommand::Import {
        id: id.clone(),
        calendar: Box::new(calendar.clone()),
        reason,
    };
    let answer = installation.entities.holidays.ask(&id, command, cause).await?;
    let shown = HolidayYearResponse {
        id: id.to_string(),
        origin: "imported",
        calendar,
    };
    Ok((shown, answer))
}
