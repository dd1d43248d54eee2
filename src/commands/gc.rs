//! `jlproj gc`: shows what is garbage, and removes it.

mod candidates;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assessment;
use crate::cli::GcArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::usage::garbage::{Item, Limits, plan};
use crate::path_text;
use crate::store::removal::{self, Removed};
use crate::store::verdict_cache;
use crate::ui::output::{self, Format};
use crate::ui::size::size;
use crate::ui::table::{Side, columns};
use crate::ui::{message, prompt};

/// One thing to remove.
#[derive(Serialize)]
struct Row {
    /// `image`, `cache`, `folder`, `file` or `journal`.
    kind: &'static str,
    /// The key of an image, or a path.
    name: String,
    /// Its project, if there is one.
    project: Option<String>,
    why: String,
    bytes: u64,
}

pub(crate) fn run(arguments: &GcArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let inventory = assessment::inventory(context, arguments.julia.julia.clone())?;
    let limits = Limits {
        now: context.now,
        older_than: arguments.older_than,
        keep_size: arguments.keep_size,
        images: !arguments.caches,
        caches: !arguments.images,
    };
    let items = plan(&candidates::find(context, &inventory, arguments.all_julias)?, &limits);
    let rows: Vec<Row> = items.iter().map(|item| row(context, item)).collect();
    output::print(&rows, arguments.format.format, || table(&rows, arguments.verbose, context))?;
    for text in &inventory.passed_over {
        message::note(&format!("not looked at: {text}"));
    }
    if arguments.dry_run {
        return Ok(exit::SUCCESS);
    }
    // Without a word, as builds do: nobody misses them.
    verdict_cache::sweep(&context.layout);
    if items.is_empty() {
        return Ok(exit::SUCCESS);
    }
    if !arguments.yes {
        let can_ask = context.stdin_is_terminal && matches!(arguments.format.format, Format::Table);
        if !can_ask || !prompt::is_confirmed("remove all this?") {
            return Err(Error::NotConfirmed);
        }
    }
    remove(context, &items)
}

/// Removes what was shown. Reports what cannot be removed, and goes on.
fn remove(context: &Context, items: &[Item]) -> Result<u8, Error> {
    let told = |item: &Item, reason: &str| message::line(&format!("{}: {reason}", row(context, item).name));
    let Removed { bytes, failed } = removal::remove_all(&context.layout, items, context.now, told);
    message::note(&format!("{} of {} removed, {} freed", items.len() - failed, items.len(), size(bytes)));
    match failed {
        0 => Ok(exit::SUCCESS),
        failed => Err(Error::SomeNotRemoved { failed, all: items.len() }),
    }
}

fn row(context: &Context, item: &Item) -> Row {
    let bytes = item.bytes();
    match item {
        Item::Image { image, why } => Row {
            kind: "image",
            name: image.key.to_string(),
            project: Some(image.project.clone()),
            why: why.clone(),
            bytes,
        },
        Item::Damaged(image) => {
            Row { kind: "image", name: image.key.to_string(), project: None, why: image.why.clone(), bytes }
        }
        Item::Cache { cache, why } => Row {
            kind: "cache",
            name: path_text::encode(
                &cache
                    .depot
                    .join(&cache.folder)
                    .join(cache.files.first().map_or("", |file| file.name.as_str())),
            ),
            project: Some(cache.project.clone()).filter(|project| !project.is_empty()),
            why: (*why).to_owned(),
            bytes,
        },
        Item::Abandoned(abandoned) => Row {
            kind: if abandoned.path.is_dir() { "folder" } else { "file" },
            name: path_text::encode(&abandoned.path),
            project: None,
            why: "a command that died left it".to_owned(),
            bytes,
        },
        Item::Journal { .. } => Row {
            kind: "journal",
            name: path_text::encode(&context.layout.journal()),
            project: None,
            why: "starts of long ago are counted together".to_owned(),
            bytes,
        },
    }
}

/// The plan as a table. Caches of one project with the same reason share a line, unless `verbose`.
fn table(rows: &[Row], verbose: bool, context: &Context) -> String {
    if rows.is_empty() {
        return "nothing to collect\n".to_owned();
    }
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut caches: BTreeMap<(&Option<String>, &str), (usize, u64)> = BTreeMap::new();
    let shown = |path: &str| message::visible(&context.home_relative(path));
    for row in rows {
        let project = row.project.as_deref().unwrap_or("-");
        let (place, what) = match row.kind {
            "cache" if !verbose => {
                let sum = caches.entry((&row.project, &row.why)).or_default();
                *sum = (sum.0 + 1, sum.1 + row.bytes);
                continue;
            }
            "cache" => (shown(&row.name), "precompile file".to_owned()),
            "image" => (shown(project), format!("image {}", row.name.get(..12).unwrap_or(&row.name))),
            kind => (shown(&row.name), kind.to_owned()),
        };
        lines.push(vec![place, what, row.why.clone(), size(row.bytes)]);
    }
    for ((project, why), (count, bytes)) in caches {
        let files = if count == 1 { "file" } else { "files" };
        let place = shown(project.as_deref().unwrap_or("-"));
        lines.push(vec![place, format!("{count} precompile {files}"), why.to_owned(), size(bytes)]);
    }
    let total = rows.iter().map(|row| row.bytes).sum();
    lines.push(vec!["in all".to_owned(), String::new(), String::new(), size(total)]);
    let header = [("of", Side::Left), ("what", Side::Left), ("why", Side::Left), ("size", Side::Right)];
    columns(&header, &lines, context.width)
}
