//! Writes RFM grades (recency, frequency, monetary value) to the customers of a segment, as the attribute
//! that offers, models and calling orders use.
//!
//! Grades are written page by page, ordered by customer id. A request that failed half-way is sent again;
//! customers who already have the grade get no new event. Customers with one of the three facts
//! unknown keep their grade.

use super::RfmRequest;
use super::rfm::scored;
use super::visibility::{SegmentVisibility, rounded_size};
use crate::installation::{Installation, follow};
use actors::AskError;
use domain::customer::{AttributesChange, Customer, CustomerCommand, ProfileOrigin};
use domain::decider::{Context, Decider};
use domain::grouping::RfmGrade;
use domain::ids::CustomerId;
use domain::model_tier::GRADE;
use domain::problem::Problem;
use domain::segment::{Column, Segment};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use futures_util::stream::{StreamExt, iter};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most customers of one request; the next request continues after them. Each is checked and may get a new
/// event.
const GRADES_OF_REQUEST_MAX: usize = 5_000;

/// Customers handled concurrently: enough to fill a group commit.
const AT_ONCE_MAX: usize = 64;

/// Longest reason in bytes. It is stored permanently and must not name a person.
const REASON_BYTES_MAX: usize = 256;

/// Most refused customers who are named. All are counted.
const NAMED_MAX: usize = 100;

/// The rule name in the customers' events.
const RULE: &str = "rfm";

/// A request to write grades, with the reason.
#[derive(ApiRequest, JsonSchema)]
#[request(before = refuse_past_grades)]
#[schemars(extend("examples" = [{ "sql": "SELECT * FROM customers", "reason": "grades of the quarter" }]))]
pub struct GradesRequest {
    #[schemars(flatten)]
    graded: RfmRequest,
    /// Reason, stored permanently with each grade. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// If true, nothing is stored; the reply gives what would change.
    dry_run: Option<bool>,
    /// Continues after this customer, from `goes_on_after` of the last reply.
    #[member(parse)]
    after: Option<CustomerId>,
}

fn refuse_past_grades(body: &mut Members) {
    // A later page uses the customers of the first one, even if they changed since.
    if !body.is_absent("as_of") && body.is_absent("after") {
        body.wrong("as_of", "grades of the past are asked for, and not written");
    }
}

/// The result of writing one page of grades.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GradesChangeResponse {
    /// The value of NOW(). Send it with the request for the next page.
    pub at: Timestamp,
    /// Log position at which the customers were graded. Send it with the request for the next page.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"1200")]
    pub as_of: Position,
    /// Number of customers of the segment with all three facts, and number of those without.
    pub graded: usize,
    pub without_facts: usize,
    /// Number of customers of this page with a new grade, with the same one, and refused.
    pub changed: usize,
    pub unchanged: usize,
    pub refused_count: usize,
    /// The first hundred refused customers.
    pub refused: Vec<RefusedGrade>,
    /// Customers of this page who got a new grade, by grade.
    #[schemars(extend("examples" = [{ "champion": 12 }]))]
    pub by_grade: BTreeMap<&'static str, usize>,
    /// Customers remain after this one; absent if all are done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_on_after: Option<CustomerId>,
    pub dry_run: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A customer who keeps the old grade, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedGrade {
    pub customer: CustomerId,
    #[schemars(example = &"the customer was erased, or is being erased")]
    pub why: String,
}

impl GradesChangeResponse {
    fn rounded(mut self) -> Self {
        for count in [
            &mut self.graded,
            &mut self.without_facts,
            &mut self.changed,
            &mut self.unchanged,
            &mut self.refused_count,
        ] {
            *count = rounded_size(*count);
        }
        for people in self.by_grade.values_mut() {
            *people = rounded_size(*people);
        }
        self.by_grade.retain(|_, people| *people > 0);
        self
    }
}

/// A customer of a segment and the grade to be written.
struct GradedCustomer {
    customer: CustomerId,
    grade: RfmGrade,
}

impl Installation {
    /// Grades a segment's customers (RFM) and writes the grades of one page of them, in the order of their
    /// ids. Customers who have the grade already get no event. A dry run stores nothing.
    pub async fn write_grades(
        &self,
        order: GradesRequest,
        sight: SegmentVisibility,
        cause: Cause,
    ) -> Result<GradesChangeResponse, Problem> {
        let GradesRequest {
            graded: RfmRequest { asked, limits },
            reason,
            dry_run,
            after,
        } = order;
        let dry_run = dry_run.unwrap_or(false);
        if Segment::read(&asked.sql).is_ok_and(|segment| asks_of_grades(&segment)) {
            let detail = format!("the segment uses {GRADE}, which this request writes: leave it out");
            return Err(Problem::refused("segment-asks-what-it-writes", detail));
        }
        let (counted, answer) = self.rfm_facts(asked).await?;
        let at = counted.at;
        let known = answer.known.len();
        let mut people: Vec<GradedCustomer> = scored(at, &answer.known, limits.as_ref())
            .into_iter()
            .map(|one| GradedCustomer {
                customer: one.customer.clone(),
                grade: one.score.grade(),
            })
            .collect();
        let graded_count = people.len();
        people.sort_unstable_by(|one, other| one.customer.cmp(&other.customer));
        people.retain(|one| after.as_ref().is_none_or(|after| one.customer > *after));
        let is_more = people.len() > GRADES_OF_REQUEST_MAX;
        people.truncate(GRADES_OF_REQUEST_MAX);
        let last = people.last().map(|one| one.customer.clone());
        let mut written = GradesChangeResponse {
            at,
            as_of: counted.position,
            graded: graded_count,
            without_facts: known - graded_count,
            changed: 0,
            unchanged: 0,
            refused_count: 0,
            refused: Vec::new(),
            by_grade: BTreeMap::new(),
            goes_on_after: last.filter(|_| is_more),
            dry_run,
            position: counted.position,
        };
        let each = iter(people).map(|one| self.write_grade(one, &reason, dry_run, cause));
        let mut each = each.buffered(AT_ONCE_MAX);
        while let Some(done) = each.next().await {
            written.note(done?);
        }
        // Grades follow from sealed orders and amounts.
        Ok(match sight.reveals() {
            true => written,
            false => written.rounded(),
        })
    }

    async fn write_grade(
        &self,
        one: GradedCustomer,
        reason: &str,
        dry_run: bool,
        cause: Cause,
    ) -> Result<GradeChange, Problem> {
        let order = AttributesChange {
            values: BTreeMap::from([(GRADE.to_owned(), one.grade.code.to_owned())]),
            cleared: Vec::new(),
            origin: ProfileOrigin::Rule {
                rule: RULE.to_owned(),
                reason: Some(reason.to_owned()),
            },
        };
        let command = CustomerCommand::SetAttributes(Box::new(order));
        let customers = &self.entities.customers;
        let asked = match dry_run {
            true => {
                let state = customers.state(&one.customer).await?.state;
                let context = Context { now: self.now() };
                let decided = Customer::decide(&state, command, context);
                decided
                    .map(|events| (events.len(), Position(0)))
                    .map_err(AskError::Refused)
            }
            false => {
                let cause = follow(cause, &format!("grade/{}", one.customer));
                let asked = customers.ask(&one.customer, command, cause).await;
                asked.map(|answer| (answer.events.len(), answer.position))
            }
        };
        let how = match asked {
            Ok((0, position)) => GradeChangeResult::Same(position),
            Ok((_, position)) => GradeChangeResult::Changed(position),
            Err(AskError::Refused(why)) => GradeChangeResult::Refused(why.to_string()),
            Err(other) => return Err(other.into()),
        };
        Ok(GradeChange { of: one, how })
    }
}

/// Returns true if the segment depends on the grade attribute: then each page would be graded among other
/// customers than the page before. The request is refused.
fn asks_of_grades(segment: &Segment) -> bool {
    let is_grade = |column: &&Column| matches!(column, Column::Attribute(one) if one.name() == GRADE);
    segment.columns().iter().any(is_grade) || segment.order().iter().any(|by| by.attribute.name() == GRADE)
}

/// What happened to the grade of one customer.
struct GradeChange {
    of: GradedCustomer,
    how: GradeChangeResult,
}

enum GradeChangeResult {
    Changed(Position),
    Same(Position),
    Refused(String),
}

impl GradesChangeResponse {
    fn note(&mut self, done: GradeChange) {
        match done.how {
            GradeChangeResult::Changed(position) => {
                self.changed += 1;
                *self.by_grade.entry(done.of.grade.code).or_default() += 1;
                self.position = self.position.max(position);
            }
            GradeChangeResult::Same(position) => {
                self.unchanged += 1;
                self.position = self.position.max(position);
            }
            GradeChangeResult::Refused(why) => {
                self.refused_count += 1;
                if self.refused.len() < NAMED_MAX {
                    let customer = done.of.customer;
                    self.refused.push(RefusedGrade { customer, why });
                }
            }
        }
    }
}
