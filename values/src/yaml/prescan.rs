//! A pass over a text before the parser runs: it checks the nesting depth and refuses tokens that YAML 1.1
//! reads differently.
//!
//! It follows YAML's lexical rules: flow brackets outside quotes, comments and block scalars; block
//! indicators (`-`, `?`, `:`); indentation. It guarantees a limit and is not a grammar: text that is not YAML
//! can pass and is then refused by the parser. Parser and tree have the same limit, so a text that this pass
//! misreads causes no harm.

use super::YamlError;

/// Deepest nesting of lists and maps in a YAML text; deeper texts are refused. `serde_json` has the same
/// limit of 128.
pub const NESTING_MAX: usize = 128;

/// The result of the check before parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prescan {
    pub depth: usize,
    /// Number of loop steps, at most two per byte. A test checks it.
    pub steps: usize,
}

pub(super) fn check(text: &str) -> Result<Prescan, YamlError> {
    let mut pass = Pass::new(text);
    while !pass.is_at_end() {
        pass.token()?;
    }
    Ok(Prescan {
        depth: pass.depth_max,
        steps: pass.steps,
    })
}

/// An open block collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    column: usize,
    is_sequence: bool,
}

struct Pass<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    line_start: usize,
    /// Only blanks precede in this line.
    is_line_head: bool,
    levels: Vec<Level>,
    flow: usize,
    /// Column at which the key of this line began. It is the level of the key's mapping.
    key_column: Option<usize>,
    /// The previous token was an anchor, an alias or a tag.
    is_after_property: bool,
    depth_max: usize,
    steps: usize,
}

impl<'a> Pass<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            line: 1,
            line_start: 0,
            is_line_head: true,
            levels: Vec::new(),
            flow: 0,
            key_column: None,
            is_after_property: false,
            depth_max: 0,
            steps: 0,
        }
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte_after(&self) -> Option<u8> {
        self.bytes.get(self.at + 1).copied()
    }

    fn column(&self) -> usize {
        self.at - self.line_start
    }

    /// Consumes one byte and counts lines.
    fn advance(&mut self) {
        let byte = self.peek();
        self.at += 1;
        self.steps += 1;
        let is_break = match byte {
            Some(b'\n') => true,
            Some(b'\r') => self.peek() != Some(b'\n'),
            _ => false,
        };
        if is_break {
            self.line += 1;
            self.line_start = self.at;
            self.is_line_head = true;
            // A key ends with its line.
            if self.flow == 0 {
                self.key_column = None;
            }
        }
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|byte| !is_break(byte)) {
            self.advance();
        }
    }

    /// Consumes one token, or one byte of white space. Fails if the nesting is too deep or a token is
    /// refused.
    fn token(&mut self) -> Result<(), YamlError> {
        let Some(byte) = self.peek() else {
            return Ok(());
        };
        if is_white(byte) {
            self.advance();
            return Ok(());
        }
        if byte == b'#' && self.is_after_white() {
            self.skip_line();
            return Ok(());
        }
        if self.is_line_head && self.is_line_of_its_own() {
            self.levels.clear();
            self.flow = 0;
            self.at += 3;
            self.steps += 1;
            self.is_line_head = false;
            return Ok(());
        }
        if self.is_line_head && self.flow == 0 {
            self.close_levels(byte == b'-' && self.is_indicator());
        }
        self.is_line_head = false;
        let is_after_property = std::mem::take(&mut self.is_after_property);
        match byte {
            b':' if self.flow > 0 && is_after_property && !self.is_key_end() => {
                Err(self.refused("a `:` before a value inside brackets; write the value in quotes"))
            }
            b'[' | b'{' => self.open_flow(),
            b']' | b'}' => {
                self.flow = self.flow.saturating_sub(1);
                self.advance();
                Ok(())
            }
            b'"' | b'\'' => {
                self.start_key();
                self.skip_quoted(byte);
                Ok(())
            }
            b'&' | b'*' | b'!' => {
                self.start_key();
                self.skip_property(byte)
            }
            b'?' if self.flow > 0 && !self.is_indicator() => {
                Err(self.refused("a `?` before a value inside brackets; write the value in quotes"))
            }
            b':' if self.is_indicator() || self.flow > 0 => self.key_ends(),
            b'-' | b'?' if self.flow == 0 && self.is_indicator() => {
                let (column, is_sequence) = (self.column(), byte == b'-');
                self.advance();
                self.key_column = None;
                self.open_level(column, is_sequence)
            }
            b'|' | b'>' if self.flow == 0 => self.skip_block_scalar(),
            b',' if self.flow > 0 => {
                self.advance();
                Ok(())
            }
            _ => {
                self.start_key();
                self.skip_plain();
                Ok(())
            }
        }
    }

    /// Returns true at `---` or `...` at the start of a line, where a document begins or ends.
    fn is_line_of_its_own(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_marker = rest.starts_with(b"---") || rest.starts_with(b"...");
        self.column() == 0 && is_marker && rest.get(3).is_none_or(|byte| is_white(*byte))
    }

    fn is_after_white(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        before.is_none_or(|byte| is_white(*byte))
    }

    /// Returns true if white space or the end follows the current byte, as after a block indicator.
    fn is_indicator(&self) -> bool {
        self.byte_after().is_none_or(is_white)
    }

    /// Returns the error for a token that the earlier YAML 1.1 parser read differently (decision 0190).
    fn refused(&self, why: &str) -> YamlError {
        YamlError::Unreadable {
            why: why.to_owned(),
            line: self.line,
            column: self.column() + 1,
        }
    }

    fn start_key(&mut self) {
        if self.flow == 0 && self.key_column.is_none() {
            self.key_column = Some(self.column());
        }
    }

    /// Closes the open block collections that are indented more than the current line. `is_entry`: the line
    /// begins with `- `.
    fn close_levels(&mut self, is_entry: bool) {
        let column = self.column();
        while let Some(level) = self.levels.last() {
            let is_ended_here = level.column == column && level.is_sequence && !is_entry;
            if level.column <= column && !is_ended_here {
                return;
            }
            self.levels.pop();
            self.steps += 1;
        }
    }

    fn open_level(&mut self, column: usize, is_sequence: bool) -> Result<(), YamlError> {
        let is_open = self.levels.last().is_some_and(|level| {
            level.column > column || (level.column == column && (level.is_sequence || !is_sequence))
        });
        if !is_open {
            self.levels.push(Level { column, is_sequence });
        }
        self.count()
    }

    fn open_flow(&mut self) -> Result<(), YamlError> {
        self.start_key();
        self.flow += 1;
        self.advance();
        self.count()
    }

    fn count(&mut self) -> Result<(), YamlError> {
        self.depth_max = self.depth_max.max(self.levels.len() + self.flow);
        if self.depth_max > NESTING_MAX {
            return Err(YamlError::TooDeep { line: self.line });
        }
        Ok(())
    }

    /// Consumes the `:` after a key. In block context it opens the key's mapping; in flow context the
    /// bracket did so.
    fn key_ends(&mut self) -> Result<(), YamlError> {
        let column = self.key_column.take().unwrap_or_else(|| self.column());
        self.advance();
        if self.flow > 0 {
            return Ok(());
        }
        self.open_level(column, false)
    }

    fn skip_quoted(&mut self, quote: u8) {
        self.advance();
        while let Some(byte) = self.peek() {
            let is_escape = (quote == b'"' && byte == b'\\')
                || (quote == b'\'' && byte == quote && self.byte_after() == Some(quote));
            self.advance_in_scalar();
            if is_escape {
                self.advance_in_scalar();
            } else if byte == quote {
                return;
            }
        }
    }

    /// Like [`Self::advance`], but a line break does not end the key, because a quoted text can span lines.
    fn advance_in_scalar(&mut self) {
        let (key_column, is_line_head) = (self.key_column, self.is_line_head);
        self.advance();
        self.key_column = key_column;
        self.is_line_head = is_line_head;
    }

    /// Consumes an anchor, an alias or a tag, depending on its first byte.
    fn skip_property(&mut self, first: u8) -> Result<(), YamlError> {
        self.advance();
        while let Some(byte) = self.peek() {
            if is_white(byte) || (self.flow > 0 && is_flow_indicator(byte)) {
                break;
            }
            let is_name = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if first != b'!' && !is_name {
                return Err(
                    self.refused("the name of an anchor has a character other than a-z, 0-9, - and _")
                );
            }
            self.advance();
        }
        self.is_after_property = true;
        Ok(())
    }

    /// Consumes a plain scalar. It ends before `: `, ` #`, the end of its lines, and in flow context before a
    /// flow indicator.
    fn skip_plain(&mut self) {
        loop {
            while let Some(byte) = self.peek() {
                let is_flow_end = self.flow > 0 && is_flow_indicator(byte);
                let is_key_end = byte == b':' && self.is_key_end();
                let is_comment = byte == b'#' && self.is_after_white();
                if is_break(byte) || is_flow_end || is_key_end || is_comment {
                    break;
                }
                self.advance();
            }
            if !self.peek().is_some_and(is_break) || !self.continues() {
                return;
            }
        }
    }

    fn is_key_end(&self) -> bool {
        self.is_indicator() || (self.flow > 0 && self.byte_after().is_some_and(is_flow_indicator))
    }

    /// Moves past white space to the next line. Returns true if that line continues the plain scalar.
    fn continues(&mut self) -> bool {
        while self.peek().is_some_and(is_white) {
            self.advance();
        }
        let is_inside = match self.levels.last() {
            Some(level) => self.flow > 0 || self.column() > level.column,
            None => true,
        };
        let is_comment = self.peek() == Some(b'#');
        if self.is_at_end() || is_comment || !is_inside || self.is_line_of_its_own() {
            return false;
        }
        self.is_line_head = false;
        true
    }

    /// Consumes a literal or folded scalar: the lines that are indented more than the open collection.
    fn skip_block_scalar(&mut self) -> Result<(), YamlError> {
        self.skip_line();
        let mut has_content = false;
        loop {
            while self.peek().is_some_and(is_break) {
                self.advance();
            }
            while self.peek() == Some(b' ') {
                self.advance();
            }
            match self.peek() {
                None => return Ok(()),
                Some(byte) if is_break(byte) => continue,
                Some(_) => {}
            }
            let is_inside = match self.levels.last() {
                Some(level) => self.column() > level.column,
                None => !self.is_line_of_its_own(),
            };
            if !is_inside || (self.column() == 0 && has_content) {
                return Ok(());
            }
            if self.column() == 0 {
                return Err(self.refused("a block text that is the whole document is not indented"));
            }
            has_content = true;
            self.skip_line();
        }
    }
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

const fn is_flow_indicator(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(text: &str) -> usize {
        check(text).unwrap().depth
    }

    #[test]
    fn nesting_is_counted_as_yaml_nests() {
        let rows = [
            ("", 0),
            ("a", 0),
            ("a: 1\nb: 2\n", 1),
            ("a:\n  b:\n    c: 1\nd:\n  e: 1\n", 3),
            ("- - - a\n", 3),
            ("a:\n- b\n- c\n", 2),
            ("a:\n- b: 1\n  c: 2\n- d\n", 3),
            ("? a\n: b\n", 1),
            ("a: [[{b: 1}], []]\n", 4),
            ("[a, {b: [c]}]: d\n", 3),
            // Inside quotes, comments, plain texts and block texts, brackets are characters.
            ("a: \"[[[[ \\\" [[\"\n", 1),
            ("a: '[[ it''s [['\n", 1),
            ("a: b # [[[[\n", 1),
            ("a: b [[[ it's\n  [[[ c\n", 1),
            ("a: |\n  [[[[\n\n  - - - -\nb: 1\n", 1),
            ("- >-\n [[[[\n- x\n", 1),
            ("[a[b, it's]", 2),
            ("[\"]\", [\"]\", [1]]]", 3),
            ("---\na: [b]\n---\nc: [d]\n", 2),
        ];
        for (text, expected) in rows {
            assert_eq!(depth(text), expected, "{text}");
        }
    }

    #[test]
    fn the_last_permitted_level_passes_and_the_next_is_refused() {
        let kinds: [fn(usize) -> String; 5] = [
            |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels)),
            |levels| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)),
            |levels| format!("{}a\n", "- ".repeat(levels)),
            |levels| format!("{}a\n", "? ".repeat(levels)),
            |levels| {
                (0..levels)
                    .map(|level| format!("{}a:\n", " ".repeat(level)))
                    .collect()
            },
        ];
        for kind in kinds {
            assert_eq!(depth(&kind(NESTING_MAX)), NESTING_MAX);
            // A key that is a map is refused for that reason, not for its nesting.
            match super::super::value(&kind(NESTING_MAX)) {
                Ok(_) => {}
                Err(YamlError::Unreadable { why, .. }) => assert!(why.starts_with("a key is")),
                Err(other) => panic!("{other}"),
            }
            let fault = check(&kind(NESTING_MAX + 1)).unwrap_err();
            assert!(matches!(fault, YamlError::TooDeep { .. }));
            assert!(
                fault.to_string().ends_with("nests deeper than 128 levels"),
                "{fault}"
            );
        }
    }
}
