//! The parameters of paths: what stands in one follows from the word before it, `campaigns` or `calls`.

use application::parameter::Parameter;
use domain::call::event::CallEvent;

/// The word before a parameter, and the parameter.
const PARAMETERS: &[(&str, Parameter)] = &[
    (
        "campaigns",
        Parameter::text("id", "A campaign: its task_id", "TASK20261120"),
    ),
    (
        "customers",
        Parameter::text("id", "A customer: the institution's own id, or ours", "C01"),
    ),
    (
        "numbers",
        Parameter::text(
            "number",
            "A phone number (E.164, or our id of one)",
            "13800138000",
        ),
    ),
    ("lists", Parameter::uuid("list", "A list that was imported")),
    ("calls", Parameter::uuid("id", "A call")),
    ("test-calls", Parameter::uuid("call", "A test call")),
    (
        "problems",
        Parameter::text("code", "The code of a problem", "missing"),
    ),
    ("alerts", Parameter::uuid("id", "An alert")),
    ("channels", Parameter::uuid("id", "A channel of alerts")),
    ("webhooks", Parameter::uuid("id", "A webhook")),
    (
        "subscribers",
        Parameter::text("name", "A subscriber, by its name", "crm"),
    ),
    (
        "events",
        Parameter::uuid("id", "An event; or a call, or our id of a customer"),
    ),
    (
        "schemas",
        Parameter::text("kind", "A kind of event", CallEvent::ENDED),
    ),
    (
        "{kind}",
        Parameter::text("version", "The version of its shape, from 1", "1"),
    ),
    (
        "record",
        Parameter::uuid("id", "What is on record of events taken away"),
    ),
    ("complaints", Parameter::uuid("id", "A complaint")),
    ("conversations", Parameter::uuid("id", "A conversation in text")),
    ("requests", Parameter::uuid("id", "A request of a person")),
    (
        "retention",
        Parameter::one_of("class", "A class of data", &["recordings", "persons"]),
    ),
    (
        "saved-reports",
        Parameter::text("name", "A saved report, by its name", "weekly-answers"),
    ),
    ("samples", Parameter::uuid("id", "A sample")),
    ("users", Parameter::text("name", "A user", "wang")),
    ("api-keys", Parameter::uuid("id", "A key")),
    (
        "settings",
        Parameter::text("name", "A setting", "alerts.answer_per_mille_min"),
    ),
    (
        "drafts",
        Parameter::text("id", "A draft of one's own: its kind and place", "campaign-1"),
    ),
    ("approvals", Parameter::uuid("id", "An approval")),
    (
        "knowledge",
        Parameter::text("name", "A knowledge base", "card_instalment"),
    ),
    ("models", Parameter::text("name", "A model", "zh_outbound")),
    ("flows", Parameter::text("id", "A flow", "TASK20261120")),
    (
        "flow-files",
        Parameter::text("name", "A flow that ships with the program", "reminder"),
    ),
    (
        "streams",
        Parameter::text(
            "stream",
            "A stream: its aggregate and id",
            "campaign-TASK20261120",
        ),
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
        Parameter::one_of("what", "What is exported", &["calls", "events", "metrics"]),
    ),
    ("projections", Parameter::text("name", "A view", "campaign_board")),
];

/// The parameter behind this word; `None` where the table lacks it, which a test finds.
fn path_parameter(before: &str) -> Option<Parameter> {
    let found = PARAMETERS.iter().find(|(word, _)| *word == before);
    found.map(|(_, parameter)| *parameter)
}

/// The parameters of a path, in order.
pub(crate) fn of_path(path: &str) -> impl Iterator<Item = (&str, Option<Parameter>)> {
    let segments = path.split('/').zip(path.split('/').skip(1));
    segments.filter_map(|(before, segment)| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, path_parameter(before).filter(|known| known.name == name)))
    })
}
