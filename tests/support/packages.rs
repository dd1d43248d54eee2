//! Packages that a project gets by hand.

use std::fs;
use std::path::PathBuf;

use crate::support::sandbox::Sandbox;
use crate::support::world;

/// Adds PythonCall to a project as a package in development, which is never baked.
pub fn add_pythoncall(sandbox: &Sandbox, project: &std::path::Path, version: &str) {
    add_package(sandbox, project, ("PythonCall", "6099a3de-0909-46bc-b1f4-468b9a2dfc0d", version));
}

/// Adds an empty package to a project, in development, and returns its folder.
pub fn add_package(
    sandbox: &Sandbox,
    project: &std::path::Path,
    (name, uuid, version): (&str, &str, &str),
) -> PathBuf {
    let package = sandbox.path(name);
    fs::create_dir_all(package.join("src")).expect("folder");
    let text = format!("name = \"{name}\"\nuuid = \"{uuid}\"\nversion = \"{version}\"\n");
    fs::write(package.join("Project.toml"), text).expect("file");
    fs::write(package.join(format!("src/{name}.jl")), format!("module {name} end\n")).expect("file");
    let project_file = project.join("Project.toml");
    let text = fs::read_to_string(&project_file).expect("file");
    fs::write(&project_file, text.replace("[deps]\n", &format!("[deps]\n{name} = \"{uuid}\"\n")))
        .expect("file");
    let manifest = project.join("Manifest.toml");
    let text = fs::read_to_string(&manifest).expect("file");
    let path = package.display();
    let entry = format!(
        "\n{}\npath = \"{path}\"\nuuid = \"{uuid}\"\nversion = \"{version}\"\n",
        world::manifest_entry(name)
    );
    fs::write(&manifest, text + &entry).expect("file");
    package
}
