//! Extensions of packages (Julia 1.9 and later) under an image: of baked packages and of others.

use crate::support::sandbox::Sandbox;
use crate::support::starts::WHICH;
use crate::support::world;

/// Under an image with Extended and Versioned, in its project: each way in which an extension's package and what it waits
/// for can be in the image or not. The project is afterwards what it was.
pub fn load_as_their_packages_do(sandbox: &Sandbox) {
    if !world::is_at_least(9) {
        return world::left_out("extensions under an image", "Julia has them from 1.9 on");
    }
    let answers = |names: &[&str]| {
        let answers: Vec<String> = names.iter().map(|name| format!("{name}.answer()")).collect();
        let code =
            format!("{WHICH}; using {}; print(\": \", {})", names.join(", "), answers.join(", \", \", "));
        sandbox.jlproj(["run", "--startup-file=no", "-e", &code])
    };
    // Both are baked.
    answers(&["Extended"]).code(0).stdout("image: extended by Versioned");
    // The package is, and the other is not.
    sandbox.jlproj(["pkg", "add", "Gamma"]).code(0);
    answers(&["Extended"]).code(0).stdout("image: extended by Versioned");
    let ran = answers(&["Extended", "Gamma"]);
    ran.code(0).stdout("image: extended by Gamma and Versioned, gamma 1.0.1 2020-01-01");
    // The package is not: what it waits for counts as loaded where it is baked, which `status` tells.
    sandbox.jlproj(["pkg", "add", "Late"]).code(0);
    answers(&["Late"]).code(0).stdout("image: late by Versioned");
    // Neither is.
    let ran = answers(&["Late", "Gamma"]);
    ran.code(0).stdout("image: late by Gamma and Versioned, gamma 1.0.1 2020-01-01");
    sandbox.jlproj(["status"]).code(0).stdout_has("LateVersionedExt");
    sandbox.jlproj(["pkg", "rm", "Late", "Gamma"]).code(0);
}
