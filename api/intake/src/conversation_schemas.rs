//! The schemas of a campaign body's members about its conversations.

use crate::model_tiers::ModelTierRequest;
use domain::assist_plan::AssistPlan;
use domain::emotion::EmotionPlan;
use domain::speech_plan::SpeechPlan;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Returns the names and schemas of the campaign body's members about its conversations: speech,
/// understanding, knowledge and flow.
pub(crate) fn of_conversation(generator: &mut SchemaGenerator) -> [(String, Value); 7] {
    [
        (
            "model_tiers",
            described(
                generator.subschema_for::<Vec<ModelTierRequest>>(),
                "Other published models for customers with a grade or value; the first match is used",
            ),
        ),
        (
            "flow_version",
            published(
                "A published version of a flow, NAME@V, instead of script_template or flow",
                "card_instalment@2",
            ),
        ),
        (
            "model",
            published(
                "The published model, NAME@V, for understanding callees",
                "zh_outbound@2",
            ),
        ),
        (
            "knowledge",
            published(
                "The published knowledge base, NAME@V, for answers",
                "card_instalment@1",
            ),
        ),
        (
            "assist",
            described(
                generator.subschema_for::<AssistPlan>(),
                "What an assistant may be asked (`serve --llm`); default: no assistant",
            ),
        ),
        (
            "speech",
            described(
                generator.subschema_for::<SpeechPlan>(),
                "How its calls listen and speak; default: as the installation",
            ),
        ),
        (
            "emotion",
            described(
                generator.subschema_for::<EmotionPlan>(),
                "Measures how callees sound; default: not measured",
            ),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema.to_value()))
}

/// Returns the schema with `what` as its description. An existing description is replaced.
pub(crate) fn described(mut schema: Schema, what: &str) -> Schema {
    schema.insert("description".to_owned(), what.into());
    schema
}

/// Returns the schema of a reference to a published item (flow, model, knowledge base) in the form
/// NAME@VERSION.
fn published(what: &str, example: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}@[1-9][0-9]*$", "description": what,
        "examples": [example] })
}
