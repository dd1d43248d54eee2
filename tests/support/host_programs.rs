//! Programs that start Julia, as `tests/get-hosts.sh` brings them, or as the machine has them.

use std::env;
use std::path::PathBuf;

/// A program or environment of that folder; `None`, and a line about it, where it is not there.
pub fn program(below: &str) -> Option<PathBuf> {
    let path = folder().join(below);
    if path.exists() {
        return Some(path);
    }
    let name = path.file_name().expect("a name").to_owned();
    let found =
        env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file());
    if found.is_none() || !below.starts_with("bin/") {
        eprintln!("SKIPPED: no {below}; `tests/get-hosts.sh --juliaup` brings it");
        return None;
    }
    found
}

/// `JLPROJ_TEST_HOSTS`, else where the script puts them.
fn folder() -> PathBuf {
    if let Some(folder) = env::var_os("JLPROJ_TEST_HOSTS") {
        return PathBuf::from(folder);
    }
    let cache = env::var_os("JLPROJ_TEST_CACHE").map_or_else(
        || {
            let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache");
            cache.unwrap_or_else(home).join("jlproj-tests")
        },
        PathBuf::from,
    );
    cache.join("hosts-1")
}
