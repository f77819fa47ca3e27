//! Parquet files, in builds with that feature: every column has its documented type.

use crate::exports::ExportError;
use crate::exports::sheet::{ExportOutput, Sheet};
use columnar::{Cell, ColumnKind, ColumnarError, ParquetFile};
use projections::Val;
use projections::sql_views::{SqlColumn, Unit};

/// Writes the rows of an export to a Parquet file.
pub(crate) struct ParquetSheet(ParquetFile<ExportOutput>);

impl ParquetSheet {
    pub(super) fn begin(out: ExportOutput, columns: &[&SqlColumn]) -> Result<Self, ExportError> {
        let columns: Vec<(&str, ColumnKind)> = columns
            .iter()
            .map(|column| (column.name, kind(column.unit)))
            .collect();
        Ok(Self(ParquetFile::begin(out, &columns)?))
    }
}

const fn kind(unit: Unit) -> ColumnKind {
    match unit {
        Unit::Id | Unit::Code | Unit::Text | Unit::Rfc3339 => ColumnKind::Text,
        Unit::Micros => ColumnKind::Instant,
        Unit::Count | Unit::Milliseconds | Unit::Flag | Unit::Position => ColumnKind::Integer,
    }
}

impl Sheet for ParquetSheet {
    fn row(&mut self, row: &[Val]) -> Result<(), ExportError> {
        let cells = row.iter().map(|value| match value {
            Val::Null | Val::Blob(_) => Cell::Null,
            Val::Int(number) => Cell::Integer(*number),
            Val::Bool(flag) => Cell::Integer(i64::from(*flag)),
            Val::Real(number) => Cell::Real(*number),
            Val::Text(text) => Cell::Text(text),
        });
        Ok(self.0.row(cells)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.0.finish()?)
    }
}

impl From<ColumnarError> for ExportError {
    fn from(error: ColumnarError) -> Self {
        Self::Write(error.to_string())
    }
}
