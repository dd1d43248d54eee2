//! Pkg's `logs/manifest_usage.toml`: which manifests were managed with Pkg, and when.
//!
//! Pkg up to 1.8 adds a table for each event and never shortens the file; from 1.9 it keeps one table for each manifest
//! (`write_env_usage`, Pkg's `src/Types.jl` 1.5.3 to 1.13). So it is read line by line, and only the current table is
//! kept. Unreadable lines are skipped.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Lines with more bytes than this are skipped: no path is that long.
const LONGEST_LINE: usize = 64 * 1024;

/// One event: Pkg read or wrote the environment of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestUse {
    /// Path text of the manifest, links resolved by Pkg.
    pub(crate) manifest: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
}

/// Reads the file, line by line.
#[derive(Clone, Debug)]
pub(crate) struct UsageReader<'a> {
    zone: &'a TimeZone,
    manifest: Option<String>,
}

impl<'a> UsageReader<'a> {
    /// A reader for a file written in the time zone `zone`. Pkg writes local time (`now()`) and marks it as
    /// UTC, all versions from 1.5 to 1.13.
    #[must_use]
    pub(crate) const fn new(zone: &'a TimeZone) -> Self {
        Self { zone, manifest: None }
    }

    /// Takes the next line, with or without its end, and returns the event that it completes.
    ///
    /// A local time that the clock showed twice means the first; one that the clock skipped means a time as far after
    /// the gap as it is into the gap. A time with an offset in figures is taken as it stands.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<ManifestUse> {
        let line = line.trim_ascii();
        if line.first() == Some(&b'[') {
            self.manifest = text_of(line).and_then(header);
            return None;
        }
        let time = text_of(line).and_then(time_value).and_then(|text| seconds(text, self.zone));
        if time.is_none() && line.windows(2).any(|pair| pair == b"[[") {
            // A crash tore the line, and the next table's start went behind it.
            self.manifest = None;
        }
        Some(ManifestUse { manifest: self.manifest.clone()?, time: time? })
    }
}

/// Whether a path leads through a temporary folder of Julia's: `jl_` and six or ten letters or digits (`mktempdir` and
/// `tempname`, `base/file.jl` 1.4 to 1.12), not all of them small letters, as in `jl_models`. `Pkg.test` has its
/// sandboxes there.
#[must_use]
pub(crate) fn is_temporary(manifest: &str) -> bool {
    let random = |name: &str| {
        matches!(name.len(), 6 | 10)
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && name.bytes().any(|byte| !byte.is_ascii_lowercase())
    };
    manifest.split(['/', '\\']).filter_map(|component| component.strip_prefix("jl_")).any(random)
}

fn text_of(line: &[u8]) -> Option<&str> {
    if line.len() > LONGEST_LINE {
        return None;
    }
    std::str::from_utf8(line).ok()
}

/// Reads the key of `[[key]]` and `[key]`.
fn header(line: &str) -> Option<String> {
    let (inner, close) = match line.strip_prefix("[[") {
        Some(inner) => (inner, "]]"),
        None => (line.strip_prefix('[')?, "]"),
    };
    let (key, rest) = key(inner.trim_start())?;
    let rest = rest.trim_start().strip_prefix(close)?;
    ends(rest).then_some(key)
}

/// Whether at most a comment follows.
fn ends(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

/// Reads the key at the start of the text; returns it and the rest.
fn key(text: &str) -> Option<(String, &str)> {
    if let Some(text) = text.strip_prefix('"') {
        return basic_string(text);
    }
    if let Some(text) = text.strip_prefix('\'') {
        let (key, rest) = text.split_once('\'')?;
        return Some((key.to_owned(), rest));
    }
    let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let (key, rest) = text.split_at(text.find(|letter| !bare(letter)).unwrap_or(text.len()));
    (!key.is_empty()).then(|| (key.to_owned(), rest))
}

/// Reads a basic string after its opening quote; returns it and the rest.
fn basic_string(mut text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    loop {
        let (plain, rest) = text.split_at(text.find(['"', '\\'])?);
        value.push_str(plain);
        if let Some(rest) = rest.strip_prefix('"') {
            return Some((value, rest));
        }
        let (letter, rest) = escape(rest.strip_prefix('\\')?)?;
        value.push(letter);
        text = rest;
    }
}

/// Reads the character of an escape sequence after its `\`; returns it and the rest.
///
/// Takes TOML's, and those of Julia's `escape_string`, which Pkg 1.5 used: `\0`, `\a`, `\v`, `\e`, `\x` with two
/// digits, `\u` and `\U` with fewer than four and eight. `\x80` and above stand for bytes that are not UTF-8, for
/// which there is no character.
fn escape(text: &str) -> Option<(char, &str)> {
    let mut letters = text.chars();
    let digits = match letters.next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        simple => return Some((simple_escape(simple)?, letters.as_str())),
    };
    let rest = letters.as_str();
    let length = rest.bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
    let code = u32::from_str_radix(&rest[..length], 16).ok()?;
    let letter = char::from_u32(code).filter(|letter| digits > 2 || letter.is_ascii())?;
    Some((letter, &rest[length..]))
}

const fn simple_escape(letter: char) -> Option<char> {
    Some(match letter {
        '"' | '\\' => letter,
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        '0' => '\0',
        'a' => '\u{7}',
        'v' => '\u{b}',
        _ => return None,
    })
}

/// Reads the value of `time = …`.
fn time_value(line: &str) -> Option<&str> {
    let value = line.strip_prefix("time")?.trim_start().strip_prefix('=')?;
    Some(value.split_once('#').map_or(value, |(value, _)| value).trim())
}

/// Returns the seconds since 1970 of a date and time in TOML; `Z` and no offset both mean the time of `zone`.
fn seconds(text: &str, zone: &TimeZone) -> Option<i64> {
    let (date_time, rest) = (text.get(..19)?, text.get(19..)?);
    let shape = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        10 => matches!(byte, b'T' | b't' | b' '),
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    if !date_time.bytes().enumerate().all(shape) {
        return None;
    }
    let date_time: DateTime = date_time.parse().ok()?;
    let rest = match rest.strip_prefix('.') {
        Some(rest) => rest.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    let timestamp = match rest {
        "" | "Z" | "z" => zone.to_timestamp(date_time),
        _ => offset(rest)?.to_timestamp(date_time),
    };
    Some(timestamp.ok()?.as_second())
}

/// Reads an offset such as `+02:00`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let number = |digits: Option<&str>| {
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
        digits.parse::<i32>().ok()
    };
    let (hours, minutes) = (number(text.get(1..3))?, number(text.get(4..6))?);
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use toml::{Table, Value};

    fn read(file: &str, zone: &TimeZone) -> Vec<(String, i64)> {
        let mut reader = UsageReader::new(zone);
        let uses = file.split_inclusive('\n').filter_map(|line| reader.line(line.as_bytes()));
        uses.map(|found| (found.manifest, found.time)).collect()
    }

    fn utc(file: &str) -> Vec<(String, i64)> {
        read(file, &TimeZone::UTC)
    }

    /// Names of the manifests alone.
    fn manifests(file: &str) -> Vec<String> {
        utc(file).into_iter().map(|(manifest, _)| manifest).collect()
    }

    fn time(value: &str, zone: &TimeZone) -> Option<i64> {
        let uses = read(&format!("[[\"/m\"]]\ntime = {value}\n"), zone);
        uses.first().map(|(_, time)| *time)
    }

    /// 2026-11-24T00:43:16Z.
    const TIME: i64 = 1_795_480_996;

    #[test]
    fn one_table_for_each_event_is_how_1_5_to_1_8_write() {
        // Pkg of Julia 1.5.3, as it stands there.
        let file = "[[\"/w/Foo/Manifest.toml\"]]\ntime = 2026-11-24T00:43:16.261Z\n\
            [[\"/w/Foo/Manifest.toml\"]]\ntime = 2026-11-24T00:43:17.478Z\n\
            [[\"/w/a\\\"b\\\\cü\\td/Manifest.toml\"]]\ntime = 2026-11-24T00:43:18.788Z\n";
        let expected = [
            ("/w/Foo/Manifest.toml".to_owned(), TIME),
            ("/w/Foo/Manifest.toml".to_owned(), TIME + 1),
            ("/w/a\"b\\cü\td/Manifest.toml".to_owned(), TIME + 2),
        ];
        assert_eq!(utc(file), expected);
        assert_eq!(utc(&file.replace('\n', "\r\n")), expected);
        assert_eq!(utc(file.trim_end()), expected);
    }

    #[test]
    fn one_table_for_each_manifest_is_how_1_9_and_later_write() {
        // `TOML.print(io, usage, sorted=true)`: an empty line between two tables.
        let file = "[[\"/w/a/Manifest-v1.12.toml\"]]\ntime = 2026-11-24T00:43:16.261Z\n\n\
            [[\"/w/b/Manifest.toml\"]]\ntime = 2026-11-24T00:43:16Z\n";
        let names = ["/w/a/Manifest-v1.12.toml", "/w/b/Manifest.toml"];
        assert_eq!(utc(file), names.map(|name| (name.to_owned(), TIME)));
    }

    #[test]
    fn headers_come_in_all_of_tomls_forms() {
        for (header, expected) in [
            (r#"["/m"]"#, "/m"),
            ("[['/m\\n\"']]", "/m\\n\""),
            ("[['C:\\Users\\zoë\\Manifest.toml']]", r"C:\Users\zoë\Manifest.toml"),
            (r#"[["C:\\Users\\me\\new\\Manifest.toml"]]"#, r"C:\Users\me\new\Manifest.toml"),
            (r#"[["\\\\server\\share\\Manifest.toml"]]"#, r"\\server\share\Manifest.toml"),
            ("[[Manifest]]", "Manifest"),
            ("  [[ \"/m\" ]]  # mine", "/m"),
            (r#"[["/a]]#\""]]"#, "/a]]#\""),
            (r#"[["\b\t\n\f\r\e\"\\\u00e9\U0001F600"]]"#, "\u{8}\t\n\u{c}\r\u{1b}\"\\é😀"),
            // Julia 1.5.3, `escape_string`.
            (
                r#"[["a\"b\\c\x01\e\x7f\t\n\r\b\f\u2028😀$x"]]"#,
                "a\"b\\c\u{1}\u{1b}\u{7f}\t\n\r\u{8}\u{c}\u{2028}😀$x",
            ),
            (r#"[["\u85\0\a\v"]]"#, "\u{85}\0\u{7}\u{b}"),
        ] {
            let file = format!("{header}\ntime = 2026-11-24T00:43:16.261Z\n");
            assert_eq!(utc(&file), [(expected.to_owned(), TIME)], "{header}");
        }
    }

    #[test]
    fn what_is_no_header_ends_the_table_before_it() {
        for header in [
            "[",
            "[[",
            "[[\"",
            "[[\"/w/Mani",
            "[[\"/w\"",
            "[[\"/w\"]",
            "[\"/w\"]]",
            "[[\"/w\"]] x",
            "[[a.b]]",
            "[[]]",
            "[['/w]]",
            "[[\"\\q\"]]",
            "[[\"\\uD800\"]]",
            "[[\"\\u\"]]",
            "[[\"\\xff\"]]",
            "[[\"\\",
            "[[\"/w/Mani[[\"/w/b/Manifest.toml\"]]",
        ] {
            let file = format!("[[\"/m\"]]\n{header}\ntime = 2026-11-24T00:43:16.261Z\n");
            assert!(utc(&file).is_empty(), "{header}");
        }
        let zone = TimeZone::UTC;
        let mut reader = UsageReader::new(&zone);
        assert_eq!(reader.line(b"[[\"/m\"]]"), None);
        assert_eq!(reader.line(b"[[\"/\xff\"]]"), None);
        assert_eq!(reader.line(b"time = 2026-11-24T00:43:16.261Z"), None);
    }

    #[test]
    fn rubbish_is_passed_over() {
        let file = "time = 2026-11-24T00:43:16Z\n\u{0}\u{1}\n[[\"/a\"]]\n# note\n\nfoo = [1]\ntimer = 2\n\
            time = never\ntime = 2026-11-24T00:43:16Z # then\n[[\"/b\"]]\n<<<<<<< HEAD\n\
            time=2026-11-24T00:43:17Z\n";
        assert_eq!(utc(file), [("/a".to_owned(), TIME), ("/b".to_owned(), TIME + 1)]);
        let zone = TimeZone::UTC;
        let mut reader = UsageReader::new(&zone);
        assert_eq!(reader.line(format!("[[\"{}\"]]", "x".repeat(LONGEST_LINE)).as_bytes()), None);
        assert_eq!(reader.line(b"time = 2026-11-24T00:43:16Z"), None);
    }

    #[test]
    fn a_torn_line_gives_no_wrong_event() {
        let whole =
            "[[\"/a\"]]\ntime = 2026-11-24T00:43:16.261Z\n[[\"/b\"]]\ntime = 2026-11-24T00:43:16.261Z";
        let expected = utc(whole);
        for end in 0..whole.len() {
            let found = utc(&whole[..end]);
            assert_eq!(found, expected[..found.len()], "{end}");
        }
        // Another process went on behind it.
        let file = "[[\"/a\"]]\ntime = 2026-11-2[[\"/b\"]]\ntime = 2026-11-24T00:43:16.261Z\n[[\"/c\"]]\n\
            time = 2026-11-24T00:43:16.261Z\n";
        assert_eq!(manifests(file), ["/c"]);
    }

    #[test]
    fn times_are_local_though_they_are_marked_as_utc() {
        let east = TimeZone::fixed(Offset::constant(2));
        assert_eq!(time("2026-11-24T00:43:16.261Z", &east), Some(TIME - 7200));
        assert_eq!(time("2026-11-24T00:43:16", &east), Some(TIME - 7200));
        assert_eq!(time("2026-11-24 00:43:16.999z", &east), Some(TIME - 7200));
        assert_eq!(time("2026-11-24T00:43:16+01:00", &east), Some(TIME - 3600));
        assert_eq!(time("2026-11-24T00:43:16.5-03:30", &east), Some(TIME + 12_600));
        assert_eq!(time("1969-12-31T23:59:59.500Z", &TimeZone::UTC), Some(-1));
    }

    #[test]
    fn summer_time_is_known() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let utc = |text| time(text, &TimeZone::UTC).unwrap();
        for (local, expected) in [
            ("2026-01-15T12:00:00Z", "2026-01-15T11:00:00Z"),
            ("2026-07-15T12:00:00Z", "2026-07-15T10:00:00Z"),
            // Left out in March, there twice in October.
            ("2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(time(local, &zone), Some(utc(expected)), "{local}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            "",
            "1",
            "\"2026-11-24T00:43:16Z\"",
            "2026-11-24",
            "00:43:16",
            "2026-11-24T00:43Z",
            "2026-13-24T00:43:16Z",
            "2026-02-29T00:43:16Z",
            "2026-11-24T25:43:16Z",
            "2026-11-24T00:43:16X",
            "2026-11-24T00:43:16+2",
            "2026-11-24T00:43:16+24:00",
            "2026-11-24T00:43:16+01:60",
            "2026-11-24T00:43:16+é:00",
            "+026-11-24T00:43:16",
            "2026-11-24T00:43:16[UTC]",
            "2026-11-24T00:43:1é",
        ] {
            assert_eq!(time(value, &TimeZone::UTC), None, "{value}");
        }
        // The ends of the calendar.
        assert_eq!(time("9999-12-31T23:59:59Z", &TimeZone::fixed(Offset::constant(-12))), None);
        assert!(time("0000-01-01T00:00:00Z", &TimeZone::UTC).is_some());
    }

    #[test]
    fn sandboxes_of_julia_are_temporary() {
        for path in [
            "/tmp/jl_2UO2uM/Manifest.toml",
            "/tmp/jl_abcdEfghij/sub/Manifest.toml",
            r"C:\Users\me\AppData\Local\Temp\jl_AbC123\Manifest.toml",
            "jl_000000",
        ] {
            assert!(is_temporary(path), "{path}");
        }
        for path in [
            "",
            "/tmp/jl_/x",
            "/w/jl_tools/x",
            "/w/jl_models/x",
            "/w/jl_abcdefghij/x",
            "/w/jl_my_tools/x",
            "/w/my_jl_2UO2uM/x",
            "/w/jl_größte/x",
        ] {
            assert!(!is_temporary(path), "{path}");
        }
    }

    fn event(time: &str) -> Value {
        let time = Value::Datetime(time.parse().unwrap());
        Value::Array(vec![Value::Table(Table::from_iter([("time".to_owned(), time)]))])
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(lines: Vec<Vec<u8>>) {
            let zone = TimeZone::UTC;
            let mut reader = UsageReader::new(&zone);
            for line in lines {
                reader.line(&line);
            }
        }

        #[test]
        fn near_misses_are_taken(
            lines in prop::collection::vec(prop_oneof![
                r#"\[{1,2}["']?[a\\"'uxU0-9é\]]{0,12}["']?\]{0,2}"#,
                "time = [0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}[.0-9é]{0,4}[Z+-]?[0-9:]{0,5}",
                "(time|=|é| ){0,4}.*",
            ], 0..20),
        ) {
            let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
            let found = read(&lines.join("\n"), &zone);
            prop_assert!(found.len() <= lines.len());
        }

        /// Text that TOML writes, in whatever form it chooses, reads back.
        #[test]
        fn paths_read_back(paths in prop::collection::btree_set(any::<String>(), 0..8)) {
            let table: Table = paths.iter().map(|path| (path.clone(), event("2026-11-24T00:43:16.261Z"))).collect();
            let found: BTreeMap<_, _> = utc(&toml::to_string(&table).unwrap()).into_iter().collect();
            prop_assert_eq!(found, paths.into_iter().map(|path| (path, TIME)).collect());
        }

        #[test]
        fn windows_paths_read_back(parts in prop::collection::vec("[a-zé 'ux\"-]{1,8}", 1..6)) {
            let path = format!(r"C:\{}\Manifest.toml", parts.join(r"\"));
            let table = Table::from_iter([(path.clone(), event("2026-11-24T00:43:16Z"))]);
            prop_assert_eq!(utc(&toml::to_string(&table).unwrap()), [(path, TIME)]);
        }
    }
}
