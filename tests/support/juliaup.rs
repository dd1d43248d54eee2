//! A juliaup with channels.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::sandbox::Sandbox;
use crate::support::world;
use crate::support::world::fixture;

/// juliaup's settings: `release` is a real Julia, `two` and `three` are links to it with other options.
pub fn juliaup(sandbox: &Sandbox) {
    let julia = world::julia();
    let command = julia.to_str().expect("UTF-8");
    let linked = |level: u8| format!("{{\"Command\": {command:?}, \"Args\": [\"--optimize={level}\"]}}");
    let (two, three) = (linked(2), linked(3));
    let text = format!(
        r#"{{"Default": "release",
            "InstalledVersions": {{"1.5.3+0.x64.linux.gnu": {{"Path": "./julia-1.5.3"}}}},
            "InstalledChannels": {{"release": {{"Version": "1.5.3+0.x64.linux.gnu"}},
                "one": {one}, "two": {two}, "three": {three}, "missing": {{"Version": "1.4.0+0.x64.linux.gnu"}}}},
            "Settings": {{"ManifestVersionDetect": true}},
            "Overrides": [{{"Path": {project:?}, "Channel": "three"}}]}}"#,
        one = linked(1),
        project = sandbox.project().to_str().expect("UTF-8"),
    );
    sandbox.write("home/.julia/juliaup/juliaup.json", text);
    let root = julia.parent().and_then(Path::parent).expect("the folder of Julia");
    symlink(root, sandbox.path("home/.julia/juliaup/julia-1.5.3")).expect("link");
    symlink(fixture("julialauncher"), sandbox.path("bin/julialauncher")).expect("link");
    fs::remove_file(sandbox.path("bin/julia")).expect("link");
    symlink("julialauncher", sandbox.path("bin/julia")).expect("link");
}
