//! The local time of instants in a workbook: one offset per file, because a spreadsheet cell stores none.
//! Also the conversion to Excel's date numbers.
//!
//! The offset is that of the campaign, if one is requested or all have the same. A file over campaigns in
//! several zones uses UTC, so that its rows can be sorted by time.

use crate::installation::Installation;
use chrono::{FixedOffset, Offset};
use domain::calendar::beijing_offset;
use domain::calling_plan::Preset;
use domain::compliance::zone_of_campaign;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::Val;
use projections::sql_views::{SQL_VIEWS, SqlColumn, Unit};
use std::collections::BTreeSet;

/// Days from 1899-12-30, Excel's day zero (ECMA-376 part 1, 18.17.4.1), to 1970-01-01.
const EXCEL_DAYS: f64 = 25_569.0;

/// Milliseconds per day.
const DAY_MILLIS: f64 = 86_400_000.0;

/// Returns the UTC offset of all dates in one file, as of now: the campaign's, or the one that all
/// campaigns share, otherwise UTC.
pub(crate) async fn offset_of(
    installation: &Installation,
    campaign: Option<&CampaignId>,
) -> Result<FixedOffset, Problem> {
    let presets: Vec<String> = match campaign {
        Some(campaign) => installation
            .board(campaign)
            .await?
            .map(|row| row.preset)
            .into_iter()
            .collect(),
        None => installation
            .boards()
            .await?
            .into_iter()
            .map(|row| row.preset)
            .collect(),
    };
    Ok(common(&presets, installation.now()))
}

/// Returns the UTC offset that these presets share at an instant; UTC if they differ, and that of the
/// reports' calendar if there are none.
fn common(presets: &[String], now: Timestamp) -> FixedOffset {
    let seconds: BTreeSet<i32> = presets
        .iter()
        .map(
            |code| match serde_json::from_value::<Preset>(code.as_str().into()) {
                Ok(preset) => {
                    let local = now.to_utc().with_timezone(&zone_of_campaign(preset));
                    local.fixed_offset().offset().local_minus_utc()
                }
                // A preset of a later build: its zone is unknown.
                Err(_) => 0,
            },
        )
        .collect();
    let mut all = seconds.into_iter();
    match (all.next(), all.next()) {
        (None, _) => beijing_offset(),
        (Some(only), None) => FixedOffset::east_opt(only).unwrap_or(chrono::Utc.fix()),
        (Some(_), Some(_)) => chrono::Utc.fix(),
    }
}

/// Returns true if a workbook shows this column as dates: a column of instants as text, or of microseconds
/// if the view has no text column for the same instant.
pub(crate) fn is_date(column: &SqlColumn) -> bool {
    match column.unit {
        Unit::Rfc3339 => true,
        Unit::Micros => {
            let text = match column.name.strip_suffix("at") {
                Some("") => "at_time".to_owned(),
                Some(stem) => format!("{stem}time"),
                None => return true,
            };
            let mut columns = SQL_VIEWS.iter().flat_map(|view| view.columns);
            !columns.any(|other| other.name == text)
        }
        Unit::Id
        | Unit::Code
        | Unit::Text
        | Unit::Count
        | Unit::Milliseconds
        | Unit::Flag
        | Unit::Position => false,
    }
}

/// Returns an instant as Excel's number of local days; `None` if the value is no instant.
pub(super) fn serial(value: &Val, offset: FixedOffset) -> Option<f64> {
    let micros = match value {
        Val::Int(micros) => *micros,
        Val::Text(text) => text.parse::<Timestamp>().ok()?.micros(),
        Val::Null | Val::Bool(_) | Val::Real(_) | Val::Blob(_) => return None,
    };
    let local = micros + i64::from(offset.local_minus_utc()) * 1_000_000;
    // Rounded to the millisecond, as it is displayed, so that a rounding reader gets the same value.
    Some(local.div_euclid(1_000) as f64 / DAY_MILLIS + EXCEL_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_offset_that_its_campaigns_share() {
        let of = |presets: &[&str]| {
            let presets: Vec<String> = presets.iter().map(|one| (*one).to_owned()).collect();
            common(&presets, Timestamp::EPOCH).to_string()
        };
        assert_eq!(of(&[]), "+08:00");
        assert_eq!(of(&["cn-service", "cn-collection"]), "+08:00");
        assert_eq!(of(&["us-tsr", "eu-gdpr"]), "+00:00");
        assert_eq!(of(&["cn-service", "us-tsr"]), "+00:00");
        assert_eq!(of(&["of-a-later-build"]), "+00:00");
    }

    #[test]
    fn an_instant_without_a_text_beside_it_is_a_date_and_others_stay_exact() {
        let dates: BTreeSet<&str> = SQL_VIEWS
            .iter()
            .flat_map(|view| view.columns)
            .filter(|column| column.unit == Unit::Micros && is_date(column))
            .map(|column| column.name)
            .collect();
        assert_eq!(
            dates.into_iter().collect::<Vec<_>>(),
            ["corrected_at", "next_due_at"]
        );
    }
}
