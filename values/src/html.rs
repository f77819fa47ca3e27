//! Escapes of text in HTML pages: the only ones of the workspace.

/// Escapes a text for an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes `<` in JSON that a page holds in a script element, so that no text in it ends the element.
pub fn escape_json(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_element_or_attribute() {
        assert_eq!(escape("a<b>&\"c'号"), "a&lt;b&gt;&amp;&quot;c&#39;号");
        assert_eq!(escape("&amp;"), "&amp;amp;");
    }

    #[test]
    fn json_in_a_script_does_not_end_the_script_and_means_the_same() {
        let escaped = escape_json("\"</script>\"");
        assert_eq!(escaped, "\"\\u003c/script>\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), "</script>");
    }
}
