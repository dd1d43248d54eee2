//! Atomic replacement of files, and the leftovers of writers that died.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::fs::read::is_absence;
use crate::platform;

/// Replaces the file by `contents` in one step: a reader sees the old file or the new one, never a part.
///
/// Not synced to disk: for data that can be made again. Creates a missing folder.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Data, false)
}

/// As [`replace`], and synced to disk before it returns: for data that cannot be made again.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_durably(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Data, true)
}

/// As [`replace_durably`], for a program.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_program(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Program, true)
}

/// As [`replace_durably`], for a file that is not jlproj's: keeps its owner and its permissions.
///
/// # Errors
/// Where the folder cannot be made or written, or the file belongs to another user and the system refuses to set that
/// owner.
pub(crate) fn replace_as_it_is(path: &Path, contents: &[u8]) -> io::Result<()> {
    let present = match fs_err::metadata(path) {
        Ok(present) => Some(present),
        Err(error) if is_absence(&error) => None,
        Err(error) => return Err(error),
    };
    let standing = present.as_ref().map_or(Standing::Data, Standing::As);
    write_beside(path, |file| file.write_all(contents), standing, true)
}

/// Replaces the file by a link to `target` ([`platform::link`]) in one step: `path` exists at every moment. Creates a
/// missing folder.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_by_link(path: &Path, target: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    platform::create_private_folders(folder)?;
    let link = tempfile::Builder::new()
        .prefix(HALF_WRITTEN)
        .make_in(folder, |temporary| platform::link(target, temporary))?
        .into_temp_path();
    give_name(link, path)
}

/// As [`replace_durably`], with contents streamed by `write`: for files too large to hold in memory.
///
/// # Errors
/// Where the folder cannot be made or written, or `write` fails.
pub(crate) fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let buffered = |file: &mut dyn io::Write| {
        let mut file = io::BufWriter::with_capacity(1 << 20, file);
        write(&mut file)?;
        file.flush()
    };
    write_beside(path, buffered, Standing::Data, true)
}

/// Prefix of the temporary file that is renamed to the real one. Leftovers are removed in the user's folders too, so
/// the prefix is one that nobody else would choose.
const HALF_WRITTEN: &str = ".jlproj-half-written-";

/// Whether this is the temporary file of a dead writer: one that is younger than an hour may still be written.
pub(crate) fn is_abandoned(path: &Path) -> bool {
    const HOUR: Duration = Duration::from_secs(3600);
    let is_half_written =
        path.file_name().is_some_and(|name| platform::bytes(name).starts_with(HALF_WRITTEN.as_bytes()));
    let is_folder = || fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    is_half_written && is_older(path, HOUR) && !is_folder()
}

/// Whether the file with this name (a symlink itself, not its target) was modified longer ago than `limit`. `false` if
/// it does not exist, or its time is ahead of our clock.
pub(crate) fn is_older(path: &Path, limit: Duration) -> bool {
    let modified = fs_err::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > limit))
}

/// Removes the temporary files of dead writers in a folder.
pub(crate) fn sweep_abandoned(folder: &Path) {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| is_abandoned(path)) {
        // What cannot be removed stays for the next time.
        let _ = fs_err::remove_file(path);
    }
}

/// Owner and permissions of a file that is written.
#[derive(Clone, Copy, Debug)]
enum Standing<'a> {
    /// Readable by all, writable by us.
    Data,
    /// As `Data`, and executable by all.
    Program,
    /// Those of the file with this metadata.
    As(&'a std::fs::Metadata),
}

fn write_beside(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    standing: Standing<'_>,
    durable: bool,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    platform::create_private_folders(folder)?;
    let mut file = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(folder)?;
    write(&mut file)?;
    // Set before the rename: from then on others may read or start the file.
    match standing {
        Standing::Data => platform::protect_file(file.path())?,
        Standing::Program => platform::make_executable(file.path())?,
        Standing::As(present) => {
            platform::give_to_owner(file.as_file(), present)?;
            fs_err::set_permissions(file.path(), present.permissions())?;
        }
    }
    if durable {
        file.as_file().sync_all()?;
    }
    give_name(file.into_temp_path(), path)?;
    if durable {
        sync_folder(folder)?;
    }
    Ok(())
}

/// Renames a temporary file to its final name.
fn give_name(temporary: tempfile::TempPath, path: &Path) -> io::Result<()> {
    platform::rename_over(&temporary, path)?;
    // After the rename there is no temporary file to remove.
    let _ = temporary.keep();
    Ok(())
}

/// Syncs a folder, so that the names in it are on disk.
///
/// # Errors
/// Where the folder cannot be opened or synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs_err::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("new/state.toml");
        replace(&path, b"one").expect("first");
        replace_durably(&path, b"two").expect("second");
        assert_eq!(fs_err::read(&path).expect("read"), b"two");
        assert_eq!(fs_err::read_dir(path.parent().expect("parent")).expect("list").count(), 1);
    }

    #[test]
    fn a_link_is_replaced_by_many_at_once_and_is_always_there() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("new/julia");
        let targets = ["one", "two", "three"].map(|name| folder.path().join(name));
        for target in &targets {
            fs_err::write(target, target.to_string_lossy().as_bytes()).expect("target");
        }
        replace_by_link(&path, &targets[0]).expect("first");
        std::thread::scope(|scope| {
            for target in &targets {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..200 {
                        replace_by_link(path, target).expect("link");
                        assert!(fs_err::symlink_metadata(path).is_ok(), "gone");
                    }
                });
            }
        });
        assert_eq!(fs_err::read_dir(path.parent().expect("parent")).expect("list").count(), 1);
    }
}
