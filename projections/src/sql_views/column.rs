//! The description of documented views and their columns, and short constructors for the catalog.

/// One documented view.
#[derive(Debug, Clone, Copy)]
pub struct SqlView {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// The table that the view reads; `None` for a list of codes with labels.
    pub table: Option<&'static str>,
    pub columns: &'static [SqlColumn],
}

/// One column of a documented view.
#[derive(Debug, Clone, Copy)]
pub struct SqlColumn {
    pub name: &'static str,
    pub unit: Unit,
    pub zh: &'static str,
    pub en: &'static str,
    pub(super) source: Source,
}

/// The unit and SQL type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// An id made by this system, TEXT.
    Id,
    /// A code of a closed list, TEXT.
    Code,
    Text,
    Count,
    Milliseconds,
    /// Microseconds since 1970-01-01 UTC, BIGINT.
    Micros,
    /// A time in RFC 3339, UTC, with six decimals, TEXT; sorts by time.
    Rfc3339,
    /// 0 or 1.
    Flag,
    /// A position in the log.
    Position,
}

impl Unit {
    /// Returns the unit as the reference shows it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "TEXT, id",
            Self::Code => "TEXT, code",
            Self::Text => "TEXT",
            Self::Count => "BIGINT, count",
            Self::Milliseconds => "BIGINT, ms",
            Self::Micros => "BIGINT, µs since 1970-01-01 UTC",
            Self::Rfc3339 => "TEXT, RFC 3339 UTC",
            Self::Flag => "BIGINT, 0 or 1",
            Self::Position => "BIGINT, position in the log",
        }
    }
}

impl SqlColumn {
    /// Returns the column with another source: a column of the table with this name, or an expression over
    /// its row.
    pub(super) const fn from(self, from: &'static str) -> Self {
        Self {
            source: Source::Column(from),
            ..self
        }
    }
}

/// From what a column's value is computed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// A column of the table, unchanged.
    Column(&'static str),
    /// A column of 16 bytes, shown as the text of a UUID.
    Uuid(&'static str),
    /// A column in microseconds, shown as text.
    Instant(&'static str),
    /// An expression over the row of the enrolment that a call belongs to.
    Enrolment(&'static str),
    /// A column of a list of codes.
    Label,
    /// The id of a number, keyed with the customer of the row.
    KeyedNumber,
}

/// The meaning of a column: in Chinese, in English.
pub(super) type ColumnMeaning = (&'static str, &'static str);

pub(super) const fn column(
    name: &'static str,
    unit: Unit,
    from: &'static str,
    words: ColumnMeaning,
) -> SqlColumn {
    let (zh, en) = words;
    let source = Source::Column(from);
    SqlColumn {
        name,
        unit,
        zh,
        en,
        source,
    }
}
pub(super) const fn id(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Id, name, words)
}
/// Makes a column that shows an id as text, which the table stores in 16 bytes.
pub(super) const fn uuid(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    let (zh, en) = words;
    let source = Source::Uuid(name);
    SqlColumn {
        name,
        unit: Unit::Id,
        zh,
        en,
        source,
    }
}
pub(super) const fn code(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Code, name, words)
}
pub(super) const fn text(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Text, name, words)
}
pub(super) const fn count(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Count, name, words)
}
pub(super) const fn ms(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Milliseconds, name, words)
}
pub(super) const fn flag(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Flag, name, words)
}
pub(super) const fn micros(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    column(name, Unit::Micros, name, words)
}
pub(super) const fn position(name: &'static str, from: &'static str) -> SqlColumn {
    column(
        name,
        Unit::Position,
        from,
        ("日志位置", "log position of this row's event"),
    )
}
/// Makes a text column in RFC 3339 that shows a column in microseconds.
pub(super) const fn instant(name: &'static str, from: &'static str) -> SqlColumn {
    SqlColumn {
        name,
        unit: Unit::Rfc3339,
        zh: "同上，文本",
        en: "the same instant as text",
        source: Source::Instant(from),
    }
}
/// Makes a column of the enrolment to which a call belongs, by an expression over its row.
pub(super) const fn of_enrolment(
    name: &'static str,
    unit: Unit,
    expression: &'static str,
    words: ColumnMeaning,
) -> SqlColumn {
    let (zh, en) = words;
    let source = Source::Enrolment(expression);
    SqlColumn {
        name,
        unit,
        zh,
        en,
        source,
    }
}
/// Makes a column with the id of a number, keyed with the row's customer, so that customers with the same
/// number do not show the same id.
pub(super) const fn keyed_number(name: &'static str, words: ColumnMeaning) -> SqlColumn {
    let (zh, en) = words;
    SqlColumn {
        name,
        unit: Unit::Id,
        zh,
        en,
        source: Source::KeyedNumber,
    }
}
pub(super) const fn label(name: &'static str, unit: Unit, words: ColumnMeaning) -> SqlColumn {
    let (zh, en) = words;
    let source = Source::Label;
    SqlColumn {
        name,
        unit,
        zh,
        en,
        source,
    }
}
