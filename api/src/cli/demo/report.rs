//! `DIR/report.html`: one self-contained page with the demo's figures and a picture of its dispositions.

use super::summary::Summary;
use domain::disposition::Disposition;
use std::fmt::Write;

/// Width of the longest bar, in the picture's own units.
const BAR_WIDTH_MAX: u64 = 420;

/// Height of one bar with its gap.
const BAR_STEP: u64 = 30;

const STYLE: &str = "body{font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;max-width:760px;margin:2rem auto;\
padding:0 1rem;color:#1d2733}h1{font-size:1.4rem}.cards{display:flex;flex-wrap:wrap;gap:1rem}\
.card{border:1px solid #d5dce4;border-radius:8px;padding:.8rem 1.2rem;min-width:8rem}\
.card b{display:block;font-size:1.6rem}.ok{color:#0a7d3c}.bad{color:#b3261e}text{font:13px system-ui,sans-serif}";

/// The whole page.
pub(crate) fn page(summary: &Summary, seed: u64) -> String {
    let (class, verdict) = if summary.reconcile.mismatched == 0 {
        ("ok", "对账一致")
    } else {
        ("bad", "对账不一致")
    };
    let cards = [
        ("拨号 dialed", summary.dialed.to_string()),
        ("接通率 answer rate", percent(summary.answer_ratio)),
        (
            "平均通话 mean talk",
            format!("{} s", tenths(summary.talk_ms_mean)),
        ),
        ("转化率 conversion", percent(summary.conversion_ratio)),
        ("录音 recordings", summary.recordings.to_string()),
    ];
    let mut page = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>ledgerline demo</title>\
         <style>{STYLE}</style><h1>ledgerline 演练报告 · demo report, seed {seed}</h1><div class=\"cards\">"
    );
    for (title, value) in cards {
        append(
            &mut page,
            format_args!("<div class=\"card\">{title}<b>{value}</b></div>"),
        );
    }
    append(
        &mut page,
        format_args!("</div><h2>呼叫结果 dispositions</h2>{}", chart(summary)),
    );
    append(
        &mut page,
        format_args!(
            "<p class=\"{class}\">{verdict}: {} matched, {} mismatched against the carrier's own record \
             (运营商话单).</p></html>\n",
            summary.reconcile.matched, summary.reconcile.mismatched
        ),
    );
    page
}

fn chart(summary: &Summary) -> String {
    let most = summary.dispositions.values().copied().max().unwrap_or(1).max(1);
    let height = BAR_STEP * (summary.dispositions.len() as u64) + 10;
    let mut svg = format!(
        "<svg viewBox=\"0 0 720 {height}\" width=\"100%\" role=\"img\" aria-label=\"calls by disposition\">"
    );
    for ((code, &count), row) in summary.dispositions.iter().zip(0_u64..) {
        let label = Disposition::from_code(code).map_or("", Disposition::label_zh);
        let y = row * BAR_STEP;
        let width = (count * BAR_WIDTH_MAX / most).max(2);
        let fill = if code == "answered" { "#2e7d6b" } else { "#7a8ea3" };
        append(
            &mut svg,
            format_args!(
                "<text x=\"0\" y=\"{}\">{label} {code}</text>\
                 <rect x=\"220\" y=\"{y}\" width=\"{width}\" height=\"22\" rx=\"3\" fill=\"{fill}\"/>\
                 <text x=\"{}\" y=\"{}\">{count}</text>",
                y + 16,
                228 + width,
                y + 16
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn append(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string cannot fail");
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

fn tenths(ms: u64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::super::reconcile::Reconciliation;
    use super::*;

    #[test]
    fn the_page_holds_everything_it_needs() {
        let summary = Summary {
            dialed: 4,
            terminal: 4,
            answered: 2,
            answer_ratio: 0.5,
            talk_ms_mean: 5_250,
            conversion_ratio: 0.5,
            dispositions: [("answered".to_owned(), 2), ("busy".to_owned(), 2)].into(),
            recordings: 2,
            reconcile: Reconciliation::default(),
        };
        let page = page(&summary, 7);
        assert!(page.contains("<svg") && page.contains("忙线 busy") && page.contains("5.2 s"));
        assert!(!page.contains("http"), "no address outside the page");
    }
}
