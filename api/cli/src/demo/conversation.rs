//! One conversation for the demo's report: what was heard, understood, decided and said, masked.

use crate::demo::campaign::DemoCampaign;
use crate::demo::log::CallBook;
use crate::demo::picture::append;
use crate::kit::failure::Failure;
use application::inquiries::{ReadContent, Reader, put_on_record};
use application::installation::Installation;
use domain::disposition::Outcome;
use domain::html::escape;
use domain::ids::CallId;
use domain::inquiry::ReadForm;
use evidence::replaying::{
    CalleeWordsForm, ReplayResponse, ReplayStepResponse, ReplayUnderstandingResponse, conversation, replay,
};
use std::cmp::Reverse;

/// What the audit record of the read of the demo's conversation names as shown: personal fields, masked.
const OPENED: ReadContent = ReadContent::of(&["heard", "slots", "keys", "variables"], ReadForm::Masked);

/// A conversation for the report.
pub(super) struct ReplayedConversation {
    pub(super) call: CallId,
    replayed: ReplayResponse,
}

/// Selects the longest successful conversation, or the longest of all, and replays it; `None` if no customer
/// spoke. The read is logged first.
pub(super) async fn load_conversation(
    installation: &Installation,
    book: &CallBook,
) -> Result<Option<ReplayedConversation>, Failure> {
    let spoken = book.calls.iter().filter(|(_, call)| {
        call.campaign.as_ref() == Some(&DemoCampaign::Spoken.id()) && call.understood_count > 0
    });
    let longest = spoken.max_by_key(|(id, call)| {
        let outcome = call.ended.as_ref().and_then(|end| end.outcome);
        (
            outcome == Some(Outcome::Success),
            call.understood_count,
            Reverse(**id),
        )
    });
    let Some((call, _)) = longest else {
        return Ok(None);
    };
    let recorded = conversation(installation, *call).await?;
    let shown = ReadContent {
        customer: recorded.customer().cloned(),
        campaign: recorded.campaign().cloned(),
        calls: vec![*call],
        ..OPENED
    };
    let reader = Reader::of_program("demo report.html".to_owned(), "command");
    put_on_record(installation, reader, shown).await?;
    let replayed = replay(&recorded, None, CalleeWordsForm::Masked)?;
    Ok(Some(ReplayedConversation {
        call: *call,
        replayed,
    }))
}

impl ReplayedConversation {
    /// Returns the conversation's section of the report: a table with a row per step.
    pub(super) fn section(&self) -> String {
        let mut page = format!(
            "<h2>一通对话 one conversation, as it was heard, understood, decided and said</h2>\
             <p><code>call replay {}</code> · {} · {}</p>\
             <table class=\"talk\"><tr><th>s</th><th>听到 heard</th><th>理解 understood</th>\
             <th>决定 decided</th><th>说出 said</th></tr>",
            self.call,
            escape(&self.replayed.flow),
            self.replayed.outcome.map_or("", Outcome::label_zh),
        );
        for step in &self.replayed.steps {
            append(
                &mut page,
                format_args!(
                    "<tr><td>{}.{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    step.after_ms / 1_000,
                    step.after_ms % 1_000 / 100,
                    escape(&heard(step)),
                    escape(&step.understood.as_ref().map(understood).unwrap_or_default()),
                    escape(&decided(step)),
                    escape(&said(step)),
                ),
            );
        }
        page.push_str("</table>");
        page
    }
}

fn heard(step: &ReplayStepResponse) -> String {
    match (&step.heard, &step.key) {
        (Some(heard), _) => format!("“{}”", heard.text.as_deref().unwrap_or("…")),
        (None, Some(key)) => format!("按键 key {key}"),
        (None, None) => step.input.to_owned(),
    }
}

fn understood(fact: &ReplayUnderstandingResponse) -> String {
    let mut parts: Vec<String> = Vec::new();
    match fact.candidates.first() {
        Some(best) => parts.push(format!("{} {}‰", best.intent, best.score_permille)),
        None => parts.extend(fact.intent.clone()),
    }
    let slot =
        |(name, value): (&String, &Option<String>)| format!("{name} = {}", value.as_deref().unwrap_or("…"));
    parts.extend(fact.slots.iter().map(slot));
    parts.join(", ")
}

fn decided(step: &ReplayStepResponse) -> String {
    let rules: Vec<&str> = step.decided.iter().map(|one| one.rule.as_str()).collect();
    rules.join(" → ")
}

fn said(step: &ReplayStepResponse) -> String {
    let words = step.said.iter();
    let texts: Vec<&str> = words
        .filter_map(|one| one.words.as_deref().or(one.text.as_deref()))
        .collect();
    texts.join(" ")
}
