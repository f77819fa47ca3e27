//! Placeholders in an answer, between `{{` and `}}`: a variable or slot of the call, or a fact of the
//! knowledge base.
//!
//! `{{fact:分期.起点}}` is one fact, `{{fact:分期[3].每期费率}}` is the fact of one of several entities, and
//! `{{fact:分期[terms].每期费率}}` is selected by a slot: if `terms` is 3, the fact of `分期[3]`. An answer is not
//! available in a call that lacks one of its values, so that a callee never hears an incomplete sentence.

use super::content::Fact;
use std::collections::BTreeMap;
use values::placeholders::{TemplatePiece, UnclosedPlaceholder, pieces};

const FACT: &str = "fact:";

/// The text of an answer for one call: facts are filled in, variables are left for the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerText {
    pub text: String,
    /// A value of the customer selected one of the facts, so the text is personal data.
    pub personal: bool,
}

/// Why the placeholders of an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceholderFault {
    #[error("{{{{ is not closed by }}}}")]
    Unclosed,
    #[error("{found:?} is neither a variable nor fact:entity.attribute")]
    Unreadable { found: String },
    #[error("there is no fact {attribute} of {entity}")]
    NoFact { entity: String, attribute: String },
}

/// A part of an answer's text: plain text or a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AnswerPart<'a> {
    Plain(&'a str),
    Variable(&'a str),
    Fact {
        entity: &'a str,
        slot: Option<&'a str>,
        attribute: &'a str,
    },
}

fn parts(text: &str) -> Result<Vec<AnswerPart<'_>>, PlaceholderFault> {
    let pieces = pieces(text).map_err(|UnclosedPlaceholder| PlaceholderFault::Unclosed)?;
    let parts = pieces.into_iter().map(|piece| match piece {
        TemplatePiece::Plain(plain) => Ok(AnswerPart::Plain(plain)),
        TemplatePiece::Braced(inside) => part_of(inside.trim()).ok_or_else(|| PlaceholderFault::Unreadable {
            found: inside.to_owned(),
        }),
    });
    parts.collect()
}

fn part_of(inside: &str) -> Option<AnswerPart<'_>> {
    let Some(fact) = inside.strip_prefix(FACT) else {
        return is_name(inside).then_some(AnswerPart::Variable(inside));
    };
    let (entity, attribute) = fact.split_once('.')?;
    let (entity, slot) = match entity.split_once('[') {
        None => (entity, None),
        Some((entity, slot)) => (entity, Some(slot.strip_suffix(']')?)),
    };
    let fits = is_name(entity) && is_name(attribute) && slot.is_none_or(is_name);
    fits.then_some(AnswerPart::Fact {
        entity,
        slot,
        attribute,
    })
}

/// Returns true for a valid name: 1 to 64 letters and digits of any script and `_`.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.chars().count()) && text.chars().all(|one| one.is_alphanumeric() || one == '_')
}

/// Fails if a placeholder of the text cannot be read or names a fact that does not exist. Of facts selected
/// by a slot at least one must exist.
pub(super) fn check(text: &str, facts: &[Fact]) -> Result<(), PlaceholderFault> {
    for part in parts(text)? {
        let AnswerPart::Fact {
            entity,
            slot,
            attribute,
        } = part
        else {
            continue;
        };
        let is_of = |fact: &&Fact| match slot {
            None => fact.entity == entity,
            Some(_) => split_entity_selector(&fact.entity).is_some_and(|(of, _)| of == entity),
        };
        let known = facts.iter().filter(is_of).any(|fact| fact.attribute == attribute);
        if !known {
            return Err(PlaceholderFault::NoFact {
                entity: entity.to_owned(),
                attribute: attribute.to_owned(),
            });
        }
    }
    Ok(())
}

/// Splits `分期[3]` into the entity and the value in brackets; `None` if there are no brackets.
pub(super) fn split_entity_selector(entity: &str) -> Option<(&str, &str)> {
    let (of, value) = entity.split_once('[')?;
    Some((of, value.strip_suffix(']')?))
}

/// Returns the facts that an answer's text names directly (`entity.attribute`), with their values. Facts
/// selected by a slot are not included.
pub fn named_facts(text: &str, facts: &[Fact]) -> BTreeMap<String, String> {
    let parts = parts(text).unwrap_or_default().into_iter();
    let named = parts.filter_map(|part| {
        let AnswerPart::Fact {
            entity,
            slot,
            attribute,
        } = part
        else {
            return None;
        };
        let entity = slot.map_or_else(|| entity.to_owned(), |slot| format!("{entity}[{slot}]"));
        let mut known = facts.iter();
        let fact = known.find(|fact| fact.entity == entity && fact.attribute == attribute)?;
        Some((format!("{entity}.{attribute}"), fact.value.clone()))
    });
    named.collect()
}

/// Returns an answer's text for a call with these values: facts are filled in, variables stay for the flow.
/// `None` if one of its values or facts is missing.
pub fn fill_placeholders(
    text: &str,
    facts: &[Fact],
    values: &BTreeMap<String, String>,
) -> Option<AnswerText> {
    let mut said = String::with_capacity(text.len());
    let mut personal = false;
    for part in parts(text).ok()? {
        match part {
            AnswerPart::Plain(plain) => said.push_str(plain),
            AnswerPart::Variable(name) => {
                values.get(name).filter(|value| !value.trim().is_empty())?;
                said.push_str("{{");
                said.push_str(name);
                said.push_str("}}");
            }
            AnswerPart::Fact {
                entity,
                slot,
                attribute,
            } => {
                let of = |one: &str| {
                    let mut facts = facts.iter();
                    facts.find(|fact| fact.entity == one && fact.attribute == attribute)
                };
                let named = match slot {
                    None => of(entity),
                    Some(value) => of(&format!("{entity}[{value}]")),
                };
                let fact = match (named, slot) {
                    (Some(fact), _) => fact,
                    (None, None) => return None,
                    (None, Some(slot)) => {
                        personal = true;
                        of(&format!("{entity}[{}]", values.get(slot)?))?
                    }
                };
                said.push_str(&fact.value);
            }
        }
    }
    Some(AnswerText { text: said, personal })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(entity: &str, attribute: &str, value: &str) -> Fact {
        Fact {
            entity: entity.to_owned(),
            attribute: attribute.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn facts_are_filled_in_by_name_and_by_a_slots_value() {
        let facts = [
            fact("分期", "起点", "500元"),
            fact("分期[3]", "费率", "0.6%"),
            fact("分期[6]", "费率", "0.7%"),
        ];
        let values = |terms: &str| BTreeMap::from([("terms".to_owned(), terms.to_owned())]);
        let said =
            |text: &str, terms: &str| fill_placeholders(text, &facts, &values(terms)).map(|one| one.text);
        assert_eq!(
            said("满{{fact:分期.起点}}可分。", "3").as_deref(),
            Some("满500元可分。")
        );
        let by_terms = "每期{{fact:分期[terms].费率}}，{{terms}}期。";
        assert_eq!(said(by_terms, "6").as_deref(), Some("每期0.7%，{{terms}}期。"));
        assert_eq!(said(by_terms, "24"), None, "nothing is known of it");
        assert_eq!(
            fill_placeholders(by_terms, &facts, &BTreeMap::new()),
            None,
            "no term was said yet"
        );
        assert_eq!(
            said("{{fact:分期[3].费率}}", "6").as_deref(),
            Some("0.6%"),
            "named itself"
        );
        let of_person = fill_placeholders(by_terms, &facts, &values("3")).unwrap();
        assert!(
            of_person.personal
                && !fill_placeholders("满500元。", &facts, &values("3"))
                    .unwrap()
                    .personal
        );
    }

    #[test]
    fn facts_are_named_by_themselves_or_not_at_all() {
        let facts = [fact("分期[3]", "费率", "0.6%"), fact("分期", "起点", "500元")];
        let text = "{{name}}，满{{fact:分期.起点}}，{{fact:分期[terms].费率}}或{{fact:分期[3].费率}}。";
        let named: Vec<_> = named_facts(text, &facts).into_iter().collect();
        let wanted = [("分期.起点", "500元"), ("分期[3].费率", "0.6%")];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(named, wanted);
        assert!(named_facts("{{", &facts).is_empty());
    }

    #[test]
    fn a_text_names_facts_that_are_there() {
        let facts = [fact("分期[3]", "费率", "0.6%"), fact("分期", "起点", "500元")];
        assert_eq!(check("{{fact:分期[terms].费率}}{{name}}", &facts), Ok(()));
        assert_eq!(check("{{fact:分期.起点}}", &facts), Ok(()));
        for wrong in [
            "{{fact:分期.费率}}",
            "{{fact:分期}}",
            "{{name",
            "{{a b}}",
            "{{fact:x[a.b}}",
        ] {
            assert!(check(wrong, &facts).is_err(), "{wrong}");
        }
    }
}
