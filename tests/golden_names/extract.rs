//! Reads the strings out of the production code that are stored, hashed, sent or compared: the names that serde
//! and clap write for types, string literals that are names, names in SQL texts, and labels.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// Directories with code that the product does not ship, or that holds no names of its own.
const OTHER_CODE: [&str; 8] = [
    "target",
    "tests",
    "benches",
    "examples",
    "node_modules",
    "fixtures",
    "testing",
    ".git",
];

/// Crates whose names are not promised: measuring programs.
const OTHER_CRATES: [&str; 3] = ["bench", "api/bench", "simulation"];

/// What a source tree says, by kind.
#[derive(Default)]
pub(crate) struct Names {
    /// `struct a b c`, `enum tag=kind a{x y} b`: the names that a type has on the wire.
    pub(crate) wire: BTreeSet<String>,
    /// String literals without blanks.
    pub(crate) literals: BTreeSet<String>,
    /// Words of SQL texts.
    pub(crate) sql: BTreeSet<String>,
    /// Texts of functions named `label_zh` and `label_en`, and of labels of dispositions.
    pub(crate) labels: BTreeSet<String>,
}

impl Names {
    /// Every `.rs` file below `root` that is neither a test nor a measuring program.
    pub(crate) fn of_tree(root: &Path) -> Self {
        let mut files = Vec::new();
        collect(root, root, &mut files);
        files.sort();
        let mut names = Self::default();
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file can be read");
            names.read(&text);
        }
        names
    }

    /// The names in one source text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut names = Self::default();
        names.read(text);
        names
    }

    fn read(&mut self, text: &str) {
        let parsed = syn::parse_file(text).expect("a source file is Rust");
        let mut reader = Reader {
            names: self,
            in_label: false,
        };
        reader.visit_file(&parsed);
    }

    /// The lines of each golden file.
    pub(crate) fn files(&self) -> [(&'static str, BTreeSet<String>); 4] {
        [
            ("wire.txt", self.wire.clone()),
            ("literals.txt", self.literals.clone()),
            ("sql.txt", self.sql.clone()),
            ("labels.txt", self.labels.clone()),
        ]
    }
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).expect("a source directory can be read");
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = path.strip_prefix(root).unwrap_or(&path);
        if path.is_dir() {
            let is_other =
                OTHER_CODE.contains(&name.as_str()) || OTHER_CRATES.iter().any(|one| below == Path::new(one));
            if !is_other {
                collect(root, &path, files);
            }
        } else if name.ends_with(".rs")
            && name != "build.rs"
            && name != "tests.rs"
            && !name.ends_with("_tests.rs")
        {
            files.push(path);
        }
    }
}

struct Reader<'a> {
    names: &'a mut Names,
    in_label: bool,
}

impl Reader<'_> {
    fn literal(&mut self, text: &str) {
        if self.in_label {
            self.names.labels.insert(text.replace('\n', " "));
        }
        if is_sql(text) {
            self.names.sql.extend(words_of_sql(text));
        } else if is_name(text) {
            self.names.literals.insert(text.to_owned());
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.token_literal(&literal),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn token_literal(&mut self, literal: &proc_macro2::Literal) {
        match syn::parse_str::<syn::Lit>(&literal.to_string()) {
            Ok(syn::Lit::Str(text)) => self.literal(&text.value()),
            Ok(syn::Lit::ByteStr(bytes)) => self.literal(&String::from_utf8_lossy(&bytes.value())),
            _ => {}
        }
    }
}

/// A text without blanks, in ASCII, with a letter: a name, a path, a label of a key, or a pattern of one.
fn is_name(text: &str) -> bool {
    text.len() >= 2
        && text.chars().any(|one| one.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_graphic())
}

fn is_sql(text: &str) -> bool {
    let verbs = [
        "SELECT ", "INSERT ", "CREATE ", "UPDATE ", "DELETE ", "ALTER ", "DROP ", "WITH ", "PRAGMA ",
        " FROM ", " WHERE ", "GRANT ",
    ];
    verbs.iter().any(|verb| text.contains(verb))
}

/// Lower-case words of an SQL text: names of tables, views, columns and functions.
fn words_of_sql(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'))
        .filter(|word| word.len() >= 3)
        .filter(|word| {
            word.starts_with(|one: char| one.is_ascii_lowercase())
                && !word.chars().any(|one| one.is_ascii_uppercase())
        })
        .map(str::to_owned)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|one| {
        let is_cfg = one.path().is_ident("cfg");
        let is_fn = one
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test");
        let text = || match &one.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            syn::Meta::Path(_) | syn::Meta::NameValue(_) => String::new(),
        };
        is_fn
            || (is_cfg
                && (text().starts_with("test")
                    || text().contains("(test")
                    || text().contains("\"testing\"")
                    || text().contains("\"planted\"")))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {
        // Documentation, reasons and texts of errors; names of serde and clap are read with their type.
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            let before = self.in_label;
            self.in_label |= is_label(&item.sig.ident);
            syn::visit::visit_item_fn(self, item);
            self.in_label = before;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            let before = self.in_label;
            self.in_label |= is_label(&item.sig.ident);
            syn::visit::visit_impl_item_fn(self, item);
            self.in_label = before;
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.literal(&text.value());
    }

    fn visit_lit_byte_str(&mut self, bytes: &'ast syn::LitByteStr) {
        self.literal(&String::from_utf8_lossy(&bytes.value()));
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if !is_test(&item.attrs) && is_on_the_wire(&item.attrs) {
            let written = Written::of(&item.attrs);
            let line = format!(
                "struct {}{}",
                written.shape(),
                fields(&item.fields, written.fields_case())
            );
            self.names.wire.insert(line.trim_end().to_owned());
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if is_test(&item.attrs) || !is_on_the_wire(&item.attrs) {
            return;
        }
        let written = Written::of(&item.attrs);
        let variants = item.variants.iter().map(|variant| {
            let own = Written::of(&variant.attrs);
            let name = own
                .rename
                .clone()
                .unwrap_or_else(|| written.variant(&variant.ident.to_string()));
            let case = own
                .rename_all
                .clone()
                .or_else(|| written.rename_all_fields.clone());
            format!(
                "{name}{}{{{}}}",
                own.others(),
                fields(&variant.fields, case.as_deref())
            )
        });
        let line = format!(
            "enum {}{}",
            written.shape(),
            variants.collect::<Vec<_>>().join(" ")
        );
        self.names.wire.insert(line.replace("{}", ""));
    }
}

fn is_label(name: &syn::Ident) -> bool {
    name == "label_zh" || name == "label_en"
}

/// Derives that write or read a type by its Rust names.
fn is_on_the_wire(attributes: &[syn::Attribute]) -> bool {
    let derives = attributes.iter().filter(|one| one.path().is_ident("derive"));
    let wanted = [
        "Serialize",
        "Deserialize",
        "JsonSchema",
        "Args",
        "Parser",
        "Subcommand",
        "ValueEnum",
    ];
    derives
        .filter_map(|one| one.meta.require_list().ok())
        .any(|list| {
            list.tokens
                .clone()
                .into_iter()
                .any(|token| wanted.iter().any(|name| token.to_string() == *name))
        })
}

fn fields(fields: &syn::Fields, case: Option<&str>) -> String {
    let named = fields.iter().map(|field| {
        let own = Written::of(&field.attrs);
        let Some(ident) = &field.ident else {
            return own.others() + "_";
        };
        let ident = ident.to_string();
        let ident = ident.strip_prefix("r#").unwrap_or(&ident);
        let name = own.rename.clone().unwrap_or_else(|| cased(ident, case, false));
        name + &own.others()
    });
    named.collect::<Vec<_>>().join(" ")
}

/// What the attributes of serde and clap say of a name.
#[derive(Default)]
struct Written {
    is_of_clap: bool,
    rename: Option<String>,
    rename_all: Option<String>,
    rename_all_fields: Option<String>,
    others: Vec<String>,
}

impl Written {
    fn of(attributes: &[syn::Attribute]) -> Self {
        let mut written = Self::default();
        for one in attributes {
            let is_serde = one.path().is_ident("serde");
            let is_clap = ["arg", "command", "value", "clap", "group"]
                .iter()
                .any(|name| one.path().is_ident(name));
            if one.path().is_ident("derive") {
                let text = one
                    .meta
                    .require_list()
                    .map(|list| list.tokens.to_string())
                    .unwrap_or_default();
                written.is_of_clap |= ["Args", "Parser", "Subcommand", "ValueEnum"]
                    .iter()
                    .any(|name| text.contains(name));
            }
            if let (true, Ok(list)) = (is_serde || is_clap, one.meta.require_list()) {
                written.take(list.tokens.clone(), is_clap);
            }
        }
        written
    }

    /// `name = "text"`, `name`, and `rename(serialize = "…")` as it is written.
    fn take(&mut self, tokens: TokenStream, is_clap: bool) {
        let mut part = Vec::new();
        for token in tokens
            .into_iter()
            .chain([TokenTree::Punct(proc_macro2::Punct::new(
                ',',
                proc_macro2::Spacing::Alone,
            ))])
        {
            match &token {
                TokenTree::Punct(comma) if comma.as_char() == ',' => {
                    self.take_part(&std::mem::take(&mut part), is_clap);
                }
                _ => part.push(token),
            }
        }
    }

    fn take_part(&mut self, part: &[TokenTree], is_clap: bool) {
        let Some(name) = part.first().map(ToString::to_string) else {
            return;
        };
        let text = match part {
            [_, TokenTree::Punct(_), TokenTree::Literal(literal)] => {
                let text = literal.to_string();
                Some(text.trim_matches('"').to_owned())
            }
            _ => None,
        };
        match (name.as_str(), is_clap, text) {
            ("rename", false, Some(text)) | ("long" | "name", true, Some(text)) => self.rename = Some(text),
            ("rename_all", _, Some(text)) => self.rename_all = Some(text),
            ("rename_all_fields", _, Some(text)) => self.rename_all_fields = Some(text),
            ("tag" | "content" | "alias", false, Some(text)) => self.others.push(format!("{name}={text}")),
            ("untagged" | "flatten" | "transparent" | "skip" | "rename", false, _) => self.others.push(name),
            (
                "alias" | "short" | "visible_alias" | "value_name" | "env" | "default_value" | "id",
                true,
                Some(text),
            ) => {
                self.others.push(format!("{name}={text}"));
            }
            _ => {}
        }
    }

    fn others(&self) -> String {
        self.others.iter().map(|one| format!("({one})")).collect()
    }

    fn shape(&self) -> String {
        let others = self.others();
        if others.is_empty() { others } else { others + " " }
    }

    fn fields_case(&self) -> Option<&str> {
        self.rename_all
            .as_deref()
            .or(self.is_of_clap.then_some("kebab-case"))
    }

    fn variant(&self, ident: &str) -> String {
        let case = self
            .rename_all
            .as_deref()
            .or(self.is_of_clap.then_some("kebab-case"));
        cased(ident, case, true)
    }
}

/// A Rust name in the case that serde or clap writes it in.
fn cased(ident: &str, case: Option<&str>, is_variant: bool) -> String {
    let Some(case) = case else { return ident.to_owned() };
    let snake = if is_variant {
        snake_of(ident)
    } else {
        ident.to_owned()
    };
    match case {
        "snake_case" => snake,
        "kebab-case" => snake.replace('_', "-"),
        "lowercase" => snake.replace('_', ""),
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => snake.to_uppercase(),
        "camelCase" => camel(&snake, false),
        "PascalCase" => camel(&snake, true),
        // The golden lists show it: no type here uses another case.
        other => format!("{snake} in {other}"),
    }
}

fn snake_of(ident: &str) -> String {
    let mut snake = String::new();
    for (at, one) in ident.chars().enumerate() {
        if one.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(one.to_ascii_lowercase());
    }
    snake
}

fn camel(snake: &str, from_first: bool) -> String {
    let mut upper = from_first;
    let mut camel = String::new();
    for one in snake.chars() {
        if one == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            camel.extend(one.to_uppercase());
        } else {
            camel.push(one);
        }
    }
    camel
}
