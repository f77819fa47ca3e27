//! Finds values for a decision of a flow: the recorded rule holds for them, and no rule before it does.

use domain::flow::{Condition, DecideNode, DecideRule, FlowDefinition, Node};
use std::collections::BTreeMap;

/// Chooses a value for each variable of a decision, unless it has one, so that the recorded rule applies.
pub(super) fn infer_decision_variables(
    flow: &FlowDefinition,
    decide: &DecideNode,
    member: Option<&str>,
    values: &mut BTreeMap<String, String>,
) {
    let rules = decide.rules.iter().enumerate();
    let held = rules
        .clone()
        .find(|(index, _)| member == Some(&format!("rules[{index}]")));
    let before = held.map_or(decide.rules.len(), |(index, _)| index);
    let passed: Vec<&DecideRule> = decide.rules.iter().take(before).collect();
    for name in flow.variables.keys() {
        let wanted = held.map(|(_, rule)| on(rule, name)).unwrap_or_default();
        let unwanted: Vec<&Condition> = passed.iter().flat_map(|rule| on(rule, name)).collect();
        if wanted.is_empty() && unwanted.is_empty() {
            continue;
        }
        let default = flow
            .variables
            .get(name)
            .and_then(|variable| variable.default.as_deref());
        let or_default = |value: &str| match value {
            "" => default.map(str::to_owned),
            value => Some(value.to_owned()),
        };
        let holds = |condition: &&Condition, value: &str| condition.holds_of(or_default(value).as_deref());
        let mut tried = vec![String::new(), "1".to_owned()];
        tried.extend(bounds(decide, name));
        tried.retain(|value| wanted.iter().all(|condition| holds(condition, value)));
        let apart = |value: &&String| !unwanted.iter().any(|condition| holds(condition, value));
        if let Some(value) = tried.iter().find(apart).or_else(|| tried.first()) {
            values.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// Returns values directly below, at and above every bound that the flow's decisions have for a name.
pub(super) fn bounds_of(flow: &FlowDefinition, name: &str) -> Vec<String> {
    let decisions = flow.nodes.values().filter_map(|node| match node {
        Node::Decide(decide) => Some(decide),
        _ => None,
    });
    decisions.flat_map(|decide| bounds(decide, name)).collect()
}

fn bounds(decide: &DecideNode, name: &str) -> Vec<String> {
    let conditions = decide.rules.iter().flat_map(|rule| on(rule, name));
    let near = |condition: &Condition| {
        let least = condition
            .at_least
            .into_iter()
            .flat_map(|least| [least, least.saturating_sub(1)]);
        let most = condition
            .at_most
            .into_iter()
            .flat_map(|most| [most, most.saturating_add(1)]);
        let numbers = least.chain(most).map(|number| number.to_string());
        condition
            .equals
            .clone()
            .into_iter()
            .chain(numbers)
            .collect::<Vec<_>>()
    };
    conditions.flat_map(near).collect()
}

/// Returns the conditions of a rule on one name.
fn on<'a>(rule: &'a DecideRule, name: &str) -> Vec<&'a Condition> {
    let conditions = rule.when.iter();
    conditions
        .filter(|condition| condition.value.as_deref() == Some(name))
        .collect()
}
