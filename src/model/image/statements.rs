//! Statements that Julia wrote while it ran (`--trace-compile=FILE`): the methods that it compiled.
//!
//! Replayed in the build of an image, they make the same calls fast. Only their text is checked here, not whether Julia
//! can evaluate it: Julia 1.5 writes some that it cannot read itself, such as `1.5f`.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

/// Most statements that are kept.
pub(crate) const LIMIT: usize = 20_000;

/// Lines with more bytes than this are skipped.
const LONGEST_LINE: usize = 4096;

/// Recorded statements: each once, in the order of recording, the newest [`LIMIT`] of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statements {
    order: VecDeque<Arc<str>>,
    present: HashSet<Arc<str>>,
}

impl Statements {
    /// Adds the statement of one line that Julia wrote, without the time before it (`--trace-compile-timing`) and the
    /// comment after it (`# recompile`); skips a line that is anything else than one call of `precompile`. A statement
    /// that is already there keeps its place.
    pub(crate) fn add_line(&mut self, line: &str) {
        if line.len() > LONGEST_LINE {
            return;
        }
        let Some(statement) = statement(line) else {
            return;
        };
        if self.present.contains(statement) {
            return;
        }
        let statement: Arc<str> = statement.into();
        self.order.push_back(Arc::clone(&statement));
        self.present.insert(statement);
        if self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.present.remove(&oldest);
        }
    }

    /// The statements, the oldest first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|statement| &**statement)
    }

    /// How many there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns the statements that may be replayed in an image, the oldest first.
    ///
    /// Every module that they name is in `held`, the names of everything in the image: its packages, `Base`, `Core`,
    /// standard libraries. `Main` is never the same twice and never counts as held.
    #[must_use]
    pub(crate) fn filtered(&self, held: &BTreeSet<String>) -> Vec<String> {
        let fits = |statement: &&str| {
            let Some((tokens, _)) = call(statement) else {
                return false;
            };
            roots(&tokens).iter().all(|root| *root != "Main" && held.contains(*root))
        };
        self.lines().filter(fits).map(str::to_owned).collect()
    }
}

/// Returns the one call of `precompile` in a line.
fn statement(line: &str) -> Option<&str> {
    let mut text = line.trim();
    if text.contains(char::is_control) {
        return None;
    }
    if let Some(comment) = text.strip_prefix("#=") {
        text = comment.split_once("=#")?.1.trim_start();
    }
    let (tokens, rest) = call(text)?;
    let remark = rest.trim_start();
    let only = remark.is_empty() || remark.starts_with('#');
    let is_precompile = tokens.starts_with(&[Token::Name("precompile"), Token::Mark('(')]);
    (only && is_precompile).then(|| &text[..text.len() - rest.len()])
}

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// An identifier; for `var"…"` the raw text between the quotes.
    Name(&'a str),
    /// A number, a string or a character.
    Literal,
    /// Any other character.
    Mark(char),
}

/// Splits the text into pieces, up to the end of its first bracket; returns them and the rest. `None` if brackets do
/// not match, or a piece is of a kind that Julia does not write.
fn call(text: &str) -> Option<(Vec<Token<'_>>, &str)> {
    let mut tokens = Vec::new();
    let mut open = Vec::new();
    let mut rest = text;
    loop {
        let token;
        (token, rest) = next_token(rest)?;
        tokens.push(token);
        match token {
            Token::Mark('(') => open.push(')'),
            Token::Mark('[') => open.push(']'),
            Token::Mark('{') => open.push('}'),
            Token::Mark(mark @ (')' | ']' | '}')) => {
                if open.pop()? != mark {
                    return None;
                }
                if open.is_empty() {
                    return Some((tokens, rest));
                }
            }
            _ => {}
        }
    }
}

/// Returns the first piece of the text, and the rest.
fn next_token(text: &str) -> Option<(Token<'_>, &str)> {
    let text = text.trim_start_matches(' ');
    let first = text.chars().next()?;
    if first.is_ascii_digit() {
        // `0x03`, `1.5`, `1e` of `1e-5`.
        let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._".contains(letter)));
        return Some((Token::Literal, &text[end.unwrap_or(text.len())..]));
    }
    if in_name(first) {
        let end = text.find(|letter| !in_name(letter)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return match rest.strip_prefix('"') {
            None => Some((Token::Name(name), rest)),
            Some(rest) if name == "var" => quoted(rest).map(|(inner, rest)| (Token::Name(inner), rest)),
            Some(_) => None,
        };
    }
    match first {
        '"' => quoted(&text[1..]).map(|(_, rest)| (Token::Literal, rest)),
        '\'' => Some(character(text).map_or((Token::Mark('\''), &text[1..]), |rest| (Token::Literal, rest))),
        // A comment, a command, a second statement or a macro: Julia writes none of these here.
        '#' | '`' | ';' | '@' => None,
        _ if first.is_whitespace() => None,
        _ => Some((Token::Mark(first), &text[first.len_utf8()..])),
    }
}

/// Whether an identifier may hold this character. Beyond ASCII Julia accepts fewer; operators that are taken for names
/// here do no harm, as no dot follows them.
fn in_name(letter: char) -> bool {
    let foreign = !letter.is_ascii() && !letter.is_control() && !letter.is_whitespace();
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '!' || foreign
}

/// Splits a text at the closing quote.
///
/// Older Julias (1.5.3 among them) escape nothing within `Symbol("…")`, so that a name with a quote in it ends too
/// early. `None` if that shows: the quote is followed by something that Julia never writes there.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let closes = |letter: char| {
        let closes = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        closes
    };
    let end = text.find(closes)?;
    let (inner, rest) = (&text[..end], &text[end + 1..]);
    let odd = rest.starts_with(|next| in_name(next) || matches!(next, '"' | '\'' | '\\' | '#'));
    (!odd).then_some((inner, rest))
}

/// Returns the text after a character literal; `None` if the quote is the operator `'`.
fn character(text: &str) -> Option<&str> {
    let mut letters = text.char_indices().skip(1);
    let (_, letter) = letters.next()?;
    if letter == '\\' {
        // `'\''`, `'\n'`, `'\U10ffff'`.
        letters.next()?;
        let (end, _) = letters.find(|(_, letter)| !letter.is_ascii_hexdigit())?;
        return text[end..].strip_prefix('\'');
    }
    let (end, _) = letters.next()?;
    text[end..].strip_prefix('\'').filter(|_| letter != '\'')
}

/// Returns the modules at which a statement's paths start: `Alpha` of `Alpha.Sub.work` and of `getfield(Alpha, …)`;
/// `Main` wherever it stands.
fn roots<'a>(tokens: &[Token<'a>]) -> BTreeSet<&'a str> {
    let at = |index: Option<usize>| index.and_then(|index| tokens.get(index)).copied();
    let mut roots = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let Token::Name(name) = *token else {
            continue;
        };
        let before = at(index.checked_sub(1));
        let after = at(Some(index + 1));
        let field = before == Some(Token::Mark('('))
            && after == Some(Token::Mark(','))
            && at(index.checked_sub(2)) == Some(Token::Name("getfield"));
        let starts = before != Some(Token::Mark('.'));
        if starts && (after == Some(Token::Mark('.')) || field || name == "Main") {
            roots.insert(name);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn statements(lines: &[&str]) -> Statements {
        let mut statements = Statements::default();
        for line in lines {
            statements.add_line(line);
        }
        statements
    }

    fn kept(line: &str) -> Option<String> {
        statements(&[line]).lines().next().map(str::to_owned)
    }

    fn roots_of(line: &str) -> Vec<&str> {
        let (tokens, _) = call(line).unwrap();
        roots(&tokens).into_iter().collect()
    }

    /// `julia --trace-compile` of 1.5.3, for `using Dates; string(Date(2020)); f(x)=x+1; f(2);
    /// sort([3.0,1.0], rev=true)`: the whole file.
    const PLAIN: [&str; 6] = [
        "precompile(Tuple{Type{Base.Multimedia.TextDisplay}, Base.IOStream})",
        "precompile(Tuple{Type{Logging.ConsoleLogger}, Base.IOStream})",
        "precompile(Tuple{Type{REPL.Terminals.TTYTerminal}, String, Base.IOStream, Base.IOStream, Base.IOStream})",
        "precompile(Tuple{typeof(Base.string), Dates.Date})",
        "precompile(Tuple{typeof(Main.f), Int64})",
        r##"precompile(Tuple{Base.var"#sort##kw", NamedTuple{(:rev,), Tuple{Bool}}, typeof(Base.sort), Array{Float64, 1}})"##,
    ];

    /// The same for a script with a module `Alpha`, with the roots of each statement.
    const ALPHA: [(&str, &[&str]); 13] = [
        ("precompile(Tuple{Type{NamedTuple{(:scale,), T} where T<:Tuple}, Tuple{Int64}})", &[]),
        (
            r##"precompile(Tuple{Alpha.var"#work##kw", NamedTuple{(:scale,), Tuple{Int64}}, typeof(Alpha.work), Float64})"##,
            &["Alpha"],
        ),
        (
            r#"precompile(Tuple{typeof(Alpha.Sub.g), Alpha.Sub.Ünï{Symbol("x.y"), Char(0x61000000)}})"#,
            &["Alpha"],
        ),
        ("precompile(Tuple{typeof(Alpha.Sub.g), Alpha.Sub.Ünï{:ok, Char(0x22000000)}})", &["Alpha"]),
        (r##"precompile(Tuple{Alpha.var"#2#3"{typeof(Base.sin)}, Int64})"##, &["Alpha", "Base"]),
        ("precompile(Tuple{typeof(Base.Broadcast.broadcasted), Function, Array{Int64, 1}})", &["Base"]),
        (
            "precompile(Tuple{Type{Base.Broadcast.Broadcasted{Base.Broadcast.DefaultArrayStyle{1}, Axes, F, Args} where Args<:Tuple where F where Axes}, typeof(Alpha.work), Tuple{Array{Int64, 1}}})",
            &["Alpha", "Base"],
        ),
        (
            r##"precompile(Tuple{Base.var"#sort##kw", NamedTuple{(:by,), Tuple{Main.var"#1#2"}}, typeof(Base.sort), Array{Int64, 1}})"##,
            &["Base", "Main"],
        ),
        (r#"precompile(Tuple{typeof(Main.var"odd name"), Int64})"#, &["Main"]),
        (r##"precompile(Tuple{Main.var"#@m", LineNumberNode, Module, Any})"##, &["Main"]),
        ("precompile(Tuple{typeof(Main.:(⊕)), Int64, Int64})", &["Main"]),
        ("precompile(Tuple{Alpha.Sub.Ünï{1, true}, Int64})", &["Alpha"]),
        ("precompile(Tuple{Type{Base.InterpreterIP}, Nothing, UInt64, Module})", &["Base"]),
    ];

    #[test]
    fn what_julia_writes_is_kept_as_it_is() {
        assert_eq!(statements(&PLAIN).lines().collect::<Vec<_>>(), PLAIN);
        for (line, expected) in ALPHA {
            assert_eq!(kept(line).as_deref(), Some(line));
            assert_eq!(roots_of(line), expected, "{line}");
        }
    }

    #[test]
    fn what_julia_1_5_wrongly_quotes_is_dropped() {
        // Written for the symbol `a"b`, and the same with two quotes in it.
        let line = r#"precompile(Tuple{typeof(Alpha.Sub.g), Alpha.Sub.Ünï{Symbol("a"b"), (1, :z, 1.5f)}})"#;
        assert_eq!(kept(line), None);
        assert_eq!(kept(r#"precompile(Tuple{typeof(Alpha.g), Val{Symbol("a"b"c")}})"#), None);
    }

    #[test]
    fn times_and_comments_go() {
        let plain = "precompile(Tuple{typeof(Base.rand), Int64})";
        for line in [
            "#=   39.1 ms =# precompile(Tuple{typeof(Base.rand), Int64})",
            "#=   39.1 ms =# precompile(Tuple{typeof(Base.rand), Int64}) # recompile",
            "precompile(Tuple{typeof(Base.rand), Int64}) # recompile\r\n",
            "  precompile(Tuple{typeof(Base.rand), Int64})  ",
        ] {
            assert_eq!(kept(line).as_deref(), Some(plain), "{line}");
        }
    }

    #[test]
    fn anything_else_is_passed_over() {
        let long = format!("precompile(Tuple{{{}}})", "Int64, ".repeat(600));
        for line in [
            "",
            "# a comment",
            "#= 3 ms",
            "precompile",
            "precompile(",
            "precompile)",
            "precompile(Tuple{typeof(Alpha.work), Array{Float64",
            "precompile(Tuple{typeof(Alpha.work})})",
            "precompile(Tuple{Int64}); exit()",
            "precompile(Tuple{Int64})precompile(Tuple{Int64})",
            "precompile(Tuple{\nInt64})",
            "precompile(Tuple{'\n'})",
            "precompile(Tuple{\"\n\"})",
            "precompile(Tuple{Int64} # torn",
            "precompile(Tuple{typeof(Main.workspace#3.f), Int64})",
            "precompile(`ls`)",
            "precompile(r\"x\")",
            "precompile(Alpha.@m)",
            "precompile[1]",
            "precompiled(Tuple{Int64})",
            "Base.precompile(Tuple{Int64})",
            &long,
        ] {
            assert_eq!(kept(line), None, "{line}");
        }
    }

    #[test]
    fn text_in_quotes_names_no_module() {
        for (line, expected) in [
            (r##"precompile(Tuple{getfield(Alpha, Symbol("#work##kw")), Int64})"##, &["Alpha"] as &[&str]),
            (r##"precompile(Tuple{getfield(Alpha.Sub, Symbol("#g")), Int64})"##, &["Alpha"]),
            (r##"precompile(Tuple{getfield(Main, Symbol("#g")), Int64})"##, &["Main"]),
            (r#"precompile(Tuple{Val{Symbol("Beta.x(")}})"#, &[]),
            (r#"precompile(Tuple{Val{:var"Beta.x"}, Alpha.T{"Beta.\"y"}})"#, &["Alpha"]),
            (r#"precompile(Tuple{Alpha.T{'(', '"', '\'', '\\', '\u2028', '.'}})"#, &["Alpha"]),
            ("precompile(Tuple{typeof(Base.:(')), typeof(Base.:(==)), typeof(Base.:(<:))})", &["Base"]),
            (
                "precompile(Tuple{Array{Alpha.T, 1.5}, T} where T<:Beta.S{Gamma.:(+), -Inf, 1e-5})",
                &["Alpha", "Beta", "Gamma"],
            ),
            ("precompile(Tuple{typeof(Δx.f!), Base.Fix2{typeof(x′.g), 0x03}})", &["Base", "x′", "Δx"]),
            (r#"precompile(Tuple{typeof(var"workspace#3".f), Int64})"#, &["workspace#3"]),
            (r##"precompile(Tuple{Array{var"#s1", 1} where var"#s1"<:Integer})"##, &[]),
        ] {
            assert_eq!(kept(line).as_deref(), Some(line));
            assert_eq!(roots_of(line), expected, "{line}");
        }
    }

    #[test]
    fn only_what_the_image_has_is_replayed() {
        let all = statements(&PLAIN);
        assert_eq!(all.filtered(&set(&["Base", "Core"])), [PLAIN[0], PLAIN[5]]);
        assert_eq!(all.filtered(&set(&["Base", "Core", "Dates"])), [PLAIN[0], PLAIN[3], PLAIN[5]]);
        assert!(all.filtered(&set(&["Alpha"])).is_empty());

        let all = statements(&ALPHA.map(|(line, _)| line));
        let held = ["Base", "Core", "Dates", "REPL", "Logging", "Alpha"];
        let expected: Vec<&str> = ALPHA
            .iter()
            .filter(|(_, roots)| roots.iter().all(|root| held.contains(root)))
            .map(|(line, _)| *line)
            .collect();
        assert!(expected.len() > 8 && expected.len() < ALPHA.len());
        assert_eq!(all.filtered(&set(&held)), expected);
    }

    #[test]
    fn statements_about_main_and_strangers_go() {
        let all = statements(&[
            "precompile(Tuple{typeof(Alpha.work), Main.T})",
            "precompile(Tuple{typeof(Alpha.work), Beta.T})",
            r##"precompile(Tuple{typeof(Alpha.work), getfield(Main, Symbol("#1#2"))})"##,
            r#"precompile(Tuple{typeof(Alpha.work), var"workspace#3".T})"#,
            "precompile(Tuple{typeof(Alpha.work), Dates.Date})",
        ]);
        let expected = ["precompile(Tuple{typeof(Alpha.work), Dates.Date})"];
        assert_eq!(all.filtered(&set(&["Alpha", "Base", "Dates", "Main"])), expected);
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let mut statements = Statements::default();
        for number in 0..LIMIT + 2 {
            statements.add_line(&format!("precompile(Tuple{{Val{{{number}}}}})"));
            statements.add_line("precompile(Tuple{Val{2}})");
        }
        assert_eq!(statements.len(), LIMIT);
        assert_eq!(statements.present.len(), LIMIT);
        assert_ne!(statements.lines().next(), Some("precompile(Tuple{Val{0}})"));
        let last = format!("precompile(Tuple{{Val{{{}}}}})", LIMIT + 1);
        assert!(statements.lines().any(|line| line == last));
    }

    fn lines() -> impl Strategy<Value = Vec<String>> {
        let piece = prop::sample::select(vec![
            "Alpha",
            "Beta",
            "Main",
            "Base",
            ".",
            ".f",
            "{",
            "}",
            "(",
            ")",
            ",",
            " ",
            "\"",
            "'",
            "var\"",
            "#",
            "Symbol(\"",
            "getfield(",
            "\\",
            "é",
            "1.5",
            "typeof(",
            "{}",
            "<:",
            "where",
            "=#",
            "\n",
        ]);
        let odd = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
        let call = odd.clone().prop_map(|inside| format!("precompile(Tuple{{{inside}}})"));
        prop::collection::vec(prop_oneof![odd, call, ".*", "precompile\\(.*\\)"], 0..20)
    }

    proptest! {
        #[test]
        fn any_text_is_taken(lines in lines()) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let mut all = statements(&lines);
            let kept: Vec<String> = all.lines().map(str::to_owned).collect();
            prop_assert_eq!(kept.len(), all.len());
            prop_assert!(kept.iter().all(|line| line.starts_with("precompile(") && line.ends_with(')')));
            prop_assert!(kept.iter().all(|line| !line.contains('\n')));

            // What was kept is kept again as it is, and adding it once more changes nothing.
            let again: Vec<&str> = kept.iter().chain(&kept).map(String::as_str).collect();
            let again = statements(&again);
            prop_assert_eq!(again.lines().collect::<Vec<_>>(), kept.iter().collect::<Vec<_>>());
            for line in lines {
                all.add_line(line);
            }
            prop_assert_eq!(all.lines().collect::<Vec<_>>(), kept.iter().collect::<Vec<_>>());

            // What is replayed is a part of it, in its order, and more modules give no less.
            let some = all.filtered(&set(&["Base", "Core", "Alpha"]));
            let more = all.filtered(&set(&["Base", "Core", "Alpha", "Beta"]));
            let mut rest = kept.iter();
            prop_assert!(more.iter().all(|line| rest.any(|kept| kept == line)));
            prop_assert!(some.iter().all(|line| more.contains(line)));
        }
    }
}
