//! Expands the short forms of a flow file before it is parsed: presets (global intents with answers and ends,
//! the robot notice) and transition tables. The expanded form is hashed and stored.

use super::graph::ReadFault;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The bundled flow presets, by name.
pub const PRESETS: [(&str, &str); 2] = [
    ("zh_outbound", include_str!("presets/zh_outbound.json")),
    ("en_outbound", include_str!("presets/en_outbound.json")),
];

/// Answer timeout of a state in a transition table, in milliseconds.
const STATE_WAIT_MS: u64 = 3_000;

/// A transition table with four columns, as planners write it: state, trigger, next state, and the text said
/// on entering the next state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transitions {
    rows: Vec<Row>,
    /// Texts of states that no row leads to, by state.
    #[serde(default)]
    texts: BTreeMap<String, String>,
    /// The state that follows automatically, for states without rows.
    #[serde(default)]
    goes_on: BTreeMap<String, String>,
    /// The state for silence and for answers that match no row.
    otherwise: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(alias = "当前状态")]
    state: String,
    /// A word of `TRIGGERS`, or an intent.
    #[serde(alias = "触发条件")]
    when: String,
    #[serde(alias = "下一状态")]
    next: String,
    #[serde(alias = "对应话术")]
    say: String,
}

/// Trigger words that planners use, with their intents.
const TRIGGERS: &[(&str, &str)] = &[
    ("是", "affirm"),
    ("同意", "affirm"),
    ("否", "deny"),
    ("不", "deny"),
    ("拒绝", "deny"),
    ("太贵", "too_expensive"),
    ("犹豫", "consider"),
    ("忙", "busy"),
    ("转人工", "transfer_human"),
    ("已办理", "already_done"),
];

/// Returns the file with presets and transitions expanded; `None` if it has neither.
pub(super) fn expand_shorthand(value: &Value) -> Result<Option<Value>, ReadFault> {
    let short = ["presets", "transitions"];
    if !short.iter().any(|member| value.get(member).is_some()) {
        return Ok(None);
    }
    let Some(members) = value.as_object() else {
        return Ok(None);
    };
    let mut members = members.clone();
    if let Some(table) = members.remove("transitions") {
        let table: Transitions =
            serde_json::from_value(table).map_err(|error| shape("transitions", &error))?;
        refuse_lost_rows(&table)?;
        for (name, node) in nodes_of(&table) {
            put(&mut members, &["nodes"], &name, node);
        }
    }
    if let Some(names) = members.remove("presets") {
        let names: Vec<String> = serde_json::from_value(names).map_err(|error| shape("presets", &error))?;
        for name in names {
            let known = PRESETS.iter().find(|(known, _)| *known == name);
            let (_, text) = known.ok_or_else(|| ReadFault::Shape {
                path: "presets".to_owned(),
                why: format!("there is no preset {name:?}"),
            })?;
            let preset: Value = serde_json::from_str(text).map_err(|error| shape("presets", &error))?;
            take_preset(&mut members, &preset);
        }
    }
    Ok(Some(Value::Object(members)))
}

fn shape(path: &str, error: &serde_json::Error) -> ReadFault {
    ReadFault::Shape {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// Merges a preset into the members of a flow file. Existing members win; of the preset's nodes only those
/// to which an intent leads are added.
fn take_preset(members: &mut Map<String, Value>, preset: &Value) {
    for path in [
        &["notices"][..],
        &["dialogue"],
        &["dialogue", "labels"],
        &["dialogue", "intents"],
        &["dialogue", "answers"],
    ] {
        let place = path.iter().try_fold(preset, |value, member| value.get(member));
        for (name, value) in place.and_then(Value::as_object).into_iter().flatten() {
            if !value.is_object() || path.len() > 1 {
                put(members, path, name, value.clone());
            }
        }
    }
    let intents = members
        .get("dialogue")
        .and_then(|dialogue| dialogue.get("intents"));
    let then = |intent: &Value| Some(intent.get("then")?.as_str()?.to_owned());
    let intents = intents.and_then(Value::as_object).into_iter().flatten();
    let wanted: BTreeSet<String> = intents.filter_map(|(_, intent)| then(intent)).collect();
    for (name, node) in preset
        .get("nodes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if wanted.contains(name) {
            put(members, &["nodes"], name, node.clone());
        }
    }
}

/// Inserts a member at a path unless one with its name is there.
fn put(members: &mut Map<String, Value>, path: &[&str], name: &str, value: Value) {
    let mut place = members;
    for member in path {
        let entry = place.entry((*member).to_owned()).or_insert_with(|| json!({}));
        let Some(inner) = entry.as_object_mut() else {
            return;
        };
        place = inner;
    }
    place.entry(name.to_owned()).or_insert(value);
}

/// Refuses transition rows that contradict one another: two texts for entering one state, or one answer in
/// a state that leads to two states.
fn refuse_lost_rows(table: &Transitions) -> Result<(), ReadFault> {
    let lost = |later: usize, why: String| ReadFault::Shape {
        path: format!("transitions.rows[{later}]"),
        why,
    };
    for (later, row) in table.rows.iter().enumerate() {
        for (earlier, before) in table.rows.iter().take(later).enumerate() {
            if before.next == row.next && before.say != row.say {
                let why = format!("{:?} contradicts the text after rows[{earlier}]", row.next);
                return Err(lost(later, why));
            }
            let intent = intent_of(&row.when);
            let same = before.state == row.state && intent_of(&before.when) == intent;
            if same && before.next != row.next {
                let why = format!("{intent} leads elsewhere from {:?} by rows[{earlier}]", row.state);
                return Err(lost(later, why));
            }
        }
    }
    Ok(())
}

/// Returns the nodes of a transition table: a state with rows becomes an `ask` node, a state without rows a
/// `say` node.
fn nodes_of(table: &Transitions) -> BTreeMap<String, Value> {
    let mut states: BTreeSet<&str> = BTreeSet::new();
    for row in &table.rows {
        states.extend([row.state.as_str(), row.next.as_str()]);
    }
    let mut nodes = BTreeMap::new();
    for state in states {
        let led = table.rows.iter().find(|row| row.next == state);
        let text = led.map(|row| &row.say).or_else(|| table.texts.get(state));
        let Some(text) = text else { continue };
        let rows: Vec<&Row> = table.rows.iter().filter(|row| row.state == state).collect();
        let on = table.goes_on.get(state).unwrap_or(&table.otherwise);
        let node = if rows.is_empty() {
            json!({"say": {"text": text, "next": on}})
        } else {
            ask(text, &rows, table)
        };
        nodes.insert(state.to_owned(), node);
    }
    nodes
}

fn ask(text: &str, rows: &[&Row], table: &Transitions) -> Value {
    let intents: BTreeMap<&str, &str> = rows
        .iter()
        .map(|row| (intent_of(&row.when), row.next.as_str()))
        .collect();
    let on = rows.first().and_then(|row| table.goes_on.get(&row.state));
    let ladder = json!({"replay": 1, "then": table.otherwise});
    json!({"ask": {
        "text": text, "expect": "speech", "intents": intents,
        "otherwise": on.unwrap_or(&table.otherwise), "timeout_ms": STATE_WAIT_MS,
        "on_silence": ladder, "on_unclear": ladder,
    }})
}

fn intent_of(trigger: &str) -> &str {
    let known = TRIGGERS.iter().find(|(word, _)| *word == trigger);
    known.map_or(trigger, |(_, intent)| intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_short_forms_is_read_as_it_is() {
        assert_eq!(expand_shorthand(&json!({"flow": "a"})), Ok(None));
    }

    #[test]
    fn what_a_file_says_itself_stays_and_only_nodes_that_are_led_to_come() {
        let file = json!({
            "presets": ["zh_outbound"],
            "dialogue": {"intents": {"bye": {"replay": true}, "busy": {"replay": true}, "callback": {"replay": true},
                "consider": {"replay": true}}},
            "nodes": {"转人工": {"end": {"outcome": "callback"}}},
        });
        let whole = expand_shorthand(&file).unwrap().unwrap();
        assert_eq!(whole["dialogue"]["intents"]["bye"], json!({"replay": true}));
        assert_eq!(whole["nodes"]["转人工"], json!({"end": {"outcome": "callback"}}));
        assert_eq!(whole["notices"]["ai"], json!("我是智能语音机器人。"));
        assert!(whole["nodes"].get("谢绝来电").is_some());
        assert!(whole["nodes"].get("改天联系").is_none(), "no intent leads there");
        assert!(whole.get("presets").is_none());
    }

    #[test]
    fn a_row_of_four_columns_is_an_intent_of_its_state_and_what_the_next_state_says() {
        let file = json!({"transitions": {
            "rows": [{"当前状态": "问候阶段", "触发条件": "是", "下一状态": "产品介绍", "对应话术": "我们这款产品"}],
            "texts": {"问候阶段": "您好"}, "goes_on": {"产品介绍": "再见"}, "otherwise": "婉拒",
        }});
        let nodes = expand_shorthand(&file).unwrap().unwrap()["nodes"].clone();
        assert_eq!(nodes["问候阶段"]["ask"]["intents"], json!({"affirm": "产品介绍"}));
        assert_eq!(
            nodes["产品介绍"],
            json!({"say": {"text": "我们这款产品", "next": "再见"}})
        );
        let unknown = expand_shorthand(&json!({"presets": ["fr_outbound"]}));
        assert!(matches!(unknown, Err(ReadFault::Shape { path, .. }) if path == "presets"));
    }

    /// Returns the error of a table with these rows.
    fn fault_of(rows: &Value) -> Option<String> {
        let file =
            json!({"transitions": {"rows": rows, "texts": {"a": "您好", "b": "您好"}, "otherwise": "c"}});
        expand_shorthand(&file).err().map(|fault| fault.to_string())
    }

    #[test]
    fn two_rows_of_which_one_would_be_lost_are_refused() {
        let row = |state: &str, when: &str, next: &str, say: &str| json!({"state": state, "when": when, "next": next, "say": say});
        assert_eq!(
            fault_of(&json!([row("a", "是", "c", "好的"), row("b", "是", "c", "好的")])),
            None
        );
        assert_eq!(
            fault_of(&json!([
                row("a", "是", "c", "好的"),
                row("a", "同意", "c", "好的")
            ])),
            None
        );
        let texts = fault_of(&json!([
            row("a", "是", "c", "好的"),
            row("b", "是", "c", "可以的")
        ]))
        .unwrap();
        assert!(
            texts.starts_with("transitions.rows[1]") && texts.contains("rows[0]") && texts.contains("\"c\""),
            "{texts}"
        );
        let ways = [
            row("a", "是", "c", "好的"),
            row("b", "否", "d", "再见"),
            row("a", "同意", "d", "再见"),
        ];
        let ways = fault_of(&json!(ways)).unwrap();
        assert!(
            ways.starts_with("transitions.rows[2]") && ways.contains("rows[0]") && ways.contains("affirm"),
            "{ways}"
        );
    }
}
