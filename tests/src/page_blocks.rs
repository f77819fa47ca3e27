//! Fenced blocks of Markdown pages, and the commands of our program in them.

/// A fenced block.
#[derive(Debug)]
pub struct PageBlock<'a> {
    /// The text behind the opening fence: a language, perhaps with a mark such as `sh run`.
    pub info: &'a str,
    /// The lines with their numbers in the page, from 1.
    pub lines: Vec<(usize, &'a str)>,
}

impl PageBlock<'_> {
    /// Returns true for a block that a reader types or adapts: of a shell, or without a language.
    pub fn is_command_block(&self) -> bool {
        let language = self.info.split_whitespace().next().unwrap_or("");
        matches!(language, "" | "sh" | "bash" | "console")
    }

    /// Returns true for a block that a test runs.
    pub fn is_run(&self) -> bool {
        self.info == "sh run"
    }
}

/// Returns the fenced blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<PageBlock<'_>> {
    let mut found: Vec<PageBlock<'_>> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(page.lines()) {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            is_open = !is_open;
            if is_open {
                let lines = Vec::new();
                found.push(PageBlock {
                    info: info.trim(),
                    lines,
                });
            }
            continue;
        }
        if let Some(block) = found.last_mut().filter(|_| is_open) {
            block.lines.push((number, line));
        }
    }
    found
}

/// One command of our program in a block: the words behind `ledgerline`.
#[derive(Debug, PartialEq, Eq)]
pub struct PageCommand {
    /// The line on which the command begins.
    pub line: usize,
    pub words: Vec<String>,
}

impl PageCommand {
    /// Returns the long options of the command, without values and without the marks of a usage line.
    pub fn options(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for word in &self.words {
            let word = word.trim_matches(|mark| matches!(mark, '[' | ']' | '(' | ')' | '…' | ','));
            let name = word.split(['=', '|', ']']).next().unwrap_or("");
            if name.starts_with("--") && name.len() > 2 {
                found.push(name);
            }
        }
        found
    }
}

/// Returns the commands of our program in a block. A line that ends in `\` continues on the next.
pub fn commands(block: &PageBlock<'_>) -> Vec<PageCommand> {
    let mut found = Vec::new();
    let mut joined = String::new();
    let mut begins = 0;
    for (number, line) in &block.lines {
        if joined.is_empty() {
            begins = *number;
        }
        if let Some(more) = line.trim_end().strip_suffix('\\') {
            joined.push_str(more);
            joined.push(' ');
            continue;
        }
        joined.push_str(line);
        let words = words_of(&joined);
        joined.clear();
        let line = begins;
        found.extend(
            commands_of(&words)
                .into_iter()
                .map(|words| PageCommand { line, words }),
        );
    }
    found
}

/// Returns the commands of our program in code spans outside blocks.
pub fn commands_in_text(page: &str) -> Vec<PageCommand> {
    let mut found = Vec::new();
    let mut is_fenced = false;
    for (line, text) in (1..).zip(page.lines()) {
        is_fenced ^= text.trim_start().starts_with("```");
        // Every second part between backticks is code.
        for span in text.split('`').skip(1).step_by(2).filter(|_| !is_fenced) {
            let commands = commands_of(&words_of(span)).into_iter();
            found.extend(commands.map(|words| PageCommand { line, words }));
        }
    }
    found
}

/// Splits a line at blanks outside quotes. A comment ends it.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        let is_begun = words.last().is_some_and(|word| !word.is_empty());
        match (quote, character) {
            (None, '#') if !is_begun => break,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, _) if character.is_whitespace() => words.push(String::new()),
            (Some(_) | None, _) => {
                if let Some(word) = words.last_mut() {
                    word.push(character);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the words behind each `ledgerline` that begins a command: at the start of the line, behind an
/// operator of the shell, behind `--`, `$` or `sudo`, or after another command of ours on the line.
fn commands_of(words: &[String]) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut is_open = false;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let next = words.get(at + 1).map_or("", String::as_str);
        let begins = before.is_none_or(|before| is_prefix(before)) || !found.is_empty();
        if is_program(word) && begins {
            found.push(Vec::new());
            is_open = true;
        } else if ends_command(word) || is_pipe(word, next) {
            is_open = false;
        } else if let Some(command) = found.last_mut().filter(|_| is_open) {
            command.push(word.clone());
        }
    }
    found
}

fn is_program(word: &str) -> bool {
    word == "ledgerline" || word.ends_with("/bin/ledgerline")
}

/// Returns true for a word behind which a command begins.
fn is_prefix(word: &str) -> bool {
    let known = ["--", "$", "sudo", "exec", "&&", "||", "|", ";", "then"];
    known.contains(&word) || word.ends_with(';') || is_assignment(word)
}

/// Returns true for `|` in front of another program; in a usage line an option follows.
fn is_pipe(word: &str, next: &str) -> bool {
    word == "|" && !next.starts_with('-')
}

/// Returns true for `NAME=value` in front of a command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    })
}

fn ends_command(word: &str) -> bool {
    matches!(word, "&&" | "||" | ";" | "&" | ">" | ">>" | "<" | "2>&1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n```sh run\nledgerline doctor --data ./data # --not\n```\ntext\n```json\n{}\n```\n   ```\n\
                        ledgerline serve --data DIR \\\n  --trunk \"sip:HOST;from=--x\" && ledgerline man DIR\n\
                        kubectl exec dial-0 -- ledgerline events tail [--from=N|--all] | jq --raw\n\
                        docker logs ledgerline --since 1h\nledgerline stop list [--json]   ledgerline stop lift ID --reason TEXT\nLANG=zh ledgerline doctor --json > a\n   ```\n";

    #[test]
    fn blocks_have_their_mark_and_the_numbers_of_their_lines() {
        let found = blocks(PAGE);
        let infos: Vec<&str> = found.iter().map(|block| block.info).collect();
        assert_eq!(infos, ["sh run", "json", ""]);
        assert_eq!(found[0].lines, [(3, "ledgerline doctor --data ./data # --not")]);
        assert!(found[0].is_run() && !found[2].is_run());
        assert!(found[2].is_command_block() && !found[1].is_command_block());
    }

    #[test]
    fn commands_are_found_behind_other_programs_and_other_programs_are_not() {
        let found: Vec<PageCommand> = blocks(PAGE).iter().flat_map(commands).collect();
        let shown: Vec<(usize, Vec<&str>)> = found.iter().map(|one| (one.line, one.options())).collect();
        assert_eq!(
            shown,
            [
                (3, vec!["--data"]),
                (10, vec!["--data", "--trunk"]),
                (10, vec![]),
                (12, vec!["--from"]),
                (14, vec!["--json"]),
                (14, vec!["--reason"]),
                (15, vec!["--json"]),
            ]
        );
    }

    #[test]
    fn commands_in_code_spans_are_found_outside_blocks() {
        let page = "See `ledgerline doctor --full`, `systemctl restart ledgerline` and `--json`.\n```\n`ledgerline a`\n```\n";
        let found = commands_in_text(page);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].options()), (1, vec!["--full"]));
    }
}
