//! `jlproj report`: all that is known, as one page for a browser.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;

use crate::assessment::{self, Found, Inventory, RankedProject, SHIPPED, Survey, Surveyed};
use crate::cli::ReportArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs;
use crate::model::caches::owner::CacheVerdict;
use crate::model::image::key::Digest;
use crate::model::image::record::{KnownImage, Measurements};
use crate::model::usage::own_folder::is_own_folder;
use crate::path_text;
use crate::ui::{message, output};

/// The name of the page in a folder.
const FILE_NAME: &str = "jlproj-report.html";

/// Contents of the page.
struct Report {
    /// Seconds since 1970.
    now: i64,
    julia: String,
    /// Most worth first.
    projects: Vec<Project>,
    /// Image with most projects first.
    images: Vec<Image>,
    disk: Vec<Share>,
    /// Precompile files by project, most bytes first.
    caches: Vec<Share>,
}

/// A project with its load times.
struct Project {
    row: RankedProject,
    times: Option<Times>,
}

/// Seconds that Julia takes to load a project's packages.
#[derive(Clone, Copy)]
struct Times {
    without: f64,
    with: f64,
    /// Whether they were measured in this very project; else in the one that the image was built for.
    is_own: bool,
}

/// An image, and the projects that share it.
struct Image {
    key: String,
    built: i64,
    bytes: u64,
    /// Names with versions, by name.
    packages: Vec<String>,
    /// Projects that get it now.
    shared_by: Vec<String>,
    times: Option<Times>,
    /// Why it cannot be used, if so.
    flaw: Option<String>,
    /// Whether it is in a store of others.
    is_shared: bool,
}

/// A part of the disk usage.
struct Share {
    name: String,
    bytes: u64,
    /// Whether `gc` would remove it, or may with age.
    is_spare: bool,
}

pub(crate) fn run(arguments: &ReportArgs, context: &Context) -> Result<u8, Error> {
    let inventory = assessment::inventory(context, arguments.julia.julia.clone())?;
    let page = page::page(&collect(context, &inventory)).into_string();
    if arguments.file == OsStr::new("-") {
        output::write(page.as_bytes())?;
        return Ok(exit::SUCCESS);
    }
    let mut file = context.directory.join(&arguments.file);
    if file.is_dir() {
        file.push(FILE_NAME);
    }
    write(&file, page.as_bytes())?;
    message::note(&format!("wrote `{}`; open it in a browser", file.display()));
    Ok(exit::SUCCESS)
}

/// Writes the page to the user's path: through a link to its target, and into a special file (a pipe, `/dev/null`)
/// without replacing it.
fn write(path: &Path, page: &[u8]) -> io::Result<()> {
    match fs_err::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            fs_err::OpenOptions::new().write(true).open(path)?.write_all(page)
        }
        _ => fs::replace_as_it_is(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), page),
    }
}

fn collect(context: &Context, inventory: &Inventory) -> Report {
    let holders = holders(context, inventory);
    let own = inventory.surveys.iter().find(|(survey, _)| survey.installation == inventory.installation);
    let projects = own.map(|(survey, surveyed)| projects(context, survey, surveyed)).unwrap_or_default();
    let catalog = own.map(|(survey, _)| survey.catalog.images.as_slice()).unwrap_or_default();
    let mut images: Vec<Image> = catalog.iter().map(|image| described(image, &holders)).collect();
    images.sort_by_key(|image| std::cmp::Reverse((image.shared_by.len(), image.built)));
    let (disk, caches) = (disk(&images, inventory), caches(context, inventory));
    Report {
        now: context.now,
        julia: inventory.installation.identity.version.clone(),
        projects,
        images,
        disk,
        caches,
    }
}

/// The projects that get each image.
fn holders(context: &Context, inventory: &Inventory) -> BTreeMap<Digest, BTreeSet<String>> {
    let mut holders: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
    for (survey, Surveyed { known, found }) in inventory.live() {
        let Found::Project(assessed) = found else { continue };
        let Some(image) = survey.image_of(&assessed.verdict) else { continue };
        let shown = context.home_relative(&known.path);
        holders.entry(image.record.key.clone()).or_default().insert(shown);
    }
    holders
}

fn projects(context: &Context, survey: &Survey, surveyed: &[Surveyed]) -> Vec<Project> {
    let times: BTreeMap<&str, Times> = surveyed.iter().filter_map(|one| times_of(survey, one)).collect();
    let rows = assessment::ranked(survey, surveyed).into_iter();
    rows.map(|mut row| {
        let times = times.get(row.project.as_str()).copied();
        row.project = context.home_relative(&row.project);
        Project { row, times }
    })
    .collect()
}

/// Times measured in a project, else in the one that its image was built for.
fn times_of<'a>(survey: &Survey, surveyed: &'a Surveyed) -> Option<(&'a str, Times)> {
    let Found::Project(assessed) = &surveyed.found else { return None };
    let image = survey.image_of(&assessed.verdict)?;
    let own =
        surveyed.known.record.as_ref().filter(|record| record.image.as_ref() == Some(&image.record.key));
    let times = own
        .and_then(|record| times(&record.measured, true))
        .or_else(|| times(&image.record.measured, false))?;
    Some((surveyed.known.path.as_str(), times))
}

fn times(measured: &Measurements, is_own: bool) -> Option<Times> {
    let Measurements { load_without: without, load_with: with, .. } = *measured;
    measured.has_load_times().then_some(Times { without, with, is_own })
}

fn described(image: &KnownImage, holders: &BTreeMap<Digest, BTreeSet<String>>) -> Image {
    let record = &image.record;
    let packages = image.inputs.packages.iter();
    let mut packages: Vec<String> =
        packages.map(|package| format!("{} {}", package.name, package.version).trim().to_owned()).collect();
    packages.sort();
    Image {
        key: record.key.to_string(),
        built: record.built,
        bytes: record.file.size,
        packages,
        shared_by: holders.get(&record.key).map(|names| names.iter().cloned().collect()).unwrap_or_default(),
        times: times(&record.measured, true),
        flaw: image.flaw.clone().or_else(|| image.unfit.clone()),
        is_shared: image.is_shared,
    }
}

fn disk(images: &[Image], inventory: &Inventory) -> Vec<Share> {
    let images_of = |used: bool| {
        let own = images.iter().filter(|image| !image.is_shared);
        let of = own.filter(|image| image.shared_by.is_empty() != used);
        of.map(|image| image.bytes).sum()
    };
    let mut by_verdict: BTreeMap<CacheVerdict, u64> = BTreeMap::new();
    for cache in &inventory.caches {
        *by_verdict.entry(cache.verdict).or_default() += cache.file.bytes();
    }
    let images = [("images that projects get", true), ("images that no project gets", false)];
    let images =
        images.map(|(name, used)| Share { name: name.to_owned(), bytes: images_of(used), is_spare: !used });
    let caches = by_verdict.into_iter().map(|(verdict, bytes)| Share {
        name: format!("precompile files: {}", verdict.text()),
        bytes,
        is_spare: verdict.is_garbage(),
    });
    images.into_iter().chain(caches).filter(|share| share.bytes > 0).collect()
}

fn caches(context: &Context, inventory: &Inventory) -> Vec<Share> {
    const SHOWN: usize = 20;
    let store = path_text::encode(context.layout.root());
    let mut sums: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    for cache in &inventory.caches {
        let name = match &cache.owner {
            Some(owner) if owner.project.is_empty() => "starts without a project".to_owned(),
            Some(owner) if is_own_folder(&owner.project, &store) => "builds of images".to_owned(),
            None if cache.reason == SHIPPED => "Julia itself".to_owned(),
            Some(owner) => context.home_relative(&owner.project),
            None => "of no known project".to_owned(),
        };
        let (bytes, is_spare) = sums.entry(name).or_insert((0, true));
        *bytes += cache.file.bytes();
        *is_spare &= cache.verdict.is_garbage();
    }
    let shares = sums.into_iter().map(|(name, (bytes, is_spare))| Share { name, bytes, is_spare });
    let mut shares: Vec<Share> = shares.collect();
    shares.sort_by(|left, right| (right.bytes, &left.name).cmp(&(left.bytes, &right.name)));
    let rest: u64 = shares.iter().skip(SHOWN).map(|share| share.bytes).sum();
    if rest > 0 {
        let count = shares.len() - SHOWN;
        shares.truncate(SHOWN);
        shares.push(Share { name: format!("{count} more"), bytes: rest, is_spare: false });
    }
    shares
}
