//! The values that are exchanged with a database, and a row that is read from left to right.

use crate::error::ProjectionError;
use domain::call::CallSums;
use domain::personal::Personal;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Display;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use uuid::Uuid;

/// One value of a statement or a row. Integers have 64 bits; SQLite returns a `Bool` as an `Int`.
#[derive(Debug, Clone)]
pub enum Val {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    Bool(bool),
}

impl Val {
    const fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Int(_) => 1,
            Self::Real(_) => 2,
            Self::Text(_) => 3,
            Self::Blob(_) => 4,
            Self::Bool(_) => 5,
        }
    }

    /// Returns the name of the value's type, for error texts about a value that may be personal.
    pub(crate) const fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a real",
            Self::Text(_) => "a text",
            Self::Blob(_) => "a blob",
            Self::Bool(_) => "a boolean",
        }
    }

    /// Makes a text of any id or code.
    pub fn text(value: impl Display) -> Self {
        Self::Text(value.to_string())
    }
    /// Makes a text of a value that may be absent.
    pub fn maybe_text(value: Option<impl Display>) -> Self {
        value.map_or(Self::Null, Self::text)
    }
    /// Makes an integer of a count or size; above 63 bits it saturates.
    pub fn count(value: impl TryInto<i64>) -> Self {
        Self::Int(value.try_into().unwrap_or(i64::MAX))
    }
    /// Converts a count; `None` becomes `Null`.
    pub fn maybe_count(value: Option<impl TryInto<i64>>) -> Self {
        value.map_or(Self::Null, Self::count)
    }
    /// Converts a time to microseconds since 1970.
    pub const fn at(at: Timestamp) -> Self {
        Self::Int(at.micros())
    }
    /// Converts a time to microseconds since 1970; `None` becomes `Null`.
    pub fn maybe_at(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::at)
    }
    pub fn position(position: Position) -> Self {
        Self::count(position.0)
    }
}

/// Orders values by their type, then by content. Keys of rows are compared by this order in memory, never by
/// a database's rules. Reals are compared by their bits.
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(one), Self::Int(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Real(one), Self::Real(two)) => one.total_cmp(two),
            (Self::Blob(one), Self::Blob(two)) => one.cmp(two),
            (Self::Bool(one), Self::Bool(two)) => one.cmp(two),
            (one, two) => one.kind().cmp(&two.kind()),
        }
    }
}

/// Hashes the type and the content, in agreement with the equality of values.
impl Hash for Val {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.kind());
        match self {
            Self::Null => {}
            Self::Int(value) => value.hash(state),
            Self::Real(value) => value.to_bits().hash(state),
            Self::Text(value) => value.hash(state),
            Self::Blob(value) => value.hash(state),
            Self::Bool(value) => value.hash(state),
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Val {}

/// One row. Its columns are read in the order of the `select` list.
#[derive(Debug, Clone)]
pub struct Row {
    values: std::vec::IntoIter<Val>,
}

/// Returns text that both databases can store. PostgreSQL refuses the null character, and SQLite's text
/// functions stop at it, so it is replaced by U+FFFD.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

fn unexpected(wanted: &str, found: &Val) -> ProjectionError {
    // Only the type is named: the value may be personal, in sealed form.
    let found = found.kind_name();
    ProjectionError::Fault(format!("a column holds {found}, not {wanted}"))
}

impl Row {
    /// Makes a reader of a row's columns, from the first one on.
    pub fn new(values: Vec<Val>) -> Self {
        Self {
            values: values.into_iter(),
        }
    }

    /// Returns the next column, whatever its type. Fails if the row has no further column.
    pub fn val(&mut self) -> Result<Val, ProjectionError> {
        self.values
            .next()
            .ok_or_else(|| ProjectionError::Fault("a row has fewer columns than are read".to_owned()))
    }

    /// Returns the next column as an integer (a truth value is 0 or 1), `None` for `Null`. Fails for
    /// another type.
    pub fn maybe_int(&mut self) -> Result<Option<i64>, ProjectionError> {
        match self.val()? {
            Val::Null => Ok(None),
            Val::Int(value) => Ok(Some(value)),
            Val::Bool(value) => Ok(Some(i64::from(value))),
            other @ (Val::Real(_) | Val::Text(_) | Val::Blob(_)) => Err(unexpected("an integer", &other)),
        }
    }

    /// Returns the next column as an integer (a truth value is 0 or 1). Fails for `Null` or another type.
    pub fn int(&mut self) -> Result<i64, ProjectionError> {
        self.maybe_int()?
            .ok_or_else(|| unexpected("an integer", &Val::Null))
    }

    /// Returns the next seven columns as sums of calls, in the order of `CallSums::values`.
    pub(crate) fn call_sums(&mut self) -> Result<CallSums, ProjectionError> {
        let mut values = [0; 7];
        for value in &mut values {
            *value = self.int()?;
        }
        Ok(CallSums::from_values(values))
    }

    /// Returns the next column as a count. Fails for another type or a negative value.
    pub fn count(&mut self) -> Result<u64, ProjectionError> {
        let value = self.int()?;
        u64::try_from(value).map_err(|error| ProjectionError::Fault(format!("a count is {value}: {error}")))
    }

    /// Returns the next column as a count, `None` for `Null` or a negative value. Fails for another type.
    pub fn maybe_count(&mut self) -> Result<Option<u64>, ProjectionError> {
        Ok(self.maybe_int()?.and_then(|value| u64::try_from(value).ok()))
    }

    /// Returns true if the next column is an integer other than 0. Fails for `Null` or another type.
    pub fn flag(&mut self) -> Result<bool, ProjectionError> {
        Ok(self.int()? != 0)
    }

    /// Returns the next column as a text, `None` for `Null`. Fails for another type.
    pub fn maybe_text(&mut self) -> Result<Option<String>, ProjectionError> {
        match self.val()? {
            Val::Null => Ok(None),
            Val::Text(value) => Ok(Some(value)),
            other @ (Val::Int(_) | Val::Real(_) | Val::Blob(_) | Val::Bool(_)) => {
                Err(unexpected("a text", &other))
            }
        }
    }

    /// Returns the next column as a text. Fails for `Null` or another type.
    pub fn text(&mut self) -> Result<String, ProjectionError> {
        self.maybe_text()?.ok_or_else(|| unexpected("a text", &Val::Null))
    }

    /// Returns the next column as a text parsed to `T`, for example an id.
    pub fn parse<T: FromStr>(&mut self) -> Result<T, ProjectionError>
    where
        T::Err: Display,
    {
        parse(&self.text()?)
    }

    /// Returns the next column as a text parsed to `T`, `None` for `Null`. Fails if the text cannot be
    /// parsed.
    pub fn maybe_parse<T: FromStr>(&mut self) -> Result<Option<T>, ProjectionError>
    where
        T::Err: Display,
    {
        self.maybe_text()?.as_deref().map(parse).transpose()
    }

    /// Returns the next column as an id of 16 bytes.
    pub fn uuid(&mut self) -> Result<Uuid, ProjectionError> {
        self.maybe_uuid()?.ok_or_else(|| unexpected("an id", &Val::Null))
    }

    /// Returns the next column as an id of 16 bytes, `None` for `Null`. Fails for another type or length.
    pub fn maybe_uuid(&mut self) -> Result<Option<Uuid>, ProjectionError> {
        match self.val()? {
            Val::Null => Ok(None),
            Val::Blob(bytes) => match Uuid::from_slice(&bytes) {
                Ok(id) => Ok(Some(id)),
                Err(error) => Err(ProjectionError::Fault(format!("an id cannot be read: {error}"))),
            },
            other @ (Val::Int(_) | Val::Real(_) | Val::Text(_) | Val::Bool(_)) => {
                Err(unexpected("an id", &other))
            }
        }
    }

    /// Returns the next column, microseconds since 1970, as a time.
    pub fn at(&mut self) -> Result<Timestamp, ProjectionError> {
        self.int().map(Timestamp::from_micros)
    }

    /// Returns the next column, microseconds since 1970, as a time; `None` for `Null`.
    pub fn maybe_at(&mut self) -> Result<Option<Timestamp>, ProjectionError> {
        Ok(self.maybe_int()?.map(Timestamp::from_micros))
    }

    /// Returns the next column as a position of the log.
    pub fn position(&mut self) -> Result<Position, ProjectionError> {
        self.count().map(Position)
    }

    /// Returns the next column as a personal value in its sealed or erased form.
    pub fn personal(&mut self) -> Result<Personal<String>, ProjectionError> {
        read_personal(&self.text()?)
    }

    /// Returns the next column as a personal value in its sealed or erased form, `None` for `Null`.
    pub fn maybe_personal(&mut self) -> Result<Option<Personal<String>>, ProjectionError> {
        self.maybe_text()?.as_deref().map(read_personal).transpose()
    }

    /// Returns all columns that have not been read.
    pub fn rest(self) -> Vec<Val> {
        self.values.collect()
    }
}

fn read_personal(json: &str) -> Result<Personal<String>, ProjectionError> {
    serde_json::from_str(json)
        .map_err(|error| ProjectionError::Fault(format!("a sealed column cannot be read: {error}")))
}

fn parse<T: FromStr>(text: &str) -> Result<T, ProjectionError>
where
    T::Err: Display,
{
    text.parse()
        .map_err(|error: T::Err| ProjectionError::Fault(format!("a column cannot be read: {error}")))
}
