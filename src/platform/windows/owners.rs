//! Owners and rights: Windows has access lists in their place, which are neither read nor set. A new file takes those of its
//! folder, and what is in a user's own profile can be written by that user and administrators alone.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Not known here.
pub(crate) fn tampering_risk(_owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Not known here.
pub(crate) fn shared_risk(_holder: u32, _owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Not known here.
pub(crate) fn exchange_risk(_holder: u32, _owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Owners are not known here.
pub(crate) fn is_nobody(_owner: u32) -> bool {
    false
}

/// Creates a folder, and its missing parents.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    fs_err::create_dir_all(path)
}

/// Creates a folder.
///
/// # Errors
/// Where it exists already, or cannot be created.
pub(crate) fn create_closed_folder(path: &Path) -> io::Result<()> {
    fs_err::create_dir(path)
}

/// Does nothing: a folder has the rights of the one that it is in.
pub(crate) fn close_to_others(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Does nothing: a file has the rights of its folder.
pub(crate) fn protect_file(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Does nothing: a file has the owner of its folder.
pub(crate) fn give_to_owner(_file: &File, _like: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Does nothing.
pub(crate) fn withdraw_writing(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}
