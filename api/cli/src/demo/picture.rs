//! The pictures of the demo's report as inline SVG: bars, and calls in progress per second.

use crate::demo::log::CallBook;
use domain::time::Timestamp;
use std::fmt::Write;

/// Width of the longest bar, in SVG units.
const BAR_WIDTH_MAX: u64 = 420;

/// Height of one bar with its gap, in SVG units.
const BAR_STEP: u64 = 30;

/// Width of the picture of calls in progress, in SVG units.
const COURSE_WIDTH: u64 = 700;
/// Height of the picture of calls in progress, in SVG units: about a fifth of its width reads well on a
/// page.
const COURSE_HEIGHT: u64 = 150;

/// Most seconds drawn; a demo that was interrupted and continued the next day is cut there.
const COURSE_SECONDS_MAX: u64 = 600;

/// Appends formatted text to a page under construction.
pub(super) fn append(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string cannot fail");
}

/// One bar: its label, its value, and whether it is highlighted.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) strong: bool,
}

/// Returns horizontal bars, one below another.
pub(super) fn draw_bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let height = BAR_STEP * (bars.len() as u64) + 10;
    let mut svg =
        format!("<svg viewBox=\"0 0 720 {height}\" width=\"100%\" role=\"img\" aria-label=\"{title}\">");
    for (bar, row) in bars.iter().zip(0_u64..) {
        let y = row * BAR_STEP;
        let width = (bar.count * BAR_WIDTH_MAX / most).max(2);
        let fill = if bar.strong { "#2e7d6b" } else { "#7a8ea3" };
        append(
            &mut svg,
            format_args!(
                "<text x=\"0\" y=\"{0}\">{1}</text><rect x=\"220\" y=\"{y}\" width=\"{width}\" height=\"22\" \
                 rx=\"3\" fill=\"{fill}\"/><text x=\"{2}\" y=\"{0}\">{3}</text>",
                y + 16,
                bar.label,
                228 + width,
                bar.count
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Numbers of ringing and talking calls in each second from the first dial on.
struct CallLoadCurve {
    ringing: Vec<u64>,
    talking: Vec<u64>,
}

fn course(book: &CallBook) -> CallLoadCurve {
    let begins = book.calls.values().filter_map(|call| call.dialed_at).min();
    let ends = book.calls.values().filter_map(|call| call.ended_at).max();
    let (Some(begins), Some(ends)) = (begins, ends) else {
        return CallLoadCurve {
            ringing: Vec::new(),
            talking: Vec::new(),
        };
    };
    let second = |at: Timestamp| at.ms_since(begins) / 1_000;
    let seconds = usize::try_from(second(ends).min(COURSE_SECONDS_MAX)).unwrap_or(0) + 1;
    let mut course = CallLoadCurve {
        ringing: vec![0; seconds],
        talking: vec![0; seconds],
    };
    for call in book.calls.values() {
        let (Some(dialed), Some(ended)) = (call.dialed_at, call.ended_at) else {
            continue;
        };
        let answered = call.answered_at.unwrap_or(ended);
        count_between(&mut course.ringing, second(dialed), second(answered));
        count_between(&mut course.talking, second(answered), second(ended));
    }
    course
}

fn count_between(counts: &mut [u64], from: u64, until: u64) {
    for (count, second) in counts.iter_mut().zip(0_u64..) {
        *count += u64::from((from..until).contains(&second));
    }
}

/// Returns the SVG path of the area of one row of counts, stacked on another row.
fn area(counts: &[u64], below: &[u64], most: u64, fill: &str) -> String {
    let last = (counts.len() as u64).saturating_sub(1).max(1);
    let x = |index: u64| index * COURSE_WIDTH / last;
    let y = |count: u64| COURSE_HEIGHT - count * (COURSE_HEIGHT - 20) / most;
    let mut path = String::new();
    for ((count, under), index) in counts.iter().zip(below).zip(0_u64..) {
        let word = if index == 0 { 'M' } else { 'L' };
        append(
            &mut path,
            format_args!("{word}{},{} ", x(index), y(count + under)),
        );
    }
    for (under, index) in below.iter().rev().zip((0..below.len() as u64).rev()) {
        append(&mut path, format_args!("L{},{} ", x(index), y(*under)));
    }
    format!("<path d=\"{path}Z\" fill=\"{fill}\"/>")
}

/// Returns the SVG picture of calls in progress: talking below, ringing above.
pub(super) fn draw_calls_in_progress(book: &CallBook) -> String {
    let course = course(book);
    let totals = course
        .ringing
        .iter()
        .zip(&course.talking)
        .map(|(ringing, talking)| ringing + talking);
    let most = totals.max().unwrap_or(1).max(1);
    let floor = vec![0; course.talking.len()];
    let seconds = course.talking.len();
    format!(
        "<svg viewBox=\"0 -14 720 190\" width=\"100%\" role=\"img\" aria-label=\"calls in progress\">{}{}\
         <line x1=\"0\" y1=\"{COURSE_HEIGHT}\" x2=\"{COURSE_WIDTH}\" y2=\"{COURSE_HEIGHT}\" stroke=\"#51606f\"/>\
         <text x=\"0\" y=\"0\">{most}</text><text x=\"0\" y=\"170\">0 s</text>\
         <text x=\"{COURSE_WIDTH}\" y=\"170\" text-anchor=\"end\">{seconds} s</text>\
         <text x=\"250\" y=\"170\" fill=\"#2e7d6b\">■ 通话 talking</text>\
         <text x=\"370\" y=\"170\" fill=\"#d09a2d\">■ 振铃 ringing</text></svg>",
        area(&course.talking, &floor, most, "#2e7d6b"),
        area(&course.ringing, &course.talking, most, "#d09a2d"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::log::LoggedCall;
    use domain::ids::CallId;

    fn call(dialed: u64, answered: Option<u64>, ended: u64) -> LoggedCall {
        let at = |seconds: u64| Timestamp::EPOCH.plus_ms(seconds * 1_000);
        LoggedCall {
            dialed_at: Some(at(dialed)),
            answered_at: answered.map(at),
            ended_at: Some(at(ended)),
            ..LoggedCall::default()
        }
    }

    #[test]
    fn each_second_counts_who_rings_and_who_talks() {
        let mut book = CallBook::default();
        book.calls
            .insert(CallId::new(uuid::Uuid::from_u128(1)), call(0, Some(2), 4));
        book.calls
            .insert(CallId::new(uuid::Uuid::from_u128(2)), call(1, None, 3));
        let course = course(&book);
        assert_eq!(course.ringing, [1, 2, 1, 0, 0]);
        assert_eq!(course.talking, [0, 0, 1, 1, 0]);
        assert!(
            draw_calls_in_progress(&CallBook::default()).contains("<svg"),
            "a demo without dials is no error"
        );
    }
}
