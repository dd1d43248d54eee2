//! Temporary folders of builders, and the sweeping of those whose builder died, or left an image in use.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fs;
use crate::platform::{self, Group};
use crate::store::host::host;
use crate::store::layout::{Layout, image_file_name};
use crate::store::lease;
use crate::store::lock::{Attempt, Lock};
use crate::store::publish;

/// A folder of the store for one build; removed with all that is in it when this value is dropped, but for an image that
/// was replaced and is in use.
#[derive(Debug)]
pub(crate) struct Workspace {
    path: PathBuf,
    lock_path: PathBuf,
    lock: Option<Lock>,
}

/// Whether a folder's name is that of another machine which may still use it: it is less than a day old. Locks may not
/// reach from one machine to the next, and the processes of the other one cannot be seen from here.
fn is_of_another_host(folder: &Path) -> bool {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mark = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(mark, _)| mark);
    mark.is_some_and(|mark| mark != host()) && !fs::is_older(folder, DAY)
}

/// File in a workspace with the number of the process group that works for it.
const CHILD_FILE: &str = "child";

/// Prefix of a workspace's name; the mark of the machine follows.
pub(crate) const PREFIX: &str = "build-";

/// Environment variable with the path of the workspace, set in all processes that work for it.
pub(crate) const MARK: &str = "__JLPROJ_WORKSPACE";

impl Workspace {
    /// Creates a workspace.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(crate) fn create(layout: &Layout) -> io::Result<Self> {
        platform::create_private_folders(&layout.temporary())?;
        let prefix = format!("{PREFIX}{}-", host());
        let made = tempfile::Builder::new().prefix(&prefix).make_in(layout.temporary(), |folder| {
            // The lock comes first: no folder of a living owner is ever without one.
            let lock_path = lock_path(layout, folder);
            let Attempt::Taken(lock) = Lock::attempt(&lock_path)? else {
                return Err(io::ErrorKind::AlreadyExists.into());
            };
            match platform::create_closed_folder(folder) {
                Ok(()) => Ok((lock_path, lock)),
                Err(error) => {
                    lock.retire(&lock_path);
                    Err(error)
                }
            }
        })?;
        let ((lock_path, lock), path) = made.into_parts();
        Ok(Self { path: path.keep()?, lock_path, lock: Some(lock) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Records the process that leads the group working here, for a sweep after our death.
    pub(crate) fn note_child(&self, number: u32) {
        if let Some(birth) = platform::process_birth(number) {
            let _ = fs::replace(&self.path.join(CHILD_FILE), format!("{number} {birth}").as_bytes());
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next command that builds.
        let _ = if holds_used_image(&self.path) {
            remove_all_but_images(&self.path)
        } else {
            fs_err::remove_dir_all(&self.path)
        };
        if let Some(lock) = self.lock.take() {
            lock.retire(&self.lock_path);
        }
    }
}

/// Where an image may be that a build replaced.
fn places_of_image(folder: &Path) -> [PathBuf; 2] {
    let prepared = folder.join(publish::PREPARED);
    [platform::aside(&prepared), prepared]
}

/// Whether somebody uses an image that lies in a folder, since it was replaced meanwhile. Where the disk is another
/// machine's, a file that is removed here is gone for who runs under it there.
fn holds_used_image(folder: &Path) -> bool {
    let is_used = |place: &PathBuf| matches!(lease::take_sole(&place.join(image_file_name())), Ok(None));
    places_of_image(folder).iter().any(is_used)
}

fn remove_all_but_images(folder: &Path) -> io::Result<()> {
    let places = places_of_image(folder);
    let entries = fs_err::read_dir(folder)?.flatten().map(|entry| entry.path());
    entries.filter(|path| !places.contains(path)).try_for_each(|path| remove(&path))
}

/// Removes the folders of dead builders, and kills processes that still work for them. Returns the number of folders.
pub(crate) fn sweep(layout: &Layout) -> usize {
    folders(layout).filter(|folder| sweep_one(layout, folder).unwrap_or(false)).count()
}

/// Lists the folders of dead builders, sorted.
pub(crate) fn abandoned(layout: &Layout) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = folders(layout).filter(|folder| is_abandoned(layout, folder)).collect();
    folders.sort_unstable();
    folders
}

/// Lists what has our prefix in the folder for work in progress. Nothing if that folder is a symlink: it may lead to
/// files that are not ours.
fn folders(layout: &Layout) -> impl Iterator<Item = PathBuf> {
    let temporary = layout.temporary();
    let is_folder = fs_err::symlink_metadata(&temporary).is_ok_and(|metadata| metadata.is_dir());
    let entries = is_folder.then(|| fs_err::read_dir(&temporary).ok()).flatten();
    let entries = entries.into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    ours.map(|entry| entry.path())
}

/// Path of the lock on a folder: it is there before the folder is made, and until the folder is gone.
fn lock_path(layout: &Layout, folder: &Path) -> PathBuf {
    layout.lock(&folder.file_name().unwrap_or_default().to_string_lossy())
}

/// Whether nobody is at work in a folder. Changes nothing.
fn is_abandoned(layout: &Layout, folder: &Path) -> bool {
    // Looked for again after the lock: it may have been removed since it was listed.
    !is_of_another_host(folder)
        && !Lock::is_held(&lock_path(layout, folder))
        && !holds_used_image(folder)
        && fs_err::symlink_metadata(folder).is_ok()
}

/// Removes the folder of a dead builder, and kills processes that still work for it; an image that it had moved aside
/// goes back to its place. `false` if the builder lives, the image that it replaced is in use, or another process is
/// removing the folder.
///
/// # Errors
/// Where it cannot be removed, or a build is at work on the image in it.
pub(crate) fn sweep_one(layout: &Layout, folder: &Path) -> io::Result<bool> {
    if is_of_another_host(folder) {
        return Ok(false);
    }
    let lock_path = lock_path(layout, folder);
    let Attempt::Taken(lock) = Lock::attempt(&lock_path)? else { return Ok(false) };
    if let Some((number, birth)) = noted_child(folder)
        && is_at_work(number, birth, folder)
    {
        Group::of(number).kill(true);
    }
    let removed = publish::put_back(layout, folder).and_then(|()| {
        let is_free = !holds_used_image(folder);
        if is_free { remove(folder).map(|()| true) } else { Ok(false) }
    });
    lock.retire(&lock_path);
    removed
}

fn remove(folder: &Path) -> io::Result<()> {
    let is_folder = fs_err::symlink_metadata(folder)?.is_dir();
    if is_folder { fs_err::remove_dir_all(folder) } else { fs_err::remove_file(folder) }
}

fn noted_child(folder: &Path) -> Option<(u32, u64)> {
    let text = fs_err::read_to_string(folder.join(CHILD_FILE)).ok()?;
    let (number, birth) = text.trim().split_once(' ')?;
    Some((number.parse().ok()?, birth.parse().ok()?))
}

/// Whether the process group of this number still works for `folder`: its leader lives; or the leader died with its
/// builder, and one of its processes lives. The number alone is not enough: it may be another group's by now.
fn is_at_work(number: u32, birth: u64, folder: &Path) -> bool {
    match platform::process_birth(number) {
        Some(other) => other == birth,
        None => platform::group_members(number)
            .any(|member| platform::has_variable(member, MARK, folder.as_os_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::key::Digest;
    use crate::store::leftovers;

    /// Windows opens no folder to set its time.
    #[cfg(unix)]
    #[test]
    fn what_another_host_works_at_is_left_alone_for_a_day() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let own = layout.temporary().join(format!("build-{}-abc", host()));
        let other = layout.temporary().join("build-ffffffff-abc");
        let age = |path: &Path, seconds: u64| {
            let time = fs_err::metadata(folder.path()).expect("metadata").modified().expect("time");
            let opened = fs_err::File::open(path).expect("open");
            opened.file().set_modified(time - Duration::from_secs(seconds)).expect("set the time");
        };
        for path in [&own, &other] {
            fs_err::create_dir_all(path).expect("folder");
            age(path, 3600);
        }
        assert_eq!(abandoned(&layout), std::slice::from_ref(&own));
        assert_eq!(sweep(&layout), 1);
        assert!(!own.exists() && other.exists());
        age(&other, 25 * 3600);
        assert_eq!(sweep(&layout), 1);
        assert!(!other.exists());
    }

    #[test]
    fn an_image_that_a_dead_builder_moved_aside_is_put_back_unless_there_is_another() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let key = Digest::of(b"image");
        let image = layout.image_file(&key);
        let left = layout.temporary().join(format!("build-{}-abc", host()));
        let leave = || {
            let record = format!("key = \"{key}\"\n");
            fs::replace(&left.join("image.old/image.toml"), record.as_bytes()).expect("record");
            fs::replace(&left.join("image.old").join(image.file_name().expect("name")), b"old")
                .expect("image");
        };
        fs_err::create_dir_all(layout.images()).expect("folder");
        leave();
        let Ok(Attempt::Taken(build)) = Lock::attempt(&layout.lock(key.as_str())) else { panic!("a lock") };
        assert_eq!(sweep(&layout), 0, "a build may put another one there");
        drop(build);
        assert_eq!(sweep(&layout), 1);
        assert_eq!(fs_err::read(&image).expect("put back"), b"old");
        fs::replace(&image, b"new").expect("image");
        leave();
        assert_eq!(sweep(&layout), 1);
        assert_eq!(fs_err::read(&image).expect("as it was"), b"new");
        assert_eq!(fs_err::read_dir(layout.temporary()).expect("folders").count(), 0);
    }

    #[test]
    fn an_image_that_was_replaced_stays_while_it_is_in_use() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let workspace = Workspace::create(&layout).expect("a workspace");
        let path = workspace.path().to_owned();
        let image = path.join(publish::PREPARED).join(image_file_name());
        fs::replace(&image, b"old").expect("image");
        fs_err::write(path.join("objects.a"), "as large again").expect("objects");
        let lease = lease::take(&image).expect("a lease");
        drop(workspace);
        assert!(image.exists() && !path.join("objects.a").exists());
        assert_eq!(abandoned(&layout), Vec::<PathBuf>::new());
        assert_eq!(sweep(&layout), 0);
        assert!(image.exists());
        drop(lease);
        assert_eq!(abandoned(&layout), std::slice::from_ref(&path));
        assert_eq!(sweep(&layout), 1);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_whose_builder_lives_is_not_swept_at_any_moment() {
        const MADE_BY_EACH: usize = 500;
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let make = || {
            for _ in 0..MADE_BY_EACH {
                let workspace = Workspace::create(&layout).expect("a workspace");
                assert!(Lock::is_held(&workspace.lock_path), "without a lock");
                assert!(workspace.path().is_dir(), "swept");
                #[cfg(unix)]
                assert_eq!(fs::Stamp::of(workspace.path()).mode & 0o7777, 0o700);
            }
        };
        std::thread::scope(|scope| {
            let makers = [scope.spawn(make), scope.spawn(make)];
            while !makers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                assert_eq!(abandoned(&layout), Vec::<PathBuf>::new());
                assert_eq!(leftovers::find(&layout), Vec::<PathBuf>::new());
                assert_eq!(sweep(&layout), 0);
            }
        });
        assert_eq!(fs_err::read_dir(layout.locks()).expect("locks").count(), 0);
    }
}
