//! The names that serde and clap write for the fields and variants of a Rust type.

use proc_macro2::{TokenStream, TokenTree};

/// What the attributes of serde and clap define about a name.
#[derive(Default)]
pub(crate) struct NameAttributes {
    is_of_clap: bool,
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<String>,
    pub(crate) rename_all_fields: Option<String>,
    /// The aggregate of `derive::CommandName`.
    aggregate: Option<String>,
    /// The variant holds commands with names of their own.
    is_nested: bool,
    others: Vec<String>,
}

impl NameAttributes {
    pub(crate) fn of(attributes: &[syn::Attribute]) -> Self {
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

    /// Reads `name = "text"`, `name`, and `rename(serialize = "…")` as it is written.
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
            ("nested", true, None) => self.is_nested = true,
            ("aggregate", true, Some(text)) => self.aggregate = Some(text),
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

    /// Returns the names that `derive::CommandName` gives to the variants of an enum.
    pub(crate) fn commands(item: &syn::ItemEnum) -> Vec<String> {
        let Some(aggregate) = Self::of(&item.attrs).aggregate else {
            return Vec::new();
        };
        let name = |variant: &syn::Variant| {
            let own = Self::of(&variant.attrs).rename;
            own.unwrap_or_else(|| cased(&variant.ident.to_string(), Some("snake_case"), true))
        };
        let is_nested = |variant: &&syn::Variant| Self::of(&variant.attrs).is_nested;
        let names = item.variants.iter().filter(|one| !is_nested(one)).map(name);
        names.map(|name| format!("{aggregate}.{name}")).collect()
    }

    pub(crate) fn others(&self) -> String {
        self.others.iter().map(|one| format!("({one})")).collect()
    }

    pub(crate) fn shape(&self) -> String {
        let others = self.others();
        if others.is_empty() { others } else { others + " " }
    }

    pub(crate) fn fields_case(&self) -> Option<&str> {
        self.rename_all
            .as_deref()
            .or(self.is_of_clap.then_some("kebab-case"))
    }

    pub(crate) fn variant(&self, ident: &str) -> String {
        let case = self
            .rename_all
            .as_deref()
            .or(self.is_of_clap.then_some("kebab-case"));
        cased(ident, case, true)
    }
}

/// Returns a Rust name in the case in which serde or clap writes it.
pub(crate) fn cased(ident: &str, case: Option<&str>, is_variant: bool) -> String {
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
        // The golden lists would show it: no type here uses another case.
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
