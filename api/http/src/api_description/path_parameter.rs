//! Path parameters. Which one a path contains follows from the segment before it, for example `campaigns` or
//! `calls`.

use application::parameter::Parameter;
use domain::call::event::CallEvent;

/// Path parameters of the API by the literal segment before them, for example the campaign's id after
/// `campaigns`.
const PARAMETERS: &[(&str, Parameter)] = &[
    (
        "campaigns",
        Parameter::text("id", "A campaign: its task_id", "TASK20261120"),
    ),
    (
        "customers",
        Parameter::text("id", "A customer: external id or internal id", "C01"),
    ),
    (
        "numbers",
        Parameter::text(
            "number",
            "A phone number (E.164) or its internal id",
            "13800138000",
        ),
    ),
    ("lists", Parameter::uuid("list", "An imported list")),
    ("calls", Parameter::uuid("id", "A call")),
    ("test-calls", Parameter::uuid("call", "A test call")),
    ("problems", Parameter::text("code", "A problem code", "missing")),
    ("alerts", Parameter::uuid("id", "An alert")),
    ("channels", Parameter::uuid("id", "An alert channel")),
    ("webhooks", Parameter::uuid("id", "A webhook")),
    (
        "subscribers",
        Parameter::text("name", "Name of a subscriber", "crm"),
    ),
    (
        "events",
        Parameter::uuid("id", "An event, a call, or the internal id of a customer"),
    ),
    (
        "schemas",
        Parameter::text("kind", "An event kind", CallEvent::ENDED),
    ),
    (
        "{kind}",
        Parameter::text("version", "Version of the event kind, from 1", "1"),
    ),
    (
        "record",
        Parameter::uuid("id", "The record of an export of events"),
    ),
    ("complaints", Parameter::uuid("id", "A complaint")),
    ("conversations", Parameter::uuid("id", "A text conversation")),
    ("requests", Parameter::uuid("id", "A person's request")),
    (
        "retention",
        Parameter::one_of("class", "A data class", &["recordings", "persons"]),
    ),
    (
        "saved-reports",
        Parameter::text("name", "Name of a saved report", "weekly-answers"),
    ),
    ("samples", Parameter::uuid("id", "A sample")),
    ("users", Parameter::text("name", "A user", "wang")),
    ("api-keys", Parameter::uuid("id", "An API key")),
    (
        "settings",
        Parameter::text("name", "Name of a setting", "alerts.answer_per_mille_min"),
    ),
    (
        "drafts",
        Parameter::text("id", "A draft of the caller: its kind and number", "campaign-1"),
    ),
    ("approvals", Parameter::uuid("id", "An approval")),
    (
        "knowledge",
        Parameter::text("name", "Name of a knowledge base", "card_instalment"),
    ),
    ("models", Parameter::text("name", "A model", "zh_outbound")),
    ("flows", Parameter::text("id", "A flow", "TASK20261120")),
    (
        "flow-files",
        Parameter::text("name", "A flow that ships with the program", "reminder"),
    ),
    (
        "streams",
        Parameter::text("stream", "A stream: aggregate and id", "campaign-TASK20261120"),
    ),
    (
        "metrics",
        Parameter::text("name", "A metric", "answer_ratio_per_call"),
    ),
    (
        "charts",
        Parameter::text("name", "A metric", "answer_ratio_per_call"),
    ),
    (
        "exports",
        Parameter::one_of("what", "What to export", &["calls", "events", "metrics"]),
    ),
    ("projections", Parameter::text("name", "A view", "campaign_board")),
];

/// Returns the parameter after this segment; `None` if the table lacks it, which a test finds.
fn path_parameter(before: &str) -> Option<Parameter> {
    let found = PARAMETERS.iter().find(|(word, _)| *word == before);
    found.map(|(_, parameter)| *parameter)
}

/// Returns the names of a path's parameters (`{name}`), in order, each with its description; `None` if the
/// table has no parameter of this name after the segment before it.
pub(crate) fn of_path(path: &str) -> impl Iterator<Item = (&str, Option<Parameter>)> {
    let segments = path.split('/').zip(path.split('/').skip(1));
    segments.filter_map(|(before, segment)| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, path_parameter(before).filter(|known| known.name == name)))
    })
}
