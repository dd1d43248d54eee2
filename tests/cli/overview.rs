//! `jlproj` alone: what is here, and the one command to type.

use crate::support::starts::prepared;

const NOTHING: [&str; 0] = [];

#[test]
fn in_a_project_it_says_what_an_image_would_bring_and_what_to_type() {
    let sandbox = prepared();
    let ran = sandbox.jlproj(NOTHING);
    ran.code(0).stderr("").stdout_has("project   [PROJECT]\n").stdout_has("for an image, 2 outside of it\n");
    ran.stdout_has("image     none; one would save about 0.")
        .stdout_has("next      nothing: Julia starts as fast");
    sandbox.jlproj(["build", "--quiet"]).code(0);
    let ran = sandbox.jlproj(NOTHING);
    ran.code(0).stdout_has("image     in force, saves about ").stdout_has("next      jlproj run\n");
    let manifest = std::fs::read_to_string(sandbox.path("project/Manifest.toml")).expect("manifest");
    sandbox.write("project/Manifest.toml", manifest.replacen("git-tree-sha1 = \"", "git-tree-sha1 = \"0", 1));
    let ran = sandbox.jlproj(NOTHING);
    ran.code(0).stdout_has("image     the image is out of date: ").stdout_has("next      jlproj build\n");
}

#[test]
fn without_a_project_or_a_julia_it_says_so() {
    let mut sandbox = prepared();
    let mut command = sandbox.command(NOTHING);
    let ran = sandbox.run(command.current_dir(sandbox.path("home")));
    ran.code(0).stdout_has("project  there is no project here").stdout_has("next     cd into a project");
    sandbox.set("JLPROJ_JULIA", "/nowhere/julia");
    sandbox.jlproj(NOTHING).code(127).stdout("").stderr_has("hint: ");
}
