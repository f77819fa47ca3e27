//! The tree of a text, built from the parser's events in one pass. The size of repeated aliases is limited.

use super::scalar::PlainScalar;
use super::{NESTING_MAX, YamlError, differences, prescan, scalar};
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Tag};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Largest size of a tree (nodes and bytes of scalars, aliases expanded) relative to its text in bytes.
/// Larger trees are refused. Without aliases no tree is larger than its text.
pub(super) const TIMES_MAX: usize = 4;

/// Most characters of a line in which the parser looks for the end of a key (YAML 1.2.2, 7.4.2).
const KEY_CHARACTERS_MAX: usize = 1_024;

#[derive(Debug)]
pub(super) struct Node {
    pub line: usize,
    pub column: usize,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
}

#[derive(Debug)]
pub(super) struct Scalar {
    pub text: String,
    pub is_plain: bool,
    pub tag: Option<CoreTag>,
}

/// The supported tags (YAML 1.2.2, 10.3.1). `!!map` and `!!seq` are accepted too and have no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoreTag {
    Text,
    Integer,
    Float,
    Bool,
    Null,
}

impl Scalar {
    /// Returns true if the scalar can be read as the type of `tag`: it is plain without a tag, or has this
    /// tag.
    pub(super) fn is_literal(&self, tag: CoreTag) -> bool {
        self.tag.map_or(self.is_plain, |written| written == tag)
    }

    /// Returns true for null: plain and empty, `~` or `null`, or tagged as null.
    pub(super) fn is_null(&self) -> bool {
        match self.tag {
            Some(tag) => tag == CoreTag::Null && scalar::is_null(&self.text),
            None => self.is_plain && (self.text.is_empty() || scalar::is_null(&self.text)),
        }
    }

    /// Returns the scalar's value if no type is requested: quoted scalars are texts, plain ones follow YAML
    /// 1.2. Fails if the text does not match its tag.
    pub(super) fn meaning(&self) -> Result<PlainScalar<'_>, String> {
        let text = self.text.as_str();
        let read = match self.tag {
            None if self.is_plain => return Ok(scalar::plain(text)),
            None | Some(CoreTag::Text) => return Ok(PlainScalar::Text(text)),
            Some(CoreTag::Null) => scalar::is_null(text).then_some(PlainScalar::Null),
            Some(CoreTag::Bool) => scalar::boolean(text).map(PlainScalar::Bool),
            Some(CoreTag::Integer) => scalar::integer(text),
            Some(CoreTag::Float) => scalar::float(text).map(PlainScalar::Float),
        };
        read.ok_or_else(|| format!("{text:?} is not of its tag"))
    }
}

/// Parses a text of at most one YAML document to a tree. A text without a document gives an empty scalar.
pub(super) fn read(text: &str) -> Result<Rc<Node>, YamlError> {
    read_counted(text).1
}

/// Parses like `read`. Also returns the number of parser events.
pub(super) fn read_counted(text: &str) -> (usize, Result<Rc<Node>, YamlError>) {
    let mut builder = Builder::new(text.len());
    let read = builder
        .document(text)
        .map(|()| builder.root.take().unwrap_or_else(empty));
    (builder.events, read)
}

fn empty() -> Rc<Node> {
    let content = Content::Scalar(Scalar {
        text: String::new(),
        is_plain: true,
        tag: None,
    });
    Rc::new(Node {
        line: 1,
        column: 1,
        content,
    })
}

fn options() -> Options {
    let mut options = Options::default();
    options.flow_nesting_limit = NESTING_MAX;
    options.block_nesting_limit = NESTING_MAX;
    options.simple_key_max_lookahead = KEY_CHARACTERS_MAX;
    options.block_scalar_eof_without_line_feed = true;
    options.emit_anchor_events = true;
    options.set_emit_comments(false);
    options
}

fn unparsed(error: &ScanError) -> YamlError {
    at(*error.marker(), error.info())
}

fn at(mark: Marker, why: String) -> YamlError {
    YamlError::Unreadable {
        why,
        line: mark.line(),
        column: mark.col() + 1,
    }
}

/// A list or map that the builder has not closed yet.
struct OpenCollection {
    mark: Marker,
    anchor: usize,
    size: usize,
    height: usize,
    kind: OpenKind,
}

enum OpenKind {
    Sequence(Vec<Rc<Node>>),
    Mapping {
        entries: Vec<(Rc<Node>, Rc<Node>)>,
        key: Option<Rc<Node>>,
        names: BTreeSet<String>,
    },
}

/// A node with its size (nodes and bytes with aliases expanded) and the number of levels below it.
struct BuiltNode {
    node: Rc<Node>,
    size: usize,
    height: usize,
}

struct Builder {
    left: usize,
    open: Vec<OpenCollection>,
    anchors: BTreeMap<usize, BuiltNode>,
    anchor_names: BTreeSet<String>,
    documents: usize,
    events: usize,
    root: Option<Rc<Node>>,
}

impl Builder {
    fn new(text_bytes: usize) -> Self {
        Self {
            left: text_bytes.saturating_add(1).saturating_mul(TIMES_MAX),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            anchor_names: BTreeSet::new(),
            documents: 0,
            events: 0,
            root: None,
        }
    }

    fn document(&mut self, text: &str) -> Result<(), YamlError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        differences::check(text)?;
        prescan::check(text)?;
        for next in Parser::new_from_str_with_options(text, options()) {
            self.events += 1;
            let (event, span) = next.map_err(|error| unparsed(&error))?;
            self.take(event, span.start)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, mark: Marker) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(at(mark, "a second document begins".to_owned()));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar {
                    text: text.into_owned(),
                    is_plain: style == ScalarStyle::Plain,
                    tag: tag.map(|tag| core_tag(&tag, mark)).transpose()?,
                };
                self.scalar(scalar, anchor, mark)
            }
            Event::SequenceStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "seq", mark)?;
                self.begin(OpenKind::Sequence(Vec::new()), anchor, mark)
            }
            Event::MappingStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "map", mark)?;
                let kind = OpenKind::Mapping {
                    entries: Vec::new(),
                    key: None,
                    names: BTreeSet::new(),
                };
                self.begin(kind, anchor, mark)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, mark),
            // The earlier parser used the last of two equal anchors for aliases before it.
            Event::Anchor(_, name) => match self.anchor_names.replace(name.into_owned()) {
                Some(name) => Err(at(mark, format!("the anchor {name} is there twice"))),
                None => Ok(()),
            },
            Event::UnresolvedAlias(name) => Err(at(mark, format!("the anchor {name} is missing"))),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            // Events of later parser releases are metadata; nodes are handled above.
            _ => Ok(()),
        }
    }

    fn spend(&mut self, size: usize) -> Result<(), YamlError> {
        self.left = self.left.checked_sub(size).ok_or(YamlError::Repeats)?;
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar, anchor: usize, mark: Marker) -> Result<(), YamlError> {
        let size = scalar.text.len() + 1;
        self.spend(size)?;
        let node = node(mark, Content::Scalar(scalar));
        self.place(
            BuiltNode {
                node,
                size,
                height: 0,
            },
            anchor,
            mark,
        )
    }

    fn begin(&mut self, kind: OpenKind, anchor: usize, mark: Marker) -> Result<(), YamlError> {
        self.spend(1)?;
        if self.open.len() >= NESTING_MAX {
            return Err(YamlError::TooDeep { line: mark.line() });
        }
        self.open.push(OpenCollection {
            mark,
            anchor,
            size: 1,
            height: 1,
            kind,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let content = match open.kind {
            OpenKind::Sequence(items) => Content::Sequence(items),
            OpenKind::Mapping { entries, .. } => Content::Mapping(entries),
        };
        let built = BuiltNode {
            node: node(open.mark, content),
            size: open.size,
            height: open.height,
        };
        self.place(built, open.anchor, open.mark)
    }

    fn alias(&mut self, anchor: usize, mark: Marker) -> Result<(), YamlError> {
        let Some(built) = self.anchors.get(&anchor) else {
            return Err(at(mark, "an alias inside what it names".to_owned()));
        };
        let (node, size, height) = (Rc::clone(&built.node), built.size, built.height);
        if self.open.len() + height > NESTING_MAX {
            return Err(YamlError::TooDeep { line: mark.line() });
        }
        self.spend(size)?;
        self.place(BuiltNode { node, size, height }, 0, mark)
    }

    fn place(&mut self, built: BuiltNode, anchor: usize, mark: Marker) -> Result<(), YamlError> {
        let BuiltNode { node, size, height } = built;
        if anchor > 0 {
            let node = Rc::clone(&node);
            self.anchors.insert(anchor, BuiltNode { node, size, height });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size += size;
        open.height = open.height.max(height + 1);
        match &mut open.kind {
            OpenKind::Sequence(items) => items.push(node),
            OpenKind::Mapping { entries, key, names } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let name = key_name(&node).map_err(|why| at(mark, why))?;
                    if let Some(name) = names.replace(name) {
                        return Err(at(mark, format!("the key {name:?} is repeated")));
                    }
                    *key = Some(node);
                }
            },
        }
        Ok(())
    }
}

fn node(mark: Marker, content: Content) -> Rc<Node> {
    Rc::new(Node {
        line: mark.line(),
        column: mark.col() + 1,
        content,
    })
}

/// Returns a mapping's key as JSON writes it; `1` and `"1"` are the same key. Fails for keys that are
/// empty, a list, a map, or not a finite number of 64 bits.
pub(super) fn key_name(node: &Node) -> Result<String, String> {
    let Content::Scalar(scalar) = &node.content else {
        return Err("a key is a list or a map; keys are texts".to_owned());
    };
    match scalar.meaning()? {
        PlainScalar::Null => Err("a key is empty; keys are texts".to_owned()),
        PlainScalar::Bool(value) => Ok(value.to_string()),
        PlainScalar::Unsigned(value) => Ok(value.to_string()),
        PlainScalar::Signed(value) => Ok(value.to_string()),
        PlainScalar::Float(value) => match serde_json::Number::from_f64(value) {
            Some(number) => Ok(number.to_string()),
            None => Err("a key is no finite number; keys are texts".to_owned()),
        },
        PlainScalar::TooLarge => {
            Err("a key is a number that needs more than 64 bits; write it in quotes".to_owned())
        }
        PlainScalar::Text(text) => Ok(text.to_owned()),
    }
}

fn core_tag(tag: &Tag, mark: Marker) -> Result<CoreTag, YamlError> {
    match tag.core_suffix() {
        Some("str") => Ok(CoreTag::Text),
        Some("int") => Ok(CoreTag::Integer),
        Some("float") => Ok(CoreTag::Float),
        Some("bool") => Ok(CoreTag::Bool),
        Some("null") => Ok(CoreTag::Null),
        Some(_) | None => Err(unknown_tag(tag, mark)),
    }
}

fn collection_tag(tag: Option<&Tag>, expected: &str, mark: Marker) -> Result<(), YamlError> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(expected) => Err(unknown_tag(tag, mark)),
        Some(_) | None => Ok(()),
    }
}

fn unknown_tag(tag: &Tag, mark: Marker) -> YamlError {
    at(mark, format!("the tag {} is not read here", tag.original()))
}

#[cfg(test)]
mod tests {
    use super::super::value;
    use super::*;

    #[test]
    fn aliases_that_repeat_beyond_the_bound_are_refused() {
        let ones = "1,".repeat(10_000);
        let aliases = "*a,".repeat(10_000);
        let bomb = format!("a: &a [{ones}1]\nb: [{aliases}*a]\n");
        assert_eq!(value(&bomb), Err(YamlError::Repeats));
        let mut deep = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(10);
            deep.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert_eq!(value(&deep), Err(YamlError::Repeats));
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(60_000), "*a,".repeat(10_000));
        assert_eq!(value(&text), Err(YamlError::Repeats));
    }

    #[test]
    fn an_alias_counts_the_levels_of_what_it_names() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let text = |levels: usize| format!("a: &a {}\nb: [[*a]]\n", nested(levels));
        assert!(value(&text(NESTING_MAX - 3)).is_ok());
        assert_eq!(value(&text(NESTING_MAX - 2)), Err(YamlError::TooDeep { line: 2 }));
    }

    #[test]
    fn a_fault_names_its_place() {
        let fault = |text: &str| value(text).unwrap_err().to_string();
        assert_eq!(
            fault("a: 1\nb: 2\na: 3\n"),
            "the key \"a\" is repeated at line 3 column 1"
        );
        assert_eq!(
            fault("a: *b\n"),
            "while parsing node, found unknown anchor at line 1 column 4"
        );
        assert!(fault("a: [1\n").contains(" at line "), "{}", fault("a: [1\n"));
    }
}
