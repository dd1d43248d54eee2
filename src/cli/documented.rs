//! What README and the pages of docs/ say is typed, set and linked, is so.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use crate::cli::{Cli, GROUPS};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs_err::read_dir(root().join("docs")).expect("docs").map(|entry| entry.expect("entry").path());
    let pages = docs.chain([root().join("README.md")]);
    pages.map(|path| (path.clone(), fs_err::read_to_string(path).expect("page"))).collect()
}

/// The blocks of a page in this language, each with the text before it.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<(&'a str, &'a str)> {
    let fence = format!("```{language}\n");
    let starts = text.match_indices(&fence).map(|(start, _)| start);
    let block = |start: usize| {
        let rest = &text[start + fence.len()..];
        (&text[..start], rest.split("```").next().unwrap_or_default())
    };
    starts.map(block).collect()
}

/// What stands between single backticks, outside of blocks.
fn inline(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_command_is_one() {
    let mut count = 0;
    for (page, text) in pages() {
        let lines = blocks(&text, "sh").into_iter().flat_map(|(_, block)| block.lines());
        let lines = lines.map(|line| line.split(['#', '|']).next().unwrap_or_default());
        for command in inline(&text).into_iter().chain(lines).filter(|text| text.starts_with("jlproj ")) {
            // A word in capitals stands for one of the user's; HOST and COMMAND for several.
            let command = command.replace(['[', ']', '…'], "");
            if command.contains("HOST") || command.contains("COMMAND") {
                continue;
            }
            let words = shell_words::split(&command).expect("words");
            if words.get(1).is_some_and(|word| word == "run") {
                continue;
            }
            let parsed = Cli::command().try_get_matches_from(words);
            if let Err(error) = parsed {
                panic!("{}: `{command}`: {error}", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 30, "only {count} commands were found");
}

#[test]
fn every_command_is_in_one_group_of_the_help() {
    let command = Cli::command();
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let mut shown: Vec<&str> = shown.map(clap::Command::get_name).collect();
    let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    shown.sort_unstable();
    grouped.sort_unstable();
    assert_eq!(grouped, shown);
}

/// Paths in the pages are those of Unix.
#[cfg(unix)]
#[test]
fn every_setting_is_one() {
    use crate::model::settings::{ProjectFile, UserFile};
    let mut count = 0;
    for (page, text) in pages() {
        for (before, block) in blocks(&text, "toml") {
            let heading = before.lines().rfind(|line| line.starts_with('#')).unwrap_or_default();
            let parsed = match heading {
                _ if heading.contains("jlproj.toml") => ProjectFile::parse(block.as_bytes()).map(drop),
                _ => UserFile::parse(block.as_bytes()).map(drop),
            };
            if let Err(error) = parsed {
                panic!("{}, {heading}: {error}", page.display());
            }
            count += 1;
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let folder = page.parent().expect("a folder");
            let is_there = target.starts_with("https://") || folder.join(target).exists();
            assert!(is_there, "{}: {target}", page.display());
        }
    }
}
