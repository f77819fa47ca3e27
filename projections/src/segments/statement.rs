//! Translates a segment into one SQL statement that SQLite and PostgreSQL answer alike. Names come from the
//! catalogue only; values are bound as parameters, never written into the text.

use crate::value::Val;
use domain::attribute::{Attribute, AttributeType, AttributeValue, BuiltInAttribute, normalize_text};
use domain::segment::{Bound, Column, Condition, Operator, Segment};
use domain::time::Timestamp;

/// A SQL statement and the values of its parameters.
pub(super) struct BoundStatement {
    pub(super) sql: String,
    pub(super) values: Vec<Val>,
}

/// Returns the statement that counts the customers of a segment, without its LIMIT.
pub(super) fn build_count(segment: &Segment, now: Timestamp) -> BoundStatement {
    let mut writer = Writer::new(now);
    let condition = writer.whole(segment);
    BoundStatement {
        sql: format!("select count(*) from segment_people p{condition}"),
        values: writer.values,
    }
}

/// Returns the statement that reads known attributes of the customers of a segment, at most `count_max`,
/// ordered by id.
pub(super) fn build_attributes(
    segment: &Segment,
    now: Timestamp,
    known: &[&BuiltInAttribute],
    count_max: u64,
) -> BoundStatement {
    let mut writer = Writer::new(now);
    let condition = writer.whole(segment);
    let columns: Vec<String> = known
        .iter()
        .map(|known| format!(", p.a_{}", known.name))
        .collect();
    let count = segment.limit().unwrap_or(count_max).min(count_max);
    let count = writer.bind(Val::count(count));
    BoundStatement {
        sql: format!(
            "select p.customer{} from segment_people p{condition} order by p.customer limit {count}",
            columns.concat()
        ),
        values: writer.values,
    }
}

/// Returns the statement that lists the customers of a segment, at most `count_max`, in the segment's
/// order; customers that are equal in it are ordered by id.
pub(super) fn build_members(segment: &Segment, now: Timestamp, count_max: u64) -> BoundStatement {
    let mut writer = Writer::new(now);
    let condition = writer.whole(segment);
    let mut order = String::new();
    for by in segment.order() {
        let value = writer.value_of(&by.attribute);
        let way = match by.is_descending {
            true => "desc nulls last",
            false => "asc nulls first",
        };
        order.push_str(&format!("{value} {way}, "));
    }
    let count = segment.limit().unwrap_or(count_max).min(count_max);
    let count = writer.bind(Val::count(count));
    BoundStatement {
        sql: format!(
            "select p.customer from segment_people p{condition} order by {order}p.customer limit {count}"
        ),
        values: writer.values,
    }
}

struct Writer {
    now: Timestamp,
    values: Vec<Val>,
}

impl Writer {
    const fn new(now: Timestamp) -> Self {
        Self {
            now,
            values: Vec::new(),
        }
    }

    fn whole(&mut self, segment: &Segment) -> String {
        match segment.condition() {
            Some(condition) => format!(" where {}", self.condition(condition)),
            None => String::new(),
        }
    }

    /// Adds a parameter with this value and returns its name in the SQL.
    fn bind(&mut self, value: Val) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn bound(&mut self, bound: &Bound) -> String {
        let value = stored(&bound.at(self.now));
        self.bind(value)
    }

    fn value_of(&mut self, attribute: &Attribute) -> String {
        if attribute.known().is_some() {
            return format!("p.a_{attribute}");
        }
        let kept = match attribute.kind() {
            AttributeType::Text => "text",
            AttributeType::Integer
            | AttributeType::Decimal
            | AttributeType::Date
            | AttributeType::Time
            | AttributeType::Boolean => "number",
        };
        let name = self.bind(Val::text(attribute));
        format!("(select f.{kept} from segment_further f where f.customer = p.customer and f.name = {name})")
    }

    /// Returns the SQL condition that the customer has a tag, of the column's level if it names one, for
    /// which `fits` holds; without `fits`, any tag.
    fn has_tag(&mut self, column: &Column, fits: Option<String>) -> String {
        let level = match column {
            Column::Tag(Some(level)) => {
                let level = self.bind(Val::text(level.code()));
                format!(" and t.level = {level}")
            }
            Column::Tag(None) | Column::Attribute(_) => String::new(),
        };
        let fits = fits.map_or_else(String::new, |fits| format!(" and {fits}"));
        format!("exists (select 1 from segment_tags t where t.customer = p.customer{level}{fits})")
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::And(one, other) => format!("({} and {})", self.condition(one), self.condition(other)),
            Condition::Or(one, other) => format!("({} or {})", self.condition(one), self.condition(other)),
            Condition::Not(inner) => format!("(not {})", self.condition(inner)),
            Condition::Compare {
                column,
                operator,
                value,
            } => self.compare(column, *operator, value),
            Condition::Between {
                column,
                low,
                high,
                negated,
            } => {
                let (asked, not) = (self.asked(column), not(*negated));
                let (low, high) = (self.bound(low), self.bound(high));
                format!("({asked} {not}between {low} and {high})")
            }
            Condition::In {
                column,
                values,
                negated,
            } => {
                let places: Vec<String> = values.iter().map(|value| self.bound(value)).collect();
                let places = places.join(", ");
                match column {
                    Column::Tag(_) => {
                        let has = self.has_tag(column, Some(format!("t.folded in ({places})")));
                        format!("({}{has})", not(*negated))
                    }
                    Column::Attribute(attribute) => {
                        let asked = self.value_of(attribute);
                        format!("({asked} {}in ({places}))", not(*negated))
                    }
                }
            }
            Condition::Like {
                column,
                pattern,
                negated,
            } => {
                let pattern = self.bind(Val::text(pattern.folded()));
                let (pattern, not) = (format!("like {pattern} escape '\\'"), not(*negated));
                match column {
                    Column::Tag(_) => {
                        let has = self.has_tag(column, Some(format!("t.folded {pattern}")));
                        format!("({not}{has})")
                    }
                    Column::Attribute(attribute) => {
                        let asked = self.value_of(attribute);
                        format!("({asked} {not}{pattern})")
                    }
                }
            }
            Condition::IsNull { column, negated } => match column {
                Column::Tag(_) => {
                    let has = self.has_tag(column, None);
                    format!("({}{has})", not(!*negated))
                }
                Column::Attribute(attribute) => {
                    let asked = self.value_of(attribute);
                    format!("({asked} is {}null)", not(*negated))
                }
            },
        }
    }

    fn compare(&mut self, column: &Column, operator: Operator, value: &Bound) -> String {
        let value = self.bound(value);
        match column {
            Column::Tag(_) => {
                let has = self.has_tag(column, Some(format!("t.folded = {value}")));
                format!("({}{has})", not(operator != Operator::Equal))
            }
            Column::Attribute(attribute) => {
                let asked = self.value_of(attribute);
                format!("({asked} {} {value})", operator.sign())
            }
        }
    }

    /// Returns the SQL expression of a column's value, for comparisons by order. For tags it is `null`: they
    /// have no order, and no valid segment compares them.
    fn asked(&mut self, column: &Column) -> String {
        match column {
            Column::Attribute(attribute) => self.value_of(attribute),
            Column::Tag(_) => "null".to_owned(),
        }
    }
}

const fn not(negated: bool) -> &'static str {
    match negated {
        true => "not ",
        false => "",
    }
}

/// Returns a value as its column stores it: text in folded case, everything else as the integer that orders
/// it.
pub(super) fn stored(value: &AttributeValue) -> Val {
    match value {
        AttributeValue::Text(text) => Val::text(normalize_text(text)),
        ordered => ordered.ordered().map_or(Val::Null, Val::Int),
    }
}
