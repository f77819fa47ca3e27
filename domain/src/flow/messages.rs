//! Flow messages: templates, by name, that act nodes send in addition to the voice of the call.
//!
//! They are part of the flow, so that they are published, approved and hashed with its spoken texts.

use super::check::TEXT_CHARS_MAX;
use super::fault::DefinitionFault;
use super::graph::FlowDefinition;
use super::text::variables_of;
use serde::{Deserialize, Serialize};
use values::external_address::check_mail;
use values::message_method::MessageMethod;

/// Most message templates of one flow; more are a fault.
pub const FLOW_MESSAGES_MAX: usize = 20;

/// Most attachments of one message, as in a send request; more are a fault.
pub const ATTACHMENTS_MAX: usize = 5;

/// Longest address of a link or attachment, in bytes; a longer one is a fault.
const LINK_BYTES_MAX: usize = 256;

/// The placeholder variable that is replaced by the message's own link.
const LINK: &str = "link";

/// When a flow message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageTiming {
    /// During the call.
    During,
    /// After the call has ended.
    #[default]
    After,
}

impl MessageTiming {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    fn is_after(&self) -> bool {
        *self == Self::After
    }
}

/// The template of one message, in the flow's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    pub way: MessageMethod,
    /// The text. It may contain `{{variables}}`, slots and `{{link}}` for the message's link.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Recipient of a mail, for example `{{email}}`. Mail only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Subject of a mail. Mail only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// HTTPS addresses of pictures or documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    #[serde(default, skip_serializing_if = "MessageTiming::is_after")]
    pub when: MessageTiming,
}

impl MessageTemplate {
    /// Returns the variable with the recipient's mail address, for example `email` for `{{email}}`; `None`
    /// without a recipient or if it contains literal text.
    pub fn address_column(&self) -> Option<&str> {
        address_column(self.to.as_deref()?)
    }

    /// Returns true for a mail to an address that is written into the flow and is not a variable.
    pub fn has_fixed_address(&self) -> bool {
        self.way == MessageMethod::Mail && self.address_column().is_none()
    }
}

/// Returns the name of the variable if the text is a single placeholder; `None` otherwise.
pub fn address_column(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let is_name = !name.is_empty() && !name.contains(['{', '}', '@']);
    is_name.then_some(name)
}

impl FlowDefinition {
    /// Returns true if one of the flow's mails goes to an address that is written into the flow.
    pub fn has_fixed_address(&self) -> bool {
        self.messages.values().any(MessageTemplate::has_fixed_address)
    }

    /// Returns name and template of the message that this act node sends; `None` if the node sends none or
    /// the flow does not have it.
    pub fn message_of(&self, node: &str) -> Option<(&str, &MessageTemplate)> {
        let named = self.nodes.get(node)?.kind().act()?.send.as_deref()?;
        let (name, template) = self.messages.get_key_value(named)?;
        Some((name.as_str(), template))
    }

    /// Checks the message templates and the act nodes that name one. A flow without templates may name
    /// messages that another system sends.
    pub(super) fn check_messages(&self, faults: &mut Vec<DefinitionFault>) {
        faults.extend(DefinitionFault::too_many(
            "messages",
            self.messages.len(),
            FLOW_MESSAGES_MAX,
        ));
        for (name, template) in &self.messages {
            self.check_message(&format!("messages.{name}"), template, faults);
        }
        if self.messages.is_empty() {
            return;
        }
        for (node, act) in self
            .nodes
            .iter()
            .filter_map(|(name, node)| Some((name, node.kind().act()?)))
        {
            let named = act.send.as_deref();
            if let Some(message) = named.filter(|message| !self.messages.contains_key(*message)) {
                faults.push(DefinitionFault::UnknownMessage {
                    member: format!("nodes.{node}.send"),
                    message: message.to_owned(),
                });
            }
        }
    }

    fn check_message(&self, member: &str, template: &MessageTemplate, faults: &mut Vec<DefinitionFault>) {
        let wrong = |of: &str| DefinitionFault::BadMessage {
            member: format!("{member}.{of}"),
        };
        let texts = [
            ("text", Some(&template.text)),
            ("subject", template.subject.as_ref()),
            ("to", template.to.as_ref()),
        ];
        for (of, text) in texts {
            let Some(text) = text else { continue };
            let chars = text.chars().count();
            if text.trim().is_empty() || chars > TEXT_CHARS_MAX {
                faults.push(DefinitionFault::TextLength {
                    member: format!("{member}.{of}"),
                });
            }
            for variable in variables_of(text) {
                let own_link = variable == LINK && of == "text" && template.link.is_some();
                let known =
                    self.variables.contains_key(variable) || self.dialogue().slots.contains_key(variable);
                if !own_link && !known {
                    faults.push(DefinitionFault::UndefinedVariable {
                        member: format!("{member}.{of}"),
                        variable: variable.to_owned(),
                    });
                }
            }
        }
        let is_address = |link: &String| link.starts_with("https://") && link.len() <= LINK_BYTES_MAX;
        if template.link.as_ref().is_some_and(|link| !is_address(link)) {
            faults.push(wrong("link"));
        }
        if template.attachments.len() > ATTACHMENTS_MAX || !template.attachments.iter().all(is_address) {
            faults.push(wrong("attachments"));
        }
        let fixed = template.to.as_deref().filter(|to| !to.contains("{{"));
        let is_no_address = fixed.is_some_and(|to| check_mail(to).is_err());
        if (template.way == MessageMethod::Mail) != template.to.is_some() || is_no_address {
            faults.push(wrong("to"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn flow(messages: &Value, send: &str) -> FlowDefinition {
        let value = json!({
            "flow": "small", "notices": { "recording": "本次通话将录音。" },
            "variables": { "name": { "type": "text" }, "email": { "type": "text", "required": false } },
            "start": "plan", "on_exception": "bye", "messages": messages,
            "nodes": {
                "plan": { "act": { "send": send, "next": "bye" } },
                "bye": { "end": { "text": "再见。", "outcome": "success" } },
            },
        });
        FlowDefinition::from_value(&value).unwrap()
    }

    fn members(messages: &Value, send: &str) -> Vec<String> {
        let faults = flow(messages, send).check();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_flow_carries_what_its_nodes_send() {
        let messages = json!({ "plan": { "way": "sms", "text": "{{name}}，您的计划：{{link}}",
            "link": "https://example.com/plan" } });
        let flow = flow(&messages, "plan");
        assert_eq!(flow.check(), []);
        let (name, template) = flow.message_of("plan").unwrap();
        assert_eq!((name, template.when), ("plan", MessageTiming::After));
        assert_eq!(flow.message_of("bye"), None);
        assert_eq!(flow.to_value()["messages"], messages, "defaults are left out");
    }

    #[test]
    fn a_flow_without_templates_names_what_it_likes_and_stays_as_it_was() {
        let flow = flow(&json!({}), "plan");
        assert_eq!(flow.check(), []);
        let advice: Vec<String> = flow.advice().iter().map(ToString::to_string).collect();
        let unsent = "nodes.plan.send: the flow has no message \"plan\", so nothing is sent";
        assert!(advice.contains(&unsent.to_owned()), "{advice:?}");
        assert!(flow.to_value().get("messages").is_none());
    }

    #[test]
    fn each_fault_of_a_message_names_its_place() {
        let good = json!({ "way": "sms", "text": "您好" });
        let with = |member: &str, value: Value| {
            let mut template = good.clone();
            template[member] = value;
            json!({ "plan": template })
        };
        for (messages, place) in [
            (with("text", json!("{{link}}")), "messages.plan.text"),
            (with("text", json!("{{amount}}")), "messages.plan.text"),
            (with("text", json!(" ")), "messages.plan.text"),
            (with("link", json!("http://example.com")), "messages.plan.link"),
            (with("attachments", json!(["a.pdf"])), "messages.plan.attachments"),
            (with("to", json!("{{email}}")), "messages.plan.to"),
            (with("way", json!("mail")), "messages.plan.to"),
            (
                json!({ "plan": { "way": "mail", "to": "wang", "text": "x" } }),
                "messages.plan.to",
            ),
        ] {
            let faults = members(&messages, "plan");
            assert!(
                faults.iter().any(|one| one.starts_with(place)),
                "{place}: {faults:?}"
            );
        }
        let faults = members(&json!({ "plan": good }), "other");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("nodes.plan.send"), "{faults:?}");
    }

    #[test]
    fn an_address_names_a_column_and_nothing_beside_it() {
        for (text, column) in [
            ("{{email}}", Some("email")),
            (" {{ 邮箱 }} ", Some("邮箱")),
            ("someone@example.com", None),
            ("{{name}}@example.com", None),
            ("{{email}},someone@example.com", None),
            ("{{a}}{{b}}", None),
            ("{{}}", None),
        ] {
            assert_eq!(address_column(text), column, "{text}");
        }
    }
}
