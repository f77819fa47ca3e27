//! Writes rows as Apache Parquet (format 2.0, Snappy), column by column, in row groups of bounded size.
//!
//! A crate of its own because of its dependencies: programs that export no Parquet need not build it. It does
//! not interpret the rows. Memory holds one row group; bytes already written are never read back.

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

/// Most rows of one row group; a group with this many is written. A reader loads one group at a time, and
/// this writer holds one in memory (some tens of megabytes).
const GROUP_ROWS_MAX: usize = 65_536;
/// Bytes of text in one row group from which the group is written, so that long texts give smaller groups.
const GROUP_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The number of values of the first group that decide whether a column gets a dictionary: it does if at
/// most half of them are distinct. If values hardly repeat, a dictionary costs a third of the writing time
/// and saves nothing.
const SAMPLE_VALUES: usize = 1_024;

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Integer,
    Real,
    Text,
    /// Microseconds since 1970-01-01 UTC.
    Instant,
}

/// One value of a row. A value that does not match the column's kind is written as null, without an error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
}

/// The reason why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ColumnarError(String);

impl From<ParquetError> for ColumnarError {
    fn from(error: ParquetError) -> Self {
        Self(match error {
            ParquetError::External(source) => source.to_string(),
            other => other.to_string(),
        })
    }
}

/// The values of one column of a row group, and the definition level of each cell: 0 for null, 1 for a value.
enum Column {
    Integers(Vec<i64>, Vec<i16>),
    Reals(Vec<f64>, Vec<i16>),
    Texts(Texts, Vec<i16>),
}

/// Texts in one buffer, so that none needs an allocation of its own.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    /// The end of each text in the buffer.
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// Returns all texts and empties the buffer. The texts share one allocation.
    fn take(&mut self) -> Vec<ByteArray> {
        let room = self.bytes.len();
        let bytes = Bytes::from(std::mem::replace(&mut self.bytes, Vec::with_capacity(room)));
        let mut begin = 0;
        let texts = self.ends.drain(..).map(|end| {
            let text = bytes.slice(begin..end);
            begin = end;
            ByteArray::from(text)
        });
        texts.collect()
    }

    fn first(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let places = begins.zip(self.ends.iter().copied()).take(count);
        places.map(|(begin, end)| self.bytes.get(begin..end).unwrap_or_default())
    }
}

impl Column {
    fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Integer | ColumnKind::Instant => Self::Integers(Vec::new(), Vec::new()),
            ColumnKind::Real => Self::Reals(Vec::new(), Vec::new()),
            ColumnKind::Text => Self::Texts(Texts::default(), Vec::new()),
        }
    }

    /// Adds a cell. Returns the number of bytes of text in it.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        let mut bytes = 0;
        let (defined, levels) = match (self, cell) {
            (Self::Integers(values, levels), Cell::Integer(value)) => {
                values.push(value);
                (1, levels)
            }
            (Self::Reals(values, levels), Cell::Real(value)) => {
                values.push(value);
                (1, levels)
            }
            (Self::Texts(values, levels), Cell::Text(text)) => {
                bytes = text.len();
                values.push(text);
                (1, levels)
            }
            (Self::Integers(_, levels) | Self::Reals(_, levels) | Self::Texts(_, levels), _) => (0, levels),
        };
        levels.push(defined);
        bytes
    }

    /// Returns true if a dictionary is worth writing for the column: at most half of its first
    /// `SAMPLE_VALUES` values are distinct. False for real numbers.
    fn repeats(&self) -> bool {
        let (values, distinct) = match self {
            Self::Integers(values, _) => {
                let sample: BTreeSet<_> = values.iter().take(SAMPLE_VALUES).collect();
                (values.len(), sample.len())
            }
            Self::Reals(..) => return false,
            Self::Texts(texts, _) => {
                let sample: BTreeSet<_> = texts.first(SAMPLE_VALUES).collect();
                (texts.ends.len(), sample.len())
            }
        };
        distinct * 2 <= values.min(SAMPLE_VALUES)
    }

    /// Writes the column's values and empties it.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Integers(values, levels) => {
                writer
                    .typed::<Int64Type>()
                    .write_batch(values, Some(levels), None)?;
                values.clear();
                levels.clear();
            }
            Self::Reals(values, levels) => {
                writer
                    .typed::<DoubleType>()
                    .write_batch(values, Some(levels), None)?;
                values.clear();
                levels.clear();
            }
            Self::Texts(values, levels) => {
                writer
                    .typed::<ByteArrayType>()
                    .write_batch(&values.take(), Some(levels), None)?;
                levels.clear();
            }
        }
        Ok(())
    }
}

/// A Parquet file that is being written. Without `finish` the file has no footer and cannot be read.
pub struct ParquetFile<W: Write + Send> {
    /// The output, until the first group is written: its values decide how columns are encoded.
    out: Option<W>,
    schema: Arc<Type>,
    writer: Option<SerializedFileWriter<W>>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file with these columns, in this order; each may contain nulls. Writes nothing to `out`
    /// until the first row group is complete.
    pub fn begin(out: W, columns: &[(&str, ColumnKind)]) -> Result<Self, ColumnarError> {
        let fields = columns
            .iter()
            .map(|(name, kind)| field(name, *kind).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        Ok(Self {
            out: Some(out),
            schema: Arc::new(schema),
            writer: None,
            columns: columns.iter().map(|(_, kind)| Column::of(*kind)).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    /// Creates the file writer, with the dictionary decision of each column from the values collected so
    /// far. Does nothing if it was created already.
    fn begun(&mut self) -> Result<(), ParquetError> {
        let Some(out) = self.out.take() else {
            return Ok(());
        };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for (field, column) in self.schema.get_fields().iter().zip(&self.columns) {
            let path = ColumnPath::from(field.name());
            properties = properties.set_column_dictionary_enabled(path, column.repeats());
        }
        let schema = Arc::clone(&self.schema);
        self.writer = Some(SerializedFileWriter::new(
            out,
            schema,
            Arc::new(properties.build()),
        )?);
        Ok(())
    }

    /// Adds one row. Missing cells are null; cells beyond the last column are ignored. Writes the row group
    /// when it has `GROUP_ROWS_MAX` rows or `GROUP_BYTES_MAX` bytes of text.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), ColumnarError> {
        let cells = cells.into_iter().chain(std::iter::repeat(Cell::Null));
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += column.push(cell);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX {
            self.end_group()?;
        }
        Ok(())
    }

    /// Writes the remaining rows and the footer, without which the file is not readable.
    pub fn finish(mut self) -> Result<(), ColumnarError> {
        if self.rows > 0 {
            self.end_group()?;
        }
        self.begun()?;
        if let Some(writer) = self.writer {
            writer.close()?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), ColumnarError> {
        self.begun()?;
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

fn field(name: &str, kind: ColumnKind) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        ColumnKind::Integer => (Physical::INT64, None),
        ColumnKind::Real => (Physical::DOUBLE, None),
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Instant => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn rows_read_back_as_they_were_over_several_groups_with_their_nulls() {
        let mut out = Vec::new();
        let columns = [
            ("n", ColumnKind::Integer),
            ("t", ColumnKind::Text),
            ("r", ColumnKind::Real),
        ];
        let mut file = ParquetFile::begin(&mut out, &columns).unwrap();
        let rows = i64::try_from(GROUP_ROWS_MAX).unwrap() + 2;
        for n in 0..rows {
            let text = format!("第{n}行");
            let text = if n % 3 == 0 { Cell::Null } else { Cell::Text(&text) };
            file.row([Cell::Integer(n), text, Cell::Real(0.5)]).unwrap();
        }
        file.finish().unwrap();
        let reader = SerializedFileReader::new(Bytes::from(out)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let shown: Vec<String> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        assert_eq!(i64::try_from(shown.len()), Ok(rows));
        assert_eq!(shown.first().map(String::as_str), Some("{n: 0, t: null, r: 0.5}"));
        assert_eq!(
            shown.last().map(String::as_str),
            Some("{n: 65537, t: \"第65537行\", r: 0.5}")
        );
    }

    #[test]
    fn a_file_without_rows_is_a_file() {
        let mut out = Vec::new();
        let file = ParquetFile::begin(&mut out, &[("n", ColumnKind::Instant)]).unwrap();
        file.finish().unwrap();
        let reader = SerializedFileReader::new(Bytes::from(out)).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
