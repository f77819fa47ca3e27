//! Converts values to and from PostgreSQL by the type of the parameter or column, so that both databases
//! store and return the same. A value that would lose precision is refused, never rounded.

use crate::value::{Val, storable};
use bytes::{BufMut, BytesMut};
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

/// The error for a value that a parameter or column of this type cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("{value} does not fit {database_type}: {hint}")]
pub(super) struct ValueTypeMismatch {
    value: &'static str,
    database_type: String,
    hint: &'static str,
}

type BoxedError = Box<dyn Error + Sync + Send>;

/// Names only the value's type, because the value may be personal.
fn unfit(value: &Val, database_type: &Type) -> BoxedError {
    Box::new(ValueTypeMismatch {
        value: value.kind_name(),
        database_type: database_type.name().to_owned(),
        hint: "columns are BIGINT, TEXT, DOUBLE PRECISION or BYTEA; a parameter without a column needs a cast",
    })
}

impl ToSql for Val {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, BoxedError> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Int(value) => put_integer(self, *value, wanted, out)?,
            Self::Bool(value) => put_integer(self, i64::from(*value), wanted, out)?,
            Self::Real(value) if *wanted == Type::FLOAT8 => out.put_f64(*value),
            Self::Text(value) if is_text(wanted) => out.put_slice(storable(value).as_bytes()),
            Self::Blob(value) if *wanted == Type::BYTEA => out.put_slice(value),
            Self::Real(_) | Self::Text(_) | Self::Blob(_) => return Err(unfit(self, wanted)),
        }
        Ok(IsNull::No)
    }

    /// Accepts all types; a value that does not fit is an error of `to_sql`, which names it.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(super) fn is_text(wanted: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN].contains(wanted)
}

fn put_integer(value: &Val, integer: i64, wanted: &Type, out: &mut BytesMut) -> Result<(), BoxedError> {
    match *wanted {
        Type::INT8 => out.put_i64(integer),
        Type::INT4 => out.put_i32(i32::try_from(integer)?),
        Type::INT2 => out.put_i16(i16::try_from(integer)?),
        Type::FLOAT8 if is_exact(integer) => out.put_f64(integer as f64),
        Type::BOOL if (0..=1).contains(&integer) => out.put_u8(u8::from(integer == 1)),
        _ => return Err(unfit(value, wanted)),
    }
    Ok(())
}

/// Returns true if a double holds the integer exactly: up to 53 bits.
const fn is_exact(integer: i64) -> bool {
    integer.unsigned_abs() <= 1 << 53
}

/// Returns true if a column of this type can be read; checked before the first row.
pub(super) fn is_readable(column: &Type) -> bool {
    is_text(column)
        || [
            Type::INT8,
            Type::INT4,
            Type::INT2,
            Type::BOOL,
            Type::FLOAT8,
            Type::FLOAT4,
            Type::BYTEA,
        ]
        .contains(column)
}

/// A column's value, converted to what SQLite would return.
pub(super) struct Cell(pub(super) Val);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, BoxedError> {
        let value = match *found {
            Type::INT8 => Val::Int(i64::from_sql(found, raw)?),
            Type::INT4 => Val::Int(i64::from(i32::from_sql(found, raw)?)),
            Type::INT2 => Val::Int(i64::from(i16::from_sql(found, raw)?)),
            // SQLite has no booleans.
            Type::BOOL => Val::Int(i64::from(bool::from_sql(found, raw)?)),
            Type::FLOAT8 => Val::Real(f64::from_sql(found, raw)?),
            Type::FLOAT4 => Val::Real(f64::from(f32::from_sql(found, raw)?)),
            Type::BYTEA => Val::Blob(raw.to_vec()),
            _ => Val::Text(std::str::from_utf8(raw)?.to_owned()),
        };
        Ok(Self(value))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxedError> {
        Ok(Self(Val::Null))
    }

    fn accepts(found: &Type) -> bool {
        is_readable(found)
    }
}
