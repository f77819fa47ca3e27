//! `DIR/report.html`: one self-contained page with the demo's figures and pictures and the course of one
//! call.

use crate::demo::conversation::ReplayedConversation;
use crate::demo::log::{CallBook, LoggedCall};
use crate::demo::picture::{Bar, append, draw_bars, draw_calls_in_progress};
use crate::demo::summary::Summary;
use domain::disposition::{Disposition, Outcome};
use domain::ids::CallId;
use std::collections::BTreeMap;

const STYLE: &str = "body{font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;max-width:760px;margin:2rem auto;\
padding:0 1rem;color:#1d2733}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.8rem}\
.cards{display:flex;flex-wrap:wrap;gap:.7rem}\
.card{border:1px solid #d5dce4;border-radius:8px;padding:.5rem .9rem;font-size:.85rem}\
.card b{display:block;font-size:1.5rem}\
.ok{color:#0a7d3c}.bad{color:#b3261e}text{font:13px system-ui,sans-serif}\
table{border-collapse:collapse;font:13px ui-monospace,monospace}td{padding:.1rem .8rem .1rem 0}\
.talk{font:14px/1.4 system-ui,'Noto Sans CJK SC',sans-serif}.talk td,.talk th{vertical-align:top;\
text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e4e9ee;overflow-wrap:anywhere}";

/// Returns the whole page.
pub(crate) fn page(
    summary: &Summary,
    book: &CallBook,
    talk: Option<&ReplayedConversation>,
    seed: u64,
) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>ledgerline demo</title>\
         <style>{STYLE}</style><h1>ledgerline 演练报告 · demo report, seed {seed}</h1>"
    );
    page.push_str(&cards(summary));
    page.push_str(&verdict(summary));
    for (title, picture) in [
        ("通话进程 calls in progress", draw_calls_in_progress(book)),
        ("呼叫结果 dispositions", dispositions(summary)),
        ("沟通结果 outcomes of answered calls", outcomes(book)),
    ] {
        append(&mut page, format_args!("<h2>{title}</h2>{picture}"));
    }
    if let Some(talk) = talk {
        page.push_str(&talk.section());
    }
    page.push_str(&story(book));
    page.push_str("</html>\n");
    page
}

fn cards(summary: &Summary) -> String {
    let cards = [
        ("拨号 dialed", summary.dialed.to_string()),
        ("接通率 answer_ratio_per_call v1", percent(summary.answer_ratio)),
        ("仅真人 people only, v2", percent(summary.answer_ratio_people)),
        (
            "平均通话时长 mean talk",
            format!("{} s", tenths(summary.talk_ms_mean)),
        ),
        ("转化率 conversion_ratio v1", percent(summary.conversion_ratio)),
        ("录音 recordings", summary.recordings.to_string()),
    ];
    let mut row = String::from("<div class=\"cards\">");
    for (title, value) in cards {
        append(
            &mut row,
            format_args!("<div class=\"card\">{title}<b>{value}</b></div>"),
        );
    }
    row.push_str("</div>");
    row
}

fn verdict(summary: &Summary) -> String {
    let (class, verdict) = if summary.reconcile.mismatched == 0 {
        ("ok", "对账一致")
    } else {
        ("bad", "对账不一致")
    };
    format!(
        "<p class=\"{class}\">{verdict}: {} matched, {} mismatched against the carrier's own record (运营商话单).</p>",
        summary.reconcile.matched, summary.reconcile.mismatched
    )
}

fn dispositions(summary: &Summary) -> String {
    let bar = |(code, &count): (&String, &u64)| {
        let label = Disposition::from_code(code).map_or("", Disposition::label_zh);
        Bar {
            label: format!("{label} {code}"),
            count,
            strong: code == "answered",
        }
    };
    draw_bars(
        "calls by disposition",
        &summary.dispositions.iter().map(bar).collect::<Vec<_>>(),
    )
}

fn outcomes(book: &CallBook) -> String {
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for outcome in book
        .calls
        .values()
        .filter_map(|call| call.ended.as_ref()?.outcome)
    {
        *counts.entry(outcome).or_default() += 1;
    }
    let bar = |(outcome, count): (Outcome, u64)| Bar {
        label: format!("{} {}", outcome.label_zh(), outcome.code()),
        count,
        strong: outcome == Outcome::Success,
    };
    draw_bars(
        "answered calls by outcome",
        &counts.into_iter().map(bar).collect::<Vec<_>>(),
    )
}

/// Returns the section about the call with the most events: each event with its time.
fn story(book: &CallBook) -> String {
    let longest: Option<(&CallId, &LoggedCall)> = book.calls.iter().max_by_key(|(_, call)| call.story.len());
    let Some((id, call)) = longest else {
        return String::new();
    };
    let mut page = format!(
        "<h2>一通呼叫的全过程 one call, event by event</h2><p><code>call show {id}</code></p><table>"
    );
    let begins = call.story.first().map(|(at, _)| *at).unwrap_or_default();
    for (at, kind) in &call.story {
        append(
            &mut page,
            format_args!(
                "<tr><td>+{} s</td><td>{kind}</td></tr>",
                tenths(at.ms_since(begins))
            ),
        );
    }
    page.push_str("</table>");
    page
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

fn tenths(ms: u64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::reconcile::Reconciliation;

    #[test]
    fn the_page_holds_everything_it_needs() {
        let summary = Summary {
            dialed: 4,
            terminal: 4,
            answered: 2,
            answer_ratio: 0.5,
            answer_ratio_people: 0.25,
            talk_ms_mean: 5_250,
            conversion_ratio: 0.5,
            dispositions: [("answered".to_owned(), 2), ("busy".to_owned(), 2)].into(),
            recordings: 2,
            unrecorded: 0,
            reconcile: Reconciliation::default(),
            versions: BTreeMap::new(),
        };
        let page = page(&summary, &CallBook::default(), None, 7);
        assert!(page.contains("<svg") && page.contains("忙线 busy") && page.contains("5.2 s"));
        assert!(!page.contains("http"), "no address outside the page");
    }
}
