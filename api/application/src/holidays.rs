//! Years of public holidays, whoever asks: which ship, which were imported, and the import of one.

use crate::installation::Installation;
use actors::Answer;
use domain::holiday::{Holiday, HolidayCommand};
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::working_calendar::{CalendarFault, CalendarYear, CalendarYearId, shipped};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Years before and after this one that are looked for among the imported.
const YEARS_AROUND: i32 = 5;

/// One year of one country, as it counts now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct YearShown {
    /// Country and year.
    #[schemars(example = &"cn-2026")]
    pub id: String,
    /// `shipped` or `imported`.
    #[schemars(extend("enum" = ["shipped", "imported"]))]
    pub origin: &'static str,
    #[serde(flatten)]
    pub calendar: CalendarYear,
}

/// Every year that counts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct YearList {
    pub items: Vec<YearShown>,
}

/// The years that ship, and those that were imported in the countries of `countries` around this year.
pub async fn years(installation: &Installation, countries: &[String]) -> Result<YearList, Problem> {
    let is_country = |text: &&String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if !countries.iter().all(|country| is_country(&country)) {
        return Err(Problem::invalid(
            "query-invalid",
            "country must be two lower-case letters, such as cn",
        ));
    }
    let mut asked: BTreeSet<CalendarYearId> = shipped().iter().map(CalendarYear::id).collect();
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
            let found = shipped().iter().find(|year| year.id() == id);
            found.cloned().map(|calendar| ("shipped", calendar))
        };
        items.extend(imported.or_else(shipped).map(|(origin, calendar)| YearShown {
            id: id.to_string(),
            origin,
            calendar,
        }));
    }
    Ok(YearList { items })
}

/// A year from the text of its file.
pub fn read_year(text: &str) -> Result<CalendarYear, Problem> {
    let invalid = |fault: CalendarFault| Problem::invalid("holidays-invalid", fault.to_string());
    CalendarYear::from_yaml(text).map_err(invalid)
}

/// From now on the year is as it says.
pub async fn import_year(
    installation: &Installation,
    calendar: CalendarYear,
    reason: String,
    cause: Cause,
) -> Result<(YearShown, Answer<Holiday>), Problem> {
    let id = calendar.id();
    let command = HolidayCommand::Import {
        id: id.clone(),
        calendar: Box::new(calendar.clone()),
        reason,
    };
    let answer = installation.entities.holidays.ask(&id, command, cause).await?;
    let shown = YearShown {
        id: id.to_string(),
        origin: "imported",
        calendar,
    };
    Ok((shown, answer))
}
