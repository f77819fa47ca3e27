//! Pictures and links that a text conversation shows beside a node's text (DLG-13). A phone call has the text
//! alone, so the text must be complete without them.
//!
//! They are part of the flow, so that they are published, approved and hashed with its texts.

use super::fault::DefinitionFault;
use super::graph::FlowDefinition;
use crate::text_channel::Channel;
use values::text_attachment::{AttachmentKind, TextAttachment};

/// Most pictures and links of one node; more are a fault.
pub const SHOWS_MAX: usize = 3;

impl FlowDefinition {
    /// Returns the pictures and links of a node that a channel can show: SMS carries links but no pictures.
    pub fn shows_on(&self, node: &str, channel: Channel) -> Vec<TextAttachment> {
        let shows = self.shows.get(node).into_iter().flatten();
        let carried = shows.filter(|show| match show.shown_as {
            AttachmentKind::Link => true,
            AttachmentKind::Picture => channel != Channel::Sms,
        });
        carried.cloned().collect()
    }

    /// Checks the pictures and links: each entry belongs to a node with a text, has 1 to 3 of them, and all
    /// are valid.
    pub(super) fn check_shows(&self, faults: &mut Vec<DefinitionFault>) {
        for (node, shows) in &self.shows {
            let member = format!("shows.{node}");
            let says = self
                .nodes
                .get(node)
                .is_some_and(|node| node.kind().text().is_some());
            if !says || shows.is_empty() || shows.len() > SHOWS_MAX {
                faults.push(DefinitionFault::BadShow { member });
                continue;
            }
            let wrong = shows.iter().enumerate().filter(|(_, show)| !show.is_sound());
            faults.extend(wrong.map(|(place, _)| DefinitionFault::BadShow {
                member: format!("{member}.{place}"),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn flow(shows: &Value) -> FlowDefinition {
        FlowDefinition::from_value(&json!({
            "flow": "shown", "notices": { "recording": "本次会话将被记录。" }, "start": "hello",
            "on_exception": "bye", "shows": shows, "nodes": {
                "hello": { "say": { "text": "您好。", "next": "bye" } },
                "bye": { "end": { "text": "再见。", "outcome": "success" } } },
        }))
        .unwrap()
    }

    #[test]
    fn a_short_message_carries_links_alone() {
        let shows = json!({ "hello": [
            { "as": "picture", "address": "https://example.com/plan.png", "title": "方案" },
            { "as": "link", "address": "https://example.com/apply", "title": "申请" }] });
        let flow = flow(&shows);
        assert_eq!(flow.check(), []);
        assert_eq!(flow.to_value()["shows"], shows);
        assert_eq!(flow.shows_on("hello", Channel::Web).len(), 2);
        let short = flow.shows_on("hello", Channel::Sms);
        assert_eq!(
            short.iter().map(|show| show.shown_as).collect::<Vec<_>>(),
            [AttachmentKind::Link]
        );
        assert_eq!(flow.shows_on("bye", Channel::Web), []);
    }

    #[test]
    fn a_flow_that_shows_nothing_is_written_and_hashed_as_ever() {
        assert!(flow(&json!({})).to_value().get("shows").is_none());
    }

    #[test]
    fn what_could_not_be_shown_is_named_by_its_place() {
        let show = |address: &str, title: &str| json!({ "as": "link", "address": address, "title": title });
        let good = show("https://example.com/", "方案");
        for (shows, place) in [
            (json!({ "nowhere": [good] }), "shows.nowhere"),
            (json!({ "hello": [] }), "shows.hello"),
            (json!({ "hello": [good, good, good, good] }), "shows.hello"),
            (
                json!({ "hello": [good, show("http://example.com/", "x")] }),
                "shows.hello.1",
            ),
            (json!({ "hello": [show("https://", "x")] }), "shows.hello.0"),
            (
                json!({ "hello": [show("https://example.com/{{id}}", "x")] }),
                "shows.hello.0",
            ),
            (
                json!({ "hello": [show("https://example.com/", "{{name}}")] }),
                "shows.hello.0",
            ),
            (
                json!({ "hello": [show("https://example.com/", " ")] }),
                "shows.hello.0",
            ),
        ] {
            let member = place.to_owned();
            assert_eq!(
                flow(&shows).check(),
                [DefinitionFault::BadShow { member }],
                "{shows}"
            );
        }
    }
}
