//! Formats times for people: local time to the millisecond, with the offset from UTC.
//!
//! A page uses the zone of its customer or campaign. A table contains rows of many campaigns and uses the
//! zone of the reports' calendar in all rows, so that a column can be compared.

use domain::compliance::zone_of;
use domain::time::Timestamp;

/// The zone of the reports' calendar, used where no other zone applies.
const ZONE_DEFAULT: &str = "Asia/Shanghai";

/// Length of the shortest instant in replies, in bytes: `2026-03-02T02:00:00Z`.
const INSTANT_BYTES_MIN: usize = 20;

/// Formats an instant of a reply as local time in `zone`, without one in the zone of the reports' calendar.
/// A text that is no instant is returned unchanged.
pub fn local(at: &str, zone: Option<&str>) -> String {
    at.parse()
        .map_or_else(|_| at.to_owned(), |instant| shown(instant, zone))
}

/// Formats a table cell with an instant as local time in the zone of the reports' calendar. `None` if the
/// text is something else.
pub fn of_cell(text: &str) -> Option<String> {
    if text.len() < INSTANT_BYTES_MIN || !text.ends_with('Z') {
        return None;
    }
    text.parse().ok().map(|instant| shown(instant, None))
}

/// Formats an instant as local time in the zone of the reports' calendar.
pub fn of_calendar(instant: Timestamp) -> String {
    shown(instant, None)
}

fn shown(instant: Timestamp, zone: Option<&str>) -> String {
    let zone = zone_of(Some(zone.unwrap_or(ZONE_DEFAULT)), None);
    let local = instant.to_utc().with_timezone(&zone);
    local.format("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_with_their_offset() {
        let at = "2026-03-02T02:00:00.123456Z";
        assert_eq!(local(at, None), "2026-03-02 10:00:00.123 +08:00");
        assert_eq!(
            local(at, Some("America/New_York")),
            "2026-03-01 21:00:00.123 -05:00"
        );
        assert_eq!(local("soon", None), "soon");
    }

    #[test]
    fn a_cell_is_an_instant_only_where_it_is_one_to_its_end() {
        let shown = Some("2026-03-02 10:00:00.000 +08:00".to_owned());
        assert_eq!(of_cell("2026-03-02T02:00:00Z"), shown);
        assert_eq!(of_cell("2026-03-02T02:00:00.000000Z"), shown);
        for other in [
            "2026-03-02",
            "LOAN_REMIND_FOR_Z",
            "2026-03-02T10:00:00+08:00",
            "Z",
            "",
        ] {
            assert_eq!(of_cell(other), None, "{other}");
        }
    }
}
