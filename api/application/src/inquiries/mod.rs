//! Queries of the rows and reads of personal data: each is logged before it is answered, and its result is
//! logged afterwards.

mod audit_trail;
mod comparisons;
pub mod customer_page;
mod query_guard;
mod read_log;

pub use audit_trail::{AuditTrailFilter, AuditTrailPage, customer_of, trail};
pub use comparisons::{Comparison, put_comparison_on_record};
pub use read_log::{BY, READ_THEN, REASON, ReadContent, Reader, put_each_on_record, put_on_record};

use crate::installation::{Installation, follow};
use domain::ids::InquiryId;
use domain::inquiry::InquiryCommand;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use projections::Val;
use projections::ask::{QueryLimits, TruncationReason};
use query_guard::QueryGuard;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// One SQL query with its limits, and the name of the asker if given.
#[derive(Debug, Clone)]
pub struct Question {
    pub sql: String,
    /// Who asks, if the caller states it.
    pub by: Option<String>,
    pub limits: QueryLimits,
}

/// Logs an SQL query, runs it within its limits, and logs the result. Each execution is logged. Fails if
/// the query is refused or cannot be logged.
pub async fn query(installation: &Installation, question: Question) -> Result<SqlAnswer, Problem> {
    let questions = installation.questions.as_ref();
    installation.rows.refuse_remade(&question.sql)?;
    // Each execution is logged separately, also with a repeated Idempotency-Key: rows change.
    let cause = Cause::outside(installation.new_command());
    let id = InquiryId::derive(cause.command);
    let limits = question.limits.bounded();
    let command = InquiryCommand::Query {
        sql: question.sql.clone(),
        by: question.by,
        rows_max: u64::try_from(limits.rows_max).unwrap_or(u64::MAX),
        timeout_ms: limits.timeout_ms,
    };
    let end = follow(cause, "end");
    // Created before the query is logged, because the caller may disconnect right afterwards.
    let unanswered = QueryGuard::new(installation, id, end);
    if let Err(refused) = installation.entities.inquiries.ask(&id, command, cause).await {
        unanswered.close();
        return Err(refused.into());
    }
    let began = installation.now();
    let position = installation.rows.position();
    let asked = questions.ask(&question.sql, limits).await;
    unanswered.close();
    let elapsed_ms = elapsed_ms(installation, began);
    let command = match &asked {
        Ok(asked) => InquiryCommand::Answer {
            rows: count(asked.rows.len()),
            bytes: count(asked.bytes),
            elapsed_ms,
            truncated: asked.truncated.is_some(),
        },
        Err(error) => InquiryCommand::Refuse {
            code: error.code().to_owned(),
            detail: error.to_string(),
        },
    };
    installation.entities.inquiries.ask(&id, command, end).await?;
    let asked = asked?;
    Ok(SqlAnswer {
        rows: asked
            .rows
            .iter()
            .map(|row| row.iter().map(json_of).collect())
            .collect(),
        columns: asked.columns,
        truncated: asked.truncated.map(TruncationReason::code),
        inquiry: id,
        elapsed_ms,
        as_of_position: position.map(|at| at.to_string()),
    })
}

/// Logs that an inquiry was answered, with the number of rows and bytes and the time since `began`.
pub async fn log_answer(
    installation: &Installation,
    id: InquiryId,
    rows: u64,
    bytes: u64,
    began: Timestamp,
) -> Result<(), Problem> {
    let command = InquiryCommand::Answer {
        rows,
        bytes,
        elapsed_ms: installation.now().ms_since(began),
        truncated: false,
    };
    let cause = Cause::outside(installation.new_command());
    installation.entities.inquiries.ask(&id, command, cause).await?;
    Ok(())
}

/// The result of a query, as rows and columns.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SqlAnswer {
    #[schemars(example = ["calls"])]
    columns: Vec<String>,
    #[schemars(with = "Vec<Vec<Scalar>>")]
    rows: Vec<Vec<Value>>,
    /// Why rows are missing. Null if the result is complete.
    #[schemars(example = &"rows")]
    truncated: Option<&'static str>,
    /// Id of the logged inquiry.
    inquiry: InquiryId,
    elapsed_ms: u64,
    as_of_position: Option<String>,
}

/// A value of a row: text, number, true, false or null.
struct Scalar;

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = ["string", "number", "boolean", "null"];
        schemars::json_schema!({ "type": kinds, "examples": [1] })
    }
}

/// Returns the milliseconds since `began`, by the installation's clock.
pub fn elapsed_ms(installation: &Installation, began: Timestamp) -> u64 {
    u64::try_from(installation.now().duration_since(began).as_millis()).unwrap_or(u64::MAX)
}

fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Returns a database value as JSON. Bytes, which no documented view contains, are returned as their
/// number.
pub(crate) fn json_of(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Int(value) => json!(value),
        Val::Real(value) => json!(value),
        Val::Text(value) => json!(value),
        Val::Bool(value) => json!(value),
        Val::Blob(value) => json!(format!("{} bytes", value.len())),
    }
}
