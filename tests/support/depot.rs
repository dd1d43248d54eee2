//! Depots of a test's own.

use std::fs;
use std::path::Path;

use crate::support::sandbox::{Sandbox, copy_folder};
use crate::support::world::{self, world};

/// Has the sandbox use a depot of its own: the world's packages, copied, and its registry; nothing compiled.
pub fn own_depot(mut sandbox: Sandbox) -> Sandbox {
    copy_folder(&world().depot().join("packages"), &sandbox.path("home/.julia/packages"));
    let registries = sandbox.path("home/.julia/registries");
    std::os::unix::fs::symlink(world().depot().join("registries"), registries).expect("link");
    sandbox.set("JULIA_DEPOT_PATH", "home/.julia");
    sandbox.set("JLPROJ_JULIA", world::julia());
    // What Julia said of itself, where it was asked before: hashing its image takes long in a debug build.
    let known = world().store().join("julias-v1");
    if known.exists() {
        copy_folder(&known, &sandbox.path("store/julias-v1"));
    }
    sandbox
}

/// Has the sandbox's depot begin with what a build compiled of Julia's own libraries (1.11 and later: they are not in its
/// image, and it takes minutes). For tests that do not look at caches.
pub fn with_standard_caches(sandbox: Sandbox) -> Sandbox {
    if !world::is_at_least(11) {
        return sandbox;
    }
    world().image();
    let below = Path::new("compiled").join(world::release());
    let compiled = world().depot().join(&below);
    for entry in fs::read_dir(&compiled).expect("caches") {
        let name = entry.expect("entry").file_name();
        if !world().depot().join("packages").join(&name).exists() && name != "Helper" {
            copy_folder(&compiled.join(&name), &sandbox.path("home/.julia").join(&below).join(&name));
        }
    }
    sandbox
}
